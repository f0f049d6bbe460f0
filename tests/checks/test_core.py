"""Checks: right answers in any shape pass, wrong ones get the hint that fits, and nothing of ours leaks into it."""

from __future__ import annotations

import functools
import selectors
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from IPython.core.interactiveshell import InteractiveShell

from fer_course import checks
from fer_course.checks import Hint, NotAttempted, oracles
from fer_course.checks.core import Interrupted, Mistake, attempt, close, expect, judge, short


def hint_of(function, *arguments, **options) -> str:
    with pytest.raises(Hint) as caught:
        function(*arguments, **options)
    assert type(caught.value) is Hint
    return str(caught.value)


# --- attempt ---------------------------------------------------------------------------------------------------------


def unsolved(x):
    raise NotImplementedError


@pytest.mark.parametrize("placeholder", [unsolved, None, ...])
def test_what_was_not_begun_is_not_wrong(placeholder):
    with pytest.raises(NotAttempted, match="then"):
        attempt(placeholder, 1)
    assert issubclass(NotAttempted, Hint)
    assert issubclass(Hint, AssertionError)


def test_attempt_returns_what_the_function_returns():
    assert attempt(lambda x, y, z=0: x + y + z, 1, 2, z=3) == 6


def test_a_result_in_place_of_the_function_is_told():
    assert "function itself" in hint_of(attempt, np.zeros(100), 1)


def test_a_missing_return_is_told():
    assert "Did you forget a `return`?" in hint_of(attempt, lambda x: None, 1)


def test_an_error_is_told_with_its_line():
    def divide(x):
        return x / 0

    hint = hint_of(attempt, divide, 3)
    assert "divide stopped with ZeroDivisionError" in hint
    assert "return x / 0" in hint
    assert "called with 3" in hint


def halve(x):
    return np.pad(x, ((1, 1), (1, 1)))


def test_an_error_inside_a_library_is_told_with_the_learners_line():
    hint = hint_of(attempt, lambda x: halve(x) + 1, np.zeros(3))
    assert "in the line: return np.pad(x, ((1, 1), (1, 1)))  (of halve)" in hint
    assert "(of" not in hint_of(attempt, halve, np.zeros(3))


def test_an_error_inside_this_package_is_told_with_the_learners_line():
    hint = hint_of(attempt, lambda x: oracles.convolve(x, np.zeros((3, 3, 2, 1))), np.zeros((5, 5, 4)))
    assert "in the line: hint = hint_of(attempt, lambda x: oracles.convolve" in hint


def later(x):
    raise NotImplementedError


def test_the_function_that_is_still_empty_is_named():
    with pytest.raises(NotAttempted, match="in later by your answer"):
        attempt(lambda x: later(x) + 1, 3)


def test_what_a_library_has_not_implemented_is_no_untouched_exercise():
    assert "stopped with" in hint_of(attempt, lambda x: selectors.BaseSelector.select(None) + x, 3)


def test_an_error_in_the_call_shows_no_line_of_ours():
    hint = hint_of(attempt, lambda: 1, 3)
    assert "TypeError" in hint
    assert "in the line" not in hint


def test_a_function_without_a_name_can_be_checked():
    class Adder:
        def __call__(self, x):
            raise NotImplementedError

    with pytest.raises(NotAttempted):
        attempt(Adder(), 1)
    assert "ValueError" in hint_of(attempt, functools.partial(int, base=10), "x")


def change_array(x):
    x[0] = 1 - x[0]
    return x


@pytest.mark.parametrize("argument", [np.zeros(3), [0, 0], [np.zeros(3), np.ones(2)], {0: np.zeros(9)}])
def test_a_change_in_place_is_told(argument):
    assert "changed its input in place" in hint_of(attempt, change_array, argument)


@pytest.mark.parametrize(
    "argument", [np.array([np.nan, 1]), [np.zeros(3), np.ones(2)], "word", {1: np.ones(3)}, object()]
)
def test_an_untouched_argument_is_not_reported_as_changed(argument):
    assert attempt(lambda x: 5, argument) == 5


def test_the_check_keeps_its_own_copy():
    mine = np.zeros(3)
    with pytest.raises(Hint):
        attempt(change_array, mine)
    assert mine.tolist() == [0, 0, 0]


def test_a_hint_is_one_line_in_a_notebook_and_not_a_traceback():
    assert Hint("look")._render_traceback_() == ["✘ Not yet. look"]
    assert NotAttempted("begin")._render_traceback_() == ["✘ Not attempted yet. begin"]


