"""Solutions become lessons: compared with nbgrader's own `generate_assignment`, byte for byte, and refused clearly."""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_course._shared import extras
from fer_course.authoring import lessons, notebooks
from fer_course.errors import LessonError

SOLUTION = '''def convolve(image: list, kernel: list) -> list:
    """Slide the kernel over the image."""
    ### BEGIN SOLUTION
    answer = [pixel * kernel[0] for pixel in image]
    return answer
    ### END SOLUTION'''
STUBBED = '''def convolve(image: list, kernel: list) -> list:
    """Slide the kernel over the image."""
    raise NotImplementedError  # your code here'''


def graded(grade_id: str, solution: bool) -> dict:
    entry = {"schema_version": 3, "grade": not solution, "grade_id": grade_id, "locked": not solution}
    entry |= {"solution": solution, "task": False} | ({} if solution else {"points": 1})
    return {"nbgrader": entry}


def code(name: str, source: str, **metadata) -> dict:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def solved() -> dict:
    """A solved notebook as an author's JupyterLab leaves it: outputs, counts, widget state, kernel details."""
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {"jp": 1}, "source": "# Übung ①"},
        code("load", "print('here')", tags=[], execution={"iopub.status.busy": "2026"}, scrolled=True),
        code("kept", "1 + 1", tags=["nbval-check-output"]),
        code("convolve", SOLUTION, **graded("02-convolve", solution=True)),
        code("check-convolve", "assert convolve([1], [2]) == [2]", **graded("check-02-convolve", solution=False)),
    ]
    cells[1] |= {"execution_count": 7, "outputs": [{"output_type": "stream", "name": "stdout", "text": "here\n"}]}
    result = {"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}, "execution_count": 8}
    cells[2] |= {"execution_count": 8, "outputs": [result]}
    metadata = {
        "kernelspec": {"display_name": "mine", "language": "python", "name": "conda-env-x"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2, "version_minor": 0}},
        "papermill": {"duration": 3},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def save(notebook: dict, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))
    return path


@pytest.fixture
def lesson(tmp_path) -> dict:
    return json.loads(lessons.build(save(solved(), tmp_path / "02-x.ipynb")))


def cell(notebook: dict, name: str) -> dict:
    return next(each for each in notebook["cells"] if each["id"] == name)


def source(each: dict) -> str:
    return "".join(each["source"])


# ----------------------------------------------------------------------------------------------------- building


def test_the_solution_is_gone_and_the_stub_is_there(lesson):
    assert source(cell(lesson, "convolve")) == STUBBED


def test_check_cells_and_only_they_may_raise(lesson):
    tagged = [each["id"] for each in lesson["cells"] if "raises-exception" in each["metadata"].get("tags", [])]
    assert tagged == ["check-convolve"]


def test_outputs_counts_and_what_editors_leave_are_gone(lesson):
    for each in lesson["cells"]:
        assert each.get("outputs", []) == []
        assert each.get("execution_count") is None
        assert not {"execution", "scrolled", "papermill"} & set(each["metadata"])
    assert lesson["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_cell_ids_stay(lesson):
    assert [each["id"] for each in lesson["cells"]] == [each["id"] for each in solved()["cells"]]


def test_the_text_is_the_same_from_any_key_order_and_ends_in_a_newline(tmp_path):
    def backwards(value):
        if isinstance(value, dict):
            return {key: backwards(value[key]) for key in reversed(value)}
        return [backwards(item) for item in value] if isinstance(value, list) else value

    first = lessons.build(save(solved(), tmp_path / "a" / "02-x.ipynb"))
    second = lessons.build(save(backwards(solved()), tmp_path / "b" / "02-x.ipynb"))
    assert first == second
    assert first == json.dumps(json.loads(first), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert "Übung ①" in first


@pytest.mark.slow
def test_it_is_what_nbgraders_generate_assignment_makes(tmp_path, lesson):
    """The oracle: nbgrader itself, with its database, on the same notebook."""
    course = tmp_path / "course"
    save(solved(), course / "source" / "ps1" / "02-x.ipynb")
    (course / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.ClearSolutions.code_stub = {{'python': {lessons.STUB!r}}}\nc.CourseDirectory.course_id = 'c'\n"
        "c.IncludeHeaderFooter.header = ''\n"
    )
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "ps1", f"--course={course}"]
    # Its home is the temporary folder too: nbgrader reads settings from there. It calls `alembic` by name.
    environment = {**os.environ, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    finished = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    theirs = json.loads((course / "release" / "ps1" / "02-x.ipynb").read_text())
    for our_cell, their_cell in zip(lesson["cells"], theirs["cells"], strict=True):
        assert source(our_cell) == source(their_cell)
        ours, expected = our_cell["metadata"], their_cell["metadata"]
        for name in ("nbgrader", "deletable", "editable"):
            assert ours.get(name) == expected.get(name)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=40), min_size=1, max_size=6))
