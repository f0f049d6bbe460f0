"""The ways to install: pyproject, locks, conda, Binder, make, and the fixed top level."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from repository import ROOT

from locks import reading

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = (
    "locks/course.txt", "locks/learner.txt", "locks/setup.txt", "locks/hub.txt", "binder/requirements.txt", "locks/colab.txt",
)  # fmt: skip


def locked(name: str) -> list[tuple[str, int]]:
    """Return (requirement, number of hashes) of each entry of a lock."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(
        r"(?m)^(?=[a-zA-Z0-9])", "\n".join(line for line in text.splitlines() if not line.startswith(("#", "--")))
    )
    return [(entry.split("\\")[0].strip(), entry.count("--hash=sha256:")) for entry in entries if entry.strip()]


def test_top_level():
    for name in ("README.md", "environment.yml", "lessons", "fer_course", "solutions", "tests", "binder", ".ci/run"):
        assert (ROOT / name).exists(), name


def test_dependencies_are_lower_bounds_only():
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for text in (text for group in groups for text in group):
        operators = {specifier.operator for specifier in Requirement(text).specifier}
        assert operators == {">="}, f"{text}: exact versions stand in the locks"
    assert PROJECT["requires-python"] == ">=3.11"


def test_extras_and_asked_for_packages():
    extras = PROJECT["optional-dependencies"]
    assert {"tensorflow", "gpu", "lab", "instructor", "dev"} <= set(extras)
    names = {
        Requirement(text).name
        for text in PROJECT["dependencies"] + extras["tensorflow"] + extras["lab"] + extras["dev"]
    }
    assert {"jupyterlab", "tensorflow", "ipywidgets", "matplotlib", "seaborn", "nbval", "papermill"} <= names


@pytest.mark.parametrize(("system", "machine", "wheel"), [
    ("linux", "x86_64", "tensorflow-cpu"), ("linux", "aarch64", "tensorflow"), ("darwin", "arm64", "tensorflow"),
    ("win32", "AMD64", "tensorflow-cpu"),
])  # fmt: skip
def test_one_tensorflow_wheel_a_platform(system, machine, wheel):
    platform = {"sys_platform": system, "platform_machine": machine}
    requirements = [Requirement(text) for text in PROJECT["optional-dependencies"]["tensorflow"]]
    assert [r.name for r in requirements if r.marker.evaluate(platform)] == [wheel]


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_are_exact_hashed_and_name_no_index(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "-url" not in text
    entries = locked(lock)
    assert entries
    for requirement, hashes in entries:
        assert {s.operator for s in Requirement(requirement).specifier} == {"=="}, requirement
        assert hashes, f"{requirement} has no hash"


def test_lock_satisfies_pyproject():
    environment = default_environment() | {
        "python_version": "3.11", "python_full_version": "3.11.9", "sys_platform": "linux", "platform_machine": "x86_64"
    }  # fmt: skip
    versions = {}
    for text, _ in locked("locks/course.txt"):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            versions[canonicalize_name(requirement.name)] = Version(next(iter(requirement.specifier)).version)
    extras = PROJECT["optional-dependencies"]
    wanted = PROJECT["dependencies"] + [
        text
        for name in extras
        if name != "gpu"  # in place of tensorflow
        for text in extras[name]
    ]
    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert versions[canonicalize_name(requirement.name)] in requirement.specifier, (
                f"{requirement}: run `make lock`"
            )


@pytest.mark.parametrize(("lock", "own"), [("locks/learner.txt", None), ("locks/hub.txt", "jupyterhub")])
def test_a_lock_for_learners_has_the_versions_that_are_tested(lock, own):
    """Also file by file: the same hashes. A hub has packages of its own beside them."""
    for platform in ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_14_0_arm64", "win_amd64"):
        for python in reading.pythons(ROOT / lock):
            tested, of_learners = (
                {
                    entry.partition("==")[0]: entry
                    for entry in reading.split(reading.for_target(path, f"{python}.99", platform))
                }
                for path in (ROOT / "locks" / "course.txt", ROOT / lock)
            )
            assert len(of_learners) > 100
            assert len(tested) > len(of_learners) + 30
            shared = set(tested) & set(of_learners)
            differing = {name for name in shared if tested[name] != of_learners[name]}
            assert not differing, f"{lock} on {platform}, Python {python}: run `make lock`"
            assert shared == set(of_learners) if own is None else own in set(of_learners) - shared


def test_learners_lock_holds_nothing_of_the_teachers_or_the_tests():
    names = {Requirement(text).name for text, _ in locked("locks/learner.txt")}
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *extras["tensorflow"], *extras["lab"], *extras["export"], *extras["kaggle"]]
    assert {canonicalize_name(Requirement(text).name) for text in wanted} <= names
    unwanted = {"nbgrader", "pytest", "jax", "playwright", "sphinx", "distributed", "mypy", "atheris", "ruff"}
    assert not unwanted & names
    assert unwanted <= {Requirement(text).name for text, _ in locked("locks/course.txt")}


