"""Marks go into the platform's own file, to the right rows, and nothing else in it changes."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_course.classroom import platform_marks
from fer_course.classroom.platform_marks import fill
from fer_course.classroom.raw_csv import RawCSV
from fer_course.errors import ClassError

STUDENTS = """id,last_name,first_name,email,group,other_ids
ada,Lovelace,Ada,ada@example.org,A,1001; al1815
alan,Turing,Alan,alan@example.org,A,1002
grace,Hopper,Grace,grace@example.org,B,1003
emmy,Noether,Emmy,emmy@example.org,B,1004
wei1,Chen,Wei,wei1@example.org,B,1005
wei2,Chen,Wei,wei2@example.org,B,1006
lise,Meitner,Lise,lise@example.org,B,1007
7,King,"Augusta, Jr.",king@example.org,B,
"""
#: Student -> state and score of 4.
MARKS = {
    **{"ada": ("graded", 3.5), "alan": ("late", 0.25), "grace": ("to grade by hand", 2.0), "emmy": ("failed", "")},
    **{"wei1": ("graded", 4.0), "wei2": ("graded", 0.0), "lise": ("unreadable", ""), "7": ("graded", 1.0)},
}
MOODLE = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
    'Participant 91,"Ada Lovelace",1001,ada@example.org,"Submitted for grading - ",,4.00,Yes,"Sunday, 1 March 2026, 10:00 AM",-,'
    '"Says ""hello"", and\r\nmore  "\r\n'
    "Participant 92,Alan M. Turing,,ALAN@example.org,Late,,4.00,Yes,-,-,\r\n"
    "Participant 93,Grace Hopper,1003,,x,1.00,4.00,Yes,-,-,\r\n"
    "Participant 94,Emmy Noether,1004,emmy@example.org,x,,4.00,Yes,-,-,\r\n"
    "Participant 95,Wei Chen,,,x,,4.00,Yes,-,-,\r\n"
    "Participant 96,Wei Chen,1006,,x,,4.00,Yes,-,-,\r\n"
    "Participant 97,Lise Meitner,,lise@example.org,x,,4.00,No,-,-,\r\n"
    "Participant 98,Somebody Else,,else@example.org,x,,4.00,Yes,-,-,\r\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A class of which only the marks are known: `MARKS`."""
    (tmp_path / "class" / "source" / "03-slide-a-kernel").mkdir(parents=True)
    (tmp_path / "class" / "students.csv").write_text(STUDENTS)

    def marks(folder, wanted, students):
        return [{"id": student, "status": status, "score": score, "max_score": 4.0, "remarks": ""}
                for student, (status, score) in MARKS.items() if students is None or student in students]  # fmt: skip

    monkeypatch.setattr(platform_marks, "marks", marks)
    return tmp_path / "class"


def run(folder, content: str | bytes, **options):
    """Fill a file; return what was filled in, and the new file."""
    worksheet, out = folder / "worksheet.csv", folder / "import.csv"
    worksheet.write_bytes(content.encode() if isinstance(content, str) else content)
    filled = fill(folder, "03", worksheet, out, **options)
    return filled, out.read_bytes()


def cells(content: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content, newline=""), delimiter=separator))


def test_moodles_worksheet(folder):
    filled, out = run(folder, MOODLE)
    expected = (
        MOODLE.replace('"Submitted for grading - ",,', '"Submitted for grading - ",3.50,')
        .replace("Late,,", "Late,0.25,")
        .replace("1006,,x,,", "1006,,x,0.00,")
    )
    assert out.decode() == expected
    assert filled.marks == {"ada": "3.50", "alan": "0.25", "wei2": "0.00"}
    assert (filled.platform, filled.column, filled.scaled) == ("moodle", "Grade", None)
    assert filled.blank == {"grace": "to grade by hand", "emmy": "failed", "lise": "unreadable"}
    assert [sentence.split(":")[0] for sentence in filled.rows] == ["Row 6, Wei Chen", "Row 9, Somebody Else"]
    assert filled.absent == ["7", "wei1"]


def test_provisional_marks(folder):
    filled, out = run(folder, MOODLE, provisional=True)
    assert filled.marks["grace"] == "2.00"
    assert b"1003,,x,2.00,4.00" in out
    assert set(filled.blank) == {"emmy", "lise"}


