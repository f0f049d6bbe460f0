"""Killed with SIGKILL at a random moment, again and again: the same command goes on, and in the end everything is there, once.

Three kills each in `make test-all`; `make torture` kills fifty times (FER_COURSE_KILLS).
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import classes
import psutil
import pytest
import yaml
from faces_for_tests import csv_bytes, some_faces
from notebook_files import write_notebook

from fer_course import data
from fer_course.classroom import nbgrader_course
from fer_course.classroom.collecting import collect
from fer_course.classroom.marks import marks
from fer_course.recipes import Recipe
from fer_course.runs import Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows"),
]
KILLS = int(os.environ.get("FER_COURSE_KILLS", "3"))
COMMAND = [sys.executable, "-m", "fer_course.cli"]


@dataclass(frozen=True)
class Scenario:
    """What is killed.

    Attributes:
        prepare: makes what the command needs, in an empty folder.
        command: what is killed, and then typed again.
        whole: asserts that all is there.
        sound: asserts, after a kill, that what is there is whole.

    """

    prepare: Callable[[Path], None]
    command: Callable[[Path], list[str]]
    whole: Callable[[Path], None]
    sound: Callable[[Path], None] = lambda folder: None


def environment(folder: Path) -> dict[str, str]:
    """All that a command may keep lies in that folder."""
    return os.environ | {
        "FER_COURSE_CACHE": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "home"),
        "HOME": str(folder),
    }


# ------------------------------------------------------------------------------------------------------ cache and import


FACES = some_faces(4000)


def write_table(folder: Path) -> None:
    (folder / "fer2013.csv").write_bytes(csv_bytes(FACES))


def load_table(folder: Path) -> list[str]:
    program = f"from fer_course import data; data.load({str(folder / 'fer2013.csv')!r})"
    return [sys.executable, "-c", program]


def same_faces(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_COURSE_CACHE", str(folder / "cache"))
        loaded = data.load(folder / "fer2013.csv", quiet=True)
    assert (loaded.images == FACES.images).all()
    assert (loaded.labels == FACES.labels).all()


def imported(folder: Path) -> None:
    (file,) = [path for path in (folder / "home").rglob("*.npz") if not path.name.startswith(".")]
    loaded = data.load(file, quiet=True)
    assert (loaded.images == FACES.images).all()


def nothing_half(folder: Path) -> None:
    """Whatever has the name of something whole is whole."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith(".tmp-"):
            if path.suffix == ".npz":
                assert len(data.load(path, quiet=True)) == len(FACES)
            elif path.suffix == ".json":
                json.loads(path.read_text())


# ------------------------------------------------------------------------------------------------------------- training


def write_recipe(folder: Path) -> None:
    Recipe("torture", "lenet", epochs=4, seed=1).to_yaml(folder / "recipe.yaml")


def trained(folder: Path) -> None:
    run = Run(folder / "run")
    assert run.finished
    assert run.history["epoch"] == [1, 2, 3, 4]
    run.model()
    assert not list(run.path.glob(".tmp-*"))
    scores = folder.parent / "scores.json"
    if scores.exists():
        for name, before in json.loads(scores.read_text()).items():
            assert run.history[name] == pytest.approx(before, abs=1e-4)
    else:
        scores.write_text(json.dumps({name: run.history[name] for name in ("loss", "val_loss")}))


# ------------------------------------------------------------------------------------------------------ lessons and sweeps


def write_lessons(folder: Path) -> None:
    for number in range(3):
        source = f"import time\nfrom fer_course.course import report\ntime.sleep(0.3)\nreport('lesson', n={number})"
        write_notebook(folder / "solutions" / f"0{number}-lesson.ipynb", source)


def run_lessons(folder: Path) -> list[str]:
    out = folder / "out"
    if (out / "metrics.json").is_file():
        if json.loads((out / "metrics.json").read_text())["finished"]:
            return ["true"]  # killed after its work was done
        return [*COMMAND, "run", "--resume", "--out", str(out)]
    program = f"from fer_course import course; course.run(source={str(folder / 'solutions')!r}, out={str(out)!r})"
    return [sys.executable, "-c", program]


