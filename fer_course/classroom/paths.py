"""The files of a class, and nbgrader's own objects for them."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fer_course.course import require
from fer_course.course.lessons import is_lesson
from fer_course.errors import ClassError

CONFIG = "nbgrader_config.py"
STUDENTS = "students.csv"
GRADEBOOK = "gradebook.db"
LOG = "nbgrader.log"


def nbgrader_of(folder: str | Path):
    """Return nbgrader's configuration and course directory of a class's folder.

    Raises:
        ClassError: if the folder is not a class, or its configuration can't be read.
        LessonError: if nbgrader is not installed.

    """
    require("nbgrader", "grading", extra="instructor")
    _own_programs_on_path()
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    folder = Path(folder).resolve()
    if not (folder / CONFIG).is_file():
        raise ClassError(f"{folder} is not a class: it has no {CONFIG}. Make one with: fer-course class init {folder}")
    try:
        config = PyFileConfigLoader(CONFIG, path=str(folder)).load_config()
    except Exception as error:  # a Python file that the teacher may have edited: anything may be wrong
        raise ClassError(f"{folder / CONFIG} can't be read: {type(error).__name__}: {error}") from error
    config.CourseDirectory.root = str(folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # the configuration may name a plugin in a file beside it
    _own_gradebook(config, folder)
    return config, CourseDirectory(config=config)


def _own_gradebook(config, folder: Path) -> None:
    """Use the gradebook in the class's folder if the configuration names one where the folder lay before it was moved or copied.

    Raises:
        ClassError: if the configuration names a gradebook that is not there, or that of another class, and there is none here.

    """
    url = config.CourseDirectory.db_url if "db_url" in config.CourseDirectory else ""
    if not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).name != GRADEBOOK:
        return
    named, own = Path(url.removeprefix("sqlite:///")), folder / GRADEBOOK
    if named.parent.resolve() == folder:
        return
    if own.is_file():
        config.CourseDirectory.db_url = f"sqlite:///{own}"
    elif not named.is_file() or (named.parent / CONFIG).is_file():
        why = "is that of another class" if named.is_file() else "does not exist"
        raise ClassError(
            f"The gradebook {named}, which {folder / CONFIG} names, {why}, and there is none in "
            f"{folder}. Put it there, or remove the line with db_url to begin a new one."
        )


def _own_programs_on_path() -> None:
    """Let nbgrader find alembic, which it calls by name, even if this environment is not activated."""
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])


@contextmanager
def gradebook(folder: str | Path) -> Iterator:
    """Open the gradebook of a class. Warnings of the libraries below it are not shown: a teacher can do nothing about them."""
    _, course = nbgrader_of(folder)
    from nbgrader.api import Gradebook

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"nbgrader|sqlalchemy|alembic")
        with Gradebook(course.db_url, course.course_id) as book:
            yield book


@contextmanager
def log_file(folder: str | Path) -> Iterator[logging.Logger]:
    """Write nbgrader's log, and the warnings of all libraries, to a file in the class's folder while the block runs."""
    handler = logging.FileHandler(Path(folder) / LOG, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.Logger("fer_course.classroom", logging.INFO)
    logger.addHandler(handler)

    def write(message, category, *_):
        logger.warning("%s: %s", category.__name__, message)

    try:
        with warnings.catch_warnings():
            warnings.showwarning = write
            yield logger
    finally:
        handler.close()


def stamp_of(folder: str | Path) -> str:
    """Return when the submission in a folder was handed in, as nbgrader's timestamp.txt has it; "" if that is not known."""
    path = Path(folder) / "timestamp.txt"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def lessons_of(folder: str | Path, wanted: list[str] | None = None, step: str = "source") -> list[str]:
    """Return the lessons of a class in the order of the course: all, or those that `wanted` names by number or name.

    Raises:
        ClassError: if one of them does not exist; lists those that do.

    """
    available = sorted(path.name for path in (Path(folder) / step).glob("*") if path.is_dir())
    if not wanted:
        return available
    chosen = []
    for name in wanted:
        matching = [each for each in available if is_lesson(each, name)]
        if not matching:
            have = ", ".join(available) or "none"
            raise ClassError(f"There is no lesson {name!r} in {Path(folder) / step}; there are: {have}.")
        chosen += matching
    return chosen
