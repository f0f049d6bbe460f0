"""Checks: all of mini-Xception."""

from __future__ import annotations

import functools

import numpy as np

from fer_course import layers as blocks
from fer_course import models
from fer_course.checks import calling, moving
from fer_course.checks.core import Hint, attempt, check, close, expect, numbers, passed
from fer_course.quiet import keras

layers = keras.layers


@check
def mini_xception(answer) -> None:
    """Check `mini_xception(filters, classes)`: a Keras model, layer for layer the published one."""
    pixels = numbers(5).integers(0, 256, (3, 48, 48, 1)).astype("float32")
    model = attempt(answer, advice=functools.partial(_call_advice, filters=FILTERS))
    with moving.followed("mini_xception()"):
        _check_whole(model, pixels)
    small = attempt(answer, (4, 6), 3, advice=functools.partial(_call_advice, filters=(4, 6)))
    with moving.followed("mini_xception((4, 6), 3)"):
        _check_small(small, pixels)
    # More modules than the published ones, and neither growing nor of equal sizes.
    several = attempt(answer, SEVERAL, 2, advice=functools.partial(_call_advice, filters=SEVERAL))
    with moving.followed(f"mini_xception({SEVERAL}, 2)"):
        _check_several(several, pixels)
    passed("Mini-Xception: 58,423 parameters, and the published function.")


#: Those of the published network.
FILTERS = (16, 32, 64, 128)
SEVERAL = (6, 4, 5, 9, 7)

_ONE_EACH = "`filters` holds one number for each module: `for each in filters: x = residual_module(x, each)`."


def _call_advice(error: Exception, filters: tuple[int, ...]) -> str:
    """Say what is certain about an error of Keras; `filters` is what the learner's function was called with."""
    if said := calling.about_call(error):
        return said
    if "between instances of 'tuple' and 'int'" not in str(error):
        return ""
    given = calling.filters_given(error)
    if given is None:
        return f"A tuple is compared with a number. {_ONE_EACH}"
    said = f"A layer was given {given} for `filters`, where one whole number belongs."
    return f"{said} {_ONE_EACH}" if tuple(given) == filters else said


def _check_whole(model, pixels: np.ndarray) -> None:
    shapes = _shapes(model, pixels)
    if shapes != ((48, 48, 1), (7,)):
        raise Hint(
            f"The model takes (None, 48, 48, 1) and returns (None, 7); found {_batch(shapes[0])} and {_batch(shapes[1])}. "
            f"{_about_shapes(model, *shapes)}"
        )
    moving.refuse_chance(model)
    right = models.build("mini_xception")
    moving.make_lively(right, pixels, 6)
    if not moving.computes(model, right, pixels):
        _check_count(model, right)
        _check_same(model, right, pixels, "mini_xception()")


def _check_small(small, pixels: np.ndarray) -> None:
    if _shapes(small, pixels)[1] != (3,):
        raise Hint(_fixed_window(small) or "mini_xception((4, 6), 3) has two modules and three classes; found outputs of "
                   f"{_batch(_shapes(small, pixels)[1])}. Use the arguments, not fixed numbers.")  # fmt: skip
    right = models.mini_xception((4, 6), 3)
    moving.make_lively(right, pixels, 7)
    if not moving.computes(small, right, pixels):
        found, wanted = small.count_params(), right.count_params()
        raise Hint(
            _fixed_window(small)
            or "mini_xception((4, 6), 3) has modules of 4 and 6 filters, and three class maps; yours computes something else"
            + (
                f", with {found:,} parameters instead of {wanted:,}."
                if found != wanted
                else " with the same parameters."
            )
        )


def _check_several(several, pixels: np.ndarray) -> None:
    right = models.mini_xception(SEVERAL, 2)
    moving.make_lively(right, pixels, 8)
    if _shapes(several, pixels)[1] != (2,) or not moving.computes(several, right, pixels):
        raise Hint(
            f"mini_xception({SEVERAL}, 2) has a module for each of the five numbers, in this order; yours computes something "
            f"else, with {several.count_params():,} parameters; the right one has {right.count_params():,}."
        )


def _about_shapes(model, inputs: tuple, output: tuple) -> str:
    """Say what can be seen of a model whose inputs or outputs have the wrong shape."""
    if len(inputs) < 3 and inputs == output:
        return "The model begins where it ends: `keras.Model(inputs, …)` begins with the tensor of `keras.Input`."
    if inputs != (48, 48, 1):
        return "A picture has 48 × 48 pixels in one channel: `keras.Input((48, 48, 1))`."
    if len(output) > 1:
        return (
            "Rows and columns are axes 1 and 2 of the maps: `layers.GlobalAveragePooling2D()` takes the mean over both."
        )
    has_head = any(layer.filters == 7 for layer in moving.layers_by_kind(model).get("Conv2D", []))
    if has_head and len(output) == 1 and (output[0] or 0) > 7 and output[0] % 7 == 0 and _flattens(model):
        return (
            f"{output[0]} is {output[0] // 7} · 7: each place of the maps for 7 classes. Step 5 takes the mean over rows and "
            "columns, `layers.GlobalAveragePooling2D()`, instead of all places one by one."
        )
    if has_head:
        return (
            "A Conv2D of 7 filters is in it, but the output has another number of maps: step 4 comes after the modules, directly "
            "before the average."
        )
    return "Step 4, a 3×3 Conv2D with `classes` filters before the average, makes a map for each class; found no Conv2D of 7."


