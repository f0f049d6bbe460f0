"""Figures that need no network: their numbers are those of the package, or of a slow loop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import traitlets
from javascript import needs_node, run_node

from fer_course.errors import FerCourseError
from fer_course.widgets import receptive_ladder, separable_factory

WORK = 'import { work } from "FIGURES/separable_factory.js";\nconst answer = given.map(work);'


@needs_node
def test_the_factory_counts_as_costs_does():
    from fer_course.costs import costs
    from fer_course.quiet import keras

    names = ("channels", "filters", "size", "side")
    cases = [dict(zip(names, each, strict=True)) for each in itertools.product((1, 8), (1, 16), (1, 3, 5), (6, 13))]
    for found, case in zip(run_node(WORK, cases), cases, strict=True):
        inputs = keras.Input((case["side"], case["side"], case["channels"]))
        counted = []
        for kind in (keras.layers.Conv2D, keras.layers.SeparableConv2D):
            layer = kind(case["filters"], case["size"], padding="same")
            counted.append(costs(keras.Model(inputs, layer(inputs))).multiply_adds)
        assert [found["standard"], found["separable"]] == counted == [*separable_factory(**case).work()]
        assert found["ratio"] == pytest.approx(1 / case["filters"] + 1 / case["size"] ** 2)


def test_the_factory_refuses_what_is_no_layer():
    with pytest.raises(traitlets.TraitError):
        separable_factory(filters=0)


CONE = """
import { cone, lengths } from "FIGURES/receptive_ladder.js";
const answer = given.map(({ layers, length, row, cell }) =>
  ({ lengths: lengths(layers, length), seen: cone(layers, length, row, cell) }));
"""


def layer(rng) -> list:
    return [int(rng.integers(1, 6)), int(rng.integers(1, 3)), str(rng.choice(["same", "valid"]))]


def reached(layers, length: int) -> list[list[set[int]]]:
    """The slow way: for each cell of each row, the pixels that it is computed from."""
    rows = [[{place} for place in range(length)]]
    for kernel, stride, padding in layers:
        below = rows[-1]
        count = -(-len(below) // stride) if padding == "same" else (len(below) - kernel) // stride + 1
        before = max((count - 1) * stride + kernel - len(below), 0) // 2 if padding == "same" else 0
        starts = [number * stride - before for number in range(count)]
        rows.append(
            [set().union(*(below[i] for i in range(start, start + kernel) if 0 <= i < len(below))) for start in starts]
        )
    return rows


@needs_node
def test_the_cone_holds_the_pixels_that_a_number_is_computed_from():
    rng = np.random.default_rng(0)
    cases = []
    for _ in range(40):
        layers = [layer(rng) for _ in range(rng.integers(1, 4))]
        rows = reached(layers, 48)
        if all(rows):
            row = int(rng.integers(1, len(rows)))
            cases.append({"layers": layers, "length": 48, "row": row, "cell": int(rng.integers(len(rows[row])))})
    assert len(cases) > 25
    for found, case in zip(run_node(CONE, cases), cases, strict=True):
        rows = reached(case["layers"], 48)
        assert found["lengths"] == [len(row) for row in rows]
        pixels = rows[case["row"]][case["cell"]]
        first, last = found["seen"][0]
        assert (max(first, 0), min(last, 47)) == (min(pixels), max(pixels))


def test_the_ladder_refuses_what_it_can_not_stack():
    with pytest.raises(FerCourseError, match="no block '7×7'"):
        receptive_ladder(stack=["7×7"])
    with pytest.raises(FerCourseError, match="square"):
        receptive_ladder(np.zeros((3, 4), np.uint8))
