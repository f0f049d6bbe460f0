"""Every script of benchmarks/ answers --help and does nothing else; pages are what their scripts write from records."""

import os
import runpy
import subprocess
import sys

import pytest
from repository import ROOT

SCRIPTS = ROOT / "benchmarks"
#: Modules that scripts share, which do nothing when they are run.
SHARED = {"recording", "spread", "studies", "writing"}
RUNNABLE = sorted(path.stem for path in SCRIPTS.glob("*.py") if path.stem not in SHARED)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("card", "MODEL_CARD.md is up to date.\n"),
        ("planning", "docs/planning.md is up to date.\n"),
        ("chart", "docs/results.svg is up to date.\n"),
        ("parts", "docs/parts.md is up to date.\n"),
        ("scores", "docs/results.md is up to date.\n"),
        ("tables", "README.md is up to date.\n"),
    ],
)
def test_the_page_is_up_to_date(script, said, monkeypatch, capsys):
    assert run(script, ["--check"], monkeypatch) == 0, capsys.readouterr().err
    assert capsys.readouterr().out == said


def run(script: str, arguments: list[str], monkeypatch) -> object:
    """Run a script in this process, and return its exit status."""
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.setattr(sys, "argv", [str(SCRIPTS / f"{script}.py"), *arguments])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(sys.argv[0], run_name="__main__")
    return end.value.code


@pytest.mark.parametrize("script", RUNNABLE)
def test_help_is_all_that_help_does(script, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    before = files()
    assert run(script, ["--help"], monkeypatch) == 0
    assert capsys.readouterr().out.startswith(f"usage: {script}.py")
    assert files() == before
    assert not list(tmp_path.iterdir())


def files() -> dict:
    """When each file that a script might write was last written."""
    places = (ROOT, ROOT / "docs", ROOT / "fer_course" / "results", ROOT / "fer_course" / "models" / "weights")
    return {path: path.stat().st_mtime_ns for place in places for path in place.iterdir() if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
@pytest.mark.parametrize("script", RUNNABLE)
def test_help_answers_on_any_backend(script, backend, tmp_path):
    pytest.importorskip(backend)
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), "--help"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True, text=True, check=False
    )
    # TensorFlow, where a script needs it beside the backend, says how it was built.
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert done.stdout.startswith(f"usage: {script}.py")
