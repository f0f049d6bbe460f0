"""Checks of evaluation: right answers pass in any form, and each known mistake gets its own hint."""

import math

import numpy as np
import pytest
from answers import assert_passes, three_tests
from scipy import stats

from fer_course.checks import evaluation

# ------------------------------------------------------------------------------------------------------- normalise


def normalise_by_loops(confusion):
    table = []
    for row in confusion.tolist():
        total = sum(row)
        table.append([count / total if total else 0.0 for count in row])
    return table


def normalise_at_once(confusion):
    return confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)


def normalise_where(confusion):
    sums = confusion.sum(axis=1)[:, None]
    return np.divide(confusion, sums, out=np.zeros(confusion.shape), where=sums > 0)


def normalise_in_place(confusion):
    confusion[:] = 1
    return confusion


def into_integers(confusion):
    shares = np.zeros_like(confusion)
    for k, row in enumerate(confusion):
        shares[k] = row / max(row.sum(), 1)
    return shares


NORMALISE_RIGHT = {
    "loops": normalise_by_loops,
    "at once": normalise_at_once,
    "where": normalise_where,
    "nan to num": lambda confusion: np.nan_to_num(confusion / confusion.sum(axis=1, keepdims=True)),
    "float32": lambda confusion: normalise_at_once(confusion).astype(np.float32),
    "transposed twice": lambda confusion: (confusion.T / np.maximum(confusion.sum(axis=1), 1)).T,
}
NORMALISE_WRONG = {
    "columns, keepdims": (lambda c: c / c.sum(axis=0, keepdims=True), r"\*columns\* add up"),
    "into integers": (into_integers, "array of integers"),
    "row left out": (lambda c: normalise_at_once(c[c.sum(axis=1) > 0]), "xpected an array of shape"),
    "in place": (normalise_in_place, "in place"),
    "nothing": (lambda c: None, "return"),
    "text": (lambda c: "done", "expected an array"),
}

# ------------------------------------------------------------------------------------------------------- bootstrap


def draws(right, repeats, rng, size=None, replace=True):
    return [right[rng.choice(len(right), size or len(right), replace)].mean() for _ in range(repeats)]


def bootstrap_by_loops(right, repeats, rng):
    accuracies = sorted(right[rng.integers(0, len(right), len(right))].mean() for _ in range(repeats))
    return accuracies[round(0.025 * repeats)], accuracies[round(0.975 * repeats)]


def bootstrap_at_once(right, repeats, rng):
    rows = rng.integers(0, len(right), (repeats, len(right)))
    return np.percentile(right[rows].mean(axis=1), [2.5, 97.5])


def with_ends(*ends, function=np.percentile, **options):
    return lambda right, repeats, rng: tuple(function(draws(right, repeats, rng, **options), ends))


def bootstrap_once(right, repeats, rng):
    rows = rng.integers(0, len(right), len(right))
    return tuple(np.percentile([right[rows].mean() for _ in range(repeats)], [2.5, 97.5]))


def one_error(right, repeats, rng):
    error = np.std(draws(right, repeats, rng))
    return right.mean() - error, right.mean() + error


BOOTSTRAP_RIGHT = {
    "loops": bootstrap_by_loops,
    "at once": bootstrap_at_once,
    "quantile": with_ends(0.025, 0.975, function=np.quantile),
    "own generator": lambda right, repeats, rng: bootstrap_by_loops(right, repeats, np.random.default_rng(77)),
    "float32": lambda right, repeats, rng: bootstrap_at_once(right, repeats, rng).astype(np.float32),
    "a list": lambda right, repeats, rng: bootstrap_at_once(right, repeats, rng).tolist(),
    "multinomial": lambda right, repeats, rng: np.percentile(
        rng.binomial(len(right), right.mean(), repeats) / len(right), [2.5, 97.5]
    ),
}


def by_formula(right, repeats, rng):
    p, n = right.mean(), len(right)
    return p - 1.96 * math.sqrt(p * (1 - p) / n), p + 1.96 * math.sqrt(p * (1 - p) / n)


def by_deviation(right, repeats, rng):
    means = draws(right, repeats, rng)
    return np.mean(means) - 1.96 * np.std(means), np.mean(means) + 1.96 * np.std(means)


