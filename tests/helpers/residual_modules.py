"""A residual module that can be built wrong in many ways, for the tests of checks that look at Keras models."""

from keras import layers


def module(
    x, filters, bias=False, size=3, stride=False, start=0, middle=True, end=False, after=False, norms=True, pool="max",
    side_norm=True, standard=False, add=True,
):  # fmt: skip
    """A residual module that can be built wrong in many ways."""
    options = {"padding": "same", "use_bias": bias}
    side = x if stride else x[:, start::2, start::2]
    side = layers.Conv2D(filters, 1, strides=2 if stride else 1, use_bias=bias)(side)
    side = layers.BatchNormalization()(side) if side_norm else side
    kind = layers.Conv2D if standard else layers.SeparableConv2D
    for last in (False, True):
        x = kind(filters, size, **options)(x)
        x = layers.BatchNormalization()(x) if norms else x
        x = layers.Activation("relu")(x) if (end if last else middle) else x
    if pool:
        x = (layers.MaxPooling2D if pool == "max" else layers.AveragePooling2D)(3, strides=2, padding="same")(x)
    x = (layers.Add if add else layers.Concatenate)()([x, side])
    return layers.Activation("relu")(x) if after else x


class AsLayer(layers.Layer):
    """A residual module as one layer; its shortcut's parts are made first."""

    def __init__(self, filters, middle=True):
        super().__init__()
        self.side = [layers.Conv2D(filters, 1, use_bias=False), layers.BatchNormalization()]
        self.main = []
        for last in (False, True):
            self.main.append(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False))
            self.main.append(layers.BatchNormalization())
            self.main += [] if last or not middle else [layers.ReLU()]
        self.main.append(layers.MaxPooling2D(3, strides=2, padding="same"))

    def call(self, x, training=False):
        return self.through(self.main, x, training) + self.through(self.side, x[:, ::2, ::2], training)

    def through(self, steps, x, training):
        for step in steps:
            x = step(x, training=training) if isinstance(step, layers.BatchNormalization) else step(x)
        return x
