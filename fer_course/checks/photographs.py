"""Checks: a square crop, and shrinking by averaging."""

from __future__ import annotations

import numpy as np

from fer_course.checks.core import Hint, attempt, close, expect, grown, numbers, passed, short

# ------------------------------------------------------------------------------------------------------ square crop


def crop_square(learner) -> None:
    """Check `crop_square(photo, top, left, side, margin)`: a square with a margin, pixels at the edge repeated."""
    for seed, shape, (top, left, side, margin), where in (
        (1, (9, 13), (3, 5, 4, 1), "well inside"),
        (2, (11, 8), (2, 1, 5, 2), "over the left edge"),
        (3, (8, 12), (-2, 3, 6, 1), "over the top edge"),
        (4, (10, 7), (4, 1, 5, 3), "over three edges"),
        (5, (7, 10), (5, 7, 4, 2), "over the lower right corner"),
    ):
        # All three by as much, so that the box lies where it did.
        *shape, side = (length + grown(seed, 0)[0] for length in (*shape, side))
        shape = tuple(shape)
        photo = numbers(seed).integers(0, 256, shape, dtype=np.uint8)
        answer = attempt(learner, photo, top, left, side, margin)
        what = f"a box {where} (photo {shape}, top {top}, left {left}, side {side}, margin {margin})"
        _check_pixels(answer, what)
        expect(answer, _square(photo, top, left, side, margin), what, _crop_mistakes(photo, top, left, side, margin))
    passed("Cut out: a square, with its margin, and no hole where the picture ends.")


def _check_pixels(answer, what: str) -> None:
    if not isinstance(answer, np.ndarray):
        raise Hint(f"{what}: return a NumPy array; found {short(answer)} ({type(answer).__name__}).")
    if answer.dtype != np.uint8:
        raise Hint(
            f"{what}: return grey levels as uint8, as they came; found {answer.dtype}. `.astype(np.uint8)` does it."
        )


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