def test_moodle_locks_grades(folder):
    filled, out = run(folder, MOODLE.replace('4.00,Yes,"Sun', '4.00,No,"Sun'))
    assert "ada" not in filled.marks
    assert "can't be changed" in filled.blank["ada"]
    assert b"3.50" not in out


GERMAN = (
    "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Beste Bewertung;Bewertung kann geändert werden;Zuletzt geändert\n"
    "Teilnehmer/in91;Ada Lovelace;ada@example.org;Abgegeben;;10,00;Ja;-\n"
    "Teilnehmer/in92;Alan Turing;alan@example.org;Abgegeben;3,00;10,00;Ja;-\n"
    "Teilnehmer/in93;Wei Chen;wei2@example.org;Abgegeben;3,00;10,00;Nein;-\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_another_language_encoding_and_decimal_commas(folder, encoding):
    filled, out = run(folder, GERMAN.encode(encoding))
    expected = GERMAN.replace("Abgegeben;;", "Abgegeben;8,75;").replace("3,00;10,00;Ja", "0,63;10,00;Ja")
    expected = expected.replace("0,63", "0,62")  # 0.625: to even
    assert out == expected.encode(encoding)
    assert filled.scaled == (4.0, 10.0)
    assert filled.column == "Bewertung"
    assert "can't be changed" in filled.blank["wei2"]


@pytest.mark.parametrize(("change", "words"), [
    (("Ja", "Jo"), "says 'jo'"), (("10,00", ""), "maximum grade is missing"),
], ids=["yes-in-no-language", "no-maximum"])  # fmt: skip
def test_a_worksheet_in_another_language_that_is_not_understood(folder, change, words):
    with pytest.raises(ClassError, match=words):
        run(folder, GERMAN.replace(*change))


@pytest.mark.parametrize("column", ["Maximum Grade", "Grade can be changed"])
def test_a_missing_column_is_named(folder, column):
    with pytest.raises(ClassError, match=f"no column {column}"):
        run(folder, MOODLE.replace(column, "Something"))


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,Lesson 3: kernels (771),Quiz 13 (772),Current Score,Final Score\n"
    ",,,,,,Manual Posting,,,\n"
    "    Points Possible,,,,,,8.00,10.00,(read only),(read only)\n"
    '"Lovelace, Ada",5001,1001,al1815,"A, 1",,,9.50,1,2\n'
    '"Turing, Alan",5002,,alan@example.org,"A, 1",=1+1,7,N/A,1,2\n'
    '"Noether, Emmy",5003,1004,,"A, 1",,,,1,2\n'
    '"Chen, Wei",5004,1005,,"A, 1",,EX,,1,2\n'
    '"Hopper, Grace",7,,,"B",,,,1,2\n'
    '"King, Jr., Augusta",5007,,king@example.org,"B",,,,1,2\n'
    '"Student, Test",5999,,8d,"A, 1",,,,1,2\n'
)


def test_canvas_gradebook(folder):
    filled, out = run(folder, CANVAS)
    expected = CANVAS.replace(',"A, 1",,,9.50', ',"A, 1",,7.00,9.50').replace(",=1+1,7,", ",=1+1,0.50,")
    expected = expected.replace('king@example.org,"B",,,', 'king@example.org,"B",,2.00,')
    assert out.decode() == expected
    assert filled.marks == {"ada": "7.00", "alan": "0.50", "7": "2.00"}
    assert (filled.column, filled.scaled) == ("Lesson 3: kernels (771)", (4.0, 8.0))
    assert filled.blank == {"emmy": "failed", "wei1": "Canvas says EX", "grace": "to grade by hand"}
    assert filled.rows == []
    assert filled.absent == ["lise", "wei2"]


def test_canvas_without_the_row_above_points_possible_and_with_names_in_two_columns(folder):
    content = (
        "LastName,FirstName,ID,SIS Login ID,Section,slide a kernel (1),03 warm-up (2)\n"
        "    Points Possible,,,,,4,4\nLovelace,Ada,1,,A,,\nTuring,Alan,2,alan,A,,\n"
    )
    filled, out = run(folder, content)
    assert out.decode() == content.replace("Ada,1,,A,,", "Ada,1,,A,3.5,").replace("alan,A,,", "alan,A,0.25,")
    assert filled.column == "slide a kernel (1)"


