"""What is known about a lesson before it is executed: its parameters, its profile, and the numbers that it reports."""

from __future__ import annotations

import ast
from pathlib import Path

from fer_course.errors import FerCourseError, LessonError

#: Parameters that a sweep itself sets, and where to set them instead.
RESERVED = {
    "seed": "Write the seeds under `seeds`",
    "data": "Write `data` beside the grid",
    "out": "Each trial has its own",
}


def notebook_of(lesson: str | int) -> Path:
    """Return the solved notebook of a lesson.

    Raises:
        LessonError: if there is none.

    """
    from fer_course.course import choose, notebooks

    return choose(notebooks(), [str(lesson)])[0]


def profile_of(notebook: Path, profile: str | None) -> dict:
    """Return the parameters of a profile; {} if the sweep names none.

    Raises:
        LessonError: if there is no such profile, or its parameters are not those of the notebook.

    """
    from fer_course.course.parameters import check_parameters, read_profile

    if profile is None:
        return {}
    settings = read_profile(profile)
    check_parameters(notebook, settings, f"profile {profile}")
    return settings


def check_grid(notebook: Path, grid: dict[str, list]) -> list[FerCourseError]:
    """Return what is wrong with values for a notebook's parameters; a problem that several values share occurs once."""
    from fer_course.course.parameters import check_parameters

    troubles: dict[str, FerCourseError] = {}
    for name, values in grid.items():
        if name in RESERVED and values:
            troubles[name] = LessonError(f"grid: {name} can't be varied. {RESERVED[name]}.")
            continue
        for value in values:
            try:
                check_parameters(notebook, {name: value}, "the sweep")
                if name == "recipe":
                    _known_recipe(value)
            except FerCourseError as error:
                troubles[str(error)] = type(error)(f"grid: {error}")
    return list(troubles.values())


def _known_recipe(name: str) -> None:
    from fer_course.recipes import Recipe

    Recipe.load(name)


def sources_of(notebook: Path) -> list[str]:
    """Return the code of a notebook, cell by cell."""
    import nbformat

    return [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


#: What lessons call to report a result; the second name is that of the first edition.
RESULT_NAMES = ("result", "report")


def numbers_of(notebook: Path) -> set[str] | None:
    """Return the names of the numbers that a notebook reports (see `course.result`); None if the code does not show them."""
    found: set[str] = set()
    for source in sources_of(notebook):
        if not any(f"{name}(" in source for name in RESULT_NAMES):
            continue
        try:
            calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        except SyntaxError:  # a line such as %time, which only IPython understands
            return None
        for call in calls:
            if _called_name(call.func) in RESULT_NAMES:
                if any(keyword.arg is None for keyword in call.keywords):  # result(…, **numbers)
                    return None
                found |= {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    return found or None


def _called_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
