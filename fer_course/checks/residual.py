"""Checks: the residual module, and its parameters."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import numpy as np

from fer_course import layers as package
from fer_course.checks import moving, oracles
from fer_course.checks.core import Hint, Mistake, attempt, check, expect, grown, judge, numbers, passed
from fer_course.quiet import keras

layers = keras.layers

#: What Keras adds to the variance.
EPSILON = 1e-3

# ---------------------------------------------------------------------------------------------- the residual module


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


@check
def residual_module(answer) -> None:
    """Check `residual_module(x, filters)`, a function of Keras tensors: by what it computes, not by its layers."""
    # Sides at which a forgotten padding, a forgotten stride and a path that is halved twice give different shapes.
    for seed, (shape, filters) in enumerate([((22, 24, 3), 4), ((21, 26, 5), 2)]):
        shape, (filters,) = grown(seed, *shape), grown(seed, filters)
        model = _built(answer, shape, filters)
        _check_strides(model)
        moving.refuse_chance(model)
        if not _computes(model, shape, filters, seed):
            if not moving.is_flat(model):
                _check_nested(model, filters)
            _check_parts(model, filters)
            _check_values(model, shape, filters, seed)
            raise Hint(
                "In use your module's outputs are right, but in training they are not: a normalisation measures other numbers "
                "than it should."
            )
    passed("The residual module: two paths, one sum.")


def _computes(model: keras.Model, shape: tuple[int, ...], filters: int, seed: int) -> bool:
    """Return True if the learner's module is the course's function of its weights."""
    inputs = keras.Input(shape)
    right = keras.Model(inputs, package.residual_module(inputs, filters))
    x = numbers(seed).normal(size=(3, *shape)).astype("float32")
    moving.make_lively(right, x, seed + 10)
    return moving.computes(model, right, x)


def _check_strides(model: keras.Model) -> None:
    """Refuse the one layer that computes the right function and is dangerous."""
    for layer in moving.leaves(model):
        if isinstance(layer, layers.Conv2D) and layer.kernel_size == (1, 1) and layer.strides != (1, 1):
            raise Hint(
                "The shortcut's convolution has a stride. Take every second pixel first, `x[:, ::2, ::2]`, then convolve with "
                "stride 1: the strided 1×1 convolution can corrupt memory in training."
            )


def _built(function, shape: tuple[int, int, int], filters: int) -> keras.Model:
    inputs = keras.Input(shape)

    @functools.wraps(function)
    def called(x, filters):
        return function(x.tensor, filters)

    expected = (-(-shape[0] // 2), -(-shape[1] // 2), filters)
    about_shapes = functools.partial(_about_shapes, shape=shape, expected=expected)
    output = attempt(called if callable(function) else function, _Symbolic(inputs), filters, advice=about_shapes)
    if not isinstance(output, keras.KerasTensor):
        raise Hint(
            f"residual_module returns a Keras tensor, the output of `layers.Add()`; found {type(output).__name__}."
        )
    found = tuple(output.shape[1:])
    if found != expected:
        if any(_kind(layer) == "Concatenate" for layer in keras.Model(inputs, output).operations):
            raise Hint(
                f"Your paths are put behind each other, so that their channels add up: {_shape(found)}. Add their *numbers*: "
                "`layers.Add()([x, side])`."
            )
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
            -(-rows // 3),
            -(-columns // 3),
        ): "the pooling needs `strides=2`: without it, its windows move by their own size, 3",
        (
            rows // 3,
            columns // 3,
        ): 'the pooling needs `strides=2` and `padding="same"`: without them, its windows move by their own size, 3',
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


class _Halves:
    """A depthwise and a 1×1 convolution one after the other: what a SeparableConv2D is in one layer."""

    def __init__(self, depthwise: keras.Layer, pointwise: keras.Layer):
        self.depthwise, self.pointwise = depthwise, pointwise
        self.kernel_size, self.filters = depthwise.kernel_size, pointwise.filters
        self.use_bias = depthwise.use_bias or pointwise.use_bias
        self.strides = tuple(map(max, depthwise.strides, pointwise.strides))
        self.depth_multiplier = depthwise.depth_multiplier
        bare = depthwise.activation.__name__ == "linear"
        self.activation = pointwise.activation if bare else depthwise.activation

    def get_weights(self) -> list[np.ndarray]:
        return [*self.depthwise.get_weights(), *self.pointwise.get_weights()]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        half = len(self.depthwise.get_weights())
        self.depthwise.set_weights(weights[:half])
        self.pointwise.set_weights(weights[half:])


def _kind(step) -> str:
    return "SeparableConv2D" if isinstance(step, _Halves) else type(step).__name__


def _joined(operations: list) -> list:
    """Return operations with each depthwise convolution and the 1×1 convolution of its output as one separable one."""
    consumers = {id(operation.input): operation for operation in operations if not isinstance(operation.input, list)}
    joined, taken = [], set()
    for operation in operations:
        after = consumers.get(id(operation.output))
        if _kind(operation) != "DepthwiseConv2D":
            joined += [operation] * (id(operation) not in taken)
        elif type(after) is layers.Conv2D and after.kernel_size == (1, 1):
            joined.append(_Halves(operation, after))
            taken.add(id(after))
        else:
            raise Hint(
                "A DepthwiseConv2D is the first half of a separable convolution. Its second half, a 1×1 `layers.Conv2D`, comes "
                "directly after it; or use `layers.SeparableConv2D`, which is both."
            )
    return joined


#: What a module is made of: the name of the layer, how many there are, and what they are for.
PARTS = (
    ("SeparableConv2D", 2, "the main path has two separable convolutions"),
    ("Conv2D", 1, "the shortcut has one 1×1 convolution, and the main path has separable ones only"),
    ("BatchNormalization", 3, "each of the three convolutions is normalised"),
    ("MaxPooling2D", 1, "the main path ends with a max pooling"),
    ("Add", 1, "both paths are added by `layers.Add()([x, side])`"),
)


def _check_nested(model: keras.Model, filters: int) -> None:
    """Say what is wrong with a module of models or layers that hold others, whose operations are not known one by one."""
    kinds = [type(leaf).__name__ for leaf in moving.leaves(model)]
    for name, wanted, advice in PARTS[:3]:
        if "DepthwiseConv2D" not in kinds and kinds.count(name) != wanted:
            raise Hint(f"Expected {wanted} {name}, found {kinds.count(name)}: {advice}.")
    inputs = keras.Input(model.input_shape[1:])
    right = keras.Model(inputs, package.residual_module(inputs, filters))
    if differing := moving.differing(model, right):
        raise Hint(
            f"Your module has {model.count_params():,} parameters, the right one {right.count_params():,}. {differing}"
        )
    raise Hint(
        "Your module has the right parts, but computes something else with the same weights. Look at what has no weights: the "
        "one ReLU, between the two separable convolutions, the paddings, the pooling, the order. For a closer hint write "
        "the layers one after the other, outside `keras.Sequential` and classes."
    )


def _check_parts(model: keras.Model, filters: int) -> None:
    """Look for what is missing, too much or out of order, before any number is compared."""
    kinds: dict[str, list] = {}
    for step in _joined(model.operations):
        kinds.setdefault(_kind(step), []).append(step)
    for name, wanted, advice in PARTS:
        if len(kinds.get(name, [])) != wanted:
            found = len(kinds.get(name, []))
            unused = (
                " Only layers on the way from the input to what you return count, each once: does each take what the one before "
                "gave, and is the sum what you return?"
            )
            raise Hint(f"Expected {wanted} {name}, found {found}: {advice}.{unused if found < wanted else ''}")
    _check_settings(kinds, filters)
    _check_order(*_paths(model))


def _check_settings(kinds: dict[str, list], filters: int) -> None:
    (side,), separables, (pooling,) = kinds["Conv2D"], kinds["SeparableConv2D"], kinds["MaxPooling2D"]
    convolutions = [side, *separables]
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
        (
            any(layer.epsilon != EPSILON for layer in kinds["BatchNormalization"]),
            "Leave `epsilon` of the normalisations at Keras' 0.001.",
        ),
    ):
        if wrong:
            raise Hint(hint)


def _paths(model: keras.Model) -> tuple[list, list]:
    """Return what is on the main path and on the shortcut, from the module's input to the addition."""
    makers = {id(operation.output): operation for operation in model.operations}
    (addition,) = [operation for operation in model.operations if _kind(operation) == "Add"]
    paths = []
    for tensor in addition.input:
        path: list = []
        while not isinstance(maker := makers.get(id(tensor)), layers.InputLayer):
            if maker is None or isinstance(maker.input, (list, tuple)):
                raise Hint(
                    "Each path goes straight from the input to the addition, with a layer of its own for each step."
                )
            path.insert(0, maker)
            tensor = maker.input
        paths.append(_joined(path))
    paths.sort(key=lambda path: "Conv2D" in _named(path))
    return paths[0], paths[1]


