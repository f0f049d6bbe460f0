"""The rules that every notebook of the course follows: `fer-course lint`.

A rule is a function: it takes a notebook, as nbformat reads it, and returns complaints; an empty list if nothing is wrong.
`fer_course.course.cells` tells what a cell is: a check, an answer. `lint` applies all the rules for a file.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from fer_course.authoring.lessons import LESSON_TAG
from fer_course.authoring.notebooks import KEEP_TAG
from fer_course.course import PARAMETERS, cells, require
from fer_course.errors import LessonError, first_line

#: The type and default of each parameter, as they are written in a notebook.
DECLARED = dict(
    zip(PARAMETERS, [("str", '""'), ("int", "4000"), ("str", '"quick"'), ("int", "0"), ("str", '""')], strict=True)
)
#: The sections of a lesson, by the words that their headings begin with.
SECTIONS = ("What you'll do", "What you have now", "On your own", "Quiz", "Sources")
QUESTIONS = 3
#: What a fold begins with.
FOLD = '<details style="margin: 0.6em 0">'
#: The most characters in a line of code.
WIDTH = 88
#: The fewest cells that keep their outputs.
KEPT = 3
#: A shorter line of a solution gives nothing away, for example `return x`.
SECRET = 12

_RANDOM_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?"
_MARKER = "(BEGIN|END) SOLUTION"


@dataclass(frozen=True)
class Complaint:
    """How a notebook breaks a rule.

    Attributes:
        text: what is wrong or has to be done, for the author.
        cell: the cell's id; empty if the whole notebook is meant.

    """

    text: str
    cell: str = ""

    def __str__(self) -> str:
        """Return the complaint with its cell."""
        return f"cell {self.cell}: {self.text}" if self.cell else self.text


@dataclass(frozen=True)
class Limits:
    """How much a lesson may hold.

    Attributes:
        words: the most words of text.
        cells: the fewest and the most cells.
        lines: the most lines of a code cell.
        model_lines: the most lines of one tagged `model`.
        exercises: the fewest and the most exercises; lesson 00 has one.

    """

    words: int
    cells: tuple[int, int]
    lines: int
    model_lines: int
    exercises: tuple[int, int]


#: A lesson of an hour (second edition), and one of the first edition. The numbers of those that fit an hour by now.
HOUR = Limits(words=1900, cells=(24, 48), lines=12, model_lines=16, exercises=(2, 3))
FIRST_EDITION = Limits(words=2500, cells=(40, 76), lines=16, model_lines=20, exercises=(3, 5))
HOURS: tuple[str, ...] = ("00", "01", "02", "03", "04", "05", "06", "07", "08")


def limits_of(name: str) -> Limits:
    """Return how much the lesson of this file name may hold."""
    limits = HOUR if name[:2] in HOURS else FIRST_EDITION
    return replace(limits, exercises=(1, 1)) if name.startswith("00") else limits


def lint(path: str | Path) -> list[Complaint]:
    """Return the complaints about a notebook file. A file in a folder `lessons` is a lesson, any other one a solution.

    A lesson is compared with the solution of the same name in the folder `solutions` beside its own, if there is one.

    Raises:
        LessonError: if the file can't be read as a notebook.

    """
    path = Path(path)
    notebook = _read(path)
    if wrong_format := notebook_format(notebook):
        return wrong_format  # the other rules would misread it
    is_lesson = path.absolute().parent.name == "lessons"
    found = [complaint for rule in (LESSON_RULES if is_lesson else SOLUTION_RULES) for complaint in rule(notebook)]
    found += [complaint for rule in SIZE_RULES for complaint in rule(notebook, limits_of(path.name))]
    solution = path.absolute().parents[1] / "solutions" / path.name
    if is_lesson and solution.is_file() and not notebook_format(answers := _read(solution)):
        found += secrets(notebook, answers)
    return found


def _read(path: Path):
    require("nbformat", "reading notebooks")
    import nbformat

    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise LessonError(f"{path} can't be read as a notebook: {first_line(error)}") from error
    if not (isinstance(raw, dict) and "nbformat" in raw):
        raise LessonError(f"{path} can't be read as a notebook: it is JSON without the field nbformat.")
    # nbformat's own `read` would log what is not valid; `notebook_format` complains about it.
    try:
        return nbformat.v4.reads(text)
    except (AttributeError, KeyError, TypeError):
        return nbformat.from_dict(raw)


# ------------------------------------------------------------------------------------------------ rules for every notebook


def notebook_format(notebook) -> list[Complaint]:
    """A notebook is valid and has format 4.5: older formats have no cell ids, and tools invent new ones on every save."""
    from nbformat.validator import iter_validate

    found = (notebook.get("nbformat"), notebook.get("nbformat_minor"))
    if found != (4, 5):
        return [
            Complaint(f"has notebook format {found[0]}.{found[1]} instead of 4.5. Save it with a current JupyterLab.")
        ]
    # `nbformat.validate` would add the ids that are missing.
    error = next(iter_validate(notebook), None)
    return [] if error is None else [Complaint(f"is not a valid notebook: {first_line(error)}")]


def cell_ids(notebook) -> list[Complaint]:
    """Every cell has a different id that a person chose: complaints, tests and links name cells by it."""
    ids = [cell.get("id", "") for cell in notebook.cells]
    complaints = [
        Complaint("this id belongs to several cells", name) for name in sorted(set(ids)) if ids.count(name) > 1
    ]
    for number, name in enumerate(ids):
        if not re.fullmatch(r"[a-z0-9-]+", name) or re.fullmatch(_RANDOM_ID, name):
            complaints.append(
                Complaint(f"cell {number} has the id {name!r}. Choose a name of a-z, 0-9 and -, not a random one.")
            )
    return complaints


def widget_state(notebook) -> list[Complaint]:
    """A notebook holds no state of widgets, which is large and differs after every execution."""
    return [Complaint("holds the state of widgets. Run `fer-course tidy`.")] if "widgets" in notebook.metadata else []


def syntax(notebook) -> list[Complaint]:
    """Every code cell is valid Python apart from its magics and shell lines. Cells that begin with %% are left out."""
    complaints = []
    for cell in _code_cells(notebook):
        try:
            _parse(cell)
        except SyntaxError as error:
            complaints.append(Complaint(f"is not valid Python: {error.msg}, line {error.lineno}", cell.id))
    return complaints


def parameters(notebook) -> list[Complaint]:
    """A notebook declares the five parameters so that papermill reads them: it skips lines whose comment has an equals sign."""
    require("papermill", "checking parameters")
    from papermill.translators import PythonTranslator

    tagged = [cell for cell in notebook.cells if "parameters" in _tags(cell)]
    if len(tagged) != 1:
        return [Complaint(f"{len(tagged)} cells are tagged `parameters`; there has to be exactly one")]
    name = tagged[0].id
    found = {parameter.name: parameter for parameter in PythonTranslator.inspect(tagged[0])}
    if list(found) != list(DECLARED):
        return [
            Complaint(
                f"has to declare {', '.join(DECLARED)}, in this order; papermill reads: {', '.join(found)}. Write one "
                "parameter per line, and no second equals sign, not even in the comment.",
                name,
            )
        ]
    complaints = []
    for key, (kind, default) in DECLARED.items():
        seen = found[key]
        if (seen.inferred_type_name, seen.default.replace("'", '"')) != (kind, default):
            complaints.append(
                Complaint(
                    f"has to hold `{key}: {kind} = {default}`; papermill reads type {seen.inferred_type_name} and default "
                    f"{seen.default}",
                    name,
                )
            )
        if not seen.help:
            complaints.append(Complaint(f"the parameter {key} needs a comment on its line", name))
    return complaints


def length(notebook, limits: Limits = FIRST_EDITION) -> list[Complaint]:
    """A lesson is read in one session, so its words and cells are limited. Addresses and tags don't count as words."""
    complaints = []
    prose = re.sub(r"<[^>]*>|\]\([^)]*\)|https?://\S+", " ", _markdown(notebook))
    words = len(re.findall(r"\w[\w'’.,-]*", prose))
    if words > limits.words:
        complaints.append(Complaint(f"has {words} words of text; at most {limits.words} are allowed"))
    fewest, most = limits.cells
    if not fewest <= len(notebook.cells) <= most:
        complaints.append(Complaint(f"has {len(notebook.cells)} cells; {fewest} to {most} are allowed"))
    return complaints


