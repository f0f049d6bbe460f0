"""Time one training step of mini-Xception, fused against Keras' own batch normalisation, side by side in one process.

usage: python benchmarks/step.py [--size 48] [--batch 64] [--rounds 12]        (two minutes; nothing else should run beside it)

Both nets have the same weights and see the same random pixels; rounds alternate, and the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
from fer_course import models
from fer_course.fused import fused_normalisation
from fer_course.recipes import Recipe
from fer_course.training import compile_model

STEPS = 20


def main() -> None:
    """Print milliseconds a step for both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (options.batch, options.size, options.size, 1), dtype=np.uint8)
    labels = rng.integers(0, 7, options.batch)
    plain, fused = (models.build("mini_xception", options.size) for _ in range(2))
    fused.set_weights(plain.get_weights())
    for model in (plain, fused):
        compile_model(model, Recipe())
    with fused_normalisation(fused):  # the step is traced here, once
        fused.train_on_batch(images, labels)
    plain.train_on_batch(images, labels)
    times = {"Keras": [], "fused": []}
    for _ in range(options.rounds):
        for name, model in (("Keras", plain), ("fused", fused)):
            start = time.perf_counter()
            for _ in range(STEPS):
                model.train_on_batch(images, labels)
            times[name].append(1000 * (time.perf_counter() - start) / STEPS)
    for name, each in times.items():
        print(f"{name}: {statistics.median(each):.1f} ms a step of {options.batch} pictures of {options.size} pixels")
    print(f"ratio {statistics.median(times['Keras']) / statistics.median(times['fused']):.2f}")


if __name__ == "__main__":
    main()
