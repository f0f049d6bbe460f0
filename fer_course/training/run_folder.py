"""The folder of a training: find the run in it, if it fits the request, or begin one."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_course._shared import files
from fer_course.errors import RunError
from fer_course.faces import Faces
from fer_course.recipes import Recipe
from fer_course.runs import Run, retrain
from fer_course.training.splits import validation_rows

#: What `faces.json` says of the Training faces that are neither trained on nor held out. Runs that began before near copies of
#: held-out faces were looked for don't have it: they left exact copies out, and go on so.
LEFT_OUT = {"left_out": "near copies"}


@dataclass(frozen=True, eq=False)
class Request:
    """What to train with. A run in a folder fits if it was made with the same.

    Attributes:
        recipe: how to train.
        faces: what identifies the Training faces, see `describe`.
        targets: labels blended with the teachers' probabilities, float32 (N, classes); None without teachers.

    """

    recipe: Recipe
    faces: dict
    targets: np.ndarray | None = None

    def find(self, folder: Path) -> Run | None:
        """Return the run in a folder, or None if there is none.

        Raises:
            RunError: if the run there has another recipe, other faces or other teachers, or one of its files is damaged.

        """
        if not ((folder / "recipe.yaml").is_file() and (folder / "faces.json").is_file()):
            return None
        if Recipe.from_yaml(folder / "recipe.yaml") != self.recipe:
            different = "recipe"
        elif _kept_faces(folder) | LEFT_OUT != self.faces | LEFT_OUT:
            different = "faces"
        elif self.targets is not None and not _same_targets(folder / "targets.npy", self.targets):
            different = "teachers"
        else:
            return Run(folder)
        raise RunError(f"{folder} holds a run with other {different}. Choose another folder, or delete that one.")

    def begin(self, folder: Path) -> Run:
        """Begin a run in a folder that is empty, or that a killed process has left incomplete.

        `recipe.yaml` is written last: a folder without it holds no run yet.

        Raises:
            RunError: if something else is in the folder.

        """
        if not files.is_empty(folder) and not (folder / "faces.json").is_file():
            raise RunError(f"{folder} is not empty and not a training run. Choose another folder for this run.")
        files.write_json(folder / "faces.json", self.faces | LEFT_OUT)
        if self.targets is not None:
            with files.atomic(folder / "targets.npy") as temporary:
                np.save(temporary, self.targets)
        self.recipe.to_yaml(folder / "recipe.yaml")
        return Run(folder)


def describe(faces: Faces) -> dict:
    """Return what identifies Training faces: their source, their number, and a checksum of pictures and labels."""
    of_images = zlib.crc32(np.ascontiguousarray(faces.images).data)
    checksum = zlib.crc32(np.ascontiguousarray(faces.labels).data, of_images)
    return {"source": faces.source, "drawn": faces.drawn, "training": len(faces), "checksum": checksum}


def leaves_near_copies_out(run: Run) -> bool:
    """Return whether a run's training leaves out near copies of the faces that it holds out; older runs, only exact copies."""
    return _kept_faces(run.path).items() >= LEFT_OUT.items()


def rows_trained_on(run: Run, training: Faces) -> np.ndarray | None:
    """Return which of these Training faces a run was trained on, boolean mask (N,); None if it was trained with other faces.

    Raises:
        RunError: if the run's `faces.json` is missing or damaged.

    """
    if any(_kept_faces(run.path).get(name) != value for name, value in describe(training).items() if name != "source"):
        return None
    recipe = run.recipe
    return validation_rows(training, recipe.validation, recipe.fold, leaves_near_copies_out(run))[0]


def _kept_faces(folder: Path) -> dict:
    return files.read_json(folder / "faces.json", RunError, retrain(folder))


def _same_targets(file: Path, targets: np.ndarray) -> bool:
    """Return whether the teachers of a run gave the same targets."""
    try:
        kept = np.load(file, mmap_mode="r", allow_pickle=False)  # mapped: a header can't ask for memory
        return kept.shape == targets.shape and np.allclose(kept, targets, atol=1e-3)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise RunError(
            f"{file} is missing or damaged ({error}). It holds the targets of the teachers. Delete {file.parent} and start again."
        ) from None