def folds(notebook) -> list[Complaint]:
    """Folds have air round them, an empty line follows each, and what comes after the last one is a cell of its own.

    Without the empty line, Jupyter shows the Markdown after the fold as plain text. JupyterLab has no space between folds.
    """
    complaints = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown" or "<details" not in cell.source:
            continue
        found = [
            f"needs an empty line between </details> and {rest[1]!r}"
            for rest in re.finditer(r"</details>[ \t]*\n(?!\n|<details)(.+)", cell.source)
        ]
        found += [
            f"begin each fold with {FOLD}, not {tag}"
            for tag in re.findall("<details[^>]*>", cell.source)
            if tag != FOLD
        ]
        if rest := cell.source.rpartition("</details>")[2].strip():
            found.append(f"what follows its last fold has to be a cell of its own: {rest.splitlines()[0]!r}")
        complaints += [Complaint(text, cell.id) for text in found]
    return complaints


def code_length(notebook, limits: Limits = FIRST_EDITION) -> list[Complaint]:
    """A code cell shows one idea, so its lines are limited. Blank lines and nbgrader's markers don't count."""
    complaints = []
    for cell in _code_cells(notebook):
        most = limits.model_lines if "model" in _tags(cell) else limits.lines
        lines = [line for line in cell.source.splitlines() if line.strip() and not re.search(_MARKER, line)]
        if len(lines) > most:
            complaints.append(
                Complaint(
                    f"has {len(lines)} lines; at most {most} are allowed ({limits.model_lines} in a cell tagged `model`)",
                    cell.id,
                )
            )
    return complaints


