"""Execute notebooks in order. A failing notebook does not stop the others, and Ctrl-C keeps what is done."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fer_course._shared.extras import require
from fer_course._shared.files import exclusive
from fer_course.course.execution import execute
from fer_course.course.lessons import choose, notebooks
from fer_course.course.outputs import extract
from fer_course.course.parameters import merge_settings
from fer_course.course.records import Failure, LessonRecord, RunRecord
from fer_course.course.run_folders import find_unfinished, new_folder, plan, read_metrics, runs_folder, save
from fer_course.course.summary import ending, table
from fer_course.course.usage import Usage
from fer_course.errors import LessonError


def run(
    lessons: Iterable[str | int] | None = None,
    profile: str | Path | None = None,
    data: str | Path | None = None,
    parameters: dict | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    source: str | Path | None = None,
    typed: Mapping[str, str] | None = None,
) -> int:
    """Execute notebooks in order with papermill, and collect their outputs in a new folder `runs/<stamp>/`.

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

    Returns:
        The exit status: 0 if all lessons are done, 1 if one failed, 130 after Ctrl-C.

    Raises:
        LessonError: if a lesson, profile or parameter does not exist, before anything is executed; if `out` is not empty;
            if there is nothing to resume.
        BusyError: if another process is executing the lessons of that folder.
        DataError: if `data` does not exist.

    """
    for module in ("papermill", "nbconvert", "psutil"):
        require(module, "running lessons")
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
    return _execute_lessons(target, metrics)


def _execute_lessons(target: Path, metrics: RunRecord) -> int:
    """Execute every lesson that is not done; return the exit status."""
    print(f"Results go to {target}")
    interrupted = False
    with exclusive(target):
        metrics = read_metrics(target) or metrics  # another process may have written while this one waited
        save(target, metrics)
        try:
            with _fixed_data_variable():
                for index, record in enumerate(metrics["lessons"]):
                    if record["status"] != "done":
                        _execute_lesson(target, metrics, index)
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


@contextlib.contextmanager
def _fixed_data_variable() -> Iterator[None]:
    """Make FER_COURSE_DATA absolute while notebooks are executed: their folders are not that of this process."""
    before = os.environ.get("FER_COURSE_DATA")
    if before and Path(before).exists():
        os.environ["FER_COURSE_DATA"] = str(Path(before).resolve())
    try:
        yield
    finally:
        if before is not None:
            os.environ["FER_COURSE_DATA"] = before


def _execute_lesson(target: Path, metrics: RunRecord, index: int) -> None:
    """Execute one lesson and write its record. A failing lesson raises nothing; Ctrl-C does."""
    name = metrics["lessons"][index]["lesson"]
    record: LessonRecord = {"lesson": name, "status": "stopped"}
    metrics["lessons"][index] = record
    executed = target / f"{name}.ipynb"
    label = f"[{index + 1}/{len(metrics['lessons'])}] {name}"
    error: Failure | None = None
    start = time.perf_counter()
    usage = Usage()
    try:
        with usage:
            notebook = Path(metrics["source"]) / executed.name
            error = execute(notebook, executed, target / name, metrics["parameters"], label)
        record["status"] = "failed" if error else "done"
    finally:
        record["seconds"] = round(time.perf_counter() - start, 1)
        record["cpu_seconds"] = round(usage.cpu_seconds, 1)
        record["peak_memory_mb"] = round(usage.peak / 1e6)
        try:
            record.update(extract(executed, target))
        except Exception as unreadable:  # a notebook that can't be read or converted must not stop the others
            record["status"] = "failed"
            error = error or {"name": type(unreadable).__name__, "message": str(unreadable)}
        if error:
            record["error"] = error
        save(target, metrics)
    print(ending(record, executed))
