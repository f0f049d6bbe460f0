"""Notice where an answer was not written but taken from the package: for the teacher to look at, never for points."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from fer_course.course.cells import is_solution


def notices(text: str, solved: str = "") -> list[str]:
    """Return a sentence for each thing of this package that an answer uses, and that the teacher's own answers don't.

    Args:
        text: a submitted notebook.
        solved: the teacher's notebook of the same lesson.

    Returns:
        What was noticed, e.g. `The answer convolve uses fer_course.layers.convolve.`; [] if nothing was. It is a hint: whoever
        copies the code itself is not noticed, and a cell that can't be parsed is not looked at.

    """
    usual = _usual(solved) if solved else set()
    found = sorted({(name, place) for name, place in _taken(text) if place not in usual})
    return [f"The answer {name} uses {place}." for name, place in found]


@cache  # of a lesson there are as many submissions as learners
def _usual(solved: str) -> frozenset[str]:
    return frozenset(place for _, place in _taken(solved))


def _taken(text: str) -> Iterator[tuple[str, str]]:
    """Yield the id of each answer of a notebook with what it uses of this package, and imports itself."""
    import nbformat

    names: dict[str, str] = {}
    for cell in nbformat.reads(text, as_version=4).cells:
        if cell.get("cell_type") != "code":
            continue
        try:
            tree = ast.parse(cell.source)
            answer = cell.metadata.nbgrader.grade_id if is_solution(cell) else None
        # Code that is none, or too deep; and cells of other shapes, which nbformat lets pass.
        except (SyntaxError, ValueError, RecursionError, MemoryError, AttributeError, KeyError, TypeError):
            continue
        imported = dict(_imported(tree))
        names |= imported
        if answer is not None:
            places = {_place(node, names) for node in ast.walk(tree)} | set(imported.values())
            ours = {place for place in places if place and place.split(".")[0] == "fer_course"}
            # Of `layers` and `layers.convolve` the longer one says more.
            for place in ours:
                if not any(other.startswith(f"{place}.") for other in ours):
                    yield str(answer), place


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield name and what it stands for, of all imports in a piece of code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _place(node: ast.AST, names: dict[str, str]) -> str | None:
    """Return what a name or `name.attribute` stands for, by the names that imports gave it."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and (base := _place(node.value, names)):
        return f"{base}.{node.attr}"
    return None
