"""Checks: the distance to the nearest picture, and a split by source."""

from __future__ import annotations

import math

import numpy as np

from fer_course.checks.core import Hint, Mistake, attempt, check, grown, judge, numbers, passed, short

# --------------------------------------------------------------------------------------------------------- distances


@check
def nearest_distance(answer) -> None:
    """Check `nearest_distance(images, others)`: root mean squared distance to the nearest other, (N,), in grey levels."""
    cases = []
    for seed, n, m in ((1, 5, 8), (2, 7, 4), (3, 3, 6)):
        n, m, *shape = grown(seed, n, m, 5, 7)
        rng = numbers(seed)
        images = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
        others = rng.integers(0, 256, (m, *shape), dtype=np.uint8)
        others[1] = images[2]  # an exact copy
        others[2] = np.clip(images[0].astype(int) + 9, 0, 255)  # nearly one
        cases.append((images, others))
    judge(
        answer,
        cases,
        lambda images, others: _distance_table(images, others).min(axis=1),
        lambda images, others: f"distances of {len(images)} pictures to {len(others)} others",
        mistakes=NEAREST_DISTANCE_MISTAKES,
        advice={"broadcast": "Take one picture after the other, in a loop: (H, W) minus (M, H, W) works."},
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


def _distances(summary, power=2, root=True, axes=(2, 3), dtype=float, late=float):
    """Return a wrong answer: `summary` of the table of distances, which are means of powers over these axes (N, M, H, W).

    `dtype` is what the pictures are turned into before the subtraction, and `late` after it.
    """

    def nearest(images, others):
        difference = images[:, None].astype(dtype) - others[None].astype(dtype)
        powers = difference.astype(late) ** 2 if power == 2 else np.abs(difference)
        means = powers.mean(axis=axes)
        return summary(np.sqrt(means) if root else means)

    return nearest


def _nearest_of_each(table: np.ndarray) -> np.ndarray:
    return table.reshape(len(table), -1).min(axis=1)


_WRAPPED = (
    "dark minus bright became a large number: uint8 has no negative ones. Turn both into float first, then subtract."
)
_AXES = (
    "the mean goes over the wrong axes. Of image - others, shape (M, H, W), the pixels of a picture are axes 1 and 2."
)

NEAREST_DISTANCE_MISTAKES = (
    Mistake(_distances(_nearest_of_each, dtype=np.uint8, late=np.uint8), _WRAPPED),
    Mistake(_distances(_nearest_of_each, dtype=np.uint8), _WRAPPED),
    Mistake(_distances(_nearest_of_each, root=False), "these are squared distances. Take the square root."),
    Mistake(lambda images, others: _distances(_nearest_of_each)(images, others) * math.sqrt(images[0].size),
            "the squares are summed over the pixels. Take their mean."),
    Mistake(_distances(_nearest_of_each, power=1, root=False),
            "these are mean absolute differences. Square, then mean, then root."),
    Mistake(lambda images, others: [min(np.sqrt(((image + 1.0 * others) ** 2).mean(axis=(1, 2)))) for image in images],
            "the pictures are added. Take the difference: image - others."),
    Mistake(_distances(lambda table: table.max(axis=1)), "these are distances to the *least* similar picture: min, not max."),
    Mistake(_distances(lambda table: table.mean(axis=1)),
            "these are mean distances to all others. Only the nearest one counts: min."),
    Mistake(_distances(lambda table: table.min(axis=0)),
            "this is a distance for each of `others`. One for each of `images` is asked: the other axis."),
    Mistake(_distances(lambda table: table.argmin(axis=1)),
            "this says *which* picture is nearest. Return how far it is: min, not argmin."),
    Mistake(_distances(_nearest_of_each, axes=(1, 2, 3)),
            "these are means over all others, too. Keep them apart: `.mean(axis=(1, 2))`, then min."),
    *(Mistake(_distances(_nearest_of_each, axes=axes), _AXES) for axes in (1, 2, 3, (1, 2), (1, 3))),
    Mistake(lambda images, others: _distances(_nearest_of_each)(images, others) / 255,
            "these are shares of 255. Grey levels are asked: don't divide."),
    Mistake(_distances(np.min), "this is the smallest distance of all. One for each of `images` is asked."),
    Mistake(_distances(lambda table: table), "these are all distances, N × M. Keep the smallest of each row."),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ splits


@check
def split_by_source(answer) -> None:
    """Check `split_by_source(source, share, seed)`: a mask (N,), True for test, every source on one side only."""
    for seed, share in ((1, 0.2), (2, 0.3), (3, 0.25)):
        source = _some_sources(seed)
        mask = attempt(answer, source, share, seed)
        _is_mask(mask, source)
        mask = np.asarray(mask)
        sides = [set(source[mask].tolist()), set(source[~mask].tolist())]
        if both := sides[0] & sides[1]:
            raise Hint(
                f"{len(both)} of {len(set(source.tolist()))} sources have pictures on both sides, {min(both)} for one. "
                "Choose among the sources (np.unique), not among the pictures; then all pictures of the chosen ones."
            )
        _share_of_sources(len(sides[0]) / (len(sides[0]) + len(sides[1])), share)
        _chosen_at_random(answer, source, share, seed, mask)
    _sampled_once(answer)
    passed("Split: every source is on one side only.")


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
        raise Hint("This is one value per *source*. Asked for is one per picture: `np.isin(source, chosen)` makes it.")
    if found.dtype != bool and found.ndim == 1 and set(np.unique(found).tolist()) <= set(source.tolist()):
        raise Hint("These are the chosen sources. Asked for is a mask of the pictures: `np.isin(source, chosen)`.")
    if found.dtype != bool and found.shape != source.shape:
        raise Hint(f"Expected a mask, {len(source)} values True or False; found {short(mask)}. Row numbers?")
    if found.shape != source.shape:
        raise Hint(f"Expected one value per picture, shape {source.shape}; found {found.shape}.")
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
            "which each source occurs several times? `np.unique(source)` has each once."
        )


def _sampled_once(answer) -> None:
    """Half of many sources, sampled with replacement, is only 1 − 1/√e = 39 % of them."""
    source = np.arange(3000)
    found = np.mean(attempt(answer, source, 0.5, 4))
    if abs(found - (1 - math.exp(-0.5))) < 0.04:
        raise Hint(
            f"{found:.0%} of 3,000 sources are in the test; 50 % were asked for. Are some sampled twice? `rng.choice` puts each "
            "back unless `replace=False`; `rng.permutation` never repeats one."
        )


def _chosen_at_random(answer, source: np.ndarray, share: float, seed: int, mask: np.ndarray) -> None:
    if not np.array_equal(np.asarray(attempt(answer, source, share, seed)), mask):
        raise Hint("The same seed gave two different splits. Sample from `np.random.default_rng(seed)` only.")
    others = [np.asarray(attempt(answer, source, share, seed + step)) for step in (100, 200)]
    if all(np.array_equal(other, mask) for other in others):
        raise Hint("Every seed gives the same split. Choose at random, with `np.random.default_rng(seed)`.")
