"""Boxes of faces in a photograph: compared with each other, and cut out as FER2013 frames a face."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from fer_course.errors import PhotographError
from fer_course.faces import SIZE
from fer_course.live.photographs import grey

#: What FER2013 shows round the detector's box, on each side, as a share of the box. Measured: boxes of drawn faces in scenes
#: need a median of 0.10 to give back the drawn 48 × 48 picture, those of FER2013's own pictures 0.07.
MARGIN = 0.08


class Box(NamedTuple):
    """A square in a photograph, in pixels: its first row, its first column, its side. Fractions are fine."""

    top: float
    left: float
    side: float


def without_overlaps(boxes: Sequence[Box], share: float = 0.5) -> list[Box]:
    """Return the boxes, the largest first, without those that lie by more than `share` of their area in a larger one."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.side):
        if all(common_area(box, other) <= share * box.side**2 for other in kept):
            kept.append(box)
    return kept


def common_area(one: Box, other: Box) -> float:
    """Return the area that two boxes have in common, in square pixels."""
    rows = min(one.top + one.side, other.top + other.side) - max(one.top, other.top)
    columns = min(one.left + one.side, other.left + other.side) - max(one.left, other.left)
    return max(rows, 0.0) * max(columns, 0.0)


def is_apart(box: Box, others: Iterable[Box | None]) -> bool:
    """Return whether a box and each of the others, those that are None aside, share at most half of the smaller one."""
    return all(common_area(box, other) <= 0.5 * min(box.side, other.side) ** 2 for other in others if other)


def match(boxes: Sequence[Box], truth: Box) -> Box | None:
    """Return the box that fits a face best of which one knows where it is; None if none of them means it.

    Args:
        boxes: as `find_faces` gives them.
        truth: where the face's 48 × 48 picture lies, as for `paste`. A box means this face if more than half of it lies in
            there, and if its side is at least two fifths of the picture's: a mouth alone is no face.

    """
    means_it = [b for b in boxes if b.side >= 0.4 * truth.side and common_area(b, truth) > 0.5 * b.side**2]
    return max(means_it, key=lambda box: overlap(box, truth), default=None)


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share, as a share of what both cover together (intersection over union)."""
    common = common_area(a, b)
    return common / (a.side**2 + b.side**2 - common)


def crop_face(photo: np.ndarray, box: Box | tuple[float, float, float], margin: float = MARGIN) -> np.ndarray:
    """Cut a face out of a photograph and scale it to 48 × 48, framed as FER2013's.

    Args:
        photo: uint8 (H, W) or (H, W, 3).
        box: top, left and side of a square, in pixels; it may lie partly outside, where the pixels at the edge are repeated.
        margin: how much to show round the box, on each side, as a share of its side; negative cuts into it.

    Returns:
        uint8 (48, 48), grey; many pixels become one by averaging (antialiased).

    Raises:
        PhotographError: if the box, with its margin, has no size, lies outside the picture, or is much larger than it.

    """
    pixels = grey(photo)
    top, left, side = _grown(box, margin, pixels.shape)
    first = math.floor(top), math.floor(left)
    last = math.ceil(top + side), math.ceil(left + side)
    rows, columns = (
        np.clip(np.arange(start, max(end, start + 1)), 0, length - 1)
        for start, end, length in zip(first, last, pixels.shape, strict=True)
    )
    image = Image.fromarray(pixels[np.ix_(rows, columns)])
    top, left = top - first[0], left - first[1]
    window = (
        left,
        top,
        min(left + side, image.width),
        min(top + side, image.height),
    )  # Pillow forbids a rounding error more
    # Hamming's window averages the pixels that fall into one, as a box does, with softer borders where factors aren't whole.
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.HAMMING, box=window)).copy()


def widened(box: Box, margin: float) -> Box:
    """Return the box with a margin on each side, a share of its side."""
    return Box(box.top - margin * box.side, box.left - margin * box.side, box.side * (1 + 2 * margin))


def _grown(box, margin: float, shape: tuple[int, int]) -> Box:
    """Return the box with its margin, as floats, if it can be cut out of a picture of this shape."""
    try:
        grown = widened(Box(*(float(number) for number in box)), margin)
    except (TypeError, ValueError):
        raise PhotographError(f"A box is three numbers: top, left and side, in pixels; found {box!r}.") from None
    if not all(map(math.isfinite, grown)) or grown.side <= 0:
        raise PhotographError(f"A box needs a side above 0, also with its margin; found {box!r} and margin {margin!r}.")
    starts, ends = grown[:2], (grown.top + grown.side, grown.left + grown.side)
    beside = any(start >= length or end <= 0 for start, end, length in zip(starts, ends, shape, strict=True))
    if beside or grown.side > 4 * max(shape):
        raise PhotographError(
            f"The box {tuple(grown)} (top, left, side) does not fit a picture of {shape[0]} rows and {shape[1]} columns: a part "
            f"of it has to lie inside, and its side is at most four times the picture's."
        )
    return grown
