"""`fer-course class`: assignments, grading and marks."""

from __future__ import annotations

import sys
from pathlib import Path

from fer_course.cli.commands import LESSONS, add_command


def add_class(commands) -> None:
    """Add the commands of `class`."""
    init = add_command(commands, "init", _class_init, "make an nbgrader course, with one assignment per lesson")
    init.add_argument("folder", type=Path, help="new or empty")
    init.add_argument(
        "--students", type=Path, metavar="CSV", help="columns id, last_name, first_name, email; only id is required"
    )
    init.add_argument("--db", metavar="URL", help="the gradebook's address, for SQLAlchemy; none: SQLite in the folder")
    release = add_command(commands, "release", _class_release, "make the learners' notebooks, in release/")
    collect = add_command(commands, "collect", _class_collect, "copy in what a learning platform exports")
    grade = add_command(commands, "grade", _class_grade, "grade the submissions, each notebook in a sandbox")
    feedback = add_command(commands, "feedback", _class_feedback, "make one page per graded submission")
    marks = add_command(commands, "marks", _class_marks, "write the marks as CSV")
    for command in (release, collect, grade, feedback, marks):
        command.add_argument("folder", type=Path, help="the class")
    for command in (release, grade, feedback):
        command.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
    collect.add_argument(
        "handed_in", type=Path, metavar="FROM", help="a folder or zip that holds one folder or zip per learner"
    )
    grade.add_argument(
        "--student", action="append", dest="students", metavar="ID", help="only this student; can be repeated"
    )
    grade.add_argument("--workers", type=int, default=2, help="how many notebooks are executed at a time")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster, instead of local processes")
    grade.add_argument("--force", action="store_true", help="also grade what is graded already")
    grade.add_argument("--unsafe", action="store_true", help="without the sandbox, with all your rights")
    marks.add_argument("--out", type=Path, default=Path("marks.csv"))
    marks.add_argument("--wide", action="store_true", help="one column per lesson, as learning platforms import it")


def _class_init(options) -> None:
    from fer_course.classroom import nbgrader_course

    made = nbgrader_course.init(options.folder, options.students, options.db)
    print(f"Made {len(made)} assignments in {options.folder}. Next: fer-course class release {options.folder}")


def _class_release(options) -> None:
    from fer_course.classroom import nbgrader_course, students

    students.enrol(options.folder)
    for path in nbgrader_course.release(options.folder, options.lessons):
        print(path)


def _class_collect(options) -> int:
    from fer_course.classroom.collecting import collect

    collected = collect(options.folder, options.handed_in)
    print(f"Collected {len(collected.notebooks)} notebooks.")
    for sentence in collected.refused:
        print(f"Left out: {sentence}", file=sys.stderr)
    return 1 if collected.refused else 0


def _class_grade(options) -> int:
    from fer_course._shared.executors import executor_at
    from fer_course.classroom.grading import grade

    with executor_at(options.scheduler, options.workers) as executor:
        graded = grade(
            options.folder, options.lessons, options.students, executor, unsafe=options.unsafe, force=options.force
        )
    print(f"Graded {len(graded.done)} submissions. Next: fer-course class marks {options.folder}")
    for (student, lesson), sentences in graded.remarks.items():
        for sentence in sentences:
            print(f"Look at {student}, {lesson}: {sentence}")
    for (student, lesson), reason in graded.failed.items():
        print(f"Could not grade {student}, {lesson}: {reason}", file=sys.stderr)
    return 1 if graded.failed else 0


def _class_feedback(options) -> None:
    from fer_course.classroom.marks import feedback

    print(f"Wrote {len(feedback(options.folder, options.lessons))} pages to {options.folder / 'feedback'}.")


def _class_marks(options) -> None:
    from fer_course.classroom.marks import write_marks

    write_marks(options.folder, options.out, options.wide)
    print(f"Wrote {options.out}.")
