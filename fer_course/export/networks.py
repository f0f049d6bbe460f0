"""Networks as descriptions: the layers, connections and weights of a Keras model as plain numbers, for `network.js`.

Layers that only matter in training are left out; normalisation becomes a scale and a shift per channel.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fer_course.errors import ExportError

#: A layer in numbers: its kind, its settings, and its arrays by name.
Part = tuple[str, dict[str, Any], dict[str, np.ndarray]]


def describe(model) -> dict:
    """Return a model as a description that JSON can hold, and that `build` of `network.js` executes.

    Args:
        model: a functional or sequential Keras model: pixels (N, size, size, 1), 0…255, to probabilities (N, classes).

    Returns:
        A dictionary: `name`, `size`, `layers` (in order of execution; each with its `name`, the `kind` of computation, the
        numbers of its `inputs`, its `parameters` and settings) and `weights` (all arrays, float32,
        in base64).

    Raises:
        ExportError: if a layer has no counterpart in `network.js`.

    """
    writer = _Writer()
    for node in _nodes(model):
        writer.add(node)
    weights = np.concatenate([array.ravel() for array in writer.arrays] or [np.empty(0)])
    return {
        "name": model.name,
        "size": int(model.input_shape[1]),
        "layers": writer.layers,
        "weights": base64.b64encode(weights.astype("<f4").tobytes()).decode(),
    }


def _nodes(model) -> Iterator:
    """Yield the calls of a model's layers, in an order in which every result is there before it is used."""
    from fer_course.quiet import keras

    if isinstance(model, keras.Sequential):
        if not model.built:
            raise ExportError(
                f"{model.name} has no input yet: begin it with keras.Input((48, 48, 1)), or call it once."
            )
        model = keras.Model(model.inputs, model.outputs)  # the same layers, as a graph
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from model._nodes_by_depth[depth]


class _Writer:
    """Collects layers and arrays, and under which number each tensor's result is found."""

    def __init__(self):
        self.layers: list[dict] = []
        self.arrays: list[np.ndarray] = []
        self._length = 0
        self._numbers: dict[int, int] = {}

    def add(self, node) -> None:
        """Add the parts of one call of a layer."""
        layer = node.operation
        (result,) = node.output_tensors
        if type(layer).__name__ == "InputLayer":
            self._numbers[id(result)] = self._write(layer.name, ("pixels", {}, {}), [], result.shape, 0)
            return
        numbers = [self._numbers[id(tensor)] for tensor in node.arguments.keras_tensors]
        parameters = layer.count_params() if hasattr(layer, "count_params") else 0
        for part in parts(layer, node.arguments.args):
            numbers = [self._write(layer.name, part, numbers, result.shape, parameters)]
            parameters = 0  # of a layer with several parts, they are counted once
        self._numbers[id(result)] = numbers[0]

    def _write(self, name: str, part: Part, inputs: list[int], shape, parameters: int) -> int:
        kind, settings, arrays = part
        layer = {"name": name, "kind": kind, "inputs": inputs, "parameters": int(parameters), **settings}
        if arrays:
            layer["weights"] = {key: self._keep(array) for key, array in arrays.items()}
        self.layers.append(layer)
        return len(self.layers) - 1

    def _keep(self, array: np.ndarray) -> dict:
        start = self._length
        self.arrays.append(np.asarray(array, dtype=np.float32))
        self._length += self.arrays[-1].size
        return {"start": start, "shape": list(self.arrays[-1].shape)}


# ------------------------------------------------------------------------------------------- from a layer to its parts


def parts(layer, arguments: tuple = ()) -> list[Part]:
    """Return what a layer computes as one or more parts, executed one after the other; none for layers of training alone.

    Raises:
        ExportError: if there is no counterpart.

    """
    kind = type(layer).__name__
    if kind in _TRAINING_ONLY:
        return []
    if kind == "GetItem":
        return [_channels(arguments)]
    if kind not in _PARTS:
        raise ExportError(
            f"The layer {layer.name} is a {kind}, which a page can't compute. It can: {', '.join(sorted(_PARTS))}."
        )
    made = _PARTS[kind](layer)
    function = getattr(layer, "activation", None)
    if kind not in ("Activation", "ReLU") and function is not None:
        made += _activation(function.__name__)
    return made


def _activation(function: str, slope: float = 0.0) -> list[Part]:
    if function == "linear":
        return []
    if function not in _FUNCTIONS:
        raise ExportError(
            f"The activation {function} is none that a page can compute. It can: {', '.join(_FUNCTIONS)}."
        )
    return [("activation", {"function": function, "slope": slope}, {})]


def _windows(layer) -> dict[str, Any]:
    """Return how a layer's windows move, after checking that they move as in `network.js`."""
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise ExportError(f"The layer {layer.name} has its channels first; a page needs them last.")
    if tuple(getattr(layer, "dilation_rate", (1, 1))) != (1, 1) or getattr(layer, "groups", 1) != 1:
        raise ExportError(f"The layer {layer.name} has dilated or grouped kernels, which a page can't compute.")
    return {"strides": list(layer.strides), "padding": layer.padding}


