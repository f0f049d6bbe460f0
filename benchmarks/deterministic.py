"""Whether `fer-course train --deterministic` gives the same weights each time on this machine, without it, and what it costs.

usage: [KERAS_BACKEND=jax] python benchmarks/deterministic.py [--model mini_xception] [--epochs 20] [--rounds 2]

Drawn faces, flips, turns, zoom, erasing and mixup; every training is a process of its own, and the two ways take turns. Then one
more deterministic training is killed (SIGKILL) when half of its epochs are done, and started again. Weights are compared bit for
bit, seconds are those of the median epoch. Writes a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before Keras is loaded)

# isort: split
import keras
from writing import side_by_side, write_section

from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training.checkpoint import read_history


class Trainings:
    """Trainings of one recipe, and what weights they ended with."""

    def __init__(self, folder: Path, recipe: Recipe, *options: str):
        self.folder, self.recipe, self.options, self.weights = folder, recipe, options, []
        folder.mkdir()
        recipe.to_yaml(folder / "recipe.yaml")

    def once(self, half: bool = False) -> float:
        """Train once more, killed and started again when half is done if so asked; return the median seconds an epoch."""
        out = self.folder / str(len(self.weights))
        command = [sys.executable, "-m", "fer_course.cli", "train", "--data", "drawn", "--out", str(out)]
        command += ["--recipe", str(self.folder / "recipe.yaml"), *self.options]
        process = subprocess.Popen(command)
        while half and len(read_history(out / "history.csv").get("epoch", [])) < self.recipe.epochs // 2:
            if process.poll() is not None:
                sys.exit("The training ended before half of its epochs were done.")
            time.sleep(0.02)
        if half:
            process.kill()
            process.wait()
            process = subprocess.Popen(command)
        if process.wait():
            sys.exit("A training ended with an error.")
        run = Run(out)
        self.device = run.metrics["device"]
        self.weights.append(b"".join(weights.tobytes() for weights in run.model().get_weights()))
        return statistics.median(run.history["seconds"])


def main() -> None:
    """Train in turn, kill, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mini_xception")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    recipe = Recipe("same", options.model, epochs=options.epochs, rotation=10.0, zoom=0.1, erase=0.2, mixup=0.2)
    with tempfile.TemporaryDirectory() as place:
        ways = {
            "as usual": Trainings(Path(place) / "usual", recipe),
            "deterministic": Trainings(Path(place) / "deterministic", recipe, "--deterministic"),
        }
        seconds = side_by_side({name: way.once for name, way in ways.items()}, options.rounds)
        ways["deterministic"].once(half=True)
    first = next(iter(seconds.values()))
    rows = [
        (
            name,
            str(len(way.weights)),
            str(len(set(way.weights))),
            f"{seconds[name]:.2f}",
            f"{first / seconds[name]:.2f}",
        )
        for name, way in ways.items()
    ]
    text = (
        f"On {ways['deterministic'].device}. {options.model} on drawn faces, {options.epochs} epochs, one seed; one of the "
        f"deterministic trainings was killed when half was done, and went on."
    )
    head = ("training", "trainings", "different weights", "seconds an epoch", "speed of the first")
    command = f"KERAS_BACKEND={keras.backend.backend()} python benchmarks/deterministic.py"
    write_section("The same seed, the same weights", command, text, head, rows)


if __name__ == "__main__":
    main()
