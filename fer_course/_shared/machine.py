"""What this process may use of the machine: processors and memory, within the limits of a container."""

from __future__ import annotations

import os
from pathlib import Path


def processors() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Return how many bytes of memory are free."""
    import psutil

    return min([psutil.virtual_memory().available, *container_memory()])


def container_memory() -> list[int]:
    """Return the bytes that a container's limit leaves; [] if there is no limit.

    Files that the kernel keeps in memory until somebody needs it count as free, as in Kubernetes' working set.
    """
    for limit, used, kept in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        try:
            most, now, details = [Path("/sys/fs/cgroup", name).read_text().split() for name in (limit, used, kept)]
        except OSError:
            continue
        if not most[0].isdigit():
            return []
        parts = dict(zip(details[::2], details[1::2], strict=False))
        reclaimable = parts.get("total_inactive_file") or parts.get("inactive_file", "0")
        return [int(most[0]) - int(now[0]) + int(reclaimable)]
    return []
