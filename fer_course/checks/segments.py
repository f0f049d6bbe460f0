"""Checks: channels in segments, and an extreme module as a standard convolution."""

from __future__ import annotations

import numpy as np

from fer_course.checks import oracles
from fer_course.checks.core import attempt, expect, grown, numbers, passed

SEGMENT_ADVICE = {
    "could not be broadcast": "A part of `x` has more or fewer channels than its kernel takes: a segment is "
    "C // S wide, `x[..., start : start + size]`.",
}
KERNEL_ADVICE = {
    "could not be broadcast": "The axes don't fit: `depth` is (k, k, M), `point` (C, M). Give `depth` a new axis for c, "
    "before its last.",
}


# --------------------------------------------------------------------------------------------------------- segments


def segmented(learner) -> None:
    """Check `segmented(x, kernels)`: maps (H,W,C) and S kernels (k,k,C/S,m) to (H,W,S·m), padding "same"."""
    cases = [
        ((5, 4, 6), 3, 2, 3),
        ((4, 5, 4), 4, 1, 3),
        ((6, 3, 4), 2, 3, 3),
        ((3, 4, 3), 1, 2, 3),
        ((7, 5, 4), 2, 1, 5),
    ]
    for seed, (shape, segments, maps, size) in enumerate(cases):
        shape, (maps,) = (*grown(seed, *shape[:2]), shape[2]), grown(seed, maps)
        rng = numbers(seed)
        x = rng.normal(size=shape)
        kernels = [rng.normal(size=(size, size, shape[2] // segments, maps)) for _ in range(segments)]
        what = f"{segments} segments of maps {shape}, kernels {kernels[0].shape}"
        answer = attempt(learner, x, kernels, advice=SEGMENT_ADVICE)
        expect(answer, _segmented(x, kernels), what, _segment_mistakes(x, kernels))
    passed("Segments: from one, a standard convolution, to one a channel, a depthwise one.")


def _segmented(x, kernels, parts=None, join=np.concatenate, padding="same"):
    """Convolve each part with its kernel and join; the options make it wrong."""
    size = x.shape[-1] // len(kernels)
    parts = [x[..., i * size : (i + 1) * size] for i in range(len(kernels))] if parts is None else parts
    outputs = [oracles.convolve(part, kernel, padding=padding) for part, kernel in zip(parts, kernels, strict=True)]
    return join(outputs, axis=-1) if join is np.concatenate else join(outputs)


def _segment_mistakes(x, kernels) -> list[tuple[np.ndarray, str]]:
    count = len(kernels)
    size = x.shape[-1] // count
    outputs = _outputs(x, kernels)
    flipped = [kernel[::-1, ::-1] for kernel in kernels]
    mistakes = [
        (_segmented(x, kernels, [x[..., i::count] for i in range(count)]), "a segment is a run of *neighbouring* channels: "
         "`x[..., start : start + size]`, not every S-th."),
        (_segmented(x, kernels, [x[..., :size]] * count), "every segment takes the first channels: the start moves on by "
         "C // S with each segment."),
        (_segmented(x, kernels, join=lambda outputs: sum(outputs)), "the segments' outputs are added up; join them: "
         "np.concatenate(…, axis=-1)."),
        (_segmented(x, kernels, padding="valid"), 'a margin is lost: padding="same".'),
        (_segmented(x, flipped), "the kernels are turned round; as in Keras, they are not flipped."),
        (_segmented(x, [kernels[0]] * count), "every segment uses the first kernel; each has its own."),
        (_segmented(x, kernels[::-1]), "the kernels are dealt out in the wrong order."),
        (_segmented(x, kernels, [x[..., i : i + size] for i in range(count)]), "the segments overlap, as each starts only one "
         "channel further: segment number n starts at n · (C // S)."),
        *((np.stack(outputs, axis), "the outputs are stacked along a new axis; join them along the channels: "
         "np.concatenate(…, axis=-1).") for axis in range(4)),
        (outputs[0], "that is the first segment alone: does `return` stand inside the loop? Collect all, then join them."),
        (outputs[-1], "that is the last segment alone: collect all of them in a list, then join them."),
        (np.concatenate(outputs, axis=0), "the outputs are joined along the rows; the channels are the last "
         "axis: axis=-1."),
    ]  # fmt: skip
    return mistakes


def _outputs(x, kernels) -> list[np.ndarray]:
    return np.split(_segmented(x, kernels), len(kernels), axis=-1)


# -------------------------------------------------------------------------------------------- the order of the halves


def extreme_as_standard(learner) -> None:
    """Check `extreme_as_standard(point, depth)`: kernels (C,M) and (k,k,M) to the standard kernel (k,k,C,M)."""
    for seed, (channels, maps, size) in enumerate([(4, 4, 3), (3, 5, 3), (2, 1, 5), (5, 2, 1)]):
        channels, maps = grown(seed, channels, maps)
        rng = numbers(seed)
        point, depth = rng.normal(size=(channels, maps)), rng.normal(size=(size, size, maps))
        answer = attempt(learner, point, depth, advice=KERNEL_ADVICE)
        what = f"kernel for pointwise {point.shape}, then depthwise {depth.shape}"
        right = _extreme_kernel(point, depth)
        expect(answer, right, what, _extreme_mistakes(point, depth, right))
        image = rng.normal(size=(size + 2, size + 1, channels))
        # No more exact than the answer itself.
        one = oracles.convolve(image, np.asarray(answer), padding="same").astype(np.asarray(answer).dtype)
        expect(
            one, oracles.depthwise(oracles.pointwise(image, point), depth, padding="same"), "what your kernel computes"
        )
    passed("One kernel for both: each map has a pattern of its own, the same for all channels.")


def _extreme_kernel(point, depth) -> np.ndarray:
    kernel = np.zeros((*depth.shape[:2], *point.shape))
    for i, j, c, m in np.ndindex(kernel.shape):
        kernel[i, j, c, m] = point[c, m] * depth[i, j, m]
    return kernel


def _extreme_mistakes(point, depth, right) -> list[tuple[np.ndarray, str]]:
    mistakes = [
        (right.transpose(0, 1, 3, 2), "the last two axes are swapped: a kernel is (k, k, channels in, maps out)."),
        (right.sum(axis=2), "the channels are summed; keep an axis for them: depth[:, :, None, :] * point."),
        (right[::-1, ::-1], "the pattern is turned round; nothing is flipped here."),
        (depth[:, :, None, :] + point, "the numbers are added; both convolutions multiply: depth · point."),
        (np.broadcast_to(depth[:, :, None, :], right.shape), "this holds the patterns alone: times point[c, m]."),
    ]
    if point.shape[0] == point.shape[1]:
        mistakes += [
            (depth[:, :, :, None] * point, "that is the separable kernel, depth[i, j, c] · point[c, m]. Here the depthwise half "
             "comes last, so its pattern belongs to the *map*: depth[i, j, m]."),
            (depth[:, :, None, :] * point.T, "`point` is turned round: its first axis is the channels that come in."),
        ]  # fmt: skip
    return mistakes
