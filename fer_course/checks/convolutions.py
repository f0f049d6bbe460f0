"""Checks: the output size of a convolution, and the convolution itself."""

from __future__ import annotations

import functools
import math
import re

import numpy as np

from fer_course.checks import oracles
from fer_course.checks.answers import same_mistake, whole
from fer_course.checks.core import Hint, attempt, expect, grown, numbers, passed, short

# -------------------------------------------------------------------------------------------------- output size


def output_size(learner) -> None:
    """Check `output_size(size, kernel, stride, padding)`: in how many places a kernel fits along one side, an int."""
    cases = [(48, 5, 1, 0), (7, 3, 1, 1), (9, 3, 2, 0), (10, 3, 2, 0), (11, 5, 3, 2), (6, 6, 1, 0), (48, 3, 2, 1)]
    # `round` goes to the *even* number at a half: only together do these and (10, 3, 2, 0) catch it before and after the + 1.
    cases += [(48, 3, 2, 0), (6, 3, 4, 0)]
    # By twice the stride: what is over at the end stays the same.
    cases = [(n + 2 * s * grown(seed, 0)[0], k, s, p) for seed, (n, k, s, p) in enumerate(cases)]
    answers = [whole(attempt(learner, *case), "A number of places") for case in cases]
    right = [len(range(0, size + 2 * padding - kernel + 1, stride)) for size, kernel, stride, padding in cases]
    same_mistake(answers, cases, right, _size_mistakes)
    for answer, expected, (size, kernel, stride, padding) in zip(answers, right, cases, strict=True):
        expect(answer, expected, f"{size} pixels, kernel {kernel}, stride {stride}, padding {padding}")
    if attempt(learner, 12, 5) != 8:
        raise Hint("Called with size and kernel alone, stride is 1 and padding 0. Keep these defaults.")
    passed("Output size: you can plan a network on paper.")


