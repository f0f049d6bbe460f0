"""The augmentation judge: the page changes faces as `augment.move` does, and gives the network's own probabilities."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from javascript import needs_node, run_node

from fer_course import augment, models
from fer_course.data import drawn
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES
from fer_course.models.prepare import prepare
from fer_course.widgets import augmentation_judge
from fer_course.widgets.augmentation_judge import AS_IT_IS, changed

FACE = drawn.draw_one(drawn.PROTOTYPES["happy"], 3)
CHANGED = """
import { changed, AS_IT_IS, COVERS } from "LIBRARY/augment.js";
const answer = { faces: given.asked.map((settings) => [...changed(given.face, 48, settings)]), rest: AS_IT_IS, covers: COVERS };
"""


def sampled(rng) -> dict:
    return {
        "right": int(rng.integers(-24, 25)), "down": int(rng.integers(-24, 25)), "turn": int(rng.integers(-36, 37)) * 5,
        "zoom": round(float(rng.uniform(0.4, 3)), 1), "brightness": int(rng.integers(-100, 101)),
        "contrast": round(float(rng.uniform(-1, 3)), 1), "mirrored": bool(rng.random() < 0.5),
        "covered": str(rng.choice(["nothing", "eyes", "mouth"])),
    }  # fmt: skip


@needs_node
def test_every_handle_and_all_together_change_a_face_as_python_does():
    rng = np.random.default_rng(0)
    mixed = [sampled(rng) for _ in range(60)]
    alone = [{name: settings[name]} for name, settings in itertools.product(AS_IT_IS, mixed[:8])]
    answer = run_node(CHANGED, {"face": FACE.ravel().tolist(), "asked": [{}, *alone, *mixed]})
    assert answer["rest"] == AS_IT_IS
    equal = []
    for settings, face in zip([{}, *alone, *mixed], np.reshape(answer["faces"], (-1, 48, 48)), strict=True):
        difference = np.abs(face - changed(FACE, settings).astype(int))
        # Keras computes where a pixel comes from in float32: one grey level, times the contrast.
        assert difference.max() <= np.ceil(abs(settings.get("contrast", 1))), settings
        equal.append((difference == 0).mean())
    assert np.mean(equal) > 0.99


def test_whole_pixels_and_mirrors_are_those_of_the_trainings():
    np.testing.assert_array_equal(changed(FACE, {"mirrored": True}), FACE[:, ::-1])
    np.testing.assert_array_equal(changed(FACE, {"contrast": -1.0}), 255 - FACE)
    batch = FACE[None, ..., None]
    by_hand = augment._apply_offset(batch, np.array([[3, -5]]))[0, ..., 0]
    np.testing.assert_array_equal(changed(FACE, {"down": -3, "right": 5}), by_hand)
    np.testing.assert_array_equal(changed(FACE, {"turn": 20}), augment.move(batch, degrees=20.0)[0, ..., 0])


JUDGE = """
import { judge } from "FIGURES/augmentation_judge.js";
import { build } from "LIBRARY/network.js";
const network = build(given.network);
const answer = given.asked.map((settings) => judge(network, given.face, 48, settings));
"""


@needs_node
@pytest.mark.parametrize("size", [48, 24])
def test_the_networks_probabilities_are_those_of_python(size):
    model = models.pretrained() if size == 48 else models.build("mini_xception", input_size=24, seed=1)
    asked = [{}, {"turn": 30}, {"zoom": 1.5, "down": 4}, {"covered": "mouth"}, {"contrast": -1.0}]
    network = augmentation_judge(FACE[None], ["happy"], model).network
    found = run_node(JUDGE, {"network": network, "face": FACE.ravel().tolist(), "asked": asked})
    faces = np.stack([changed(FACE, settings) for settings in asked])
    np.testing.assert_allclose(found, model.predict(prepare(faces, size), verbose=0), atol=5e-3)


VERDICTS = """
import { inWords, verdict } from "FIGURES/augmentation_judge.js";
const answer = {
  changed: given.pairs.map(([vote, named]) => verdict("happy", vote, named, { turn: 5 }, "happy")),
  never: given.pairs.map(([vote, named]) => verdict("happy", vote, named, { turn: 5 }, "fear")),
  plain: given.pairs.map(([vote, named]) => verdict("happy", vote, named, {}, named)),
  words: given.settings.map(inWords),
};
"""
PAIRS = [["happy", "happy"], ["happy", "sad"], ["can't tell", "happy"], ["sad", "fear"]]


@needs_node
def test_the_sentence_says_who_still_sees_the_label():
    settings = [{"turn": -5, "mirrored": True}, {"down": -1, "right": 2}, {"contrast": -0.5, "brightness": -10}, {}]
    found = run_node(VERDICTS, {"pairs": PAIRS, "settings": settings})
    both, person, network, nobody = found["changed"]
    assert "keeps the label" in both
    assert "could teach" in person
    assert "you can't tell: for you the label is broken, whatever a network says" in network
    assert "learning from lies" in nobody
    assert "the label holds" in person
    both, person, network, nobody = found["never"]
    assert "before the change it said fear" in both
    assert "The network now says happy" in network
    assert "The network still says happy" in found["changed"][2]
    assert "label holds" not in person + nobody
    assert "teach" not in person
    assert "It never had the label: it said fear before anything was changed." in person
    assert nobody.endswith("The network had another name from the start: fear.")
    assert found["words"] == [
        "5 degrees clockwise, mirrored",
        "1 pixel up and 2 pixels to the right",
        "10 darker, −0.5 × contrast, a negative",
        "as it is",
    ]


@needs_node
def test_a_vote_on_an_unchanged_face_breaks_no_label_and_is_not_people():
    found = run_node(VERDICTS, {"pairs": PAIRS, "settings": []})
    assert "Now change the face" in found["plain"][0]
    assert "wrong before anything is changed" in found["plain"][1]
    assert all("nothing is broken" in sentence for sentence in found["plain"][2:])
    assert not any("people" in sentence for sentence in found["plain"] + found["changed"])


TRACK = """
import { border, leaves, track } from "FIGURES/augmentation_judge.js";
const points = track(given, 1, "turn");
const point = (text) => ({ value: parseInt(text), you: text.endsWith("y") });
const words = (text) => border(text.split(" ").map(point), "you", 0, "sad");
const said = ["-30n 0y 40n 90y", "-30n 0y 40n 90n", "0y 40y", "-30n 0y", "0n 40n", "40n"].map(words);
const answer = { points, you: leaves(points, "you", 0), network: leaves(points, "network", 0), none: leaves([], "you", 0),
  said, network_said: border(points, "network", 0, "happy") };
