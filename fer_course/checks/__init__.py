"""Checks for the exercises: `checks.lesson01.softmax(my_softmax)` tests an answer and says what to try if it is wrong.

A check passes silently but for one line, or raises `Hint` (the answer is wrong; known mistakes get their own hint) or
`NotAttempted` (the exercise still raises NotImplementedError). One module a lesson, imported when it is first used.
"""

import importlib

from fer_course.checks.core import Hint, NotAttempted, hidden

__all__ = ["Hint", "NotAttempted", "hidden"]


def __getattr__(name: str):
    if name.startswith("lesson") and name[6:].isdigit():
        try:
            return importlib.import_module(f"fer_course.checks.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"fer_course.checks.{name}":
                raise
    raise AttributeError(f"module 'fer_course.checks' has no attribute {name!r}")
