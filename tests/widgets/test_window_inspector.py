"""The window inspector: the window keeps its place when it moves in another way."""

from __future__ import annotations

import itertools

import numpy as np
from javascript import needs_node, run_node

REACH = """
import { reach, zerosInWords } from "FIGURES/window_inspector.js";
const answer = given.map(([length, size, stride, padding]) => reach(length, size, stride, padding)).map((zeros) =>
  ({ zeros, words: zerosInWords(zeros, zeros), one: zerosInWords([0, 0], zeros) }));
"""


@needs_node
def test_zeros_lie_where_keras_puts_them_and_the_words_name_these_sides():
    from fer_course.quiet import keras

    asked = list(itertools.product((48, 40, 7), (1, 2, 3, 5), (1, 2, 3, 4), ("same", "valid")))
    several = set()
    for (length, size, stride, padding), found in zip(asked, run_node(REACH, asked), strict=True):
        counts = keras.ops.conv(np.ones((1, length, 1), "float32"), np.ones((size, 1, 1), "float32"), stride, padding)
        missing = size - np.ravel(counts)  # the places of the first and the last window that lie outside
        assert found["zeros"] == [missing[0], missing[-1]]
        sides = [name for name, zeros in zip(("left", "right"), found["zeros"], strict=True) if zeros]
        several.add(len(sides))
        if not sides:
            assert found["words"].startswith("No window reaches outside")
        else:
            where = f"at the {' and '.join(sides)}, the only side" if padding == "same" else ""
            assert where in found["one"]
            both = "at the bottom and right" if len(sides) == 1 else "Those along the border come partly from zeros"
            assert both in found["words"]
    assert several == {0, 1, 2}


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