"""


@needs_node
def test_votes_lie_on_a_line_of_their_handle():
    def voted(vote, network, face=1, **settings):
        return {"face": face, "settings": settings, "vote": vote, "label": "happy", "network": network}

    votes = [
        voted("sad", "sad", turn=150), voted("happy", "happy"), voted("happy", "sad", turn=-60),
        voted("can't tell", "sad", turn=90), voted("sad", "sad", turn=10, mirrored=True),
        voted("sad", "sad", zoom=2.0), voted("sad", "sad", face=0, turn=5),
    ]  # fmt: skip
    found = run_node(TRACK, votes)
    kept = [(point["value"], point["you"], point["network"]) for point in found["points"]]
    assert kept == [(-60, True, False), (0, True, True), (90, False, False), (150, False, False)]
    assert (found["you"], found["network"], found["none"]) == ([90], [-60, 90], [])
    assert found["network_said"] == "the network leaves happy at −60 and 90"
    assert found["said"] == [
        "you say sad at −30 no, 0 yes, 40 no, 90 yes: not one place",
        "you leave sad at −30 and 40",
        "you keep sad",
        "you leave sad at −30",
        "you had another name from the start",
        "you leave sad at 40",
    ]


def test_labels_of_a_data_set_are_numbers():
    faces = drawn.draw(3, seed=1)
    made = augmentation_judge(faces.images, faces.labels)
    assert made.labels == [CLASS_NAMES[label] for label in faces.labels]


def test_what_was_chosen_can_be_read_and_has_a_picture():
    made = augmentation_judge()
    assert made.labels == list(CLASS_NAMES)
    made.face, made.settings = 3, {"turn": 90}
    assert "happy" in made.still()[1]
    assert "turn 90" in made.still()[1]
    np.testing.assert_array_equal(made.image(), changed(drawn.draw_one(drawn.PROTOTYPES["happy"], 3), {"turn": 90}))


@pytest.mark.parametrize(
    ("images", "labels"),
    [(FACE, ["happy"]), (FACE[None], ["merry"]), (FACE[None], [7]), (FACE[None], None), (FACE[None, :24, :24], [3])],
)
def test_faces_and_labels_that_do_not_fit_are_refused(images, labels):
    with pytest.raises(FerCourseError, match="label"):
        augmentation_judge(images, labels)
