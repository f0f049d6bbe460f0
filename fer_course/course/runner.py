"""Execute notebooks, several at a time if wanted. A failing notebook does not stop the others; Ctrl-C keeps what is done."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from fer_course import results
from fer_course._shared.executors import Here, Local
from fer_course._shared.extras import require
from fer_course._shared.files import exclusive
from fer_course._shared.machine import free_memory, processors
from fer_course._shared.processes import Killed
from fer_course._shared.settings import SHARED_RUNS, without
from fer_course.course.execution import execute
from fer_course.course.lessons import choose, notebooks
from fer_course.course.outputs import extract
from fer_course.course.parameters import merge_settings
from fer_course.course.records import Failure, LessonRecord, RunRecord
from fer_course.course.run_folders import find_unfinished, new_folder, plan, read_metrics, runs_folder, save
from fer_course.course.summary import ending, table
from fer_course.course.usage import Usage
from fer_course.errors import LessonError

#: Bytes of free memory for each lesson at a time; the largest takes 1.6 GB.
PER_LESSON = 2_000_000_000


def most_jobs() -> int:
    """Return how many lessons this machine can execute at a time: one a core, as far as its free memory goes; at least one."""
    return max(1, min(processors(), free_memory() // PER_LESSON))


def run(
    lessons: Iterable[str | int] | None = None,
    profile: str | Path | None = None,
    data: str | Path | None = None,
    parameters: dict | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    source: str | Path | None = None,
    typed: Mapping[str, str] | None = None,
    jobs: int = 1,
) -> int:
    """Execute notebooks with papermill, and collect their outputs in a new folder `runs/<stamp>/`.

    The folder gets each executed notebook (`.ipynb`), its HTML page, what its kernel wrote to stderr (`.log`),
    `figures/NN-k.svg`, `metrics.json` (updated after each lesson) and `index.html`. A failing lesson does not stop the
    others. Every lesson is executed in its own folder, `runs/<stamp>/<lesson>/`, which is also its parameter `out`
    unless that is given.

    Args:
        lessons: numbers or names, e.g. `["07"]`; all if None or empty.
        profile: `cpu`, `gpu`, `paper`, or the path of a YAML file with parameters.
        data: file or folder with faces; overrides the parameter `data`.
        parameters: single parameters; they override the profile's.
        out: the folder to write, instead of `runs/<stamp>/`; new or empty, unless resumed.
        resume: resume the lessons in `out`, or the newest unfinished ones in `runs/`, with their own settings. Lessons that
            are done are kept, the others are executed again.
        source: the folder of the notebooks; default `solutions/`.
        typed: more parameters, as text from a command line; read as the types that the notebooks declare.
        jobs: how many lessons are executed at a time, each in processes of its own; see `most_jobs`. Side by side the longest
            begin first, and they train once what several of them need. One after the other they begin in order, and each
            trains its own, as a learner does.

    Returns:
        The exit status: 0 if all lessons are done, 1 if one failed, 130 after Ctrl-C.

    Raises:
        LessonError: if a lesson, profile or parameter does not exist, before anything is executed; if `out` is not empty;
            if there is nothing to resume; if `jobs` is less than 1.
        BusyError: if another process is executing the lessons of that folder.
        DataError: if `data` does not exist.

    """
    for module in ("papermill", "nbconvert", "psutil"):
        require(module, "running lessons")
    if jobs < 1:
        raise LessonError(f"The number of lessons at a time must be 1 or more; found {jobs}.")
    if resume:
        if lessons or profile is not None or data is not None or parameters or typed or source is not None:
            raise LessonError(
                "A resumed run keeps its own lessons and settings: leave these arguments out, or start a new run."
            )
        target, metrics = find_unfinished(runs_folder(), out)
    else:
        chosen = choose(notebooks(source), lessons)
        metrics = plan(chosen, profile, merge_settings(chosen, profile, parameters, data, typed))
        target = new_folder(runs_folder(), out)
    return _execute_lessons(target, metrics, jobs)


def _execute_lessons(target: Path, metrics: RunRecord, jobs: int) -> int:
    """Execute every lesson that is not done; return the exit status."""
    print(f"Results go to {target}")
    interrupted = False
    with exclusive(target):
        metrics = read_metrics(target) or metrics  # another process may have written while this one waited
        save(target, metrics)
        try:
            with without(**_fixed_data_variable()), _shared_runs(target, jobs):
                _side_by_side(target, metrics, jobs)
        except KeyboardInterrupt:
            interrupted = True
        metrics["finished"] = all(record["status"] == "done" for record in metrics["lessons"])
        save(target, metrics)
    print(f"\n{table(metrics)}\n\nLook at {target / 'index.html'}")
    if interrupted:
        out = "" if target.parent == runs_folder() else f" --out {target}"
        print(f"Stopped. To resume: fer-course run --resume{out}")
        return 130
    return 0 if metrics["finished"] else 1


def _side_by_side(target: Path, metrics: RunRecord, jobs: int) -> None:
    """Execute the lessons that are not done, `jobs` at a time. After Ctrl-C the notebooks of stopped lessons are kept."""
    lessons = metrics["lessons"]
    waiting = [index for index, record in enumerate(lessons) if record["status"] != "done"]
    jobs = min(jobs, len(waiting))
    if jobs > 1:
        waiting = longest_first(waiting, [record["lesson"] for record in lessons])
    lines = list(range(jobs))  # of the terminal, for progress bars
    begun: dict[int, float] = {}
    running: dict[Future[LessonRecord], tuple[int, int]] = {}
    try:
        with Local(jobs, None) if jobs > 1 else Here() as executor:
            while waiting or running:
                while waiting and lines:
                    index, line = waiting.pop(0), lines.pop(0)
                    name = lessons[index]["lesson"]
                    lessons[index] = {"lesson": name, "status": "stopped"}
                    save(target, metrics)
                    begun[index] = time.perf_counter()
                    label = f"[{index + 1}/{len(lessons)}] {name}"
                    source = Path(metrics["source"])
                    future = executor.submit(_execute_lesson, target, source, name, metrics["parameters"], label, line)
                    running[future] = index, line
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    index, line = running.pop(done)
                    lines.append(line)
                    record = lessons[index] = _result(done, lessons[index]["lesson"], begun.pop(index))
                    save(target, metrics)
                    print(ending(record, target / f"{record['lesson']}.ipynb"), flush=True)
    except KeyboardInterrupt:
        for index, start in begun.items():
            stopped: LessonRecord = {**lessons[index], "seconds": _seconds_since(start)}
            lessons[index] = _with_outputs(stopped, target)
        raise


def longest_first(waiting: list[int], names: list[str]) -> list[int]:
    """Return the indices in the order in which lessons side by side begin, so that in the end no core waits for a long one.

    Args:
        waiting: indices of `names`.
        names: of all lessons; those that the record of `benchmarks/planning.py` does not know begin before the others, in order.

    """
    seconds = {each["lesson"]: each["seconds"] for each in results.load("planning")["lessons"]}
    return sorted(waiting, key=lambda index: -seconds.get(names[index], math.inf))


def _seconds_since(start: float) -> float:
    return round(time.perf_counter() - start, 1)


def _result(done: Future[LessonRecord], name: str, start: float) -> LessonRecord:
    """Return a lesson's record; that of a failed one if its process was killed."""
    try:
        return done.result()
    except Killed as error:
        failure: Failure = {
            "name": "Killed",
            "message": f"{error} Most often there was not enough memory: try --jobs 1.",
        }
        return {"lesson": name, "status": "failed", "seconds": _seconds_since(start), "error": failure}


