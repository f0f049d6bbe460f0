"""Checks: depthwise and pointwise convolutions, what they cost, and the best separable kernel for a standard one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np

from fer_course.checks import oracles
from fer_course.checks.comparing import as_array, shapes_in
from fer_course.checks.core import Hint, Mistake, attempt, check, grown, judge, numbers, passed, short

_RELU = "everything below zero is cut off. A ReLU may follow a convolution; it is no part of it."
_MEAN = "this is a mean. A convolution adds up, and does not divide."


def _images(cases) -> list[tuple[np.random.Generator, np.ndarray]]:
    """Return a generator of numbers and an image for each (shape, kind) of `cases`."""
    images = []
    for seed, (shape, kind) in enumerate(cases):
        shape, rng = grown(seed, *shape), numbers(seed)
        images.append(
            (rng, rng.integers(0, 256, shape, dtype=np.uint8) if kind is np.uint8 else rng.normal(size=shape))
        )
    return images


def _floats(answer):
    """Return the answer, unless it is an array of whole numbers, which cuts every fraction off."""
    if isinstance(answer, np.ndarray) and answer.ndim and answer.dtype.kind in "iub":
        raise Hint(
            f"Your answer holds whole numbers ({answer.dtype}), so every fraction is cut off. np.zeros_like(image) takes "
            "over the pixels' dtype; np.zeros(shape) makes floats."
        )
    return answer


def _changed(right: Callable, change: Callable):
    """Return a wrong answer: `change(right answer, *arguments)`."""
    return lambda *given: change(right(*given), *given)


def _layouts(right: Callable) -> tuple[Mistake, ...]:
    """Return the right answer laid out otherwise."""
    return (
        Mistake(
            _changed(right, lambda maps, *_: maps[None]),
            "there is a fourth axis in front, as Keras has it for a batch. Return a single picture: result[0].",
        ),
        Mistake(
            _changed(right, lambda maps, *_: maps.transpose(2, 0, 1)),
            "the channels come first. Everywhere in this course they come last: (H, W, channels).",
        ),
        Mistake(
            _changed(right, lambda maps, *_: maps.transpose(1, 0, 2)),
            "rows and columns of the picture are swapped.",
        ),
    )


# ------------------------------------------------------------------------------------------------ depthwise


@check
def depthwise(answer) -> None:
    """Check `depthwise(image, kernel)`: floats (H-k+1, W-k+1, C) of an image (H,W,C) and a kernel (k,k,C)."""
    images = _images([((8, 7, 3), float), ((5, 8, 4), np.uint8), ((6, 9, 1), float), ((9, 6, 5), float)])
    judge(
        answer,
        [
            (image, rng.normal(size=(size, size, image.shape[2])))
            # In the first k = C, so that kernel[c] has the right shape.
            for (rng, image), size in zip(images, (images[0][1].shape[2], 2, 5, 3), strict=True)
        ],
        oracles.depthwise,
        lambda image, kernel: f"depthwise convolution of {image.dtype} {image.shape} with a kernel {kernel.shape}",
        mistakes=DEPTHWISE_MISTAKES,
        advice=_depthwise_advice,
        form=_floats,
    )
    passed("Depthwise: every channel has its own kernel, and none hears of another.")


def _depthwise_advice(error: Exception, image: np.ndarray, kernel: np.ndarray) -> str:
    told, shapes = str(error), shapes_in(error)
    size, channels = len(kernel), image.shape[2]
    result = (image.shape[0] - size + 1, image.shape[1] - size + 1, channels)
    if "operands could not be broadcast" in told and set(shapes) == {result, kernel.shape}:
        return (
            f"{result} is the shape of the whole result, {kernel.shape} that of the kernel and of a window. The sum of one "
            "window's products goes to one position, maps[row, column]."
        )
    if "operands could not be broadcast" in told and shapes[-1:] == [kernel.shape]:
        return (
            f"{kernel.shape} is the shape of the kernel; the other array is {shapes[0]}. Is that the window? It begins at row "
            "and column, and is k wide: `image[row : row + k, column : column + k]`."
        )
    if "operands could not be broadcast" in told and shapes[-1:] == [kernel.shape[:2]]:
        return (
            f"{shapes[-1]} is the shape of one channel's kernel; the other array is {shapes[0]}. Is that the window? The one of "
            "channel c is `image[row : row + k, column : column + k, c]`."
        )
    if "could not broadcast input array" in told and shapes[1:] == [image.shape[2:]]:
        return (
            f"One position of the result takes {channels} numbers, one per channel; here is an array {shapes[0]}. Sum the "
            "product over its rows and columns: `.sum(axis=(0, 1))`."
        )
    if "inhomogeneous" in told:
        return _UNEQUAL
    if "setting an array element" in told:
        return "Several numbers are written to one element. maps[row, column] takes one per channel, maps[row, column, c] one."
    if isinstance(error, IndexError):
        return _about_index(told, {"image": image.shape, "kernel": kernel.shape, "result": result})
    return ""


#: What is true of the sides of image, kernel and result.
_SIDES = {
    "image": "A window at row and column of the image begins there and is k wide: "
    "`image[row : row + k, column : column + k]`.",
    "kernel": "The kernel, and each window, has the rows and columns 0 to k - 1.",
    "result": "The result has H - k + 1 rows and W - k + 1 columns. The row comes first, then the column: maps[row, column].",
}


def _about_index(told: str, shapes: dict[str, tuple[int, ...]]) -> str:
    """Say which array an index may have gone past: the message tells the axis and its size, and not the array."""
    found = re.search(r"out of bounds for axis (\d+) with size (\d+)", told)
    if not found:
        return ""
    axis, size = map(int, found.groups())
    if axis == 2 and size == shapes["image"][2]:
        return f"There are {size} channels: 0 to {size - 1}."
    fit = [name for name, shape in shapes.items() if axis < 2 and shape[axis] == size]
    if not fit:
        return ""
    side = f"{size} {('rows', 'columns')[axis]}"
    if len(fit) == 1:
        return f"The {fit[0]} has {side} here. {_SIDES[fit[0]]}"
    return f"Both {' and '.join(fit)} have {side} here; which of them does the line above index? " + " ".join(
        _SIDES[name] for name in fit
    )


_UNEQUAL = "The parts of a list have different shapes here, so they don't make one array. They should have one shape."


def _depthwise_of(change: Callable[[np.ndarray, np.ndarray], tuple]):
    """Return a wrong answer: the depthwise convolution of `change(image, kernel)`."""
    return lambda image, kernel: oracles.depthwise(*change(image, kernel))


def _depthwise_maps(change: Callable):
    """Return a wrong answer: `change(right maps, image, kernel)`."""
    return _changed(oracles.depthwise, change)


def _last_empty(maps: np.ndarray, *_) -> np.ndarray:
    maps[-1], maps[:, -1] = 0, 0
    return maps


def _of_first(values: np.ndarray) -> np.ndarray:
    """Return the array with its first channel in place of all."""
    return values[:, :, :1].repeat(values.shape[2], axis=2)


def _by_window(value: Callable):
    """Return a wrong answer: one position of the result is `value(image, kernel, row, column)`."""

    def depthwise(image, kernel):
        maps = np.zeros_like(oracles.depthwise(image, kernel))
        for row, column in np.ndindex(maps.shape[:2]):
            maps[row, column] = value(image, kernel, row, column)
        return maps

    return depthwise


def _each_channel(value: Callable):
    """Return a wrong answer: one number of the result is the sum of `value(window, kernel, channel)`."""

    def at(image, kernel, row, column):
        window = image[row : row + len(kernel), column : column + len(kernel)]
        return [value(window, kernel, c).sum() for c in range(image.shape[2])]

    return _by_window(at)


def _first_channels(maps: np.ndarray, image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    maps[:, :, len(kernel) :] = 0
    return maps


def _summed(image: np.ndarray, kernel: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    """Sum each window's products over other axes, where the result has as many numbers as there are channels."""
    maps, size = np.zeros_like(oracles.depthwise(image, kernel)), len(kernel)
    for row, column in np.ndindex(maps.shape[:2]):
        window = image[row : row + size, column : column + size]
        maps[row, column] = (window * kernel).sum(axis=axes)
    return maps


