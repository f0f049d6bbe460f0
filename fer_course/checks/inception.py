"""Checks: the simplified Inception module, and its equivalent form."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence

import numpy as np

from fer_course import layers
from fer_course.checks import calling, moving, oracles
from fer_course.checks.comparing import as_array, close
from fer_course.checks.core import Hint, attempt, check, expect, grown, numbers, passed, short
from fer_course.quiet import keras

#: How far two Keras models may differ that compute the same in another order, in float32.
SAME = 1e-5


def _call_advice(error: Exception) -> str:
    said = calling.about_call(error)
    if "whole number of maps" in said:
        return f"{said} A tower has `filters // towers` maps."
    if "one* list" in said:
        return f"{said} The list is for Concatenate: `layers.Concatenate()(outputs)`."
    if "convert it to a NumPy array" in str(error):
        return f"{said} `layers.Concatenate()(outputs)` joins them."
    if "should be called on a list" in str(error):
        return "`layers.Concatenate()` takes a list: collect what *all* towers give in a list, and give it the list."
    return said


#: Words of an error of NumPy, and what is true of the arrays that it names.
JOIN_ADVICE = {
    "must match exactly": "These arrays don't fit side by side: `weights[:6]` are of the 1×1 convolutions (kernel, bias, "
    "kernel, …), the other six of the 3×3.",
    "same number of dimensions": "A kernel has four axes, a bias one: join kernels with kernels, and biases with biases.",
}


# --------------------------------------------------------------------------------------------- the simplified module


@check
def simplified(answer) -> None:
    """Check `simplified(x, filters, towers)`, a function of Keras tensors: (N,H,W,C) to (N,H,W,filters)."""
    cases = [((7, 5, 4), 6, 3), ((4, 6, 3), 9, 3), ((5, 4, 2), 4, 2), ((4, 3, 2), 10, 5)]
    for seed, (shape, filters, towers) in enumerate(cases):
        shape = grown(seed, *shape)
        model = _built(answer, shape, filters, towers)
        with moving.followed("simplified"):
            pairs = _towers(model, filters, towers)
            _check_tower_values(model, pairs, shape, seed)
    passed("The simplified module: equal towers side by side.")


def _built(function, shape: tuple[int, ...], filters: int, towers: int) -> keras.Model:
    inputs = keras.Input(shape)

    # A Keras tensor must not be copied, as `attempt` does with arguments.
    @functools.wraps(function)
    def called(filters, towers):
        return function(inputs, filters, towers)

    output = attempt(called if callable(function) else function, filters, towers, advice=_call_advice)
    if isinstance(output, keras.Layer) and not isinstance(output, keras.Model):
        raise Hint(
            f"That is the layer {type(output).__name__} itself, not what it gives. Two pairs of parentheses: the first "
            "makes the layer, the second gives it the list, `layers.Concatenate()(outputs)`."
        )
    if not isinstance(output, keras.KerasTensor):
        raise Hint(
            f"simplified returns a Keras tensor, what `layers.Concatenate()(…)` gives; found {type(output).__name__}."
        )
    try:
        model = keras.Model(inputs, output)
    except ValueError as error:
        raise Hint(f"The output does not come from `x`: every tower begins with it. Keras says: {error}") from None
    model = _unfolded(model)
    found, wanted = tuple(output.shape[1:]), (*shape[:2], filters)
    if found != wanted:
        raise Hint(
            f"For an input of {shape}, {filters} filters and {towers} towers the output has the shape {wanted}; "
            f"found {found}. {_shape_advice(model, found, wanted, towers)}"
        )
    return model


def _unfolded(model: keras.Model) -> keras.Model:
    """Return the same model, with the layers of a model inside it in its place, if that one joins the towers."""
    if not any(_joins_inside(operation) for operation in model.operations):
        return model

    def one_by_one(operation) -> Callable:
        if not _joins_inside(operation):
            return operation
        inner = getattr(operation, "_functional", None) or operation  # of a Sequential
        return lambda x, **_: inner._run_through_graph(x, operation_fn=one_by_one)

    inputs = keras.Input(model.input_shape[1:])
    try:
        return keras.Model(inputs, model._run_through_graph(inputs, operation_fn=one_by_one))
    except Exception:  # Keras' own way of calling a model's parts has no promise to stay
        return model


def _joins_inside(operation) -> bool:
    return isinstance(operation, keras.Model) and any(
        type(leaf).__name__ == "Concatenate" for leaf in moving.leaves(operation)
    )


def _shape_advice(model: keras.Model, found: tuple, wanted: tuple, towers: int) -> str:
    """Say what the output of a wrong shape was made of."""
    if len(found) != 3:
        return "Rows, columns and channels stay three axes: join the towers by `layers.Concatenate()`."
    maps = wanted[2] // towers
    operation, below = _made(model.outputs[0])
    if type(operation).__name__ != "Concatenate":
        lost = ' A margin of one pixel is lost: padding="same".' if found[:2] == (wanted[0] - 2, wanted[1] - 2) else ""
        return f"It is what {_name(operation)} gives. *Join* all towers by `layers.Concatenate()` at the end.{lost}"
    axis = getattr(operation, "axis", -1)
    if axis not in (-1, 3):
        return f"The towers are joined along axis {axis}; join their channels, the last axis, as `layers.Concatenate()` does."
    if all(tuple(part.shape[1:3]) == (wanted[0] - 2, wanted[1] - 2) for part in below):
        return 'Each tower loses a margin of one pixel: its 3×3 convolution has padding="same".'
    if len(below) not in (towers, 2):  # two may also be joined step by step
        return f"The Concatenate takes {len(below)} tensors; {towers} towers were asked for."
    each = sorted({part.shape[-1] for part in _joined(model.outputs[0])})
    if len(_joined(model.outputs[0])) != towers:
        return f"The Concatenate takes {len(_joined(model.outputs[0]))} tensors; {towers} towers were asked for."
    if each != [maps]:
        found = " or ".join(map(str, each))
        return f"The {towers} joined towers have {found} maps each; each has filters // towers, here {maps}."
    return "Each tower keeps rows and columns, and has filters // towers maps."


def _towers(model: keras.Model, filters: int, towers: int) -> list[tuple]:
    """Return the 1×1 and the 3×3 convolution of each tower, in the order in which they are joined."""
    joins = [operation for operation in model.operations if type(operation).__name__ == "Concatenate"]
    if not joins:
        raise Hint("Expected one Concatenate at the end, which joins all towers; found 0.")
    tops = _joined(_last_join(model.outputs[0]))
    if len({id(top) for top in tops}) == 1 < len(tops):
        raise Hint(f"The same tower is joined {len(tops)} times: make new layers for each, inside the loop.")
    different = len({id(top) for top in tops})
    if different != towers:
        raise Hint(f"Expected {towers} towers to be joined; the Concatenate takes {different}.")
    pairs = []
    chains = [_convolutions(top) for top in tops]
    for convolutions, below in chains:
        sizes = [layer.kernel_size for layer in convolutions]
        if sizes != [(3, 3), (1, 1)] or below:
            others = {id(layer) for chain, _ in chains if chain is not convolutions for layer in chain}
            raise Hint(_tower_advice(sizes, below, any(id(layer) in others for layer in convolutions)))
        pairs.append(tuple(convolutions[::-1]))
    _check_own_layers(pairs, filters // towers)
    return pairs


def _made(tensor) -> tuple:
    """Return what a Keras tensor was made by, a layer or another operation, and from which tensors."""
    history = tensor._keras_history
    return history.operation, history.operation._inbound_nodes[history.node_index].input_tensors


def _last_join(tensor):
    """Return the joined towers: the output, or what it was made of by an activation, for instance."""
    while True:
        operation, below = _made(tensor)
        if type(operation).__name__ == "Concatenate":
            return tensor
        if len(below) != 1 or getattr(operation, "weights", None):
            raise Hint(f"The module ends with Concatenate, which joins all towers; yours ends with {_name(operation)}.")
        (tensor,) = below


def _joined(tensor) -> list:
    """Return the tensors that are joined, in their order, also where that takes several steps."""
    operation, below = _made(tensor)
    return [each for part in below for each in _joined(part)] if type(operation).__name__ == "Concatenate" else [tensor]


def _convolutions(tensor) -> tuple[list, str]:
    """Return a tower's convolutions from its top down, past activations and zeros, and what comes below them if it is not `x`."""
    convolutions, before = [], ""
    while True:
        operation, below = _made(tensor)
        for part in _parts(operation):
            kind = type(part).__name__
            if isinstance(part, keras.layers.Conv2D):
                convolutions.append(part)
                before = ""
            elif kind in ("Activation", "ReLU", "Relu"):
                before = before or kind
            elif kind == "InputLayer":
                return convolutions, before if len(convolutions) > 1 else ""
            elif kind not in ("ZeroPadding2D", "Pad"):
                return convolutions, _name(part)
        (tensor,) = below


