"""Write MODEL_CARD.md from the records: python benchmarks/card.py        (--check: only say whether it is out of date)

Every figure of the card comes from fer_course/results and fer_course/models/weights; this script is the only place of its text.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recording import RECORDED, TEACHERS
from studies import STUDIES
from tables import minutes
from writing import write_or_check

from fer_course import results
from fer_course.faces import CLASS_NAMES, NEAR
from fer_course.models import weights

CARD = Path(__file__).parents[1] / "MODEL_CARD.md"


def share(value: float) -> str:
    """Return a share as text: 61.1 %."""
    return f"{100 * value:.1f} %"


def card() -> str:
    """Return the text of the card."""
    origin = weights.about("mini_xception")
    record = results.load("views")
    views = [run for run in record["views"] if run["row"] == origin["row"]]
    shipped = {run["views"]: run for run in views if run["seed"] == origin["seed"]}
    one = shipped["one"]
    best = results.rows("best")
    runs = best[origin["row"]]
    recipe = next(run["recipe"] for run in runs if run["recipe"]["seed"] == origin["seed"])
    row = STUDIES["best"][1][origin["row"]]
    teachers = [run for name in row.teachers for run in best[name]]
    report, (low, high) = one["report"], one["report"]["interval"]
    seeds = ", ".join(f"{share(run['report']['accuracy'])} (seed {run['recipe']['seed']})" for run in runs)
    epoch = "" if recipe["validation"] else "The last epoch was kept. "
    parameters, order = runs[0]["training"]["parameters"], ", ".join(CLASS_NAMES)
    balanced, calibration = share(report["balanced_accuracy"]), share(report["calibration_error"])
    rows = [
        f"| {name} | {sum(line)} | {share(report['recall'][name])} | {report['f1'][name]:.2f} |"
        for name, line in zip(CLASS_NAMES, report["confusion"], strict=True)
    ]
    timed = results.load("view_cost")
    cost = timed["milliseconds"]
    looks = [
        f"| {name} | {run['looks']} | {cost[name]:.1f} | {cost[name] / cost['one']:.1f} | {share(run['report']['accuracy'])} | "
        f"{share(run['without copies']['accuracy'])} | {share(run['without near copies']['accuracy'])} |"
        for name, run in shipped.items()
    ]
    left = one["without near copies"]
    left_low, left_high = (share(end) for end in left["interval"])
    scores = [run["report"]["accuracy"] for run in teachers]
    model, size = teachers[0]["recipe"]["model"], teachers[0]["training"]["parameters"]
    kept = (
        f"What they say of the Training faces stands in `fer_course/results/{TEACHERS}`; `study.py` takes it from there."
        if (RECORDED / TEACHERS).is_file()
        else "What they say of the Training faces is not kept in this repository: they are trained anew first."
    )
    took = f"{minutes(runs)} minutes, with those of its teachers {minutes(runs, teachers)} (median of the seeds, two CPU cores)"
    taught = (
        f"{len(teachers)} of `{model}`, {size:,} parameters, each trained before on four fifths of the same faces; "
        f"{share(min(scores))} to {share(max(scores))} on PublicTest; a face is judged by those that held it out"
    )
    return f"""# Model card: mini-Xception, FER2013

Written by `python benchmarks/card.py` from `fer_course/results` and `fer_course/models/weights`; don't edit it by hand.

- **What.** `fer_course.models.pretrained("mini_xception")`: {parameters:,} parameters, grey pictures of
  48 × 48 pixels (0 to 255) in, probabilities of seven expressions out, in the order
  {order}. The network is that of Arriaga, Valdenegro-Toro and Plöger 2017 (arXiv:1710.07557).
- **File.** `fer_course/models/weights/mini_xception.npz`, arrays only, no pickle; SHA-256, checked on loading:
  `{origin["sha256"]}`.
- **Training.** {recipe["epochs"]} epochs of recipe `{recipe["name"]}` on the Training faces of FER2013 alone, seed
  {recipe["seed"]}; {100 * recipe["distillation"]:.0f} % of each target are the probabilities of its teachers ({taught}).
  Settings chosen on: {row.chosen_on}. {epoch}To repeat it: `{origin["command"]}`.
  It took {took}. {kept}
- **Which of the seeds.** The first one, whatever it scored. All: {seeds}.

## How good

PublicTest, {report["n"]:,} faces, one view, looked at once: **{share(report["accuracy"])}** (95 % interval {100 * low:.1f} to
{share(high)}); balanced accuracy {balanced}; expected calibration error {calibration}. PrivateTest was never looked at.
Without the faces that Training holds, exactly or nearly: **{share(left["accuracy"])}** of {left["n"]:,} faces ({left_low} to
{left_high}). How often PublicTest was looked at in all, and what the best of so many is worth, stands in
[docs/results.md](docs/results.md).

| class | faces | recall | F1 |
|---|---|---|---|
{chr(10).join(rows)}

{record["copies"]} of the test faces have an exact copy in Training, {record["near_copies"]} more a near copy: their pixels
correlate by {NEAR:g} or more. Averaging over mirrored and moved pictures costs time, here in milliseconds of a processor for one
face, compiled, on one thread (`{timed["command"]}`, {timed["recorded"]}, {timed["machine"]}):

| views | looks | ms a face | times one view | PublicTest | without exact copies | without near copies, too |
|---|---|---|---|---|---|---|
{chr(10).join(looks)}

`fer-course evaluate pretrained --data PATH --split PublicTest` measures the first row anew. The predicted probabilities of
all recorded networks stand in `fer_course/results/publictest.npz`.

## Data and its terms

FER2013 (Goodfellow et al. 2013, arXiv:1307.0414): photographs found by a search engine, labelled by few people. It was published
for a contest, without the consent of those who are shown; nothing of it is in this repository. Weights and probabilities are
numbers from which no photograph can be told here; whoever trains anew needs a copy of their own, on its terms.

## Limits

- It names how a face *looks*; what somebody feels is not in the picture (Barrett et al. 2019, 10.1177/1529100619832930).
- It always names one of seven, also for a face that shows none of them, and for a picture without a face.
- People agree with FER2013's labels in about 65 % of the faces. Some labels are wrong, and rare classes are learned worst.
- Nobody knows who is in the data. How it does on faces by age, sex, skin or culture was not measured, as the labels are missing.
- Pictures that are framed, lit or scanned differently from FER2013's, or turned, score worse.

## Meant for, and not

- **Meant for** learning how such networks work: to compare with one's own, to look inside, to find its faults.
- **Not for** judging people, in any way: not at work, in schools, in admissions, at borders, in sales. In the EU, inferring
  emotions at work and in education is prohibited (Regulation 2024/1689, Art. 5(1)(f)). Not for anybody who has not agreed.
"""


def main() -> int:
    """Write the card, or say whether it is what this script would write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    return write_or_check(CARD, card(), parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
