"""Knowledge distillation: a small network learns from what larger ones, its teachers, say about the training faces.

A label names one class. A teacher's probabilities also say what a face resembles, and doubt labels that are wrong. They are
computed once, before the training, from the faces as they are and mirrored; so the student's training takes no longer.

Source: Hinton, Vinyals, Dean 2015, "Distilling the knowledge in a neural network", arXiv:1503.02531.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_course.errors import ModelError
from fer_course.evaluation import predict
from fer_course.faces import Faces
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import validation_rows


def soft_targets(
    teachers: Sequence[keras.Model | Run],
    faces: Faces,
    views: str | Sequence[tuple[bool, int, int]] = "flips",
    temperature: float = 1.0,
    unseen: bool = False,
) -> np.ndarray:
    """Return what the teachers say about the Training faces, for `train(…, teacher=…)`.

    Args:
        teachers: models of this package's form, or runs, of which the best model is taken; their probabilities are averaged.
        faces: must have a Training split; nothing else of it is used.
        views: over which the probabilities are averaged, see `evaluation.predict`.
        unseen: let each face be judged by those teachers alone, all of them runs, that did not train on it or a copy of it: what
            they say is not the label learned by heart. A face that none of them left out is judged by all.
        temperature: above 1 makes the probabilities more even: p to the power of 1/temperature, then divided by the sum.

    Returns:
        float32 (N, classes), a row for each Training face, in their order, that sums to 1.

    Raises:
        ModelError: if there is no teacher, or the temperature is not above 0.
        DataError: if there are no Training faces.

    """
    teachers = list(teachers)
    if not teachers or not temperature > 0:
        raise ModelError(
            f"Distillation needs one teacher or more, and a temperature above 0; found {len(teachers)} and {temperature:g}."
        )
    training = faces.select("Training")
    said = np.stack([predict(teacher, training.images, views) for teacher in teachers])
    targets = averaged(said, [teacher.recipe for teacher in teachers] if unseen else (), training)
    targets = targets ** np.float32(1 / temperature)
    return targets / targets.sum(axis=1, keepdims=True)


def averaged(said: np.ndarray, recipes: Sequence[Recipe], training: Faces) -> np.ndarray:
    """Return the mean of what teachers say: for each face, with their recipes, of those alone that held it out.

    Args:
        said: float (teachers, N, classes), probabilities.
        recipes: none, or one for each teacher, whose `validation` and `fold` say which faces it held out.
        training: the N Training faces, in their order.

    Returns:
        float (N, classes). A face that no teacher held out gets the mean of all.

    """
    judges = np.ones((len(said), len(training), 1), bool)
    for judge, recipe in zip(judges, recipes, strict=bool(recipes)):
        judge[:, 0] = ~validation_rows(training, recipe.validation, recipe.fold)[0]
    judges |= ~judges.any(axis=0)
    return np.mean(said, axis=0, where=judges)