def code_width(notebook) -> list[Complaint]:
    """A line of code is seen whole, without scrolling, on a small screen and in print."""
    return [
        Complaint(f"line {number} has {len(line)} characters; at most {WIDTH} are allowed", cell.id)
        for cell in _code_cells(notebook)
        for number, line in enumerate(cell.source.splitlines(), 1)
        if len(line) > WIDTH
    ]


def figures(notebook) -> list[Complaint]:
    """Every figure has alternative text, for people who can't see it and for pages that can't load it."""
    complaints = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            alts = re.findall(r"!\[([^\]]*)\]", cell.source)
            for tag in re.findall("<img[^>]*>", cell.source):
                alt = re.search(r"""alt=["']([^"']*)""", tag)
                alts.append(alt[1] if alt else "")
            complaints += [
                Complaint("has an image without alternative text", cell.id) for alt in alts if not alt.strip()
            ]
        elif cell.cell_type == "code":
            complaints += [
                Complaint(f"{call} needs alt='what the figure shows'", cell.id) for call in _shows_without_alt(cell)
            ]
    return complaints


def paired_predictions(notebook) -> list[Complaint]:
    """What is predicted gets its outcome in a later cell, and the table of all predictions comes after both."""
    asked, told, ends = (_named_calls(notebook, name) for name in ("predict", "outcome", "predictions"))
    last = list(ends.values())[-1:]
    complaints = [
        Complaint(f"predict({name!r}) has no outcome({name!r}) in a later cell", notebook.cells[place].id)
        for name, place in asked.items()
        if told.get(name, -1) <= place
    ]
    complaints += [
        Complaint(f"outcome({name!r}) has no predict({name!r}) in a cell before", notebook.cells[place].id)
        for name, place in told.items()
        if name not in asked
    ]
    if asked and not (last and last[0] > max([*asked.values(), *told.values()])):
        complaints.append(Complaint("needs `predictions()` in a cell after its last prediction and outcome"))
    return complaints


