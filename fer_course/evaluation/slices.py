"""A second look at a score: accuracy on slices, near copies between training and test, a split by source. Plain NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def slice_accuracy(right: np.ndarray, slices: Mapping[str, np.ndarray]) -> dict[str, tuple[int, float, float]]:
    """Return for each slice: number of faces, accuracy, and the half width of its 95 % interval (both as shares).

    The interval is the normal approximation, 1.96 standard errors to both sides; `evaluation.Report.interval` has Wilson's,
    which is better for small slices. A slice without faces is left out.

    Args:
        right: boolean (N,), True where the answer was right.
        slices: name -> boolean mask (N,) of the faces that belong to it; slices may overlap.

    """
    measured = {}
    for name, mask in slices.items():
        if n := int(mask.sum()):
            accuracy = float(right[mask].mean())
            measured[name] = (n, accuracy, float(1.96 * np.sqrt(accuracy * (1 - accuracy) / n)))
    return measured


def nearest_distance(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how far each picture is from the most similar one of `others`: float64 (N,), in grey levels.

    The distance of two pictures is the root of their mean squared difference over all pixels: 0 for exact copies, a few grey
    levels for shifted or turned ones, tens for different faces.

    Args:
        images: uint8 (N, H, W).
        others: uint8 (M, H, W), at least one.

    """
    rows, columns = (each.reshape(len(each), -1).astype(np.float64) for each in (images, others))
    squares = (rows**2).sum(axis=1)[:, None] + (columns**2).sum(axis=1) - 2 * rows @ columns.T
    return np.sqrt(np.maximum(squares.min(axis=1), 0) / rows.shape[1])


def split_by_source(source: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return a mask (N,), True for test pictures: all pictures of one source are on the same side.

    Args:
        source: (N,), what each picture was made from: a person, an original, a film.
        share: share of the sources that go to the test, at least one of them.
        seed: the same seed chooses the same sources.

    """
    sources = np.unique(source)
    chosen = np.random.default_rng(seed).permutation(sources)[: max(1, round(share * len(sources)))]
    return np.isin(source, chosen)
