"""Checks: the shortcut, the residual module, and its parameters."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import numpy as np

from fer_course import models
from fer_course.checks import oracles
from fer_course.checks.answers import layers_by_kind
from fer_course.checks.core import Hint, attempt, expect, grown, numbers, passed
from fer_course.quiet import keras

layers = keras.layers

#: What Keras adds to the variance.
EPSILON = 1e-3

#: What NumPy says when the shortcut's slice or product goes wrong, and what to do.
SHORTCUT_ADVICE = {
    "matmul": "The axes of x are rows, columns and channels: slice the first two, `x[::2, ::2]`, and leave the channels whole.",
    "could not be broadcast": "`*` multiplies number by number; the matrix product is `@`.",
}


def shortcut(learner) -> None:
    """Check `shortcut(x, kernel)`: maps (H,W,C) and a kernel (C,M) to (⌈H/2⌉,⌈W/2⌉,M)."""
    for seed, (rows, columns, channels, filters) in enumerate([(7, 5, 3, 4), (6, 9, 2, 2), (1, 4, 5, 1)]):
        rows, columns, channels, filters = grown(seed, rows, columns, channels, filters)
        rng = numbers(seed)
        x, kernel = rng.normal(size=(rows, columns, channels)), rng.normal(size=(channels, filters))
        expected = oracles.convolve(x, kernel[None, None], stride=2, padding="same")
        what = f"shortcut of maps {x.shape} with a kernel {kernel.shape}"
        answer = attempt(learner, x, kernel, advice=SHORTCUT_ADVICE)
        expect(answer, expected, what, _shortcut_mistakes(x, kernel))
    passed("The shortcut: every second pixel, then its channels mixed.")


def _shortcut_mistakes(x, kernel) -> list[tuple[np.ndarray, str]]:
    mistakes = [
        (x @ kernel, "all pixels are still there: take every second row and column with a step of 2."),
        (x[::2] @ kernel, "every second *row* is taken, but every column: the second axis needs a step of 2 too."),
        (x[:, ::2] @ kernel, "every second *column* is taken, but every row: the first axis needs a step of 2 too."),
        (x[1::2, 1::2] @ kernel, "it begins with the second row and column; begin with the first: `::2`."),
        (
            x[: len(x) // 2 * 2 : 2, : x.shape[1] // 2 * 2 : 2] @ kernel,
            "the last row or column is missing: of 7 rows `::2` takes 4, the last one among them.",
        ),
        (x[::2, ::2], "the pixels are right, but their channels are not mixed yet: `@ kernel`."),
        (
            x[: len(x) // 2, : x.shape[1] // 2] @ kernel,
            "that is a quarter of the picture, cut out; `::2` takes every second.",
        ),
    ]
    if x.shape[2] == kernel.shape[1]:
        mistakes.append((x[::2, ::2] @ kernel.T, "the kernel is turned round: its first axis is what comes in."))
    return mistakes


class _Symbolic:
    """A Keras tensor among the arguments of `attempt`, which must not copy it, and shows it in hints."""

    def __init__(self, tensor: keras.KerasTensor):
        self.tensor = tensor

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return f"x {_shape(self.tensor.shape[1:])}"


def _shape(sides: Iterable[int | None]) -> str:
    return f"({', '.join(map(str, ('N', *sides)))})"


def residual_module(learner) -> None:
    """Check `residual_module(x, filters)`, a function of Keras tensors."""
    for seed, (shape, filters) in enumerate([((7, 10, 3), 4), ((6, 5, 5), 2)]):
        shape, (filters,) = grown(seed, *shape), grown(seed, filters)
        model = _built(learner, shape, filters)
        _check_parts(model, filters)
        _check_values(model, shape, filters, seed)
    passed("The residual module: two paths, one sum.")


def _built(learner, shape: tuple[int, int, int], filters: int) -> keras.Model:
    inputs = keras.Input(shape)

    @functools.wraps(learner)
    def called(x, filters):
        return learner(x.tensor, filters)

    expected = (-(-shape[0] // 2), -(-shape[1] // 2), filters)
    about_shapes = functools.partial(_about_shapes, shape=shape, expected=expected)
    output = attempt(called if callable(learner) else learner, _Symbolic(inputs), filters, advice=about_shapes)
    if not isinstance(output, keras.KerasTensor):
        raise Hint(
            f"residual_module returns a Keras tensor, the output of `layers.Add()`; found {type(output).__name__}."
        )
    found = tuple(output.shape[1:])
    if found != expected:
        raise Hint(
            f"For an input of {_shape(shape)} and {filters} filters the output has the shape {_shape(expected)}; found "
            f"{_shape(found)}. Both paths halve rows and columns (rounded up), and give {filters} channels."
        )
    return keras.Model(inputs, output)


def _about_shapes(error: Exception, shape: tuple[int, int, int], expected: tuple[int, int, int]) -> str:
    """Say what is wrong with the shapes (without N) that `Add` could not add, if the message names any."""
    found = re.search(r"Received shapes \((.+?)\) and \((.+?)\)", str(error))
    if not found:
        return ""
    rows, columns, _ = shape
    reasons = {
        (
            (rows - 1) // 2,
            (columns - 1) // 2,
        ): 'the pooling needs `padding="same"`: without it, it loses places at the edge',
        (
            expected[0],
            columns,
        ): "the slice takes every second *picture* and row: leave the first axis alone, `x[:, ::2, ::2]`",
        (rows, columns): "that path is not halved",
        (
            -(-expected[0] // 2),
            -(-expected[1] // 2),
        ): "that path is halved twice: the shortcut starts from the module's input",
    }
    lines = [f"Both paths should have {_shape(expected)}."]
    for sides in dict.fromkeys(tuple(map(int, group.split(", "))) for group in found.groups() if "None" not in group):
        if sides != expected:
            lines.append(f" You have {_shape(sides)}: {reasons.get(sides[:2], 'see padding, strides and filters')}.")
    return "".join(lines)


def _check_parts(model: keras.Model, filters: int) -> None:
    """Look for what is missing, too much or out of order, before any number is compared."""
    kinds = layers_by_kind(model)
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
    _check_settings(kinds, filters)
    _check_order(*_paths(model))


def _check_settings(kinds: dict[str, list], filters: int) -> None:
    (side,), separables, (pooling,) = kinds["Conv2D"], kinds["SeparableConv2D"], kinds["MaxPooling2D"]
    convolutions = [side, *separables]
    if side.strides != (1, 1):
        raise Hint(
            "The shortcut's convolution has a stride. Take every second pixel first, `x[:, ::2, ::2]`, then convolve with "
            "stride 1: the strided 1×1 convolution can corrupt memory in training."
        )
    for wrong, hint in (
        (
            side.kernel_size != (1, 1),
            f"The shortcut's convolution has a kernel of {side.kernel_size}; it should be 1×1.",
        ),
        (
            any(layer.use_bias for layer in convolutions),
            "A convolution has a bias: say `use_bias=False`. Normalisation adds its own β.",
        ),
        (any(layer.kernel_size != (3, 3) for layer in separables), "Both separable convolutions have kernels of 3×3."),
        (any(layer.filters != filters for layer in convolutions), "All three convolutions have `filters` filters."),
        (
            any(layer.strides != (1, 1) for layer in separables),
            "The separable convolutions have stride 1; the pooling halves rows and columns.",
        ),
        (any(layer.depth_multiplier != 1 for layer in separables), "Leave `depth_multiplier` at 1."),
        (
            any(layer.activation.__name__ != "linear" for layer in convolutions),
            "A convolution has an activation of its own, which comes *before* its normalisation. ReLU comes after it, as a "
            'layer: `layers.Activation("relu")`.',
        ),
        (
            pooling.pool_size != (3, 3),
            f"The pooling has windows of {pooling.pool_size}; they should be 3×3, with stride 2.",
        ),
        (
            any(len(layer.get_weights()) != 4 for layer in kinds["BatchNormalization"]),
            "Each normalisation keeps its γ and β: `layers.BatchNormalization()`.",
        ),
    ):
        if wrong:
            raise Hint(hint)


def _paths(model: keras.Model) -> tuple[list, list]:
    """Return what stands on the main path and on the shortcut, from the module's input to the addition."""
    makers = {id(operation.output): operation for operation in model.operations}
    (addition,) = layers_by_kind(model)["Add"]
    paths = []
    for tensor in addition.input:
        path = []
        while not isinstance(maker := makers.get(id(tensor)), layers.InputLayer):
            if maker is None or isinstance(maker.input, (list, tuple)):
                raise Hint(
                    "Each path goes straight from the input to the addition, with a layer of its own for each step."
                )
            path.insert(0, maker)
            tensor = maker.input
        paths.append(path)
    paths.sort(key=lambda path: "Conv2D" in _named(path))
    return paths[0], paths[1]


