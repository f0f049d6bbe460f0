"""`Report`: how good a model's probabilities are on labelled faces, and where they are wrong. Plain NumPy, without Keras."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES


class Reliability(NamedTuple):
    """How often a model is right at each level of confidence: one entry per bin.

    Attributes:
        faces: int64 (bins,), the number of faces in each bin.
        confidence: float64 (bins,), the mean probability of their predicted class; NaN for an empty bin.
        accuracy: float64 (bins,), the share of them that are right; NaN for an empty bin.

    """

    faces: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True, eq=False)
class Report:
    """What a model's probabilities say about labelled faces.

    >>> report = Report(labels=[3, 6], probabilities=np.eye(7)[[3, 3]])  # happy is right, neutral was taken for happy
    >>> report.accuracy, report.predicted
    (0.5, array([3, 3]))

    Attributes:
        labels: int64 (N,), the true classes.
        probabilities: float (N, classes), rows that sum to 1.
        split: which faces these are, in words.
        drawn: True if they are drawn faces: a score on those says nothing about FER2013.
        class_names: the names of the classes, in the order of the labels.

    Raises:
        DataError: if there are no faces, a label is unknown, or the shapes do not match.

    """

    labels: np.ndarray
    probabilities: np.ndarray
    split: str = ""
    drawn: bool = False
    class_names: tuple[str, ...] = field(default=CLASS_NAMES, repr=False)

    def __post_init__(self):
        labels, probabilities = np.asarray(self.labels), np.asarray(self.probabilities)
        expected = (len(labels), len(self.class_names))
        if not len(labels) or probabilities.shape != expected:
            raise DataError(
                f"A report needs probabilities of shape {expected}, N at least 1; found {probabilities.shape}."
            )
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise DataError(
                f"A report needs labels from 0 to {len(self.class_names) - 1}; found {labels.min()} to {labels.max()}."
            )
        object.__setattr__(self, "labels", labels.astype(np.int64))
        object.__setattr__(self, "probabilities", probabilities)

    @property
    def n(self) -> int:
        """The number of faces."""
        return len(self.labels)

    @property
    def predicted(self) -> np.ndarray:
        """The most probable class of each face, int64 (N,)."""
        return np.argmax(self.probabilities, axis=1)

    @property
    def right(self) -> np.ndarray:
        """Which faces were predicted right, boolean (N,)."""
        return self.predicted == self.labels

    @property
    def accuracy(self) -> float:
        """The share of faces whose most probable class is the true one."""
        return float(np.mean(self.right))

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy (Wilson 1927, J. Am. Stat. Assoc. 22), as two shares."""
        z, n, p = 1.959964, self.n, self.accuracy
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return max(0.0, float(centre - half)), min(1.0, float(centre + half))

    @property
    def confusion(self) -> np.ndarray:
        """How often class i (row) was taken for class j (column), int64 (classes, classes)."""
        classes = len(self.class_names)
        return np.bincount(self.labels * classes + self.predicted, minlength=classes**2).reshape(classes, classes)

    @property
    def recall(self) -> np.ndarray:
        """The share of each class that was found, float (classes,); NaN for a class without faces."""
        return _ratio(np.diag(self.confusion), self.confusion.sum(axis=1))

    @property
    def f1(self) -> np.ndarray:
        """The harmonic mean of recall and precision of each class, float (classes,); NaN if it never occurs."""
        confusion = self.confusion
        return _ratio(2 * np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall over the classes that occur: a model that always predicts the same class scores 1/classes."""
        return float(np.nanmean(self.recall))

    @property
    def calibration_error(self) -> float:
        """The expected calibration error over 15 bins of confidence (Guo et al. 2017, arXiv:1706.04599), a share."""
        faces, confidence, accuracy = self.reliability(15)
        return float(np.nansum(faces * np.abs(confidence - accuracy)) / self.n)

    def reliability(self, bins: int = 15) -> Reliability:
        """Return confidence and accuracy of the faces in `bins` equally wide bins of confidence (k/bins, (k+1)/bins]."""
        confidence = self.probabilities.max(axis=1)
        bin_index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
        faces = np.bincount(bin_index, minlength=bins)
        confidence_sum = np.bincount(bin_index, weights=confidence, minlength=bins)
        right_sum = np.bincount(bin_index, weights=self.right, minlength=bins)
        return Reliability(faces, _ratio(confidence_sum, faces), _ratio(right_sum, faces))

    def only(self, rows: np.ndarray, split: str = "") -> Report:
        """Return the report of some of the faces.

        Args:
            rows: boolean mask (N,), or indices, which may repeat.
            split: which faces these are, in words; empty: "part of" this report's faces.

        Raises:
            DataError: if no face is left.

        """
        split = split or f"part of {self.split or 'a report'}"
        return Report(self.labels[rows], self.probabilities[rows], split, self.drawn, self.class_names)

    def to_dict(self) -> dict:
        """Return every figure in a form that JSON can hold."""
        return {
            "split": self.split,
            "drawn": self.drawn,
            "n": self.n,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "balanced_accuracy": self.balanced_accuracy,
            "calibration_error": self.calibration_error,
            "recall": _by_name(self.class_names, self.recall),
            "f1": _by_name(self.class_names, self.f1),
            "confusion": self.confusion.tolist(),
        }

    def __str__(self):
        low, high = self.interval
        kind = "drawn faces" if self.drawn else "faces"
        lines = [
            f"{self.split or 'report'}: {self.n:,} {kind}",
            f"accuracy           {self.accuracy:6.1%}   (95 % interval {low:.1%} to {high:.1%})",
            f"balanced accuracy  {self.balanced_accuracy:6.1%}",
            f"calibration error  {self.calibration_error:6.1%}",
            "",
            f"{'class':<10} {'faces':>6} {'recall':>7} {'F1':>7}",
        ]
        faces = self.confusion.sum(axis=1)
        lines += [
            f"{name:<10} {count:>6,} {recall:>7.1%} {f1:>7.1%}"
            for name, count, recall, f1 in zip(self.class_names, faces, self.recall, self.f1, strict=True)
        ]
        return "\n".join(lines)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, with NaN where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)


def _by_name(names: tuple[str, ...], values: np.ndarray) -> dict:
    return {name: None if np.isnan(value) else float(value) for name, value in zip(names, values, strict=True)}
