"""Checks: a normalised confusion matrix, the bootstrap, McNemar's test, an average over a flip."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from fer_course.checks.core import Hint, attempt, expect, grown, numbers, passed, short

# ------------------------------------------------------------------------------------------------- confusion matrix


def normalise(learner) -> None:
    """Check `normalise(confusion)`: each row (true class) divided by its sum; a row without faces stays 0."""
    for seed, classes in ((1, 3), (2, 7), (3, 4)):
        (classes,) = grown(seed, classes)
        confusion = _some_confusion(seed, classes)
        expected = np.array([[count / max(sum(row), 1) for count in row] for row in confusion.tolist()])
        answer = attempt(learner, confusion)
        with np.errstate(all="ignore"):  # 0 / 0
            mistakes = _normalise_mistakes(confusion, expected)
        empty = int(np.flatnonzero(confusion.sum(axis=1) == 0)[0])
        what = f"a matrix of {classes} classes (no face of class {empty})"
        expect(answer, expected, what, mistakes)
    passed("Each row adds up to 1: of all faces of this class, where did they go?")


def _some_confusion(seed: int, classes: int) -> np.ndarray:
    """Return counts, int64 (classes, classes): rows of different size, one of them without faces, no column empty."""
    rng = numbers(seed)
    confusion = rng.integers(1, 30, (classes, classes)) + np.diag(rng.integers(20, 90, classes))
    confusion[rng.integers(classes)] = 0
    return confusion


def _normalise_mistakes(confusion: np.ndarray, expected: np.ndarray) -> list:
    rows, columns = confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        (
            confusion / rows[:, None],
            "the row of a class without faces is 0 / 0, which is nan. Divide by np.maximum(sum, 1), so that it stays 0.",
        ),
        (
            confusion / columns,
            "your *columns* add up to 1. A row is a true class: sum over axis 1, with keepdims=True.",
        ),
        *[
            (
                confusion / each,
                "the row sums lie along the columns: NumPy lines up a (classes,) array with the last axis. "
                "Keep the axis: .sum(axis=1, keepdims=True).",
            )
            for each in (rows, np.maximum(rows, 1))
        ],
        (confusion / confusion.sum(), "the whole matrix adds up to 1. Divide each row by its own sum."),
        (expected.T, "rows and columns are exchanged. Keep the true classes in the rows."),
        (100 * expected, "these are per cent. Return shares, from 0 to 1."),
        (confusion, "these are still the counts. Divide each row by its sum."),
        (
            confusion // np.maximum(rows, 1)[:, None],
            "whole numbers only. Did you divide with //, or write the shares into an array of integers?",
        ),
        (np.diag(expected), "this is the recall of each class alone. Return the whole matrix."),
        *[
            (confusion / largest, "you divide by the largest count of each row. Divide by the sum of the row.")
            for largest in (confusion.max(axis=1, keepdims=True), np.maximum(confusion.max(axis=1, keepdims=True), 1))
        ],
    ]


# -------------------------------------------------------------------------------------------------------- bootstrap

REPEATS = 6000
#: How far the ends of an interval may lie from where they belong, in standard errors: five times the luck of 6,000 draws.
SLACK = 0.25


def bootstrap_interval(learner) -> None:
    """Check `bootstrap_interval(right, repeats, rng)`: the two ends of the 95 % interval of the accuracy."""
    for seed, share in ((1, 0.63), (2, 0.3)):
        rng = numbers(seed)
        right = rng.permutation(np.arange(900) < round(900 * share))
        answer = attempt(learner, right, REPEATS, numbers(seed))
        _two_ends(answer, float(right.mean()), len(right))
    few = np.array([True, True, True, True, False])  # so few that a formula, or a face that is never drawn, shows
    _two_ends(attempt(learner, few, REPEATS, numbers(3)), 0.8, 5)
    passed("Measured: how far the score moves when other faces are drawn.")


def _two_ends(answer, share: float, n: int) -> None:
    """Raise a hint unless the answer is near the ends that the binomial distribution has."""
    what = f"interval of {share:.1%} of {n} faces"
    if np.shape(answer) != (2,):
        raise Hint(f"{what}: return two numbers, `return low, high`; found {_described(answer)}.")
    low, high = (float(each) for each in answer)
    if n < 10 and low == high == 1:
        raise Hint(
            f"{what}: the last face is never drawn. rng.integers(0, n, size=n) leaves n itself out: don't subtract 1."
        )
    if n < 10 and 1 < high < 2:
        raise Hint(
            f"{what}: {low:.3f} to {high:.3f} goes beyond 1: a formula with 1.96. Take percentiles of the draws."
        )
    error = math.sqrt(share * (1 - share) / n)
    if hint := _interval_mistake(low, high, share, error):
        raise Hint(f"{what}: {hint}")
    expected = [_binomial_quantile(each, n, share) / n for each in (0.025, 0.975)]
    if any(abs(found - end) > SLACK * error for found, end in zip((low, high), expected, strict=True)):
        raise Hint(
            f"{what}: expected about {expected[0]:.3f} to {expected[1]:.3f}, found {low:.3f} to {high:.3f}. "
            f"Draw {n} faces with replacement, {REPEATS} times, and take the 2.5th and the 97.5th percentile."
        )


def _described(answer) -> str:
    many = np.shape(answer) == (REPEATS,)
    return "all the accuracies: take two percentiles of them" if many else short(answer)


def _interval_mistake(low: float, high: float, share: float, error: float) -> str:
    """Return the hint for a known mistake, or nothing."""
    ends = np.array([low - share, high - share]) / error  # in standard errors
    if low == high:
        every = "Every draw gives the same. Draw with replacement (rng.integers), anew in each turn of the loop"
        return f"both ends are {low:.3f}. {every}."
    if min(abs(low), abs(high)) > 1:
        return f"{low:.4g} to {high:.4g} looks like per cent or a number of faces. Return shares, from 0 to 1."
    if low > high:
        return f"the first number, {low:.3f}, is the larger one. Return the lower end first."
    if (ends < -2.1).all():
        return "both ends lie at the lowest accuracies. np.percentile counts from 0 to 100: [2.5, 97.5]."
    if ends[0] < -2.8 and ends[1] > 2.8:
        return "this is far too wide. Draw as many faces as there are, and cut 2.5 % off at each end; not the extremes."
    spans = {
        1.0: "this is one standard error to each side. Take the 2.5th and the 97.5th percentile.",
        NormalDist().inv_cdf(
            0.95
        ): "5 % are cut off at each end, which leaves 90 %. For 95 % cut off 2.5 % at each end.",
    }
    return next((hint for span, hint in spans.items() if np.abs(ends - [-span, span]).max() < 0.15), "")


def _binomial_quantile(probability: float, n: int, share: float) -> int:
    """Return the smallest k for which at most k successes in n have at least this probability."""
    total = 0.0
    for k in range(n + 1):
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        total += math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))
        if total >= probability:
            return k
    return n


# ----------------------------------------------------------------------------------------------------- McNemar's test


def mcnemar(learner) -> None:
    """Check `mcnemar(first_right, second_right)`: the exact two-sided p-value, a float."""
    for seed, counts in enumerate(
        ((7, 6, 2, 4), (30, 3, 11, 7), (30, 6, 6, 8), (20, 0, 4, 3), (25, 0, 0, 5), (9, 2, 1, 4), (60, 40, 23, 50))
    ):
        both, only_first, only_second, neither = counts
        both, neither = grown(seed, both, neither)
        counts = both, only_first, only_second, neither
        order = numbers(seed).permutation(sum(counts))
        first = np.repeat([True, True, False, False], counts)[order]
        second = np.repeat([True, False, True, False], counts)[order]
        answer = attempt(learner, first, second)
        what = (
            f"p-value for {only_first} faces that only the first got right and {only_second} that only the second did "
            f"({both} both, {neither} neither)"
        )
        if isinstance(answer, (bool, np.bool_)):
            raise Hint(f"{what}: return the number itself, not whether it is small; found {answer}.")
        expect(answer, _coins(only_first, only_second), what, _mcnemar_mistakes(*counts))
    passed("Tested: only the faces on which the two differ can tell them apart.")


def _heads(n: int) -> list[int]:
    """Return in how many ways n coins show 0, 1, …, n heads: Pascal's triangle, by adding."""
    row = [1]
    for _ in range(n):
        row = [a + b for a, b in zip([0, *row], [*row, 0], strict=True)]
    return row


