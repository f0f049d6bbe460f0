"""Figures that live: modules that stand alone once they are joined, HTML that needs nothing else, and numbers as Python's."""

from __future__ import annotations

import itertools
import json
import re
import subprocess

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from javascript import FIGURES, modules, needs_node, run_node

from fer_course._shared import scripts
from fer_course.errors import FerCourseError
from fer_course.widgets import figure
from fer_course.widgets.window_inspector import window_inspector

FACE = np.arange(48 * 48, dtype=np.uint8).reshape(48, 48)
EDGE = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


@needs_node
@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_a_joined_module_is_one_valid_module(path, tmp_path):
    """No name is declared twice, nothing is imported any more: Node reads it."""
    for name, text in {
        "joined": scripts.bundle(path),
        "page": figure.script(path.stem) if path.parent == FIGURES else "",
    }.items():
        file = tmp_path / f"{name}.mjs"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run(["node", "--check", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert not re.search(r"^(import|export (?!default))", text, re.MULTILINE)


def test_a_module_asks_for_nothing_from_a_network():
    for path in modules():
        assert not re.search(
            r"https?://(?!www\.w3\.org/)|\bfetch\(|XMLHttpRequest|WebSocket|importScripts",
            path.read_text(encoding="utf-8"),
        ), path


def test_the_html_of_a_figure_holds_its_picture_its_data_and_its_module():
    made = window_inspector(FACE, {"</script><b>": EDGE})
    soup = BeautifulSoup(made.as_html(), "html.parser")
    assert soup.select_one(".fer-still img")["alt"]
    traits = json.loads(soup.select_one("script.fer-traits").string)
    assert traits["presets"] == {"</script><b>": np.array(EDGE, float)[..., None].tolist()}
    assert len(soup.select("script[type=module]")) == 1
    assert not soup.find("b")


def test_a_page_with_two_figures_has_each_script_once():
    page = window_inspector(FACE, {"edge": EDGE}).as_html() + window_inspector(FACE, {"edge": EDGE}, stride=2).as_html()
    soup = BeautifulSoup(scripts.once(page), "html.parser")
    assert len(soup.select("[data-fer-figure]")) == 2
    assert len(soup.select("script[type=module]")) == 1
    assert len(soup.select("script.fer-traits")) == 2


def test_large_data_stand_once_and_are_named_in_the_traits():
    text = figure.as_html("window_inspector", {"network": {"weights": "x" * 30_000}, "stride": 1}, "<img alt='x'>")
    soup = BeautifulSoup(scripts.once(text + text), "html.parser")
    (shared,) = soup.select("script[id^=fer-]")
    assert json.loads(soup.select_one("script.fer-traits").string) == {"network": {"shared": shared["id"]}, "stride": 1}


def test_a_notebook_gets_the_widget_and_the_html():
    plt.close("all")
    shown = window_inspector(FACE, {"edge": EDGE})._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    assert {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert data["text/plain"].startswith("[figure: ")
    assert plt.get_fignums() == []  # a notebook would show what is left open


CONVOLVE = """
import { convolvePlanes } from "FIGURES/window_inspector.js";
const answer = given.map(({ planes, kernel, stride, padding }) => {
  const { numbers, rows, columns } = convolvePlanes({ shape: planes.shape, data: planes.data }, kernel, stride, padding);
  return { rows, columns, numbers: [...numbers] };
});
"""


@needs_node
def test_the_window_inspector_computes_what_keras_computes():
    from fer_course.quiet import keras

    rng = np.random.default_rng(0)
    given, expected = [], []
    for size, stride, padding, channels in itertools.product((1, 2, 3, 5), (1, 2, 3), ("valid", "same"), (1, 3)):
        planes, kernel = rng.integers(0, 256, (11, 14, channels)), rng.normal(size=(size, size, channels))
        plain = {"shape": planes.shape, "data": planes.ravel().tolist()}
        given.append({"planes": plain, "kernel": kernel.tolist(), "stride": stride, "padding": padding})
        expected.append(keras.ops.conv(planes[None].astype("float64"), kernel[..., None], stride, padding)[0, ..., 0])
    for found, right in zip(run_node(CONVOLVE, given), expected, strict=True):
        numbers = np.reshape(found["numbers"], (found["rows"], found["columns"]))
        np.testing.assert_allclose(numbers, right, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "presets", [{}, {"a": np.ones((3, 2))}, {"a": EDGE, "b": np.ones((5, 5))}, {"a": np.ones((3, 3, 3))}]
)
def test_kernels_that_do_not_fit_are_refused(presets):
    with pytest.raises(FerCourseError, match="kernel"):
        window_inspector(FACE, presets)
