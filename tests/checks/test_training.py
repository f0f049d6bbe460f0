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
    "stays 0. Divide with /": wrong(lambda s, n, p, t: cosine(p / 25, p, s // t), right_down),
    "the share grows from 0 to 1": wrong(lambda s, n, p, t: cosine(p / 25, p, 1 - s / t), right_down),
    "has a minus": wrong(
        lambda s, n, p, t: cosine(p, p / 25, s / t), lambda s, n, p, t: cosine(p / 10_000, p, (s - t) / (n - t))
    ),
    "don't round it": lambda step, steps, peak, warmup: right_one_cycle(step, steps, peak, int(warmup * steps) / steps),
    "division by zero": no_warm_up,
    "Did you forget a `return`": lambda step, steps, peak, warmup: None,
    "ZeroDivisionError": lambda step, steps, peak, warmup: peak / 0,
    "Each of your values is the right one times 7": lambda *given: 7 * right_one_cycle(*given),
    "is one number": lambda step, steps, peak, warmup: [peak],
}

# ------------------------------------------------------------------------------------------------------- patience


def with_package(losses, patience):
    for epochs in range(1, len(losses) + 1):
        if schedules.epochs_without_improvement(losses[:epochs]) >= patience:
            return np.int64(epochs)
    return len(losses)


def by_looking_back(losses, patience):
    best = [losses.index(min(losses[: epoch + 1])) for epoch in range(len(losses))]
    late = [epoch + 1 for epoch, of in enumerate(best) if epoch - of >= patience]
    return min([*late, len(losses)])


PATIENCE_RIGHT = {"looking back": by_looking_back, "package": with_package}


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
    "remembered (best = loss)": forgetful,
    "counts as waiting": from_the_first,
    "whole number": lambda losses, patience: float(with_package(losses, patience)),
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
    "leaps up and down; here no epoch": taken("rate too low", "rate too high"),
    "loss of a guess": taken("healthy", "rate too high"),
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
