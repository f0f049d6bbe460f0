"""Checks of separable: right answers pass in any form, and each known mistake gets its own hint."""

from decimal import Decimal
from fractions import Fraction

import keras
import numpy as np
from answers import three_tests
from numpy.lib.stride_tricks import sliding_window_view

from fer_course import costs, layers
from fer_course.checks import oracles, separable


def layer_with(layer, image, *kernels):
    """Return what a Keras layer with these kernels makes of one image: float32, without the batch axis."""
    layer.build((None, *image.shape))
    layer.set_weights(list(kernels))
    return layer(np.asarray(image, dtype=np.float32)[None])[0]


# ------------------------------------------------------------------------------------------------ depthwise


def depthwise_by_windows(image, kernel):
    windows = sliding_window_view(image, kernel.shape[:2], axis=(0, 1))  # (H', W', C, k, k)
    return np.einsum("hwcij,ijc->hwc", windows, kernel)


def depthwise_by_shifts(image, kernel):
    size = len(kernel)
    rows, columns = image.shape[0] - size + 1, image.shape[1] - size + 1
    return sum(
        image[i : i + rows, j : j + columns] * kernel[i, j]
        for i in range(size)
        for j in range(size)
    )  # fmt: skip


def depthwise_by_keras(image, kernel):
    return layer_with(keras.layers.DepthwiseConv2D(len(kernel), use_bias=False), image, kernel[..., None])


def depthwise_in_float32(image, kernel):
    return depthwise_by_windows(image.astype(np.float32), kernel.astype(np.float32))


def depthwise_into_pixels(image, kernel):
    output = np.zeros_like(image[: image.shape[0] - len(kernel) + 1, : image.shape[1] - len(kernel) + 1])
    output[...] = oracles.depthwise(image, kernel)
    return output


def depthwise_in_place(image, kernel):
    right = oracles.depthwise(image, kernel)
    image *= 0
    return right


def depthwise_last_channel(image, kernel):
    """The indices of a loop over channels forget the channel, so that the last one wins."""
    output = oracles.depthwise(image, kernel)
    for c in range(image.shape[2]):
        output[:] = oracles.depthwise(image, kernel)[:, :, c, None]
    return output


def in_the_stub(write):
    """Return an answer with the lesson's loop, in which `write(maps, image, kernel, row, column)` is the learner's part."""

    def depthwise(image, kernel):
        k, (height, width, channels) = len(kernel), image.shape
        maps = np.zeros((height - k + 1, width - k + 1, channels))
        for row, column in np.ndindex(maps.shape[:2]):
            write(maps, image, kernel, row, column)
        return maps

    return depthwise


def window_of(image, kernel, row, column):
    return image[row : row + len(kernel), column : column + len(kernel)]


def whole_rest(maps, image, kernel, row, column):
    maps[row, column] = (image[row:, column:] * kernel).sum(axis=(0, 1))


def channels_first(maps, image, kernel, row, column):
    window = image[0, row : row + len(kernel), column : column + len(kernel)]
    maps[row, column, 0] = (window * kernel[:, :, 0]).sum()


def over_one_axis(maps, image, kernel, row, column):
    maps[row, column] = (window_of(image, kernel, row, column) * kernel).sum(axis=0)


def to_one_number(maps, image, kernel, row, column):
    maps[row, column, 0] = (window_of(image, kernel, row, column) * kernel).sum(axis=(0, 1))


def column_first(maps, image, kernel, row, column):
    maps[column, row] = (window_of(image, kernel, row, column) * kernel).sum(axis=(0, 1))


def one_channel_more(maps, image, kernel, row, column):
    maps[row, column, image.shape[2]] = 0


def returns_at_once(image, kernel):
    maps = np.zeros_like(oracles.depthwise(image, kernel))
    for row, column in np.ndindex(maps.shape[:2]):
        maps[row, column] = (window_of(image, kernel, row, column) * kernel).sum(axis=(0, 1))
        return maps
    return None


def number_by_number(places, more=0):
    """Write sums of single products; `places` gives row and column of the image and of the kernel."""

    def write(maps, image, kernel, row, column):
        for i, j in np.ndindex(len(kernel) + more, len(kernel) + more):
            y, x, k, n = places(i, j, row, column)
            maps[row, column] += image[y, x] * kernel[k, n]

    return write


_OF_KERNEL = (
    "The kernel has 3 (rows|columns) here. The kernel, and each window, has .* 0 to k - 1(?!.*The row comes first)"
)

