"""Convolution building blocks as small functions: `x = separable(x, 16)` takes a Keras tensor and returns one.

All blocks take feature maps (N,H,W,C), channels last. With `padding="same"` and stride 1 they keep height and width. Two
options mean the same everywhere. `norm=True` puts batch normalisation after each convolution, which then has no bias;
with `norm=False` there is no normalisation, and the convolution has a bias. `activation` names the Keras activation that
follows; `None` leaves it out. The modules are those of published networks, which their docstrings cite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fer_course.errors import ModelError
from fer_course.quiet import keras

layers = keras.layers

#: How slowly the running averages of batch normalisation move. Keras' default of 0.99 is made for trainings of many thousand
#: steps: in a short training the averages would stay near their initial values. The layer and its weights are the same.
MOMENTUM = 0.9


# ---------------------------------------------------------------------------------------------------- convolutions


def convolution(
    x, filters: int, size: int = 3, stride: int = 1, padding: str = "same", norm: bool = True,
    activation: str | None = "relu",
):  # fmt: skip
    """Apply a standard convolution: (N,H,W,C) to (N,H',W',filters); each kernel is size × size × C.

    A 1×1 convolution with a stride looks only at every stride-th pixel. So these pixels are taken first, and then convolved
    with stride 1: the same function with the same weights. The strided form corrupts memory in training on AVX-512
    processors when there are fewer than 16 input channels (oneDNN issue 6035).

    >>> inputs = keras.Input((48, 48, 1))
    >>> convolution(inputs, 8, size=5, stride=2).shape
    (None, 24, 24, 8)

    """
    if size == 1:
        x, stride = every(x, stride), 1
    x = layers.Conv2D(filters, size, strides=stride, padding=padding, use_bias=not norm)(x)
    return _normalise(x, norm, activation)


def depthwise(
    x, size: int = 3, stride: int = 1, padding: str = "same", norm: bool = True, activation: str | None = "relu"
):
    """Apply a depthwise convolution, one size × size kernel per channel: (N,H,W,C) to (N,H',W',C)."""
    x = layers.DepthwiseConv2D(size, strides=stride, padding=padding, use_bias=not norm)(x)
    return _normalise(x, norm, activation)


def pointwise(x, filters: int, stride: int = 1, norm: bool = True, activation: str | None = "relu"):
    """Apply a pointwise (1×1) convolution, which mixes the channels: (N,H,W,C) to (N,⌈H/stride⌉,⌈W/stride⌉,filters)."""
    return convolution(x, filters, size=1, stride=stride, norm=norm, activation=activation)


def separable(
    x, filters: int, size: int = 3, stride: int = 1, padding: str = "same", norm: bool = True,
    activation: str | None = "relu",
):  # fmt: skip
    """Apply a separable convolution, depthwise then pointwise with nothing in between: (N,H,W,C) to (N,H',W',filters).

    >>> inputs = keras.Input((48, 48, 8))
    >>> model = keras.Model(inputs, separable(inputs, 16, norm=False))
    >>> model.output_shape, model.count_params()  # 3·3·8 + 8·16 weights and 16 biases
    ((None, 48, 48, 16), 216)

    Source: Chollet 2017, "Xception: Deep Learning with Depthwise Separable Convolutions", arXiv:1610.02357.
    """
    x = layers.SeparableConv2D(filters, size, strides=stride, padding=padding, use_bias=not norm)(x)
    return _normalise(x, norm, activation)


def every(x, stride: int = 2):
    """Take every stride-th pixel, starting with the first: (N,H,W,C) to (N,⌈H/stride⌉,⌈W/stride⌉,C).

    This equals `x[:, ::stride, ::stride, :]`. It is written as a mean over windows of one pixel, which TensorFlow computes
    about four times faster, forward and backward, than a slice with steps (see benchmarks/step.py).
    """
    return layers.AveragePooling2D(1, stride, padding="same")(x) if stride > 1 else x


def normalise(maps: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float = 1e-3) -> np.ndarray:
    """Normalise each channel of an array (N,H,W,C) over the batch, as `keras.layers.BatchNormalization` does in training.

    >>> normalise(np.array([[[[1.0]], [[3.0]]]]), np.array([2.0]), np.array([5.0]), epsilon=0).ravel()
    array([3., 7.])

    Args:
        maps: feature maps (N,H,W,C).
        gamma: what each normalised channel is multiplied by, (C,).
        beta: what is added to it then, (C,).
        epsilon: is added to the variance, so that a channel without any is not divided by zero.

    Source: Ioffe, Szegedy 2015, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", arXiv:1502.03167, Algorithm 1. Built in lesson 07.

    """
    mean, variance = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
    return gamma * (maps - mean) / np.sqrt(variance + epsilon) + beta


def _normalise(x, norm: bool, activation: str | None):
    x = layers.BatchNormalization(momentum=MOMENTUM)(x) if norm else x
    return layers.Activation(activation)(x) if activation else x


# ------------------------------------------------------------------------------------------------ Inception modules


def inception_v1_module(x, filters: tuple[int, ...], norm: bool = True, activation: str | None = "relu"):
    """Four towers side by side, joined: 1×1 | 1×1, 3×3 | 1×1, 5×5 | 3×3 max pooling, 1×1.

    Args:
        x: feature maps (N,H,W,C).
        filters: six numbers in the order of the paper's Table 1: of the 1×1; of the 1×1 before the 3×3, and the 3×3; of
            the 1×1 before the 5×5, and the 5×5; of the 1×1 after the pooling.
        norm: with batch normalisation (the published module is older than that, and has none).
        activation: follows every convolution.

    Returns:
        (N,H,W,maps), where maps is the sum of the filters of the 1×1, the 3×3, the 5×5 and the last 1×1.

    Source: Szegedy et al. 2015, "Going deeper with convolutions", arXiv:1409.4842, Figure 2(b).

    """
    ones, before_threes, threes, before_fives, fives, pooled = filters
    options: dict[str, Any] = {"norm": norm, "activation": activation}
    towers = [
        pointwise(x, ones, **options),
        convolution(pointwise(x, before_threes, **options), threes, 3, **options),
        convolution(pointwise(x, before_fives, **options), fives, 5, **options),
        pointwise(layers.MaxPooling2D(3, strides=1, padding="same")(x), pooled, **options),
    ]
    return layers.Concatenate()(towers)


def inception_v3_module(x, filters: int, norm: bool = True, activation: str | None = "relu"):
    """Four towers, joined: 1×1 | 1×1, 3×3 | 1×1, 3×3, 3×3 | 3×3 mean pooling, 3×3: (N,H,W,C) to (N,H,W,4·filters).

    Two 3×3 convolutions see as far as the 5×5 of the first Inception, with 18 weights instead of 25. Here every
    convolution has `filters` maps; the published networks balance these numbers by hand.

    Source: Chollet 2017, arXiv:1610.02357, Figure 1 (the canonical module), after Szegedy et al. 2016, "Rethinking the
    Inception architecture for computer vision", arXiv:1512.00567, Figure 5, where a 1×1 follows the pooling.
    """
    options: dict[str, Any] = {"norm": norm, "activation": activation}
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
    maps = _maps_per_segment(filters, segments)
    options: dict[str, Any] = {"norm": norm, "activation": activation}
    towers = [convolution(pointwise(x, maps, **options), maps, 3, **options) for _ in range(segments)]
    return layers.Concatenate()(towers) if segments > 1 else towers[0]


def equivalent_module(x, filters: int, segments: int = 3, norm: bool = True, activation: str | None = "relu"):
    """One large 1×1 convolution, then a 3×3 on each segment of its channels: (N,H,W,C) to (N,H,W,filters).

    It computes the same function as `simplified_module`, see `simplified_to_equivalent`. With 1 segment it is a standard
    convolution after a 1×1; with as many segments as filters it is `extreme_module`, see `equivalent_to_extreme`. The
    segments don't overlap. Each has filters / segments channels.

    Source: Chollet 2017, arXiv:1610.02357, Figure 3 (with 3 segments).

    Raises:
        ModelError: if the filters can't be dealt out equally.

    """
    maps = _maps_per_segment(filters, segments)
    options: dict[str, Any] = {"norm": norm, "activation": activation}
    x = pointwise(x, filters, **options)
    outputs = [convolution(x[..., i : i + maps], maps, 3, **options) for i in range(0, filters, maps)]
    return layers.Concatenate()(outputs) if segments > 1 else outputs[0]


def extreme_module(x, filters: int, norm: bool = True, activation: str | None = "relu"):
    """One 1×1 convolution, then one 3×3 for each of its channels: (N,H,W,C) to (N,H,W,filters).

    That is a pointwise and then a depthwise convolution. `separable` differs in two ways: it has them in the other order,
    and with nothing between them. Source: Chollet 2017, arXiv:1610.02357, Figure 4.
    """
    x = pointwise(x, filters, norm=norm, activation=activation)
    return depthwise(x, 3, norm=norm, activation=activation)


def _maps_per_segment(filters: int, segments: int) -> int:
    """Return the number of maps of each segment."""
    if not 1 <= segments <= filters or filters % segments:
        raise ModelError(
            f"{filters} filters can't be dealt out equally to {segments} segments: choose a number of segments "
            f"that divides the number of filters, from 1 to {filters}."
        )
    return filters // segments


# ------------------------------------------------------------------------------------------------- residual modules


def residual_module(
    x, filters: int, depth: int = 2, kind: Callable = separable, norm: bool = True, shortcut: bool = True
):  # fmt: skip
    """Add a shortcut to separable convolutions with a pooling: (N,H,W,C) to (N,⌈H/2⌉,⌈W/2⌉,filters).

    The shortcut of the published model is a 1×1 convolution with stride 2; see `convolution` for how that is executed here.

    Args:
        x: feature maps (N,H,W,C).
        filters: number of output maps.
        depth: number of convolutions, one after the other (published: 2); the last one has no activation.
        kind: `separable`, or `convolution` to compare it with standard ones.
        norm: with batch normalisation after each convolution; without it the convolutions have biases.
        shortcut: False leaves it out, with its convolution, to see what it is good for.

    Source: Arriaga, Valdenegro-Toro, Plöger 2017, arXiv:1710.07557, Figure 1, after Chollet 2017, arXiv:1610.02357.

    """
    side = pointwise(x, filters, stride=2, norm=norm, activation=None) if shortcut else None
    for _ in range(depth - 1):
        x = kind(x, filters, norm=norm, activation="relu")
    x = kind(x, filters, norm=norm, activation=None)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    return x if side is None else layers.Add()([x, side])


def module_parameters(channels: int, filters: int) -> int:
    """Return the number of parameters of a `residual_module` with `channels` coming in, as Keras counts them.

    >>> module_parameters(8, 16)
    920
    """
    inputs = keras.Input((8, 8, channels))
    return keras.Model(inputs, residual_module(inputs, filters)).count_params()


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
    """Join three towers, bring them back to C channels, scale them and add them to the input: (N,H,W,C) to (N,H,W,C).

    The towers are 1×1 | 1×1, 3×3 | 1×1, 3×3, 3×3, with `filters` maps per convolution, normalised. The 1×1 convolution that
    brings them back has a bias and no activation. The sum has an activation. Scaling by 0.1 to 0.3 keeps the training of wide
    networks stable.

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

        kernel[i, j, c, m] = sum over r of depthwise[i, j, c, r] · pointwise[c, r, m]

    The number of r is Keras' `depth_multiplier`, D: how many maps each channel gets in the depthwise half, usually 1.

    Args:
        depthwise_kernel: (k,k,C,D) as Keras stores it, or (k,k,C).
        pointwise_kernel: (C,D,M); or (1,1,C·D,M) as Keras stores it, or (C·D,M).

    Returns:
        The kernel (k,k,C,M) in the dtype of the two.

    Raises:
        ModelError: if the shapes do not fit together.

    """
    depth, point = np.asarray(depthwise_kernel), np.asarray(pointwise_kernel)
    depth = depth[..., None] if depth.ndim == 3 else depth
    if point.ndim == 4 and point.shape[:2] == (1, 1):
        point = point[0, 0]
    if depth.ndim == 4 and point.ndim == 3 and point.shape[:2] == depth.shape[2:]:
        point = point.reshape(-1, point.shape[2])
    if depth.ndim != 4 or point.ndim != 2 or depth.shape[2] * depth.shape[3] != point.shape[0]:
        raise ModelError(
            f"Expected a depthwise kernel (k,k,C) or (k,k,C,D) and a pointwise kernel (C·D,M), (C,D,M) or (1,1,C·D,M) with the "
            f"same C and D; found {np.shape(depthwise_kernel)} and {np.shape(pointwise_kernel)}."
        )
    return np.einsum("ijcr,crm->ijcm", depth, point.reshape(*depth.shape[2:], -1))


def best_separable(kernel: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the separable kernels that come closest to a standard one: the least squared error of all with this rank.

    >>> kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 5))
    >>> depth, point = best_separable(kernel, rank=5)
    >>> depth.shape, point.shape, np.allclose(separable_as_standard(depth, point), kernel)  # 5 maps need no more than 5
    ((3, 3, 2, 5), (2, 5, 5), True)

    Args:
        kernel: of a standard convolution, (k,k,C,M).
        rank: how many patterns each channel gets, 1 to the smaller of k² and M: Keras' `depth_multiplier`.

    Returns:
        The depthwise kernel (k,k,C,rank) and the pointwise one (C,rank,M).

    Raises:
        ModelError: if that is no such kernel, or the rank is out of range.

    Source: Eckart, Young 1936, "The approximation of one matrix by another of lower rank", doi:10.1007/BF02288367. Built in
    lesson 05.

    """
    kernel = np.asarray(kernel)
    most = min(kernel.shape[0] * kernel.shape[1], kernel.shape[3]) if kernel.ndim == 4 else 0
    if not 1 <= rank <= most:
        raise ModelError(
            f"Expected a kernel (k,k,C,M) and a rank from 1 to the smaller of k·k and M; found {kernel.shape} and {rank}."
        )
    size, channels, filters = kernel.shape[0], kernel.shape[2], kernel.shape[3]
    depth = np.zeros((size, kernel.shape[1], channels, rank), kernel.dtype)
    point = np.zeros((channels, rank, filters), kernel.dtype)
    for c in range(channels):
        u, s, vt = np.linalg.svd(kernel[:, :, c].reshape(-1, filters), full_matrices=False)
        depth[:, :, c] = (u * s)[:, :rank].reshape(size, -1, rank)
        point[c] = vt[:rank]
    return depth, point


