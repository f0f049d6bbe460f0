"""Archives as `Members`: zip and tar, the latter also compressed (gzip, bzip2, xz), and single compressed files.

The first bytes of a file tell its kind, not its name. Nothing is unpacked to the disk, except an archive of more than 128 MiB
inside another one, which needs a temporary file. A tar archive is read from front to end: once to list it, and once more for
all files that a reader wants, however many these are.

Members with absolute names or `..` in them, links and devices are not listed, and so never read. The size after unpacking is
limited (see `MEMBER_LIMIT`, `TOTAL_LIMIT`, `COUNT_LIMIT`): a small file can unpack to more than a machine can hold.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple

from fer_course._shared.archive_names import leads_outside
from fer_course.data.containers.members import READ_ERRORS, Members, explain_errors, is_litter
from fer_course.errors import DataError

#: The largest file to unpack, in bytes: more than three times FER2013 as a table.
MEMBER_LIMIT = 2**30
#: The largest total size of the files in an archive, in bytes.
TOTAL_LIMIT = 2**32
#: The most files in an archive: more than five times FER2013 as pictures.
COUNT_LIMIT = 200_000
#: How the names of archives and of compressed tables end.
ENDINGS = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz")
#: The first bytes of zip archives: of one with members, and of an empty one.
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
#: First bytes of compressed files -> what unpacks them.
COMPRESSIONS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
OTHER_KIND = "its first bytes are those of another kind of file"
#: The length of a header in a tar archive, and the number of first bytes that tell the kind of a file.
HEAD = 512
BUFFER = 2**18
#: No header is longer, and no reader of this package asks for more at once.
LONGEST_READ = 2**20

Opener = Callable[[], IO[bytes]]
Stream = Callable[[], io.BufferedReader]


class Packed(NamedTuple):
    """A file that may be an archive or compressed.

    Attributes:
        path: how messages name it.
        name: the last part of its own path.
        title: how `Faces.source` names it.
        head: its first 512 bytes.
        open: opens it for reading from front to end.
        open_for_seeking: opens it so that seeking in it is quick.

    """

    path: str
    name: str
    title: str
    head: bytes
    open: Opener
    open_for_seeking: Opener


class Span(NamedTuple):
    """Where a member lies in a tar archive, in unpacked bytes."""

    start: int
    size: int


def open_archive(packed: Packed) -> AbstractContextManager[Members] | None:
    """Return a context manager that opens an archive or compressed file as `Members`; None if the file is neither."""
    if packed.head.startswith(ZIP_STARTS):
        return _open_zip(packed)
    if any(packed.head.startswith(start) for start in COMPRESSIONS):
        return _open_compressed(packed)
    if _is_tar(packed.head):
        return _open_tar(packed)
    return None


def open_inner(members: Members, name: str) -> AbstractContextManager[Members]:
    """Return a context manager that opens an archive inside an archive as `Members`.

    Raises:
        DataError: if it is not an archive, whatever its name says, or can't be read.

    """
    where = members.where(name)
    with explain_errors(where), members.open(name) as file:
        head = file.read(HEAD)
    file_name = PurePosixPath(name).name
    title = f"{file_name} in {members.title}"
    open_again, open_for_seeking = partial(members.open, name), partial(members.open_for_seeking, name)
    inner = open_archive(Packed(where, file_name, title, head, open_again, open_for_seeking))
    if inner is None:
        raise not_an_archive(where, OTHER_KIND)
    return inner


def is_archive_name(name: str) -> bool:
    """Return True for names that promise an archive or a compressed file."""
    return name.lower().endswith(ENDINGS)


def not_an_archive(path: str, error: Exception | str) -> DataError:
    """Return the error for a file that should be an archive."""
    return DataError(
        f"{path} is no {_kind(path)} that can be opened ({error}): it is damaged or its end is missing. "
        "Download it again."
    )


def _kind(path: str) -> str:
    ending = PurePosixPath(path.split(" in ")[0].lower()).suffix
    return {".zip": "zip archive", ".tar": "tar archive", ".tgz": "tar archive"}.get(ending, "archive")


# --- zip ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _open_zip(packed: Packed) -> Iterator[Members]:
    path = packed.path
    with packed.open_for_seeking() as file:
        try:
            archive = zipfile.ZipFile(file)
        except (*READ_ERRORS, ValueError) as error:
            raise not_an_archive(path, error) from error
        with archive:
            infos = {info.filename.replace("\\", "/"): info for info in archive.infolist() if _is_wanted_in_zip(info)}
            _check_limits(path, len(infos), sum(info.file_size for info in infos.values()))

            def open_member(name: str) -> IO[bytes]:
                _check_size(f"{name} in {path}", infos[name].file_size)
                try:
                    return archive.open(infos[name])
                except (ValueError, struct.error) as error:  # an altered name or header
                    raise zipfile.BadZipFile(str(error)) from error

            yield Members(path, packed.title, sorted(infos), open_member, packed=True, archive=True)


def _is_wanted_in_zip(info: zipfile.ZipInfo) -> bool:
    regular = info.filename and not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16)
    return bool(regular) and is_wanted(info.filename)


def is_wanted(name: str) -> bool:
    """Return False for litter, and for names that lead out of the archive: `/etc/passwd`, `C:\\x`, `../x`."""
    return not leads_outside(name) and not is_litter(name.replace("\\", "/").removeprefix("./"))


def _check_limits(path: str, count: int, size: int) -> None:
    if count > COUNT_LIMIT:
        raise DataError(f"{path} holds more than {COUNT_LIMIT:,} files: that is not FER2013. Take out what you need.")
    if size > TOTAL_LIMIT:
        raise _too_large(path, TOTAL_LIMIT)


def _check_size(where: str, size: int) -> None:
    if size > MEMBER_LIMIT:
        raise _too_large(where, MEMBER_LIMIT)


def _too_large(where: str, limit: int) -> DataError:
    return DataError(
        f"{where} unpacks to more than {limit:,} bytes; FER2013 has at most about 300 million. "
        "It is something else, or was made to fill your machine. Get a fresh copy from a place you trust."
    )


# --- compressed files and tar ---------------------------------------------------------------------------------------


class _Limited(io.RawIOBase):
    """A file that is unpacked while it is read, up to a limit; errors name the file."""

    def __init__(self, file: Any, path: str, limit: int, packed: IO[bytes] | None = None):
        self.file, self.path, self.limit, self.packed = file, path, limit, packed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, position: int, whence: int = 0) -> int:
        if whence or position > self.limit:
            raise _too_large(self.path, self.limit)
        with self._explain_errors():
            return self.file.seek(position)

    def readinto(self, buffer) -> int:
        if len(buffer) > LONGEST_READ:
            raise not_an_archive(self.path, f"a header of {len(buffer):,} bytes")
        with self._explain_errors():
            count = self.file.readinto(buffer)
        if self.tell() > self.limit:
            raise _too_large(self.path, self.limit)
        return count

    @contextlib.contextmanager
    def _explain_errors(self):
        try:
            yield
        except DataError:
            raise
        # struct.error, ValueError and OverflowError come from altered headers.
        except (*READ_ERRORS, ValueError, OverflowError, MemoryError) as error:
            raise not_an_archive(self.path, error) from error

    def close(self) -> None:
        if not self.closed:
            self.file.close()
            if self.packed:
                self.packed.close()  # a decompressor leaves open what it was given
        super().close()


def _stream(packed: Packed, limit: int) -> io.BufferedReader:
    """Open a file for reading from front to end; a compressed one is unpacked, up to a limit in bytes."""
    file = packed.open()
    for start, unpack in COMPRESSIONS.items():
        if packed.head.startswith(start):
            return io.BufferedReader(_Limited(unpack(file), packed.path, limit, file), BUFFER)
    return io.BufferedReader(_Limited(file, packed.path, limit), BUFFER)


@contextlib.contextmanager
def _open_compressed(packed: Packed) -> Iterator[Members]:
    """Open a compressed tar archive, or one compressed file, whose name is that of the archive without its ending."""
    with _stream(packed, TOTAL_LIMIT) as file:
        head = file.read(HEAD)
    if _is_tar(head):
        with _open_tar(packed) as members:
            yield members
        return
    name = PurePosixPath(packed.name).stem if is_archive_name(packed.name) else packed.name
    yield Members(packed.path, packed.title, [name], lambda _: _stream(packed, MEMBER_LIMIT), single=True, packed=True)


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


@contextlib.contextmanager
def _open_tar(packed: Packed) -> Iterator[Members]:
    path = packed.path
    with _stream(packed, TOTAL_LIMIT) as file:
        spans = _list_tar(path, file)
    _check_limits(path, len(spans), sum(span.size for span in spans.values()))

    def open_member(name: str) -> IO[bytes]:
        part = _Part(_stream(packed, TOTAL_LIMIT), spans[name], f"{name} in {path}", owned=True)
        return io.BufferedReader(part, BUFFER)

    def in_one_pass(names: Iterable[str]) -> Iterator[tuple[str, IO[bytes]]]:
        ordered = sorted(names, key=lambda name: spans[name].start)
        if not ordered:
            return
        with _stream(packed, TOTAL_LIMIT) as file:
            for name in ordered:
                yield name, io.BufferedReader(_Part(file, spans[name], f"{name} in {path}"), 2**13)

    yield Members(path, packed.title, sorted(spans), open_member, packed=True, archive=True, in_one_pass=in_one_pass)


def _list_tar(path: str, file: io.BufferedReader) -> dict[str, Span]:
    """Return the position of each file in a tar archive; of several with one name the last counts, as in unpacking."""
    try:
        with tarfile.open(fileobj=file, mode="r:", errorlevel=2) as tar:
            spans = {info.name.removeprefix("./"): Span(info.offset_data, info.size) for info in _wanted(path, tar)}
            file.seek(tar.offset)
            end = file.read(HEAD)
    except DataError:
        raise
    # Altered headers make Python's reader raise errors of many kinds.
    except Exception as error:
        raise not_an_archive(path, error) from error
    # Python's reader takes an invalid header for the end; the true end is a block of zeros.
    if len(end) != HEAD or any(end):
        raise not_an_archive(path, "it has no end mark")
    return spans


def _wanted(path: str, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members that may be read."""
    count, end = 0, -1
    while (info := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]  # an attribute that the type stubs lack; it would keep all
        if tar.offset <= end:
            raise not_an_archive(path, "its headers lead in a circle")
        count, end = count + 1, tar.offset
        _check_limits(path, count, end)
        if info.isreg() and not info.issparse() and is_wanted(info.name):
            yield info


class _Part(io.RawIOBase):
    """One member of a tar archive, read from the archive's stream."""

    def __init__(self, stream: io.BufferedReader, span: Span, where: str, owned: bool = False):
        _check_size(where, span.size)
        self.stream, self.span, self.where, self.owned = stream, span, where, owned
        self.position = stream.seek(span.start) - span.start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, position: int, whence: int = 0) -> int:
        self.position = position + (0, self.position, self.span.size)[whence]
        self.stream.seek(self.span.start + self.position)
        return self.position

    def readinto(self, buffer) -> int:
        wanted = max(0, min(len(buffer), self.span.size - self.position))
        count = self.stream.readinto(memoryview(buffer)[:wanted]) if wanted else 0
        if wanted and not count:
            raise not_an_archive(self.where, "the archive ends in it")
        self.position += count
        return count

    def close(self) -> None:
        if self.owned and not self.closed:
            self.stream.close()
        super().close()
