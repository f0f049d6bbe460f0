"""The networks of the zoo, and changed ones that recorded comparisons need.

Each one is a function from pixels, float32 (N, size, size, 1) in [-1, 1], to probabilities (N, classes).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fer_course.layers import (
    MOMENTUM,
    convolution,
    depthwise,
    inception_resnet_module,
    inception_v1_module,
    inception_v3_module,
    inverted_residual_module,
    pointwise,
    residual_module,
    separable,
)
from fer_course.models.registry import register, variant
from fer_course.quiet import keras

layers = keras.layers


@register
def mini_xception(x, classes):
    """Mini-Xception, layer for layer as published: 58,423 parameters at any input size (7 classes, 56,951 trainable).

    Source: Arriaga, Valdenegro-Toro, Plöger 2017, "Real-time Convolutional Neural Networks for Emotion and Gender
    Classification", arXiv:1710.07557. The shortcut is executed differently, see `layers.convolution`.
    """
    return mini_xception_layers(x, classes)


def mini_xception_layers(x, classes: int, stem: int = 8, filters=(16, 32, 64, 128), norm: bool = True, **module):
    """Mini-Xception with other numbers of filters, without normalisation, or with other `residual_module` options."""
    for _ in range(2):
        x = convolution(x, stem, padding="valid", norm=norm)
    for each in filters:
        x = residual_module(x, each, norm=norm, **module)
    x = layers.Conv2D(classes, 3, padding="same", name="class_maps")(x)
    x = layers.GlobalAveragePooling2D(name="class_scores")(x)
    return layers.Softmax(name="probabilities")(x)


@variant
def mini_xception_wide(x, classes):
    """Mini-Xception with twice as many filters in every convolution."""
    return mini_xception_layers(x, classes, stem=16, filters=(32, 64, 128, 256))


@variant
def mini_xception_deep(x, classes):
    """Mini-Xception with three separable convolutions in each residual module instead of two."""
    return mini_xception_layers(x, classes, depth=3)


@variant
def mini_xception_standard(x, classes):
    """Mini-Xception of standard convolutions, with fewer filters, so that it has as many parameters within 1 %."""
    return mini_xception_layers(x, classes, filters=(7, 13, 27, 53), kind=convolution)


@variant
def mini_xception_no_shortcuts(x, classes):
    """Mini-Xception without its shortcuts, and so without the numbers of their convolutions: a fifth of all."""
    return mini_xception_layers(x, classes, shortcut=False)


@variant
def mini_xception_no_shortcuts_wide(x, classes):
    """Mini-Xception without its shortcuts, with more filters, so that it has as many parameters within 1 %."""
    return mini_xception_layers(x, classes, filters=(18, 36, 73, 146), shortcut=False)


@variant
def mini_xception_no_normalisation(x, classes):
    """Mini-Xception without normalisation; each convolution has a bias instead."""
    return mini_xception_layers(x, classes, norm=False)


@variant
def mini_xception_relu_between(x, classes):
    """Mini-Xception with a ReLU between the halves of each separable convolution, after the depthwise one's biases."""
    return mini_xception_layers(x, classes, kind=partial(_halves, between_norm=False, between="relu"))


@variant
def mini_xception_norm_between(x, classes):
    """Mini-Xception with batch normalisation, and no activation, between the halves of each separable convolution."""
    return mini_xception_layers(x, classes, kind=partial(_halves, between_norm=True, between=None))


@variant
def mini_xception_norm_relu_between(x, classes):
    """Mini-Xception with batch normalisation and a ReLU between the halves, as in MobileNet (Howard et al. 2017)."""
    return mini_xception_layers(x, classes, kind=partial(_halves, between_norm=True, between="relu"))


def _halves(
    x, filters: int, between_norm: bool, between: str | None, norm: bool = True, activation: str | None = "relu"
):
    """Apply a separable convolution with something between its halves: (N,H,W,C) to (N,H,W,filters)."""
    x = depthwise(x, norm=between_norm, activation=between)
    return pointwise(x, filters, norm=norm, activation=activation)


