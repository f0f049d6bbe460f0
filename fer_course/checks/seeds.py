"""Checks: several seeds, a verdict from pairs, the best of many lucky recipes."""

from __future__ import annotations

import math
import warnings

import numpy as np

from fer_course.checks.answers import one_of
from fer_course.checks.core import Hint, attempt, expect, numbers, passed, short

# ------------------------------------------------------------------------------------------------------ running seeds

#: 97.5th percentile of Student's t for 1, 2, … degrees of freedom, as printed in tables (Fisher and Yates 1938).
T_TABLE = (12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912)


def run_seeds(learner) -> None:
    """Check `run_seeds(run, seeds)`: mean, lower and upper end of the 95 % t-interval of `run(seed)` over the seeds."""
    for number, seeds in enumerate(([0, 1, 2], [4, 11, 7], [3, 8, 5, 21, 2])):
        luck = numbers(number).normal(0.62, 0.01, 30).tolist()
        calls: list = []

        def run(seed, luck=luck, calls=calls):
            calls.append(seed)
            return luck[seed]

        answer = attempt(learner, run, list(seeds))
        scores = [luck[seed] for seed in seeds]
        _calls(calls, seeds)
        if np.shape(answer) != (3,):
            raise Hint(f"Return three numbers, `return mean, low, high`; found {short(answer)}.")
        what = f"mean and interval of the scores {', '.join(f'{score:.4f}' for score in scores)}"
        expect(
            np.asarray(answer, dtype=float), _mean_and_ends(scores, *_right(len(seeds))), what, _seed_mistakes(scores)
        )
    passed("Three trainings, one mean, and an honest interval.")


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


def _right(n: int) -> tuple[float, int, float]:
    """Return t, the denominator of the variance, and by what the spread is divided."""
    return T_TABLE[n - 2], n - 1, math.sqrt(n)


def _mean_and_ends(scores: list[float], t: float, denominator: int, root: float) -> list[float]:
    mean = math.fsum(scores) / len(scores)
    spread = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / denominator)
    half = t * spread / root
    return [mean, mean - half, mean + half]


def _seed_mistakes(scores: list[float]) -> list:
    n = len(scores)
    t, degrees, root = _right(n)
    mean, low, high = _mean_and_ends(scores, t, degrees, root)
    spread = (high - mean) * root / t
    ends = {
        (1.96, degrees, root): "1.96 belongs to hundreds of scores. With so few use t95(n - 1).",
        (1.96, n, root): "1.96 belongs to hundreds of scores, and np.std divides by n: t95(n - 1) and ddof=1.",
        (t, n, root): "np.std divides by n. For a sample it is n - 1: ddof=1.",
        (T_TABLE[n - 1], degrees, root): "the degrees of freedom are n - 1, not n.",
        (T_TABLE[n - 1], n, root): "the degrees of freedom are n - 1, not n; and so is the denominator: ddof=1.",
        (t, degrees, 1): "this is the interval of a single score. The mean varies less: divide the spread by √n.",
        (t, n, 1): "divide the spread by √n, and let it have ddof=1.",
        (t, degrees, n): "divide the spread by √n, not by n.",
        (t, degrees, math.sqrt(degrees)): "divide the spread by √n: ddof=1 has already seen to the n - 1.",
        (1, degrees, root): "this is one standard error to each side. A 95 % interval takes t95(n - 1) of them.",
        (1, degrees, 1): "this is one spread to each side. A 95 % interval of the mean is t95(n - 1) · spread / √n.",
        (1, n, 1): "this is np.std to each side. A 95 % interval of the mean is t95(n - 1) · spread / √n, with ddof=1.",
    }
    fixed = "4.30 is right for three scores only. Let t95(n - 1) find it for as many as there are."
    ends |= {(of_three, degrees, root): fixed for of_three in (4.3, 4.303, T_TABLE[1]) if of_three != t}
    median = float(np.median(scores))
    return [
        *[(_mean_and_ends(scores, *how), hint) for how, hint in ends.items()],
        (
            [mean, min(scores), max(scores)],
            "these are the worst and the best seed. Asked for is the interval of the mean.",
        ),
        ([median, low, high], "the first number is the median. Return the mean."),
        ([median, median + low - mean, median + high - mean], "this goes out from the median. Take the mean."),
        ([max(scores), low, high], "the first number is the best seed. Return the mean."),
        ([mean, high, low], "the lower end comes first: return mean, low, high."),
        ([low, mean, high], "the mean comes first: return mean, low, high."),
        ([mean, high - mean, high - mean], "return the ends, mean - half and mean + half."),
        ([mean, spread, spread / root], "return the ends, mean - half and mean + half."),
        ([100 * each for each in (mean, low, high)], "these are per cent. Leave the scores as they are."),
    ]


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


