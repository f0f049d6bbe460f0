"""How long one face takes in Keras, compiled, and exported (LiteRT, LiteRT in 8-bit integers, ONNX), side by side in one run.

usage: python benchmarks/latency.py [--rounds 40] [--threads 1]        (half a minute; nothing else should run beside it)

Writes a section of BENCHMARKS.md; the ratio is that of the medians. Needs the extra `export`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import tensorflow as tf
from recording import few
from writing import side_by_side, write_section

from fer_course import data, export, models

COMPILED = "tf.function(model)(face)"
#: What the table calls the exported files.
TITLES = {"litert": "LiteRT", "litert-int8": "LiteRT, 8-bit integers", "onnx": "ONNX Runtime"}


def milliseconds(way: Callable) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    way()
    return 1000 * (time.perf_counter() - start)


def in_keras(model, face: np.ndarray) -> dict[str, Callable]:
    """Return the ways to score a face, uint8 (48, 48), with a Keras model."""
    pixels = face[None, :, :, None]
    compiled = tf.function(model, input_signature=[tf.TensorSpec(pixels.shape, tf.uint8)])
    return {
        "model.predict(face)": lambda: model.predict(pixels, verbose=0),
        "model(face)": lambda: np.asarray(model(pixels)),
        COMPILED: lambda: np.asarray(compiled(tf.constant(pixels))),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=few(40, 2))
    parser.add_argument("--threads", type=int, default=1, help="of the exported files' runtimes")
    options = parser.parse_args()
    model, faces = models.pretrained(), data.load("drawn", quiet=True)
    ways, sizes = in_keras(model, faces.images[0]), {}
    with tempfile.TemporaryDirectory() as folder:
        for to, title in TITLES.items():
            exported = export.export(model, Path(folder) / f"model{export.ENDINGS[to]}", to, faces)
            ways[title] = partial(export.load(exported.path, options.threads), faces.images[:1])
            sizes[title] = f"{exported.size:,}"
        timed = {name: partial(milliseconds, way) for name, way in ways.items()}
        side_by_side(timed, 5)  # traced here
        medians = side_by_side(timed, options.rounds)
    rows = [
        (name, sizes.get(name, ""), f"{median:.2f}", f"{medians[COMPILED] / median:.2f}")
        for name, median in medians.items()
    ]
    head = ("one face of 48 × 48", "bytes", "milliseconds", "times as fast as compiled")
    text = f"Mini-Xception, batch of one; the exported files with threads: {options.threads}."
    write_section("One face", "python benchmarks/latency.py", text, head, rows)


if __name__ == "__main__":
    main()
