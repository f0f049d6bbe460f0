"""A Dask cluster as an executor: checked before anything is submitted to it, and watched while something runs on it."""

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
from typing import TypedDict
from urllib.parse import urljoin

from fer_course._shared import executors, extras
from fer_course._shared.files import write_text
from fer_course._shared.processes import Processes
from fer_course.errors import FerCourseError, first_line

#: Packages whose versions must be the same here and on every worker: otherwise results would differ.
PACKAGES = ("fer_course", "keras", "tensorflow", "jax", "numpy")
#: TensorFlow's other wheels, with the same code.
SAME = {"tensorflow-cpu": "tensorflow", "tensorflow-intel": "tensorflow"}
#: Seconds without any worker after which a cluster is given up. A nanny needs a while to restart a killed worker.
LONELY = 60.0

#: On a worker: the processes that each client has started there.
_HERE: dict[str, Processes] = {}


@contextmanager
def cluster_at(scheduler: str, threads: int | None, folder: Path | None, data: Path | None) -> Iterator[Executor]:
    """Open the workers of a Dask cluster as an executor; see `executors.executor_at`."""
    client = _connect(scheduler)
    cluster = Cluster(client, scheduler, threads)
    try:
        _wait_for_workers(client, scheduler)
        _compare(client, folder, data)
        count = len(client.nthreads())
        print(f"Dask: {count} worker{'s' if count > 1 else ''}{_dashboard(client)}")
        yield cluster
    finally:
        cluster.shutdown()


def _connect(scheduler: str):
    try:
        with _quiet_dask():
            extras.require("dask.distributed", "a Dask cluster", "cluster", FerCourseError)
            from dask.distributed import Client

            return Client(scheduler, timeout=executors.PATIENCE, set_as_default=False)
    except FerCourseError:
        raise
    except Exception as error:  # whatever Dask, Tornado and the system make of an address
        raise FerCourseError(
            f"There is no Dask scheduler at {scheduler} ({first_line(error, 200)}). Start one: dask scheduler"
        ) from None


@contextmanager
def _quiet_dask() -> Iterator[None]:
    """Hide Dask's warnings inside the `with`, and its log from then on: this module reports what matters, once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about other versions at the other end: `_compare` reports them
        try:
            yield
        finally:
            for name in ("distributed", "tornado", "asyncio", *logging.root.manager.loggerDict):
                if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                    logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _wait_for_workers(client, scheduler: str) -> None:
    end = time.monotonic() + executors.PATIENCE
    while not client.nthreads():
        if time.monotonic() > end:
            raise FerCourseError(
                f"The Dask scheduler at {scheduler} has no workers. Start some, for example: dask worker {scheduler}. Then give "
                f"the same command again."
            )
        time.sleep(0.1)


def _dashboard(client) -> str:
    """Return where to watch the workers; empty if there is nothing to see: without bokeh a scheduler's page has no figures."""
    with contextlib.suppress(Exception):
        link = client.dashboard_link
        script = urllib.request.Request(urljoin(link, "static/js/bokeh.min.js"), method="HEAD")
        with urllib.request.urlopen(script, timeout=executors.PATIENCE):
            return f"; watch them at {link}"
    return ""


# ------------------------------------------------------------------------------------ check the workers before


class Facts(TypedDict):
    """What a worker reports about itself."""

    versions: dict[str, str]
    wrote: str | None  #: the name of the file that it wrote to the folder
    troubles: list[str]  #: what it does not see, or can't do


def facts(folder: Path | None, data: Path | None, token: str) -> Facts:
    """Return what a worker reports about itself: it runs there, and writes a file to the folder."""
    found: Facts = {"versions": versions(), "wrote": None, "troubles": []}
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
        probe = f".probe-{token}-{uuid.uuid4().hex}"
        try:
            write_text(folder / probe, token)
            found["wrote"] = probe
        except OSError as error:
            found["troubles"].append(f"can't write to {folder} ({error.strerror})")
    return found


