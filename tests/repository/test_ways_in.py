"""Each way in, gone as those go it who come: pip with hashes, Binder, a hub's image, conda, the wheel, a dev container, make."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from ways_in import PYTHONS, ROOT, clone, environment, install, lesson_00, python, run

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize("lock", ["locks/setup.txt", "locks/learner.txt", "locks/course.txt", "locks/hub.txt"])
def test_pip_installs_every_list_with_hashes_into_an_empty_environment(lock, version, tmp_path):
    programs = environment(version, tmp_path)
    install(programs, lock)
    run([programs / "python", "-m", "pip", "check"], tmp_path)


def test_pip_installs_colabs_list_on_colabs_python(tmp_path):
    programs = environment("3.13", tmp_path)
    install(programs, "locks/colab.txt")
    run([programs / "python", "-m", "pip", "check"], tmp_path)


@pytest.mark.parametrize("version", PYTHONS)
def test_binders_steps_end_in_lesson_00(version, tmp_path):
    """The scripts that repo2docker writes into its Dockerfile, run as it runs them, in an environment with what it has there."""
    programs = environment(version, tmp_path)
    home = tmp_path / "home"
    repository = clone(home)
    variables = {"NB_PYTHON_PREFIX": str(programs.parent), "KERNEL_PYTHON_PREFIX": str(programs.parent)}
    variables |= {"REPO_DIR": str(repository), "NB_USER": "jovyan", "PATH": f"{programs}:{os.environ['PATH']}"}
    first, scripts, post_build = _repo2dockers_steps(version, repository)
    run([programs / "pip", "install", "-q", "--no-compile", *first], tmp_path, Path.home())
    for script in [*scripts, *post_build]:
        run(["bash", "-c", script], repository, home, PIP_CACHE_DIR="", PIP_NO_COMPILE="1", **variables)
    run([programs / "jupyterhub-singleuser", "--version"], tmp_path)
    run([programs / "jupyter", "lab", "--version"], tmp_path)
    lesson_00(programs, home, PATH=variables["PATH"])
    # Whoever opens a terminal in the clone has its solutions, though the package lies elsewhere.
    where = "from fer_course.course import find_folder; print(find_folder('solutions'))"
    assert run([programs / "python", "-I", "-c", where], repository).strip() == str(repository / "solutions")
    # On a hub a volume hides all of the home; the course and its drawn faces lie outside.
    shutil.rmtree(home)
    empty = tmp_path / "volume"
    empty.mkdir()
    values = yaml.safe_load((ROOT / "docs" / "hub" / "values.yaml").read_text(encoding="utf-8"))["singleuser"]
    cache = values["extraEnv"]["FER_COURSE_CACHE"].replace("/srv/conda/envs/notebook", str(programs.parent))
    command = values["lifecycleHooks"]["postStart"]["exec"]["command"]
    run([programs / command[0], *command[1:]], empty, FER_COURSE_CACHE=cache)
    assert len(list((empty / "my-lessons").glob("*.ipynb"))) == len(list((ROOT / "lessons").glob("*.ipynb")))
    before = {file.name: file.stat().st_mtime for file in Path(cache).glob("*.npy")}
    assert len(before) == 1
    lesson_00(programs, empty, FER_COURSE_CACHE=cache)
    assert {file.name: file.stat().st_mtime for file in Path(cache).glob("*.npy")} == before  # nothing was drawn again


def _repo2dockers_steps(version: str, repository: Path) -> tuple[list[str], list[str], list[str]]:
    """Return what repo2docker installs first, as pip calls it, the scripts of its build, and those after the build."""
    pytest.importorskip("repo2docker", reason="jupyter-repo2docker is in the extra dev")
    code = f"""
