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


DEPTHWISE_RIGHT = {
    "oracle": oracles.depthwise,
    "windows": depthwise_by_windows,
    "shifts": depthwise_by_shifts,
    "Keras": depthwise_by_keras,
    "float32": depthwise_in_float32,
    "lists": lambda image, kernel: oracles.depthwise(image, kernel).tolist(),
}
DEPTHWISE_WRONG = {
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
    "k on each side": (padded_with(lambda k: k), "padded too much"),
    "channels too": (padded_channels, "channels are padded, too"),
    "channels too, of the oracle": (padded_channels_of_oracle, "channels are padded, too"),
    "two pairs": (two_pairs, "three axes"),
    "fails": (lambda x, d, p: x.reshape(2, 2), "ValueError"),
    "ReLU between": (lambda x, d, p: np.maximum(half(x, d), 0) @ p, "in the middle"),
    "swapped": (lambda x, d, p: half(x @ p, d), "order is swapped"),
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


RATIO_RIGHT = {
    "counted": ratio_by_counting,
    "package": ratio_by_package,
    "formula": lambda h, w, c, m, k: 1 / m + 1 / k**2,
    "float32": lambda h, w, c, m, k: np.float32(1 / m + 1 / k**2),
    "array": lambda h, w, c, m, k: np.array(1 / m + 1 / k**2),
}
RATIO_WRONG = {
    "places once": (lambda h, w, c, m, k: (h * w * k**2 * c + c * m) / (h * w * k**2 * c * m), "\\(depthwise \\+"),
    "no brackets": (
        lambda h, w, c, m, k: h * w * k**2 * c + h * w * c * m / (h * w * k**2 * c * m),
        "\\(depthwise \\+",
    ),
    "no k at all": (lambda h, w, c, m, k: h * w * (c + c * m) / (h * w * c * m), "in both halves, or in none"),
    "halves multiplied": (lambda h, w, c, m, k: (k**2 * c) * (c * m) / (k**2 * c * m), "add their multiply-adds"),
    "both": (lambda h, w, c, m, k: (1 / m, 1 / k**2), "one number"),
    "something else": (lambda h, w, c, m, k: 0.125, "All your values are 0.125"),
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
    "as in PyTorch": (lambda d, p: (d[..., None] * p).transpose(3, 2, 0, 1), "another order"),
    "stacked maps": (lambda d, p: np.stack([d * p[:, m] for m in range(p.shape[1])]), "another order"),
    "stacked channels": (
        lambda d, p: np.stack([d[:, :, c, None] * p[c] for c in range(len(p))]),
        "another order",
    ),
    "five axes": (lambda d, p: (d[..., None] * p)[..., None], "one more axis"),
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

    told = assert_not_attempted(separable.separable, capfd, mine)
    assert "`raise NotImplementedError` in depthwise" in told
    assert "oracles.depthwise" in told
