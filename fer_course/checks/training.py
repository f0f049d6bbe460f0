"""Checks: the one-cycle schedule, patience, and four curves to read."""

from __future__ import annotations

import itertools
import math

import numpy as np

from fer_course.checks.answers import dictionary, number, one_of, whole
from fer_course.checks.core import Hint, Mistake, attempt, check, grown, judge, numbers, passed

ILLNESSES = ("healthy", "overfitting", "rate too high", "rate too low")


@check
def one_cycle(answer) -> None:
    """Check `one_cycle(step, steps, peak, warmup)`: the learning rate of one step, a float."""
    settings = ((100, 0.01, 0.25), (37, 0.3, 0.3), (1000, 0.002, 0.5), (40, 0.1, 0.0))
    settings = [(*grown(seed, steps), peak, warmup) for seed, (steps, peak, warmup) in enumerate(settings)]
    rates = {setting: _rates(answer, *setting) for setting in settings}
    up = [(0, math.ceil(warmup * steps), steps, peak, warmup) for steps, peak, warmup in settings if warmup]
    down = [(math.ceil(warmup * steps), steps, steps, peak, warmup) for steps, peak, warmup in settings]
    judge(
        lambda start, end, steps, peak, warmup: rates[steps, peak, warmup][start:end],
        up + down,
        _part_of(_one_cycle),
        _what_rates,
        mistakes=[mistake._replace(answer=_part_of(mistake.answer)) for mistake in ONE_CYCLE_MISTAKES],
    )
    passed("One cycle: up to the peak, then down to almost nothing.")


def _rates(answer, steps: int, peak: float, warmup: float) -> np.ndarray:
    """Return the learner's learning rates of all steps, in their own dtype."""
    return np.array(
        [number(attempt(answer, step, steps, peak, warmup), f"The rate of step {step}") for step in range(steps)]
    )


def _part_of(schedule):
    """Return a function that gives the learning rates of the steps from `start` to before `end`."""
    return lambda start, end, *setting: np.array([float(schedule(step, *setting)) for step in range(start, end)])


def _what_rates(start: int, end: int, steps: int, peak: float, warmup: float) -> str:
    way = "down" if start or not warmup else "up"
    return f"learning rates on the way {way}, steps {start} to {end - 1} of {steps} (peak {peak}, warm-up {warmup})"


def _cosine(start, end, share, full=1.0):
    """Go from start to end with half a cosine; `full` is what its middle part is multiplied by."""
    return start + (end - start) * full * (1 - math.cos(math.pi * share)) / 2


def _cycle(shape=_cosine, low=25, last=10_000, up=None, down=None, top_of=lambda warmup, steps: warmup * steps):
    """Return a schedule, right but for what the arguments change.

    `shape(start, end, share)` is a rate between two corners; `low` and `last` divide the peak; `up(step, steps, top)` and
    `down` are the shares.
    """

    def schedule(step, steps, peak, warmup):
        top = top_of(warmup, steps)
        if step < top:
            return shape(low and peak / low, peak, up(step, steps, top) if up else step / top)
        return shape(peak, last and peak / last, down(step, steps, top) if down else (step - top) / (steps - top))

    return schedule


_one_cycle = _cycle()


_STRAIGHT = "this goes along a straight line; the exercise asks for half a cosine: (1 - cos(pi * share)) / 2."
_SIGN = (
    "this runs the wrong way, from the end to the start. Look at three things: the cosine has a minus (1 - cos), the share grows "
    "from 0 to 1, and b - a is the end minus the start."
)
_TWICE = "1 - cos(…) runs from 0 to 2: divide it by 2, so that the share runs from 0 to 1."
_RADIANS = "`math.cos` takes radians: pi is half a turn, without any conversion."
_ROUNDED = "`top` is warmup * steps as it is: don't round it."
_STUCK = "the rate does not move on this way: its share stays 0. Divide with /, not //."


def _straight(start, end, share):
    return start + (end - start) * share


def _reversed(start, end, share):
    return _cosine(end, start, share)


def _in_degrees(start, end, share):
    return start + (end - start) * (1 - math.cos(math.radians(math.pi * share))) / 2


def _with_sine(start, end, share):
    return start + (end - start) * (1 - math.sin(math.pi * share)) / 2


def _away(start, end, share):
    return _cosine(start, 2 * start - end, share)


