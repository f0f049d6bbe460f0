"""How to install what is missing, in words that can be followed in this environment. Imports the standard library alone."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
#: What `make setup` installs; `make setup-all` adds the other extras.
_LEARNER = {"tensorflow", "lab", "export", "kaggle"}


def pythons() -> list[str]:
    """Return the Pythons that the course is locked and tested for, as its metadata say: ["3.11", "3.12", "3.13"]."""
    try:
        named = importlib.metadata.metadata("fer_course").get_all("Classifier") or []
    except importlib.metadata.PackageNotFoundError:  # a folder on the path, not installed
        return []
    return re.findall(r"^Programming Language :: Python :: (3\.\d+)$", "\n".join(named), re.MULTILINE)


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
