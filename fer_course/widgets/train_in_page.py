"""Figure 5, train in the page: descent, and explosion."""

from __future__ import annotations

import functools

import numpy as np
import traitlets

from fer_course import linear
from fer_course._shared.scripts import as_array, to_array
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES, Faces
from fer_course.plots import signed_grid
from fer_course.widgets.figure import Figure, handed


class TrainInPage(Figure):
    """A linear classifier that learns in the page: seven weight pictures, its loss and its accuracy on these and on other faces.

    Afterwards one can say: each step goes down the slope of the loss; steps that are too large explode, small ones take for ever.

    Attributes:
        rate: the learning rate.
        batch: how many faces a step learns from.
        steps: steps that have been taken.
        loss: the mean cross-entropy on the faces that it learns from.
        accuracy: the share of the test faces that is right.

    """

    module = "train_in_page"
    faces = handed(traitlets.Dict())
    labels = handed(traitlets.Dict())
    test = handed(traitlets.Int())
    class_names = handed(traitlets.List())
    rate = handed(traitlets.Float(0.3))
    batch = handed(traitlets.Int(32))
    steps = handed(traitlets.Int(0))
    loss = handed(traitlets.Float(0.0))
    accuracy = handed(traitlets.Float(0.0))

    def still(self):
        """Return the weights after a hundred steps on all faces as a matplotlib figure, and the alternative text."""
        images = as_array(self.faces)[: -self.test]
        rows, labels = linear.pixel_rows(images), as_array(self.labels)[: -self.test].astype(np.int64)
        weights, bias = np.zeros((rows.shape[1], len(self.class_names))), np.zeros(len(self.class_names))
        for _ in range(100):
            weights, bias = linear.gradient_step(weights, bias, rows, labels, self.rate)
        pictures = np.moveaxis(weights.reshape(*images.shape[1:], -1), -1, 0)
        figure = signed_grid(pictures, self.class_names, columns=7, size=1.1)
        return figure, "The weights of a linear classifier as seven pictures."


def train_in_page(faces: Faces | None = None, test: int = 100, side: int = 24) -> TrainInPage:
    """Return the figure for faces: the last `test` of them are not learned from.

    Args:
        faces: up to 2,000 faces; None: 500 of `textbook_faces`.
        test: how many of them are test faces.
        side: the faces are averaged to this side, a divisor of 48.

    Raises:
        FerCourseError: if there are too many faces or none to learn from, or 48 can't be divided by the side.

    """
    faces = textbook_faces() if faces is None else faces
    order = np.random.default_rng(0).permutation(len(faces))
    if not 0 < test < len(faces) <= 2000 or 48 % side:
        raise FerCourseError(
            f"train_in_page takes up to 2,000 faces, fewer test faces than faces, and a side that divides 48; "
            f"found {len(faces):,} faces, {test} test faces and side {side}."
        )
    factor = 48 // side
    small = faces.images[order].reshape(len(faces), side, factor, side, factor).mean(axis=(2, 4))
    return TrainInPage(
        faces=to_array(np.rint(small).astype(np.uint8)), labels=to_array(faces.labels[order].astype(np.uint8)), test=test,
        class_names=list(faces.class_names),
    )  # fmt: skip


@functools.cache
def textbook_faces(n: int = 500, seed: int = 0) -> Faces:
    """Return `n` faces that a linear classifier can tell apart: prototypes from the front, each of another person.

    A tenth of the labels is wrong. Were all of them right, a classifier that exploded would find its way back.
    """
    from fer_course.data import drawn

    labels = np.arange(n) % len(CLASS_NAMES)
    prototypes = [drawn.PROTOTYPES[CLASS_NAMES[label]] for label in labels]
    images = np.stack([drawn.draw_one(units, seed * n + place) for place, units in enumerate(prototypes)])
    rng = np.random.default_rng(seed)
    wrong = np.where(rng.random(n) < 0.1, rng.integers(1, len(CLASS_NAMES), n), 0)
    return Faces(
        images, (labels + wrong) % len(CLASS_NAMES), np.repeat("Training", n), source="textbook faces", drawn=True
    )
