"""Checks: softmax, the slope of a loss, and one gradient step of a linear classifier."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from fer_course.checks.answers import several
from fer_course.checks.comparing import as_array, close
from fer_course.checks.core import Hint, Mistake, attempt, check, grown, judge, numbers, passed, short

# ------------------------------------------------------------------------------------------------------------ softmax


@check
def softmax(answer) -> None:
    """Check `softmax(scores)`: probabilities (N, classes) of scores (N, classes)."""
    rng = numbers(5)
    # One has as many rows as columns: only there do sums in the wrong rows not stop the function.
    cases = [rng.normal(0, 2, shape) for shape in (grown(5, 4, 7), (7, 7), grown(6, 3, 5), grown(7, 1, 2))]
    cases += [rng.normal(0, 2, (2, *grown(5, 7))) + np.array([[1000], [-1000]])]
    cases += [rng.normal(0, 2, (2, *grown(5, 7))) + np.array([[1000], [-100]])]
    cases += [rng.permuted(np.linspace(-1000, 1000, grown(5, 7)[0]) + rng.normal(0, 2, (2, *grown(5, 7))), axis=1)]

    def what(scores):
        large = ""
        if np.abs(scores).max() > 900:
            large = ", from about -1000 to 1000 in each row"
        if large and np.ptp(scores, axis=1).max() < 100:
            large = ", about {:.0f} in one row and {:.0f} in the other".format(*scores.mean(axis=1).round(-2))
        return f"softmax of scores {scores.shape}{large}"

    judge(
        answer,
        [(scores,) for scores in cases],
        _softmax,
        what,
        mistakes=SOFTMAX_MISTAKES,
        advice=_advice_on_rows,
    )
    passed("Softmax: every row adds up to 1, and nothing overflows.")


def _advice_on_rows(error: Exception, scores: np.ndarray) -> str:
    rows, classes = scores.shape
    if not re.search(
        rf"operands .*\({rows},{classes}\) \({rows},\)|operands .*\({rows},\) \({rows},{classes}\)", str(error)
    ):
        return ""
    return f"An array ({rows},) holds a number per row, but has lost its axis: {_KEEP_MAX}"


def _softmax(scores: np.ndarray) -> np.ndarray:
    return np.array([_softmax_of_row(row) for row in scores.tolist()])


def _softmax_of_row(row: list[float]) -> list[float]:
    """Divide directly: probability i is 1 over the sum of exp(score j - score i)."""
    return [1 / sum(math.exp(min(other - score, 700)) for other in row) for score in row]


def _normalised(scores: np.ndarray, top=1, axis=1, keep=True) -> np.ndarray:
    """Divide exp(scores - the largest along `top`) by the sum along `axis`; top False subtracts nothing."""
    powers = np.exp(scores if top is False else scores - scores.max(axis=top, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=keep)


def _less_the_largest_score_after_exp(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores) - scores.max(axis=1, keepdims=True)
    return powers / powers.sum(axis=1, keepdims=True)


_KEEP = "sum with keepdims=True."
_KEEP_MAX = "keepdims=True keeps it, in `max` and in `sum`."
_SAME_POWERS = (
    "numerator and denominator don't belong together: that is exactly what subtracting the largest score {} the line only gives. "
    "Keep the powers in a variable, and divide them by *their* sum."
)
_FROM_POWERS = (
    "that is exactly what subtracting the largest score from the *powers* gives. Subtract it from the scores, in exp."
)
_COLUMNS = "the columns add up to 1. Each *row* is one face: sum over axis=1."
_TABLE = "the whole table adds up to 1, but each row should: give `sum` an axis."
_UNDIVIDED = "these don't add up to 1 yet: divide each row by its sum."

SOFTMAX_MISTAKES = (
    Mistake(
        partial(_normalised, top=False),
        "exp(1000) is too large for a float, and inf / inf is nan. Subtract each row's largest score first; the result stays "
        "the same.",
    ),
    Mistake(
        partial(_normalised, top=None),
        "that is exactly what subtracting one number from all rows gives, the largest of *all* scores: a row far below it "
        "becomes nan. Take each row's own: scores.max(axis=1, keepdims=True).",
    ),
    Mistake(
        lambda scores: _normalised(scores - np.abs(scores).max(axis=1, keepdims=True), top=False),
        "that is exactly what subtracting the largest score *without its sign* gives: a row of negative scores becomes nan. "
        "Take the largest score itself, without abs.",
    ),
    Mistake(
        lambda scores: _normalised(scores - scores.min(axis=1, keepdims=True), top=False),
        "that is exactly what subtracting the *smallest* score of each row gives: exp of the others is too large for a float. "
        "Subtract the largest: then no power is above 1.",
    ),
    Mistake(
        partial(_normalised, top=0),
        "that is exactly what subtracting the largest score of each *column* gives. Take the largest of each row: axis=1.",
    ),
    Mistake(
        lambda scores: np.exp(scores - scores.max(axis=1, keepdims=True)) / np.exp(scores).sum(axis=1, keepdims=True),
        _SAME_POWERS.format("above"),
    ),
    Mistake(
        lambda scores: np.exp(scores) / np.exp(scores - scores.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True),
        _SAME_POWERS.format("below"),
    ),
    Mistake(
        lambda scores: (np.exp(scores) - scores.max(axis=1, keepdims=True)) / np.exp(scores).sum(axis=1, keepdims=True),
        _FROM_POWERS,
    ),
    Mistake(_less_the_largest_score_after_exp, _FROM_POWERS),
    Mistake(partial(_normalised, axis=0), _COLUMNS),
    Mistake(partial(_normalised, axis=None), _TABLE),
    Mistake(partial(_normalised, top=False, axis=0), _COLUMNS),
    Mistake(partial(_normalised, top=0, axis=0), _COLUMNS),
    Mistake(partial(_normalised, top=False, axis=None), _TABLE),
    Mistake(partial(_normalised, top=None, axis=None), _TABLE),
    Mistake(
        lambda scores: scores / scores.sum(axis=1, keepdims=True),
        "these are the scores, divided by their sum. Take exp of them first.",
    ),
    *(
        Mistake(
            lambda scores, top=top: _normalised(-scores, top=top),
            "exp of *minus* the score: the smallest score gets the largest probability. Leave the sign as it is.",
        )
        for top in (False, 1)
    ),
    Mistake(np.exp, _UNDIVIDED),
    Mistake(lambda scores: np.exp(scores - scores.max(axis=1, keepdims=True)), _UNDIVIDED),
    Mistake(lambda scores: np.log(_normalised(scores)), "this is the logarithm of softmax. Leave out the log."),
    Mistake(
        lambda scores: 1 / (1 + np.exp(-scores)),
        "this is a sigmoid for each score alone. Softmax divides by the sum of the row.",
    ),
    Mistake(
        lambda scores: scores.argmax(axis=1),
        "this is the winning class. Softmax gives a probability to every class.",
    ),
    Mistake(
        lambda scores: _normalised(scores, keep=len(scores) != scores.shape[1]),
        f"that is exactly what sums without their axis give, which go to the wrong rows: {_KEEP}",
    ),
)

# -------------------------------------------------------------------------------------------------------------- slope


@check
def slope(answer) -> None:
    """Check `slope(loss, weights, place, nudge)`: the change of a loss per unit of one weight, a number."""
    cases = []
    # Weights and nudges that float32 holds exactly: a copy in float32 is right, too.
    for seed, (sides, nudge, rises) in enumerate(
        (((3,), 1 / 128, True), ((4, 3), 1 / 1024, False), ((2, 5), 1 / 16, True))
    ):
        sides, rng = grown(seed, *sides), numbers(seed)
        place = tuple(int(rng.integers(1, side)) for side in sides)
        loss, weights = _bowl(rng.normal(size=sides), rng.uniform(1, 3)), np.round(rng.normal(size=sides) * 64) / 64
        if (_slope(loss, weights, place, nudge) > 0) != rises:
            loss = partial(_upside_down, loss)
        cases.append((loss, weights, place, nudge))
    if not all(_is_slope(attempt(answer, *case, advice=_ADVICE_ON_PLACES), *case) for case in cases):
        judge(answer, cases, _slope, _what_slope, mistakes=SLOPE_MISTAKES, advice=_ADVICE_ON_PLACES, form=_one_number)
    without, given = attempt(answer, *cases[0][:3]), attempt(answer, *cases[0][:3], 0.01)
    if not close(_one_number(without), _one_number(given)):
        raise Hint("Called without a nudge, it is 0.01. Keep this default.")
    passed("The slope: which way a weight should move, and how much it matters.")


def _bowl(bottom: np.ndarray, steepness: float) -> Callable[[np.ndarray], float]:
    """Return a loss whose slope is another one for each weight: a bowl, tilted, and steeper on one side.

    So its slope between two nudges, up and down, tells how large they were.
    """
    tilt = np.arange(1, bottom.size + 1).reshape(bottom.shape)
    return lambda weights: float(
        (steepness * (weights - bottom) ** 2 / 2 + (weights - bottom) ** 3 + tilt * weights).sum()
    )


def _upside_down(loss: Callable[[np.ndarray], float], weights: np.ndarray) -> float:
    """Return the loss with the opposite sign: it falls where the other one rises."""
    return -loss(weights)


def _what_slope(loss, weights, place, nudge) -> str:
    return f"slope at {place} of weights {weights.shape}, nudge {nudge:.6g}"


def _slope(loss, weights, place, nudge) -> float:
    return (loss(_nudged(weights, place, nudge)) - loss(weights)) / nudge


def _nudged(weights: np.ndarray, place: tuple[int, ...] | list[int] | int, nudge: float) -> np.ndarray:
    moved = np.array(weights)
    moved[place] += nudge
    return moved


def _is_slope(answer, loss, weights, place, nudge) -> bool:
    """Return True for the slope by this nudge: up, down, to both sides, or half of it to both sides."""
    up, down, half_up, half_down = (_slope(loss, weights, place, nudge * part) for part in (1, -1, 0.5, -0.5))
    ways = (up, down, (up + down) / 2, (half_up + half_down) / 2)
    return any(close(_one_number(answer), way) for way in ways)


def _one_number(answer) -> float:
    array = as_array(answer)
    if array is None or array.size != 1 or array.dtype.kind not in "fiu":
        raise Hint(f"The slope at one place is one number; found {short(answer)}.")
    return float(array.ravel()[0])


_ADVICE_ON_PLACES = {
    "'function' object is not subscriptable": "A function takes ( ) and no [ ]. `loss` is a function: "
    "call it with weights, loss(moved).",
    "'tuple' object": "`place` is a tuple, and it is the index itself: weights[place]. (`weights.shape` is a tuple, too.)",
}

_ROWS = "that is exactly what moving a whole row gives. The tuple itself is the index of one weight: moved[place]."
_ONE_WEIGHT = (
    "that is exactly what calling `loss` with one number gives, the moved weight alone. `loss` takes all weights: the moved "
    "copy."
)
_FIXED = "that is exactly what {} {:g} gives, whatever the argument says: use `nudge`."

SLOPE_MISTAKES = (
    Mistake(
        lambda loss, weights, place, nudge: loss(_nudged(weights, place, nudge)) - loss(weights),
        "this is the change of the loss. Divide it by the nudge.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: -_slope(loss, weights, place, nudge),
        "the sign is the wrong way round: the loss *after* the nudge, minus the loss before.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: _slope(loss, weights, place, nudge) * nudge**2,
        "this is the change of the loss, *multiplied* by the nudge. Divide by it.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: (loss(weights + nudge) - loss(weights)) / nudge,
        "that is exactly what moving *all* weights gives. Move the one at `place`: moved[place] += nudge.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: (loss(_set(weights, place, nudge)) - loss(weights)) / nudge,
        "that is exactly what *setting* the weight to the nudge gives. Add the nudge to it: +=.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: abs(_slope(loss, weights, place, nudge)),
        "the sign is lost. Where the loss falls, the slope is negative.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: -_slope(loss, weights, place, -nudge),
        "that is exactly what nudging the weight *down* gives, divided by the nudge. Nudge it up, or divide by -nudge.",
    ),
    *(
        Mistake(
            lambda loss, weights, place, nudge, fixed=fixed: _slope(loss, weights, place, fixed),
            _FIXED.format("a nudge of", fixed),
        )
        for fixed in (0.1, 0.01, 0.001, 1e-6)
    ),
    *(
        Mistake(
            lambda loss, weights, place, nudge, fixed=fixed: _slope(loss, weights, place, fixed) * fixed / nudge,
            _FIXED.format("making the weight larger by", fixed),
        )
        for fixed in (0.1, 0.01)
    ),
    *(
        Mistake(
            lambda loss, weights, place, nudge, fixed=fixed: _slope(loss, weights, place, nudge) * nudge / fixed,
            _FIXED.format("dividing by", fixed),
        )
        for fixed in (0.1, 0.01)
    ),
    Mistake(
        lambda loss, weights, place, nudge: loss(_nudged(weights, place, nudge)) - loss(weights) / nudge,
        "that is exactly what `loss(moved) - loss(weights) / nudge` gives: only the second loss is divided. Put the difference "
        "in parentheses.",
    ),
    Mistake(lambda loss, weights, place, nudge: (loss(weights[place] + nudge) - loss(weights)) / nudge, _ONE_WEIGHT),
    Mistake(
        lambda loss, weights, place, nudge: (loss(weights[place] + nudge) - loss(weights[place])) / nudge, _ONE_WEIGHT
    ),
    Mistake(
        lambda loss, weights, place, nudge: (loss(_nudged(weights, place[0], nudge)) - loss(weights)) / nudge,
        _ROWS,
    ),
    Mistake(
        lambda loss, weights, place, nudge: (loss(_nudged(weights, list(place), nudge)) - loss(weights)) / nudge,
        _ROWS,
    ),
    Mistake(
        lambda loss, weights, place, nudge: (
            (loss(_set(weights, place, weights[place] * (1 + nudge))) - loss(weights)) / nudge
        ),
        "that is exactly what *multiplying* the weight by 1 + nudge gives. Add the nudge to it: +=.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: loss(_nudged(weights, place, nudge)) / nudge,
        "this is the loss after the nudge, divided by the nudge. Subtract the loss before the nudge first.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: loss(_nudged(weights, place, nudge)),
        "this is the loss after the nudge. The slope is its *change*, divided by the nudge.",
    ),
    Mistake(
        lambda loss, weights, place, nudge: loss(weights),
        "this is the loss itself. How much does it change when the weight is nudged?",
    ),
    Mistake(
        lambda loss, weights, place, nudge: 0.0,
        "the loss has not changed. Either the weight has not moved (`moved[place] + nudge` alone changes nothing: write +=), or "
        "both calls of `loss` get the same array: one gets the copy, the other `weights`.",
    ),
)


def _set(weights: np.ndarray, place: tuple[int, ...], value: float) -> np.ndarray:
    moved = np.array(weights)
    moved[place] = value
    return moved


# ------------------------------------------------------------------------------------------------------ gradient step


@check
def gradient_step(answer) -> None:
    """Check `gradient_step(weights, bias, images, labels, rate)`: the weights (P, C) and bias (C,) after one step."""
    cases = []
    for seed, (n, pixels, classes, rate) in enumerate(((6, 5, 3, 0.1), (9, 12, 7, 0.5), (1, 4, 7, 0.25))):
        n, pixels, classes = grown(seed, n, pixels, classes)
        rng = numbers(seed)
        weights, bias = rng.normal(size=(pixels, classes)), rng.normal(size=classes)
        images, labels = rng.random((n, pixels)) - 0.5, rng.integers(0, classes - 1, n)  # one class does not occur
        cases.append((weights, bias, images, labels, rate))

    def what(weights, bias, images, labels, rate):
        n, pixels = images.shape
        return f"one step on {n} picture{'s' * (n > 1)} of {pixels} pixels, {len(bias)} classes, rate {rate}"

    judge(
        answer,
        cases,
        _step_by_differences,
        what,
        mistakes=GRADIENT_STEP_MISTAKES,
        advice=_advice_on_steps,
        form=lambda answer: several(answer, "weights, bias", 2),
        parts=("the weights", "the bias"),
    )
    passed("One step down the hill. Now let it walk.")


def _advice_on_steps(error: Exception, weights, bias, images, labels, rate) -> str:
    """Say which sizes are due where shapes do not fit, and what may be the cause where the sizes in the error tell it."""
    told, n, classes = str(error), len(labels), len(bias)
    shapes = [tuple(map(int, re.findall(r"\d+", text))) for text in re.findall(r"\((\d[\d, ]*)\)", told)]
    if "matmul" in told:
        found = re.search(r"\(size (\d+) is different from (\d+)\)", told)
        if other := _of_another_cell(map(int, found.groups()) if found else ()):
            return f"The scores are images @ weights, the weights' gradient is images.T @ error.{other}"
        return (
            "The scores, one row per picture, are images @ weights. The weights' gradient, one row per pixel, is images.T @ "
            "error."
        )
    if "indexing arrays" in told and len(shapes) > 1:
        return (
            f"Two indices of different lengths met, {shapes[0]} for the rows and {shapes[1]} for the columns. Each needs one "
            f"number per picture, {n}: np.arange(len(labels)) and labels."
            + _of_another_cell(size for shape in shapes for size in shape)
        )
    if "out of bounds" in told:
        return _advice_on_an_index(told, n, classes, labels)
    if "operands" not in told or len(shapes) < 2:
        return ""
    if set(shapes[:2]) == {(classes,), (n,)}:
        return (
            f"The bias has a number per class, {classes}; {n} came, as many as pictures. Take the mean over the "
            "pictures: axis=0."
        )
    if set(shapes[:2]) == {(n, classes), (n,)}:
        return (
            f"A table ({n}, {classes}) met a number per picture, ({n},). Were these the labels? They are numbers of classes: "
            "subtract 1 at each picture's class, at [np.arange(len(labels)), labels]. Or were they maxima or sums? keepdims=True."
        )
    tables = {shape[1] for shape in shapes[:2] if len(shape) == 2 and shape[0] == n}
    if len(tables) > 1 and classes in tables:
        return _number_of_classes(n, classes, min(tables) < classes)
    return ""


def _of_another_cell(sizes: Iterable[int]) -> str:
    """Return a sentence about the 500 faces that the lesson has in a cell above, if that is one of the sizes; else ""."""
    return " 500 faces are in `few` and `truth`, of the cell above." if 500 in sizes else ""


def _number_of_classes(n: int, classes: int, fewer: bool) -> str:
    occur = ", and not every class has to occur in a batch" if fewer else ""
    return (
        f"Here are {n} pictures and {classes} classes{occur}. Take the number of classes from the bias or the weights: "
        "len(bias), weights.shape[1]."
    )


def _advice_on_an_index(told: str, n: int, classes: int, labels: np.ndarray) -> str:
    """Say what an index out of bounds has met: as many places as pictures, as classes, or fewer than classes."""
    found = re.search(r"index (-?\d+) is out of bounds for axis (\d) with size (\d+)", told)
    if not found:
        return ""
    index, axis, size = map(int, found.groups())
    asked = f"Along axis {axis} the number {index} was asked for, and there are {size}"
    if axis == 0 and size == n:
        return (
            f"{asked}, as many as pictures. Do the numbers of the rows, np.arange(len(labels)), belong to this call's `labels`? "
            "(`truth` is that of the cell above.) Does the row come first, the label second?"
        )
    if axis == 1 and size == classes:
        return (
            f"{asked}, as many as classes. The first index is the row, the picture; the second is its class, the label as it "
            "is: error[np.arange(len(labels)), labels]."
        )
    if size < classes and index in labels:
        return f"{asked}. {_number_of_classes(n, classes, fewer=True)}"
    return f"{asked}. Here are {n} pictures and {classes} classes."


def _mean_loss(weights, bias, images, labels) -> float:
    rows = _softmax(images @ weights + bias)
    return np.mean([-math.log(row[label]) for row, label in zip(rows, labels, strict=True)])


def _step_by_differences(weights, bias, images, labels, rate) -> tuple[np.ndarray, np.ndarray]:
    """Measure the slope of the loss along each number by nudging it, and step against it. No formula of the gradient."""
    moved = []
    for which, values in enumerate((weights, bias)):
        slope = np.zeros_like(values)
        for place in np.ndindex(*values.shape):
            nudge = np.zeros_like(values)
            nudge[place] = 1e-5
            up, down = ([weights, bias], [weights, bias])
            up[which], down[which] = values + nudge, values - nudge
            slope[place] = (_mean_loss(*up, images, labels) - _mean_loss(*down, images, labels)) / 2e-5
        moved.append(values - rate * slope)
    return tuple(moved)


def _error(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the right error (N, C): the probabilities, minus 1 at each picture's own class."""
    return _softmax(scores) - np.eye(scores.shape[1])[labels]


