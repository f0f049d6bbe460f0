"""Drawn faces: the same by seed, FER2013's proportions and faults, muscles that move what they should, no artefacts."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_course import data
from fer_course.data import drawn
from fer_course.data.drawn import expression, faults, geometry, identity, render
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SPLITS, Faces

# FER2013's counts as its authors and facts.md give them: Training, PublicTest, PrivateTest.
COUNTS = {
    "Training": [3995, 436, 4097, 7215, 4830, 3171, 4965],
    "PublicTest": [467, 56, 496, 895, 653, 415, 607],
    "PrivateTest": [491, 55, 528, 879, 594, 416, 626],
}


@pytest.fixture(scope="module")
def faces() -> Faces:
    """The default set, which this session's cache holds: drawing it again would take longer than all tests here."""
    return data.load("drawn", quiet=True)


def test_they_are_faces_that_say_that_they_are_drawn(faces):
    assert faces.drawn
    assert faces.source == "drawn faces (seed 0)"
    assert faces.images.shape == (drawn.DEFAULT_N, 48, 48)
    assert faces.images.dtype == np.uint8


def test_the_same_seed_draws_the_same_faces_and_another_seed_others():
    first, again, other = drawn.draw(40, seed=5), drawn.draw(40, seed=5), drawn.draw(40, seed=6)
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.images != other.images).mean() > 0.5


def test_a_seed_means_the_same_people_everywhere():
    # Frozen on purpose, to the last bit: if a NumPy, a machine or a change gives others, every course's faces change.
    who = drawn.people(label=3, batch=0, seed=0)
    assert who.action_units[1, [0, 4, 8, 15]].tolist() == [
        0.015616526123554013,
        0.6134032495043188,
        0.715502648407606,
        0.12890607558114686,
    ]
    assert who.identity.width[1] == 0.8442265156471257
    assert who.pose.yaw[1] == 6.1861497472163265
    assert faults.plan(50, 0).labels[:8].tolist() == [0, 2, 6, 6, 3, 4, 5, 3]


def test_smaller_sets_show_people_of_larger_ones():
    small, large = drawn.draw(60, seed=9), drawn.draw(150, seed=9)
    known = {image.tobytes() for image in large.images}
    assert all(image.tobytes() in known for image in small.images)


@given(st.integers(1, 40_000))
def test_proportions_are_those_of_fer2013(n):
    counts = faults.proportions(n)
    assert counts.sum() == n
    exact = np.array(list(COUNTS.values())) * n / 35887
    assert np.abs(counts - exact).max() < 2


def test_as_many_faces_as_fer2013_have_exactly_its_counts():
    np.testing.assert_array_equal(faults.proportions(35887), list(COUNTS.values()))


def test_splits_come_in_order_and_classes_are_shuffled(faces):
    order = [SPLITS.index(name) for name in faces.split]
    assert order == sorted(order)
    assert faces.split_sizes() == {"Training": 4800, "PublicTest": 600, "PrivateTest": 600}
    for name in SPLITS[:3]:
        np.testing.assert_array_equal(faces.counts(name), faults.proportions(drawn.DEFAULT_N)[SPLITS.index(name)])
    assert (np.diff(faces.labels) != 0).mean() > 0.7


@pytest.mark.parametrize(("name", "share"), [("PublicTest", 0.078), ("PrivateTest", 0.080)])
def test_test_faces_leak_from_training_as_often_as_in_fer2013(faces, name, share):
    training = {image.tobytes() for image in faces.select("Training").images}
    leaked = np.mean([image.tobytes() in training for image in faces.select(name).images])
    assert leaked == pytest.approx(share, abs=0.01)


def test_training_repeats_faces_as_often_as_fer2013(faces):
    training = faces.select("Training")
    repeated = len(training) - len({image.tobytes() for image in training.images})
    assert repeated / len(training) == pytest.approx(1236 / 28709, abs=0.004)


def test_a_large_plan_has_fer2013s_conflicts_and_constant_pictures():
    plan = faults.plan(35887, seed=0)
    copies = plan.original != np.arange(35887)
    conflicting = (plan.labels[copies] != plan.labels[plan.original[copies]]).sum()
    assert 30 <= conflicting <= 90
    assert plan.constant.sum() == 12
    assert np.bincount(plan.split[plan.constant]).tolist() == [11, 1]
    assert (plan.split[plan.original[copies]] == 0).all()
    assert (plan.original[plan.original] == plan.original).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_default_set_has_a_constant_picture_and_conflicting_copies(seed):
    plan = faults.plan(drawn.DEFAULT_N, seed)
    assert plan.constant.sum() == 2
    assert (plan.labels != plan.labels[plan.original]).sum() >= 1


