"""Checks: a kernel that moves the picture, the output size of a convolution, and the convolution itself."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from fer_course.checks import oracles
from fer_course.checks.answers import whole
from fer_course.checks.comparing import as_array
from fer_course.checks.core import Hint, Mistake, attempt, check, grown, judge, numbers, passed, raised_in, short

# ------------------------------------------------------------------------------------------------- moving a picture


@check
def shift_kernel(answer) -> None:
    """Check `shift_kernel(down, right)`: the kernel (3, 3) that moves a picture by so many pixels, each -1, 0 or 1."""
    # The second tells a place that is counted from a corner from rows and columns that are swapped.
    ways = [(0, 1), (1, 1), (1, 0), (0, -1), (-1, 0), (-1, 1), (1, -1), (-1, -1), (0, 0)]
    judge(
        answer,
        ways,
        oracles.shift_kernel,
        "the kernel for {} down, {} to the right".format,
        mistakes=SHIFT_KERNEL_MISTAKES,
        form=_nine,
    )
    passed("Your nine numbers move the face, in all nine ways.")


def _nine(answer) -> np.ndarray:
    values = as_array(answer)
    if values is None or values.dtype.kind not in "fiub" or values.shape != (3, 3):
        found = (
            short(answer) if values is None or values.dtype.kind not in "fiub" else f"an array of shape {values.shape}"
        )
        raise Hint(f"A kernel is an array of 3 × 3 numbers, np.zeros((3, 3)) to begin with; found {found}.")
    return values.astype(float)


def _one_at(place: Callable[[int, int], tuple], value: float = 1, rest: float = 0, middle: float = 0):
    """Return an answer: `value` at `place(down, right)`, added to `middle` in the middle and `rest` everywhere."""

    def kernel(down, right):
        nine = np.full((3, 3), float(rest))
        nine[1, 1] += middle
        nine[place(down, right)] += value
        return nine

    return kernel


def _right_place(down: int, right: int) -> tuple[int, int]:
    return 1 - down, 1 - right


_WAY = (
    "this moves the picture {}. The sum lands in the middle of the window: what comes from the left moves to the right."
)
_THREE = "three of the nine numbers are 1; only one may be. One place has two indices: kernel[row, column]."
_TO = "the place counts from the middle, [1, 1]: this kernel's 1 is somewhere else."

SHIFT_KERNEL_MISTAKES = (
    Mistake(_one_at(lambda down, right: (1 + down, 1 + right)), _WAY.format("the other way")),
    Mistake(_one_at(lambda down, right: (1 - down, 1 + right)), _WAY.format("to the wrong side")),
    Mistake(_one_at(lambda down, right: (1 + down, 1 - right)), _WAY.format("up instead of down, or down instead of up")),
    Mistake(_one_at(lambda down, right: (1 - right, 1 - down)),
            "this moves down by `right`, and to the right by `down`. The first index of an array counts rows."),
    Mistake(_one_at(lambda down, right: (1 + right, 1 + down)),
            "this moves up by `right`, and to the left by `down`. The first index of an array counts rows, and what comes from "
            "the left moves to the right."),
    Mistake(_one_at(lambda down, right: (1 - right, 1 + down)),
            "this moves down by `right`, and to the left by `down`. The first index of an array counts rows, and what comes from "
            "the left moves to the right."),
    Mistake(_one_at(lambda down, right: (1 + right, 1 - down)),
            "this moves up by `right`, and to the right by `down`. The first index of an array counts rows, and what comes from "
            "above moves down."),
    Mistake(_one_at(lambda down, right: (down, right)), _TO),
    Mistake(_one_at(lambda down, right: (-down, -right)), _TO),
    Mistake(_one_at(lambda down, right: (2 - down, 2 - right)), _TO),
    Mistake(_one_at(lambda down, right: (slice(None), 1 - right)), _THREE),
    Mistake(_one_at(lambda down, right: (1 - down, slice(None))), _THREE),
    Mistake(_one_at(lambda down, right: (1, 1 - right)), "this moves the picture to the side alone, and not by `down`."),
    Mistake(_one_at(lambda down, right: (1 - down, 1)), "this moves the picture up or down alone, and not by `right`."),
    Mistake(_one_at(lambda down, right: (1, 1)), "this kernel leaves the picture where it is."),
    Mistake(_one_at(lambda down, right: (1, 1), value=0), "nine zeros make every picture 0. One of the nine numbers is 1."),
    Mistake(_one_at(_right_place, value=-1), "this moves the picture, but makes its negative: 1 instead of -1."),
    Mistake(_one_at(_right_place, middle=1), "this adds the picture to the moved one: 1 is added in the middle, too."),
    Mistake(_one_at(_right_place, middle=-1), "this subtracts the picture from the moved one: 1 is subtracted in the middle."),
    Mistake(_one_at(_right_place, rest=1), "all nine numbers are 1 too large, and add up all neighbours. Begin with zeros."),
)  # fmt: skip


# -------------------------------------------------------------------------------------------------- output size


@check
def output_size(answer) -> None:
    """Check `output_size(size, kernel, stride, padding)`: in how many places a kernel fits along one side, an int."""
    cases = [(48, 5, 1, 0), (7, 3, 1, 1), (9, 3, 2, 0), (10, 3, 2, 0), (11, 5, 3, 2), (6, 6, 1, 0), (48, 3, 2, 1)]
    # `round` goes to the *even* number at a half: only together do these and (10, 3, 2, 0) catch it before and after the + 1.
    # Padding that is neither none nor what keeps the size.
    cases += [(48, 3, 2, 0), (6, 3, 4, 0), (48, 5, 1, 1), (48, 7, 1, 3)]
    # Here (size - kernel + 1) / stride is to be rounded up, and ends in a half or below it.
    cases += [(7, 3, 2, 0), (6, 3, 3, 0), (9, 3, 3, 1)]
    judge(
        answer,
        # By twice the stride: what is over at the end stays the same.
        [(n + 2 * s * grown(seed, 0)[0], k, s, p) for seed, (n, k, s, p) in enumerate(cases)],
        lambda n, k, s, p: len(range(0, n + 2 * p - k + 1, s)),
        "{} pixels, kernel {}, stride {}, padding {}".format,
        mistakes=OUTPUT_SIZE_MISTAKES,
        form=_places,
    )
    if _places(attempt(answer, 12, 5)) != 8:
        raise Hint("Called with size and kernel alone, stride is 1 and padding 0. Keep these defaults.")
    passed("Output size: you can plan a network on paper.")


def _places(answer) -> int:
    return whole(answer, "A number of places")


def _sized(formula: Callable[[int, int, int, int], int]) -> Callable[..., int]:
    """Return a wrong answer by `formula(size + both paddings, kernel, stride, padding)`, with the defaults."""
    return lambda n, k, s=1, p=0: formula(n + 2 * p, k, s, p)


_ROUNDED = (
    "that is exactly what rounding to the nearest whole number gives, but a step that leads outside doesn't count. Round down: "
    "//."
)

OUTPUT_SIZE_MISTAKES = (
    Mistake(
        _sized(lambda n, k, s, p: (n - k) // s), "always one too few: the place at the very start counts too. Add 1."
    ),
    Mistake(_sized(lambda n, k, s, p: (n - k + 1) // s),
            "that is exactly what adding 1 *before* the division gives. Add it after: the first place needs no step."),
    Mistake(_sized(lambda n, k, s, p: round((n - k + 1) / s)),
            "that is exactly what adding 1 *before* the division and rounding give. Add 1 after it, and round down: //."),
    Mistake(_sized(lambda n, k, s, p: math.floor((n - k + 1) / s + 0.5)),
            "that is exactly what adding 1 *before* the division and rounding give. Add 1 after it, and round down: //."),
    Mistake(_sized(lambda n, k, s, p: (n - p - k) // s + 1),
            "that is exactly what padding at *one* end gives. It is at both: add it twice."),
    Mistake(_sized(lambda n, k, s, p: (n + p - k) // s + 1),
            "that is exactly what adding the padding three times gives. It is at *two* ends: add it twice."),
    Mistake(_sized(lambda n, k, s, p: (n - 2 * p - k) // s + 1),
            "that is what it is without padding. The zeros make the side longer, by `padding` at each end."),
    Mistake(_sized(lambda n, k, s, p: (n - 4 * p - k) // s + 1),
            "that is exactly what *subtracting* the padding gives. It makes the side longer: add it."),
    Mistake(_sized(lambda n, k, s, p: n - k + 1),
            "that is what it is with stride 1: divide the way that the kernel can go by the stride."),
    Mistake(_sized(lambda n, k, s, p: (n - k) // 2 + 1),
            "that is what it is with stride 2, whatever the argument says. Use `stride`."),
    Mistake(_sized(lambda n, k, s, p: n - 2 * p - k + 1), "this is for stride 1 without padding. Use both arguments."),
    Mistake(_sized(lambda n, k, s, p: n // s),
            "that is exactly what the side gives without the kernel. Its *whole* width has to stay inside."),
    Mistake(_sized(lambda n, k, s, p: (n + k) // s + 1),
            "that is exactly what *adding* the kernel gives. It needs room: subtract its width from the side."),
    Mistake(_sized(lambda n, k, s, p: (k - n) // s + 1),
            "that is exactly what the opposite difference gives: subtract the kernel from the side with its padding."),
    Mistake(_sized(lambda n, k, s, p: (k - n + 4 * p) // s + 1),
            "that is exactly what size and kernel in each other's place give. The first argument is the size."),
    Mistake(_sized(lambda n, k, s, p: -(-(n - 2 * p) // s)),
            'this is what Keras calls "same". Here the number of zeros is given: `padding`.'),
    Mistake(_sized(lambda n, k, s, p: -(-(n - k) // s) + 1),
            "that is exactly what rounding up gives, but a step that leads outside doesn't count. Round down: //."),
    Mistake(_sized(lambda n, k, s, p: round((n - k) / s) + 1), _ROUNDED),
    Mistake(_sized(lambda n, k, s, p: round((n - k) / s + 1)), _ROUNDED),
    Mistake(_sized(lambda n, k, s, p: math.floor((n - k) / s + 0.5) + 1), _ROUNDED),
    Mistake(_sized(lambda n, k, s, p: (n - k) // s + 2),
            "always one too many: count the steps, and 1 for the first place."),
    Mistake(_sized(lambda n, k, s, p: (n - k + 1) // s + 1),
            "that is exactly what adding 1 before the division *and* after it gives. Count the steps, and add 1 after it."),
    Mistake(_sized(lambda n, k, s, p: n - k // s + 1),
            "that is exactly what `... - kernel // stride` gives, which divides the kernel alone. Put the whole difference in "
            "parentheses before //."),
    Mistake(_sized(lambda n, k, s, p: n // s - k + 1),
            "that is exactly what dividing the side alone by the stride gives. Subtract the kernel first, in parentheses."),
    Mistake(_sized(lambda n, k, s, p: (n - k - 1) // s + 1),
            "that is exactly what subtracting kernel + 1 gives. The way of the kernel is the side minus `kernel`."),
    Mistake(_sized(lambda n, k, s, p: ((n - k) // s + 1) ** 2),
            "this is the square of the right number, as for an area. Return the places along one side."),
)  # fmt: skip


# -------------------------------------------------------------------------------------------------- convolution


@check
def convolve(answer) -> None:
    """Check `convolve(image, kernel, stride, padding)`: floats (H',W',M) of an image (H,W,C) and kernels (k,k,C,M)."""
    cases = []
    # From plain to involved, so that a hint speaks of one thing. Where k = C = M, swapped axes of the kernel show as values.
    for seed, (shape, size, filters, stride, padding) in enumerate(
        (
            ((6, 9, 1), 3, 1, 1, 0),
            ((5, 7, 3), 3, 3, 1, 0),
            ((7, 4, 2), 2, 5, 1, 0),
            ((9, 8, 2), 3, 3, 2, 0),
            ((8, 11, 3), 2, 2, 3, 0),
            ((5, 8, 2), 3, 4, 1, 2),
            ((9, 6, 5), 5, 2, 2, 1),
        )
    ):
        shape = (*grown(seed, *shape[:2]), shape[2])
        rng = numbers(seed)
        image = rng.normal(size=shape) if seed != 2 else rng.integers(0, 256, shape, dtype=np.uint8)
        # Small numbers with the large pixels of uint8, so that a right answer in float32 is within the tolerance.
        kernel = rng.normal(size=(size, size, shape[2], filters)) * (0.1 if seed == 2 else 1)
        # The defaults are tried as well.
        cases.append((image, kernel, *((stride, padding) if (stride, padding) != (1, 0) else ())))
    judge(answer, cases, _convolved, _what, mistakes=CONVOLVE_MISTAKES, advice=_misfit, form=_maps)
    passed("Convolved: channels, stride and padding. This is what Conv2D does.")


def _what(image: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: int = 0) -> str:
    return f"image {image.shape}, kernel {kernel.shape}, stride {stride}, padding {padding}"


def _misfit(error: Exception, image: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: int = 0) -> str:
    """Return why window and kernel did not fit in this case, and not only that they did not; "" for another error."""
    if raised_in(error, "pad"):
        return _reason_of_padding(str(error))
    reason = _reason_of_misfit(str(error), kernel, stride, padding, _convolved(image, kernel, stride, padding).shape)
    return f"With {_what(image, kernel, stride, padding)}: {reason}" if reason else ""


def _reason_of_padding(error: str) -> str:
    """Return what np.pad takes where it got something of another shape; "" for another error of np.pad."""
    if "broadcast" not in error and "inhomogeneous" not in error:
        return ""
    axes = re.search(r"requested shape \((\d+)", error)
    here = f" (its array has {axes[1]} of them)" if axes else ""
    return (
        f"np.pad stopped. It takes a pair, zeros before and after, for *every* axis{here}. An image has three, rows, columns "
        "and channels: the channels get the pair (0, 0)."
    )


def _reason_of_misfit(error: str, kernel: np.ndarray, stride: int, padding: int, maps: tuple[int, ...]) -> str:
    """Return what NumPy's words about two shapes mean here, or "". The window is the one that has met a kernel (k, k, C)."""
    size, _, channels, _ = kernel.shape
    if "setting an array element with a sequence" in error and "inhomogeneous" not in error:
        return (
            "one place of an array takes *one* number, but several came. Is it a place of the result? Sum over rows, columns "
            "and channels together: .sum() without an axis."
        )
    if "too many values to unpack" in error:
        return (
            "more values came than there are names for them. Count: image.shape holds three numbers, (H, W, C), kernel.shape "
            "four, and each index of np.ndindex(…) as many as it was given sides."
        )
    if "shape-mismatch" in error or "out of bounds" in error:
        sizes = (
            f"here k is {size}, there are {channels} channels, and the maps are {maps}. Do all your sizes come from "
            "kernel.shape and image.shape?"
        )
        if stride > 1 and "out of bounds" in error:
            return (
                f"{sizes} Does an index count places, and not pixels? Place r has the window from pixel r * stride on."
            )
        return sizes
    shapes = [tuple(map(int, re.findall(r"\d+", text))) for text in re.findall(r"\(([\d, ]+)\)", error)]
    if "broadcast" not in error or len(shapes) < 2:
        return ""
    if "input array" in error:
        if shapes[1] != (kernel.shape[3],):
            return ""
        return (
            f"maps[row, column] takes one number per map, {kernel.shape[3]} in all; an array {shapes[0]} came. Each of them is "
            "one sum over rows, columns and channels together."
        )
    whole = (size, size, channels)
    if whole not in shapes[:2]:
        return ""
    other = shapes[1 - shapes.index(whole)]
    if other == (size, size):
        return (
            f"an array {other} met an array {whole}. Window and kernel go together with all channels: "
            "image[top:top + k, left:left + k] and kernel[:, :, :, m]."
        )
    return _reason_of_window(other, whole, stride, padding) if len(other) == 3 else ""


