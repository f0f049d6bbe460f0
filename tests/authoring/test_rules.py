"""The rules of notebooks: each is shown a notebook that follows it, and notebooks that break it."""

import re
from pathlib import Path

import nbformat
import pytest

from fer_course.authoring import lessons, notebooks, rules
from fer_course.errors import LessonError

HEADER = "### Exercise {n}: add\nDifficulty: ●○○ · 10 minutes"
STUB = '''def add_{n}(a: int, b: int) -> int:
    """Add two numbers."""
    ### BEGIN SOLUTION
    total_of_exercise_{n} = a + b
    return total_of_exercise_{n}
    ### END SOLUTION'''
FIVE = "\n".join(f"{key}: {kind} = {default}  # what it does" for key, (kind, default) in rules.DECLARED.items())
FOLD = f"{rules.FOLD}<summary>Answer</summary>Because.</details>"


def good():
    """A small notebook that keeps all rules."""
    cells = [text("title", "# Add numbers"), text("do", "## What you’ll do, learn and need\n60 minutes")]
    cells.append(code("parameters", FIVE, tags=["parameters"]))
    for number in range(3):
        cells.append(code(f"kept-{number}", "1 + 1", tags=[notebooks.KEEP_TAG]))
        cells[-1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
        cells[-1].execution_count = 1
    cells += [text("seen", "![a face](face.png)"), code("figure", "%matplotlib inline\nshow(fig, alt='A face')")]
    for number in (1, 2, 3):
        cells += exercise(number)
    cells += [code(f"step-{number}", f"x = {number}") for number in range(20)]
    cells += [code("asks", 'predict("x", "What is x?", ["3", "4"])'), code("tells", 'outcome("x", str(x))')]
    cells += [code("sums-up", "predictions()")]
    cells += [text("quiz", f"## Quiz\n{FOLD}\n\n{FOLD}\n\n{FOLD}"), text("now", "## What you have now\nThings.")]
    cells += [text("own", "## On your own\nTry."), text("sources", "## Sources\n- a paper")]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata | {"language_info": {"name": "python"}})


def text(name: str, source: str):
    return nbformat.v4.new_markdown_cell(source, id=name)


def code(name: str, source: str, **metadata):
    return nbformat.v4.new_code_cell(source, id=name, metadata=metadata)


def exercise(number: int) -> list:
    grading = {"schema_version": 3, "locked": False, "task": False}
    stub = grading | {"grade": False, "solution": True, "grade_id": f"02-add-{number}"}
    check = grading | {
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 1,
        "grade_id": f"check-02-add-{number}",
    }
    return [
        text(f"exercise-{number}", HEADER.format(n=number)),
        code(f"add-{number}", STUB.format(n=number), nbgrader=stub),
        code(f"check-add-{number}", f"assert add_{number}(1, 2) == 3", nbgrader=check),
        text(f"hints-{number}", f"{rules.FOLD}<summary>Hint 1</summary>Use +.</details>"),
    ]


