"""What an accelerator gains by holding the faces, and by doing an epoch in one call; and how soon the paper's 61 % is reached.

usage: KERAS_BACKEND=jax python benchmarks/accelerator.py [--data PATH] [--rounds 3]            (a minute or two on a GPU)

Mini-Xception, 48 × 48, batch 64, AdamW, with the recipe `minutes`' flip and shift. The pictures are random; rounds alternate,
each an epoch, and the ratio is that of the medians. With real faces, eleven epochs are then trained on four fifths of Training
as `fer-course train` does, and the time until the other fifth reaches 61 % is told. Writes a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from functools import partial

import numpy as np

import fer_course.quiet  # noqa: F401  (before Keras is loaded)

# isort: split
import keras
from recording import real_faces
from studies import MINUTES
from writing import side_by_side, write_section

from fer_course import models
from fer_course.augment import Batches
from fer_course.training import compile_model, devices, train
from fer_course.training.on_device import Plans, resident


def epoch(model: keras.Model, batches: keras.utils.PyDataset, faces: int) -> float:
    """Train for an epoch and return images a second."""
    start = time.perf_counter()
    model.fit(batches, verbose=0, shuffle=False)
    return faces / (time.perf_counter() - start)


def ways(faces: int) -> dict:
    """Return, for each way to feed the steps, a function that trains for an epoch and returns images a second."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (faces, 48, 48, 1), dtype=np.uint8)
    labels, rows = rng.integers(0, 7, faces), np.arange(faces)
    hosted, batches = models.build("mini_xception"), Batches(images, labels, MINUTES)
    plans = Plans(rows, 48, labels, MINUTES, 7)
    each, whole = (resident(models.build("mini_xception"), images, plans) for _ in range(2))
    for model in (hosted, each, whole):
        compile_model(model, MINUTES, MINUTES.epochs * len(batches))
    feeds = {
        "pictures from the host, step by step": (hosted, batches),
        "faces on the device, step by step": (each, plans),
        "faces on the device, an epoch a call": (whole, whole.whole_epochs(plans)),
    }
    return {name: partial(epoch, *feed, faces) for name, feed in feeds.items()}


def main() -> None:
    """Measure the ways, train once if there are real faces, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="FER2013; none: no training to 61 %%")
    parser.add_argument("--faces", type=int, default=28_672, help="random pictures an epoch")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if keras.backend.backend() != "jax":
        sys.exit("This measures what is done on JAX: set KERAS_BACKEND=jax.")
    runs = ways(options.faces)
    for run in runs.values():
        run()  # compiled here
    medians = side_by_side(runs, options.rounds)
    base = next(iter(medians.values()))
    rows = [(name, f"{median:,.0f}", f"{median / base:.2f}") for name, median in medians.items()]
    text = f"On {devices.name()}. Mini-Xception in training, 48 × 48, batch 64."
    command = "KERAS_BACKEND=jax python benchmarks/accelerator.py"
    if options.data:
        command += " --data PATH"
        run = train(None, real_faces(options.data), MINUTES.but(validation=0.2), tempfile.mkdtemp() + "/run")
        reached = run.seconds_to(0.61)
        text += (
            f" Eleven epochs of it on four fifths of Training: {run.metrics['seconds']:.0f} s with compiling, saving and "
            f"validating, {run.images_per_second:,.0f} images a second in the median epoch; "
            f"{f'61 % of the other fifth after {reached:.0f} s' if reached else '61 % of the other fifth not reached'}"
            f" ({run.metrics['val_accuracy']:.1%} in the end)."
        )
    write_section("Training on an accelerator", command, text, ("way", "images a second", "of the first"), rows)


if __name__ == "__main__":
    main()
