"""Memory and processor time of a lesson."""

from __future__ import annotations

from fer_course._shared.process_tree import ProcessWatch

_SAMPLE_SECONDS = 0.2


class Usage(ProcessWatch):
    """While its block runs, measure the memory and processor time of all processes that this one starts.

    While a lesson is executed these are the notebook's kernel and the processes that the kernel starts: what the lesson itself
    needs, wherever it is opened. A thread measures every 0.2 s, so it can miss a shorter peak, or what a process does just before
    it ends. Memory that processes share counts twice.

    Attributes:
        peak: the largest resident memory, in bytes; 0 before the block.
        cpu_seconds: the processor time of all cores together, in seconds.

    """

    def __init__(self) -> None:
        super().__init__(_SAMPLE_SECONDS)
        self.peak = 0
        self._cpu: dict[tuple[int, float], float] = {}

    @property
    def cpu_seconds(self) -> float:
        """Return the processor time so far."""
        return sum(self._cpu.values())

    def look(self) -> bool:
        """Measure all processes once."""
        import psutil

        process = psutil.Process()
        own = process.cmdline()
        self.peak = max(self.peak, sum(self._measure(child, own) for child in process.children(recursive=True)))
        return True

    def _measure(self, process, starter: list[str]) -> int:
        """Store a process' time and return its resident memory in bytes; 0 if it has ended, or is still a copy of its starter.

        For a moment, until its own program begins, a new process has the command line and the size of its starter.
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
