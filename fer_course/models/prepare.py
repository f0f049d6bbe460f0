"""Pictures and models in the form that this package's functions take."""

from __future__ import annotations

import numpy as np

from fer_course.quiet import keras
from fer_course.runs import Run


def prepare(images: np.ndarray, size: int) -> np.ndarray:
    """Bring pictures into the form that models take: uint8 (N, 48, 48) to uint8 (N, size, size, 1), resized antialiased."""
    images = np.asarray(images)[..., None]
    if images.shape[1:3] == (size, size):
        return images
    pieces = [
        keras.ops.convert_to_numpy(
            keras.ops.image.resize(images[i : i + 1024].astype("float32"), (size, size), antialias=True)
        )
        for i in range(0, len(images), 1024)
    ]
    return np.clip(np.rint(np.concatenate(pieces)), 0, 255).astype(np.uint8)


def as_model(model):
    """Load a `Run`'s best model; return any other model unchanged."""
    return model.model() if isinstance(model, Run) else model
