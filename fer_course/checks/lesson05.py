"""Checks of lesson 05: the shortcut, the residual module, its parameters, and all of mini-Xception."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers

from fer_course import models
from fer_course.checks import oracles
from fer_course.checks.core import Hint, attempt, expect, passed

#: What a fresh batch normalisation divides by when it is used: the root of a variance of 1 and Keras' 1e-3.
FRESH_NORM = np.sqrt(1.001)


def shortcut(learner) -> None:
    """Check `shortcut(x, kernel)`: maps (H,W,C) and a kernel (C,M) to (⌈H/2⌉,⌈W/2⌉,M)."""
    for seed, (rows, columns, channels, filters) in enumerate([(7, 5, 3, 4), (6, 9, 2, 2), (1, 4, 5, 1)]):
        rng = np.random.default_rng(seed)
        x, kernel = rng.normal(size=(rows, columns, channels)), rng.normal(size=(channels, filters))
        expected = oracles.convolve(x, kernel[None, None], stride=2, padding="same")
        what = f"shortcut of maps {x.shape} with a kernel {kernel.shape}"
        expect(attempt(learner, x, kernel), expected, what, _shortcut_mistakes(x, kernel))
    passed("The shortcut: every second pixel, then its channels mixed.")


def _shortcut_mistakes(x, kernel) -> list[tuple[np.ndarray, str]]:
    mistakes = [
        (x @ kernel, "all pixels are still there: take every second row and column with a step of 2."),
        (x[::2] @ kernel, "every second *row* is taken, but every column: the second axis needs a step of 2 too."),
        (x[:, ::2] @ kernel, "every second *column* is taken, but every row: the first axis needs a step of 2 too."),
        (x[1::2, 1::2] @ kernel, "it begins with the second row and column; begin with the first: `::2`."),
        (x[::2, ::2], "the pixels are right, but their channels are not mixed yet: `@ kernel`."),
        (
            x[: len(x) // 2, : x.shape[1] // 2] @ kernel,
            "that is a quarter of the picture, cut out; `::2` takes every second.",
        ),
    ]
    if x.shape[2] == kernel.shape[1]:
        mistakes.append((x[::2, ::2] @ kernel.T, "the kernel is turned round: its first axis is what comes in."))
    return mistakes


def residual_module(learner) -> None:
    """Check `residual_module(x, filters)`, a function of Keras tensors."""
    for seed, (shape, filters) in enumerate([((7, 10, 3), 4), ((6, 5, 5), 2)]):
        model = _built(learner, shape, filters)
        _check_parts(model, shape, filters)
        _check_values(model, shape, filters, seed)
    passed("The residual module: two paths, one sum.")


def _built(learner, shape: tuple[int, ...], filters: int) -> keras.Model:
    inputs = keras.Input(shape)

    # A Keras tensor must not be copied, as `attempt` does with arguments.
    @functools.wraps(learner)
    def called(filters):
        return learner(inputs, filters)

    output = attempt(called if callable(learner) else learner, filters)
    if not isinstance(output, keras.KerasTensor):
        raise Hint(
            f"residual_module returns a Keras tensor, the output of `layers.Add()`; found {type(output).__name__}."
        )
    expected = (-(-shape[0] // 2), -(-shape[1] // 2), filters)
    if tuple(output.shape[1:]) != expected:
        raise Hint(
            f"For an input of {shape} and {filters} filters the output has the shape {expected}; found "
            f"{tuple(output.shape[1:])}. Both paths halve rows and columns (rounded up), and give {filters} channels."
        )
    return keras.Model(inputs, output)


def _kinds(model: keras.Model) -> dict[str, list]:
    kinds: dict[str, list] = {}
    for layer in model.layers:
        kinds.setdefault(type(layer).__name__, []).append(layer)
    return kinds


def _check_parts(model: keras.Model, shape, filters) -> None:
    """Look for what is missing or too much, before any number is compared."""
    kinds = _kinds(model)
    counts = {name: len(found) for name, found in kinds.items()}
    for name, wanted, advice in (
        ("SeparableConv2D", 2, "the main path has two separable convolutions"),
        ("Conv2D", 1, "the shortcut has one 1×1 convolution, and the main path has separable ones only"),
        ("BatchNormalization", 3, "each of the three convolutions is normalised"),
        ("MaxPooling2D", 1, "the main path ends with a max pooling"),
        ("Add", 1, "both paths are added by `layers.Add()([x, side])`"),
    ):
        if counts.get(name, 0) != wanted:
            raise Hint(f"Expected {wanted} {name}, found {counts.get(name, 0)}: {advice}.")
    (side,) = kinds["Conv2D"]
    if side.strides != (1, 1):
        raise Hint(
            "The shortcut's convolution has a stride. Take every second pixel first, `x[:, ::2, ::2]`, then convolve with "
            "stride 1: the strided 1×1 convolution can corrupt memory in training."
        )
    if side.kernel_size != (1, 1):
        raise Hint(f"The shortcut's convolution has a kernel of {side.kernel_size}; it should be 1×1.")
    if any(layer.use_bias for layer in [side, *kinds["SeparableConv2D"]]):
        raise Hint("A convolution has a bias: say `use_bias=False`. Normalisation adds its own β.")
    if any(layer.kernel_size != (3, 3) for layer in kinds["SeparableConv2D"]):
        raise Hint("Both separable convolutions have kernels of 3×3.")


def _check_values(model: keras.Model, shape, filters, seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = _kinds(model)
    for layer in [*kinds["SeparableConv2D"], *kinds["Conv2D"]]:
        layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    for layer in kinds["BatchNormalization"]:
        layer.set_weights([np.ones(filters), np.zeros(filters), np.zeros(filters), np.ones(filters)])
    x = rng.normal(size=shape)
    answer = keras.ops.convert_to_numpy(model(x[None].astype("float32")))[0]
    weights = _in_order(model)
    what = f"output for maps of {shape} and {filters} filters, with random kernels"
    expect(answer, _module(x, *weights), what, _module_mistakes(x, *weights))


def _in_order(model: keras.Model) -> tuple[list, list, np.ndarray]:
    """Return the weights of the first and the second separable convolution, and the shortcut's kernel (C,M)."""
    kinds = _kinds(model)
    first, second = kinds["SeparableConv2D"]  # Keras lists the layers from the input on
    if first.get_weights()[0].shape[2] != model.input_shape[-1]:
        first, second = second, first
    return first.get_weights(), second.get_weights(), kinds["Conv2D"][0].get_weights()[0][0, 0]