def _named(path: list) -> list[str]:
    return [type(operation).__name__ for operation in path]


def _check_order(main: list, side: list) -> None:
    main, side = _named(main), _named(side)
    if "SeparableConv2D" in side or "MaxPooling2D" in side:
        raise Hint(
            "The shortcut starts from the module's input; yours starts from an `x` that a separable convolution has already "
            "overwritten. Take `side = x[:, ::2, ::2]` first."
        )
    steps = [name for name in main if name in ("SeparableConv2D", "BatchNormalization", "MaxPooling2D")]
    if steps != ["SeparableConv2D", "BatchNormalization"] * 2 + ["MaxPooling2D"]:
        raise Hint(
            "The main path's order is separable, normalisation, ReLU, separable, normalisation, pooling; "
            f"found {', '.join(main)}."
        )
    if side.index("Conv2D") > side.index("BatchNormalization"):
        raise Hint("The shortcut is convolved first, then normalised.")
    if side[-1] == "GetItem":
        raise Hint(
            "The shortcut is normalised over all pixels and sliced then: in training, mean and variance are other ones. Slice "
            "first, `x[:, ::2, ::2]`, then convolve and normalise."
        )
    if side[-1] != "BatchNormalization":
        raise Hint(f"The shortcut ends with its normalisation; found {side[-1]} after it.")


