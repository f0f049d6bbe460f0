"""What all checks are built from: call the learner's function safely, compare, and explain the difference."""

from __future__ import annotations

import copy
import functools
import inspect
import sysconfig
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_course._shared.hosts import remind
from fer_course.checks import feedback
from fer_course.checks.comparing import apart, as_array, close, near, short
from fer_course.checks.relations import Case, observed

_LIBRARIES = [Path(__file__).parents[1], *(Path(sysconfig.get_path(kind)) for kind in ("stdlib", "purelib", "platlib"))]


class _Shown:
    """Shows itself in IPython without a traceback: as a card in a notebook, as text elsewhere (see `feedback`)."""

    verdict: feedback.Verdict
    _lines: list[str] | None = None

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows instead of a traceback; in a notebook, show a card before them."""
        if self._lines is None:  # IPython asks once to show them, and once for its history
            self._lines = feedback.traceback_of(self.verdict, str(self))
        return self._lines


class Hint(_Shown, AssertionError):
    """The answer is wrong: says what was expected, what came, and what to try. Shown without a long traceback."""

    verdict = feedback.NOT_YET
    #: The known mistake that it is the hint for, if it is.
    mistake: Mistake | None = None


class NotAttempted(Hint):
    """The exercise has not been started: its function still raises NotImplementedError."""

    verdict = feedback.NOT_ATTEMPTED


class Interrupted(_Shown, KeyboardInterrupt):
    """The learner stopped an answer that did not end: says in which line it was. Shown without a traceback."""

    verdict = feedback.INTERRUPTED


class Mistake(NamedTuple):
    """A known mistake: the whole wrong answer, as a learner may write it, and the hint for it.

    The hint follows what was computed and a colon, so it begins in lower case. It may be a function of the arguments.
    """

    answer: Callable
    hint: str | Callable[..., str]


#: The last call of an answer: its arguments by name, and what it returned.
_last_call: ContextVar[tuple[dict[str, object], object] | None] = ContextVar("last call of an answer", default=None)
_seed: ContextVar[int | None] = ContextVar("seed of hidden tests", default=None)
#: The functions whose check has passed in this process.
_right: weakref.WeakSet[Callable] = weakref.WeakSet()
#: Those that `yours` has returned.
_in_arrays: weakref.WeakSet[Callable] = weakref.WeakSet()


def check(function: Callable) -> Callable:
    """Make a function a check: the answer that it is given first counts as right when it returns, so that `yours` can use it."""

    @functools.wraps(function)
    def checked(answer, *arguments, **options):
        result = function(answer, *arguments, **options)
        with suppress(TypeError):  # what can't be hashed or referred to weakly
            _right.add(answer)
        return result

    return checked


def yours(answer: Callable, course: Callable) -> Callable:
    """Return the learner's function if its check has passed in this kernel, else the course's, and say which.

    A check takes lists and tensors for arrays. The lesson goes on with arrays, and with a number where the course's function
    returns one: what is returned here converts the answers.

    Args:
        answer: the learner's function, as it is now. One that was changed after its check has not passed.
        course: the course's function of the same arguments.

    """
    right = False
    with suppress(TypeError):  # what can't be hashed has not passed
        right = answer in _right
    name = getattr(answer, "__name__", "function")
    if not right:
        print(f"From here on: the course's {name}. Once yours has passed its check, run this cell again.")
        return course
    print(f"From here on: your own {name}.")
    if answer in _in_arrays:
        return answer

    one_number = getattr(course, "__annotations__", {}).get("return") in ("float", "int", float, int)

    @functools.wraps(answer)
    def in_arrays(*arguments, **options):
        returned = _to_arrays(answer(*arguments, **options))
        return returned.item() if one_number and isinstance(returned, np.ndarray) and returned.size == 1 else returned

    _right.add(in_arrays)
    _in_arrays.add(in_arrays)
    return in_arrays


def _to_arrays(answer):
    """Return lists of numbers and tensors with values as arrays, also within a tuple or list; all else as it is."""
    if isinstance(answer, (np.ndarray, np.generic, str, int, float, Mapping)):
        return answer
    array = as_array(answer)
    if array is not None and array.dtype.kind in "fiub" and not isinstance(answer, tuple):
        return array if array.flags.writeable else array.copy()  # a tensor's values may not be changed
    return type(answer)(map(_to_arrays, answer)) if type(answer) in (tuple, list) else answer


@contextmanager
def hidden(seed: int) -> Iterator[None]:
    """Let checks draw other numbers than in a lesson, fixed by this seed, and say nothing where all is right."""
    token = _seed.set(seed)
    try:
        yield
    finally:
        _seed.reset(token)


def numbers(seed: int) -> np.random.Generator:
    """Return where a check's numbers come from: `default_rng(seed)`, or, in `hidden`, another one."""
    return np.random.default_rng(seed if _seed.get() is None else [seed, _seed.get()])


