"""Put a learner's answers back into the lesson as it was handed out, whatever an editor did to the notebook around them.

nbgrader finds answers and checks by metadata of cells. Editors copy, split and strip them; learners move, delete and add cells.
So the notebook that nbgrader grades is the released one, with the learner's answers and additional cells in it.
"""

from __future__ import annotations

import ast
import copy
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from fer_course.classroom.collecting.notebooks import cells_of, source_of, text_of, what_it_is
from fer_course.course.cells import exercise_name, grade_id, grading_of, is_check, is_solution

#: The most code of a notebook, in characters, and of a text that may be code: this process parses it, outside of any sandbox, and
#: takes a second for 50,000. Lessons with their solutions have 20,000.
MOST_CODE = 200_000
#: The most cells: lessons have about fifty.
MOST_CELLS = 2_000


class NotRepairable(Exception):
    """What was handed in is no notebook of this lesson; the text says what it is."""


@dataclass
class Repaired:
    """A notebook that nbgrader can grade.

    Attributes:
        text: the released notebook with the learner's answers.
        remarks: sentences for the teacher: what was not where it was handed out.
        is_begun: any answer differs from what was handed out.

    """

    text: str
    remarks: list[str] = field(default_factory=list)
    is_begun: bool = True


@dataclass
class _Cell:
    """A cell that was handed in: its source, its kind, and the place in the released notebook that it belongs to."""

    source: str
    kind: str
    place: int | None = None
    used: bool = False


def repair(content: bytes, released: str, lesson: str, lesson_of=None) -> Repaired:
    """Return a submission as nbgrader can grade it.

    Args:
        content: the file that was handed in.
        released: the notebook that was handed out.
        lesson: the lesson's name.
        lesson_of: returns the lesson that a file's cells belong to, or "".

    Raises:
        NotRepairable: if it is no notebook, one without any exercise, one of another lesson, or far larger than a lesson.

    """
    theirs = cells_of(content)
    if theirs is None:
        raise NotRepairable(_what_is_wrong(content))
    notebook = json.loads(released)
    places = notebook["cells"]
    cells = [_Cell(source_of(cell), _kind(cell)) for cell in theirs]
    _refuse_too_much(cells)
    remarks = _about_encoding(content)
    remarks += _place(cells, theirs, places)
    exercises = [index for index, place in enumerate(places) if is_solution(place)]
    found = {cell.place for cell in cells}
    wanted = {name for index in exercises for name in _wanted(places[index])}
    if not found & set(exercises):
        other = lesson_of(content) if lesson_of else ""
        if other and other != lesson:
            raise NotRepairable(f"this is lesson {other.split('-')[0]}, not {lesson.split('-')[0]}")
        if not any(_defines(cell.source) & wanted for cell in cells):
            raise NotRepairable("no exercise of this lesson is in it")
    extras = _extras(cells)
    answers: dict[int, str] = {}
    for index in exercises:
        answers[index], said = _answer(cells, index, places)
        remarks += said
    remarks += _checks_put_back(cells, places)
    begun = any(answers[index].strip() != source_of(places[index]).strip() for index in exercises)
    rebuilt, said = _rebuild(places, cells, answers, extras)
    notebook["cells"] = rebuilt
    text = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace").decode()  # halves of letters are no text
    return Repaired(text, list(dict.fromkeys(remarks + said)), begun)


def _refuse_too_much(cells: list[_Cell]) -> None:
    code = sum(len(cell.source) for cell in cells if cell.kind != "markdown")
    if code > MOST_CODE:
        raise NotRepairable(f"it holds {code:,} characters of code; {MOST_CODE:,} are the most")
    if len(cells) > MOST_CELLS:
        raise NotRepairable(f"it has {len(cells):,} cells; {MOST_CELLS:,} are the most")


def _about_encoding(content: bytes) -> list[str]:
    _, encoding = text_of(content)
    said = {
        "utf-8": [],
        "utf-8-sig": ["It begins with a byte order mark."],
        "cp1252": ["It is not UTF-8; it was read as Windows' code page 1252. Look at the letters with accents."],
    }
    return said.get(encoding, [f"It is not UTF-8, but {encoding.upper()}."])


