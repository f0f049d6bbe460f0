"""The model card is what its script writes from the records."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_card_is_up_to_date():
    done = subprocess.run([sys.executable, "benchmarks/card.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "MODEL_CARD.md is up to date.\n"), done.stderr
