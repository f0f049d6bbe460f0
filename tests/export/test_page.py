"""A network as one HTML page: nothing from outside, what the network gets, and the command that writes it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from javascript import needs_node, run_node

from fer_course import cli, export, models
from fer_course.errors import ExportError
from fer_course.faces import CLASS_NAMES


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "net.html"
    return export.export(models.pretrained(), file, "page")


def test_a_page_is_one_small_file_that_asks_for_nothing(page):
    text = page.path.read_text(encoding="utf-8")
    assert page.size == page.path.stat().st_size < 450_000
    assert "__" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    soup = BeautifulSoup(text, "html.parser")
    assert not soup.find_all(src=True)
    assert not soup.find_all(href=True)
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert {"default-src 'none'", "connect-src 'none'"} <= set(policy.split("; "))


def test_a_page_has_the_network_and_drawn_faces_of_all_classes(page):
    given = json.loads(BeautifulSoup(page.path.read_text(encoding="utf-8"), "html.parser").find(id="given").string)
    assert sum(layer["parameters"] for layer in given["network"]["layers"]) == 58_423
    assert {name.split(",")[0] for name in given["names"]} == set(CLASS_NAMES)
    assert given["faces"]["shape"] == [len(given["names"]), 48, 48]


def test_the_command_writes_a_page(tmp_path, capsys):
    assert cli.main(["export", "pretrained", "--to", "page", "--out", str(tmp_path / "me.html")]) == 0
    assert "Open it in any browser" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "words"), [("net.onnx", r"ends in \.html"), ("file/net.html", "can't be written")])
def test_a_place_that_can_not_be_is_refused(tmp_path, name, words):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ExportError, match=words):
        export.export(models.pretrained(), tmp_path / name, "page")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_network_with_other_classes_is_refused(tmp_path):
    with pytest.raises(ExportError, match="7 classes"):
        export.export(models.build("lenet", classes=3), tmp_path / "net.html", "page")


CUT = """
import { cut, grey } from "LIBRARY/faces.js";
const answer = given.map(({ data, width, height, box, size }) => [...cut(grey({ data, width, height }), box, size)]);
"""


def coloured(rng, height: int, width: int) -> np.ndarray:
    smooth = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 4)).repeat(8, 0).repeat(8, 1)
    return smooth[:height, :width].astype(np.uint8)


@needs_node
def test_what_the_network_gets_is_the_mean_of_what_each_pixel_covers():
    rng = np.random.default_rng(0)
    photo = coloured(rng, 120, 160)
    boxes = [
        {"top": 0, "left": 16, "side": 96},
        {"top": 24, "left": 8, "side": 48},
        {"top": 10, "left": 3, "side": 100.5},
    ]
    ask = [{"data": photo.ravel().tolist(), "width": 160, "height": 120, "box": box, "size": 48} for box in boxes]
    levels = np.rint(photo[..., :3] @ [0.299, 0.587, 0.114])
    for found, box in zip(run_node(CUT, ask), boxes, strict=True):
        rows, columns = (covered(box[name], box["side"], length) for name, length in (("top", 120), ("left", 160)))
        expected = rows @ levels @ columns.T
        assert np.abs(np.reshape(found, (48, 48)) - expected).max() <= 1


def covered(start: float, side: float, length: int) -> np.ndarray:
    """The slow way: how much of each pixel lies in each 48th of the side, counted at 2,000 points; (48, length)."""
    shares = np.zeros((48, length))
    for number in range(48):
        points = start + (number + (np.arange(2000) + 0.5) / 2000) * side / 48
        np.add.at(shares[number], np.clip(np.floor(points), 0, length - 1).astype(int), 1 / 2000)
    return shares
