"""Train the recipe `minutes` on all of Training, and time it against a plain epoch measured just before, in the same process.

usage: python benchmarks/minutes.py --data PATH --out FOLDER [--recipe minutes] [--seeds 0 1 2 3 4] [--record NAME]

A plain epoch is Keras alone: mini-Xception at 48 × 48, batch 64, Adam, no augmentation, `model.fit` on arrays, traced before the
clock starts. The training is one call of `train()`, from the call to the final weights: preparing, tracing and saving
included. Each seed has a process of its own; PublicTest is looked at once a seed. One that is done is not done again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
from recording import RESULTS, about, few, made, nothing_left, real_faces, tiny
from studies import NOT_RECORDED

from fer_course import models
from fer_course._shared import files
from fer_course.evaluation import evaluate
from fer_course.models.prepare import prepare
from fer_course.recipes import Recipe
from fer_course.training import train

#: Of the recipe `minutes`: of its rate, decay and augmentation, and of its epochs and schedule.
CHOSEN_ON = (
    "a part of Training (which: not recorded); epochs, their sizes and schedule: a fifth of Training (fold 0); "
    "six early epochs instead of four: after two looks at PublicTest"
)


def plain_epoch(faces) -> float:
    """Return the seconds of one plain epoch over the Training faces; the step is traced before."""
    keras.utils.set_random_seed(0)
    training = faces.select("Training")
    model = models.build("mini_xception")
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    images, labels = prepare(training.images, 48), training.labels
    model.fit(images[:640], labels[:640], batch_size=64, verbose=0)
    start = time.perf_counter()
    model.fit(images, labels, batch_size=64, verbose=0)
    return time.perf_counter() - start


def one_seed(options, seed: int) -> None:
    """Time a plain epoch and a training, and write `seed-N.json`."""
    faces = real_faces(options.data)
    plain = plain_epoch(faces)
    recipe = tiny(Recipe.load(options.recipe)).but(seed=seed)
    start = time.perf_counter()
    run = train(None, faces, recipe, options.out / f"run-{seed}")
    seconds = time.perf_counter() - start
    report = evaluate(run, faces, "PublicTest").to_dict()
    timing = {"plain_epoch": round(plain, 1), "seconds": round(seconds, 1), "ratio": round(seconds / plain, 2)}
    device = {"device": run.metrics["device"]} if "device" in run.metrics else {}
    record = {"recipe": dataclasses.asdict(recipe), "timing": timing | device, "made": made(), "report": report}
    files.write_json(options.out / f"seed-{seed}.json", record)


def main() -> None:
    """Run each seed that is missing in a process of its own; print and, if asked to, record what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--recipe", default="minutes")
    parser.add_argument("--seeds", nargs="+", type=int, default=few([0, 1, 2, 3, 4], [0]))
    parser.add_argument("--record", help="write fer_course/results/NAME.json")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        one_seed(options, options.one)
        return
    missing = [seed for seed in options.seeds if not (options.out / f"seed-{seed}.json").is_file()]
    for seed in missing:
        if subprocess.run([sys.executable, __file__, *sys.argv[1:], "--one", str(seed)]).returncode:
            sys.exit(f"Seed {seed} was not trained. The same command goes on.")
    if not missing:
        print(f"In {options.out}, {nothing_left(options.record or 'minutes', len(options.seeds), 'minutes')}")
    runs = [json.loads((options.out / f"seed-{seed}.json").read_text(encoding="utf-8")) for seed in options.seeds]
    for run in runs:
        timing, report = run["timing"], run["report"]
        print(
            f"seed {run['recipe']['seed']}: {report['accuracy']:.2%} of {report['n']:,}, {timing['seconds']:.0f} s, "
            f"{timing['ratio']:.1f} plain epochs of {timing['plain_epoch']:.1f} s"
        )
    print(f"median {statistics.median(run['report']['accuracy'] for run in runs):.2%}")
    if options.record and (missing or not (RESULTS / f"{options.record}.json").is_file()):
        chosen_on = CHOSEN_ON if options.recipe == "minutes" else NOT_RECORDED
        command = f"python benchmarks/minutes.py --data PATH --out FOLDER --recipe {Path(options.recipe).name}"
        files.write_json(RESULTS / f"{options.record}.json", about(command, chosen_on=chosen_on, runs=runs))


if __name__ == "__main__":
    main()
