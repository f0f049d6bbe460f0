"""`fer-course doctor`: examine this machine, and report what will keep the course from working, and what to do about it.

Every examination is a function that returns a `Finding`. It imports as little as it can, so that it works on a broken machine.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fer_course._shared import causes, extras, machine, settings

GOOD, WARNING, TROUBLE = "✔", "!", "✘"
#: Bytes of memory that a lesson's kernel may take; bytes that the cache and the results need on the disk.
MEMORY, DISK = 2_000_000_000, 500_000_000


@dataclass(frozen=True)
class Finding:
    """What one examination found.

    Attributes:
        name: what was examined.
        state: `GOOD`; `WARNING`: the course works, but not as well as it could; `TROUBLE`: something will not work.
        found: what was found.
        advice: what to do; empty if all is good.

    """

    name: str
    state: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.state} {self.name}: {self.found}" + (f"\n    → {self.advice}" if self.advice else "")


class Result(NamedTuple):
    """A finding without its name: state, what was found, and advice."""

    state: str
    found: str
    advice: str = ""


def good(found: str) -> Result:
    """Return the result of an examination that found no problem."""
    return Result(GOOD, found)


def warning(found: str, advice: str) -> Result:
    """Return the result of an examination after which the course works, but not as well as it could."""
    return Result(WARNING, found, advice)


def trouble(found: str, advice: str) -> Result:
    """Return the result of an examination after which something will not work."""
    return Result(TROUBLE, found, advice)


def _examination(name: str) -> Callable[[Callable[[], Result]], Callable[[], Finding]]:
    """Make a function that returns a `Result` into one that returns a `Finding` with this name."""

    def decorate(examine: Callable[[], Result]) -> Callable[[], Finding]:
        @functools.wraps(examine)
        def named() -> Finding:
            return Finding(name, *examine())

        return named

    return decorate


def examine() -> list[Finding]:
    """Return the findings of all examinations; an examination that fails itself gives a warning."""
    return list(findings())


def findings() -> Iterator[Finding]:
    """Yield the finding of each examination as soon as it has ended."""
    return map(_safely, EXAMINATIONS)


def _safely(examination: Callable[[], Finding]) -> Finding:
    name = examination.__name__.strip("_").replace("_", " ")
    try:
        return examination()
    except (Exception, SystemExit) as error:  # SystemExit: raised by a script that hides a module
        found = f"could not be examined ({type(error).__name__}: {error})"
        text = "".join(traceback.format_exception(error))
        return Finding(name, *warning(found, causes.advice(text) or _request_report(text)))


def _request_report(text: str) -> str:
    """Return the advice if no cause is known: to report the last lines of the text."""
    return "\n      ".join(["Please report this, with these lines:", *text.strip().splitlines()[-5:]])


@_examination("Python")
def python() -> Result:
    """Check Python's version."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    known = extras.pythons()
    if known and "{}.{}".format(*sys.version_info) not in known:
        words = f"{', '.join(known[:-1])} or {known[-1]}"
        again = extras.again()
        return trouble(found, f"The course needs Python {words}, like TensorFlow. {again}.")
    if platform.system() == "Darwin" and platform.machine() == "x86_64":
        return trouble(
            found,
            "TensorFlow has no current wheels for Macs with Intel processors: use Colab or Binder.",
        )
    return good(found)


@_examination("packages")
def packages() -> Result:
    """Compare what is installed with the lower bounds of this package's extras `tensorflow` and `lab`."""
    from packaging.requirements import Requirement

    wrong = []
    for text in importlib.metadata.requires("fer_course") or []:
        requirement = Requirement(text)
        if any(_asked_for(requirement, extra) for extra in ("", "lab")):
            try:
                version = importlib.metadata.version(requirement.name)
            except importlib.metadata.PackageNotFoundError:
                wrong.append(f"{requirement.name} is missing")
                continue
            if not requirement.specifier.contains(version, prereleases=True):
                wrong.append(f"{requirement.name} {version} (needs {requirement.specifier})")
    if several := _several_tensorflows():
        found = f"{' and '.join(several)} are installed into one folder"
        names = " ".join(each.split()[0] for each in several)
        return trouble(found, f"Uninstall them all ({names}), then {extras.advice()}.")
    if wrong:
        return trouble(
            "; ".join(wrong),
            f"{extras.advice()}.",
        )
    return good("all that lessons need is there")


def _several_tensorflows() -> list[str]:
    """Return names and versions of the distributions that contain the module tensorflow, if there are several versions."""
    names = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tensorflow-macos", "tf-nightly")
    found = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return [f"{name} {version}" for name, version in found.items()] if len(set(found.values())) > 1 else []


