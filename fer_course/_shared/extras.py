"""Packages that are not always installed: whether one is there, and how to install it in this environment.

It imports only the standard library and this package's errors: `fer-course doctor` uses it where all else is broken.
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
        raise error(f"{purpose.capitalize()} needs {module}. {advice(extra)}") from missing


def bringing(module: str) -> str:
    """Return the extra that installs a module, such as "instructor" for nbgrader; where none is found, those of lessons."""
    try:
        required = importlib.metadata.requires("fer_course") or []
    except importlib.metadata.PackageNotFoundError:
        required = []
    name = re.escape(module.replace("_", "-"))
    found = re.findall(rf"^{name}\b(?!-)[^;]*;.*\bextra == ['\"]([\w-]+)['\"]", "\n".join(required), re.MULTILINE)
    return next((extra for extra in found if extra not in {*_LEARNER, "gpu"}), "tensorflow,lab")


def advice(extras: str = "tensorflow,lab") -> str:
    """Return the command that installs this package's extras here.

    Without `-U`: the package itself is not looked for in an index, only what it still needs.
    """
    if not _of_make():
        return command(f'"fer_course[{extras}]"')
    return f"In {_ROOT}: make {'clean setup' if set(extras.split(',')) <= _LEARNER else 'setup-all'}"


def again() -> str:
    """Return what makes this environment new."""
    return advice() if _of_make() else "Make a new environment, and install the course there"


def command(packages: str) -> str:
    """Return the command that installs packages here; an environment of uv has no pip. Double quotes are for every shell."""
    try:
        importlib.metadata.distribution(
            "pip"
        )  # asking for the module itself would change how setuptools is loaded later
    except importlib.metadata.PackageNotFoundError:
        return f"uv pip install {packages}"
    return f"python -m pip install {packages}"


def _of_make() -> bool:
    """Say whether `make setup` made this environment, and can make it again."""
    made = Path(sys.prefix).resolve() == _ROOT / ".venv" and (_ROOT / "Makefile").is_file()
    return made and os.name != "nt" and shutil.which("make") is not None
