"""Checks: several seeds, a verdict from pairs, the best of many lucky recipes."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np

from fer_course.checks.answers import number, one_of
from fer_course.checks.comparing import as_array, short
from fer_course.checks.core import Hint, Mistake, attempt, check, judge, numbers, passed

# ------------------------------------------------------------------------------------------------------ running seeds

#: 97.5th percentile of Student's t for 1, 2, … degrees of freedom, as printed in tables (Fisher and Yates 1938).
T_TABLE = (12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912)
#: The 95th percentiles: of a test that asks on one side only.
ONE_SIDED = (6.313752, 2.919986, 2.353363, 2.131847, 2.015048, 1.943180)


@check
def run_seeds(answer) -> None:
    """Check `run_seeds(run, seeds)`: mean, lower and upper end of the 95 % t-interval of `run(seed)` over the seeds."""
    cases = []
    for case, seeds in enumerate(([0, 1, 2], [4, 11, 7], [3, 8, 5, 21, 2])):
        luck = numbers(case).normal(0.62, 0.01, 30).tolist()
        calls: list = []

        def run(seed, luck=luck, calls=calls):
            calls.append(seed)
            return luck[seed]

        attempt(answer, run, seeds)
        _calls(calls, seeds)
        cases.append((run, seeds))
    judge(
        answer,
        cases,
        _of_scores(_summary),
        lambda run, seeds: f"mean and interval of the scores {', '.join(f'{run(seed):.4f}' for seed in seeds)}",
        mistakes=RUN_SEEDS_MISTAKES,
        form=_three_numbers,
    )
    passed("Three trainings, one mean, and an honest interval.")


def _three_numbers(answer) -> np.ndarray:
    values = as_array(answer)
    if values is None or values.shape != (3,) or values.dtype.kind not in "fiu":
        raise Hint(f"Return three numbers, `return mean, low, high`; found {short(answer)}.")
    return values


def _calls(calls: list, seeds: list[int]) -> None:
    if not calls:
        raise Hint("`run` was never called. `run(seed)` trains with one seed and returns its score.")
    if any(isinstance(each, (list, tuple, np.ndarray)) for each in calls):
        raise Hint("`run` takes one seed, not the list of them: run(seed) for each seed in seeds.")
    if sorted(calls) == list(range(len(seeds))) and sorted(seeds) != sorted(calls):
        raise Hint(f"You ran the seeds {calls}; the list says {seeds}. Go through the list: for seed in seeds.")
    if set(calls) == set(seeds) and len(calls) > len(seeds):
        raise Hint(f"{len(calls)} trainings for {len(seeds)} seeds. Each takes minutes: keep the scores in a list.")
    if len(set(calls)) < len(calls):
        raise Hint(f"You ran the seeds {calls}: one seed again and again is one training, with no spread at all.")
    if sorted(calls) != sorted(seeds):
        raise Hint(f"You ran the seeds {calls}; expected each of {seeds} once.")


def _of_scores(function):
    """Return an answer that computes its three numbers from the list of scores."""
    return lambda run, seeds: function([run(seed) for seed in seeds])


def _half_width(t=None, degrees=-1, divisor=math.sqrt, shift=0):
    """Return a half width, of scores: t · spread / divisor(n), where the variance divides by n + degrees."""

    def half(scores):
        n, mean = len(scores), math.fsum(scores) / len(scores)
        spread = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / (n + degrees))
        return (T_TABLE[n - 2 + shift] if t is None else t) * spread / divisor(n)

    return half


def _round(half, middle=lambda scores: math.fsum(scores) / len(scores)):
    """Return mean and interval that reach `half(scores)` to each side of `middle(scores)`."""
    return lambda scores: (middle(scores), middle(scores) - half(scores), middle(scores) + half(scores))


_half = _half_width()
_summary = _round(_half)


def _changed(change):
    """Return a wrong answer: `change(mean, low, high, half)` of the right numbers."""
    return _of_scores(lambda scores: change(*_summary(scores), _half(scores)))


def _one(n: int) -> int:
    return 1


def _interval(hint: str, **how) -> Mistake:
    return Mistake(_of_scores(_round(_half_width(**how))), hint)


_FIXED = "4.30 is right for three scores only. Let t95(n - 1) find it for as many as there are."
_ENDS = "return the ends, mean - half and mean + half."

RUN_SEEDS_MISTAKES = (
    _interval("1.96 belongs to hundreds of scores. With so few use t95(n - 1).", t=1.96),
    _interval("1.96 belongs to hundreds of scores, and np.std divides by n: t95(n - 1) and ddof=1.", t=1.96, degrees=0),
    _interval("np.std divides by n. For a sample it is n - 1: ddof=1.", degrees=0),
    _interval("the spread divides by n - 2. For a sample it is n - 1: ddof=1.", degrees=-2),
    _interval("the degrees of freedom are n - 1, not n.", shift=1),
    _interval("the degrees of freedom are n - 1, not n; and so is the denominator: ddof=1.", shift=1, degrees=0),
    _interval("this is the interval of a single score. The mean varies less: divide the spread by √n.", divisor=_one),
    _interval("divide the spread by √n, and let it have ddof=1.", divisor=_one, degrees=0),
    _interval("divide the spread by √n, not by n.", divisor=lambda n: n),
    _interval("you multiply the spread by √n. Divide it: more seeds make the interval narrower.", divisor=lambda n: n**-0.5),
    _interval("divide the spread by √n: ddof=1 has already seen to the n - 1.", divisor=lambda n: math.sqrt(n - 1)),
    _interval("this is one standard error to each side. A 95 % interval takes t95(n - 1) of them.", t=1),
    _interval("this is one spread to each side. A 95 % interval of the mean is t95(n - 1) · spread / √n.", t=1, divisor=_one),
    _interval(
        "this is np.std to each side. A 95 % interval of the mean is t95(n - 1) · spread / √n, with ddof=1.",
        t=1,
        divisor=_one,
        degrees=0,
    ),
    *(_interval(_FIXED, t=of_three) for of_three in (4.3, 4.303, T_TABLE[1])),
    Mistake(
        _of_scores(
            _round(
                lambda scores: (
                    _half_width(t=1, divisor=_one)(scores) ** 2 * T_TABLE[len(scores) - 2] / math.sqrt(len(scores))
                )
            )
        ),
        "this takes the variance (np.var). Take its root, the spread: np.std.",
    ),
    Mistake(_of_scores(lambda scores: (np.mean(scores), min(scores), max(scores))),
            "these are the worst and the best seed. Asked for is the interval of the mean."),
    Mistake(_of_scores(lambda scores: (np.median(scores), *_summary(scores)[1:])),
            "the first number is the median. Return the mean."),
    Mistake(_of_scores(_round(_half, np.median)), "this goes out from the median. Take the mean."),
    Mistake(_of_scores(lambda scores: (max(scores), *_summary(scores)[1:])),
            "the first number is the best seed. Return the mean."),
    Mistake(_changed(lambda mean, low, high, half: (mean, high, low)), "the lower end comes first: return mean, low, high."),
    Mistake(_changed(lambda mean, low, high, half: (low, mean, high)), "the mean comes first: return mean, low, high."),
    Mistake(_changed(lambda mean, low, high, half: (mean, high, high)), f"both ends are the upper one: {_ENDS}"),
    Mistake(_changed(lambda mean, low, high, half: (mean, low, low)), f"both ends are the lower one: {_ENDS}"),
    Mistake(_changed(lambda mean, low, high, half: (mean, -low, high)), "the lower end has the wrong sign: mean - half."),
    Mistake(_changed(lambda mean, low, high, half: (mean, half, half)), _ENDS),
    Mistake(_of_scores(lambda scores: (np.mean(scores), np.std(scores, ddof=1), _half_width(t=1)(scores))), _ENDS),
    Mistake(_changed(lambda mean, low, high, half: (100 * mean, 100 * low, 100 * high)),
            "these are per cent. Leave the scores as they are."),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ verdict

ANSWERS = ("better", "worse", "can't tell")
#: What is compared -> (scores of the baseline, scores of the other recipe), by seed.
CASES = {
    "a steady gain on seeds that differ widely": (
        {0: 0.500, 1: 0.560, 2: 0.620},
        {0: 0.520, 1: 0.581, 2: 0.639},
    ),
    "a steady loss on seeds that differ widely": (
        {5: 0.61, 2: 0.52, 9: 0.57},
        {5: 0.593, 2: 0.5, 9: 0.551},
    ),
    "a mean that is higher, by luck perhaps": (
        {0: 0.60, 1: 0.61, 2: 0.62},
        {0: 0.59, 1: 0.64, 2: 0.645},
    ),
    "a best seed that is better, and a mean that is worse": (
        {0: 0.60, 1: 0.61, 2: 0.605, 3: 0.6},
        {0: 0.58, 1: 0.589, 2: 0.615, 3: 0.577},
    ),
    "a gain of more than 1.96 standard errors, with three seeds": (
        {0: 0.60, 1: 0.61, 2: 0.60},
        {0: 0.605, 1: 0.625, 2: 0.61},
    ),
    "a gain of less than 4.3 standard errors, with three seeds": (
        {0: 0.60, 1: 0.61, 2: 0.60},
        {0: 0.608, 1: 0.622, 2: 0.6205},
    ),
    "a gain of five standard errors, with three seeds": (
        {0: 0.60, 1: 0.61, 2: 0.60},
        {0: 0.61, 1: 0.6235, 2: 0.6065},
    ),
    "a loss of three standard errors, with three seeds": (
        {0: 0.62, 1: 0.61, 2: 0.60},
        {0: 0.615, 1: 0.59, 2: 0.585},
    ),
    "a gain of 2.4 standard errors, with three seeds": (
        {0: 0.60, 1: 0.61, 2: 0.60},
        {0: 0.6030, 1: 0.6210, 2: 0.6160},
    ),
    "a gain of ten points, with three seeds": ({0: 0.60, 1: 0.61, 2: 0.60}, {0: 0.70, 1: 0.712, 2: 0.699}),
    "a steady gain of two seeds": ({0: 0.60, 1: 0.64}, {0: 0.63, 1: 0.671}),
    "one seed": ({4: 0.60}, {4: 0.65}),
    "no difference at all": ({0: 0.6, 1: 0.61, 2: 0.59}, {0: 0.6, 1: 0.61, 2: 0.59}),
    "the same seeds, written down in another order": (
        {0: 0.50, 1: 0.56, 2: 0.62},
        {2: 0.642, 0: 0.519, 1: 0.581},
    ),
    "a clear gain of six seeds": (
        {0: 0.60, 1: 0.61, 2: 0.59, 3: 0.6, 4: 0.605, 5: 0.61},
        {0: 0.62, 1: 0.64, 2: 0.615, 3: 0.62, 4: 0.62, 5: 0.64},
    ),
    "a gain of three standard errors, with six seeds": (
        {0: 0.60, 1: 0.61, 2: 0.59, 3: 0.6, 4: 0.605, 5: 0.61},
        {0: 0.62, 1: 0.61, 2: 0.615, 3: 0.605, 4: 0.63, 5: 0.615},
    ),
}


@check
def decide(answer) -> None:
    """Check `decide(baseline, mine)`: "better", "worse" or "can't tell" for two dictionaries seed -> accuracy."""
    with warnings.catch_warnings():  # of the spread of one score: nbgrader would take it for a failure
        warnings.simplefilter("ignore")
        judge(
            answer,
            list(CASES.values()),
            _by_rule,
            _what_gains,
            mistakes=DECIDE_MISTAKES,
            advice=lambda error, baseline, mine: _ON_ONE_PAIR if len(baseline) == 1 else None,
            form=_verdict,
        )
    passed("Decided: in pairs, with an interval, and with the courage to say that one can't tell.")


_ON_ONE_PAIR = 'One seed has no spread, so before the interval: return "can\'t tell".'


def _what_gains(baseline: dict, mine: dict) -> str:
    name = next(name for name, case in CASES.items() if case == (baseline, mine))
    gains = [mine[seed] - baseline[seed] for seed in sorted(baseline)]
    told = f"{name} (seed by seed {', '.join(f'{gain:+.3f}' for gain in gains)}"
    return told + ("; mean {:+.4f}, interval {:+.4f} to {:+.4f})".format(*_summary(gains)) if len(gains) > 1 else ")")


def _verdict(answer) -> str:
    if isinstance(answer, (bool, np.bool_)):
        raise Hint(f"There are three answers, not two; found {answer}. Return a word: {', '.join(ANSWERS)}.")
    return one_of(answer, ANSWERS, "A verdict")


def _by_rule(
    baseline: dict, mine: dict, t=None, shift=0, denominator=-1, divisor=math.sqrt, edge=False, one_sided=False
) -> str:
    """Return the verdict; the options make known mistakes of it."""
    gains = [mine[seed] - baseline[seed] for seed in sorted(baseline)]
    if len(gains) < 2:
        return "can't tell"
    t = (ONE_SIDED if one_sided else T_TABLE)[len(gains) - 2 + shift] if t is None else t
    _, low, high = _round(_half_width(t, denominator, divisor))(gains)
    if low > 1e-12 or (edge and low > -1e-12):
        return "better"
    return "worse" if high < -1e-12 or (edge and high < 1e-12) else "can't tell"


def _sign(gain: float) -> str:
    return "better" if gain > 0 else "worse" if gain < 0 else "can't tell"


def _overlap(baseline: dict, mine: dict) -> str:
    """Return the verdict of those who look whether two separate intervals overlap."""
    if len(baseline) < 2:
        return "can't tell"
    first, second = (_summary(list(each.values())) for each in (baseline, mine))
    return "better" if second[1] > first[2] else "worse" if second[2] < first[1] else "can't tell"


def _two_samples(baseline: dict, mine: dict) -> str:
    """Return the verdict of a t-test for two groups that have nothing to do with each other."""
    n = len(baseline)
    if n < 2:
        return "can't tell"
    groups = [np.array(list(each.values())) for each in (baseline, mine)]
    error = math.sqrt(sum(group.var(ddof=1) / n for group in groups))
    gain, reach = groups[1].mean() - groups[0].mean(), {2: 4.303, 3: 2.776, 4: 2.447, 6: 2.228}[n] * error
    return "better" if gain > reach else "worse" if gain < -reach else "can't tell"


def _signed_ranks(baseline: dict, mine: dict) -> str:
    """Return the verdict of Wilcoxon's test: in what share of all signs is the sum of ranks as far out, or further?"""
    gains = np.array([round(mine[seed] - baseline[seed], 12) for seed in baseline])
    gains = gains[gains != 0]
    ranks = [(np.abs(gains) < abs(gain)).sum() + ((np.abs(gains) == abs(gain)).sum() + 1) / 2 for gain in gains]
    found = sum(rank * np.sign(gain) for rank, gain in zip(ranks, gains, strict=True))
    sums = [np.dot(ranks, signs) for signs in itertools.product((-1, 1), repeat=len(ranks))]
    p = np.mean([abs(each) >= abs(found) - 1e-9 for each in sums])
    return _sign(found) if p < 0.05 else "can't tell"