def save(notebook, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n")
    return path


def cell_of(notebook, name: str):
    return next(cell for cell in notebook.cells if cell.id == name)


def released(tmp_path: Path):
    """The lesson that the good notebook becomes."""
    path = save(good(), tmp_path / "solutions" / "02-add.ipynb")
    return nbformat.reads(lessons.build(path), as_version=4)


def with_source(name: str, source: str):
    return lambda notebook: cell_of(notebook, name).update(source=source)


def with_tag(name: str, tag: str):
    return lambda notebook: cell_of(notebook, name).metadata.update(tags=[tag])


def with_fields(name: str, **fields):
    return lambda notebook: cell_of(notebook, name).update(fields)


def without(*names: str):
    return lambda notebook: notebook.update(cells=[cell for cell in notebook.cells if cell.id not in names])


def moved_check(notebook) -> None:
    notebook.cells.append(notebook.cells.pop(notebook.cells.index(cell_of(notebook, "check-add-2"))))


def wrong_grade_id(notebook) -> None:
    cell_of(notebook, "check-add-1").metadata.nbgrader.grade_id = "check-other"


def kept_picture(notebook) -> None:
    cell_of(notebook, "kept-0").outputs = [nbformat.v4.new_output("display_data", {"image/png": "eA=="})]


PICTURE = [nbformat.v4.new_output("stream", text="x")]
BROKEN = [
    (rules.notebook_format, lambda notebook: notebook.update(nbformat_minor=4), "format 4.4 instead of 4.5"),
    (rules.notebook_format, with_fields("figure", outputs=None), "not a valid notebook"),
    (rules.cell_ids, with_fields("figure", id="quiz"), "^cell quiz: this id belongs to several cells"),
    (rules.cell_ids, with_fields("figure", id="0f3c9a1b"), "cell 7 has the id '0f3c9a1b'"),
    (rules.cell_ids, with_fields("figure", id="0f3c9a1b-1234-4321-abcd-0123456789ab"), "not a random one"),
    (rules.cell_ids, with_fields("figure", id="Figure_1"), "Choose a name of a-z"),
    (rules.widget_state, lambda notebook: notebook.metadata.update(widgets={}), "state of widgets"),
    (rules.syntax, with_source("figure", "x = 1\nx = = 2"), "^cell figure: is not valid Python: .*, line 2"),
    (rules.parameters, with_tag("parameters", "other"), "^0 cells are tagged `parameters`"),
    (rules.parameters, with_tag("figure", "parameters"), "^2 cells are tagged `parameters`"),
    (rules.length, with_source("seen", "word " * 2501), r"has 25\d\d words of text; at most 2500"),
    (rules.length, without(*[f"step-{number}" for number in range(10)]), "has 37 cells; 40 to 76"),
    (rules.length, lambda notebook: notebook.cells.extend(exercise(4) * 10), "cells; 40 to 76"),
    (rules.folds, with_source("seen", "<details></details>\n## Next"), "^cell seen: needs an empty line .* '## Next'"),
    (rules.folds, with_source("seen", "<details><summary>Why</summary></details>"), "^cell seen: begin each fold with <det"),
    (rules.folds, with_source("hints-1", f"{FOLD}\n\nNow this.\nThat."), "^cell hints-1: .* a cell of its own: 'Now this.'"),
    (rules.code_length, with_source("figure", "x = 1\n" * 17), "^cell figure: has 17 lines; at most 16"),
    (rules.code_width, with_source("figure", f"x = 1\n# {'x' * 87}"), "^cell figure: line 2 has 89 characters; at most 88"),
    (rules.figures, with_source("figure", "show(fig)"), r"^cell figure: show\(fig\) needs alt="),
    (rules.figures, with_source("figure", "plots.show(fig, alt=' ')"), "needs alt="),
    (rules.figures, with_source("figure", "for f in figures:\n    plt.show()"), r"plt.show\(\) needs alt="),
    (rules.figures, with_source("seen", "![](face.png)"), "^cell seen: has an image without alternative text"),
    (rules.figures, with_source("seen", "<img src='face.png'>"), "^cell seen: has an image without alternative text"),
    (rules.paired_predictions, without("tells"), r"^cell asks: predict\('x'\) has no outcome\('x'\) in a later cell"),
    (rules.paired_predictions, with_source("figure", "outcome('x', 3)\npredict('y', '?')"), r"^cell figure: predict\('y'\)"),
    (rules.paired_predictions, without("asks"), r"^cell tells: outcome\('x'\) has no predict\('x'\) in a cell before"),
    (rules.paired_predictions, without("sums-up"), r"^needs `predictions\(\)` in a cell after"),
    (rules.sections, with_source("title", "Add numbers"), "begin with the title"),
    (rules.sections, lambda notebook: notebook.update(cells=[]), "begin with the title"),
    (rules.sections, without("do"), "begins with \"What you'll do\""),
    (rules.sections, with_source("now", "```\n## What you have now\n```"), "begins with 'What you have now'"),
    (rules.sections, without("own"), "begins with 'On your own'"),
    (rules.sections, without("sources"), "begins with 'Sources'"),
    (rules.sections, with_source("quiz", f"## Quiz\n{FOLD}\n{FOLD}"), "has 2 answers .* needs 3 questions"),
    (rules.sections, without("quiz"), "has 0 answers"),
    (rules.exercises, without("add-1", "check-add-1"), "has 2 exercises; 3 to 5"),
    (rules.exercises, lambda notebook: notebook.cells.extend(exercise(4) + exercise(5) + exercise(6)), "6 exercises"),
    (rules.exercises, with_source("exercise-1", "### Exercise 1\n10 minutes"), "^cell add-1: its header .* difficulty"),
    (rules.exercises, with_source("exercise-1", "### Exercise 1\nDifficulty: low"), "^cell add-1: its header .* minutes"),
    (rules.exercises, with_source("exercise-1", "Difficulty: low, 5 minutes"), "^cell add-1: the cell before it"),
    (rules.exercises, lambda notebook: notebook.update(cells=notebook.cells[9:]), "^cell add-1: the cell before it"),
    (rules.exercises, moved_check, "^cell add-2: the next cell has to be its check"),
    (rules.exercises, wrong_grade_id, "^cell add-1: the next cell has to be its check"),
    (rules.exercises, without("check-add-3"), "has 2 check cells for 3 exercises"),
    (rules.exercises, with_source("hints-3", "Hint: use +"), "^cell add-3: its hints are missing"),
    (rules.exercises, with_source("add-1", "x = 1"), "^cell add-1: the learner has to write a function"),
    (rules.exercises, with_source("add-1", "def f(a: int) -> int:\n    return a"), "f needs a docstring"),
    (rules.exercises, with_source("add-1", "def f(a) -> int:\n    'Doc.'"), "f needs type annotations"),
    (rules.kept_outputs, with_tag("kept-0", "other"), "2 cells are tagged nbval-check-output"),
    (rules.kept_outputs, with_fields("kept-0", outputs=[]), "^cell kept-0: has to keep its outputs"),
    (rules.kept_outputs, with_fields("kept-0", execution_count=None), "^cell kept-0: has to keep its outputs"),
    (rules.kept_outputs, kept_picture, "^cell kept-0: keeps a picture"),
    (rules.kept_outputs, with_fields("figure", outputs=PICTURE), "^cell figure: has outputs"),
    (rules.kept_outputs, with_fields("figure", execution_count=3), "^cell figure: has outputs or an execution count"),
    (rules.errors_stop, with_tag("check-add-1", "raises-exception"), "^cell check-add-1: is tagged raises-exception"),
]  # fmt: skip


def name(rule) -> str:
    return rule.__name__


@pytest.mark.parametrize("rule", [*rules.SOLUTION_RULES, *rules.SIZE_RULES], ids=name)
def test_the_good_notebook_follows(rule):
    assert rule(good()) == []


@pytest.mark.parametrize(("rule", "spoil", "complaint"), BROKEN)
def test_a_broken_notebook_is_found(rule, spoil, complaint):
    notebook = good()
    spoil(notebook)
    assert any(re.search(complaint, str(found)) for found in rule(notebook)), rule(notebook)


def test_every_rule_is_shown_to_fail():
    assert {rule for rule, _, _ in BROKEN} == {*rules.SOLUTION_RULES, *rules.SIZE_RULES}


def test_an_exercise_whose_answer_is_the_first_cell_has_no_header():
    notebook = good()
    notebook.cells = [cell_of(notebook, "add-1"), cell_of(notebook, "check-add-1")]
    found = [str(complaint) for complaint in rules.exercises(notebook, rules.limits_of("00-a.ipynb"))]
    assert found[0] == "cell add-1: the cell before it has to be its header, `### Exercise …`"
    assert "hints are missing" in found[1]
    assert len(found) == 2


def test_magics_and_cells_in_other_languages_are_no_errors_of_syntax():
    notebook = good()
    cell_of(notebook, "step-1").source = "%matplotlib inline\nif x:\n    !ls -l\n"
    cell_of(notebook, "step-2").source = "%%bash\nfor x in 1 2; do echo $x; done"
    assert rules.syntax(notebook) == []


def test_other_rules_leave_code_alone_that_is_not_python():
    notebook = good()
    cell_of(notebook, "add-1").source = "def add_1(a: int -> int:"
    assert rules.figures(notebook) == []
    assert "there is none" in str(rules.exercises(notebook)[0])


def test_longer_cells_are_allowed_for_models_and_markers_do_not_count():
    notebook = good()
    cell_of(notebook, "figure").update(source="x = 1\n" * 20, metadata={"tags": ["model"]})
    lines = [
        "def f(a: int) -> int:",
        "    'Doc.'",
        "",
        "    ### BEGIN SOLUTION",
        *["    a += 1"] * 10,
        "    ### END SOLUTION",
    ]
    cell_of(notebook, "add-1").source = "\n".join(lines)
    assert rules.code_length(notebook) == []
    cell_of(notebook, "figure").source += "x = 2"
    assert len(rules.code_length(notebook)) == 1


def test_lesson_00_has_one_exercise():
    notebook = good()
    without("add-2", "check-add-2", "add-3", "check-add-3")(notebook)
    assert rules.exercises(notebook, rules.limits_of("00-a.ipynb")) == []
    assert [str(found) for found in rules.exercises(notebook)] == ["has 1 exercises; 3 to 5 are expected"]


def test_the_good_notebook_releases_to_a_good_lesson(tmp_path):
    lesson = released(tmp_path)
    assert [complaint for rule in rules.LESSON_RULES for complaint in rule(lesson)] == []
    assert rules.exercises(lesson) == []
    assert rules.secrets(lesson, good()) == []


@pytest.mark.parametrize(
    ("rule", "spoil", "complaint"),
    [
        (rules.checks_may_fail, with_tag("check-add-1", "other"), "^cell check-add-1: check cells, and no others"),
        (rules.checks_may_fail, with_tag("step-1", "raises-exception"), "^cell step-1: check cells, and no others"),
        (rules.no_outputs, with_fields("step-1", execution_count=1), "^cell step-1: has outputs or"),
        (rules.no_outputs, with_fields("step-1", outputs=PICTURE), "^cell step-1: has outputs or"),
    ],
)  # fmt: skip
def test_a_broken_lesson_is_found(rule, spoil, complaint, tmp_path):
    lesson = released(tmp_path)
    spoil(lesson)
    assert [found for found in rule(lesson) if re.search(complaint, str(found))]


@pytest.mark.parametrize("place", ["add-1", "hints-3", "quiz"])
def test_a_solution_that_is_given_away_is_found(tmp_path, place):
    lesson = released(tmp_path)
    cell_of(lesson, place).source += "\n    total_of_exercise_2 = a + b  # see"
    assert rules.secrets(lesson, good()) == [
        rules.Complaint("gives the solution away: total_of_exercise_2 = a + b", place)
    ]


def test_what_the_course_shows_elsewhere_is_no_secret(tmp_path):
    lesson, solution = released(tmp_path), good()
    for notebook in (lesson, solution):
        cell_of(notebook, "step-1").source = "total_of_exercise_2 = a + b"
    assert rules.secrets(lesson, solution) == []


def test_a_marker_that_is_left_is_found(tmp_path):
    lesson = released(tmp_path)
    cell_of(lesson, "add-1").source += "\n    ### BEGIN SOLUTION"
    assert rules.secrets(lesson, good()) == [rules.Complaint("holds BEGIN SOLUTION", "add-1")]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (FIVE, None),
        (FIVE.replace("faces: int = 4000  # what it does", "faces: int = 4000  # 0 = all"), "papermill reads: data, recipe"),
        (FIVE + "\nrate: float = 0.1  # more", "papermill reads: .*rate"),
        ("\n".join(reversed(FIVE.splitlines())), "in this order"),
        (FIVE.replace("seed: int", "seed"), "`seed: int = 0`"),
        (FIVE.replace("4000", "400"), "`faces: int = 4000`"),
        (FIVE.replace("out: str = \"\"  # what it does", "out: str = \"\""), "out needs a comment"),
    ],
)  # fmt: skip
def test_the_parameters_are_those_that_papermill_sees(tmp_path, source, complaint):
    from papermill import inspect_notebook

    notebook = good()
    cell_of(notebook, "parameters").source = source
    found = rules.parameters(notebook)
    assert (found == []) if complaint is None else re.search(f"^cell parameters: .*{complaint}", str(found[0]))
    seen = inspect_notebook(str(save(notebook, tmp_path / "02-add.ipynb")))  # papermill's own reader of files
    fits = list(seen) == list(rules.DECLARED) and all(
        (seen[name]["inferred_type_name"], seen[name]["default"]) == declared and seen[name]["help"]
        for name, declared in rules.DECLARED.items()
    )
    assert fits == (complaint is None)