def _reason_of_window(window: tuple[int, ...], whole: tuple[int, ...], stride: int, padding: int) -> str:
    """Return what may be wrong with a window of this shape, which should be that of a whole kernel, (k, k, C); or ""."""
    size, _, channels = whole
    if padding and window[2] == channels + 2 * padding:
        return (
            f"the window is {window[2]} deep, and the image has {channels} channels. np.pad(image, padding) would pad the "
            "channels, too: give (0, 0) for them."
        )
    if window[2] != channels:
        return ""
    if max(window[:2]) > size:
        return (
            f"the window has {window[0]} × {window[1]} pixels, the kernel {size} × {size}. A window begins at row * stride and "
            "ends at row * stride + k, without parentheses and without + 1; k is kernel.shape[0]."
        )
    if not min(window[:2]):
        return (
            "a window is empty. Does it begin at a negative number, or beyond the last row or column? It begins at row * stride, "
            "also in a padded image, and ends at row * stride + k."
        )
    found = f"a window is too small, {window[0]} × {window[1]} pixels."
    if padding:
        return (
            f"{found} Either the zeros are missing (np.pad returns a *new* array), or there are too many places (after np.pad, "
            "image.shape includes the zeros), or it does not go from row * stride to row * stride + k."
        )
    if stride > 1:
        return (
            f"{found} Does it begin at row * stride, and end at row * stride + k? Or is there one place too many? There are "
            "(H - k) // stride + 1."
        )
    return (
        f"{found} Does it begin at row, and end at row + k? Have row and column changed places? Or is there one place too many? "
        "There are H - k + 1 by W - k + 1."
    )


