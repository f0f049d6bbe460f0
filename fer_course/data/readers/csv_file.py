"""One table → rows: `fer2013.csv` (`emotion,pixels,Usage`), `icml_face_data.csv` (`emotion, Usage, pixels`), and their like.

Columns may be in any order, with other names, separators, quotes and encodings (see `table_form`); other columns are ignored.
Rows are cut at their separators, block by block; if quotes hold separators, the module csv reads the file again.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, NamedTuple

import numpy as np

from fer_course._shared.machine import processors
from fer_course.data.containers.archives import HEAD
from fer_course.data.containers.members import Members, refuse_what_is_no_data
from fer_course.data.readers.pixels import SPACED_BYTES, parse_quickly, parse_slowly
from fer_course.data.readers.table_form import SAMPLE, Form, form_of
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE

KNOWN_NAMES = ("fer2013.csv", "icml_face_data.csv")
#: A row of FER2013 has at most 9,300 bytes. A longer line means that these are not rows.
LONGEST_LINE = 2**20
#: Ten times FER2013's rows, with blank lines between them.
MOST_LINES = 800_000
#: Small enough for a block and its temporaries to stay in the processor's cache, large enough for NumPy to be worth it.
BLOCK = 2**18
# NumPy lets other threads run while it computes. A third thread would only wait for its turn to split lines.
WORKERS = min(2, processors())


class Block(NamedTuple):
    """Some whole lines of a file, the number of the first one, and whether the last of them is the last of the file."""

    line: int
    text: bytes
    last: bool = False


class Row(NamedTuple):
    """The cells of one row, and the number of its last line."""

    line: int
    cells: list[bytes]
    last: bool = False


class Rows(NamedTuple):
    """Parsed rows: uint8 images (n, 48, 48), class numbers (n,), and positions in `SPLITS` (n,); missing values are 0."""

    images: np.ndarray
    labels: np.ndarray
    splits: np.ndarray


class Quoted(Exception):
    """A row has quotes, so it can't simply be cut at its separators."""


class Table(NamedTuple):
    """A table: how messages name it, its form, and whether its rows must have a class."""

    path: str
    form: Form
    labelled: bool = True

    def error(self, line: int, what: str, do: str = "Get a fresh copy, or correct this row.") -> DataError:
        """Return the error that names the file and the line."""
        return DataError(f"{self.path}, line {line:,}: {what}. {do}")


def tables(members: Members) -> list[str]:
    """Return the files that are tables by their names; the name of a single file may lack an ending."""
    found = [name for name in members.names if name.lower().endswith((".csv", ".txt", ".tsv"))]
    return found or [name for name in members.names if members.single and not PurePosixPath(name).suffix]


def peek(file: IO[bytes]) -> Form:
    """Return the form of a table, judged by its first bytes."""
    return form_of(file.read(SAMPLE))


def read_rows(members: Members, name: str, labelled: bool = True) -> tuple[Rows, Form]:
    """Read the rows of one table, with images of uint8 (N, 48, 48).

    Args:
        members: the files that it belongs to.
        name: its name among them.
        labelled: True if it must have a column with the classes.

    Raises:
        DataError: naming the file and the line, for everything that is not as in FER2013.

    """
    with members.open(name) as file:
        table = Table(members.where(name), peek(file), labelled)
    _check(table, PurePosixPath(name).name.lower(), members, name)
    parts = _parts(members, name, table)
    labels = np.concatenate([part.labels for part in parts]) if parts else np.empty(0)
    if not len(labels):
        raise DataError(f"{table.path} has a header but no rows; one row per face was expected. Download it again.")
    _refuse_eight_classes(table, labels)
    images = np.concatenate([part.images for part in parts])
    return Rows(images.reshape(-1, SIZE, SIZE), labels, np.concatenate([part.splits for part in parts])), table.form


def _refuse_eight_classes(table: Table, labels: np.ndarray) -> None:
    """Raise an error if classes are numbered from 0 to 7: FER2013 has seven."""
    if labels.min() == 0 and labels.max() == len(CLASS_NAMES):
        row = int(labels.argmax()) + 1
        raise DataError(
            f"{table.path}, row {row:,}: expected an emotion from 0 to 6 ({_listed()}), found '7'. "
            "Correct this row, or use a copy with FER2013's seven classes."
        )


def _listed() -> str:
    return ", ".join(f"{label} {name}" for label, name in enumerate(CLASS_NAMES))