def _means(baseline: dict, mine: dict) -> str:
    return _sign(round(np.mean(list(mine.values())) - np.mean(list(baseline.values())), 12))


def _all_win(baseline: dict, mine: dict) -> str:
    signs = {_sign(mine[seed] - baseline[seed]) for seed in baseline}
    return signs.pop() if len(signs) == 1 else "can't tell"


def _rule(**how):
    """Return the rule with another option, as a function of the two dictionaries."""
    return lambda baseline, mine: _by_rule(baseline, mine, **how)


def _by_ends(better, worse):
    """Return a wrong rule: `better(low, high)` and `worse(low, high)` look at the ends of the right interval."""

    def decide(baseline, mine):
        if len(baseline) < 2:
            return "can't tell"
        _, low, high = _summary([mine[seed] - baseline[seed] for seed in baseline])
        return "better" if better(low, high) else "worse" if worse(low, high) else "can't tell"

    return decide


def _but(change):
    """Return the right rule, but for `change(verdict, baseline, mine)`."""
    return lambda baseline, mine: change(_by_rule(baseline, mine), baseline, mine)


_EDGE = "an interval that ends at 0 has not left it out: > 0 and < 0, not >= and <=."

DECIDE_MISTAKES = (
    Mistake(_means, "you compare the means alone. Luck moves them: is 0 inside the interval of the differences?"),
    Mistake(lambda baseline, mine: _sign(max(mine.values()) - max(baseline.values())),
            "you compare best seed with best seed: luck with luck."),
    Mistake(lambda baseline, mine: _sign(mine[min(mine)] - baseline[min(baseline)]),
            "you look at one seed only. Use the differences of all pairs."),
    Mistake(_all_win, "you ask whether every seed won. That depends on their number, and one seed alone decides nothing."),
    Mistake(_overlap, "you compare two separate intervals. Both have the same seeds: take the difference of each pair first."),
    Mistake(_two_samples, "you treat the two as strangers. Both have the same seeds: take the difference of each pair first."),
    Mistake(_rule(t=1.96), "1.96 is for hundreds of seeds. Use t95(n - 1)."),
    Mistake(_rule(t=1.96, denominator=0), "1.96 is for hundreds of seeds, and the spread needs ddof=1."),
    Mistake(_rule(t=T_TABLE[1]), "4.30 is for three seeds. Use t95(n - 1)."),
    Mistake(_rule(one_sided=True),
            "this is a one-sided test: it cuts off 5 % at one end. A 95 % interval cuts off 2.5 % at each end: t95(n - 1)."),
    Mistake(_signed_ranks,
            "these are the verdicts of a rank test (Wilcoxon's): its p is never below 0.05 with fewer than six pairs."),
    Mistake(_rule(divisor=lambda n: math.sqrt(n - 1)), "divide the spread by √n: ddof=1 has already seen to the n - 1."),
    Mistake(_rule(shift=1), "the degrees of freedom are n - 1, not n."),
    Mistake(_rule(denominator=0), "the spread divides by n. Take n - 1: ddof=1."),
    Mistake(_rule(t=1.0), "you go one standard error to each side. A 95 % interval takes t95(n - 1) of them."),
    Mistake(lambda baseline, mine: _by_rule(baseline, dict(zip(baseline, mine.values(), strict=True))),
            "you pair by position. The seeds may come in another order: pair by seed."),
    Mistake(_rule(edge=True), _EDGE),
    Mistake(_by_ends(lambda low, high: low > 0, lambda low, high: high <= 0), _EDGE),
    Mistake(_by_ends(lambda low, high: low < 0, lambda low, high: high < 0),
            'you say "better" where the lower end lies below 0. Better is an interval that begins *above* 0.'),
    Mistake(_by_ends(lambda low, high: low > 0, lambda low, high: high > 0),
            'you say "worse" where the upper end lies above 0. Worse is an interval that ends *below* 0.'),
    Mistake(_by_ends(lambda low, high: high > 0, lambda low, high: high < 0),
            'for "better" the whole interval lies above 0: look at its lower end, mean - half.'),
    Mistake(_by_ends(lambda low, high: low > 0, lambda low, high: low < 0),
            'for "worse" the whole interval lies below 0: look at its upper end, mean + half.'),
    Mistake(_rule(divisor=_one), "this is the interval of a single difference. The mean varies less: divide the spread by √n."),
    Mistake(_rule(divisor=lambda n: n**-0.5), "you multiply the spread by √n. Divide it: more seeds make the interval narrower."),
    Mistake(lambda baseline, mine: _by_rule({seed: -score for seed, score in baseline.items()}, mine),
            "you add the scores of a pair. Take the difference: yours minus the baseline."),
    Mistake(lambda baseline, mine: _by_rule(mine, baseline), "better and worse are exchanged: subtract the baseline from yours."),
    Mistake(_but(lambda verdict, *pair: "can't tell" if len(pair[0]) < 3 else verdict),
            "two pairs have a spread: only a single one decides nothing. Refuse `len(pairs) < 2`, no more."),
    Mistake(_but(lambda verdict, *pair: "can't tell" if verdict == "worse" else verdict),
            '"worse" never comes. If the whole interval lies below 0, yours is worse.'),
    Mistake(_but(lambda verdict, *pair: "can't tell" if verdict == "better" else verdict),
            '"better" never comes. If the whole interval lies above 0, yours is better.'),
    Mistake(_but(lambda verdict, *pair: "better" if verdict == "better" else "worse"),
            'if it is not better it need not be worse. An interval with 0 inside: "can\'t tell".'),
    Mistake(_but(lambda verdict, *pair: verdict if len(pair[0]) > 1 else _means(*pair)),
            'one pair has no spread, so it decides nothing: "can\'t tell".'),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------- the best of many

REPEATS = 20_000


@check
def best_of(answer) -> None:
    """Check `best_of(k, spread, repeats, rng)`: the mean, over the repeats, of the highest of k lucky scores round 0."""
    for seed, (k, spread) in enumerate(((5, 0.2), (1, 0.7), (12, 0.01), (3, 1.5))):
        what = f"Mean best of {k} with a spread of {spread}"
        found = float(number(attempt(answer, k, spread, REPEATS, numbers(seed)), f"{what}, over all repeats,"))
        if not abs(found - spread * _mean_of_largest(k)) <= 0.05 * spread:
            raise Hint(f"{what}: {_best_mistake(found, k, spread)}")
    passed("The best of many is good by luck: now you know by how much.")


def _mean_of_largest(k: int) -> float:
    """Return the mean of the largest of k standard normal numbers: the integral of 1 - F above 0, minus that of F below."""
    step = 0.001
    places = np.arange(step / 2, 9, step)
    below = np.array([0.5 * math.erfc(place / math.sqrt(2)) for place in places])  # the chance of less than -place
    return float(np.sum(1 - (1 - below) ** k - below**k) * step)


def _best_mistake(answer: float, k: int, spread: float) -> str:
    expected = spread * _mean_of_largest(k)
    close_to = {
        0.0: "the mean of lucky scores is 0. Take the highest of the k first, then the mean over the repeats.",
        _mean_of_largest(k): "the spread is missing: rng.normal(0, spread, …).",
        _mean_of_largest(k) * spread**2: "this is as if the spread were squared. rng.normal takes the standard deviation.",
        _mean_of_largest(k) * math.sqrt(spread): "this is as if the spread were a variance. rng.normal takes the spread itself.",
        -expected: "this is the *worst* of k. Take the highest.",
        100 * expected: "this is in per cent. Leave the scores as they are.",
        spread * (k - 1) / (k + 1): "these scores spread evenly. Luck is bell-shaped: rng.normal.",
        spread * k / (k + 1): "these scores lie between 0 and the spread. Luck goes both ways: rng.normal.",
    }  # fmt: skip
    near = (hint for value, hint in close_to.items() if abs(answer - value) <= 0.05 * spread + 0.02 * abs(value))
    found = next(near, "")
    if not found and 3.3 * spread < answer < 6.5 * spread:
        found = (
            "this is the highest of thousands. Take the highest over the k scores of one repeat, not over the repeats."
        )
    return found or (
        f"expected about {expected:.4f}, found {short(answer)}. Sample {REPEATS:,} rows of {k} scores, take the highest of "
        "each row, then the mean."
    )
