"""How long the shipped network takes for a face in one view, two and ten, side by side in one run: python benchmarks/views.py

Each way goes from a face of 48 × 48 to the averaged probabilities: it makes the views and asks the compiled network for all of
them at once, on one thread. Counted is processor time, so that whatever else runs on the machine counts little. Half a minute.
Writes a section of BENCHMARKS.md and fer_course/results/view_cost.json, for MODEL_CARD.md and README.
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
from recording import MINIATURE, NO_RESULT, RESULTS, few, made
from writing import side_by_side, write_section

from fer_course import data, models
from fer_course._shared import files
from fer_course.evaluation import VIEWS, view

COMMAND = "python benchmarks/views.py"


def milliseconds(way: Callable) -> float:
    """Return how much processor time one call takes."""
    start = time.process_time()
    way()
    return 1000 * (time.process_time() - start)


def ways(model, face: np.ndarray) -> dict[str, Callable]:
    """Return for each name of `VIEWS` a function that scores the face, uint8 (48, 48): float32 (classes,)."""
    made = {}
    for name, views in VIEWS.items():
        compiled = tf.function(model, input_signature=[tf.TensorSpec((len(views), *face.shape, 1), tf.uint8)])

        def score(views=views, compiled=compiled):
            pixels = np.concatenate([view(face[None], *each) for each in views])[..., None]
            return np.asarray(compiled(tf.constant(pixels))).mean(axis=0)

        made[name] = score
    return made


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=few(300, 3))
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model, faces = models.pretrained(), data.load("drawn", quiet=True)
    timed = {name: partial(milliseconds, way) for name, way in ways(model, faces.images[0]).items()}
    side_by_side(timed, 10)  # traced here
    medians = side_by_side(timed, options.rounds)
    rows = [
        (name, str(len(VIEWS[name])), f"{median:.2f}", f"{median / medians['one']:.1f}")
        for name, median in medians.items()
    ]
    text = (
        "Mini-Xception, compiled, one thread: processor time from a face to its probabilities, averaged over the views."
    )
    head = ("views", "looks", "milliseconds a face", "times one view")
    write_section("More than one look", COMMAND, text, head, rows)
    found = {name: round(median, 3) for name, median in medians.items()}
    record = {"data": "drawn faces", "command": COMMAND} | made() | {"threads": 1, "milliseconds": found}
    files.write_json(RESULTS / "view_cost.json", record | (NO_RESULT if MINIATURE else {}))


if __name__ == "__main__":
    main()
