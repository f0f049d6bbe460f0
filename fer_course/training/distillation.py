"""Knowledge distillation: a small network learns from the probabilities that larger ones, its teachers, give the training faces.

A label names one class. A teacher network's probabilities also say which classes a face resembles, and are low for wrong
labels. They are computed once, before the training, from the faces as they are and mirrored, so the training takes no longer.

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
    """Return the teachers' probabilities for the Training faces, for `train(…, teacher=…)`.

    Args:
        teachers: models of this package's form, or runs, whose best models are used; their probabilities are averaged.
        faces: must have a Training split; only that split is used.
        views: over which the probabilities are averaged, see `evaluation.predict`.
        temperature: above 1 makes the probabilities more even: p to the power of 1/temperature, then divided by the sum.
        unseen: use for each face only those teachers that did not train on it or on a copy of it, so that they have not
            learned its label by heart. All teachers must be runs. A face that no teacher held out is judged by all.

    Returns:
        float32 (N, classes), one row per Training face, in their order; each row sums to 1.

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
    probabilities = np.stack([predict(teacher, training.images, views) for teacher in teachers])
    targets = average(probabilities, [teacher.recipe for teacher in teachers] if unseen else [], training)
    targets = targets ** np.float32(1 / temperature)
    return targets / targets.sum(axis=1, keepdims=True)


def average(probabilities: np.ndarray, recipes: Sequence[Recipe], training: Faces) -> np.ndarray:
    """Return the mean probabilities over the teachers; given their recipes, only over those that held a face out.

    Args:
        probabilities: float (teachers, N, classes).
        recipes: one per teacher, whose `validation` and `fold` say which faces it held out; empty: average over all teachers.
        training: the N Training faces, in their order.

    Returns:
        float (N, classes). A face that no teacher held out gets the mean of all.

    Raises:
        ModelError: if there are recipes, but not one per teacher.

    """
    if not recipes:
        return np.mean(probabilities, axis=0)
    if len(recipes) != len(probabilities):
        raise ModelError(
            f"Each teacher needs its recipe; found {len(probabilities)} teachers and {len(recipes)} recipes."
        )
    trained_on = [validation_rows(training, recipe.validation, recipe.fold)[0] for recipe in recipes]
    judges = ~np.stack(trained_on)  # boolean (teachers, N); copies of held-out faces were not trained on either
    judges |= ~judges.any(axis=0)
    return np.mean(probabilities, axis=0, where=judges[:, :, None])
