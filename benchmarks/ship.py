"""Ship what the study `best` trained: one network's weights, all probabilities on PublicTest, and what these say further.

usage: python benchmarks/ship.py --data PATH --out FOLDER [--minutes FOLDER]        (where study.py best and minutes.py trained)
       python benchmarks/ship.py --data PATH        (evaluates the shipped weights anew, trains nothing: a minute)

Writes fer_course/models/weights/mini_xception.npz and .json, fer_course/results/publictest.npz (labels and probabilities, no
pixels), fer_course/results/teachers.npz (what the unseen teachers say of the Training faces: `study.py` can train their
students anew) and fer_course/results/views.json: accuracies without the test faces that are in Training, exactly or nearly, and
averaged over flips and shifts.
Seed 0 of the row that unseen teachers taught is shipped, whatever it scores: so it was chosen on a part of Training; and at 48
pixels, as FER2013 has them, it takes half the time of one at 64. Runs whose folders are not there keep what these files hold of
them.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
from recording import RESULTS, WEIGHTS, about, few, folder_of, made, real_faces, record
from studies import STUDIES
from study import done, find, keep_what_teachers_say

from fer_course import models
from fer_course._shared import files
from fer_course.evaluation import VIEWS, evaluate, leaked
from fer_course.faces import Faces
from fer_course.models import weights
from fer_course.reports import Report
from fer_course.runs import Run
from fer_course.training import validation_rows

COMMAND = "python benchmarks/study.py best --data PATH --out FOLDER, then benchmarks/ship.py"
SHIPPED = "unseen teachers"


def near_copies_of_folds(training: Faces) -> list[int]:
    """Return for each fifth how many faces are left out of the training as near copies of held-out faces, exact ones aside."""
    kept = [[validation_rows(training, 0.2, fold, near)[0].sum() for near in (False, True)] for fold in range(5)]
    return [int(before - after) for before, after in kept]


def before() -> tuple[dict, dict[str, np.ndarray]]:
    """Return what views.json and publictest.npz hold."""
    recorded = record("views") or {"views": []}
    place = RESULTS / "publictest.npz"
    return recorded, dict(np.load(place)) if place.is_file() else {}


def answers(look: dict, labels: np.ndarray, probabilities: np.ndarray, copies: np.ndarray) -> Report:
    """Return the report of kept probabilities, float16 (N, classes): where two are equal by rounding, the recorded one wins."""
    probabilities = probabilities.astype(np.float32)
    best = probabilities == probabilities.max(axis=1, keepdims=True)
    tied = np.flatnonzero(best.sum(axis=1) > 1)
    for chosen in itertools.product(*(np.flatnonzero(best[row]) for row in tied)):
        told = probabilities.copy()
        told[tied, list(chosen)] += np.float32(1e-4)
        report = Report(labels.astype(int), told, "PublicTest")
        found = (report.to_dict()["confusion"], report.only(~copies).to_dict()["confusion"])
        if found == (look["report"]["confusion"], look["without copies"]["confusion"]):
            break
    return report


def again(look: dict, report: Report, masks: dict[str, np.ndarray]) -> dict:
    """Return a look with what the same answers say without the faces of each mask; end the script if they are other answers."""
    if report.to_dict()["confusion"] != look["report"]["confusion"]:
        who = f"{look['row']}, seed {look['seed']}, views: {look['views']}"
        sys.exit(f"Other answers than recorded ({who}). Is PATH the same copy of FER2013?")
    return look | {name: report.only(~mask).to_dict() for name, mask in masks.items()}


def main() -> None:
    """Evaluate the runs and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", type=Path, help="the folder that study.py trained in")
    parser.add_argument("--minutes", type=Path, help="the folder that minutes.py trained in")
    parser.add_argument("--seeds", nargs="+", type=int, default=few([0, 1, 2], [0]))
    options = parser.parse_args()
    faces = real_faces(options.data)
    copies, near = leaked(faces, "PublicTest"), leaked(faces, "PublicTest", near=True)
    masks = {"without copies": copies, "without near copies": near}
    recorded, arrays = before()
    looks = recorded["views"]
    arrays["labels"] = faces.select("PublicTest").labels.astype(np.uint8)
    trained = {("minutes", seed): options.minutes / f"run-{seed}" for seed in options.seeds if options.minutes}
    for name, row in STUDIES["best"][1].items():
        for seed in set(row.seeds or options.seeds) & set(options.seeds) if options.out else ():
            if find(row.recipe.but(seed=seed), done("best"), name):
                trained[name, seed] = folder_of(options.out, "best", name, seed)
    trained = {key: Run(folder) for key, folder in trained.items() if (folder / "model.keras").is_file()}
    looks = [look for look in looks if (look["row"], look["seed"]) not in trained]
    for (name, seed), run in trained.items():
        model = run.model()
        for views in VIEWS:
            report = evaluate(model, faces, "PublicTest", views)
            where = {
                "row": name,
                "seed": seed,
                "views": views,
                "looks": len(VIEWS[views]),
                "recipe": asdict(run.recipe),
            }
            without = {name: report.only(~mask).to_dict() for name, mask in masks.items()}
            looks.append(where | {"report": report.to_dict()} | without)
            if views == "one":
                arrays[f"{name}, seed {seed}"] = report.probabilities.astype(np.float16)
        if (name, seed) == (SHIPPED, 0):
            origin = {
                "command": COMMAND,
                "row": name,
                "seed": seed,
                "made": made(),
                "report": looks[-len(VIEWS)]["report"],
            }
            weights.save("mini_xception", model.get_weights(), origin, WEIGHTS)
    for place, look in enumerate(looks):
        key = f"{look['row']}, seed {look['seed']}"
        if (look["row"], look["seed"]) in trained:
            continue
        if (look["row"], look["seed"]) == (SHIPPED, 0):
            looks[place] = again(look, evaluate(models.pretrained(), faces, "PublicTest", look["views"]), masks)
        elif look["views"] == "one" and key in arrays:
            report = answers(look, arrays["labels"], arrays[key], copies)
            looks[place] = again(look, report, {"without near copies": near})
    counts = {
        "copies": int(copies.sum()),
        "near_copies": int((near & ~copies).sum()),
        "near_copies_of_folds": near_copies_of_folds(faces.select("Training")),
    }
    kept = {} if trained else {name: recorded[name] for name in ("recorded", "machine") if name in recorded}
    files.write_json(RESULTS / "views.json", about(COMMAND, **counts, views=looks) | kept)
    if not trained:
        return
    if options.out:
        keep_what_teachers_say(STUDIES["best"][1][SHIPPED], "best", options.out, faces)
    with files.atomic(RESULTS / "publictest.npz") as temporary:
        np.savez_compressed(temporary, **arrays)


if __name__ == "__main__":
    main()
