"""The harness that the tests of all checks share: right answers, wrong answers and stubs, and what a check does with each.

A test module of checks holds a table, CHECKS = {check: (RIGHT, WRONG)}, and ends in `three_tests(CHECKS)`. RIGHT is
{name: answer}; WRONG is {name: (answer, pattern of its hint)}, or {words of its hint: answer}. A check that takes more than
the answer stands there as a `functools.partial`.
"""

import contextlib
import re
import warnings

import pytest

from fer_course.checks import Hint, NotAttempted

#: A hint is to be read, not studied.
LONGEST = 600


def three_tests(checks: dict, everyday: int | None = None):
    """Return three tests of all checks in the table: of right answers, of wrong answers, and of the untouched stub.

    `everyday`: how many wrong answers of each check are tried every day; the others are slow. None: all.
    """

    @pytest.mark.parametrize(("check", "answer"), right_cases(checks))
    def test_right(check, answer, capfd):
        assert_passes(check, answer, capfd)

    @pytest.mark.parametrize(("check", "answer", "pattern"), wrong_cases(checks, everyday))
    def test_wrong(check, answer, pattern, capfd):
        assert_hint(check, answer, pattern, capfd)

    @pytest.mark.parametrize("check", checks, ids=name_of)
    def test_not_attempted(check, capfd):
        assert_not_attempted(check, capfd)

    return test_right, test_wrong, test_not_attempted


def right_cases(checks: dict) -> list:
    return [
        pytest.param(check, answer, id=f"{name_of(check)}: {name}")
        for check, (right, _) in checks.items()
        for name, answer in right.items()
    ]


def wrong_cases(checks: dict, everyday: int | None = None) -> list:
    return [
        pytest.param(
            check,
            *with_pattern(name, case),
            id=f"{name_of(check)}: {name}",
            marks=pytest.mark.slow if everyday is not None and number >= everyday else (),
        )
        for check, (_, wrong) in checks.items()
        for number, (name, case) in enumerate(wrong.items())
    ]


def with_pattern(name: str, case) -> tuple:
    """The answer and the pattern of its hint, which is the name itself where none is given."""
    return case if isinstance(case, tuple) else (case, re.escape(name))


def function_of(check):
    """The check itself, where the table holds a partial of it."""
    return getattr(check, "func", check)


def name_of(check) -> str:
    return function_of(check).__name__


def unwritten(*arguments, **options):
    """What the stub of an exercise is."""
    raise NotImplementedError


def assert_passes(check, answer, capture) -> None:
    """One line that begins with the tick, no value, no warning, and nothing on stderr, for which nbgrader takes points off."""
    with silent(capture) as printed:
        assert check(answer) is None
    assert re.fullmatch("✔ .+\n", printed[0])


def assert_hint(check, answer, pattern: str, capture) -> str:
    """A hint that the pattern is found in, short, shown in place of a traceback, and nothing else; returns its words."""
    return str(raised_hint(check, answer, pattern, capture))


def raised_hint(check, answer, pattern: str, capture) -> Hint:
    """Do as assert_hint does; returns the hint itself, which knows its mistake."""
    return _assert_raises(Hint, "✘ Not yet. ", check, answer, pattern, capture)


def assert_not_attempted(check, capture, answer=unwritten) -> str:
    """No verdict on an answer that was not begun, but what to do; returns it."""
    return str(_assert_raises(NotAttempted, "✘ Not attempted yet. ", check, answer, "^Replace ", capture))


def _assert_raises(kind: type[Hint], title: str, check, answer, pattern: str, capture) -> Hint:
    with silent(capture) as printed, pytest.raises(Hint, match=pattern) as raised:
        check(answer)
    message = str(raised.value)
    assert type(raised.value) is kind
    assert len(message) < LONGEST
    assert raised.value._render_traceback_() == [title + message]
    assert printed == [""]
    return raised.value


def hidden_from_learners(warning) -> bool:
    """Whether it tells a library's authors of what will change: Python shows that where tests are run, and nowhere else."""
    return issubclass(warning.category, DeprecationWarning) and "fer_course" not in warning.filename


@contextlib.contextmanager
def silent(capture):
    """Nothing reaches stderr, warnings included; gives a list that holds what reached stdout when the block has ended."""
    printed = []
    capture.readouterr()  # what was printed before is not the check's
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield printed
    out, err = capture.readouterr()
    shown = [each for each in warned if not hidden_from_learners(each)]
    assert [str(warning.message) for warning in shown] == []
    assert err == ""
    printed.append(out)
