"""The slow loops that checks compare with do what Keras' own layers do, and keep the numbers of a picture exact."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from fer_course.checks import oracles

sides, channels = st.integers(5, 9), st.integers(1, 3)
strides, paddings = st.integers(1, 3), st.sampled_from(["valid", "same"])


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def keras_of(operation, image, *arguments, **options) -> np.ndarray:
    """Run an operation of Keras on one picture, in float64."""
    arguments = [ops.convert_to_tensor(array, dtype="float64") for array in arguments]
    batch = ops.convert_to_tensor(image[None], dtype="float64")
    return keras.ops.convert_to_numpy(operation(batch, *arguments, **options))[0]


@settings(max_examples=25)
@given(sides, sides, channels, channels, st.integers(1, 5), strides, paddings)
def test_convolve_and_depthwise_are_those_of_keras(height, width, inputs, outputs, size, stride, padding):
    image, kernel = random(height, width, inputs), random(size, size, inputs, outputs, seed=1)
    options = {"strides": stride, "padding": padding}
    found = oracles.convolve(image, kernel, stride, padding)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, keras_of(ops.conv, image, kernel, **options), atol=1e-12)
    found = oracles.depthwise(image, kernel[..., 0], stride, padding)
    np.testing.assert_allclose(found, keras_of(ops.depthwise_conv, image, kernel[..., :1], **options), atol=1e-12)


@settings(max_examples=15)
@given(sides, sides, channels, channels)
def test_pointwise_is_a_convolution_of_one_pixel(height, width, inputs, outputs):
    image, kernel = random(height, width, inputs), random(inputs, outputs, seed=1)
    np.testing.assert_allclose(
        oracles.pointwise(image, kernel), keras_of(ops.conv, image, kernel[None, None]), atol=1e-12
    )


@settings(max_examples=25)
@given(sides, sides, channels, st.integers(1, 4), strides, paddings)
def test_pooling_is_that_of_keras(height, width, maps, size, stride, padding):
    image = random(height, width, maps) - 5  # all below zero: padding with zeros would show
    for oracle, operation in ((oracles.max_pool, ops.max_pool), (oracles.mean_pool, ops.average_pool)):
        expected = keras_of(operation, image, pool_size=size, strides=stride, padding=padding)
        np.testing.assert_allclose(oracle(image, size, stride, padding), expected, atol=1e-12)


def test_pooling_without_a_stride_does_not_overlap():
    image = random(7, 6, 2)
    expected = np.asarray(layers.MaxPooling2D(3)(image[None].astype("float32")))[0]
    np.testing.assert_allclose(oracles.max_pool(image, 3), expected, atol=1e-6)


def test_pixels_do_not_overflow():
    image = np.full((3, 3, 2), 255, np.uint8)
    ones = np.ones((3, 3, 2, 1), np.uint8)
    assert oracles.convolve(image, ones).item() == 255 * 18
    assert oracles.depthwise(image, ones[..., 0]).tolist() == [[[255 * 9, 255 * 9]]]
    assert oracles.pointwise(image, ones[0, 0])[1, 1] == 255 * 2


def test_kernels_may_be_oblong_and_too_large_ones_have_no_place():
    image, kernel = random(6, 5, 2), random(2, 4, 2, 3, seed=1)
    np.testing.assert_allclose(
        oracles.convolve(image, kernel, padding="same"), keras_of(ops.conv, image, kernel, padding="same"), atol=1e-12
    )
    assert oracles.convolve(image, random(7, 7, 2, 1)).size == 0


def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="'full'"):
        oracles.convolve(random(4, 4, 1), random(3, 3, 1, 1), padding="full")
