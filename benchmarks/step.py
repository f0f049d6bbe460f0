"""Time one training step of mini-Xception, without and with what makes it faster, side by side in one process.

usage: python benchmarks/step.py [--size 48] [--batch 64] [--rounds 12]        (two minutes; nothing else should run beside it)

All nets have the same weights and see the same random pixels; rounds alternate, and the ratio is that of the medians. Writes a
section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from functools import partial

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
from recording import few
from writing import side_by_side, with_ratios, write_section

from fer_course import layers, models
from fer_course.recipes import Recipe
from fer_course.training import compile_model
from fer_course.training.batch_norm import fused_normalisation

STEPS = few(20, 1)


def main() -> None:
    """Print and write milliseconds a step, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=few(12, 1))
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (options.batch, options.size, options.size, 1), dtype=np.uint8)
    labels = rng.integers(0, 7, options.batch)
    taken = layers.every
    nets = {}
    for name, every in (
        ("Keras as it is", sliced),
        ("fused batch normalisation", sliced),
        ("the same, pooled shortcut", taken),
    ):
        layers.every = every
        keras.utils.set_random_seed(0)
        nets[name] = model = models.build("mini_xception", options.size)
        compile_model(model, Recipe())
        with fused_normalisation(model) if nets.keys() - {"Keras as it is"} else nullcontext():
            model.train_on_batch(images, labels)  # the step is traced here, once
    layers.every = taken
    timed = {name: partial(milliseconds, model, images, labels) for name, model in nets.items()}
    rows = with_ratios(side_by_side(timed, options.rounds), digits=1)
    text = f"Mini-Xception, {options.batch} pictures of {options.size} × {options.size}, AdamW; the shortcut takes every second."
    head = ("one training step", "milliseconds", "times as fast")
    write_section("One training step", "python benchmarks/step.py", text, head, rows)


def milliseconds(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Return how long a step takes, as the mean of some."""
    start = time.perf_counter()
    for _ in range(STEPS):
        model.train_on_batch(images, labels)
    return 1000 * (time.perf_counter() - start) / STEPS


def sliced(x, stride: int = 2):
    """Take every stride-th pixel with a slice."""
    return x[:, ::stride, ::stride, :] if stride > 1 else x


if __name__ == "__main__":
    main()
