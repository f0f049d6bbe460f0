"""Widgets: every control has a label and an effect, pictures carry words, and what goes wrong is said."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from fer_course.errors import FerCourseError
from fer_course.widgets import Choice, Slider, explore
from fer_course.widgets.core import grey_html


def grey(level: int, word: str) -> np.ndarray:
    return np.full((4, 6), level if word == "as it is" else 255 - level, np.uint8)


def shown(box) -> np.ndarray:
    """The picture in a widget, decoded from its HTML."""
    data = re.search(r"base64,([^\"]+)", box.picture.value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_the_picture_follows_its_controls():
    box = explore(grey, alt="a grey", level=Slider(0, 255, 40), word=Choice(["as it is", "turned round"]))
    np.testing.assert_array_equal(shown(box), np.full((4, 6), 40))
    box.controls["level"].value = 200
    np.testing.assert_array_equal(shown(box), np.full((4, 6), 200))
    box.controls["word"].value = "turned round"
    np.testing.assert_array_equal(shown(box), np.full((4, 6), 55))


def test_whole_numbers_stay_whole_and_fractions_fractions():
    box = explore(
        lambda whole, part: f"{whole!r} {part!r}", alt="", whole=Slider(0, 9, 3), part=Slider(0.0, 1.0, 0.5, 0.1)
    )
    assert box.picture.value == "3 0.5"


def test_every_control_says_what_it_is():
    box = explore(grey, alt="a grey", level=Slider(0, 255, 40, label="how bright"), word=Choice(["as it is"]))
    assert [control.description for control in box.controls.values()] == ["how bright", "word"]


def test_alternative_text_may_follow_the_controls_and_is_escaped():
    box = explore(grey, alt=lambda level, word: f'grey "{level}"', level=Slider(0, 9, 4), word=Choice(["as it is"]))
    assert 'alt="grey &quot;4&quot;"' in box.picture.value


def test_figures_are_shown_and_closed():
    before = plt.get_fignums()
    box = explore(lambda size: plt.figure(figsize=(size, 1)), alt="nothing", size=Slider(1, 3, 2))
    assert 'alt="nothing"' in box.picture.value
    assert plt.get_fignums() == before


def test_what_goes_wrong_is_said_in_place_of_the_picture():
    def broken(size):
        raise ValueError("a kernel of <2> pixels has no middle")

    box = explore(broken, alt="nothing", size=Slider(1, 3, 2))
    assert "a kernel of &lt;2&gt; pixels has no middle" in box.picture.value


@pytest.mark.parametrize("controls", [{}, {"level": (0, 255)}])
def test_controls_that_are_none_are_refused(controls):
    with pytest.raises(FerCourseError, match="control"):
        explore(grey, alt="a grey", **controls)


def test_a_grey_picture_is_kept_pixel_for_pixel():
    picture = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    data = re.search(r"base64,([^\"]+)", grey_html(picture, "noise"))[1]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), picture)
