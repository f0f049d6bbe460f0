"""Folders of pictures, `train/<class>/<file>` and `test/<class>/<file>`, in jpg, png or webp, as many copies have them.

If file names begin with `Training_`, `PublicTest_` or `PrivateTest_`, these give the split; otherwise the folder does.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from fer_course.data import orders
from fer_course.data.candidates import Candidate, left_out
from fer_course.data.containers.members import Members
from fer_course.data.readers.names import PREFIX, PREFIXES, class_of, root_of, split_of_name
from fer_course.data.readers.pictures import WrongSize, decode_all, size_of
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE, SPLITS, Faces

TITLE = "folders of pictures (train|test/<class>/<file>)"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


class Picture(NamedTuple):
    """The path of one picture, and what it says: the split, and the class by name or by number."""

    name: str
    split: str
    label: int | None
    number: int | None


def is_layout(folder: Path) -> bool:
    """Return True if a folder has folders of splits with class folders in them; no picture is opened.

    Folders with numbers as names are classes of FER2013 only if exactly the right ones exist: there are other data sets.
    """
    try:
        for split in _folders(folder):
            names = [entry.name for inner in (split, *_folders(split)) for entry in inner.iterdir()]
            if any(class_of(name) is not None for name in names) or sorted(names) in (list("0123456"), list("1234567")):
                return True
        return False
    except OSError:
        return False


def _folders(folder: Path) -> list[Path]:
    """Return the folders of splits in a folder."""
    return [entry for entry in folder.iterdir() if split_of_name(entry.name) and entry.is_dir()]


def candidates(members: Members) -> list[Candidate]:
    """Return the data sets that are pictures in the folders of a split, or of a class."""
    roots: dict[str, list[str]] = {}
    flat = set() if members.single else set(_without_classes(members))
    for name in [] if members.single else members.names:
        if name not in flat and name.lower().endswith(ENDINGS) and (root := _root(name)) is not None:
            roots.setdefault(root, []).append(name)
    this = sys.modules[__name__]
    return [Candidate(this, members, root, names, TITLE, whole=_has_tests(names)) for root, names in roots.items()]


def _has_tests(names: list[str]) -> bool:
    return any(_split(name) not in ("Training", None) for name in names)


def _root(name: str) -> str | None:
    """Return the folder of the data set that a picture belongs to; None if it belongs to none."""
    *folders, file = name.split("/")
    depth = next((depth for depth in range(len(folders), 0, -1) if split_of_name(folders[depth - 1])), None)
    if depth is not None:
        return root_of("/".join(folders[:depth]) + "/")
    is_class = bool(folders) and (class_of(folders[-1]) is not None or folders[-1].isdigit())
    return "/".join(folders[:-1]) if is_class and PREFIX.match(file) else None


def _split(name: str) -> str | None:
    *folders, file = name.split("/")
    if prefix := PREFIX.match(file):
        return PREFIXES[prefix[1].lower()]
    return next((split for folder in reversed(folders[:-1]) if (split := split_of_name(folder))), None)


def read(candidate: Candidate) -> Faces:
    """Read all pictures: Training first, then the tests, both in the order of the numbers in the file names.

    Raises:
        DataError: naming the picture, for an unknown class folder, a picture that is not 48×48 or can't be decoded; or if
            the class folders are numbers, and nothing says what they mean.

    """
    members = candidate.members
    pictures = [_picture(members, name) for name in candidate.names]
    labels, notes = _labels(members, candidate, pictures)
    order = sorted(range(len(pictures)), key=lambda number: _order(pictures[number], int(labels[number])))
    row = {pictures[number].name: index for index, number in enumerate(order)}
    images = np.empty((len(pictures), SIZE, SIZE), np.uint8)
    try:
        files = ((name, members.where(name), content) for name, content in members.read_each(row))
        for name, image in decode_all(files):
            images[row[name]] = image
    except WrongSize as error:
        raise _size_error(members, candidate.names, error) from None
    split = np.array([pictures[number].split for number in order])
    return Faces(images, labels[order], split, members.title, notes=(*notes, *left_out(_others(members, candidate))))


def _without_classes(members: Members) -> list[str]:
    """Return the pictures directly in the folder of a split that has no folders in it, such as the contest's tests."""
    pictures = [name for name in members.names if name.lower().endswith(ENDINGS)]
    folders = {name.rpartition("/")[0] for name in pictures}
    inner = {str(above) for folder in folders for above in PurePosixPath(folder).parents}
    flat = {each for each in folders - inner if split_of_name(each.rpartition("/")[2]) and class_of(each) is None}
    # If no folder has classes, the message about the first picture is better.
    return [name for name in pictures if name.rpartition("/")[0] in flat] if len(flat) < len(folders) else []


