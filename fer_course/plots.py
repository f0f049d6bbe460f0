"""Functions that return a matplotlib `Figure`; `show(fig, alt=…)` puts one into a notebook with its alternative text."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from itertools import cycle

import fer_course._shared.matplotlibrc  # noqa: F401  (before matplotlib is loaded)

import matplotlib.pyplot as plt  # isort: skip
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from fer_course._shared.settings import use_matplotlibs_own
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES, Faces

use_matplotlibs_own()

#: Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: Line styles that go with the colours, so that colour never carries the meaning alone.
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def show(figure: Figure, alt: str) -> None:
    """Show a figure in a notebook, as an image with alternative text, and close it.

    JupyterLab drops the alternative text of plain PNG outputs, so the figure goes out as HTML.

    Raises:
        FerCourseError: if `alt` is empty.

    """
    if not alt.strip():
        raise FerCourseError("A figure needs alternative text: show(figure, alt='what one sees in it').")
    from IPython.display import display

    display(picture(figure, alt), raw=True)


def picture(figure: Figure, alt: str) -> dict[str, str]:
    """Return a figure as what a notebook displays: HTML with the alternative text, and the text alone; closes the figure."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, bbox_inches="tight", facecolor="white")
    plt.close(figure)
    data = base64.b64encode(png.getvalue()).decode()
    image = f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}" style="max-width:100%">'
    return {"text/html": image, "text/plain": f"[figure: {alt}]"}


def grid(images: np.ndarray, titles: Sequence[str] | None = None, columns: int = 10, size: float = 1.0) -> Figure:
    """Show grey pictures (N, H, W) side by side, each with a title if `titles` are given; `size` in inches each.

    Raises:
        FerCourseError: if there is no picture.

    """
    images = np.asarray(images)
    if not len(images):
        raise FerCourseError("A grid needs at least one picture; found none. Look at what they were selected by.")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * size * (1.25 if titles is not None else 1)), squeeze=False
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for index, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        if titles is not None:
            axis.set_title(titles[index], fontsize=8)
    figure.tight_layout(pad=0.3)
    return figure


def signed_grid(images: np.ndarray, titles: Sequence[str], columns: int = 4, size: float = 1.6) -> Figure:
    """Show arrays of signed numbers (N, H, W) as pictures: red above zero, white at zero, blue below.

    Each picture has its own scale, symmetric round zero; `size` in inches each.
    """
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * size, rows * size * 1.15), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        limit = np.abs(image).max() or 1
        axis.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axis.set_title(title, fontsize=9)
    figure.tight_layout(pad=0.3)
    return figure


def class_counts(faces: Faces) -> Figure:
    """Show how many faces each class has, one group of bars a split."""
    splits = list(faces.split_sizes())
    counts = np.concatenate([faces.counts(split) for split in splits])
    names = list(faces.class_names) * len(splits)
    groups = np.repeat(splits, len(faces.class_names))
    figure, axis = plt.subplots(figsize=(8, 3.2))
    sns.barplot(x=names, y=counts, hue=groups, palette=list(COLOURS[: len(splits)]), ax=axis)
    for bars, hatch in zip(axis.containers, ("", "//", "..", "xx"), strict=False):
        for bar in bars:
            bar.set_hatch(hatch)
    axis.set(xlabel="", ylabel="faces")
    axis.legend(title="split", loc="upper left", bbox_to_anchor=(1, 1))  # beside the bars, not on them
    sns.despine(figure)
    return figure


def confusion_matrix(confusion: np.ndarray, class_names: Sequence[str] = CLASS_NAMES, normalise: bool = True) -> Figure:
    """Show a confusion matrix (classes, classes): a row is a true class, a column a prediction.

    Args:
        confusion: counts, rows the true classes.
        class_names: in the order of the rows.
        normalise: divide each row by its sum, so that the diagonal shows the recall.

    """
    confusion = np.asarray(confusion, dtype=float)
    if normalise:
        confusion = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(5.6, 4.6))
    sns.heatmap(
        confusion, annot=True, fmt=".2f" if normalise else ".0f", cmap="Blues", vmin=0, vmax=1 if normalise else None,
        square=True, xticklabels=class_names, yticklabels=class_names, cbar_kws={"shrink": 0.8}, ax=axis,
    )  # fmt: skip
    axis.set(xlabel="predicted", ylabel="true")
    axis.tick_params(axis="x", rotation=45)
    figure.tight_layout()
    return figure


