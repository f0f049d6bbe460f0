"""Build the learner's notebooks from the solved ones: `solutions/` → `lessons/`, with nbgrader's own preprocessors.

A lesson is a pure function of its solution: the same notebook gives the same bytes, on every machine.
Needs nbgrader (the extra `instructor`).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import fer_course
from fer_course._shared.files import write_text
from fer_course.authoring import hosting_links
from fer_course.authoring.notebooks import notebooks_in, read, text
from fer_course.course import find_folder, require
from fer_course.course.cells import is_check, is_solution
from fer_course.errors import LessonError

#: The line of a lesson that replaces a solution.
STUB = "raise NotImplementedError  # your code here"


#: Lets Run All continue after a check that fails because its exercise is not solved yet.
LESSON_TAG = "raises-exception"


#: The cell of a lesson that Colab and Kaggle need. Nearly everything that the course depends on is installed there already.
FETCH = """# On Colab and Kaggle this fetches the course, once; elsewhere it is there, and nothing happens.
import importlib.util

if importlib.util.find_spec("fer_course") is None:
    %pip install --quiet --no-deps "git+{address}@v{version}"
    %pip install --quiet anywidget papermill"""


def build_lessons(source: str | Path | None = None, target: str | Path | None = None) -> list[Path]:
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
    source, target = _folders(source, target)
    built = {target / path.name: build(path) for path in notebooks_in(source)}
    changed = [path for path, text in built.items() if _read_bytes(path) != text.encode()]
    for path in changed:
        write_text(path, built[path])
    return changed


def find_stale(source: str | Path | None = None, target: str | Path | None = None) -> list[str]:
    """Return the names of the lessons that are not, byte for byte, what `build_lessons` would write; [] if all are.

    Missing lessons count as stale, and so do lessons without a solution.
    """
    source, target = _folders(source, target)
    built = {path.name: build(path).encode() for path in notebooks_in(source)}
    found = {path.name: path.read_bytes() for path in notebooks_in(target)}
    return sorted(name for name in built.keys() | found.keys() if built.get(name) != found.get(name))


#: The name in the first edition, which scripts may still call.
in_sync = find_stale


def build(path: str | Path, repository: str | None = None) -> str:
    """Return the text of the lesson that a solved notebook becomes.

    Solutions are replaced by `STUB`, outputs are cleared, check cells get the tag `LESSON_TAG`, and cells are locked and get
    checksums, as `nbgrader generate_assignment` does. Cell ids stay. If the repository has a public address, the first code
    cell fetches the course if it is missing, as on Colab and Kaggle.

    Args:
        path: the solved notebook.
        repository: the repository's public address; None takes it from `pyproject.toml`, "" leaves the cell out.

    Raises:
        LessonError: if the notebook is not valid, or has a solution region that nbgrader refuses.

    """
    require("nbgrader", "building lessons", extra="instructor")
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
    if address := hosting_links.repository() if repository is None else repository:
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


def _tag_checks(notebook) -> None:
    """Tag the check cells, so that Run All reaches the end of an unsolved lesson."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if is_check(cell) and LESSON_TAG not in tags:
            cell.metadata["tags"] = [*tags, LESSON_TAG]


def _fetch_first(notebook, address: str) -> None:
    """Insert a first code cell that fetches the course if it is missing, and nothing else: NumPy keeps its version."""
    import nbformat

    first = next(index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    source = FETCH.format(address=address, version=fer_course.__version__)
    notebook.cells.insert(first, nbformat.v4.new_code_cell(source, id="fetch"))


def _check_regions(notebook, path: Path) -> None:
    """Check the solution regions before nbgrader does, whose messages don't name the cell."""
    for cell in notebook.cells:
        marks = re.findall(r"\b(BEGIN|END) SOLUTION", cell.source)
        if marks != ["BEGIN", "END"] * (len(marks) // 2):
            raise LessonError(
                f"{path}, cell {cell.id}: each BEGIN SOLUTION needs one END SOLUTION after it; found {marks}."
            )
        if marks and not cell.metadata.get("nbgrader", {}).get("solution"):
            raise LessonError(f"{path}, cell {cell.id}: holds a solution, but its nbgrader metadata does not say so.")
        if is_solution(cell) and not marks:
            raise LessonError(f"{path}, cell {cell.id}: is a solution cell without BEGIN SOLUTION and END SOLUTION.")


def _check_stubs(notebook, path: Path) -> None:
    """Check that a learner can run the solution cells of the lesson: they must be valid code that raises only when called."""
    for cell in filter(is_solution, notebook.cells):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            raise LessonError(
                f"{path}, cell {cell.id}: is not valid Python with its solution removed: {error}"
            ) from error
        if any(isinstance(node, ast.Raise) for node in _run_at_once(tree)):
            raise LessonError(
                f"{path}, cell {cell.id}: its solution is outside a function, so the stub would stop Run All. "
                "Let the learner write a function."
            )


def _run_at_once(tree: ast.AST):
    """Yield the nodes of a module that run when the cell runs: everything but the bodies of functions."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node
            yield from _run_at_once(node)


def _folders(source: str | Path | None, target: str | Path | None) -> tuple[Path, Path]:
    source = find_folder("solutions") if source is None else Path(source)
    if not source.is_dir():
        raise LessonError(f"There is no folder {source} with solved notebooks.")
    return source, source.parent / "lessons" if target is None else Path(target)


def _read_bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
