"""Progress of a training, readable in a notebook, in a terminal and in a log."""

from __future__ import annotations

import sys
import time

from fer_course.quiet import keras


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


class Progress(keras.callbacks.Callback):
    """Prints one line per epoch and, where a line can be rewritten (terminal, notebook), the share of the epoch that is done.

    Args:
        epochs: the number of epochs of the whole training.
        steps: the number of steps per epoch.

    """

    def __init__(self, epochs: int, steps: int):
        super().__init__()
        self.epochs, self.steps = epochs, steps
        self.alive = _in_notebook() or sys.stdout.isatty()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch, logs=None):
        """Start the epoch's clock."""
        self.epoch, self.started, self.shown = epoch, time.perf_counter(), 0.0

    def on_train_batch_end(self, batch, logs=None):
        """Rewrite the moving line, at most twice a second."""
        now = time.perf_counter()
        if self.alive and now - self.shown > 0.5:
            self.shown = now
            share = (batch + 1) / self.steps
            left = (now - self.started) * (1 / share - 1)
            self._write(f"epoch {self.epoch + 1:>3}/{self.epochs}  {share:4.0%}  {left:3.0f} s to go", end="")

    def on_epoch_end(self, epoch, logs=None):
        """Print the epoch's line."""
        self.seconds.append(time.perf_counter() - self.started)
        names = sorted(logs, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
        numbers = "  ".join(f"{name} {logs[name]:.3f}" for name in names)
        left = sum(self.seconds) / len(self.seconds) * (self.epochs - epoch - 1)
        rest = f"  about {_minutes(left)} left" if left else ""
        self._write(f"epoch {epoch + 1:>3}/{self.epochs}  {numbers}  {self.seconds[-1]:.0f} s{rest}", end="\n")

    def _write(self, line: str, end: str) -> None:
        print(f"\r{line:<110}" if self.alive else line, end=end, flush=True)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
