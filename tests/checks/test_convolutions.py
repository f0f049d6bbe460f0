"""Checks of convolutions: right answers pass in any form, and each known mistake gets its own hint."""

import math

import keras
import numpy as np
from answers import three_tests

from fer_course import costs
from fer_course.checks import convolutions, oracles

# ------------------------------------------------------------------------------------------------ shift_kernel


def shift_by_index(down, right):
    kernel = np.zeros((3, 3))
    kernel[1 - down, 1 - right] = 1
    return kernel


def shift_by_rolling(down, right):
    middle = np.zeros((3, 3))
    middle[1, 1] = 1
    return np.roll(middle, (-down, -right), axis=(0, 1))


SHIFT_RIGHT = {
    "index": shift_by_index,
    "rolled": shift_by_rolling,
    "list": lambda down, right: shift_by_rolling(down, right).astype(int).tolist(),
    "float16": lambda down, right: shift_by_rolling(down, right).astype(np.float16),
    "tensor": lambda down, right: keras.ops.convert_to_tensor(shift_by_rolling(down, right), "float32"),
    "booleans": lambda down, right: shift_by_rolling(down, right) == 1,
    "course": oracles.shift_kernel,
}
SHIFT_WRONG = {
    "five by five": (lambda down, right: np.pad(shift_by_index(down, right), 1), r"3 × 3 numbers.*shape \(5, 5\)"),
    "the place": (lambda down, right: (1 - down, 1 - right), r"3 × 3 numbers.*shape \(2,\)"),
    "words": (lambda down, right: "left", "3 × 3 numbers.*found 'left'"),
    "half as bright": (lambda down, right: shift_by_index(down, right) / 2, "the right one divided by 2"),
    "rolled the other way": (
        lambda down, right: np.roll(shift_by_index(0, 0), (down, right), axis=(0, 1)),
        "the other way",
    ),
    "swapped, and the second to the other side": (
        lambda down, right: np.roll(shift_by_index(0, 0), (-right, down), axis=(0, 1)),
        "down by `right`, and to the left by `down`",
    ),
    "swapped, and the first to the other side": (
        lambda down, right: np.roll(shift_by_index(0, 0), (right, -down), axis=(0, 1)),
        "up by `right`, and to the right by `down`",
    ),
    "nothing": (lambda down, right: None, "return"),
}

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
    "package": lambda size, kernel, stride=1, padding=0: costs.output_size(size, kernel, stride, padding),
}
SIZE_WRONG = {
    "a fraction": (sized(lambda n, k, s, p: (n + 2 * p - k) / s + 1), r"found 44\.0\. Divide with //"),
    "not a number": (sized(lambda n, k, s, p: float("nan")), "found nan"),
    "two sides": (sized(lambda n, k, s, p: ((n + 2 * p - k) // s + 1,) * 2), "whole number"),
    "text": (sized(lambda n, k, s, p: str((n + 2 * p - k) // s + 1)), "whole number"),
    "no defaults": (lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride + 1, "TypeError"),
    "other default": (
        lambda size, kernel, stride=2, padding=0: (size + 2 * padding - kernel) // stride + 1,
        "defaults",
    ),
    "kernel twice": (sized(lambda n, k, s, p: (n + 2 * p - 2 * k) // s + 1), "48 pixels, kernel 5"),
    "the side": (sized(lambda n, k, s, p: n), "is the argument `size`"),
    "before the division, rounded": (
        sized(lambda n, k, s, p: round((n + 2 * p - k + 1) / s)),
        "before.*and round down",
    ),
    "before the division, rounded up from a half": (
        sized(lambda n, k, s, p: int((n + 2 * p - k + 1) / s + 0.5)),
        "before.*and round down",
    ),
    "two too few": (sized(lambda n, k, s, p: (n + 2 * p - k) // s - 1), "the right one minus 2"),
    "nothing": (sized(lambda n, k, s, p: None), "return"),
}

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


def with_result(change):
    return lambda image, kernel, stride=1, padding=0: change(convolve(image, kernel, stride, padding))


def swapped_maps(image, kernel, stride=1, padding=0):
    other = kernel.transpose(0, 1, 3, 2)
    return convolve(image, other if kernel.shape[2] == kernel.shape[3] else kernel, stride, padding)


def into(dtype):
    def answer(image, kernel, stride=1, padding=0):
        with np.errstate(all="ignore"):
            return convolve(image, kernel, stride, padding).astype(dtype)

    return answer


def in_place(image, kernel, stride=1, padding=0):
    image -= 1
    return convolve(image, kernel, stride, padding)


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


def summed_over_two_axes(image, kernel, stride=1, padding=0):
    maps = convolve(image, kernel, stride, padding)
    for row, column, m in np.ndindex(maps.shape):
        window = padded(image, padding)[row * stride :, column * stride :][: len(kernel), : len(kernel)]
        maps[row, column, m] = (
            (window * kernel[:, :, :, m]).sum(axis=(0, 1)) if image.shape[2] > 1 else maps[row, column, m]
        )
    return maps


def filled_by(numbers_of, size_of=len):
    """A convolution whose maps at a place are `numbers_of(window, kernel)`."""

    def answer(image, kernel, stride=1, padding=0):
        image, size = padded(image, padding), size_of(kernel)
        rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
        maps = np.zeros((rows, columns, kernel.shape[3]))
        for row, column in np.ndindex(rows, columns):
            window = image[row * stride : row * stride + size, column * stride : column * stride + size]
            maps[row, column] = numbers_of(window, kernel)
        return maps

    return answer


def by_parts(start_of, pad=padded, product=lambda window, kernel: window * kernel):
    """A convolution whose windows begin at `start_of(place, stride, padding)`, and meet a kernel in `product`."""

    def answer(image, kernel, stride=1, padding=0):
        size, image = len(kernel), pad(image, padding)
        rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
        maps = np.zeros((rows, columns, kernel.shape[3]))
        for row, column, m in np.ndindex(maps.shape):
            top, left = start_of(row, stride, padding), start_of(column, stride, padding)
            maps[row, column, m] = product(image[top : top + size, left : left + size], kernel[:, :, :, m]).sum()
        return maps

    return answer


def one_channel_of_three(window, kernel):
    return (window[:, :, 0] if window.shape == (3, 3, 2) else window) * kernel


def two_names(image, kernel, stride=1, padding=0):
    maps = np.zeros(convolve(image, kernel, stride, padding).shape)
    for row, column in np.ndindex(maps.shape):
        maps[row, column] = 0
    return maps


def sizes_before_the_padding(image, kernel, stride=1, padding=0):
    rows, columns = ((side - len(kernel)) // stride + 1 for side in image.shape[:2])
    return convolve(image, kernel, stride, padding)[:rows, :columns]


def counted_in_pixels(image, kernel, stride=1, padding=0):
    image, size = padded(image, padding), len(kernel)
    maps = np.zeros(convolve(image, kernel, stride).shape)
    for row in range(0, image.shape[0] - size + 1, stride):
        for column in range(0, image.shape[1] - size + 1, stride):
            maps[row, column] = np.tensordot(image[row : row + size, column : column + size], kernel, axes=3)
    return maps


def by_matrix_products(image, kernel, stride=1, padding=0):
    image, size = padded(image, padding), len(kernel)
    maps = np.zeros(convolve(image, kernel, stride).shape)
    for row, column, m in np.ndindex(maps.shape):
        window = image[row * stride :, column * stride :][:size, :size]
        for c in range(image.shape[2]):
            maps[row, column, m] += (window[..., c] @ kernel[:, :, c, m]).sum()
    return maps


def row_kernels(image, kernel, stride=1, padding=0):
    other = np.moveaxis(kernel, 0, 3)
    fits = kernel.shape[0] == kernel.shape[2] == kernel.shape[3]
    return convolve(image, other if fits else kernel, stride, padding)


CONVOLVE_RIGHT = {
    "tensordot": convolve,
    "loops, a list": convolve_by_loops,
    "at once": convolve_at_once,
    "float32": convolve_in_float32,
    "keras": convolve_with_keras,
    "float16": with_result(lambda maps: maps.astype(np.float16)),
    "course": lambda image, kernel, stride=1, padding=0: oracles.convolve(image, kernel, stride, padding),
    "windows": by_windows(fitting, inside),
}
CONVOLVE_WRONG = {
    "row kernels": (row_kernels, r"\*row\* of all kernels"),
    "maps for channels": (swapped_maps, "channels and maps are swapped"),
    "padding one more where there is any": (
        lambda image, kernel, stride=1, padding=0: convolve(image, kernel, stride, padding + bool(padding)),
        "padding of one more gives",
    ),
    "channels padded": (pad_all_axes, "ValueError"),
    "channels padded, by loops": (by_windows(fitting, inside, np.pad), "the window is 6 deep, and the image has 2 channels"),
    "padding counted twice": (
        by_windows(lambda side, size, stride, padding: (side + 2 * padding - size) // stride + 1, inside),
        r"(?s)stopped with ValueError.*padding 2: a window is too small.*Either the zeros are missing.*or there are too many",
    ),
    "padding counted, but not put": (
        by_windows(
            lambda side, size, stride, padding: (side + 2 * padding - size) // stride + 1, inside, lambda image, _: image
        ),
        r"padding 2: a window is too small.*Either the zeros are missing.*or there are too many",
    ),
    "padding put on both sides, counted once": (
        by_windows(lambda side, size, stride, padding: (side - padding - size) // stride + 1, inside),
        "zeros above and left alone.*Either they are missing below and right, or too few places",
    ),
    "a window of one more": (
        by_windows(fitting, lambda place, size, stride: place * stride + size + 1),
        r"window has 4 × 4 pixels, the kernel 3 × 3\. A window .* ends at row \* stride \+ k, without parentheses",
    ),
    "a window in parentheses": (
        by_windows(fitting, lambda place, size, stride: (place + size) * stride),
        r"window has 6 × 6 pixels, the kernel 3 × 3\. A window .* ends at row \* stride \+ k, without parentheses",
    ),
    "places counted in pixels": (counted_in_pixels, r"(?s)out of bounds.*Does an index count places, and not pixels\?"),
    "matrix products": (by_matrix_products, "matrix product `@`"),
    "all kernels at once": (by_windows(fitting, inside, kernel_of=lambda kernel, m: kernel), "kernels of all maps"),
    "window ends too early": (by_windows(fitting, lambda place, size, stride: place + size), r"end at row \* stride \+ k"),
    "one place too many": (by_windows(lambda side, size, stride, padding: (side - size) // stride + 2, inside), "H - k \\+ 1"),
    "one place too many after a stride": (
        by_windows(lambda side, size, stride, padding: -(-(side - size) // stride) + 1, inside),
        "one place too many",
    ),
    "window of 3": (
        by_windows(fitting, lambda place, size, stride: place * stride + 3),
        r"the window has 3 × 3 pixels, the kernel 2 × 2\..*k is kernel\.shape\[0\]",
    ),
    "summed over rows and columns": (summed_over_two_axes, "Sum over rows, columns and channels together"),
    "not summed over the channels": (
        filled_by(lambda window, kernel: (window[..., None] * kernel).sum(axis=(0, 1))),
        r"(?s)takes one number per map, 3 in all; an array \(3, 3\) came",
    ),
    "not summed over rows and columns": (
        filled_by(lambda window, kernel: (window[..., None] * kernel).sum(axis=2)),
        r"(?s)takes one number per map, 1 in all",
    ),
    "k of 3, by a product of arrays": (
        filled_by(lambda window, kernel: np.tensordot(window, kernel, axes=3), lambda kernel: 3),
        "(?s)shape-mismatch.*here k is 2",
    ),
    "k of 3, number by number": (
        filled_by(lambda window, kernel: sum(window[i, j] @ kernel[i, j] for i in range(3) for j in range(3))),
        "(?s)out of bounds.*here k is 2",
    ),
    "one slice": (by_windows(fitting, inside, kernel_of=lambda kernel, m: kernel[:, :, 0, m]), "one slice of the kernel"),
    "one slice where it fits": (by_windows(fitting, inside, kernel_of=slice_of_channel_0), "one slice of the kernel"),
    "one slice of two": (
        by_windows(fitting, inside, kernel_of=lambda kernel, m: kernel[:, :, 0 if kernel.shape[:3] == (3, 3, 2) else ..., m]),
        r"an array \(3, 3\) met an array \(3, 3, 2\)",
    ),
    "no pair for the channels": (
        by_windows(fitting, inside, lambda image, padding: np.pad(image, [(padding, padding), (padding, padding)])),
        r"(?s)requested shape.*np\.pad stopped.*for \*every\* axis \(its array has 3 of them\)",
    ),
    "no pair but a number for the channels": (
        by_windows(fitting, inside, lambda image, padding: np.pad(image, [(padding, padding), (padding, padding), 0])),
        r"(?s)inhomogeneous.*np\.pad stopped\. It takes a pair",
    ),
    "negative padding": (
        by_windows(fitting, inside, lambda image, padding: np.pad(image, [(-padding, padding)] * 2 + [(0, 0)])),
        "(?s)negative values(?!.*np.pad stopped)",
    ),
    "uneven lists, made an array": (
        lambda image, kernel, stride=1, padding=0: np.array([[1], [2, 3]]),
        "(?s)inhomogeneous(?!.*one place of an array)",
    ),
    "two names for three indices": (two_names, r"(?s)too many values.*more values came than .* names.*np\.ndindex\(…\) as many"),
    "two names for three sides": (
        lambda image, kernel, stride=1, padding=0: [0 for height, width in [image.shape]],
        r"(?s)too many values.*image\.shape holds three",
    ),
    "a window that begins before the padded image": (
        by_parts(lambda place, stride, padding: place * stride - padding),
        r"padding 2: a window is empty\. Does it begin at a negative number.*also in a padded",
    ),
    "a window that begins too late": (
        by_parts(lambda place, stride, padding: place * stride + padding),
        r"padding 2: a window is too small.*or it does not go from row \* stride to",
    ),
    "kernel times window, padded channels": (
        by_parts(lambda place, stride, padding: place * stride, np.pad, lambda window, kernel: kernel * window),
        "the window is 6 deep, and the image has 2 channels",
    ),
    "an image into a smaller frame": (
        lambda image, kernel, stride=1, padding=0: np.copyto(np.zeros((2, 2, 1)), image),
        "(?s)could not broadcast input array(?!.*a window)",
    ),
    "one channel of the window": (
        by_parts(lambda place, stride, padding: place * stride, padded, lambda window, kernel: window[:, :, 0] * kernel),
        r"exactly what window\[:, :, 0\] \* kernel\[:, :, :, m\] gives",
    ),
    "one channel of the window, all else right": (
        by_parts(lambda place, stride, padding: place * stride, padded, one_channel_of_three),
        r"an array \(3, 3\) met an array \(3, 3, 2\)\. Window and kernel",
    ),
    "a row of all kernels": (
        by_windows(fitting, inside, kernel_of=lambda kernel, m: kernel[m]),
        r"kernel\[m\] gives, a \*row\* of all kernels",
    ),
    "sizes from before the padding": (sizes_before_the_padding, r"padding 2: this is the top left part.*before np\.pad"),
    "another error": (lambda image, kernel, stride=1, padding=0: {}[stride], "KeyError"),
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
    convolutions.shift_kernel: (SHIFT_RIGHT, SHIFT_WRONG),
    convolutions.output_size: (SIZE_RIGHT, SIZE_WRONG),
    convolutions.convolve: (CONVOLVE_RIGHT, CONVOLVE_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
