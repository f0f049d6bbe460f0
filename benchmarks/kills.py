"""Kill a training of the recipe `minutes` five times at random moments, let it go on, and compare with the unbroken runs.

usage: python benchmarks/kills.py --data PATH --out FOLDER [--kills 5] [--seed 0]

The training is `fer-course train` in a process of its own, killed with SIGKILL (no clean-up of any kind) after a random time of
10 to 45 seconds (`--between`), and started again with the same command. Writes fer_course/results/kills.json.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
from recording import RESULTS, about, few, real_faces, report_of, tiny

from fer_course import results
from fer_course._shared import files
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training.checkpoint import read_history


def main() -> None:
    """Kill, resume, finish, evaluate, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--kills", type=int, default=few(5, 1))
    parser.add_argument("--between", nargs=2, type=float, metavar="SECONDS", default=few((10.0, 45.0), (1.0, 2.0)))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder, noted, moments = options.out / "killed", options.out / "killed.json", random.Random(options.seed)
    killed = json.loads(noted.read_text(encoding="utf-8")) if noted.is_file() else []
    recipe = options.out / "minutes.yaml"
    tiny(Recipe.named("minutes")).to_yaml(recipe)
    train = [
        "train",
        "--recipe",
        str(recipe),
        "--seed",
        str(options.seed),
        "--data",
        options.data,
        "--out",
        str(folder),
    ]
    command = [sys.executable, "-m", "fer_course.cli", *train]
    while len(killed) < options.kills:
        process = subprocess.Popen(command)
        time.sleep(moments.uniform(*options.between))
        if process.poll() is not None:
            shutil.rmtree(folder)  # with all its kills the next time
            noted.unlink(missing_ok=True)
            sys.exit(
                f"The training ended after {len(killed)} kills already: it left nothing to kill. The same command begins anew."
            )
        process.kill()
        process.wait()
        killed.append(len(read_history(folder / "history.csv").get("epoch", [])))
        files.write_json(noted, killed)
        print(f"killed, {killed[-1]} epochs done", flush=True)
    subprocess.run(command, check=True)
    faces = real_faces(options.data)
    run = report_of(Run(folder), faces)
    unbroken = {each["recipe"]["seed"]: each["report"]["accuracy"] for each in results.load("minutes")["runs"]}
    accuracy, same = run["report"]["accuracy"], unbroken[options.seed]
    print(f"killed {len(killed)} times: {accuracy:.2%}; unbroken, the same seed: {same:.2%}")
    print(f"{len(unbroken)} seeds: {min(unbroken.values()):.2%} to {max(unbroken.values()):.2%}")
    more = {"epochs_done_at_each_kill": killed, "unbroken": same, "killed": run}
    files.write_json(RESULTS / "kills.json", about("python benchmarks/kills.py --data PATH --out FOLDER", **more))


if __name__ == "__main__":
    main()
