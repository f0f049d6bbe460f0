"""Notice answers that call this package instead of solving the exercise: for the teacher to look at, never for points."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from fer_course.classroom import slicing
from fer_course.course.cells import is_solution

#: Names and attributes with which code gets at other code, or at what it was not given.
_TRICKS = {
    "exec", "eval", "compile", "__import__", "importlib", "import_module", "ctypes", "gc", "inspect", "settrace", "setprofile",
    "_getframe", "_current_frames", "f_back", "f_locals", "f_globals", "tb_frame", "gi_frame", "cr_frame", "__globals__",
    "__code__", "__closure__", "__builtins__", "__subclasses__", "__main__", "addaudithook", "modules", "atexit", "pickle",
    "weakref", "__array_interface__", "__array_struct__", "cell_contents", "_signal", "_imp",
}  # fmt: skip


def notices(text: str, solved: str = "") -> list[str]:
    """Return one sentence for each part of this package that an answer uses, and each trick in a cell, and the teacher's don't.

    Args:
        text: a submitted notebook.
        solved: the teacher's notebook of the same lesson.

    Returns:
        What was noticed, e.g. `The answer convolve uses fer_course.layers.convolve.`, also where the answer uses it by way of
        another cell; `A cell uses __globals__.`; `A cell replaces numpy.allclose.`; [] if nothing. It is only an indication:
        copied code is not noticed, and cells that can't be parsed are left out.

    """
    usual, tricks = _teacher_uses(solved) if solved else (frozenset(), frozenset())
    found = sorted({(answer, used) for answer, used in _uses(text) if used not in usual})
    sentences = [f"The answer {answer} uses {used}." for answer, used in found]
    return sentences + [f"A cell {trick}." for trick in sorted(set(_tricks(text)) - tricks)]


@cache  # all submissions of a lesson are compared with the same notebook
def _teacher_uses(solved: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(used for _, used in _uses(solved)), frozenset(_tricks(solved))


def _code_cells(text: str) -> list:
    import nbformat

    return [cell for cell in nbformat.reads(text, as_version=4).cells if cell.get("cell_type") == "code"]


def _uses(text: str) -> Iterator[tuple[str, str]]:
    """Yield the id of each answer in a notebook, with each part of this package that it uses or imports, also in other cells."""
    names: dict[str, str] = {}
    cells = _code_cells(text)
    answers = {place: name for place, cell in enumerate(cells) if (name := _answer_id(cell))}
    known = slicing.statements(str(cell.get("source", "")) for cell in cells)
    for place, cell in enumerate(cells):
        try:
            tree = ast.parse(cell.source)
        # Text that is not Python, or nested too deeply; and malformed cells, which nbformat lets pass.
        except (*slicing.UNREADABLE, AttributeError, TypeError):
            continue
        names |= dict(_imported(tree))
        if place in answers:
            reached = slicing.needed(slicing.names_of(tree)[1], known, place)
            elsewhere = [each.node for each in reached if each.cell not in answers and not each.yours]
            for name in _ours([tree, *elsewhere], names):
                yield answers[place], name


def _answer_id(cell) -> str:
    """Return the id of the answer that a cell is for; "" if it is none."""
    try:
        return str(cell.metadata.nbgrader.grade_id) if is_solution(cell) else ""
    except (AttributeError, KeyError, TypeError):
        return ""


def _ours(trees: list, names: dict[str, str]) -> Iterator[str]:
    """Yield the parts of this package that code uses or imports; of `layers` and `layers.convolve` the longer one says more."""
    dotted = {_dotted_name(node, names) for tree in trees for node in ast.walk(tree)}
    dotted |= {name for tree in trees for _, name in _imported(tree)}
    ours = {name for name in dotted if name and name.split(".")[0] == "fer_course"}
    for name in ours:
        if not any(other.startswith(f"{name}.") for other in ours):
            yield name


def _tricks(text: str) -> Iterator[str]:
    """Yield what cells do that gets at other code, or replaces it, in words."""
    names: dict[str, str] = {}
    for cell in _code_cells(text):
        for node in slicing.parsed(str(cell.get("source", ""))):
            names |= dict(_imported(node))
            for each in ast.walk(node):
                yield from _tricks_of(each, names)


def _tricks_of(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in _TRICKS:
        yield f"uses {names.get(node.id, node.id)}"
    elif isinstance(node, ast.Import | ast.ImportFrom):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        yield from (f"uses {module}" for module in modules if module.split(".")[0] in _TRICKS)
    elif isinstance(node, ast.Attribute):
        if node.attr in _TRICKS - {"compile", "modules"} or (
            node.attr == "modules" and _dotted_name(node.value, names) == "sys"
        ):
            yield f"uses {node.attr}"
        if isinstance(node.ctx, ast.Store) and (module := _module(node.value, names)):
            yield f"replaces {module}.{node.attr}"
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"getattr", "setattr"}
        and node.args
    ):
        module, name = _module(node.args[0], names), node.args[1] if len(node.args) > 1 else None
        if module and (node.func.id == "setattr" or not isinstance(name, ast.Constant)):
            what = str(name.value) if isinstance(name, ast.Constant) else "something"
            yield f"{'replaces' if node.func.id == 'setattr' else 'looks up'} {module}.{what}"


def _module(node: ast.AST, names: dict[str, str]) -> str:
    """Return the dotted name of a module or of what is in it; "" for an object of the learner's own."""
    return _dotted_name(node, names) or ""


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
