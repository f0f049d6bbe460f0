"""Execute somebody else's notebook safely: in bubblewrap, without a network, with limits, and watched.

The notebook sees Python, this package and the drawn faces, all read-only, and an empty home folder in memory. It has no network,
no environment variables of this user, no rights, and no way to another file, socket or key of this machine: the kernel and what
controls it are in the sandbox together. What it does to its own checks counts nothing: see `examination`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fer_course
from fer_course._shared.executors import THREADS
from fer_course._shared.process_tree import ProcessWatch, family
from fer_course._shared.settings import kernel_environment
from fer_course.classroom import system_calls

HOME = "/home/learner"
#: Where the sandbox has the drawn faces.
CACHE = "/cache"
#: What it may write to: each is a file system of its own, in memory, with a limit.
WRITABLE = ("/tmp", "/dev/shm", HOME)
#: Lists of this user's keys, which are in no namespace.
HIDDEN = ("/proc/keys", "/proc/key-users")
#: Where programs are looked for.
PATH = "/usr/bin:/bin"
#: What every program on Linux needs to start; never all of /etc, which holds passwords and keys.
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/mime.types",
)  # fmt: skip
#: Environment variables that the sandbox gets; it gets no others.
KEPT = ("LANG", "LC_ALL", "KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS")
#: Seconds between two looks at a sandbox; when half of its memory is used, and when it is idle.
_SOON, _SAMPLE_SECONDS = 0.02, 0.1
#: The most files, sockets and pipes that a process may have open.
_DESCRIPTORS = 1024
#: How many threads there may be for each process of the limit.
_THREADS = 8
#: By so much a socket may hold more than it may: the last thing that was sent.
_ONE_MESSAGE = 40_000
_OWN = {
    "FER_COURSE_DATA": "drawn",
    "NBGRADER_EXECUTION": "autograde",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # One thread, because there are as many notebooks at a time as processors.
    **dict.fromkeys(THREADS, "1"),
}


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Attributes:
        seconds: time for the whole notebook, by the clock; and processor time of each process.
        cell_seconds: time for one cell; then it is interrupted, and the next one runs.
        memory: bytes of resident memory of all processes together.
        processes: number of processes at the same time.
        disk: bytes in all files, and in each of them.
        files: number of files and folders.
        output: bytes of outputs that are kept; further outputs are dropped.

    """

    seconds: int = 1800
    cell_seconds: int = 120
    memory: int = 3_000_000_000
    processes: int = 64
    disk: int = 200_000_000
    files: int = 20_000
    output: int = 5_000_000


@contextmanager
def started(command: list[str], limits: Limits, unsafe: bool = False) -> Iterator[tuple[subprocess.Popen, Path]]:
    """Start a command in the sandbox, with pipes to it; yield the process and the folder that it runs in, and kill it in the end.

    Args:
        command: program and arguments, by absolute path.
        limits: the limits. `Watch` is left to the caller.
        unsafe: without the sandbox, with all rights of this user.

    """
    with tempfile.TemporaryDirectory(prefix="fer-") as place:
        with nullcontext(0) if unsafe else system_calls.rules() as rules:
            process = subprocess.Popen(
                command if unsafe else wrap(command, limits, rules),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=() if unsafe else (rules,),
                cwd=place, env=unsafe_environment(place) if unsafe else {"PATH": PATH}, start_new_session=True,
            )  # fmt: skip
        try:
            yield process, Path(place)
        finally:
            kill(process.pid)
            process.wait()


def limits_of(config) -> Limits:
    """Return the limits for a class, by its configuration: the default ones, with its own time for a cell."""
    return Limits(cell_seconds=config.Execute.timeout) if "timeout" in config.Execute else Limits()


@cache
def missing() -> str:
    """Return why notebooks can't be sandboxed on this machine; empty if they can."""
    if sys.platform != "linux":
        return f"bubblewrap exists for Linux only, this is {sys.platform}"
    for program in ("bwrap", "prlimit"):
        if not shutil.which(program):
            return f"{program} is not installed (Debian and Ubuntu: apt install bubblewrap util-linux)"
    if reason := system_calls.unknown_machine():
        return reason
    with system_calls.rules() as rules:
        command = [*_bubblewrap(), "--seccomp", f"{rules}", "--ro-bind", "/", "/", "true"]
        tried = subprocess.run(command, capture_output=True, text=True, pass_fds=(rules,))
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""


