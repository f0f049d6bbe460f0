"""Counts, curves, matrices and costs as charts.

Seaborn is imported in the functions that use it: it brings pandas, and loading both takes longer than a chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_course.faces import CLASS_NAMES, Faces
from fer_course.plots._pyplot import plt
from fer_course.plots.labels import label_lines, percent
from fer_course.plots.style import COLOURS, INK, STYLES


def class_counts(faces: Faces) -> Figure:
    """Show how many faces each class has, with one bar per split."""
    import seaborn as sns

    splits = list(faces.split_sizes())
    counts = np.concatenate([faces.counts(split) for split in splits])
    names = list(faces.class_names) * len(splits)
    groups = np.repeat(splits, len(faces.class_names))
    figure, axis = plt.subplots(figsize=(8, 3.2))
    sns.barplot(x=names, y=counts, hue=groups, palette=list(COLOURS[: len(splits)]), saturation=1, ax=axis)
    for bars, hatch in zip(axis.containers, ("", "//", "..", "xx"), strict=False):
        for bar in bars:
            bar.set_hatch(hatch)
    axis.set(xlabel="", ylabel="faces")
    axis.legend(title="split", loc="upper left", bbox_to_anchor=(1, 1))  # beside the bars, not on them
    return figure


def confusion_matrix(confusion: np.ndarray, class_names: Sequence[str] = CLASS_NAMES, normalise: bool = True) -> Figure:
    """Show a confusion matrix (classes, classes): a row is a true class, a column a prediction.

    Args:
        confusion: counts, rows the true classes.
        class_names: in the order of the rows.
        normalise: show per cent of each row, so that the diagonal shows the recall.

    """
    import seaborn as sns

    confusion = np.asarray(confusion, dtype=float)
    if normalise:
        confusion = 100 * confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(5.6, 4.9))
    sns.heatmap(
        confusion, annot=True, fmt=".0f", cmap="Blues", vmin=0, vmax=100 if normalise else None, cbar=False,
        square=True, xticklabels=class_names, yticklabels=class_names, ax=axis,
    )  # fmt: skip
    axis.set(xlabel="predicted" + (", in % of the true class" if normalise else ""), ylabel="true")
    axis.tick_params(axis="both", length=0)
    axis.tick_params(axis="x", rotation=45)
    figure.tight_layout()
    return figure


def reliability(curves: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Show how often models are right at each level of confidence: on the diagonal a model is as sure as it should be.

    Args:
        curves: name of a model -> (faces, confidence, accuracy), each (bins,), as `Report.reliability` returns them; the area of
            a marker grows with its number of faces.

    """
    figure, axis = plt.subplots(figsize=(4.6, 4.4))
    axis.plot([0, 1], [0, 1], ":", color=INK, linewidth=1, label="as sure as right")
    for (name, (faces, confidence, accuracy)), colour, style, marker in zip(
        curves.items(), cycle(COLOURS), cycle(STYLES), cycle("osD^vPX*"), strict=False
    ):
        full = np.asarray(faces) > 0
        axis.plot(confidence[full], accuracy[full], linestyle=style, color=colour, label=name)
        sizes = 10 + 200 * faces[full] / np.sum(faces)
        axis.scatter(confidence[full], accuracy[full], sizes, color=colour, marker=marker)
    axis.set(xlabel="how sure: probability of the named class", ylabel="how often right", xlim=(0, 1), ylim=(0, 1.02))
    for side in (axis.xaxis, axis.yaxis):
        percent(side)
    label_lines(axis)
    return figure


