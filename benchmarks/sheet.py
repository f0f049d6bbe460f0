"""Draw the sheet of faces that the README shows: a class a row, drawn faces only.

usage: python benchmarks/sheet.py        (writes docs/drawn-faces.png; a few seconds)
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from PIL import Image

from fer_course.data import drawn
from fer_course.plots import grid

OUT = Path(__file__).parents[1] / "docs" / "drawn-faces.png"
COLUMNS = 12


def main() -> None:
    """Draw faces and save the first distinct ones of each class."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    faces = drawn.draw(3000, seed=1)
    faces = faces[~faces.constant()]
    faces = faces[np.sort(np.unique(faces.images.reshape(len(faces), -1), axis=0, return_index=True)[1])]
    pictures = np.concatenate([faces.select(label=label).images[:COLUMNS] for label in range(7)])
    figure = grid(pictures, columns=COLUMNS, size=0.75)
    for axis, name in zip(figure.axes[::COLUMNS], faces.class_names, strict=True):
        axis.text(-4, 24, name, ha="right", va="center", fontsize=9)
    OUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUT, dpi=100, bbox_inches="tight", facecolor="white", metadata={"Software": None})
    plt.close(figure)
    with Image.open(OUT) as sheet:
        sheet.convert("L").save(OUT, optimize=True)  # grey: half the size


if __name__ == "__main__":
    main()
