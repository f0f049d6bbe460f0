"""A relation that is stated is true of every value, the relations of the table are found, and chance finds none."""

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from fer_course.checks import Hint
from fer_course.checks.core import expect, judge
from fer_course.checks.relations import Case, observed

RNG = np.random.default_rng(3)
TABLE = RNG.normal(size=(4, 5)) * 3
CUBE = RNG.normal(size=(2, 3, 4))
ROW = RNG.normal(size=6) * 3
PIXELS = RNG.integers(0, 900, (4, 5))


def by_value(function, values):
    """Change one value after the other, in Python's own numbers."""
    changed = [function(value) for value in values.ravel().tolist()]
    return np.array(changed).reshape(values.shape)


@pytest.mark.parametrize(
    ("answer", "right", "words"),
    [
        (by_value(lambda x: x * 2, TABLE), TABLE, "the right one times 2."),
        (by_value(lambda x: x / 100, TABLE), TABLE, "the right one divided by 100."),
        (by_value(lambda x: x * 0.3, TABLE), TABLE, "the right one times 0.3."),
        (by_value(lambda x: x * -7, TABLE), TABLE, "the right one times -7."),
        (by_value(lambda x: x * 5, TABLE), TABLE, "times 5, which is also the length of the answer along axis 1."),
        (by_value(lambda x: -x, TABLE), TABLE, "with the opposite sign."),
        (by_value(lambda x: x + 0.25, TABLE), TABLE, "the right one plus 0.25."),
        (by_value(lambda x: x - 1, PIXELS), PIXELS, "the right one minus 1."),
        (by_value(lambda x: 1 - x, TABLE), TABLE, "is 1 minus the right one."),
        (PIXELS.astype(np.uint8), PIXELS, "modulo 256"),
        (by_value(round, TABLE), TABLE, "the right one, rounded."),
        (by_value(int, TABLE), TABLE, "without its fraction."),
        (by_value(math.floor, TABLE), TABLE, "rounded down."),
        (by_value(math.ceil, TABLE), TABLE, "rounded up."),
        (by_value(abs, TABLE), TABLE, "without its sign."),
        (by_value(lambda x: max(x, 0), TABLE), TABLE, "with 0 in place of what is negative."),
        (by_value(lambda x: x * x, TABLE), TABLE, "the square of"),
        (by_value(math.sqrt, PIXELS), PIXELS, "the square root of"),
        (by_value(lambda x: math.log(x + 1), PIXELS), PIXELS + 1, "the natural logarithm of"),
        (by_value(lambda x: math.log10(x + 1), PIXELS), PIXELS + 1, "base-10"),
        (by_value(math.exp, TABLE), TABLE, "e to the power of"),
        (by_value(lambda x: 1 / x, TABLE), TABLE, "1 divided by"),
        ([list(column) for column in zip(*TABLE, strict=True)], TABLE, "rows and columns are swapped."),
        (np.moveaxis(CUBE, 2, 0), CUBE, "axes are in the order (2, 0, 1)."),
        (TABLE[::-1], TABLE, "in reverse along axis 0."),
        (ROW[::-1], ROW, "Your values are the right ones in reverse."),
        (TABLE[::-1, ::-1], TABLE, "in reverse along every axis."),
        ([ROW[-1], *ROW[:-1]], ROW, "one place too late; those that leave come in at the other end."),
        ([*ROW[1:], 0], ROW, "one place too early, with 0 at the end"),
        ([*ROW[3:], *ROW[:3]], ROW, "two halves"),
        (sorted(ROW.tolist()), ROW, "but sorted."),
        (ROW[1:], ROW, "The first of the right values is missing."),
        (TABLE[:, :-1], TABLE, "The last of the right values is missing along axis 1."),
        (TABLE[1:3], TABLE, "too short along axis 0, by 1 at the start and 1 at the end."),
        (np.pad(TABLE, ((0, 0), (0, 2))), TABLE, "too long along axis 1, by 2 at the end."),
        (TABLE[:, :0], TABLE, "Your array is empty along axis 1."),
        (TABLE[:2] + 1, TABLE, ""),
        ([sum(row) for row in TABLE.tolist()], TABLE, "the sum of the right values along axis 1"),
        ([[max(column)] for column in TABLE.T.tolist()], TABLE.T, "the largest of the right values along axis 0"),
        (ROW * (1 - 3e-7), ROW, ""),
        (ROW * np.nan, ROW, "values are nan"),
        ([ROW], ROW, "one more axis"),
        (TABLE.ravel(), TABLE, "one long row"),
        (np.full((4, 5), 0.5), TABLE, "All your values are 0.5."),
        (np.where(TABLE > 1, np.nan, TABLE), TABLE, "values are nan"),
        (np.where(TABLE > 1, np.inf, TABLE), TABLE, "values are inf"),
        (np.concatenate([[ROW[0] + 1], ROW[1:]]), ROW, "right but for those at the first place."),
        (np.concatenate([TABLE[:-1], TABLE[-1:] + ROW[:5]]), TABLE, "at the last place along axis 0."),
        (
            np.concatenate([TABLE[:-1], TABLE[-1:] + np.array([0, 5, 0, 5, 0])]),
            TABLE,
            "but for some at the last place along axis 0.",
        ),
        (np.where(np.arange(6) == 2, 7, ROW), ROW, "1 of your 6 values differs; the others are right."),
        (np.pad(TABLE[1:-1, 1:-1], 1) + np.pad(np.zeros((2, 3)), 1, constant_values=3), TABLE, ""),
    ],
)
def test_a_single_relation_is_stated(answer, right, words):
    if "largest" in words:
        answer = [[max(column) for column in zip(*right.tolist(), strict=True)]]
    assert words in observed([Case(answer, right)])


