"""Write docs/results.md from the records: scores on real FER2013, what was chosen on which faces, looks at PublicTest.

usage: python benchmarks/scores.py            (writes the page)
       python benchmarks/scores.py --check    (says whether the page is what the records say)
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from studies import STUDIES, TUNED
from tables import minutes, teachers, verdicts
from transfer import DRAWN_FACES, PHOTOGRAPHS, WELL
from writing import write_or_check

from fer_course import results
from fer_course.faces import NEAR

OUT = Path(__file__).parents[1] / "docs" / "results.md"
TEXT = """# Results on FER2013

Written by `python benchmarks/scores.py` from the records; don't edit it by hand.

Mini-Xception with its 58,423 parameters, at 48 × 48 pixels where nothing else is said, trained on the Training faces of the real
FER2013 alone, on two shared CPU cores, or, where it says GPU, on an NVIDIA H100 with other trainings beside it. PublicTest ({n:,}
faces; ± {chance:.1f} points by chance) was looked at once a seed, in the end; nobody chose an epoch by it.

| recipe | seeds | PublicTest: median, lowest to highest | without near copies | balanced | minutes | with its teachers |
|---|---|---|---|---|---|---|
{rows}

*Minutes* are those of training. The last column adds those of all teachers that a row learned from, apart for CPU and GPU.

*Without near copies* is the median without the {left_out} faces of PublicTest that Training holds: {copies} pixel for pixel,
{near} more nearly, as their pixels correlate by {least:g} or more. It is known of those networks whose answers were kept. What
each part of mini-Xception and of LeNet is worth stands in [parts](parts.md).

{verdicts}

`paper` are the settings that it prints, stopped by their own patience after {patience} epochs.
{paper_at_48}How each class fares, confusion matrices, and the command that makes each of these runs again stand in
[fer_course/results/](../fer_course/results/); the predicted probabilities of several networks stand in `publictest.npz` there.

`minutes` takes {ratio:.1f} times as long as one plain epoch of Keras (batch 64, Adam, no augmentation) measured just before it,
in the same process. On the machine of that row ({machine}) such an epoch took {plain:.0f} s. Minutes of rows from different
machines can't be compared.
The distilled ones learn from the probabilities of one teacher or three as well; where it says 64 pixels, each face is magnified,
for half as many epochs; with unseen teachers, each face is judged only by those of eight that were not trained on it. Turning,
zooming and erasing as well (`turned`, 60 epochs) looked better on a part of Training, and was not. `unseen teachers` with seed 0
comes with the course, see [MODEL_CARD.md](../MODEL_CARD.md):

```
.venv/bin/fer-course evaluate pretrained --data PATH --split PublicTest
```

## What was chosen on which faces

| study | row | chosen on |
|---|---|---|
{chosen}

Where no epoch is named, the last one was kept. *Not recorded* is what nobody wrote down at the time. A training that holds faces
out leaves their copies in Training out as well, and now near copies too: {folds} faces, depending on the fold. In the records
above these were still trained on.

## How often PublicTest was looked at

Every report on PublicTest in `fer_course/results` counts as a look, and so does every training of `one_change`, which keeps
answers instead. *New* are those whose confusion matrix stands in no record above. Each network of `views` was looked at in three
views. Nine looks stand in no record: five at the first edition's `minutes`, four at forms of it that were not kept.

| record | looks | new |
|---|---|---|
{looks}

Take the best of the {networks} networks in `publictest.npz` on as many faces, sampled with replacement from PublicTest: it scores
{luck:.1f} points more on that sample than on PublicTest itself. So much of the best of so many is luck.

## What drawn faces are worth

The drawn faces carry FER2013's proportions and faults, and are about as hard. Measured by `benchmarks/transfer.py`, mini-Xception
throughout; what was chosen was chosen on drawn faces and on Training, and PublicTest was looked at once a seed and row:

| trained on | tested on | accuracy | balanced | seeds |
|---|---|---|---|---|
{drawn}

