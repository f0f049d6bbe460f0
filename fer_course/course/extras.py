"""Modules that are not always installed."""

from __future__ import annotations

import importlib

from fer_course import installing
from fer_course.errors import LessonError


def require(module: str, purpose: str, extra: str = "lab") -> None:
    """Raise a LessonError that says how to install the extra if a module that is not always installed is missing."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise LessonError(f"{purpose.capitalize()} needs {module}. {installing.advice(extra)}") from error
