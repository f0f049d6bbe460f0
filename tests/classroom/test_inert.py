"""Nothing that a submission wrote is live: tried on text and on outputs."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_text import LIVE, SCRIPT

from fer_course.classroom import inert

pytest.importorskip("nbgrader")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 20).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff" + b"0" * 20).decode()


@pytest.mark.parametrize("text", LIVE.values(), ids=LIVE.keys())
def test_text_of_a_learner_is_a_block_of_text(text):
    import mistune

    source = inert.fenced(text)
    page = mistune.create_markdown(escape=False)(source)
    assert page.startswith('<pre><code class="language-text">')
    assert page.strip().endswith("</code></pre>")
    inside = page.strip().removeprefix('<pre><code class="language-text">').removesuffix("</code></pre>")
    assert "<" not in inside
    assert inert.unfenced(source) == inert.printable(text)


@given(st.text(max_size=200))
def test_any_text_comes_back_and_stays_one_block(text):
    source = inert.fenced(text)
    lines = source.splitlines()
    fence = lines[0].removesuffix("text")
    assert set(fence) == {"`"}
    assert not any(line.strip().startswith(fence) for line in source.split("\n")[1:-1])
    assert inert.unfenced(source) == inert.printable(text)
    assert inert.printable(f"{text}\ud800") == inert.printable(text)  # half a letter
    assert not set(inert.printable(text)) & {"\x1b", "\x00", "\u202e", "\x9b"}


DATA = {
    "text/plain": "1\x1b]8;;http://x\x07link", "text/html": SCRIPT, "image/svg+xml": LIVE["svg"], "application/javascript": "x",
    "text/latex": r"$\href{javascript:x}{y}$", "text/markdown": SCRIPT, "application/vnd.jupyter.widget-view+json": {"a": 1},
    "application/pdf": "x", "image/png": PNG, "image/jpeg": [JPEG[:10], JPEG[10:]], "image/gif": PNG, "text/vnd.x": "y",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["display_data", "execute_result"])
def test_of_outputs_only_text_and_pictures_are_left(kind):
    made = inert.output(
        {"output_type": kind, "data": DATA, "metadata": {"text/html": {"isolated": True}}, "transient": {}}
    )
    assert set(made["data"]) == {"text/plain", "image/png", "image/jpeg"}
    assert made["data"]["text/plain"] == "1link"
    assert made["metadata"] == {}
    assert base64.b64decode(made["data"]["image/png"]).startswith(b"\x89PNG")


@pytest.mark.parametrize("picture", [
    base64.b64encode(b"<svg/>").decode(), "not base64", 5, None, ["a", 5], "\">" + SCRIPT, PNG + "\" onload=\"x",
], ids=["an svg", "no base64", "a number", "none", "mixed", "markup", "an attribute"])  # fmt: skip
def test_a_picture_that_is_none(picture):
    assert inert.output({"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}}) is None


@pytest.mark.parametrize("given", [
    {}, {"output_type": "evil"}, {"output_type": "display_data", "data": 5}, {"output_type": "update_display_data", "data": DATA},
], ids=["nothing", "unknown", "no data", "an update"])  # fmt: skip
def test_what_is_no_output(given):
    assert inert.output(given) is None
