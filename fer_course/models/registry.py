"""The registry of networks: `build("mini_xception")` gives a Keras model.

Every model takes uint8 or float pixels 0…255 of shape (N, size, size, 1), rescales them to [-1, 1] inside, and returns
the probabilities of the classes, float32 (N, classes).
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable

from fer_course._shared.values import is_whole
from fer_course.errors import ModelError
from fer_course.models import weights
from fer_course.models.sampling import private
from fer_course.quiet import keras

_BUILDERS: dict[str, Callable] = {}
_VARIANTS: set[str] = set()


def register(builder: Callable) -> Callable:
    """Register a function `builder(inputs, classes) -> outputs` under its own name.

    If the name is taken, the new function replaces the old one, with a warning: a notebook may execute the same cell twice.
    """
    name = builder.__name__
    if name in _BUILDERS:
        warnings.warn(f"The network {name} is replaced: it was registered before.", stacklevel=2)
    _BUILDERS[name] = builder
    return builder


def variant(builder: Callable) -> Callable:
    """Register a changed network for a recorded comparison: it can be built by name, but is not in the zoo."""
    _VARIANTS.add(builder.__name__)
    return register(builder)


def names() -> list[str]:
    """Return the names of the zoo."""
    return sorted(_builders().keys() - _VARIANTS)


def variants() -> list[str]:
    """Return the names of the changed networks that `build` knows in addition to the zoo."""
    _builders()
    return sorted(_VARIANTS)


def describe(name: str) -> str:
    """Return what a model is, its published source, and what was scaled down or changed.

    Raises:
        ModelError: if there is no such model.

    """
    return inspect.getdoc(_builder(name)) or ""


def _builder(name: str) -> Callable:
    if name not in _builders():
        raise ModelError(f"There is no model {name!r}; there are: {', '.join(names() + variants())}.")
    return _BUILDERS[name]


def _builders() -> dict[str, Callable]:
    """Return the registry, once the course's own networks are in it."""
    from fer_course.models import networks  # noqa: F401  (it registers them, and imports this module)

    return _BUILDERS


def build(name: str, input_size: int = 48, classes: int = 7, seed: int | None = None) -> keras.Model:
    """Build a model by name, with new random weights.

    >>> model = build("mini_xception", seed=0)
    >>> model.input_shape, model.output_shape, model.count_params()
    ((None, 48, 48, 1), (None, 7), 58423)

    Args:
        name: one of `names()` or `variants()`.
        input_size: height and width of the pictures in pixels, 24 to 96.
        classes: number of classes, 2 or more.
        seed: fixes the weights, whatever else the process samples. They are the weights that `keras.utils.set_random_seed(seed)`
            gives in a process that does nothing else. With None they depend on Python's `random`.

    Returns:
        A functional Keras model: (N, input_size, input_size, 1) pixels 0…255 to (N, classes) probabilities.

    Raises:
        ModelError: if there is no such model, or a size or number of classes is out of range.

    """
    builder = _builder(name)
    if not is_whole(input_size) or not 24 <= input_size <= 96:
        raise ModelError(f"The input size is a whole number of pixels from 24 to 96; found {input_size!r}.")
    if not is_whole(classes) or classes < 2:
        raise ModelError(f"The number of classes is a whole number of 2 or more; found {classes!r}.")
    with contextlib.nullcontext() if seed is None else private(seed):
        return _build_model(builder, name, input_size, classes)


def _build_model(builder: Callable, name: str, input_size: int, classes: int) -> keras.Model:
    inputs = keras.Input((input_size, input_size, 1), name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(inputs)
    return keras.Model(inputs, builder(x, classes), name=name)


def mini_xception(filters: tuple[int, ...] = (16, 32, 64, 128), classes: int = 7) -> keras.Model:
    """Build mini-Xception with other numbers of filters or modules, with new random weights; lesson 08 builds it.

    >>> mini_xception().count_params(), mini_xception((8, 8)).output_shape
    (58423, (None, 7))

    Args:
        filters: of each residual module, the lowest first.
        classes: number of classes.

    Returns:
        A functional Keras model: (N,48,48,1) pixels 0…255 to (N, classes) probabilities.

    """
    from fer_course.models import networks

    builder = functools.partial(networks.mini_xception_layers, filters=filters)
    return _build_model(builder, "mini_xception", 48, classes)


def pretrained(name: str = "mini_xception") -> keras.Model:
    """Return a network with the weights that come with the course, trained on real FER2013 (48 × 48 pixels, 7 classes).

    MODEL_CARD.md says how it was trained, its score, and what it must not be used for.

    Raises:
        ModelError: if no weights of that name come with the course, or the file is not the original one.

    """
    arrays = weights.load(name)
    model = build(name)
    model.set_weights(arrays)
    return model
