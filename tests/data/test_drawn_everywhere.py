"""Drawn faces are the same on every Python and NumPy: their numbers to the last bit, their pixels within one grey level."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from repository import ROOT

# What is asked of a Python and a NumPy: everything behind the faces, and the faces.
CODE = """
import sys
from dataclasses import fields
import numpy as np
from fer_course.data import drawn
from fer_course.data.drawn import faults

found = {"images": drawn.draw(700, seed=21).images, "one": drawn.draw_one(drawn.PROTOTYPES["fear"], 5)}
for label in range(7):
    who = drawn.people(label, 1, seed=21)
    found |= {f"shown {label}": who.shown, f"units {label}": who.action_units}
    for part in (who.identity, who.pose, who.scene):
        found |= {f"{each.name} {label}": getattr(part, each.name) for each in fields(part)}
for balanced in (False, True):
    plan = faults.plan(5000, 21, balanced)
    found |= {f"{each.name} {balanced}": getattr(plan, each.name) for each in fields(plan)}
found["versions"] = np.array([sys.version.split()[0], np.__version__])
np.savez(sys.argv[1], **found)
"""


def interpreter(version: str) -> str:
    """The path of a Python, also of one that pyenv keeps; the test is skipped, loudly, where there is none."""
    command = [f"python{version}", "-c", "import sys; print(sys.executable)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYENV_VERSION": version})
    except FileNotFoundError:
        done = None
    if done is None or done.returncode:
        pytest.skip(f"Python {version} is not installed")
    return done.stdout.strip()


def numbers(python: Path | str, folder: Path) -> dict[str, np.ndarray]:
    """What `CODE` finds with a Python."""
    out = folder / "found.npz"
    done = subprocess.run([python, "-c", CODE, out], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(out) as found:
        return dict(found)


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> dict[str, np.ndarray]:
    return numbers(sys.executable, tmp_path_factory.mktemp("here"))


#: What `fer_course.data` imports besides NumPy.
IMPORTED = ["filelock", "pillow", "platformdirs", "pyyaml", "tqdm"]


# The oldest NumPy that the course takes, the newest that there is, and one between.
@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    ("python", "requirement"), [("3.11", "numpy==2.0.*"), ("3.12", "numpy==2.1.*"), ("3.13", "numpy>=2.2")]
)
def test_another_python_and_numpy_draw_the_same(here, tmp_path, python, requirement):
    executable = interpreter(python)
    uv = Path(sys.executable).with_name("uv")
    other = tmp_path / "venv" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", executable, tmp_path / "venv"], check=True, capture_output=True)
    done = subprocess.run(
        [uv, "pip", "install", "-q", "--python", other, requirement, *IMPORTED],
        capture_output=True,
        text=True,
    )
    if "error sending request" in done.stderr or "Failed to fetch" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    there = numbers(other, tmp_path)
    assert set(there) == set(here)
    for name in set(here) - {"images", "one", "versions"}:
        np.testing.assert_array_equal(there[name], here[name], err_msg=name)
    for name in ("images", "one"):
        assert np.abs(there[name].astype(int) - here[name]).max() <= 1, name