def test_what_is_near_a_rounded_value_is_not_rounded():
    right = np.array([[0.04, 0.96, 1e-7], [0.01, 0.02, 0.97]])
    assert "rounded" not in observed([Case(np.array([[3e-12, 1 - 3e-12, 1e-30], [2e-9, 1e-11, 1 - 2e-9]]), right)])
    assert "rounded." in observed([Case(np.round(right), right)])
    assert "rounded to 2" in observed([Case(np.round(TABLE, 2).astype(np.float32), TABLE)])


def test_the_border_alone():
    wrong = np.arange(30.0).reshape(5, 6)
    right = wrong.copy()
    right[0, 1] = right[-1, 2] = right[2, -1] = 99
    assert observed([Case(wrong, right)]) == "All values are right but for some on the border: 3 of 30."


def test_an_argument_returned_as_it_is():
    told = "Your answer is the argument `{}`, as it was given.".format
    assert observed([Case(TABLE, TABLE[::-1], {"rate": 2, "image": TABLE})]) == told("image")
    assert observed([Case(2, TABLE, {"rate": 2, "image": TABLE})]) == told("rate")
    assert observed([Case(len, TABLE, {"rate": 2, "measure": len})]) == told("measure")
    assert observed([Case(2, 3, {"rate": 2})]) == ""  # by accident, perhaps


def test_the_size_that_is_missing_differs_from_case_to_case():
    images = [RNG.normal(size=(n, 3)) for n in (4, 7)]
    means = [array.mean(axis=0) for array in images]
    sums = [Case(mean * len(array), mean, {"images": array}) for mean, array in zip(means, images, strict=True)]
    assert observed(sums) == "Each of your values is the right one times the length of `images` along axis 0."
    divided = [Case(case.expected, case.answer, case.arguments) for case in sums]
    assert observed(divided).endswith("the right one divided by the length of `images` along axis 0.")
    rates = [Case(mean * rate, mean, {"rate": rate}) for mean, rate in zip(means, (0.1, 3), strict=True)]
    assert observed(rates) in ("", "Each of your values is the right one times `rate`.")


WEIGHTS, STEP = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (-1, "Each of your changes of `weights` is the right one with the opposite sign."),
        (7, "Each of your changes of `weights` is the right one times 7, which is also the length of `labels`."),
        (0.5, "Each of your changes of `weights` is the right one divided by 2."),
    ],
)
def test_a_step_that_is_too_long_or_goes_the_other_way(factor, words):
    arguments = {"weights": WEIGHTS, "labels": np.arange(7)}
    assert observed([Case(WEIGHTS + factor * STEP, WEIGHTS + STEP, arguments)]) == words
    assert observed([Case(WEIGHTS + STEP[::-1] * [1, 2, 3], WEIGHTS + STEP, arguments)]) == ""


