"""Drawn faces outlive a test session: drawing a set takes longer than most tests, and the same code draws the same faces.

The package's cache decides whether a kept file still fits: its name holds a hash of the code that draws.
"""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from repository import ROOT

#: One folder per Python and NumPy, which may differ in the last bit. `make clean` removes it.
FOLDER = (
    ROOT / "build" / "drawn-for-tests" / f"python-{sys.version_info[0]}.{sys.version_info[1]}-numpy-{np.__version__}"
)
#: The most files to keep; the oldest go first.
MOST = 3


def copy(source: Path, target: Path) -> None:
    """Copy the cached sets of drawn faces that `target` lacks, each whole or not at all. Without them, tests are only slower."""
    with contextlib.suppress(OSError):
        target.mkdir(parents=True, exist_ok=True)
        for file in source.glob("[!.]*.npy"):
            if not (target / file.name).exists() and _is_drawn(file):
                part = target / f".part-{os.getpid()}-{file.name}"
                shutil.copyfile(file, part)
                part.replace(target / file.name)
        for file in sorted(target.glob("[!.]*.npy"), key=lambda file: file.stat().st_mtime)[:-MOST]:
            file.unlink()


def _is_drawn(file: Path) -> bool:
    """Return whether a file of the cache, four arrays of which the last is a description, says that its faces were drawn."""
    with contextlib.suppress(ValueError, EOFError, OSError, KeyError), file.open("rb") as arrays:
        *_, description = (np.lib.format.read_array(arrays, allow_pickle=False) for _ in range(4))
        return json.loads(description.tobytes())["name"].startswith("drawn")
    return False
