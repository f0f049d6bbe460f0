"""Time until the first step of a training is done, in processor seconds: Keras as it is, and as the course changes it.

usage: python benchmarks/first_step.py [--rounds 5]        (two to five minutes; nothing else should run beside it)

Each time a new network learns one batch, compiled by `model.compile` as in a lesson. TensorFlow traces its step, and traces it
again if the step has created variables: those of the optimiser and of the metrics. `fer_course.quiet` lets Keras create them
before. Writes a section of BENCHMARKS.md.
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

from fer_course import models

NETWORKS = ("lenet", "mini_xception")
#: How a network creates variables before its first step: the method that `fer_course.quiet` has replaced, and the new one.
WAYS = {
    "Keras as it is": super(keras.Model, keras.Model)._maybe_symbolic_build,
    "variables created before": keras.Model._maybe_symbolic_build,
}


def seconds(network: str, way: str) -> float:
    """Return the processor seconds that compiling a new network and its first step take."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (32, 48, 48, 1), dtype=np.uint8), rng.integers(0, 7, 32)
    model = models.build(network)
    keras.Model._maybe_symbolic_build = WAYS[way]
    start = time.process_time()
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, batch_size=32, verbose=0)
    return time.process_time() - start


def main() -> None:
    """Print and write the seconds and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=few(5, 1))
    options = parser.parse_args()
    calls = {(network, way): partial(seconds, network, way) for network in NETWORKS for way in WAYS}
    for call in calls.values():
        call()
    medians = side_by_side(calls, options.rounds)
    rows = [
        (network, *row)
        for network in NETWORKS
        for row in with_ratios({way: medians[network, way] for way in WAYS}, digits=1)
    ]
    text = "One batch of 32 pictures of 48 × 48, Adam."
    head = ("network", "way", "processor seconds", "times as fast")
    write_section("The first step of a training", "python benchmarks/first_step.py", text, head, rows)


if __name__ == "__main__":
    main()
