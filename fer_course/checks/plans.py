"""Checks: a plan within a budget."""

from __future__ import annotations

from dataclasses import asdict
from numbers import Integral

import numpy as np

from fer_course.checks.answers import dictionary
from fer_course.checks.core import Hint, attempt, check, passed, short
from fer_course.errors import RecipeError
from fer_course.faces import SPLITS
from fer_course.recipes import Recipe

# ------------------------------------------------------------------------------------------------------------ a plan

PARTS = ("question", "recipe", "seeds", "choose_on", "report_on")
#: fewest and most seeds of a plan; both recipes get them
FEWEST, MOST = 3, 10
#: by what factor a number must change: less is lost in the luck of any number of seeds
FACTOR = 1.1
#: setting -> (another setting, the values of it with which the first one matters)
MEANINGLESS_UNLESS = {
    "warmup": ("schedule", ("one_cycle", "linear")),
    "plateau_patience": ("schedule", ("plateau",)),
    "plateau_factor": ("schedule", ("plateau",)),
    "weight_decay": ("optimizer", ("adamw",)),
}
FIXED = {
    "seed": "The seed is no improvement, it is luck. The plan has its own list of seeds.",
    "validation": "Then the two are scored on other validation faces. Leave `validation` as it is.",
    "fold": "Then the two are scored on other validation faces. Leave `fold` as it is.",
    "distillation": "It needs the probabilities of a teacher, which these trainings don't have: they would stop.",
    "model": "Here the network stays the same, so that both cost the same. (Other networks: see On your own.)",
    "input_size": "Larger pictures cost more, smaller ones less. Here the cost stays the same.",
    "early": "Epochs with smaller pictures cost less. Here the cost stays the same.",
    "early_size": "It changes what the early epochs cost, or it does nothing. Here the cost stays the same.",
    "epochs": "Then one of the two makes more steps a run, and may win by that alone. The budget: the same steps for both.",
    "batch_size": "Larger batches are fewer steps a run, smaller ones more. The budget: the same steps for both.",
    "patience": "It ends a run early, or it does nothing. The budget: the same steps a run for both.",
}


@check
def plan(answer, baseline: Recipe) -> None:
    """Check `my_plan(baseline)`: a dictionary with question, recipe, seeds, choose_on and report_on.

    Args:
        answer: the learner's function.
        baseline: the lesson's recipe.

    """
    # Once more with another baseline: a recipe that was typed anew, not changed, then differs in more than one setting.
    another = baseline.but(learning_rate=baseline.learning_rate * 0.93, seed=(baseline.seed + 11) % 2**32)
    for each in (baseline, another):
        made = dictionary(attempt(answer, each), '{"question": …, "recipe": …}', PARTS, "part")
        _question(made["question"])
        _one_change(made["recipe"], each)
        if each is baseline:  # the other's learning rate may happen to be near the learner's
            _large_enough(made["recipe"], each)
        _seeds(made["seeds"], each)
        _faces(made["choose_on"], made["report_on"])
    passed("A plan: one change, seeds, a budget, and test faces that choose nothing.")


def _question(question) -> None:
    if not isinstance(question, str) or not question.strip(" ?") or not question.strip().endswith("?"):
        raise Hint(f"The question is a sentence that ends with a question mark; found {short(question)}.")


def _one_change(recipe, baseline: Recipe) -> None:
    if not isinstance(recipe, Recipe):
        raise Hint(f"The recipe: expected a Recipe, `baseline.but(…)`; found {short(recipe)}.")
    before, after = asdict(baseline), asdict(recipe)
    changed = [setting for setting in before if before[setting] != after[setting] and setting != "name"]
    if not changed:
        raise Hint("The recipe is the baseline itself: `but` returns a changed copy. What do you change?")
    if len(changed) > 1:
        raise Hint(
            f"{len(changed)} settings differ from the baseline: {', '.join(changed)}. Change one, else nobody knows which of "
            "them helped. Begin with `baseline.but(…)`: the baseline may be another one."
        )
    setting = changed[0]
    if setting in FIXED:
        raise Hint(f"You change `{setting}`. {FIXED[setting]}")
    other, values = MEANINGLESS_UNLESS.get(setting, ("", ()))
    if other and after[other] not in values:
        raise Hint(f"`{setting}` does nothing while `{other}` is {after[other]!r}: both would be the same training.")
    never = recipe.schedule == "plateau" and recipe.plateau_patience >= recipe.epochs
    if never and setting in ("schedule", "plateau_patience", "plateau_factor"):
        raise Hint(
            f"The plateau schedule waits {recipe.plateau_patience} epochs (`plateau_patience`), and a run has {recipe.epochs}: "
            'it would never act. The same without the detour: schedule="constant".'
        )


def _large_enough(recipe: Recipe, baseline: Recipe) -> None:
    """Refuse another number that is nearly the same number."""
    before, after = asdict(baseline), asdict(recipe)
    for setting, value in after.items():
        if isinstance(value, bool | str) or value == before[setting]:
            continue
        low, high = sorted((value, before[setting]))
        if high < FACTOR * low:
            raise Hint(
                f"`{setting}` {before[setting]:g} and {value:.8g} are nearly the same: whatever that does is lost in luck. "
                f"Change it by a factor of {FACTOR} at least; 2 or 3 shows more."
            )


def _seeds(seeds, baseline: Recipe) -> None:
    if isinstance(seeds, (Integral, str)) or not np.iterable(seeds):
        raise Hint(f"The seeds: expected a list of whole numbers, not how many; found {short(seeds)}.")
    seeds = list(seeds)
    if not all(isinstance(each, Integral) and not isinstance(each, bool) and each >= 0 for each in seeds):
        raise Hint(f"Seeds are whole numbers from 0 up; found {short(seeds)}.")
    for seed in seeds:
        try:
            baseline.but(seed=seed)
        except RecipeError as error:
            raise Hint(
                f"A training can't take one of the seeds: {error} Give a list of ints, list(range(3))."
            ) from None
    if len(set(seeds)) < len(seeds):
        raise Hint(f"A seed comes twice in {short(seeds)}: that is the same training twice, and no news.")
    if len(seeds) < FEWEST:
        raise Hint(f"{len(seeds)} seeds say too little about luck. Take {FEWEST} or more.")
    if len(seeds) > MOST:
        raise Hint(
            f"{len(seeds)} seeds are {2 * len(seeds)} trainings: both recipes get them. Take {FEWEST} to {MOST}."
        )


def _faces(choose_on, report_on) -> None:
    tests = [split for split in SPLITS if split != "Training"]
    if choose_on in tests:
        raise Hint(
            f"You choose on {choose_on}. What is chosen on the test faces has seen them: its score there is no test any more. "
            'Choose on "validation".'
        )
    if choose_on == "Training":
        raise Hint('Training faces may be learned by heart. Choose on the part that is set aside: "validation".')
    if choose_on != "validation":
        raise Hint(
            f'choose_on: expected "validation", the part of Training that is set aside; found {short(choose_on)}.'
        )
    if report_on == "validation":
        raise Hint(
            "The winner was chosen on these faces, luck included. Report on faces that chose nothing: PublicTest."
        )
    if report_on == "PrivateTest":
        raise Hint("PrivateTest is left alone in this course, for the very last question. Report on PublicTest.")
    if report_on not in ("PublicTest", "Test"):
        raise Hint(f'report_on: expected "PublicTest"; found {short(report_on)}.')
