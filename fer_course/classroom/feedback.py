"""Feedback that learners can read: one page per submission, also for those that could not be graded or read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from fer_course._shared.files import write_text
from fer_course.classroom.explanations import NOT_SHOWN, Reason, explain
from fer_course.classroom.feedback_zips import write_zips
from fer_course.classroom.grading import failure_of, submitted_digest
from fer_course.classroom.inert import unfenced
from fer_course.classroom.marks import FAILED, MISSING, SUBMITTED, UNREAD, MarksReader
from fer_course.classroom.names import folded
from fer_course.classroom.paths import gradebook, lessons_of, nbgrader_of
from fer_course.classroom.penalties import seconds_late
from fer_course.classroom.secrecy import Secrets
from fer_course.course.cells import exercise_name, grade_id, is_check, is_solution
from fer_course.errors import ClassError

#: The comment of nbgrader for an answer that is as it was handed out.
_NO_RESPONSE = "No response."
#: How much of an answer is shown, in characters.
_LONGEST = 20_000


@dataclass
class Exercise:
    """An exercise, or the written answer, as the page shows it.

    Attributes:
        name: as its cells are called.
        points: None: not graded yet.
        most: the most points.
        reason: why points were lost; None if none were.
        comment: the teacher's.
        answer: the learner's own text.

    """

    name: str
    points: float | None
    most: float
    reason: Reason | None = None
    comment: str = ""
    answer: str = ""


@dataclass
class Page:
    """What is on one page of feedback.

    Attributes:
        learner: the name; the id if there is none.
        course: the class's name.
        title: the lesson's.
        lesson: its name.
        row: the marks, see `marks`.
        exercises: the exercises that checks grade.
        written: the answers that a person grades.
        late: how late it was handed in, in words; "" if it was not, or costs nothing.
        trouble: why the last file that was handed in could not be graded or read; "" if it could.
        file: that file's name.
        remark: a sentence on which submission the page is about.

    """

    learner: str
    course: str
    title: str
    lesson: str
    row: dict[str, Any]
    exercises: list[Exercise] = field(default_factory=list)
    written: list[Exercise] = field(default_factory=list)
    late: str = ""
    trouble: str = ""
    file: str = ""
    remark: str = ""

    @property
    def answered(self) -> list[Exercise]:
        """What has an answer to be shown."""
        return [each for each in self.exercises if each.answer.strip()]

    @property
    def is_graded(self) -> bool:
        """Return whether there are points to show."""
        return self.row["score"] != ""


@dataclass
class Feedback:
    """What `feedback` wrote.

    Attributes:
        pages: (student, lesson) -> the page.
        zips: one for each lesson and platform, with these pages.
        waiting: (student, lesson) of what was handed in, but is not graded yet, and has no page.

    """

    pages: dict[tuple[str, str], Path] = field(default_factory=dict)
    zips: list[Path] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)


def feedback(folder: str | Path, wanted: list[str] | None = None, students: Iterable[str] | None = None) -> Feedback:
    """Write one page per submission, in `feedback/STUDENT/LESSON/`, and one zip of pages per lesson and platform, in `feedback/`.

    A page is one HTML file that needs nothing else. In the zips the pages are named as the platform named what was handed in, so
    that it knows whose they are.

    Args:
        folder: the class.
        wanted: lessons, by number or name; None: all that were handed out.
        students: ids; None: all.

    Raises:
        ClassError: if there is no such class or lesson, or a page would show a secret of the class: that page is not written,
            all others are.

    """
    folder = Path(folder).resolve()
    made = Feedback()
    writer = _Writer(folder)
    chosen = None if students is None else set(students)
    refused: list[ClassError] = []
    with gradebook(folder) as book:
        writer.reader.read_points(book)
        for lesson in lessons_of(folder, wanted) if wanted else writer.reader.lessons():
            for student in book.students:
                if chosen is not None and student.id not in chosen:
                    continue
                try:
                    writer.add(made, book, student, lesson)
                except ClassError as error:
                    refused.append(error)
    made.zips = write_zips(folder, made.pages, writer.reader.files)
    if refused:
        raise refused[0]
    return made


class _Writer:
    """Makes and writes pages; what all pages share is read once."""

    def __init__(self, folder: Path):
        import jinja2

        self.folder = folder
        self.reader = MarksReader(folder)
        self._secrets = Secrets.of(folder)
        self._course = nbgrader_of(folder)[1].course_id.replace("_", " ")
        self._titles: dict[str, str] = {}
        environment = jinja2.Environment(
            autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
        )
        environment.filters |= {"points": _points, "message": self._message, "safe_text": self._secrets.left_out}
        text = resources.files(__package__).joinpath("feedback.html.j2").read_text(encoding="utf-8")
        self._template = environment.from_string(text)

    def add(self, made: Feedback, book, student, lesson: str) -> None:
        """Write a student's page, if anything was handed in, and it is graded or can't be."""
        row = self.reader.row(book, student, lesson)
        if row["status"] == SUBMITTED and row["score"] == "":
            made.waiting.append((student.id, lesson))
        elif row["status"] != MISSING:
            made.pages[student.id, lesson] = self.write(self.page(book, student, lesson, row), student.id)

    def page(self, book, student, lesson: str, row: dict[str, Any]) -> Page:
        """Return a student's page for a row of the marks."""
        state = row["status"]
        name = f"{row['first_name']} {row['last_name']}".strip() or student.id
        page = Page(name, self._course, self._title(lesson), lesson, row)
        files = self.reader.files
        if state == FAILED:
            page.trouble = failure_of(
                self.folder, student.id, lesson, submitted_digest(self.folder, student.id, lesson)
            )
            filed = files.filed.get((student.id, lesson))
            page.file = filed.file.rsplit("/", 1)[-1] if filed else f"{lesson}.ipynb"
        elif (student.id, lesson) in files.unreadable:
            row_of_file = files.unreadable[student.id, lesson]
            page.trouble, page.file = f"it {row_of_file.why}", row_of_file.file.rsplit("/", 1)[-1]
        if page.is_graded:
            self._add_grades(page, book.find_submission(lesson, student.id))
            if page.trouble or state == SUBMITTED:
                page.remark = "The points are those of what you had handed in before."
            if state == SUBMITTED:
                page.remark += " Your newer file is not graded yet."
        return page

    def _add_grades(self, page: Page, submission) -> None:
        import nbformat

        (notebook,) = [each for each in submission.notebooks if each.name == page.lesson]
        grades = {each.name: each for each in notebook.grades}
        comments = {each.name: each.comment or "" for each in notebook.comments}
        path = self.folder / "autograded" / submission.student.id / page.lesson / f"{page.lesson}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        answers = {grade_id(cell): cell for cell in cells if is_solution(cell)}
        for cell in cells:
            grade = grades.get(grade_id(cell))
            if grade is None:
                continue
            if is_check(cell):
                page.exercises.append(_exercise(cell, grade, answers.get(exercise_name(cell)), comments))
            else:
                page.written.append(_written(cell, grade, comments))
        if page.row["penalty"]:
            page.late = _how_late(submission)

    def write(self, page: Page, student: str) -> Path:
        """Write a page, in the place of earlier ones, and return its path."""
        text = self._template.render(page=page, failed=FAILED, unreadable=UNREAD)
        folder = self.folder / "feedback" / student / page.lesson
        path = folder / page_name(page.lesson, page.row)
        self._secrets.refuse(text, f"The page for {student} on {page.lesson}")
        write_text(path, text)
        for other in folder.glob("*.html"):
            if other != path:
                other.unlink()
        return path

    def _message(self, text: str):
        """Return a check's message as HTML; what holds secrets is not shown at all."""
        from markupsafe import Markup

        from fer_course.checks.feedback import rendered

        if self._secrets.found_in(text):
            text = NOT_SHOWN
        return Markup(rendered(self._secrets.without_paths(text)))  # escapes everything

    def _title(self, lesson: str) -> str:
        """Return a lesson's title, from its first heading."""
        if lesson not in self._titles:
            import nbformat

            path = self.folder / "source" / lesson / f"{lesson}.ipynb"
            cells = nbformat.read(path, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            heading = re.search(r"^# (.+)$", text, re.MULTILINE)
            self._titles[lesson] = re.sub(r"[*`]", "", heading[1]).strip() if heading else lesson
        return self._titles[lesson]


def _exercise(check, grade, answer, comments: dict[str, str]) -> Exercise:
    name = exercise_name(check)
    made = Exercise(
        name, grade.score, grade.max_score, comment=_comment(comments, name) or _comment(comments, grade.name)
    )
    made.answer = _clipped(answer.source) if answer is not None else ""
    if grade.needs_manual_grade:
        made.points = None
    elif grade.score < grade.max_score:
        made.reason = explain(check, answer, by_hand=grade.manual_score is not None)
    return made


def _written(cell, grade, comments: dict[str, str]) -> Exercise:
    points = None if grade.needs_manual_grade else grade.score
    name = grade.name.replace("-", " ").capitalize()
    answer = "" if comments.get(grade.name) == _NO_RESPONSE else _clipped(unfenced(cell.source))
    return Exercise(name, points, grade.max_score, comment=_comment(comments, grade.name), answer=answer)


def _comment(comments: dict[str, str], name: str) -> str:
    comment = comments.get(name, "")
    return "" if comment == _NO_RESPONSE else comment


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… ({len(text) - _LONGEST:,} characters more)"


def _points(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _how_late(submission) -> str:
    """Return how late something was handed in, such as "2 days and 3 hours"."""
    minutes = max(1, round(seconds_late(submission) / 60))
    parts = [
        f"{number} {unit}{'s' if number != 1 else ''}"
        for number, unit in ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
        if number
    ]
    extended = " (your extension is counted)" if submission.extension else ""
    return " and ".join(parts[:2]) + extended


def page_name(lesson: str, row: dict[str, Any]) -> str:
    """Return the name of a learner's page, such as `03-slide-a-kernel-lovelace-ada.html`: in ASCII, with the id if need be."""
    name = "-".join(_ascii_words(f"{row['last_name']} {row['first_name']}")) or "-".join(_ascii_words(row["id"]))
    return f"{lesson}-{name[:60] or 'learner'}.html"


def _ascii_words(text: str) -> Iterator[str]:
    yield from re.findall(r"[a-z0-9]+", folded(text))
