"""What is imported: all of it is declared, and the package and its data part come without Keras."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from repository import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FOLDERS = ("fer_course", "book", "tests", "benchmarks", "offline", "locks")
#: Functions that are given a module's name.
IMPORTERS = {"import_module", "importorskip", "find_spec", "require", "__import__"}
#: What `make course` installs.
LEARNER = ("tensorflow", "lab", "export", "kaggle")
#: Asked for with a message that says how to install it: another backend, and a cluster.
ON_REQUEST = {"jax": "dev", "dask": "cluster"}
#: Parts of the package that only teachers and authors use.
FOR_TEACHERS = {"classroom", "authoring", "release.py"}
HEAVY = ("keras", "tensorflow", "jax", "torch", "pandas", "matplotlib", "seaborn", "IPython", "sklearn", "papermill")


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        ("fer_course, fer_course.data, fer_course.recipes, fer_course.checks.start", HEAVY),
        ("fer_course.course, fer_course.cli", ("keras", "tensorflow", "jax", "torch")),
    ],
)
def test_light_modules_import_no_heavy_ones(modules, forbidden):
    code = f"import sys, {modules}; print(*sorted({set(forbidden)!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def modules_in(source: str) -> Iterator[str]:
    """Yield the top-level names of what a source imports, also by a function that is given the name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if function in IMPORTERS and isinstance(node.args[0].value, str):
                yield node.args[0].value.split(".")[0]


def foreign(source: str) -> set[str]:
    """Return what a source imports that is neither Python's nor of this repository."""
    return {name for name in modules_in(source) if name not in sys.stdlib_module_names and name not in own_modules()}


@functools.cache
def own_modules() -> set[str]:
    """Return the names of this repository's packages, and of the modules that tests and scripts import from their folder."""
    scripts = {path.stem for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")}
    rooms = {path.name for path in (ROOT / "tests").rglob("*") if path.is_dir()}
    return {*FOLDERS, *scripts, *rooms}


def code_cells(notebook: Path) -> str:
    """Return the code of a notebook without the lines that IPython alone understands."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    lines = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def declared(*extras: str) -> set[str]:
    """Return the distributions that the package itself and these extras ask for by name."""
    texts = [*PROJECT["dependencies"], *(text for name in extras for text in PROJECT["optional-dependencies"][name])]
    return {canonicalize_name(Requirement(text).name) for text in texts}


def undeclared(names: set[str], extras: tuple[str, ...]) -> set[str]:
    """Return those of some modules that no declared distribution brings; one that is not installed counts by its own name."""
    allowed, brought = declared(*extras), distributions()
    return {name for name in names if not allowed & {canonicalize_name(each) for each in brought.get(name, [name])}}


@functools.cache
def distributions() -> dict[str, list[str]]:
    """Return which distributions bring each top-level module: a second of reading."""
    return dict(importlib.metadata.packages_distributions())


def sources(folder: str) -> dict[Path, set[str]]:
    """Return what each Python file of a folder imports."""
    return {path.relative_to(ROOT): foreign(path.read_text(encoding="utf-8")) for path in (ROOT / folder).rglob("*.py")}


def test_learners_have_what_lessons_import():
    for folder in ("lessons", "solutions"):
        notebooks = sorted((ROOT / folder).glob("*.ipynb"))
        assert len(notebooks) == len(list((ROOT / "solutions").glob("*.ipynb")))
        for notebook in notebooks:
            assert undeclared(foreign(code_cells(notebook)), LEARNER) == set(), notebook.name


def test_learners_have_what_the_package_imports():
    found = {path: names for path, names in sources("fer_course").items() if not FOR_TEACHERS & set(path.parts)}
    assert len(found) > 100
    for path, names in found.items():
        assert undeclared(names - set(ON_REQUEST), LEARNER) == set(), path
    for name, extra in ON_REQUEST.items():
        assert undeclared({name}, (extra,)) == set()


def test_teachers_have_what_their_commands_import():
    found = {path: names for path, names in sources("fer_course").items() if FOR_TEACHERS & set(path.parts)}
    assert found
    for path, names in found.items():
        assert undeclared(names, (*LEARNER, "instructor")) == set(), path


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("book", (*LEARNER, "book")),
        ("offline", LEARNER),
        ("locks", LEARNER),
        ("benchmarks", tuple(PROJECT["optional-dependencies"])),
        ("tests", tuple(PROJECT["optional-dependencies"])),
    ],
)
def test_each_other_folder_imports_what_is_declared_for_it(folder, extras):
    found = sources(folder)
    assert found
    for path, names in found.items():
        assert undeclared(names, extras) == set(), path


def test_what_is_not_declared_is_found():
    """The oracle of the tests above must be able to say no."""
    source = (
        "import os, yaml\nimport docutils.nodes\ndef f():\n    from nbgrader import x\n    require('pytest', 'y')\n"
    )
    assert foreign(source) == {"yaml", "docutils", "nbgrader", "pytest"}
    assert undeclared(foreign(source), LEARNER) == {"docutils", "nbgrader", "pytest"}
    assert undeclared({"of_nobody"}, LEARNER) == {"of_nobody"}
