"""Checks: the loss of a network that ignores the picture, batch normalisation, and the depth at which towers fail."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from fer_course.checks.answers import number, whole
from fer_course.checks.comparing import close
from fer_course.checks.core import Hint, Mistake, attempt, check, grown, judge, numbers, passed

# ---------------------------------------------------------------------------------------------------------- the plateau


@check
def label_entropy(answer) -> None:
    """Check `label_entropy(labels)`: the entropy of labels (N,), in natural logarithms."""
    rng = numbers(70)
    cases = [
        (rng.permutation(np.repeat([0, 1, 2], grown(70, 5, 3, 8))),),
        (rng.permutation(np.repeat([0, 1, 3, 6], grown(71, 4, 9, 2, 6))),),  # some classes are missing
        (np.repeat([2], grown(72, 5)),),  # one class: nothing to learn
        (rng.permutation(np.repeat([0, 3, 5], grown(73, 2, 7, 4)).astype(np.uint8)),),
        (rng.permutation(np.repeat([1, 4, 5], (1, *grown(78, 6, 3)))),),  # a class with a single face
    ]
    judge(
        answer,
        cases,
        _entropy,
        lambda labels: f"entropy of {len(labels)} labels, {_classes(labels)}",
        form=lambda answer: number(answer, "An entropy"),
        mistakes=LABEL_ENTROPY_MISTAKES,
    )
    passed("The plateau: the loss of a network that knows the shares of the classes, and no face.")


def _classes(labels: np.ndarray) -> str:
    counts = Counter(labels.tolist())
    return ", ".join(f"{counts[label]} of class {label}" for label in sorted(counts))


def _entropy(labels: np.ndarray) -> float:
    """Add up -ln(share of the own class) face by face."""
    counts = Counter(labels.tolist())
    return math.fsum(math.log(len(labels) / counts[label]) for label in labels.tolist()) / len(labels)


def _shares(labels: np.ndarray) -> np.ndarray:
    counts = np.bincount(labels)
    return counts[counts > 0] / len(labels)


def _with_shares(function):
    """Return a wrong entropy that is computed from the shares of the classes that occur."""
    return lambda labels: float(function(_shares(labels)))


def _with_counts(function):
    """Return a wrong entropy that is computed from the counts of the classes that occur, and the number of labels."""

    def wrong(labels):
        counts = np.bincount(labels)
        return float(function(counts[counts > 0], len(labels)))

    return wrong


def _of_all(logarithm):
    """Return a wrong entropy that takes the logarithm of the shares of all classes, also of those that don't occur."""

    def wrong(labels):
        shares = np.bincount(labels) / len(labels)
        return float(-np.sum(shares * logarithm(shares)))

    return wrong


def _of_the_frequent(again: bool):
    """Return a wrong entropy of the classes with two faces or more; their shares may be taken among themselves."""

    def wrong(labels):
        counts = np.bincount(labels)
        counts = counts[counts > 1]
        shares = counts / (counts.sum() if again else len(labels))
        return float(-np.sum(shares * np.log(shares)))

    return wrong


_ADDED = (
    "{} is added to the shares, so they are not shares any more. Leave out the classes that don't occur: counts > 0."
)
_MINUS = "The logarithm of a share is below 0, so there is a minus in front of the sum."

