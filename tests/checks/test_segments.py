"""Checks of segments: right answers pass in any form, and each known mistake gets its own hint."""

from __future__ import annotations

import numpy as np
from answers import raised_hint, three_tests
from keras import layers

from fer_course.checks import oracles, segments

# ------------------------------------------------------------------------------------------------------ segmented


def parts(x, kernels, take=None):
    size = x.shape[-1] // len(kernels)
    return [(take or (lambda i: x[..., i * size : (i + 1) * size]))(i) for i in range(len(kernels))]


def same(part, kernel, padding="same"):
    return oracles.convolve(part, kernel, padding=padding)


def segmented(x, kernels):
    return np.concatenate(
        [same(part, kernel) for part, kernel in zip(parts(x, kernels), kernels, strict=True)], axis=-1
    )


def with_groups(x, kernels):
    """Keras' own grouped convolution, float32."""
    layer = layers.Conv2D(
        kernels[0].shape[-1] * len(kernels), kernels[0].shape[0], padding="same", groups=len(kernels), use_bias=False
    )
    layer.build((None, *x.shape))
    layer.set_weights([np.concatenate(kernels, axis=-1)])
    return np.asarray(layer(x[None].astype("float32")))[0]


def with_zeros(x, kernels):
    """A standard convolution whose kernel is zero between segments."""
    size, _, ins, outs = kernels[0].shape
    whole = np.zeros((size, size, ins * len(kernels), outs * len(kernels)))
    for i, kernel in enumerate(kernels):
        whole[:, :, i * ins : (i + 1) * ins, i * outs : (i + 1) * outs] = kernel
    return oracles.convolve(x, whole, padding="same")


SEGMENTED_RIGHT = {
    "slices": segmented,
    "groups": with_groups,
    "zeros": with_zeros,
    "lists": lambda x, k: segmented(x, k).tolist(),
    "float16": lambda x, k: segmented(x, k).astype(np.float16),
}


def joined(outputs):
    return np.concatenate(outputs, axis=-1)


SEGMENTED_WRONG = {
    "6 are all channels of `x`. A segment is cut along the last axis": lambda x, k: joined([same(x, kernel) for kernel in k]),
    "so another axis was split": lambda x, k: joined(
        [same(part, kernel) for part, kernel in zip(np.split(x, len(k)), k, strict=True)]
    ),
    "np.split needs axis=-1": lambda x, k: joined(
        [same(part, kernel) for part, kernel in zip(np.array_split(x, len(k)), k, strict=True)]
    ),
    "A part of `x` has 3 channels here; its kernel takes C // S = 2": lambda x, k: joined(
        [same(x[..., : len(k)], kernel) for kernel in k]
    ),
    "C // S wide": lambda x, k: joined([same(x[..., i * len(k) : (i + 1) * len(k)], kernel) for i, kernel in enumerate(k)]),
    "the first segment alone": lambda x, k: segmented(x, k)[..., : k[0].shape[-1]],
    "segments of 2 channels give": lambda x, k: joined(
        [same(x[..., 2 * i : 2 * i + 2], kernel) for i, kernel in enumerate(k)]
    ),
    "only the first four segments": lambda x, k: joined(
        [same(part, kernel) for part, kernel in zip(parts(x, k), k[:4], strict=False)]
    ),
    "segments of one channel give": lambda x, k: joined(
        [same(x[..., i * (x.shape[1] // len(k)) :][..., : x.shape[1] // len(k)], kernel) for i, kernel in enumerate(k)]
    ),
    "forget a `return`": lambda x, k: None,
    "TypeError": lambda x, k: x + "k",
    "Is there a single `/`? It gives a fraction": lambda x, k: joined(
        [same(x[..., : x.shape[-1] / len(k)], kernel) for kernel in k]
    ),
    "the right one times 2": lambda x, k: 2 * segmented(x, k),
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    segments.segmented: (SEGMENTED_RIGHT, SEGMENTED_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_of_arrays_that_are_no_part_of_x_the_check_names_no_cause(capfd):
    hint = raised_hint(segments.segmented, lambda x, k: segmented(x, k) + np.ones(7), "could not be broadcast", capfd)
    assert "channels" not in str(hint)
