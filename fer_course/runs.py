"""`Run`: the folder of a training, with its recipe, history, metrics and best model. Importing it does not load Keras."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_course._shared import files, model_files
from fer_course.errors import RunError, first_line, shown
from fer_course.recipes import Recipe

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Run:
    """The folder of a training: `model.keras` (of the best epoch), `recipe.yaml`, `history.csv`, `metrics.json`, `faces.json`."""

    path: Path

    def __post_init__(self):
        object.__setattr__(self, "path", Path(self.path))  # a string will do
        if not (self.path / "recipe.yaml").is_file():
            raise RunError(
                f"{self.path} is not a training run: it has no recipe.yaml. Give the folder that `train` wrote."
            )

    @property
    def recipe(self) -> Recipe:
        """The recipe it was trained with."""
        return Recipe.from_yaml(self.path / "recipe.yaml")

    @property
    def history(self) -> dict[str, list[float]]:
        """One list per column of `history.csv` (epoch, loss, accuracy, val_loss, …), with one entry per epoch."""
        return read_history(self.path / "history.csv")

    @property
    def metrics(self) -> dict:
        """The content of `metrics.json`; empty before the end of the first epoch."""
        file = self.path / "metrics.json"
        return files.read_json(file, RunError, retrain(self.path)) if file.is_file() else {}

    @property
    def finished(self) -> bool:
        """True if the training ended by itself; False if it was interrupted and can be resumed."""
        return bool(self.metrics.get("finished"))

    @property
    def images_per_second(self) -> float:
        """Training faces per second in the median epoch, with validation and saving; NaN before the end of the first epoch."""
        seconds, images = self.history.get("seconds", []), self.metrics.get("images")
        return images / float(np.median(seconds)) if seconds and images else math.nan

    def seconds_to(self, accuracy: float) -> float | None:
        """Return the seconds of training until the validation accuracy reached a share; None if it never did."""
        elapsed = 0.0
        for seconds, reached in zip(self.history["seconds"], self.history.get("val_accuracy", []), strict=False):
            elapsed += seconds
            if reached >= accuracy:
                return elapsed
        return None

    def model(self) -> keras.Model:
        """Load the model of the best epoch. This loads Keras.

        A stranger may have written the file, so only ordinary layers are built, and only so many numbers (`model_files`).

        Raises:
            RunError: if no epoch has ended yet; if the file is damaged, larger than a network of this course can be, or holds
                layers of your own. Then build the network as for the training, and call its `load_weights`.

        """
        from fer_course.quiet import keras

        file = self.path / "model.keras"
        if not file.is_file():
            raise RunError(f"{self.path} has no model.keras yet: no epoch has ended. Resume it with the same command.")
        try:
            return model_files.load_model(keras, file)
        except Exception as error:  # zipfile, json, HDF5 and Keras raise many kinds of errors for a damaged file
            raise RunError(f"{file} can't be loaded ({first_line(error, 300)}). {retrain(self.path)}") from None


def retrain(folder: Path) -> str:
    """Return what to do about a run's folder in which a file is damaged."""
    return f"Delete {folder} and train again."


def read_history(file: Path) -> dict[str, list[float]]:
    """Read a `history.csv` as one list per column; an empty dictionary if there is none yet.

    Raises:
        RunError: if it is damaged.

    """
    if not file.is_file():
        return {}
    try:
        rows = list(csv.DictReader(files.read_text(file).splitlines(), strict=True))
        history = {name: [float(row[name]) for row in rows] for name in (rows[0] if rows else [])}
        if rows and history["epoch"] != list(range(1, len(rows) + 1)):
            raise ValueError(f"its epochs are {history['epoch']}")
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        cause = f"{type(error).__name__}: {shown(str(error))}"
        raise RunError(f"{file} is damaged ({cause}). {retrain(file.parent)}") from None
    return history
