"""What became of each file that was ever handed in: a CSV in the class's folder, beside copies of the files."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from fer_course._shared.files import write_text
from fer_course.classroom.harmless import as_written, shown_as_text

#: The folder, in the class's, with the ledger, and with one folder of files for each export.
FOLDER = "collected"
#: What can become of a file.
FILED, OLDER, SAME, UNREADABLE, UNSURE, NOBODY, OTHER = (
    *("filed", "older", "same", "unreadable", "unsure", "nobody", "other"),
)
#: What the teacher should know of a file that counts, at the end of its `why`.
OTHER_LESSON, NOT_BEGUN = "Its cells are those of lesson", "Nothing in it is answered."
COPIED = "Every answer is the course's own, character for character."
STATES = {
    FILED: "is the submission",
    OLDER: "a newer one counts",
    SAME: "was there already",
    UNREADABLE: "is no notebook that can be read, and there is no other",
    UNSURE: "could be several people's, or several notebooks could count: decide with --assign",
    NOBODY: "names no student of the class: decide with --assign",
    OTHER: "needs no grading: a copy, a file beside a notebook, the platform's own",
}


@dataclass(frozen=True)
class HandedIn:
    """One file that was handed in, and what became of it.

    Attributes:
        export: the folder in `collected/` with the copies of this export's files.
        file: the file's path in the export; what is in a zip follows the zip's path.
        top: the name of the file or folder by which the platform says whose it is.
        platform: moodle, canvas, blackboard, brightspace, google or folder.
        time: when it was handed in, in UTC, as `2026-12-01 09:30:00 UTC`; "" if unknown.
        late: "yes" if the platform says so.
        sha256: of the content; "" if it was not read.
        student: the id; "" if unknown.
        lesson: its name; "" if unknown.
        state: one of `STATES`.
        sure: "sure", "decided" (by the teacher), or "".
        why: one sentence for the teacher.

    """

    export: str
    file: str
    top: str
    platform: str
    time: str
    late: str
    sha256: str
    student: str
    lesson: str
    state: str
    sure: str
    why: str

    @property
    def is_doubtful(self) -> bool:
        """Whether it counts, but the teacher should know something of it."""
        return self.state == FILED and any(doubt in self.why for doubt in (OTHER_LESSON, NOT_BEGUN, COPIED))


def ledger(folder: str | Path) -> list[HandedIn]:
    """Return what became of each file of all exports of a class, oldest export first."""
    path = Path(folder) / FOLDER / "ledger.csv"
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return [HandedIn(**{name: as_written(cell) for name, cell in row.items()}) for row in csv.DictReader(file)]


def write_ledger(path: str | Path, rows: list[HandedIn]) -> None:
    """Write rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [each.name for each in fields(HandedIn)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: shown_as_text(cell) for name, cell in asdict(row).items()} for row in rows)
    write_text(path, text.getvalue())
