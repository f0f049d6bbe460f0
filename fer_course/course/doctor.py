"""`fer-course doctor`: look at this machine, say what the course will stumble over, and what to do about it.

Every examination is a function that returns a `Finding`; it imports as little as it can, so that what is broken can be said.
"""

from __future__ import annotations

import contextlib
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

from fer_course._shared import causes, extras, settings

GOOD, WARNING, TROUBLE = "✔", "!", "✘"
#: Bytes that a lesson's kernel may take, and that the cache and a run need on the disk.
MEMORY, DISK = 2_000_000_000, 500_000_000


@dataclass(frozen=True)
class Finding:
    """What one examination found.

    Attributes:
        name: what was looked at.
        state: `GOOD`; `WARNING`: the course runs, but not as well as it could; `TROUBLE`: something will not run.
        found: what is there.
        advice: what to do; empty if all is good.

    """

    name: str
    state: str
    found: str
    advice: str = ""

    def __str__(self):
        return f"{self.state} {self.name}: {self.found}" + (f"\n    → {self.advice}" if self.advice else "")


def examine() -> list[Finding]:
    """Return what all examinations found; one that itself breaks down is a finding, too."""
    return list(findings())


def findings() -> Iterator[Finding]:
    """Yield what each examination found, as soon as it has ended."""
    return map(_safely, EXAMINATIONS)


def _safely(examination: Callable[[], Finding]) -> Finding:
    name = examination.__name__.strip("_").replace("_", " ")
    try:
        return examination()
    except (Exception, SystemExit) as error:  # SystemExit: of a script that hides a module
        found = f"could not be looked at ({type(error).__name__}: {error})"
        text = "".join(traceback.format_exception(error))
        return Finding(name, WARNING, found, causes.advice(text) or _report(text))


def _report(text: str) -> str:
    """Return the advice where no cause is known: with the lines that help who reads the report."""
    return "\n      ".join(["Report this, please, with these lines:", *text.strip().splitlines()[-5:]])


def python() -> Finding:
    """Look at Python's version."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    known = extras.pythons()
    if known and "{}.{}".format(*sys.version_info) not in known:
        words = f"{', '.join(known[:-1])} or {known[-1]}"
        again = extras.again()
        return Finding("Python", TROUBLE, found, f"The course is made for Python {words}, as TensorFlow is. {again}.")
    if platform.system() == "Darwin" and platform.machine() == "x86_64":
        return Finding(
            "Python",
            TROUBLE,
            found,
            "TensorFlow has no current wheels for Macs with Intel processors: use Colab or Binder.",
        )
    return Finding("Python", GOOD, found)


def packages() -> Finding:
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
        return Finding("packages", TROUBLE, found, f"Uninstall them all ({names}), then {extras.advice()}.")
    if wrong:
        return Finding(
            "packages",
            TROUBLE,
            "; ".join(wrong),
            f"{extras.advice()}.",
        )
    return Finding("packages", GOOD, "all that lessons need is there")


def _several_tensorflows() -> list[str]:
    """Return names and versions of the distributions that each bring the module tensorflow, if more than one version is there."""
    names = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tensorflow-macos", "tf-nightly")
    found = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return [f"{name} {version}" for name, version in found.items()] if len(set(found.values())) > 1 else []


def _asked_for(requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


#: Does what lessons do, in small, and says which Keras it got. With -c, modules of this folder come first, as for a notebook.
_LOAD = "from fer_course.course import small_lesson; small_lesson.main()"
#: Seconds that it may take; on a slow network disk the first time takes minutes.
_LOADING = 300


def backend() -> Finding:
    """Load Keras and use it in a process of its own: a TensorFlow that does not fit the processor ends the whole process."""
    command = [sys.executable, "-c", _LOAD]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=_LOADING)
    except subprocess.TimeoutExpired:
        found = f"it was not ready after {_LOADING} seconds"
        advice = causes.limited() or "Try again. If it stays so, put the environment on a disk of this machine."
        return Finding("Keras", TROUBLE, found, advice)
    if done.returncode:
        return _keras_trouble(done.returncode, done.stderr)
    version, name, path = done.stdout.strip().splitlines()[-1].split(maxsplit=2)
    found = f"{version} on {name}"
    if name != "tensorflow":
        advice = "Lessons are written for TensorFlow; unset KERAS_BACKEND unless you mean it."
        return Finding("Keras", WARNING, found, advice)
    for place, why in causes.brought_in():
        if Path(path).is_relative_to(place) and not place.is_relative_to(sys.prefix):
            advice = f"If lessons fail: {causes.doing_without(why)}."
            return Finding("Keras", WARNING, f"{found} comes from {place}, which {why}", advice)
    return Finding("Keras", GOOD, found)


def _keras_trouble(status: int, said: str) -> Finding:
    """Name what kept Keras from being loaded: its process' exit status and what it said tell."""
    advice, line = causes.advice(said), causes.telling(said)
    ended = causes.ended_by(status)
    if ended and not advice:
        return Finding("Keras", TROUBLE, *ended)
    if ended:
        line = f"{ended[0]}; {line}"
    if "SetupError: " in line:
        line, _, advice = line.partition("SetupError: ")[2].partition(". ")
    return Finding("Keras", TROUBLE, line, advice or _report(said))


