"""Faces that were read once, kept in the user's cache folder and mapped into memory on the next load.

One file holds one data set: four NumPy arrays in `.npy` format, one after the other. The images come first, so that
`numpy.load(file, mmap_mode="r")` maps them; then labels, splits, and a description of what was read. A file is written under
another name and then renamed, so it is always complete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from fer_course._shared.cache_folder import cache_folder
from fer_course._shared.files import atomic
from fer_course.data.containers.folders import walk
from fer_course.faces import SPLITS, Faces

#: Goes up when readers or this format change, so that older files are not used.
VERSION = 3
#: A temporary file this old (in seconds) belongs to a process that was killed.
ABANDONED = 3600.0


def state(path: Path) -> str:
    """Return a text that changes when a file changes, or any file of a folder: size and modification time (ns)."""
    if path.is_dir():
        lines = (f"{name} {status.st_size} {status.st_mtime_ns}" for name, status in walk(path))
        return _digest("\n".join(lines))
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def load_or_build(name: str, current: Callable[[], str], build: Callable[[], Faces]) -> tuple[Faces, str]:
    """Return faces from the cache, or build and cache them.

    Args:
        name: what the faces are, the same for every version of them: a path, or `drawn …`.
        current: returns the state that cached faces must have (see `state`).
        build: reads or draws the faces; called only if the cache has none.

    Returns:
        the faces, their images read-only and, where the cache could be written, mapped into memory; and a sentence for
        the user if it could not, else "".

    """
    before = current()
    path = path_of(name, before)
    faces = _load(path, name, before)
    if faces is not None:
        return faces, ""
    faces = build()
    faces.images.flags.writeable = False
    # A file that changed while it was read may be half old and half new: the next load reads it again.
    if current() != before:
        return faces, ""
    return _store(path, name, before, faces)


def _store(path: Path, name: str, state: str, faces: Faces) -> tuple[Faces, str]:
    """Write the file and return the faces mapped from it; if that fails, return the faces as they are."""
    note = ""
    try:
        _write(path, name, state, faces)
    except OSError as error:
        # Windows refuses to replace a file that another kernel has mapped, which is just as good.
        note = f"The cache folder {path.parent} can't be written ({error.strerror}), so the next load takes as long."
    _clear(path)
    mapped = _load(path, name, state)
    return (faces, note) if mapped is None else (mapped, "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def path_of(name: str, state: str) -> Path:
    """Return the file in the cache for faces of that name and state, whether it exists or not."""
    return cache_folder() / f"{_digest(name)}-{_digest(f'{VERSION} {state}')}.npy"


def _description(name: str, state: str, faces: Faces) -> dict:
    """Return what the file must say about itself, with sums that reveal damage."""
    words = f"{faces.source} {faces.drawn} {faces.notes}".encode()
    return {
        "version": VERSION,
        "name": name,
        "state": state,
        "source": faces.source,
        "drawn": faces.drawn,
        "notes": list(faces.notes),
        # A sum of eight bytes at a time takes milliseconds for all of FER2013; a cyclic checksum may take ten times as long.
        "images": int(np.add.reduce(np.ascontiguousarray(faces.images).reshape(-1).view(np.uint64))),
        "rest": zlib.crc32(faces.labels.astype(np.uint8).tobytes() + _codes(faces).tobytes() + words),
    }


def _codes(faces: Faces) -> np.ndarray:
    """Return the position of each face's split in `SPLITS`, uint8 (N,)."""
    order = np.argsort(SPLITS)
    return order[np.searchsorted(SPLITS, faces.split, sorter=order)].astype(np.uint8)


def _write(path: Path, name: str, state: str, faces: Faces) -> None:
    description = json.dumps(_description(name, state, faces)).encode()
    with atomic(path) as temporary, temporary.open("wb") as file:
        for array in (faces.images, faces.labels.astype(np.uint8), _codes(faces), np.frombuffer(description, np.uint8)):
            np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
        # Without this, a power cut could leave the new name on an empty file.
        file.flush()
        os.fsync(file.fileno())


def _load(path: Path, name: str, state: str) -> Faces | None:
    """Map a cached file; None if there is none, or it is not complete or not exactly what is expected."""
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
        with path.open("rb") as file:
            file.seek(images.offset + images.nbytes)
            labels, codes, description = (np.lib.format.read_array(file, allow_pickle=False) for _ in range(3))
            whole = not file.read(1)
        found = json.loads(description.tobytes())
        words = {"source": found["source"], "drawn": found["drawn"], "notes": tuple(found["notes"])}
        faces = Faces(images, labels, np.array(SPLITS)[codes], **words)
        return faces if whole and found == _description(name, state, faces) else None
    # Whatever is wrong with the cache, the faces themselves can be read again.
    except Exception:
        return None


def _clear(path: Path) -> None:
    """Remove older states of the same data set, and files of killed processes."""
    _remove(other for other in path.parent.glob(f"{path.name.split('-')[0]}-*.npy") if other != path)
    remove_abandoned(path.parent)


def remove_abandoned(folder: Path) -> None:
    """Remove temporary files that are so old that the process that wrote them must have been killed."""
    _remove(path for path in folder.glob(".tmp-*.np[yz]") if _age(path) > ABANDONED)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        # Another kernel may have removed it already, or (on Windows) still use it.
        with contextlib.suppress(OSError):
            path.unlink()


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
