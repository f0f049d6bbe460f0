"""Parquet files as on data set hubs: `train-00000-of-00001.parquet`, with pictures and labels.

The names of the columns tell which ones these are, or their content: encoded pictures (as bytes, or in a struct with `bytes`) or
2,304 pixels as a list or text; and whole numbers, or the names of classes. The file's own metadata (key `huggingface`, feature
ClassLabel) tell which class a number means; without them, see `fer_course.data.orders`. The split is in a column Usage, or in
the name of the file or of its folder. A split may have several files.

Needs pyarrow (extra `lab`), which is imported for the first such file.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np

from fer_course._shared.values import is_whole
from fer_course.data import orders
from fer_course.data.candidates import Candidate, Seen, left_out, refuse_too_many
from fer_course.data.containers.archives import COUNT_LIMIT, HEAD
from fer_course.data.containers.members import Members, refuse_what_is_no_data
from fer_course.data.readers import table_form
from fer_course.data.readers.names import (
    SPLIT_WORDS,
    are_names_of,
    class_of,
    root_of,
    split_of,
    split_of_cell,
    split_of_name,
)
from fer_course.data.readers.pictures import decode_all
from fer_course.data.readers.pixels import PIXELS, SPACED
from fer_course.errors import DataError, shown
from fer_course.faces import CLASS_NAMES, SIZE, SPLITS, Faces

TITLE = "parquet files (columns with pictures and labels)"
ENDING = ".parquet"
IMAGES = ("image", "img", "img_bytes", "image_bytes", "pixels", "picture", "photo", "bytes", *table_form.PIXEL_NAMES)
LABELS = ("label", "labels", *table_form.LABEL_NAMES)
#: Rows that are in memory at a time, decoded; and rows that are examined to find the columns.
BATCH, FIRST = 256, 32
#: The name of one file of a series.
SERIES = re.compile(r"(.+)-\d{5}-of-(\d{5})\.parquet", re.IGNORECASE)
#: How many files with no split in their names are examined.
LOOK_INTO = 10
#: The largest file, in bytes. A column of a row group is in memory as in the file: FER2013's has 70 MB.
LIMIT = 2**28


class Columns(NamedTuple):
    """The names of the columns with the pictures, the labels, and the splits; None if there is none."""

    image: str
    label: str
    usage: str | None


class Part(NamedTuple):
    """The content of one file: uint8 (n, 48, 48), labels or numbers (n,), splits (n,), and whether its classes have names."""

    images: np.ndarray
    labels: np.ndarray
    split: np.ndarray
    named: bool


def candidates(members: Members) -> list[Candidate]:
    """Return the data sets that are parquet files; among other files, those that give their split."""
    found = [name for name in members.names if name.lower().endswith(ENDING)]
    if not members.single:
        without_split = [name for name in found if not split_of(name)]
        usage = [name for name in without_split[:LOOK_INTO] if _recognises(members, name, _has_usage)]
        found = [name for name in found if name not in without_split or name in usage]
    roots: dict[str, list[str]] = {}
    for name in found:
        roots.setdefault(root_of(name), []).append(name)
    this = sys.modules[__name__]
    return [
        Candidate(this, members, root, names, TITLE, whole={split_of(name) for name in names} != {"Training"})
        for root, names in roots.items()
    ]


def is_layout(folder: Path) -> bool:
    """Return True if a folder, or the folders of splits in it, hold parquet files of faces; one of them is opened."""
    try:
        entries = list(folder.iterdir())
        files = [entry for entry in entries if entry.suffix.lower() == ENDING and entry.is_file()]
        named = [entry for entry in files if split_of_name(entry.name)]
        for entry in entries:
            named += sorted(entry.glob(f"*{ENDING}")) if split_of_name(entry.name) and entry.is_dir() else []
        for path in (named or files)[:1]:
            return _recognises(_single_file(path), path.name, _names_classes if named else _has_usage)
        return False
    except OSError:
        return False


def _single_file(path: Path) -> Members:
    return Members(str(path), path.name, [path.name], lambda _: path.open("rb"), single=True)


def _recognises(members: Members, name: str, tells: Callable[[Any, Columns], bool]) -> bool:
    """Return True if a file that nobody named shows that it holds faces."""
    try:
        with _file(members, name) as file:
            _check_limits(file.metadata, name)
            return tells(file, _columns(file, name))
    except DataError:
        return False


def _names_classes(file, columns: Columns) -> bool:
    """Return True if a file itself says that its labels are expressions: many other files look the same."""
    return _has_usage(file, columns) or _class_names(file.schema_arrow, columns.label, "") is not None


def _has_usage(file, columns: Columns) -> bool:
    return columns.usage is not None and columns.usage.strip().lower() in table_form.USAGE_NAMES


def read(candidate: Candidate) -> Faces:
    """Read all files: Training first, then the tests, both in the order of the files' names.

    Raises:
        DataError: naming the file and the row; or if pyarrow is missing.

    """
    members = candidate.members
    splits = {name: _split(members, name) for name in candidate.names}
    names = sorted(candidate.names, key=lambda name: (SPLITS.index(splits[name]) if splits[name] else 9, name))
    parts: list[Part] = []
    copies: list[str] = []
    seen = Seen()
    for name in names:
        part = _read_file(members, name, splits[name])
        if len(names) > 1 and (copy := seen.repeats(name, part.images, part.split)):
            copies.append(copy)
            continue
        parts.append(part)
        if len(parts) > 1:
            refuse_too_many(sum(len(part.labels) for part in parts), members.path)
    images, labels, split = (np.concatenate([part[index] for part in parts]) for index in range(3))
    where = members.where(names[0])
    if not len(split):
        raise DataError(f"{where} has columns but no rows; one row per face was expected. Get a fresh copy.")
    numbered = np.repeat([not part.named for part in parts], [len(part.labels) for part in parts])
    notes: tuple[str, ...] = ()
    if numbered.any():
        labels[numbered], notes = orders.settle(labels[numbered], split[numbered], False, where)
    return Faces(images, labels, split, members.title, notes=(*notes, *_missing(names), *left_out(copies)))


def _missing(names: list[str]) -> tuple[str, ...]:
    """Return the sentence that names missing files of a series, such as train-00000-of-00002.parquet; () if none."""
    series: dict[tuple[str, str], int] = {}
    for name in names:
        if found := SERIES.fullmatch(name):
            series[found[1], found[2]] = series.get((found[1], found[2]), 0) + 1
    gaps = [
        f"{int(count) - present} of the {int(count)} files {start}-…-of-{count}{ENDING}"
        for (start, count), present in series.items()
        if present < int(count)
    ]
    return (f"Missing: {'; '.join(gaps)}.",) if gaps else ()


def _split(members: Members, name: str) -> str | None:
    # The folder of a single file may tell: train/0000.parquet.
    if not members.single:
        return split_of(name)
    path = PurePath(members.path)
    return split_of_name(path.name) or SPLIT_WORDS.get(path.parent.name.lower())


def _read_file(members: Members, name: str, split: str | None) -> Part:
    """Read one file; `split` is the split in its name, or None."""
    where = members.where(name)
    labels: list[int] = []
    splits: list[str] = []
    with _file(members, name) as file:
        _check_limits(file.metadata, where)
        columns = _columns(file, where)
        if columns.usage is None and split is None:
            raise DataError(
                f"{where}: expected train, validation or test in the name of the file or its folder, "
                "as in train-00000-of-00001.parquet, or a column Usage. Rename it."
            )
        classes = _class_names(file.schema_arrow, columns.label, where)
        named = classes is not None or _are_names(file, columns)
        rows = _check_rows(file, columns, classes, where, labels, splits)
        if _are_files(file, columns):
            pictures = [image for _, image in decode_all(rows)]
        else:
            pictures = [_pixels(content, at_row) for _, at_row, content in rows]
    if min(labels, default=1) == 0 and max(labels, default=0) == len(CLASS_NAMES) and classes is None:
        raise _label_error(len(CLASS_NAMES), len(CLASS_NAMES), f"{where}, row {labels.index(len(CLASS_NAMES)) + 1:,}")
    split_of_rows = np.array(splits) if columns.usage else np.full(len(labels), split)
    images = np.array(pictures, np.uint8).reshape(-1, SIZE, SIZE)
    return Part(images, np.array(labels, np.int64), split_of_rows.astype(np.str_), named)


def _check_rows(
    file, columns: Columns, classes: list[int] | None, where: str, labels: list[int], splits: list[str]
) -> Iterator[tuple[int, str, Any]]:
    """Yield row number, its name for messages, and the picture of each row; add its label and split to the lists."""
    files = _are_files(file, columns)
    for row, (content, number, *usage) in enumerate(_rows(file, columns, where), 1):
        at_row = f"{where}, row {row:,}"
        content = content.get("bytes") if isinstance(content, dict) else content
        if files and not isinstance(content, bytes):
            raise DataError(
                f"{at_row}: expected the bytes of a picture in the column {columns.image}, found none. Get a fresh copy."
            )
        labels.append(_label(number, classes, at_row))
        if usage:
            splits.append(_usage(usage[0], at_row))
        yield row, at_row, content


def _usage(text: object, at_row: str) -> str:
    split = split_of_cell(str(text))
    if split is None:
        raise DataError(f"{at_row}: expected Training, PublicTest or PrivateTest as Usage, found {shown(text)}.")
    return split


def _label(number: object, classes: list[int] | None, at_row: str) -> int:
    """Return the label in FER2013's order or, if the names of the classes are not known, the number of the class."""
    if isinstance(number, str) and (label := class_of(number)) is not None:
        return label
    # Without names, the classes may be numbered from 1.
    count = len(CLASS_NAMES) + 1 if classes is None else len(classes)
    whole = _whole(number)
    if whole is None or not 0 <= whole < count:
        raise _label_error(number, len(CLASS_NAMES) if classes is None else count, at_row)
    return whole if classes is None else classes[whole]


