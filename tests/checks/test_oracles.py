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


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_a_number_of_zeros_on_each_side_is_a_wider_picture(padding):
    rng = np.random.default_rng(padding)
    image, kernel = rng.normal(size=(6, 7, 2)).astype("float32"), rng.normal(size=(3, 3, 2, 4)).astype("float32")
    wide = np.zeros((6 + 2 * padding, 7 + 2 * padding, 2), "float32")
    wide[padding : padding + 6, padding : padding + 7] = image
    expected = ops.conv(wide[None], kernel, strides=2, padding="valid")[0]
    np.testing.assert_allclose(oracles.convolve(image, kernel, 2, padding), expected, atol=1e-5)


@pytest.mark.parametrize(("down", "right"), [(0, 1), (-1, 0), (1, -1), (0, 0)])
def test_the_kernel_that_moves_a_picture_moves_this_one(down, right):
    picture = np.random.default_rng(0).normal(size=(6, 8, 1))
    moved = oracles.convolve(picture, oracles.shift_kernel(down, right)[:, :, None, None], padding=1)
    expected = np.zeros_like(picture)
    for row, column in np.ndindex(6, 8):
        if 0 <= row + down < 6 and 0 <= column + right < 8:
            expected[row + down, column + right] = picture[row, column]
    np.testing.assert_array_equal(moved, expected)


def test_no_kernel_of_three_moves_a_picture_by_two():
    with pytest.raises(ValueError, match="found 2 and 0"):
        oracles.shift_kernel(2, 0)
