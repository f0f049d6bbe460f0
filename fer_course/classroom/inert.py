"""Make what a submission wrote inert: text and pictures, nothing that a browser executes, loads or follows.

A notebook that a teacher opens, in formgrader or JupyterLab, is shown by a page that may do everything the teacher may. So what
learners wrote stays as text, and of what their code showed only plain text, PNG and JPEG are kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

#: Pictures that are kept, with their first bytes: other formats may hold scripts.
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
#: Control characters, those that turn the direction of text, and halves of letters, which no file can hold; line breaks and tabs
#: stay.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FENCE = re.compile(r"\A(`{3,})text\n(.*)\n\1\s*\Z", re.DOTALL)


def printable(text: object) -> str:
    """Return text without escape sequences of terminals and control characters; lists of lines are joined."""
    joined = "".join(map(str, text)) if isinstance(text, list | tuple) else str(text)
    return _CONTROLS.sub("", _ESCAPES.sub("", joined.replace("\r\n", "\n")))


def fenced(text: str) -> str:
    """Return text as a block of Markdown in which nothing has a meaning: no HTML, no links, no formulas."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{printable(text)}\n{fence}"


def unfenced(source: str) -> str:
    """Return the text that `fenced` was given; other text as it is."""
    found = _FENCE.match(source)
    return found[2] if found else source


def output(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an output of a cell with nothing live in it; None if nothing is left."""
    kind = given.get("output_type")
    if kind == "stream":
        name = "stderr" if given.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": printable(given.get("text", ""))}
    if kind == "error":
        lines = given.get("traceback")
        return {
            "output_type": "error",
            "ename": printable(given.get("ename", "")),
            "evalue": printable(given.get("evalue", "")),
            "traceback": [printable(line) for line in lines] if isinstance(lines, list) else [],
        }
    data = given.get("data")
    if kind not in {"display_data", "execute_result"} or not isinstance(data, Mapping):
        return None
    kept = _shown(data)
    if not kept:
        return None
    made: dict[str, Any] = {"output_type": kind, "data": kept, "metadata": {}}
    if kind == "execute_result":
        made["execution_count"] = None
    return made


def _shown(data: Mapping[str, Any]) -> dict[str, str]:
    kept = {"text/plain": printable(data["text/plain"])} if "text/plain" in data else {}
    for kind, beginning in _PICTURES.items():
        picture = _picture(data.get(kind), beginning)
        if picture:
            kept[kind] = picture
    return kept


def _picture(text: object, beginning: bytes) -> str:
    """Return a picture in base64, encoded anew, if it is one; else ""."""
    joined = "".join(text) if isinstance(text, list) and all(isinstance(part, str) for part in text) else text
    if not isinstance(joined, str):
        return ""
    try:
        content = base64.b64decode(re.sub(r"\s", "", joined), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(content).decode() if content.startswith(beginning) else ""


def make_inert(notebook, ours: Mapping[str, str]) -> None:
    """Make a notebook inert, in place.

    Args:
        notebook: as nbformat reads it.
        ours: cell id -> source of the cells of Markdown that were handed out: these may format.

    """
    import nbformat

    for cell in notebook.cells:
        grading = cell.metadata.get("nbgrader")
        cell.metadata = nbformat.from_dict({"nbgrader": grading} if grading else {})
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(made) for each in cell.outputs if (made := output(each))]
            cell.source = printable(cell.source)
        elif cell.cell_type != "markdown" or ours.get(cell.get("id", "")) != cell.source:
            cell.cell_type = "markdown"
            cell.source = cell.source if _FENCE.match(cell.source) else fenced(cell.source)
    names = ("kernelspec", "language_info")
    notebook.metadata = nbformat.from_dict(
        {name: notebook.metadata[name] for name in names if name in notebook.metadata}
    )
