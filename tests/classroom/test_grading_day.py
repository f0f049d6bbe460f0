"""The teacher's day: failures as they happen, no words of libraries, and Ctrl-C that ends at once and loses nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest
from touched_notebooks import KINDS

from fer_course.classroom import sandbox
from tests.classroom.test_touched_notebooks import make_class, points, submit

pytest.importorskip("nbgrader")
pytestmark = pytest.mark.slow


def begin(folder) -> subprocess.Popen:
    """Start grading in a process group of its own, as a terminal does."""
    command = [
        sys.executable,
        "-m",
        "fer_course.cli",
        "class",
        "grade",
        str(folder),
        *(["--unsafe"] if sandbox.missing() else []),
    ]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def ends(family: list[psutil.Process]) -> bool:
    """Return whether none of these processes, workers and kernels, is left within five seconds."""
    _, alive = psutil.wait_procs(family, timeout=5)
    return not [each for each in alive if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def slow_class(tmp_path, count: int):
    students = [f"s{number:02d}" for number in range(count)]
    folder, handed_out = make_class(tmp_path, students)
    for student in students:
        content = KINDS["untouched"].content(handed_out).decode()
        submit(
            folder,
            student,
            content.replace("def mirror(", f"# {student}\\nimport time\\ntime.sleep(2)\\ndef mirror(", 1).encode(),
        )
    return folder, students


def graded(folder) -> set[str]:
    return {path.parts[-3] for path in folder.glob("autograded/*/*/remarks.json")}


@pytest.mark.parametrize("when", ["while it looks", "while notebooks are executed", "after the first mark"])
def test_an_interrupt_ends_at_once_and_what_was_finished_stays(tmp_path, when):
    folder, students = slow_class(tmp_path, 6)
    process = begin(folder)
    pattern = {
        "while it looks": "Looking",
        "while notebooks are executed": "Executing",
        "after the first mark": r"\[1/6\]",
    }[when]
    for line in process.stdout:
        if re.search(pattern, line):
            break
    if when == "while notebooks are executed":
        time.sleep(3)
    family = psutil.Process(process.pid).children(recursive=True)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert err.strip().splitlines() == ["fer-course: interrupted; what was finished is kept."]
    assert ends(family)  # no worker and no kernel is left
    finished = graded(folder)
    assert len(finished) < 6
    assert not finished if when == "while it looks" else finished if when == "after the first mark" else True
    before = {student: (folder / "autograded" / student).stat().st_mtime_ns for student in finished}
    again = begin(folder)
    out, err = again.communicate(timeout=200)
    assert (again.returncode, err) == (0, "")
    assert f"Graded {6 - len(finished)} submissions." in out
    assert graded(folder) == set(students)
    assert {student: (folder / "autograded" / student).stat().st_mtime_ns for student in finished} == before
    assert all(points(folder, student) == {"mirror": 1, "size": 1, "words": 0} for student in students)


def test_failures_are_said_when_they_happen_and_libraries_say_nothing(tmp_path):
    names = [
        "untouched",
        "cut off",
        "ids stripped",
        "nbformat 4.4",
        "metadata stripped",
        "duplicate ids",
        "a PDF",
        "nbformat 3",
    ]
    names += ["right answer that warns", "odd outputs and metadata"]
    students = {f"s{index:02d}": name for index, name in enumerate(names)}
    folder, handed_out = make_class(tmp_path, list(students))
    for student, name in students.items():
        submit(folder, student, KINDS[name].content(handed_out))
    process = begin(folder)
    started, seen = time.monotonic(), []
    first = process.stdout.readline()
    assert first.startswith("Looking for submissions")
    for line in process.stdout:
        seen.append((time.monotonic() - started, line.rstrip("\n")))
    err = process.stderr.read()
    assert process.wait() == 1  # some could not be graded
    lines = [line for _, line in seen]
    failures = [index for index, line in enumerate(lines) if "could not be graded" in line]
    assert len(failures) == 2
    assert all(lines[index].startswith("[") for index in failures)
    assert max(failures) < max(index for index, line in enumerate(lines) if line.startswith("["))
    assert len([line for line in lines if line.startswith("[")]) == len(names)
    noise = re.compile(r"Warning|warn\(|Traceback|site-packages|SAWarning|MissingID")
    assert not [line for line in [*lines, *err.splitlines()] if noise.search(line)]
    assert sorted(line.split(":")[0] for line in err.splitlines()) == [
        "Could not grade s01, 99-small",
        "Could not grade s06, 99-small",
    ]