def _label_error(number: object, count: int, at_row: str) -> DataError:
    return DataError(
        f"{at_row}: expected a label from 0 to {count - 1}, found {str(number)[:20]!r}. "
        "Get a fresh copy, or remove this row."
    )


def _pixels(content: object, at_row: str) -> np.ndarray:
    """Return the pixels of a row, which are a list, a list of lists, or a text, as uint8 (48, 48)."""
    values = content.translate(SPACED).split() if isinstance(content, str) else content
    try:
        numbers = np.array(values, np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise DataError(f"{at_row}: expected {PIXELS:,} pixels, found {shown(content)}. Give another file.") from None
    if len(numbers) != PIXELS or not ((numbers >= 0) & (numbers <= 255) & (numbers % 1 == 0)).all():
        least, most = (f"{edge:g}" for edge in (numbers.min(initial=0), numbers.max(initial=0)))
        raise DataError(
            f"{at_row}: expected {PIXELS:,} whole numbers from 0 to 255 as pixels, found {len(numbers):,} "
            f"from {least} to {most}. Give a file with the original pixels."
        )
    return numbers.astype(np.uint8).reshape(SIZE, SIZE)


# --- which columns --------------------------------------------------------------------------------------------------


def _columns(file, where: str) -> Columns:
    """Return the columns with pictures, labels and splits: by known names if the contents fit, otherwise by the contents.

    Raises:
        DataError: if there are none, or two fit and no known name decides.

    """
    first, names = _first_rows(file, where), file.schema_arrow.names
    several: list[str] = []

    def find(known: tuple[str, ...], fits: Callable[[object], bool], taken: tuple = ()) -> str | None:
        # A name that occurs twice does not count.
        free = [name for name in names if names.count(name) == 1 and name not in taken]
        called = [name for wanted in known for name in free if name.strip().lower() == wanted]
        fitting = [name for name in free if first and all(fits(row[name]) for row in first)]
        fitting = [
            name for name in fitting if not name.startswith("__index") and name.lower() not in table_form.INDEX_NAMES
        ]
        if len(fitting) > 1 and not called:
            several.extend(fitting[:2])
        sure = [name for name in called if name in fitting] or (fitting if len(fitting) == 1 else called)
        return next(iter(sure), None)

    usage = find(table_form.USAGE_NAMES, lambda value: isinstance(value, str) and split_of_cell(value) is not None)
    image = find(IMAGES, _is_picture, (usage,))
    label = find(LABELS, _is_label, (usage, image))
    if label is not None and _class_names(file.schema_arrow, label, where) is None:
        label = _names_beside(first, label, [name for name in names if name not in (usage, image)])
    if image is None or label is None:
        found = ", ".join(names[:6]) or "none"
        choice = f" (two fit: {several[0]} and {several[1]})" if several else ""
        raise DataError(
            f"{where}: expected the columns image and label, found {found[:80]}{choice}. Give another file."
        )
    return Columns(image, label, usage)


def _names_beside(first: list[dict[str, Any]], label: str, names: list[str]) -> str:
    """Return the column with the names of the classes in the column `label`; if there is none, `label`."""
    for name in names if first and not isinstance(first[0][label], str) else ():
        least = 1 if name.strip().lower() in LABELS else 2
        cells = [row.get(name) for row in first]
        if are_names_of([row[label] for row in first], cells, least):
            return name
    return label


def _first_rows(file, where: str) -> list[dict[str, Any]]:
    try:
        batch = next(file.iter_batches(FIRST, use_threads=False), None)
        if batch is None:
            return []
        names = [name for name in batch.schema.names if batch.schema.names.count(name) == 1]
        values = {name: batch.column(name).to_pylist() for name in names}
        return [{name: values[name][row] for name in names} for row in range(batch.num_rows)]
    except Exception as error:  # pyarrow raises errors of many kinds
        raise _damaged(where, error) from error


def _is_picture(value: object) -> bool:
    value = value.get("bytes") if isinstance(value, dict) else value
    if isinstance(value, str):
        return table_form.is_picture(value)
    if isinstance(value, list):
        return len(value) == PIXELS or (len(value) == SIZE and isinstance(value[0], list) and len(value[0]) == SIZE)
    return isinstance(value, bytes) and len(value) > 0


def _is_label(value: object) -> bool:
    if isinstance(value, str) and class_of(value) is not None:
        return True
    number = _whole(value)
    return number is not None and 0 <= number <= len(CLASS_NAMES)


def _whole(value: object) -> int | None:
    """Return a whole number that is written as 3, 3.0 or the text "3"; None for other values."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 4:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if is_whole(value) else None


def _are_files(file, columns: Columns) -> bool:
    """Return True if the column of pictures holds encoded pictures, not pixels."""
    from pyarrow import types

    kind = file.schema_arrow.field(columns.image).type
    text = types.is_string(kind) or types.is_large_string(kind)
    first = _first_rows(file, "")[:1]
    return not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)) and not (
        text and first and table_form.is_picture(first[0][columns.image] or "")
    )


def _are_names(file, columns: Columns) -> bool:
    cells = [row[columns.label] for row in _first_rows(file, "")[:1]]
    return any(isinstance(cell, str) and class_of(cell) is not None for cell in cells)


# --- what pyarrow says about a file ---------------------------------------------------------------------------------


@contextlib.contextmanager
def _file(members: Members, name: str) -> Iterator[Any]:
    """Open one file with pyarrow."""
    where = members.where(name)
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise DataError(
            f"{where} needs pyarrow to be read, which is not installed. Install it (`pip install pyarrow`, or the extra "
            "`lab` of this package), or use another copy of FER2013."
        ) from error
    with members.open_for_seeking(name) as file:
        try:
            refuse_what_is_no_data(file.read(HEAD), where)
            size = file.seek(0, io.SEEK_END)
            # No buffers: they would be as large as a page claims to be, which may be 2 GB.
            opened = ParquetFile(file, pre_buffer=False, buffer_size=0) if size <= LIMIT else None
        except DataError:
            raise
        # pyarrow raises errors of many kinds for damaged files.
        except Exception as error:
            raise _damaged(where, error) from error
        if opened is None:
            raise DataError(f"{where} has {size:,} bytes: that is not FER2013. Give the path of another file.")
        with opened:
            yield opened


def _damaged(where: str, error: Exception) -> DataError:
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if len(text) <= 120 else text[:120] + "…"
    return DataError(f"{where} can't be read as a parquet file ({text}). Get a fresh copy of it.")


def _check_limits(metadata, where: str) -> None:
    # Not by column: on altered files, pyarrow's RowGroupMetaData.column ends the whole process.
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if size > LIMIT or metadata.num_rows > COUNT_LIMIT:
        raise DataError(
            f"{where} holds {metadata.num_rows:,} rows and {size:,} bytes: that is not FER2013, which has 35,887 faces. "
            "Give the path of another file."
        )


def _class_names(schema, column: str, where: str) -> list[int] | None:
    """Return FER2013's label for each label of the file; None if the file does not name its classes."""
    try:
        names = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"][column]["names"]
        names = [names[str(number)] for number in range(len(names))] if isinstance(names, dict) else list(names)
    except (KeyError, TypeError, ValueError):
        return None
    if all(str(name).isdigit() for name in names):
        return None  # names that a hub made from folders with numbers
    classes = [label for name in names if (label := class_of(str(name))) is not None]
    if len(classes) < len(names) or len(set(classes)) < len(classes):
        raise DataError(
            f"{where}: expected labels called {', '.join(CLASS_NAMES)}, found {', '.join(map(str, names))[:120]}. "
            "This is not FER2013."
        )
    return classes


def _rows(file, columns: Columns, where: str) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of the columns, row by row, with one batch in memory at a time."""
    wanted = [name for name in columns if name]
    try:
        for batch in file.iter_batches(BATCH, columns=wanted, use_threads=False):
            yield from zip(*(batch.column(column).to_pylist() for column in wanted), strict=True)
    except Exception as error:  # as above
        raise _damaged(where, error) from error
