"""LeNet of 1995 with one thing changed: `lenet_1995(activation="relu")`. Built in lesson 04, see benchmarks/one_change.py."""

from __future__ import annotations

from collections.abc import Callable

from fer_course.models.networks import classic
from fer_course.quiet import keras

layers = keras.layers


def lenet_1995(
    activation: str = "tanh",
    pooling: Callable = layers.AveragePooling2D,
    dropout: float = 0.0,
    third: bool = False,
    *,
    norm: bool = False,
    ending: str = "flatten",
) -> keras.Model:
    """Return LeNet for 48 × 48 grey pixels 0…255 and seven classes, as in 1995 unless an option says otherwise.

    >>> lenet_1995().count_params(), lenet_1995(third=True).count_params()
    (168971, 56235)

    Args:
        activation: of all layers but the last, by Keras' name.
        pooling: called with 2, it makes the layer after each convolution.
        dropout: the share of a dense layer's numbers that are switched off in training, after each dense layer but the last.
        third: a third pair of convolution (32 maps, 4 × 4 kernels) and pooling after the two.
        norm: with batch normalisation before each activation: then it is the zoo's `lenet`.
        ending: what stands between the last maps and the dense layers: "flatten", "pooled" (one more 2 × 2 average pooling, then
            flatten) or "averages" (the mean of each map).

    """
    inputs = keras.Input((48, 48, 1), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(inputs)
    x = classic(x, 7, activation, pooling, dropout, third, norm, ending)
    return keras.Model(inputs, x, name="lenet_1995")
