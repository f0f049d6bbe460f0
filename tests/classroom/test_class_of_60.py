"""A class of 60, collected from every platform's export: nothing lies under a wrong person, and every file is accounted for."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import class_of_60
import pytest
from class_of_60 import CHANGES, LESSON, PACKED, PLATFORMS, STYLES, UNREADABLE, Export

from fer_course.classroom.collecting import collect, ledger
from fer_course.classroom.collecting.ledger import STATES, unreadable


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


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
    assert wrong == {}, [(each.text, each.kind) for each in export.handed_in if each.person.id in {key[0] for key in wrong}]
    assert set(have) == set(wanted)  # what is ambiguous, or nobody's, is not filed
    assert len(wanted) > 20


def check_what_can_not_be_read(folder: Path, export: Export) -> None:
    found = {student for student, _ in unreadable(folder)}
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


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_platform(tmp_path, platform, style):
    collected_and_checked(*made(tmp_path, platform, style, 0))


@pytest.mark.parametrize("change", list(CHANGES)[1:])
@pytest.mark.parametrize("platform", ["moodle", "canvas", "brightspace", "google", "plain name"])
def test_names_that_were_changed_on_their_way(tmp_path, platform, change):
    collected_and_checked(*made(tmp_path, platform, "sis", 1, change=change))


@pytest.mark.parametrize("packed", PACKED[1:])
@pytest.mark.parametrize("platform", ["moodle", "moodle flat", "canvas", "brightspace", "plain id", "plain name"])
def test_however_it_is_packed(tmp_path, platform, packed):
    collected_and_checked(*made(tmp_path, platform, "rows", 2, packed))


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