def test_a_column_by_name(folder):
    filled, _ = run(folder, CANVAS, column="Quiz 13")
    assert filled.column == "Quiz 13 (772)"
    assert filled.marks["ada"] == "8.75"
    assert filled.blank["alan"] == "Canvas says N/A"


@pytest.mark.parametrize(("content", "column"), [
    (CANVAS.replace("Lesson 3: kernels", "Essay"), None),
    (CANVAS.replace("Quiz 13", "Quiz 3"), None),
    (CANVAS, "Quiz"),
], ids=["none", "several", "no-such"])  # fmt: skip
def test_a_canvas_column_that_is_not_certain_is_asked_for(folder, content, column):
    with pytest.raises(ClassError, match="--column"):
        run(folder, content, column=column)
    assert not (folder / "import.csv").exists()


def test_an_id_of_one_and_the_name_of_another_is_nobodys_row(folder):
    filled, _ = run(folder, MOODLE.replace("Alan M. Turing,,ALAN@example.org", "Ada Lovelace,1002,"))
    assert any("could be ada or alan" in sentence for sentence in filled.rows)
    assert "alan" in filled.absent


def test_a_short_number_with_another_name_is_nobodys(folder):
    filled, _ = run(folder, MOODLE.replace("Somebody Else,", "Somebody Else,7"))
    assert filled.rows[-1] == "Row 9, Somebody Else: it has the number of 7, but another name."


def test_two_rows_of_one_student_stay_as_they_are(folder):
    line = "Participant 99,Ada Lovelace,,ada@example.org,x,,4.00,Yes,-,-,\r\n"
    filled, _ = run(folder, MOODLE + line)
    assert "ada" not in filled.marks
    assert any("2 rows fit ada" in sentence for sentence in filled.rows)


def test_a_group(folder):
    filled, _ = run(folder, MOODLE, students=["alan"])
    assert filled.marks == {"alan": "0.25"}
    assert filled.absent == []


@pytest.mark.parametrize("content", ["id,name\nada,Ada\n", "a,b\n1,2\n"], ids=["students", "numbers"])
def test_another_file_is_refused(folder, content):
    with pytest.raises(ClassError, match="neither Moodle's grading worksheet"):
        run(folder, content)


def test_the_download_is_never_overwritten(folder):
    (folder / "worksheet.csv").write_text(MOODLE)
    with pytest.raises(ClassError, match="downloaded file itself"):
        fill(folder, "03", folder / "worksheet.csv", folder / "worksheet.csv")
    assert (folder / "worksheet.csv").read_text() == MOODLE.replace("\r\n", "\n")


def test_the_command_names_everybody_without_a_mark(folder, run_cli):
    (folder / "worksheet.csv").write_bytes(MOODLE.encode())
    arguments = ["class", "marks", folder, "--fill", folder / "worksheet.csv", "--out", folder / "import.csv"]
    status, _, err = run_cli(*arguments)
    assert status != 0
    assert "Name it" in err
    status, out, err = run_cli(*arguments[:3], "3", *arguments[3:])
    assert (status, "Wrote 3 marks" in out) == (0, True)
    for words in ("grace: to grade by hand", "emmy: failed", "Row 6, Wei Chen", "Without a row: wei1"):
        assert words in err


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8)


@given(
    rows=st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1, max_size=5),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    data=st.data(),
)
def test_only_the_cells_asked_for_change(tmp_path_factory, rows, end, quoting, data):
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerow(["Identifier", "Grade"])
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(rows)
    path = tmp_path_factory.mktemp("raw") / "a.csv"
    path.write_bytes(text.getvalue().encode())
    table = RawCSV.read(path)
    table.write(path.with_name("same.csv"), {})
    assert path.with_name("same.csv").read_bytes() == path.read_bytes()
    row = data.draw(st.integers(0, len(rows) - 1))
    table.write(path.with_name("new.csv"), {(row + 1, 1): "3,50"})
    expected = [["Identifier", "Grade"], *map(list, rows)]
    expected[row + 1][1] = "3,50"
    assert cells(path.with_name("new.csv").read_bytes().decode()) == expected


@pytest.mark.parametrize("text", ['a,b\n1,"2\n', 'a,b\n"1"x,2\n'], ids=["open", "junk"])
def test_quotes_that_are_not_closed_are_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ClassError, match="can't be read as CSV"):
        RawCSV.read(tmp_path / "a.csv")