def accuracy_against_cost(
    panels: dict[str, dict[str, tuple[float, float, float, float]]], lines: dict[str, float] | None = None
) -> Figure:
    """Show accuracies against multiply-adds, each with its interval: one panel per kind of faces, below each other.

    Points of the same cost are side by side.

    Args:
        panels: title -> (name -> (multiply-adds, accuracy, lower end, upper end)); ends that are not finite are not shown.
        lines: name -> published accuracy whose cost is not known: a line across the first panel.

    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(6, 3.4 * len(panels)), squeeze=False)
    most = max((point[0] / 1e6 for points in panels.values() for point in points.values()), default=1)
    for axis, (title, points) in zip(axes[:, 0], panels.items(), strict=True):
        for name, accuracy in (lines or {}).items() if axis is axes[0, 0] else ():
            axis.axhline(100 * accuracy, linestyle=":", color=INK, linewidth=1, label=name)
            axis.text(0, 100 * accuracy, f" {name}", va="bottom")
        _plot_costs(axis, points, most)
        axis.set(title=title, xlabel="million multiply-adds per picture", ylabel="accuracy", xlim=(0, 1.15 * most))
        percent(axis.yaxis, 100)
    figure.tight_layout()
    for axis, points in zip(axes[:, 0], panels.values(), strict=True):
        label_lines(axis, [line for line in axis.get_lines() if line.get_label() in points])
    return figure


def _plot_costs(axis: Axes, points: dict[str, tuple[float, float, float, float]], most: float) -> None:
    """Plot points with their intervals; points of the same cost side by side."""
    taken: list[float] = []
    for (name, (cost, *values)), colour, marker in zip(points.items(), cycle(COLOURS), cycle("osD^vPX*"), strict=False):
        accuracy, *ends = 100 * np.asarray(values, dtype=float)
        x = cost / 1e6 + 0.025 * most * taken.count(cost)
        taken.append(cost)
        if np.isfinite(ends).all():
            axis.plot([x, x], ends, "_-", color=colour, markersize=10)
        axis.plot(x, accuracy, marker, color=colour, markersize=8, label=name)


def seeds(groups: dict[str, Sequence[float]], learned: dict[str, Sequence[float]] | None = None) -> Figure:
    """Show accuracies of several groups of runs: one dot per seed, and a bar at their mean.

    Args:
        groups: name -> accuracies on faces that were not trained on, shares from 0 to 1, one per seed.
        learned: name -> accuracies on the training faces, shown as hollow dots.

    """
    figure, axis = plt.subplots(figsize=(7, 0.8 + 0.45 * len(groups)))
    for row, ((name, shares), colour) in enumerate(zip(groups.items(), cycle(COLOURS), strict=False)):
        values = 100 * np.asarray(shares, dtype=float)
        axis.plot(values, [row] * len(values), "o", color=colour, markersize=7)
        axis.plot(values.mean(), row, "|", color=colour, markersize=22)
        trained = 100 * np.asarray((learned or {}).get(name, []), dtype=float)
        axis.plot(trained, [row] * len(trained), "o", color=colour, markersize=7, markerfacecolor="none")
    axis.set(yticks=range(len(groups)), xlabel="accuracy", ylim=(len(groups) - 0.5, -0.5))
    axis.set_yticklabels(groups)
    axis.grid(axis="x")
    percent(axis.xaxis, 100)
    figure.tight_layout()
    return figure


def differences(
    groups: dict[str, Sequence[float]], summaries: Mapping[str, Sequence[float]], unit: str = "difference"
) -> Figure:
    """Show differences to a baseline: a hollow dot per seed, a bar at their mean, and the mean's interval as a line and in words.

    Args:
        groups: name -> differences, one per seed.
        summaries: name -> mean, lower and upper end of its interval, as `summarise` returns them; infinite ends are not drawn.
        unit: what is along the axis, such as "points more than LeNet".

    """
    figure, axis = plt.subplots(figsize=(8, 0.8 + 0.45 * len(groups)))
    axis.axvline(0, color=INK, linewidth=1)
    for row, ((name, values), colour) in enumerate(zip(groups.items(), cycle(COLOURS), strict=False)):
        mean, low, high = summaries[name]
        known = bool(np.isfinite([low, high]).all())
        axis.plot(values, [row] * len(values), "o", color=colour, markersize=7, markerfacecolor="none")
        axis.plot(mean, row, "|", color=colour, markersize=22)
        if known:
            axis.plot([low, high], [row, row], color=colour, linewidth=2)
        words = f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]" if known else f"{mean:+.1f}, one seed"
        axis.annotate(words, (1.02, row), xycoords=("axes fraction", "data"), va="center", color=INK)
    axis.set(yticks=range(len(groups)), xlabel=unit, ylim=(len(groups) - 0.5, -0.5))
    axis.set_yticklabels(groups)
    axis.grid(axis="x")
    figure.tight_layout()
    return figure


def curves(histories: dict[str, dict[str, Sequence[float]]], metric: str = "accuracy") -> Figure:
    """Show a metric over the epochs of some runs: training as a thin dotted, validation as a full line.

    Args:
        histories: name of a run -> its history, as `Run.history` returns it.
        metric: `accuracy` or `loss`.

    """
    figure, axis = plt.subplots(figsize=(7, 3.6))
    # After seven runs the colours repeat, with another marker.
    for (name, history), colour, marker in zip(histories.items(), cycle(COLOURS), cycle("osD^vPX*"), strict=False):
        style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4}
        axis.plot(history["epoch"], history[metric], ":", label=f"{name}, training", linewidth=1, **style)
        if f"val_{metric}" in history:
            axis.plot(history["epoch"], history[f"val_{metric}"], "-", label=f"{name}, validation", **style)
    axis.set(xlabel="epoch", ylabel=metric)
    axis.locator_params(axis="x", integer=True)
    if metric == "accuracy":
        percent(axis.yaxis)
    label_lines(axis)
    return figure