def _moved(move):
    """Return a wrong step: `move(weights, bias, their two gradients, rate, number of pictures)` → weights, bias."""

    def step(weights, bias, images, labels, rate):
        error, n = _error(images @ weights + bias, labels), len(labels)
        return move(weights, bias, images.T @ error / n, error.mean(axis=0), rate, n)

    return step


def _with_error(error_of):
    """Return a wrong step: `error_of(scores, labels)` → error (N, C) takes the place of the right one."""

    def step(weights, bias, images, labels, rate):
        error = error_of(images @ weights + bias, labels)
        return weights - rate * images.T @ error / len(labels), bias - rate * error.mean(axis=0)

    return step


def _picture_by_picture(share: Callable[[int], float]):
    """Return a wrong step: one after each picture, each `share(number of pictures)` as long as the step of one picture."""

    def step(weights, bias, images, labels, rate):
        for image, label in zip(images, labels, strict=True):
            error = _error((image @ weights + bias)[None], [label])[0]
            weights = weights - rate * share(len(labels)) * np.outer(image, error)
            bias = bias - rate * share(len(labels)) * error
        return weights, bias

    return step


def _without_bias(weights, bias, images, labels, rate):
    error = _error(images @ weights, labels)
    return weights - rate * images.T @ error / len(labels), bias - rate * error.mean(axis=0)


