"""How much memory and processor time a lesson takes."""

from __future__ import annotations

import threading

_SAMPLE_SECONDS = 0.2


class Usage:
    """While its block runs, note what all processes that this one starts take together.

    While a lesson runs these are the notebook's kernel and what the kernel starts: what the lesson itself needs, wherever it is
    opened. Sampled every 0.2 s in a thread, so that a shorter peak, or what a process does just before it ends, can be missed;
    memory that processes share counts twice.

    Attributes:
        peak: the largest resident memory, bytes; 0 before the block.
        cpu_seconds: the processor time, of all cores together.

    """

    def __init__(self):
        self.peak = 0
        self._cpu: dict[tuple[int, float], float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def cpu_seconds(self) -> float:
        """Return the processor time so far."""
        return sum(self._cpu.values())

    def __enter__(self) -> Usage:
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
            self.peak = max(self.peak, sum(self._sample(child, own) for child in process.children(recursive=True)))
            if self._done.wait(_SAMPLE_SECONDS):
                return

    def _sample(self, process, starter: list[str]) -> int:
        """Note a process' time, return its resident memory in bytes; 0 if it ended, or is still a copy of what starts it.

        For a moment, until its own program begins, a new process looks as large as `starter`, whose command line it still has.
        """
        import psutil

        try:
            if process.cmdline() == starter:
                return 0
            times = process.cpu_times()
            self._cpu[process.pid, process.create_time()] = times.user + times.system
            return process.memory_info().rss
        except psutil.Error:
            return 0
