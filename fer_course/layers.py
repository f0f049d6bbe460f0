"""Convolution building blocks as small functions: `x = separable(x, 16)` takes a Keras tensor and returns one.

All work on feature maps (N,H,W,C), channels last, and keep height and width with `padding="same"` and stride 1. Two
options are the same everywhere: `norm=True` puts batch normalisation after each convolution, which then has no bias;
`norm=False` leaves it out, and the convolution has a bias; `activation` names the Keras activation that follows,
`None` leaves it out. The modules are those of the published networks; their sources stand in their docstrings.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer_course.errors import ModelError
from fer_course.quiet import keras

layers = keras.layers

#: How slowly the running averages of batch normalisation move. Keras' default of 0.99, made for runs of many thousand steps,
#: leaves them near their start in a short training. What the layer computes, and its weights, are the same.
MOMENTUM = 0.9


# ---------------------------------------------------------------------------------------------------- convolutions


def convolution(
    x, filters: int, size: int = 3, stride: int = 1, padding: str = "same", norm: bool = True,
    activation: str | None = "relu",
):  # fmt: skip
    """Apply a standard convolution: (N,H,W,C) to (N,H',W',filters); each kernel is size × size × C.

    A 1×1 convolution with a stride looks at every stride-th pixel only. These are taken first and then convolved with
    stride 1: the same function and the same weights. The strided form corrupts memory in training on AVX-512 processors
    when there are fewer than 16 input channels (oneDNN issue 6035).
    """
    if size == 1:
        x, stride = every(x, stride), 1
    x = layers.Conv2D(filters, size, strides=stride, padding=padding, use_bias=not norm)(x)
    return _normalised(x, norm, activation)


def depthwise(
    x, size: int = 3, stride: int = 1, padding: str = "same", norm: bool = True, activation: str | None = "relu"
):
    """Apply a depthwise convolution, one size × size kernel a channel: (N,H,W,C) to (N,H',W',C)."""
    x = layers.DepthwiseConv2D(size, strides=stride, padding=padding, use_bias=not norm)(x)
    return _normalised(x, norm, activation)


def pointwise(x, filters: int, stride: int = 1, norm: bool = True, activation: str | None = "relu"):
    """Apply a pointwise (1×1) convolution, a mixture of the channels: (N,H,W,C) to (N,⌈H/stride⌉,⌈W/stride⌉,filters)."""
    return convolution(x, filters, size=1, stride=stride, norm=norm, activation=activation)


def separable(
    x, filters: int, size: int = 3, stride: int = 1, padding: str = "same", norm: bool = True,
    activation: str | None = "relu",
):  # fmt: skip
    """Apply a separable convolution, depthwise then pointwise with nothing in between: (N,H,W,C) to (N,H',W',filters).

    Source: Chollet 2017, "Xception: Deep Learning with Depthwise Separable Convolutions", arXiv:1610.02357.
    """
    x = layers.SeparableConv2D(filters, size, strides=stride, padding=padding, use_bias=not norm)(x)
    return _normalised(x, norm, activation)


def every(x, stride: int = 2):
    """Take every stride-th pixel, from the first on: (N,H,W,C) to (N,⌈H/stride⌉,⌈W/stride⌉,C).

    The same as `x[:, ::stride, ::stride, :]`, as a mean over windows of one pixel: a kernel that TensorFlow computes about
    four times faster, forward and backward, than a slice with steps (see benchmarks/step.py).
    """
    return layers.AveragePooling2D(1, stride, padding="same")(x) if stride > 1 else x


def _normalised(x, norm: bool, activation: str | None):
    x = layers.BatchNormalization(momentum=MOMENTUM)(x) if norm else x
    return layers.Activation(activation)(x) if activation else x


# ------------------------------------------------------------------------------------------------ Inception modules


def inception_v1_module(x, filters: tuple[int, ...], norm: bool = True, activation: str | None = "relu"):
    """Four towers side by side, joined: 1×1 | 1×1, 3×3 | 1×1, 5×5 | 3×3 max pooling, 1×1.

    Args:
        x: feature maps (N,H,W,C).
        filters: six numbers in the order of the paper's Table 1: of the 1×1; of the 1×1 before the 3×3, and the 3×3; of
            the 1×1 before the 5×5, and the 5×5; of the 1×1 after the pooling.
        norm: with batch normalisation (the published one, older than that, has none).
        activation: follows every convolution.

    Returns:
        (N,H,W,maps) with as many maps as the 1×1, the 3×3, the 5×5 and the last 1×1 have together.

    Source: Szegedy et al. 2015, "Going deeper with convolutions", arXiv:1409.4842, Figure 2(b).

    """
    ones, before_threes, threes, before_fives, fives, pooled = filters
    options = {"norm": norm, "activation": activation}
    towers = [
        pointwise(x, ones, **options),
        convolution(pointwise(x, before_threes, **options), threes, 3, **options),
        convolution(pointwise(x, before_fives, **options), fives, 5, **options),
        pointwise(layers.MaxPooling2D(3, strides=1, padding="same")(x), pooled, **options),
    ]
    return layers.Concatenate()(towers)


def inception_v3_module(x, filters: int, norm: bool = True, activation: str | None = "relu"):
    """Four towers, joined: 1×1 | 1×1, 3×3 | 1×1, 3×3, 3×3 | 3×3 mean pooling, 3×3: (N,H,W,C) to (N,H,W,4·filters).

    Two 3×3 convolutions see as far as the 5×5 of the first Inception, with 18 weights instead of 25. Every convolution
    has `filters` maps here; the published networks balance them by hand.

    Source: Chollet 2017, arXiv:1610.02357, Figure 1 (the canonical module), after Szegedy et al. 2016, "Rethinking the
    Inception architecture for computer vision", arXiv:1512.00567, Figure 5, where a 1×1 follows the pooling.
    """
    options = {"norm": norm, "activation": activation}
    twice = convolution(pointwise(x, filters, **options), filters, 3, **options)
    towers = [
        pointwise(x, filters, **options),
        convolution(pointwise(x, filters, **options), filters, 3, **options),
        convolution(twice, filters, 3, **options),
        convolution(layers.AveragePooling2D(3, strides=1, padding="same")(x), filters, 3, **options),
    ]
    return layers.Concatenate()(towers)


def simplified_module(x, filters: int, segments: int = 3, norm: bool = True, activation: str | None = "relu"):
    """`segments` equal towers, joined, each a 1×1 and a 3×3 convolution: (N,H,W,C) to (N,H,W,filters).

    Each tower has filters / segments maps. Source: Chollet 2017, arXiv:1610.02357, Figure 2 (with 3 towers).

    Raises:
        ModelError: if the filters can't be dealt out equally.

    """
    maps, options = _maps(filters, segments), {"norm": norm, "activation": activation}
    towers = [convolution(pointwise(x, maps, **options), maps, 3, **options) for _ in range(segments)]
    return layers.Concatenate()(towers) if segments > 1 else towers[0]


def equivalent_module(x, filters: int, segments: int = 3, norm: bool = True, activation: str | None = "relu"):
    """One large 1×1 convolution, then a 3×3 on each segment of its channels: (N,H,W,C) to (N,H,W,filters).

    The same function as `simplified_module`, see `simplified_to_equivalent`. With 1 segment it is a standard convolution
    after a 1×1; with as many segments as filters it is `extreme_module`, see `equivalent_to_extreme`. The segments don't
    overlap, and have filters / segments channels each.

    Source: Chollet 2017, arXiv:1610.02357, Figure 3 (with 3 segments).

    Raises:
        ModelError: if the filters can't be dealt out equally.

    """
    maps, options = _maps(filters, segments), {"norm": norm, "activation": activation}
    x = pointwise(x, filters, **options)
    outputs = [convolution(x[..., i : i + maps], maps, 3, **options) for i in range(0, filters, maps)]
    return layers.Concatenate()(outputs) if segments > 1 else outputs[0]


def extreme_module(x, filters: int, norm: bool = True, activation: str | None = "relu"):
    """One 1×1 convolution, then one 3×3 for each of its channels: (N,H,W,C) to (N,H,W,filters).

    That is a pointwise and then a depthwise convolution. `separable` differs in two things: it has them in the other
    order, and with nothing between them. Source: Chollet 2017, arXiv:1610.02357, Figure 4.
    """
    x = pointwise(x, filters, norm=norm, activation=activation)
    return depthwise(x, 3, norm=norm, activation=activation)


def _maps(filters: int, segments: int) -> int:
    """Return the number of maps of each segment."""
    if not 1 <= segments <= filters or filters % segments:
        raise ModelError(
            f"{filters} filters can't be dealt out equally to {segments} segments: choose a number of segments "
            f"that divides the number of filters, from 1 to {filters}."
        )
    return filters // segments


# ------------------------------------------------------------------------------------------------- residual modules


def residual_module(x, filters: int, depth: int = 2, kind: Callable = separable):
    """Separable convolutions and a pooling beside a shortcut, added: (N,H,W,C) to (N,⌈H/2⌉,⌈W/2⌉,filters).

    The shortcut of the published model is a 1×1 convolution with stride 2; see `convolution` for how that is executed here.

    Args:
        x: feature maps (N,H,W,C).
        filters: number of maps that come out.
        depth: how many convolutions stand one after the other (published: 2); the last one has no activation.
        kind: `separable`, or `convolution` to compare it with standard ones.

    Source: Arriaga, Valdenegro-Toro, Plöger 2017, arXiv:1710.07557, Figure 1, after Chollet 2017, arXiv:1610.02357.

    """
    shortcut = pointwise(x, filters, stride=2, activation=None)
    for last in [False] * (depth - 1) + [True]:
        x = kind(x, filters, activation=None if last else "relu")
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    return layers.Add()([x, shortcut])


def inverted_residual_module(x, filters: int, expansion: int = 6, stride: int = 1, activation: str | None = "relu6"):
    """Widen, convolve depthwise, narrow: (N,H,W,C) to (N,⌈H/stride⌉,⌈W/stride⌉,filters), always normalised.

    A pointwise convolution to expansion · C channels (left out when expansion is 1), a depthwise one, and a pointwise one
    to `filters` channels without an activation. With stride 1 and filters = C the input is added: the shortcut joins the
    narrow ends, which is why the module is called inverted.

    Source: Sandler et al. 2018, "MobileNetV2: inverted residuals and linear bottlenecks", arXiv:1801.04381, Table 1.
    """
    shortcut, channels = x, x.shape[-1]
    if expansion > 1:
        x = pointwise(x, expansion * channels, activation=activation)
    x = depthwise(x, 3, stride=stride, activation=activation)
    x = pointwise(x, filters, activation=None)
    return layers.Add()([shortcut, x]) if stride == 1 and filters == channels else x


def inception_resnet_module(x, filters: int, scale: float = 0.2, activation: str | None = "relu"):
    """Three towers, joined, brought back to C channels, scaled and added to the input: (N,H,W,C) to (N,H,W,C).

    The towers are 1×1 | 1×1, 3×3 | 1×1, 3×3, 3×3, of `filters` maps each, normalised; the 1×1 convolution that brings
    them back has a bias and no activation; the sum has one. Scaling by 0.1 to 0.3 keeps the training of wide networks stable.

    Source: Szegedy et al. 2017, "Inception-v4, Inception-ResNet and the impact of residual connections on learning",
    arXiv:1602.07261, Figure 10 and section 3.3.
    """
    twice = convolution(pointwise(x, filters, activation=activation), filters, 3, activation=activation)
    towers = [
        pointwise(x, filters, activation=activation),
        convolution(pointwise(x, filters, activation=activation), filters, 3, activation=activation),
        convolution(twice, filters, 3, activation=activation),
    ]
    change = pointwise(layers.Concatenate()(towers), x.shape[-1], norm=False, activation=None)
    x = layers.Add()([x, layers.Rescaling(scale)(change)])
    return layers.Activation(activation)(x) if activation else x


# --------------------------------------------------------------------------------------------------- moving weights


def separable_as_standard(depthwise_kernel: np.ndarray, pointwise_kernel: np.ndarray) -> np.ndarray:
    """Write a separable convolution's two kernels as the one kernel of the standard convolution that does the same.

    kernel[i, j, c, m] = depthwise[i, j, c] · pointwise[c, m]

    Args:
        depthwise_kernel: (k,k,C), or (k,k,C,1) as Keras stores it.
        pointwise_kernel: (C,M), or (1,1,C,M) as Keras stores it.

    Returns:
        The kernel (k,k,C,M) in the dtype of the two.

    Raises:
        ModelError: if the shapes do not fit together.

    """
    depth, point = np.asarray(depthwise_kernel), np.asarray(pointwise_kernel)
    if depth.ndim == 4 and depth.shape[3] == 1:
        depth = depth[..., 0]
    if point.ndim == 4 and point.shape[:2] == (1, 1):
        point = point[0, 0]
    if depth.ndim != 3 or point.ndim != 2 or depth.shape[2] != point.shape[0]:
        raise ModelError(
            f"Expected a depthwise kernel (k,k,C) or (k,k,C,1) and a pointwise kernel (C,M) or (1,1,C,M) with the same "
            f"C; found {np.shape(depthwise_kernel)} and {np.shape(pointwise_kernel)}."
        )
    return depth[:, :, :, None] * point


def simplified_to_equivalent(weights: list[np.ndarray], segments: int) -> list[np.ndarray]:
    """Move the weights of `simplified_module` over to `equivalent_module`: then both compute the same.

    The towers' 1×1 convolutions become one, kernels and biases side by side along the last axis; each 3×3 stays as it is.

    Args:
        weights: `get_weights()` of a model that consists of a simplified module, with or without batch normalisation.
        segments: its number of towers.

    Returns:
        A list for `set_weights` of a model that consists of an equivalent module.

    Raises:
        ModelError: if these can't be the weights of so many towers.

    """
    half = _half(weights, 2 * segments, f"a simplified module of {segments} towers")
    return _joined(weights[:half], segments, axis=-1) + list(weights[half:])


def equivalent_to_extreme(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Move the weights of `equivalent_module` with as many segments as filters over to `extreme_module`.

    The 3×3 kernels (3,3,1,1), one a channel, become one depthwise kernel (3,3,filters,1). Arguments and result are as in
    `simplified_to_equivalent`.

    Raises:
        ModelError: if these can't be the weights of such a module.

    """
    segments = np.shape(weights[0])[-1] if len(weights) else 0
    half = _half(weights, 1 + segments, "an equivalent module with as many segments as filters")
    return list(weights[:half]) + _joined(weights[half:], segments, axis=2)


def _half(weights: list[np.ndarray], convolutions: int, what: str) -> int:
    """Return how many of the arrays belong to the 1×1 convolutions.

    A convolution comes with 2 arrays (kernel and bias) or 5 (kernel and four of batch normalisation).
    """
    each, rest = divmod(len(weights), convolutions)
    kernels = [np.shape(array)[:2] for array in weights if np.ndim(array) == 4]
    ones = kernels.count((1, 1))
    if rest or each not in (2, 5) or len(kernels) != convolutions or kernels != sorted(kernels):
        raise ModelError(f"{len(weights)} arrays can't be the weights of {what}. Give `get_weights()` of its model.")
    return ones * each


def _joined(weights: list[np.ndarray], parts: int, axis: int) -> list[np.ndarray]:
    """Join what `parts` equal convolutions hold into what one large convolution holds, kernels along `axis`."""
    kernels = [array for array in weights if np.ndim(array) == 4]
    vectors = [array for array in weights if np.ndim(array) == 1]
    kinds = len(vectors) // parts  # bias, or gamma, beta, mean, variance
    together = [np.concatenate(vectors[kind::kinds]) for kind in range(kinds)]
    return [np.concatenate(kernels, axis=axis), *together]
