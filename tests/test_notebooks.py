"""What every notebook of the course keeps to. Each rule is a function that returns complaints an author can act on.

A rule takes a notebook and returns a list of sentences, empty if all is well. The rules run over every notebook in
solutions/ and lessons/; further down, each is shown a notebook that breaks it.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from fer_course import course
from fer_course.authoring import lessons, notebooks
from fer_course.course import cells

ROOT = Path(__file__).parent.parent
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
LESSONS = sorted((ROOT / "lessons").glob("*.ipynb"))
PARAMETERS = {
    "data": ("str", '""'),
    "faces": ("int", "4000"),
    "recipe": ("str", '"quick"'),
    "seed": ("int", "0"),
    "out": ("str", '""'),
}
WORDS = 2500
CELLS = (40, 65)
LINES, MODEL_LINES = 12, 20
SECTIONS = ("What you'll do", "What you have now", "On your own", "Quiz", "Sources")


# ------------------------------------------------------------------------------------------------- looking at cells


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def without_fences(text: str) -> str:
    """Markdown without its blocks of code, whose lines may look like headings."""
    return re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(notebook) -> list[tuple[int, str]]:
    """Level and text of every heading, apostrophes straightened."""
    found = re.findall(r"^(#{1,6}) +(.+?) *$", without_fences(markdown(notebook)), re.MULTILINE)
    return [(len(level), text.replace("’", "'")) for level, text in found]


def section(notebook, name: str) -> str:
    """The text under the heading that begins with `name`, up to the next heading of its level or above."""
    text = without_fences(markdown(notebook)).replace("’", "'")
    start = re.search(rf"^(#{{1,6}}) +{re.escape(name)}.*$", text, re.MULTILINE | re.IGNORECASE)
    if not start:
        return ""
    end = re.search(rf"^#{{1,{len(start[1])}}} +", text[start.end() :], re.MULTILINE)
    return text[start.end() : start.end() + end.start()] if end else text[start.end() :]


def syntax_tree(cell) -> ast.AST:
    """A code cell's syntax, its magics and shell lines left out."""
    return ast.parse(re.sub(r"^( *)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE))


def solution_lines(notebook) -> tuple[set[str], set[str]]:
    """The lines inside solution regions, and those everywhere else, spaces trimmed."""
    inside, outside = set(), set()
    for cell in notebook.cells:
        hidden = False
        for line in cell.source.splitlines():
            hidden = hidden or "BEGIN SOLUTION" in line
            (inside if hidden else outside).add(line.strip())
            hidden = hidden and "END SOLUTION" not in line
    return inside, outside


# ---------------------------------------------------------------------------------------- rules for every notebook


def format_rule(notebook) -> list[str]:
    found = (notebook.nbformat, notebook.nbformat_minor)
    if found != (4, 5):
        return [f"notebook format 4.5 expected; found {found[0]}.{found[1]}: save it with a current JupyterLab"]
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {str(error).splitlines()[0]}"]
    return []


def id_rule(notebook) -> list[str]:
    ids = [cell.get("id", "") for cell in notebook.cells]
    complaints = [f"two cells have the id {name!r}" for name in sorted({name for name in ids if ids.count(name) > 1})]
    for number, name in enumerate(ids):
        if not re.fullmatch(r"[a-z0-9-]+", name) or re.fullmatch(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?", name
        ):
            complaints.append(f"cell {number} has the id {name!r}: give it a name in a-z, 0-9 and -, not a random one")
    return complaints


def widget_rule(notebook) -> list[str]:
    return ["metadata.widgets: run `fer-course tidy`"] if "widgets" in notebook.metadata else []


def parameters_rule(notebook, path: Path) -> list[str]:
    """The five parameters, as papermill sees them: it skips a line whose comment holds an equals sign."""
    from papermill import inspect_notebook

    if sum("parameters" in tags(cell) for cell in notebook.cells) != 1:
        return ["exactly one cell is to be tagged `parameters`"]
    found = inspect_notebook(str(path))
    if list(found) != list(PARAMETERS):
        return [
            f"parameters expected: {', '.join(PARAMETERS)}, in this order; papermill sees: {', '.join(found)} "
            "(one line each, one equals sign a line, also in its comment)"
        ]
    complaints = []
    for name, (kind, default) in PARAMETERS.items():
        seen = found[name]
        if (seen["inferred_type_name"], seen["default"].replace("'", '"')) != (kind, default):
            complaints.append(f"`{name}: {kind} = {default}` expected; papermill sees {seen}")
        if not seen["help"]:
            complaints.append(f"the parameter {name} needs a comment on its line")
    return complaints


def length_rule(notebook) -> list[str]:
    complaints = []
    prose = re.sub(r"<[^>]*>|\]\([^)]*\)|https?://\S+", " ", markdown(notebook))
    words = len(re.findall(r"\w[\w'’.,-]*", prose))
    if words > WORDS:
        complaints.append(f"{words} words of markdown; at most {WORDS}")
    if not CELLS[0] <= len(notebook.cells) <= CELLS[1]:
        complaints.append(f"{len(notebook.cells)} cells; {CELLS[0]} to {CELLS[1]} are allowed")
    return complaints


def fold_rule(notebook) -> list[str]:
    """Markdown right behind a fold, without an empty line between, is shown as it was typed."""
    return [
        f"cell {cell.id}: an empty line is missing behind a </details>, before {rest.group(1)!r}"
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for rest in re.finditer(r"</details>[ \t]*\n(?!\n|<details>)(.+)", cell.source)
    ]


def code_length_rule(notebook) -> list[str]:
    """Blank lines and nbgrader's markers don't count."""
    complaints = []
    for cell in code_cells(notebook):
        limit = MODEL_LINES if "model" in tags(cell) else LINES
        lines = [
            line for line in cell.source.splitlines() if line.strip() and not re.search("(BEGIN|END) SOLUTION", line)
        ]
        if len(lines) > limit:
            complaints.append(
                f"cell {cell.id} has {len(lines)} lines; at most {limit} (a cell tagged `model`: {MODEL_LINES})"
            )
    return complaints


def figure_rule(notebook) -> list[str]:
    """Every figure says in words what it shows."""
    complaints = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            images = re.findall(r"!\[([^\]]*)\]", cell.source)
            images += [
                (re.search(r"""alt=["']([^"']*)""", tag) or ["", ""])[1]
                for tag in re.findall("<img[^>]*>", cell.source)
            ]
            complaints += [f"cell {cell.id} has an image without alt text"] * sum(not alt.strip() for alt in images)
        elif cell.cell_type == "code":
            complaints += [
                f"cell {cell.id}: {call} needs alt='what the figure shows'" for call in shows_without_alt(cell)
            ]
    return complaints


def shows_without_alt(cell) -> list[str]:
    """The calls of a function or method `show` that have no alt text, or an empty one."""
    calls = [node for node in ast.walk(syntax_tree(cell)) if isinstance(node, ast.Call)]
    shows = [call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) == "show"]
    return [ast.unparse(call) for call in shows if not has_alt(call)]


def has_alt(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "alt"]
    return bool(given) and not (isinstance(given[0], ast.Constant) and not str(given[0].value or "").strip())


def skeleton_rule(notebook) -> list[str]:
    complaints = []
    if not notebook.cells[0].source.startswith("# "):
        complaints.append("the first cell is to begin with the title, `# …`")
    for name in SECTIONS:
        if not any(text.lower().startswith(name.lower()) for _, text in headings(notebook)):
            complaints.append(f"there is no heading that begins with {name!r}")
    folds = section(notebook, "Quiz").count("<details")
    if folds != 3:
        complaints.append(f"the section Quiz is to have 3 questions with an answer in <details>; found {folds} folds")
    return complaints


def exercise_rule(notebook, exercises: tuple[int, int] = (3, 5)) -> list[str]:
    """Header with difficulty and minutes, stub, check, hints: four cells in this order, for each exercise."""
    cells = notebook.cells
    places = [number for number, cell in enumerate(cells) if cells.is_solution(cell)]
    complaints = []
    if not exercises[0] <= len(places) <= exercises[1]:
        complaints.append(f"{len(places)} exercises; {exercises[0]} to {exercises[1]} are expected")
    for place in places:
        before, stub, *after = cells[max(place - 1, 0) : place + 3]
        complaints += [f"exercise {stub.id}: {problem}" for problem in exercise_problems(before, stub, after)]
    checks = sum(cells.is_check(cell) for cell in cells)
    if checks != len(places):
        complaints.append(f"{checks} check cells for {len(places)} exercises")
    return complaints


def exercise_problems(before, stub, after: list) -> list[str]:
    problems = []
    if not (before.cell_type == "markdown" and re.search(r"^#{2,6} .*Exercise", before.source, re.MULTILINE)):
        problems.append("the cell before it is to be its header, `### Exercise …`")
    if not re.search(r"(?i)difficulty|[★☆]{3}", before.source) or not re.search(r"(?i)\d+ *min", before.source):
        problems.append("its header is to say difficulty (or ★☆☆) and minutes")
    problems += stub_problems(stub)
    expected = f"check-{stub.metadata['nbgrader'].get('grade_id')}"
    if not (after and cells.is_check(after[0]) and after[0].metadata["nbgrader"].get("grade_id") == expected):
        problems.append(f"the next cell is to be its check, with the grade_id {expected!r}")
    if not any(re.search(r"(?is)<details.*hint", cell.source) for cell in [before, *after[1:]]):
        problems.append("there are to be hints in <details> folds, after the check or in the header")
    return problems


def stub_problems(stub) -> list[str]:
    functions = [node for node in ast.walk(syntax_tree(stub)) if isinstance(node, ast.FunctionDef)]
    if not functions:
        return ["the learner is to write a function"]
    function = functions[0]
    typed = function.returns and all(argument.annotation for argument in function.args.args)
    return [f"{function.name} needs a docstring"] * (not ast.get_docstring(function)) + [
        f"{function.name} needs type annotations, also for what it returns"
    ] * (not typed)


# ------------------------------------------------------------------- rules for solutions, for lessons, for the pair


def kept_output_rule(notebook) -> list[str]:
    """nbval never compares a cell without an execution_count; every other output would only make diffs."""
    complaints, kept = [], [cell for cell in code_cells(notebook) if notebooks.KEEP_TAG in tags(cell)]
    if len(kept) < 3:
        complaints.append(f"{len(kept)} cells are tagged {notebooks.KEEP_TAG}; at least 3 are expected")
    for cell in code_cells(notebook):
        if cell in kept:
            if not cell.outputs or cell.execution_count is None:
                complaints.append(f"cell {cell.id} is to keep its outputs: run `fer-course tidy --execute`")
            if any(name.startswith("image/") for output in cell.outputs for name in output.get("data", {})):
                complaints.append(f"cell {cell.id} keeps a picture: tag cells with text only")
        elif cell.outputs or cell.execution_count is not None:
            complaints.append(f"cell {cell.id} has outputs or an execution_count: run `fer-course tidy`")
    return complaints


def must_raise_rule(notebook) -> list[str]:
    """In solutions an error is an error."""
    tagged = [cell.id for cell in notebook.cells if lessons.LESSON_TAG in tags(cell)]
    return [f"cell {name} is tagged {lessons.LESSON_TAG}; only lessons have this tag" for name in tagged]


def may_raise_rule(notebook) -> list[str]:
    """In lessons an unsolved exercise does not stop Run All."""
    wrong = [cell.id for cell in notebook.cells if (lessons.LESSON_TAG in tags(cell)) != cells.is_check(cell)]
    return [f"cell {name}: check cells and no others are to be tagged {lessons.LESSON_TAG}" for name in wrong]


def empty_rule(notebook) -> list[str]:
    full = [cell.id for cell in code_cells(notebook) if cell.outputs or cell.execution_count is not None]
    return [f"cell {name} of a lesson has outputs or an execution_count" for name in full]


def secret_rule(lesson, solution) -> list[str]:
    """No line of a solution stands in the lesson, unless the course itself shows it outside the solution."""
    inside, outside = solution_lines(solution)
    shown = "\n".join(cell.source for cell in lesson.cells)
    secrets = {line for line in inside - outside if len(line) >= 12}
    complaints = [f"the lesson gives away: {line}" for line in sorted(secrets) if line in shown]
    return complaints + ["the lesson holds BEGIN SOLUTION"] * ("BEGIN SOLUTION" in shown)


RULES = [format_rule, id_rule, widget_rule, length_rule, fold_rule, code_length_rule, figure_rule, skeleton_rule]
SOLUTION_RULES = [*RULES, kept_output_rule, must_raise_rule]
LESSON_RULES = [*RULES, may_raise_rule, empty_rule]


def exercises_of(path: Path) -> tuple[int, int]:
    return (1, 1) if path.name.startswith("00") else (3, 5)


def read(path: Path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def name(value) -> str:
    return value.stem if isinstance(value, Path) else value.__name__


def no_complaints(path: Path, complaints: list[str]) -> None:
    assert not complaints, f"{path.relative_to(ROOT)}:\n" + "\n".join(f"  - {complaint}" for complaint in complaints)


# --------------------------------------------------------------------------------------------- the course's notebooks


def test_the_course_has_its_first_lessons():
    assert {"00-start-here", "01-meet-the-faces", "07-train-it"} <= {path.stem for path in SOLUTIONS}


def test_lessons_are_what_the_solutions_give_byte_for_byte():
    stale = lessons.in_sync(ROOT / "solutions", ROOT / "lessons")
    assert not stale, f"run `fer-course release`; out of date: {', '.join(stale)}"


@pytest.mark.parametrize("rule", SOLUTION_RULES, ids=name)
@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_a_solution_keeps(path, rule):
    no_complaints(path, rule(read(path)))


@pytest.mark.parametrize("rule", LESSON_RULES, ids=name)
@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_a_lesson_keeps(path, rule):
    no_complaints(path, rule(read(path)))


@pytest.mark.parametrize("path", SOLUTIONS + LESSONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_parameters_and_exercises_are_as_agreed(path):
    notebook = read(path)
    no_complaints(path, parameters_rule(notebook, path) + exercise_rule(notebook, exercises_of(path)))


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_a_lesson_gives_no_solution_away(path):
    no_complaints(path, secret_rule(read(path), read(ROOT / "solutions" / path.name)))


@pytest.mark.parametrize("profile", ["cpu", "gpu", "paper"])
@pytest.mark.parametrize("path", SOLUTIONS + LESSONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_profile_prepares_every_notebook(path, profile, tmp_path):
    prepares(path, profile, tmp_path)


def prepares(path: Path, profile: str, tmp_path: Path) -> None:
    from papermill import execute_notebook

    values = course.read_profile(profile)
    course.check_parameters(path, values, profile)
    prepared = execute_notebook(str(path), str(tmp_path / "out.ipynb"), values, prepare_only=True)
    cells = prepared.cells
    place = next(number for number, cell in enumerate(cells) if "injected-parameters" in tags(cell))
    assert "parameters" in tags(cells[place - 1])
    seen = {}
    exec(cells[place - 1].source + "\n" + cells[place].source, seen)
    defaults = {key: ast.literal_eval(default) for key, (_, default) in PARAMETERS.items()}
    assert {key: seen[key] for key in PARAMETERS} == defaults | values


# ------------------------------------------------------------------------------ each rule can fail: a bad notebook each

HEADER = "### Exercise {n}: add\nDifficulty: ●○○ · 10 minutes"
STUB = '''def add_{n}(a: int, b: int) -> int:
    """Add two numbers."""
    ### BEGIN SOLUTION
    total_of_exercise_{n} = a + b
    return total_of_exercise_{n}
    ### END SOLUTION'''
FIVE = "\n".join(f"{key}: {kind} = {default}  # what it does" for key, (kind, default) in PARAMETERS.items())
FOLD = "<details><summary>Answer</summary>Because.</details>"


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
        text(f"hints-{number}", "<details><summary>Hint 1</summary>Use +.</details>"),
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
    (format_rule, lambda notebook: notebook.update(nbformat_minor=4), "format 4.5 expected; found 4.4"),
    (format_rule, with_fields("figure", outputs=None), "not a valid notebook"),
    (id_rule, with_fields("figure", id="quiz"), "two cells have the id 'quiz'"),
    (id_rule, with_fields("figure", id="0f3c9a1b"), "cell 7 has the id '0f3c9a1b'"),
    (id_rule, with_fields("figure", id="0f3c9a1b-1234-4321-abcd-0123456789ab"), "not a random one"),
    (id_rule, with_fields("figure", id="Figure_1"), "give it a name in a-z"),
    (widget_rule, lambda notebook: notebook.metadata.update(widgets={}), "metadata.widgets"),
    (length_rule, with_source("seen", "word " * 2501), "words of markdown; at most 2500"),
    (fold_rule, with_source("seen", "<details></details>\n## Next"), "cell seen: an empty line is missing"),
    (length_rule, without(*[f"step-{number}" for number in range(10)]), "cells; 40 to 65"),
    (length_rule, lambda notebook: notebook.cells.extend(exercise(4) * 8), "cells; 40 to 65"),
    (code_length_rule, with_source("figure", "x = 1\n" * 13), "cell figure has 13 lines; at most 12"),
    (figure_rule, with_source("figure", "show(fig)"), r"cell figure: show\(fig\) needs alt="),
    (figure_rule, with_source("figure", "plots.show(fig, alt=' ')"), "needs alt="),
    (figure_rule, with_source("figure", "for f in figures:\n    plt.show()"), r"plt.show\(\) needs alt="),
    (figure_rule, with_source("seen", "![](face.png)"), "cell seen has an image without alt"),
    (figure_rule, with_source("seen", "<img src='face.png'>"), "cell seen has an image without alt"),
    (skeleton_rule, with_source("title", "Add numbers"), "begin with the title"),
    (skeleton_rule, without("do"), "begins with \"What you'll do\""),
    (skeleton_rule, with_source("now", "```\n## What you have now\n```"), "begins with 'What you have now'"),
    (skeleton_rule, without("own"), "begins with 'On your own'"),
    (skeleton_rule, without("sources"), "begins with 'Sources'"),
    (skeleton_rule, with_source("quiz", f"## Quiz\n{FOLD}\n{FOLD}"), "3 questions .* found 2 folds"),
    (skeleton_rule, without("quiz"), "found 0 folds"),
    (exercise_rule, without("add-1", "check-add-1"), "2 exercises; 3 to 5"),
    (exercise_rule, lambda notebook: notebook.cells.extend(exercise(4) + exercise(5) + exercise(6)), "6 exercises"),
    (exercise_rule, with_source("exercise-1", "### Exercise 1\n10 minutes"), "add-1: its header .* difficulty"),
    (exercise_rule, with_source("exercise-1", "### Exercise 1\nDifficulty: low"), "add-1: its header .* minutes"),
    (exercise_rule, with_source("exercise-1", "Difficulty: low, 5 minutes"), "add-1: the cell before it"),
    (exercise_rule, moved_check, "add-2: the next cell is to be its check"),
    (exercise_rule, wrong_grade_id, "add-1: the next cell is to be its check"),
    (exercise_rule, without("check-add-3"), "2 check cells for 3 exercises"),
    (exercise_rule, with_source("hints-3", "Hint: use +"), "add-3: there are to be hints"),
    (exercise_rule, with_source("add-1", "x = 1"), "add-1: the learner is to write a function"),
    (exercise_rule, with_source("add-1", "def f(a: int) -> int:\n    return a"), "f needs a docstring"),
    (exercise_rule, with_source("add-1", "def f(a) -> int:\n    'Doc.'"), "f needs type annotations"),
    (kept_output_rule, with_tag("kept-0", "other"), "2 cells are tagged nbval-check-output"),
    (kept_output_rule, with_fields("kept-0", outputs=[]), "cell kept-0 is to keep its outputs"),
    (kept_output_rule, with_fields("kept-0", execution_count=None), "cell kept-0 is to keep its outputs"),
    (kept_output_rule, kept_picture, "cell kept-0 keeps a picture"),
    (kept_output_rule, with_fields("figure", outputs=PICTURE), "cell figure has outputs"),
    (kept_output_rule, with_fields("figure", execution_count=3), "cell figure has outputs or an execution_count"),
    (must_raise_rule, with_tag("check-add-1", "raises-exception"), "cell check-add-1 is tagged raises-exception"),
]  # fmt: skip


@pytest.mark.parametrize("rule", [*SOLUTION_RULES, exercise_rule], ids=name)
def test_the_good_notebook_keeps(rule):
    assert rule(good()) == []


@pytest.mark.parametrize(("rule", "spoil", "complaint"), BROKEN)
def test_a_broken_notebook_is_found(rule, spoil, complaint):
    notebook = good()
    spoil(notebook)
    assert any(re.search(complaint, found) for found in rule(notebook)), rule(notebook)


def test_every_rule_is_shown_to_fail():
    assert {rule for rule, _, _ in BROKEN} == {*SOLUTION_RULES, exercise_rule}


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
    assert code_length_rule(notebook) == []
    cell_of(notebook, "figure").source += "x = 2"
    assert len(code_length_rule(notebook)) == 1


def test_lesson_00_has_one_exercise():
    notebook = good()
    without("add-2", "check-add-2", "add-3", "check-add-3")(notebook)
    assert exercise_rule(notebook, exercises_of(Path("00-start-here.ipynb"))) == []


def test_the_good_notebook_releases_to_a_good_lesson(tmp_path):
    lesson = released(tmp_path)
    assert [complaint for rule in LESSON_RULES for complaint in rule(lesson)] == []
    assert exercise_rule(lesson) == []
    assert secret_rule(lesson, good()) == []


@pytest.mark.parametrize(
    ("rule", "spoil", "complaint"),
    [
        (may_raise_rule, with_tag("check-add-1", "other"), "cell check-add-1: check cells and no others"),
        (may_raise_rule, with_tag("step-1", "raises-exception"), "cell step-1: check cells and no others"),
        (empty_rule, with_fields("step-1", execution_count=1), "cell step-1 of a lesson"),
        (empty_rule, with_fields("step-1", outputs=PICTURE), "cell step-1 of a lesson"),
    ],
)  # fmt: skip
def test_a_broken_lesson_is_found(rule, spoil, complaint, tmp_path):
    lesson = released(tmp_path)
    spoil(lesson)
    assert [found for found in rule(lesson) if re.search(complaint, found)]


@pytest.mark.parametrize("place", ["add-1", "hints-3", "quiz"])
def test_a_solution_that_is_given_away_is_found(tmp_path, place):
    lesson = released(tmp_path)
    cell_of(lesson, place).source += "\n    total_of_exercise_2 = a + b  # see"
    assert secret_rule(lesson, good()) == ["the lesson gives away: total_of_exercise_2 = a + b"]


def test_what_the_course_shows_elsewhere_is_no_secret(tmp_path):
    lesson, solution = released(tmp_path), good()
    for notebook in (lesson, solution):
        cell_of(notebook, "step-1").source = "total_of_exercise_2 = a + b"
    assert secret_rule(lesson, solution) == []


def test_a_marker_that_is_left_is_found(tmp_path):
    lesson = released(tmp_path)
    cell_of(lesson, "add-1").source += "\n    ### BEGIN SOLUTION"
    assert "the lesson holds BEGIN SOLUTION" in secret_rule(lesson, good())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (FIVE, None),
        (FIVE.replace("faces: int = 4000  # what it does", "faces: int = 4000  # 0 = all"), "papermill sees: data, recipe"),
        (FIVE + "\nrate: float = 0.1  # more", "papermill sees: .*rate"),
        ("\n".join(reversed(FIVE.splitlines())), "in this order"),
        (FIVE.replace("seed: int", "seed"), "`seed: int = 0` expected"),
        (FIVE.replace("4000", "400"), "`faces: int = 4000` expected"),
        (FIVE.replace("out: str = \"\"  # what it does", "out: str = \"\""), "out needs a comment"),
    ],
)  # fmt: skip
def test_the_parameters_are_those_that_papermill_sees(tmp_path, source, complaint):
    notebook = good()
    cell_of(notebook, "parameters").source = source
    found = parameters_rule(notebook, save(notebook, tmp_path / "02-add.ipynb"))
    assert (found == []) if complaint is None else re.search(complaint, found[0])


def test_a_notebook_without_a_parameters_cell_is_found(tmp_path):
    notebook = good()
    with_tag("parameters", "other")(notebook)
    assert parameters_rule(notebook, save(notebook, tmp_path / "02-add.ipynb")) == [
        "exactly one cell is to be tagged `parameters`"
    ]


def test_a_notebook_that_a_profile_does_not_fit_is_found(tmp_path):
    prepares(save(good(), tmp_path / "good.ipynb"), "gpu", tmp_path)
    notebook = good()
    cell_of(notebook, "parameters").source = FIVE.replace("recipe", "settings")
    with pytest.raises(course.LessonError, match="no parameter 'recipe'"):
        prepares(save(notebook, tmp_path / "bad.ipynb"), "gpu", tmp_path)
