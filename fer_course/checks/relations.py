"""What a wrong answer has in common with the right one, where one relation says it all: "each value is the right one times 2".

`observed` states a relation only if it holds for every value of every case, within the tolerance of the answer's dtype. It is an
observation and no guess at the cause: a learner who reads it finds the line.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from fer_course.checks.comparing import as_array, close, short

#: Larger answers are not searched: it would take too long.
MOST_VALUES = 1_000_000


class Case(NamedTuple):
    """One call of the learner's function."""

    answer: object
    expected: object
    #: Name of each parameter → what the function was called with.
    arguments: dict[str, object] | None = None


class _Pair(NamedTuple):
    got: np.ndarray  # as it came: its dtype decides about the tolerance
    wanted: np.ndarray  # float64
    arguments: dict[str, object]


def observed(cases: Sequence[Case]) -> str:
    """Return a sentence that says how the answers differ from the right ones, or "" if no single relation says it.

    Args:
        cases: the calls, with answers that are numbers, lists or arrays; at least one answer is wrong.

    """
    for name, argument in (cases[0].arguments or {}).items():
        if callable(argument) and all(case.answer is (case.arguments or {}).get(name) for case in cases):
            return f"Your answer is the argument `{name}`, as it was given."
    pairs = []
    for case in cases:
        got, wanted = as_array(case.answer), as_array(case.expected)
        if got is None or wanted is None or {got.dtype.kind, wanted.dtype.kind} - set("fiub") or not wanted.size:
            return ""
        pairs.append(_Pair(got, wanted.astype(np.float64), case.arguments or {}))
    if sum(pair.got.size + pair.wanted.size for pair in pairs) > MOST_VALUES:
        return ""
    same_shape = all(pair.got.shape == pair.wanted.shape for pair in pairs)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of means of nothing
        for finder in (_as_given, *(_SAME_SHAPE if same_shape else ()), _moved, *(() if same_shape else (_part,))):
            if found := finder(pairs):
                return found
        if not same_shape:
            return ""
        return _sums(pairs) or (_partly_right(pairs[0]) if len(pairs) == 1 else "")


# ----------------------------------------------------------------------------------------- whether a relation holds


def _holds(pairs: Sequence[_Pair], change: Callable[[_Pair], np.ndarray | float | None]) -> bool:
    """Return True if each answer is the changed right one, and the change changes something."""
    changes = False
    for pair in pairs:
        candidate = change(pair)
        if candidate is None or not close(pair.got, candidate):
            return False
        changes |= not close(candidate, pair.wanted)
    return changes


def _tells(pairs: Sequence[_Pair]) -> bool:
    """Return True if the right values are so many and so different that a relation can't hold by accident."""
    values = np.concatenate([pair.wanted.ravel() for pair in pairs])
    needed = 2 if all(pair.got.dtype.itemsize > 2 or pair.got.dtype.kind in "iub" for pair in pairs) else 4
    return len(np.unique(values)) >= needed


# -------------------------------------------------------------------------------------------- the answer as a whole


def _as_given(pairs: list[_Pair]) -> str:
    """Find an argument that is returned as it is, or the first call's answer in all calls."""
    for name in pairs[0].arguments:
        given = all(name in pair.arguments and _is(pair.got, pair.arguments[name]) for pair in pairs)
        if given and (_large(pairs) or all(pair.got.shape != pair.wanted.shape for pair in pairs)):
            return f"Your answer is the argument `{name}`, as it was given."
    if len(pairs) > 1 and all(close(pair.got, pairs[0].wanted) for pair in pairs):
        return "Your answer to every call is the right one to the first call."
    return ""


def _is(got: np.ndarray, argument) -> bool:
    array = as_array(argument)
    return array is not None and array.dtype.kind in "fiub" and close(got, array)


def _large(pairs: list[_Pair]) -> bool:
    """Return True if equal values are no accident: small numbers often are."""
    return sum(pair.got.size for pair in pairs) >= 3


def _not_finite(pairs: list[_Pair]) -> str:
    for pair in pairs:
        if close(pair.got, pair.wanted):
            continue
        if pair.got.dtype.kind != "f" or not np.isfinite(pair.wanted).all() or np.isfinite(pair.got).all():
            return ""  # the first wrong answer is the one that is shown
        wrong = ~np.isfinite(pair.got)
        kind = "nan (not a number)" if np.isnan(pair.got[wrong]).all() else "inf (too large)"
        if not np.isnan(pair.got[wrong]).all() and np.isnan(pair.got).any():
            kind = "nan or inf"
        if pair.got.ndim == 0:
            return f"Your value is {kind}."
        return f"{wrong.sum()} of your {wrong.size} values are {kind}, the first at {_place(wrong)}."
    return ""


