"""Which statements of a notebook an answer needs: those that bind a name it uses, those that bind a name these use, and so on.

Nothing here executes or imports what it reads.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

#: What can go wrong when text is read as Python.
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


class Yours(NamedTuple):
    """A statement `name = checks.yours(name, course)`: the learner's function if its check has passed, else the course's."""

    name: str
    course: ast.expr


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement at the top level of a cell.

    Attributes:
        cell: the cell's index.
        node: its syntax tree.
        binds: the names that it gives a value, also in parts: `table["a"] = 1` binds `table`; `*` stands for unknown ones.
        needs: the global names that it, or a function in it, reads.
        yours: set where it is a call of `checks.yours`.

    """

    cell: int
    node: ast.stmt
    binds: frozenset[str]
    needs: frozenset[str]
    yours: Yours | None = None


def statements(sources: Iterable[str]) -> list[Statement]:
    """Return the statements of cells, in order; each imported name is a statement. Cells that are no Python have none."""
    found: list[Statement] = []
    for index, source in enumerate(sources):
        for node in parsed(source):
            found += [_statement(index, part) for part in _parts(node)]
    modules = {name for each in found if isinstance(each.node, ast.Import | ast.ImportFrom) for name in each.binds}
    return [_without_changes_of(modules, each) for each in found]


def parsed(source: str) -> list[ast.stmt]:
    """Return the statements of a cell, without IPython's magics; [] if it is no Python all the same."""
    for text in (source, _without_magics(source)):
        try:
            return ast.parse(text).body
        except UNREADABLE:
            continue
    return []


def _without_magics(source: str) -> str:
    lines = source.split("\n")
    return "\n".join("" if line.lstrip().startswith(("%", "!", "?")) or line.endswith("?") else line for line in lines)


def _parts(node: ast.stmt) -> list[ast.stmt]:
    """Return an import as one statement for each of its names; other statements as they are."""
    if isinstance(node, ast.Import):
        return [ast.copy_location(ast.Import([alias]), node) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [ast.copy_location(ast.ImportFrom(node.module, [alias], node.level), node) for alias in node.names]
    return [node]


def _statement(index: int, node: ast.stmt) -> Statement:
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        return Statement(index, node, frozenset("*"), frozenset())
    binds, needs = names_of(node)
    yours = _yours(node)
    return Statement(index, node, binds | _changed(node), frozenset({yours.name}) if yours else needs, yours)


def names_of(node: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """Return the global names that code binds, and those that it or its functions read."""
    try:
        table = symtable.symtable(ast.unparse(node), "cell", "exec")
    except UNREADABLE:
        return frozenset(), frozenset()
    symbols = table.get_symbols()
    binds = {each.get_name() for each in symbols if each.is_assigned() or each.is_imported()}
    needs = {each.get_name() for each in symbols if each.is_referenced()}
    for child in table.get_children():
        needs |= _globals_of(child)
    return frozenset(binds), frozenset(needs)


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    found = {
        each.get_name()
        for each in table.get_symbols()
        if each.is_declared_global() or (each.is_global() and each.is_referenced())
    }
    return found.union(*map(_globals_of, table.get_children()))


def _changed(node: ast.stmt) -> frozenset[str]:
    """Return the names of the objects of which a statement sets an item or an attribute."""
    targets = {
        ast.Assign: lambda: node.targets,  # type: ignore[attr-defined]
        ast.AugAssign: lambda: [node.target],  # type: ignore[attr-defined]
        ast.AnnAssign: lambda: [node.target],  # type: ignore[attr-defined]
    }.get(type(node), list)()
    return frozenset(name for target in targets if (name := _root(target)))


def _root(target: ast.AST) -> str:
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def _without_changes_of(modules: set[str], each: Statement) -> Statement:
    """Return a statement without what it changes in something imported: an answer never needs that."""
    changed = _changed(each.node) & modules
    if not changed or names_of(each.node)[0] & changed:
        return each
    return Statement(each.cell, each.node, each.binds - changed, each.needs, each.yours)


def _yours(node: ast.stmt) -> Yours | None:
    match node:
        case ast.Assign(
            [ast.Name(target)],
            ast.Call(ast.Attribute(ast.Name("checks"), "yours"), [ast.Name(answer), course], []),
        ) if target == answer:
            return Yours(target, course)
    return None


def needed(wanted: Iterable[str], known: list[Statement], before: int) -> list[Statement]:
    """Return the statements in cells before one that these names need, in order."""
    places: set[int] = set()
    binds: dict[str, list[int]] = {}
    for place, each in enumerate(known):
        for name in each.binds if each.cell < before else ():
            binds.setdefault(name, []).append(place)
    todo, seen = set(wanted), set()
    while todo:
        name = todo.pop()
        seen.add(name)
        binding = binds.get(name, [])
        if not binding and not hasattr(builtins, name):
            binding = binds.get("*", [])
        places.update(binding)
        todo |= {need for place in binding for need in known[place].needs} - seen
    return [known[place] for place in sorted(places)]


def imported(nodes: Iterable[ast.AST]) -> list[str]:
    """Return the dotted names of the modules that code imports, also within functions, in order."""
    found: dict[str, None] = {}
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Import):
                found |= dict.fromkeys(alias.name for alias in each.names)
            elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
                found[each.module] = None
                found |= dict.fromkeys(f"{each.module}.{alias.name}" for alias in each.names)
    return list(found)
