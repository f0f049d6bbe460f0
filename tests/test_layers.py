"""Building blocks: each computes what its paper draws, and the four Inception modules are one function in four forms."""

import itertools
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from repository import ROOT

from fer_course.checks import oracles
from fer_course.errors import ModelError
from fer_course.layers import (
    best_separable,
    convolution,
    depthwise,
    equivalent_module,
    equivalent_to_extreme,
    every,
    extreme_module,
    inception_resnet_module,
    inception_v1_module,
    inception_v3_module,
    inverted_residual_module,
    pointwise,
    residual_module,
    separable,
    separable_as_standard,
    simplified_module,
    simplified_to_equivalent,
)

HEIGHT, WIDTH, CHANNELS, FILTERS = 7, 10, 5, 12  # odd and even, not square, and no two alike
PLAIN = {"norm": False, "activation": None}


def model_of(block, *arguments, **options) -> keras.Model:
    """A model that consists of one block, with weights of which no two are alike."""
    inputs = keras.Input((HEIGHT, WIDTH, CHANNELS))
    model = keras.Model(inputs, block(inputs, *arguments, **options))
    rng = np.random.default_rng(1)
    for variable in model.weights:
        centre = 1 if variable.name in ("gamma", "moving_variance") else 0
        variable.assign(rng.uniform(centre - 0.5, centre + 0.5, variable.shape))
    return model


def maps(channels: int = CHANNELS, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, HEIGHT, WIDTH, channels)).astype("float32")


def outputs(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(model(x))


def assert_same(found: np.ndarray, expected: np.ndarray):
    assert np.ptp(expected) > 0.1  # it makes a difference what comes in
    np.testing.assert_allclose(found, expected, atol=1e-5)


# ---------------------------------------------------------------------------------------------------- convolutions


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("size", "stride"), [(1, 1), (1, 2), (3, 1), (3, 2), (2, 3)])
def test_convolutions_are_those_of_the_slow_loops(size, stride, padding):
    x, options = maps(), {"size": size, "stride": stride, "padding": padding, **PLAIN}
    standard, one_each = model_of(convolution, 4, **options), model_of(depthwise, **options)
    both = model_of(separable, 4, **options)
    kernel, bias = standard.get_weights()
    assert_same(outputs(standard, x), np.stack([oracles.convolve(each, kernel, stride, padding) for each in x]) + bias)
    kernel, bias = one_each.get_weights()
    assert_same(
        outputs(one_each, x), np.stack([oracles.depthwise(each, kernel[..., 0], stride, padding) for each in x]) + bias
    )
    kernel, mixture, bias = both.get_weights()
    between = [oracles.depthwise(each, kernel[..., 0], stride, padding) for each in x]
    assert_same(outputs(both, x), np.stack([oracles.pointwise(each, mixture[0, 0]) for each in between]) + bias)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pointwise_mixes_the_channels_of_every_stride_th_pixel(stride):
    x, model = maps(), model_of(pointwise, 4, stride=stride, **PLAIN)
    kernel, bias = model.get_weights()
    assert_same(outputs(model, x), np.tensordot(x[:, ::stride, ::stride], kernel[0, 0], 1) + bias)


def test_no_block_strides_a_1x1_convolution():
    blocks = [
        model_of(convolution, 4, size=1, stride=2), model_of(pointwise, 4, stride=3), model_of(residual_module, 6),
        model_of(inverted_residual_module, 6, stride=2),
    ]  # fmt: skip
    strides = [
        layer.strides for model in blocks for layer in model.layers
        if type(layer) is layers.Conv2D and layer.kernel_size == (1, 1)
    ]  # fmt: skip
    assert set(strides) == {(1, 1)}


def test_every_pixel_is_every_pixel():
    x = keras.Input((HEIGHT, WIDTH, CHANNELS))
    assert every(x, 1) is x
    assert every(x).shape == (None, 4, 5, CHANNELS)