def _constant(pairs: list[_Pair]) -> str:
    values = np.unique(np.concatenate([pair.got.ravel() for pair in pairs]))
    if len(values) == 1 and _large(pairs) and _tells(pairs):
        return f"All your values are {short(values[0])}."
    return ""


# ------------------------------------------------------------------------------------------------- value by value


def _wrapped(values: np.ndarray) -> np.ndarray | None:
    whole = np.rint(values)
    return np.mod(whole, 256) if close(values, whole) else None


_BY_VALUE = {
    "the right one with the opposite sign": np.negative,
    "1 minus the right one": lambda values: 1 - values,
    "255 minus the right one": lambda values: 255 - values,
    "the right one modulo 256: uint8 wraps round at 256": _wrapped,
    "the right one, rounded": np.rint,
    **{
        f"the right one, rounded to {digits} decimal place{'s' * (digits > 1)}": partial(np.round, decimals=digits)
        for digits in (1, 2, 3, 4)
    },
    "the right one without its fraction": np.trunc,
    "the right one, rounded down": np.floor,
    "the right one, rounded up": np.ceil,
    "the right one without its sign": np.abs,
    "the right one, with 0 in place of what is negative": lambda values: np.maximum(values, 0),
    "the square of the right one": np.square,
    "the square root of the right one": np.sqrt,
    "the natural logarithm of the right one": np.log,
    "the base-2 logarithm of the right one": np.log2,
    "the base-10 logarithm of the right one": np.log10,
    "e to the power of the right one": np.exp,
    "1 divided by the right one": np.reciprocal,
}


def _value_by_value(pairs: list[_Pair]) -> str:
    if not _tells(pairs):
        return ""
    for words, change in _BY_VALUE.items():
        if _holds(pairs, lambda pair, change=change: change(pair.wanted)) and (
            ("rounded" not in words and "fraction" not in words) or _cut(pairs, change)
        ):
            return f"Each of your values is {words}."
    return ""


def _cut(pairs: list[_Pair], change: Callable) -> bool:
    """Return True if a rounding leaves the answers as they are, digit for digit: 3e-12 is near 0, and not rounded to it."""
    for pair in pairs:
        ulps = 8 * np.finfo(pair.got.dtype).eps if pair.got.dtype.kind == "f" else 0
        if not np.allclose(change(pair.got), pair.got, rtol=ulps, atol=0, equal_nan=True):
            return False
    return True


def _factor(pairs: list[_Pair]) -> str:
    """Find a factor: the same everywhere, or a size or an argument in each case."""
    if not _tells(pairs):
        return ""
    if not all(np.isfinite(pair.got).all() and np.isfinite(pair.wanted).all() for pair in pairs):
        return ""
    telling = [pair for pair in pairs if pair.wanted.any()]  # where all is 0, any factor is right
    factors = [_factor_of(pair) for pair in telling]
    if not all(math.isfinite(factor) and factor for factor in factors) or all(map(_rounds_to_one, factors)):
        return ""
    named = _named(telling, factors, lambda factor, size: factor / size) or _named(
        telling, factors, lambda factor, size: factor * size, "divided by"
    )
    if _holds(pairs, lambda pair: factors[0] * pair.wanted):
        return f"Each of your values is the right one {_times(factors[0])}{f', which is also {named[1]}' if named else ''}."
    if named and _holds(pairs, lambda pair: _factor_of(pair) * pair.wanted if pair.wanted.any() else pair.wanted):
        return f"Each of your values is the right one {named[0]} {named[1]}."
    return ""


def _factor_of(pair: _Pair) -> float:
    place = np.unravel_index(np.abs(pair.wanted).argmax(), pair.wanted.shape)
    factor = float(pair.got[place]) / float(pair.wanted[place])
    if not math.isfinite(factor) or (factor and math.isinf(1 / factor)):
        return math.nan
    nice = round(factor) if abs(factor) >= 1 else 1 / round(1 / factor) if factor else 0.0
    return float(nice) if factor and abs(factor / nice - 1) < 1e-3 and close(pair.got, nice * pair.wanted) else factor


def _rounds_to_one(factor: float) -> bool:
    """Return True for a factor that `_times` would print as 1: no relation that helps."""
    return f"{factor:.6g}" == "1"


def _times(factor: float) -> str:
    inverse = 1 / factor
    if abs(factor) < 1 and close(inverse, round(inverse)):
        return f"divided by {round(inverse)}"
    return f"times {factor:.6g}"


