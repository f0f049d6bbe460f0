"""How figures of the course look: one font size, one ink, no frames, a transparent ground; and the colours of all figures.

A figure is drawn once, with `INK` for whatever is text, an axis or an arrow. `display` writes it a second time for dark pages,
with `DARK_INK` instead.
"""

from __future__ import annotations

from typing import Any

#: The colour of text, axes and arrows on light pages, and on dark ones. One grey for both would have a contrast of 4.3 at most.
INK, DARK_INK = "#1d1d1d", "#e8e8e8"

#: Okabe and Ito's colours, which people with any kind of colour vision can distinguish. What a figure is about has the first one.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", INK)

#: Line styles for the colours, so that colour is never the only carrier of the meaning.
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))

#: Points: 10 are 14 pixels, as the text of JupyterLab.
SIZE = 10

#: Settings of matplotlib that differ from its own.
SETTINGS: dict[str, Any] = {
    **dict.fromkeys(
        (
            "text.color",
            "axes.labelcolor",
            "axes.edgecolor",
            "xtick.color",
            "ytick.color",
            "hatch.color",
            "patch.edgecolor",
        ),
        INK,
    ),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none"),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    **dict.fromkeys(("font.size", "axes.titlesize", "figure.titlesize", "legend.fontsize"), SIZE),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "axes.labelsize"), SIZE),
    "axes.prop_cycle": f"cycler('color', {list(COLOURS)})",
    "axes.titlepad": 8.0,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "grid.linewidth": 0.4,
    "hatch.linewidth": 0.6,
    "image.interpolation": "none",  # the pixels of a face are there to be seen
    "svg.hashsalt": "fer_course",  # the same figure is the same file
}


def use_style() -> None:
    """Give matplotlib the style of the course, but keep every setting that the notebook has changed itself."""
    import matplotlib

    own, now = matplotlib.rcParamsDefault, matplotlib.rcParams
    styled = matplotlib.RcParams(SETTINGS)  # as matplotlib reads them, so that they can be compared
    now.update({name: value for name, value in styled.items() if now[name] == own[name]})