def all_lessons(folder: Path) -> None:
    metrics = json.loads((folder / "out" / "metrics.json").read_text())
    assert [each["status"] for each in metrics["lessons"]] == ["done"] * 3
    assert [each["numbers"] for each in metrics["lessons"]] == [{"n": number} for number in range(3)]


def write_sweep(folder: Path) -> None:
    sweep = {
        "recipe": "quick",
        "data": "drawn",
        "faces": 140,
        "seeds": [0, 1],
        "grid": {"model": ["lenet"], "epochs": [1, 2]},
    }
    (folder / "sweep.yaml").write_text(yaml.safe_dump(sweep))


def all_trials(folder: Path) -> None:
    import pandas

    table = pandas.read_csv(folder / "out" / "trials.csv")
    assert sorted(zip(table.epochs, table.seed, strict=True)) == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert len(pandas.read_parquet(folder / "out" / "results.parquet")) == 2


# ---------------------------------------------------------------------------------------------------------------- grading

ANSWERS = {
    "ada": {"mirror": "def mirror(image):\n    return image[:, ::-1]"},
    "alan": {},
    "grace": {"mirror": "def mirror(image):\n    return image"},
}
MARKS = {"ada": 1.0, "alan": 0.0, "grace": 0.0, "emmy": "", "mary": "", "sofia": ""}


def write_class(folder: Path) -> None:
    nbgrader_course.init(
        folder / "class", classes.students(folder / "students.csv"), source=classes.source(folder / "solved")
    )
    (released,) = nbgrader_course.release(folder / "class")
    for student, answers in ANSWERS.items():
        classes.hand_in(folder / "in", student, classes.answered(released, **answers))
    collect(folder / "class", folder / "in")


def all_marks(folder: Path) -> None:
    assert {row["id"]: row["score"] for row in marks(folder / "class")} == MARKS


SCENARIOS = {
    "cache": Scenario(write_table, load_table, same_faces),
    "import": Scenario(
        write_table, lambda folder: [*COMMAND, "data", "import", str(folder / "fer2013.csv")], imported, nothing_half
    ),
    "train": Scenario(
        write_recipe,
        lambda folder: [
            *(*COMMAND, "train", "--data", "drawn", "--faces", "700"),
            *("--recipe", str(folder / "recipe.yaml"), "--out", str(folder / "run")),
        ],
        trained,
        nothing_half,
    ),
    "run": Scenario(write_lessons, run_lessons, all_lessons, nothing_half),
    "sweep": Scenario(
        write_sweep,
        lambda folder: [*COMMAND, "sweep", str(folder / "sweep.yaml"), "--out", str(folder / "out")],
        all_trials,
        nothing_half,
    ),
    "grade": Scenario(
        write_class, lambda folder: [*COMMAND, "class", "grade", str(folder / "class"), "--unsafe"], all_marks
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_random_moments(name, tmp_path):
    if name == "grade":
        pytest.importorskip("nbgrader")
    scenario, draw = SCENARIOS[name], random.Random(name)

    def end(folder: Path) -> None:
        done = subprocess.run(scenario.command(folder), env=environment(folder), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        scenario.whole(folder)

    def fresh(number: str) -> Path:
        folder = tmp_path / number
        folder.mkdir()
        scenario.prepare(folder)
        return folder

    first = fresh("unbroken")
    start = time.monotonic()
    end(first)
    took, killed = time.monotonic() - start, 0
    for number in range(KILLS):
        folder = fresh(str(number))
        process = subprocess.Popen(
            scenario.command(folder), env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # The first seconds are imports, where there is nothing to break.
        time.sleep(draw.uniform(0.3 * took, took))
        killed += process.poll() is None
        begun: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            begun = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert psutil.wait_procs(begun, 30)[1] == []  # kernels and workers see that nobody waits for them
        scenario.sound(folder)
        end(folder)
    print(f"{name}: {killed} of {KILLS} were killed before their end")
    assert killed
