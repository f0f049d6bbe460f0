"""The two screenshots of README: a lesson with a hint, and the live page.

usage: python tests/helpers/readme_pictures.py        (needs Chromium)

Everything on them is drawn: no photograph of anybody.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from browsing import CHROMIUM, chromium, served_lab, served_live
from nbformat.sign import NotebookNotary
from repository import ROOT

from fer_course.course.kernels import own_kernels

SIZE = {"width": 1280, "height": 720}
#: The exercise that is shown, by its name in the notebook, and a wrong answer to it.
LESSON, EXERCISE = "02-standard-convolutions", "output-size"
WRONG = '''def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Return in how many places a kernel fits along one side."""
    return (size + 2 * padding - kernel) // stride'''


def main() -> int:
    """Write docs/lesson.png and docs/live.png; return the exit status."""
    if CHROMIUM is None:
        print("This needs Chromium (on Debian: apt install chromium).", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver, chromium(driver) as browser:
        for shoot, name in ((shoot_lesson, "lesson.png"), (shoot_live_page, "live.png")):
            shoot(browser, ROOT / "docs" / name)
            print(f"Wrote docs/{name}.", flush=True)
    return 0


def shoot_lesson(browser, path: Path) -> None:
    """Photograph an exercise with a wrong answer and its hint in JupyterLab."""
    with tempfile.TemporaryDirectory() as folder:
        write_trusted(hinted(LESSON, EXERCISE), Path(folder))
        with served_lab(Path(folder)) as address:
            page = browser.new_page(viewport=SIZE)
            page.goto(f"{address}/doc/tree/lesson.ipynb")
            page.wait_for_selector(".fer-card", timeout=120_000)
            page.wait_for_timeout(3000)
            # The notebook alone: menus and panels depend on what is installed.
            page.screenshot(path=path, clip={"x": 33, "y": 92, "width": 1214, "height": 325})
            page.close()


def write_trusted(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Write a notebook whose outputs the JupyterLab of this folder trusts, as if they were made in it."""
    path, signatures = folder / "lesson.ipynb", folder / ".data"
    nbformat.write(notebook, path)
    signatures.mkdir()
    NotebookNotary(data_dir=str(signatures)).sign(nbformat.read(path, as_version=4))


def hinted(lesson: str, exercise: str) -> nbformat.NotebookNode:
    """Return the cells of one exercise, with a wrong answer, executed."""
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "lessons" / f"{lesson}.ipynb", as_version=4)
    ids = [cell.id for cell in notebook.cells]
    answer = ids.index(exercise)
    header, stub, check = notebook.cells[answer - 1 : answer + 2]
    stub.source = WRONG
    setup = nbformat.v4.new_code_cell("from fer_course import checks")
    notebook.cells = [setup, header, stub, check]
    with own_kernels() as kernels:
        NotebookClient(notebook, allow_errors=True, kernel_manager_class=kernels).execute()
    notebook.cells = [header, stub, check]
    return notebook


def shoot_live_page(browser, path: Path) -> None:
    """Photograph the live page with a drawn person."""
    with served_live() as address:
        page = browser.new_page(viewport=SIZE)
        page.goto(address, timeout=180_000)
        page.wait_for_selector("canvas", timeout=180_000)
        page.wait_for_timeout(8000)
        page.locator("select").first.select_option(label="happy")
        page.locator("input[type=checkbox]").first.check()
        page.wait_for_timeout(4000)
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": 1280, "height": 640})
        page.close()


if __name__ == "__main__":
    sys.exit(main())
