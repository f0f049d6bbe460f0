"""Make a class: a complete nbgrader course from the solved lessons, and its students."""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
import secrets
from importlib import resources
from pathlib import Path

import yaml

from fer_course import release as lessons
from fer_course._shared.files import refuse_endless, write_text
from fer_course.classroom.places import CONFIG, STUDENTS, gradebook, lessons_of, log_file, nbgrader_of
from fer_course.course import notebooks
from fer_course.errors import ClassError

FIELDS = ("id", "last_name", "first_name", "email")
#: Of the written question; each check has one.
POINTS = 2
EXAMPLE = "ada,Lovelace,Ada,ada@example.org"

_CONFIG = '''"""nbgrader's configuration of this class; every option: https://nbgrader.readthedocs.io"""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "{name}"
c.CourseDirectory.db_url = "{db}"
c.ClearSolutions.code_stub = {{"python": "{stub}"}}
c.Execute.timeout = 120  # seconds a cell
c.OverwriteCells.add_missing_cells = True  # a check that a learner has deleted comes back
c.IncludeHeaderFooter.header = ""

# What the hidden tests draw their numbers from. Keep it to yourself, and out of what you hand out.
c.FerCourse.secret = "{secret}"
'''


def init(
    folder: str | Path, students: str | Path | None = None, db: str | None = None, source: str | Path | None = None
) -> list[str]:
    """Make a class in an empty folder: configuration, students, and each lesson as an assignment with hidden tests.

    Args:
        folder: new or empty.
        students: a CSV with the columns id, last_name, first_name, email (id is enough); none: one is written to be filled.
        db: where the gradebook lies, a URL of SQLAlchemy; none: SQLite in the folder.
        source: the solved lessons; default `solutions/` of the repository.

    Returns:
        The assignments' names.

    Raises:
        ClassError: if the folder is not empty, or the CSV is not as expected.
        LessonError: if there are no solved lessons, or nbgrader is not installed.

    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ClassError(f"{folder} is not empty. Give a new folder for the class.")
    paths = notebooks(source)
    table = read_students(students) if students else []
    secret = secrets.token_hex(16)
    texts = {path.stem: assignment(path, secret) for path in paths}
    name = re.sub(r"\W+", "_", folder.resolve().name)
    db = db or f"sqlite:///{folder.resolve() / 'gradebook.db'}"
    for lesson, text in texts.items():
        write_text(folder / "source" / lesson / f"{lesson}.ipynb", text)
    rows = "\n".join(",".join(row[field] for field in FIELDS) for row in table) or EXAMPLE
    write_text(folder / STUDENTS, f"{','.join(FIELDS)}\n{rows}\n")
    write_text(folder / CONFIG, _CONFIG.format(name=name, db=db, stub=lessons.STUB, secret=secret))
    (folder / CONFIG).chmod(0o600)
    if table:
        enrol(folder)
    return list(texts)


def read_students(path: str | Path) -> list[dict[str, str]]:
    """Read a CSV of students, with commas or, as some spreadsheets write it, semicolons.

    Raises:
        ClassError: if it can't be read, has no column `id`, an empty or doubled id, or one that can't be a folder's name.

    """
    refuse_endless(path, ClassError)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            rows = list(csv.DictReader(file, skipinitialspace=True, delimiter=";" if ";" in head else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ClassError(f"{path} can't be read as CSV: {error}. Save it as CSV (UTF-8).") from None
    seen = set()
    table = [{field: (row.get(field) or "").strip() for field in FIELDS} for row in rows]
    for line, row in enumerate(table, start=2):
        if not re.fullmatch(r"[\w.@-]+", row["id"]) or row["id"].startswith("."):
            raise ClassError(
                f"{path}, line {line}: the id is {row['id']!r}; letters, digits, dots, @ and - are expected. The columns are "
                f"{', '.join(FIELDS)}; only id must be filled."
            )
        if row["id"] in seen:
            raise ClassError(f"{path}, line {line}: the id {row['id']!r} occurs twice.")
        seen.add(row["id"])
    return table


def enrol(folder: str | Path) -> int:
    """Bring the students of `students.csv` into the gradebook; return how many. Nobody is removed from it."""
    table = read_students(Path(folder) / STUDENTS)
    with gradebook(folder) as book:
        for row in table:
            book.update_or_create_student(row["id"], **{field: row[field] for field in FIELDS[1:]})
    return len(table)


def assignment(path: Path, secret: str) -> str:
    """Return a solved lesson as an assignment's source: each check again, hidden, with other numbers; a written question."""
    notebook = lessons.read(path)
    for cell in notebook.cells:
        if lessons.is_check(cell):
            cell.source = _with_hidden(cell.source, seed_of(secret, cell.metadata.nbgrader.grade_id))
    notebook.cells += _written(path.stem.split("-")[0])
    return lessons.text(notebook)


def _written(number: str) -> list:
    """Return a lesson's written question and the cell for its answer, which is graded by hand; [] if it has none."""
    import nbformat

    texts = yaml.safe_load(resources.files(__package__).joinpath("questions.yaml").read_text(encoding="utf-8"))
    if number not in texts:
        return []
    question = f"## In your own words\n\n{texts[number]['question']}\n\nThree to six sentences, in the cell below."
    answer = f"### BEGIN SOLUTION\n{texts[number]['answer']}\n### END SOLUTION"
    entry = {"schema_version": 3, "grade": True, "grade_id": "in-your-own-words", "locked": False, "points": POINTS}
    return [
        nbformat.v4.new_markdown_cell(question, id="question"),
        nbformat.v4.new_markdown_cell(
            answer, id="in-your-own-words", metadata={"nbgrader": entry | {"solution": True, "task": False}}
        ),
    ]


def seed_of(secret: str, grade_id: str) -> int:
    """Return the number from which a hidden check draws its cases: another one for each check and each class."""
    return int.from_bytes(hmac.digest(secret.encode(), grade_id.encode(), hashlib.sha256)[:4], "big")


def _with_hidden(source: str, seed: int) -> str:
    calls = [line for line in source.splitlines() if line.startswith("checks.")]
    body = "\n".join(f"    {line}" for line in calls)
    return f"{source}\n### BEGIN HIDDEN TESTS\nwith checks.hidden({seed}):\n{body}\n### END HIDDEN TESTS"


def release(folder: str | Path, wanted: list[str] | None = None) -> list[Path]:
    """Make what learners get, without solutions and hidden tests, in `release/`; return the notebooks.

    Raises:
        ClassError: if there is no such class or lesson, or nbgrader refuses a notebook.

    """
    config, course = nbgrader_of(folder)
    from nbgrader.converters import GenerateAssignment

    made = []
    with log_file(folder) as log:
        for lesson in lessons_of(folder, wanted):
            course.assignment_id, course.student_id = lesson, "."
            converter = GenerateAssignment(coursedir=course, config=config, log=log, force=True)
            try:
                converter.start()
            except Exception as error:
                raise ClassError(
                    f"nbgrader could not release {lesson}: {error}. Its log: {Path(folder) / 'nbgrader.log'}"
                ) from error
            made.append(Path(folder).resolve() / "release" / lesson / f"{lesson}.ipynb")
    return made
