"""A class from its first command to its marks, as a teacher would type them, on a lesson of the course."""

import csv
import re
from pathlib import Path

import nbformat
import pytest
from repository import ROOT

from fer_course.classroom import sandbox
from fer_course.course import cells

pytest.importorskip("nbgrader")
LESSON = "03-slide-a-kernel"
SOLVED = ROOT / "solutions" / f"{LESSON}.ipynb"
STUDENTS = (
    "id,last_name,first_name,email\nada,Lovelace,Ada,\nalan,Turing,Alan,\ngrace,Hopper,Grace,\nemmy,Noether,Emmy,\n"
)


def hand_in(place: Path, released: Path, answers: list[str], deed: str = "") -> None:
    """Copy what was released, with the teacher's answers of these exercises, and a deed in the last one."""
    solved = {cell.id: cell.source for cell in nbformat.read(SOLVED, 4).cells}
    notebook = nbformat.read(released, 4)
    for cell in notebook.cells:
        if cell.id in answers:
            cell.source = solved[cell.id]
        elif cell.id == "in-your-own-words":
            cell.source = "Because every place shares one kernel."
        elif cell.id == deed:
            cell.source = "import os\nos._exit(0)"
    place.mkdir(parents=True)
    nbformat.write(notebook, place / released.name)


@pytest.mark.slow
@pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}")
def test_a_class_from_init_to_marks(tmp_path, run_cli):
    folder, handed_in = tmp_path / "class", tmp_path / "handed-in"
    (tmp_path / "students.csv").write_text(STUDENTS)
    assert run_cli("class", "init", folder, "--students", tmp_path / "students.csv")[0] == 0
    assert len(list((folder / "source").iterdir())) == len(list((ROOT / "solutions").glob("*.ipynb")))
    status, out, _ = run_cli("class", "release", folder, "03")
    released = folder / "release" / LESSON / f"{LESSON}.ipynb"
    assert (status, out.strip()) == (0, str(released.resolve()))
    exercises = [cell.id for cell in nbformat.read(released, 4).cells if cells.is_solution(cell)]
    half = exercises[: len(exercises) // 2]
    hand_in(handed_in / "ada", released, exercises)
    hand_in(handed_in / "Turing Alan", released, half)
    hand_in(handed_in / "grace_1234", released, half, deed=exercises[-1])
    assert run_cli("class", "collect", folder, handed_in)[0] == 0
    status, out, _ = run_cli("class", "grade", folder, "03")
    assert status == 0
    assert "Graded 3 submissions" in out
    assert re.search(r"Look at grace, .*: It was stopped: its kernel died", out)
    assert run_cli("class", "feedback", folder, "03")[0] == 0
    assert len(list((folder / "feedback").rglob("*.html"))) == 3
    assert run_cli("class", "marks", folder, "--out", tmp_path / "marks.csv")[0] == 0
    rows = {row["id"]: row for row in csv.DictReader((tmp_path / "marks.csv").open()) if row["lesson"] == LESSON}
    points = {student: row["score"] for student, row in rows.items()}
    most = float(rows["ada"]["max_score"])
    assert float(points["ada"]) == most - 2  # the written question is graded by hand
    assert rows["ada"]["to_grade_by_hand"] == "yes"
    assert 0 < float(points["alan"]) == float(points["grace"]) < float(points["ada"])
    assert (rows["emmy"]["status"], points["emmy"]) == ("missing", "")
    assert not (folder / ".grading").exists()