@variant
def vgg_small(x, classes):
    """A network like VGG, to be a teacher network: seven standard 3×3 convolutions, with ever smaller and more maps.

    Twenty times the parameters of mini-Xception and 17 times its multiply-adds, in about four times its time on a processor,
    which does standard convolutions much better than depthwise ones. Source: Simonyan, Zisserman 2015, "Very deep convolutional
    networks for large-scale image recognition", arXiv:1409.1556. Scaled down: 32 to 256 filters instead of 64 to 512, seven
    convolutions instead of 8 to 16, one dense layer on averaged maps instead of three; with batch normalisation.
    """
    x = convolution(x, 32)
    for filters in (64, 128, 256):
        x = layers.MaxPooling2D(2)(x)
        x = convolution(convolution(x, filters), filters)
    return _classify_averages(x, classes, dropout=0.4)


@register
def lenet(x, classes):
    """LeNet-5, the network of the 1990s that read handwritten cheques, on faces: 5×5 convolutions, tanh, mean pooling.

    Source: LeCun et al. 1995, "Learning algorithms for classification: a comparison on handwritten digit recognition",
    and LeCun et al. 1998, Proceedings of the IEEE 86. Changed: every map of the second convolution sees all six maps of
    the first (the original wired some), the output is a softmax (the original had radial basis functions), and each tanh
    has batch normalisation before it, without which it hardly learns at the learning rates of this course's recipes.
    """
    return classic(x, classes, norm=True)


def classic(
    x,
    classes: int,
    activation: str = "tanh",
    pooling: Callable = layers.AveragePooling2D,
    dropout: float = 0.0,
    third: bool = False,
    norm: bool = False,
    ending: str = "flatten",
):
    """Apply LeNet as in 1995, or with one thing changed, see `models.lenet_1995`; the zoo's has `norm`."""
    for filters, size in ((6, 5), (16, 5), (32, 4))[: 3 if third else 2]:
        x = convolution(x, filters, size, padding="valid", norm=norm, activation=activation)
        x = pooling(2)(x)
    if ending == "pooled":
        x = layers.AveragePooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x) if ending == "averages" else layers.Flatten()(x)
    for units in (120, 84):
        x = _dense(x, units, activation, norm)
        x = layers.Dropout(dropout)(x) if dropout else x
    return layers.Dense(classes, activation="softmax", name="probabilities")(x)


@register
def alexnet_small(x, classes):
    """AlexNet, which won ImageNet in 2012: five convolutions, overlapping max pooling, two wide layers with dropout.

    Source: Krizhevsky, Sutskever, Hinton 2012, "ImageNet classification with deep convolutional neural networks", NeurIPS.
    Scaled down: a quarter to a sixth of the filters, a 5×5 kernel with stride 2 first (the original: 11×11, stride 4, for
    pictures of 224 pixels), 256 units per wide layer instead of 4,096, one stream instead of two, and batch normalisation in
    place of the original's local response normalisation.
    """
    x = convolution(x, 24, 5, stride=2)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = convolution(x, 48, 5)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for filters in (64, 64, 48):
        x = convolution(x, filters, 3)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dropout(0.5)(_dense(x, 256, "relu"))
    return layers.Dense(classes, activation="softmax", name="probabilities")(x)


@register
def nin_small(x, classes):
    """Network in Network: after each convolution two 1×1 convolutions, and one map per class, averaged, instead of dense layers.

    Source: Lin, Chen, Yan 2013, "Network in network", arXiv:1312.4400. Scaled down: 16 to 32 filters instead of 96 to 192, batch
    normalisation (which came later) in place of most of its dropout.
    """
    for size, *filters in ((5, 24, 24, 16), (5, 32, 32, 32), (3, 32, 32, 32)):
        x = convolution(x, filters[0], size)
        for each in filters[1:]:
            x = pointwise(x, each)
        if size == 5:
            x = layers.Dropout(0.2)(layers.MaxPooling2D(3, strides=2, padding="same")(x))
    x = layers.Conv2D(classes, 1, name="class_maps")(x)
    x = layers.GlobalAveragePooling2D(name="class_scores")(x)
    return layers.Softmax(name="probabilities")(x)


