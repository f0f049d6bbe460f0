"""Checks of networks: right answers pass in any form, and each known mistake gets its own hint."""

import math

import keras
import numpy as np
import pytest
from answers import three_tests
from hypothesis import given
from hypothesis import strategies as st

from fer_course import costs
from fer_course.checks import networks
from fer_course.errors import ModelError

# ---------------------------------------------------------------------------------------------- receptive field


def field_backwards(layers):
    field = 1
    for kernel, stride in reversed(layers):
        field = (field - 1) * stride + kernel
    return field


def field_by_touching(layers):
    """Poke every pixel of a line and see whether one output changes."""
    line = np.eye(200)
    for kernel, stride in layers:
        places = range(0, line.shape[1] - kernel + 1, stride)
        line = np.stack([line[:, place : place + kernel].sum(axis=1) for place in places], axis=1)
    return np.count_nonzero(line[:, 0])


def field_forwards(step_of, start=1, add=lambda kernel: kernel - 1):
    """Return an answer that adds `add(kernel)` times `step_of(step, stride)`, which runs (factor, next step)."""

    def answer(layers):
        field, step = start, 1
        for kernel, stride in layers:
            factor, step = step_of(step, stride)
            field += add(kernel) * factor
        return field

    return answer


def proper(step, stride):
    return step, step * stride


def field_from_the_first_layer(layers):
    field, step = layers[0]
    for kernel, stride in layers[1:]:
        field, step = field + (kernel - 1) * step, step * stride
    return field


def field_emptying(layers):
    field = field_backwards(layers)
    layers.clear()
    return field


FIELD_RIGHT = {
    "package": costs.receptive_field,
    "backwards": field_backwards,
    "forwards": field_forwards(proper),
    "touching": field_by_touching,
}
FIELD_WRONG = {
    "own stride": (field_forwards(lambda step, stride: (step * stride, step * stride)), "too early"),
    "only the stride before": (field_forwards(lambda step, stride: (step, stride)), "Strides multiply"),
    "strides added": (field_forwards(lambda step, stride: (step, step + stride - 1)), "strides are added"),
    "wrong end, forwards": (lambda layers: field_forwards(proper)(layers[::-1]), "wrong end"),
    "starts at 4": (field_forwards(proper, start=4), "the right one plus 3"),
    "fails without a layer": (field_from_the_first_layer, "Without any layer"),
    "0 without a layer": (lambda layers: field_backwards(layers) if layers else 0, "Without any layer"),
    "a float": (lambda layers: float(field_backwards(layers)), "whole number"),
    "in place": (field_emptying, "in place"),
    "nothing": (lambda layers: print(end=""), "return"),
}

# --------------------------------------------------------------------------------------------------- layer_cost


def layer_cost(height, width, channels, filters, size, stride=1):
    places = ((height - size) // stride + 1) * ((width - size) // stride + 1)
    kernels = size * size * channels * filters
    return kernels + filters, places * kernels


def cost_by_package(height, width, channels, filters, size, stride=1):
    cost = costs.convolution_costs("standard", height, width, channels, filters, size, stride, "valid", bias=True)
    return [cost.parameters, cost.multiply_adds]


def cost_by_keras(height, width, channels, filters, size, stride=1):
    layer = keras.layers.Conv2D(filters, size, strides=stride)
    output = layer(np.zeros((1, height, width, channels), dtype="float32"))
    return layer.count_params(), math.prod(output.shape) * math.prod(layer.kernel.shape[:3])


def cost_as_an_array(*given):
    return np.array(layer_cost(*given))


COST_RIGHT = {"formula": layer_cost, "package": cost_by_package, "keras": cost_by_keras, "array": cost_as_an_array}
COST_WRONG = {
    "one number": (lambda *given: layer_cost(*given)[0], "two numbers"),
    "both wrong": (lambda h, w, c, m, k, s=1: (k * k * c * m, h * w * k * k * c * m), "biases are missing"),
    "places a tuple": (lambda h, w, c, m, k, s=1: (k * k * c * m + m, (h - k + 1, w - k + 1) * m), "Are the places a pair"),
    "places an array": (
        lambda h, w, c, m, k, s=1: (k * k * c * m + m, (np.array([h, w]) - k + 1) * k * k * c * m),
        "Are the places a pair",
    ),
    "an array of pairs": (lambda h, w, c, m, k, s=1: np.ones((2, 2), int), "parameters are one number"),
    "a set": (lambda *given: set(layer_cost(*given)), "two numbers"),
    "one number in an array": (lambda *given: np.array(layer_cost(*given)[0]), "two numbers"),
    "words": (lambda *given: ("28", "162"), "whole number"),
    "fractions": (
        lambda h, w, c, m, k, s=1: (k * k * c * m + m, ((h - k) / s + 1) * ((w - k) / s + 1) * k * k * c * m),
        "//",
    ),
    "no default": (lambda h, w, c, m, k, s: layer_cost(h, w, c, m, k, s), "TypeError"),
    "other default": (lambda h, w, c, m, k, s=2: layer_cost(h, w, c, m, k, s), "default"),
    "nothing": (lambda h, w, c, m, k, s=1: None, "return"),
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    networks.receptive_field: (FIELD_RIGHT, FIELD_WRONG),
    networks.layer_cost: (COST_RIGHT, COST_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


# ------------------------------------------------------------------------------- the package's version itself

stacks = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), max_size=4)


@given(stacks)
def test_a_receptive_field_is_as_wide_as_the_pixels_from_the_first_to_the_last_that_one_output_is_computed_from(layers):
    first = last = 0
    for kernel, stride in reversed(layers):
        first, last = first * stride, last * stride + kernel - 1
    assert costs.receptive_field(layers) == last - first + 1


@given(stacks)
def test_a_picture_as_large_as_the_receptive_field_gives_exactly_one_output(layers):
    size = costs.receptive_field(layers)
    for kernel, stride in layers:
        size = costs.output_size(size, kernel, stride)
    assert size == 1


@pytest.mark.parametrize("layer", [(0, 1), (3, 0), (-3, 2)])
def test_a_layer_that_can_not_be_has_no_receptive_field(layer):
    with pytest.raises(ModelError, match="1 or more"):
        costs.receptive_field([(3, 1), layer])
