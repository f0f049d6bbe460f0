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

from fer_course.executors import THREADS

PATIENCE = 120.0


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Start a scheduler and workers with one thread each; yield the scheduler's address and the workers."""
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    scheduler = subprocess.Popen([*command, "--no-dashboard", "--scheduler-file", str(file)], **quiet)
    started = []
    try:
        waited_for(file.is_file, "the scheduler")
        address = json.loads(file.read_text())["address"]
        command = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
        ]
        variables = {**os.environ, **dict.fromkeys(THREADS, "1")}
        started = [subprocess.Popen(command, env=variables, **quiet) for _ in range(workers)]
        yield address, started
    finally:
        for process in (*started, scheduler):
            process.kill()
            process.wait()


def waited_for(condition, what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as a condition holds; fail if it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def orphans() -> list[int]:
    """Return the kernels on this machine whose starter is gone."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid", "ppid", "cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if "ipykernel_launcher" in words and process.info["ppid"] == 1:
            found.append(process.info["pid"])
    return found
