"""Fill marks into the file that a learning platform lets a teacher download, so that it can be imported as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fer_course.classroom.collecting.owners import Owners
from fer_course.classroom.collecting.platforms import Claim
from fer_course.classroom.marks import BY_HAND, FINAL, marks
from fer_course.classroom.names import composed, plain
from fer_course.classroom.paths import STUDENTS, lessons_of
from fer_course.classroom.raw_csv import RawCSV
from fer_course.classroom.students import read_students
from fer_course.errors import ClassError

#: Headers of columns that identify a person, in plain form (see `names.plain`).
_IDENTITIES = {
    *("email address", "email", "e mail", "mail", "id number", "idnumber", "username", "user name", "student id"),
    *("sis user id", "sis login id", "integration id", "login id"),
}
#: How Moodle says in some languages that a grade can be changed, and that it can't.
_YES = {
    *(
        "yes",
        "ja",
        "oui",
        "si",
        "sim",
        "tak",
        "ano",
        "áno",
        "igen",
        "kyllä",
        "да",
        "так",
        "ναι",
        "evet",
        "はい",
        "是",
        "예",
    )
}
_NO = {*("no", "nein", "non", "não", "nao", "nie", "ne", "nem", "nee", "nej", "nei", "ei", "нет", "ні", "όχι", "hayır")}
_NUMBER = re.compile(r"\s*-?\d+([.,]\d+)?\s*")
#: What Canvas writes for a student who was excused, or whom an assignment does not concern.
_CANVAS_WORDS = {"EX", "N/A"}


@dataclass
class Filled:
    """What was filled into a platform's file.

    Attributes:
        platform: moodle or canvas.
        column: the header of the column that was filled.
        marks: student -> the mark, as it was written.
        scaled: (the lesson's most points, the platform's) if they differ.
        blank: student -> why the cell was left as it was.
        rows: sentences on rows that fit no student, or several.
        absent: the students without a row.

    """

    platform: str
    column: str
    marks: dict[str, str] = field(default_factory=dict)
    scaled: tuple[float, float] | None = None
    blank: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


@dataclass
class _Layout:
    """Where things are in a platform's file: indices of rows and columns.

    `most` is the column, for Canvas the row, of the most points; `changeable` Moodle's column that says whether a grade can be
    changed; `number` that of Canvas' own numbers of people.
    """

    platform: str
    header: int
    first_row: int
    names: list[int]
    identities: list[int]
    mark: int
    most: int
    changeable: int | None = None
    number: int | None = None


def fill(
    folder: str | Path,
    lesson: str,
    worksheet: str | Path,
    out: str | Path,
    column: str | None = None,
    provisional: bool = False,
    students: Iterable[str] | None = None,
) -> Filled:
    """Fill a lesson's marks into Moodle's grading worksheet or Canvas' gradebook. All other cells stay as they were.

    Args:
        folder: the class.
        lesson: its number or name.
        worksheet: the file as the platform wrote it.
        out: the file to import.
        column: the header of the column, for Canvas; None: the one with the lesson's name or number.
        provisional: also fill in the marks of those whose written answer is not graded yet, without it.
        students: ids; None: all.

    Raises:
        ClassError: if there is no such class or lesson, the file is of neither platform, a column is missing or could be several,
            or `out` is the worksheet itself.

    """
    if Path(out).exists() and Path(out).resolve() == Path(worksheet).resolve():
        raise ClassError(f"{out} is the downloaded file itself. Give another name to --out, and keep the download.")
    (name,) = lessons_of(folder, [lesson])
    table = RawCSV.read(worksheet)
    layout = _layout(table, name, column)
    rows = {row["id"]: row for row in marks(folder, [name], students)}
    owners, filled = _owners_of_rows(table, layout, read_students(Path(folder) / STUDENTS))
    filled.absent = sorted(set(rows) - set(owners.values()))
    cells = {}
    for index, student in owners.items():
        if student in rows:
            why = _why_blank(rows[student], provisional) or _why_locked(table, layout, index)
            if why:
                filled.blank[student] = why
            else:
                cells[index, layout.mark] = _mark(table, layout, index, rows[student], filled)
                filled.marks[student] = cells[index, layout.mark]
    table.write(out, cells)
    return filled


def _layout(table: RawCSV, lesson: str, column: str | None) -> _Layout:
    start = next((index for index, row in enumerate(table.rows) if row and not row[0].casefold().startswith("sep=")), 0)
    header = table.rows[start] if table.rows else []
    names = [plain(cell) for cell in header]
    if "identifier" in names and "grade" in names:
        return _moodle(table, start, names)
    if (names[:1] in (["student"], ["lastname"]) or names[:1] == ["last name"]) and "id" in names:
        return _canvas(table, start, names, lesson, column)
    first = {
        match[1] if (match := re.fullmatch(r"(\D+?)\s*\d+", row[0].strip())) else ""
        for row in table.rows[start + 1 :]
        if row
    }
    if len(first) == 1 and "" not in first:  # `Participant 123` in any language
        return _moodle_in_another_language(table, start)
    raise ClassError(
        f"{table.path} is neither Moodle's grading worksheet (columns Identifier, Full name, …, Grade, Maximum Grade) nor "
        f"Canvas' gradebook (Student, ID, …, assignments). Its columns: {', '.join(header[:12]) or 'none'}."
    )


def _moodle(table: RawCSV, start: int, names: list[str]) -> _Layout:
    wanted = ("Grade", "Maximum Grade", "Grade can be changed")
    missing = [each for each in wanted if plain(each) not in names]
    if missing:
        raise ClassError(
            f"{table.path} has no column {' and no column '.join(missing)}. Download the grading worksheet again; the "
            f"assignment's grade must be points, not a scale."
        )
    grade, most, changeable = (names.index(plain(each)) for each in wanted)
    people = [index for index, name in enumerate(names) if name in _IDENTITIES]
    full = [index for index, name in enumerate(names) if name == "full name"]
    return _Layout("moodle", start, start + 1, full, people, grade, most, changeable)


def _moodle_in_another_language(table: RawCSV, start: int) -> _Layout:
    """Find the columns by their order (…, Grade, Maximum Grade, Grade can be changed, …) and what is in them."""
    rows = [row for row in table.rows[start + 1 :] if row]
    width = min(len(row) for row in rows)
    for most in range(3, width - 1):
        numbers = {row[most].strip() for row in rows}
        words = {_word(row[most + 1]) for row in rows}
        if len(numbers) == 1 and _is_number(min(numbers)) and all(words) and not any(map(_is_number, words)):
            unknown = sorted(words - _YES - _NO)
            if unknown and len(words) <= 2:
                raise ClassError(
                    f"{table.path}: the column {table.rows[start][most + 1]!r} says {' and '.join(map(repr, unknown))}; yes or "
                    f"no was expected in a language that is known. Set Moodle to English, and download the worksheet again."
                )
            if not unknown:
                return _Layout(
                    "moodle", start, start + 1, [1], list(range(2, most - 1)), most - 1, most, changeable=most + 1
                )
    raise ClassError(
        f"{table.path} looks like Moodle's grading worksheet in another language, but the column with the maximum grade is "
        f"missing: numbers that are all the same, before a column of yes and no. Its columns: {', '.join(table.rows[start])}."
    )


def _word(text: str) -> str:
    return text.strip().casefold()


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))


def _canvas(table: RawCSV, start: int, names: list[str], lesson: str, column: str | None) -> _Layout:
    header = table.rows[start]
    most = next(
        (
            index
            for index, row in enumerate(table.rows[start + 1 : start + 4], start + 1)
            if row and plain(row[0]) == "points possible"
        ),
        None,
    )
    if most is None:
        raise ClassError(
            f"{table.path} has no row Points Possible below its columns. Export the gradebook from Canvas again."
        )
    people = [index for index, name in enumerate(names) if name in _IDENTITIES]
    full = [0] if names[0] == "student" else [0, 1]
    assignments = [
        index
        for index, name in enumerate(header)
        if re.search(r"\(\d+\)\s*$", name) and "read only" not in "".join(table.rows[most][index : index + 1])
    ]
    mark = _canvas_column(table, header, assignments, lesson, column)
    return _Layout("canvas", start, most + 1, full, people, mark, most, number=names.index("id"))


def _canvas_column(table: RawCSV, header: list[str], assignments: list[int], lesson: str, column: str | None) -> int:
    titles = {index: re.sub(r"\s*\(\d+\)\s*$", "", header[index]).strip() for index in assignments}
    if column:
        found = [index for index in assignments if column.strip() in {header[index].strip(), titles[index]}]
        what = f"a column {column!r}"
    else:
        number, _, title = lesson.partition("-")
        found = [index for index in assignments if plain(title) and f" {plain(title)} " in f" {plain(titles[index])} "]
        found = found or [
            index
            for index in assignments
            if any(int(word) == int(number) for word in re.findall(r"\d+", titles[index]))
        ]
        what = f"a column for {lesson}, by its name or number"
    if len(found) != 1:
        have = ", ".join(repr(header[index]) for index in (found or assignments)) or "no assignments"
        raise ClassError(
            f"{table.path}: {what} was expected, found {'several' if found else 'none'}. There are: {have}. "
            f"Give one with --column."
        )
    return found[0]


def _owners_of_rows(table: RawCSV, layout: _Layout, students: list[dict[str, str]]) -> tuple[dict[int, str], Filled]:
    """Return the student of each row that fits exactly one, and what is to be said of the others."""
    filled = Filled(layout.platform, table.rows[layout.header][layout.mark])
    people = _People(students)
    owners: dict[int, str] = {}
    for index, row in enumerate(table.rows[layout.first_row :], layout.first_row):
        if len(row) <= layout.mark or not any(cell.strip() for cell in row):
            continue
        name = ", ".join(row[each].strip() for each in layout.names) if layout.names else ""
        if layout.platform == "canvas" and plain(name) in {"student test", "test student"}:
            continue
        number = row[layout.number] if layout.number is not None else ""
        owner, why = people.of([row[each] for each in layout.identities], name, number)
        if owner:
            owners[index] = owner
        else:
            filled.rows.append(f"Row {index + 1}, {name or row[0]}: {why}.")
    for student, times in Counter(owners.values()).items():
        if times > 1:
            twice = [index for index, owner in owners.items() if owner == student]
            filled.rows.append(f"Rows {', '.join(str(index + 1) for index in twice)}: {times} rows fit {student}.")
            owners = {index: owner for index, owner in owners.items() if owner != student}
    return owners, filled


class _People:
    """Finds the student whom a row of a platform's file means."""

    def __init__(self, students: list[dict[str, str]]):
        self._owners = Owners(students)
        self._words = {row["id"]: set(plain(f"{row['first_name']} {row['last_name']}").split()) for row in students}
        self._known: dict[str, set[str]] = {}
        for row in students:
            for each in (row["id"], row["email"], *row.get("other_ids", "").split(";")):
                if each.strip():
                    self._known.setdefault(composed(each.strip()), set()).add(row["id"])

    def of(self, identities: Iterable[str], name: str, number: str = "") -> tuple[str, str]:
        """Return a student's id, or "" and why there is none.

        Args:
            identities: e-mail addresses, user names and numbers by which the school knows a person.
            name: the full name; "" if it is hidden.
            number: the platform's own number of the person. A short one may be anybody's.

        """
        named = self._owners.of(Claim("moodle", name)) if name.strip(" ,") else None
        by_name = set(named.students) if named and named.sure else set()
        sure, doubtful = set(by_name), set[str]()
        for each in (*identities, number):
            owners = self._known.get(composed(each.strip()), set())
            is_short = re.fullmatch(r"\d{1,4}", each.strip()) and named is not None
            fitting = {owner for owner in owners if not is_short or self._words[owner] & set(plain(name).split())}
            sure |= fitting
            doubtful |= owners - fitting if each is not number else set()
        if len(sure | doubtful) > 1:
            return "", f"it could be {' or '.join(sorted(sure | doubtful))}"
        if sure:
            return min(sure), ""
        if doubtful:
            return "", f"it has the number of {min(doubtful)}, but another name"
        return "", f"no student has this e-mail address, id or name{f' ({named.why})' if named else ''}"