DEPTHWISE_RIGHT = {
    "oracle": oracles.depthwise,
    "windows": depthwise_by_windows,
    "shifts": depthwise_by_shifts,
    "Keras": depthwise_by_keras,
    "float32": depthwise_in_float32,
    "lists": lambda image, kernel: oracles.depthwise(image, kernel).tolist(),
}
DEPTHWISE_WRONG = {
    "all that is left": (
        in_the_stub(whole_rest),
        "\\(3, 3, 3\\) is the shape of the kernel; the other array is \\(8, 7, 3\\)",
    ),
    "kernel from 1": (
        in_the_stub(number_by_number(lambda i, j, row, column: (row + i, column + j, i + 1, j + 1))),
        _OF_KERNEL,
    ),
    "kernel to k": (
        in_the_stub(number_by_number(lambda i, j, row, column: (row + i, column + j, i, j), more=1)),
        _OF_KERNEL,
    ),
    "kernel by position": (
        in_the_stub(number_by_number(lambda i, j, row, column: (row + i, column + j, row, column))),
        _OF_KERNEL,
    ),
    "image in blocks": (
        in_the_stub(number_by_number(lambda i, j, row, column: (row * 3 + i, column * 3 + j, i, j))),
        "The image has 7 columns here. A window at row and column(?!.*The row comes first)",
    ),
    "all of the result": (
        in_the_stub(lambda maps, image, kernel, row, column: maps + window_of(image, kernel, row, column) * kernel),
        "\\(6, 5, 3\\) is the shape of the whole result, \\(3, 3, 3\\) that of the kernel",
    ),
    "a ragged list": (
        lambda image, kernel: np.array([image[: 3 + c, :, c] for c in range(image.shape[2])]),
        "parts of a list have different shapes(?!.*written to one element)",
    ),
    "channels first": (
        in_the_stub(channels_first),
        "\\(3, 3\\) is the shape of one channel's kernel.* The one of channel c is",
    ),
    "the largest product": (
        in_the_stub(
            lambda maps, image, kernel, row, column: maps.__setitem__(
                (row, column), (window_of(image, kernel, row, column) * kernel).max(axis=(0, 1))
            )
        ),
        "the largest product in each window",
    ),
    "over one axis": (in_the_stub(over_one_axis), "takes 3 numbers, one per channel"),
    "to one number": (in_the_stub(to_one_number), "Several numbers are written to one element"),
    "column first": (in_the_stub(column_first), "The result has 5 columns here.*The row comes first"),
    "one channel more": (in_the_stub(one_channel_more), "There are 3 channels: 0 to 2"),
    "returns at once": (returns_at_once, "end the loop too early"),
    "summed, axis kept": (lambda x, k: oracles.convolve(x, k[..., None]), "channels are summed up"),
    "range one short": (lambda x, k: oracles.depthwise(x[:-1, :-1], k), "H - k \\+ 1"),
    "stride 2": (lambda x, k: oracles.depthwise(x, k, stride=2), "expected an array of shape"),
    "zeros_like of pixels": (depthwise_into_pixels, "whole numbers \\(uint8\\)"),
    "rounded": (lambda x, k: oracles.depthwise(x, k).round().astype(int), "whole numbers"),
    "last channel for all": (depthwise_last_channel, "output\\[row, column, c\\]"),
    "list of maps": (lambda x, k: list(oracles.depthwise(x, k).transpose(2, 0, 1)), "channels come first"),
    "other numbers": (lambda x, k: oracles.depthwise(x, k) + 0.01, "the right one plus 0.01"),
    "in place": (depthwise_in_place, "in place"),
    "nothing": (lambda x, k: None, "return"),
    "fails": (lambda x, k: x @ k[:, :2], "ValueError"),
    "text": (lambda x, k: "maps", "expected an array"),
}

# ------------------------------------------------------------------------------------------------ pointwise


def pointwise_by_loops(image, kernel):
    output = np.zeros((*image.shape[:2], kernel.shape[1]))
    for row, column, m in np.ndindex(*output.shape):
        for c in range(image.shape[2]):
            output[row, column, m] += image[row, column, c] * kernel[c, m]
    return output


def pointwise_overwritten(image, kernel):
    output = np.zeros((*image.shape[:2], kernel.shape[1]))
    for m in range(kernel.shape[1]):
        for c in range(image.shape[2]):
            output[:, :, m] = image[:, :, c] * kernel[c, m]
    return output


