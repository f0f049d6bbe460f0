"""The files that a training writes after each epoch, in an order that lets it be killed at any moment and resumed.

Keras' own callbacks don't allow this. `BackupAndRestore` writes weights and epoch number one after the other, so a kill in
between trains an epoch twice. `ModelCheckpoint`, `EarlyStopping` and `ReduceLROnPlateau` forget the best epoch and their
patience.
"""

from __future__ import annotations

import csv
import io
import math
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from fer_course._shared import files, model_files
from fer_course.errors import RunError, first_line
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.runs import read_history
from fer_course.training import devices, schedules


class Checkpoint(keras.callbacks.Callback):
    """Writes the run's files after each epoch, in an order in which a kill at any moment loses at most that epoch.

    1. `state-N.weights.h5`, the weights of model and optimiser after epoch N.
    2. `model.keras`, if epoch N is the best one.
    3. `history.csv`. An epoch counts only when its row is in this file.
    4. Then the state of the epoch before is deleted.

    Each file is replaced in one step.

    Args:
        folder: the folder of the run.
        recipe: its recipe.
        network: the network to save. The model that is trained may be another one around it.

    """

    def __init__(self, folder: Path, recipe: Recipe, network: keras.Model):
        super().__init__()
        self.folder, self.recipe, self.network = folder, recipe, network
        self.rows = self._read_rows()
        self.initial_weights: list[np.ndarray] = []
        self.epoch_start = time.perf_counter()

    def losses(self) -> list[float]:
        """The losses on which patience depends: of validation if there is one, else of training."""
        key = "val_loss" if self.recipe.validation else "loss"
        return [row[key] for row in self.rows]

    def exhausted(self) -> bool:
        """Return True if the recipe's patience has run out."""
        waited = schedules.epochs_without_improvement(self.losses())
        return 0 < self.recipe.patience <= waited

    def best_epoch(self) -> int:
        """The epoch (counted from 0) to keep: that of the highest validation accuracy, or the last one without validation."""
        if not self.recipe.validation:
            return len(self.rows) - 1
        return int(np.argmax([row["val_accuracy"] for row in self.rows]))

    def resume(self, model: keras.Model) -> int:
        """Load the state after the last finished epoch, if there is one; return the number of finished epochs."""
        self.initial_weights = self.network.get_weights()
        if self.rows:
            model.optimizer.build(model.trainable_variables)
            load_weights(model, self._state_file(len(self.rows)))
        return len(self.rows)

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.epoch_start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Save the state, the best model, and then the history."""
        self.rows.append(self._make_row(epoch, logs or {}))
        self._save_epoch(epoch)
        if self.exhausted():
            self.model.stop_training = True

    def _make_row(self, epoch: int, logs: dict[str, float]) -> dict[str, Any]:
        row = {"epoch": epoch + 1, **{name: float(value) for name, value in logs.items()}}
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row["seconds"] = round(time.perf_counter() - self.epoch_start, 3)
        return row

    def _save_epoch(self, epoch: int) -> None:
        """Write the files of an epoch. The order matters, see the class."""
        files.need_room(self.folder, self._largest_size())
        state_file = self._state_file(epoch + 1)
        with files.atomic(state_file) as temporary:
            self.model.save_weights(temporary)
        if self.best_epoch() == epoch:
            with files.atomic(self.folder / "model.keras") as temporary:
                self.network.save(temporary, include_optimizer=False)
        files.write_text(self.folder / "history.csv", _csv(self.rows))
        for other in self.folder.glob("state-*.weights.h5"):
            if other != state_file:
                other.unlink()

    def _largest_size(self) -> int:
        """Return the bytes that an epoch's two files take at most: all float32 numbers twice, and 1 MB for their structure."""
        variables = (*self.model.variables, *self.model.optimizer.variables)
        return 2 * sum(4 * math.prod(variable.shape) for variable in variables) + 1_000_000

    def finish(self, finished: bool, images: int) -> None:
        """Write the metrics, load the best weights into the network, and delete the resume state of a finished run.

        If no epoch has ended, the network gets its initial weights back, so that the same call can start again.

        Args:
            finished: False if the training was interrupted and can be resumed.
            images: the number of Training faces in an epoch.

        """
        # Read again: Ctrl-C may have come while the files of an epoch were written. That epoch is in memory, but doesn't count.
        self.rows = self._read_rows()
        if self.rows:
            load_best(self.network, self.folder)
        else:
            self.network.set_weights(self.initial_weights)
        files.write_json(self.folder / "metrics.json", self._metrics(finished, images))
        if finished:
            half_written = self.folder.glob(".tmp-*")  # what a kill left
            for file in [*self.folder.glob("state-*.weights.h5"), *half_written]:
                file.unlink()

    def _metrics(self, finished: bool, images: int) -> dict[str, Any]:
        best = self.rows[self.best_epoch()] if self.rows else {}
        return {
            "finished": finished,
            "epochs": len(self.rows),
            "best_epoch": best.get("epoch"),
            "parameters": self.network.count_params(),
            "images": images,
            "seconds": round(sum(row["seconds"] for row in self.rows), 1),
            "backend": keras.backend.backend(),
            "device": devices.name(),
            "threads": devices.threads(),
            **{name: value for name, value in best.items() if name not in ("epoch", "seconds")},
        }

    def _state_file(self, epochs: int) -> Path:
        return self.folder / f"state-{epochs:05d}.weights.h5"

    def _read_rows(self) -> list[dict[str, Any]]:
        """Return the rows of `history.csv`: one dictionary per epoch that counts."""
        history = read_history(self.folder / "history.csv")
        rows = [dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)]
        return [{**row, "epoch": int(row["epoch"])} for row in rows]


def _csv(rows: list[dict]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def load_best(network: keras.Model, folder: Path) -> None:
    """Load the weights of a run's best epoch into its network; see `load_weights`."""
    with warnings.catch_warnings():
        # Keras warns that the file has no optimiser, or another one. Here only the network's own weights are wanted.
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
        load_weights(network, folder / "model.keras")


def load_weights(model: keras.Model, file: Path) -> None:
    """Load a run's weights into a model.

    Raises:
        RunError: if they belong to another model, or the file is missing or damaged.

    """
    try:
        model_files.load_weights(model, file)
    except Exception as error:  # zipfile, HDF5 and Keras raise many kinds of errors for a damaged file
        raise RunError(
            f"{file} does not fit: it belongs to another model than {model.name}, or is damaged ({first_line(error)}). "
            f"Choose another folder for this run, or delete that one."
        ) from None