_SIDE = "there are two {} too few. A side of H has H - k + 1 places."
_SUMMED = "the channels are summed up. That is what a *standard* convolution does: sum over axis=(0, 1) only."


def _too_few(image: np.ndarray, kernel: np.ndarray) -> str:
    return (
        f"the last row and column are missing. In H rows a kernel has H - k + 1 places: in {len(kernel)} rows 1, not 0."
    )


DEPTHWISE_MISTAKES = (
    Mistake(_depthwise_maps(lambda maps, *_: maps.sum(axis=2)), _SUMMED),
    Mistake(_depthwise_maps(lambda maps, *_: maps.sum(axis=2, keepdims=True)), _SUMMED),
    Mistake(_depthwise_maps(lambda maps, *_: maps.sum(axis=2, keepdims=True).repeat(maps.shape[2], axis=2)),
            "every map is the sum over all channels. Map c comes from channel c of the image alone."),
    Mistake(_depthwise_of(lambda image, kernel: (image, kernel[::-1, ::-1])),
            "the kernel is flipped. Networks lay it on as it is."),
    Mistake(_depthwise_of(lambda image, kernel: (image, kernel.transpose(1, 0, 2))),
            "rows and columns of the kernel are swapped."),
    Mistake(_depthwise_of(lambda image, kernel: (image, kernel[:, :, ::-1])),
            "the kernel's channels run backwards: channel c goes with channel c."),
    Mistake(_depthwise_maps(lambda maps, *_: maps[:, :, -1:].repeat(maps.shape[2], axis=2)),
            "every map holds the numbers of the last channel, as if each channel overwrote them all. In a loop over channels "
            "write "
            "to output[row, column, c]."),
    Mistake(_depthwise_maps(lambda maps, *_: maps[:-1, :-1]), _too_few),
    Mistake(_depthwise_maps(_last_empty), _too_few),
    Mistake(_depthwise_maps(lambda maps, *_: maps[:-2]), _SIDE.format("rows")),
    Mistake(_depthwise_maps(lambda maps, *_: maps[:, :-2]), _SIDE.format("columns")),
    Mistake(_depthwise_maps(lambda maps, *_: maps[:-2, :-2]), _SIDE.format("rows and columns")),
    Mistake(_depthwise_maps(lambda maps, *_: maps[: maps.shape[1]]),
            "there are as many rows as columns: the height of the picture is image.shape[0]."),
    Mistake(_depthwise_maps(lambda maps, image, kernel: maps[: image.shape[2] - len(kernel) + 1]),
            lambda image, kernel: f"there are {image.shape[2] - len(kernel) + 1} rows, as a height of {image.shape[2]} gives, "
                                  "the "
            "number of channels. The height of the picture is image.shape[0]."),
    Mistake(_depthwise_maps(lambda maps, image, kernel: maps[:, : image.shape[2] - len(kernel) + 1]),
            lambda image, kernel: f"there are {image.shape[2] - len(kernel) + 1} columns, as a width of {image.shape[2]} "
                                  "gives, the "
            "number of channels. The width of the picture is image.shape[1]."),
    Mistake(_depthwise_of(lambda image, kernel: (image, 1 / kernel)),
            "this is what window / kernel gives. Multiply the two."),
    *(
        Mistake(
            lambda image, kernel, axes=axes: _summed(image, kernel, axes),
            f"this is what a sum over the axes {axes} of the window gives. Its rows and columns are the axes (0, 1).",
        )
        for axes in ((0, 2), (1, 2))
    ),
    Mistake(lambda image, kernel: oracles.depthwise(image, kernel, padding="same"),
            "this is what a padded picture gives. Take only places where all of the kernel is inside."),
    Mistake(_depthwise_of(lambda image, kernel: (image, _of_first(kernel))),
            "this is what the kernel of channel 0 gives in all channels. Use kernel[:, :, c]."),
    Mistake(_depthwise_of(lambda image, kernel: (_of_first(image), kernel)),
            "this is what all kernels give on channel 0. Use channel c of the image."),
    Mistake(_depthwise_of(lambda image, kernel: (image, np.ones_like(kernel))),
            "these are the sums of the windows alone. Multiply the window by the kernel before you add up."),
    Mistake(_depthwise_of(lambda image, kernel: (image, np.full_like(kernel, 1 / len(kernel) ** 2))),
            "these are the means of the windows alone. Multiply the window by the kernel, and add up."),
    Mistake(_depthwise_maps(lambda maps, image, kernel: maps / len(kernel) ** 2), _MEAN),
    Mistake(_depthwise_maps(lambda maps, *_: np.maximum(maps, 0)), _RELU),
    *_layouts(oracles.depthwise),
    Mistake(_depthwise_maps(lambda maps, *_: maps[0, 0]),
            "this is the first position alone. Is `return` inside the loop? Write to maps[row, column], return maps after it."),
    Mistake(_depthwise_maps(lambda maps, *_: maps[-1, -1]),
            "this is the last position alone. Write each one to maps[row, column]."),
    Mistake(_by_window(lambda x, kernel, row, column: (x[row, column] * kernel).sum(axis=(0, 1))),
            "this is what a single pixel gives at each position. The window is image[row : row + k, column : column + k]."),
    Mistake(_by_window(lambda x, kernel, row, column: (x[row : row + len(kernel), column] * kernel).sum(axis=(0, 1))),
            "this is what a single column gives at each position. The window is image[row : row + k, column : column + k]."),
    Mistake(_by_window(lambda x, kernel, row, column: (x[row, column : column + len(kernel)] * kernel).sum(axis=(0, 1))),
            "this is what a single row gives at each position. The window is image[row : row + k, column : column + k]."),
    Mistake(
        _by_window(lambda x, kernel, row, column: (
            x[row : row + len(kernel), column : column + len(kernel)] @ kernel
        ).sum(axis=(0, 1))),
        "this is what window @ kernel gives, a product of matrices. The two are multiplied number by number: *.",
    ),
    *(
        Mistake(_each_channel(lambda window, kernel, c, take=take: take(window[:, :, c] * kernel[:, :, c])),
                f"this is the {word} product in each window. A convolution adds the products up: sum.")
        for take, word in ((np.max, "largest"), (np.min, "smallest"))
    ),
    Mistake(_each_channel(lambda window, kernel, c: window[:, :, c] + kernel[:, :, c]),
            "this is what window + kernel gives, added up. Multiply the two first."),
    Mistake(_each_channel(lambda window, kernel, c: window[:, :, c] * kernel),
            "this is what the window of one channel gives with the kernels of all. Its own is kernel[:, :, c]."),
    Mistake(_each_channel(lambda window, kernel, c: window * kernel[:, :, c]),
            "this is what the kernel of one channel gives with the windows of all. Its own is window[:, :, c]."),
    Mistake(_depthwise_maps(_first_channels),
            lambda image, kernel: f"only {len(kernel)} of {image.shape[2]} maps are filled, as many as the kernel has rows. "
            "The channels are the last axis: image.shape[2]."),
    Mistake(
        lambda image, kernel: oracles.depthwise(
            image, np.moveaxis(kernel, 0, 2) if len(kernel) == image.shape[2] else kernel
        ),
        "this is what kernel[c] gives, which is a *row* of all kernels. The kernel of channel c is kernel[:, :, c].",
    ),
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ pointwise


@check
def pointwise(answer) -> None:
    """Check `pointwise(image, kernel)`: floats (H,W,M) of an image (H,W,C) and a kernel (C,M)."""
    # The first image is a cube, so that a sum along a wrong axis has the right shape and gets its own hint.
    rng, (side,) = numbers(4), grown(4, 4)
    cases = [(rng.normal(size=(side, side, side)), rng.normal(size=(side, side)))]
    images = _images([((5, 7, 3), np.uint8), ((3, 2, 5), float), ((6, 5, 1), float)])
    for seed, ((rng, image), filters) in enumerate(zip(images, (6, 1, 2), strict=True)):
        cases.append((image, rng.normal(size=(image.shape[2], *grown(seed, filters)))))
    judge(
        answer,
        cases,
        oracles.pointwise,
        lambda image, kernel: f"pointwise convolution of {image.dtype} {image.shape} with a kernel {kernel.shape}",
        mistakes=POINTWISE_MISTAKES,
        advice=_pointwise_advice,
        form=_floats,
    )
    passed("Pointwise: every pixel mixes its own channels, and looks at no neighbour.")


def _pointwise_advice(error: Exception, image: np.ndarray, kernel: np.ndarray) -> str:
    told, shapes = str(error), shapes_in(error)
    channels, maps = kernel.shape
    if "inhomogeneous" in told:
        return _UNEQUAL
    if "setting an array element" in told:
        return f"Several numbers are written to one element. A pixel has {maps} numbers in the result, one per map."
    if (
        channels != maps
        and "broadcast" in told
        and {each[-1] for each in shapes} == {channels, maps}
        and (len({each[:-1] for each in shapes}) == 1)
    ):
        return f"The image has C = {channels} channels, the result M = {maps} maps: its shape is (H, W, M)."
    if "could not broadcast input array" in told and len(shapes) == 2:
        return (
            f"An array {shapes[0]} is written to a place of shape {shapes[1]}. The result is (H, W, M), here "
            f"{(*image.shape[:2], maps)}: a pixel of it takes M = {maps} numbers."
        )
    if "broadcast" in told or "mismatch in its core dimension" in told:
        return "The channels are the last axis of the image, and the first of the kernel: `@` sums their products."
    return ""


def _pointwise_maps(change: Callable):
    """Return a wrong answer: `change(right maps, image, kernel)`."""
    return _changed(oracles.pointwise, change)


_STAR = (
    "these are products, number by number, which mix nothing: the products of a pixel's C channels are to be added up."
)
_ROWS = (
    "this is what a sum along the *rows* of the image gives. The channels are its last axis; reshape(C, …) does not pick "
    "them."
)
_COLUMNS = "this is what a sum along the *columns* of the image gives. It should run along the channels, its last axis."
#: Every way in which a product with the kernel can sum over height or width instead of the channels, and be laid out.
_WRONG_SUMS = [
    (f"{image},{kernel}->{output}", hint)
    for image, letter, rest, hint in (("hwc", "h", "wc", _ROWS), ("hwc", "w", "hc", _COLUMNS))
    for kernel in (f"{letter}m", f"m{letter}")
    for output in map("".join, itertools.permutations(f"{rest}m"))
]


POINTWISE_MISTAKES = (
    Mistake(lambda image, kernel: image[:, :, -1:] * kernel[-1],
            "only the last channel is left, as if each one overwrote those before. Add up with +=."),
    Mistake(_pointwise_maps(lambda maps, *_: maps[..., 0]),
            "this is the first output map alone. Each of the M columns of the kernel makes one."),
    Mistake(_pointwise_maps(lambda maps, *_: maps.sum(axis=2)),
            "this is the sum of the output maps. Keep all M of them, along the last axis."),
    Mistake(_pointwise_maps(lambda maps, image, kernel: maps / image.shape[2]),
            "this is a mean over the channels. A convolution adds up, and does not divide."),
    Mistake(_pointwise_maps(lambda maps, *_: np.maximum(maps, 0)), _RELU),
    Mistake(_pointwise_maps(lambda maps, *_: maps.reshape(-1, maps.shape[2])),
            "the pixels form one long row: fold them back with reshape(H, W, M)."),
    *_layouts(oracles.pointwise),
    Mistake(lambda image, kernel: image @ kernel.T,
            "this is what the transposed kernel gives. Its *rows* (C) go with the channels of the image."),
    *(
        Mistake(lambda image, kernel, terms=terms: np.einsum(terms, image, kernel), hint)
        for terms, hint in _WRONG_SUMS
    ),
    Mistake(lambda image, kernel: (image[..., None] * kernel).sum(axis=-1),
            "this is what a sum over the output maps gives. It should run over the channels, the axis before."),
    Mistake(lambda image, kernel: np.stack([(image * kernel[c]).sum(axis=2) for c in range(len(kernel))]).sum(axis=0)[..., None]
            .repeat(kernel.shape[1], axis=2),
            "all maps hold the same number for a pixel. Sum over the channels only, and keep M numbers."),
    Mistake(lambda image, kernel: image * kernel, _STAR),
    Mistake(lambda image, kernel: image * kernel.T, _STAR),
    Mistake(lambda image, kernel: image * kernel[:, 0], _STAR),
    Mistake(lambda image, kernel: image * kernel[:, -1], _STAR),
    Mistake(lambda image, kernel: image * kernel[0], _STAR),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------ cost ratio


@check
def cost_ratio(answer) -> None:
    """Check `cost_ratio(height, width, channels, filters, size)`: multiply-adds, separable over standard, a float."""
    cases = ((48, 48, 8, 16, 3), (20, 30, 64, 32, 5), (12, 9, 3, 128, 3), (6, 7, 16, 1, 3))
    judge(
        answer,
        [(*grown(seed, *case[:4]), case[4]) for seed, case in enumerate(cases)],
        lambda h, w, *layer: _separable_count(*layer) / _standard_count(*layer),
        "ratio for {} × {} pixels, {} channels, {} filters, kernel size {}".format,
        mistakes=COST_RATIO_MISTAKES,
        advice={"for ^": f"{_CARET} A square is `size ** 2`."},
        form=_one_number,
    )
    passed("The ratio is right, also where a separable convolution is the dearer one.")


def _one_number(answer):
    if isinstance(answer, (Fraction, Decimal)):
        return float(answer)
    if np.size(answer) != 1:
        raise Hint(f"Return one number, separable / standard; found {short(answer)}.")
    return answer


def _standard_count(channels: int, filters: int, size: int) -> int:
    """Count the multiply-adds in one place."""
    return sum(size * size * channels for _ in range(filters))


def _separable_count(channels: int, filters: int, size: int) -> int:
    """Count the multiply-adds in one place."""
    return sum(size * size for _ in range(channels)) + sum(channels for _ in range(filters))


def _counted(answer: Callable[[int, int, int], float]):
    """Return a wrong ratio: `answer(separable, standard, places)` of the counts in one place."""
    return lambda h, w, *layer: answer(_separable_count(*layer), _standard_count(*layer), h * w)


def _halves(depthwise: Callable, pointwise: Callable):
    """Return a wrong ratio: `depthwise(channels, filters, size)` and `pointwise(...)` are the counts in one place."""
    return lambda h, w, *layer: (depthwise(*layer) + pointwise(*layer)) / _standard_count(*layer)


def _fewer(height: int, width: int, size: int, valid: int) -> int:
    """Count the places of a layer, padded or not."""
    return (height - size + 1) * (width - size + 1) if valid else height * width


_CARET = "In Python ^ is no power: it compares the bits of two whole numbers."
_UPSIDE_DOWN = "this is upside down. Return separable / standard: below 1 where the separable one is cheaper."
_BRACKETS = "this is what comes without brackets: / and * come before +. Write (depthwise + pointwise) / standard."
_BELOW = "this is what comes without brackets: a / b * c is (a / b) * c. Work the standard count out first, on a line of its own."
_NO_PLACES = "this is what comes if height × width is in one of the two counts only. Both work at every place."
_ONE_PLACE = (
    "this is what comes if the {} half is counted at one place only. Both halves work at every place: height · width · (k² · C "
    "+ C · M). Mind the "
    "brackets."
)
_ADD = "this is what the product of the two halves gives. They come one after the other: add their multiply-adds."
_SUBTRACTED = "this is the difference of the two halves: add them."
_OTHER_PLACES = (
    "this is what comes if some counts have the places of an unpadded layer, and others don't. Count height × "
    "width places in each."
)
_NO_BIAS = "this is what comes if biases are counted. A bias adds, but multiplies nothing."

COST_RATIO_MISTAKES = (
    Mistake(_counted(lambda separable, standard, places: standard / separable), _UPSIDE_DOWN),
    Mistake(_counted(lambda separable, standard, places: standard // separable), _UPSIDE_DOWN),
    Mistake(_counted(lambda separable, standard, places: separable // standard),
            "this is the ratio without its fraction, as // gives it. Divide with /."),
    Mistake(lambda h, w, c, m, k: 1 / c + 1 / k**2,
            "this is 1 / channels + 1 / size². Does the depthwise half have one kernel per *input* channel, k² · C? And which of "
            "the two is left when you cancel?"),
    Mistake(_halves(lambda c, m, k: k * k * c, lambda c, m, k: 0),
            "this is the depthwise half alone. Add the pointwise one: C · M at every place."),
    Mistake(_halves(lambda c, m, k: 0, lambda c, m, k: c * m),
            "this is the pointwise half alone. Add the depthwise one: k² · C at every place."),
    Mistake(lambda h, w, c, m, k: 1 / m + 1 / k,
            "this is 1 / filters + 1 / size. A kernel has k × k numbers: size ** 2, not "
            "size."),
    Mistake(lambda h, w, c, m, k: (k**2 * c + c * m) / (2 * k * c * m),
            "this is what a standard count with 2 · k in place of k² gives: size ** 2, not size * 2."),
    Mistake(lambda h, w, c, m, k: (k**2 * c + c * m) / (2**k * c * m),
            "this is what a standard count with 2 to the power of k gives, in place of k²: size ** 2, not 2 ** size."),
    Mistake(_halves(lambda c, m, k: 2 * k * c, lambda c, m, k: c * m),
            "this is what a depthwise half with 2 · k in place of k² gives: size ** 2, not size * 2."),
    Mistake(_halves(lambda c, m, k: 2**k * c, lambda c, m, k: c * m),
            "this is what a depthwise half with 2 to the power of k gives, in place of k²: size ** 2, not 2 ** size."),
    Mistake(_halves(lambda c, m, k: k**3 * c, lambda c, m, k: c * m),
            "this is what a depthwise half with k³ in place of k² gives: a kernel is a square, size ** 2."),
    Mistake(_halves(lambda c, m, k: k * k / c, lambda c, m, k: c * m),
            "this is what a depthwise half of k² / C gives. Multiply: k² · C at every place."),
    Mistake(_halves(lambda c, m, k: k * k * c, lambda c, m, k: c / m),
            "this is what a pointwise half of C / M gives. Multiply: C · M at every place."),
    Mistake(_counted(lambda separable, standard, places: (places * separable) * (places * standard)),
            "this is the product of the two counts. Divide: separable / standard."),
    Mistake(_halves(lambda c, m, k: k * c, lambda c, m, k: c * m),
            "this is what a depthwise half of k · C gives: a kernel has k × k numbers, size ** 2."),
    Mistake(_halves(lambda c, m, k: c, lambda c, m, k: c * m),
            "this is what a depthwise half of C gives: each channel's kernel has k × k numbers."),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / (c * m),
            "this is what a standard count without k² gives. It is k² · C · M at every place."),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / (k * c * m),
            "this is what a standard count of k · C · M gives: a kernel has k × k numbers, so k² · C · M at every place."),
    Mistake(_halves(lambda c, m, k: k * k * c * m, lambda c, m, k: c * m),
            "this is what a depthwise half of k² · C · M gives. It has no filters: k² · C at every place."),
    Mistake(_halves(lambda c, m, k: k * k * c, lambda c, m, k: k * k * c * m),
            "this is 1 + 1 / filters, as if k² were in both halves, or in none. It belongs to the depthwise half, k² · C, and "
            "to the "
            "standard count, k² · C · M. The pointwise half, C · M, looks at one pixel."),
    Mistake(_halves(lambda c, m, k: k * k * c, lambda c, m, k: m),
            "this is what a pointwise half of M gives. It has C · M numbers: it adds up all channels."),
    Mistake(_halves(lambda c, m, k: k * k, lambda c, m, k: c * m),
            "this is what a depthwise half of k² gives. It has k² numbers for *each* channel: k² · C."),
    Mistake(_halves(lambda c, m, k: k * k * c, lambda c, m, k: c * c),
            "this is what a pointwise half of C · C gives. It has a number for each pair of a channel and a map, C · M."),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / (k * k * c * c),
            "this is what a standard count of k² · C · C gives. It is k² · C · M at every place."),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / (k * k * m * m),
            "this is what a standard count of k² · M · M gives. It is k² · C · M at every place."),
    Mistake(_halves(lambda c, m, k: 9 * c, lambda c, m, k: c * m),
            "this is what a depthwise half of 9 · C gives, whatever `size` says. It has k² numbers for each channel."),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / (9 * c * m),
            "this is what a standard count of 9 · C · M gives, whatever `size` says. It is k² · C · M."),
    *(
        Mistake(answer, f"this is what size ^ 2 gives in place of size ** 2. {_CARET}")
        for answer in (
            lambda h, w, c, m, k: ((k ^ 2) * c + c * m) / ((k ^ 2) * c * m),
            lambda h, w, c, m, k: ((h * w * k ^ 2 * c) + h * w * c * m) / (h * w * k ^ 2 * c * m),
            lambda h, w, c, m, k: (h * w * k ^ 2 * c + h * w * c * m) / (h * w * k ^ 2 * c * m),
            lambda h, w, c, m, k: ((k ^ 2 * c) + c * m) / (k ^ 2 * c * m),
            lambda h, w, c, m, k: (k ^ 2 * c + c * m) / (k ^ 2 * c * m),
            lambda h, w, c, m, k: h * w * (k ^ 2 * c + c * m) / (h * w * k ^ 2 * c * m),
            lambda h, w, c, m, k: h * w * (k ^ 2 * c + c * m) / (h * w * (k ^ 2 * c * m)),
            lambda h, w, c, m, k: ((h * w * c * k ^ 2) + h * w * c * m) / (h * w * c * m * k ^ 2),
            lambda h, w, c, m, k: (h * w * c * m + h * w * c * k ^ 2) / (h * w * c * m * k ^ 2),
            lambda h, w, c, m, k: ((c * k ^ 2) + c * m) / (c * m * k ^ 2),
            lambda h, w, c, m, k: (c * m + c * k ^ 2) / (c * m * k ^ 2),
            lambda h, w, c, m, k: ((k ^ 2) * c + c * m) / (k * k * c * m),
            lambda h, w, c, m, k: (k * k * c + c * m) / ((k ^ 2) * c * m),
        )
    ),
    Mistake(lambda h, w, c, m, k: 1 / m + 1 / 9, "these are the ratios for a size of 3, whatever `size` says."),
    Mistake(lambda h, w, c, m, k: h * w * k * k * c + 1 / k**2, _BRACKETS),
    Mistake(lambda h, w, c, m, k: k * k * c + 1 / k**2, _BRACKETS),
    Mistake(lambda h, w, c, m, k: (h * w * k * k * c + c * m) / (h * w * k * k * c * m), _ONE_PLACE.format("pointwise")),
    Mistake(lambda h, w, c, m, k: (k * k * c + h * w * c * m) / (h * w * k * k * c * m), _ONE_PLACE.format("depthwise")),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / h * w * k * k * c * m, _BELOW),
    Mistake(lambda h, w, c, m, k: h * w * (k * k * c + c * m) / h * w * k * k * c * m, _BELOW),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / k**2 * c * m, _BELOW),
    Mistake(
        lambda h, w, c, m, k: (
            ((h - k + 1) * (w - k + 1) * k * k * c + h * w * c * m) / (h * w * k * k * c * m)
        ),
        "this is what a depthwise half with the places of an unpadded layer gives. Count height × width places in every layer.",
    ),
    Mistake(lambda h, w, c, m, k: c, _ADD),
    Mistake(lambda h, w, c, m, k: h * w * c, _ADD),
    Mistake(lambda h, w, c, m, k: 1 / m / k**2, _ADD),
    Mistake(lambda h, w, c, m, k: 1 / m - 1 / k**2, _SUBTRACTED),
    Mistake(lambda h, w, c, m, k: 1 / k**2 - 1 / m, _SUBTRACTED),
    Mistake(_counted(lambda separable, standard, places: separable / standard * places), _NO_PLACES),
    Mistake(_counted(lambda separable, standard, places: separable / standard / places), _NO_PLACES),
    *(
        Mistake(
            lambda h, w, c, m, k, places=places, mine=mine, other=other: (
                (places(h, w) * _separable_count(c, m, k) + mine(c, m)) / (places(h, w) * _standard_count(c, m, k) + other * m)
            ),
            _NO_BIAS,
        )
        for places in (lambda h, w: 1, lambda h, w: h * w)
        for other in (1, 0)
        for mine in (lambda c, m: c + m, lambda c, m: m, lambda c, m: c, lambda c, m: 0)
        if (other, mine(1, 1)) != (0, 0)
    ),
    *(
        Mistake(
            lambda h, w, c, m, k, depth=depth, point=point, standard=standard: (
                (_fewer(h, w, k, depth) * k * k * c + _fewer(h, w, k, point) * c * m)
                / (_fewer(h, w, k, standard) * k * k * c * m)
            ),
            _OTHER_PLACES,
        )
        for depth, point, standard in ((1, 0, 1), (0, 0, 1), (1, 1, 0), (0, 1, 0), (0, 1, 1))
    ),
    Mistake(_counted(lambda separable, standard, places: separable),
            "this is what the separable one takes at one position. Divide it by the standard one's."),
    Mistake(_counted(lambda separable, standard, places: standard),
            "this is what the standard one takes at one position. Divide the separable one's by it."),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / (k * k * c),
            "this is what a standard count without the filters gives. It is k² · C · M at every place."),
    Mistake(lambda h, w, c, m, k: (k * k * c + c * m) / (k * k * m),
            "this is what a standard count without the channels gives. It is k² · C · M at every place."),
    Mistake(_counted(lambda separable, standard, places: 1 - separable / standard),
            "this is the part that is *saved*. Return the part that is left, separable / standard."),
    Mistake(_counted(lambda separable, standard, places: 100 * separable / standard),
            "this is in per cent. Return separable / standard as it is."),
    Mistake(_counted(lambda separable, standard, places: places * separable),
            "these are the multiply-adds of the separable one. Divide them by the standard one's."),
    Mistake(_counted(lambda separable, standard, places: places * standard),
            "these are the multiply-adds of the standard one. Divide the separable one's by them."),
    Mistake(_counted(lambda separable, standard, places: places * (standard - separable)),
            "this is the difference. Return the ratio, separable / standard."),
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ the best separable kernel


