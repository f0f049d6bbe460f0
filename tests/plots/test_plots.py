"""Plots are figures that show what they were given; no figure goes out without words."""

from __future__ import annotations

import base64
import io
import itertools
import re
from html.parser import HTMLParser

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from fer_course import plots
from fer_course.errors import FerCourseError
from fer_course.plots import display, grids, labels, style


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


def images_of(html: str) -> list[dict]:
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(html)
    assert {tag for tag, _ in tags} <= {"style", "img"}
    return [attributes for tag, attributes in tags if tag == "img"]


def content(image: dict, kind: str = "svg+xml") -> bytes:
    head, data = image["src"].split(",")
    assert head == f"data:image/{kind};base64"
    return base64.b64decode(data)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2.2 defines it."""
    brightness = []
    for colour in (one, other):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        brightness.append(0.05 + np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return max(brightness) / min(brightness)


def test_show_puts_out_a_picture_with_its_words_for_light_and_dark_pages(shown, tiny_faces):
    words = """Seven faces: "a" < b & 'c' > d <script>alert(1)</script> – ✓"""
    plots.show(plots.grid(tiny_faces.images[:7], ["title"] * 7, columns=7), alt=words)
    light, dark = images_of(shown[0]["text/html"])
    assert light["alt"] == dark["alt"] == words
    assert light["width"] == dark["width"]
    assert "display:none" not in light["style"]  # where rules are removed, one of the two is seen, on white
    assert "display:none" in dark["style"]
    assert "background:white" in light["style"]
    one, other = content(light).decode(), content(dark).decode()
    assert one.count(style.INK) >= 7  # at least the titles
    assert one.replace(style.INK, style.DARK_INK) == other
    assert words in shown[0]["text/plain"]
    assert plt.get_fignums() == []


def test_a_picture_shows_each_pixel_of_a_face(shown, tiny_faces):
    plots.show(plots.grid(tiny_faces.images[:2]), alt="two faces")
    drawing = content(images_of(shown[0]["text/html"])[0]).decode()
    inside = re.findall(r"base64,\s*([^\"]+)\"[^>]*image-rendering:pixelated", drawing)
    pixels = [np.asarray(Image.open(io.BytesIO(base64.b64decode(each))).convert("L")) for each in inside]
    assert [each.shape for each in pixels] == [(48, 48), (48, 48)]
    assert np.abs(np.subtract(pixels, tiny_faces.images[:2], dtype=int)).max() <= 1  # matplotlib rounds down


def test_a_figure_has_the_width_of_its_inches_and_shrinks_on_narrow_pages(shown):
    figure = plt.figure(figsize=(5, 2))
    figure.add_axes((0, 0, 1, 1)).set_xticks([])
    plots.show(figure, alt="a frame")
    image = images_of(shown[0]["text/html"])[0]
    assert 500 <= int(image["width"]) <= 550
    assert "max-width:100%;height:auto" in image["style"]


def test_a_figure_of_too_many_shapes_becomes_pixels(shown, monkeypatch):
    monkeypatch.setattr(display, "LARGEST", 10_000)
    figure, axis = plt.subplots()
    axis.plot(*np.random.default_rng(0).random((2, 900)), "o")
    plots.show(figure, alt="a cloud")
    (image,) = images_of(shown[0]["text/html"])
    pixels = Image.open(io.BytesIO(content(image, "png")))
    assert pixels.size[0] == pytest.approx(2 * int(image["width"]), abs=4)
    assert np.asarray(pixels.convert("RGB"))[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("ink", "page"), [(style.INK, "#ffffff"), (style.DARK_INK, "#111111"), (style.DARK_INK, "#1f1f1f")]
)
def test_ink_is_read_on_white_and_on_the_dark_of_jupyterlab_and_vs_code(ink, page):
    assert contrast(ink, page) > 12


def test_what_a_figure_is_about_stands_out_most_on_white():
    by_contrast = sorted(plots.COLOURS[:-1], key=lambda colour: contrast(colour, "white"))
    assert by_contrast[-1] == plots.COLOURS[0]
    assert contrast(plots.COLOURS[0], "#111111") > 3  # WCAG's least for what is not text


def test_the_style_keeps_what_a_notebook_has_set(monkeypatch):
    own = matplotlib.rcParamsDefault
    with plt.rc_context({**{name: own[name] for name in style.SETTINGS}, "font.size": 23}):
        style.use_style()
        now = plt.rcParams
        assert now["font.size"] == 23
        assert (now["text.color"], now["figure.facecolor"], now["axes.spines.top"]) == (style.INK, "none", False)
        assert now["axes.prop_cycle"].by_key()["color"] == list(plots.COLOURS)


def test_all_text_of_a_chart_has_one_size(tiny_faces):
    for figure in (plots.class_counts(tiny_faces), plots.confusion_matrix(np.eye(7)), plots.seeds({"a": [0.5, 0.6]})):
        texts = [text for text in figure.findobj(Text) if text.get_text()]
        assert {text.get_fontsize() for text in texts} == {style.SIZE}


def test_labels_stand_at_their_lines_and_none_over_another():
    figure, axis = plt.subplots()
    for name, end in {"low": 0.1, "high": 0.8, "also high": 0.801, "broken": np.nan}.items():
        axis.plot([0, 1, 2], [0.5, 0.4, end], label=name)
    axis.plot([0, 1], [0, 1])
    axis.axhline(0.3, label="chance")
    labels.label_lines(axis)
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in axis.texts}
    assert list(boxes) == ["low", "high", "also high", "broken", "chance"]
    tops = sorted(boxes.values(), key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 for lower, upper in itertools.pairwise(tops))
    assert boxes["low"].y0 < boxes["chance"].y0 < boxes["broken"].y0 < boxes["high"].y0 < boxes["also high"].y0
    end = axis.transData.transform((2, 0.1))
    assert abs((boxes["low"].y0 + boxes["low"].y1) / 2 - end[1]) < 3
    assert boxes["low"].x0 > end[0]


def test_labels_spread_as_little_as_they_must():
    assert labels.spread(np.array([0.0, 10, 30]), 5).tolist() == [0, 10, 30]
    assert labels.spread(np.array([11.0, 10, 30]), 5).tolist() == [13, 8, 30]
    assert labels.spread(np.array([10.0, 10, 10, 14]), 5).tolist() == [3.5, 8.5, 13.5, 18.5]


def test_an_axis_in_per_cent():
    axis = plt.figure().add_subplot(ylim=(0, 1), xlim=(0, 100))
    labels.percent(axis.yaxis)
    labels.percent(axis.xaxis, 100)
    axis.set(yticks=[0.125, 0.6], xticks=[5])
    assert [text.get_text() for text in axis.get_yticklabels()] == ["12.5 %", "60 %"]
    assert [text.get_text() for text in axis.get_xticklabels()] == ["5 %"]


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
    assert (texts[0, 0], texts[0, 6], texts[6, 0]) == (("75", "25", "0") if normalise else ("3", "1", "0"))
    assert (texts[1] == "0").all()
    assert axis.get_xlabel() == ("predicted, in % of the true class" if normalise else "predicted")
    assert axis.get_ylabel() == "true"
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


def test_differences_show_each_seed_and_the_interval_in_words():
    groups = {"ReLU": [1.0, 2.0, 3.0], "dropout": [-4.0]}
    summaries = {"ReLU": (2.0, -0.5, 4.5), "dropout": (-4.0, -np.inf, np.inf)}
    axis = plots.differences(groups, summaries, "points").axes[0]
    assert [tick.get_text() for tick in axis.get_yticklabels()] == list(groups)
    assert axis.get_xlabel() == "points"
    drawn = [(line.get_xdata(), line.get_ydata()) for line in axis.lines]
    for row, (name, values) in enumerate(groups.items()):
        assert [values, [row] * len(values)] in [[list(x), list(y)] for x, y in drawn], name
    assert [[-0.5, 4.5], [0, 0]] in [[list(x), list(y)] for x, y in drawn]
    assert [text.get_text() for text in axis.texts] == ["+2.0 [-0.5, +4.5]", "-4.0, one seed"]


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
    assert [text.get_text() for text in axis.texts] == ["as sure as right", "one", "other"]


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
    assert [[text.get_text().strip() for text in axis.texts] for axis in figure.axes] == [
        ["published", "ours", "alone"], ["before", "after"]
    ]  # fmt: skip
    markers = {line.get_marker() for line in named[1].values()}
    assert len(markers) == 2  # colour is never alone