def pointwise_by_keras(image, kernel):
    return layer_with(keras.layers.Conv2D(kernel.shape[1], 1, use_bias=False), image, kernel[None, None])


def pointwise_in_place(image, kernel):
    right = image @ kernel
    kernel[:] = 0
    return right


def pointwise_by_rows(image, kernel):
    maps = np.zeros((*image.shape[:2], kernel.shape[1]))
    for row, column in np.ndindex(image.shape[:2]):
        maps[row, column] = image[row] @ kernel
    return maps


POINTWISE_RIGHT = {
    "oracle": oracles.pointwise,
    "matmul": lambda x, k: x @ k,
    "loops": pointwise_by_loops,
    "einsum": lambda x, k: np.einsum("hwc,cm->hwm", x, k),
    "tensordot": lambda x, k: np.tensordot(x, k, axes=1),
    "reshape": lambda x, k: (x.reshape(-1, x.shape[2]) @ k).reshape(*x.shape[:2], -1),
    "Keras": pointwise_by_keras,
    "float32": lambda x, k: x.astype(np.float32) @ k.astype(np.float32),
}
POINTWISE_WRONG = {
    "zeros_like": (lambda x, k: np.zeros_like(x) + x @ k, "its shape is \\(H, W, M\\)"),
    "to one number": (
        lambda x, k: [np.zeros(x.shape).__setitem__((0, 0, 0), x[0, 0] @ k), x @ k][1],
        "Several numbers are written to one element",
    ),
    "a row to a pixel": (pointwise_by_rows, "\\(4, 4\\) is written to a place of shape \\(4,\\).* takes M = 4 numbers"),
    "a ragged list": (lambda x, k: np.array([x[0], x[0, :2]], dtype=float), "parts of a list have different shapes"),
    "kernel @ image": (lambda x, k: k @ x, "\\*rows\\* of the image|\\*columns\\* of the image"),
    "dot the other way": (lambda x, k: np.dot(k.T, x), "\\*columns\\* of the image"),
    "tensordot over rows": (lambda x, k: np.tensordot(x, k, axes=(0, 0)), "\\*rows\\* of the image"),
    "tensordot the other way": (lambda x, k: np.tensordot(k, x, axes=1), "\\*rows\\* of the image"),
    "over columns": (lambda x, k: np.tensordot(x, k, axes=(1, 0)), "\\*columns\\* of the image"),
    "one map": (lambda x, k: (x * k[:, 0]).sum(axis=2), "first output map alone"),
    "folded wrongly": (lambda x, k: (x.reshape(x.shape[2], -1).T @ k).reshape(*x.shape[:2], -1), "reshape\\(C, …\\)"),
    "flat": (lambda x, k: x.reshape(-1, x.shape[2]) @ k, "fold them back"),
    "whole numbers": (lambda x, k: (x @ k).astype(int), "whole numbers"),
    "as whole as the pixels": (lambda x, k: (x @ k).astype(x.dtype), "whole numbers \\(uint8\\)"),
    "= for +=": (pointwise_overwritten, "Add up with \\+="),
    "other numbers": (lambda x, k: x @ k + 0.01, "the right one plus 0.01"),
    "in place": (pointwise_in_place, "in place"),
    "nothing": (lambda x, k: print(end=""), "return"),
    "fails": (lambda x, k: x[0] @ k[:-1], "ValueError.*`@` sums their products"),
}

# ------------------------------------------------------------------------------------------------ cost ratio


def ratio_by_counting(height, width, channels, filters, size):
    standard = height * width * size**2 * channels * filters
    return (height * width * (size**2 * channels + channels * filters)) / standard


def ratio_by_package(height, width, channels, filters, size):
    both = [
        costs.convolution_costs(kind, height, width, channels, filters, size).multiply_adds
        for kind in ("separable", "standard")
    ]
    return both[0] / both[1]


def caret(height, width, channels, filters, size):
    standard = height * width * size ^ 2 * channels * filters
    depthwise = height * width * size ^ 2 * channels
    return (depthwise + height * width * channels * filters) / standard


