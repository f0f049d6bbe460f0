"""Any format of FER2013 → `Faces`: one module a format.

A reader is a module with three names:

- `TITLE`: the format in words;
- `members(members) -> list[str]`: those files of a `Members` that it would read, empty if it is not its format;
- `read(members, names) -> Faces`: reads them, or raises a `DataError` that names the file and the row or member.

A further format is a further module, and its place in `READERS`, the first that knows its files reads them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

from fer_course.data.containers import opened
from fer_course.data.members import Members
from fer_course.data.readers import csv_file, image_folder, npz_file
from fer_course.errors import DataError
from fer_course.faces import Faces

READERS = (npz_file, csv_file, image_folder)
#: What a message lists as the choice.
KNOWN = "fer2013.csv, icml_face_data.csv, a folder train|test/<class>/<picture>, each also in a .zip, or our .npz"


def read(path: Path) -> Faces:
    """Read a file, folder or archive, without looking at the cache.

    Raises:
        DataError: if it holds no data set of a known format, or a damaged one.

    """
    with opened(path) as members:
        reader, names = choose(members)
        return reader.read(members, names)


def describe(path: Path) -> str:
    """Return the format of a file, folder or archive in words.

    Raises:
        DataError: as `read`, as far as the names of the files tell.

    """
    with opened(path) as members:
        return choose(members)[0].TITLE


def recognises(path: Path) -> bool:
    """Return True if a file or archive looks like a known data set; damaged and unreadable ones are False."""
    try:
        with opened(path) as members:
            # Nobody named this file, so its ending is not enough: the readers look into it as into one among others.
            choose(replace(members, alone=False))
    except DataError:
        return False
    return True


def choose(members: Members) -> tuple[ModuleType, list[str]]:
    """Return the reader for these files, and those that it will read.

    Raises:
        DataError: if no reader knows them.

    """
    for reader in READERS:
        if names := reader.members(members):
            return reader, names
    found = ", ".join(members.names[:3]) + (", …" if len(members.names) > 3 else "")
    raise DataError(f"{members.place} holds no FER2013 faces. Expected {KNOWN}; found {found or 'no files'}.")
