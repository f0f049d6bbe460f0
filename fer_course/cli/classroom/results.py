"""`fer-course class feedback` and `marks`."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import LESSONS, add_command


def add_results(commands) -> None:
    """Add `feedback` and `marks`."""
    feedback = add_command(commands, "feedback", _feedback, "make one page per graded submission")
    feedback.add_argument("folder", type=Path, help="the class")
    feedback.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
    marks = add_command(commands, "marks", _marks, "write the marks as CSV")
    marks.add_argument("folder", type=Path, help="the class")
    marks.add_argument("--out", type=Path, default=Path("marks.csv"))
    marks.add_argument("--wide", action="store_true", help="one column per lesson, as learning platforms import it")


def _feedback(options) -> None:
    from fer_course.classroom.marks import feedback

    print(f"Wrote {len(feedback(options.folder, options.lessons))} pages to {options.folder / 'feedback'}.")


def _marks(options) -> None:
    from fer_course.classroom.marks import write_marks

    write_marks(options.folder, options.out, options.wide)
    print(f"Wrote {options.out}.")