# ------------------------------------------------------------------------------------------------------ `fer-course lint`


@pytest.fixture
def course(tmp_path):
    """A folder with the good notebook in solutions/ and the lesson that it becomes in lessons/."""
    solution = save(good(), tmp_path / "solutions" / "02-add.ipynb")
    lesson = tmp_path / "lessons" / "02-add.ipynb"
    lesson.parent.mkdir()
    lesson.write_text(lessons.build(solution))
    return tmp_path


def spoiled(path: Path, spoil) -> Path:
    notebook = nbformat.read(path, as_version=4)
    spoil(notebook)
    return save(notebook, path)


def test_lint_prints_file_cell_and_complaint_and_says_no(course, monkeypatch, run_cli):
    monkeypatch.chdir(course)
    assert run_cli("lint") == (0, "", "")
    spoiled(course / "solutions" / "02-add.ipynb", with_source("figure", "show(fig)"))
    spoiled(course / "solutions" / "02-add.ipynb", with_source("title", "Add"))
    file = Path("solutions") / "02-add.ipynb"
    assert run_cli("lint") == (
        1,
        f"{file}, cell figure: show(fig) needs alt='what the figure shows'\n"
        f"{file}: the first cell has to begin with the title, `# …`\n",
        "",
    )
    assert run_cli("lint", course / "lessons")[0] == 0


