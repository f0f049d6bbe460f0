"""`Faces` → `fer2013.csv`."""

from __future__ import annotations

from pathlib import Path

from fer_course._shared.files import atomic
from fer_course.faces import Faces


def write_csv(faces: Faces, path: str | Path) -> None:
    """Write faces in FER2013's format (`emotion,pixels,Usage`), whole or not at all.

    Args:
        faces: any faces.
        path: the file to write, replaced if it is there.

    """
    number = [str(value) for value in range(256)]
    with atomic(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as file:
        file.write("emotion,pixels,Usage\n")
        for image, label, split in zip(faces.images, faces.labels, faces.split, strict=True):
            pixels = " ".join([number[value] for value in image.ravel().tolist()])
            file.write(f"{label},{pixels},{split}\n")
