"""What learning platforms export is brought in; what is hostile, damaged or nobody's is left out, and said."""

import os
import re
import subprocess
import sys
import zipfile
from datetime import UTC

import classes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import PRINT_PEAK

from fer_course.classroom import nbgrader_course
from fer_course.classroom.collecting import collect
from fer_course.classroom.collecting import uploads as collecting
from fer_course.errors import ClassError

pytest.importorskip("nbgrader")
NAME = f"{classes.LESSON}.ipynb"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A class without a gradebook: nbgrader takes seconds to make one, and nothing here looks into it."""
    place = tmp_path_factory.mktemp("template")
    rows = [
        *(f"{name},Of,{name},{name}@example.org" for name in classes.STUDENTS),
        "17,Lovelace,Augusta,",
        "18,Lovelace,Byron,",
    ]
    nbgrader_course.init(place / "class", source=classes.source(place / "solved"))
    (place / "class" / "students.csv").write_text("id,last_name,first_name,email\n" + "\n".join(rows) + "\n")
    return place / "class"


@pytest.fixture
def folder(template, tmp_path):
    """A class whose gradebook and lessons nobody touches here."""
    place = tmp_path / "class"
    place.mkdir()
    for name in ("students.csv", "source", "nbgrader_config.py"):
        (place / name).symlink_to(template / name)
    return place


@pytest.fixture
def handed_in(tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    return place


def submitted(folder) -> dict[str, str]:
    return {path.parent.parent.name: path.read_text() for path in folder.glob(f"submitted/*/*/{NAME}")}


def pack(path, members: dict[str, str]):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_a_folder_a_learner(folder, handed_in):
    for student in ("ada", "alan"):
        classes.hand_in(handed_in, student, student)
    collected = collect(folder, handed_in)
    assert submitted(folder) == {"ada": "ada", "alan": "alan"}
    assert collected.refused == []
    assert set(collected.notebooks) == {("ada", classes.LESSON), ("alan", classes.LESSON)}


@pytest.mark.parametrize("owner", [
    "ada", "ADA_0815_assignsubmission_file_", "0815-ada", "ada@example.org", "Submission of ada (late)",
])  # fmt: skip
def test_names_as_platforms_write_them(folder, handed_in, owner):
    classes.hand_in(handed_in, owner, "hers")
    collect(folder, handed_in)
    assert submitted(folder) == {"ada": "hers"}


def test_last_and_first_name(folder, handed_in):
    classes.hand_in(handed_in, "Lovelace Byron_9001_file", "his")
    collect(folder, handed_in)
    assert submitted(folder) == {"18": "his"}


@pytest.mark.parametrize("owner", ["Lovelace", "adam", "somebody", "ada and alan", "117"])
def test_nobodys_and_everybodys_names_are_left_out(folder, handed_in, owner):
    classes.hand_in(handed_in, owner, "x")
    collected = collect(folder, handed_in)
    assert submitted(folder) == {}
    assert owner in collected.refused[0]


def test_one_zip_of_all_and_a_zip_a_learner(folder, handed_in, tmp_path):
    pack(handed_in / "emmy.zip", {f"work/{classes.LESSON} (2).ipynb": "e"})
    (handed_in / "mary").mkdir()
    pack(handed_in / "mary" / "all.zip", {NAME: "m", "__MACOSX/._" + NAME: "junk", "notes.txt": "hello"})
    (handed_in / f"grace-{NAME}").write_text("g")
    collect(folder, handed_in)
    everything = pack(tmp_path / "export.zip", {f"ada_1/{NAME}": "a", f"alan_2/{NAME}": "t", f"sofia-{NAME}": "s"})
    collect(folder, everything)
    assert submitted(folder) == {"ada": "a", "alan": "t", "emmy": "e", "mary": "m", "grace": "g", "sofia": "s"}


@pytest.mark.parametrize("member", [f"../../{NAME}", f"/tmp/{NAME}", f"C:\\{NAME}", f"a\\..\\..\\{NAME}"])
def test_a_zip_that_wants_out_is_refused_and_the_others_are_not(folder, handed_in, member, tmp_path):
    pack(handed_in / "ada.zip", {member: "evil"})
    pack(handed_in / "alan.zip", {NAME: "good"})
    collected = collect(folder, handed_in)
    assert submitted(folder) == {"alan": "good"}
    assert any("ada" in sentence and "would write" in sentence for sentence in collected.refused)
    assert {path.read_text() for path in tmp_path.rglob("*.ipynb")} == {"good"}


LONG = "x" * 300


@pytest.mark.parametrize("member", [
    f"{LONG}.txt", f"{LONG}/{LONG}/a.txt", "d/" * 3000 + "a.txt", "é" * 120 + ".txt", ".", "./.", "a\\" * 2000 + "a.txt",
], ids=["a long name", "long folders", "deep", "long in bytes", "no name", "still none", "backslashes"])  # fmt: skip
def test_one_learners_names_stop_nobodys_collection(folder, tmp_path, member):
    pack(tmp_path / "work.zip", {member: "odd"})
    members = {f"ada/{NAME}": "hers", f"alan/{NAME}": "his"}
    export = pack(tmp_path / "export.zip", members)
    with zipfile.ZipFile(export, "a") as archive:
        archive.write(tmp_path / "work.zip", "ada/work.zip")
        archive.writestr(f"emmy/{member}", "odd")
    collected = collect(folder, export)
    assert submitted(folder) == {"ada": "hers", "alan": "his"}
    assert len(collected.rows) == 4
    kept = [path.read_bytes() for path in (folder / "collected").rglob("*") if path.is_file()]
    assert kept.count(b"odd") == 2
    assert collect(folder, export).known


def test_names_that_are_no_text(folder, handed_in):
    classes.hand_in(handed_in, "alan", "his")
    (handed_in / "ada").mkdir()
    for name in (b"\xff.ipynb", b"\xfe.ipynb"):
        try:
            (handed_in / "ada" / os.fsdecode(name)).write_text("x")
        except OSError:
            pytest.skip("this file system takes names in UTF-8 only")
    assert {row.file for row in collect(folder, handed_in).open} == {"ada/\\xff.ipynb", "ada/\\xfe.ipynb"}
    assert submitted(folder) == {"alan": "his"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_of_one_name_are_two_files(folder, tmp_path):
    export = pack(tmp_path / "export.zip", {f"ada/{NAME}": "one"})
    with zipfile.ZipFile(export, "a") as archive:
        archive.writestr(f"ada/{NAME}", "two")
        archive.writestr(f"alan/{NAME}", "his")
    collected = collect(folder, export)
    assert "alan" in submitted(folder)
    assert len({row.file for row in collected.rows}) == len(collected.rows) == 3
    kept = {path.read_text() for path in (folder / "collected").rglob("ada/*")}
    assert kept == {"one", "two"}


def test_who_handed_in_is_not_what_the_notebook_says(folder, handed_in):
    classes.hand_in(handed_in, "ada", '{"metadata": {"student": "alan"}, "name": "alan"}')
    collect(folder, handed_in)
    assert list(submitted(folder)) == ["ada"]


def test_links_and_what_is_too_large_or_damaged_are_left_out(folder, handed_in, monkeypatch, tmp_path):
    (tmp_path / "secret.ipynb").write_text("gradebook")
    (handed_in / "ada").symlink_to(tmp_path)
    (handed_in / "alan").mkdir()
    (handed_in / "alan" / NAME).symlink_to(tmp_path / "secret.ipynb")
    monkeypatch.setattr(collecting, "LARGEST", 100)
    classes.hand_in(handed_in, "grace", "x" * 101)
    pack(handed_in / "mary.zip", {NAME: "x" * 101})
    good = pack(handed_in / "emmy.zip", {NAME: "y" * 90}).read_bytes()
    (handed_in / "emmy.zip").write_bytes(good.replace(b"y" * 90, b"z" * 90))
    collected = collect(folder, handed_in)
    assert submitted(folder) == {}
    for student in ("ada", "grace", "mary", "emmy"):
        assert any(sentence.startswith(student) for sentence in collected.refused), (student, collected.refused)


def test_a_zip_that_unfolds_without_end(folder, handed_in, monkeypatch):
    monkeypatch.setattr(collecting, "MOST_OF_ONE", 3)
    pack(handed_in / "ada.zip", {f"{number}/{NAME}": "x" for number in range(4)})
    assert "unpacks" in collect(folder, handed_in).refused[0]
    assert submitted(folder) == {}


def test_the_newest_counts_and_what_is_older_replaces_nothing(folder, handed_in):
    for name, text, time in (("ada 1", "old", 1e9), ("ada 2", "new", 2e9), ("ada 3", "middle", 1.5e9)):
        classes.hand_in(handed_in, name, text)
        os.utime(handed_in / name / NAME, (time, time))
    collect(folder, handed_in)
    assert submitted(folder) == {"ada": "new"}
    assert (folder / "submitted/ada" / classes.LESSON / "timestamp.txt").read_text() == "2033-05-18 03:33:20 UTC\n"
    again = collect(folder, handed_in)
    assert submitted(folder) == {"ada": "new"}
    assert again.known


@pytest.mark.parametrize("name", ["x" * 300, "x" * 246, "ü" * 126, "d/" * 3000 + "x", "d/" * 600 + "x" * 250])
def test_names_that_no_file_can_have_keep_nobody_elses_work_from_being_filed(folder, handed_in, name):
    pack(handed_in / "ada.zip", {f"{name}.txt": "x", NAME: "a"})
    classes.hand_in(handed_in, "alan", "good")
    collected = collect(folder, handed_in)
    assert submitted(folder) == {"ada": "a", "alan": "good"}
    copies = [
        path.read_text() for path in (folder / "collected").rglob("*") if path.is_file() and path.name != "ledger.csv"
    ]
    assert sorted(copies) == ["a", "good", "x"]
    assert any(row.file == f"ada.zip/{name}.txt" for row in collected.rows)


def test_a_notebook_of_no_lesson(folder, handed_in):
    (handed_in / "ada").mkdir()
    (handed_in / "ada" / "Untitled.ipynb").write_text("x")
    assert "with a lesson's number" in collect(folder, handed_in).refused[0]


def test_neither_folder_nor_zip(folder, tmp_path):
    with pytest.raises(ClassError, match="neither a folder nor a zip"):
        collect(folder, tmp_path / "missing")


@settings(max_examples=30)
@given(name=st.text(max_size=60), content=st.binary(max_size=200))
def test_no_name_and_no_content_writes_outside(template, tmp_path_factory, name, content):
    place = tmp_path_factory.mktemp("any")
    for shared in ("students.csv", "source", "nbgrader_config.py"):
        (place / shared).symlink_to(template / shared)
    path = place / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/{NAME}", content)
        archive.writestr(f"ada/{name}.ipynb", content)
    before = set(place.parent.glob("*"))
    collect(place, path)
    ours = {"submitted", "collected"}
    written = [each for each in place.rglob("*") if each.is_file() and not ours & set(each.relative_to(place).parts)]
    assert set(place.parent.glob("*")) == before
    assert {each.name for each in written} <= {"students.csv", "in.zip", "nbgrader_config.py"}
    assert all(each.parts[-2] == classes.LESSON for each in place.rglob("submitted/*/*/*"))


def at(path, *members):
    """Write a zip with these members: (name, content, time)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, time in members:
            archive.writestr(zipfile.ZipInfo(name, time), content, zipfile.ZIP_DEFLATED)
    return path


