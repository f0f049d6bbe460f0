"""What a `FileUpload` holds, and how it forgets, in ipywidgets 7 and 8."""

import datetime
from types import SimpleNamespace

import ipywidgets
import pytest

from fer_course.widgets import photograph as module


@pytest.mark.skipif(ipywidgets.__version__.startswith("7"), reason="ipywidgets 7 has the other form, below")
def test_a_real_button_is_read_and_emptied():
    button = ipywidgets.FileUpload()
    about = {"name": "me.jpg", "type": "image/jpeg", "size": 3, "last_modified": datetime.datetime.now(datetime.UTC)}
    button.value = ({**about, "content": memoryview(b"abc")},)
    assert module.contents(button.value) == [b"abc"]
    module.empty(button)
    assert module.contents(button.value) == []


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