def memory() -> Finding:
    """Look at the memory that is free, within the limits of a container and of the shell."""
    import psutil

    free = min([psutil.virtual_memory().available, *_container_memory()])
    found = f"{free / 1e9:.1f} GB free"
    if advice := causes.limited():
        return Finding("memory", WARNING, f"{found}, but the shell sets a limit", advice)
    if free < MEMORY:
        return Finding(
            "memory",
            WARNING,
            found,
            f"Trainings take up to {MEMORY / 1e9:.0f} GB. Close other programs, and shut down kernels of other lessons.",
        )
    return Finding("memory", GOOD, found)


def _container_memory() -> list[int]:
    """Return what a container's limit leaves, in bytes; [] without one."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            values = [Path("/sys/fs/cgroup", name).read_text().strip() for name in (limit, used)]
            return [int(values[0]) - int(values[1])] if values[0].isdigit() else []
        except OSError:
            continue
    return []


def cores() -> Finding:
    """Count the cores that this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if count < 2:
        return Finding("cores", WARNING, "1", "All of it runs, but trainings take twice as long as the lessons say.")
    return Finding("cores", GOOD, str(count))


def onednn() -> Finding:
    """Look whether TensorFlow's fast routines are switched off."""
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return Finding(
            "oneDNN", WARNING, "TF_ENABLE_ONEDNN_OPTS is 0", "That halves the training speed. Unset the variable."
        )
    return Finding("oneDNN", GOOD, "on")


def _folder(name: str, folder: Path, advice: str) -> Finding:
    """Try to write into a folder, and look how much room it has."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, WARNING, f"{folder} can't be written ({error.strerror})", advice)
    if free < DISK:
        return Finding(
            name,
            WARNING,
            f"{folder} has {free / 1e6:.0f} MB left",
            f"{DISK / 1e6:.0f} MB should be free. Make room. {advice}",
        )
    return Finding(name, GOOD, f"{folder}, {free / 1e9:.0f} GB free")


def cache() -> Finding:
    """Look at the folder that keeps faces for the next start."""
    from fer_course._shared.cache_folder import cache_folder

    return _folder(
        "cache",
        cache_folder(),
        "Lessons go on without it, and start more slowly. Or name another folder: FER_COURSE_CACHE.",
    )


def temporary_folder() -> Finding:
    """Look at the folder in which lessons write what they make."""
    return _folder("temporary folder", Path(tempfile.gettempdir()), "Name another one: set TMPDIR.")


def this_folder() -> Finding:
    """Look at the folder in which `runs/` and `my-lessons/` are made."""
    return _folder("this folder", Path.cwd(), "Run the course from a folder that you may write to.")


def faces() -> Finding:
    """Say which faces lessons will find."""
    from fer_course import data
    from fer_course.errors import DataError

    chosen = os.environ.get("FER_COURSE_DATA", "").strip()
    try:
        found = data.load(quiet=True)
    except DataError as error:
        where = f"FER_COURSE_DATA is {chosen}" if chosen else "what was found is damaged"
        return Finding(
            "faces",
            TROUBLE,
            f"{where}: {error}",
            "Unset FER_COURSE_DATA for drawn faces, or name a file that holds FER2013.",
        )
    kind = "drawn faces, which come with the course" if found.drawn else f"faces ({found.source})"
    return Finding("faces", GOOD, f"{len(found):,} {kind}")


def kernel() -> Finding:
    """Look whether the kernel that JupyterLab calls python3 is this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        with settings.as_given():  # as JupyterLab finds it
            manager = KernelSpecManager()
            spec = manager.get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding(
            "Jupyter kernel", TROUBLE, "there is none named python3", "python -m ipykernel install --sys-prefix"
        )
    except (ValueError, TypeError, OSError):  # what is no JSON, or not a kernel's
        return Finding("Jupyter kernel", TROUBLE, f"{_kernel_file(manager)} is damaged", "Remove that file.")
    program = (spec.argv or ["nothing"])[0]
    if (
        _replaced(program)
        or Path(program).absolute() == Path(sys.executable).absolute()
        or _prefix(program) == sys.prefix
    ):
        return Finding("Jupyter kernel", GOOD, "python3 is this environment")
    where = f" ({Path(spec.resource_dir, 'kernel.json')})" if getattr(spec, "resource_dir", "") else ""
    return Finding(
        "Jupyter kernel",
        TROUBLE,
        f"python3 is {program}{where}, this is {sys.executable}",
        "Notebooks would not find the course. Remove that kernel, or choose another one in JupyterLab. If there is none: "
        "python -m ipykernel install --sys-prefix --name fer_course",
    )


