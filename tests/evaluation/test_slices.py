"""Second looks at a score: slices against another formula, distances against loops, splits by their properties, cards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fer_course.quiet  # noqa: F401
from fer_course import evaluation
from fer_course.data import drawn
from fer_course.errors import DataError
from fer_course.recipes import Recipe
from fer_course.reports import Report

# ------------------------------------------------------------------------------------------------ slices and splits


def test_the_interval_of_a_large_slice_is_that_of_a_report():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 7, 4000)
    answers = np.where(rng.random(4000) < 0.6, labels, (labels + 1) % 7)
    report = Report(labels, np.eye(7)[answers])
    n, accuracy, half = evaluation.slice_accuracy(answers == labels, {"all": np.ones(4000, dtype=bool)})["all"]
    assert (n, accuracy) == (report.n, report.accuracy)
    assert (accuracy - half, accuracy + half) == pytest.approx(report.interval, abs=1e-3)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60), st.floats(0, 1), st.integers(0, 9))
def test_no_source_stands_on_both_sides(source, share, seed):
    source = np.array(source)
    test = evaluation.split_by_source(source, share, seed)
    assert not set(source[test].tolist()) & set(source[~test].tolist())
    assert len(set(source[test].tolist())) == max(1, round(share * len(set(source.tolist()))))
    np.testing.assert_array_equal(test, evaluation.split_by_source(source, share, seed))


def test_the_distance_grows_from_a_copy_over_a_near_copy_to_another_face():
    faces = np.stack([drawn.draw_one({12: 0.5}, who) for who in range(6)])
    near = np.roll(faces[:2], 1, axis=2)
    copy, moved, other = (evaluation.nearest_distance(each, faces[:3])[0] for each in (faces[:1], near, faces[3:]))
    assert copy == 0 < moved < other


# -------------------------------------------------------------------------------------------------------------- cards


def test_a_card_has_every_field_in_order_and_its_numbers_are_those_of_the_report():
    report = Report(np.arange(7), np.eye(7)[[0, 1, 2, 3, 4, 5, 0]], "PublicTest", drawn=True)
    card = evaluation.card_markdown(evaluation.fill_card(report, Recipe.named("quick"), [3, 14]), "a test")
    places = [card.index(f"## {heading}\n") for heading in evaluation.CARD_FIELDS.values()]
    assert places == sorted(places)
    assert card.startswith("# Model card: a test\n")
    for said in (f"{6 / 7:.1%} of 7", "quick: mini_xception, 6 epochs", "3, 14", "surprise 100%", "neutral 0%"):
        assert said in card


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_card_with_an_empty_field_is_refused(value):
    card = dict.fromkeys(evaluation.CARD_FIELDS, "something") | {"seeds": value}
    with pytest.raises(DataError, match="nothing stands in: seeds"):
        evaluation.card_markdown(card, "a test")


# ------------------------------------------------------------------------------------- drawn faces with their people


def test_drawn_people_are_the_faces_of_the_sets_of_their_seed():
    images, who = drawn.draw_people(3, 0, seed=7)
    faces = drawn.draw(120, seed=7)
    known = {image.tobytes() for image in images}
    happy = faces.images[(faces.labels == 3) & ~faces.constant()]
    assert sum(image.tobytes() in known for image in happy) >= 20
    np.testing.assert_array_equal(who.identity.skin, drawn.people(3, 0, 7).identity.skin)


def test_a_change_changes_that_field_of_everybody_and_nothing_else():
    plain, who = drawn.draw_people(0, 1, seed=2)
    darker, changed = drawn.draw_people(0, 1, seed=2, skin=0.4)
    assert (changed.identity.skin == 0.4).all()
    np.testing.assert_array_equal(changed.action_units, who.action_units)
    np.testing.assert_array_equal(changed.pose.yaw, who.pose.yaw)
    lighter = who.identity.skin > 0.5
    assert (darker[lighter].mean(axis=(1, 2)) < plain[lighter].mean(axis=(1, 2))).all()
    turned, _ = drawn.draw_people(0, 1, seed=2, yaw=0.0, exposure=1)
    assert (turned != plain).any()


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        ((7, 0), {}, "label is a whole number from 0 to 6; found 7"),
        ((-1, 0), {}, "label is a whole number, 0 or more; found -1"),
        ((0, 1.5), {}, "number of a batch"),
        ((0, 0, True), {}, "seed of drawn faces"),
        ((0, 0), {"hat": 1}, "have no 'hat'"),
        ((0, 0), {"skin": "dark"}, "new value of skin"),
        ((0, 0), {"skin": [0.3, 0.4]}, "one number"),
        ((0, 0), {"yaw": np.nan}, "new value of yaw"),
    ],
)
def test_people_that_can_not_be_drawn_are_refused(arguments, changes, message):
    with pytest.raises(DataError, match=message):
        drawn.draw_people(*arguments, **changes)
