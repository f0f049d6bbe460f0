"""Record how much faster a separable convolution is than a standard one, for lesson 05: 8 to 128 channels, kernels of 3, 5 and 7.

usage: python benchmarks/race.py [--passes 3] [--note "what else ran on the machine"]       (one to three minutes)

Layers, stopwatch and number of images are those of lesson 05: its cells `runners` and `stopwatch` are executed here. The
layers of one size run side by side. A pass visits every size once; the passes tell how steady the ratios are. Pixels are random.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
import numpy as np
from recording import RESULTS, about, few

from fer_course._shared import files

LESSON = Path(__file__).parents[1] / "solutions" / "05-space-and-channels-apart.ipynb"
CHANNELS = few((8, 16, 32, 64, 128), (8, 32))
SIZES = few((3, 5, 7), (5,))


def lesson() -> dict:
    """Return the names that the lesson's cells define."""
    names: dict = {"keras": keras, "np": np, "layers": keras.layers}
    for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]:
        if cell["id"] in ("runners", "stopwatch"):
            exec("".join(cell["source"]), names)
    return names


def main() -> None:
    """Race, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=few(3, 1))
    parser.add_argument("--note", default="nothing else ran on the machine")
    options = parser.parse_args()
    names, races = lesson(), []
    for each in range(options.passes):
        for size in SIZES:
            for channels in CHANNELS:
                maps = keras.random.normal((names["IMAGES"], 48, 48, channels), seed=each)
                taken = names["race"](names["runners"](channels, size), maps)
                taken = {kind: float(f"{seconds:.3g}") for kind, seconds in taken.items()}
                races.append({"pass": each, "size": size, "channels": channels, "seconds": taken})
                print(size, channels, f"{taken['standard'] / taken['separable']:.1f} times faster", flush=True)
    record = about("python benchmarks/race.py", note=options.note, images=names["IMAGES"], side=48, races=races)
    files.write_json(RESULTS / "race.json", record | {"data": "random numbers"})


if __name__ == "__main__":
    main()
