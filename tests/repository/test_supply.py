"""What is installed beside the course, and what is handed out as the course: licences, and the contents of wheel and sdist."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from repository import ROOT

PROGRAMS = Path(sys.executable).parent


def licences(*options: str) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAMS / "pip-licenses", *options], cwd=ROOT, capture_output=True, text=True)


def rows(text: str) -> dict[str, str]:
    """Package -> licence, of the lines of a table."""
    return dict(re.findall(r"^\| (\S+) +\| (.+?) +\|$", text, re.MULTILINE))


@pytest.fixture(scope="module")
def installed() -> subprocess.CompletedProcess:
    """What pip-licenses says about this environment."""
    return licences()


def test_every_licence_lets_one_use_change_and_pass_on(installed):
    assert installed.returncode == 0, installed.stderr
    assert len(rows(installed.stdout)) > 100


def test_another_licence_is_noticed():
    done = licences("--allow-only=MIT")
    assert done.returncode != 0
    assert "not in allow-only" in done.stderr


def test_the_list_of_licences_is_that_of_what_is_locked(installed):
    """What is installed is listed; another Python or system installs a few others, and of some packages another version."""
    listed = rows((ROOT / "docs" / "licences.md").read_text(encoding="utf-8"))
    locks = re.findall(r"^([\w.-]+)==", (ROOT / "locks/course.txt").read_text(), re.M)
    locked = Counter(re.sub(r"[-_.]+", "-", name).lower() for name in locks)
    there = rows(installed.stdout)
    versions = {name: locked[re.sub(r"[-_.]+", "-", name).lower()] for name in there}
    assert {name for name in there if versions[name]} <= set(listed)
    once = {name: licence for name, licence in there.items() if versions[name] == 1}
    assert {name: listed[name] for name in once} == once


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    out = tmp_path_factory.mktemp("built")
    command = [PROGRAMS / "uv", "build", "-q", "--no-build-isolation", "--python", sys.executable, "-o", out, "."]
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"UV_OFFLINE": "1"})
    return out


def names_in(built: Path, kind: str) -> set[str]:
    (archive,) = built.glob(f"*.{kind}")
    if kind == "whl":
        return set(zipfile.ZipFile(archive).namelist())
    with tarfile.open(archive) as tar:
        return {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}


def test_the_wheel_holds_the_package_and_nothing_else(built):
    names = names_in(built, "whl")
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"fer_course"}
    for wanted in (
        "lessons/10-train-it.ipynb",
        "profiles/cpu.yaml",
        "models/weights/mini_xception.npz",
        "widgets/view.js",
    ):
        assert f"fer_course/{wanted}" in names
    assert "fer_course/py.typed" in names  # type checkers read the package's own annotations
    tracked = set(
        subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    )
    own = {name for name in names if ".dist-info" not in name}
    moved = {name.removeprefix("fer_course/") for name in own if name.split("/")[1] in ("lessons", "profiles")}
    assert own - {f"fer_course/{name}" for name in moved} <= tracked
    assert moved <= tracked


@pytest.mark.parametrize("kind", ["whl", "tar.gz"])
def test_no_test_no_answer_and_no_photograph_is_handed_out_in_it(built, kind):
    names = names_in(built, kind)
    assert not [name for name in names if re.search(r"(^|/)(tests?|shared|runs|checkpoints|benchmarks)/", name)]
    assert not [name for name in names if re.search(r"\.(csv|jpe?g|parquet|pickle|pkl|zip|npy)$", name)]
    assert kind != "whl" or not [name for name in names if "solutions" in name]
    (archive,) = built.glob(f"*.{kind}")
    assert archive.stat().st_size < 10_000_000


#: What a program of the course executes or installs; not what only its tests do.
PROGRAMS_OF_OURS = (
    "fer_course",
    "offline",
    "locks",
    "book",
    "benchmarks",
    "docs",
    ".github",
    ".ci",
    "binder",
    ".devcontainer",
)


def test_no_temporary_file_has_a_name_that_others_know():
    """In /tmp another user can make a file or link of that name first."""
    bad = re.compile(r"mktemp\(|gettempdir\(\)\s*(/|\)\s*/)|[\"'=> ](/var)?/tmp/\w|tempnam|os\.tmpfile")
    found = []
    for folder in PROGRAMS_OF_OURS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".sh", ".yml", ".yaml", ".toml", "") and path.is_file():
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
                found += [(str(path.relative_to(ROOT)), line) for line in lines if bad.search(line)]
    assert found == []


def test_nothing_that_is_fetched_is_executed_unseen():
    """A script from elsewhere has neither version nor checksum: `curl … | sh` installs what it gives out today."""
    fetched = re.compile(
        r"(curl|wget)[^|\n]*\|\s*(ba)?sh|pip install (git\+)?http|--trusted-host|verify=False|--no-check-certificate"
    )
    for folder in (*PROGRAMS_OF_OURS, "tests"):
        for path in (ROOT / folder).rglob("*"):
            if (
                path.suffix in (".py", ".sh", ".yml", ".yaml", ".toml", ".json", "")
                and path.is_file()
                and path != Path(__file__)
            ):
                assert not fetched.search(path.read_text(encoding="utf-8", errors="replace")), path
