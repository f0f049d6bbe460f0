"""Which of several data sets is read: one rule for folders, archives, and folders that are searched.

1. The data set closest to the top wins.
2. In the same folder, FER2013's own file names win; then data sets with test faces over those with only Training; then the format
   that keeps more of FER2013: our .npz, tables, parquet, pictures.
3. Files of one format, in one folder or in its folders of splits, are one data set: they are read together.

Messages name what is left out (see `left_out`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from fer_course.data.containers.members import Members
from fer_course.errors import DataError

#: The most faces that several files may have together: almost three times FER2013.
MOST_FACES = 100_000


@dataclass(frozen=True)
class Candidate:
    """A data set that a reader knows, among the files of a folder or archive.

    Attributes:
        reader: the module that reads it.
        members: the files that it belongs to.
        root: its folder, "" for the top.
        names: the files that are read together.
        title: its format in words.
        known: the position among FER2013's own file names; the higher, the less specific.
        whole: True if its names and headers indicate faces to test on.
        details: what the reader already knows about it.

    """

    reader: ModuleType
    members: Members
    root: str
    names: list[str]
    title: str
    known: int = 9
    whole: bool = True
    details: Any = field(default=None, compare=False)

    @property
    def depth(self) -> int:
        """The number of folders above it."""
        return self.root.count("/") + 1 if self.root else 0

    @property
    def words(self) -> str:
        """How a message names it: its file, or its folder."""
        if len(self.names) == 1 or not self.root:
            return ", ".join(self.names[:2]) + (", …" if len(self.names) > 2 else "")
        return f"{self.root}/"


def ranked(members: Members, readers: tuple[ModuleType, ...]) -> list[Candidate]:
    """Return all data sets that any of the readers knows, the one to read first."""
    found = [candidate for reader in readers for candidate in reader.candidates(members)]
    return sorted(
        found,
        key=lambda each: (each.depth, each.known, not each.whole, readers.index(each.reader), each.root),
    )


class Seen:
    """The pictures of the files that were read so far, to find files that repeat them.

    A file is a copy if more than half of its pictures were seen before. FER2013's own tests repeat a twelfth of Training's.
    """

    def __init__(self) -> None:
        self.files: dict[int, tuple[str, str]] = {}

    def repeats(self, name: str, images: np.ndarray, split: np.ndarray) -> str | None:
        """Return words about a file that repeats others; None if it does not, and then remember its pictures.

        Args:
            name: the file.
            images: uint8 array (N, 48, 48).
            split: string array (N,).

        """
        keys = [hash(image.tobytes()) for image in images]
        again = [self.files[key] for key in keys if key in self.files]
        if len(again) <= len(keys) / 2:
            self.files.update((key, (name, each)) for key, each in zip(keys, split.tolist(), strict=True))
            return None
        if "Training" not in split and all(each == "Training" for _, each in again):
            return f"{name} (its faces are in {again[0][0]}, as Training)"
        return f"{name} (a copy)"


def refuse_too_many(count: int, path: str) -> None:
    """Raise a DataError if several files together have more faces than FER2013 could have, which might not fit into memory."""
    if count > MOST_FACES:
        raise DataError(
            f"{path} holds several files with more than {MOST_FACES:,} faces together: that is not FER2013, which has 35,887. "
            "Give the path of one of them, or take out what you need."
        )


def left_out(names: list[str]) -> tuple[str, ...]:
    """Return the sentence that names what was not read; () if there is nothing."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (f"Left out: {'; '.join(names[:3])}{more}.",) if names else ()
