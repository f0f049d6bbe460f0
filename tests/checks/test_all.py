"""Every check of every topic: one exercise uses it, it tells what was not begun from what is wrong, and tests try it out.

The tests of a topic's checks are in test_TOPIC.py, which tests/helpers/answers.py describes.
"""

import ast
import contextlib
import functools
import importlib
import inspect
import os
import re
import sys
import warnings
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pytest
from answers import assert_hint, assert_not_attempted, assert_passes, function_of, raised_hint

from fer_course import checks
from fer_course.checks import Hint, NotAttempted
from fer_course.checks.core import Mistake
from fer_course.course import cells

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
LESSONS = sorted((ROOT / "lessons").glob("*.ipynb"))
WRONG_ANSWERS = 3


def public_checks() -> list[tuple[str, str]]:
    """Topic and name of every check, such as ("linear", "softmax"), read off the modules in fer_course/checks."""
    return [
        (topic, name)
        for topic in checks.TOPICS
        for name, function in inspect.getmembers(getattr(checks, topic), inspect.isfunction)
        if function.__module__ == f"fer_course.checks.{topic}" and not name.startswith("_")
    ]


def read(path: Path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def syntax_tree(cell) -> ast.AST:
    """A code cell's syntax, its magics and shell lines left out."""
    return ast.parse(re.sub(r"^( *)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE))


def calls_of(cell) -> list[tuple[tuple[str, str], str]]:
    """The checks that a cell calls, each with what it is given: `checks.linear.softmax(mine)` is one."""
    calls = [node for node in ast.walk(syntax_tree(cell)) if isinstance(node, ast.Call)]
    found = [(re.fullmatch(r"checks\.([a-z]+)\.(\w+)", ast.unparse(call.func)), call) for call in calls]
    return [(match.groups(), ast.unparse(call.args[0])) for match, call in found if match]


def calls_in(path: Path) -> list[tuple[tuple[str, str], str]]:
    return [call for cell in read(path).cells if cells.is_check(cell) for call in calls_of(cell)]


def stub_of(topic: str, name: str):
    """The function that a lesson gives to the learner to write for this check, with what the lesson has imported."""
    found = [(path, answer) for path in LESSONS for check, answer in calls_in(path) if check == (topic, name)]
    assert found, f"No lesson calls checks.{topic}.{name}. Is lessons/ older than solutions/? Run `make lessons`."
    path, answer = found[0]
    parts = [part for cell in read(path).cells if cell.cell_type == "code" for part in syntax_tree(cell).body]
    imports = [part for part in parts if isinstance(part, (ast.Import, ast.ImportFrom))]
    stub = next(part for part in parts if isinstance(part, ast.FunctionDef) and part.name == answer)
    made = {}
    exec(compile(ast.Module([*imports, stub], []), path.name, "exec"), made)
    return made[answer]


def cases_of(test: str, topic: str, name: str) -> list[tuple]:
    """What the parametrised test of this name tries the check with: the check as the table holds it, answer, pattern."""
    function = getattr(importlib.import_module(f"tests.checks.test_{topic}"), test)
    cases = [case.values for mark in function.pytestmark for case in mark.args[1]]
    return [case for case in cases if function_of(case[0]) is getattr(getattr(checks, topic), name)]


def known_mistakes() -> list:
    """Every mistake of the tables in fer_course/checks with its check: SOFTMAX_MISTAKES are those of `softmax`."""
    return [
        pytest.param(topic, name, mistake, id=f"{topic}.{name} {number}")
        for topic, name in public_checks()
        for number, mistake in enumerate(mistakes_of(topic, name))
    ]


def mistakes_of(topic: str, name: str) -> tuple:
    return getattr(getattr(checks, topic), f"{name.upper()}_MISTAKES", ())


every_check = pytest.mark.parametrize(("topic", "name"), public_checks())


def test_the_table_of_topics_names_every_module_of_checks():
    shared = {"__init__", "core", "comparing", "answers", "oracles", "relations", "feedback", "moving", "calling"}
    modules = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - shared
    table = re.findall(r"(?m)^``([a-z]+)`` +\S", checks.__doc__)
    assert list(checks.TOPICS) == table
    assert set(checks.TOPICS) == modules


def test_each_check_is_used_by_one_exercise():
    used = Counter(check for path in SOLUTIONS for check, _ in calls_in(path))
    assert used == Counter(public_checks())


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_each_exercise_uses_a_check(path):
    assert [cell.id for cell in read(path).cells if cells.is_check(cell) and not calls_of(cell)] == []


@every_check
def test_right_answers_and_at_least_three_wrong_ones_try_the_check_out(topic, name):
    assert cases_of("test_right", topic, name)
    wrong = {answer for _, answer, _ in cases_of("test_wrong", topic, name)}
    assert len(wrong) + len(mistakes_of(topic, name)) >= WRONG_ANSWERS


@pytest.mark.parametrize("topic", checks.TOPICS)
def test_every_table_of_mistakes_is_that_of_a_check(topic):
    tables = [name for name, value in vars(getattr(checks, topic)).items() if is_table(value)]
    assert set(tables) <= {f"{name.upper()}_MISTAKES" for each, name in public_checks() if each == topic}


def is_table(value) -> bool:
    return isinstance(value, tuple) and bool(value) and all(type(each) is Mistake for each in value)


@pytest.mark.parametrize(("topic", "name", "mistake"), known_mistakes())
@pytest.mark.parametrize("seed", [None, 1])
def test_a_known_mistake_gets_its_own_hint(topic, name, mistake, seed, capfd):
    check = cases_of("test_right", topic, name)[0][0]
    with checks.hidden(seed) if seed else contextlib.nullcontext():
        hint = raised_hint(check, mistake.answer, ".", capfd)
    assert hint.mistake is not None, f"no known mistake, but: {hint}"
    assert hint.mistake.hint == mistake.hint, f"the hint of another mistake: {hint}"


#: The topics whose hints have been read with this question.
SEEN = checks.TOPICS[: checks.TOPICS.index("augmentation")]


@pytest.mark.parametrize(("topic", "name", "mistake"), [case for case in known_mistakes() if case.values[0] in SEEN])
def test_a_hint_says_what_the_check_has_seen_and_not_what_the_learner_wrote(topic, name, mistake):
    """A check sees results. Another code may give the same: "that is exactly what … gives", and not "you divide by …"."""
    told = mistake.hint if isinstance(mistake.hint, str) else ""
    assert not re.search(r"(?i)\b(?<!do )(?<!before )(?<!when )you (always |never )?[a-z]+", told)


@every_check
def test_the_stub_of_the_exercise_is_not_attempted(topic, name, capfd):
    stub = stub_of(topic, name)
    told = assert_not_attempted(cases_of("test_right", topic, name)[0][0], capfd, stub)
    assert f"in {stub.__name__} by" in told


@every_check
def test_what_is_no_answer_gets_a_hint_and_no_other_error(topic, name, capfd):
    check = cases_of("test_right", topic, name)[0][0]
    assert_not_attempted(check, capfd, None)
    assert_not_attempted(check, capfd, ...)
    assert_hint(check, 5, "function itself", capfd)
    assert_hint(check, lambda *arguments, **options: None, "return", capfd)


def as_tensor(array):
    import keras

    return keras.ops.convert_to_tensor(array)


def in_half(array):
    return array.astype(np.float16) if array.dtype.kind == "f" else array


FORMS = {"lists": np.ndarray.tolist, "views": lambda array: array[...], "tensors": as_tensor, "float16": in_half}


def in_form(answer, form):
    """An answer with each of its arrays in another form."""
    if isinstance(answer, tuple):
        return tuple(in_form(part, form) for part in answer)
    return form(answer) if isinstance(answer, np.ndarray) and answer.ndim else answer


@every_check
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_lists_views_tensors_and_float16_count_alike(topic, name, form, capfd):
    check, right = cases_of("test_right", topic, name)[0]

    @functools.wraps(right)
    def answer(*arguments, **options):
        return in_form(right(*arguments, **options), form)

    assert_passes(check, answer, capfd)


# -------------------------------------------------------------------------------- the harness can fail: bad checks


def that_does(*acts, raises=None):
    """A check that does other things than to say that the answer is right, or than to raise its hint."""

    def check(answer):
        for act in acts:
            act()
        if raises:
            raise raises
        print("✔ Good.")

    return check


def on_stderr():
    print("look", file=sys.stderr)


def on_stderr_as_libraries_do():
    os.write(2, b"look")


def with_a_warning():
    warnings.warn("look", stacklevel=1)


ANYTHING = [on_stderr, on_stderr_as_libraries_do, with_a_warning, print]
TOO_LONG = Hint("words " * 100)
fails = (AssertionError, pytest.fail.Exception)


@pytest.mark.parametrize(
    "check",
    [
        *[that_does(act) for act in ANYTHING],
        that_does(raises=Hint("words")),
        that_does(raises=ValueError("words")),
        lambda answer: print("Good."),
        lambda answer: print("✔ Good.\nVery."),
        lambda answer: print("✔ Good.", end=""),
        lambda answer: None,
        lambda answer: print("✔ Good.") or True,
    ],
)
def test_a_check_that_passes_in_another_way_is_found(check, capfd):
    with pytest.raises((*fails, ValueError)):
        assert_passes(check, 5, capfd)


@pytest.mark.parametrize(
    "check",
    [
        *[that_does(act, raises=Hint("words")) for act in ANYTHING],
        *[
            that_does(raises=error)
            for error in (Hint("other"), TOO_LONG, NotAttempted("words"), AssertionError("words"))
        ],
        that_does(),
    ],
)
def test_a_check_that_hints_in_another_way_is_found(check, capfd):
    with pytest.raises(fails):
        assert_hint(check, 5, "words", capfd)


@pytest.mark.parametrize(
    "check", [that_does(), that_does(raises=Hint("Replace it.")), that_does(raises=NotAttempted("x"))]
)
def test_a_check_that_takes_a_stub_for_an_answer_is_found(check, capfd):
    with pytest.raises(fails):
        assert_not_attempted(check, capfd)


def test_good_checks_are_not(capfd):
    assert_passes(that_does(), 5, capfd)
    assert assert_hint(that_does(raises=Hint("two words")), 5, "words", capfd) == "two words"
    assert assert_not_attempted(that_does(raises=NotAttempted("Replace it.")), capfd) == "Replace it."


@every_check
@pytest.mark.parametrize(("seed", "wrong_answers"), [
    (1, 1), *(pytest.param(seed, None, marks=pytest.mark.slow) for seed in (1, 20_000))
])  # fmt: skip
def test_hidden_tests_tell_right_from_wrong_with_other_numbers(topic, name, seed, wrong_answers):
    for check, answer in (case[:2] for case in cases_of("test_right", topic, name)):
        with checks.hidden(seed):
            check(answer)
    for check, answer, _ in cases_of("test_wrong", topic, name)[:wrong_answers]:
        with checks.hidden(seed), pytest.raises(Hint):
            check(answer)


#: Their cases have no shape that could be another: dictionaries, recipes, whole models, numbers of draws.
SHAPELESS = {
    *("keras_layers", "illnesses", "bootstrap_interval", "mini_xception", "median_latency", "model_card", "plan"),
    *("run_seeds", "decide", "shift_kernel", "lenet"),
}


def shapes_given(check, answer) -> set[str]:
    """What a check gives to the answer: arrays by their shape, the rest as it is."""
    given = set()

    @functools.wraps(answer)
    def recorded(*arguments, **options):
        given.add(repr([getattr(argument, "shape", argument) for argument in arguments]))
        return answer(*arguments, **options)

    check(recorded)
    return given


@every_check
def test_hidden_tests_have_other_shapes(topic, name):
    if name in SHAPELESS:
        return
    check, answer = cases_of("test_right", topic, name)[0][:2]
    shown = shapes_given(check, answer)
    with checks.hidden(3):
        hidden = shapes_given(check, answer)
    assert hidden - shown


@every_check
def test_what_has_passed_is_yours_from_there_on(topic, name, capfd):
    check, right = cases_of("test_right", topic, name)[0]

    @functools.wraps(right)
    def answer(*arguments, **options):
        return right(*arguments, **options)

    assert checks.yours(answer, right) is right
    check(answer)
    assert checks.yours(answer, right).__wrapped__ is answer
