"""Train four small networks on drawn faces, three of them badly on purpose, and record their curves for lesson 10.

usage: python benchmarks/curves.py        (writes fer_course/results/curves.json; about two minutes)
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from fer_course._shared import files
from fer_course.data import drawn
from fer_course.recipes import Recipe
from fer_course.training import train

OUT = Path(__file__).parents[1] / "fer_course" / "results" / "curves.json"
PLAIN = Recipe("plain", model="lenet", epochs=20, batch_size=32, schedule="constant", learning_rate=1e-3, shift=0.05)
#: name of the curve -> what it suffers from, how many faces, and the recipe that makes it suffer
PATIENTS = {
    "A": ("rate too low", 2000, PLAIN.but(learning_rate=2e-6)),
    "B": ("overfitting", 500, PLAIN.but(flip=False, shift=0.0, epochs=20)),
    "C": ("healthy", 6000, PLAIN.but(schedule="one_cycle", learning_rate=2e-3)),
    "D": ("rate too high", 2000, PLAIN.but(learning_rate=0.05)),
}


def main() -> None:
    """Train the four and write their curves."""
    curves = {}
    for name, (illness, faces, recipe) in PATIENTS.items():
        print(f"{name}: {illness}")
        with tempfile.TemporaryDirectory() as folder:
            history = train(None, drawn.draw(faces), recipe, Path(folder) / "run").history
        kept = ("epoch", "loss", "val_loss", "accuracy", "val_accuracy")
        curves[name] = {"illness": illness} | {key: [round(value, 4) for value in history[key]] for key in kept}
    about = {"data": "drawn faces", "command": "python benchmarks/curves.py", "curves": curves}
    files.write_json(OUT, about)


if __name__ == "__main__":
    main()
