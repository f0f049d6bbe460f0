"""When lessons are due, and for whom later: times of the teacher's own zone, kept in nbgrader's gradebook in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fer_course.classroom.paths import STUDENTS, gradebook, lessons_of
from fer_course.classroom.students import read_students
from fer_course.errors import ClassError

_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


def zone(name: str | None) -> tzinfo | None:
    """Return a time zone by its name, such as Europe/Berlin; None for this machine's.

    Raises:
        ClassError: if there is no such zone.

    """
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ClassError(
            f"There is no time zone {name!r}. Names are such as Europe/Berlin, America/New_York or UTC."
        ) from None


def parse(text: str, timezone: tzinfo | None = None) -> datetime:
    """Return a date of the teacher's, such as `2026-12-01 23:59`, in UTC. A day alone means its last minute.

    Raises:
        ClassError: if it is no date.

    """
    for form in _FORMS:
        try:
            time = datetime.strptime(text.strip(), form)
        except ValueError:
            continue
        if form == "%Y-%m-%d":
            time = time.replace(hour=23, minute=59)
        return (time.replace(tzinfo=timezone) if timezone else time.astimezone()).astimezone(UTC)
    raise ClassError(f"{text!r} is not a date. Write it as 2026-12-01 23:59, or 2026-12-01 for the end of that day.")


def set_due(folder: str | Path, lesson: str, date: str, timezone: tzinfo | None = None) -> datetime | None:
    """Set when a lesson is due, before or after it was released; return it in UTC. `none` takes the date and all extensions back.

    Raises:
        ClassError: if there is no such class or lesson, or `date` is no date.

    """
    (name,) = lessons_of(folder, [lesson])
    time = None if date.strip().lower() == "none" else parse(date, timezone)
    with gradebook(folder) as book:
        assignment = book.update_or_create_assignment(name, duedate=time.replace(tzinfo=None) if time else None)
        if time is None:  # nbgrader can't grade an extension of no date
            for submission in assignment.submissions:
                submission.extension = None
            book.db.commit()
    return time


def due(folder: str | Path, timezone: tzinfo | None = None) -> dict[str, str]:
    """Return when each lesson is due, in a time zone (None: this machine's): lesson -> `2026-12-01 23:59`, or ""."""
    with gradebook(folder) as book:
        dates = {each.name: each.duedate for each in book.assignments}
    local = {name: date.replace(tzinfo=UTC).astimezone(timezone) for name, date in dates.items() if date}
    return {lesson: f"{local[lesson]:%Y-%m-%d %H:%M}" if lesson in local else "" for lesson in lessons_of(folder)}


def extend(folder: str | Path, student: str, hours: float, wanted: list[str] | None = None) -> list[str]:
    """Give a student more time than the due date; return the lessons. What is graded already needs no new grading.

    Args:
        folder: the class.
        student: the id.
        hours: how much more, counted from the due date, not added to an earlier extension; 0 takes it back.
        wanted: lessons, by number or name; None: all that have a due date.

    Raises:
        ClassError: if there is no such class, lesson or student, a lesson has no due date, or `hours` is negative.

    """
    if not 0 <= hours < 100_000:
        raise ClassError(f"hours is {hours:g}; a number from 0 was expected.")
    if all(row["id"] != student for row in read_students(Path(folder) / STUDENTS)):
        raise ClassError(f"There is no student {student!r} in {Path(folder) / STUDENTS}.")
    lessons = lessons_of(folder, wanted)
    with gradebook(folder) as book:
        book.update_or_create_student(student)
        dated = {each.name for each in book.assignments if each.duedate}
        undated = [lesson for lesson in lessons if lesson not in dated]
        if undated and (wanted or not dated):
            raise ClassError(
                f"{undated[0]} has no due date, so there is nothing to extend. Set it first: fer-course class due {folder} "
                f'{undated[0].split("-")[0]} "2026-12-01 23:59"'
            )
        lessons = [lesson for lesson in lessons if lesson in dated]
        for lesson in lessons:
            submission = book.update_or_create_submission(lesson, student)
            submission.extension = timedelta(hours=hours) if hours else None
            book.db.commit()
    return lessons