So the drawn faces do show expressions: what a network learns on them holds, in part, for photographs.{controls}
"""
REAL = "real PublicTest"
#: Rows of the record of drawn faces: part, name in its reports, what was trained on, what tested on.
DRAWN = (
    ("difficulty", "drawn test faces", f"the embedded set, {WELL.epochs} epochs", "drawn test faces (no FER2013 score)"),
    ("transfer", "PublicTest", f"{DRAWN_FACES:,} drawn faces, no photograph", f"{REAL} (a guess: 14.3 % balanced)"),
    ("transfer", "shares of Training", f"{DRAWN_FACES:,} drawn faces with the classes' shares of Training", REAL),
    ("few", "from scratch", f"{PHOTOGRAPHS} photographs, from scratch", REAL),
    ("few", "after drawn faces", f"the same {PHOTOGRAPHS} after {DRAWN_FACES:,} drawn faces", REAL),
    ("few", "balanced, from scratch", f"{PHOTOGRAPHS} photographs, as many of each class, from scratch", REAL),
    ("few", "balanced, after drawn faces", f"these {PHOTOGRAPHS} after {DRAWN_FACES:,} drawn faces", REAL),
    ("few", "after drawn faces, shares of Training", "photographs and drawn faces with the classes' shares of Training", REAL),
)  # fmt: skip


def main() -> int:
    """Write the page, or say whether it is what this script would write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    return write_or_check(OUT, page(), parser.parse_args().check)


def page() -> str:
    """Return the page."""
    quick, paper, views = results.load("minutes")["runs"], results.rows("paper"), results.load("views")
    rows = {"minutes": quick, "paper": paper["paper"], "paper at 48 pixels": paper.get("paper at 48 pixels", [])}
    rows |= {name: runs for name, runs in results.rows("best").items() if not name.startswith("teacher")}
    epochs = [run["training"]["epochs"] for run in paper["paper"]]
    n = quick[0]["report"]["n"]
    middle = statistics.median(run["report"]["accuracy"] for run in quick)
    answers = results.publictest()
    labels = answers.pop("labels")
    right = np.array([each.argmax(axis=1) == labels for each in answers.values()])
    later = "`paper at 48 pixels` takes hours and was not trained yet. "
    return TEXT.format(
        n=n,
        chance=196 * (middle * (1 - middle) / n) ** 0.5,
        rows="\n".join(row(name, runs) for name, runs in rows.items()),
        left_out=views["copies"] + views["near_copies"],
        copies=views["copies"],
        near=views["near_copies"],
        least=NEAR,
        patience=f"{min(epochs)} to {max(epochs)}",
        paper_at_48="" if rows["paper at 48 pixels"] else later,
        ratio=statistics.median(run["timing"]["ratio"] for run in quick),
        plain=statistics.median(run["timing"]["plain_epoch"] for run in quick),
        machine=results.load("minutes")["machine"],
        verdicts=verdicts(),
        chosen="\n".join(chosen()),
        looks=looks_table(),
        networks=len(right),
        luck=100 * luck_of_the_best(right),
        folds="{} to {}".format(min(views["near_copies_of_folds"]), max(views["near_copies_of_folds"])),
        drawn="\n".join(drawn_rows()),
        controls="" if len(list(drawn_rows())) == len(DRAWN) else " The balanced controls were not trained yet.",
    )


