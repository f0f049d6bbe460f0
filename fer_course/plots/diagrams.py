"""A small Keras model as boxes and arrows: `draw(model)`. What stands in the boxes is read from the model itself.

The input stands at the bottom, as in the figures of the papers, and every layer above all that it takes. Three steps lead
there: each layer gets a row, by its longest way from the input; each row gets an order; each tower of boxes gets its place
across, in the middle of what it is joined to as far as its neighbours leave room. A connection that skips rows is led through
them by bends, which are kept clear of boxes. All lengths are inches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from fer_course.errors import ModelError
from fer_course.plots import COLOURS
from fer_course.plots._pyplot import plt
from fer_course.quiet import keras

FONT, LINE, MARGIN = 7.5, 0.14, 0.06  # points of the text; from line to line; from a box to its text
ACROSS, UP = 0.11, 0.36  # between boxes, side by side and above each other
TITLE, APART, EDGE = 0.36, 0.45, 0.08  # for the title below a drawing; between two drawings; round all of them
SWEEPS = 40  # how often the places of the towers are improved


@dataclass
class _Box:
    """A layer's box, or a bend (no lines) of an arrow that goes past a row; x is the middle, y the bottom."""

    lines: tuple[str, ...] = ()
    colour: str = "#555555"
    row: int = 0
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    below: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)


@dataclass
class _Drawing:
    """A model laid out: its boxes and bends; `ways` holds for each arrow the numbers of all that it touches, in order."""

    title: str
    names: list[str]
    boxes: list[_Box]
    ways: list[list[int]]
    width: float = 0.0
    height: float = 0.0


def draw(models: keras.Model | Mapping[str, keras.Model], width: float = 9.5) -> Figure:
    """Draw a model, or some with their titles, layer by layer: a box a layer, an arrow a connection.

    A box names the layer's kind and kernel, what comes out of it, its stride and activation, and its name if somebody
    chose one. A "slice" is what indexing a Keras tensor gives, with so many of its channels.

    Args:
        models: a functional or sequential model, or a dictionary title -> model.
        width: of the figure at most; drawings that don't fit side by side are set below each other.

    Returns:
        The figure. Its boxes have the gid `box TITLE/LAYER`, its arrows `arrow TITLE/LAYER/LAYER`.

    Raises:
        ModelError: if a model can't be drawn (see `words`), or would be too wide to be read.

    """
    drawings = [_laid_out(title, model, width - 2 * EDGE) for title, model in _titled(models).items()]
    rows = _shelves(drawings, width - 2 * EDGE)
    across = max(sum(each.width + APART for each in row) - APART for row in rows) + 2 * EDGE
    up = sum(max(each.height for each in row) + APART for row in rows) - APART + 2 * EDGE
    figure = plt.figure(figsize=(across, up))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, across), ylim=(0, up))
    axis.set_axis_off()
    top = up - EDGE
    for row in rows:
        left, bottom = EDGE, top - max(each.height for each in row)
        for drawing in row:
            _paint(axis, drawing, left, bottom)
            left += drawing.width + APART
        top = bottom - APART
    return figure


def words(models: keras.Model | Mapping[str, keras.Model]) -> str:
    """Say in words what `draw` draws, as alternative text: the layers, numbered, and which ones each takes.

    Raises:
        ModelError: if a model does not know its input, or a layer of it is used twice or is itself a model.

    """
    return " ".join(f"{title}: {_told(model)}" if title else _told(model) for title, model in _titled(models).items())


def _told(model: keras.Model) -> str:
    layers, ways = graph(model)
    said = []
    for number, layer in enumerate(layers):
        taken = " and ".join(str(start + 1) for start, end in ways if end == number)
        said.append(f"{number + 1} {', '.join(_label(layer))}" + (f", from {taken}" if taken else ""))
    return "; ".join(said) + "."


def _titled(models) -> dict[str, keras.Model]:
    models = dict(models) if isinstance(models, Mapping) else {"": models}
    if not models:
        raise ModelError("There is no model to draw: give one, or a dictionary title -> model.")
    return models


# ------------------------------------------------------------------------------------------------ reading the model


