"""Pages of the API reference: one per public module, filled by autodoc from the docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

#: The first page of the reference.
INDEX = "reference/index.md"


def pages(package: Path) -> dict[str, str]:
    """Return the pages of the reference: path in the book -> Markdown.

    A page holds the docstring of a module and what the module defines. The page of a room holds the docstring of the room,
    which is a map, and lists the pages of its modules. Nothing is imported here; Sphinx does that later.

    Args:
        package: the folder `fer_course`.

    """
    modules = {_dotted(path, package): path for path in sorted(package.rglob("*.py")) if _is_public(path, package)}
    made = {}
    for name, path in modules.items():
        children = [other for other in modules if other.rpartition(".")[0] == name]
        made[_file(name)] = _page(name, children, path.name == "__init__.py")
    return made


def _is_public(path: Path, package: Path) -> bool:
    """Return whether a module is part of the reference: it and its rooms have public names and it has a docstring."""
    parts = path.relative_to(package).with_suffix("").parts
    names = parts[:-1] if parts[-1] == "__init__" else parts
    return not any(name.startswith("_") for name in names) and bool(
        ast.get_docstring(ast.parse(path.read_text("utf-8")))
    )


def _dotted(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _file(name: str) -> str:
    return INDEX if name == "fer_course" else f"reference/{name.removeprefix('fer_course.')}.md"


def _page(name: str, children: list[str], is_room: bool) -> str:
    # What a room offers is documented where it is defined: autodoc would describe it twice.
    members = [] if is_room and children else ["   :members:", "   :show-inheritance:"]
    lines = [f"# {name}", "", "```{eval-rst}", f".. automodule:: {name}", *members, "```", ""]
    if children:
        pages = [Path(_file(child)).name for child in children]
        lines += ["```{toctree}", ":maxdepth: 1", "", *pages, "```", ""]
    return "\n".join(lines)