def _named(path: list) -> list[str]:
    return [_kind(operation) for operation in path]


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
        elif isinstance(layer, (keras.Layer, _Halves)):
            layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    x = rng.normal(size=shape)
    answer = keras.ops.convert_to_numpy(model(x[None].astype("float32")))[0]
    weights = *_with_norms(main), *_with_norms(side)
    what = f"output for maps of {_shape(shape)} and {filters} filters, with random weights"
    expect(answer, _module(x, *weights), what, _module_mistakes(x, *weights))


def _with_norms(path: list) -> list[tuple[list, list]]:
    """Return the weights of each convolution on a path, and those of the normalisation after it."""
    weights = [
        layer.get_weights() for layer in path if isinstance(layer, (keras.Layer, _Halves)) and layer.get_weights()
    ]
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
            "the ReLU comes after the second separable convolution; it belongs between the two.",
        ),
        (
            _module(x, *weights, middle=False, early=True),
            "the ReLU comes before the first normalisation; put it after that.",
        ),
        (np.maximum(_module(x, *weights), 0), "there is a ReLU after the addition; leave it out."),
    ]
    if x.shape[0] % 2 == 0 and x.shape[1] % 2 == 0:
        mistakes.append((_module(x, *weights, start=1), "the shortcut begins with the second pixel: `::2`."))
    return mistakes


