"""Steer a face: the page's faces and scores are Python's, at every step, for networks of several sizes."""

from __future__ import annotations

import numpy as np
import pytest
from javascript import needs_node, run_node

from fer_course import models
from fer_course.data import drawn
from fer_course.errors import FerCourseError
from fer_course.models.prepare import prepare
from fer_course.widgets import steer_a_face

LOOK = """
import { look } from "FIGURES/steer_a_face.js";
import { facesOf } from "LIBRARY/drawn.js";
import { build } from "LIBRARY/network.js";
const draw = facesOf(given.traits.faces), network = build(given.traits.network);
const answer = given.asked.map(([units, person]) => look(draw, network, units, person).scores);
"""
ASKED = [({12: step / 10}, 0) for step in range(11)] + [(units, 5) for units in drawn.PROTOTYPES.values()]


@needs_node
@pytest.mark.parametrize("size", [48, 24])
def test_scores_in_the_page_are_those_of_python(size):
    model = models.pretrained() if size == 48 else models.build("mini_xception", input_size=24, seed=1)
    made = steer_a_face(model, persons=6)
    scores = run_node(LOOK, {"traits": made.chosen(), "asked": ASKED})
    faces = np.stack([drawn.draw_one(units, who) for units, who in ASKED])
    # Some pixels differ by one grey level of 255.
    np.testing.assert_allclose(scores, model.predict(prepare(faces, size), verbose=0), atol=2e-3)


RENAMED = """
import { renamed } from "FIGURES/steer_a_face.js";
const answer = given.map(([before, after]) => renamed(before, after, ["angry", "happy"], "12 goes"));
"""


@needs_node
def test_the_sentence_names_a_change_of_the_winner_only():
    said = run_node(RENAMED, [[[0.6, 0.4], [0.4, 0.6]], [[0.6, 0.4], [0.9, 0.1]]])
    assert said == ["The name changed from angry to happy: 12 goes.", None]


DISAGREEMENT = """
import { disagreement } from "FIGURES/steer_a_face.js";
const answer = given.map(([preset, scores]) => disagreement(preset, scores, ["angry", "happy"]));
"""


@needs_node
def test_a_button_and_a_network_that_differ_are_said_to():
    said = run_node(DISAGREEMENT, [["happy", [0.54, 0.46]], ["happy", [0.4, 0.6]], [None, [0.4, 0.6]]])
    assert said == ["The muscles of happy: the network says angry, 54 %.", None, None]


STRETCHES = """
import { stretches } from "LIBRARY/trail.js";
const answer = stretches(given);
"""
SPREAD = """
import { spreadOut } from "LIBRARY/trail.js";
const answer = given.map((wanted) => spreadOut(wanted, 13, 10, 190));
"""


@needs_node
def test_moves_of_one_muscle_in_a_row_are_one_stretch():
    move = lambda name, value: {"step": {"name": name, "from": f"{value - 0.1:.1f}", "to": f"{value:.1f}"}}  # noqa: E731
    moves = [{}, move("12", 0.1), move("12", 0.2), {"mark": "person 3"}, move("12", 0.3), move("4", 0.1)]
    assert run_node(STRETCHES, moves) == [
        {"name": "12", "from": "0.0", "to": "0.2", "first": 1, "last": 2},
        {"name": "12", "from": "0.2", "to": "0.3", "first": 4, "last": 4},
        {"name": "4", "from": "0.0", "to": "0.1", "first": 5, "last": 5},
    ]


@needs_node
def test_names_at_the_lines_are_apart_inside_and_in_order():
    rng = np.random.default_rng(0)
    given = [[190.0] * 7, [10.0] * 7, *(10 + 180 * rng.random((30, 7))).tolist()]
    for wanted, heights in zip(given, run_node(SPREAD, given), strict=True):
        placed = np.array(heights)[np.argsort(wanted, kind="stable")]
        assert np.diff(placed).min() > 13 - 1e-9
        assert placed.min() >= 10 - 1e-9
        assert placed.max() <= 190 + 1e-9


def test_what_was_chosen_can_be_read_and_has_a_picture():
    made = steer_a_face(units={12: 0.5}, persons=[7, 9], person=1)
    np.testing.assert_array_equal(made.image(), drawn.draw_one({12: 0.5}, 9))
    made.units = {"4": 1.0}  # as the page does
    np.testing.assert_array_equal(made.image(), drawn.draw_one({4: 1.0}, 9))
    assert np.isclose(sum(made.scores), 1)
    _, alt = made.still()
    assert "4 at 1." in alt


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"persons": 0}, "person"),
        ({"persons": [-1]}, "person"),
        ({"muscles": ()}, "muscle"),
        ({"muscles": (3,)}, "action units"),
        ({"units": {12: 2}}, "intensity"),
    ],
)
def test_what_nobody_has_is_refused(options, message):
    with pytest.raises(FerCourseError, match=message):
        steer_a_face(**options)