_SHAPES = (
    (_straight, _STRAIGHT),
    (_in_degrees, _RADIANS),
    (lambda start, end, share: _cosine(start, end, share, full=2), _TWICE),
    (
        lambda start, end, share: _cosine(start, end, share, full=4),
        "you multiply 1 - cos(…) by 2. It runs from 0 to 2: divide it.",
    ),
    (
        lambda start, end, share: start + (end - start) * (1 + math.cos(math.pi * share)) / 2,
        _SIGN,
    ),
    (_reversed, _SIGN),
    (
        _away,
        "this moves away from the end, by as much as it should come closer: a + (b - a) * …, with (1 - cos) positive.",
    ),
    (_with_sine, "this takes the sine. Half a *cosine* begins flat and ends flat: math.cos."),
    (
        lambda start, end, share: start + (end - start) * math.cos(math.pi * share) / 2,
        "the 1 of 1 - cos(…) is missing: without it the middle part runs from 1 to -1 and not from 0 to 2.",
    ),
    (
        lambda start, end, share: start - (end - start) * math.cos(math.pi * share) / 2,
        "the 1 of 1 - cos(…) is missing: without it the middle part runs from -1 to 1 and not from 0 to 2.",
    ),
    (
        lambda start, end, share: (end - start) * (1 - math.cos(math.pi * share)) / 2,
        "where it starts is missing: a + (b - a) * …",
    ),
)

