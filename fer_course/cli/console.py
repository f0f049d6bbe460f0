"""Printing to an output that lacks some characters, is not read to its end, or does not exist.

Every command of the course runs inside `printing`, the one place that takes care of its output.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Callable, Iterator

#: The exit status of a command whose output was not read to its end: what shells report when a closed pipe stops a program.
UNREAD = 141
#: What is written for a character that the output's encoding lacks; other characters become escapes, such as \u8bfe.
STAND_INS = {
    "✔": "ok", "✘": "x", "→": "->", "←": "<-", "·": ".", "×": "x", "▸": ">", "…": "...", "–": "-", "—": "-", "−": "-",
    "±": "+-", "≥": ">=", "≤": "<=", "≈": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "█": "#", "\u00a0": " ",
}  # fmt: skip
_ERRORS = "fer_course.cli.console"


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """Return what is written instead of the characters that an encoding lacks, and the position after them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(STAND_INS.get(character) or _escape(character) for character in missing), error.end


def _escape(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(_ERRORS, _stand_in)


class OutputError(Exception):
    """The output can't be written. This is not an OSError, so that it is not mistaken for trouble with a file."""

    def __init__(self, error: OSError):
        super().__init__(f"The output can't be written: {error.strerror or error}. Send it somewhere else.")
        self.unread = isinstance(error, BrokenPipeError)


class _Output:
    """A stream that raises an `OutputError` if it can't be written; all else is the stream's own."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _raise_output_errors():
            return self._stream.write(text)

    def writelines(self, lines) -> None:
        with _raise_output_errors():
            self._stream.writelines(lines)

    def flush(self) -> None:
        with _raise_output_errors():
            self._stream.flush()


@contextlib.contextmanager
def _raise_output_errors() -> Iterator[None]:
    """Turn an OSError of the output into an `OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError(error) from None


def printing(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; whatever happens to its output, it ends without a traceback.

    Characters that the output's encoding lacks are replaced by `STAND_INS`. If the output is no longer read, the command ends
    with the status `UNREAD`. If the output can't be written, an error goes to standard error, and the status is 1.
    """
    _open_missing_channels()
    before = sys.stdout, sys.stderr
    for stream in filter(None, before):
        if hasattr(stream, "reconfigure"):  # a notebook's streams lack it: they take every character
            stream.reconfigure(errors=_ERRORS)
    sys.stdout, sys.stderr = (stream and _Output(stream) for stream in before)
    try:
        return _run_and_flush(command)
    except OutputError as error:
        _close_what_fails(before)
        if error.unread:
            return UNREAD
        if before[1] is not None:
            print(f"fer-course: {error}", file=before[1])
        return 1
    finally:
        sys.stdout, sys.stderr = before


def _run_and_flush(command: Callable[[], int]) -> int:
    """Run a command and flush its output, even if it exits, as argparse does after printing help."""
    try:
        status = command()
    except SystemExit:
        _flush()
        raise
    _flush()
    return status


def _flush() -> None:
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()


def _open_missing_channels() -> None:
    """Open the channels 0, 1 and 2 if they are closed: otherwise the next file would get the number, and the output.

    Python has no stream for a closed channel, and prints nothing.
    """
    for channel in range(3):
        try:
            os.fstat(channel)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one


def _close_what_fails(streams) -> None:
    """Redirect streams that can't be written to nowhere, so that Python does not fail on them when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, streams):
        try:
            stream.write("")
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError, ValueError):  # ValueError: a stream without a number
                os.dup2(nowhere, stream.fileno())
                stream.flush()
    os.close(nowhere)
