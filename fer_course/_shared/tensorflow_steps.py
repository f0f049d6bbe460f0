"""How Keras makes its steps on TensorFlow, changed in two places: the same is computed, in less time and memory."""

from __future__ import annotations

import contextlib
from typing import Any


def forget_graphs(optimizer: Any) -> None:
    """Let optimisers not add up the gradients of several devices where there is one.

    Keras asks TensorFlow to do it all the same. TensorFlow then keeps the gradient of this sum for good, and with it the whole
    graph of the step: every training of mini-Xception left 60 MB behind.

    Args:
        optimizer: the class `keras.optimizers.Optimizer`.

    """
    import tensorflow as tf

    add_up = optimizer._all_reduce_sum_gradients

    def if_several(self, grads_and_vars):
        alone = tf.distribute.get_strategy().num_replicas_in_sync == 1
        return list(grads_and_vars) if alone else add_up(self, grads_and_vars)

    optimizer._all_reduce_sum_gradients = if_several


def trace_once(model: Any) -> None:
    """Let networks create the variables of optimiser and metrics before their first step.

    A step that creates variables is traced twice, and that takes seconds; see benchmarks/first_step.py. Keras creates them
    before on its other backends; on TensorFlow only for several devices. A network without an `Input` is built in its first
    step, and is still traced twice.

    Args:
        model: the class `keras.Model`. A Keras that works otherwise is left as it is.

    """
    build = getattr(model, "_maybe_symbolic_build", None)
    if build is None:
        return

    def build_first(self, iterator=None, data_batch=None):
        if self._distribute_strategy is not None or not self.built:
            build(self, iterator=iterator, data_batch=data_batch)
            return
        # What does not fit is for the step itself to say.
        with contextlib.suppress(Exception):
            # Shapes and dtypes are enough: nothing is taken from an iterator that may give its batches once.
            batch = data_batch if iterator is None else iterator._distributed_dataset.element_spec
            self._symbolic_build(data_batch=batch)

    model._maybe_symbolic_build = build_first