def test_constant_pictures_are_the_only_constant_ones(faces):
    np.testing.assert_array_equal(faces.constant(), faults.plan(drawn.DEFAULT_N, 0).constant)


def test_about_ten_labels_in_a_hundred_are_wrong():
    wrong = np.mean([drawn.people(label, batch).shown != label for label in range(7) for batch in range(20)])
    assert 0.08 < wrong < 0.12


def test_wrong_labels_follow_the_usual_confusions():
    uniform = np.stack([np.zeros(3000), np.linspace(0, 1, 3000, endpoint=False)], axis=1)
    for label in range(7):
        counts = np.bincount(faults.shown(np.full(3000, label), uniform), minlength=7)
        assert counts[label] == 0
    assert counts.sum() == 3000
    shown_for_disgust = np.bincount(faults.shown(np.full(3000, 1), uniform), minlength=7)
    assert CLASS_NAMES[shown_for_disgust.argmax()] == "angry"


def test_progress_is_told_and_ends_with_all():
    calls = []
    made = drawn.draw(90, seed=1, progress=lambda done, of: calls.append((done, of)))
    done = [call[0] for call in calls]
    assert done == sorted(set(done))
    assert calls[-1][0] == calls[-1][1] <= len(made)


@pytest.mark.parametrize("n", [0, -1, 2.5, "many", None, True])
def test_a_wrong_number_of_faces_is_refused(n):
    with pytest.raises(DataError, match=r"number of faces to draw is a whole number, 1 or more; found"):
        drawn.draw(n)


@pytest.mark.parametrize("seed", [-1, 0.5, "x"])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(DataError, match=r"seed of drawn faces is a whole number, 0 or more; found"):
        drawn.draw(10, seed=seed)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_tiny_sets_can_be_drawn(n):
    assert len(drawn.draw(n)) == n


def test_an_unknown_action_unit_is_refused_and_the_known_ones_are_named():
    with pytest.raises(DataError, match=r"1, 2, 4, 5, .*found 44"):
        drawn.draw_one({44: 0.5})


@pytest.mark.parametrize("intensity", [-0.1, 1.01, float("nan"), "strong", None])
def test_an_intensity_out_of_range_is_refused(intensity):
    with pytest.raises(DataError, match=r"action unit 12 \(lip corner puller\) .* from 0 .* to 1"):
        drawn.draw_one({12: intensity})


@pytest.mark.parametrize("who", [-1, "Ann", 1.5])
def test_an_identity_that_is_none_is_refused(who):
    with pytest.raises(DataError, match="identity"):
        drawn.draw_one({}, identity=who)


def test_draw_one_returns_a_picture_and_the_same_one_again():
    picture = drawn.draw_one(drawn.PROTOTYPES["fear"], identity=4)
    assert picture.shape == (48, 48)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, drawn.draw_one(drawn.PROTOTYPES["fear"], identity=drawn.person(4)))


# Action unit -> the picture rows in which it must be seen: brows and forehead, eyes, nose, mouth and chin.
SEEN_IN = {
    **{1: (2, 22), 2: (2, 22), 4: (2, 24), 5: (12, 24), 6: (12, 32), 7: (12, 26), 9: (8, 40), 10: (22, 44)},
    **dict.fromkeys((12, 15, 16, 17, 20, 23, 25, 26, 27), (24, 48)),
    **{43: (12, 26), 64: (12, 26), 54: (0, 48)},
}


@pytest.mark.parametrize("number", drawn.ACTION_UNITS)
@pytest.mark.parametrize("who", [1, 7])
def test_every_action_unit_moves_its_part_of_the_face(number, who):
    # Lower-lip and opening units show on parted lips.
    base = {25: 0.5} if number in (16, 26) else {}
    moved = np.abs(drawn.draw_one({**base, number: 1.0}, who).astype(int) - drawn.draw_one(base, who))
    top, bottom = SEEN_IN[number]
    assert moved[top:bottom].max() > 20
    assert moved[top:bottom].sum() > 0.6 * moved.sum()


def plain(**changes) -> identity.Identity:
    """Return somebody without what could hide a feature."""
    settings = {"glasses": 0.5, "beard": 0.2, "age": 0.1, "asymmetry": 0.0, "skin": 0.9, **changes}
    return identity.Identity(**settings)


