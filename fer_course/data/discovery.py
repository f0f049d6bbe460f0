"""Find faces: at a named path, where Kaggle, Colab and kagglehub put data sets, or in the user's data folder.

Kaggle's folder and the user's data folder hold only data sets, so every file counts; elsewhere only FER2013's own names count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import platformdirs

from fer_course.data import readers
from fer_course.data.candidates import left_out, ranked
from fer_course.data.containers import archives
from fer_course.data.containers.members import Members, is_litter
from fer_course.data.readers import csv_file, image_folder, npz_file, parquet_file, tables
from fer_course.data.readers.names import SPLIT_WORDS, split_of_name
from fer_course.errors import DataError

#: Where Kaggle mounts the data sets that a notebook uses; kagglehub does the same on Colab.
KAGGLE = Path("/kaggle/input")
#: Colab's own disk, and the user's Drive once it is mounted.
COLAB = (Path("/content"), Path("/content/drive/MyDrive"))
#: What `import_faces` writes into the user's data folder.
IMPORTED = "fer2013.npz"
#: Files with these names are taken for FER2013 even if they are damaged, so that the error says so.
KNOWN_NAMES = (IMPORTED, *csv_file.KNOWN_NAMES)
#: The contest, at Kaggle.
CONTEST = "challenges-in-representation-learning-facial-expression-recognition-challenge"
#: Names of FER2013 as an archive or folder.
KNOWN_PATTERNS = ("fer2013*", "fer-2013*", "fer_2013*", "icml_face_data*", f"{CONTEST}*")
#: Files that are examined if no file is named.
ENDINGS = (".npz", ".csv", ".tsv")
SEARCHED = (npz_file, tables)
DEPTH = 3
#: How many data sets to look for when naming what was left out.
MOST_NAMED = 5


class SearchFolder(NamedTuple):
    """A folder in which to look for faces, what messages call it, and how to search it."""

    folder: Path
    words: str
    search: Callable[[Path], Path | None]


def data_folder() -> Path:
    """Return the user's data folder, where `fer-course data import` puts faces."""
    return Path(platformdirs.user_data_dir("fer-course", appauthor=False))


def kagglehub_cache() -> Path:
    """Return the folder in which the library kagglehub keeps downloads."""
    return Path(os.environ.get("KAGGLEHUB_CACHE") or Path.home() / ".cache" / "kagglehub")


def search_folders() -> list[SearchFolder]:
    """Return the folders in which to look for faces if no path is named; the first one with faces wins."""
    return [
        SearchFolder(KAGGLE, "from Kaggle's input folder", find),
        SearchFolder(data_folder(), "imported earlier", find),
        *(SearchFolder(folder, f"from {folder.as_posix()}", find_by_name) for folder in COLAB),
        SearchFolder(kagglehub_cache(), "from kagglehub's cache", _in_kagglehub_cache),
    ]


def locate(source: str | Path | None = None) -> tuple[Path | None, str]:
    """Return the path of the faces to load (None for drawn faces), and in words what chose it ("" if the caller did).

    Raises:
        DataError: if a source was named, by argument or in `FER_COURSE_DATA`, and there are no faces there.

    """
    if source is not None and str(source):
        return _find_named(source, ""), ""
    variable = os.environ.get("FER_COURSE_DATA", "").strip()
    if variable:
        return _find_named(variable, "FER_COURSE_DATA names "), "from FER_COURSE_DATA"
    for each in search_folders():
        if found := each.search(each.folder):
            return found, each.words
    return None, ""


def _find_named(source: str | Path, who: str) -> Path | None:
    """Return the data set that a path means; None for the word `drawn`."""
    if str(source) == "drawn":
        return None
    path = Path(source).expanduser()
    if not path.exists():
        advice = "Download it and give the path of the file" if "://" in str(source) else "Check the spelling"
        raise DataError(
            f'{who}{source}, which does not exist. Expected a file or folder with FER2013 faces, or "drawn". {advice}.'
        )
    found = find(path) if path.is_dir() else path
    # If nothing is found in a folder, the readers' error lists what is in it.
    return found or path


def find(folder: str | Path) -> Path | None:
    """Return the data set in a folder, at most three folders down: a file, an archive, or a folder of pictures or tables.

    The one closest to the top wins; in the same folder, FER2013's own file names win. None if there is none.
    """
    return next(_data_sets(Path(folder)), None)


def _data_sets(folder: Path) -> Iterator[Path]:
    """Yield the data sets in a folder, those closest to the top first; a data set inside another one does not count."""
    found: set[Path] = set()
    for level in _levels(folder, DEPTH, found):
        for directory in level:
            if path := _directly_in(directory):
                found.add(path)
                yield path


