"""Training images a second with and without oneDNN's routines, which TensorFlow by itself takes on some processors only.

usage: python benchmarks/onednn.py [--steps 40] [--rounds 3]        (five to ten minutes; nothing else should run beside it)

Each round of a way is a process of its own, in which a network trains on random pictures in batches of 64. The course asks for
the routines on all processors of Intel's and AMD's kind (`fer_course/quiet.py`). The rounds alternate, and the ratio is that of
the medians. Writes a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from functools import partial

from recording import few
from writing import side_by_side, with_ratios, write_section

WAYS = {"without oneDNN": "0", "with oneDNN": "1"}
NETWORKS = ("mini_xception", "vgg_small")


def here(network: str, steps: int) -> float:
    """Train in this process; return images a second."""
    from throughput import NONE, ours

    train = ours(NONE.but(model=network))
    train(1)  # traced here
    return train(steps)


def elsewhere(network: str, steps: int, on: str) -> float:
    """Do the same in a process of its own."""
    call = [sys.executable, __file__, "--steps", str(steps), "--one", network]
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": on}
    return float(subprocess.run(call, env=environment, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure all, print and write the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=few(40, 1))
    parser.add_argument("--rounds", type=int, default=few(3, 1))
    parser.add_argument("--one", choices=NETWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(here(options.one, options.steps))
        return
    calls = {
        (network, way): partial(elsewhere, network, options.steps, on)
        for network in NETWORKS
        for way, on in WAYS.items()
    }
    medians = side_by_side(calls, options.rounds)
    rows = [
        (network, *row)
        for network in NETWORKS
        for row in with_ratios({way: medians[network, way] for way in WAYS}, digits=0, rate=True)
    ]
    text = "Batches of 64 pictures of 48 × 48."
    head = ("network", "routines", "images a second", "times as fast")
    write_section("oneDNN's routines", "python benchmarks/onednn.py", text, head, rows)


if __name__ == "__main__":
    main()
