"""How long the lessons take in two clones, one after the other: `fer-course run`, as `make course` calls it.

usage: python benchmarks/course.py BEFORE AFTER [LESSON …] [--onednn]        (with all lessons about an hour; nothing beside it)

BEFORE and AFTER are clones with a .venv each, for example of two versions of this repository. The lessons of each are its own,
and each runs as many at a time as it does by itself. With --onednn both take oneDNN's routines, which older versions leave to
TensorFlow. Prints wall seconds and processor seconds (user and system, of all processes), and how many times as fast AFTER is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from first_cell import taken_by


def seconds(clone: Path, lessons: list[str], variables: dict[str, str]) -> tuple[float, float]:
    """Return processor and wall seconds of a clone's lessons; a lesson that fails ends the script."""
    with tempfile.TemporaryDirectory() as out:
        call = [clone.resolve() / ".venv" / "bin" / "fer-course", "run", *lessons, "--out", Path(out) / "run"]
        try:
            return taken_by(call, clone, os.environ | variables)
        except subprocess.CalledProcessError:
            raise SystemExit(f"The lessons of {clone} were not all done, so their time says nothing.") from None


def main() -> None:
    """Run the lessons of both, and print their seconds and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--onednn", action="store_true")
    options = parser.parse_args()
    variables = {"FER_COURSE_DATA": "drawn"} | ({"TF_ENABLE_ONEDNN_OPTS": "1"} if options.onednn else {})
    taken = [seconds(clone, options.lessons, variables) for clone in (options.before, options.after)]
    for clone, (used, wall) in zip((options.before, options.after), taken, strict=True):
        print(f"{clone}: {wall:.0f} s, {used:.0f} processor seconds")
    (used, wall), (used_after, wall_after) = taken
    print(f"times as fast: {wall / wall_after:.2f}; by processor seconds {used / used_after:.2f}")


if __name__ == "__main__":
    main()
