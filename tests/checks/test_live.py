"""Checks of live: right answers pass in any form, and each known mistake gets its own hint."""

import time

import numpy as np
from answers import three_tests

from fer_course.checks import live

# ----------------------------------------------------------------------------------------------------------- latency


def durations_of(call, clock, repeats):
    durations = []
    for _ in range(repeats):
        start = clock()
        call()
        durations.append(clock() - start)
    return durations


def latency(call, clock, warmup, repeats, summary=np.median):
    for _ in range(warmup):
        call()
    return summary(durations_of(call, clock, repeats))


def latency_by_sorting(call, clock, warmup, repeats):
    durations = []
    for number in range(warmup + repeats):
        before = clock()
        call()
        after = clock()
        if number >= warmup:
            durations.append(after - before)
    durations.sort()
    return (durations[(repeats - 1) // 2] + durations[repeats // 2]) / 2


def latency_by_laps(call, clock, warmup, repeats):
    [call() for _ in range(warmup)]
    readings = [clock()]
    for _ in range(repeats):
        call()
        readings.append(clock())
    return float(np.median(np.diff(readings)))


def latency_round_all(call, clock, warmup, repeats):
    for _ in range(warmup):
        call()
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats


def latency_of_two(call, clock, warmup, repeats):
    return latency(lambda: (call(), call()), clock, warmup, repeats) / 2


def latency_without_calling(call, clock, warmup, repeats):
    start = clock()
    call  # noqa: B018
    return clock() - start


LATENCY_RIGHT = {"median": latency, "sorting": latency_by_sorting, "laps": latency_by_laps}


def latency_one_start(call, clock, warmup, repeats):
    for _ in range(warmup):
        call()
    start, durations = clock(), []
    for _ in range(repeats):
        call()
        durations.append(clock() - start)
    return np.median(durations)


LATENCY_WRONG = {
    "one start": (latency_one_start, "once before all calls"),
    "mean": (lambda *a: latency(*a, summary=np.mean), "the mean"),
    "warm-up counted": (lambda c, k, w, r: np.median(durations_of(c, k, w + r)), "warm up"),
    "warm-up counted in a mean": (lambda c, k, w, r: np.mean(durations_of(c, k, w + r)), "the mean"),
    "no warm-up": (lambda c, k, w, r: np.median(durations_of(c, k, r)), "times more"),
    "round all": (latency_round_all, "round all calls"),
    "two calls a measurement": (latency_of_two, "is one call"),
    "another clock": (lambda c, k, w, r: latency(c, time.perf_counter, w, r), "never read"),
    "never called": (latency_without_calling, "parentheses"),
    "one call too few": (lambda c, k, w, r: latency(c, k, w, r - 1 or 1), "only"),
    "milliseconds": (lambda *a: 1000 * latency(*a), "milliseconds"),
    "fastest": (lambda *a: latency(*a, summary=min), "fastest"),
    "slowest": (lambda *a: latency(*a, summary=max), "slowest"),
    "sum": (lambda *a: latency(*a, summary=sum), "all calls together"),
    "middle of the order": (lambda *a: latency(*a, summary=lambda d: d[len(d) // 2]), "order"),
    "upper middle": (lambda *a: latency(*a, summary=lambda d: sorted(d)[len(d) // 2]), "even number"),
    "negative": (lambda *a: -latency(*a), "negative"),
    "all of them": (lambda *a: latency(*a, summary=list), "one number"),
    "nothing": (lambda *a: None, "return"),
}

# ----------------------------------------------------------------------------------------------------------- smooth


def smooth_from(scores, weight, first, previous_of):
    rows = [first]
    for t in range(1, len(scores)):
        rows.append(weight * scores[t] + (1 - weight) * previous_of(rows, scores, t))
    return np.array(rows)


def smooth(scores, weight):
    return smooth_from(scores, weight, scores[0], lambda rows, scores, t: rows[-1])


def smooth_from_zero(scores, weight):
    before, rows = np.zeros(scores.shape[1]), []
    for row in scores:
        before = weight * row + (1 - weight) * before
        rows.append(before)
    return np.array(rows)


def smooth_in_place(scores, weight):
    for t in range(1, len(scores)):
        scores[t] = weight * scores[t] + (1 - weight) * scores[t - 1]
    return scores


def smooth_by_recursion(scores, weight):
    if len(scores) == 1:
        return scores.copy()
    before = smooth_by_recursion(scores[:-1], weight)
    return np.vstack([before, before[-1] + weight * (scores[-1] - before[-1])])


SMOOTH_RIGHT = {
    "loop": smooth,
    "list of rows": lambda s, w: list(smooth(s, w)),
    "recursion": smooth_by_recursion,
    "float32": lambda s, w: smooth(s.astype(np.float32), w).astype(np.float32),
    "from the end": lambda s, w: np.array([smooth(s[: t + 1], w)[-1] for t in range(len(s))]),
}


def smooth_loop(scores, weight, first=1, old=1.0, late=0, only=False):
    """Return the loop of the lesson's hint with one thing changed."""
    smoothed = scores.copy()
    for t in range(first, len(scores)):
        smoothed[t] = weight * scores[t - late] + (1 - weight * old) * smoothed[t - 1]
        if only:
            return smoothed
    return smoothed


SMOOTH_WRONG = {
    "from row 0": (lambda s, w: smooth_loop(s, w, first=0), "Begin the loop at 1"),
    "old row whole": (lambda s, w: smooth_loop(s, w, old=0), "the rows grow"),
    "one late": (lambda s, w: smooth_loop(s, w, late=1), "one frame late"),
    "return in the loop": (lambda s, w: smooth_loop(s, w, only=True), "inside the loop"),
    "exchanged": (lambda s, w: smooth(s, 1 - w), "exchanged"),
    "from zero": (smooth_from_zero, "begins with zeros"),
    "first row left zero": (
        lambda s, w: smooth_from(s, w, 0 * s[0], lambda rows, scores, t: rows[-1]),
        "first row is still 0|begins with zeros",
    ),
    "raw neighbour": (
        lambda s, w: smooth_from(s, w, s[0], lambda rows, scores, t: scores[t - 1]),
        r"previous \*smoothed\* row",
    ),
    "along the classes": (lambda s, w: smooth(s.T, w).T, "along the classes"),
    "backwards": (lambda s, w: smooth(s[::-1], w)[::-1], "back in time"),
    "running mean": (lambda s, w: np.cumsum(s, axis=0) / np.arange(1, len(s) + 1)[:, None], "never fade"),
    "last row": (lambda s, w: smooth(s, w)[-1], "last row"),
    "unchanged": (lambda s, w: s.copy(), "as they came"),
    "one mean": (lambda s, w: np.tile(s.mean(axis=0), (len(s), 1)), "one mean"),
    "in place": (smooth_in_place, "in place"),
    "nothing": (lambda s, w: None, "return"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    live.median_latency: (LATENCY_RIGHT, LATENCY_WRONG),
    live.smooth: (SMOOTH_RIGHT, SMOOTH_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_the_oracle_of_smooth_agrees_with_scipy():
    from scipy.signal import lfilter

    scores = np.random.default_rng(0).random((12, 5))
    expected, _ = lfilter([0.2], [1, -0.8], scores, axis=0, zi=0.8 * scores[:1])
    np.testing.assert_allclose(live._smoothed(scores, 0.2), expected)
