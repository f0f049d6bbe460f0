"""Checks of residual: right answers pass in any form, and each known mistake gets its own hint."""

from functools import partial

import keras
import numpy as np
from answers import three_tests
from keras import layers
from residual_modules import AsLayer, module

from fer_course.checks import residual
from fer_course.layers import residual_module as package_module

# ------------------------------------------------------------------------------------------------ the residual module


def other_way_round(x, filters):
    """The same with the main path first, ReLU as a layer of its own, and a plus sign's layer."""
    main = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
    main = layers.ReLU()(layers.BatchNormalization()(main))
    main = layers.BatchNormalization()(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(main))
    main = layers.MaxPooling2D(3, strides=2, padding="same")(main)
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2, :]))
    return layers.Add()([side, main])


OPTIONS = {"padding": "same", "use_bias": False}


def two_paths(main, side):
    """A module of two paths, each a list of layers (made anew at every call); a module starts from its input."""

    def built(x, filters):
        ends = []
        for steps in (main, side):
            end = x
            for step in steps(filters):
                end = step(end)
            ends.append(end)
        return layers.Add()(ends)

    return built


def main_path(filters, settings=(), size=3, padding="same", strides=2, order="SNRSNP"):
    """The steps of the main path: separable, normalisation, ReLU, separable, normalisation, pooling."""
    makers = {
        "S": lambda: layers.SeparableConv2D(filters, **{"kernel_size": 3} | OPTIONS | dict(settings)),
        "N": layers.BatchNormalization,
        "R": lambda: layers.Activation("relu"),
        "P": lambda: layers.MaxPooling2D(size, strides=strides, padding=padding),
    }
    return [makers[letter]() for letter in order]


def side_path(filters, order="/CN", settings=()):
    """The steps of the shortcut: every second pixel, 1×1 convolution, normalisation."""
    makers = {
        "/": lambda: lambda x: x[:, ::2, ::2],
        "C": lambda: layers.Conv2D(filters, 1, use_bias=False, **dict(settings)),
        "N": layers.BatchNormalization,
        "R": layers.ReLU,
    }
    return [makers[letter]() for letter in order]


def main_as(**options):
    return two_paths(partial(main_path, **options), side_path)


def side_as(order, **options):
    return two_paths(main_path, partial(side_path, order=order, **options))


def pictures_halved(x, filters):
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[::2, ::2]))
    return layers.Add()([module(x, filters), side])


def sliced_late(x, filters, after=1):
    """The shortcut taken from an x that was overwritten: after one separable convolution, or after the whole path."""
    steps = main_path(filters)
    for step in steps[:3] if after == 1 else steps:
        x = step(x)
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2]))
    for step in steps[3:] if after == 1 else []:
        x = step(x)
    return layers.Add()([x, side])


def one_relu_twice(x, filters):
    relu = layers.ReLU()
    steps = main_path(filters)
    for step in [*steps[:2], relu, *steps[3:5], relu, steps[5]]:
        y = x = step(x) if step is not steps[0] else step(start := x)
    for step in side_path(filters):
        start = step(start)
    return layers.Add()([y, start])


def with_parts(x, filters, relu=layers.ReLU, norm=layers.BatchNormalization):
    """The module of other ReLUs or normalisations."""
    side = norm()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2]))
    x = relu()(norm()(layers.SeparableConv2D(filters, 3, **OPTIONS)(x)))
    x = norm()(layers.SeparableConv2D(filters, 3, **OPTIONS)(x))
    return layers.Add()([layers.MaxPooling2D(3, strides=2, padding="same")(x), side])


def put_behind(x, filters):
    steps, side = main_path(filters), x
    for step in steps:
        x = step(x)
    for step in side_path(filters):
        side = step(side)
    return layers.Concatenate()([x, side])


def second_from_the_start(x, filters):
    """The second separable convolution takes the input; the first leads nowhere."""
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2]))
    layers.SeparableConv2D(filters, 3, **OPTIONS)(x)
    y = layers.BatchNormalization()(layers.SeparableConv2D(filters, 3, **OPTIONS)(x))
    return layers.Add()([layers.MaxPooling2D(3, strides=2, padding="same")(y), side])


def added_with_plus(x, filters):
    """A plus sign, and the two halves of each separable convolution as layers of their own."""
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2]))
    for last in (False, True):
        x = layers.DepthwiseConv2D(3, **OPTIONS)(x)
        x = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x))
        x = x if last else keras.ops.relu(x)
    return layers.MaxPooling2D(3, strides=2, padding="same")(x) + side


