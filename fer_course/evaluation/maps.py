"""Class maps: how much each position of a picture speaks for each class."""

from __future__ import annotations

import numpy as np

from fer_course._shared.values import is_whole
from fer_course.errors import ModelError
from fer_course.evaluation.views import view
from fer_course.models.prepare import as_model, prepare
from fer_course.quiet import keras
from fer_course.runs import Run


def class_maps(model: keras.Model | Run, images: np.ndarray, detail: int = 1) -> np.ndarray:
    """Return how much each position of a picture speaks for each class: float32 (N, h, w, classes).

    Averaged over all positions, the maps are exactly the scores that the softmax turns into probabilities. This needs no
    gradients. It needs a model that ends in a global average, alone (`mini_xception`, `nin_small`) or before one dense layer.

    >>> from fer_course import models
    >>> class_maps(models.build("mini_xception"), np.zeros((2, 48, 48), np.uint8)).shape
    (2, 3, 3, 7)

    Args:
        model: a Keras model of this package's form, or a `Run`, whose best model is used.
        images: uint8 (N, 48, 48); resized, antialiased, to the model's input size.
        detail: evaluate `detail` × `detail` views, each moved by a fraction of the distance between two positions, and interleave
            their maps: (N, h · detail, w · detail, classes). Their average is the average of the views' scores.

    Raises:
        ModelError: if the model does not end in this way, or `detail` is not a whole number of 1 or more.

    Source: Zhou et al. 2016, arXiv:1512.04150; the fully convolutional form: Lin et al. 2013, arXiv:1312.4400; `detail` is
    the "shift-and-stitch" of Long, Shelhamer, Darrell 2015, arXiv:1411.4038.

    """
    if not is_whole(detail) or detail < 1:
        raise ModelError(f"The detail of class maps is a whole number of 1 or more; found {detail!r}.")
    maps_model = class_scores_model(as_model(model))
    height, width, classes = maps_model.output_shape[1:]
    maps = np.empty((len(images), height, detail, width, detail, classes), dtype=np.float32)
    for i, up in enumerate(_shifts(detail, images.shape[1], height)):
        for j, left in enumerate(_shifts(detail, images.shape[2], width)):
            # To see what is further down, move the picture up.
            pixels = prepare(view(images, mirrored=False, down=-up, right=-left), maps_model.input_shape[1])
            maps[:, :, i, :, j] = maps_model.predict(pixels, batch_size=256, verbose=0)
    return maps.reshape(len(images), height * detail, width * detail, classes)


def _shifts(detail: int, size: int, positions: int) -> list[int]:
    """Return by how many pixels to shift each of `detail` views, spread evenly over the distance between two positions.

    Args:
        detail: the number of views.
        size: side of the picture in pixels.
        positions: the number of positions along this side of the map.

    """
    distance = size / positions
    return [round(((k + 0.5) / detail - 0.5) * distance) for k in range(detail)]


def class_scores_model(model: keras.Model) -> keras.Model:
    """Return a model of the class maps.

    It ends before the global average. The dense layer, if there is one, becomes a 1×1 convolution, which applies it at each
    position.

    Raises:
        ModelError: if the model does not end in a global average and at most one dense layer.

    """
    average_index = _last_average(model)
    after = model.layers[average_index + 1 :] if average_index is not None else []
    after = [layer for layer in after if not isinstance(layer, (keras.layers.Dropout, keras.layers.Softmax))]
    only_dense = all(isinstance(layer, keras.layers.Dense) for layer in after)
    if average_index is None or len(after) > 1 or not only_dense:
        raise ModelError(
            f"Class maps need a model that ends in a global average and at most one dense layer; {model.name} ends in "
            f"{', '.join(type(layer).__name__ for layer in model.layers[-3:])}. mini_xception and nin_small end like this."
        )
    maps = model.layers[average_index].input
    if after:
        dense = after[0]
        pointwise = keras.layers.Conv2D(dense.units, 1, use_bias=dense.use_bias)
        maps = pointwise(maps)
        kernel, *bias = dense.get_weights()
        pointwise.set_weights([kernel[None, None], *bias])
    return keras.Model(model.inputs, maps)


def _last_average(model: keras.Model) -> int | None:
    """Return the index of the model's last global average among its layers; None if there is none."""
    found = None
    for index, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.GlobalAveragePooling2D):
            found = index
    return found