def _check(table: Table, file_name: str, members: Members, name: str) -> None:
    """Raise the error that says what the columns of a table should be, if some are missing."""
    form = table.form
    only_pixels = (
        form.pixels is not None and set(form.names) - {"pixels", "usage", "", "id", "index"} == set() and form.names
    )
    if table.labelled and form.emotion is None and only_pixels and not form.trouble:
        raise DataError(
            f"{table.path} has pixels but no column emotion: it is a test set without labels, like the contest's. "
            "Use fer2013.csv or icml_face_data.csv; for predictions only, `fer-course predict RUN --data` this file."
        )
    missing = form.pixels is None or (table.labelled and form.emotion is None)
    # A fer2013.csv without the column Usage is damaged: models would be trained on its tests.
    if not form.trouble and not missing and not (table.labelled and form.usage is None and file_name in KNOWN_NAMES):
        return
    expected = f"{table.path}, line 1: expected the columns emotion, pixels and Usage, "
    if form.trouble:
        raise DataError(expected + form.trouble)
    with members.open(name) as file:
        refuse_what_is_no_data(file.read(HEAD), table.path)
    with members.open(name) as file:
        # Only a part, shown with repr: this line may be anything.
        start = file.readline(LONGEST_LINE)[:160].removeprefix(b"\xef\xbb\xbf")
    found = start.decode(form.encoding.removesuffix("-sig"), "replace")[:80].strip(" \r\n\ufeff")
    do = "Use the file fer2013.csv or icml_face_data.csv." if missing else (
        "Without Usage, nothing says which faces are the tests. Get a copy with it."
    )  # fmt: skip
    raise DataError(f"{expected}found {found!r}. {do}")


def _parts(members: Members, name: str, table: Table) -> list[Rows]:
    """Read all rows: cut them at the separators or, if they have quotes, let the module csv read them."""
    try:
        with _after_header(members, name, table) as file:
            return list(_parse_in_threads(table, _blocks(table, file)))
    except Quoted:
        with _after_header(members, name, table) as file:
            return [_parse(table, rows) for rows in _quoted(table, _blocks(table, file))]


@contextmanager
def _after_header(members: Members, name: str, table: Table) -> Iterator[IO[bytes]]:
    """Open a table as UTF-8, positioned at its first row."""
    encoding = table.form.encoding
    try:
        with members.open(name) as raw:
            plain = encoding.startswith("utf-8") and table.form.end == "\n"
            file = raw if plain else io.BufferedReader(_Recoded(raw, encoding, table.form.end), BLOCK)
            file.read(3 if encoding == "utf-8-sig" and plain else 0)
            for _ in range(table.form.header):
                file.readline(LONGEST_LINE)
            yield file
    except UnicodeError as error:
        raise DataError(f"{table.path} can't be read as {encoding.upper()} text ({error}). Save it as UTF-8.") from None


# --- lines and cells ------------------------------------------------------------------------------------------------


class _Recoded(io.RawIOBase):
    """Converts a text in another encoding, or with other line ends, to UTF-8 with line feeds."""

    def __init__(self, file: IO[bytes], encoding: str, end: str):
        self.end = end
        self.file, self.decoder, self.rest = file, codecs.getincrementaldecoder(encoding)(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        raw = b" "
        while raw and not self.rest:
            raw = self.file.read(2**15)
            self.rest = self.decoder.decode(raw, not raw).replace(self.end, "\n").encode()
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


def _blocks(table: Table, file: IO[bytes]) -> Iterator[Block]:
    """Cut the rest of a file into blocks of whole lines."""
    line, rest = table.form.header + 1, b""
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
                    f"expected the end (FER2013 has 35,887 rows), found more than {MOST_LINES:,} lines",
                )
        else:
            rest += text
        if len(rest) > LONGEST_LINE:
            raise table.error(
                line, f"expected a row of fewer than {LONGEST_LINE:,} bytes, found more without a line end"
            )
    if rest:
        yield Block(line, rest, True)


def _cut(table: Table, block: Block) -> list[Row]:
    """Cut the lines of a block at the separators; skip blank lines.

    Raises:
        Quoted: if a row has quotes and another number of columns.

    """
    separator = table.form.separator.encode()
    # Files that were converted for Windows twice have two of these at each line end.
    lines = [line.rstrip(b"\r") for line in block.text.split(b"\n")]
    rows = [Row(number, line.split(separator)) for number, line in enumerate(lines, block.line) if line.strip(b" ")]
    if block.last and rows:
        rows[-1] = rows[-1]._replace(last=True)
    for row in rows:
        if len(row.cells) != table.form.columns and any(b'"' in cell for cell in row.cells):
            raise Quoted
    return rows


