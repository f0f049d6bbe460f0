"""Checks: depthwise, pointwise and separable convolutions, and what they cost."""

from __future__ import annotations

import functools
import traceback

import numpy as np

from fer_course.checks import oracles
from fer_course.checks.core import Hint, NotAttempted, attempt, expect, grown, numbers, passed, short

_RELU = "everything below zero is cut off. A ReLU may follow a convolution; it is no part of it."

# ------------------------------------------------------------------------------------------------ depthwise


def depthwise(learner) -> None:
    """Check `depthwise(image, kernel)`: floats (H-k+1, W-k+1, C) of an image (H,W,C) and a kernel (k,k,C)."""
    for seed, (shape, size, kind) in enumerate(
        (((7, 5, 3), 3, float), ((5, 8, 4), 2, np.uint8), ((6, 9, 1), 5, float), ((9, 6, 5), 3, float))
    ):
        shape = grown(seed, *shape)
        rng = numbers(seed)
        image = rng.integers(0, 256, shape, dtype=np.uint8) if kind is np.uint8 else rng.normal(size=shape)
        kernel = rng.normal(size=(size, size, shape[2]))
        answer = _floats(attempt(learner, image, kernel))
        expected = oracles.depthwise(image, kernel)
        what = f"depthwise convolution of {image.dtype} {shape} with a kernel {kernel.shape}"
        expect(answer, expected, what, _depthwise_mistakes(image, kernel, expected))
    passed("Depthwise: every channel has its own kernel, and none hears of another.")


def _depthwise_mistakes(image: np.ndarray, kernel: np.ndarray, right: np.ndarray) -> list:
    size, channels = len(kernel), image.shape[2]
    standard = np.repeat(right.sum(axis=2, keepdims=True), channels, axis=2)
    first_kernel = np.repeat(kernel[:, :, :1], channels, axis=2)
    first_channel = np.repeat(image[:, :, :1], channels, axis=2)
    unfinished, ones = right.copy(), np.ones_like(kernel)
    unfinished[-1], unfinished[:, -1] = 0, 0
    summed = "the channels are summed up. That is what a *standard* convolution does: sum over axis=(0, 1) only."
    too_few = f"the last row and column are missing. In H rows a kernel has H - k + 1 places: in {size} rows 1, not 0."
    mistakes = [
        (right.sum(axis=2), summed),
        (right.sum(axis=2, keepdims=True), summed),
        (standard, "every map is the sum over all channels. Map c comes from channel c of the image alone."),
        (oracles.depthwise(image, kernel[::-1, ::-1]), "the kernel is flipped. Networks lay it on as it is."),
        (oracles.depthwise(image, kernel.transpose(1, 0, 2)), "rows and columns of the kernel are swapped."),
        (oracles.depthwise(image, kernel[:, :, ::-1]), "the kernel's channels run backwards: channel c goes with channel c."),
        (np.repeat(right[:, :, -1:], channels, axis=2), "every map holds the numbers of the last channel: each channel "
            "overwrites them all. In a loop over channels write to output[row, column, c]."),
        (right[:-1, :-1], too_few),
        (unfinished, too_few),
        (oracles.depthwise(image, kernel, padding="same"), "this is padded. Take only places where all of the kernel is inside."),
        (oracles.depthwise(image, first_kernel), "all channels get the kernel of channel 0. Use kernel[:, :, c]."),
        (oracles.depthwise(first_channel, kernel), "all kernels are laid on channel 0. Use channel c of the image."),
        (oracles.depthwise(image, ones), "the kernel is not used: multiply the window by it before you add up."),
        (oracles.depthwise(image, ones / size**2), "the kernel is not used: this is the mean of each window."),
        (right / size**2, "this is a mean. A convolution adds up, and does not divide."),
        (np.maximum(right, 0), _RELU),
        *_layouts(right),
    ]  # fmt: skip
    if size == channels:
        channels_first = oracles.depthwise(image, np.moveaxis(kernel, 0, 2))
        mistakes.append(
            (channels_first, "kernel[c] is a *row* of all kernels. The kernel of channel c is kernel[:, :, c].")
        )
    return mistakes


# ------------------------------------------------------------------------------------------------ pointwise


