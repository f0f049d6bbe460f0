"""`import fer_course.quiet` loads Keras without TensorFlow's start-up messages, which are long, red, and mean nothing bad.

The first ones come from C++ before any setting is read, so the only way is to close the channel for errors while Keras is
loaded. An error in loading still shows: it is raised, not printed. Later on, warnings about functions that are traced anew, as
they must be for every new model, are left out too.
"""

import logging
import os

from fer_course.silence import closed


def _load_keras() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no INFO lines later on
    with closed(2):
        import keras  # noqa: F401
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


_load_keras()
