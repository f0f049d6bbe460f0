"""NumPy's `.npz`: our own format, with the arrays `images`, `labels` and `split`, and `source` in words; and pairs of arrays.

Other people use `x_train` and `y_train`, `test_images` and `test_labels`, or `x` and `y` in a file called train.npz: pictures
of 48×48, 48×48×1 or 2,304 whole numbers, and for each the number of its class, or seven numbers of which one is 1.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from typing import NamedTuple

import numpy as np

from fer_course.data import orders
from fer_course.data.candidates import Candidate, left_out, refuse_too_many
from fer_course.data.containers.archives import MEMBER_LIMIT
from fer_course.data.containers.members import READ_ERRORS, Members
from fer_course.data.readers.names import SPLIT_WORDS, class_of, root_of, split_of, split_of_name
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE, SPLITS, Faces

TITLE = "NumPy archive of this course (images, labels, split)"
PAIRS = "NumPy archive (arrays with pictures and with labels)"
ARRAYS = ("images", "labels", "split")
ADVICE = "Write it again with fer_course.data.write_npz, or `fer-course data import`."
IMAGE_WORDS = {"x", "xtrain", "xtest", "xval", "images", "image", "imgs", "pixels", "faces", "data"}
LABEL_WORDS = {"y", "ytrain", "ytest", "yval", "labels", "label", "targets", "emotions", "emotion"}
SHAPES = ((SIZE, SIZE), (SIZE, SIZE, 1), (1, SIZE, SIZE), (SIZE * SIZE,))
#: All of FER2013 as numbers of eight bytes has 661 million.
PAIRS_LIMIT = 3 * 2**28
#: How many files of an archive, and arrays of a file, are examined.
LOOK_INTO = 10


class Pair(NamedTuple):
    """The names of two arrays that belong together, and their split."""

    split: str
    images: str
    labels: str


def candidates(members: Members) -> list[Candidate]:
    """Return the `.npz` files with faces; among other files, only those with our arrays, or with pairs of arrays."""
    files = [name for name in members.names if name.lower().endswith(".npz")]
    this = sys.modules[__name__]
    if members.single:
        return [Candidate(this, members, "", files, TITLE)] if files else []
    # A packed file must be unpacked to be examined.
    shapes = {name: _shapes(members, name) for name in (files[:LOOK_INTO] if members.packed else files)}
    ours = [name for name in shapes if set(ARRAYS) <= set(shapes[name])]
    theirs = [name for name in shapes if name not in ours and _has_faces(shapes[name], split_of(name))]
    found = [
        Candidate(this, members, str(PurePosixPath(name).parent).removeprefix("."), [name], TITLE) for name in ours
    ]
    for root in sorted({root_of(name) for name in theirs}):
        names = [name for name in theirs if root_of(name) == root]
        found.append(Candidate(this, members, root, names, PAIRS, details="pairs"))
    return found


def _shapes(members: Members, name: str) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array in a file, from its header; () if that can't be read, {} if the file can't."""
    try:
        with members.open_for_seeking(name) as file, zipfile.ZipFile(file) as archive:
            return {each.removesuffix(".npy"): _shape(archive, each) for each in archive.namelist()[:LOOK_INTO]}
    except (*READ_ERRORS, ValueError):  # a DataError too
        return {}


