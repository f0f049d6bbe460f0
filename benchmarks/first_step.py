"""Time until the first step of a training is done, in processor seconds: Keras as it is, and as `train` compiles, side by side.

usage: python benchmarks/first_step.py [--rounds 5]        (two to five minutes; nothing else should run beside it)

Each time a new mini-Xception learns one batch. TensorFlow traces its step, and traces it again if the step has created variables:
those of the optimiser and of the metrics. `compile_model` creates them before. Writes a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
from recording import few
from writing import side_by_side, with_ratios, write_section

from fer_course import models
from fer_course.recipes import Recipe
from fer_course.training import compile_model
from fer_course.training.batch_norm import fused_normalisation

RECIPE = Recipe("first step", batch_size=32)


def as_keras_does(model: keras.Model) -> None:
    """Compile with the same optimiser, loss and metrics, and create nothing."""
    optimizer = keras.optimizers.AdamW(RECIPE.learning_rate, weight_decay=RECIPE.weight_decay)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def seconds(compiled) -> float:
    """Return the processor seconds that compiling a new network and its first step take."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (32, 48, 48, 1), dtype=np.uint8), rng.integers(0, 7, 32)
    model = models.build("mini_xception")
    start = time.process_time()
    compiled(model)
    with fused_normalisation(model):
        model.fit(images, labels, batch_size=32, verbose=0)
    return time.process_time() - start


def main() -> None:
    """Print and write the seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=few(5, 1))
    options = parser.parse_args()
    ways = {
        "Keras as it is": lambda: seconds(as_keras_does),
        "variables created before": lambda: seconds(lambda model: compile_model(model, RECIPE)),
    }
    for way in ways.values():
        way()
    rows = with_ratios(side_by_side(ways, options.rounds), digits=1)
    text = "Mini-Xception, one batch of 32 pictures of 48 × 48, AdamW, fused batch normalisation."
    head = ("way", "processor seconds", "times as fast")
    write_section("The first step of a training", "python benchmarks/first_step.py", text, head, rows)


if __name__ == "__main__":
    main()
