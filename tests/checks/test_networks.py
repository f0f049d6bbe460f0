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


def field_from_the_wrong_end(layers):
    field = 1
    for kernel, stride in layers:
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


def field_multiplied(layers):
    field = 1
    for kernel, stride in layers:
        field = field * stride + kernel - 1
    return field


def field_multiplied_afterwards(layers):
    field = 1
    for kernel, stride in layers:
        field = (field + kernel - 1) * stride
    return field


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
    "no strides": (field_forwards(lambda step, stride: (1, 1)), "strides are not used"),
    "own stride": (field_forwards(lambda step, stride: (step * stride, step * stride)), "too early"),
    "only the stride before": (field_forwards(lambda step, stride: (step, stride)), "Strides multiply"),
    "strides added": (field_forwards(lambda step, stride: (step, step + stride - 1)), "strides are added"),
    "wrong end": (field_from_the_wrong_end, "wrong end"),
    "wrong end, forwards": (lambda layers: field_forwards(proper)(layers[::-1]), "wrong end"),
    "starts at 0": (field_forwards(proper, start=0), "One too few"),
    "starts at 2": (field_forwards(proper, start=2), "One too many"),
    "area": (lambda layers: field_backwards(layers) ** 2, "area"),
    "k a layer": (field_forwards(proper, add=lambda kernel: kernel), "k - 1 pixels, not k"),
    "kernels added": (lambda layers: sum(kernel for kernel, _ in layers), "kernels are added"),
    "kernels multiplied": (lambda layers: math.prod(kernel for kernel, _ in layers), "kernels are multiplied"),
    "own stride alone": (field_forwards(lambda step, stride: (stride, stride)), "own stride alone"),
    "strides added to 1": (field_forwards(lambda step, stride: (step, step + stride)), "strides are added"),
    "strides added to 1, too early": (
        field_forwards(lambda step, stride: (step + stride, step + stride)),
        "strides are added",
    ),
    "field multiplied": (field_multiplied, "never multiplied"),
    "field multiplied afterwards": (field_multiplied_afterwards, "never multiplied"),
    "fails without a layer": (field_from_the_first_layer, "Without any layer"),
    "0 without a layer": (lambda layers: field_backwards(layers) if layers else 0, "Without any layer"),
    "largest": (lambda layers: max(kernel for kernel, _ in layers), "largest kernel"),
    "last": (lambda layers: layers[-1][0], "last kernel alone"),
    "first": (lambda layers: layers[0][0], "expected 5, found 3"),
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


def other_parameters(formula):
    """Return an answer whose parameters are `formula(h, w, c, m, k, s)`."""
    return lambda h, w, c, m, k, s=1: (formula(h, w, c, m, k, s), layer_cost(h, w, c, m, k, s)[1])


def other_products(formula):
    """Return an answer whose multiply-adds are `formula(h, w, c, m, k, s)`."""
    return lambda h, w, c, m, k, s=1: (layer_cost(h, w, c, m, k, s)[0], formula(h, w, c, m, k, s))


