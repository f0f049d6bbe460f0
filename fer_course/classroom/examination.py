"""Execute a submission in one sandbox, and examine its answers in another that it has not touched; the second one decides.

The notebook's own run shows what the learner saw. The verdict of each check comes from `examiner`, and takes the place of what
the notebook's own run put under the check. Hidden checks are only in the second one.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fer_course.classroom import sandbox
from fer_course.classroom.inert import printable
from fer_course.classroom.sandbox import Limits
from fer_course.classroom.sandboxed_execution import execute, lines_of, send
from fer_course.course.cells import exercise_name, is_check

#: The hidden part of a check, as `assignments` writes it, and nbgrader expects it.
_HIDDEN = re.compile(r"\n?### BEGIN HIDDEN TESTS\n(.*?)\n?### END HIDDEN TESTS", re.DOTALL)
#: Seconds for an examiner to start, and beyond the time for a cell until it is killed.
_START, _GRACE = 120, 10
#: A finding's place in the outputs.
NOT_COUNTED = "NotCounted"


@dataclass
class Verdict:
    """What came of one check.

    Attributes:
        right: whether it passed, and nothing was found.
        stage: visible or hidden: the part that came last.
        shown: what the check says of right answers.
        ename, evalue: the error that ended it, or "".
        findings: what the learner's code did that makes the check count nothing.
        notes: what the teacher should look at.

    """

    stage: str = "visible"
    shown: list[str] = field(default_factory=list)
    ename: str = ""
    evalue: str = ""
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether the check passed, and nothing was found."""
        return not self.ename and not self.findings

    @property
    def is_right_as_the_learner_knows_it(self) -> bool:
        """Whether the part that the learner knows passed."""
        return not self.ename or self.stage == "hidden"


