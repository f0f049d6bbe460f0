"""What a public forge runs is what everybody can run: the workflows parse, and call make targets that exist."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from repository import ROOT

from locks.reading import pythons

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYTHONS = pythons(ROOT / "locks" / "course.txt")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def steps(path: Path) -> list[dict]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_the_workflows_there_are():
    assert [path.stem for path in WORKFLOWS] == ["book", "newest", "publish", "tests"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_calls_make_targets_that_exist(path):
    commands = [step["run"] for step in steps(path) if "run" in step]
    called = [command.split()[1] for command in commands if command.startswith("make ")]
    assert called
    assert set(called) <= TARGETS
    assert all(command.startswith(("make ", "git diff", "sh .github/")) for command in commands)
    scripts = [command.split()[1] for command in commands if command.startswith("sh ")]
    assert all(subprocess.run(["sh", "-n", ROOT / script]).returncode == 0 for script in scripts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_ends_and_asks_for_no_more_than_it_needs(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["permissions"]["contents"] == ("write" if path.stem == "publish" else "read")
    assert all(job["timeout-minutes"] <= 90 for job in content["jobs"].values())
    assert all(re.search(r"@v\d+$", step["uses"]) for step in steps(path) if "uses" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_keeps_what_it_fetched_for_the_next_time(path):
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
        (kept,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/cache@")]
        assert kept["path"].split() == ["~/.cache/uv", "~/.cache/pip"]
        assert "hashFiles('locks/*.txt')" in kept["key"]


@pytest.mark.parametrize("name", ["book", "publish", "tests"])
def test_workflow_works_with_the_python_that_it_names(name, tmp_path):
    """setup-python puts `python` in front; make takes that one, though another that fits lies further back on the path."""
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    variables = yaml.safe_load(path.read_text(encoding="utf-8"))["env"]
    front, back = tmp_path / "front", tmp_path / "back"
    for folder, names in ((front, ["python"]), (back, ["python3", "python3.12", "python3.13"])):
        folder.mkdir()
        for each in names:
            (folder / each).symlink_to(sys.executable)
    variables = os.environ | variables | {"PATH": f"{front}:{back}:/usr/bin:/bin"}
    said = subprocess.run(
        ["make", "-n", "setup", "READY=anew"], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    assert "locks/python.sh python)" in said.stdout
    done = subprocess.run(
        ["sh", "locks/python.sh", variables["PYTHON"]], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    assert shutil.which(done.stdout.strip(), path=variables["PATH"]) == str(front / "python")


def test_the_weekly_run_is_made_on_a_newer_python_than_the_lock_is_for():
    """So the set-up must bring one that fits, until the lock made anew is for the newer one, too."""
    content = (ROOT / ".github" / "workflows" / "newest.yml").read_text(encoding="utf-8")
    newest = int(PYTHONS[-1].split(".")[1])
    (asked,) = [
        step["with"]["python-version"] for step in steps(WORKFLOWS[1]) if "setup-python" in step.get("uses", "")
    ]
    assert int(asked.split(".")[1]) > newest
    assert "PYTHON:" not in content


def test_devcontainer_sets_up_as_the_readme_does():
    content = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert content["postCreateCommand"].split()[1] in TARGETS
    assert (ROOT / ".devcontainer" / content["build"]["dockerfile"]).is_file()
