"""How much memory a lesson takes."""

from __future__ import annotations

import threading

_SAMPLE_SECONDS = 0.2


class PeakMemory:
    """While its block runs, note the largest resident memory of all processes that this one starts, together.

    While a lesson runs these are the notebook's kernel and what the kernel starts: what the lesson itself needs, wherever it is
    opened. Sampled every 0.2 s in a thread, so that a shorter peak can be missed; memory that processes share counts twice.

    Attributes:
        peak: bytes, 0 before the block.

    """

    def __init__(self):
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        process = psutil.Process()
        own = process.cmdline()
        while True:
            self.peak = max(self.peak, sum(_resident(child, own) for child in process.children(recursive=True)))
            if self._done.wait(_SAMPLE_SECONDS):
                return


def _resident(process, starter: list[str]) -> int:
    """Return a process' resident memory in bytes; 0 if it has just ended, or is still a copy of the one that starts it.

    For a moment, until its own program begins, a new process looks as large as `starter`, whose command line it still has.
    """
    import psutil

    try:
        return 0 if process.cmdline() == starter else process.memory_info().rss
    except psutil.Error:
        return 0