# ------------------------------------------------------------------------------------------------ its parameters


@check
def module_parameters(answer) -> None:
    """Check `module_parameters(channels, filters)`: the number of parameters of a residual module, an int."""
    judge(
        answer,
        [grown(seed, *case) for seed, case in enumerate(((7, 16), (3, 5), (64, 128), (1, 1)))],
        _counted,
        "parameters of a module with {} channels in and {} filters".format,
        mistakes=MODULE_PARAMETERS_MISTAKES,
    )
    passed("Counted: two separable convolutions, a shortcut, three normalisations.")


@functools.cache
def _counted(channels: int, filters: int) -> int:
    inputs = keras.Input((6, 6, channels))
    return keras.Model(inputs, package.residual_module(inputs, filters)).count_params()


def _parts(side=None, first=None, second=None, norms=None):
    """Return a wrong count: the functions of channels and filters that are given take the place of the right ones."""

    def count(c, f):
        return (
            (side(c, f) if side else c * f)
            + (first(c, f) if first else 9 * c + c * f)
            + (second(c, f) if second else 9 * f + f * f)
            + (norms(c, f) if norms else 12 * f)
        )

    return count


def _none(c: int, f: int) -> int:
    return 0


_FOUR = "each normalisation stores *four* numbers per channel: γ, β, mean and variance."
_THREE = "three convolutions are normalised, not {}: three times 4 · filters."
_SEPARABLE = "the {} separable convolution has a 3×3 kernel per channel and a 1×1 kernel: {}."
_FIRST, _SECOND_ONE = (
    _SEPARABLE.format("first", "9 · channels + channels · filters"),
    _SEPARABLE.format("second", "9 · filters + filters · filters"),
)

