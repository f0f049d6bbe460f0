"""What a layer or a model costs: parameters, multiply-adds, and bytes of feature maps. Counted, never timed.

Conventions, the same everywhere in this course:

- One multiply-add (MAC) is one product added to a sum. Only convolutions and dense layers have multiply-adds. Additions of
  biases, normalisation, activations and poolings are left out, as is usual in papers.
- Zeros that padding puts around a picture are multiplied like pixels.
- Parameters are all numbers that a layer stores, as in Keras' `count_params()`. That includes the averages of batch
  normalisation, which are not trained.
- Activation bytes are those of the picture and of the outputs of all layers, for one picture in float32. The output of a layer
  that only passes its input on counts again. A slice such as `x[:, ::2]` is no layer and does not count.

    >>> from fer_course import models
    >>> counted = costs(models.build("mini_xception"))
    >>> counted.parameters, counted.multiply_adds
    (58423, 5520448)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from fer_course._shared.values import is_whole
from fer_course.errors import ModelError
from fer_course.quiet import keras

FLOAT32 = 4
#: Kinds of layers without multiply-adds.
FREE = (
    "Activation", "Add", "AveragePooling2D", "BatchNormalization", "Concatenate", "Dropout", "Flatten", "GetItem",
    "GlobalAveragePooling2D", "GlobalMaxPooling2D", "InputLayer", "LeakyReLU", "MaxPooling2D", "Multiply", "ReLU", "Rescaling",
    "Reshape", "Softmax", "SpatialDropout2D", "ZeroPadding2D",
)  # fmt: skip
#: Layers and operations without weights that multiply and add up the outputs of other layers.
PRODUCTS = (
    "AdditiveAttention",
    "Attention",
    "Conv",
    "DepthwiseConv",
    "Dot",
    "Einsum",
    "Matmul",
    "SeparableConv",
    "Tensordot",
)


@dataclass(frozen=True)
class Cost:
    """What one layer costs for one picture.

    Attributes:
        name: the layer's name.
        kind: its class in Keras, such as `Conv2D`.
        output: the shape of its output for one picture, such as (48, 48, 8).
        parameters: how many numbers the layer stores.
        multiply_adds: how many products are added up.
        activation_bytes: size of the output in float32.

    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int
    activation_bytes: int


@dataclass(frozen=True)
class Costs:
    """The costs of a model's layers in order, `rows`, and their sums. Printed, it is a table."""

    rows: tuple[Cost, ...]

    @property
    def parameters(self) -> int:
        """How many numbers the model stores."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """How many products are added up for one picture."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Bytes of all feature maps of one picture, float32."""
        return sum(row.activation_bytes for row in self.rows)

    def __str__(self):
        lines = [("layer", "kind", "output", "parameters", "multiply-adds", "bytes")]
        lines += [
            (row.name, row.kind, " × ".join(map(str, row.output)), f"{row.parameters:,}", f"{row.multiply_adds:,}",
             f"{row.activation_bytes:,}")
            for row in self.rows
        ]  # fmt: skip
        lines.append(("all", "", "", f"{self.parameters:,}", f"{self.multiply_adds:,}", f"{self.activation_bytes:,}"))
        widths = [max(len(line[column]) for line in lines) for column in range(6)]
        return "\n".join(
            "  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
            for line in lines
        )  # fmt: skip


def costs(model) -> Costs:
    """Count the costs of a Keras model, layer by layer, for one picture.

    Args:
        model: a functional or sequential model with known input size. Models inside it are counted layer by layer.

    Raises:
        ModelError: if the model is of another kind, has an input of unknown size, uses a layer more than once, or has a layer
            with weights, or an operation, whose multiply-adds are not known.

    """
    return Costs(tuple(cost(layer) for layer in _flat(_functional(model))))


def _functional(model):
    """Return the model as a functional one, whose first layer is the picture, or raise an error."""
    try:
        return keras.Model(model.inputs, model.outputs) if isinstance(model, keras.Sequential) else model
    except (AttributeError, ValueError):
        raise ModelError(
            f"The model {model.name} does not know the size of its input yet, so its multiply-adds can't be counted. Begin "
            f"it with an input of known size, such as keras.Input((48, 48, 1))."
        ) from None


