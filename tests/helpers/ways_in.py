"""Environments as those have them who come in: Pythons that are here, empty environments, pip, and lesson 00 in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

from locks import reading

PYTHONS = reading.pythons(ROOT / "locks" / "course.txt")
#: Settings of this session that no newcomer has.
OWN = ("FER_COURSE_CACHE", "FER_COURSE_DATA", "PYTHONPATH", "PYTEST_CURRENT_TEST", "MPLBACKEND")


def python(version: str) -> str:
    """Return the path of a Python that is here, of that major and minor version; skip, loudly, if there is none."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return os.path.realpath(sys.executable)
    named = [shutil.which(f"python{version}")]
    managed = sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")))
    for candidate in filter(None, managed + named):
        if subprocess.run([candidate, "-I", "-c", "import venv, ensurepip"], capture_output=True).returncode == 0:
            return candidate
    return pytest.skip(f"there is no Python {version} here")


def run(command: list, folder: Path, home: Path | None = None, **variables: str) -> str:
    """Run a command in a folder, as a newcomer with an empty home; return what it printed. A failure shows the end of it."""
    home = home or folder
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    environment |= {"HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "2", **variables}
    done = subprocess.run(list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode and no_index(said):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, f"{command}\n{said[-3000:]}"
    return said


def no_index(said: str) -> bool:
    """Return True if pip or uv says that no index answers; a package that they refuse is something else."""
    return any(words in said for words in ("NewConnectionError", "Name or service not known", "error sending request"))


def environment(version: str, folder: Path) -> Path:
    """Make an empty virtual environment with a Python's own pip; return its folder of programs."""
    subprocess.run([python(version), "-I", "-m", "venv", folder / "venv"], check=True)
    return folder / "venv" / "bin"


def install(programs: Path, lock: str) -> None:
    """Install a list of requirements with pip, hashes required."""
    # No byte code: it takes half of the time, and nobody waits for the first import here.
    command = [programs / "python", "-m", "pip", "install", "-q", "--no-compile", "--require-hashes", "-r", ROOT / lock]
    run(command, programs.parent, Path.home())


def clone(folder: Path) -> Path:
    """Copy what git tracks, as it lies here, to a new folder."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def lesson_00(programs: Path, folder: Path, **variables: str) -> None:
    """Run lesson 00, solved, with the papermill of an environment; an error in it fails."""
    (lesson,) = (ROOT / "solutions").glob("00-*.ipynb")
    command = [programs / "papermill", "--no-progress-bar", lesson, folder / "00.ipynb", "-p", "data", "drawn"]
    run([*command, "-k", "python3"], folder, **variables)