@check
def best_separable(answer) -> None:
    """Check `best_separable(kernel, rank)`: (k,k,C,M) to depthwise (k,k,C,rank) and pointwise (C,rank,M), by what they rebuild.

    How a pattern and its mixture share a sign or a factor is free: the two are multiplied before anything is compared.
    """
    cases = []
    # At first k² = M, so that rows taken for columns have the right shape and get their own hint.
    for seed, (size, channels, filters, rank) in enumerate(((2, 3, 4, 2), (3, 2, 6, 1), (3, 4, 12, 4), (1, 3, 5, 1))):
        channels, filters = grown(seed, channels, filters) if seed else (*grown(seed, channels), filters)
        cases.append((numbers(seed).normal(size=(size, size, channels, filters)), rank))
    judge(answer, cases, _closest, _which, mistakes=BEST_SEPARABLE_MISTAKES, advice=_svd_advice, form=_rebuilt)
    for kernel, rank in cases:
        _of_rank(attempt(answer, kernel, rank), kernel, rank)
    passed("The closest separable kernel: no other two kernels of this rank have a smaller squared error.")


def _which(kernel: np.ndarray, rank: int) -> str:
    return f"kernel {kernel.shape} with rank {rank}, put together again"


def _closest(kernel: np.ndarray, rank: int) -> np.ndarray:
    """Project the patterns of each channel onto the `rank` directions in which they are largest, by eigenvectors."""
    closest = np.zeros(kernel.shape)
    for c in range(kernel.shape[2]):
        patterns = kernel[:, :, c].reshape(-1, kernel.shape[3]).astype(np.float64)
        directions = np.linalg.eigh(patterns @ patterns.T)[1][:, -rank:]  # eigenvalues grow: the largest are last
        closest[:, :, c] = (directions @ directions.T @ patterns).reshape(kernel[:, :, c].shape)
    return closest


