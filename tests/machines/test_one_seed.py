"""One seed, one result: the same weights, bit for bit, wherever a trial runs and however often it is killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import hammering_preload
import keras
import numpy as np
import pandas
import pytest
import yaml
from clusters import cluster, waited_for

from fer_course import sweep
from fer_course._shared.executors import THREADS

pytestmark = pytest.mark.slow
#: A network with dropout and one without; faces that are turned, shifted and erased; enough of them that sums are split.
CONTENT = {
    "recipe": "busy.yaml",
    "data": "drawn",
    "faces": 420,
    "seeds": [3],
    "grid": {"model": ["lenet", "alexnet_small"]},
}
BUSY = {"epochs": 2, "batch_size": 64, "rotation": 5.0, "zoom": 0.05, "erase": 0.3, "mixup": 0.2}


def written(place: Path) -> Path:
    """Write the sweep and its recipe; return the sweep's file."""
    place.mkdir(exist_ok=True)
    (place / "busy.yaml").write_text(yaml.safe_dump(BUSY))
    (place / "sweep.yaml").write_text(yaml.safe_dump(CONTENT | {"recipe": str(place / "busy.yaml")}))
    return place / "sweep.yaml"


def begun(place: Path, *words: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "fer_course.cli",
        "sweep",
        str(written(place)),
        "--out",
        str(place / "out"),
        *words,
    ]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=place, start_new_session=True
    )


def ended(process: subprocess.Popen) -> str:
    said, _ = process.communicate(timeout=580)
    assert process.returncode == 0, said
    return said


def digests(out: Path) -> dict[str, str]:
    """Return trial -> a hash of its network's weights."""
    return {
        folder.name: hashlib.sha256(
            b"".join(
                np.ascontiguousarray(each).tobytes()
                for each in keras.models.load_model(folder / "model.keras", compile=False).get_weights()
            )
        ).hexdigest()
        for folder in sorted((out / "trials").iterdir())
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict[str, str]:
    """The weights of plain trainings, each in a fresh process with one thread, without sweep and executor."""
    place = tmp_path_factory.mktemp("plain")
    wanted = sweep.load(written(place))
    for trial in sweep.trials(wanted, place / "out"):
        recipe = place / f"{trial.combination['model']}-{trial.seed}.yaml"
        wanted.base.but(**trial.combination, seed=trial.seed).to_yaml(recipe)
        command = [sys.executable, "-m", "fer_course.cli", "train", "--data", "drawn", "--faces", "420"]
        command += ["--recipe", str(recipe), "--out", str(trial.folder)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **dict.fromkeys(THREADS, "1")})
    found = digests(place / "out")
    assert len(set(found.values())) == 2
    return found


@pytest.mark.parametrize("workers", ["1", "2"])
def test_local_workers_however_many(tmp_path, expected, workers):
    ended(begun(tmp_path, "--workers", workers))
    assert digests(tmp_path / "out") == expected
    assert pandas.read_csv(tmp_path / "out" / "trials.csv")["threads"].tolist() == [1] * 2
    for file in tmp_path.glob("out/trials/*/metrics.json"):
        assert json.loads(file.read_text())["threads"] == 1


def test_two_dask_workers_of_two_threads_each_in_which_others_sample(tmp_path, expected):
    """Workers as they are started by hand, with a nanny, and with threads that sample from Python's `random`."""
    with cluster(tmp_path, "--nthreads", "2", "--preload", hammering_preload.__file__) as (
        address,
        _,
    ):
        ended(begun(tmp_path, "--scheduler", address))
    assert digests(tmp_path / "out") == expected


def test_a_process_that_is_killed_is_said_and_changes_nothing(tmp_path, expected):
    import psutil

    process = begun(tmp_path, "--workers", "1")
    waited_for(lambda: list(tmp_path.glob("out/trials/*/history.csv")), "the first epoch", 300)
    children = psutil.Process(process.pid).children(recursive=True)
    os.kill(next(each.pid for each in children if "spawn_main" in " ".join(each.cmdline())), signal.SIGKILL)
    said = ended(process)
    assert said.count("its process was killed; it is started again") == 1
    assert digests(tmp_path / "out") == expected


def test_a_sweep_that_is_killed_goes_on_to_the_same_weights(tmp_path, expected):
    process = begun(tmp_path, "--workers", "2")
    waited_for(lambda: list(tmp_path.glob("out/trials/*/history.csv")), "the first epoch", 300)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    time.sleep(1)  # its processes end when they see that
    ended(begun(tmp_path, "--workers", "1"))
    assert digests(tmp_path / "out") == expected
