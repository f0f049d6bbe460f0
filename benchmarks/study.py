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
import recording
from recording import RESULTS, TEACHERS, about, few, folder_of, real_faces, report_of
from studies import STUDIES, Row

from fer_course._shared import files
from fer_course.faces import Faces
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import train
from fer_course.training.distillation import average, consistent_targets, soft_targets
from fer_course.training.run_folder import describe

#: A study's runs may come from several days and machines: each says so itself.
ON = {
    "machine": "see each run's `made` and `training`; of runs without `made` no more is known than device (none: 2 CPU cores)"
}


def done(study: str) -> list[dict]:
    """Return the runs that a study's record holds."""
    held = recording.record(study)
    return held["runs"] if held else []


def find(recipe: Recipe, runs: list[dict], row: str | None = None) -> dict | None:
    """Return the run of that recipe, by whatever name, if there is one; with a row, only among this row's."""
    same = (run for run in runs if Recipe(**run["recipe"] | {"name": recipe.name}) == recipe)
    return next((run for run in same if row in (None, run["row"])), None)


def record(study: str, row: str, recipe: Recipe, run: dict) -> None:
    """Add a run to the study's record, in the order of rows and seeds."""
    rows = list(STUDIES[study][1])
    runs = [each for each in done(study) if find(recipe, [each], row) is None]
    chosen_on = STUDIES[study][1][row].chosen_on
    runs.append({"row": row} | run | {"row": row, "recipe": dataclasses.asdict(recipe), "chosen_on": chosen_on})
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
        teacher = taught_by(row, options.study, options.out, faces)
    run = train(None, faces, recipe, folder_of(options.out, options.study, name, seed), teacher=teacher)
    if not run.finished:
        sys.exit("Interrupted: the same command goes on.")
    record(options.study, name, recipe, report_of(run, faces))


def taught_by(row: Row, study: str, out: Path, faces: Faces) -> np.ndarray:
    """Return the mean probabilities of a row's teachers for the Training faces, float32 (N, 7), with the precision of float16.

    Of a row that is consistent: for each view of them, float16 (N, views, 7), kept beside the folders. Where the folders of the
    teachers are not there: what `ship.py` has kept, if it is of the same teachers and faces, and of one view; else this ends
    the script with what is missing.
    """
    rows, training = STUDIES[study][1], faces.select("Training")
    folders = [folder_of(out, study, each, 0) for each in row.teachers]
    enough = ("model.keras",) if row.recipe.consistent else ("said.npy", "model.keras")
    missing = [folder.name for folder in folders if not any((folder / name).is_file() for name in enough)]
    if not missing and row.recipe.consistent:
        runs, kept = (
            [Run(folder) for folder in folders],
            out / study / f"judged-by-{folders[0].name}-to-{folders[-1].name}.npy",
        )
        return consistent_targets(runs, faces, row.recipe, row.unseen, kept, progress=True)
    if not missing:
        judges = [rows[each].recipe for each in row.teachers] if row.unseen else ()
        said = [said_by(folder, faces) for folder in folders]
        return average(np.stack(said), judges, training).astype(np.float16).astype(np.float32)
    kept = next((place / TEACHERS for place in (RESULTS, recording.RECORDED) if (place / TEACHERS).is_file()), None)
    if kept and row.unseen and not row.recipe.consistent:
        with np.load(kept) as archive:
            of_these = (list(row.teachers), describe(training)["checksum"])
            if (archive["teachers"].tolist(), int(archive["checksum"])) == of_these:
                return archive["probabilities"].astype(np.float32)
    sys.exit(
        f"This row learns from {', '.join(row.teachers)}, but {out / study} lacks {', '.join(missing)}, and there is no "
        f"{TEACHERS} of them and these faces. Train them first: python benchmarks/study.py {study} --rows … with the same --out."
    )


def keep_what_teachers_say(row: Row, study: str, out: Path, faces: Faces) -> None:
    """Write the mean probabilities of a row's teachers, all that its students need: float16 (N, 7), no pixels; see `taught_by`.

    Does nothing if the folder of a teacher is not there.
    """
    folders = [folder_of(out, study, each, 0) for each in row.teachers]
    if not all((folder / "model.keras").is_file() for folder in folders):
        return
    probabilities = taught_by(row, study, out, faces).astype(np.float16)
    checksum = describe(faces.select("Training"))["checksum"]
    with files.atomic(RESULTS / TEACHERS) as temporary:
        np.savez_compressed(temporary, probabilities=probabilities, teachers=np.array(row.teachers), checksum=checksum)


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
    parser.add_argument("--seeds", nargs="+", type=int, default=few([0, 1, 2], [0]))
    parser.add_argument("--rows", nargs="+")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options)
        return
    rows = STUDIES[options.study][1]
    wanted = [
        (name, seed)
        for seed in options.seeds
        for name in options.rows or rows
        if seed in (rows[name].seeds or options.seeds)
    ]
    missing = [
        (name, seed) for name, seed in wanted if not find(rows[name].recipe.but(seed=seed), done(options.study), name)
    ]
    if not missing:
        print(recording.nothing_left(options.study, len(wanted)))
    known = [run for other in STUDIES for run in done(other) if not run["recipe"]["distillation"]]
    for name, seed in missing:
        recipe = rows[name].recipe.but(seed=seed)
        if (copy := find(recipe, known)) is not None:
            record(options.study, name, recipe, copy)
            continue
        if recording.MINIATURE:
            one(argparse.Namespace(**vars(options) | {"rows": [name], "seeds": [seed]}))
        else:
            call = [sys.executable, __file__, options.study, "--data", options.data, "--out", options.out, "--one"]
            if subprocess.run([*call, "--seeds", str(seed), "--rows", name]).returncode:
                sys.exit(f"{name}, seed {seed}, was not trained. The same command goes on.")
        report = find(recipe, done(options.study), name)["report"]
        print(f"{name}, seed {seed}: {report['accuracy']:.2%} of PublicTest", flush=True)


if __name__ == "__main__":
    main()
