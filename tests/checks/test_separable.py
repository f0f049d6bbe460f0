"""Checks of separable: right answers pass in any form, and each known mistake gets its own hint."""

import keras
import numpy as np
from answers import assert_not_attempted, three_tests
from numpy.lib.stride_tricks import sliding_window_view

from fer_course import costs, layers
from fer_course.checks import oracles, separable


def layer_with(layer, image, *kernels):
    """Return what a Keras layer with these kernels makes of one image: float32, without the batch axis."""
    layer.build((None, *image.shape))
    layer.set_weights(list(kernels))
    return layer(np.asarray(image, dtype=np.float32)[None])[0]


def same(image, kernel):
    """Return the image with as many zeros round it as keep its size."""
    margin = len(kernel) // 2
    return np.pad(image, ((margin, margin), (margin, margin), (0, 0)))


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


def depthwise_without_last(image, kernel):
    output = oracles.depthwise(image, kernel)
    output[-1] = output[:, -1] = 0
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


def standard_for_each(image, kernel):
    each = oracles.convolve(image, kernel[..., None])
    return np.concatenate([each] * image.shape[2], axis=2)


DEPTHWISE_RIGHT = {
    "oracle": oracles.depthwise,
    "windows": depthwise_by_windows,
    "shifts": depthwise_by_shifts,
    "Keras": depthwise_by_keras,
    "float32": depthwise_in_float32,
    "lists": lambda image, kernel: oracles.depthwise(image, kernel).tolist(),
}
DEPTHWISE_WRONG = {
    "channels summed": (lambda x, k: oracles.depthwise(x, k).sum(axis=2), "channels are summed up"),
    "summed, axis kept": (lambda x, k: oracles.convolve(x, k[..., None]), "channels are summed up"),
    "standard for each": (standard_for_each, "sum over all channels"),
    "flipped": (lambda x, k: oracles.depthwise(x, k[::-1, ::-1]), "flipped"),
    "kernel transposed": (lambda x, k: oracles.depthwise(x, k.swapaxes(0, 1)), "rows and columns of the kernel"),
    "channels backwards": (lambda x, k: oracles.depthwise(x, k[:, :, ::-1]), "backwards"),
    "kernel[c]": (lambda x, k: oracles.depthwise(x, np.moveaxis(k, 0, 2)), "a \\*row\\* of all kernels"),
    "range one short": (lambda x, k: oracles.depthwise(x[:-1, :-1], k), "H - k \\+ 1"),
    "last ones left at 0": (depthwise_without_last, "H - k \\+ 1"),
    "padded": (lambda x, k: oracles.depthwise(x, k, padding="same"), "padded"),
    "stride 2": (lambda x, k: oracles.depthwise(x, k, stride=2), "expected an array of shape"),
    "kernel 0 for all": (lambda x, k: oracles.depthwise(x, k[:, :, :1].repeat(x.shape[2], 2)), "kernel of channel 0"),
    "channel 0 for all": (lambda x, k: oracles.depthwise(x[:, :, :1].repeat(x.shape[2], 2), k), "laid on channel 0"),
    "no kernel": (lambda x, k: oracles.depthwise(x, np.ones_like(k)), "multiply the window"),
    "mean of windows": (lambda x, k: oracles.depthwise(x, np.full_like(k, 1 / k[:, :, 0].size)), "mean of each window"),
    "mean": (lambda x, k: oracles.depthwise(x, k) / k[:, :, 0].size, "is a mean"),
    "ReLU": (lambda x, k: np.maximum(oracles.depthwise(x, k), 0), "below zero"),
    "zeros_like of pixels": (depthwise_into_pixels, "whole numbers \\(uint8\\)"),
    "rounded": (lambda x, k: oracles.depthwise(x, k).round().astype(int), "whole numbers"),
    "last channel for all": (depthwise_last_channel, "output\\[row, column, c\\]"),
    "channels first": (lambda x, k: oracles.depthwise(x, k).transpose(2, 0, 1), "channels come first"),
    "list of maps": (lambda x, k: list(oracles.depthwise(x, k).transpose(2, 0, 1)), "channels come first"),
    "batch": (lambda x, k: oracles.depthwise(x, k)[None], "fourth axis"),
    "on its side": (lambda x, k: oracles.depthwise(x, k).swapaxes(0, 1), "of the picture are swapped"),
    "other numbers": (lambda x, k: oracles.depthwise(x, k) + 0.01, "some values are not"),
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
    "transposed": (lambda x, k: x @ k.T, "transposed"),
    "kernel @ image": (lambda x, k: k @ x, "\\*rows\\* of the image|\\*columns\\* of the image"),
    "kernel.T @ image": (lambda x, k: k.T @ x, "\\*columns\\* of the image"),
    "dot the other way": (lambda x, k: np.dot(k.T, x), "\\*columns\\* of the image"),
    "tensordot over rows": (lambda x, k: np.tensordot(x, k, axes=(0, 0)), "\\*rows\\* of the image"),
    "tensordot the other way": (lambda x, k: np.tensordot(k, x, axes=1), "\\*rows\\* of the image"),
    "over columns": (lambda x, k: np.tensordot(x, k, axes=(1, 0)), "\\*columns\\* of the image"),
    "one map": (lambda x, k: (x * k[:, 0]).sum(axis=2), "first output map alone"),
    "maps summed": (lambda x, k: (x @ k).sum(axis=2), "maps are summed up"),
    "mean": (lambda x, k: (x @ k) / x.shape[2], "is a mean"),
    "ReLU": (lambda x, k: np.maximum(x @ k, 0), "below zero"),
    "folded wrongly": (lambda x, k: (x.reshape(x.shape[2], -1).T @ k).reshape(*x.shape[:2], -1), "reshape\\(C, …\\)"),
    "flat": (lambda x, k: x.reshape(-1, x.shape[2]) @ k, "fold them back"),
    "channels first": (lambda x, k: (x @ k).transpose(2, 0, 1), "channels come first"),
    "whole numbers": (lambda x, k: (x @ k).astype(int), "whole numbers"),
    "as whole as the pixels": (lambda x, k: (x @ k).astype(x.dtype), "whole numbers \\(uint8\\)"),
    "= for +=": (pointwise_overwritten, "Add up with \\+="),
    "* for @": (lambda x, k: x * k, "number by number"),
    "nothing mixed": (lambda x, k: x * k[:, 0], "number by number"),
    "other numbers": (lambda x, k: x @ k + 0.01, "some values are not"),
    "in place": (pointwise_in_place, "in place"),
    "nothing": (lambda x, k: print(end=""), "return"),
    "fails": (lambda x, k: x[0] @ k[:-1], "ValueError"),
}

