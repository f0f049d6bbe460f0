"""Parquet files as on data set hubs: `train-00000-of-00001.parquet`, with encoded pictures and labels.

The column `image` is a struct with the picture's file in `bytes` (or that file itself); the column `label` holds whole
numbers. Which class a number means, the file's own metadata says (key `huggingface`, feature ClassLabel), by name; without
metadata it is FER2013's order. The split stands in the name of the file or of its folder; there may be several files a split.

Needs pyarrow (extra `lab`), which is imported when the first such file is met.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from fer_course.data.archives import COUNT_LIMIT
from fer_course.data.members import Members
from fer_course.data.readers.names import CLASSES, split_of
from fer_course.data.readers.pictures import decode_all
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE, SPLITS, Faces

TITLE = "parquet files (columns image and label)"
ENDING = ".parquet"
IMAGES = ("image", "img")
LABELS = ("label", "labels", "emotion")
#: Rows that are in memory at a time, decoded.
BATCH = 256
#: Bytes of the largest file. A column of a row group is in memory as it is in the file: FER2013's has 70 MB.
LIMIT = 2**28


def members(members: Members) -> list[str]:
    """Return all parquet files; among other files, those whose name or folder gives a split."""
    found = [name for name in members.names if name.lower().endswith(ENDING)]
    return found if members.alone else [name for name in found if split_of(name)]


def is_layout(folder: Path) -> bool:
    """Return True if a folder, or folders in it for each split, hold parquet files of faces; opens the first one."""
    try:
        entries = [entry for entry in folder.iterdir() if split_of(entry.name)]
        files = [entry for entry in entries if entry.suffix.lower() == ENDING and entry.is_file()]
        for entry in entries:
            files += sorted(entry.glob(f"*{ENDING}")) if entry.is_dir() else []
        return bool(files) and _names_our_classes(files[0])
    except OSError:
        return False


def _names_our_classes(path: Path) -> bool:
    """Return True if a file says itself that its labels are expressions: nobody named it, and there are many others."""
    members = Members(str(path), path.name, [path.name], lambda _: path.open("rb"), alone=True)
    try:
        with _file(members, path.name) as file:
            return bool(_class_names(file.schema_arrow, ""))
    except DataError:
        return False


def read(members: Members, names: list[str]) -> Faces:
    """Read all files: Training first, then the tests, each in the order of the files' names.

    Raises:
        DataError: naming the file and the row; or if pyarrow is missing.

    """
    splits = {name: _split(members, name) for name in names}
    names = sorted(names, key=lambda name: (SPLITS.index(splits[name]), name))
    images, labels = zip(*(_read_file(members, name) for name in names), strict=True)
    split = np.repeat([splits[name] for name in names], [len(each) for each in labels])
    if not len(split):
        raise DataError(
            f"{members.where(names[0])} has columns but no rows: expected a face in each. Get a fresh copy."
        )
    return Faces(np.concatenate(images), np.concatenate(labels), split, members.title)


def _split(members: Members, name: str) -> str:
    # Of a file that stands alone, its folder may tell: train/0000.parquet.
    split = split_of("/".join(PurePath(members.place).parts[-2:]) if members.alone else name)
    if split is None:
        raise DataError(
            f"{members.where(name)}: expected train, validation or test in the name of the file or its folder, "
            "as in train-00000-of-00001.parquet. Rename it."
        )
    return split


def _read_file(members: Members, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures, uint8 (N, 48, 48), and labels, int64 (N,), of one file."""
    where = members.where(name)
    labels: list[int] = []
    with _file(members, name) as file:
        columns = _columns(file.schema_arrow, where)
        _check_limits(file.metadata, where)
        classes = _class_names(file.schema_arrow, where)
        images = [image for _, image in decode_all(_pictures(file, columns, classes, where, labels))]
    return np.array(images, np.uint8).reshape(-1, SIZE, SIZE), np.array(labels, np.int64)


def _pictures(
    file, columns: tuple[str, str], classes: list[int] | None, where: str, labels: list[int]
) -> Iterator[tuple[int, str, bytes]]:
    """Yield row number, its name for messages, and the encoded picture of each row; add its label to `labels`."""
    for row, (content, number) in enumerate(_rows(file, columns, where), 1):
        at_row = f"{where}, row {row:,}"
        content = content.get("bytes") if isinstance(content, dict) else content
        if not isinstance(content, bytes):
            raise DataError(
                f"{at_row}: expected the bytes of a picture in the column {columns[0]}, found none. Get a fresh copy."
            )
        labels.append(_label(number, classes, at_row))
        yield row, at_row, content


def _label(number: object, classes: list[int] | None, at_row: str) -> int:
    """Return the label in FER2013's order."""
    if isinstance(number, str) and number.lower() in CLASSES:
        return CLASSES[number.lower()]
    count = len(CLASS_NAMES) if classes is None else len(classes)
    if not isinstance(number, int) or not 0 <= number < count:
        raise DataError(
            f"{at_row}: expected a label from 0 to {count - 1}, found {str(number)[:20]!r}. "
            "Get a fresh copy, or take this row away."
        )
    return number if classes is None else classes[number]


# --- what pyarrow says of a file ------------------------------------------------------------------------------------


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
    with members.in_reach(name) as file:
        try:
            size = file.seek(0, io.SEEK_END)
            # No buffers: they are made as large as a page says that it is, and it may say 2 GB.
            opened = ParquetFile(file, pre_buffer=False, buffer_size=0) if size <= LIMIT else None
        # pyarrow raises errors of many kinds for damaged files; none of them is ours.
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


def _columns(schema, where: str) -> tuple[str, str]:
    """Return the names of the columns with the pictures and with the labels."""
    # A name that stands there twice is none.
    image, label = (next((name for name in names if schema.names.count(name) == 1), None) for names in (IMAGES, LABELS))
    if image is None or label is None:
        found = ", ".join(schema.names[:6]) or "none"
        raise DataError(f"{where}: expected the columns image and label, found {found[:80]}. Give another file.")
    return image, label


def _class_names(schema, where: str) -> list[int] | None:
    """Return FER2013's label for each of the file's own labels; None if the file does not name its classes."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        names = next(features[column]["names"] for column in LABELS if column in features)
        names = [names[str(number)] for number in range(len(names))] if isinstance(names, dict) else list(names)
    except (KeyError, TypeError, ValueError, StopIteration):
        return None
    unknown = [str(name) for name in names if str(name).lower() not in CLASSES]
    classes = [CLASSES[str(name).lower()] for name in names if str(name).lower() in CLASSES]
    if unknown or len(set(classes)) < len(classes):
        raise DataError(
            f"{where}: expected labels called {', '.join(CLASS_NAMES)}, found {', '.join(map(str, names))[:120]}. "
            "This is not FER2013."
        )
    return classes


def _rows(file, columns: tuple[str, str], where: str) -> Iterator[tuple[Any, Any]]:
    """Yield what stands in the two columns, a batch in memory at a time."""
    try:
        for batch in file.iter_batches(BATCH, columns=list(columns), use_threads=False):
            yield from zip(*(batch.column(column).to_pylist() for column in columns), strict=True)
    except Exception as error:  # as above
        raise _damaged(where, error) from error
