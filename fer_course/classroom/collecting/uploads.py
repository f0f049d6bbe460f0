"""Read every file of an export, also in zips in zips. What is unpacked lies in a folder of its own, under names of our own."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import IO

from fer_course._shared.archive_names import leads_outside
from fer_course.errors import ClassError

#: The largest file, in bytes; without outputs a notebook has about 50 kB. Reading one as JSON takes twenty times its size.
LARGEST = 20_000_000
#: The most bytes that an export's zip may unpack to, and the most files in it, with those of the zips in it.
LARGEST_ZIP, MOST_MEMBERS = 2_000_000_000, 50_000
#: The same for the zip of one learner.
LARGEST_OF_ONE, MOST_OF_ONE = 200_000_000, 10_000
#: How deep zips are opened: a download in a download, a learner's zip, zips in that.
DEEPEST = 5
#: Zips that were written without a time say this.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1_000_000


@dataclass(frozen=True)
class Upload:
    """One file that was handed in.

    Attributes:
        path: its path in the export; what is in a zip follows the zip's path.
        source: where its bytes lie; None if `refused`, or if it is junk (`is_junk`).
        times: (number of parts of `path`, time) of each zip that it lies in, outermost first, and of the file itself. Times have
            a time zone, and are None if unknown.
        sha256: of its bytes; "" without them.
        refused: why it was not read; "" if it was.

    """

    path: str
    source: Path | None
    times: tuple[tuple[int, datetime | None], ...]
    sha256: str = ""
    refused: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the folders and zips that it lies in, and its own."""
        return tuple(self.path.split("/"))

    @property
    def name(self) -> str:
        """Its own name."""
        return self.parts[-1]

    @property
    def content(self) -> bytes:
        """Its bytes, read now; b"" without a source."""
        return self.source.read_bytes() if self.source else b""

    @property
    def time(self) -> datetime | None:
        """When the platform got it: the time of the outermost zip that was handed in, whatever times are in that."""
        return self.times[0][1] if self.times else None

    @property
    def own_time(self) -> datetime | None:
        """Its own time of change, which in a learner's zip the learner chooses."""
        return self.times[-1][1] if self.times else None


class _Budget:
    """What may still be unpacked: bytes and files."""

    def __init__(self, size: int, members: int):
        self.size, self.members, self.limits = size, members, (size, members)

    def spend(self, size: int, members: int = 0) -> None:
        self.size -= size
        self.members -= members
        if self.size < 0 or self.members < 0:
            size, members = self.limits
            raise _TooMuch(f"unpacks to more than {members:,} files or {size / 1e6:,.0f} MB")


class _TooMuch(Exception):
    """A zip unpacks to more than is read."""


def uploads(export: str | Path, spool: Path, timezone: tzinfo | None = None) -> list[Upload]:
    """Return all files in a folder or zip, sorted by path. One file at a time is in memory, and only in parts.

    Args:
        export: a folder or a zip.
        spool: an empty folder for what is unpacked.
        timezone: of the times in zips, which hold local times; None: this machine's.

    Raises:
        ClassError: if it is neither a folder nor a zip, or the export itself is damaged or too large.

    """
    export = Path(export)
    reader = _Reader(spool, timezone)
    if export.is_dir():
        found = list(reader.folder(export))
    elif export.is_file() and zipfile.is_zipfile(export):
        with open(export, "rb") as file:
            found = list(reader.zip(file, "", (), _Budget(LARGEST_ZIP, MOST_MEMBERS), 1))
        if len(found) == 1 and found[0].path == "":
            raise ClassError(f"{export}: {found[0].refused}. Download it again.")
    else:
        raise ClassError(f"{export} is neither a folder nor a zip. Give what your learning platform exports.")
    return _one_path_each(sorted(found, key=lambda upload: upload.path))


def _one_path_each(found: list[Upload]) -> list[Upload]:
    """Return the files with a path of its own for each: a zip may hold two of one name."""
    taken: set[str] = set()
    named = []
    for each in found:
        path, number = each.path, 1
        while path in taken:
            number += 1
            path = f"{each.path} ({number})"
        taken.add(path)
        named.append(replace(each, path=path) if path != each.path else each)
    return named


def without_outer_folder(found: list[Upload]) -> list[Upload] | None:
    """Return the files without the one outer folder or zip that holds them all; None if there is none."""
    kept = [upload.parts for upload in found if not is_junk(upload.parts)]
    if not kept or any(len(parts) < 2 or parts[0] != kept[0][0] for parts in kept):
        return None
    return [_without_first_part(each) for each in found]


def _without_first_part(upload: Upload) -> Upload:
    rest = upload.path.partition("/")[2]
    if not rest:
        return upload
    # The time of the outer zip is that of the download, and says nothing of a learner.
    return replace(upload, path=rest, times=tuple((parts - 1, time) for parts, time in upload.times if parts > 1))


def is_junk(parts: tuple[str, ...]) -> bool:
    """Return whether a path is that of a file which a system or tool keeps for itself."""
    return (
        any(
            part in {"__MACOSX", ".git", ".ipynb_checkpoints", "__pycache__", "node_modules", "site-packages"}
            for part in parts
        )
        or parts[-1].startswith("._")
        or parts[-1] in {".DS_Store", "Thumbs.db", "desktop.ini"}
        or parts[-1].lower().endswith("-checkpoint.ipynb")
    )