def grown(seed: int, *sides: int) -> tuple[int, ...]:
    """Return the sides of a check's arrays: as they are in a lesson, and in `hidden` each larger by one to three."""
    if _seed.get() is None:
        return sides
    return tuple(side + int(more) for side, more in zip(sides, numbers(seed).integers(1, 4, len(sides)), strict=True))


def passed(message: str) -> None:
    """Show what a right answer gets, and, where a session is temporary, once how to save it."""
    if _seed.get() is None:
        feedback.say_right(message)
        remind()


#: What to add to the hint of an answer that stopped: words of its error → the reason, or a function of the error that
#: returns the reason, a whole hint that takes the place of the usual one, or nothing.
Advice = Mapping[str, str] | Callable[[Exception], "str | Hint | None"]


def attempt(function: Callable, *arguments, advice: Advice | None = None, **options):
    """Call the learner's function on copies of the arguments and return what it returns.

    NumPy's warnings are silent meanwhile: a wrong answer may overflow, and nbgrader would take the warning for a failure.

    Args:
        function: the learner's function.
        arguments: what it is called with.
        advice: the reasons for errors that are known, added to the hint of a function that stops.
        options: keyword arguments of the call.

    Raises:
        NotAttempted: if it is no function, or raises NotImplementedError.
        Hint: if it raises anything else, returns nothing, or changes its arguments.
        Interrupted: if the learner interrupts it, an endless loop for instance.

    """
    if function is ... or function is None:
        raise NotAttempted("Replace the placeholder above by your answer, run that cell, then run this one again.")
    if not callable(function):
        raise Hint(f"The check needs your function itself; it was given {short(function)}. Leave out the parentheses?")
    name = getattr(function, "__name__", type(function).__name__)
    given = copy.deepcopy(arguments)
    try:
        with np.errstate(all="ignore"):
            answer = function(*given, **options)
    except Exception as error:
        raise _explained(error, _stopped(error, name, arguments), advice) from None
    except KeyboardInterrupt as error:
        raise Interrupted(f"Your {name} was still running{_own_line(error, name)[0]}") from None
    if answer is None:
        raise Hint(f"Your {name} returned nothing (None). Did you forget a `return`?")
    for place, (before, after) in enumerate(zip(arguments, given, strict=True)):
        if not _same(before, after):
            changed = _parameter(function, place)
            raise Hint(
                f"Your {name} changed its input in place. Work on a copy: `{changed} = {_copied(changed, before)}`."
            )
    _last_call.set((_by_name(function, arguments), answer))
    return answer


def _parameter(function: Callable, place: int) -> str:
    """Return the name that the function gives to the argument in this place, or "x" where it has none."""
    try:
        parameters = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return "x"
    named = place < len(parameters) and parameters[place].kind is not inspect.Parameter.VAR_POSITIONAL
    return parameters[place].name if named else "x"


def _copied(name: str, argument) -> str:
    """Return the code that copies an argument; the copy of a list or dictionary would hold the same arrays or lists."""
    if isinstance(argument, dict) and any(isinstance(each, list) for each in argument.values()):
        return f"{{key: list(each) for key, each in {name}.items()}}"
    arrays = isinstance(argument, (list, tuple)) and any(isinstance(part, np.ndarray) for part in argument)
    return f"[each.copy() for each in {name}]" if arrays else f"{name}.copy()"


def _by_name(function: Callable, arguments: Sequence) -> dict[str, object]:
    return {_parameter(function, place): argument for place, argument in enumerate(arguments)}


def _explained(error: Exception, hint: Hint, advice: Advice | None) -> Hint:
    """Return the hint for this error with the reason that the advice has for it."""
    if advice is None:
        return hint
    if callable(advice):
        reason = advice(error)
    else:
        told = f"{type(error).__name__}: {error}"
        reason = next((reason for words, reason in advice.items() if words in told), None)
    if isinstance(reason, Hint):
        return reason
    return Hint(f"{hint}\n  {reason}") if reason and not isinstance(hint, NotAttempted) else hint