def _both(answer) -> tuple[np.ndarray, np.ndarray]:
    """Return the two kernels of an answer, or raise the hint for something else."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Hint(f"Return two arrays, the depthwise and the pointwise kernel; found {short(answer)}.")
    depth, point = (None if each is None or each.dtype.kind not in "fiub" else each for each in map(as_array, answer))
    if depth is None or point is None or depth.ndim != 4 or point.ndim != 3:
        found = ", ".join("no array" if each is None else f"{each.shape}" for each in (depth, point))
        raise Hint(f"Expected a depthwise kernel (k, k, C, rank) and a pointwise one (C, rank, M); found {found}.")
    if depth.shape[2:] != point.shape[:2]:
        raise Hint(
            f"The depthwise kernel is (k, k, C, rank), the pointwise one (C, rank, M). C and rank have to be the same in both; "
            f"found {depth.shape} and {point.shape}."
        )
    return depth, point


def _rebuilt(answer) -> np.ndarray:
    """Return the standard kernel that an answer's two kernels stand for, in the smaller of their dtypes."""
    depth, point = map(_floats, _both(answer))
    whole = np.einsum("ijcr,crm->ijcm", depth.astype(np.float64), point.astype(np.float64))
    return whole.astype(min(depth.dtype, point.dtype, key=lambda dtype: dtype.itemsize))