def _too_large(size: float, most: float) -> str:
    return f"has {size / 1e6:.0f} MB; {most / 1e6:.0f} are the most"


_Times = tuple[tuple[int, datetime | None], ...]


class _Reader:
    """Reads one export."""

    def __init__(self, spool: Path, timezone: tzinfo | None):
        self._spool, self._timezone, self._count = spool, timezone, 0

    def folder(self, folder: Path) -> Iterator[Upload]:
        """Yield the files of a folder; they stay where they are."""
        for path in sorted(folder.rglob("*")):
            # Names that are no text, as some programs unpack them.
            name = os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")
            if path.is_symlink():
                yield Upload(name, None, (), refused="is a link")
            elif path.is_file():
                status = path.stat()
                times = ((name.count("/") + 1, datetime.fromtimestamp(status.st_mtime, UTC)),)
                # Documents of Office programs are zips, too.
                if path.suffix.lower() == ".zip" and status.st_size > LARGEST_OF_ONE:
                    yield Upload(name, None, times, refused=_too_large(status.st_size, LARGEST_OF_ONE))
                elif path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
                    with open(path, "rb") as file:
                        yield from self.zip(file, name, times, _Budget(LARGEST_OF_ONE, MOST_OF_ONE), 2)
                elif status.st_size > LARGEST:
                    yield Upload(name, None, times, refused=_too_large(status.st_size, LARGEST))
                else:
                    with open(path, "rb") as file:
                        yield Upload(name, path, times, hashlib.file_digest(file, "sha256").hexdigest())

    def zip(self, file: IO[bytes], path: str, times: _Times, budget: _Budget, depth: int) -> Iterator[Upload]:
        """Yield a zip's files; if it can't be read, yield the zip itself, with its times and the reason."""
        found: list[Upload] = []
        try:
            with zipfile.ZipFile(file) as archive:
                for member in archive.infolist():
                    budget.spend(0, members=1)
                    if not member.is_dir():
                        found += self._member(archive, member, path, times, budget, depth)
        # ValueError: a date that does not exist.
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            RuntimeError,
            NotImplementedError,
            EOFError,
            ValueError,
        ) as error:
            found.append(Upload(path, None, times, refused=f"is a zip that is damaged or locked ({error})"))
        except _TooMuch as error:
            if depth == 1:
                raise ClassError(f"The export {error}. Give its parts one by one.") from None
            found = [Upload(path, None, times, refused=str(error))]
        yield from found

    def _member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, times: _Times, budget: _Budget, depth: int
    ) -> Iterator[Upload]:
        name = "/".join(PurePosixPath(member.filename.replace("\\", "/")).parts) or "(no name)"
        inner = f"{path}/{name}" if path else name
        times = (*times, (inner.count("/") + 1, self._time(member)))
        if leads_outside(member.filename):
            harmless = "/".join(part for part in name.split("/") if part not in {"..", ""} and ":" not in part)
            yield Upload(path or harmless, None, times, refused=f"would write to {member.filename}")
        elif stat.S_ISLNK(member.external_attr >> 16):
            yield Upload(inner, None, times, refused="is a link")
        elif is_junk(tuple(inner.split("/"))):
            yield Upload(inner, None, times)
        else:
            yield from self._unpacked(archive, member, inner, times, budget, depth)

    def _unpacked(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, inner: str, times: _Times, budget: _Budget, depth: int
    ) -> Iterator[Upload]:
        is_zip = inner.lower().endswith(".zip")
        most = LARGEST_OF_ONE if is_zip else LARGEST
        if member.file_size > most:
            yield Upload(inner, None, times, refused=_too_large(member.file_size, most))
            return
        source, sha256 = self._write(archive, member, most, budget)
        if source is None:
            yield Upload(inner, None, times, refused=f"unpacks to more than {most / 1e6:.0f} MB")
        elif is_zip and zipfile.is_zipfile(source):
            if depth == DEEPEST:
                yield Upload(inner, None, times, refused="is a zip in a zip in a zip, too deep to be opened")
            else:
                inner_budget = _Budget(LARGEST_OF_ONE, MOST_OF_ONE) if depth == 1 else budget
                with open(source, "rb") as file:
                    yield from self.zip(file, inner, times, inner_budget, depth + 1)
            source.unlink()
        else:
            yield Upload(inner, source, times, sha256)

    def _write(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, budget: _Budget
    ) -> tuple[Path | None, str]:
        """Write a member to the spool; return its path and digest, None if it has more bytes than it may: its header may lie."""
        self._count += 1
        path = self._spool / f"{self._count}"
        digest, left = hashlib.sha256(), most
        try:
            with archive.open(member) as file, open(path, "wb") as target:
                while chunk := file.read(_CHUNK):
                    left -= len(chunk)
                    budget.spend(len(chunk))
                    if left < 0:
                        break
                    digest.update(chunk)
                    target.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if left < 0:
            path.unlink()
            return None, ""
        return path, digest.hexdigest()

    def _time(self, member: zipfile.ZipInfo) -> datetime | None:
        if member.date_time == _NO_TIME:
            return None
        time = datetime(*member.date_time)
        return time.replace(tzinfo=self._timezone) if self._timezone else time.astimezone()
