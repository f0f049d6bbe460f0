"""The profiles: what they set, and that plain papermill takes them as well as `fer-course run`."""

import subprocess
import sys

import nbformat
import pytest
import yaml
from notebook_files import write_notebook
from repository import ROOT

from fer_course import course

PROFILES = ROOT / "profiles"
EXPECTED = {
    "cpu": {"faces": 0, "recipe": "minutes"},
    "gpu": {"faces": 0, "recipe": "best"},
    "paper": {"faces": 0, "recipe": "paper"},
}


def test_there_are_three_profiles():
    assert sorted(path.name for path in PROFILES.iterdir()) == ["cpu.yaml", "gpu.yaml", "paper.yaml"]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_profile_sets_faces_and_recipe_and_nothing_else(name):
    assert course.read_profile(name) == EXPECTED[name]
    assert yaml.safe_load((PROFILES / f"{name}.yaml").read_text()) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_profile_explains_itself_and_plain_papermill(name):
    comments = [line for line in (PROFILES / f"{name}.yaml").read_text().splitlines() if line.startswith("#")]
    assert any(f"fer-course run --profile {name}" in line for line in comments)
    assert any(
        line.startswith("#     papermill solutions/") and f"-f profiles/{name}.yaml" in line for line in comments
    )
    assert any("1.0e-3" in line for line in comments)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_recipe_of_a_profile_exists(name):
    from fer_course.recipes import Recipe

    assert Recipe.load(EXPECTED[name]["recipe"])


def test_plain_papermill_takes_a_profile(tmp_path):
    notebook = write_notebook(tmp_path / "00-a.ipynb", "print(recipe)")
    command = [sys.executable, "-m", "papermill", str(notebook), str(tmp_path / "out.ipynb"), "--prepare-only"]
    finished = subprocess.run([*command, "-f", str(PROFILES / "gpu.yaml")], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "unknown parameter" not in finished.stderr
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    injected = [cell.source for cell in cells if "injected-parameters" in cell.metadata.get("tags", [])]
    values = {}
    exec(injected[0], values)
    assert {name: values[name] for name in EXPECTED["gpu"]} == EXPECTED["gpu"]
