"""Printing where the output can't hold every sign, where nobody reads it to its end, or where there is none.

Every command of the course runs inside `printing`: the one place that sees to its output.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Callable, Iterator

#: The exit status of a command whose output nobody read to its end; shells give it to what a closed pipe stops.
UNREAD = 141
#: What is written for a sign that the output's encoding does not have; other signs become escapes, such as \u8bfe.
STAND_INS = {
    "✔": "ok", "✘": "x", "→": "->", "←": "<-", "·": ".", "×": "x", "▸": ">", "…": "...", "–": "-", "—": "-", "−": "-",
    "±": "+-", "≥": ">=", "≤": "<=", "≈": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "█": "#", "\u00a0": " ",
}  # fmt: skip
_ERRORS = "fer_course.cli.console"


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """Return what is written instead of the signs that an encoding does not have, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(STAND_INS.get(sign) or _escape(sign) for sign in signs), error.end


def _escape(sign: str) -> str:
    return sign.encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(_ERRORS, _stand_in)


class OutputError(Exception):
    """What was printed can't be written; no OSError, so that nobody takes it for trouble with a file."""

    def __init__(self, error: OSError):
        super().__init__(f"The output can't be written: {error.strerror or error}. Send it somewhere else.")
        self.unread = isinstance(error, BrokenPipeError)


class _Output:
    """A stream that says by an `OutputError` that it can't be written; all else is the stream's own."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _told():
            return self._stream.write(text)

    def writelines(self, lines) -> None:
        with _told():
            self._stream.writelines(lines)

    def flush(self) -> None:
        with _told():
            self._stream.flush()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(error) from None


def printing(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; whatever becomes of its output, it ends without a traceback.

    Signs that the output's encoding does not have are replaced by `STAND_INS`. A command whose output nobody reads any more
    is ended, with the status `UNREAD`; one whose output can't be written says so on standard error, with the status 1.
    """
    _open_missing_channels()
    before = sys.stdout, sys.stderr
    for stream in filter(None, before):
        if hasattr(stream, "reconfigure"):  # a notebook's streams have none: they take everything
            stream.reconfigure(errors=_ERRORS)
    sys.stdout, sys.stderr = (stream and _Output(stream) for stream in before)
    try:
        return _flushed(command)
    except OutputError as error:
        _close_what_fails(before)
        if error.unread:
            return UNREAD
        if before[1] is not None:
            print(f"fer-course: {error}", file=before[1])
        return 1
    finally:
        sys.stdout, sys.stderr = before


def _flushed(command: Callable[[], int]) -> int:
    """Run a command, and write what it printed, even if it exits: argparse does when it has printed its help."""
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
    """Open the channels 0, 1 and 2 where they are closed: else the next file would get one's number, and what is printed.

    Python itself has no stream for a closed channel, and prints nothing.
    """
    for channel in range(3):
        try:
            os.fstat(channel)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one


def _close_what_fails(streams) -> None:
    """Let the streams that can't be written end nowhere, so that Python does not fail on them when it ends."""
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
