"""What an answer has to be: right forms come back as one form, others get the hint that says what they are."""

import re

import keras
import numpy as np
import pytest

from fer_course.checks import Hint
from fer_course.checks.answers import dictionary, number, one_of, pixels, several, whole
from fer_course.checks.moving import layers_by_kind


def assert_hint(words, function, *arguments, **options):
    with pytest.raises(Hint, match=re.escape(words)):
        function(*arguments, **options)


@pytest.mark.parametrize("number", [44, np.int8(44), np.uint64(44), np.array(44)])
def test_whole_numbers(number):
    found = whole(number, "A side")
    assert found == 44
    assert type(found) is int


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (44.0, "A side is a whole number (int); found 44.0. Divide with //"),
        (np.float32(0.25), "found 0.25"),
        (np.array(44.5), "found 44.5"),
        (True, "found True"),
        ("44", "found '44'"),
        ((44, 44), "found (44, 44)"),
        (float("nan"), "found nan"),
        (None, "found None"),
    ],
)
def test_other_things_are_no_whole_numbers(answer, words):
    assert_hint(words, whole, answer, "A side")


@pytest.mark.parametrize("answer", [[[0, 255], [7, 8]], np.array([[0, 255], [7, 8]], np.uint8)])
def test_pictures(answer):
    found = pixels(answer, "A crop")
    assert found.dtype == np.uint8
    assert found.tolist() == [[0, 255], [7, 8]]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.ones((2, 2)), "A crop has grey levels, uint8 as they came; found float64."),
        (np.ones((2, 2), int), "found int64. `.astype(np.uint8)`"),
        ([[0, 256]], "whole numbers from 0 to 255; found [[  0, 256]]"),
        ([[0.5]], "whole numbers from 0 to 255; found [[0.5]]"),
        ("dark", "found 'dark' (str)"),
        ([[1], [1, 2]], "(list)"),
    ],
)
def test_other_things_are_no_pictures(answer, words):
    assert_hint(words, pixels, answer, "A crop")


@pytest.mark.parametrize("answer", [2, 2.0, np.float16(2), np.array(2)])
def test_numbers(answer):
    assert number(answer, "A rate") == 2


@pytest.mark.parametrize("answer", [[2], np.ones(1), "2", True, None, len])
def test_other_things_are_no_numbers(answer):
    assert_hint("A rate is one number; found", number, answer, "A rate")


def test_several_things():
    assert several((1, 2), "a, b", 2) == (1, 2)
    assert several([1, 2, 3], "a, b, c", 3) == [1, 2, 3]
    assert_hint("Return two things, `return a, b`; found [1, 2, 3].", several, [1, 2, 3], "a, b", 2)
    assert_hint("Return three things", several, np.zeros(3), "a, b, c", 3)


def test_dictionaries():
    assert dictionary({"a": 1, "c": 2}, "{'a': 0, …}", ["a"]) == {"a": 1, "c": 2}
    assert_hint("Return a dictionary, {'a': 0, …}; found [1].", dictionary, [1], "{'a': 0, …}")
    assert_hint(
        "The curve 'b' is missing in your dictionary; it has ['a'].", dictionary, {"a": 1}, "", "ab", kind="curve"
    )


def test_words():
    assert one_of(" Can’t tell\n", ["better", "can't tell"], "it") == "can't tell"
    for wrong in ("worst", 3, None, ["better"]):
        assert_hint("it: expected one of the words 'better', 'worse'; found", one_of, wrong, ["better", "worse"], "it")


def test_layers_by_kind():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.ReLU(), keras.layers.Dense(1)])
    assert {kind: len(layers) for kind, layers in layers_by_kind(model).items()} == {"Dense": 2, "ReLU": 1}
    inside = keras.Sequential([keras.Input((3,)), model, keras.layers.ReLU()])
    assert {kind: len(layers) for kind, layers in layers_by_kind(inside).items()} == {"Dense": 2, "ReLU": 2}
