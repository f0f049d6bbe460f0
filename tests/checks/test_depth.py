"""Checks of depth: right answers pass in any form, and each known mistake gets its own hint."""

import math

import keras
import numpy as np
from answers import three_tests

from fer_course import layers, linear
from fer_course.checks import depth
from fer_course.results.depth import depth_of_failure as package_depth

# ----------------------------------------------------------------------------------------------------------- the plateau


def entropy_by_faces(labels):
    shares = {label: sum(other == label for other in labels) / len(labels) for label in set(labels.tolist())}
    return sum(-math.log(shares[label]) for label in labels.tolist()) / len(labels)


def entropy_by_the_loss(labels):
    """The course's own loss of the shares as constant probabilities."""
    shares = np.bincount(labels, minlength=7) / len(labels)
    return linear.cross_entropy(np.tile(shares, (len(labels), 1)), labels)


ENTROPY_RIGHT = {
    "package": linear.label_entropy,
    "face by face": entropy_by_faces,
    "the loss itself": entropy_by_the_loss,
    "float16": lambda labels: np.float16(linear.label_entropy(labels)),
    "an array of one": lambda labels: np.array(linear.label_entropy(labels)),
}
ENTROPY_WRONG = {
    "nothing": (lambda labels: None, "return"),
    "the shares": (lambda labels: np.bincount(labels) / len(labels), "is one number"),
    "doubled": (lambda labels: 2 * linear.label_entropy(labels), "the right one times 2"),
    "always nan": (
        lambda labels: -np.sum((p := np.unique(labels, return_counts=True)[1] / len(labels)) * np.log(-p)),
        "found nan(?!.*does not occur)",
    ),
    "stopped": (lambda labels: np.log(labels.share), "stopped with AttributeError"),
    "all seven classes, in a loop": (
        lambda labels: -sum(np.mean(labels == c) * np.log(np.mean(labels == c)) for c in range(7)),
        "the value is nan. A class that does not occur",
    ),
    "all seven classes, the plus": (
        lambda labels: np.sum((p := np.bincount(labels, minlength=7) / len(labels)) * np.log(p)),
        "the value is nan. A class that does not occur",
    ),
}

# -------------------------------------------------------------------------------------------------- batch normalisation