def half_separable(x, filters):
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2]))
    x = layers.Activation("relu")(layers.DepthwiseConv2D(3, **OPTIONS)(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(layers.Conv2D(filters, 1, use_bias=False)(x))
    return layers.Add()([x, side])


def depthwise_with_relu(x, filters):
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2]))
    for last in (False, True):
        x = layers.DepthwiseConv2D(3, activation=None if last else "relu", **OPTIONS)(x)
        x = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x))
        x = x if last else layers.ReLU()(x)
    return layers.MaxPooling2D(3, strides=2, padding="same")(x) + side


def padded_by_hand(x, filters):
    """Zeros round the maps, then convolutions and a pooling without padding."""
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2]))
    for last in (False, True):
        x = layers.SeparableConv2D(filters, 3, use_bias=False)(layers.ZeroPadding2D(1)(x))
        x = layers.BatchNormalization()(x)
        x = x if last else layers.ReLU()(x)
    return layers.MaxPooling2D(3, strides=2, padding="same")(x) + side


def in_a_sequence(x, filters):
    """The main path as one Sequential, the slice as the mean over windows of one pixel."""
    side = layers.AveragePooling2D(1, strides=2, padding="same")(x)
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(side))
    for step in keras.Sequential(main_path(filters)).layers:
        x = step(x)
    return keras.ops.add(side, x)


def nested(x, filters, main=main_path, side=side_path):
    """Each path as a Sequential."""
    return layers.Add()([keras.Sequential(main(filters))(x), keras.Sequential(side(filters, "CN"))(x[:, ::2, ::2])])


def sliced_by(take):
    """A module whose shortcut convolves and normalises `take(x)`."""
    return lambda x, filters: two_paths(main_path, lambda filters: [take, *side_path(filters, "CN")])(x, filters)


def added_by(add):
    """A module whose last step is `add(end of the main path, end of the shortcut)`."""

    def built(x, filters):
        side = x
        for step in side_path(filters):
            side = step(side)
        for step in main_path(filters):
            x = step(x)
        return add(x, side)

    return built


