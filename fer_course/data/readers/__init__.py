"""Any format of FER2013 → `Faces`: one module per format.

A reader is a module with two functions:

- `candidates(members) -> list[Candidate]`: the data sets of its format among the files of a `Members`, [] if there are none;
- `read(candidate) -> Faces`: reads one, or raises a `DataError` that names the file and the row or member.

For another format, add a module and put it into `READERS`. `fer_course.data.candidates` tells which of several data sets is read.
Archives inside an archive are opened, one level deep, if nothing above them has faces to test on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from fer_course.data import orders
from fer_course.data.candidates import Candidate, left_out, ranked, refuse_too_many
from fer_course.data.containers import archives
from fer_course.data.containers.folders import open_members
from fer_course.data.containers.members import READ_ERRORS, Members
from fer_course.data.readers import csv_file, image_folder, npz_file, parquet_file, tables
from fer_course.data.readers.names import split_of_name
from fer_course.errors import DataError
from fer_course.faces import Faces

__all__ = [
    "READERS",
    "archives_of_splits",
    "csv_file",
    "describe",
    "read",
    "recognises",
    "recognises_together",
    "unlabelled",
]

READERS = (npz_file, tables, parquet_file, image_folder)
#: The formats, as messages list them.
KNOWN = (
    "fer2013.csv, icml_face_data.csv, tables called train, val and test, folders train|test/<class>/<picture>, parquet files "
    "train-….parquet and test-….parquet, each also in a .zip or .tar.gz, or our .npz"
)
_PICKLED = (
    "Such files can run code when they are opened, so they are not opened. Use a copy as parquet, pictures or a table."
)
_SAVED = "Save its arrays with numpy.savez as x_train, y_train, x_test and y_test."
#: What to do with files that can't be read, by their ending.
ADVICE = {
    **dict.fromkeys((".pt", ".pth", ".pkl", ".pickle", ".joblib"), _PICKLED),
    **dict.fromkeys((".npy", ".h5", ".hdf5", ".mat", ".tfrecord"), _SAVED),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "Save the sheet as CSV."),
    **dict.fromkeys((".arrow", ".feather", ".json", ".jsonl"), "Save it as parquet or CSV."),
    **dict.fromkeys((".7z", ".rar"), "Unpack the archive first."),
    **dict.fromkeys(image_folder.ENDINGS, "Pictures must be in folders: train|test/<class>/<picture>."),
}
#: How many archives inside an archive are opened.
INNER = 10


def read(path: Path) -> Faces:
    """Read a file, folder or archive, without looking at the cache.

    Returns:
        the faces; their notes name what was left out, and what was assumed.

    Raises:
        DataError: if it holds no data set of a known format, or a damaged one.

    """
    with open_members(path) as members, _choose(members) as (chosen, others):
        faces = chosen.reader.read(chosen)
        faces = faces if faces.drawn else orders.check_splits(faces, members.path)
        packed = archives_of_splits(members.names) if chosen.members is members else []
        return replace(faces, notes=(*faces.notes, *left_out([*(other.words for other in others), *packed])))


def unlabelled(path: Path) -> np.ndarray | None:
    """Return the pictures of a table without labels, such as the contest's test.csv, uint8 (N, 48, 48); None if there is none.

    Raises:
        DataError: as `read`.

    """
    with open_members(path) as members:
        names = tables.unlabelled(members)
        return tables.read_unlabelled(members, names[0]) if names else None


def describe(path: Path) -> str:
    """Return the format of a file, folder or archive in words.

    Raises:
        DataError: as `read`, as far as the names of the files show.

    """
    with open_members(path) as members, _choose(members) as (chosen, _):
        return chosen.title


def recognises(path: Path) -> bool:
    """Return True if a file or archive looks like a known data set; damaged and unreadable ones are False."""
    try:
        with open_members(path) as members:
            # Nobody named this file, so its ending is not enough: the readers examine it like one of several files.
            return bool(ranked(replace(members, single=False), READERS))
    except DataError:
        return False


def recognises_together(members: Members) -> bool:
    """Return True if archives for the splits, such as train.zip and test.zip, together look like a known data set."""
    try:
        with contextlib.ExitStack() as stack:
            together = _join_archives(members, stack)
            return together is not None and bool(ranked(together, READERS))
    except (*READ_ERRORS, DataError):
        return False


@contextlib.contextmanager
def _choose(members: Members) -> Iterator[tuple[Candidate, list[Candidate]]]:
    """Yield the data set to read, and the others, which are left out.

    Raises:
        DataError: if no reader knows any of the files.

    """
    with contextlib.ExitStack() as stack:
        found = ranked(members, READERS)
        if not (found and found[0].whole) and (together := _join_archives(members, stack, bool(found))):
            more = ranked(together, READERS)
            found = more if not found or (more and more[0].whole) else found
        if not found or not found[0].whole:
            inner = _look_inside(members, found[0].depth if found else None, stack)
            found = [*inner, *found]
        if not found:
            listed = ", ".join(members.names[:3]) + (", …" if len(members.names) > 3 else "")
            advice = _advice([members.path, *members.names[:1000]]) or _advice_on_labels(members)
            raise DataError(
                f"{members.path} holds no FER2013 faces. Expected {KNOWN}; found {listed or 'no files'}.{advice}"
            )
        yield found[0], found[1:]


def _advice(names: list[str]) -> str:
    """Return what to do about the first file of a kind that can't be read: a sentence after a space, or ""."""
    endings = (PurePosixPath(name.lower()).suffix for name in names)
    return next((f" {ADVICE[ending]}" for ending in endings if ending in ADVICE), "")


