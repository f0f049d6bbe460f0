"""Text from learners and platforms, for a terminal and for a spreadsheet: neither may take it for a command."""

from __future__ import annotations

import re
from typing import Any

from fer_course.classroom.inert import printable

#: Where a cell of a spreadsheet begins, before what is computed instead of shown. One that separates cells by `;` or tabs begins
#: a cell within a text. `'` marks it, and once more what is marked already, so that one can be taken away.
_BEGINNING, _FORMULA = r"((?:\A|[;\t\r\n]) *'*)", "(?=[=+\\-@＝＋－＠])"
_OPEN, _MARKED = re.compile(_BEGINNING + _FORMULA), re.compile(f"{_BEGINNING}'{_FORMULA}")


def shown_as_text(value: Any) -> Any:
    """Return a cell so that a spreadsheet shows it; what it would compute in a text has a `'` before it then."""
    return _OPEN.sub(r"\1'", value) if isinstance(value, str) else value


def as_written(cell: str) -> str:
    """Return the text of a cell that `shown_as_text` wrote."""
    return _MARKED.sub(r"\1", cell)


def one_line(text: str) -> str:
    """Return text in one line, without escape sequences of terminals and control characters."""
    return " ".join(printable(text).split("\n"))
