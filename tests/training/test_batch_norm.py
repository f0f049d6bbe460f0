"""Fused batch normalisation does what Keras' own does: same outputs, gradients and running averages, and leaves no trace."""

import contextlib

import keras
import numpy as np
import pytest

import fer_course.quiet  # noqa: F401
from fer_course import models
from fer_course.training.batch_norm import fused_normalisation

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other backends fuse by themselves")


def one_step(layer, inputs):
    """Return outputs, gradients for the weights and the inputs, and all variables after one call in training."""
    import tensorflow as tf

    inputs = tf.constant(inputs)
    weights = np.random.default_rng(5).normal(size=inputs.shape).astype("float32")
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
        loss = tf.reduce_sum(outputs * weights)
    gradients = tape.gradient(loss, [inputs, *layer.trainable_variables])
    return [np.asarray(each) for each in (outputs, *gradients, *layer.variables)]


def layer_of(channels, **options):
    layer = keras.layers.BatchNormalization(**options)
    model = keras.Sequential([keras.Input((None, None, channels)), layer])
    rng = np.random.default_rng(1)
    layer.set_weights([rng.uniform(0.5, 2, each.shape) for each in layer.get_weights()])
    return model, layer


@pytest.mark.parametrize("options", [{}, {"momentum": 0.7, "epsilon": 0.1}, {"scale": False}, {"center": False}])
@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (7, 1, 1, 3), (64, 12, 12, 16)])
def test_same_as_keras(shape, options):
    inputs = np.random.default_rng(2).normal(3, 2, shape).astype("float32")
    _, own = layer_of(shape[-1], **options)
    model, layer = layer_of(shape[-1], **options)
    with fused_normalisation(model):
        fused = one_step(layer, inputs)
    plain = one_step(own, inputs)
    assert len(plain) == len(fused)
    for expected, found in zip(plain, fused, strict=True):
        size = max(1, np.abs(expected).max())  # gradients are sums of thousands of numbers that nearly cancel
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * size)


def test_the_kernel_is_really_used():
    import tensorflow as tf

    model, _ = layer_of(3)

    def operations():
        graph = tf.function(lambda x: model(x, training=True)).get_concrete_function(tf.TensorSpec((2, 4, 4, 3))).graph
        return {operation.type for operation in graph.get_operations()}

    assert "FusedBatchNormV3" not in operations()
    with fused_normalisation(model):
        assert "FusedBatchNormV3" in operations()
    assert "FusedBatchNormV3" not in operations()


def test_inference_and_frozen_layers_use_the_running_averages():
    model, layer = layer_of(3)
    inputs = np.random.default_rng(3).normal(size=(4, 5, 5, 3)).astype("float32")
    expected = np.asarray(layer(inputs, training=False))
    with fused_normalisation(model):
        np.testing.assert_array_equal(layer(inputs, training=False), expected)
        layer.trainable = False
        np.testing.assert_array_equal(layer(inputs, training=True), expected)


def test_dense_layers_are_left_to_keras():
    layer = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((6,)), layer])
    inputs = np.random.default_rng(4).normal(size=(9, 6)).astype("float32")
    with fused_normalisation(model):
        outputs = np.asarray(layer(inputs, training=True))
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-5)


def test_models_inside_models_too_and_no_trace_is_left():
    inner = models.build("mini_xception")
    outer = keras.Sequential([keras.Input((48, 48, 1)), inner])
    layers = [each for each in inner.layers if isinstance(each, keras.layers.BatchNormalization)]
    with contextlib.suppress(KeyboardInterrupt), fused_normalisation(outer):
        assert all("call" in vars(each) for each in layers)
        raise KeyboardInterrupt
    assert layers
    assert not any("call" in vars(each) for each in layers)