def beside(path: Path, source: str | Path | None = None) -> tuple[str, ...]:
    """Return the sentence that names the other data sets in a folder where one was found; () if there are none.

    Args:
        path: the data set, as `locate` returned it.
        source: the argument of `locate`.

    """
    named = source if source is not None and str(source) else os.environ.get("FER_COURSE_DATA", "").strip()
    top = Path(named).expanduser() if named else KAGGLE if KAGGLE in path.parents else None
    if top is None or not top.is_dir():
        return ()
    others = [each for each in islice(_data_sets(top), MOST_NAMED) if each != path]
    here = [path.parent / name for name in _others_in(path)] if path.is_file() else []
    return left_out([str(each.relative_to(top)) for each in (*here, *others)])


def _others_in(path: Path) -> list[str]:
    """Return the names of the other data sets in the folder of a file."""
    others = [each.words for each in ranked(_near(path.parent), SEARCHED) if path.name not in each.names]
    pictures = (
        [f"{each.name}/" for each in _entries(path.parent) if each.is_dir()]
        if image_folder.is_layout(path.parent)
        else []
    )
    packed = [each for each in _entries(path.parent) if each.suffix.lower() == ".zip" and each != path]
    known = [each.name for each in packed if readers.recognises(each)]
    known += readers.archives_of_splits(each.name for each in _entries(path.parent) if each != path)
    return [*others, *pictures, *dict.fromkeys(known)]


def find_by_name(folder: str | Path) -> Path | None:
    """Return the data set with one of FER2013's names, in a folder or the folders in it; None if there is none.

    No other file is opened and no folder further down is listed: the folder may hold all that a user has.
    """
    for level in _levels(Path(folder), 1):
        for directory in level:
            entries = _entries(directory)
            if known := _known([path for path in entries if path.is_file()]):
                return known
            for path in entries:
                if _is_known(path.name) and path.is_dir() and (found := find(path)):
                    return found
    return None


def _in_kagglehub_cache(cache: Path) -> Path | None:
    """Return the newest complete version of a data set called FER2013, or the contest's files, in kagglehub's cache."""
    versions = [path for path in cache.glob("datasets/*/*/versions/*") if _is_known(path.parents[1].name)]
    versions = [path for path in versions if path.name.isdecimal()]
    versions.sort(key=lambda path: (-int(path.name), str(path)))
    # kagglehub leaves a mark beside what it has unpacked completely.
    whole = [path for path in versions if (path.parents[1] / f"{path.name}.complete").exists()]
    whole += [cache / "competitions" / CONTEST] if (cache / "competitions" / f"{CONTEST}.complete").exists() else []
    return next((found for path in whole if (found := find(path))), None)


def _levels(top: Path, depth: int, closed: Container[Path] = ()) -> Iterator[list[Path]]:
    """Yield [the folder], then the folders in it, and so on, `depth` levels down, without what is closed or can't be read."""
    level = [top]
    for down in range(depth + 1):
        yield level
        if down < depth:
            level = [path for folder in level if folder not in closed for path in _entries(folder) if path.is_dir()]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not is_litter(path.name))
    except OSError:
        return []


def _directly_in(directory: Path) -> Path | None:
    """Return the data set directly in a folder; the folder itself if the data set has several files."""
    files = [path for path in _entries(directory) if path.is_file()]
    if known := _known(files):
        return known
    if image_folder.is_layout(directory) or parquet_file.is_layout(directory):
        return directory
    near = _near(directory)
    if found := ranked(near, SEARCHED):
        parts = tables.broken(near) or readers.archives_of_splits(path.name for path in files)
        single = not parts and len(found) == 1 and len(found[0].names) == 1 and "/" not in found[0].names[0]
        return directory / found[0].names[0] if single else directory
    packed = [path for path in files if archives.is_archive_name(path.name) and split_of_name(path.name.split(".")[0])]
    if len(packed) > 1 and readers.recognises_together(_members(directory, packed)):
        return directory
    # Only a zip lists its content without being unpacked.
    return next((path for path in files if path.suffix.lower() == ".zip" and readers.recognises(path)), None)


def _near(directory: Path) -> Members:
    """Return the tables and `.npz` files in a folder and in folders of splits in it."""
    entries = _entries(directory)
    folders = [each for each in entries if each.name.lower() in SPLIT_WORDS and each.is_dir()]
    files = [*entries, *(each for folder in folders for each in _entries(folder))]
    return _members(directory, [each for each in files if each.suffix.lower() in ENDINGS and each.is_file()])


def _members(directory: Path, files: list[Path]) -> Members:
    names = [each.relative_to(directory).as_posix() for each in files]
    return Members(str(directory), directory.name, names, lambda name: (directory / name).open("rb"))


def _known(files: list[Path]) -> Path | None:
    """Return the file with the best of FER2013's own names; None if there is none."""
    named = {path.name.lower(): path for path in files}
    known = [named[name] for name in KNOWN_NAMES if name in named]
    known += [path for path in files if archives.is_archive_name(path.name) and _is_known(path.name)]
    return known[0] if known else None


def _is_known(name: str) -> bool:
    return any(fnmatch(name.lower(), pattern) for pattern in KNOWN_PATTERNS)
