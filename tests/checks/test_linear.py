"""Checks of linear: right answers pass in any form, and each known mistake gets its own hint."""

import numpy as np
import pytest
from answers import three_tests
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fer_course import linear as package
from fer_course.checks import linear

# --------------------------------------------------------------------------------------- softmax and the gradient


def softmax_by_loops(scores):
    result = []
    for row in scores:
        powers = [np.exp(score - max(row)) for score in row]
        result.append([power / sum(powers) for power in powers])
    return result


def softmax_in_float32(scores):
    return package.softmax(scores.astype(np.float32))


def softmax_less_the_largest_without_sign(scores):
    powers = np.exp(scores - abs(scores).max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def softmax_in_place(scores):
    scores -= scores.max(axis=1, keepdims=True)
    return package.softmax(scores)


def softmax_transposed(scores):
    powers = np.exp(scores.T - scores.max(axis=1))
    return (powers / powers.sum(axis=0)).T


def softmax_without_keepdims(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1)


def softmax_without_keepdims_where_it_runs(scores):
    if scores.shape[0] != scores.shape[1]:
        return package.softmax(scores)
    return softmax_without_keepdims(scores)


def of_another_length(scores):
    return scores - np.zeros(len(scores) + 1)


def softmax_plain(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


SOFTMAX_RIGHT = {
    "package": package.softmax,
    "loops": softmax_by_loops,
    "float32": softmax_in_float32,
    "transposed": softmax_transposed,
}
SOFTMAX_WRONG = {
    "overflow": (softmax_plain, "too large for a float"),
    "in place": (softmax_in_place, "`scores = scores.copy\\(\\)`"),
    "largest of the powers subtracted": (
        lambda scores: (lambda p: p / p.sum(axis=1, keepdims=True))(
            np.exp(scores) - np.exp(scores).max(1, keepdims=True)
        ),
        "softmax of scores",
    ),
    "without its sign": (
        softmax_less_the_largest_without_sign,
        r"about 1000 in one row and -1000 .*\*without its sign\*",
    ),
    "divided by what overflows": (
        lambda scores: np.exp(scores - scores.max(1, keepdims=True)) / np.exp(scores).sum(1, keepdims=True),
        r"scores \(4, 7\): numerator and denominator",
    ),
    "no keepdims": (
        softmax_without_keepdims,
        r"(?s)broadcast.*array \(4,\) holds a number per row, but has lost its axis",
    ),
    "another broadcast": (of_another_length, "(?s)broadcast(?!.*lost its axis)"),
    "no keepdims, square": (softmax_without_keepdims_where_it_runs, "go to the wrong rows"),
    "nothing": (lambda scores: None, "return"),
}


def error_of(weights, bias, images, labels):
    error = package.softmax(images @ weights + bias)
    error[np.arange(len(labels)), labels] -= 1
    return error


def step_by_loops(weights, bias, images, labels, rate):
    weights, bias = weights.copy(), bias.copy()
    errors = [error_of(weights, bias, images[[row]], labels[[row]])[0] for row in range(len(labels))]
    for image, error in zip(images, errors, strict=True):
        for number in range(len(bias)):
            weights[:, number] -= rate * image * error[number] / len(labels)
            bias[number] -= rate * error[number] / len(labels)
    return weights, bias


def step_with_one_hot(weights, bias, images, labels, rate):
    one_hot = np.eye(len(bias))[labels]
    error = (package.softmax(images @ weights + bias) - one_hot) / len(images)
    return [weights - rate * (images.T @ error), bias - rate * error.sum(0)]


def step_in_float32(weights, bias, images, labels, rate):
    return package.gradient_step(*(each.astype(np.float32) for each in (weights, bias, images)), labels, rate)


def with_error(make):
    """Return a step that uses `make(scores, labels)` in place of the right error."""

    def step(weights, bias, images, labels, rate):
        error = make(images @ weights + bias, labels)
        return weights - rate * images.T @ error / len(labels), bias - rate * error.mean(axis=0)

    return step


def minus_one_at(places):
    """Return what makes an error with 1 subtracted at `places(number of pictures, labels)`."""

    def make(scores, labels):
        error = package.softmax(scores)
        error[places(len(labels), labels)] -= 1
        return error

    return make


def every_row(scores, labels):
    error = package.softmax(scores)
    error[:, labels] -= 1
    return error


def column_by_column(scores, labels):
    error = package.softmax(scores)
    for label in labels:
        error[:, label] -= 1
    return error


def whole_rows(scores, labels):
    error = package.softmax(scores)
    error[labels] -= 1
    return error


def without_bias(weights, bias, images, labels, rate):
    error = error_of(weights, np.zeros_like(bias), images, labels)
    return weights - rate * images.T @ error / len(labels), bias - rate * error.mean(axis=0)


def step_in_place(weights, bias, images, labels, rate):
    error = error_of(weights, bias, images, labels)
    weights -= rate * images.T @ error / len(labels)
    return weights, bias - rate * error.mean(axis=0)


def one_number(weights, bias, images, labels, rate):
    error = error_of(weights, bias, images, labels)
    return weights - rate * images.T @ error / len(labels), bias - rate * error.mean()


def bias_by_rows(weights, bias, images, labels, rate):
    error = error_of(weights, bias, images, labels)
    return weights - rate * images.T @ error / len(labels), bias - rate * error.mean(axis=1)


def picture_by_picture(weights, bias, images, labels, rate):
    for row in range(len(labels)):
        weights, bias = package.gradient_step(weights, bias, images[[row]], labels[[row]], rate)
    return weights, bias


STEP_RIGHT = {
    "package": package.gradient_step,
    "loops": step_by_loops,
    "one-hot": step_with_one_hot,
    "float32": step_in_float32,
}
STEP_WRONG = {
    "bias by one number": (one_number, "mean over everything"),
    "every row": (with_error(every_row), r"`p\[:, labels\] -= 1` gives, which changes every row"),
    "column by column": (with_error(column_by_column), "a column is that class of all pictures"),
    "whole rows": (with_error(whole_rows), "picks whole rows"),
    "bias not in the scores": (without_bias, "scores without the bias"),
    "weights only": (lambda weights, bias, images, labels, rate: weights, "Return two things"),
    "swapped": (lambda *given: step_by_loops(*given)[::-1], "the weights: expected an array"),
    "not transposed": (
        lambda weights, bias, images, labels, rate: images @ error_of(weights, bias, images, labels),
        r"(?s)stopped with ValueError.*images\.T @ error",
    ),
    "in place": (step_in_place, "weights.copy"),
    "bias by the mean of each row": (bias_by_rows, r"a number per class, 3; 6 came, as many as pictures.*axis=0"),
    "seven classes": (
        with_error(lambda scores, labels: package.softmax(scores) - np.eye(7)[labels]),
        "(?s)6 pictures and 3 classes(?!.*has to occur)",
    ),
    "as many classes as occur": (
        with_error(lambda scores, labels: package.softmax(scores) - np.eye(labels.max() + 1)[labels]),
        r"not every class has to occur",
    ),
    "truth for the rows and the labels": (
        with_error(minus_one_at(lambda n, labels: (np.arange(500), np.arange(500) % 3))),
        r"(?s)axis 0 the number 6 was asked for, and there are 6, as many as pictures.*`truth`(?!.*has to occur)",
    ),
    "rows from 1 on": (
        with_error(minus_one_at(lambda n, labels: (np.arange(1, n + 1), labels))),
        r"(?s)as many as pictures\. Do the numbers of the rows(?!.*has to occur)",
    ),
    "label and row in each other's place": (
        with_error(minus_one_at(lambda n, labels: (labels, np.arange(n)))),
        r"(?s)as many as classes\. The first index is the row(?!.*has to occur)",
    ),
    "one row too many": (
        with_error(minus_one_at(lambda n, labels: (list(range(n + 1)), labels))),
        r"(?s)different lengths met, \(7,\) for the rows and \(6,\) for the columns(?!.*500 faces)",
    ),
    "a row for each class": (
        lambda weights, bias, *more: with_error(minus_one_at(lambda n, labels: (np.arange(len(bias)), labels)))(
            weights, bias, *more
        ),
        r"(?s)different lengths met, \(3,\) for the rows and \(6,\) for the columns(?!.*(bias has|500 faces))",
    ),
    "truth for the columns alone": (
        with_error(minus_one_at(lambda n, labels: (np.arange(n), np.zeros(500, int)))),
        "(?s)500 faces are in `few` and `truth`",
    ),
    "few for the images": (
        lambda weights, bias, images, labels, rate: np.zeros((5, 500)) @ error_of(weights, bias, images, labels),
        r"(?s)images\.T @ error\. 500 faces are in `few` and `truth`",
    ),
    "as many rows of the unit matrix as the highest label": (
        with_error(lambda scores, labels: package.softmax(scores) - np.eye(labels.max())[labels]),
        "(?s)the number 1 was asked for, and there are 1.*not every class has to occur",
    ),
    "as many rows of the unit matrix as pictures": (
        with_error(lambda scores, labels: package.softmax(scores) - np.eye(len(labels))[labels]),
        "(?s)6 pictures and 3 classes(?!.*has to occur)",
    ),
    "another index": (
        lambda weights, bias, images, labels, rate: (weights[99], bias),
        "(?s)the number 99 was asked for, and there are 5. Here are 6 pictures and 3 classes(?!.*has to occur)",
    ),
    "the labels subtracted": (
        with_error(lambda scores, labels: package.softmax(scores) - labels),
        r"(?s)A table \(6, 3\) met a number per picture, \(6,\)\. Were these the labels\?",
    ),
    "another broadcast": (
        lambda weights, bias, images, labels, rate: (weights - images, bias),
        r"(?s)shapes \(5,3\) \(6,5\)(?!.*(a number per class|classes))",
    ),
    "picture by picture": (picture_by_picture, "a step after each picture"),
}


# ------------------------------------------------------------------------------------------------------ the tests


def slope_downwards(loss, weights, place, nudge=0.01):
    moved = weights.copy()
    moved[place] -= nudge
    return (loss(weights) - loss(moved)) / nudge


def slope_to_both_sides(loss, weights, place, nudge=0.01):
    up, down = weights.copy(), weights.copy()
    up[place] += nudge / 2
    down[place] -= nudge / 2
    return (loss(up) - loss(down)) / nudge


def slope_in_place(loss, weights, place, nudge):
    before = loss(weights)
    weights[place] += nudge
    return (loss(weights) - before) / nudge


def slope_of_the_same_array(loss, weights, place, nudge):
    moved = weights
    moved[place] += nudge
    return (loss(moved) - loss(weights)) / nudge


def slope_in_float32(loss, weights, place, nudge=0.01):
    moved = np.array(weights, dtype="float32")
    moved[place] += nudge
    return (loss(moved) - loss(weights)) / nudge


def slope_of_what_has_not_moved(loss, weights, place, nudge=0.01):
    moved = weights.copy()
    moved[place] + nudge
    return (loss(moved) - loss(weights)) / nudge


def slope_by_a_fixed_nudge_to_both_sides(loss, weights, place, nudge=0.01):
    return slope_to_both_sides(loss, weights, place, 1e-3)


SLOPE_RIGHT = {
    "in float32": slope_in_float32,
    "by twice the nudge": lambda loss, weights, place, nudge=0.01: slope_to_both_sides(loss, weights, place, 2 * nudge),
    "package": package.slope,
    "downwards": slope_downwards,
    "to both sides": slope_to_both_sides,
    "as an array": lambda *given: np.array([package.slope(*given)]),
    "as a list": lambda *given: [package.slope(*given)],
}
SLOPE_WRONG = {
    "no default": (lambda loss, weights, place, nudge: package.slope(loss, weights, place, nudge), "TypeError"),
    "another default": (
        lambda loss, weights, place, nudge=10.0: package.slope(loss, weights, place, nudge),
        "Called without a nudge, it is 0.01",
    ),
    "a smaller default": (
        lambda loss, weights, place, nudge=0.001: package.slope(loss, weights, place, nudge),
        "Called without a nudge, it is 0.01",
    ),
    "a fixed nudge": (
        lambda loss, weights, place, nudge=0.01: package.slope(loss, weights, place, 1e-3),
        "exactly what a nudge of 0.001 gives, whatever the argument says",
    ),
    "a fixed nudge to both sides": (slope_by_a_fixed_nudge_to_both_sides, "slope at"),
    "not moved": (slope_of_what_has_not_moved, r"Either the weight has not moved \(`moved\[place\] \+ nudge` alone"),
    "in place": (slope_in_place, "changed its input in place"),
    "of the same array": (slope_of_the_same_array, "changed its input in place"),
    "all": (
        lambda loss, weights, place, nudge: [package.slope(loss, weights, (0,) * weights.ndim, nudge)] * 2,
        "one number",
    ),
    "the loss as an array": (
        lambda loss, weights, place, nudge: loss[place],
        r"takes \( \) and no \[ \]\. `loss` is a function",
    ),
    "the place as a function": (
        lambda loss, weights, place, nudge: place(weights),
        "(?s)'tuple' object.*it is the index itself",
    ),
}


CHECKS = {
    linear.slope: (SLOPE_RIGHT, SLOPE_WRONG),
    linear.softmax: (SOFTMAX_RIGHT, SOFTMAX_WRONG),
    linear.gradient_step: (STEP_RIGHT, STEP_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


# ------------------------------------------------------------------------------- the package's versions themselves

finite = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.floats(-1e4, 1e4, width=32)
)


@given(finite, st.floats(-1e4, 1e4, width=32))
def test_softmax_is_a_distribution_that_ignores_a_shift_and_keeps_the_order(scores, shift):
    probabilities = package.softmax(scores)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities >= 0).all()
    assert np.allclose(probabilities, package.softmax(scores + shift))
    winners = np.take_along_axis(probabilities, scores.argmax(axis=1)[:, None], axis=1)
    assert (winners == probabilities.max(axis=1, keepdims=True)).all()


def test_cross_entropy_of_a_blind_guess_is_the_logarithm_of_the_number_of_classes():
    labels = np.arange(21) % 7
    assert package.cross_entropy(np.full((21, 7), 1 / 7), labels) == pytest.approx(np.log(7))
    assert package.cross_entropy(np.eye(7)[labels], labels) == 0
    assert np.isfinite(package.cross_entropy(np.eye(7)[(labels + 1) % 7], labels))


def test_cross_entropy_agrees_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    probabilities, labels = package.softmax(rng.normal(size=(50, 7))), rng.integers(0, 7, 50)
    expected = metrics.log_loss(labels, probabilities, labels=range(7))
    assert package.cross_entropy(probabilities, labels) == pytest.approx(expected)


def test_gradient_steps_reach_the_minimum_that_another_optimiser_finds():
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(4)
    images, labels = rng.normal(size=(60, 3)), rng.integers(0, 4, 60)

    def loss(flat):
        return package.cross_entropy(package.softmax(images @ flat[:12].reshape(3, 4) + flat[12:]), labels)

    weights, bias = np.zeros((3, 4)), np.zeros(4)
    for _ in range(2000):
        weights, bias = package.gradient_step(weights, bias, images, labels, 0.5)
    best = optimize.minimize(loss, np.zeros(16)).fun
    assert loss(np.concatenate([weights.ravel(), bias])) == pytest.approx(best, abs=1e-5)


def test_pixel_rows_keep_the_order_and_span_one():
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4) * 11
    rows = package.pixel_rows(images)
    assert rows.dtype == np.float32
    assert rows.shape == (2, 12)
    assert rows[1, 5] == pytest.approx(images[1, 1, 1] / 255 - 0.5)
    assert package.pixel_rows(np.full((1, 2, 2), 255, dtype=np.uint8)).max() == 0.5
    assert package.pixel_rows(np.zeros((1, 2, 2), dtype=np.uint8)).min() == -0.5
