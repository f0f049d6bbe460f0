"""A registry of small convolutional networks for grey faces: `build("mini_xception")` gives a Keras model.

Every model takes uint8 or float pixels 0…255 of shape (N, size, size, 1), rescales them to [-1, 1] inside, and returns
the probabilities of the classes, float32 (N, classes).
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

from fer_course.errors import ModelError
from fer_course.layers import convolution, residual_module

_BUILDERS: dict[str, Callable] = {}


def register(builder: Callable) -> Callable:
    """Enter a function `builder(inputs, classes) -> outputs` in the registry under its own name."""
    _BUILDERS[builder.__name__] = builder
    return builder


def names() -> list[str]:
    """Return the names that `build` knows."""
    return sorted(_BUILDERS)


def build(name: str, input_size: int = 48, classes: int = 7) -> keras.Model:
    """Build a model by name, with fresh random weights (fix them with `keras.utils.set_random_seed`).

    Args:
        name: one of `names()`.
        input_size: height and width of the pictures in pixels, 24 to 96.
        classes: number of classes, 2 or more.

    Returns:
        A functional Keras model: (N, input_size, input_size, 1) pixels 0…255 to (N, classes) probabilities.

    Raises:
        ModelError: if there is no such model, or a size or number of classes is out of range.

    """
    if name not in _BUILDERS:
        raise ModelError(f"There is no model {name!r}; there are: {', '.join(names())}.")
    if isinstance(input_size, bool) or not isinstance(input_size, int) or not 24 <= input_size <= 96:
        raise ModelError(f"The input size is a whole number of pixels from 24 to 96; found {input_size!r}.")
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise ModelError(f"The number of classes is a whole number of 2 or more; found {classes!r}.")
    inputs = keras.Input((input_size, input_size, 1), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(inputs)
    return keras.Model(inputs, _BUILDERS[name](x, classes), name=name)


@register
def mini_xception(x, classes):
    """Mini-Xception, layer for layer as published: 58,423 parameters at any input size (7 classes, 56,951 trainable).

    Source: Arriaga, Valdenegro-Toro, Plöger 2017, "Real-time Convolutional Neural Networks for Emotion and Gender
    Classification", arXiv:1710.07557. The shortcut is executed differently, see `layers.convolution`.
    """
    for _ in range(2):
        x = convolution(x, 8, padding="valid")
    for filters in (16, 32, 64, 128):
        x = residual_module(x, filters)
    x = layers.Conv2D(classes, 3, padding="same", name="class_maps")(x)
    x = layers.GlobalAveragePooling2D(name="class_scores")(x)
    return layers.Softmax(name="probabilities")(x)


@register
def lenet(x, classes):
    """LeNet-5, the network of the 1990s that read handwritten cheques, on faces: 5×5 convolutions, tanh, mean pooling.

    Source: LeCun et al. 1995, "Learning algorithms for classification: a comparison on handwritten digit recognition",
    and LeCun et al. 1998, Proceedings of the IEEE 86. Changed: every map of the second convolution sees all six maps of
    the first (the original wired some), and the output is a softmax (the original had radial basis functions).
    """
    for filters in (6, 16):
        x = layers.Conv2D(filters, 5, activation="tanh")(x)
        x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="tanh")(x)
    x = layers.Dense(84, activation="tanh")(x)
    return layers.Dense(classes, activation="softmax", name="probabilities")(x)
