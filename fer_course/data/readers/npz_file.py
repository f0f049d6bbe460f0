"""Our own format: a NumPy `.npz` archive with the arrays `images`, `labels` and `split`, and `source` in words."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from fer_course.data import orders
from fer_course.data.archives import MEMBER_LIMIT
from fer_course.data.candidates import Candidate
from fer_course.data.members import READ_ERRORS, Members
from fer_course.errors import DataError
from fer_course.faces import SIZE, Faces
from fer_course.files import atomic

TITLE = "NumPy archive of this course (images, labels, split)"
ARRAYS = ("images", "labels", "split")


def candidates(members: Members) -> list[Candidate]:
    """Return the `.npz` files with faces; among other files, only those that hold our arrays."""
    archives = [name for name in members.names if name.lower().endswith(".npz")]
    if not members.alone:
        # To look into a packed one it has to be unpacked.
        archives = archives[:10] if members.packed else archives
        archives = [name for name in archives if _holds_our_arrays(members, name)]
    this = sys.modules[__name__]
    return [Candidate(this, members, str(PurePosixPath(name).parent).removeprefix("."), [name], TITLE) for name in archives]


def _holds_our_arrays(members: Members, name: str) -> bool:
    try:
        with members.in_reach(name) as file, zipfile.ZipFile(file) as archive:
            return {f"{key}.npy" for key in ARRAYS} <= set(archive.namelist())
    except (*READ_ERRORS, ValueError):  # a DataError too
        return False


def read(candidate: Candidate) -> Faces:
    """Read the arrays; pickled objects, which could run code, are refused.

    Raises:
        DataError: naming the file and the array, if one is missing or not as `Faces` need it.

    """
    members, name = candidate.members, candidate.names[0]
    where = members.where(name)
    arrays = _arrays(where, members.read(name))
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
    labels, said = orders.settle(faces.labels, faces.split, True, where)
    return replace(faces, labels=labels, notes=(*faces.notes, *(note for note in said if note not in faces.notes)))


def _arrays(where: str, content: bytes) -> dict[str, np.ndarray]:
    """Unpack all arrays of an archive."""
    advice = "Write it again with fer_course.data.write_npz, or `fer-course data import`."
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            size = sum(member.file_size for member in archive.zip.infolist())
            if size > MEMBER_LIMIT:
                raise ValueError(f"it unpacks to {size:,} bytes, more than {MEMBER_LIMIT:,}")
            found = {key: archive[key] for key in (*ARRAYS, "source", "drawn", "notes") if key in archive}
    except Exception as error:  # NumPy reads a header with Python's own parser: it may raise anything
        raise DataError(f"{where} is no NumPy archive that can be opened ({error}). {advice}") from error
    missing = [key for key in ARRAYS if key not in found]
    if missing:
        have = ", ".join(found) or "none of them"
        raise DataError(f"{where}: expected the arrays {', '.join(ARRAYS)}, found {have}. {advice}")
    return found


def write_npz(faces: Faces, path: str | Path) -> None:
    """Write faces as our own `.npz`, whole or not at all.

    Args:
        faces: any faces; their source and whether they are drawn are kept.
        path: the file to write, replaced if it is there.

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
