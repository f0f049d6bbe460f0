"""A small class for tests: one lesson with two exercises whose checks need no Keras, and answers of every kind to it."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat

LESSON = "99-small"
MIRROR = '''def mirror(image):
    """Mirror a picture."""
    ### BEGIN SOLUTION
    return image[:, ::-1]
    ### END SOLUTION'''
SIZE = '''def output_size(size, kernel, stride=1, padding=0):
    """In how many places a kernel fits."""
    ### BEGIN SOLUTION
    return (size + 2 * padding - kernel) // stride + 1
    ### END SOLUTION'''
CHECKS = {"mirror": "checks.start.mirror(mirror)", "size": "checks.convolutions.output_size(output_size)"}
STUDENTS = ["ada", "alan", "grace", "emmy", "mary", "sofia"]


def graded(name: str, solution: bool) -> dict:
    entry = {
        "schema_version": 3,
        "grade": not solution,
        "grade_id": name,
        "locked": not solution,
        "solution": solution,
        "task": False,
    }
    return {"nbgrader": entry if solution else entry | {"points": 1}}


def lesson() -> nbformat.NotebookNode:
    """Return the solved lesson."""
    cells = [
        nbformat.v4.new_markdown_cell("# Small", id="title"),
        nbformat.v4.new_code_cell("from fer_course import checks", id="load"),
    ]
    for name, source in (("mirror", MIRROR), ("size", SIZE)):
        cells += [
            nbformat.v4.new_code_cell(source, id=name, metadata=graded(name, True)),
            nbformat.v4.new_code_cell(CHECKS[name], id=f"check-{name}", metadata=graded(f"check-{name}", False)),
        ]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def source(folder: Path) -> Path:
    """Write the folder of solved lessons."""
    folder.mkdir(parents=True)
    nbformat.write(lesson(), folder / f"{LESSON}.ipynb")
    return folder


def students(path: Path) -> Path:
    """Write the students' CSV."""
    path.write_text(
        "id,last_name,first_name,email\n" + "".join(f"{name},Of,{name},{name}@example.org\n" for name in STUDENTS)
    )
    return path


def answered(release: Path, mirror: str | None = None, size: str | None = None, change=None) -> str:
    """Return the text of a learner's notebook: the released one with these answers, and `change` done to it."""
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        answer = {"mirror": mirror, "size": size}.get(cell.id)
        if answer is not None:
            cell.source = answer
    if change:
        change(notebook)
    return json.dumps(notebook)


def hand_in(place: Path, student: str, text: str) -> None:
    """Put a learner's notebook where a learning platform's export would have it."""
    (place / student).mkdir(parents=True, exist_ok=True)
    (place / student / f"{LESSON}.ipynb").write_text(text)


def make_class(place: Path, submissions: Mapping[str, Callable[[Path], str]]) -> Path:
    """Make a class in which these were handed in and collected: student -> text of a notebook, made of the one handed out."""
    from fer_course.classroom import nbgrader_course
    from fer_course.classroom.collecting import collect

    folder = place / "class"
    nbgrader_course.init(folder, students(place / "students.csv"), source=source(place / "solved"))
    (release,) = nbgrader_course.release(folder)
    for student, made in submissions.items():
        hand_in(place / "in", student, made(release))
    collect(folder, place / "in")
    return folder


def graded_by_nbgrader(folder: Path, theirs: Path) -> Path:
    """Copy a class, grade the copy with nbgrader's own command, one submission after the other, and return it."""
    from nbgrader.converters import Autograde

    from fer_course.classroom.paths import CONFIG, nbgrader_of

    shutil.copytree(folder, theirs)
    (theirs / CONFIG).write_text((theirs / CONFIG).read_text().replace(str(folder.resolve()), str(theirs.resolve())))
    config, course = nbgrader_of(theirs)
    course.assignment_id = LESSON
    del config["Autograde"]  # nbgrader's own steps, in place of those that the class has from us
    Autograde(coursedir=course, config=config).start()
    return theirs
