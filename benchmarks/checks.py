"""Print how long each check of each lesson took to answer: the learner waits for it (2 s at most, once Keras is loaded).

usage: python benchmarks/checks.py runs/STAMP        (a folder that `fer-course run` has written; nothing is run again)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

LIMIT = 2.0


def checks(path: Path) -> Iterator[tuple[str, float]]:
    """Yield (check, seconds) of an executed notebook, as papermill measured them."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        metadata = cell["metadata"]
        seconds = metadata.get("papermill", {}).get("duration")
        if metadata.get("nbgrader", {}).get("grade") and seconds is not None:
            yield metadata["nbgrader"]["grade_id"].removeprefix("check-"), seconds


def main(folder: str) -> None:
    """Print a line a check, and their number."""
    found = [(path.stem, *check) for path in sorted(Path(folder).glob("*.ipynb")) for check in checks(path)]
    if not found:
        sys.exit(f"There is no executed lesson in {folder}. Make one: fer-course run")
    for lesson, name, seconds in found:
        print(f"{lesson:<40} {name:<24} {seconds:6.2f} s{'  too slow' if seconds > LIMIT else ''}")
    slow = sum(seconds > LIMIT for _, _, seconds in found)
    print(f"{len(found)} checks, {slow} of them above {LIMIT:g} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="the folder of a run of all lessons")
    main(parser.parse_args().run)
