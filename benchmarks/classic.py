"""How long until 61 %: the recipe `minutes` against the classic pipeline, one after the other on the same faces.

usage: python benchmarks/classic.py --data PATH --out FOLDER [--epochs 150]        (hours; nothing else should run beside it)

All learn from four fifths of Training and are judged after each epoch on the same last fifth, until 61 % of it are right. The
classic pipeline is that of the public programs on FER2013: `ImageDataGenerator` with rotation, shifts, zoom and flip, batch 32,
Adam, a lower learning rate where the validation stalls; at 48 × 48, and at 64 × 64, as published. Ours gets 15 epochs, as
`minutes` itself is planned to be at its best in the end. What was killed goes on. Writes fer_course/results/classic.json and a
section of BENCHMARKS.md. Weights and shuffling are those of seed 0.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
from recording import RESULTS, about, real_faces
from writing import write_section

from fer_course import augment, models
from fer_course._shared import files
from fer_course.faces import Faces
from fer_course.models.prepare import prepare
from fer_course.recipes import Recipe
from fer_course.training import train, validation_rows

GOAL = 0.61
#: Without smaller pictures in the beginning: all ways see the same pixels.
MINUTES = Recipe.named("minutes").but(early=0.0, epochs=15, validation=0.2)
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
        self.model.stop_training = reached(self.points) is not None


def reached(points: list) -> float | None:
    """Return the seconds after which the goal was reached; None if it was not."""
    return next((seconds for seconds, accuracy in points if accuracy >= GOAL), None)


def ours(training: Faces, out: Path, _epochs: int) -> list:
    """Train as `minutes` does and return its points."""
    curve = Curve(out / "ours.json")
    train(None, training, MINUTES, out / "ours", progress=False, callbacks=[curve])
    return curve.points


def classic(size: int):
    """Return a function that trains in the classic way and returns its points."""

    def run(training: Faces, out: Path, epochs: int) -> list:
        curve = Curve(out / f"classic-{size}.json")
        if reached(curve.points) is not None:
            return curve.points
        keras.utils.set_random_seed(0)
        kept, held_out = validation_rows(training, PAPER.validation, PAPER.fold)
        images, labels = prepare(training.images, size).astype("float32"), training.labels
        model = models.build("mini_xception", size)
        model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(
            augment.paper_generator().flow(images[kept], labels[kept], batch_size=32, seed=0),
            validation_data=(images[held_out], labels[held_out]), epochs=epochs, verbose=0,
            callbacks=[
                keras.callbacks.ReduceLROnPlateau(factor=PAPER.plateau_factor, patience=PAPER.plateau_patience),
                keras.callbacks.BackupAndRestore(out / f"backup-{size}"),
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
    parser.add_argument("--epochs", type=int, default=150, help="of the classic pipeline, at most")
    options = parser.parse_args()
    faces = real_faces(options.data)
    points = {}
    for name, way in WAYS.items():
        points[name] = way(faces, options.out, options.epochs)
        record(points)  # a kill in the next one loses nothing of this one


def record(points: dict[str, list]) -> None:
    """Write what is known of the ways: the record and the table."""
    command = "python benchmarks/classic.py --data PATH --out FOLDER"
    ways = [{"name": name, "points": each} for name, each in points.items()]
    files.write_json(RESULTS / "classic.json", about(command, goal=GOAL, ways=ways))
    first = reached(points[next(iter(WAYS))])
    rows = [(name, *row(each, first)) for name, each in points.items()]
    text = "Mini-Xception on four fifths of Training, until 61 % of the last fifth are right."
    write_section("Time to 61 %", command, text, ("pipeline", "epochs", "seconds", "times ours"), rows)


def row(points: list, first: float | None) -> tuple[str, ...]:
    """Return epochs, seconds and how many times ours that is."""
    seconds = reached(points)
    if seconds is None:
        return (
            f"{len(points)}, not reached",
            f"over {points[-1][0]:,.0f}",
            f"over {points[-1][0] / first:.1f}" if first else "",
        )
    return str(len(points)), f"{seconds:,.0f}", f"{seconds / first:.1f}" if first else ""


if __name__ == "__main__":
    main()