MODULE_PARAMETERS_MISTAKES = (
    Mistake(_parts(norms=lambda c, f: 6 * f), _FOUR),
    Mistake(_parts(norms=lambda c, f: 9 * f), f"{_FOUR} You count three."),
    Mistake(_parts(norms=lambda c, f: 15 * f), "no convolution here has a bias: the normalisation has its β."),
    Mistake(_parts(norms=lambda c, f: 4 * f), _THREE.format("one")),
    Mistake(_parts(norms=lambda c, f: 8 * f), "the shortcut is normalised too: three normalisations in all."),
    Mistake(_parts(norms=lambda c, f: 16 * f), _THREE.format("four")),
    Mistake(_parts(norms=lambda c, f: 4 * c + 8 * f),
            "the first normalisation comes after a convolution: it has `filters` channels, not `channels`."),
    Mistake(_parts(norms=_none), "the three normalisations are missing: 4 numbers for each of their channels."),
    Mistake(
        _parts(norms=lambda c, f: -12 * f), "the normalisations are subtracted. Add 4 numbers for each of their channels."
    ),
    Mistake(_parts(side=_none), "the shortcut's 1×1 convolution is missing: channels · filters."),
    Mistake(_parts(side=_none, norms=lambda c, f: 8 * f),
            "the shortcut is missing: its 1×1 convolution, channels · filters, and its normalisation."),
    Mistake(_parts(side=lambda c, f: c / f),
            "a 1×1 kernel has a weight for each pair of channel and filter. Multiply them, channels · filters; don't divide."),
    Mistake(_parts(side=lambda c, f: 9 * c * f), "the shortcut's kernel is 1×1, not 3×3."),
    Mistake(_parts(first=lambda c, f: 9 * f + c * f),
            "the first separable convolution has a 3×3 kernel for each channel that comes *in*: 9 · channels."),
    Mistake(_parts(second=lambda c, f: 9 * c + c * f),
            "the second separable convolution gets `filters` channels, not `channels`."),
    Mistake(_parts(first=lambda c, f: 9 * c * f, second=lambda c, f: 9 * f * f),
            "these are *standard* 3×3 convolutions; separable ones have 9·C + C·M weights."),
    Mistake(_parts(first=lambda c, f: 9 * c, second=lambda c, f: 9 * f),
            "the pointwise halves are missing: each separable convolution also has C·M weights."),
    Mistake(_parts(first=lambda c, f: c * f, second=lambda c, f: f * f),
            "the depthwise halves are missing: each separable convolution also has a 3×3 kernel per channel that comes in, 9·C."),
    Mistake(_parts(first=lambda c, f: 3 * c + c * f, second=lambda c, f: 3 * f + f * f),
            "a 3×3 kernel has nine weights per channel, not three."),
    Mistake(_parts(second=lambda c, f: 9 * c + f * f),
            "the second separable convolution gets `filters` channels: its 3×3 kernels are 9 · filters, not 9 · channels."),
    Mistake(_parts(second=lambda c, f: 9 * f + c * f),
            "the second separable convolution gets `filters` channels: its 1×1 kernel is filters · filters."),
    Mistake(_parts(side=lambda c, f: f),
            "the shortcut's 1×1 kernel has a weight for each pair of channel and filter: channels · filters."),
    *(
        Mistake(_parts(first=first), _FIRST)
        for first in (
            _none,
            lambda c, f: -(9 * c + c * f),
            lambda c, f: 9 * c - c * f,
            lambda c, f: 9 / c + c * f,
            lambda c, f: 8 * c + c * f,
            lambda c, f: 10 * c + c * f,
            lambda c, f: c * f,
            lambda c, f: 9 * c * f,
            lambda c, f: 3 * c + c * f,
        )
    ),
    Mistake(
        _parts(second=lambda c, f: f * f),
        "9 · filters too few: has the second separable convolution its 9 · filters, and each normalisation its four numbers?",
    ),
    *(
        Mistake(_parts(second=second), _SECOND_ONE)
        for second in (
            _none,
            lambda c, f: -(9 * f + f * f),
            lambda c, f: 9 * f - f * f,
            lambda c, f: 9 / f + f * f,
            lambda c, f: 9 * f + f / f,
            lambda c, f: 8 * f + f * f,
            lambda c, f: 10 * f + f * f,
            lambda c, f: 9 * f,
            lambda c, f: 9 * f * f,
        )
    ),
)  # fmt: skip
