"""The first models, in plain NumPy: the majority guess, and a linear classifier with its loss and its gradient.

Learners build it in lessons 01 and 02. Every later training is the same loop with a better function from pixels to scores.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def majority_baseline(train_labels: np.ndarray, test_labels: np.ndarray) -> float:
    """Return the accuracy on the test labels of a model that always predicts the most frequent training label.

    >>> majority_baseline(np.array([3, 3, 6]), np.array([3, 6, 3, 0]))
    0.5

    Args:
        train_labels: int array (N,), at least one.
        test_labels: int array (M,), at least one.

    """
    return float((test_labels == np.bincount(train_labels).argmax()).mean())


def pixel_rows(images: np.ndarray) -> np.ndarray:
    """Return grey pictures, uint8 (N, H, W), as rows of numbers from -0.5 to 0.5: float32 (N, H * W).

    >>> pixel_rows(np.array([[[0, 255]]], dtype=np.uint8))
    array([[-0.5,  0.5]], dtype=float32)
    """
    return images.reshape(len(images), -1).astype(np.float32) / 255 - np.float32(0.5)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores (N, classes) into probabilities (N, classes): none negative, each row adds up to 1.

    >>> softmax(np.log([[1.0, 3.0]])).round(2)
    array([[0.25, 0.75]])

    The largest score of each row is subtracted first. That does not change the result, and `exp` can't overflow.
    Source: Bridle 1990 (https://doi.org/10.1007/978-3-642-76153-9_28).
    """
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the loss: the mean of -log(probability of the true class).

    >>> round(cross_entropy(np.array([[0.25, 0.75]]), np.array([1])), 4)  # -log(0.75)
    0.2877

    Args:
        probabilities: float array (N, classes), as `softmax` returns them.
        labels: int array (N,), the true classes.

    """
    true = probabilities[np.arange(len(labels)), labels]
    # A probability can underflow to 0, whose logarithm is -infinity.
    return float(-np.log(np.maximum(true, 1e-12)).mean())


def slope(
    loss: Callable[[np.ndarray], float], weights: np.ndarray, place: tuple[int, ...], nudge: float = 0.01
) -> float:
    """Return how much a loss changes per unit of one weight: the slope of the loss there, measured by a nudge.

    >>> round(slope(lambda weights: 3 * weights[1], np.zeros(2), (1,)), 6)
    3.0

    Args:
        loss: a function of weights of this shape that returns one number.
        weights: float array of any shape; it is not changed.
        place: the index of the weight.
        nudge: by how much the weight is made larger.

    """
    moved = weights.copy()
    moved[place] += nudge
    return float((loss(moved) - loss(weights)) / nudge)


def label_entropy(labels: np.ndarray) -> float:
    """Return the entropy of labels (N,): the smallest loss of a model that gives every picture the same probabilities.

    >>> round(label_entropy(np.array([0, 1, 1, 1])), 4)  # the shares are 0.25 and 0.75
    0.5623

    The probabilities are then the shares of the classes, and the loss is -sum(share * log(share)) over the classes that occur.
    Source: Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.
    """
    counts = np.bincount(labels)
    shares = counts[counts > 0] / len(labels)
    return float(-np.sum(shares * np.log(shares)))


def gradient_step(
    weights: np.ndarray, bias: np.ndarray, images: np.ndarray, labels: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step of gradient descent on the mean cross-entropy of a linear classifier.

    Args:
        weights: float array (pixels, classes).
        bias: float array (classes,).
        images: float array (N, pixels), as `pixel_rows` returns them.
        labels: int array (N,), the true classes.
        rate: the learning rate.

    Returns:
        New weights (pixels, classes) and new bias (classes,); the old ones are not changed.

    """
    error = softmax(images @ weights + bias)
    error[np.arange(len(labels)), labels] -= 1
    return weights - rate * images.T @ error / len(labels), bias - rate * error.mean(axis=0)