LABEL_ENTROPY_MISTAKES = (
    *(
        Mistake(_of_all(logarithm),
                "a class that does not occur has the share 0, and 0 · ln 0 is nan. Leave such classes out: counts > 0.")
        for logarithm in (np.log, np.log2, np.log10)
    ),
    *(
        Mistake(_of_all(lambda p, added=added: np.log(p + added)), _ADDED.format(f"{added:g}"))
        for added in (1e-5, 1e-4, 1e-3, 1e-2, 1)
    ),
    *(
        Mistake(_of_the_frequent(again), "a class with a single face occurs, too: counts > 0, not counts > 1.")
        for again in (False, True)
    ),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log2(p))), "this is in bits (log2). The loss uses natural logarithms: np.log."),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log10(p))), "this uses log10. The loss uses natural logarithms: np.log."),
    Mistake(_with_shares(lambda p: np.sum(p * np.log(p))), "the minus is missing: the logarithm of a share is below 0."),
    Mistake(_with_shares(lambda p: -np.sum(np.log(p))),
            "each logarithm counts as often as its class occurs: multiply it by the share."),
    Mistake(_with_shares(lambda p: np.sum(np.log(p))),
            f"each logarithm counts as often as its class occurs: multiply it by the share. {_MINUS}"),
    Mistake(_with_shares(lambda p: np.mean(np.log(p))),
            f"this is the mean over the *classes*. Multiply each logarithm by its class's share, and add up. {_MINUS}"),
    Mistake(_with_shares(lambda p: np.mean(p * np.log(p))), f"add up the products, don't average them. {_MINUS}"),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log(1 - p))), "this takes the logarithm of 1 - share; take that of the share."),
    Mistake(_with_shares(lambda p: -np.sum((1 - p) * np.log(p))),
            "each logarithm is multiplied by 1 - share; multiply it by the share."),
    Mistake(_with_shares(lambda p: -np.sum(p**2 * np.log(p))),
            "each logarithm is multiplied by the share's square; use the share."),
    Mistake(_with_shares(lambda p: -np.log(np.sum(p))),
            "the shares add up to 1, and ln 1 is 0. Take the logarithm of each share first, then add up share · logarithm."),
    Mistake(_with_shares(lambda p: -np.log(np.sum(p**2))),
            "this is the logarithm of a mean. Take the logarithm of each share first, then add up share · logarithm."),
    Mistake(_with_shares(lambda p: np.log(np.mean(1 / p))),
            "this is the logarithm of a mean. Take the logarithm of each share first, then add up share · logarithm."),
    Mistake(_with_shares(lambda p: 1 - np.sum(p**2)), "these are squares of shares; the entropy has share · ln(share)."),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log(p)) / np.log(len(p))),
            "this is divided by the logarithm of the number of classes; leave that out."),
    Mistake(_with_shares(lambda p: -np.mean(np.log(p))),
            "this is the mean over the *classes*. Take it over the faces: multiply each logarithm by the share of its class."),
    Mistake(_with_shares(lambda p: -np.mean(p * np.log(p))), "add up the products, don't average them."),
    Mistake(_with_shares(lambda p: np.log(len(p))),
            "this is right if all classes are equally frequent. Use the share of each class."),
    Mistake(_with_shares(lambda p: -np.log(p.max())),
            "only the most frequent class counts here. Add up -share · ln(share) over all classes."),
    Mistake(_with_shares(lambda p: -np.log(p.min())),
            "only the rarest class counts here. Add up -share · ln(share) over all classes."),
    *(
        Mistake(_with_shares(lambda p, place=place, factor=factor: -factor(p[place]) * np.log(p[place])),
                f"only the {word} class that occurs counts here. Add up -share · ln(share) over all classes.")
        for place, word in ((0, "first"), (-1, "last"))
        for factor in (lambda share: share, lambda share: 1)
    ),
    Mistake(lambda labels: np.log(7), "ln 7 is the loss if all seven classes get 1/7. Use the shares of these labels."),
    Mistake(lambda labels: np.log(len(labels)),
            "this is the logarithm of how many labels there are. Use the share of each class."),
    *(
        Mistake(_with_counts(lambda n, total, sign=sign: sign * np.sum(n * np.log(n))),
                "these are counts; divide them by len(labels), so that they are shares.")
        for sign in (-1, 1)
    ),
    *(
        Mistake(_with_counts(lambda n, total, sign=sign: sign * np.sum(n / total * np.log(n))),
                "this takes the logarithm of the counts; take that of the shares.")
        for sign in (-1, 1)
    ),
    Mistake(_with_counts(lambda n, total: np.sum(n * np.log(n / total))),
            f"the logarithms are multiplied by counts; multiply them by shares. {_MINUS}"),
    *(
        Mistake(_with_counts(lambda n, total, by=by: -np.sum(n / by(n, total) * np.log(n / by(n, total)))),
                f"the counts are divided by {words}; divide them by len(labels).")
        for by, words in (
            (lambda n, total: len(n), "the number of classes that occur"),
            (lambda n, total: 7, "7"),
            (lambda n, total: n.max(), "the largest of them"),
            (lambda n, total: total - 1, "len(labels) - 1"),
        )
    ),
    Mistake(lambda labels: len(labels) * _entropy(labels), "this is the sum over the faces; the loss is their mean."),
)  # fmt: skip


