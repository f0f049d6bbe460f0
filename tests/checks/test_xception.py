"""Checks of xception: right answers pass in any form, and each known mistake gets its own hint."""

from functools import partial

import keras
import numpy as np
from answers import three_tests
from keras import layers
from residual_modules import AsLayer, module

from fer_course import models
from fer_course.checks import xception
from fer_course.layers import convolution
from fer_course.layers import residual_module as package_module

# --------------------------------------------------------------------------------------------------- the whole network


def network(
    filters=(16, 32, 64, 128), classes=7, padding="valid", stem=2, head=3, norm=False, bias=True, average=True, softmax=True,
    rescale=(1 / 127.5, -1), last="same", flat=False, begin=True,
):  # fmt: skip
    """Mini-Xception, which can be built wrong in many ways."""
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(*rescale)(inputs) if rescale else inputs
    for _ in range(stem):
        x = convolution(x, 8, padding=padding)
    for each in filters:
        x = package_module(x, each)
    x = layers.Conv2D(classes, head, padding=last, use_bias=bias)(x)
    x = layers.BatchNormalization()(x) if norm else x
    if flat:
        return keras.Model(inputs, layers.Softmax()(layers.Flatten()(x)))
    x = layers.GlobalAveragePooling2D()(x) if average else layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs if begin else x, layers.Softmax()(x) if softmax else x)


def with_top(top, chained=True):
    """A network whose last layers are given, as a function of the modules' maps and the classes; or its modules unchained."""

    def built(filters=(16, 32, 64, 128), classes=7):
        inputs = keras.Input((48, 48, 1))
        x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
        for _ in range(2):
            x = convolution(x, 8, padding="valid")
        y = x
        for each in filters:
            y = package_module(y if chained else x, each)
        return keras.Model(inputs, top(y, classes))

    return built


def head(x, classes, **options):
    return layers.GlobalAveragePooling2D()(layers.Conv2D(classes, 3, padding="same", **options)(x))


def class_maps(x, classes):
    return layers.Conv2D(classes, 3, padding="same")(x)


def head_first(filters=(16, 32, 64, 128), classes=7):
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for _ in range(2):
        x = convolution(x, 8, padding="valid")
    x = class_maps(x, classes)
    for each in filters:
        x = package_module(x, each)
    return keras.Model(inputs, layers.Softmax()(layers.GlobalAveragePooling2D()(x)))


def dense_head(x, classes):
    return layers.Dense(classes, activation="softmax")(layers.GlobalAveragePooling2D()(x))


def softmax_first(x, classes):
    return layers.GlobalAveragePooling2D()(layers.Softmax()(layers.Conv2D(classes, 3, padding="same")(x)))


def package_head(x, classes):
    return layers.Softmax()(layers.GlobalAveragePooling2D()(convolution(x, classes)))


def softmaxed(x, classes, **options):
    return layers.Softmax()(head(x, classes, **options))


def by_hand(filters=(16, 32, 64, 128), classes=7):
    """Without the package's functions."""
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for _ in range(2):
        x = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv2D(8, 3, use_bias=False)(x)))
    for each in filters:
        x = module(x, each)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(classes, 3, padding="same")(x))
    return keras.Model(inputs, layers.Activation("softmax")(x))


def with_relu(filters=(16, 32, 64, 128), classes=7):
    """A ReLU after the first module's addition."""
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for _ in range(2):
        x = convolution(x, 8, padding="valid")
    for place, each in enumerate(filters):
        x = package_module(x, each)
        x = layers.ReLU()(x) if place == 0 else x
    return keras.Model(inputs, layers.Softmax()(head(x, classes)))


def of_other_layers(filters=(16, 32, 64, 128), classes=7):
    """The same function: main path first, halves of separable convolutions, zeros by hand, plus signs, a mean by ops."""
    inputs = keras.Input((48, 48, 1))
    x = inputs / 127.5 - 1
    for _ in range(2):
        x = keras.ops.relu(layers.BatchNormalization()(layers.Conv2D(8, 3, use_bias=False)(x)))
    for each in filters:
        main = x
        for last in (False, True):
            main = layers.DepthwiseConv2D(3, use_bias=False)(layers.ZeroPadding2D(1)(main))
            main = layers.BatchNormalization()(layers.Conv2D(each, 1, use_bias=False)(main))
            main = main if last else keras.ops.relu(main)
        main = layers.MaxPooling2D(3, strides=2, padding="same")(main)
        x = main + layers.BatchNormalization()(layers.Conv2D(each, 1, use_bias=False)(x[:, ::2, ::2]))
    x = keras.ops.mean(layers.Conv2D(classes, 3, padding="same")(x), axis=(1, 2))
    return keras.Model(inputs, keras.ops.softmax(x))