def _what_is_wrong(content: bytes) -> str:
    if not content.strip():
        return "the file is empty"
    try:
        json.loads(text_of(content)[0])
    except UnicodeDecodeError:
        return what_it_is("", content).removeprefix("is ") + " (it is no text)"
    except RecursionError:
        return "it is nested too deeply for a notebook"
    except ValueError as error:
        if content.lstrip().startswith(b"{"):
            return f"it is cut off or damaged: {error}"
        return f"it {what_it_is('', content)}"
    return "it is JSON, but holds no cells"


def _kind(cell: dict) -> str:
    return str(cell.get("cell_type", "raw"))


def _place(cells: list[_Cell], theirs: list[dict], places: list[dict]) -> list[str]:
    """Find out which place of the released notebook each cell belongs to: by nbgrader's id, its own id, or its text."""
    by_grade_id = {name: index for index, place in enumerate(places) if (name := grade_id(place))}
    by_id = {place["id"]: index for index, place in enumerate(places) if "id" in place}
    remarks = []
    for cell, their in zip(cells, theirs, strict=True):
        cell.place = by_grade_id.get(grade_id(their))
        if cell.place is None and not grade_id(their):
            cell.place = by_id.get(str(their.get("id")), by_grade_id.get(str(their.get("id"))))
            if cell.place is not None and grade_id(places[cell.place]):
                remarks.append("Cells have lost nbgrader's metadata; they were recognised by their ids.")
    taken = {cell.place for cell in cells}
    for index, place in enumerate(places):
        match = _by_text(cells, place) if index not in taken else None
        if match is not None:
            match.place = index
            if grade_id(place):
                remarks.append("Cells have lost nbgrader's metadata and their ids; they were recognised by their text.")
    return remarks


def _by_text(cells: list[_Cell], place: dict) -> _Cell | None:
    """Return the cell without a place whose text is that of a place, is its check, or defines what its answer defines."""
    free = [cell for cell in cells if cell.place is None and cell.source.strip()]
    text = source_of(place).strip()
    for cell in free:
        if cell.source.strip() == text:
            return cell
    if is_check(place):
        calls = [line.strip() for line in text.splitlines() if line.strip().startswith("checks.")]
        return next((cell for cell in free if calls and all(call in cell.source for call in calls)), None)
    return None


def _extras(cells: list[_Cell]) -> dict[int, list[_Cell]]:
    """Return the cells that a learner added, by the place of the cell before them; -1 for the first ones."""
    extras = defaultdict(list)
    last = -1
    for cell in cells:
        if cell.place is not None:
            last = cell.place
        elif cell.source.strip():
            extras[last].append(cell)
    return extras


