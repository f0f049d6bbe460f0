"""The depth laboratory: recorded towers of 4 to 60 layers on real FER2013, each trick alone and both, three seeds each.

`benchmarks/depth.py` trained them. Each seed has initial weights and 32 Training faces of its own; losses are training losses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure

from fer_course import results
from fer_course.plots import COLOURS, INK, STYLES, label_lines
from fer_course.plots._pyplot import plt

#: Losses above this are drawn at the upper edge of a chart, and so are those that are no number any more.
TOP = 2.5
#: Over how many steps a last loss is averaged.
LAST = 5


def towers(kind: str | None = None, layers: int | None = None) -> list[dict]:
    """Return the recorded towers, all or those of one kind and depth: one per seed, in the record's order.

    Each is a dictionary: `kind`, `depth`, `rate`, `seed`, `labels` (how many faces each class has), `gradients` (mean size per
    convolution before the first step, lowest first), `losses` (one per step; None where it is no number any more).
    """
    return [
        tower
        for tower in results.load("depth")["towers"]
        if kind in (None, tower["kind"]) and layers in (None, tower["depth"])
    ]


def last_losses() -> dict[str, dict[int, list[float]]]:
    """Return the last loss of each tower, one per seed: kind → depth → losses; nan where it is no number any more.

    It is the mean of the last five steps, since a single one may be an outlier.
    """
    found: dict[str, dict[int, list[float]]] = {}
    for tower in towers():
        losses = np.array(tower["losses"][-LAST:], dtype=float)  # None becomes nan
        found.setdefault(tower["kind"], {}).setdefault(tower["depth"], []).append(round(float(losses.mean()), 3))
    return found


def first_gradients() -> dict[str, dict[int, list[float]]]:
    """Return the mean size of the first layer's gradient before training: kind → depth → one per seed."""
    found: dict[str, dict[int, list[float]]] = {}
    for tower in towers():
        found.setdefault(tower["kind"], {}).setdefault(tower["depth"], []).append(tower["gradients"][0])
    return found


def plateau() -> float:
    """Return the entropy of the recorded batches' labels. All batches have equally many faces of each class."""
    return _entropy(towers()[0]["labels"])


def _entropy(counts: Sequence[int]) -> float:
    shares = np.array([count for count in counts if count]) / sum(counts)
    return float(-np.sum(shares * np.log(shares)))


def depth_of_failure(losses: Mapping[int, Sequence[float]], limit: float) -> int:
    """Return the smallest depth at which not every seed's loss is below the limit, or 0 if there is none.

    >>> depth_of_failure({24: [0.4, float("nan")], 4: [0.5, 0.3]}, limit=1.0)
    24

    Args:
        losses: depth → one loss per seed; nan counts as a failure.
        limit: what the loss has to stay below.

    """
    return next((depth for depth in sorted(losses) if not all(loss < limit for loss in losses[depth])), 0)


def chart(limit: float) -> Figure:
    """Show the last loss of each kind of tower against its depth, a dot per seed and a line through their middle one."""
    figure, axis = plt.subplots(figsize=(7, 3.6))
    for (kind, losses), colour, style, marker in zip(
        last_losses().items(), cycle(COLOURS), cycle(STYLES), cycle("osD^v"), strict=False
    ):
        shown = {depth: np.nan_to_num(np.minimum(each, TOP), nan=TOP) for depth, each in losses.items()}
        axis.plot(list(shown), [np.median(each) for each in shown.values()], linestyle=style, color=colour, label=kind)
        for depth, each in shown.items():
            axis.plot([depth] * len(each), each, marker, color=colour, markersize=4, label="_dots")
    for name, loss, style in (("plateau", plateau(), ":"), ("limit", limit, "-")):
        axis.axhline(loss, color=INK, linewidth=1, linestyle=style, label=f"_{name}")
        axis.annotate(name, (0.01, loss), xycoords=("axes fraction", "data"), va="bottom", color=INK)
    axis.set(
        xlabel="layers", ylabel="last training loss", ylim=(0, 1.03 * TOP), xticks=list(shown), xlim=(2, max(shown) + 1)
    )
    label_lines(axis)
    return figure


def words(limit: float) -> str:
    """Return the same in words."""
    told = []
    for kind, losses in last_losses().items():
        ends = ", ".join(f"{np.median(each):.2f} at {depth}" for depth, each in losses.items())
        told.append(f"{kind} {ends}")
    lines = f"lines at the plateau, {plateau():.2f}, and at the limit, {limit:.2f}"
    return f"Last training loss against depth, the middle of three seeds; {lines}. {'; '.join(told)}"


def tower_chart(kind: str, layers: int) -> Figure:
    """Show the towers of one kind and depth: the gradient of each layer before training, and the loss at each step."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    for tower, colour, style in zip(towers(kind, layers), COLOURS, STYLES, strict=False):
        left.semilogy(tower["gradients"], linestyle=style, color=colour, label=f"seed {tower['seed']}")
        losses = np.array(tower["losses"], dtype=float)
        right.plot(np.minimum(losses, TOP), linestyle=style, color=colour, label=f"seed {tower['seed']}")
        right.axhline(_entropy(tower["labels"]), color=colour, linewidth=0.8, linestyle=":", label="_plateau")
    left.set(xlabel="layer, from the picture upwards", ylabel="gradient before training", ylim=(1e-14, 1e10))
    right.set(xlabel="step", ylabel="training loss", ylim=(0, 1.03 * TOP))
    figure.tight_layout()
    label_lines(right, [line for line in right.get_lines() if not str(line.get_label()).startswith("_")])
    return figure


def tower_words(kind: str, layers: int) -> str:
    """Return the same in words."""
    found = towers(kind, layers)
    gradients = ", ".join(f"{tower['gradients'][0]:.0e}" for tower in found)
    losses = ", ".join("no number" if (end := tower["losses"][-1]) is None else f"{end:.2f}" for tower in found)
    return f"{layers} layers, {kind}, three seeds: first gradients {gradients}; last losses {losses}"