def _stopped(error: Exception, name: str, arguments: Sequence) -> Hint:
    """Return the hint for a function that raised: with the last line that is the learner's own."""
    line, where, last = _own_line(error, name)
    if isinstance(error, NotImplementedError) and last:
        return NotAttempted(
            f"Replace `raise NotImplementedError` in {where} by your answer, run that cell, then this one."
        )
    return Hint(
        f"Your {name} stopped with {type(error).__name__}: {_clipped(str(error))}{line}"
        + (f"\n  It was called with {', '.join(map(short, arguments))}." if arguments else "")
    )


def _own_line(error: BaseException, name: str) -> tuple[str, str, bool]:
    """Return the learner's own last line as words, the name of its function, and whether the error was raised there."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is `attempt`
    own = [frame for frame in frames if not _is_library(frame.filename)]
    where = own[-1].name if own and own[-1].name.isidentifier() else name  # not <lambda>, <listcomp>
    line = f"\n  in the line: {own[-1].line}" if own and own[-1].line else ""
    return line + (f"  (of {where})" if line and where != name else ""), where, own[-1:] == frames[-1:]


def judge(
    function: Callable,
    cases: Sequence[tuple],
    right: Callable,
    what: Callable[..., str],
    *,
    mistakes: Sequence[Mistake] = (),
    advice: Mapping[str, str] | Callable | None = None,
    form: Callable | None = None,
    parts: Sequence[str] = (),
) -> list:
    """Call the learner's function in all cases, compare with the right answers and with known mistakes; return the answers.

    Args:
        function: the learner's function.
        cases: the arguments of each call, from plain to involved.
        right: the oracle: arguments → right answer, in float64 or whole numbers; a tuple where there are `parts`.
        what: arguments → what is computed, e.g. `softmax of scores (4, 7)`.
        mistakes: known mistakes. One that explains the answers in all cases comes first. If there is none, one that explains
            the first wrong answer counts, unless that is a single number, which several mistakes may give.
        advice: as for `attempt`; a function takes the error and the arguments.
        form: returns an answer in the form in which it is compared, or raises the hint for one of another kind.
        parts: the names of an answer's parts, e.g. ("the weights", "the bias"), where it is a tuple or list.

    Raises:
        NotAttempted: if the exercise has not been started.
        Hint: for the first case whose answer is wrong, or in which the function stops.

    """
    answers, stopped = [], None
    for arguments in cases:
        told = functools.partial(_advice_for, advice, arguments) if callable(advice) else advice
        try:
            answer = attempt(function, *arguments, advice=told)
            answers.append(form(answer) if form else answer)
        except NotAttempted:
            raise
        except Hint as hint:
            stopped = hint
            break
    expected = [right(*arguments) for arguments in cases[: len(answers)]]
    wrong = [place for place, pair in enumerate(zip(answers, expected, strict=True)) if not _matches(*pair)]
    if wrong:
        arguments = cases[wrong[0]]
        if mistake := _found(mistakes, cases, answers, expected, wrong, form):
            told = mistake.hint(*arguments) if callable(mistake.hint) else mistake.hint
            hint = Hint(f"{what(*arguments)}: {told}")
            hint.mistake = mistake
            raise hint
        named = [_by_name(function, each) for each in cases[: len(answers)]]
        _differs(answers, expected, named, wrong[0], what(*arguments), parts)
    if stopped:
        raise stopped
    return answers


def _advice_for(advice: Callable, arguments: tuple, error: Exception):
    return advice(error, *arguments)


def _found(mistakes, cases, answers, expected, wrong: list[int], form) -> Mistake | None:
    """Return the first mistake that explains all answers, else the first one that explains the first wrong answer.

    An answer of few different values agrees with a mistake by accident: there the mistake must explain what is right, too.
    """
    right = [place for place in range(len(answers)) if place not in wrong]
    some = [wrong[0], *right] if _tells_little(answers[wrong[0]]) else wrong[:1]
    for places in (range(len(answers)), some):
        if len(places) < len(answers) and _is_number(answers[wrong[0]]):
            return None
        for mistake in mistakes:
            differs = False
            for place in places:
                result = _result(mistake.answer, cases[place], form)
                if result is None or not _matches(answers[place], result):
                    break
                differs |= place in wrong and not _matches(result, expected[place])
            else:
                if differs:
                    return mistake
    return None


def _tells_little(answer) -> bool:
    """Return True for an answer with fewer than three different finite values."""
    array = as_array(answer)
    if array is None or array.dtype.kind not in "fiub":
        return False
    return len(np.unique(array[np.isfinite(array)])) < 3


def _result(function: Callable, arguments: tuple, form: Callable | None):
    """Return what a known mistake gives in this case; None where it stops, or gives something of another kind."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(*copy.deepcopy(arguments))
        return form(result) if form else result
    except Exception:
        return None


