"""A class of 60, collected from every platform's export: nothing lies under a wrong person, and every file is accounted for."""

from __future__ import annotations

import csv
import re
import shutil
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import class_of_60
import pytest
from class_of_60 import CHANGES, LESSON, NAME, PACKED, PLATFORMS, START, STYLES, UNREADABLE, Export

from fer_course.classroom import dates
from fer_course.classroom.collecting import collect
from fer_course.classroom.collecting.ledger import STATES, ledger
from fer_course.classroom.marks import Files
from fer_course.cli import main


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def plain_path(path: str) -> str:
    """Return a path without the names of the zips that hold each person's folder, which some ways of packing add."""
    return path.replace(".zip/", "/")


def check_that_nobody_has_anothers(folder: Path, export: Export) -> None:
    tokens = {each.person.id: each.person.token for each in export.handed_in if each.person.id}
    for path in folder.glob("submitted/*/*/*.ipynb"):
        found = set(re.findall(r"TOKEN\d{3}E", path.read_text(encoding="utf-8")))
        assert found == {tokens[path.parts[-3]]}, path


def check_that_every_file_has_a_row(folder: Path, export: Export, rows) -> None:
    assert all(row.state in STATES and row.why for row in rows), [row for row in rows if not row.why]
    assert len({row.file for row in rows}) == len(rows)
    leaves = [leaf for hand_in in export.handed_in for leaf in hand_in.leaves]
    leaves += ["index.html"] if "index.html" in export.files else []
    by_path = [plain_path(row.file) for row in rows]
    ends = {plain_path(leaf) for leaf in leaves}
    missing = [end for end in ends if not any(path == end or path.endswith("/" + end) for path in by_path)]
    assert missing == []
    assert len(rows) == len(leaves)


def check_what_is_filed(folder: Path, export: Export) -> None:
    have = {(path.parts[-3], path.parts[-2]): path.read_bytes() for path in folder.glob("submitted/*/*/*.ipynb")}
    wanted = {
        (each.person.id, lesson): content
        for each in export.handed_in if each.is_certain for lesson, content in each.wanted.items()
    }  # fmt: skip
    wrong = {key: have.get(key) for key in wanted if have.get(key) != wanted[key]}
    assert wrong == {}, [
        (each.text, each.kind) for each in export.handed_in if each.person.id in {key[0] for key in wrong}
    ]
    assert set(have) == set(wanted)  # what is ambiguous, or nobody's, is not filed
    assert len(wanted) > 20


def check_what_can_not_be_read(folder: Path, export: Export) -> None:
    found = {row.student for row in ledger(folder) if row.state == "unreadable" and row.student}
    assert found == {each.person.id for each in export.handed_in if each.is_certain and each.kind in UNREADABLE}


def check_that_all_is_kept(folder: Path, export: Export, rows) -> None:
    copies = tree(folder / "collected")
    for row in rows:
        junk = any(part in {"__MACOSX", ".ipynb_checkpoints", ".DS_Store"} for part in row.file.split("/"))
        if row.sha256 and not junk:
            assert f"{row.export}/{row.file}" in copies, row


def collected_and_checked(folder: Path, export: Export, **settings) -> None:
    before = tree(folder)
    planned = collect(folder, export.path, dry_run=True, **settings)
    assert tree(folder) == before
    done = collect(folder, export.path, **settings)
    assert done.rows == planned.rows == ledger(folder)
    check_that_nobody_has_anothers(folder, export)
    check_that_every_file_has_a_row(folder, export, done.rows)
    check_what_is_filed(folder, export)
    check_what_can_not_be_read(folder, export)
    check_that_all_is_kept(folder, export, done.rows)
    after = tree(folder)
    again = collect(folder, export.path, **settings)
    assert again.known
    assert tree(folder) == after


def made(tmp_path: Path, *what, **how) -> tuple[Path, Export]:
    export = class_of_60.export(tmp_path / "in", *what, **how)
    return class_of_60.make_class(tmp_path / "class", export.students), export


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_platform(tmp_path, platform):
    style = STYLES[PLATFORMS.index(platform) % 3]
    collected_and_checked(*made(tmp_path, platform, style, 0))


@pytest.mark.slow
@pytest.mark.parametrize("change", list(CHANGES)[1:])
@pytest.mark.parametrize("platform", ["moodle", "canvas", "brightspace", "google", "plain name"])
def test_names_that_were_changed_on_their_way(tmp_path, platform, change):
    collected_and_checked(*made(tmp_path, platform, "sis", 1, change=change))