def _why_blank(row: dict[str, Any], provisional: bool) -> str:
    """Return why a submission has no mark to be imported; "" if it has one."""
    if row["status"] in FINAL or (row["status"] == BY_HAND and provisional):
        return ""
    return row["status"] + (f" ({row['remarks']})" if row["remarks"] else "")


def _why_locked(table: RawCSV, layout: _Layout, index: int) -> str:
    row = table.rows[index]
    if layout.changeable is not None and _word(row[layout.changeable]) not in _YES:
        return f"{layout.platform.capitalize()} says that the grade can't be changed"
    if layout.platform == "canvas" and row[layout.mark].strip() in _CANVAS_WORDS:
        return f"Canvas says {row[layout.mark].strip()}"
    return ""


def _mark(table: RawCSV, layout: _Layout, index: int, row: dict[str, Any], filled: Filled) -> str:
    """Return a mark as the platform writes numbers, scaled to its most points."""
    cell = table.rows[index][layout.most] if layout.platform == "moodle" else table.rows[layout.most][layout.mark]
    most = float(cell.strip().replace(",", ".")) if _NUMBER.fullmatch(cell) else 0.0
    score, own = row["score"], row["max_score"]
    if most and own and abs(most - own) > 1e-9:
        filled.scaled = (own, most)
        score = score / own * most
    text = f"{score:.2f}" if re.search(r"[.,]\d", cell) else f"{score:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if _has_decimal_commas(table, layout) else text


def _has_decimal_commas(table: RawCSV, layout: _Layout) -> bool:
    columns = [layout.mark, layout.most] if layout.platform == "moodle" else [layout.mark]
    cells = [row[each] for row in table.rows for each in columns if each < len(row)]
    return any(re.fullmatch(r"\s*\d+,\d+\s*", cell) for cell in cells)
