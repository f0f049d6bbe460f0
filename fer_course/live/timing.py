"""Latency: the seconds of single calls, measured many times."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fer_course.errors import FerCourseError


class Latency(NamedTuple):
    """How long one call takes, in seconds: the median, and the 10th and 90th percentile of many single calls."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{1000 * self.median:.1f} ms ({1000 * self.low:.1f} to {1000 * self.high:.1f})"


def latency(
    call: Callable[[], object], repeats: int = 30, warmup: int = 3, clock: Callable[[], float] = time.perf_counter
) -> Latency:
    """Measure single calls, one by one, after some that don't count; built in lesson 12.

    >>> ticks = iter(range(100))
    >>> print(latency(lambda: None, clock=lambda: next(ticks)))  # with a clock that ticks once per look
    1000.0 ms (1000.0 to 1000.0)

    Args:
        call: the function to measure, without arguments.
        repeats: number of measured calls.
        warmup: number of calls before them: the first ones load, compile and fill caches.
        clock: returns seconds; a test may pass its own.

    Raises:
        FerCourseError: if there is nothing to measure.

    """
    if repeats < 1 or warmup < 0:
        raise FerCourseError(
            f"Expected at least 1 measured call and at least 0 calls before; found {repeats} and {warmup}."
        )
    for _ in range(warmup):
        call()
    seconds = []
    for _ in range(repeats):
        start = clock()
        call()
        seconds.append(clock() - start)
    low, median, high = np.percentile(seconds, [10, 50, 90])
    return Latency(float(median), float(low), float(high))
