"""The students of a class: a CSV file, and nbgrader's gradebook."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from fer_course._shared.files import refuse_endless
from fer_course.classroom.paths import STUDENTS, gradebook
from fer_course.errors import ClassError

#: The columns of the CSV file, and its example row.
FIELDS = ("id", "last_name", "first_name", "email")
EXAMPLE = "ada,Lovelace,Ada,ada@example.org"


def read_students(path: str | Path) -> list[dict[str, str]]:
    """Read a CSV of students, with commas or, as some spreadsheets write, semicolons.

    Raises:
        ClassError: if it can't be read, has no column `id`, or an id is empty, repeated, or can't be a folder's name.

    """
    refuse_endless(path, ClassError)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            rows = list(csv.DictReader(file, skipinitialspace=True, delimiter=";" if ";" in head else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ClassError(f"{path} can't be read as CSV: {error}. Save it as CSV (UTF-8).") from None
    seen: set[str] = set()
    table = [{field: (row.get(field) or "").strip() for field in FIELDS} for row in rows]
    for line, row in enumerate(table, start=2):
        if not re.fullmatch(r"[\w.@-]+", row["id"]) or row["id"].startswith("."):
            raise ClassError(
                f"{path}, line {line}: the id is {row['id']!r}; letters, digits, dots, @ and - are expected. The columns are "
                f"{', '.join(FIELDS)}; only id is required."
            )
        if row["id"] in seen:
            raise ClassError(f"{path}, line {line}: the id {row['id']!r} occurs twice.")
        seen.add(row["id"])
    return table


def enrol(folder: str | Path) -> int:
    """Add the students of `students.csv` to the gradebook; return their number. No student is removed from it."""
    table = read_students(Path(folder) / STUDENTS)
    with gradebook(folder) as book:
        for row in table:
            book.update_or_create_student(row["id"], **{field: row[field] for field in FIELDS[1:]})
    return len(table)
