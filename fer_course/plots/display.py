"""Figures in a notebook, always with alternative text; and the colours and line styles of all figures."""

from __future__ import annotations

import base64
import html
import io

from matplotlib.figure import Figure

from fer_course.errors import FerCourseError
from fer_course.plots._pyplot import plt

#: Okabe and Ito's colours, which people with any kind of colour vision can distinguish.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


#: Line styles for the colours, so that colour is never the only carrier of the meaning.
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def show(figure: Figure, alt: str) -> None:
    """Show a figure in a notebook, as an image with alternative text, and close it.

    JupyterLab drops the alternative text of plain PNG outputs, so the figure is shown as HTML.

    Raises:
        FerCourseError: if `alt` is empty.

    """
    if not alt.strip():
        raise FerCourseError("A figure needs alternative text: show(figure, alt='what the figure shows').")
    from IPython.display import display

    display(picture(figure, alt), raw=True)


def picture(figure: Figure, alt: str) -> dict[str, str]:
    """Return a figure in the forms that a notebook displays, HTML with alternative text and plain text, and close it."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, bbox_inches="tight", facecolor="white")
    plt.close(figure)
    data = base64.b64encode(png.getvalue()).decode()
    image = f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}" style="max-width:100%">'
    return {"text/html": image, "text/plain": f"[figure: {alt}]"}
