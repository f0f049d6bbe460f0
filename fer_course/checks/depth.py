"""Checks: the loss of a network that ignores the picture, batch normalisation, and the depth at which towers fail."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np

from fer_course.checks.answers import number, whole
from fer_course.checks.comparing import close, shapes_in
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
        (rng.permutation(np.repeat(range(7), grown(79, 3, 2, 4, 2, 5, 2, 6))),),  # all seven: nothing is 0 · ln 0
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


def _of_all(logarithm, classes: int = 0, factor=lambda shares: shares):
    """Return a wrong entropy that takes the logarithm of the shares of all classes, also of those that don't occur.

    They are counted up to the largest label; `classes` is how many there are at least.
    """

    def wrong(labels):
        shares = np.bincount(labels, minlength=classes) / len(labels)
        return float(-np.sum(factor(shares) * logarithm(shares)))

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
    "this is exactly what ln(share + {}) gives. No number has to be added to a share. Leave out the classes that don't "
    "occur: counts > 0."
)
_MINUS = "The logarithm of a share is below 0, so there is a minus in front of the sum."

LABEL_ENTROPY_MISTAKES = (
    *(
        Mistake(_of_all(logarithm, classes),
                "the value is nan. A class that does not occur has the share 0, and 0 · ln 0 is nan. Leave such classes out: "
                "counts > 0.")
        for logarithm in (np.log, np.log2, np.log10)
        for classes in (0, 7)
    ),
    *(
        Mistake(_of_all(np.log, classes, lambda shares: -shares),
                "the value is nan. A class that does not occur has the share 0, and 0 · ln 0 is nan. Leave such classes out: "
                f"counts > 0. {_MINUS}")
        for classes in (0, 7)
    ),
    *(
        Mistake(_of_all(np.log, classes, lambda shares, sign=sign: sign),
                "the value is infinite, as ln 0 is. Leave out the classes that don't occur, counts > 0, and multiply each "
                "logarithm by the share of its class.")
        for classes in (0, 7)
        for sign in (1, -1)
    ),
    *(
        Mistake(_of_all(lambda p, added=added: np.log(p + added)), _ADDED.format(f"{added:g}"))
        for added in (1e-5, 1e-4, 1e-3, 1e-2, 1)
    ),
    *(
        Mistake(_of_the_frequent(again),
                "this is the entropy without the class that has a single face. It occurs, too: counts "
                "> 0.")
        for again in (False, True)
    ),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log2(p))), "this is in bits (log2). The loss uses natural logarithms: np.log."),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log10(p))), "this uses log10. The loss uses natural logarithms: np.log."),
    Mistake(_with_shares(lambda p: np.sum(p * np.log(p))),
            "this is the right value with the opposite sign. The logarithm of a "
            "share is below 0, so there is a minus in front of the sum."),
    Mistake(_with_shares(lambda p: -np.sum(np.log(p))),
            "this is the sum of the logarithms as they are. Multiply each by the share of its class."),
    Mistake(_with_shares(lambda p: np.sum(np.log(p))),
            f"this is the sum of the logarithms as they are. Multiply each by the share of its class. {_MINUS}"),
    Mistake(_with_shares(lambda p: np.mean(np.log(p))),
            f"this is the mean over the *classes*. Multiply each logarithm by its class's share, and add up. {_MINUS}"),
    Mistake(_with_shares(lambda p: np.mean(p * np.log(p))),
            "this is the mean of share · ln(share) over the classes. Add the "
            f"products up. {_MINUS}"),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log(1 - p))),
            "this is what the logarithm of 1 - share gives; take that of "
            "the share."),
    Mistake(_with_shares(lambda p: -np.sum((1 - p) * np.log(p))),
            "this is what logarithms times 1 - share give; multiply each by the share."),
    Mistake(_with_shares(lambda p: -np.sum(p**2 * np.log(p))),
            "this is what logarithms times the square of the share give; use the share."),
    Mistake(_with_shares(lambda p: -np.log(np.sum(p))),
            "this is 0, as ln 1 is, and all shares add up to 1. Take the logarithm of each share first, then add up share · "
            "logarithm."),
    Mistake(_with_shares(lambda p: -np.log(np.sum(p**2))),
            "this is the logarithm of a mean. Take the logarithm of each share first, then add up share · logarithm."),
    Mistake(_with_shares(lambda p: np.log(np.mean(1 / p))),
            "this is the logarithm of a mean. Take the logarithm of each share first, then add up share · logarithm."),
    Mistake(_with_shares(lambda p: 1 - np.sum(p**2)), "these are squares of shares; the entropy has share · ln(share)."),
    Mistake(_with_shares(lambda p: -np.sum(p * np.log(p)) / np.log(len(p))),
            "this is the entropy divided by the logarithm of the number of classes that occur; leave that out."),
    Mistake(_with_shares(lambda p: -np.mean(np.log(p))),
            "this is the mean over the *classes*. Take it over the faces: multiply each logarithm by the share of its class."),
    Mistake(_with_shares(lambda p: -np.mean(p * np.log(p))),
            "this is the mean of the products over the classes. Add them up."),
    Mistake(_with_shares(lambda p: np.log(len(p))),
            "this is the logarithm of the number of classes that occur: right if all are equally frequent. Use the share of "
            "each."),
    Mistake(_with_shares(lambda p: -np.log(p.max())),
            "this is -ln(share) of the most frequent class alone. Add up -share · ln(share) over all classes."),
    Mistake(_with_shares(lambda p: -np.log(p.min())),
            "this is -ln(share) of the rarest class alone. Add up -share · ln(share) over all classes."),
    *(
        Mistake(_with_shares(lambda p, place=place, factor=factor: -factor(p[place]) * np.log(p[place])),
                f"this is the {word} class that occurs, alone. Add up -share · ln(share) over all classes.")
        for place, word in ((0, "first"), (-1, "last"))
        for factor in (lambda share: share, lambda share: 1)
    ),
    Mistake(lambda labels: np.log(7), "ln 7 is the loss if all seven classes get 1/7. Use the shares of these labels."),
    Mistake(lambda labels: np.log(len(labels)),
            "this is the logarithm of how many labels there are. Use the share of each class."),
    *(
        Mistake(_with_counts(lambda n, total, sign=sign: sign * np.sum(n * np.log(n))),
                "this is what counts give in place of shares; divide the counts by len(labels).")
        for sign in (-1, 1)
    ),
    *(
        Mistake(_with_counts(lambda n, total, sign=sign: sign * np.sum(n / total * np.log(n))),
                "this is what logarithms of counts give; take those of the shares.")
        for sign in (-1, 1)
    ),
    Mistake(_with_counts(lambda n, total: np.sum(n * np.log(n / total))),
            f"this is what logarithms times counts give; multiply them by shares. {_MINUS}"),
    *(
        Mistake(_with_counts(lambda n, total, by=by: -np.sum(n / by(n, total) * np.log(n / by(n, total)))),
                f"this is what counts divided by {words} give; divide them by len(labels).")
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


def _normalise_advice(error: Exception, maps: np.ndarray, gamma: np.ndarray, *_) -> str:
    """Say which arrays don't fit, as far as their shapes tell."""
    told = str(error)
    if "'list' object cannot be interpreted as an integer" in told:
        return (
            "A list is where a whole number, or a tuple of them, belongs. NumPy takes several axes as a tuple, "
            "axis=(0, 1, 2)."
        )
    if "could not be broadcast" not in told:
        return ""
    found = shapes_in(error)
    others = [shape for shape in found if shape not in (maps.shape, gamma.shape)]
    one_per_channel = (
        "Mean and variance need one number per channel, (C,), or four axes with keepdims=True: "
        "maps.mean(axis=(0, 1, 2))."
    )
    for shape in others:
        for axes in _AXES_LEFT_OUT:
            left = tuple(side for axis, side in enumerate(maps.shape) if axis not in axes)
            if maps.shape in found and shape == left:
                return f"{shape} is the shape of a mean or a variance over {_axes(axes)}. {one_per_channel}"
    channels = maps.shape[-1]
    return (
        f"The maps are {maps.shape}; gamma and beta are ({channels},), as mean and variance over pictures, rows and columns "
        "are. Which of your arrays has another shape?"
    )


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]} alone" if len(axes) == 1 else f"the axes {axes}"


