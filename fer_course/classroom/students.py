"""The students of a class: a CSV of our own, those of learning platforms and spreadsheets, and nbgrader's gradebook."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fer_course._shared.files import refuse_endless, write_text
from fer_course.classroom.names import plain
from fer_course.classroom.paths import STUDENTS, gradebook
from fer_course.errors import ClassError

#: The columns of `students.csv`, and its example row. `group` is for tutors; `other_ids`, separated by semicolons, holds the
#: numbers and names by which a learning platform knows the same person.
FIELDS = ("id", "last_name", "first_name", "email", "group", "other_ids")
EXAMPLE = {"id": "ada", "last_name": "Lovelace", "first_name": "Ada", "email": "ada@example.org"}

#: What other tables call a column, by field, in plain form (see `names.plain`). Of several identifiers the first that is
#: there and unique in all rows becomes the id; the others are kept in `other_ids`.
_IDENTIFIERS = (
    *("user name", "username", "sis login id", "login id", "login", "benutzername", "anmeldename", "student id"),
    *("nom d utilisateur", "nombre de usuario", "usuario", "nome utente"),
    *("id number", "idnumber", "student number", "matrikelnummer", "matriculation number", "sis user id"),
    *("id nummer", "numero de id", "numero d identification", "numero id"),
    *(
        "sis id",
        "orgdefinedid",
        "org defined id",
        "identifier",
        "participant",
        "user id",
        "userid",
        "id",
        "number",
        "no",
        "nr",
    ),
)
_COLUMNS = {
    "last_name": (
        *("last name", "lastname", "surname", "family name", "nachname", "apellido", "apellido s", "nom", "cognome"),
    ),
    "first_name": ("first name", "firstname", "given name", "given names", "vorname", "nombre", "prenom", "nome"),
    "email": ("email", "email address", "e mail", "e mail address", "mail", "e mail adresse", "correo",
              "adresse de courriel", "courriel", "direccion de correo", "correo electronico", "indirizzo email"),
    "group": ("group", "groups", "section", "sections", "team", "tutor", "gruppe", "gruppen", "class", "group name"),
    "name": ("student", "full name", "fullname", "name", "student name", "user full name", "nombre completo"),
}  # fmt: skip
#: Rows of Canvas' gradebook that are nobody.
_NOBODY = {"points possible", "student test", "test student"}
#: What stands behind a last name.
_SUFFIXES = {"jr", "sr", "ii", "iii", "iv", "phd"}
_ID = re.compile(r"[\w.@-]+")
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass
class Table:
    """A table of students as it was read.

    Attributes:
        students: one row per student, with the keys `FIELDS`.
        columns: field -> the column that it was read from.
        notes: sentences for the teacher, e.g. which columns were not used.

    """

    students: list[dict[str, str]]
    columns: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_students(path: str | Path) -> list[dict[str, str]]:
    """Return the students in a CSV, see `read_table`."""
    return read_table(path).students


def read_table(path: str | Path) -> Table:
    """Read students from a CSV of our own, or one that Moodle, Canvas, Blackboard, Brightspace or a spreadsheet has written.

    Commas, semicolons or tabs; UTF-8, UTF-16 or Windows' code page 1252; a line `sep=;` and blank rows are passed over.

    Raises:
        ClassError: if it can't be read, has no column with identifiers, or an id is empty, repeated, or can't be a folder's name.

    """
    path = Path(path)
    notes: list[str] = []
    rows = read_rows(path, notes)
    start, columns = _find_columns(rows, path)
    header = rows[start][1]
    names = [columns.get(index, "") for index in range(len(header))]
    table = []
    for line, cells in rows[start + 1 :]:
        if any(cells[len(header) :]):
            raise ClassError(
                f"{path}, line {line}: {len(cells)} cells, but {len(header)} columns are named in line {rows[start][0]}. A "
                f'name that holds the separator stands in quotes: "King, Jr.".'
            )
        row = [(name, cell) for name, cell in zip(names, cells, strict=False) if name]
        if any(cell for _, cell in row) and not _is_nobody(row):
            table.append((line, row))
    identifiers = [index for index, name in columns.items() if name.startswith("id:") or name == "email"]
    chosen = _best_identifier(identifiers, names, header, [row for _, row in table])
    students = [_student(row, names[chosen]) for _, row in table]
    _check(path, [line for line, _ in table], students, header[chosen])
    used = {"id": header[chosen]} | {name: header[index] for index, name in columns.items() if ":" not in name}
    unused = [name for index, name in enumerate(header) if index not in columns and name]
    if unused:
        notes.append(f"Not used: {', '.join(unused[:12])}{', …' if len(unused) > 12 else ''}.")
    return Table(students, used, notes)


def read_rows(path: str | Path, notes: list[str] | None = None) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV with the lines that they begin in, without blank ones; encoding and separator are found out.

    Raises:
        ClassError: if it can't be read as CSV.

    """
    text, separator = decode(path, notes)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
        rows, line = [], 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, [unicodedata.normalize("NFC", cell.strip()) for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ClassError(
            f"{path} can't be read as CSV: line {reader.line_num}: {error}. Save it as CSV (UTF-8)."
        ) from None
    if rows and rows[0][1][0].casefold().startswith("sep="):
        del rows[0]
    if not rows:
        raise ClassError(f"{path} holds no rows. A CSV with one student per row was expected.")
    return rows


def decode(path: str | Path, notes: list[str] | None = None) -> tuple[str, str]:
    """Return the text of a CSV, and the character that separates its columns.

    Raises:
        ClassError: if it can't be read, or is no text in an encoding that spreadsheets write.

    """
    refuse_endless(path, ClassError)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ClassError(f"{path} can't be read: {error.strerror or error}.") from None
    if content.startswith(b"PK\x03\x04") or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ClassError(f"{path} is a workbook of a spreadsheet program. Save the sheet as CSV (UTF-8).")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    if encoding is None and content[1::2].count(0) > len(content) // 4:
        encoding = "utf-16-le"
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError:
            continue
        if candidate == "cp1252" and notes is not None:
            notes.append("It is not UTF-8; read as Windows' code page 1252. Look at the names with accents.")
        if "\0" in text:
            break
        return text, _separator(text)
    raise ClassError(
        f"{path} can't be read as CSV: it is not text in UTF-8, UTF-16 or code page 1252. Save it as CSV (UTF-8)."
    )


def _separator(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if found := re.match(r'"?sep=(.)"?', first, re.IGNORECASE):
        return found[1]
    head = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=head.count)


def _find_columns(rows: list[tuple[int, list[str]]], path: Path) -> tuple[int, dict[int, str]]:
    """Return which row is the header, and the field of each column that is recognised; `id:…` for identifiers."""
    for start, (_, cells) in enumerate(rows[:5]):
        columns = {index: name for index, cell in enumerate(cells) if (name := _field_of(cell))}
        if any(name.startswith("id:") or name == "email" for name in columns.values()):
            return start, _once(columns)
    found = ", ".join(cell for cell in rows[0][1] if cell)
    raise ClassError(
        f"{path}, line {rows[0][0]}: no column with the students' ids is recognised. Its columns: {found}. Name them in "
        f"the first row: {', '.join(FIELDS[:4])}; only id is required."
    )


def _once(columns: dict[int, str]) -> dict[int, str]:
    """Return the columns without those that mean the same as an earlier one."""
    first = {name: index for index, name in reversed(columns.items())}
    return {index: name for index, name in columns.items() if first[name] == index}


def _field_of(cell: str) -> str:
    name = plain(cell)
    for known, columns in _COLUMNS.items():
        if name in columns:
            return known
    if name == "other ids":
        return "other_ids"
    return f"id:{name}" if name in _IDENTIFIERS else ""


def _is_nobody(row: list[tuple[str, str]]) -> bool:
    return any(plain(cell) in _NOBODY for name, cell in row if name in {"name", "last_name"}) and not any(
        cell and "@" in cell for _, cell in row
    )


def _best_identifier(
    identifiers: list[int], names: list[str], header: list[str], rows: list[list[tuple[str, str]]]
) -> int:
    """Return the column of identifiers that is filled, unique and fit for folders' names; else the first in our order."""

    def rank(index: int) -> int:
        if header[index] == "id":  # our own tables; Canvas writes ID
            return -1
        return len(_IDENTIFIERS) if names[index] == "email" else _IDENTIFIERS.index(names[index].removeprefix("id:"))

    order = sorted(identifiers, key=rank)
    for index in order:
        values = [_identifier(dict(row).get(names[index], "")) for row in rows]
        if header[index] == "id" or (
            all(map(_may_be_id, values)) and len({value.casefold() for value in values}) == len(values)
        ):
            return index
    return order[0]


def _identifier(cell: str) -> str:
    """Return an identifier without the `#` that Brightspace puts before it.

    Moodle's `Participant 1234` is none: the same person has another number in each assignment.
    """
    return "" if re.match(r"participant\s", cell, re.IGNORECASE) else cell.strip().removeprefix("#")


def _may_be_id(value: str) -> bool:
    return bool(_ID.fullmatch(value)) and not value.startswith(".")


def _student(row: list[tuple[str, str]], identifier: str) -> dict[str, str]:
    cells = dict(row)
    last, first = cells.get("last_name", ""), cells.get("first_name", "")
    if not last and not first and cells.get("name"):
        last, first = split_name(cells["name"])
    own = _identifier(cells.get(identifier, ""))
    others = [_identifier(cell) for name, cell in row if name.startswith("id:")]
    others += [each.strip() for each in cells.get("other_ids", "").split(";")]
    distinct = dict.fromkeys(each for each in others if each and each != own)
    return {
        **{"id": own, "last_name": last, "first_name": first, "email": cells.get("email", "")},
        **{"group": cells.get("group", ""), "other_ids": "; ".join(distinct)},
    }


def split_name(name: str) -> tuple[str, str]:
    """Return last and first name of `Last, First` or `First Last`; of more than two words the last one is the last name.

    A suffix stays with the last name: `King, Jr., Martin` and `Martin King, Jr.`
    """
    head, *rest = [part.strip() for part in name.split(",")]
    if rest and plain(rest[0]) in _SUFFIXES:
        last, first = (head, ", ".join(rest[1:])) if rest[1:] else split_name(head)
        return f"{last}, {rest[0]}", first
    if rest:
        last, first = head, ", ".join(rest)
    else:
        first, _, last = name.strip().rpartition(" ")
    return last.strip(), first.strip()


def _check(path: Path, lines: list[int], students: list[dict[str, str]], column: str) -> None:
    seen: dict[str, int] = {}
    for line, row in zip(lines, students, strict=True):
        if not _may_be_id(row["id"]):
            raise ClassError(
                f"{path}, line {line}: the id is {row['id']!r} (column {column}); letters, digits, dots, @ and - are expected. "
                f"The columns are {', '.join(FIELDS)}; only id is required."
            )
        if row["id"].casefold() in seen:
            raise ClassError(
                f"{path}, line {line}: the id {row['id']!r} occurs twice; it is in line {seen[row['id'].casefold()]}, too."
            )
        seen[row["id"].casefold()] = line


def write_students(path: str | Path, students: Iterable[dict[str, str]]) -> None:
    """Write students to a CSV of our own."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(students)
    write_text(path, text.getvalue())


def enrol(folder: str | Path) -> int:
    """Add the students of `students.csv` to the gradebook; return their number. No student is removed from it."""
    table = read_students(Path(folder) / STUDENTS)
    with gradebook(folder) as book:
        for row in table:
            book.update_or_create_student(row["id"], **{name: row[name] for name in FIELDS[1:4]})
    return len(table)


def add(folder: str | Path, students: Iterable[dict[str, str]]) -> tuple[list[str], list[str]]:
    """Add students to a class, or change what is known of those that are there; return the ids of the new and the changed.

    Empty fields change nothing.

    Raises:
        ClassError: if an id can't be a folder's name.

    """
    path = Path(folder) / STUDENTS
    table = {row["id"].casefold(): row for row in read_students(path)}
    new, changed = [], []
    for student in students:
        if not _may_be_id(student.get("id", "")):
            raise ClassError(f"The id is {student.get('id', '')!r}; letters, digits, dots, @ and - are expected.")
        row = table.get(student["id"].casefold())
        if row is None:
            table[student["id"].casefold()] = dict.fromkeys(FIELDS, "") | dict(student)
            new.append(student["id"])
            continue
        filled = {name: value for name, value in student.items() if value and name != "id"}
        if any(row[name] != value for name, value in filled.items()):
            row.update(filled)
            changed.append(row["id"])
    write_students(path, table.values())
    enrol(folder)
    return new, changed


def remove(folder: str | Path, student: str, keep_work: bool = False) -> list[Path]:
    """Remove a student from a class and its gradebook.

    Args:
        folder: the class.
        student: the id.
        keep_work: also remove a student who has handed something in; the files move to `removed/STUDENT/`, the marks are lost.

    Returns:
        The folders that were moved.

    Raises:
        ClassError: if there is no such student, or the student has handed something in and `keep_work` is not set.

    """
    from nbgrader.api import MissingEntry

    folder = Path(folder)
    table = read_students(folder / STUDENTS)
    if all(row["id"] != student for row in table):
        raise ClassError(f"There is no student {student!r} in {folder / STUDENTS}.")
    work = list(_work_of(folder, student))
    if work and not keep_work:
        raise ClassError(
            f"{student} has handed something in: {work[0]}. With --with-work the files move to {folder / 'removed' / student}, "
            f"and the marks are lost."
        )
    for path in work:
        target = folder / "removed" / student / path.relative_to(folder).parts[0]
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(target)
        shutil.move(path, target)
    write_students(folder / STUDENTS, [row for row in table if row["id"] != student])
    # A missing entry: the list was written by hand, and nothing was released since.
    with gradebook(folder) as book, contextlib.suppress(MissingEntry):
        book.remove_student(student)
    return work


def _work_of(folder: Path, student: str) -> Iterator[Path]:
    for step in ("submitted", "unreadable", "autograded", "feedback"):
        path = folder / step / student
        if path.is_dir() and any(path.iterdir()):
            yield path


def in_group(folder: str | Path, group: str | None) -> list[str] | None:
    """Return the ids of the students of a group; None, for all students, without a group.

    Raises:
        ClassError: if nobody is in that group; lists the groups that there are.

    """
    if group is None:
        return None
    table = read_students(Path(folder) / STUDENTS)
    ids = [row["id"] for row in table if group.casefold() in _groups(row)]
    if not ids:
        have = ", ".join(sorted({row["group"] for row in table if row["group"]})) or "none"
        raise ClassError(f"There is no group {group!r} in {Path(folder) / STUDENTS}; there are: {have}.")
    return ids


def _groups(row: dict[str, str]) -> set[str]:
    """Return the groups of a student; Moodle and Canvas write several into one cell, with commas or semicolons."""
    return {row["group"].casefold()} | {each.strip().casefold() for each in re.split(r"[;,]", row["group"])}