def row(name: str, runs: Sequence[dict]) -> str:
    """Return a row of the table of scores."""
    shown = f"`{name}`{', 24 × 24 pixels' if name == 'paper' else ''}"
    if not runs:
        return f"| {shown} | 0 | not trained yet | | | | |"
    scores = [run["report"]["accuracy"] for run in runs]
    span = f", {100 * min(scores):.1f} to {100 * max(scores):.1f} %" if len(runs) > 1 else ""
    left = [
        look["without near copies"]["accuracy"]
        for look in results.load("views")["views"]
        if (look["row"], look["views"]) == (name, "one") and "without near copies" in look
    ]
    without = f"{100 * statistics.median(left):.1f} %" if left else ""
    if left and len(left) < len(runs):
        without += f" ({len(left)} seeds)"
    balanced = statistics.median(run["report"]["balanced_accuracy"] for run in runs)
    return (
        f"| {shown} | {len(runs)} | {100 * statistics.median(scores):.1f} %{span} | {without} | {100 * balanced:.1f} % | "
        f"{minutes(runs)} | {minutes(runs, others) if (others := teachers(name)) else ''} |"
    )


def chosen() -> Iterator[str]:
    """Give the rows that say what was chosen on which faces: rows of a study that say the same stand together."""
    yield f"| `minutes` | all | {results.load('minutes').get('chosen_on', TUNED)} |"
    for study, (_, rows) in STUDIES.items():
        recorded = {run["row"]: run.get("chosen_on") for run in results.load(study)["runs"]}
        said: dict[str, list[str]] = {}
        for name, each in rows.items():
            said.setdefault(recorded.get(name) or each.chosen_on, []).append(name)
        for words, names in said.items():
            which = "all" if len(said) == 1 else "; ".join(names)
            yield f"| `{study}` | {which} | {words} |"


def reports(node) -> Iterator[dict]:
    """Give all reports on PublicTest in a record, or a part of one."""
    if isinstance(node, dict):
        if node.get("split") == "PublicTest" and "confusion" in node and not node["drawn"]:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from reports(each)


def looks() -> dict[str, tuple[int, int]]:
    """Return how often each record looked at PublicTest: all its reports, and those that no record before it holds.

    `one_change` keeps no reports: each of its trainings was tested once, on PublicTest without its copies of Training faces.
    """
    found, known = {}, set()
    for name in results.names():
        record = results.load(name)
        seen = [str(report["confusion"]) for report in reports(record)]
        seen += [f"{name}, {run['row']}, {run['seed']}" for run in record.get("trainings", []) if "accuracy" in run]
        if seen:
            found[name] = len(seen), len(set(seen) - known)
            known |= set(seen)
    return found


def looks_table() -> str:
    """Return the rows of the table of looks, with their sum."""
    found = looks()
    lines = [f"| `{name}` | {count} | {new} |" for name, (count, new) in found.items()]
    return "\n".join([*lines, "| together | {} | {} |".format(*map(sum, zip(*found.values(), strict=True)))])


def luck_of_the_best(right: np.ndarray, samples: int = 2000, seed: int = 0) -> float:
    """Return by how much a score of the best of several networks is too high, as a share.

    The best on a sample of the faces, of the same size, with replacement, scores so much more on this sample than on all of them.

    Args:
        right: boolean (networks, N), True where a network named a face's label.
        samples: the number of samples.
        seed: the same seed samples the same faces.

    """
    rng, (_, n) = np.random.default_rng(seed), right.shape
    weights = rng.multinomial(n, np.full(n, 1 / n), size=samples) / n
    scores = weights @ right.T.astype(float)
    best = scores.argmax(axis=1)
    return float(np.mean(scores.max(axis=1) - right.mean(axis=1)[best]))


def drawn_rows() -> Iterator[str]:
    """Give the rows of the table on drawn faces that the record holds."""
    record = results.load("drawn_faces")
    for part, name, trained, tested in DRAWN:
        found = [seed[name] for seed in record[part]["seeds"].values() if name in seed]
        if found:
            accuracy, balanced = (span([each[key] for each in found]) for key in ("accuracy", "balanced_accuracy"))
            yield f"| {trained} | {tested} | {accuracy} | {balanced} | {len(found)} |"


def span(values: Sequence[float]) -> str:
    """Return the lowest and the highest of some shares."""
    low, high = f"{100 * min(values):.1f}", f"{100 * max(values):.1f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


if __name__ == "__main__":
    sys.exit(main())
