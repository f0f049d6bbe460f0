"""The errors that this package raises on purpose. Each says what was expected, what was found, where, what to do."""

from reprlib import Repr

_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 3, 80, 80, 80


def shown(value: object) -> str:
    """Return a value as Python writes it, cut to a length that fits an error message.

    A value from a file may be very large, and one from YAML may contain itself a billion times.
    """
    return _SHORT.repr(value)


def first_line(error: BaseException, most: int | None = None) -> str:
    """Return the first line of an error that another library raised, or the error's type if it has no text.

    Args:
        error: the error.
        most: the largest number of characters; None: all.

    """
    return (str(error).strip() or type(error).__name__).splitlines()[0][:most]


class FerCourseError(Exception):
    """Base of every error that fer_course raises on purpose; the command line prints it without a traceback."""


class WriteError(FerCourseError, OSError):
    """A file can't be written: says which, why and what to do. What was in the file before is unchanged."""

    def __str__(self):
        return str(self.args[0])  # an OSError would show number and name again


class BusyError(FerCourseError):
    """Another process is writing to a folder that only one process at a time may write to: says which, and what to do."""


class SetupError(FerCourseError, ImportError):
    """Keras can't be loaded on this machine: says why, and what to do."""


class DataError(FerCourseError, ValueError):
    """A file or folder does not hold what FER2013 holds: names the file, the row or member, and what to do."""


class RecipeError(FerCourseError, ValueError):
    """A recipe has an unknown name, an unknown setting, or a value out of range."""


class ModelError(FerCourseError, ValueError):
    """A model has an unknown name, or an input size or number of classes that it can't be built for."""


class RunError(FerCourseError):
    """A training run's folder is missing, incomplete, or belongs to another recipe."""


class LessonError(FerCourseError):
    """A lesson, profile or parameter that does not exist was asked for."""


class PhotographError(FerCourseError, ValueError):
    """A file is not a picture, or a picture or a box in it can't be used: says what was found and what to do."""


class ExportError(FerCourseError):
    """A network can't be exported, or an exported file can't be loaded: says what was found and what to do."""


class ClassError(FerCourseError):
    """A class's folder, students or submissions are not as expected: names the file and line, and what to do."""


class SweepError(FerCourseError, ValueError):
    """A sweep's file or folder is not as expected, or some of its trials failed: says which, and what to do."""