MODULE_RIGHT = {
    "paths as Sequential": nested,
    "one layer": lambda x, filters: AsLayer(filters)(x),
    "a model inside": lambda x, filters: keras.Model(inputs := keras.Input(x.shape[1:]), module(inputs, filters))(x),
    "ZeroPadding2D": padded_by_hand,
    "ops.add, a mean of one pixel": in_a_sequence,
    "plus, halves of their own": added_with_plus,
    "module": module,
    "other way round": other_way_round,
    "package": package_module,
    "sliced after the convolution": side_as("C/N"),
    "relu as a function": lambda x, filters: two_paths(
        lambda filters: [keras.ops.relu if type(step) is layers.Activation else step for step in main_path(filters)],
        side_path,
    )(x, filters),
}
MODULE_WRONG = {
    "dropout": (
        lambda x, filters: layers.Dropout(0.3)(module(x, filters)),
        "Dropout in it, which works in training only",
    ),
    "noise": (lambda x, filters: layers.GaussianNoise(0.1)(module(x, filters)), "GaussianNoise in it"),
    "ReLU6": (partial(with_parts, relu=lambda: layers.ReLU(6)), "some values are not"),
    "norms that never measure": (
        partial(with_parts, norm=lambda: layers.BatchNormalization(trainable=False)),
        "in training they are not",
    ),
    "put behind each other": (put_behind, r"put behind each other.*`layers.Add\(\)"),
    "the first leads nowhere": (second_from_the_start, "found 1: .*Only layers on the way.*count"),
    "Sequential without ReLU": (
        partial(nested, main=partial(main_path, order="SNSNP")),
        "computes something else with",
    ),
    "Sequential, one normalisation": (partial(nested, main=partial(main_path, order="SNRSP")), "Expected 3 BatchNorm"),
    "Sequential, 5×5": (
        partial(nested, main=partial(main_path, settings={"kernel_size": 5})),
        r"It lacks a kernel \(3, 3, 3, 1\)",
    ),
    "one layer without ReLU": (lambda x, filters: AsLayer(filters, middle=False)(x), "the one ReLU"),
    "depthwise alone": (half_separable, "comes directly after it"),
    "ReLU between the halves": (depthwise_with_relu, "activation of its own"),
    "bias": (partial(module, bias=True), "bias"),
    "5×5": (partial(module, size=5), "3×3"),
    "stride": (partial(module, stride=True), "corrupt memory"),
    "no ReLU": (partial(module, middle=False), "ReLU is missing"),
    "two ReLUs": (partial(module, end=True), "leave it out"),
    "ReLU at the end": (partial(module, middle=False, end=True), "between the two"),
    "ReLU after the addition": (partial(module, after=True), "after the addition"),
    "shortcut not normalised": (partial(module, side_norm=False), "BatchNormalization"),
    "not normalised": (partial(module, norms=False), "BatchNormalization"),
    "mean pooling": (partial(module, pool="mean"), "MaxPooling2D"),
    "no pooling": (partial(module, pool=""), r"You have \(N, 22, 24, 4\): that path is not halved"),
    "ReLU in the convolutions": (
        main_as(settings={"activation": "relu"}, order="SNSNP"),
        r"comes \*before\* its normal",
    ),
    "ReLU before normalisation": (main_as(order="SRNSNP"), "before the first normalisation"),
    "pooled too early": (main_as(order="SNRSPN"), "order is separable"),
    "normalised twice at the end": (main_as(order="SRSNNP"), "order is separable"),
    "2×2 pooling": (main_as(size=2), "should be 3×3"),
    "pooling without strides": (
        main_as(strides=None),
        "that is a third, as after a slice `::3`, or a 3×3 pooling without `strides=2`",
    ),
    "pooling without anything": (main_as(strides=None, padding="valid"), 'without `strides=2` and `padding="same"`'),
    "another epsilon": (
        two_paths(main_path, lambda filters: [*side_path(filters, "/C"), layers.BatchNormalization(epsilon=0.1)]),
        "epsilon",
    ),
    "pooling not padded": (
        main_as(padding="valid"),
        "missing at one of three: the separable convolutions, the pooling",
    ),
    "one convolution not padded": (
        two_paths(
            lambda filters: [*main_path(filters, {"padding": "valid"}, order="SNR"), *main_path(filters, order="SNP")],
            side_path,
        ),
        r"You have \(N, 10, 11, 4\).* missing at one of three.*The other path is right",
    ),
    "no convolution padded": (main_as(settings={"padding": "valid"}), "missing at two of three"),
    "nothing padded": (main_as(settings={"padding": "valid"}, padding="valid"), "missing at all three of three"),
    "every third pixel": (sliced_by(lambda x: x[:, ::3, ::3]), "as after a slice `::3`"),
    "rows alone": (
        sliced_by(lambda x: x[:, ::2]),
        r"You have \(N, 11, 24, 4\): rows are halved, columns are not.*The other path is right\.$",
    ),
    "columns alone": (sliced_by(lambda x: x[:, :, ::2]), "columns are halved, rows are not"),
    "the first two columns": (sliced_by(lambda x: x[:, ::2, :2]), "2 columns, not 12. Look at the slice"),
    "every second channel": (sliced_by(lambda x: x[:, ::2, ::2, ::2]), "takes 2 channels; the input has 3"),
    "every second picture, too": (sliced_by(lambda x: x[::2, ::2, ::2]), r"^Every second \*picture\* is left out"),
    "means on the shortcut": (
        sliced_by(layers.AveragePooling2D(2, padding="same")),
        r"windows of \(2, 2\), which takes means",
    ),
    "a maximum on the shortcut": (
        sliced_by(layers.MaxPooling2D(2, padding="same")),
        "The shortcut has a MaxPooling2D",
    ),
    "normalised along the rows": (
        lambda x, filters: two_paths(
            main_path, lambda filters: [*side_path(filters, "/C"), layers.BatchNormalization(axis=1)]
        )(x, filters),
        "another `axis` than the last one",
    ),
    "three tensors added": (added_by(lambda x, side: layers.Add()([x, x, side])), "Your addition takes 3 tensors"),
    "Add made with the list": (added_by(lambda x, side: layers.Add([x, side])), "made without arguments, and then"),
    "Add without a list": (added_by(lambda x, side: layers.Add()(x, side)), r"\*one\* list of tensors"),
    "a layer made with x": (
        sliced_by(lambda x: layers.BatchNormalization(x)),
        "A tensor is among the settings of BatchNormalization.* two pairs of parentheses",
    ),
    "a layer not called": (
        sliced_by(lambda x: layers.BatchNormalization()(layers.SeparableConv2D(4, 3))),
        r"called with the layer SeparableConv2D itself.*`layers\.SeparableConv2D\(…\)\(x\)` is the tensor",
    ),
    "a slice of a layer": (
        sliced_by(lambda x: layers.SeparableConv2D(4, 3)[:, ::2, ::2]),
        "A slice was taken of the layer SeparableConv2D itself",
    ),
    "a tensor as an array": (
        sliced_by(lambda x: np.maximum(x, 0)),
        "NumPy, int and float can't take them. Layers and `keras.ops` can",
    ),
    "the shortcut is x where that fits": (
        lambda x, filters: (
            module(x, filters)
            if x.shape[3] != filters
            else two_paths(main_path, lambda filters: side_path(filters, "/"))(x, filters)
        ),
        "Expected 1 Conv2D, found 0",
    ),
    "ReLU before the first convolution": (
        main_as(order="RSNRSNP"),
        "there is a ReLU before the first separable convolution",
    ),
    "the one ReLU comes first": (main_as(order="RSNSNP"), "the ReLU comes before the first separable"),
    "ReLU before both paths": (lambda x, filters: module(layers.ReLU()(x), filters), "a ReLU before both paths"),
    "a frozen shortcut": (side_as("/CN", settings={"trainable": False}), "part of it can't learn: conv2d"),
    "a stopped gradient": (
        added_by(lambda x, side: layers.Add()([x, keras.ops.stop_gradient(side)])),
        "part of it can't learn: a gradient is stopped",
    ),
    "something else": (lambda x, filters: module(keras.Input(x.shape[1:]), filters), "does not come from `x`"),
    "stride in the convolution": (
        lambda x, filters: two_paths(
            lambda filters: [
                *main_path(filters, {"strides": 2}, order="SNR"),
                *main_path(filters, strides=1, order="SNP"),
            ],
            side_path,
        )(x, filters),
        "the pooling halves",
    ),
    "first as wide as x": (
        two_paths(lambda filters: [*main_path(3, order="SNR"), *main_path(filters, order="SNP")], side_path),
        "have `filters` filters",
    ),
    "two maps a channel": (main_as(settings={"depth_multiplier": 2}), "depth_multiplier"),
    "no γ": (
        two_paths(main_path, lambda filters: [*side_path(filters, "/C"), layers.BatchNormalization(scale=False)]),
        "keeps its γ",
    ),
    "pictures halved": (
        pictures_halved,
        r"\*picture\* is left out: a slice leaves the first axis alone, `x\[:, ::2, ::2\]`",
    ),
    "shortcut from overwritten x": (sliced_late, "On the way to yours is also SeparableConv2D. Take"),
    "shortcut from the end": (
        partial(sliced_late, after=2),
        "halved twice. One stride of 2 in each path is enough, and the shortcut starts from",
    ),
    "sliced after normalisation": (side_as("CN/"), "in training, mean and variance"),
    "normalised before the convolution": (side_as("/NC"), "convolved first"),
    "ReLU on the shortcut": (side_as("/CNR"), "ends with its normalisation; found ReLU"),
    "ReLU in the shortcut's convolution": (side_as("/CN", settings={"activation": "relu"}), "activation of its own"),
    "one ReLU twice": (one_relu_twice, "a layer of its own for each step"),
    "stopped": (lambda x, filters: x.no_such_thing, r"called with x \(N, 22, 24, 3\), 4"),
    "standard": (partial(module, standard=True), "SeparableConv2D"),
    "concatenated": (partial(module, add=False), "channels"),
    "an array": (lambda x, filters: np.zeros(3), "Keras tensor"),
    "nothing": (lambda x, filters: None, "return"),
}

