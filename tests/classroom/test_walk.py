"""The notes for instructors, walked: every command of docs/instructors/grading.md as it stands there, on lesson 03."""

import csv
import io
import json
import re
import shlex
import zipfile
from pathlib import Path

import nbformat
import pytest
from repository import ROOT

from fer_course.classroom import sandbox
from fer_course.course import cells

pytest.importorskip("nbgrader")
LESSON = "03-slide-a-kernel"
SOLVED = ROOT / "solutions" / f"{LESSON}.ipynb"
NOTES = (ROOT / "docs" / "instructors" / "grading.md").read_text()
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", NOTES, re.DOTALL) for line in block.splitlines()]
#: First name, last name, id number; e-mails are id@example.org. Byron is no participant.
CLASS = [
    ("Ada", "Lovelace", "ada"),
    ("Alan", "Turing", "alan"),
    ("Grace", "Hopper", "grace"),
    ("Mary", "Jackson", "mary"),
]
NUMBERS = {"ada": 1001, "alan": 1002, "grace": 1003, "mary": 1004}


def participants() -> str:
    """Return the list of participants as Moodle writes it, without Emmy, whom the notes add and remove."""
    rows = [f'"{first}","{last}",{student},{student}@example.org,"A, B"' for first, last, student in CLASS]
    return "\n".join(['"First name","Last name","ID number","Email address",Groups', *rows]) + "\n"


def worksheet(most: int) -> str:
    """Return the grading worksheet as Moodle writes it."""
    header = (
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),"
        "Last modified (grade),Feedback comments"
    )
    rows = [
        f"Participant {NUMBERS[student]},{first} {last},{student},{student}@example.org,Submitted for grading,,{most}.00,Yes,-,-,"
        for first, last, student in CLASS
    ]
    return "\r\n".join([header, *rows]) + "\r\n"


def answered(
    released: Path, answers: list[str], deed: str = "", words: str = "Because every place shares one kernel."
) -> str:
    """Return what was released, with the teacher's answers of these exercises, and a deed in the last one."""
    solved = {cell.id: cell.source for cell in nbformat.read(SOLVED, 4).cells}
    notebook = nbformat.read(released, 4)
    for cell in notebook.cells:
        if cell.id in answers:
            cell.source = solved[cell.id]
        elif cell.id == "in-your-own-words" and words:
            cell.source = words
        elif cell.id == deed:
            cell.source = "import os\nos._exit(0)"
    return nbformat.writes(notebook)


def submissions(place: Path, released: Path) -> None:
    """Write the export of the assignment as Moodle makes it."""
    exercises = [cell.id for cell in nbformat.read(released, 4).cells if cells.is_solution(cell)]
    half = exercises[: len(exercises) // 2]
    files = {
        f"Ada Lovelace_{NUMBERS['ada']}_assignsubmission_file_/{LESSON}.ipynb": answered(released, exercises),
        f"Alan Turing_{NUMBERS['alan']}_assignsubmission_file_/{LESSON}.ipynb": answered(released, half, words=""),
        f"Grace Hopper_{NUMBERS['grace']}_assignsubmission_file_/{LESSON}.ipynb": answered(
            released, half, deed=exercises[-1]
        ),
        f"Byron Lovelace_1006_assignsubmission_file_/{LESSON}.ipynb": answered(released, exercises),
        f"Mary Jackson_{NUMBERS['mary']}_assignsubmission_file_/answers.pdf": "%PDF-1.7",
    }
    with zipfile.ZipFile(place, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 12, 1, 18, 0, 0)), text)


def graded_by_hand(place: Path, table: Path) -> None:
    """Write points for the written answers, as the page saves them: Ada's is complete, Grace's lacks a point."""
    rows = list(csv.DictReader(table.open()))
    points = {"ada": "3", "grace": "2"}
    lines = [f"{row['id']},{points.get(row['id'], '')},Well said" for row in rows]
    place.write_text("\n".join(["id,points,comment", *lines]) + "\n")


@pytest.mark.slow
@pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}")
def test_the_notes_as_they_stand(tmp_path, run_cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my-class"
    released = folder / "release" / LESSON / f"{LESSON}.ipynb"
    Path("participants.csv").write_text(participants())
    said = {}
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "fer-course"
        if "--points" in arguments:
            graded_by_hand(tmp_path / "points.csv", folder / "answers" / f"{LESSON}.csv")
        if "collect" in arguments and not Path("submissions.zip").is_file():
            submissions(Path("submissions.zip"), released)
        if "--fill" in arguments:
            Path("worksheet.csv").write_text(worksheet(most=100), newline="")
        status, out, err = run_cli(*arguments)
        # Collecting leaves something to decide: Byron is in no class, and Mary handed in a PDF.
        assert status == (1 if "collect" in arguments else 0), (command, out, err)
        said[command] = out + err
    collected = next(text for command, text in said.items() if "--assign" in command)
    assert "Nothing new" not in collected
    check_report(next(text for command, text in said.items() if command.startswith("fer-course class report")))
    check_marks(tmp_path, folder)
    check_feedback(folder)
    assert not (folder / ".grading").exists()


def check_report(text: str) -> None:
    assert re.search(r"3 of 4 graded", text)
    assert re.search(r"mary: .*PDF", text)
    assert re.search(r"convolve: 1 of 3 solved", text)
    assert re.search(r"grace: It was stopped: its kernel died", text)


def check_marks(place: Path, folder: Path) -> None:
    wide = {row["id"]: row for row in csv.DictReader((place / "marks.csv").open())}
    exercises = len([cell for cell in nbformat.read(SOLVED, 4).cells if cells.is_check(cell)])
    assert float(wide["ada"][LESSON]) == exercises + 3
    assert float(wide["grace"][LESSON]) == exercises // 2 + 2
    assert wide["mary"][LESSON] == "unreadable"
    before = list(csv.DictReader(io.StringIO(worksheet(most=100))))
    after = list(csv.DictReader((place / "marks-for-moodle.csv").open(newline="")))
    assert [row["Identifier"] for row in after] == [row["Identifier"] for row in before]
    grades = {row["ID number"]: row["Grade"] for row in after}
    assert float(grades["ada"]) == 100
    assert float(grades["grace"]) == pytest.approx(100 * (exercises // 2 + 2) / (exercises + 3), abs=0.01)
    assert grades["mary"] == ""
    assert float(grades["alan"]) == pytest.approx(100 * (exercises // 2) / (exercises + 3), abs=0.01)


def check_feedback(folder: Path) -> None:
    (archive,) = (folder / "feedback").glob("*.zip")
    with zipfile.ZipFile(archive) as pages:
        names = pages.namelist()
        text = {name: pages.read(name).decode() for name in names}
    tops = {name.split("/")[0] for name in names}
    assert f"Ada Lovelace_{NUMBERS['ada']}_assignsubmission_file_" in tops
    assert f"Mary Jackson_{NUMBERS['mary']}_assignsubmission_file_" in tops
    assert not any("Byron" in top for top in tops)
    secrets = re.findall(r"checks\.hidden\((\d+)\)", (folder / "source" / LESSON / f"{LESSON}.ipynb").read_text())
    assert secrets
    for page in text.values():
        assert "checks.hidden" not in page
        assert not any(secret in page for secret in secrets)
        assert not re.search(r'(?:src|href)="https?:', page)


def test_every_block_of_the_notes_is_a_command_of_a_class():
    assert len(COMMANDS) > 15
    assert all(command.startswith("fer-course class ") for command in COMMANDS)
    assert not json.dumps(COMMANDS).count("\\u2019")
