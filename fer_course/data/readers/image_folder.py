"""Folders of pictures, `train/<class>/<file>` and `test/<class>/<file>`, as they circulate, in jpg, png or webp.

Where file names begin with `Training_`, `PublicTest_` or `PrivateTest_`, these give the split; else the folder does.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_course.data.members import Members
from fer_course.data.readers.names import CLASSES, PREFIX, PREFIXES, SPLIT_WORDS
from fer_course.data.readers.pictures import WrongSize, decode_all, size_of
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE, SPLITS, Faces

TITLE = "folders of pictures (train|test/<class>/<file>)"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


class Picture(NamedTuple):
    """Where one picture lies and what its path says about it."""

    name: str
    root: str
    split: str
    label: int


def is_layout(folder: Path) -> bool:
    """Return True if a folder has a `train` or `test` folder in it with class folders in that; opens no picture."""
    try:
        splits = [entry for entry in folder.iterdir() if entry.name.lower() in SPLIT_WORDS and entry.is_dir()]
        return any(entry.name.lower() in CLASSES for split in splits for entry in split.iterdir())
    except OSError:
        return False


def members(members: Members) -> list[str]:
    """Return all pictures that lie in the folders of a split or a class."""
    return [] if members.alone else [name for name in members.names if _is_picture(name)]


def _is_picture(name: str) -> bool:
    folders = name.lower().split("/")[:-1]
    in_split = any(folder in SPLIT_WORDS for folder in folders)
    in_class = bool(folders) and folders[-1] in CLASSES and PREFIX.match(name.split("/")[-1])
    return name.lower().endswith(ENDINGS) and bool(in_split or in_class)


def read(members: Members, names: list[str]) -> Faces:
    """Read all pictures: Training first, then the tests, each in the order of the numbers in the file names.

    Raises:
        DataError: naming the picture, for an unknown class folder, a picture that is not 48×48 or can't be decoded.

    """
    pictures = sorted((_picture(members, name) for name in names), key=_order)
    roots = sorted({picture.root for picture in pictures})
    if len(roots) > 1:
        raise DataError(
            f"{members.place} holds more than one data set: in {roots[0] or 'its top folder'!r} and in {roots[1]!r}. "
            "Give the path of one of them."
        )
    row = {picture.name: number for number, picture in enumerate(pictures)}
    images = np.empty((len(pictures), SIZE, SIZE), np.uint8)
    try:
        files = ((name, members.where(name), content) for name, content in members.read_each(row))
        for name, image in decode_all(files):
            images[row[name]] = image
    except WrongSize as error:
        raise _size_error(members, names, error) from None
    labels = np.array([picture.label for picture in pictures])
    return Faces(images, labels, np.array([picture.split for picture in pictures]), members.title)


def _picture(members: Members, name: str) -> Picture:
    """Read label and split from a path."""
    *folders, file = name.split("/")
    label = CLASSES.get(folders[-1].lower())
    split_folder = folders[-2].lower() if len(folders) > 1 and folders[-2].lower() in SPLIT_WORDS else None
    prefix = PREFIX.match(file)
    if label is None or not (split_folder or prefix):
        raise DataError(
            f"{members.where(name)}: expected train|test/<class>/<file> with one of the classes "
            f"{', '.join(CLASS_NAMES)} (or 0 to 6), found the folder {folders[-1]!r}. Rename it or take it away."
        )
    split = PREFIXES[prefix[1].lower()] if prefix else SPLIT_WORDS[split_folder]
    root = "/".join(folders[: -2 if split_folder else -1])
    return Picture(name, root, split, label)


def _order(picture: Picture) -> tuple[int, int, int, str]:
    numbers = re.findall(r"\d+", picture.name.rsplit("/", 1)[-1])
    # Eighteen digits are more than any row number has, and few enough to compare quickly.
    number = int(numbers[-1][:18]) if numbers else 0
    return SPLITS.index(picture.split), number, picture.label, picture.name


def _size_error(members: Members, names: list[str], error: WrongSize) -> DataError:
    """Look at the sizes of all pictures, to say whether they are mixed."""
    sizes = Counter()
    with contextlib.suppress(DataError):  # what is damaged has no size to report
        sizes.update(filter(None, (size_of(content) for _, content in members.read_each(names))))
    listed = ", ".join(f"{count:,} of {width}×{height}" for (width, height), count in sizes.most_common(3))
    mixed = f"mixed sizes ({listed}, …)" if len(sizes) > 3 else f"mixed sizes ({listed})"
    return error.among(mixed if len(sizes) > 1 else "another size in all of them")