def _of_rank(answer, kernel: np.ndarray, rank: int) -> None:
    depth, point = _both(answer)
    size, _, channels, filters = kernel.shape
    wanted = (size, size, channels, rank), (channels, rank, filters)
    if (depth.shape, point.shape) != wanted:
        raise Hint(
            f"Put together they are right, but for rank {rank} the kernels should have the shapes {wanted[0]} and {wanted[1]}; "
            f"found {depth.shape} and {point.shape}."
        )


def _by_svd(take: Callable, patterns_of: Callable = lambda kernel, c: kernel[:, :, c].reshape(-1, kernel.shape[3])):
    """Return a wrong answer: `take(u, s, vt, rank)` of each channel's SVD is its part of the two kernels."""

    def best_separable(kernel, rank):
        size, _, channels, _ = kernel.shape
        parts = [take(*np.linalg.svd(patterns_of(kernel, c), full_matrices=False), rank) for c in range(channels)]
        depth = np.stack([np.reshape(depth, (size, size, -1)) for depth, _ in parts], axis=2)
        return depth, np.stack([point for _, point in parts])

    return best_separable


def _shared(kernel: np.ndarray, rank: int):
    """Take one SVD of all channels at once: they share their mixtures."""
    size, _, channels, filters = kernel.shape
    u, s, vt = np.linalg.svd(kernel.reshape(-1, filters), full_matrices=False)
    return (u * s)[:, :rank].reshape(size, size, channels, -1), np.stack([vt[:rank]] * channels)