def _crop_mistakes(photo: np.ndarray, top: int, left: int, side: int, margin: int) -> list:
    right = _square(photo, top, left, side, margin)
    first_row, first_column, length = top - margin, left - margin, side + 2 * margin
    end_row, end_column = first_row + length, first_column + length
    pads = [(max(-first, 0), max(end - size, 0)) for first, end, size in
            ((first_row, end_row, photo.shape[0]), (first_column, end_column, photo.shape[1]))]  # fmt: skip
    inside = photo[max(first_row, 0) : max(end_row, 0), max(first_column, 0) : max(end_column, 0)]
    others = {"constant": "black", "reflect": "a mirror image", "symmetric": "a mirror image", "wrap": "the other side"}
    filled = []
    for mode, look in others.items():
        padded = np.pad(photo, max(map(max, pads)), mode=mode)
        offset = max(map(max, pads))
        crop = padded[first_row + offset : end_row + offset, first_column + offset : end_column + offset]
        filled.append(
            (crop, f'outside the picture you show {look}. Repeat the pixels at the edge: np.pad(..., mode="edge").')
        )
    rows, columns = np.arange(first_row, end_row), np.arange(first_column, end_column)
    height, width = photo.shape
    clipped_by_the_other = photo[np.clip(rows, 0, min(width, height) - 1)][
        :, np.clip(columns, 0, min(width, height) - 1)
    ]
    padded = np.pad(photo, margin, mode="edge")[top : top + length, left : left + length]
    one_sided = "the margin belongs to all four sides: begin margin pixels earlier, and end margin pixels later."
    return [
        (_square(photo, left, top, side, margin), "top and left are exchanged: the first index of an array is the row."),
        (right.T, "rows and columns are exchanged."),
        (clipped_by_the_other, "rows end at `photo.shape[0] - 1`, columns at `photo.shape[1] - 1`. Are the two exchanged?"),
        (np.diagonal(right), "one pixel a row: `photo[rows, columns]` pairs them up. `photo[np.ix_(rows, columns)]` takes all."),
        (_square(photo, top - margin, left - margin, length + 1, 0), "one row and column too many. `np.arange(start, end)` "
         "ends before `end`, and the last row is top + side + margin - 1."),
        (_square(photo, top, left, side, 0), "the margin is missing."),
        (_square(photo, top, left, side + margin, 0), one_sided),
        (_square(photo, top, left, side + 2 * margin, 0), one_sided),
        (_square(photo, top - margin, left - margin, side + margin, 0), one_sided),
        (_square(photo, top - margin, left - margin, side, 0), one_sided),
        *filled,
        (inside, "a slice ends where the picture ends, so the crop is smaller there. Repeat the pixels at the edge first."),
        (padded, "top and left may be negative, and a slice counts these from the end. Pad by more than the margin, or clip."),
        (photo[first_row:end_row, first_column:end_column],
         "a negative number in a slice counts from the end. Move the numbers into the picture first, or pad the picture."),
        (photo[top : top + side, left : left + side], "the margin is missing, and the pixels beyond the edge."),
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------------------- shrinking


def shrink(learner) -> None:
    """Check `shrink(picture, factor)`: each factor × factor block becomes its mean, rounded, as uint8."""
    for seed, shape, factor in ((1, (6, 9), 3), (2, (20, 15), 5), (3, (21, 7), 7)):
        shape = tuple(factor * blocks for blocks in grown(seed, *(side // factor for side in shape)))
        picture = numbers(seed).integers(90, 256, shape, dtype=np.uint8)
        answer = attempt(learner, picture, factor, advice={"'float'": "Numbers of rows are whole: divide with //."})
        what = f"a bright picture {shape} shrunk by {factor}"
        _check_shrunk(answer, picture, factor, what)
        expect(answer, _block_means(picture, factor), what, _shrink_mistakes(picture, factor))
    passed("Shrunk: every pixel of the large picture has its say.")


def _check_shrunk(answer, picture: np.ndarray, factor: int, what: str) -> None:
    if isinstance(answer, np.ndarray) and answer.dtype.kind == "f":
        exact = [[block.mean() for block in row] for row in _blocks(picture, factor)]
        if close(answer, np.array(exact)):
            raise Hint(
                f"{what}: the means are right. Now round them and return uint8: np.rint(means).astype(np.uint8)."
            )
    if np.ndim(answer) == 0:
        raise Hint(f"{what}: this is one number for the whole picture. Give the mean its axes: those inside a block.")
    _check_pixels(answer, what)


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


def _shrink_mistakes(picture: np.ndarray, factor: int) -> list:
    rows, columns = (length // factor for length in picture.shape)
    blocks = _blocks(picture, factor)

    def of_each(function) -> np.ndarray:
        return np.array([[function(block) for block in row] for row in blocks])

    overflow = of_each(lambda block: int(block.sum(dtype=np.uint8)))
    skipped = (
        "you keep one pixel of each block and throw the others away: fine lines vanish or flicker. Take their mean."
    )
    large = picture.reshape(rows, columns, factor, factor).astype(float)
    by_rows = np.rint(
        np.rint(picture.reshape(rows, factor, -1).mean(axis=1)).reshape(rows, columns, factor).mean(axis=2)
    )
    by_columns = np.rint(
        np.rint(picture.reshape(-1, columns, factor).mean(axis=2)).reshape(rows, factor, -1).mean(axis=1)
    )
    mixed = "the blocks are mixed up: reshape to (rows, factor, columns, factor) and take the mean over axes 1 and 3."
    right_shape = picture.reshape(rows, factor, columns, factor)
    overlapping = np.array(
        [[picture[r : r + factor, c : c + factor].mean() for c in range(columns)] for r in range(rows)]
    )
    twice = "rounded twice, once for the rows and once for the columns (Pillow does so). Round once, at the end."
    return [
        (by_rows.astype(np.uint8), twice),
        (by_columns.astype(np.uint8), twice),
        (np.uint8(of_each(np.mean)), "these means are cut off, not rounded: 99.9 becomes 99. np.rint(means) rounds."),
        (overflow // factor**2, "the sums of uint8 went round at 256. Sum in floats: picture.astype(float), or .mean()."),
        (np.uint8(np.rint(overflow / factor**2)),
         "the sums of uint8 went round at 256. Sum in floats: picture.astype(float), or .mean()."),
        (np.uint8(of_each(np.sum)), "these are sums, and they went round at 256. Take means: .mean(axis=...)."),
        (picture[::factor, ::factor], skipped),
        (picture[factor // 2 :: factor, factor // 2 :: factor], skipped),
        (of_each(np.max), "this is the largest pixel of each block. Take the mean."),
        (np.uint8(np.rint(of_each(np.median))), "this is the median of each block. Take the mean."),
        (np.uint8(np.rint(large.mean(axis=(2, 3)))), mixed),
        (np.uint8(np.rint(picture.reshape(factor, rows, factor, columns).mean(axis=(0, 2)))), mixed),
        (np.uint8(np.rint(right_shape.mean(axis=(0, 2)))), "the mean goes over the wrong axes: inside a block are axes 1 and 3."),
        (np.uint8(np.rint(right_shape.mean(axis=1))), "only rows are averaged: the mean goes over axes 1 *and* 3."),
        (np.uint8(np.rint(overlapping)), "the blocks overlap: the next one begins `factor` pixels further on."),
        (_block_means(picture, factor).T, "rows and columns are exchanged."),
        (picture[:rows, :columns], "this is the upper left corner. Every block of the picture becomes one pixel."),
        (np.uint8(np.rint(picture.reshape(rows, factor, -1).mean(axis=1))), "only rows are averaged. Average columns too."),
        (np.uint8(np.rint(picture.reshape(len(picture), columns, factor).mean(axis=2))),
         "only columns are averaged. Average rows too."),
    ]  # fmt: skip
