"""The camera panel: what it shows, what it answers, what it forgets; no camera, no browser, with ipywidgets 7 and 8."""

import datetime
import importlib
import io
import sys

import ipywidgets
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from fer_course import live
from fer_course._shared import hosts
from fer_course.data import drawn
from fer_course.live import boxes
from fer_course.widgets import camera, camera_panel, photograph
from fer_course.widgets.view import FRAME, STILL, View


@pytest.fixture(autouse=True)
def at_home(monkeypatch):
    for variable in hosts.SERVICES:
        monkeypatch.delenv(variable, raising=False)


def equal(images: np.ndarray):
    return np.full((len(images), 7), 1 / 7), None


def give(box, content: bytes) -> None:
    """Do what the page does when somebody chooses a file."""
    if ipywidgets.__version__.startswith("7"):
        box.button.metadata, box.button.data = [{"name": "me.jpg"}], [content]
        box.button._counter = 1
    else:
        about = {"name": "me.jpg", "type": "image/jpeg", "size": len(content)}
        about["last_modified"] = datetime.datetime.now(datetime.UTC)
        box.button.value = ({**about, "content": memoryview(content)},)


@pytest.fixture
def view():
    return heard(View(equal))


def heard(view: View) -> View:
    """Note in `view.sent` what goes to the page."""
    view.sent = []
    view.send = lambda content, buffers=None: view.sent.append((content, buffers or []))
    return view


def jpeg(photo: np.ndarray) -> memoryview:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "jpeg")
    return memoryview(file.getvalue())


FACE = live.paste([drawn.draw_one(drawn.PROTOTYPES["happy"], 1)], [live.Box(40, 80, 160)], (240, 320), 1)


def test_a_frame_is_answered_with_its_faces(view):
    view.take({"kind": "frame", "page": "a", "frame": 7}, [jpeg(FACE)])
    ((answer, buffers),) = view.sent
    assert buffers == []
    assert (answer["kind"], answer["page"], answer["frame"], answer["sentence"]) == ("answer", "a", 7, "")
    (face,) = answer["faces"]
    assert live.match([live.Box(*face["box"])], live.Box(40, 80, 160))
    assert sum(face["scores"]) == pytest.approx(1)
    assert set(answer["seconds"]) == {"find", "score"}


@pytest.mark.parametrize("buffers", [[], [b""], [b"Dear diary"], [bytes(jpeg(FACE))[:300]], [b"a", b"b"]])
def test_a_frame_that_is_no_picture_gets_a_sentence_and_the_next_one_an_answer(view, buffers):
    view.take({"kind": "frame", "page": "a", "frame": 1}, buffers)
    answer, _ = view.sent[-1]
    assert answer["faces"] == []
    assert answer["sentence"].endswith(".")
    assert "Traceback" not in answer["sentence"]
    view.take({"kind": "frame", "page": "a", "frame": 2}, [jpeg(FACE)])
    assert view.sent[-1][0]["faces"]


def test_a_network_that_fails_is_a_sentence_too():
    def broken(images):
        raise ValueError("no such layer")

    view = heard(View(broken))
    view.take({"kind": "frame", "page": "a", "frame": 1}, [jpeg(FACE)])
    assert view.sent[-1][0]["sentence"] == "no such layer"


@pytest.mark.parametrize("content", [None, "frame", [], {}, {"kind": "dance"}, {"kind": None, "page": 3}])
def test_messages_that_mean_nothing_are_left_alone(view, content):
    view.take(content, [])
    assert view.sent == []


def test_frames_larger_than_agreed_are_shrunk(view):
    large = np.asarray(Image.fromarray(FACE).resize((1600, 1200)))
    view.take({"kind": "frame", "page": "a", "frame": 1}, [jpeg(large)])
    (face,) = view.sent[-1][0]["faces"]
    assert face["box"][2] < FRAME


def test_a_page_that_comes_later_gets_the_picture_and_nobody_else(view):
    view.take({"kind": "ready", "page": "a"}, [])
    assert view.sent == []
    view.show(FACE, live.see(FACE, equal))
    view.take({"kind": "ready", "page": "b"}, [])
    (first, picture), (second, again) = view.sent
    assert "page" not in first
    assert second == {**first, "page": "b"}
    assert picture == again
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture[0]))), FACE)


