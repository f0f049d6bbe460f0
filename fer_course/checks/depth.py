"""Checks: the loss of a network that ignores the picture, batch normalisation, and the depth at which towers fail."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from fer_course.checks.answers import number, whole
from fer_course.checks.core import Mistake, check, grown, judge, numbers, passed

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


def _of_counts(labels: np.ndarray) -> float:
    counts = np.bincount(labels)[np.bincount(labels) > 0]
    return float(-np.sum(counts * np.log(counts)))


def _of_all(labels: np.ndarray) -> float:
    shares = np.bincount(labels) / len(labels)
    return float(-np.sum(shares * np.log(shares)))


LABEL_ENTROPY_MISTAKES = (
    Mistake(_of_all, "a class that does not occur has the share 0, and 0 · ln 0 is nan. Leave such classes out: counts > 0."),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log2(p))), "this is in bits (log2). The loss uses natural logarithms: np.log."),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log10(p))), "this uses log10. The loss uses natural logarithms: np.log."),
    Mistake(_with_shares(lambda p: np.sum(p * np.log(p))), "the minus is missing: the logarithm of a share is below 0."),
    Mistake(_with_shares(lambda p: -np.sum(np.log(p))),
            "each logarithm counts as often as its class occurs: multiply it by the share."),
    Mistake(_with_shares(lambda p: -np.mean(np.log(p))),
            "this is the mean over the *classes*. Take it over the faces: multiply each logarithm by the share of its class."),
    Mistake(_with_shares(lambda p: -np.mean(p * np.log(p))), "add up the products, don't average them."),
    Mistake(_with_shares(lambda p: np.log(len(p))),
            "this is right if all classes are equally frequent. Use the share of each class."),
    Mistake(_with_shares(lambda p: -np.log(p.max())),
            "only the most frequent class counts here. Add up -share · ln(share) over all classes."),
    Mistake(lambda labels: np.log(7), "ln 7 is the loss if all seven classes get 1/7. Use the shares of these labels."),
    Mistake(_of_counts, "these are counts; divide them by len(labels), so that they are shares."),
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
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v) + b), "epsilon is missing: np.sqrt(variance + epsilon)."),
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
        ({24: [1.8, 1.7, 1.9], 4: [a, b, c], 40: [1.9, 1.8, 1.8], 12: [b, a, 1.6]}, 1.0),  # not in order
        ({4: [a, b, c], 8: [b, 1.4, a], 16: [a, c, b], 24: [b, b, c]}, 1.2),  # a taller one works again
        ({4: [c, b, a], 24: [b, nan, c], 60: [nan, nan, nan]}, 1.0),
        ({4: [a, b, c], 16: [nan, 1.5, a], 24: [1.8, 1.7, 1.6]}, 1.0),  # max stays nan, any finds 1.5
        ({4: [a, b, c], 8: [4.0, a, b], 16: [1.8, 1.7, 1.6]}, 1.0),  # the mean fails, the middle seed works
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
    Mistake(_failing(lambda ends, limit: not any(end < limit for end in ends)),
            "here a depth fails only if *every* seed fails. It has to work for every seed: `not all(…)`."),
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
