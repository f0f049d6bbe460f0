"""Marks are nbgrader's own, to the last point; a hostile submission loses its own marks and nobody else's."""

import csv
import dataclasses
import http.server
import os
import re
import threading
import time
import zipfile
from functools import partial
from pathlib import Path

import classes
import pytest

from fer_course._shared import files
from fer_course.classroom import grading, nbgrader_course, sandbox
from fer_course.classroom.collecting import collect
from fer_course.classroom.feedback import feedback
from fer_course.classroom.grading import grade
from fer_course.classroom.marks import marks, write_marks
from fer_course.classroom.sandbox import Limits
from fer_course.classroom.sandboxed_execution import execute
from fer_course.errors import BusyError, ClassError

pytest.importorskip("nbgrader")
sandboxed = pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}")
RIGHT_MIRROR = "def mirror(image):\n    return image[:, ::-1]"
RIGHT_SIZE = (
    "def output_size(size, kernel, stride=1, padding=0):\n    return (size + 2 * padding - kernel) // stride + 1"
)
LIMITS = Limits(seconds=60, cell_seconds=6, memory=800_000_000, processes=20)


def drop_checks(notebook) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check")]


def edit_checks(notebook) -> None:
    for cell in notebook.cells:
        if cell.id.startswith("check"):
            cell.source = "print('all right')"


def other_ids(notebook) -> None:
    for cell in notebook.cells:
        cell.id = f"x{cell.id}"


#: Submission -> (how it is made, the points that its own answers deserve).
PLAIN = {
    "ada": ({"mirror": RIGHT_MIRROR, "size": RIGHT_SIZE}, 2),
    "alan": ({"mirror": RIGHT_MIRROR}, 1),
    "grace": ({}, 0),
    "emmy": ({"mirror": RIGHT_MIRROR, "change": edit_checks}, 1),
    "mary": ({"mirror": RIGHT_MIRROR, "size": RIGHT_SIZE, "change": drop_checks}, 2),
    "sofia": (
        {
            "mirror": RIGHT_MIRROR,
            "size": "import sys\nprint('noise', file=sys.stderr)\n" + RIGHT_SIZE,
            "change": other_ids,
        },
        2,
    ),
}


def make_class(place: Path, submissions: dict[str, str | dict]) -> Path:
    """Make a class in which these were submitted: student -> text of a notebook, or answers in the one that was handed out."""

    def text(made: str | dict, release: Path) -> str:
        return made if isinstance(made, str) else classes.answered(release, **made)

    return classes.make_class(place, {student: partial(text, made) for student, made in submissions.items()})


def released(folder: Path) -> Path:
    return folder / "release" / classes.LESSON / f"{classes.LESSON}.ipynb"


def points(folder) -> dict[str, tuple[str, object]]:
    return {row["id"]: (row["status"], row["score"]) for row in marks(folder)}


@sandboxed
@pytest.mark.slow
def test_marks_equal_nbgraders_own(tmp_path):
    folder = make_class(tmp_path, {student: made for student, (made, _) in PLAIN.items()})
    theirs = classes.graded_by_nbgrader(folder, tmp_path / "theirs")
    lines = []
    graded = grade(folder, limits=LIMITS, progress=lines.append)
    assert graded.failed == {}
    assert sum(line.startswith("[") for line in lines) == len(PLAIN)
    assert points(folder) == points(theirs)
    assert points(folder) == {student: ("graded", float(score)) for student, (_, score) in PLAIN.items()}
    assert grade(folder, limits=LIMITS).done == []  # nothing is left
    pages = feedback(folder).pages.values()
    assert len(pages) == len(PLAIN)
    assert all(page.read_text().startswith("<!DOCTYPE html>") for page in pages)


HOSTILE = {
    "alan": ("import os; os._exit(1)", "its kernel died"),
    "grace": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        None,
    ),  # interrupted, no more
    "emmy": ("import numpy as np; held = [np.ones(10**8) for _ in range(100)]", "memory"),
    "mary": ("import os\nwhile True: os.fork()", "processes|memory"),
}


@sandboxed
@pytest.mark.slow
def test_hostile_submissions_lose_only_their_own_marks(tmp_path):
    made = {"ada": {"mirror": RIGHT_MIRROR, "size": RIGHT_SIZE}, "sofia": "{ no JSON"}
    for student, (code, _) in HOSTILE.items():
        made[student] = {"mirror": RIGHT_MIRROR, "size": code}  # the first answer is right, then comes the deed
    folder = make_class(tmp_path, made)
    graded = grade(folder, limits=LIMITS)
    found = points(folder)
    assert found["ada"] == ("graded", 2.0)
    for student, (_, reason) in HOSTILE.items():
        assert found[student] == ("graded", 1.0), student
        stopped = [each for each in graded.remarks[student, classes.LESSON] if "stopped" in each]
        assert [bool(re.search(reason, each)) for each in stopped] == [True] if reason else stopped == []
    assert found["sofia"] == ("failed", "")
    assert list(graded.failed) == [("sofia", classes.LESSON)]
    assert not (folder / grading.WAITING).exists()