def _asked_for(requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


#: Does what lessons do, in miniature, and prints which Keras it got. With -c, Python looks for modules in this folder first, as
#: in a notebook.
_LOAD = "from fer_course.course import small_lesson; small_lesson.main()"
#: Seconds that this may take; on a slow network disk the first time takes minutes.
_LOADING = 300


@_examination("Keras")
def backend() -> Result:
    """Load and use Keras in a separate process: a TensorFlow that does not fit the processor ends the whole process."""
    command = [sys.executable, "-c", _LOAD]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=_LOADING)
    except subprocess.TimeoutExpired:
        found = f"it was not ready after {_LOADING} seconds"
        advice = causes.limit_advice() or "Try again. If that does not help, put the environment on a local disk."
        return trouble(found, advice)
    if done.returncode:
        return _keras_trouble(done.returncode, done.stderr)
    version, name, path = done.stdout.strip().splitlines()[-1].split(maxsplit=2)
    found = f"{version} on {name}"
    if name != "tensorflow":
        advice = "Lessons are written for TensorFlow; unset KERAS_BACKEND unless you want another backend."
        return warning(found, advice)
    for folder, why in causes.foreign_folders():
        if Path(path).is_relative_to(folder) and not folder.is_relative_to(sys.prefix):
            advice = f"If lessons fail: {causes.advice_without(why)}."
            return warning(f"{found} comes from {folder}, which {why}", advice)
    return good(found)


def _keras_trouble(status: int, printed: str) -> Result:
    """Return why Keras can't be loaded, judged by the exit status of its process and by what that printed."""
    advice, line = causes.advice(printed), causes.telling_line(printed)
    ended = causes.cause_of_end(status)
    if ended and not advice:
        return trouble(*ended)
    if ended:
        line = f"{ended[0]}; {line}"
    if "SetupError: " in line:
        line, _, advice = line.partition("SetupError: ")[2].partition(". ")
    return trouble(line, advice or _request_report(printed))


@_examination("memory")
def memory() -> Result:
    """Check how much memory is free, within the limits of a container and of the shell."""
    free = machine.free_memory()
    found = f"{free / 1e9:.1f} GB free"
    if advice := causes.limit_advice():
        return warning(f"{found}, but the shell sets a limit", advice)
    if free < MEMORY:
        return warning(
            found,
            f"Trainings take up to {MEMORY / 1e9:.0f} GB. Close other programs, and shut down kernels of other lessons.",
        )
    return good(found)


@_examination("cores")
def cores() -> Result:
    """Count the cores that this process may use."""
    count = machine.processors()
    if count < 2:
        return warning("1", "Everything works, but trainings take twice as long as the lessons say.")
    return good(str(count))


@_examination("oneDNN")
def onednn() -> Result:
    """Check that TensorFlow's fast routines are not switched off."""
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return warning("TF_ENABLE_ONEDNN_OPTS is 0", "Trainings take two to four times as long. Unset the variable.")
    return good("on")


def _check_folder(folder: Path, advice: str) -> Result:
    """Try to write to a folder, and check how much room it has."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return warning(f"{folder} can't be written ({error.strerror})", advice)
    if free < DISK:
        return warning(
            f"{folder} has {free / 1e6:.0f} MB left",
            f"{DISK / 1e6:.0f} MB should be free. Make room. {advice}",
        )
    return good(f"{folder}, {free / 1e9:.0f} GB free")


@_examination("cache")
def cache() -> Result:
    """Check the folder that keeps faces for the next start."""
    from fer_course._shared.cache_folder import cache_folder

    advice = "Lessons work without it, but start more slowly. Or set FER_COURSE_CACHE to another folder."
    return _check_folder(cache_folder(), advice)


@_examination("temporary folder")
def temporary_folder() -> Result:
    """Check the folder in which lessons write temporary files."""
    return _check_folder(Path(tempfile.gettempdir()), "Set TMPDIR to another folder.")


@_examination("this folder")
def this_folder() -> Result:
    """Check the folder in which `runs/` and `my-lessons/` are made."""
    return _check_folder(Path.cwd(), "Run the course from a folder that you may write to.")


@_examination("faces")
def faces() -> Result:
    """Find the faces that lessons will use."""
    from fer_course import data
    from fer_course.errors import DataError

    chosen = os.environ.get("FER_COURSE_DATA", "").strip()
    try:
        found = data.load(quiet=True)
    except DataError as error:
        where = f"FER_COURSE_DATA is {chosen}" if chosen else "what was found is damaged"
        return trouble(
            f"{where}: {error}",
            "Unset FER_COURSE_DATA for drawn faces, or name a file that holds FER2013.",
        )
    kind = "drawn faces, which come with the course" if found.drawn else f"faces ({found.source})"
    return good(f"{len(found):,} {kind}")


@_examination("Jupyter kernel")
def kernel() -> Result:
    """Check that the kernel that JupyterLab calls python3 is this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        with settings.as_given():  # as JupyterLab finds it
            manager = KernelSpecManager()
            spec = manager.get_kernel_spec("python3")
    except NoSuchKernel:
        return trouble("there is none named python3", "python -m ipykernel install --sys-prefix")
    except (ValueError, TypeError, OSError):  # not JSON, or not the description of a kernel
        return trouble(f"{_kernel_file(manager)} is damaged", "Remove that file.")
    program = (spec.argv or ["nothing"])[0]
    same = Path(program).absolute() == Path(sys.executable).absolute()
    if same or _is_replaced(program) or _prefix(program) == sys.prefix:
        return good("python3 is this environment")
    where = f" ({Path(spec.resource_dir, 'kernel.json')})" if getattr(spec, "resource_dir", "") else ""
    return trouble(
        f"python3 is {program}{where}, this is {sys.executable}",
        "Notebooks would not find the course. Remove that kernel, or choose another one in JupyterLab. If there is none: "
        "python -m ipykernel install --sys-prefix --name fer_course",
    )


