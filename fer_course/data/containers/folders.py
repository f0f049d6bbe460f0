"""What a path holds, as `Members`: the files of a folder or archive, or one file alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from fer_course._shared.files import refuse_endless
from fer_course.data.containers import archives
from fer_course.data.containers.members import READ_ERRORS, Members, is_litter, refuse_what_is_no_data
from fer_course.errors import DataError

#: A data set in a folder lies at most this many folders deep: top/fer2013/train/happy/picture.png.
DEPTH = 6


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Members]:
    """Open a folder, an archive, a compressed file, or a single file, as `Members`.

    Raises:
        DataError: if there is no such path, or it is empty, cut off, a web page, or a Git LFS pointer.

    """
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(_opened(path))
        except READ_ERRORS as error:
            raise DataError(f"{path} can't be read: {error}. Get a fresh copy of it.") from error


def _opened(path: Path) -> contextlib.AbstractContextManager[Members]:
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise DataError(f"{path} does not exist. Expected a file or folder with FER2013 faces; look at the spelling.")
    refuse_endless(path, DataError)
    head = _head(path)
    # An .npz file is a zip archive too, but has its own reader.
    if path.suffix.lower() == ".npz":
        return _file(path)
    # The content decides: a .csv that is in truth an archive is unpacked.
    open_path = partial(path.open, "rb")
    archive = archives.opened(str(path), path.name, path.name, head, open_path, open_path)
    if archive is None and archives.is_archive_name(path.name):
        raise archives.not_an_archive(str(path), archives.OTHER_KIND)
    return archive or _file(path)


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, or raise the `DataError` that says what was saved in its place."""
    with path.open("rb") as file:
        head = file.read(archives.HEAD)
    refuse_what_is_no_data(head, str(path))
    return head


@contextlib.contextmanager
def _file(path: Path) -> Iterator[Members]:
    yield Members(str(path), path.name, [path.name], lambda _: path.open("rb"), alone=True)


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Members]:
    names = sorted(name for name, _ in walk(path))
    yield Members(str(path), path.resolve().name or str(path), names, lambda name: (path / name).open("rb"))


def walk(folder: Path, depth: int = DEPTH) -> Iterator[tuple[str, os.stat_result]]:
    """Yield name (with `/`) and status of each file in a folder, litter left out, links followed, to a fixed depth.

    Raises:
        DataError: if the folder itself can't be listed.

    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"The folder {folder} can't be read: {error.strerror}. Look at its permissions.") from error
    for entry in entries:
        if is_litter(entry.name):
            continue
        if entry.is_file():
            yield entry.name, entry.stat()
        elif depth and entry.is_dir():
            # The depth ends the walk even if a link leads back to a folder above.
            for name, status in walk(Path(entry.path), depth - 1):
                yield f"{entry.name}/{name}", status
