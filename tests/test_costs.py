"""Costs: equal to Keras' own count of parameters, and to multiplications counted one by one in a loop."""

import keras
import numpy as np
import pytest
from built_networks import built
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from fer_course import costs, models
from fer_course.errors import ModelError
from fer_course.layers import convolution, residual_module

KINDS = ("standard", "depthwise", "pointwise", "separable")


def places(size: int, kernel: int, stride: int, padding: str) -> int:
    """How often a kernel fits along a side, found by sliding it; "same" begins at every stride-th pixel."""
    if padding == "same":
        return len(range(0, size, stride))
    return sum(start + kernel <= size for start in range(0, size, stride))


def counted(kind: str, height, width, channels, filters, size, stride, padding) -> tuple[int, int]:
    """Multiply-adds and weights of a convolution, one at a time: a product for each place, map and weight used there."""
    if kind == "separable":
        first = counted("depthwise", height, width, channels, channels, size, stride, padding)
        rows, columns = places(height, size, stride, padding), places(width, size, stride, padding)
        second = counted("pointwise", rows, columns, channels, filters, 1, 1, "same")
        return first[0] + second[0], first[1] + second[1]
    size = 1 if kind == "pointwise" else size
    filters = channels if kind == "depthwise" else filters
    products, used = 0, set()
    for _row in range(places(height, size, stride, padding)):
        for _column in range(places(width, size, stride, padding)):
            for m in range(filters):
                for i, j, c in np.ndindex(size, size, channels):
                    if kind != "depthwise" or c == m:
                        products += 1
                        used.add((i, j, c, m))
    return products, len(used)


def layer_of(kind: str, filters: int, size: int, stride: int, padding: str, bias: bool):
    shared = {"strides": stride, "padding": padding, "use_bias": bias}
    return {
        "standard": lambda: layers.Conv2D(filters, size, **shared),
        "depthwise": lambda: layers.DepthwiseConv2D(size, **shared),
        "pointwise": lambda: layers.Conv2D(filters, 1, **shared),
        "separable": lambda: layers.SeparableConv2D(filters, size, **shared),
    }[kind]()


@settings(max_examples=25)
@given(
    st.sampled_from(KINDS), st.integers(5, 8), st.integers(5, 8), st.integers(1, 3), st.integers(1, 3),
    st.integers(1, 3), st.integers(1, 2), st.sampled_from(["same", "valid"]), st.booleans(),
)  # fmt: skip
def test_formula_layer_and_loop_agree(kind, height, width, channels, filters, size, stride, padding, bias):
    by_formula = costs.convolution_costs(kind, height, width, channels, filters, size, stride, padding, bias)
    inputs = keras.Input((height, width, channels))
    layer = layer_of(kind, filters, size, stride, padding, bias)
    output = layer(inputs)
    by_layer = costs.cost(layer)
    products, weights = counted(kind, height, width, channels, filters, size, stride, padding)
    assert by_formula.multiply_adds == by_layer.multiply_adds == products
    assert by_formula.parameters == by_layer.parameters == layer.count_params()
    assert by_formula.parameters == weights + bias * output.shape[-1]
    assert by_formula.output == by_layer.output == tuple(output.shape[1:])
    assert by_formula.activation_bytes == by_layer.activation_bytes == np.zeros(output.shape[1:], np.float32).nbytes


@pytest.mark.parametrize("name", models.names())
def test_a_model_has_as_many_parameters_as_keras_counts(name):
    model = built(name)
    found = costs.costs(model)
    assert found.parameters == model.count_params()
    assert found.multiply_adds == sum(row.multiply_adds for row in found.rows) > 0
    assert [row.name for row in found.rows] == [layer.name for layer in model.layers]


@pytest.mark.parametrize(("size", "millions"), [(24, 1.2), (48, 5.52), (64, 10.2)])
def test_mini_xception_costs_what_is_known(size, millions):
    found = costs.costs(built("mini_xception", size))
    assert found.multiply_adds / 1e6 == pytest.approx(millions, rel=0.02)


def test_a_net_costs_what_a_loop_counts_over_its_convolutions():
    inputs = keras.Input((6, 7, 2))
    x = convolution(inputs, 3, padding="valid")
    found = costs.costs(keras.Model(inputs, layers.Dense(5)(layers.Flatten()(residual_module(x, 4)))))
    by_hand = [
        counted("standard", 6, 7, 2, 3, 3, 1, "valid"), counted("pointwise", 2, 3, 3, 4, 1, 1, "same"),
        counted("separable", 4, 5, 3, 4, 3, 1, "same"), counted("separable", 4, 5, 4, 4, 3, 1, "same"),
        (2 * 3 * 4 * 5, 2 * 3 * 4 * 5),
    ]  # fmt: skip
    normalised = 4 * (3 + 4 + 4 + 4)  # four numbers a map after each of the four convolutions
    assert found.multiply_adds == sum(products for products, _weights in by_hand)
    assert found.parameters == sum(weights for _products, weights in by_hand) + normalised + 5


def test_dense_layers_multiply_every_input_with_every_weight():
    inputs = keras.Input((7,))
    layer = layers.Dense(5)
    layer(inputs)
    assert costs.cost(layer).multiply_adds == 35
    assert costs.cost(layer).parameters == 40