RATIO_RIGHT = {
    "counted": ratio_by_counting,
    "package": ratio_by_package,
    "formula": lambda h, w, c, m, k: 1 / m + 1 / k**2,
    "float32": lambda h, w, c, m, k: np.float32(1 / m + 1 / k**2),
    "array": lambda h, w, c, m, k: np.array(1 / m + 1 / k**2),
    "Fraction": lambda h, w, c, m, k: Fraction(1, m) + Fraction(1, k**2),
    "Decimal": lambda h, w, c, m, k: 1 / Decimal(m) + 1 / Decimal(k**2),
}
RATIO_WRONG = {
    "channels twice": (lambda h, w, c, m, k: (k**2 * c + c * c) / (k**2 * c * m), "a pointwise half of C · C gives"),
    "standard with channels twice": (
        lambda h, w, c, m, k: (k**2 * c + c * m) / (k**2 * c * c),
        "a standard count of k² · C · C gives",
    ),
    "always 9": (lambda h, w, c, m, k: 1 / m + 1 / 9, "for a size of 3, whatever `size` says"),
    "9 in one half": (lambda h, w, c, m, k: (9 * c + c * m) / (k**2 * c * m), "a depthwise half of 9 · C gives"),
    "k² per map": (lambda h, w, c, m, k: (k**2 * m + c * m) / (k**2 * c * m), "one kernel per \\*input\\* channel"),
    "a wrong Fraction": (lambda h, w, c, m, k: Fraction(1, k**2), "pointwise half alone"),
    "places once": (lambda h, w, c, m, k: (h * w * k**2 * c + c * m) / (h * w * k**2 * c * m), "at one place only"),
    "depthwise places once": (
        lambda h, w, c, m, k: (k**2 * c + h * w * c * m) / (h * w * k**2 * c * m),
        "the depthwise half is counted at one place only",
    ),
    "no brackets": (
        lambda h, w, c, m, k: h * w * k**2 * c + h * w * c * m / (h * w * k**2 * c * m),
        "\\(depthwise \\+",
    ),
    "no k at all": (lambda h, w, c, m, k: h * w * (c + c * m) / (h * w * c * m), "in both halves, or in none"),
    "halves multiplied": (lambda h, w, c, m, k: (k**2 * c) * (c * m) / (k**2 * c * m), "add their multiply-adds"),
    "^ for **": (caret, "size \\^ 2 gives in place of size \\*\\* 2\\. In Python \\^ is no power"),
    "^ of a fraction": (
        lambda h, w, c, m, k: 1 / m + 1 / k ^ 2,
        "In Python \\^ is no power.* A square is `size \\*\\* 2`",
    ),
    "both": (lambda h, w, c, m, k: (1 / m, 1 / k**2), "one number"),
    "something else": (lambda h, w, c, m, k: 0.125, "All your values are 0.125"),
    "nothing": (lambda h, w, c, m, k: None, "return"),
    "fails": (lambda h, w, c, m, k: h / 0, "ZeroDivisionError"),
}

# ------------------------------------------------------------------------------------------------ the best separable kernel


def best_with(share):
    """Return an answer that gives each pattern `share(s)` of its singular values, and its mixture the rest."""

    def best(kernel, rank):
        size, _, channels, filters = kernel.shape
        depth, point = np.zeros((size, size, channels, rank)), np.zeros((channels, rank, filters))
        for c in range(channels):
            u, s, vt = np.linalg.svd(kernel[:, :, c].reshape(-1, filters), full_matrices=False)
            for r in range(rank):
                depth[:, :, c, r] = share(s[r]) * u[:, r].reshape(size, size)
                point[c, r] = s[r] / share(s[r]) * vt[r]
        return depth, point

    return best


def best_of_turned(kernel, rank):
    """Take the SVD of the turned matrices, all channels in one call."""
    size, _, channels, filters = kernel.shape
    u, s, vt = np.linalg.svd(np.moveaxis(kernel.reshape(-1, channels, filters), 0, 2), full_matrices=False)
    depth = np.moveaxis(vt[:, :rank], 2, 0).reshape(size, size, channels, rank)
    return depth, np.moveaxis((u * s[:, None])[:, :, :rank], 1, 2)


def best_by_alternating(kernel, rank):
    """Least squares for the mixtures, then for the patterns, again and again: no SVD."""
    size, _, channels, filters = kernel.shape
    depth, point = np.zeros((size, size, channels, rank)), np.zeros((channels, rank, filters))
    for c in range(channels):
        patterns, mixtures = kernel[:, :, c].reshape(-1, filters), None
        found = patterns @ np.random.default_rng(c).normal(size=(filters, rank))
        for _ in range(3000):
            mixtures = np.linalg.lstsq(found, patterns, rcond=None)[0]
            found = np.linalg.lstsq(mixtures.T, patterns.T, rcond=None)[0].T
        depth[:, :, c], point[c] = found.reshape(size, size, rank), mixtures
    return depth, point


