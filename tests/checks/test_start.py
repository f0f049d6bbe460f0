"""Checks of start: right answers pass in any form, and each known mistake gets its own hint."""

import numpy as np
from answers import three_tests

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
    "list": lambda face: face[:, ::-1].tolist(),
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


def indices_swapped(face):
    mirrored = face.copy()
    for row in range(face.shape[0]):
        for column in range(face.shape[1]):
            mirrored[column, row] = face[row, face.shape[1] - 1 - column]
    return mirrored


def swapped_sides(face):
    width = face.shape[0]
    mirrored = face.copy()
    for column in range(width):
        mirrored[:, column] = face[:, width - 1 - column]
    return mirrored


def changes_in_place(face):
    face[:] = face[:, ::-1].copy()
    return face


WRONG = {
    "forget a `return`": lambda face: None,
    "in place": changes_in_place,
    "too many indices": lambda face: face[:, :, ::-1],
    "the number 47 was asked for; the last one there is 2. Do all sizes": mirrored_48,
    "the number 3 was asked for; the last one there is 2. Is it one too far? Do all sizes": mirrored_one_too_far,
    "the number 2 was asked for; the last one there is 1. Is it one too far? Do all sizes come from face.shape? Is the first "
    "index the row, and the second the column?": indices_swapped,
    "as many columns are mirrored as the picture has rows, 2. It has 3": swapped_sides,
    "found an array of shape (48, 48)": lambda face: np.zeros((48, 48), dtype=np.uint8),
    "their dtype is float64": lambda face: face[:, ::-1].astype(float),
    "the first of the right values along axis 0 alone": lambda face: face[0][::-1],
    "the last of the right values along axis 0 alone": lambda face: face[-1, ::-1],
    "All values are right but for those at the last": lambda face: np.concatenate([face[:, :0:-1], face[:, :1] ^ 1], 1),
}

CHECKS = {start.mirror: (RIGHT, WRONG)}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
