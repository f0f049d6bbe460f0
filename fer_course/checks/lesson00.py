"""Checks of lesson 00: the first exercise, which shows how checks and hints work."""

from __future__ import annotations

import numpy as np

from fer_course.checks.core import attempt, expect, passed


def mirror(learner) -> None:
    """Check `mirror(face)`: the picture mirrored left to right, (H, W) to (H, W)."""
    rng = np.random.default_rng(0)
    for height, width in ((2, 3), (5, 4), (48, 48)):
        face = rng.integers(0, 256, (height, width), dtype=np.uint8)
        expected = np.array([[face[y, width - 1 - x] for x in range(width)] for y in range(height)])
        mistakes = [
            (face, "this is the picture as it was. Slice it so that the columns come in reverse order."),
            (face[::-1], "your picture stands on its head: you reversed the rows. Columns are the second index."),
            (face[::-1, ::-1], "your picture is turned by half a turn: rows and columns are reversed. Only columns should be."),
            (face.T, "your picture lies on its side: `.T` swaps rows and columns. Reverse the columns instead."),
        ]  # fmt: skip
        expect(attempt(learner, face), expected, f"mirror of a picture {face.shape}", mistakes)
    passed("Mirrored. That is how every exercise of this course answers.")