def _offset(pairs: list[_Pair]) -> str:
    """Find what is added: the same everywhere."""
    if not _tells(pairs):
        return ""
    offset = float(pairs[0].got.ravel()[0]) - float(pairs[0].wanted.ravel()[0])
    nice = float(np.round(offset, 6))
    for added in (nice, offset):
        if math.isfinite(added) and added and _holds(pairs, lambda pair, added=added: pair.wanted + added):
            return f"Each of your values is the right one {'plus' if added > 0 else 'minus'} {abs(added):.6g}."
    return ""


def _named(pairs: list[_Pair], factors: list[float], rest: Callable, words="times") -> tuple[str, str] | None:
    """Return the words for a size or an argument that is the factor, or its inverse, in every case."""
    for name, size_of in _sizes(pairs[0]):
        sizes = [size_of(pair) for pair in pairs]
        if all(
            size is not None and size > 1 and close(rest(f, size), 1.0) for f, size in zip(factors, sizes, strict=True)
        ):
            return words, name
    return None


def _sizes(pair: _Pair) -> Iterator[tuple[str, Callable[[_Pair], float | None]]]:
    """Give the sizes that a factor may be, each with a function that reads it off a case."""
    for name, argument in pair.arguments.items():
        if isinstance(argument, (int, float, np.number)) and not isinstance(argument, bool):
            yield f"`{name}`", lambda pair, name=name: _scalar(pair.arguments.get(name))
            yield f"`{name}` squared", lambda pair, name=name: (_scalar(pair.arguments.get(name)) or 0) ** 2
        axes = argument.ndim if isinstance(argument, np.ndarray) else 0
        for axis in range(axes):
            words = f"the length of `{name}`" if axes == 1 else f"the length of `{name}` along axis {axis}"
            yield words, lambda pair, name=name, axis=axis: _length(pair.arguments.get(name), axis)
        if isinstance(argument, (list, tuple)):
            yield f"the length of `{name}`", lambda pair, name=name: float(len(pair.arguments.get(name, ())))
    for axis in range(pair.wanted.ndim):
        words = "the length of the answer" + (f" along axis {axis}" if pair.wanted.ndim > 1 else "")
        yield words, lambda pair, axis=axis: _length(pair.wanted, axis)
    if pair.wanted.ndim > 1:
        yield "the number of values in the answer", lambda pair: float(pair.wanted.size)


def _scalar(argument) -> float | None:
    return float(argument) if isinstance(argument, (int, float, np.number)) else None


def _length(argument, axis: int) -> float | None:
    return float(argument.shape[axis]) if isinstance(argument, np.ndarray) and argument.ndim > axis else None


# ------------------------------------------------------------------------------------------- changes and sums


def _step(pairs: list[_Pair]) -> str:
    """Find a relation between the changes of an argument: of weights, where a step of learning is asked for."""
    for name in pairs[0].arguments:
        changes = [change for pair in pairs if (change := _change_of(name, pair))]
        if len(changes) == len(pairs) and _large(changes) and (found := _value_by_value(changes) or _factor(changes)):
            return found.replace("Each of your values is", f"Each of your changes of `{name}` is")
    return ""


def _change_of(name: str, pair: _Pair) -> _Pair | None:
    """Return answer and right answer less the argument of that name, None where that makes no sense."""
    before = as_array(pair.arguments.get(name))
    if before is None or before.dtype.kind not in "fiu" or before.shape != pair.wanted.shape or not before.any():
        return None
    if np.median(np.abs(pair.wanted)) < 0.1 * np.median(np.abs(before)):
        return None  # the right answer is no step from here: it is of another size
    if pair.got.dtype.kind != "f":
        return None
    return _Pair(pair.got - before.astype(pair.got.dtype), pair.wanted - before, pair.arguments)


def _sums(pairs: list[_Pair]) -> str:
    """Find shares that should add up to 1 along an axis, and do not in the first wrong answer, which is the one that is shown."""
    if not (_large(pairs) and _tells(pairs)):
        return ""
    axes, first = pairs[0].wanted.ndim, next((pair for pair in pairs if not close(pair.got, pair.wanted)), None)
    if first is None:
        return ""
    for axis in range(axes):
        right = np.concatenate([pair.wanted.sum(axis).ravel() for pair in pairs])
        sums = first.got.astype(np.float64).sum(axis).ravel()
        if np.allclose(right, 1) and not np.allclose(sums, 1, rtol=0.02):
            low, high = short(sums.min()), short(sums.max())
            yours = low if low == high else f"{low} to {high}"
            return f"The right values add up to 1{_along(axis, axes)}; yours add up to {yours}."
    return ""


