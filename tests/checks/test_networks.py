"""Checks of networks: right answers pass in any form, and each known mistake gets its own hint."""

import math

import keras
import numpy as np
import pytest
from answers import three_tests
from hypothesis import given
from hypothesis import strategies as st

from fer_course import costs, models
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


def field_of_kernels(layers):
    field, step = 1, 1
    for kernel, _ in layers:
        field, step = field + (kernel - 1) * step, step * kernel
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
    "own stride": (field_forwards(lambda step, stride: (step * stride, step * stride)), "own stride gives too early"),
    "only the stride before": (field_forwards(lambda step, stride: (step, stride)), "Strides multiply"),
    "strides added": (
        field_forwards(lambda step, stride: (step, step + stride - 1)),
        r"what \*adding\* the strides gives",
    ),
    "wrong end, forwards": (lambda layers: field_forwards(proper)(layers[::-1]), "layers in reverse"),
    "a step of kernels": (field_of_kernels, "Either the kernels are multiplied.*by each kernel"),
    "starts at 4": (field_forwards(proper, start=4), "the right one plus 3"),
    "fails without a layer": (field_from_the_first_layer, "(?s)stopped with IndexError.*Without any layer"),
    "divides by the number of layers": (
        lambda layers: field_backwards(layers) + 0 // len(layers),
        r"(?s)stopped with ZeroDivisionError.*Without any layer.*Is a layer, such as `layers\[0\]`",
    ),
    "0 without a layer": (lambda layers: field_backwards(layers) if layers else 0, "Without any layer.*found 0"),
    "None without a layer": (lambda layers: field_backwards(layers) if layers else None, "returned nothing"),
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
    return list(costs.layer_cost(height, width, channels, filters, size, stride))


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
    "one kernel": (lambda h, w, c, m, k, s=1: (k * k * c + m, layer_cost(h, w, c, m, k, s)[1]), "one kernel, with the biases"),
    "one before the division": (
        lambda h, w, c, m, k, s=1: (k * k * c * m + m, ((h - k + 1) // s) * ((w - k + 1) // s) * k * k * c * m),
        r"exactly what \(H - k \+ 1\) // stride",
    ),
    "nothing": (lambda h, w, c, m, k, s=1: None, "return"),
}  # fmt: skip


# -------------------------------------------------------------------------------- LeNet with one thing changed

layers = keras.layers


def lenet(pairs=((6, 5), (16, 5), (32, 4)), units=(120, 84), of_convolutions=None, of_dense=None, pool=None, first_pool=None,
          last="softmax", rescaled=(1 / 127.5, -1), rate=None, dropped=(120, 84), third_pool=None, more=None):  # fmt: skip
    """Return an answer, right unless an option says otherwise: `of_convolutions=lambda name: "tanh"` always has tanh there."""

    def answer(activation="tanh", pooling=layers.AveragePooling2D, dropout=0.0, third=False):
        model = [keras.Input((48, 48, 1)), *([layers.Rescaling(*rescaled)] if rescaled else [])]
        for number, (filters, size) in enumerate(pairs if third else pairs[:2]):
            kind = {0: first_pool, 2: third_pool}.get(number) or pool or pooling
            model += [layers.Conv2D(filters, size, activation=(of_convolutions or str)(activation)), kind(2)]
        model += [more()] if more else []
        model.append(layers.Flatten())
        for each in units:
            model.append(layers.Dense(each, activation=(of_dense or str)(activation)))
            if dropout and each in dropped:
                model.append(layers.Dropout(dropout if rate is None else rate))
        return keras.Sequential([*model, layers.Dense(7, activation=last)])

    return answer


def lenet_functional(activation="tanh", pooling=layers.AveragePooling2D, dropout=0.0, third=False):
    inputs = keras.Input((48, 48, 1))
    x = keras.ops.cast(inputs, "float32") / 127.5 - 1
    for filters, size in ((6, 5), (16, 5), *([(32, 4)] if third else [])):
        x = pooling(pool_size=2)(layers.Activation(activation)(layers.Conv2D(filters, size)(x)))
    x = layers.Flatten()(x)
    for units in (120, 84):
        x = layers.Dropout(dropout)(keras.activations.get(activation)(layers.Dense(units)(x)))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(7)(x)))


def lenet_without_input(**options):
    """The same layers, of a model that is built when it meets the first picture."""
    return keras.Sequential([layer for layer in lenet()(**options).layers if not isinstance(layer, layers.InputLayer)])


