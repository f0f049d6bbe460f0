"""A lesson in miniature, for `fer-course doctor`: `python -m fer_course.course.small_lesson` fails where a lesson would."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

#: Libraries that Keras only needs to save a file, and those of the package's figures and sliders.
LIBRARIES = ("h5py", "PIL.Image", "pandas", "nbclient", "papermill", "fer_course.plots", "fer_course.widgets")


def main() -> None:
    """Load Keras and print its version, backend and file; then train one step, save and load a model, and render a figure."""
    import fer_course._shared.matplotlibrc  # noqa: F401  (Keras loads matplotlib)
    from fer_course._shared import settings

    keras = settings.load_keras()
    print(keras.version(), keras.backend.backend(), keras.__file__, flush=True)
    for name in LIBRARIES:
        importlib.import_module(name)
    with settings.without(MPLBACKEND="Agg"), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        _train_and_save(keras, Path(folder) / "small.keras")
        _render(Path(folder) / "small.png")


def _train_and_save(keras, path: Path) -> None:
    import numpy as np

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 3), keras.layers.Flatten()])
    model.compile("sgd", "mse")
    model.fit(np.zeros((2, 4, 4, 1), "float32"), np.zeros((2, 4), "float32"), verbose=0)
    model.save(path)
    keras.saving.load_model(path)


def _render(path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([0, 1])
    figure.savefig(path)


if __name__ == "__main__":
    main()