@pytest.mark.slow
@pytest.mark.parametrize("packed", PACKED[1:])
@pytest.mark.parametrize("platform", ["moodle", "canvas", "plain id"])
def test_however_it_is_packed(tmp_path, platform, packed):
    collected_and_checked(*made(tmp_path, platform, "sis" if "id" in packed else "rows", 2, packed))


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("platform", ["canvas", "brightspace"])
def test_the_platforms_numbers_are_small_and_look_like_row_numbers(tmp_path, platform, style):
    collected_and_checked(*made(tmp_path, platform, style, 4, small_numbers=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 16))
def test_many_classes(tmp_path, seed):
    for index, (platform, style) in enumerate(product(PLATFORMS, STYLES)):
        packed, change = PACKED[(index + seed) % len(PACKED)], list(CHANGES)[(index * 7 + seed) % len(CHANGES)]
        place = tmp_path / str(index)
        collected_and_checked(*made(place, platform, style, seed, packed, change, small_numbers=bool(seed % 2)))


def rows_of(export: Export, folder: Path, **settings):
    return collect(folder, export.path, **settings).rows


def of_person(rows, hand_in) -> list:
    return [row for row in rows if any(plain_path(row.file).endswith(plain_path(leaf)) for leaf in hand_in.leaves)]


def test_what_is_open_is_decided_by_pairs(tmp_path):
    folder, export = made(tmp_path, "moodle", "sis", 3)
    rows = rows_of(export, folder)
    left = [each for each in export.handed_in if each.person.id and not each.is_certain and each.wanted]
    assert left
    tops = {each.person.id: of_person(rows, each)[0].top for each in left}
    collect(folder, export.path, assigned={top: student for student, top in tops.items()})
    for each in left:
        for lesson, content in each.wanted.items():
            assert (folder / "submitted" / each.person.id / lesson / f"{lesson}.ipynb").read_bytes() == content
    check_that_nobody_has_anothers(folder, export)


def test_what_is_open_is_decided_by_the_edited_table(tmp_path, capsys):
    folder, export = made(tmp_path, "canvas", "rows", 3)
    table = tmp_path / "table.csv"
    command = ["class", "collect", str(folder), str(export.path)]
    assert main([*command, "--dry-run", "--table", str(table)]) == 1
    assert not (folder / "collected").exists()
    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(each.leaves) for each in export.handed_in)
    left = [each for each in export.handed_in if not each.is_certain]
    for each in left:
        for row in rows:
            if any(row["file"].endswith(leaf) for leaf in each.leaves):
                row["student"] = each.person.id or "-"
    with open(table, "w", newline="", encoding="utf-8-sig") as file:  # as a spreadsheet saves it
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    main([*command, "--assign", str(table)])
    for each in export.handed_in:
        each.whose = frozenset([each.person.id] if each.person.id else [])
    check_that_nobody_has_anothers(folder, export)
    check_what_is_filed(folder, export)
    assert {row.state for row in ledger(folder)} <= {"filed", "older", "same", "unreadable", "other"}
    capsys.readouterr()
    main([*command, "--assign", str(table)])
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(("pair", "words"), [
    ("nothing.ipynb=s1007", "no file"), ("{top}=nobody", "no student 'nobody'"), ("{top}=s1007:77", "no lesson '77'"),
    ("{top}", "FILE=ID was expected"),
])  # fmt: skip
def test_decisions_that_can_not_be(tmp_path, pair, words, capsys):
    folder, export = made(tmp_path, "moodle", "sis", 3)
    before = tree(folder)
    top = next(iter(export.files)).split("/")[0]
    assert main(["class", "collect", str(folder), str(export.path), "--assign", pair.format(top=top)]) == 1
    assert words in capsys.readouterr().err
    assert tree(folder) == before


@pytest.mark.parametrize("platform", ["moodle flat", "brightspace"])
@pytest.mark.parametrize(("zone", "start", "hours"), [
    ("Europe/Berlin", datetime(2026, 12, 1, 9, 30), -1), ("Europe/Berlin", datetime(2026, 7, 1, 9, 30), -2),
    ("America/New_York", datetime(2026, 7, 1, 9, 30), 4), ("UTC", datetime(2026, 7, 1, 9, 30), 0),
], ids=["Berlin in winter", "Berlin in summer", "New York in summer", "UTC"])  # fmt: skip
def test_times_are_those_of_the_zone(tmp_path, monkeypatch, platform, zone, start, hours):
    monkeypatch.setattr(class_of_60, "START", start)
    folder, export = made(tmp_path, platform, "sis", 5)
    collect(folder, export.path, timezone=dates.zone(zone))
    rows = {row.file: row for row in ledger(folder)}
    times = {path: f"{time + timedelta(hours=hours):%Y-%m-%d %H:%M:%S} UTC" for path, (_, time) in export.files.items()}
    compared = [path for path in times if path in rows and path != "index.html"]
    assert len(compared) > 40
    if platform.startswith("brightspace"):  # whose names have no seconds
        times = {path: f"{time[:-6]}00 UTC" for path, time in times.items()}
    if platform == "google":
        compared = [path for path in compared if "(1)" not in path]
    assert {path: rows[path].time for path in compared} == {path: times[path] for path in compared}
    for row in rows.values():
        if row.state == "filed":
            stamp = folder / "submitted" / row.student / row.lesson / "timestamp.txt"
            assert stamp.read_text().strip() == row.time


