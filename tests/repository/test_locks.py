"""Locks that pip itself accepts: which Pythons they are for, what of them belongs on a platform, and how they are renewed."""

import hashlib
import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from repository import ROOT

from locks import compile as compiling
from locks import reading

COURSE = ROOT / "locks" / "course.txt"
PYTHONS = reading.pythons(COURSE)
LOCKS = [lock.path for lock in compiling.LOCKS]
#: What the Makefile gives to uv for each lock.
LOCKED = re.search(r"^LOCKED := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_says_for_which_pythons_it_is(lock):
    expected = ["3.13"] if "colab" in lock else PYTHONS
    assert reading.pythons(ROOT / lock) == expected


def test_what_names_the_pythons_names_those_of_the_lock():
    words = f"{', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}"
    assert f"Python {words}" in (ROOT / "README.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    classifiers = [name.rpartition(" ")[2] for name in project["classifiers"] if re.search(r":: 3\.\d+$", name)]
    assert classifiers == PYTHONS
    (python,) = [
        SpecifierSet(each.removeprefix("python "))
        for each in yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
        if isinstance(each, str) and each.startswith("python ")
    ]
    after = f"3.{int(PYTHONS[-1].split('.')[1]) + 1}"
    assert [version for version in [*PYTHONS, after] if f"{version}.1" in python] == PYTHONS
    tests = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    assert tests["jobs"]["test"]["strategy"]["matrix"]["python"] == PYTHONS


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_package_that_is_installed_here_excludes_a_python_of_its_lock(lock):
    """A package says itself which Pythons it is for; that its upper bound counts, uv does not think, and pip does."""
    looked_at = 0
    for version in reading.pythons(ROOT / lock):
        environment = reading.target_environment(f"{version}.99")
        for entry, _ in reading.entries(ROOT / lock):
            if entry.marker is None or entry.marker.evaluate(environment):
                try:
                    there = importlib.metadata.distribution(entry.name)
                except importlib.metadata.PackageNotFoundError:
                    continue
                if entry.specifier.contains(there.version):
                    looked_at += 1
                    bounds = SpecifierSet(there.metadata.get("Requires-Python") or "")
                    assert f"{version}.99" in bounds, f"{entry} is not for Python {version}: run `make lock`"
    assert looked_at >= (1 if "setup" in lock else 100)


@pytest.mark.parametrize("lock", [*LOCKS, compiling.BINDER])
def test_a_lock_lets_nothing_be_built(lock):
    """To build a package, its own code is executed: from what was just downloaded, on everybody's machine."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    options = [line for line in text.splitlines() if line.startswith("-")]
    assert options == [reading.WHEELS_ONLY.strip()]
    entries = [text for _, text in reading.entries(ROOT / lock)]
    assert len(entries) > 0
    assert all("--hash=sha256:" in text and re.match(r"[\w.-]+==\S+", text) for text in entries)


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_an_installer_that_reads_a_lock_builds_nothing(tmp_path, tool):
    """Where there is only a source archive, pip and uv say so, and the code in it is not executed."""
    name, source = "mine-1.0", tmp_path / "mine-1.0"
    source.mkdir()
    mark = f"open({str(tmp_path / 'was-here')!r}, 'w')"
    (source / "setup.py").write_text(f"{mark}\nfrom setuptools import setup\nsetup(name='mine', version='1.0')")
    archive = tmp_path / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source, name)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    lock = tmp_path / "lock.txt"
    lock.write_text(f"{reading.WHEELS_ONLY}mine==1.0 \\\n    --hash=sha256:{digest}\n")
    program = [sys.executable, "-m", "pip"] if tool == "pip" else [Path(sys.executable).with_name("uv"), "pip"]
    where = ["--target", tmp_path / "there"] + ([] if tool == "pip" else ["--python", sys.executable])
    options = ["install", "--no-index", "--find-links", tmp_path, "--no-build-isolation", "--require-hashes", *where]
    done = subprocess.run([*program, *options, "-r", lock], capture_output=True, text=True)
    assert done.returncode != 0
    assert not (tmp_path / "was-here").exists(), done.stderr
    assert not (tmp_path / "there" / "mine").exists()


def test_what_installs_from_a_lock_takes_wheels_and_hashes_only():
    """In the words of each command, too: nobody has to know what the lock itself says."""
    for path in ("Makefile", "locks/python.sh", "docs/install.md", "docs/hub/jupyterhub_config.py"):
        text = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", " ").replace("$(LOCKED)", LOCKED)
        text = text.replace("$(INSTALL)", "uv pip install").replace(" \\\t", " ")
        lines = [
            line for line in re.sub(r"\\\s*\n\s*", " ", text).splitlines() if re.search(r"pip install .*-r ", line)
        ]
        assert lines, path
        for line in lines:
            for command in re.findall(r"pip install [^;&]*-r [^;&]*", line):
                assert "--require-hashes" in command, (path, command)
                assert re.search(r"--no-build |--only-binary :all:", command), (path, command)


def test_entries_for_a_target_are_those_whose_marker_holds_there(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "# a comment\n"
        "always==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\n"
        "windows==2 ; sys_platform == 'win32' \\\n    --hash=sha256:bb\n"
        "arm==3 ; platform_machine == 'aarch64' or platform_machine == 'arm64' \\\n    --hash=sha256:cc\n"
        "old==4 ; python_full_version < '3.11.5' \\\n    --hash=sha256:dd\n"
        "new==5 ; python_version >= '3.13' \\\n    --hash=sha256:ee\n"
    )

    def names(python, platform=None):
        return re.findall(r"^(\w+)==", reading.for_target(lock, python, platform), re.M)

    assert names("3.12.99", "win_amd64") == ["always", "windows"]
    assert names("3.11.2", "manylinux_2_28_x86_64") == ["always", "old"]
    assert names("3.11.99", "manylinux_2_28_aarch64") == ["always", "arm"]
    assert names("3.13.0", "macosx_14_0_arm64") == ["always", "arm", "new"]
    assert reading.for_target(lock, "3.12.0", "win_amd64") == (
        "always==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\nwindows==2 \\\n    --hash=sha256:bb\n"
    )


def test_a_platform_without_wheels_is_named():
    with pytest.raises(SystemExit, match="windows is no platform as wheels name it: win_amd64"):
        reading.target_environment("3.12.0", "windows")


def wheel(folder: Path, name: str, version: str, python: str = ">=3.8", needs: str = "") -> None:
    """Write a wheel with nothing in it but what it says of itself."""
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n"
    about += f"Requires-Dist: {needs}\n" if needs else ""
    information = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{information}/METADATA", about)
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A repository with an index of its own: the newest version of a package that another one needs is for old Pythons only."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "wanted", "1.0", needs="fenced")
    wheel(wheels, "fenced", "1.2")
    wheel(wheels, "fenced", "1.3", python=">=3.8,<3.11")
    wheel(wheels, "fenced", "1.4", python=">=3.8,!=3.12.*")
    (tmp_path / "list.in").write_text("wanted\n")
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(wheels))
    monkeypatch.setattr(compiling, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_version_that_pip_refuses_on_one_of_the_pythons_is_not_locked(index, capsys):
    lock = compiling.Lock("list.txt", "A list.", ("list.in",))
    compiling.compile_(lock, PYTHONS, [])
    entries = [str(entry) for entry, _ in reading.entries(index / "list.txt")]
    assert entries == ["fenced==1.2", "wanted==1.0"]
    assert reading.pythons(index / "list.txt") == PYTHONS
    first = (index / "list.txt").read_text(encoding="utf-8").splitlines()[:5]
    assert first[:3] == [reading.HEAD.strip(), "# A list.", f"# For Python {', '.join(PYTHONS)}."]
    assert first[3] == reading.WHEELS_ONLY.strip()
    assert first[4].startswith("fenced==1.2")
    said = capsys.readouterr().out
    assert "fenced 1.4 is not for Python 3.12" in said
    assert "fenced 1.3 is not for Python 3.11" in said
    # The oracle: pip, and nothing of ours between it and the list.
    command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--require-hashes"]
    assert subprocess.run([*command, "-r", index / "list.txt"], capture_output=True).returncode == 0


@pytest.mark.slow
def test_a_list_that_no_python_can_have_ends_the_renewal_with_pips_words(index):
    for old in (index / "wheels").glob("fenced-1.2*"):
        old.unlink()
    lock = compiling.Lock("list.txt", "A list.", ("list.in",))
    with pytest.raises((SystemExit, subprocess.CalledProcessError)):
        compiling.compile_(lock, ["3.11", "3.12"], [])


def test_the_next_python_is_taken_as_soon_as_pip_accepts_all_there(monkeypatch, capsys):
    asked = []

    def refusal(path, python, platform=None):
        asked.append(python)
        return None if python == "3.14" else compiling.Refusal(python, ("tensorflow", "2"), False, "")

    monkeypatch.setattr(compiling, "refusal", refusal)
    lock = compiling.Lock("list.txt", "A list.", ("list.in",))
    assert compiling._with_newer(lock, ["3.12", "3.13"]) == ["3.12", "3.13", "3.14"]
    assert asked == ["3.14", "3.15"]
    assert "now for Python 3.14" in capsys.readouterr().out


def test_without_an_index_nothing_is_said_about_packages(index, monkeypatch):
    lock = compiling.Lock("list.txt", "A list.", ("list.in",))
    compiling.compile_(lock, ["3.11"], [])
    monkeypatch.setenv("PIP_FIND_LINKS", str(index / "nothing"))
    with pytest.raises(OSError, match="could not look"):
        compiling.refusal(index / "list.txt", "3.11")


def test_names_are_locked_once_for_each_target():
    """Two versions of a package for one Python and platform: pip would refuse the list as a whole."""
    for python in PYTHONS:
        for platform in (None, *compiling.OTHERS):
            text = reading.for_target(COURSE, f"{python}.99", platform)
            names = [canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", text, re.M)]
            assert len(names) == len(set(names)) > 100
