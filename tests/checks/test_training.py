"""Checks of training: right answers pass in any form, and each known mistake gets its own hint."""

import functools
import math

import numpy as np
from answers import three_tests

from fer_course import results
from fer_course.checks import training
from fer_course.training import schedules

# ------------------------------------------------------------------------------------------------------ one_cycle


def right_one_cycle(step, steps, peak, warmup=0.25):
    top = warmup * steps
    if step < top:
        a, b, share = peak / 25, peak, step / top
    else:
        a, b, share = peak, peak / 10_000, (step - top) / (steps - top)
    return a + (b - a) * (1 - math.cos(math.pi * share)) / 2


def cosine(a, b, share):
    return a + (b - a) * (1 - math.cos(math.pi * share)) / 2


def wrong(up, down):
    def schedule(step, steps, peak, warmup):
        top = warmup * steps
        return up(step, steps, peak, top) if step < top else down(step, steps, peak, top)

    return schedule


def right_up(step, steps, peak, top):
    return cosine(peak / 25, peak, step / top)


def right_down(step, steps, peak, top):
    return cosine(peak, peak / 10_000, (step - top) / (steps - top))


def no_warm_up(step, steps, peak, warmup):
    """It goes up to the peak and including it, and divides by the steps that go up, even if there are none."""
    top = warmup * steps
    return right_up(step, steps, peak, top) if step <= top else right_down(step, steps, peak, top)


ONE_CYCLE_RIGHT = {
    "loop": right_one_cycle,
    "package": schedules.one_cycle,
    "float32": lambda step, steps, peak, warmup: np.float32(right_one_cycle(step, steps, peak, warmup)),
    "array": lambda step, steps, peak, warmup: np.array(right_one_cycle(step, steps, peak, warmup)),
}
ONE_CYCLE_WRONG = {
    "straight line": wrong(lambda s, n, p, t: p / 25 + (p - p / 25) * s / t, right_down),
    "share of steps that go": lambda step, steps, peak, warmup: right_one_cycle(step, steps, peak, 1 - warmup),
    "radians": wrong(
        lambda s, n, p, t: p / 25 + (p - p / 25) * (1 - math.cos(math.radians(math.pi * s / t))) / 2, right_down
    ),
    "divide it by 2": wrong(lambda s, n, p, t: p / 25 + (p - p / 25) * (1 - math.cos(math.pi * s / t)), right_down),
    "share from the peak": wrong(right_up, lambda s, n, p, t: cosine(p, p / 10_000, s / n)),
    "first rate is peak / 25": wrong(lambda s, n, p, t: cosine(0, p, s / t), right_down),
    "last rate is peak / 10,000": wrong(right_up, lambda s, n, p, t: cosine(p, 0, (s - t) / (n - t))),
    "it reaches 1 at the peak": wrong(lambda s, n, p, t: cosine(p / 25, p, s / n), right_down),
    "with a minus": wrong(
        lambda s, n, p, t: cosine(p, p / 25, s / t), lambda s, n, p, t: cosine(p / 10_000, p, (s - t) / (n - t))
    ),
    "divide by the steps that go down": wrong(right_up, lambda s, n, p, t: cosine(p, p / 10_000, (s - t) / n)),
    "one past the last": wrong(right_up, lambda s, n, p, t: cosine(p, p / 10_000, (s - t) / (n - 1 - t))),
    "not to peak / 25": wrong(right_up, lambda s, n, p, t: cosine(p, p / 25, (s - t) / (n - t))),
    "don't round it": lambda step, steps, peak, warmup: right_one_cycle(step, steps, peak, int(warmup * steps) / steps),
    "division by zero": no_warm_up,
    "always the peak": lambda step, steps, peak, warmup: peak,
    "Did you forget a `return`": lambda step, steps, peak, warmup: None,
    "ZeroDivisionError": lambda step, steps, peak, warmup: peak / 0,
    "expected": lambda step, steps, peak, warmup: 7 * peak,
}

# ------------------------------------------------------------------------------------------------------- patience