def test_binders_list_is_that_of_learners():
    learner = (ROOT / "locks" / "learner.txt").read_bytes()
    assert (ROOT / "binder" / "requirements.txt").read_bytes() == learner, "run `make lock`"


def test_colab_lock_has_colabs_versions():
    versions = {Requirement(text).name: str(Requirement(text).specifier) for text, _ in locked("locks/colab.txt")}
    for line in (ROOT / "locks/colab.in").read_text(encoding="utf-8").splitlines():
        if "==" in line:
            name, version = line.split("==")
            assert versions[name].startswith(f"=={version.rstrip('*')}"), f"{line}: run `make lock`"
    for package in ("onnxruntime", "voila"):  # not on Colab: lessons must do without
        assert package not in versions


def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_environment_yml():
    rattler = pytest.importorskip("rattler", reason="py-rattler reads conda's specs; it is in the extra dev")
    content = environment()
    assert content["name"] == "fer_course"
    assert content["channels"] == ["conda-forge"]
    specs = [spec for spec in content["dependencies"] if isinstance(spec, str)]
    parsed = {rattler.MatchSpec(spec).name.normalized for spec in specs}
    assert parsed == {"python", "pip"}
    python = next(spec for spec in specs if spec.startswith("python"))
    for version, wanted in (("3.10.14", False), ("3.11.9", True), ("3.13.1", True), ("3.14.0", False)):
        assert rattler.VersionSpec(python.split(maxsplit=1)[1]).matches(rattler.Version(version)) is wanted
    with pytest.raises(Exception):  # noqa: B017, PT011 - the oracle itself must be able to say no
        rattler.MatchSpec("python >>=3.11,,")


def test_environment_yml_pip_part_names_extras_that_exist():
    (pip,) = [part["pip"] for part in environment()["dependencies"] if isinstance(part, dict)]
    extras = re.fullmatch(r"-e \.\[([\w,]+)\]", pip[0])[1].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    assert {"tensorflow", "lab"} <= set(extras)


@pytest.mark.network
@pytest.mark.slow
def test_environment_yml_pip_part_resolves(tmp_path):
    (pip,) = [part["pip"] for part in environment()["dependencies"] if isinstance(part, dict)]
    requirements = tmp_path / "requirements.in"
    requirements.write_text("\n".join(pip).replace("-e .", f"{ROOT}") + "\n")
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run([uv, "pip", "compile", "-q", "--no-header", requirements], capture_output=True, text=True)
    if "error sending request" in done.stderr or "Failed to fetch" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    assert "tensorflow" in done.stdout


def test_binder_picks_python_buildpack_and_311(monkeypatch):
    tool = Path(sys.executable).with_name("jupyter-repo2docker")
    if not tool.exists():
        pytest.skip("jupyter-repo2docker is not installed (extra dev)")
    done = subprocess.run([tool, "--no-build", "--debug", "."], cwd=ROOT, capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-2000:]
    assert "python=3.11" in said
    assert re.search(r"pip install .*-r .*binder/requirements\.txt", said)
    assert "binder/postBuild" in said
    from repo2docker.app import Repo2Docker

    monkeypatch.chdir(ROOT)
    app = Repo2Docker()
    picked = next(pack for pack in (kind(app.base_image) for kind in app.buildpacks) if pack.detect())
    assert (type(picked).__name__, picked.python_version) == ("PythonBuildPack", "3.11")


