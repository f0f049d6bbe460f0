"""Turn an executed solution into a page: the learner's stub, the answer folded below it, outputs that need no kernel."""

from __future__ import annotations

import copy
import html
import re
from pathlib import Path

import nbformat

from fer_course.authoring import hosting_links, lessons, notebooks
from fer_course.course import RESULT_TYPE, require
from fer_course.course.cells import is_solution

#: Folds the code of a cell (a tag of myst-nb); its outputs stay.
FOLD = "hide-input"
#: Goes into the ids of the cells that hold an answer.
ANSWER = "-answer"
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
NO_REPOSITORY = "It opens on Colab, Binder and Kaggle once the course's repository has a public address."


def prepare(solution: Path, executed, repository: str = ""):
    """Return the notebook that the book shows of a solution.

    Args:
        solution: a notebook of `solutions/`.
        executed: the same notebook with outputs, as `executing.executed` returns it.
        repository: the public address of the course, for links to Colab, Binder and Kaggle; "" if there is none.

    """
    notebook = notebooks.read(solution)
    lesson = nbformat.reads(lessons.build(solution), as_version=4)
    stubs = {cell.id: cell.source for cell in lesson.cells}
    outputs = _outputs(executed)
    states = executed.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [still(output, states) for output in outputs.get(cell.id, [])]
            cell.execution_count = None
        cells += folded(cell, stubs[cell.id]) if is_solution(cell) else [cell]
    cells[0].source = titled(cells[0].source, solution.stem[:2])
    notebook.cells = [cells[0], launch_line(solution.name, repository), *cells[1:]]
    return notebook


def titled(source: str, number: str) -> str:
    """Return the first cell of a lesson with its number in a short title; what stood behind the title's colon comes below it.

    Search results show titles alone, and on a telephone a long one fills the screen.
    """
    heading, newline, rest = source.partition("\n")
    short, _, more = heading.removeprefix("# ").partition(": ")
    below = f"\n\n*{more[0].upper()}{more[1:]}*" if more else ""
    return f"# {number} · {short}{below}{newline}{rest}"


def folded(cell, stub: str) -> list:
    """Return the two cells that a solution cell becomes: what a learner sees, then the answer, its code folded away."""
    shown, answer = copy.deepcopy(cell), copy.deepcopy(cell)
    shown.source, shown.outputs = stub, []
    answer.id += ANSWER
    answer.source = without_marks(cell.source)
    answer.metadata["tags"] = [*answer.metadata.get("tags", []), FOLD]
    return [shown, answer]


def without_marks(source: str) -> str:
    """Return the code of a solution without the lines that mark where the answer begins and ends."""
    return re.sub(r"(?m)^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", "", source).rstrip("\n")


def launch_line(name: str, repository: str):
    """Return the small line at the top of a lesson: the learner's notebook to download, and where it opens."""
    addresses = hosting_links.buttons(repository, f"lessons/{name}")
    ways = [f'<a href="{html.escape(address)}">{service}</a>' for service, address in addresses.items()]
    opens = f"Open it in {' · '.join(ways)}." if ways else NO_REPOSITORY
    text = f'<a href="../notebooks/{name}" download>Download this notebook</a> to solve it yourself. {opens}'
    return nbformat.v4.new_markdown_cell(f'<p class="launch">{text}</p>', id="launch")


# -------------------------------------------------------------------------------------------------------- outputs


def _outputs(executed) -> dict[str, list]:
    """Return the outputs of each cell by its id; pieces of one stream joined, and a bar that moved in place as it ended."""
    require("nbconvert", "building the book")
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    joined, _ = CoalesceStreamsPreprocessor(enabled=True).preprocess(copy.deepcopy(executed), {})
    return {cell.id: cell.outputs for cell in joined.cells if "outputs" in cell}


def still(output, states: dict):
    """Return an output as it is, a widget as HTML: a figure that lives, or its controls in words and its first picture."""
    data = output.get("data", {})
    view = data.pop(VIEW, None)
    data.pop(RESULT_TYPE, None)  # for machines
    if view is None or "data-fer-figure" in data.get("text/html", ""):
        return output
    picture = "".join(_shown(view["model_id"], states))
    controls = "".join(f"<li>{words}</li>" for words in _controls(view["model_id"], states))
    note = "In a running notebook you can move these; here they stand as they begin."
    parts = f'<div class="still"><p>{note}</p><ul>{controls}</ul></div>{picture}'
    return nbformat.v4.new_output("display_data", {"text/html": parts, "text/plain": note})


def _models(name: str, states: dict):
    """Yield the kind and state of a widget and of all within it, in the order in which they are shown."""
    model = states.get(name.removeprefix("IPY_MODEL_"), {})
    state = model.get("state", {})
    yield model.get("model_name", ""), state
    for child in state.get("children", []):
        yield from _models(child, states)


def _shown(name: str, states: dict):
    """Yield the pieces of HTML that a widget shows."""
    for kind, state in _models(name, states):
        if kind == "HTMLModel" and state.get("value"):
            yield state["value"]


def _controls(name: str, states: dict):
    """Yield each control of a widget in words: what it is called, where it stands, how far it goes."""
    for kind, state in _models(name, states):
        label = f"<b>{html.escape(state.get('description') or 'control')}</b>"
        if kind.endswith("SliderModel"):
            yield f"{label}: {state['value']:g} ({state['min']:g} to {state['max']:g})"
        elif kind == "DropdownModel":
            options = [html.escape(str(each)) for each in state["_options_labels"]]
            yield f"{label}: {options[state['index'] or 0]} (of {', '.join(options)})"
        elif kind in ("ButtonModel", "FileUploadModel"):
            yield f"{label}: a button"