def _kernel_file(manager) -> Path:
    """Return the kernel.json that is taken for python3: the first on Jupyter's path."""
    files = (Path(folder, "python3", "kernel.json") for folder in manager.kernel_dirs)
    return next((file for file in files if file.is_file()), Path("kernel.json"))


def _replaced(program: str) -> bool:
    """Say whether Jupyter starts its own Python where a kernel names this program."""
    major, minor = sys.version_info[:2]
    return program in ("python", f"python{major}", f"python{major}.{minor}")


def _prefix(program: str) -> str:
    """Return the environment of a Python; nothing if the program is none, or can't be started."""
    command = [program, "-c", "import sys; print(sys.prefix)"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=60, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def hidden_modules() -> Finding:
    """Look for files, here and where PYTHONPATH points, that a notebook would import in place of a library."""
    places = [Path.cwd(), *(place for place, _ in causes.brought_in() if not causes.installs(place))]
    found = [path for place in dict.fromkeys(places) for path in causes.hiding(place)]
    if not found:
        return Finding("names of files", GOOD, "no file here hides a module")
    names = ", ".join(map(str, found[:3])) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    several, them = ("hides a module", "it") if len(found) == 1 else ("hide modules", "them")
    advice = f"Notebooks beside {them} may fail: rename {them}."
    return Finding("names of files", WARNING, f"{names} {several} of the same name", advice)


_DOING_WITHOUT = "If a notebook behaves oddly: rename the files, unset the variables, and start JupyterLab again."


def own_settings() -> Finding:
    """Look for the user's own settings: those that the course does without, and those that notebooks still see."""
    unread, seen = settings.unread(), settings.seen()
    found = "; ".join(filter(None, [
        "not read by the course: " + ", ".join(unread) if unread else "",
        "seen by notebooks in JupyterLab: " + ", ".join(seen) if seen else "",
    ]))  # fmt: skip
    if seen:
        return Finding("your own settings", WARNING, found, _DOING_WITHOUT)
    return Finding("your own settings", GOOD, found or "none found")


def widgets() -> Finding:
    """Look whether ipywidgets in Python and in JupyterLab are of one generation."""
    python_side = importlib.metadata.version("ipywidgets").split(".")[0]
    page_side = importlib.metadata.version("jupyterlab-widgets").split(".")[0]
    found = f"ipywidgets {python_side}, jupyterlab-widgets {page_side}"
    if {"7": "1", "8": "3"}.get(python_side) != page_side:
        return Finding(
            "widgets",
            WARNING,
            found,
            f"Sliders will not show. {extras.command('-U ipywidgets jupyterlab-widgets')}, then reload the page.",
        )
    return Finding("widgets", GOOD, found)


def loopback() -> Finding:
    """Look whether programs of this machine can talk to each other: kernels have to."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5):
            return Finding("loopback network", GOOD, "127.0.0.1 answers")
    except OSError as error:
        return Finding(
            "loopback network",
            TROUBLE,
            f"127.0.0.1: {error.strerror or error}",
            "Kernels can't start. A firewall or a security program may forbid it.",
        )


def text_encoding() -> Finding:
    """Look whether file names and output can hold every letter."""
    found = f"files {sys.getfilesystemencoding()}, output {getattr(sys.stdout, 'encoding', None)}"
    names = [sys.getfilesystemencoding(), getattr(sys.stdout, "encoding", None) or "utf-8"]
    if any(not re.fullmatch(r"utf-?8", name, re.IGNORECASE) for name in names):
        return Finding("letters", WARNING, found, "Some signs will look wrong. Set PYTHONUTF8=1.")
    return Finding("letters", GOOD, found)


def sandbox() -> Finding:
    """Look whether a teacher could grade here."""
    from fer_course.classroom.sandbox import missing

    reason = missing()
    return Finding("sandbox for grading", GOOD, f"no: {reason}; only teachers need it" if reason else "yes")


EXAMINATIONS = (
    python, packages, backend, memory, cores, onednn, cache, temporary_folder, this_folder, hidden_modules, own_settings, faces,
    kernel, widgets, loopback, text_encoding, sandbox,
)  # fmt: skip


def as_json(findings: list[Finding]) -> str:
    """Return findings for machines, in ASCII: no encoding of the output changes them."""
    return json.dumps([finding.__dict__ for finding in findings], indent=2)
