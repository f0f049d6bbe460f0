"""What the scripts that record results share: where records lie, and what they say about themselves and a run."""

from __future__ import annotations

import dataclasses
import os
import platform
import sys
from datetime import date
from pathlib import Path

import keras

from fer_course import data
from fer_course.evaluation import evaluate
from fer_course.faces import Faces
from fer_course.runs import Run

RESULTS = Path(__file__).parents[1] / "fer_course" / "results"


def about(command: str, **measured) -> dict:
    """Return a record of what was measured on real faces, with the command that makes it again, date and machine.

    Only trainings evaluated in one view, each in one record, are its `runs`: the zoo and lesson 14 count these.
    """
    return {
        "data": "FER2013",
        "command": command,
        "recorded": date.today().isoformat(),
        "machine": f"{os.cpu_count()} CPU cores ({platform.machine()}), {keras.backend.backend()}",
        **measured,
    }


def real_faces(path: str) -> Faces:
    """Load faces; end the script if they are drawn: their scores are not recorded as results."""
    faces = data.load(path)
    if faces.drawn:
        sys.exit("Scores on drawn faces are not recorded as results.")
    return faces


def folder_of(out: Path, study: str, row: str, seed: int) -> Path:
    """Return where a study's run lies."""
    return out / study / f"{row.replace(' ', '-').replace(chr(39), '')}-{seed}"


def report_of(run: Run, faces: Faces) -> dict:
    """Evaluate a run on PublicTest, once, in one view, and return recipe, training and report."""
    kept = ("epochs", "best_epoch", "parameters", "seconds", "backend", "device", "accuracy", "val_accuracy")
    return {
        "recipe": dataclasses.asdict(run.recipe),
        "training": {name: run.metrics[name] for name in kept if name in run.metrics},
        "report": evaluate(run, faces, "PublicTest").to_dict(),
    }
