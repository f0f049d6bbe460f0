"""What drawn faces are worth, measured: python benchmarks/transfer.py --data FER2013 [--part difficulty|transfer|few] [--seeds 5]

difficulty  mini-Xception, trained well on the embedded default set: its score and confusions on drawn test faces
transfer    trained on drawn faces alone, tested on photographs: PublicTest of FER2013
few         500 photographs of Training, from scratch and after training on drawn faces, tested on PublicTest

The drawn faces of `transfer` and `few` are balanced, FER2013 is not, and balance alone could raise a balanced accuracy. So both
have controls: as many drawn faces with the classes' shares of Training; and, in `few`, 500 photographs, as many of each class.

Settings were chosen on drawn faces and on Training; PublicTest is looked at once a seed and row. Writes a part at a time into
fer_course/results/drawn_faces.json. Runs are kept in --runs, and go on from there when the same command is typed again.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import recording
from recording import tiny
from studies import MINUTES

from fer_course._shared import files
from fer_course.data import drawn
from fer_course.errors import DataError
from fer_course.evaluation import evaluate
from fer_course.faces import CLASS_NAMES, Faces
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import train

WELL = tiny(MINUTES.but(name="drawn, well trained", epochs=20, shift=0.08, label_smoothing=0.1))
ALONE = tiny(WELL.but(name="drawn alone", epochs=8, learning_rate=0.01, erase=0.3, validation=0.0))
SCRATCH = tiny(WELL.but(name="500 from scratch", epochs=60, batch_size=32, learning_rate=0.01, validation=0.0))
AFTER = tiny(SCRATCH.but(name="500 after drawn", epochs=40, learning_rate=0.001))
DRAWN_FACES, PHOTOGRAPHS = recording.few((14_000, 500), (140, 70))


def run(name: str, faces: Faces, recipe: Recipe, folder: Path, start: Run | None = None) -> Run:
    """Train mini-Xception on faces, from fresh weights or from those of another run."""
    print(f"{name}, seed {recipe.seed}: {len(faces.select('Training')):,} faces, {recipe.epochs} epochs", flush=True)
    model = None if start is None else start.model()
    return train(model, faces, recipe, folder / f"{name}-{recipe.seed}")


def score(run: Run, faces: Faces, split: str = "PublicTest") -> dict:
    """Return a run's report, with the recipe that it was trained with, and when and where it was made."""
    trained = {"recipe": dataclasses.asdict(run.recipe), "seconds": run.metrics["seconds"], "made": recording.made()}
    return evaluate(run, faces, split).to_dict() | trained


def difficulty(seed: int, real: Faces, folder: Path) -> dict:
    """Train on the default set and test on its PublicTest and PrivateTest, without copies of Training faces."""
    faces = drawn.draw(recording.few(drawn.DEFAULT_N, 300), seed=0)
    known = {image.tobytes() for image in faces.select("Training").images}
    new = (faces.split != "Training") & ~np.array([image.tobytes() in known for image in faces.images])
    test = dataclasses.replace(faces[new], split=np.full(new.sum(), "Test"))
    made = run("difficulty", faces, WELL.but(seed=seed), folder)
    return {"drawn test faces": score(made, test, "Test")}


def alone(seed: int, folder: Path, balanced: bool = True) -> Run:
    """Train on drawn faces alone, as many of each class or with Training's shares; all of them are for training."""
    faces = drawn.draw(DRAWN_FACES, seed=1000 + seed, balanced=balanced)
    faces = dataclasses.replace(faces, split=np.full(len(faces), "Training"))
    return run("alone" if balanced else "alone-shares", faces, ALONE.but(seed=seed), folder)


def balanced(photographs: Faces, n: int, seed: int) -> Faces:
    """Return `n` of the photographs, as many of each class: with a remainder, the first classes have one more.

    Raises:
        DataError: if a class has too few.

    """
    rng, classes = np.random.default_rng(seed), len(CLASS_NAMES)
    wanted = [n // classes + (label < n % classes) for label in range(classes)]
    if (photographs.counts() < wanted).any():
        raise DataError(f"{n} photographs, as many of each class, are more than there are: {photographs.counts()}.")
    rows = [rng.permutation(np.flatnonzero(photographs.labels == label))[:count] for label, count in enumerate(wanted)]
    return photographs[np.sort(np.concatenate(rows))]


def transfer(seed: int, real: Faces, folder: Path) -> dict:
    """Test a network that has seen drawn faces alone on photographs."""
    made = {"PublicTest": alone(seed, folder), "shares of Training": alone(seed, folder, balanced=False)}
    return {name: score(each, real) for name, each in made.items()}


def few(seed: int, real: Faces, folder: Path) -> dict:
    """Train on a few photographs, with and without drawn faces before."""
    training = real.select("Training")
    photographs, even = training.sample(PHOTOGRAPHS, seed=seed), balanced(training, PHOTOGRAPHS, seed)
    scratch, after, drawn_ones = SCRATCH.but(seed=seed), AFTER.but(seed=seed), alone(seed, folder)
    made = {
        "from scratch": run("scratch", photographs, scratch, folder),
        "after drawn faces": run("after", photographs, after, folder, start=drawn_ones),
        "balanced, from scratch": run("scratch-balanced", even, scratch, folder),
        "balanced, after drawn faces": run("after-balanced", even, after, folder, start=drawn_ones),
        "after drawn faces, shares of Training": run(
            "after-shares", photographs, after, folder, start=alone(seed, folder, balanced=False)
        ),
    }
    return {name: score(each, real) for name, each in made.items()}


#: The recipes of each part, with seed 0, as its record names them.
RECIPES = {"difficulty": (WELL,), "transfer": (ALONE,), "few": (ALONE, SCRATCH, AFTER)}
PARTS = {"difficulty": difficulty, "transfer": transfer, "few": few}


def main() -> None:
    """Measure the parts that were asked for and write them down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--seeds", type=int, default=recording.few(5, 1))
    parser.add_argument("--runs", type=Path, default=Path("runs/transfer"))
    options = parser.parse_args()
    real = recording.real_faces(options.data)
    for part in options.part or PARTS:
        measured = {str(seed): PARTS[part](seed, real, options.runs) for seed in range(options.seeds)}
        known = recording.record("drawn_faces") or {}
        command = f"python benchmarks/transfer.py --data FER2013 --part {part} --seeds {options.seeds}"
        recipes = {recipe.name: dataclasses.asdict(recipe) for recipe in RECIPES[part]}
        known[part] = {"command": command} | recording.made() | {"recipes": recipes, "seeds": measured}
        files.write_json(
            recording.RESULTS / "drawn_faces.json", known | (recording.NO_RESULT if recording.MINIATURE else {})
        )
        for seed, reports in measured.items():
            for name, report in reports.items():
                scores = f"accuracy {report['accuracy']:.1%}, balanced {report['balanced_accuracy']:.1%}"
                recall = ", ".join(
                    f"{each} {value:.0%}" for each, value in report["recall"].items() if value is not None
                )
                print(f"{part}, seed {seed}, {name}: {scores}; recall: {recall}")


if __name__ == "__main__":
    main()
