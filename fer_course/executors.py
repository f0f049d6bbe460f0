"""Where many runs are executed: local processes, or the workers of a Dask cluster. Both are `concurrent.futures` executors."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

from fer_course.errors import FerCourseError

#: Variables that say how many threads TensorFlow and what lies below it may use.
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

#: Seconds after which a Dask scheduler that does not answer is not there.
PATIENCE = 10


def _begin(workers: int) -> None:
    """Begin a worker: it ends with the process that started it, and its TensorFlow uses its share of the cores.

    Else a killed command would leave its workers behind: waiting, or still writing what the next command begins anew.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    for variable in THREADS:
        os.environ.setdefault(variable, threads)


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)


@contextmanager
def executor_at(scheduler: str | None = None, workers: int = 2) -> Iterator[Executor]:
    """Open an executor.

    Args:
        scheduler: the address of a Dask scheduler, such as `tcp://127.0.0.1:8786`; each worker needs this package, and one
            thread; what a lost worker had begun is begun again by another one. None: local processes.
        workers: how many local processes.

    Raises:
        FerCourseError: if Dask is not installed, or there is no scheduler at the address.

    """
    if scheduler is None:
        # Spawned, not forked: a process that has loaded TensorFlow must not be forked.
        with ProcessPoolExecutor(max(1, workers), get_context("spawn"), _begin, (max(1, workers),)) as pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return
    try:
        from dask.distributed import Client
    except ImportError:
        raise FerCourseError("A Dask cluster needs Dask here: pip install 'fer_course[cluster]'.") from None
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise FerCourseError(
            f"There is no Dask scheduler at {scheduler} ({error}). Start one: dask scheduler"
        ) from None
    with client:
        print(f"Dask: {len(client.scheduler_info()['workers'])} workers; watch them at {client.dashboard_link}")
        yield client.get_executor()
