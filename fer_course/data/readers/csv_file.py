"""`fer2013.csv` (`emotion,pixels,Usage`) and `icml_face_data.csv` (`emotion, Usage, pixels`, with those spaces).

Columns may stand in any order, with or without spaces or quotes round their names; further columns are ignored.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

import numpy as np

from fer_course.data.members import READ_ERRORS, Members
from fer_course.data.readers.pixels import parse_quickly, parse_slowly
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE, SPLITS, Faces

TITLE = "table of comma-separated values (columns emotion, pixels and Usage)"
KNOWN_NAMES = ("fer2013.csv", "icml_face_data.csv")
COLUMNS = ("emotion", "pixels", "usage")
LABELS = {str(label).encode(): label for label in range(len(CLASS_NAMES))}
USAGES = {split.encode(): number for number, split in enumerate(SPLITS)}
#: A row of FER2013 has at most 9,300 bytes. A longer line means that these are not rows.
LONGEST_LINE = 2**20
#: Ten times FER2013's rows, and blank lines between them.
MOST_LINES = 800_000
#: Small enough for a block and its temporaries to stay in the processor's cache, large enough for NumPy to be worth it.
BLOCK = 2**18
# NumPy lets other threads run while it computes; a third thread only waits for its turn to split lines.
WORKERS = min(2, os.cpu_count() or 1)


class Block(NamedTuple):
    """Some whole lines of a file, and the number of the first one."""

    line: int
    text: bytes


class Rows(NamedTuple):
    """Parsed rows: uint8 images (n, 2304), labels (n,), and positions in `SPLITS` (n,)."""

    images: np.ndarray
    labels: np.ndarray
    splits: np.ndarray


@dataclass(frozen=True)
class Table:
    """Where to find what in a row: `place` names the file for messages, the rest are column numbers, None if not read."""

    place: str
    columns: int
    emotion: int | None
    pixels: int
    usage: int | None

    def error(self, line: int, what: str, do: str = "Get a fresh copy, or correct this row.") -> DataError:
        """Return the error that names the file and the line."""
        return DataError(f"{self.place}, line {line:,}: {what}. {do}")


def members(members: Members) -> list[str]:
    """Return the one table to read: a single file, else one of the known names, else the first with our columns."""
    named = tables(members)
    if members.alone:
        return named or [name for name in members.names if not PurePosixPath(name).suffix]
    for known in KNOWN_NAMES:
        if of_this_name := [name for name in named if PurePosixPath(name).name.lower() == known]:
            return of_this_name[:1]
    return [name for name, columns in headers(members, named).items() if set(COLUMNS) <= set(columns)][:1]


def tables(members: Members) -> list[str]:
    """Return the files that are tables by their names."""
    return [name for name in members.names if name.lower().endswith((".csv", ".txt"))]


def headers(members: Members, names: list[str]) -> dict[str, list[str]]:
    """Return the column names of tables, in lower case; those that can't be read are left out."""
    found = {}
    try:
        for name, file in members.each(names):
            found[name] = _column_names(file.readline(LONGEST_LINE))
    except (*READ_ERRORS, DataError):
        pass  # nobody named these tables: a damaged one is not what is looked for
    return {name: found[name] for name in names if name in found}


def read(members: Members, names: list[str]) -> Faces:
    """Read one table.

    Raises:
        DataError: naming the file and the line, for everything that is not as in FER2013.

    """
    name = names[0]
    rows = read_rows(members, name)
    source = members.title if members.alone else f"{PurePosixPath(name).name} in {members.title}"
    return Faces(rows.images, rows.labels, np.array(SPLITS)[rows.splits], source)


def read_rows(members: Members, name: str, columns: tuple[str, ...] = COLUMNS) -> Rows:
    """Read the rows of one table, with images of uint8 (N, 48, 48).

    Args:
        members: where it lies.
        name: which one it is.
        columns: those of `COLUMNS` that it must have; without `emotion` all labels are 0, without `usage` all splits.

    Raises:
        DataError: as `read`.

    """
    with members.open(name) as file:
        table = _table(members.where(name), file.readline(LONGEST_LINE), columns)
        parts = list(_parse_in_threads(table, _blocks(table, file)))
    labels = np.concatenate([part.labels for part in parts]) if parts else np.empty(0)
    if not len(labels):
        raise DataError(f"{table.place} has a header but no rows: expected a face in each. Download it again.")
    images = np.concatenate([part.images for part in parts])
    splits = np.concatenate([part.splits for part in parts])
    return Rows(images.reshape(-1, SIZE, SIZE), labels, splits)


