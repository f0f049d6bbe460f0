"""What Keras trains on: one local accelerator, several that share each batch (data parallelism), or the processor."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from fer_course._shared.machine import processors
from fer_course.errors import FerCourseError
from fer_course.quiet import keras

#: The flag that makes XLA, JAX's compiler, add up in one fixed order. It is read once, when JAX first uses a device.
DETERMINISTIC = "--xla_gpu_deterministic_ops=true"


def name() -> str:
    """Return what Keras trains on, by its maker's name, such as `NVIDIA H100 80GB HBM3`, or `cpu`."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        for device in tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_device_details(device).get("device_name", device.name)
    return "cpu"


def threads() -> int:
    """Return how many threads of the processor TensorFlow computes one operation with; see `_shared.executors.THREADS`.

    Sums of many numbers are split among the threads, so this number affects the last digits of a training.
    """
    chosen = 0
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        chosen = tf.config.threading.get_intra_op_parallelism_threads()
    if not chosen:
        with contextlib.suppress(ValueError):
            chosen = int(os.environ.get("TF_NUM_INTRAOP_THREADS", ""))
    return chosen or processors()


def accelerated() -> bool:
    """Say whether JAX is the backend and has something faster than the processor to run on."""
    if keras.backend.backend() != "jax":
        return False
    import jax

    return jax.default_backend() != "cpu"


def tell_xla() -> None:
    """Prepare a process for `make_deterministic`; without effect once JAX has used a device."""
    flags = os.environ.get("XLA_FLAGS", "").split()
    os.environ["XLA_FLAGS"] = " ".join([*flags, DETERMINISTIC])


def make_deterministic() -> None:
    """Make this process compute the same results each time, bit for bit, on an accelerator too.

    By default accelerators add up in the order in which their parts finish, and choose among algorithms by their speed. A fixed
    order costs speed (BENCHMARKS.md). On a processor nothing changes: there a training is always the same with the same versions
    and number of threads.

    Raises:
        FerCourseError: if JAX has an accelerator, and `XLA_FLAGS` does not contain `DETERMINISTIC`.

    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()
    elif accelerated() and DETERMINISTIC not in os.environ.get("XLA_FLAGS", "").split():
        raise FerCourseError(
            f"On {name()} JAX must know before it first uses the device that a training is to be deterministic. Set the "
            f"environment variable XLA_FLAGS={DETERMINISTIC} before Python starts, or use `fer-course train --deterministic`."
        )


@contextmanager
def data_parallel(devices: int) -> Iterator[None]:
    """Train models that are built inside the `with` on this number of local devices; 1 changes nothing.

    Raises:
        FerCourseError: if the backend is not JAX, the only one on which Keras does this, or there are fewer devices.

    """
    if devices == 1:
        yield
        return
    if keras.backend.backend() != "jax":
        raise FerCourseError(
            f"Training on {devices} devices needs the JAX backend; this is {keras.backend.backend()}. Set the environment "
            f"variable KERAS_BACKEND=jax before Python starts, or train on 1 device."
        )
    found = keras.distribution.list_devices()
    if not 1 <= devices <= len(found):
        raise FerCourseError(f"Training on {devices} devices was requested; found {len(found)}: {', '.join(found)}.")
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=found[:devices]))
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)