def _matches(answer, expected) -> bool:
    """Return True if an answer agrees with the expected one, or each of its parts does where that is a tuple."""
    if not isinstance(expected, tuple):
        return close(answer, expected)
    return len(answer) == len(expected) and all(map(close, answer, expected))


def _is_number(answer) -> bool:
    array = as_array(answer)
    return array is not None and array.size == 1


def _differs(answers: list, expected: list, named: list[dict], place: int, what: str, parts: Sequence[str]) -> None:
    """Raise the hint that says where the answers differ, the first time in this place, and by which relation if by one."""
    columns = [(answers, expected)]
    if parts:
        columns = list(zip(zip(*answers, strict=True), zip(*expected, strict=True), strict=True))
    for part, (got, wanted) in zip(parts or [""], columns, strict=True):
        if close(got[place], wanted[place]):
            continue
        relation = observed(list(map(Case, got, wanted, named))) or observed(
            [Case(got[place], wanted[place], named[place])]
        )
        _unexplained(got[place], wanted[place], f"{what}, {part}" if part else what, relation)


def expect(answer, expected, what: str, mistakes: Sequence[tuple[object, str]] = ()) -> None:
    """Compare an answer with the right one: type, then kind of number, then shape, then values.

    Args:
        answer: what the learner's function returned.
        expected: what it should have returned, computed in float64 or whole numbers.
        what: says what was computed, e.g. `softmax of [1, 2]`.
        mistakes: pairs of a known wrong answer and the hint for it.

    Raises:
        Hint: if they differ; the hint of a known mistake where the answer matches it.

    """
    if close(answer, expected):
        return
    for wrong, hint in mistakes:
        if not close(wrong, expected) and close(answer, wrong):
            raise Hint(f"{what}: {hint}")
    called = _last_call.get()
    arguments = called[0] if called and called[1] is answer else {}
    _unexplained(answer, expected, what, observed([Case(answer, expected, arguments)]))


def _unexplained(answer, expected, what: str, relation: str) -> None:
    """Raise the hint for a wrong answer that no known mistake explains: the relation first, then expected and found."""
    got, wanted = as_array(answer), np.asarray(expected)
    expects = f"{relation} Expected" if relation else "expected"
    if got is None:
        raise Hint(f"{what}: {expects} {_kind(wanted)}, found {short(answer)} ({type(answer).__name__}).")
    if got.shape != wanted.shape:
        raise Hint(f"{what}: {expects} {_kind(wanted)}, found {_kind(got)}.")
    if got.ndim == 0:
        told = apart(expected, answer)
        raise Hint(f"{what}: {expects} {told[0]}, found {told[1]}.")
    place = tuple(int(i) for i in np.argwhere(~near(got, wanted))[0])
    about = relation or f"the shape {wanted.shape} is right, but some values are not."
    told = apart(wanted[place], got[place])
    raise Hint(f"{what}: {about} At {list(place)}: expected {told[0]}, found {told[1]}.")


def raised_in(error: BaseException, function: str) -> bool:
    """Return True if an error comes out of a library's function of this name, such as "pad", that the learner's code called."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(frame.name == function and _is_library(frame.filename) for frame in frames)


def _is_library(file: str) -> bool:
    """Return True for code that the learner has not written: this package's, Python's, an installed one's."""
    path = Path(file)
    return file.startswith("<frozen") or (path.is_absolute() and any(map(path.is_relative_to, _LIBRARIES)))


def _clipped(text: str) -> str:
    """Cut a long message: an error may quote a whole row of 2,304 pixels."""
    return text if len(text) <= 200 else text[:197] + "..."


def _kind(array: np.ndarray) -> str:
    if array.dtype.kind in "US":
        return "a text" if array.ndim == 0 else f"an array of texts, of shape {array.shape}"
    return f"one number ({array.dtype})" if array.ndim == 0 else f"an array of shape {array.shape} ({array.dtype})"


def _same(before, after) -> bool:
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and before.tobytes() == after.tobytes()
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, (str, int, float)):
        return before == after or before != before  # NaN differs from itself
    return True
