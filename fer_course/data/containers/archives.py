"""Archives as `Members`: zip and tar, the latter also compressed (gzip, bzip2, xz), and single compressed files.

What kind a file is, its first bytes tell, not its name. Nothing is unpacked to the disk, but for an archive of more than
128 MiB inside another one, which takes a temporary file. A tar archive is read from front to end: once to list it, and
once more for all that a reader wants of it, however many pictures that is.

Members with absolute names or `..` in them, links and devices are not listed, and so never read. What comes out is limited
(see `MEMBER_LIMIT`, `TOTAL_LIMIT`, `COUNT_LIMIT`): a small file can be made to unpack to more than a machine can hold.
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
from typing import BinaryIO, NamedTuple

from fer_course.data.containers.members import READ_ERRORS, Members, in_words, is_litter
from fer_course.errors import DataError

#: The largest file to unpack, in bytes: more than three times FER2013 as a table.
MEMBER_LIMIT = 2**30
#: The most that all files of an archive may have together, in bytes.
TOTAL_LIMIT = 2**32
#: The most files in an archive: more than five times FER2013 as pictures.
COUNT_LIMIT = 200_000
#: How the names of archives and of compressed tables end.
ENDINGS = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz")
COMPRESSIONS = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\x00": lzma.LZMAFile}
OTHER_KIND = "its first bytes are those of another kind of file"
#: The length of a header in a tar archive, and of what has to be seen of a file to tell its kind.
HEAD = 512
BUFFER = 2**18
#: No header is longer, and no reader of ours asks for more at once.
LONGEST_READ = 2**20

Opener = Callable[[], BinaryIO]


class Span(NamedTuple):
    """Where a member lies in a tar archive, in unpacked bytes."""

    start: int
    size: int


def opened(
    place: str, name: str, title: str, head: bytes, opener: Opener, in_reach: Opener
) -> AbstractContextManager[Members] | None:
    """Return a context manager that opens an archive or compressed file as `Members`; None if it is neither.

    Args:
        place: how messages name it.
        name: the last part of its own path.
        title: how `Faces.source` names it.
        head: its first 512 bytes.
        opener: opens it anew for reading from front to end.
        in_reach: opens it anew so that going to and fro in it is quick.

    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(place, title, in_reach)
    for magic, unpack in COMPRESSIONS.items():
        if head.startswith(magic):
            return _compressed(place, name, title, partial(_stream, place, opener, unpack))
    return _tar(place, title, partial(_stream, place, opener)) if _is_tar(head) else None


def inside(members: Members, name: str) -> AbstractContextManager[Members]:
    """Return a context manager that opens an archive inside an archive as `Members`.

    Raises:
        DataError: if it is none, whatever its name says, or can't be read.

    """
    where = members.where(name)
    with in_words(where), members.open(name) as file:
        head = file.read(HEAD)
    file_name = PurePosixPath(name).name
    title = f"{file_name} in {members.title}"
    inner = opened(where, file_name, title, head, partial(members.open, name), partial(members.in_reach, name))
    if inner is None:
        raise not_an_archive(where, OTHER_KIND)
    return inner


def is_archive_name(name: str) -> bool:
    """Return True for names that promise an archive or a compressed file."""
    return name.lower().endswith(ENDINGS)


def not_an_archive(place: str, error: Exception | str) -> DataError:
    """Return the error for a file that should be an archive."""
    return DataError(
        f"{place} is no {_kind(place)} that can be opened ({error}): it is damaged or its end is missing. "
        "Download it again."
    )


def _kind(place: str) -> str:
    ending = PurePosixPath(place.split(" in ")[0].lower()).suffix
    return {".zip": "zip archive", ".tar": "tar archive", ".tgz": "tar archive"}.get(ending, "archive")


# --- zip ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _zip(place: str, title: str, in_reach: Opener) -> Iterator[Members]:
    with in_reach() as file:
        try:
            archive = zipfile.ZipFile(file)
        except (*READ_ERRORS, ValueError) as error:
            raise not_an_archive(place, error) from error
        with archive:
            infos = {info.filename.replace("\\", "/"): info for info in archive.infolist() if _is_wanted_in_zip(info)}
            _check_limits(place, len(infos), sum(info.file_size for info in infos.values()))

            def open_member(name: str) -> BinaryIO:
                _check_size(f"{name} in {place}", infos[name].file_size)
                try:
                    return archive.open(infos[name])
                except (ValueError, struct.error) as error:  # a name or header that was altered
                    raise zipfile.BadZipFile(str(error)) from error

            yield Members(place, title, sorted(infos), open_member, packed=True, archive=True)


def _is_wanted_in_zip(info: zipfile.ZipInfo) -> bool:
    regular = info.filename and not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16)
    return bool(regular) and is_wanted(info.filename)


def is_wanted(name: str) -> bool:
    """Return False for litter, and for names that lead out of the archive: `/etc/passwd`, `C:\\x`, `../x`."""
    name = name.replace("\\", "/")
    outside = name.startswith("/") or name[1:2] == ":" or ".." in name.split("/")
    return not outside and not is_litter(name.removeprefix("./"))


