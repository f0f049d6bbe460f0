"""A class is made from solved lessons: nbgrader's configuration, students, and checks that are repeated with other numbers."""

import re
import subprocess
import sys

import classes
import nbformat
import pytest
from repository import ROOT

from fer_course import checks
from fer_course.classroom import assignments, nbgrader_course, students
from fer_course.classroom.paths import gradebook, lessons_of, nbgrader_of
from fer_course.course import cells, notebooks
from fer_course.errors import ClassError

pytest.importorskip("nbgrader")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A class that no test damages."""
    tmp_path = tmp_path_factory.mktemp("setting-up")
    nbgrader_course.init(
        tmp_path / "class", classes.students(tmp_path / "students.csv"), source=classes.source(tmp_path / "solved")
    )
    return tmp_path / "class"


@pytest.mark.slow
def test_class_is_a_course_that_nbgrader_itself_accepts(folder):
    nbgrader = [sys.executable, "-m", "nbgrader"]
    done = subprocess.run(
        [*nbgrader, "generate_assignment", classes.LESSON, "--force"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    theirs = (folder / "release" / classes.LESSON / f"{classes.LESSON}.ipynb").read_text()
    nbgrader_course.release(folder)
    assert (folder / "release" / classes.LESSON / f"{classes.LESSON}.ipynb").read_text() == theirs


def test_release_holds_neither_solutions_nor_hidden_tests(folder):
    (path,) = nbgrader_course.release(folder)
    text = path.read_text()
    assert "image[:, ::-1]" not in text
    assert "HIDDEN" not in text
    assert "checks.hidden" not in text
    assert "your code here" in text
    assert "checks.hidden" in (folder / "source" / classes.LESSON / f"{classes.LESSON}.ipynb").read_text()


def test_students_are_in_the_gradebook(folder):
    with gradebook(folder) as book:
        assert sorted(student.id for student in book.students) == sorted(classes.STUDENTS)
        assert book.find_student("ada").email == "ada@example.org"


def test_each_class_has_hidden_numbers_of_its_own(tmp_path):
    lesson = classes.source(tmp_path / "solved") / f"{classes.LESSON}.ipynb"
    one, two = (assignments.assignment(lesson, secret) for secret in ("a", "b"))
    seeds = [re.findall(r"checks\.hidden\((\d+)\)", text) for text in (one, two)]
    assert len(seeds[0]) == 2
    assert len({*seeds[0], *seeds[1]}) == 4
    assert assignments.assignment(lesson, "a") == one


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_each_lesson_becomes_an_assignment_whose_checks_are_repeated(path):
    notebook = nbformat.reads(assignments.assignment(path, "secret"), as_version=4)
    hidden = [cell.source for cell in notebook.cells if "BEGIN HIDDEN TESTS" in cell.source]
    assert len(hidden) == sum(map(cells.is_check, notebook.cells))
    *_, question, answer = notebook.cells
    assert question.source.startswith("## In your own words")
    assert answer.metadata.nbgrader.points == assignments.question_of(path.stem[:2]).points
    assert (answer.metadata.nbgrader.grade, answer.metadata.nbgrader.solution) == (True, True)
    for source in hidden:
        compile(source, path.name, "exec")
        shown, repeated = (re.findall(rf"^{indent}(checks\..+)$", source, re.MULTILINE) for indent in ("", "    "))
        assert shown == repeated != []


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_notes_for_instructors_show_the_question_and_its_rubric(path):
    """The notes wrap lines; everything else is the same."""
    question = assignments.question_of(path.stem[:2])
    notes = (ROOT / "docs" / "instructors" / f"{path.stem}.md").read_text()
    section = notes.split("## One question to grade by hand")[1].split("\n## ")[0]
    words = re.sub(r"^> ?", "", section, flags=re.MULTILINE).split()
    expected = f"({question.points} points) {question.text} {question.rubric}".split()
    assert words == expected


def test_hidden_check_catches_an_answer_that_knows_the_numbers():
    import numpy as np

    seen = []

    def spy(image):
        seen.append(image.copy())
        return image[:, ::-1]

    checks.start.mirror(spy)
    open_, known = list(seen), {image.tobytes() for image in seen}

    def cheat(image):
        return image[:, ::-1] if image.tobytes() in known else np.zeros_like(image)

    checks.start.mirror(cheat)
    with checks.hidden(1), pytest.raises(checks.Hint):
        checks.start.mirror(cheat)
    seen.clear()
    with checks.hidden(1):
        checks.start.mirror(spy)
    assert not {image.tobytes() for image in seen} & {image.tobytes() for image in open_}


@pytest.mark.slow
def test_another_gradebook_by_its_url(tmp_path):
    place = tmp_path / "elsewhere.db"
    nbgrader_course.init(tmp_path / "class", db=f"sqlite:///{place}", source=classes.source(tmp_path / "solved"))
    (tmp_path / "class" / "students.csv").write_text("id\nada\n")
    assert students.enrol(tmp_path / "class") == 1
    assert place.is_file()


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["", "byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["Unix", "Windows"])
@pytest.mark.parametrize("comma", [",", ", ", ";"])
def test_students_as_spreadsheets_write_them(tmp_path, start, end, comma):
    table = [("id", "last_name", "first_name"), ("ada", "Lovelace", "Ada"), ("émmy", "Nöther", '"Emmy, Amalie"')]
    text = start + "".join(comma.join(row) + end for row in table)
    (tmp_path / "students.csv").write_text(text, encoding="utf-8", newline="")
    ada, emmy = students.read_students(tmp_path / "students.csv")
    known = ("id", "last_name", "first_name", "email", "group", "other_ids")
    assert tuple(ada[name] for name in known) == ("ada", "Lovelace", "Ada", "", "", "")
    assert tuple(emmy[name] for name in known) == ("émmy", "Nöther", "Emmy, Amalie", "", "", "")


def test_students_in_another_encoding(tmp_path):
    (tmp_path / "students.csv").write_bytes("id,last_name\nada,Löve\n".encode("cp1252"))
    table = students.read_table(tmp_path / "students.csv")
    assert (table.students[0]["last_name"], len(table.notes)) == ("Löve", 1)
    (tmp_path / "students.csv").write_bytes(b"id,last_name\nada,\x81\n")  # no letter in code page 1252
    with pytest.raises(ClassError, match=r"can't be read as CSV.* Save it as CSV \(UTF-8\)"):
        students.read_students(tmp_path / "students.csv")


@pytest.mark.parametrize(("rows", "words"), [
    ("id\nada\nada\n", "line 3.*twice"),
    ("name\nada\n", "line 1.*Its columns: name.*only id is required"),
    ("id\n../../etc\n", "line 2"),
    ("id\n.hidden\n", "line 2"),
])  # fmt: skip
def test_students_that_can_not_be(tmp_path, rows, words):
    (tmp_path / "students.csv").write_text(rows)
    with pytest.raises(ClassError, match=words):
        nbgrader_course.init(tmp_path / "class", tmp_path / "students.csv", source=classes.source(tmp_path / "solved"))
    assert not (tmp_path / "class").exists()


def test_what_is_there_is_not_overwritten(folder):
    with pytest.raises(ClassError, match="not empty"):
        nbgrader_course.init(folder)


def test_no_class_and_no_lesson(folder, tmp_path):
    with pytest.raises(ClassError, match="class init"):
        nbgrader_of(tmp_path)
    with pytest.raises(ClassError, match="there are: 99-small"):
        lessons_of(folder, ["07"])
    (tmp_path / "nbgrader_config.py").write_text("c = ")
    with pytest.raises(ClassError, match="SyntaxError"):
        nbgrader_of(tmp_path)


def test_the_secret_is_for_its_owner_alone(folder):
    assert (folder / "nbgrader_config.py").stat().st_mode & 0o077 == 0
