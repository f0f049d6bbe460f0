"""Sweeps: what they try, that nothing is run twice, and what is left of one whose worker was killed."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Executor, Future
from pathlib import Path

import nbformat
import pandas
import pytest
import yaml
from learnable_faces import make_faces
from repository import ROOT
from sent_to_processes import die, strange, where_am_i

from fer_course import data, sweep
from fer_course._shared import executors, files
from fer_course._shared.executors import executor_at
from fer_course._shared.processes import Killed
from fer_course.errors import BusyError, FerCourseError, LessonError, RecipeError, SweepError
from fer_course.evaluation.trials import summarise
from fer_course.sweep import lessons, preflight, runner
from fer_course.sweep.tables import summary

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
    with files.exclusive(tmp_path / "out"), pytest.raises(BusyError, match="writing to"):
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
    ("recipe: quick\ngrid:\n  shift: [0.0]\n  shift: [0.1]", "shift occurs in line 3 and again in line 4", SweepError),
    ("recipe: quick\nseeds: [010, 8]", "does not read 010 the way it looks", SweepError),
    ({"recipe": "quick", "grids": {}}, "found .grids", SweepError),
    ({"grid": {}}, "either", SweepError),
    ({"recipe": "quick", "lesson": "10"}, "either", SweepError),
    (GRID | {"seeds": [0, 0]}, "different whole numbers", SweepError),
    (GRID | {"seeds": [0.5]}, "different whole numbers", SweepError),
    (GRID | {"grid": {"shift": 0.1}}, "list of values", SweepError),
    (GRID | {"grid": {"shift": [0.1, 0.1]}}, "twice", SweepError),
    (GRID | {"grid": {"seed": [1, 2]}}, "under `seeds`", SweepError),
    (GRID | {"grid": {"shfit": [0.1]}}, "shfit", RecipeError),
    (GRID | {"grid": {"shift": [7.0]}}, "shift", RecipeError),
    (GRID | {"recipe": "slow"}, "no recipe", RecipeError),
    ({"lesson": "77"}, "no lesson", LessonError),
    ({"lesson": "10", "grid": {"colour": ["red"]}}, "colour", LessonError),
])  # fmt: skip
def test_what_can_not_be_is_said_before_anything_runs(tmp_path, content, words, kind):
    with pytest.raises(kind, match=words):
        sweep.load(written(tmp_path / "sweep.yaml", content))
    with pytest.raises(SweepError, match="Can't read"):
        sweep.load(tmp_path / "missing.yaml")


LONG = {"recipe": "minutes", "score": "accuracy", "grid": {name: [value] for name, value in {
    "model": "mini_xception_standard", "learning_rate": 0.0123456789, "weight_decay": 0.000123456789,
    "label_smoothing": 0.123456789, "plateau_patience": 12, "plateau_factor": 0.123456789, "optimizer": "adamw",
    "schedule": "one_cycle", "warmup": 0.123456789, "rotation": 12.3456789, "zoom": 0.123456789,
}.items()}}  # fmt: skip


def folders(tmp_path, content, out: str = "out") -> list[Path]:
    return [trial.folder for trial in sweep.trials(sweep.load(written(tmp_path / "s.yaml", content)), tmp_path / out)]


def test_names_of_trials_are_names_of_folders(tmp_path):
    grid = {"model": ["lenet", "mini_xception"], "learning_rate": [1e-3, 0.01]}
    names = [folder.name for folder in folders(tmp_path, GRID | {"grid": grid})]
    assert len(set(names)) == len(names) == 8
    assert all(re.fullmatch(r"[\w.=,+-]+", name) for name in names)
    assert names[0].startswith("learning_rate=0.001,model=lenet,seed=0-")


def test_three_seeds_are_three_trials_however_long_their_names(tmp_path):
    names = [folder.name for folder in folders(tmp_path, GRID | LONG | {"seeds": [0, 1, 2]})]
    assert len(set(names)) == 3
    assert all(len(name) < 130 for name in names)


@pytest.mark.parametrize("change", [
    {"faces": 70}, {"threads": 2}, {"recipe": "paper"}, {"grid": {"model": ["lenet"], "epochs": [3]}}, {"seeds": [2]},
    {"grid": {"model": ["lenet"], "epochs": [1, 2], "shift": [0.0]}},
])  # fmt: skip
def test_what_decides_about_a_result_decides_about_the_folder(tmp_path, change):
    assert not {*folders(tmp_path, GRID)} & {*folders(tmp_path, GRID | change)}


def test_neither_the_score_nor_the_order_of_the_grid_nor_how_a_number_is_written_does(tmp_path):
    content = GRID | {"grid": {"shift": [0], "model": ["lenet"]}, "seeds": [0]}
    (one,) = folders(tmp_path, content)
    (same,) = folders(tmp_path, content | {"grid": {"model": ["lenet"], "shift": [0.0]}, "score": "loss"})
    assert one.name.rpartition("-")[2] == same.name.rpartition("-")[2]


def test_other_faces_or_another_recipe_under_the_same_name_are_another_sweep(tmp_path):
    written(tmp_path / "mine.yaml", {"epochs": 2})
    data.write_npz(make_faces({"Training": 30}), tmp_path / "faces.npz")
    content = {"recipe": str(tmp_path / "mine.yaml"), "data": str(tmp_path / "faces.npz"), "seeds": [0, 1]}
    wanted = sweep.load(written(tmp_path / "s.yaml", content))
    sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish())))
    before = {*folders(tmp_path, content)}
    written(tmp_path / "mine.yaml", {"epochs": 3})
    assert not before & {*folders(tmp_path, content)}
    changed = sweep.load(tmp_path / "s.yaml")
    with pytest.raises(SweepError, match="holds another sweep: other recipe"):
        sweep.run(changed, tmp_path / "out", opening(AtOnce(finish())))
    written(tmp_path / "mine.yaml", {"epochs": 2})
    data.write_npz(make_faces({"Training": 30}, seed=1), tmp_path / "faces.npz")
    assert not before & {*folders(tmp_path, content)}
    with pytest.raises(SweepError, match="holds another sweep: other data"):
        sweep.run(sweep.load(tmp_path / "s.yaml"), tmp_path / "out", opening(AtOnce(finish())))


def test_a_sweep_of_the_first_edition_is_refused_in_a_sentence(wanted, tmp_path):
    first = {name: GRID.get(name) for name in ("recipe", "lesson", "profile", "data", "faces", "seeds", "grid")}
    (tmp_path / "out" / "trials" / "epochs=1,model=lenet,seed=0").mkdir(parents=True)
    (tmp_path / "out" / "sweep.json").write_text(json.dumps(first | {"score": "val_accuracy"}))
    with pytest.raises(SweepError, match=r"holds another sweep: one of another edition .* with --out"):
        sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish())))


@pytest.mark.parametrize(("setting", "text"), [
    ("shift", "[0, 0.0]"), ("shift", "[0.0, -0.0]"), ("shift", "[0.1, 1.0e-1]"), ("shift", "[0.05, 5.0e-2, 0.050]"),
    ("epochs", "[1, 0x1]"), ("epochs", "[1, 01]"), ("flip", "[true, yes]"), ("flip", "[false, off]"),
    ("learning_rate", "[1, 1.0]"), ("model", "[lenet, 'lenet']"), ("rotation", "[5, 5.0e+0]"),
])  # fmt: skip
def test_equal_values_are_one_however_they_are_written(tmp_path, setting, text):
    content = f"recipe: quick\ndata: drawn\ngrid:\n  {setting}: {text}\n"
    with pytest.raises(SweepError, match=f"s.yaml: grid: {setting} has a value twice: .* are the same. Leave one out"):
        sweep.load(written(tmp_path / "s.yaml", content))


@pytest.mark.parametrize("values", ["[1, 1.0]", "[1, true]", "[0, false]", "[2013, 2013.0]"])
def test_equal_values_of_a_lessons_parameter_are_one_too(tmp_path, values):
    content = f"lesson: 7\ndata: drawn\ngrid:\n  faces: {values}\n"
    with pytest.raises(SweepError, match="faces has a value twice"):
        sweep.load(written(tmp_path / "s.yaml", content))


@pytest.mark.parametrize(("content", "words"), [
    (GRID | {"grid": {"model": ["lenet", "lenett"]}}, "grid: model: There is no model 'lenett'"),
    (GRID | {"faces": 301}, "faces: 301 are asked for; .* has 300"),
    (GRID | {"faces": -1}, "faces is from 0 to"),
    (GRID | {"faces": True}, "faces is a whole number; found True"),
    (GRID | {"data": "nowhere.csv"}, "data: nowhere.csv, which does not exist"),
    (GRID | {"seeds": [-1]}, "seeds is a list of different whole numbers from 0 to 4,294,967,295"),
    (GRID | {"seeds": [2**32]}, "seeds is a list"),
    (GRID | {"seeds": [True]}, "seeds is a list"),
    (GRID | {"seeds": []}, "seeds is a list"),
    (GRID | {"threads": 0}, "threads is from 1 to"),
    (GRID | {"threads": "two"}, "threads is a whole number"),
    (GRID | {"profile": "cpu"}, "profile belongs to a lesson"),
    (GRID | {"score": "luck"}, "score: a training has no number 'luck'; it has: .*val_accuracy"),
    (GRID | {"score": "finished"}, "score: a training has no number 'finished'"),
    (GRID | {"recipe": "minutes"}, "score: val_accuracy needs faces that are held out; found validation 0"),
    (GRID | {"grid": {"validation": [0.2, 0.0]}}, "score: val_accuracy needs"),
    (GRID | {"grid": {"distillation": [0.5]}}, "distillation needs a teacher"),
    (GRID | {"grid": {"fold": [0, 9]}}, "data: A validation share of 0.2 makes .* no fold 9"),
    (GRID | {"grid": {"shift": [float("nan")]}}, "not a finite number"),
    ({"lesson": "10", "data": "drawn", "score": "luck"}, "score: 10-train-it reports no number 'luck'; it reports: accuracy"),
    ({"lesson": "10", "data": "drawn", "profile": "slow"}, "profile: There is no profile 'slow'"),
    ({"lesson": "10", "data": "drawn", "grid": {"recipe": ["slow"]}}, "grid: There is no recipe 'slow'"),
    ({"lesson": "10", "data": "drawn", "grid": {"faces": ["many"]}}, "grid: .*faces.* takes int"),
    ({"lesson": "10", "data": "drawn", "grid": {"out": ["x", "y"]}}, "grid: out can't be varied"),
    ({"lesson": "00", "data": "drawn"}, "reports no number 'accuracy'; it reports: cores, faces"),
])  # fmt: skip
def test_each_trouble_that_a_trial_would_have_is_said_before_the_first(tmp_path, content, words):
    with pytest.raises(FerCourseError, match=words) as caught:
        sweep.load(written(tmp_path / "s.yaml", content))
    assert str(caught.value).startswith(f"{tmp_path / 's.yaml'}: ")
    assert "\n" not in str(caught.value)  # one trouble, one message


def test_all_troubles_are_said_at_once_each_with_its_key(tmp_path):
    grid = {"model": ["lenett"], "shift": [0, 0.0], "shfit": [1, 2], "zoom": 3, "rotation": [500, 700]}
    content = GRID | {"seeds": [0, 0], "threads": 0, "colour": "red", "score": "luck", "faces": 999, "grid": grid}
    with pytest.raises(SweepError) as caught:
        sweep.load(written(tmp_path / "s.yaml", content))
    head, *lines = str(caught.value).split("\n- ")
    assert head == f"{tmp_path / 's.yaml'} has 11 troubles:"
    words = ["colour", "threads", "seeds", "zoom", "'shfit'", "500", "700", "shift", "lenett", "999", "'luck'"]
    assert len(lines) == len(words)
    assert all(any(word in line for line in lines) for word in words)


def test_a_score_can_be_changed_and_nothing_is_run_again(wanted, tmp_path):
    sweep.run(wanted, tmp_path / "out", opening(AtOnce(finish(loss=2.5))))
    other = sweep.load(written(tmp_path / "other.yaml", GRID | {"score": "loss"}))

    def never():
        raise AssertionError("a place to run was opened, and there is nothing to run")

    found = sweep.run(other, tmp_path / "out", never)
    assert [(each["mean"], each["seeds"]) for each in found] == [(2.5, 2), (2.5, 2)]


def test_trials_without_the_score_are_named_and_the_others_are_in_the_tables(wanted, tmp_path):
    def run(trial):
        finish()(trial)
        if trial.seed == 1:
            (trial.folder / "metrics.json").write_text(
                '{"finished": true, "seconds": 1.0, "val_accuracy": null, "loss": 1.5}'
            )

    with pytest.raises(
        SweepError, match=r"2 of 4 trials have no score 'val_accuracy'; .* has: seconds, loss\. Set `score`"
    ):
        sweep.run(wanted, tmp_path / "out", opening(AtOnce(run)))
    assert pandas.read_csv(tmp_path / "out" / "trials.csv")["seed"].tolist() == [0, 0]
    executor = AtOnce(finish())
    mended = sweep.load(written(tmp_path / "mended.yaml", GRID | {"score": "seconds"}))
    assert len(sweep.run(mended, tmp_path / "out", opening(executor))) == 2
    assert executor.names == []


def test_numbers_of_a_lesson_are_those_of_its_report():
    assert lessons.numbers_of(lessons.notebook_of("10")) == {"accuracy", "n", "seconds"}
    assert lessons.numbers_of(lessons.notebook_of(0)) == {"faces", "cores"}


def cells(place: Path, *sources: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in sources])
    nbformat.write(notebook, place)
    return place


def test_numbers_that_only_show_when_a_lesson_runs_are_not_guessed(tmp_path):
    assert lessons.numbers_of(cells(tmp_path / "a.ipynb", "x = 1", "report('s', **numbers)")) is None
    assert lessons.numbers_of(cells(tmp_path / "b.ipynb", "%time report('s', a=1)")) is None
    assert lessons.numbers_of(cells(tmp_path / "c.ipynb", "x = 1")) is None
    assert lessons.numbers_of(cells(tmp_path / "d.ipynb", "course.report('s', a=1)", "report('t', b=2)")) == {"a", "b"}


def test_an_interval_of_a_loss_may_leave_0_and_1_and_that_of_an_accuracy_may_not(tmp_path):
    for score, within in (("val_accuracy", True), ("accuracy", True), ("loss", False), ("seconds", False)):
        wanted = sweep.load(written(tmp_path / "s.yaml", GRID | {"score": score, "grid": {}}))
        (found,) = summary(
            wanted, [{"seed": seed, "score": value, "seconds": 1.0} for seed, value in ((0, 0.1), (1, 0.9))]
        )
        assert (0 <= found["low"] <= found["mean"] <= found["high"] <= 1) == within
    percent = summary(
        wanted, [{"seed": seed, "score": value, "seconds": 1.0} for seed, value in ((0, 60.0), (1, 62.0))]
    )
    assert percent[0]["low"] < 60 < percent[0]["high"]


# ---------------------------------------------------------------------------------- processes that are killed


def test_local_processes_have_fixed_threads_and_are_none_of_this_one(tmp_path):
    with executor_at(workers=2, threads=3) as executor:
        seen = [future.result(60) for future in [executor.submit(where_am_i) for _ in range(6)]]
        assert {parent for *_, parent in seen} == {os.getpid()}
        assert {words for _, words, _ in seen} == {("3",) * len(executors.THREADS)}
        processes = {process for process, _, _ in seen}
        assert len(processes) <= 2
        assert os.getpid() not in processes
        with pytest.raises(RuntimeError, match="Strange: so so"):
            executor.submit(strange).result(60)
        dead, well = executor.submit(die, str(tmp_path / "a")), executor.submit(where_am_i)
        with pytest.raises(Killed, match="was killed"):
            dead.result(60)
        assert well.result(60)  # the others go on
        assert executor.submit(die, str(tmp_path / "a")).result(60) == "lives"
    with pytest.raises(FerCourseError, match="1 or more; found 0"), executor_at(workers=0, threads=1):
        pass


def test_an_error_in_the_block_ends_what_runs_at_once():
    late = []

    def interrupted():
        with executor_at(workers=1, threads=1) as executor:
            executor.submit(where_am_i).result(60)
            late.append(executor.submit(time.sleep, 300))
            while not late[0].running():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(Killed):
        late[0].result(60)


def test_a_trial_whose_process_is_killed_is_said_and_begun_again_and_the_bar_goes_on(wanted, tmp_path):
    lives = Counter()

    def run(trial):
        lives[trial.folder.name] += 1
        if trial.seed == 1 and lives[trial.folder.name] < runner.BREAKDOWNS:
            raise Killed("its process was killed")
        finish()(trial)

    lines, opened, shown = [], [], []

    def watch(ended):
        opened.append(True)
        for each in ended:
            shown.append(each)
            yield each

    sweep.run(wanted, tmp_path / "out", opening(AtOnce(run)), watch, lines.append)
    assert len(opened) == 1  # one bar
    assert len(shown) == 4  # that counts each trial once
    hit = [name for name in lives if "seed=1" in name]
    assert sorted(lines) == sorted(2 * [f"{name}: its process was killed; it is started again." for name in hit])


def test_a_trial_that_kills_its_process_each_time_ends_in_a_sentence_and_the_others_are_done(wanted, tmp_path):
    def run(trial):
        if trial.seed == 1 and trial.combination["epochs"] == 2:
            raise Killed("its process was killed")
        finish()(trial)

    with pytest.raises(
        SweepError, match=r"1 of 4 trials failed\. epochs=2.*seed=1-\w+: its process was killed 3 times"
    ):
        sweep.run(wanted, tmp_path / "out", opening(AtOnce(run)), say=lambda line: None)
    assert len(pandas.read_csv(tmp_path / "out" / "trials.csv")) == 3


def test_the_bar_begins_with_what_is_done(wanted, tmp_path, run_cli, monkeypatch):
    done = sweep.trials(wanted, tmp_path / "out")[:3]
    runner._claim(tmp_path / "out", wanted)
    for trial in done:
        finish()(trial)
    monkeypatch.setattr("fer_course._shared.executors.Local.submit", AtOnce(finish()).submit)
    status, out, err = run_cli("sweep", written(tmp_path / "sweep.yaml", GRID), "--out", tmp_path / "out")
    assert (status, out.splitlines()[0]) == (0, f"1 of 4 trials to run; results go to {tmp_path / 'out'}")
    assert "4/4" in err
    assert " 0/" not in err


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
    place = ROOT / "docs" / "clusters"
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
    runner.run_trial(trial)
    assert trial.done
    row = trial.row()
    assert set(row) == {"model", "epochs", "seed", "score", "seconds", "threads"}
    assert 0 <= row["score"] <= 1
    assert {*trial.numbers()} == {*preflight.EPOCH_SCORES, *preflight.VALIDATION_SCORES, *preflight.RUN_SCORES}
