"""Checks of plans: right answers pass in any form, and each known mistake gets its own hint."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from answers import three_tests

from fer_course.checks import Hint, plans
from fer_course.recipes import Recipe

# ------------------------------------------------------------------------------------------------------------ a plan

BASELINE = Recipe.named("quick").but(name="baseline", model="lenet")
TYPED = Recipe("mine", "lenet", epochs=6, batch_size=32, shift=0.0)


def planned(**parts):
    """A plan whose parts are values, or functions of the baseline."""

    def my_plan(baseline):
        made = {
            "question": "Does it need shifted faces at all?",
            "recipe": baseline.but(shift=0.0),
            "seeds": [3, 4, 5],
            "choose_on": "validation",
            "report_on": "PublicTest",
        }
        made |= {name: part(baseline) if callable(part) else part for name, part in parts.items()}
        return {name: part for name, part in made.items() if part is not ...}

    return my_plan


def changed(**settings):
    return planned(recipe=lambda baseline: baseline.but(**settings))


PLAN_RIGHT = {
    "shift": planned(),
    "rate by a factor": planned(recipe=lambda baseline: baseline.but(learning_rate=baseline.learning_rate / 5)),
    "with a name": changed(name="bold", flip=False),
    "dataclass": planned(recipe=lambda baseline: replace(baseline, label_smoothing=0.1)),
    "a slightly lower rate": changed(learning_rate=0.009),  # of 0.01
    "no decay at all": changed(weight_decay=0.0),
    "two words": planned(question="Flips or none?"),
    "three words": planned(question="Does it help?"),
    "five seeds": planned(seeds=[0, 1, 2, 3, 4]),
    "ten seeds": planned(seeds=range(10)),
    "a schedule": changed(schedule="constant"),
    "warmup of one cycle": changed(warmup=0.1),
    "a range of seeds": planned(seeds=range(3)),
    "an array's seeds": planned(seeds=np.arange(3).tolist()),
    "another test split": planned(report_on="Test"),
}
PLAN_WRONG = {
    "a recipe": (lambda baseline: baseline.but(shift=0.0), "dictionary"),
    "no question": (planned(question=...), "The part 'question' is missing"),
    "no report": (planned(report_on=...), "The part 'report_on' is missing"),
    "a wish": (planned(question="I want to beat the paper."), "question mark"),
    "the mark alone": (planned(question=" ?"), "question mark"),
    "no sentence": (planned(question=7), "question mark"),
    "settings": (planned(recipe={"shift": 0.0}), r"baseline\.but"),
    "nothing changed": (planned(recipe=lambda baseline: baseline), "baseline itself"),
    "the name alone": (changed(name="mine"), "baseline itself"),
    "two changes": (changed(shift=0.0, flip=False), "flip, shift"),
    "typed anew": (planned(recipe=lambda baseline: TYPED), "Begin with"),
    "the seed": (changed(seed=77), "it is luck"),
    "no validation": (changed(validation=0.0), "other validation faces"),
    "another fold": (changed(fold=1), "other validation faces"),
    "a teacher": (changed(distillation=0.5), "probabilities of a teacher"),
    "another network": (changed(model="mini_xception"), "network stays the same"),
    "smaller pictures": (changed(input_size=24), "cost stays the same"),
    "smaller pictures first": (changed(early=0.5), "Epochs with smaller pictures cost less"),
    "smaller pictures first, if any": (changed(early_size=24), "cost stays the same"),
    "plateau of one cycle": (changed(plateau_patience=3), "does nothing while `schedule`"),
    "decay of adam": (
        lambda baseline: planned(recipe=lambda each: each.but(weight_decay=0.1))(baseline.but(optimizer="adam")),
        "weight_decay, optimizer|optimizer, weight_decay",
    ),
    "longer": (changed(epochs=12), "more steps a run"),
    "shorter": (planned(recipe=lambda baseline: baseline.but(epochs=4), seeds=[0, 1, 2, 3]), "same steps for both"),
    "smaller batches": (changed(batch_size=16), "smaller ones more"),
    "larger batches": (changed(batch_size=64), "fewer steps a run"),
    "stops early": (changed(patience=2), "ends a run early"),
    "never stops": (changed(patience=10), "or it does nothing"),
    "a schedule that never acts": (changed(schedule="plateau"), "would never act"),
    "nearly the same": (changed(learning_rate=0.0100001), "nearly the same"),
    "nearly the same shift": (
        planned(recipe=lambda baseline: baseline.but(shift=baseline.shift * 0.95)),
        "factor of 1.1",
    ),
    "many seeds": (planned(seeds=range(11)), "22 trainings"),
    "how many seeds": (planned(seeds=3), "not how many"),
    "one seed": (planned(seeds=[1]), "too little about luck"),
    "a seed twice": (planned(seeds=[1, 2, 2]), "same training twice"),
    "NumPy's numbers": (planned(seeds=np.arange(3)), r"list\(range\(3\)\)"),
    "too large": (planned(seeds=[1, 2, 2**40]), "can't take one of the seeds"),
    "half a seed": (planned(seeds=[0.5, 1, 2]), "whole numbers"),
    "negative": (planned(seeds=[-1, 0, 1]), "whole numbers"),
    "choose on the test": (planned(choose_on="PublicTest"), "no test any more"),
    "choose on the last": (planned(choose_on="PrivateTest"), "no test any more"),
    "choose on training": (planned(choose_on="Training"), "learned by heart"),
    "choose on something": (planned(choose_on="val"), 'expected "validation"'),
    "report on validation": (planned(report_on="validation"), "luck included"),
    "report on the last": (planned(report_on="PrivateTest"), "left alone"),
    "report on training": (planned(report_on="Training"), 'expected "PublicTest"'),
    "out of range": (changed(shift=5.0), "RecipeError: shift lies between"),
    "unknown setting": (changed(colour="red"), "no setting 'colour'"),
    "nothing": (lambda baseline: None, "return"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    functools.partial(plans.plan, baseline=BASELINE): (PLAN_RIGHT, PLAN_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_a_setting_that_the_optimizer_ignores_is_no_change():
    adam = BASELINE.but(optimizer="adam", weight_decay=0.0)
    with pytest.raises(Hint, match="does nothing while `optimizer` is 'adam'"):
        plans.plan(changed(weight_decay=0.1), adam)


def test_a_patience_that_never_ends_is_no_change():
    plateau = BASELINE.but(schedule="plateau", plateau_patience=2)
    with pytest.raises(Hint, match="would never act"):
        plans.plan(changed(plateau_patience=8), plateau)
    assert plans.plan(changed(plateau_patience=4), plateau) is None


@pytest.mark.parametrize("recipe", ["minutes", "best", "paper"])
def test_a_plan_fits_every_recipe(recipe, capsys):
    plans.plan(changed(flip=False), Recipe.named(recipe).but(name="baseline"))
    assert capsys.readouterr().out.startswith("✔")
