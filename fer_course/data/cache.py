"""Faces that were read once, kept in the user's cache folder and mapped into memory on the next load.

One file holds one data set: four NumPy arrays in `.npy` format, one after the other. The images come first, so that
`numpy.load(file, mmap_mode="r")` maps them; then labels, splits, and a description of what was read. A file is written under
another name and then renamed, so it is always complete.

A cache folder may be shared, or a copy of somebody's. So a file is believed only if its description is sealed with this user's
own key, or if it holds the faces that this package draws, whose checksum it knows.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from fer_course._shared.cache_folder import cache_folder, make_cache_folder
from fer_course._shared.files import atomic
from fer_course._shared.user_key import key_file, user_key
from fer_course.data.containers.folders import walk
from fer_course.faces import SPLITS, Faces

#: Goes up when readers or this format change, so that older files are not used.
VERSION = 4
#: A temporary file this old (in seconds) belongs to a process that was killed.
ABANDONED = 3600.0
#: The most bytes that labels, splits and description take beside two for each face.
_REST = 2**20
#: Checksum of faces -> their number, for faces that are believed whoever wrote them.
Known = Mapping[str, int]


def state(path: Path) -> str:
    """Return a text that changes when a file changes, or any file of a folder: size and modification time (ns)."""
    if path.is_dir():
        lines = (f"{name} {status.st_size} {status.st_mtime_ns}" for name, status in walk(path))
        return _digest("\n".join(lines))
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def load_or_build(
    name: str, current: Callable[[], str], build: Callable[[], Faces], known: Known | None = None
) -> tuple[Faces, str]:
    """Return faces from the cache, or build and cache them.

    Args:
        name: what the faces are, the same for every version of them: a path, or `drawn …`.
        current: returns the state that cached faces must have (see `state`).
        build: reads or draws the faces; called only if the cache has none that can be believed.
        known: checksums of the faces that can only be meant, if these are known; others need this user's seal.

    Returns:
        the faces, their images read-only and, where the cache could be written, mapped into memory; and a sentence for
        the user if it could not, else "".

    """
    before = current()
    path = path_of(name, before)
    faces = _load(path, name, before, known or {})
    if faces is not None:
        return faces, ""
    faces = build()
    faces.images.flags.writeable = False
    # A file that changed while it was read may be half old and half new: the next load reads it again.
    if current() != before:
        return faces, ""
    return _store(path, name, before, faces, known or {})


def _store(path: Path, name: str, state: str, faces: Faces, known: Known) -> tuple[Faces, str]:
    """Write the file and return the faces mapped from it; if that fails, return the faces as they are."""
    note = ""
    description = _sealed(_description(name, state, faces))
    if not _is_believed(description, known):
        return faces, f"Your key {key_file()} can't be written, so no cache is kept, and the next load takes as long."
    try:
        _write(path, faces, description)
    except OSError as error:
        # Windows refuses to replace a file that another kernel has mapped, which is just as good.
        note = f"The cache folder {path.parent} can't be written ({error.strerror}), so the next load takes as long."
    _clear(path)
    mapped = _load(path, name, state, known)
    return (faces, note) if mapped is None else (mapped, "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def path_of(name: str, state: str) -> Path:
    """Return the file in the cache for faces of that name and state, whether it exists or not."""
    return cache_folder() / f"{_digest(name)}-{_digest(f'{VERSION} {state}')}.npy"


def _description(name: str, state: str, faces: Faces) -> dict:
    """Return what the file must say about itself."""
    return {
        "version": VERSION,
        "name": name,
        "state": state,
        "source": faces.source,
        "drawn": faces.drawn,
        "notes": list(faces.notes),
        "faces": len(faces),
        "content": checksum(faces),
    }


def checksum(faces: Faces) -> str:
    """Return a checksum of images, labels and splits that nobody can give to other faces."""
    content = hashlib.blake2b(str(faces.images.shape).encode(), digest_size=32)
    for array in (faces.images, faces.labels.astype(np.uint8), _codes(faces)):
        content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()


def _sealed(description: dict) -> dict:
    """Return a description with this user's seal; with an empty one if the user has no key."""
    key = user_key()
    text = json.dumps(description, sort_keys=True).encode()
    return {**description, "seal": hashlib.blake2b(text, key=key, digest_size=32).hexdigest() if key else ""}


def _is_believed(found: dict, known: Known) -> bool:
    """Return whether a description is that of faces that are known, or has this user's seal."""
    if known.get(found["content"]) == found["faces"]:
        return True
    seal = str(found["seal"])
    expected = _sealed({name: value for name, value in found.items() if name != "seal"})["seal"]
    return bool(seal) and hmac.compare_digest(seal.encode(), expected.encode())


def _codes(faces: Faces) -> np.ndarray:
    """Return the position of each face's split in `SPLITS`, uint8 (N,)."""
    order = np.argsort(SPLITS)
    return order[np.searchsorted(SPLITS, faces.split, sorter=order)].astype(np.uint8)


def _write(path: Path, faces: Faces, description: dict) -> None:
    make_cache_folder()
    text = np.frombuffer(json.dumps(description).encode(), np.uint8)
    with atomic(path) as temporary, temporary.open("wb") as file:
        temporary.chmod(0o600)
        for array in (faces.images, faces.labels.astype(np.uint8), _codes(faces), text):
            np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
        # Without this, a power cut could leave the new name on an empty file.
        file.flush()
        os.fsync(file.fileno())


def _load(path: Path, name: str, state: str, known: Known) -> Faces | None:
    """Map a cached file; None if there is none, or it is not complete, not believed or not exactly what is expected."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            images, end = _mapped(file)
            file.seek(end)
            rest = io.BytesIO(file.read(2 * len(images) + _REST))
        labels, codes, text = (np.lib.format.read_array(rest, allow_pickle=False) for _ in range(3))
        found = json.loads(text.tobytes())
        # Before all pictures are read: a forged file may claim any number of them.
        if rest.read(1) or found["faces"] != len(images) or not _is_believed(found, known):
            return None
        if not _is_own(status):  # somebody could still change what is mapped
            images = np.array(images)
            images.flags.writeable = False
        words = {"source": found["source"], "drawn": found["drawn"], "notes": tuple(found["notes"])}
        faces = Faces(images, labels, np.array(SPLITS)[codes], **words)
        del found["seal"]
        return faces if found == _description(name, state, faces) else None
    # Whatever is wrong with the cache, the faces themselves can be read again.
    except Exception:
        return None


def _mapped(file: IO[bytes]) -> tuple[np.ndarray, int]:
    """Map the first array of an open file, the very file whose owner was looked at; return it, and where it ends."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("another version of the format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran or dtype != np.uint8:
        raise ValueError(f"pictures of {dtype}")
    images = np.memmap(file, np.uint8, "r", file.tell(), shape)
    return images, images.offset + images.nbytes


def _is_own(status: os.stat_result) -> bool:
    """Return whether nobody but this user, or who administers this machine, may write to a file."""
    return os.name == "nt" or (status.st_uid in (os.geteuid(), 0) and not status.st_mode & 0o022)


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