class Subclass(keras.Model):
    def __init__(self, **options):
        super().__init__()
        self.each = lenet_without_input(**options).layers

    def call(self, x, training=False):
        for layer in self.each:
            x = layer(x, training=training) if isinstance(layer, layers.Dropout) else layer(x)
        return x


def lenet_nested(**options):
    return keras.Sequential([keras.Input((48, 48, 1)), lenet()(**options)])


def lenet_with_one_dropout(activation="tanh", pooling=layers.AveragePooling2D, dropout=0.0, third=False):
    parts, drop = lenet()(activation, pooling, 0.0, third).layers, layers.Dropout(dropout)
    return keras.Sequential([keras.Input((48, 48, 1)), *parts[:-2], drop, parts[-2], drop, parts[-1]])


def lenet_frozen(**options):
    model = lenet()(**options)
    model.layers[1].trainable = False
    return model


def lenet_cached():
    models = {}

    def answer(**options):
        if str(options) not in models:
            models[str(options)] = lenet()(**options)
        return models[str(options)]

    return answer


def lenet_slipped(padding="valid", first="convolution", last=True, pool=None, initial="glorot_uniform", third_has=None,
                  late=False, regular=None):  # fmt: skip
    """Return an answer with one slip that is not in an argument."""

    def answer(activation="tanh", pooling=layers.AveragePooling2D, dropout=0.0, third=False):
        model = [keras.Input((48, 48, 1)), layers.Rescaling(1 / 127.5, -1)]
        sizes = [(6, 5), (16, 5), (32, 4)][: 3 if third else 2]
        for number, (filters, size) in enumerate(sizes):
            own = third_has if third_has and number == 2 else activation
            pair = [
                layers.Conv2D(
                    filters,
                    size,
                    padding=padding,
                    activation=None if late else own,
                    kernel_initializer=initial,
                    kernel_regularizer=regular,
                ),
                (pool or (lambda kind: kind(2)))(pooling),
            ]
            pair += [layers.Activation(own)] if late else []
            pair = pair[::-1] if first == "pooling" else pair
            model += pair if last or number < len(sizes) - 1 else pair[:1]
        model.append(layers.Flatten())
        for units in (120, 84):
            model += [layers.Dense(units, activation=activation), layers.Dropout(dropout)]
        return keras.Sequential([*model, layers.Dense(7, activation="softmax")])

    return answer