#: The axes of maps that a mean may be taken over, other than the right ones.
_AXES_LEFT_OUT = [axes for count in (1, 2, 3) for axes in itertools.combinations(range(4), count) if axes != (0, 1, 2)]


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
        advice=_normalise_advice,
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


_ONE_VARIANCE = "one variance of a channel's numbers in all pictures: maps.var(axis=(0, 1, 2))."
_AXES = "one mean and one variance per *channel*: average over pictures, rows and columns, axis=(0, 1, 2)."

NORMALISE_MISTAKES = (
    Mistake(_over(None), f"this is what one mean and one variance of everything give. Take {_AXES}"),
    Mistake(_over((1, 2)), f"here each picture is normalised by itself. Take {_AXES}"),
    Mistake(_over(0), f"this is what a mean and a variance of each *place* give, over the pictures. Take {_AXES}"),
    Mistake(_over(3), f"this is what mean and variance over the channels of each pixel give. Take {_AXES}"),
    Mistake(_over((1, 2, 3)), f"here each picture is normalised by itself, with all its channels. Take {_AXES}"),
    Mistake(_over((0, 1)), f"this is what a mean and a variance of each column give. Take {_AXES}"),
    Mistake(_over((0, 2)), f"this is what a mean and a variance of each row give. Take {_AXES}"),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (v + e) + b),
            "this is what dividing by variance + epsilon gives; divide by its root, np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v) + b),
            "these are the values for an epsilon of 0. Add the argument: np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / v + b),
            "this is what dividing by the variance gives, without root and epsilon; divide by np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(np.sqrt(v) + e) + b),
            "this is what √(√variance + epsilon) gives. Divide by np.sqrt(variance + epsilon), with maps.var: np.std is a root "
            "already."),
    *(
        Mistake(_scaled(function),
                "this is what epsilon outside the root gives: write np.sqrt(variance + epsilon), with the "
                "brackets.")
        for function in (
            lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v) + e + b,
            lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v) + e,
        )
    ),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (np.sqrt(v) + np.sqrt(e)) + b),
            "this is what √variance + √epsilon gives. Add first, then take one root: np.sqrt(variance + epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v**2 + e) + b),
            "this is what the square of the variance gives, under the root; maps.var is a mean of squares already."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (v + e) ** 2 + b),
            "this is what the square of variance + epsilon gives; take its root."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v * e) + b),
            "this is what variance · epsilon gives; add epsilon to the variance."),
    *(
        Mistake(_scaled(function),
                "this is what comes without brackets: subtract the mean first, (maps - mean), then divide "
                "and multiply.")
        for function in (
            lambda x, m, v, g, b, e: g * x - m / np.sqrt(v + e) + b,
            lambda x, m, v, g, b, e: x - m / np.sqrt(v + e) * g + b,
            lambda x, m, v, g, b, e: g * x - g * m / np.sqrt(v + e) + b,
            lambda x, m, v, g, b, e: (g * x - m) / np.sqrt(v + e) + b,
        )
    ),
    *(
        Mistake(_scaled(function), "this is what comes if beta is divided, too. Divide by the root first, then add beta.")
        for function in (
            lambda x, m, v, g, b, e: (g * (x - m) + b) / np.sqrt(v + e),
            lambda x, m, v, g, b, e: g * (x - m + b) / np.sqrt(v + e),
        )
    ),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (np.sqrt(v + e) + b)),
            "this is what comes if beta is added to the root below the line; add it to the quotient."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v + e) / g + b),
            "this is what dividing by gamma gives; multiply by it."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v + e) - b),
            "this is what comes if beta is subtracted; add it."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (m - x) / np.sqrt(v + e) + b),
            "this is what mean - maps gives. It is the other way round: `maps - mean`."),
    Mistake(_scaled(lambda x, m, v, g, b, e: x - m),
            "these are the maps less their mean, and nothing else. Divide by np.sqrt(variance + epsilon), multiply by gamma, "
            "add beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v)),
            "this is what comes without gamma, beta and epsilon: gamma · (x - mean) / √(variance + epsilon) + beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * x / np.sqrt(v + e)),
            "this is what comes without subtracting the mean and without beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt((x**2).mean(axis=(0, 1, 2)) + e) + b),
            "this is what the mean of the squares gives in place of the variance. Subtract the mean first, or use maps.var."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v * (x.size // x.shape[-1]) + e) + b),
            "this is what the sum of the squares gives; the variance is their mean: maps.var."),
    *(
        Mistake(_scaled(lambda x, m, v, g, b, e, axis=axis: g * (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(v + e) + b),
                f"this is what a mean of each {what} gives, with a variance per channel. Take both per channel: axis=(0, 1, 2).")
        for axis, what in ((0, "place"), ((1, 2), "picture"))
    ),
    *(
        Mistake(_scaled(lambda x, m, v, g, b, e, axis=axis: g * (x - m) / np.sqrt(x.var(axis=axis, keepdims=True) + e) + b),
                f"this is what a variance of each {what} gives, with a mean per channel. Take both per channel: axis=(0, 1, 2).")
        for axis, what in ((0, "place"), ((1, 2), "picture"))
    ),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - x.sum(axis=(0, 1, 2))) / np.sqrt(v + e) + b),
            "this is what subtracting each channel's sum gives; subtract its mean."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - x.mean()) / np.sqrt(v + e) + b),
            "this is what one mean of everything gives, with a variance per channel. Take both per channel, axis=(0, 1, 2)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(x.var() + e) + b),
            "this is what one variance of everything gives, with a mean per channel. Take both per channel, axis=(0, 1, 2)."),
    *(
        Mistake(_scaled(lambda x, m, v, g, b, e, fixed=fixed: g * (x - m) / np.sqrt(v + fixed) + b),
                f"these are the values for an epsilon of {fixed:g}, whatever the argument says. Use `epsilon`.")
        for fixed in (1e-5, 1e-4, 1e-2)
    ),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v + 1e-3) + b),
            "these are the values for an epsilon of 0.001, whatever the argument says. Use `epsilon`."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / (np.sqrt(v) + e) + b),
            "this is what √variance + epsilon gives; add epsilon to the variance, inside the root."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v - e) + b),
            "this is what variance - epsilon gives; add epsilon to the variance."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v + e)),
            "this is what comes without gamma and beta: multiply by gamma, then add beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) / np.sqrt(v + e)),
            "this is what comes without beta: add it at the end."),
    Mistake(_scaled(lambda x, m, v, g, b, e: (x - m) / np.sqrt(v + e) + b),
            "this is what comes without gamma: multiply by it before beta is added."),
    Mistake(_scaled(lambda x, m, v, g, b, e: b * (x - m) / np.sqrt(v + e) + g),
            "this is what comes if gamma and beta are swapped: gamma multiplies, beta is added."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * ((x - m) / np.sqrt(v + e) + b)),
            "this is what comes if beta is multiplied by gamma, too. Multiply by gamma first, then add beta."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * x / np.sqrt(v + e) + b), "this is what comes without subtracting the mean."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x + m) / np.sqrt(v + e) + b),
            "this is what maps + mean gives; subtract the mean."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) + b),
            "this is what comes without dividing by np.sqrt(variance + "
            "epsilon)."),
    Mistake(_scaled(lambda x, m, v, g, b, e: g * (x - m) * np.sqrt(v + e) + b),
            "this is what multiplying by the root gives; divide by it."),
    Mistake(
        lambda maps, gamma, beta, epsilon: (
            gamma * (maps - maps.mean(axis=(0, 1, 2))) / np.sqrt(maps.var(axis=(0, 1, 2), ddof=1) + epsilon) + beta
        ),
        "this is what a variance over n - 1 gives (ddof=1). Batch normalisation divides by n, NumPy's default.",
    ),
    Mistake(
        lambda maps, gamma, beta, epsilon: (
            gamma * (maps - np.median(maps, axis=(0, 1, 2))) / np.sqrt(maps.var(axis=(0, 1, 2)) + epsilon) + beta
        ),
        "this is what subtracting the median gives; subtract the mean.",
    ),
    *(
        Mistake(
            lambda maps, gamma, beta, epsilon, axis=axis, rest=rest: (
                gamma * (maps - maps.mean(axis=(0, 1, 2))) / np.sqrt(maps.var(axis=axis).mean(axis=rest) + epsilon) + beta
            ),
            f"this is what the mean of several variances gives, one of each {what}. Take {_ONE_VARIANCE}",
        )
        for axis, rest, what in (((1, 2), 0, "picture"), (0, (0, 1), "place"), ((0, 1), 0, "column"), ((0, 2), 0, "row"))
    ),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------- the depth of failure