def _check_values(model: keras.Model, shape, filters: int, seed: int) -> None:
    rng = numbers(seed)
    main, side = _paths(model)
    for layer in [*main, *side]:
        if isinstance(layer, layers.BatchNormalization):  # γ of both signs, β, mean, and a variance above 0
            gamma = rng.choice([-1, 1], filters) * rng.uniform(0.5, 2, filters)
            layer.set_weights([gamma, *rng.normal(size=(2, filters)), rng.uniform(0.5, 2, filters)])
        elif isinstance(layer, keras.Layer):
            layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    x = rng.normal(size=shape)
    answer = keras.ops.convert_to_numpy(model(x[None].astype("float32")))[0]
    weights = *_with_norms(main), *_with_norms(side)
    what = f"output for maps of {_shape(shape)} and {filters} filters, with random weights"
    expect(answer, _module(x, *weights), what, _module_mistakes(x, *weights))


def _with_norms(path: list) -> list[tuple[list, list]]:
    """Return the weights of each convolution on a path, and those of the normalisation after it."""
    weights = [layer.get_weights() for layer in path if isinstance(layer, keras.Layer) and layer.get_weights()]
    return list(zip(weights[::2], weights[1::2], strict=True))


def _normalised(x: np.ndarray, norm: list) -> np.ndarray:
    gamma, beta, mean, variance = norm
    return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta


def _separable(x: np.ndarray, weights: tuple[list, list], early: bool = False) -> np.ndarray:
    (depth, point), norm = weights
    x = oracles.pointwise(oracles.depthwise(x, depth[..., 0], padding="same"), point[0, 0])
    return _normalised(np.maximum(x, 0) if early else x, norm)


def _module(x, first, second, side, middle=True, end=False, early=False, start=0) -> np.ndarray:
    """Compute a residual module in loops; the options make it wrong."""
    main = _separable(x, first, early)
    main = _separable(np.maximum(main, 0) if middle else main, second)
    main = oracles.max_pool(np.maximum(main, 0) if end else main, 3, 2, "same")
    (kernel,), norm = side
    beside = _normalised(oracles.pointwise(x[start::2, start::2], kernel[0, 0]), norm)
    return main + beside[: len(main), : main.shape[1]]


def _module_mistakes(x, *weights) -> list[tuple[np.ndarray, str]]:
    mistakes = [
        (_module(x, *weights, middle=False), "a ReLU is missing between the two separable convolutions."),
        (_module(x, *weights, end=True), "there is a ReLU after the second separable convolution; leave it out."),
        (
            _module(x, *weights, middle=False, end=True),
            "the ReLU stands after the second separable convolution; it belongs between the two.",
        ),
        (
            _module(x, *weights, middle=False, early=True),
            "the ReLU stands before the first normalisation; it comes after it.",
        ),
        (np.maximum(_module(x, *weights), 0), "there is a ReLU after the addition; leave it out."),
    ]
    if x.shape[0] % 2 == 0 and x.shape[1] % 2 == 0:
        mistakes.append((_module(x, *weights, start=1), "the shortcut begins with the second pixel: `::2`."))
    return mistakes


def module_parameters(learner) -> None:
    """Check `module_parameters(channels, filters)`: the number of parameters of a residual module, an int."""
    for seed, case in enumerate(((7, 16), (3, 5), (64, 128), (1, 1))):
        channels, filters = grown(seed, *case)
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
        (
            side + first + second + 4 * c + 8 * f,
            "the first normalisation comes after a convolution: it has `filters` channels, not `channels`.",
        ),
        (side + first + second, "the three normalisations are missing: 4 numbers for each of their channels."),
        (first + second + norms, "the shortcut's 1×1 convolution is missing: channels · filters."),
        (
            first + second + 8 * f,
            "the shortcut is missing: its 1×1 convolution, channels · filters, and its normalisation.",
        ),
        (
            side + 9 * f + c * f + second + norms,
            "the first separable convolution has a 3×3 kernel for each channel that comes *in*: 9 · channels.",
        ),
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
