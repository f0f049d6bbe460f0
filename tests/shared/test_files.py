"""Files are written whole or not at all, and what keeps them from it is said."""

import errno
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import yaml

from fer_course import cli
from fer_course._shared import files
from fer_course.errors import BusyError, FerCourseError, LessonError, RecipeError, RunError, WriteError, shown
from fer_course.runs import read_history


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.ENOSPC, "Free some space"), (errno.EROFS, "a folder that you may write")]
)
def test_a_file_that_can_not_be_written_is_as_it_was(tmp_path, monkeypatch, number, advice):
    path = tmp_path / "notes.txt"
    path.write_text("old")

    def no(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", no)
    with pytest.raises(WriteError) as caught:
        files.write_text(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]
    assert path.read_text() == "old"
    assert str(caught.value) == f"Can't write {path}: {os.strerror(number)}. " + str(caught.value).split(". ", 1)[1]
    assert advice in str(caught.value)
    assert (caught.value.errno, caught.value.strerror) == (number, os.strerror(number))
    assert isinstance(caught.value, FerCourseError)
    assert isinstance(caught.value, OSError)


def test_hdf5_says_it_in_its_own_way(tmp_path):
    with pytest.raises(WriteError, match="No space left"), files.atomic(tmp_path / "state.h5"):
        raise OSError("[Errno 28] Can't close file (file write failed: file descriptor = 4, errno = 28, offset = 4096)")
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_block_stay_what_they_are(tmp_path):
    with pytest.raises(ConnectionError, match="gone"), files.atomic(tmp_path / "file"):
        raise ConnectionError("gone")


def test_room_is_looked_for_before(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(100, 90, 10))
    files.need_room(tmp_path, 10)
    with pytest.raises(WriteError, match="No space left"):
        files.need_room(tmp_path, 11)


def test_the_command_says_what_a_library_could_not_write(monkeypatch, capsys, tmp_path):
    def no(path, *arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("pathlib.Path.mkdir", no)
    assert cli.main(["start", str(tmp_path / "mine")]) == 1
    assert capsys.readouterr().err.strip().endswith("Choose a folder that you may write to.")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [" * 5000, "brackets"),
        (b"a: " + b"9" * 5000, "not a YAML file"),
        (b"a: \xff", "not a YAML file"),
        ("a: 1".encode("utf-16"), "not a YAML file in UTF-8. Save it as UTF-8"),
        (b"a" * 2_000_000, "2,000,000 bytes"),
    ],
    ids=["deep", "digits", "no text", "UTF-16", "large"],
)
@pytest.mark.parametrize("kind", [LessonError, RecipeError], ids=["an error", "a ValueError"])
def test_yaml_that_can_not_be_read_is_refused_in_the_callers_words(tmp_path, content, words, kind):
    (tmp_path / "some.yaml").write_bytes(content)
    with pytest.raises(kind, match=f"some.yaml.*{words}") as caught:
        files.read_yaml(tmp_path / "some.yaml", kind)
    assert ("not a YAML file" in str(caught.value)) == (words != "2,000,000 bytes")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("seed: 1\nfaces: 2\nseed: 3", "seed occurs in line 1 and again in line 3"),
        ("grid:\n  shift: [0]\n  shift: [1]", "shift occurs in line 2 and again in line 3"),
        ("a: 1\n'a': 1", "a occurs in line 1 and again in line 2"),
        ("seed: 010", "line 1: YAML does not read 010 the way it looks. Write 10, or"),
        ("seeds: [1,\n -017]", "line 2: YAML does not read -017 the way it looks. Write -17, or"),
        ("rate: 1:30", 'line 1: YAML does not read 1:30 the way it looks. Write "1:30"'),
        ("rate: 10:30:15.5", "line 1: YAML does not read 10:30:15.5 the way it looks"),
    ],
)
def test_yaml_that_says_something_twice_or_otherwise_than_it_looks_is_refused(tmp_path, content, words):
    (tmp_path / "some.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(LessonError) as caught:
        files.read_yaml(tmp_path / "some.yaml", LessonError)
    assert str(caught.value).startswith(f"{tmp_path / 'some.yaml'}: {words}")


@pytest.mark.parametrize(
    "content",
    ["a: 0", "a: -3", "a: 07", "a: -007", "a: 0.10", "a: 010.5", "a: 1.0e-3", "a: 1_000", "a: 0x1f", "a: '010'",
     "a: &b {c: 1}\nd: {<<: *b, c: 2}",
     "a: {b: 1}\nc: {b: 1}", "08: 1", "a: [1, 1]", "", "- 1", "1: 2", "a: 2020-01-02", "a: yes", "a: ~"],
)  # fmt: skip
def test_other_yaml_is_read_as_yaml_reads_it(tmp_path, content):
    (tmp_path / "some.yaml").write_text(content, encoding="utf-8")
    assert files.read_yaml(tmp_path / "some.yaml", LessonError) == yaml.safe_load(content)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LessonError, match="pipe or a device"):
        files.refuse_endless(tmp_path / "pipe", LessonError)
    files.refuse_endless(tmp_path / "nothing", LessonError)
    files.refuse_endless(tmp_path, LessonError)