# -------------------------------------------------------------------------------------------------- batch normalisation

#: What NumPy says when shapes of the normalisation do not fit, and what to do.
NORMALISE_ADVICE = {
    "could not be broadcast": "Mean and variance need one number per channel, (C,), or four axes with keepdims=True: "
    "maps.mean(axis=(0, 1, 2)).",
}


@check
def normalise(answer) -> None:
    """Check `normalise(maps, gamma, beta, epsilon)`: maps (N,H,W,C), each channel normalised over the batch."""
    cases = []
    for seed, (shape, epsilon) in enumerate([((3, 4, 5, 2), 1e-3), ((4, 4, 4, 4), 1e-3), ((2, 5, 3, 6), 0.25)], 74):
        # In the second all sides are equal, so that a mean over wrong axes lines up.
        shape = shape if seed == 75 else grown(seed, *shape)
        rng, channels = numbers(seed), shape[-1]
        maps = rng.normal(rng.uniform(-3, 3, channels), rng.uniform(0.1, 2, channels), shape)
        gamma = rng.choice([-1, 1], channels) * rng.uniform(0.5, 2, channels)
        cases.append((maps, gamma, rng.normal(0, 2, channels), epsilon))
    judge(
        answer,
        cases,
        _batch_normalised,
        lambda maps, gamma, beta, epsilon: f"normalise of maps {maps.shape} with epsilon = {epsilon:g}",
        mistakes=NORMALISE_MISTAKES,
        advice=NORMALISE_ADVICE,
    )
    if not close(attempt(answer, *cases[0][:3]), _batch_normalised(*cases[0][:3], 1e-3)):
        raise Hint("Called without `epsilon`, it is 1e-3, as in Keras. Keep this default.")
    passed("Batch normalisation: one mean and one variance per channel, over the whole batch.")


def _batch_normalised(maps: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float) -> np.ndarray:
    """Go channel by channel, with sums over a list of its numbers."""
    output = np.empty(maps.shape)
    for c in range(maps.shape[-1]):
        channel = maps[..., c].ravel().tolist()
        mean = math.fsum(channel) / len(channel)
        variance = math.fsum((x - mean) ** 2 for x in channel) / len(channel)
        values = [float(gamma[c]) * (x - mean) / math.sqrt(variance + epsilon) + float(beta[c]) for x in channel]
        output[..., c] = np.reshape(values, maps.shape[:-1])
    return output


def _over(axis):
    """Return a wrong normalisation whose mean and variance are taken over other axes."""

    def wrong(maps, gamma, beta, epsilon):
        mean, variance = maps.mean(axis=axis, keepdims=True), maps.var(axis=axis, keepdims=True)
        return gamma * (maps - mean) / np.sqrt(variance + epsilon) + beta

    return wrong


def _scaled(function):
    """Return a wrong normalisation, a function of what is right about it: mean, variance and all arguments."""

    def wrong(maps, gamma, beta, epsilon):
        return function(maps, maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2)), gamma, beta, epsilon)

    return wrong


_AXES = "one mean and one variance per *channel*: average over pictures, rows and columns, axis=(0, 1, 2)."