def stops(
    better=lambda loss, best, before: loss < best, enough=lambda waited, limit: waited >= limit, reset=True, add=1
):
    def stops_after(losses, patience):
        best, waited = math.inf, 0
        for epoch, loss in enumerate(losses):
            before = losses[epoch - 1] if epoch else math.inf
            if better(loss, best, before):
                best, waited = min(best, loss), 0 if reset else waited
            else:
                waited += 1
            if enough(waited, patience):
                return epoch + add
        return len(losses)

    return stops_after


def with_package(losses, patience):
    for epochs in range(1, len(losses) + 1):
        if schedules.epochs_without_improvement(losses[:epochs]) >= patience:
            return np.int64(epochs)
    return len(losses)


PATIENCE_RIGHT = {"loop": stops(), "package": with_package}


def forgetful(losses, patience):
    best, waited = math.inf, 0
    for epoch, loss in enumerate(losses):
        waited = 0 if loss < best else waited + 1
        if waited >= patience:
            return epoch + 1
    return len(losses)


def from_the_first(losses, patience):
    best, waited = losses[0], 0
    for epoch, loss in enumerate(losses):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited >= patience:
            return epoch + 1
    return len(losses)


PATIENCE_WRONG = {
    "One epoch too late": stops(enough=lambda waited, limit: waited > limit),
    "counted from 1": stops(add=0),
    "An equal loss": stops(better=lambda loss, best, before: loss <= best),
    "not with the epoch before": stops(better=lambda loss, best, before: loss < before),
    "counted anew": stops(reset=False),
    "lower": stops(better=lambda loss, best, before: loss > best or best == math.inf),
    "That is the best epoch": lambda losses, patience: losses.index(min(losses)) + 1,
    "never stops early": lambda losses, patience: len(losses),
    "remembered (best = loss)": forgetful,
    "counts as waiting": from_the_first,
    "can't see the future": lambda losses, patience: min(len(losses), losses.index(min(losses)) + 1 + patience),
    "whole number": lambda losses, patience: float(stops()(losses, patience)),
    "is a whole number (int); found True": lambda losses, patience: True,
    "changed its input": lambda losses, patience: losses.clear() or 5,
    "forget a `return`": lambda losses, patience: None,
}

# ------------------------------------------------------------------------------------------------------ illnesses

CURVES = results.load("curves")["curves"]
DIAGNOSES = {name: curve["illness"] for name, curve in CURVES.items()}
NAMES = {illness: name for name, illness in DIAGNOSES.items()}


def taken(illness, other):
    """Return an answer that takes one illness for another."""
    return lambda: DIAGNOSES | {NAMES[illness]: other}


ILLNESSES_RIGHT = {"dictionary": lambda: DIAGNOSES}
ILLNESSES_WRONG = {
    "opens a gap": taken("healthy", "overfitting"),
    "stays together": taken("overfitting", "healthy"),
    "hardly moves": taken("healthy", "rate too low"),
    "training hardly moves": taken("rate too low", "healthy"),
    "loss of a guess": taken("rate too low", "rate too high"),
    "Curve A: expected one of the words": lambda: DIAGNOSES | {"A": "tired"},
    "The curve 'B' is missing": lambda: {"A": DIAGNOSES["A"]},
    "Return a dictionary": lambda: list(DIAGNOSES.values()),
}

# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    training.one_cycle: (ONE_CYCLE_RIGHT, ONE_CYCLE_WRONG),
    training.patience: (PATIENCE_RIGHT, PATIENCE_WRONG),
    functools.partial(training.illnesses, curves=CURVES): (ILLNESSES_RIGHT, ILLNESSES_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_recorded_curves_show_what_they_are_named_for():
    guess = math.log(7)
    by_illness = {curve["illness"]: curve for curve in CURVES.values()}
    assert sorted(by_illness) == sorted(training.ILLNESSES)
    low, high = by_illness["rate too low"], by_illness["rate too high"]
    assert low["loss"][0] - low["loss"][-1] < 0.2
    assert low["loss"][-1] < low["loss"][0]
    assert min(high["loss"]) > 0.95 * guess
    over, healthy = by_illness["overfitting"], by_illness["healthy"]
    assert over["val_loss"][-1] - over["loss"][-1] > 1
    assert over["val_loss"][-1] > min(over["val_loss"]) + 0.1
    assert healthy["val_loss"][-1] < min(guess, healthy["val_loss"][0])
    assert abs(healthy["val_loss"][-1] - healthy["loss"][-1]) < 0.4