def test_a_lesson_is_compared_with_its_solution(course, run_cli):
    lesson = course / "lessons" / "02-add.ipynb"
    assert run_cli("lint", lesson) == (0, "", "")
    spoiled(lesson, with_source("quiz", f"## Quiz\n{FOLD}\n\n{FOLD}\n\n{FOLD}\ntotal_of_exercise_2 = a + b"))
    status, printed, _ = run_cli("lint", lesson)
    assert status == 1
    assert f"{lesson}, cell quiz: gives the solution away: total_of_exercise_2 = a + b\n" in printed
    (course / "solutions" / "02-add.ipynb").unlink()
    assert "gives the solution away" not in run_cli("lint", lesson)[1]


def test_each_folder_has_its_rules(course):
    solution, lesson = (course / folder / "02-add.ipynb" for folder in ("solutions", "lessons"))
    assert rules.lint(solution) == rules.lint(lesson) == []
    text = solution.read_text()
    solution.write_text(lesson.read_text())
    assert any("only lessons have this tag" in str(found) for found in rules.lint(solution))
    lesson.write_text(text)
    assert any("a lesson has none" in str(found) for found in rules.lint(lesson))


def test_lesson_00_has_one_exercise_by_its_name(course):
    path = course / "solutions" / "13-add.ipynb"
    notebook = good()
    without("add-2", "check-add-2", "add-3", "check-add-3")(notebook)
    assert [str(found) for found in rules.lint(save(notebook, path))] == ["has 1 exercises; 3 to 5 are expected"]
    assert rules.lint(path.rename(path.with_name("00-add.ipynb"))) == []


