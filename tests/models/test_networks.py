"""Models: mini-Xception is the published one, weight for weight, and trains at every size without corrupting memory."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import keras
import numpy as np
import pytest
from built_networks import built
from keras import layers

from fer_course import layers as blocks
from fer_course import models
from fer_course.errors import ModelError
from fer_course.models import registry

#: Together they have every kind of layer. `make test-all` tries the others, too.
DIFFERENT = ("inception_resnet_small", "lenet", "mini_xception", "mobilenet_v2_small", "nin_small")
each_kind_of_layer = pytest.mark.parametrize(
    "name", [name if name in DIFFERENT else pytest.param(name, marks=pytest.mark.slow) for name in models.names()]
)

#: Trains two steps; the strided shortcut of the published model dies here on processors with AVX-512.
STEPS = """
import sys, keras, numpy as np
from fer_course import layers as blocks, models
size = int(sys.argv[1])
keras.utils.set_random_seed(0)
model = models.build("mini_xception", size)
model.compile("adam", "sparse_categorical_crossentropy")
rng = np.random.default_rng(0)
images, labels = rng.integers(0, 256, (16, size, size, 1), dtype=np.uint8), np.arange(16) % 7
losses = [float(model.train_on_batch(images, labels)) for _ in range(3)]
assert np.isfinite(losses).all(), losses
assert losses[-1] < losses[0], losses
print("trained", model.count_params())
"""


def published_mini_xception(size: int) -> keras.Model:
    """Mini-Xception as in the authors' public code (Arriaga et al. 2017, arXiv:1710.07557), pixels already in [-1, 1]."""
    l2 = keras.regularizers.L2(0.01)
    inputs = x = keras.Input((size, size, 1))
    for _ in range(2):
        x = layers.Conv2D(8, (3, 3), strides=(1, 1), kernel_regularizer=l2, use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
    for filters in (16, 32, 64, 128):
        residual = layers.Conv2D(filters, (1, 1), strides=(2, 2), padding="same", use_bias=False)(x)
        residual = layers.BatchNormalization()(residual)
        x = layers.SeparableConv2D(filters, (3, 3), padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(filters, (3, 3), padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D((3, 3), strides=(2, 2), padding="same")(x)
        x = layers.add([x, residual])
    x = layers.Conv2D(7, (3, 3), padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Activation("softmax", name="predictions")(x))


def random_weights(model: keras.Model) -> list[np.ndarray]:
    """Weights of which no two are alike, of such a size that the pictures still make a difference at the end."""
    rng = np.random.default_rng(0)

    def draw(variable):
        shape = variable.shape
        if len(shape) == 1:  # batch normalisation, and the last bias
            centre = 1 if variable.name in ("gamma", "moving_variance") else 0
            return centre + rng.uniform(-0.3, 0.3, shape)
        seen = shape[:2] if "depthwise" in variable.name else shape[:3]
        last = 0.001 if shape[-1] == 7 else 1  # keeps the softmax from answering 0 and 1 only
        return rng.normal(0, last * 2 / np.sqrt(np.prod(seen)), shape)

    return [draw(variable) for variable in model.weights]


@pytest.mark.parametrize("size", [24, 25, 48, 61, 96])
def test_mini_xception_has_the_published_parameters_at_any_size(size):
    model = built("mini_xception", size)
    assert model.count_params() == 58_423
    assert sum(np.prod(weight.shape) for weight in model.trainable_weights) == 56_951
    assert model.input_shape == (None, size, size, 1)
    assert model.output_shape == (None, 7)


@pytest.mark.parametrize("size", [24, 47, 48, 64])
def test_mini_xception_is_the_published_one_weight_for_weight(size):
    published, ours = published_mini_xception(size), models.build("mini_xception", size)
    weights = random_weights(published)
    assert [array.shape for array in ours.get_weights()] == [array.shape for array in weights]
    published.set_weights(weights)
    ours.set_weights(weights)
    pixels = np.random.default_rng(1).integers(0, [[[[256]]], [[[99]]], [[[9]]]], (3, size, size, 1)).astype("float32")
    expected = np.asarray(published(pixels / 127.5 - 1, training=False))
    np.testing.assert_allclose(np.asarray(ours(pixels, training=False)), expected, atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 0.01  # the weights are such that pictures make a difference


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("channels", [1, 8, 16])
def test_the_shortcut_is_a_strided_convolution(side, channels):
    x = np.random.default_rng(0).normal(size=(2, side, side, channels)).astype("float32")
    strided = layers.Conv2D(5, 1, strides=2, padding="same", use_bias=False)
    expected = np.asarray(strided(x))
    plain = layers.Conv2D(5, 1, padding="same", use_bias=False)
    plain.build((None, None, None, channels))
    plain.set_weights(strided.get_weights())
    np.testing.assert_allclose(np.asarray(plain(x[:, ::2, ::2, :])), expected, atol=1e-5)
    inputs = keras.Input((side, side, channels))
    assert blocks.residual_module(inputs, 5).shape == (None, *expected.shape[1:])


def test_no_model_of_the_course_has_a_strided_1x1_convolution():
    for name in models.names():
        for layer in built(name).layers:
            if isinstance(layer, layers.Conv2D) and layer.kernel_size == (1, 1):
                assert layer.strides == (1, 1), f"{name}: {layer.name} corrupts memory on AVX-512 processors"


@pytest.mark.slow
@pytest.mark.parametrize("size", [24, 60, 64, 96])
def test_mini_xception_trains_at_every_size(size):
    done = subprocess.run([sys.executable, "-c", STEPS, str(size)], capture_output=True, text=True)
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-2000:]}"
    assert "trained 58423" in done.stdout


@each_kind_of_layer
def test_every_model_gives_probabilities_of_pixels(name):
    keras.utils.set_random_seed(0)
    model = models.build(name, 48, classes=5)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 1), dtype=np.uint8)
    probabilities = np.asarray(model(pixels))
    assert (probabilities.shape, probabilities.dtype) == ((3, 5), np.float32)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.asarray(model(pixels.astype("float32"))), probabilities, atol=1e-6)
    keras.utils.set_random_seed(0)
    again = models.build(name, 48, classes=5)
    np.testing.assert_array_equal(np.asarray(again(pixels)), probabilities)


