"""Checks: the distance to the nearest picture, and a split by source."""

from __future__ import annotations

import math

import numpy as np

from fer_course.checks.core import Hint, attempt, expect, grown, numbers, passed, short

# --------------------------------------------------------------------------------------------------------- distances


def nearest_distance(learner) -> None:
    """Check `nearest_distance(images, others)`: root mean squared distance to the nearest other, (N,), in grey levels."""
    for seed, n, m in ((1, 5, 8), (2, 7, 4), (3, 3, 6)):
        n, m, *shape = grown(seed, n, m, 5, 7)
        rng = numbers(seed)
        images = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
        others = rng.integers(0, 256, (m, *shape), dtype=np.uint8)
        others[1] = images[2]  # an exact copy
        others[2] = np.clip(images[0].astype(int) + 9, 0, 255)  # nearly one
        table = _distance_table(images, others)
        one_by_one = "Take one picture after the other, in a loop: (H, W) minus (M, H, W) works."
        answer = attempt(learner, images, others, advice={"broadcast": one_by_one})
        expect(
            answer, table.min(axis=1), f"distances of {n} pictures to {m} others", _distance_mistakes(images, others)
        )
    passed("Measured: 0 for a copy, little for a near copy.")


def _distance_table(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return all distances (N, M), one pixel after the other, in Python's own numbers."""
    table = np.zeros((len(images), len(others)))
    for i, image in enumerate(images):
        for j, other in enumerate(others):
            pairs = list(zip(image.ravel().tolist(), other.ravel().tolist(), strict=True))
            table[i, j] = math.sqrt(sum((a - b) ** 2 for a, b in pairs) / len(pairs))
    return table


def _distance_mistakes(images: np.ndarray, others: np.ndarray) -> list:
    wrapped = images[:, None] - others[None]  # uint8: goes round at 0
    difference = images[:, None].astype(float) - others[None]
    table, squares = np.sqrt((difference**2).mean(axis=(2, 3))), (difference**2).mean(axis=(2, 3))
    pixels = images[0].size
    overflow = "dark minus bright became a large number: uint8 has no negative ones. Turn both into float first, then subtract."
    return [
        (np.sqrt((wrapped**2).mean(axis=(2, 3))).min(axis=1), overflow),
        (np.sqrt((wrapped.astype(float) ** 2).mean(axis=(2, 3))).min(axis=1), overflow),
        (squares.min(axis=1), "these are squared distances. Take the square root."),
        (np.sqrt(squares * pixels).min(axis=1), "the squares are summed over the pixels. Take their mean."),
        (np.abs(difference).mean(axis=(2, 3)).min(axis=1), "these are mean absolute differences. Square, then mean, then root."),
        (table.max(axis=1), "these are distances to the *least* similar picture: min, not max."),
        (table.mean(axis=1), "these are mean distances to all others. Only the nearest one counts: min."),
        (table.min(axis=0), "this is a distance for each of `others`. One for each of `images` is asked: the other axis."),
        (table.argmin(axis=1), "this says *which* picture is nearest. Return how far it is: min, not argmin."),
        (np.sqrt(squares.mean(axis=1)), "these are means over all others, too. Keep them apart: `.mean(axis=(1, 2))`, then min."),
        (table.min(axis=1) / 255, "these are shares of 255. Grey levels are asked: don't divide."),
        (table.min(), "this is the smallest distance of all. One for each of `images` is asked."),
        (table, "these are all distances, N × M. Keep the smallest of each row."),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ splits


def split_by_source(learner) -> None:
    """Check `split_by_source(source, share, seed)`: a mask (N,), True for test, every source on one side only."""
    for seed, share in ((1, 0.2), (2, 0.3), (3, 0.25)):
        source = _some_sources(seed)
        mask = attempt(learner, source, share, seed)
        _is_mask(mask, source)
        mask = np.asarray(mask)
        sides = [set(source[mask].tolist()), set(source[~mask].tolist())]
        if both := sides[0] & sides[1]:
            raise Hint(
                f"{len(both)} of {len(set(source.tolist()))} sources have pictures on both sides, {min(both)} for one. "
                "Choose among the sources (np.unique), not among the pictures; then all pictures of the chosen ones."
            )
        _share_of_sources(len(sides[0]) / (len(sides[0]) + len(sides[1])), share)
        _chosen_at_random(learner, source, share, seed, mask)
    _drawn_once(learner)
    passed("Split: nobody stands on both sides.")


def _some_sources(seed: int) -> np.ndarray:
    """Return the numbers of 150 sources, neither consecutive nor in order, each 1 to 9 times, shuffled."""
    rng = numbers(seed)
    names = rng.choice(5000, 150, replace=False) - (6000 if seed == 2 else 0)  # any whole numbers: below 0, too
    return rng.permutation(np.repeat(names, rng.integers(1, 10, 150)))


def _is_mask(mask, source: np.ndarray) -> None:
    found = np.asarray(mask)
    if isinstance(mask, tuple):
        raise Hint(f"Return one mask, True for test; found {len(mask)} things.")
    if found.shape == np.unique(source).shape:
        raise Hint("This is one value a *source*. Asked for is one a picture: `np.isin(source, chosen)` makes it.")
    if found.dtype != bool and found.ndim == 1 and set(np.unique(found).tolist()) <= set(source.tolist()):
        raise Hint("These are the chosen sources. Asked for is a mask of the pictures: `np.isin(source, chosen)`.")
    if found.dtype != bool and found.shape != source.shape:
        raise Hint(f"Expected a mask, {len(source)} values True or False; found {short(mask)}. Row numbers?")
    if found.shape != source.shape:
        raise Hint(f"Expected one value a picture, shape {source.shape}; found {found.shape}.")
    if found.dtype != bool:
        raise Hint(f"Expected True and False (bool); found {found.dtype}. A comparison or np.isin makes a mask.")


def _share_of_sources(found: float, share: float) -> None:
    if found in (0, 1):
        raise Hint(f"All sources are on one side; {share:.0%} of them belong to the test.")
    if abs(found - (1 - share)) < 0.08 and abs(found - share) > 0.15:
        raise Hint(f"{found:.0%} of the sources are test: the mask is the wrong way round. True means test.")
    if abs(found - share) > 0.12:
        raise Hint(
            f"{found:.0%} of the sources are in the test; about {share:.0%} were asked for. Did you shuffle `source` itself, in "
            "which each source stands several times? `np.unique(source)` has each once."
        )


def _drawn_once(learner) -> None:
    """Half of many sources, drawn with replacement, is only 1 − 1/√e = 39 % of them."""
    source = np.arange(3000)
    found = np.mean(attempt(learner, source, 0.5, 4))
    if abs(found - (1 - math.exp(-0.5))) < 0.04:
        raise Hint(
            f"{found:.0%} of 3,000 sources are in the test; 50 % were asked for. Are some drawn twice? `rng.choice` puts each "
            "back unless `replace=False`; `rng.permutation` never repeats one."
        )


def _chosen_at_random(learner, source: np.ndarray, share: float, seed: int, mask: np.ndarray) -> None:
    if not np.array_equal(np.asarray(attempt(learner, source, share, seed)), mask):
        raise Hint("The same seed gave two different splits. Draw from `np.random.default_rng(seed)` only.")
    others = [np.asarray(attempt(learner, source, share, seed + step)) for step in (100, 200)]
    if all(np.array_equal(other, mask) for other in others):
        raise Hint("Every seed gives the same split. Choose at random, with `np.random.default_rng(seed)`.")
