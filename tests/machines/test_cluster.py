"""A class and a sweep on a Dask cluster of two workers, of which one is killed: nothing is lost, nothing done twice."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import classes
import pandas
import pytest
import yaml
from clusters import cluster, end, sandboxed_kernels, scheduler_in, waited_for, worker, working_in
from learnable_faces import make_faces

from fer_course import data, sweep
from fer_course._shared import cluster as clusters_of_dask
from fer_course._shared.executors import executor_at
from fer_course.classroom import nbgrader_course, sandbox
from fer_course.classroom.collecting import collect
from fer_course.classroom.grading import grade
from fer_course.classroom.marks import marks
from fer_course.classroom.sandbox import Limits
from fer_course.errors import FerCourseError

pytest.importorskip("nbgrader")
pytest.importorskip("distributed")
pytestmark = pytest.mark.slow
LIMITS = Limits(seconds=120, cell_seconds=20)
SLOW = "import time\ntime.sleep(1)\n"


def answers(number: int) -> dict:
    """Return the answers of the learner of that number: all, one or none of them right."""
    right_mirror = SLOW + "def mirror(image):\n    return image[:, ::-1]"
    right_size = (
        "def output_size(size, kernel, stride=1, padding=0):\n    return (size + 2 * padding - kernel) // stride + 1"
    )
    return [{"mirror": right_mirror, "size": right_size}, {"mirror": right_mirror}, {"mirror": SLOW}][number % 3]


def made_class(place, learners: int):
    """Make a class with as many submissions."""
    folder, ids = place / "class", [f"learner{number:02}" for number in range(learners)]
    (place / "students.csv").write_text("id\n" + "\n".join(ids) + "\n")
    nbgrader_course.init(folder, place / "students.csv", source=classes.source(place / "solved"))
    (release,) = nbgrader_course.release(folder)
    for number, student in enumerate(ids):
        classes.hand_in(place / "in", student, classes.answered(release, **answers(number)))
    collect(folder, place / "in")
    return folder


def points(folder) -> dict:
    return {row["id"]: (row["status"], row["score"]) for row in marks(folder)}


@pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}")
def test_24_submissions_on_two_workers_one_of_which_is_killed(tmp_path):
    folder = made_class(tmp_path, 24)
    theirs = classes.graded_by_nbgrader(folder, tmp_path / "theirs")
    lines, before = [], sandboxed_kernels()
    with cluster(tmp_path) as (address, workers), executor_at(address) as executor:

        def progress(line: str) -> None:
            lines.append(line)
            if len(lines) == 5:
                os.kill(workers[0].pid, signal.SIGKILL)

        graded = grade(folder, executor=executor, limits=LIMITS, progress=progress)
    assert len(lines) == 24
    assert graded.failed == {}
    assert points(folder) == points(theirs)
    right = [2.0, 1.0, 0.0]
    assert points(folder) == {f"learner{number:02}": ("graded", right[number % 3]) for number in range(24)}
    waited_for(lambda: not sandboxed_kernels() - before, "kernels to end", 30)


def test_a_sweep_of_12_with_a_killed_worker_and_a_stopped_client(tmp_path):
    grid = {"model": ["lenet"], "epochs": [2, 3], "learning_rate": [0.001, 0.01]}
    content = {"recipe": "quick", "data": "drawn", "faces": 700, "seeds": [0, 1, 2], "grid": grid}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    out = tmp_path / "out"

    def done() -> int:
        return sum('"finished": true' in path.read_text() for path in out.glob("trials/*/metrics.json"))

    with cluster(tmp_path) as (address, workers):
        command = [sys.executable, "-m", "fer_course.cli", "sweep", str(tmp_path / "sweep.yaml"), "--out", str(out)]
        command += ["--scheduler", address]
        said = tmp_path / "said.txt"
        with said.open("w") as log:
            first = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        waited_for(lambda: done() >= 2, "the first trials", 300)
        os.kill(workers[0].pid, signal.SIGKILL)
        waited_for(lambda: done() >= 4, "trials after the kill", 300)
        os.killpg(first.pid, signal.SIGINT)
        assert first.wait(60) == 130
        # The trial that it computed, and the one that waited there: Dask gives a worker one more than it has threads.
        assert said.read_text().count("its worker is gone; another one starts it again.") in (1, 2)
        assert "interrupted; what was finished is kept" in said.read_text()
        time.sleep(5)  # what the workers had begun comes to its end, or is begun again
        before = {path: path.stat().st_mtime_ns for path in out.glob("trials/*/metrics.json")}
        finished = {path for path in before if '"finished": true' in path.read_text()}
        again = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert again.returncode == 0, again.stderr
    assert done() == 12
    assert all(path.stat().st_mtime_ns == before[path] for path in finished)  # done once is done
    assert len(pandas.read_csv(out / "trials.csv")) == 12
    for history in out.glob("trials/*/history.csv"):
        epochs = [line.split(",")[0] for line in history.read_text().splitlines()[1:]]
        assert epochs == [str(number + 1) for number in range(len(epochs))]
    waited_for(lambda: not working_in(tmp_path), "trials to end", 30)


# ------------------------------------------------------------------------- a cluster that can't do it, or goes away


SMALL = {"recipe": "quick", "grid": {"model": ["lenet"], "epochs": [1, 2]}}


def written(place, content=SMALL):
    """Write a sweep, and few faces for it: to draw those of everybody takes half a minute."""
    faces = place / "faces" / "few.npz"
    faces.parent.mkdir(exist_ok=True)
    data.write_npz(make_faces({"Training": 100}), faces)
    (place / "sweep.yaml").write_text(yaml.safe_dump(content | {"data": str(faces)}))
    return place / "sweep.yaml"


def command(place, address: str) -> list[str]:
    words = [sys.executable, "-m", "fer_course.cli", "sweep", str(written(place)), "--out", str(place / "out")]
    return [*words, "--scheduler", address]


def refused(place, address: str) -> str:
    """Return the sentence with which a cluster is refused for a sweep in a folder; no probe is left there."""
    (place / "out").mkdir(exist_ok=True)
    faces = place / "faces" / "few.npz"
    with (
        pytest.raises(FerCourseError) as caught,
        executor_at(address, 1, 1, place / "out", faces if faces.is_file() else None),
    ):
        pass
    assert list((place / "out").iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def site(place, code: str) -> dict[str, str]:
    """Return an environment in which every Python runs some code first."""
    place.mkdir()
    (place / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(place)}


NO_COURSE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "fer_course":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
"""
OLD_COURSE = """
import importlib.abc, importlib.util, sys
class Old(importlib.abc.Loader):
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.__path__ = []
class Find:
    def find_spec(self, name, path=None, target=None):
        if name in ("fer_course", "fer_course._shared.cluster"):
            return importlib.util.spec_from_loader(name, Old(), is_package=True)
sys.meta_path.insert(0, Find())
"""
OLD_KERAS = """
import importlib.metadata
real = importlib.metadata.version
importlib.metadata.version = lambda name: "3.0.1" if name == "keras" else real(name)
"""


