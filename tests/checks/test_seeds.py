"""Checks of seeds: right answers pass in any form, and each known mistake gets its own hint."""

import math
import statistics

import numpy as np
import pytest
from answers import three_tests
from scipy import integrate, stats

from fer_course.checks import seeds
from fer_course.evaluation import trials

# ------------------------------------------------------------------------------------------------------ running seeds


def seeds_plain(run, seeds):
    found = [run(seed) for seed in seeds]
    half = trials.t95(len(found) - 1) * np.std(found, ddof=1) / np.sqrt(len(found))
    return np.mean(found), np.mean(found) - half, np.mean(found) + half


def seeds_by_statistics(run, seeds):
    found = list(map(run, seeds))
    half = stats.t.ppf(0.975, len(found) - 1) * statistics.stdev(found) / math.sqrt(len(found))
    mean = statistics.fmean(found)
    return [mean, mean - half, mean + half]


def with_interval(half, middle=np.mean):
    def run_seeds(run, seeds):
        found = [run(seed) for seed in seeds]
        return middle(found), np.mean(found) - half(found), np.mean(found) + half(found)

    return run_seeds


def error(found, ddof=1):
    return np.std(found, ddof=ddof) / np.sqrt(len(found))


def t_of(found, more=0):
    return trials.t95(len(found) - 1 + more)


def of_scores(function):
    return lambda run, seeds: function([run(seed) for seed in seeds])


def same_seed(run, seeds):
    return seeds_plain(lambda seed: run(seeds[0]), seeds)


def twice(run, seeds):
    half = trials.t95(len(seeds) - 1) * error([run(seed) for seed in seeds])
    mean = np.mean([run(seed) for seed in seeds])
    return mean, mean - half, mean + half


SEEDS_RIGHT = {
    "plain": seeds_plain,
    "statistics": seeds_by_statistics,
    "package": lambda run, seeds: trials.summarise([run(seed) for seed in seeds]),
    "another order": lambda run, seeds: seeds_plain(run, sorted(seeds)),
    "float32 array": lambda run, seeds: np.array(seeds_plain(run, seeds), dtype=np.float32),
    "scipy": of_scores(lambda found: (np.mean(found), *stats.ttest_1samp(found, 0).confidence_interval(0.95))),
}
SEEDS_WRONG = {
    "the mean alone": (of_scores(np.mean), "three numbers"),
    "all the scores": (of_scores(lambda found: [*found, 0, 0]), "three numbers|expected"),
    "one seed again and again": (same_seed, "again and again"),
    "its own seeds": (lambda run, seeds: seeds_plain(run, range(len(seeds))), "Go through the list"),
    "each seed twice": (twice, "keep the scores"),
    "a seed left out": (lambda run, seeds: seeds_plain(run, seeds[1:]), "expected each of"),
    "the whole list": (lambda run, seeds: seeds_plain(lambda seed: run(seeds), seeds), "stopped with TypeError"),
    "a method": (of_scores(lambda found: (0.6, found.sort, 0.7)), "three numbers"),
    "never run": (lambda run, seeds: (0.6, 0.5, 0.7), "never called"),
    "nothing": (of_scores(lambda found: None), "return"),
}

# ------------------------------------------------------------------------------------------------------------ verdict


def gains_of(baseline, mine):
    return np.array([mine[seed] - baseline[seed] for seed in baseline])


def by_interval(half, gains=gains_of, above=lambda x: x > 0, alone="can't tell"):
    def decide(baseline, mine):
        found = np.asarray(gains(baseline, mine))
        if len(found) < 2 and alone != "interval":
            return alone if alone != "sign" else ("better" if found[0] > 0 else "worse")
        low, high = found.mean() - half(found), found.mean() + half(found)
        return "better" if above(low) else "worse" if above(-high) else "can't tell"

    return decide


def right_half(found):
    return t_of(found) * error(found)


def decide_by_scipy(baseline, mine):
    seeds = sorted(baseline)
    if len(seeds) < 2 or baseline == mine:
        return "can't tell"
    test = stats.ttest_rel([mine[seed] for seed in seeds], [baseline[seed] for seed in seeds])
    return "can't tell" if test.pvalue >= 0.05 else "better" if test.statistic > 0 else "worse"


def by_sign(measure):
    def decide(baseline, mine):
        gain = round(measure(mine) - measure(baseline), 9)
        return "better" if gain > 0 else "worse" if gain < 0 else "can't tell"

    return decide


def no_overlap(baseline, mine):
    first, second = trials.summarise(baseline.values()), trials.summarise(mine.values())
    return "better" if second.low > first.high else "worse" if second.high < first.low else "can't tell"


def welch(baseline, mine):
    if len(baseline) < 2:
        return "can't tell"
    test = stats.ttest_ind(list(mine.values()), list(baseline.values()), equal_var=True)
    return "can't tell" if not test.pvalue < 0.05 else "better" if test.statistic > 0 else "worse"


def every_seed(baseline, mine):
    gains = np.round(gains_of(baseline, mine), 9)
    return "better" if (gains > 0).all() else "worse" if (gains < 0).all() else "can't tell"


def without_guard(baseline, mine):
    found = gains_of(baseline, mine)
    spread = np.std(found, ddof=1)
    half = stats.t.ppf(0.975, len(found) - 1) * spread / np.sqrt(len(found))
    return "better" if found.mean() > half else "worse" if found.mean() < -half else "can't tell"


