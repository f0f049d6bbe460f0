"""Reckon what a class and a sweep need past one machine, from measured figures: docs/planning.md.

usage: python benchmarks/planning.py --run FOLDER                          (executes all lessons into it; then measures)
       python benchmarks/planning.py --measure RUNS/STAMP/metrics.json     (of `fer-course run --jobs 1`; a minute more)
       python benchmarks/planning.py [--check]                        (writes the page; --check: only says whether it is stale)

Measured are: what each lesson takes (`fer-course run`), what nbgrader's own part of grading takes a submission, what it takes to
find 10,000 ended trials and write their tables, and what a training leaves on the disk. They stand in
fer_course/results/planning.json; this script is the only place of the page's text. All numbers are of drawn faces and of no worth
as scores; the seconds of the recipes are those of minutes.json and best.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import Executor, Future
from datetime import datetime
from pathlib import Path

import fer_course.quiet

# isort: split
import recording
from grading import make_class
from recording import accelerated, few, tiny
from recording import seconds as of_training
from writing import write_or_check

import fer_course.cli
from fer_course import data, results
from fer_course._shared import files
from fer_course.classroom.grading import grade
from fer_course.course.lessons import notebooks
from fer_course.recipes import Recipe
from fer_course.sweep import runner
from fer_course.sweep.spec import Sweep
from fer_course.training import train

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "planning.md"
RECORD = recording.RESULTS / "planning.json"
CLASSES = (30, 300, 10_000)
TRIALS = few(10_000, 20)
SUBMISSIONS = few(20, 1)
#: Of one core for an hour, in any currency: an assumption, no measurement.
PRICE = 0.05
#: JupyterLab beside the kernel; hours of a day on which one grades; cores of a worker; hours that the course takes, by README.
LAB_GB, HOURS, CORES, READING = 0.2, 8, 2, 15


class Done(Executor):
    """Says at once that a submission was executed, so that only nbgrader's own part of grading takes time."""

    def submit(self, function, text, *arguments):
        """Return a future that holds the notebook as it is."""
        future: Future = Future()
        future.set_result((text, "", []))
        return future


class Never(Executor):
    """Refuses to run anything: all trials have ended."""

    def submit(self, function, *arguments):
        """Refuse."""
        raise AssertionError("A trial that has ended was run again.")


def gradebook_seconds(place: Path) -> float:
    """Return what nbgrader takes a submission of lesson 03, without executing it."""
    make_class(place / "class", place, SUBMISSIONS)
    start = time.perf_counter()
    graded = grade(place / "class", executor=Done(), unsafe=True, progress=lambda line: None)
    assert len(graded.done) == SUBMISSIONS, graded.failed
    return (time.perf_counter() - start) / SUBMISSIONS


def tables_seconds(place: Path) -> float:
    """Return how long it takes to find 10,000 ended trials and write their tables."""
    grid = {
        "learning_rate": [0.001 * step for step in range(1, few(201, 3))],
        "weight_decay": [0.01 * step for step in range(few(10, 2))],
    }
    sweep = Sweep(recipe="quick", data="drawn", seeds=(0, 1, 2, 3, 4), grid=grid, base=Recipe.named("quick"))
    trials = runner.trials(sweep, place)
    assert len(trials) == TRIALS
    runner._claim(place, sweep)
    for number, trial in enumerate(trials):
        files.write_json(
            trial.folder / "metrics.json", {"finished": True, "val_accuracy": number / TRIALS, "seconds": 200.0}
        )
    start = time.perf_counter()
    runner.run(sweep, place, Never)
    return time.perf_counter() - start