def _flattens(model) -> bool:
    """Return whether a model puts the places of maps one after the other, after its last convolution."""
    kinds = [type(layer).__name__ for layer in moving.leaves(model)]
    last = max((place for place, kind in enumerate(kinds) if kind == "Conv2D"), default=0)
    return any(kind in {"Flatten", "Reshape"} for kind in kinds[last:])


def _shapes(model, pixels: np.ndarray) -> tuple[tuple, tuple]:
    """Return the shapes of a model's inputs and outputs without the first axis; a model that does not know them is called."""
    if not isinstance(model, keras.Model):
        raise Hint(f"mini_xception returns a `keras.Model`; found {type(model).__name__}.")
    known = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if all(isinstance(shape, tuple) for shape in known):
        return known[0][1:], known[1][1:]
    output = attempt(model, pixels)
    return pixels.shape[1:], tuple(getattr(output, "shape", ()))[1:]


def _batch(shape: tuple) -> str:
    return f"({', '.join(map(str, ('None', *shape)))})" if shape else "(None,)"


def _fixed_window(model: keras.Model) -> str:
    """Return the hint for an average over windows of a fixed size, "" if there is none."""
    windows = [
        layer.pool_size
        for layer in moving.layers_by_kind(model).get("AveragePooling2D", [])
        if layer.pool_size != (1, 1)
    ]
    if not windows:
        return ""
    return (
        f"The average has a fixed window, {windows[-1]}. With two modules the maps are larger: "
        "`layers.GlobalAveragePooling2D()` takes the mean over maps of any size."
    )


def _check_count(model: keras.Model, right: keras.Model) -> None:
    count, wanted = model.count_params(), right.count_params()
    kinds = moving.layers_by_kind(model)
    if "Dense" in kinds:
        raise Hint(
            "In your model there is a `Dense` layer. Step 4 is a 3×3 `layers.Conv2D`, and its maps are averaged."
        )
    differing = moving.differing(model, right)
    separable = sum(len(kinds.get(kind, [])) for kind in ("SeparableConv2D", "DepthwiseConv2D"))
    for wrong, hint in (
        (count == wanted and not differing, ""),
        (
            separable < 8,
            f"{separable} of its 8 separable convolutions lead to the output, so modules are missing. Each takes what the one "
            "before gave: `x = residual_module(x, each)` in the loop.",
        ),
        (differing == "It lacks a bias of 7.", "7 too few: the last convolution has a bias for each class."),
        (
            differing == "It lacks a kernel (3, 3, 128, 7). It has a kernel (1, 1, 128, 7) too many.",
            "the last convolution's kernel is 1×1; it should be 3×3.",
        ),
        (
            "It has a normalisation of 7 channels too many." in differing and "a bias of 7" in differing,
            f"{count - wanted} too many. There is a normalisation of 7 channels and no bias of 7, as `convolution` has it. The "
            "last convolution is not normalised, and has a bias: use Keras' own `layers.Conv2D` there.",
        ),
        (
            "It has a normalisation of 7 channels too many." in differing,
            f"{count - wanted} too many: a normalisation of 7 channels. The last convolution is not normalised: leave that "
            "layer out.",
        ),
        (
            differing
            in (
                "It lacks a normalisation of 8 channels, a kernel (3, 3, 8, 8).",
                "It lacks a kernel (3, 3, 8, 8), a normalisation of 8 channels.",
            ),
            "one of the two first convolutions is missing.",
        ),
        (True, differing),
    ):
        if wrong and hint:
            raise Hint(f"Your model has {count:,} parameters, mini-Xception {wanted:,}: {hint}")
        if wrong:
            return


def _check_same(model: keras.Model, right: keras.Model, pixels: np.ndarray, what: str) -> None:
    """Say why a model with the right number of parameters is another function; the right one has lively weights."""
    head = right.get_layer(
        "class_maps"
    )  # with smaller scores no probability is so near 0 or 1 that others agree by accident
    head.set_weights([array / 4 for array in head.get_weights()])
    weights = right.get_weights()
    same = [array.shape for array in model.get_weights()] == [array.shape for array in weights]
    given = weights if same else moving.first_order(model, right)
    model.set_weights(given)
    answer = moving.outputs(model, pixels)
    expected, mistakes = _expected_and_mistakes(right, pixels)
    if not np.allclose(answer.sum(axis=1), 1, atol=1e-4):
        raise Hint(
            f"The outputs of a picture should be probabilities that sum to 1; found a sum of {answer.sum(axis=1)[0]:.3f}. "
            f"{_about_softmax(model)}"
        )
    if moving.computes(model, _padded(weights), pixels):
        raise Hint('The first two convolutions have padding="valid": they lose a pixel on each side.')
    model.set_weights(given)  # `computes` leaves them in the last order that it tried
    for scaled, hint in _wrong_scales(pixels):
        if not close(answer, expected) and close(moving.outputs(model, scaled), expected):
            raise Hint(f"{what}: {hint}")
    if close(answer, expected) or any(close(answer, wrong) for wrong, _ in mistakes):
        expect(answer, expected, what, mistakes)
        return
    found, wanted = _relus(model) if moving.is_flat(model) else None, _relus(right)
    if found not in (None, wanted):
        raise Hint(f"Your model has {found} ReLUs, mini-Xception {wanted}: one after each of the first two convolutions, one "
                   "inside each module, and none elsewhere.")  # fmt: skip
    if not same:  # which weight belongs where is not known for certain
        raise Hint(
            "Your model has the right parameters, but computes something else with the same weights. Look at what has no "
            "weights: the scale of the pixels, the ReLUs, the paddings, the order, the average, the softmax."
        )
    expect(answer, expected, f"{what} with the same weights, on random pixels")