@sandboxed
@pytest.mark.slow
def test_what_a_submission_reaches_for_is_not_there(tmp_path):
    asked = []

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(RIGHT_SIZE.encode())

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = tmp_path / "class"
        deeds = {
            "alan": f"import urllib.request as u; exec(u.urlopen('http://127.0.0.1:{server.server_port}').read())",
            "grace": f"import json; exec(json.load(open('{place}/submitted/ada/{classes.LESSON}/{classes.LESSON}.ipynb')))",
            "emmy": f"import sqlite3; sqlite3.connect('{place}/gradebook.db').execute('UPDATE grade SET manual_score = 9')",
            "mary": f"for _ in range(2000): print('x' * 100_000)\n{RIGHT_SIZE}",
        }
        made = {student: {"mirror": RIGHT_MIRROR, "size": code} for student, code in deeds.items()}
        folder = make_class(tmp_path, made | {"ada": {"mirror": RIGHT_MIRROR, "size": RIGHT_SIZE}})
        with zipfile.ZipFile(tmp_path / "in" / "sofia.zip", "w") as archive:
            archive.write(tmp_path / "in" / "ada" / f"{classes.LESSON}.ipynb", f"../alan/{classes.LESSON}.ipynb")
        refused = collect(folder, tmp_path / "in").refused
        # More memory than the others: a kernel keeps what it has printed until it is fetched.
        grade(folder, limits=dataclasses.replace(LIMITS, memory=3_000_000_000, cell_seconds=60))
        server.shutdown()
    assert asked == []
    assert any(re.search(r"sofia.*\.\./alan", sentence) for sentence in refused)
    found = points(folder)
    assert {student: score for student, (_, score) in found.items()} == {
        **{"ada": 2.0, "mary": 2.0, "alan": 1.0, "grace": 1.0, "emmy": 1.0, "sofia": ""},
    }
    pages = [path.stat().st_size for path in (folder / "autograded").rglob("*.ipynb")]
    assert max(pages) < 2 * LIMITS.output


@sandboxed
@pytest.mark.slow
def test_an_unreadable_notebook_after_a_readable_one_is_seen_and_costs_nothing(tmp_path):
    folder = make_class(tmp_path, {"ada": {"mirror": RIGHT_MIRROR}})
    grade(folder)
    for text, status in (
        ("{ no JSON", "failed"),
        (classes.answered(released(folder), RIGHT_MIRROR, RIGHT_SIZE), "graded"),
    ):
        time.sleep(1.1)  # nbgrader's timestamps are whole seconds
        classes.hand_in(tmp_path / "in", "ada", text)
        collect(folder, tmp_path / "in")
        grade(folder)
        assert points(folder)["ada"] == (status, 1.0 if status == "failed" else 2.0)


@sandboxed
@pytest.mark.slow
def test_time_for_a_cell_is_that_of_the_class(tmp_path):
    folder = make_class(
        tmp_path, {"ada": {"mirror": "import time; time.sleep(60)\n" + RIGHT_MIRROR, "size": RIGHT_SIZE}}
    )
    config = folder / "nbgrader_config.py"
    config.write_text(config.read_text().replace("timeout = 120", "timeout = 3"))
    started = time.monotonic()
    graded = grade(folder)
    assert points(folder)["ada"] == ("graded", 2.0)  # what the answer itself needs is no sleep
    assert any(
        "mirror: in the notebook's own run it is wrong (NameError" in each
        for each in graded.remarks["ada", classes.LESSON]
    )
    assert time.monotonic() - started < 60


def notebook(*cells: str) -> str:
    import nbformat

    return nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]))


def said(text: str) -> list[str]:
    import nbformat

    outputs = [cell.outputs for cell in nbformat.reads(text, 4).cells]
    return [
        " ".join(str(each.get("text") or each.get("evalue") or each.get("data", {}).get("text/plain")) for each in cell)
        for cell in outputs
    ]