@pytest.mark.parametrize("name", models.names())
@pytest.mark.parametrize("size", [24, pytest.param(96, marks=pytest.mark.slow)])
def test_every_model_can_be_built_at_both_ends(name, size):
    assert built(name, size).output_shape == (None, 7)


@each_kind_of_layer
def test_a_model_can_be_saved_and_loaded(name, tmp_path):
    model = built(name, 24)
    model.save(tmp_path / "model.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 1), dtype=np.uint8)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(pixels)), np.asarray(model(pixels)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("xception",), r"no model 'xception'; there are: .*mini_xception"),
        (("mini_xception", 23), "24 to 96; found 23"),
        (("mini_xception", 97), "24 to 96; found 97"),
        (("mini_xception", 48.0), r"found 48\.0"),
        (("mini_xception", True), "found True"),
        (("mini_xception", 48, 1), "2 or more; found 1"),
        (("mini_xception", 48, "7"), "found '7'"),
    ],
)
def test_what_can_not_be_built_is_refused(arguments, words):
    with pytest.raises(ModelError, match=words):
        models.build(*arguments)


def test_a_registered_builder_can_be_built(monkeypatch):
    monkeypatch.setattr(registry, "_BUILDERS", dict(registry._BUILDERS))

    @models.register
    def a_line(x, classes):
        return layers.Dense(classes, activation="softmax")(layers.Flatten()(x))

    assert "a_line" in models.names()
    assert models.build("a_line", 24).count_params() == 24 * 24 * 7 + 7


def test_variants_are_built_by_name_and_are_not_in_the_zoo():
    changed = ["deep", "no_normalisation", "no_shortcuts", "no_shortcuts_wide", "norm_between", "norm_relu_between"]
    changed += ["relu_between", "standard", "wide"]
    assert models.variants() == [*(f"mini_xception_{part}" for part in changed), "vgg_small"]
    assert not set(models.variants()) & set(models.names())
    for name in models.variants():
        assert models.build(name, 24).output_shape == (None, 7)
        assert "mini-xception" in models.describe(name).lower()


def test_standard_convolutions_are_compared_at_equal_parameters():
    assert built("mini_xception_standard").count_params() == pytest.approx(58_423, rel=0.01)
    kinds = [type(layer).__name__ for layer in built("mini_xception_standard").layers]
    assert "SeparableConv2D" not in kinds
    assert kinds.count("Conv2D") == 2 + 3 * 4 + 1


def test_wide_and_deep_are_what_they_say():
    def convolutions(name):
        return [layer for layer in built(name).layers if type(layer).__name__.endswith("Conv2D")]

    plain, wide, deep = (convolutions(name) for name in ("mini_xception", "mini_xception_wide", "mini_xception_deep"))
    assert [2 * each.filters for each in plain[:-1]] == [each.filters for each in wide[:-1]]
    assert len(deep) == len(plain) + 4
    assert [each.filters for each in deep if type(each).__name__ == "SeparableConv2D"] == [
        filters for filters in (16, 32, 64, 128) for _ in range(3)
    ]


