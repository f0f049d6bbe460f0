"""Checks of leaks: right answers pass in any form, and each known mistake gets its own hint."""

import numpy as np
from answers import three_tests

import fer_course.quiet  # noqa: F401, a check loads Keras
from fer_course import evaluation
from fer_course.checks import leaks

# --------------------------------------------------------------------------------------------------------- distances


def table(images, others, power=2, dtype=float):
    """Return the mean powers of the absolute differences (N, M)."""
    return (np.abs(images[:, None].astype(dtype) - others[None].astype(dtype)) ** power).mean(axis=(2, 3))


def nearest_by_loops(images, others):
    answer = []
    for image in images:
        best = float("inf")
        for other in others:
            best = min(best, float(np.mean((image.astype(int) - other.astype(int)) ** 2)) ** 0.5)
        answer.append(best)
    return answer


def nearest_in_place(images, others):
    answer = nearest_by_loops(images, others)
    images //= 2
    return np.array(answer)


NEAREST_RIGHT = {
    "package": evaluation.nearest_distance,
    "loops": nearest_by_loops,
    "at once": lambda images, others: np.sqrt(table(images, others)).min(axis=1),
    "root last": lambda images, others: np.sqrt(table(images, others).min(axis=1)),
    "float32": lambda images, others: np.sqrt(table(images, others, dtype=np.float32).min(axis=1)),
    "norm": lambda images, others: np.array(
        [min(np.linalg.norm(image * 1.0 - other) / image.size**0.5 for other in others) for image in images]
    ),
}
NEAREST_WRONG = {
    "uint8": (
        lambda images, others: np.sqrt(((images[:, None] - others) ** 2).mean(axis=(2, 3))).min(axis=1),
        "uint8 has no negative",
    ),
    "row by row": (lambda images, others: np.sqrt(((images[0] * 1.0 - others) ** 2).mean(axis=1)), "shape"),
    "no axis": (
        lambda images, others: np.sqrt([((image - others.astype(float)) ** 2).mean().min() for image in images]),
        "over all others, too",
    ),
    "no loop": (
        lambda images, others: np.sqrt(((images - others.astype(float)) ** 2).mean(axis=(1, 2))),
        "Take one picture after",
    ),
    "in place": (nearest_in_place, "in place"),
    "nothing": (lambda images, others: None, "return"),
}

# ------------------------------------------------------------------------------------------------------------ splits


def split_by_loop(source, share, seed):
    names = sorted(set(source.tolist()))
    chosen = set(np.random.default_rng(seed).choice(names, int(share * len(names)), replace=False).tolist())
    return [each in chosen for each in source.tolist()]


def split_by_coin(source, share, seed):
    names, place = np.unique(source, return_inverse=True)
    return (np.random.default_rng(seed).random(len(names)) < share)[place]


def by_picture(source, share, seed):
    return np.random.default_rng(seed).random(len(source)) < share


def first_sources(source, share, seed):
    names = np.unique(source)
    return np.isin(source, names[: round(share * len(names))])


def split_in_place(source, share, seed):
    source.sort()
    return split_by_coin(source, share, seed)


SPLIT_RIGHT = {"package": evaluation.split_by_source, "loop": split_by_loop, "coin": split_by_coin}


def split_of_small_numbers(source, share, seed):
    numbers = source.max() + 1
    chosen = np.random.default_rng(seed).permutation(numbers)[: round(share * numbers)]
    return np.isin(source, chosen)


def split_with_replacement(source, share, seed):
    names = np.unique(source)
    return np.isin(source, np.random.default_rng(seed).choice(names, round(share * len(names))))


def split_of_pictures(source, share, seed):
    return np.isin(source, np.random.default_rng(seed).permutation(source)[: round(share * len(source))])


SPLIT_WRONG = {
    "with replacement": (split_with_replacement, "sampled twice"),
    "not unique": (split_of_pictures, r"`np.unique\(source\)` has each once"),
    "small numbers": (split_of_small_numbers, "on one side"),
    "by picture": (by_picture, "on both sides"),
    "last rows": (lambda s, share, seed: np.arange(len(s)) >= len(s) * (1 - share), "on both sides"),
    "not at random": (first_sources, "Every seed"),
    "no seed": (lambda s, share, seed: split_by_coin(s, share, None), "two different splits"),
    "wrong way round": (lambda s, share, seed: ~evaluation.split_by_source(s, share, seed), "wrong way round"),
    "half": (lambda s, share, seed: evaluation.split_by_source(s, 0.5, seed), "were asked for"),
    "nobody": (lambda s, share, seed: np.zeros(len(s), dtype=bool), "one side"),
    "a value a source": (lambda s, share, seed: np.arange(len(set(s.tolist()))) < 30, r"one value per \*source\*"),
    "the sources": (lambda s, share, seed: np.unique(s)[:30], "chosen sources"),
    "row numbers": (lambda s, share, seed: np.flatnonzero(split_by_coin(s, share, seed)) + 10_000, "Row numbers"),
    "zeros and ones": (lambda s, share, seed: split_by_coin(s, share, seed).astype(int), "True and False"),
    "two things": (lambda s, share, seed: (split_by_coin(s, share, seed), ~split_by_coin(s, share, seed)), "one mask"),
    "source as index": (lambda s, share, seed: np.zeros(150, dtype=bool)[s], "IndexError"),
    "in place": (split_in_place, "in place"),
    "nothing": (lambda s, share, seed: None, "return"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    leaks.nearest_distance: (NEAREST_RIGHT, NEAREST_WRONG),
    leaks.split_by_source: (SPLIT_RIGHT, SPLIT_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