# -------------------------------------------------------------------------------------------- values at other places


def _moved(pairs: list[_Pair]) -> str:
    """Find the right values at other places, or summed up along an axis."""
    # Among zeros and ones much agrees by accident: one case alone proves nothing.
    least = 2 if len(pairs) > 1 else 3
    if not all(np.unique(pair.wanted).size >= least for pair in pairs) or not _large(pairs):
        return ""
    # A single True is the first, the largest and the last of right values at once, also if it was found in another way.
    if all(pair.got.size == 1 and np.unique(pair.wanted).size < 3 for pair in pairs):
        return ""
    if any(_holds(pairs, lambda pair, axes=axes: _first_alone(pair.wanted, axes)) for axes in (1, 2)):
        return "Only the first place is filled, all others are 0. Does a `return` end the loop too early?"
    if all(pair.got.ndim == 0 for pair in pairs) and _holds(pairs, lambda pair: pair.wanted.flat[0]):
        return "Your answer is the first of the right values alone. Does a `return` end the loop too early?"
    for words, change in _moves(pairs[0].wanted.ndim):
        if _holds(pairs, lambda pair, change=change: _changed(change, pair.wanted)):
            return words
    return ""


def _first_alone(wanted: np.ndarray, axes: int) -> np.ndarray | None:
    """Return zeros, but for the right values at the first place along so many axes: of maps (H,W,C), the C values at [0, 0]."""
    if wanted.ndim < axes:
        return None
    alone = np.zeros_like(wanted)
    alone[(0,) * axes] = wanted[(0,) * axes]
    return alone


def _changed(change: Callable, wanted: np.ndarray) -> np.ndarray | None:
    try:
        changed = change(wanted)
    except (ValueError, IndexError):  # another number of axes, or too short an axis
        return None
    return changed if changed.size else None


def _moves(axes: int) -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    """Give the ways in which values get to other places, each with the sentence for it."""
    for order in itertools.permutations(range(axes)) if axes <= 4 else ():
        if order != tuple(range(axes)):
            words = "rows and columns are swapped" if axes == 2 else f"its axes are in the order {order}"
            yield f"Your array is the right one, but {words}.", lambda x, order=order: x.transpose(order)
    every = range(axes)
    for axis in every:
        along = _along(axis, axes)
        yield f"Your values are the right ones in reverse{along}.", lambda x, axis=axis: np.flip(x, axis)
        for by, way in ((1, "late"), (-1, "early")):
            yield (
                f"Your values are the right ones, one place too {way}{along}; those that leave come in at the other end.",
                lambda x, axis=axis, by=by: np.roll(x, by, axis),
            )
            yield (
                f"Your values are the right ones, one place too {way}{along}, with 0 at the end that became free.",
                lambda x, axis=axis, by=by: _shifted(x, axis, by),
            )
        yield f"The two halves of the right values are swapped{along}.", lambda x, axis=axis: _halves(x, axis)
        yield f"Your values are the right ones, but sorted{along}.", lambda x, axis=axis: np.sort(x, axis)
        yield f"The first of the right values is missing{along}.", lambda x, axis=axis: np.delete(x, 0, axis)
        yield f"The last of the right values is missing{along}.", lambda x, axis=axis: np.delete(x, -1, axis)
        if axes > 1:  # before the smallest and the largest, which the first or last one may be
            for keep in (False, True):
                yield (
                    f"Your answer is the first of the right values{along} alone. Does a `return` end a loop too early?",
                    lambda x, axis=axis, keep=keep: _one_place(x, axis, 0, keep),
                )
                yield (
                    f"Your answer is the last of the right values{along} alone. Are those before it kept?",
                    lambda x, axis=axis, keep=keep: _one_place(x, axis, -1, keep),
                )
        for name, summary in (("sum", np.sum), ("mean", np.mean), ("largest", np.max), ("smallest", np.min)):
            for keep in (False, True):
                yield (
                    f"Your answer is the {name} of the right values{along}; keep all of them.",
                    lambda x, axis=axis, summary=summary, keep=keep: summary(x, axis=axis, keepdims=keep),
                )
        yield (
            f"Your values are the right ones divided by their sum{along}.",
            lambda x, axis=axis: x / x.sum(axis=axis, keepdims=True),
        )
        yield f"Your values are the right ones, summed up step by step{along}.", lambda x, axis=axis: np.cumsum(x, axis)
        yield (
            f"The values are right, but there is one more axis: your array has an additional axis {axis}.",
            lambda x, axis=axis: np.expand_dims(x, axis),
        )
    yield (
        f"The values are right, but there is one more axis: your array has an additional axis {axes}.",
        lambda x: np.expand_dims(x, -1),
    )
    if axes > 1:
        yield "Your values are the right ones in reverse along every axis.", np.flip
        yield "The values are right, and stand in one long row: give them the shape back.", np.ravel


