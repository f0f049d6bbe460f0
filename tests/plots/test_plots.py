"""Plots are figures that show what they were given; no figure goes out without words."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fer_course import plots
from fer_course.errors import FerCourseError
from fer_course.plots import grids


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What `show` gave to IPython."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    return outputs


def one_image(html: str) -> dict:
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(html)
    assert [tag for tag, _ in tags] == ["img"]
    return tags[0][1]


def test_show_puts_out_a_picture_with_its_words(shown, tiny_faces):
    words = """Seven faces: "a" < b & 'c' > d <script>alert(1)</script> – ✓"""
    plots.show(plots.grid(tiny_faces.images[:7]), alt=words)
    image = one_image(shown[0]["text/html"])
    assert image["alt"] == words
    kind, data = image["src"].split(",")
    assert kind == "data:image/png;base64"
    assert np.ptp(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))) > 100
    assert words in shown[0]["text/plain"]
    assert plt.get_fignums() == []


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_show_refuses_a_figure_without_words(shown, alt):
    with pytest.raises(FerCourseError, match="alt"):
        plots.show(plt.figure(), alt=alt)
    assert shown == []


@pytest.mark.parametrize(("n", "columns", "places"), [(1, 10, 1), (7, 10, 7), (10, 5, 10), (11, 5, 15)])
def test_grid_shows_each_picture_once(tiny_faces, n, columns, places):
    images = tiny_faces.images[:n]
    figure = plots.grid(images, titles=[f"no. {k}" for k in range(n)], columns=columns)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == places
    drawn = [axis.get_images()[0].get_array() for axis in figure.axes if axis.get_images()]
    assert [picture.tolist() for picture in drawn] == images.tolist()
    assert [axis.get_title() for axis in figure.axes[:n]] == [f"no. {k}" for k in range(n)]
    # All on one scale: a dark picture stays dark.
    assert {axis.get_images()[0].get_clim() for axis in figure.axes[:n]} == {(0, 255)}


def test_grid_of_nothing_says_so():
    with pytest.raises(FerCourseError, match="picture"):
        plots.grid(np.empty((0, 48, 48), np.uint8))


def test_class_counts_draws_the_counts(tiny_faces):
    figure = plots.class_counts(tiny_faces)
    axis = figure.axes[0]
    heights = [[bar.get_height() for bar in bars] for bars in axis.containers]
    assert heights == [tiny_faces.counts(split).tolist() for split in ("Training", "PublicTest", "PrivateTest")]
    assert [label.get_text() for label in axis.get_xticklabels()] == list(tiny_faces.class_names)
    assert len({bars[0].get_hatch() for bars in axis.containers}) == 3  # colour is never alone


@pytest.mark.parametrize("normalise", [True, False])
def test_confusion_matrix_shows_rows_as_the_true_classes(normalise):
    counts = np.diag([3, 0, 1, 1, 1, 1, 1])
    counts[0, 6] = 1  # a row without faces stays empty, no error
    figure = plots.confusion_matrix(counts, normalise=normalise)
    axis = figure.axes[0]
    texts = np.array([text.get_text() for text in axis.texts]).reshape(7, 7)
    assert (texts[0, 0], texts[0, 6], texts[6, 0]) == (("0.75", "0.25", "0.00") if normalise else ("3", "1", "0"))
    assert (texts[1] == ("0.00" if normalise else "0")).all()
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted", "true")
    assert axis.get_yticklabels()[0].get_text() == "angry"


def test_curves_show_training_and_validation_apart():
    one = {"epoch": [1, 2, 3], "accuracy": [0.1, 0.2, 0.3], "val_accuracy": [0.1, 0.15, 0.2]}
    other = {"epoch": [1, 2], "accuracy": [0.4, 0.5]}
    axis = plots.curves({"one": one, "other": other}).axes[0]
    lines = {line.get_label(): line for line in axis.get_lines()}
    assert set(lines) == {"one, training", "one, validation", "other, training"}
    assert lines["one, validation"].get_ydata().tolist() == one["val_accuracy"]
    assert lines["other, training"].get_xdata().tolist() == [1, 2]
    assert lines["one, training"].get_linestyle() != lines["one, validation"].get_linestyle()
    assert lines["one, training"].get_marker() != lines["other, training"].get_marker()


def test_curves_leave_no_run_out():
    history = {"epoch": [1], "loss": [1.0]}
    runs = {f"run {k}": history for k in range(9)}
    assert len(plots.curves(runs, "loss").axes[0].get_lines()) == 9


def test_reliability_shows_every_bin_that_has_faces():
    faces, sure, right = np.array([0, 4, 1]), np.array([np.nan, 0.5, 0.9]), np.array([np.nan, 0.25, 1.0])
    axis = plots.reliability({"one": (faces, sure, right), "other": (faces, sure, sure)}).axes[0]
    diagonal, line, other = axis.get_lines()
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert line.get_xydata().tolist() == [[0.5, 0.25], [0.9, 1.0]]
    assert (line.get_linestyle(), line.get_color()) != (other.get_linestyle(), other.get_color())
    first, second = axis.collections
    assert first.get_offsets().tolist() == [[0.5, 0.25], [0.9, 1.0]]
    assert first.get_sizes()[0] > first.get_sizes()[1]
    assert first.get_paths()[0].vertices.shape != second.get_paths()[0].vertices.shape  # another marker
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["as sure as right", "one", "other"]


def test_heat_maps_lie_where_they_belong():
    images = np.full((3, 48, 48), 90, dtype=np.uint8)
    maps = np.zeros((3, 3, 3))
    maps[0, 0, 2], maps[1, 2, 0] = 2, -2
    figure = plots.heat_maps(images, maps, ["for", "against", "nothing"], columns=2)
    assert len(figure.axes) == 4
    places = []
    for axis, picture in zip(figure.axes, images, strict=False):
        grey, colours = (each.get_array() for each in axis.get_images())
        assert grey.tolist() == picture.tolist()
        places.append(np.unravel_index(colours[..., 3].argmax(), (48, 48)))
        assert colours.shape == (48, 48, 4)
    (top, right), (bottom, left) = places[:2]
    assert max(top, left) < 16
    assert min(bottom, right) >= 32
    red, blue = (figure.axes[k].get_images()[1].get_array()[place] for k, place in enumerate(places[:2]))
    assert red[0] > red[2]
    assert blue[0] < blue[2]
    assert figure.axes[2].get_images()[1].get_array()[..., 3].max() == 0  # at zero the picture shows through
    styles = [[str(line.get_linestyle()[0][1]) for line in axis.collections] for axis in figure.axes]
    assert [len(each) for each in styles] == [1, 1, 0, 0]
    assert styles[0] != styles[1]  # full and dashed: colour is never alone
    assert [axis.get_title() for axis in figure.axes[:3]] == ["for", "against", "nothing"]


def test_heat_maps_keep_their_values_in_the_middle_of_each_place():
    small = np.arange(6.0).reshape(2, 3)
    fine = grids._enlarge(small, (6, 9))
    assert fine.shape == (6, 9)
    assert fine[1::3, 1::3].tolist() == small.tolist()


def test_accuracy_against_cost_keeps_kinds_of_faces_apart():
    real = {"ours": (5.5e6, 0.63, 0.61, 0.65), "alone": (1.2e6, 0.51, -np.inf, np.inf)}
    drawn = {"before": (1e6, 0.40, 0.38, 0.42), "after": (1e6, 0.44, 0.41, 0.47)}
    figure = plots.accuracy_against_cost({"real": real, "drawn": drawn}, {"published": 0.61})
    left, right = figure.axes
    assert [axis.get_title() for axis in figure.axes] == ["real", "drawn"]
    named = [{line.get_label(): line for line in axis.lines if line.get_label()[0] != "_"} for axis in figure.axes]
    assert [list(each) for each in named] == [["published", "ours", "alone"], ["before", "after"]]
    assert named[0]["published"].get_ydata() == pytest.approx([61, 61])
    assert named[0]["ours"].get_xydata() == pytest.approx(np.array([[5.5, 63]]))
    assert len(left.lines) == 4  # the line, two points, and one bar: the other has no ends
    places = [named[1][name].get_xdata()[0] for name in drawn]
    assert places[0] == pytest.approx(1)
    assert 0 < places[1] - places[0] < 0.3  # side by side, else one hides the other
    bars = [line.get_ydata() for line in right.lines if line not in named[1].values()]
    assert np.concatenate(bars) == pytest.approx([38, 42, 41, 47])
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() != right.get_ylim()
    markers = {line.get_marker() for line in named[1].values()}
    assert len(markers) == 2  # colour is never alone
