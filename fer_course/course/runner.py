"""Execute notebooks in order. One that fails does not stop the others, and Ctrl-C keeps what is done."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fer_course._shared.extras import require
from fer_course._shared.files import alone
from fer_course.course.execution import execute
from fer_course.course.lessons import choose, notebooks
from fer_course.course.outputs import extract
from fer_course.course.parameters import merged_settings
from fer_course.course.records import Failure, LessonRecord, RunRecord
from fer_course.course.run_folders import new_folder, plan, read_metrics, runs_folder, save, unfinished
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
    """Run notebooks in order through papermill and collect what they show in a new folder `runs/<stamp>/`.

    The folder gets each notebook executed (`.ipynb`), as HTML, and what its kernel wrote to stderr (`.log`),
    `figures/NN-k.png`, `metrics.json` (after each lesson) and `index.html`. A lesson that fails does not stop the
    others. Every lesson runs in a folder of its own, `runs/<stamp>/<lesson>/`, which is also its parameter `out`
    unless that is given.

    Args:
        lessons: numbers or names, e.g. `["07"]`; all if None or empty.
        profile: `cpu`, `gpu`, `paper`, or the path of a YAML file with parameters.
        data: file or folder with faces; overrides the parameter `data`.
        parameters: single parameters; they override the profile's.
        out: the folder to write, instead of `runs/<stamp>/`; new or empty, unless resumed.
        resume: go on with the run in `out`, or with the newest one in `runs/` that is not finished, with its own
            settings. Lessons that ended well are kept, the others run again.
        source: folder of the notebooks; default `solutions/`.
        typed: more parameters, as text that was typed on a command line; read by the types that the notebooks declare.

    Returns:
        The exit status: 0 if all lessons ended well, 1 if one failed, 130 after Ctrl-C.

    Raises:
        LessonError: if a lesson, profile or parameter does not exist, before anything runs; if `out` is not empty;
            if there is nothing to resume.
        BusyError: if another process is running the lessons of that folder.
        DataError: if `data` does not exist.

    """
    for module in ("papermill", "nbconvert", "psutil"):
        require(module, "running lessons")
    if resume:
        if lessons or profile is not None or data is not None or parameters or typed or source is not None:
            raise LessonError("A resumed run keeps its own lessons and settings: leave the others out, or start anew.")
        target = unfinished(runs_folder(), out)
        metrics = read_metrics(target)
    else:
        chosen = choose(notebooks(source), lessons)
        metrics = plan(chosen, profile, merged_settings(chosen, profile, parameters, data, typed or {}))
        target = new_folder(runs_folder(), out)
    return _run_planned(target, metrics)


def _run_planned(target: Path, metrics: RunRecord) -> int:
    """Run every lesson of the plan that has not ended well; return the exit status."""
    print(f"Results go to {target}")
    interrupted = False
    with alone(target):
        metrics = read_metrics(target) or metrics  # what another process did while this one waited
        save(target, metrics)
        try:
            with _fixed_data_variable():
                for record in metrics["lessons"]:
                    if record["status"] != "done":
                        _run_lesson(target, metrics, record)
        except KeyboardInterrupt:
            interrupted = True
        metrics["finished"] = all(record["status"] == "done" for record in metrics["lessons"])
        save(target, metrics)
    print(f"\n{table(metrics)}\n\nLook at {target / 'index.html'}")
    if interrupted:
        print(
            f"Stopped. Go on with: fer-course run --resume{'' if target.parent == runs_folder() else f' --out {target}'}"
        )
        return 130
    return 0 if metrics["finished"] else 1


@contextlib.contextmanager
def _fixed_data_variable() -> Iterator[None]:
    """Make FER_COURSE_DATA absolute while notebooks run: they run in other folders than this process."""
    before = os.environ.get("FER_COURSE_DATA")
    if before and Path(before).exists():
        os.environ["FER_COURSE_DATA"] = str(Path(before).resolve())
    try:
        yield
    finally:
        if before is not None:
            os.environ["FER_COURSE_DATA"] = before


def _run_lesson(target: Path, metrics: RunRecord, record: LessonRecord) -> None:
    """Execute one lesson and fill in its record. A lesson that fails raises nothing; Ctrl-C does."""
    name = record["lesson"]
    record.clear()
    record.update(lesson=name, status="stopped")
    executed = target / f"{name}.ipynb"
    position = f"[{metrics['lessons'].index(record) + 1}/{len(metrics['lessons'])}] {name}"
    error: Failure | None = None
    start = time.perf_counter()
    usage = Usage()
    try:
        with usage:
            error = execute(
                Path(metrics["source"]) / executed.name, executed, target / name, metrics["parameters"], position
            )
        record["status"] = "failed" if error else "done"
    finally:
        record["seconds"] = round(time.perf_counter() - start, 1)
        record["cpu_seconds"] = round(usage.cpu_seconds, 1)
        record["peak_memory_mb"] = round(usage.peak / 1e6)
        try:
            record.update(extract(executed, target))
        except Exception as unreadable:  # a notebook that can't be read or converted fails alone
            record["status"] = "failed"
            error = error or {"name": type(unreadable).__name__, "message": str(unreadable)}
        if error:
            record["error"] = error
        save(target, metrics)
    print(ending(record, executed))
