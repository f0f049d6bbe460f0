"""Train the rows of a study, three seeds each, on real FER2013, and record their PublicTest scores.

usage: python benchmarks/study.py STUDY --data PATH --out FOLDER [--seeds 0 1 2] [--rows NAME …]

Each row and seed has a process of its own, and is written into fer_course/results/STUDY.json as soon as it is done: what
stands there is not trained again, and a training that was killed goes on. PublicTest is looked at once a run, in the end.
A row that another study has trained with the same recipe (whatever its name) is copied, not trained again.
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
from recording import RESULTS, about, folder_of, real_faces, report_of
from studies import STUDIES

from fer_course import results
from fer_course._shared import files
from fer_course.faces import Faces
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import train
from fer_course.training.distillation import average, soft_targets

#: A study's runs may come from several machines: each says what it was trained on.
ON = {"machine": "see each run's training: backend and device (none given: 2 CPU cores)"}


def done(study: str) -> list[dict]:
    """Return the runs that a study's record holds."""
    return results.load(study)["runs"] if study in results.names() else []


def find(recipe: Recipe, runs: list[dict], row: str | None = None) -> dict | None:
    """Return the run of that recipe, by whatever name, if there is one; with a row, only among this row's."""
    same = (run for run in runs if Recipe(**run["recipe"] | {"name": recipe.name}) == recipe)
    return next((run for run in same if row in (None, run["row"])), None)


def record(study: str, row: str, recipe: Recipe, run: dict) -> None:
    """Add a run to the study's record, in the order of rows and seeds."""
    rows = list(STUDIES[study][1])
    runs = [each for each in done(study) if find(recipe, [each], row) is None]
    chosen_on = STUDIES[study][1][row].chosen_on
    runs.append({"row": row, **run, "recipe": dataclasses.asdict(recipe), "chosen_on": chosen_on})
    runs.sort(key=lambda each: (rows.index(each["row"]), each["recipe"]["seed"]))
    command = f"python benchmarks/study.py {study} --data PATH --out FOLDER"
    files.write_json(RESULTS / f"{study}.json", about(command, what=STUDIES[study][0], runs=runs) | ON)


def one(options) -> None:
    """Train one row with one seed and record it."""
    (name,), (seed,) = options.rows, options.seeds
    rows = STUDIES[options.study][1]
    row, faces, teacher = rows[name], real_faces(options.data), None
    recipe = row.recipe.but(seed=seed)
    if row.teachers:
        said = [said_by(folder_of(options.out, options.study, each, 0), faces) for each in row.teachers]
        judges = [rows[each].recipe for each in row.teachers] if row.unseen else ()
        teacher = average(np.stack(said), judges, faces.select("Training"))
    run = train(None, faces, recipe, folder_of(options.out, options.study, name, seed), teacher=teacher)
    if not run.finished:
        sys.exit("Interrupted: the same command goes on.")
    record(options.study, name, recipe, report_of(run, faces))


def said_by(folder: Path, faces: Faces) -> np.ndarray:
    """Return a teacher's probabilities for the Training faces; kept in its folder, where they are all that a student needs."""
    kept = folder / "said.npy"
    if not kept.is_file():
        with files.atomic(kept) as temporary:
            np.save(temporary, soft_targets([Run(folder)], faces).astype(np.float16))
    return np.load(kept).astype(np.float32)


def main() -> None:
    """Train what is missing, seed after seed, so that all rows have their first seed before any has its second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--rows", nargs="+")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options)
        return
    rows = STUDIES[options.study][1]
    known = [run for other in STUDIES for run in done(other) if not run["recipe"]["distillation"]]
    for seed in options.seeds:
        for name in options.rows or rows:
            recipe = rows[name].recipe.but(seed=seed)
            if seed not in (rows[name].seeds or options.seeds) or find(recipe, done(options.study), name):
                continue
            if (copy := find(recipe, known)) is not None:
                record(options.study, name, recipe, copy)
                continue
            call = [sys.executable, __file__, options.study, "--data", options.data, "--out", options.out, "--one"]
            subprocess.run([*call, "--seeds", str(seed), "--rows", name], check=True)
            report = find(recipe, done(options.study), name)["report"]
            print(f"{name}, seed {seed}: {report['accuracy']:.2%} of PublicTest", flush=True)


if __name__ == "__main__":
    main()
