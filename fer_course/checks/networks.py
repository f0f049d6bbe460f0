"""Checks: the receptive field of a stack of layers, the cost of a layer, and LeNet with one thing changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fer_course.checks.answers import whole
from fer_course.checks.comparing import close
from fer_course.checks.core import (
    Hint,
    Mistake,
    NotAttempted,
    attempt,
    check,
    expect,
    grown,
    judge,
    numbers,
    passed,
    short,
)
from fer_course.checks.moving import layers_by_kind, leaves
from fer_course.errors import first_line
from fer_course.quiet import keras

# ---------------------------------------------------------------------------------------------- receptive field


@check
def receptive_field(answer) -> None:
    """Check `receptive_field(layers)`: side of the square of input pixels that one output number depends on, an int.

    Without any layer it is 1.
    """
    stacks = [
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(5, 1), (3, 1), (3, 1)],
        [(5, 1), (2, 2), (5, 1), (2, 2)],
        [(3, 2), (5, 1), (2, 2)],
        [(3, 2), (3, 2), (3, 2)],
        [(7, 3), (3, 1), (4, 2), (5, 1)],
        [(5, 2), (3, 2), (5, 1), (3, 2), (3, 1), (3, 2)],  # more than the 48 pixels of a face
    ]
    judge(
        answer,
        [
            (list(zip(grown(seed, *(kernel for kernel, _ in layers)), (stride for _, stride in layers), strict=True)),)
            for seed, layers in enumerate(stacks)
        ],
        _reached,
        "receptive field of the layers (kernel, stride) {}".format,
        mistakes=RECEPTIVE_FIELD_MISTAKES,
        form=_side,
    )
    _without_layers(answer)
    passed("Receptive field: you know how far a network looks.")


def _side(answer) -> int:
    return whole(answer, "The side of a receptive field")


def _without_layers(answer) -> None:
    one = "Without any layer, [], a number sees one pixel: itself. Start with 1, before the loop"
    field = attempt(
        answer, [], advice=lambda error: f"{one}. Is a layer, such as `layers[0]`, needed outside of the loop?"
    )
    if _side(field) != 1:
        raise Hint(f"{one}; found {short(field)}.")


def _reached(layers: Sequence[tuple[int, int]]) -> int:
    """Start from one output number, and collect layer by layer, backwards, the places that it is computed from."""
    places = {0}
    for kernel, stride in reversed(layers):
        places = {place * stride + offset for place in places for offset in range(kernel)}
    return max(places) - min(places) + 1


def _field(
    step: Callable[[list[int], int], int], start: int = 1, add: Callable[[int], int] = lambda kernel: kernel - 1
):
    """Return an answer: `start`, plus `add(kernel)` times `step(strides, number)` for each layer with its number."""

    def field(layers):
        strides = [stride for _, stride in layers]
        return start + sum(add(kernel) * step(strides, number) for number, (kernel, _) in enumerate(layers))

    return field


def _before(strides: list[int], number: int) -> int:
    """Return the right step: the product of the strides of all layers before."""
    return math.prod(strides[:number])


def _grown(layers) -> int:
    field = 1
    for kernel, stride in layers:
        field = field * stride + kernel - 1
    return field


def _stretched(layers) -> int:
    field = 1
    for kernel, stride in layers:
        field = (field + kernel - 1) * stride
    return field


def _kernels(layers) -> list[int]:
    return [kernel for kernel, _ in layers]


_FROM_THE_END = "that is what it is for the layers in reverse: the list begins at the picture."
_ADDED = "that is exactly what *adding* the strides gives. They multiply: 2, 2 and 2 make 8."
_MULTIPLIED = (
    "that is exactly what multiplying the *field* by each stride gives. The field is never multiplied: it grows by k - 1 steps. "
    "The *step* is multiplied, by each stride, for the layers after it."
)
_WIDENS = "Each layer widens what the layers before it see."

RECEPTIVE_FIELD_MISTAKES = (
    Mistake(lambda layers: _reached([(stride, kernel) for kernel, stride in layers]),
            "that is what it is with kernels and strides in each other's place: each pair is (kernel, stride)."),
    Mistake(_field(_before, add=lambda kernel: kernel // 2),
            "that is exactly what adding k // 2 steps for a kernel of k gives, one half of it. It adds k - 1, half of them on "
            "each side."),
    Mistake(_field(lambda strides, n: 1),
            "that is what it is with strides of 1: after a stride of 2, neighbours lie 2 pixels apart."),
    Mistake(_field(lambda strides, n: math.prod(strides[: n + 1])),
            "that is exactly what a layer's own stride gives too early: it moves the layers *after* it apart, not the pixels of "
            "its own kernel."),
    Mistake(_field(lambda strides, n: strides[n - 1] if n else 1),
            "that is exactly what the stride of the layer before alone gives. Strides multiply: 2 and 2 make 4."),
    Mistake(_field(lambda strides, n: strides[n]),
            "that is exactly what a kernel's own stride alone gives. What counts for it are all strides *before* it, "
            "multiplied."),
    Mistake(_field(lambda strides, n: 1 + sum(strides[:n]) - n), _ADDED),
    Mistake(_field(lambda strides, n: sum(strides[:n]) or 1), _ADDED),
    Mistake(_field(lambda strides, n: 1 + sum(strides[:n])), _ADDED),
    Mistake(_field(lambda strides, n: 1 + sum(strides[: n + 1])), _ADDED),
    Mistake(_field(lambda strides, n: sum(strides[: n + 1])), _ADDED),
    Mistake(_grown, _MULTIPLIED),
    Mistake(_stretched, _MULTIPLIED),
    Mistake(_field(lambda strides, n: math.prod(strides[n + 1 :])), _FROM_THE_END),
    Mistake(_field(lambda strides, n: math.prod(strides[n:])), _FROM_THE_END),
    Mistake(_field(_before, start=0), "one too few: even without any layer, an output sees one pixel. Start with 1."),
    Mistake(_field(_before, start=2), "one too many: start with a field of 1 pixel."),
    Mistake(_field(lambda strides, n: 2 * _before(strides, n)),
            "each layer adds twice what it should. The step begins at 1, as neighbouring pixels lie 1 pixel apart."),
    Mistake(_field(lambda strides, n: 0),
            "this is 1, whatever the layers are: nothing is added to the field. The step begins at 1, and each layer adds "
            "(k - 1) steps."),
    Mistake(lambda layers: _reached(layers) ** 2, "this is the area of the square. Return its side."),
    Mistake(_field(_before, add=lambda kernel: kernel),
            "that is exactly what adding k steps for a kernel of k gives. It adds k - 1: one pixel was seen already."),
    Mistake(_field(_before, add=lambda kernel: kernel + 1),
            "that is exactly what adding k + 1 steps for a kernel of k gives. It adds k - 1."),
    Mistake(_field(_before, add=lambda kernel: kernel - 2),
            "that is exactly what adding k - 2 steps for a kernel of k gives. It adds k - 1."),
    Mistake(_field(_before, add=lambda kernel: 1 - kernel),
            "the field shrinks, by k - 1 steps for a kernel of k. It grows by them."),
    Mistake(lambda layers: sum(_kernels(layers)),
            "this is the sum of the kernels. But two of 3 see 5 pixels: they overlap; a kernel of k adds k - 1."),
    Mistake(lambda layers: math.prod(_kernels(layers)),
            "this is the product of the kernels. But two of 3 see 5 pixels, not 9. Either the kernels are multiplied, where each "
            "adds (k - 1) steps; or the step is multiplied by each kernel, where it is by each *stride*."),
    Mistake(lambda layers: max(_kernels(layers)), f"this is the largest kernel. {_WIDENS}"),
    Mistake(lambda layers: _kernels(layers)[-1], f"this is the last kernel alone. {_WIDENS}"),
    Mistake(lambda layers: _kernels(layers)[0], f"this is the first kernel alone. {_WIDENS}"),
)  # fmt: skip


# -------------------------------------------------------------------------------------------------------- cost


@check
def layer_cost(answer) -> None:
    """Check `layer_cost(height, width, channels, filters, size, stride)`: parameters with biases, and multiply-adds, ints."""
    cases = [(8, 5, 1, 1, 3, 1), (7, 9, 2, 5, 3, 1), (6, 11, 3, 4, 2, 1), (10, 7, 2, 3, 3, 2), (9, 13, 4, 2, 5, 3)]
    cases = [(*grown(seed, *case[:4]), *case[4:]) for seed, case in enumerate(cases)]
    # One number after the other: each has mistakes of its own.
    for part, name in enumerate(("parameters", "multiply-adds")):
        judge(
            answer,
            cases,
            lambda *case, part=part: _counted(*case)[part],
            (name + ", {} × {} pixels, {} channels, {} maps, kernel size {}, stride {}").format,
            mistakes=LAYER_COST_MISTAKES,
            form=lambda answer, part=part: _pair(answer)[part],
        )
    if _pair(attempt(answer, *cases[1][:5])) != _counted(*cases[1]):
        raise Hint("Called without a stride, it is 1. Keep this default.")
    passed("Counted: what a layer has to remember, and what it has to do.")


def _pair(answer) -> tuple[int, int]:
    """Return parameters and multiply-adds as two ints, or raise the hint that says what came instead."""
    pair = answer.tolist() if isinstance(answer, np.ndarray) else answer
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise Hint(f"Return two numbers, `return parameters, multiply_adds`; found {short(answer)}.")
    for number, name in zip(pair, ("parameters", "multiply-adds"), strict=True):
        if np.iterable(number) and not isinstance(number, str):
            raise Hint(
                f"The {name} are one number; found {short(number)}. Are the places a pair? Multiply those along the height by "
                "those along the width."
            )
    return whole(pair[0], "A number of parameters"), whole(pair[1], "A number of multiply-adds")


def _counted(height, width, channels, filters, size, stride=1) -> tuple[int, int]:
    """Count one by one: the numbers of all kernels and biases, and every product, place by place."""
    products = 0
    kernel = np.ones((size, size, channels, filters))
    for _row in range(0, height - size + 1, stride):
        for _column in range(0, width - size + 1, stride):
            products += kernel.size
    return kernel.size + len(kernel[0, 0, 0]), products


def _parameters(formula: Callable[[int, int, int], int]):
    """Return a wrong answer whose parameters are `formula(channels, filters, size)`."""
    return lambda h, w, c, m, k, s=1: (formula(c, m, k), _counted(h, w, c, m, k, s)[1])


def _products(formula: Callable[[int, int, int], int]):
    """Return a wrong answer whose multiply-adds are `formula(channels, filters, size)` in each place."""
    return _places(lambda rows, columns, c, m, k: rows * columns * formula(c, m, k))


def _places(formula: Callable[..., int]):
    """Return a wrong answer whose multiply-adds are `formula(rows, columns, channels, filters, size)`, these of places."""
    return _sides(
        lambda h, w, k, s: ((h - k) // s + 1, (w - k) // s + 1),
        lambda places, c, m, k: formula(*places, c, m, k),
    )


def _sides(places: Callable, formula: Callable = lambda places, c, m, k: math.prod(places) * k * k * c * m):
    """Return a wrong answer whose multiply-adds are `formula(places(height, width, size, stride), ...)`."""

    def cost(h, w, c, m, k, s=1):
        return _counted(h, w, c, m, k, s)[0], formula(places(h, w, k, s), c, m, k)

    return cost


def _with_places(change: Callable[[int, int], int]):
    """Return a wrong answer with `change(rows, columns)` places."""
    return _places(lambda rows, columns, c, m, k: change(rows, columns) * k * k * c * m)


_ANY_SIZE = "they don't depend on the size of the picture: the *same* kernel is used in every place."
_MULTIPLY = "channels and maps multiply. Each map has a kernel for all channels."
_SQUARE = "a kernel is a square, with size × size numbers per channel."
_BORDER = (
    "that is what it is with places at the border, too, where the kernel has none. Count those of the *output*: (H - k) // "
    "stride + 1."
)
_BIASES = "that is what it is with one more for each bias. Adding a bias is no multiplication: leave them out here."
_BOTH_WRONG = f"{_BIASES} And count the places of the *output*: (H - k) // stride + 1 along one side."
_ONE_SIDE = "that is what the places along one side give. Multiply those along the height by those along the width."
_PLUS_ONE = (
    "that is exactly what too many or too few places along {} give. There are (side - k) // stride + 1, with + 1 for the first "
    "place."
)


def _both_the_first(*case) -> tuple[int, int]:
    """Return a wrong answer: the parameters, twice."""
    return _counted(*case)[0], _counted(*case)[0]


LAYER_COST_MISTAKES = (
    Mistake(_both_the_first, "this is the number of parameters. The second of the two is the number of multiply-adds."),
    Mistake(lambda *case: _counted(*case)[::-1],
            "this is the number of multiply-adds. The parameters come first, the multiply-adds second."),
    Mistake(_parameters(lambda c, m, k: k * k * c * m), "the biases are missing, one for each output map."),
    Mistake(_parameters(lambda c, m, k: k * k * c * m + 1), "there is one bias for *each* output map, not one in all."),
    Mistake(
        _parameters(lambda c, m, k: k * k * c * m + c), "there is one bias for each *output* map, not for each channel."
    ),
    Mistake(_parameters(lambda c, m, k: k * k * c * m - m),
            "that is what *subtracting* the biases gives: add one for each output map."),
    Mistake(_parameters(lambda c, m, k: (k * k * c + c) * m), "a kernel has one bias, not one per channel."),
    Mistake(_parameters(lambda c, m, k: k * k * m + m),
            "a kernel has a slice for each input channel. The channels are missing."),
    Mistake(_parameters(lambda c, m, k: k * k * c + 1),
            "this is one kernel with its bias. There are as many as output maps."),
    Mistake(_parameters(lambda c, m, k: k * k * c + m),
            "this is one kernel, with the biases of all. There are as many kernels as output maps."),
    Mistake(_parameters(lambda c, m, k: k * c * m + m), _SQUARE),
    Mistake(_parameters(lambda c, m, k: k**3 * c * m + m), _SQUARE),
    Mistake(_parameters(lambda c, m, k: k * k * (c + m)), _MULTIPLY),
    Mistake(_parameters(lambda c, m, k: k * k * (c + m) + m), _MULTIPLY),
    Mistake(
        lambda h, w, c, m, k, s=1: (
            (k * k * c * m + m) * ((h - k) // s + 1) * ((w - k) // s + 1),
            _counted(h, w, c, m, k, s)[1],
        ),
        _ANY_SIZE,
    ),
    Mistake(lambda h, w, c, m, k, s=1: (h * w * c * m + m, _counted(h, w, c, m, k, s)[1]), _ANY_SIZE),
    Mistake(_sides(lambda h, w, k, s: (h, w)),
            "that is exactly what a place for every input pixel gives. Count those of the *output*: (H - k) // stride + 1."),
    Mistake(_sides(lambda h, w, k, s: ((h - k + 1) // s, (w - k + 1) // s)),
            "that is exactly what (H - k + 1) // stride places along a side give. Add 1 *after* the division: (H - k) // stride "
            "+ 1."),
    Mistake(_sides(lambda h, w, k, s: (h // s, w // s)), _BORDER),
    Mistake(_sides(lambda h, w, k, s: (-(-h // s), -(-w // s))), _BORDER),
    Mistake(_sides(lambda h, w, k, s: (h * w // s**2,)), _BORDER),
    Mistake(lambda h, w, c, m, k, s=1: (_counted(h, w, c, m, k, s)[0], h * w * k * k * c * m // s**2), _BORDER),
    Mistake(_sides(lambda h, w, k, s: (h - k + 1, w - k + 1)),
            "that is what it is with stride 1. With stride 2 there are about a quarter of the places."),
    Mistake(
        lambda h, w, c, m, k, s=1: (
            _counted(h, w, c, m, k, s)[0],
            (h - k + 1) * (w - k + 1) * k * k * c * m // s,
        ),
        "that is exactly what dividing all places by the stride gives, once. The stride thins out rows *and* columns.",
    ),
    Mistake(_with_places(lambda rows, columns: (rows - 1) * (columns - 1)),
            "a row and a column of places are missing: (H - k) // stride + 1."),
    *(
        Mistake(_with_places(change), _PLUS_ONE.format(side))
        for side, changes in (
            ("the height", [lambda rows, columns, d=d: (rows + d) * columns for d in (-2, -1, 1)]),
            ("the width", [lambda rows, columns, d=d: rows * (columns + d) for d in (-2, -1, 1)]),
            ("both sides", [lambda rows, columns, d=d: (rows + d) * (columns + d) for d in (-2, 1)]),
        )
        for change in changes
    ),
    *(
        Mistake(
            _sides(places),
            f"that is exactly what *adding* the kernel's size to {side} gives. It makes the side shorter: subtract it.",
        )
        for side, places in (
            ("the height", lambda h, w, k, s: ((h + k) // s + 1, (w - k) // s + 1)),
            ("the width", lambda h, w, k, s: ((h - k) // s + 1, (w + k) // s + 1)),
            ("both sides", lambda h, w, k, s: ((h + k) // s + 1, (w + k) // s + 1)),
        )
    ),
    *(
        Mistake(_sides(places), f"that is exactly what size - side gives for {side}. The difference is side - size.")
        for side, places in (
            ("the height", lambda h, w, k, s: ((k - h) // s + 1, (w - k) // s + 1)),
            ("the width", lambda h, w, k, s: ((h - k) // s + 1, (k - w) // s + 1)),
        )
    ),
    Mistake(_products(lambda c, m, k: (k * k * c + 1) * m), _BIASES),
    Mistake(_sides(lambda h, w, k, s: (h, w), lambda places, c, m, k: math.prod(places) * (k * k * c + 1) * m), _BOTH_WRONG),
    Mistake(
        _sides(
            lambda h, w, k, s: (h - k + 1, w - k + 1),
            lambda places, c, m, k: math.prod(places) * (k * k * c + 1) * m,
        ),
        _BOTH_WRONG,
    ),
    Mistake(_with_places(lambda rows, columns: (rows * columns) ** 2),
            "that is exactly what the square of the places gives. Rows times columns of places is their number already."),
    Mistake(_with_places(lambda rows, columns: rows**2),
            "that is what it is in a square of this height. The width gives a number of places of its own."),
    Mistake(_with_places(lambda rows, columns: columns**2),
            "that is what it is in a square of this width. The height gives a number of places of its own."),
    Mistake(_with_places(lambda rows, columns: rows), _ONE_SIDE),
    Mistake(_with_places(lambda rows, columns: columns), _ONE_SIDE),
    Mistake(_with_places(lambda rows, columns: rows + columns),
            "that is exactly what *adding* rows and columns of places gives. Multiply them: each row has a place in each "
            "column."),
    Mistake(_products(lambda c, m, k: 2 * k * k * c * m),
            "this is twice their number: a product and its addition count as *one*."),
    Mistake(_products(lambda c, m, k: k * k * m), "this is for one channel. Every window has all channels."),
    Mistake(_products(lambda c, m, k: k * k * c), "this is for one output map. There are `filters` of them."),
    Mistake(_products(lambda c, m, k: k * c * m), _SQUARE),
    Mistake(_products(lambda c, m, k: k**3 * c * m), _SQUARE),
    Mistake(_with_places(lambda rows, columns: 1), "this is for one place. Multiply it by the number of places."),
)  # fmt: skip


# ------------------------------------------------------------------------------------------ LeNet, one thing changed

layers = keras.layers
#: What is changed, from nothing to everything: the options of each call.
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"activation": "relu"},
    {"pooling": layers.MaxPooling2D},
    {"dropout": 0.5},
    {"third": True},
    {"activation": "sigmoid", "third": True},
    {"activation": "relu", "pooling": layers.MaxPooling2D, "dropout": 0.25, "third": True},
)
_UNITS = (120, 84)


@check
def lenet(answer) -> None:
    """Check `lenet(activation, pooling, dropout, third)`: a Keras model, LeNet of 1995 but for the options."""
    for number, options in enumerate(CHANGES):
        model = _built(answer, options)
        what = f"lenet({', '.join(f'{name}={_word(value)}' for name, value in options.items())})"
        _check_weights(model, options.get("third", False), what)
        _check_dropout(model, options.get("dropout", 0.0), what)
        _check_training(model, what)
        _check_probabilities(model, options, what, number)
    if _built(answer, {}) is _built(answer, {}):
        raise Hint(
            "Two calls of your lenet returned the same model. Build a new one each time: each training starts from new weights."
        )
    passed("LeNet, with one change at a time. Now it can be asked which change helps.")


def _word(value) -> str:
    return getattr(value, "__name__", repr(value))


def _built(answer, options: dict) -> keras.Model:
    try:
        model = attempt(answer, **options)
    except NotAttempted:
        raise
    except Hint as hint:
        called = ", ".join(f"{name}={_word(value)}" for name, value in options.items())
        raise Hint(f"{hint}\n  It was called as lenet({called}).") from None
    if not isinstance(model, keras.Model):
        raise Hint(f"Return a Keras model, keras.Sequential([...]); found {short(model)}.")
    shape = getattr(model, "input_shape", (None, 48, 48, 1))  # one that is not built yet has none
    if shape not in ((None, 48, 48, 1), (None, 48, 48)):
        raise Hint(f"The model takes pictures (48, 48, 1); yours takes {short(shape)}.")
    try:
        found = tuple(model(np.zeros((1, 48, 48, 1), "float32")).shape)
    except Exception as error:
        raise Hint(f"Your model stopped with a picture (48, 48, 1): {first_line(error)}") from None
    if found != (1, 7):
        raise Hint(f"The model gives 7 probabilities for each picture; yours gives {found} for one picture.")
    return model


def _check_weights(model: keras.Model, third: bool, what: str) -> None:
    """Compare the shapes of all weights, layer by layer, with LeNet's, and how they are drawn."""
    pairs = [(5, 5, 1, 6), (5, 5, 6, 16), *([(4, 4, 16, 32)] if third else [])]
    flat = 3 * 3 * 32 if third else 9 * 9 * 16
    kernels = [*pairs, (flat, _UNITS[0]), _UNITS, (_UNITS[1], 7)]
    expected = [shape for kernel in kernels for shape in (kernel, kernel[-1:])]
    found = [tuple(weight.shape) for weight in model.weights]
    if found == expected:
        _check_initial(model, what)
        return
    place = next((i for i, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        told = f"{len(expected)} arrays of weights are due, found {len(found)}: a layer is missing, or there is one too many"
    elif expected[place] == (flat, _UNITS[0]) and found[place][1:] == _UNITS[:1]:
        numbers_in = found[place][0]
        told = (
            f"the first dense layer gets {numbers_in:,} numbers, LeNet's gets {flat:,}{_why(numbers_in, third, model)}"
        )
    else:
        told = f"model.get_weights()[{place}] has the shape {found[place]}; LeNet's has {expected[place]}"
    third_told = " The third pair has 32 maps and kernels of 4 × 4, and pooling after it." if third else ""
    raise Hint(f"{what}: {told}.{third_told}")


def _why(flat: int, third: bool, model: keras.Model) -> str:
    """Return what makes so many numbers of the last maps, as far as it is known."""
    padded = any(layer.padding == "same" for layer in layers_by_kind(model).get("Conv2D", []))
    slips: dict[str, dict[str, Any]] = {
        "that is what padding gives: LeNet's convolutions have none": {"padding": True},
        "that is what pooling before each convolution gives: it comes after": {"first": "pooling"},
        "that is what pooling with strides=1 gives: pooling(2) moves by 2": {"step": 1},
        "that is what it is without pooling: it comes after each convolution": {"step": 0},
        "that is what it is without the last pooling": {"last": False},
    }
    for words, slip in slips.items():
        if _flat(third, **slip) == flat and slip.get("padding", padded) == padded:
            return f": {words}"
    return ""


def _flat(third: bool, padding: bool = False, first: str = "convolution", step: int = 2, last: bool = True) -> int:
    """Return how many numbers the last maps of a LeNet have that differs in one thing."""
    side, sizes = 48, (5, 5, 4)[: 3 if third else 2]

    def convolved(side: int, size: int) -> int:
        return side if padding else side - size + 1

    def pooled(side: int, number: int) -> int:
        if not step or (number == len(sizes) - 1 and not last):
            return side
        return (side - 2) // step + 1

    for number, size in enumerate(sizes):
        side = convolved(pooled(side, number), size) if first == "pooling" else pooled(convolved(side, size), number)
    return side * side * (32 if third else 16)


def _check_initial(model: keras.Model, what: str) -> None:
    """See that the weights begin as Keras' do: another start would be a second change."""
    for layer in leaves(model):
        initial = getattr(layer, "kernel_initializer", None)
        if initial is not None and not isinstance(initial, keras.initializers.GlorotUniform):
            raise Hint(
                f"{what}: a layer draws its initial weights by {type(initial).__name__}. That is a second change: leave "
                "`kernel_initializer` out."
            )


def _check_dropout(model: keras.Model, rate: float, what: str) -> None:
    """See that each dense layer but the last is followed by dropout of this rate, and by none where the rate is 0."""
    found = [layer for layer in layers_by_kind(model).get("Dropout", []) if layer.rate]
    if any(abs(layer.rate - rate) > 1e-6 for layer in found):
        raise Hint(f"{what}: a Dropout layer has the rate {found[0].rate:g}; the argument says {rate:g}.")
    met = _shapes_met(model, found)
    if sorted(met) != sorted((units,) for units in _UNITS if rate):
        places = f"where the shape is {' and '.join(map(str, met))}" if met else "none"
        raise Hint(
            f"{what}: dropout is due after the dense layers of 120 and 84 units, and nowhere else; found {places}."
        )


def _shapes_met(model: keras.Model, of: Sequence[keras.Layer]) -> list[tuple[int, ...]]:
    """Return the shapes, without the batch, that these layers of a model are called with; one layer may be called twice."""
    met: list[tuple[int, ...]] = []

    def recorded(call):
        def record(inputs, *arguments, **options):
            met.append(tuple(inputs.shape)[1:])
            return call(inputs, *arguments, **options)

        return record

    for layer in of:
        layer.call = recorded(layer.call)
    try:
        model(np.zeros((1, 48, 48, 1), "float32"), training=False)
    finally:
        for layer in of:
            del layer.call
    return met


def _check_training(model: keras.Model, what: str) -> None:
    """See that nothing but dropout works in training alone, that nothing is added to the loss, and that all weights learn."""
    for layer in leaves(model):
        kind = type(layer).__name__
        if kind.startswith(("Random", "Gaussian", "Alpha", "SpatialDropout")):
            raise Hint(
                f"{what}: there is a {kind} layer in it, which works in training. That is a second change: leave it out."
            )
        if not layer.trainable and layer.weights:
            raise Hint(f"{what}: a {kind} layer is not trainable. That is a second change: leave `trainable` as it is.")
    if model.losses:
        raise Hint(
            f"{what}: something is added to the loss, as by a regulariser. That is a second change: leave it out."
        )


def _check_probabilities(model: keras.Model, options: dict, what: str, number: int) -> None:
    """Compare the model's probabilities with those of NumPy with the same weights; name a mistake that explains them."""
    rng = numbers(number)
    arrays = [rng.normal(size=weight.shape) * _scale(weight.shape) for weight in model.weights]
    model.set_weights(arrays)
    image = rng.integers(0, 256, (48, 48)).astype("float32")
    got = np.asarray(model(image[None, ..., None], training=False))[0]
    asked = {"activation": options.get("activation", "tanh"), "largest": "pooling" in options}
    expected = _forward(arrays, image, **asked)
    if not close(got, expected):
        _check_rescaling(model, what)
        slips = [(_forward(arrays, image, **{**asked, **wrong}), hint) for wrong, hint in LENET_SLIPS]
        expect(got, expected, f"{what}, its probabilities", slips)


def _check_rescaling(model: keras.Model, what: str) -> None:
    for layer in layers_by_kind(model).get("Rescaling", []):
        ends = sorted((float(layer.offset), 255 * float(layer.scale) + float(layer.offset)))
        if not np.allclose(ends, (-1, 1), atol=1e-3):
            told = f"from {ends[0]:.4g} to {ends[1]:.4g}"
            raise Hint(f"{what}: the Rescaling layer makes pixels of 0…255 run {told}; LeNet's run from -1 to 1.")


def _scale(shape: tuple[int, ...]) -> float:
    return 0.1 if len(shape) == 1 else 1.5 / math.sqrt(math.prod(shape[:-1]))


_FUNCTIONS: dict[str, Callable] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
}


def _forward(
    arrays: Sequence[np.ndarray], image: np.ndarray, activation: str, largest: bool, dense: str = "", first: str = "",
    last: str = "", others: bool | None = None, rescale: bool = True, third: str = "", third_largest: bool | None = None,
    late: bool = False,
) -> np.ndarray:  # fmt: skip
    """Return LeNet's probabilities in NumPy; the options after `largest` make known slips of it."""
    x = (image / 127.5 - 1 if rescale else image)[..., None].astype(float)
    pairs = list(zip(arrays[::2], arrays[1::2], strict=True))
    for number, (kernel, bias) in enumerate(pair for pair in pairs if pair[0].ndim == 4):
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
        x = np.einsum("hwcij,ijcm->hwm", windows, kernel, optimize=True) + bias
        function = _FUNCTIONS[{0: first, 2: third}.get(number) or activation]
        x = x if late else function(x)
        squares = x.reshape(len(x) // 2, 2, len(x) // 2, 2, -1)
        pool = largest if number == 0 or others is None else others
        pool = third_largest if number == 2 and third_largest is not None else pool
        x = squares.max(axis=(1, 3)) if pool else squares.mean(axis=(1, 3))
        x = function(x) if late else x
    x = x.ravel()
    for kernel, bias in pairs[-3:-1]:
        x = _FUNCTIONS[dense or activation](x @ kernel + bias)
    kernel, bias = pairs[-1]
    scores = x @ kernel + bias
    if last:
        return _FUNCTIONS[last](scores)
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


_ALL = "The activation belongs into every layer but the last."
#: What differs from LeNet -> the hint.
LENET_SLIPS: tuple[tuple[dict, str], ...] = (
    ({"activation": "tanh"}, f"these are those of tanh. {_ALL}"),
    ({"activation": "relu"}, "these are those of ReLU. The default activation is tanh; use the argument."),
    ({"dense": "tanh"}, f"the dense layers still have tanh. {_ALL}"),
    ({"dense": "relu"}, "the dense layers have ReLU, whatever the argument says. Use it there too."),
    ({"dense": "linear"}, f"the dense layers have no activation. {_ALL}"),
    ({"activation": "linear"}, f"no layer has an activation. {_ALL}"),
    ({"activation": "linear", "dense": "tanh"}, f"the convolutions have no activation. {_ALL}"),
    ({"activation": "linear", "dense": "relu"}, f"the convolutions have no activation. {_ALL}"),
    ({"activation": "tanh", "dense": "relu"}, f"the convolutions have tanh, whatever the argument says. {_ALL}"),
    ({"activation": "relu", "dense": "tanh"}, f"the convolutions have ReLU, whatever the argument says. {_ALL}"),
    ({"third": "tanh"}, f"the convolution of the third pair still has tanh. {_ALL}"),
    ({"third": "relu"}, "the convolution of the third pair has ReLU, whatever the argument says. Use it there too."),
    ({"third": "linear"}, f"the convolution of the third pair has no activation. {_ALL}"),
    ({"first": "tanh"}, f"the first convolution still has tanh. {_ALL}"),
    ({"largest": False}, "these are those of average pooling. Use the argument: pooling(2)."),
    ({"largest": True}, "these are those of max pooling. The default is average pooling; use the argument: pooling(2)."),
    ({"others": False}, "only the first pooling is what the argument says. Use it in every pair: pooling(2)."),
    ({"largest": False, "others": True}, "the first pooling is not what the argument says. Use it in every pair: pooling(2)."),
    ({"third_largest": False}, "the pooling of the third pair is a mean, whatever the argument says: pooling(2)."),
    ({"third_largest": True}, "the pooling of the third pair is the largest, whatever the argument says: pooling(2)."),
    ({"late": True}, "the activation comes after the pooling. It belongs into the convolution, before it."),
    ({"rescale": False}, "the pixels are not rescaled to between -1 and 1. Keep LeNet's Rescaling layer."),
    ({"last": "linear"}, "these are scores. The last layer has the activation softmax."),
    ({"last": "tanh"}, "the last layer has tanh. It keeps its softmax."),
    ({"last": "relu"}, "the last layer has ReLU. It keeps its softmax."),
)  # fmt: skip
