"""`Recipe`: every setting is checked, and what is written as YAML is read back as it was."""

from __future__ import annotations

import dataclasses

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_course.errors import FerCourseError, RecipeError
from fer_course.recipes import LIMITS, OPTIMIZERS, PRESETS, SCHEDULES, Recipe

FIELDS = {field.name: field for field in dataclasses.fields(Recipe)}


def any_value(name: str):
    """A strategy for values that a setting may have."""
    kind = FIELDS[name].type
    if name in ("optimizer", "schedule"):
        return st.sampled_from({"optimizer": OPTIMIZERS, "schedule": SCHEDULES}[name])
    if kind == "str":
        return st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
    if kind == "bool":
        return st.booleans()
    low, high = LIMITS[name]
    return st.integers(low, high) if kind == "int" else st.floats(low, high)


def fitting(given: dict) -> Recipe:
    """Return a recipe of these settings, whose teacher, if it is consistent, judges what it can judge."""
    if given.get("consistent"):
        given |= {"rotation": 0.0, "zoom": 0.0, "distillation": given.get("distillation") or 0.5}
    return Recipe(**given)


recipes = st.fixed_dictionaries({}, optional={name: any_value(name) for name in FIELDS}).map(fitting)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipes)
def test_yaml_round_trip(tmp_path, recipe):
    recipe.to_yaml(tmp_path / "recipe.yaml")
    assert Recipe.from_yaml(tmp_path / "recipe.yaml") == recipe
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe
    assert yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8")) == dataclasses.asdict(recipe)


def test_the_presets_are_named_and_can_be_had():
    assert {"quick", "minutes", "best", "paper"} <= set(PRESETS)
    for name in PRESETS:
        assert Recipe.load(name) is Recipe.named(name) is PRESETS[name]
        assert PRESETS[name].name == name


def test_the_paper_recipe_is_what_the_paper_prints():
    paper = Recipe.named("paper")
    printed = {"input_size": 24, "batch_size": 48, "epochs": 1000, "patience": 50, "validation": 0.2}
    assert {name: getattr(paper, name) for name in printed} == printed


def test_an_unknown_name_says_which_there_are(tmp_path):
    with pytest.raises(RecipeError, match=r"'slow'.*quick, minutes, best, paper"):
        Recipe.load("slow")
    with pytest.raises(RecipeError, match=r"nothing\.yaml"):
        Recipe.load(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epoch: 3\n", r"unknown setting 'epoch'.*epochs"),
        ("learning_rate: 1e-3\n", r"learning_rate is a float; found '1e-3'.*1\.0e-3"),
        ("epochs: '12'\n", "epochs is a int; found '12'"),
        ("epochs: 12.0\n", "epochs"),
        ("epochs: true\n", "epochs"),
        ("zoom: true\n", "zoom"),
        ("flip: 1\n", "flip"),
        ("learning_rate: .nan\n", "learning_rate lies between"),
        ("learning_rate: .inf\n", "learning_rate lies between"),
        ("learning_rate: 1" + 400 * "0" + "\n", "learning_rate"),
        ("name: null\n", "name"),
        ("optimizer: adm\n", "adam, adamw, sgd; found 'adm'"),
        ("schedule: cosine\n", "one_cycle, linear, plateau, constant"),
        ("- epochs\n", "found list"),
        ("", "found NoneType"),
        ("epochs: [1\n", "not a YAML file"),
        ("name: 2020-13-45\n", "not a YAML file"),
        ("3: 4\n", "unknown setting 3"),
    ],
)
def test_a_bad_file_names_itself_and_the_trouble(tmp_path, text, words):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(RecipeError, match=words) as caught:
        Recipe.from_yaml(tmp_path / "mine.yaml")
    assert "mine.yaml" in str(caught.value)
    assert isinstance(caught.value, FerCourseError)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "mine.yaml").write_bytes(b"\xff\xfe\x00epochs")
    with pytest.raises(RecipeError, match=r"mine\.yaml"):
        Recipe.from_yaml(tmp_path / "mine.yaml")


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name):
    low, high = LIMITS[name]
    assert getattr(Recipe(**{name: low}), name) == low
    assert getattr(Recipe(**{name: high}), name) == high
    step = 1 if FIELDS[name].type == "int" else 1e-3 * high
    for outside in (low - step, high + step):
        with pytest.raises(RecipeError, match=f"{name} lies between"):
            Recipe(**{name: outside})


def test_every_number_has_limits():
    assert set(LIMITS) == {name for name, field in FIELDS.items() if field.type in ("int", "float")}


def test_a_whole_number_may_stand_for_a_fraction_but_not_the_other_way():
    assert Recipe(learning_rate=1).learning_rate == 1.0
    assert type(Recipe(learning_rate=1).learning_rate) is float
    with pytest.raises(RecipeError):
        Recipe(epochs=2.0)


def test_a_recipe_does_not_change():
    recipe = Recipe()
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.epochs = 3
    changed = recipe.but(epochs=3)
    assert (recipe.epochs, changed.epochs) == (12, 3)
    assert changed.but(epochs=12) == recipe
    assert len({recipe, changed, Recipe()}) == 2
    with pytest.raises(RecipeError, match="'epoch'"):
        recipe.but(epoch=3)
    with pytest.raises(RecipeError, match="epochs lies between"):
        recipe.but(epochs=0)
