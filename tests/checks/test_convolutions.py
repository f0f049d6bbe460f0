"""Checks of convolutions: right answers pass in any form, and each known mistake gets its own hint."""

import math

import keras
import numpy as np
from answers import three_tests

from fer_course import costs
from fer_course.checks import convolutions, oracles

# ------------------------------------------------------------------------------------------------- output_size


def size_by_walking(size, kernel, stride=1, padding=0):
    place, count = -padding, 0
    while place + kernel <= size + padding:
        place, count = place + stride, count + 1
    return count


def sized(formula):
    """Return an answer with the defaults that are asked for."""
    return lambda size, kernel, stride=1, padding=0: formula(size, kernel, stride, padding)


SIZE_RIGHT = {
    "formula": sized(lambda n, k, s, p: (n + 2 * p - k) // s + 1),
    "walking": size_by_walking,
    "floor": sized(lambda n, k, s, p: math.floor((n + 2 * p - k) / s) + 1),
    "numpy": sized(lambda n, k, s, p: np.int32((n + 2 * p - k) // s + 1)),
    "rounded up": sized(lambda n, k, s, p: -(-(n + 2 * p - k + 1) // s)),
    "package": sized(lambda n, k, s, p: costs.output_size(n + 2 * p, k, s)),
}
SIZE_WRONG = {
    "no one": (sized(lambda n, k, s, p: (n + 2 * p - k) // s), "One too few"),
    "one inside": (sized(lambda n, k, s, p: (n + 2 * p - k + 1) // s), "after the division"),
    "padding once": (sized(lambda n, k, s, p: (n + p - k) // s + 1), "both"),
    "no padding": (sized(lambda n, k, s, p: (n - k) // s + 1), "padding is not used"),
    "no stride": (sized(lambda n, k, s, p: n + 2 * p - k + 1), "stride is not used"),
    "neither": (sized(lambda n, k, s, p: n - k + 1), "Both play a part"),
    "no kernel": (sized(lambda n, k, s, p: (n + 2 * p) // s), "kernel is not used"),
    "same": (sized(lambda n, k, s, p: math.ceil(n / s)), "same"),
    "up": (sized(lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1), "Rounded up"),
    "round": (sized(lambda n, k, s, p: round((n + 2 * p - k) / s) + 1), "`round`"),
    "round after the one": (sized(lambda n, k, s, p: round((n + 2 * p - k) / s + 1)), "`round`"),
    "a half up": (sized(lambda n, k, s, p: int((n + 2 * p - k) / s + 1.5)), "`round`"),
    "one more": (sized(lambda n, k, s, p: (n + 2 * p - k) // s + 2), "One too many"),
    "k places lost": (sized(lambda n, k, s, p: (n + 2 * p - k - 1) // s + 1), "k - 1"),
    "area": (sized(lambda n, k, s, p: ((n + 2 * p - k) // s + 1) ** 2), "area"),
    "a fraction": (sized(lambda n, k, s, p: (n + 2 * p - k) / s + 1), r"found 44\.0\. Divide with //"),
    "not a number": (sized(lambda n, k, s, p: float("nan")), "found nan"),
    "two sides": (sized(lambda n, k, s, p: ((n + 2 * p - k) // s + 1,) * 2), "whole number"),
    "text": (sized(lambda n, k, s, p: str((n + 2 * p - k) // s + 1)), "whole number"),
    "no defaults": (lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride + 1, "TypeError"),
    "other default": (lambda size, kernel, stride=1, padding=1: (size + 2 * padding - kernel) // stride + 1, "defaults"),
    "kernel twice": (sized(lambda n, k, s, p: (n + 2 * p - 2 * k) // s + 1), "48 pixels, kernel 5"),
    "nothing": (sized(lambda n, k, s, p: None), "return"),
}  # fmt: skip

# ---------------------------------------------------------------------------------------------------- convolve


def padded(image, padding, **mode):
    return np.pad(image, [(padding, padding), (padding, padding), (0, 0)], **mode)


def convolve(image, kernel, stride=1, padding=0):
    image = padded(image, padding)
    size = len(kernel)
    rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
    maps = np.zeros((rows, columns, kernel.shape[3]))
    for row, column in np.ndindex(rows, columns):
        window = image[row * stride : row * stride + size, column * stride : column * stride + size]
        maps[row, column] = np.tensordot(window, kernel, axes=3)
    return maps


def convolve_by_loops(image, kernel, stride=1, padding=0):
    height, width, channels = image.shape
    size, _, _, filters = kernel.shape
    rows, columns = ((side + 2 * padding - size) // stride + 1 for side in (height, width))
    maps = [[[0.0] * filters for _ in range(columns)] for _ in range(rows)]
    for row, column, m, i, j, c in np.ndindex(rows, columns, filters, size, size, channels):
        y, x = row * stride + i - padding, column * stride + j - padding
        if 0 <= y < height and 0 <= x < width:
            maps[row][column][m] += image[y, x, c] * kernel[i, j, c, m]
    return maps


def convolve_at_once(image, kernel, stride=1, padding=0):
    image = padded(image, padding)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape[:2], axis=(0, 1))
    return np.einsum("hwcij,ijcm->hwm", windows[::stride, ::stride], kernel)


def convolve_in_float32(image, kernel, stride=1, padding=0):
    windows = np.lib.stride_tricks.sliding_window_view(padded(image, padding), kernel.shape[:2], axis=(0, 1))
    windows = windows[::stride, ::stride].astype(np.float32)
    return np.einsum("hwcij,ijcm->hwm", windows, kernel.astype(np.float32))


def convolve_with_keras(image, kernel, stride=1, padding=0):
    image = padded(image, padding)[None].astype("float32")
    return keras.ops.conv(image, kernel.astype("float32"), strides=stride, padding="valid")[0]


def with_kernel(change):
    return lambda image, kernel, stride=1, padding=0: convolve(image, change(kernel), stride, padding)


def with_image(change):
    """Return a convolution of an image that `change(image, padding)` has padded in its own way."""
    return lambda image, kernel, stride=1, padding=0: convolve(change(image, padding), kernel, stride)


def with_result(change):
    return lambda image, kernel, stride=1, padding=0: change(convolve(image, kernel, stride, padding))


def strided(rows, columns):
    """Return a convolution that takes every `rows(stride)`-th row of places and every `columns(stride)`-th column."""

    def answer(image, kernel, stride=1, padding=0):
        return convolve(image, kernel, 1, padding)[:: rows(stride), :: columns(stride)]

    return answer


def right_size_wrong_places(image, kernel, stride=1, padding=0):
    rows, columns, _ = convolve(image, kernel, stride, padding).shape
    return convolve(image, kernel, 1, padding)[:rows, :columns]


def scattered(image, kernel, stride=1, padding=0):
    maps = np.zeros_like(convolve(image, kernel, 1, padding))
    maps[::stride, ::stride] = convolve(image, kernel, stride, padding)
    return maps


def channels_apart(image, kernel, stride=1, padding=0):
    every = range(image.shape[2])
    return np.stack([convolve(image[..., [c]], kernel[:, :, [c]], stride, padding) for c in every], axis=2)


def channel(number):
    def answer(image, kernel, stride=1, padding=0):
        c = range(image.shape[2])[number]
        return convolve(image[..., [c]], kernel[:, :, [c]], stride, padding)

    return answer


def channels_first_summed(image, kernel, stride=1, padding=0):
    both = image.sum(axis=2, keepdims=True, dtype=float)
    return convolve(both, kernel.sum(axis=2, keepdims=True), stride, padding)


def every_channel_all(image, kernel, stride=1, padding=0):
    return sum(convolve(image, kernel, stride, padding) for _ in range(image.shape[2]))


def into(dtype):
    def answer(image, kernel, stride=1, padding=0):
        with np.errstate(all="ignore"):
            return convolve(image, kernel, stride, padding).astype(dtype)

    return answer


def in_place(image, kernel, stride=1, padding=0):
    image -= 1
    return convolve(image, kernel, stride, padding)


def pad_round_result(image, kernel, stride=1, padding=0):
    return padded(convolve(image, kernel, stride), padding)


def pad_all_axes(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding), kernel, stride)


def by_windows(rows_of, end_of, pad=padded, kernel_of=lambda kernel, m: kernel[:, :, :, m]):
    """A convolution of `rows_of(side, size, stride, padding)` places, whose windows end at `end_of(place, size, stride)`."""

    def answer(image, kernel, stride=1, padding=0):
        size, image = len(kernel), pad(image, padding)
        rows, columns = (rows_of(side, size, stride, padding) for side in image.shape[:2])
        maps = np.zeros((rows, columns, kernel.shape[3]))
        for row, column, m in np.ndindex(maps.shape):
            below, beside = end_of(row, size, stride), end_of(column, size, stride)
            window = image[row * stride : below, column * stride : beside]
            maps[row, column, m] = (window * kernel_of(kernel, m)).sum()
        return maps

    return answer


def fitting(side, size, stride, padding):
    return (side - size) // stride + 1


def inside(place, size, stride):
    return place * stride + size


def slice_of_channel_0(kernel, m):
    return kernel[:, :, 0, m] if kernel.shape[0] == kernel.shape[2] else kernel[:, :, :, m]


def row_kernels(image, kernel, stride=1, padding=0):
    other = np.moveaxis(kernel, 0, 3)
    fits = kernel.shape[0] == kernel.shape[2] == kernel.shape[3]
    return convolve(image, other if fits else kernel, stride, padding)


def swapped_maps(image, kernel, stride=1, padding=0):
    other = kernel.transpose(0, 1, 3, 2)
    return convolve(image, other if kernel.shape[2] == kernel.shape[3] else kernel, stride, padding)


def last_ones_left_out(image, kernel, stride=1, padding=0):
    maps = convolve(image, kernel, stride, padding)
    maps[-1], maps[:, -1] = 0, 0
    return maps


def no_padding(image, kernel, stride=1, padding=0):
    return convolve(image, kernel, stride)


def always_same(image, kernel, stride=1, padding=0):
    return oracles.convolve(image, kernel, stride, "same")


CONVOLVE_RIGHT = {
    "tensordot": convolve,
    "loops, a list": convolve_by_loops,
    "at once": convolve_at_once,
    "float32": convolve_in_float32,
    "keras": convolve_with_keras,
    "windows": by_windows(fitting, inside),
}
CONVOLVE_WRONG = {
    "flipped": (with_kernel(lambda kernel: kernel[::-1, ::-1]), "flipped"),
    "upside down": (with_kernel(lambda kernel: kernel[::-1]), "on its head"),
    "mirrored": (with_kernel(lambda kernel: kernel[:, ::-1]), "mirrored"),
    "transposed": (with_kernel(lambda kernel: kernel.transpose(1, 0, 2, 3)), "rows and columns of the kernel"),
    "no kernel": (with_kernel(np.ones_like), "kernel is not used"),
    "mean": (
        lambda image, kernel, *more: convolve(image, kernel, *more) / math.prod(kernel.shape[:3]),
        "does not divide",
    ),
    "mean over the window": (
        lambda image, kernel, *more: convolve(image, kernel, *more) / len(kernel) ** 2,
        "does not divide",
    ),
    "ReLU": (with_result(lambda maps: np.maximum(maps, 0)), "below zero"),
    "row kernels": (row_kernels, r"\*row\* of all kernels"),
    "maps for channels": (swapped_maps, "channels and maps are swapped"),
    "channels apart": (channels_apart, "not summed"),
    "channels apart, maps summed": (lambda *given: channels_apart(*given).sum(axis=3), "not summed"),
    "first channel": (channel(0), "only channel 0"),
    "last channel": (channel(-1), "only the last channel"),
    "channels summed first": (channels_first_summed, "summed twice"),
    "all channels for each channel": (every_channel_all, "summed twice"),
    "mean of channels": (
        lambda image, kernel, *more: convolve(image, kernel, *more) / image.shape[2],
        "mean over the channels",
    ),
    "first map": (with_result(lambda maps: maps[..., 0]), "last axis is missing"),
    "first map, axis kept": (with_result(lambda maps: maps[..., :1]), "first output map alone"),
    "maps summed, axis kept": (with_result(lambda maps: maps.sum(axis=2, keepdims=True)), "expected an array of shape"),
    "maps all equal": (with_result(lambda maps: maps[..., :1].repeat(maps.shape[2], axis=2)), "every map is the first"),
    "stride ignored": (strided(lambda s: 1, lambda s: 1), "stride is ignored"),
    "stride in rows": (strided(lambda s: s, lambda s: 1), "along the rows alone"),
    "stride in columns": (strided(lambda s: 1, lambda s: s), "along the columns alone"),
    "stride in the size alone": (right_size_wrong_places, "moves by 1"),
    "stride in the places alone": (scattered, "`stride` apart"),
    "one place too few": (with_result(lambda maps: maps[:-1, :-1]), r"\+ 1"),
    "last places empty": (last_ones_left_out, r"\+ 1"),
    "padding ignored": (no_padding, "padding is ignored"),
    "padding one less": (with_image(lambda image, p: padded(image, max(p - 1, 0))), "off by one"),
    "padding one more": (with_image(lambda image, p: padded(image, p + bool(p))), "off by one"),
    "padding always one more": (with_image(lambda image, p: padded(image, p + 1)), "padded"),
    "padding in front": (with_image(lambda image, p: np.pad(image, [(p, 0), (p, 0), (0, 0)])), "on one side"),
    "all padding in front": (with_image(lambda image, p: np.pad(image, [(2 * p, 0), (2 * p, 0), (0, 0)])), "on one side"),
    "padding behind": (with_image(lambda image, p: np.pad(image, [(0, p), (0, p), (0, 0)])), "on one side"),
    "one too few behind": (
        with_image(lambda image, p: np.pad(image, [(p, max(p - 1, 0)), (p, max(p - 1, 0)), (0, 0)])),
        "one too few below",
    ),
    "padded by the edge": (with_image(lambda image, p: padded(image, p, mode="edge")), "repeats the border"),
    "padded by reflection": (with_image(lambda image, p: padded(image, p, mode="reflect")), "mirrors"),
    "padded with ones": (with_image(lambda image, p: padded(image, p, constant_values=1)), "holds ones"),
    "rows padded": (with_image(lambda image, p: np.pad(image, [(p, p), (0, 0), (0, 0)])), "above and below only"),
    "columns padded": (with_image(lambda image, p: np.pad(image, [(0, 0), (p, p), (0, 0)])), "left and right only"),
    "padding round the result": (pad_round_result, "round the result"),
    "channels padded": (pad_all_axes, "ValueError"),
    "channels padded, by loops": (by_windows(fitting, inside, np.pad), "deeper than the image"),
    "padding counted twice": (
        by_windows(lambda side, size, stride, padding: (side + 2 * padding - size) // stride + 1, inside),
        r"(?s)stopped with ValueError.*padding 2: a window sticks out.*Is the padding counted twice",
    ),
    "window ends too early": (by_windows(fitting, lambda place, size, stride: place + size), r"end at row \* stride \+ k"),
    "one place too many": (by_windows(lambda side, size, stride, padding: (side - size) // stride + 2, inside), "H - k \\+ 1"),
    "one place too many after a stride": (
        by_windows(lambda side, size, stride, padding: -(-(side - size) // stride) + 1, inside),
        "one place too many",
    ),
    "one slice": (by_windows(fitting, inside, kernel_of=lambda kernel, m: kernel[:, :, 0, m]), "slice for channel 0"),
    "one slice where it fits": (by_windows(fitting, inside, kernel_of=slice_of_channel_0), "slice for channel 0"),
    "one slice for all": (with_kernel(lambda kernel: kernel[:, :, [0] * kernel.shape[2]]), "slice for channel 0"),
    "one slice of two": (
        by_windows(fitting, inside, kernel_of=lambda kernel, m: kernel[:, :, 0 if kernel.shape[:3] == (3, 3, 2) else ..., m]),
        "one slice of the kernel",
    ),
    "another error": (lambda image, kernel, stride=1, padding=0: {}[stride], "KeyError"),
    "always same": (always_same, "asked for is 0"),
    "sides swapped": (with_result(lambda maps: maps.transpose(1, 0, 2)), "swapped"),
    "maps first": (with_result(lambda maps: np.moveaxis(maps, 2, 0)), "maps come first"),
    "a batch": (with_result(lambda maps: maps[None]), "one axis too many"),
    "uint8": (into(np.uint8), "wrap round"),
    "int16": (into(np.int16), "wrap round"),
    "whole numbers": (into(np.int64), "fractions are cut off"),
    "whole numbers for a picture": (
        lambda image, kernel, *more: convolve(image, kernel, *more).astype(image.dtype),
        "wrap round",
    ),
    "in place": (in_place, "in place"),
    "no defaults": (lambda image, kernel, stride, padding: convolve(image, kernel, stride, padding), "TypeError"),
    "nothing": (lambda image, kernel, stride=1, padding=0: None, "return"),
    "uneven lists": (lambda image, kernel, stride=1, padding=0: [[1], [2, 3]], "one NumPy array"),
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    convolutions.output_size: (SIZE_RIGHT, SIZE_WRONG),
    convolutions.convolve: (CONVOLVE_RIGHT, CONVOLVE_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