def _check_limits(place: str, count: int, size: int) -> None:
    if count > COUNT_LIMIT:
        raise DataError(f"{place} holds more than {COUNT_LIMIT:,} files: that is not FER2013. Take out what you need.")
    if size > TOTAL_LIMIT:
        raise _too_large(place, TOTAL_LIMIT)


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
    """A file that is unpacked while it is read: errors name it, and no more than a limit comes out of it."""

    def __init__(self, file: BinaryIO, place: str, limit: int, packed: BinaryIO | None = None):
        self.file, self.place, self.limit, self.packed = file, place, limit, packed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, position: int, whence: int = 0) -> int:
        if whence or position > self.limit:
            raise _too_large(self.place, self.limit)
        with self._words():
            return self.file.seek(position)

    def readinto(self, buffer) -> int:
        if len(buffer) > LONGEST_READ:
            raise not_an_archive(self.place, f"a header of {len(buffer):,} bytes")
        with self._words():
            count = self.file.readinto(buffer)
        if self.tell() > self.limit:
            raise _too_large(self.place, self.limit)
        return count

    @contextlib.contextmanager
    def _words(self):
        try:
            yield
        except DataError:
            raise
        # struct.error, ValueError and OverflowError come from altered headers.
        except (*READ_ERRORS, ValueError, OverflowError, MemoryError) as error:
            raise not_an_archive(self.place, error) from error

    def close(self) -> None:
        if not self.closed:
            self.file.close()
            if self.packed:
                self.packed.close()  # a decompressor leaves open what it was given
        super().close()


def _stream(
    place: str, opener: Opener, unpack: Callable[[BinaryIO], BinaryIO] | None = None, whole: bool = True
) -> io.BufferedReader:
    """Open a file for reading from front to end, unpacked: a whole archive, or if not, a single file."""
    file = opener()
    limit = TOTAL_LIMIT if whole else MEMBER_LIMIT
    if unpack is None:
        return io.BufferedReader(_Limited(file, place, limit), BUFFER)
    unpacked = unpack(fileobj=file) if unpack is gzip.GzipFile else unpack(file)
    return io.BufferedReader(_Limited(unpacked, place, limit, file), BUFFER)


@contextlib.contextmanager
def _compressed(place: str, name: str, title: str, stream: Callable[[], io.BufferedReader]) -> Iterator[Members]:
    """Open what a compressed file holds: a tar archive, or one file, whose name is that of the archive less its ending."""
    with stream() as file:
        head = file.read(HEAD)
    if _is_tar(head):
        with _tar(place, title, stream) as members:
            yield members
        return
    name = PurePosixPath(name).stem if is_archive_name(name) else name
    yield Members(place, title, [name], lambda _: stream(whole=False), alone=True, packed=True)


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


@contextlib.contextmanager
def _tar(place: str, title: str, stream: Callable[[], io.BufferedReader]) -> Iterator[Members]:
    with stream() as file:
        spans = _listed(place, file)
    _check_limits(place, len(spans), sum(span.size for span in spans.values()))

    def open_member(name: str) -> BinaryIO:
        return io.BufferedReader(_Part(stream(), spans[name], f"{name} in {place}", owned=True), BUFFER)

    def in_one_pass(names: Iterable[str]) -> Iterator[tuple[str, BinaryIO]]:
        ordered = sorted(names, key=lambda name: spans[name].start)
        with stream() if ordered else contextlib.nullcontext() as file:
            for name in ordered:
                yield name, io.BufferedReader(_Part(file, spans[name], f"{name} in {place}"), 2**13)

    yield Members(place, title, sorted(spans), open_member, packed=True, archive=True, in_one_pass=in_one_pass)


def _listed(place: str, file: io.BufferedReader) -> dict[str, Span]:
    """Return where each file of a tar archive lies; the last of several of one name counts, as when it is unpacked."""
    try:
        with tarfile.open(fileobj=file, mode="r:", errorlevel=2) as tar:
            spans = {info.name.removeprefix("./"): Span(info.offset_data, info.size) for info in _wanted(place, tar)}
            file.seek(tar.offset)
            end = file.read(HEAD)
    except DataError:
        raise
    # Altered headers make Python's reader raise errors of many kinds; none of them is ours.
    except Exception as error:
        raise not_an_archive(place, error) from error
    # Python's reader takes a header that makes no sense for the end; the true end is a block of zeros.
    if len(end) != HEAD or any(end):
        raise not_an_archive(place, "it has no end mark")
    return spans


def _wanted(place: str, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members that may be read."""
    count, end = 0, -1
    while (info := tar.next()) is not None:
        tar.members.clear()  # it would keep them all
        if tar.offset <= end:
            raise not_an_archive(place, "its headers lead in a circle")
        count, end = count + 1, tar.offset
        _check_limits(place, count, end)
        if info.isreg() and not info.issparse() and is_wanted(info.name):
            yield info


class _Part(io.RawIOBase):
    """One member of a tar archive, read from the stream in which it lies."""

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