@cache
def _bubblewrap() -> list[str]:
    """Return the beginning of the command: everything of its own, no rights, and no further sandboxes in it."""
    options = [
        "--unshare-user",
        "--unshare-all",
        "--cap-drop",
        "ALL",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--hostname",
        "sandbox",
    ]
    helped = subprocess.run(["bwrap", "--help"], capture_output=True, text=True)
    return ["bwrap", *options, *(["--disable-userns"] if "--disable-userns" in helped.stdout else [])]


def wrap(command: list[str], limits: Limits, rules: int) -> list[str]:
    """Return a command that runs another command in the sandbox. Give it an empty environment.

    Args:
        command: program and arguments, by absolute path.
        limits: the limits. Linux itself enforces some of them, `Watch` the others.
        rules: the descriptor of `system_calls.rules`.

    """
    faces = drawn_file()
    readable = [*SYSTEM, sys.base_prefix, sys.prefix, str(Path(fer_course.__file__).parent)]
    binds = [part for path in readable for part in ("--ro-bind-try", path, path)]
    # Of the cache only the drawn faces: the rest may be FER2013, or somebody's pictures.
    binds += ["--dir", CACHE, *(["--ro-bind", str(faces), f"{CACHE}/{faces.name}"] if faces else [])]
    variables = [part for pair in _environment().items() for part in ("--setenv", *pair)]
    writable = [part for path in WRITABLE for part in ("--size", str(limits.disk), "--tmpfs", path)]
    hidden = [part for path in HIDDEN if Path(path).exists() for part in ("--ro-bind", os.devnull, path)]
    return [
        *_memory_group(limits),
        "prlimit", f"--cpu={limits.seconds}", f"--fsize={limits.disk}", f"--data={_data(limits)}", "--core=0",
        f"--nofile={_descriptors()}", *_bubblewrap(), "--seccomp", f"{rules}",
        # Memory that is mapped from /dev/zero is nobody's. In /proc root could set what all of the machine uses.
        "--proc", "/proc", "--dev", "/dev", "--dev-bind", os.devnull, "/dev/zero", *hidden, *writable, *binds,
        "--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/", *variables, "--chdir", HOME, "--", *command,
    ]  # fmt: skip