def test_shares_that_do_not_add_up_to_one():
    shares = np.abs(RNG.normal(size=(3, 5)))
    shares /= shares.sum(axis=1, keepdims=True)
    wrong = shares * RNG.uniform(1.5, 2.0, size=shares.shape)
    told = observed([Case(wrong, shares)])
    low, high = (f"{number:.6g}" for number in (min(map(sum, wrong)), max(map(sum, wrong))))
    assert told == f"The right values add up to 1 along axis 1; yours add up to {low} to {high}."
    assert observed([Case(shares[:, [1, 0, 2, 3, 4]] ** 1.0, shares)]) != told


def test_the_sums_of_shares_are_those_of_the_first_wrong_answer():
    right = np.array([[0.35, 0.15, 0.3, 0.2], [0.05, 0.45, 0.35, 0.15]])
    wrong, infinite = right * [[1.5, 1.6, 1.5, 1.6], [1.8, 1.7, 1.7, 1.8]], np.full((2, 4), np.inf)
    told = observed([Case(right, right), Case(wrong, right), Case(infinite, right)])
    assert re.fullmatch(r"The right values add up to 1 along axis 1; yours add up to 1\.\d+ to 1\.\d+\.", told)


def test_a_number_that_is_nan_after_a_wrong_one_has_no_relation():
    assert observed([Case(2.0, 1.5), Case(float("nan"), 3.0)]) == ""


def test_numbers_that_look_alike_are_told_apart():
    with pytest.raises(Hint, match=r"expected 1\.0239305, found 1\.0239335"):
        expect(1.0239335, 1.0239305, "an entropy")


def test_single_numbers_need_several_cases():
    assert observed([Case(10, 5)]) == ""
    assert observed([Case(10, 5), Case(14, 7)]) == "Each of your values is the right one times 2."
    assert observed([Case(6, 5), Case(8, 7), Case(1, 0)]) == "Each of your values is the right one plus 1."
    assert observed([Case(10, 5), Case(14, 7), Case(2, 2)]) == ""


@pytest.mark.parametrize("single", [False, np.array([False]), True])
def test_a_single_truth_value_has_no_relation_to_many(single):
    """The first False of a mask is its smallest value, too, and as likely found in another way."""
    masks = [np.array([False, True, True, False]), np.array([False, False, True]), np.array([False, True])]
    assert observed([Case(single, mask) for mask in masks]) == ""


def test_the_first_of_many_numbers_alone():
    cases = [Case(ROW[first], ROW[first:]) for first in range(3)]
    assert observed(cases).startswith("Your answer is the first of the right values alone.")


def test_the_answer_to_the_first_call_in_every_call():
    assert "right one to the first call" in observed([Case(5, 5), Case(5, 9), Case(5, 12)])


@pytest.mark.parametrize("answer", ["five", None, {}, [[1], [1, 2]], np.array(["a"]), np.zeros((0, 3))])
def test_what_is_no_array_of_numbers_has_no_relation(answer):
    assert observed([Case(answer, TABLE)]) == ""


def test_an_exact_tie_of_words_and_empty_arrays():
    assert observed([Case(TABLE, np.array([]))]) == ""
    assert observed([Case(TABLE, "happy")]) == ""


def test_expect_and_judge_state_the_relation():
    with pytest.raises(Hint, match=r": Each of your values is the right one times 2\. At .*found"):
        expect(2 * TABLE, TABLE, "it")
    with pytest.raises(Hint, match=r"size 3: Each of your values is the right one times 2\. Expected 3, found 6\."):
        judge(lambda n: 2 * n, [(3,), (5,)], lambda n: n, "size {}".format)
    with pytest.raises(Hint, match=r"the bias: .* one minus 1\."):
        judge(lambda x: (x, x - 1), [(ROW,)], lambda x: (x, x), lambda x: "it", parts=("the weights", "the bias"))


# ----------------------------------------------------------------------------------------------- what is stated is true

