"""What the browser tests share: a JupyterLab on copies of the notebooks, Chromium, Run All, screenshots."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from repository import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: Where to leave the screenshots, for somebody to look at; nowhere if it is empty.
PICTURES = os.environ.get("FER_COURSE_SCREENSHOTS", "")
MINUTES = 6
SETTINGS = "@jupyterlab/apputils-extension"

#: The marks of every module that needs a browser.
BROWSER_TESTS = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (on Debian: apt install chromium)"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on copies of the notebooks; yields its address and folder."""
    folder = tmp_path_factory.mktemp("lab")
    for kind in ("lessons", "solutions"):
        shutil.copytree(ROOT / kind, folder / kind)
    with served_lab(folder) as address:
        yield address, folder


@contextmanager
def served_lab(folder: Path):
    """A JupyterLab on a folder, without anybody's settings; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--IdentityProvider.token=",
        "--allow-root",
        "--expose-app-in-browser",
        "--ServerApp.disable_check_xsrf=True",
    ]
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
        "JUPYTER_DATA_DIR": str(folder / ".data"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings"),
    }
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", *options], cwd=folder, env=environment, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=1)
            break
        except OSError:
            assert server.poll() is None, (folder / "lab.log").read_text()
            time.sleep(0.3)
    yield address
    server.terminate()
    server.wait(120)
    log.close()


@contextmanager
def served_live(pid: bool = False):
    """A `fer-course live`; yields the address that it prints, and if asked for the number of its process."""
    command = [sys.executable, "-m", "fer_course.cli", "live", "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        yield address if pid is False else (address, server.pid)
    finally:
        server.terminate()
        assert server.wait(60) == 0
        server.stdout.close()


@pytest.fixture(scope="module")
def driver():
    """Playwright: one at a time is all that it allows."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (extra dev)")
    with playwright.sync_playwright() as started:
        yield started


@contextmanager
def chromium(driver, *options: str):
    """A Chromium without a window, with options of its own."""
    started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *options])
    yield started
    started.close()


@pytest.fixture(scope="module")
def browser(driver):
    """A Chromium without a window."""
    with chromium(driver) as started:
        yield started


def run_all(browser, lab, notebook: str, theme: str = "JupyterLab Light"):
    """Open a notebook, run all of it, save it, and return it as it is on disk afterwards."""
    address, folder = lab
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = listen(page)
    try:
        open_notebook(page, lab, notebook, theme)
        start_all(page)
        wait_until_done(page)
        page.keyboard.press("Control+s")
        page.wait_for_timeout(2000)
        if PICTURES:
            screenshots(page, Path(PICTURES), notebook)
    finally:  # a lesson that took too long would go on, and slow the next ones down until they take too long
        page.close()
        shut_down_kernels(address)
    return nbformat.read(folder / notebook, as_version=4), complaints


def barriers(page, where: str | None = None) -> list[str]:
    """What axe-core calls a serious or critical barrier: contrast, names for screen readers, keyboard, languages."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python (extra dev)")
    return [
        f"{broken['id']}: {node['html'][:120]} ({(node['any'] or node['all'] or [{'message': ''}])[0]['message'][:200]})"
        for broken in axe.Axe().run(page, where).response["violations"]
        if broken["impact"] in ("serious", "critical")
        for node in broken["nodes"]
    ]


def listen(page) -> list[str]:
    """Return a list to which every error that a page's scripts don't catch is added."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def open_notebook(page, lab, notebook: str, theme: str = "JupyterLab Light") -> None:
    """Open a notebook in JupyterLab and wait for its kernel."""
    address, folder = lab
    set_up(folder / ".settings" / SETTINGS, theme)
    page.goto(f"{address}/lab/tree/{notebook}?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=90_000)
    assert page.get_attribute("body", "data-jp-theme-name") == theme


def shut_down_kernels(address: str) -> None:
    """End the kernels of this notebook: each holds a gigabyte."""
    with urllib.request.urlopen(f"{address}/api/sessions") as answer:
        sessions = json.load(answer)
    for session in sessions:
        urllib.request.urlopen(urllib.request.Request(f"{address}/api/sessions/{session['id']}", method="DELETE"))


def set_up(settings: Path, theme: str) -> None:
    """Choose the theme, and no question about news before the notebook."""
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": theme}))
    (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))


def start_all(page) -> None:
    """Click Run All until the kernel takes it: one that is still starting looks idle, and drops what it is sent."""
    from playwright.sync_api import TimeoutError as NotYet

    for _ in range(10):
        page.wait_for_timeout(2000)
        page.click('text="Run"')
        page.click('[data-command="runmenu:run-all"]')
        try:
            page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="busy"]', timeout=4000)
            return
        except NotYet:
            continue
    raise AssertionError("the kernel did not start")


def wait_until_done(page) -> None:
    """Wait until the kernel has been idle for four seconds: between two cells it is idle for a moment, too."""
    quiet, deadline = 0, time.monotonic() + 60 * MINUTES
    while quiet < 8:
        assert time.monotonic() < deadline, "the notebook did not come to its end"
        page.wait_for_timeout(500)
        idle = page.query_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        quiet = quiet + 1 if idle else 0


def screenshots(page, folder: Path, notebook: str) -> None:
    """Leave a picture of each screenful of the notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    box = page.locator(".jp-WindowedPanel-outer").first
    box.evaluate("element => element.scrollTo(0, 0)")
    height = box.evaluate("element => element.clientHeight")
    for number in range(60):
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{notebook.replace('/', '-').removesuffix('.ipynb')}-{number:02d}.png")
        before = box.evaluate("element => element.scrollTop")
        box.evaluate(f"element => element.scrollBy(0, {height - 60})")
        page.wait_for_timeout(150)
        if box.evaluate("element => element.scrollTop") <= before + 5:
            break


def failures(notebook) -> list[tuple[str, str]]:
    """Return (cell id, error name) of every error output."""
    return [
        (cell.id, output.ename)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    ]


def was_run_to_the_end(notebook) -> bool:
    return all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip())
