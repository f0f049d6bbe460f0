"""Checks of inception: right answers pass in any form, and each known mistake gets its own hint."""

from __future__ import annotations

import keras
import numpy as np
from answers import three_tests
from keras import layers

from fer_course import layers as blocks
from fer_course.checks import inception

# ---------------------------------------------------------------------------------------------------- simplified


def conv(x, maps, size, activation="relu", **options):
    return layers.Conv2D(maps, size, padding="same", activation=activation, **options)(x)


def towers_of(tower, join=None, count=None):
    """A module whose towers are `tower(x, maps)`."""

    def simplified(x, filters, towers=3):
        outputs = [tower(x, filters // towers) for _ in range(count or towers)]
        return (join or layers.Concatenate())(outputs)

    return simplified


def sequential(maps):
    first = layers.Conv2D(maps, 1, activation="relu")
    return keras.Sequential([first, layers.Conv2D(maps, 3, padding="same", activation="relu")])


def model_of(shape, maps):
    inputs = keras.Input(shape)
    return keras.Model(inputs, conv(conv(inputs, maps, 1), maps, 3))


right_tower = towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3))


def in_a_loop(x, filters, towers=3):
    outputs = []
    for _ in range(towers):
        y = layers.Conv2D(filters // towers, 1)(x)
        y = layers.ReLU()(y)
        y = layers.Conv2D(filters // towers, (3, 3), padding="same")(y)
        outputs.append(layers.Activation("relu")(y))
    return layers.concatenate(outputs[::-1])


def with_functions(x, filters, towers=3):
    """The functions of keras.ops in place of layers, and zeros put round by hand."""
    outputs = []
    for _ in range(towers):
        y = keras.ops.relu(layers.Conv2D(filters // towers, 1)(x))
        y = layers.Conv2D(filters // towers, 3, padding="valid")(layers.ZeroPadding2D(1)(y))
        outputs.append(keras.activations.relu(y))
    return keras.ops.concatenate(outputs, axis=-1)


class Convolution(layers.Conv2D):
    """A layer of the learner's own."""


def subclassed(x, maps):
    return Convolution(maps, 3, padding="same", activation="relu")(Convolution(maps, 1, activation="relu")(x))


def joined_in_steps(x, filters, towers=3):
    first, *others = (conv(conv(x, filters // towers, 1), filters // towers, 3) for _ in range(towers))
    for other in others:
        first = layers.Concatenate()([first, other])
    return first


def model_in_a_model(x, filters, towers):
    inputs, outer = keras.Input(x.shape[1:]), keras.Input(x.shape[1:])
    inner = keras.Model(inputs, right_tower(inputs, filters, towers))
    return keras.Model(outer, keras.Sequential([inner])(outer))(x)


def of_maps(maps_of, join=None):
    """A module whose towers have `maps_of(filters, towers)` maps."""

    def simplified(x, filters, towers):
        outputs = [conv(conv(x, maps_of(filters, towers), 1), maps_of(filters, towers), 3) for _ in range(towers)]
        return (join or layers.Concatenate())(outputs)

    return simplified


SIMPLIFIED_RIGHT = {
    "joined in steps": joined_in_steps,
    "a subclass of Conv2D": towers_of(subclassed),
    "functions, zeros by hand": with_functions,
    "comprehension": right_tower,
    "loop": in_a_loop,
    "package": lambda x, filters, towers: blocks.simplified_module(x, filters, towers, norm=False),
    "a model of its own": lambda x, filters, towers: keras.Model(
        inputs := keras.Input(x.shape[1:]), right_tower(inputs, filters, towers)
    )(x),
    "a model in a model": model_in_a_model,
    "a model, then the ReLU": lambda x, filters, towers: layers.ReLU()(
        keras.Model(inputs := keras.Input(x.shape[1:]), right_tower(inputs, filters, towers))(x)
    ),
    "sequential towers": towers_of(lambda x, maps: sequential(maps)(x)),
    "a model per tower": towers_of(lambda x, maps: model_of(x.shape[1:], maps)(x)),
    "ReLU after the join": lambda x, filters, towers: layers.ReLU()(
        layers.Concatenate()([conv(conv(x, filters // towers, 1), filters // towers, 3, None) for _ in range(towers)])
    ),
}


def chained(x, filters, towers):
    outputs = []
    for _ in range(towers):
        x = conv(conv(x, filters // towers, 1), filters // towers, 3)
        outputs.append(x)
    return layers.Concatenate()(outputs)


def one_layer_for_all(x, filters, towers):
    first = layers.Conv2D(filters // towers, 1, activation="relu")
    return layers.Concatenate()([conv(first(x), filters // towers, 3) for _ in range(towers)])


def one_result_for_all(x, filters, towers):
    first = conv(x, filters // towers, 1)
    return layers.Concatenate()([conv(first, filters // towers, 3) for _ in range(towers)])


def one_sequential_for_all(x, filters, towers):
    tower = sequential(filters // towers)
    return layers.Concatenate()([tower(x) for _ in range(towers)])


def wide_below(x, filters, towers):
    return layers.Concatenate()([conv(conv(x, filters, 1), filters // towers, 3) for _ in range(towers)])


def uneven(x, filters, towers):
    maps = [1] * (towers - 1) + [filters - towers + 1]
    return layers.Concatenate()([conv(conv(x, filters // towers, 1), each, 3) for each in maps])


def side_by_side(x, filters, towers):
    return layers.Concatenate()([conv(x, filters // towers, 3) for _ in range(towers)])


def after_joining(x, filters, towers):
    joined = layers.Concatenate()([conv(x, filters // towers, 1) for _ in range(towers)])
    return conv(joined, filters, 3)


def one_tower_for_all(x, filters, towers):
    tower = conv(conv(x, filters // towers, 1), filters // towers, 3)
    return layers.Concatenate()([tower] * towers)


def first_tower_twice(x, filters, towers):
    outputs = [conv(conv(x, filters // towers, 1), filters // towers, 3) for _ in range(towers)]
    return layers.Concatenate()([*outputs[:-1], outputs[0]])


def of_something_else(x, filters, towers):
    return right_tower(keras.Input(x.shape[1:]), filters, towers)


SIMPLIFIED_WRONG = {
    'padding="same"': towers_of(
        lambda x, maps: layers.Conv2D(maps, 3, activation="relu")(layers.Conv2D(maps, 1, activation="relu")(x))
    ),
    "The 2 joined towers have 1 maps each; each has filters // towers, here 2": of_maps(lambda filters, towers: filters // 3),
    "The 3 joined towers have 2 maps each; each has filters // towers, here 3": of_maps(lambda filters, towers: 2),
    "joined along axis 0; join their channels": of_maps(
        lambda filters, towers: filters // towers, layers.Concatenate(axis=0)
    ),
    "It is what Conv2D 3×3 gives. *Join* all": lambda x, filters, towers: conv(
        conv(x, filters // towers, 1), filters // towers, 3
    ),
    "The Concatenate takes 3 tensors; 2 towers were asked": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3), count=3),
    "The Concatenate takes 3 tensors; 5 towers were asked": lambda x, filters, towers: right_tower(
        x, filters // towers * min(towers, 3), min(towers, 3)
    ),
    "can't take them. Layers and `keras.ops` can. `layers.Concatenate()(outputs)` joins them": towers_of(
        lambda x, maps: conv(conv(x, maps, 1), maps, 3), join=lambda outputs: np.concatenate(outputs, axis=-1)
    ),
    "found 1×1, 3×3, 3×3": towers_of(lambda x, maps: conv(conv(conv(x, maps, 1), maps, 3), maps, 3)),
    "some values are not": towers_of(lambda x, maps: conv(conv(x, maps, 1, "relu6"), maps, 3)),
    "each has filters // towers": lambda x, filters, towers: right_tower(x, filters * towers, towers),
    "It is what Add gives": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3), join=layers.Add()),
    "joined along axis 1": towers_of(
        lambda x, maps: conv(conv(x, maps, 1), maps, 3), join=layers.Concatenate(axis=1)
    ),
    "stay three axes": lambda x, filters, towers: layers.Flatten()(right_tower(x, filters, towers)),
    "without a ReLU after the 1×1 convolutions": towers_of(lambda x, maps: conv(conv(x, maps, 1, None), maps, 3)),
    "without a ReLU after the 3×3 convolutions": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3, None)),
    "without any ReLU": towers_of(lambda x, maps: conv(conv(x, maps, 1, None), maps, 3, None)),
    "the 3×3 convolution comes first": towers_of(lambda x, maps: conv(conv(x, maps, 3), maps, 1)),
    "takes the input itself": side_by_side,
    "Don't overwrite `x`": chained,
    "used in more than one tower": one_layer_for_all,
    "make new layers for each": one_sequential_for_all,
    "share one 1×1 convolution": one_result_for_all,
    "here 2; a 1×1 of yours gives 6": wide_below,
    "here 2; a 3×3 of yours gives 1": uneven,
    "without a star": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3), join=lambda all: layers.Concatenate()(*all)),
    "`layers.Conv2D(…)(x)` is the tensor": towers_of(lambda x, maps: layers.Conv2D(maps, 3)(layers.Conv2D(maps, 1))),
    "the layer Conv2D itself, which is not called yet": towers_of(lambda x, maps: layers.Conv2D(maps, 3)),
    "A layer was called with 3, which is no tensor": towers_of(lambda x, maps: layers.Conv2D(maps, 3)(x, 3)),
    "the class ReLU, and no layer of it": towers_of(lambda x, maps: layers.Conv2D(maps, 3)(layers.ReLU)),
    "A tensor is among the settings of Conv2D": towers_of(lambda x, maps: layers.Conv2D(maps, 3, x)),
    "`layers.Conv2D(…)` makes it": towers_of(lambda x, maps: layers.Conv2D(maps, 3)[:, ::2]),
    "found 1.333": lambda x, filters, towers: conv(x, 4 / 3, 1),
    "found 2.0. A single `/` gives": lambda x, filters, towers: conv(x, filters / towers, 1),
    "collect what *all* towers give": lambda x, filters, towers: layers.Concatenate()(conv(x, filters // towers, 1)),
    "Two pairs of parentheses": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3), join=layers.Concatenate),
    "found list": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3), join=list),
    "Expected one Concatenate": lambda x, filters, towers: conv(conv(x, filters, 1), filters, 3),
    "found 1×1, 5×5": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 5)),
    "ends with SeparableConv2D 3×3": towers_of(lambda x, maps: layers.SeparableConv2D(maps, 3, padding="same")(x)),
    "ends with DepthwiseConv2D 3×3": towers_of(
        lambda x, maps: layers.DepthwiseConv2D(3, padding="same", activation="relu")(conv(x, maps, 1))
    ),
    "ends with BatchNormalization": towers_of(lambda x, maps: layers.BatchNormalization()(conv(conv(x, maps, 1), maps, 3))),
    "ends with GetItem": towers_of(lambda x, maps: x[..., :maps]),
    "takes what BatchNormalization gives": towers_of(
        lambda x, maps: conv(layers.BatchNormalization()(conv(x, maps, 1)), maps, 3)
    ),
    "one of yours takes what MaxPooling2D gives": towers_of(
        lambda x, maps: conv(layers.MaxPooling2D(3, 1, padding="same")(conv(x, maps, 1)), maps, 3)
    ),
    "takes `x` itself; one of yours takes what ReLU gives": towers_of(
        lambda x, maps: conv(conv(layers.ReLU()(x), maps, 1), maps, 3)
    ),
    "a 1×1 of yours has none": towers_of(lambda x, maps: conv(conv(x, maps, 1, use_bias=False), maps, 3)),
    "a 3×3 of yours has none": towers_of(lambda x, maps: conv(conv(x, maps, 1), maps, 3, use_bias=False)),
    "same tower is joined 3 times": one_tower_for_all,
    "Concatenate takes 2": first_tower_twice,
    "found 1×1.": towers_of(lambda x, maps: conv(x, maps, 1)),
    "yours ends with Conv2D 3×3": after_joining,
    "does not come from `x`": of_something_else,
    "returns a Keras tensor": lambda x, filters, towers: keras.Model(x, right_tower(x, filters, towers)),
    "the Concatenate takes 2": lambda x, filters, towers: layers.Concatenate()(
        [conv(conv(x, maps, 1), maps, 3) for maps in (filters // towers, filters - filters // towers)]
    ),
    "Did you forget a `return`": lambda x, filters, towers: None,
    "values": towers_of(lambda x, maps: conv(conv(x, maps, 1, "tanh"), maps, 3)),
}  # fmt: skip

# ------------------------------------------------------------------------------------------------- to_equivalent


def moved(weights, join_kernels=None, join_biases=None, rest=lambda arrays: arrays):
    kernels, biases = weights[0:6:2], weights[1:6:2]
    kernel = (join_kernels or (lambda arrays: np.concatenate(arrays, axis=-1)))(kernels)
    bias = (join_biases or np.concatenate)(biases)
    return [kernel, bias, *rest(weights[6:])]


def filled(weights):
    k1, b1, k2, b2, k3, b3, *rest = weights
    maps = k1.shape[-1]
    kernel = np.zeros((1, 1, k1.shape[2], 3 * maps))
    bias = np.zeros(3 * maps)
    for number, (k, b) in enumerate(((k1, b1), (k2, b2), (k3, b3))):
        kernel[..., number * maps : (number + 1) * maps] = k
        bias[number * maps : (number + 1) * maps] = b
    return (kernel, bias, *rest)


EQUIVALENT_RIGHT = {
    "concatenate": moved,
    "filled, float64, a tuple": filled,
    "package": lambda weights: blocks.simplified_to_equivalent(weights, 3),
    "float16": lambda weights: [array.astype(np.float16) for array in moved(weights)],
    "nested lists": lambda weights: [array.tolist() for array in moved(weights)],
    "tensors": lambda weights: [keras.ops.convert_to_tensor(array) for array in moved(weights)],
}
EQUIVALENT_WRONG = {
    "as many as in `weights`": lambda weights: list(weights),
    "here come 0": lambda weights: moved(weights)[:2],
    "another kernel, not its bias": lambda weights: moved(weights)[:1] + moved(weights)[2:],
    "here come 5": lambda weights: moved(weights, rest=lambda arrays: arrays[1:]),
    "here come 7": lambda weights: [*moved(weights)[:2], *weights[5:]],
    "A bias has one axis": lambda weights: moved(weights, None, np.stack),
    "Axis 1 is three times": lambda weights: moved(weights, np.hstack),
    "nan or inf": lambda weights: moved(weights, lambda arrays: np.nan * np.concatenate(arrays, axis=-1)),
    "each.copy() for each in": lambda weights: [weights[6].sort(), *moved(weights)][1:],
    "The *input* channels are three times as many": lambda weights: moved(weights, lambda arrays: np.concatenate(arrays, axis=2)),
    "The first axis is three times": lambda weights: moved(weights, np.concatenate),
    "a fifth axis": lambda weights: moved(weights, np.stack),
    "the shape of one tower's kernel": lambda weights: moved(weights, sum),
    "the shape of one tower's bias": lambda weights: moved(weights, None, sum),
    "It is weights[0], kernel of a 1×1 convolution. After": lambda weights: [*moved(weights)[:2], *weights[:6]],
    "It is weights[0] and weights[2], side by side": lambda weights: moved(
        weights, lambda arrays: np.concatenate(arrays[:2], axis=-1)
    ),
    "It is weights[1] and weights[3], side by side": lambda weights: moved(
        weights, None, lambda arrays: np.concatenate(arrays[:2])
    ),
    "It is weights[6] and weights[8] and weights[10], side by side": lambda weights: moved(
        weights, lambda arrays: np.concatenate(weights[6::2], axis=-1)
    ),
    "maps alternate": lambda weights: moved(
        weights, lambda arrays: np.stack(arrays, axis=-1).reshape(*arrays[0].shape[:3], -1)
    ),
    **{
        f"It is weights[{given}], kernel of a 1×1 convolution. Array 0 is the kernel of the large": (
            lambda weights, given=given: [weights[given], weights[1], *weights[6:]]
        )
        for given in (0, 4)
    },
    **{
        f"It is weights[{given}], bias of a 1×1 convolution. Array 1 is the bias of the large": (
            lambda weights, given=given: [*moved(weights)[:1], weights[given], *weights[6:]]
        )
        for given in (1, 5)
    },
    "It is weights[5], bias of a 1×1 convolution. Array 0 is the kernel": lambda weights: [
        weights[5], weights[4], *weights[6:]
    ],
    "exactly what a `reshape` gives of kernels": lambda weights: moved(
        weights, lambda arrays: np.concatenate(arrays).reshape(1, 1, arrays[0].shape[2], -1)
    ),
    "`np.concatenate(…, axis=-1)` gives the shape": lambda weights: moved(
        weights, lambda arrays: np.array(arrays).reshape(1, 1, arrays[0].shape[2], -1)
    ),
    "as 1, 3, 2: join the towers": lambda weights: moved(
        weights, lambda arrays: np.concatenate([arrays[0], arrays[2], arrays[1]], axis=-1)
    ),
    "its first 2 output maps, `[..., :2]`": lambda weights: moved(
        weights, lambda arrays: np.concatenate(arrays, axis=-1)[:, :, ::-1]
    ),
    "is not (other numbers)": lambda weights: moved(weights, None, lambda arrays: 2 * np.concatenate(arrays)),
    "all zeros": lambda weights: moved(weights, None, lambda arrays: np.zeros(3 * len(arrays[0]))),
    "in another order": lambda weights: moved(weights, None, lambda arrays: np.concatenate(arrays[::-1])),
    "arrays [2, 3, 6, 7]": lambda weights: moved(
        weights, rest=lambda arrays: [*arrays[4:], *arrays[2:4], *arrays[:2]]
    ),
    "in their order, 1, 2, 3": lambda weights: moved(weights, lambda arrays: np.concatenate(arrays[::-1], axis=-1)),
    "look at the large kernel": lambda weights: moved(weights, lambda arrays: 2 * np.concatenate(arrays, axis=-1)),
    "A kernel comes first": lambda weights: [moved(weights)[1], moved(weights)[0], *weights[6:]],
    "don't fit side by side": lambda weights: moved(
        weights, lambda _: np.concatenate([weights[0], weights[4], weights[8]], axis=-1)
    ),
    "the other six of the 3×3": lambda weights: moved(weights, lambda _: np.concatenate(weights[::2], axis=-1)),
    "join kernels with kernels": lambda weights: moved(weights, lambda _: np.concatenate(weights[:3], axis=-1)),
    "Array 2 of your list is no array, but a list of 6": lambda weights: [*moved(weights)[:2], weights[6:]],
    "a star": lambda weights: (*moved(weights)[:2], tuple(weights[6:])),
    "Array 0 of your list is no array, but a list of 3": lambda weights: moved(weights, list),
    "but None": lambda weights: [None, *moved(weights)[1:]],
    "Return a list": lambda weights: np.concatenate([array.ravel() for array in weights]),
    "changed its input": lambda weights: [weights.pop(0), *moved([*[weights[0]] * 12])[1:]],
    "forget a `return`": lambda weights: None,
}  # fmt: skip


def joined(outputs):
    return np.concatenate(outputs, axis=-1)


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    inception.simplified: (SIMPLIFIED_RIGHT, SIMPLIFIED_WRONG),
    inception.to_equivalent: (EQUIVALENT_RIGHT, EQUIVALENT_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
