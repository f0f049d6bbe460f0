"""The pictures of README that a browser makes: a lesson with a hint, the live page, and a film of a figure.

usage: python tests/helpers/readme_pictures.py [lesson.png] [live.png] [steer.gif]        (needs Chromium; all if none is named)

Everything on them is drawn: no photograph of anybody.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from browsing import CHROMIUM, chromium, served_lab, served_live
from figure_pages import PAGE, settle
from nbformat.sign import NotebookNotary
from PIL import Image
from repository import ROOT

from fer_course.course.kernels import own_kernels

SIZE = {"width": 1280, "height": 720}
#: The exercise that is shown, by its name in the notebook, and a wrong answer to it.
LESSON, EXERCISE = "03-slide-a-kernel", "output-size"
WRONG = '''def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Return in how many places a kernel fits along one side."""
    return (size + 2 * padding - kernel) // stride'''
#: The film: its window, its figure, its length, its colours.
FILM_SIZE = {"width": 876, "height": 520}
PEOPLE, MUSCLES = (0, 2, 3), (1, 4, 6, 9, 12, 15, 25, 26)
FRAMES, DURATION, COLOURS = 75, 80, 64  # milliseconds


def main(names: list[str]) -> int:
    """Write the named pictures, or all, into docs/; return the exit status."""
    if CHROMIUM is None:
        print("This needs Chromium (on Debian: apt install chromium).", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    shoot = {"lesson.png": shoot_lesson, "live.png": shoot_live_page, "steer.gif": film_a_figure}
    with sync_playwright() as driver, chromium(driver) as browser:
        for name in names or shoot:
            shoot[name](browser, ROOT / "docs" / name)
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
        page.locator(".fer-view input[type=checkbox]").check()
        page.wait_for_timeout(4000)
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": 1280, "height": 640})
        page.close()


# ------------------------------------------------------------------------------------------------------------- the film


def film_a_figure(browser, path: Path) -> None:
    """Film figure 3 as a page from a disk: muscles move evenly, the scores tip over; then others move the same muscles."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figure.html"
        file.write_text(f"{PAGE}{steered().as_html()}</main></body></html>", encoding="utf-8")
        page = browser.new_page(viewport=FILM_SIZE)
        page.goto(file.as_uri())
        page.wait_for_selector("[data-live=true] .fer")
        save_film(list(frames(page)), path)
        page.close()


def steered():
    """Return the figure that is filmed: a few muscles, so that all of it is seen."""
    from fer_course.widgets import steer_a_face

    return steer_a_face(persons=PEOPLE, muscles=MUSCLES)


def frames(page) -> Iterator[Image.Image]:
    """Yield a picture of the figure after each move of the film."""
    figure = page.locator("[data-fer-figure] .fer")
    for changes in script():
        page.evaluate(
            """(changes) => { const { figure } = document.querySelector("[data-fer-figure]");
            for (const [name, value] of Object.entries(changes)) figure.set(name, value); }""",
            changes,
        )
        settle(page)
        yield Image.open(io.BytesIO(figure.screenshot())).convert("RGB")


def script() -> Iterator[dict]:
    """Yield what changes in each frame: six seconds of them."""
    rest, steps = 6, 20
    yield from [{}] * rest
    for step in range(1, steps + 1):
        yield {"units": {"12": step / steps}}
    yield from [{}] * rest
    for step in range(1, steps + 1):
        yield {"units": {"12": 1, "1": step / steps}}
    for person in (1, 2):
        yield from [{}] * rest
        yield {"person": person}
    yield from [{}] * (FRAMES - 2 * (rest + steps) - 2 * (rest + 1))


def save_film(pictures: list[Image.Image], path: Path) -> None:
    """Write pictures as a GIF that repeats, in one palette; pixels that stay as they are cost nothing."""
    palette = pictures[len(pictures) // 2].quantize(COLOURS, dither=Image.Dither.NONE)
    few = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    few[0].save(path, save_all=True, append_images=few[1:], duration=DURATION, loop=0, optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
