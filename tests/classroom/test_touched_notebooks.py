"""Notebooks that something touched are graded as their answers deserve, or the teacher reads why not; never a KeyError."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import logging
import re
import time
import warnings

import classes
import pytest
import touched_notebooks
from touched_notebooks import KINDS, released

from fer_course.classroom import nbgrader_course, sandbox
from fer_course.classroom.collecting.notebooks import cells_of, identity
from fer_course.classroom.grading import failure_of, grade, remarks_of
from fer_course.classroom.paths import gradebook
from fer_course.classroom.repairing import NotRepairable, repair

GRADED = [name for name, touched in KINDS.items() if not touched.failure]
FAILED = [name for name, touched in KINDS.items() if touched.failure]


class Shell:
    """As much of IPython as cells with magics need."""

    def __init__(self, names: dict):
        self.names = names

    def run_line_magic(self, name: str, line: str, **_):
        exec(compile(line, "cell", "exec"), self.names)

    def run_cell_magic(self, name: str, line: str, cell: str):
        exec(compile(cell, "cell", "exec"), self.names)

    def system(self, command: str):
        pass


def passed_checks(text: str) -> set[str]:
    """Execute a notebook's cells in plain Python, one after the other, and return the names of the checks without an error."""
    from IPython.core.inputtransformer2 import TransformerManager

    names: dict = {}
    names["get_ipython"] = lambda: Shell(names)
    passed = set()
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] != "code":
            continue
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore")
                tree = ast.parse(TransformerManager().transform_cell(cell["source"]))
                exec(compile(tree, "cell", "exec"), names)
        except BaseException:
            continue
        passed.add(cell["metadata"].get("nbgrader", {}).get("grade_id"))
    return {name.removeprefix("check-") for name in passed if name and name.startswith("check-")}


def lesson_of(content: bytes) -> str:
    names = {identity(cell) for cell in cells_of(content) or []}
    return "98-other" if "other" in names else classes.LESSON if "mirror" in names else ""


def repaired(name: str):
    return repair(KINDS[name].content(released()), released(), classes.LESSON, lesson_of)


@pytest.mark.parametrize(
    "cells", [["a=1\n" * 100_000], ["def mirror(image):", *[" 1"] * 20_000]], ids=["text", "cells"]
)
def test_a_notebook_far_larger_than_a_lesson_does_not_keep_the_teacher_waiting(cells):
    import nbformat

    started = time.monotonic()
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    with pytest.raises(NotRepairable, match="are the most"):
        repair(nbformat.writes(made).encode(), released(), classes.LESSON)
    assert time.monotonic() - started < 20


@pytest.fixture(autouse=True)
def quiet_log():
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", GRADED)
def test_answers_are_worth_what_they_are(name):
    touched = KINDS[name]
    made = repaired(name)
    assert passed_checks(made.text) == {each for each in ("mirror", "size") if getattr(touched, each)}
    cells = {cell["id"]: cell for cell in json.loads(made.text)["cells"]}
    assert touched.written in cells["words"]["source"]
    assert re.search(touched.remark, "\n".join(made.remarks)), made.remarks
    made.text.encode()  # it can be written to a file


@pytest.mark.parametrize("name", GRADED)
def test_checks_and_places_are_those_that_were_handed_out(name):
    """Whatever was touched: nbgrader finds each of its cells once, in order, with its own metadata and text."""
    made = [cell for cell in json.loads(repaired(name).text)["cells"] if cell.get("metadata", {}).get("nbgrader")]
    ours = [cell for cell in json.loads(released())["cells"] if cell["metadata"].get("nbgrader")]
    assert [(cell["id"], cell["cell_type"], cell["metadata"]) for cell in made] == [
        (cell["id"], cell["cell_type"], cell["metadata"]) for cell in ours
    ]
    checks = [cell["source"] for cell in ours if cell["id"].startswith("check-")]
    assert [cell["source"] for cell in made if cell["id"].startswith("check-")] == checks
    cells = json.loads(repaired(name).text)["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)


@pytest.mark.parametrize("name", GRADED)
def test_what_was_repaired_is_valid_and_repairs_to_itself(name):
    import nbformat

    once = repaired(name).text
    nbformat.validate(nbformat.reads(once, as_version=4))
    twice = repair(once.encode(), released(), classes.LESSON, lesson_of)
    sources = [[cell["source"] for cell in json.loads(text)["cells"]] for text in (once, twice.text)]
    assert sources[0] == sources[1]
    assert not [each for each in twice.remarks if "Cells have lost" in each]


@pytest.mark.parametrize(
    "name", ["untouched", "ids stripped", "source as lists of lines", "import cell edited", "a lambda"]
)
def test_what_is_harmless_gets_no_remark(name):
    assert repaired(name).remarks == []


@pytest.mark.parametrize("name", FAILED)
def test_what_can_not_be_graded_has_a_reason(name):
    with pytest.raises(NotRepairable, match=KINDS[name].failure):
        repaired(name)


def test_only_stubs_are_not_begun():
    assert not repaired("only stubs").is_begun
    assert repaired("untouched").is_begun
    assert not repair(released().encode(), released(), classes.LESSON, lesson_of).is_begun


@pytest.mark.parametrize(("cells", "reason"), [
    ([touched_notebooks.code("a = 1\n" * 40_000)], "240,[0-9]{3} characters of code; 200,000 are the most"),
    ([touched_notebooks.code("a = 1")] * 2_000, "cells; 2,000 are the most"),
], ids=["code", "cells"])  # fmt: skip
def test_more_than_a_notebook_holds_is_not_parsed(cells, reason):
    """What parses it is the teacher's process: 19 MB of code would take minutes and gigabytes."""
    notebook = touched_notebooks.right(released())
    notebook["cells"] += cells
    with pytest.raises(NotRepairable, match=reason):
        repair(json.dumps(notebook).encode(), released(), classes.LESSON, lesson_of)


def test_a_large_picture_in_text_is_no_code():
    notebook = touched_notebooks.right(released())
    notebook["cells"].insert(0, touched_notebooks.text(f"![x](data:image/png;base64,{'A' * 3_000_000})"))
    assert repair(json.dumps(notebook).encode(), released(), classes.LESSON, lesson_of).remarks == []


def test_there_are_enough_kinds():
    assert len(KINDS) >= 60
    assert touched_notebooks.right(released())["cells"]


def make_class(place, students: list[str]):
    """Make a class with the written question, and hand its lesson out; return its folder and what was handed out."""
    import nbformat

    (place / "solved").mkdir(parents=True)
    nbformat.write(touched_notebooks.source(), place / "solved" / f"{classes.LESSON}.ipynb")
    other = nbformat.v4.new_code_cell(
        "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", id="other", metadata=classes.graded("other", True)
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[other]), place / "solved" / "98-other.ipynb")
    (place / "students.csv").write_text("id\n" + "".join(f"{name}\n" for name in students))
    nbgrader_course.init(place / "class", place / "students.csv", source=place / "solved")
    (path,) = nbgrader_course.release(place / "class", ["99"])
    return place / "class", path.read_text(encoding="utf-8")


