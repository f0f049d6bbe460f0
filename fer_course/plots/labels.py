"""Words at the lines instead of a legend, and per cent at an axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from fer_course.plots.style import SIZE

#: Between a line's end and its label, and between the middles of two labels, in points.
GAP, APART = 8.0, 1.25 * SIZE


def percent(side: Axis, whole: float = 1) -> None:
    """Write the numbers at an axis in per cent of `whole`."""
    side.set_major_formatter(FuncFormatter(lambda value, _place: f"{round(100 * value / whole, 6):g} %"))


def label_lines(axis: Axes, lines: Sequence[Line2D] | None = None) -> None:
    """Write the label of each line at its right end, in one column, none over another. Call it when the limits are final.

    A thin dotted line in the colour of the line leads from its end to its label, unless the two stand side by side.

    Args:
        axis: where the lines are.
        lines: those to label; None: all lines that have a label.

    """
    if lines is None:
        lines = [line for line in axis.get_lines() if not str(line.get_label()).startswith("_")]
    lines = [line for line in lines if np.isfinite(line.get_xydata()).all(axis=1).any()]
    if not lines:
        return
    axis.autoscale_view()
    points = 72 / axis.figure.dpi  # of a pixel
    ends = points * np.array([line.get_transform().transform(_end(line)) for line in lines])
    column, heights = ends[:, 0].max() + GAP, spread(ends[:, 1], APART)
    for line, (x, y), height in zip(lines, ends, heights, strict=True):
        moved = max(abs(height - y), (column - x - GAP) / 2) > APART / 2
        leader = {
            "arrowstyle": "-", "linewidth": 1, "linestyle": (0, (1, 1.5)), "color": line.get_color(), "shrinkB": 3,
        }  # fmt: skip
        axis.annotate(
            str(line.get_label()), _end(line), (column - x, height - y), xycoords=line.get_transform(),
            textcoords="offset points", va="center", annotation_clip=False, arrowprops=leader if moved else None,
            zorder=line.get_zorder(), fontweight="bold" if line.get_linewidth() > 2 else "normal",
        )  # fmt: skip


def _end(line: Line2D) -> tuple[float, float]:
    """Return the last finite point of a line, in the line's own coordinates."""
    places = np.asarray(line.get_xydata())
    x, y = places[np.isfinite(places).all(axis=1)][-1]
    return float(x), float(y)


def spread(wanted: np.ndarray, apart: float) -> np.ndarray:
    """Return positions close to the wanted ones, in the same order, of which no two are nearer to each other than `apart`.

    Neighbours that are too close form a group, equally spaced around the mean of what they want. A group that meets another
    joins it.
    """
    order = np.argsort(wanted, kind="stable")
    groups: list[list[float]] = []  # the wanted positions, each without the distance to the first of all
    for rank, index in enumerate(order):
        groups.append([wanted[index] - rank * apart])
        while len(groups) > 1 and np.mean(groups[-1]) < np.mean(groups[-2]):
            last = groups.pop()
            groups[-1] += last
    positions = np.empty(len(wanted))
    positions[order] = np.concatenate([[np.mean(group)] * len(group) for group in groups]) + apart * np.arange(
        len(wanted)
    )
    return positions