def _maps(answer) -> np.ndarray:
    """Return the answer as an array, or raise the hint for one whose numbers can't hold the sums."""
    try:
        maps = np.asarray(answer)
    except (TypeError, ValueError):
        raise Hint(f"Return one NumPy array of maps (H', W', M); found {short(answer)}.") from None
    if maps.dtype.kind in "iu" and maps.dtype.itemsize < 4 and maps.ndim:
        raise Hint(
            f"Your maps are {maps.dtype}: sums below 0 or above {np.iinfo(maps.dtype).max} wrap round, fractions are cut off. "
            "Let the result be floats; np.zeros(shape) makes them."
        )
    return maps


def _convolved(image, kernel, stride: int = 1, padding: int = 0, **mode) -> np.ndarray:
    return oracles.convolve(np.pad(image, [(padding, padding), (padding, padding), (0, 0)], **mode), kernel, stride)


def _padded(before, after=None, rows: int = 1, columns: int = 1, **mode):
    """Return a wrong convolution of an image with before(padding) pixels above and left, after(padding) below and right."""

    def convolve(image, kernel, stride=1, padding=0):
        margin = np.array([max(before(padding), 0), max((after or before)(padding), 0)])
        return oracles.convolve(np.pad(image, [margin * rows, margin * columns, (0, 0)], **mode), kernel, stride)

    return convolve


