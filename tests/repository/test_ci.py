""".ci/run: a failure is named, also if the run is cut off after it; where slow tests are a gate it counts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

FAILED = "tests/test_some.py::test_that_failed"
NOTES = f'@echo "{FAILED}" >> "$$FER_COURSE_TEST_FAILURES"'

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "make", "timeout"))), reason="needs bash, make and timeout"
)


def run(
    folder: Path, test: str, more: str, seconds: int, slow: str = "gate", again: str = "@false"
) -> subprocess.CompletedProcess:
    """Run .ci/run beside a Makefile whose targets `test`, `test-more` and `test-again` are these lines."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "Makefile").write_text(
        f".PHONY: test test-more test-again\ntest:\n\t{test}\ntest-more:\n\t{more}\ntest-again:\n\t{again}\n"
    )
    (folder / "bin").mkdir()
    for name in ("chromium", "bwrap", "npm"):  # so that nothing is installed
        (folder / "bin" / name).write_text("#!/bin/sh\n")
        (folder / "bin" / name).chmod(0o755)
    # What `make test` hands on would let the inner make say where it is.
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))} | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "FER_COURSE_CI_SECONDS": str(seconds),
        "FER_COURSE_CI_SLOW": slow,
        "FER_COURSE_CI_AGAIN": "5",
        "FER_COURSE_DATA": "drawn",
        "TMPDIR": str(folder),
    }
    return subprocess.run([folder / ".ci" / "run"], env=variables, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("test", "more", "seconds", "status", "words"),
    [
        ("@true", "@true", 30, 0, ""),
        ("@false", "@true", 30, 1, ""),
        ("@true", "@false", 30, 2, ""),
        ("@sleep 50", "@true", 2, 1, ""),
        ("@true", "@sleep 50", 2, 0, "Nothing had failed"),
        ("@true", f"{NOTES}; sleep 50", 2, 1, f"These had failed:\n{FAILED}\n"),
    ],
    ids=["passed", "failed", "more failed", "cut off", "more cut off", "more failed, then cut off"],
)
def test_a_failure_counts(tmp_path, test, more, seconds, status, words):
    done = run(tmp_path, test, more, seconds)
    assert done.returncode == status, done.stdout + done.stderr
    assert words in done.stdout
    assert not list(tmp_path.glob("tmp.*"))  # the list of failures is removed


def test_what_fails_once_and_not_again_is_named_and_does_not_count(tmp_path):
    again = f'@test "$$(cat $(TESTS))" = "{FAILED}" && test -z "$$FER_COURSE_TEST_DEADLINE"'
    done = run(tmp_path, "@true", f"{NOTES}; false", 30, again=again)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"These had failed:\n{FAILED}\nTried once more, they passed." in done.stdout
    assert not list(tmp_path.glob("tmp.*"))


def test_what_fails_twice_counts(tmp_path):
    done = run(tmp_path, "@true", f"{NOTES}; false", 30)
    assert done.returncode == 1
    assert "Tried once more, and failed again." in done.stdout


def test_slow_tests_that_are_no_gate_are_named_all_the_same(tmp_path):
    done = run(tmp_path, "@true", f"{NOTES}; false", 30, slow="report")
    assert done.returncode == 0
    assert f"These had failed:\n{FAILED}\nThey are reported only" in done.stdout


def test_each_kind_of_failure_is_noted_when_it_is_seen(tmp_path):
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_kinds.py").write_text(
        "import os, signal, pytest\n"
        "@pytest.fixture\ndef broken():\n    raise OSError\n"
        "def test_passes(): pass\n"
        "def test_is_skipped(): pytest.skip()\n"
        "@pytest.mark.xfail\ndef test_is_expected_to_fail(): assert False\n"
        "def test_fails(): assert False\n"
        "def test_can_not_begin(broken): pass\n"
        "def test_ends_all(): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (tmp_path / "test_no_python.py").write_text("import nothing_of_this_name\n")
    noted = tmp_path / "failures"
    variables = os.environ | {"FER_COURSE_TEST_FAILURES": str(noted)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    command += ["-o", f"pythonpath={ROOT / 'tests' / 'helpers'}", "--rootdir", tmp_path]
    subprocess.run([*command, tmp_path], env=variables, capture_output=True)
    assert noted.read_text(encoding="utf-8").split() == [
        "test_no_python.py", "test_kinds.py::test_fails", "test_kinds.py::test_can_not_begin",
    ]  # fmt: skip
