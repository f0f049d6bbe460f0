"""Sliders and menus in a real JupyterLab: moved without a mouse, named for a screen reader, no barrier that axe-core sees."""

from __future__ import annotations

import nbformat
import pytest
from browsing import BROWSER_TESTS, barriers, browser, driver, lab, listen, open_notebook, start_all, wait_until_done  # noqa: F401

pytestmark = BROWSER_TESTS

CELLS = {
    "explore": """
from fer_course.widgets import Choice, Slider, explore
explore(lambda **values: f"<p id='said'>{values}</p>", "", size=Slider(1, 9, 3), part=Slider(0.0, 1.0, 0.5, 0.25, "share"),
        how=Choice(["flat", "round"]))""",
    "drag_kernel": """
from fer_course.widgets import drag_kernel
drag_kernel(lambda kernel: f"<p id='said'>{kernel.ravel().tolist()}</p>", {"same": [[0, 0, 0], [0, 1, 0], [0, 0, 0]]}, "face")""",
    "camera_panel": """
from fer_course.widgets import camera_panel
camera_panel()""",
}


@pytest.fixture
def shown(browser, lab, request):  # noqa: F811
    """A page with the output of one cell, and what its scripts complained of."""
    name = request.param
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELLS[name])], metadata=kernel)
    nbformat.write(notebook, lab[1] / f"{name}.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = listen(page)
    open_notebook(page, lab, f"{name}.ipynb")
    start_all(page)
    wait_until_done(page)
    yield page
    page.close()
    assert complaints == []


def only(name: str):
    return pytest.mark.parametrize("shown", [name], indirect=True)


@only("explore")
def test_sliders_and_menus_are_moved_without_a_mouse(shown):
    said = shown.locator("#said")
    slider, share = shown.get_by_role("slider", name="size"), shown.get_by_role("slider", name="share")
    slider.focus()
    for key, value in (("ArrowRight", 4), ("ArrowUp", 5), ("ArrowLeft", 4), ("ArrowDown", 3), ("End", 9), ("Home", 1)):
        shown.keyboard.press(key)
        shown.wait_for_function(f"document.querySelector('#said').textContent.includes(\"'size': {value},\")")
        assert slider.get_attribute("aria-valuetext") == str(value)
    # Tab goes on: from the slider to its number, which can be typed, to the next slider, to the menu.
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.getAttribute('aria-label')") == "size, typed"
    shown.keyboard.press("Control+a")
    shown.keyboard.type("7")
    shown.keyboard.press("Enter")
    shown.wait_for_function("document.querySelector('#said').textContent.includes(\"'size': 7,\")")
    share.focus()
    shown.keyboard.press("ArrowRight")
    shown.wait_for_function("document.querySelector('#said').textContent.includes(\"'part': 0.75,\")")
    shown.get_by_label("how", exact=True).focus()
    shown.keyboard.press("ArrowDown")
    shown.wait_for_function("document.querySelector('#said').textContent.includes(\"'how': 'round'\")")
    assert said.count() == 1


@pytest.mark.parametrize("shown", CELLS, indirect=True)
def test_no_control_is_without_a_name(shown):
    for control in (
        shown.locator(".jp-OutputArea").locator("[role=slider], [role=textbox], select, input, button").all()
    ):
        words = control.evaluate(
            "c => c.getAttribute('aria-label') || [...(c.labels || [])].map(l => l.textContent).join() || c.textContent.trim()"
        )
        assert words or not control.is_visible()
    assert barriers(shown, ".jp-OutputArea") == []  # the rest of the page is JupyterLab's own
