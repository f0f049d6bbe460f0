"""The camera panel as a page of its own, `fer-course live`: Voilà serves it, on this machine only, behind a token.

Needs the extra `lab`.
"""

from __future__ import annotations

import html
import logging
import os
import secrets
import socket
import sys
import tempfile
import webbrowser
from pathlib import Path

import nbformat

from fer_course._shared import extras
from fer_course.errors import FerCourseError, RunError

ADDRESS = "127.0.0.1"
#: The extensions of JupyterLab that the page needs. Other installed extensions may not work in Voilà.
EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager7",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]
#: Seconds after which a kernel ends when its last page is closed, or the browser is gone. It takes 0.9 GB of memory.
ENDS_AFTER = 60
#: The servers with which the browser lets the page communicate: only this one.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; form-action 'self'; "
    "frame-ancestors 'none'"
)


def serve(run: str = "pretrained", port: int | None = None, open_browser: bool = True) -> None:
    """Serve the camera panel on 127.0.0.1 until Ctrl-C; print the address, which holds the token.

    Args:
        run: the folder that `train` wrote, or the word pretrained: the mini-Xception that comes with the course.
        port: where to listen; None: any port that is free.
        open_browser: open the page in a browser, too.

    Raises:
        FerCourseError: if Voilà is not installed, or the port is taken or out of range.
        RunError: if there is no such run, or no epoch of it has ended.

    """
    run = check_run(run)
    voila = _voila()
    port = free_port(port)
    with tempfile.TemporaryDirectory(prefix="fer-course-live-") as folder:
        file = Path(folder) / "live.ipynb"
        nbformat.write(notebook(run), file)
        os.environ["IPYTHONDIR"] = str(Path(folder) / "ipython")  # the page's kernels execute no start-up files
        voila(str(file), port, secrets.token_urlsafe(24), open_browser).start()


def open_privately(address: str, folder: Path) -> None:
    """Open an address in the browser through a file that only this user can read.

    All users of a machine see the arguments of every process: an address with a token must not be one of the browser's.
    """
    file = folder / "open.html"
    target = html.escape(address)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as page:
        page.write(
            f'<!DOCTYPE html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Live</title>'
            f'<meta http-equiv="refresh" content="0; url={target}"><a href="{target}">Open the panel</a>\n'
        )
    webbrowser.open(file.as_uri())


def check_run(run: str) -> str:
    """Return "pretrained", or the absolute path of a run that has a model.

    Raises:
        RunError: if there is no such run, or no epoch of it has ended.

    """
    folder = Path(run)
    if run == "pretrained" and not folder.exists():
        return run
    # Checked without Keras, which only the page's own process needs to load.
    missing = [name for name in ("recipe.yaml", "model.keras") if not (folder / name).is_file()]
    if missing:
        raise RunError(
            f"{run} is not a run with a model: it has no {missing[0]}. Give the folder that `train` wrote, "
            "or the word pretrained."
        )
    return str(folder.resolve())


def free_port(port: int | None) -> int:
    """Return the port if it can be listened on, or any that can if it is None.

    Raises:
        FerCourseError: if it is taken, not allowed, or out of range.

    """
    if port is not None and not 1 <= port <= 65535:
        raise FerCourseError(f"A port is a number from 1 to 65535; found {port}.")
    with socket.socket() as here:
        if sys.platform != "win32":  # a port that was just left counts as free
            here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            here.bind((ADDRESS, port or 0))
        except OSError as error:
            raise FerCourseError(
                f"Port {port} can't be used ({error.strerror}). Give another one, or none: then a free one is taken."
            ) from None
        return here.getsockname()[1]


def notebook(run: str) -> nbformat.NotebookNode:
    """Return the notebook that Voilà renders: one cell, whose source is hidden."""
    source = f"from fer_course.widgets import page\n\npage.panel({run!r})"
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "title": "Live"},
    )


def panel(run: str):
    """Return the camera panel of a run, or of "pretrained"; a sentence in its place if its model can't be loaded."""
    import ipywidgets

    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course.runs import Run
    from fer_course.widgets import camera_panel
    from fer_course.widgets.core import alert

    heading = ipywidgets.HTML("<h1>What a small network sees</h1>")
    try:
        rest = camera_panel(None if run == "pretrained" else Run(Path(run)))
    except FerCourseError as error:
        rest = ipywidgets.HTML(alert(str(error)))
    return ipywidgets.VBox([heading, rest])


def _voila():
    """Return a function that makes Voilà's server: of a notebook, on a port, with a token."""
    try:
        import zmq
        from traitlets.config import Config
        from voila.app import Voila
    except ImportError:
        raise FerCourseError(f"The page needs Voilà, which is in the extra `lab`. {extras.advice('lab')}") from None

    class Page(Voila):
        opens_browser = True
        private_folder = Path()

        def launch_browser(self):  # called once it listens
            address = f"http://{ADDRESS}:{self.port}/?token={self.token}"
            print(f"The panel is at {address}\nOnly this machine can reach it. Ctrl-C ends it.", flush=True)
            if self.opens_browser:
                open_privately(address, self.private_folder)

    def make(file: str, port: int, token: str, open_browser: bool) -> Page:
        os.environ["JUPYTER_PATH"] = os.pathsep.join(
            [str(Path(__file__).parent / "share"), *filter(None, [os.environ.get("JUPYTER_PATH")])]
        )
        # No traceback for a request without the token.
        logging.getLogger("tornado").setLevel(logging.CRITICAL)
        # Nobody's settings file may open the page to others.
        page = Page(config_file_paths=[], log_level=logging.ERROR)
        page.opens_browser, page.private_folder = open_browser, Path(file).parent
        settings = {
            "ip": ADDRESS, "port": port, "port_retries": 0, "token": token, "open_browser": True,
            "tornado_settings": {"headers": {"Content-Security-Policy": POLICY}},
        }  # fmt: skip
        rendering = {"template": "fer_course", "strip_sources": True, "extension_allowlist": EXTENSIONS}
        # Nobody may read frames on their way to the kernel, not even other users of this machine.
        kernels = {"transport_encryption": "auto"} if zmq.has("curve") else {}
        ending = {"cull_idle_timeout": ENDS_AFTER, "cull_interval": ENDS_AFTER // 6, "cull_connected": False}
        page.update_config(
            Config(Voila=settings, VoilaConfiguration=rendering, KernelManager=kernels, MappingKernelManager=ending)
        )
        page.initialize([file])
        return page

    return make
