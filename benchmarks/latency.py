"""How long one face takes: `model.predict`, the model called, and compiled, side by side in one run.

usage: python benchmarks/latency.py [--rounds 40]        (half a minute; nothing else should run beside it)

Writes a section of BENCHMARKS.md; the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import tensorflow as tf
from writing import side_by_side, write_section

from fer_course import models


def milliseconds(way: Callable) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    way()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    model = models.build("mini_xception")
    face = np.random.default_rng(0).integers(0, 256, (1, 48, 48, 1), dtype=np.uint8)
    compiled = tf.function(model, input_signature=[tf.TensorSpec((1, 48, 48, 1), tf.uint8)])
    ways = {
        "model.predict(face)": lambda: model.predict(face, verbose=0),
        "model(face)": lambda: np.asarray(model(face)),
        "tf.function(model)(face)": lambda: np.asarray(compiled(tf.constant(face))),
    }
    timed = {name: partial(milliseconds, way) for name, way in ways.items()}
    side_by_side(timed, 5)  # traced here
    medians = side_by_side(timed, options.rounds)
    first = medians["model.predict(face)"]
    rows = [(name, f"{median:.1f}", f"{first / median:.1f}") for name, median in medians.items()]
    head = ("one face of 48 × 48", "milliseconds", "times as fast as predict")
    write_section("One face", "python benchmarks/latency.py", "Mini-Xception, batch of one.", head, rows)


if __name__ == "__main__":
    main()
