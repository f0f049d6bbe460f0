"""How long until 61 %, and until less: the recipe `minutes` against the classic pipeline, on the same faces.

usage: python benchmarks/classic.py --data PATH --out FOLDER [--seeds 0 1 2 3 4] [--epochs 150]
       (hours; nothing else should run beside it)

All learn from four fifths of Training and are judged after each epoch on the same last fifth, until 61 % of it are right; how
soon lower goals were reached is in the same points. The classic pipeline is that of the public programs on FER2013:
`ImageDataGenerator` with rotation, shifts, zoom and flip, batch 32, Adam, a lower learning rate where the validation stalls; at
48 × 48, and at 64 × 64, as published. Ours is the first edition's `minutes`, all of whose epochs have pictures of full size,
and gets 15 of them, as it is planned to be at its best in the end. A seed fixes weights and shuffling; all ways have their
first seed before any has its second, and a ratio compares two of one seed. What was killed goes on. Writes
fer_course/results/classic.json and a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Collection
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
from recording import RESULTS, about, few, made, nothing_left, real_faces, record, tiny
from studies import MINUTES
from writing import write_section

from fer_course import augment, models
from fer_course._shared import files
from fer_course.faces import Faces
from fer_course.models.prepare import prepare
from fer_course.recipes import Recipe
from fer_course.training import train, validation_rows

#: Shares of the faces held out that have to be right. With the last one a training ends.
GOALS = few((0.55, 0.58, 0.60, 0.605, 0.61), (0.01, 0.99))
OURS = tiny(MINUTES.but(epochs=15, validation=0.2))
PAPER = Recipe.named("paper")


class Curve(keras.callbacks.Callback):
    """Notes seconds and accuracy on the faces held out after each epoch, in a file that goes on; stops at the goal."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.points = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        self.start = time.perf_counter() - (self.points[-1][0] if self.points else 0.0)

    def on_epoch_end(self, epoch, logs=None):
        """Add a point."""
        self.points = [
            *self.points[:epoch],
            [round(time.perf_counter() - self.start, 1), round(logs["val_accuracy"], 4)],
        ]
        files.write_json(self.path, self.points)
        print(
            f"{self.path.stem}, epoch {epoch + 1}: {logs['val_accuracy']:.2%} after {self.points[-1][0]:,.0f} s",
            flush=True,
        )
        self.model.stop_training = reached(self.points, GOALS[-1]) is not None


def reached(points: list, goal: float) -> float | None:
    """Return the seconds after which a goal was reached; None if it was not."""
    return next((seconds for seconds, accuracy in points if accuracy >= goal), None)


def ours(training: Faces, out: Path, _epochs: int, seed: int) -> list:
    """Train as `minutes` does and return its points."""
    curve = Curve(out / f"ours-{seed}.json")
    train(None, training, OURS.but(seed=seed), out / f"ours-{seed}", progress=False, callbacks=[curve])
    return curve.points


def classic(size: int):
    """Return a function that trains in the classic way and returns its points."""

    def run(training: Faces, out: Path, epochs: int, seed: int) -> list:
        curve = Curve(out / f"classic-{size}-{seed}.json")
        if reached(curve.points, GOALS[-1]) is not None or len(curve.points) >= epochs:
            return curve.points
        keras.utils.set_random_seed(seed)
        kept, held_out = validation_rows(training, PAPER.validation, PAPER.fold)
        images, labels = prepare(training.images, size).astype("float32"), training.labels
        model = models.build("mini_xception", size)
        model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(
            augment.paper_generator().flow(images[kept], labels[kept], batch_size=32, seed=seed),
            validation_data=(images[held_out], labels[held_out]), epochs=epochs, verbose=0,
            callbacks=[
                keras.callbacks.ReduceLROnPlateau(factor=PAPER.plateau_factor, patience=PAPER.plateau_patience),
                keras.callbacks.BackupAndRestore(out / f"backup-{size}-{seed}"),
                curve,
            ],
        )  # fmt: skip
        return curve.points

    return run


WAYS = {"`minutes`, 48 × 48": ours, "classic, 48 × 48": classic(48), "classic, 64 × 64": classic(64)}


def main() -> None:
    """Train each way to the goal, record its points and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=few([0, 1, 2, 3, 4], [0]))
    parser.add_argument("--epochs", type=int, default=few(150, 1), help="of the classic pipeline, at most")
    options = parser.parse_args()
    ways = (record("classic") or {"ways": []})["ways"]
    ways = [way for way in ways if "seed" in way]  # an older record has one seed, and ended at its only goal
    found = {(way["name"], way["seed"]): way for way in ways}
    missing = [(name, seed) for seed in options.seeds for name in WAYS if (name, seed) not in found]
    if not missing:
        print(nothing_left("classic", len(options.seeds) * len(WAYS)))
        return
    faces = real_faces(options.data)
    for name, seed in missing:
        points = WAYS[name](faces, options.out, options.epochs, seed)
        found[name, seed] = {"name": name, "seed": seed, "made": made(), "points": points}
        write(found)  # a kill in the next one loses nothing of this one


def write(found: dict[tuple[str, int], dict]) -> None:
    """Write what is known of the ways, (name, seed) -> what is recorded of it: the record and the table."""
    command = "python benchmarks/classic.py --data PATH --out FOLDER"
    ways = sorted(found.values(), key=lambda way: (list(WAYS).index(way["name"]), way["seed"]))
    files.write_json(RESULTS / "classic.json", about(command, goals=list(GOALS), ways=ways))
    by_name: dict[str, dict[int, list]] = {}
    for way in ways:
        by_name.setdefault(way["name"], {})[way["seed"]] = way["points"]
    rows = [(name, *row(by_name[name], by_name[next(iter(WAYS))], goal)) for goal in GOALS for name in by_name]
    text = (
        "Mini-Xception on four fifths of Training, until so many of the last fifth are right: the middle of the seeds that got "
        "there, lowest to highest. A ratio is that of two trainings with one seed. `minutes` is that of the first edition."
    )
    head = ("pipeline", "goal", "seeds that reached it", "seconds", "times ours")
    write_section("Time to 61 %", command, text, head, rows)


def row(ways: dict[int, list], ours: dict[int, list], goal: float) -> tuple[str, ...]:
    """Return goal, how many seeds reached it, seconds, and how many times ours that is; ways and ours are seed -> points."""
    ends = {seed: end for seed, points in ways.items() if (end := reached(points, goal)) is not None}
    ratios = [end / mine for seed, end in ends.items() if (mine := reached(ours.get(seed, []), goal))]
    return f"{100 * goal:g} %", f"{len(ends)} of {len(ways)}", span(ends.values(), ",.0f"), span(ratios, ".1f")


def span(numbers: Collection[float], form: str) -> str:
    """Return the middle of some numbers, with lowest and highest if there are two or more; empty if there are none."""
    if not numbers:
        return ""
    middle = f"{statistics.median(numbers):{form}}"
    return middle if len(numbers) == 1 else f"{middle} ({min(numbers):{form}} to {max(numbers):{form}})"


if __name__ == "__main__":
    main()
