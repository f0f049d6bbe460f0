"""Predictions that count: asked before a result, committed, kept beside it, and summed up at the end of a lesson.

    predict("ratio", "What share of the work is left?", ["a tenth", "a third", "half"])
    outcome("ratio", "a tenth", "1/32 + 1/9 = 0.14.")
    predictions()

Nothing waits for an answer: *Run All* goes on. Without a kernel, in the book and in pages of a run, it works as well.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import traitlets

from fer_course._shared.values import is_number
from fer_course.errors import FerCourseError
from fer_course.widgets.figure import Figure, handed

#: What was asked in this kernel: name -> the figure that asked.
_asked: dict[str, Prediction] = {}
_outcomes: dict[str, Prediction] = {}


class Prediction(Figure):
    """A question with its prediction, a result with the prediction beside it, or a table of all of them.

    Attributes:
        mode: "ask", "outcome" or "summary".
        committed: what was predicted: one of the options, or a number; None before that.
        truth: what came.

    """

    module = "prediction"
    mode = handed(traitlets.Unicode("ask"))
    name = handed(traitlets.Unicode())
    question = handed(traitlets.Unicode())
    options = handed(traitlets.List())
    low = handed(traitlets.Any())
    high = handed(traitlets.Any())
    step = handed(traitlets.Float(0.0))
    unit = handed(traitlets.Unicode())
    committed = handed(traitlets.Any())
    truth = handed(traitlets.Any())
    explanation = handed(traitlets.Unicode())
    asked = handed(traitlets.List())

    def twin(self) -> dict[str, str]:
        """Return the question, the outcome or the heading of the table, as HTML that needs no script and as plain text."""
        return {"text/html": f"<p>{html.escape(self.words())}</p>", "text/plain": self.words()}

    def words(self) -> str:
        """Return the same in plain words."""
        if self.mode == "ask":
            return f"Predict: {self.question} {' / '.join(self.options)}".rstrip()
        if self.mode == "summary":
            return "What you predicted, and what came."
        return f"It is {self.truth}{self.unit and f' {self.unit}'}. {self.explanation}".rstrip()


def predict(
    name: str, question: str, options: Sequence[str] = (), low: float | None = None, high: float | None = None,
    unit: str = "", step: float = 0.0,
) -> Prediction:  # fmt: skip
    """Return a question that a learner answers before the result is computed: one of the options, or a number.

    Args:
        name: the word under which `outcome` finds it.
        question: one sentence.
        options: two or more; none of them: a number is asked for.
        low: smallest number that may be predicted.
        high: largest number that may be predicted.
        unit: what stands after the number, such as "%".
        step: how exact a number has to be to count as right: half of it to each side.

    Raises:
        FerCourseError: if there is one option only, or neither options nor the range of a number.

    """
    ranged = is_number(low) and is_number(high) and low < high
    if len(options) == 1 or not (options or ranged):
        raise FerCourseError(
            f"predict needs two options or more, or the low and high of a number; found options {list(options)!r}, low {low!r}, "
            f"high {high!r}."
        )
    before = _asked.get(name)
    # A cell that is run again keeps what was committed: the result may have been seen meanwhile.
    committed = before.committed if before is not None and before.question == question else None
    settings: dict[str, Any] = {"low": low, "high": high, "unit": unit, "step": step, "committed": committed}
    _asked[name] = Prediction(name=name, question=question, options=list(options), **settings)
    return _asked[name]


def outcome(name: str, truth: str | float, explanation: str = "") -> Prediction:
    """Return what came, with the learner's prediction beside it.

    Args:
        name: as in `predict`, which came before.
        truth: what came: one of the options, or a number.
        explanation: one or two sentences.

    Raises:
        FerCourseError: if nothing of this name was asked, or what came is none of the options.

    """
    asked = _asked.get(name)
    if asked is None:
        known = ", ".join(_asked) or "none"
        raise FerCourseError(f"No prediction {name!r} was asked for. Run its cell first. Asked so far: {known}.")
    if asked.options and truth not in asked.options:
        raise FerCourseError(f"What came must be one of the options {asked.options} of {name!r}; found {truth!r}.")
    if not asked.options:
        truth = float(f"{float(truth):.4g}")
        truth = int(truth) if truth.is_integer() else truth  # 920, not 920.0
    same = {key: getattr(asked, key) for key in ("name", "question", "options", "unit", "step", "committed")}
    _outcomes[name] = Prediction(mode="outcome", truth=truth, explanation=explanation, **same)
    return _outcomes[name]


def predictions() -> Prediction:
    """Return a table of all predictions of this lesson and what came."""
    rows = [
        {"name": name, "committed": _asked[name].committed}
        | {key: getattr(each, key) for key in ("question", "options", "truth", "unit", "step")}
        for name, each in _outcomes.items()
    ]
    return Prediction(mode="summary", asked=rows)
