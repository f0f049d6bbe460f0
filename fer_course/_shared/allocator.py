"""What malloc does with memory that is freed: it keeps it for the next step of a training, and gives it back afterwards.

By default the C library of Linux gets each large piece of memory from the system, and returns it when it is freed. A step of a
training needs hundreds of megabytes and frees them in the end. For the next step the system empties as many pages again and hands
them out one by one, which takes a good part of that step. Sources: `man 3 mallopt`; benchmarks/allocator.py measures it.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

#: Names in `man 3 mallopt`, numbers in malloc.h, and what each is set to.
TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
KEEPING = {MMAP_MAX: 0, TRIM_THRESHOLD: 2**31 - 1, ARENA_MAX: 1}
#: Who sets one of these has chosen.
CHOSEN = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES")


@cache
def _libc() -> ctypes.CDLL | None:
    """Return the C library if its malloc can be told what to do: glibc's."""
    try:
        library = ctypes.CDLL(None)
        return library if all(hasattr(library, name) for name in ("mallopt", "malloc_trim")) else None
    except (OSError, TypeError):  # TypeError: Windows has no library without a name
        return None


def keep_what_is_freed() -> bool:
    """Tell malloc to keep freed memory of this process for what it needs next; return whether it will.

    Does nothing where the C library is another one, or where one of the variables in `CHOSEN` is set.
    """
    library = _libc()
    if library is None or any(name in os.environ for name in CHOSEN):
        return False
    return all(library.mallopt(option, value) for option, value in KEEPING.items())


def give_back() -> None:
    """Return to the system what is free; what is needed next comes from there again."""
    if (library := _libc()) is not None:
        library.malloc_trim(0)