def in_keras(maps, gamma, beta, epsilon=1e-3):
    layer = keras.layers.BatchNormalization(epsilon=epsilon, dtype="float64")
    layer.build(maps.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    return layer(maps, training=True)


def channel_by_channel(maps, gamma, beta, epsilon=1e-3):
    channels = []
    for c in range(maps.shape[3]):
        x = maps[:, :, :, c]
        variance = np.mean(x**2) - np.mean(x) ** 2
        channels.append((x - np.mean(x)) / np.sqrt(variance + epsilon) * gamma[c] + beta[c])
    return np.stack(channels, axis=3)


def other_default(maps, gamma, beta, epsilon=1.0):
    return in_keras(maps, gamma, beta, epsilon)


def in_place(maps, gamma, beta, epsilon):
    maps -= maps.mean(axis=(0, 1, 2))
    return gamma * maps / np.sqrt(maps.var(axis=(0, 1, 2)) + epsilon) + beta


NORMALISE_RIGHT = {
    "package": layers.normalise,
    "Keras' own layer": in_keras,
    "channel by channel": channel_by_channel,
    "a list": lambda *arguments: layers.normalise(*arguments).tolist(),
    "a tensor": lambda *arguments: keras.ops.convert_to_tensor(layers.normalise(*arguments)),
}
NORMALISE_WRONG = {
    "nothing": (lambda maps, gamma, beta, epsilon: None, "return"),
    "another default": (other_default, "Called without `epsilon`, it is 1e-3"),
    "in place": (in_place, r"`maps = maps\.copy\(\)`"),
    "lost axes": (
        lambda maps, gamma, beta, epsilon: maps - maps.mean(axis=(1, 2)),
        r"\(3, 2\) is the shape of a mean or a variance over the axes \(1, 2\)\..*one number per channel, \(C,\)",
    ),
    "another array's shape": (
        lambda maps, gamma, beta, epsilon: (maps - maps.mean(axis=(0, 1, 2))) * np.ones(7),
        r"The maps are \(3, 4, 5, 2\); gamma and beta are \(2,\).* Which of your arrays has another shape\?",
    ),
    "a list of axes": (
        lambda maps, gamma, beta, epsilon: maps - maps.mean(axis=[0, 1, 2]),
        r"several axes as a tuple, axis=\(0, 1, 2\)",
    ),
    "mean of variances": (
        lambda maps, gamma, beta, epsilon: (
            gamma * (maps - maps.mean(axis=(0, 1, 2))) / np.sqrt(maps.var(axis=(1, 2)).mean(axis=0) + epsilon) + beta
        ),
        "the mean of several variances gives, one of each picture",
    ),
    "twice as large": (lambda *arguments: 2 * layers.normalise(*arguments), "the right one times 2"),
}

# ------------------------------------------------------------------------------------------------- the depth of failure


def by_while(losses, limit):
    depths = sorted(losses, reverse=True)
    while depths:
        depth = depths.pop()
        if max((math.inf if math.isnan(loss) else loss) for loss in losses[depth]) >= limit:
            return np.int64(depth)
    return 0


FAILURE_RIGHT = {"package": package_depth, "while": by_while}


def first_depth(fails, part=slice(None)):
    return lambda losses, limit: next((depth for depth in sorted(losses)[part] if fails(losses[depth], limit)), 0)


def too_far(losses, limit):
    depths = sorted(losses)
    for number in range(len(depths) + 1):
        if not all(end < limit for end in losses[depths[number]]):
            return depths[number]
    return 0


FAILURE_WRONG = {
    "the loss for its depth": (
        lambda losses, limit: next((x for d in sorted(losses) for x in losses[d] if not x < limit), 0),
        "A depth is a whole number .* Is it a loss, in the place of its depth",
    ),
    "nothing": (lambda losses, limit: None, "return"),
    "no zero": (
        lambda losses, limit: min(d for d in losses if not all(x < limit for x in losses[d])),
        r"every depth works, and 0 is right. No depth that fails is left to take: `min\(failing, default=0\)`",
    ),
    "no zero, by index": (
        lambda losses, limit: [d for d in sorted(losses) if not all(x < limit for x in losses[d])][0],  # noqa: RUF015
        r"Either a list of the depths that fail is empty here: .*\. Or an index goes past the last depth",
    ),
    "no zero, by next": (
        lambda losses, limit: next(d for d in sorted(losses) if not all(x < limit for x in losses[d])),
        "No depth that fails is left to take",
    ),
    "an index too far": (too_far, "Either a list of .*Or an index goes past the last depth"),
    "another ValueError": (
        lambda losses, limit: package_depth(losses, limit) or int("none"),
        "stopped with ValueError: invalid literal(?!.*every depth works)",
    ),
    "the largest never looked at": (
        first_depth(lambda ends, limit: not all(end < limit for end in ends), slice(-1)),
        "what comes without the largest depth",
    ),
    "the smallest never looked at": (
        first_depth(lambda ends, limit: not all(end < limit for end in ends), slice(1, None)),
        "what comes without the smallest depth",
    ),
    "nan by in": (
        first_depth(lambda ends, limit: max(ends) >= limit or math.nan in ends),
        r"what max\(…\) >= limit gives",
    ),
    "nan by is": (
        first_depth(lambda ends, limit: any(end >= limit or end is math.nan for end in ends)),
        "here a loss of nan counts as good",
    ),
    "nan and >": (
        first_depth(lambda ends, limit: any(math.isnan(end) for end in ends) or max(ends) > limit),
        "here a loss that equals the limit counts as good(?!.*<=)",
    ),
    "a fixed limit": (
        first_depth(lambda ends, limit: not all(end < 1 for end in ends)),
        "what a fixed limit such as 1 gives",
    ),
    "no zero, another error": (
        lambda losses, limit: losses[0] or min(losses),
        "stopped with KeyError: 0(?!.*every depth works)",
    ),
    "three seeds by index": (
        first_depth(lambda ends, limit: not (ends[0] < limit and ends[1] < limit and ends[2] < limit)),
        "here three good seeds make a depth work",
    ),
    "the first three seeds": (
        first_depth(lambda ends, limit: not all(end < limit for end in ends[:3])),
        "what the first three seeds give alone",
    ),
    "the sum": (first_depth(lambda ends, limit: not sum(ends) < limit), r"what the \*sum\* of a depth's losses gives"),
    "the smallest loss": (
        first_depth(lambda ends, limit: not min(ends) < limit),
        "the smallest loss of each depth gives",
    ),
    "nan is good": (
        first_depth(lambda ends, limit: not all(end < limit or end != end for end in ends)),
        "here a loss of nan counts as good",
    ),
    "a loss": (lambda losses, limit: losses[4][0] if 4 in losses else 0.5, "whole number"),
    "changed": (lambda losses, limit: losses.pop(4, 0) and 16, "changed its input in place"),
}

# ------------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    depth.label_entropy: (ENTROPY_RIGHT, ENTROPY_WRONG),
    depth.normalise: (NORMALISE_RIGHT, NORMALISE_WRONG),
    depth.depth_of_failure: (FAILURE_RIGHT, FAILURE_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
