"""Photographs for tests and lessons: faces pasted into a scene at known boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from fer_course.errors import PhotographError
from fer_course.live.boxes import Box


def paste(faces: Sequence[np.ndarray], boxes: Sequence[Box], shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Make a grey scene with faces at known positions.

    Args:
        faces: uint8 pictures (48, 48), one per box.
        boxes: the position of each face; the box is the whole 48 × 48 picture, scaled (bicubic), its border blended in.
        shape: rows and columns of the scene.
        seed: fixes the background of soft blots and the camera's noise.

    Returns:
        uint8 (rows, columns).

    Raises:
        PhotographError: if a box is not inside the scene, or there are not as many boxes as faces.

    """
    if len(faces) != len(boxes):
        raise PhotographError(f"Each face needs a box; found {len(faces)} faces and {len(boxes)} boxes.")
    rng = np.random.default_rng(seed)
    blots = Image.fromarray(rng.uniform(70, 190, (5, 6)).astype(np.float32))
    scene = np.array(blots.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
    for face, box in zip(faces, boxes, strict=True):
        top, left, side = (round(number) for number in box)
        if side < 2 or top < 0 or left < 0 or top + side > shape[0] or left + side > shape[1]:
            raise PhotographError(f"The box {tuple(box)} is not inside the scene of {shape[0]} × {shape[1]} pixels.")
        picture = np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
        region = scene[top : top + side, left : left + side]  # a view: the scene changes with it
        region += (picture - region) * _soft_border(side)
    return np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8)


def _soft_border(side: int) -> np.ndarray:
    """Return how much of a face is seen at each pixel, (side, side): 1 inside, falling to 0 in the outer tenth."""
    middle = np.arange(side) + 0.5
    line = np.clip(np.minimum(middle, side - middle) / (0.1 * side), 0, 1)
    return np.minimum.outer(line, line)
