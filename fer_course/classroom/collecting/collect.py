"""File what is certain in an export of a learning platform, keep all of it, and say what became of every file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath

from fer_course._shared.files import atomic, exclusive, write_text
from fer_course.classroom.collecting import ledger as states
from fer_course.classroom.collecting.ledger import FOLDER, HandedIn, ledger, write_ledger
from fer_course.classroom.collecting.proposal import TIME, Proposal, propose
from fer_course.classroom.collecting.uploads import is_junk

#: Bytes that a path in an export, and each name in it, may have in what is kept: file systems take 255 for a name, with what
#: `atomic` adds.
_LONGEST_PATH, _LONGEST_NAME = 1_000, 200
#: States in which a teacher has something to do.
_OPEN = {states.UNSURE, states.NOBODY, states.UNREADABLE}


@dataclass
class Collected:
    """What `collect` did.

    Attributes:
        notebooks: (student, lesson) -> the file now in `submitted/`.
        rows: what became of each file.
        known: the same export was collected before, and nothing is new.

    """

    notebooks: dict[tuple[str, str], Path] = field(default_factory=dict)
    rows: list[HandedIn] = field(default_factory=list)
    known: bool = False

    @property
    def open(self) -> list[HandedIn]:
        """The files for which the teacher has something to decide or to ask."""
        return [row for row in self.rows if row.state in _OPEN]

    @property
    def refused(self) -> list[str]:
        """One sentence for each file that did not become a submission, and does not lie beside one."""
        kept = {states.FILED, states.SAME, states.OTHER}
        sentences = [
            f"{row.top}: {row.file.rsplit('/', 1)[-1]}: {row.why}." for row in self.rows if row.state not in kept
        ]
        return list(dict.fromkeys(sentences))

    @property
    def summary(self) -> str:
        """The number of files in each state, in one line."""
        counts = Counter(row.state for row in self.rows)
        return f"{len(self.rows)} files: " + ", ".join(
            f"{counts[state]} {state}" for state in states.STATES if counts[state]
        )


def collect(
    folder: str | Path,
    handed_in: str | Path,
    platform: str | None = None,
    lesson: str | None = None,
    timezone: tzinfo | None = None,
    assigned: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> Collected:
    """Copy notebooks from an export to `submitted/STUDENT/LESSON/`, and every file to `collected/EXPORT/`.

    What is not certain, by the name that the platform gave it, is not assigned: see `propose`. Of several notebooks of one
    student for one lesson the newest counts, and only a newer one replaces an earlier submission.

    Args:
        folder: the class.
        handed_in: a folder or zip, see `propose`; as `platform`, `lesson`, `timezone` and `assigned`.
        platform: as in `propose`.
        lesson: as in `propose`.
        timezone: as in `propose`.
        assigned: as in `propose`.
        dry_run: write nothing.

    Raises:
        ClassError: as `propose`.

    """
    proposal = propose(folder, handed_in, platform, lesson, timezone, assigned)
    if dry_run:
        return Collected(rows=proposal.rows)
    with exclusive(folder):
        return _write(Path(folder), proposal)


def _write(folder: Path, proposal: Proposal) -> Collected:
    before = ledger(folder)
    earlier = {row.file: row for row in before if row.export == proposal.export}
    rows = [_with_history(row, earlier.get(row.file)) for row in proposal.rows]
    collected = Collected(rows=rows, known=rows == list(earlier.values()))
    if collected.known:
        return collected
    for row in rows:
        upload = proposal.uploads[row.file]
        if upload.source and not is_junk(tuple(row.file.split("/"))):
            _keep(folder / FOLDER / row.export, row.file, upload.content)
    write_ledger(folder / FOLDER / "ledger.csv", [row for row in before if row.export != proposal.export] + rows)
    for row in proposal.rows:
        if row.state == states.FILED:
            path = folder / "submitted" / row.student / row.lesson / f"{row.lesson}.ipynb"
            with atomic(path) as temporary:
                temporary.write_bytes(proposal.uploads[row.file].content)
            write_text(path.with_name("timestamp.txt"), (row.time or datetime.now(UTC).strftime(TIME)) + "\n")
            collected.notebooks[row.student, row.lesson] = path
    return collected


def _with_history(row: HandedIn, earlier: HandedIn | None) -> HandedIn:
    """Return what became of a file; if nothing new did, what became of it when it was first collected."""
    unchanged = earlier and row.state in {states.SAME, states.OLDER, earlier.state} and earlier.student == row.student
    return earlier if earlier and unchanged else row


def _keep(folder: Path, name: str, content: bytes) -> None:
    """Keep a copy of what was handed in; a file where a folder is needed, the reverse, or a name too long gets another name."""
    path = folder / name
    lengths = [len(part.encode("utf-8", "replace")) for part in name.split("/")]
    if sum(lengths) > _LONGEST_PATH or max(lengths) > _LONGEST_NAME:
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
        path = folder / f"{digest[:16]}{PurePosixPath(name).suffix[:10]}"
    elif path.is_dir() or any(parent.is_file() for parent in path.parents):
        path = folder / name.replace("/", "_")[-_LONGEST_NAME:]
    with atomic(path) as temporary:
        temporary.write_bytes(content)
