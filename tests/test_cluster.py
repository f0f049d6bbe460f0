"""A class and a sweep on a Dask cluster of two workers, of which one is killed: nothing is lost, nothing done twice."""

import os
import signal
import subprocess
import sys
import time

import classes
import pandas
import pytest
import yaml
from clusters import cluster, orphans, waited_for

from fer_course.classroom import sandbox, setting_up
from fer_course.classroom.collecting import collect
from fer_course.classroom.grading import grade
from fer_course.classroom.marks import marks
from fer_course.classroom.sandbox import Limits
from fer_course.executors import executor_at

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
    setting_up.init(folder, place / "students.csv", source=classes.source(place / "solved"))
    (release,) = setting_up.release(folder)
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
    lines = []
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
    waited_for(lambda: not orphans(), "kernels to end", 30)


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
        first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        waited_for(lambda: done() >= 2, "the first trials", 300)
        os.kill(workers[0].pid, signal.SIGKILL)
        waited_for(lambda: done() >= 4, "trials after the kill", 300)
        os.killpg(first.pid, signal.SIGINT)
        assert first.wait(60) == 130
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
    waited_for(lambda: not orphans(), "kernels to end", 30)
