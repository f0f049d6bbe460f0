"""`fer-course class grade`."""

from __future__ import annotations

import sys
from pathlib import Path

from fer_course.cli.commands import LESSONS, add_command


def add_grade(commands) -> None:
    """Add `grade`."""
    grade = add_command(commands, "grade", _grade, "grade the submissions, each notebook in a sandbox")
    grade.add_argument("folder", type=Path, help="the class")
    grade.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
    grade.add_argument(
        "--student", action="append", dest="students", metavar="ID", help="only this student; can be repeated"
    )
    grade.add_argument("--group", metavar="NAME", help="only the students of this group")
    grade.add_argument("--workers", type=int, default=2, help="how many notebooks are executed at a time")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster, instead of local processes")
    grade.add_argument("--force", action="store_true", help="also grade what is graded already")
    grade.add_argument("--unsafe", action="store_true", help="without the sandbox, with all your rights")


def _grade(options) -> int:
    from fer_course._shared.executors import executor_at
    from fer_course.classroom.grading import grade
    from fer_course.classroom.students import in_group

    students = options.students or in_group(options.folder, options.group)
    with executor_at(options.scheduler, options.workers) as executor:
        graded = grade(options.folder, options.lessons, students, executor, unsafe=options.unsafe, force=options.force)
    print(f"Graded {len(graded.done)} submissions. Next: fer-course class marks {options.folder}")
    for (student, lesson), sentences in graded.remarks.items():
        for sentence in sentences:
            print(f"Look at {student}, {lesson}: {sentence}")
    for (student, lesson), reason in graded.failed.items():
        print(f"Could not grade {student}, {lesson}: {reason}", file=sys.stderr)
    return 1 if graded.failed else 0
