"""What a learner does with the mouse: answers that are wrong and right, sliders, the camera panel in JupyterLab and as a page.

The camera is a film of a drawn face that Chromium plays.
"""

from __future__ import annotations

import io
import json
import re
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
from browsing import (  # noqa: F401
    BROWSER_TESTS,
    PICTURES,
    ROOT,
    barriers,
    browser,
    chromium,
    driver,
    lab,
    listen,
    open_notebook,
    served_live,
    shut_down_kernels,
    start_all,
    wait_until_done,
)
from PIL import Image

from fer_course import live
from fer_course.data import drawn
from fer_course.widgets import page as page_module

pytestmark = BROWSER_TESTS

PATIENT = 240_000  # milliseconds: these machines are shared
PANEL = "from fer_course.widgets import camera_panel\n\ncamera_panel()"
#: Every track that a page was ever given by a camera.
WATCH = """
window.tracks = []; window.asked = 0;
const real = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (real) navigator.mediaDevices.getUserMedia = async (wanted) => {
  window.asked += 1;
  const stream = await real(wanted);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """A face that begins to smile and moves to and fro: 640 × 480, jpegs one after the other."""
    file = tmp_path_factory.mktemp("film") / "film.mjpeg"
    with file.open("wb") as out:
        for step in range(30):
            units = {number: most * step / 29 for number, most in drawn.PROTOTYPES["happy"].items()}
            left = 200 + round(60 * np.sin(2 * np.pi * step / 30))
            scene = live.paste([drawn.draw_one(units, 1)], [live.Box(120, left, 240)], (480, 640), 3)
            picture = io.BytesIO()
            Image.fromarray(scene).convert("RGB").save(picture, "jpeg", quality=90)
            out.write(picture.getvalue())
    return file


@contextmanager
def with_camera(driver, film: Path):  # noqa: F811
    """A Chromium with this film as its camera, which every page may use."""
    options = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with chromium(driver, *options, f"--use-file-for-fake-video-capture={film}") as started:
        yield started


def photograph(page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def write_notebook(folder: Path, name: str, cells: list) -> str:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / name)
    return name


def all_cells(folder: Path) -> None:
    """Let JupyterLab draw all cells, also those that are out of sight."""
    settings = folder / ".settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))


def scores(page) -> list[str]:
    return page.locator(".fer-view .fer-percent").all_inner_texts()


# --------------------------------------------------------------------------------------------------------- lessons


#: Cells of lesson 03 that sliders for its kernels and two of its exercises need.
CELLS = ("parameters", "load", "predict-sums", "by-hand", "slide", "edges", "presets")
CELLS += ("output-size", "check-output-size", "convolve", "check-convolve")


@pytest.fixture(scope="module")
def lesson_02(browser, lab):  # noqa: F811
    """Cells of lesson 02 in JupyterLab, run, with one answer that is right and one that is wrong."""
    lesson, solved = (
        {cell.id: cell for cell in nbformat.read(ROOT / kind / "03-slide-a-kernel.ipynb", as_version=4).cells}
        for kind in ("lessons", "solutions")
    )
    lesson["output-size"].source = solved["output-size"].source
    lesson["convolve"].source = lesson["convolve"].source.replace("raise NotImplementedError", "return image")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = listen(page)
    all_cells(lab[1])
    sliders = 'from fer_course.widgets import drag_kernel\n\ndrag_kernel(through, presets, "A face")'
    cells = [*(lesson[name] for name in CELLS), nbformat.v4.new_code_cell(sliders, id="sliders")]
    open_notebook(page, lab, write_notebook(lab[1], "some-of-02.ipynb", cells))
    start_all(page)
    wait_until_done(page)
    yield page
    assert not complaints
    page.close()
    shut_down_kernels(lab[0])


def cell_of(page, code: str):
    """The cell of a notebook in which this code stands, scrolled to."""
    cell = page.locator(".jp-CodeCell", has_text=code).last
    cell.scroll_into_view_if_needed(timeout=PATIENT)
    return cell


def test_a_wrong_answer_and_a_right_one_show_their_cards(lesson_02):
    wrong = cell_of(lesson_02, "checks.convolutions.convolve(convolve)").locator(".fer-card").inner_text()
    assert wrong.startswith("Not yet")
    assert "shape" in wrong
    right = cell_of(lesson_02, "checks.convolutions.output_size(output_size)").locator(".fer-card")
    assert right.inner_text().startswith("Right")
    photograph(lesson_02, "lesson-02-checks")


def test_a_slider_moves_its_picture(lesson_02):
    cell = cell_of(lesson_02, "drag_kernel(through, presets")
    picture = cell.locator("img")
    before = picture.get_attribute("src", timeout=PATIENT), picture.get_attribute("alt")
    handle = cell.get_by_role("slider").first
    handle.focus()
    handle.press("ArrowRight")
    lesson_02.wait_for_function(
        "([element, before]) => element.isConnected ? element.src !== before : true",
        arg=[picture.element_handle(), before[0]],
        timeout=PATIENT,
    )
    lesson_02.wait_for_timeout(500)
    assert picture.get_attribute("src") != before[0]
    assert picture.get_attribute("alt") != before[1]


# ---------------------------------------------------------------------------------------------------------- camera


def watch_the_panel(page, name: str) -> None:
    """Do with a panel on a page what a learner does: nothing, the camera, the map, pause, go on, off."""
    page.wait_for_selector(".fer-view .fer-row", timeout=PATIENT)
    assert page.evaluate("window.asked") == 0, "it asked for a camera before anybody clicked"
    still = scores(page)
    page.locator(".fer-view canvas").scroll_into_view_if_needed()
    photograph(page, f"{name}-drawn")
    page.click("text=camera on")
    page.wait_for_selector(".fer-view .fer-rate[data-speed]", timeout=PATIENT)
    page.wait_for_function("document.querySelector('.fer-view canvas').ariaLabel.includes('face 0')", timeout=PATIENT)
    seen = set()
    for _ in range(10):
        seen.add(tuple(scores(page)))
        page.wait_for_timeout(300)
    assert len(seen - {tuple(still)}) > 1, "the bars don't move"
    page.check(".fer-view input[type=checkbox]")
    assert page.locator(".fer-view .fer-legend").is_visible()
    page.wait_for_timeout(1000)
    photograph(page, f"{name}-camera")
    speed = float(page.get_attribute(".fer-view .fer-rate", "data-speed"))
    print(f"\n{name}: {speed:.1f} frames a second ({page.inner_text('.fer-view .fer-rate')})")
    assert speed > 0
    pause_and_go_on(page)


def pause_and_go_on(page) -> None:
    page.click("text=pause")
    assert all_ended(page), "a pause leaves the camera on"
    page.click("text=go on")
    page.wait_for_function("window.tracks.some((track) => track.readyState === 'live')", timeout=PATIENT)
    page.wait_for_selector(".fer-view .fer-rate:not(:empty)", timeout=PATIENT)
    page.click("text=camera off")
    assert all_ended(page), "off is not off"
    page.wait_for_function("!document.querySelector('.fer-view .fer-rate').textContent", timeout=PATIENT)


def all_ended(page) -> bool:
    return page.evaluate("window.tracks.every((track) => track.readyState === 'ended')")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_panel_in_jupyterlab_sees_the_film_and_lets_go_of_the_camera(driver, lab, film, theme):  # noqa: F811
    name = write_notebook(lab[1], "panel.ipynb", [nbformat.v4.new_code_cell(PANEL)])
    with with_camera(driver, film) as browser:  # noqa: F811
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        page.add_init_script(WATCH)
        complaints = listen(page)
        open_notebook(page, lab, name, theme)
        start_all(page)
        watch_the_panel(page, "jupyterlab-" + theme.split()[1].lower())
        page.click("text=camera on")
        page.wait_for_function("window.tracks.some((track) => track.readyState === 'live')", timeout=PATIENT)
        page.click('text="Edit"')
        page.click('[data-command="editmenu:clear-all"]')
        page.wait_for_selector(".fer-view", state="detached", timeout=PATIENT)
        page.wait_for_function("window.tracks.every((track) => track.readyState === 'ended')", timeout=PATIENT)
        assert not complaints
    shut_down_kernels(lab[0])


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [(["--use-fake-device-for-media-stream"], "The camera was not allowed"), ([], "No camera was found")],
    ids=["denied", "none"],
)
def test_without_a_camera_the_panel_says_so_and_goes_on(driver, lab, devices, sentence):  # noqa: F811
    name = write_notebook(lab[1], "denied.ipynb", [nbformat.v4.new_code_cell(PANEL)])
    with chromium(driver, *devices) as started:
        page = started.new_page(viewport={"width": 1280, "height": 1100})
        complaints = listen(page)
        denied = {"permission": {"name": "camera"}, "setting": "denied" if devices else "granted", "origin": lab[0]}
        page.context.new_cdp_session(page).send("Browser.setPermission", denied)
        open_notebook(page, lab, name)
        start_all(page)
        page.wait_for_selector(".fer-view .fer-row", timeout=PATIENT)
        click_and_hear(page, sentence)
        page.evaluate(
            "Object.defineProperty(navigator, 'mediaDevices', {value: undefined})"
        )  # as on an insecure origin
        click_and_hear(page, "may not use a camera")
        photograph(page, "jupyterlab-denied")
        before = page.get_attribute(".fer-view canvas", "aria-label")
        page.locator(".jupyter-widgets select").select_option("surprise")
        changed = "(before) => document.querySelector('.fer-view canvas').ariaLabel !== before"
        page.wait_for_function(changed, arg=before, timeout=PATIENT)
        assert page.inner_text(".fer-view [role=status]") == ""
        assert not complaints
    shut_down_kernels(lab[0])


def click_and_hear(page, sentence: str) -> None:
    page.click("text=camera on")
    page.wait_for_selector(f".fer-view [role=status]:has-text('{sentence}')", timeout=PATIENT)
    assert page.get_attribute("text=camera on", "aria-pressed") == "false"


# ------------------------------------------------------------------------------------------------------------ page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_sees_the_film_with_its_token_and_talks_to_nobody_else(driver, film, theme):  # noqa: F811
    with served_live() as address, with_camera(driver, film) as browser:  # noqa: F811
        page = browser.new_page(viewport={"width": 1100, "height": 900}, color_scheme=theme)
        page.add_init_script(WATCH)
        complaints, elsewhere = listen(page), []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        here = (address.split("?")[0], "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(here) else elsewhere.append(request.url))
        page.goto(address.split("?")[0])
        assert page.url.startswith(f"{here[0]}login")
        page.goto(address, wait_until="commit", timeout=PATIENT)
        page.wait_for_selector(".fer-view .fer-row", timeout=PATIENT)
        assert darkness(page) == (theme == "dark",) * 2
        watch_the_panel(page, f"page-{theme}")
        assert barriers(page) == []
        assert elsewhere == []
        assert complaints == []


def darkness(page) -> tuple[bool, bool]:
    """Return whether a page's ground is dark, and whether its heading is bright."""
    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
    )
    ground, ink = (np.mean([float(part) for part in re.findall(r"[\d.]+", colour)[:3]]) for colour in colours)
    return ground < 60, ink > 180


def test_a_page_that_was_closed_leaves_no_kernel_and_one_that_is_open_keeps_its_own(driver):  # noqa: F811
    with served_live(pid=True) as (address, server), chromium(driver) as browser:  # noqa: F811
        pages = [browser.new_page() for _ in range(2)]
        for page in pages:
            page.goto(address, wait_until="commit", timeout=PATIENT)
            page.wait_for_selector("text=camera on", timeout=PATIENT)
        assert len(kernels(server)) == 2
        pages[0].close()
        end = time.monotonic() + 3 * page_module.ENDS_AFTER
        while len(kernels(server)) > 1 and time.monotonic() < end:
            time.sleep(1)
        assert len(kernels(server)) == 1
        time.sleep(page_module.ENDS_AFTER)  # nobody touches the page that is left, and it is not taken away
        assert len(kernels(server)) == 1
        assert pages[1].is_visible("text=camera on")


def kernels(server: int) -> list[int]:
    """Return the processes of a server's kernels."""
    children = psutil.Process(server).children(recursive=True)
    return [child.pid for child in children if "ipykernel" in " ".join(child.cmdline())]
