"""A small Keras model as boxes and arrows: `render(model)`. The text in the boxes is read from the model itself.

The input is at the bottom, as in the figures of the papers, and every layer is above the layers whose outputs it takes. The
layout is a layered one, after Sugiyama, Tagawa, Toda 1981, "Methods for visual understanding of hierarchical system
structures", IEEE Trans. Syst. Man Cybern. 11(2), in four steps:

1. A layer's row is the length of the longest path to it from an input.
2. A connection that skips rows gets a *bend* in each of them: an empty box, which the layout keeps clear of other boxes.
3. Each row is ordered by the mean position of each box's neighbours (the barycentre heuristic), so that few lines cross.
4. Boxes that only follow each other form a *tower*, which is straight. Each tower moves across towards the mean position of
   its neighbours, as far as the towers beside it leave room (as in the paper's priority layout method, without priorities).

All lengths are in inches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from fer_course.errors import ModelError
from fer_course.plots._pyplot import plt
from fer_course.plots.style import COLOURS, INK
from fer_course.quiet import keras

FONT, LINE, MARGIN = 8.5, 0.155, 0.06  # size of the text in points; distance of its lines; from a box to its text
ACROSS, UP = 0.11, 0.36  # between boxes, side by side and above each other
TITLE, APART, EDGE = 0.36, 0.45, 0.08  # for the title below a diagram; between two diagrams; around all of them
SWEEPS = 40  # how often the positions of the towers are improved


@dataclass
class _Box:
    """A layer's box, or a bend (without text) of an arrow that passes a row; x is the middle, y the bottom."""

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
class _Diagram:
    """The layout of a model: its boxes and bends; `routes` holds for each arrow the indices of all boxes that it touches."""

    title: str
    names: list[str]
    boxes: list[_Box]
    routes: list[list[int]]
    width: float = 0.0
    height: float = 0.0


def render(models: keras.Model | Mapping[str, keras.Model], width: float = 9.5) -> Figure:
    """Render a model, or several with their titles, layer by layer: one box per layer, one arrow per connection.

    A box shows the layer's kind and kernel, its number of outputs, its stride and activation, and its name if somebody
    chose one. A "slice" is the result of indexing a Keras tensor: some of its channels.

    Args:
        models: a functional or sequential model, or a dictionary title -> model.
        width: largest width of the figure; diagrams that don't fit side by side are placed below each other.

    Returns:
        The figure. Its boxes have the gid `box TITLE/LAYER`, its arrows `arrow TITLE/LAYER/LAYER`.

    Raises:
        ModelError: if a model can't be rendered (see `words`), or would be too wide to read.

    """
    diagrams = [_lay_out(title, model, width - 2 * EDGE) for title, model in _by_title(models).items()]
    shelves = _deal_to_shelves(diagrams, width - 2 * EDGE)
    across = max(sum(diagram.width + APART for diagram in shelf) - APART for shelf in shelves) + 2 * EDGE
    up = sum(max(diagram.height for diagram in shelf) + APART for shelf in shelves) - APART + 2 * EDGE
    figure = plt.figure(figsize=(across, up))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, across), ylim=(0, up))
    axis.set_axis_off()
    top = up - EDGE
    for shelf in shelves:
        left, bottom = EDGE, top - max(diagram.height for diagram in shelf)
        for diagram in shelf:
            _paint(axis, diagram, left, bottom)
            left += diagram.width + APART
        top = bottom - APART
    return figure


draw = render  # its former name, in copies of lessons that learners made before


def words(models: keras.Model | Mapping[str, keras.Model]) -> str:
    """Describe in words what `render` shows, as alternative text: the layers, numbered, and the inputs of each.

    Raises:
        ModelError: if a model does not know its input, or a layer of it is used twice. A model in it is one box.

    """
    return " ".join(
        f"{title}: {_describe(model)}" if title else _describe(model) for title, model in _by_title(models).items()
    )


def _describe(model: keras.Model) -> str:
    layers, connections = graph(model)
    phrases = []
    for index, layer in enumerate(layers):
        sources = " and ".join(str(start + 1) for start, end in connections if end == index)
        phrases.append(f"{index + 1} {', '.join(_label(layer))}" + (f", from {sources}" if sources else ""))
    return "; ".join(phrases) + "."


def _by_title(models) -> dict[str, keras.Model]:
    models = dict(models) if isinstance(models, Mapping) else {"": models}
    if not models:
        raise ModelError("There is no model to render: give one, or a dictionary title -> model.")
    return models


# ------------------------------------------------------------------------------------------------ reading the model


