"""Write what README.md and docs/results.md quote from the records: tables, and sentences with numbers in them.

usage: python benchmarks/tables.py            (writes both pages)
       python benchmarks/tables.py --check    (says whether both are what the records say)

A quoted passage stands between `<!-- tables.py: NAME -->` and `<!-- end -->`; all other text of the pages is written by hand.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from chart import BEST, points
from recording import ROOT
from studies import STUDIES
from writing import write_or_check

from fer_course import results
from fer_course.evaluation.trials import summarise
from fer_course.models import weights

#: What the paper prints: the share of FER2013 that its network names right, without seeds or an interval.
PAPER = 0.61
#: Parts of drawn_faces.json: (part, name in it) -> first two columns of the table.
DRAWN = {
    ("difficulty", "drawn test faces"): ("the embedded set, 20 epochs", "drawn test faces (no FER2013 score)"),
    ("transfer", "PublicTest"): ("14,000 drawn faces, no photograph", "real PublicTest (a guess: 14.3 % balanced)"),
    ("few", "from scratch"): ("500 photographs, from scratch", "real PublicTest"),
    ("few", "after drawn faces"): ("the same 500 after 14,000 drawn faces", "real PublicTest"),
}


def seconds(run: dict) -> float:
    """Return how long a recorded training took."""
    return run["timing"]["seconds"] if "timing" in run else run["training"]["seconds"]


def accelerated(run: dict) -> bool:
    """Return whether a recorded training ran on an accelerator; what does not say so ran on a CPU."""
    return (run.get("training") or run.get("timing", {})).get("device", "cpu") != "cpu"


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


def span(values: Sequence[float]) -> str:
    """Return lowest and highest of some shares as text."""
    low, high = percent(min(values)), percent(max(values))
    return f"{low} %" if low == high else f"{low} to {high} %"


def shown() -> dict[str, list[dict]]:
    """Return the rows of the table of recipes, name -> runs."""
    best = {row: runs for row, runs in results.rows("best").items() if not row.startswith("teacher")}
    return {"minutes": results.load("minutes")["runs"]} | results.rows("paper") | best


def recipes() -> str:
    """Return the table of recipes."""
    lines = [
        "| recipe | seeds | PublicTest: median, lowest to highest | balanced | minutes of training | with its teachers |",
        "|---|---|---|---|---|---|",
    ]
    for row, runs in shown().items():
        found, size = accuracies(runs), runs[0]["recipe"]["input_size"]
        score = f"{percent(statistics.median(found))} %" + (f", {span(found)}" if len(found) > 1 else "")
        balanced = percent(statistics.median(run["report"]["balanced_accuracy"] for run in runs))
        pixels = "" if size == 48 or f"{size} pixels" in row else f", {size} × {size} pixels"
        taught = minutes(runs, others) if (others := teachers(row)) else ""
        lines.append(f"| `{row}`{pixels} | {len(runs)} | {score} | {balanced} % | {minutes(runs)} | {taught} |")
    return "\n".join(lines)


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


def ratio() -> str:
    """Return how many plain epochs `minutes` takes."""
    return f"{statistics.median(run['timing']['ratio'] for run in results.load('minutes')['runs']):.1f}"


def patience() -> str:
    """Return after how many epochs the paper's settings stopped themselves."""
    epochs = [run["training"]["epochs"] for run in results.rows("paper")["paper"]]
    return f"{min(epochs)} to {max(epochs)}" if min(epochs) < max(epochs) else f"{min(epochs)}"


def drawn() -> str:
    """Return the table of what drawn faces are worth."""
    record = results.load("drawn_faces")
    lines = ["| trained on | tested on | accuracy | balanced | seeds |", "|---|---|---|---|---|"]
    for (part, name), columns in DRAWN.items():
        reports = [seed[name] for seed in record[part]["seeds"].values()]
        scores = (span([report[score] for report in reports]) for score in ("accuracy", "balanced_accuracy"))
        lines.append(f"| {' | '.join((*columns, *scores, str(len(reports))))} |")
    return "\n".join(lines)


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


#: Page -> name of a passage -> what writes it.
PASSAGES: dict[Path, dict[str, Callable[[], str]]] = {
    ROOT / "README.md": {"far": far, "reached": reached, "chart": chart},
    ROOT / "docs" / "results.md": {
        "recipes": recipes, "verdicts": verdicts, "patience": patience, "ratio": ratio, "drawn": drawn,
    },
}  # fmt: skip


def quoted(text: str, passages: dict[str, Callable[[], str]]) -> str:
    """Return a page with its passages written anew.

    Raises:
        SystemExit: if a passage is not in the page, once.

    """
    for name, write in passages.items():
        place = re.compile(rf"(<!-- tables\.py: {name} -->)(\s*).*?(\s*)(<!-- end -->)", re.DOTALL)
        if len(place.findall(text)) != 1:
            sys.exit(f"A page must hold `<!-- tables.py: {name} -->` once, and `<!-- end -->` after it.")
        passage = write().replace("\\", r"\\")
        text = place.sub(rf"\g<1>\g<2>{passage}\g<3>\g<4>", text)
    return text


def main() -> int:
    """Write the pages, or say whether they are what this script would write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check, status = parser.parse_args().check, 0
    for page, passages in PASSAGES.items():
        status |= write_or_check(page, quoted(page.read_text(encoding="utf-8"), passages), check)
    return status


if __name__ == "__main__":
    sys.exit(main())