def _fixed_data_variable() -> dict[str, str]:
    """Return FER_COURSE_DATA as an absolute path, if it names one: the folders of notebooks are not that of this process."""
    given = os.environ.get("FER_COURSE_DATA")
    return {"FER_COURSE_DATA": str(Path(given).resolve())} if given and Path(given).exists() else {}


@contextlib.contextmanager
def _shared_runs(target: Path, jobs: int) -> Iterator[None]:
    """Give lessons that are executed side by side a folder for the trainings that several of them need; then remove it."""
    if jobs < 2:
        yield
        return
    folder = target / ".trained"
    with without(**{SHARED_RUNS: str(folder.resolve())}):
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _execute_lesson(target: Path, source: Path, name: str, parameters: dict, label: str, line: int) -> LessonRecord:
    """Execute one lesson and return its record. A failing lesson raises nothing."""
    record: LessonRecord = {"lesson": name, "status": "stopped"}
    executed = target / f"{name}.ipynb"
    start = time.perf_counter()
    with Usage() as usage:
        error = execute(source / executed.name, executed, target / name, parameters, label, line)
    record["status"] = "failed" if error else "done"
    record["seconds"] = _seconds_since(start)
    record["cpu_seconds"] = round(usage.cpu_seconds, 1)
    record["peak_memory_mb"] = round(usage.peak / 1e6)
    if error:
        record["error"] = error
    return _with_outputs(record, target)


def _with_outputs(record: LessonRecord, target: Path) -> LessonRecord:
    """Return a record with what its executed notebook shows; a failed one if the notebook can't be read or converted."""
    try:
        return {**record, **extract(target / f"{record['lesson']}.ipynb", target)}
    except Exception as unreadable:  # must not stop the others
        failure: Failure = {"name": type(unreadable).__name__, "message": str(unreadable)}
        return {"error": failure, **record, "status": "failed"}