def places(h, w, k, s):
    return ((h - k) // s + 1) * ((w - k) // s + 1)


def cost_as_an_array(*given):
    return np.array(layer_cost(*given))


COST_RIGHT = {"formula": layer_cost, "package": cost_by_package, "keras": cost_by_keras, "array": cost_as_an_array}
COST_WRONG = {
    "swapped": (lambda *given: layer_cost(*given)[::-1], "other order"),
    "one number": (lambda *given: layer_cost(*given)[0], "two numbers"),
    "no bias": (other_parameters(lambda h, w, c, m, k, s: k * k * c * m), "biases are missing"),
    "one bias": (other_parameters(lambda h, w, c, m, k, s: k * k * c * m + 1), "one bias for .each"),
    "a bias a channel": (other_parameters(lambda h, w, c, m, k, s: k * k * c * m + c), "not for each channel"),
    "a bias a slice": (other_parameters(lambda h, w, c, m, k, s: (k * k + 1) * c * m), "one bias, not one a channel"),
    "no channels": (other_parameters(lambda h, w, c, m, k, s: k * k * m + m), "channels are missing"),
    "one kernel": (other_parameters(lambda h, w, c, m, k, s: k * k * c + 1), "one kernel with its bias"),
    "not squared": (other_parameters(lambda h, w, c, m, k, s: k * c * m + m), "Parameters: a kernel is a square"),
    "channels plus maps": (other_parameters(lambda h, w, c, m, k, s: k * k * (c + m)), "channels and maps multiply"),
    "a kernel a place": (
        other_parameters(lambda h, w, c, m, k, s: (k * k * c * m + m) * places(h, w, k, s)),
        "size of the picture",
    ),
    "a dense layer": (other_parameters(lambda h, w, c, m, k, s: h * w * c * m + m), "size of the picture"),
    "input places": (other_products(lambda h, w, c, m, k, s: h * w * k * k * c * m), "every input pixel"),
    "divided sides": (other_products(lambda h, w, c, m, k, s: (h // s) * (w // s) * k * k * c * m), "every input pixel|border"),
    "same": (other_products(lambda h, w, c, m, k, s: math.ceil(h / s) * math.ceil(w / s) * k * k * c * m), "border"),
    "no stride": (other_products(lambda h, w, c, m, k, s: places(h, w, k, 1) * k * k * c * m), "stride is ignored"),
    "stride once": (other_products(lambda h, w, c, m, k, s: places(h, w, k, 1) * k * k * c * m // s), "columns"),
    "one place too few": (
        other_products(lambda h, w, c, m, k, s: ((h - k) // s) * ((w - k) // s) * k * k * c * m),
        "row and a column",
    ),
    "with biases": (other_products(lambda h, w, c, m, k, s: places(h, w, k, s) * (k * k * c + 1) * m), "no multiplication"),
    "twice": (other_products(lambda h, w, c, m, k, s: 2 * places(h, w, k, s) * k * k * c * m), "count as"),
    "products without channels": (other_products(lambda h, w, c, m, k, s: places(h, w, k, s) * k * k * m), "all channels"),
    "one map": (other_products(lambda h, w, c, m, k, s: places(h, w, k, s) * k * k * c), "one output map"),
    "products not squared": (other_products(lambda h, w, c, m, k, s: places(h, w, k, s) * k * c * m), "adds: a kernel is a"),
    "one place": (other_products(lambda h, w, c, m, k, s: k * k * c * m), "one place"),
    "rows only": (other_products(lambda h, w, c, m, k, s: ((h - k) // s + 1) * k * k * c * m), "one side alone"),
    "columns only": (other_products(lambda h, w, c, m, k, s: ((w - k) // s + 1) * k * k * c * m), "one side alone"),
    "rows twice": (other_products(lambda h, w, c, m, k, s: ((h - k) // s + 1) ** 2 * k * k * c * m), "need not be square"),
    "columns twice": (other_products(lambda h, w, c, m, k, s: ((w - k) // s + 1) ** 2 * k * k * c * m), "need not be square"),
    "sides added": (
        other_products(lambda h, w, c, m, k, s: ((h - k) // s + 1 + (w - k) // s + 1) * k * k * c * m),
        "added. Multiply",
    ),
    "places squared": (other_products(lambda h, w, c, m, k, s: places(h, w, k, s) ** 2 * k * k * c * m), "places are squared"),
    "input places, with biases": (
        other_products(lambda h, w, c, m, k, s: h * w * (k * k * c + 1) * m),
        r"no multiplication.*\*output\*",
    ),
    "no stride, with biases": (
        other_products(lambda h, w, c, m, k, s: places(h, w, k, 1) * (k * k * c + 1) * m),
        r"no multiplication.*\*output\*",
    ),
    "area divided": (other_products(lambda h, w, c, m, k, s: h * w // s**2 * k * k * c * m), "every input pixel|border"),
    "products divided": (other_products(lambda h, w, c, m, k, s: h * w * k * k * c * m // s**2), "every input pixel|border"),
    "a cube": (other_products(lambda h, w, c, m, k, s: places(h, w, k, s) * k**3 * c * m), "multiply-adds, 8 × 5"),
    "places a tuple": (lambda h, w, c, m, k, s=1: (k * k * c * m + m, (h - k + 1, w - k + 1) * m), "Are the places a pair"),
    "places an array": (
        lambda h, w, c, m, k, s=1: (k * k * c * m + m, (np.array([h, w]) - k + 1) * k * k * c * m),
        "Are the places a pair",
    ),
    "an array of pairs": (lambda h, w, c, m, k, s=1: np.ones((2, 2), int), "parameters are one number"),
    "a set": (lambda *given: set(layer_cost(*given)), "two numbers"),
    "one number in an array": (lambda *given: np.array(layer_cost(*given)[0]), "two numbers"),
    "words": (lambda *given: ("28", "162"), "whole number"),
    "fractions": (other_products(lambda h, w, c, m, k, s: ((h - k) / s + 1) * ((w - k) / s + 1) * k * k * c * m), "//"),
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