numbers = st.floats(-100, 100).map(lambda number: round(number, 2))
some = arrays(np.float64, array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=4), elements=numbers)


def values_of(array) -> list[float]:
    return np.asarray(array, float).ravel().tolist()


def same(got: list[float], wanted: list[float]) -> bool:
    return len(got) == len(wanted) and all(abs(a - b) <= 2e-7 * (1 + abs(b)) for a, b in zip(got, wanted, strict=True))


def is_true(said: str, got: np.ndarray, right: np.ndarray) -> bool:
    """Verify the sentences about values one by one, in Python's own numbers; the others by their values alone."""
    found, wanted = values_of(got), values_of(right)
    number = re.search(r"(times|divided by|plus|minus) (-?[\d.e+-]+\d)", said)
    if said.startswith("Each of your values is the right one") and number:
        change = {
            "times": lambda x, n: x * n,
            "divided by": lambda x, n: x / n,
            "plus": lambda x, n: x + n,
            "minus": lambda x, n: x - n,
        }[number[1]]
        close = [
            abs(a - change(b, float(number[2]))) <= 1e-4 * (1 + abs(a)) for a, b in zip(found, wanted, strict=True)
        ]
        return all(close)
    rules = {
        "opposite sign": lambda x: -x,
        "1 minus": lambda x: 1 - x,
        "255 minus": lambda x: 255 - x,
        "modulo 256": lambda x: x % 256,
        "rounded.": round,
        "without its fraction": int,
        "rounded down": math.floor,
        "rounded up": math.ceil,
        "without its sign": abs,
        "in place of what is negative": lambda x: max(x, 0.0),
        "the square of": lambda x: x * x,
        "1 divided by": lambda x: 1 / x if x else math.inf,
    }
    for words, rule in rules.items():
        if words in said:
            return same(found, [rule(value) for value in wanted])
    if said.startswith("All your values are"):
        return len(set(found)) == 1
    if any(
        words in said
        for words in ("swapped", "axes are in", "in reverse", "sorted", "come in at", "long row", "more axis")
    ):
        return same(sorted(found), sorted(wanted))
    if "differ" in said or "right but for" in said:
        wrong = sum(not same([a], [b]) for a, b in zip(found, wanted, strict=True))
        stated = re.search(r"(\d+) of", said)
        return 0 < wrong <= len(found) / 2 and (not stated or int(stated[1]) == wrong)
    return None


CHANGES = [
    lambda x: x * 3,
    lambda x: x / 7,
    lambda x: -x,
    lambda x: x + 2,
    lambda x: 1 - x,
    np.rint,
    np.trunc,
    np.floor,
    np.abs,
    np.square,
    np.transpose,
    np.flip,
    lambda x: np.roll(x, 1, 0),
    lambda x: np.sort(x, -1),
    lambda x: x.ravel(),
    lambda x: x[None],
    lambda x: np.where(x > 0, x, 0),
    lambda x: np.where(np.arange(x.size).reshape(x.shape) == 1, x + 1, x),
    lambda x: x.mean(axis=0),
    lambda x: np.full_like(x, x.ravel()[0]),
]


@given(some, st.sampled_from(CHANGES))
def test_what_is_stated_is_true(right, change):
    wrong = change(right)
    assume(wrong.shape != right.shape or not np.allclose(wrong, right))
    if said := observed([Case(wrong, right)]):
        assert is_true(said, wrong, right) is not False, said


@given(
    arrays(np.float64, array_shapes(min_dims=1, max_dims=3, min_side=3, max_side=4), elements=numbers, unique=True),
    st.sampled_from(CHANGES[:12]),
)
def test_a_change_of_different_values_is_found(right, change):
    wrong = change(right)
    assume(wrong.shape != right.shape or not np.isclose(wrong, right).all())
    assert observed([Case(wrong, right)]) != ""


@given(st.integers(0, 10**6), array_shapes(min_dims=1, max_dims=3, min_side=3, max_side=5))
def test_chance_has_no_relation(seed, shape):
    rng = np.random.default_rng(seed)
    assert observed([Case(rng.normal(size=shape), rng.normal(size=shape))]) == ""
    assert observed([Case(rng.normal(), rng.normal()) for _ in range(3)]) == ""
