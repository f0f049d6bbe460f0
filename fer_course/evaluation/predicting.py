"""From a model and faces to probabilities: `predict` for many faces, `scorer` for a few at a time, `evaluate` for a `Report`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fer_course._shared.files import write_text
from fer_course.errors import DataError, ModelError
from fer_course.evaluation.maps import class_scores_model
from fer_course.evaluation.views import parse_views, view
from fer_course.faces import CLASS_NAMES, Faces
from fer_course.models.prepare import as_model, prepare
from fer_course.quiet import keras
from fer_course.reports import Report
from fer_course.runs import Run


def evaluate(
    model: keras.Model | Run,
    faces: Faces,
    split: str | None = None,
    views: str | Sequence[tuple[bool, int, int]] = "one",
) -> Report:
    """Evaluate a model, or the best model of a run, on all faces of a split; by default in one view.

    >>> from fer_course import models
    >>> faces = Faces(np.zeros((2, 48, 48), np.uint8), labels=[3, 6], split=["PublicTest", "PublicTest"])
    >>> report = evaluate(models.build("mini_xception"), faces)
    >>> report.n, report.split
    (2, 'PublicTest')

    Args:
        model: as for `predict`.
        faces: must have the split; resized, antialiased, to the model's input size.
        split: for example `PublicTest`; None takes `faces.test_split`.
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
        model: a Keras model of this package's form; a `Run`, whose best model is used; or an exported file, as
            `export.load` returns it.
        images: uint8 (N, 48, 48); resized, antialiased, to the model's input size.
        views: a name of `VIEWS` or a list of views, over which the probabilities are averaged. A view is (mirrored, pixels
            down, pixels to the right). Each view takes as much time as the plain one.

    Raises:
        ModelError: if there are no such views.

    """
    model = as_model(model)
    parsed = parse_views(views)
    total = np.float32(0)
    for mirrored, down, right in parsed:
        pixels = prepare(view(images, mirrored, down, right), model.input_shape[1])
        total = total + model.predict(pixels, batch_size=256, verbose=0)
    return np.asarray(total / np.float32(len(parsed)))


def scorer(model: keras.Model | Run) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]:
    """Return a function that scores a few faces, fast enough for many calls per second; `predict` is made for thousands of faces.

    The function takes uint8 (N, 48, 48), N at least 1. From one pass through the network it returns the probabilities, float32
    (N, classes), and the class maps as in `class_maps`, float32 (N, h, w, classes), or None if the model has no such maps.

    Args:
        model: a Keras model of this package's form, or a `Run`, whose best model is used.

    """
    model = as_model(model)
    try:
        maps = class_scores_model(model).outputs
    except ModelError:
        maps = []
    both = keras.Model(model.inputs, [*model.outputs, *maps]) if maps else model

    def score(images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        found = both.predict_on_batch(prepare(images, model.input_shape[1]))
        return tuple(found) if maps else (found, None)

    return score


def write_predictions(probabilities: np.ndarray, path: str | Path) -> None:
    """Write a CSV file, whole or not at all, with one row per face: number from 1, most probable class, all probabilities.

    Args:
        probabilities: float (N, 7), in FER2013's order.
        path: the file to write, replaced if it exists.

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
