"""Trainings that several lessons need: those that are executed side by side train each of them once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from fer_course._shared import files
from fer_course._shared.settings import SHARED_RUNS
from fer_course.errors import WriteError
from fer_course.runs import Run
from fer_course.training.run_folder import Request

#: What the folder of a run has before its first epoch; both runs have the same.
REQUESTED = ("recipe.yaml", "faces.json")
#: Last: it says that a run is finished.
LAST = "metrics.json"


class Place:
    """Where a training lies for others that need the same."""

    def __init__(self, folder: Path):
        self.folder = folder

    def take(self, run: Run) -> bool:
        """Copy the finished training of another process into a run; return False if there is none."""
        if not (self.folder / LAST).is_file():
            return False
        _copy(self.folder, run.path)
        return True

    def leave(self, run: Run) -> None:
        """Copy a finished run here. If there is no room for it, others train their own."""
        with contextlib.suppress(WriteError):
            _copy(run.path, self.folder)


@contextlib.contextmanager
def turn(request: Request, network: str | None) -> Iterator[Place | None]:
    """Hold the place of a training while the block runs; who needs the same one waits until it is free.

    Args:
        request: what is trained with.
        network: its name, see `models.build`. None: a model of the caller's, whose weights are its own.

    Yields:
        The place; None if nothing is shared: outside of lessons side by side, with teachers, and of a caller's model.

    """
    together = os.environ.get(SHARED_RUNS)
    if not together or network is None or request.targets is not None:
        yield None
        return
    same = json.dumps([network, asdict(request.recipe), request.faces], sort_keys=True)
    folder = Path(together) / hashlib.sha256(same.encode()).hexdigest()[:16]
    with files.exclusive(folder, patience=-1):
        yield Place(folder)


def _copy(source: Path, target: Path) -> None:
    """Copy what a training has made. A copy that is killed has no `LAST`, so the training is not finished there."""
    names = [
        path.name for path in source.iterdir() if path.is_file() and path.name not in (*REQUESTED, files.LOCK, LAST)
    ]
    for name in (*names, LAST):
        files.copy(source / name, target / name)
