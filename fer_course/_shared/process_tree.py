"""Watch a process and all processes that it starts, from a thread of this process."""

from __future__ import annotations

import threading
from typing import Any, Self


def family(process: Any) -> list:
    """Return a psutil process and all processes that it started."""
    return [process, *process.children(recursive=True)]


class ProcessWatch:
    """While its block runs, call `look` in a thread, again and again. Subclasses define `look`.

    Args:
        seconds: the time between two calls.

    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def look(self) -> bool:
        """Look at the processes once; return False to stop watching."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while self.look() and not self._done.wait(self._seconds):
            pass
