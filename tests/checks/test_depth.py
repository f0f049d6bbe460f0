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
        r"one number per channel, \(C,\)",
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


def first_depth(fails):
    return lambda losses, limit: next((depth for depth in sorted(losses) if fails(losses[depth], limit)), 0)


FAILURE_WRONG = {
    "nothing": (lambda losses, limit: None, "return"),
    "no zero": (
        lambda losses, limit: min(d for d in losses if not all(x < limit for x in losses[d])),
        r"every depth works, so none is left to return. Then return 0; `min\(failing, default=0\)`",
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
