"""Checks of photographs: right answers pass in any form, and each known mistake gets its own hint."""

import numpy as np
import pytest
from answers import three_tests
from PIL import Image

from fer_course.checks import photographs

# ----------------------------------------------------------------------------------------------------- crop a square


def crop_by_loops(photo, top, left, side, margin):
    length = side + 2 * margin
    crop = np.zeros((length, length), np.uint8)
    for row in range(length):
        for column in range(length):
            r = min(max(top - margin + row, 0), photo.shape[0] - 1)
            c = min(max(left - margin + column, 0), photo.shape[1] - 1)
            crop[row, column] = photo[r, c]
    return crop


def crop_by_padding(photo, top, left, side, margin, mode="edge"):
    far = 20
    padded = np.pad(photo, far, mode=mode)
    top, left, length = top - margin + far, left - margin + far, side + 2 * margin
    return padded[top : top + length, left : left + length]


def crop_at_once(photo, top, left, side, margin):
    rows = np.clip(np.arange(top - margin, top + side + margin), 0, photo.shape[0] - 1)
    columns = np.clip(np.arange(left - margin, left + side + margin), 0, photo.shape[1] - 1)
    return photo[rows][:, columns]


def crop_in_place(photo, top, left, side, margin):
    photo[0] = 0
    return crop_at_once(photo, top, left, side, margin)


CROP_RIGHT = {
    "loops": crop_by_loops,
    "padding": crop_by_padding,
    "at once": crop_at_once,
    "list": lambda *given: crop_at_once(*given).tolist(),
}


def crop_places(photo, top, left, side, margin, more=0):
    """Return the rows and columns of a crop, clipped to the picture, `more` of them than asked for."""
    rows, columns = (np.arange(first - margin, first + side + margin + more) for first in (top, left))
    return np.clip(rows, 0, photo.shape[0] - 1), np.clip(columns, 0, photo.shape[1] - 1)


def crop_clipped_by_the_other(photo, top, left, side, margin):
    rows, columns = (np.arange(first - margin, first + side + margin) for first in (top, left))
    shape = photo.shape
    return np.pad(photo, 20, mode="edge")[
        np.ix_(np.clip(rows, 0, shape[1] - 1) + 20, np.clip(columns, 0, shape[0] - 1) + 20)
    ]


CROP_WRONG = {
    "clipped by the other side": (crop_clipped_by_the_other, "Are the two exchanged"),
    "clipped to the sides": (
        lambda p, t, x, s, m: p[np.clip(np.arange(t - m, t + s + m), 0, len(p))][
            :, np.clip(np.arange(x - m, x + s + m), 0, p.shape[1])
        ],
        r"photo.shape\[0\] - 1",
    ),
    "paired": (lambda p, *box: p[crop_places(p, *box)], r"np.ix_\(rows, columns\)"),
    "float": (lambda p, *box: crop_at_once(p, *box) / 255, "uint8"),
    "in place": (crop_in_place, "in place"),
    "nothing": (lambda *arguments: None, "return"),
}

# ------------------------------------------------------------------------------------------------------------ shrink


def shrink_by_loops(picture, factor):
    rows, columns = (length // factor for length in picture.shape)
    small = np.zeros((rows, columns), np.uint8)
    for r in range(rows):
        for c in range(columns):
            total = 0
            for pixel in picture[r * factor : (r + 1) * factor, c * factor : (c + 1) * factor].ravel():
                total += int(pixel)
            small[r, c] = round(total / factor**2)
    return small


def means(picture, factor, axes=(1, 3), as_shape=None):
    rows, columns = (length // factor for length in picture.shape)
    return picture.reshape(as_shape or (rows, factor, columns, factor)).mean(axis=axes)


def rounded(numbers):
    return np.rint(numbers).astype(np.uint8)


def shrink_overflowing(picture, factor):
    total = np.zeros([length // factor for length in picture.shape], np.uint8)
    for row in range(factor):
        for column in range(factor):
            total += picture[row::factor, column::factor]
    return total // factor**2


SHRINK_RIGHT = {
    "loops": shrink_by_loops,
    "reshape": lambda p, k: rounded(means(p, k)),
    "list": lambda p, k: rounded(means(p, k)).tolist(),
    "float32": lambda p, k: np.uint8(means(p.astype(np.float32), k) + 0.5),
    "sums": lambda p, k: (
        (2 * sum(p[r::k, c::k].astype(int) for r in range(k) for c in range(k)) + k * k) // (2 * k * k)
    ).astype(np.uint8),
}
SHRINK_WRONG = {
    "no axis": (lambda p, k: rounded(p.reshape(len(p) // k, k, -1, k).mean()), "one number for the whole"),
    "fractions of rows": (lambda p, k: rounded(p.reshape(len(p) / k, k, -1, k).mean(axis=(1, 3))), "divide with //"),
    "Pillow's box": (
        lambda p, k: np.asarray(Image.fromarray(p).resize((p.shape[1] // k, p.shape[0] // k), Image.Resampling.BOX)),
        "rounded twice",
    ),
    "overflow": (shrink_overflowing, "went round at 256"),
    "other floats": (lambda p, k: p[::k, ::k] / 255, "uint8"),
    "int64": (lambda p, k: np.rint(means(p, k)).astype(int), "uint8"),
    "list of means": (lambda p, k: means(p, k).tolist(), "whole numbers from 0 to 255"),
    "nothing": (lambda p, k: None, "return"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    photographs.crop_square: (CROP_RIGHT, CROP_WRONG),
    photographs.shrink: (SHRINK_RIGHT, SHRINK_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


@pytest.mark.parametrize("factor", [3, 5, 7])
def test_the_oracle_of_shrink_agrees_with_pillow(factor):
    picture = np.random.default_rng(factor).integers(0, 256, (4 * factor, 3 * factor), dtype=np.uint8)
    # In floats: of 8 bits, Pillow rounds twice, after the rows and after the columns.
    small = Image.fromarray(picture.astype(np.float32)).resize((3, 4), Image.Resampling.BOX)
    np.testing.assert_array_equal(photographs._block_means(picture, factor), np.rint(np.asarray(small)))