def _parts(operation) -> list:
    """Return the layers of an operation from its top down: those of a model, else the operation alone."""
    if not isinstance(operation, keras.Model) or not getattr(operation, "layers", None):
        return [operation]
    layers = [layer for layer in operation.layers if not isinstance(layer, keras.layers.InputLayer)]
    return [part for layer in layers[::-1] for part in _parts(layer)]


def _name(operation) -> str:
    size = getattr(operation, "kernel_size", None)
    return f"{type(operation).__name__} {size[0]}×{size[1]}" if size else type(operation).__name__


def _check_own_layers(pairs: list[tuple], maps: int) -> None:
    lower, upper = ({id(layer): layer for layer in layers} for layers in zip(*pairs, strict=True))
    if len(upper) < len(pairs) or (
        len(lower) < len(pairs) and any(len(each._inbound_nodes) > 1 for each in lower.values())
    ):
        raise Hint("A layer is used in more than one tower: make new layers for each, inside the loop.")
    if len(lower) < len(pairs):
        raise Hint(
            "Towers share one 1×1 convolution: each tower has its own. Make both of its layers inside the loop, the 1×1 "
            "called on `x`."
        )
    for layer in (layer for pair in pairs for layer in pair):
        rows, columns = layer.kernel_size
        if layer.filters != maps:
            raise Hint(
                f"Both convolutions of a tower give filters // towers maps, here {maps}; a {rows}×{columns} of yours "
                f"gives {layer.filters}."
            )
        if not layer.use_bias:
            raise Hint(f"Each convolution has a bias, which exercise 2 moves; a {rows}×{columns} of yours has none.")


