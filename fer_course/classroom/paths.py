"""Where a class's files lie, and nbgrader opened on them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fer_course.course import require
from fer_course.errors import ClassError

CONFIG = "nbgrader_config.py"
STUDENTS = "students.csv"
LOG = "nbgrader.log"


def nbgrader_of(folder: str | Path):
    """Return the nbgrader configuration and course directory of a class's folder.

    Raises:
        ClassError: if this is no such folder, or its configuration can't be read.
        LessonError: if nbgrader is not installed.

    """
    require("nbgrader", "grading", extra="instructor")
    _own_programs_on_path()
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    folder = Path(folder).resolve()
    if not (folder / CONFIG).is_file():
        raise ClassError(f"{folder} is no class: it has no {CONFIG}. Make one with: fer-course class init {folder}")
    try:
        config = PyFileConfigLoader(CONFIG, path=str(folder)).load_config()
    except Exception as error:  # it is a Python file of the teacher's: anything may be wrong with it
        raise ClassError(f"{folder / CONFIG} can't be read: {type(error).__name__}: {error}") from error
    config.CourseDirectory.root = str(folder)
    return config, CourseDirectory(config=config)


def _own_programs_on_path() -> None:
    """Let nbgrader find alembic, which it calls by name, also where this environment was not activated."""
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])


@contextmanager
def gradebook(folder: str | Path) -> Iterator:
    """Open the gradebook of a class."""
    _, course = nbgrader_of(folder)
    from nbgrader.api import Gradebook

    with Gradebook(course.db_url, course.course_id) as book:
        yield book


@contextmanager
def log_file(folder: str | Path) -> Iterator[logging.Logger]:
    """Let everything that nbgrader says go to a file in the class's folder, while the block runs."""
    handler = logging.FileHandler(Path(folder) / LOG, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.Logger("fer_course.classroom", logging.INFO)
    logger.addHandler(handler)
    try:
        yield logger
    finally:
        handler.close()


def lessons_of(folder: str | Path, wanted: list[str] | None = None, step: str = "source") -> list[str]:
    """Return the lessons of a class in the order of the course: all, or those asked for by number or name.

    Raises:
        ClassError: if one of them does not exist; lists those that do.

    """
    there = sorted(path.name for path in (Path(folder) / step).glob("*") if path.is_dir())
    if not wanted:
        return there
    chosen = []
    for name in wanted:
        same = [each for each in there if each == name or each.split("-")[0] == str(name).zfill(2)]
        if not same:
            raise ClassError(
                f"There is no lesson {name!r} in {Path(folder) / step}; there are: {', '.join(there) or 'none'}."
            )
        chosen += same
    return chosen
