"""What a cell of a lesson is: a check, or an answer that the learner writes. nbgrader's metadata decide.

Every function takes a cell as `json` or nbformat reads it. Nothing here imports nbformat, so that `fer-course progress` is quick.
"""

from __future__ import annotations


def is_check(cell: dict) -> bool:
    """Return whether a cell checks the learner's answer (nbgrader: graded, and not itself an answer)."""
    grading = grading_of(cell)
    return bool(grading.get("grade")) and not grading.get("solution")


def is_solution(cell: dict) -> bool:
    """Return whether a cell holds code that the learner has to write."""
    return cell["cell_type"] == "code" and bool(grading_of(cell).get("solution"))


def exercise_name(check: dict) -> str:
    """Return the name of the exercise that a check belongs to: the check `check-convolve` belongs to `convolve`."""
    return str(grading_of(check).get("grade_id", "?")).removeprefix("check-")


def grade_id(cell: dict) -> str:
    """Return the id by which nbgrader knows a cell; "" if it does not."""
    return str(grading_of(cell).get("grade_id") or "")


def grading_of(cell: dict) -> dict:
    """Return what nbgrader has written about a cell; {} if it has not, or somebody has put something else there."""
    metadata = cell.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return grading if isinstance(grading, dict) else {}
