"""`fer-course class init`, `release`, `due` and `extend`."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import LESSONS, add_command


def add_init(commands) -> None:
    """Add `init`."""
    init = add_command(commands, "init", _init, "make an nbgrader course, with one assignment per lesson")
    init.add_argument("folder", type=Path, help="new or empty")
    init.add_argument(
        "--students",
        type=Path,
        metavar="CSV",
        help="as Moodle, Canvas, Blackboard, Brightspace or a spreadsheet write it",
    )
    init.add_argument("--db", metavar="URL", help="the gradebook's address, for SQLAlchemy; none: SQLite in the folder")


def add_release(commands) -> None:
    """Add `release`."""
    release = add_command(commands, "release", _release, "make the learners' notebooks, in release/")
    release.add_argument("folder", type=Path, help="the class")
    release.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)


def add_dates(commands) -> None:
    """Add `due` and `extend`."""
    due = add_command(commands, "due", _due, "set when a lesson is due, or show when all are")
    due.add_argument("folder", type=Path, help="the class")
    due.add_argument("lesson", nargs="?", metavar="LESSON", help="07, 7 or 10-train-it")
    due.add_argument("date", nargs="?", metavar="DATE", help='"2026-12-01 23:59", or none for no due date')
    due.add_argument("--timezone", metavar="ZONE", help="e.g. Europe/Berlin; none: this machine's")
    extend = add_command(commands, "extend", _extend, "give a student more time")
    extend.add_argument("folder", type=Path, help="the class")
    extend.add_argument("student", metavar="ID")
    extend.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
    extend.add_argument(
        "--hours", type=float, required=True, metavar="H", help="more than the due date; 0 takes it back"
    )


def _init(options) -> None:
    from fer_course.classroom import nbgrader_course, students

    table = students.read_table(options.students) if options.students else None
    made = nbgrader_course.init(options.folder, options.students, options.db)
    if table:
        columns = ", ".join(f"{name} from {column!r}" for name, column in table.columns.items())
        print(f"Read {len(table.students)} students: {columns}.")
        for note in table.notes:
            print(note)
    print(f"Made {len(made)} assignments in {options.folder}. Next: fer-course class release {options.folder}")


def _release(options) -> None:
    from fer_course.classroom import nbgrader_course, students

    students.enrol(options.folder)
    for path in nbgrader_course.release(options.folder, options.lessons):
        print(path)


def _due(options) -> None:
    from fer_course.classroom import dates

    if options.lesson and options.date:
        dates.set_due(options.folder, options.lesson, options.date, dates.zone(options.timezone))
    for lesson, date in dates.due(options.folder, dates.zone(options.timezone)).items():
        print(f"{lesson:<28} {date or 'no due date'}")


def _extend(options) -> None:
    from fer_course.classroom import dates

    extended = dates.extend(options.folder, options.student, options.hours, options.lessons)
    print(f"{options.student}: {options.hours:g} hours more for {', '.join(extended)}.")
