"""Figures in a notebook, always with alternative text, sharp at any size, and readable on light and on dark pages.

A figure becomes two SVG images: one for light pages, one with `DARK_INK` for dark ones. A rule in the output chooses
between them, by what JupyterLab, the book, VS Code or Colab say about their page. Where rules are removed, as in a
notebook that JupyterLab does not trust, the light one is shown on white.
"""

from __future__ import annotations

import base64
import html
import io
import re

from matplotlib.figure import Figure

from fer_course.errors import FerCourseError
from fer_course.plots._pyplot import plt
from fer_course.plots.style import DARK_INK, INK

#: Larger figures, such as a cloud of 20,000 points, become pixels: bytes of SVG.
LARGEST = 1_500_000
#: Pixels per inch: of a figure on the page, and of pictures that have to become pixels.
ON_PAGE, PIXELS = 100, 200

_DARK = ':is([data-jp-theme-light="false"],[data-theme="dark"],[theme="dark"],.vscode-dark)'
_KNOWN = ":is([data-jp-theme-light],[data-theme],[theme],.vscode-light)"
_FOLLOWS = "[data-follows-scheme]"  # the pages of a run: they are as dark as the browser
_RULES = (
    f"<style>@media screen{{{_KNOWN} .fer-light{{background:none!important}}"
    f"{_DARK} .fer-light{{display:none}}{_DARK} .fer-dark{{display:inline!important}}}}"
    f"@media screen and (prefers-color-scheme:dark){{{_FOLLOWS} .fer-light{{display:none}}"
    f"{_FOLLOWS} .fer-dark{{display:inline!important}}}}</style>"
)


def show(figure: Figure, alt: str) -> None:
    """Show a figure in a notebook, as an image with alternative text, and close it.

    JupyterLab drops the alternative text of plain image outputs, so the figure is shown as HTML.

    Raises:
        FerCourseError: if `alt` is empty.

    """
    if not alt.strip():
        raise FerCourseError("A figure needs alternative text: show(figure, alt='what the figure shows').")
    from IPython.display import display

    display(picture(figure, alt), raw=True)


def picture(figure: Figure, alt: str) -> dict[str, str]:
    """Return a figure in the forms that a notebook displays, HTML with alternative text and plain text, and close it."""
    # The names of parts that diagrams give hold the names of layers, which Keras counts on from model to model.
    drawing = re.sub(' id="(?:box|arrow) [^"]*"', "", _saved(figure, "svg").decode())
    words, width = html.escape(alt, quote=True), _width(drawing)
    if len(drawing) > LARGEST:
        pixels = _saved(figure, "png", facecolor="white")
        images = _image(f'alt="{words}"', width, "png", pixels)
    else:
        light = _image(f'class="fer-light" alt="{words}"', width, "svg+xml", drawing.encode(), "background:white;")
        dark = drawing.replace(INK, DARK_INK).encode()
        images = _RULES + light + _image(f'class="fer-dark" alt="{words}"', width, "svg+xml", dark, "display:none;")
    plt.close(figure)
    return {"text/html": images, "text/plain": f"[figure: {alt}]"}


def _saved(figure: Figure, kind: str, **how) -> bytes:
    content = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else None  # else no two files would be the same
    figure.savefig(content, format=kind, dpi=PIXELS, bbox_inches="tight", pad_inches=0.05, metadata=metadata, **how)
    return content.getvalue()


def _width(drawing: str) -> int:
    """Return the width of an SVG file in pixels on a page: matplotlib writes it in points, 72 per inch."""
    points = re.search(r'<svg[^>]* width="([\d.]+)pt"', drawing)
    if points is None:
        raise FerCourseError("matplotlib wrote an SVG file without a width.")
    return round(float(points[1]) / 72 * ON_PAGE)


def _image(attributes: str, width: int, kind: str, content: bytes, style: str = "") -> str:
    data = base64.b64encode(content).decode()
    return (
        f'<img {attributes} width="{width}" src="data:image/{kind};base64,{data}" '
        f'style="{style}max-width:100%;height:auto">'
    )