def graph(model: keras.Model) -> tuple[list, list[tuple[int, int]]]:
    """Return what a model consists of: its layers, slices and the like among them, and its connections.

    Args:
        model: a functional or sequential model.

    Returns:
        The layers, each after those that it takes, and pairs (from, to) of their numbers in that list. The pairs that end
        at a layer stand in the order in which it takes them.

    Raises:
        ModelError: as `words`.

    """
    if not isinstance(model, keras.Model):
        raise ModelError(f"Expected a Keras model to draw; found {type(model).__name__}: keras.Model(inputs, outputs)?")
    if not getattr(model, "inputs", None):
        raise ModelError(f"The model {model.name} does not know its input yet: begin it with keras.Input(shape).")
    layers = keras.Model(model.inputs, model.outputs).operations  # made anew, a Sequential model shows its input too
    makers = {id(tensor): number for number, layer in enumerate(layers) for tensor in _listed(layer.output)}
    taken = [(id(tensor), number) for number, layer in enumerate(layers) for tensor in _listed(layer.input)]
    if not {tensor for tensor, _ in taken} | {id(tensor) for tensor in model.outputs} <= makers.keys():
        raise ModelError(
            f"The model {model.name} can't be drawn: a layer is used twice, or is itself a model. "
            "Use a layer for each place, and draw an inner model alone."
        )
    return layers, list(dict.fromkeys((makers[tensor], number) for tensor, number in taken))


def _listed(tensors) -> list:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _label(layer) -> tuple[str, ...]:
    """Return the lines of a layer's box."""
    kind, shape = type(layer).__name__, _listed(layer.output)[0].shape[1:]
    size = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if kind == "InputLayer":
        lines = ["input", _shape(shape)]
    elif kind == "GetItem":
        whole = layer.input.shape[1:]
        lines = ["slice", f"{shape[-1]} of {whole[-1]}" if shape[:-1] == whole[:-1] else _shape(shape)]
    elif kind in ("Activation", "BatchNormalization", "ReLU"):
        lines = [kind]
    else:
        lines = [f"{_times(size)} {kind}" if size else kind, _count(layer, shape[-1])]
    if any(step > 1 for step in _listed(getattr(layer, "strides", ()))):
        lines.append(f"stride {_times(layer.strides)}")
    chosen = layer.name.replace("_", "").rstrip("0123456789") != kind.lower().rstrip("0123456789")
    return (*lines, *[activation] * (activation != "linear"), *[layer.name] * chosen)


def _shape(shape) -> str:
    return " × ".join("?" if side is None else str(side) for side in shape)


def _times(sides) -> str:
    return "×".join(map(str, _listed(sides)))


def _count(layer, channels: int | None) -> str:
    thing = "filter" if hasattr(layer, "filters") else "unit" if hasattr(layer, "units") else "channel"
    return f"{channels} {thing}{'' if channels == 1 else 's'}"


def _colour(layer) -> str:
    """Return a colour by what a layer does; the text in its box says the same."""
    size = getattr(layer, "kernel_size", None)
    if "Pooling" in type(layer).__name__:
        return COLOURS[3]
    if "Depthwise" in type(layer).__name__ or "Separable" in type(layer).__name__:
        return COLOURS[2]
    return "#555555" if size is None else COLOURS[1] if set(size) == {1} else COLOURS[0]


# --------------------------------------------------------------------------------------------------- finding places


def _laid_out(title: str, model: keras.Model, widest: float) -> _Drawing:
    layers, connections = graph(model)
    boxes = [_sized(_label(layer), _colour(layer)) for layer in layers]
    for start, end in connections:  # the layers come in such an order that each stands after those that it takes
        boxes[end].row = max(boxes[end].row, boxes[start].row + 1)
    drawing = _Drawing(title, [layer.name for layer in layers], boxes, [])
    drawing.ways = [_bent(boxes, start, end) for start, end in connections]
    rows = _ordered(boxes)
    _spread(boxes, rows)
    left = min(box.x - box.width / 2 for box in boxes)
    drawing.width = max(max(box.x + box.width / 2 for box in boxes) - left, _text_width(title, FONT + 2))
    room = drawing.width - (max(box.x + box.width / 2 for box in boxes) - left)
    for box in boxes:
        box.x += room / 2 - left
    drawing.height = _stacked(boxes, rows) + (TITLE if title else 0)
    if drawing.width > widest:
        raise ModelError(
            f"A drawing of {model.name} is {drawing.width:.1f} inches wide and can't be read on a page of {widest:.1f}: "
            f"{max(map(len, rows))} things stand side by side. Draw a smaller one, with fewer towers or segments."
        )
    return drawing


def _sized(lines: tuple[str, ...], colour: str) -> _Box:
    width = max(_text_width(line, FONT) for line in lines) + 2 * MARGIN
    return _Box(lines, colour, width=width, height=len(lines) * LINE + 2 * MARGIN)


def _text_width(text: str, size: float) -> float:
    """Return how many inches a line is wide, bold, so that it surely fits."""
    return TextPath((0, 0), text, size=size, prop={"weight": "bold"}).get_extents().width / 72 if text else 0.0


