"""Students from the tables that platforms and spreadsheets write; added, removed, in groups; due dates; a class that moves."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

import classes
import pytest

from fer_course.classroom import dates, nbgrader_course
from fer_course.classroom.paths import CONFIG, gradebook, nbgrader_of
from fer_course.classroom.students import add, in_group, read_students, read_table, remove, write_students
from fer_course.cli import main
from fer_course.errors import ClassError

pytest.importorskip("nbgrader")
FIELDS = ("id", "last_name", "first_name", "email", "group", "other_ids")
MOODLE = (
    '\ufeff"First name","Last name",Username,"ID number","Email address",Groups\r\n'
    'Ada,Lovelace,ada,1815,ada@example.org,"Monday, Tuesday"\r\n'
    'Martin,"King, Jr.",mlk,1929,mlk@example.org,Monday\r\n'
    '"Mary ""May""",O\'Neil,may,1900,may@example.org,\r\n'
)
GRADES = (
    'Vorname,Nachname,ID-Nummer,E-Mail-Adresse,"Aufgabe: Lesson 3 (Punkte)"\n'
    "Käthe,Weiß,17,kaethe@example.org,-\nJürgen,Müller,18,juergen@example.org,3.00\n"
)
WORKSHEET = (
    'Identifier,"Full name","ID number","Email address",Status,Grade\n'
    "Participant 1234,Ada Lovelace,1815,ada@example.org,Submitted for grading,\n"
    "Participant 1235,Ana Maria Silva,1816,ana@example.org,No submission,\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lesson 3 (77)\n    Points Possible,,,,,5\n"
    '"Lovelace, Ada",4711,1815,ada,Group A,4\n"King, Jr., Martin",4712,1929,mlk,"Group A and Group B",5\n'
    '"Student, Test",4999,,9f8e7d6c5b4a,Group A,\n'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\n'
    '"Lovelace"\t"Ada"\t"ada"\t"1815"\t"2026-11-30 10:00:00"\t"Yes"\n"Nöther"\t"Emmy"\t"emmy"\t"1882"\t""\t"Yes"\n'
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Email,Lesson 3 Points Grade,End-of-Line Indicator\n"
    "#1815,#ada,Lovelace,Ada,ada@example.org,4,#\n#1882,#emmy,Nöther,Emmy,emmy@example.org,,#\n"
)
EXCEL = (
    'sep=;\r\nNr;Name;E-Mail;Gruppe\r\n\r\n1;"King, Jr., Martin";mlk@example.org;A\r\n;;;\r\n'
    "2;Ada Lovelace;ADA@example.org;B\r\n"
)


def row(*values: str) -> dict[str, str]:
    return dict(zip(FIELDS, values, strict=True))


