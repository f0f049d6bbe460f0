"""Checks: the one-cycle schedule, patience, and four curves to read."""

from __future__ import annotations

import math

import numpy as np

from fer_course.checks.answers import dictionary, one_of, whole
from fer_course.checks.core import Hint, attempt, close, expect, grown, numbers, passed

ILLNESSES = ("healthy", "overfitting", "rate too high", "rate too low")


def one_cycle(learner) -> None:
    """Check `one_cycle(step, steps, peak, warmup)`: the learning rate of one step, a float."""
    cases = ((100, 0.01, 0.25), (37, 0.3, 0.3), (1000, 0.002, 0.5), (40, 0.1, 0.0))
    for seed, (steps, peak, warmup) in enumerate(cases):
        (steps,) = grown(seed, steps)
        rates = [attempt(learner, step, steps, peak, warmup) for step in range(steps)]
        if all(close(rate, peak) for rate in rates):
            raise Hint(
                "The learning rate of every step is the peak: this is always the peak; the rate depends on `step`."
            )
        for step, rate in enumerate(rates):
            what = f"learning rate of step {step} of {steps}, peak {peak}, warm-up {warmup}"
            expect(rate, _one_cycle(step, steps, peak, warmup), what, _one_cycle_mistakes(step, steps, peak, warmup))
    passed("One cycle: up to the peak, then down to almost nothing.")


def _one_cycle(step, steps, peak, warmup):
    """Interpolate with half a cosine between the three corners of the cycle."""
    return _with_top(step, steps, peak, warmup * steps)


def _with_top(step, steps, peak, top):
    if step < top:
        return _cosine(peak / 25, peak, step / top)
    return _cosine(peak, peak / 10_000, (step - top) / (steps - top))


def _cosine(start, end, share):
    return start + (end - start) * (1 - math.cos(math.pi * share)) / 2


def _one_cycle_mistakes(step, steps, peak, warmup):
    top = warmup * steps
    low, last = peak / 25, peak / 10_000
    if step < top:
        share = step / top
        mistakes = [
            (low + (peak - low) * share, _STRAIGHT),
            (low + (peak - low) * (1 - math.cos(math.radians(math.pi * share))) / 2,
             "`math.cos` takes radians: pi is half a turn, without any conversion."),
            (low + (peak - low) * (1 - math.cos(math.pi * share)),
             "1 - cos(…) runs from 0 to 2: divide it by 2, so that the share runs from 0 to 1."),
            (_cosine(0, peak, share), "the first rate is peak / 25, not 0: go from peak / 25 to the peak."),
            (_cosine(low, peak, step / steps), "on the way up the share is step / top: it reaches 1 at the peak."),
            (_cosine(peak, low, share), _SIGN),
        ]  # fmt: skip
    else:
        share = (step - top) / (steps - top)
        mistakes = [
            (peak + (last - peak) * share, _STRAIGHT),
            (_cosine(peak, last, step / steps),
             "on the way down count the share from the peak: (step - top) / (steps - top), not from step 0."),
            (_cosine(peak, last, (step - top) / steps),
             "on the way down the share would be 1 at step `steps`: divide by the steps that go down, steps - top."),
            (_cosine(peak, last, (step - top) / (steps - 1 - top)),
             "the share would be 1 at step `steps`, one past the last: divide by steps - top, without the 1."),
            (_cosine(peak, 0, share), "the last rate is peak / 10,000, not 0: go from the peak to peak / 10,000."),
            (_cosine(peak, low, share), "down to peak / 10_000, not to peak / 25: the end is far lower than the start."),
            (_cosine(last, peak, share), _SIGN),
        ]  # fmt: skip
    mistakes.append((_one_cycle(step, steps, peak, 1 - warmup), _SWAPPED))
    rounded = {math.floor(top), round(top), math.ceil(top)} - {top}
    return mistakes + [
        (_with_top(step, steps, peak, each), "`top` is warmup * steps as it is: don't round it.") for each in rounded
    ]


_STRAIGHT = "this goes along a straight line; the exercise asks for half a cosine: (1 - cos(pi * share)) / 2."
_SIGN = "this runs the wrong way, from the end to the start: it is 1 - cos(…), with a minus."
_SWAPPED = "the peak comes at the wrong step: `warmup` is the share of steps that go *up*."


