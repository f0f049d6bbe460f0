"""The contest's own files: `train.csv` (`emotion,pixels`, all of them Training) and `test.csv` (`pixels`, no labels).

`test.csv` holds no faces to learn from or to score on; `unlabelled` and `read_unlabelled` are for predictions only.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from fer_course.data.members import Members
from fer_course.data.readers import csv_file
from fer_course.faces import Faces

TITLE = "the contest's table of comma-separated values (columns emotion and pixels; all rows are Training)"


def members(members: Members) -> list[str]:
    """Return the one table to read: `train.csv`, else the first with labels and pixels but no Usage."""
    # fer2013.csv without its column Usage is damaged: its tests would be learned from.
    names = [name for name in csv_file.tables(members) if _file_name(name) not in csv_file.KNOWN_NAMES]
    found = [name for name, columns in csv_file.headers(members, names).items() if _is_training(columns)]
    return sorted(found, key=lambda name: (_file_name(name) != "train.csv", name))[:1]


def _file_name(name: str) -> str:
    return PurePosixPath(name).name.lower()


def _is_training(columns: list[str]) -> bool:
    return {"emotion", "pixels"} <= set(columns) and "usage" not in columns


def read(members: Members, names: list[str]) -> Faces:
    """Read one table; its source says so if a test set without labels lies beside it.

    Raises:
        DataError: as the reader of `fer2013.csv`.

    """
    name = names[0]
    rows = csv_file.read_rows(members, name, ("emotion", "pixels"))
    source = members.title if members.alone else f"{_file_name(name)} in {members.title}"
    if _has_test_set(members):
        source += "; test.csv beside it has no labels"
    return Faces(rows.images, rows.labels, np.full(len(rows.labels), "Training"), source)


def _has_test_set(members: Members) -> bool:
    if not members.alone:
        return bool(unlabelled(members))
    path = Path(members.place).with_name("test.csv")
    beside = Members(str(path), path.name, [path.name], lambda _: path.open("rb"))
    return bool(unlabelled(beside))


def unlabelled(members: Members) -> list[str]:
    """Return the one table with pixels but no labels: `test.csv`, else the first."""
    columns = csv_file.headers(members, csv_file.tables(members))
    found = [name for name in columns if "pixels" in columns[name] and "emotion" not in columns[name]]
    return sorted(found, key=lambda name: (_file_name(name) != "test.csv", name))[:1]


def read_unlabelled(members: Members, names: list[str]) -> np.ndarray:
    """Read the pixels of one table, uint8 (N, 48, 48).

    Raises:
        DataError: as the reader of `fer2013.csv`.

    """
    return csv_file.read_rows(members, names[0], ("pixels",)).images