def _arrays(layer, kernel) -> dict[str, np.ndarray]:
    arrays = {"kernel": np.asarray(kernel)}
    return arrays | {"bias": np.asarray(layer.bias)} if layer.use_bias else arrays


def _convolution(layer) -> list[Part]:
    return [("convolution", _windows(layer), _arrays(layer, layer.kernel))]


def _depthwise(layer) -> list[Part]:
    return [("depthwise", _windows(layer), _arrays(layer, layer.kernel))]


def _separable(layer) -> list[Part]:
    depthwise = ("depthwise", _windows(layer), {"kernel": np.asarray(layer.depthwise_kernel)})
    one_by_one = {"strides": [1, 1], "padding": "valid"}
    return [depthwise, ("convolution", one_by_one, _arrays(layer, layer.pointwise_kernel))]


def _dense(layer) -> list[Part]:
    return [("dense", {}, _arrays(layer, layer.kernel))]


def _normalisation(layer) -> list[Part]:
    """Return gamma · (x - mean) / sqrt(variance + epsilon) + beta as a scale and a shift."""
    mean, variance = np.asarray(layer.moving_mean, float), np.asarray(layer.moving_variance, float)
    gamma = np.asarray(layer.gamma, float) if layer.scale else np.ones_like(mean)
    beta = np.asarray(layer.beta, float) if layer.center else np.zeros_like(mean)
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return [("scale and shift", {"normalisation": True}, {"scale": scale, "shift": beta - mean * scale})]


def _rescaling(layer) -> list[Part]:
    arrays = {"scale": np.atleast_1d(layer.scale), "shift": np.atleast_1d(layer.offset)}
    return [("scale and shift", {"normalisation": False}, arrays)]


def _pooling(kind: str) -> Callable[[Any], list[Part]]:
    return lambda layer: [(kind, {**_windows(layer), "size": list(layer.pool_size)}, {})]


def _plain(kind: str) -> Callable[[Any], list[Part]]:
    return lambda layer: [(kind, {}, {})]


def _concatenate(layer) -> list[Part]:
    if layer.axis not in (-1, 3):
        raise ExportError(
            f"The layer {layer.name} joins along axis {layer.axis}; a page joins channels, the last axis."
        )
    return [("concatenate", {}, {})]


def _reshape(layer) -> list[Part]:
    return [("reshape", {"shape": [int(side) for side in layer.output.shape[1:]]}, {})]


def _zero_padding(layer) -> list[Part]:
    return [("pad with zeros", {"padding": [list(pair) for pair in layer.padding]}, {})]


def _channels(arguments: tuple) -> Part:
    """Return the part for `x[..., start:stop]`."""
    index = arguments[1] if len(arguments) > 1 else None
    first, *rest = index if isinstance(index, tuple) else (index,)
    if first is not Ellipsis or len(rest) != 1 or not isinstance(rest[0], slice) or rest[0].step not in (None, 1):
        raise ExportError(f"A page can only take channels, x[..., start:stop]; the network takes x[{index!r}].")
    start, stop, _ = rest[0].indices(arguments[0].shape[-1])
    return "take channels", {"start": start, "stop": stop}, {}


def _softmax(layer) -> list[Part]:
    return _activation("softmax")


def _relu(layer) -> list[Part]:
    if layer.threshold or (layer.max_value not in (None, 6)) or (layer.max_value and layer.negative_slope):
        raise ExportError(f"The layer {layer.name} is a ReLU with limits that a page can't compute.")
    name = "relu6" if layer.max_value else "leaky_relu" if layer.negative_slope else "relu"
    return _activation(name, float(layer.negative_slope))


_FUNCTIONS = ("relu", "relu6", "leaky_relu", "tanh", "sigmoid", "silu", "elu", "softmax")
_TRAINING_ONLY = {"Dropout", "SpatialDropout2D", "GaussianNoise", "Identity"}
_PARTS: dict[str, Callable[[Any], list[Part]]] = {
    "Conv2D": _convolution,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Dense": _dense,
    "BatchNormalization": _normalisation,
    "Rescaling": _rescaling,
    "Activation": lambda layer: _activation(layer.activation.__name__),
    "ReLU": _relu,
    "LeakyReLU": lambda layer: _activation("leaky_relu", float(layer.negative_slope)),
    "Softmax": _softmax,
    "MaxPooling2D": _pooling("max pooling"),
    "AveragePooling2D": _pooling("mean pooling"),
    "GlobalAveragePooling2D": _plain("global mean"),
    "GlobalMaxPooling2D": _plain("global maximum"),
    "Add": _plain("add"),
    "Multiply": _plain("multiply"),
    "Concatenate": _concatenate,
    "Flatten": _reshape,
    "Reshape": _reshape,
    "ZeroPadding2D": _zero_padding,
}