def submit(folder, student: str, content: bytes) -> None:
    path = folder / "submitted" / student / classes.LESSON / f"{classes.LESSON}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def points(folder, student: str) -> dict[str, float]:
    """Return the points for each exercise, as nbgrader's own gradebook has them."""
    with gradebook(folder) as book:
        notebook = book.find_submission_notebook(classes.LESSON, classes.LESSON, student)
        return {each.name.removeprefix("check-"): each.score for each in notebook.grades}


@pytest.mark.slow
def test_the_marks_of_all_kinds_are_those_worked_out_by_hand(tmp_path):
    students = {f"kind{index:03d}": name for index, name in enumerate(KINDS)}
    folder, handed_out = make_class(tmp_path, list(students))
    for student, name in students.items():
        submit(folder, student, KINDS[name].content(handed_out))
    lines = []
    graded = grade(folder, unsafe=bool(sandbox.missing()), progress=lines.append)
    assert not [line for line in lines if "KeyError" in line]
    wrong = {}
    for student, name in students.items():
        touched = KINDS[name]
        if touched.failure:
            if not re.search(touched.failure, failure_of(folder, student, classes.LESSON)):
                wrong[name] = failure_of(folder, student, classes.LESSON)
            continue
        have = (
            points(folder, student)
            if (student, classes.LESSON) in graded.done
            else graded.failed[student, classes.LESSON]
        )
        if have != {"mirror": touched.mirror, "size": touched.size, "words": 0}:
            wrong[name] = have
        elif not re.search(touched.remark, "\n".join(remarks_of(folder, student, classes.LESSON))):
            wrong[name] = remarks_of(folder, student, classes.LESSON)
        page = folder / "autograded" / student / classes.LESSON / f"{classes.LESSON}.ipynb"
        cells = {cell["id"]: cell for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]}
        if touched.written not in "".join(cells["words"]["source"]):
            wrong[name] = cells["words"]["source"]
    assert wrong == {}
    failures = [line for line in lines if "could not be graded" in line]
    assert len(failures) == len(FAILED)  # said as they happen


@pytest.mark.slow
def test_a_mark_that_falls_has_a_line(tmp_path):
    folder, handed_out = make_class(tmp_path, ["ada"])
    said = []
    for name in ("untouched", "only stubs", "check deleted"):
        submit(folder, "ada", KINDS[name].content(handed_out))
        graded = grade(folder, unsafe=True, progress=lambda line: None)
        said.append((sum(points(folder, "ada").values()), " ".join(graded.remarks["ada", classes.LESSON])))
    assert [score for score, _ in said] == [2, 0, 2]
    assert "Nothing in it is answered." in said[1][1]
    assert "had 2 points in an earlier submission; this one has 0" in said[1][1]
    assert "earlier" not in said[0][1] + said[2][1]
    assert remarks_of(folder, "ada", classes.LESSON) == graded.remarks["ada", classes.LESSON]


@pytest.mark.slow
def test_what_was_graded_is_not_graded_again(tmp_path):
    folder, handed_out = make_class(tmp_path, ["ada", "alan"])
    submit(folder, "ada", KINDS["untouched"].content(handed_out))
    submit(folder, "alan", KINDS["cut off"].content(handed_out))
    first = grade(folder, unsafe=True, progress=lambda line: None)
    assert (len(first.done), len(first.failed)) == (1, 1)
    second = grade(folder, unsafe=True, progress=lambda line: None)
    assert second.done == []
