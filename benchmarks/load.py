"""Measure how fast FER2013's CSV loads: python benchmarks/load.py [CSV] [--faces N]

Everything is measured in this one run, with the file in the page cache. Writes a section of BENCHMARKS.md. Without a CSV, one of
random pixels is written into a temporary folder. Targets: 8 times faster than pandas and a Python loop over integers; within 7
times the time to read the file's bytes; from our cache in under 0.05 s. Needs pandas (the package itself does not).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from recording import few
from writing import write_section

from fer_course import Faces, data
from fer_course.data import readers
from fer_course.faces import SIZE


def best(function: Callable, repeats: int) -> float:
    """Return the seconds that the fastest of several calls took."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def with_pandas(path: Path) -> np.ndarray:
    """Parse the pixels as most notebooks on FER2013 do."""
    table = pd.read_csv(path, skipinitialspace=True)
    images = [[int(value) for value in pixels.split(" ")] for pixels in table["pixels"]]
    return np.array(images, dtype=np.uint8).reshape(-1, SIZE, SIZE)


def random_faces(n: int) -> Faces:
    """Return pixels that look like nothing but have as many digits as photographs' do."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, SIZE, SIZE), dtype=np.uint8)
    return Faces(images, rng.integers(0, 7, n), np.full(n, "Training"))


def measure(path: Path, name: str) -> None:
    """Write seconds, ratios and targets for one CSV."""
    megabytes = path.stat().st_size / 1e6
    read = best(path.read_bytes, 5)
    ours = best(lambda: readers.read(path), 5)
    assert (with_pandas(path) == readers.read(path).images).all()
    pandas = best(lambda: with_pandas(path), 1)
    first = best(lambda: data.load(path, quiet=True), 1)
    cached = best(lambda: data.load(path, quiet=True).images[0].sum(), 5)
    rows = [
        ("reading its bytes", f"{read:.3f}", "", ""),
        ("ours, without cache", f"{ours:.3f}", f"{ours / read:.1f} times reading the bytes", "7 at most"),
        ("pandas and a Python loop", f"{pandas:.3f}", f"{pandas / ours:.1f} times ours", "8 at least"),
        ("first load, writes our cache", f"{first:.3f}", "", ""),
        ("from our cache", f"{cached:.3f}", f"{ours / cached:.0f} times as fast as without", "under 0.05 s"),
    ]
    text = f"{name}, {megabytes:.0f} MB, in the page cache; each is the fastest of several calls."
    write_section("Loading", "python benchmarks/load.py", text, ("way", "seconds", "ratio", "target"), rows)


def main() -> None:
    """Measure the CSV of the command line, or one of random pixels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, nargs="?", help="fer2013.csv or icml_face_data.csv")
    parser.add_argument("--faces", type=int, default=few(32298, 300), help="rows of the CSV that is made without one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FER_COURSE_CACHE"] = f"{folder}/cache"
        path = args.csv or Path(folder, "random.csv")
        if args.csv is None:
            data.write_csv(random_faces(args.faces), path)
        measure(path, "A CSV" if args.csv else f"A CSV of {args.faces:,} random faces")


if __name__ == "__main__":
    main()
