"""Measure how fast faces are drawn: python benchmarks/drawn.py [--faces N]

Prints faces/s of processor time (what one core does) of whole sets and of one face at a time, and what drawing in batches
gains over that (a ratio, from this one run); then how long the embedded default set takes until `data.load` returns it, drawn
and from the cache. Targets on an idle machine: 500 faces/s a core, one face in 20 ms, the default set in 5 s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable

from fer_course import data
from fer_course.data import drawn


def seconds(function: Callable) -> tuple[float, float]:
    """Return the wall-clock and the processor seconds that a call takes."""
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=3000)
    options = parser.parse_args()
    drawn.draw(64)
    sets = [seconds(lambda seed=seed: drawn.draw(options.faces, seed=seed)) for seed in range(3)]
    ones = [seconds(lambda who=who: drawn.draw_one(drawn.PROTOTYPES["happy"], who)) for who in range(200)]
    wall, processor = (statistics.median(each) for each in zip(*sets, strict=True))
    one_wall, one_processor = (statistics.median(each) for each in zip(*ones, strict=True))
    print(f"{options.faces} faces a set, median of 3; load average {os.getloadavg()[0]:.1f}")
    print(f"whole sets        {options.faces / processor:7.0f} faces/s a core, {options.faces / wall:.0f} on the clock")
    print(
        f"one at a time     {1 / one_processor:7.0f} faces/s of processor time; {1000 * one_wall:.1f} ms a face on the clock"
    )
    print(f"drawn in batches, a face is {one_processor / (processor / options.faces):.1f} times quicker")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FER_COURSE_CACHE"] = folder
        first, _ = seconds(lambda: data.load("drawn", quiet=True))
        again, _ = seconds(lambda: data.load("drawn", quiet=True))
    print(f"default set       {first:7.2f} s for {drawn.DEFAULT_N} faces, {again:.3f} s from the cache")


if __name__ == "__main__":
    main()
