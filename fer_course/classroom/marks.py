"""The marks of a class: points after the late penalty, and, of each submission, in which state it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fer_course._shared.files import write_text
from fer_course.classroom.collecting.ledger import FILED, UNREADABLE, HandedIn, ledger
from fer_course.classroom.grading import failure_of, graded_digest, remarks_of, submitted_digest
from fer_course.classroom.harmless import shown_as_text
from fer_course.classroom.paths import gradebook, lessons_of
from fer_course.classroom.penalties import Penalties, seconds_late

#: The states of a submission.
GRADED, LATE, BY_HAND, FAILED, UNREAD, SUBMITTED, MISSING = (
    *("graded", "late", "to grade by hand", "failed", "unreadable", "submitted", "missing"),
)
#: The states in which the score is final.
FINAL = (GRADED, LATE)
COLUMNS = (
    *(
        "id",
        "last_name",
        "first_name",
        "email",
        "lesson",
        "status",
        "exercises",
        "max_exercises",
        "written",
        "max_written",
    ),
    *("penalty", "score", "max_score", "to_grade_by_hand", "submitted", "seconds_late", "late_on_platform", "remarks"),
)


def marks(
    folder: str | Path, wanted: list[str] | None = None, students: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Return one row, with the keys `COLUMNS`, for each student of the gradebook and each lesson that was handed out.

    `status` is

    - graded, or late (graded, after the due date and its extension);
    - to grade by hand: the exercises are graded, the written answer is not, and `score` is without it;
    - submitted: not graded yet;
    - failed: what was handed in last could not be graded;
    - unreadable: what was handed in is no notebook;
    - missing.

    `score` is that of the exercises and the written answer, less the penalty. It is empty if nothing was graded; for a
    submission that failed, or is not graded yet, it is that of an earlier one if there is one, and `remarks` says so.

    Args:
        folder: the class.
        wanted: lessons, by number or name; None: all that were handed out, or that somebody has submitted.
        students: ids; None: all.

    Raises:
        ClassError: if there is no such class or lesson, or the plugin for late penalties fails.

    """
    reader = MarksReader(folder)
    lessons = lessons_of(folder, wanted) if wanted else reader.lessons()
    chosen = None if students is None else set(students)
    with gradebook(folder) as book:
        reader.read_points(book)
        return [
            reader.row(book, student, lesson)
            for student in sorted(
                book.students, key=lambda each: (each.last_name or "", each.first_name or "", each.id)
            )
            if chosen is None or student.id in chosen
            for lesson in lessons
        ]


