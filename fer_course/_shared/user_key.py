"""A key of this user's own, by which the package recognises its files in a folder that others may write to, too."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

import platformdirs

#: Bytes of a key.
SIZE = 32


def key_file() -> Path:
    """Return where the key of this user is, whether it exists or not: never in a cache folder, which may be shared or copied."""
    return Path(platformdirs.user_state_dir("fer-course", appauthor=False)) / "cache.key"


def user_key() -> bytes | None:
    """Return the key of this user, made at the first call; None if there is no place for it.

    A key that others could read or write is replaced.
    """
    path = key_file()
    with contextlib.suppress(OSError):
        return _read(path) or _make(path)
    return None


def _read(path: Path) -> bytes | None:
    """Return the key in a file; None if there is none that only this user can have read and written."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        own = os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & 0o077)
        if not stat.S_ISREG(status.st_mode) or not own:
            return None
        key = file.read(SIZE + 1)
        return key if len(key) == SIZE else None


def _make(path: Path) -> bytes | None:
    """Make a key, in one step; if another process was quicker, return its key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")  # for this user only
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SIZE))
        try:
            os.link(name, path)  # unlike a replacement, it fails if there is a key already
        except FileExistsError:
            if _read(path) is None:
                os.replace(name, path)
        except OSError:  # a file system without links
            os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    return _read(path)
