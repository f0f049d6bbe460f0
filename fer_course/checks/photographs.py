"""Checks: a square crop, and shrinking by averaging."""

from __future__ import annotations

import numpy as np

from fer_course.checks.answers import pixels
from fer_course.checks.comparing import as_array
from fer_course.checks.core import Hint, Mistake, check, grown, judge, numbers, passed

# ------------------------------------------------------------------------------------------------------ square crop

#: Sides of the photo; top, left, side and margin of the box.
BOXES = (
    ((9, 13), (3, 5, 4, 1)),  # well inside
    ((11, 8), (2, 1, 5, 2)),
    ((8, 12), (-2, 3, 6, 1)),
    ((10, 7), (4, 1, 5, 3)),
    ((7, 10), (5, 7, 4, 2)),
)


@check
def crop_square(answer) -> None:
    """Check `crop_square(photo, top, left, side, margin)`: a square with a margin, pixels at the edge repeated."""
    cases = []
    for seed, (shape, (top, left, side, margin)) in enumerate(BOXES, start=1):
        (more,) = grown(seed, 0)  # photo and box by as much, so that the box lies where it did
        photo = numbers(seed).integers(0, 256, [length + more for length in shape], dtype=np.uint8)
        cases.append((photo, top, left, side + more, margin))
    judge(
        answer,
        cases,
        _square,
        _what_box,
        mistakes=CROP_SQUARE_MISTAKES,
        advice={"is out of bounds": f"Counted from 0, {_BETWEEN}"},
        form=lambda crop: pixels(crop, "A crop"),
    )
    passed("Cut out: a square, with its margin, and no hole where the picture ends.")


def _what_box(photo: np.ndarray, top: int, left: int, side: int, margin: int) -> str:
    starts, ends = np.array([top, left]) - margin, np.array([top, left]) + side + margin
    sides = (*zip(("top", "left"), starts < 0, strict=True), *zip(("lower", "right"), ends > photo.shape, strict=True))
    over = " and ".join(name for name, beyond in sides if beyond)
    where = f"over the {over} edge" if over else "well inside"
    return f"a box {where} (photo {photo.shape}, top {top}, left {left}, side {side}, margin {margin})"


def _square(photo: np.ndarray, top: int, left: int, side: int, margin: int) -> np.ndarray:
    """Return the crop, pixel by pixel: a place outside takes the nearest pixel inside."""
    rows, columns = photo.shape
    return np.array(
        [
            [
                photo[min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)]
                for column in range(left - margin, left + side + margin)
            ]
            for row in range(top - margin, top + side + margin)
        ]
    )


def _box(starts: int, length: int):
    """Return a wrong crop: it begins `starts` margins after top and left, and is `length` margins longer than the side."""

    def crop(photo, top, left, side, margin):
        first_row, first_column = top + starts * margin, left + starts * margin
        return _square(photo, first_row, first_column, side + length * margin, 0)

    return crop


def _filled(mode: str):
    """Return a wrong crop: what lies outside is what `np.pad(mode=mode)` puts there."""

    def crop(photo, top, left, side, margin):
        (first_row, end_row), (first_column, end_column) = _ends(top, left, side, margin)
        far = max(-first_row, -first_column, end_row - photo.shape[0], end_column - photo.shape[1], 0)
        padded = np.pad(photo, far, mode=mode)
        return padded[first_row + far : end_row + far, first_column + far : end_column + far]

    return crop