def simplified_to_equivalent(weights: list[np.ndarray], segments: int) -> list[np.ndarray]:
    """Move the weights of `simplified_module` over to `equivalent_module`, so that both compute the same.

    The towers' 1×1 convolutions become one, kernels and biases side by side along the last axis; each 3×3 stays as it is.

    Args:
        weights: `get_weights()` of a model that consists of a simplified module, with or without batch normalisation.
        segments: its number of towers.

    Returns:
        A list for `set_weights` of a model that consists of an equivalent module.

    Raises:
        ModelError: if these can't be the weights of a module with this number of towers.

    """
    half = _half(weights, 2 * segments, f"a simplified module of {segments} towers")
    return _join(weights[:half], segments, axis=-1) + list(weights[half:])


def equivalent_to_extreme(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Move the weights of `equivalent_module` with as many segments as filters over to `extreme_module`.

    The 3×3 kernels (3,3,1,1), one per channel, become one depthwise kernel (3,3,filters,1). Arguments and result are as in
    `simplified_to_equivalent`.

    Raises:
        ModelError: if these can't be the weights of such a module.

    """
    segments = np.shape(weights[0])[-1] if len(weights) else 0
    half = _half(weights, 1 + segments, "an equivalent module with as many segments as filters")
    return list(weights[:half]) + _join(weights[half:], segments, axis=2)


def _half(weights: list[np.ndarray], convolutions: int, what: str) -> int:
    """Return how many of the arrays belong to the 1×1 convolutions.

    A convolution comes with 2 arrays (kernel and bias) or 5 (kernel and four of batch normalisation).
    """
    arrays_each, rest = divmod(len(weights), convolutions)
    kernels = [np.shape(array)[:2] for array in weights if np.ndim(array) == 4]
    ones = kernels.count((1, 1))
    if rest or arrays_each not in (2, 5) or len(kernels) != convolutions or kernels != sorted(kernels):
        raise ModelError(f"{len(weights)} arrays can't be the weights of {what}. Give `get_weights()` of its model.")
    return ones * arrays_each


def _join(weights: list[np.ndarray], parts: int, axis: int) -> list[np.ndarray]:
    """Return the arrays of one large convolution that holds `parts` equal ones, with the kernels joined along `axis`."""
    kernels = [array for array in weights if np.ndim(array) == 4]
    vectors = [array for array in weights if np.ndim(array) == 1]
    kinds = len(vectors) // parts  # bias, or gamma, beta, mean, variance
    joined_vectors = [np.concatenate(vectors[kind::kinds]) for kind in range(kinds)]
    return [np.concatenate(kernels, axis=axis), *joined_vectors]