def corner_row(units: dict[int, float]) -> float:
    """Return the row of the darkest pixel of the mouth's left corner, found in the picture alone."""
    picture = drawn.draw_one(units, plain()).astype(float)
    return float(np.mean([28 + picture[28:46, x].argmin() for x in (17, 18, 19)]))


def test_lip_corners_go_up_with_12_and_down_with_15():
    assert corner_row({12: 0.8}) < corner_row({}) - 0.5
    assert corner_row({15: 1.0}) > corner_row({}) + 0.5


def test_a_dropped_jaw_shows_a_dark_mouth():
    closed, opened = drawn.draw_one({}, plain()), drawn.draw_one({25: 1.0, 26: 1.0}, plain())
    mouth = np.s_[34:45, 18:30]
    assert (opened[mouth] < 60).sum() > (closed[mouth] < 60).sum() + 20


def lid_row(units: dict[int, float]) -> int:
    """Return the row of the upper lid's edge over the iris: the first dark pixel there from below the brow."""
    return 12 + int((drawn.draw_one(units, plain())[12:24, 14] < 100).argmax())


def test_upper_lids_go_up_with_5_and_down_with_6_and_7():
    assert lid_row({5: 1.0}) < lid_row({}) < lid_row({6: 0.8, 7: 1.0})


def test_closed_eyes_show_less_white_and_no_iris():
    def eye(units):
        picture = drawn.draw_one(units, plain(iris=0.05)).astype(int)
        return picture[14:21, 11:18]

    opened, closed = eye({}), eye({43: 1.0})
    assert (opened < 60).sum() > (closed < 60).sum()
    assert closed.std() < opened.std()


def test_the_jaw_drops_further_with_27_than_with_26():
    dark = {
        number: (drawn.draw_one({25: 1.0, number: 1.0}, plain())[30:48, 14:34] < 60).sum() for number in (25, 26, 27)
    }
    assert dark[25] < dark[26]
    both = (drawn.draw_one({25: 1.0, 26: 1.0, 27: 1.0}, plain())[30:48, 14:34] < 60).sum()
    assert both > dark[26]


def test_a_lowered_head_lowers_eyes_and_nose():
    def eye_row(units):
        picture = drawn.draw_one(units, plain(hair_style=0.0)).astype(float)
        dark = np.maximum(picture[8:32, 10:38].max() - picture[8:32, 10:38], 0)
        return (dark**4).sum(axis=1) @ np.arange(24) / (dark**4).sum()

    assert eye_row({54: 1.0}) > eye_row({}) + 0.7


@pytest.mark.parametrize(
    ("field", "rows"),
    [("scarf", slice(30, 48)), ("hand", slice(24, 48)), ("lock", slice(4, 30)), ("lettering", slice(0, 48))],
)
def test_what_hides_a_face_is_rare_and_hides_its_part(field, rows):
    share = {"scarf": 0.03, "hand": 0.08, "lock": 0.05, "lettering": 0.03}[field]
    without, just_not, hidden = (
        drawn.draw_one({}, plain(), scene=drawn.Scene(grain=0.0, **{field: value})).astype(int)
        for value in (0.5, share + 1e-6, 0.9 * share)
    )
    np.testing.assert_array_equal(without, just_not)
    changed = np.abs(hidden - without)
    assert (changed > 8).sum() > 25
    assert changed[rows].sum() > 0.8 * changed.sum()


def test_some_faces_are_childrens_with_large_low_eyes_and_faint_brows():
    child = np.concatenate([drawn.people(label, batch).identity.child for label in range(7) for batch in range(8)])
    assert (child > 1 - identity.CHILDREN).mean() == pytest.approx(identity.CHILDREN, abs=0.03)
    person = identity.columns(plain(child=1.0), drawn.Pose(), drawn.Scene())
    adult = identity.columns(plain(), drawn.Pose(), drawn.Scene())
    identity.make_children(person)
    identity.make_children(adult)
    assert adult.eye_y == pytest.approx(plain().eye_y)
    assert person.eye_y > adult.eye_y + 0.05
    assert person.brow_dark < adult.brow_dark
    assert person.age == 0


def test_a_balanced_set_has_as_many_of_each_class():
    faces = drawn.draw(140, seed=2, balanced=True)
    assert faces.split_sizes() == {"Training": 112, "PublicTest": 14, "PrivateTest": 14}
    for name in SPLITS[:3]:
        counts = faces.counts(name)
        assert counts.max() - counts.min() <= 1
    usual = np.bincount(drawn.draw(140, seed=2).labels, minlength=7)
    assert usual.max() > 3 * usual.min()


