"""Write docs/parts.md from the records: what each part of mini-Xception and of LeNet is worth on real faces.

usage: python benchmarks/parts.py            (writes the page)
       python benchmarks/parts.py --check    (says whether the page is what the records say)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from writing import write_or_check

from fer_course import results
from fer_course.evaluation.trials import summarise

OUT = Path(__file__).parents[1] / "docs" / "parts.md"
TEXT = """# What each part is worth

Written by `python benchmarks/parts.py` from the records; don't edit it by hand. Every row was trained with three seeds on the
Training faces of the real FER2013. The differences are taken seed by seed. Their 95 % intervals contain the luck of training,
not the choice of test faces. Where one contains 0, three seeds can't tell.

## Mini-Xception

Eight epochs of one recipe; {n:,} faces of PublicTest, copies of Training faces among them
(`python benchmarks/study.py size --data PATH --out FOLDER`). Lesson 08 argues about these rows. Without normalisation two
trainings of three never got beyond the most frequent class: there an interval, which supposes differences that scatter round a
middle, says little.

| changed | parameters | PublicTest, mean | difference in points |
|---|---|---|---|
{size}

## LeNet (1995)

The best of 12 epochs on a fifth of Training that is held out; {test:,} faces of PublicTest, without the exact copies of Training
faces (`python benchmarks/one_change.py --data PATH`). Always naming the most frequent class scores {majority:.1f} %. Lesson 04
argues about these rows. The last column has the same networks on faces moved by {shift} pixels.

| changed | parameters | PublicTest, mean | difference in points | moved to the right |
|---|---|---|---|---|
{changes}
"""


def main() -> int:
    """Write the page, or say whether it is what this script would write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    return write_or_check(OUT, page(), parser.parse_args().check)


def page() -> str:
    """Return the page."""
    size, one = results.rows("size"), results.load("one_change")
    scores = {row: {run["recipe"]["seed"]: run["report"]["accuracy"] for run in runs} for row, runs in size.items()}
    parameters = {row: runs[0]["training"]["parameters"] for row, runs in size.items()}
    changed = {run["row"]: run["parameters"] for run in one["trainings"]}
    unmoved, moved = (
        {row: {run["seed"]: run["accuracy"][place] for run in one["trainings"] if run["row"] == row} for row in changed}
        for place in (0, -1)
    )
    at_the_end = {row: f" {100 * np.mean(list(each.values())):.1f} % |" for row, each in moved.items()}
    return TEXT.format(
        n=size["mini_xception"][0]["report"]["n"],
        size=table(scores, parameters, "mini_xception"),
        test=one["n"],
        majority=100 * one["majority"],
        shift=one["shifts"][-1],
        changes=table(unmoved, changed, "LeNet of 1995", at_the_end),
    )


def table(
    scores: Mapping[str, Mapping[int, float]],
    parameters: Mapping[str, int],
    base: str,
    ends: Mapping[str, str] | None = None,
) -> str:
    """Return the rows of a table: of `scores`, row -> seed -> accuracy, each beside that of the row `base`."""
    lines = []
    for row, each in scores.items():
        difference = ""
        if row != base:
            difference = told([100 * (each[seed] - scores[base][seed]) for seed in sorted(each)])
        mean = 100 * np.mean(list(each.values()))
        name = "nothing" if row == base else row
        lines.append(f"| {name} | {parameters[row]:,} | {mean:.1f} % | {difference} |{(ends or {}).get(row, '')}")
    return "\n".join(lines)


def told(differences: Sequence[float]) -> str:
    """Return mean and interval of some differences."""
    return "{:+.1f} [{:+.1f}, {:+.1f}]".format(*summarise(differences))


if __name__ == "__main__":
    sys.exit(main())
