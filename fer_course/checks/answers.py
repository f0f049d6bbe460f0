"""What an answer has to be: each function returns it in that form, or raises the hint that says what it is instead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_course.checks.comparing import as_array
from fer_course.checks.core import Hint, short


def whole(answer, what: str, advice: str = "") -> int:
    """Return a whole number as an int.

    Args:
        answer: what the learner's function returned: an int of Python or NumPy, or an array or tensor () of one.
        what: what the number is, at the start of a sentence: "A number of places".
        advice: what to do about a fraction; "": how to divide, or to make an int of it.

    """
    array = None if isinstance(answer, str) else as_array(answer)
    if array is not None and array.ndim == 0:
        answer = array[()]
    if isinstance(answer, (float, np.floating)):
        found = f"{answer:.1f}" if answer == round(answer, 1) else short(answer)  # 44.0, not 44, which looks whole
        divide = "Divide with // instead of /, or, where nothing is divided, make an int of it: int(…)."
        raise Hint(f"{what} is a whole number (int); found {found}. {advice or divide}")
    if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, np.integer)):
        raise Hint(f"{what} is a whole number (int); found {short(answer)}.")
    return int(answer)


def pixels(answer, what: str) -> np.ndarray:
    """Return a picture or pictures as an array of grey levels, uint8; a list of whole numbers from 0 to 255 will do.

    Args:
        answer: what the learner's function returned; an array has to be of uint8 already.
        what: what it is, at the start of a sentence: "A crop".

    """
    values = answer if isinstance(answer, np.ndarray) else as_array(answer)
    if values is None or values.dtype.kind not in "fiub":
        raise Hint(f"{what} is a NumPy array of grey levels; found {short(answer)} ({type(answer).__name__}).")
    if isinstance(answer, np.ndarray) and values.dtype != np.uint8:
        raise Hint(f"{what} has grey levels, uint8 as they came; found {values.dtype}. `.astype(np.uint8)` does it.")
    if values.dtype.kind not in "iu" or (values.size and not 0 <= values.min() <= values.max() <= 255):
        raise Hint(f"{what} has grey levels, whole numbers from 0 to 255; found {short(values)}.")
    return values.astype(np.uint8)


def number(answer, what: str) -> int | float | np.number:
    """Return one number as it came: of Python or NumPy, or an array () of one; `what` begins the sentence."""
    array = as_array(answer)
    if array is None or array.ndim or array.dtype.kind not in "fiu":
        raise Hint(f"{what} is one number; found {short(answer)}.")
    return array[()]


def several(answer, names: str, count: int) -> tuple | list:
    """Return an answer that has to be a tuple or list of `count` things, which `names` lists: "weights, bias"."""
    if not isinstance(answer, (tuple, list)) or len(answer) != count:
        words = {2: "two", 3: "three", 4: "four"}
        raise Hint(f"Return {words[count]} things, `return {names}`; found {short(answer)}.")
    return answer


def dictionary(answer, example: str, names: Sequence[str] = (), kind: str = "entry") -> dict:
    """Return an answer that has to be a dictionary with these names; `example` shows its form, `kind` is what a name names."""
    if not isinstance(answer, dict):
        raise Hint(f"Return a dictionary, {example}; found {short(answer)}.")
    for name in names:
        if name not in answer:
            raise Hint(f"The {kind} {name!r} is missing in your dictionary; it has {short(list(answer))}.")
    return answer


def one_of(answer, words: Sequence[str], what: str) -> str:
    """Return an answer that has to be one of these words; capitals, spaces around it and the apostrophe's form don't count."""
    word = answer.strip().lower().replace("’", "'") if isinstance(answer, str) else answer
    if not isinstance(word, str) or word not in words:
        raise Hint(f"{what}: expected one of the words {', '.join(map(repr, words))}; found {short(answer)}.")
    return word