def _size_mistakes(n: int, k: int, s: int, p: int) -> list[tuple[int, str]]:
    way = n + 2 * p - k  # how far the kernel can go
    rounded = "`round` goes up at times; a step that leads outside doesn't count. Round down: //."
    return [
        (way // s, "One too few, always: the place at the very start counts too. Add 1 at the end."),
        ((way + 1) // s, "The + 1 comes after the division: the first place needs no step."),
        ((n + p - k) // s + 1, "Padding stands on *both* sides: add it twice."),
        ((n - k) // s + 1, "The padding is not used. The zeros make the side longer, by `padding` at each end."),
        (way + 1, "The stride is not used: divide the way that the kernel can go by it."),
        (n - k + 1, "This is for stride 1 without padding. Both play a part."),
        ((n + 2 * p) // s, "The kernel is not used. Its *whole* width has to stay inside."),
        (-(-n // s), 'This is what Keras calls "same". Here the number of zeros is given: `padding`.'),
        (-(-way // s) + 1, "Rounded up; but a step that leads outside doesn't count. Round down: //."),
        (round(way / s) + 1, rounded),
        (round(way / s + 1), rounded),
        (math.floor(way / s + 0.5) + 1, rounded),
        (way // s + 2, "One too many, always: the steps, and 1 for the first place."),
        ((way - 1) // s + 1, "A kernel of k costs k - 1 places, not k: the steps, and 1 for the first place."),
        ((way // s + 1) ** 2, "This is an area. Asked for are the places along one side."),
    ]


# -------------------------------------------------------------------------------------------------- convolution


def convolve(learner) -> None:
    """Check `convolve(image, kernel, stride, padding)`: floats (H',W',M) of an image (H,W,C) and kernels (k,k,C,M)."""
    # From plain to involved, so that a hint speaks of one thing. Where k = C = M, swapped axes of the kernel show as values.
    for seed, (shape, size, filters, stride, padding) in enumerate(
        (
            ((6, 9, 1), 3, 1, 1, 0),
            ((5, 7, 3), 3, 3, 1, 0),
            ((7, 4, 2), 2, 5, 1, 0),
            ((9, 8, 2), 3, 3, 2, 0),
            ((8, 11, 3), 2, 2, 3, 0),
            ((5, 8, 2), 3, 4, 1, 2),
            ((9, 6, 3), 5, 2, 2, 1),
        )
    ):
        shape = (*grown(seed, *shape[:2]), shape[2])
        rng = numbers(seed)
        image = rng.normal(size=shape) if seed != 2 else rng.integers(0, 256, shape, dtype=np.uint8)
        # Small numbers with the large pixels of uint8, so that a right answer in float32 is within the tolerance.
        kernel = rng.normal(size=(size, size, shape[2], filters)) * (0.1 if seed == 2 else 1)
        more = (stride, padding) if (stride, padding) != (1, 0) else ()  # the defaults are tried as well
        what = f"image {shape}, kernel {kernel.shape}, stride {stride}, padding {padding}"
        misfit = functools.partial(_misfit, what=what, kernel=kernel, stride=stride, padding=padding)
        answer = _maps(attempt(learner, image, kernel, *more, advice=misfit))
        expected = _convolved(image, kernel, stride, padding)
        expect(answer, expected, what, _convolve_mistakes(image, kernel, stride, padding, expected))
    passed("Convolved: channels, stride and padding. This is what Conv2D does.")


def _misfit(error: Exception, what: str, kernel: np.ndarray, stride: int, padding: int) -> str:
    """Return why window and kernel did not fit in this case, and not only that they did not; "" for another error."""
    reason = _reason_of_misfit(str(error), kernel, stride, padding)
    return f"With {what}: {reason}" if reason else ""


def _reason_of_misfit(error: str, kernel: np.ndarray, stride: int, padding: int) -> str:
    """Return what NumPy's words about two shapes mean here: a window cut off, a deep one, or half a kernel; or ""."""
    size, _, channels, _ = kernel.shape
    shapes = [tuple(map(int, re.findall(r"\d+", text))) for text in re.findall(r"\(([\d, ]+)\)", error)]
    if "broadcast" not in error or len(shapes) < 2:
        return ""
    window, other = shapes[:2]
    if window == (size, size, channels) and other == (size, size):
        return "this is one slice of the kernel, for one channel. Map m uses all of them, kernel[:, :, :, m]."
    if len(window) == 3 and window[2] > channels:
        return (
            "the window is deeper than the image. np.pad(image, padding) pads the channels, too: give (0, 0) for them."
        )
    if len(window) < 2 or min(window[:2]) >= size or max(window[:2]) > size:
        return ""
    if padding:
        return (
            "a window sticks out: one place too many. Is the padding counted twice? After np.pad, image.shape holds the zeros "
            "already: the number of places is (H - k) // stride + 1 with this H."
        )
    if stride > 1:
        return (
            "a window is cut off. It begins at row * stride: does it end at row * stride + k? Or is there one place too many? "
            "There are (H - k) // stride + 1."
        )
    return "a window is cut off. Does it end at row + k? Or is there one place too many? There are H - k + 1."


def _maps(answer) -> np.ndarray:
    """Return the answer as an array, or raise the hint for one whose numbers can't hold the sums."""
    try:
        maps = np.asarray(answer)
    except (TypeError, ValueError):
        raise Hint(f"Return one NumPy array of maps (H', W', M); found {short(answer)}.") from None
    if maps.dtype.kind in "iu" and maps.dtype.itemsize < 4:
        raise Hint(
            f"Your maps are {maps.dtype}: sums below 0 or above {np.iinfo(maps.dtype).max} wrap round, fractions are cut off. "
            "Let the result be floats; np.zeros(shape) makes them."
        )
    return maps


def _convolved(image: np.ndarray, kernel: np.ndarray, stride: int, padding: int, **mode) -> np.ndarray:
    return oracles.convolve(np.pad(image, [(padding, padding), (padding, padding), (0, 0)], **mode), kernel, stride)


def _convolve_mistakes(image, kernel, stride: int, padding: int, right: np.ndarray) -> list:
    # What goes round the picture comes first: it shows where padding is tried, and nowhere else.
    mistakes = [*_padding_mistakes(image, kernel, stride, padding, right)]
    mistakes += _stride_mistakes(image, kernel, stride, padding, right)
    mistakes += _kernel_mistakes(image, kernel, stride, padding, right)
    return mistakes + _channel_mistakes(image, kernel, stride, padding, right) + _layout_mistakes(right)


def _kernel_mistakes(image, kernel, stride, padding, right) -> list:
    size, channels = len(kernel), image.shape[2]
    one_slice = "kernel[:, :, 0, m] is the slice for channel 0 alone. Map m uses all of them: kernel[:, :, :, m]."

    def with_kernel(other):
        return _convolved(image, other, stride, padding)

    mistakes = [
        (with_kernel(kernel[::-1, ::-1]), "the kernel is flipped, as mathematicians do. Networks lay it on as it is: "
            "kernel[0, 0] meets the top left pixel of the window."),
        (with_kernel(kernel[::-1]), "the kernel stands on its head. Lay it on as it is."),
        (with_kernel(kernel[:, ::-1]), "the kernel is mirrored. Lay it on as it is."),
        (with_kernel(kernel.transpose(1, 0, 2, 3)), "rows and columns of the kernel are swapped."),
        (with_kernel(np.broadcast_to(kernel[:, :, :1], kernel.shape)), one_slice),
        (with_kernel(np.ones_like(kernel)), "the kernel is not used: multiply the window by it before you add up."),
        (right / (size * size), "this is a mean. A convolution adds up, and does not divide."),
        (right / (size * size * channels), "this is a mean. A convolution adds up, and does not divide."),
        (np.trunc(right), "the fractions are cut off. Let the result be floats; np.zeros(shape) makes them."),
        (np.maximum(right, 0), "everything below zero is cut off. A ReLU may follow a convolution; it is no part of it."),
    ]  # fmt: skip
    if channels == 1:  # NumPy then multiplies each pixel by a whole row of the slice
        mistakes.append(
            (with_kernel(np.broadcast_to(kernel[:, :, 0].sum(axis=1)[None, :, None], kernel.shape)), one_slice)
        )
    if size == channels:  # only then does NumPy multiply a window by one slice, its rows laid on columns
        mistakes.append((with_kernel(np.broadcast_to(kernel[:, :, 0][None], kernel.shape)), one_slice))
    if kernel.shape[0] == kernel.shape[2] == kernel.shape[3]:
        mistakes += [
            (with_kernel(kernel.transpose(0, 1, 3, 2)), "channels and maps are swapped: map m uses kernel[:, :, :, m]."),
            (with_kernel(np.moveaxis(kernel, 0, 3)), "kernel[m] is a *row* of all kernels. Map m uses kernel[:, :, :, m]."),
        ]  # fmt: skip
    return mistakes


def _channel_mistakes(image, kernel, stride, padding, right) -> list:
    channels, each = image.shape[2], []
    for c in range(channels):
        each.append(_convolved(image[:, :, c : c + 1], kernel[:, :, c : c + 1], stride, padding))
    apart = np.stack(each, axis=2)  # (H', W', C, M)
    both = np.sum(image, axis=2, keepdims=True, dtype=float)
    crossed = _convolved(both, kernel.sum(axis=2, keepdims=True), stride, padding)
    not_summed = (
        "the channels are not summed up, but kept apart. Each map is one sum over rows, columns *and* channels."
    )
    first_map = "this is the first output map alone. Each of the M kernels makes one."
    if right.shape[2] == 1:
        first_map = "the last axis is missing. One map is still an array (H', W', 1)."
    twice = "the channels are summed twice. Multiply window and kernel first, channel by channel, then add up everything once."
    return [
        (apart, not_summed),
        (apart.sum(axis=3), not_summed),
        (apart[..., 0], not_summed),
        (each[0], "only channel 0 is used. Multiply the whole window (k, k, C) by the whole kernel (k, k, C)."),
        (each[-1], "only the last channel is used: does a later one overwrite the earlier ones? Add them up with +=."),
        (channels * right, twice),
        (crossed, twice),
        (right / channels, "this is a mean over the channels. A convolution adds up, and does not divide."),
        (right[..., 0], first_map),
        (right[..., :1], first_map),
        (right.sum(axis=2), "the output maps are summed up. Keep all M of them, along the last axis."),
        (np.repeat(right[..., :1], right.shape[2], axis=2), "every map is the first one. Map m uses kernel[:, :, :, m]."),
    ]  # fmt: skip


def _stride_mistakes(image, kernel, stride, padding, right) -> list:
    dense = _convolved(image, kernel, 1, padding)
    rows, columns = right.shape[:2]
    ignored = f"the stride is ignored. From one place to the next the window moves by {stride}."
    still = f"the result has the right size, but the window moves by 1: row r of it starts at r * stride, here r * {stride}."
    too_few = "the last row and column are missing. A side of H has (H - k) // stride + 1 places: don't forget the + 1."
    last_zero = right.copy()
    last_zero[-1], last_zero[:, -1] = 0, 0
    scattered = np.zeros_like(dense)
    scattered[::stride, ::stride] = right
    return [
        (dense, ignored),
        (dense[:rows, :columns], still),
        (dense[::stride], "the stride is used along the rows alone. The columns need it too."),
        (dense[:, ::stride], "the stride is used along the columns alone. The rows need it too."),
        (dense[::stride, :columns], "the window moves by the stride along the rows alone. The columns need it too."),
        (dense[:rows, ::stride], "the window moves by the stride along the columns alone. The rows need it too."),
        (scattered, "the sums are right, but stand `stride` apart. The first place is 0, the next is 1."),
        (right[:-1, :-1], too_few),
        (last_zero, too_few),
    ]


def _padding_mistakes(image, kernel, stride, padding, right) -> list:
    if not padding:
        return [(oracles.convolve(image, kernel, stride, "same"), "this is padded, but the padding asked for is 0.")]

    def padded(before: int, after: int, **mode):
        return oracles.convolve(np.pad(image, [(before, after), (before, after), (0, 0)], **mode), kernel, stride)

    valid = padded(0, 0)
    one_side = f"all zeros are on one side. Put {padding} on *each* side: above, below, left and right."
    off = "the padding is off by one: put exactly `padding` rows and columns of zeros on each side"
    around = np.pad(valid, [(padding, padding), (padding, padding), (0, 0)])
    rows_only = oracles.convolve(np.pad(image, [(padding, padding), (0, 0), (0, 0)]), kernel, stride)
    columns_only = oracles.convolve(np.pad(image, [(0, 0), (padding, padding), (0, 0)]), kernel, stride)
    return [
        (valid, "the padding is ignored. Put the zeros round the image first: np.pad."),
        (padded(padding, 0), one_side),
        (padded(0, padding), one_side),
        (padded(2 * padding, 0), one_side),
        (padded(0, 2 * padding), one_side),
        (padded(padding - 1, padding - 1), f"{off}, here {padding}, not {padding - 1}."),
        (padded(padding + 1, padding + 1), f"{off}, here {padding}, not {padding + 1}."),
        (padded(padding, padding - 1), f"{off}; there is one too few below and to the right."),
        (padded(padding - 1, padding), f"{off}; there is one too few above and to the left."),
        (padded(padding, padding, mode="edge"), "the margin repeats the border of the image. Put zeros there."),
        (padded(padding, padding, mode="reflect"), "the margin mirrors the image. Put zeros there."),
        (padded(padding, padding, constant_values=1), "the margin holds ones. Put zeros there."),
        (around, "the zeros go round the *image*, before the convolution. Here they stand round the result."),
        (rows_only, "the zeros stand above and below only. Left and right need them too."),
        (columns_only, "the zeros stand left and right only. Above and below need them too."),
    ]


def _layout_mistakes(right: np.ndarray) -> list:
    return [
        (right.transpose(1, 0, 2), "rows and columns of the result are swapped. Its shape is (H', W', M)."),
        (np.moveaxis(right, 2, 0), "the maps come first here. Keras keeps them last: (H', W', M)."),
        (right[None], "there is one axis too many in front. One image gives maps (H', W', M)."),
    ]