def pointwise(learner) -> None:
    """Check `pointwise(image, kernel)`: floats (H,W,M) of an image (H,W,C) and a kernel (C,M)."""
    # The first image is a cube, so that a sum along a wrong axis has the right shape and gets its own hint.
    for seed, (shape, filters, kind) in enumerate(
        (((4, 4, 4), 4, float), ((5, 7, 3), 6, np.uint8), ((3, 2, 5), 1, float), ((6, 5, 1), 2, float))
    ):
        shape, (filters,) = grown(seed, *shape), grown(seed, filters)
        rng = numbers(seed)
        image = rng.integers(0, 256, shape, dtype=np.uint8) if kind is np.uint8 else rng.normal(size=shape)
        kernel = rng.normal(size=(shape[2], filters))
        answer = _floats(attempt(learner, image, kernel))
        expected = oracles.pointwise(image, kernel)
        what = f"pointwise convolution of {image.dtype} {shape} with a kernel {kernel.shape}"
        expect(answer, expected, what, _pointwise_mistakes(image, kernel, expected))
    passed("Pointwise: every pixel mixes its own channels, and looks at no neighbour.")


def _pointwise_mistakes(image: np.ndarray, kernel: np.ndarray, right: np.ndarray) -> list:
    rows, columns, channels = image.shape
    mistakes = [
        (image[:, :, -1:] * kernel[-1], "only the last channel is left: each one overwrites those before. Add up with +=."),
        (right[..., 0], "this is the first output map alone. Each of the M columns of the kernel makes one."),
        (right.sum(axis=2), "the output maps are summed up. Keep all M of them, along the last axis."),
        (right / channels, "this is a mean over the channels. A convolution adds up, and does not divide."),
        (np.maximum(right, 0), _RELU),
        (right.reshape(rows * columns, -1), "the pixels stand in one long row: fold them back with reshape(H, W, M)."),
        *_layouts(right),
    ]  # fmt: skip
    if rows == columns == channels == kernel.shape[1]:
        mistakes.append(
            (image @ kernel.T, "the kernel is transposed: its *rows* (C) go with the channels of the image.")
        )
        mistakes += [(np.einsum(terms, image, kernel), hint) for terms, hint in _WRONG_SUMS]
        mistakes += [(image * numbers, _STAR) for numbers in (kernel, kernel.T, *kernel, *kernel.T)]
    return mistakes


_STAR = "* multiplies number by number, and mixes nothing: the products of a pixel's C channels are to be added up."
_ROWS = (
    "the sum runs along the *rows* of the image. The channels are its last axis; so reshape(C, …) does not pick them."
)
_COLUMNS = "the sum runs along the *columns* of the image. It should run along the channels, its last axis."
#: Every way in which a product with the kernel can sum over height or width instead of the channels, and be laid out.
_WRONG_SUMS = [
    (f"{image},{kernel}->{output}", hint)
    for image, letter, rest, hint in (("hwc", "h", "wc", _ROWS), ("hwc", "w", "hc", _COLUMNS))
    for kernel in (f"{letter}m", f"m{letter}")
    for output in (f"m{rest}", f"{rest[0]}m{rest[1]}", f"{rest}m")
]


# ------------------------------------------------------------------------------------------------ separable


