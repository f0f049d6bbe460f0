"""Where many runs are executed: local processes, or the workers of a Dask cluster. Both are `concurrent.futures` executors."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from fer_course.errors import FerCourseError


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
        with ProcessPoolExecutor(max(1, workers)) as pool:
            yield pool
        return
    try:
        from dask.distributed import Client
    except ImportError:
        raise FerCourseError("A Dask cluster needs Dask here: pip install 'fer_course[cluster]'.") from None
    try:
        client = Client(scheduler, timeout=10)
    except (OSError, TimeoutError, ValueError) as error:
        raise FerCourseError(
            f"There is no Dask scheduler at {scheduler} ({error}). Start one: dask scheduler"
        ) from None
    with client:
        print(f"Dask: {len(client.scheduler_info()['workers'])} workers; watch them at {client.dashboard_link}")
        yield client.get_executor()
