"""Make the learner's notebooks from the solved ones: `solutions/` → `lessons/`, with nbgrader's own preprocessors.

A lesson is a pure function of its solution: the same notebook gives the same bytes, on every machine.
Needs nbgrader (the extra `instructor`); `tidy` needs nbclient and nbformat only.
"""

from __future__ import annotations

import ast
import json
import os
import re
import tempfile
from pathlib import Path

import fer_course
from fer_course import links
from fer_course._shared.files import write_text
from fer_course.course import QUIET_KERNEL, find_folder, require
from fer_course.course.kernels import own_kernels
from fer_course.errors import LessonError

#: What stands in a lesson where the solution stood.
STUB = "raise NotImplementedError  # your code here"
#: nbval compares the outputs of cells with this tag; it skips cells whose execution_count is null.
KEEP_TAG = "nbval-check-output"
KEPT_COUNT = 1
#: Lets Run All go on after a check that fails because its exercise is not solved yet.
LESSON_TAG = "raises-exception"
#: The cell of a lesson that Colab and Kaggle need: nearly everything that the course stands on is installed there already.
FETCH = """# On Colab and Kaggle this fetches the course, once; elsewhere it is there, and nothing happens.
import importlib.util

if importlib.util.find_spec("fer_course") is None:
    %pip install --quiet --no-deps "git+{address}@v{version}"
    %pip install --quiet anywidget papermill"""

_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
#: Metadata that editors and runners leave in a cell, and that says nothing about the course.
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


def release(source: str | Path | None = None, target: str | Path | None = None) -> list[Path]:
    """Build the lessons of all notebooks in `source` into `target`; nothing in `target` is deleted.

    Args:
        source: folder of the solved notebooks; default `solutions/`.
        target: folder of the lessons; default `lessons/`.

    Returns:
        The lessons that were written because they were missing or differed.

    Raises:
        LessonError: if nbgrader is missing, or a notebook can't become a lesson: names notebook and cell. Then
            nothing is written.

    """
    source, target = _places(source, target)
    built = {target / path.name: build(path) for path in _notebooks(source)}
    changed = [path for path, text in built.items() if _read_bytes(path) != text.encode()]
    for path in changed:
        write_text(path, built[path])
    return changed


def in_sync(source: str | Path | None = None, target: str | Path | None = None) -> list[str]:
    """Return the names of the lessons that are not, byte for byte, what `release` would build; [] if all are.

    A lesson that is missing counts, and so does one whose solution does not exist (any more).
    """
    source, target = _places(source, target)
    built = {path.name: build(path).encode() for path in _notebooks(source)}
    there = {path.name: path.read_bytes() for path in _notebooks(target)}
    return sorted(name for name in built.keys() | there.keys() if built.get(name) != there.get(name))


def build(path: str | Path, repository: str | None = None) -> str:
    """Return the text of the lesson that a solved notebook becomes.

    Solutions are replaced by `STUB`, outputs cleared, check cells tagged `LESSON_TAG`, cells locked and given
    checksums as `nbgrader generate_assignment` does; cell ids stay. If the repository has a public address, the first code
    cell fetches the course where it is missing, on Colab and Kaggle.

    Args:
        path: the solved notebook.
        repository: that address; None takes it from `pyproject.toml`, "" leaves the cell out.

    Raises:
        LessonError: if the notebook is not valid, or a solution region is not as nbgrader wants it.

    """
    require("nbgrader", "releasing lessons", extra="instructor")
    path = Path(path)
    notebook = read(path)
    _check_regions(notebook, path)
    for preprocessor in _preprocessors():
        try:
            notebook, _ = preprocessor.preprocess(notebook, {})
        except Exception as error:  # nbgrader raises RuntimeError, its ValidationError, jsonschema's, KeyError, …
            step = type(preprocessor).__name__
            raise LessonError(f"{path}: nbgrader's {step} refuses this notebook: {error}") from error
    _tag_checks(notebook)
    _check_stubs(notebook, path)
    if address := links.repository() if repository is None else repository:
        _fetch_first(notebook, address)
    return text(notebook)


def _preprocessors() -> list:
    """Return nbgrader's preprocessors in the order in which `generate_assignment` applies them, without its database."""
    from nbgrader import preprocessors as steps

    return [
        steps.LockCells(),
        steps.ClearSolutions(code_stub={"python": STUB}),
        steps.ClearOutput(),
        steps.CheckCellMetadata(),
        steps.ComputeChecksums(),
        steps.ClearHiddenTests(),
        steps.ClearMarkScheme(),
        steps.ComputeChecksums(),
    ]


def is_check(cell: dict) -> bool:
    """Return whether a cell tests the learner's answer (nbgrader: graded, and not itself an answer)."""
    grading = cell["metadata"].get("nbgrader", {})
    return bool(grading.get("grade")) and not grading.get("solution")


def is_solution(cell: dict) -> bool:
    """Return whether a cell holds code that the learner has to write."""
    return cell["cell_type"] == "code" and bool(cell["metadata"].get("nbgrader", {}).get("solution"))


