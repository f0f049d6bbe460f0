"""Run somebody else's notebook where it can harm nobody: under bubblewrap, without a network, with limits, and watched.

The kernel sees Python, this package and the drawn faces, all read-only; an empty home that is forgotten; and one folder with the
sockets over which it is driven. It sees no gradebook, no other submission and no solution. What it can still do is spoil its own
notebook: checks run beside the learner's code, in one process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fer_course
from fer_course._shared.cache_folder import cache_folder
from fer_course._shared.executors import THREADS

HOME = "/home/learner"
#: What every program on Linux needs to start; never all of /etc, where passwords and keys lie.
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/mime.types",
)  # fmt: skip
#: Variables that are handed on; all others stay outside.
KEPT = ("LANG", "LC_ALL", "KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS")
_SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Attributes:
        seconds: the whole notebook, by the clock; and per process, of processor time.
        cell_seconds: one cell; it is interrupted then, and the next one runs.
        memory: bytes, resident, of all its processes together.
        processes: at the same time.
        disk: bytes in files, and in each of them.
        output: bytes of outputs that are kept; what a notebook prints beyond is dropped.

    """

    seconds: int = 1800
    cell_seconds: int = 120
    memory: int = 3_000_000_000
    processes: int = 64
    disk: int = 200_000_000
    output: int = 5_000_000


@cache
def missing() -> str:
    """Return why notebooks can't be sandboxed here, or nothing."""
    if sys.platform != "linux":
        return f"bubblewrap exists for Linux only, this is {sys.platform}"
    for program in ("bwrap", "prlimit"):
        if not shutil.which(program):
            return f"{program} is not installed (Debian and Ubuntu: apt install bubblewrap util-linux)"
    tried = subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True)
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""


def wrapped(command: list[str], folder: Path, limits: Limits) -> list[str]:
    """Return the command that runs another one in the sandbox.

    Args:
        command: program and arguments, by absolute path.
        folder: the one folder of this machine that it may write.
        limits: those that the kernel of Linux keeps by itself; `watched` keeps the others.

    """
    readable = [*SYSTEM, sys.base_prefix, sys.prefix, str(Path(fer_course.__file__).parent), str(cache_folder())]
    binds = [part for path in readable for part in ("--ro-bind-try", path, path)]
    variables = [part for pair in _environment().items() for part in ("--setenv", *pair)]
    return [
        "prlimit", f"--cpu={limits.seconds}", f"--fsize={limits.disk}", f"--data={4 * limits.memory}", "--core=0",
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
        "--proc", "/proc", "--dev", "/dev", "--size", str(limits.disk), "--tmpfs", "/dev/shm",
        "--size", str(limits.disk), "--tmpfs", "/tmp", "--size", str(limits.disk), "--tmpfs", HOME,
        *binds, "--bind", str(folder), str(folder), *variables, "--chdir", HOME, "--", *command,
    ]  # fmt: skip


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    own = {
        "HOME": HOME,
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "FER_COURSE_DATA": "drawn",
        "FER_COURSE_CACHE": str(cache_folder()),
        "NBGRADER_EXECUTION": "autograde",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # One thread: as many notebooks run side by side as there are processors.
        **dict.fromkeys(THREADS, "1"),
    }
    return {**kept, **own}


class Watch:
    """While its block runs, kill a process and all that it started as soon as they break a limit.

    Attributes:
        reason: what was broken, in words; empty if nothing was.

    """

    def __init__(self, pid: int, folder: Path, limits: Limits):
        self.pid, self.folder, self.limits = pid, folder, limits
        self.reason = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._end = time.monotonic() + self.limits.seconds
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        import psutil

        while not self._done.wait(_SAMPLE_SECONDS):
            try:
                self.reason = self._broken(psutil.Process(self.pid))
            except psutil.NoSuchProcess:
                return
            if self.reason:
                kill(self.pid)
                return

    def _broken(self, process) -> str:
        import psutil

        family = _family(process)
        resident = 0
        for each in family:
            try:
                resident += each.memory_info().rss
            except psutil.Error:
                continue
        if len(family) > self.limits.processes:
            return f"it started more than {self.limits.processes} processes"
        if resident > self.limits.memory:
            return f"it took more than {self.limits.memory / 1e9:.1f} GB of memory"
        if time.monotonic() > self._end:
            return f"it ran longer than {self.limits.seconds} seconds"
        if _size(self.folder) > self.limits.disk:
            return f"it wrote more than {self.limits.disk / 1e6:.0f} MB"
        return ""


def _size(folder: Path) -> int:
    """Return the bytes in a folder; what vanishes while one looks counts nothing, and must not end the watch."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _family(process) -> list:
    """Return a process and all that it started."""
    return [process, *process.children(recursive=True)]


def kill(pid: int) -> None:
    """Kill a process and everything that it started; in the sandbox the end of the first is that of all."""
    import psutil

    try:
        family = _family(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return
    for each in family:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue


@contextmanager
def meeting_place() -> Iterator[Path]:
    """Yield an empty folder for sockets, with a short path (a socket's may have 107 bytes); it is removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="fer-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
