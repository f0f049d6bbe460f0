"""Folders of pictures, `train/<class>/<file>` and `test/<class>/<file>`, as they circulate, in jpg, png or webp.

Where file names begin with `Training_`, `PublicTest_` or `PrivateTest_`, these give the split; else the folder does.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fer_course.data.members import Members
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE, SPLITS, Faces

TITLE = "folders of pictures (train|test/<class>/<file>)"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
#: Names of the folders a split lies in, and the split that they mean where the file name does not say it.
SPLIT_FOLDERS = {
    "train": "Training",
    "training": "Training",
    "test": "Test",
    "testing": "Test",
    "validation": "Test",
}
ALIASES = {
    "angry": ("anger", "0"),
    "disgust": ("disgusted", "1"),
    "fear": ("fearful", "afraid", "scared", "2"),
    "happy": ("happiness", "joy", "3"),
    "sad": ("sadness", "4"),
    "surprise": ("surprised", "5"),
    "neutral": ("neutrality", "6"),
}
CLASS_FOLDERS = {alias: label for label, name in enumerate(CLASS_NAMES) for alias in (name, *ALIASES[name])}
PREFIX = re.compile(r"(Training|PublicTest|PrivateTest)_", re.IGNORECASE)
PREFIXES = {split.lower(): split for split in SPLITS}
WORKERS = 2


class Picture(NamedTuple):
    """Where one picture lies and what its path says about it."""

    name: str
    root: str
    split: str
    label: int


def is_layout(folder: Path) -> bool:
    """Return True if a folder has a `train` or `test` folder in it with class folders in that; opens no picture."""
    try:
        splits = [entry for entry in folder.iterdir() if entry.name.lower() in SPLIT_FOLDERS and entry.is_dir()]
        return any(entry.name.lower() in CLASS_FOLDERS for split in splits for entry in split.iterdir())
    except OSError:
        return False


def members(members: Members) -> list[str]:
    """Return all pictures that lie in the folders of a split or a class."""
    return [] if members.alone else [name for name in members.names if _is_picture(name)]


def _is_picture(name: str) -> bool:
    folders = name.lower().split("/")[:-1]
    in_split = any(folder in SPLIT_FOLDERS for folder in folders)
    in_class = bool(folders) and folders[-1] in CLASS_FOLDERS and PREFIX.match(name.split("/")[-1])
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
    chunks = [pictures[start : start + 256] for start in range(0, len(pictures), 256)]
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(lambda chunk: [_decode(members, picture.name, names) for picture in chunk], chunks))
    images = np.stack([image for part in parts for image in part])
    labels = np.array([picture.label for picture in pictures])
    return Faces(images, labels, np.array([picture.split for picture in pictures]), members.title)


def _picture(members: Members, name: str) -> Picture:
    """Read label and split from a path."""
    *folders, file = name.split("/")
    label = CLASS_FOLDERS.get(folders[-1].lower())
    split_folder = folders[-2].lower() if len(folders) > 1 and folders[-2].lower() in SPLIT_FOLDERS else None
    prefix = PREFIX.match(file)
    if label is None or not (split_folder or prefix):
        raise DataError(
            f"{members.where(name)}: expected train|test/<class>/<file> with one of the classes "
            f"{', '.join(CLASS_NAMES)} (or 0 to 6), found the folder {folders[-1]!r}. Rename it or take it away."
        )
    split = PREFIXES[prefix[1].lower()] if prefix else SPLIT_FOLDERS[split_folder]
    root = "/".join(folders[: -2 if split_folder else -1])
    return Picture(name, root, split, label)


def _order(picture: Picture) -> tuple[int, int, int, str]:
    numbers = re.findall(r"\d+", picture.name.rsplit("/", 1)[-1])
    # Eighteen digits are more than any row number has, and few enough to compare quickly.
    number = int(numbers[-1][:18]) if numbers else 0
    return SPLITS.index(picture.split), number, picture.label, picture.name


def _decode(members: Members, name: str, names: list[str]) -> np.ndarray:
    """Return the pixels of one picture, uint8 (48, 48)."""
    content = members.read(name)
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.size == (SIZE, SIZE) and not image.mode.startswith(("I", "F")):
                return np.asarray(image.convert("L"))
            size, mode = image.size, image.mode
    # Pillow's decoders raise errors of many kinds for damaged files; none of them is ours.
    except Exception as error:
        raise DataError(
            f"{members.where(name)} can't be decoded as a picture ({_short(error)}). Get a fresh copy of it."
        ) from error
    if size == (SIZE, SIZE):
        raise DataError(f"{members.where(name)}: expected 8 bits a pixel, found mode {mode}. Convert it to 8-bit grey.")
    raise _size_error(members, name, names, size)


def _size_error(members: Members, name: str, names: list[str], size: tuple[int, int]) -> DataError:
    """Look at the sizes of all pictures, to say whether they are mixed."""
    sizes = Counter(filter(None, (_size(members, each) for each in names)))
    listed = ", ".join(f"{count:,} of {width}×{height}" for (width, height), count in sizes.most_common(3))
    mixed = f"mixed sizes ({listed}, …)" if len(sizes) > 3 else f"mixed sizes ({listed})"
    kind = mixed if len(sizes) > 1 else "another size in all of them"
    return DataError(
        f"{members.where(name)}: expected pictures of {SIZE}×{SIZE} pixels, found {size[0]}×{size[1]}, and {kind}. "
        f"Crop the faces and scale them to {SIZE}×{SIZE} first, or use a copy with the original pictures."
    )


def _size(members: Members, name: str) -> tuple[int, int] | None:
    try:
        with Image.open(io.BytesIO(members.read(name))) as image:
            return image.size
    except Exception:  # what is damaged has no size to report
        return None


def _short(error: Exception) -> str:
    # Pillow names the object in memory that it read from, which says nothing to anybody.
    text = re.sub(r" ?<_io\.BytesIO[^>]*>", "", str(error)).strip() or type(error).__name__
    return text if len(text) <= 80 else text[:80] + "…"