def _answer(cells: list[_Cell], index: int, places: list[dict]) -> tuple[str, list[str]]:
    """Return the source of an answer, and remarks on where it was."""
    name = grade_id(places[index])
    stub = source_of(places[index])
    wanted = _wanted(places[index])
    pieces = [cell for cell in cells if cell.place == index]
    begun = [cell for cell in pieces if cell.source.strip() and cell.source.strip() != stub.strip()]
    remarks = []
    if any(cell.kind != "code" for cell in begun):
        remarks.append(f"The cell of the answer {name} is no code cell any more; its text was executed.")
    while (half := _rest_of_a_split_cell(cells, begun)) is not None:
        begun = [*begun, half]
        _use([half])
    text = _without_checks(_joined(cell.source for cell in begun), places)
    if len(begun) > 1:
        remarks.append(f"The answer {name} is in {len(begun)} cells; they were joined.")
    if begun and wanted <= _defines(text):
        return text, remarks
    if begun and not _is_complete(text):  # a half of a cell that was split, whose other half has lost its metadata
        before, after = _neighbours(cells, begun)
        for parts in ([*begun, *after], [*before, *begun], [*before, *begun, *after]):
            joined = _joined(cell.source for cell in parts)
            if wanted <= _defines(joined):
                _use(parts)
                return joined, [*remarks, f"The answer {name} was split over {len(parts)} cells; they were joined."]
    other = [
        cell for cell in cells if cell.place is None and not cell.used and wanted and wanted <= _defines(cell.source)
    ]
    if other:
        helpers, _ = _neighbours(cells, other[-1:])
        chosen = [*(cell for cell in helpers if cell.kind == "code" and _is_python(cell.source)), other[-1]]
        _use(chosen)
        remarks.append(f"The answer {name} is in another cell; it was taken from there.")
        return _without_checks(_joined([text, *(cell.source for cell in chosen)]), places), remarks
    merged = next(
        (cell for cell in _in_other_answers(cells, index, places) if wanted and wanted <= _defines(cell.source)), None
    )
    if merged:
        remarks.append(f"The answer {name} is in the cell of another answer; it was taken from there.")
        return _without_checks(_joined([text, merged.source]), places), remarks
    if begun:
        return text, remarks
    if not pieces:
        remarks.append(f"The cell of the answer {name} was deleted.")
    return stub, remarks


def _rest_of_a_split_cell(cells: list[_Cell], pieces: list[_Cell]) -> _Cell | None:
    """Return the added cell right after an answer that is no Python alone, but is its continuation; None if there is none."""
    if not pieces:
        return None
    after = cells[cells.index(pieces[-1]) + 1 :][:1]
    for cell in after:
        is_rest = (
            cell.place is None and not cell.used and cell.source.strip() and cell.source.lstrip("\r\n")[:1].isspace()
        )
        if is_rest and _is_complete(_joined([*(piece.source for piece in pieces), cell.source])):
            return cell
    return None


def _in_other_answers(cells: list[_Cell], index: int, places: list[dict]) -> list[_Cell]:
    """Return the cells of other answers, the last one first: cells that were merged hold several answers."""
    return [
        cell for cell in reversed(cells) if cell.place not in {None, index} and is_solution(places[cell.place or 0])
    ]


def _without_checks(text: str, places: list[dict]) -> str:
    """Return an answer without checks that were merged into its cell: one that fails would hide what follows."""
    checks = {
        ast.dump(node)
        for place in places if is_check(place) and (tree := _parsed(source_of(place))) for node in tree.body
    }  # fmt: skip
    try:
        nodes = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text  # with magics, or no Python
    lines = text.split("\n")
    for node in reversed(nodes):
        if ast.dump(node) in checks and isinstance(node, ast.Expr):
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def _neighbours(cells: list[_Cell], pieces: list[_Cell]) -> tuple[list[_Cell], list[_Cell]]:
    """Return the added cells right before and right after the cells of an answer."""
    first, last = cells.index(pieces[0]), cells.index(pieces[-1])
    before: list[_Cell] = []
    after: list[_Cell] = []
    while first > 0 and cells[first - 1].place is None and not cells[first - 1].used:
        first -= 1
        before.insert(0, cells[first])
    while last + 1 < len(cells) and cells[last + 1].place is None and not cells[last + 1].used:
        last += 1
        after.append(cells[last])
    return before, after


def _use(cells: Iterable[_Cell]) -> None:
    for cell in cells:
        cell.used = True


def _joined(sources: Iterable[str]) -> str:
    return "\n".join(source for source in sources if source.strip())


def _checks_put_back(cells: list[_Cell], places: list[dict]) -> list[str]:
    """Return a remark on checks that are not as they were handed out."""
    changed = []
    for index, place in enumerate(places):
        if is_check(place):
            found = [cell for cell in cells if cell.place == index]
            if len(found) != 1 or found[0].kind != "code" or found[0].source.strip() != source_of(place).strip():
                changed.append(exercise_name(place))
    if not changed:
        return []
    return [f"Checks that were changed, copied or deleted were put back: {', '.join(changed)}."]


