"""Checks: the receptive field of a stack of layers, and the cost of a layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from fer_course.checks.answers import same_mistake, whole
from fer_course.checks.core import Hint, attempt, expect, grown, passed, short

# ---------------------------------------------------------------------------------------------- receptive field


def receptive_field(learner) -> None:
    """Check `receptive_field(layers)`: side of the square of input pixels that one output number depends on, an int.

    Without any layer it is 1.
    """
    cases = [
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(5, 1), (3, 1), (3, 1)],
        [(5, 1), (2, 2), (5, 1), (2, 2)],
        [(3, 2), (5, 1), (2, 2)],
        [(3, 2), (3, 2), (3, 2)],
        [(7, 3), (3, 1), (4, 2), (5, 1)],
    ]
    cases = [
        list(zip(grown(seed, *(kernel for kernel, _ in layers)), (stride for _, stride in layers), strict=True))
        for seed, layers in enumerate(cases)
    ]
    answers = [whole(attempt(learner, layers), "The side of a receptive field") for layers in cases]
    right = [_reached(layers) for layers in cases]
    same_mistake(answers, [(layers,) for layers in cases], right, _field_mistakes)
    for answer, expected, layers in zip(answers, right, cases, strict=True):
        expect(answer, expected, f"receptive field of the layers (kernel, stride) {layers}")
    _without_layers(learner)
    passed("Receptive field: you know how far a network looks.")


def _without_layers(learner) -> None:
    hint = "Without any layer, [], a number sees one pixel: itself. Start with 1, before the loop, and not with the first layer."
    try:
        field = attempt(learner, [])
    except Hint:
        raise Hint(hint) from None
    if whole(field, "The side of a receptive field") != 1:
        raise Hint(hint)


def _reached(layers: Sequence[tuple[int, int]]) -> int:
    """Start from one output number, and collect layer by layer, backwards, the places that it is computed from."""
    places = {0}
    for kernel, stride in reversed(layers):
        places = {place * stride + offset for place in places for offset in range(kernel)}
    return max(places) - min(places) + 1


def _field_mistakes(layers: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    kernels, strides = [kernel for kernel, _ in layers], [stride for _, stride in layers]
    numbers = range(len(layers))

    def field(step: Callable[[int], int]) -> int:
        """Return 1 plus k - 1 pixels for each layer, each times the step of the layer with this number."""
        return 1 + sum((kernels[n] - 1) * step(n) for n in numbers)

    grown = stretched = 1
    for kernel, stride in layers:
        grown, stretched = grown * stride + kernel - 1, (stretched + kernel - 1) * stride
    right = field(lambda n: math.prod(strides[:n]))
    from_the_end = "The layers are taken from the wrong end: the list begins at the picture."
    added = "The strides are added. They multiply: 2, 2 and 2 make 8."
    multiplied = (
        "From the first layer on, the field itself is never multiplied: it grows by k - 1 steps. The *step* is multiplied, "
        "by each stride, for the layers after it."
    )
    widens = "Each layer widens what the layers before it see."
    return [
        (field(lambda n: 1), "The strides are not used: after a stride of 2, neighbours lie 2 pixels apart."),
        (
            field(lambda n: math.prod(strides[: n + 1])),
            "A layer's own stride comes too early: it moves the layers *after* it apart, not the pixels of its own kernel.",
        ),
        (
            field(lambda n: strides[n - 1] if n else 1),
            "Only the stride of the layer before is used. Strides multiply: 2 and 2 make 4.",
        ),
        (
            field(lambda n: strides[n]),
            "A kernel is widened by its own stride alone. What counts for it are all strides *before* it, multiplied.",
        ),
        (field(lambda n: 1 + sum(strides[:n]) - n), added),
        (field(lambda n: sum(strides[:n]) or 1), added),
        (field(lambda n: 1 + sum(strides[:n])), added),
        (field(lambda n: 1 + sum(strides[: n + 1])), added),
        (field(lambda n: sum(strides[: n + 1])), added),
        (grown, multiplied),
        (stretched, multiplied),
        (field(lambda n: math.prod(strides[n + 1 :])), from_the_end),
        (field(lambda n: math.prod(strides[n:])), from_the_end),
        (right - 1, "One too few: even without any layer, an output sees one pixel. Start with 1."),
        (right + 1, "One too many: start with a field of 1 pixel."),
        (right**2, "This is the area of the square. Asked for is its side."),
        (
            1 + sum(kernels[n] * math.prod(strides[:n]) for n in numbers),
            "A kernel of k adds k - 1 pixels, not k: one of them was seen already.",
        ),
        (sum(kernels), "The kernels are added. But two of 3 see 5 pixels: they overlap; a kernel of k adds k - 1."),
        (math.prod(kernels), "The kernels are multiplied. But two of 3 see 5 pixels, not 9: each adds k - 1."),
        (max(kernels), f"This is the largest kernel. {widens}"),
        (kernels[-1], f"This is the last kernel alone. {widens}"),
    ]


# -------------------------------------------------------------------------------------------------------- cost


def layer_cost(learner) -> None:
    """Check `layer_cost(height, width, channels, filters, size, stride)`: parameters with biases, and multiply-adds, ints."""
    cases = [(8, 5, 1, 1, 3, 1), (7, 9, 2, 5, 3, 1), (6, 11, 3, 4, 2, 1), (10, 7, 2, 3, 3, 2), (9, 13, 4, 2, 5, 3)]
    cases = [(*grown(seed, *case[:4]), *case[4:]) for seed, case in enumerate(cases)]
    answers = [_pair(attempt(learner, *case)) for case in cases]
    right = [_counted(*case) for case in cases]
    if answers == [pair[::-1] for pair in right]:
        raise Hint("The two are in the other order: first the parameters, then the multiply-adds.")
    for part, name, mistakes in ((0, "parameters", _parameter_mistakes), (1, "multiply-adds", _multiply_mistakes)):
        found, counted = [pair[part] for pair in answers], [pair[part] for pair in right]
        same_mistake(found, cases, counted, mistakes)
        for answer, expected, case in zip(found, counted, cases, strict=True):
            expect(
                answer,
                expected,
                "{}, {} × {} pixels, {} channels, {} maps, kernel size {}, stride {}".format(name, *case),
            )
    if _pair(attempt(learner, *cases[1][:5])) != right[1]:
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


def _counted(height, width, channels, filters, size, stride) -> tuple[int, int]:
    """Count one by one: the numbers of all kernels and biases, and every product, place by place."""
    products = 0
    kernel = np.ones((size, size, channels, filters))
    for _row in range(0, height - size + 1, stride):
        for _column in range(0, width - size + 1, stride):
            products += sum(1 for _ in np.ndindex(kernel.shape))
    return kernel.size + len(kernel[0, 0, 0]), products


def _places(height, width, size, stride) -> int:
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


def _parameter_mistakes(h: int, w: int, c: int, m: int, k: int, s: int) -> list[tuple[int, str]]:
    no_size = "they don't depend on the size of the picture: the *same* kernel is used in every place."
    found = [
        (k * k * c * m, "the biases are missing, one for each output map."),
        (k * k * c * m + 1, "there is one bias for *each* output map, not one in all."),
        (k * k * c * m + c, "there is one bias for each *output* map, not for each channel."),
        ((k * k * c + c) * m, "a kernel has one bias, not one a channel."),
        (k * k * m + m, "a kernel has a slice for each input channel. The channels are missing."),
        (k * k * c + 1, "this is one kernel with its bias. There are as many as output maps."),
        (k * c * m + m, "a kernel is a square, with size × size numbers a channel."),
        (k * k * (c + m), "channels and maps multiply. Each map has a kernel for all channels."),
        (k * k * (c + m) + m, "channels and maps multiply. Each map has a kernel for all channels."),
        ((k * k * c * m + m) * _places(h, w, k, s), no_size),
        (h * w * c * m + m, no_size),
    ]
    return [(number, f"Parameters: {hint}") for number, hint in found]


def _multiply_mistakes(h: int, w: int, c: int, m: int, k: int, s: int) -> list[tuple[int, str]]:
    each = k * k * c * m  # in one place
    places, all_places = _places(h, w, k, s), _places(h, w, k, 1)
    border = "at the border the kernel has no place. Count those of the *output*: (H - k) // stride + 1."
    biases = "adding a bias is no multiplication. Leave the biases out here."
    both_wrong = f"{biases} And count the places of the *output*: (H - k) // stride + 1 along one side."
    rows, columns = (h - k) // s + 1, (w - k) // s + 1
    one_side = "places along one side alone. Multiply those along the height by those along the width."
    found = [
        (h * w * each, "you count a place for every input pixel. Count those of the *output*: (H - k) // stride + 1."),
        ((h // s) * (w // s) * each, border),
        (-(-h // s) * -(-w // s) * each, border),
        (all_places * each, "the stride is ignored. With stride 2 there are about a quarter of the places."),
        (all_places * each // s, "the stride thins out rows *and* columns."),
        (((h - k) // s) * ((w - k) // s) * each, "a row and a column of places are missing: (H - k) // stride + 1."),
        (places * (each + m), biases),
        (h * w * (each + m), both_wrong),
        (all_places * (each + m), both_wrong),
        (h * w // s**2 * each, border),
        (h * w * each // s**2, border),
        (places**2 * each, "the places are squared. Rows times columns of places is their number already."),
        (rows**2 * each, "a picture need not be square: the width gives a number of places of its own."),
        (columns**2 * each, "a picture need not be square: the height gives a number of places of its own."),
        (rows * each, one_side),
        (columns * each, one_side),
        (
            (rows + columns) * each,
            "rows and columns of places are added. Multiply them: each row has a place in each column.",
        ),
        (2 * places * each, "a product and its addition count as *one*."),
        (places * k * k * m, "every window has all channels. They are missing."),
        (places * k * k * c, "this is for one output map. There are `filters` of them."),
        (places * k * c * m, "a kernel is a square, with size × size numbers a channel."),
        (each, "this is for one place. Multiply it by the number of places."),
    ]
    return [(number, f"Multiply-adds: {hint}") for number, hint in found]
