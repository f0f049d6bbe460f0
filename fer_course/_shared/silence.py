"""`with silence():` hides what libraries print. Errors still show: they are raised, not printed."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout

# Never closed: a library that is imported inside the `with` may keep it as its output.
_NOWHERE = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


@contextmanager
def silence() -> Iterator[None]:
    """Hide all that is printed, warned or logged inside the `with`, by C++ libraries too."""
    before = logging.root.manager.disable
    with ExitStack() as stack:
        stack.enter_context(closed(1))
        stack.enter_context(closed(2))
        stack.enter_context(redirect_stdout(_NOWHERE))
        stack.enter_context(redirect_stderr(_NOWHERE))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.callback(logging.disable, before)
        logging.disable(logging.CRITICAL)
        yield


@contextmanager
def closed(channel: int) -> Iterator[None]:
    """Hide what is written to a channel of this process inside the `with`: 1 is standard output, 2 standard error."""
    with redirected(channel, _NOWHERE.fileno()):
        yield


@contextmanager
def redirected(channel: int, target: int) -> Iterator[None]:
    """Send what is written to a channel of this process, 1 or 2, to another file descriptor; C++ libraries included."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # None under pythonw
            stream.flush()
    try:
        kept = os.dup(channel)
    except OSError:  # there is no such channel, as under pythonw
        yield
        return
    os.dup2(target, channel)
    try:
        yield
    finally:
        os.dup2(kept, channel)
        os.close(kept)