def decide(learner) -> None:
    """Check `decide(baseline, mine)`: "better", "worse" or "can't tell" for two dictionaries seed -> accuracy."""
    with warnings.catch_warnings():  # of the spread of one score: nbgrader would take it for a failure
        warnings.simplefilter("ignore")
        answers = [
            _verdict(attempt(learner, *case, advice=_on_one_pair if len(case[0]) == 1 else None), name)
            for name, case in CASES.items()
        ]
    expected = [_by_rule(*case) for case in CASES.values()]
    if answers == expected:
        passed("Decided: in pairs, with an interval, and with the courage to say that one can't tell.")
        return
    for rule, hint in _wrong_rules():
        if answers == [rule(*case) for case in CASES.values()]:
            raise Hint(f"Some verdicts are wrong, all in one way: {hint}")
    for (name, (baseline, mine)), answer, right in zip(CASES.items(), answers, expected, strict=True):
        if answer != right:
            pairs = ", ".join(f"{mine[seed] - baseline[seed]:+.3f}" for seed in sorted(baseline))
            raise Hint(
                f"{name}: expected {right!r}, found {answer!r}. The differences, seed by seed, are {pairs}; "
                "is 0 inside the 95 % interval of their mean?"
            )


def _on_one_pair(error: Exception) -> str:
    return 'One seed has no spread, so before the interval: return "can\'t tell".'


def _verdict(answer, name: str) -> str:
    if isinstance(answer, (bool, np.bool_)):
        raise Hint(f"{name}: there are three answers, not two; found {answer}. Return a word: {', '.join(ANSWERS)}.")
    return one_of(answer, ANSWERS, name)


def _by_rule(baseline: dict, mine: dict, t=None, shift=0, denominator=-1, root=0, paired=True, edge=False) -> str:
    """Return the verdict; the options make known mistakes of it."""
    seeds = sorted(baseline)
    pairs = zip(baseline.values(), mine.values(), strict=True)
    gains = [mine[seed] - baseline[seed] for seed in seeds] if paired else [b - a for a, b in pairs]
    if len(gains) < 2:
        return "can't tell"
    t = T_TABLE[len(gains) - 2 + shift] if t is None else t
    _, low, high = _mean_and_ends(gains, t, len(gains) + denominator, math.sqrt(len(gains) + root))
    if low > 1e-12 or (edge and low > -1e-12):
        return "better"
    return "worse" if high < -1e-12 or (edge and high < 1e-12) else "can't tell"


def _sign(gain: float) -> str:
    return "better" if gain > 0 else "worse" if gain < 0 else "can't tell"


def _overlap(baseline: dict, mine: dict, single: str = "can't tell") -> str:
    """Return the verdict of those who look whether two separate intervals overlap."""
    if len(baseline) < 2:
        return single
    first, second = (
        _mean_and_ends(list(each.values()), T_TABLE[len(each) - 2], len(each) - 1, math.sqrt(len(each)))
        for each in (baseline, mine)
    )
    return "better" if second[1] > first[2] else "worse" if second[2] < first[1] else "can't tell"


def _two_samples(baseline: dict, mine: dict) -> str:
    """Return the verdict of a t-test for two groups that have nothing to do with each other."""
    n = len(baseline)
    if n < 2:
        return "can't tell"
    groups = [np.array(list(each.values())) for each in (baseline, mine)]
    error = math.sqrt(sum(group.var(ddof=1) / n for group in groups))
    gain, reach = groups[1].mean() - groups[0].mean(), {3: 2.776, 4: 2.447, 6: 2.228}[n] * error
    return "better" if gain > reach else "worse" if gain < -reach else "can't tell"


def _exchanged(baseline: dict, mine: dict) -> str:
    return _by_rule(mine, baseline)