NORMALISE_MISTAKES = (
    Mistake(_over(None), f"mean and variance are taken over everything at once. Take {_AXES}"),
    Mistake(_over((1, 2)), f"each picture is normalised by itself. Take {_AXES}"),
    Mistake(_over(0), f"each *place* has a mean of its own, over the pictures. Take {_AXES}"),
    Mistake(_over(3), f"mean and variance are taken over the channels of each pixel. Take {_AXES}"),
    Mistake(_over((1, 2, 3)), f"each picture is normalised by itself, with all its channels. Take {_AXES}"),
    Mistake(_over((0, 1)), f"each column has a mean of its own. Take {_AXES}"),
    Mistake(_over((0, 2)), f"each row has a mean of its own. Take {_AXES}"),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (v + e) + b),
            "you divide by the variance; divide by its root, np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v) + b),
            "these are the values for an epsilon of 0. Add the argument: np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / v + b),
            "you divide by the variance, without epsilon; divide by np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(np.sqrt(v) + e) + b),
            "a root is taken twice: np.std is a root already. Divide by np.sqrt(variance + epsilon), with maps.var."),
    *(
        Mistake(_scaled(function), "epsilon is added outside the root: write np.sqrt(variance + epsilon), with the brackets.")
        for function in (
            lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v) + e + b,
            lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v) + e,
        )
    ),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (np.sqrt(v) + np.sqrt(e)) + b),
            "two roots are added. Add first, then take one root: np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v**2 + e) + b),
            "the variance is squared under the root; maps.var is a mean of squares already."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (v + e) ** 2 + b),
            "variance + epsilon is squared; take its root."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v * e) + b),
            "the variance is multiplied by epsilon; add epsilon to it."),
    *(
        Mistake(_scaled(function), "brackets are missing: subtract the mean first, (maps - mean), then divide and multiply.")
        for function in (
            lambda x, m, v, g, b, e: g * x - m / np.sqrt(v + e) + b,
            lambda x, m, v, g, b, e: x - m / np.sqrt(v + e) * g + b,
            lambda x, m, v, g, b, e: g * x - g * m / np.sqrt(v + e) + b,
            lambda x, m, v, g, b, e: (g * x - m) / np.sqrt(v + e) + b,
        )
    ),
    *(
        Mistake(_scaled(function), "beta is divided, too. Divide by the root first, then add beta.")
        for function in (
            lambda x, m, v, g, b, e: (g * (x - m) + b) / np.sqrt(v + e),
            lambda x, m, v, g, b, e: g * (x - m + b) / np.sqrt(v + e),
        )
    ),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (np.sqrt(v + e) + b)),
            "beta is added to the root that you divide by; add it to the quotient."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v + e) / g + b), "gamma divides; multiply by it."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v + e) - b), "beta is subtracted; add it."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (m - x) / np.sqrt(v + e) + b),
            "the maps are subtracted from the mean: `maps - mean`, the other way round."),
    Mistake(_scaled(lambda x, m, v, g, b, e: x - m),
            "only the mean is subtracted yet. Divide by np.sqrt(variance + epsilon), multiply by gamma, add beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v)),
            "gamma, beta and epsilon are missing: gamma · (x - mean) / √(variance + epsilon) + beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * x / np.sqrt(v + e)),
            "the mean is not subtracted, and beta is missing."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt((x**2).mean(axis=(0, 1, 2)) + e) + b),
            "this is the mean of the squares; for the variance subtract the mean first, or use maps.var."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v * (x.size // x.shape[-1]) + e) + b),
            "the squares are added up; the variance is their mean: maps.var."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - x.mean()) / np.sqrt(v + e) + b),
            "the mean is taken over everything at once, the variance per channel. Take both per channel, axis=(0, 1, 2)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(x.var() + e) + b),
            "the variance is taken over everything at once, the mean per channel. Take both per channel, axis=(0, 1, 2)."),
    *(
        Mistake(_scaled(lambda x, m, v, g, b, e, fixed=fixed: g * (x - m) / np.sqrt(v + fixed) + b),
                f"epsilon is {fixed:g} here, whatever the argument says. Use `epsilon`.")
        for fixed in (1e-5, 1e-4, 1e-2)
    ),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v + 1e-3) + b),
            "epsilon is 0.001 here, whatever the argument says. Use `epsilon`."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (np.sqrt(v) + e) + b),
            "epsilon is added to the root; add it to the variance, inside the root."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v - e) + b), "epsilon is subtracted; add it to the variance."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v + e)),
            "gamma and beta are missing: multiply by gamma, then add beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v + e)), "beta is missing: add it at the end."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v + e) + b),
            "gamma is missing: multiply by it before beta is added."),
    Mistake(_scaled(lambda x, m, v, g, b, e: b * (x - m) / np.sqrt(v + e) + g),
            "gamma and beta are swapped: gamma multiplies, beta is added."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * ((x - m) / np.sqrt(v + e) + b)),
            "beta is multiplied by gamma, too. Multiply by gamma first, then add beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * x / np.sqrt(v + e) + b), "the mean is not subtracted."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x + m) / np.sqrt(v + e) + b), "the mean is added; subtract it."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) + b), "nothing is divided by np.sqrt(variance + epsilon) yet."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) * np.sqrt(v + e) + b), "you multiply by the root; divide by it."),
    Mistake(
        lambda maps, gamma, beta, epsilon: (
            gamma * (maps - maps.mean(axis=(0, 1, 2))) / np.sqrt(maps.var(axis=(0, 1, 2), ddof=1) + epsilon) + beta
        ),
        "the variance divides by n - 1 (ddof=1). Batch normalisation divides by n, NumPy's default.",
    ),
    Mistake(
        lambda maps, gamma, beta, epsilon: (
            gamma * (maps - np.median(maps, axis=(0, 1, 2))) / np.sqrt(maps.var(axis=(0, 1, 2)) + epsilon) + beta
        ),
        "the median is subtracted; subtract the mean.",
    ),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------- the depth of failure