@pytest.mark.parametrize("block", [convolution, depthwise, pointwise, separable])
def test_a_block_is_a_convolution_then_normalisation_then_activation(block):
    filters = () if block is depthwise else (4,)
    kinds = [type(layer).__name__ for layer in model_of(block, *filters).layers[2:]]
    assert kinds == ["BatchNormalization", "Activation"]
    _, layer, *rest = model_of(block, *filters, **PLAIN).layers
    assert (layer.use_bias, rest) == (True, [])
    assert model_of(block, *filters).layers[1].use_bias is False
    assert outputs(model_of(block, *filters), maps()).min() == 0  # the ReLU comes last


# ------------------------------------------------------------------------------------ four forms of one module


@pytest.mark.parametrize("options", [{}, PLAIN, {"norm": False}, {"activation": "tanh"}])
@pytest.mark.parametrize("segments", [1, 2, 3, 4, 6, FILTERS])
def test_simplified_and_strictly_equivalent_modules_are_one_function(segments, options):
    simplified = model_of(simplified_module, FILTERS, segments, **options)
    equivalent = model_of(equivalent_module, FILTERS, segments, **options)
    x, expected = maps(), outputs(simplified, maps())
    if segments > 1:  # with one they have the same weights to begin with
        assert np.abs(outputs(equivalent, x) - expected).max() > 0.01
    equivalent.set_weights(simplified_to_equivalent(simplified.get_weights(), segments))
    assert_same(outputs(equivalent, x), expected)


@pytest.mark.parametrize("options", [{}, PLAIN, {"norm": False}])
def test_one_segment_a_channel_is_the_extreme_module(options):
    equivalent = model_of(equivalent_module, FILTERS, FILTERS, **options)
    extreme = model_of(extreme_module, FILTERS, **options)
    extreme.set_weights(equivalent_to_extreme(equivalent.get_weights()))
    assert_same(outputs(extreme, maps()), outputs(equivalent, maps()))


def test_the_extreme_module_is_pointwise_then_depthwise():
    x, model = maps(), model_of(extreme_module, FILTERS, norm=False)
    mixture, bias, kernel, second_bias = model.get_weights()
    between = np.maximum(np.stack([oracles.pointwise(each, mixture[0, 0]) for each in x]) + bias, 0)
    expected = np.stack([oracles.depthwise(each, kernel[..., 0], padding="same") for each in between]) + second_bias
    assert_same(outputs(model, x), np.maximum(expected, 0))


def test_a_segment_of_the_equivalent_module_sees_its_own_channels_only():
    model = model_of(equivalent_module, FILTERS, 3, **PLAIN)
    weights = model.get_weights()
    before = outputs(model, maps())
    weights[0][..., :4] += 1  # of the large 1×1: the maps of the first segment
    model.set_weights(weights)
    changed = np.abs(outputs(model, maps()) - before).max(axis=(0, 1, 2))
    assert (changed[:4] > 0.01).all()
    assert (changed[4:] == 0).all()


def test_more_segments_cost_less():
    counts = [
        model_of(equivalent_module, FILTERS, segments, **PLAIN).count_params() for segments in (1, 2, 3, 4, 6, 12)
    ]
    first = CHANNELS * FILTERS + FILTERS
    assert counts == [first + 9 * FILTERS * FILTERS // segments + FILTERS for segments in (1, 2, 3, 4, 6, 12)]


@pytest.mark.parametrize("block", [simplified_module, equivalent_module])
@pytest.mark.parametrize("segments", [0, 5, 13, -1])
def test_segments_of_unequal_size_are_refused(block, segments):
    with pytest.raises(ModelError, match=f"12 filters.*{segments} segments.*from 1 to 12"):
        block(keras.Input((8, 8, 3)), FILTERS, segments)


def test_weights_of_something_else_are_refused():
    simplified = model_of(simplified_module, FILTERS, 3).get_weights()
    equivalent = model_of(equivalent_module, FILTERS, 3).get_weights()
    for weights, segments in ((simplified, 4), (simplified[:-1], 3), (equivalent, 3), ([], 3)):
        with pytest.raises(ModelError, match=f"simplified module of {segments} towers"):
            simplified_to_equivalent(weights, segments)
    for weights in (simplified, equivalent, []):
        with pytest.raises(ModelError, match="as many segments as filters"):
            equivalent_to_extreme(weights)


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(3, 1, "same"), (3, 2, "same"), (5, 1, "valid"), (1, 1, "same")]
)
def test_a_separable_convolution_is_a_standard_one(size, stride, padding):
    x, options = maps(), {"strides": stride, "padding": padding}
    separate, standard = layers.SeparableConv2D(4, size, **options), layers.Conv2D(4, size, **options)
    expected = np.asarray(separate(x))
    standard.build(x.shape)
    depth, point, bias = separate.get_weights()
    standard.set_weights([separable_as_standard(depth, point), bias])
    assert_same(np.asarray(standard(x)), expected)
    np.testing.assert_array_equal(separable_as_standard(depth[..., 0], point[0, 0]), standard.get_weights()[0])