def _separable(x: np.ndarray, weights: list) -> np.ndarray:
    depth, point = weights
    return oracles.pointwise(oracles.depthwise(x, depth[..., 0], padding="same"), point[0, 0]) / FRESH_NORM


def _module(x, first, second, side, middle=True, end=False, pool=oracles.max_pool, start=0) -> np.ndarray:
    """Compute a residual module in loops; the options make it wrong."""
    main = _separable(x, first)
    main = _separable(np.maximum(main, 0) if middle else main, second)
    main = pool(np.maximum(main, 0) if end else main, 3, 2, "same")
    return main + oracles.pointwise(x[start::2, start::2], side)[: len(main), : main.shape[1]] / FRESH_NORM


def _module_mistakes(x, first, second, side) -> list[tuple[np.ndarray, str]]:
    right = _module(x, first, second, side)
    mistakes = [
        (_module(x, first, second, side, middle=False), "a ReLU is missing between the two separable convolutions."),
        (
            _module(x, first, second, side, end=True),
            "there is a ReLU after the second separable convolution; leave it out.",
        ),
        (
            _module(x, first, second, side, middle=False, end=True),
            "the ReLU stands after the second separable convolution; it belongs between the two.",
        ),
        (np.maximum(right, 0), "there is a ReLU after the addition; leave it out."),
    ]
    if x.shape[0] % 2 == 0 and x.shape[1] % 2 == 0:
        mistakes.append((_module(x, first, second, side, start=1), "the shortcut begins with the second pixel: `::2`."))
    return mistakes


def module_parameters(learner) -> None:
    """Check `module_parameters(channels, filters)`: the number of parameters of a residual module, an int."""
    for channels, filters in ((7, 16), (3, 5), (64, 128), (1, 1)):
        inputs = keras.Input((6, 6, channels))
        right = keras.Model(inputs, models.residual_module(inputs, filters)).count_params()
        what = f"parameters of a module with {channels} channels in and {filters} filters"
        expect(attempt(learner, channels, filters), right, what, _parameter_mistakes(channels, filters))
    passed("Counted: two separable convolutions, a shortcut, three normalisations.")


