"""Checks: a median latency, and scores smoothed over time."""

from __future__ import annotations

import numpy as np

from fer_course.checks.core import Hint, attempt, close, expect, grown, numbers, passed, short

# ----------------------------------------------------------------------------------------------------------- latency

WARMUP = (3.0, 0.7, 0.4)
#: Seconds of the calls after the warm-up: most alike, two with a hiccup; the median is between two of them.
CALLS = (0.020, 0.022, 0.021, 0.180, 0.019, 0.024, 0.020, 0.023, 0.095, 0.0215)


def median_latency(learner) -> None:
    """Check `median_latency(call, clock, warmup, repeats)`: the median of single calls, in seconds."""
    for warmup, repeats in ((3, 10), (2, 5), (0, 4), (3, 1)):
        world = _world(warmup)
        answer = attempt(learner, world.call, world.clock, warmup, repeats)
        what = f"{warmup} calls to warm up and {repeats} measured ones"
        durations = [*WARMUP[3 - warmup :], *CALLS][: warmup + repeats]
        _check_calls(world, warmup, repeats, answer, what, durations)
        measured = sorted(durations[warmup:])
        expected = (measured[(repeats - 1) // 2] + measured[repeats // 2]) / 2
        expect(answer, expected, what, _latency_mistakes(durations, warmup, expected))
    passed("Measured: single calls, warmed up, and a median that one hiccup does not move.")


def _world(warmup: int):
    """Return a function to measure and a clock that only this function moves; both count what is asked of them."""
    durations = [*WARMUP[3 - warmup :], *CALLS, *CALLS, *CALLS]

    def call() -> str:
        call.count += 1
        clock.now += durations[min(call.count, len(durations)) - 1]
        clock.log.append("call")
        return "scores"

    def clock() -> float:
        clock.log.append("clock")
        return clock.now

    call.count, clock.now, clock.log = 0, 100.0, []
    clock.call, clock.clock = call, clock
    return clock


def _check_calls(world, warmup: int, repeats: int, answer, what: str, durations: list[float]) -> None:
    """Raise a hint if there were too few or too many calls, or the clock was not read round each."""
    calls, readings = world.call.count, world.log.count("clock")
    if isinstance(answer, (list, tuple, np.ndarray)):
        raise Hint(f"{what}: return one number, the median; found {short(answer)}.")
    if not readings:
        raise Hint(f"{what}: the clock was never read. Call `clock()` before and after each call, not time.time().")
    if calls == 0:
        raise Hint(f"{what}: `call` was never called. Write `call()`, with parentheses.")
    if calls == repeats and warmup:
        raise Hint(f"{what}: there were {calls} calls in all. Call {warmup} times more, before the clock is read.")
    if calls > warmup + repeats:
        raise Hint(f"{what}: there were {calls} calls. Each measurement is one call: {warmup} + {repeats} in all.")
    if calls < warmup + repeats:
        raise Hint(
            f"{what}: there were only {calls} calls; expected {warmup} + {repeats}. Count the turns of your loops."
        )
    if readings == 2 and repeats > 1:
        mean = sum(durations[warmup:]) / repeats
        extra = " This gives the mean, which one hiccup pulls up." if close(answer, mean) else ""
        raise Hint(
            f"{what}: the clock was read round all calls together. Read it before and after *each* of them.{extra}"
        )


def _latency_mistakes(durations: list[float], warmup: int, expected: float) -> list:
    measured = np.array(durations[warmup:])
    everything = np.array(durations)
    middle = len(measured) // 2
    return [
        (1000 * expected, "these are milliseconds. Return seconds, as the clock counts them."),
        (float(measured.mean()), "this is the mean, which one hiccup pulls up. Take the median: np.median."),
        (float(np.median(everything)), "the calls to warm up are in it. Leave them out: they compile and load."),
        (float(everything.mean()), "this is the mean, and the calls to warm up are in it. Take the median of the others."),
        (float(measured.min()), "this is the fastest call. Ask for the usual one: the median."),
        (float(measured.max()), "this is the slowest call. Ask for the usual one: the median."),
        (float(measured.sum()), "this is the time of all calls together. Return the median of the single ones."),
        (float(measured[middle]), "this is the call in the middle of the *order*. Sort the durations first, or use np.median."),
        (float(np.sort(measured)[middle]), "of an even number, the median lies between the two in the middle: np.median."),
        (float(np.median(np.cumsum(measured))), "the clock was read once before all calls. Read it anew before each."),
        (-expected, "this is negative: the later reading minus the earlier one."),
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------------------- smoothing


def smooth(learner) -> None:
    """Check `smooth(scores, weight)`: an exponential moving average over the rows, that begins with the first one."""
    for seed, (frames, classes), weight in ((1, (6, 4), 0.3), (2, (3, 7), 0.5), (3, (9, 3), 0.15), (4, (1, 5), 0.4)):
        frames, classes = grown(seed, frames, classes)
        scores = numbers(seed).dirichlet(np.ones(classes), frames)
        answer = attempt(learner, scores, weight)
        what = f"{frames} frames of {classes} scores, weight {weight}"
        if isinstance(answer, list) and answer and isinstance(answer[0], np.ndarray):
            answer = np.array(answer)
        expect(answer, _smoothed(scores, weight), what, _smooth_mistakes(scores, weight))
    passed("Smoothed: each row still adds up to 1, and the first frame stands for itself.")


def _smoothed(scores: np.ndarray, weight: float) -> np.ndarray:
    """Return the average written out: the newest row counts weight, each older one (1 − weight) times as much as the next."""
    frames = len(scores)
    smoothed = np.zeros(scores.shape)
    for t in range(frames):
        for age in range(t + 1):
            first = age == t  # what came before the first frame is the first frame again
            share = (1 - weight) ** age * (1 if first else weight)
            smoothed[t] += share * scores[t - age]
    return smoothed


def _smooth_mistakes(scores: np.ndarray, weight: float) -> list:
    frames = len(scores)
    from_nothing, neighbours = np.zeros(scores.shape), scores.copy()
    for t in range(frames):
        before = from_nothing[t - 1] if t else 0
        from_nothing[t] = weight * scores[t] + (1 - weight) * before
        if t:
            neighbours[t] = weight * scores[t] + (1 - weight) * scores[t - 1]
    empty_first = np.concatenate([np.zeros((1, scores.shape[1])), _late(scores, weight)])
    from_last, too_much, late = scores.copy(), scores.copy(), scores.copy()
    for t in range(frames):
        from_last[t] = weight * scores[t] + (1 - weight) * from_last[t - 1]
    for t in range(1, frames):
        too_much[t] = weight * scores[t] + too_much[t - 1]
        late[t] = weight * scores[t - 1] + (1 - weight) * late[t - 1]
    once = scores.copy()
    once[1:2] = _smoothed(scores, weight)[1:2]
    running = np.cumsum(scores, axis=0) / np.arange(1, frames + 1)[:, None]
    return [
        (_smoothed(scores, 1 - weight), "the weights are exchanged: `weight` is for the *new* row, 1 − weight for the old one."),
        (from_nothing, "it begins with zeros, so the rows don't add up to 1. The first smoothed row is the first row itself."),
        (empty_first, "the first row is still 0. The first smoothed row is the first row itself."),
        (neighbours, "you blend with the previous *scores*, so only two frames count. Blend with the previous *smoothed* row."),
        (from_last, "the first row is blended with the last one: row -1. Begin the loop at 1."),
        (too_much, "the old row counts whole, so the rows grow. It counts 1 − weight."),
        (late, "the new row is `scores[t]`, not `scores[t - 1]`: everything comes one frame late."),
        (once, "only the second row is smoothed. Is the `return` inside the loop?"),
        (_smoothed(scores.T, weight).T, "you smooth along the classes. A row is a frame: go from row to row."),
        (_smoothed(scores[::-1], weight)[::-1], "you go back in time: the future is not known yet. Begin with the first row."),
        (running, "this is the mean of all frames so far: old ones never fade. Blend with `weight`."),
        (_smoothed(scores, weight)[-1], "this is the last row. Return all of them, one a frame."),
        (scores, "these are the scores as they came. Did you write the blend back into the row?"),
        (np.tile(scores.mean(axis=0), (frames, 1)), "this is one mean for all frames. Go from row to row."),
    ]  # fmt: skip


def _late(scores: np.ndarray, weight: float) -> np.ndarray:
    """Return the rows from the second on, smoothed, if the first smoothed row was left 0."""
    rows, before = [], np.zeros(scores.shape[1])
    for row in scores[1:]:
        before = weight * row + (1 - weight) * before
        rows.append(before)
    return np.array(rows).reshape(-1, scores.shape[1])