@pytest.mark.parametrize("multiplier", [1, 3])
def test_the_depth_multiplier_is_the_rank(multiplier):
    separate, x = layers.SeparableConv2D(5, 3, depth_multiplier=multiplier, use_bias=False), maps()
    expected = np.asarray(separate(x))
    depth, point = separate.get_weights()
    standard = separable_as_standard(depth, point)
    assert_same(np.asarray(keras.ops.conv(x, standard)), expected)
    assert {np.linalg.matrix_rank(standard[:, :, c].reshape(9, 5)) for c in range(depth.shape[2])} == {multiplier}
    np.testing.assert_array_equal(standard, separable_as_standard(depth, point.reshape(*depth.shape[2:], 5)))
    found = best_separable(standard, multiplier)
    assert [part.shape for part in found] == [depth.shape, (*depth.shape[2:], 5)]
    np.testing.assert_allclose(separable_as_standard(*found), standard, atol=1e-5)


def test_what_is_lost_at_a_rank_are_the_singular_values_beyond_it():
    kernel = np.random.default_rng(1).normal(size=(3, 3, 2, 7))
    for rank in range(1, 8):
        lost = np.square(separable_as_standard(*best_separable(kernel, rank)) - kernel).sum()
        squares = [np.sort(np.linalg.eigvalsh(part.T @ part)) for part in np.moveaxis(kernel, 2, 0).reshape(2, 9, 7)]
        assert lost == pytest.approx(sum(each[: 7 - rank].sum() for each in squares), abs=1e-9)


@pytest.mark.parametrize(("shape", "rank"), [((3, 3, 2, 5), 0), ((3, 3, 2, 5), 6), ((2, 2, 3, 9), 5), ((3, 3, 5), 1)])
def test_a_rank_that_no_kernel_has_is_refused(shape, rank):
    with pytest.raises(ModelError, match="rank from 1 to the smaller"):
        best_separable(np.zeros(shape), rank)


def test_kernels_that_do_not_fit_together_are_refused():
    for depth, point in itertools.product([(3, 3, 5), (3, 3, 5, 2), (3, 3)], [(4, 6), (3, 3, 5, 6), (5,)]):
        with pytest.raises(ModelError, match=r"depthwise kernel \(k,k,C\)"):
            separable_as_standard(np.zeros(depth), np.zeros(point))


# ------------------------------------------------------------------------------------------- modules of the papers


def plain(x, *layers_):
    for layer in layers_:
        x = layer(x)
    return x


def test_inception_v1_is_figure_2b():
    def conv(filters, size):
        return layers.Conv2D(filters, size, padding="same", activation="relu")

    inputs = keras.Input((HEIGHT, WIDTH, CHANNELS))
    towers = [
        plain(inputs, conv(2, 1)), plain(inputs, conv(3, 1), conv(4, 3)), plain(inputs, conv(5, 1), conv(6, 5)),
        plain(inputs, layers.MaxPooling2D(3, 1, "same"), conv(7, 1)),
    ]  # fmt: skip
    compare_with(keras.Model(inputs, layers.Concatenate()(towers)), inception_v1_module, (2, 3, 4, 5, 6, 7), norm=False)


