"""Any format of FER2013 → `Faces`: one module a format.

A reader is a module with three names:

- `TITLE`: the format in words;
- `members(members) -> list[str]`: those files of a `Members` that it would read, empty if it is not its format;
- `read(members, names) -> Faces`: reads them, or raises a `DataError` that names the file and the row or member.

A further format is a further module, and its place in `READERS`, the first that knows its files reads them. Where none
does, archives inside an archive are looked into, one level deep, and last of all the readers in `LAST` are asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np

from fer_course.data import archives
from fer_course.data.containers import opened
from fer_course.data.members import Members
from fer_course.data.readers import contest, csv_file, image_folder, npz_file, parquet_file
from fer_course.errors import DataError
from fer_course.faces import Faces

READERS = (npz_file, csv_file, parquet_file, image_folder)
#: The contest's train.csv has fewer faces than anything that may lie beside it.
LAST = (contest,)
#: What a message lists as the choice.
KNOWN = (
    "fer2013.csv, icml_face_data.csv, the contest's train.csv, folders train|test/<class>/<picture>, parquet files "
    "train-….parquet and test-….parquet, each also in a .zip or .tar.gz, or our .npz"
)
#: So many archives inside an archive are looked into.
INNER = 10


def read(path: Path) -> Faces:
    """Read a file, folder or archive, without looking at the cache.

    Raises:
        DataError: if it holds no data set of a known format, or a damaged one.

    """
    with opened(path) as members, _chosen(members) as (reader, members, names):
        return reader.read(members, names)


def unlabelled(path: Path) -> np.ndarray | None:
    """Return the pictures of a table without labels, as the contest's test.csv, uint8 (N, 48, 48); None if there is none.

    Raises:
        DataError: as `read`.

    """
    with opened(path) as members:
        names = contest.unlabelled(members)
        return contest.read_unlabelled(members, names) if names else None


def describe(path: Path) -> str:
    """Return the format of a file, folder or archive in words.

    Raises:
        DataError: as `read`, as far as the names of the files tell.

    """
    with opened(path) as members, _chosen(members) as (reader, _, _):
        return reader.TITLE


def recognises(path: Path) -> bool:
    """Return True if a file or archive looks like a known data set; damaged and unreadable ones are False."""
    try:
        with opened(path) as members:
            # Nobody named this file, so its ending is not enough: the readers look into it as into one among others.
            return _choice(replace(members, alone=False), (*READERS, *LAST)) is not None
    except DataError:
        return False


@contextlib.contextmanager
def _chosen(members: Members) -> Iterator[tuple[ModuleType, Members, list[str]]]:
    """Yield a reader, the files it reads from, and the names of those that it will read.

    Raises:
        DataError: if no reader knows them.

    """
    with contextlib.ExitStack() as stack:
        first, last = ((*LAST, *READERS), ()) if members.alone else (READERS, LAST)
        choice = _choice(members, first) or _choice_inside(members, stack) or _choice(members, last)
        if choice is None:
            found = ", ".join(members.names[:3]) + (", …" if len(members.names) > 3 else "")
            raise DataError(f"{members.place} holds no FER2013 faces. Expected {KNOWN}; found {found or 'no files'}.")
        yield choice


def _choice(members: Members, readers: tuple[ModuleType, ...]) -> tuple[ModuleType, Members, list[str]] | None:
    for reader in readers:
        if names := reader.members(members):
            return reader, members, names
    return None


def _choice_inside(members: Members, stack: contextlib.ExitStack) -> tuple[ModuleType, Members, list[str]] | None:
    """Look into the archives inside an archive; that with the faces stays open until the stack is closed."""
    names = [name for name in members.names if archives.is_archive_name(name)] if members.archive else []
    trouble = None
    for name in sorted(names, key=lambda name: ("fer2013" not in name.lower(), name))[:INNER]:
        try:
            with contextlib.ExitStack() as attempt:
                inner = attempt.enter_context(archives.inside(members, name))
                if choice := _choice(replace(inner, alone=False), READERS):
                    stack.push(attempt.pop_all())
                    return choice
        except DataError as error:
            # One of FER2013's name is meant, however damaged it is; and if there is nothing else, it is what to tell.
            if "fer2013" in name.lower():
                raise
            trouble = trouble or error
    if trouble and len(names) == len(members.names):
        raise trouble
    return None