def _set_at_the_class(value: float):
    """Return an error that is `value` at the true class, and the probabilities elsewhere."""

    def error_of(scores, labels):
        error = _softmax(scores)
        error[np.arange(len(labels)), labels] = value
        return error

    return error_of


def _minus_one_at(places):
    """Return an error with 1 subtracted at `places(labels)`."""

    def error_of(scores, labels):
        error = _softmax(scores)
        error[places(labels)] -= 1
        return error

    return error_of


_PAIRS = "Pair rows with labels: p[np.arange(len(labels)), labels]."
_BATCH = "that is exactly what dividing by 32 gives, but a batch may be of any size: len(labels)."
_AFTER_EACH = (
    "that is exactly what a step after each picture gives. Compute the error of all pictures with the *old* weights and bias, "
    "and take one step along the mean."
)

GRADIENT_STEP_MISTAKES = (
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (w + rate * dw, b + rate * db)),
        "this step goes *uphill*. The gradient points up the hill: subtract it.",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (w - rate * n * dw, b - rate * n * db)),
        "that is exactly what the sum over all pictures gives. Divide it by their number, len(labels).",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (w - rate * n * dw, b - rate * db)),
        "the weights' step is that of a sum over all pictures: divide that by len(labels).",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (w - rate * dw, b - rate * n * db)),
        "the bias' step is that of a sum over all pictures: take the mean(axis=0).",
    ),
    Mistake(  # The mean of the whole error is 0 as well: its rows add up to 0.
        _moved(lambda w, b, dw, db, rate, n: (w - rate * dw, b)),
        "the bias has not moved. It needs its own step, one mean per class: error.mean(axis=0). The mean over everything, "
        "error.mean(), is 0.",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (w - dw, b - db)),
        "that is exactly what a rate of 1 gives, whatever the argument says: multiply the gradient by `rate`.",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (dw, db)),
        "these are the gradients. Return the weights and the bias after the step.",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (rate * dw, rate * db)),
        "this is the step alone. Subtract it from weights and bias.",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (-rate * dw, -rate * db)),
        "this is the step alone, -rate times the gradient. Add it to weights and bias.",
    ),
    Mistake(_picture_by_picture(lambda n: 1), _AFTER_EACH),
    Mistake(_picture_by_picture(lambda n: 1 / n), _AFTER_EACH),
    Mistake(
        _with_error(lambda scores, labels: _softmax(scores) + np.eye(scores.shape[1])[labels]),
        "that is exactly what *adding* 1 at the true class gives. Subtract it.",
    ),
    Mistake(
        _with_error(lambda scores, labels: _softmax(scores)),
        "that is exactly what the probabilities alone give. Subtract 1 at each picture's true class.",
    ),
    Mistake(
        _with_error(lambda scores, labels: _softmax(scores) - 1),
        "that is exactly what subtracting 1 from every probability gives. Subtract it at the true class alone.",
    ),
    Mistake(
        _with_error(lambda scores, labels: _softmax(scores) - np.bincount(labels, minlength=scores.shape[1])),
        f"that is exactly what `error[:, label] -= 1` gives, label by label: a column is that class of all pictures. {_PAIRS}",
    ),
    Mistake(
        _with_error(_set_at_the_class(-1)),
        "that is exactly what *setting* the error at the true class to -1 gives. Subtract 1 from the probability there: -=.",
    ),
    Mistake(
        _with_error(_set_at_the_class(0)),
        "that is exactly what an error of 0 at the true class gives. It is the probability minus 1 there: -= 1.",
    ),
    Mistake(
        _with_error(lambda scores, labels: _softmax(scores) - labels[:, None]),
        "that is exactly what subtracting the labels gives, which are *numbers* of classes. Subtract 1 at each picture's class.",
    ),
    Mistake(_without_bias, "that is exactly what scores without the bias give. They are images @ weights + bias."),
    Mistake(_moved(lambda w, b, dw, db, rate, n: (w - rate * dw * n / 32, b - rate * db)), _BATCH),
    Mistake(_moved(lambda w, b, dw, db, rate, n: (w - rate * dw * n / 32, b - rate * db * n / 32)), _BATCH),
    Mistake(
        _with_error(_minus_one_at(lambda labels: (slice(None), labels))),
        f"that is exactly what `p[:, labels] -= 1` gives, which changes every row. {_PAIRS}",
    ),
    Mistake(
        _with_error(lambda scores, labels: scores - np.eye(scores.shape[1])[labels]),
        "that is exactly what the scores give in place of probabilities. Take their softmax first.",
    ),
    Mistake(
        _moved(lambda w, b, dw, db, rate, n: (w, b)),
        "nothing has moved: the weights and the bias are as they were.",
    ),
    Mistake(
        _with_error(_minus_one_at(lambda labels: labels)),
        f"that is exactly what `p[labels] -= 1` gives, which picks whole rows. {_PAIRS}",
    ),
)