def reliability(curves: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Show how often models are right when they are this sure: on the diagonal a model is as sure as it should be.

    Args:
        curves: name of a model -> (faces, confidence, accuracy), each (bins,), as `Report.reliability` gives them; the area of
            a marker grows with its number of faces.

    """
    figure, axis = plt.subplots(figsize=(4.6, 4.4))
    axis.plot([0, 1], [0, 1], ":", color="black", label="as sure as right")
    for (name, (faces, confidence, accuracy)), colour, style, marker in zip(
        curves.items(), cycle(COLOURS), cycle(STYLES), cycle("osD^vPX*"), strict=False
    ):
        full = np.asarray(faces) > 0
        axis.plot(confidence[full], accuracy[full], linestyle=style, color=colour)
        sizes = 10 + 200 * faces[full] / np.sum(faces)
        axis.scatter(confidence[full], accuracy[full], sizes, color=colour, marker=marker, label=name)
    axis.set(xlabel="how sure: probability of the named class", ylabel="how often right", xlim=(0, 1), ylim=(0, 1.02))
    axis.legend(fontsize=8)
    sns.despine(figure)
    return figure


def heat_maps(
    images: np.ndarray, maps: np.ndarray, titles: Sequence[str], columns: int = 7, size: float = 1.5
) -> Figure:
    """Lay maps of signed numbers over grey pictures: red above zero, blue below, nothing at zero.

    Lines go round what is above half of the largest absolute value (full) and below minus half of it (dashed), so that colour
    never carries the meaning alone.

    Args:
        images: (N, H, W), grey levels 0 to 255.
        maps: (N, h, w), of any resolution; all on one scale, symmetric round zero.
        titles: one a picture.
        columns: pictures a row.
        size: inches a picture.

    """
    images, maps = np.asarray(images), np.asarray(maps, dtype=float)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * size, rows * size * 1.15), squeeze=False)
    limit = np.abs(maps).max() or 1.0
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, each, title in zip(axes.flat, images, maps, titles, strict=False):
        fine = _enlarged(each / limit, image.shape)
        colours = plt.colormaps["RdBu_r"]((fine + 1) / 2)
        colours[..., 3] = 0.75 * np.abs(fine)
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.imshow(colours, interpolation="bilinear")
        for level, style in ((0.5, "solid"), (-0.5, "dashed")):
            if fine.min() < level < fine.max():  # else matplotlib warns
                axis.contour(fine, [level], colors="black", linewidths=1, linestyles=style)
        axis.set_title(title, fontsize=9)
    figure.tight_layout(pad=0.3)
    return figure


def _enlarged(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Interpolate (h, w) linearly to (H, W); values belong to the middles of their places."""
    for axis, (places, side) in enumerate(zip(small.shape, shape, strict=True)):
        middles = (np.arange(places) + 0.5) * side / places - 0.5
        small = np.apply_along_axis(lambda line, at=middles, n=side: np.interp(np.arange(n), at, line), axis, small)
    return small


def accuracy_against_cost(
    panels: dict[str, dict[str, tuple[float, float, float, float]]], lines: dict[str, float] | None = None
) -> Figure:
    """Show accuracies against multiply-adds, each with its interval: one panel, with its own height, a kind of faces.

    Points of the same cost stand side by side.

    Args:
        panels: title -> (name -> (multiply-adds, accuracy, lower end, upper end)); ends that are not finite are not drawn.
        lines: name -> published accuracy whose cost is not known, drawn across the first panel.

    """
    entries = max(map(len, panels.values()), default=0) + len(lines or {})  # of the legend, which stands below
    size = (5.6 * len(panels), 3.4 + 0.18 * entries)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, sharex=True)
    for name, accuracy in (lines or {}).items():
        axes[0, 0].axhline(100 * accuracy, linestyle=":", color="black", label=name)
    most = max((point[0] / 1e6 for points in panels.values() for point in points.values()), default=1)
    for axis, (title, points) in zip(axes[0], panels.items(), strict=True):
        taken = []
        for (name, (cost, *values)), colour, marker in zip(
            points.items(), cycle(COLOURS), cycle("osD^vPX*"), strict=False
        ):
            accuracy, *ends = 100 * np.asarray(values, dtype=float)
            place = cost / 1e6 + 0.025 * most * taken.count(cost)
            taken.append(cost)
            if np.isfinite(ends).all():
                axis.plot([place, place], ends, "_-", color=colour, markersize=10)
            axis.plot(place, accuracy, marker, color=colour, markersize=8, label=name)
        axis.set(title=title, xlabel="million multiply-adds a picture", ylabel="accuracy in %", xlim=(0, 1.15 * most))
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=5)  # clear of the label
    sns.despine(figure)
    figure.tight_layout()
    return figure


def seeds(groups: dict[str, Sequence[float]], learned: dict[str, Sequence[float]] | None = None) -> Figure:
    """Show accuracies of several groups of runs: a dot a seed, and a bar at their mean.

    Args:
        groups: name -> accuracies on faces that were not trained on, shares from 0 to 1, one a seed.
        learned: name -> accuracies on the training faces, drawn hollow.

    """
    figure, axis = plt.subplots(figsize=(7, 0.8 + 0.45 * len(groups)))
    for place, ((name, values), colour) in enumerate(zip(groups.items(), cycle(COLOURS), strict=False)):
        values = 100 * np.asarray(values, dtype=float)
        axis.plot(values, [place] * len(values), "o", color=colour, markersize=7)
        axis.plot(values.mean(), place, "|", color=colour, markersize=22)
        trained = 100 * np.asarray((learned or {}).get(name, []), dtype=float)
        axis.plot(trained, [place] * len(trained), "o", color=colour, markersize=7, markerfacecolor="none")
    axis.set(yticks=range(len(groups)), xlabel="accuracy in %", ylim=(len(groups) - 0.5, -0.5))
    axis.set_yticklabels(groups)
    axis.grid(axis="x", linewidth=0.4)
    sns.despine(figure)
    figure.tight_layout()
    return figure


def curves(histories: dict[str, dict[str, Sequence[float]]], metric: str = "accuracy") -> Figure:
    """Show a metric over the epochs of some runs: training as a dotted, validation as a full line.

    Args:
        histories: name of a run -> its history, as `Run.history` gives it.
        metric: `accuracy` or `loss`.

    """
    figure, axis = plt.subplots(figsize=(7, 3.6))
    # More than seven runs begin the colours again, with another marker.
    for (name, history), colour, marker in zip(histories.items(), cycle(COLOURS), cycle("osD^vPX*"), strict=False):
        style = {"color": colour, "marker": marker, "markersize": 4}
        axis.plot(history["epoch"], history[metric], ":", label=f"{name}, training", **style)
        if f"val_{metric}" in history:
            axis.plot(history["epoch"], history[f"val_{metric}"], "-", label=f"{name}, validation", **style)
    axis.set(xlabel="epoch", ylabel=metric)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(fontsize=8)
    sns.despine(figure)
    return figure
