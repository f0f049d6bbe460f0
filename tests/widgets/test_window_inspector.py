"""The window inspector: the window keeps its place when it moves in another way."""

from __future__ import annotations

import itertools

from javascript import needs_node, run_node

KEPT = """
import { keptWindow, nearestWindow } from "FIGURES/window_inspector.js";
const answer = given.map(({ window, size, from, to }) => ({
  kept: keptWindow(window, [48, 40], size, from, to), same: keptWindow(window, [48, 40], size, from, from),
  first: nearestWindow(-5, 48, size, to), last: nearestWindow(60, 48, size, to) }));
"""


def middles(length: int, size: int, way: dict) -> list[float]:
    """The slow way: the middle of each window, as Keras pads."""
    if way["padding"] == "valid":
        return [start + (size - 1) / 2 for start in range(0, length - size + 1, way["stride"])]
    count = -(-length // way["stride"])
    before = max((count - 1) * way["stride"] + size - length, 0) // 2
    return [number * way["stride"] - before + (size - 1) / 2 for number in range(count)]


@needs_node
def test_no_other_window_is_nearer_to_where_it_was():
    ways = [
        {"stride": stride, "padding": padding} for stride, padding in itertools.product((1, 2, 4), ("valid", "same"))
    ]
    cases = [
        {"window": window, "size": size, "from": start, "to": to}
        for window, size, start, to in itertools.product([[0, 0], [5, 3], [9, 8]], (1, 3, 5), ways, ways)
    ]
    for found, case in zip(run_node(KEPT, cases), cases, strict=True):
        assert found["same"] == case["window"]
        for axis, length in enumerate((48, 40)):
            was = middles(length, case["size"], case["from"])[case["window"][axis]]
            apart = [abs(middle - was) for middle in middles(length, case["size"], case["to"])]
            assert apart[found["kept"][axis]] == min(apart)
        assert (found["first"], found["last"]) == (0, len(middles(48, case["size"], case["to"])) - 1)
