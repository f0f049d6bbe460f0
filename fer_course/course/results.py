"""The key result of a lesson, for people and for machines."""

from __future__ import annotations

import math

from fer_course.errors import LessonError

#: The MIME type of a lesson's key result among its outputs.
RESULT_TYPE = "application/vnd.fer-course.result+json"


def result(sentence: str, **numbers: float) -> None:
    """Show a lesson's key result and hand its numbers to `fer-course run`.

    Every lesson calls it in its last section. In a notebook the sentence is displayed, and the output also holds the numbers,
    under `RESULT_TYPE`. Elsewhere the sentence is printed.

    Args:
        sentence: the result in words, one line.
        numbers: the same result for machines. NumPy numbers are fine; infinities and NaN become `null` in JSON.

    Raises:
        LessonError: if a value is not a single number.

    Example:
        >>> result("PublicTest accuracy 61.2 %", accuracy=0.612, n=3589)
        PublicTest accuracy 61.2 %

    """
    plain = {name: _plain_number(name, value) for name, value in numbers.items()}
    bundle = {"text/plain": sentence, RESULT_TYPE: {"sentence": sentence, "numbers": plain}}
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(sentence)
        return
    if get_ipython() is None:
        print(sentence)
    else:
        display(bundle, raw=True)


#: The name in the first edition, which learners' own copies of lessons still call.
report = result


def _plain_number(name: str, value) -> float | int | bool | None:
    """Return a NumPy or Python number as one that JSON knows; None for NaN and infinities."""
    try:
        number = value.item() if hasattr(value, "item") else value
    except ValueError:  # an array of several numbers
        number = None
    if not isinstance(number, (bool, int, float)):
        raise LessonError(f"result() takes single numbers; found {name}={value!r}. Put words into the sentence.")
    return number if math.isfinite(number) else None
