"""The two screenshots of README: a lesson with a hint, and the live page. `python benchmarks/screenshots.py` (needs Chromium).

Everything on them is drawn: no photograph of anybody.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from fer_course.course.kernels import own_kernels

ROOT = Path(__file__).parents[1]
SIZE = {"width": 1280, "height": 720}
#: The exercise that is shown, by its name in the notebook, and a wrong answer to it.
LESSON, EXERCISE = "02-standard-convolutions", "output-size"
WRONG = '''def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Return in how many places a kernel fits along one side."""
    return (size + 2 * padding - kernel) // stride'''


def main() -> int:
    """Write docs/lesson.png and docs/live.png; return the exit status."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("This needs Chromium (on Debian: apt install chromium).", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for shoot, name in ((shoot_lesson, "lesson.png"), (shoot_live_page, "live.png")):
            shoot(browser, ROOT / "docs" / name)
            print(f"Wrote docs/{name}.", flush=True)
    return 0


def shoot_lesson(browser, path: Path) -> None:
    """Photograph an exercise with a wrong answer and its hint in JupyterLab."""
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(hinted(LESSON, EXERCISE), Path(folder) / "lesson.ipynb")
        with jupyter_lab(folder) as address:
            page = browser.new_page(viewport=SIZE)
            page.goto(f"{address}/doc/tree/lesson.ipynb")
            page.wait_for_selector("text=✘", timeout=120_000)
            page.wait_for_timeout(3000)
            # The notebook alone: menus and panels depend on what is installed.
            page.screenshot(path=path, clip={"x": 33, "y": 92, "width": 1214, "height": 290})
            page.close()


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
    command = [sys.executable, "-u", "-m", "fer_course.cli", "live", "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = next(word for line in server.stdout for word in line.split() if word.startswith("http://"))
        page = browser.new_page(viewport=SIZE)
        page.goto(address, timeout=180_000)
        page.wait_for_selector("canvas", timeout=180_000)
        page.wait_for_timeout(8000)
        page.locator("select").first.select_option(label="happy")
        page.locator("input[type=checkbox]").first.check()
        page.wait_for_timeout(4000)
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": 1280, "height": 640})
        page.close()
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def jupyter_lab(folder: str) -> Iterator[str]:
    """Serve a folder in JupyterLab without anybody's settings; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", "--allow-root"]
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR")
    environment = os.environ | {name: str(Path(folder) / f".{name.lower()}") for name in names}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "-m", "jupyter", "lab", *options], cwd=folder, env=environment, **quiet)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=1)
                break
            except OSError:
                time.sleep(0.3)
        yield address
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    sys.exit(main())
