"""Checks: the residual module, and its parameters."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import numpy as np

from fer_course import layers as package
from fer_course.checks import calling, moving, oracles
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
    # In the last as many channels come in as go out: a shortcut of `x` itself would fit.
    for seed, (shape, filters) in enumerate([((22, 24, 3), 4), ((21, 26, 5), 2), ((9, 12, 6), 6)]):
        shape, (filters,) = grown(seed, *shape), grown(seed, filters)
        filters = shape[2] if seed == 2 else filters
        model = _built(answer, shape, filters)
        with moving.followed("residual_module"):
            _check_model(model, shape, filters, seed)
    passed("The residual module: two paths, one sum.")


def _check_model(model: keras.Model, shape: tuple[int, ...], filters: int, seed: int) -> None:
    _check_strides(model)
    moving.refuse_chance(model)
    if _computes(model, shape, filters, seed):
        _check_learning(model)
        return
    if not moving.is_flat(model):
        _check_nested(model, filters)
    _check_parts(model, filters)
    _check_values(model, shape, filters, seed)
    raise Hint(
        "In use your module's outputs are right, but in training they are not: a normalisation measures other numbers than "
        "it should."
    )


def _computes(model: keras.Model, shape: tuple[int, ...], filters: int, seed: int) -> bool:
    """Return True if the learner's module is the course's function of its weights."""
    inputs = keras.Input(shape)
    right = keras.Model(inputs, package.residual_module(inputs, filters))
    x = numbers(seed).normal(size=(3, *shape)).astype("float32")
    moving.make_lively(right, x, seed + 10)
    return moving.computes(model, right, x)


def _check_learning(model: keras.Model) -> None:
    """Refuse a module that computes the right function, and learns otherwise."""
    stopped = [step for step in model.operations if "StopGradient" in type(step).__name__]
    fixed = [layer.name for layer in moving.leaves(model) if layer.weights and not layer.trainable]
    if stopped or fixed:
        raise Hint(
            f"Your module computes the right numbers, but part of it can't learn: {', '.join(fixed) or 'a gradient is stopped'}. "
            "Every layer of it learns."
        )


def _check_strides(model: keras.Model) -> None:
    """Refuse the one layer that computes the right function and is dangerous."""
    for layer in moving.leaves(model):
        if isinstance(layer, layers.Conv2D) and layer.kernel_size == (1, 1) and layer.strides != (1, 1):
            raise Hint(
                "A 1×1 convolution has a stride. On the shortcut take every second pixel first, `x[:, ::2, ::2]`, then convolve "
                "with stride 1: the strided 1×1 convolution can corrupt memory in training."
            )


def _built(function, shape: tuple[int, int, int], filters: int) -> keras.Model:
    inputs = keras.Input(shape)

    @functools.wraps(function)
    def called(x, filters):
        return function(x.tensor, filters)

    expected = (-(-shape[0] // 2), -(-shape[1] // 2), filters)
    advice = functools.partial(_about_error, function=function, shape=shape, expected=expected)
    output = attempt(called if callable(function) else function, _Symbolic(inputs), filters, advice=advice)
    if not isinstance(output, keras.KerasTensor):
        raise Hint(
            f"residual_module returns a Keras tensor, the output of `layers.Add()`; found {type(output).__name__}."
        )
    found = tuple(output.shape[1:])
    if found != expected:
        if _kind(output._keras_history.operation) == "Concatenate":
            raise Hint(
                f"Your paths are put behind each other, so that their channels add up: {_shape(found)}. Add their *numbers*: "
                "`layers.Add()([x, side])`."
            )
        raise Hint(
            f"For an input of {_shape(shape)} and {filters} filters the output has the shape {_shape(expected)}; found "
            f"{_shape(found)}. Both paths halve rows and columns (rounded up), and give {filters} channels."
        )
    if _halves_pictures(function, shape, filters):
        raise Hint(_PICTURES)
    try:
        return keras.Model(inputs, output)
    except ValueError as error:
        raise Hint(f"The output does not come from `x`, where both paths begin. Keras says: {error}") from None


_PICTURES = "Every second *picture* is left out: a slice leaves the first axis alone, `x[:, ::2, ::2]`."


def _halves_pictures(function, shape: tuple[int, int, int], filters: int) -> bool:
    """Return True if two of four pictures are left on one path, or at the end."""
    try:
        output = function(keras.Input(shape, batch_size=4), filters)
    except Exception as error:
        batches = re.findall(r"[\[(](\d+), \d+, \d+, \d+[)\]]", str(error))
        return sorted(batches) == ["2", "4"]
    return output.shape[0] == 2


#: Words of an error of Keras that a module may stop with, and what is true of the layer.
CALL_ADVICE = {
    "Merge.__init__()": "`layers.Add()` is made without arguments, and then called with the list: `layers.Add()([x, side])`.",
    "should be called on a list": "`layers.Add()` takes the list of both paths: `layers.Add()([x, side])`.",
}


def _about_call(error: Exception) -> str:
    said = calling.about_call(error)
    if "one* list" in said:
        return f"{said} The list is for Add: `layers.Add()([x, side])`."
    return said or next((advice for words, advice in CALL_ADVICE.items() if words in str(error)), "")


def _about_error(error: Exception, function, shape: tuple[int, int, int], expected: tuple[int, int, int]) -> str:
    """Say what is true of the layer that stopped, or of the shapes (without N) that could not be added."""
    told = str(error)
    found = re.search(r"Received shapes \((.+?)\) and \((.+?)\)", told)
    found = found or re.search(r"Input shapes are: \[None, (.+?)\] and \[None, (.+?)\]", told)
    if not found:
        return _about_call(error)
    paths = [tuple(map(int, group.split(", "))) for group in found.groups() if "None" not in group]
    wrong = [path for path in dict.fromkeys(paths) if path != expected]
    said = "".join(f" You have {_shape(path)}: {_about_path(path, shape, expected)}." for path in wrong)
    right = " The other path is right." if expected in paths else ""
    pictures = f" {_PICTURES}" if _halves_pictures(function, shape, expected[2]) else ""
    return f"Both paths should have {_shape(expected)}.{said}{right}{pictures}"


def _about_path(path: tuple[int, ...], shape: tuple[int, int, int], expected: tuple[int, int, int]) -> str:
    """Say what a path's shape, which is not the expected one, has to do with that of the input."""
    rows, columns, _ = shape
    lost = {high - low for high, low in zip(expected[:2], path[:2], strict=False)}
    known = {
        (rows, columns): "that path is not halved",
        (expected[0], columns): "rows are halved, columns are not. The slice for both is `x[:, ::2, ::2]`",
        (rows, expected[1]): "columns are halved, rows are not. The slice for both is `x[:, ::2, ::2]`",
        (-(-rows // 3), -(-columns // 3)): "that is a third, as after a slice `::3`, or a 3×3 pooling without `strides=2`",
        (rows // 3, columns // 3): "that is a third, rounded down, as after a 3×3 pooling without `strides=2` and "
        '`padding="same"`',
        (-(-expected[0] // 2), -(-expected[1] // 2)): "that is halved twice. One stride of 2 in each path is enough, and "
        "the shortcut starts from the module's input",
    }  # fmt: skip
    if said := known.get(path[:2]):
        return said
    if len(lost) == 1 and lost <= {1, 2, 3}:
        # A convolution and the pooling without padding cost one row each here, whichever it is.
        count = {1: "one", 2: "two", 3: "all three"}[lost.pop()]
        return f'that is what is left if `padding="same"` is missing at {count} of three: the separable convolutions, the pooling'
    names = ("rows", "columns", "channels")
    differ = [
        f"{found} {name}, not {wanted}"
        for name, found, wanted in zip(names, path, expected, strict=False)
        if found != wanted
    ]
    return ", ".join(differ) + ". Look at the slice, the strides and the filters of that path"


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
            if name == "MaxPooling2D":
                _check_side_pooling(model)
            raise Hint(f"Expected {wanted} {name}, found {found}: {advice}.{unused if found < wanted else ''}")
    _check_settings(kinds, filters)
    main, side = _paths(model)
    _check_order(main, side)
    _check_channels(main, side, model.input_shape[-1])


def _check_side_pooling(model: keras.Model) -> None:
    """Say that the shortcut holds a pooling, if both paths are clear."""
    try:
        _, side = _paths(model)
    except (Hint, ValueError):
        return
    if "MaxPooling2D" in _named(side) and "SeparableConv2D" not in _named(side):
        raise Hint(
            "The shortcut has a MaxPooling2D. It takes every second pixel as it is, `x[:, ::2, ::2]`; the one max pooling is "
            "at the end of the main path."
        )


def _check_channels(main: list, side: list, channels: int) -> None:
    for name, path in (("main path", main), ("shortcut", side)):
        first = next(step for step in path if _kind(step) in ("SeparableConv2D", "Conv2D"))
        taken = first.get_weights()[0].shape[2]
        if taken != channels:
            raise Hint(
                f"The {name}'s first convolution takes {taken} channels; the input has {channels}. A slice takes every second "
                "row and column, and all channels: `x[:, ::2, ::2]`."
            )


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
        (
            any(layer.axis not in (-1, 3) for layer in kinds["BatchNormalization"]),
            "A normalisation has another `axis` than the last one. Each *channel* is normalised: leave `axis` as it is.",
        ),
    ):
        if wrong:
            raise Hint(hint)


def _paths(model: keras.Model) -> tuple[list, list]:
    """Return what is on the main path and on the shortcut, from the module's input to the addition."""
    makers = {id(operation.output): operation for operation in model.operations}
    (addition,) = [operation for operation in model.operations if _kind(operation) == "Add"]
    if len(addition.input) != 2:
        raise Hint(
            f"Your addition takes {len(addition.input)} tensors. It adds two, the ends of the main path and of the shortcut: "
            "`layers.Add()([x, side])`."
        )
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
    for step in side:
        if _kind(step) == "AveragePooling2D" and step.pool_size != (1, 1):
            raise Hint(
                f"The shortcut has an AveragePooling2D with windows of {step.pool_size}, which takes means. The shortcut takes "
                "every second pixel as it is: `x[:, ::2, ::2]`."
            )
    main, side = _named(main), _named(side)
    foreign = [name for name in dict.fromkeys(side) if name in ("SeparableConv2D", "MaxPooling2D")]
    if foreign:
        raise Hint(
            "The shortcut starts from the module's input, and has no other convolution than its 1×1. On the way to yours is "
            f"also {' and '.join(foreign)}. Take `side = x[:, ::2, ::2]` before `x` is overwritten."
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


def _module(x, first, second, side, middle=True, end=False, early=False, start=0, before=False) -> np.ndarray:
    """Compute a residual module in loops; the options make it wrong."""
    main = _separable(np.maximum(x, 0) if before else x, first, early)
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
        (
            _module(x, *weights, before=True),
            "there is a ReLU before the first separable convolution; leave it out. The one ReLU is between the two.",
        ),
        (
            _module(x, *weights, before=True, middle=False),
            "the ReLU comes before the first separable convolution; it belongs between the two.",
        ),
        (
            _module(np.maximum(x, 0), *weights),
            "there is a ReLU before both paths; leave it out. The one ReLU is between the two separable convolutions.",
        ),
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


_TWICE = (
    "Two kernels of 1×1 have channels · filters weights: that of the first pointwise half, and that of the shortcut."
)
_NORMS = (
    "There are three, each after a convolution of `filters` filters, with four numbers per channel (γ, β, mean, variance): "
    "3 · 4 · filters."
)
_SEPARABLE = (
    "the difference to the right count fits a slip in the {} separable convolution. It has a 3×3 kernel for each channel that "
    "comes in, and a 1×1 kernel: {}."
)
_FIRST, _SECOND_ONE = (
    _SEPARABLE.format("first", "9 · channels + channels · filters"),
    _SEPARABLE.format("second", "9 · filters + filters · filters"),
)

MODULE_PARAMETERS_MISTAKES = (
    *(
        Mistake(_parts(norms=norms), f"this is the count with {words} for the normalisations. {_NORMS}")
        for norms, words in (
            (lambda c, f: 6 * f, "6 · filters, two numbers per channel,"),
            (lambda c, f: 9 * f, "9 · filters, three numbers per channel,"),
            (lambda c, f: 4 * f, "4 · filters, as for one of the three,"),
            (lambda c, f: 8 * f, "8 · filters, as for two of the three,"),
            (lambda c, f: 16 * f, "16 · filters, as for four of them,"),
            (lambda c, f: 4 * c + 8 * f, "4 · channels + 8 · filters"),
            (lambda c, f: 12 * c, "12 · channels"),
            (lambda c, f: 12, "just 12"),
            (lambda c, f: 4, "just 4"),
            (_none, "nothing"),
            (lambda c, f: -12 * f, "-12 · filters"),
        )
    ),
    Mistake(_parts(norms=lambda c, f: 15 * f),
            "3 · filters too many: no convolution here has a bias, the normalisation has its β, four numbers in all."),
    Mistake(_parts(side=_none), f"channels · filters too few. {_TWICE}"),
    Mistake(_parts(side=lambda c, f: -c * f), f"this is the count with one channels · filters subtracted. {_TWICE}"),
    Mistake(_parts(side=_none, norms=lambda c, f: 8 * f),
            "channels · filters and 4 · filters too few: the shortcut has a 1×1 convolution and a normalisation of its own."),
    Mistake(_parts(side=lambda c, f: c / f), f"this is the count with one channels / filters. {_TWICE}"),
    Mistake(_parts(side=lambda c, f: f), f"this is the count with `filters` for one channels · filters. {_TWICE}"),
    Mistake(_parts(side=lambda c, f: 9 * c * f), f"this is the count with one 9 · channels · filters. {_TWICE}"),
    Mistake(_parts(side=lambda c, f: 9 * c * f, second=lambda c, f: 9 * f + 9 * f * f),
            "this is the count with nine times the weights in both pointwise halves. Their kernels are 1×1, C · M."),
    Mistake(_parts(second=lambda c, f: 9 * f + 9 * f * f),
            "this is the count with 9 · filters · filters for the second pointwise half. Its kernel is 1×1, filters · filters."),
    Mistake(_parts(norms=lambda c, f: 13 * f),
            "`filters` too many: no convolution here has a bias, and a 3×3 kernel has nine numbers per channel, not ten."),
    Mistake(_parts(norms=lambda c, f: 11 * f),
            "`filters` too few: a normalisation has four numbers per channel, and a 3×3 kernel nine."),
    Mistake(_parts(first=lambda c, f: 10 * c + c * f),
            "`channels` too many: no convolution here has a bias, and a 3×3 kernel has nine numbers per channel, not ten."),
    Mistake(lambda c, f: _counted(c, 2 * c), "this is the count for 2 · channels filters, whatever `filters` says."),
    Mistake(_parts(first=lambda c, f: 9 * f + c * f),
            "this is the count with 9 · filters for the first depthwise half. It has a 3×3 kernel for each channel that comes "
            "*in*: 9 · channels."),
    Mistake(_parts(second=lambda c, f: 9 * c + c * f),
            "this is the count with two equal separable convolutions. The second one gets `filters` channels, not `channels`."),
    Mistake(_parts(first=lambda c, f: 9 * f + f * f),
            "this is the count with `filters` channels for both separable convolutions. The first one gets `channels`: "
            "9 · channels + channels · filters."),
    Mistake(_parts(first=lambda c, f: 9 * c * f, second=lambda c, f: 9 * f * f),
            "this is the count with *standard* 3×3 convolutions; separable ones have 9·C + C·M weights."),
    Mistake(_parts(first=lambda c, f: 9 * c, second=lambda c, f: 9 * f),
            "this is the count without the pointwise halves: each separable convolution also has C·M weights."),
    Mistake(_parts(first=lambda c, f: c * f, second=lambda c, f: f * f),
            "this is the count without the depthwise halves: each separable convolution also has a 3×3 kernel per channel that "
            "comes in, 9·C."),
    Mistake(_parts(first=lambda c, f: 3 * c + c * f, second=lambda c, f: 3 * f + f * f),
            "this is the count with three weights in a 3×3 kernel. It has nine per channel."),
    Mistake(_parts(second=lambda c, f: 9 * c + f * f),
            "this is the count with 9 · channels for the second depthwise half. It gets `filters` channels: 9 · filters."),
    Mistake(_parts(second=lambda c, f: 9 * f + c * f),
            "this is the count with channels · filters for the second pointwise half. It gets `filters` channels: filters · "
            "filters."),
    *(
        Mistake(_parts(first=first), _FIRST)
        for first in (
            _none,
            lambda c, f: -(9 * c + c * f),
            lambda c, f: 9 / c + c * f,
            lambda c, f: 8 * c + c * f,
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
            lambda c, f: 9 * f,
            lambda c, f: 9 * f * f,
        )
    ),
)  # fmt: skip