def test_no_line_of_a_solution_survives(tmp_path_factory, words):
    notebook = solved()
    lines = [f"    value = {word!r}  # secret {number}" for number, word in enumerate(words)]
    body = ["def f():", "    ### BEGIN SOLUTION", *lines, "    return value", "    ### END SOLUTION"]
    cell(notebook, "convolve")["source"] = "\n".join(body)
    built = lessons.build(save(notebook, tmp_path_factory.mktemp("h") / "02-x.ipynb"))
    kept = source(cell(json.loads(built), "convolve"))
    assert kept == "def f():\n    raise NotImplementedError  # your code here"
    assert "secret" not in built


def changed(name: str, **changes) -> dict:
    notebook = solved()
    cell(notebook, name).update(changes)
    return notebook


def without_format() -> dict:
    return solved() | {"nbformat_minor": 4}


def without_id() -> dict:
    notebook = solved()
    del notebook["cells"][0]["id"]
    return notebook


def with_grade_id_twice() -> dict:
    notebook = solved()
    notebook["cells"].append(copy.deepcopy(cell(notebook, "convolve")) | {"id": "again"})
    return notebook


def with_old_metadata() -> dict:
    notebook = solved()
    cell(notebook, "convolve")["metadata"]["nbgrader"]["schema_version"] = 2
    return notebook


@pytest.mark.parametrize(
    ("notebook", "message"),
    [
        (changed("convolve", source=SOLUTION.replace("### END SOLUTION", "pass")), "cell convolve: each BEGIN"),
        (changed("convolve", source=SOLUTION.replace("BEGIN", "END")), "cell convolve: each BEGIN SOLUTION needs one END"),
        (changed("convolve", source="def f(): ..."), "cell convolve: is a solution cell without BEGIN"),
        (changed("load", source=SOLUTION), "cell load: holds a solution, but its nbgrader metadata"),
        (changed("convolve", source="### BEGIN SOLUTION\nx = 1\n### END SOLUTION"), "cell convolve: .*outside a function"),
        (changed("convolve", source=SOLUTION.replace("list:", "list")), "cell convolve: is not valid Python"),
        (changed("convolve", id="load"), r"a different id; found 0 without, and twice: \['load'\]"),
        (without_id(), "a different id; found 1 without"),
        (without_format(), r"format 4\.5; found \(4, 4\)"),
        (with_grade_id_twice(), "CheckCellMetadata refuses this notebook: Notebook failed to validate"),
        (with_old_metadata(), "CheckCellMetadata refuses"),
        (changed("load", outputs=[{"output_type": "nonsense"}]), "not a valid notebook"),
        ([], "format 4.5; found None"),
    ],
)  # fmt: skip
def test_a_notebook_that_can_not_become_a_lesson_says_why(tmp_path, notebook, message):
    path = save(notebook, tmp_path / "solutions" / "02-x.ipynb")
    with pytest.raises(LessonError, match=message) as caught:
        lessons.build_lessons(tmp_path / "solutions", tmp_path / "lessons")
    assert str(path) in str(caught.value)
    assert not (tmp_path / "lessons").exists()


def test_text_that_is_no_json_is_refused(tmp_path):
    (tmp_path / "02-x.ipynb").write_text("<html>")
    with pytest.raises(LessonError, match=r"02-x\.ipynb is not a valid notebook"):
        lessons.build(tmp_path / "02-x.ipynb")


def test_nbgrader_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    with pytest.raises(LessonError, match=re.escape(extras.advice("instructor"))):
        lessons.build(save(solved(), tmp_path / "02-x.ipynb"))


# ------------------------------------------------------------------------------------------- releasing, in sync


def test_release_writes_what_changed_and_nothing_else(tmp_path):
    solutions, target = tmp_path / "solutions", tmp_path / "lessons"
    for name in ("00-a.ipynb", "01-b.ipynb"):
        save(solved(), solutions / name)
    before = {path: path.read_bytes() for path in solutions.iterdir()}
    assert lessons.find_stale(solutions, target) == ["00-a.ipynb", "01-b.ipynb"]
    assert lessons.build_lessons(solutions, target) == [target / "00-a.ipynb", target / "01-b.ipynb"]
    assert lessons.find_stale(solutions, target) == []
    assert lessons.build_lessons(solutions, target) == []
    assert {path: path.read_bytes() for path in solutions.iterdir()} == before


