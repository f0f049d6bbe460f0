"""The nine sliders of lesson 02: they make the kernel, presets move them, and what can't be shown is refused."""

import numpy as np
import pytest

from fer_course.errors import FerCourseError
from fer_course.widgets import drag_kernel

PRESETS = {"nothing": [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "other": [[1, 2, 3], [-1, -2, -3], [0.1, 0.2, 0.3]]}


def told(kernel: np.ndarray) -> str:
    return " ".join(f"{number:g}" for number in kernel.flat)


def test_the_sliders_stand_as_the_numbers_do_in_the_kernel():
    box = drag_kernel(told, PRESETS, alt="a face")
    assert box.picture.value == "0 0 0 0 1 0 0 0 0"
    box.controls["[0, 2]"].value = 2.5
    box.controls["[2, 0]"].value = -1
    assert box.picture.value == "0 0 2.5 0 1 0 -1 0 0"


def test_a_preset_moves_all_nine_sliders_and_each_can_be_moved_on():
    box = drag_kernel(told, PRESETS, alt="a face")
    box.controls["preset"].value = "other"
    assert box.picture.value == "1 2 3 -1 -2 -3 0.1 0.2 0.3"
    assert box.controls["[1, 0]"].value == -1
    box.controls["[1, 0]"].value = 4
    assert box.picture.value == "1 2 3 4 -2 -3 0.1 0.2 0.3"


def test_words_beside_every_control_and_for_the_picture():
    box = drag_kernel(lambda kernel: np.zeros((3, 4), np.uint8), PRESETS, alt="a face")
    assert 'alt="a face, kernel [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]"' in box.picture.value
    names = ["start from", *(f"[{row}, {column}]" for row in range(3) for column in range(3))]
    assert [control.description for control in box.controls.values()] == names


def test_all_controls_and_the_picture_are_in_the_box():
    box = drag_kernel(told, PRESETS, alt="a face")
    menu, grid, picture, _access = box.children
    assert [menu, *grid.children, picture] == [*box.controls.values(), box.picture]


@pytest.mark.parametrize(
    ("presets", "word"),
    [
        ({}, "found none"),
        ({"flat": [1, 2, 3]}, "'flat'"),
        ({"huge": [[0, 0, 0], [0, 9, 0], [0, 0, 0]]}, "from -5 to 5"),
        ({"words": [["a", "b", "c"]] * 3}, "'words'"),
        ({"hole": [[0, 0, 0], [0, float("nan"), 0], [0, 0, 0]]}, "'hole'"),
    ],
)
def test_presets_that_no_slider_can_show_are_refused(presets, word):
    with pytest.raises(FerCourseError, match=word):
        drag_kernel(told, presets, alt="a face")
