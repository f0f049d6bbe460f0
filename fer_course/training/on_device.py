"""Faces that stay on the device: on an accelerator a step gets indices, not pictures, and augments the pictures itself.

A small network trains so fast on an accelerator that it would wait for pictures from the host. Here all pictures go to the
accelerator once, and flips, shifts, rotation, zoom, erasing and mixup are part of the compiled step. Random numbers are sampled
on the host, as in `augment.Batches`, so the pictures are the same, except for the noise in erased rectangles. `train()` does
this on the JAX backend. On one accelerator all steps of an epoch are one compiled call: there Python takes longer to start a
step than the device to do it.
"""

from __future__ import annotations

import numpy as np

from fer_course import augment
from fer_course.quiet import keras
from fer_course.recipes import Recipe

ops = keras.ops

#: An input of a step, by name -> its shape (without the batch) and dtype.
INPUTS = {
    "row": ((), "int32"),
    "mirrored": ((), "bool"),
    "offset": ((2,), "int32"),
    "transform": ((8,), "float32"),
    "rectangle": ((4,), "int32"),
    "noise": ((), "int32"),
    "share": ((), "float32"),
    "other": ((), "int32"),
}
#: Grey levels that fill erased rectangles, starting at a random index.
NOISE = np.random.default_rng(0).integers(0, 256, 2**16).astype("float32")