def _rebuild(
    places: list[dict], cells: list[_Cell], answers: dict[int, str], extras: dict[int, list[_Cell]]
) -> tuple[list[dict], list[str]]:
    """Return the released cells with the learner's answers, versions and additional cells, and remarks."""
    rebuilt: list[dict] = []
    remarks = []
    missing = 0
    order = [cell.place for cell in cells if cell.place is not None]
    if order != sorted(order):
        remarks.append("Cells were moved; they were put back in order.")
    for index, place in enumerate(places):
        if _is_written(place):
            own = [cell for cell in cells if cell.place == index]
            near = extras.get(index - 1, []) + extras.get(index, [])
            answers[index], said = _written(own, near, source_of(place))
            remarks += said
    rebuilt += [_new(cell) for cell in extras[-1] if not cell.used]
    for index, place in enumerate(places):
        made = copy.deepcopy(place)
        own = [cell for cell in cells if cell.place == index]
        if index in answers:
            made["source"] = answers[index]
        elif place["cell_type"] == "code" and not grade_id(place):
            if own:
                made = _new(own[0]) | ({"id": place["id"]} if "id" in place else {})
                extras[index] = own[1:] + extras[index]
            else:
                missing += 1
        rebuilt.append(made)
        rebuilt += [_new(cell) for cell in extras[index] if not cell.used]
    for number, made in enumerate(made for made in rebuilt if "id" not in made):
        made["id"] = f"added-{number}"
    if missing:
        remarks.append(f"{missing} of the lesson's own code cells were deleted; they were put back.")
    return rebuilt, remarks


def _is_written(place: dict) -> bool:
    """Return whether a cell is for an answer in words."""
    return place["cell_type"] == "markdown" and bool(grading_of(place).get("solution"))


def _written(own: list[_Cell], near: list[_Cell], stub: str) -> tuple[str, list[str]]:
    """Return a written answer, from its own cell, or else from cells of text that were added beside it."""
    texts = [cell.source for cell in own if cell.source.strip() and cell.source.strip() != stub.strip()]
    added = [cell for cell in near if cell.kind != "code" and not cell.used and cell.source.strip()]
    if not texts and not added:
        # Text in a code cell is no answer to be executed.
        added = [cell for cell in near if cell.kind == "code" and not cell.used and _is_text(cell.source)]
    if not added:
        return "\n\n".join(texts) or stub, []
    _use(added)
    remark = "The written answer is in another cell; it was taken from there."
    return "\n\n".join([*texts, *(cell.source for cell in added)]), [remark]


def _new(cell: _Cell) -> dict:
    made = {"cell_type": cell.kind, "metadata": {}, "source": cell.source}
    if cell.kind not in {"code", "markdown", "raw"}:
        made["cell_type"] = "raw"
    return made | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})


def _wanted(place: dict) -> set[str]:
    """Return the names that an answer has to define: those that what was handed out defines."""
    return _defines(source_of(place))


def _defines(source: str) -> set[str]:
    """Return the names of the functions, classes and variables that code defines at its top level; none if it is not Python."""
    tree = _parsed(source)
    names = set()
    for node in tree.body if tree else []:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return names


def _is_python(source: str) -> bool:
    return _parsed(source) is not None


def _is_complete(source: str) -> bool:
    """Return whether code can be executed on its own: it is no half of a function."""
    if source.lstrip("\r\n")[:1].isspace() or (tree := _parsed(source)) is None:
        return False
    try:
        compile(tree, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # such as `return` outside of a function
        return False
    return True


def _is_text(source: str) -> bool:
    """Return whether the source of a code cell is words: no Python, or only names, quoted text and comments."""
    tree = _parsed(source)
    return tree is None or all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Name | ast.Constant) for node in tree.body
    )


def _parsed(source: str) -> ast.Module | None:
    from IPython.core.inputtransformer2 import TransformerManager

    if len(source) > MOST_CODE:  # Markdown with a picture in it
        return None
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    # Text that is not Python, or nested too deeply.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