class Subclass(keras.Model):
    """The whole network as a class of the learner's own."""

    def __init__(self, filters=(16, 32, 64, 128), classes=7, relu=True):
        super().__init__()
        self.scale = layers.Rescaling(1 / 127.5, offset=-1)
        self.stem = keras.Sequential()
        for _ in range(2):
            for each in (layers.Conv2D(8, 3, use_bias=False), layers.BatchNormalization(), layers.Activation("relu")):
                self.stem.add(each)
        self.modules = [AsLayer(each, middle=relu) for each in filters]
        self.top = [layers.Conv2D(classes, 3, padding="same"), layers.GlobalAveragePooling2D(), layers.Softmax()]

    def call(self, x, training=False):
        x = self.stem(self.scale(x), training=training)
        for each in self.modules:
            x = each(x, training=training)
        for each in self.top:
            x = each(x)
        return x


class Stops(keras.Model):
    def call(self, x):
        return x.no_such_thing


def other_stem(filters=(16, 32, 64, 128), classes=7):
    """A first convolution of 16 filters."""
    inputs = keras.Input((48, 48, 1))
    x = convolution(layers.Rescaling(1 / 127.5, offset=-1)(inputs), 16, padding="valid")
    x = convolution(x, 8, padding="valid")
    for each in filters:
        x = package_module(x, each)
    return keras.Model(inputs, softmaxed(x, classes))


def fixed_average(x, classes):
    x = layers.AveragePooling2D(3)(layers.Conv2D(classes, 3, padding="same")(x))
    return layers.Softmax()(layers.Flatten()(x))


def flat_dense(x, classes):
    return layers.Dense(classes, activation="softmax")(layers.Flatten()(x))