class ResidentFaces(keras.layers.Layer):
    """Makes augmented pictures from indices: a dictionary with names of `INPUTS` to float32 (N, size, size, 1), pixels 0…255.

    The pictures are a weight that is neither trained nor saved, so that no face gets into a file of weights.

    Args:
        images: uint8 (M, size, size, 1).

    """

    #: For who compares a network with its file.
    in_files = False

    def __init__(self, images: np.ndarray, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.images = self.add_weight(
            shape=images.shape, dtype="uint8", initializer="zeros", trainable=False, autocast=False, name="faces"
        )
        self.images.assign(images)
        self.built = True

    def call(self, inputs):
        """Take the pictures of the rows and change them as the other inputs say."""
        height, width = self.images.shape[1:3]
        images = ops.take(self.images, inputs["row"], axis=0)
        if "mirrored" in inputs:
            images = ops.where(inputs["mirrored"][:, None, None, None], ops.flip(images, axis=2), images)
        if "offset" in inputs:
            rows = ops.clip(ops.arange(height)[None] + inputs["offset"][:, :1], 0, height - 1)
            columns = ops.clip(ops.arange(width)[None] + inputs["offset"][:, 1:], 0, width - 1)
            images = ops.take_along_axis(images, rows[:, :, None, None], axis=1)
            images = ops.take_along_axis(images, columns[:, None, :, None], axis=2)
        images = ops.cast(images, "float32")
        if "transform" in inputs:
            images = ops.image.affine_transform(
                images, inputs["transform"], interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
            )
            images = ops.clip(ops.round(images), 0, 255)
        if "rectangle" in inputs:
            images = self._erase(images, inputs["rectangle"], inputs["noise"])
        if "share" in inputs:
            share = inputs["share"][:, None, None, None]
            images = ops.round(share * images + (1 - share) * ops.take(images, inputs["other"], axis=0))
        return images

    def _erase(self, images, rectangle, noise):
        """Fill rectangles (top, left, height, width) with noise; one of height 0 erases nothing."""
        top, left, tall, wide = (rectangle[:, i, None] for i in range(4))
        y, x = (ops.arange(size)[None] for size in images.shape[1:3])
        down, across = (y >= top) & (y < top + tall), (x >= left) & (x < left + wide)
        inside = (down[:, :, None] & across[:, None, :])[..., None]
        cells = ops.arange(images.shape[1] * images.shape[2], dtype="int32")
        grey = ops.take(NOISE, ops.mod(noise[:, None] + cells[None], len(NOISE)), axis=0)
        return ops.where(inside, ops.reshape(grey, (-1, *images.shape[1:3], 1)), images)

    def save_own_variables(self, store):
        """Save nothing: faces stay out of files."""

    def load_own_variables(self, store):
        """Load nothing."""


class Plans(augment.Batches):
    """The batches of `augment.Batches` as indices and moves for `ResidentFaces` instead of pictures.

    Args:
        rows: int (N,), the indices of the resident pictures to train on.
        size: side of the pictures in pixels.
        labels: int64 (N,), or targets float32 (N, classes) or float (N, views, classes), of these pictures.
        recipe: batch size, augmentation and seed.
        classes: the number of classes.

    """

    def __init__(self, rows: np.ndarray, size: int, labels: np.ndarray, recipe: Recipe, classes: int):
        super().__init__(np.asarray(rows), labels, recipe, classes)
        self.size = size

    def __getitem__(self, batch):
        """Return a dictionary with names of `INPUTS`, and labels or targets as `augment.Batches` does."""
        rows, labels, rng = self._select(batch)
        n, size = len(rows), self.size
        moves = augment.sample_moves(n, size, size, self.recipe, rng)
        plan, labels = {"row": rows} | moves, self.judged(labels, moves, size)
        if self.recipe.erase:
            plan["rectangle"] = np.zeros((n, 4), int)
            for index in np.flatnonzero(rng.random(n) < self.recipe.erase):
                plan["rectangle"][index] = augment.sample_rectangle(size, size, rng)
            plan["noise"] = rng.integers(0, len(NOISE), n)
        if self.recipe.mixup:
            plan["share"], plan["other"] = augment.sample_pairs(n, self.recipe.mixup, rng)
            labels = augment.blend(labels.astype("float32"), plan["share"], plan["other"])
        return {name: value.astype(INPUTS[name][1]) for name, value in plan.items()}, labels

    def plan_unchanged(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return a plan that does not change the pictures of these rows, for validation."""
        plan = {name: np.zeros((len(rows), *INPUTS[name][0]), INPUTS[name][1]) for name in self[0][0]}
        plan["row"] = np.asarray(rows, INPUTS["row"][1])
        if "transform" in plan:
            plan["transform"][:, [0, 4]] = 1.0
        if "share" in plan:
            plan["share"][:] = 1.0
        return plan


class Epochs(keras.utils.PyDataset):
    """Whole epochs of plans for `ResidentModel`: one batch per epoch, which holds the plans of all its steps."""

    def __init__(self, plans: Plans):
        super().__init__()
        self.plans = plans

    def __len__(self):
        return 1

    def __getitem__(self, _):
        """Return an epoch of plans: arrays (steps, batch, …)."""
        steps = [self.plans[step] for step in range(len(self.plans))]
        moves = {name: np.stack([plan[name] for plan, _ in steps]) for name in steps[0][0]}
        return moves, np.stack([labels for _, labels in steps])


class ResidentModel(keras.Model):
    """A network that takes plans. Given the plans of several steps at once, it does these steps in one compiled call."""

    def train_step(self, *state_and_data):
        """Do the step of `keras.Model`; on JAX, given a stack of batches, one step per batch; return the last logs."""
        *state, data = state_and_data
        if not state or np.ndim(data[0]["row"]) == 1:
            return super().train_step(*state_and_data)

        def step(state, batch):
            logs, state = keras.Model.train_step(self, state, batch)
            return state, logs

        state, logs = ops.scan(step, state[0], data)
        return {name: values[-1] for name, values in logs.items()}, state

    def whole_epochs(self, plans: Plans) -> Epochs:
        """Return whole epochs of these plans, for `fit`; the model must be compiled."""
        self.test_on_batch(*plans[0])  # builds the metrics; `fit` would do so from its own first batch
        return Epochs(plans)


def resident(model: keras.Model, images: np.ndarray, plans: Plans) -> ResidentModel:
    """Return a model that takes plans instead of pictures, and shares all weights with `model`.

    Args:
        model: a network for pictures (N, size, size, 1).
        images: uint8 (M, size, size, 1), all pictures to which a plan may refer.
        plans: the plans to train on; they decide which inputs the model has.

    """
    inputs = {name: keras.Input(INPUTS[name][0], dtype=INPUTS[name][1], name=name) for name in plans[0][0]}
    return ResidentModel(
        inputs, model(ResidentFaces(images, name="resident_faces")(inputs)), name=f"{model.name}_resident"
    )
