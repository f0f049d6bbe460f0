"""The cards of a check in JupyterLab: one for each answer, in light and dark, and no error output beside them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from browsing import (  # noqa: F401
    BROWSER_TESTS,
    PICTURES,
    barriers,
    browser,
    driver,
    failures,
    listen,
    open_notebook,
    served_lab,
    shut_down_kernels,
    start_all,
    wait_until_done,
)
from notebook_files import KERNEL

pytestmark = BROWSER_TESTS

SETUP = """from fer_course import checks
def right(image):
    return image[:, ::-1].copy()
def wrong(image):
    return image["<img src=x onerror=alert(1)>"]
def unwritten(image):
    raise NotImplementedError"""
#: Each answer, with the title and the colour of its card, and words in it.
CARDS = {
    "unwritten": ("Not attempted yet", "rgb(122, 122, 122)", "Replace raise NotImplementedError in unwritten"),
    "wrong": ("Not yet", "rgb(179, 107, 0)", 'in the line: return image["<img src=x onerror=alert(1)>"]'),
    "right": ("Right", "rgb(42, 138, 74)", "Mirrored."),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A JupyterLab with a notebook of the three checks; yields its address and folder."""
    folder = tmp_path_factory.mktemp("cards")
    go_on = {"tags": ["raises-exception"]}
    checks = [nbformat.v4.new_code_cell(f"checks.start.mirror({name})", metadata=go_on) for name in CARDS]
    cells = [nbformat.v4.new_code_cell(SETUP), *checks]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), folder / "checks.ipynb")
    with served_lab(folder) as address:
        yield address, folder


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_each_answer_has_its_card_and_no_error_output(browser, checked, theme):  # noqa: F811
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    complaints = listen(page)
    open_notebook(page, checked, "checks.ipynb", theme)
    start_all(page)
    wait_until_done(page)
    shown = page.locator(".jp-OutputArea-output:visible")
    assert shown.count() == page.locator(".fer-card:visible").count() == len(CARDS)
    for place, (title, colour, words) in enumerate(CARDS.values()):
        card = page.locator(".fer-card").nth(place)
        assert card.locator("strong").first.inner_text() == title
        assert card.evaluate("card => getComputedStyle(card).borderLeftColor") == colour
        assert words in " ".join(card.inner_text().split())
        assert card.locator("svg").bounding_box()["width"] > 12
        assert card.locator("img").count() == 0
    assert barriers(page, ".fer-card") == []
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"cards-{theme.split()[1].lower()}.png")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(2000)
    page.close()
    shut_down_kernels(checked[0])
    notebook = nbformat.read(checked[1] / "checks.ipynb", as_version=4)
    assert [name for _, name in failures(notebook)] == ["NotAttempted", "Hint"]
    assert not complaints