def _only_first(kernel: np.ndarray, rank: int):
    """Leave all channels empty but the first."""
    u, s, vt = np.linalg.svd(kernel[:, :, 0].reshape(-1, kernel.shape[3]), full_matrices=False)
    depth = np.zeros((*kernel.shape[:3], rank))
    depth[:, :, 0] = (u * s)[:, :rank].reshape(*kernel.shape[:2], rank)
    return depth, np.stack([vt[:rank]] * kernel.shape[2])


def _first_maps(kernel: np.ndarray, rank: int):
    """Keep the patterns of the first maps for these maps alone."""
    return kernel[..., :rank], np.stack([np.eye(rank, kernel.shape[3])] * kernel.shape[2])


def _mean_pattern(kernel: np.ndarray, rank: int):
    """Give all maps the mean of their patterns."""
    mean = kernel.mean(axis=3, keepdims=True)
    return mean, np.ones((kernel.shape[2], 1, kernel.shape[3]))


def _shared_patterns(lay: Callable):
    """Return a wrong answer: one SVD of the kernel as (k · k, C · M), so that all channels share their patterns."""

    def best_separable(kernel, rank):
        size, _, channels, filters = kernel.shape
        u, s, vt = np.linalg.svd(kernel.reshape(size**2, -1), full_matrices=False)
        depth = (u * s)[:, :rank].reshape(size, size, 1, rank).repeat(channels, axis=2)
        return depth, lay(vt[:rank], rank, channels, filters)

    return best_separable