def test_models_inside_models_are_counted():
    inner = keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(3, 3)])
    outer = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3), inner])
    assert costs.costs(outer).parameters == outer.count_params()
    assert costs.costs(outer).multiply_adds == 36 * 9 * 2 + 16 * 9 * 2 * 3


def test_the_input_of_a_model_is_counted_once_however_it_is_written():
    inputs = keras.Input((8, 8, 1))
    inner = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(3, 3)])
    functional = keras.Model(inputs, inner(inputs))
    picture, maps = (np.zeros(shape, np.float32).nbytes for shape in ((8, 8, 1), (6, 6, 3)))
    assert costs.costs(inner).activation_bytes == costs.costs(functional).activation_bytes == picture + maps
    assert costs.costs(functional).parameters == functional.count_params()


def test_a_part_of_a_trained_model_is_counted():
    model = models.build("lenet", 24)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.train_on_batch(np.zeros((2, 24, 24, 1)), np.zeros(2))
    part = keras.Model(model.inputs, model.layers[-2].output)
    assert costs.costs(part).rows == costs.costs(model).rows[:-1]


def test_printed_it_is_a_table_that_ends_with_the_sums():
    lines = str(costs.costs(built("lenet"))).splitlines()
    assert lines[0].split()[:2] == ["layer", "kind"]
    assert lines[-1].startswith("all")
    assert f"{built('lenet').count_params():,}" in lines[-1]


def test_a_layer_with_weights_that_is_not_known_is_refused():
    layer = layers.Conv2DTranspose(2, 3)
    layer(keras.Input((8, 8, 1)))
    with pytest.raises(ModelError, match="Conv2DTranspose"):
        costs.cost(layer)


def test_an_unknown_size_is_refused():
    layer = layers.Conv2D(2, 3)
    layer(keras.Input((None, None, 1)))
    with pytest.raises(ModelError, match="fixed input size"):
        costs.cost(layer)
    with pytest.raises(ModelError, match="has not been called"):
        costs.cost(layers.Conv2D(2, 3))
    with pytest.raises(ModelError, match=r"such as keras\.Input"):
        costs.costs(keras.Sequential([layers.Conv2D(2, 3)]))


def test_what_would_be_counted_wrongly_is_refused():
    inputs = keras.Input((8, 8, 2))
    twice = layers.Conv2D(2, 3, padding="same")
    with pytest.raises(ModelError, match="called 2 times"):
        costs.costs(keras.Model(inputs, twice(twice(inputs))))
    elsewhere = layers.Conv2D(2, 3)
    elsewhere(keras.Input((9, 9, 2)))
    model = keras.Model(inputs, elsewhere(inputs))
    with pytest.raises(ModelError, match="several sizes"):
        costs.costs(model)
    assert costs.costs(keras.models.clone_model(model)).multiply_adds == 6 * 6 * 9 * 2 * 2
    square = layers.Reshape((8, 8, 2))(inputs)[..., 0]
    for name, product in (("Matmul", keras.ops.matmul(square, square)), ("Dot", layers.Dot(1)([square, square]))):
        with pytest.raises(ModelError, match=f"is a {name}"):
            costs.costs(keras.Model(inputs, product))


def test_what_is_not_a_model_of_layers_is_refused():
    class Written(keras.Model):
        def call(self, x):
            return x

    for strange in (Written(), layers.Dense(2)):
        with pytest.raises(ModelError, match="only functional and sequential models"):
            costs.costs(strange)


@pytest.mark.parametrize(
    ("arguments", "message"), [((5, 3, 1, "full"), "padding"), ((2, 3), "does not fit"), ((5, 3, 0), "does not fit")]
)
def test_impossible_sizes_are_refused(arguments, message):
    with pytest.raises(ModelError, match=message):
        costs.output_size(*arguments)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"), [(7, 3, 1, 1), (48, 5, 2, 2), (9, 4, 3, 0), (5, 7, 1, 1)]
)
def test_zeros_at_each_end_are_walked_over_like_pixels(size, kernel, stride, padding):
    side = range(-padding, size + padding)
    places = [start for start in side[::stride] if start + kernel - 1 in side]
    assert costs.output_size(size, kernel, stride, padding) == len(places)


def test_a_layer_without_padding_costs_what_keras_stores_and_does():
    layer = keras.layers.Conv2D(5, 3, strides=2)
    output = layer(np.zeros((1, 9, 12, 2), "float32"))
    products = int(np.prod(output.shape)) * 3 * 3 * 2
    assert costs.layer_cost(9, 12, channels=2, filters=5, size=3, stride=2) == (layer.count_params(), products)


def test_an_unknown_convolution_is_refused():
    with pytest.raises(ModelError, match="standard, depthwise"):
        costs.convolution_costs("dilated", 8, 8, 1, 1)


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 7))
def test_the_ratio_is_that_of_the_two_costs(channels, filters, size):
    separable, standard = (
        costs.convolution_costs(kind, 8, 8, channels, filters, size).multiply_adds for kind in ("separable", "standard")
    )
    assert separable / standard == pytest.approx(costs.separable_ratio(filters, size))
    assert costs.cost_ratio(9, 5, channels, filters, size) == pytest.approx(1 / filters + 1 / size**2)