def test_a_value_in_a_message_is_short_however_much_it_stands_for():
    laughs = ["ha"] * 10
    for _ in range(30):
        laughs = [laughs] * 10
    assert len(shown(laughs)) < 2000
    assert shown("x" * 10_000).startswith("'xxx")
    assert len(shown("x" * 10_000)) <= 80
    assert shown({"seeds": [0, 1]}) == "{'seeds': [0, 1]}"


COUNT = """
import sys
from pathlib import Path
from fer_course._shared import files
files.PATIENCE = 120
folder = Path(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with files.exclusive(folder):
        before = int((folder / "count").read_text())
        (folder / "count").write_text(str(before + 1))
"""
HOLD = """
import sys, time
from fer_course._shared import files
with files.exclusive(sys.argv[1]):
    print("there", flush=True)
    time.sleep(600)
"""


def test_nothing_is_lost_where_several_write_in_turn(tmp_path):
    (tmp_path / "count").write_text("0")
    writers = [subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path), "40"]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0] * 3
    assert (tmp_path / "count").read_text() == "120"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_a_folder_that_is_written_to_is_busy_until_that_ends_or_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "there\n"
    with pytest.raises(BusyError, match=r"notebook is writing to .*\. Wait"), files.exclusive(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    assert (tmp_path / files.LOCK).exists()  # as a kill leaves it
    with files.exclusive(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_error_inside_lets_the_folder_go(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), files.exclusive(tmp_path):
            1 / 0  # noqa: B018


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said_to_be(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WriteError, match="a folder that you may write"), files.exclusive(tmp_path):
            pass
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="needs a place where no folder can be made, as Linux has it"
)
def test_a_place_that_does_not_exist_is_said_in_one_sentence():
    for write in (
        lambda: files.write_text("/proc/nowhere/a.txt", "x"),
        lambda: files.exclusive("/proc/nowhere").__enter__(),
    ):
        with pytest.raises(WriteError, match="there is no such place"):
            write()


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"3", b"\xff", b"[" * 100_000])
def test_a_glance_at_json_finds_nothing_where_there_is_no_mapping(tmp_path, content):
    path = tmp_path / "metrics.json"
    if content is not None:
        path.write_bytes(content)
    assert files.peek_json(path) is None


def test_a_glance_at_json_finds_what_was_written(tmp_path):
    files.write_json(tmp_path / "metrics.json", {"finished": True})
    assert files.peek_json(tmp_path / "metrics.json") == {"finished": True}


def test_a_json_file_or_history_of_any_size_takes_no_memory(tmp_path):
    for name in ("metrics.json", "history.csv"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2**40)
    with pytest.raises(RunError, match=r"1,099,511,627,776 bytes; at most 67,108,864"):
        files.read_json(tmp_path / "metrics.json", RunError, "Train again.")
    with pytest.raises(RunError, match=r"1,099,511,627,776 bytes; at most 67,108,864"):
        read_history(tmp_path / "history.csv")
    assert files.peek_json(tmp_path / "metrics.json") is None
