"""Record runs' scores on real FER2013 in fer_course/results/, for the README and the lessons to quote.

usage: python benchmarks/record.py NAME --data PATH --command "how the runs were made" RUN [RUN ...]

Each RUN is a folder that `train` wrote; it is evaluated on PublicTest, once, in one view. Drawn faces are refused.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
from recording import RESULTS, about, real_faces, report_of

from fer_course._shared import files
from fer_course.runs import Run


def main() -> None:
    """Evaluate the runs and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--data", required=True)
    parser.add_argument("--command", required=True)
    options = parser.parse_args()
    faces = real_faces(options.data)
    runs = [report_of(Run(path), faces) for path in options.runs]
    files.write_json(RESULTS / f"{options.name}.json", about(options.command, runs=runs))


if __name__ == "__main__":
    main()
