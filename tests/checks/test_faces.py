"""Every right answer of lesson 01 passes however it is written, and every known mistake gets its own hint."""

from collections import Counter

import numpy as np
import pytest
from answers import three_tests
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fer_course import linear
from fer_course.checks import faces

# ---------------------------------------------------------------------------------------------------- parse_row


def parse_plain(row):
    label, pixels, split = row.split(",")
    return int(label), np.array(pixels.split(), dtype=np.uint8).reshape(48, 48), split


def parse_by_loops(row):
    label, pixels, split = row.split(",")
    image = np.zeros((48, 48), dtype=np.uint8)
    for place, text in enumerate(pixels.split(" ")):
        image[place // 48, place % 48] = int(text)
    return [np.int64(label), image, split]


def parsed(change):
    """Return a parser whose answer is the right one, changed by `change(label, image, split)`."""
    return lambda row: change(*parse_plain(row))


def parse_text_array(row):
    label, pixels, split = row.split(",")
    return int(label), np.array(pixels.split()), split


def parse_column_order(row):
    return int(row[0]), np.array(row[2:].split(",")[0].split(), dtype=np.uint8).reshape(48, 48, order="F"), row[-8:]


PARSE_WRONG = {
    "label is text": (parsed(lambda label, image, split: (str(label), image, split)), r"label is text"),
    "split before image": (parsed(lambda label, image, split: (label, split, image)), "another order"),
    "split first": (parsed(lambda label, image, split: (split, image, label)), "another order"),
    "image first": (parsed(lambda label, image, split: (image, label, split)), "another order"),
    "only two": (parsed(lambda label, image, split: (label, image)), "three things"),
    "pixels are text": (parse_text_array, "still text"),
    "one string": (lambda row: row.split(","), "label is text"),
    "string of pixels": (lambda row: (int(row[0]), *row.split(",")[1:]), "still text"),
    "not folded": (parsed(lambda label, image, split: (label, image.ravel(), split)), "one long row"),
    "on its side": (parse_column_order, "on its side"),
    "a list": (parsed(lambda label, image, split: (label, image.tolist(), split)), "found list"),
    "scaled": (parsed(lambda label, image, split: (label, image / 255, split)), "divided by 255"),
    "int8": (parsed(lambda label, image, split: (label, image.astype(np.int8), split)), "negative"),
    "int64": (parsed(lambda label, image, split: (label, image.astype(int), split)), "np.uint8"),
    "wrong split": (parsed(lambda label, image, split: (label, image, "Training")), "expected 'PublicTest'"),
    "label off by one": (parsed(lambda label, image, split: (label + 1, image, split)), "expected 4, found 5"),
    "nothing": (lambda row: print(end=""), "return"),
    "too few pixels": (parsed(lambda label, image, split: (label, image[:, :47], split)), "shape"),
    "fails": (lambda row: float(row), "ValueError"),
    "single characters": (lambda row: np.array(list(row.split(",")[1]), dtype=np.uint8), "A space is no number"),
    "cut at spaces alone": (lambda row: [int(text) for text in row.split()[:-1]], "comma in this text"),
    "pixels not cut": (lambda row: int(row.split(",")[1]), "many numbers in one text"),
    "split as a number": (lambda row: int(row.split(",")[2]), "three things"),
    "other error": (lambda row: row[10**6], "IndexError"),
    "resize": (parsed(lambda label, image, split: (label, image.copy().resize(48, 48), split)), r"\.reshape\(48, 48\)"),
}

# -------------------------------------------------------------------------------------- counts and the majority


def count_by_loop(labels):
    counts = [0] * 7
    for label in labels:
        counts[label] += 1
    return counts


def count_by_unique(labels):
    counts = np.zeros(7, dtype=np.int32)
    present, how_many = np.unique(labels, return_counts=True)
    counts[present] = how_many
    return counts


def count_misspelt(labels):
    return np.bincounts(labels)


def count_by_fancy_index(labels):
    counts = np.zeros(7, dtype=int)
    counts[labels] += 1
    return counts


COUNT_RIGHT = {
    "loop": count_by_loop,
    "unique": count_by_unique,
    "bincount": lambda labels: np.bincount(labels, minlength=7),
    "comparison": lambda labels: tuple((labels == number).sum() for number in range(7)),
    "Counter": lambda labels: np.array([Counter(labels.tolist())[number] for number in range(7)]),
}
COUNT_WRONG = {
    "absent class left out": (lambda labels: np.unique(labels, return_counts=True)[1], "left out"),
    "both of unique": (lambda labels: np.unique(labels, return_counts=True), "np.unique"),
    "no minlength": (np.bincount, "minlength"),
    "from one": (lambda labels: [(labels == number).sum() for number in range(1, 8)], r"1 to 7"),
    "six classes": (lambda labels: [(labels == number).sum() for number in range(6)], r"range\(6\)"),
    "shares": (lambda labels: np.bincount(labels, minlength=7) / len(labels), "shares"),
    "dictionary": (lambda labels: Counter(labels.tolist()), "Counter"),
    "sorted": (lambda labels: sorted(np.bincount(labels, minlength=7)), "sorted"),
    "most common": (lambda labels: sorted(np.bincount(labels, minlength=7), reverse=True), "sorted"),
    "all of them": (len, "number of all"),
    "float": (lambda labels: np.bincount(labels, minlength=7).astype(float), "whole numbers"),
    "method of lists": (lambda labels: [labels.count(number) for number in range(7)], "an array, not a list"),
    "fancy index": (count_by_fancy_index, "however often"),
    "misspelt": (count_misspelt, "(?s)no attribute 'bincounts'(?!.*an array, not a list)"),
    "strings": (lambda labels: [(labels == str(number)).sum() for number in range(7)], "expected"),
}


def majority(labels):
    return np.bincount(labels).argmax()


def majority_by_loop(train, test):
    usual = max(set(train.tolist()), key=train.tolist().count)
    right = 0
    for label in test:
        right += int(label == usual)
    return right / len(test)


MAJORITY_RIGHT = {
    "package": linear.majority_baseline,
    "loop": majority_by_loop,
    "float32": lambda train, test: np.float32((test == majority(train)).mean()),
    "unique": lambda train, test: np.mean(
        test == (lambda found: found[0][found[1].argmax()])(np.unique(train, return_counts=True))
    ),
}
MAJORITY_WRONG = {
    "class of the test": (lambda train, test: (test == majority(test)).mean(), r"most frequent \*test\* label"),
    "accuracy on training": (lambda train, test: (train == majority(train)).mean(), r"on the \*training\*"),
    "per cent": (lambda train, test: (test == majority(train)).mean() * 100, "per cent"),
    "number": (lambda train, test: (test == majority(train)).sum(), "number of faces"),
    "divided by training": (lambda train, test: (test == majority(train)).sum() / len(train), "divide by the number"),
    "the class": (lambda train, test: majority(train), "would name"),
    "blind": (lambda train, test: 1 / 7, "1/7"),
    "always happy": (lambda train, test: (test == 3).mean(), r"\*happy\*"),
    "largest count": (lambda train, test: (test == np.bincount(train).max()).mean(), "how often"),
    "place of the largest": (lambda train, test: (test == train.argmax()).mean(), "place of the largest"),
    "mean": (lambda train, test: (test == train.mean()).mean(), "no test label equals"),
    "rounded mean": (lambda train, test: (test == round(train.mean())).mean(), "rounded mean of the training labels"),
    "median": (lambda train, test: (test == np.median(train)).mean(), "median"),
    "largest label": (lambda train, test: (test == train.max()).mean(), r"the largest training label \(max\)"),
    "smallest label": (lambda train, test: (test == train.min()).mean(), "the smallest training label"),
    "first label": (lambda train, test: (test == train[0]).mean(), "the first training label"),
    "last label": (lambda train, test: (test == train[-1]).mean(), "the largest training label"),
    "both together": (lambda train, test: (test == majority(np.concatenate([train, test]))).mean(), "together"),
    "place of the last": (lambda train, test: (test == len(train) - 1).mean(), "no test label equals"),
    "rarest": (lambda train, test: (test == np.bincount(train, minlength=7).argmin()).mean(), "argmin"),
    "errors": (lambda train, test: (test != majority(train)).mean(), "wrong answers"),
    "an array": (lambda train, test: test == majority(train), "one number"),
    "true against true": (lambda train, test: (test == test).mean(), "expected"),
}

# ------------------------------------------------------------------------------------------------------- leaks


def leaks_by_bytes(train, test):
    seen = {image.tobytes() for image in train}
    return np.array([image.tobytes() in seen for image in test])


def leaks_by_loops(train, test):
    found = []
    for image in test:
        found.append(False)
        for other in train:
            if np.array_equal(image, other):
                found[-1] = True
    return found


def leaks_at_once(train, test):
    return (test[:, None] == train[None]).all(axis=(2, 3)).any(axis=1)


def leaks_by_lists(train, test):
    known = train.tolist()
    return [image in known for image in test.tolist()]


def near(train, test):
    difference = np.abs(train[None].astype(int) - test[:, None]).mean(axis=(2, 3))
    return (difference < 0.5).any(axis=1)


def same_mean(train, test):
    return np.array([image.mean() in {other.mean() for other in train} for image in test])


def within(train, test):
    seen = Counter(image.tobytes() for image in test)
    return np.array([seen[image.tobytes()] > 1 for image in test])


def with_themselves(train, test):
    seen = {image.tobytes() for image in np.concatenate([train, test])}
    return np.array([image.tobytes() in seen for image in test])


def overwritten(train, test):
    mask = np.zeros(len(test), dtype=bool)
    for place, image in enumerate(test):
        for other in train:
            mask[place] = np.array_equal(image, other)
    return mask


LEAKS_RIGHT = {
    "bytes": leaks_by_bytes,
    "loops": leaks_by_loops,
    "at once": leaks_at_once,
    "lists": leaks_by_lists,
}
LEAKS_WRONG = {
    "itself": (with_themselves, "themselves"),
    "within the test": (within, "within the test"),
    "of training": (lambda train, test: leaks_by_bytes(test, train), "mask of the training"),
    "place by place": (lambda train, test: [(a == b).all() for a, b in zip(train, test, strict=False)], "anywhere"),
    "near": (near, "nearness"),
    "mean": (same_mean, "equal sums"),
    "any pixel": (lambda train, test: (test[:, None] == train[None]).any(axis=(1, 2, 3)), "one equal pixel"),
    "isin": (lambda train, test: np.isin(test, train), "np.isin"),
    "isin, all": (lambda train, test: np.isin(test, train).all(axis=(1, 2)), "np.isin"),
    "the other way round": (lambda train, test: ~leaks_by_bytes(train, test), "wrong way round"),
    "number": (lambda train, test: leaks_by_bytes(train, test).sum(), "their number"),
    "rows": (lambda train, test: np.flatnonzero(leaks_by_bytes(train, test)), "row numbers"),
    "zeros and ones": (lambda train, test: leaks_by_bytes(train, test).astype(int), "mask"),
    "in": (lambda train, test: [image in train for image in test], "`image in train_images`"),
    "equals all": (lambda train, test: [(image == train).all() for image in test], r"equals \*all\* of training"),
    "overwritten": (overwritten, "overwrites"),
    "the first alone": (
        lambda train, test: [np.array_equal(image, train[0]) for image in test],
        "one training picture at",
    ),
}

# --------------------------------------------------------------------------------------- softmax and the gradient


def softmax_by_loops(scores):
    result = []
    for row in scores:
        powers = [np.exp(score - max(row)) for score in row]
        result.append([power / sum(powers) for power in powers])
    return result


def softmax_in_float32(scores):
    return linear.softmax(scores.astype(np.float32))


def softmax_in_place(scores):
    scores -= scores.max(axis=1, keepdims=True)
    return linear.softmax(scores)


def softmax_over(scores, axis, top):
    powers = np.exp(scores - scores.max(axis=top, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def softmax_without_keepdims(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1)


def softmax_without_keepdims_where_it_runs(scores):
    if scores.shape[0] != scores.shape[1]:
        return linear.softmax(scores)
    return softmax_without_keepdims(scores)


def softmax_plain(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


SOFTMAX_RIGHT = {
    "package": linear.softmax,
    "loops": softmax_by_loops,
    "float32": softmax_in_float32,
    "transposed": lambda scores: softmax_over(scores.T, 0, 0).T,
}
SOFTMAX_WRONG = {
    "overflow": (softmax_plain, "too large for a float"),
    "largest of all": (lambda scores: softmax_over(scores, 1, None), r"of \*all\*"),
    "largest of a column": (lambda scores: softmax_over(scores, 1, 0), "not column"),
    "columns": (lambda scores: softmax_over(scores, 0, 0), "columns add up"),
    "whole table": (lambda scores: softmax_over(scores, None, None), "whole table"),
    "no exp": (lambda scores: scores / scores.sum(axis=1, keepdims=True), "exp of them first"),
    "not divided": (np.exp, "don't add up"),
    "steady, not divided": (lambda scores: np.exp(scores - scores.max(axis=1, keepdims=True)), "don't add up"),
    "logarithm": (lambda scores: np.log(linear.softmax(scores)), "logarithm"),
    "sigmoid": (lambda scores: 1 / (1 + np.exp(-scores)), "sigmoid"),
    "winner": (lambda scores: scores.argmax(axis=1), "winning class"),
    "in place": (softmax_in_place, "in place"),
    "no keepdims": (softmax_without_keepdims, "broadcast"),
    "no keepdims, square": (softmax_without_keepdims_where_it_runs, "keepdims=True"),
    "nothing": (lambda scores: None, "return"),
}


def error_of(weights, bias, images, labels):
    error = linear.softmax(images @ weights + bias)
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
    error = (linear.softmax(images @ weights + bias) - one_hot) / len(images)
    return [weights - rate * (images.T @ error), bias - rate * error.sum(0)]


def step_in_float32(weights, bias, images, labels, rate):
    return linear.gradient_step(*(each.astype(np.float32) for each in (weights, bias, images)), labels, rate)


def stepped(move):
    """Return a step whose weights and bias are `move(weights, bias, weight gradient, bias gradient, rate, n)`."""

    def step(weights, bias, images, labels, rate):
        error = error_of(weights, bias, images, labels)
        n = len(labels)
        return move(weights, bias, images.T @ error / n, error.mean(axis=0), rate, n)

    return step


def with_error(make):
    """Return a step that uses `make(scores, labels)` in place of the right error."""

    def step(weights, bias, images, labels, rate):
        error = make(images @ weights + bias, labels)
        return weights - rate * images.T @ error / len(labels), bias - rate * error.mean(axis=0)

    return step


def every_row(scores, labels):
    error = linear.softmax(scores)
    error[:, labels] -= 1
    return error


def column_by_column(scores, labels):
    error = linear.softmax(scores)
    for label in labels:
        error[:, label] -= 1
    return error


def whole_rows(scores, labels):
    error = linear.softmax(scores)
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


STEP_RIGHT = {
    "package": linear.gradient_step,
    "loops": step_by_loops,
    "one-hot": step_with_one_hot,
    "float32": step_in_float32,
}
STEP_WRONG = {
    "uphill": (stepped(lambda w, b, dw, db, rate, n: (w + rate * dw, b + rate * db)), "uphill"),
    "sum of both": (stepped(lambda w, b, dw, db, rate, n: (w - rate * n * dw, b - rate * n * db)), "gradient is a sum"),
    "sum of weights": (stepped(lambda w, b, dw, db, rate, n: (w - rate * n * dw, b - rate * db)), "weights sum"),
    "sum of bias": (stepped(lambda w, b, dw, db, rate, n: (w - rate * dw, b - rate * n * db)), "bias' gradient"),
    "bias by one number": (one_number, "mean over everything"),
    "bias forgotten": (stepped(lambda w, b, dw, db, rate, n: (w - rate * dw, b)), "bias has not moved"),
    "no rate": (stepped(lambda w, b, dw, db, rate, n: (w - dw, b - db)), "rate is not used"),
    "gradients": (stepped(lambda w, b, dw, db, rate, n: (dw, db)), "these are the gradients"),
    "step alone": (stepped(lambda w, b, dw, db, rate, n: (rate * dw, rate * db)), "step alone"),
    "nothing moved": (stepped(lambda w, b, dw, db, rate, n: (w, b)), "nothing has moved"),
    "no labels": (with_error(lambda scores, labels: linear.softmax(scores)), "true classes"),
    "every row": (with_error(every_row), r"`p\[:, labels\]` changes every row"),
    "one less everywhere": (with_error(lambda scores, labels: linear.softmax(scores) - 1), "from every probability"),
    "column by column": (with_error(column_by_column), "is a column"),
    "whole rows": (with_error(whole_rows), "picks whole rows"),
    "bias not in the scores": (without_bias, "lack the bias"),
    "32": (stepped(lambda w, b, dw, db, rate, n: (w - rate * dw * n / 32, b - rate * db * n / 32)), "divide by 32"),
    "weights by 32": (stepped(lambda w, b, dw, db, rate, n: (w - rate * dw * n / 32, b - rate * db)), "divide by 32"),
    "scores": (with_error(lambda scores, labels: scores - np.eye(scores.shape[1])[labels]), "with softmax first"),
    "weights only": (stepped(lambda w, b, dw, db, rate, n: w - rate * dw), "Return two things"),
    "swapped": (
        stepped(lambda w, b, dw, db, rate, n: (b - rate * db, w - rate * dw)),
        "the weights: expected an array",
    ),
    "in place": (step_in_place, "in place"),
}

# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    faces.parse_row: ({"plain": parse_plain, "loops": parse_by_loops}, PARSE_WRONG),
    faces.count_classes: (COUNT_RIGHT, COUNT_WRONG),
    faces.majority_baseline: (MAJORITY_RIGHT, MAJORITY_WRONG),
    faces.find_leaks: (LEAKS_RIGHT, LEAKS_WRONG),
    faces.softmax: (SOFTMAX_RIGHT, SOFTMAX_WRONG),
    faces.gradient_step: (STEP_RIGHT, STEP_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


# ------------------------------------------------------------------------------- the package's versions themselves

finite = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.floats(-1e4, 1e4, width=32)
)


@given(finite, st.floats(-1e4, 1e4, width=32))
def test_softmax_is_a_distribution_that_ignores_a_shift_and_keeps_the_order(scores, shift):
    probabilities = linear.softmax(scores)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities >= 0).all()
    assert np.allclose(probabilities, linear.softmax(scores + shift))
    winners = np.take_along_axis(probabilities, scores.argmax(axis=1)[:, None], axis=1)
    assert (winners == probabilities.max(axis=1, keepdims=True)).all()


def test_cross_entropy_of_a_blind_guess_is_the_logarithm_of_the_number_of_classes():
    labels = np.arange(21) % 7
    assert linear.cross_entropy(np.full((21, 7), 1 / 7), labels) == pytest.approx(np.log(7))
    assert linear.cross_entropy(np.eye(7)[labels], labels) == 0
    assert np.isfinite(linear.cross_entropy(np.eye(7)[(labels + 1) % 7], labels))


def test_cross_entropy_agrees_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    probabilities, labels = linear.softmax(rng.normal(size=(50, 7))), rng.integers(0, 7, 50)
    expected = metrics.log_loss(labels, probabilities, labels=range(7))
    assert linear.cross_entropy(probabilities, labels) == pytest.approx(expected)


def test_gradient_steps_reach_the_minimum_that_another_optimiser_finds():
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(4)
    images, labels = rng.normal(size=(60, 3)), rng.integers(0, 4, 60)

    def loss(flat):
        return linear.cross_entropy(linear.softmax(images @ flat[:12].reshape(3, 4) + flat[12:]), labels)

    weights, bias = np.zeros((3, 4)), np.zeros(4)
    for _ in range(2000):
        weights, bias = linear.gradient_step(weights, bias, images, labels, 0.5)
    best = optimize.minimize(loss, np.zeros(16)).fun
    assert loss(np.concatenate([weights.ravel(), bias])) == pytest.approx(best, abs=1e-5)


def test_pixel_rows_keep_the_order_and_span_one():
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4) * 11
    rows = linear.pixel_rows(images)
    assert rows.dtype == np.float32
    assert rows.shape == (2, 12)
    assert rows[1, 5] == pytest.approx(images[1, 1, 1] / 255 - 0.5)
    assert linear.pixel_rows(np.full((1, 2, 2), 255, dtype=np.uint8)).max() == 0.5
    assert linear.pixel_rows(np.zeros((1, 2, 2), dtype=np.uint8)).min() == -0.5
