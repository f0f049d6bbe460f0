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
    assert [path.stem for path in WORKFLOWS] == ["audit", "book", "newest", "publish", "tests"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_calls_make_targets_that_exist(path):
    commands = [step["run"] for step in steps(path) if "run" in step]
    called = [command.split()[1] for command in commands if command.startswith("make ")]
    assert called
    assert set(called) <= TARGETS
    assert all(command.startswith(("make ", "git diff", "sh .github/")) for command in commands)
    scripts = [command.split()[1] for command in commands if command.startswith("sh ")]
    assert all(subprocess.run(["sh", "-n", ROOT / script]).returncode == 0 for script in scripts)


def jobs() -> list[tuple[str, dict]]:
    """Return all jobs, as "workflow: job" and what is to be done."""
    found = [(path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in WORKFLOWS]
    return [(f"{stem}: {name}", job) for stem, content in found for name, job in content["jobs"].items()]


JOBS = jobs()
#: What may be written by which job, and what it executes: nothing that was installed.
WRITING = {
    "book: deploy": ({"pages": "write", "id-token": "write"}, []),
    "publish: push": ({"contents": "write"}, ["sh .github/push.sh publish.patch"]),
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_gives_no_rights_to_all_its_jobs(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["permissions"] == {}
    assert "pull_request_target" not in path.read_text(encoding="utf-8")
    assert "secrets." not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "job"), JOBS, ids=[name for name, _ in JOBS])
def test_a_job_ends_and_asks_for_no_more_than_it_needs(name, job):
    assert job["timeout-minutes"] <= 90
    commands = [step["run"] for step in job["steps"] if "run" in step]
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    if name in WRITING:
        assert (job["permissions"], commands) == WRITING[name]
        kinds = {step["uses"].split("@")[0] for step in job["steps"] if "uses" in step}
        # Neither packages nor what another job has kept: both may hold code of strangers.
        assert not kinds & {"actions/setup-python", "actions/cache"}
    else:
        assert job["permissions"] == {"contents": "read"}
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_their_version_beside(path):
    """A tag can be moved to another commit, the name of a commit can't."""
    uses = re.findall(r"^ +(?:- )?uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(uses) == len([step for step in steps(path) if "uses" in step])
    for each in uses:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


def test_an_action_is_pinned_to_one_commit_everywhere():
    texts = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins = re.findall(r"uses: (actions/[a-z-]+)@(\S+ # \S+)", texts)
    assert len(dict(pins)) == len(set(pins))


@pytest.mark.parametrize(("name", "job"), JOBS, ids=[name for name, _ in JOBS])
def test_a_job_keeps_what_it_fetched_for_the_next_time(name, job):
    kept = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/cache@")]
    assert len(kept) == (0 if name in WRITING else 1)
    for each in kept:
        assert each["path"].split() == ["~/.cache/uv", "~/.cache/pip"]
        assert "hashFiles('locks/*.txt')" in each["key"]


def test_the_locks_that_learners_get_are_audited_and_not_only_renewed_ones():
    """An audit after `make lock --upgrade` says nothing about what is committed."""
    audit = yaml.safe_load((WORKFLOWS[0]).read_text(encoding="utf-8"))
    triggers = audit[True]  # YAML reads `on` as true
    assert "schedule" in triggers
    assert "locks/**" in triggers["push"]["paths"]
    commands = [step["run"] for step in steps(WORKFLOWS[0]) if "run" in step]
    assert commands == ["make audit"]
    said = subprocess.run(["make", "-n", "audit", "READY=anew"], cwd=ROOT, capture_output=True, text=True).stdout
    locks = {path.name for path in (ROOT / "locks").glob("*.txt")} - {"learner.txt"}  # a part of course.txt
    assert set(re.findall(r"locks/([\w-]+\.txt)", said.split("for lock in")[1].split(";")[0])) == locks


# --------------------------------------------------------------------------------------------- what may be pushed


@pytest.fixture
def clone(tmp_path) -> Path:
    """A clone, and the repository to which it pushes."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "-q", "--bare", tmp_path / "origin"], check=True)
    subprocess.run([*git, "clone", "-q", tmp_path / "origin", tmp_path / "clone"], check=True, capture_output=True)
    folder = tmp_path / "clone"
    (folder / ".github" / "workflows").mkdir(parents=True)
    shutil.copy(ROOT / ".github" / "push.sh", folder / ".github")
    (folder / ".github" / "workflows" / "tests.yml").write_text("name: tests\n")
    (folder / "lessons").mkdir()
    (folder / "lessons" / "00.ipynb").write_text("{}\n")
    (folder / "README.md").write_text("# A course\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nversion = "1.2"\n\n[build-system]\nrequires = []\n\n[tool.fer_course]\nrepository = ""\n'
    )
    for command in (["add", "-A"], ["commit", "-qm", "first"], ["push", "-q", "origin", "HEAD"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


def push(clone: Path, changes: dict[str, str | None]) -> tuple[int, str, int]:
    """Make a patch of changes, and push it; return exit status, message and the number of commits at the origin."""
    git = {"cwd": clone, "check": True, "capture_output": True, "text": True}
    for name, text in changes.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).unlink() if text is None else (clone / name).write_text(text)
    subprocess.run(["git", "add", "-AN"], **git)
    patch = clone.parent / "publish.patch"
    subprocess.run(["git", "diff", "HEAD", "--binary", f"--output={patch}"], **git)
    subprocess.run(["git", "reset", "-q", "--hard"], **git)
    subprocess.run(["git", "clean", "-fdq"], **git)
    done = subprocess.run(["sh", ".github/push.sh", patch], cwd=clone, capture_output=True, text=True)
    commits = subprocess.run(["git", "-C", clone.parent / "origin", "rev-list", "--all", "--count"], **git)
    return done.returncode, done.stderr, int(commits.stdout)


def with_address(clone: Path) -> str:
    return (clone / "pyproject.toml").read_text().replace('repository = ""', 'repository = "https://x.y/a/b"')


def test_what_publishing_writes_is_pushed_with_its_tag(clone):
    changes = {"README.md": "# At x.y\n", "lessons/00.ipynb": "[]\n", "pyproject.toml": with_address(clone)}
    assert push(clone, changes) == (0, "", 2)
    tags = subprocess.run(["git", "-C", clone.parent / "origin", "tag"], capture_output=True, text=True).stdout
    assert tags == "v1.2\n"


def test_without_changes_nothing_is_pushed(clone):
    assert push(clone, {}) == (0, "", 1)


@pytest.mark.parametrize("changes", [
    {".github/workflows/tests.yml": "name: mine\n"}, {".github/push.sh": "true\n"}, {"lessons/01.ipynb": "{}\n"},
    {"README.md": None}, {"fer_course/__init__.py": "1\n"}, {"README.md": "# At x.y\n", "Makefile": "x:\n"},
], ids=str)  # fmt: skip
def test_a_patch_that_changes_anything_else_is_refused(clone, changes):
    status, said, commits = push(clone, changes)
    assert (status, commits) == (1, 1)
    assert said.startswith("push.sh: the patch is not applied")


def test_a_patch_that_changes_more_of_the_project_than_its_address_is_refused(clone):
    text = with_address(clone).replace("requires = []", 'requires = ["mine"]')
    status, said, commits = push(clone, {"pyproject.toml": text})
    assert (status, commits) == (1, 1)
    assert "more than the address" in said


@pytest.mark.parametrize("name", ["audit", "book", "publish", "tests"])
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
        step["with"]["python-version"]
        for step in steps(ROOT / ".github" / "workflows" / "newest.yml")
        if "setup-python" in step.get("uses", "")
    ]
    assert int(asked.split(".")[1]) > newest
    assert "PYTHON:" not in content


def test_devcontainer_sets_up_as_the_readme_does():
    content = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert content["postCreateCommand"].split()[1] in TARGETS
    assert (ROOT / ".devcontainer" / content["build"]["dockerfile"]).is_file()
