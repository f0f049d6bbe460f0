"""Checks of lesson 05: right answers pass however they are written; beginners' mistakes get the hint that names them."""

import keras
import numpy as np
import pytest
from keras import layers

from fer_course import models
from fer_course.checks import Hint, NotAttempted, lesson05
from fer_course.layers import convolution
from fer_course.layers import residual_module as package_module


def rejected(check, answer) -> str:
    with pytest.raises(Hint) as caught:
        check(answer)
    assert not isinstance(caught.value, NotAttempted)
    return str(caught.value)


def unsolved(*arguments):
    raise NotImplementedError


@pytest.mark.parametrize(
    "check", [lesson05.shortcut, lesson05.residual_module, lesson05.module_parameters, lesson05.mini_xception]
)
def test_not_attempted_is_told_apart_from_wrong(check):
    with pytest.raises(NotAttempted):
        check(unsolved)
    assert "function itself" in rejected(check, 5)


# ------------------------------------------------------------------------------------------------------- the shortcut


def shortcut_in_loops(x, kernel):
    rows, columns = range(0, x.shape[0], 2), range(0, x.shape[1], 2)
    return [
        [[sum(x[i, j, c] * kernel[c, m] for c in range(x.shape[2])) for m in range(kernel.shape[1])] for j in columns]
        for i in rows
    ]


def shortcut_in_keras(x, kernel):
    return keras.ops.conv(x[None, ::2, ::2].astype("float32"), kernel[None, None].astype("float32"))[0]


@pytest.mark.parametrize(
    "answer", [
        lambda x, kernel: x[::2, ::2] @ kernel,
        lambda x, kernel: np.einsum("hwc,cm->hwm", x.astype("float32")[::2, ::2], kernel.astype("float32")),
        lambda x, kernel: (x @ kernel)[::2, ::2],
        shortcut_in_loops,
        shortcut_in_keras,
    ],
)  # fmt: skip
def test_a_right_shortcut_passes(answer, capsys):
    lesson05.shortcut(answer)
    assert capsys.readouterr().out.startswith("✔")


def spoiled(x, kernel):
    x *= 2
    return x[::2, ::2] @ kernel / 2


@pytest.mark.parametrize(
    ("answer", "hint"), [
        (lambda x, kernel: x @ kernel, "every second row and column"),
        (lambda x, kernel: x[::2] @ kernel, "every second *row*"),
        (lambda x, kernel: x[:, ::2] @ kernel, "every second *column*"),
        (lambda x, kernel: x[1::2, 1::2] @ kernel, "begin with the first"),
        (lambda x, kernel: x[::2, ::2], "not mixed"),
        (lambda x, kernel: x[: x.shape[0] // 2, : x.shape[1] // 2] @ kernel, "quarter"),
        (lambda x, kernel: None, "return"),
        (spoiled, "in place"),
        (lambda x, kernel: x[::2, ::2] * kernel, "ValueError"),
    ],
)  # fmt: skip
def test_a_wrong_shortcut_gets_its_hint(answer, hint):
    assert hint in rejected(lesson05.shortcut, answer)


# ------------------------------------------------------------------------------------------------ the residual module


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


def other_way_round(x, filters):
    """The same with the main path first, ReLU as a layer of its own, and a plus sign's layer."""
    main = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
    main = layers.ReLU()(layers.BatchNormalization()(main))
    main = layers.BatchNormalization()(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(main))
    main = layers.MaxPooling2D(3, strides=2, padding="same")(main)
    side = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::2, ::2, :]))
    return layers.Add()([side, main])


@pytest.mark.parametrize("answer", [module, other_way_round, package_module])
def test_a_right_module_passes(answer, capsys):
    lesson05.residual_module(answer)
    assert capsys.readouterr().out.startswith("✔")


@pytest.mark.parametrize(
    ("wrong", "hint"), [
        ({"bias": True}, "bias"), ({"size": 5}, "3×3"), ({"stride": True}, "corrupt memory"),
        ({"middle": False}, "ReLU is missing"), ({"end": True}, "leave it out"),
        ({"middle": False, "end": True}, "between the two"),
        ({"after": True}, "after the addition"), ({"side_norm": False}, "BatchNormalization"),
        ({"norms": False}, "BatchNormalization"),
        ({"pool": "mean"}, "MaxPooling2D"), ({"standard": True}, "SeparableConv2D"), ({"add": False}, "channels"),
    ],
)  # fmt: skip
def test_a_wrong_module_gets_its_hint(wrong, hint):
    assert hint in rejected(lesson05.residual_module, lambda x, filters: module(x, filters, **wrong))