@dataclass
class MarksReader:
    """Reads marks from a class's gradebook and files; what concerns all submissions is read once."""

    folder: str | Path
    points: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self):
        self.folder = Path(self.folder)
        self.penalties = Penalties(self.folder)
        self.files = Files(self.folder)

    def lessons(self) -> list[str]:
        """Return the lessons that were handed out, or that somebody has submitted."""
        return [
            lesson
            for lesson in lessons_of(self.folder)
            if (Path(self.folder) / "release" / lesson).is_dir()
            or any(Path(self.folder).glob(f"submitted/*/{lesson}"))
            or any(lesson == of for _, of in self.files.unreadable)
        ]

    def read_points(self, book) -> None:
        """Read the most points for the exercises and the written answer of each lesson."""
        self.points = {
            each.name: (each.max_code_score, each.max_score - each.max_code_score) for each in book.assignments
        }

    def row(self, book, student, lesson: str) -> dict[str, Any]:
        """Return the row of one student and lesson."""
        row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
        row |= {"id": student.id, "lesson": lesson, "status": MISSING}
        row |= {name: getattr(student, name) or "" for name in COLUMNS[1:4]}
        if lesson in self.points:
            exercises, written = self.points[lesson]
            row |= {"max_exercises": exercises, "max_written": written, "max_score": exercises + written}
        row |= self._grades(book, student.id, lesson)
        status, remarks = self._state(student.id, lesson, row["status"])
        if row["score"] != "" and status in {FAILED, SUBMITTED}:
            remarks.append("The score is that of an earlier submission.")
        filed = self.files.filed.get((student.id, lesson))
        late = "yes" if filed and filed.late else ""
        return row | {"status": status, "late_on_platform": late, "remarks": " ".join(remarks)}

    def _grades(self, book, student: str, lesson: str) -> dict[str, Any]:
        """Return what nbgrader knows of a submission that was graded once; {} without one."""
        from nbgrader.api import MissingEntry

        if not (Path(self.folder) / "autograded" / student / lesson / f"{lesson}.ipynb").is_file():
            return {}
        try:
            submission = book.find_submission(lesson, student)
        except MissingEntry:
            return {}
        penalty = self.penalties.of(submission)
        by_hand = submission.needs_manual_grade
        late = seconds_late(submission)
        return {
            "status": BY_HAND if by_hand else LATE if late else GRADED,
            "exercises": submission.code_score,
            "written": "" if by_hand or not submission.max_score - submission.max_code_score
            else submission.score - submission.code_score,
            "penalty": penalty,
            "score": submission.score - penalty,
            "to_grade_by_hand": "yes" if by_hand else "",
            "submitted": submission.timestamp or "",
            "seconds_late": int(late),
        }  # fmt: skip

    def _state(self, student: str, lesson: str, graded: str) -> tuple[str, list[str]]:
        """Return the state of a submission, and sentences for the teacher."""
        unreadable = self.files.unreadable.get((student, lesson))
        said = f"{unreadable.file} {unreadable.why.rstrip('.')}." if unreadable else ""
        digest = submitted_digest(self.folder, student, lesson)
        if not digest and graded == MISSING:
            return (UNREAD, [said]) if unreadable else (MISSING, self.files.without_lesson.get(student, []))
        remarks = [f"What was handed in later could not be read: {said}"] if said else []
        if why := failure_of(self.folder, student, lesson, digest):
            return FAILED, [why, *remarks]
        if graded == MISSING or graded_digest(self.folder, student, lesson) not in {"", digest}:
            return SUBMITTED, remarks
        return graded, remarks_of(self.folder, student, lesson) + remarks


class Files:
    """What the files of a class say of its submissions.

    Attributes:
        filed: (student, lesson) -> the file that counts, as the platform named it.
        unreadable: (student, lesson) -> the file that could not be read, if none that could came after it.
        without_lesson: student -> sentences on files that could not be read, and of which nobody knows the lesson.

    """

    def __init__(self, folder: str | Path):
        """Read the ledger of a class."""
        self.filed: dict[tuple[str, str], HandedIn] = {}
        self.unreadable: dict[tuple[str, str], HandedIn] = {}
        self.without_lesson: dict[str, list[str]] = {}
        for row in ledger(folder):
            if row.state == FILED:
                self.filed[row.student, row.lesson] = row
                self.unreadable.pop((row.student, row.lesson), None)
            elif row.state == UNREADABLE and row.student and row.lesson:
                self.unreadable[row.student, row.lesson] = row
            elif row.state == UNREADABLE and row.student:
                sentence = f"A file that names no lesson could not be read: {row.file} {row.why.rstrip('.')}."
                self.without_lesson.setdefault(row.student, []).append(sentence)


def write_marks(
    folder: str | Path,
    path: str | Path,
    wide: bool = False,
    wanted: list[str] | None = None,
    students: Iterable[str] | None = None,
) -> None:
    """Write the marks as CSV. A cell that a spreadsheet would compute, because it begins with `=` for instance, gets a `'`.

    Args:
        folder: the class.
        path: the file.
        wide: one row per student and one column per lesson, with the score, or the state where no score is final; otherwise
            one row for each student and lesson, with all columns.
        wanted: as in `marks`.
        students: as in `marks`.

    """
    rows, columns = marks(folder, wanted, students), list(COLUMNS)
    if wide:
        rows, columns = _wide(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: shown_as_text(value) for name, value in row.items()} for row in rows)
    write_text(path, text.getvalue())


def _wide(rows: list[dict]) -> tuple[list[dict], list[str]]:
    lessons = list(dict.fromkeys(row["lesson"] for row in rows))
    students: dict[str, dict] = {}
    for row in rows:
        one = students.setdefault(row["id"], {name: row[name] for name in COLUMNS[:4]} | {"total": 0})
        is_final = row["status"] in FINAL
        one[row["lesson"]] = row["score"] if is_final else row["status"]
        one["total"] += row["score"] if is_final else 0
    return list(students.values()), [*COLUMNS[:4], *lessons, "total"]
