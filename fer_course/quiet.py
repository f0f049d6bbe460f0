"""`import fer_course.quiet` loads Keras without TensorFlow's start-up messages, which are long, red, and mean nothing bad.

The first ones come from C++ before any setting is read, so the only way is to close the channel for errors while Keras is
loaded. An error in loading still shows: it is raised, not printed. Later on, warnings about functions that are traced anew, as
they must be for every new model, are left out too.
"""

import logging
import os


def _load_keras() -> None:
    try:
        channel = os.dup(2)
    except OSError:  # no channel for errors, as under pythonw
        channel = None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no INFO lines later on
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        if channel is not None:
            os.dup2(nowhere, 2)
        import keras  # noqa: F401
    finally:
        os.close(nowhere)
        if channel is not None:
            os.dup2(channel, 2)
            os.close(channel)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


_load_keras()