def _ends(top: int, left: int, side: int, margin: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first row and the one after the last, and the same of the columns."""
    return (top - margin, top + side + margin), (left - margin, left + side + margin)


def _clipped(limits_of):
    """Return a wrong crop: `limits_of(height, width)` → the last row and the last column that places are clipped to."""

    def crop(photo, *box):
        (rows, columns), (last_row, last_column) = (range(*ends) for ends in _ends(*box)), limits_of(*photo.shape)
        return photo[np.clip(rows, *last_row)][:, np.clip(columns, *last_column)]

    return crop


def _inside(photo, top, left, side, margin):
    (first_row, end_row), (first_column, end_column) = _ends(top, left, side, margin)
    return photo[max(first_row, 0) : max(end_row, 0), max(first_column, 0) : max(end_column, 0)]


def _stretched(photo, top, left, side, margin):
    """Return what lies inside, each row and column repeated where needed to fill the square."""
    inside, length = _inside(photo, top, left, side, margin), side + 2 * margin
    rows, columns = (np.arange(length) * inside_length // length for inside_length in inside.shape)
    return inside[rows][:, columns]


_OUTSIDE = 'outside the picture you show {}. Repeat the pixels at the edge: np.pad(..., mode="edge").'.format
_FOUR_SIDES = "the margin belongs to all four sides: begin margin pixels earlier, and end margin pixels later."
_BETWEEN = (
    "inside a picture, row numbers go from 0 to photo.shape[0] - 1, columns to photo.shape[1] - 1: clip to these."
)

CROP_SQUARE_MISTAKES = (
    Mistake(lambda photo, top, left, side, margin: _square(photo, left, top, side, margin),
            "top and left are exchanged: the first index of an array is the row."),
    Mistake(lambda *box: _square(*box).T, "rows and columns are exchanged."),
    Mistake(_clipped(lambda height, width: ((0, min(height, width) - 1), (0, min(height, width) - 1))),
            "rows end at `photo.shape[0] - 1`, columns at `photo.shape[1] - 1`. Are the two exchanged?"),
    *(
        Mistake(_clipped(lambda height, width, by=by: ((by[0], height - by[1]), (by[2], width - by[3]))), _BETWEEN)
        for by in (
            *((first, 1, 0, 1) for first in (-1, 1)),
            *((0, 1, first, 1) for first in (-1, 1)),
            *((first, 1, first, 1) for first in (-1, 1)),
            *((0, 2, 0, 1), (0, 1, 0, 2), (0, 2, 0, 2)),
        )
    ),
    Mistake(lambda *box: np.diagonal(_square(*box)),
            "one pixel per row: `photo[rows, columns]` pairs them up. `photo[np.ix_(rows, columns)]` takes all."),
    Mistake(lambda photo, top, left, side, margin: _square(photo, top - margin, left - margin, side + 2 * margin + 1, 0),
            "one row and column too many. `np.arange(start, end)` ends before `end`, and the last row is top + side + margin - "
            "1."),
    Mistake(_box(starts=0, length=0), "the margin is missing."),
    Mistake(_box(starts=0, length=1), _FOUR_SIDES),
    Mistake(_box(starts=0, length=2), _FOUR_SIDES),
    Mistake(_box(starts=-1, length=1), _FOUR_SIDES),
    Mistake(_box(starts=-1, length=0), _FOUR_SIDES),
    Mistake(_filled("constant"), _OUTSIDE("black")),
    Mistake(_filled("reflect"), _OUTSIDE("a mirror image")),
    Mistake(_filled("symmetric"), _OUTSIDE("a mirror image")),
    Mistake(_filled("wrap"), _OUTSIDE("the other side")),
    Mistake(_inside, "a slice ends where the picture ends, so the crop is smaller there. Repeat the pixels at the edge first."),
    Mistake(_stretched,
            "what lies inside the picture is stretched to the whole square. Keep its size, and repeat the pixels at the edge."),
    Mistake(
        lambda photo, top, left, side, margin: np.pad(photo, margin, mode="edge")[
            top : top + side + 2 * margin, left : left + side + 2 * margin
        ],
        "top and left may be negative, and a slice counts these from the end. Pad by more than the margin, or clip.",
    ),
    Mistake(
        lambda photo, top, left, side, margin: photo[
            top - margin : top + side + margin, left - margin : left + side + margin
        ],
        "a negative number in a slice counts from the end. Move the numbers into the picture first, or pad the picture.",
    ),
    Mistake(lambda photo, top, left, side, margin: photo[top : top + side, left : left + side],
            "the margin is missing, and the pixels beyond the edge."),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------- shrinking


@check
def shrink(answer) -> None:
    """Check `shrink(picture, factor)`: each factor × factor block becomes its mean, rounded, as uint8."""
    cases = []
    for seed, shape, factor in ((1, (6, 9), 3), (2, (20, 15), 5), (3, (21, 7), 7)):
        shape = [factor * blocks for blocks in grown(seed, *(side // factor for side in shape))]
        cases.append((numbers(seed).integers(90, 256, shape, dtype=np.uint8), factor))
    judge(
        answer,
        cases,
        _block_means,
        lambda picture, factor: f"a bright picture {picture.shape} shrunk by {factor}",
        mistakes=SHRINK_MISTAKES,
        advice={"'float'": "Numbers of rows are whole: divide with //."},
        form=_shrunk,
    )
    passed("Shrunk: every pixel of the large picture has its say.")


def _shrunk(answer):
    """Return grey levels, uint8; fractions as they are, since means that are not yet rounded have a hint of their own."""
    if np.ndim(answer) == 0 and as_array(answer) is not None:
        raise Hint("This is one number for the whole picture. Give the mean its axes: those inside a block.")
    if isinstance(answer, np.ndarray) and answer.dtype.kind == "f" and answer.size and answer.max() > 1:
        return answer if (answer % 1).any() else pixels(answer, "A picture")
    return pixels(answer, "A picture")


def _blocks(picture: np.ndarray, factor: int) -> list[list[np.ndarray]]:
    rows, columns = (length // factor for length in picture.shape)
    return [
        [picture[factor * r : factor * (r + 1), factor * c : factor * (c + 1)] for c in range(columns)]
        for r in range(rows)
    ]


def _block_means(picture: np.ndarray, factor: int) -> np.ndarray:
    """Return the mean of each block, block by block in whole numbers; odd factors, so that no mean ends in a half."""
    means = [[(2 * sum(block.ravel().tolist()) + factor**2) // (2 * factor**2) for block in row]
             for row in _blocks(picture, factor)]  # fmt: skip
    return np.array(means, dtype=np.uint8)


def _of_each(function):
    """Return a wrong answer: `function` of each block."""
    return lambda picture, factor: np.uint8([[function(block) for block in row] for row in _blocks(picture, factor)])


def _reshaped(shape_of, *axes):
    """Return a wrong answer: the means of the picture as `shape_of(rows, columns, factor)` over these axes, rounded."""

    def shrunk(picture, factor):
        rows, columns = (length // factor for length in picture.shape)
        return np.uint8(np.rint(picture.reshape(shape_of(rows, columns, factor)).mean(axis=axes)))

    return shrunk


def _right_shape(rows: int, columns: int, factor: int) -> tuple[int, int, int, int]:
    return rows, factor, columns, factor


def _in_two_steps(first: int):
    """Return a wrong answer: one axis is averaged and rounded, then the other one."""

    def shrunk(picture, factor):
        rows, columns = (length // factor for length in picture.shape)
        blocks = picture.reshape(rows, factor, columns, factor)
        once = np.rint(blocks.mean(axis=first, keepdims=True))
        return np.uint8(np.rint(once.mean(axis=(1, 3))))

    return shrunk


def _overlapping(picture: np.ndarray, factor: int) -> np.ndarray:
    rows, columns = (length // factor for length in picture.shape)
    return np.uint8(
        [[np.rint(picture[r : r + factor, c : c + factor].mean()) for c in range(columns)] for r in range(rows)]
    )


_TWICE = "rounded twice, once for the rows and once for the columns (Pillow does so). Round once, at the end."
_WRAPPED = "the sums of uint8 went round at 256. Sum in floats: picture.astype(float), or .mean()."
_SKIPPED = "you keep one pixel of each block and throw the others away: fine lines vanish or flicker. Take their mean."
_MIXED = "the blocks are mixed up: reshape to (rows, factor, columns, factor) and take the mean over axes 1 and 3."
_INSIDE = "the mean goes over the wrong axes: inside a block are axes 1 and 3."

SHRINK_MISTAKES = (
    Mistake(lambda picture, factor: np.array([[block.mean() for block in row] for row in _blocks(picture, factor)]),
            "the means are right. Now round them and return uint8: np.rint(means).astype(np.uint8)."),
    Mistake(_in_two_steps(1), _TWICE),
    Mistake(_in_two_steps(3), _TWICE),
    Mistake(_of_each(np.mean), "these means are cut off, not rounded: 99.9 becomes 99. np.rint(means) rounds."),
    Mistake(lambda picture, factor: np.uint8([[np.ceil(block.mean()) for block in row] for row in _blocks(picture, factor)]),
            "these means are rounded up. np.rint(means) rounds to the nearest whole number."),
    Mistake(lambda picture, factor: _of_each(lambda block: block.sum(dtype=np.uint8))(picture, factor) // factor**2, _WRAPPED),
    Mistake(
        lambda picture, factor: np.uint8(
            np.rint(_of_each(lambda block: block.sum(dtype=np.uint8))(picture, factor) / factor**2)
        ),
        _WRAPPED,
    ),
    Mistake(_of_each(lambda block: block.sum(dtype=np.uint8)),
            "these are sums, and they went round at 256. Take means: .mean(axis=...)."),
    Mistake(lambda picture, factor: picture[::factor, ::factor], _SKIPPED),
    Mistake(lambda picture, factor: picture[factor // 2 :: factor, factor // 2 :: factor], _SKIPPED),
    Mistake(_of_each(np.max), "this is the largest pixel of each block. Take the mean."),
    Mistake(_of_each(np.min), "this is the smallest pixel of each block. Take the mean."),
    Mistake(_of_each(lambda block: np.rint(np.median(block))), "this is the median of each block. Take the mean."),
    Mistake(_reshaped(lambda rows, columns, factor: (rows, columns, factor, factor), 2, 3), _MIXED),
    Mistake(_reshaped(lambda rows, columns, factor: (factor, rows, factor, columns), 0, 2), _MIXED),
    Mistake(_reshaped(lambda rows, columns, factor: (factor, rows, columns, factor), 1, 3), _MIXED),
    Mistake(_reshaped(_right_shape, 0, 2), _INSIDE),
    Mistake(_reshaped(_right_shape, 0, 3), _INSIDE),
    Mistake(_reshaped(_right_shape, 1, 2), _INSIDE),
    Mistake(_reshaped(_right_shape, 0),
            "only one axis is averaged, and not one inside a block: the mean goes over axes 1 *and* 3."),
    Mistake(_reshaped(_right_shape, 1), "only rows are averaged: the mean goes over axes 1 *and* 3."),
    Mistake(_reshaped(_right_shape, 3), "only columns are averaged: the mean goes over axes 1 *and* 3."),
    Mistake(_overlapping, "the blocks overlap: the next one begins `factor` pixels further on."),
    Mistake(lambda picture, factor: _block_means(picture, factor).T, "rows and columns are exchanged."),
    Mistake(lambda picture, factor: picture[: len(picture) // factor, : picture.shape[1] // factor],
            "this is the upper left corner. Every block of the picture becomes one pixel."),
    Mistake(_reshaped(lambda rows, columns, factor: (rows, factor, columns * factor), 1),
            "only rows are averaged. Average columns too."),
    Mistake(_reshaped(lambda rows, columns, factor: (rows * factor, columns, factor), 2),
            "only columns are averaged. Average rows too."),
)  # fmt: skip
