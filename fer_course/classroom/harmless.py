"""Text from learners and platforms, for a terminal and for a spreadsheet: neither may take it for a command."""

from __future__ import annotations

from typing import Any

from fer_course.classroom.inert import printable

#: What a cell of a spreadsheet begins with that is computed instead of shown.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def shown_as_text(value: Any) -> Any:
    """Return a cell so that a spreadsheet shows it; a text that it would compute begins with `'` then."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_written(cell: str) -> str:
    """Return the text of a cell that `shown_as_text` wrote."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def one_line(text: str) -> str:
    """Return text in one line, without escape sequences of terminals and control characters."""
    return " ".join(printable(text).split("\n"))
