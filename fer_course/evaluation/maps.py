"""Class maps: how much each place of a picture speaks for each class."""

from __future__ import annotations

import numpy as np

from fer_course.errors import ModelError
from fer_course.evaluation.views import view
from fer_course.models.prepare import as_model, prepare
from fer_course.quiet import keras
from fer_course.runs import Run


def class_maps(model: keras.Model | Run, images: np.ndarray, detail: int = 1) -> np.ndarray:
    """Return how much each place of a picture speaks for each class: float32 (N, h, w, classes).

    Averaged over all places, the maps are exactly the scores that the softmax turns into probabilities. This needs no
    gradients, but a model that ends in a global average, alone (`mini_xception`, `nin_small`) or followed by one dense layer.

    Args:
        model: a Keras model of this package's form, or a `Run`, of which the best model is taken.
        images: uint8 (N, 48, 48); resized, antialiased, to the model's input size.
        detail: look at `detail` × `detail` views, each moved by a fraction of the distance between two places, and put their
            maps together: (N, h · detail, w · detail, classes), whose average is that of the views' scores.

    Raises:
        ModelError: if the model does not end in this way, or `detail` is not 1 or more.

    Source: Zhou et al. 2016, arXiv:1512.04150; the fully convolutional form: Lin et al. 2013, arXiv:1312.4400; `detail` is
    the "shift-and-stitch" of Long, Shelhamer, Darrell 2015, arXiv:1411.4038.

    """
    if isinstance(detail, bool) or not isinstance(detail, int) or detail < 1:
        raise ModelError(f"The detail of class maps is a whole number of 1 or more; found {detail!r}.")
    mapper = class_scores_model(as_model(model))
    height, width, classes = mapper.output_shape[1:]
    maps = np.empty((len(images), height, detail, width, detail, classes), dtype=np.float32)
    for i, j in np.ndindex(detail, detail):
        # To look further down, move the picture up.
        up, left = (
            round(((k + 0.5) / detail - 0.5) * size / places)
            for k, size, places in ((i, images.shape[1], height), (j, images.shape[2], width))
        )
        pixels = prepare(view(images, False, -up, -left), mapper.input_shape[1])
        maps[:, :, i, :, j] = mapper.predict(pixels, batch_size=256, verbose=0)
    return maps.reshape(len(images), height * detail, width * detail, classes)


def class_scores_model(model: keras.Model) -> keras.Model:
    """Return a model of the class maps: up to the global average, with the dense layer, if any, applied at each place."""
    places = [k for k, layer in enumerate(model.layers) if isinstance(layer, keras.layers.GlobalAveragePooling2D)]
    last = model.layers[places[-1] + 1 :] if places else [None]
    rest = [each for each in last if not isinstance(each, (keras.layers.Dropout, keras.layers.Softmax))]
    if len(rest) > 1 or not all(isinstance(each, keras.layers.Dense) for each in rest):
        raise ModelError(
            f"Class maps need a model that ends in a global average and at most one dense layer; {model.name} ends in "
            f"{', '.join(type(each).__name__ for each in model.layers[-3:])}. mini_xception and nin_small end as needed."
        )
    maps = model.layers[places[-1]].input
    for dense in rest:
        pointwise = keras.layers.Conv2D(dense.units, 1, use_bias=dense.use_bias)
        maps = pointwise(maps)
        kernel, *bias = dense.get_weights()
        pointwise.set_weights([kernel[None, None], *bias])
    return keras.Model(model.inputs, maps)
