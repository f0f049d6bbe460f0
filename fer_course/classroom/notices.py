"""Notice where an answer was not written but taken from the package: for the teacher to look at, never for points."""

from __future__ import annotations

import ast

from fer_course.release import is_solution

#: What an answer may use of the package: what lessons show and hand out.
ALLOWED = {"fer_course.quiet", "fer_course.checks"}


def notices(text: str) -> list[str]:
    """Return a sentence for each answer of a notebook that imports from this package, or calls a function imported elsewhere.

    Args:
        text: a submitted notebook.

    Returns:
        What was noticed, e.g. `convolve uses fer_course.layers.convolve.`; [] if nothing was. It is a hint: whoever copies
        the code itself is not noticed, and a notebook that can't be parsed is not looked at.

    """
    import nbformat

    notebook = nbformat.reads(text, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names: dict[str, str] = {}
    found = []
    for cell in cells:
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue
        imported = _imported(tree)
        if is_solution(cell):
            used = _used(tree, names | imported) | {place for place in imported.values() if _watched(place)}
            name = cell.metadata.nbgrader.grade_id
            found += [f"The answer {name} uses {place}." for place in sorted(used)]
        names |= imported
    return found


def _imported(tree: ast.AST) -> dict[str, str]:
    """Return name -> what it stands for, of all imports in a piece of code."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _used(tree: ast.AST, names: dict[str, str]) -> set[str]:
    """Return what of this package a piece of code uses, by the names that imports gave it."""
    used = set()
    for node in ast.walk(tree):
        place = _place(node, names)
        if place and _watched(place):
            used.add(place)
    # Of `layers` and `layers.convolve` the longer one says more.
    return {place for place in used if not any(other.startswith(f"{place}.") for other in used)}


def _place(node: ast.AST, names: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and (base := _place(node.value, names)):
        return f"{base}.{node.attr}"
    return None


def _watched(place: str) -> bool:
    return place.split(".")[0] == "fer_course" and not any(
        place == each or place.startswith(f"{each}.") for each in ALLOWED
    )