def _bent(boxes: list[_Box], start: int, end: int) -> list[int]:
    """Join two boxes, with a bend in each row between them, and return the numbers of all on the way."""
    bends = range(len(boxes), len(boxes) + boxes[end].row - boxes[start].row - 1)
    boxes += [_Box(row=boxes[start].row + 1 + place) for place in range(len(bends))]
    way = [start, *bends, end]
    for lower, upper in pairwise(way):
        boxes[lower].above.append(upper)
        boxes[upper].below.append(lower)
    return way


def _ordered(boxes: list[_Box]) -> list[list[int]]:
    """Return the numbers of the boxes row by row, each row ordered like what it is joined to: few lines cross then."""
    rows = [[] for _ in range(1 + max(box.row for box in boxes))]
    for number, box in enumerate(boxes):
        rows[box.row].append(number)
    for side in ("below", "above", "below"):
        for row in rows if side == "below" else rows[::-1]:
            place = {number: index for line in rows for index, number in enumerate(line)}
            middles = {
                number: np.mean([place[other] for other in getattr(boxes[number], side)] or [place[number]])
                for number in row
            }
            row.sort(key=middles.get)
    return rows


def _spread(boxes: list[_Box], rows: list[list[int]]) -> None:
    """Give every tower a place across: side by side first, then in the middle of what it is joined to, if there is room."""
    tower = _towers(boxes)
    gaps = [
        (tower[left], tower[right], (boxes[left].width + boxes[right].width) / 2 + ACROSS)
        for row in rows
        for left, right in pairwise(row)
    ]
    x = np.zeros(max(tower) + 1)
    for _ in x:
        for left, right, gap in gaps:
            x[right] = max(x[right], x[left] + gap)
    for sweep in range(SWEEPS):
        for each in range(len(x)) if sweep % 2 else range(len(x))[::-1]:
            lowest = max((x[left] + gap for left, right, gap in gaps if right == each), default=-np.inf)
            highest = min((x[right] - gap for left, right, gap in gaps if left == each), default=np.inf)
            x[each] = np.clip(_middle(boxes, tower, x, each), lowest, highest)
    for box, number in zip(boxes, tower, strict=True):
        box.x = float(x[number])


def _towers(boxes: list[_Box]) -> list[int]:
    """Return the number of each box's tower: what follows another alone, and alone, stands straight above it."""
    tower = [-1] * len(boxes)
    for number in sorted(range(len(boxes)), key=lambda number: boxes[number].row):
        below = boxes[number].below
        straight = len(below) == 1 and len(boxes[below[0]].above) == 1
        tower[number] = tower[below[0]] if straight else max(tower) + 1
    return tower


def _middle(boxes: list[_Box], tower: list[int], x: np.ndarray, each: int) -> float:
    """Return the mean place of all that a tower is joined to."""
    members = [box for box, number in zip(boxes, tower, strict=True) if number == each]
    joined = [tower[other] for box in members for other in box.below + box.above if tower[other] != each]
    return float(np.mean(x[joined])) if joined else float(x[each])


def _stacked(boxes: list[_Box], rows: list[list[int]]) -> float:
    """Set the rows on top of each other, all boxes of a row equally high, and return the height of all."""
    y = 0.0
    for row in rows:
        height = max(boxes[number].height for number in row)
        for number in row:
            boxes[number].y, boxes[number].height = y, height
        y += height + UP
    return y - UP


def _shelves(drawings: list[_Drawing], width: float) -> list[list[_Drawing]]:
    """Deal drawings out to rows, as many in each as fit."""
    rows: list[list[_Drawing]] = [[]]
    for drawing in drawings:
        if rows[-1] and sum(each.width + APART for each in rows[-1]) + drawing.width > width:
            rows.append([])
        rows[-1].append(drawing)
    return rows


# --------------------------------------------------------------------------------------------------------- painting


def _paint(axis: Axes, drawing: _Drawing, left: float, bottom: float) -> None:
    for box in drawing.boxes:
        box.x, box.y = box.x + left, box.y + bottom + (TITLE if drawing.title else 0)
    for way in drawing.ways:
        _arrow(axis, drawing, way)
    for name, box in zip(drawing.names, drawing.boxes, strict=False):  # the bends come after the boxes
        _framed(axis, box, f"box {drawing.title}/{name}")
    if drawing.title:
        axis.text(
            left + drawing.width / 2, bottom, drawing.title, ha="center", va="bottom", fontsize=FONT + 2,
            fontweight="bold",
        )  # fmt: skip


