"""How a class stands with a lesson: who is left, how the marks are spread, what was hard, and whose answers are alike."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fer_course.classroom.collecting import ledger as states
from fer_course.classroom.collecting.ledger import HandedIn, ledger
from fer_course.classroom.collecting.notebooks import source_of, without_marks
from fer_course.classroom.grading import remarks_of
from fer_course.classroom.harmless import one_line
from fer_course.classroom.marks import marks
from fer_course.classroom.paths import lessons_of
from fer_course.classroom.similarity import Alike, alike, same_as
from fer_course.course.cells import exercise_name, grade_id, is_check, is_solution

#: What a teacher still has to do with a submission, by its status in the marks.
LEFT = {
    "submitted": "not graded yet",
    "failed": "could not be graded",
    "unreadable": "handed in, but no notebook",
    "to grade by hand": "written answer not graded yet",
    "missing": "nothing handed in",
}
#: How many hints are listed for an exercise.
COMMONEST = 3


@dataclass
class Exercise:
    """How an exercise went.

    Attributes:
        name: its name.
        solved: in how many submissions its check passed.
        of: of how many.
        hints: (hint, in how many submissions), the commonest first.

    """

    name: str
    solved: int = 0
    of: int = 0
    hints: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class LessonReport:
    """How a class stands with a lesson.

    Attributes:
        lesson: its name.
        statuses: status -> the ids of those with it, as in the marks.
        reasons: id -> why that submission failed, or could not be read.
        remarks: id -> what the teacher should look at.
        scores: the scores of all graded submissions, in points.
        most: the points that can be had; None if nothing was graded.
        exercises: in the order of the lesson.
        alike: pairs of submissions that are nearly identical.
        copied: id -> the exercises whose answer is the course's.
        undecided: files of this lesson that are nobody's yet.

    """

    lesson: str
    statuses: dict[str, list[str]]
    reasons: dict[str, str]
    remarks: dict[str, list[str]]
    scores: list[float]
    most: float | None
    exercises: list[Exercise]
    alike: list[Alike]
    copied: dict[str, list[str]]
    undecided: list[HandedIn]


def report(
    folder: str | Path, wanted: list[str] | None = None, students: list[str] | None = None
) -> list[LessonReport]:
    """Return how a class stands with each lesson that was handed out.

    Args:
        folder: the class.
        wanted: lessons, by number or name; None: all that were handed out.
        students: ids; None: all.

    Raises:
        ClassError: if there is no such class or lesson.

    """
    rows = [row for row in marks(folder) if students is None or row["id"] in students]
    known = {row["lesson"] for row in rows}
    files = ledger(folder)
    return [
        _lesson_report(Path(folder), lesson, rows, files) for lesson in lessons_of(folder, wanted) if lesson in known
    ]


def _lesson_report(folder: Path, lesson: str, rows: list[dict], files: list[HandedIn]) -> LessonReport:
    rows = [row for row in rows if row["lesson"] == lesson]
    statuses = defaultdict(list)
    for row in rows:
        statuses[row["status"]].append(row["id"])
    notebooks = {row["id"]: cells for row in rows if (cells := _graded_cells(folder, row["id"], lesson))}
    solved = json.loads((folder / "source" / lesson / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]
    released = json.loads((folder / "release" / lesson / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]
    answers = {student: _answers(cells) for student, cells in notebooks.items()}
    return LessonReport(
        lesson=lesson,
        statuses=dict(statuses),
        reasons={row["id"]: row["remarks"] for row in rows if row["status"] in {"failed", "unreadable"}},
        remarks={row["id"]: found for row in rows if (found := remarks_of(folder, row["id"], lesson))},
        scores=[float(row["score"]) for row in rows if row["id"] in notebooks and row["score"] != ""],
        most=next((float(row["max_score"]) for row in rows if row["max_score"] != ""), None),
        exercises=_exercises(solved, notebooks),
        alike=alike(answers, _answers(released)),
        copied=same_as(
            answers, {name: without_marks(text) for name, text in _answers(solved).items()}, _answers(released)
        ),
        undecided=[row for row in files if row.state in {states.UNSURE, states.NOBODY} and row.lesson in {lesson, ""}],
    )


def _graded_cells(folder: Path, student: str, lesson: str) -> list[dict]:
    path = folder / "autograded" / student / lesson / f"{lesson}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))["cells"] if path.is_file() else []


def _answers(cells: list[dict]) -> dict[str, str]:
    return {grade_id(cell): source_of(cell) for cell in cells if is_solution(cell)}


def _exercises(solved: list[dict], notebooks: dict[str, list[dict]]) -> list[Exercise]:
    names = [exercise_name(cell) for cell in solved if is_check(cell)]
    hints: dict[str, Counter[str]] = {name: Counter() for name in names}
    passed: Counter[str] = Counter()
    for cells in notebooks.values():
        for check in (cell for cell in cells if is_check(cell)):
            said = list(_errors(check))
            if not said:
                passed[exercise_name(check)] += 1
            hints.get(exercise_name(check), Counter()).update(said[:1])
    return [Exercise(name, passed[name], len(notebooks), hints[name].most_common(COMMONEST)) for name in names]


def _errors(check: dict) -> Iterator[str]:
    """Yield the hint or error of a check, without the values that differ between learners, so that equal hints can be counted."""
    for output in check.get("outputs", []):
        if output.get("output_type") == "error":
            text = "".join(str(output.get("evalue")).strip().splitlines()[:1])  # an error need not say anything
            hint = text if output.get("ename") in {"Hint", "NotAttempted"} else f"{output.get('ename')}: {text}"
            yield re.sub(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", "…", hint)


def as_text(found: LessonReport) -> str:
    """Return a report as text, without the parts that hold nothing."""
    graded = sum(len(ids) for status, ids in found.statuses.items() if status in {"graded", "late", "to grade by hand"})
    everybody = sum(len(ids) for ids in found.statuses.values())
    lines = [f"{found.lesson}: {graded} of {everybody} graded", ""]
    lines += _left(found)
    lines += _spread(found)
    lines += _per_exercise(found)
    if found.remarks:
        lines += [
            "Look at:",
            *(f"  {student}: {' '.join(said)}" for student, said in sorted(found.remarks.items())),
            "",
        ]
    if found.alike:
        lines += ["Nearly the same answers, where others differ (talk to both; it proves nothing):"]
        lines += [f"  {' and '.join(pair.students)}: {pair.share:.0%}" for pair in found.alike] + [""]
    if found.copied:
        lines += ["Answers that are the course's own, token for token:"]
        lines += [f"  {student}: {', '.join(names)}" for student, names in sorted(found.copied.items())] + [""]
    return "\n".join(map(one_line, lines))  # there are names of files in them, and words of submissions


def _left(found: LessonReport) -> list[str]:
    lines = []
    for status, meaning in LEFT.items():
        ids = found.statuses.get(status, [])
        if ids and status in {"failed", "unreadable"}:
            lines += [f"{len(ids)} {meaning}:", *(f"  {student}: {found.reasons.get(student, '')}" for student in ids)]
        elif ids:
            lines.append(f"{len(ids)} {meaning}: {', '.join(ids)}")
    if found.undecided:
        lines += [f"{len(found.undecided)} files are nobody's yet (class collect --assign):"]
        lines += [f"  {row.file}: {row.why}" for row in found.undecided]
    return [*lines, ""] if lines else []


def _spread(found: LessonReport) -> list[str]:
    if not found.scores or not found.most:
        return []
    scores = sorted(found.scores)
    quarters = statistics.quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else [scores[0]] * 3
    shares = Counter(min(4, int(5 * score / found.most)) for score in scores)
    widest = max(shares.values())
    lines = [
        f"Points, of {found.most:g}: lowest {scores[0]:g}, quarter {quarters[0]:g}, half {quarters[1]:g}, three quarters "
        f"{quarters[2]:g}, highest {scores[-1]:g}"
    ]
    for step in range(5):
        count = shares[step]
        lines.append(f"  {20 * step:>3}–{20 * step + 20:<3} %  {'█' * round(30 * count / widest):<30} {count}")
    return [*lines, ""]


def _per_exercise(found: LessonReport) -> list[str]:
    if not any(exercise.of for exercise in found.exercises):
        return []
    lines = ["Exercises, and the commonest hints:"]
    for exercise in found.exercises:
        lines.append(f"  {exercise.name}: {exercise.solved} of {exercise.of} solved")
        lines += [f"      {count} × {hint[:160]}" for hint, count in exercise.hints]
    return [*lines, ""]