def _flat(model) -> Iterator:
    """Yield the layers of a model, also those of models inside it (without their inputs, which are the layer before)."""
    if not hasattr(model, "operations"):
        raise ModelError(
            f"{model.name} is a {type(model).__name__}: only functional and sequential models can be counted. A single "
            f"layer is counted by `cost(layer)`."
        )
    calls = {each["name"]: len(each["inbound_nodes"]) for each in model.get_config()["layers"]}
    for layer in model.operations:
        if calls.get(layer.name, 0) > 1:
            raise ModelError(
                f"The layer {layer.name} is called {calls[layer.name]} times in {model.name}: costs are only counted for "
                f"layers that are called once. Make a new layer for each call."
            )
        if isinstance(layer, keras.Model):
            yield from (inner for inner in _flat(_functional(layer)) if not isinstance(inner, keras.layers.InputLayer))
        elif isinstance(layer, keras.Layer):
            yield layer
        elif type(layer).__name__ in PRODUCTS:
            raise _unknown(layer)


def cost(layer) -> Cost:
    """Count one Keras layer that has been called on an input of known size.

    Raises:
        ModelError: as `costs`.

    """
    kind = type(layer).__name__
    try:
        output = _shape(layer, layer.output)
    except AttributeError:
        raise ModelError(
            f"The layer {layer.name} has not been called yet, so it has no output to count. Call it on an input of known "
            f"size first: layer(keras.Input((48, 48, 1)))."
        ) from None
    if len({tuple(node.outputs[0].shape) for node in layer._inbound_nodes}) > 1:
        raise ModelError(
            f"The layer {layer.name} is called on inputs of several sizes, perhaps in several models. Count a copy of the model "
            f"that uses it: keras.models.clone_model(model)."
        )
    parameters = layer.count_params()
    if kind not in _MULTIPLY_ADDS and kind not in FREE and (parameters or kind in PRODUCTS):
        raise _unknown(layer)
    multiply_adds = _MULTIPLY_ADDS[kind](layer, output) if kind in _MULTIPLY_ADDS else 0
    return Cost(layer.name, kind, output, parameters, multiply_adds, FLOAT32 * prod(output))


def _unknown(layer) -> ModelError:
    known = ", ".join(sorted(_MULTIPLY_ADDS))
    return ModelError(
        f"The layer {layer.name} is a {type(layer).__name__}, whose multiply-adds can't be counted here; known are {known}."
    )


def _shape(layer, tensor) -> tuple[int, ...]:
    shape = tuple(tensor[0].shape if isinstance(tensor, (list, tuple)) else tensor.shape)[1:]
    if None in shape:
        raise ModelError(
            f"The layer {layer.name} has an output of unknown size {shape}. Build the model for a fixed input size, "
            "such as keras.Input((48, 48, 1))."
        )
    return shape


def _standard(layer, output) -> int:
    channels = _shape(layer, layer.input)[-1]
    return prod(output) * prod(layer.kernel_size) * channels // layer.groups


def _depthwise(layer, output) -> int:
    return prod(output) * prod(layer.kernel_size)


def _separable(layer, output) -> int:
    rows, columns, filters = output
    between = _shape(layer, layer.input)[-1] * layer.depth_multiplier
    return rows * columns * between * (prod(layer.kernel_size) + filters)


def _dense(layer, output) -> int:
    return prod(output) * _shape(layer, layer.input)[-1]


_MULTIPLY_ADDS = {
    "Conv2D": _standard,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
}


# --------------------------------------------------------------------------------------------------- in closed form


