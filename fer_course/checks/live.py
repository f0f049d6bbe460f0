"""Checks: a median latency, and scores smoothed over time."""

from __future__ import annotations

import numpy as np

from fer_course.checks.core import Hint, Mistake, attempt, check, close, grown, judge, numbers, passed, short

# ----------------------------------------------------------------------------------------------------------- latency

WARMUP = (3.0, 0.7, 0.4)
#: Seconds of the calls after the warm-up: most alike, two with a hiccup; the median is between two of them.
CALLS = (0.020, 0.022, 0.021, 0.180, 0.019, 0.024, 0.020, 0.023, 0.095, 0.0215)


@check
def median_latency(answer) -> None:
    """Check `median_latency(call, clock, warmup, repeats)`: the median of single calls, in seconds."""
    sizes = ((3, 10), (2, 5), (0, 4), (3, 1))
    for warmup, repeats in sizes:
        world = _World(warmup)  # functions are not copied as methods are: this world can be looked at afterwards
        result = attempt(answer, lambda world=world: world.call(), lambda world=world: world.clock(), warmup, repeats)
        _check_calls(world, warmup, repeats, result, _what_calls(None, None, warmup, repeats))
    worlds = [_World(warmup) for warmup, _ in sizes]
    judge(
        answer,
        [(world.call, world.clock, *size) for world, size in zip(worlds, sizes, strict=True)],
        _median_of_calls,
        _what_calls,
        mistakes=MEDIAN_LATENCY_MISTAKES,
    )
    passed("Measured: single calls, warmed up, and a median that one hiccup does not move.")


def _what_calls(call, clock, warmup: int, repeats: int) -> str:
    return f"{warmup} calls to warm up and {repeats} measured ones"


def _durations(warmup: int) -> list[float]:
    return [*WARMUP[3 - warmup :], *CALLS, *CALLS, *CALLS]


class _World:
    """A call that takes time, and a clock that only this call moves; both count what is asked of them."""

    def __init__(self, warmup: int) -> None:
        self.calls, self.readings, self.now, self.durations = 0, 0, 100.0, _durations(warmup)

    def call(self) -> str:
        self.calls += 1
        self.now += self.durations[min(self.calls, len(self.durations)) - 1]
        return "scores"

    def clock(self) -> float:
        self.readings += 1
        return self.now


