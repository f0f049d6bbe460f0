"""Training images a second: with and without augmentation, and against the classic pipeline, in one run.

usage: python benchmarks/throughput.py [--steps 60] [--rounds 5]        (about five minutes; nothing else should run beside it)

Ours is what `train()` does: batch 64, AdamW, fused batch normalisation, augmentation of whole uint8 batches beside the step.
Classic is what the public programs on FER2013 do: `ImageDataGenerator` with rotation, shifts, zoom and flip, batch 32, Adam. The
pictures are random; rounds alternate, and the ratio is that of the medians. Writes a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
from recording import few
from writing import side_by_side, with_ratios, write_section

from fer_course import augment, models
from fer_course.recipes import Recipe
from fer_course.training import compile_model
from fer_course.training.batch_norm import fused_normalisation

WARM = few(8, 1)  # steps of each round that are not timed
NONE = Recipe("none", flip=False, shift=0.0)
OURS = {
    "no augmentation": NONE,
    "flip, shift, erasing": NONE.but(flip=True, shift=0.08, erase=0.25),
    "flip, shift, rotation, zoom, erasing": NONE.but(flip=True, shift=0.08, rotation=10.0, zoom=0.1, erase=0.25),
}


class Clock(keras.callbacks.Callback):
    """Times the steps of a `fit` after the first few, up to the last: what Keras does before and after is left out."""

    def on_train_batch_end(self, batch, logs=None):
        """Note when the timed steps begin and end."""
        now = time.perf_counter()
        if batch == WARM - 1:
            self.start = now
        self.steps, self.seconds = batch + 1 - WARM, now - getattr(self, "start", now)


class Some(keras.utils.PyDataset):
    """The first steps of other batches."""

    def __init__(self, batches, steps: int):
        super().__init__()
        self.batches, self.steps = batches, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, batch):
        """Return the other batches' batch, from the start again when they are through."""
        return self.batches[batch % len(self.batches)]


def ours(recipe: Recipe):
    """Return a function that trains so many steps and returns images a second."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8192, 48, 48, 1), dtype=np.uint8)
    batches = augment.Batches(images, rng.integers(0, 7, len(images)), recipe)
    model = models.build(recipe.model)
    compile_model(model, recipe)

    def run(steps: int) -> float:
        clock = Clock()
        with fused_normalisation(model):
            model.fit(Some(batches, WARM + steps), verbose=0, callbacks=[clock], shuffle=False)
        return recipe.batch_size * clock.steps / clock.seconds

    return run


def classic(size: int):
    """Return such a function for `ImageDataGenerator` and plain Keras, batch 32, as published."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4096, size, size, 1)).astype("float32")
    flow = augment.paper_generator().flow(images, rng.integers(0, 7, len(images)), batch_size=32)
    model = models.build("mini_xception", size)
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    def run(steps: int) -> float:
        clock = Clock()
        model.fit(flow, steps_per_epoch=WARM + 2 * steps, verbose=0, callbacks=[clock])
        return 32 * clock.steps / clock.seconds

    return run


def main() -> None:
    """Measure all, print and write the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=few(60, 1))
    parser.add_argument("--rounds", type=int, default=few(5, 1))
    options = parser.parse_args()
    runs = {name: ours(recipe) for name, recipe in OURS.items()}
    runs |= {f"classic, {size} × {size}": classic(size) for size in (48, 64)}
    for run in runs.values():
        run(2)  # traced here
    timed = {name: partial(run, options.steps) for name, run in runs.items()}
    rows = with_ratios(side_by_side(timed, options.rounds), digits=0, rate=True)
    text = "Mini-Xception in training, 48 × 48 unless said. Targets: 0.95 with flip, shift and erasing, 0.80 with all of it."
    head = ("augmentation", "images a second", "of ours without")
    write_section("Training images a second", "python benchmarks/throughput.py", text, head, rows)


if __name__ == "__main__":
    main()