def graph(model: keras.Model) -> tuple[list, list[tuple[int, int]]]:
    """Return the layers of a model, with operations such as slices, and the connections between them.

    Args:
        model: a functional or sequential model.

    Returns:
        The layers, each after those that it takes, and pairs (from, to) of their indices in that list. Pairs that end at
        the same layer are in the order in which it takes its inputs.

    Raises:
        ModelError: as `words`.

    """
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"Expected a Keras model to render; found {type(model).__name__}: keras.Model(inputs, outputs)?"
        )
    if not getattr(model, "inputs", None):
        raise ModelError(f"The model {model.name} does not know its input yet: begin it with keras.Input(shape).")
    whole = keras.Model(model.inputs, model.outputs)  # a copy, in which a Sequential model shows its input too
    layers, calls = whole.operations, [node for row in whole._nodes_by_depth.values() for node in row]
    if len(calls) > len(layers):
        raise ModelError(
            f"The model {model.name} can't be rendered: a layer is used twice. Make a new layer for each use."
        )
    number = {id(layer): index for index, layer in enumerate(layers)}
    makers = {id(tensor): number[id(call.operation)] for call in calls for tensor in call.outputs}
    taken = {number[id(call.operation)]: [id(tensor) for tensor in call.input_tensors] for call in calls}
    return layers, list(dict.fromkeys((makers[tensor], index) for index in sorted(taken) for tensor in taken[index]))


def _as_list(tensors) -> list:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _label(layer) -> tuple[str, ...]:
    """Return the lines of a layer's box."""
    kind, shape = type(layer).__name__, _as_list(layer.output)[0].shape[1:]
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
    if any(step > 1 for step in _as_list(getattr(layer, "strides", ()))):
        lines.append(f"stride {_times(layer.strides)}")
    if activation != "linear":
        lines.append(activation)
    default_name = kind.lower().rstrip("0123456789")
    if layer.name.replace("_", "").rstrip("0123456789") != default_name:
        lines.append(layer.name)
    return tuple(lines)


def _shape(shape) -> str:
    return " × ".join("?" if side is None else str(side) for side in shape)


def _times(sides) -> str:
    return "×".join(map(str, _as_list(sides)))


def _count(layer, channels: int | None) -> str:
    unit = "filter" if hasattr(layer, "filters") else "unit" if hasattr(layer, "units") else "channel"
    return f"{channels} {unit}{'' if channels == 1 else 's'}"


def _colour(layer) -> str:
    """Return the colour of a layer's kind; the text in its box says the same."""
    size = getattr(layer, "kernel_size", None)
    if "Pooling" in type(layer).__name__:
        return COLOURS[3]
    if "Depthwise" in type(layer).__name__ or "Separable" in type(layer).__name__:
        return COLOURS[2]
    return "#555555" if size is None else COLOURS[1] if set(size) == {1} else COLOURS[0]


# ----------------------------------------------------------------------------------------------------------- layout


def _lay_out(title: str, model: keras.Model, widest: float) -> _Diagram:
    layers, connections = graph(model)
    boxes = [_make_box(_label(layer), _colour(layer)) for layer in layers]
    for start, end in connections:  # each layer comes after those that it takes, so their rows are known
        boxes[end].row = max(boxes[end].row, boxes[start].row + 1)
    routes = [_route(boxes, start, end) for start, end in connections]
    rows = _order_rows(boxes)
    _position_towers(boxes, rows)
    left = min(box.x - box.width / 2 for box in boxes)
    boxes_width = max(box.x + box.width / 2 for box in boxes) - left
    width = max(boxes_width, _text_width(title, FONT + 2))
    if width > widest:
        raise ModelError(
            f"A diagram of {model.name} is {width:.1f} inches wide and can't be read on a page of {widest:.1f}: "
            f"{max(map(len, rows))} boxes are side by side. Render a smaller model, with fewer towers or segments."
        )
    room = width - boxes_width
    for box in boxes:
        box.x += room / 2 - left
    height = _stack_rows(boxes, rows) + (TITLE if title else 0)
    return _Diagram(title, [layer.name for layer in layers], boxes, routes, width, height)


def _make_box(lines: tuple[str, ...], colour: str) -> _Box:
    width = max(_text_width(line, FONT) for line in lines) + 2 * MARGIN
    return _Box(lines, colour, width=width, height=len(lines) * LINE + 2 * MARGIN)


def _text_width(text: str, size: float) -> float:
    """Return the width of a line in inches. It is measured in bold, so that it surely fits."""
    return (
        TextPath((0, 0), text, size=size, prop=FontProperties(weight="bold")).get_extents().width / 72 if text else 0.0
    )