@sandboxed
def test_sandbox_shows_nothing_but_what_a_lesson_needs(tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("marks")
    probes = {
        f"open({str(secret)!r}).read()": "No such file",
        "open('/etc/shadow').read()": "No such file",
        f"import os; os.listdir({str(Path.home())!r})": "No such file|\\[",
        "import socket; socket.create_connection(('127.0.0.1', 22), 2)": "not supported",
        "import os; sorted(os.environ.get('HOME') for _ in [0])": "/home/learner",
        "import pathlib; pathlib.Path('/usr/bin/x').write_text('x')": "Read-only|Permission",
        "import fer_course, pathlib; (pathlib.Path(fer_course.__file__).parent / 'x').write_text('x')": "Read-only|Permission",
        "import fer_course, pathlib; (pathlib.Path(fer_course.__file__).parents[1] / 'solutions').exists()": "False",
    }
    text, reason = execute(notebook(*probes), LIMITS)
    assert reason == ""
    for (probe, pattern), answer in zip(probes.items(), said(text), strict=True):
        assert re.search(pattern, answer), (probe, answer)


@sandboxed
def test_output_without_end_is_cut_and_errors_are_kept():
    text, _ = execute(notebook("for _ in range(200): print('x' * 100_000)", "print('hello')", "1 / 0"), LIMITS)
    assert len(text) < 2 * LIMITS.output
    assert said(text)[-1].startswith("division by zero")


def test_files_that_vanish_do_not_end_the_watch(tmp_path, monkeypatch):
    (tmp_path / "stays").write_bytes(b"x" * 10)
    (tmp_path / "goes").write_bytes(b"x" * 10)
    real = os.lstat

    def lstat(path):
        if str(path).endswith("goes"):
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr(os, "lstat", lstat)
    assert sandbox._size(tmp_path) == (10, 2)


def test_without_a_sandbox_nothing_is_graded(tmp_path, monkeypatch):
    folder = tmp_path / "class"
    nbgrader_course.init(folder, source=classes.source(tmp_path / "solved"))
    before = sorted(folder.rglob("*"))
    monkeypatch.setattr(sandbox, "missing", lambda: "bwrap is not installed")
    with pytest.raises(ClassError, match="--unsafe"):
        grade(folder)
    assert sorted(folder.rglob("*")) == before


def test_another_user_of_the_machine_can_not_open_a_class(tmp_path):
    (tmp_path / "there").mkdir(mode=0o755)
    for folder in (tmp_path / "new", tmp_path / "there"):
        nbgrader_course.init(folder, source=classes.source(tmp_path / f"solved-{folder.name}"))
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_without_a_sandbox_or_beside_another_grading_says_no(tmp_path, monkeypatch):
    folder = make_class(tmp_path, {"ada": PLAIN["ada"][0]})
    monkeypatch.setattr(sandbox, "missing", lambda: "bwrap is not installed")
    with pytest.raises(ClassError, match="--unsafe"):
        grade(folder)
    assert points(folder)["ada"] == ("submitted", "")
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    with files.exclusive(folder), pytest.raises(BusyError, match="writing to"):  # so says a second command
        grade(folder, unsafe=True, limits=LIMITS)
    assert points(folder)["ada"] == ("submitted", "")
    grade(folder, unsafe=True, limits=LIMITS)
    assert points(folder)["ada"] == ("graded", 2.0)


@pytest.mark.slow
def test_marks_name_the_missing_and_the_late(tmp_path):
    from fer_course.classroom.paths import gradebook

    folder = make_class(tmp_path, {"ada": PLAIN["ada"][0], "alan": PLAIN["alan"][0]})
    with gradebook(folder) as book:
        book.update_or_create_assignment(classes.LESSON, duedate="2001-01-01 00:00:00 UTC")
    grade(folder, students=["ada"], unsafe=True, limits=LIMITS)
    found = points(folder)
    assert found["ada"] == ("late", 2.0)
    assert found["alan"] == ("submitted", "")
    assert found["grace"] == ("missing", "")
    write_marks(folder, tmp_path / "long.csv")
    write_marks(folder, tmp_path / "wide.csv", wide=True)
    long, wide = (list(csv.DictReader((tmp_path / name).read_text().splitlines())) for name in ("long.csv", "wide.csv"))
    assert len(long) == len(wide) == len(classes.STUDENTS)
    ada = next(row for row in wide if row["id"] == "ada")
    assert (ada[classes.LESSON], ada["total"], ada["email"]) == ("2.0", "2.0", "ada@example.org")
    assert int(next(row for row in long if row["id"] == "ada")["seconds_late"]) > 0


@pytest.mark.slow
def test_a_worker_that_dies_fails_its_own_submission_and_no_other(tmp_path):
    """Without outputs nbgrader would give all points; so what was not executed must never be graded."""
    from concurrent.futures import Executor, Future

    from fer_course._shared.processes import Killed

    class Dies(Executor):
        def submit(self, function, text, limits, unsafe):
            future = Future()
            if "# dies" in text:
                future.set_exception(Killed("by the system"))
            else:
                future.set_result(function(text, limits, unsafe))
            return future

    folder = make_class(
        tmp_path, {"ada": {"mirror": "# dies\nraise SystemError"}, "alan": {"mirror": RIGHT_MIRROR, "size": RIGHT_SIZE}}
    )
    graded = grade(folder, executor=Dies(), unsafe=True, limits=LIMITS)
    assert list(graded.failed) == [("ada", classes.LESSON)]
    assert "killed" in graded.failed["ada", classes.LESSON]
    assert points(folder)["ada"] == ("failed", "")
    assert points(folder)["alan"] == ("graded", 2.0)
    grade(folder, unsafe=True, limits=LIMITS)  # the next call tries again
    assert points(folder)["ada"] == ("graded", 0.0)