def _about_softmax(model: keras.Model) -> str:
    """Say which softmax a model has, as far as can be seen."""
    steps = {id(step): step for step in [*(getattr(model, "operations", None) or []), *moving.leaves(model)]}
    named = [step for step in steps.values() if type(step).__name__ == "Softmax"]
    axes = [step.axis for step in named if step.axis not in (-1, 1)]
    if axes:
        return f"The softmax runs along axis {axes[0]}. The classes are the last axis, which `layers.Softmax()` takes."
    if named or any(getattr(getattr(step, "activation", None), "__name__", "") == "softmax" for step in steps.values()):
        return "There is a softmax; what comes after it, or along which axis does it run?"
    return "Is there a softmax at the end, `layers.Softmax()`?"


def _padded(weights: list[np.ndarray]) -> keras.Model:
    """Return mini-Xception whose first two convolutions are padded, with these weights."""
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for _ in range(2):
        x = blocks.convolution(x, 8, padding="same")
    for each in (16, 32, 64, 128):
        x = blocks.residual_module(x, each)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(7, 3, padding="same")(x))
    model = keras.Model(inputs, layers.Softmax()(x))
    model.set_weights(weights)
    return model


def _relus(model: keras.Model) -> int:
    """Return how many ReLUs a model has: layers, functions, and activations of other layers."""
    count = 0
    for operation in model.operations:
        activation = getattr(getattr(operation, "activation", None), "__name__", "")
        count += type(operation).__name__ in ("ReLU", "Relu") or activation == "relu"
    return count


def _expected_and_mistakes(model: keras.Model, pixels: np.ndarray) -> tuple[np.ndarray, list[tuple[np.ndarray, str]]]:
    """Return the right outputs, and what known mistakes of the head return."""
    both = keras.Model(model.input, [model.output, model.get_layer("class_maps").output])
    expected, maps = map(keras.ops.convert_to_numpy, both(pixels))
    return expected, _head_mistakes(maps)


def _wrong_scales(pixels: np.ndarray) -> list[tuple[np.ndarray, str]]:
    """Return what a model that scales its pixels wrongly has to be given to be right, and the hints for these.

    So its right outputs are compared. The wrong ones are far from 0: there a softmax says 0 and 1, and agrees by accident.
    """
    right = pixels / 127.5 - 1
    scale = "step 1 takes the pixels from 0…255 to -1…1: `layers.Rescaling(1 / 127.5, offset=-1)`."
    return [
        (given.astype("float32"), f"{words}; {scale}")
        for given, words in (
            (right, "the pixels are not rescaled"),
            (255 * right, "the pixels are rescaled to 0…1"),
            (127.5 * right, "the pixels are rescaled to 0…2"),
            (right + 1, "the pixels are moved by -1, but not divided"),
        )
    ]


def _head_mistakes(maps: np.ndarray) -> list[tuple[np.ndarray, str]]:
    """Return what comes of class maps (N,H,W,classes) when average and softmax go wrong."""
    averaged = _softmax(maps).mean(axis=(1, 2))
    first = "average first, then softmax. Here the softmax comes before the average, at every place of the maps."
    return [
        (averaged, first),
        (_softmax(averaged), f"{first} And there is a second one after it."),
        (_softmax(_softmax(maps.mean(axis=(1, 2)))), "this is what two softmaxes after the average give."),
        (
            _softmax(maps[:, 1:-1, 1:-1].mean(axis=(1, 2))),
            'this is what comes if the last convolution loses a margin of its maps: padding="same".',
        ),
        (_softmax(np.maximum(maps.mean(axis=(1, 2)), 0)), "this is what a ReLU after the average gives; leave it out."),
        (
            _softmax(maps.sum(axis=(1, 2))),
            f"these are the probabilities of {maps[0, :, :, 0].size} times the right scores, as after the *sum* of each map. "
            "Step 5 takes its mean.",
        ),
        (_softmax(maps.max(axis=(1, 2))), "this is what the *largest* value of each map gives; take the average."),
        (
            _softmax(np.maximum(maps, 0).mean(axis=(1, 2))),
            "this is what a ReLU in the last convolution gives; leave it out.",
        ),
    ]


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
