"""`fer-course class`: a class from its first day to its marks, one module per part of the teacher's day."""

from __future__ import annotations

from fer_course.cli.classroom.collecting import add_collect
from fer_course.cli.classroom.grading import add_grade
from fer_course.cli.classroom.making import add_dates, add_init, add_release
from fer_course.cli.classroom.overview import add_overview
from fer_course.cli.classroom.results import add_results
from fer_course.cli.classroom.students import add_students


def add_class(commands) -> None:
    """Add the commands of `class`."""
    add_init(commands)
    add_students(commands)
    add_release(commands)
    add_dates(commands)
    add_collect(commands)
    add_grade(commands)
    add_results(commands)
    add_overview(commands)
