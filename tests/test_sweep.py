"""Sweeps: what they try, that nothing is run twice, and what is left of one whose worker was killed."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import pandas
import pytest
import yaml
from conftest import make_faces

from fer_course import data, executors, files, sweep
from fer_course.errors import BusyError, FerCourseError, LessonError, RecipeError, SweepError
from fer_course.executors import executor_at
from fer_course.sweep import running
from fer_course.sweep.tables import summary
from fer_course.trials import summarise

GRID = {
    "recipe": "quick",
    "data": "drawn",
    "faces": 140,
    "seeds": [0, 1],
    "grid": {"model": ["lenet"], "epochs": [1, 2]},
}


def written(path: Path, content) -> Path:
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


class AtOnce(Executor):
    """Runs everything in this process, when it is handed in; notes what."""

    def __init__(self, run):
        self.run, self.names = run, []

    def submit(self, function, trial):
        future = Future()
        self.names.append(trial.folder.name)
        try:
            future.set_result(self.run(trial))
        except BaseException as error:
            future.set_exception(error)
        return future


def finish(score: float = 0.5, **more):
    """Return a stand-in for a training: writes what a finished one leaves."""

    def run(trial):
        trial.folder.mkdir(parents=True, exist_ok=True)
        value = score + trial.seed / 10
        text = json.dumps({"finished": True, "seconds": 2.0, "val_accuracy": value, **more})
        (trial.folder / "metrics.json").write_text(text)

    return run


def opening(executor):
    return lambda: contextlib.nullcontext(executor)


@pytest.fixture(autouse=True)
def few_drawn_faces(request, monkeypatch):
    """Draw few faces in this process: those of everybody take half a minute."""
    if not request.node.get_closest_marker("slow"):
        monkeypatch.setattr("fer_course.data.drawn.DEFAULT_N", 300)


@pytest.fixture
def wanted(tmp_path):
    return sweep.load(written(tmp_path / "sweep.yaml", GRID))


def test_every_combination_with_every_seed_once(wanted, tmp_path):
    executor = AtOnce(finish())
    found = sweep.run(wanted, tmp_path / "out", opening(executor))
    assert len(executor.names) == len(set(executor.names)) == 4
    assert [(each["epochs"], each["seeds"]) for each in found] == [(1, 2), (2, 2)]
    again = AtOnce(finish())
    assert sweep.run(wanted, tmp_path / "out", opening(again)) == found
    assert again.names == []


def test_tables_hold_mean_interval_and_cost(wanted, tmp_path):
    sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish())))
    one, two = (
        pandas.read_csv(tmp_path / "out" / "results.csv"),
        pandas.read_parquet(tmp_path / "out" / "results.parquet"),
    )
    pandas.testing.assert_frame_equal(one, two)
    found = summarise([0.5, 0.6])
    assert one["mean"].tolist() == pytest.approx([found.mean] * 2)
    assert found.high > 1  # so far reaches a t-interval of two; an accuracy does not
    assert found.low < 0
    assert (one["low"].tolist(), one["high"].tolist()) == ([0.0] * 2, [1.0] * 2)
    assert one["threads"].tolist() == [1, 1]
    assert one["seconds"].tolist() == [4.0, 4.0]
    assert one["multiply_adds"].gt(1e5).all()
    trials = pandas.read_csv(tmp_path / "out" / "trials.csv")
    assert len(trials) == 4
    assert (tmp_path / "out" / "results.png").read_bytes().startswith(b"\x89PNG")


def test_more_seeds_and_values_are_added_to_what_is_done(wanted, tmp_path):
    sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish())))
    larger = sweep.load(written(tmp_path / "larger.yaml", GRID | {"seeds": [0, 1, 2]}))
    executor = AtOnce(finish())
    sweep.run(larger, tmp_path / "out", opening(executor))
    assert sorted(name.rpartition("-")[0] for name in executor.names) == [
        "epochs=1,model=lenet,seed=2",
        "epochs=2,model=lenet,seed=2",
    ]


def test_another_sweep_is_not_mixed_in(wanted, tmp_path):
    sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish())))
    other = sweep.load(written(tmp_path / "other.yaml", GRID | {"faces": 70}))
    with pytest.raises(SweepError, match="holds another sweep"):
        sweep.run(other, tmp_path / "out", opening(AtOnce(finish())))
    for content in ("{}", '{"recipe": 3, "grid": 4}'):
        (tmp_path / "out" / "sweep.json").write_text(content)
        with pytest.raises(SweepError, match="holds another sweep"):
            sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish())))
    (tmp_path / "out" / "sweep.json").write_text("[")
    with pytest.raises(SweepError, match=r"sweep.json is damaged .* with --out"):
        sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish())))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("x")
    with pytest.raises(SweepError, match="not empty"):
        sweep.run(wanted, tmp_path / "mine", opening(AtOnce(finish())))


def test_a_sweep_that_another_process_runs_is_left_to_it(wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    executor = AtOnce(finish())
    with files.alone(tmp_path / "out"), pytest.raises(BusyError, match="writing to"):
        sweep.run(wanted, tmp_path / "out", opening(executor))
    assert executor.names == []
    sweep.run(wanted, tmp_path / "out", opening(executor))
    assert len(executor.names) == 4


def test_a_trial_that_fails_does_not_stop_the_others(wanted, tmp_path):
    def run(trial):
        if trial.seed == 1 and trial.combination["epochs"] == 1:
            raise ValueError("no luck")
        return finish()(trial)

    with pytest.raises(SweepError, match=r"1 of 4 trials failed.*epochs=1,model=lenet,seed=1-\w+: ValueError: no luck"):
        sweep.run(wanted, tmp_path / "out", opening(AtOnce(run)))
    assert pandas.read_csv(tmp_path / "out" / "results.csv")["seeds"].tolist() == [1, 2]


def test_ctrl_c_ends_it_and_the_same_call_goes_on(wanted, tmp_path):
    def run(trial):
        if trial.seed == 1:
            raise KeyboardInterrupt
        return finish()(trial)

    with pytest.raises(KeyboardInterrupt):
        sweep.run(wanted, tmp_path / "out", opening(AtOnce(run)))
    executor = AtOnce(finish())
    sweep.run(wanted, tmp_path / "out", opening(executor))
    assert len(executor.names) == 2


@pytest.mark.parametrize(("content", "words", "kind"), [
    ("[1, 2]", "lines such as", SweepError),
    ("recipe: [", "not a YAML file", SweepError),
    ({"recipe": "quick", "grids": {}}, "found .grids", SweepError),
    ({"grid": {}}, "either", SweepError),
    ({"recipe": "quick", "lesson": "07"}, "either", SweepError),
    (GRID | {"seeds": [0, 0]}, "different whole numbers", SweepError),
    (GRID | {"seeds": [0.5]}, "different whole numbers", SweepError),
    (GRID | {"grid": {"shift": 0.1}}, "list of values", SweepError),
    (GRID | {"grid": {"shift": [0.1, 0.1]}}, "twice", SweepError),
    (GRID | {"grid": {"seed": [1, 2]}}, "under `seeds`", SweepError),
    (GRID | {"grid": {"shfit": [0.1]}}, "shfit", RecipeError),
    (GRID | {"grid": {"shift": [7.0]}}, "shift", RecipeError),
    (GRID | {"recipe": "slow"}, "no recipe", RecipeError),
    ({"lesson": "77"}, "no lesson", LessonError),
    ({"lesson": "07", "grid": {"colour": ["red"]}}, "colour", LessonError),
])  # fmt: skip
def test_what_can_not_be_is_said_before_anything_runs(tmp_path, content, words, kind):
    with pytest.raises(kind, match=words):
        sweep.load(written(tmp_path / "sweep.yaml", content))
    with pytest.raises(SweepError, match="Can't read"):
        sweep.load(tmp_path / "missing.yaml")


def test_names_of_trials_are_names_of_folders(tmp_path):
    content = GRID | {"grid": {"model": ["lenet", "mini_xception"], "learning_rate": [1e-3, 0.01]}}
    names = [each.folder.name for each in sweep.trials(sweep.load(written(tmp_path / "s.yaml", content)), tmp_path)]
    assert len(set(names)) == len(names) == 8
    assert all(re.fullmatch(r"[\w.=,+-]+", name) for name in names)


def test_summary_of_one_seed_has_no_interval(wanted):
    row = {"model": "lenet", "epochs": 1, "seed": 0, "score": 0.5, "seconds": 1.0}
    (found,) = summary(wanted, [row])
    assert found["mean"] == 0.5
    assert found["low"] == -float("inf")


def test_no_scheduler_is_said_in_a_sentence(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "PATIENCE", 1)
    with pytest.raises(FerCourseError, match="no Dask scheduler"), executor_at("tcp://127.0.0.1:9"):
        pass


def test_files_for_clusters_are_what_the_engines_read(monkeypatch):
    place = Path(__file__).parents[1] / "docs" / "clusters"
    slurm = yaml.safe_load((place / "slurm.yaml").read_text())["jobqueue"]["slurm"]
    assert slurm["cores"] == slurm["processes"] == 1
    kubernetes = yaml.safe_load((place / "kubernetes.yaml").read_text())
    assert (kubernetes["apiVersion"], kubernetes["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    worker = kubernetes["spec"]["worker"]["spec"]["containers"][0]
    assert worker["args"][1:3] == ["--nthreads", "1"]
    monkeypatch.setattr(data, "load", lambda *_, **__: make_faces({"Training": 600}))
    assert len(sweep.trials(sweep.load(place / "sweep.yaml"), Path("x"))) == 12


def started(tmp_path, *words):
    command = [
        sys.executable,
        "-m",
        "fer_course.cli",
        "sweep",
        str(tmp_path / "sweep.yaml"),
        "--out",
        str(tmp_path / "out"),
        *words,
    ]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


@pytest.mark.slow
def test_a_killed_worker_costs_no_trial_and_none_is_run_twice(tmp_path):
    """Local processes: one is killed in the middle of a training."""
    import psutil

    written(tmp_path / "sweep.yaml", GRID | {"faces": 700, "grid": {"model": ["lenet"], "epochs": [3, 4]}})
    process = started(tmp_path, "--workers", "1")
    deadline = time.monotonic() + 240
    while not list(tmp_path.glob("out/trials/*/history.csv")) and time.monotonic() < deadline:
        time.sleep(0.1)
    worker = next(
        each
        for each in psutil.Process(process.pid).children(recursive=True)
        if "spawn_main" in " ".join(each.cmdline())
    )
    os.kill(worker.pid, signal.SIGKILL)
    said, _ = process.communicate(timeout=400)
    assert process.returncode == 0, said
    trials = pandas.read_csv(tmp_path / "out" / "trials.csv")
    assert len(trials) == 4
    for history in tmp_path.glob("out/trials/*/history.csv"):
        epochs = [line.split(",")[0] for line in history.read_text().splitlines()[1:]]
        assert epochs == [str(number + 1) for number in range(len(epochs))]  # no epoch twice


@pytest.mark.slow
def test_the_stand_in_has_the_real_ones_form(tmp_path, wanted):
    """`finish` writes what a real trial leaves: one real, tiny training says so."""
    small = sweep.load(
        written(tmp_path / "small.yaml", GRID | {"seeds": [0], "grid": {"model": ["lenet"], "epochs": [1]}})
    )
    (trial,) = sweep.trials(small, tmp_path / "real")
    running.run_trial(trial)
    assert trial.done
    row = trial.row()
    assert set(row) == {"model", "epochs", "seed", "score", "seconds"}
    assert 0 <= row["score"] <= 1
