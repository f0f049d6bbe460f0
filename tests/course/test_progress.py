"""`fer-course progress`: what the outputs of a learner's notebooks say, from cells run for real and from made ones."""

import json

import nbformat
import pytest

from fer_course import course
from fer_course.cli import main
from fer_course.course.progress import OPEN, PASSED, TRIED
from fer_course.errors import LessonError


def check_cell(name: str, *outputs) -> nbformat.NotebookNode:
    grading = {"grade": True, "solution": False, "grade_id": f"check-{name}", "points": 1, "locked": True}
    return nbformat.v4.new_code_cell("checks…", outputs=list(outputs), metadata={"nbgrader": grading}, id=f"c-{name}")


def printed(text: str):
    return nbformat.v4.new_output("stream", text=text)


def card(text: str):
    return nbformat.v4.new_output("display_data", {"text/html": "<div>…</div>", "text/plain": text})


def error(name: str):
    return nbformat.v4.new_output("error", ename=name, evalue="…", traceback=[])


def write(folder, name: str, *cells) -> None:
    folder.mkdir(exist_ok=True)
    stub = nbformat.v4.new_code_cell(
        "def f(): ...", metadata={"nbgrader": {"grade": False, "solution": True}}, id="stub"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[stub, *cells]), folder / f"{name}.ipynb")


@pytest.mark.parametrize(
    ("outputs", "state"), [
        ([printed("✔ Right.\n")], PASSED), ([], OPEN), ([error("NotAttempted")], OPEN), ([error("Hint")], TRIED),
        ([error("NameError")], TRIED), ([printed("loading …\n"), printed("✔ Right.\n")], PASSED),
        ([card("✔ Right.")], PASSED), ([card("✘ Not yet. …"), error("Hint")], TRIED), ([card("[figure: …]")], OPEN),
        ([printed("✔ Right.\n"), error("Hint")], TRIED), ([printed("something else\n")], OPEN),
    ],
)  # fmt: skip
def test_a_checks_output_tells_its_state(tmp_path, outputs, state):
    write(tmp_path / "mine", "01-a", check_cell("one", *outputs))
    assert course.progress(tmp_path / "mine") == {"01-a": [course.Exercise("one", state)]}


def test_lessons_are_counted_in_order_and_the_next_exercise_is_named(tmp_path, capsys):
    mine = tmp_path / "mine"
    write(mine, "02-b", check_cell("three", error("Hint")), check_cell("four"))
    write(mine, "01-a", check_cell("one", printed("✔ Yes.")), check_cell("two", printed("✔ Yes.")))
    assert main(["progress", str(mine)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["01-a", "2", "of", "2", "✔", "✔"]
    assert lines[1].split() == ["02-b", "0", "of", "2", "✘", "·"]
    assert lines[3].startswith("2 of 4 exercises passed")
    assert lines[4] == "Next: three in lesson 02."


def test_all_done_is_said(tmp_path, capsys):
    write(tmp_path / "mine", "01-a", check_cell("one", printed("✔ Yes.")))
    main(["progress", str(tmp_path / "mine")])
    assert capsys.readouterr().out.endswith("All done.\n")


def without_exercises(folder, name: str, **changes) -> None:
    folder.mkdir(exist_ok=True)
    cell = nbformat.v4.new_code_cell("checks.start.mirror(mirror)", id="x") | changes
    (folder / f"{name}.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    )


@pytest.mark.parametrize("changes", [{}, {"metadata": {"nbgrader": {}}}, {"metadata": None}, {"metadata": {"nbgrader": []}}],
                         ids=["stripped", "emptied", "none", "a list"])  # fmt: skip
def test_a_notebook_without_exercises_is_not_done(tmp_path, capsys, changes):
    without_exercises(tmp_path / "mine", "01-a", **changes)
    assert main(["progress", str(tmp_path / "mine")]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0].split(maxsplit=1) == ["01-a", "no exercises found"]
    assert "No exercises found." in said.splitlines()[-1]
    assert "done" not in said


def test_what_is_open_goes_before_a_notebook_without_exercises(tmp_path, capsys):
    mine = tmp_path / "mine"
    without_exercises(mine, "01-a")
    write(mine, "02-b", check_cell("three"))
    main(["progress", str(mine)])
    said = capsys.readouterr().out
    assert said.endswith("Next: three in lesson 02.\n")
    assert "no exercises found" in said
    write(mine, "02-b", check_cell("three", printed("✔ Yes.")))
    main(["progress", str(mine)])
    said = capsys.readouterr().out
    assert "All done." not in said
    assert "none were found in 01-a" in said


def test_fresh_copies_of_all_lessons_have_only_open_exercises(tmp_path):
    course.start(tmp_path / "mine")
    found = course.progress(tmp_path / "mine")
    assert len(found) == len(course.notebooks())
    assert {exercise.state for exercises in found.values() for exercise in exercises} == {OPEN}
    assert all(exercises for exercises in found.values())


@pytest.mark.slow
def test_a_lesson_that_was_really_run_is_read_right(tmp_path):
    import nbclient

    notebook = nbformat.read(course.find_folder("solutions") / "00-start-here.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=300).execute()
    (tmp_path / "mine").mkdir()
    nbformat.write(notebook, tmp_path / "mine" / "00-start-here.ipynb")
    (exercises,) = course.progress(tmp_path / "mine").values()
    assert {exercise.state for exercise in exercises} == {PASSED}


def test_a_missing_folder_and_a_broken_notebook_get_a_sentence(tmp_path, capsys):
    assert main(["progress", str(tmp_path / "nowhere")]) == 1
    assert "fer-course start" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "01-a.ipynb").write_text(json.dumps([1, 2]))
    with pytest.raises(LessonError, match=r"01-a\.ipynb can't be read"):
        course.progress(tmp_path / "mine")