def test_large_pictures_are_shown_smaller_with_boxes_in_their_own_pixels(view):
    photo = np.zeros((900, 1200, 3), np.uint8)
    view.show(photo, live.see(photo, equal, [live.Box(100, 700, 400)]))
    ((content, picture),) = view.sent
    assert content["size"] == [1200, 900]
    assert content["faces"][0]["box"] == [100, 700, 400]
    assert Image.open(io.BytesIO(picture[0])).size == (STILL, STILL * 3 // 4)


def test_switching_off_forgets_whom_the_stream_followed(view):
    view.take({"kind": "frame", "page": "a", "frame": 1}, [jpeg(FACE)])
    view.take({"kind": "off"}, [])
    view.take({"kind": "frame", "page": "a", "frame": 2}, [jpeg(np.full_like(FACE, 90))])
    assert view.sent[-1][0]["faces"] == []


def test_no_picture_is_part_of_the_state_that_a_notebook_may_save(view):
    view.show(FACE, live.see(FACE, equal))
    view.take({"kind": "frame", "page": "a", "frame": 1}, [jpeg(FACE)])
    state = view.get_state()
    assert not any(isinstance(value, (bytes, memoryview)) for value in state.values())
    assert {"class_names", "away", "frame"} == {name for name in state if not name.startswith("_")} - EVERY_WIDGET


EVERY_WIDGET = {"layout", "tabbable", "tooltip"}

# ------------------------------------------------------------------------------------------------------ the panel


@pytest.fixture
def panel(monkeypatch):
    monkeypatch.setattr(camera, "_view", lambda model: heard(View(equal, away=hosts.elsewhere())))
    return camera_panel()


def test_it_begins_with_a_drawn_face_that_its_controls_change(panel):
    first = panel.view.sent[-1]
    panel.controls["person"].value = 5
    second = panel.view.sent[-1]
    panel.controls["expression"].value = "surprise"
    third = panel.view.sent[-1]
    assert len({each[1][0] for each in (first, second, third)}) == 3
    for content, _ in (first, second, third):
        assert len(content["faces"]) == 1
        assert "face 0" in content["words"]


@pytest.mark.parametrize("person", range(0, 20, 4))
def test_a_drawn_face_is_scored_whether_it_is_found_or_not(person):
    photo, (face,), sentence = camera.drawn_scene(equal, "fear", person)
    found = live.match(live.find_faces(photo), camera.PLACE)
    assert sentence == ("" if found else camera.NOT_FOUND)
    if found is None:
        np.testing.assert_allclose(boxes.widened(face.box, live.MARGIN), camera.PLACE)


def test_a_photograph_is_shown_and_forgotten(panel):
    give(panel, bytes(jpeg(np.stack([FACE] * 3, axis=-1))))
    content, picture = panel.view.sent[-1]
    assert len(content["faces"]) == 1
    assert Image.open(io.BytesIO(picture[0])).mode == "RGB"
    assert photograph.contents(panel.button.value) == []
    panel.forget.click()
    assert panel.view.sent[-1][1] != picture
    assert panel.view._still[1] != picture


@pytest.mark.parametrize(
    ("content", "word"), [(b"Dear diary", "as a picture"), (bytes(jpeg(np.full((50, 60), 90, np.uint8))), "No face")]
)
def test_what_is_no_photograph_of_a_face_is_said(panel, content, word):
    give(panel, content)
    said, _ = panel.view.sent[-1]
    assert word in said["sentence"]
    assert said["faces"] == []


def test_the_notice_stands_above_everything_and_the_picture_follows(panel):
    notice = BeautifulSoup(panel.children[0].value, "html.parser")
    assert notice.get_text().replace(" More", " ") == live.NOTICE
    assert notice.summary.get_text().startswith("Your own face only.")
    assert panel.children[1] is panel.view


def is_seen(panel) -> bool:
    return panel.chooser.layout.display != "none"


def test_no_menu_names_an_expression_beside_a_photograph(panel):
    assert is_seen(panel)
    give(panel, bytes(jpeg(FACE)))
    assert not is_seen(panel)
    panel.forget.click()
    assert is_seen(panel)


def test_no_menu_names_an_expression_beside_what_the_camera_sees(panel):
    frame = {"kind": "frame", "page": "a", "frame": 1}
    panel.view.take(frame, [jpeg(FACE)])
    assert not is_seen(panel)
    panel.view.take({"kind": "off"}, [])
    assert is_seen(panel)
    give(panel, bytes(jpeg(FACE)))
    panel.view.take(frame, [jpeg(FACE)])
    panel.view.take({"kind": "off"}, [])
    assert not is_seen(panel)  # the photograph is there again


@pytest.mark.parametrize(("variable", "service"), hosts.SERVICES.items())
def test_away_from_home_there_is_neither_camera_nor_photograph(monkeypatch, variable, service):
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(camera, "_view", lambda model: heard(View(equal, away=hosts.elsewhere())))
    panel = camera_panel()
    assert panel.button.disabled
    assert panel.view.away == service
    assert panel.view.sent


def test_the_networks_scores_reach_the_page(tiny_model):
    panel = camera_panel(tiny_model())
    photo, (face,), _ = camera.drawn_scene(panel.view.score, "happy", 1)
    expected = tiny_model().predict(live.crop_face(photo, face.box)[None, ..., None], verbose=0)[0]
    np.testing.assert_allclose(face.scores, expected, atol=1e-5)


def test_without_anywidget_a_sentence_says_what_to_install_and_a_lesson_goes_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "fer_course.widgets.view")
    assert "pip install anywidget" in camera_panel().value
    importlib.import_module("fer_course.widgets")


def test_the_page_side_asks_for_a_camera_in_one_place_only_and_loads_nothing():
    script = View._esm
    assert script.count("getUserMedia(") == 1
    assert "://" not in script + View._css
    assert "import " not in script