def _route(boxes: list[_Box], start: int, end: int) -> list[int]:
    """Join two boxes, with a bend in each row between them, and return the indices of all boxes on the route."""
    first_bend = len(boxes)
    boxes.extend(_Box(row=row) for row in range(boxes[start].row + 1, boxes[end].row))
    route = [start, *range(first_bend, len(boxes)), end]
    for lower, upper in pairwise(route):
        boxes[lower].above.append(upper)
        boxes[upper].below.append(lower)
    return route


def _order_rows(boxes: list[_Box]) -> list[list[int]]:
    """Return the indices of the boxes row by row, each row sorted by the mean position of its neighbours' rows."""
    rows: list[list[int]] = [[] for _ in range(1 + max(box.row for box in boxes))]
    for index, box in enumerate(boxes):
        rows[box.row].append(index)
    for side in ("below", "above", "below"):
        for row in rows if side == "below" else rows[::-1]:
            position = {index: place for line in rows for place, index in enumerate(line)}
            barycentre = {}
            for index in row:
                neighbours = getattr(boxes[index], side) or [index]
                barycentre[index] = np.mean([position[other] for other in neighbours])
            row.sort(key=barycentre.__getitem__)
    return rows


def _position_towers(boxes: list[_Box], rows: list[list[int]]) -> None:
    """Give every tower its position across: step 4 of the module's layout.

    First the towers are placed as far left as their order in the rows allows. Then each one in turn moves to the mean
    position of its neighbours, but no further than the towers beside it allow: alternately from right to left and from left to
    right, so that room which one gives up is used by the next.
    """
    tower = _assign_towers(boxes)
    neighbours = _neighbouring_towers(boxes, tower)
    gaps = [
        (tower[left], tower[right], (boxes[left].width + boxes[right].width) / 2 + ACROSS)
        for row in rows
        for left, right in pairwise(row)
    ]
    x = np.zeros(len(neighbours))
    for _ in x:  # the longest chain of gaps is no longer than the number of towers
        for left, right, gap in gaps:
            x[right] = max(x[right], x[left] + gap)
    for sweep in range(SWEEPS):
        forwards = range(len(x))
        for this in forwards if sweep % 2 else reversed(forwards):
            lowest = max((x[left] + gap for left, right, gap in gaps if right == this), default=-np.inf)
            highest = min((x[right] - gap for left, right, gap in gaps if left == this), default=np.inf)
            wanted = np.mean(x[neighbours[this]]) if neighbours[this] else x[this]
            x[this] = np.clip(wanted, lowest, highest)
    for box, number in zip(boxes, tower, strict=True):
        box.x = float(x[number])


def _assign_towers(boxes: list[_Box]) -> list[int]:
    """Return the number of each box's tower: a box joins the tower below if the two are each other's only neighbours."""
    tower = [-1] * len(boxes)
    for index in sorted(range(len(boxes)), key=lambda index: boxes[index].row):
        below = boxes[index].below
        joins = len(below) == 1 and len(boxes[below[0]].above) == 1
        tower[index] = tower[below[0]] if joins else max(tower) + 1
    return tower


def _neighbouring_towers(boxes: list[_Box], tower: list[int]) -> list[list[int]]:
    """Return for each tower the towers that it is joined to, one entry per connection."""
    neighbours: list[list[int]] = [[] for _ in range(max(tower) + 1)]
    for box, number in zip(boxes, tower, strict=True):
        neighbours[number] += [tower[other] for other in box.below + box.above if tower[other] != number]
    return neighbours


def _stack_rows(boxes: list[_Box], rows: list[list[int]]) -> float:
    """Place the rows on top of each other, with boxes of equal height within a row, and return the height of all."""
    y = 0.0
    for row in rows:
        height = max(boxes[index].height for index in row)
        for index in row:
            boxes[index].y, boxes[index].height = y, height
        y += height + UP
    return y - UP


def _deal_to_shelves(diagrams: list[_Diagram], width: float) -> list[list[_Diagram]]:
    """Place diagrams side by side on shelves, as many as fit on each."""
    shelves: list[list[_Diagram]] = [[]]
    for diagram in diagrams:
        if shelves[-1] and sum(other.width + APART for other in shelves[-1]) + diagram.width > width:
            shelves.append([])
        shelves[-1].append(diagram)
    return shelves


# --------------------------------------------------------------------------------------------------------- painting


def _paint(axis: Axes, diagram: _Diagram, left: float, bottom: float) -> None:
    for box in diagram.boxes:
        box.x, box.y = box.x + left, box.y + bottom + (TITLE if diagram.title else 0)
    for route in diagram.routes:
        _paint_arrow(axis, diagram, route)
    for name, box in zip(diagram.names, diagram.boxes, strict=False):  # bends come after the boxes, and are not painted
        _paint_box(axis, box, f"box {diagram.title}/{name}")
    if diagram.title:
        axis.text(
            left + diagram.width / 2, bottom, diagram.title, ha="center", va="bottom", fontsize=FONT + 2,
            fontweight="bold",
        )  # fmt: skip


