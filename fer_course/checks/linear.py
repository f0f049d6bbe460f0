"""Checks: softmax and one gradient step of a linear classifier."""

from __future__ import annotations

import math

import numpy as np

from fer_course.checks.answers import several
from fer_course.checks.core import Hint, attempt, close, expect, grown, numbers, passed

# ------------------------------------------------------------------------------------------------- a linear learner


def softmax(learner) -> None:
    """Check `softmax(scores)`: probabilities (N, classes) of scores (N, classes)."""
    rng = numbers(5)
    # One has as many rows as columns: only there do sums in the wrong rows not stop the function.
    cases = [rng.normal(0, 2, shape) for shape in (grown(5, 4, 7), (7, 7), grown(6, 3, 5), grown(7, 1, 2))]
    cases += [rng.normal(0, 2, (2, *grown(5, 7))) + np.array([[1000], [-1000]])]
    for scores in cases:
        expected = [_softmax_of_row(row) for row in scores.tolist()]
        answer = attempt(learner, scores)
        with np.errstate(all="ignore"):  # a wrong answer overflows
            mistakes = _softmax_mistakes(scores)
        large = ", about 1000 in one row and -1000 in the other" if np.abs(scores).max() > 900 else ""
        expect(answer, expected, f"softmax of scores {scores.shape}{large}", mistakes)
    passed("Softmax: every row adds up to 1, and nothing overflows.")


def _softmax_of_row(row: list[float]) -> list[float]:
    """Divide directly: probability i is 1 over the sum of exp(score j - score i)."""
    return [1 / sum(math.exp(min(other - score, 700)) for other in row) for score in row]


def _softmax_mistakes(scores: np.ndarray) -> list:
    powers = np.exp(scores)
    steady = np.exp(scores - scores.max(axis=1, keepdims=True))
    total = np.exp(scores - scores.max())
    columns = np.exp(scores - scores.max(axis=0))
    mistakes = [
        (powers / powers.sum(axis=1, keepdims=True), "exp(1000) is too large for a float, and inf / inf is nan. "
            "Subtract each row's largest score first; the result stays the same."),
        (total / total.sum(axis=1, keepdims=True), "you subtract the largest of *all* scores. Take each row's own: "
            "scores.max(axis=1, keepdims=True)."),
        (columns / columns.sum(axis=1, keepdims=True), "the largest score must be taken over each row (axis=1), not column."),
        (powers / powers.sum(axis=0), "the columns add up to 1. Each *row* is one face: sum over axis=1."),
        (columns / columns.sum(axis=0), "the columns add up to 1. Each *row* is one face: sum over axis=1."),
        (powers / powers.sum(), "the whole table adds up to 1, but each row should: give `sum` an axis."),
        (total / total.sum(), "the whole table adds up to 1, but each row should: give `sum` an axis."),
        (scores / scores.sum(axis=1, keepdims=True), "this divides the scores themselves. Take exp of them first."),
        (powers, "these don't add up to 1 yet: divide each row by its sum."),
        (steady, "these don't add up to 1 yet: divide each row by its sum."),
        (np.log(steady / steady.sum(axis=1, keepdims=True)), "this is the logarithm of softmax. Leave out the log."),
        (1 / (1 + np.exp(-scores)), "this is a sigmoid for each score alone. Softmax divides by the sum of the row."),
        (scores.argmax(axis=1), "this is the winning class. Softmax gives a probability to every class."),
    ]  # fmt: skip
    if len(scores) == scores.shape[1]:
        mistakes += [(steady / steady.sum(axis=1), "the sums went to the wrong rows: sum with keepdims=True.")]
    return mistakes


def gradient_step(learner) -> None:
    """Check `gradient_step(weights, bias, images, labels, rate)`: the weights (P, C) and bias (C,) after one step."""
    for seed, (n, pixels, classes, rate) in enumerate(((6, 5, 3, 0.1), (9, 12, 7, 0.5), (1, 4, 7, 0.25))):
        n, pixels, classes = grown(seed, n, pixels, classes)
        rng = numbers(seed)
        weights, bias = rng.normal(size=(pixels, classes)), rng.normal(size=classes)
        images, labels = rng.random((n, pixels)) - 0.5, rng.integers(0, classes - 1, n)  # one class does not occur
        answer = attempt(learner, weights, bias, images, labels, rate)
        answer = several(answer, "weights, bias", 2)
        what = f"one step on {n} picture{'s' * (n > 1)} of {pixels} pixels, {classes} classes, rate {rate}"
        for wrong, hint in _step_mistakes(weights, bias, images, labels, rate):
            if close(answer[0], wrong[0]) and close(answer[1], wrong[1]):
                raise Hint(f"{what}: {hint}")
        expected = _step_by_differences(weights, bias, images, labels, rate)
        expect(answer[0], expected[0], f"{what}, the weights")
        expect(answer[1], expected[1], f"{what}, the bias")
    passed("One step down the hill. Now let it walk.")


