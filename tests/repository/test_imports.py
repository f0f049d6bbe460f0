"""What is imported: the package and its data part come without Keras, so that they are there at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("keras", "tensorflow", "jax", "torch", "pandas", "matplotlib", "seaborn", "IPython", "sklearn", "papermill")


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        ("fer_course, fer_course.data, fer_course.recipes, fer_course.checks.start", HEAVY),
        ("fer_course.course, fer_course.cli", ("keras", "tensorflow", "jax", "torch")),
    ],
)
def test_light_modules_import_no_heavy_ones(modules, forbidden):
    code = f"import sys, {modules}; print(*sorted({set(forbidden)!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
