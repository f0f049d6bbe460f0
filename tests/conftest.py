"""What all tests share: drawn faces and a cache of their own, tiny faces and a tiny model, and the real faces if there are."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

# Before anything imports Keras, and in the environment, so that subprocesses see it too.
REAL_SOURCE = os.environ.get("FER_COURSE_DATA", "").strip()
os.environ["MPLBACKEND"] = "Agg"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import kept_faces  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from learnable_faces import make_faces  # noqa: E402

from fer_course.faces import Faces  # noqa: E402

# What asserts for the tests explains itself as they do.
pytest.register_assert_rewrite("answers")

# The machines that run this are shared: a slow example is no failure.
settings.register_profile("course", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("course")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Make a cache folder for this session, compare figures, and let Ctrl-C through to the processes that tests start."""
    config.option.mpl = (
        getattr(config.option, "mpl_generate_path", None) is None
    )  # pytest-mpl compares only if it is told to
    # A shell starts what it runs in the background with Ctrl-C ignored, and that is inherited.
    with contextlib.suppress(ValueError):  # not the main thread
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    _make_cache(config)


def _make_cache(config):
    """Make a cache folder for this session, with the faces that earlier ones drew. The workers of pytest-xdist share it."""
    if not hasattr(config, "workerinput"):
        config.course_cache = Path(tempfile.mkdtemp(prefix="fer-course-tests-"))
        os.environ["FER_COURSE_CACHE"] = str(config.course_cache)
        os.environ["XDG_STATE_HOME"] = str(config.course_cache / "state")  # for a key of this session's own
        kept_faces.copy(kept_faces.FOLDER, config.course_cache)


def pytest_collection_finish(session):
    """Give the tests drawn faces, and spare the garbage collector what stays until the end.

    Only now: a test module may look, when it is imported, at what the user had chosen. Without the second step a third of the
    time of tests that train goes into walking over thousands of tests and libraries again and again.
    """
    os.environ["FER_COURSE_DATA"] = "drawn"
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config):
    """Keep the drawn faces and remove the cache folder."""
    if hasattr(config, "course_cache"):
        kept_faces.copy(config.course_cache, kept_faces.FOLDER)
        shutil.rmtree(config.course_cache, ignore_errors=True)


def pytest_runtest_setup(item):
    """Skip what needs real faces if there are none, and what has not begun before the deadline that .ci/run sets."""
    if item.get_closest_marker("real") and not real_source():
        pytest.skip("needs real FER2013 faces: set FER_COURSE_DATA to a file or folder that holds them")
    deadline = os.environ.get("FER_COURSE_TEST_DEADLINE")
    if deadline and time.time() > float(deadline):
        pytest.skip("not begun before FER_COURSE_TEST_DEADLINE: the time of this check had run out")


def pytest_runtest_logreport(report):
    """Note a failed test at once, for .ci/run: it may cut the run off before pytest sums up."""
    _note_failure(report)


def pytest_collectreport(report):
    """Note a module that can't be collected, too."""
    _note_failure(report)


def _note_failure(report):
    path = os.environ.get("FER_COURSE_TEST_FAILURES")
    if path and report.failed:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid}\n")


def real_source() -> str:
    """Return the user's own FER_COURSE_DATA, or "" if it names no file or folder."""
    return REAL_SOURCE if REAL_SOURCE not in ("", "drawn") and Path(REAL_SOURCE).exists() else ""


@pytest.fixture
def run_cli(capsys):
    """A function that runs `fer-course` in this process: its arguments to (status, stdout, stderr)."""
    from fer_course import cli

    def call(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture(scope="session")
def real_data() -> str:
    """The path of real FER2013 faces; the test is skipped, loudly, without it. Mark such tests `real`."""
    if not real_source():
        pytest.skip("needs real FER2013 faces: set FER_COURSE_DATA to a file or folder that holds them")
    return real_source()


@pytest.fixture(scope="session")
def tiny_faces() -> Faces:
    """140 Training, 35 PublicTest and 35 PrivateTest pictures, every class equally often; read-only."""
    faces = make_faces({"Training": 20, "PublicTest": 5, "PrivateTest": 5})
    faces.images.flags.writeable = False
    return faces


@pytest.fixture
def tiny_model():
    """A function that builds the smallest model that learns them; imported here, so that other tests need no Keras."""
    import keras

    def build(size: int = 48, seed: int = 1, dropout: float = 0.0, units: int = 7):
        keras.utils.set_random_seed(seed)
        layers = [keras.Input((size, size, 1)), keras.layers.Rescaling(1 / 127.5, -1), keras.layers.AveragePooling2D(6)]
        layers += [keras.layers.Dropout(dropout)] if dropout else []
        return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(units, activation="softmax")])

    return build
