"""Output that the console can't encode, or that nobody reads to its end: no command of the course ends in a traceback."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

from fer_course import cli
from fer_course.cli import console

COMMAND = [sys.executable, "-m", "fer_course.cli"]


def environment(**changes: str) -> dict[str, str]:
    """This process' variables, with Python's own way to choose an encoding."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONIOENCODING", "PYTHONUTF8")}
    return kept | changes


def shell(line: str, **changes: str) -> subprocess.CompletedProcess:
    """Run a line of bash, in which `$course` is the command."""
    variables = environment(course=" ".join(COMMAND), **changes)
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=variables, cwd=ROOT)


#: What Python calls the encodings of redirected output on Windows in the west, China, Japan, Korea, Russia, and of old Unix.
ENCODINGS = ("cp1252", "gbk", "cp932", "cp949", "cp1251", "cp437", "ascii", "latin-1", "utf-16")


def redirected(monkeypatch, encoding: str, *arguments: str) -> tuple[int, str, str]:
    """Run the command in this process with output in that encoding, strict as a redirected one is; (status, out, err)."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    status = cli.main([*arguments])
    return status, *(stream.buffer.getvalue().decode(encoding) for stream in streams)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_with_signs_can_be_redirected_in_any_encoding(encoding, monkeypatch):
    status, said, err = redirected(monkeypatch, encoding, "progress", str(ROOT / "lessons"))
    assert (status, err) == (0, "")
    assert ("✔ passed" if encoding == "utf-16" else "ok passed") in said
    assert "exercises passed" in said


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_refusal_that_names_a_file_in_another_script_is_still_a_sentence(encoding, monkeypatch, tmp_path):
    status, said, err = redirected(monkeypatch, encoding, "data", "info", str(tmp_path / "课程 ✔.csv"))
    assert (status, said) == (1, "")
    assert err.startswith("fer-course: ")
    assert ("✔.csv" if encoding == "utf-16" else "ok.csv") in err


@pytest.mark.parametrize("encoding", ["cp1252", pytest.param("gbk", marks=pytest.mark.slow)])
def test_it_is_so_in_a_process_of_its_own(encoding):
    command = [*COMMAND, "progress", "lessons"]
    done = subprocess.run(
        command, capture_output=True, env=environment(PYTHONIOENCODING=f"{encoding}:strict"), cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "ok passed" in done.stdout.decode(encoding)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "cp932", "ascii"])
def test_a_whole_lesson_and_the_doctor_print_in_any_encoding(encoding, tmp_path):
    """With what their child processes print, the progress bar and the table at the end."""
    for arguments in (["doctor"], ["run", "00", "--out", str(tmp_path / "out")]):
        variables = environment(PYTHONIOENCODING=f"{encoding}:strict")
        done = subprocess.run([*COMMAND, *arguments], capture_output=True, env=variables)
        assert done.returncode == 0, done.stderr
        assert done.stdout.decode(encoding)
        assert "Traceback" not in done.stderr.decode(encoding)


@pytest.mark.parametrize("sign", sorted(console.STAND_INS))
def test_each_stand_in_can_be_written_in_every_encoding(sign):
    assert console.STAND_INS[sign].isascii()
    assert sign.encode("ascii", console._ERRORS) == console.STAND_INS[sign].encode()


def test_other_signs_become_escapes_that_python_reads_back():
    assert "学习 Ω".encode("cp1252", console._ERRORS).decode("unicode_escape") == "学习 Ω"


def test_the_signs_that_the_course_prints_have_stand_ins():
    """Marks whose meaning would be lost as an escape: those that doctor, checks and progress begin a line with."""
    from fer_course.course import doctor
    from fer_course.course.progress import SIGNS

    assert {doctor.GOOD, doctor.TROUBLE, "→", *SIGNS.values()} - set(console.STAND_INS) <= {doctor.WARNING}
    assert len({console.STAND_INS.get(sign, sign) for sign in (doctor.GOOD, doctor.WARNING, doctor.TROUBLE)}) == 3


@pytest.mark.parametrize("buffered", ["1", pytest.param("", marks=pytest.mark.slow)], ids=["unbuffered", "buffered"])
@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("$course --help | exec true; exit ${PIPESTATUS[0]}", console.UNREAD),
        ("$course --help > /dev/full", 1),
        ("$course progress lessons > /dev/full", 1),
        ("$course progress nowhere >&- 2>&- <&-", 1),
        ("$course dance 2>&-", 2),
        ("$course dance 2> /dev/full", 1),
        ("$course progress lessons | exec true; exit ${PIPESTATUS[0]}", console.UNREAD),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_output_that_is_not_read_full_or_closed(line, status, buffered):
    # `exec true` is gone long before Python has started: no luck decides.
    done = shell(line, PYTHONUNBUFFERED=buffered)
    assert (done.returncode, "Traceback" in done.stderr, "Exception ignored" in done.stderr) == (status, False, False)
    if "> /dev/full" in line and "2>" not in line:
        assert (
            done.stderr == "fer-course: The output can't be written: No space left on device. Send it somewhere else.\n"
        )


def test_a_file_that_is_written_while_the_output_is_closed_holds_nothing_else(tmp_path):
    out = tmp_path / "drawn.csv"
    done = shell(f"$course data draw {out} --n 14 >&- 2>&- <&-")
    assert done.returncode == 0
    lines = out.read_text().splitlines()
    assert lines[0] == "emotion,pixels,Usage"
    assert len(lines) == 15


def test_a_file_that_can_not_be_written_is_still_said_as_before(tmp_path):
    (tmp_path / "file").touch()
    done = shell(f"$course data draw {tmp_path}/file/x.csv --n 14 > /dev/null")
    assert done.returncode == 1
    assert "file" in done.stderr
    assert "output" not in done.stderr


class Full(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def test_only_an_error_of_the_output_is_taken_for_one(monkeypatch):
    def broken():
        raise OSError(28, "No space left on device", "a-file")

    with pytest.raises(OSError, match="a-file"):
        console.printing(broken)
    monkeypatch.setattr(sys, "stdout", Full())
    assert console.printing(lambda: print("x") or 0) == 1


def test_streams_are_put_back(capsys):
    before = sys.stdout, sys.stderr
    assert console.printing(lambda: 7) == 7
    assert (sys.stdout, sys.stderr) == before


def test_json_is_the_same_in_every_encoding(monkeypatch):
    from fer_course.course import doctor

    findings = [doctor.Finding("memory", doctor.TROUBLE, "课程", "→")]
    assert doctor.as_json(findings).isascii()
    assert json.loads(doctor.as_json(findings))[0]["state"] == doctor.TROUBLE


@pytest.mark.slow
@pytest.mark.parametrize("module", ["book", "offline.build"])
def test_the_other_programs_of_the_repository_print_in_any_encoding(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, env=environment(PYTHONIOENCODING="cp1252:strict"),
        cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    if Path("/dev/full").exists():
        full = shell(f"{sys.executable} -m {module} --help > /dev/full")
        assert full.returncode == 1
        assert "Traceback" not in full.stderr
