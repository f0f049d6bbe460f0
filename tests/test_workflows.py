"""What a public forge runs is what everybody can run: the workflows parse, and call make targets that exist."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def steps(path: Path) -> list[dict]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_the_workflows_there_are():
    assert [path.stem for path in WORKFLOWS] == ["book", "newest", "tests"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_calls_make_targets_that_exist(path):
    commands = [step["run"] for step in steps(path) if "run" in step]
    called = [command.split()[1] for command in commands if command.startswith("make ")]
    assert called
    assert set(called) <= TARGETS
    assert all(command.startswith(("make ", "git diff")) for command in commands)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_ends_and_asks_for_no_more_than_it_needs(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["permissions"]["contents"] == "read"
    assert all(job["timeout-minutes"] <= 90 for job in content["jobs"].values())
    assert all(re.search(r"@v\d+$", step["uses"]) for step in steps(path) if "uses" in step)


def test_workflow_of_tests_tries_every_python_of_the_course():
    matrix = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]["test"][
        "strategy"
    ]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]


def test_devcontainer_sets_up_as_the_readme_does():
    content = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert content["postCreateCommand"].split()[1] in TARGETS
    assert (ROOT / ".devcontainer" / content["build"]["dockerfile"]).is_file()
