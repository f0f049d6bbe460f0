"""`import fer_course.quiet` loads Keras without TensorFlow's start-up messages, which look alarming and mean nothing.

The first messages come from C++ before any setting is read, so the only way is to close standard error while Keras is loaded.
An error still shows: it is raised, not printed. Later warnings about functions that are traced again are hidden too: every new
model causes them.

It is also the one place where the package gets its Keras, `from fer_course.quiet import keras`: without the user's own settings
for it (see `settings.load_keras`).
"""

import logging
import os
import platform

import fer_course._shared.matplotlibrc  # noqa: F401  (lessons load matplotlib after this)
from fer_course._shared import causes, tensorflow_steps
from fer_course._shared.settings import load_keras
from fer_course._shared.silence import closed
from fer_course.errors import SetupError


def _load_keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no INFO lines later on
    if platform.machine() in ("x86_64", "AMD64"):
        # By itself TensorFlow takes its fast routines on some processors only; see benchmarks/onednn.py.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        with closed(2):
            loaded = load_keras()
    except SetupError:
        raise
    except Exception as error:
        raise SetupError(f"Keras can't be loaded. {causes.of_error(error)} `fer-course doctor` says more.") from error
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if loaded.backend.backend() == "tensorflow":
        tensorflow_steps.forget_graphs(loaded.optimizers.Optimizer)
        tensorflow_steps.trace_once(loaded.Model)
    return loaded


keras = _load_keras()
