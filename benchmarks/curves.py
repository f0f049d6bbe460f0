"""Train four small networks on drawn faces, three of them badly on purpose, and record their curves for lesson 10.

usage: python benchmarks/curves.py [--seeds 0]        (writes fer_course/results/curves.json; some minutes)

The lesson shows the first seed. With more, the script says of each whether it shows what the curve is named for.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import tempfile
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
from recording import MINIATURE, RESULTS, about, few, made, tiny

from fer_course._shared import files
from fer_course.data import drawn
from fer_course.recipes import Recipe
from fer_course.training import train

PLAIN = Recipe("plain", model="lenet", epochs=20, batch_size=32, schedule="constant", learning_rate=1e-3, shift=0.05)
#: name of the curve -> what it suffers from, how many faces, and the recipe that makes it suffer
PATIENTS = {
    "A": ("rate too low", 2000, PLAIN.but(learning_rate=1e-6)),
    "B": ("overfitting", 500, PLAIN.but(flip=False, shift=0.0, epochs=20)),
    "C": ("healthy", 6000, PLAIN.but(schedule="one_cycle", learning_rate=2e-3)),
    "D": ("rate too high", 2000, PLAIN.but(learning_rate=0.2)),
}
KEPT = ("epoch", "loss", "val_loss", "accuracy", "val_accuracy")
#: The loss of a guess among seven classes.
GUESS = math.log(7)


def shows(illness: str, curve: dict[str, list[float]]) -> bool:
    """Return whether a curve, with `loss` and `val_loss` an epoch, shows what it is named for."""
    loss, held_out = curve["loss"], curve["val_loss"]
    return {
        "rate too low": loss[-1] < loss[0] < loss[-1] + 0.2,
        "overfitting": held_out[-1] > loss[-1] + 1 and held_out[-1] > min(held_out) + 0.1,
        "healthy": held_out[-1] < min(GUESS, held_out[0]) and abs(held_out[-1] - loss[-1]) < 0.4,
        "rate too high": min(loss) > 0.95 * GUESS,
    }[illness]


def main() -> None:
    """Train the four and write their curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="the first one's curves are recorded")
    options = parser.parse_args()
    curves, wrong = {}, []
    for seed in options.seeds:
        for name, (illness, faces, recipe) in PATIENTS.items():
            recipe = tiny(recipe).but(seed=seed)
            with tempfile.TemporaryDirectory() as folder:
                run = train(None, drawn.draw(few(faces, 100)), recipe, Path(folder) / "run", progress=False)
                curve = {key: [round(value, 4) for value in run.history[key]] for key in KEPT}
                seconds = run.metrics["seconds"]
            good = MINIATURE or shows(illness, curve)
            wrong += [] if good else [f"{name}, seed {seed}"]
            ends = f"loss {curve['loss'][0]} to {curve['loss'][-1]}, validation {curve['val_loss'][-1]}"
            print(f"{name}, seed {seed}: {illness}: {ends}{'' if good else ': NOT what it is named for'}", flush=True)
            about_it = {"recipe": dataclasses.asdict(recipe), "faces": faces, "seconds": seconds, "made": made()}
            curves.setdefault(name, {"illness": illness} | about_it | curve)
    if wrong:
        sys.exit(f"Not recorded: {', '.join(wrong)} must show what they are named for. Choose other settings.")
    files.write_json(RESULTS / "curves.json", about("python benchmarks/curves.py", data="drawn faces", curves=curves))


if __name__ == "__main__":
    main()
