"""`Members`: files that can be opened by name, in a folder or an archive, or one single file.

A reader (see `fer_course.data.readers`) works on `Members` and need not know which of the three it has.
"""

from __future__ import annotations

import contextlib
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from fer_course.errors import DataError

#: What operating systems leave behind in folders and archives.
LITTER = ("__macosx", "thumbs.db", "desktop.ini")
#: What Python raises for archives that are cut off, altered, encrypted, or packed in an unusual way.
READ_ERRORS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
#: A packed file that a reader must read at random is unpacked into memory; a larger one into a temporary file.
IN_MEMORY = 2**27


@dataclass(frozen=True)
class Members:
    """The files of a folder or archive, or one single file.

    Attributes:
        path: the path as the user gave it, for messages; of an archive in an archive, in words.
        title: the last part of the path, for `Faces.source`.
        names: the names of the files, with `/` between folders, sorted; without the litter of operating systems.
        open: opens one of `names` for reading bytes.
        single: True if this is one single file.
        packed: True if what `open` returns is unpacked while it is read, so that going back in it takes long.
        archive: True if this is an archive of files, which may contain further archives.
        in_one_pass: for archives that can only be read from front to end: yields several files, each valid until the next
            one comes.

    """

    path: str
    title: str
    names: list[str]
    open: Callable[[str], IO[bytes]]
    single: bool = False
    packed: bool = False
    archive: bool = False
    in_one_pass: Callable[[Iterable[str]], Iterator[tuple[str, IO[bytes]]]] | None = None

    def where(self, name: str) -> str:
        """Return the words with which a message names one file, for example `train/sad/3.png in faces.zip`."""
        return self.path if self.single else f"{name} in {self.path}"

    def each(self, names: Iterable[str]) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield several files with their names, in the order that is quickest; each is closed when the next one comes."""
        if self.in_one_pass:
            yield from self.in_one_pass(names)
            return
        for name in names:
            with self.open(name) as file:
                yield name, file

    def read_each(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield names and all bytes of several files, in the order that is quickest.

        Raises:
            DataError: if one can't be read or unpacked.

        """
        if self.in_one_pass:
            for name, file in self.in_one_pass(names):
                with explain_errors(self.where(name)):
                    content = file.read()
                yield name, content
            return
        for name in names:
            yield name, self.read(name)

    def read(self, name: str) -> bytes:
        """Return all bytes of one file.

        Raises:
            DataError: if it can't be read or unpacked.

        """
        with explain_errors(self.where(name)), self.open(name) as file:
            return file.read()

    def open_for_seeking(self, name: str) -> IO[bytes]:
        """Open one file so that seeking in it is quick: a packed file is unpacked first.

        Raises:
            DataError: if it can't be read or unpacked.

        """
        if not self.packed:
            return self.open(name)
        copy = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller closes it
        with explain_errors(self.where(name)), self.open(name) as file:
            shutil.copyfileobj(file, copy, 2**18)
        copy.seek(0)
        return copy


@contextlib.contextmanager
def explain_errors(where: str) -> Iterator[None]:
    """Turn an error in reading into a `DataError` that names the file."""
    try:
        yield
    except READ_ERRORS as error:
        raise DataError(f"{where} can't be read: {error}. Get a fresh copy.") from error


def refuse_what_is_no_data(head: bytes, where: str) -> None:
    """Raise a `DataError` if the first bytes of a file show that something else was saved instead of data."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        raise DataError(f"{where} is empty (0 bytes). Download it again.")
    if start.startswith(b"version https://git-lfs"):
        raise DataError(
            f"{where} is a Git LFS pointer, not the file itself. Run `git lfs pull` in its repository, or download it."
        )
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<body")):
        raise DataError(
            f"{where} is a web page, not data: probably a login page that was saved under this name. "
            "Download it in a browser where you are logged in."
        )


def is_litter(name: str) -> bool:
    """Return True for hidden files and for files that operating systems leave behind (`__MACOSX`, `Thumbs.db`)."""
    return any(part.startswith(".") or part.lower() in LITTER for part in name.split("/"))