@check
def depth_of_failure(answer) -> None:
    """Check `depth_of_failure(losses, limit)`: the smallest depth at which a seed is not below the limit, or 0."""
    rng = numbers(77)
    a, b, c = (round(float(x), 2) for x in rng.uniform(0.2, 0.6, 3))
    cases = [
        ({4: [a, b, c], 8: [b, c, a], 16: [1.5, a, b], 24: [1.8, 1.7, 1.6]}, 1.0),
        ({33: [1.8, 1.7, 1.9], 5: [a, b, c], 48: [1.9, 1.8, 1.8], 14: [b, a, 1.6]}, 1.0),  # not in order
        ({4: [a, b, c], 8: [b, 1.4, a], 16: [a, c, b], 24: [b, b, c]}, 1.2),  # a taller one works again
        ({4: [c, b, a], 24: [b, _nan(), c], 60: [_nan(), _nan(), _nan()]}, 1.0),
        ({4: [a, b, c], 16: [_nan(), 1.5, a], 24: [1.8, 1.7, 1.6]}, 1.0),  # max stays nan, any finds 1.5
        ({4: [a, b, c], 8: [4.0, a, b], 16: [1.8, 1.7, 1.6]}, 1.0),  # the mean fails, the middle seed works
        ({4: [a, b, c], 8: [1.5, a, 1.6], 16: [1.8, 1.7, 1.6]}, 1.0),  # the middle seed fails, another one works
        ({8: [a, 0.75, b], 16: [1.2, 1.1, 1.3]}, 0.75),  # equal to the limit is not below it
        ({8: [a, 0.9, b], 16: [1.2, 1.1, 1.3]}, 0.8),  # above the limit, and below 1
        ({4: [a, 1.3, b], 8: [c, 2.1, a]}, 2.0),  # above 1, and below the limit
        ({4: [a, b, c], 60: [c, a, b]}, 1.0),  # nothing fails
        ({60: [a, 1.5, b], 4: [a, b, c]}, 1.0),  # the largest depth alone fails
        ({4: [a, 1.5, b], 60: [a, b, c]}, 1.0),  # the smallest alone
        ({4: [2.0, 1.9, 1.8], 60: [1.9, 2.2, 1.8]}, 1.7),  # nothing works
        ({4: [a, b, c, a], 8: [b, c, a, 1.5], 16: [1.8, 1.7, 1.6, a]}, 1.0),  # more seeds than three
        ({4: [a, b], 8: [1.4, b], 16: [1.8, 1.7]}, 1.0),  # and fewer
        ({4: [a, b, c], 8: [b, c, a], 16: [2.5, a, b], 24: [2.6, 2.7, 2.4]}, 2.0),  # the sum is below the limit, too
    ]
    judge(
        answer,
        cases,
        _smallest_failing,
        lambda losses, limit: f"depth_of_failure of losses {losses} with a limit of {limit:g}",
        form=lambda answer: whole(
            answer, "A depth", "Is it a loss, in the place of its depth? The depths are the keys of `losses`."
        ),
        mistakes=DEPTH_OF_FAILURE_MISTAKES,
        advice=_failure_advice,
    )
    passed("The depth of failure: the smallest depth at which not every seed works.")


