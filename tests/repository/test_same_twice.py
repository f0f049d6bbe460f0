"""A solved lesson run twice says and shows the same, word for word and pixel for pixel; cells that show times are tagged so.

Two lessons in `make test-all`; all of them with FER_COURSE_TWICE=all (half an hour), some with their numbers.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import nbformat
import pytest
from repository import ROOT

from fer_course import data
from fer_course.course.execution import execute

pytestmark = pytest.mark.slow

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
NUMBERS = os.environ.get("FER_COURSE_TWICE", "03 05").split()
LESSONS = [path for path in SOLUTIONS if path.name[:2] in NUMBERS or "all" in NUMBERS]
#: What a cell says that holds seconds, or what follows from them: it is not compared.
TAG = "timing"


def run(lesson: Path, place: Path) -> list[tuple[str, str]]:
    """Return (cell id, all that it put out) of each code cell that shows no times."""
    place.mkdir()
    trouble = execute(lesson, place / lesson.name, place / "work", {"data": "drawn"}, lesson.stem)
    assert trouble is None, trouble
    cells = nbformat.read(place / lesson.name, as_version=4).cells
    return [
        (cell.id, "".join(map(words, cell.outputs)))  # a stream may come in any number of parts
        for cell in cells
        if cell.cell_type == "code" and TAG not in cell.metadata.get("tags", [])
    ]


def words(output) -> str:
    """All that an output holds but the numbers of widgets, which are drawn anew each time."""
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return "".join(f"{data[kind]}\n" for kind in sorted(data) if "widget" not in kind)


@pytest.mark.parametrize("lesson", LESSONS, ids=[path.stem for path in LESSONS])
def test_a_lesson_says_the_same_twice(lesson, tmp_path):
    data.load("drawn", quiet=True)  # drawn once: the first lesson to do so would say how far it is
    first, second = run(lesson, tmp_path / "one"), run(lesson, tmp_path / "two")
    different = {
        cell: list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:6]
        for (cell, before), (_, after) in zip(first, second, strict=True)
        if before != after
    }
    for cell, lines in different.items():
        print(cell, *(line[:200] for line in lines), sep="\n  ")
    assert list(different) == []
