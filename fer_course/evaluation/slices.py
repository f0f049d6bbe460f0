"""A second look at a score: accuracy on slices, near copies between training and test, a split by source. Plain NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def slice_accuracy(right: np.ndarray, slices: Mapping[str, np.ndarray]) -> dict[str, tuple[int, float, float]]:
    """Return for each slice: number of faces, accuracy, and half the width of its 95 % interval (both as shares).

    The interval is the normal approximation, 1.96 standard errors on both sides; `evaluation.Report.interval` has Wilson's,
    which is better for small slices. A slice without faces is left out.

    Args:
        right: boolean (N,), True where the prediction was right.
        slices: name -> boolean mask (N,) of the faces that belong to it; slices may overlap.

    """
    measured = {}
    for name, mask in slices.items():
        if n := int(mask.sum()):
            accuracy = float(right[mask].mean())
            measured[name] = (n, accuracy, float(1.96 * np.sqrt(accuracy * (1 - accuracy) / n)))
    return measured


def nearest_distance(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distance of each picture from the most similar one of `others`: float64 (N,), in grey levels.

    The distance of two pictures is the root of their mean squared difference over all pixels: 0 for exact copies, a few grey
    levels for shifted or turned ones, tens for different faces.

    Args:
        images: uint8 (N, H, W).
        others: uint8 (M, H, W), at least one.

    """
    ours = images.reshape(len(images), -1).astype(np.float64)
    theirs = others.reshape(len(others), -1).astype(np.float64)
    squares = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1) - 2 * ours @ theirs.T
    return np.sqrt(np.maximum(squares.min(axis=1), 0) / ours.shape[1])


def split_by_source(source: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return a mask (N,), True for test pictures: all pictures of one source are on the same side.

    Args:
        source: (N,), the origin of each picture: a person, an original, a film.
        share: share of the sources that go to the test; at least one goes there.
        seed: the same seed samples the same sources.

    """
    sources = np.unique(source)
    chosen = np.random.default_rng(seed).permutation(sources)[: max(1, round(share * len(sources)))]
    return np.isin(source, chosen)
