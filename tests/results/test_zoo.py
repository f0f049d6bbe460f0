"""The zoo: every model is small, has a source, learns, and shows no score that no run on real faces had."""

import keras
import numpy as np
import pytest
from built_networks import built

from fer_course import models, results
from fer_course.augment import Batches
from fer_course.costs import costs
from fer_course.recipes import Recipe
from fer_course.results import zoo
from fer_course.training import compile_model

PUBLISHED = {
    "lenet": "LeCun", "alexnet_small": "Krizhevsky", "nin_small": "1312.4400", "inception_v1_small": "1409.4842",
    "inception_v3_small": "1512.00567", "inception_resnet_small": "1602.07261", "xception_small": "1610.02357",
    "mini_xception": "1710.07557", "mobilenet_v2_small": "1801.04381",
}  # fmt: skip


@pytest.fixture
def build_once(monkeypatch):
    """Let the zoo count the costs of networks that are built already."""
    monkeypatch.setattr(zoo.models, "build", built)


def test_the_zoo_is_that_of_the_curriculum():
    assert set(PUBLISHED) <= set(models.names())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_is_small_and_its_docstring_names_source_and_changes(name):
    assert costs(built(name)).multiply_adds < 15e6
    text = " ".join(models.describe(name).split())
    assert PUBLISHED[name] in text
    assert name == "mini_xception" or "Scaled down" in text or "Changed" in text


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_takes_an_odd_size(name):  # tests/models/test_networks.py tries the smallest and the largest
    assert models.build(name, 95).output_shape == (None, 7)


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


def test_scores_are_those_of_recorded_runs_on_real_faces(build_once):
    found = [animal for animal in zoo.animals() if animal.accuracies]
    assert found
    for animal in found:
        assert set(animal.accuracies) <= accuracies_in_the_records()
    assert len({animal.recipe for animal in found}) == 1


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


def test_seeds_of_the_best_recipe_are_shown_with_their_spread(build_once, monkeypatch):
    scores = {("a", 0): 0.40, ("b", 0): 0.52, ("b", 1): 0.50, ("b", 2): 0.54}
    runs = [recorded_run(recipe=name, seed=seed, accuracy=score) for (name, seed), score in scores.items()]
    record = {"data": "FER2013", "runs": runs}
    monkeypatch.setattr(results, "names", lambda: ["one"])
    monkeypatch.setattr(results, "load", lambda name: record)
    assert zoo.recorded() == {"lenet": ("b", (0.52, 0.50, 0.54))}
    (lenet,) = [animal for animal in zoo.animals() if animal.name == "lenet"]
    assert lenet.accuracy == "52.0 ± 2.0 %"


def test_the_table_has_a_row_a_model_cheapest_first(build_once):
    lines = zoo.table().splitlines()
    rows = [line.split() for line in lines[1 : 1 + len(models.names())]]
    assert {row[0] for row in rows} == set(models.names())
    millions = [float(row[2]) for row in rows]
    assert millions == sorted(millions)


def recorded_run(model="lenet", recipe="a", seed=0, accuracy=0.5, **settings):
    recipe = {"model": model, "name": recipe, "input_size": 48, "seed": seed, **settings}
    return {"recipe": recipe, "report": {"split": "PublicTest", "accuracy": accuracy, "drawn": False}}


def test_a_training_that_two_studies_show_is_counted_once(monkeypatch):
    run = recorded_run()
    monkeypatch.setattr(results, "names", lambda: ["one", "other"])
    monkeypatch.setattr(results, "load", lambda name: {"data": "FER2013", "runs": [run]})
    assert zoo.recorded() == {"lenet": ("a", (0.5,))}


def test_models_are_compared_in_one_recipe_though_one_of_them_has_a_better_one(build_once, monkeypatch):
    runs = [recorded_run("lenet", "short", seed, [0.40, 0.41, 0.42][seed]) for seed in range(3)]
    runs += [recorded_run("nin_small", "short", 0, 0.45), recorded_run("lenet", "long", 0, 0.6)]
    monkeypatch.setattr(results, "names", lambda: ["one"])
    monkeypatch.setattr(results, "load", lambda name: {"data": "FER2013", "runs": runs})
    assert zoo.recorded() == {"lenet": ("short", (0.40, 0.41, 0.42)), "nin_small": ("short", (0.45,))}
    points = zoo.points()
    cost, mean, low, high = points["lenet"]
    assert (cost, mean) == (costs(built("lenet")).multiply_adds, pytest.approx(0.41))
    assert (low, high) == (
        pytest.approx(0.41 - 4.3027 * 0.01 / 3**0.5, abs=1e-5),
        pytest.approx(0.41 + 4.3027 * 0.01 / 3**0.5, abs=1e-5),
    )
    assert points["nin_small"][2:] == (-np.inf, np.inf)


def test_recipes_of_one_name_are_not_mixed(monkeypatch):
    runs = [recorded_run(epochs=6, accuracy=0.40), recorded_run(epochs=9, accuracy=0.52)]
    monkeypatch.setattr(results, "names", lambda: ["one"])
    monkeypatch.setattr(results, "load", lambda name: {"data": "FER2013", "runs": runs})
    assert zoo.recorded() == {"lenet": ("a", (0.52,))}