def patience(learner) -> None:
    """Check `stops_after(losses, patience)`: the number of epochs trained when early stopping stops, an int."""
    rng = numbers(7)
    cases = [
        ([3.0, 2.0, 2.5, 2.4, 2.3], 3),
        ([1.0, 1.0, 1.0, 1.0], 2),
        ([3.0, 2.0, 1.0], 2),
        ([1.0, 2.0, 0.5, 2.0, 2.0], 2),
    ]
    cases += [(np.round(rng.random(20) + np.linspace(1, 0, 20), 3).tolist(), limit) for limit in (1, 2, 3, 5)]
    answers = [whole(attempt(learner, losses, limit), "The number of epochs") for losses, limit in cases]
    for mistake, hint in _PATIENCE_MISTAKES:
        if answers == [mistake(losses, limit) for losses, limit in cases]:
            raise Hint(hint)
    for (losses, limit), answer in zip(cases, answers, strict=True):
        brief = losses if len(losses) <= 6 else f"[{', '.join(map(str, losses[:5]))}, …]"
        expect(answer, _stops_after(losses, limit), f"losses {brief}, patience {limit}")
    passed("Patience: it stops when it should, and not before.")


def _stops_after(losses, limit):
    """Look back from every epoch: is the lowest loss so far `limit` epochs old?"""
    for epochs in range(1, len(losses) + 1):
        lowest = min(losses[:epochs])
        if epochs - 1 - losses[:epochs].index(lowest) >= limit:
            return epochs
    return len(losses)


def _mistaken(better=lambda loss, best, before: loss < best, margin=0, anew=True, count_from=1, from_first=False):
    """Return a wrong early stopping: with another comparison, a margin, no new start of the count, or an index."""

    def stops_after(losses, limit):
        best, waited = losses[0] if from_first else math.inf, 0
        for epoch, loss in enumerate(losses):
            if better(loss, best, losses[epoch - 1] if epoch else math.inf):
                best, waited = min(best, loss), 0 if anew else waited
            else:
                waited += 1
            if waited >= limit + margin:
                return epoch + count_from
        return len(losses)

    return stops_after


_PATIENCE_MISTAKES = [
    (_mistaken(margin=1), "One epoch too late: stop as soon as the patience is reached (>=, not >)."),
    (_mistaken(count_from=0), "You returned the index of the last epoch; epochs are counted from 1: add 1."),
    (_mistaken(lambda loss, best, before: loss <= best), "An equal loss is no improvement: use < and not <=."),
    (
        _mistaken(lambda loss, best, before: loss < before),
        "Compare with the *best* loss so far, not with the epoch before.",
    ),
    (_mistaken(anew=False), "After each improvement the epochs of waiting are counted anew, from 0."),
    (
        _mistaken(lambda loss, best, before: loss > best or best == math.inf),
        "This waits for the loss to *grow*; a loss is better when it is lower.",
    ),
    (
        lambda losses, limit: losses.index(min(losses)) + 1,
        "That is the best epoch; asked for is the epoch in which training *stops*.",
    ),
    (
        lambda losses, limit: len(losses),
        "Your training never stops early. Is each new best loss remembered (best = loss), and are the epochs of waiting compared "
        "with the patience inside the loop?",
    ),
    (
        _mistaken(from_first=True),
        "The first epoch counts as waiting, because it is compared with itself: start with best = math.inf.",
    ),
    (
        lambda losses, limit: min(len(losses), losses.index(min(losses)) + 1 + limit),
        "That starts from the lowest loss of *all* epochs. Early stopping can't see the future: go epoch by epoch.",
    ),
]


def illnesses(learner, curves: dict[str, dict]) -> None:
    """Check `name_the_illness()`: a dictionary from the name of each curve to one of `ILLNESSES`."""
    answer = attempt(learner)
    answer = dictionary(answer, "{'A': 'healthy', …}", curves, kind="curve")
    for name in curves:
        said = one_of(answer[name], ILLNESSES, f"Curve {name}")
        if said != curves[name]["illness"]:
            raise Hint(f"Curve {name} is not {said!r}. {_symptom(curves[name], said)}")
    passed("All four named. Your next training won't fool you.")


def _symptom(curve: dict, said: str) -> str:
    """Say which number of the curve speaks against the diagnosis."""
    loss, held_out = curve["loss"], curve["val_loss"]
    if said == "overfitting":
        return f"Overfitting opens a gap; here training ends at {loss[-1]:.2f} and validation at {held_out[-1]:.2f}."
    if said == "rate too low":
        return f"Too low a rate hardly moves; here training goes from {loss[0]:.2f} to {loss[-1]:.2f}."
    if said == "rate too high":
        return f"Too high a rate stays at the loss of a guess (ln 7 = 1.95) or above; here training ends at {loss[-1]:.2f}."
    if loss[0] - loss[-1] < 0.3:
        return f"A healthy curve comes down; here training hardly moves: {loss[0]:.2f} → {loss[-1]:.2f} in {len(loss)} epochs."
    return (
        "A healthy curve comes down on both sides and stays together; here training goes "
        f"{loss[0]:.2f} → {loss[-1]:.2f}, validation {held_out[0]:.2f} → {held_out[-1]:.2f} (lowest {min(held_out):.2f})."
    )
