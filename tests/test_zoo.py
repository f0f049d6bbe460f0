"""The zoo: every model is small, has a source, learns, and shows no score that no run on real faces had."""

import keras
import numpy as np
import pytest

from fer_course import models, results, zoo
from fer_course.augment import Batches
from fer_course.costs import costs
from fer_course.recipes import Recipe
from fer_course.training import compile_model

PUBLISHED = {
    "lenet": "LeCun", "alexnet_small": "Krizhevsky", "nin_small": "1312.4400", "inception_v1_small": "1409.4842",
    "inception_v3_small": "1512.00567", "inception_resnet_small": "1602.07261", "xception_small": "1610.02357",
    "mini_xception": "1710.07557", "mobilenet_v2_small": "1801.04381",
}  # fmt: skip


def test_the_zoo_is_that_of_the_curriculum():
    assert set(PUBLISHED) <= set(models.names())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_is_small_and_its_docstring_names_source_and_changes(name):
    assert costs(models.build(name)).multiply_adds < 15e6
    text = " ".join(models.describe(name).split())
    assert PUBLISHED[name] in text
    assert name == "mini_xception" or "Scaled down" in text or "Changed" in text


@pytest.mark.parametrize("size", [24, 95])
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_takes_every_size(name, size):
    assert models.build(name, size).output_shape == (None, 7)


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_learns_a_few_faces_by_heart_in_the_quick_recipe(name):
    recipe = Recipe.named("quick").but(model=name, flip=False, shift=0.0, schedule="constant")
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (64, 24, 24, 1), dtype=np.uint8), np.arange(64) % 7
    keras.utils.set_random_seed(0)
    model = models.build(name, 24)
    compile_model(model, recipe)
    batches = Batches(images, labels, recipe)
    losses = [model.train_on_batch(*batches[number % 2])[0] for number in range(24)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])


@pytest.mark.parametrize("name", ["inception_v3_small", "mobilenet_v2_small"])
def test_a_saved_model_predicts_as_before(name, tmp_path):
    model = models.build(name, 24)
    images = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 1), dtype=np.uint8)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(images), model(images), atol=1e-6)


def test_scores_are_those_of_recorded_runs_on_real_faces():
    runs = results.load("first_walk")["runs"]
    known = {animal.name: animal for animal in zoo.animals()}
    assert max(known["mini_xception"].accuracies) >= runs[0]["report"]["accuracy"]
    assert set(known["mini_xception"].accuracies) <= accuracies_in_the_records()


def accuracies_in_the_records() -> set[float]:
    records = [results.load(name) for name in results.names()]
    return {run["report"]["accuracy"] for record in records for run in record.get("runs", [])}


def test_scores_on_drawn_faces_are_not_shown(monkeypatch):
    run = {
        "recipe": {"model": "lenet", "name": "x", "input_size": 48},
        "report": {"split": "PublicTest", "accuracy": 0.9},
    }
    made = {
        "drawn": {"data": "FER2013", "runs": [{**run, "report": {**run["report"], "drawn": True}}]},
        "other": {"data": "drawn faces", "runs": [{**run, "report": {**run["report"], "drawn": False}}]},
    }
    monkeypatch.setattr(results, "names", lambda: list(made))
    monkeypatch.setattr(results, "load", made.get)
    assert zoo.recorded() == {}


def test_seeds_of_the_best_recipe_are_shown_with_their_spread(monkeypatch):
    def run(recipe, accuracy):
        report = {"split": "PublicTest", "accuracy": accuracy, "drawn": False}
        return {"recipe": {"model": "lenet", "name": recipe, "input_size": 48}, "report": report}

    record = {"data": "FER2013", "runs": [run("a", 0.40), run("b", 0.52), run("b", 0.50), run("b", 0.54)]}
    monkeypatch.setattr(results, "names", lambda: ["one"])
    monkeypatch.setattr(results, "load", lambda name: record)
    assert zoo.recorded() == {"lenet": ("b", (0.52, 0.50, 0.54))}
    (lenet,) = [animal for animal in zoo.animals() if animal.name == "lenet"]
    assert lenet.accuracy == "52.0 ± 2.0 %"


def test_the_table_has_a_row_a_model_cheapest_first():
    lines = zoo.table().splitlines()
    rows = [line.split() for line in lines[1 : 1 + len(models.names())]]
    assert {row[0] for row in rows} == set(models.names())
    millions = [float(row[2]) for row in rows]
    assert millions == sorted(millions)


def test_every_recorded_training_is_counted_once():
    runs = [run for name in results.names() for run in results.load(name).get("runs", [])]
    settings = [tuple(sorted((setting, run["recipe"][setting]) for setting in run["recipe"])) for run in runs]
    assert len(set(settings)) == len(settings)


def test_recipes_of_one_name_are_not_mixed(monkeypatch):
    def run(epochs, accuracy):
        recipe = {"model": "lenet", "name": "a", "input_size": 48, "epochs": epochs, "seed": 0}
        return {"recipe": recipe, "report": {"split": "PublicTest", "accuracy": accuracy, "drawn": False}}

    monkeypatch.setattr(results, "names", lambda: ["one"])
    monkeypatch.setattr(results, "load", lambda name: {"data": "FER2013", "runs": [run(6, 0.40), run(9, 0.52)]})
    assert zoo.recorded() == {"lenet": ("a", (0.52,))}