def test_a_scheduler_without_workers_is_said(tmp_path):
    with scheduler_in(tmp_path) as (address, _):
        assert f"The Dask scheduler at {address} has no workers." in refused(tmp_path, address)


@pytest.mark.parametrize(
    ("code", "variables", "words"),
    [
        (NO_COURSE, {}, "has no fer_course. Install it there"),
        (OLD_COURSE, {}, "has another version of fer_course"),
        (OLD_KERAS, {}, "has keras 3.0.1 (here "),
        ("", {"KERAS_BACKEND": "jax"}, "has KERAS_BACKEND jax (here tensorflow)"),
    ],
)
def test_a_worker_that_would_not_compute_the_same_is_named_before_anything_runs(tmp_path, code, variables, words):
    with scheduler_in(tmp_path) as (address, _):
        good = worker(address, tmp_path)
        bad = worker(address, tmp_path, "--no-nanny", "--name", "bad", env=site(tmp_path / "site", code) | variables)
        try:
            at = waited_for_workers(address, 2)
            said = refused(tmp_path, address)
        finally:
            end(good)
            end(bad)
    assert words in said
    assert [name for name, address in at.items() if address in said] == ["bad"]


def waited_for_workers(address: str, count: int) -> dict[str, str]:
    """Return name -> address of the workers, once there are as many."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=120)
        return {str(each["name"]): at for at, each in client.scheduler_info(n_workers=-1)["workers"].items()}


def unshared(folder) -> tuple[str, ...]:
    """Return words before a command that sees another, empty folder in that place."""
    script = f'mount -t tmpfs none "{folder}" && exec "$@"'
    return ("unshare", "--mount", "sh", "-c", script, "sh")


def can_unshare(folder) -> bool:
    return subprocess.run([*unshared(folder), "true"], capture_output=True).returncode == 0


@pytest.mark.parametrize(("hidden", "unseen"), [("out", "out"), ("faces", "faces/few.npz")])
def test_a_worker_that_does_not_see_the_folder_or_the_data_is_named_before_anything_runs(tmp_path, hidden, unseen):
    (tmp_path / "out").mkdir()
    written(tmp_path)
    if not can_unshare(tmp_path / hidden):
        pytest.skip("folders can't be hidden from a process here")
    with scheduler_in(tmp_path) as (address, _):
        good = worker(address, tmp_path)
        bad = worker(address, tmp_path, "--no-nanny", "--name", "bad", before=unshared(tmp_path / hidden))
        try:
            at = waited_for_workers(address, 2)
            said = refused(tmp_path, address)
        finally:
            end(good)
            end(bad)
    assert f"Worker {at['bad']} does not see {tmp_path / unseen}. Give a path" in said
    assert [name for name, address in at.items() if address in said] == ["bad"]


def test_a_scheduler_that_dies_in_the_middle_is_said_in_a_sentence(tmp_path):
    content = SMALL | {"grid": {"model": ["lenet"], "epochs": [40, 41]}}
    with scheduler_in(tmp_path) as (address, scheduler):
        workers = [worker(address, tmp_path, "--nthreads", "1") for _ in range(2)]
        try:
            words = command(tmp_path, address)
            written(tmp_path, content)
            process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            waited_for(lambda: list(tmp_path.glob("out/trials/*/history.csv")), "the first epoch", 300)
            scheduler.kill()
            _, said = process.communicate(timeout=120)
        finally:
            for each in workers:
                end(each)
    assert process.returncode == 1, said
    lines = [
        line
        for line in said.replace("\r", "\n").splitlines()
        if line.strip() and "trial/s]" not in line and "?trial" not in line
    ]
    assert len(lines) == 1, said
    assert f"The Dask scheduler at {address} is gone. What was finished is kept" in lines[0]


def test_a_cluster_whose_workers_all_leave_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(clusters_of_dask, "LONELY", 3.0)
    wanted = sweep.load(written(tmp_path, SMALL | {"grid": {"model": ["lenet"], "epochs": [60]}}))
    lines = []
    with cluster(tmp_path, workers=1) as (address, (only,)), ThreadPoolExecutor(1) as pool:
        where = partial(executor_at, address, 1, 1, tmp_path / "out")
        future = pool.submit(sweep.run, wanted, tmp_path / "out", where, iter, lines.append)
        waited_for(lambda: list(tmp_path.glob("out/trials/*/history.csv")), "the first epoch", 300)
        os.kill(only.pid, signal.SIGKILL)
        with pytest.raises(
            FerCourseError, match=f"{address} has had no workers for 3 seconds. What was finished is kept"
        ):
            future.result(120)
    (trial,) = sweep.trials(wanted, tmp_path / "out")
    assert lines == [f"{trial.folder.name}: its worker is gone; another one starts it again."]


def test_the_dashboards_link_is_printed_where_there_is_a_dashboard_and_only_there(tmp_path, capsys):
    """Without bokeh the scheduler has that page, too: it says there that bokeh is missing."""
    for options in (("--dashboard-address", "127.0.0.1:0"), ("--no-dashboard",)):
        with scheduler_in(tmp_path, *options) as (address, _):
            one = worker(address, tmp_path)
            try:
                waited_for_workers(address, 1)
                with executor_at(address):
                    said = capsys.readouterr().out
            finally:
                end(one)
        (tmp_path / "scheduler.json").unlink()
        there = importlib.util.find_spec("bokeh") is not None and options[0] == "--dashboard-address"
        assert ("watch them at http://" in said) == there, said
        assert said.startswith("Dask: 1 worker")
