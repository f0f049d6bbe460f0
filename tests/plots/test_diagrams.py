"""Diagrams: every layer is one box and every connection one arrow, nothing overlaps, and texts come from the model."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from fer_course import layers as blocks
from fer_course.errors import ModelError
from fer_course.plots import diagrams

PLAIN = {"norm": False, "activation": None}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def model_of(function, *arguments, shape=(12, 10, 6), **options) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, function(inputs, *arguments, **options))


def random_graph(x, seed: int):
    """Eight layers, each of one or two of those before it, at random."""
    rng = np.random.default_rng(seed)
    made = [x]
    for _ in range(8):
        chosen = [made[number] for number in rng.choice(len(made), min(len(made), 2), replace=False)]
        alone = len(chosen) == 1 or rng.random() < 0.5
        made.append(
            layers.Conv2D(6, int(rng.choice([1, 3])), padding="same")(chosen[0]) if alone else layers.Add()(chosen)
        )
    return layers.Concatenate()(made[-3:])


MODELS = {
    "inception v1": lambda: model_of(blocks.inception_v1_module, (6, 9, 12, 2, 3, 3), **PLAIN),
    "inception v3": lambda: model_of(blocks.inception_v3_module, 2, **PLAIN),
    "simplified": lambda: model_of(blocks.simplified_module, 6, 3),
    "equivalent": lambda: model_of(blocks.equivalent_module, 6, 3, **PLAIN),
    "extreme": lambda: model_of(blocks.equivalent_module, 6, 6, **PLAIN),
    "separable": lambda: model_of(blocks.separable, 6),
    "residual": lambda: model_of(blocks.residual_module, 16),
    "inception-resnet": lambda: model_of(blocks.inception_resnet_module, 4),
    "sequential": lambda: keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(7)]),
    "two inputs": lambda: (lambda a, b: keras.Model([a, b], layers.Add()([a, b])))(keras.Input((4,)), keras.Input((4,))),
    **{f"random {seed}": lambda seed=seed: model_of(random_graph, seed) for seed in range(6)},
}  # fmt: skip


@cache
def drawn(name: str) -> tuple[keras.Model, Figure]:
    model = MODELS[name]()
    return model, diagrams.render(model)


def parts(figure: Figure, kind: type) -> dict[str, object]:
    """The boxes or arrows of a figure by gid; every gid must be there once."""
    found = [patch for patch in figure.axes[0].patches if isinstance(patch, kind)]
    named = {patch.get_gid(): patch for patch in found}
    assert len(named) == len(found)
    return named


def rectangle(box: FancyBboxPatch) -> tuple[float, float, float, float]:
    return box.get_x(), box.get_y(), box.get_x() + box.get_width(), box.get_y() + box.get_height()


def along(arrow: FancyArrowPatch) -> np.ndarray:
    """Points of an arrow, close together, in inches."""
    corners = arrow._path_original.vertices
    shares = np.linspace(0, 1, 100)[:, None]
    return np.concatenate([a + (b - a) * shares for a, b in pairwise(corners)])


def operations(model: keras.Model) -> list:
    return keras.Model(model.inputs, model.outputs).operations


def connections(model: keras.Model) -> set[tuple[str, str]]:
    """Pairs of names, as the tensors themselves remember who made them."""
    pairs = set()
    for operation in operations(model):
        tensors = operation.input if isinstance(operation.input, (list, tuple)) else [operation.input]
        pairs |= {(tensor._keras_history.operation.name, operation.name) for tensor in tensors}
    return {(start, end) for start, end in pairs if start != end}


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_is_a_box_and_every_connection_an_arrow(name):
    model, figure = drawn(name)
    assert set(parts(figure, FancyBboxPatch)) == {f"box /{each.name}" for each in operations(model)}
    assert set(parts(figure, FancyArrowPatch)) == {f"arrow /{start}/{end}" for start, end in connections(model)}


@pytest.mark.parametrize("name", MODELS)
def test_boxes_do_not_overlap_and_lie_on_the_page(name):
    _, figure = drawn(name)
    boxes = [rectangle(box) for box in parts(figure, FancyBboxPatch).values()]
    for (left, low, right, high), (left2, low2, right2, high2) in combinations(boxes, 2):
        assert right < left2 or right2 < left or high < low2 or high2 < low
    width, height = figure.get_size_inches()
    assert width <= 9.5
    assert all(left > 0 and right < width and low > 0 and high < height for left, low, right, high in boxes)


@pytest.mark.parametrize("name", MODELS)
def test_an_arrow_goes_up_from_box_to_box_and_through_no_other(name):
    _, figure = drawn(name)
    boxes = {gid.removeprefix("box /"): rectangle(box) for gid, box in parts(figure, FancyBboxPatch).items()}
    for gid, arrow in parts(figure, FancyArrowPatch).items():
        start, end = gid.removeprefix("arrow /").split("/")
        points = along(arrow)
        (x, y), (x2, y2) = points[0], points[-1]
        assert y == pytest.approx(boxes[start][3])
        assert boxes[start][0] < x < boxes[start][2]
        assert y2 == pytest.approx(boxes[end][1])
        assert boxes[end][0] < x2 < boxes[end][2]
        assert y2 > y
        for left, low, right, high in boxes.values():
            inside = (left < points[:, 0]) & (points[:, 0] < right)
            assert not np.any(inside & (low + 1e-6 < points[:, 1]) & (points[:, 1] < high - 1e-6))


@pytest.mark.parametrize("name", MODELS)
def test_texts_fit_into_their_boxes_and_can_be_read(name):
    figure = diagrams.render(MODELS[name]())  # again: a closed figure does not know its size in pixels
    renderer = figure.canvas.get_renderer()
    boxes = [box.get_window_extent(renderer) for box in parts(figure, FancyBboxPatch).values()]
    for text in figure.axes[0].texts:
        extent = text.get_window_extent(renderer)
        assert any(
            box.x0 < extent.x0 and extent.x1 < box.x1 and box.y0 < extent.y0 and extent.y1 < box.y1 for box in boxes
        )
        assert text.get_fontsize() >= 7


def texts(model: keras.Model) -> list[str]:
    return [text.get_text() for text in diagrams.render(model).axes[0].texts]


@pytest.mark.parametrize(
    ("layer", "lines"),
    [
        (layers.Conv2D(5, 3, activation="relu"), ["3×3 Conv2D", "5 filters", "relu"]),
        (layers.Conv2D(1, (1, 3), strides=2), ["1×3 Conv2D", "1 filter", "stride 2×2"]),
        (layers.Conv2D(2, 5, name="eyes"), ["5×5 Conv2D", "2 filters", "eyes"]),
        (layers.DepthwiseConv2D(3), ["3×3 DepthwiseConv2D", "6 channels"]),
        (layers.SeparableConv2D(4, 3), ["3×3 SeparableConv2D", "4 filters"]),
        (layers.MaxPooling2D(2), ["2×2 MaxPooling2D", "6 channels", "stride 2×2"]),
        (layers.AveragePooling2D(3, strides=1), ["3×3 AveragePooling2D", "6 channels"]),
        (layers.Dense(7, activation="softmax"), ["Dense", "7 units", "softmax"]),
        (layers.Activation("tanh"), ["Activation", "tanh"]),
        (layers.BatchNormalization(), ["BatchNormalization"]),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_what_stands_in_a_box_is_read_from_the_layer(layer, lines):
    assert texts(model_of(layer)) == ["input", "12 × 10 × 6", *lines]


def test_a_slice_says_what_it_takes():
    assert texts(model_of(lambda x: x[..., 2:4]))[2:] == ["slice", "2 of 6"]
    assert texts(model_of(lambda x: x[:, ::2, ::2]))[2:] == ["slice", "6 × 5 × 6"]


def test_towers_stand_straight():
    _, figure = drawn("inception v3")
    boxes = parts(figure, FancyBboxPatch).values()
    middles = sorted({round(float(box.get_x() + box.get_width() / 2), 6) for box in boxes})
    assert len(middles) <= 6  # four towers, the input and the concatenation


def test_several_models_stand_side_by_side_with_their_titles_and_wrap():
    models = {name: MODELS[name]() for name in ("inception v3", "simplified", "equivalent", "extreme")}
    figure = diagrams.render(models)
    boxes = parts(figure, FancyBboxPatch)
    assert set(boxes) == {f"box {title}/{each.name}" for title, model in models.items() for each in operations(model)}
    written = [text for text in figure.axes[0].texts if text.get_text() in models]
    assert [text.get_text() for text in written] == list(models)
    for (left, low, right, high), (left2, low2, right2, high2) in combinations(map(rectangle, boxes.values()), 2):
        assert right < left2 or right2 < left or high < low2 or high2 < low
    assert len({text.get_position()[1] for text in written}) > 1
    assert figure.get_size_inches()[0] <= 9.5
    wide = diagrams.render(models, width=30)
    assert len({text.get_position()[1] for text in wide.axes[0].texts if text.get_text() in models}) == 1


def test_the_former_name_still_renders():
    assert diagrams.draw is diagrams.render


def test_words_name_every_layer_and_what_it_takes():
    model = model_of(blocks.equivalent_module, 4, 2, **PLAIN)
    said = diagrams.words({"Figure 3": model})
    assert said == (
        "Figure 3: 1 input, 12 × 10 × 6; 2 1×1 Conv2D, 4 filters, from 1; 3 slice, 2 of 4, from 2; "
        "4 slice, 2 of 4, from 2; 5 3×3 Conv2D, 2 filters, from 3; 6 3×3 Conv2D, 2 filters, from 4; "
        "7 Concatenate, 4 channels, from 5 and 6."
    )


def shared(x):
    layer = layers.Conv2D(6, 1)
    return layer(layer(x))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (lambda: "a model", "Expected a Keras model to render; found str"),
        (lambda: keras.Sequential([layers.Conv2D(1, 1)]), "does not know its input yet"),
        (lambda: model_of(shared), "a layer is used twice"),
        (lambda: model_of(blocks.equivalent_module, 16, 16, **PLAIN), "16 boxes are side by side"),
        (dict, "There is no model to render"),
    ],
    ids=["no model", "no input", "layer twice", "too wide", "none"],
)
def test_what_can_not_be_drawn_is_said(given, complaint):
    with pytest.raises(ModelError, match=complaint):
        diagrams.render(given())


def test_a_model_in_a_model_is_one_box():
    inputs = keras.Input((8, 8, 6))
    inner = [keras.Sequential([keras.Input((8, 8, 6)), layers.Conv2D(2, 1), layers.ReLU()]) for _ in range(2)]
    model = keras.Model(inputs, layers.Concatenate()([each(inputs) for each in inner]))
    assert diagrams.words(model) == (
        "1 input, 8 × 8 × 6; 2 Sequential, 2 channels, from 1; 3 Sequential, 2 channels, from 1; "
        "4 Concatenate, 4 channels, from 2 and 3."
    )
    diagrams.render(model)


def test_drawing_leaves_the_model_as_it_is():
    model = MODELS["residual"]()
    before = [array.copy() for array in model.get_weights()]
    diagrams.render(model)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert plt.get_fignums() == [1]


def seen(figure: Figure) -> set[tuple[int, int]]:
    """Pairs (channel, map) that a picture of segments joins."""
    lines = [(line.get_xdata(), line.get_ydata()) for line in figure.axes[0].lines]
    assert all(list(y) == [0, 1] for _, y in lines)
    pairs = {(int(x[0]), int(x[1])) for x, _ in lines}
    assert len(pairs) == len(lines)
    return pairs


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 12])
def test_segments_join_what_the_layer_joins_and_count_its_weights(count):
    figure = diagrams.segments(12, count)
    layer = layers.Conv2D(12, 3, groups=count, padding="same", use_bias=False, kernel_initializer="ones")
    joined = set()
    for channel in range(12):
        x = np.zeros((1, 1, 1, 12), "float32")
        x[..., channel] = 1
        joined |= {(channel, int(each)) for each in np.flatnonzero(np.asarray(layer(x))[0, 0, 0])}
    assert seen(figure) == joined
    assert [bar.get_height() for bar in figure.axes[1].patches] == [12 * 12, layer.count_params()]
    assert f"{144 + layer.count_params():,} weights" in figure.axes[1].get_title()


def test_unequal_segments_share_nothing_and_leave_nothing_out():
    pairs = seen(diagrams.segments(7, 3))
    assert {channel for channel, _ in pairs} == set(range(7))
    assert len(pairs) == 3**2 + 2**2 + 2**2
    assert pairs == {(each, channel) for channel, each in pairs}


@pytest.mark.parametrize("count", [0, 8])
def test_impossible_segments_are_said(count):
    with pytest.raises(ModelError, match=f"1 to 7 segments; found {count}"):
        diagrams.segments(7, count)