def execute_and_examine(text: str, limits: Limits = Limits(), unsafe: bool = False) -> tuple[str, str, list[str]]:  # noqa: B008
    """Execute a notebook and examine its answers.

    This runs in any process on any machine that has this package: an `Executor` calls it.

    Args:
        text: the notebook, as nbgrader has sanitised it, with hidden checks.
        limits: what each of the two may use.
        unsafe: execute without the sandbox, with all rights of this user.

    Returns:
        the executed notebook, with the verdicts as the outputs of its checks; an empty string or, if it was stopped, the reason;
        and sentences for the teacher.

    """
    import nbformat

    notebook = nbformat.reads(text, as_version=4)
    sources = [cell.source for cell in notebook.cells]
    checks = [
        _check_of(index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and is_check(cell)
    ]
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_check(cell):
            cell.source = visible_part(cell.source)
    cells = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
    with ThreadPoolExecutor(1) as pool:
        examined = pool.submit(examine, cells, checks, limits, unsafe)
        executed, reason = execute(nbformat.writes(notebook), limits, unsafe)
        verdicts = examined.result()
    notebook = nbformat.reads(executed, as_version=4)
    own = {check["id"]: _error_in(notebook.cells[check["cell"]]) for check in checks}
    remarks = _examine_again(verdicts, own, cells, checks, limits, unsafe)
    for check in checks:
        remarks += _about(check["name"], verdicts[check["id"]], own[check["id"]])
        _show(verdicts[check["id"]], notebook.cells[check["cell"]], own[check["id"]])
    for cell, source in zip(notebook.cells, sources, strict=True):
        cell.source = source
    return nbformat.writes(notebook), reason, list(dict.fromkeys(remarks))


def _show(verdict: Verdict, cell: Any, own: str) -> None:
    """Put a verdict in the place of a check's own outputs, unless those say better why there is no answer."""
    import nbformat

    if not (verdict.ename == "NameError" and own.startswith("Stopped")):
        cell.outputs = [nbformat.from_dict(output) for output in outputs_of(verdict)]


def visible_part(source: str) -> str:
    """Return the part of a check's cell that the learner knows."""
    return _HIDDEN.sub("", source)


def _check_of(index: int, cell: Any) -> dict:
    hidden = "\n".join(_HIDDEN.findall(cell.source))
    return {
        "id": f"{index}", "cell": index, "name": exercise_name(cell), "visible": visible_part(cell.source), "hidden": hidden,
    }  # fmt: skip


def examine(cells: list[str], checks: list[dict], limits: Limits, unsafe: bool) -> dict[str, Verdict]:
    """Return the verdict of each check: all of them in one interpreter, and again alone where that did not end well."""
    end = time.monotonic() + limits.seconds
    verdicts: dict[str, Verdict] = {}
    if not checks:
        return verdicts
    together, reason = _run(cells, checks, limits, unsafe, whole=False, end=end)
    verdicts |= {name: verdict for name, verdict in together.items() if not verdict.findings}
    left = [check for check in checks if check["id"] not in verdicts]
    if len(checks) == 1 and left:
        return {left[0]["id"]: together.get(left[0]["id"]) or _stopped(reason)}
    for check in left:
        alone, reason = _run(cells, [check], limits, unsafe, whole=False, end=end)
        verdicts[check["id"]] = alone.get(check["id"]) or _stopped(reason)
    return verdicts


def _examine_again(verdicts: dict[str, Verdict], own: dict[str, str], cells, checks, limits, unsafe) -> list[str]:
    """Examine again, with all of the notebook's cells, what passes in the notebook and not without them; return remarks."""
    again = [
        check for check in checks
        if not own[check["id"]] and not verdicts[check["id"]].is_right_as_the_learner_knows_it
        and not verdicts[check["id"]].findings
    ]  # fmt: skip
    if not again:
        return []
    found: dict[str, Verdict] = {}
    end = time.monotonic() + limits.seconds
    while left := [check for check in again if check["id"] not in found]:  # a finding ends an examiner
        more, reason = _run(cells, left, limits, unsafe, whole=True, end=end)
        found |= more or {left[0]["id"]: _stopped(reason)}
    for check in again:
        verdict = found[check["id"]]
        if verdict.right or verdict.findings or verdict.is_right_as_the_learner_knows_it:
            verdicts[check["id"]] = verdict
    said = ", ".join(check["name"] for check in again)
    return [
        f"All cells of the notebook were executed to examine {said}: with what it needs of them alone it did not pass."
    ]


def _stopped(reason: str) -> Verdict:
    because = reason or "Python itself ended"
    return Verdict(
        ename="Stopped", evalue=f"This check did not finish: the examination was stopped, because {because}."
    )


def _run(
    cells: list[str], checks: list[dict], limits: Limits, unsafe: bool, whole: bool, end: float
) -> tuple[dict[str, Verdict], str]:
    """Start an examiner; return its verdicts by the checks' ids, and why it ended before its time."""
    token = secrets.token_hex(16)
    request = {"token": token, "cells": cells, "checks": checks, "whole": whole, "seconds": limits.cell_seconds}
    command = [sys.executable, "-I", "-B", "-m", "fer_course.classroom.examiner"]
    with (
        sandbox.started(command, limits, unsafe) as (process, place),
        _Steps(process.pid, place, limits, end) as watch,
    ):
        send(process.stdin, json.dumps(request).encode())
        assert process.stdout is not None
        verdicts, ended = _read(lines_of(process.stdout, limits.output), token, watch)
    return verdicts, "" if ended else watch.reason or "Python itself ended"


class _Steps(sandbox.Watch):
    """A watch that also kills an examiner whose next line takes longer than a cell may run."""

    def __init__(self, pid: int, folder: Path, limits: Limits, end: float):
        super().__init__(pid, folder, replace(limits, seconds=limits.cell_seconds))
        self._last = end
        self._end = min(end, time.monotonic() + _START)

    def step(self) -> None:
        """Give the next step its time: a cell, or both parts of a check."""
        self._end = min(self._last, time.monotonic() + 2 * self.limits.cell_seconds + _GRACE)


def _read(lines: Iterable[dict | None], token: str, watch: _Steps) -> tuple[dict[str, Verdict], bool]:
    """Read an examiner's lines to the end; return the verdicts, and whether it came to its own end."""
    verdicts: dict[str, Verdict] = {}
    findings: list[str] = []
    notes: list[str] = []
    for line in lines:
        if line is None:
            break
        if line.get("token") != token:
            findings.append("it wrote to the pipe of the examiner")
            continue
        watch.step()
        if "finding" in line:
            findings.append(_first_line(line["finding"]))
        elif "note" in line:
            notes.append(_first_line(line["note"]))
        elif "end" in line:
            return verdicts, True
        elif "check" in line:
            found = list(dict.fromkeys([*findings, *map(_first_line, line["findings"])]))
            verdicts[line["check"]] = Verdict(line["stage"], line["shown"], line["ename"], line["evalue"], found, notes)
            findings, notes = [], []
    return verdicts, False


def _error_in(cell: Any) -> str:
    """Return the error that a cell ended with, in words; "" if it ended well."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return f"{errors[-1].ename}: {_first_line(errors[-1].evalue)}" if errors else ""


def _first_line(text: str) -> str:
    return printable(text).strip().split("\n")[0][:200]


def outputs_of(verdict: Verdict) -> list[dict]:
    """Return the outputs of a check's cell: what it says of right answers, and its error."""
    outputs: list[dict] = []
    if verdict.shown:
        text = "".join(f"✔ {line}\n" for line in verdict.shown)
        outputs.append({"output_type": "stream", "name": "stdout", "text": text})
    if verdict.findings:
        text = f"This check was not counted: {', and '.join(verdict.findings)}."
        outputs.append({"output_type": "error", "ename": NOT_COUNTED, "evalue": text, "traceback": [f"✘ {text}"]})
    elif verdict.ename:
        title = {"NotAttempted": "Not attempted yet. ", "Hint": "Not yet. "}.get(verdict.ename, "")
        said = f"✘ {title}{verdict.evalue}"
        outputs.append({"output_type": "error", "ename": verdict.ename, "evalue": verdict.evalue, "traceback": [said]})
    return outputs


def _about(name: str, verdict: Verdict, own: str) -> list[str]:
    """Return remarks on a check: what was found, what was noticed, and where the notebook's own run says otherwise."""
    remarks = [f"The check of {name} was not counted: {', and '.join(verdict.findings)}."] if verdict.findings else []
    remarks += [f"The answer {name}: {note}." for note in verdict.notes]
    if verdict.findings:
        return remarks
    right = verdict.is_right_as_the_learner_knows_it
    if right and own and not own.startswith(("Stopped", "DeadKernelError")):
        remarks.append(
            f"{name}: in the notebook's own run it is wrong ({own}), examined alone it is right. The latter counts."
        )
    if not right and not own:
        said = f"{verdict.ename}: {_first_line(verdict.evalue)}"
        remarks.append(
            f"{name}: in the notebook's own run it is right, examined alone it is wrong ({said}). The latter counts."
        )
    return remarks
