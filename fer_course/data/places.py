"""Where faces are looked for: a folder somebody named, Kaggle's input folder, and the user's data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import platformdirs

from fer_course.data import readers
from fer_course.data.members import is_litter
from fer_course.data.readers import csv_file, image_folder
from fer_course.errors import DataError

#: Where Kaggle mounts the data sets that a notebook uses.
KAGGLE = Path("/kaggle/input")
#: What `import_faces` writes into the user's data folder.
IMPORTED = "fer2013.npz"
#: Data sets with these names are taken for FER2013 even if they turn out to be damaged, so that the error says so.
KNOWN_NAMES = (IMPORTED, *csv_file.KNOWN_NAMES)
KNOWN_ARCHIVE = "fer2013*.zip"
ENDINGS = (".npz", ".csv", ".zip")
DEPTH = 3


def data_folder() -> Path:
    """Return the user's data folder, where `fer-course data import` puts faces."""
    return Path(platformdirs.user_data_dir("fer-course", appauthor=False))


def locate(source: str | Path | None = None) -> tuple[Path | None, str]:
    """Return the path of the faces to load (None for drawn ones), and in words who chose it ("" if the caller did).

    Raises:
        DataError: if a source was named, by argument or in `FER_COURSE_DATA`, and there are no faces there.

    """
    if source is not None and str(source):
        return _named(source, ""), ""
    variable = os.environ.get("FER_COURSE_DATA", "").strip()
    if variable:
        return _named(variable, "FER_COURSE_DATA names "), "from FER_COURSE_DATA"
    for folder, words in ((KAGGLE, "from Kaggle's input folder"), (data_folder(), "imported earlier")):
        if found := find(folder):
            return found, words
    return None, ""


def _named(source: str | Path, who: str) -> Path | None:
    """Return the data set that a path or the word `drawn` stands for."""
    if str(source) == "drawn":
        return None
    path = Path(source).expanduser()
    if not path.exists():
        advice = "Download it and give the path of the file" if "://" in str(source) else "Look at the spelling"
        raise DataError(
            f'{who}{source}, which does not exist. Expected a file or folder with FER2013 faces, or "drawn". {advice}.'
        )
    found = find(path) if path.is_dir() else path
    # A folder where nothing is found is left to the readers, whose error lists what is there.
    return found or path


def find(folder: str | Path) -> Path | None:
    """Return the data set in a folder, at most three folders down: a file, archive, or folder with train/<class>.

    The one closest to the top wins; in the same folder FER2013's own file names do. None if there is none.
    """
    for level in _levels(Path(folder)):
        for directory in level:
            if found := _in(directory):
                return found
    return None


def _levels(top: Path) -> Iterator[list[Path]]:
    """Yield the folder, then all folders in it, and so on, `DEPTH` levels down; what can't be read is left out."""
    level = [top]
    for depth in range(DEPTH + 1):
        yield level
        if depth < DEPTH:
            level = [path for folder in level for path in _entries(folder) if path.is_dir()]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not is_litter(path.name))
    except OSError:
        return []


def _in(directory: Path) -> Path | None:
    """Return the data set that stands directly in a folder."""
    files = [path for path in _entries(directory) if path.suffix.lower() in ENDINGS and path.is_file()]
    named = {path.name.lower(): path for path in files}
    known = [named[name] for name in KNOWN_NAMES if name in named]
    known += [path for path in files if fnmatch(path.name.lower(), KNOWN_ARCHIVE)]
    if known:
        return known[0]
    if image_folder.is_layout(directory):
        return directory
    return next((path for path in files if readers.recognises(path)), None)
