"""How certain a score is, and whether one model is better than another: intervals, paired tests, and faces that leaked.

Plain NumPy, without Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fer_course.errors import DataError
from fer_course.faces import Faces, find_copies, find_near_copies
from fer_course.reports import Report


def leaked(faces: Faces, split: str | None = None, near: bool = False) -> np.ndarray:
    """Return which faces of a split are also in Training, pixel for pixel: boolean mask (N,), in the split's order.

    `report.only(~leaked(faces))` is the score without them.

    Args:
        faces: all faces: in a sample, one of two copies may be missing.
        split: for example `PublicTest`; None takes `faces.test_split`.
        near: those as well that are nearly in Training, see `faces.find_near_copies`. For all of FER2013 that takes seconds.

    Raises:
        DataError: if there are no Training faces or none of the split.

    """
    find = find_near_copies if near else find_copies
    return find(faces.select("Training").images, faces.select(split or faces.test_split).images)


def bootstrap(
    report: Report, figure: Callable[[Report], float] | None = None, repeats: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of a figure over samples of the faces, of the same size, with replacement.

    Args:
        report: the report whose faces are sampled.
        figure: what to measure on each sample, such as `lambda report: report.balanced_accuracy`; None: the accuracy.
        repeats: the number of samples; with more of them the ends of the interval vary less.
        seed: the same seed samples the same faces.

    Source: Efron 1979, "Bootstrap methods: another look at the jackknife", doi:10.1214/aos/1176344552 (percentile interval).

    """
    figure = figure or (lambda sampled: sampled.accuracy)
    rng = np.random.default_rng(seed)
    values = [figure(report.only(rng.integers(0, report.n, report.n))) for _ in range(repeats)]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class Comparison:
    """Two models on the same faces.

    Attributes:
        n: number of faces.
        only_first: number of faces that only the first model got right.
        only_second: number of faces that only the second model got right.
        interval: 95 % interval of the difference of the accuracies, first minus second, by paired bootstrap.
        p_value: McNemar's exact test: the chance of a difference this large or larger if both are equally good.
        mid_p: the same with half the weight on what was observed; the exact test errs on the cautious side.

    """

    n: int
    only_first: int
    only_second: int
    interval: tuple[float, float]
    p_value: float
    mid_p: float

    @property
    def difference(self) -> float:
        """The accuracy of the first model minus that of the second, a share."""
        return (self.only_first - self.only_second) / self.n

    def __str__(self):
        low, high = self.interval
        return "\n".join(
            [
                f"{self.n:,} faces: only the first is right on {self.only_first:,}, only the second on {self.only_second:,}",
                f"difference      {100 * self.difference:+.1f} points   (95 % interval {100 * low:+.1f} to {100 * high:+.1f})",
                f"McNemar's test  p = {self.p_value:.2g}   (mid-p {self.mid_p:.2g})",
            ]
        )


def compare(first: Report, second: Report, repeats: int = 10_000, seed: int = 0) -> Comparison:
    """Compare two models on the same faces, in pairs: faces that both get right, or both wrong, do not count.

    Args:
        first: report of one model.
        second: report of another one, on the same faces in the same order.
        repeats: the number of samples of the paired bootstrap.
        seed: the same seed samples the same faces.

    Raises:
        DataError: if the two reports are about different faces (their labels differ, or one is about drawn faces).

    Source: McNemar 1947, doi:10.1007/BF02295996; mid-p: Fagerland, Lydersen, Laake 2013, doi:10.1186/1471-2288-13-91.

    """
    if first.n != second.n or first.drawn != second.drawn or (first.labels != second.labels).any():
        raise DataError(
            f"A paired comparison needs two reports on the same faces in the same order; found {first.n:,} faces of "
            f"{first.split or 'a report'} and {second.n:,} of {second.split or 'a report'}, or other labels. Evaluate both on "
            "the same split."
        )
    only_first = int((first.right & ~second.right).sum())
    only_second = int((second.right & ~first.right).sum())
    # To sample faces is to sample how many there are of three kinds: this gives the same distribution, and is much faster.
    share = np.array([only_first, only_second, first.n - only_first - only_second]) / first.n
    sampled = np.random.default_rng(seed).multinomial(first.n, share, size=repeats)
    low, high = np.quantile((sampled[:, 0] - sampled[:, 1]) / first.n, [0.025, 0.975])
    return Comparison(first.n, only_first, only_second, (float(low), float(high)), *mcnemar(only_first, only_second))


def mcnemar(only_first: int, only_second: int) -> tuple[float, float]:
    """Return McNemar's exact p-value and its mid-p, two-sided: if both are equally good, each such face is like a coin toss.

    >>> exact, mid_p = mcnemar(only_first=1, only_second=5)
    >>> exact, mid_p
    (0.21875, 0.125)

    Args:
        only_first: number of faces that only the first model got right.
        only_second: number of faces that only the second model got right.

    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    ways = total = 1  # of k heads, and of at most k heads, among n coins: whole numbers of any length
    for k in range(fewer):
        ways = ways * (n - k) // (k + 1)
        total += ways
    return min(1.0, 2 * total / 2**n), (2 * total - ways) / 2**n