def test_the_argument_that_was_changed_is_named():
    def brighter(first, images):
        images += 1
        return images

    assert "`images = images.copy()`" in hint_of(attempt, brighter, np.zeros(2), np.zeros(3))
    assert "`x = x.copy()`" in hint_of(attempt, lambda *all_of_them: change_array(all_of_them[1]), 5, np.zeros(3))


def test_advice_on_a_known_error_is_added_to_its_hint():
    advice = {"division": "Don't divide by 0.", "ZeroDivisionError": "never: the first one counts"}
    hint = hint_of(attempt, lambda x: x / 0, 3, advice=advice)
    assert "stopped with ZeroDivisionError" in hint
    assert hint.endswith("\n  Don't divide by 0.")
    assert hint_of(attempt, lambda x: x / 0, 3, advice={"KeyError": "by key"}).endswith("It was called with 3.")
    assert hint_of(attempt, lambda x: {}[x], 3, advice={"KeyError": "by type"}).endswith("\n  by type")


def test_advice_can_be_a_function_of_the_error():
    hint = hint_of(attempt, lambda x: {}[x], 3, advice=lambda error: f"{error.args[0]} is no key.")
    assert hint.endswith("\n  3 is no key.")
    assert hint_of(attempt, lambda x: {}[x], 3, advice=lambda error: None) == hint_of(attempt, lambda x: {}[x], 3)
    assert hint_of(attempt, lambda x: {}[x], 3, advice=lambda error: Hint("Instead.")) == "Instead."


def test_what_was_not_begun_gets_no_advice():
    with pytest.raises(NotAttempted) as caught:
        attempt(unsolved, 1, advice={"NotImplementedError": "advice"})
    assert "advice" not in str(caught.value)


def interrupted(x):
    raise KeyboardInterrupt


def test_an_interrupted_answer_shows_the_learners_line_alone():
    with pytest.raises(KeyboardInterrupt) as caught:
        attempt(lambda x: interrupted(x), 3)
    assert isinstance(caught.value, Interrupted)
    (shown,) = caught.value._render_traceback_()
    assert shown.startswith("✘ Interrupted. Your <lambda> was still running")
    assert "in the line: raise KeyboardInterrupt  (of interrupted)" in shown


def test_a_notebook_shows_an_interrupted_answer_in_two_lines(capsys):
    shell = InteractiveShell()
    shell.run_cell("from fer_course.checks.core import attempt\ndef mirror(image):\n    raise KeyboardInterrupt\n")
    result = shell.run_cell("attempt(mirror, 3)")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    shown = capsys.readouterr().out
    assert shown == "✘ Interrupted. Your mirror was still running\n  in the line: raise KeyboardInterrupt\n"


def test_overflows_of_an_answer_are_silent():
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("error")
        assert attempt(lambda x: np.exp(x), np.array([1e4])) == np.inf


# --- expect ----------------------------------------------------------------------------------------------------------

numbers = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e3, 1e3))


@given(numbers)
def test_right_answers_of_any_kind_pass(expected):
    expect(expected, expected, "x")
    expect(expected.tolist(), expected, "x")
    expect(expected.astype(np.float32), expected, "x")
    expect(tuple(expected), expected, "x")


@given(numbers, st.data())
def test_one_wrong_value_anywhere_is_found(expected, data):
    place = data.draw(st.tuples(*(st.integers(0, side - 1) for side in expected.shape)))
    answer = expected.copy()
    answer[place] += 1 + abs(answer[place])
    hint = hint_of(expect, answer, expected, "the thing")
    assert "the thing" in hint
    assert str(list(place)) in hint


def test_tensors_are_accepted():
    import keras

    expected = np.arange(6.0).reshape(2, 3)
    expect(keras.ops.convert_to_tensor(expected.astype("float32")), expected, "x")
    assert "All your values are 1. At [0, 0]: expected 0" in hint_of(expect, keras.ops.ones((2, 3)), expected, "x")


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (np.zeros((3, 2)), np.zeros((2, 3)), ["(2, 3)", "(3, 2)"]),
        ([[1, 2], [3]], np.zeros((2, 2)), ["an array of shape (2, 2)", "list"]),
        (lambda: 1, 3.0, ["one number", "function"]),
        ("three", 3, ["expected 3", "three"]),
        (3, "happy", ["happy", "3"]),
        ("Happy", "happy", ["happy", "Happy"]),
        (4, 3, ["expected 3", "found 4"]),
        ([3], 3, ["one number", "(1,)"]),
        (0.1 + 1e-3, 0.1, ["0.1", "0.101"]),
        (np.array([np.nan, 1.0]), np.array([0.0, 1.0]), ["[0]", "nan"]),
        ({"a": 1}, np.zeros(3), ["dict"]),
        (None, np.zeros(3), ["None"]),
    ],
)
def test_a_wrong_answer_says_what_was_expected_and_what_came(answer, expected, words):
    hint = hint_of(expect, answer, expected, "it")
    assert hint.startswith("it: ")
    assert all(word in hint for word in words), hint