import json, os
from pathlib import Path
import repo2docker.buildpacks.conda as conda
from repo2docker.app import Repo2Docker
os.chdir({str(repository)!r})
app = Repo2Docker()
pack = next(pack for pack in (kind(app.base_image) for kind in app.buildpacks) if pack.detect())
first = Path(conda.__file__).with_name("environment.py-{version}.yml").read_text()
steps = [script for who, script in pack.get_preassemble_scripts() + pack.get_assemble_scripts() if "pip" in script]
print(json.dumps([pack.python_version, first, steps, ["./" + each for each in pack.get_post_build_scripts()]]))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    picked, first, steps, post_build = json.loads(said.splitlines()[-1])
    assert picked == "3.11"  # what Binder takes; the others are tried for whoever changes binder/runtime.txt
    specs = [spec.split("#")[0].strip() for spec in yaml.safe_load(first)["dependencies"] if isinstance(spec, str)]
    wanted = [spec.replace("jupyterhub-singleuser", "jupyterhub") for spec in specs]
    named = [spec for spec in wanted if re.split(r"\W", spec)[0] not in ("python", "nodejs", "pip")]
    assert steps
    assert post_build
    return [re.sub(r"(?<![=<>!])=(?!=)", "==", spec) for spec in named], steps, post_build


