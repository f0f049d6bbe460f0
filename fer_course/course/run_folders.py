"""Folders of executed lessons: a new one or an unfinished one, and the record in it."""

from __future__ import annotations

import contextlib
import platform
from datetime import datetime
from pathlib import Path
from typing import cast

import fer_course
from fer_course._shared.files import is_empty, peek_json, write_json, write_text
from fer_course.course.lessons import checkout
from fer_course.course.pages import index_page
from fer_course.course.records import RunRecord
from fer_course.errors import LessonError


def plan(chosen: list[Path], profile, settings: dict) -> RunRecord:
    """Return what `metrics.json` holds before the first lesson is executed; enough to resume after a kill."""
    return {
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "finished": False,
        "fer_course": fer_course.__version__,
        "python": platform.python_version(),
        "source": str(chosen[0].parent),
        "profile": None if profile is None else str(profile),
        "parameters": settings,
        "lessons": [{"lesson": path.stem, "status": "waiting"} for path in chosen],
    }


def runs_folder() -> Path:
    """Return the folder `runs/`: in the checkout, or in the current folder if the package is installed."""
    return (checkout() or Path.cwd()) / "runs"


def new_folder(parent: Path, out: str | Path | None) -> Path:
    """Make the folder `out`; without `out`, one in `parent` named by date and time, and by a number if that name is taken."""
    if out is not None:
        target = Path(out).expanduser().resolve()
        if target.is_file() or not is_empty(target):
            raise LessonError(f"A new or empty folder was expected for the results; {target} is neither.")
        target.mkdir(parents=True, exist_ok=True)
        return target
    stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    for attempt in range(1, 1000):
        target = (parent / (stamp if attempt == 1 else f"{stamp}-{attempt}")).resolve()
        with contextlib.suppress(FileExistsError):
            target.mkdir(parents=True)
            return target
    raise LessonError(f"Can't make a new folder in {parent}.")


def find_unfinished(parent: Path, out: str | Path | None) -> tuple[Path, RunRecord]:
    """Return folder and record of the lessons to resume: those in `out`, or the newest in `parent` that are not finished."""
    if out is not None:
        candidates = [Path(out).expanduser()]
    else:
        candidates = sorted(parent.glob("*"), key=lambda path: path.name, reverse=True)
    for candidate in candidates:
        metrics = read_metrics(candidate)
        if metrics is not None and not metrics.get("finished", True):
            return candidate.resolve(), metrics
    raise LessonError(
        f"There is no unfinished run in {parent if out is None else out}. Start a new one, without --resume."
    )


def read_metrics(target: Path) -> RunRecord | None:
    """Return the record in a folder; None if it has none that can be read."""
    metrics = peek_json(target / "metrics.json")
    return cast(RunRecord, metrics) if metrics and "lessons" in metrics else None


def save(target: Path, metrics: RunRecord) -> None:
    """Write `metrics.json` and `index.html` to the folder."""
    write_json(target / "metrics.json", metrics)
    write_text(target / "index.html", index_page(metrics))