def _column_names(header: bytes) -> list[str]:
    cells = header.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n").split(b",")
    return [_unquoted(cell).decode("utf-8", "replace").lower() for cell in cells]


def _table(place: str, header: bytes, wanted: tuple[str, ...]) -> Table:
    """Read the header line, or raise the error that says how it should look."""
    names = _column_names(header)
    if "emotion" in wanted and "emotion" not in names and "pixels" in names:
        raise DataError(
            f"{place} has pixels but no column emotion: it is the contest's test set, without labels. "
            "Use fer2013.csv or icml_face_data.csv; for predictions only, `fer-course predict RUN --data` this file."
        )
    if any(names.count(column) != 1 for column in wanted):
        # repr, and not too much of it: this may be a line of anything.
        found = repr(header[:80].decode("utf-8-sig", "replace").strip())
        raise DataError(
            f"{place}, line 1: expected the columns emotion, pixels and Usage, found {found}. "
            "Use the file fer2013.csv or icml_face_data.csv."
        )
    return Table(place, len(names), *(names.index(column) if column in wanted else None for column in COLUMNS))


def _blocks(table: Table, file: BinaryIO) -> Iterator[Block]:
    """Cut the rest of a file into blocks of whole lines."""
    line, rest = 2, b""
    while text := file.read(BLOCK):
        whole, newline, text = text.rpartition(b"\n")
        if newline:
            block = Block(line, rest + whole)
            yield block
            line += block.text.count(b"\n") + 1
            rest = text
            if line - 1 > MOST_LINES:
                raise table.error(
                    MOST_LINES,
                    f"expected the end at last (FER2013 has 35,887 rows), found more than {MOST_LINES:,} lines",
                )
        else:
            rest += text
        if len(rest) > LONGEST_LINE:
            raise table.error(
                line, f"expected a row of less than {LONGEST_LINE:,} bytes, found more without a line end"
            )
    if rest:
        yield Block(line, rest)


def _parse_in_threads(table: Table, blocks: Iterable[Block]) -> Iterator[Rows]:
    """Parse blocks side by side, in order, with few of them in memory at any time."""
    waiting = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for block in blocks:
            waiting.append(pool.submit(_parse, table, block))
            if len(waiting) > 3 * WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _parse(table: Table, block: Block) -> Rows:
    """Parse the lines of a block; blank ones are skipped."""
    lines = [line.removesuffix(b"\r") for line in block.text.split(b"\n")]
    rows = [(number, line.split(b",")) for number, line in enumerate(lines, block.line) if line.strip(b" ")]
    cells = [_cells(table, number, row) for number, row in rows]
    fields, labels, splits = zip(*cells, strict=True) if cells else ((), (), ())
    images = parse_quickly(fields)
    if images is None:
        numbers = [number for number, _ in rows]
        images = np.stack([_pixels(table, number, field) for number, field in zip(numbers, fields, strict=True)])
    return Rows(images, np.array(labels, dtype=np.int64), np.array(splits, dtype=np.int64))


def _cells(table: Table, number: int, row: list[bytes]) -> tuple[bytes, int, int]:
    """Return the pixels as text, the label, and the number of the split of one row."""
    if len(row) != table.columns:
        raise table.error(
            number,
            f"expected {table.columns} columns, found {len(row)}",
            "The file is cut off here, or has a comma too many. Get a fresh copy.",
        )
    emotion = b"0" if table.emotion is None else _unquoted(row[table.emotion])
    usage = b"Training" if table.usage is None else _unquoted(row[table.usage])
    label, split = LABELS.get(emotion), USAGES.get(usage)
    if label is None:
        classes = ", ".join(f"{label} {name}" for label, name in enumerate(CLASS_NAMES))
        raise table.error(number, f"expected an emotion from 0 to 6 ({classes}), found {_shown(emotion)}")
    if split is None:
        raise table.error(number, f"expected Training, PublicTest or PrivateTest as Usage, found {_shown(usage)}")
    return _unquoted(row[table.pixels]), label, split


def _pixels(table: Table, number: int, field: bytes) -> np.ndarray:
    try:
        return parse_slowly(field)
    except ValueError as error:
        raise table.error(number, str(error)) from None


def _unquoted(cell: bytes) -> bytes:
    quoted = len(cell) >= 2 and cell[:1] == cell[-1:] == b'"'
    return (cell[1:-1] if quoted else cell).strip(b" ")


def _shown(cell: bytes) -> str:
    text = cell.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= 20 else text[:20] + "…")