def test_inception_v3_is_the_canonical_module():
    def conv(size):
        return layers.Conv2D(4, size, padding="same", activation="relu")

    inputs = keras.Input((HEIGHT, WIDTH, CHANNELS))
    long = plain(inputs, conv(1), conv(3), conv(3))
    towers = [conv(1)(inputs), plain(inputs, conv(1), conv(3)), long]
    towers.append(plain(inputs, layers.AveragePooling2D(3, 1, "same"), conv(3)))
    compare_with(keras.Model(inputs, layers.Concatenate()(towers)), inception_v3_module, 4, norm=False)


def compare_with(expected: keras.Model, block, *arguments, **options):
    """The block computes what a model written out layer by layer computes, with the same weights."""
    found = model_of(block, *arguments, **options)
    assert [array.shape for array in found.get_weights()] == [array.shape for array in expected.get_weights()]
    expected.set_weights(found.get_weights())
    assert_same(outputs(found, maps()), outputs(expected, maps()))


def test_inception_resnet_adds_a_scaled_change():
    whole, nothing = (model_of(inception_resnet_module, 3, scale=scale, activation=None) for scale in (0.3, 0.0))
    x = maps()
    assert_same(outputs(nothing, x), x)
    tenth = model_of(inception_resnet_module, 3, scale=0.03, activation=None)
    assert_same(10 * (outputs(tenth, x) - x), outputs(whole, x) - x)
    assert outputs(model_of(inception_resnet_module, 3), x).min() == 0  # the ReLU follows the sum
    kernels = [tuple(layer.kernel.shape) for layer in whole.layers if isinstance(layer, layers.Conv2D)]
    assert sorted(kernels) == sorted([(1, 1, 5, 3)] * 3 + [(3, 3, 3, 3)] * 3 + [(1, 1, 9, 5)])


def test_inverted_residual_is_wide_between_narrow_ends():
    model = model_of(inverted_residual_module, CHANNELS, expansion=4)
    x = maps()
    first, middle, last = (
        layer for layer in model.layers if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D))
    )
    assert first.kernel.shape == (1, 1, CHANNELS, 4 * CHANNELS)
    assert middle.kernel.shape == (3, 3, 4 * CHANNELS, 1)
    assert last.kernel.shape == (1, 1, 4 * CHANNELS, CHANNELS)
    change = keras.Model(model.input, model.layers[-2].output)
    assert_same(outputs(model, x), x + outputs(change, x))


@pytest.mark.parametrize(("filters", "stride"), [(CHANNELS, 2), (CHANNELS + 1, 1)])
def test_inverted_residual_without_equal_ends_adds_nothing(filters, stride):
    model = model_of(inverted_residual_module, filters, stride=stride)
    assert not any(isinstance(layer, layers.Add) for layer in model.layers)
    assert model.output_shape[1:] == (-(-HEIGHT // stride), -(-WIDTH // stride), filters)


def test_inverted_residual_that_does_not_widen_has_two_convolutions():
    kinds = [type(layer).__name__ for layer in model_of(inverted_residual_module, 8, expansion=1).layers]
    assert [kind for kind in kinds if "Conv" in kind] == ["DepthwiseConv2D", "Conv2D"]


# ------------------------------------------------------------------------------------------------- on another backend

PROOF = """
import sys
import keras
sys.path[:0] = [{root!r}, {helpers!r}]
from tests import test_layers as proof
assert keras.backend.backend() == "jax"
proof.test_simplified_and_strictly_equivalent_modules_are_one_function(3, {{}})
proof.test_one_segment_a_channel_is_the_extreme_module(proof.PLAIN)
proof.test_a_separable_convolution_is_a_standard_one(3, 2, "same")
proof.test_pointwise_mixes_the_channels_of_every_stride_th_pixel(2)
print("proved on", keras.backend.backend())
"""


@pytest.mark.slow
def test_the_proofs_hold_on_jax():
    pytest.importorskip("jax", reason="needs jax (extra dev)")
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    script = PROOF.format(root=str(ROOT), helpers=str(ROOT / "tests" / "helpers"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "proved on jax"