def test_one_thread_draws_what_two_draw(monkeypatch):
    two = drawn.draw(100, seed=8)
    monkeypatch.setattr(drawn, "WORKERS", 1)
    np.testing.assert_array_equal(drawn.draw(100, seed=8).images, two.images)


def test_an_interrupted_drawing_does_not_draw_to_its_end(monkeypatch):
    started = []
    draw_batch = drawn._pictures

    def counted(*arguments):
        started.append(arguments)
        return draw_batch(*arguments)

    def stop(done, of):
        raise KeyboardInterrupt

    monkeypatch.setattr(drawn, "_pictures", counted)
    with pytest.raises(KeyboardInterrupt):
        drawn.draw(6000, seed=1, progress=stop)
    assert len(started) < 60


def test_a_turned_head_moves_the_nose():
    def nose_column(yaw):
        picture = drawn.draw_one({}, plain(), drawn.Pose(yaw=yaw)).astype(float)
        dark = np.maximum(picture[24:31, 12:36].max() - picture[24:31, 12:36], 0).sum(axis=0)
        return (dark**4 * np.arange(24)).sum() / (dark**4).sum()

    assert nose_column(20) > nose_column(0) + 2
    assert nose_column(-20) < nose_column(0) - 2


def test_an_upright_face_in_frontal_light_is_symmetric():
    scene = drawn.Scene(light_x=0.0, grain=0.0, gaze_x=0.0, clutter=0.0)
    picture = drawn.draw_one(drawn.PROTOTYPES["happy"], plain(fringe=0.4, hair_style=0.3), drawn.Pose(), scene).astype(
        int
    )
    # Strands of hair and spots of skin are nobody's mirror image; features are.
    assert np.abs(picture - picture[:, ::-1])[14:44, 8:40].mean() < 6


@pytest.mark.parametrize("volume", [0.05, 0.3])
@pytest.mark.parametrize("shade", [0.05, 0.8])
def test_short_hair_ends_at_the_ears_and_long_hair_falls_below_the_chin(shade, volume):
    scene = drawn.Scene(background=0.4, grain=0, clutter=0)

    def rows_with_hair(style):
        bald, hairy = (
            drawn.draw_one({}, plain(hair_style=each, hair=shade, hair_volume=volume), None, scene).astype(int)
            for each in (0.0, style)
        )
        return np.flatnonzero(np.abs(hairy - bald).max(axis=1) > 25)

    assert rows_with_hair(0.4).max() < 32
    assert rows_with_hair(0.8).max() == 47


@pytest.mark.parametrize("background", [0.02, 0.45, 1.0])
def test_shoulders_are_not_cut_out_with_scissors(background):
    scene = drawn.Scene(background=background, grain=0, clutter=0, blur=0)
    picture = drawn.draw_one({}, plain(hair_style=0.0, ears=0.9), drawn.Pose(size=0.84, shift_y=-3.5), scene)
    corner = picture[40:, :13].astype(int)
    assert np.abs(np.diff(corner, axis=0)).max() < 0.65 * (corner.max() - corner.min())


def test_prototypes_name_all_classes_and_known_action_units():
    assert tuple(drawn.PROTOTYPES) == CLASS_NAMES
    for units in drawn.PROTOTYPES.values():
        assert expression.intensities(units).shape == (len(drawn.ACTION_UNITS),)


