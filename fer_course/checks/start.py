"""Checks: the first exercise, which shows how checks and hints work."""

from __future__ import annotations

import numpy as np

from fer_course.checks.core import Hint, attempt, expect, grown, numbers, passed


def mirror(learner) -> None:
    """Check `mirror(face)`: the picture mirrored left to right, (H, W) to (H, W)."""
    rng = numbers(0)
    for seed, sides in enumerate(((2, 3), (5, 4), (48, 48))):
        height, width = grown(seed, *sides)
        face = rng.integers(0, 256, (height, width), dtype=np.uint8)
        expected = np.array([[face[y, width - 1 - x] for x in range(width)] for y in range(height)])
        mistakes = [
            (face, "this is the picture as it was. Slice it so that the columns come in reverse order."),
            (face[::-1], "your picture stands on its head: you reversed the rows. Columns are the second index."),
            (face[::-1, ::-1], "your picture is turned by half a turn: rows and columns are reversed. Only columns should be."),
            (face.T, "your picture lies on its side: `.T` swaps rows and columns. Reverse the columns instead."),
        ]  # fmt: skip
        what = f"mirror of a picture {face.shape}"
        rows, columns = face.shape
        size = (
            f"This picture has {rows} rows and {columns} columns, not 48: take the size from face.shape. "
            "The last column is number face.shape[1] - 1."
        )
        answer = attempt(learner, face, advice={"out of bounds": size})
        expect(answer, expected, what, mistakes)
        if not isinstance(answer, np.ndarray):
            raise Hint(
                f"{what}: the values are right, but this is a {type(answer).__name__}. Make it an array: np.array(…)."
            )
        if answer.dtype != face.dtype:
            raise Hint(
                f"{what}: the values are right, but their dtype is {answer.dtype}. Keep that of the picture, {face.dtype}."
            )
    passed("Mirrored. That is how every exercise of this course answers.")
