"""What the scripts that record results share: where records lie, and what they say about themselves and each training.

Three variables change all of them, and only this module reads them:

FER_COURSE_RECORDS    a folder for records and weights, instead of those of the package: `results.py` gathers there what a step
                      makes, and moves it into the package when the step is done
FER_COURSE_STEP_OF    the process id of `results.py`: when that ends, however it does, what it has started ends, too
FER_COURSE_MINIATURE  1: some hundred drawn faces, one epoch. For tests of all scripts, in a copy of the repository
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import psutil

from fer_course import data
from fer_course._shared import files
from fer_course.errors import DataError
from fer_course.faces import Faces
from fer_course.recipes import Recipe
from fer_course.runs import Run

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fer_course"
RECORDED = PACKAGE / "results"
_ELSEWHERE = os.environ.get("FER_COURSE_RECORDS")
RESULTS = Path(_ELSEWHERE) if _ELSEWHERE else RECORDED
WEIGHTS = RESULTS / "weights" if _ELSEWHERE else PACKAGE / "models" / "weights"
TEACHERS = "teachers.npz"

MINIATURE = os.environ.get("FER_COURSE_MINIATURE") == "1"
#: What each record of a miniature says of itself; no record of the repository does.
NO_RESULT = {"miniature": "drawn faces, one epoch: no result"}
Value = TypeVar("Value")


def few(all_of_it: Value, in_miniature: Value) -> Value:
    """Return the first; in a miniature the second."""
    return in_miniature if MINIATURE else all_of_it


def tiny(recipe: Recipe) -> Recipe:
    """Return the recipe; in a miniature with one epoch, and, if teachers judge every view, with two of these."""
    return recipe.but(epochs=1, **({"shift": 0.01} if recipe.consistent else {})) if MINIATURE else recipe


def record(name: str) -> dict | None:
    """Return the record that lies where this process writes its own; None if there is none."""
    file = RESULTS / f"{name}.json"
    return files.read_json(file, DataError, "Remove it, and make it again.") if file.is_file() else None


def about(command: str, **measured) -> dict:
    """Return a record of what was measured on real faces, with the command that makes it again, and `made`.

    Only trainings evaluated in one view, each in one record, are its `runs`: the zoo and lesson 14 count these.
    """
    return {"data": "FER2013", "command": command} | made() | measured | (NO_RESULT if MINIATURE else {})


def made() -> dict[str, Any]:
    """Return when, from which commit, with which versions and on which machine something is made, in this process."""
    return {"recorded": date.today().isoformat(), "machine": f"{machine()}, {_backend()}"} | {
        "commit": commit(),
        "versions": versions(),
    }


def _backend() -> str:
    from fer_course.quiet import keras

    return keras.backend.backend()


def machine() -> str:
    """Return cores and processor of this computer in words."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        found = re.search(r"model name\s*: (.+)", cpuinfo.read_text())
        name = found[1] if found else name
    return f"{os.cpu_count()} cores, {name}"


def versions() -> dict[str, str]:
    """Return the versions of Python and of what computes: Keras, its backend, NumPy, this package."""
    modules = {name: importlib.import_module(name).__version__ for name in ("keras", _backend(), "numpy")}
    return {"python": platform.python_version(), **modules, "fer_course": metadata.version("fer_course")}


#: Where what is measured comes from. What the scripts write themselves is left out: one step's record is no change to the next.
CODE = (
    "fer_course", "benchmarks", "solutions", "pyproject.toml",
    ":!fer_course/results/*.json", ":!fer_course/results/*.npz", ":!fer_course/models/weights/*.json",
    ":!fer_course/models/weights/*.npz",
)  # fmt: skip


@cache
def commit() -> str:
    """Return the commit of this checkout, with `, changed` if its code is not that of the commit; `none` without git."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", *CODE)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return f"{head}, changed" if changed else head


def _git(*arguments: str) -> str:
    # A repository further up, to which this checkout does not belong, does not count.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(ROOT.parent)}
    done = subprocess.run(
        ["git", "--no-optional-locks", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def real_faces(path: str) -> Faces:
    """Load faces; end the script if they are drawn: their scores are not recorded as results.

    For a miniature, its caller has written drawn faces into a table, which says nothing of that; all records do (`NO_RESULT`).
    """
    faces = data.load(path, quiet=MINIATURE)
    if faces.drawn:
        sys.exit("Scores on drawn faces are not recorded as results.")
    return faces


def folder_of(out: Path, study: str, row: str, seed: int) -> Path:
    """Return where a study's run lies."""
    return out / study / f"{row.replace(' ', '-').replace(chr(39), '')}-{seed}"


def report_of(run: Run, faces: Faces) -> dict:
    """Evaluate a run on PublicTest, once, in one view, and return recipe, training, `made` and report."""
    from fer_course.evaluation import evaluate

    kept = ("epochs", "best_epoch", "parameters", "seconds", "backend", "device", "accuracy", "val_accuracy")
    return {
        "recipe": dataclasses.asdict(run.recipe),
        "training": {name: run.metrics[name] for name in kept if name in run.metrics},
        "made": made(),
        "report": evaluate(run, faces, "PublicTest").to_dict(),
    }


def seconds(run: dict) -> float:
    """Return how long a recorded training took."""
    return run["timing"]["seconds"] if "timing" in run else run["training"]["seconds"]


def accelerated(run: dict) -> bool:
    """Return whether a recorded training ran on an accelerator; what does not say so ran on a CPU."""
    return (run.get("training") or run.get("timing", {})).get("device", "cpu") != "cpu"


def nothing_left(name: str, trainings: int, step: str | None = None) -> str:
    """Return the sentence for a record that holds all that was asked for."""
    anew = f"`make results DATA=… ONLY={step or name}` trains anew"
    return f"{name}.json holds all {trainings} trainings: nothing to train; {anew}."


def recorded_without_miniature(folder: Path) -> Sequence[str]:
    """Return the names of the records in a folder that are no miniatures."""
    return [
        path.name for path in sorted(folder.glob("*.json")) if '"miniature"' not in path.read_text(encoding="utf-8")
    ]


def _end_with(process_id: int) -> None:
    """End this process when another one has ended: else what a killed `results.py` has started would go on beside the next."""

    def watch() -> None:
        try:
            other = psutil.Process(process_id)
            while other.is_running() and other.status() != psutil.STATUS_ZOMBIE:
                pause.wait(0.5)
        except psutil.NoSuchProcess:
            pass
        os._exit(1)

    pause = threading.Event()
    threading.Thread(target=watch, daemon=True).start()


if MINIATURE:
    if found := recorded_without_miniature(RECORDED):
        sys.exit(
            f"A miniature would overwrite records of this checkout ({', '.join(found)}): run it in a copy without them."
        )
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

        # isort: split
        import tensorflow

        tensorflow.config.run_functions_eagerly(True)  # for one epoch of a few batches, to compile takes longest
if "FER_COURSE_STEP_OF" in os.environ:
    _end_with(int(os.environ["FER_COURSE_STEP_OF"]))