@check
def depth_of_failure(answer) -> None:
    """Check `depth_of_failure(losses, limit)`: the smallest depth at which a seed is not below the limit, or 0."""
    nan = math.nan
    rng = numbers(77)
    a, b, c = (round(float(x), 2) for x in rng.uniform(0.2, 0.6, 3))
    cases = [
        ({4: [a, b, c], 8: [b, c, a], 16: [1.5, a, b], 24: [1.8, 1.7, 1.6]}, 1.0),
        ({33: [1.8, 1.7, 1.9], 5: [a, b, c], 48: [1.9, 1.8, 1.8], 14: [b, a, 1.6]}, 1.0),  # not in order
        ({4: [a, b, c], 8: [b, 1.4, a], 16: [a, c, b], 24: [b, b, c]}, 1.2),  # a taller one works again
        ({4: [c, b, a], 24: [b, nan, c], 60: [nan, nan, nan]}, 1.0),
        ({4: [a, b, c], 16: [nan, 1.5, a], 24: [1.8, 1.7, 1.6]}, 1.0),  # max stays nan, any finds 1.5
        ({4: [a, b, c], 8: [4.0, a, b], 16: [1.8, 1.7, 1.6]}, 1.0),  # the mean fails, the middle seed works
        ({4: [a, b, c], 8: [1.5, a, 1.6], 16: [1.8, 1.7, 1.6]}, 1.0),  # the middle seed fails, another one works
        ({8: [a, 0.75, b], 16: [1.2, 1.1, 1.3]}, 0.75),  # equal to the limit is not below it
        ({4: [a, b, c], 60: [c, a, b]}, 1.0),  # nothing fails
        ({4: [2.0, 1.9, 1.8], 60: [1.9, 2.2, 1.8]}, 1.7),  # nothing works
    ]
    judge(
        answer,
        cases,
        _smallest_failing,
        lambda losses, limit: f"depth_of_failure of losses {losses} with a limit of {limit:g}",
        form=lambda answer: whole(answer, "A depth"),
        mistakes=DEPTH_OF_FAILURE_MISTAKES,
    )
    passed("The depth of failure: the smallest depth at which not every seed works.")


def _smallest_failing(losses: dict, limit: float) -> int:
    failing = [depth for depth, ends in losses.items() if sum(end < limit for end in ends) < len(ends)]
    return min(failing, default=0)


def _failing(fails, pick=min, missing=0):
    """Return a wrong answer that counts other depths as failing, or picks another one of them."""

    def wrong(losses, limit):
        depths = [depth for depth in losses if fails(losses[depth], limit)]
        return pick(depths) if depths else missing

    return wrong


def _not_all(ends, limit) -> bool:
    return not all(end < limit for end in ends)


def _without_nan(ends) -> list[float]:
    return [end for end in ends if not math.isnan(end)] or [math.inf]


def _at_the_first(order):
    """Return a wrong answer whose loop ends with the first depth: `return 0` is in the loop."""
    return lambda losses, limit: next(depth if _not_all(losses[depth], limit) else 0 for depth in order(losses))


def _largest_working(losses, limit) -> int:
    return max((depth for depth in losses if not _not_all(losses[depth], limit)), default=0)


def _beyond_the_last_working(losses, limit) -> int:
    taller = [depth for depth in losses if depth > _largest_working(losses, limit)]
    return min(taller, default=0)