def test_canvas_says_who_is_late(tmp_path):
    folder, export = made(tmp_path, "canvas", "emails", 6)
    rows = rows_of(export, folder)
    late = {row.file for row in rows if row.late == "yes"}
    assert late == {row.file for each in export.handed_in if each.late for row in of_person(rows, each)}
    assert 0 < len(late) < len(rows)
    for each in export.handed_in:
        if each.is_certain and each.late and LESSON in each.wanted:
            assert Files(folder).filed[each.person.id, LESSON].late == "yes"


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS[::2])
def test_the_export_of_one_assignment_whose_files_have_any_name(tmp_path, platform):
    """--lesson: nothing in the files' names tells the lesson."""
    folder, export = made(tmp_path, platform, "sis", 7)
    renamed = {
        path if "course-main" in path else path.replace("99-small", "homework").replace("98-other", "homework"): entry
        for path, entry in export.files.items()
    }
    export.path, _ = class_of_60._write(tmp_path / "renamed", renamed, "zip")
    collect(folder, export.path, lesson="99")
    check_that_nobody_has_anothers(folder, export)
    have = {path.parts[-3] for path in folder.glob("submitted/*/99-small/*.ipynb")}
    plain = {each.person.id for each in export.handed_in if each.is_certain and each.kind == "plain"}
    assert plain <= have
    assert {path.parent.name for path in folder.glob("submitted/*/*")} == {
        path.name for path in (folder / "submitted").iterdir()
    }
    assert {path.name for path in folder.glob("submitted/*/*")} == {LESSON}


@pytest.mark.slow
@pytest.mark.parametrize("platform", [each for each in PLATFORMS if not each.startswith("plain")])
def test_the_form_can_be_given(tmp_path, platform):
    folder, export = made(tmp_path, platform, "sis", 8)
    collected_and_checked(folder, export, platform=platform.split()[0])


@pytest.mark.parametrize("platform", ["canvas", "blackboard", "moodle"])
def test_a_second_export_with_a_submission_that_is_newer(tmp_path, platform):
    """The teacher downloads again: everybody's file is there once more, and one is new."""
    folder, export = made(tmp_path, platform, "sis", 9)
    collect(folder, export.path)
    before = tree(folder / "submitted")
    one = next(each for each in export.handed_in if each.is_certain and each.kind == "plain")
    path = next(path for path in export.files if path in one.leaves)
    new = class_of_60.notebook(LESSON, one.person.token, note="again")
    day = START + timedelta(days=1)
    again = {"canvas": path.replace(".ipynb", "-1.ipynb"), "moodle": path,
             "blackboard": path.replace(path.split("_")[3], f"{day:%Y-%m-%d-%H-%M-%S}")}[platform]  # fmt: skip
    files = {**export.files, again: (new, day)}
    if platform == "canvas":
        del files[path]
    second, _ = class_of_60._write(tmp_path / "second", files, "zip")
    rows = collect(folder, second).rows
    after = tree(folder / "submitted")
    key = f"{one.person.id}/{LESSON}/{NAME}"
    assert after[key] == new
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {key, f"{one.person.id}/{LESSON}/timestamp.txt"}
    assert sum(row.state == "filed" for row in rows) == 1
    rest = [row for row in rows if row.student and row.state not in {"same", "older", "other", "unreadable", "filed"}]
    assert rest == []


def test_a_second_import_says_one_line(tmp_path, capsys):
    folder, export = made(tmp_path, "moodle", "sis", 3)
    command = ["class", "collect", str(folder), str(export.path)]
    main(command)
    capsys.readouterr()
    main(command)
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.err == ""
    assert "collected before" in said.out


def test_the_same_export_in_another_place_is_the_same(tmp_path):
    folder, export = made(tmp_path, "moodle", "sis", 3)
    collect(folder, export.path)
    before = tree(folder)
    other = tmp_path / "Downloads"
    other.mkdir()
    path = Path(shutil.copy(export.path, other))
    assert collect(folder, path).known
    assert tree(folder) == before