def _median_of_calls(call, clock, warmup: int, repeats: int) -> float:
    measured = sorted(_durations(warmup)[warmup : warmup + repeats])
    return (measured[(repeats - 1) // 2] + measured[repeats // 2]) / 2


def _check_calls(world: _World, warmup: int, repeats: int, answer, what: str) -> None:
    """Raise a hint if there were too few or too many calls, or the clock was not read round each."""
    calls, readings = world.calls, world.readings
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
        mean = sum(_durations(warmup)[warmup:calls]) / repeats
        extra = " This gives the mean, which one hiccup pulls up." if close(answer, mean) else ""
        raise Hint(
            f"{what}: the clock was read round all calls together. Read it before and after *each* of them.{extra}"
        )


def _latency(summary, warmup_too=False, from_start=False, sign=-1):
    """Return a wrong latency: `summary` of the durations; of the warm-up, too; from one start; or with the readings added."""

    def median_latency(call, clock, warmup, repeats):
        durations, start = [], None
        for turn in range(warmup + repeats):
            if turn == warmup or not from_start:
                start = clock()
            call()
            if turn >= warmup or warmup_too:
                durations.append(clock() + sign * start)
        return summary(durations)

    return median_latency


def _middle(durations: list[float]) -> float:
    return durations[len(durations) // 2]


MEDIAN_LATENCY_MISTAKES = (
    Mistake(_latency(lambda durations: 1000 * np.median(durations)),
            "these are milliseconds. Return seconds, as the clock counts them."),
    Mistake(_latency(np.mean), "this is the mean, which one hiccup pulls up. Take the median: np.median."),
    Mistake(_latency(np.median, warmup_too=True), "the calls to warm up are in it. Leave them out: they compile and load."),
    Mistake(_latency(np.mean, warmup_too=True),
            "this is the mean, and the calls to warm up are in it. Take the median of the others."),
    Mistake(_latency(min), "this is the fastest call. Ask for the usual one: the median."),
    Mistake(_latency(max), "this is the slowest call. Ask for the usual one: the median."),
    Mistake(_latency(sum), "this is the time of all calls together. Return the median of the single ones."),
    Mistake(_latency(_middle), "this is the call in the middle of the *order*. Sort the durations first, or use np.median."),
    Mistake(_latency(lambda durations: _middle(sorted(durations))),
            "of an even number, the median lies between the two in the middle: np.median."),
    Mistake(_latency(np.median, from_start=True), "the clock was read once before all calls. Read it again before each."),
    Mistake(_latency(lambda durations: -np.median(durations)), "this is negative: the later reading minus the earlier one."),
    Mistake(_latency(np.median, sign=1), "the two readings are added. A duration is the later reading minus the earlier one."),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------- smoothing


@check
def smooth(answer) -> None:
    """Check `smooth(scores, weight)`: an exponential moving average over the rows, that begins with the first one."""
    cases = []
    for seed, (frames, classes), weight in ((1, (6, 4), 0.3), (2, (3, 7), 0.5), (3, (9, 3), 0.15), (4, (1, 5), 0.4)):
        frames, classes = grown(seed, frames, classes)
        cases.append((numbers(seed).dirichlet(np.ones(classes), frames), weight))
    judge(
        answer,
        cases,
        _smoothed,
        lambda scores, weight: "{} frames of {} scores, weight {}".format(*scores.shape, weight),
        mistakes=SMOOTH_MISTAKES,
    )
    passed("Smoothed: each row still adds up to 1, and the first frame keeps its scores.")


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


def _loop(new=lambda w: w, old=lambda w: 1 - w, start=1, late=0, before=1, raw=False, turns=None, empty=False):
    """Return the loop with another weight, another start, another row, or with fewer turns.

    The row t becomes new(weight) · scores[t - late] + old(weight) · the smoothed (or `raw`) row t - before; `empty` begins
    with zeros.
    """

    def smooth(scores, weight):
        smoothed = np.zeros(scores.shape) if empty else scores.copy()
        for t in range(start, len(scores))[:turns]:
            previous = (scores if raw else smoothed)[t - before]
            smoothed[t] = new(weight) * scores[t - late] + old(weight) * previous
        return smoothed

    return smooth


def _from_nothing(scores: np.ndarray, weight: float) -> np.ndarray:
    return _loop(empty=True)(np.concatenate([np.zeros((1, scores.shape[1])), scores]), weight)[1:]


_ADD_UP = "the two weights add up to 1: `weight` for the new row, 1 - weight for the old one."
_RISES = "the rows are added, and both weights are factors: weight * new + (1 - weight) * old."

SMOOTH_MISTAKES = (
    Mistake(lambda scores, weight: _smoothed(scores, 1 - weight),
            "the weights are exchanged: `weight` is for the *new* row, 1 − weight for the old one."),
    Mistake(_from_nothing,
            "it begins with zeros, so the rows don't add up to 1. The first smoothed row is the first row itself."),
    Mistake(_loop(empty=True), "the first row is still 0. The first smoothed row is the first row itself."),
    Mistake(_loop(raw=True),
            "you blend with the previous *scores*, so only two frames count. Blend with the previous *smoothed* row."),
    Mistake(_loop(start=0), "the first row is blended with the last one: row -1. Begin the loop at 1."),
    Mistake(_loop(start=2), "the second row is as it came. Begin the loop at 1, the row after the first."),
    Mistake(_loop(old=lambda w: 1), "the old row counts whole, so the rows grow. It counts 1 − weight."),
    Mistake(_loop(new=lambda w: 1), "the new row counts whole, so the rows grow. It counts `weight`."),
    Mistake(_loop(old=lambda w: 1 + w), _ADD_UP),
    Mistake(_loop(old=lambda w: -w), _ADD_UP),
    Mistake(_loop(old=lambda w: w), _ADD_UP),
    Mistake(_loop(old=lambda w: 2 - w), _ADD_UP),
    Mistake(_loop(old=lambda w: w - 1), f"the old row is subtracted: {_RISES}"),
    Mistake(_loop(new=lambda w: -w), f"the new row is subtracted: {_RISES}"),
    Mistake(_loop(late=1), "the new row is `scores[t]`, not `scores[t - 1]`: everything comes one frame late."),
    Mistake(_loop(before=2), "you blend with the row two frames earlier. The previous smoothed row is `smoothed[t - 1]`."),
    Mistake(_loop(turns=1), "only the second row is smoothed. Is the `return` inside the loop?"),
    Mistake(lambda scores, weight: _smoothed(scores.T, weight).T,
            "you smooth along the classes. A row is a frame: go from row to row."),
    Mistake(lambda scores, weight: _smoothed(scores[::-1], weight)[::-1],
            "you go back in time: the future is not known yet. Begin with the first row."),
    Mistake(lambda scores, weight: np.cumsum(scores, axis=0) / np.arange(1, len(scores) + 1)[:, None],
            "this is the mean of all frames so far: old ones never fade. Blend with `weight`."),
    Mistake(lambda scores, weight: _smoothed(scores, weight)[-1], "this is the last row. Return all of them, one per frame."),
    Mistake(lambda scores, weight: scores.copy(),
            "these are the scores as they came. Did you write the blend back into the row?"),
    Mistake(lambda scores, weight: np.tile(scores.mean(axis=0), (len(scores), 1)),
            "this is one mean for all frames. Go from row to row."),
)  # fmt: skip
