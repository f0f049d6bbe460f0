"""Living figures in a page opened from a disk: opened, dragged, read. No kernel, no network."""

from __future__ import annotations

import re

import numpy as np
import pytest
from browsing import barriers, browser, driver, listen  # noqa: F401

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>figure</title><style>:root{color-scheme:light dark}body{margin:8px;background:Canvas;color:CanvasText}</style>"
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
