"""Lessons that are executed side by side train once what several of them need."""

import threading

import keras
import numpy as np
import pytest

from fer_course.errors import WriteError
from fer_course.recipes import Recipe
from fer_course.training import loop, shared_runs, train
from fer_course.training.run_folder import Request, describe

RECIPE = Recipe("tiny", "lenet", epochs=2, batch_size=16, learning_rate=0.01)


class Epochs(keras.callbacks.Callback):
    """Counts the epochs of all trainings that it sees."""

    seen = 0

    def on_epoch_end(self, epoch, logs=None):
        self.seen += 1


@pytest.fixture
def together(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_SHARED_RUNS", str(tmp_path / "together"))
    return tmp_path / "together"


@pytest.fixture
def trained(monkeypatch):
    """The recipes that were trained, in order; not those of runs that were only copied."""
    recipes, fit = [], loop._fit

    def noted(networks, faces, request, *rest):
        recipes.append(request.recipe)
        fit(networks, faces, request, *rest)

    monkeypatch.setattr(loop, "_fit", noted)
    return recipes


def files_of(run):
    return {path.name: path.read_bytes() for path in run.path.iterdir()}


def test_the_second_one_gets_the_run_of_the_first(tiny_faces, tmp_path, together, trained):
    first = train(None, tiny_faces, RECIPE, tmp_path / "a", progress=False)
    second = train(None, tiny_faces, RECIPE, tmp_path / "b", progress=False)
    assert len(trained) == 1
    assert second.finished
    assert files_of(second) == files_of(first)
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith((".tmp-", ".lock"))]


def test_a_run_is_the_same_as_one_that_is_not_shared(tiny_faces, tmp_path, together, monkeypatch):
    train(None, tiny_faces, RECIPE, tmp_path / "a", progress=False)
    shared = train(None, tiny_faces, RECIPE, tmp_path / "b", progress=False)
    monkeypatch.delenv("FER_COURSE_SHARED_RUNS")
    alone = train(None, tiny_faces, RECIPE, tmp_path / "c", progress=False)
    assert shared.history["loss"] == alone.history["loss"]
    for ours, theirs in zip(shared.model().get_weights(), alone.model().get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert files_of(shared).keys() == files_of(alone).keys()


def test_without_the_variable_each_trains_its_own(tiny_faces, tmp_path, trained, monkeypatch):
    monkeypatch.delenv("FER_COURSE_SHARED_RUNS", raising=False)
    for name in "ab":
        train(None, tiny_faces, RECIPE, tmp_path / name, progress=False)
    assert len(trained) == 2


def test_anything_else_is_trained_anew(tiny_faces, tmp_path, together, trained):
    train(None, tiny_faces, RECIPE, tmp_path / "a", progress=False)
    train(None, tiny_faces, RECIPE.but(seed=1), tmp_path / "seed", progress=False)
    train(None, tiny_faces.sample(len(tiny_faces) - 20, seed=0), RECIPE, tmp_path / "faces", progress=False)
    train("nin_small", tiny_faces, RECIPE.but(epochs=1), tmp_path / "network", progress=False)
    train("lenet", tiny_faces, RECIPE.but(epochs=1), tmp_path / "other", progress=False)
    said = np.full((len(tiny_faces.select("Training")), 7), 1 / 7)
    for name in ("teacher", "the same teacher"):
        train(None, tiny_faces, RECIPE.but(distillation=0.5), tmp_path / name, progress=False, teacher=said)
    assert len(trained) == 7


def test_a_model_of_the_callers_is_its_own(tiny_faces, tiny_model, tmp_path, together, trained):
    for seed in (1, 2):
        train(tiny_model(seed=seed), tiny_faces, RECIPE, tmp_path / str(seed), progress=False)
    assert len(trained) == 2
    assert not together.exists()


def test_who_watches_the_epochs_trains_and_leaves_it_for_others(tiny_faces, tmp_path, together, trained):
    watch = Epochs()
    for name in "ab":
        train(None, tiny_faces, RECIPE, tmp_path / name, progress=False, callbacks=[watch])
    assert watch.seen == 2 * RECIPE.epochs
    train(None, tiny_faces, RECIPE, tmp_path / "c", progress=False)
    assert len(trained) == 2


def test_an_interrupted_training_is_left_to_nobody(tiny_faces, tmp_path, together, trained):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    assert not train(None, tiny_faces, RECIPE, tmp_path / "a", progress=False, callbacks=[Stop()]).finished
    whole = train(None, tiny_faces, RECIPE, tmp_path / "b", progress=False)
    assert len(trained) == 2
    again = train(None, tiny_faces, RECIPE, tmp_path / "a", progress=False)  # takes the other's, and is whole
    assert len(trained) == 2
    assert again.finished
    assert again.history == whole.history


def test_half_a_copy_is_no_training(tiny_faces, tmp_path, together, trained, monkeypatch):
    whole = shared_runs.files.atomic

    def full_disk(path):
        if path.name == shared_runs.LAST and together in path.parents:
            raise WriteError("the disk is full")
        return whole(path)

    monkeypatch.setattr(shared_runs.files, "atomic", full_disk)
    for name in "ab":
        assert train(None, tiny_faces, RECIPE, tmp_path / name, progress=False).finished
    assert len(trained) == 2
    assert any(together.rglob("model.keras"))


def test_who_needs_the_same_waits(tiny_faces, together):
    request, order, held = Request(RECIPE, describe(tiny_faces.select("Training"))), [], threading.Event()

    def first():
        with shared_runs.turn(request, "lenet"):
            held.set()
            order.append("first begins")
            threading.Event().wait(0.5)
            order.append("first ends")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait()
    with shared_runs.turn(Request(RECIPE.but(seed=1), request.faces), "lenet"):
        order.append("another one")
    with shared_runs.turn(request, "lenet"):
        order.append("second")
    thread.join()
    assert order == ["first begins", "another one", "first ends", "second"]