def _kernel_file(manager) -> Path:
    """Return the kernel.json that Jupyter uses for python3: the first on its path."""
    files = (Path(folder, "python3", "kernel.json") for folder in manager.kernel_dirs)
    return next((file for file in files if file.is_file()), Path("kernel.json"))


def _is_replaced(program: str) -> bool:
    """Return True if Jupyter starts its own Python when a kernel names this program."""
    major, minor = sys.version_info[:2]
    return program in ("python", f"python{major}", f"python{major}.{minor}")


def _prefix(program: str) -> str:
    """Return the environment of a Python; empty if the program is not a Python, or can't be started."""
    command = [program, "-c", "import sys; print(sys.prefix)"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=60, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


@_examination("names of files")
def hidden_modules() -> Result:
    """Look for files, here and in the folders of PYTHONPATH, that a notebook would import instead of a library."""
    folders = [Path.cwd(), *(folder for folder, _ in causes.foreign_folders() if not causes.has_packages(folder))]
    found = [path for folder in dict.fromkeys(folders) for path in causes.hiding_files(folder)]
    if not found:
        return good("no file here hides a module")
    names = ", ".join(map(str, found[:3])) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    hide, them = ("hides a module", "it") if len(found) == 1 else ("hide modules", "them")
    return warning(f"{names} {hide} of the same name", f"Notebooks beside {them} may fail: rename {them}.")


_SETTINGS_ADVICE = (
    "If a notebook behaves unexpectedly: rename the files, unset the variables, and start JupyterLab again."
)


@_examination("your own settings")
def own_settings() -> Result:
    """Look for the user's own settings: those that the course ignores, and those that notebooks still see."""
    ignored, visible = settings.ignored_settings(), settings.visible_settings()
    found = "; ".join(filter(None, [
        "ignored by the course: " + ", ".join(ignored) if ignored else "",
        "seen by notebooks in JupyterLab: " + ", ".join(visible) if visible else "",
    ]))  # fmt: skip
    if visible:
        return warning(found, _SETTINGS_ADVICE)
    return good(found or "none found")


@_examination("widgets")
def widgets() -> Result:
    """Check that ipywidgets in Python and in JupyterLab are of the same generation."""
    python_side = importlib.metadata.version("ipywidgets").split(".")[0]
    page_side = importlib.metadata.version("jupyterlab-widgets").split(".")[0]
    found = f"ipywidgets {python_side}, jupyterlab-widgets {page_side}"
    if {"7": "1", "8": "3"}.get(python_side) != page_side:
        return warning(
            found,
            f"Sliders will not show. {extras.command('-U ipywidgets jupyterlab-widgets')}, then reload the page.",
        )
    return good(found)


@_examination("loopback network")
def loopback() -> Result:
    """Check that programs on this machine can connect to each other, as kernels do."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5):
            return good("127.0.0.1 answers")
    except OSError as error:
        return trouble(
            f"127.0.0.1: {error.strerror or error}",
            "Kernels can't start. A firewall or a security program may block them.",
        )


@_examination("letters")
def text_encoding() -> Result:
    """Check that file names and output can hold every letter."""
    found = f"files {sys.getfilesystemencoding()}, output {getattr(sys.stdout, 'encoding', None)}"
    names = [sys.getfilesystemencoding(), getattr(sys.stdout, "encoding", None) or "utf-8"]
    if any(not re.fullmatch(r"utf-?8", name, re.IGNORECASE) for name in names):
        return warning(found, "Some characters will look wrong. Set PYTHONUTF8=1.")
    return good(found)


@_examination("sandbox for grading")
def sandbox() -> Result:
    """Check whether a teacher could grade on this machine."""
    from fer_course.classroom.sandbox import memory_note, missing

    if reason := missing():
        return good(f"no: {reason}; only teachers need it")
    note = memory_note()
    return good(f"yes; {note.rstrip('.')}" if note else "yes")


EXAMINATIONS = (
    python, packages, backend, memory, cores, onednn, cache, temporary_folder, this_folder, hidden_modules, own_settings, faces,
    kernel, widgets, loopback, text_encoding, sandbox,
)  # fmt: skip


def as_json(findings: list[Finding]) -> str:
    """Return findings as JSON, in ASCII: no encoding of the output changes them."""
    return json.dumps([finding.__dict__ for finding in findings], indent=2)
