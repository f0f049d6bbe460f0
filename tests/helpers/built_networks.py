"""Networks of the registry that tests only look at: each one is built once per process, which takes half a second."""

import functools

import keras

from fer_course.models import build  # the function itself: a test may put `built` in its place


def built(name: str, size: int = 48) -> keras.Model:
    """Return the network of this name for pictures of this size. Don't change its weights: others get the same one."""
    return _built(name, size)


@functools.cache
def _built(name: str, size: int) -> keras.Model:
    return build(name, size)


def any_size(size: int | None = 48, dropout: float = 0.1) -> keras.Model:
    """Return a small network whose weights do not depend on the size of its pictures."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((size, size, 1))
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.Conv2D(4, 5, strides=3, activation="relu")(x)
    x = keras.layers.Dropout(dropout)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, keras.layers.Dense(7, activation="softmax")(x))
