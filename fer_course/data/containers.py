"""Files that can be opened by name, whether they stand alone, lie in a folder, or are packed in an archive.

A reader (see `fer_course.data.readers`) works on `Members` and never asks which of the three it has. A further kind of
archive is a further function here, and a line in `opened`.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fer_course.errors import DataError

#: What operating systems leave behind in folders and archives.
LITTER = ("__macosx", "thumbs.db", "desktop.ini")
#: A data set in a folder lies at most this many folders deep: top/fer2013/train/happy/picture.png.
DEPTH = 6
#: What Python's zip reader raises for archives that are cut off, altered, encrypted, or packed in an unusual way.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True)
class Members:
    """The files of a folder or archive, or one file alone.

    Attributes:
        place: the path as the user gave it, for messages.
        title: the last part of the path: what `Faces.source` says.
        names: the files in it, with `/` between folders, sorted; litter of operating systems left out.
        open: opens one of `names` for reading bytes.
        alone: True if this is one single file.

    """

    place: str
    title: str
    names: list[str]
    open: Callable[[str], BinaryIO]
    alone: bool = False

    def where(self, name: str) -> str:
        """Return the words with which a message names one file, for example `train/sad/3.png in faces.zip`."""
        return self.place if self.alone else f"{name} in {self.place}"

    def read(self, name: str) -> bytes:
        """Return all bytes of one file.

        Raises:
            DataError: if it can't be read or unpacked.

        """
        try:
            with self.open(name) as file:
                return file.read()
        except ZIP_ERRORS as error:
            raise DataError(f"{self.where(name)} can't be read: {error}. Get a fresh copy.") from error


def is_litter(name: str) -> bool:
    """Return True for hidden files and for what operating systems leave behind (`__MACOSX`, `Thumbs.db`)."""
    return any(part.startswith(".") or part.lower() in LITTER for part in name.split("/"))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Members]:
    """Open a folder, a `.zip` archive, or a single file, as `Members`.

    Raises:
        DataError: if there is no such path, or it is empty, cut off, a web page, or a Git LFS pointer.

    """
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(_opened(path))
        except ZIP_ERRORS as error:
            raise DataError(f"{path} can't be read: {error}. Get a fresh copy of it.") from error


def _opened(path: Path) -> contextlib.AbstractContextManager[Members]:
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise DataError(f"{path} does not exist. Expected a file or folder with FER2013 faces; look at the spelling.")
    head = _refuse_what_is_no_data(path)
    # An .npz file is a zip archive too, but has its own reader. A .csv that is in truth a zip archive is unpacked.
    if path.suffix.lower() != ".npz" and (path.suffix.lower() == ".zip" or head.startswith(b"PK\x03\x04")):
        return _zip(path)
    return _file(path)


def _refuse_what_is_no_data(path: Path) -> bytes:
    """Return the first bytes of a file, or raise the `DataError` that says what was saved in its place."""
    with path.open("rb") as file:
        head = file.read(512)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        raise DataError(f"{path} is empty (0 bytes). Download it again.")
    if start.startswith(b"version https://git-lfs"):
        raise DataError(
            f"{path} is a Git LFS pointer, not the file itself. Run `git lfs pull` in its repository, or download it."
        )
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<body")):
        raise DataError(
            f"{path} is a web page, not data: probably a login page that was saved under this name. "
            "Download it in a browser where you are logged in."
        )
    return head


@contextlib.contextmanager
def _file(path: Path) -> Iterator[Members]:
    yield Members(str(path), path.name, [path.name], lambda _: path.open("rb"), alone=True)


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Members]:
    names = sorted(name for name, _ in walk(path))
    yield Members(str(path), path.resolve().name or str(path), names, lambda name: (path / name).open("rb"))


@contextlib.contextmanager
def _zip(path: Path) -> Iterator[Members]:
    try:
        archive = zipfile.ZipFile(path)
    except (*ZIP_ERRORS, ValueError) as error:
        raise DataError(
            f"{path} is no zip archive that can be opened ({error}): it is damaged or its end is missing. "
            "Download it again."
        ) from error
    with archive:
        names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
        yield Members(str(path), path.name, [name for name in names if not is_litter(name)], archive.open)


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