def output_size(size: int, kernel: int, stride: int = 1, padding: str | int = "valid") -> int:
    """Return how many positions a kernel has along one side of a picture.

    With padding "valid" ⌊(size - kernel) / stride⌋ + 1, with "same" ⌈size / stride⌉, as in Keras. With p zeros at each end of the
    side, padding p, it is as long as size + 2 p pixels without padding.

    >>> output_size(48, kernel=3), output_size(48, kernel=3, stride=2, padding="same"), output_size(48, kernel=3, padding=1)
    (46, 24, 48)

    Raises:
        ModelError: if the padding is none of these, a number is below 1, or the kernel is larger than the padded picture.

    """
    if is_whole(padding) and padding >= 0:
        size, padding = size + 2 * int(padding), "valid"
    if padding not in ("valid", "same"):
        raise ModelError(f'padding is "valid", "same" or a number of zeros, 0 or more; found {padding!r}.')
    if min(size, kernel, stride) < 1 or (padding == "valid" and kernel > size):
        raise ModelError(f"A kernel of {kernel} with stride {stride} does not fit into a side of {size} pixels.")
    return -(-size // stride) if padding == "same" else (size - kernel) // stride + 1


def convolution_costs(
    kind: str,
    height: int,
    width: int,
    channels: int,
    filters: int,
    size: int = 3,
    stride: int = 1,
    padding: str = "same",
    bias: bool = False,
) -> Cost:
    """Return the cost of a convolution of feature maps (height, width, channels) to `filters` maps, by formula.

    With H' × W' positions, a k × k kernel, C channels and M filters, multiply-adds and weights are

    - standard: H'·W'·k²·C·M and k²·C·M
    - depthwise: H'·W'·k²·C and k²·C (there, M = C)
    - pointwise: H'·W'·C·M and C·M (there, k = 1)
    - separable: H'·W'·(k²·C + C·M) and k²·C + C·M

    A bias adds one weight per output map.

    >>> convolution_costs("separable", 48, 48, channels=8, filters=16).multiply_adds  # 48·48 · (3·3·8 + 8·16)
    460800

    Args:
        kind: "standard", "depthwise", "pointwise" or "separable".
        height, width, channels: the input's.
        filters: number of output maps; ignored for a depthwise convolution, which has as many as channels.
        size: side of the kernel; ignored for a pointwise convolution, where it is 1.
        stride: distance between two neighbouring positions.
        padding: "same" or "valid".
        bias: whether each output map has a bias.

    Raises:
        ModelError: if there is no such kind, or a number is out of range.

    """
    size = 1 if kind == "pointwise" else size
    filters = channels if kind == "depthwise" else filters
    weights = {
        "standard": size * size * channels * filters,
        "depthwise": size * size * channels,
        "pointwise": channels * filters,
        "separable": size * size * channels + channels * filters,
    }
    if kind not in weights:
        raise ModelError(f"There is no convolution {kind!r}; there are {', '.join(weights)}.")
    if min(channels, filters) < 1:
        raise ModelError(f"A convolution has 1 channel and 1 filter or more; found {channels} and {filters}.")
    output = (output_size(height, size, stride, padding), output_size(width, size, stride, padding), filters)
    multiply_adds = output[0] * output[1] * weights[kind]
    parameters = weights[kind] + (filters if bias else 0)
    return Cost(kind, kind, output, parameters, multiply_adds, FLOAT32 * prod(output))


def layer_cost(height: int, width: int, channels: int, filters: int, size: int, stride: int = 1) -> tuple[int, int]:
    """Return parameters, with biases, and multiply-adds of a standard convolution without padding. Built in lesson 04.

    >>> layer_cost(48, 48, channels=1, filters=6, size=5)  # LeNet's first layer
    (156, 290400)

    Raises:
        ModelError: if a number is out of range.

    """
    cost = convolution_costs("standard", height, width, channels, filters, size, stride, "valid", bias=True)
    return cost.parameters, cost.multiply_adds


def separable_ratio(filters: int, size: int = 3) -> float:
    """Return the multiply-adds of a separable convolution as a share of the standard one's: 1/M + 1/k².

    >>> round(separable_ratio(filters=16, size=3), 3)
    0.174

    Source: Howard et al. 2017, "MobileNets", arXiv:1704.04861, section 3.1.
    """
    return 1 / filters + 1 / size**2


def cost_ratio(height: int, width: int, channels: int, filters: int, size: int) -> float:
    """Return the same from both counts: multiply-adds on height × width places, the separable one's over the standard one's.

    >>> round(cost_ratio(48, 48, channels=8, filters=16, size=3), 3)
    0.174

    """
    separable, standard = (
        convolution_costs(kind, height, width, channels, filters, size).multiply_adds
        for kind in ("separable", "standard")
    )
    return separable / standard


def receptive_field(layers: Sequence[tuple[int, int]]) -> int:
    """Return the side, in pixels, of the square in the picture that one number after these layers depends on.

    A layer with a k × k kernel adds k - 1 steps. A step is the product of the strides before it, in pixels.

    >>> receptive_field([(3, 1), (3, 1)]), receptive_field([(3, 2), (3, 1)])
    (5, 7)

    Args:
        layers: (kernel, stride) of each convolution or pooling, starting at the picture. Empty: a number sees one pixel.

    Raises:
        ModelError: if a kernel or a stride is below 1.

    """
    field, step = 1, 1
    for kernel, stride in layers:
        if min(kernel, stride) < 1:
            raise ModelError(f"A kernel and a stride are 1 or more; found {(kernel, stride)} in {list(layers)}.")
        field += (kernel - 1) * step
        step *= stride
    return field