def last_never_drawn(right, repeats, rng):
    n = len(right)
    return np.percentile([right[rng.integers(0, n - 1, size=n)].mean() for _ in range(repeats)], [2.5, 97.5])


def first_never_sampled(right, repeats, rng):
    n = len(right)
    return np.percentile([right[rng.integers(1, n, size=n)].mean() for _ in range(repeats)], [2.5, 97.5])


def as_often_as_there_are_faces(right, repeats, rng):
    return bootstrap_at_once(right, len(right), rng)


BOOTSTRAP_WRONG = {
    "first face": (first_never_sampled, "first face is never sampled"),
    "n times": (as_often_as_there_are_faces, "Percentiles of a few resamples"),
    "a text": (lambda right, repeats, rng: "wide", "two numbers"),
    "formula": (by_formula, "a formula with 1.96"),
    "deviation": (by_deviation, "a formula with 1.96"),
    "last face": (last_never_drawn, "last face is never sampled"),
    "without replacement": (with_ends(2.5, 97.5, replace=False), "with replacement"),
    "drawn once": (bootstrap_once, "inside the loop"),
    "90 %": (with_ends(5, 95), "leaves 90 %"),
    "one error": (one_error, "one standard error"),
    "percentile of shares": (with_ends(0.025, 0.975), "from 0 to 100"),
    "extremes": (with_ends(0, 100), "far too wide"),
    "few faces": (with_ends(2.5, 97.5, size=200), "far too wide"),
    "many faces": (with_ends(2.5, 97.5, size=3600), "one standard error"),
    "reversed": (with_ends(97.5, 2.5), "lower end first"),
    "per cent": (lambda right, repeats, rng: tuple(100 * bootstrap_at_once(right, repeats, rng)), "per cent"),
    "all of them": (draws, "all the accuracies"),
    "the mean": (lambda right, repeats, rng: np.mean(draws(right, repeats, rng)), "two numbers"),
    "half width": (lambda right, repeats, rng: (right.mean(), 0.03), "lower end first"),
    "some faces only": (
        lambda right, repeats, rng: bootstrap_at_once(right[:100], repeats, rng),
        "far too wide|expected about",
    ),
    "99 %": (with_ends(0.5, 99.5), "expected about"),
    "nothing": (lambda right, repeats, rng: None, "return"),
}

# ------------------------------------------------------------------------------------------------------- McNemar


def counted(first, second):
    return int((first & ~second).sum()), int((second & ~first).sum())


def tail(n, k, start=0):
    return sum(math.comb(n, i) for i in range(start, k + 1)) / 2**n


def mcnemar_plain(first, second):
    b, c = counted(first, second)
    return min(1, 2 * tail(b + c, min(b, c)))


def mcnemar_by_loops(first, second):
    b = sum(1 for x, y in zip(first, second, strict=True) if x and not y)
    c = sum(1 for x, y in zip(first, second, strict=True) if y and not x)
    p = 0.0
    for k in range(min(b, c) + 1):
        p += 2 * math.comb(b + c, k) * 0.5 ** (b + c)
    return min(p, 1.0)


def mcnemar_by_scipy(first, second):
    b, c = counted(first, second)
    return stats.binomtest(b, b + c).pvalue if b + c else 1.0


def with_counts(compute):
    """Return a test that computes from (both, only first, only second, neither)."""

    def test(first, second):
        return compute(int((first & second).sum()), *counted(first, second), int((~first & ~second).sum()))

    return test


def chi2(statistic):
    return stats.chi2.sf(statistic, 1)


MCNEMAR_RIGHT = {
    "plain": mcnemar_plain,
    "loops": mcnemar_by_loops,
    "scipy": mcnemar_by_scipy,
    "float32": lambda first, second: np.float32(mcnemar_plain(first, second)),
    "exchanged": lambda first, second: mcnemar_plain(second, first),
}


def with_numpy_integers(first_right, second_right):
    first, second = (first_right & ~second_right).sum(), (second_right & ~first_right).sum()
    n, k = first + second, min(first, second)
    return min(1, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)