def separable(learner) -> None:
    """Check `separable(image, depthwise_kernel, pointwise_kernel)`: floats (H,W,M), zeros round the image, k odd."""
    for seed, (shape, size, filters) in enumerate((((7, 5, 4), 3, 4), ((6, 8, 3), 5, 2), ((5, 6, 2), 1, 3))):
        shape, (filters,) = grown(seed, *shape), grown(seed, filters)
        rng = numbers(seed)
        image, depth = rng.normal(size=shape), rng.normal(size=(size, size, shape[2]))
        point = rng.normal(size=(shape[2], filters))
        what = f"separable convolution of {shape} with kernels {depth.shape} and {point.shape}"
        advice = functools.partial(_on_the_halves, what=what, image=image, margin=size // 2)
        answer = _floats(attempt(learner, image, depth, point, advice=advice))
        expected = oracles.pointwise(oracles.depthwise(image, depth, padding="same"), point)
        expect(answer, expected, what, _separable_mistakes(image, depth, point, expected))
    passed("Separable: first each channel's neighbours, then each pixel's channels.")


_CHANNELS_PADDED = (
    "the channels are padded, too. np.pad takes a pair (before, after) for each axis; the channels' pair is (0, 0)."
)
_THREE_PAIRS = (
    "np.pad failed. It takes a pair (before, after) for each of the image's three axes; the channels' is (0, 0)."
)


def _on_the_halves(error: Exception, what: str, image: np.ndarray, margin: int) -> Hint | None:
    """Return the hint for an answer that stops inside another function: what is wrong in the answer, or what is empty."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    empty = frames[-1].f_code.co_name if isinstance(error, NotImplementedError) else ""
    if empty in ("depthwise", "pointwise"):
        return NotAttempted(
            f"Replace `raise NotImplementedError` in {empty}, which is called here, by your answer (or call "
            f"oracles.{empty}). Run that cell, then this one."
        )
    wide = tuple(length + 2 * margin for length in image.shape)
    # A padded image is handed on to the function that stops: it is found there, whatever that calls it.
    if margin and any(np.shape(value) == wide for frame in frames for value in _arrays(frame)):
        return Hint(f"{what}: {_CHANNELS_PADDED}")
    if isinstance(error, ValueError) and any(_is_pad(frame) for frame in frames):
        return Hint(f"{what}: {_THREE_PAIRS}")
    return None


def _arrays(frame) -> list:
    return [value for value in frame.f_locals.values() if isinstance(value, np.ndarray)]


def _is_pad(frame) -> bool:
    return frame.f_code is getattr(np.pad, "__wrapped__", np.pad).__code__


def _separable_mistakes(image: np.ndarray, depth: np.ndarray, point: np.ndarray, right: np.ndarray) -> list:
    margin, channels = len(depth) // 2, image.shape[2]
    between = oracles.depthwise(image, depth, padding="same")
    flipped = oracles.depthwise(image, depth[::-1, ::-1], padding="same")

    def padded(before: int, after: int, sides=(1, 1, 0), **mode):
        wide = np.pad(image, [(before * side, after * side) for side in sides], **mode)
        return oracles.pointwise(oracles.depthwise(wide, depth), point)

    valid = padded(0, 0)
    one_side = f"all zeros are on one side of the image. Put {margin} on each side: above, below, left and right."
    too_many = f"the image is padded too much. A kernel of size k needs k // 2 zeros on each side, {margin} here."
    half_margin = f"only one side of each axis is padded. Put {margin} zeros *before* and {margin} after."
    one_axis = f"only one of height and width is padded. Put {margin} zeros on each side of both."
    mistakes = [
        (valid, "the image is not padded. Put k // 2 zeros on each side first, so that height and width stay."),
        (padded(2 * margin, 0), one_side),
        (padded(0, 2 * margin), one_side),
        (padded(margin, 0), half_margin),
        (padded(0, margin), half_margin),
        (padded(margin, margin, (1, 0, 0)), one_axis),
        (padded(margin, margin, (0, 1, 0)), one_axis),
        (padded(margin, margin, (1, 1, 1)), _CHANNELS_PADDED),
        (padded(1, 1) if margin > 1 else None, f"the margin is 1, whatever k is. Put k // 2 zeros on each side, {margin} here."),
        (padded(margin + 1, margin + 1), too_many),
        (padded(2 * margin, 2 * margin), too_many),
        (padded(len(depth), len(depth)), too_many),
        (padded(margin, margin, mode="edge"), "the margin repeats the border of the image. Keras pads with zeros."),
        (padded(margin, margin, mode="reflect"), "the margin mirrors the image. Keras pads with zeros."),
        (np.pad(valid, ((margin, margin), (margin, margin), (0, 0))), "the zeros go round the *image*, before the convolution. "
            "Here they were put round the result."),
        (oracles.pointwise(np.maximum(between, 0), point), "there is a ReLU in the middle. Nothing stands between the two."),
        (np.maximum(right, 0), _RELU),
        (oracles.pointwise(flipped, point), "the depthwise kernel is flipped."),
        (between, "this is the depthwise half alone. Mix its channels with the pointwise kernel."),
        (oracles.pointwise(image, point), "this is the pointwise half alone. The depthwise convolution comes before it."),
        *_layouts(right),
    ]  # fmt: skip
    if channels == point.shape[1]:
        swapped = oracles.depthwise(oracles.pointwise(image, point), depth, padding="same")
        mistakes += [
            (
                swapped,
                "the order is swapped. Depthwise comes first, then pointwise (extreme Inception has the other order).",
            ),
            (oracles.pointwise(between, point.T), "the pointwise kernel is transposed: its rows go with the channels."),
        ]
    return [(wrong, hint) for wrong, hint in mistakes if wrong is not None]


# ------------------------------------------------------------------------------------------------ cost ratio


def cost_ratio(learner) -> None:
    """Check `cost_ratio(height, width, channels, filters, size)`: multiply-adds, separable over standard, a float."""
    cases = ((48, 48, 8, 16, 3), (20, 30, 64, 32, 5), (12, 9, 3, 128, 3), (6, 7, 16, 1, 3))
    for layer in ((*grown(seed, *case[:4]), case[4]) for seed, case in enumerate(cases)):
        height, width, channels, filters, size = layer
        answer = attempt(learner, *layer)
        what = f"{height} × {width} places, {channels} channels, {filters} filters of size {size}"
        if isinstance(answer, (tuple, list)):
            raise Hint(f"{what}: return one number, separable / standard; found {short(answer)}.")
        standard = sum(size * size * channels for _ in range(filters))
        separable = sum(size * size for _ in range(channels)) + sum(channels for _ in range(filters))
        expect(answer, separable / standard, what, _ratio_mistakes(*layer, separable, standard))
    passed("The ratio is right, also where a separable convolution is the dearer one.")


def _ratio_mistakes(height, width, channels, filters, size, separable: int, standard: int) -> list:
    places, ratio, area = height * width, separable / standard, size * size
    upside_down = "this is upside down. Return separable / standard: below 1 where the separable one is cheaper."
    brackets = "brackets are missing: / and * come before +. Write (depthwise + pointwise) / standard."
    below = "brackets are missing: a / b * c is (a / b) * c. Work the standard count out first, on a line of its own."
    unpadded = (
        (height - size + 1) * (width - size + 1) / places
    )  # the part of all places where the whole kernel is inside
    places_hint = "height × width is in one of the two counts, but not in the other. Both work at every place."
    return [
        (standard / separable, upside_down),
        (standard // separable, upside_down),
        (separable // standard, "// cuts the fraction off. Divide with /."),
        (1 / channels + 1 / area, "you divide by the number of *input* channels. Which one is left over when you cancel?"),
        (1 / filters, "this counts the depthwise half alone. Add the pointwise one: C · M at every place."),
        (1 / area, "this counts the pointwise half alone. Add the depthwise one: k² · C at every place."),
        (1 / filters + 1 / size, "a kernel has k × k numbers: size ** 2, not size."),
        (1 + 1 / area, "the depthwise half has no filters: k² · C at every place, not k² · C · M."),
        (1 / filters + 1, "the pointwise half looks at one pixel: C · M at every place, without k²."),
        ((area * channels + filters) / standard, "the pointwise half has C · M numbers, not M: it adds up all channels."),
        ((area + channels * filters) / standard, "the depthwise half has k² numbers for *each* channel: k² · C."),
        (places * area * channels + 1 / area, brackets),
        (area * channels + 1 / area, brackets),
        ((places * area * channels + channels * filters) / (places * standard), brackets),
        (separable / height * width * standard, below),
        (places * separable / height * width * standard, below),
        (separable / area * channels * filters, below),
        ((unpadded * area * channels + channels * filters) / standard, "the depthwise half is unpadded here, with fewer places. "
            "Count height × width places in every layer."),
        (channels, "the two halves come one after the other: add their multiply-adds, don't multiply them."),
        (places * channels, "the two halves come one after the other: add their multiply-adds, don't multiply them."),
        (ratio * places, places_hint),
        (ratio / places, places_hint),
        ((separable + channels + filters) / (standard + filters), "this counts biases. A bias adds, but multiplies nothing."),
        ((separable + filters) / (standard + filters), "this counts biases. A bias adds, but multiplies nothing."),
        (1 - ratio, "this is the part that is *saved*. Return the part that is left, separable / standard."),
        (100 * ratio, "this is in per cent. Return separable / standard as it is."),
        (places * separable, "these are the multiply-adds of the separable one. Divide them by the standard one's."),
        (places * standard, "these are the multiply-adds of the standard one. Divide the separable one's by them."),
        (places * (standard - separable), "this is the difference. Return the ratio, separable / standard."),
        (1 / filters * 1 / area, "the two halves come one after the other: add, don't multiply."),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ as a standard one


def as_standard(learner) -> None:
    """Check `as_standard(depthwise_kernel, pointwise_kernel)`: (k,k,C) and (C,M) to the standard kernel (k,k,C,M)."""
    # At first k, C and M are equal, so that a product along a wrong axis has the right shape and gets its own hint.
    for seed, (size, channels, filters) in enumerate(((3, 3, 3), (3, 4, 5), (5, 2, 1), (1, 1, 6))):
        channels, filters = grown(seed, channels, filters)
        rng = numbers(seed)
        depth, point = rng.normal(size=(size, size, channels)), rng.normal(size=(channels, filters))
        answer = _floats(attempt(learner, depth, point))
        expected = np.zeros((size, size, channels, filters))
        for i, j, c, m in np.ndindex(*expected.shape):
            expected[i, j, c, m] = depth[i, j, c] * point[c, m]
        what = f"standard kernel of {depth.shape} and {point.shape}"
        expect(answer, expected, what, _as_standard_mistakes(depth, point, expected))
    passed("One kernel that does the work of two. Load it into a Conv2D and see.")


def _as_standard_mistakes(depth: np.ndarray, point: np.ndarray, right: np.ndarray) -> list:
    deep = depth[:, :, :, None]
    order = "the axes are in another order. Keras wants (k, k, C, M): rows, columns, input channels, output maps."
    mistakes = [
        (right.sum(axis=2), "the channels are summed up, as `@` does. Keep them apart: the convolution will add them up."),
        (right.transpose(0, 1, 3, 2), order),
        (right.transpose(3, 0, 1, 2), order),
        (right.transpose(3, 2, 0, 1), order),
        (right.transpose(2, 3, 0, 1), order),
        (right.transpose(2, 0, 1, 3), order),
        (deep + point, "the two are added. What passes through both is *multiplied* by both."),
        (right[::-1, ::-1], "the kernel is flipped. It stays as it is."),
        (right.transpose(1, 0, 2, 3), "rows and columns of the depthwise kernel are swapped. They stay as they are."),
        (deep * point.sum(axis=0), "the pointwise kernel is added up over the channels. Each channel keeps its own: [c, m]."),
        (np.broadcast_to(deep, right.shape), "the pointwise kernel is not used: every map is the depthwise kernel itself."),
        (np.broadcast_to(point, right.shape), "the depthwise kernel is not used."),
    ]  # fmt: skip
    if depth.shape[2] == point.shape[1]:
        mistakes += [
            (depth * point if len(depth) == len(point) else None, "this lays the pointwise kernel over the wrong axes. "
                "Give the depthwise kernel a fourth axis, of length 1, first."),
            (depth[:, :, None, :] * point, "the depthwise kernel went along with the *output* maps. Its channels are the "
                "*input* channels: put the new axis last."),
            (deep * point.T, "the pointwise kernel is transposed: its rows are the input channels, its columns the maps."),
        ]  # fmt: skip
    return [(wrong, hint) for wrong, hint in mistakes if wrong is not None]


# ------------------------------------------------------------------------------------------------ shared


def _floats(answer):
    """Return the answer, unless it is an array of whole numbers, which cuts every fraction off."""
    if isinstance(answer, np.ndarray) and answer.dtype.kind in "iub":
        raise Hint(
            f"Your answer holds whole numbers ({answer.dtype}), so every fraction is cut off. np.zeros_like(image) takes "
            "over the pixels' dtype; np.zeros(shape) makes floats."
        )
    return answer


def _layouts(right: np.ndarray) -> list:
    """Return the right answer laid out otherwise, with the hints."""
    return [
        (
            right[None],
            "there is a fourth axis in front, as Keras has it for a batch. Return a single picture: result[0].",
        ),
        (
            right.transpose(2, 0, 1),
            "the channels come first. Everywhere in this course they come last: (H, W, channels).",
        ),
        (right.transpose(1, 0, 2), "rows and columns of the picture are swapped."),
    ]