def test_an_overflow_of_small_whole_numbers_is_found():
    assert not close(np.array([200], np.uint8) + np.array([100], np.uint8), [300])
    assert not close(np.array([1], np.uint8) - np.array([2], np.uint8), [-1])
    assert not close(np.array([2**64 - 1], np.uint64), [-1])
    assert not close(np.array([2**63], np.uint64), [-(2**63)])
    assert close(np.array([255], np.uint8), [255])
    assert close(np.array([True, False]), [1, 0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_count_that_is_off_by_one_is_wrong_in_any_dtype(dtype):
    assert close(np.array(1024, dtype), 1024)
    assert not close(np.array(1025, dtype), 1024)
    assert close(np.float32(28709), 28709)
    assert not close(np.float32(28708), 28709)


def test_the_tolerance_follows_the_answer():
    third = 1 / 3
    assert close(np.float16(third), third)
    assert close(np.float32(third), third)
    assert close(np.float64(np.float32(third)), third)  # computed in float32
    assert not close(np.float64(third + 1e-5), third)
    assert not close(np.float32(third + 1e-3), third)
    assert close(np.array([np.nan, np.inf]), np.array([np.nan, np.inf]))


def test_a_known_mistake_gets_its_own_hint():
    mistakes = [(np.array([9, 9]), "never"), (np.array([2, 1]), "the other way round"), (np.array([1, 2]), "right!")]
    assert hint_of(expect, [2, 1], np.array([1, 2]), "order", mistakes) == "order: the other way round"
    assert "never" not in hint_of(expect, [7, 7], np.array([1, 2]), "order", mistakes)
    expect([1, 2], np.array([1, 2]), "order", mistakes)  # a mistake that is none on this input does no harm


# --- judge -----------------------------------------------------------------------------------------------------------

MISTAKES = (
    Mistake(lambda x: x * 2, "doubled"),
    Mistake(lambda x: x**2, "squared"),
    Mistake(lambda x: x[0], "stops"),
    Mistake(lambda x: x + 1, lambda x: f"one more than {x}"),
)


def judged(answer, cases=((2,), (3,)), right=lambda x: x, **options):
    return hint_of(judge, answer, cases, right, "identity of {}".format, mistakes=MISTAKES, **options)


def test_a_mistake_that_explains_all_answers_comes_first():
    assert judged(lambda x: x**2) == "identity of 2: squared"  # of 2 alone, it would be doubled
    assert judged(lambda x: x * 2) == "identity of 2: doubled"
    assert judged(lambda x: x + 1) == "identity of 2: one more than 2"


def test_a_single_number_is_no_evidence_for_a_mistake():
    assert judged(lambda x: 4) == "identity of 2: expected 2, found 4."
    assert judged(lambda x: x if x == 2 else 9) == "identity of 3: expected 3, found 9."
    table = np.arange(4.0).reshape(2, 2)
    changed = judged(lambda x: x * 2 if x[0, 0] == 0 else x, [(table,), (table + 5,)])
    assert changed.endswith(": doubled")


def test_the_hint_of_a_mistake_says_which_it_is():
    with pytest.raises(Hint) as caught:
        judge(lambda x: x**2, [(2,), (3,)], lambda x: x, str, mistakes=MISTAKES)
    assert caught.value.mistake is MISTAKES[1]


def test_what_stops_is_told_after_what_is_wrong():
    assert "stopped with ZeroDivisionError" in judged(lambda x: x if x == 2 else 1 / 0)
    assert judged(lambda x: 77 if x == 2 else 1 / 0) == "identity of 2: expected 2, found 77."
    advice = {"division": "because"}
    assert judged(lambda x: 1 / 0, advice=advice).endswith("because")
    assert judged(lambda x: 1 / 0, advice=lambda error, x: f"because of {x}").endswith("because of 2")


def test_parts_and_forms_of_an_answer():
    options = {"form": lambda answer: answer[:2], "parts": ("the head", "the tail"), "right": lambda x: (x, x)}
    judge(lambda x: [x, x, 5], [(2,)], options["right"], str, form=options["form"], parts=options["parts"])
    assert judged(lambda x: [x, 8], **options) == "identity of 2, the tail: expected 2, found 8."


@given(st.one_of(st.integers(), st.floats(), st.text(), st.lists(st.integers()), arrays(np.int64, array_shapes())))
def test_short_is_short_and_one_line(value):
    text = short(value)
    assert len(text) <= 220
    assert "\n" not in text


@pytest.mark.parametrize("name", ["convolution", "nonsense"])
def test_an_unknown_topic_is_an_error_that_lists_the_topics(name):
    with pytest.raises(AttributeError, match=f"no checks of '{name}'. The topics are start, faces, linear, .*, seeds"):
        getattr(checks, name)


def test_topics_are_completed():
    assert {*checks.TOPICS, "Hint", "hidden"} <= set(dir(checks))


# ---------------------------------------------------------------- the learner's own function


def test_yours_is_the_learners_only_after_its_check_has_passed(capsys):
    def course(face):
        return face[:, ::-1]

    def right(face):
        return face[:, ::-1]

    def wrong(face):
        return face[::-1]

    assert checks.yours(right, course) is course
    with pytest.raises(checks.Hint):
        checks.start.mirror(wrong)
    checks.start.mirror(right)
    capsys.readouterr()
    assert checks.yours(wrong, course) is course
    assert capsys.readouterr().out.startswith("From here on: the course's wrong.")
    mine = checks.yours(right, course)
    assert mine.__wrapped__ is right
    assert capsys.readouterr().out == "From here on: your own right.\n"
    assert checks.yours(mine, course) is mine  # the cell, run again


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([[1, 2], [3, 4]], np.ndarray),
        (keras.ops.convert_to_tensor([1.0, 2.0]), np.ndarray),
        (np.float16(3), np.float16),
        (True, bool),
        ("Training", str),
        ({"a": [1]}, dict),
        (keras.Input((3,)), keras.KerasTensor),
        ([], np.ndarray),
    ],
    ids=["list", "tensor", "number", "truth", "text", "dictionary", "symbol", "empty"],
)
def test_what_is_yours_goes_on_in_arrays(answer, kind):
    def mirror(face):
        return face[:, ::-1] if isinstance(face, np.ndarray) else answer

    checks.start.mirror(mirror)
    mine = checks.yours(mirror, np.fliplr)
    assert isinstance(mine("a"), kind)
    if kind is np.ndarray:
        assert mine("a").flags.writeable