def _tower_advice(sizes: list, below: str, shared: bool) -> str:
    if len(sizes) > 2 and shared:
        return (
            "A tower stands on the layers of another one: each begins with the module's own input. Don't overwrite `x` "
            "inside the loop; give what is in the tower another name."
        )
    if sizes == [(1, 1), (3, 3)]:
        return "In your towers the 3×3 convolution comes first; here the 1×1 comes first, the 3×3 after it."
    if sizes == [(3, 3)] and not below:
        return "A 3×3 convolution takes the input itself: each takes what the 1×1 convolution of its tower gives."
    if sizes == [(3, 3)]:
        return f"Each 3×3 convolution takes what the 1×1 of its tower gives; one of yours takes what {below} gives."
    if sizes == [(3, 3), (1, 1)]:
        return f"Each 1×1 convolution takes `x` itself; one of yours takes what {below} gives."
    if not sizes:
        return (
            f"Each tower is a Conv2D 1×1, then a Conv2D 3×3; one of yours ends with {below or '`x` itself'}. (Write the two "
            "one after the other: what is inside a layer of your own is not seen.)"
        )
    found = ", ".join(f"{rows}×{columns}" for rows, columns in sizes[::-1])
    return f"Each tower is a 1×1 convolution, then a 3×3; found {found}."