def _cut_across(lay: Callable):
    """Return a wrong answer: the kernel as (C, k · k, M) by reshape alone, and the patterns laid back by `lay`."""

    def best_separable(kernel, rank):
        size, _, channels, filters = kernel.shape
        u, s, vt = np.linalg.svd(kernel.reshape(channels, -1, filters), full_matrices=False)
        return lay((u * s[:, None])[:, :, :rank], (size, size), channels, rank), vt[:, :rank]

    return best_separable


def _svd_advice(error: Exception, kernel: np.ndarray, rank: int) -> str:
    told, shapes = str(error), shapes_in(error)
    size, _, _, filters = kernel.shape
    full = {(size**2, size**2), (filters, filters)} & set(shapes) or f"different from {size**2}" in told
    if size**2 != filters and full and ("operands could not" in told or "core dimension" in told):
        return (
            f"Is `full_matrices=False` in the call of np.linalg.svd? Without it u is {(size**2, size**2)} and vt "
            f"{(filters, filters)}, larger than s; with it the three fit."
        )
    if "values to unpack" in told:
        return "np.linalg.svd returns three arrays, u, s, vt; kernel.shape has four numbers, k, k, C, M. Which is unpacked here?"
    if "inhomogeneous" in told:
        return _UNEQUAL
    if "cannot reshape array" in told:
        return _about_reshape(told, shapes, kernel, rank)
    if "too many indices" in told and "1-dimensional" in told:
        return (
            "An array here has one axis only. `s` has one, and so has `u @ s`, which adds all patterns up. `u * s` keeps the "
            "columns of u."
        )
    if "could not broadcast input array" in told:
        return (
            "The patterns of channel c go to depth[:, :, c], of shape (k, k, rank); its mixtures, vt[:rank], to point[c], "
            "of shape (rank, M)."
        )
    if "operands could not" in told and set(shapes) == {(rank,), (rank, filters)}:
        return "Each *row* of vt takes one singular value: s[:rank, None] * vt[:rank]."
    return ""


def _about_reshape(told: str, shapes: list[tuple[int, ...]], kernel: np.ndarray, rank: int) -> str:
    """Say how many numbers don't fit into which shape, and which ones do."""
    size, _, channels, filters = kernel.shape
    found = int((re.findall(r"array of size (\d+)", told) or ["0"])[0])
    into = shapes[-1] if shapes else ()
    fits = "The first `rank` patterns are `(u * s)[:, :rank]`, k · k · rank numbers, for (k, k, rank)."
    if into == (size, size, rank) and found == size**2 * min(size**2, filters) != filters * rank:
        return f"These are as many numbers as all patterns have, k · k times the length of s. {fits}"
    if into == (size, size, rank) and found == filters * rank != size**2:
        return (
            f"These are M · rank numbers. {fits} Is the matrix of one channel (k · k, M), and not (M, k · k)? Patterns are the "
            "columns of its u."
        )
    if into == (size, size, rank):
        return f"(k, k, rank) takes {size**2 * rank} numbers; here are {found}. {fits}"
    if found == size**2 * rank and len(into) > 2:
        return "These are k · k · rank numbers, as many as the first `rank` patterns have. Their shape is (k, k, rank)."
    if found in (size**2 * filters, size**2 * filters * channels) and len(into) == 2:
        return "One channel's patterns are kernel[:, :, c], (k, k, M). As a matrix (k · k, M): reshape(-1, M)."
    return f"One channel, kernel[:, :, c], is (k, k, M): its matrix is (k · k, M). {fits}"


_ONE_SVD = (
    "all channels share their patterns: this is one SVD of the whole kernel, (k · k, C · M). Each channel gets its own."
)
_CUT = "reshape(C, k · k, M) doesn't pick the channels: they are the third axis. The matrix of channel c is kernel[:, :, c]."


def _all(rank: int) -> list[int]:
    return list(range(rank))


def _last_again(rank: int) -> list[int]:
    return [rank - 1] * rank


def _first_again(rank: int) -> list[int]:
    return [0] * rank


