"""The recorded race of lesson 05: separable against standard convolutions, 8 to 128 channels, kernels of 3, 5 and 7.

`benchmarks/race.py` ran it. A pass visits every size once; the passes tell how steady the times are.
"""

from __future__ import annotations

from fer_course import results


def seconds(kind: str, size: int) -> dict[int, list[float]]:
    """Return the recorded times of a layer: channels → seconds, one per pass.

    Args:
        kind: "standard", "separable", "depthwise" or "pointwise".
        size: side of the kernel: 3, 5 or 7.

    """
    found: dict[int, list[float]] = {}
    for race in results.load("race")["races"]:
        if race["size"] == size:
            found.setdefault(race["channels"], []).append(race["seconds"][kind])
    return found


def times_faster(size: int) -> dict[int, list[float]]:
    """Return how many times faster the separable layer was than the standard one: channels → one ratio per pass."""
    standard, separable = seconds("standard", size), seconds("separable", size)
    return {c: [a / b for a, b in zip(standard[c], separable[c], strict=True)] for c in standard}
