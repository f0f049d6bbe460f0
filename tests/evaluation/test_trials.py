"""Seeds compared with SciPy's distributions and tests; verdicts and seed counts with their own definitions."""

import math

import numpy as np
import pytest
from scipy import stats

from fer_course.errors import DataError
from fer_course.evaluation import trials


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 10, 29, 30, 100, 1001])
def test_t95_is_the_quantile_of_scipys_distribution(degrees):
    assert trials.t95(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-10)


@pytest.mark.parametrize("n", [2, 3, 4, 7, 20])
def test_a_summary_is_scipys_interval(n):
    scores = np.random.default_rng(n).normal(0.6, 0.02, n)
    found = trials.summarise(scores.tolist())
    expected = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    assert found.mean == pytest.approx(math.fsum(scores) / n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_one_score_has_a_mean_and_no_ends():
    assert trials.summarise([0.6]) == (0.6, -math.inf, math.inf)


def test_a_summary_takes_the_values_of_a_dictionary():
    assert trials.summarise({0: 0.5, 1: 0.7}.values()).mean == pytest.approx(0.6)


def test_differences_pair_by_seed_whatever_the_order():
    assert trials.differences({7: 0.5, 2: 0.6}, {2: 0.7, 7: 0.4}) == pytest.approx([0.1, -0.1])


@pytest.mark.parametrize("seed", range(30))
def test_the_verdict_is_that_of_scipys_paired_test(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    first = dict(enumerate(rng.normal(0.6, 0.02, n)))
    second = {place: value + rng.normal(0.02 * (seed % 3 - 1), 0.008) for place, value in first.items()}
    test = stats.ttest_rel(list(second.values()), list(first.values()))
    expected = "can't tell" if test.pvalue >= 0.05 else "better" if test.statistic > 0 else "worse"
    assert trials.decide(first, second) == expected


def test_all_three_verdicts_occur_in_that_comparison():
    steady = {seed: 0.5 + seed / 10 for seed in range(3)}
    moved = {seed: value + 0.02 + seed / 1000 for seed, value in steady.items()}
    found = {trials.decide(steady, moved), trials.decide(moved, steady), trials.decide(steady, steady)}
    assert found == {trials.BETTER, trials.WORSE, trials.OPEN}


def test_one_pair_decides_nothing():
    assert trials.decide({0: 0.1}, {0: 0.9}) == trials.OPEN


@pytest.mark.parametrize("gain", [0.01, -0.01, 0.0])
@pytest.mark.parametrize("pairs", range(1, 10))
def test_equal_differences_are_decided_by_scipys_sign_test(pairs, gain):
    first = {seed: 0.5 + seed / 100 for seed in range(pairs)}
    likely = stats.binomtest(pairs, pairs, 0.5).pvalue >= 0.05 or gain == 0
    expected = trials.OPEN if likely else trials.BETTER if gain > 0 else trials.WORSE
    assert trials.decide(first, {seed: score + gain for seed, score in first.items()}) == expected


@pytest.mark.parametrize(("spread", "difference"), [(1.0, 2.0), (1.0, 1.0), (0.02, 0.005), (3.0, 0.9)])
def test_the_seeds_needed_are_the_fewest(spread, difference):
    seeds = trials.seeds_needed(spread, difference)

    def reach(n):
        return stats.t.ppf(0.975, n - 1) * spread / math.sqrt(n)

    assert reach(seeds) <= difference
    assert seeds == 2 or reach(seeds - 1) > difference


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trials.t95(0), "two scores or more"),
        (lambda: trials.summarise([]), "one seed or more"),
        (lambda: trials.differences({0: 0.5}, {1: 0.5}), r"same seeds in both; found \[0\] and \[1\]"),
        (lambda: trials.decide({}, {}), "one seed or more"),
        (lambda: trials.seeds_needed(1.0, 0.0), "above 0"),
        (lambda: trials.seeds_needed(1.0, 0.01, most=50), "Even 50 seeds"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(DataError, match=message):
        call()