def _check_tower_values(model: keras.Model, pairs: list[tuple], shape, seed: int) -> None:
    rng = numbers(seed)
    for layer in (layer for pair in pairs for layer in pair):
        layer.set_weights([rng.normal(size=array.shape) for array in layer.get_weights()])
    x = 4 * rng.normal(size=shape)  # so large that a ReLU6 shows
    answer = keras.ops.convert_to_numpy(model(x[None].astype("float32")))[0]
    right, *wrong = (_joined_towers(x, pairs, *relus) for relus in ((1, 1), (0, 1), (1, 0), (0, 0)))
    advice = (
        'this is what comes without a ReLU after the 1×1 convolutions: activation="relu".',
        'this is what comes without a ReLU after the 3×3 convolutions: activation="relu".',
        'this is what comes without any ReLU: each convolution has activation="relu".',
    )
    what = f"output for maps of {shape} and {len(pairs)} towers, with random kernels"
    expect(answer, right, what, list(zip(wrong, advice, strict=True)))


def _joined_towers(x: np.ndarray, pairs: list[tuple], first: int, second: int) -> np.ndarray:
    """Compute the towers in loops, with ReLU after the first and the second convolution or without."""
    outputs = []
    for lower, upper in pairs:
        maps = _convolved(x, lower, first)
        outputs.append(_convolved(maps, upper, second))
    return np.concatenate(outputs, axis=-1)


def _convolved(x: np.ndarray, layer, relu: int) -> np.ndarray:
    kernel, *bias = layer.get_weights()
    maps = oracles.convolve(x, kernel, padding="same") + (bias[0] if bias else 0)
    return np.maximum(maps, 0) if relu else maps


# ---------------------------------------------------------------------------------- its weights in the equivalent form


@check
def to_equivalent(answer) -> None:
    """Check `to_equivalent(weights)`: 12 arrays of three towers to the 8 of one large 1×1 and three 3×3 convolutions."""
    for seed, (shape, filters) in enumerate([((7, 5, 4), 6), ((4, 6, 3), 9), ((5, 5, 2), 3)]):
        shape = grown(seed, *shape)
        rng = numbers(seed)
        from_model, to_model = (
            _module(function, shape, filters) for function in (layers.simplified_module, layers.equivalent_module)
        )
        weights = [rng.normal(size=array.shape).astype("float32") for array in from_model.get_weights()]
        moved = attempt(answer, weights, advice=JOIN_ADVICE)
        moved = _arrays(moved, [array.shape for array in to_model.get_weights()], weights)
        if all(map(close, moved, layers.simplified_to_equivalent(weights, 3))):
            continue
        from_model.set_weights(weights)
        to_model.set_weights(moved)
        x = rng.normal(size=(1, *shape)).astype("float32")
        difference = _difference(from_model, to_model, x)
        if not difference <= SAME * 10:  # random kernels give larger outputs than trained ones
            _explain(moved, weights, difference)
    passed("Moved: two forms, one function.")


def _module(function, shape: tuple[int, ...], filters: int, segments: int = 3) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, function(inputs, filters, segments, norm=False))


def _difference(one: keras.Model, other: keras.Model, x: np.ndarray) -> float:
    """Return the largest difference of two models' outputs, measured by the largest output."""
    first, second = (keras.ops.convert_to_numpy(model(x)) for model in (one, other))
    return float(np.abs(first - second).max() / max(np.abs(first).max(), 1.0))