def changed_after(change):
    return lambda kernel, rank: change(*layers.best_separable(kernel, rank))


def more_than_asked(kernel, rank):
    """Add empty patterns."""
    depth, point = layers.best_separable(kernel, rank)
    more = [(0, 0), (0, 1), (0, 0)]
    return np.pad(depth, [(0, 0), *more[:1], (0, 0), (0, 1)]), np.pad(point, more)


def best_in_place(kernel, rank):
    right = layers.best_separable(kernel, rank)
    kernel[:] = 0
    return right


BEST_RIGHT = {
    "package": layers.best_separable,
    "roots": best_with(np.sqrt),
    "all in the mixtures": best_with(lambda s: 1),
    "other signs": best_with(lambda s: -s),
    "turned": best_of_turned,
    "no SVD": best_by_alternating,
    "float32": lambda kernel, rank: layers.best_separable(kernel.astype(np.float32), rank),
    "list": lambda kernel, rank: list(best_with(np.sqrt)(kernel, rank)),
}


def per_channel(matrix, take):
    """Return an answer that writes `take(u, s, vt, rank)` of each channel's SVD to both kernels, as in the lesson's stub."""

    def best(kernel, rank):
        size, _, channels, filters = kernel.shape
        depth, point = np.zeros((size, size, channels, rank)), np.zeros((channels, rank, filters))
        for c in range(channels):
            patterns, mixtures = take(*np.linalg.svd(kernel[:, :, c].reshape(matrix(size**2, filters)), False), rank)
            depth[:, :, c], point[c] = patterns.reshape(size, size, rank), mixtures
        return depth, point

    return best


def cut(patterns, shape=lambda kernel, rank: (*kernel.shape[:2], rank), mixtures=lambda vt, rank: vt[:rank]):
    """Return an answer that reshapes `patterns(u, s, rank)`, and lets NumPy broadcast them to all `rank` places."""

    def best(kernel, rank):
        size, _, channels, filters = kernel.shape
        depth, point = np.zeros((size, size, channels, rank)), np.zeros((channels, rank, filters))
        for c in range(channels):
            u, s, vt = np.linalg.svd(kernel[:, :, c].reshape(-1, filters), full_matrices=False)
            depth[:, :, c] = patterns(u, s, rank).reshape(shape(kernel, rank))
            point[c] = mixtures(vt, rank)
        return depth, point

    return best


def best_of_three(kernel, rank):
    depth, point = layers.best_separable(kernel, rank)
    depth[..., 3:] = 0
    return depth, point


def with_full_matrices(multiply):
    def best(kernel, rank):
        depths, points = zip(*[
            multiply(*np.linalg.svd(kernel[:, :, c].reshape(-1, kernel.shape[3])), rank) for c in range(kernel.shape[2])
        ], strict=True)  # fmt: skip
        return np.stack(depths, axis=1).reshape(*kernel.shape[:3], rank), np.stack(points)

    return best


def shape_of_three(kernel, rank):
    size, channels, filters = kernel.shape
    return size * channels * filters * rank


def pixels_by_maps(pixels, maps):
    return pixels, maps


