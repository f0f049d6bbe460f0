"""What an error of Keras says of how a layer was made or called: read from its text, and from the layer that raised it."""

from __future__ import annotations

import re
import traceback

from fer_course.quiet import keras

#: What Keras says of something else than a tensor that a layer is called with, or that a model ends with.
_NO_TENSOR = (
    (
        r"Only input tensors may be passed.*keyword argument: (.*) \(of type <class '([\w.]+)'>\)",
        "A layer was called with",
    ),
    (r"values must be KerasTensors.*invalid value (.*) of type <class '([\w.]+)'>", "`keras.Model` was given"),
)


def about_call(error: Exception) -> str:
    """Return what is certain about a layer that was made or called wrongly, "" for any other error."""
    told = str(error)
    for words, what in _NO_TENSOR:
        if found := re.search(words, told, re.DOTALL):
            return _about_value(what, found[1], found[2])
    if (found := re.search(r"'(\w+)' object is not subscriptable", told)) and _is_layer(found[1]):
        return f"A slice was taken of {_uncalled(found[1])}"
    made = _being_made(error)
    if made and "kerastensor" in told.lower():
        return (
            f"A tensor is among the settings of {made}. A layer has two pairs of parentheses, the settings in the first, the "
            f"tensor in the second: `layers.{made}(…)(x)`."
        )
    if "KerasTensor is symbolic" in told:
        return "Keras tensors have no numbers yet, so NumPy, int and float can't take them. Layers and `keras.ops` can."
    found = re.search(r"Found invalid \w+ '(.+?)' of type '<class 'float'>'", told)
    if found := found or re.search(r"divisible by the number of groups\. Received: groups=1, filters=(\d*\.\d+)", told):
        return (
            f"A layer has a whole number of maps; found {found[1]}. A single `/` gives a number with a decimal point, also where "
            "nothing is left over; `//` gives a whole number."
        )
    if "too many positional arguments" in told:
        return "A layer is called with *one* tensor, or with *one* list of tensors, without a star."
    return ""


def filters_given(error: Exception):
    """Return what the layer that raised this error, while it was made, was given as `filters`; None if that isn't known."""
    return next((given for _, given in _making(error)), None)


def _about_value(what: str, value: str, kind: str) -> str:
    name = kind.rpartition(".")[2]
    if _is_layer(name):
        return f"{what} {_uncalled(name)}"
    if kind == "type" and (found := re.search(r"(\w+)'>$", value)):
        return (
            f"{what} the class {found[1]}, and no layer of it. A layer is made, then called: `layers.{found[1]}(…)(x)`."
        )
    return f"{what} {value[:60]}, which is no tensor. Settings of a layer belong into its first pair of parentheses."


def _uncalled(name: str) -> str:
    return (
        f"the layer {name} itself, which is not called yet. A layer has two pairs of parentheses: `layers.{name}(…)` makes it; "
        f"`layers.{name}(…)(x)` is the tensor that it gives."
    )


def _is_layer(name: str) -> bool:
    return isinstance(getattr(keras.layers, name, None), type)


def _being_made(error: Exception) -> str:
    """Return the name of the layer that was being made when this error was raised, "" if none was."""
    return next((name for name, _ in _making(error)), "")


def _making(error: Exception) -> list[tuple[str, object]]:
    """Return the layers of Keras that were being made, the outermost first, with their `filters` (None where there is none)."""
    made = []
    for frame, _ in traceback.walk_tb(error.__traceback__):
        layer = frame.f_locals.get("self")
        if frame.f_code.co_name == "__init__" and isinstance(layer, keras.Layer) and _is_layer(type(layer).__name__):
            made.append((type(layer).__name__, frame.f_locals.get("filters")))
    return made