def by_run_seeds(baseline, mine):
    _, low, high = seeds_plain(lambda seed: mine[seed] - baseline[seed], list(baseline))
    return "better" if low > 0 else "worse" if high < 0 else "can't tell"


def in_place(baseline, mine):
    for seed in baseline:
        mine[seed] -= baseline[seed]
    return "can't tell"


DECIDE_RIGHT = {
    "interval": by_interval(right_half),
    "package": trials.decide,
    "scipy": decide_by_scipy,
    "warns of one score": without_guard,
    "curly": lambda baseline, mine: trials.decide(baseline, mine).replace("'", "’"),
}


def by_wilcoxon(baseline, mine):
    gains = np.round(gains_of(baseline, mine), 9)
    p = stats.wilcoxon(gains).pvalue if gains.any() else 1
    return "can't tell" if p >= 0.05 else "better" if gains.mean() > 0 else "worse"


def one_sided(baseline, mine):
    found = np.round(gains_of(baseline, mine), 9)
    if len(found) < 2 or not found.any():
        return "can't tell"
    better, worse = (stats.ttest_1samp(found, 0, alternative=side).pvalue for side in ("greater", "less"))
    return "better" if better < 0.05 else "worse" if worse < 0.05 else "can't tell"


DECIDE_WRONG = {
    "Wilcoxon": (by_wilcoxon, "rank test"),
    "one-sided": (one_sided, "one-sided test"),
    "strangers": (welch, "pair first"),
    "own run_seeds": (by_run_seeds, 'before the interval: return "can\'t tell"'),
    "t95 of one": (by_interval(right_half, alone="interval"), "before the interval: return"),
    "exchanged": (lambda baseline, mine: trials.decide(mine, baseline), "exchanged"),
    "always open": (lambda baseline, mine: "can't tell", "a steady gain"),
    "yes or no": (lambda baseline, mine: trials.decide(baseline, mine) == "better", "hree answers"),
    "another word": (lambda baseline, mine: "yes", "one of the words"),
    "a number": (lambda baseline, mine: 0.03, "one of the words"),
    "in place": (in_place, "in place"),
    "nothing": (lambda baseline, mine: None, "return"),
}

# ---------------------------------------------------------------------------------------------------- the best of many


def best_by_loops(k, spread, repeats, rng):
    total = 0.0
    for _ in range(repeats):
        total += max(rng.normal(0, spread) for _ in range(k))
    return total / repeats


def drawn(function, draw=lambda rng, spread, size: rng.normal(0, spread, size)):
    return lambda k, spread, repeats, rng: function(draw(rng, spread, (repeats, k)))


def best(table):
    return table.max(axis=1).mean()


BEST_RIGHT = {
    "at once": drawn(best),
    "loops": best_by_loops,
    "scaled": drawn(best, lambda rng, spread, size: spread * rng.standard_normal(size)),
    "sorted": drawn(lambda table: np.sort(table, axis=1)[:, -1].mean()),
    "float32": drawn(lambda table: np.float32(best(table))),
    "columns": lambda k, spread, repeats, rng: rng.normal(0, spread, (k, repeats)).max(axis=0).mean(),
    "own generator": lambda k, spread, repeats, rng: best(np.random.default_rng(5).normal(0, spread, (repeats, k))),
}
BEST_WRONG = {
    "mean": (drawn(np.mean), "mean of lucky scores is 0"),
    "over the repeats": (drawn(lambda table: table.max(axis=0).mean()), "over the repeats"),
    "of all": (drawn(np.max), "over the repeats|of all"),
    "no spread": (drawn(best, lambda rng, spread, size: rng.normal(size=size)), "spread is missing"),
    "squared": (drawn(best, lambda rng, spread, size: rng.normal(0, spread**2, size)), "squared"),
    "root": (drawn(best, lambda rng, spread, size: rng.normal(0, spread**0.5, size)), "a variance"),
    "worst": (drawn(lambda table: table.min(axis=1).mean()), "worst"),
    "per cent": (drawn(lambda table: 100 * best(table)), "per cent"),
    "evenly": (drawn(best, lambda rng, spread, size: rng.uniform(-spread, spread, size)), "spread evenly"),
    "up only": (drawn(best, lambda rng, spread, size: rng.uniform(0, spread, size)), "both ways"),
    "one too few": (
        lambda k, spread, repeats, rng: best(rng.normal(0, spread, (repeats, max(k - 1, 1)))),
        "expected about",
    ),
    "all the best": (drawn(lambda table: table.max(axis=1)), "is one number"),
    "text": (lambda k, spread, repeats, rng: "much", "is one number"),
    "nothing": (lambda k, spread, repeats, rng: None, "return"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    seeds.run_seeds: (SEEDS_RIGHT, SEEDS_WRONG),
    seeds.decide: (DECIDE_RIGHT, DECIDE_WRONG),
    seeds.best_of: (BEST_RIGHT, BEST_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_verdicts_are_those_of_scipys_paired_test():
    for case in seeds.CASES.values():
        assert seeds._by_rule(*case) == decide_by_scipy(*case)


@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_the_mean_of_the_largest_is_that_of_its_density(k):
    expected, _ = integrate.quad(lambda x: x * k * stats.norm.pdf(x) * stats.norm.cdf(x) ** (k - 1), -9, 9)
    assert seeds._mean_of_largest(k) == pytest.approx(expected, abs=1e-5)
