"""`evaluate(model, faces, split)` makes a `Report`: how good a model is, how sure we can be, and where it errs.

`compare` asks whether one of two models is better on the same faces, `bootstrap` gives any figure its interval, `leaked` finds
test faces that stand in Training too, and `class_maps` shows where a model sees a class. Built in lesson 08.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_course._shared.files import write_text
from fer_course.errors import DataError, ModelError
from fer_course.faces import CLASS_NAMES, Faces
from fer_course.quiet import keras
from fer_course.training import Run, prepare

#: Named sets of views for `predict` and `evaluate`; a view is (mirrored, pixels down, pixels to the right).
VIEWS = {
    "one": ((False, 0, 0),),
    "flips": ((False, 0, 0), (True, 0, 0)),
    "flips and shifts": tuple(
        (mirrored, down, right)
        for mirrored in (False, True)
        for down, right in ((0, 0), (-2, 0), (2, 0), (0, -2), (0, 2))
    ),
}


class Reliability(NamedTuple):
    """How often a model is right when it is this sure, a row a bin of confidence.

    Attributes:
        faces: int64 (bins,), how many faces fall into each bin.
        confidence: float64 (bins,), the mean probability of their predicted class; NaN for an empty bin.
        accuracy: float64 (bins,), the share of them that are right; NaN for an empty bin.

    """

    faces: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True, eq=False)
class Report:
    """What a model's probabilities say about labelled faces.

    Attributes:
        labels: int64 (N,), the true classes.
        probabilities: float (N, classes), rows that sum to 1.
        split: which faces these are, in words.
        drawn: True if they are drawn faces: such a score says nothing about FER2013.
        class_names: in the order of the labels.

    Raises:
        DataError: if there are no faces, a label is unknown, or the shapes do not fit together.

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
                f"A report needs probabilities of shape {expected}, N at least 1; got {probabilities.shape}."
            )
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise DataError(
                f"A report needs labels from 0 to {len(self.class_names) - 1}; got {labels.min()} to {labels.max()}."
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
        """Which faces were given their true class, boolean (N,)."""
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
        """The mean recall over the classes that occur: a model that always answers alike scores 1/classes."""
        return float(np.nanmean(self.recall))

    @property
    def calibration_error(self) -> float:
        """The expected calibration error over 15 bins of confidence (Guo et al. 2017, arXiv:1706.04599), a share."""
        faces, confidence, accuracy = self.reliability(15)
        return float(np.nansum(faces * np.abs(confidence - accuracy)) / self.n)

    def reliability(self, bins: int = 15) -> Reliability:
        """Return confidence and accuracy of the faces in `bins` equally wide bins of confidence (k/bins, (k+1)/bins]."""
        confidence = self.probabilities.max(axis=1)
        place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
        faces = np.bincount(place, minlength=bins)
        sums = [np.bincount(place, weights=each, minlength=bins) for each in (confidence, self.right)]
        return Reliability(faces, *(_ratio(each, faces) for each in sums))

    def only(self, rows: np.ndarray, split: str = "") -> Report:
        """Return the report of some of the faces.

        Args:
            rows: boolean mask (N,), or row numbers, which may repeat.
            split: which faces these are, in words; empty: "part of" what it was.

        Raises:
            DataError: if no face is left.

        """
        split = split or f"part of {self.split or 'a report'}"
        return Report(self.labels[rows], self.probabilities[rows], split, self.drawn, self.class_names)

    def to_dict(self) -> dict:
        """Return every figure, ready for JSON."""
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


def evaluate(
    model: keras.Model | Run,
    faces: Faces,
    split: str | None = None,
    views: str | Sequence[tuple[bool, int, int]] = "one",
) -> Report:
    """Let a model (or a run's best one) look at all faces of a split, once; in one view, if not told otherwise.

    Args:
        model: as for `predict`.
        faces: where the split is in; resized, antialiased, to the model's input size.
        split: `PublicTest`, say; None takes `faces.test_split`.
        views: as for `predict`.

    Raises:
        DataError: if there are no faces of that split.
        ModelError: if there are no such views.

    """
    split = split or faces.test_split
    chosen = faces.select(split)
    return Report(chosen.labels, predict(model, chosen.images, views), split, faces.drawn, faces.class_names)


def predict(
    model: keras.Model | Run, images: np.ndarray, views: str | Sequence[tuple[bool, int, int]] = "one"
) -> np.ndarray:
    """Return a model's probabilities for pictures, float32 (N, classes), rows that sum to 1.

    Args:
        model: a Keras model of this package's form; a `Run`, of which the best model is taken; or an exported file, as
            `export.load` gives it.
        images: uint8 (N, 48, 48); resized, antialiased, to the model's input size.
        views: a name of `VIEWS` or a list of views, over which the probabilities are averaged. A view is (mirrored, pixels
            down, pixels to the right); each costs as much time as the plain one.

    Raises:
        ModelError: if there are no such views.

    """
    model = model.model() if isinstance(model, Run) else model
    total = 0
    wanted = _views(views)
    for each in wanted:
        pixels = prepare(view(images, *each), model.input_shape[1])
        total = total + model.predict(pixels, batch_size=256, verbose=0)
    return total / np.float32(len(wanted))


def view(images: np.ndarray, mirrored: bool = False, down: int = 0, right: int = 0) -> np.ndarray:
    """Return pictures (N, H, W) mirrored left to right if wanted, then moved by whole pixels; edges are repeated."""
    images = np.asarray(images)[:, :, :: -1 if mirrored else 1]
    height, width = images.shape[1:3]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return images[:, rows][:, :, columns]


def _views(views: str | Sequence[tuple[bool, int, int]]) -> Sequence[tuple[bool, int, int]]:
    if isinstance(views, str) and views not in VIEWS:
        raise ModelError(f"There are no views {views!r}; there are: {', '.join(VIEWS)}, or a list of views.")
    wanted = VIEWS[views] if isinstance(views, str) else list(views)
    if not wanted or not all(isinstance(each, (tuple, list)) and len(each) == 3 for each in wanted):
        raise ModelError(f"Views are (mirrored, pixels down, pixels to the right), one or more; found {views!r}.")
    return wanted


def leaked(faces: Faces, split: str | None = None) -> np.ndarray:
    """Return which faces of a split also stand in Training, pixel for pixel: boolean mask (N,), in the split's order.

    `report.only(~leaked(faces))` is the score without them.

    Args:
        faces: all faces, not a sample, which separates the copies.
        split: `PublicTest`, say; None takes `faces.test_split`.

    Raises:
        DataError: if there are no Training faces or none of the split.

    """
    seen = {image.tobytes() for image in faces.select("Training").images}
    return np.array([image.tobytes() in seen for image in faces.select(split or faces.test_split).images], dtype=bool)


def bootstrap(
    report: Report, figure: Callable[[Report], float] | None = None, repeats: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of a figure: between which values it lies when the faces are drawn anew, with replacement.

    Args:
        report: whose faces are drawn, as many as there are.
        figure: what is measured of each draw, `lambda report: report.balanced_accuracy`, say; None: the accuracy.
        repeats: how often; the ends of the interval are steadier the more.
        seed: the same seed draws the same faces.

    Source: Efron 1979, "Bootstrap methods: another look at the jackknife", doi:10.1214/aos/1176344552 (percentile interval).

    """
    figure = figure or (lambda drawn: drawn.accuracy)
    rng = np.random.default_rng(seed)
    values = [figure(report.only(rng.integers(0, report.n, report.n))) for _ in range(repeats)]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class Comparison:
    """Two models on the same faces.

    Attributes:
        n: number of faces.
        only_first: how many of them only the first model got right.
        only_second: how many of them only the second model got right.
        interval: 95 % interval of the difference of the accuracies, first minus second, by paired bootstrap.
        p_value: McNemar's exact test: the chance of a difference this large or larger if both are equally good.
        mid_p: the same with half the weight on what was observed; the exact test errs on the cautious side.

    """

    n: int
    only_first: int
    only_second: int
    interval: tuple[float, float]
    p_value: float
    mid_p: float

    @property
    def difference(self) -> float:
        """The accuracy of the first model minus that of the second, a share."""
        return (self.only_first - self.only_second) / self.n

    def __str__(self):
        low, high = self.interval
        return "\n".join(
            [
                f"{self.n:,} faces: only the first is right on {self.only_first:,}, only the second on {self.only_second:,}",
                f"difference      {100 * self.difference:+.1f} points   (95 % interval {100 * low:+.1f} to {100 * high:+.1f})",
                f"McNemar's test  p = {self.p_value:.2g}   (mid-p {self.mid_p:.2g})",
            ]
        )


def compare(first: Report, second: Report, repeats: int = 10_000, seed: int = 0) -> Comparison:
    """Compare two models on the same faces, in pairs: faces that both get right, or both wrong, tell nothing.

    Args:
        first: report of one model.
        second: report of another one, on the same faces in the same order.
        repeats: draws of the paired bootstrap.
        seed: the same seed draws the same faces.

    Raises:
        DataError: if the two reports are about different faces (their labels differ, or one is about drawn faces).

    Source: McNemar 1947, doi:10.1007/BF02295996; mid-p: Fagerland, Lydersen, Laake 2013, doi:10.1186/1471-2288-13-91.

    """
    if first.n != second.n or first.drawn != second.drawn or (first.labels != second.labels).any():
        raise DataError(
            f"A paired comparison needs two reports on the same faces in the same order; found {first.n:,} faces of "
            f"{first.split or 'a report'} and {second.n:,} of {second.split or 'a report'}, or other labels. Evaluate both on "
            "the same split."
        )
    only_first = int((first.right & ~second.right).sum())
    only_second = int((second.right & ~first.right).sum())
    # Drawing faces anew means drawing how many of each of three kinds there are: the same, and much quicker.
    share = np.array([only_first, only_second, first.n - only_first - only_second]) / first.n
    drawn = np.random.default_rng(seed).multinomial(first.n, share, size=repeats)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / first.n, [0.025, 0.975])
    return Comparison(first.n, only_first, only_second, (float(low), float(high)), *mcnemar(only_first, only_second))


def mcnemar(only_first: int, only_second: int) -> tuple[float, float]:
    """Return McNemar's exact p-value and its mid-p, two-sided: if both are equally good, a coin decides each such face.

    Args:
        only_first: number of faces that only the first model got right.
        only_second: number of faces that only the second model got right.

    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    ways = total = 1  # of k heads, and of at most k heads, among n coins: whole numbers of any length
    for k in range(fewer):
        ways = ways * (n - k) // (k + 1)
        total += ways
    return min(1.0, 2 * total / 2**n), (2 * total - ways) / 2**n


def class_maps(model: keras.Model | Run, images: np.ndarray, detail: int = 1) -> np.ndarray:
    """Return how much each place of a picture speaks for each class: float32 (N, h, w, classes).

    Averaged over all places, the maps are exactly the scores that the softmax turns into probabilities. This needs no
    gradients, but a model that ends in a global average, alone (`mini_xception`, `nin_small`) or followed by one dense layer.

    Args:
        model: a Keras model of this package's form, or a `Run`, of which the best model is taken.
        images: uint8 (N, 48, 48); resized, antialiased, to the model's input size.
        detail: look at `detail` × `detail` views, each moved by a fraction of the distance between two places, and put their
            maps together: (N, h · detail, w · detail, classes), whose average is that of the views' scores.

    Raises:
        ModelError: if the model does not end in this way, or `detail` is not 1 or more.

    Source: Zhou et al. 2016, arXiv:1512.04150; the fully convolutional form: Lin et al. 2013, arXiv:1312.4400; `detail` is
    the "shift-and-stitch" of Long, Shelhamer, Darrell 2015, arXiv:1411.4038.

    """
    if isinstance(detail, bool) or not isinstance(detail, int) or detail < 1:
        raise ModelError(f"The detail of class maps is a whole number of 1 or more; found {detail!r}.")
    mapper = _mapper(model.model() if isinstance(model, Run) else model)
    height, width, classes = mapper.output_shape[1:]
    maps = np.empty((len(images), height, detail, width, detail, classes), dtype=np.float32)
    for i, j in np.ndindex(detail, detail):
        # To look further down, move the picture up.
        up, left = (
            round(((k + 0.5) / detail - 0.5) * size / places)
            for k, size, places in ((i, images.shape[1], height), (j, images.shape[2], width))
        )
        pixels = prepare(view(images, False, -up, -left), mapper.input_shape[1])
        maps[:, :, i, :, j] = mapper.predict(pixels, batch_size=256, verbose=0)
    return maps.reshape(len(images), height * detail, width * detail, classes)


def scorer(model: keras.Model | Run) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]:
    """Return a function that scores a few faces, made to be called many times a second: `predict` is made for thousands.

    The function takes uint8 (N, 48, 48), N at least 1, and returns the probabilities, float32 (N, classes), and the class maps as
    of `class_maps`, float32 (N, h, w, classes), both from one pass through the network; None of a model that has no such maps.

    Args:
        model: a Keras model of this package's form, or a `Run`, of which the best model is taken.

    """
    model = model.model() if isinstance(model, Run) else model
    try:
        maps = _mapper(model).outputs
    except ModelError:
        maps = []
    both = keras.Model(model.inputs, [*model.outputs, *maps]) if maps else model

    def score(images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        found = both.predict_on_batch(prepare(images, model.input_shape[1]))
        return tuple(found) if maps else (found, None)

    return score


def _mapper(model: keras.Model) -> keras.Model:
    """Return a model of the class maps: up to the global average, with the dense layer, if any, applied at each place."""
    places = [k for k, layer in enumerate(model.layers) if isinstance(layer, keras.layers.GlobalAveragePooling2D)]
    last = model.layers[places[-1] + 1 :] if places else [None]
    rest = [each for each in last if not isinstance(each, (keras.layers.Dropout, keras.layers.Softmax))]
    if len(rest) > 1 or not all(isinstance(each, keras.layers.Dense) for each in rest):
        raise ModelError(
            f"Class maps need a model that ends in a global average and at most one dense layer; {model.name} ends in "
            f"{', '.join(type(each).__name__ for each in model.layers[-3:])}. mini_xception and nin_small end as needed."
        )
    maps = model.layers[places[-1]].input
    for dense in rest:
        pointwise = keras.layers.Conv2D(dense.units, 1, use_bias=dense.use_bias)
        maps = pointwise(maps)
        kernel, *bias = dense.get_weights()
        pointwise.set_weights([kernel[None, None], *bias])
    return keras.Model(model.inputs, maps)


def write_predictions(probabilities: np.ndarray, path: str | Path) -> None:
    """Write a CSV with the row number from 1, the most probable class, and all probabilities; whole or not at all.

    Args:
        probabilities: float (N, 7), in FER2013's order.
        path: the file to write, replaced if it is there.

    Raises:
        DataError: if it can't be written.

    """
    names = [CLASS_NAMES[label] for label in probabilities.argmax(axis=1)]
    lines = [",".join(("row", "predicted", *CLASS_NAMES))]
    for row, (name, values) in enumerate(zip(names, probabilities.tolist(), strict=True), 1):
        lines.append(",".join((str(row), name, *(f"{value:.6f}" for value in values))))
    try:
        write_text(path, "\n".join(lines) + "\n")
    except OSError as error:
        raise DataError(f"{path} can't be written: {error.strerror}. Give another path, or make room.") from error


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _by_name(names: tuple[str, ...], values: np.ndarray) -> dict:
    return {name: None if np.isnan(value) else float(value) for name, value in zip(names, values, strict=True)}