def test_times_in_a_learners_own_zip_count_for_nothing_but_the_choice_between_its_files(folder, tmp_path):
    """Whoever is late could set the clock back, or forward, before packing."""
    (tmp_path / "work").mkdir()
    early = at(tmp_path / "early.zip", (NAME, "backdated", (2001, 1, 1, 0, 0, 0))).read_bytes()
    both = at(
        tmp_path / "both.zip",
        (f"a/{NAME}", "older", (2020, 1, 1, 0, 0, 0)),
        (f"b/{NAME}", "newer", (2099, 1, 1, 0, 0, 0)),
    ).read_bytes()
    received = (2026, 3, 1, 12, 0, 0)
    export = at(
        tmp_path / "export.zip",
        ("Lovelace Byron_1_assignsubmission_file_/work.zip", early, received),
        ("Lovelace Augusta_2_assignsubmission_file_/work.zip", both, received),
    )
    collect(folder, export, timezone=UTC)
    assert submitted(folder) == {"18": "backdated", "17": "newer"}
    for student in ("17", "18"):
        stamp = (folder / "submitted" / student / classes.LESSON / "timestamp.txt").read_text()
        assert stamp == "2026-03-01 12:00:00 UTC\n"


def test_names_that_command_a_terminal_or_a_spreadsheet(folder, tmp_path, run_cli):
    nasty = '=HYPERLINK("x")\x1b[2J\x1b]0;owned\x07\r\nFiled: everything'
    received = (2026, 3, 1, 12, 0, 0)
    export = at(tmp_path / "export.zip", (f"{nasty}/{NAME}", "x", received), (f"ada/{NAME}", "a", received))
    status, out, err = run_cli("class", "collect", folder, export)
    assert status == 1
    assert "\x1b" not in out + err
    assert not any(line.startswith("Filed: everything") for line in (out + err).splitlines())
    assert "\n=HYPERLINK" not in (folder / "collected" / "ledger.csv").read_text()
    assert collect(folder, export).known  # what was written is read as it was