ONE_CYCLE_MISTAKES = (
    Mistake(lambda step, steps, peak, warmup: peak, "the learning rate of every step is the peak. The rate depends on `step`."),
    *(Mistake(_cycle(shape), hint) for shape, hint in _SHAPES),
    Mistake(_cycle(low=0), "the first rate is peak / 25, not 0: go from peak / 25 to the peak."),
    Mistake(_cycle(low=1 / 25), "the first rate is peak / 25, not 25 times the peak."),
    Mistake(_cycle(last=1 / 10_000), "the last rate is peak / 10,000, not 10,000 times the peak."),
    Mistake(_cycle(low=1), "the first rate is peak / 25, not the peak."),
    Mistake(_cycle(last=0), "the last rate is peak / 10,000, not 0: go from the peak to peak / 10,000."),
    Mistake(_cycle(last=25), "down to peak / 10_000, not to peak / 25: the end is far lower than the start."),
    Mistake(_cycle(up=lambda step, steps, top: step // top), _STUCK),
    Mistake(_cycle(down=lambda step, steps, top: (step - top) // (steps - top)), _STUCK),
    Mistake(_cycle(up=lambda step, steps, top: step / steps), "on the way up the share is step / top: it reaches 1 at the peak."),
    Mistake(_cycle(up=lambda step, steps, top: step * top),
            "on the way up the share is step / top, a number from 0 to 1; here it grows beyond 1."),
    Mistake(_cycle(down=lambda step, steps, top: step / steps),
            "on the way down count the share from the peak: (step - top) / (steps - top), not from step 0."),
    Mistake(_cycle(down=lambda step, steps, top: (step + top) / (steps - top)),
            "on the way down the share is 0 at the peak: (step - top) / (steps - top), with two minuses."),
    Mistake(_cycle(down=lambda step, steps, top: (step - top) / (steps + top)),
            "on the way down the share is 1 at the end: (step - top) / (steps - top), with two minuses."),
    Mistake(_cycle(down=lambda step, steps, top: (step - top) / steps),
            "on the way down the share would be 1 at step `steps`: divide by the steps that go down, steps - top."),
    Mistake(_cycle(down=lambda step, steps, top: (step - top) / (steps - 1 - top)),
            "the share would be 1 at step `steps`, one past the last: divide by steps - top, without the 1."),
    Mistake(lambda step, steps, peak, warmup: _one_cycle(step, steps, peak, 1 - warmup),
            "the peak comes at the wrong step: `warmup` is the share of steps that go *up*."),
    Mistake(_cycle(top_of=lambda warmup, steps: warmup / steps), "`top` is warmup * steps, the steps that go up."),
    Mistake(_cycle(top_of=lambda warmup, steps: int(warmup * steps)), _ROUNDED),
    Mistake(_cycle(top_of=lambda warmup, steps: round(warmup * steps)), _ROUNDED),
    Mistake(_cycle(top_of=lambda warmup, steps: math.ceil(warmup * steps)), _ROUNDED),
)  # fmt: skip


@check
def patience(answer) -> None:
    """Check `stops_after(losses, patience)`: the number of epochs trained when early stopping stops, an int."""
    rng = numbers(7)
    cases = [
        ([3.0, 2.0, 2.5, 2.4, 2.3], 3),
        ([1.0, 1.0, 1.0, 1.0], 2),
        ([3.0, 2.0, 1.0], 2),
        ([1.0, 2.0, 0.5, 2.0, 2.0], 2),
    ]
    cases += [(np.round(rng.random(12) + np.linspace(0.8, 0, 12), 2).tolist(), limit) for limit in (1, 2, 3, 5)]
    judge(
        answer,
        cases,
        _stops_after,
        lambda losses, limit: f"losses {losses}, patience {limit}",
        mistakes=PATIENCE_MISTAKES,
        form=lambda answer: whole(answer, "The number of epochs"),
    )
    passed("Patience: it stops when it should, and not before.")


def _stops_after(losses, limit):
    """Look back from every epoch: is the lowest loss so far `limit` epochs old?"""
    for epochs in range(1, len(losses) + 1):
        lowest = min(losses[:epochs])
        if epochs - 1 - losses[:epochs].index(lowest) >= limit:
            return epochs
    return len(losses)


def _mistaken(
    better=lambda loss, best, before: loss < best, margin=0, restart=0, step=1, count_from=1, from_first=False
):
    """Return a wrong early stopping: with another comparison, a margin, another count of waiting, or an index."""

    def stops_after(losses, limit):
        best, waited = losses[0] if from_first else math.inf, 0
        for epoch, loss in enumerate(losses):
            if better(loss, best, losses[epoch - 1] if epoch else math.inf):
                best, waited = min(best, loss), waited if restart is None else restart
            else:
                waited += step
            if waited >= limit + margin:
                return epoch + count_from
        return len(losses)

    return stops_after


PATIENCE_MISTAKES = (
    Mistake(_mistaken(margin=1), "one epoch too late: stop as soon as the patience is reached (>=, not >)."),
    Mistake(_mistaken(count_from=0), "you returned the index of the last epoch; epochs are counted from 1: add 1."),
    Mistake(_mistaken(count_from=2), "one too many: `enumerate` counts from 0, so add 1 to the index, no more."),
    Mistake(_mistaken(count_from=-1), "you subtract 1 from the index of the last epoch. Epochs are counted from 1: add 1."),
    Mistake(_mistaken(lambda loss, best, before: loss <= best), "an equal loss is no improvement: use < and not <=."),
    Mistake(_mistaken(lambda loss, best, before: loss < before),
            "compare with the *best* loss so far, not with the epoch before."),
    Mistake(_mistaken(restart=None), "after each improvement the epochs of waiting are counted from 0 again."),
    Mistake(_mistaken(restart=1), "an improved epoch waits for nothing: after it, `waited` is 0 and not 1."),
    Mistake(_mistaken(step=2), "each epoch without improvement adds 1 to the epochs of waiting, not 2."),
    Mistake(_mistaken(lambda loss, best, before: loss > best or best == math.inf),
            "this waits for the loss to *grow*; a loss is better when it is lower."),
    Mistake(_mistaken(lambda loss, best, before: loss > best),
            "this stops after `patience` epochs whatever the losses are: none counts as better. `best` starts at infinity, and "
            "a loss is better when it is *lower* (<)."),
    Mistake(lambda losses, limit: 1,
            "this stops in the first epoch, always. Stop when the epochs of waiting have *reached* the patience (>=)."),
    Mistake(lambda losses, limit: losses.index(min(losses)) + 1,
            "that is the best epoch; asked for is the epoch in which training *stops*."),
    Mistake(lambda losses, limit: len(losses),
            "your training never stops early. Is each new best loss remembered (best = loss), and are the epochs of waiting "
            "compared with the patience inside the loop?"),
    Mistake(_mistaken(from_first=True),
            "the first epoch counts as waiting, because it is compared with itself: start with best = math.inf."),
    Mistake(lambda losses, limit: min(len(losses), losses.index(min(losses)) + 1 + limit),
            "that starts from the lowest loss of *all* epochs. Early stopping can't see the future: go epoch by epoch."),
)  # fmt: skip


@check
def illnesses(answer, curves: dict[str, dict]) -> None:
    """Check `name_the_illness()`: a dictionary from the name of each curve to one of `ILLNESSES`."""
    answer = dictionary(attempt(answer), "{'A': 'healthy', …}", curves, kind="curve")
    for name in curves:
        named = one_of(answer[name], ILLNESSES, f"Curve {name}")
        if named != curves[name]["illness"]:
            raise Hint(f"Curve {name} is not {named!r}. {_symptom(curves[name], named)}")
    passed("All four named. Your next training won't fool you.")


def _symptom(curve: dict, named: str) -> str:
    """Say which number of the curve speaks against the diagnosis."""
    loss, held_out = curve["loss"], curve["val_loss"]
    if named == "overfitting":
        return f"Overfitting opens a gap; here training ends at {loss[-1]:.2f} and validation at {held_out[-1]:.2f}."
    if named == "rate too low":
        return f"Too low a rate hardly moves; here training goes from {loss[0]:.2f} to {loss[-1]:.2f}."
    if named == "rate too high":
        if loss[-1] < math.log(7):
            return f"Too high a rate stays at the loss of a guess (ln 7 = 1.95) or above; here training ends at {loss[-1]:.2f}."
        leap = max(abs(after - before) for before, after in itertools.pairwise(loss))
        return f"Too high a rate leaps up and down; here no epoch changes the training loss by more than {leap:.2f}."
    if loss[0] - loss[-1] < 0.3:
        return f"A healthy curve comes down; here training hardly moves: {loss[0]:.2f} → {loss[-1]:.2f} in {len(loss)} epochs."
    return (
        "A healthy curve comes down on both sides and stays together; here training goes "
        f"{loss[0]:.2f} → {loss[-1]:.2f}, validation {held_out[0]:.2f} → {held_out[-1]:.2f} (lowest {min(held_out):.2f})."
    )
