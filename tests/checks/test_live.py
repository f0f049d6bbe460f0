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
    "warm-up counted": (lambda c, k, w, r: np.median(durations_of(c, k, w + r)), "warm up"),
    "warm-up counted in a mean": (lambda c, k, w, r: np.mean(durations_of(c, k, w + r)), "the mean"),
    "no warm-up": (lambda c, k, w, r: np.median(durations_of(c, k, r)), "times more"),
    "round all": (latency_round_all, "round all calls"),
    "two calls a measurement": (latency_of_two, "is one call"),
    "another clock": (lambda c, k, w, r: latency(c, time.perf_counter, w, r), "never read"),
    "never called": (latency_without_calling, "parentheses"),
    "one call too few": (lambda c, k, w, r: latency(c, k, w, r - 1 or 1), "only"),
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


SMOOTH_WRONG = {
    "from zero": (smooth_from_zero, "begins with zeros"),
    "backwards": (lambda s, w: smooth(s[::-1], w)[::-1], "back in time"),
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