def _paint_box(axis: Axes, box: _Box, gid: str) -> None:
    axis.add_patch(
        FancyBboxPatch(
            (box.x - box.width / 2, box.y), box.width, box.height, boxstyle="round,pad=0,rounding_size=0.05", gid=gid,
            facecolor=to_rgba(box.colour, 0.13), edgecolor=box.colour, linewidth=1.2,
        )
    )  # fmt: skip
    for number, line in enumerate(box.lines):
        y = box.y + box.height / 2 + LINE * ((len(box.lines) - 1) / 2 - number)
        weight = "bold" if number == 0 else "normal"
        axis.text(box.x, y, line, ha="center", va="center_baseline", fontsize=FONT, fontweight=weight)


def _paint_arrow(axis: Axes, diagram: _Diagram, route: list[int]) -> None:
    """Paint an arrow from the top of its first box, through the bends, to the bottom of its last box."""
    start, *bends, end = [diagram.boxes[index] for index in route]
    points = [(_port(diagram, start, start.above, route[1]), start.y + start.height)]
    for bend in bends:
        points += [(bend.x, bend.y), (bend.x, bend.y + bend.height)]
    points.append((_port(diagram, end, end.below, route[-2]), end.y))
    names = diagram.names
    axis.add_patch(
        FancyArrowPatch(
            path=Path(points), arrowstyle="-|>,head_length=3.5,head_width=2", color=INK, linewidth=1, shrinkA=0,
            shrinkB=0, joinstyle="round", gid=f"arrow {diagram.title}/{names[route[0]]}/{names[route[-1]]}",
        )
    )  # fmt: skip


def _port(diagram: _Diagram, box: _Box, others: list[int], other: int) -> float:
    """Return the x at which the arrow to another box begins or ends: several arrows are spread in the order of their targets."""
    order = sorted(others, key=lambda index: diagram.boxes[index].x)
    return box.x + 0.8 * box.width * ((order.index(other) + 0.5) / len(order) - 0.5)


# --------------------------------------------------------------------------------------------------------- segments


def segments(channels: int, count: int) -> Figure:
    """Plot which channels each map of a segmented 3×3 convolution sees, and the weights of the module with its 1×1 convolution.

    On the left, the channels from the 1×1 convolution are below, and the maps of the 3×3 convolution, of the same number,
    above. A line means that a map sees a channel; it stands for nine weights. Where the channels can't be divided equally, the
    first segments get one more. On the right are the weights of both convolutions. They equal the multiply-adds at one
    position; biases are left out.

    Args:
        channels: the number of channels of the module's input, of the 1×1 convolution and of the output.
        count: the number of segments: 1 is a standard convolution, as many as channels a depthwise one.

    Raises:
        ModelError: if there are fewer channels than segments, or no segment.

    """
    if not 1 <= count <= channels:
        raise ModelError(f"{channels} channels can be dealt out to 1 to {channels} segments; found {count}.")
    parts = np.array_split(np.arange(channels), count)
    figure, (lines, bars) = plt.subplots(1, 2, figsize=(8.5, 2.6), width_ratios=(3, 2), layout="constrained")
    _plot_lines(lines, parts)
    one, three = channels**2, 9 * sum(len(part) ** 2 for part in parts)
    bars.bar(["1×1", "3×3"], [one, three], color=[COLOURS[1], COLOURS[0]], hatch=["//", ""])
    for position, weights in enumerate((one, three)):
        bars.text(position, weights, f"{weights:,}", ha="center", va="bottom")
    bars.set(ylim=(0, 10.5 * channels**2), ylabel="weights", title=f"{one + three:,} weights in all")
    return figure


def _plot_lines(axis: Axes, parts: list[np.ndarray]) -> None:
    """Join the channels of each part, below, with its maps, above."""
    for number, part in enumerate(parts):
        colour, style = COLOURS[number % 3], ("-", "--", "-.")[number % 3]
        for channel in part:
            for seen in part:
                axis.plot([seen, channel], [0, 1], zorder=1, color=colour, linestyle=style, linewidth=1)
    everything = np.concatenate(parts)
    for height in (0, 1):
        axis.scatter(everything, np.full(len(everything), height), s=60, color=INK, zorder=2)
    axis.set_axis_off()
    axis.set_title(f"{len(parts)} segment{'s' if len(parts) > 1 else ''}")
    axis.text(np.mean(everything), -0.12, "channels that the 1×1 convolution gives", ha="center", va="top")
    axis.text(np.mean(everything), 1.1, "maps of the 3×3 convolution", ha="center", va="bottom")
    axis.set_ylim(-0.3, 1.25)
