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
    "z": (with_interval(lambda found: 1.96 * error(found)), "hundreds of scores"),
    "z and n": (with_interval(lambda found: 1.96 * error(found, 0)), "hundreds of scores, and"),
    "divides by n": (with_interval(lambda found: t_of(found) * error(found, 0)), r"ddof=1"),
    "t of n": (with_interval(lambda found: t_of(found, 1) * error(found)), "not n"),
    "t of n, divides by n": (with_interval(lambda found: t_of(found, 1) * error(found, 0)), "so is the denominator"),
    "no root": (with_interval(lambda found: t_of(found) * np.std(found, ddof=1)), "single score"),
    "no root, divides by n": (with_interval(lambda found: t_of(found) * np.std(found)), "let it have ddof=1"),
    "root of n - 1": (
        with_interval(lambda found: t_of(found) * np.std(found, ddof=1) / np.sqrt(len(found) - 1)),
        "already seen to",
    ),
    "4.30": (with_interval(lambda found: 4.30 * error(found)), "three scores only"),
    "4.303": (with_interval(lambda found: 4.303 * error(found)), "three scores only"),
    "t95(2)": (with_interval(lambda found: trials.t95(2) * error(found)), "three scores only"),
    "n, not its root": (with_interval(lambda found: t_of(found) * np.std(found, ddof=1) / len(found)), "not by n"),
    "one error": (with_interval(error), "one standard error"),
    "one spread": (with_interval(lambda found: np.std(found, ddof=1)), "one spread"),
    "np.std": (with_interval(np.std), "np.std to each side"),
    "extremes": (of_scores(lambda found: (np.mean(found), min(found), max(found))), "worst and the best seed"),
    "median": (with_interval(lambda found: t_of(found) * error(found), np.median), "median"),
    "round the median": (
        of_scores(lambda found: np.median(found) + right_half(found) * np.array([0, -1, 1])),
        "goes out from the median",
    ),
    "best": (with_interval(lambda found: t_of(found) * error(found), max), "best seed"),
    "upper first": (lambda run, seeds: tuple(np.array(seeds_plain(run, seeds))[[0, 2, 1]]), "lower end comes first"),
    "mean in the middle": (lambda run, seeds: sorted(seeds_plain(run, seeds)), "mean comes first"),
    "half width": (
        of_scores(lambda found: (np.mean(found), t_of(found) * error(found), t_of(found) * error(found))),
        "return the ends",
    ),
    "per cent": (lambda run, seeds: 100 * np.array(seeds_plain(run, seeds)), "per cent"),
    "the mean alone": (of_scores(np.mean), "three numbers"),
    "all the scores": (of_scores(lambda found: [*found, 0, 0]), "three numbers|expected"),
    "one seed again and again": (same_seed, "again and again"),
    "its own seeds": (lambda run, seeds: seeds_plain(run, range(len(seeds))), "Go through the list"),
    "each seed twice": (twice, "keep the scores"),
    "a seed left out": (lambda run, seeds: seeds_plain(run, seeds[1:]), "expected each of"),
    "the whole list": (lambda run, seeds: seeds_plain(lambda seed: run(seeds), seeds), "stopped with TypeError"),
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
DECIDE_WRONG = {
    "means": (by_sign(lambda scores: np.mean(list(scores.values()))), "means alone"),
    "best against best": (by_sign(lambda scores: max(scores.values())), "best seed with best seed"),
    "first seed": (by_sign(lambda scores: scores[min(scores)]), "one seed only"),
    "every seed wins": (every_seed, "every seed won"),
    "overlap": (no_overlap, "pair first"),
    "strangers": (welch, "pair first"),
    "z": (by_interval(lambda found: 1.96 * error(found)), "hundreds of seeds"),
    "z and n": (by_interval(lambda found: 1.96 * error(found, 0)), "needs ddof=1"),
    "divides by n": (by_interval(lambda found: t_of(found) * error(found, 0)), "divides by n"),
    "t of n": (by_interval(lambda found: t_of(found, 1) * error(found)), "not n"),
    "4.30": (by_interval(lambda found: 4.30 * error(found)), "for three seeds"),
    "root of n - 1": (
        by_interval(lambda found: t_of(found) * np.std(found, ddof=1) / np.sqrt(len(found) - 1)),
        "already seen to",
    ),
    "own run_seeds": (by_run_seeds, 'before the interval: return "can\'t tell"'),
    "t95 of one": (by_interval(right_half, alone="interval"), "before the interval: return"),
    "one error": (by_interval(error), "one standard error"),
    "by position": (
        by_interval(right_half, lambda a, b: np.array(list(b.values())) - np.array(list(a.values()))),
        "pair by seed",
    ),
    "at least 0": (by_interval(right_half, above=lambda x: x >= 0), "not >="),
    "exchanged": (lambda baseline, mine: trials.decide(mine, baseline), "exchanged"),
    "never worse": (lambda a, b: "better" if trials.decide(a, b) == "better" else "can't tell", '"worse" never comes'),
    "never open": (lambda a, b: "better" if trials.decide(a, b) == "better" else "worse", "need not be worse"),
    "one seed counts": (by_interval(right_half, alone="sign"), "no spread"),
    "always open": (lambda baseline, mine: "can't tell", "a steady gain"),
    "yes or no": (lambda baseline, mine: trials.decide(baseline, mine) == "better", "three answers"),
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
    "all the best": (drawn(lambda table: table.max(axis=1)), "return one number"),
    "text": (lambda k, spread, repeats, rng: "much", "expected a number"),
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


def test_every_known_mistake_differs_from_the_right_verdicts():
    right = [seeds._by_rule(*case) for case in seeds.CASES.values()]
    for rule, hint in seeds._wrong_rules():
        assert [rule(*case) for case in seeds.CASES.values()] != right, hint


@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_the_mean_of_the_largest_is_that_of_its_density(k):
    expected, _ = integrate.quad(lambda x: x * k * stats.norm.pdf(x) * stats.norm.cdf(x) ** (k - 1), -9, 9)
    assert seeds._mean_of_largest(k) == pytest.approx(expected, abs=1e-5)