@pytest.mark.parametrize("text", [
    "=1+1", "'=1+1", "a;=cmd|' /C calc'!A0;b", "a\t@SUM(1)", "x\n+1", "; -1", "''=1", "plain", "a = b", "2026-12-01",
    "'quoted'", "ü", "\t=1", "\r=1", "＝1",
])  # fmt: skip
def test_no_spreadsheet_computes_a_text_and_it_is_read_as_it_was(text):
    from fer_course.classroom.harmless import as_written, shown_as_text

    shown = shown_as_text(text)
    assert not any(cell.strip().startswith(tuple("=+-@")) for cell in re.split(r"[;\t\r\n]", shown))
    assert as_written(shown) == text
    assert shown_as_text(1.5) == 1.5


@pytest.mark.slow
def test_zips_that_unfold_take_little_memory(folder, tmp_path):
    """Sixty learners hand in zips of 20 kB, each of which unpacks to 19 MB; one hides 300 MB."""
    bomb = at(tmp_path / "bomb.zip", (NAME, b" " * 19_000_000, (2026, 3, 1, 12, 0, 0))).read_bytes()
    large = at(
        tmp_path / "large.zip", *[(f"{index}/{NAME}", b" " * 19_000_000, (2026, 3, 1, 12, 0, 0)) for index in range(16)]
    )
    members = [(f"nobody {index}/work.zip", bomb, (2026, 3, 1, 12, 0, 0)) for index in range(60)]
    export = at(tmp_path / "export.zip", *members, ("ada/work.zip", large.read_bytes(), (2026, 3, 1, 12, 0, 0)))
    code = (
        "import sys; from fer_course.classroom.collecting import collect\n"
        "found = collect(sys.argv[1], sys.argv[2], dry_run=True)\n"
        "print(sum('more than' in row.why for row in found.rows))\n" + PRINT_PEAK
    )
    done = subprocess.run([sys.executable, "-c", code, folder, export], capture_output=True, text=True, check=True)
    refused, megabytes = done.stdout.split()
    assert float(megabytes) < 600  # 1.3 MB of zips once took 1.4 GB
    assert int(refused) == 1
