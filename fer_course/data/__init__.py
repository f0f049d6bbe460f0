"""Any source of faces → `Faces`: `load()` finds FER2013 in any of its usual places and formats, or else draws faces.

Needs neither Keras nor TensorFlow nor pandas.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer_course.data import cache, readers
from fer_course.data.discovery import IMPORTED, beside, data_folder, find, locate
from fer_course.data.download import DATASET, download
from fer_course.data.summary import summary
from fer_course.data.votes import describe_votes, join_votes, vote_labels, vote_probabilities
from fer_course.data.writers import parse_row, write_csv, write_npz
from fer_course.errors import DataError
from fer_course.faces import Faces

__all__ = [
    "data_folder",
    "download_faces",
    "find",
    "import_faces",
    "info",
    "join_votes",
    "load",
    "parse_row",
    "unlabelled",
    "vote_labels",
    "vote_probabilities",
    "write_csv",
    "write_npz",
]

ADVICE = (
    "For real ones get FER2013 (fer2013.csv or a zip of it) and set FER_COURSE_DATA to its path, "
    "or run `fer-course data import PATH` once."
)

#: Checksum of the faces that `load("drawn")` draws -> their number. So those of a bundle, an image or a shared folder are
#: believed. A Python, NumPy or processor may round a pixel differently: then the user's own seal is needed. Known are five ways
#: of processors (AMD EPYCs with and without AVX-512; an Intel Xeon with x86-64-v4, v3 and v2), which differ in six pixels or so,
#: by one grey level.
DRAWN = {
    "ef26f52a3771a1fb4d0ce8525b3a66e1eccc48cdcdc38eb0ad7658c1963ebab2": 6000,
    "6fdd2fa7597ce3c4cd696cbec18470c660dd43c0102e902c72d96ac0513cc122": 6000,
    "0037537381478cf72a7cb4a80ccc52de2c75980190f0d8714da21d46d0adfb9d": 6000,
    "4a1b279678ac97ec5859bd6b489d164a1f12069c1af7a9c6ffc69e42e4916662": 6000,
    "803b0555ff2ccb0eef5093ab1c97bcdff00c824191669b347401c9e3323a1d6c": 6000,
}


def load(source: str | Path | None = None, quiet: bool = False) -> Faces:
    """Load faces, and print one line that says which.

    The first load of a file takes a second or more and writes a cache; later ones map that into memory.

    Args:
        source: the path of a file, archive or folder with FER2013 faces; or the word "drawn"; or None or "" to look for
            faces: in `FER_COURSE_DATA` (an environment variable with a path, or the word "drawn"), in Kaggle's input
            folder, in the user's data folder, on Colab's disk and Drive, and in kagglehub's cache. If there are none, faces
            are drawn.
        quiet: print nothing.

    Returns:
        the faces; their images are read-only.

    Raises:
        DataError: if a named source does not exist, or does not hold what FER2013 holds; it names the file and the row or
            member, what was expected and found, and what to do.

    Example:
        >>> faces = load("drawn", quiet=True)
        >>> faces.images.shape
        (6000, 48, 48)

    """
    path, chosen = locate(source)
    faces, note = _drawn(quiet) if path is None else _read(path)
    if not quiet:
        others = beside(path, source) if path else ()
        print(" ".join(filter(None, (_sentence(faces, chosen), *faces.notes, *others, note))))
    return faces


def _sentence(faces: Faces, chosen: str) -> str:
    if faces.drawn:
        return f"{len(faces):,} drawn faces (no photographs; a score on them is not a FER2013 score). {ADVICE}"
    sizes = ", ".join(f"{name} {count:,}" for name, count in faces.split_sizes().items())
    where = f"{faces.source}, {chosen}" if chosen else faces.source
    return f"{len(faces):,} faces ({where}): {sizes}."


def _read(path: Path) -> tuple[Faces, str]:
    path = path.resolve()
    if not path.exists():
        raise DataError(f"{path} does not exist any more. Look for it, or choose another source.")
    return cache.load_or_build(str(path), lambda: cache.state(path), lambda: readers.read(path))


def _drawn(quiet: bool) -> tuple[Faces, str]:
    # Imported here: most people who have FER2013 never need it.
    from tqdm import tqdm

    from fer_course.data import drawn

    def draw() -> Faces:
        with tqdm(desc="drawing faces, only this once", leave=False, disable=quiet, file=sys.stdout, delay=5) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return drawn.draw(drawn.DEFAULT_N, seed=0, progress=progress)

    return cache.load_or_build(_name_of_drawn(drawn), lambda: _code(drawn), draw, DRAWN)


def drawn_cache() -> Path:
    """Return the file in the cache for the drawn faces, whether it exists or not."""
    from fer_course.data import drawn

    return cache.path_of(_name_of_drawn(drawn), _code(drawn))


def _name_of_drawn(drawn) -> str:
    return f"drawn faces n={drawn.DEFAULT_N} seed=0"


def _code(module) -> str:
    """Return a text that changes when the source code of a module or package changes."""
    file = Path(module.__file__)
    files = sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()


def unlabelled(source: str | Path | None = None) -> np.ndarray:
    """Return pictures without labels, for predictions.

    Args:
        source: the contest's `test.csv`, or a folder or archive with it; or anything that `load` reads: its labels are
            ignored.

    Returns:
        uint8 array (N, 48, 48), in the order of the rows, or of `load`.

    Raises:
        DataError: as for `load`.

    """
    path = Path(source).expanduser() if source is not None and str(source) not in ("", "drawn") else None
    if path is not None and path.exists() and (images := readers.unlabelled(path)) is not None:
        return images
    return load(source, quiet=True).images


def info(path: str | Path | None = None, votes: str | Path | None = None) -> str:
    """Return what `fer-course data info PATH` prints: format, counts per class and split, duplicates, constant pictures.

    Args:
        path: as for `load`.
        votes: FERPlus' `fer2013new.csv`, to compare it with the labels.

    Raises:
        DataError: as for `load`, and `join_votes`.

    """
    found, _ = locate(path)
    faces = load(found or "drawn", quiet=True)
    title = "drawn by this course" if found is None else readers.describe(found)
    lines = [summary(faces, title), *faces.notes, *(beside(found, path) if found else ())] + (
        [describe_votes(faces, join_votes(faces, votes))] if votes else []
    )
    return "\n".join(lines)


def import_faces(path: str | Path) -> Path:
    """Read and check faces once, and keep them in the user's data folder, where `load()` finds them.

    Args:
        path: a file, archive or folder with FER2013 faces.

    Returns:
        the file that was written. A killed import leaves no file that a later load would use.

    Raises:
        DataError: as for `load`; and if the data folder can't be written. Then nothing is changed.

    """
    found, _ = locate(path)
    if found is None:
        raise DataError("Drawn faces need no import: they are used whenever there are no others.")
    faces = readers.read(found)
    faces = replace(faces, notes=(*faces.notes, *beside(found, path)))
    target = data_folder() / IMPORTED
    cache.remove_abandoned(target.parent)
    try:
        write_npz(faces, target)
    except OSError as error:
        raise DataError(
            f"{target} can't be written: {error.strerror}. Make room, change its permissions, or set FER_COURSE_DATA to {path}."
        ) from error
    return target


def download_faces(name: str = DATASET) -> Path:
    """Download FER2013 from Kaggle with the library kagglehub, and import it; return the file that was written.

    Args:
        name: OWNER/NAME of a data set, or the name of a competition.

    Raises:
        DataError: if the download fails (see `fer_course.data.download`), or is not FER2013.

    """
    return import_faces(download(name))
