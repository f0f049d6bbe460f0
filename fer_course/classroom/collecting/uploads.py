"""Read every file of an export, also in zips in zips, without unpacking anything to disk."""

from __future__ import annotations

import io
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

#: The largest file, in bytes; without outputs a notebook has about 50 kB.
LARGEST = 50_000_000
#: The most bytes that an export's zip may unpack to, and the most files in it, with those of the zips in it.
LARGEST_ZIP, MOST_MEMBERS = 2_000_000_000, 50_000
#: The same for the zip of one learner.
LARGEST_OF_ONE, MOST_OF_ONE = 500_000_000, 10_000
#: How deep zips are opened: a download in a download, a learner's zip, zips in that.
DEEPEST = 5
#: Zips that were written without a time say this.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Upload:
    """One file that was handed in.

    Attributes:
        path: its path in the export; what is in a zip follows the zip's path.
        content: its bytes; b"" if `refused`.
        time: its time of change, with a time zone; None if unknown.
        refused: why it was not read; "" if it was.

    """

    path: str
    content: bytes
    time: datetime | None
    refused: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the folders and zips that it lies in, and its own."""
        return tuple(self.path.split("/"))

    @property
    def name(self) -> str:
        """Its own name."""
        return self.parts[-1]


class _Budget:
    """What may still be unpacked: bytes and files."""

    def __init__(self, size: int, members: int):
        self.size, self.members, self.limits = size, members, (size, members)

    def spend(self, size: int) -> None:
        self.size -= size
        self.members -= 1
        if self.size < 0 or self.members < 0:
            size, members = self.limits
            raise _TooMuch(f"unpacks to more than {members:,} files or {size / 1e6:,.0f} MB")


class _TooMuch(Exception):
    """A zip unpacks to more than is read."""


def uploads(export: str | Path, timezone: tzinfo | None = None) -> list[Upload]:
    """Return all files in a folder or zip, sorted by path.

    Args:
        export: a folder or a zip.
        timezone: of the times in zips, which hold local times; None: this machine's.

    Raises:
        ClassError: if it is neither a folder nor a zip, or the export itself is damaged or too large.

    """
    export = Path(export)
    if export.is_dir():
        found = list(_read_folder(export, timezone))
    elif export.is_file() and zipfile.is_zipfile(export):
        with open(export, "rb") as file:
            found = list(_read_zip(file, "", timezone, _Budget(LARGEST_ZIP, MOST_MEMBERS), 1))
        if len(found) == 1 and found[0].path == "":
            raise ClassError(f"{export}: {found[0].refused}. Download it again.")
    else:
        raise ClassError(f"{export} is neither a folder nor a zip. Give what your learning platform exports.")
    return sorted(found, key=lambda upload: upload.path)


def without_outer_folder(found: list[Upload]) -> list[Upload] | None:
    """Return the files without the one outer folder or zip that holds them all; None if there is none."""
    kept = [upload.parts for upload in found if not is_junk(upload.parts)]
    if not kept or any(len(parts) < 2 or parts[0] != kept[0][0] for parts in kept):
        return None
    return [replace(each, path=each.path.partition("/")[2] or each.path) for each in found]


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


def _read_folder(folder: Path, timezone: tzinfo | None) -> Iterator[Upload]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Upload(name, b"", None, "is a link")
        elif path.is_file():
            status = path.stat()
            time = datetime.fromtimestamp(status.st_mtime, UTC)
            # Documents of Office programs are zips, too.
            if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
                with open(path, "rb") as file:
                    yield from _read_zip(file, name, timezone, _Budget(LARGEST_OF_ONE, MOST_OF_ONE), 2, time)
            elif status.st_size > LARGEST:
                yield Upload(name, b"", time, _too_large(status.st_size))
            else:
                yield Upload(name, path.read_bytes(), time)


def _too_large(size: float) -> str:
    return f"has {size / 1e6:.0f} MB; {LARGEST / 1e6:.0f} are the most"


def _read_zip(
    file: IO[bytes], path: str, timezone: tzinfo | None, budget: _Budget, depth: int, time: datetime | None = None
) -> Iterator[Upload]:
    """Yield a zip's files; if it can't be read, yield the zip itself, with its time of change and the reason."""
    found: list[Upload] = []
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                budget.spend(member.file_size)
                if not member.is_dir():
                    found += _read_member(archive, member, path, timezone, budget, depth)
    # ValueError: a date that does not exist.
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        found.append(Upload(path, b"", time, f"is a zip that is damaged or locked ({error})"))
    except _TooMuch as error:
        if depth == 1:
            raise ClassError(f"The export {error}. Give its parts one by one.") from None
        found = [Upload(path, b"", time, str(error))]
    yield from found


def _read_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    path: str,
    timezone: tzinfo | None,
    budget: _Budget,
    depth: int,
) -> Iterator[Upload]:
    name = "/".join(PurePosixPath(member.filename.replace("\\", "/")).parts)
    inner = f"{path}/{name}" if path else name
    time = None if member.date_time == _NO_TIME else _local(datetime(*member.date_time), timezone)
    if leads_outside(member.filename):
        yield Upload(path or "/".join(part for part in name.split("/") if part not in {"..", ""} and ":" not in part), b"", time,
                     f"would write to {member.filename}")  # fmt: skip
        return
    if stat.S_ISLNK(member.external_attr >> 16):
        yield Upload(inner, b"", time, "is a link")
        return
    if member.file_size > LARGEST and not inner.lower().endswith(".zip"):
        yield Upload(inner, b"", time, _too_large(member.file_size))
        return
    if is_junk(tuple(inner.split("/"))):
        yield Upload(inner, b"", time)
        return
    most = LARGEST_OF_ONE if inner.lower().endswith(".zip") else LARGEST
    with archive.open(member) as file:
        content = file.read(most + 1)  # the size that a zip declares may be wrong
    if len(content) > most:
        yield Upload(inner, b"", time, f"unpacks to more than {most / 1e6:.0f} MB")
    elif content.startswith(b"PK\x03\x04") and inner.lower().endswith(".zip"):
        if depth == DEEPEST:
            yield Upload(inner, b"", time, "is a zip in a zip in a zip, too deep to be opened")
        else:
            inner_budget = _Budget(LARGEST_OF_ONE, MOST_OF_ONE) if depth == 1 else budget
            yield from _read_zip(io.BytesIO(content), inner, timezone, inner_budget, depth + 1, time)
    else:
        yield Upload(inner, content, time)


def _local(time: datetime, timezone: tzinfo | None) -> datetime:
    return time.replace(tzinfo=timezone) if timezone else time.astimezone()
