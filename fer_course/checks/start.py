"""Checks: the first exercise, which shows how checks and hints work."""

from __future__ import annotations

import re
from collections.abc import Callable

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
    """Say which index was asked for, and which is the last one; "" for another error."""
    found = re.search(r"index (-?\d+) is out of bounds for axis (\d) with size (\d+)", str(error))
    if not found:
        return ""
    index, axis, size = map(int, found.groups())
    told = f"Along axis {axis} the number {index} was asked for; the last one there is {size - 1}."
    why = "Is it one too far? " if index == size else ""
    return (
        f"{told} {why}Do all sizes come from face.shape? Is the first index the row, and the second the column? face.shape is "
        f"(rows, columns), here {face.shape}."
    )


def _by_columns(made: Callable[[np.ndarray], np.ndarray]):
    """Return a wrong answer: `made(face)`, whose first columns are mirrored, as many as the face has rows."""

    def mirror(face):
        count, picture = len(face), made(face)
        for column in range(count):
            picture[:, column] = face[:, count - 1 - column]
        return picture

    return mirror


def _told_shape(face: np.ndarray) -> str:
    return (
        f"as many columns are mirrored as the picture has rows, {len(face)}. It has {face.shape[1]} columns: face.shape is "
        "(rows, columns), in this order."
    )


MIRROR_MISTAKES = (
    Mistake(
        lambda face: face, "this is the picture as it was. Slice it so that the columns come in the opposite order."
    ),
    Mistake(lambda face: face[::-1],
            "your picture stands on its head: its rows are in reverse. Columns are the second index."),
    Mistake(lambda face: face[::-1, ::-1],
            "your picture is turned by 180 degrees: rows and columns are reversed. Reverse the columns only."),
    Mistake(lambda face: face.T,
            "your picture lies on its side: rows and columns are swapped, as by `.T`. Reverse the columns instead."),
    Mistake(lambda face: 255 - face,
            "this is the negative: each value is 255 minus the pixel. Move the pixels, and keep their values."),
    Mistake(lambda face: face[:, :0:-1],
            "the first column of the face is missing. A slice such as `face[:, :0:-1]` stops before column 0: leave its end "
            "out."),
    Mistake(lambda face: face[:, -2::-1],
            "the last column of the face is missing: columns run from face.shape[1] - 1 down to 0."),
    Mistake(_by_columns(np.copy), _told_shape),
    Mistake(_by_columns(np.zeros_like), _told_shape),
)  # fmt: skip
