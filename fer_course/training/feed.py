"""The data of a training: batches of Training faces, and the faces held out for validation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fer_course.augment import Batches
from fer_course.faces import Faces
from fer_course.models.prepare import prepare
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.training.objectives import has_soft_targets
from fer_course.training.on_device import Plans, resident
from fer_course.training.splits import validation_rows


class Feed(NamedTuple):
    """The model and the data for `fit`.

    Attributes:
        model: the model to train: the given one or, on JAX, one around it that holds the pictures itself.
        batches: batches of Training faces; on JAX plans that contain their indices, see `fer_course.training.on_device`.
        held_out: pictures and targets of the validation faces; None without validation.

    """

    model: keras.Model
    batches: Batches
    held_out: tuple | None


def make_feed(
    model: keras.Model,
    faces: Faces,
    targets: np.ndarray | None,
    recipe: Recipe,
    devices: int = 1,
    near: bool = True,
) -> Feed:
    """Split Training faces in two, and make batches of the first part.

    Args:
        model: takes pixels (N, size, size, 1) and gives probabilities (N, classes).
        faces: the N Training faces.
        targets: what to learn instead of the labels, float32 (N, classes); None for the labels.
        recipe: validation share and fold, batch size, augmentation.
        devices: the number of held-out faces is a multiple of it.
        near: whether near copies of held-out faces are left out, see `validation_rows`.

    """
    kept, held_out = validation_rows(faces, recipe.validation, recipe.fold, near)
    kept, held_out = np.flatnonzero(kept), np.flatnonzero(held_out)
    held_out = held_out[: len(held_out) // devices * devices]
    images, classes = prepare(faces.images, model.input_shape[1]), model.output_shape[-1]
    targets = faces.labels if targets is None else targets
    held_out_targets = faces.labels[held_out]
    if has_soft_targets(recipe):  # then the loss takes probabilities; those of held-out faces are never blended
        held_out_targets = keras.utils.to_categorical(held_out_targets, classes)
    if keras.backend.backend() == "jax":
        batches = Plans(kept, images.shape[1], targets[kept], recipe, classes)
        validation = (batches.plan_unchanged(held_out), held_out_targets)
        return Feed(resident(model, images, batches), batches, validation if len(held_out) else None)
    batches = Batches(images[kept], targets[kept], recipe, classes)
    return Feed(model, batches, (images[held_out], held_out_targets) if len(held_out) else None)