def _framed(axis: Axes, box: _Box, gid: str) -> None:
    corner = (box.x - box.width / 2, box.y)
    style = {"facecolor": to_rgba(box.colour, 0.13), "edgecolor": box.colour, "linewidth": 1.2}
    axis.add_patch(
        FancyBboxPatch(corner, box.width, box.height, boxstyle="round,pad=0,rounding_size=0.05", gid=gid, **style)
    )
    for number, line in enumerate(box.lines):
        y = box.y + box.height / 2 + LINE * ((len(box.lines) - 1) / 2 - number)
        weight = "bold" if number == 0 else "normal"
        axis.text(box.x, y, line, ha="center", va="center_baseline", fontsize=FONT, fontweight=weight)


def _arrow(axis: Axes, drawing: _Drawing, way: list[int]) -> None:
    """Draw an arrow from the top of its first box, past the bends, to the bottom of its last."""
    start, *bends, end = (drawing.boxes[number] for number in way)
    points = [(_port(drawing, start, start.above, way[1]), start.y + start.height)]
    for bend in bends:
        points += [(bend.x, bend.y), (bend.x, bend.y + bend.height)]
    points.append((_port(drawing, end, end.below, way[-2]), end.y))
    names = drawing.names
    axis.add_patch(
        FancyArrowPatch(
            path=Path(points), arrowstyle="-|>,head_length=3.5,head_width=2", color="#333333", linewidth=1, shrinkA=0,
            shrinkB=0, joinstyle="round", gid=f"arrow {drawing.title}/{names[way[0]]}/{names[way[-1]]}",
        )
    )  # fmt: skip


def _port(drawing: _Drawing, box: _Box, others: list[int], other: int) -> float:
    """Return where along a box the arrow to another begins or ends: several are spread in the order of where they go."""
    order = sorted(others, key=lambda number: drawing.boxes[number].x)
    return box.x + 0.8 * box.width * ((order.index(other) + 0.5) / len(order) - 0.5)


# --------------------------------------------------------------------------------------------------------- segments


def segments(channels: int, count: int) -> Figure:
    """Draw which channels each map of a segmented 3×3 convolution sees, and what the module costs, the 1×1 before it included.

    Left, the channels that the 1×1 convolution gives stand below, as many maps of the 3×3 convolution above; a line means
    that a map sees a channel, and stands for nine weights. Where the channels can't be dealt out equally, the first segments
    get one more. Right, the weights of both convolutions, which are the multiply-adds at one place too; biases are left out.

    Args:
        channels: of the module's input, of the 1×1 convolution and of the output.
        count: number of segments: 1 is a standard convolution, as many as channels a depthwise one.

    Raises:
        ModelError: if there are fewer channels than segments, or no segment.

    """
    if not 1 <= count <= channels:
        raise ModelError(f"{channels} channels can be dealt out to 1 to {channels} segments; found {count}.")
    parts = np.array_split(np.arange(channels), count)
    figure, (lines, bars) = plt.subplots(1, 2, figsize=(8.5, 2.6), width_ratios=(3, 2), layout="constrained")
    _lines(lines, parts)
    one, three = channels**2, 9 * sum(len(part) ** 2 for part in parts)
    bars.bar(["1×1", "3×3"], [one, three], color=[COLOURS[1], COLOURS[0]], hatch=["//", ""], edgecolor="white")
    for place, weights in enumerate((one, three)):
        bars.text(place, weights, f"{weights:,}", ha="center", va="bottom", fontsize=9)
    bars.set(ylim=(0, 10.5 * channels**2), ylabel="weights", title=f"{one + three:,} weights in all")
    bars.spines[["top", "right"]].set_visible(False)
    return figure


def _lines(axis: Axes, parts: list[np.ndarray]) -> None:
    """Join the channels of each part below with its maps above."""
    for number, part in enumerate(parts):
        style = {"color": COLOURS[number % 3], "linestyle": ("-", "--", "-.")[number % 3], "linewidth": 1}
        for channel in part:
            for seen in part:
                axis.plot([seen, channel], [0, 1], zorder=1, **style)
    everything = np.concatenate(parts)
    for height in (0, 1):
        axis.scatter(everything, np.full(len(everything), height), s=60, color="black", zorder=2)
    axis.set_axis_off()
    axis.set_title(f"{len(parts)} segment{'s' if len(parts) > 1 else ''}", fontsize=11)
    axis.text(np.mean(everything), -0.12, "channels that the 1×1 convolution gives", ha="center", va="top", fontsize=9)
    axis.text(np.mean(everything), 1.1, "maps of the 3×3 convolution", ha="center", va="bottom", fontsize=9)
    axis.set_ylim(-0.3, 1.25)
