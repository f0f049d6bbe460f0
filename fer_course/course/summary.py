"""What `fer-course run` prints: how each lesson ended, and the table of all lessons."""

from __future__ import annotations

from pathlib import Path

from fer_course.course.records import LessonRecord, RunRecord

_SOURCE_LINES = 8


def key_result(record: LessonRecord) -> str:
    """Return the first line of a lesson's error; without an error, its last result."""
    if record.get("error"):
        return f"{record['error']['name']}: {record['error']['message']}".split("\n")[0]
    return (record.get("results") or [""])[-1]


def ending(record: LessonRecord, executed: Path) -> str:
    """Return what is printed when a lesson has ended: one line, or the failing cell and its error."""
    if record["status"] == "done":
        return f"done    {record['lesson']}  {record['seconds']:.0f} s  {key_result(record)}"
    error = record["error"]
    where = f" in cell {error['cell'] + 1}" if "cell" in error else ""
    lines = error.get("source", "").splitlines()
    shown = lines[:_SOURCE_LINES]
    if len(lines) > len(shown):
        shown.append(f"… ({len(lines) - len(shown)} more lines)")
    heading = f"FAILED  {record['lesson']}{where}:"
    message = f"    {error['name']}: {error['message']}"
    return "\n".join(
        [heading, *(f"    | {line}" for line in shown), message, f"    The notebook up to there: {executed}"]
    )


def table(metrics: RunRecord) -> str:
    """Return the table of all lessons as text: lesson, seconds, peak resident memory in MB, key result."""
    rows = [("lesson", "seconds", "peak MB", "key result")]
    for record in metrics["lessons"]:
        note = "" if record["status"] == "done" else f"{record['status'].upper()}  "
        rows.append(
            (
                record["lesson"],
                f"{record['seconds']:.0f}" if "seconds" in record else "",
                f"{record['peak_memory_mb']:,}" if "peak_memory_mb" in record else "",
                note + key_result(record),
            )
        )
    width = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"{a:<{width[0]}}  {b:>{width[1]}}  {c:>{width[2]}}  {d}".rstrip() for a, b, c, d in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])
