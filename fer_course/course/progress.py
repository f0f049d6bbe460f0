"""How far a learner has come: which checks passed, read from the outputs in the learner's own notebooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_course.course.cells import exercise_name, is_check
from fer_course.course.lessons import lesson_number, notebooks
from fer_course.errors import LessonError

PASSED, TRIED, OPEN = "passed", "tried", "open"
SIGNS = {PASSED: "✔", TRIED: "✘", OPEN: "·"}


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    Attributes:
        name: its name in the notebook, such as `parse-row`.
        state: `passed`; `tried` (the check ended in a hint or another error); `open` (not executed, or not attempted).

    """

    name: str
    state: str


def progress(folder: str | Path = "my-lessons") -> dict[str, list[Exercise]]:
    """Return the exercises of each lesson in a learner's folder, in the order of the course.

    Only the outputs in the saved notebook count: nothing is executed.

    Args:
        folder: where the learner's notebooks are.

    Raises:
        LessonError: if there is no such folder, no notebook in it, or one that can't be read.

    """
    if not Path(folder).is_dir():
        raise LessonError(
            f"There is no folder {folder}. Make your own copies of the lessons: fer-course start {folder}"
        )
    return {path.stem: _exercises(path) for path in notebooks(folder)}


def _exercises(path: Path) -> list[Exercise]:
    try:
        return list(_read_checks(json.loads(path.read_text(encoding="utf-8"))["cells"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LessonError(
            f"{path} can't be read as a notebook ({type(error).__name__}). Open and save it in JupyterLab, or move it elsewhere."
        ) from None


def _read_checks(cells: list[dict]) -> Iterator[Exercise]:
    for cell in cells:
        if is_check(cell):
            yield Exercise(exercise_name(cell), _state(cell.get("outputs", [])))


def _state(outputs: list[dict]) -> str:
    errors = [output.get("ename") for output in outputs if output.get("output_type") == "error"]
    if errors:
        return OPEN if errors[-1] == "NotAttempted" else TRIED
    return PASSED if any("✔" in _text(output) for output in outputs) else OPEN


def _text(output: dict) -> str:
    """Return what an output says: a printed stream, or the plain text of a card."""
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))


def progress_table(lessons: dict[str, list[Exercise]]) -> str:
    """Return what `fer-course progress` prints: one line per lesson, the sum, and what to do next."""
    width = max(map(len, lessons), default=0)
    lines = []
    for name, exercises in lessons.items():
        signs = " ".join(SIGNS[exercise.state] for exercise in exercises)
        found = f"{_passed(exercises)} of {len(exercises)}  {signs}" if exercises else "no exercises found"
        lines.append(f"{name:<{width}}  {found}")
    everything = [exercise for exercises in lessons.values() for exercise in exercises]
    lines += ["", f"{_passed(everything)} of {len(everything)} exercises passed  ({SIGNS[PASSED]} passed  "
              f"{SIGNS[TRIED]} tried  {SIGNS[OPEN]} open)"]  # fmt: skip
    upcoming = next(
        ((name, each.name) for name, exercises in lessons.items() for each in exercises if each.state != PASSED), None
    )
    lines.append(f"Next: {upcoming[1]} in lesson {lesson_number(upcoming[0])}." if upcoming else _last_line(lessons))
    return "\n".join(lines)


def _last_line(lessons: dict[str, list[Exercise]]) -> str:
    """Return what is said when no exercise is open."""
    empty = [name for name, exercises in lessons.items() if not exercises]
    if not empty:
        return "All done."
    advice = "An editor may have removed the marks of their checks; `fer-course start` makes fresh copies."
    if len(empty) == len(lessons):
        return f"No exercises found. {advice}"
    return f"All exercises that were found are done; none were found in {', '.join(empty)}. {advice}"


def _passed(exercises: list[Exercise]) -> int:
    return sum(exercise.state == PASSED for exercise in exercises)