def _arrays(answer, shapes: list[tuple], weights: list[np.ndarray]) -> list[np.ndarray]:
    """Return the answer's arrays, or raise the hint for something else; a list of numbers of the right shape is an array, too."""
    if not isinstance(answer, (list, tuple)):
        raise Hint(f"Return a list of arrays, [kernel, bias, …]; found {type(answer).__name__}.")
    arrays = [as_array(part) if isinstance(part, (list, tuple)) else part for part in answer]
    for number, (part, array) in enumerate(zip(answer, arrays, strict=True)):
        a_list = isinstance(part, (list, tuple)) and (number >= len(shapes) or np.shape(array) != shapes[number])
        if a_list or not hasattr(array, "shape"):
            raise Hint(f"Array {number} of your list is no array, but {_told(part)}")
    if len(arrays) != len(shapes):
        raise Hint(f"Expected a list of {len(shapes)} arrays, found {len(arrays)}: {_count_advice(arrays, shapes)}.")
    for number, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
        found = np.shape(array)
        if found != shape:
            raise Hint(
                f"Array {number} should have the shape {shape}, found {found}."
                + (_origin(number, array, weights) or _array_advice(number, found, shape))
            )
        values = np.asarray(array)
        if values.dtype.kind not in "fiu":
            raise Hint(f"Array {number} should hold numbers; found {short(array)}.")
        if not np.isfinite(values).all():
            raise Hint(f"Array {number} holds values that are no numbers, nan or inf.")
    return [np.asarray(array) for array in arrays]


def _count_advice(arrays: list, shapes: list[tuple]) -> str:
    begin = [np.shape(array) for array in arrays[:2]]
    if begin == shapes[:2]:
        return (
            "after the large kernel and its bias come the six arrays of the 3×3 convolutions, weights[6:]; here come "
            f"{len(arrays) - 2}"
        )
    if len(arrays) == 12:
        return "that is as many as in `weights`: join the three 1×1 kernels into one, and their biases too"
    if len(begin) == 2 and begin[0] == shapes[0] and len(begin[1]) == len(shapes[0]):
        return "after the large kernel comes another kernel, not its bias: join the three biases, too"
    return "a kernel and a bias for the large 1×1, then the six of the 3×3 convolutions, weights[6:]"


def _told(part) -> str:
    if not isinstance(part, (list, tuple)):
        return f"{short(part)} ({type(part).__name__})."
    return (
        f"a {type(part).__name__} of {len(part)}. To put its arrays into your list as they are, a star: `*weights[6:]`. "
        "To make one array of them: `np.concatenate`."
    )


def _origin(number: int, array, weights: list[np.ndarray]) -> str:
    """Say which of `weights` array `number` of the answer is, or some of them side by side, if it is any."""
    for place, given in enumerate(weights):
        if _equal(array, given):
            return f" It is weights[{place}], {_of_which(place)}. {_belongs(number)}"
    for places in ((0, 2), (0, 4), (2, 4), (1, 3), (1, 5), (3, 5), (6, 8, 10), (7, 9, 11)):
        if _equal(array, np.concatenate([weights[place] for place in places], axis=-1)):
            names = " and ".join(f"weights[{place}]" for place in places)
            return f" It is {names}, side by side. {_belongs(number)}"
    return ""


def _of_which(place: int) -> str:
    return f"{'bias' if place % 2 else 'kernel'} of a {'3×3' if place >= 6 else '1×1'} convolution"


def _belongs(number: int) -> str:
    """Say what belongs in this place of the answer."""
    if number == 0:
        return (
            "Array 0 is the kernel of the large 1×1: all three of weights[0], weights[2] and weights[4], side by side."
        )
    if number == 1:
        return "Array 1 is the bias of the large 1×1: all three of weights[1], weights[3] and weights[5], side by side."
    return "After the large 1×1 come the 3×3's six, weights[6:]."


