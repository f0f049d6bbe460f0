"""Write files completely or not at all, and let only one process at a time write to a folder."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from fer_course._shared import yaml_files
from fer_course.errors import BusyError, FerCourseError, WriteError, shown

_UMASK = os.umask(0o022)
os.umask(_UMASK)


#: What keeps a file from being written, and what to do about it.
TROUBLES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Free some space, or choose another folder, and start again."),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Choose a folder that you may write to."),
    **dict.fromkeys((errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP), "Choose another folder."),
    errno.EFBIG: "Files may not be that large here. Choose another folder.",
}


#: The lock file in a folder that only one process at a time may write to. After a kill it stays, but blocks nobody.
LOCK = ".lock"
#: Seconds to wait for processes of a killed command: they end by themselves when they notice that it is gone.
PATIENCE = 10

#: Bytes of the largest YAML file that is read: reading takes one second per megabyte.
YAML_LIMIT = 2**20
#: Bytes of the largest JSON file, or history of a run, that is read: what this package writes has a few megabytes at most.
TEXT_LIMIT = 2**26


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; if the block ends well it replaces `path`, else it is removed.

    Raises:
        WriteError: if the disk is full, or the folder may not be written.

    """
    path = Path(path)
    with _explain_errors(path):
        _make(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-", suffix=f"-{path.name}")
        os.close(handle)
        os.chmod(name, 0o666 & ~_UMASK)  # mkstemp's files are for the owner only
        try:
            yield Path(name)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)


def copy(source: str | Path, target: str | Path) -> None:
    """Copy a file, whole or not at all, in place of `target` if it is there.

    Raises:
        WriteError: as `atomic`.
        OSError: if the source can't be read.

    """
    with atomic(target) as temporary:
        shutil.copyfile(source, temporary)


@contextlib.contextmanager
def exclusive(folder: str | Path, patience: float | None = None) -> Iterator[None]:
    """Hold a folder for this process while the block runs; if the process is killed, the system releases the folder.

    A missing folder is made. Two trainings in one folder, for example, would each remove files that the other needs.

    Args:
        folder: the folder.
        patience: the seconds to wait for another process that holds it, by default `PATIENCE`; -1: as long as it takes.

    Raises:
        BusyError: if another process still holds the folder after these seconds.
        WriteError: if the disk is full, or the folder may not be written.

    """
    path = Path(folder) / LOCK
    lock = FileLock(path)
    try:
        with _explain_errors(folder):
            _make(path.parent)
            lock.acquire(timeout=PATIENCE if patience is None else patience)
    except Timeout:
        raise BusyError(
            f"Another command or notebook is writing to {folder}. Wait until it has ended, or stop it; then start again."
        ) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # before the release: afterwards the file could be another process'
            path.unlink()
        lock.release()


def _make(folder: Path) -> None:
    """Make a folder, with those above it.

    Raises:
        WriteError: if it can't exist there: on a drive that does not exist, or among the system's own files.
        OSError: as `Path.mkdir`.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:
        raise WriteError(f"Can't write {folder}: there is no such place. Choose another folder.") from error


@contextlib.contextmanager
def _explain_errors(path: str | Path) -> Iterator[None]:
    """Turn an OSError about `path` into a WriteError that says what to do."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        found = re.search(r"errno = (\d+)", str(error))  # HDF5 writes the number only into its text
        number = error.errno if error.errno is not None or not found else int(found[1])
        if number not in TROUBLES:
            raise
        raise _unwritable(path, number) from error


def is_empty(folder: str | Path) -> bool:
    """Return True if a folder does not exist, or holds nothing but a lock and temporary files of a running or killed process."""
    folder = Path(folder)
    return not folder.exists() or all(path.name == LOCK or path.name.startswith(".tmp-") for path in folder.iterdir())


def need_room(folder: str | Path, size: int) -> None:
    """Raise a WriteError if the disk of a folder has less than `size` bytes left.

    For a library that does not survive a full disk, such as HDF5.
    """
    if shutil.disk_usage(folder).free < size:
        raise _unwritable(folder, errno.ENOSPC)


def _unwritable(path: str | Path, number: int) -> WriteError:
    error = WriteError(f"Can't write {path}: {os.strerror(number)}. {TROUBLES[number]}")
    error.errno, error.strerror, error.filename = number, os.strerror(number), str(path)
    return error


def refuse_endless(path: str | Path, error: type[FerCourseError]) -> None:
    """Raise an error of that type if a path is a pipe or a device: reading one may never end."""
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise error(f"{path} is a pipe or a device; a file was expected. Save its content to a file.")


def read_yaml(path: str | Path, error: type[FerCourseError]) -> object:
    """Return what a YAML file holds, read as plain numbers, words, lists and mappings.

    Raises:
        FerCourseError: of the type given, if the file can't be read, is not YAML, is larger than a megabyte, has a key
            twice, or holds a number that YAML reads differently from how it looks.

    """
    path = Path(path)
    refuse_endless(path, error)
    if path.is_file() and (size := path.stat().st_size) > YAML_LIMIT:
        raise error(f"{path} has {size:,} bytes; a few lines of YAML were expected. Is it another file?")
    try:
        return yaml_files.load(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise error(f"Can't read {path}: {cause.strerror}. Give a .yaml file.") from None
    except RecursionError:
        raise error(
            f"{path} is not a YAML file that can be read: it has too many brackets inside each other."
        ) from None
    except UnicodeDecodeError:
        raise error(f"{path} is not a YAML file in UTF-8. Save it as UTF-8 in your editor.") from None
    except yaml_files.Misread as cause:
        raise error(f"{path}: {cause}") from None
    # ValueError: a date such as 2020-13-45, or an infinite number
    except (yaml.YAMLError, ValueError) as cause:
        raise error(f"{path} is not a YAML file: {cause}") from None


def read_json(path: str | Path, error: type[FerCourseError], advice: str) -> dict[str, Any]:
    """Return the mapping that a JSON file of this package holds.

    Raises:
        FerCourseError: of the type given, with that advice, if the file can't be read, or holds something else.

    """
    try:
        content = json.loads(read_text(path))
        if isinstance(content, dict):
            return content
        cause = f"it holds {shown(content)}"
    except (OSError, ValueError, RecursionError) as trouble:
        cause = str(trouble)
    raise error(f"{path} is damaged ({cause}). {advice}")


def read_text(path: str | Path) -> str:
    """Return the text of a file.

    Raises:
        ValueError: if it has more than `TEXT_LIMIT` bytes, or is not UTF-8.
        OSError: if it can't be read.

    """
    if (size := Path(path).stat().st_size) > TEXT_LIMIT:
        raise ValueError(f"it has {size:,} bytes; at most {TEXT_LIMIT:,} were expected")
    return Path(path).read_text(encoding="utf-8-sig")


def peek_json(path: str | Path) -> dict[str, Any] | None:
    """Return the mapping that a JSON file holds; None if there is no such file, or it is damaged."""
    try:
        content = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def write_text(path: str | Path, text: str) -> None:
    """Write a text file (UTF-8, Unix line ends), completely or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, content) -> None:
    """Write a JSON file, completely or not at all."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
