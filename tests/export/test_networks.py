"""Networks in plain JavaScript: the same scores and maps as Keras, for every network that can be built."""

from __future__ import annotations

import numpy as np
import pytest
from javascript import needs_node, run_node

from fer_course import layers, models
from fer_course.data import drawn
from fer_course.errors import ExportError
from fer_course.export import networks
from fer_course.quiet import keras

EXECUTE = """
import { build } from "LIBRARY/network.js";
const network = build(given.description);
const answer = given.images.map((image) => {
  const maps = network.run(image);
  return given.numbers.map((number) => ({ shape: maps[number].shape, data: [...maps[number].data] }));
});
"""


def faces() -> np.ndarray:
    return np.stack(
        [drawn.draw_one(drawn.PROTOTYPES[name], who) for who, name in enumerate(("happy", "fear", "neutral"))]
    )


def lively(model, seed: int = 0):
    """Give a model weights for which every layer matters: normalisations and biases that are not at their first values."""
    rng = np.random.default_rng(seed)
    moved = [w if w.ndim > 1 else (w + rng.uniform(0.05, 0.5, w.shape)).astype(np.float32) for w in model.get_weights()]
    model.set_weights(moved)
    return model


def in_javascript(model, images: np.ndarray, numbers=(-1,)) -> list[np.ndarray]:
    description = networks.describe(model)
    numbers = [number % len(description["layers"]) for number in numbers]
    pixels = images.reshape(len(images), -1).tolist()
    found = run_node(EXECUTE, {"description": description, "images": pixels, "numbers": numbers})
    return [
        np.array([each[k]["data"] for each in found]).reshape(-1, *found[0][k]["shape"]) for k in range(len(numbers))
    ]


@needs_node
@pytest.mark.parametrize("name", [*models.names(), *models.variants()])
def test_every_network_gives_keras_scores(name):
    model = lively(models.build(name, input_size=24 if name == "vgg_small" else 48, seed=1))
    images = faces() if model.input_shape[1] == 48 else faces()[:, ::2, ::2]
    (found,) = in_javascript(model, images)
    expected = np.asarray(model(images[..., None]))
    assert np.ptp(expected) > 0.01  # scores that differ, or the comparison would say nothing
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@needs_node
def test_the_shipped_network_and_all_of_its_maps_equal_keras():
    model = models.pretrained("mini_xception")
    names = [layer["name"] for layer in networks.describe(model)["layers"]]
    last = {name: number for number, name in enumerate(names)}
    inside = keras.Model(model.inputs, [model.get_layer(name).output for name in last if name != "pixels"])
    expected = inside.predict(faces()[..., None], verbose=0)
    found = in_javascript(model, faces(), [number for name, number in last.items() if name != "pixels"])
    for name, ours, theirs in zip([each for each in last if each != "pixels"], found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5 * np.abs(theirs).max(), err_msg=name)


def odd_network(x):
    y = layers.simplified_module(x, 6, norm=False)
    z = layers.equivalent_module(x, 6, segments=3)
    x = keras.layers.Multiply()([y, z])
    x = keras.layers.ZeroPadding2D(((1, 2), (0, 3)))(x)
    x = keras.layers.DepthwiseConv2D(4, strides=3, depth_multiplier=2, padding="same", activation="tanh")(x)
    x = keras.layers.LeakyReLU()(x)
    x = keras.layers.AveragePooling2D(3, 2, padding="same")(x)
    return keras.layers.Dense(7, activation="softmax")(keras.layers.Dropout(0.3)(keras.layers.GlobalMaxPooling2D()(x)))


@needs_node
def test_layers_that_only_learners_use():
    inputs = keras.Input((48, 48, 1))
    model = lively(keras.Model(inputs, odd_network(keras.layers.Rescaling(1 / 127.5, -1)(inputs))))
    (found,) = in_javascript(model, faces())
    np.testing.assert_allclose(found, np.asarray(model(faces()[..., None].astype("float32"))), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda x: keras.layers.Conv2D(2, 3, dilation_rate=2)(x), "dilated"),
        (lambda x: keras.layers.LayerNormalization()(x), "LayerNormalization"),
        (lambda x: keras.layers.Conv2D(2, 3, activation="gelu")(x), "gelu"),
        (lambda x: keras.layers.ReLU(max_value=3)(x), "limits"),
    ],
)
def test_what_a_page_can_not_compute_is_named(make, words):
    inputs = keras.Input((48, 48, 1))
    with pytest.raises(ExportError, match=words):
        networks.describe(keras.Model(inputs, make(inputs)))


def test_a_sequential_model_is_described_as_the_same_layers_in_a_graph():
    keras.utils.set_random_seed(0)
    parts = [
        keras.Input((48, 48, 1)),
        keras.layers.Rescaling(1 / 127.5, offset=-1),
        keras.layers.Conv2D(6, 5, activation="tanh"),
    ]
    parts += [keras.layers.AveragePooling2D(2), keras.layers.Flatten(), keras.layers.Dropout(0.5)]
    sequential = keras.Sequential([*parts, keras.layers.Dense(7, activation="softmax")])
    graph = keras.Model(sequential.inputs, sequential.outputs, name=sequential.name)
    assert networks.describe(sequential) == networks.describe(graph)
    with pytest.raises(ExportError, match="has no input yet"):
        networks.describe(keras.Sequential([keras.layers.Flatten()]))
