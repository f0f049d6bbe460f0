"""Checks: a normalised confusion matrix, the bootstrap, McNemar's test, an average over a flip."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from fer_course.checks.answers import number
from fer_course.checks.comparing import as_array, close, short
from fer_course.checks.core import Hint, Mistake, attempt, check, grown, judge, numbers, passed

# ------------------------------------------------------------------------------------------------- confusion matrix


@check
def normalise(answer) -> None:
    """Check `normalise(confusion)`: each row (true class) divided by its sum; a row without faces stays 0."""
    cases = [(_some_confusion(seed, *grown(seed, classes)),) for seed, classes in ((1, 3), (2, 7), (3, 4))]
    judge(answer, cases, _shares_of_rows, _what_confusion, mistakes=NORMALISE_MISTAKES)
    passed("Each row adds up to 1: of all faces of this class, where did they go?")


def _some_confusion(seed: int, classes: int) -> np.ndarray:
    """Return counts, int64 (classes, classes): one row without faces, one with a single face, no column empty."""
    rng = numbers(seed)
    confusion = rng.integers(1, 30, (classes, classes)) + np.diag(rng.integers(20, 90, classes))
    empty, single = rng.choice(classes, 2, replace=False)
    confusion[[empty, single]] = 0
    confusion[single, rng.integers(classes)] = 1
    return confusion


def _what_confusion(confusion: np.ndarray) -> str:
    return f"a matrix of {len(confusion)} classes (no face of class {confusion.sum(axis=1).argmin()})"


def _shares_of_rows(confusion: np.ndarray) -> np.ndarray:
    return np.array([[count / max(sum(row), 1) for count in row] for row in confusion.tolist()])


def _divided(least=1, axis=1, keep=True, summary=np.sum):
    """Return a wrong `normalise`: it divides by the sums along `axis`, or by other numbers, which are `least` or more."""
    return lambda confusion: confusion / np.maximum(summary(confusion, axis=axis, keepdims=keep), least)


_LARGEST = "you divide by the largest count of each row. Divide by the sum of the row."
_LOST_AXIS = (
    "the row sums lie along the columns: NumPy lines up a (classes,) array with the last axis. "
    "Keep the axis: .sum(axis=1, keepdims=True)."
)

NORMALISE_MISTAKES = (
    Mistake(_divided(least=0),
            "the row of a class without faces is 0 / 0, which is nan. Divide by np.maximum(sums, 1), so that it stays 0."),
    Mistake(_divided(axis=0), "your *columns* add up to 1. A row is a true class: sum over axis 1, with keepdims=True."),
    Mistake(_divided(least=0, keep=False), _LOST_AXIS),
    Mistake(_divided(keep=False), _LOST_AXIS),
    Mistake(_divided(axis=None), "the whole matrix adds up to 1. Divide each row by its own sum."),
    Mistake(_divided(least=2), "the row with a single face adds up to 0.5. Divide by 1 or more, np.maximum(sums, 1), not 2."),
    Mistake(_divided(summary=np.mean, least=0), "you divide by the mean of each row. Divide by its sum."),
    Mistake(_divided(summary=np.mean), "you divide by the mean of each row. Divide by its sum."),
    Mistake(lambda confusion: _shares_of_rows(confusion).T, "rows and columns are exchanged. Keep the true classes in the rows."),
    Mistake(lambda confusion: 100 * _shares_of_rows(confusion), "these are per cent. Return shares, from 0 to 1."),
    Mistake(lambda confusion: confusion.copy(), "these are still the counts. Divide each row by its sum."),
    Mistake(lambda confusion: confusion * confusion.sum(axis=1, keepdims=True),
            "you multiply each row by its sum. Divide by it."),
    Mistake(lambda confusion: confusion // np.maximum(confusion.sum(axis=1, keepdims=True), 1),
            "whole numbers only. Did you divide with //, or write the shares into an array of integers?"),
    Mistake(lambda confusion: np.diag(_shares_of_rows(confusion)), "this is the recall of each class. Return the whole matrix."),
    Mistake(_divided(summary=np.max, least=0), _LARGEST),
    Mistake(_divided(summary=np.max), _LARGEST),
)  # fmt: skip


# -------------------------------------------------------------------------------------------------------- bootstrap

REPEATS = 6000
#: How far the ends of an interval may lie from where they belong, in standard errors: five times the luck of 6,000 resamples.
SLACK = 0.25


@check
def bootstrap_interval(answer) -> None:
    """Check `bootstrap_interval(right, repeats, rng)`: the two ends of the 95 % interval of the accuracy."""
    for seed, share in ((1, 0.63), (2, 0.3)):
        rng = numbers(seed)
        right = rng.permutation(np.arange(900) < round(900 * share))
        _two_ends(attempt(answer, right, REPEATS, numbers(seed)), float(right.mean()), len(right))
    for seed, missed in ((3, -1), (4, 0)):  # so few faces that a formula shows, and a face that is never sampled
        few = np.ones(5, dtype=bool)
        few[missed] = False
        _two_ends(attempt(answer, few, REPEATS, numbers(seed)), 0.8, 5, _NEVER[missed])
    passed("Measured: how far the score moves when other faces are sampled.")


_NEVER = {
    -1: "the last face is never sampled. rng.integers(0, n, size=n) leaves n itself out: don't subtract 1.",
    0: "the first face is never sampled. Row numbers begin at 0: rng.integers(0, n, size=n).",
}


def _two_ends(answer, share: float, n: int, never: str = "") -> None:
    """Raise a hint unless the answer is near the ends that the binomial distribution has.

    `never` is the hint for ends of 1: the only wrong face of a few is never sampled.
    """
    what = f"interval of {share:.1%} of {n} faces"
    ends = as_array(answer)
    if ends is None or ends.shape != (2,) or ends.dtype.kind not in "fiu":
        raise Hint(f"{what}: return two numbers, `return low, high`; found {_described(answer)}.")
    low, high = map(float, ends)
    expected = [_binomial_quantile(each, n, share) / n for each in (0.025, 0.975)]
    error = math.sqrt(share * (1 - share) / n)
    if all(abs(found - end) <= SLACK * error for found, end in zip((low, high), expected, strict=True)):
        return
    told = _interval_mistake(low, high, share, error, n, never) or (
        f"expected about {expected[0]:.3f} to {expected[1]:.3f}, found {low:.3f} to {high:.3f}. Sample {n} faces with "
        f"replacement, `repeats` times ({REPEATS}), and take the 2.5th and the 97.5th percentile."
    )
    raise Hint(f"{what}: {told}")


def _described(answer) -> str:
    many = np.shape(answer) == (REPEATS,) if as_array(answer) is not None else False
    return "all the accuracies: take two percentiles of them" if many else short(answer)


def _interval_mistake(low: float, high: float, share: float, error: float, n: int, never: str) -> str:
    """Return the hint for a known mistake, or nothing."""
    if never and low == high == 1:
        return never
    if low == high:
        return f"both ends are {low:.3f}. Every resample gives the same. Sample with replacement (rng.integers), inside the loop."
    if min(abs(low), abs(high)) > 1:
        return f"{low:.4g} to {high:.4g} looks like per cent or a number of faces. Return shares, from 0 to 1."
    if never and 1 < high < 2:
        return f"{low:.3f} to {high:.3f} goes beyond 1, as a formula with 1.96 does. Take percentiles of the resamples."
    if low > high:
        return f"the first number, {low:.3f}, is the larger one. Return the lower end first."
    if never and not close(np.array([low, high]) * n, np.rint(np.array([low, high]) * n)):
        return (
            f"found {low:.3f} to {high:.3f}, and the accuracy of {n} faces is a multiple of {1 / n:g}. Percentiles of a few "
            f"resamples lie in between: sample {n} faces, and do it `repeats` times ({REPEATS})."
        )
    ends = np.array([low - share, high - share]) / error  # in standard errors
    if (ends < -2.1).all():
        return "both ends lie at the lowest accuracies. np.percentile counts from 0 to 100: [2.5, 97.5]."
    if ends[0] < -2.8 and ends[1] > 2.8:
        return (
            "this is far too wide. Sample as many faces as there are, and cut 2.5 % off at each end; not the extremes."
        )
    if not never:
        for span, told in _SPANS.items():
            if np.abs(ends - [-span, span]).max() < 0.15:
                return told
    return ""


_SPANS = {
    1.0: "this reaches one standard error to each side, half of what it should. Sample as many faces as there are, and take the "
    "2.5th and the 97.5th percentile.",
    NormalDist().inv_cdf(0.95): "5 % are cut off at each end, which leaves 90 %. For 95 % cut off 2.5 % at each end.",
}


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


@check
def mcnemar(answer) -> None:
    """Check `mcnemar(first_right, second_right)`: the exact two-sided p-value, a float."""
    cases = []
    for seed, (both, only_first, only_second, neither) in enumerate(
        ((7, 6, 2, 4), (30, 3, 11, 7), (30, 6, 6, 8), (20, 0, 4, 3), (25, 0, 0, 5), (9, 2, 1, 4), (60, 40, 23, 50))
    ):
        both, neither = grown(seed, both, neither)
        counts = both, only_first, only_second, neither
        order = numbers(seed).permutation(sum(counts))
        first, second = (np.repeat(right, counts)[order] for right in ([1, 1, 0, 0], [1, 0, 1, 0]))
        cases.append((first == 1, second == 1))
    judge(
        answer,
        cases,
        _with_counts(lambda both, b, c, neither: _coins(b, c)),
        _what_models,
        mistakes=MCNEMAR_MISTAKES,
        form=_p_value,
    )
    passed("Tested: only the faces on which the two differ can tell them apart.")


def _p_value(answer):
    if isinstance(answer, (bool, np.bool_)):
        raise Hint(f"Return the p-value itself, not whether it is small; found {answer}.")
    return number(answer, "A p-value")


def _what_models(first: np.ndarray, second: np.ndarray) -> str:
    both, only_first, only_second, neither = _counts(first, second)
    return (
        f"p-value for {only_first} faces that only the first got right and {only_second} that only the second did "
        f"({both} both, {neither} neither)"
    )


def _counts(first: np.ndarray, second: np.ndarray) -> tuple[int, int, int, int]:
    """Return how many faces both models, only the first, only the second, and neither got right."""
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    return tuple(pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False)))


def _with_counts(compute):
    """Return a test that computes its result from the four counts."""
    return lambda first, second: compute(*_counts(first, second))


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


def _tail(n: int, last: int, first: int = 0) -> float:
    """Return the share of all ways in which n coins fall that show `first` to `last` heads."""
    return sum(_heads(n)[first : max(last + 1, 0)]) / 2**n


def _terms(first=0, more=0, n_of=lambda both, b, c, neither: b + c, times=2):
    """Return a wrong test that sums from `first` to the smaller number of wins and `more`, of `n_of(the counts)` coins."""
    return _with_counts(
        lambda both, b, c, neither: min(1, times * _tail(n_of(both, b, c, neither), min(b, c) + more, first))
    )


def _chi_squared(b: int, c: int, correction: int = 0) -> float:
    return (abs(b - c) - correction) ** 2 / max(b + c, 1)


MCNEMAR_MISTAKES = (
    Mistake(_with_counts(lambda both, b, c, neither: 2 * _tail(b + c, min(b, c))),
            "a probability above 1 for some faces. If both models win equally often, the doubled sum is more than 1: min(1, …)."),
    Mistake(_terms(times=1), "this is one side only. The other model could have won as clearly: take it twice."),
    Mistake(_terms(more=-1), "the last term is missing: range(k + 1) ends at k, range(k) before it."),
    Mistake(_terms(more=-2), "the last two terms are missing: range(k + 1) ends at k."),
    Mistake(_terms(more=1), "there is one term too many: range(k + 1) ends at k already."),
    Mistake(_terms(first=1), "the first term is missing: count from 0."),
    Mistake(_with_counts(lambda both, b, c, neither: min(1, 2 * _heads(b + c)[min(b, c)] / 2 ** (b + c))),
            "this is one term only. Add up all of them, from 0 to the smaller number."),
    Mistake(lambda first, second: 1.0,
            "your p is 1 whatever the counts. Is the sum divided by 2 ** n? And is k the smaller of the two *wins*, the faces "
            "that only one of the two got right (min, not max, and not all right answers)?"),
    Mistake(lambda first, second: 0.0,
            "your p is 0 whatever the counts. math.comb(n, i) counts in how many ways i of n coins show heads, n first; it is 0 "
            "if i is larger than n. And min(1, p) keeps the smaller of the two."),
    Mistake(_with_counts(lambda both, b, c, neither: _coins(b, c) * (-1 if b + c > 62 else 1)),
            "a probability below 0: 2**n was too large for NumPy's integers. Wrap n in int(): Python's have no end."),
    Mistake(_with_counts(lambda both, b, c, neither: 2 * sum(_heads(b + c)[: min(b, c) + 1])),
            "divide by 2 ** n, the number of ways in which n coins can fall."),
    Mistake(_terms(n_of=lambda *counts: sum(counts)), "n counts all faces. Count only those on which the two differ."),
    Mistake(_terms(n_of=lambda both, b, c, neither: both + neither),
            "n counts the faces on which the two *agree*: != instead of ==."),
    Mistake(_with_counts(lambda both, b, c, neither: 2 * _tail(b + c, min(b, c)) - _heads(b + c)[min(b, c)] / 2 ** (b + c)),
            "this is the mid-p value. The exact test gives what was observed its whole weight."),
    Mistake(_with_counts(lambda both, b, c, neither: 1 - _coins(b, c)), "this is 1 − p."),
    Mistake(_with_counts(lambda both, b, c, neither: (b - c) / (both + b + c + neither)),
            "this is the difference of the accuracies. Asked for is how likely luck makes it."),
    Mistake(_with_counts(lambda both, b, c, neither: _chi_squared(b, c)),
            "this is a χ² statistic. Asked for is the exact probability, by counting."),
    Mistake(_with_counts(lambda both, b, c, neither: math.erfc(math.sqrt(_chi_squared(b, c) / 2))),
            "this is the χ² approximation. Count exactly, with math.comb."),
    Mistake(_with_counts(lambda both, b, c, neither: math.erfc(math.sqrt(_chi_squared(b, c, 1) / 2))),
            "this is the corrected χ² approximation. Count exactly, with math.comb."),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------- flip averaging


@check
def flip_average(answer) -> None:
    """Check `flip_average(predict, images)`: the mean of the probabilities of each picture and of its mirror image."""
    cases = []
    for seed, shape, classes in ((1, (3, 5, 7), 4), (2, (6, 4, 4), 7), (3, (2, 9, 6), 3)):
        shape, (classes,) = grown(seed, *shape), grown(seed, classes)
        rng = numbers(seed)
        images = rng.integers(0, 256, shape, dtype=np.uint8)
        cases.append((_make_predict(rng, shape, classes), images))
    judge(
        answer,
        cases,
        _mean_of_two_looks,
        lambda predict, images: f"probabilities of pictures {images.shape}",
        mistakes=FLIP_AVERAGE_MISTAKES,
    )
    passed("Averaged: two looks at each face, one answer.")


def _mean_of_two_looks(predict, images: np.ndarray) -> np.ndarray:
    rows = []
    for image in images:
        mirrored = np.array([line[::-1] for line in image.tolist()])
        rows.append((predict(image[None])[0] + predict(mirrored[None])[0]) / 2)
    return np.array(rows)


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


def _looks(combine, *index):
    """Return a wrong average: `combine` of the probabilities of the pictures and of `images[index]`, the mirrored ones."""
    index = index or (_ALL, _ALL, _BACK)
    return lambda predict, images: combine(predict(images), predict(images[index]))


def _mean(plain: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (plain + other) / 2


_ALL, _BACK = slice(None), slice(None, None, -1)
_TWO_NOSES = "you average the *pictures*: a face with two noses. Average the predictions."

FLIP_AVERAGE_MISTAKES = (
    Mistake(lambda predict, images: predict(images),
            "these are the probabilities of the pictures as they are. Where are the mirrored ones?"),
    Mistake(_looks(lambda plain, mirrored: mirrored),
            "these are the probabilities of the mirrored pictures alone. Average both."),
    Mistake(_looks(_mean, _ALL, _BACK), "the pictures stand on their heads. Mirror the last axis: images[:, :, ::-1]."),
    Mistake(_looks(_mean, _ALL, _BACK, _BACK),
            "the pictures are turned by half a turn. Mirror the last axis only: images[:, :, ::-1]."),
    Mistake(_looks(_mean, _BACK),
            "images[::-1] reverses the order of the *faces*: each is averaged with another one. Mirror the last axis: images[:, "
            ":, ::-1]."),
    Mistake(_looks(lambda plain, mirrored: plain + mirrored / 2),
            "only the second is halved. Put the sum in parentheses: (a + b) / 2."),
    Mistake(_looks(lambda plain, mirrored: plain + mirrored), "this is the sum; its rows add up to 2. Divide by 2."),
    Mistake(_looks(lambda plain, mirrored: (plain - mirrored) / 2),
            "this is half the *difference* of the two; its rows add up to 0. Add them."),
    Mistake(lambda predict, images: predict((images + images[:, :, ::-1]) // 2), _TWO_NOSES),  # uint8 goes round at 256
    Mistake(lambda predict, images: predict((images + images[:, :, ::-1]) / 2), _TWO_NOSES),
    Mistake(lambda predict, images: predict((images.astype(float) + images[:, :, ::-1]) / 2), _TWO_NOSES),
    Mistake(_looks(np.maximum), "this is the larger of the two; its rows add up to more than 1. Take the mean."),
    Mistake(_looks(np.multiply), "this is the product. Take the mean: (a + b) / 2."),
    Mistake(_looks(lambda plain, mirrored: np.sqrt(plain * mirrored)),
            "this is the geometric mean. Take the plain one: (a + b) / 2."),
    Mistake(_looks(lambda plain, mirrored: (plain + mirrored).argmax(axis=1)),
            "these are the classes. Return the averaged probabilities."),
    Mistake(_looks(lambda plain, mirrored: _mean(plain, mirrored).mean(axis=0)),
            "the mean goes over the faces. Average the two views, face by face."),
    Mistake(_looks(lambda plain, mirrored: _mean(plain, mirrored).mean(axis=1)),
            "the mean goes over the classes. Average the two views, class by class."),
    Mistake(_looks(lambda plain, mirrored: np.concatenate([plain, mirrored])),
            "these are both views, one below the other. Average them."),
    Mistake(_looks(lambda plain, mirrored: np.stack([plain, mirrored])), "these are both views. Average them: axis=0."),
)  # fmt: skip
