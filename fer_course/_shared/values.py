"""What kind of value a user gave: True and False are `int` to Python, but nobody means them as numbers."""

from __future__ import annotations

from typing import TypeGuard


def is_whole(value: object) -> TypeGuard[int]:
    """Return True for a Python whole number, False for True and False."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return True for a Python number, False for True and False."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
