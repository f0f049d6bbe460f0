"""Executors for many trainings or notebooks: local processes, or the workers of a Dask cluster (`concurrent.futures`)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from fer_course._shared.machine import processors
from fer_course._shared.processes import THREADS, Processes
from fer_course.errors import FerCourseError

__all__ = ["THREADS", "Here", "Local", "executor_at"]

#: Seconds to wait for a Dask scheduler that does not answer, or has no workers.
PATIENCE = 10


@contextmanager
def executor_at(
    scheduler: str | None = None,
    workers: int = 2,
    threads: int | None = None,
    folder: Path | None = None,
    data: Path | None = None,
) -> Iterator[Executor]:
    """Open an executor.

    Args:
        scheduler: the address of a Dask scheduler, such as `tcp://127.0.0.1:8786`; each worker needs this package, in the
            same version; another worker repeats what a lost worker had begun. None: local processes.
        workers: how many local processes.
        threads: execute everything that is submitted in separate processes, each with this many threads for TensorFlow;
            the same for local processes and for a cluster. None: local processes share the cores of this machine, and a
            cluster's workers keep the number that they were started with.
        folder: a folder that every worker must see under this path, and may write to.
        data: a file or folder that every worker must see under this path.

    Raises:
        FerCourseError: if Dask is not installed, there is no scheduler at the address, it has no workers, or a worker lacks
            this package, has other versions, or does not see a path.

    """
    if scheduler is not None:
        from fer_course._shared.cluster import cluster_at

        with cluster_at(scheduler, threads, folder, data) as executor:
            yield executor
        return
    if threads is None:
        workers = max(1, workers)
        threads = max(1, processors() // workers)
    with Local(workers, threads) as executor:
        yield executor


class Here(Executor):
    """This process: what is submitted is executed at once, and Ctrl-C is raised where it was submitted."""

    def submit(self, function, /, *arguments, **options) -> Future:
        """Run a function, and return its future, which is done."""
        future: Future = Future()
        try:
            future.set_result(function(*arguments, **options))
        except Exception as error:
            future.set_exception(error)
        return future


class Local(Executor):
    """Local processes. If one is killed, only its own work is lost.

    Args:
        workers: how many at a time.
        threads: for TensorFlow, in each process; None: as many as there are cores, in each.

    """

    def __init__(self, workers: int, threads: int | None):
        if workers < 1:
            raise FerCourseError(f"The number of workers must be 1 or more; found {workers}.")
        self._processes = Processes(threads)
        self._pool = ThreadPoolExecutor(workers)

    def submit(self, function, /, *arguments, **options) -> Future:
        """Run a function in one of the processes; its future raises `processes.Killed` if that process is killed."""
        return self._pool.submit(self._processes.call, function, *arguments, **options)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; before that, wait for what was submitted if `wait` is true."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            self._processes.end()
        else:
            self._processes.kill()

    def __exit__(self, kind, error, trace):
        """Wait for what was submitted; after an error, end it at once."""
        self.shutdown(wait=kind is None, cancel_futures=kind is not None)