@register
def inception_v1_small(x, classes):
    """GoogLeNet's idea, Inception v1: modules with kernels of three sizes side by side, behind 1×1 convolutions that save.

    Source: Szegedy et al. 2015, "Going deeper with convolutions", arXiv:1409.4842. Scaled down: five modules instead of nine, an
    eighth of the filters, one convolution before them instead of three, no auxiliary classifiers; with batch normalisation.
    """
    x = convolution(x, 16)
    for modules in ([(8, 8, 16, 4, 8, 8), (16, 16, 24, 4, 8, 8)], [(24, 16, 32, 8, 16, 16), (32, 24, 48, 8, 16, 16)]):
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        for filters in modules:
            x = inception_v1_module(x, filters)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = inception_v1_module(x, (48, 32, 64, 8, 24, 24))
    return _classify_averages(x, classes, dropout=0.4)


@register
def inception_v3_small(x, classes):
    """Inception v3: two 3×3 convolutions, one after the other, in place of each 5×5, and normalised throughout.

    Source: Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision", arXiv:1512.00567, with the module as
    drawn in Chollet 2017, Figure 1. Scaled down: four modules of one kind instead of eleven of five kinds, 8 to 24 filters per
    convolution, one convolution before them instead of five; neither factorised 1×7 kernels nor an auxiliary classifier.
    """
    x = convolution(x, 16)
    for filters in ((8, 10), (16, 24)):
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        for each in filters:
            x = inception_v3_module(x, each)
    return _classify_averages(x, classes, dropout=0.2)


@register
def inception_resnet_small(x, classes):
    """Inception-ResNet: Inception modules that only compute a change, which is added to what came in.

    Source: Szegedy et al. 2017, "Inception-v4, Inception-ResNet and the impact of residual connections on learning",
    arXiv:1602.07261. Scaled down: six modules of its first kind (A) instead of many of three kinds, 16 to 64 channels instead
    of hundreds to 2,000, and a plain 3×3 convolution with stride 2 between the stages.
    """
    for channels, filters in ((16, 8), (32, 12), (64, 16)):
        x = convolution(x, channels, stride=2)
        for _ in range(2):
            x = inception_resnet_module(x, filters)
    return _classify_averages(x, classes, dropout=0.2)


@register
def xception_small(x, classes):
    """Xception in its three flows: entry (smaller and wider), middle (the same module, again and again), exit.

    Source: Chollet 2017, "Xception: deep learning with depthwise separable convolutions", arXiv:1610.02357, Figure 5. Scaled
    down: 8 to 128 filters instead of 32 to 2,048, two modules in the entry flow instead of three, four in the middle flow
    instead of eight, one separable convolution at the end instead of two, the stride in the second
    convolution instead of the first, and residual modules without the ReLU that begins the original's later ones.
    """
    x = convolution(convolution(x, 8), 16, stride=2)
    for filters in (32, 64):
        x = residual_module(x, filters)
    for _ in range(4):
        shortcut = x
        for _ in range(3):
            x = separable(layers.Activation("relu")(x), 64, activation=None)
        x = layers.Add()([x, shortcut])
    x = residual_module(x, 96)
    return _classify_averages(separable(x, 128), classes)


@register
def mobilenet_v2_small(x, classes):
    """MobileNetV2, what came after: separable convolutions between narrow ends, with the shortcut from end to end.

    Source: Sandler et al. 2018, "MobileNetV2: inverted residuals and linear bottlenecks", arXiv:1801.04381, Table 2. Scaled down:
    eight modules instead of seventeen, 8 to 48 channels between them instead of 16 to 320, 128 at the end instead of 1,280.
    """
    x = convolution(x, 16, stride=2, activation="relu6")
    x = inverted_residual_module(x, 8, expansion=1)
    for filters, stride in ((16, 1), (16, 1), (24, 2), (24, 1), (32, 2), (32, 1), (48, 1)):
        x = inverted_residual_module(x, filters, stride=stride)
    x = pointwise(x, 128, activation="relu6")
    return _classify_averages(x, classes, dropout=0.2)


def _dense(x, units: int, activation: str, norm: bool = True):
    """Apply a dense layer, batch normalisation and an activation: (N,features) to (N,units)."""
    x = layers.Dense(units, use_bias=not norm)(x)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x) if norm else x
    return layers.Activation(activation)(x)


def _classify_averages(x, classes: int, dropout: float = 0.0):
    """Average each feature map and classify the averages: (N,H,W,C) to (N,classes) probabilities."""
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x) if dropout else x
    return layers.Dense(classes, activation="softmax", name="probabilities")(x)
