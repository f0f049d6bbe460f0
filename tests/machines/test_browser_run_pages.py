"""The pages of a run, opened from a disk: as dark as the browser, as narrow as a telephone, with figures that live."""

from __future__ import annotations

import nbformat
import numpy as np
import pytest
from browsing import BROWSER_TESTS, PICTURES, barriers, browser, driver, listen  # noqa: F401

from fer_course.course.pages import index_page, lesson_page
from fer_course.plots import picture
from fer_course.plots._pyplot import plt
from fer_course.widgets.separable_factory import separable_factory

pytestmark = BROWSER_TESTS

TABLE = "| a long name of a column | another one | and one more |\n|---|---|---|\n| 1 | 2 | 3 |"
CODE = "accuracies = {name: evaluate(run, faces).accuracy for name, run in sorted(all_of_the_runs.items())}"
LESSON = "05-space-and-channels-apart"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A lesson's page with text, code, a still figure and a living one; and an index."""
    folder = tmp_path_factory.mktemp("run")
    figure, axis = plt.subplots()
    axis.plot([1, 2, 3])
    still = picture(figure, "a line that rises")
    living = {"text/html": separable_factory().as_html(), "text/plain": "[figure]"}
    words = nbformat.v4.new_output("stream", name="stdout", text="accuracy 0.6\n")
    shown = [words, *(nbformat.v4.new_output("display_data", each) for each in (still, living))]
    cells = [
        nbformat.v4.new_markdown_cell(f"# A lesson\n\nWords.\n\n{TABLE}"),
        nbformat.v4.new_code_cell(CODE, outputs=shown, execution_count=1),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel | {"language_info": {"name": "python"}})
    (folder / f"{LESSON}.html").write_text(lesson_page(notebook, "A lesson"), encoding="utf-8")
    (folder / "index.html").write_text(index_page(RECORD), encoding="utf-8")
    return folder


RECORD = {
    "started": "2026-01-01 12:00:00",
    "profile": "",
    "parameters": {},
    "lessons": [
        {
            "lesson": LESSON, "title": "Depthwise separable convolutions", "status": "done", "seconds": 61.0,
            "peak_memory_mb": 1234, "results": ["A separable layer needs 7.9 times fewer multiply-adds."],
        }
    ],
}  # fmt: skip


@pytest.fixture(params=[(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")], ids=str)
def window(request, browser):  # noqa: F811
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints = listen(page)
    yield page, width, scheme
    assert complaints == []
    page.close()


def brightness(page, selector: str, what: str) -> float:
    """Return how bright a colour of an element is, 0 to 255."""
    colour = page.evaluate(f"getComputedStyle(document.querySelector({selector!r})).{what}")
    return float(np.mean([float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]))


def look(page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_a_lessons_page_is_as_dark_as_the_browser_and_as_wide_as_the_window(run_folder, window):
    page, width, scheme = window
    page.goto((run_folder / f"{LESSON}.html").as_uri())
    page.wait_for_selector("[data-live=true] .fer")
    look(page, f"run-page-{width}-{scheme}")
    ground, ink = brightness(page, "body", "backgroundColor"), brightness(page, "h1", "color")
    assert (ground < 60, ink > 180) == (scheme == "dark",) * 2
    assert page.is_visible(".fer-dark") == (scheme == "dark")
    assert page.is_visible(".fer-light") == (scheme == "light")
    assert page.get_attribute(".fer", "data-ground") == scheme
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert barriers(page) == []


def test_the_index_fits(run_folder, window):
    page, width, scheme = window
    page.goto((run_folder / "index.html").as_uri())
    look(page, f"run-index-{width}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("td").last.bounding_box()
    assert box["x"] + box["width"] <= width
    assert box["width"] > min(300, width / 4)
    assert barriers(page) == []