# ------------------------------------------------------------------------------------------------ separable


def separable_by_keras(image, depth, point):
    layer = keras.layers.SeparableConv2D(point.shape[1], len(depth), padding="same", use_bias=False)
    return layer_with(layer, image, depth[..., None], point[None, None])


def padded_with(before, after=None, **mode):
    """Return a separable convolution of an image padded by before(k) above and left, after(k) below and right."""

    def separable(image, depth, point):
        margins = (before(len(depth)), (after or before)(len(depth)))
        return depthwise_by_shifts(np.pad(image, (margins, margins, (0, 0)), **mode), depth) @ point

    return separable


def padded_along(rows, columns):
    """Return a separable convolution of an image with zeros along the rows, or the columns, alone."""

    def separable(image, depth, point):
        margin = len(depth) // 2
        margins = ((rows * margin, rows * margin), (columns * margin, columns * margin), (0, 0))
        return depthwise_by_shifts(np.pad(image, margins), depth) @ point

    return separable


def padded_after(image, depth, point):
    return same(depthwise_by_shifts(image, depth) @ point, depth)


def padded_channels(image, depth, point):
    return depthwise_by_shifts(np.pad(image, len(depth) // 2), depth) @ point


def padded_channels_of_oracle(image, depth, point):
    return oracles.pointwise(oracles.depthwise(np.pad(image, len(depth) // 2), depth), point)


def two_pairs(image, depth, point):
    margin = len(depth) // 2
    return depthwise_by_shifts(np.pad(image, ((margin, margin), (margin, margin))), depth) @ point


def half(image, depth):
    return depthwise_by_shifts(same(image, depth), depth)


SEPARABLE_RIGHT = {
    "oracle": lambda x, d, p: oracles.pointwise(oracles.depthwise(x, d, padding="same"), p),
    "pad and shift": padded_with(lambda k: k // 2),
    "standard": lambda x, d, p: oracles.convolve(x, layers.separable_as_standard(d, p), padding="same"),
    "Keras": separable_by_keras,
    "float32": lambda x, d, p: (half(x, d) @ p).astype(np.float32),
}
SEPARABLE_WRONG = {
    "no padding": (padded_with(lambda k: 0), "is not padded"),
    "zeros above and left": (padded_with(lambda k: k - 1, lambda k: 0), "on one side"),
    "zeros below and right": (padded_with(lambda k: 0, lambda k: k - 1), "on one side"),
    "one too many": (padded_with(lambda k: k // 2 + 1), "padded too much"),
    "k - 1 on each side": (padded_with(lambda k: k - 1), "padded too much"),
    "k on each side": (padded_with(lambda k: k), "padded too much"),
    "edge": (padded_with(lambda k: k // 2, mode="edge"), "repeats the border"),
    "mirror": (padded_with(lambda k: k // 2, mode="reflect"), "mirrors"),
    "after": (padded_after, "round the result"),
    "k // 2 above and left": (padded_with(lambda k: k // 2, lambda k: 0), "one side of each axis"),
    "k // 2 below and right": (padded_with(lambda k: 0, lambda k: k // 2), "one side of each axis"),
    "rows alone": (padded_along(1, 0), "of height and width"),
    "columns alone": (padded_along(0, 1), "of height and width"),
    "always 1": (padded_with(lambda k: 1), "whatever k is"),
    "channels too": (padded_channels, "channels are padded, too"),
    "channels too, of the oracle": (padded_channels_of_oracle, "channels are padded, too"),
    "two pairs": (two_pairs, "three axes"),
    "fails": (lambda x, d, p: x.reshape(2, 2), "ValueError"),
    "ReLU between": (lambda x, d, p: np.maximum(half(x, d), 0) @ p, "in the middle"),
    "ReLU behind": (lambda x, d, p: np.maximum(half(x, d) @ p, 0), "below zero"),
    "flipped": (lambda x, d, p: half(x, d[::-1, ::-1]) @ p, "flipped"),
    "depthwise alone": (lambda x, d, p: half(x, d), "depthwise half alone"),
    "pointwise alone": (lambda x, d, p: x @ p, "pointwise half alone"),
    "swapped": (lambda x, d, p: half(x @ p, d), "order is swapped"),
    "transposed": (lambda x, d, p: half(x, d) @ p.T, "transposed"),
    "batch": (lambda x, d, p: separable_by_keras(x, d, p)[None], "fourth axis"),
    "whole numbers": (lambda x, d, p: (half(x, d) @ p).astype(int), "whole numbers"),
    "both": (lambda x, d, p: (half(x, d), x @ p), "expected an array"),
    "nothing": (lambda x, d, p: None, "return"),
    "in place": (lambda x, d, p: p.__imul__(2), "in place"),
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


def counted(answer):
    """Return an answer that `answer(separable, standard)` makes of the two numbers of multiply-adds."""

    def ratio(height, width, channels, filters, size):
        places = height * width
        separable = places * (size**2 * channels + channels * filters)
        return answer(separable, places * size**2 * channels * filters)

    return ratio


RATIO_RIGHT = {
    "counted": ratio_by_counting,
    "package": ratio_by_package,
    "formula": lambda h, w, c, m, k: 1 / m + 1 / k**2,
    "float32": lambda h, w, c, m, k: np.float32(1 / m + 1 / k**2),
    "array": lambda h, w, c, m, k: np.array(1 / m + 1 / k**2),
}
RATIO_WRONG = {
    "upside down": (counted(lambda separable, standard: standard / separable), "upside down"),
    "upside down, whole": (counted(lambda separable, standard: standard // separable), "upside down"),
    "whole": (counted(lambda separable, standard: separable // standard), "//"),
    "input channels": (lambda h, w, c, m, k: 1 / c + 1 / k**2, "\\*input\\* channels"),
    "depthwise alone": (lambda h, w, c, m, k: (k**2 * c) / (k**2 * c * m), "depthwise half alone"),
    "pointwise alone": (lambda h, w, c, m, k: c * m / (k**2 * c * m), "pointwise half alone"),
    "k for k²": (lambda h, w, c, m, k: (k * c + c * m) / (k * c * m), "size \\*\\* 2"),
    "depthwise with filters": (lambda h, w, c, m, k: (k**2 * c * m + c * m) / (k**2 * c * m), "no filters"),
    "pointwise with k²": (lambda h, w, c, m, k: (k**2 * c + k**2 * c * m) / (k**2 * c * m), "one pixel"),
    "pointwise without channels": (lambda h, w, c, m, k: (k**2 * c + m) / (k**2 * c * m), "C · M numbers"),
    "depthwise without channels": (lambda h, w, c, m, k: (k**2 + c * m) / (k**2 * c * m), "\\*each\\* channel"),
    "no brackets": (
        lambda h, w, c, m, k: h * w * k**2 * c + h * w * c * m / (h * w * k**2 * c * m),
        "\\(depthwise \\+",
    ),
    "no brackets, no places": (lambda h, w, c, m, k: k**2 * c + c * m / (k**2 * c * m), "\\(depthwise \\+"),
    "places once": (lambda h, w, c, m, k: (h * w * k**2 * c + c * m) / (h * w * k**2 * c * m), "\\(depthwise \\+"),
    "no brackets below": (
        lambda h, w, c, m, k: h * w * (k**2 * c + c * m) / h * w * k**2 * c * m,
        "a / b \\* c",
    ),
    "no brackets below, no places": (lambda h, w, c, m, k: (k**2 * c + c * m) / k**2 * c * m, "a / b \\* c"),
    "unpadded": (
        lambda h, w, c, m, k: ((h - k + 1) * (w - k + 1) * k**2 * c + h * w * c * m) / (h * w * k**2 * c * m),
        "unpadded",
    ),
    "halves multiplied": (lambda h, w, c, m, k: (k**2 * c) * (c * m) / (k**2 * c * m), "add their multiply-adds"),
    "halves and places": (lambda h, w, c, m, k: h * w * (k**2 * c) * (c * m) / (k**2 * c * m), "add their"),
    "shares multiplied": (lambda h, w, c, m, k: 1 / m / k**2, "add, don't multiply"),
    "places above": (lambda h, w, c, m, k: h * w * (1 / m + 1 / k**2), "but not in the other"),
    "places below": (lambda h, w, c, m, k: (1 / m + 1 / k**2) / (h * w), "but not in the other"),
    "biases": (lambda h, w, c, m, k: (k**2 * c + c + c * m + m) / (k**2 * c * m + m), "biases"),
    "a bias": (lambda h, w, c, m, k: (k**2 * c + c * m + m) / (k**2 * c * m + m), "biases"),
    "saving": (counted(lambda separable, standard: 1 - separable / standard), "saved"),
    "per cent": (counted(lambda separable, standard: 100 * separable / standard), "per cent"),
    "separable": (counted(lambda separable, standard: separable), "of the separable one"),
    "standard": (counted(lambda separable, standard: standard), "of the standard one"),
    "difference": (counted(lambda separable, standard: standard - separable), "difference"),
    "both": (counted(lambda separable, standard: (separable, standard)), "one number"),
    "something else": (lambda h, w, c, m, k: 0.125, "expected 0.17"),
    "nothing": (lambda h, w, c, m, k: None, "return"),
    "fails": (lambda h, w, c, m, k: h / 0, "ZeroDivisionError"),
}

# ------------------------------------------------------------------------------------------------ as a standard one


def standard_by_response(depth, point):
    """Read the kernel off what the separable convolution makes of single bright pixels."""
    size, _, channels = depth.shape
    kernel = np.zeros((size, size, channels, point.shape[1]))
    for i, j, c in np.ndindex(size, size, channels):
        image = np.zeros((size, size, channels))
        image[i, j, c] = 1
        kernel[i, j, c] = oracles.pointwise(oracles.depthwise(image, depth), point)[0, 0]
    return kernel


STANDARD_RIGHT = {
    "package": layers.separable_as_standard,
    "broadcast": lambda d, p: d[..., None] * p,
    "einsum": lambda d, p: np.einsum("ijc,cm->ijcm", d, p),
    "response": standard_by_response,
    "float32": lambda d, p: d.astype(np.float32)[..., None] * p.astype(np.float32),
    "list": lambda d, p: (d[..., None] * p).tolist(),
}
STANDARD_WRONG = {
    "matmul": (lambda d, p: d @ p, "channels are summed up"),
    "output maps first": (lambda d, p: (d[..., None] * p).swapaxes(2, 3), "another order"),
    "as in PyTorch": (lambda d, p: (d[..., None] * p).transpose(3, 2, 0, 1), "another order"),
    "channels first": (lambda d, p: (d[..., None] * p).transpose(2, 3, 0, 1), "another order"),
    "stacked maps": (lambda d, p: np.stack([d * p[:, m] for m in range(p.shape[1])]), "another order"),
    "stacked channels": (
        lambda d, p: np.stack([d[:, :, c, None] * p[c] for c in range(len(p))]),
        "another order",
    ),
    "added": (lambda d, p: d[..., None] + p, "are added"),
    "flipped": (lambda d, p: d[::-1, ::-1, :, None] * p, "flipped"),
    "depthwise repeated": (lambda d, p: d[..., None] * np.ones_like(p), "pointwise kernel is not used"),
    "pointwise repeated": (lambda d, p: np.ones_like(d)[..., None] * p, "depthwise kernel is not used"),
    "on its side": (lambda d, p: d.swapaxes(0, 1)[..., None] * p, "rows and columns"),
    "pointwise summed": (lambda d, p: d[..., None] * p.sum(axis=0), "over the channels"),
    "no new axis": (lambda d, p: d * p, "wrong axes"),
    "new axis before": (lambda d, p: d[:, :, None] * p, "\\*output\\* maps"),
    "transposed": (lambda d, p: d[..., None] * p.T, "transposed"),
    "five axes": (lambda d, p: (d[..., None] * p)[..., None], "expected an array of shape"),
    "whole numbers": (lambda d, p: (d[..., None] * p).astype(int), "whole numbers"),
    "in place": (lambda d, p: d.__imul__(2)[..., None] * p, "in place"),
    "nothing": (lambda d, p: None, "return"),
    "fails": (lambda d, p: d.reshape(2, 2) * p, "ValueError"),
}

# ------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    separable.depthwise: (DEPTHWISE_RIGHT, DEPTHWISE_WRONG),
    separable.pointwise: (POINTWISE_RIGHT, POINTWISE_WRONG),
    separable.separable: (SEPARABLE_RIGHT, SEPARABLE_WRONG),
    separable.cost_ratio: (RATIO_RIGHT, RATIO_WRONG),
    separable.as_standard: (STANDARD_RIGHT, STANDARD_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_an_empty_function_that_is_called_is_named(capfd):
    def depthwise(image, kernel):
        raise NotImplementedError

    def mine(image, depth, point):
        return depthwise(same(image, depth), depth) @ point

    said = assert_not_attempted(separable.separable, capfd, mine)
    assert "`raise NotImplementedError` in depthwise" in said
    assert "oracles.depthwise" in said