def archives_of_splits(names: Iterable[str]) -> list[str]:
    """Return the files whose names are those of an archive for one split, such as train.zip and test.csv.gz."""
    return [name for name in names if archives.is_archive_name(name) and split_of_name(_stem(name))]


def _advice_on_labels(members: Members) -> str:
    """Return what to do if one table has the pixels and another one the labels: a sentence after a space, or ""."""
    names = [] if members.single else tables.unlabelled(members)
    return f" {names[0]} has pixels but no column with the classes: put both into one table." if names else ""


def _join_archives(members: Members, stack: contextlib.ExitStack, plain: bool = False) -> Members | None:
    """Return the files in archives for the splits (train.zip, test.csv.gz) as files of one folder; None if there are none.

    With `plain`, files that are not packed belong to them: a train.csv beside a test.csv.gz.
    """
    names = archives_of_splits(members.names)
    if not names or (len(names) == 1 and not plain) or len(names) > INNER:
        return None
    files = {name: (members, name) for name in members.names if plain and name not in names}
    for name in names:
        inner = stack.enter_context(archives.open_inner(members, name))
        folder = PurePosixPath(name).parent / ("" if inner.single else _stem(name))
        files |= {(folder / each).as_posix(): (inner, each) for each in inner.names}

    refuse_too_many(len(files), members.path)

    def in_one_pass(wanted: Iterable[str]) -> Iterator[tuple[str, IO[bytes]]]:
        by_archive: dict[int, dict[str, str]] = {}  # number of the archive -> name in it -> name in the folder
        for name in wanted:
            inner, each = files[name]
            by_archive.setdefault(id(inner), {})[each] = name
        for names_in_it in by_archive.values():
            inner = files[next(iter(names_in_it.values()))][0]
            for each, file in inner.each(names_in_it):
                yield names_in_it[each], file

    def open_member(name: str) -> IO[bytes]:
        inner, each = files[name]
        return inner.open(each)

    return Members(members.path, members.title, sorted(files), open_member, packed=True, in_one_pass=in_one_pass)


def _stem(name: str) -> str:
    return PurePosixPath(name).name.split(".")[0]


def _look_inside(members: Members, depth: int | None, stack: contextlib.ExitStack) -> list[Candidate]:
    """Open the archives inside an archive, down to `depth`; the first one with faces stays open on the stack."""
    names = [name for name in members.names if archives.is_archive_name(name)] if members.archive else []
    near = [name for name in names if depth is None or name.count("/") <= depth]
    trouble = None
    for name in sorted(near, key=lambda name: ("fer2013" not in name.lower(), name))[:INNER]:
        try:
            with contextlib.ExitStack() as attempt:
                inner = attempt.enter_context(archives.open_inner(members, name))
                found = ranked(replace(inner, single=False), READERS)
                if found and (depth is None or found[0].whole):
                    stack.push(attempt.pop_all())
                    return found
        except DataError as error:
            # An archive called fer2013 is meant, however damaged. Other damage is reported if there is nothing else.
            if "fer2013" in name.lower():
                raise
            trouble = trouble or error
    if trouble and len(names) == len(members.names):
        raise trouble
    return []
