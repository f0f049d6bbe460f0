"""The folder for what can be made again: faces that were read once, and Keras' settings."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the cache folder: `FER_COURSE_CACHE`, or the folder where this operating system keeps caches."""
    chosen = os.environ.get("FER_COURSE_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("fer-course", appauthor=False))


def make_cache_folder() -> Path:
    """Make the cache folder, for this user only, if there is none yet; return it.

    Raises:
        OSError: if it can't be made.

    """
    folder = cache_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
