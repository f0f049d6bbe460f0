"""The upload button of lesson 09: what it takes, what it says, what it forgets; with ipywidgets 7 and 8."""

import datetime
from types import SimpleNamespace

import ipywidgets
import pytest

from fer_course.services import SERVICES
from fer_course.widgets import Choice, Slider, upload
from fer_course.widgets import photograph as module

SEVEN = ipywidgets.__version__.startswith("7")


@pytest.fixture(autouse=True)
def at_home(monkeypatch):
    for variable in SERVICES:
        monkeypatch.delenv(variable, raising=False)


def give(box, content: bytes) -> None:
    """Do what the page does when somebody chooses a file."""
    if SEVEN:
        box.button.metadata, box.button.data = [{"name": "me.jpg"}], [content]
        box.button._counter = 1
    else:
        about = {"name": "me.jpg", "type": "image/jpeg", "size": len(content)}
        about["last_modified"] = datetime.datetime.now(datetime.UTC)
        box.button.value = ({**about, "content": memoryview(content)},)


def told(content: bytes, size: int = 1, word: str = "plain") -> str:
    return f"<b>{len(content)} bytes, size {size}, {word}</b>"


def test_a_file_is_shown_by_the_function_and_the_button_is_emptied():
    box = upload(told, "a face", "Your own face only.")
    assert box.picture.value == ""
    give(box, b"12345")
    assert box.picture.value == "<b>5 bytes, size 1, plain</b>"
    assert module.contents(box.button.value) == []
    give(box, b"123")
    assert box.picture.value == "<b>3 bytes, size 1, plain</b>"


def test_controls_draw_it_anew_and_forgetting_is_for_good():
    box = upload(told, "a face", "", size=Slider(1, 9, 4), word=Choice(["plain", "mine"]))
    box.controls["size"].value = 5  # nothing chosen yet
    assert box.picture.value == ""
    give(box, b"12345")
    box.controls["word"].value = "mine"
    assert box.picture.value == "<b>5 bytes, size 5, mine</b>"
    box.forget.click()
    assert box.picture.value == ""
    box.controls["size"].value = 6
    assert box.picture.value == ""


def test_an_error_is_a_sentence_not_a_traceback():
    def broken(content):
        raise ValueError("it is no <picture>")

    box = upload(broken, "a face", "")
    give(box, b"12345")
    assert "it is no &lt;picture&gt;" in box.picture.value
    assert 'role="alert"' in box.picture.value


def test_the_alternative_text_may_follow_the_file():
    import numpy as np

    box = upload(
        lambda content: np.zeros((2, 2), np.uint8), lambda content: f"a picture of {len(content)} bytes", "notice"
    )
    give(box, b"1234567")
    assert 'alt="a picture of 7 bytes"' in box.picture.value


def test_the_notice_stands_above_the_button_and_is_escaped():
    words = upload(told, "a face", "Your own face <only>.").children[0].value
    assert "Your own face &lt;only&gt;." in words


@pytest.mark.parametrize(("variable", "service"), SERVICES.items())
def test_where_a_photograph_would_leave_the_machine_the_button_is_off(monkeypatch, variable, service):
    assert upload(told, "a face", "").button.disabled is False
    monkeypatch.setenv(variable, "1")
    box = upload(told, "a face", "")
    assert box.button.disabled is True
    assert service in box.picture.value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((), []),
        ({}, []),
        (({"name": "a.png", "content": memoryview(b"abc")},), [b"abc"]),
        ({"a.png": {"metadata": {"name": "a.png"}, "content": b"abc"}}, [b"abc"]),
    ],
)
def test_both_forms_of_value_are_understood(value, expected):
    assert module.contents(value) == expected


def test_the_button_of_ipywidgets_7_is_emptied_by_its_parts():
    old = SimpleNamespace(value={"a.png": {"content": b"abc"}}, metadata=[{"name": "a.png"}], data=[b"abc"], _counter=1)
    module.empty(old)
    assert (old.metadata, old.data, old._counter) == ([], [], 0)