def training_bytes(place: Path) -> int:
    """Return what a training of mini-Xception leaves on the disk."""
    faces = data.load("drawn", quiet=True).sample(500)
    train(None, faces, Recipe.named("quick").but(epochs=2), place, progress=False)
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def executed(folder: Path) -> Path:
    """Return the metrics of a run of all lessons on drawn faces: of the last in this folder, else of one that is made here."""
    for metrics in sorted(folder.glob("*/metrics.json"), reverse=True):
        lessons = json.loads(metrics.read_text(encoding="utf-8"))["lessons"]
        if lessons and all(each["status"] == "done" for each in lessons):
            return metrics
    place = folder / f"{datetime.now():%Y%m%d-%H%M%S}"
    alone = ["--jobs", "1"]  # side by side lessons would share trainings, and cores
    if status := fer_course.cli.main(["run", *few([], ["00"]), "--data", "drawn", "--out", str(place), *alone]):
        sys.exit(status)
    return place / "metrics.json"


def measure(course: Path) -> None:
    """Measure, and write the record."""
    lessons = json.loads(course.read_text(encoding="utf-8"))["lessons"]
    missing = (
        set()
        if recording.MINIATURE
        else {path.stem for path in notebooks()} - {each["lesson"] for each in lessons if each["status"] == "done"}
    )
    if missing:
        sys.exit(f"{course} is no run of all lessons: {', '.join(sorted(missing))} missing or not done. fer-course run")
    kept = ("lesson", "seconds", "cpu_seconds", "peak_memory_mb")
    with tempfile.TemporaryDirectory() as place:
        measured = {
            "gradebook_seconds": round(gradebook_seconds(Path(place)), 2),
            "tables_seconds": round(tables_seconds(Path(place) / "sweep"), 1),
            "training_bytes": training_bytes(Path(place) / "run"),
        }
    of_lessons = [{name: each[name] for name in kept} for each in lessons]
    command = "python benchmarks/planning.py --measure RUNS/STAMP/metrics.json"
    files.write_json(RECORD, recording.about(command, data="drawn", lessons=of_lessons, **measured))


def page() -> str:
    """Return the text of the page."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    lessons = record["lessons"]
    hours = sum(each["cpu_seconds"] for each in lessons) / 3600
    largest = max(lessons, key=lambda each: each["peak_memory_mb"])
    usual = statistics.median(each["peak_memory_mb"] for each in lessons) / 1000
    peak = largest["peak_memory_mb"] / 1000
    serial = record["gradebook_seconds"]
    alone = CLASSES[-1] * serial / 3600
    rows = [
        f"| {each['lesson']} | {each['seconds']:.0f} | {each['cpu_seconds']:.0f} | {each['peak_memory_mb']:,} |"
        for each in lessons
    ]
    classes = []
    for learners in CLASSES:
        cpu, book = learners * hours, learners * len(lessons) * serial / 3600
        workers = max(1, -(-cpu // (HOURS * CORES)))
        classes.append(
            f"| {learners:,} | {learners * (usual + LAB_GB):,.0f} to {learners * (peak + LAB_GB):,.0f} GB | {cpu:,.0f} | "
            f"{cpu * PRICE:,.2f} | {workers:,.0f} | {book:,.1f} |"
        )
    sweeps = []
    for name, runs in (("minutes", results.load("minutes")["runs"]), ("best, distilled", _of_labels())):
        seconds = statistics.median(map(of_training, runs))
        cpu = TRIALS * seconds * CORES / 3600
        days = [cpu / CORES / machines / 24 for machines in (1, 100)]
        sweeps.append(
            f"| {name} | {seconds:,.0f} | {cpu:,.0f} | {cpu * PRICE:,.0f} | {days[0]:,.0f} days | {days[1]:,.1f} days |"
        )
    disk = TRIALS * record["training_bytes"] / 1e9
    return f"""# Planning past one machine

Written by `python benchmarks/planning.py` from what was measured on {record["recorded"]} on {record["machine"]}; don't edit it by
hand. Yours is faster or slower: measure one lesson, and scale. Money is reckoned at {PRICE} a core and hour, in whatever currency
yours has; put in your own price.

## What a learner takes

