"""Checks: the first exercise, which shows how checks and hints work."""

from __future__ import annotations

import numpy as np

from fer_course.checks.core import Hint, Mistake, check, grown, judge, numbers, passed


@check
def mirror(answer) -> None:
    """Check `mirror(face)`: the picture mirrored left to right, (H, W) to (H, W), of the same dtype."""
    cases = [
        (numbers(0).integers(0, 256, grown(seed, *sides), dtype=np.uint8),)
        for seed, sides in enumerate(((2, 3), (5, 4), (48, 48), (50, 61)))
    ]
    answers = judge(answer, cases, _mirrored, _what, mistakes=MIRROR_MISTAKES, advice=_advice)
    for mirrored, (face,) in zip(answers, cases, strict=True):
        if isinstance(mirrored, np.ndarray) and mirrored.dtype != face.dtype:
            raise Hint(
                f"{_what(face)}: the values are right, but their dtype is {mirrored.dtype}. "
                f"Keep that of the picture, {face.dtype}."
            )
    passed("Mirrored. That is how every exercise of this course answers.")


def _what(face: np.ndarray) -> str:
    return f"mirror of a picture {face.shape}"


def _mirrored(face: np.ndarray) -> np.ndarray:
    rows, columns = face.shape
    return np.array([[face[y, columns - 1 - x] for x in range(columns)] for y in range(rows)])


def _advice(error: Exception, face: np.ndarray) -> str:
    rows, columns = face.shape
    if "out of bounds" not in str(error):
        return ""
    return (
        f"This picture has {rows} rows and {columns} columns, not 48: take the size from face.shape. "
        "The last column is number face.shape[1] - 1."
    )


MIRROR_MISTAKES = (
    Mistake(
        lambda face: face, "this is the picture as it was. Slice it so that the columns come in the opposite order."
    ),
    Mistake(lambda face: face[::-1],
            "your picture stands on its head: you reversed the rows. Columns are the second index."),
    Mistake(lambda face: face[::-1, ::-1],
            "your picture is turned by 180 degrees: rows and columns are reversed. Reverse the columns only."),
    Mistake(
        lambda face: face.T, "your picture lies on its side: `.T` swaps rows and columns. Reverse the columns instead."
    ),
    Mistake(lambda face: 255 - face,
            "this is the negative: each value is 255 minus the pixel. Move the pixels, and keep their values."),
    Mistake(lambda face: face[:, :0:-1],
            "the first column is missing: `face[:, :0:-1]` stops before it. Leave the end of the slice out."),
    Mistake(lambda face: face[:, -2::-1], "the last column is missing: columns run from face.shape[1] - 1 down to 0."),
)  # fmt: skip
