"""How much memory a process has needed. Linux only.

Not `ru_maxrss`: that outlives `exec`, so a small process counts as large as the one that started it, and it can't be set back.
"""

from __future__ import annotations

from pathlib import Path

#: Code that prints, as the last thing that a process of its own does, the most megabytes that it has had.
PRINT_PEAK = """
with open("/proc/self/status") as lines:
    print(next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), flush=True)
"""


def peak() -> float:
    """Return the most memory, in MB, that this process has had since it began, or since `forget`."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmHWM"))


def forget() -> float:
    """Forget the peak so far; return the memory, in MB, that this process has now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()
