"""`Faces` as files: `fer2013.csv` as FER2013 has it, and `.npz`, the package's own format."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from fer_course._shared.files import atomic
from fer_course.faces import SIZE, Faces


def write_csv(faces: Faces, path: str | Path) -> None:
    """Write faces in FER2013's format (`emotion,pixels,Usage`), completely or not at all.

    Args:
        faces: any faces.
        path: the file to write; an existing file is replaced.

    """
    number = [str(value) for value in range(256)]
    with atomic(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as file:
        file.write("emotion,pixels,Usage\n")
        for image, label, split in zip(faces.images, faces.labels, faces.split, strict=True):
            pixels = " ".join([number[value] for value in image.ravel().tolist()])
            file.write(f"{label},{pixels},{split}\n")


def parse_row(row: str) -> tuple[int, np.ndarray, str]:
    """Return label, picture (uint8, shape (48, 48)) and split of one line of `write_csv`. Built in lesson 01.

    The readers take whole files, in many forms, and say what is wrong with them.

    Raises:
        ValueError: if the row has not three columns, or the second one is not the 2,304 pixels of a face.

    """
    label, pixels, split = row.split(",")
    return int(label), np.array(pixels.split(), dtype=np.uint8).reshape(SIZE, SIZE), split


def write_npz(faces: Faces, path: str | Path) -> None:
    """Write faces as our own `.npz`, completely or not at all.

    Args:
        faces: any faces; their source and whether they are drawn are kept.
        path: the file to write; an existing file is replaced.

    """
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            images=faces.images,
            labels=faces.labels,
            split=faces.split,
            source=np.array(faces.source),
            drawn=np.array(faces.drawn),
            notes=np.array(faces.notes, dtype=np.str_),
        )
        file.flush()
        os.fsync(file.fileno())