def _others(members: Members, candidate: Candidate) -> list[str]:
    """Return words about folders of pictures beside a data set that are not read: their names give no split, or no class."""
    start = f"{candidate.root}/" if candidate.root else ""
    flat = {
        f"{name.rpartition('/')[0]}/ (no folders of classes)"
        for name in _without_classes(members)
        if name.startswith(start)
    }
    # One picture per folder is enough.
    pictures = {name.rpartition("/")[0]: name for name in members.names if name.lower().endswith(ENDINGS)}
    without_split = set()
    for name in pictures.values():
        folders = name.removeprefix(start).split("/")[:-1]
        if name.startswith(start) and folders and class_of(folders[-1]) is not None and _root(name) is None:
            without_split.add(f"{start}{'/'.join(folders[:-1] or folders)}/ (its name gives no split)")
    return sorted(flat | without_split)


def _picture(members: Members, name: str) -> Picture:
    """Read split and class from a path."""
    folders, split = name.split("/")[:-1], _split(name)
    label = class_of(folders[-1])
    number = int(folders[-1]) if folders[-1].isdigit() and len(folders[-1]) < 4 else None
    if split is None or (label is None and number is None):
        raise DataError(
            f"{members.where(name)}: expected train|test/<class>/<file> with one of the classes "
            f"{', '.join(CLASS_NAMES)} (or 0 to 6), found the folder {folders[-1]!r}. Rename or remove it."
        )
    return Picture(name, split, label, number)


def _labels(members: Members, candidate: Candidate, pictures: list[Picture]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the labels of all pictures, and what was assumed if their folders are numbers."""
    labels = np.array([-1 if picture.label is None else picture.label for picture in pictures])
    numbered = labels < 0
    if not numbered.any():
        return labels, ()
    numbers = np.array([picture.number for picture in pictures if picture.label is None])
    split = np.array([picture.split for picture in pictures])[numbered]
    where = f"{candidate.root} in {members.path}" if candidate.root else members.path
    labels[numbered], notes = orders.settle(numbers, split, False, where)
    return labels, notes


def _order(picture: Picture, label: int) -> tuple[int, int, int, str]:
    numbers = re.findall(r"\d+", picture.name.rsplit("/", 1)[-1])
    # Eighteen digits are more than any row number has, and quick to compare.
    number = int(numbers[-1][:18]) if numbers else 0
    return SPLITS.index(picture.split), number, label, picture.name


def _size_error(members: Members, names: list[str], error: WrongSize) -> DataError:
    """Return the error with the sizes of all pictures, which may be mixed."""
    sizes: Counter[tuple[int, int]] = Counter()
    with contextlib.suppress(DataError):  # a damaged picture has no size to report
        sizes.update(filter(None, (size_of(content) for _, content in members.read_each(names))))
    listed = ", ".join(f"{count:,} of {width}×{height}" for (width, height), count in sizes.most_common(3))
    mixed = f"mixed sizes ({listed}, …)" if len(sizes) > 3 else f"mixed sizes ({listed})"
    return error.among(mixed if len(sizes) > 1 else "all of them have another size")
