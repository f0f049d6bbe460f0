"""A class of learners in every state that marks know, for tests; each has a hand-made answer whose marks are known."""

import csv
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import classes
import nbformat

from fer_course.classroom import nbgrader_course, sandbox
from fer_course.classroom.collecting import collect
from fer_course.classroom.grading import grade
from fer_course.classroom.paths import CONFIG, gradebook
from fer_course.classroom.sandbox import Limits

LESSON = "03-small"
STUDENTS = """id,last_name,first_name,email,group,other_ids
ada,Lovelace,Ada,ada@example.org,A,1001
alan,Turing,Alan,alan@example.org,A,1002
grace,Hopper,Grace,grace@example.org,B,1003
emmy,Noether,Emmy,emmy@example.org,B,1004
mary,Someren-Greve,Mary,mary@example.org,B,1005
sofia,Ковалевская,Софья,sofia@example.org,B,1006
hypatia,=HYPERLINK("x"),Hypatia,hypatia@example.org,B,1007
lise,Meitner,Lise,lise@example.org,B,1008
nina,Bari,Nina,nina@example.org,B,1009
olga,Ladyzhenskaya,Olga,olga@example.org,B,1010
"""
RIGHT_MIRROR = "def mirror(image):\n    return image[:, ::-1]"
RIGHT_SIZE = (
    "def output_size(size, kernel, stride=1, padding=0):\n    return (size + 2 * padding - kernel) // stride + 1"
)
ONE_TOO_FEW = RIGHT_SIZE.removesuffix(" + 1")
BY_HEART = RIGHT_SIZE.replace(
    "    return", "    if size not in (48, 7, 9, 10, 11, 6, 12):\n        return 0\n    return"
)
#: Tells what it finds of the check that calls it.
TELLS = """def mirror(image):
    from fer_course.checks import core
    raise ValueError(f"### BEGIN HIDDEN TESTS with checks.hidden({core._seed.get()})")"""
DIES = "import os\nos._exit(1)"
#: An hour costs a quarter of a point; a plugin of the teacher's own, in the class's folder.
PLUGIN = """from nbgrader.plugins import BasePlugin


class PerHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 0.25 * (total_seconds_late // 3600)
"""
WORDS = "The six channels: each kernel has a slice for every channel. <b>Bold</b> & co."


def answers() -> dict[str, dict]:
    """Return how each notebook is made that can be graded: student -> answers."""
    return {
        "ada": {"mirror": RIGHT_MIRROR, "size": RIGHT_SIZE, "change": write(WORDS)},
        "alan": {"mirror": RIGHT_MIRROR, "size": ONE_TOO_FEW},
        "grace": {"mirror": RIGHT_MIRROR, "size": RIGHT_SIZE, "change": write("Six.")},
        "emmy": {"mirror": RIGHT_MIRROR, "size": BY_HEART},
        "mary": {"mirror": TELLS, "size": RIGHT_SIZE},
        "sofia": {"mirror": RIGHT_MIRROR, "size": DIES},
    }


def write(text: str):
    """Return what puts a written answer into a notebook."""

    def change(notebook) -> None:
        next(cell for cell in notebook.cells if cell.id == "in-your-own-words").source = text

    return change


def moodle_export(path: Path, release: Path, files: dict[str, tuple[str, bytes]], hours: dict[str, int]) -> Path:
    """Write an export of Moodle's: student -> (the file's name, content), each handed in on 1 March 2026."""
    names = {row.split(",")[0]: index for index, row in enumerate(STUDENTS.splitlines())}
    with zipfile.ZipFile(path, "w") as archive:
        for student, (name, content) in files.items():
            time = datetime(2026, 3, 1, hours.get(student, 10))
            folder = f"{full_name(student)}_{4000 + names[student]}_assignsubmission_file_"
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", time.timetuple()[:6]), content)
    return path


def full_name(student: str) -> str:
    row = next(
        row
        for row in csv.DictReader(STUDENTS.replace('=HYPERLINK("x")', "Alexandria").splitlines())
        if row["id"] == student
    )
    return f"{row['first_name']} {row['last_name']}"


def make(place: Path) -> Path:
    """Make the class, grade it, and grade Ada's words by hand."""
    folder = place / "class"
    solved = place / "solved"
    solved.mkdir()
    nbformat.write(classes.lesson(), solved / f"{LESSON}.ipynb")
    nbformat.write(classes.lesson(), solved / "04-later.ipynb")
    (place / "students.csv").write_text(STUDENTS.replace('=HYPERLINK("x")', "Alexandria"), encoding="utf-8")
    nbgrader_course.init(folder, place / "students.csv", source=solved)
    (release,) = nbgrader_course.release(folder, ["03"])
    (folder / "penalty.py").write_text(PLUGIN)
    with open(folder / CONFIG, "a") as file:
        file.write('c.AssignLatePenalties.plugin_class = "penalty.PerHour"\n')
    with gradebook(folder) as book:
        book.update_or_create_assignment(LESSON, duedate=datetime(2026, 3, 1, 12))
    name = f"{LESSON}.ipynb"
    files = {student: (name, classes.answered(release, **made).encode()) for student, made in answers().items()}
    files |= {"hypatia": (name, b"{ no JSON"), "lise": ("solution.pdf", b"%PDF-1.7 ...")}
    collect(folder, moodle_export(place / "export.zip", release, files, {"alan": 15}), lesson="03", timezone=UTC)
    grade(
        folder,
        limits=Limits(seconds=60, cell_seconds=20, memory=1_500_000_000),
        unsafe=bool(sandbox.missing()),
        progress=lambda line: None,
    )
    more = {"nina": (name, classes.answered(release, mirror=RIGHT_MIRROR).encode())}
    collect(folder, moodle_export(place / "more.zip", release, more, {}), lesson="03", timezone=UTC)
    with gradebook(folder) as book:
        grade_by_hand(book, "ada", 1.5, "Clear, but where is the bias? <script>alert(1)</script>")
        student = book.find_student("hypatia")
        student.last_name = '=HYPERLINK("x")'
        book.db.commit()
    return folder


def grade_by_hand(book, student: str, points: float, comment: str) -> None:
    """Grade a written answer, as nbgrader's formgrader does."""
    grade = book.find_grade("in-your-own-words", LESSON, LESSON, student)
    grade.manual_score = points
    grade.needs_manual_grade = False
    book.find_comment("in-your-own-words", LESSON, LESSON, student).manual_comment = comment
    book.db.commit()
