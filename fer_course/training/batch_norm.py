"""Batch normalisation by TensorFlow's fused kernel, while a network trains.

Keras 3 builds batch normalisation from elementary operations: mean, squared difference, product. On a CPU these take nearly
half of a training step of mini-Xception, and each leaves a copy of the feature map in memory. TensorFlow has one kernel for all
of it, with the same results up to rounding. The layers stay Keras' own: only their `call` is replaced for a while, so a saved
model is not affected. Other backends fuse these operations themselves; nothing is changed there.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager

from fer_course.quiet import keras


@contextmanager
def fused_normalisation(model: keras.Model) -> Iterator[None]:
    """Let the batch normalisations of a model use the fused kernel inside the `with`; outside they are Keras' own again."""
    chosen = [layer for layer in _flat(model) if type(layer) is keras.layers.BatchNormalization]
    chosen = chosen if keras.backend.backend() == "tensorflow" else []
    for layer in chosen:
        layer.call = types.MethodType(_call, layer)
    try:
        yield
    finally:
        for layer in chosen:
            del layer.call


def _flat(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield all layers, those of models inside the model, too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _flat(layer)
        yield layer


def _call(layer, inputs, training=None, mask=None):
    """Do what `BatchNormalization.call` does, fused where the kernel can: in training, on feature maps (N, H, W, C)."""
    maps = len(inputs.shape) == 4 and layer.axis in (-1, 3)
    if not (training and layer.trainable and maps) or mask is not None or layer.synchronized:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    inputs = tf.cast(inputs, layer.compute_dtype)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma if layer.scale else tf.ones_like(layer.moving_mean),
        offset=layer.beta if layer.center else tf.zeros_like(layer.moving_mean),
        mean=[],
        variance=[],
        epsilon=layer.epsilon,
        is_training=True,
    )
    n = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], variance.dtype)
    variance *= (n - 1) / n  # the kernel divides by n - 1, Keras by n
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
    return outputs