@given(st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_sampled_people_stay_within_their_ranges(label, seed):
    uniform = np.random.default_rng(seed).random((3, expression.NUMBERS))
    units = expression.sample(label, uniform)
    assert units.shape == (3, len(drawn.ACTION_UNITS))
    assert (units >= 0).all()
    assert (units <= 1).all()
    for kind in (identity.Identity, identity.Pose, identity.Scene):
        drawn_ones = identity.sample(kind, np.random.default_rng(seed).random((3, identity.numbers(kind))))
        for each in fields(kind):
            values = getattr(drawn_ones, each.name)
            assert (values >= each.metadata["low"] - 1e-9).all(), each.name
            assert (values <= each.metadata["high"] + 1e-9).all(), each.name


@given(st.integers(0, 2**32 - 1))
def test_every_picture_that_can_come_up_uses_the_grey_scale_and_shows_something(seed):
    rng = np.random.default_rng(seed)

    # Corners of the ranges on purpose: 0 and almost 1 as often as what lies between.
    def numbers(kind):
        return np.clip(rng.random((2, identity.numbers(kind))) * 1.6 - 0.3, 0, 0.999999)

    parts = [identity.sample(kind, numbers(kind)) for kind in (identity.Identity, identity.Pose, identity.Scene)]
    pictures = render.render(
        rng.random((2, len(drawn.ACTION_UNITS))), *parts, rng.random((2, render.NOISE), dtype=np.float32)
    )
    assert pictures.shape == (2, 48, 48)
    assert (pictures.reshape(2, -1).std(axis=1) > 2).all()


def test_a_batch_is_drawn_as_its_faces_one_by_one():
    who = drawn.people(label=2, batch=0)
    noise = np.random.default_rng(0).random((render.BATCH, render.NOISE), dtype=np.float32)
    together = render.render(who.action_units, who.identity, who.pose, who.scene, noise)
    for row in (0, 5, 31):
        alone = [
            type(part)(**{each.name: getattr(part, each.name)[row : row + 1] for each in fields(part)})
            for part in (who.identity, who.pose, who.scene)
        ]
        one = render.render(who.action_units[row : row + 1], *alone, noise[row : row + 1])[0]
        # A batch is cropped to the rows that any of its faces needs, so that faint tails of shapes end elsewhere.
        assert np.abs(one.astype(int) - together[row]).max() <= 3


coordinate = st.floats(-1, 1, width=32)


@given(coordinate, coordinate, coordinate, coordinate, coordinate, coordinate)
def test_distance_to_a_capsule_is_the_least_distance_to_its_points(x, y, start_x, start_y, end_x, end_y):
    if abs(start_x - end_x) + abs(start_y - end_y) < 1e-3:
        end_x += 0.1
    share = np.linspace(0, 1, 2001)
    points = np.hypot(start_x + share * (end_x - start_x) - x, start_y + share * (end_y - start_y) - y)
    assert geometry.capsule(x, y, start_x, start_y, end_x, end_y, 0.1) == pytest.approx(points.min() - 0.1, abs=2e-3)


@given(coordinate, coordinate, st.floats(0.2, 0.8), st.floats(0.2, 0.8), st.floats(0.01, 0.15))
def test_distance_to_a_box_has_the_sign_and_size_of_the_nearest_edge(x, y, width, height, radius):
    found = geometry.box(np.float64(x), np.float64(y), 0, 0, width, height, radius)
    # The rounded box is all points within `radius` of a smaller box with sharp corners.
    a = max(abs(x) - (width - radius), 0)
    b = max(abs(y) - (height - radius), 0)
    if a or b:
        assert found == pytest.approx(np.hypot(a, b) - radius, abs=1e-9)
    else:
        assert found == pytest.approx(-min(width - abs(x), height - abs(y)), abs=1e-9)


def test_upsampling_is_linear_interpolation():
    coarse = np.random.default_rng(0).random((2, 4, 6)).astype(np.float32)
    rows = np.linspace(0, 3, 48)
    expected = np.stack([np.interp(rows, np.arange(4), coarse[1, :, column]) for column in range(6)], axis=1)
    expected = np.stack([np.interp(np.linspace(0, 5, 48), np.arange(6), row) for row in expected])
    np.testing.assert_allclose(geometry.upsample(coarse)[1], expected, atol=1e-5)


def test_a_linear_classifier_learns_something_but_far_from_all(faces):
    training, test = faces.select("Training"), unseen(faces)
    weights = ridge_classifier(features(training), training.labels)
    score = ((features(test) @ weights).argmax(axis=1) == test.labels).mean()
    # A seventh would be chance; always "happy" scores a quarter.
    assert 0.27 < score < 0.60


def unseen(faces: Faces) -> Faces:
    """Return the faces to test on that are no copies of others."""
    seen = {image.tobytes() for image in faces.select("Training").images}
    return faces[(faces.split != "Training") & [image.tobytes() not in seen for image in faces.images]]


def features(faces: Faces) -> np.ndarray:
    """Return every picture at 24 × 24, mean 0 and standard deviation 1, and a constant 1."""
    small = faces.images.reshape(len(faces), 24, 2, 24, 2).mean(axis=(2, 4)).reshape(len(faces), -1)
    small = (small - small.mean(axis=1, keepdims=True)) / (small.std(axis=1, keepdims=True) + 1)
    return np.c_[small, np.ones(len(faces))]


def ridge_classifier(inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    square = inputs.T @ inputs + 100 * np.eye(inputs.shape[1])
    return np.linalg.solve(square, inputs.T @ np.eye(7)[labels])


def test_drawing_needs_no_keras():
    code = "import sys, fer_course.data.drawn as d; d.draw(3); print(*{'keras', 'tensorflow', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