BEST_RIGHT["full matrices, cut before"] = with_full_matrices(lambda u, s, vt, r: (u[:, :r] * s[:r], vt[:r]))
BEST_WRONG = {
    "full, u * s": (with_full_matrices(lambda u, s, vt, r: ((u * s)[:, :r], vt[:r])), "full_matrices=False"),
    "full, u @ diag": (
        with_full_matrices(lambda u, s, vt, r: ((u @ np.diag(s))[:, :r], vt[:r])),
        "full_matrices=False",
    ),
    "full, s * vt": (with_full_matrices(lambda u, s, vt, r: (u[:, :r], (s[:, None] * vt)[:r])), "full_matrices=False"),
    "all patterns": (
        per_channel(pixels_by_maps, lambda u, s, vt, r: (u * s, vt[:r])),
        "as many numbers as all patterns have",
    ),
    "maps by pixels": (
        per_channel(lambda pixels, maps: (maps, pixels), lambda u, s, vt, r: ((u * s)[:, :r], vt[:r])),
        "M · rank numbers.*not \\(M, k · k\\)",
    ),
    "all mixtures": (
        per_channel(pixels_by_maps, lambda u, s, vt, r: ((u * s)[:, :r], vt)),
        "its mixtures, vt\\[:rank\\]",
    ),
    "one column to all": (cut(lambda u, s, r: (u * s)[:, r]), r"takes 8 numbers; here are 4\. The first `rank`"),
    "one row to all": (cut(lambda u, s, r: (u * s)[r]), r"takes 8 numbers; here are 4\. The first `rank`"),
    "one pattern more": (cut(lambda u, s, r: (u * s)[:, : r + 1]), r"takes 8 numbers; here are 12\. The first `rank`"),
    "reshaped for all maps": (
        cut(lambda u, s, r: (u * s)[:, :r], lambda kernel, rank: (*kernel.shape[:2], kernel.shape[3])),
        "as many as the first `rank` patterns have. Their shape is \\(k, k, rank\\)",
    ),
    "u @ s, cut": (
        per_channel(pixels_by_maps, lambda u, s, vt, r: ((u @ s)[:, :r], vt[:r])),
        "`s` has one, and so has `u @ s`",
    ),
    "u @ s": (cut(lambda u, s, r: u @ s, lambda kernel, rank: (*kernel.shape[:2], 1)), "what `u @ s` gives"),
    "pattern rank - 1 to all": (
        cut(
            lambda u, s, r: (u * s)[:, r - 1],
            lambda kernel, rank: (*kernel.shape[:2], 1),
            lambda vt, rank: vt[rank - 1],
        ),
        "pattern `rank - 1` with mixture `rank - 1` gives",
    ),
    "three at most": (best_of_three, "only the 3 strongest patterns are kept, also at rank 4"),
    "texts": (changed_after(lambda depth, point: (depth.astype(str), point)), "found no array"),
    "s times rows": (
        per_channel(pixels_by_maps, lambda u, s, vt, r: (u[:, :r], s[:r] * vt[:r])),
        "Each \\*row\\* of vt takes one singular value",
    ),
    "first maps": (
        lambda k, rank: (k[..., :rank], np.stack([np.eye(rank, k.shape[3])] * k.shape[2])),
        "first `rank` maps",
    ),
    "after the first": (
        per_channel(pixels_by_maps, lambda u, s, vt, r: ((u * s)[:, r : 2 * r], vt[r : 2 * r])),
        r"what the smallest singular values give.* the first `rank` are \[:rank\](?!.*-rank)",
    ),
    "a shape of three": (shape_of_three, "svd returns three arrays, u, s, vt; kernel.shape has four numbers"),
    "one array": (lambda k, rank: layers.best_separable(k, rank)[0], "two arrays"),
    "rebuilt": (lambda k, rank: layers.separable_as_standard(*layers.best_separable(k, rank)), "two arrays"),
    "swapped": (changed_after(lambda depth, point: (point, depth)), "depthwise kernel \\(k, k, C, rank\\)"),
    "as Keras stores it": (
        changed_after(lambda depth, point: (depth, point.reshape(1, 1, -1, point.shape[2]))),
        "depthwise kernel \\(k, k, C, rank\\) and a pointwise",
    ),
    "rank first": (changed_after(lambda depth, point: (depth, point.swapaxes(0, 1))), "same in both"),
    "whole numbers": (changed_after(lambda depth, point: (depth.astype(int), point)), "whole numbers"),
    "twice as large": (changed_after(lambda depth, point: (2 * depth, point)), "the right one times 2"),
    "more than asked": (more_than_asked, "should have the shapes"),
    "kernel @": (lambda k, rank: np.linalg.svd(k[:, :, 0].reshape(3, 3))[:2], "reshape\\(-1, M\\)"),
    "in place": (best_in_place, "in place"),
    "nothing": (lambda k, rank: None, "return"),
    "fails": (lambda k, rank: k @ k, "ValueError"),
}

# ------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    separable.depthwise: (DEPTHWISE_RIGHT, DEPTHWISE_WRONG),
    separable.pointwise: (POINTWISE_RIGHT, POINTWISE_WRONG),
    separable.cost_ratio: (RATIO_RIGHT, RATIO_WRONG),
    separable.best_separable: (BEST_RIGHT, BEST_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_kernels_close_to_the_best_have_a_larger_error():
    kernel = np.random.default_rng(3).normal(size=(3, 3, 2, 6))
    best = np.square(separable._closest(kernel, 2) - kernel).sum()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        near = [part + 0.01 * rng.normal(size=part.shape) for part in layers.best_separable(kernel, 2)]
        assert np.square(layers.separable_as_standard(*near) - kernel).sum() > best