def test_post_build_installs_without_dependencies():
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert "--no-deps" in script.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    assert (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip() == "python-3.11"


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_refuses_an_unfit_python_in_a_sentence(tmp_path):
    clone = copy_of_setup(tmp_path)
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python"):
        (old / name).write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1" && exit 0\nexit 1\n')
        (old / name).chmod(0o755)
    done = subprocess.run(
        ["make", "setup"], cwd=clone, capture_output=True, text=True, env={"PATH": f"{old}:/usr/bin:/bin"}
    )
    assert done.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "Python 3.9.1" in done.stderr


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_lab_opens_the_first_lesson():
    said = subprocess.run(
        ["make", "--no-print-directory", "-n", "lab"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    first = min(path.name for path in (ROOT / "lessons").glob("*.ipynb"))
    assert said.splitlines()[-1].endswith(f"jupyter lab my-lessons/{first}")


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_knows_when_the_environment_is_stale(tmp_path):
    clone = copy_of_setup(tmp_path)
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    ready, complete = clone / ".venv" / ".ready", clone / ".venv" / ".complete"
    locks = clone / "locks"

    def would(target: str) -> tuple[bool, bool]:
        """Return whether make would build the environment, and whether it would add what tests need."""
        said = subprocess.run(["make", "-n", target], cwd=clone, capture_output=True, text=True, check=True).stdout
        return "-m venv" in said, "Adding" in said

    def seconds_later(path: Path, seconds: int) -> None:
        os.utime(path, (now + seconds,) * 2)

    assert would("course") == would("lab") == (True, False)
    assert would("test-units") == would("book") == would("lint") == (True, True)
    ready.touch()
    now = ready.stat().st_mtime
    assert would("course") == (False, False)
    assert would("test-units") == (False, True)
    complete.touch()
    seconds_later(complete, 1)
    assert would("course") == would("test-units") == (False, False)
    seconds_later(locks / "course.txt", 10)
    assert would("course") == (False, False)
    assert would("test-units") == (False, True)
    seconds_later(complete, 11)
    seconds_later(locks / "learner.txt", 20)
    assert would("course") == (True, False)
    assert would("test-units") == (True, True)
    seconds_later(ready, 21)
    assert would("course") == (False, False)
    assert would("test-units") == (False, True)  # the new environment has none of it
    seconds_later(complete, 22)
    assert would("test-units") == (False, False)
    (clone / ".venv" / "bin" / "python").unlink()
    assert would("course") == (True, False)
    assert would("setup-all") == (True, True)


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize(
    ("uv", "ready", "complete"),
    [("exit 0", True, True), ("exit 2", True, False), ("kill -9 $PPID", False, False)],
    ids=["added", "no network", "killed in between"],
)
def test_what_is_added_leaves_an_environment_that_is_whole_or_built_again(tmp_path, uv, ready, complete):
    clone = copy_of_setup(tmp_path)
    programs = clone / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "uv").write_text(f"#!/bin/sh\n{uv}\n")
    (programs / "uv").chmod(0o755)
    (clone / ".venv" / ".ready").touch()
    done = subprocess.run(["make", "setup-all"], cwd=clone, capture_output=True, text=True)
    assert (done.returncode == 0) is complete
    assert (clone / ".venv" / ".ready").exists() is ready
    assert (clone / ".venv" / ".complete").exists() is complete


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_what_is_set_for_python_pip_and_uv_elsewhere_does_not_reach_the_set_up():
    unset = {name for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("unexport ")
             for name in line.split()[1:]}  # fmt: skip
    assert {"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_REQUIRE_VIRTUALENV", "UV_PYTHON"} <= unset
    sabotaged = os.environ | dict.fromkeys(unset, "/somewhere/else")
    said = subprocess.run(
        ["make", "-s", "--eval", "show: ; @env", "show"], cwd=ROOT, capture_output=True, text=True, env=sabotaged
    )
    assert said.returncode == 0
    assert "/somewhere/else" not in said.stdout
    assert {"PYTHONNOUSERSITE=1", "UV_COMPILE_BYTECODE=1"} <= set(said.stdout.splitlines())


def fake(folder: Path, name: str, version: str, fits: bool) -> None:
    """Put a program into a folder that says that it is Python of a version, and does as the real one if it fits."""
    folder.mkdir(exist_ok=True)
    says = f'[ "$1" = --version ] && echo "Python {version}" && exit 0\n'
    does = f'exec {os.path.realpath(sys.executable)} "$@"' if fits else "exit 1"
    (folder / name).write_text(f"#!/bin/sh\n{says}{does}\n")
    (folder / name).chmod(0o755)


def chosen(path: str, *named: str) -> subprocess.CompletedProcess:
    script = ["sh", "locks/python.sh", *named]
    return subprocess.run(script, cwd=ROOT, capture_output=True, text=True, env={"PATH": f"{path}:/usr/bin:/bin"})


def test_the_python_in_front_on_the_path_is_taken_if_it_fits(tmp_path):
    fake(tmp_path / "front", "python3", "3.11.9", fits=True)
    fake(tmp_path / "back", "python3.13", "3.13.1", fits=True)
    assert chosen(f"{tmp_path}/front:{tmp_path}/back").stdout.strip() == f"{tmp_path}/front/python3"


def test_a_python_in_front_that_does_not_fit_is_passed_over(tmp_path):
    fake(tmp_path / "front", "python3", "3.14.0", fits=False)
    fake(tmp_path / "front", "python", "2.7.18", fits=False)
    fake(tmp_path / "back", "python3.13", "3.13.1", fits=True)
    fake(tmp_path / "back", "python3.11", "3.11.1", fits=True)
    assert chosen(f"{tmp_path}/front:{tmp_path}/back").stdout.strip() == f"{tmp_path}/back/python3.13"


def test_a_python_that_is_named_decides_or_is_refused(tmp_path):
    fake(tmp_path / "front", "python3", "3.11.9", fits=True)
    fake(tmp_path / "named", "python9", "3.9.1", fits=False)
    fake(tmp_path / "named", "python12", "3.12.1", fits=True)
    assert chosen(f"{tmp_path}/front", f"{tmp_path}/named/python12").stdout.strip() == f"{tmp_path}/named/python12"
    for name, found in (
        (f"{tmp_path}/named/python9", "which is Python 3.9.1"),
        (f"{tmp_path}/nothing", "PYTHON names"),
    ):
        done = chosen(f"{tmp_path}/front", name)
        assert (done.returncode, done.stdout) == (1, "")
        assert found in done.stderr


def test_where_nothing_fits_and_uv_can_not_fetch_the_sentence_says_what_to_do(tmp_path):
    for name in ("python3", "python", "python3.11", "python3.12", "python3.13"):
        fake(tmp_path / "bin", name, "3.14.0", fits=False)
    fake(tmp_path / "bin", "uv", "0", fits=False)
    (tmp_path / "bin" / "uv").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "error: no network" >&2\nexit 2\n'
    )
    done = chosen(str(tmp_path / "bin"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "uv could not bring one: error: no network" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("Install one, or name it: make PYTHON=/path/to/python")


def copy_of_setup(folder: Path) -> Path:
    """Copy what `make setup` needs to a folder of its own."""
    clone = folder / "clone"
    (clone / "locks").mkdir(parents=True)
    locks = [f"locks/{name}" for name in ("course.txt", "learner.txt", "setup.txt", "python.sh")]
    for name in ("Makefile", "pyproject.toml", *locks):
        shutil.copy(ROOT / name, clone / name)
    return clone


def test_citation_and_licences():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PROJECT["version"]
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Attribution 4.0 International" in (ROOT / "LICENSE-TEXT").read_text(encoding="utf-8")


def test_version_stands_in_one_place_and_agrees():
    import fer_course

    assert fer_course.__version__ == PROJECT["version"]


def test_no_private_paths_and_no_registry_hosts_in_the_repository():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if files.returncode:
        pytest.skip("not a git checkout")
    forbidden = re.compile("/wor" + "k/|/ro" + r"ot/|\bpypi\." + r"org|files\.python" + r"hosted|registry\.np" + "mjs")
    for name in files.stdout.splitlines():
        file = ROOT / name
        if file.suffix in {".gif", ".png", ".h5", ".keras", ".npz", ".npy"} or not file.is_file():
            continue
        damaged = "fuzz_cases" in file.parts  # by design
        found = forbidden.search(file.read_text(encoding="utf-8", errors="replace" if damaged else "strict"))
        assert not found, f"{name} names {found[0]}"


def test_readme_names_the_two_commands_first():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quick = readme.split("## Quick start")[1].split("## ")[0]
    commands = re.findall(r"```\n(.*?)\n```", quick.split("<details>")[0], re.S)
    assert commands == ["make course", "make test"]


def test_readme_links_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert target.startswith("https:") or (ROOT / target).exists(), target


def test_what_shell_scripts_import_from_the_package_is_there():
    scripts = [
        ROOT / "binder" / "postBuild",
        *(ROOT / "docs").rglob("*.sh"),
        *(ROOT / "locks").glob("*.sh"),
        ROOT / "Makefile",
    ]
    snippets = [
        each for script in scripts for each in re.findall(r'python3? -c "([^"$]+)"', script.read_text(encoding="utf-8"))
    ]
    imports = [
        part for each in snippets for part in ast.parse(each).body if isinstance(part, ast.Import | ast.ImportFrom)
    ]
    assert any("fer_course" in ast.unparse(part) for part in imports)
    exec(compile(ast.Module(imports, []), "scripts", "exec"), {})