def _wrong_rules() -> list:
    """Return (a rule that beginners use, the hint for it)."""

    def means(baseline, mine):
        return _sign(round(np.mean(list(mine.values())) - np.mean(list(baseline.values())), 12))

    def never_worse(baseline, mine):
        return "better" if _by_rule(baseline, mine) == "better" else "can't tell"

    def never_open(baseline, mine):
        return "better" if _by_rule(baseline, mine) == "better" else "worse"

    def one_seed_decides(baseline, mine):
        return _sign(mine[min(mine)] - baseline[min(baseline)])

    def single_counts(baseline, mine):
        return _by_rule(baseline, mine) if len(baseline) > 1 else means(baseline, mine)

    def all_win(baseline, mine):
        signs = {_sign(mine[seed] - baseline[seed]) for seed in baseline}
        return signs.pop() if len(signs) == 1 else "can't tell"

    separate = (
        "you compare two separate intervals. The same seeds stand in both: take the difference of each pair first."
    )
    return [
        (means, "you compare the means alone. Luck moves them: is 0 inside the interval of the differences?"),
        (lambda a, b: _sign(max(b.values()) - max(a.values())), "you compare best seed with best seed: luck with luck."),
        (one_seed_decides, "you look at one seed only. Use the differences of all pairs."),
        (all_win, "you ask whether every seed won. That depends on their number, and one seed alone decides nothing."),
        (_overlap, separate),
        (_two_samples, "you treat the two as strangers. The same seeds stand in both: take the difference of each pair first."),
        (lambda a, b: _by_rule(a, b, t=1.96), "1.96 is for hundreds of seeds. Use t95(n - 1)."),
        (lambda a, b: _by_rule(a, b, t=1.96, denominator=0), "1.96 is for hundreds of seeds, and the spread needs ddof=1."),
        (lambda a, b: _by_rule(a, b, t=T_TABLE[1]), "4.30 is for three seeds. Use t95(n - 1)."),
        (lambda a, b: _by_rule(a, b, root=-1), "divide the spread by √n: ddof=1 has already seen to the n - 1."),
        (lambda a, b: _by_rule(a, b, shift=1), "the degrees of freedom are n - 1, not n."),
        (lambda a, b: _by_rule(a, b, denominator=0), "the spread divides by n. Take n - 1: ddof=1."),
        (lambda a, b: _by_rule(a, b, t=1.0), "you go one standard error to each side. A 95 % interval takes t95(n - 1) of them."),
        (lambda a, b: _by_rule(a, b, paired=False), "you pair by position. The seeds may come in another order: pair by seed."),
        (lambda a, b: _by_rule(a, b, edge=True), "an interval that ends at 0 has not left it out: > 0 and < 0, not >= and <=."),
        (_exchanged, "better and worse are exchanged: subtract the baseline from yours."),
        (never_worse, '"worse" never comes. If the whole interval lies below 0, yours is worse.'),
        (never_open, 'if it is not better it need not be worse. An interval with 0 inside: "can\'t tell".'),
        (single_counts, "one pair has no spread, so it decides nothing: \"can't tell\"."),
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------- the best of many

REPEATS = 20_000


def best_of(learner) -> None:
    """Check `best_of(k, spread, repeats, rng)`: the mean, over the repeats, of the highest of k lucky scores round 0."""
    for seed, (k, spread) in enumerate(((5, 0.2), (1, 0.7), (12, 0.01), (3, 1.5))):
        answer = attempt(learner, k, spread, REPEATS, numbers(seed))
        what = f"mean best of {k} with a spread of {spread}"
        if np.shape(answer) != ():
            raise Hint(f"{what}: return one number, the mean over the repeats; found {short(np.asarray(answer))}.")
        expected = spread * _mean_of_largest(k)
        if not isinstance(answer, (int, float, np.number)) or not abs(answer - expected) <= 0.05 * spread:
            raise Hint(f"{what}: {_best_mistake(answer, k, spread)}")
    passed("The best of many is good by luck: now you know by how much.")


def _mean_of_largest(k: int) -> float:
    """Return the mean of the largest of k standard normal numbers: the integral of 1 - F above 0, minus that of F below."""
    step = 0.001
    places = np.arange(step / 2, 9, step)
    below = np.array([0.5 * math.erfc(place / math.sqrt(2)) for place in places])  # the chance of less than -place
    return float(np.sum(1 - (1 - below) ** k - below**k) * step)


def _best_mistake(answer, k: int, spread: float) -> str:
    expected = spread * _mean_of_largest(k)
    if not isinstance(answer, (int, float, np.number)):
        return f"expected a number; found {short(answer)}."
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
        f"expected about {expected:.4f}, found {short(float(answer))}. Draw {REPEATS:,} rows of {k} scores, take the highest of "
        "each row, then the mean."
    )
