"""`fer-course class collect`: bring in what learners handed in."""

from __future__ import annotations

import sys
from pathlib import Path

from fer_course.cli.commands import add_command

_ASSIGN = "decide: FILE=ID or FILE=ID:LESSON, `-` as ID leaves it out; or a CSV with the columns file and student"


def add_collect(commands) -> None:
    """Add `collect`."""
    collect = add_command(commands, "collect", _collect, "copy in what a learning platform exports")
    collect.add_argument("folder", type=Path, help="the class")
    collect.add_argument(
        "handed_in", type=Path, metavar="EXPORT", help="a platform's zip or folder, or one with a folder per learner"
    )
    collect.add_argument(
        *("--from",), dest="platform", choices=("moodle", "canvas", "blackboard", "brightspace", "google"),
        help="the form of the names; none: recognised",
    )  # fmt: skip
    collect.add_argument("--lesson", help="the export is of this lesson's assignment: 07, 7 or 10-train-it")
    collect.add_argument(
        "--timezone", metavar="ZONE", help="of the times in the export, e.g. Europe/Berlin; none: this machine's"
    )
    collect.add_argument(
        "--dry-run", action="store_true", help="show what would be done with each file, and write nothing"
    )
    collect.add_argument("--assign", action="append", default=[], metavar="FILE=ID", help=_ASSIGN)
    collect.add_argument("--table", type=Path, metavar="CSV", help="write what became of each file to a table")


def _collect(options) -> int:
    from fer_course.classroom import dates
    from fer_course.classroom.collecting import collect, propose
    from fer_course.classroom.collecting.ledger import write_ledger
    from fer_course.classroom.collecting.proposal import decisions

    zone = dates.zone(options.timezone)
    settings = {"platform": options.platform, "lesson": options.lesson, "timezone": zone}
    # Only a table has rows that decide nothing, because they say what was proposed.
    has_table = any(Path(each).is_file() for each in options.assign)
    proposed = propose(options.folder, options.handed_in, **settings).rows if has_table else []
    assigned = decisions(options.assign, proposed)
    collected = collect(options.folder, options.handed_in, **settings, assigned=assigned, dry_run=options.dry_run)
    if options.table:
        write_ledger(options.table, collected.rows)
    if collected.known:
        print(f"Nothing new: this export was collected before ({collected.summary}).")
        return 1 if collected.open else 0
    for row in collected.rows:
        if options.dry_run or row.is_doubtful:
            print(_line(row))
    print(f"{collected.summary}.{' Nothing was written.' if options.dry_run else ''}")
    if not options.dry_run:
        print(f"Collected {len(collected.notebooks)} notebooks.")
        for row in collected.open:
            print(f"Left out: {_line(row)}", file=sys.stderr)
    return 1 if collected.open else 0


def _line(row) -> str:
    from fer_course.classroom.harmless import one_line

    whose = f"{row.student} {row.lesson}".strip() or "?"
    how = ", ".join(each for each in (row.state, row.sure, "late" if row.late else "") if each)
    return one_line(f"{row.file} → {whose} [{how}]: {row.why.rstrip('.')}.")