`make course`, every lesson once on drawn faces, with its own short trainings. Lessons that run side
by side take longer than alone; the CPU-seconds are each one's own:

| lesson | seconds | CPU-seconds | peak MB |
|---|---|---|---|
{chr(10).join(rows)}

Together {hours:.2f} CPU-hours. Half of the lessons take {usual:.1f} GB or less, {largest["lesson"][:2]} takes {peak:.1f} GB;
JupyterLab takes {LAB_GB} GB more. Processors idle while people read: a learner spends about {READING} hours on the course, so
that one core could serve {READING / hours:.0f} of them if they never trained at the same time. In class they do, right after you
said so: a training then takes as many times longer as learners share a core.

## A class

Each learner works on a hub, and hands in all {len(lessons)} lessons once:

| learners | memory, all at once | CPU-hours of grading | at {PRICE} each | workers for a day | hours of nbgrader's own part |
|---|---|---|---|---|---|
{chr(10).join(classes)}

A worker has {CORES} cores, a day {HOURS} hours.

- **30**: one machine. `fer-course class grade` with its local processes does a lesson over lunch; SQLite is fine; a hub as in
  [docs/hub](hub/README.md) with {30 * (usual + LAB_GB):.0f} GB, or everybody's own laptop.
- **300**: the hub needs more than one machine if all come at once: Zero to JupyterHub. Grade with `--scheduler` on a Dask cluster
  or overnight on one machine.
- **10,000**: executing is a matter of workers. nbgrader's own part, {serial:.2f} seconds a submission without what it
  printed, goes one after the other, in one process and one gradebook: {60 * alone:.0f} minutes a lesson. What does not grow with
  machines are the people: {10_000 * len(lessons):,} answers in learners' own words want a reader. Split such a course into
  classes of a few hundred, each with a gradebook of its own (`--db` takes PostgreSQL where several teachers write to one).

## A sweep of {TRIALS:,} trainings

| recipe | seconds a training, {CORES} cores | CPU-hours | at {PRICE} an hour | one machine | 100 machines |
|---|---|---|---|---|---|
{chr(10).join(sweeps)}

They leave {disk:,.0f} GB in {TRIALS:,} folders, on a disk that all workers see. To find them all done and write the tables
takes {record["tables_seconds"]:,.0f} seconds: `fer-course sweep` is not what limits it. Nor is Dask: its scheduler spends about a
millisecond a task (its own documentation says so; not measured here), and these tasks take minutes. What does is the disk, which
every worker reads faces from when a trial begins, and you: {TRIALS:,} scores of one test set fit its luck. Look at the interval
before you believe the best of them (lesson 14).

## Where each engine ends

| engine | good for | its limit |
|---|---|---|
| local processes | one machine: as many trainings as it has pairs of cores | memory: {peak:.1f} GB a lesson |
| Dask (`--scheduler`) | one shared disk, some hundred workers | the disk; the client must stay connected, or be started again |
| nbgrader with SQLite | a few hundred learners | one writer, {serial:.2f} s a submission |
| JupyterHub, simple spawner | trying it out | all users have your rights |
| Zero to JupyterHub | as many as the cluster has memory for | {usual + LAB_GB:.1f} to {peak + LAB_GB:.1f} GB a learner at work |
"""


def _of_labels() -> list[dict]:
    epochs = tiny(Recipe.named("best")).epochs
    long = [run for run in results.load("best")["runs"] if run["recipe"]["epochs"] == epochs]
    return [run for run in long if not accelerated(run)]


def main() -> int:
    """Measure; or write the page, or say whether it is what this script would write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", type=Path, metavar="METRICS")
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="execute all lessons on drawn faces into this folder before"
    )
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.run:
        options.measure = executed(options.run)
    if options.measure:
        measure(options.measure)
    return write_or_check(PAGE, page(), options.check)


if __name__ == "__main__":
    sys.exit(main())