# ------------------------------------------------------------------------------------------------------ its parameters

COUNT_RIGHT = {
    "one by one": lambda c, f: c * f + 9 * c + c * f + 9 * f + f * f + 12 * f,
    "a float": lambda c, f: float(9 * c + 2 * c * f + f * (21 + f)),
    "int64": lambda c, f: np.int64(sum([c * f, 9 * c, c * f, 9 * f, f * f, 4 * f, 4 * f, 4 * f])),
}
COUNT_WRONG = {
    "without a pointwise half": (
        lambda c, f: c * f + 9 * c + 9 * f + f * f + 12 * f,
        r"Two kernels of 1×1 have channels",
    ),
    "nine times the pointwise half": (
        lambda c, f: c * f + 9 * (c + c * f) + 9 * f + f * f + 12 * f,
        "the count with one 9 · channels · filters. Two kernels",
    ),
    "one bias": (lambda c, f: 2 * c * f + 9 * c + 9 * f + f * f + 13 * f, "`filters` too many: no convolution"),
    "just 12 numbers": (lambda c, f: 2 * c * f + 9 * c + 9 * f + f * f + 12, "with just 12 for the normalisations"),
    "channels twice": (lambda c, f: 3 * c * f + 18 * c + 12 * f, "`filters` channels"),
    "doubled": (lambda c, f: 2 * (2 * c * f + 9 * c + 9 * f + f * f + 12 * f), "the right one times 2"),
    "the filters": (lambda c, f: f, "the argument `f`"),
    "nothing": (lambda c, f: None, "return"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    residual.residual_module: (MODULE_RIGHT, MODULE_WRONG),
    residual.module_parameters: (COUNT_RIGHT, COUNT_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
