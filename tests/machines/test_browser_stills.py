"""Figures and code in JupyterLab: a figure is seen on light and dark pages, trusted or not; nothing runs off a small screen."""

from __future__ import annotations

import nbformat
import numpy as np
import pytest
from browsing import BROWSER_TESTS, browser, driver, lab, open_notebook, start_all, wait_until_done  # noqa: F401

from fer_course import plots
from fer_course.authoring.rules import WIDTH

pytestmark = BROWSER_TESTS

THEMES = ["JupyterLab Light", "JupyterLab Dark"]
CODE = "from fer_course import plots\nplots.show(plots.seeds({'a': [0.5, 0.6]}), alt='two dots')"
SHOWN = """[...document.querySelectorAll('.jp-OutputArea img')].filter(image => image.clientWidth > 0)
    .map(image => [image.className, getComputedStyle(image).backgroundColor])"""
#: Cells whose code is wider than its editor, of all cells with code.
WIDER = """() => {
    const editors = [...document.querySelectorAll('.jp-CodeCell .cm-scroller')];
    return [editors.filter(each => each.scrollWidth > each.clientWidth + 1).length, editors.length];
}"""
WHITE, NONE = "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"


def write(folder, name: str, outputs: list) -> None:
    cell = nbformat.v4.new_code_cell(CODE, id="figure", outputs=outputs, execution_count=1 if outputs else None)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), folder / name)


@pytest.mark.parametrize("theme", THEMES)
def test_a_figure_from_elsewhere_is_seen_on_white(browser, lab, theme):  # noqa: F811
    shown = plots.picture(plots.grid(np.zeros((2, 48, 48), np.uint8)), "two black pictures")
    write(lab[1], "kept.ipynb", [nbformat.v4.new_output("display_data", shown)])
    page = browser.new_page()
    open_notebook(page, lab, "kept.ipynb", theme)
    page.wait_for_selector(".jp-OutputArea img")
    assert page.evaluate(SHOWN) == [["fer-light", WHITE]]
    page.close()


@pytest.mark.parametrize(("theme", "twin"), zip(THEMES, ["fer-light", "fer-dark"], strict=True))
def test_a_figure_follows_the_theme_on_a_transparent_ground(browser, lab, theme, twin):  # noqa: F811
    write(lab[1], "live.ipynb", [])
    page = browser.new_page()
    open_notebook(page, lab, "live.ipynb", theme)
    start_all(page)
    page.wait_for_selector(".jp-OutputArea img", state="attached", timeout=90_000)
    wait_until_done(page)
    assert page.evaluate(SHOWN) == [[twin, NONE]]
    page.close()


def test_code_does_not_run_off_a_small_screen(browser, lab):  # noqa: F811
    """1280 × 720 pixels, with the list of files open."""
    longest = "x = 1  " + "#" * (WIDTH - 7)
    cells = [nbformat.v4.new_code_cell(longest, id=f"line-{number}") for number in range(3)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), lab[1] / "wide.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    open_notebook(page, lab, "wide.ipynb")
    assert page.evaluate(WIDER) == [0, 3]
    page.close()
