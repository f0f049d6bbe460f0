"""The curves of a training below a notebook cell, updated after each epoch."""

from __future__ import annotations

from fer_course import plots
from fer_course.quiet import keras


class LiveCurves(keras.callbacks.Callback):
    """Plots the curves of a training below the notebook cell, and updates them after each epoch.

    Args:
        name: the name of the run in the legend.
        metric: `accuracy` or `loss`.

    """

    def __init__(self, name: str = "this run", metric: str = "accuracy"):
        super().__init__()
        self.name, self.metric = name, metric
        self.history: dict[str, list[float]] = {"epoch": []}
        self.handle = None

    def on_epoch_end(self, epoch, logs=None):
        """Add the epoch's numbers and update the plot."""
        self.history["epoch"].append(epoch + 1)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        alt = f"{self.metric} of {self.name} over {epoch + 1} epochs, in training and in validation"
        bundle = plots.picture(plots.curves({self.name: self.history}, self.metric), alt)
        if self.handle is None:
            from IPython.display import display

            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)
