"""Every right answer of lesson 11 passes however it is written, and every known mistake gets its own hint."""

import functools
import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
from answers import three_tests
from scipy import integrate, stats

from fer_course.checks import Hint, lesson11
from fer_course.evaluation import trials
from fer_course.recipes import Recipe

# ------------------------------------------------------------------------------------------------------------ a plan

BASELINE = Recipe.named("quick").but(name="baseline", model="lenet")
TYPED = Recipe("mine", "lenet", epochs=6, batch_size=32, shift=0.0)


def planned(**parts):
    """A plan whose parts are values, or functions of the baseline."""

    def my_plan(baseline):
        made = {
            "question": "Does it need shifted faces at all?",
            "recipe": baseline.but(shift=0.0),
            "seeds": [3, 4, 5],
            "choose_on": "validation",
            "report_on": "PublicTest",
        }
        made |= {name: part(baseline) if callable(part) else part for name, part in parts.items()}
        return {name: part for name, part in made.items() if part is not ...}

    return my_plan


def changed(**settings):
    return planned(recipe=lambda baseline: baseline.but(**settings))


PLAN_RIGHT = {
    "shift": planned(),
    "rate by a factor": planned(recipe=lambda baseline: baseline.but(learning_rate=baseline.learning_rate / 5)),
    "with a name": changed(name="bold", flip=False),
    "dataclass": planned(recipe=lambda baseline: replace(baseline, label_smoothing=0.1)),
    "a slightly lower rate": changed(learning_rate=0.009),  # of 0.01
    "no decay at all": changed(weight_decay=0.0),
    "two words": planned(question="Flips or none?"),
    "three words": planned(question="Does it help?"),
    "five seeds": planned(seeds=[0, 1, 2, 3, 4]),
    "ten seeds": planned(seeds=range(10)),
    "a schedule": changed(schedule="constant"),
    "warmup of one cycle": changed(warmup=0.1),
    "a range of seeds": planned(seeds=range(3)),
    "an array of seeds": planned(seeds=np.arange(3)),
    "another test split": planned(report_on="Test"),
}
PLAN_WRONG = {
    "a recipe": (lambda baseline: baseline.but(shift=0.0), "dictionary"),
    "no question": (planned(question=...), "no 'question'"),
    "no report": (planned(report_on=...), "no 'report_on'"),
    "a wish": (planned(question="I want to beat the paper."), "question mark"),
    "the mark alone": (planned(question=" ?"), "question mark"),
    "no sentence": (planned(question=7), "question mark"),
    "settings": (planned(recipe={"shift": 0.0}), r"baseline\.but"),
    "nothing changed": (planned(recipe=lambda baseline: baseline), "baseline itself"),
    "the name alone": (changed(name="mine"), "baseline itself"),
    "two changes": (changed(shift=0.0, flip=False), "flip, shift"),
    "typed anew": (planned(recipe=lambda baseline: TYPED), "Begin with"),
    "the seed": (changed(seed=77), "it is luck"),
    "no validation": (changed(validation=0.0), "other validation faces"),
    "another network": (changed(model="mini_xception"), "network stays the same"),
    "smaller pictures": (changed(input_size=24), "cost stays the same"),
    "plateau of one cycle": (changed(plateau_patience=3), "does nothing while `schedule`"),
    "decay of adam": (
        lambda baseline: planned(recipe=lambda each: each.but(weight_decay=0.1))(baseline.but(optimizer="adam")),
        "weight_decay, optimizer|optimizer, weight_decay",
    ),
    "longer": (changed(epochs=12), "more steps a run"),
    "shorter": (planned(recipe=lambda baseline: baseline.but(epochs=4), seeds=[0, 1, 2, 3]), "same steps for both"),
    "smaller batches": (changed(batch_size=16), "smaller ones more"),
    "larger batches": (changed(batch_size=64), "fewer steps a run"),
    "stops early": (changed(patience=2), "ends a run early"),
    "never stops": (changed(patience=10), "or it does nothing"),
    "a schedule that never acts": (changed(schedule="plateau"), "would never act"),
    "nearly the same": (changed(learning_rate=0.0100001), "nearly the same"),
    "nearly the same shift": (
        planned(recipe=lambda baseline: baseline.but(shift=baseline.shift * 0.95)),
        "factor of 1.1",
    ),
    "many seeds": (planned(seeds=range(11)), "22 trainings"),
    "how many seeds": (planned(seeds=3), "not how many"),
    "one seed": (planned(seeds=[1]), "too little about luck"),
    "a seed twice": (planned(seeds=[1, 2, 2]), "same training twice"),
    "half a seed": (planned(seeds=[0.5, 1, 2]), "whole numbers"),
    "negative": (planned(seeds=[-1, 0, 1]), "whole numbers"),
    "choose on the test": (planned(choose_on="PublicTest"), "no test any more"),
    "choose on the last": (planned(choose_on="PrivateTest"), "no test any more"),
    "choose on training": (planned(choose_on="Training"), "learned by heart"),
    "choose on something": (planned(choose_on="val"), 'expected "validation"'),
    "report on validation": (planned(report_on="validation"), "luck included"),
    "report on the last": (planned(report_on="PrivateTest"), "left alone"),
    "report on training": (planned(report_on="Training"), 'expected "PublicTest"'),
    "out of range": (changed(shift=5.0), "RecipeError: shift lies between"),
    "unknown setting": (changed(colour="red"), "no setting 'colour'"),
    "nothing": (lambda baseline: None, "return"),
}


def test_a_setting_that_the_optimizer_ignores_is_no_change():
    adam = BASELINE.but(optimizer="adam", weight_decay=0.0)
    with pytest.raises(Hint, match="does nothing while `optimizer` is 'adam'"):
        lesson11.plan(changed(weight_decay=0.1), adam)


def test_a_patience_that_never_ends_is_no_change():
    plateau = BASELINE.but(schedule="plateau", plateau_patience=2)
    with pytest.raises(Hint, match="would never act"):
        lesson11.plan(changed(plateau_patience=8), plateau)
    assert lesson11.plan(changed(plateau_patience=4), plateau) is None


@pytest.mark.parametrize("recipe", ["minutes", "best", "paper"])
def test_a_plan_fits_every_recipe(recipe, capsys):
    lesson11.plan(changed(flip=False), Recipe.named(recipe).but(name="baseline"))
    assert capsys.readouterr().out.startswith("✔")


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

# ------------------------------------------------------------------------------------------------------- the tests

CHECKS = {
    functools.partial(lesson11.plan, baseline=BASELINE): (PLAN_RIGHT, PLAN_WRONG),
    lesson11.run_seeds: (SEEDS_RIGHT, SEEDS_WRONG),
    lesson11.decide: (DECIDE_RIGHT, DECIDE_WRONG),
    lesson11.best_of: (BEST_RIGHT, BEST_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_verdicts_are_those_of_scipys_paired_test():
    for case in lesson11.CASES.values():
        assert lesson11._by_rule(*case) == decide_by_scipy(*case)


def test_every_known_mistake_differs_from_the_right_verdicts():
    right = [lesson11._by_rule(*case) for case in lesson11.CASES.values()]
    for rule, hint in lesson11._wrong_rules():
        assert [rule(*case) for case in lesson11.CASES.values()] != right, hint


@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_the_mean_of_the_largest_is_that_of_its_density(k):
    expected, _ = integrate.quad(lambda x: x * k * stats.norm.pdf(x) * stats.norm.cdf(x) ** (k - 1), -9, 9)
    assert lesson11._mean_of_largest(k) == pytest.approx(expected, abs=1e-5)