LENET_RIGHT = {
    "course": models.lenet_1995,
    "sequential": lenet(),
    "functional": lenet_functional,
    "without an input": lenet_without_input,
    "subclass": Subclass,
    "nested": lenet_nested,
    "one dropout for both": lenet_with_one_dropout,
}
ALWAYS_TANH, ALWAYS_RELU, NEVER = (lambda asked, name=name: name for name in ("tanh", "relu", None))
LENET_WRONG = {
    "tanh in convolutions": (lenet(of_convolutions=ALWAYS_TANH), "the convolutions have tanh"),
    "ReLU in convolutions": (lenet(of_convolutions=ALWAYS_RELU), "the convolutions have ReLU"),
    "tanh in dense layers": (lenet(of_dense=ALWAYS_TANH), "dense layers still have tanh"),
    "ReLU in dense layers": (lenet(of_dense=ALWAYS_RELU), "dense layers have ReLU"),
    "always tanh": (lenet(of_convolutions=ALWAYS_TANH, of_dense=ALWAYS_TANH), "those of tanh"),
    "always ReLU": (lenet(of_convolutions=ALWAYS_RELU, of_dense=ALWAYS_RELU), "those of ReLU"),
    "no activation": (lenet(of_convolutions=NEVER, of_dense=NEVER), "no layer has an activation"),
    "none in convolutions": (lenet(of_convolutions=NEVER), "the convolutions have no activation"),
    "none in dense layers": (lenet(of_dense=NEVER), "the dense layers have no activation"),
    "always means": (lenet(pool=layers.AveragePooling2D), "MaxPooling2D.*those of average pooling"),
    "always largest": (lenet(pool=layers.MaxPooling2D), r"lenet\(\).*those of max pooling"),
    "the first is a mean": (lenet(first_pool=layers.AveragePooling2D), "the first pooling is not"),
    "only the first": (
        lambda activation="tanh", pooling=layers.AveragePooling2D, dropout=0.0, third=False: lenet(
            pool=layers.AveragePooling2D, first_pool=pooling
        )(activation, pooling, dropout, third),
        "only the first pooling",
    ),
    "padding": (lenet_slipped(padding="same"), "gets 2,304 numbers, LeNet's gets 1,296: that is what padding gives"),
    "pooling first": (lenet_slipped(first="pooling"), "576 numbers.*it comes after"),
    "pooling by 1": (lenet_slipped(pool=lambda kind: kind(2, strides=1)), "strides=1"),
    "no pooling": (lenet_slipped(pool=lambda kind: layers.Dropout(0)), "without pooling"),
    "the last pooling missing": (lenet_slipped(last=False), "without the last pooling"),
    "the third pooling missing": (
        lambda third=False, **options: lenet_slipped(last=not third)(third=third, **options),
        "1,152 numbers, LeNet's gets 288: that is what it is without the last pooling",
    ),
    "another start": (lenet_slipped(initial="he_normal"), "HeNormal.*second change"),
    "tanh in the third pair": (lenet_slipped(third_has="tanh"), "third pair still has tanh"),
    "ReLU or tanh": (
        lambda activation="tanh", **options: lenet()(activation="tanh" if activation == "tanh" else "relu", **options),
        "activation='sigmoid'.*those of ReLU",
    ),
    "a model that stops": (
        lambda **options: keras.Sequential([layers.Conv2D(6, 5), layers.Conv2D(6, 99)]),
        "stopped with a picture",
    ),
    "two probabilities": (
        lambda **options: keras.Sequential([keras.Input((48, 48, 1)), layers.Flatten(), layers.Dense(2)]),
        r"gives \(1, 2\) for one picture",
    ),
    "scores": (lenet(last=None), "these are scores"),
    "tanh at the end": (lenet(last="tanh"), "the last layer has tanh"),
    "ReLU at the end": (lenet(last="relu"), "the last layer has ReLU"),
    "pixels as they are": (lenet(rescaled=()), "not rescaled"),
    "pixels from 0 to 1": (lenet(rescaled=(1 / 255, 0)), "run from 0 to 1; LeNet's run from -1 to 1"),
    "no offset": (lenet(rescaled=(1 / 127.5,)), "run from 0 to 2"),
    "another third kernel": (
        lenet(pairs=((6, 5), (16, 5), (32, 3))),
        r"get_weights\(\)\[4\] has the shape \(3, 3, 16, 32\)",
    ),
    "other units": (lenet(units=(84, 120)), r"get_weights\(\)\[4\] has the shape \(1296, 84\)"),
    "a dense layer less": (lenet(units=(120,)), r"\(120, 7\); LeNet's has \(120, 84\)"),
    "dropout once": (lenet(dropped=(84,)), r"found where the shape is \(84,\)\."),
    "means in the third pair": (lenet(third_pool=layers.AveragePooling2D), "pooling of the third pair is a mean"),
    "largest in the third pair": (lenet(third_pool=layers.MaxPooling2D), "pooling of the third pair is the largest"),
    "activation after pooling": (lenet_slipped(late=True), "comes after the pooling"),
    "noise": (lenet(more=lambda: layers.GaussianNoise(0.1)), "there is a GaussianNoise layer"),
    "dropout of maps": (lenet(more=lambda: layers.SpatialDropout2D(0.5)), "there is a SpatialDropout2D layer"),
    "flips": (lenet(more=lambda: layers.RandomFlip("horizontal")), "there is a RandomFlip layer"),
    "frozen": (lenet_frozen, "a Conv2D layer is not trainable"),
    "a regulariser": (lenet_slipped(regular="l2"), "added to the loss"),
    "the same model": (lenet_cached(), "the same model"),
    "another rate": (lenet(rate=0.4), "has the rate 0.4; the argument says 0.5"),
    "layers": (lambda **options: [layers.Dense(7)], "Return a Keras model"),
    "another picture": (
        lambda **options: keras.Sequential([keras.Input((24, 24, 1)), layers.Flatten(), layers.Dense(7)]),
        "48, 48, 1",
    ),
    "no option": (lambda: lenet()(), r"TypeError(.|\n)*called as lenet\(activation='relu'\)"),
    "nothing": (lambda **options: None, "return"),
}

# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    networks.receptive_field: (FIELD_RIGHT, FIELD_WRONG),
    networks.layer_cost: (COST_RIGHT, COST_WRONG),
    networks.lenet: (LENET_RIGHT, LENET_WRONG),
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