def _parameter_mistakes(c: int, f: int) -> list[tuple[int, str]]:
    side, first, second, norms = c * f, 9 * c + c * f, 9 * f + f * f, 12 * f
    return [
        (side + first + second + 6 * f, "each normalisation stores *four* numbers a channel: γ, β, mean and variance."),
        (side + first + second + 4 * f, "three convolutions are normalised, not one: three times 4 · filters."),
        (side + first + second + 8 * f, "the shortcut is normalised too: three normalisations in all."),
        (side + first + second, "the three normalisations are missing: 4 numbers for each of their channels."),
        (first + second + norms, "the shortcut's 1×1 convolution is missing: channels · filters."),
        (side + 2 * first + norms, "the second separable convolution gets `filters` channels, not `channels`."),
        (
            side + 9 * c * f + 9 * f * f + norms,
            "these are *standard* 3×3 convolutions; separable ones have 9·C + C·M weights.",
        ),
        (side + first + second + norms + 3 * f, "no convolution here has a bias: the normalisation has its β."),
        (9 * c * f + first + second + norms, "the shortcut's kernel is 1×1, not 3×3."),
        (
            side + 9 * c + 9 * f + norms,
            "the pointwise halves are missing: each separable convolution also has C·M weights.",
        ),
    ]


def mini_xception(learner) -> None:
    """Check `mini_xception(filters, classes)`: a Keras model, layer for layer the published one."""
    model = attempt(learner)
    if not isinstance(model, keras.Model):
        raise Hint(f"mini_xception returns a `keras.Model`; found {type(model).__name__}.")
    if model.output_shape != (None, 7) or model.input_shape != (None, 48, 48, 1):
        raise Hint(
            "The model takes (None, 48, 48, 1) and returns (None, 7); found "
            f"{model.input_shape} and {model.output_shape}. The average leaves one number for each class."
        )
    right = models.build("mini_xception")
    _check_count(model, right)
    _check_same(model, right, "mini_xception()")
    small = attempt(learner, (4, 6), 3)
    if not isinstance(small, keras.Model) or small.output_shape != (None, 3):
        raise Hint("mini_xception((4, 6), 3) has two modules and three classes: use the arguments, not fixed numbers.")
    convolutions = [layer.filters for layer in small.layers if isinstance(layer, layers.SeparableConv2D)]
    if convolutions != [4, 4, 6, 6]:
        raise Hint(
            f"mini_xception((4, 6), 3) has modules of 4 and 6 filters; found separable convolutions of {convolutions}."
        )
    passed("Mini-Xception: 58,423 parameters, and the published function.")


def _check_count(model: keras.Model, right: keras.Model) -> None:
    count, wanted = model.count_params(), right.count_params()
    for wrong, hint in (
        (wanted - 7, "7 too few: the last convolution has a bias for each class."),
        (wanted - 9 * 128 * 7 + 128 * 7, "the last convolution's kernel is 1×1; it should be 3×3."),
        (wanted + 28, "28 too many: the last convolution is not normalised; use Keras' own `layers.Conv2D` there."),
        (wanted - (9 * 8 * 8 + 32), "one of the two first convolutions is missing."),
    ):
        if count == wrong:
            raise Hint(f"Your model has {count:,} parameters, mini-Xception {wanted:,}: {hint}")
    if count != wanted:
        raise Hint(
            f"Your model has {count:,} parameters, mini-Xception {wanted:,}. Compare `costs(your_model)` layer by layer."
        )


def _check_same(model: keras.Model, right: keras.Model, what: str) -> None:
    rng = np.random.default_rng(5)
    weights = [rng.normal(0.3, 0.4, array.shape) ** 2 + 0.01 for array in right.get_weights()]
    weights = [
        array * rng.choice([-1, 1], array.shape) / np.sqrt(np.prod(array.shape[:-1])) if array.ndim > 1 else array
        for array in weights
    ]
    if [array.shape for array in model.get_weights()] != [array.shape for array in weights]:
        raise Hint("All parameters are there, but the layers come in another order: follow the five steps one by one.")
    model.set_weights(weights)
    right.set_weights(weights)
    pixels = rng.integers(0, 256, (3, 48, 48, 1)).astype("float32")
    answer, expected = (keras.ops.convert_to_numpy(each(pixels)) for each in (model, right))
    if not np.allclose(answer.sum(axis=1), 1, atol=1e-4):
        raise Hint(
            f"The outputs should be probabilities that sum to 1; found a sum of {answer.sum(axis=1)[0]:.3f}. A softmax?"
        )
    if not any(layer.padding == "valid" for layer in model.layers if isinstance(layer, layers.Conv2D)):
        raise Hint('The first two convolutions have padding="valid": they lose a pixel on each side.')
    expect(answer, expected, f"{what} with the same weights, on random pixels")
