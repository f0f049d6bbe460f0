"""The registry of networks: `build("mini_xception")` gives a Keras model.

Every model takes uint8 or float pixels 0…255 of shape (N, size, size, 1), rescales them to [-1, 1] inside, and returns
the probabilities of the classes, float32 (N, classes).
"""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Callable

from fer_course.errors import ModelError
from fer_course.models import weights
from fer_course.models.sampling import private
from fer_course.quiet import keras

_BUILDERS: dict[str, Callable] = {}
_VARIANTS: set[str] = set()


def register(builder: Callable) -> Callable:
    """Enter a function `builder(inputs, classes) -> outputs` in the registry under its own name.

    A name that is taken is replaced, with a warning: a notebook may run the same cell twice.
    """
    name = builder.__name__
    if name in _BUILDERS:
        warnings.warn(f"The network {name} is replaced: it was registered before.", stacklevel=2)
    _BUILDERS[name] = builder
    return builder


def variant(builder: Callable) -> Callable:
    """Enter a changed network that a recorded comparison needs: it can be built by name, but is not one of the zoo."""
    _VARIANTS.add(builder.__name__)
    return register(builder)


def names() -> list[str]:
    """Return the names of the zoo."""
    return sorted(_builders().keys() - _VARIANTS)


def variants() -> list[str]:
    """Return the names of the changed networks that `build` knows beside the zoo."""
    _builders()
    return sorted(_VARIANTS)


def describe(name: str) -> str:
    """Return what a model is, its published source, and what was scaled down or changed.

    Raises:
        ModelError: if there is no such model.

    """
    return inspect.getdoc(_builder(name))


def _builder(name: str) -> Callable:
    if name not in _builders():
        raise ModelError(f"There is no model {name!r}; there are: {', '.join(names() + variants())}.")
    return _BUILDERS[name]


def _builders() -> dict[str, Callable]:
    """Return the registry, once the course's own networks are in it."""
    from fer_course.models import networks  # noqa: F401  (it registers them, and imports this module)

    return _BUILDERS


def build(name: str, input_size: int = 48, classes: int = 7, seed: int | None = None) -> keras.Model:
    """Build a model by name, with fresh random weights.

    Args:
        name: one of `names()` or `variants()`.
        input_size: height and width of the pictures in pixels, 24 to 96.
        classes: number of classes, 2 or more.
        seed: fixes the weights, whatever else the process samples meanwhile: those that `keras.utils.set_random_seed(seed)`
            just before leads to, if nothing does. None leaves them to Python's `random`.

    Returns:
        A functional Keras model: (N, input_size, input_size, 1) pixels 0…255 to (N, classes) probabilities.

    Raises:
        ModelError: if there is no such model, or a size or number of classes is out of range.

    """
    builder = _builder(name)
    if isinstance(input_size, bool) or not isinstance(input_size, int) or not 24 <= input_size <= 96:
        raise ModelError(f"The input size is a whole number of pixels from 24 to 96; found {input_size!r}.")
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise ModelError(f"The number of classes is a whole number of 2 or more; found {classes!r}.")
    with contextlib.nullcontext() if seed is None else private(seed):
        return _built(builder, name, input_size, classes)


def _built(builder: Callable, name: str, input_size: int, classes: int) -> keras.Model:
    inputs = keras.Input((input_size, input_size, 1), name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(inputs)
    return keras.Model(inputs, builder(x, classes), name=name)


def pretrained(name: str = "mini_xception") -> keras.Model:
    """Return a network with the weights that ship with the course, trained on real FER2013 (48 × 48 pixels, 7 classes).

    MODEL_CARD.md says how it was trained, what it scores, and what it must not be used for.

    Raises:
        ModelError: if no weights of that name ship, or the file is not the one that was shipped.

    """
    arrays = weights.load(name)
    model = build(name)
    model.set_weights(arrays)
    return model
