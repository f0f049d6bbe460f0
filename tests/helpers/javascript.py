"""Node runs the course's JavaScript in tests: a program on standard input, a value as JSON in and out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from fer_course._shared.scripts import LIBRARY

FIGURES = LIBRARY.parents[1] / "widgets" / "figures"
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js: the package nodejs of Debian")


def run_node(program: str, given=None, timeout: float = 120):
    """Execute a program as an ES module and return what its `answer` is: `given` is known to it, and so are the folders.

    Paths in import lines: `LIBRARY/network.js`, `FIGURES/window_inspector.js`.
    """
    text = program.replace("LIBRARY/", f"{LIBRARY.as_uri()}/").replace("FIGURES/", f"{FIGURES.as_uri()}/")
    read = "const given = JSON.parse((await import('node:fs')).readFileSync(0));"
    whole = f"{read}\n{text}\nconsole.log(JSON.stringify(answer));"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", whole],
        input=json.dumps(given), capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def modules() -> list[Path]:
    """Return all modules of the library and all figures."""
    return sorted([*LIBRARY.glob("*.js"), *FIGURES.glob("*.js")])