def _one_place(values: np.ndarray, axis: int, place: int, keep: bool) -> np.ndarray:
    found = np.take(values, place, axis)
    return np.expand_dims(found, axis) if keep else found


def _along(axis: int, axes: int) -> str:
    return f" along axis {axis}" if axes > 1 else ""


def _shifted(values: np.ndarray, axis: int, by: int) -> np.ndarray:
    shifted = np.roll(values, by, axis)
    free = [slice(None)] * values.ndim
    free[axis] = slice(0, 1) if by > 0 else slice(-1, None)
    shifted[tuple(free)] = 0
    return shifted


def _halves(values: np.ndarray, axis: int) -> np.ndarray:
    if values.shape[axis] % 2 or values.shape[axis] < 4:
        raise ValueError("no halves, or such that are already reversed")
    return np.roll(values, values.shape[axis] // 2, axis)


def _part(pairs: list[_Pair]) -> str:
    """Find an answer that is too short or too long along one axis: what is missing, or what comes before or after."""
    axes = {_only_axis(pair) for pair in pairs}
    if len(axes) > 1 or None in axes:
        return ""
    (axis,) = axes
    along = _along(axis, pairs[0].wanted.ndim)
    lengths = [(pair.got.shape[axis], pair.wanted.shape[axis]) for pair in pairs]
    if not any(got for got, _ in lengths):
        return f"Your array is empty{along}."
    got, wanted = lengths[0]
    for start in range(abs(got - wanted) + 1):
        if all(_agree_inside(pair, axis, start) for pair in pairs):
            counts = ((start, "start"), (abs(got - wanted) - start, "end"))
            told = " and ".join(f"{count} at the {side}" for count, side in counts if count)
            return f"Your array is right, but too {'short' if got < wanted else 'long'}{along}, by {told}."
    return ""


def _only_axis(pair: _Pair) -> int | None:
    """Return the one axis along which the answer has another length, or None."""
    if pair.got.ndim != pair.wanted.ndim:
        return None
    other = [axis for axis, (a, b) in enumerate(zip(pair.got.shape, pair.wanted.shape, strict=True)) if a != b]
    return other[0] if len(other) == 1 else None


def _agree_inside(pair: _Pair, axis: int, start: int) -> bool:
    """Return True if the shorter of the two equals the part of the longer one that begins at this place."""
    shorter, longer = sorted((pair.got, pair.wanted), key=lambda array: array.shape[axis])
    end = start + shorter.shape[axis]
    return shorter.size >= 3 and end <= longer.shape[axis] and close(shorter, longer.take(range(start, end), axis))


# --------------------------------------------------------------------------------------------------- right in part


def _partly_right(pair: _Pair) -> str:
    """Say where an answer is wrong that is right at most of its places."""
    if pair.got.ndim == 0:
        return ""
    wrong = ~_near_each(pair)
    if not wrong.any() or wrong.sum() * 2 > wrong.size:
        return ""
    for axis, length in enumerate(wrong.shape):
        places = np.unique(np.argwhere(wrong)[:, axis])
        if length > 2 and len(places) == 1 and places[0] in (0, length - 1):
            end = "first" if places[0] == 0 else "last"
            which = "those" if wrong.take(places[0], axis).all() else "some"
            return f"All values are right but for {which} at the {end} place{_along(axis, wrong.ndim)}."
    inside = tuple(slice(1, -1) for _ in wrong.shape[:2])
    if wrong.ndim > 1 and min(wrong.shape[:2]) > 2 and not wrong[inside].any():
        return f"All values are right but for some on the border: {wrong.sum()} of {wrong.size}."
    return f"{wrong.sum()} of your {wrong.size} values {'differs' if wrong.sum() == 1 else 'differ'}; the others are right."


def _near_each(pair: _Pair) -> np.ndarray:
    near = np.zeros(pair.got.shape, bool)
    for place in np.ndindex(*near.shape):
        near[place] = close(pair.got[place], pair.wanted[place])
    return near


def _place(wrong: np.ndarray) -> list[int]:
    return [int(number) for number in np.argwhere(wrong)[0]]


_SAME_SHAPE = (_not_finite, _constant, _value_by_value, _factor, _offset, _step)
