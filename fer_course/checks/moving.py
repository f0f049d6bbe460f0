"""Whether a learner's Keras model computes the course's function, whatever layers it is made of.

The course's weights are moved into the learner's model, and outputs are compared, in use and in training. Which weight belongs
where follows from the shapes. Where several have one shape, all orders are tried.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from fer_course.checks.comparing import close
from fer_course.checks.core import Hint, numbers
from fer_course.quiet import keras

#: The arrays of a normalisation, and the normalisations of a residual module.
ARRAYS, NORMS = 4, 3


@contextmanager
def followed(what: str) -> Iterator[None]:
    """Turn an error of the check itself into a hint: what it can't take apart is the learner's to compare with the lesson.

    Keras' warnings are silent meanwhile: nbgrader would take them for a failure.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Hint:
        raise
    except Exception as error:
        told = str(error).partition("\n")[0]
        raise Hint(
            f"Your {what} is built, but this check can't follow it to its end ({type(error).__name__}: {told[:160]}). Compare "
            "it with the lesson layer by layer: which axes a slice takes, and the arguments of each layer."
        ) from None


def make_lively(model: keras.Model, x: np.ndarray, seed: int) -> None:
    """Give a model random weights with which every layer's output differs from number to number, as in a trained model.

    The normalisations get the mean and variance that these inputs give, so that nothing fades out or is cut off by ReLUs.
    """
    rng = numbers(seed)
    cut = {
        id(step.input) for step in model.operations if isinstance(step, (keras.layers.Activation, keras.layers.ReLU))
    }
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            gamma = rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape)
            beta = rng.normal(0, 0.7, shape)
            if id(layer.output) in cut:
                beta[0] = 8.0  # beyond where a ReLU6 ends
            layer.set_weights([gamma, beta, np.zeros(shape), np.ones(shape)])
            layer.momentum = 0.0
        else:
            layer.set_weights(
                [rng.normal(size=array.shape) / np.sqrt(np.prod(array.shape[:-1])) for array in layer.get_weights()]
            )
    model(x, training=True)  # with momentum 0 the means and variances of this batch are kept as they are


def leaves(model: keras.Layer) -> list[keras.Layer]:
    """Return the layers that hold no others, each once: of a model, and of the models and layers inside it."""
    found: dict[int, keras.Layer] = {}
    inner = (
        model.layers if isinstance(model, keras.Model) else model._flatten_layers(include_self=False, recursive=False)
    )
    for layer in inner:
        found.update({id(leaf): leaf for leaf in leaves(layer) or [layer]})
    return list(found.values())


def refuse_chance(model: keras.Model) -> None:
    """Raise the hint for a layer that works by chance, and in training only."""
    for layer in leaves(model):
        if "Dropout" in type(layer).__name__ or "Noise" in type(layer).__name__:
            raise Hint(f"There is a {type(layer).__name__} in it, which works in training only. Leave it out here.")


def layers_by_kind(model: keras.Model) -> dict[str, list[keras.Layer]]:
    """Return the layers of a model, also those inside others, by the name of their class: `{"ReLU": [...], ...}`."""
    kinds: dict[str, list[keras.Layer]] = {}
    for layer in leaves(model):
        kinds.setdefault(type(layer).__name__, []).append(layer)
    return kinds


def is_flat(model: keras.Model) -> bool:
    """Return True if all of a model's operations are known one by one: nothing is inside other models or layers."""
    operations = getattr(model, "operations", None)
    return operations is not None and not any(isinstance(each, keras.Layer) and leaves(each) for each in operations)


def first_order(model: keras.Model, right: keras.Model) -> list[np.ndarray] | None:
    """Return the right model's weights in the first order in which they fit into the other one, None if they don't."""
    return next(_orders(model, right), None)


def differing(model: keras.Model, right: keras.Model) -> str:
    """Say which weights the right model has and the other one lacks, and the other way round, by their shapes; "" if none."""
    ours, theirs = ({key: len(found) for key, found in _units(each).items()} for each in (right, model))
    words = []
    for one, other, sentence in ((ours, theirs, "It lacks {}."), (theirs, ours, "It has {} too many.")):
        missing = {key: count - other.get(key, 0) for key, count in one.items() if count > other.get(key, 0)}
        named = [f"{_what(key)} (twice)" if count == 2 else _what(key) for key, count in missing.items()]
        if named:
            words.append(sentence.format(", ".join(named[:3]) + (" and others" if len(named) > 3 else "")))
    return " ".join(words)


def _what(key: tuple) -> str:
    if len(key) == ARRAYS:
        return f"a normalisation of {key[0][0]} channels"
    return f"a bias of {key[0][0]}" if len(key[0]) == 1 else f"a kernel {key[0]}"


def outputs(model: keras.Model, x: np.ndarray, training: bool = False) -> np.ndarray:
    """Return a model's outputs as an array; its weights stay as they are."""
    kept = model.get_weights()
    result = keras.ops.convert_to_numpy(model(x, training=training))
    model.set_weights(kept)
    return result


def computes(model: keras.Model, right: keras.Model, x: np.ndarray) -> bool:
    """Return True if a model with the weights of the right one has its outputs, for x in use and for other inputs in training.

    In training a normalisation measures its batch. Of x the right one may know mean and variance already.
    """
    other = 0.6 * x[::-1] + 0.3 * x.std()
    in_use, in_training = outputs(right, x), outputs(right, other, training=True)
    for weights in _orders(model, right):
        model.set_weights(weights)
        first = keras.ops.convert_to_numpy(model(x[:1]))  # one is enough to refuse most orders
        if close(first, in_use[:1]) and close(outputs(model, other, training=True), in_training):
            return True
    return False


def _orders(model: keras.Model, right: keras.Model) -> Iterator[list[np.ndarray]]:
    """Yield the right model's weights in every order in which they may belong into the other one.

    Upper layers come after lower ones in both. So only what lies side by side may be swapped: 1×1 kernels of one shape, and
    normalisations of one size, in each module in the same way.
    """
    ours, theirs = _units(right), _units(model)
    if {key: len(units) for key, units in ours.items()} != {key: len(units) for key, units in theirs.items()}:
        return
    kinds = {(len(key), len(units)) for key, units in ours.items() if _may_be_swapped(key, units)}
    choices = [[(kind, order) for order in itertools.permutations(range(kind[1]))] for kind in sorted(kinds)]
    for chosen in itertools.product(*choices):
        order = dict(chosen)
        values = {}
        for key, units in theirs.items():
            places = order[len(key), len(units)] if _may_be_swapped(key, units) else range(len(units))
            for unit, place in zip(units, places, strict=True):
                for variable, value in zip(unit, ours[key][place], strict=True):
                    values[id(variable)] = keras.ops.convert_to_numpy(value)
        yield [values[id(variable)] for variable in model.weights]


def _may_be_swapped(key: tuple, units: list) -> bool:
    """Return True for the three normalisations of a module, and for its 1×1 kernels; the stem's two are never side by side."""
    return len(units) == NORMS if len(key) == ARRAYS else key[0][:2] == (1, 1)


def _units(model: keras.Model) -> dict[tuple, list[tuple]]:
    """Return a model's weights, those of a normalisation together and all others alone, by their shapes, lowest layer first."""
    found: dict[tuple, list[tuple]] = {}
    for layer in leaves(model):
        together = isinstance(layer, keras.layers.BatchNormalization)
        for unit in [tuple(layer.weights)] if together else [(weight,) for weight in layer.weights]:
            found.setdefault(tuple(tuple(weight.shape) for weight in unit), []).append(unit)
    return found