def _array_advice(number: int, found: tuple, shape: tuple) -> str:
    if number == 0 and len(found) == 5:
        return " There is a fifth axis, as np.stack makes one; put the kernels side by side: np.concatenate."
    if number == 0 and found == (1, 1, 3 * shape[2], shape[3] // 3):
        return " The *input* channels are three times as many; join the output maps, the last axis: axis=-1."
    if number == 0 and found == (3, 1, *shape[2:3], shape[3] // 3):
        return " The first axis is three times as long, as np.concatenate does it unless told otherwise: axis=-1."
    if number == 0 and found == (1, 1, shape[2], shape[3] // 3):
        return " That is the shape of one tower's kernel: put all three side by side."
    if number == 0 and found[:3:2] == (1, shape[2]) and found[1] == 3:
        return " Axis 1 is three times as long; join the output maps, the last axis: axis=-1."
    if number == 1 and found == (shape[0] // 3,):
        return " That is the shape of one tower's bias: put all three side by side."
    if number == 1 and len(found) == 2 and np.prod(found) == shape[0]:
        return " A bias has one axis: put the three side by side, np.concatenate."
    return " A kernel comes first, then its bias, as in `weights`." if {len(found), len(shape)} == {1, 4} else ""


def _explain(answer: Sequence[np.ndarray], weights: list[np.ndarray], difference: float) -> None:
    """Say what is wrong with weights of the right shapes."""
    kernels, biases, rest = weights[0:6:2], weights[1:6:2], weights[6:]
    kernel, bias = answer[:2]
    right = np.concatenate(kernels, axis=-1)
    mixed = np.stack(kernels, axis=-1).reshape(right.shape)
    if _equal(kernel, mixed):
        raise Hint(
            "The towers' maps alternate in your large kernel; a segment must hold the maps of one tower together."
        )
    if _equal(kernel, right) and not _equal(bias, np.concatenate(biases)):
        reordered = _equal(np.sort(bias), np.sort(np.concatenate(biases)))
        advice = (
            "all zeros" if not bias.any() else "the same numbers in another order" if reordered else "other numbers"
        )
        raise Hint(
            f"The large kernel is right; its bias is not ({advice}): join the three biases in the towers' order."
        )
    if _equal(kernel, right):
        places = [
            number + 2
            for number, (mine, given) in enumerate(zip(answer[2:], rest, strict=True))
            if not _equal(mine, given)
        ]
        raise Hint(
            f"The large 1×1 is right; the 3×3 arrays come along unchanged, in their order. Look at arrays {places}."
        )
    if _equal(np.sort(kernel, axis=None), np.sort(right, axis=None)):
        raise Hint(f"The large kernel has the right numbers in other places. {_about_places(kernel, kernels)}")
    raise Hint(
        f"The shapes are right, but the outputs differ by {100 * difference:.0f} % of the largest: look at the large "
        "kernel. Its first third of output maps is the first tower's kernel, and so on."
    )


def _about_places(kernel: np.ndarray, kernels: list[np.ndarray]) -> str:
    """Say how the numbers of a large kernel may have come into other places than the right ones."""
    for order in itertools.permutations(range(len(kernels))):
        chosen = [kernels[place] for place in order]
        named = ", ".join(str(place + 1) for place in order)
        if _equal(kernel, np.concatenate(chosen, axis=-1)):
            return f"Its towers follow each other as {named}: join the towers in their order, 1, 2, 3."
        # One after the other in memory: the same after np.array, np.stack and np.concatenate along each of the first three axes.
        if _equal(kernel, np.stack(chosen).reshape(kernel.shape)):
            return (
                "That is exactly what a `reshape` gives of kernels that are joined along another axis than the last: it mixes "
                "their numbers. `np.concatenate(…, axis=-1)` gives the shape, without `reshape`."
            )
    maps = kernels[0].shape[-1]
    return f"The first tower's kernel is its first {maps} output maps, `[..., :{maps}]`, and so on, with all else in its place."


def _equal(one, other) -> bool:
    return close(one, other)
