"""Every check of lesson 07 passes right answers, however written, and gives each wrong answer its own hint."""

import math

import numpy as np
import pytest

from fer_course import results, schedules
from fer_course.checks import Hint, NotAttempted, lesson07


def right_one_cycle(step, steps, peak, warmup=0.25):
    top = warmup * steps
    if step < top:
        a, b, share = peak / 25, peak, step / top
    else:
        a, b, share = peak, peak / 10_000, (step - top) / (steps - top)
    return a + (b - a) * (1 - math.cos(math.pi * share)) / 2


@pytest.mark.parametrize(
    "answer",
    [
        right_one_cycle,
        schedules.one_cycle,
        lambda step, steps, peak, warmup: np.float32(right_one_cycle(step, steps, peak, warmup)),
        lambda step, steps, peak, warmup: np.array(right_one_cycle(step, steps, peak, warmup)),
    ],
    ids=["loop", "package", "float32", "array"],
)
def test_one_cycle_right(answer, capsys):
    assert lesson07.one_cycle(answer) is None
    out, err = capsys.readouterr()
    assert out.startswith("✔")
    assert err == ""


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
    "always the peak": lambda step, steps, peak, warmup: peak,
    "Did you forget a `return`": lambda step, steps, peak, warmup: None,
    "ZeroDivisionError": lambda step, steps, peak, warmup: peak / 0,
    "expected": lambda step, steps, peak, warmup: 7 * peak,
}


@pytest.mark.parametrize("word", ONE_CYCLE_WRONG)
def test_one_cycle_wrong(word):
    with pytest.raises(Hint, match=word.replace("(", r"\(")) as caught:
        lesson07.one_cycle(ONE_CYCLE_WRONG[word])
    assert not isinstance(caught.value, NotAttempted)


def unwritten(*_):
    raise NotImplementedError


@pytest.mark.parametrize(
    "check",
    [lesson07.one_cycle, lesson07.patience, lambda answer: lesson07.illnesses(answer, {})],
    ids=["one_cycle", "patience", "illnesses"],
)
def test_not_attempted(check):
    with pytest.raises(NotAttempted):
        check(unwritten)


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


@pytest.mark.parametrize("answer", [stops(), with_package], ids=["loop", "package"])
def test_patience_right(answer, capsys):
    assert lesson07.patience(answer) is None
    assert capsys.readouterr().out.startswith("✔")


PATIENCE_WRONG = {
    "One epoch too late": stops(enough=lambda waited, limit: waited > limit),
    "counted from 1": stops(add=0),
    "An equal loss": stops(better=lambda loss, best, before: loss <= best),
    "not with the epoch before": stops(better=lambda loss, best, before: loss < before),
    "counted anew": stops(reset=False),
    "lower": stops(better=lambda loss, best, before: loss > best or best == math.inf),
    "That is the best epoch": lambda losses, patience: losses.index(min(losses)) + 1,
    "never stops early": lambda losses, patience: len(losses),
    "whole number": lambda losses, patience: float(stops()(losses, patience)),
    "True or False": lambda losses, patience: True,
    "changed its input": lambda losses, patience: losses.clear() or 5,
    "forget a `return`": lambda losses, patience: None,
}


@pytest.mark.parametrize("word", PATIENCE_WRONG)
def test_patience_wrong(word):
    with pytest.raises(Hint, match=word):
        lesson07.patience(PATIENCE_WRONG[word])


@pytest.fixture(scope="module")
def curves():
    return results.load("curves")["curves"]


def test_illnesses_right(curves, capsys):
    lesson07.illnesses(lambda: {name: curve["illness"] for name, curve in curves.items()}, curves)
    assert capsys.readouterr().out.startswith("✔")


def test_recorded_curves_show_what_they_are_named_for(curves):
    guess = math.log(7)
    by_illness = {curve["illness"]: curve for curve in curves.values()}
    assert sorted(by_illness) == sorted(lesson07.ILLNESSES)
    low, high = by_illness["rate too low"], by_illness["rate too high"]
    assert low["loss"][0] - low["loss"][-1] < 0.2
    assert low["loss"][-1] < low["loss"][0]
    assert min(high["loss"]) > 0.95 * guess
    over, healthy = by_illness["overfitting"], by_illness["healthy"]
    assert over["val_loss"][-1] - over["loss"][-1] > 1
    assert over["val_loss"][-1] > min(over["val_loss"]) + 0.1
    assert healthy["val_loss"][-1] < min(guess, healthy["val_loss"][0])
    assert abs(healthy["val_loss"][-1] - healthy["loss"][-1]) < 0.4


def test_illnesses_wrong(curves):
    right = {name: curve["illness"] for name, curve in curves.items()}
    name = {illness: letter for letter, illness in right.items()}
    cases = [
        (right | {name["healthy"]: "overfitting"}, "opens a gap"),
        (right | {name["overfitting"]: "healthy"}, "stays together"),
        (right | {name["healthy"]: "rate too low"}, "hardly moves"),
        (right | {name["rate too low"]: "rate too high"}, "loss of a guess"),
        (right | {"A": "tired"}, "is not one of"),
        ({"A": right["A"]}, "Curve B is missing"),
        (list(right.values()), "Return a dictionary"),
    ]
    for answer, word in cases:
        with pytest.raises(Hint, match=word):
            lesson07.illnesses(lambda answer=answer: answer, curves)
