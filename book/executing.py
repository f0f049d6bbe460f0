"""Execute each notebook once, on drawn faces; what was executed is kept until something changes that it depends on."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat

from fer_course._shared.files import write_text
from fer_course.authoring import notebooks
from fer_course.course.execution import execute
from fer_course.course.summary import ending
from fer_course.errors import LessonError

#: Where a kept notebook says what it was made from.
KEY = "fer_course_book"
#: Relative, so that no path of this machine is printed into the book.
SETTINGS = {"out": "made-here"}
#: What in the package can change the outputs of a lesson.
KINDS = {".py", ".json", ".npz"}


def executed(path: Path, kept: Path, fingerprint: str, label: str):
    """Return a notebook with its outputs: from the folder `kept`, or executed now and then kept there.

    Args:
        path: a notebook of `solutions/`.
        kept: folder of the executed notebooks.
        fingerprint: what all notebooks depend on, see `surroundings`.
        label: what stands beside the progress bar.

    Raises:
        LessonError: if the notebook fails; names notebook and cell.

    """
    expected = key(path, fingerprint)
    before = _read(kept / path.name)
    if before is not None and before.metadata.get(KEY) == expected:
        return before
    work = kept / path.stem
    shutil.rmtree(work, ignore_errors=True)  # else a lesson would go on with an earlier training
    work.mkdir(parents=True)
    fresh = kept / f"{path.stem}.running.ipynb"
    record = {"lesson": path.stem, "status": "failed"}
    if error := execute(path, fresh, work, SETTINGS, label):
        raise LessonError(
            f"{ending(record | {'error': error}, fresh)}\n    in cell {_cell_id(path, error)!r} of {path}"
        )
    notebook = nbformat.read(fresh, as_version=4)
    notebook.metadata[KEY] = expected
    write_text(kept / path.name, nbformat.writes(notebook))
    fresh.unlink()
    return notebook


def key(path: Path, fingerprint: str) -> str:
    """Return what the outputs of a notebook depend on, as a short code: its code cells, not its text, and what surrounds it."""
    cells = [(cell.id, cell.source) for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    return hashlib.sha256(repr((fingerprint, SETTINGS, cells)).encode()).hexdigest()


def surroundings(root: Path) -> str:
    """Return what all notebooks depend on, as a short code: Python, the locked versions, and every file of the package."""
    digest = hashlib.sha256(platform.python_version().encode())
    for path in _files(root):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    yield root / "locks" / "course.txt"
    yield from sorted(path for path in (root / "fer_course").rglob("*") if path.suffix in KINDS)


def on_drawn_faces() -> None:
    """Let all that this process starts see drawn faces, whatever FER_COURSE_DATA said, and Jupyter's own way to draw."""
    os.environ["FER_COURSE_DATA"] = "drawn"
    os.environ.pop("MPLBACKEND", None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _read(path: Path):
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return None


def _cell_id(path: Path, error: dict) -> str:
    """Return the id of the cell that failed, found by its source: papermill has added a cell, so numbers differ."""
    cells = notebooks.read(path).cells
    return next((cell.id for cell in cells if cell.source == error.get("source")), "unknown")