def _nan() -> float:
    """Return a nan that is an object of its own, as that of a training is: neither `is math.nan` nor `in` finds it."""
    return float("nan")


def _smallest_failing(losses: dict, limit: float) -> int:
    failing = [depth for depth, ends in losses.items() if sum(end < limit for end in ends) < len(ends)]
    return min(failing, default=0)


def _failure_advice(error: Exception, losses: dict, limit: float) -> str:
    if _smallest_failing(losses, limit):
        return ""
    works = "At these losses every depth works, and 0 is right."
    told = str(error)
    if isinstance(error, StopIteration) or (isinstance(error, ValueError) and ("empty" in told or "zero-size" in told)):
        return f"{works} No depth that fails is left to take: `min(failing, default=0)` returns 0 then."
    if isinstance(error, IndexError):
        return (
            f"{works} Either a list of the depths that fail is empty here: `min(failing, default=0)` returns 0 then. Or an "
            "index goes past the last depth."
        )
    return ""


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


def _without(place: int):
    """Return a wrong answer that leaves out the depth in this place of the sorted ones."""

    def wrong(losses, limit):
        left = sorted(losses)
        del left[place]
        return _smallest_failing({depth: losses[depth] for depth in left}, limit)

    return wrong


def _beyond_the_last_working(losses, limit) -> int:
    taller = [depth for depth in losses if depth > _largest_working(losses, limit)]
    return min(taller, default=0)


