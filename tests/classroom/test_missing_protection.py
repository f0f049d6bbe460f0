"""Where something is missing that protects the teacher, grading is refused, or it is said what is done instead."""

import os
import subprocess
import sys
from functools import partial

import classes
import pytest
import touched_notebooks

from fer_course.classroom import preprocessors, sandbox, system_calls
from fer_course.errors import ClassError

pytest.importorskip("nbgrader")


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A class with one submission that is not graded."""
    right = partial(classes.answered, mirror=touched_notebooks.MIRROR, size=touched_notebooks.SIZE)
    return classes.make_class(tmp_path_factory.mktemp("missing"), {"ada": right})


def grade(folder, programs=None, **more):
    """Run the command, as far as these programs are there; return its status and what it says."""
    code = "import sys; from fer_course import cli; sys.exit(cli.main(sys.argv[1:]))"
    environment = os.environ | ({"PATH": f"{programs}"} if programs else {}) | more
    done = subprocess.run(
        [sys.executable, "-c", code, "class", "grade", f"{folder}"], capture_output=True, text=True, env=environment
    )
    return done.returncode, done.stdout + done.stderr


def contents(folder) -> dict:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def program(folder, name: str, text: str):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return folder


#: What is missing -> the programs that are there, and what is said.
MISSING = {
    "bubblewrap": ({"prlimit": "exec true"}, "bwrap is not installed (Debian and Ubuntu: apt install bubblewrap util-linux)"),
    "prlimit": ({"bwrap": "exec true"}, "prlimit is not installed (Debian and Ubuntu: apt install bubblewrap util-linux)"),
    "namespaces": (
        {"prlimit": "exec true", "bwrap": "echo bwrap: No permissions to create new namespace >&2; exit 1"},
        "bubblewrap does not work here: bwrap: No permissions to create new namespace"),
    "filters of calls": (
        {"prlimit": "exec true", "bwrap": 'case "$*" in *seccomp*) echo "bwrap: prctl(PR_SET_SECCOMP)" >&2; exit 1;; esac'},
        "bubblewrap does not work here: bwrap: prctl(PR_SET_SECCOMP)"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap exists for Linux only")
@pytest.mark.parametrize("name", MISSING)
def test_without_protection_grading_is_refused_in_a_sentence_and_nothing_changes(handed_in, tmp_path, name):
    there, sentence = MISSING[name]
    for each, text in there.items():
        program(tmp_path / "bin", each, text)
    before = contents(handed_in)
    status, said = grade(handed_in, tmp_path / "bin")
    assert status == 1
    assert f"Submissions can't be executed safely: {sentence}. With --unsafe they have all your rights" in said
    assert "Traceback" not in said
    assert contents(handed_in) == before


def test_a_processor_whose_calls_are_not_known_is_refused(monkeypatch):
    monkeypatch.setattr(system_calls.platform, "machine", lambda: "riscv64")
    sandbox.missing.cache_clear()
    try:
        assert sandbox.missing() in {
            "calls of Linux can't be filtered on riscv64",
            "bwrap is not installed (Debian and Ubuntu: apt install bubblewrap util-linux)",
            f"bubblewrap exists for Linux only, this is {sys.platform}",
        }
    finally:
        sandbox.missing.cache_clear()


def test_formgraders_own_step_refuses_too(monkeypatch):
    import nbformat

    monkeypatch.setattr(sandbox, "missing", lambda: "bwrap is not installed")
    with pytest.raises(ClassError, match="can't be executed safely: bwrap is not installed"):
        preprocessors.SandboxedExecute().preprocess(nbformat.v4.new_notebook(), {})


@pytest.mark.slow
@pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}")
@pytest.mark.parametrize("can", [False, True], ids=["watched", "limited by the kernel"])
def test_it_is_said_where_memory_is_only_watched(handed_in, tmp_path, can):
    """systemd-run that can't, as without a session of systemd; and a stand-in that could."""
    text = 'while [ "$1" != env ] && [ "$1" != test ]; do shift; done; exec "$@"' if can else "exit 1"
    folder = program(tmp_path / "bin", "systemd-run", text)
    _, said = grade(handed_in, f"{folder}:{os.environ['PATH']}")
    note = "Note: systemd can't limit memory here: the memory of each notebook is watched instead"
    assert (note in said) != can
    (handed_in / "autograded" / "ada" / classes.LESSON / "remarks.json").unlink(
        missing_ok=True
    )  # so that it is graded again


def test_doctor_says_so_too(monkeypatch):
    from fer_course.course import doctor

    monkeypatch.setattr(sandbox, "missing", lambda: "")
    monkeypatch.setattr(sandbox, "_has_memory_groups", lambda: False)
    assert "watched" in next(str(each) for each in doctor.findings() if each.name == "sandbox for grading")


@pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_step_of_a_filter_leads_to_a_verdict(machine):
    """Eight bytes for each; no jump leaves it, and whatever is asked it ends with a return."""
    import struct

    steps = list(struct.iter_unpack("<HBBI", system_calls.program(machine)))
    number, column, (mmap, *_, prctl) = system_calls._PROCESSORS[machine]

    def verdict(of_machine: int, call: int, *arguments: int) -> int:
        data, at, value = {0: call, 4: of_machine}, 0, 0
        data |= {16 + 8 * place: (arguments[place] if place < len(arguments) else 0) for place in range(6)}
        while True:
            operation, then, other, k = steps[at]
            if operation == system_calls._RETURN:
                return k
            if operation == system_calls._LOAD:
                value = data[k]
            else:
                holds = {
                    system_calls._EQUAL: value == k,
                    system_calls._AT_LEAST: value >= k,
                    system_calls._HAS: bool(value & k),
                }[operation]
                at += then if holds else other
            at += 1

    allowed, error = system_calls._ALLOW, system_calls._ERROR
    absent, refused = error | system_calls._ENOSYS, error | system_calls._EPERM
    assert all(verdict(number, numbers[column]) == absent for numbers in system_calls._ABSENT.values())
    assert verdict(number, prctl, 4) == refused
    assert verdict(number, prctl, 15) == allowed
    assert verdict(number, mmap, 0, 4096, 3, 0x21) == refused  # shared, of no file
    assert verdict(number, mmap, 0, 4096, 3, 0x22) == allowed
    assert verdict(number, 0) == allowed
    assert verdict(number, 0x40000000) == absent
    assert verdict(0x40000003, 0) == system_calls._KILL  # calls of 32 bits
