"""What people bring: no home, odd names, other locales, disks that can't be written or are full, no network, one core, 2 GB.

A lesson runs there; without a network the whole course does if FER_COURSE_OFFLINE=all, and in 2 GB if FER_COURSE_SMALL=all (each
ten minutes).
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

from fer_course.recipes import Recipe

BWRAP = shutil.which("bwrap")
boxed = pytest.mark.skipif(not BWRAP, reason="needs bubblewrap to make such a machine")
#: Everything as it is, but what the options after it change.
BOX = ["bwrap", "--dev-bind", "/", "/"]


def fer_course(*arguments, prefix=(), environment=None, without=(), cwd=None) -> subprocess.CompletedProcess:
    """Run the command in a process of its own, on a machine that is odd in this way."""
    variables = {name: value for name, value in os.environ.items() if name not in without} | (environment or {})
    command = [*prefix, sys.executable, "-m", "fer_course.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", env=variables, cwd=cwd
    )


def assert_it_runs(out: Path, lessons=("00",), **machine) -> None:
    done = fer_course("run", *lessons, "--out", out, **machine)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["lessons"]
    assert [each["status"] for each in ran] == ["done"] * (len(lessons) or len(list(ROOT.glob("lessons/*.ipynb"))))


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"},
        {"TF_ENABLE_ONEDNN_OPTS": "0"},
        {"TF_ENABLE_ONEDNN_OPTS": "1"},
    ],
    ids=["C", "Turkish", "oneDNN off", "oneDNN on"],
)
def test_lesson_00_runs_with(environment, tmp_path):
    assert_it_runs(tmp_path / "out", environment=environment)


@pytest.mark.slow
def test_lesson_00_runs_without_a_home(tmp_path):
    cache = {"FER_COURSE_CACHE": str(tmp_path / "cache")}
    assert_it_runs(tmp_path / "out", without=("HOME", "USER", "LOGNAME"), environment=cache)
    nowhere = {"HOME": str(tmp_path / "nobody")}
    assert_it_runs(tmp_path / "other", without=("FER_COURSE_CACHE",), environment=nowhere)


@pytest.mark.slow
def test_lesson_00_runs_where_names_have_spaces_and_letters_of_all_kinds(tmp_path):
    place = tmp_path / "Ünser Kurs – 课程 'a' & b"
    place.mkdir()
    cache = {"FER_COURSE_CACHE": str(place / "Zwischen ablage"), "HOME": str(place)}
    done = fer_course("start", place / "meine Lektionen", environment=cache)
    assert done.returncode == 0, done.stderr
    assert_it_runs(place / "out put", environment=cache, cwd=place)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("taskset"), reason="needs taskset")
def test_lesson_00_runs_on_one_core(tmp_path):
    assert_it_runs(tmp_path / "out", prefix=["taskset", "-c", "0"])


@pytest.fixture
def two_gigabytes():
    """Of a command's prefix: all that it starts has 2 GB together, and is ended by Linux if it wants more."""
    group = Path("/sys/fs/cgroup/memory/fer_course_test")  # version 1, as containers have it
    limit = "memory.limit_in_bytes"
    if not group.parent.exists():
        group, limit = Path("/sys/fs/cgroup/fer_course_test"), "memory.max"
    try:
        group.mkdir(exist_ok=True)
        (group / limit).write_text("2000000000")
    except OSError as error:
        pytest.skip(f"needs the right to limit memory: {error}")
    yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    with contextlib.suppress(OSError):
        group.rmdir()


@pytest.mark.slow
def test_the_course_runs_in_2_gb(two_gigabytes, tmp_path):
    greedy = [*two_gigabytes, sys.executable, "-c", "print(len(bytearray(b'x') * 2_500_000_000))"]
    assert subprocess.run(greedy, capture_output=True).returncode < 0  # there is a limit
    lessons = () if os.environ.get("FER_COURSE_SMALL") == "all" else ("10",)
    assert_it_runs(tmp_path / "out", lessons, prefix=two_gigabytes)


@boxed
@pytest.mark.slow
def test_the_course_runs_without_a_network(tmp_path):
    lessons = () if os.environ.get("FER_COURSE_OFFLINE") == "all" else ("00",)
    assert_it_runs(tmp_path / "out", lessons, prefix=[*BOX, "--unshare-net"])


@boxed
@pytest.mark.slow
def test_lesson_00_runs_where_nothing_but_its_results_can_be_written(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "out").mkdir()
    machine = [*BOX, "--ro-bind", ROOT, ROOT, "--ro-bind", tmp_path / "home", tmp_path / "home"]
    environment = {"HOME": str(tmp_path / "home")}
    before = sorted(ROOT.iterdir())
    assert_it_runs(tmp_path / "out", prefix=map(str, machine), environment=environment, without=("FER_COURSE_CACHE",))
    assert sorted(ROOT.iterdir()) == before
    assert list((tmp_path / "home").iterdir()) == []


@boxed
@pytest.mark.slow
@pytest.mark.parametrize("room", [4_096, 400_000, 1_800_000, 2_600_000])
def test_a_full_disk_ends_a_training_with_a_sentence_and_what_was_there_stays(tmp_path, room):
    out = tmp_path / "full"
    out.mkdir()
    script = tmp_path / "look.sh"
    Recipe("two", epochs=2).to_yaml(tmp_path / "two.yaml")
    options = f"--data drawn --faces 300 --recipe {tmp_path}/two.yaml --out {out}/run"
    command = f"{sys.executable} -m fer_course.cli train {options}"
    # The disk is gone with the box: look at it inside.
    script.write_text(
        f"echo kept > {out}/notes.txt\n{command}\necho status $?\ncat {out}/notes.txt\nfind {out} -name '*.tmp*'\n"
    )
    box = [*BOX, "--size", str(room), "--tmpfs", str(out)]
    done = subprocess.run([*box, "sh", str(script)], capture_output=True, text=True)
    assert "status 1\n" in done.stdout, done.stdout + done.stderr
    assert done.stdout.split("status 1\n")[1] == "kept\n"  # the notes, and no half-written file
    assert re.search(r"fer-course: Can't write .*full/run.*: No space left on device\. Free some space", done.stderr)
    assert "Traceback" not in done.stderr


@boxed
@pytest.mark.slow
def test_a_full_cache_is_done_without(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    machine = [*BOX, "--size", "65536", "--tmpfs", str(cache)]
    assert_it_runs(tmp_path / "out", prefix=machine, environment={"FER_COURSE_CACHE": str(cache)})