def test_a_module_without_pooling_or_return_is_refused():
    assert "ValueError" in rejected(lesson05.residual_module, lambda x, filters: module(x, filters, pool=""))
    assert "return" in rejected(lesson05.residual_module, lambda x, filters: None)
    assert "Keras tensor" in rejected(lesson05.residual_module, lambda x, filters: np.zeros(3))


# ------------------------------------------------------------------------------------------------------ its parameters


@pytest.mark.parametrize(
    "answer", [
        lambda c, f: c * f + 9 * c + c * f + 9 * f + f * f + 12 * f,
        lambda c, f: float(9 * c + 2 * c * f + f * (21 + f)),
        lambda c, f: np.int64(sum([c * f, 9 * c, c * f, 9 * f, f * f, 4 * f, 4 * f, 4 * f])),
    ],
)  # fmt: skip
def test_a_right_count_passes(answer, capsys):
    lesson05.module_parameters(answer)
    assert capsys.readouterr().out.startswith("✔")


@pytest.mark.parametrize(
    ("answer", "hint"), [
        (lambda c, f: 2 * c * f + 9 * c + 9 * f + f * f + 6 * f, "*four*"),
        (lambda c, f: 2 * c * f + 9 * c + 9 * f + f * f + 4 * f, "not one"),
        (lambda c, f: 2 * c * f + 9 * c + 9 * f + f * f, "normalisations are missing"),
        (lambda c, f: c * f + 9 * c + 9 * f + f * f + 12 * f, "shortcut's 1×1"),
        (lambda c, f: 3 * c * f + 18 * c + 12 * f, "`filters` channels"),
        (lambda c, f: c * f + 9 * c * f + 9 * f * f + 12 * f, "*standard*"),
        (lambda c, f: 2 * c * f + 9 * c + 9 * f + f * f + 15 * f, "bias"),
        (lambda c, f: None, "return"),
    ],
)  # fmt: skip
def test_a_wrong_count_gets_its_hint(answer, hint):
    assert hint in rejected(lesson05.module_parameters, answer)


# --------------------------------------------------------------------------------------------------- the whole network


def network(
    filters=(16, 32, 64, 128), classes=7, padding="valid", stem=2, head=3, norm=False, bias=True, average=True, softmax=True,
    rescale=True,
):  # fmt: skip
    """Mini-Xception, which can be built wrong in many ways."""
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs) if rescale else inputs
    for _ in range(stem):
        x = convolution(x, 8, padding=padding)
    for each in filters:
        x = package_module(x, each)
    x = layers.Conv2D(classes, head, padding="same", use_bias=bias)(x)
    x = layers.BatchNormalization()(x) if norm else x
    x = layers.GlobalAveragePooling2D()(x) if average else layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Softmax()(x) if softmax else x)


def by_hand(filters=(16, 32, 64, 128), classes=7):
    """Without the package's functions."""
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for _ in range(2):
        x = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv2D(8, 3, use_bias=False)(x)))
    for each in filters:
        x = module(x, each)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(classes, 3, padding="same")(x))
    return keras.Model(inputs, layers.Activation("softmax")(x))


@pytest.mark.parametrize("answer", [network, by_hand])
def test_a_right_network_passes(answer, capsys):
    lesson05.mini_xception(answer)
    assert capsys.readouterr().out.startswith("✔")


@pytest.mark.parametrize(
    ("wrong", "hint"), [
        ({"padding": "same"}, "valid"), ({"stem": 1}, "first convolutions is missing"), ({"head": 1}, "1×1"),
        ({"norm": True}, "28 too many"), ({"bias": False}, "7 too few"), ({"average": False}, "some values are not"),
        ({"softmax": False}, "sum to 1"), ({"rescale": False}, "some values are not"),
    ],
)  # fmt: skip
def test_a_wrong_network_gets_its_hint(wrong, hint):
    assert hint in rejected(
        lesson05.mini_xception, lambda filters=(16, 32, 64, 128), classes=7: network(filters, classes, **wrong)
    )


def test_a_network_that_ignores_its_arguments_is_refused():
    assert "arguments" in rejected(lesson05.mini_xception, lambda filters=(), classes=7: models.build("mini_xception"))
    fixed = rejected(lesson05.mini_xception, lambda filters=(), classes=7: network(classes=classes))
    assert "4 and 6 filters" in fixed


def test_what_is_no_network_is_refused():
    assert "keras.Model" in rejected(lesson05.mini_xception, lambda *arguments: np.zeros(7))
    assert "return" in rejected(lesson05.mini_xception, lambda *arguments: None)
