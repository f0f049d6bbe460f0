"""Ship what the study `best` trained: one network's weights, all probabilities on PublicTest, and what these say further.

usage: python benchmarks/ship.py --data PATH --out FOLDER [--minutes FOLDER]        (where study.py best and minutes.py trained)

Writes fer_course/models/weights/mini_xception.npz and .json, fer_course/results/publictest.npz (labels and probabilities, no
pixels), fer_course/results/teachers.npz (what the unseen teachers say of the Training faces: `study.py` can train their
students anew) and fer_course/results/views.json: accuracies without the test faces that are in Training, and averaged over flips
and shifts.
Seed 0 of the row that unseen teachers taught is shipped, whatever it scores: so it was chosen on a part of Training; and at 48
pixels, as FER2013 has them, it takes half the time of one at 64. Runs whose folders are not there keep what these files hold of
them.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
from recording import RESULTS, WEIGHTS, about, few, folder_of, made, real_faces, record
from studies import STUDIES
from study import done, find, keep_what_teachers_say

from fer_course._shared import files
from fer_course.evaluation import VIEWS, evaluate, leaked
from fer_course.models import weights
from fer_course.runs import Run

COMMAND = "python benchmarks/study.py best --data PATH --out FOLDER, then benchmarks/ship.py"
SHIPPED = "unseen teachers"


def before() -> tuple[list[dict], dict[str, np.ndarray]]:
    """Return what views.json and publictest.npz hold."""
    looks = (record("views") or {"views": []})["views"]
    place = RESULTS / "publictest.npz"
    return looks, dict(np.load(place)) if place.is_file() else {}


def main() -> None:
    """Evaluate the runs and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--minutes", type=Path, help="the folder that minutes.py trained in")
    parser.add_argument("--seeds", nargs="+", type=int, default=few([0, 1, 2], [0]))
    options = parser.parse_args()
    faces = real_faces(options.data)
    copies = leaked(faces, "PublicTest")
    looks, arrays = before()
    arrays["labels"] = faces.select("PublicTest").labels.astype(np.uint8)
    trained = {("minutes", seed): options.minutes / f"run-{seed}" for seed in options.seeds if options.minutes}
    for name, row in STUDIES["best"][1].items():
        for seed in set(row.seeds or options.seeds) & set(options.seeds):
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
            looks.append(where | {"report": report.to_dict(), "without copies": report.only(~copies).to_dict()})
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
    keep_what_teachers_say(STUDIES["best"][1][SHIPPED], "best", options.out, faces)
    files.write_json(RESULTS / "views.json", about(COMMAND, copies=int(copies.sum()), views=looks))
    with files.atomic(RESULTS / "publictest.npz") as temporary:
        np.savez_compressed(temporary, **arrays)


if __name__ == "__main__":
    main()
