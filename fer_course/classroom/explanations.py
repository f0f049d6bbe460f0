"""Why an exercise lost its points, in words for the learner: from the errors of its check and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The verdict that begins what a check prints; see `fer_course.checks.feedback`.
_RIGHT = "✔"
_HINTS = {"Hint", "Interrupted"}
_MOST = 2000
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")

HIDDEN = "It passes with the numbers of the notebook, but not with others. Does it use a number or shape that is only true there?"
NOT_SHOWN = "The message of the check is not shown here, because it holds parts of the check itself."
TOO_LONG = "It ran longer than a cell may run, and was stopped there."
DIED = "Python itself ended while this cell ran."


@dataclass(frozen=True)
class Reason:
    """Why an exercise lost points.

    Attributes:
        kind: hint (of the check), hidden, stopped (a limit was broken, or an error came from elsewhere), open (not attempted),
            teacher (the points were set by hand), unknown.
        text: lines in the form of the checks' messages.

    """

    kind: str
    text: str


def explain(check: dict, answer: dict | None, by_hand: bool = False) -> Reason:
    """Return why a check that was executed gave less than its points.

    Nothing of a traceback is used, and nothing that was printed: both may hold the hidden check.

    Args:
        check: the cell of the check, with its outputs.
        answer: the cell of the learner's answer; None if there is none.
        by_hand: the teacher has set the points.

    """
    if by_hand:
        return Reason("teacher", "Your teacher set these points.")
    error = _error(check)
    if error is None:
        return Reason("unknown", "The check ended without saying what is wrong. Ask your teacher.")
    name, text = error
    if name == "NotAttempted":
        return Reason("open", f"Not attempted yet. {text}".strip())
    if name in {"Stopped", "CellTimeoutError", "DeadKernelError"} or (name == "KeyboardInterrupt" and not text):
        return Reason("stopped", _stopped(name, text))
    if name == "NotCounted":  # the teacher has the same words
        return Reason("stopped", text)
    if _passed_as_the_learner_knows_it(check):
        return Reason("hidden", HIDDEN)
    if name in _HINTS:
        return Reason("hint", text)
    lines = [f"The check stopped with {name}: {text}".rstrip(": ")]
    if answer is not None and (own := _error(answer)):
        said = _stopped(*own) if own[0] in {"Stopped", "CellTimeoutError"} else f"{own[0]}: {own[1]}".rstrip(": ")
        lines = [f"The cell of your answer stopped: {said}", "So the check found no answer."]
    return Reason("stopped", "\n".join(lines))


def _stopped(name: str, text: str) -> str:
    if name == "Stopped":  # This cell did not finish: the notebook was stopped, because …
        reason = text.partition("because ")[2].rstrip(".") or text
        if "kernel died" in reason:
            reason = "Python itself ended, as it does when code calls for it, or when far too much memory is used"
        return (
            f"Your notebook was stopped before this check had finished: {reason}. Cells that had run before keep their points; a "
            f"right answer after that gets none."
        )
    return DIED if name == "DeadKernelError" else TOO_LONG


def _error(cell: dict) -> tuple[str, str] | None:
    """Return the name and the text of a cell's error; None without one. Of several the last one stopped it."""
    errors = [each for each in cell.get("outputs", []) if each.get("output_type") == "error"]
    if not errors:
        return None
    text = _CONTROL.sub("", str(errors[-1].get("evalue", "")))
    name = _CONTROL.sub("", str(errors[-1].get("ename", "")))[:100]
    return name, text[:_MOST].rstrip() + (" …" if len(text) > _MOST else "")


def _passed_as_the_learner_knows_it(check: dict) -> bool:
    """Return whether all calls of a check that the learner can see said "right"; those that are hidden say nothing."""
    calls = sum(line.startswith("checks.") for line in str(check.get("source", "")).splitlines())
    return calls > 0 and sum(map(_verdicts, check.get("outputs", []))) >= calls


def _verdicts(output: dict) -> int:
    if output.get("output_type") == "display_data":
        return str(output.get("data", {}).get("text/plain", "")).startswith(_RIGHT)
    if output.get("output_type") == "stream":
        return sum(line.startswith(_RIGHT) for line in str(output.get("text", "")).splitlines())
    return 0
