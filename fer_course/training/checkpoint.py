"""What a training writes after each epoch, in such an order that it can be killed at any moment and go on.

The callback is our own for a reason. Keras' `BackupAndRestore` writes weights and epoch number one after the other (a kill in
between trains an epoch twice), and `ModelCheckpoint`, `EarlyStopping` and `ReduceLROnPlateau` forget the best epoch and their
patience.
"""

from __future__ import annotations

import csv
import io
import math
import time
from pathlib import Path

import numpy as np

from fer_course._shared import files
from fer_course.errors import RunError
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.runs import read_history
from fer_course.training import devices, schedules


class Checkpoint(keras.callbacks.Callback):
    """Writes the run's files after each epoch in such an order that a kill at any moment loses at most that epoch.

    First the whole training state of epoch n, then the model if it is the best, and last the history: an epoch counts when
    its row stands in `history.csv`. Each file is replaced in one step.
    """

    def __init__(self, folder: Path, recipe: Recipe, network: keras.Model):
        super().__init__()
        self.folder, self.recipe, self.network = folder, recipe, network
        self.rows: list[dict] = _rows(read_history(folder / "history.csv"))
        self.initial: list[np.ndarray] = []
        self.started = time.perf_counter()

    def losses(self) -> list[float]:
        """The losses that decide about patience: of validation if there is one, else of training."""
        key = "val_loss" if self.recipe.validation else "loss"
        return [row[key] for row in self.rows]

    def exhausted(self) -> bool:
        """True when the recipe's patience has run out."""
        waited = schedules.epochs_without_improvement(self.losses())
        return 0 < self.recipe.patience <= waited

    def best_epoch(self) -> int:
        """The epoch (counted from 0) that is kept: of highest validation accuracy, or the last one without validation."""
        if not self.recipe.validation:
            return len(self.rows) - 1
        return int(np.argmax([row["val_accuracy"] for row in self.rows]))

    def resume(self, model: keras.Model) -> int:
        """Load the state after the last whole epoch, if there is one; return the number of epochs done."""
        self.initial = self.network.get_weights()
        if self.rows:
            model.optimizer.build(model.trainable_variables)
            load_weights(model, self._state(len(self.rows)))
        return len(self.rows)

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Save the state, the best model, and then the history."""
        row = {"epoch": epoch + 1, **{name: float(value) for name, value in logs.items()}}
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row["seconds"] = round(time.perf_counter() - self.started, 3)
        self.rows.append(row)
        files.need_room(self.folder, self._size())
        with files.atomic(self._state(epoch + 1)) as temporary:
            self.model.save_weights(temporary)
        if self.best_epoch() == epoch:
            with files.atomic(self.folder / "model.keras") as temporary:
                self.network.save(temporary, include_optimizer=False)
        files.write_text(self.folder / "history.csv", _csv(self.rows))
        for state in self.folder.glob("state-*.weights.h5"):
            if state != self._state(epoch + 1):
                state.unlink()
        if self.exhausted():
            self.model.stop_training = True

    def _size(self) -> int:
        """Return what an epoch's two files take at most, in bytes: float32 numbers twice, and what says where they belong."""
        variables = (*self.model.variables, *self.model.optimizer.variables)
        return 2 * sum(4 * math.prod(variable.shape) for variable in variables) + 1_000_000

    def finish(self, finished: bool, images: int) -> None:
        """Write the metrics, give the network its best weights, and drop the resume state of a finished run.

        Before the first whole epoch these are the weights that it came with, so that the same call begins anew.
        """
        # Not those in memory: Ctrl-C may have come while the files of an epoch were written, which then does not count.
        self.rows = _rows(read_history(self.folder / "history.csv"))
        best = self.rows[self.best_epoch()] if self.rows else {}
        metrics = {
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
        if self.rows:
            load_weights(self.network, self.folder / "model.keras")
        else:
            self.network.set_weights(self.initial)
        files.write_json(self.folder / "metrics.json", metrics)
        if finished:
            for pattern in ("state-*.weights.h5", ".tmp-*"):  # the latter: half of a file that a kill left
                for file in self.folder.glob(pattern):
                    file.unlink()

    def _state(self, epochs: int) -> Path:
        return self.folder / f"state-{epochs:05d}.weights.h5"


def _rows(history: dict[str, list[float]]) -> list[dict]:
    rows = [dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)]
    return [{**row, "epoch": int(row["epoch"])} for row in rows]


def _csv(rows: list[dict]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def load_weights(model: keras.Model, file: Path) -> None:
    """Load a run's weights into a model.

    Raises:
        RunError: if they belong to another model, or the file is missing or damaged.

    """
    try:
        model.load_weights(file)
    except Exception as error:  # whatever zipfile, HDF5 and Keras make of a damaged file
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RunError(
            f"{file} does not fit: it belongs to another model than {model.name}, or is damaged ({cause}). "
            f"Choose another folder for this run, or delete that one."
        ) from None
