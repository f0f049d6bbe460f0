"""Several local accelerators at once: each takes a part of every batch, and they agree on one step (data parallelism)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from fer_course.errors import FerCourseError


def name() -> str:
    """Return what Keras trains on, as its maker calls it: `NVIDIA H100 80GB HBM3`, say, or `cpu`."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        for device in tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_device_details(device).get("device_name", device.name)
    return "cpu"


def accelerated() -> bool:
    """Say whether JAX is the backend and has something faster than the processor to run on."""
    if keras.backend.backend() != "jax":
        return False
    import jax

    return jax.default_backend() != "cpu"


@contextmanager
def data_parallel(devices: int) -> Iterator[None]:
    """Let models that are built inside the `with` be trained on so many local devices; 1 changes nothing.

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
        raise FerCourseError(f"Training on {devices} devices was asked for; found {len(found)}: {', '.join(found)}.")
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=found[:devices]))
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)
