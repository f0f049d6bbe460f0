"""A kill between two files, without the end of the process that is killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fer_course._shared import files


class Killed(Exception):
    """Stands for a kill: nothing after it is written."""


@contextmanager
def killed_after(writes: int) -> Iterator[None]:
    """Let a kill come inside the `with` when so many files are written; it has to come."""
    real, written = files.atomic, []

    def atomic(path):
        if len(written) >= writes:
            raise Killed
        written.append(path)
        return real(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "atomic", atomic)
        with pytest.raises(Killed):
            yield