def _shape(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    with archive.open(name) as file:
        try:
            return read_header[np.lib.format.read_magic(file)](file)[0]
        except Exception:  # NumPy reads a header with Python's own parser: it may raise anything
            return ()


def _has_faces(shapes: dict[str, tuple[int, ...]], split: str | None) -> bool:
    return any(shapes[pair.images][1:] in SHAPES for pair in _pairs(list(shapes), split))


def _pairs(names: list[str], split: str | None) -> list[Pair]:
    """Return the arrays that belong together by their names; `split` is for arrays whose names give none."""
    found: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    for name in names:
        is_image, split_of_array = _is_image(name), split_of_name(name) or split
        if is_image is not None and split_of_array:
            images, labels = found.setdefault(split_of_array, ({}, {}))
            (images if is_image else labels)[_rest(name)] = name
    pairs = []
    for each, (images, labels) in found.items():
        if len(images) == len(labels) == 1:
            pairs.append(Pair(each, next(iter(images.values())), next(iter(labels.values()))))
        else:  # a split with several, such as x_val and x_test: the rest of the name tells which belong together
            pairs += [Pair(each, images[rest], labels[rest]) for rest in images if rest in labels]
    return pairs


def _words(name: str) -> list[str]:
    return re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _is_image(name: str) -> bool | None:
    """Return True for the name of an array with pictures, False for one with labels; None if the name does not tell."""
    words = {word.strip("0123456789") for word in _words(name)}
    is_image, is_label = bool(words & IMAGE_WORDS), bool(words & LABEL_WORDS)
    return is_image if is_image != is_label else None


def _rest(name: str) -> str:
    """Return the rest of an array's name, without the words for pictures or labels: `val` for `x_val` and `yval`."""
    words = [re.sub(r"^[xy](?=train|test|val)", "", word) for word in _words(name)]
    return " ".join(word for word in words if word.strip("0123456789") not in IMAGE_WORDS | LABEL_WORDS)


def read(candidate: Candidate) -> Faces:
    """Read the arrays; refuse pickled objects, which could run code.

    Raises:
        DataError: naming the file and the array, if one is missing or not as `Faces` need it.

    """
    members, names = candidate.members, candidate.names
    if members.single:
        content = members.read(names[0])
        path = PurePath(members.path)
        split = split_of_name(path.stem) or SPLIT_WORDS.get(path.parent.name.lower())
        pairs = _pairs(_names(content), split)
        if pairs and "split" not in _names(content):
            return _read_pairs(members, {names[0]: pairs})
        return _read_ours(members, names[0], content)
    if candidate.details:
        return _read_pairs(members, {name: _pairs(list(_shapes(members, name)), split_of(name)) for name in names})
    return _read_ours(members, names[0], members.read(names[0]))


def _names(content: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()[:LOOK_INTO]]
    except (*READ_ERRORS, ValueError):
        return []


def _read_ours(members: Members, name: str, content: bytes) -> Faces:
    where = members.where(name)
    arrays = _arrays(where, content, (*ARRAYS, "source", "drawn", "notes"))
    missing = [key for key in ARRAYS if key not in arrays]
    if missing:
        have = ", ".join(_names(content)) or "none"
        raise DataError(
            f"{where}: expected the arrays {', '.join(ARRAYS)}, found {have}. {ADVICE} Or call its "
            "arrays x_train, y_train, x_test and y_test."
        )
    images, labels, split = (arrays[key] for key in ARRAYS)
    if images.dtype != np.uint8 or images.shape[1:] != (SIZE, SIZE) or not len(images):
        raise DataError(
            f"{where}, array images: expected uint8 of shape (N, {SIZE}, {SIZE}), N at least 1; "
            f"found {images.dtype} of shape {images.shape}. Write it again with fer_course.data.write_npz."
        )
    if not np.issubdtype(labels.dtype, np.integer) or split.dtype.kind != "U":
        raise DataError(
            f"{where}: expected labels as whole numbers and split as text; found {labels.dtype} and {split.dtype}. "
            "Write it again with fer_course.data.write_npz."
        )
    source = str(arrays.get("source", PurePosixPath(name).name))
    drawn = bool(arrays.get("drawn", np.array(False)).all())
    faces = Faces(images, labels, split, source, drawn, notes=tuple(map(str, arrays.get("notes", ()))))
    if drawn:
        return faces
    labels, assumed = orders.settle(faces.labels, faces.split, True, where)
    new_notes = [note for note in assumed if note not in faces.notes]
    return replace(faces, labels=labels, notes=(*faces.notes, *new_notes))


def _read_pairs(members: Members, files: dict[str, list[Pair]]) -> Faces:
    """Read the pairs of arrays that other people use: Training first, then the tests."""
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, bool]] = []
    others: list[str] = []
    for name, pairs in files.items():
        wanted = tuple(name for pair in pairs for name in (pair.images, pair.labels))
        arrays = _arrays(members.where(name), members.read(name), wanted, PAIRS_LIMIT)
        parts += [_part(members.where(name), pair, arrays) for pair in pairs]
        others += [each for each in _shapes(members, name) if _is_image(each) and each not in wanted]
        if len(files) > 1:
            refuse_too_many(sum(len(part[1]) for part in parts), members.path)
    parts.sort(key=lambda part: SPLITS.index(part[2][0]) if len(part[2]) else 0)
    images, labels, split = (np.concatenate([part[index] for part in parts]) for index in range(3))
    numbered = np.concatenate([np.full(len(part[1]), not part[3]) for part in parts])
    notes: tuple[str, ...] = ()
    if numbered.any():
        labels[numbered], notes = orders.settle(labels[numbered], split[numbered], False, members.path)
    return Faces(images, labels, split, members.title, notes=(*notes, *left_out(others)))


