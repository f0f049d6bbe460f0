"""Which system calls a sandbox has not: those that reach past its walls, and those that take memory which nobody can count.

Namespaces do not hold keys of the kernel, sockets of virtual machines, or the kernel's log; and memory of some kinds belongs to
no process. What is not there answers as on a system without it. The filter is a program of Linux' seccomp; bubblewrap loads it.
"""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager

#: Processor -> its number for seccomp, the column in `_ABSENT`, and its numbers of `mmap`, `socket`, `socketpair`, `setsockopt`
#: and `prctl`.
_PROCESSORS = {
    "x86_64": (0xC000003E, 0, (9, 41, 53, 54, 157)),
    "aarch64": (0xC00000B7, 1, (222, 198, 199, 208, 167)),
}
#: System call -> its number on each processor.
_ABSENT = {
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},  # keys of this user
    **{"shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180)},  # memory that is nobody's
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447), "vmsplice": (278, 75), "userfaultfd": (323, 282)},
    **{"io_uring_setup": (425, 425), "bpf": (321, 280), "perf_event_open": (298, 241), "fanotify_init": (300, 262)},
    **{"syslog": (103, 116), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "quotactl": (179, 60)},
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438)},
}  # fmt: skip
_LOAD, _EQUAL, _AT_LEAST, _HAS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
#: Where the filter finds the number, the processor, and the arguments of a call.
_NUMBER, _PROCESSOR, _ARGUMENTS = 0, 4, 16
#: Calls with this bit are those of another table, on x86_64.
_OTHER_TABLE = 0x40000000
_SHARED, _ANONYMOUS, _HUGE = 0x01, 0x20, 0x40000
#: Netlink tells which networks there are: none. ZeroMQ asks that before it uses files for sockets.
_UNIX, _NETLINK, _SOL_SOCKET, _SO_SNDBUF = 1, 16, 1, 7
#: The option of `prctl` by which a process hides what it has open from who watches it.
_SET_DUMPABLE = 4


def unknown_machine() -> str:
    """Return why there is no filter for this machine; "" if there is one."""
    return "" if platform.machine() in _PROCESSORS else f"calls of Linux can't be filtered on {platform.machine()}"


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
    """Return the filter for a processor, as `bwrap --seccomp` reads it.

    Raises:
        KeyError: for a processor that is not known, see `unknown_machine`.

    """
    processor, column, (mmap, socket, socketpair, setsockopt, prctl) = _PROCESSORS[machine]
    lines = [(_LOAD, 0, 0, _PROCESSOR), (_EQUAL, 1, 0, processor), _answer(_KILL), (_LOAD, 0, 0, _NUMBER)]
    lines += [(_AT_LEAST, 0, 1, _OTHER_TABLE), _answer(_ERROR | _ENOSYS)]
    for numbers in _ABSENT.values():
        lines += _if_called(numbers[column], [_answer(_ERROR | _ENOSYS)])
    # Shared memory without a file, of which a process can let go and keep it.
    lines += _if_called(mmap, [
        (_LOAD, 0, 0, _argument(3)), (_HAS, 0, 1, _HUGE), _answer(_ERROR | _EPERM),
        (_HAS, 0, 2, _ANONYMOUS), (_HAS, 0, 1, _SHARED), _answer(_ERROR | _EPERM), _answer(_ALLOW),
    ])  # fmt: skip
    # Only sockets within the sandbox; how much they hold can't be raised, and asking for it is no error.
    for number in (socket, socketpair):
        lines += _if_called(number, [
            (_LOAD, 0, 0, _argument(0)), (_EQUAL, 2, 0, _UNIX), (_EQUAL, 1, 0, _NETLINK), _answer(_ERROR | _EAFNOSUPPORT),
            _answer(_ALLOW),
        ])  # fmt: skip
    lines += _if_called(setsockopt, [
        (_LOAD, 0, 0, _argument(1)), (_EQUAL, 0, 3, _SOL_SOCKET), (_LOAD, 0, 0, _argument(2)), (_EQUAL, 0, 1, _SO_SNDBUF),
        _answer(_ERROR), _answer(_ALLOW),
    ])  # fmt: skip
    lines += _if_called(prctl, [
        (_LOAD, 0, 0, _argument(0)), (_EQUAL, 0, 1, _SET_DUMPABLE), _answer(_ERROR | _EPERM), _answer(_ALLOW),
    ])  # fmt: skip
    lines.append(_answer(_ALLOW))
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _answer(value: int) -> tuple[int, int, int, int]:
    return _RETURN, 0, 0, value


def _argument(index: int) -> int:
    """Return where the lower half of an argument lies."""
    return _ARGUMENTS + 8 * index


def _if_called(number: int, then: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Return lines that do something for one call; every way through them ends with an answer."""
    return [(_EQUAL, 0, len(then), number), *then]
