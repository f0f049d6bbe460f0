"""A Dask scheduler and workers as processes of their own, on the loopback address, for tests that kill some of them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 120.0


@contextlib.contextmanager
def cluster(folder: Path, *options: str, workers: int = 2) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Start a scheduler and workers; yield the scheduler's address and the workers, which the last block ends.

    Args:
        folder: where the scheduler writes its address, and what workers begin in.
        options: of the workers; none: one thread, and no nanny, so that the process itself can be killed.
        workers: how many.

    """
    with scheduler_in(folder) as (address, _):
        started = [worker(address, folder, *options) for _ in range(workers)]
        try:
            yield address, started
        finally:
            for process in started:
                end(process)


@contextlib.contextmanager
def scheduler_in(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """Start a scheduler alone; yield its address and its process."""
    file = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    command += [*(options or ["--no-dashboard"]), "--scheduler-file", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        waited_for(lambda: file.is_file() and file.read_text().strip().endswith("}"), "the scheduler")
        yield json.loads(file.read_text())["address"], process
    finally:
        end(process)


def worker(address: str, folder: Path, *options: str, before: tuple[str, ...] = (), env=None) -> subprocess.Popen:
    """Start a worker; `before` are words before its command."""
    options = options or ("--nthreads", "1", "--no-nanny")
    command = [*before, sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard", *options]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env={**os.environ, **(env or {})}
    )


def end(process: subprocess.Popen) -> None:
    """Kill a process and what it has started."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    process.kill()
    process.wait()


def waited_for(condition, what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as a condition holds; fail if it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def sandboxed_kernels() -> set[int]:
    """Return the kernels on this machine that run in a sandbox: in another process namespace than this test."""
    import psutil

    ours, found = os.readlink("/proc/self/ns/pid"), set()
    for process in psutil.process_iter(["cmdline"]):
        if "ipykernel_launcher" in " ".join(process.info["cmdline"] or []):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{process.pid}/ns/pid") != ours:
                    found.add(process.pid)
    return found


def working_in(folder: Path) -> set[int]:
    """Return the processes whose working directory is a folder, or lies in it."""
    import psutil

    return {
        process.pid
        for process in psutil.process_iter(["cwd"])
        if Path(process.info["cwd"] or "/").is_relative_to(folder)
    }
