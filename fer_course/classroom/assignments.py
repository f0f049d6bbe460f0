"""Turn a solved lesson into the source of an nbgrader assignment, with hidden checks and a written question."""

from __future__ import annotations

import hashlib
import hmac
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import yaml

from fer_course.authoring import notebooks
from fer_course.course import cells
from fer_course.course.lessons import lesson_number

#: The id of the cell for the written answer.
WRITTEN = "in-your-own-words"


def assignment(path: Path, secret: str) -> str:
    """Return a solved lesson as an assignment's source: with each check again, hidden and with other numbers, and a question."""
    notebook = notebooks.read(path)
    for cell in notebook.cells:
        if cells.is_check(cell):
            cell.source = _add_hidden_check(cell.source, seed_of(secret, cell.metadata.nbgrader.grade_id))
    notebook.cells += _written_question(lesson_number(path.stem))
    return notebooks.text(notebook)


def _written_question(number: str) -> list:
    """Return a lesson's written question and the cell for its answer, which is graded by hand; [] if it has none."""
    import nbformat

    question = question_of(number)
    if question is None:
        return []
    text = f"## In your own words\n\n{question.text}\n\nThree to six sentences, in the cell below."
    answer = f"### BEGIN SOLUTION\n{question.rubric}\n### END SOLUTION"
    entry = {"schema_version": 3, "grade": True, "grade_id": WRITTEN, "locked": False, "points": question.points}
    return [
        nbformat.v4.new_markdown_cell(text, id="question"),
        nbformat.v4.new_markdown_cell(
            answer, id=WRITTEN, metadata={"nbgrader": entry | {"solution": True, "task": False}}
        ),
    ]


class Question(NamedTuple):
    """A written question.

    Attributes:
        text: what is asked, as Markdown.
        criteria: what gives points: (points, sentence).

    """

    text: str
    criteria: list[tuple[int, str]]

    @property
    def points(self) -> int:
        """The points for a complete answer."""
        return sum(points for points, _ in self.criteria)

    @property
    def rubric(self) -> str:
        """The criteria as a list in Markdown."""
        return "\n".join(f"- {points} point{'s' if points > 1 else ''}: {text}" for points, text in self.criteria)


def question_of(number: str) -> Question | None:
    """Return the written question of a lesson, by its number; None if it has none."""
    texts = yaml.safe_load(resources.files(__package__).joinpath("questions.yaml").read_text(encoding="utf-8"))
    if number not in texts:
        return None
    return Question(texts[number]["question"], [(each["points"], each["for"]) for each in texts[number]["rubric"]])


def seed_of(secret: str, grade_id: str) -> int:
    """Return the seed from which a hidden check samples its cases: it differs for each check and each class."""
    return int.from_bytes(hmac.digest(secret.encode(), grade_id.encode(), hashlib.sha256)[:4], "big")


def _add_hidden_check(source: str, seed: int) -> str:
    calls = [line for line in source.splitlines() if line.startswith("checks.")]
    body = "\n".join(f"    {line}" for line in calls)
    return f"{source}\n### BEGIN HIDDEN TESTS\nwith checks.hidden({seed}):\n{body}\n### END HIDDEN TESTS"
