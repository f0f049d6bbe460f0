"""Checks of cards: right answers pass in any form, and each known mistake gets its own hint."""

from answers import three_tests

import fer_course.quiet  # noqa: F401, a check loads Keras
from fer_course import evaluation
from fer_course.checks import cards

# -------------------------------------------------------------------------------------------------------------- card


def card_as_shares(report, recipe, seeds):
    """Return a card that says the same in other words: shares instead of per cent, recalls line by line."""
    low, high = report.interval
    return {
        "data": "These faces were drawn by a program (CC BY 4.0).",
        "recipe": f"recipe={recipe.name}\nmodel={recipe.model}\nepochs={recipe.epochs}",
        "seeds": f"seeds {seeds}",
        "interval": f"n={report.n}: {report.accuracy:.3f} [{low:.3f}, {high:.3f}]",
        "per class": "\n".join(f"- {name}: {recall:.2f}" for name, recall in zip(*pair(report), strict=True)),
        "limits": "It sees what a face does, never what somebody feels; not tried on any photograph.",
        "intended uses": "Teaching convolutional networks in class.",
        "forbidden uses": "Not to be used on employees, applicants, pupils, students.",
    }


def pair(report):
    return report.class_names, report.recall.tolist()


def card_but(**changes):
    """Return `fill_card` with some fields changed, or left out where the change is None; `_` stands for a space."""

    def fill(report, recipe, seeds):
        card = evaluation.fill_card(report, recipe, seeds)
        for name, value in changes.items():
            value = value(report) if callable(value) else value
            card[name.replace("_", " ")] = value
        return {name: value for name, value in card.items() if value is not None}

    return fill


CARD_RIGHT = {
    "package": evaluation.fill_card,
    "shares": card_as_shares,
    "denied": card_but(
        intended_uses="Teaching how networks work; never hiring.",
        forbidden_uses="Inferring emotions of employees or pupils is not allowed (Article 5(1)(f)).",
    ),
}
CARD_WRONG = {
    "a text": (lambda *given: evaluation.card_markdown(evaluation.fill_card(*given), "x"), "dictionary"),
    "a field less": (card_but(limits=None), "'limits' .* is missing"),
    "a field more": (card_but(author="me"), "no field 'author'"),
    "a number": (card_but(interval=0.61), "expected a text"),
    "to do": (card_but(data="TODO"), "says nothing yet"),
    "dots": (card_but(limits="..."), "says nothing yet"),
    "its own name": (card_but(intended_uses="Intended uses"), "says nothing yet"),
    "not drawn": (card_but(data="FER2013, terms of its contest"), r"\*drawn\*"),
    "no terms": (card_but(data="6,000 drawn faces"), "terms too"),
    "typed recipe": (card_but(recipe="quick: mini_xception, 6 epochs"), "don't type it"),
    "one seed": (card_but(seeds="0 and 1"), "seeds: 17 is missing"),
    "no accuracy": (card_but(interval=lambda r: f"{r.n} faces"), "accuracy is missing"),
    "no interval": (card_but(interval=lambda r: f"{r.accuracy:.1%} of {r.n}"), "lower end is missing"),
    "no upper end": (card_but(interval=lambda r: f"{r.accuracy:.1%} of {r.n}, at least {r.interval[0]:.1%}"), "upper end"),
    "no n": (card_but(interval=lambda r: "{:.1%}, {:.1%} to {:.1%}".format(r.accuracy, *r.interval)), "of how many"),
    "no classes": (card_but(per_class=lambda r: f"mean {r.balanced_accuracy:.1%}"), "angry is missing"),
    "names only": (card_but(per_class=lambda r: ", ".join(r.class_names)), "its recall is expected"),
    "half of it": (card_but(per_class=lambda r: ", ".join(f"{k} {v / 2:.2f}" for k, v in zip(*pair(r), strict=True))), "recall"),
    "short limits": (card_but(limits="No emotions."), "short"),
    "no feelings": (card_but(limits="It has never been tried on any photograph of a person."), "somebody feels"),
    "prohibited": (card_but(intended_uses="Evaluating students' emotions in class."), r"5\(1\)\(f\)"),
    "decisions": (card_but(intended_uses="Hiring decisions and lie detection."), "no ground for them"),
    "allowed": (
        card_but(forbidden_uses="Inferring emotions of employees and pupils is allowed in the European Union."),
        "must \\*not\\* be done",
    ),
    "only work": (card_but(forbidden_uses="Hiring and watching employees."), "name education"),
    "only places": (card_but(forbidden_uses="Work and school."), "names places"),
    "only schools": (card_but(forbidden_uses="Grading pupils."), "name the workplace"),
    "nothing": (lambda report, recipe, seeds: None, "return"),
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    cards.model_card: (CARD_RIGHT, CARD_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
