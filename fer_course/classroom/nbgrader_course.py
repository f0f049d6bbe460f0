"""Make a class: a complete nbgrader course from the solved lessons, and the notebooks that learners get."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from fer_course import course
from fer_course._shared.files import write_text
from fer_course.authoring import lessons
from fer_course.classroom.assignments import assignment
from fer_course.classroom.paths import CONFIG, STUDENTS, lessons_of, log_file, nbgrader_of
from fer_course.classroom.students import EXAMPLE, enrol, read_students, write_students
from fer_course.errors import ClassError

_CONFIG = '''"""nbgrader's configuration of this class; every option: https://nbgrader.readthedocs.io"""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "{name}"
{db}c.ClearSolutions.code_stub = {{"python": "{stub}"}}
c.Execute.timeout = 120  # seconds per cell
c.OverwriteCells.add_missing_cells = True  # restore checks that a learner has deleted
c.IncludeHeaderFooter.header = ""

# What learners hand in goes back into the lesson, is executed in a sandbox, and is stored without anything that a browser would
# execute. These lists are for formgrader; `fer-course class grade` does the same.
c.Autograde.sanitize_preprocessors = [
    "fer_course.classroom.preprocessors.PutBack", "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds", "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells", "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "fer_course.classroom.preprocessors.SandboxedExecute", "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor", "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades", "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata", "fer_course.classroom.preprocessors.Inert",
]

# The hidden tests sample their numbers from this. Keep it secret, and out of what you hand out.
c.FerCourse.secret = "{secret}"
'''


def init(
    folder: str | Path, students: str | Path | None = None, db: str | None = None, source: str | Path | None = None
) -> list[str]:
    """Make a class in an empty folder: configuration, students, and each lesson as an assignment with hidden tests.

    Args:
        folder: new or empty.
        students: a CSV, see `read_table`; None writes an example.
        db: the gradebook's address for SQLAlchemy; None: SQLite in the folder.
        source: the folder of the solved lessons; default `solutions/` of the repository.

    Returns:
        The assignments' names.

    Raises:
        ClassError: if the folder is not empty, or the CSV is not as expected.
        LessonError: if there are no solved lessons, or nbgrader is not installed.

    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ClassError(f"{folder} is not empty. Give a new folder for the class.")
    paths = course.notebooks(source)
    table = read_students(students) if students else []
    secret = secrets.token_hex(16)
    texts = {path.stem: assignment(path, secret) for path in paths}
    name = re.sub(r"\W+", "_", folder.resolve().name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # submissions, marks and the secret are nobody else's
    # Without a line for it the gradebook lies in the folder, also when that is moved or copied.
    db = f"c.CourseDirectory.db_url = {db!r}\n" if db else ""
    for lesson, text in texts.items():
        write_text(folder / "source" / lesson / f"{lesson}.ipynb", text)
    write_students(folder / STUDENTS, table or [EXAMPLE])
    write_text(folder / CONFIG, _CONFIG.format(name=name, db=db, stub=lessons.STUB, secret=secret))
    (folder / CONFIG).chmod(0o600)
    if table:
        enrol(folder)
    return list(texts)


def release(folder: str | Path, wanted: list[str] | None = None) -> list[Path]:
    """Make the learners' notebooks, without solutions and hidden tests, in `release/`; return their paths.

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