BEST_SEPARABLE_MISTAKES = (
    Mistake(_by_svd(lambda u, s, vt, rank: (u * s, vt)),
            "nothing is left out: this is the kernel itself. Keep the first `rank` columns of u and rows of vt."),
    Mistake(_by_svd(lambda u, s, vt, rank: (u[:, :rank], vt[:rank])),
            "this is what comes without the singular values: multiply the columns of u (or the rows of vt) by s."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, :rank], s[:rank, None] * vt[:rank])),
            "this is what the squares of the singular values give. Multiply one of the two kernels by s, or each of them by "
            "its root."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, -rank:], vt[-rank:])),
            "this is what the smallest singular values give. NumPy has the largest first: the first `rank` are [:rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, rank:], vt[rank:])),
            "this is what all patterns *after* the first `rank` give. Keep the first ones: [:rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u / s)[:, :rank], vt[:rank])),
            "this is what u divided by the singular values gives. Multiply it by them."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, :1], vt[:1])),
            lambda kernel, rank: f"only the strongest pattern is kept, also at rank {rank}."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, : rank - 1], vt[: rank - 1])),
            lambda kernel, rank: f"only the {rank - 1} strongest of {rank} patterns are kept. The first `rank` of them are "
                                 "[:rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, : rank + 1], vt[: rank + 1])),
            lambda kernel, rank: f"the {rank + 1} strongest patterns are kept, one too many. The first `rank` of them are "
                                 "[:rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, rank - 1 : rank], vt[rank - 1 : rank])),
            "only pattern `rank - 1` is kept. Keep all up to it: [:rank]."),
    *(
        Mistake(_by_svd(lambda u, s, vt, rank, depth=depth, point=point: (
            (u * s)[:, depth(rank)], vt[point(rank)]
        )), f"this is what {words} gives, `rank` times over. Keep all patterns and all mixtures up to `rank`: "
            "`(u * s)[:, :rank]` and `vt[:rank]`.")
        for depth, point, words in (
            (_last_again, _last_again, "pattern `rank - 1` with mixture `rank - 1`"),
            (_last_again, _all, "pattern `rank - 1` with each mixture"),
            (_all, _last_again, "each pattern with mixture `rank - 1`"),
            (_first_again, _first_again, "pattern 0 with mixture 0"),
            (_first_again, _all, "pattern 0 with each mixture"),
            (_all, _first_again, "each pattern with mixture 0"),
        )
    ),
    *(
        Mistake(_by_svd(lambda u, s, vt, rank, count=count: ((u * s)[:, : min(rank, count)], vt[: min(rank, count)])),
                lambda kernel, rank, count=count: f"only the {count} strongest patterns are kept, also at rank {rank}.")
        for count in (2, 3)
    ),
    *(
        Mistake(_by_svd(lambda u, s, vt, rank, add=add: (np.tile(add(u, s, rank)[:, None], rank), vt[:rank])),
                f"this is what {words} gives, which adds the patterns up to one. Multiply each column of u by its singular "
                "value: "
                "`u * s`.")
        for add, words in (
            (lambda u, s, rank: u @ s, "`u @ s`"),
            (lambda u, s, rank: u[:, :rank] @ s[:rank], "`u[:, :rank] @ s[:rank]`"),
        )
    ),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, 1 : rank + 1], vt[1 : rank + 1])),
            "the strongest pattern is left out. It has the number 0: [:rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, :rank], vt[:, :rank].T)),
            "this is what columns of vt give. Mixtures are its *rows*: vt[:rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:rank].T, vt[:rank])),
            "this is what rows of u * s give. Patterns are its *columns*: (u * s)[:, :rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:rank], vt[:rank])),
            "this is what the first *rows* of u * s give. Patterns are its columns: (u * s)[:, :rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: (u[:rank], s[:rank, None] * vt[:rank])),
            "this is what the first *rows* of u give. Patterns are its columns: u[:, :rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, :rank], vt[:rank]),
                    lambda kernel, c: kernel[:, :, 0].reshape(-1, kernel.shape[3])),
            "all channels get the kernels of channel 0. Take kernel[:, :, c]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, :rank], vt[:rank]),
                    lambda kernel, c: kernel[:, :, -1].reshape(-1, kernel.shape[3])),
            "all channels get the kernels of the last one. Write those of channel c to depth[:, :, c] and point[c]."),
    Mistake(_only_first, "only channel 0 is filled, the others are 0. Does a `return` end the loop too early?"),
    Mistake(_by_svd(lambda u, s, vt, rank: (u[:, :rank], (s * vt)[:rank])),
            "this is what comes if s multiplies the *columns* of vt. Its rows belong to s: s[:, None] * vt, or u * s."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((s[:, None] * u)[:, :rank], vt[:rank])),
            "this is what comes if s multiplies the *rows* of u. Its columns belong to s: u * s."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * np.sqrt(s))[:, :rank], vt[:rank])),
            "only the roots of the singular values are there. With roots, both kernels need them."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s).T[:rank], vt[:rank])),
            "this is what rows of (u * s).T give as (k, k, rank): numbers of different patterns get mixed. Reshape (u * s)[:, "
            ":rank]."),
    Mistake(_by_svd(lambda u, s, vt, rank: ((u * s)[:, :rank], vt[:rank]),
                    lambda kernel, c: kernel[:, :, c].reshape(kernel.shape[3], -1).T),
            "this is what a channel's matrix gives that mixes up pixels and maps. Its maps are the last axis: reshape(k * k, "
            "M)."),
    Mistake(_shared,
            "all channels share their mixtures: this is one SVD of the whole kernel. Each channel gets an SVD of its own."),
    Mistake(_shared_patterns(lambda vt, rank, channels, filters: vt.reshape(rank, channels, filters).swapaxes(0, 1)),
            _ONE_SVD),
    Mistake(_shared_patterns(lambda vt, rank, channels, filters: vt.reshape(channels, rank, filters)), _ONE_SVD),
    Mistake(_cut_across(lambda depth, sides, channels, rank: np.moveaxis(depth.reshape(channels, *sides, rank), 0, 2)), _CUT),
    Mistake(_cut_across(lambda depth, sides, channels, rank: depth.reshape(*sides, channels, rank)), _CUT),
    Mistake(_first_maps,
            "the first `rank` maps are kept, and the others are empty. All maps share the patterns that the SVD finds."),
    Mistake(_mean_pattern,
            "every map gets the mean of the patterns. The SVD finds one that is closer, and how much of it each map takes."),
)  # fmt: skip
