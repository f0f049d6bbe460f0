"""Separate processes for what must not share one: each training has its own seeds, threads and memory.

TensorFlow reads its number of threads once, when it is loaded, and a cluster's worker may have loaded it long ago. So each trial
runs in a process that was started for trials, with the number of threads set beforehand.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from concurrent.futures import BrokenExecutor
from multiprocessing import get_context, parent_process

#: Seconds after which an idle process ends, and frees what it has loaded.
IDLE = 600
#: Variables that say how many threads TensorFlow, and the libraries below it, may use.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class Killed(BrokenExecutor):
    """A process was killed, or ended by itself, before its function returned."""


class Processes:
    """A pool of processes that grows with the number of simultaneous calls; each process executes one call after another.

    Args:
        threads: for TensorFlow, in each process; None: as many as it would take by itself.

    """

    def __init__(self, threads: int | None):
        self.threads = threads
        self._lock = threading.Lock()
        self._all: set[_Process] = set()
        self._idle: list[_Process] = []
        self._closed = False

    def call(self, function, *arguments, **options):
        """Run a function in one of the processes, and return its result; the function and its arguments are pickled.

        Raises:
            Killed: if the process ended before the function did.
            Exception: what the function raised.

        """
        process = self._take()
        try:
            result = process.call(function, *arguments, **options)
        except BaseException:
            process.kill()
            with self._lock:
                self._all.discard(process)
            raise
        with self._lock:
            self._idle.append(process)
        good, value = result
        if good:
            return value
        raise value

    def _take(self) -> _Process:
        with self._lock:
            if self._closed:
                raise Killed("The processes have been ended.")
            while self._idle:
                if (process := self._idle.pop()).alive():
                    return process
                self._all.discard(process)
            process = _Process(self.threads)
            self._all.add(process)
            return process

    def end(self) -> None:
        """End the processes that are idle in order, all others at once, and start no new ones."""
        with self._lock:
            self._closed = True
            for process in self._idle:
                process.close()
            for process in self._idle:
                process.join()
        self.kill()

    def kill(self) -> None:
        """End all processes at once, whatever they are doing, and start no new ones."""
        with self._lock:
            self._closed = True
            for process in self._all:
                process.kill()


class _Process:
    """A process that executes what it is sent, and ends when the process that started it ends."""

    def __init__(self, threads: int | None):
        # A worker below Dask's nanny is daemonic, which may have no children by default. These children end by themselves.
        multiprocessing.current_process().daemon = False
        # Spawned, not forked: a process that has loaded TensorFlow must not be forked.
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, threads), daemon=True)
        self._process.start()
        theirs.close()

    def call(self, function, *arguments, **options):
        """Return (True, what the function returned) or (False, what it raised)."""
        try:
            self._pipe.send((function, arguments, options))
            return self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(1)
            raise Killed(f"Its process was killed (exit status {self._process.exitcode}).") from None

    def close(self) -> None:
        """Let it end as a program does, which gives back what the system keeps for it."""
        self._pipe.close()

    def join(self) -> None:
        self._process.join(5)

    def alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._process.kill()


def _serve(pipe, threads: int | None) -> None:
    """Execute what comes through the pipe, until it is closed."""
    begin(threads)
    # Ctrl-C goes to all processes of a terminal. Only the first of them reacts to it, and then ends this one.
    signal.signal(signal.SIGINT, lambda *_: None)
    with contextlib.suppress(EOFError, OSError):
        while pipe.poll(IDLE):
            function, arguments, options = pipe.recv()
            try:
                pipe.send((True, function(*arguments, **options)))
            except Exception as error:
                pipe.send((False, _portable(error)))


def _portable(error: Exception) -> Exception:
    """Return an error that can be sent to another process: some can't be pickled, or can't be restored."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def begin(threads: int | None) -> None:
    """Set up a process of this package: it ends when the process that started it ends, and computes with `threads` threads.

    Otherwise a killed command would leave its processes behind: waiting, or still writing to files that the next command writes.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if threads is not None:
        os.environ.update(dict.fromkeys(THREADS, str(threads)))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
