"""Write what README.md quotes from the records: sentences with numbers in them.

usage: python benchmarks/tables.py            (writes the page)
       python benchmarks/tables.py --check    (says whether it is what the records say)

A quoted passage stands between `<!-- tables.py: NAME -->` and `<!-- end -->`; all other text of the page is written by hand.
docs/results.md is written by scores.py, which takes its sentence on the paper from here.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import textwrap
from collections.abc import Callable, Sequence

from chart import BEST, points
from recording import ROOT, accelerated, seconds
from studies import STUDIES
from writing import write_or_check

from fer_course import results
from fer_course.evaluation.trials import summarise
from fer_course.models import weights

#: What the paper prints: the share of FER2013 that its network names right, without seeds or an interval.
PAPER = 0.61


def minutes(runs: Sequence[dict], others: Sequence[dict] = (), gpu: str = " + {} (GPU)") -> str:
    """Return the minutes of the middle one of some runs, plus those of all others, apart by device: 125 + 6 (GPU)."""
    spent = {True: 0.0, False: 0.0}
    if runs:
        spent[accelerated(runs[0])] = statistics.median(map(seconds, runs))
    for each in others:
        spent[accelerated(each)] += seconds(each)
    here, there = (f"{took / 60:.0f}" if took else "" for took in (spent[False], spent[True]))
    return here + gpu.format(there) if here and there else here or (f"{there} (GPU)" if there else "")


def teachers(row: str) -> list[dict]:
    """Return the recorded runs of a row's teachers, of the study `best`; empty for a row without, or if one is not recorded."""
    names, recorded = STUDIES["best"][1][row].teachers if row in STUDIES["best"][1] else (), results.rows("best")
    return [recorded[name][0] for name in names] if all(name in recorded for name in names) else []


def accuracies(runs: Sequence[dict]) -> list[float]:
    """Return the runs' accuracies on PublicTest."""
    return [run["report"]["accuracy"] for run in runs]


def percent(value: float) -> str:
    """Return a share as text without its sign: 61.1."""
    return f"{100 * value:.1f}"


def shown() -> dict[str, list[dict]]:
    """Return the rows of the table of recipes, name -> runs."""
    best = {row: runs for row, runs in results.rows("best").items() if not row.startswith("teacher")}
    return {"minutes": results.load("minutes")["runs"]} | results.rows("paper") | best


def against_the_paper(runs: Sequence[dict]) -> str:
    """Return how far a row got, by the 95 % interval of its mean over seeds: further, as far, or less far."""
    _, low, high = summarise(accuracies(runs))
    return "further" if low > PAPER else "less far" if high < PAPER else "as far"


def verdicts() -> str:
    """Return which rows' mean lies above, at and below what the paper prints."""
    rows: dict[str, list[str]] = {"further": [], "as far": [], "less far": []}
    words = {"further": "it lies above that for", "as far": "it contains that for", "less far": "it lies below for"}
    for row, runs in shown().items():
        if len(runs) > 1:
            mean, low, high = summarise(accuracies(runs))
            told = f"`{row}` ({percent(mean)} [{percent(low)}, {percent(high)}])"
            rows[against_the_paper(runs)].append(told)
    told = "; ".join(f"{words[where]} {', '.join(each)}" for where, each in rows.items() if each)
    text = (
        f"The paper's network took four days, for {100 * PAPER:.0f} %, without an interval. Of each row's mean over seeds, the "
        "95 % interval in points, which leaves out the luck of the test faces, says: "
        f"{told or 'nothing, as each row has one seed'}."
    )
    return textwrap.fill(text, 130, break_on_hyphens=False)


def shipped() -> tuple[str, list[dict]]:
    """Return name and runs of the row whose first seed comes with the course."""
    row = weights.about("mini_xception")["row"]
    return row, results.rows("best")[row]


def far() -> str:
    """Return how far README says that the course gets."""
    quick, (_, best) = results.load("minutes")["runs"], shipped()
    return f"gets {against_the_paper(quick)} in {minutes(quick)} minutes, {against_the_paper(best)} with teachers"


def reached() -> str:
    """Return what README says of the scores."""
    quick, (row, best) = results.load("minutes")["runs"], shipped()
    scores = [percent(statistics.median(accuracies(runs))) for runs in (quick, best)]
    return (
        f"mini-Xception reaches {scores[0]} % of PublicTest in {minutes(quick)} minutes on two CPU cores, and {scores[1]} % in "
        f"{minutes(best)} minutes with teachers, whose own trainings took {minutes([], teachers(row), ', and {} on a GPU')}"
    )


def looks() -> str:
    """Return what README says of one look at a face, two and ten."""
    row, cost = weights.about("mini_xception")["row"], results.load("view_cost")["milliseconds"]
    views = {run["views"]: run for run in results.load("views")["views"] if (run["row"], run["seed"]) == (row, 0)}
    words = {"one": "one look", "flips": "two looks", "flips and shifts": "ten looks"}
    told = [
        f"{said} {percent(views[name]['report']['accuracy'])} % "
        f"({percent(views[name]['without near copies']['accuracy'])} %, {cost[name]:.1f} ms)"
        for name, said in words.items()
    ]
    return (
        "By looks at a face (in brackets without the faces that Training holds, exactly or nearly; and processor time): "
        f"{', '.join(told)}."
    )


def chart() -> str:
    """Return README's chart with what it shows in words."""
    shares = {name: point[1] for name, point in points().items()}
    alone, taught = (shares.pop(BEST[row]) for row in ("best", "unseen teachers"))
    clearly = "" if against_the_paper(results.rows("best")["best"]) == "further" else "not clearly "
    where = f"at {100 * alone:.0f} %, {clearly}above"
    low, high = (f"{100 * end(shares.values()):.0f}" for end in (min, max))
    zoo = f"; after 8 epochs {len(shares)} networks lie between {low} and {high} %"
    return (
        f"![Accuracy on PublicTest against multiply-adds, with error bars: mini-Xception after 80 epochs lies {where} the "
        f"paper's 61 %, with teachers at {100 * taught:.0f} %{zoo}](docs/results.svg)"
    )


PAGE = ROOT / "README.md"
#: Name of a passage -> what writes it.
PASSAGES: dict[str, Callable[[], str]] = {"far": far, "reached": reached, "looks": looks, "chart": chart}


def quoted(text: str) -> str:
    """Return a page with its passages written anew.

    Raises:
        SystemExit: if a passage is not in the page, once.

    """
    for name, write in PASSAGES.items():
        place = re.compile(rf"(<!-- tables\.py: {name} -->)(\s*).*?(\s*)(<!-- end -->)", re.DOTALL)
        if len(place.findall(text)) != 1:
            sys.exit(f"A page must hold `<!-- tables.py: {name} -->` once, and `<!-- end -->` after it.")
        passage = write().replace("\\", r"\\")
        text = place.sub(rf"\g<1>\g<2>{passage}\g<3>\g<4>", text)
    return text


def main() -> int:
    """Write the page, or say whether it is what this script would write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    return write_or_check(PAGE, quoted(PAGE.read_text(encoding="utf-8")), parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