def _part(where: str, pair: Pair, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """Return images, labels, and splits of one pair of arrays; and whether its classes have names."""
    images, labels = arrays[pair.images], arrays[pair.labels]
    if images.shape[1:] not in SHAPES or not len(images):
        raise DataError(
            f"{where}, array {pair.images}: expected N pictures of 48×48 pixels, found the shape {images.shape}. "
            "Give another file."
        )
    if images.dtype != np.uint8 and not (_are_whole(images) and images.min() >= 0 and images.max() <= 255):
        raise DataError(
            f"{where}, array {pair.images}: expected whole numbers from 0 to 255 as pixels, found {images.dtype} from "
            f"{images.min():g} to {images.max():g}. Write it again with the original pixels, before they are scaled."
        )
    if (
        labels.shape == (len(images), len(CLASS_NAMES))
        and _are_whole(labels)
        and (np.sort(labels)[:, -2:] == (0, 1)).all()
    ):
        labels = labels.argmax(axis=1)  # a one among zeros
    labels = labels[:, 0] if labels.shape == (len(images), 1) else labels
    labels, named = _numbers_of_names(labels)
    if labels.shape != (len(images),) or not _are_whole(labels):
        raise DataError(
            f"{where}, array {pair.labels}: expected the number of a class for each of the {len(images):,} pictures of "
            f"{pair.images}, found {labels.dtype} of shape {labels.shape}. Give another file."
        )
    split = np.full(len(images), pair.split)
    return images.reshape(-1, SIZE, SIZE).astype(np.uint8), labels.astype(np.int64), split, named


def _numbers_of_names(labels: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return names of classes as labels, and True; return other labels as they are, and False."""
    if labels.dtype.kind not in "US" or labels.ndim != 1:
        return labels, False
    texts = np.char.decode(labels, "utf-8", "replace") if labels.dtype.kind == "S" else labels
    classes = [class_of(str(name)) for name in texts]
    return (labels, False) if None in classes else (np.array(classes, np.int64), True)


def _are_whole(array: np.ndarray) -> bool:
    """Return True if all values are whole numbers; compare 1,000 rows at a time, because a comparison doubles the memory."""
    parts = (array[start : start + 1000] for start in range(0, len(array), 1000))
    return array.dtype.kind in "iu" or (array.dtype.kind == "f" and all((part % 1 == 0).all() for part in parts))


def _arrays(where: str, content: bytes, names: tuple[str, ...], limit: int | None = None) -> dict[str, np.ndarray]:
    """Unpack arrays of an archive, as far as it has them."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            size = sum(member.file_size for member in archive.zip.infolist())
            limit = limit or MEMBER_LIMIT
            if size > limit:
                raise ValueError(f"it unpacks to {size:,} bytes, more than {limit:,}")
            return {key: archive[key] for key in names if key in archive}
    except Exception as error:  # NumPy reads a header with Python's own parser: it may raise anything
        if "allow_pickle" in str(error):
            raise DataError(
                f"{where} holds an array of Python objects ({error}). Such objects can run code. "
                "Write it again with numbers or text only, as with `labels.astype(str)`."
            ) from error
        raise DataError(f"{where} can't be opened as a NumPy archive ({error}). {ADVICE}") from error
