"""The learning rate of each step, and the seeds of each epoch, set while a training runs."""

from __future__ import annotations

from fer_course.augment import Batches
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.training import schedules
from fer_course.training.checkpoint import Checkpoint


class Pace(keras.callbacks.Callback):
    """Sets the learning rate of each step, and what is random in the batches and layers of each epoch."""

    def __init__(self, batches: Batches, recipe: Recipe, checkpoint: Checkpoint):
        super().__init__()
        self.batches, self.recipe, self.checkpoint = batches, recipe, checkpoint
        self.step = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Set the epoch's faces and learning rate."""
        self.batches.epoch = epoch
        states = [variable for variable in self.model.variables if variable.name == "seed_generator_state"]
        for number, state in enumerate(states):  # of dropout, for example: Keras does not save them with the weights
            state.assign([self.recipe.seed + number, epoch])
        self.step = epoch * len(self.batches)
        if self.recipe.schedule == "plateau":
            recipe, losses = self.recipe, self.checkpoint.losses()
            self._set(schedules.plateau(losses, recipe.learning_rate, recipe.plateau_factor, recipe.plateau_patience))

    def on_train_batch_begin(self, batch, logs=None):
        """Follow a schedule that changes with each step."""
        rate = schedules.OF_STEPS.get(self.recipe.schedule)
        if rate and keras.backend.backend() != "jax":  # there: see `compile_model`
            steps = self.recipe.epochs * len(self.batches)
            self._set(rate(self.step + batch, steps, self.recipe.learning_rate, self.recipe.warmup))

    def _set(self, rate: float) -> None:
        self.model.optimizer.learning_rate.assign(rate)
