"""Checks: channels in segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fer_course.checks import oracles
from fer_course.checks.comparing import shapes_in
from fer_course.checks.core import Mistake, check, grown, judge, numbers, passed


def _segment_advice(error: Exception, x: np.ndarray, kernels: list) -> str:
    """Say what is certain about an error of NumPy, from the shapes that it names."""
    told, channels = str(error), x.shape[-1]
    window = kernels[0].shape[:3]
    if "does not result in an equal division" in told:
        return (
            f"The {channels} channels divide into {len(kernels)} equal parts, so another axis was split, or into another number "
            "of parts. np.split takes the first axis, the rows, unless told otherwise: axis=-1."
        )
    if "slice indices must be integers" in told:
        return "The ends of a slice are whole numbers. Is there a single `/`? It gives a fraction; `C // S` is a whole number."
    found = shapes_in(error)
    if "could not be broadcast" not in told or found[1:] != [window] or found[0][:-1] != window[:2]:
        return ""
    wide = found[0][-1]
    said = f"A part of `x` has {wide} channels here; its kernel takes C // S = {window[2]}."
    if wide == channels:
        return (
            f"{said} {wide} are all channels of `x`. A segment is cut along the last axis, `x[..., start : start + size]`; "
            "np.split needs axis=-1 for that."
        )
    return f"{said} A segment is C // S wide, `x[..., start : start + size]`."


# --------------------------------------------------------------------------------------------------------- segments


@check
def segmented(answer) -> None:
    """Check `segmented(x, kernels)`: maps (H,W,C) and S kernels (k,k,C/S,m) to (H,W,S·m), padding "same"."""
    cases = []
    for seed, (shape, segments, maps, size) in enumerate(
        [
            ((5, 4, 6), 3, 2, 3),
            ((4, 5, 4), 4, 1, 3),
            ((6, 3, 4), 2, 3, 3),
            ((3, 4, 3), 1, 2, 3),
            ((7, 5, 4), 2, 1, 5),
            ((3, 4, 6), 6, 1, 3),
        ]
    ):
        shape, (maps,) = (*grown(seed, *shape[:2]), shape[2]), grown(seed, maps)
        rng = numbers(seed)
        x = rng.normal(size=shape)
        cases.append((x, [rng.normal(size=(size, size, shape[2] // segments, maps)) for _ in range(segments)]))
    judge(
        answer,
        cases,
        oracles.segmented,
        lambda x, kernels: f"{len(kernels)} segments of maps {x.shape}, kernels {kernels[0].shape}",
        mistakes=SEGMENTED_MISTAKES,
        advice=_segment_advice,
    )
    passed("Segments: from one, a standard convolution, to one per channel, a depthwise one.")


def _outputs(x: np.ndarray, kernels: list, take: Callable | None = None, padding: str = "same") -> Iterator[np.ndarray]:
    """Convolve each segment with its kernel; `take(x, number, size, segments)` makes it wrong."""
    count, size = len(kernels), x.shape[-1] // len(kernels)
    for number, kernel in enumerate(kernels):
        part = take(x, number, size, count) if take else x[..., number * size : (number + 1) * size]
        yield oracles.convolve(part, kernel, padding=padding)


def _segmented(x: np.ndarray, kernels: list, take: Callable | None = None, padding: str = "same") -> np.ndarray:
    return np.concatenate(list(_outputs(x, kernels, take, padding)), axis=-1)


def _taken(take: Callable) -> Callable:
    """Return a wrong answer whose segment is `take(x, number, size, segments)`."""
    return lambda x, kernels: _segmented(x, kernels, take)


def _joined(join: Callable) -> Callable:
    """Return a wrong answer that joins the list of outputs in its own way."""
    return lambda x, kernels: join(list(_outputs(x, kernels)))


def _with_kernels(change: Callable) -> Callable:
    """Return a wrong answer with the kernels that `change(kernels)` returns."""
    return lambda x, kernels: _segmented(x, change(kernels))


_STACKED = (
    "the outputs of the segments stand side by side along an axis of their own; join them along the channels: "
    "np.concatenate(…, axis=-1)."
)

SEGMENTED_MISTAKES = (
    Mistake(_taken(lambda x, number, size, count: x[..., number::count]),
            "a segment consists of *neighbouring* channels, `x[..., start : start + size]`, not of every S-th."),
    Mistake(_taken(lambda x, number, size, count: x[..., :size]),
            "each segment holds the first C // S channels: the start moves on by C // S with each segment."),
    Mistake(_joined(sum), "this is the sum of the segments' outputs; join them: np.concatenate(…, axis=-1)."),
    Mistake(lambda x, kernels: _segmented(x, kernels, padding="valid"), 'this is what comes without padding: padding="same".'),
    Mistake(_with_kernels(lambda kernels: [kernel[::-1, ::-1] for kernel in kernels]),
            "the kernels are turned by 180 degrees; as in Keras, they are not flipped."),
    Mistake(_with_kernels(lambda kernels: [kernels[0]] * len(kernels)),
            "this is what the first kernel gives in every segment; each has its own."),
    Mistake(
        _with_kernels(lambda kernels: kernels[::-1]), "this is what the kernels give in the reverse order, the last one first."
    ),
    Mistake(_taken(lambda x, number, size, count: x[..., number : number + size]),
            "the segments overlap: each starts one channel further than the one before. Segment number n starts at n · (C // "
            "S)."),
    Mistake(_taken(lambda x, number, size, count: x[..., number : number + 1]),
            "this is what segments of one channel give. The width is C // S, where C is the *last* side of x: `x.shape[-1]`."),
    *(
        Mistake(_taken(lambda x, number, size, count, width=width: x[..., number * width : (number + 1) * width]),
                f"this is what segments of {width} channels give, for every C and S. The width is C // S.")
        for width in (2,)
    ),
    Mistake(lambda x, kernels: _segmented(x[..., : x.shape[-1] // len(kernels) * 4], kernels[:4]) if len(kernels) > 4
            else _segmented(x, kernels), "only the first four segments are there. Take as many as there are kernels."),
    Mistake(_taken(lambda x, number, size, count: x[..., number * size : (number + 1) * size - 1]),
            "the last channel of each segment is missing. A slice leaves its end out already: `start : start + size`."),
    Mistake(_taken(lambda x, number, size, count: x[..., number * size + 1 : (number + 1) * size]),
            "the first channel of each segment is missing: segment number n starts at n · (C // S)."),
    Mistake(_taken(lambda x, number, size, count: x[..., number * size + 1 : (number + 1) * size + 1]),
            "each segment starts one channel too late: segment number n starts at n · (C // S), the first at 0."),
    Mistake(_taken(lambda x, number, size, count: x[..., max(number * size - 1, 0) : (number + 1) * size - 1]),
            "each segment ends one channel too early: segment number n ends before (n + 1) · (C // S)."),
    Mistake(_taken(lambda x, number, size, count: x[..., number * size : (number + 1) * size][..., ::-1]),
            "the channels of each segment run backwards."),
    Mistake(_taken(lambda x, number, size, count: x[..., ::-1][..., number * size : (number + 1) * size]),
            "the channels of x run backwards."),
    Mistake(_taken(lambda x, number, size, count: x[..., (count - 1 - number) * size : (count - number) * size]),
            "the segments are taken in the wrong order, the last one first."),
    Mistake(_taken(lambda x, number, size, count: x[..., -size:]),
            "every segment takes the last channels: segment number n starts at n · (C // S)."),
    Mistake(_joined(lambda outputs: np.stack(outputs, axis=-1).reshape(*outputs[0].shape[:2], -1)),
            "the segments' maps alternate: join them one segment after the other, np.concatenate(…, axis=-1)."),
    *(Mistake(_joined(lambda outputs, axis=axis: np.stack(outputs, axis)), _STACKED) for axis in range(4)),
    Mistake(lambda x, kernels: next(_outputs(x, kernels)),
            "that is the first segment alone: is `return` inside the loop? Collect all, then join them."),
    Mistake(lambda x, kernels: list(_outputs(x, kernels))[-1],
            "that is the last segment alone: collect all of them in a list, then join them."),
    Mistake(_joined(np.concatenate), "this is what joining along the rows gives; the channels are the last axis: axis=-1."),
    Mistake(_joined(lambda outputs: np.concatenate(outputs, axis=1)),
            "this is what joining along the columns gives; the channels are the last axis: axis=-1."),
    Mistake(_joined(lambda outputs: np.concatenate(outputs, axis=None)),
            "the outputs are joined in one long row; join them along the channels: axis=-1."),
    Mistake(lambda x, kernels: np.concatenate(list(_outputs(x, kernels))[::-1], axis=-1),
            "the outputs are joined in the wrong order, the last segment first."),
)  # fmt: skip
