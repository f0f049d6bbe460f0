"""Any format of FER2013 → `Faces`: one module a format.

A reader is a module with two functions:

- `candidates(members) -> list[Candidate]`: the data sets of its format among the files of a `Members`, none if there are none;
- `read(candidate) -> Faces`: reads one, or raises a `DataError` that names the file and the row or member.

A further format is a further module, and its place in `READERS`. Which of several data sets is read, `fer_course.data.candidates`
says. Archives inside an archive are looked into, one level deep, where nothing else above them has faces to test on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

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
#: What a message lists as the choice.
KNOWN = (
    "fer2013.csv, icml_face_data.csv, tables called train, val and test, folders train|test/<class>/<picture>, parquet files "
    "train-….parquet and test-….parquet, each also in a .zip or .tar.gz, or our .npz"
)
_PICKLED = (
    "Files of this kind can run code when they are opened, and are not: use a copy as parquet, pictures or a table."
)
_SAVED = "Save its arrays with numpy.savez as x_train, y_train, x_test and y_test."
#: What to do with files that are not read, by their ending.
ADVICE = {
    **dict.fromkeys((".pt", ".pth", ".pkl", ".pickle", ".joblib"), _PICKLED),
    **dict.fromkeys((".npy", ".h5", ".hdf5", ".mat", ".tfrecord"), _SAVED),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "Save the sheet as CSV."),
    **dict.fromkeys((".arrow", ".feather", ".json", ".jsonl"), "Save it as parquet or CSV."),
    **dict.fromkeys((".7z", ".rar"), "Unpack the archive first."),
    **dict.fromkeys(image_folder.ENDINGS, "Pictures must lie in folders: train|test/<class>/<picture>."),
}
#: So many archives inside an archive are looked into.
INNER = 10


def read(path: Path) -> Faces:
    """Read a file, folder or archive, without looking at the cache.

    Returns:
        the faces; their notes name what was left out, and what was assumed.

    Raises:
        DataError: if it holds no data set of a known format, or a damaged one.

    """
    with open_members(path) as members, _chosen(members) as (chosen, others):
        faces = chosen.reader.read(chosen)
        faces = faces if faces.drawn else orders.check_splits(faces, members.path)
        packed = archives_of_splits(members.names) if chosen.members is members else []
        return replace(faces, notes=(*faces.notes, *left_out([*(other.words for other in others), *packed])))


def unlabelled(path: Path) -> np.ndarray | None:
    """Return the pictures of a table without labels, as the contest's test.csv, uint8 (N, 48, 48); None if there is none.

    Raises:
        DataError: as `read`.

    """
    with open_members(path) as members:
        names = tables.unlabelled(members)
        return tables.read_unlabelled(members, names[0]) if names else None


def describe(path: Path) -> str:
    """Return the format of a file, folder or archive in words.

    Raises:
        DataError: as `read`, as far as the names of the files tell.

    """
    with open_members(path) as members, _chosen(members) as (chosen, _):
        return chosen.title


def recognises(path: Path) -> bool:
    """Return True if a file or archive looks like a known data set; damaged and unreadable ones are False."""
    try:
        with open_members(path) as members:
            # Nobody named this file, so its ending is not enough: the readers look into it as into one among others.
            return bool(ranked(replace(members, single=False), READERS))
    except DataError:
        return False


def recognises_together(members: Members) -> bool:
    """Return True if archives for the splits, as train.zip and test.zip, look like a known data set together."""
    try:
        with contextlib.ExitStack() as stack:
            together = _archives_of_splits(members, stack)
            return together is not None and bool(ranked(together, READERS))
    except (*READ_ERRORS, DataError):
        return False


@contextlib.contextmanager
def _chosen(members: Members) -> Iterator[tuple[Candidate, list[Candidate]]]:
    """Yield the data set to read, and those that are left out.

    Raises:
        DataError: if no reader knows any of the files.

    """
    with contextlib.ExitStack() as stack:
        found = ranked(members, READERS)
        if not (found and found[0].whole) and (together := _archives_of_splits(members, stack, bool(found))):
            more = ranked(together, READERS)
            found = more if not found or (more and more[0].whole) else found
        if not found or not found[0].whole:
            inner = _inside(members, found[0].depth if found else None, stack)
            found = [*inner, *found]
        if not found:
            listed = ", ".join(members.names[:3]) + (", …" if len(members.names) > 3 else "")
            advice = _advice([members.path, *members.names[:1000]]) or _advice_on_labels(members)
            raise DataError(
                f"{members.path} holds no FER2013 faces. Expected {KNOWN}; found {listed or 'no files'}.{advice}"
            )
        yield found[0], found[1:]


def _advice(names: list[str]) -> str:
    """Return what to do about the first file of a kind that is known not to be read, as a sentence with a space before it."""
    endings = (PurePosixPath(name.lower()).suffix for name in names)
    return next((f" {ADVICE[ending]}" for ending in endings if ending in ADVICE), "")


def archives_of_splits(names: Iterable[str]) -> list[str]:
    """Return the files that are archives for one split by their names, as train.zip and test.csv.gz."""
    return [name for name in names if archives.is_archive_name(name) and split_of_name(_stem(name))]


def _advice_on_labels(members: Members) -> str:
    """Return what to do where a table has the pixels and another one the labels, as a sentence with a space before it."""
    names = [] if members.single else tables.unlabelled(members)
    return f" {names[0]} has pixels but no column with the classes: put both into one table." if names else ""


def _archives_of_splits(members: Members, stack: contextlib.ExitStack, plain: bool = False) -> Members | None:
    """Return what archives for the splits hold, as train.zip and test.csv.gz, as files of one folder; None if there are none.

    With `plain`, the files that are not packed are among them: a train.csv beside a test.csv.gz.
    """
    names = archives_of_splits(members.names)
    if not names or len(names) + plain < 2 or len(names) > INNER:
        return None
    files = {name: (members, name) for name in members.names if plain and name not in names}
    for name in names:
        inner = stack.enter_context(archives.open_inner(members, name))
        folder = PurePosixPath(name).parent / ("" if inner.single else _stem(name))
        files |= {(folder / each).as_posix(): (inner, each) for each in inner.names}

    refuse_too_many(len(files), members.path)

    def in_one_pass(wanted: Iterable[str]) -> Iterator[tuple[str, BinaryIO]]:
        wanted = list(wanted)
        for inner in dict.fromkeys(id(files[name][0]) for name in wanted):
            here = {files[name][1]: name for name in wanted if id(files[name][0]) == inner}
            archive = files[next(iter(here.values()))][0]
            for each, file in archive.each(here):
                yield here[each], file

    def open_member(name: str) -> BinaryIO:
        inner, each = files[name]
        return inner.open(each)

    return Members(members.path, members.title, sorted(files), open_member, packed=True, in_one_pass=in_one_pass)


def _stem(name: str) -> str:
    return PurePosixPath(name).name.split(".")[0]


def _inside(members: Members, depth: int | None, stack: contextlib.ExitStack) -> list[Candidate]:
    """Look into the archives inside an archive, those deeper than `depth` aside; the one with faces stays open with the stack."""
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
            # One of FER2013's name is meant, however damaged it is; and if there is nothing else, it is what to tell.
            if "fer2013" in name.lower():
                raise
            trouble = trouble or error
    if trouble and len(names) == len(members.names):
        raise trouble
    return []