NETWORK_RIGHT = {
    "network": network,
    "by hand": by_hand,
    "of other layers": of_other_layers,
    "in a Sequential": lambda *arguments: keras.Sequential([keras.Input((48, 48, 1)), network(*arguments)]),
    "a subclass": Subclass,
    "a model in a model": lambda *arguments: keras.Model(
        inputs := keras.Input((48, 48, 1)), network(*arguments)(inputs)
    ),
}
NINE = r"probabilities of 9 times the right scores, as after the \*sum\* of each map"
NETWORK_WRONG = {
    "a subclass without ReLUs": (lambda *arguments: Subclass(*arguments, relu=False), "what has no weights"),
    "in a Sequential, padded": (
        lambda *arguments: keras.Sequential([keras.Input((48, 48, 1)), network(padding="same")]),
        "valid",
    ),
    "summed": (with_top(lambda x, classes: layers.Softmax()(keras.ops.sum(class_maps(x, classes), axis=(1, 2)))), NINE),
    "9 times the mean": (with_top(lambda x, classes: layers.Softmax()(9 * head(x, classes))), NINE),
    "flattened": (lambda *arguments: network(*arguments, flat=True), r"63 is 9 · 7: each place .* Step 5"),
    "from the maps on": (lambda *arguments: network(*arguments, begin=False), "The model begins where it ends"),
    "step 4 forgotten": (
        with_top(lambda x, classes: layers.Softmax()(layers.GlobalAveragePooling2D()(x))),
        r"found .* and \(None, 128\)\. Step 4.*found no Conv2D of 7",
    ),
    "step 4 of other filters": (
        with_top(lambda x, classes: softmaxed(x, x.shape[-1])),
        r"\(None, 128\)\. Step 4.*found no Conv2D of 7",
    ),
    "step 4 first": (head_first, r"\(None, 128\)\. A Conv2D of 7 filters is in it, but the output has another number"),
    "three channels": (
        lambda *arguments: keras.Sequential([keras.Input((48, 48, 3)), layers.Conv2D(1, 1), network(*arguments)]),
        r"found \(None, 48, 48, 3\).*in one channel",
    ),
    "no average": (
        with_top(lambda x, classes: layers.Softmax()(class_maps(x, classes))),
        r"\(None, 3, 3, 7\)\. Rows and columns are axes 1 and 2",
    ),
    "softmax over the pictures": (
        with_top(lambda x, classes: layers.Softmax(axis=0)(head(x, classes))),
        "The softmax runs along axis 0. The classes",
    ),
    "halved softmax": (
        with_top(lambda x, classes: softmaxed(x, classes) / 2),
        "There is a softmax; what comes after it",
    ),
    "all filters at once": (
        lambda filters=(16, 32), classes=7: package_module(keras.Input((44, 44, 8)), filters),
        r"A layer was given \(16, 32\) for `filters`, where one whole number belongs(?!.*for each in)",
    ),
    "filters as they are given": (
        lambda filters=(16, 32, 64, 128), classes=7: package_module(keras.Input((44, 44, 8)), filters),
        r"A layer was given \(16, 32, 64, 128\) for `filters`.* `for each in filters: x",
    ),
    "the size for the filters": (
        lambda filters=(16, 32, 64, 128), classes=7: layers.Conv2D((3, 3), 8)(keras.Input((48, 48, 1))),
        r"A layer was given \(3, 3\) for `filters`, where one whole number belongs(?!.*for each in)",
    ),
    "a tuple compared": (
        lambda filters=(16, 32, 64, 128), classes=7: filters < 3,
        "A tuple is compared with a number. `filters` holds one number for each module",
    ),
    "average made with x": (
        with_top(lambda x, classes: layers.GlobalAveragePooling2D(class_maps(x, classes))),
        r"A tensor is among the settings of GlobalAveragePooling2D\. .*`layers\.GlobalAveragePooling2D\(…\)\(x\)`",
    ),
    "softmax made with x": (
        with_top(lambda x, classes: layers.Softmax(head(x, classes))),
        r"`keras.Model` was given the layer Softmax itself, which is not called yet.* two pairs of parentheses",
    ),
    "ReLU made with x": (
        with_top(lambda x, classes: layers.ReLU(x)),
        "A tensor is among the settings of ReLU",
    ),
    "the last convolution not called": (
        with_top(lambda x, classes: layers.GlobalAveragePooling2D()(layers.Conv2D(classes, 3, padding="same"))),
        r"A layer was called with the layer Conv2D itself.*`layers\.Conv2D\(…\)\(x\)` is the tensor",
    ),
    "four modules at most": (
        lambda filters=(16, 32, 64, 128), classes=7: network(filters[:4], classes),
        r"\(6, 4, 5, 9, 7\), 2\) has a module for each of the five numbers",
    ),
    "filters sorted": (
        lambda filters=(16, 32, 64, 128), classes=7: network(sorted(filters), classes),
        "five numbers, in this order",
    ),
    "a subclass that stops": (lambda *arguments: Stops(), "stopped with"),
    "Flatten and Dense": (with_top(flat_dense), "there is a `Dense` layer"),
    "a fixed average": (with_top(fixed_average), "The average has a fixed window"),
    "another stem": (partial(other_stem), r"It lacks a kernel \(3, 3, 1, 8\)"),
    "padded": (partial(network, padding="same"), "valid"),
    "one convolution": (partial(network, stem=1), "first convolutions is missing"),
    "1×1 at the end": (partial(network, head=1), "1×1"),
    "norm at the end": (
        partial(network, norm=True),
        r"28 too many: a normalisation of 7 channels\. .*: leave that layer out(?!.*`convolution`)",
    ),
    "no bias at the end": (partial(network, bias=False), "7 too few: the last"),
    "maximum": (partial(network, average=False), r"\*largest\*"),
    "Dense": (with_top(dense_head), "there is a `Dense` layer"),
    "softmax before the average": (with_top(softmax_first), "softmax comes before the average"),
    "softmax in the convolution": (with_top(partial(head, activation="softmax")), "softmax comes before the average"),
    "softmax before and after": (with_top(partial(softmaxed, activation="softmax")), "a second one after it"),
    "two softmaxes": (with_top(lambda x, classes: layers.Softmax()(softmaxed(x, classes))), "two softmaxes"),
    "ReLU at the end": (with_top(partial(softmaxed, activation="relu")), "a ReLU in the last convolution gives"),
    "package's convolution at the end": (
        with_top(package_head),
        r"21 too many\. There is a normalisation of 7 channels and no bias of 7, as `convolution` has it",
    ),
    "modules side by side": (with_top(softmaxed, chained=False), "2 of its 8 separable .* modules are missing"),
    "no modules": (lambda *arguments: with_top(softmaxed)(()), "modules are missing"),
    "no softmax": (partial(network, softmax=False), r"sum to 1.*Is there a softmax at the end"),
    "not rescaled": (partial(network, rescale=False), "the pixels are not rescaled"),
    "rescaled to 0 to 1": (partial(network, rescale=(1 / 255, 0)), "rescaled to 0…1"),
    "ReLU after the first module": (with_relu, "7 ReLUs, mini-Xception 6"),
    "rescaled without the offset": (partial(network, rescale=(1 / 127.5, 0)), "rescaled to 0…2"),
    "rescaled otherwise": (partial(network, rescale=(1 / 100, 0)), "some values are not"),
    "ReLU after the modules": (
        with_top(lambda x, classes: softmaxed(layers.ReLU()(x), classes)),
        "7 ReLUs, mini-Xception 6",
    ),
    "ReLU after the average": (
        with_top(lambda x, classes: layers.Softmax()(layers.ReLU()(head(x, classes)))),
        "a ReLU after the average",
    ),
    "margin lost": (partial(network, last="valid"), r'margin of its maps: padding="same"'),
    "always the same": (lambda filters=(), classes=7: models.build("mini_xception"), "arguments"),
    "always its filters": (
        lambda filters=(), classes=7: network(classes=classes),
        "4 and 6 filters, and three class maps",
    ),
    "an array": (lambda *arguments: np.zeros(7), r"keras\.Model"),
    "nothing": (lambda *arguments: None, "return"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    xception.mini_xception: (NETWORK_RIGHT, NETWORK_WRONG),
}
# Each builds mini-Xception several times.
test_right, test_wrong, test_not_attempted = three_tests(CHECKS, everyday=6)
