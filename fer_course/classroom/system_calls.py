"""Calls of Linux that a sandbox refuses: what they reach is in no namespace, or what they keep in no process' memory.

bubblewrap takes a filter as a program for the kernel's seccomp: a list of instructions of eight bytes each.
"""

from __future__ import annotations

import errno
import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager

#: Machine -> the kernel's number for it, and call -> its number there.
_MACHINES = {
    "x86_64": (0xC000003E, {
        "add_key": 248, "request_key": 249, "keyctl": 250,  # keys of this user: of Kerberos, of encrypted disks
        "shmget": 29, "semget": 64, "msgget": 68,  # memory that is left when no process holds it
        "io_uring_setup": 425,  # does what other calls do, past all filters
        "prctl": 157,
    }),
    "aarch64": (0xC00000B7, {
        "add_key": 217, "request_key": 218, "keyctl": 219, "shmget": 194, "semget": 190, "msgget": 186, "io_uring_setup": 425,
        "prctl": 167,
    }),
}  # fmt: skip
#: The option of prctl by which a process hides its open files from who watches it.
_SET_DUMPABLE = 4
#: Numbers from here on are those of another set of calls, on the same processor.
_OTHER_CALLS = 0x40000000
# Offsets in what the filter is given; operations; what it returns.
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def unknown_machine() -> str:
    """Return why there is no filter for this machine; "" if there is one."""
    return "" if platform.machine() in _MACHINES else f"calls of Linux can't be filtered on {platform.machine()}"


@contextmanager
def rules() -> Iterator[int]:
    """Yield a descriptor from which bubblewrap reads the filter of this machine, once."""
    descriptor = os.memfd_create("rules", 0)  # without close-on-exec
    try:
        os.write(descriptor, program(platform.machine()))
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def program(machine: str) -> bytes:
    """Return the filter for a machine."""
    number, calls = _MACHINES[machine]
    refused = [call for name, call in calls.items() if name != "prctl"]
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_IF_EQUAL, 1, 0, number),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _OTHER_CALLS),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for call in refused:
        steps += [(_IF_EQUAL, 0, 1, call), (_RETURN, 0, 0, _REFUSE)]
    steps += [
        (_IF_EQUAL, 0, 3, calls["prctl"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, _SET_DUMPABLE),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