def _named_calls(notebook, function: str) -> dict[str, int]:
    """Return the name that each call of a prediction's function gives, with the index of its cell.

    `model.predict(faces)` is another function: it is given no text. `predictions()` is given nothing.
    """
    found = {}
    for index, cell in enumerate(notebook.cells):
        for node in ast.walk(_syntax(cell)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == function:
                name = getattr(node.args[0], "value", None) if node.args else ""
                if isinstance(name, str):
                    found[name] = index
    return found


def sections(notebook) -> list[Complaint]:
    """Every lesson has a title, the same sections, and a quiz with folded answers, so that learners find their way."""
    complaints = []
    if not (notebook.cells and notebook.cells[0].source.startswith("# ")):
        complaints.append(Complaint("the first cell has to begin with the title, `# …`"))
    for name in SECTIONS:
        if not any(text.lower().startswith(name.lower()) for text in _headings(notebook)):
            complaints.append(Complaint(f"no heading begins with {name!r}"))
    found = _section(notebook, "Quiz").count("<details")
    if found != QUESTIONS:
        complaints.append(
            Complaint(
                f"the section Quiz has {found} answers in <details> folds; it needs {QUESTIONS} questions with one each"
            )
        )
    return complaints


def exercises(notebook, limits: Limits = FIRST_EDITION) -> list[Complaint]:
    """An exercise is four cells in this order: header with difficulty and minutes, answer, check, hints."""
    least, most = limits.exercises
    complaints = []
    answers = [index for index, cell in enumerate(notebook.cells) if cells.is_solution(cell)]
    if not least <= len(answers) <= most:
        allowed = str(least) if least == most else f"{least} to {most}"
        complaints.append(Complaint(f"has {len(answers)} exercises; {allowed} are expected"))
    for index in answers:
        answer = notebook.cells[index]
        before, after = notebook.cells[max(index - 1, 0) : index], notebook.cells[index + 1 : index + 3]
        problems = [*_header_problems(before), *_answer_problems(answer), *_check_problems(answer, after)]
        if not any(re.search(r"(?is)<details.*hint", cell.source) for cell in [*before, *after[1:]]):
            problems.append("its hints are missing: write them in <details> folds, after the check or in the header")
        complaints += [Complaint(problem, answer.id) for problem in problems]
    checks = sum(cells.is_check(cell) for cell in notebook.cells)
    if checks != len(answers):
        complaints.append(Complaint(f"has {checks} check cells for {len(answers)} exercises"))
    return complaints


def _header_problems(before: list) -> list[str]:
    header = before[0] if before and before[0].cell_type == "markdown" else None
    if header is None or not re.search(r"^#{2,6} .*Exercise", header.source, re.MULTILINE):
        return ["the cell before it has to be its header, `### Exercise …`"]
    problems = []
    if not re.search(r"(?i)difficulty|[★☆]{3}", header.source):
        problems.append("its header has to give the difficulty")
    if not re.search(r"(?i)\d+ *min", header.source):
        problems.append("its header has to give the minutes")
    return problems


def _answer_problems(answer) -> list[str]:
    functions = [node for node in ast.walk(_syntax(answer)) if isinstance(node, ast.FunctionDef)]
    if not functions:
        return ["the learner has to write a function; there is none"]
    function = functions[0]
    problems = []
    if not ast.get_docstring(function):
        problems.append(f"{function.name} needs a docstring")
    if not function.returns or not all(argument.annotation for argument in function.args.args):
        problems.append(f"{function.name} needs type annotations, also of what it returns")
    return problems


def _check_problems(answer, after: list) -> list[str]:
    expected = f"check-{answer.metadata['nbgrader'].get('grade_id')}"
    if after and cells.is_check(after[0]) and after[0].metadata["nbgrader"].get("grade_id") == expected:
        return []
    return [f"the next cell has to be its check, with the grade_id {expected!r}"]


# ------------------------------------------------------------------------------ rules for solutions, and for lessons


def kept_outputs(notebook) -> list[Complaint]:
    """In a solution, cells tagged `nbval-check-output` keep their outputs, and no other cells.

    nbval compares these outputs, and skips cells without an execution count. Other outputs would only change in every commit.
    """
    complaints = []
    code = _code_cells(notebook)
    kept = sum(KEEP_TAG in _tags(cell) for cell in code)
    if kept < KEPT:
        complaints.append(Complaint(f"{kept} cells are tagged {KEEP_TAG}; at least {KEPT} are expected"))
    for cell in code:
        if KEEP_TAG in _tags(cell):
            if not cell.outputs or cell.execution_count is None:
                complaints.append(Complaint("has to keep its outputs. Run `fer-course tidy --execute`.", cell.id))
            if any(name.startswith("image/") for output in cell.outputs for name in output.get("data", {})):
                complaints.append(
                    Complaint(f"keeps a picture. Tag only cells whose output is text {KEEP_TAG}.", cell.id)
                )
        elif cell.outputs or cell.execution_count is not None:
            complaints.append(Complaint("has outputs or an execution count. Run `fer-course tidy`.", cell.id))
    return complaints


def errors_stop(notebook) -> list[Complaint]:
    """In a solution no cell may raise an error."""
    return [
        Complaint(f"is tagged {LESSON_TAG}; only lessons have this tag", cell.id)
        for cell in notebook.cells
        if LESSON_TAG in _tags(cell)
    ]


def checks_may_fail(notebook) -> list[Complaint]:
    """In a lesson the checks may raise, so that Run All reaches the end before the exercises are solved."""
    return [
        Complaint(f"check cells, and no others, have to be tagged {LESSON_TAG}", cell.id)
        for cell in notebook.cells
        if (LESSON_TAG in _tags(cell)) != cells.is_check(cell)
    ]


def no_outputs(notebook) -> list[Complaint]:
    """A lesson is handed out without outputs: they would give the answers away."""
    return [
        Complaint("has outputs or an execution count; a lesson has none", cell.id)
        for cell in _code_cells(notebook)
        if cell.outputs or cell.execution_count is not None
    ]


def secrets(lesson, solution) -> list[Complaint]:
    """A lesson holds no line of its solution, unless the solution shows this line outside the answers too."""
    answers: set[str] = set()
    shown: set[str] = set()
    for cell in solution.cells:
        in_answer = False
        for line in cell.source.splitlines():
            in_answer = in_answer or "BEGIN SOLUTION" in line
            if in_answer:
                answers.add(line.strip())
            else:
                shown.add(line.strip())
            in_answer = in_answer and "END SOLUTION" not in line
    secret = sorted(line for line in answers - shown if len(line) >= SECRET and not re.search(_MARKER, line))
    complaints = [
        Complaint(f"gives the solution away: {line}", cell.id)
        for cell in lesson.cells
        for line in secret
        if line in cell.source
    ]
    return complaints + [
        Complaint("holds BEGIN SOLUTION", cell.id) for cell in lesson.cells if "BEGIN SOLUTION" in cell.source
    ]


Rule = Callable[..., list[Complaint]]
_RULES: tuple[Rule, ...] = (
    notebook_format, cell_ids, widget_state, syntax, parameters, folds, code_width, figures,
    paired_predictions, sections,
)  # fmt: skip
#: The rules that need to know how much a lesson may hold.
SIZE_RULES: tuple[Rule, ...] = (length, code_length, exercises)
#: The rules for a solution and for a lesson, apart from those and from `secrets`, which compares the two.
SOLUTION_RULES: tuple[Rule, ...] = (*_RULES, kept_outputs, errors_stop)
LESSON_RULES: tuple[Rule, ...] = (*_RULES, checks_may_fail, no_outputs)


# --------------------------------------------------------------------------------------------------- helpers


def _tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def _code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _markdown(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def _text(notebook) -> str:
    """Return the Markdown with straight apostrophes, and without blocks of code, whose lines may look like headings."""
    text = re.sub(r"^(```|~~~).*?^\1", "", _markdown(notebook), flags=re.MULTILINE | re.DOTALL)
    return text.replace("’", "'")


def _headings(notebook) -> list[str]:
    return re.findall(r"^#{1,6} +(.+?) *$", _text(notebook), re.MULTILINE)


def _section(notebook, name: str) -> str:
    """Return the text under the heading that begins with `name`, up to the next heading of its level or above."""
    text = _text(notebook)
    start = re.search(rf"^(#{{1,6}}) +{re.escape(name)}.*$", text, re.MULTILINE | re.IGNORECASE)
    if not start:
        return ""
    end = re.search(rf"^#{{1,{len(start[1])}}} +", text[start.end() :], re.MULTILINE)
    return text[start.end() : start.end() + end.start()] if end else text[start.end() :]


def _parse(cell) -> ast.Module:
    """Return the syntax tree of a code cell without magics and shell lines; raise `SyntaxError` if the code is not valid."""
    if cell.source.lstrip().startswith("%%"):
        return ast.Module([], [])
    return ast.parse(re.sub(r"^( *)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE))


def _syntax(cell) -> ast.Module:
    """Return the syntax tree of a code cell; empty if it is not valid Python, about which the rule `syntax` complains."""
    try:
        return _parse(cell)
    except SyntaxError:
        return ast.Module([], [])


def _shows_without_alt(cell) -> list[str]:
    """Return the calls of a function or method `show` that have no alternative text, or an empty one."""
    calls = [node for node in ast.walk(_syntax(cell)) if isinstance(node, ast.Call)]
    shows = [call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) == "show"]
    return [ast.unparse(call) for call in shows if not _has_alt(call)]


def _has_alt(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "alt"]
    return bool(given) and not (isinstance(given[0], ast.Constant) and not str(given[0].value or "").strip())
