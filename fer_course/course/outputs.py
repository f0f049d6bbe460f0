"""Extract title, results and figures from an executed notebook, and write its HTML page."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from fer_course._shared.files import atomic, write_text
from fer_course.course.lessons import lesson_number
from fer_course.course.pages import lesson_page
from fer_course.course.records import Figure, Outputs
from fer_course.course.results import RESULT_TYPE


def extract(executed: Path, target: Path) -> Outputs:
    """Return title, results and figures of an executed notebook; write its figures and its HTML page.

    Args:
        executed: the notebook, `10-train-it.ipynb`. If it does not exist, the result is empty.
        target: the folder to write to; the figures go to `figures/` in it.

    """
    import nbformat

    if not executed.is_file():
        return {}
    notebook = nbformat.read(executed, as_version=4)
    title = _title(notebook) or executed.stem
    results, numbers = _results(notebook)
    figures = _write_figures(notebook, target / "figures", lesson_number(executed.stem))
    write_text(executed.with_suffix(".html"), lesson_page(notebook, title))
    return {"title": title, "results": results, "numbers": numbers, "figures": figures}


def _title(notebook) -> str | None:
    for cell in notebook.cells:
        heading = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading:
            return heading[1].strip()
    return None


def _outputs(notebook) -> Iterator[dict]:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield from (output for output in cell.outputs if "data" in output)


def _results(notebook) -> tuple[list[str], dict]:
    """Return a notebook's results: the sentences in order, and all numbers; if a name occurs again, the last number counts."""
    found = [output["data"][RESULT_TYPE] for output in _outputs(notebook) if RESULT_TYPE in output["data"]]
    numbers = {}
    for result in found:
        numbers.update(result["numbers"])
    return [result["sentence"] for result in found], numbers


#: How a picture in HTML begins -> the ending of its file.
_KINDS = {"data:image/png;base64": "png", "data:image/svg+xml;base64": "svg"}


class _Picture(NamedTuple):
    """A picture of an output; the content, and that for dark pages, as base64."""

    alt: str
    kind: str
    content: str
    dark: str = ""


class _Images(HTMLParser):
    """Collects the pictures that are embedded in a piece of HTML. `plots.show` writes one for dark pages after its twin."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Picture] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        head, _, content = (attributes.get("src") or "").partition(",")
        if tag != "img" or head not in _KINDS:
            return
        if attributes.get("class") == "fer-dark" and self.found:
            self.found[-1] = self.found[-1]._replace(dark=content)
        else:
            self.found.append(_Picture(attributes.get("alt") or "", _KINDS[head], content))


def _pictures(output: dict) -> list[_Picture]:
    """Return an output's figures: those in its HTML, else its plain PNG."""
    images = _Images()
    images.feed(output["data"].get("text/html", ""))
    if not images.found and "image/png" in output["data"]:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        return [_Picture(alt, "png", output["data"]["image/png"])]
    return images.found


def _write_figures(notebook, folder: Path, number: str) -> list[Figure]:
    """Write a notebook's figures to NN-1.svg, NN-1-dark.svg, NN-2.png, …; return their files and alt texts."""
    figures: list[Figure] = []
    for output in _outputs(notebook):
        for picture in _pictures(output):
            with contextlib.suppress(binascii.Error):
                name = f"{number}-{len(figures) + 1}"
                figure: Figure = {
                    "file": _write(picture.content, folder / f"{name}.{picture.kind}"),
                    "alt": picture.alt,
                }
                if picture.dark:
                    figure["dark"] = _write(picture.dark, folder / f"{name}-dark.{picture.kind}")
                figures.append(figure)
    return figures


def _write(content: str, file: Path) -> str:
    """Write a picture, given as base64; return its path, as seen from the folder of the run."""
    pixels = base64.b64decode(content)
    with atomic(file) as temporary:
        temporary.write_bytes(pixels)
    return f"{file.parent.name}/{file.name}"