def test_what_is_yours_is_a_number_where_the_course_has_one():
    def mirror(face):
        return face[:, ::-1] if isinstance(face, np.ndarray) else [0.5]

    def course(face) -> float:
        return 0.5

    checks.start.mirror(mirror)
    assert f"{checks.yours(mirror, course)('a'):.2f}" == "0.50"


def test_the_parts_of_what_is_yours_are_arrays_and_stay_apart():
    def mirror(face):
        return face[:, ::-1] if isinstance(face, np.ndarray) else ([[1.0, 2.0]], [3.0], "Training", 7)

    checks.start.mirror(mirror)
    weights, bias, split, number = checks.yours(mirror, np.fliplr)("a")
    assert (weights.shape, bias.shape, split, number) == ((1, 2), (1,), "Training", 7)


def test_a_changed_answer_has_not_passed():
    def answers():
        def mirror(face):
            return face[:, ::-1]

        return mirror

    first, second = answers(), answers()
    checks.start.mirror(first)
    assert checks.yours(second, np.fliplr) is np.fliplr


def test_what_a_failed_check_called_is_not_right_after_the_next_one_passes():
    def wrong(face):
        return face

    with pytest.raises(checks.Hint):
        checks.start.mirror(wrong)
    checks.start.mirror(np.fliplr)
    assert checks.yours(wrong, np.fliplr) is np.fliplr


def test_an_answer_that_cannot_be_kept_weakly_is_still_checked():
    class Mirror:
        __slots__ = ()
        __hash__ = None

        def __call__(self, face):
            return face[:, ::-1]

    checks.start.mirror(Mirror())
