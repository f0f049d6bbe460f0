"""The model card and the page on planning are what their scripts write from the records."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("script", "page"), [("card", "MODEL_CARD.md"), ("planning", "docs/planning.md")])
def test_the_page_is_up_to_date(script, page):
    command = [sys.executable, f"benchmarks/{script}.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{page} is up to date.\n"), done.stderr
