"""The folder for what can be made again: faces that were read once, and Keras' settings."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the cache folder: `FER_COURSE_CACHE`, or the folder where this operating system keeps caches."""
    chosen = os.environ.get("FER_COURSE_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("fer-course", appauthor=False))
