"""Training images a second with memory that is kept for the next step, and with memory that is given back, side by side.

usage: python benchmarks/allocator.py [--steps 40] [--rounds 3]        (about ten minutes; nothing else should run beside it)

Each round of a way is a process of its own, in which a network trains on random pictures in batches of 64; see
`fer_course/_shared/allocator.py`. The rounds alternate, and the ratio is that of the medians. Writes a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from functools import partial

from recording import few
from writing import side_by_side, write_section

#: name -> environment: whoever sets malloc's variables has chosen, so the package leaves malloc as it is.
WAYS = {"given back after each step": {"GLIBC_TUNABLES": ""}, "kept for the next step": {}}
NETWORKS = ("mini_xception", "vgg_small")


def here(network: str, steps: int) -> tuple[float, float]:
    """Train in this process; return images a second, and thousands of pages a step that the system handed out."""
    from throughput import NONE, WARM, ours

    train = ours(NONE.but(model=network))
    train(1)  # traced here
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    rate = train(steps)
    return rate, (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / (WARM + steps) / 1000


def elsewhere(network: str, steps: int, environment: dict[str, str], pages: list[float]) -> float:
    """Do the same in a process of its own; return images a second, and append the pages."""
    call = [sys.executable, __file__, "--steps", str(steps), "--one", network]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    said = subprocess.run(call, env=clean | environment, check=True, capture_output=True, text=True).stdout
    rate, faults = map(float, said.split()[-2:])
    pages.append(faults)
    return rate


def main() -> None:
    """Measure all, print and write the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=few(40, 1))
    parser.add_argument("--rounds", type=int, default=few(3, 1))
    parser.add_argument("--one", choices=NETWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(*here(options.one, options.steps))
        return
    pages: dict[tuple[str, str], list[float]] = {(network, way): [] for network in NETWORKS for way in WAYS}
    calls = {
        (network, way): partial(elsewhere, network, options.steps, WAYS[way], found)
        for (network, way), found in pages.items()
    }
    medians = side_by_side(calls, options.rounds)
    rows = [
        (
            network,
            way,
            f"{rate:,.0f}",
            f"{min(pages[network, way]):.1f}",
            f"{rate / medians[network, next(iter(WAYS))]:.2f}",
        )
        for (network, way), rate in medians.items()
    ]
    text = "Batches of 64 pictures of 48 × 48; a page is 4,096 bytes that the system empties and hands out."
    head = ("network", "memory that is freed", "images a second", "thousand pages a step", "times as fast")
    write_section("Memory between two steps", "python benchmarks/allocator.py", text, head, rows)


if __name__ == "__main__":
    main()