DEPTH_OF_FAILURE_MISTAKES = (
    Mistake(_failing(lambda ends, limit: any(end >= limit for end in ends)),
            "here a loss of nan counts as good. Nothing is below, equal to or above nan, so ask what works, and nothing else: "
            "`not all(loss < limit …)`."),
    Mistake(_failing(lambda ends, limit: max(ends) >= limit),
            "this is exactly what max(…) >= limit gives: nan hides from max and >=. Ask what works: `not all(loss < limit …)`."),
    *(
        Mistake(_failing(fails),
                "here nan counts as good in some places, and so does a loss that equals the limit. Neither max nor > finds "
                "them: ask what works, `not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: any(end > limit for end in ends),
            lambda ends, limit: max(ends) > limit,
            lambda ends, limit: np.max(ends) > limit,
        )
    ),
    *(
        Mistake(_failing(fails), "here a depth with nan counts as good in some places. Ask what works, of every single loss: "
                "`not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: not max(ends) < limit,
            lambda ends, limit: not max(_without_nan(ends)) < limit,
        )
    ),
    Mistake(_at_the_first(sorted),
            "here the smallest depth decides alone, as if `return 0` were inside the loop. It comes "
            "after it."),
    Mistake(_at_the_first(list),
            "here the dictionary's first depth decides alone, as if `return 0` were inside the loop. Go through "
            "sorted(losses), with `return 0` after the loop."),
    *(
        Mistake(_failing(fails, pick=lambda depths: depths[0]),
                "this follows the dictionary's own order; go through sorted(losses). And a loss of nan counts as good: ask what "
                "works, `not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: any(end >= limit for end in ends),
            lambda ends, limit: any(end > limit for end in ends),
        )
    ),
    *(
        Mistake(_failing(fails),
                "here one good seed is enough, and a depth fails only if *every* seed does. It has to work for every seed: "
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
                "this is exactly what the smallest loss of each depth gives. Every seed has to be below the limit: "
                "`not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: not min(ends) < limit,
            lambda ends, limit: not np.min(ends) < limit,
        )
    ),
    *(
        Mistake(_failing(fails),
                "this is exactly what the *sum* of a depth's losses gives. Every single seed has to be below the limit: "
                "`not all(loss < limit …)`.")
        for fails in (
            lambda ends, limit: not sum(ends) < limit,
            lambda ends, limit: sum(ends) >= limit,
            lambda ends, limit: sum(ends) > limit,
            lambda ends, limit: not sum(ends) <= limit,
        )
    ),
    *(
        Mistake(_failing(fails),
                "this is what the mean of the seeds gives; a depth works only if every single seed is below the limit.")
        for fails in (lambda ends, limit: np.mean(ends) >= limit, lambda ends, limit: not np.mean(_without_nan(ends)) < limit)
    ),
    Mistake(_failing(lambda ends, limit: np.median(ends) >= limit),
            "this is what the middle seed gives; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: sum(end < limit for end in ends) < 3),
            "here three good seeds make a depth work. *Every* seed has to be below the limit, however many there are."),
    Mistake(_failing(lambda ends, limit: sum(end < limit for end in ends) < 2),
            "two seeds are enough here; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: _not_all(ends[:3], limit)),
            "this is what the first three seeds give alone. A depth may have more or fewer: look at all of them."),
    Mistake(_failing(lambda ends, limit: not ends[-1] < limit), "this is what the last seed gives alone; look at all of them."),
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
            "this is what the mean of the seeds gives; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: not np.median(ends) < limit),
            "this is what the middle seed gives; a depth works only if every single seed is below the limit."),
    Mistake(_failing(lambda ends, limit: not ends[0] < limit), "this is what the first seed gives alone; look at all of them."),
    Mistake(_failing(lambda ends, limit: not all(end <= limit for end in ends)),
            "here a loss that equals the limit counts as good. It is not below it: a depth works if `all(loss < limit …)`."),
    Mistake(_failing(lambda ends, limit: not all(end < 1 for end in ends)),
            "this is exactly what a fixed limit such as 1 gives, whatever the argument says. Use `limit`."),
    Mistake(_without(-1), "this is exactly what comes without the largest depth. Look at every depth, the last one, too."),
    Mistake(_without(0), "this is exactly what comes without the smallest depth. Look at every depth, the first one, too."),
    Mistake(_failing(_not_all, pick=lambda depths: depths[0]),
            "this is the first depth that fails in the dictionary's own order; go through sorted(losses)."),
    Mistake(_failing(_not_all, pick=max), "this is the largest depth that fails; return the smallest."),
    Mistake(_beyond_the_last_working,
            "this is the smallest depth above all that work. A smaller one may fail where a taller one works: return the "
            "smallest."),
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