@pytest.mark.parametrize(("content", "words"), [
    (b"not a notebook", "can't be read as a notebook: "), (b"\xff\xfe", "can't be read"), (b"[1]", "without the field nbformat"),
    (b"{}", "without the field nbformat"), (None, "There is no notebook"),
])  # fmt: skip
def test_what_is_no_notebook_is_refused_in_a_sentence(tmp_path, run_cli, content, words):
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_bytes(content)
    status, printed, error = run_cli("lint", path)
    assert (status, printed) == (1, "")
    assert words in error
    assert str(path) in error
    assert error.count("\n") == 1


def test_an_old_format_is_the_only_complaint(tmp_path):
    path = tmp_path / "02-add.ipynb"
    notebook = good()
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    save(notebook, path)
    assert [str(found) for found in rules.lint(path)] == [
        "has notebook format 4.4 instead of 4.5. Save it with a current JupyterLab."
    ]


@pytest.mark.parametrize("cells", ["[1]", '[{"cell_type": "code"}]', "{}", "3"])
def test_a_notebook_that_is_not_valid_has_one_complaint(tmp_path, cells):
    path = tmp_path / "02-add.ipynb"
    path.write_text(f'{{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": {cells}}}')
    assert [str(found)[:25] for found in rules.lint(path)] == ["is not a valid notebook: "]


def test_an_empty_folder_is_refused(tmp_path, run_cli):
    assert run_cli("lint", tmp_path)[0] == 1


def test_a_file_that_is_missing_can_not_be_linted(tmp_path):
    with pytest.raises(LessonError, match="can't be read as a notebook"):
        rules.lint(tmp_path / "none.ipynb")


def test_a_lesson_of_an_hour_holds_less(monkeypatch):
    monkeypatch.setattr(rules, "HOURS", ("04",))
    assert rules.limits_of("03-a.ipynb") == rules.FIRST_EDITION
    hour = rules.limits_of("04-a.ipynb")
    assert (hour.words, hour.cells[1], hour.lines, hour.exercises) == (1900, 48, 12, (2, 3))
    notebook = good()
    with_source("seen", "word " * 1901)(notebook)
    with_source("figure", "x = 1\n" * 13)(notebook)
    assert rules.length(notebook) == rules.code_length(notebook) == []
    assert "at most 1900" in str(rules.length(notebook, hour)[0])
    assert "at most 12" in str(rules.code_length(notebook, hour)[0])
