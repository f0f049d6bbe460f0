"""Draw the chart of results that the README shows, from the records: accuracy on real faces against multiply-adds.

usage: python benchmarks/chart.py            (writes docs/results.svg; half a minute, for Keras)
       python benchmarks/chart.py --check    (says whether the chart is what the records say)
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from matplotlib import pyplot as plt

from fer_course import results
from fer_course.evaluation.trials import summarise
from fer_course.plots import accuracy_against_cost
from fer_course.results import zoo

OUT = Path(__file__).parents[1] / "docs" / "results.svg"
#: Rows of the record of the best recipes that are shown beside the zoo, all of 48 pixels: row -> its name on the chart.
BEST = {"unseen teachers": "mini_xception, 80 epochs, teachers", "best": "mini_xception, 80 epochs"}
TITLE = "PublicTest of the real FER2013; bars: 95 % over three seeds"
PAPER = {"the paper: 61 % (published)": 0.61}


def main() -> int:
    """Write the chart, or compare it; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    drawing = draw()
    if not parser.parse_args().check:
        OUT.write_bytes(drawing)
        print(f"Wrote docs/{OUT.name}.")
        return 0
    if OUT.is_file() and OUT.read_bytes() == drawing:
        print(f"docs/{OUT.name} is up to date.")
        return 0
    print(f"docs/{OUT.name} is not what the records say: run python benchmarks/chart.py.", file=sys.stderr)
    return 1


def draw() -> bytes:
    """Return the chart as an SVG file on white: a README is shown on light and on dark pages."""
    figure = accuracy_against_cost({TITLE: points()}, PAPER)
    content = io.BytesIO()
    figure.savefig(content, format="svg", bbox_inches="tight", facecolor="white", metadata={"Date": None})
    plt.close(figure)
    return b"\n".join(line.rstrip() for line in content.getvalue().splitlines()) + b"\n"


def points() -> dict[str, tuple[float, float, float, float]]:
    """Return name -> multiply-adds, mean accuracy and its interval: the longest recipes first, then the zoo."""
    animals = zoo.points()
    cost = animals["mini_xception"][0]
    recorded = results.rows("best")
    best = {
        name: (cost, *summarise([run["report"]["accuracy"] for run in recorded[row]])) for row, name in BEST.items()
    }
    return best | {f"{name}, 8 epochs" if name == "mini_xception" else name: point for name, point in animals.items()}


if __name__ == "__main__":
    raise SystemExit(main())
