"""Whether a score lies within the spread of the recorded seeds: what `results.py --check` asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

#: How often at least one row of all that are judged together would lie outside by luck alone.
ALARMS = 0.05
#: Scores that are no further apart than this are equal.
ROUNDING = 1e-9


class Verdict(NamedTuple):
    """What is said of one row.

    Attributes:
        row: its name.
        mean: of the recorded seeds' scores.
        half: half of the width of the interval; nan if no spread is known.
        score: the new score.

    """

    row: str
    mean: float
    half: float
    score: float

    @property
    def inside(self) -> bool | None:
        """True, False, or None where no spread is known: one seed a row is recorded."""
        return None if np.isnan(self.half) else bool(abs(self.score - self.mean) <= self.half + ROUNDING)


def judge(
    recorded: Mapping[str, Sequence[float]], scores: Mapping[str, float], rows: int | None = None
) -> list[Verdict]:
    """Return a verdict for each row that is both recorded and trained anew.

    A row with n recorded scores, mean m, expects a further one within the prediction interval m ± t · s · √(1 + 1/n). As
    three seeds hardly tell their own spread, s is pooled over the rows: s² = Σ (nᵢ − 1) sᵢ² / Σ (nᵢ − 1), and t is the quantile
    of Student's distribution with Σ (nᵢ − 1) degrees of freedom for 1 − 0.05 / (2 · rows): of all rows together, one lies
    outside by luck in at most 5 % of cases (Bonferroni). A row that scatters more than the others (Cochran's test at 5 %) is not
    pooled, and has its own s and degrees.

    Args:
        recorded: row -> scores of its seeds, all in one unit.
        scores: row -> the score of a training anew.
        rows: how many rows are judged in all, if there are more than these.

    Sources: Hahn and Meeker 1991, Statistical Intervals, chapter 4, doi:10.1002/9780470316771; Cochran 1941, "The distribution
    of the largest of a set of estimated variances as a fraction of their total", doi:10.1111/j.1469-1809.1941.tb02271.x.

    """
    common = [row for row in recorded if row in scores]
    spreads = _spreads(recorded)
    verdicts = []
    for row in common:
        variance, degrees = spreads[row]
        half = float("nan")
        if degrees:
            t = stats.t.ppf(1 - ALARMS / (2 * (rows or len(common))), degrees)
            half = float(t * np.sqrt(variance * (1 + 1 / len(recorded[row]))))
        verdicts.append(Verdict(row, float(np.mean(recorded[row])), half, scores[row]))
    return verdicts


def _spreads(recorded: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, int]]:
    """Return variance and degrees of freedom for each row: pooled, or its own if it scatters more than the others."""
    own = {row: (float(np.var(each, ddof=1)), len(each) - 1) for row, each in recorded.items() if len(each) > 1}
    pooled = dict(own)
    while len(pooled) > 2:
        widest = max(pooled, key=lambda row: pooled[row][0])
        variance, degrees = _pool([each for row, each in pooled.items() if row != widest])
        most = stats.f.ppf(1 - 0.05 / len(pooled), pooled[widest][1], degrees)
        if pooled[widest][0] <= most * variance:
            break
        del pooled[widest]
    together = _pool(list(pooled.values()))
    return {row: own[row] if row in own and row not in pooled else together for row in recorded}


def _pool(spreads: Sequence[tuple[float, int]]) -> tuple[float, int]:
    """Return the pooled variance of (variance, degrees of freedom) pairs, and all their degrees."""
    degrees = sum(each for _, each in spreads)
    return (sum(variance * each for variance, each in spreads) / degrees if degrees else 0.0), degrees
