"""Notebooks as they are committed: read, checked, without what changes from run to run, written as the same bytes every time."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from fer_course._shared.files import write_text
from fer_course.course import QUIET_KERNEL, find_folder, require
from fer_course.course.kernels import own_kernels
from fer_course.errors import LessonError, first_line

#: nbval compares the outputs of cells with this tag; it skips cells whose execution count is null.
KEEP_TAG = "nbval-check-output"

#: The execution count of those cells.
KEPT_COUNT = 1

_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


#: Metadata that editors and runners leave in a cell, and that does not belong to the course.
_VOLATILE = (
    "collapsed",
    "colab",
    "ExecuteTime",
    "execution",
    "id",
    "outputId",
    "papermill",
    "scrolled",
    "trusted",
    "vscode",
)


def read(path: str | Path):
    """Return a notebook without what changes from run to run: kernel details, widget state, timings.

    Raises:
        LessonError: if it is not a valid notebook of format 4.5 in which every cell has a different id. (nbformat would
            invent random ids, and a lesson would then differ on every build.)

    """
    require("nbformat", "reading notebooks")
    import nbformat

    path = Path(path)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        _check_ids(raw, path)
        nbformat.validate(raw, relax_add_props=False)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise LessonError(f"{path} is not a valid notebook: {first_line(error)}") from error
    return _without_volatile(nbformat.reads(json.dumps(raw), as_version=4))


def _check_ids(raw, path: Path) -> None:
    form = (raw.get("nbformat"), raw.get("nbformat_minor")) if isinstance(raw, dict) else None
    if form != (4, 5):
        raise LessonError(f"{path} should be of notebook format 4.5; found {form}. Save it with a current JupyterLab.")
    ids = [cell.get("id") for cell in raw.get("cells", [])]
    if None in ids or len(set(ids)) < len(ids):
        repeated = sorted({name for name in ids if name and ids.count(name) > 1})
        raise LessonError(
            f"{path}: every cell needs a different id; found {ids.count(None)} without, and twice: {repeated}."
        )


def _without_volatile(notebook):
    import nbformat

    notebook.metadata = nbformat.from_dict(_KERNEL)
    for cell in notebook.cells:
        for name in _VOLATILE:
            cell.metadata.pop(name, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
    return notebook


def text(notebook) -> str:
    """Return a notebook as text, always the same: keys sorted, indented by 1, no ASCII escapes, a newline at the end."""
    import nbformat

    return nbformat.writes(notebook).rstrip("\n") + "\n"


def tidy(path: str | Path | None = None, execute: bool = False) -> list[Path]:
    """Remove what does not belong in a committed notebook of `solutions/`, in place.

    Outputs are removed, except those of cells tagged `KEEP_TAG`. Execution counts become null, or `KEPT_COUNT` in those cells.
    Widget state and metadata of editors are removed.

    Args:
        path: a notebook, or a folder of notebooks; default `solutions/`.
        execute: first execute it, on drawn faces and in a temporary folder, and keep the new outputs.

    Returns:
        The notebooks that changed.

    Raises:
        LessonError: if a notebook is not valid, or fails when executed; it then stays as it is.

    """
    path = find_folder("solutions") if path is None else Path(path)
    changed = []
    for notebook_path in notebooks_in(path) if path.is_dir() else [path]:
        notebook = read(notebook_path)
        if execute:
            notebook = _without_volatile(_execute(notebook, notebook_path))
        _strip(notebook)
        tidied = text(notebook)
        if notebook_path.read_bytes() != tidied.encode():
            write_text(notebook_path, tidied)
            changed.append(notebook_path)
    return changed


def _strip(notebook) -> None:
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        kept = KEEP_TAG in cell.metadata.get("tags", [])
        cell.outputs = cell.outputs if kept else []
        cell.execution_count = KEPT_COUNT if kept else None
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = KEPT_COUNT


def _execute(notebook, path: Path):
    """Return the notebook with new outputs, computed on drawn faces whatever FER_COURSE_DATA says."""
    require("nbclient", "executing notebooks")
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    with tempfile.TemporaryDirectory() as work, own_kernels() as kernels:
        resources = {"metadata": {"path": work}}
        # One stream output per cell: how a stream is cut into messages changes from run to run.
        client = NotebookClient(
            notebook,
            timeout=None,
            resources=resources,
            coalesce_streams=True,
            extra_arguments=QUIET_KERNEL,
            kernel_manager_class=kernels,
        )
        try:
            return client.execute(env={**os.environ, "FER_COURSE_DATA": "drawn"})
        except CellExecutionError as error:
            raise LessonError(f"{path} fails when it is executed, and was not changed:\n{error}") from error
        except DeadKernelError as error:
            raise LessonError(
                f"The kernel of {path} died, and the notebook was not changed. Most often memory ran out, or a library crashed."
            ) from error


def notebooks_in(folder: Path) -> list[Path]:
    """Return the notebooks of a folder, by name."""
    return sorted(folder.glob("*.ipynb"))