def _coins(only_first: int, only_second: int) -> float:
    """Return the share of all ways in which n coins fall that are as far from half heads as this one, or further."""
    n = only_first + only_second
    ways = _heads(n)
    return sum(ways[k] for k in range(n + 1) if abs(2 * k - n) >= abs(only_first - only_second)) / sum(ways)


def _mcnemar_mistakes(both: int, only_first: int, only_second: int, neither: int) -> list:
    n, few, many = only_first + only_second, min(only_first, only_second), max(only_first, only_second)
    total, same = both + n + neither, both + neither
    ways = _heads(n)
    below = sum(ways[: few + 1]) / 2**n
    statistic = (only_first - only_second) ** 2 / max(n, 1)
    corrected = (many - few - 1) ** 2 / max(n, 1)
    return [
        (2 * below, "a probability above 1. If both models win equally often, the doubled sum is more than 1: min(1, …)."),
        (below, "this is one side only. The other model could have won as clearly: take it twice."),
        (2 * sum(ways[:few]) / 2**n, "the last term is missing: range(k + 1) ends at k, range(k) before it."),
        (2 * sum(ways[1 : few + 1]) / 2**n, "the first term is missing: count from 0."),
        (2 * ways[few] / 2**n, "this is one term only. Add up all of them, from 0 to the smaller number."),
        (min(1, 2 * sum(ways[: many + 1]) / 2**n), "k is too large: it is the smaller of the two *wins*, the "
            "faces that only one of the two got right. Take min, not max, and not all right answers."),
        (-2 * below, "a probability below 0: 2**n was too large for NumPy's integers. Wrap n in int(): Python's have no end."),
        (2 * sum(ways[: few + 1]), "divide by 2 ** n, the number of ways in which n coins can fall."),
        (min(1, 2 * sum(_heads(total)[: few + 1]) / 2**total), "n counts all faces. Count only those on which the two differ."),
        (min(1, 2 * sum(_heads(same)[: few + 1]) / 2**same), "n counts the faces on which the two *agree*: != instead of ==."),
        (2 * below - ways[few] / 2**n, "this is the mid-p value. The exact test gives what was observed its whole weight."),
        (1 - _coins(only_first, only_second), "this is 1 − p."),
        ((only_first - only_second) / total, "this is the difference of the accuracies. Asked for is how likely luck makes it."),
        (statistic, "this is a χ² statistic. Asked for is the exact probability, by counting."),
        (math.erfc(math.sqrt(statistic / 2)), "this is the χ² approximation. Count exactly, with math.comb."),
        (math.erfc(math.sqrt(corrected / 2)), "this is the corrected χ² approximation. Count exactly, with math.comb."),
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------- flip averaging


def flip_average(learner) -> None:
    """Check `flip_average(predict, images)`: the mean of the probabilities of each picture and of its mirror image."""
    for seed, shape, classes in ((1, (3, 5, 7), 4), (2, (6, 4, 4), 7), (3, (2, 9, 6), 3)):
        shape, (classes,) = grown(seed, *shape), grown(seed, classes)
        rng = numbers(seed)
        images = rng.integers(0, 256, shape, dtype=np.uint8)
        predict = _make_predict(rng, shape, classes)
        answer = attempt(learner, predict, images)
        expected = np.zeros((shape[0], classes))
        for row, image in enumerate(images):
            mirrored = np.array([line[::-1] for line in image.tolist()])
            expected[row] = (predict(image[None])[0] + predict(mirrored[None])[0]) / 2
        what = f"probabilities of pictures {shape}"
        expect(answer, expected, what, _flip_mistakes(predict, images, expected))
    passed("Averaged: two looks at each face, one answer.")


def _make_predict(rng: np.random.Generator, shape: tuple[int, ...], classes: int):
    """Return a model in miniature: a softmax of weighted pixels, no two weights alike; it takes (N, H, W) only."""
    weights = rng.normal(size=(shape[1] * shape[2], classes)) / 30

    def predict(images):
        images = np.asarray(images)
        if images.ndim != 3 or images.shape[1:] != shape[1:]:
            raise ValueError(f"predict takes pictures of shape (N, {shape[1]}, {shape[2]}); found {images.shape}")
        scores = images.reshape(len(images), -1).astype(np.float64) @ weights
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return predict


def _flip_mistakes(predict, images: np.ndarray, expected: np.ndarray) -> list:
    plain, mirrored = predict(images), predict(images[:, :, ::-1])
    upside_down, turned, reordered = predict(images[:, ::-1]), predict(images[:, ::-1, ::-1]), predict(images[::-1])
    both = images + images[:, :, ::-1]  # of uint8: goes round at 256
    mixed = [predict(each) for each in (both // 2, both / 2, (images.astype(float) + images[:, :, ::-1]) / 2)]
    product = plain * mirrored
    two_noses = "you average the *pictures*: a face with two noses. Average the predictions."
    return [
        (plain, "these are the probabilities of the pictures as they are. Where are the mirrored ones?"),
        (mirrored, "these are the probabilities of the mirrored pictures alone. Average both."),
        ((plain + upside_down) / 2, "the pictures stand on their heads. Mirror the last axis: images[:, :, ::-1]."),
        ((plain + turned) / 2, "the pictures are turned by half a turn. Mirror the last axis only: images[:, :, ::-1]."),
        ((plain + reordered) / 2, "images[::-1] reverses the order of the *faces*: each is averaged with another one. "
                                  "Mirror the last axis: images[:, :, ::-1]."),
        (plain + mirrored / 2, "only the second is halved. Put the sum in parentheses: (a + b) / 2."),
        (plain + mirrored, "this is the sum; its rows add up to 2. Divide by 2."),
        *[(each, two_noses) for each in mixed],
        (np.maximum(plain, mirrored), "this is the larger of the two; its rows add up to more than 1. Take the mean."),
        (product, "this is the product. Take the mean: (a + b) / 2."),
        (np.sqrt(product), "this is the geometric mean. Take the plain one: (a + b) / 2."),
        (expected.argmax(axis=1), "these are the classes. Return the averaged probabilities."),
        (expected.mean(axis=0), "the mean goes over the faces. Average the two views, face by face."),
        (expected.mean(axis=1), "the mean goes over the classes. Average the two views, class by class."),
        (np.concatenate([plain, mirrored]), "these are both views, one below the other. Average them."),
        (np.stack([plain, mirrored]), "these are both views. Average them: axis=0."),
    ]  # fmt: skip
