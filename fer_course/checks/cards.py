"""Checks: a model card."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np

from fer_course.checks.core import Hint, attempt, check, numbers, passed, short
from fer_course.evaluation.model_card import CARD_FIELDS

# -------------------------------------------------------------------------------------------------------------- card

_PLACEHOLDER = re.compile(r"^[\W_]*(todo|tbd|n/?a|none|xxx|unknown|fill|your text)?[\W_]*$", re.IGNORECASE)
_WORK = re.compile(r"\b(work|employ|job|recruit|hiring|office)", re.IGNORECASE)
_SCHOOL = re.compile(r"\b(school|educat|class|student|pupil|universit|teach|exam)", re.IGNORECASE)
_USE = re.compile(
    r"\b(emotion|feel|mood|judg|infer|assess|evaluat|grad|monitor|survei|watch|rank|select|screen|decid|decision|detect|recogni|"
    r"use|using|rate|rating|scor|test|analy|measur|track|observ|spy|identif|conclu|draw|guess|read|find|control|punish|hir|prohibit)",
    re.IGNORECASE,
)
_FEELING = re.compile(r"\b(emotion|feel|mood|mind|state of)", re.IGNORECASE)


@check
def model_card(answer) -> None:
    """Check `fill_card(report, recipe, seeds)`: a dictionary with a text for each of `evaluation.CARD_FIELDS`."""
    import fer_course.quiet  # noqa: F401, a check writes nothing to stderr
    from fer_course.evaluation import Report
    from fer_course.recipes import Recipe

    cases = [(1, 143, Recipe("quick", epochs=6), [0, 1]), (2, 611, Recipe("mine", "lenet", epochs=31), [17, 4, 2013])]
    for seed, n, recipe, seeds in cases:
        rng = numbers(seed)
        labels = np.concatenate([np.arange(7), rng.integers(0, 7, n - 7)])
        report = Report(labels, rng.dirichlet(np.ones(7), n) + 0.35 * np.eye(7)[labels], "PublicTest", drawn=True)
        card = attempt(answer, report, recipe, seeds)
        _all_fields(card)
        case = SimpleNamespace(report=report, recipe=recipe, seeds=seeds)
        for field, look in _LOOKS.items():
            look(card[field], case)
    passed("The numbers of your card are right. Its sentences need a reader: show them to somebody.")


def _all_fields(card) -> None:
    if not isinstance(card, dict):
        raise Hint(f"Return a dictionary, field → text; found {short(card)}.")
    for field, heading in CARD_FIELDS.items():
        if field not in card:
            raise Hint(f"The field {field!r} ({heading}) is missing. The fields: {', '.join(CARD_FIELDS)}.")
        if not isinstance(card[field], str):
            raise Hint(
                f"The field {field!r}: expected a text, found {type(card[field]).__name__} {short(card[field])}."
            )
        text = card[field].strip()
        if _PLACEHOLDER.match(text) or text.lower() in (field, heading.lower()):
            raise Hint(f"The field {field!r} says nothing yet: {text!r}. Who reads the card has no other source.")
    if extra := [field for field in card if field not in CARD_FIELDS]:
        raise Hint(f"There is no field {short(extra[0])}; the fields are {', '.join(CARD_FIELDS)}.")


def _data(text: str, case) -> None:
    if not re.search(r"\bdraw", text, re.IGNORECASE):
        raise Hint(f"data: {text!r} does not say that these are *drawn* faces. A reader would think of photographs.")
    if not re.search(r"licen[cs]|consent|permi|terms|agree|CC BY|MIT|asked|nobody|no one", text, re.IGNORECASE):
        raise Hint("data: say the terms too. Who allowed it? A licence, a consent, or that the faces are nobody's.")


def _recipe(text: str, case) -> None:
    recipe = case.recipe
    for what, value in (("name", recipe.name), ("model", recipe.model), ("number of epochs", recipe.epochs)):
        if not re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text):
            raise Hint(f"recipe: the {what} is missing, {value!r} here. Take it from `recipe`; don't type it.")


def _seeds(text: str, case) -> None:
    missing = [seed for seed in case.seeds if not re.search(rf"(?<!\d){seed}(?!\d)", text)]
    if missing:
        raise Hint(f"seeds: {missing[0]} is missing; the model depends on {case.seeds}. Take them from `seeds`.")


def _interval(text: str, case) -> None:
    report, (low, high) = case.report, case.report.interval
    if not _says(text, report.accuracy):
        raise Hint(f"interval: the accuracy is missing, {report.accuracy:.1%} here (`report.accuracy`).")
    for end, share in (("lower", low), ("upper", high)):
        if not _says(text, share):
            raise Hint(
                f"interval: the {end} end is missing, {share:.1%} here. `report.interval` holds both; a score alone "
                "does not say how sure it is."
            )
    if not re.search(rf"(?<![\d.,]){report.n}(?![\d%]|[.,]\d)", text.replace(f"{report.n:,}", str(report.n))):
        raise Hint(f"interval: of how many faces? `report.n` is {report.n} here.")


def _per_class(text: str, case) -> None:
    for name, recall in zip(case.report.class_names, case.report.recall, strict=True):
        place = text.lower().find(name)
        if place < 0:
            raise Hint(f"per class: {name} is missing. A mean hides its worst class.")
        after = re.match(r"[^\d]{0,20}\d[\d.]*", text[place + len(name) :])
        if not after or not _says(after[0], recall):
            raise Hint(f"per class: after {name}, its recall is expected, {recall:.0%} here (`report.recall`).")


def _limits(text: str, case) -> None:
    if len(text.split()) < 8:
        raise Hint(
            f"limits: {text!r} is short. What can't it see? For whom does it work worse? Where was it never tried?"
        )
    if not _FEELING.search(text):
        raise Hint("limits: say at least this: a model of expressions does not see what somebody feels.")


#: Decisions about people that no model of expressions is a ground for.
_DECISIONS = re.compile(
    r"(?<!no )(?<!not )(?<!never )(?<!not for )(?<!never for )\b(hir(e|ing)\b|recruit|lie detect|polygraph|dismissal|"
    r"promotions?\b|(hiring|admission)s? decision)",
    re.IGNORECASE,
)
_ALLOWED = re.compile(r"(?<!not )(?<!never )(?<!nowhere )\b(allowed|permitted|legal|lawful)\b", re.IGNORECASE)


def _intended(text: str, case) -> None:
    if len(text.split()) < 3:
        raise Hint(f"intended uses: {text!r} is short. Who is to use it, and for what?")
    if _FEELING.search(text) and (_WORK.search(text) or _SCHOOL.search(text)):
        raise Hint(
            "intended uses: inferring emotions at work or in education is what Article 5(1)(f) of the AI Act prohibits. "
            "It belongs in the other field."
        )
    if found := _DECISIONS.search(text):
        raise Hint(
            f"intended uses: {found[0]!r} is about decisions on people. A model of expressions is no ground for them: that "
            "belongs in the field of forbidden uses."
        )


def _forbidden(text: str, case) -> None:
    if found := _ALLOWED.search(text):
        raise Hint(f"forbidden uses: your text says {found[0]!r}. Name here what must *not* be done.")
    for where, words in (("the workplace", _WORK), ("education", _SCHOOL)):
        if not words.search(text):
            raise Hint(
                f"forbidden uses: name {where}; Article 5(1)(f) of the AI Act prohibits both workplace and education."
            )
    if not _USE.search(text):
        raise Hint(
            f"forbidden uses: {text!r} names places. What must not be done there? Say it: judging, inferring emotions, …"
        )


def _says(text: str, share: float) -> bool:
    """Return True if a number of the text is the share, as such or in per cent, at least to a whole per cent."""
    numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", text)]
    return any(min(abs(number - share), abs(number / 100 - share)) <= 0.0051 for number in numbers)


_LOOKS = {
    "data": _data,
    "recipe": _recipe,
    "seeds": _seeds,
    "interval": _interval,
    "per class": _per_class,
    "limits": _limits,
    "intended uses": _intended,
    "forbidden uses": _forbidden,
}
