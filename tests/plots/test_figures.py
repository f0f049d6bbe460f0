"""Figures stay what they are: compared, pixel by pixel, with those that somebody has looked at (tests/plots/figures/).

To render them again: pytest tests/plots/test_figures.py --mpl-generate-path=tests/plots/figures. Look at them before you commit.
"""

from __future__ import annotations

import numpy as np
import pytest

from fer_course import models, plots
from fer_course.data import drawn
from fer_course.plots import diagrams
from fer_course.plots.style import SETTINGS

EPOCHS = list(range(1, 9))
RUNS = {
    name: {
        "epoch": EPOCHS,
        "accuracy": [top - 0.4 / epoch for epoch in EPOCHS],
        "val_accuracy": [0.9 * top - 0.35 / epoch for epoch in EPOCHS],
    }
    for name, top in (("none", 0.75), ("the paper's", 0.6), ("ours", 0.65))
}
NAMES = list(drawn.PROTOTYPES)

looks = pytest.mark.mpl_image_compare(
    baseline_dir="figures",
    tolerance=3,
    savefig_kwargs={"dpi": 50, "bbox_inches": "tight", "facecolor": "white"},
    remove_text=False,
    style=SETTINGS,
)


def faces(n: int = 7) -> np.ndarray:
    return np.stack([drawn.draw_one(drawn.PROTOTYPES[name], person) for person, name in enumerate(NAMES[:n])])


@looks
def test_grid():
    return plots.grid(faces(), NAMES, columns=4)


@looks
def test_signed_grid():
    return plots.signed_grid(np.outer([-1.0, 0, 2], [1.0, 2, 3])[None].repeat(3, 0), ["one", "two", "three"])


@looks
def test_class_counts(tiny_faces):
    return plots.class_counts(tiny_faces)


@looks
def test_confusion_matrix():
    return plots.confusion_matrix(np.arange(49).reshape(7, 7) % 11 + 20 * np.eye(7, dtype=int))


@looks
def test_reliability():
    many, sure = np.array([5, 20, 40, 60]), np.array([0.35, 0.55, 0.75, 0.95])
    return plots.reliability({"mini-Xception": (many, sure, sure - 0.1), "AlexNet": (many[::-1], sure, sure**2)})


@looks
def test_heat_maps():
    maps = np.stack([np.outer([-1.0, 0, 1], [1.0, 0, -1]), np.eye(3), -np.eye(3)])
    return plots.heat_maps(faces(3), maps, NAMES[:3], columns=3)


@looks
def test_curves():
    return plots.curves(RUNS)


@looks
def test_accuracy_against_cost():
    points = {name: (k * 1e6, 0.5 + k / 50, 0.48 + k / 50, 0.52 + k / 50) for k, name in enumerate("abcdefg", 1)}
    return plots.accuracy_against_cost({"real": points, "drawn": points}, {"published": 0.61})


@looks
def test_seeds():
    groups = {"none": [0.60, 0.61, 0.604], "the paper's": [0.626], "ours": [0.632, 0.64]}
    return plots.seeds(groups, {"none": [0.92, 0.93, 0.925], "ours": [0.705, 0.71]})


@looks
def test_drawing_of_a_network():
    return diagrams.render({"mini-Xception": models.build("mini_xception", 24)})


@looks
def test_segments():
    return diagrams.segments(8, 3)


@pytest.mark.parametrize("draw", [
    *(test_grid, test_heat_maps, test_curves, test_segments), pytest.param(test_drawing_of_a_network, marks=pytest.mark.slow)
])  # fmt: skip
def test_a_figure_drawn_twice_is_the_same_byte_by_byte(draw):
    first, second = (plots.picture(draw(), "a figure")["text/html"] for _ in range(2))
    assert first == second