def _descriptors() -> int:
    """Return how many files each process may have open: as many as most systems allow, but a process could raise."""
    import resource

    return min(_DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def _data(limits: Limits) -> int:
    """Return the most bytes of its own that one process may ask for: Linux sees to that also when nobody looks.

    It counts the stacks of threads, of which libraries start two for each processor, with 8 MB each.
    """
    return 6 * limits.memory // 5 + (os.cpu_count() or 1) * 2 * 8 * 2**20


def drawn_file() -> Path | None:
    """Return the file of the drawn faces in this user's cache; None if they were never drawn here."""
    from fer_course.data import drawn_cache

    path = drawn_cache()
    return path if path.is_file() else None


@cache
def _has_memory_groups() -> bool:
    """Return whether systemd can start a command in a group with a limit of memory for this user."""
    if not shutil.which("systemd-run"):
        return False
    with system_calls.rules() as rules:  # which it has to hand on
        command = [*_SCOPE, "-p", "MemoryMax=1G", "test", "-e", f"/proc/self/fd/{rules}"]
        return subprocess.run(command, capture_output=True, pass_fds=(rules,)).returncode == 0


def memory_note() -> str:
    """Return a sentence for the teacher where the kernel can't limit a sandbox's memory; "" where it can."""
    if _has_memory_groups():
        return ""
    return (
        "systemd can't limit memory here: the memory of each notebook is watched instead, ten times a second or more."
    )


_SCOPE = ["systemd-run", "--user", "--scope", "--quiet", "--collect"]


def _memory_group(limits: Limits) -> list[str]:
    """Return the beginning of a command whose memory the kernel itself limits; empty where that can't be: then `Watch` does."""
    if not _has_memory_groups():
        return []
    own = [
        f"{name}={os.environ[name]}" for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS") if name in os.environ
    ]
    most = (f"MemoryMax={limits.memory}", "MemorySwapMax=0", f"TasksMax={_THREADS * limits.processes}")
    limit = [part for each in most for part in ("-p", each)]
    return ["env", "-i", f"PATH={PATH}", *own, *_SCOPE, *limit, "env", "-i", f"PATH={PATH}"]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": HOME, "PATH": f"{sys.prefix}/bin:{PATH}", "FER_COURSE_CACHE": CACHE, **_OWN}


def unsafe_environment(place: str) -> dict[str, str]:
    """Return the environment for a notebook that is executed without the sandbox, in a folder of its own."""
    return {**kernel_environment(f"{place}/.ipython"), **_OWN}


class Watch(ProcessWatch):
    """While its block runs, kill a process and all that it started if they break a limit, or if they can't be watched.

    Attributes:
        reason: the limit that was broken, in words; empty if none was.

    """

    def __init__(self, pid: int, folder: Path, limits: Limits):
        super().__init__(_SAMPLE_SECONDS)
        self._memory = 0
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
        except Exception as error:  # whatever it is: a notebook that is not watched has no limits
            self.reason = f"its limits could not be watched ({type(error).__name__}: {error})"
        if self.reason:
            kill(self.pid)
        self._seconds = _SOON if self._memory > self.limits.memory / 2 else _SAMPLE_SECONDS
        return not self.reason

    def _broken_limit(self, process) -> str:
        import psutil

        processes = family(process)
        memory = threads = most = 0
        for each in processes:
            with suppress(psutil.Error):  # it has ended meanwhile
                memory += each.memory_info().rss
                threads += each.num_threads()
            beside, highest = _kept_by_kernel(each.pid)
            memory += beside
            most = max(most, highest)
        memory += _in_sockets(processes)
        size, files = _written(processes, self.folder)
        self._memory = memory + size
        if len(processes) > self.limits.processes:
            return f"it started more than {self.limits.processes} processes"
        if threads > _THREADS * self.limits.processes:
            return f"it started more than {_THREADS * self.limits.processes} threads"
        if max(memory + size, most) > self.limits.memory:
            return f"it took more than {self.limits.memory / 1e9:.1f} GB of memory"
        if time.monotonic() > self._end:
            return f"it ran longer than {self.limits.seconds} seconds"
        if size > self.limits.disk:
            return f"it wrote more than {self.limits.disk / 1e6:.0f} MB"
        if files > self.limits.files:
            return f"it made more than {self.limits.files:,} files"
        return ""


def _kept_by_kernel(pid: int) -> tuple[int, int]:
    """Return the bytes that a process has beside its resident memory, and the most memory that it ever had, also between looks.

    The former are the tables of where its memory is, gigabytes of which there may be for memory that is empty, and what was
    swapped out.
    """
    found = {"VmPTE": 0, "VmSwap": 0, "VmHWM": 0}
    with suppress(OSError, ValueError):  # it has ended meanwhile, or this is no Linux
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = 1024 * int(value.split()[0])
    return found["VmPTE"] + found["VmSwap"], found["VmHWM"]


def _in_sockets(processes: list) -> int:
    """Return the most bytes that the sockets of a sandbox may hold, which are in no process' memory; 0 without a sandbox."""
    for each in reversed(processes):
        with suppress(OSError):
            if os.stat(f"/proc/{each.pid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino:
                lines = Path(f"/proc/{each.pid}/net/unix").read_bytes().count(b"\n")
                return lines * (int(Path("/proc/sys/net/core/wmem_default").read_text(encoding="utf-8")) + _ONE_MESSAGE)
    return 0


def _written(processes: list, folder: Path) -> tuple[int, int]:
    """Return bytes and number of files on what the sandbox may write to, or, without a sandbox, in the folder that it runs in."""
    for each in reversed(processes):
        size = files = 0
        try:
            for path in WRITABLE:
                found = os.statvfs(f"/proc/{each.pid}/root{path}")
                size += (found.f_blocks - found.f_bfree) * found.f_frsize
                files += found.f_files - found.f_ffree
            own = Path(f"/proc/{each.pid}/root{HOME}").is_dir()
        except OSError:  # it has ended meanwhile, or has no such folders
            continue
        if own:
            return size, files
    return _size(folder)


def _size(folder: Path) -> tuple[int, int]:
    """Return bytes and number of files in a folder. A file that vanishes meanwhile counts nothing, and must not end the watch."""
    total = count = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            count += 1
            with suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total, count


def kill(pid: int) -> None:
    """Kill a process and everything that it started; in the sandbox all processes end with the first one."""
    import psutil

    try:
        first = psutil.Process(pid)
        first.suspend()  # so that it starts nothing between the look at what it has started and its end, which would stay
        processes = family(first)
    except psutil.NoSuchProcess:
        return
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.kill()