ADA, EMMY = ("ada", "Lovelace", "Ada"), ("emmy", "Nöther", "Emmy")
#: Name -> (text, encoding, the students worked out by hand).
TABLES = {
    "moodle participants": (MOODLE, "utf-8", [
        row(*ADA, "ada@example.org", "Monday, Tuesday", "1815"),
        row("mlk", "King, Jr.", "Martin", "mlk@example.org", "Monday", "1929"),
        row("may", "O'Neil", 'Mary "May"', "may@example.org", "", "1900"),
    ]),
    "moodle grades in German": (GRADES, "utf-8", [
        row("17", "Weiß", "Käthe", "kaethe@example.org", "", ""), row("18", "Müller", "Jürgen", "juergen@example.org", "", ""),
    ]),
    "moodle worksheet": (WORKSHEET, "utf-8", [
        row("1815", "Lovelace", "Ada", "ada@example.org", "", ""), row("1816", "Silva", "Ana Maria", "ana@example.org", "", ""),
    ]),
    "canvas": (CANVAS, "utf-8", [
        row(*ADA, "", "Group A", "4711; 1815"), row("mlk", "King, Jr.", "Martin", "", "Group A and Group B", "4712; 1929"),
    ]),
    "blackboard": (BLACKBOARD, "utf-16", [row(*ADA, "", "", "1815"), row(*EMMY, "", "", "1882")]),
    "blackboard big endian": ("\ufeff" + BLACKBOARD, "utf-16-be", [row(*ADA, "", "", "1815"), row(*EMMY, "", "", "1882")]),
    "blackboard without a mark": (BLACKBOARD, "utf-16-le", [row(*ADA, "", "", "1815"), row(*EMMY, "", "", "1882")]),
    "brightspace": (BRIGHTSPACE, "utf-8", [
        row(*ADA, "ada@example.org", "", "1815"), row(*EMMY, "emmy@example.org", "", "1882"),
    ]),
    "spreadsheet with sep=": (EXCEL, "cp1252", [
        row("1", "King, Jr.", "Martin", "mlk@example.org", "A", ""), row("2", "Lovelace", "Ada", "ADA@example.org", "B", ""),
    ]),
    "cp1252": ("id;last_name;first_name\nkw;Weiß;Käthe\n", "cp1252", [row("kw", "Weiß", "Käthe", "", "", "")]),
    "capitals and spaces": (" ID , LAST NAME ,First_Name\nx1, Of ,Ada\n", "utf-8", [row("x1", "Of", "Ada", "", "", "")]),
    "e-mails alone": ("E-Mail,Name\na@example.org,Ada Lovelace\n", "utf-8", [
        row("a@example.org", "Lovelace", "Ada", "a@example.org", "", ""),
    ]),
    "title above the header": ("Course 2026,,\nStudent number,Surname,Given name\n17,Of,Ada\n", "utf-8", [
        row("17", "Of", "Ada", "", "", ""),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_as_they_are(tmp_path, name):
    text, encoding, students = TABLES[name]
    (tmp_path / "table.csv").write_bytes(text.encode(encoding))
    assert read_students(tmp_path / "table.csv") == students


@pytest.mark.parametrize("name", TABLES)
def test_our_own_table_reads_back_what_was_written(tmp_path, name):
    *_, students = TABLES[name]
    write_students(tmp_path / "own.csv", students)
    assert read_students(tmp_path / "own.csv") == students
    with open(tmp_path / "own.csv", newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == students


@pytest.mark.parametrize(("text", "words"), [
    ("id,name\n1,King, Jr.\n", r"line 2: 3 cells, but 2 columns.*in quotes"),
    ("Colour,Size\nred,3\n", "line 1: no column with the students' ids.*Colour, Size"),
    ('id\n"ada\n', "can't be read as CSV"),
    ("id,email\n\n\nada,\nADA,\n", "line 5: the id 'ADA' occurs twice; it is in line 4"),
    ("", "no rows"), ("\n\n", "no rows"),
], ids=["comma without quotes", "no id", "open quotes", "twice", "empty", "blank"])  # fmt: skip
def test_tables_that_can_not_be_read(tmp_path, text, words):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(ClassError, match=words):
        read_students(tmp_path / "table.csv")


def test_a_workbook_is_named(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(ClassError, match=r"workbook.*Save the sheet as CSV"):
        read_students(tmp_path / "table.csv")


def test_columns_that_are_used_and_not_are_named(tmp_path):
    (tmp_path / "table.csv").write_text(CANVAS)
    table = read_table(tmp_path / "table.csv")
    assert table.columns == {"id": "SIS Login ID", "name": "Student", "group": "Section"}
    assert table.notes == ["Not used: Lesson 3 (77)."]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    place = tmp_path_factory.mktemp("template")
    nbgrader_course.init(
        place / "class", classes.students(place / "students.csv"), source=classes.source(place / "solved")
    )
    return place / "class"


@pytest.fixture
def folder(template, tmp_path):
    return Path(shutil.copytree(template, tmp_path / "class"))


def in_gradebook(folder) -> dict[str, tuple[str, str, str]]:
    """Return what the gradebook's own tables say, without the package."""
    with sqlite3.connect(folder / "gradebook.db") as book:
        return {each[0]: each[1:] for each in book.execute("SELECT id, last_name, first_name, email FROM student")}


def test_students_are_added_changed_and_removed(folder, capsys):
    command = ["class", "students"]
    assert (
        main(
            [*command, "add", str(folder), "mlk", "--last-name", "King, Jr.", "--first-name", "Martin", "--group", "A"]
        )
        == 0
    )
    assert in_gradebook(folder)["mlk"] == ("King, Jr.", "Martin", "")
    assert main([*command, "add", str(folder), "mlk", "--email", "mlk@example.org"]) == 0
    found = {each["id"]: each for each in read_students(folder / "students.csv")}
    assert found["mlk"] == row("mlk", "King, Jr.", "Martin", "mlk@example.org", "A", "")
    assert in_gradebook(folder)["mlk"] == ("King, Jr.", "Martin", "mlk@example.org")
    assert main([*command, "remove", str(folder), "mlk"]) == 0
    assert "mlk" not in in_gradebook(folder)
    assert sorted(each["id"] for each in read_students(folder / "students.csv")) == sorted(classes.STUDENTS)
    capsys.readouterr()
    main([*command, "list", str(folder)])
    assert capsys.readouterr().out.splitlines()[-1] == "6 students."


def test_a_platforms_table_is_imported_twice(folder, tmp_path, capsys):
    (tmp_path / "moodle.csv").write_text(MOODLE, encoding="utf-8")
    command = ["class", "students", "import", str(folder), str(tmp_path / "moodle.csv")]
    assert main(command) == 0
    assert "2 added, 1 changed" in capsys.readouterr().out  # Ada is there
    found = {each["id"]: each for each in read_students(folder / "students.csv")}
    assert found["mlk"]["last_name"] == "King, Jr."
    assert (found["ada"]["last_name"], found["ada"]["other_ids"]) == ("Lovelace", "1815")
    assert set(found) == {*classes.STUDENTS, "mlk", "may"}
    assert set(in_gradebook(folder)) == set(found)
    before = (folder / "students.csv").read_bytes()
    main(command)
    assert "0 added, 0 changed" in capsys.readouterr().out
    assert (folder / "students.csv").read_bytes() == before


def test_a_wrong_table_changes_nothing(folder, tmp_path):
    (tmp_path / "wrong.csv").write_text("id\nada\nx/y\n")
    before = (folder / "students.csv").read_bytes(), in_gradebook(folder)
    assert main(["class", "students", "import", str(folder), str(tmp_path / "wrong.csv")]) == 1
    assert main(["class", "students", "add", str(folder), "../../etc"]) == 1
    assert ((folder / "students.csv").read_bytes(), in_gradebook(folder)) == before


def test_who_has_handed_in_is_not_removed_by_accident(folder, capsys):
    path = folder / "submitted" / "ada" / classes.LESSON / f"{classes.LESSON}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("work")
    with pytest.raises(ClassError, match="--with-work"):
        remove(folder, "ada")
    assert "ada" in in_gradebook(folder)
    assert main(["class", "students", "remove", str(folder), "ada", "--with-work"]) == 0
    assert "ada" not in in_gradebook(folder)
    assert not path.exists()
    assert [each.read_text() for each in (folder / "removed").rglob("*.ipynb")] == ["work"]
    with pytest.raises(ClassError, match="no student 'ada'"):
        remove(folder, "ada")


def test_groups(folder):
    add(
        folder,
        [{"id": "ada", "group": "Monday, Tuesday"}, {"id": "alan", "group": "Monday"}, {"id": "emmy", "group": "A; B"}],
    )
    assert in_group(folder, None) is None
    assert in_group(folder, "monday") == ["ada", "alan"]
    assert in_group(folder, "Tuesday") == ["ada"]
    assert in_group(folder, "B") == ["emmy"]
    with pytest.raises(ClassError, match=r"no group 'Friday'.*Monday"):
        in_group(folder, "Friday")


def seconds_late(folder, student: str, stamp: str) -> float:
    """Return how late nbgrader itself finds what was handed in at that time, in UTC."""
    with gradebook(folder) as book:
        submission = book.update_or_create_submission(
            classes.LESSON, student, timestamp=datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S")
        )
        return submission.total_seconds_late


@pytest.mark.parametrize(("zone", "date", "utc"), [
    ("Europe/Berlin", "2026-12-01 23:59", "2026-12-01 22:59:00"), ("Europe/Berlin", "2026-07-01 23:59", "2026-07-01 21:59:00"),
    ("America/New_York", "2026-07-01", "2026-07-02 03:59:00"), ("UTC", "2026-12-01T12:00", "2026-12-01 12:00:00"),
], ids=["Berlin in winter", "Berlin in summer", "New York in summer, a day", "UTC"])  # fmt: skip
def test_due_dates_and_extensions_are_nbgraders_own(folder, zone, date, utc, capsys):
    assert main(["class", "due", str(folder), "99", date, "--timezone", zone]) == 0
    shown = capsys.readouterr().out.split(maxsplit=1)
    assert shown[0] == classes.LESSON
    assert shown[1].startswith(date[:10])
    assert seconds_late(folder, "ada", utc) == 0
    hour_later = f"{utc[:11]}{(int(utc[11:13]) + 1) % 24:02d}{utc[13:]}"
    if hour_later > utc:
        assert seconds_late(folder, "ada", hour_later) == 3600
        assert main(["class", "extend", str(folder), "ada", "--hours", "0.5"]) == 0
        assert seconds_late(folder, "ada", hour_later) == 1800
        assert main(["class", "extend", str(folder), "ada", "99", "--hours", "1"]) == 0  # not added to the half
        assert seconds_late(folder, "ada", hour_later) == 0
        assert seconds_late(folder, "alan", hour_later) == 3600
        assert main(["class", "extend", str(folder), "ada", "--hours", "0"]) == 0
        assert seconds_late(folder, "ada", hour_later) == 3600
    assert main(["class", "due", str(folder), "99", "none"]) == 0
    assert seconds_late(folder, "alan", "2030-01-01 00:00:00") == 0


@pytest.mark.parametrize(("command", "words"), [
    (["due", "{}", "99", "tomorrow"], "'tomorrow' is not a date"), (["due", "{}", "07", "2026-12-01"], "There is no lesson '07'"),
    (["due", "{}", "99", "2026-12-01", "--timezone", "Mars/Olympus"], "no time zone"),
    (["extend", "{}", "nobody", "--hours", "3"], "no student 'nobody'"),
    (["extend", "{}", "ada", "--hours", "-3"], "hours is -3"),
    (["extend", "{}", "ada", "07", "--hours", "3"], "There is no lesson '07'"),
])  # fmt: skip
def test_dates_that_can_not_be(folder, command, words, capsys):
    before = (folder / "gradebook.db").read_bytes()
    assert main(["class", *(str(folder) if word == "{}" else word for word in command)]) == 1
    assert words in capsys.readouterr().err
    assert (folder / "gradebook.db").read_bytes() == before


def test_a_due_date_outlives_a_release(folder):
    dates.set_due(folder, "99", "2026-12-01 12:00", dates.zone("UTC"))
    nbgrader_course.release(folder)
    assert dates.due(folder, dates.zone("UTC")) == {classes.LESSON: "2026-12-01 12:00"}


def old_style(folder: Path) -> None:
    """Write the absolute address of the gradebook into the configuration, as earlier versions did."""
    with open(folder / CONFIG, "a", encoding="utf-8") as file:
        file.write(f'\nc.CourseDirectory.db_url = "sqlite:///{folder.resolve()}/gradebook.db"\n')


@pytest.mark.parametrize("config", [None, old_style], ids=["new", "old configuration"])
def test_a_copy_never_writes_into_the_originals_gradebook(folder, tmp_path, config):
    if config:
        config(folder)
    copy = Path(shutil.copytree(folder, tmp_path / "another place" / "copy"))
    before = (folder / "gradebook.db").read_bytes(), (folder / "students.csv").read_bytes()
    add(copy, [{"id": "new", "last_name": "One"}])
    dates.set_due(copy, "99", "2026-12-01")
    nbgrader_course.release(copy)
    remove(copy, "ada")
    assert ((folder / "gradebook.db").read_bytes(), (folder / "students.csv").read_bytes()) == before
    assert "new" in in_gradebook(copy)
    assert "ada" not in in_gradebook(copy)


@pytest.mark.parametrize("config", [None, old_style], ids=["new", "old configuration"])
def test_a_class_that_was_moved_goes_on(folder, tmp_path, config):
    if config:
        config(folder)
    moved = tmp_path / "moved"
    shutil.move(folder, moved)
    add(moved, [{"id": "new"}])
    assert set(in_gradebook(moved)) == {*classes.STUDENTS, "new"}
    assert not folder.exists()
    assert nbgrader_of(moved)[0].CourseDirectory.root == str(moved.resolve())


def test_a_copy_without_its_gradebook_does_not_take_the_originals(folder, tmp_path):
    """The original is still there, and the copy was made without the gradebook."""
    old_style(folder)
    copy = Path(shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("gradebook.db")))
    before = (folder / "gradebook.db").read_bytes()
    with pytest.raises(ClassError, match="gradebook"):
        add(copy, [{"id": "new"}])
    assert (folder / "gradebook.db").read_bytes() == before


def test_a_class_reached_by_a_link_is_the_same_class(folder, tmp_path):
    old_style(folder)
    (tmp_path / "link").symlink_to(folder)
    add(tmp_path / "link", [{"id": "new"}])
    assert "new" in in_gradebook(folder)


def test_a_moved_class_without_its_gradebook_is_told(folder, tmp_path, capsys):
    old_style(folder)
    shutil.move(folder, tmp_path / "moved")
    (tmp_path / "moved" / "gradebook.db").unlink()
    assert main(["class", "students", "add", str(tmp_path / "moved"), "new"]) == 1
    said = capsys.readouterr().err
    assert "does not exist" in said
    assert "Traceback" not in said
