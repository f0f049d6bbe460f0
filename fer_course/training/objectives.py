"""The objective of a training: losses, soft targets, the optimiser, and the learning rate as part of the compiled step."""

from __future__ import annotations

import math

import numpy as np

from fer_course.augment import views_of
from fer_course.errors import DataError
from fer_course.quiet import keras
from fer_course.recipes import Recipe


def compile_model(model: keras.Model, recipe: Recipe, steps: int = 0) -> None:
    """Compile a model with the recipe's loss and optimiser; `Pace` sets the learning rate during training.

    On JAX, where a callback can't reach into the steps of an epoch, a schedule that changes with each step becomes part of the
    optimiser, which then has to know how many steps an epoch has. (On TensorFlow that would make each step slower.)
    """
    rate = recipe.learning_rate
    if keras.backend.backend() == "jax" and recipe.schedule in COMPILED and steps:
        rate = COMPILED[recipe.schedule](recipe.epochs * steps, recipe.learning_rate, recipe.warmup)
    optimizer = {
        "adam": lambda: keras.optimizers.Adam(rate),
        "adamw": lambda: keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay),
        "sgd": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    }[recipe.optimizer]()
    model.compile(optimizer, loss=_loss(recipe), metrics=["accuracy"])


def _loss(recipe: Recipe):
    """Return the recipe's loss: for targets (N, classes) with mixup or a teacher, else for whole-number labels (N,)."""
    if has_soft_targets(recipe):
        return keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    if recipe.label_smoothing:
        return SmoothedCrossentropy(recipe.label_smoothing)
    return "sparse_categorical_crossentropy"


def has_soft_targets(recipe: Recipe) -> bool:
    """Say whether the recipe's targets are probabilities of all classes, not labels."""
    return bool(recipe.mixup or recipe.distillation)


def blend_targets(labels: np.ndarray, recipe: Recipe, teacher: np.ndarray | None, classes: int) -> np.ndarray | None:
    """Blend labels and a teacher's probabilities as the recipe's `distillation` says.

    Args:
        labels: whole numbers (N,), of the Training faces.
        recipe: how to train.
        teacher: float (N, classes), or, if the recipe is consistent, float (N, views, classes); None without a teacher.
        classes: the number of classes.

    Returns:
        float32 (N, classes), or float16 (N, views, classes); None without a teacher.

    Raises:
        DataError: if the recipe needs a teacher and there is none of this shape, or if there is one that it does not use.

    """
    if not recipe.distillation and teacher is None:
        return None
    found = None if teacher is None else np.shape(teacher)
    wanted = (len(labels), len(views_of(recipe)), classes) if recipe.consistent else (len(labels), classes)
    if not recipe.distillation or found != wanted:
        which = (
            f"A recipe with distillation {recipe.distillation:g}{' that is consistent' if recipe.consistent else ''}"
        )
        raise DataError(
            f"{which} needs {f'teacher probabilities of shape {wanted}' if recipe.distillation else 'no teacher'}; found "
            f"{found}. See `fer_course.training.distillation`, or on the command line `train --teacher RUN`."
        )
    share, named = np.float32(recipe.distillation), keras.utils.to_categorical(labels, classes)
    if recipe.consistent:  # in float32 all views of FER2013 take 80 MB
        return np.float16(1 - share) * named.astype("float16")[:, None] + np.float16(share) * np.asarray(
            teacher, "float16"
        )
    return (1 - share) * named + share * np.asarray(teacher, dtype="float32")


class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of whole-number labels against probabilities, a share of the target spread over all classes.

    Source: Szegedy et al. 2016, "Rethinking the Inception architecture", section 7. Keras has it for one-hot labels only.
    """

    def __init__(self, smoothing: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        """Return the loss (N,) of labels (N,) or (N, 1) against probabilities (N, classes)."""
        labels = keras.ops.one_hot(keras.ops.reshape(y_true, (-1,)), y_pred.shape[-1], dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(labels, y_pred, label_smoothing=self.smoothing)


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """`schedules.one_cycle` as a part of the compiled step."""

    def __init__(self, steps: int, peak: float, warmup: float):
        self.steps, self.peak, self.warmup = steps, peak, warmup

    def __call__(self, step):
        """Return the learning rate of a step, a scalar tensor."""
        ops, low, end, top = keras.ops, self.peak / 25, self.peak / 10_000, self.warmup * self.steps
        step = ops.cast(step, "float32")
        up = self.peak + (low - self.peak) * (1 + ops.cos(math.pi * step / max(top, 1e-9))) / 2
        share = ops.minimum((step - top) / max(self.steps - top, 1), 1.0)
        down = end + (self.peak - end) * (1 + ops.cos(math.pi * share)) / 2
        return ops.where(step < top, up, down)

    def get_config(self) -> dict:
        """Return what `__init__` was given."""
        return {"steps": self.steps, "peak": self.peak, "warmup": self.warmup}


class Linear(OneCycle):
    """`schedules.linear` as a part of the compiled step."""

    def __call__(self, step):
        """Return the learning rate of a step, a scalar tensor."""
        ops, low, top = keras.ops, self.peak / 25, self.warmup * self.steps
        step = ops.cast(step, "float32")
        up = low + (self.peak - low) * step / max(top, 1e-9)
        down = self.peak * (1 - ops.minimum((step - top) / max(self.steps - top, 1), 1.0))
        return ops.where(step < top, up, down)


#: The same schedules as `schedules.OF_STEPS`.
COMPILED = {"one_cycle": OneCycle, "linear": Linear}
