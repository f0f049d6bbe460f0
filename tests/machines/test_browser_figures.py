"""Living figures in a page opened from a disk: dragged, and their numbers compared with Python's. No kernel, no network."""

from __future__ import annotations

import re

import numpy as np
import pytest
from browsing import BROWSER_TESTS, barriers, browser, driver, listen  # noqa: F401

from fer_course.data import drawn
from fer_course.models.prepare import prepare

pytestmark = BROWSER_TESTS

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>figure</title><style>:root{color-scheme:light dark}body{margin:8px}</style>"
    "<body><main><h1>A figure</h1><h2>It</h2><h3>lives</h3>"
)


@pytest.fixture
def opened(browser, tmp_path):  # noqa: F811
    """Open a figure in a page of a disk: a function of the figure and the width; nothing may be asked for or complained of."""
    pages, complaints, asked = [], [], []

    def open_page(figure, width: int = 1280):
        file = tmp_path / f"{len(pages)}.html"
        file.write_text(f"{PAGE}{figure.as_html()}</main></body></html>", encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800})
        pages.append(page)
        complaints.append(listen(page))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("[data-live=true] .fer")
        return page

    yield open_page
    assert all(found == [] for found in complaints)
    assert all(re.match("file:|data:|blob:", url) for url in asked)
    for page in pages:
        page.close()


def trait(page, name: str):
    """Return a trait of the figure of a page."""
    return page.evaluate(f"document.querySelector('[data-fer-figure]').figure.get('{name}')")


def drag(page, slider, share: float) -> None:
    """Drag a slider with the mouse from its place to a share of its width."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), middle, steps=10)
    page.mouse.up()
    settle(page)


def settle(page) -> None:
    """Wait until the page has drawn what was asked for."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels_of(page, selector: str) -> np.ndarray:
    """Return the grey levels of a canvas, (H, W)."""
    width, height, data = page.evaluate(
        f"""(() => {{ const canvas = document.querySelector({selector!r});
        const {{ width, height }} = canvas;
        return [width, height, [...canvas.getContext("2d").getImageData(0, 0, width, height).data]]; }})()"""
    )
    return np.reshape(data, (height, width, 4))[..., 0]


def bars_of(page) -> list[float]:
    """Return the scores that the bars show."""
    return [float(bar.get_attribute("data-score")) for bar in page.query_selector_all(".bars .bar")]


def assert_fits(page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# ------------------------------------------------------------------------------------------------------- steer a face


@pytest.mark.parametrize("width", [360, 1280])
def test_a_steered_face_and_its_scores_are_those_of_python(opened, width):
    from fer_course import models
    from fer_course.widgets import steer_a_face

    page = opened(steer_a_face(), width)
    drag(page, page.get_by_role("slider", name="12 lip corner puller"), 0.6)
    page.get_by_role("slider", name="person").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    settle(page)
    units, person = trait(page, "units"), trait(page, "person")
    assert units["12"] == pytest.approx(0.6, abs=0.1)
    assert person == 2
    face = drawn.draw_one({int(number): value for number, value in units.items()}, person)
    assert np.abs(pixels_of(page, ".fer canvas") - face.astype(int)).max() <= 1
    expected = models.pretrained().predict(prepare(face[None], 48), verbose=0)[0]
    np.testing.assert_allclose(bars_of(page), expected, atol=2e-3)
    np.testing.assert_allclose(trait(page, "scores"), bars_of(page), atol=1e-5)
    assert_fits(page, width)
    assert barriers(page) == []


def test_a_textbook_face_names_the_jump_and_the_name_that_tips(opened):
    from fer_course.widgets import steer_a_face

    page = opened(steer_a_face())
    page.get_by_role("button", name="happy").click()
    settle(page)
    assert trait(page, "units") == {"6": 0.8, "12": 1.0, "25": 0.8}
    assert page.get_by_role("button", name="happy").get_attribute("aria-pressed") == "true"
    assert "happy" in page.locator("svg text").all_text_contents()
    assert re.search(
        "Last tip: another face, and the name tips from .* to happy", page.locator("p[role=status]").text_content()
    )