def _tag_checks(notebook) -> None:
    """Tag the check cells, so that Run All reaches the end of a lesson that is not solved."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if is_check(cell) and LESSON_TAG not in tags:
            cell.metadata["tags"] = [*tags, LESSON_TAG]


def _fetch_first(notebook, address: str) -> None:
    """Put a cell before the first code cell that fetches the course where it is missing, and nothing else: no NumPy moves."""
    import nbformat

    place = next(index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    source = FETCH.format(address=address, version=fer_course.__version__)
    notebook.cells.insert(place, nbformat.v4.new_code_cell(source, id="fetch"))


def _check_regions(notebook, path: Path) -> None:
    """Check the solution regions before nbgrader does: its messages don't say which cell they mean."""
    for cell in notebook.cells:
        marks = re.findall(r"\b(BEGIN|END) SOLUTION", cell.source)
        if marks != ["BEGIN", "END"] * (len(marks) // 2):
            raise LessonError(
                f"{path}, cell {cell.id}: each BEGIN SOLUTION needs one END SOLUTION after it; found {marks}."
            )
        if marks and not cell.metadata.get("nbgrader", {}).get("solution"):
            raise LessonError(f"{path}, cell {cell.id}: holds a solution, but nbgrader's metadata does not say so.")
        if is_solution(cell) and not marks:
            raise LessonError(f"{path}, cell {cell.id}: is a solution cell without BEGIN SOLUTION and END SOLUTION.")


def _check_stubs(notebook, path: Path) -> None:
    """Check that a learner can run the solution cells as they are released: valid code that raises only when called."""
    for cell in filter(is_solution, notebook.cells):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            raise LessonError(
                f"{path}, cell {cell.id}: is not valid Python with its solution removed: {error}"
            ) from error
        if any(isinstance(node, ast.Raise) for node in _run_at_once(tree)):
            raise LessonError(
                f"{path}, cell {cell.id}: its solution stands outside a function, so that the stub would stop Run All. "
                "Let the learner write a function."
            )


def _run_at_once(tree: ast.AST):
    """Yield the nodes of a module that run when the cell runs: everything but the bodies of functions."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node
            yield from _run_at_once(node)


# ------------------------------------------------------------------------------------- reading, writing, tidying


def read(path: str | Path):
    """Return a notebook with what is volatile removed: kernel details, widget state, timings.

    Raises:
        LessonError: if it is not a valid notebook of format 4.5 whose cells have ids of their own. (nbformat would
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
        raise LessonError(f"{path} is not a valid notebook: {str(error).splitlines()[0]}") from error
    return _without_volatile(nbformat.reads(json.dumps(raw), as_version=4))


def _check_ids(raw, path: Path) -> None:
    form = (raw.get("nbformat"), raw.get("nbformat_minor")) if isinstance(raw, dict) else None
    if form != (4, 5):
        raise LessonError(f"{path} should be of notebook format 4.5; found {form}. Save it with a current JupyterLab.")
    ids = [cell.get("id") for cell in raw.get("cells", [])]
    if None in ids or len(set(ids)) < len(ids):
        twice = sorted({name for name in ids if name and ids.count(name) > 1})
        raise LessonError(
            f"{path}: every cell needs an id of its own; found {ids.count(None)} without, and twice: {twice}."
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
    """Strip what doesn't belong into a committed notebook of `solutions/`, in place.

    Outputs go, except those of cells tagged `KEEP_TAG`; execution counts become null, and `KEPT_COUNT` on those cells;
    widget state and what editors leave behind go.

    Args:
        path: a notebook, or a folder of notebooks; default `solutions/`.
        execute: first run it, on drawn faces and in a temporary folder, and keep the fresh outputs.

    Returns:
        The notebooks that changed.

    Raises:
        LessonError: if a notebook is not valid, or fails when executed; it then stays as it is.

    """
    path = find_folder("solutions") if path is None else Path(path)
    changed = []
    for notebook_path in _notebooks(path) if path.is_dir() else [path]:
        notebook = read(notebook_path)
        if execute:
            notebook = _without_volatile(_executed(notebook, notebook_path))
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


def _executed(notebook, path: Path):
    """Return the notebook with fresh outputs, computed on drawn faces whatever FER_COURSE_DATA says."""
    require("nbclient", "executing notebooks")
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    with tempfile.TemporaryDirectory() as work, own_kernels() as kernels:
        resources = {"metadata": {"path": work}}
        # One stream output a cell: how a stream is cut into messages changes from run to run.
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
            raise LessonError(f"{path} fails when it is executed, and was left as it is:\n{error}") from error


def _places(source: str | Path | None, target: str | Path | None) -> tuple[Path, Path]:
    source = find_folder("solutions") if source is None else Path(source)
    if not source.is_dir():
        raise LessonError(f"There is no folder {source} with solved notebooks.")
    return source, source.parent / "lessons" if target is None else Path(target)


def _notebooks(place: Path) -> list[Path]:
    return sorted(place.glob("*.ipynb"))


def _read_bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
