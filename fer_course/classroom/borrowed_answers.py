"""Notice answers that call this package instead of solving the exercise: for the teacher to look at, never for points."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from fer_course.course.cells import is_solution


def notices(text: str, solved: str = "") -> list[str]:
    """Return one sentence for each part of this package that an answer uses, and the teacher's own answers don't.

    Args:
        text: a submitted notebook.
        solved: the teacher's notebook of the same lesson.

    Returns:
        What was noticed, e.g. `The answer convolve uses fer_course.layers.convolve.`; [] if nothing. It is only an indication:
        copied code is not noticed, and cells that can't be parsed are left out.

    """
    usual = _teacher_uses(solved) if solved else frozenset()
    found = sorted({(answer, used) for answer, used in _uses(text) if used not in usual})
    return [f"The answer {answer} uses {used}." for answer, used in found]


@cache  # all submissions of a lesson are compared with the same notebook
def _teacher_uses(solved: str) -> frozenset[str]:
    return frozenset(used for _, used in _uses(solved))


def _uses(text: str) -> Iterator[tuple[str, str]]:
    """Yield the id of each answer in a notebook, with each part of this package that it uses or imports."""
    import nbformat

    names: dict[str, str] = {}
    for cell in nbformat.reads(text, as_version=4).cells:
        if cell.get("cell_type") != "code":
            continue
        try:
            tree = ast.parse(cell.source)
            answer = cell.metadata.nbgrader.grade_id if is_solution(cell) else None
        # Text that is not Python, or nested too deeply; and malformed cells, which nbformat lets pass.
        except (SyntaxError, ValueError, RecursionError, MemoryError, AttributeError, KeyError, TypeError):
            continue
        imported = dict(_imported(tree))
        names |= imported
        if answer is not None:
            dotted = {_dotted_name(node, names) for node in ast.walk(tree)} | set(imported.values())
            ours = {name for name in dotted if name and name.split(".")[0] == "fer_course"}
            # Of `layers` and `layers.convolve` the longer one says more.
            for name in ours:
                if not any(other.startswith(f"{name}.") for other in ours):
                    yield str(answer), name


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name that the code imports, with its dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted_name(node: ast.AST, names: dict[str, str]) -> str | None:
    """Return the dotted name of a name or `name.attribute`; `names` holds what was imported."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and (base := _dotted_name(node.value, names)):
        return f"{base}.{node.attr}"
    return None
