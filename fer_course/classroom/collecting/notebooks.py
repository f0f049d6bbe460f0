"""What is in a file that was handed in: a notebook, of which lesson, begun or not; or what else."""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path, PurePosixPath

from fer_course.classroom.paths import lessons_of
from fer_course.course.cells import grade_id, grading_of, is_solution

#: First bytes of files that people hand in instead of a notebook.
_BEGINNINGS = {
    **{b"%PDF": "a PDF", b"Rar!": "a RAR archive", b"7z\xbc\xaf": "a 7-Zip archive", b"\x1f\x8b": "a gzip archive"},
    **{
        b"\x89PNG": "a picture",
        b"\xff\xd8\xff": "a picture",
        b"\xd0\xcf\x11\xe0": "a document of Word or another program",
    },
    **{b"PK\x03\x04": "a document or archive"},
}
_SUFFIXES = {
    **{".py": "a Python script", ".html": "a web page", ".htm": "a web page", ".txt": "a text", ".md": "a text", ".pdf": "a PDF"},
    **{".url": "a link", ".webloc": "a link", ".gdoc": "a link to a document", ".lnk": "a link", ".csv": "a table"},
}  # fmt: skip


def is_notebook(name: str, content: bytes) -> bool:
    """Return whether a file is meant as a notebook: by its name, or because it holds one under another name."""
    if not content.strip():
        return False
    if name.lower().endswith(".ipynb"):
        return not any(content.startswith(beginning) for beginning in _BEGINNINGS)
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and cells_of(content) is not None


def what_it_is(name: str, content: bytes) -> str:
    """Return in a few words what a file is that is no notebook."""
    if not content.strip():
        return "is empty"
    for beginning, what in _BEGINNINGS.items():
        if content.startswith(beginning):
            return f"is {what}, not a notebook"
    if content.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a notebook"
    return f"is {_SUFFIXES.get(PurePosixPath(name).suffix.lower(), 'another file')}, not a notebook"


def text_of(content: bytes) -> tuple[str, str]:
    """Return the text of a file and its encoding: UTF-8, UTF-16 or UTF-32 as JSON may be, or else Windows' code page 1252.

    Raises:
        UnicodeDecodeError: if it is no text.

    """
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError:
        return content.decode("cp1252"), "cp1252"


def cells_of(content: bytes) -> list[dict] | None:
    """Return the cells of a notebook of any version as `json` reads them; None if it is no notebook."""
    try:
        notebook = json.loads(text_of(content)[0])
        sheets = notebook.get("worksheets") or [notebook]
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None
    return cells if all(isinstance(cell, dict) for cell in cells) else None


def source_of(cell: dict) -> str:
    """Return the text of a cell, which the format lets be a string or a list of lines."""
    text = cell.get("source", cell.get("input", ""))
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""


def without_marks(source: str) -> str:
    """Return an answer without the comments that mark the course's solutions."""
    return re.sub(r"^\s*### (?:BEGIN|END) SOLUTION\n?", "", source, flags=re.MULTILINE)


def identity(cell: dict) -> str:
    """Return the id by which nbgrader knows a cell, or its own id if an editor has taken the metadata away; "" without both."""
    return grade_id(cell) or str(cell.get("id") or "")


class Lessons:
    """The lessons of a class, as names and contents of files show them."""

    def __init__(self, folder: str | Path):
        """Look at a class's lessons when they are first needed."""
        self._folder = Path(folder)
        self.names = lessons_of(folder)
        self._released: dict[str, dict[str, str] | None] = {}

    def of_name(self, *names: str) -> str:
        """Return the lesson that the first of these names that tells one holds; "" if none does, or several fit."""
        for name in names:
            fitting = [lesson for lesson in self.names if lesson in name] or [
                lesson for lesson in self.names if _begins_with(name, lesson.split("-")[0])
            ]
            if len(fitting) == 1:
                return fitting[0]
        return ""

    def of_content(self, content: bytes) -> str:
        """Return the lesson to which most of a notebook's exercises belong; "" if it holds none of any lesson."""
        have = {identity(cell) for cell in cells_of(content) or []}
        counts = {lesson: len(have & ids) for lesson, ids in self._exercises.items()}
        best = max(counts, key=counts.__getitem__, default="")
        return best if best and counts[best] else ""

    def is_begun(self, lesson: str, content: bytes) -> bool:
        """Return whether any answer differs from what was handed out; True if that was not handed out yet."""
        handed_out = self._handed_out(lesson)
        return handed_out is None or _answers(content) != handed_out

    def is_solution(self, lesson: str, content: bytes) -> bool:
        """Return whether all answers in code are those of the course, character for character."""
        theirs = {name: text for name, text in _answers(content).items() if name in self._exercises[lesson]}
        return bool(theirs) and theirs == self._solutions[lesson]

    def _handed_out(self, lesson: str) -> dict[str, str] | None:
        """Return the answers as they were handed out, read once; None if they were not yet."""
        if lesson not in self._released:
            path = self._folder / "release" / lesson / f"{lesson}.ipynb"
            self._released[lesson] = _answers(path.read_bytes()) if path.is_file() else None
        return self._released[lesson]

    @cached_property
    def _sources(self) -> dict[str, list[dict]]:
        paths = {lesson: self._folder / "source" / lesson / f"{lesson}.ipynb" for lesson in self.names}
        return {lesson: cells_of(path.read_bytes()) or [] for lesson, path in paths.items() if path.is_file()}

    @cached_property
    def _exercises(self) -> dict[str, set[str]]:
        """Lesson -> the ids of its cells for answers in code."""
        return {
            lesson: {identity(cell) for cell in cells if is_solution(cell)} for lesson, cells in self._sources.items()
        }

    @cached_property
    def _solutions(self) -> dict[str, dict[str, str]]:
        return {
            lesson: {identity(cell): without_marks(source_of(cell)).strip() for cell in cells if is_solution(cell)}
            for lesson, cells in self._sources.items()
        }


def _begins_with(name: str, number: str) -> bool:
    """Return whether a name begins with a lesson's number: `03.ipynb`, `Lesson 3 (1).ipynb`."""
    return bool(re.match(rf"\W*(?:{number}|(?:lesson|lektion|l)[\W_]*0*{int(number)})(?!\d)", name, re.IGNORECASE))


def _answers(content: bytes) -> dict[str, str]:
    """Return the text of each cell that holds an answer, by id; comments that mark the course's solutions are left out."""
    return {
        identity(cell): without_marks(source_of(cell)).strip()
        for cell in cells_of(content) or []
        if grading_of(cell).get("solution")
    }