MCNEMAR_WRONG = {
    "NumPy's integers": (with_numpy_integers, r"int\(\)"),
    "all right answers": (
        with_counts(lambda n11, b, c, n00: min(1, 2 * tail(b + c, min(n11 + b, n11 + c)))),
        "not all right answers",
    ),
    "larger": (with_counts(lambda n11, b, c, n00: min(1, 2 * tail(b + c, max(b, c)))), "min, not max"),
    "mid-p": (
        with_counts(lambda n11, b, c, n00: 2 * tail(b + c, min(b, c)) - math.comb(b + c, min(b, c)) / 2 ** (b + c)),
        "mid-p",
    ),
    "chi squared": (with_counts(lambda n11, b, c, n00: chi2((b - c) ** 2 / max(b + c, 1))), "approximation"),
    "corrected": (
        with_counts(lambda n11, b, c, n00: chi2((abs(b - c) - 1) ** 2 / max(b + c, 1))),
        "corrected",
    ),
    "unpaired": (
        lambda first, second: stats.ttest_ind(first.astype(float), second.astype(float)).pvalue,
        "expected",
    ),
    "is it small": (lambda first, second: mcnemar_plain(first, second) < 0.05, "the p-value itself"),
    "both counts": (counted, "A p-value is one number"),
    "minus of masks": (lambda first, second: (first - second).sum(), "TypeError"),
    "nothing": (lambda first, second: None, "return"),
}

# ------------------------------------------------------------------------------------------------- flip averaging


def flip_plain(predict, images):
    return (predict(images) + predict(images[:, :, ::-1])) / 2


def flip_by_loops(predict, images):
    rows = []
    for image in images:
        mirrored = np.array([row[::-1] for row in image])
        rows.append(predict(np.stack([image, mirrored])).mean(axis=0))
    return rows


def flip_in_one_go(predict, images):
    both = predict(np.concatenate([images, np.flip(images, axis=2)]))
    return both.reshape(2, len(images), -1).mean(axis=0)


def flip_in_place(predict, images):
    plain = predict(images)
    images[:] = images[:, :, ::-1].copy()
    return (plain + predict(images)) / 2


def views(combine):
    return lambda predict, images: combine(predict(images), predict(images[:, :, ::-1]))


FLIP_RIGHT = {
    "plain": flip_plain,
    "loops": flip_by_loops,
    "in one go": flip_in_one_go,
    "fliplr": lambda predict, images: (predict(images) + predict(np.stack([np.fliplr(each) for each in images]))) / 2,
    "float32": lambda predict, images: flip_plain(predict, images).astype(np.float32),
    "mean of a stack": views(lambda a, b: np.mean([a, b], axis=0)),
}
FLIP_WRONG = {
    "on its side": (
        lambda predict, images: (predict(images) + predict(images.transpose(0, 2, 1))) / 2,
        "ValueError|expected",
    ),
    "in place": (flip_in_place, "in place"),
    "nothing": (lambda predict, images: None, "return"),
}

# ------------------------------------------------------------------------------------------------------- the tests

CHECKS = {
    evaluation.normalise: (NORMALISE_RIGHT, NORMALISE_WRONG),
    evaluation.bootstrap_interval: (BOOTSTRAP_RIGHT, BOOTSTRAP_WRONG),
    evaluation.mcnemar: (MCNEMAR_RIGHT, MCNEMAR_WRONG),
    evaluation.flip_average: (FLIP_RIGHT, FLIP_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


@pytest.mark.parametrize("seed", range(20))
def test_right_bootstraps_pass_whatever_their_luck(seed, capfd):
    def seeded(right, repeats, rng):
        return bootstrap_at_once(right, repeats, np.random.default_rng(seed))

    assert_passes(evaluation.bootstrap_interval, seeded, capfd)


@pytest.mark.parametrize(("n", "share"), [(900, 0.63), (900, 0.3), (17, 0.5)])
def test_the_oracle_knows_the_binomial_distribution(n, share):
    for probability in (0.025, 0.5, 0.975):
        assert evaluation._binomial_quantile(probability, n, share) == stats.binom.ppf(probability, n, share)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (5, 1), (3, 11), (6, 6), (40, 61)])
def test_the_oracle_of_mcnemar_agrees_with_scipy(first, second):
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert evaluation._coins(first, second) == pytest.approx(expected)