def _with_kernel(change: Callable[[np.ndarray], np.ndarray]):
    """Return a wrong convolution with the kernel that `change(kernel)` returns."""
    return lambda image, kernel, stride=1, padding=0: _convolved(image, change(kernel), stride, padding)


def _with_maps(change: Callable[..., np.ndarray]):
    """Return a wrong convolution: `change(right maps, image, kernel, stride, padding)`."""

    def convolve(image, kernel, stride=1, padding=0):
        return change(_convolved(image, kernel, stride, padding), image, kernel, stride, padding)

    return convolve


def _with_sizes_of_the_image(image, kernel, stride=1, padding=0) -> np.ndarray:
    """Return the right maps, but only as many rows and columns as the image has places without its zeros."""
    rows, columns = ((side - len(kernel)) // stride + 1 for side in image.shape[:2])
    return _convolved(image, kernel, stride, padding)[:rows, :columns]


def _with_places(choose: Callable[..., np.ndarray]):
    """Return a wrong convolution: `choose(maps of stride 1, stride, rows, columns)`, these of the right maps."""

    def convolve(image, kernel, stride=1, padding=0):
        rows, columns, _ = _convolved(image, kernel, stride, padding).shape
        return choose(_convolved(image, kernel, 1, padding), stride, rows, columns)

    return convolve


def _with_slice(kernel_of: Callable[[np.ndarray, int], np.ndarray], window_of=lambda window: window):
    """Return a wrong convolution whose map m multiplies `window_of(window)` by `kernel_of(kernel, m)`, as NumPy broadcasts it."""

    def convolve(image, kernel, stride=1, padding=0):
        maps = _convolved(image, kernel, stride, padding)
        image, size = np.pad(image, [(padding, padding), (padding, padding), (0, 0)]), len(kernel)
        for row, column, m in np.ndindex(maps.shape):
            top, left = row * stride, column * stride
            window = window_of(image[top : top + size, left : left + size])
            maps[row, column, m] = (window * kernel_of(kernel, m)).sum()
        return maps

    return convolve


def _by_matrices(image, kernel, stride=1, padding=0) -> np.ndarray:
    """Return what comes of the matrix product of window and kernel in each channel, added up."""
    maps = _convolved(image, kernel, stride, padding)
    image, size = np.pad(image, [(padding, padding), (padding, padding), (0, 0)]), len(kernel)
    for row, column, m in np.ndindex(maps.shape):
        top, left = row * stride, column * stride
        window = image[top : top + size, left : left + size]
        maps[row, column, m] = sum((window[..., c] @ kernel[:, :, c, m]).sum() for c in range(image.shape[2]))
    return maps


def _apart(image, kernel, stride=1, padding=0) -> np.ndarray:
    """Return the maps of each channel alone, (H',W',C,M)."""
    every = range(image.shape[2])
    return np.stack([_convolved(image[..., [c]], kernel[:, :, [c]], stride, padding) for c in every], axis=2)


def _crossed(image, kernel, stride=1, padding=0) -> np.ndarray:
    """Return what comes of adding up the channels of image and kernel first."""
    both = np.sum(image, axis=2, keepdims=True, dtype=float)
    return _convolved(both, kernel.sum(axis=2, keepdims=True), stride, padding)


def _last_empty(maps: np.ndarray, *_) -> np.ndarray:
    maps[-1], maps[:, -1] = 0, 0
    return maps


def _scattered(maps: np.ndarray, stride: int, rows: int, columns: int) -> np.ndarray:
    scattered = np.zeros_like(maps)
    scattered[::stride, ::stride] = maps[::stride, ::stride]
    return scattered


_ONE_SIDE = (
    "that is exactly what zeros {} alone give. Put `padding` of them on *each* side: above, below, left and right."
)
_BEGINNING = (
    "that is exactly what zeros above and left alone give. Either they are missing below and right, or too few places are "
    "counted: after np.pad, image.shape includes the zeros of both sides, and a side has (H - k) // stride + 1 places with this "
    "H."
)
_OFF = "put exactly `padding` rows and columns of zeros on each side"
_STILL = "the result has the right size, but its windows are 1 apart: that of row r starts at r * stride."
_TOO_FEW = "the last row and column are missing. A side of H has (H - k) // stride + 1 places: don't forget the + 1."
_ONE_SLICE = (
    "that is exactly what window * kernel[:, :, 0, m] gives, one slice of the kernel. Map m uses all of them: "
    "kernel[:, :, :, m]."
)
_MATRICES = (
    "that is exactly what the matrix product `@` of window and kernel gives, channel by channel. Multiply number by number, "
    "*."
)
_MEAN = "this is a mean. A convolution adds up, and does not divide."
_NOT_SUMMED = "the channels are not summed up, but kept apart. Each map is one sum over rows, columns *and* channels."
_FIRST_MAP = "this is the first output map alone. Each of the M kernels makes one."
_TWICE = "Multiply window and kernel first, channel by channel, then add up everything once."

CONVOLVE_MISTAKES = (
    # What goes round the picture comes first: it shows where padding is tried, and nowhere else.
    Mistake(_padded(lambda p: 0),
            "that is what it is without padding. Put the zeros round the image first: np.pad, which returns a *new* array."),
    Mistake(_padded(lambda p: p, lambda p: 0), _BEGINNING),
    Mistake(_padded(lambda p: 0, lambda p: p), _ONE_SIDE.format("below and right")),
    Mistake(_padded(lambda p: 2 * p, lambda p: 0), _ONE_SIDE.format("above and left")),
    Mistake(_padded(lambda p: 0, lambda p: 2 * p), _ONE_SIDE.format("below and right")),
    Mistake(_padded(lambda p: p - 1), f"that is exactly what padding of one less gives: {_OFF}."),
    Mistake(_padded(lambda p: p + 1), f"that is exactly what padding of one more gives: {_OFF}."),
    Mistake(_padded(lambda p: p, lambda p: p - 1),
            f"that is exactly what one row and column of zeros less gives, below and right: {_OFF}. Or are the places too few?"),
    Mistake(_padded(lambda p: p - 1, lambda p: p),
            f"that is exactly what one row and column of zeros less gives, above and left: {_OFF}."),
    Mistake(_with_sizes_of_the_image,
            "this is the top left part of the right maps, with as many places as the image has *without* its zeros. Are the "
            "sizes taken before np.pad? Take them from the padded image."),
    Mistake(_padded(lambda p: p, mode="edge"), "the margin repeats the border of the image. Put zeros there."),
    Mistake(_padded(lambda p: p, mode="reflect"), "the margin mirrors the image. Put zeros there."),
    Mistake(_padded(lambda p: p, constant_values=1), "the margin holds ones. Put zeros there."),
    Mistake(
        lambda image, kernel, stride=1, padding=0: np.pad(
            _convolved(image, kernel, stride), [(padding, padding), (padding, padding), (0, 0)]
        ),
        "the zeros go round the *image*, before the convolution. Here they are round the result.",
    ),
    Mistake(_padded(lambda p: p, columns=0), "the zeros are above and below only. Left and right need them too."),
    Mistake(_padded(lambda p: p, rows=0), "the zeros are left and right only. Above and below need them too."),
    Mistake(lambda image, kernel, stride=1, padding=0: oracles.convolve(image, kernel, stride, "same"),
            "this is padded, but the padding asked for is 0."),
    Mistake(_with_places(lambda maps, stride, rows, columns: maps),
            "that is what it is with stride 1. From one place to the next the window moves by `stride`."),
    Mistake(_with_places(lambda maps, stride, rows, columns: maps[:rows, :columns]), _STILL),
    Mistake(_with_places(lambda maps, stride, rows, columns: maps[::stride]),
            "the stride is used along the rows alone. The columns need it too."),
    Mistake(_with_places(lambda maps, stride, rows, columns: maps[:, ::stride]),
            "the stride is used along the columns alone. The rows need it too."),
    Mistake(_with_places(lambda maps, stride, rows, columns: maps[::stride, :columns]),
            "the window moves by the stride along the rows alone. The columns need it too."),
    Mistake(_with_places(lambda maps, stride, rows, columns: maps[:rows, ::stride]),
            "the window moves by the stride along the columns alone. The rows need it too."),
    Mistake(_with_places(_scattered), "the sums are right, but `stride` apart. The first place is 0, the next is 1."),
    Mistake(_with_maps(lambda maps, *_: maps[:-1, :-1]), _TOO_FEW),
    Mistake(_with_maps(lambda maps, *_: maps[:-2, :-2]), _TOO_FEW.replace("row and column are", "two rows and columns are")),
    Mistake(_with_maps(_last_empty),
            "the last row and column of the maps hold zeros. A side of H has (H - k) // stride + 1 places: fill all of them."),
    Mistake(_with_kernel(lambda kernel: kernel[::-1, ::-1]),
            "that is exactly what the kernel turned by 180 degrees gives, as in mathematics. Networks lay it on as it is: "
            "kernel[0, 0] meets the top left pixel of the window."),
    Mistake(_with_kernel(lambda kernel: kernel[::-1]), "that is exactly what the kernel upside down gives. Lay it on as it is."),
    Mistake(_with_kernel(lambda kernel: kernel[:, ::-1]), "that is exactly what the mirrored kernel gives. Lay it on as it is."),
    Mistake(_with_kernel(lambda kernel: kernel.transpose(1, 0, 2, 3)),
            "that is exactly what the kernel gives with rows and columns swapped. Lay it on as it is."),
    Mistake(_by_matrices, _MATRICES),
    Mistake(_with_slice(lambda kernel, m: kernel[:, :, :1, m]), _ONE_SLICE),
    Mistake(_with_slice(lambda kernel, m: kernel[:, :, 0, m]), _ONE_SLICE),
    Mistake(_with_slice(lambda kernel, m: kernel[:, :, :, m], lambda window: window[:, :, 0]),
            "that is exactly what window[:, :, 0] * kernel[:, :, :, m] gives, one channel of the window. Take all of them: "
            "the window has the shape of the kernel, (k, k, C)."),
    Mistake(_with_slice(lambda kernel, m: kernel),
            "that is exactly what (window * kernel).sum() gives, with the kernels of all maps. Map m uses its own: "
            "kernel[:, :, :, m]."),
    Mistake(_with_slice(lambda kernel, m: 1.0),
            "that is exactly the sum of the window. Multiply the window by the kernel before you add up."),
    Mistake(_with_maps(lambda maps, image, kernel, *_: maps / kernel[:, :, 0, 0].size), _MEAN),
    Mistake(_with_maps(lambda maps, image, kernel, *_: maps / kernel[..., 0].size), _MEAN),
    Mistake(_with_maps(lambda maps, *_: np.trunc(maps)),
            "the fractions are cut off. Let the result be floats; np.zeros(shape) makes them."),
    Mistake(_with_maps(lambda maps, *_: np.maximum(maps, 0)),
            "everything below zero is cut off. A ReLU may follow a convolution; it is no part of it."),
    Mistake(_with_kernel(lambda kernel: kernel.transpose(0, 1, 3, 2)),
            "that is exactly what kernel[:, :, m] gives: channels and maps are swapped. Map m uses kernel[:, :, :, m]."),
    Mistake(_with_slice(lambda kernel, m: kernel[m]),
            "that is exactly what kernel[m] gives, a *row* of all kernels. Map m uses kernel[:, :, :, m]."),
    Mistake(_apart, _NOT_SUMMED),
    Mistake(lambda *given: _apart(*given).sum(axis=3), _NOT_SUMMED),
    Mistake(lambda *given: _apart(*given)[..., 0], _NOT_SUMMED),
    Mistake(lambda *given: _apart(*given)[:, :, 0],
            "only channel 0 is used. Multiply the whole window (k, k, C) by the whole kernel (k, k, C)."),
    Mistake(lambda *given: _apart(*given)[:, :, -1],
            "only the last channel is used: does a later one overwrite the earlier ones? Add them up with +=."),
    Mistake(_with_maps(lambda maps, image, *_: maps * image.shape[2]),
            f"each value is the right one times the number of channels. {_TWICE}"),
    Mistake(_crossed,
            f"that is exactly what adding up the channels of window and of kernel gives, before they meet. {_TWICE}"),
    Mistake(_with_maps(lambda maps, image, *_: maps / image.shape[2]),
            "this is a mean over the channels. A convolution adds up, and does not divide."),
    Mistake(
        _with_maps(lambda maps, *_: maps[..., 0]),
        lambda image, kernel, *_: (
            _FIRST_MAP if kernel.shape[3] > 1 else "the last axis is missing. One map is still an array (H', W', 1)."
        ),
    ),
    Mistake(_with_maps(lambda maps, *_: maps[..., :1]), _FIRST_MAP),
    Mistake(_with_maps(lambda maps, *_: maps.sum(axis=2)),
            "the output maps are summed up. Keep all M of them, along the last axis."),
    Mistake(_with_maps(lambda maps, *_: maps.sum(axis=2, keepdims=True)),
            "the output maps are summed up. Keep all M of them, along the last axis."),
    Mistake(_with_maps(lambda maps, *_: maps[..., :1].repeat(maps.shape[2], axis=2)),
            "every map is the first one. Map m uses kernel[:, :, :, m]."),
    Mistake(_with_maps(lambda maps, *_: maps.transpose(1, 0, 2)),
            "rows and columns of the result are swapped. Its shape is (H', W', M)."),
    Mistake(_with_maps(lambda maps, *_: np.moveaxis(maps, 2, 0)),
            "the maps come first here. Keras keeps them last: (H', W', M)."),
    Mistake(_with_maps(lambda maps, *_: maps[None]),
            "there is one axis too many in front. One image gives maps (H', W', M)."),
)  # fmt: skip