def test_one_byte_is_out_of_sync_and_so_are_a_missing_and_an_extra_lesson(tmp_path):
    solutions, target = tmp_path / "solutions", tmp_path / "lessons"
    for name in ("00-a.ipynb", "01-b.ipynb"):
        save(solved(), solutions / name)
    lessons.build_lessons(solutions, target)
    with (target / "00-a.ipynb").open("a") as stream:
        stream.write("\n")
    (target / "01-b.ipynb").rename(target / "09-old.ipynb")
    assert lessons.find_stale(solutions, target) == ["00-a.ipynb", "01-b.ipynb", "09-old.ipynb"]
    lessons.build_lessons(solutions, target)
    assert lessons.find_stale(solutions, target) == ["09-old.ipynb"]  # release deletes nothing


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(LessonError, match=r"no folder .*nowhere"):
        lessons.find_stale(tmp_path / "nowhere", tmp_path)


# -------------------------------------------------------------------------------------------------------- tidying


def test_tidy_keeps_the_outputs_that_nbval_compares_and_strips_the_rest(tmp_path):
    path = save(solved(), tmp_path / "02-x.ipynb")
    assert notebooks.tidy(path) == [path]
    notebook = json.loads(path.read_text())
    kept = cell(notebook, "kept")
    assert kept["execution_count"] == kept["outputs"][0]["execution_count"] == notebooks.KEPT_COUNT
    assert "".join(kept["outputs"][0]["data"]["text/plain"]) == "2"
    assert [each["id"] for each in notebook["cells"] if each.get("outputs") or each.get("execution_count")] == ["kept"]
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert source(cell(notebook, "convolve")) == SOLUTION
    assert "raises-exception" not in path.read_text()
    nbformat.validate(notebook)
    assert notebooks.tidy(tmp_path) == []  # a second time changes nothing


def test_tidy_with_execute_renews_the_outputs_on_drawn_faces_and_writes_nowhere_else(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_DATA", "elsewhere")
    notebook = changed("kept", source="import os\nopen('left-behind', 'w').close()\nos.environ['FER_COURSE_DATA']")
    path = save(notebook, tmp_path / "02-x.ipynb")
    notebooks.tidy(path, execute=True)
    kept = cell(json.loads(path.read_text()), "kept")
    assert "".join(kept["outputs"][0]["data"]["text/plain"]) == "'drawn'"
    assert kept["execution_count"] == kept["outputs"][0]["execution_count"] == notebooks.KEPT_COUNT
    assert [entry.name for entry in tmp_path.iterdir()] == ["02-x.ipynb"]
    assert not Path("left-behind").exists()


def test_a_notebook_that_fails_is_left_as_it_is(tmp_path):
    path = save(changed("load", source="raise KeyError('gone')"), tmp_path / "02-x.ipynb")
    before = path.read_bytes()
    with pytest.raises(LessonError, match=r"(?s)02-x\.ipynb fails when it is executed.*gone"):
        notebooks.tidy(path, execute=True)
    assert path.read_bytes() == before


def test_with_a_repository_a_lesson_first_fetches_the_course_and_nothing_else(tmp_path):
    path = next(iter(sorted(Path("solutions").resolve().glob("00*.ipynb"))))
    plain, fetching = (
        nbformat.reads(lessons.build(path, each), as_version=4) for each in ("", "https://github.com/me/fer_course")
    )
    code_cells = [cell for cell in fetching.cells if cell.cell_type == "code"]
    first = code_cells[0].source
    assert '%pip install --quiet --no-deps "git+https://github.com/me/fer_course@v0.1.0"' in first
    assert 'find_spec("fer_course") is None' in first
    assert [cell for cell in fetching.cells if cell.id != "fetch"] == plain.cells
    nbformat.validate(fetching)


def test_the_cell_that_fetches_does_nothing_where_the_course_is(capsys):
    from IPython.core.inputtransformer2 import TransformerManager

    source = lessons.FETCH.format(address="https://example.org/me", version="1")
    called = []
    exec(TransformerManager().transform_cell(source), {"get_ipython": lambda: called.append("magic")})
    assert called == []
    assert capsys.readouterr().out == ""
