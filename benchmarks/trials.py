"""Seconds of a sweep's trials on two local processes and on two Dask workers, one after the other on the same machine.

    python benchmarks/trials.py [--repeats 2]

Prints the seconds of each whole sweep and of its trainings, and the ratio Dask : local of both.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

CONTENT = {
    "recipe": "quick",
    "data": "drawn",
    "faces": 1400,
    "seeds": [0, 1],
    "grid": {"model": ["lenet", "mini_xception"]},
}


def seconds(place: Path, name: str, address: str | None) -> tuple[float, float]:
    """Return the seconds of a sweep, and the sum of those of its trainings."""
    from fer_course import sweep
    from fer_course._shared.executors import executor_at

    wanted = sweep.load(place / "sweep.yaml")
    begun = time.perf_counter()
    with contextlib.redirect_stdout(None):
        found = sweep.run(wanted, place / name, lambda: executor_at(address, 2, wanted.threads, place / name))
    return time.perf_counter() - begun, sum(each["seconds"] for each in found)


def main() -> None:
    """Measure both, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    repeats = parser.parse_args().repeats
    from clusters import cluster

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "sweep.yaml").write_text(yaml.safe_dump(CONTENT))
        local, dask = [], []
        with cluster(place) as (address, _):
            for number in range(repeats):
                local.append(seconds(place, f"local-{number}", None))
                dask.append(seconds(place, f"dask-{number}", address))
    for index, what in enumerate(("whole sweep", "trainings")):
        one, two = (statistics.median(each[index] for each in found) for found in (local, dask))
        print(f"{what}: local {one:.1f} s, Dask {two:.1f} s, ratio {two / one:.2f}")


if __name__ == "__main__":
    main()
