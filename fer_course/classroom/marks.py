"""Marks as a table that a learning platform can import, and feedback as pages."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from fer_course._shared.files import write_text
from fer_course.classroom.grading import failure_of, remarks_of
from fer_course.classroom.paths import gradebook, lessons_of, log_file, nbgrader_of
from fer_course.errors import ClassError

COLUMNS = (
    *("id", "last_name", "first_name", "email", "lesson", "status", "score", "max_score"),
    *("to_grade_by_hand", "submitted", "seconds_late", "remarks"),
)


def marks(folder: str | Path) -> list[dict]:
    """Return one row for each student and lesson of the gradebook.

    `status` is graded, late, failed (the last submission could not be graded, see `remarks`; the score is that of an earlier
    submission, or 0), submitted (not graded yet) or missing. `score` is empty if nothing was graded.
    """
    lessons = lessons_of(folder)
    with gradebook(folder) as book:
        points = {each.name: each.max_score for each in book.assignments}
        return [
            _row(Path(folder), book, student, lesson, points.get(lesson))
            for student in sorted(book.students, key=lambda each: (each.last_name or "", each.id))
            for lesson in lessons
        ]


def _row(folder: Path, book, student, lesson: str, most: float | None) -> dict:
    from nbgrader.api import MissingEntry

    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    row |= {
        "id": student.id,
        "last_name": student.last_name or "",
        "first_name": student.first_name or "",
        "email": student.email or "",
    }
    row |= {"lesson": lesson, "max_score": most if most is not None else "", "status": "missing"}
    why = failure_of(folder, student.id, lesson)
    if (folder / "submitted" / student.id / lesson / f"{lesson}.ipynb").is_file():
        row["status"] = "submitted"
    if (folder / "autograded" / student.id / lesson / f"{lesson}.ipynb").is_file():
        try:
            submission = book.find_submission(lesson, student.id)
        except MissingEntry:
            return row
        late = submission.total_seconds_late
        row |= {"status": "late" if late else "graded", "score": submission.score, "seconds_late": int(late)}
        row |= {
            "to_grade_by_hand": "yes" if submission.needs_manual_grade else "",
            "submitted": submission.timestamp or "",
        }
        row["remarks"] = " ".join(remarks_of(folder, student.id, lesson))
    if why:
        before = " The score is that of an earlier submission." if row["score"] != "" else ""
        row |= {"status": "failed", "score": row["score"] or 0.0, "remarks": f"{why}{before}"}
    return row


def write_marks(folder: str | Path, path: str | Path, wide: bool = False) -> None:
    """Write the marks as CSV.

    Args:
        folder: the class.
        path: the file.
        wide: one row per student and one column per lesson, as learning platforms import it; otherwise one row for each
            student and lesson, with all columns.

    """
    rows = marks(folder)
    columns = list(COLUMNS)
    if wide:
        rows, columns = _wide(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _wide(rows: list[dict]) -> tuple[list[dict], list[str]]:
    lessons = list(dict.fromkeys(row["lesson"] for row in rows))
    students: dict[str, dict] = {}
    for row in rows:
        one = students.setdefault(row["id"], {name: row[name] for name in COLUMNS[:4]})
        one[row["lesson"]] = row["score"]
        one["total"] = one.get("total", 0) + (row["score"] or 0)
    return list(students.values()), [*COLUMNS[:4], *lessons, "total"]


def feedback(folder: str | Path, wanted: list[str] | None = None) -> list[Path]:
    """Make one page per graded submission, in `feedback/STUDENT/LESSON/`; return the pages.

    Raises:
        ClassError: if nbgrader refuses a submission.

    """
    from nbgrader.converters import GenerateFeedback

    pages = []
    with log_file(folder) as log:
        for lesson in lessons_of(folder, wanted):
            for graded in sorted((Path(folder).resolve() / "autograded").glob(f"*/{lesson}")):
                student = graded.parent.name
                config, course = nbgrader_of(folder)
                course.student_id, course.assignment_id = student, lesson
                try:
                    GenerateFeedback(coursedir=course, config=config, log=log, force=True).start()
                except Exception as error:
                    raise ClassError(
                        f"nbgrader could not write the feedback for {student} on {lesson}: {error}"
                    ) from error
                pages.append(Path(folder).resolve() / "feedback" / student / lesson / f"{lesson}.html")
    return pages