def _quoted(table: Table, blocks: Iterable[Block]) -> Iterator[list[Row]]:
    """Read rows with the module csv, 100 at a time: their quotes may hold separators, line ends and quotes."""
    lines = (f"{line}\n" for block in blocks for line in block.text.decode("utf-8", "surrogateescape").split("\n"))
    table_rows = csv.reader(lines, delimiter=table.form.separator, strict=True)
    rows: list[Row] = []
    try:
        for cells in table_rows:
            if len(cells) > 1 or "".join(cells).strip():
                line = table.form.header + table_rows.line_num
                rows.append(Row(line, [cell.encode("utf-8", "surrogateescape") for cell in cells]))
            if len(rows) == 100:
                yield rows
                rows = []
    except csv.Error as error:
        line = table.form.header + table_rows.line_num
        raise table.error(
            line, f"its quotes make no sense ({error})", "Look for a quote that opens and does not close."
        ) from None
    yield rows


def _parse_in_threads(table: Table, blocks: Iterable[Block]) -> Iterator[Rows]:
    """Parse blocks in parallel, in order, with few of them in memory at any time."""
    waiting: deque[Future[Rows]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for block in blocks:
            waiting.append(pool.submit(_parse_block, table, block))
            if len(waiting) > 3 * WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _parse_block(table: Table, block: Block) -> Rows:
    return _parse(table, _cut(table, block))


def _parse(table: Table, rows: list[Row]) -> Rows:
    """Parse the cells of some rows."""
    cells = [_cells(table, row) for row in rows]
    fields, labels, splits = zip(*cells, strict=True) if cells else ((), (), ())
    images = parse_quickly(fields)
    if images is None:
        images = np.stack([_pixels(table, row.line, field) for row, field in zip(rows, fields, strict=True)])
    return Rows(images, np.array(labels, dtype=np.int64), np.array(splits, dtype=np.int64))


def _cells(table: Table, row: Row) -> tuple[bytes, int, int]:
    """Return the pixels of a row as text, the number of its class, and the number of its split."""
    form = table.form
    if len(row.cells) != form.columns:
        fewer = len(row.cells) < form.columns
        raise table.error(
            row.line,
            f"expected {form.columns} columns, found {len(row.cells)}",
            "The file is cut off here: get a fresh copy." if fewer and row.last else
            "It lacks a cell: correct this row." if fewer else "It has one separator too many: correct this row.",
        )  # fmt: skip
    label = _class(table, row) if table.labelled else 0
    usage = b"" if form.usage is None else _unquoted(row.cells[form.usage])
    split = 0 if form.usage is None else form.splits.get(usage)
    if split is None:
        raise table.error(row.line, f"expected Training, PublicTest or PrivateTest as Usage, found {_shown(usage)}")
    return _field(form, row.cells), label, split


def _class(table: Table, row: Row) -> int:
    """Return the number of the class of one row."""
    form = table.form
    if isinstance(form.emotion, slice):
        cells = [_unquoted(cell).removesuffix(b".0") for cell in row.cells[form.emotion]]
        cell = str(cells.index(b"1")).encode() if sorted(cells) == [b"0"] * 6 + [b"1"] else b" ".join(cells)
    else:
        cell = b"" if form.emotion is None else _unquoted(row.cells[form.emotion])
    label = form.labels.get(cell.removeprefix(codecs.BOM_UTF8))
    if label is None:
        if any(_unquoted(each).lower() in (b"pixels", b"usage") for each in row.cells):
            do = "Two tables were joined here: remove this line."
            raise table.error(row.line, "expected a face, found a second header", do)
        names = f"the name of a class ({', '.join(CLASS_NAMES)})"
        expected = names if form.named else f"an emotion from 0 to 6 ({_listed()})"
        if form.named or cell.replace(b".", b"").lstrip(b"-").isdigit() or not cell:
            raise table.error(row.line, f"expected {expected}, found {_shown(cell)}")
        do = f"If it is a class, write its English name: {', '.join(CLASS_NAMES)}."
        raise table.error(row.line, f"expected {expected}, found {_shown(cell)}", do)
    return label


def _field(form: Form, cells: list[bytes]) -> bytes:
    """Return the pixels of a row as numbers with spaces between them."""
    if isinstance(form.pixels, slice):
        return b" ".join(cells[form.pixels]).replace(b'"', b"")
    field = b"" if form.pixels is None else _unquoted(cells[form.pixels])
    if not form.listed:
        return field
    # As NumPy prints an array: array([70, 80], dtype=uint8)
    return field.removeprefix(b"array(").split(b"dtype")[0].translate(SPACED_BYTES)


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
