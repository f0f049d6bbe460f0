"""Comparing recipes over seeds: a mean with its t-interval, a verdict from pairs, and how many seeds a difference needs.

A *trial* is one training with one seed. Plain NumPy, without Keras. Built in lesson 14.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fer_course.errors import DataError

BETTER, WORSE, OPEN = "better", "worse", "can't tell"
#: Differences of scores that are no further apart than this count as equal: in float64, 0.3 - 0.1 is not quite 0.2 - 0.0.
ROUNDING = 1e-12


class Summary(NamedTuple):
    """The mean of the scores of some seeds, with its interval.

    Attributes:
        mean: the mean of the scores.
        low: lower end of the 95 % interval of the mean; -inf for a single seed, which has no spread.
        high: its upper end.

    """

    mean: float
    low: float
    high: float


def t95(degrees: int) -> float:
    """Return the number of standard errors on each side of a 95 % interval whose spread is estimated from the same scores.

    >>> round(t95(2), 3)  # three seeds
    4.303

    Args:
        degrees: degrees of freedom: the number of scores minus 1; at least 1.

    Raises:
        DataError: if the degrees are below 1.

    Source: "Student" (Gosset) 1908, doi:10.1093/biomet/6.1.1; for whole degrees of freedom the probability is a finite
    sum: Abramowitz and Stegun 1964, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.

    """
    if degrees < 1:
        raise DataError(f"A t-interval needs two scores or more, one degree of freedom; found {degrees}.")
    low, high = 0.0, 13.0  # the largest, for one degree, is 12.7
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < 0.95 else (low, middle)
    return high


def _within(t: float, degrees: int) -> float:
    """Return the probability that Student's t lies between -t and t."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = degrees % 2
    term = total = (cosine if odd else 1.0) if degrees > 1 else 0.0
    for k in range(3 if odd else 2, degrees - 1, 2):
        term *= (k - 1) / k * cosine**2
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def summarise(scores: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> Summary:
    """Return mean and 95 % t-interval of the scores of some seeds.

    Args:
        scores: one for each seed.
        lowest: the lowest possible score, where the interval ends. For a share such as an accuracy: 0.
        highest: the highest possible score; for a share: 1.

    Raises:
        DataError: if there is no score.

    """
    values = np.asarray(list(scores), dtype=float)
    if not len(values):
        raise DataError("A summary needs the score of one seed or more; found none.")
    mean = float(values.mean())
    if len(values) == 1:
        return Summary(mean, -math.inf, math.inf)
    half = t95(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Summary(mean, max(mean - half, lowest), min(mean + half, highest))


def differences(baseline: Mapping[int, float], other: Mapping[int, float]) -> list[float]:
    """Return other minus baseline for each seed, in the order of the seeds.

    Raises:
        DataError: if the two were not trained with the same seeds.

    """
    if set(baseline) != set(other):
        raise DataError(
            f"Pairs need the same seeds in both; found {sorted(baseline)} and {sorted(other)}. Train those that are missing."
        )
    return [other[seed] - baseline[seed] for seed in sorted(baseline)]


def decide(baseline: Mapping[int, float], other: Mapping[int, float]) -> str:
    """Return whether another recipe is `better` than the baseline, `worse`, or that one `can't tell`: scores by seed, in pairs.

    Better or worse needs a 95 % interval of the mean difference that does not contain 0. If all differences are equal, the
    spread is 0, and so is the width of the interval. That is not certainty: on few faces a score has few possible values, and
    two or three differences are easily the same. Then only their number counts, as in a sign test. There must be 6 or more,
    because 6 on one side occur by chance in less than 5 % of cases (2 / 2**6 is 3 %, 2 / 2**5 is 6 %).

    >>> decide({0: 0.60, 1: 0.61, 2: 0.62}, {0: 0.63, 1: 0.64, 2: 0.66})
    'better'

    Raises:
        DataError: if the two were not trained with the same seeds, or with none.

    """
    found = differences(baseline, other)
    _, low, high = summarise(found)
    if max(found) - min(found) <= ROUNDING and 0.5 ** (len(found) - 1) >= 0.05:
        return OPEN
    return BETTER if low > 0 else WORSE if high < 0 else OPEN


def seeds_needed(spread: float, difference: float, most: int = 10_000) -> int:
    """Return the smallest number of seeds whose 95 % interval reaches no further than `difference` to each side.

    Args:
        spread: standard deviation of the score over seeds (for a comparison, of the paired differences).
        difference: the smallest difference that would matter, in the same unit.
        most: the largest number of seeds to consider.

    Raises:
        DataError: if the difference is not above 0, or even `most` seeds are too few.

    """
    if difference <= 0:
        raise DataError(f"The difference to be seen must be above 0; found {difference}.")
    for seeds in range(2, most + 1):
        if t95(seeds - 1) * spread / math.sqrt(seeds) <= difference:
            return seeds
    raise DataError(f"Even {most:,} seeds are too few for a difference of {difference:g} with a spread of {spread:g}.")
