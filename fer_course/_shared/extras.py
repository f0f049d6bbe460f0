"""Packages that are not always installed: is one there, and how to install it in this environment.

This module imports only the standard library and this package's errors: `fer-course doctor` uses it when all else is broken.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import shutil
import sys
from pathlib import Path

from fer_course.errors import FerCourseError, LessonError

_ROOT = Path(__file__).resolve().parents[2]
#: What `make setup` installs; `make setup-all` adds the other extras.
_LEARNER = {"tensorflow", "lab", "export", "kaggle"}


def pythons() -> list[str]:
    """Return the Pythons that the course is locked and tested for, as its metadata say: ["3.11", "3.12", "3.13"]."""
    try:
        named = importlib.metadata.metadata("fer_course").get_all("Classifier") or []
    except importlib.metadata.PackageNotFoundError:  # a folder on the path, not installed
        return []
    return re.findall(r"^Programming Language :: Python :: (3\.\d+)$", "\n".join(named), re.MULTILINE)


def require(module: str, purpose: str, extra: str = "lab", error: type[FerCourseError] = LessonError) -> None:
    """Raise an error that says how to install the extra, if a module that is not always installed is missing."""
    try:
        importlib.import_module(module)
    except ImportError as missing:
        raise error(f"{purpose[0].upper()}{purpose[1:]} needs {module}. {advice(extra)}") from missing


def extra_with(module: str) -> str:
    """Return the extra that installs a module, such as "instructor" for nbgrader; if there is none, those that lessons need."""
    try:
        required = importlib.metadata.requires("fer_course") or []
    except importlib.metadata.PackageNotFoundError:
        required = []
    name = re.escape(module.replace("_", "-"))
    found = re.findall(rf"^{name}\b(?!-)[^;]*;.*\bextra == ['\"]([\w-]+)['\"]", "\n".join(required), re.MULTILINE)
    return next((extra for extra in found if extra not in {*_LEARNER, "gpu"}), "tensorflow,lab")


def advice(extras: str = "tensorflow,lab") -> str:
    """Return the command that installs this package's extras here.

    Without `-U`, pip looks up only what is missing, not this package itself.
    """
    if not _is_from_make():
        return command(f'"fer_course[{extras}]"')
    return f"In {_ROOT}: make {'clean setup' if set(extras.split(',')) <= _LEARNER else 'setup-all'}"


def again() -> str:
    """Return how to make this environment again."""
    return advice() if _is_from_make() else "Make a new environment, and install the course there"


def command(packages: str) -> str:
    """Return the command that installs packages here; an environment made by uv has no pip. Double quotes work in every shell."""
    try:
        # Not by importing pip: that would change how setuptools is loaded later.
        importlib.metadata.distribution("pip")
    except importlib.metadata.PackageNotFoundError:
        return f"uv pip install {packages}"
    return f"python -m pip install {packages}"


def _is_from_make() -> bool:
    """Return True if `make setup` made this environment, and can make it again."""
    made = Path(sys.prefix).resolve() == _ROOT / ".venv" and (_ROOT / "Makefile").is_file()
    return made and os.name != "nt" and shutil.which("make") is not None
