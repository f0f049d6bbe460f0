"""A Dask cluster as an executor: looked at before anything is submitted to it, and watched while something runs on it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import platform
import time
import urllib.request
import uuid
import warnings
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from fer_course._shared import executors, extras
from fer_course._shared.files import write_text
from fer_course._shared.processes import Processes
from fer_course.errors import FerCourseError

#: What must be the same here and on every worker: else they would not compute the same.
PACKAGES = ("fer_course", "keras", "tensorflow", "jax", "numpy")
#: TensorFlow's other wheels, of the same code.
SAME = {"tensorflow-cpu": "tensorflow", "tensorflow-intel": "tensorflow"}
#: Seconds without any worker after which a cluster is given up. A nanny needs some to start a killed one again.
LONELY = 60.0

#: On a worker: the processes of each client that has begun some there.
_HERE: dict[str, Processes] = {}


@contextmanager
def cluster_at(scheduler: str, threads: int | None, folder: Path | None, data: Path | None) -> Iterator[Executor]:
    """Open the workers of a Dask cluster as an executor; see `executors.executor_at`."""
    client = _connected(scheduler)
    cluster = Cluster(client, scheduler, threads)
    try:
        _wait_for_workers(client, scheduler)
        _compare(client, folder, data)
        count = len(client.nthreads())
        print(f"Dask: {count} worker{'s' if count > 1 else ''}{_dashboard(client)}")
        yield cluster
    finally:
        cluster.shutdown()


def _connected(scheduler: str):
    try:
        with _without_words():
            from dask.distributed import Client

            return Client(scheduler, timeout=executors.PATIENCE, set_as_default=False)
    except ImportError:
        raise FerCourseError(f"A Dask cluster needs Dask here. {extras.advice('cluster')}") from None
    except Exception as error:  # whatever Dask, Tornado and the system make of an address
        raise FerCourseError(
            f"There is no Dask scheduler at {scheduler} ({_first_line(error)}). Start one: dask scheduler"
        ) from None


@contextmanager
def _without_words() -> Iterator[None]:
    """Load Dask and connect without a warning, and let it log nothing from then on: what matters is said here, once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other versions at the other end: see `_compare`
        try:
            yield
        finally:
            for name in ("distributed", "tornado", "asyncio", *logging.root.manager.loggerDict):
                if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                    logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _wait_for_workers(client, scheduler: str) -> None:
    end = time.monotonic() + executors.PATIENCE
    while not client.nthreads():
        if time.monotonic() > end:
            raise FerCourseError(
                f"The Dask scheduler at {scheduler} has no workers. Start some, dask worker {scheduler} say, and give the "
                f"same command again."
            )
        time.sleep(0.1)


def _dashboard(client) -> str:
    """Say where to watch the workers, if there is something to see: without bokeh a scheduler has a page without figures."""
    with contextlib.suppress(Exception):
        link = client.dashboard_link
        script = urllib.request.Request(urljoin(link, "static/js/bokeh.min.js"), method="HEAD")
        with urllib.request.urlopen(script, timeout=executors.PATIENCE):
            return f"; watch them at {link}"
    return ""


# ------------------------------------------------------------------------------------ looking at workers, before


def facts(folder: Path | None, data: Path | None, token: str) -> dict:
    """Return a worker's versions, the name of the file that it wrote to the folder, and what it does not see."""
    found = {"versions": versions(), "wrote": None, "troubles": []}
    if data is not None and not data.exists():
        found["troubles"].append(f"does not see {data}")
    if folder is not None:
        try:
            same = (folder / f".probe-{token}").read_text(encoding="utf-8") == token
        except OSError:
            same = False
        if not same:
            found["troubles"].append(f"does not see {folder}")
            return found
        found["wrote"] = f".probe-{token}-{uuid.uuid4().hex}"
        try:
            write_text(folder / found["wrote"], token)
        except OSError as error:
            found["troubles"].append(f"can't write to {folder} ({error.strerror})")
            found["wrote"] = None
    return found


