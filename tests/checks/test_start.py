"""Checks of start: right answers pass in any form, and each known mistake gets its own hint."""

import re

import numpy as np
import pytest
from answers import assert_hint, three_tests

from fer_course.checks import start


def by_loop(face):
    rows = [[row[-1 - x] for x in range(len(row))] for row in face]
    return np.array(rows, dtype=face.dtype)


def by_copy(face):
    face = face.copy()
    face[:] = face[:, ::-1].copy()
    return face


RIGHT = {
    "slice": lambda face: face[:, ::-1],
    "fliplr": np.fliplr,
    "flip": lambda face: np.flip(face, axis=1),
    "loop": by_loop,
    "copy": by_copy,
}


def mirrored_48(face):
    mirrored = face.copy()
    for column in range(48):
        mirrored[:, column] = face[:, 47 - column]
    return mirrored


def mirrored_one_too_far(face):
    mirrored = face.copy()
    for column in range(face.shape[1]):
        mirrored[:, column] = face[:, face.shape[1] - column]
    return mirrored


def changes_in_place(face):
    face[:] = face[:, ::-1].copy()
    return face


WRONG = {
    "as it was": lambda face: face,
    "stands on its head": lambda face: face[::-1],
    "half a turn": lambda face: face[::-1, ::-1],
    "lies on its side": lambda face: face.T,
    "forget a `return`": lambda face: None,
    "in place": changes_in_place,
    "too many indices": lambda face: face[:, :, ::-1],
    "take the size from face.shape": mirrored_48,
    "The last column is number": mirrored_one_too_far,
    "found an array of shape (48, 48)": lambda face: np.zeros((48, 48), dtype=np.uint8),
    "their dtype is float64": lambda face: face[:, ::-1].astype(float),
    "this is a list": lambda face: face[:, ::-1].tolist(),
    "the shape (2, 3) is right": lambda face: 255 - face,
    "found an array of shape (2, 2)": lambda face: face[:, :-1],
}

OUT_OF_BOUNDS = (mirrored_48, mirrored_one_too_far)  # they share a hint

CHECKS = {start.mirror: (RIGHT, WRONG)}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


@pytest.mark.parametrize("words", WRONG)
def test_each_hint_fits_its_own_mistake_alone(words, capfd):
    hint = assert_hint(start.mirror, WRONG[words], re.escape(words), capfd)
    others = [key for key, answer in WRONG.items() if key in hint and answer not in OUT_OF_BOUNDS]
    assert [key for key in WRONG if key in hint] == [words] or (WRONG[words] in OUT_OF_BOUNDS and not others)
