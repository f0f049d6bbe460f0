"""The course's notebooks: they follow the rules, lessons are what solutions become, and every profile fits every notebook."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from notebook_files import FIVE, write_notebook
from repository import ROOT

from fer_course import course
from fer_course.authoring import lessons, rules

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
LESSONS = sorted((ROOT / "lessons").glob("*.ipynb"))


def name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def test_the_course_has_its_first_lessons():
    assert {"00-start-here", "01-meet-the-faces", "10-train-it"} <= {path.stem for path in SOLUTIONS}


def test_lessons_are_what_the_solutions_give_byte_for_byte():
    stale = lessons.find_stale(ROOT / "solutions", ROOT / "lessons")
    assert not stale, f"run `fer-course release`; out of date: {', '.join(stale)}"


@pytest.mark.parametrize("path", SOLUTIONS + LESSONS, ids=name)
def test_a_notebook_follows_the_rules(path):
    complaints = [f"  {complaint}" for complaint in rules.lint(path)]
    assert not complaints, f"{path.relative_to(ROOT)}:\n" + "\n".join(complaints)


@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_what_a_lesson_imports_from_the_course_exists(path):
    lines = imports_of(path)
    assert lines
    for line in lines:
        exec(line, {})


def imports_of(path: Path) -> list[str]:
    """The statements by which a notebook imports something from the course."""
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    nodes = [node for source in code for node in ast.walk(ast.parse(re.sub(r"(?m)^( *)[%!].*$", r"\1pass", source)))]
    imports = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
    return [line for line in map(ast.unparse, imports) if "fer_course" in line]


@pytest.mark.parametrize("profile", ["cpu", "gpu", "paper"])
@pytest.mark.parametrize("path", SOLUTIONS + LESSONS, ids=name)
def test_every_profile_prepares_every_notebook(path, profile, tmp_path):
    prepares(path, profile, tmp_path)


def prepares(path: Path, profile: str, tmp_path: Path) -> None:
    from papermill import execute_notebook

    values = course.read_profile(profile)
    course.check_parameters(path, values, profile)
    prepared = execute_notebook(str(path), str(tmp_path / "out.ipynb"), values, prepare_only=True)
    tags = [cell.metadata.get("tags", []) for cell in prepared.cells]
    place = next(number for number, each in enumerate(tags) if "injected-parameters" in each)
    assert "parameters" in tags[place - 1]
    seen = {}
    exec(prepared.cells[place - 1].source + "\n" + prepared.cells[place].source, seen)
    defaults = {key: ast.literal_eval(default) for key, (_, default) in rules.DECLARED.items()}
    assert {key: seen[key] for key in rules.DECLARED} == defaults | values


def test_a_notebook_that_a_profile_does_not_fit_is_found(tmp_path):
    prepares(write_notebook(tmp_path / "good.ipynb"), "gpu", tmp_path)
    bad = write_notebook(tmp_path / "bad.ipynb", parameters=FIVE.replace("recipe", "settings"))
    with pytest.raises(course.LessonError, match="no parameter 'recipe'"):
        prepares(bad, "gpu", tmp_path)


# ----------------------------------------------------------------------------- the course's answer, where one's own is missing


def substitutes() -> list:
    """Return (notebook, answer's name, source of the course's) for each `checks.yours(answer, course)` in the solutions."""
    return [
        pytest.param(tree, node.args[0].id, node.args[1], id=f"{path.stem[:2]} {node.args[0].id}")
        for path in SOLUTIONS
        for tree in [tree_of(path)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "checks.yours"
    ]


def tree_of(path: Path) -> ast.Module:
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return ast.parse("\n".join(re.sub(r"(?m)^\s*[%!].*", "", source) for source in cells))


@pytest.mark.parametrize(("tree", "answer", "course_answer"), substitutes())
def test_what_the_course_puts_in_place_of_an_answer_passes_the_same_check(tree, answer, course_answer, capfd):
    """Only imports and the function named are run, nothing else of the lesson."""
    used = {node.id for node in ast.walk(course_answer) if isinstance(node, ast.Name)}
    needed = [
        node
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom)) or getattr(node, "name", "") in used
    ]
    scope: dict = {}
    exec(compile(ast.Module(needed, []), answer, "exec"), scope)
    checked = [
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith("checks.")
        and ast.unparse(node.func) != "checks.yours"
        and [getattr(argument, "id", "") for argument in node.args[:1]] == [answer]
    ]
    assert checked, f"nothing checks {answer}"
    course_function = eval(ast.unparse(course_answer), scope)
    for check in checked:
        eval(ast.unparse(check), scope)(course_function)
    assert "✔" in capfd.readouterr().out