def test_networks_without_a_part_have_all_others():
    def kinds(name):
        return Counter(type(layer).__name__ for layer in built(name).layers)

    whole, no_shortcuts, no_norm = (
        kinds(f"mini_xception{part}") for part in ("", "_no_shortcuts", "_no_normalisation")
    )
    # A shortcut is every second pixel, a 1×1 convolution and its normalisation, and an addition; there are four.
    shortcuts = Counter(dict.fromkeys(("AveragePooling2D", "Conv2D", "BatchNormalization", "Add"), 4))
    assert whole - no_shortcuts == shortcuts
    assert no_shortcuts - whole == Counter()
    assert kinds("mini_xception_no_shortcuts_wide") == no_shortcuts
    assert built("mini_xception_no_shortcuts_wide").count_params() == pytest.approx(58_423, rel=0.01)
    assert whole - no_norm == Counter({"BatchNormalization": 14})
    assert no_norm - whole == Counter()
    biased = [layer for layer in built("mini_xception_no_normalisation").layers if hasattr(layer, "use_bias")]
    assert len(biased) == 2 + 4 * 3 + 1
    assert all(layer.use_bias for layer in biased)


@pytest.mark.parametrize(
    ("between", "added", "numbers"),
    [
        # The input channels of the eight separable convolutions: a bias each, or four numbers of a normalisation each.
        ("relu", Counter(Activation=8), 8 + 16 + 16 + 32 + 32 + 64 + 64 + 128),
        ("norm", Counter(BatchNormalization=8), 4 * (8 + 16 + 16 + 32 + 32 + 64 + 64 + 128)),
        ("norm_relu", Counter(BatchNormalization=8, Activation=8), 4 * (8 + 16 + 16 + 32 + 32 + 64 + 64 + 128)),
    ],
)
def test_networks_with_something_between_the_halves_have_nothing_else(between, added, numbers):
    def kinds(name):
        return Counter(type(layer).__name__ for layer in built(name).layers)

    whole, changed = kinds("mini_xception"), kinds(f"mini_xception_{between}_between")
    # Each separable convolution has become two: a depthwise and a pointwise one.
    assert changed - whole == added + Counter(DepthwiseConv2D=8, Conv2D=8)
    assert whole - changed == Counter(SeparableConv2D=8)
    assert built(f"mini_xception_{between}_between").count_params() == 58_423 + numbers


def test_mini_xception_takes_filters_and_classes():
    assert models.mini_xception((4, 6), 3).output_shape == (None, 3)
    same = [layer.get_config() | {"name": ""} for layer in models.mini_xception().layers]
    assert same == [layer.get_config() | {"name": ""} for layer in built("mini_xception").layers]


LENET_WEIGHTS = {  # kernels and biases of the two convolutions and of the three dense layers
    "flatten": (150 + 6, 2400 + 16, 9 * 9 * 16 * 120 + 120, 120 * 84 + 84, 84 * 7 + 7),
    "pooled": (150 + 6, 2400 + 16, 4 * 4 * 16 * 120 + 120, 120 * 84 + 84, 84 * 7 + 7),
    "averages": (150 + 6, 2400 + 16, 16 * 120 + 120, 120 * 84 + 84, 84 * 7 + 7),
}


@pytest.mark.parametrize("ending", LENET_WEIGHTS)
def test_lenet_of_1995_stores_what_its_layers_store(ending):
    assert models.lenet_1995(ending=ending).count_params() == sum(LENET_WEIGHTS[ending])


def test_the_zoos_lenet_is_that_of_1995_with_batch_normalisation():
    zoo, changed = models.build("lenet"), models.lenet_1995(norm=True)
    kinds = [[type(layer).__name__ for layer in model.layers] for model in (zoo, changed)]
    assert kinds[0] == kinds[1]
    plain = [type(layer).__name__ for layer in models.lenet_1995().layers]
    assert [kind for kind in kinds[0] if kind not in ("BatchNormalization", "Activation")] == [
        kind for kind in plain if kind != "Activation"
    ]
    changed.set_weights(zoo.get_weights())
    pixels = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 1))
    np.testing.assert_allclose(changed(pixels), zoo(pixels), atol=1e-6)


def test_one_change_of_lenet_changes_that_one_thing():
    def kinds(**change):
        return [type(layer).__name__ for layer in models.lenet_1995(**change).layers]

    assert [kind.replace("Max", "Average") for kind in kinds(pooling=layers.MaxPooling2D)] == kinds()
    assert [kind for kind in kinds(dropout=0.5) if kind != "Dropout"] == kinds()
    assert kinds(dropout=0.5).count("Dropout") == 2
    assert kinds(third=True).count("Conv2D") == kinds().count("Conv2D") + 1
    relu = models.lenet_1995("relu").get_config()["layers"]
    functions = [each["config"]["activation"] for each in relu if each["class_name"] == "Activation"]
    assert functions == ["relu"] * 4
