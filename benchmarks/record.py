"""Record runs' scores on real FER2013 in fer_course/results/, for the README and the lessons to quote.

usage: python benchmarks/record.py NAME --data PATH --command "how the runs were made" RUN [RUN ...]

Each RUN is a folder that `train` wrote; it is evaluated on PublicTest, once, in one view. Drawn faces are refused.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import date
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
from fer_course import data, files
from fer_course.evaluation import evaluate
from fer_course.training import Run

RESULTS = Path(__file__).parents[1] / "fer_course" / "results"


def main() -> None:
    """Evaluate the runs and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--data", required=True)
    parser.add_argument("--command", required=True)
    options = parser.parse_args()
    faces = data.load(options.data)
    if faces.drawn:
        sys.exit("Scores on drawn faces are not recorded as results.")
    runs = [_record(Run(path), faces) for path in options.runs]
    about = {"data": "FER2013", "command": options.command, "recorded": date.today().isoformat(), "runs": runs}
    files.write_json(RESULTS / f"{options.name}.json", about)


def _record(run: Run, faces) -> dict:
    kept = ("epochs", "best_epoch", "parameters", "seconds", "backend", "val_accuracy")
    training = {name: run.metrics[name] for name in kept}
    return {
        "recipe": dataclasses.asdict(run.recipe),
        "training": training,
        "report": evaluate(run, faces, "PublicTest").to_dict(),
    }


if __name__ == "__main__":
    main()