@pytest.mark.parametrize("version", PYTHONS)
def test_the_wheel_alone_is_enough_for_lesson_00(version, tmp_path):
    programs = environment(version, tmp_path)
    uv = Path(sys.executable).with_name("uv")
    run([uv, "build", "-q", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", tmp_path, "."], ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    install(programs, "locks/learner.txt")
    run([programs / "pip", "install", "-q", "--no-deps", wheel], tmp_path)
    lesson_00(programs, tmp_path)
    run([programs / "fer-course", "start", "my-lessons"], tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        lessons = [name for name in archive.namelist() if re.match(r"fer_course/lessons/\d\d-", name)]
    assert len(list((tmp_path / "my-lessons").glob("*.ipynb"))) == len(lessons)


def test_what_conda_leaves_to_pip_ends_in_lesson_00(tmp_path):
    """`conda env create` gives Python and pip, then lets pip install the rest: newest versions, in the folder of the file."""
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (listed,) = [part["pip"] for part in content["dependencies"] if isinstance(part, dict)]
    programs = environment(PYTHONS[-1], tmp_path)
    repository = clone(tmp_path / "clone")
    (repository / "condaenv.requirements.txt").write_text("\n".join(listed), encoding="utf-8")
    pip = [programs / "python", "-m", "pip", "install", "-q", "--no-compile", "-U", "-r", "condaenv.requirements.txt"]
    run([*pip, "--exists-action=b"], repository, Path.home(), **content["variables"])
    run([programs / "python", "-m", "pip", "check"], tmp_path)
    lesson_00(programs, tmp_path)


def test_a_dev_container_sets_up_with_the_one_python_that_it_has(tmp_path):
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    image = (ROOT / ".devcontainer" / settings["build"]["dockerfile"]).read_text(encoding="utf-8")
    version = re.search(r"FROM python:(\d\.\d+)", image)[1]
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("python3", "python", f"python{version}"):
        (path / name).symlink_to(python(version))
    repository = clone(tmp_path / "clone")
    run(["sh", "-c", settings["postCreateCommand"]], repository, Path.home(), PATH=f"{path}:/usr/bin:/bin")
    programs = repository / ".venv" / "bin"
    assert f"Python {version}." in run([programs / "python", "--version"], tmp_path)
    lesson_00(programs, tmp_path)


def test_learners_get_what_they_need_and_the_tests_add_theirs(tmp_path):
    """In Python's own words: what is installed, and what compiled; and in Jupyter's, what learners see there."""
    repository = clone(tmp_path / "clone")
    programs = repository / ".venv" / "bin"
    menus = [programs / "jupyter", "labextension", "list"]
    bytecode = "import importlib.util as u; from pathlib import Path; print(Path(u.find_spec('keras').cached).exists())"
    first = run(["make", "setup"], repository, Path.home(), PYTHONDONTWRITEBYTECODE="1")
    assert "Adding" not in first
    seen = run(menus, tmp_path)
    assert "anywidget" in seen
    assert "nbgrader" not in seen
    assert run([programs / "python", "-c", bytecode], tmp_path).split() == ["True"]
    run([programs / "fer-course", "class", "init", tmp_path / "class"], tmp_path)
    release = [programs / "fer-course", "class", "release", tmp_path / "class", "03"]
    told = subprocess.run(release, capture_output=True, text=True, cwd=tmp_path)
    assert told.returncode == 1
    assert told.stderr.strip().endswith(f"nbgrader. In {repository}: make setup-all")
    second = run(["make", "setup-all"], repository, Path.home())
    assert second.count("Adding") == 1
    assert "Setting up" not in second
    run(release, tmp_path)
    assert "nbgrader" in run(menus, tmp_path)
    run([programs / "python", "-m", "pip", "check"], tmp_path)
    run([programs / "python", "-m", "pytest", "--version"], tmp_path)
    assert not run(["make", "-s", "setup-all"], repository, Path.home()).strip()


def test_where_only_python_3_14_is_uv_brings_one_that_fits(tmp_path):
    """uv's download is replaced by a mirror on this disk, which holds a Python that is here."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    _stand_in("3.14", bin_)
    repository = clone(tmp_path / "clone")
    home = tmp_path / "home"
    home.mkdir()
    mirror = _mirror(PYTHONS[-1], tmp_path / "mirror")
    said = run(
        ["make", "setup"], repository, home, PATH=f"{bin_}:/usr/bin:/bin",
        UV_PYTHON_DOWNLOADS_JSON_URL=str(mirror), UV_CACHE_DIR=_uv_cache(),
    )  # fmt: skip
    assert said.count("uv brings") == 1
    assert f"uv brings Python {PYTHONS[-1]}" in said
    assert "Found: Python 3.14" in said
    programs = repository / ".venv" / "bin"
    assert f"Python {PYTHONS[-1]}" in run([programs / "python", "--version"], tmp_path)
    assert Path(os.path.realpath(programs / "python")).is_relative_to(repository / ".python")
    lesson_00(programs, tmp_path)
    assert "Setting up" not in run(["make", "setup"], repository, home, PATH=f"{bin_}:/usr/bin:/bin")


def _uv_cache() -> str:
    return subprocess.run(
        [Path(sys.executable).with_name("uv"), "cache", "dir"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _stand_in(version: str, folder: Path) -> None:
    """Put programs into a folder that say they are Python of that version, and hide those of the system."""
    site = folder.parent / "stand-in"
    site.mkdir()
    for name in ("python3", "python", *(f"python{each}" for each in PYTHONS)):
        script = "exit 127" if name not in ("python3", "python") else f'exec {os.path.realpath(sys.executable)} "$@"'
        said = f'[ "$1" = --version ] && echo "Python {version}.0" && exit 0\n'
        unfit = 'case "$*" in *version_info*) exit 1;; esac\n'
        (folder / name).write_text(f"#!/bin/sh\n{said}{unfit}{script}\n")
        (folder / name).chmod(0o755)


def _mirror(version: str, folder: Path) -> Path:
    """Write an archive as python-build-standalone's, of a Python that is here, and the list that names it to uv."""
    prefix = Path(python(version)).parents[1]
    number = run([python(version), "-c", "import platform; print(platform.python_version())"], folder.parent).strip()
    if not (prefix / "lib" / f"python{version}" / "os.py").is_file() or prefix == Path("/usr"):
        pytest.skip(f"Python {version} does not lie in a folder of its own here")
    folder.mkdir()
    archive = folder / f"cpython-{number}-install_only.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(
            prefix, "python", filter=lambda entry: None if re.search(r"/(test|__pycache__)$", entry.name) else entry
        )
    major, minor, patch = map(int, number.split("."))
    entry = {
        "name": "cpython", "arch": {"family": "x86_64", "variant": None}, "os": "linux", "libc": "gnu", "major": major,
        "minor": minor, "patch": patch, "prerelease": "", "url": archive.as_uri(), "sha256": None, "variant": None,
        "build": "20260101",
    }  # fmt: skip
    listing = folder / "downloads.json"
    listing.write_text(json.dumps({f"cpython-{number}-linux-x86_64-gnu": entry}), encoding="utf-8")
    return listing
