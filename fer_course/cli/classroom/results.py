"""`fer-course class feedback` and `marks`."""

from __future__ import annotations

import sys
from pathlib import Path

from fer_course.cli.commands import LESSONS, add_command


def add_results(commands) -> None:
    """Add `feedback` and `marks`."""
    feedback = add_command(
        commands, "feedback", _feedback, "make one page per submission, and one zip of them per learning platform"
    )
    marks = add_command(commands, "marks", _marks, "write the marks as CSV, or into a learning platform's own file")
    for command in (feedback, marks):
        command.add_argument("folder", type=Path, help="the class")
        command.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
        command.add_argument("--group", metavar="NAME", help="only the students of this group")
    marks.add_argument("--out", type=Path, default=Path("marks.csv"))
    marks.add_argument("--wide", action="store_true", help="one row per student, and one column per lesson")
    marks.add_argument(
        "--fill", type=Path, metavar="CSV",
        help="fill the marks of one lesson into Moodle's grading worksheet or Canvas' gradebook, as it was downloaded",
    )  # fmt: skip
    marks.add_argument("--column", metavar="NAME", help="with --fill: the assignment's column in Canvas' gradebook")
    marks.add_argument(
        "--provisional", action="store_true", help="with --fill: also those whose written answer is not graded yet"
    )


def _feedback(options) -> None:
    from fer_course.classroom.feedback import feedback
    from fer_course.classroom.students import in_group

    made = feedback(options.folder, options.lessons, in_group(options.folder, options.group))
    print(f"Wrote {len(made.pages)} pages to {options.folder / 'feedback'}.")
    for path in made.zips:
        print(f"To upload: {path}")
    for student, lesson in made.waiting:
        print(f"No page yet, not graded: {student}, {lesson}", file=sys.stderr)


def _marks(options) -> None:
    from fer_course.classroom.marks import write_marks
    from fer_course.classroom.students import in_group
    from fer_course.errors import ClassError

    students = in_group(options.folder, options.group)
    if not options.fill:
        write_marks(options.folder, options.out, options.wide, options.lessons, students)
        print(f"Wrote {options.out}.")
        return
    if len(options.lessons) != 1:
        raise ClassError(
            f"--fill fills in the marks of one lesson; found {len(options.lessons)}. Name it: fer-course class marks "
            f"{options.folder} 03 --fill {options.fill} --out {options.out}"
        )
    from fer_course.classroom.platform_marks import fill

    _tell(
        options,
        fill(
            options.folder, options.lessons[0], options.fill, options.out,
            options.column, options.provisional, students,
        ),
    )  # fmt: skip


def _tell(options, filled) -> None:
    """Print what was filled in, and name everybody who has no mark in the file."""
    print(
        f"Wrote {len(filled.marks)} marks to {options.out}, column {filled.column}. Import it in {filled.platform.capitalize()}."
    )
    if filled.scaled:
        own, most = filled.scaled
        print(f"Scaled: the lesson has {own:g} points, {filled.platform.capitalize()} {most:g}.")
    for student, why in filled.blank.items():
        print(f"Left as it was: {student}: {why}", file=sys.stderr)
    for sentence in filled.rows:
        print(sentence, file=sys.stderr)
    for student in filled.absent:
        print(f"Without a row: {student}", file=sys.stderr)
