"""Written answers beside the rubric, to be graded by hand: a page to read and tick, and a CSV that brings the points back."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fer_course._shared.files import write_text
from fer_course.classroom.assignments import WRITTEN, Question, question_of
from fer_course.classroom.inert import unfenced
from fer_course.classroom.paths import STUDENTS, gradebook, lessons_of
from fer_course.classroom.students import read_rows, read_students
from fer_course.course.cells import grade_id
from fer_course.course.lessons import lesson_number
from fer_course.errors import ClassError

#: The columns of the CSV.
COLUMNS = ("id", "points", "comment")


@dataclass(frozen=True)
class WrittenAnswer:
    """One learner's written answer.

    Attributes:
        student: the id.
        name: first and last name; the id if there is none.
        text: the answer; "" if it was not begun.
        points: given so far; None if it was not graded yet.
        comment: the teacher's, "" if there is none.

    """

    student: str
    name: str
    text: str
    points: float | None
    comment: str


def written_answers(folder: str | Path, lesson: str, students: list[str] | None = None) -> list[WrittenAnswer]:
    """Return the written answers of all graded submissions of a lesson, by last name.

    Args:
        folder: the class.
        lesson: by number or name.
        students: ids; None: all.

    Raises:
        ClassError: if there is no such class or lesson, or the lesson has no written question.

    """
    from nbgrader.api import MissingEntry

    (name,) = lessons_of(folder, [lesson])
    _question(name)
    stub = _text_of(Path(folder) / "release" / name / f"{name}.ipynb")
    found = []
    with gradebook(folder) as book:
        for row in sorted(read_students(Path(folder) / STUDENTS), key=lambda each: (each["last_name"], each["id"])):
            path = Path(folder) / "autograded" / row["id"] / name / f"{name}.ipynb"
            if (students is not None and row["id"] not in students) or not path.is_file():
                continue
            try:
                grade = book.find_grade(WRITTEN, name, name, row["id"])
                comment = book.find_comment(WRITTEN, name, name, row["id"])
            except MissingEntry:
                continue
            text = _text_of(path)
            full = f"{row['first_name']} {row['last_name']}".strip() or row["id"]
            found.append(
                WrittenAnswer(
                    row["id"], full, "" if text == stub else text, grade.manual_score, comment.manual_comment or ""
                )
            )
    return found


def _question(lesson: str) -> Question:
    question = question_of(lesson_number(lesson))
    if question is None:
        raise ClassError(f"Lesson {lesson} has no written question.")
    return question


def _text_of(path: Path) -> str:
    """Return the written answer in a notebook; "" if the notebook or the cell is not there."""
    if not path.is_file():
        return ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if grade_id(cell) == WRITTEN:
            return unfenced("".join(cell["source"])).strip()
    return ""


def write_answers(
    folder: str | Path, lesson: str, students: list[str] | None = None, anonymous: bool = False
) -> tuple[Path, Path]:
    """Write `answers/LESSON.html`, with the rubric beside each answer, and `answers/LESSON.csv`, for the points; return both.

    The page sums up ticked criteria and saves the points as the same CSV; it loads nothing from a network.

    Args:
        folder: the class.
        lesson: by number or name.
        students: ids; None: all.
        anonymous: show ids instead of names.

    Raises:
        ClassError: as `written_answers`.

    """
    import jinja2

    (name,) = lessons_of(folder, [lesson])
    answers = written_answers(folder, name, students)
    template = resources.files(__package__).joinpath("written_answers.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True)
    environment.filters["inline"] = _inline
    page = environment.from_string(template)
    target = Path(folder) / "answers"
    write_text(
        target / f"{name}.html",
        page.render(lesson=name, question=_question(name), answers=answers, anonymous=anonymous),
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        (each.student, "" if each.points is None else f"{each.points:g}", each.comment) for each in answers
    )
    write_text(target / f"{name}.csv", text.getvalue())
    return target / f"{name}.html", target / f"{name}.csv"


def _inline(text: str):
    """Return a sentence of the course's own in Markdown as HTML, without the paragraph around it."""
    import markupsafe
    import mistune

    return markupsafe.Markup(
        str(mistune.create_markdown(escape=True)(text)).strip().removeprefix("<p>").removesuffix("</p>")
    )


def read_points(folder: str | Path, lesson: str, path: str | Path) -> list[str]:
    """Write the points and comments of a CSV to the gradebook; return the ids. Rows without points change nothing.

    Raises:
        ClassError: if a column is missing, or a row names a student without a graded submission, or points that can't be given.
            Nothing is written then.

    """
    (name,) = lessons_of(folder, [lesson])
    most = _question(name).points
    known = {answer.student for answer in written_answers(folder, name)}
    (_, header), *rows = read_rows(path)
    if not {"id", "points"} <= set(header):
        raise ClassError(f"{path}: the columns id and points were expected, found {', '.join(header)}.")
    given: dict[str, tuple[float, str]] = {}
    for line, cells in rows:
        row = dict(zip(header, cells, strict=False))
        if not row.get("points"):
            continue
        if row["id"] not in known:
            raise ClassError(f"{path}, line {line}: {row['id']!r} has no graded submission of lesson {name}.")
        given[row["id"]] = _points(row["points"], most, path, line), row.get("comment", "")
    with gradebook(folder) as book:
        for student, (points, comment) in given.items():
            grade = book.find_grade(WRITTEN, name, name, student)
            grade.manual_score, grade.needs_manual_grade = points, False
            book.find_comment(WRITTEN, name, name, student).manual_comment = comment or None
        book.db.commit()
    return list(given)


def _points(text: str, most: int, path: str | Path, line: int) -> float:
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = float("nan")
    if not 0 <= points <= most:
        raise ClassError(f"{path}, line {line}: {text!r} points; a number from 0 to {most} was expected.")
    return points