def versions() -> dict[str, str]:
    """Return the versions that decide what a training computes: of Python and of packages, and Keras' backend."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for package in (*SAME, *PACKAGES):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[SAME.get(package, package)] = importlib.metadata.version(package)
    return found | {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND") or "tensorflow"}


def _compare(client, folder: Path | None, data: Path | None) -> None:
    """Raise an error that names each worker that lacks this package, has other versions, or does not see a path."""
    token = uuid.uuid4().hex
    with _probed(folder, token):
        answers = _answers(client, folder, data, token)
        wrong = {worker: _troubles(answer, folder) for worker, answer in answers.items()}
    workers = defaultdict(list)
    for worker, troubles in wrong.items():
        for trouble in troubles:
            workers[trouble].append(worker)
    if workers:
        sentences = [f"{_named(names)} {trouble}" for trouble, names in workers.items()]
        raise FerCourseError(f"The cluster can't do this, and nothing was begun. {' '.join(sentences)}")


@contextmanager
def _probed(folder: Path | None, token: str) -> Iterator[None]:
    """Have a file in a folder whose content only this process knows; take it away with what workers wrote beside it."""
    if folder is None:
        yield
        return
    write_text(folder / f".probe-{token}", token)
    try:
        yield
    finally:
        for probe in folder.glob(f".probe-{token}*"):
            probe.unlink(missing_ok=True)


def _answers(client, folder: Path | None, data: Path | None, token: str) -> dict:
    """Return worker -> what it answered, or the error that came instead."""
    answers = {}
    for worker in client.nthreads():  # one by one: an error of one says nothing about the others
        try:
            answers |= client.run(facts, folder, data, token, workers=[worker], on_error="return")
        except Exception as error:
            answers[worker] = error
    return answers


def _troubles(answer, folder: Path | None) -> list[str]:
    """Return what is wrong with a worker, and what to do about it, of what it answered."""
    if isinstance(answer, BaseException):
        return [_cause(answer)]
    mine, theirs = versions(), answer["versions"]
    other = [
        f"{name} {theirs.get(name, 'missing')} (here {mine.get(name, 'missing')})"
        for name in {**mine, **theirs}
        if mine.get(name) != theirs.get(name)
    ]
    found = [f"has {', '.join(other)}: results would differ. Install the same there."] if other else []
    missed = list(answer["troubles"])
    if answer["wrote"] and not (folder / answer["wrote"]).exists():
        missed.append(f"writes to a {folder} of its own")
    return found + [f"{trouble}. Give a path on a disk that all workers share." for trouble in missed]


def _cause(error: BaseException) -> str:
    """Say why a worker did not answer; what it could not load arrives as an error in the words of an error."""
    words = f"{type(error).__name__}: {_first_line(error)}"
    if "No module named 'fer_course'" in words:
        return "has no fer_course. Install it there, in the same version."
    if "fer_course" in words and any(
        kind in words for kind in ("ImportError", "AttributeError", "ModuleNotFoundError")
    ):
        return "has another version of fer_course. Install the same one there."
    return f"can't be asked ({words})."


def _named(workers: list[str]) -> str:
    shown = ", ".join(workers[:3]) + (f" and {len(workers) - 3} more" if len(workers) > 3 else "")
    return f"Worker {shown}" if len(workers) == 1 else f"Each of {shown}"


# --------------------------------------------------------------------------------------- running, and watching


def _run_here(token: str, threads: int, function, *arguments):
    """Run a function in a process of this worker's that a client's trials have to themselves."""
    return _HERE.setdefault(token, Processes(threads)).call(function, *arguments)


def _end_here(token: str) -> None:
    """End the processes of a client on this worker."""
    if token in _HERE:
        _HERE.pop(token).kill()


class Cluster(Executor):
    """The workers of a Dask cluster; see `executors.executor_at`."""

    def __init__(self, client, scheduler: str, threads: int | None):
        self.client, self.scheduler, self.threads = client, scheduler, threads
        self.token = uuid.uuid4().hex
        self._executor = client.get_executor()
        self._tasks: dict[str, object] = {}
        self._lost: list[object] = []
        self._last_seen = time.monotonic()
        client.subscribe_topic("all", self._note)

    def submit(self, function, /, *arguments) -> Future:
        """Run a function on a worker, with `threads` in a process that its thread has to itself."""
        key = f"{function.__name__}-{uuid.uuid4().hex}"
        self._tasks[key] = arguments[0] if arguments else None
        if self.threads is not None:
            function, arguments = _run_here, (self.token, self.threads, function, *arguments)
        return self._executor.submit(function, *arguments, key=key)

    def _note(self, event) -> None:
        """Note what a worker had begun that is gone."""
        message = event[1] if isinstance(event[1], dict) else {}
        if message.get("action") == "remove-worker":
            self._lost += [self._tasks[key] for key in message.get("processing-tasks", ()) if key in self._tasks]

    def lost(self) -> list:
        """Return the first arguments of what gone workers had begun since the last call; Dask begins it again.

        Raises:
            FerCourseError: if the scheduler is gone, or has had no workers for `LONELY` seconds.

        """
        if self.client.status != "running":
            raise FerCourseError(
                f"The Dask scheduler at {self.scheduler} is gone. What was finished is kept; start one, and give the same "
                f"command again."
            )
        with contextlib.suppress(OSError):
            if self.client.nthreads():
                self._last_seen = time.monotonic()
        if time.monotonic() - self._last_seen > LONELY:
            raise FerCourseError(
                f"The Dask scheduler at {self.scheduler} has had no workers for {LONELY:g} seconds. What was finished is "
                f"kept; start some, and give the same command again."
            )
        lost, self._lost = self._lost, []
        return lost

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End this client's processes on the workers, and the connection."""
        with contextlib.suppress(Exception):  # of a cluster that is gone
            if self.client.status == "running":
                if self.threads is not None:
                    self.client.run(_end_here, self.token, on_error="ignore")
                self.client.close(timeout=5)
            else:
                self.client.close(timeout=1)
