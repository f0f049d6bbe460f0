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

#: The margin that FER2013 shows around the detector's box, on each side, as a share of the box. Measured: the median margin that
#: gives back the 48 × 48 picture is 0.10 for drawn faces in scenes, and 0.07 for FER2013's own pictures.
MARGIN = 0.08


class Box(NamedTuple):
    """A square in a photograph, in pixels: first row, first column, side. Fractions are allowed.

    >>> overlap(Box(0, 0, 2), Box(0, 1, 2))  # 2 of 6 square pixels
    0.3333333333333333
    """

    top: float
    left: float
    side: float


def without_overlaps(boxes: Sequence[Box], share: float = 0.5) -> list[Box]:
    """Return the boxes, the largest first, without those that have more than `share` of their area in a larger box."""
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
    """Return whether a box shares at most half of the smaller box with each of the others; None is skipped."""
    return all(common_area(box, other) <= 0.5 * min(box.side, other.side) ** 2 for other in others if other)


def match(boxes: Sequence[Box], truth: Box) -> Box | None:
    """Return the box that fits a face at a known position best; None if no box belongs to this face.

    Args:
        boxes: as `find_faces` returns them.
        truth: the box of the face's 48 × 48 picture, as for `paste`. A box belongs to this face if more than half of it is
            inside, and if its side is at least two fifths of the picture's: a mouth by itself is no face.

    """
    candidates = [b for b in boxes if b.side >= 0.4 * truth.side and common_area(b, truth) > 0.5 * b.side**2]
    return max(candidates, key=lambda box: overlap(box, truth), default=None)


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share, as a share of what both cover together (intersection over union)."""
    common = common_area(a, b)
    return common / (a.side**2 + b.side**2 - common)


def crop_face(photo: np.ndarray, box: Box | tuple[float, float, float], margin: float = MARGIN) -> np.ndarray:
    """Cut a face out of a photograph and scale it to 48 × 48, framed as FER2013's.

    Args:
        photo: uint8 (H, W) or (H, W, 3).
        box: top, left and side of a square, in pixels; outside the photograph, the pixels at the edge are repeated.
        margin: how much to show around the box, on each side, as a share of its side; negative cuts into it.

    Returns:
        uint8 (48, 48), grey; many pixels become one by averaging (antialiased).

    Raises:
        PhotographError: if the box, with its margin, has no size, lies outside the picture, or is much larger than it.

    """
    pixels = grey(photo)
    top, left, side = _add_margin(box, margin, pixels.shape)
    first = math.floor(top), math.floor(left)
    last = math.ceil(top + side), math.ceil(left + side)
    rows, columns = (
        np.clip(np.arange(start, max(end, start + 1)), 0, length - 1)
        for start, end, length in zip(first, last, pixels.shape, strict=True)
    )
    image = Image.fromarray(pixels[np.ix_(rows, columns)])
    top, left = top - first[0], left - first[1]
    right, bottom = min(left + side, image.width), min(top + side, image.height)  # else a rounding error may go beyond
    # The Hamming filter averages the pixels that become one, like a box filter, with softer borders where factors aren't whole.
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.HAMMING, box=(left, top, right, bottom))).copy()


def widened(box: Box, margin: float) -> Box:
    """Return the box with a margin on each side, a share of its side."""
    return Box(box.top - margin * box.side, box.left - margin * box.side, box.side * (1 + 2 * margin))


def _add_margin(box, margin: float, shape: tuple[int, int]) -> Box:
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
            f"of it must be inside the picture, and its side must be at most four times the picture's."
        )
    return grown