DEPTH_OF_FAILURE_MISTAKES = (
    Mistake(_failing(lambda ends, limit: any(end >= limit for end in ends)),
            "nan >= limit is False, so a tower without a number counts as good. Ask what works: `not all(loss < limit …)`."),
    Mistake(_failing(lambda ends, limit: max(ends) >= limit),
            "nan hides from max and >=. Ask what works: `not all(loss < limit …)`."),
    *(
        Mistake(_failing(fails),
                "neither max nor > finds every nan, and a loss that equals the limit fails, too. Ask what works: "
                "`not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: any(end > limit for end in ends),
            lambda ends, limit: max(ends) > limit,
            lambda ends, limit: np.max(ends) > limit,
        )
    ),
    *(
        Mistake(_failing(fails), "here nan is passed over, so a tower without a number counts as good. Ask what works: "
                "`not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: not max(ends) < limit,
            lambda ends, limit: not max(_without_nan(ends)) < limit,
        )
    ),
    Mistake(_at_the_first(sorted), "the first depth of the loop decides. `return 0` comes after the loop, not in it."),
    Mistake(_at_the_first(list),
            "the first depth of the loop decides, and the dictionary has its own order. Go through sorted(losses), with "
            "`return 0` after the loop."),
    *(
        Mistake(_failing(fails, pick=lambda depths: depths[0]),
                "the dictionary has its own order; go through sorted(losses). And nothing is above or equal to nan: ask what "
                "works, `not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: any(end >= limit for end in ends),
            lambda ends, limit: any(end > limit for end in ends),
        )
    ),
    *(
        Mistake(_failing(fails),
                "here one good seed is enough: a depth fails only if *every* seed does. It has to work for every seed: "
                "`not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: all(end >= limit for end in ends),
            lambda ends, limit: all(end > limit for end in ends),
            lambda ends, limit: min(ends) >= limit,
            lambda ends, limit: not any(end < limit for end in ends),
        )
    ),
    *(
        Mistake(_failing(fails),
                "you compare the mean of the seeds; a depth works only if every single seed is below the limit.")
        for fails in (lambda ends, limit: np.mean(ends) >= limit, lambda ends, limit: not np.mean(_without_nan(ends)) < limit)
    ),
    Mistake(_failing(lambda ends, limit: np.median(ends) >= limit),
            "you compare the middle seed; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: sum(end < limit for end in ends) < 2),
            "two seeds are enough here; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: not ends[-1] < limit), "only the last seed is compared; look at all of them."),
    Mistake(_failing(lambda ends, limit: any(end != end for end in ends)),
            "only nan counts as a failure here; a loss that is not below the limit is one, too."),
    Mistake(lambda losses, limit: min(losses), "this is the smallest depth of all; return the smallest that does *not* work."),
    Mistake(lambda losses, limit: _smallest_failing(losses, limit) or max(losses), "return 0 if every depth works."),
    Mistake(lambda losses, limit: max((depth for depth in losses if depth < _smallest_failing(losses, limit)), default=0),
            "this is the depth *before* the one that fails; return the one that fails."),
    Mistake(
        lambda losses, limit: next(
            (place for place, depth in enumerate(sorted(losses), 1) if _not_all(losses[depth], limit)), 0
        ),
        "this is the depth's *place* in the list, counted from 1; return the depth itself.",
    ),
    Mistake(_failing(lambda ends, limit: not np.mean(ends) < limit),
            "you compare the mean of the seeds; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: not np.median(ends) < limit),
            "you compare the middle seed; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: not ends[0] < limit), "only the first seed is compared; look at all of them."),
    Mistake(_failing(lambda ends, limit: not all(end <= limit for end in ends)),
            "a loss that equals the limit is not below it: use <, not <=."),
    Mistake(_failing(_not_all, pick=lambda depths: depths[0]), "the dictionary has its own order; go through sorted(losses)."),
    Mistake(_failing(_not_all, pick=max), "this is the largest depth that fails; return the smallest."),
    Mistake(_beyond_the_last_working,
            "you look for the depth above all that work. A smaller one may fail where a taller one works: return the smallest."),
    Mistake(_largest_working, "this is the largest depth that works; return the smallest that does not."),
    Mistake(_failing(lambda ends, limit: not _not_all(ends, limit)), "this is the smallest depth that *works*."),
    Mistake(_failing(_not_all, missing=-1), "return 0 if every depth works."),
    Mistake(
        lambda losses, limit: next(
            (place for place, depth in enumerate(sorted(losses)) if _not_all(losses[depth], limit)), 0
        ),
        "this is the depth's *place* in the list; return the depth itself.",
    ),
    Mistake(lambda losses, limit: sum(_not_all(ends, limit) for ends in losses.values()),
            "this is how many depths fail; return the smallest of them."),
)  # fmt: skip
