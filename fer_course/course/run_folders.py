"""The folder of a run: a new one, one to go on with, and the record that is kept in it."""

from __future__ import annotations

import contextlib
import json
import platform
from datetime import datetime
from pathlib import Path

import fer_course
from fer_course._shared.files import empty, write_json, write_text
from fer_course.course.lessons import checkout
from fer_course.course.pages import index_page
from fer_course.course.records import RunRecord
from fer_course.errors import LessonError


def plan(chosen: list[Path], profile, settings: dict) -> RunRecord:
    """Return what `metrics.json` holds before the first lesson runs; enough to resume after a kill."""
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
    """Return where runs are collected: in the checkout, or where an installed package is used from."""
    return (checkout() or Path.cwd()) / "runs"


def new_folder(place: Path, out: str | Path | None) -> Path:
    """Make the folder `out`, or one in `place` named by date and time; a second one in the same second gets a number."""
    if out is not None:
        target = Path(out).expanduser().resolve()
        if target.is_file() or not empty(target):
            raise LessonError(f"A new or empty folder was expected for the results; {target} is neither.")
        target.mkdir(parents=True, exist_ok=True)
        return target
    stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    for attempt in range(1, 1000):
        target = (place / (stamp if attempt == 1 else f"{stamp}-{attempt}")).resolve()
        with contextlib.suppress(FileExistsError):
            target.mkdir(parents=True)
            return target
    raise LessonError(f"Can't make a new folder in {place}.")


def unfinished(place: Path, out: str | Path | None) -> Path:
    """Return the run to go on with: the one in `out`, or the newest in `place` that is not finished."""
    if out is not None:
        candidates = [Path(out).expanduser()]
    else:
        candidates = sorted(place.glob("*"), key=lambda path: path.name, reverse=True)
    for candidate in candidates:
        if not read_metrics(candidate).get("finished", True):
            return candidate.resolve()
    raise LessonError(f"There is no unfinished run in {place if out is None else out}; start one without --resume.")


def read_metrics(target: Path) -> RunRecord | dict:
    """Return a run's `metrics.json`; {} if there is none that can be read."""
    try:
        metrics = json.loads((target / "metrics.json").read_text(encoding="utf-8"))
        return metrics if isinstance(metrics, dict) and "lessons" in metrics else {}
    except (OSError, ValueError):
        return {}


def save(target: Path, metrics: RunRecord) -> None:
    """Write `metrics.json` and the index of a run."""
    write_json(target / "metrics.json", metrics)
    write_text(target / "index.html", index_page(metrics))
