"""Execute somebody else's notebook safely: in bubblewrap, without a network, with limits, and watched.

The kernel sees Python, this package and the drawn faces, all read-only; an empty home folder that is removed afterwards; and one
folder with the sockets that control it. It sees no gradebook, no other submission and no solution. It can still spoil its own
notebook: checks run in the same process as the learner's code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fer_course
from fer_course._shared.cache_folder import cache_folder
from fer_course._shared.executors import THREADS
from fer_course._shared.process_tree import ProcessWatch, family

HOME = "/home/learner"
#: What every program on Linux needs to start; never all of /etc, which holds passwords and keys.
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/mime.types",
)  # fmt: skip
#: Environment variables that the sandbox gets; it gets no others.
KEPT = ("LANG", "LC_ALL", "KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS")
_SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Attributes:
        seconds: time for the whole notebook, by the clock; and processor time of each process.
        cell_seconds: time for one cell; then it is interrupted, and the next one runs.
        memory: bytes of resident memory of all processes together.
        processes: number of processes at the same time.
        disk: bytes in all files, and in each of them.
        output: bytes of outputs that are kept; further outputs are dropped.

    """

    seconds: int = 1800
    cell_seconds: int = 120
    memory: int = 3_000_000_000
    processes: int = 64
    disk: int = 200_000_000
    output: int = 5_000_000


@cache
def missing() -> str:
    """Return why notebooks can't be sandboxed on this machine; empty if they can."""
    if sys.platform != "linux":
        return f"bubblewrap exists for Linux only, this is {sys.platform}"
    for program in ("bwrap", "prlimit"):
        if not shutil.which(program):
            return f"{program} is not installed (Debian and Ubuntu: apt install bubblewrap util-linux)"
    tried = subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True)
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""


def wrap(command: list[str], folder: Path, limits: Limits) -> list[str]:
    """Return a command that runs another command in the sandbox.

    Args:
        command: program and arguments, by absolute path.
        folder: the only folder of this machine that it may write to.
        limits: the limits. Linux itself enforces some of them, `Watch` the others.

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
        # One thread, because there are as many notebooks at a time as processors.
        **dict.fromkeys(THREADS, "1"),
    }
    return {**kept, **own}


class Watch(ProcessWatch):
    """While its block runs, kill a process and all that it started if they break a limit.

    Attributes:
        reason: the limit that was broken, in words; empty if none was.

    """

    def __init__(self, pid: int, folder: Path, limits: Limits):
        super().__init__(_SAMPLE_SECONDS)
        self.pid, self.folder, self.limits = pid, folder, limits
        self.reason = ""
        self._end = time.monotonic() + limits.seconds

    def look(self) -> bool:
        """Kill the processes if they break a limit."""
        import psutil

        try:
            self.reason = self._broken_limit(psutil.Process(self.pid))
        except psutil.NoSuchProcess:
            return False
        if self.reason:
            kill(self.pid)
        return not self.reason

    def _broken_limit(self, process) -> str:
        import psutil

        processes = family(process)
        resident = 0
        for each in processes:
            try:
                resident += each.memory_info().rss
            except psutil.Error:
                continue
        if len(processes) > self.limits.processes:
            return f"it started more than {self.limits.processes} processes"
        if resident > self.limits.memory:
            return f"it took more than {self.limits.memory / 1e9:.1f} GB of memory"
        if time.monotonic() > self._end:
            return f"it ran longer than {self.limits.seconds} seconds"
        if _size(self.folder) > self.limits.disk:
            return f"it wrote more than {self.limits.disk / 1e6:.0f} MB"
        return ""


def _size(folder: Path) -> int:
    """Return the bytes in a folder. A file that vanishes meanwhile counts nothing, and must not end the watch."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def kill(pid: int) -> None:
    """Kill a process and everything that it started; in the sandbox all processes end with the first one."""
    import psutil

    try:
        processes = family(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return
    for each in processes:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue


@contextmanager
def socket_folder() -> Iterator[Path]:
    """Yield an empty folder for sockets, with a short path (a socket's path may have 107 bytes); in the end remove it."""
    folder = Path(tempfile.mkdtemp(prefix="fer-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