def _mean_loss(weights, bias, images, labels) -> float:
    scores = images @ weights + bias
    return np.mean([-math.log(_softmax_of_row(row)[label]) for row, label in zip(scores.tolist(), labels, strict=True)])


def _step_by_differences(weights, bias, images, labels, rate):
    """Measure the slope of the loss along each number by nudging it, and step against it. No formula of the gradient."""
    moved = []
    for which, values in enumerate((weights, bias)):
        slope = np.zeros_like(values)
        for place in np.ndindex(*values.shape):
            nudge = np.zeros_like(values)
            nudge[place] = 1e-5
            up, down = ([weights, bias], [weights, bias])
            up[which], down[which] = values + nudge, values - nudge
            slope[place] = (_mean_loss(*up, images, labels) - _mean_loss(*down, images, labels)) / 2e-5
        moved.append(values - rate * slope)
    return moved


def _step_mistakes(weights, bias, images, labels, rate) -> list:
    n, rows = len(labels), np.arange(len(labels))
    scores = images @ weights + bias
    probabilities = np.array([_softmax_of_row(row) for row in scores.tolist()])
    one_hot = np.zeros_like(scores)
    one_hot[rows, labels] = 1
    every_row = probabilities.copy()
    every_row[:, labels] -= 1
    every_time = probabilities - np.bincount(labels, minlength=len(bias))
    without_bias = np.array([_softmax_of_row(row) for row in (images @ weights).tolist()]) - one_hot

    def step(error, factor=rate):
        return weights - factor * images.T @ error / n, bias - factor * error.mean(axis=0)

    error = probabilities - one_hot
    right = step(error)
    mistakes = [
        (step(error, -rate), "this step goes *uphill*. The gradient points up the hill: subtract it."),
        (step(error, rate * n), "the gradient is a sum over all pictures. Divide it by their number, len(labels)."),
        ((weights - rate * images.T @ error, right[1]), "the weights sum over all pictures: divide that by len(labels)."),
        ((right[0], bias - rate * error.sum(axis=0)), "the bias' gradient is a sum over all pictures: take the mean(axis=0)."),
        # The mean of the whole error is 0 as well: its rows add up to 0.
        ((right[0], bias), "the bias has not moved. It needs its own step, one mean a class: error.mean(axis=0). "
            "The mean over everything, error.mean(), is 0."),
        (step(error, 1), "the rate is not used: multiply the gradient by it."),
        ((images.T @ error / n, error.mean(axis=0)), "these are the gradients. Return the weights and the bias after the step."),
        ((rate * images.T @ error / n, rate * error.mean(axis=0)), "this is the step alone. Subtract it from weights and bias."),
        (step(probabilities), "the true classes are not used: subtract 1 from the probability of each picture's label."),
        (step(probabilities - 1), "1 is subtracted from every probability. Subtract it at the true class alone."),
        (step(every_time), "`error[:, label]` is a column, all pictures: 1 goes off in all of them. Pair rows with labels: "
            "p[np.arange(len(labels)), labels]."),
        (step(without_bias), "the scores lack the bias: images @ weights + bias."),
        ((weights - rate * images.T @ error / 32, right[1]), "you divide by 32, but a batch may be of any size: len(labels)."),
        (step(error, rate * n / 32), "you divide by 32, but a batch may be of any size: len(labels)."),
        (step(every_row), "`p[:, labels]` changes every row. Pair rows with labels: p[np.arange(len(labels)), labels]."),
        (step(scores - one_hot), "this takes the scores as they are. Turn them into probabilities with softmax first."),
        ((weights, bias), "nothing has moved: the weights and the bias are as they were."),
    ]  # fmt: skip
    if labels.max() < n:
        whole_rows = probabilities.copy()
        whole_rows[labels] -= 1
        mistakes.append(
            (
                step(whole_rows),
                "`p[labels]` picks whole rows. Pair rows with labels: p[np.arange(len(labels)), labels].",
            )
        )
    return [(wrong, hint) for wrong, hint in mistakes if not all(map(close, wrong, right))]
