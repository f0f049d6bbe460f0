"""The content of a path, as `Members`: the files of a folder or archive, or one single file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from fer_course._shared.files import refuse_endless
from fer_course.data.containers import archives
from fer_course.data.containers.members import READ_ERRORS, Members, is_litter, refuse_what_is_no_data
from fer_course.errors import DataError

#: A data set in a folder lies at most this many folders deep: top/fer2013/train/happy/picture.png.
DEPTH = 6


@contextlib.contextmanager
def open_members(path: Path) -> Iterator[Members]:
    """Open a folder, an archive, a compressed file, or a single file, as `Members`.

    Raises:
        DataError: if there is no such path, or it is empty, cut off, a web page, or a Git LFS pointer.

    """
    try:
        if path.is_dir():
            yield _folder(path)
        elif not path.exists():
            raise DataError(f"{path} does not exist. Expected a file or folder with FER2013 faces; check the spelling.")
        else:
            with _open_file(path) as members:
                yield members
    except READ_ERRORS as error:
        raise DataError(f"{path} can't be read: {error}. Get a fresh copy of it.") from error


def _folder(path: Path) -> Members:
    names = sorted(name for name, _ in walk(path))
    return Members(str(path), path.resolve().name or str(path), names, lambda name: (path / name).open("rb"))


@contextlib.contextmanager
def _open_file(path: Path) -> Iterator[Members]:
    refuse_endless(path, DataError)
    with path.open("rb") as file:
        head = file.read(archives.HEAD)
    refuse_what_is_no_data(head, str(path))
    single = Members(str(path), path.name, [path.name], lambda _: path.open("rb"), single=True)
    # An .npz file is a zip archive too, but has its own reader.
    if path.suffix.lower() == ".npz":
        yield single
        return
    # The content decides, not the name: a .csv that is really an archive is unpacked.
    packed = archives.Packed(str(path), path.name, path.name, head, lambda: path.open("rb"), lambda: path.open("rb"))
    archive = archives.open_archive(packed)
    if archive is not None:
        with archive as members:
            yield members
    elif archives.is_archive_name(path.name):
        raise archives.not_an_archive(str(path), archives.OTHER_KIND)
    else:
        yield single


def walk(folder: Path, depth: int = DEPTH) -> Iterator[tuple[str, os.stat_result]]:
    """Yield name (with `/`) and status of each file in a folder, down to a fixed depth; follow links, leave out litter.

    Raises:
        DataError: if the folder itself can't be listed.

    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"The folder {folder} can't be read: {error.strerror}. Check its permissions.") from error
    for entry in entries:
        if is_litter(entry.name):
            continue
        if entry.is_file():
            yield entry.name, entry.stat()
        elif depth and entry.is_dir():
            # The depth ends the walk even if a link leads back to a folder above.
            for name, status in walk(Path(entry.path), depth - 1):
                yield f"{entry.name}/{name}", status
