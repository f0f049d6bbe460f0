"""A CSV of somebody else's, in which a few cells are replaced: every other byte stays as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fer_course._shared.files import atomic
from fer_course.classroom.students import decode
from fer_course.errors import ClassError

#: What a file may begin with, and the encoding of the rest.
_ENCODINGS = (
    *((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")),
    *((b"", "utf-8"), (b"", "utf-16-le"), (b"", "cp1252")),
)


@dataclass
class RawCSV:
    """A CSV as it was read.

    Attributes:
        rows: the values of each row's cells.
        separator: the character between them.

    """

    path: Path
    rows: list[list[str]]
    separator: str
    _text: str
    _spans: list[list[tuple[int, int]]]
    _mark: bytes
    _encoding: str

    @classmethod
    def read(cls, path: str | Path) -> RawCSV:
        """Read a CSV; its encoding and separator are found out.

        Raises:
            ClassError: if it can't be read as CSV.

        """
        text, separator = decode(path)
        content = Path(path).read_bytes()
        for mark, encoding in _ENCODINGS:
            plain = text.removeprefix("\ufeff")
            if content.startswith(mark) and content == mark + plain.encode(encoding, errors="replace"):
                break
        else:
            raise ClassError(f"{path} has an encoding that can't be written as it was read. Save it as CSV (UTF-8).")
        spans = _spans(plain, separator)
        rows = _values(plain, separator, path)
        found = [[_value(plain[start:end]) for start, end in row] for row in spans]
        if found != rows:
            raise ClassError(
                f"{path} can't be read as CSV: quotes are not closed, or stand within a cell. Download it again."
            )
        return cls(Path(path), rows, separator, plain, spans, mark, encoding)

    def write(self, path: str | Path, cells: Mapping[tuple[int, int], str]) -> None:
        """Write the file with other values in some cells.

        Args:
            path: the new file.
            cells: (row, column), from 0 → the new value. It has quotes if the old one had, or if it needs them.

        """
        text, done = [], 0
        for (row, column), value in sorted(cells.items()):
            start, end = self._spans[row][column]
            text += [self._text[done:start], self._cell(value, self._text[start:end])]
            done = end
        changed = "".join([*text, self._text[done:]])
        expected = [list(row) for row in self.rows]
        for (row, column), value in cells.items():
            expected[row][column] = value
        if _values(changed, self.separator, path) != expected:
            raise ClassError(f"{self.path}: the marks could not be put in without changing other cells.")
        with atomic(path) as temporary:
            temporary.write_bytes(self._mark + changed.encode(self._encoding))

    def _cell(self, value: str, before: str) -> str:
        text = io.StringIO()
        quoting: Literal[0, 1] = csv.QUOTE_ALL if before.startswith('"') else csv.QUOTE_MINIMAL
        csv.writer(text, delimiter=self.separator, quoting=quoting, lineterminator="").writerow([value])
        return text.getvalue()


def _values(text: str, separator: str, path: str | Path) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise ClassError(f"{path} can't be read as CSV: {error}. Download it again.") from None


def _value(raw: str) -> str:
    return raw[1:-1].replace('""', '"') if raw.startswith('"') and raw.endswith('"') and len(raw) > 1 else raw


def _spans(text: str, separator: str) -> list[list[tuple[int, int]]]:
    """Return where each cell of each row begins and ends, with its quotes; a blank line is a row without cells."""
    rows: list[list[tuple[int, int]]] = []
    place = 0
    while place < len(text):
        row = []
        while True:
            end = _end(text, place, separator)
            row.append((place, end))
            place = end + 1
            if text[end : end + 1] != separator:
                break
        if text[end : end + 2] == "\r\n":
            place += 1
        rows.append([] if row == [(end, end)] else row)
    return rows


def _end(text: str, place: int, separator: str) -> int:
    """Return where the cell ends that begins at a place."""
    if text[place : place + 1] == '"':
        place += 1
        while place < len(text):
            if text[place] == '"' and text[place + 1 : place + 2] != '"':
                return place + 1
            place += 2 if text[place] == '"' else 1
        return place
    while place < len(text) and text[place] not in (separator, "\r", "\n"):
        place += 1
    return place
