"""Faces drawn in the page are the faces that Python draws."""

from __future__ import annotations

import numpy as np
import pytest
from javascript import needs_node, run_node

from fer_course.data import drawn
from fer_course.widgets import drawn_faces

DRAW = """
import { facesOf } from "LIBRARY/drawn.js";
const draw = facesOf(given.faces);
const answer = given.asked.map(([units, who, changes]) => [...draw(units, who, changes)]);
"""
#: People who differ in what is drawn only for some: children, beards, glasses, hats, bald heads, fringes.
PEOPLE = range(60)


def drawn_by_both(asked):
    """Return the faces of the page and of Python, (N, 48, 48) each, for triples of action units, person and pose or scene."""
    given = {"faces": drawn_faces.describe(PEOPLE), "asked": asked}
    page = np.reshape(run_node(DRAW, given), (-1, 48, 48))
    both = []
    for units, who, changes in asked:
        pose = drawn.Pose(**{name: value for name, value in changes.items() if hasattr(drawn.Pose, name)})
        scene = drawn.Scene(**{name: value for name, value in changes.items() if hasattr(drawn.Scene, name)})
        both.append(drawn.draw_one(units, who, pose, scene))
    return page, np.stack(both).astype(int)


def sampled(rng) -> dict[int, float]:
    return {number: float(rng.random()) for number in drawn.ACTION_UNITS if rng.random() < 0.4}


def assert_equal_within_a_level(page, python):
    difference = np.abs(page - python)
    assert difference.max() <= 1
    assert (difference == 0).mean(axis=(1, 2)).min() > 0.995


@needs_node
def test_faces_of_many_people_and_muscles_are_those_of_python():
    rng = np.random.default_rng(0)
    asked = [(units, who, {}) for who in PEOPLE for units in (*drawn.PROTOTYPES.values(), sampled(rng))]
    asked += [({number: 1.0}, 1, {}) for number in drawn.ACTION_UNITS]
    assert_equal_within_a_level(*drawn_by_both(asked))


@needs_node
def test_turned_heads_and_other_light_are_those_of_python():
    rng = np.random.default_rng(1)
    asked = []
    for who in PEOPLE:
        pose = {"yaw": rng.uniform(-34, 34), "pitch": rng.uniform(-16, 16), "roll": rng.uniform(-19, 19)}
        place = {"size": rng.uniform(0.86, 1.22), "shift_x": rng.uniform(-3.5, 3.5), "shift_y": rng.uniform(-3.5, 3.5)}
        scene = {"light_x": rng.uniform(-1.8, 1.8), "gaze_x": rng.uniform(-0.05, 0.05), "clutter": rng.random()}
        asked.append((sampled(rng), who, {name: float(value) for name, value in (pose | place | scene).items()}))
    assert_equal_within_a_level(*drawn_by_both(asked))


@pytest.mark.parametrize("kind", ["child", "glasses", "beard", "hair_style", "ears", "fringe"])
def test_the_people_of_these_tests_differ_in_what_only_some_have(kind):
    values = np.array([getattr(drawn.person(who), kind) for who in PEOPLE])
    rare = {
        "child": values > 1 - drawn.CHILDREN, "glasses": values < drawn.WITH_GLASSES, "beard": values > 0.86,
        "hair_style": values > 0.95, "ears": values > 0.8, "fringe": values > 0.9,
    }[kind]  # fmt: skip
    assert rare.any()
    assert not rare.all()