def versions() -> dict[str, str]:
    """Return what decides the result of a training: the versions of Python and of packages, and Keras' backend."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for package in (*SAME, *PACKAGES):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[SAME.get(package, package)] = importlib.metadata.version(package)
    return found | {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND") or "tensorflow"}


def _compare(client, folder: Path | None, data: Path | None) -> None:
    """Raise an error that names each worker that lacks this package, has other versions, or does not see a path."""
    token = uuid.uuid4().hex
    with _probe(folder, token):
        answers = _answers(client, folder, data, token)
        wrong = {worker: _troubles(answer, folder) for worker, answer in answers.items()}
    workers = defaultdict(list)
    for worker, troubles in wrong.items():
        for trouble in troubles:
            workers[trouble].append(worker)
    if workers:
        sentences = [f"{_name_workers(names)} {trouble}" for trouble, names in workers.items()]
        raise FerCourseError(f"The cluster can't do this, and nothing was started. {' '.join(sentences)}")


@contextmanager
def _probe(folder: Path | None, token: str) -> Iterator[None]:
    """Keep a file in a folder whose content only this process knows; in the end remove it, and what workers wrote beside it."""
    if folder is None:
        yield
        return
    write_text(folder / f".probe-{token}", token)
    try:
        yield
    finally:
        for probe in folder.glob(f".probe-{token}*"):
            probe.unlink(missing_ok=True)


def _answers(client, folder: Path | None, data: Path | None, token: str) -> dict[str, Facts | BaseException]:
    """Return a dictionary: worker -> its facts, or the error that came instead."""
    answers: dict[str, Facts | BaseException] = {}
    for worker in client.nthreads():  # one by one: an error of one worker says nothing about the others
        try:
            answers |= client.run(facts, folder, data, token, workers=[worker], on_error="return")
        except Exception as error:
            answers[worker] = error
    return answers


def _troubles(answer: Facts | BaseException, folder: Path | None) -> list[str]:
    """Return what is wrong with a worker, judged by its answer, and what to do about it."""
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
    if folder is not None and answer["wrote"] and not (folder / answer["wrote"]).exists():
        missed.append(f"writes to a {folder} of its own")
    return found + [f"{trouble}. Give a path on a disk that all workers share." for trouble in missed]


def _cause(error: BaseException) -> str:
    """Return why a worker did not answer; an error in loading arrives as text inside another error."""
    words = f"{type(error).__name__}: {first_line(error, 200)}"
    if "No module named 'fer_course'" in words:
        return "has no fer_course. Install it there, in the same version."
    if "fer_course" in words and any(
        kind in words for kind in ("ImportError", "AttributeError", "ModuleNotFoundError")
    ):
        return "has another version of fer_course. Install the same one there."
    return f"can't be asked ({words})."


def _name_workers(workers: list[str]) -> str:
    shown = ", ".join(workers[:3]) + (f" and {len(workers) - 3} more" if len(workers) > 3 else "")
    return f"Worker {shown}" if len(workers) == 1 else f"Each of {shown}"


# --------------------------------------------------------------------------------------- run, and watch


def _run_here(token: str, threads: int, function, *arguments, **options):
    """Run a function in one of the processes that this worker keeps for one client."""
    return _HERE.setdefault(token, Processes(threads)).call(function, *arguments, **options)


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

    def submit(self, function, /, *arguments, **options) -> Future:
        """Run a function on a worker; if `threads` is set, in a separate process with this many threads."""
        key = f"{function.__name__}-{uuid.uuid4().hex}"
        self._tasks[key] = arguments[0] if arguments else None
        if self.threads is not None:
            return self._executor.submit(_run_here, self.token, self.threads, function, *arguments, key=key, **options)
        return self._executor.submit(function, *arguments, key=key, **options)

    def _note(self, event) -> None:
        """Note which tasks a lost worker had begun."""
        message = event[1] if isinstance(event[1], dict) else {}
        if message.get("action") == "remove-worker":
            self._lost += [self._tasks[key] for key in message.get("processing-tasks", ()) if key in self._tasks]

    def lost(self) -> list:
        """Return the first arguments of the tasks that were lost with their worker since the last call; Dask starts them again.

        Raises:
            FerCourseError: if the scheduler is gone, or has had no workers for `LONELY` seconds.

        """
        if self.client.status != "running":
            raise FerCourseError(
                f"The Dask scheduler at {self.scheduler} is gone. What was finished is kept. Start one, and give the same "
                f"command again."
            )
        with contextlib.suppress(OSError):
            if self.client.nthreads():
                self._last_seen = time.monotonic()
        if time.monotonic() - self._last_seen > LONELY:
            raise FerCourseError(
                f"The Dask scheduler at {self.scheduler} has had no workers for {LONELY:g} seconds. What was finished is "
                f"kept. Start some workers, and give the same command again."
            )
        lost, self._lost = self._lost, []
        return lost

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End this client's processes on the workers, and the connection."""
        with contextlib.suppress(Exception):  # raised by a cluster that is gone
            if self.client.status == "running":
                if self.threads is not None:
                    self.client.run(_end_here, self.token, on_error="ignore")
                self.client.close(timeout=5)
            else:
                self.client.close(timeout=1)
