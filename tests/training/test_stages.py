"""Early epochs with smaller pictures: as if one trained by hand at one size and went on at the other; killed or not."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from built_networks import any_size
from killed import killed_after

from fer_course.augment import Batches
from fer_course.errors import RunError
from fer_course.models.prepare import prepare
from fer_course.recipes import Recipe
from fer_course.training import schedules, train
from fer_course.training.objectives import compile_model
from fer_course.training.stages import smaller

pytestmark = pytest.mark.filterwarnings("error:Skipping variable loading")  # nobody shall see Keras' warning
RECIPE = Recipe("growing", epochs=4, early=0.5, early_size=24, batch_size=16, learning_rate=0.01, shift=0.05, seed=3)


@pytest.fixture(scope="module")
def unbroken(tiny_faces, tmp_path_factory):
    return train(any_size(), tiny_faces, RECIPE, tmp_path_factory.mktemp("growing") / "run", progress=False)


def assert_same(run, other) -> None:
    """Histories agree in everything but the time."""
    ours, theirs = run.history, other.history
    assert ours.keys() == theirs.keys()
    for name in ours.keys() - {"seconds"}:
        assert ours[name] == pytest.approx(theirs[name], abs=1e-5), name


def test_it_is_a_training_by_hand_at_one_size_and_then_at_the_other(tiny_faces):
    """Keras' own `train_on_batch` on a network that takes any size, without a checkpoint between the stages."""
    recipe = RECIPE.but(validation=0.0, weight_decay=0.0)
    by_hand = any_size(None, dropout=0.0)
    compile_model(by_hand, recipe)
    training = tiny_faces.select("Training")
    for epoch in range(recipe.epochs):
        batches = Batches(prepare(training.images, 24 if epoch < 2 else 48), training.labels, recipe, 7)
        batches.epoch = epoch
        for step in range(len(batches)):
            done, steps = epoch * len(batches) + step, recipe.epochs * len(batches)
            rate = schedules.one_cycle(done, steps, recipe.learning_rate, recipe.warmup)
            by_hand.optimizer.learning_rate.assign(rate)
            by_hand.train_on_batch(*batches[step])
    run = train(any_size(dropout=0.0), tiny_faces, recipe, progress=False)
    for ours, theirs in zip(run.model().get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_run_is_of_full_size_and_its_early_epochs_are_other_epochs(tiny_faces, unbroken):
    assert unbroken.finished
    assert unbroken.model().input_shape == (None, 48, 48, 1)
    assert unbroken.history["epoch"] == [1, 2, 3, 4]
    alike = train(any_size(), tiny_faces, RECIPE.but(early=0.0), progress=False)
    assert alike.history["loss"][0] != pytest.approx(unbroken.history["loss"][0], abs=1e-6)
    assert_same(train(any_size(), tiny_faces, RECIPE, progress=False), unbroken)


@pytest.mark.parametrize("survivors", [6, *(pytest.param(each, marks=pytest.mark.slow) for each in (4, 9, 11))])
def test_killed_in_either_stage_it_goes_on(tiny_faces, unbroken, tmp_path, survivors):
    with killed_after(survivors):
        train(any_size(), tiny_faces, RECIPE, tmp_path / "run", progress=False)
    assert_same(train(any_size(), tiny_faces, RECIPE, tmp_path / "run", progress=False), unbroken)


def test_only_early_epochs_end_with_a_network_of_full_size(tiny_faces):
    run = train(any_size(), tiny_faces, RECIPE.but(early=1.0, epochs=2), progress=False)
    assert run.finished
    assert run.model().input_shape == (None, 48, 48, 1)
    assert len(run.history["epoch"]) == 2


def test_ctrl_c_in_the_early_stage_keeps_a_network_of_full_size(tiny_faces, unbroken, tmp_path):
    class Impatient(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    run = train(any_size(), tiny_faces, RECIPE, tmp_path / "run", progress=False, callbacks=[Impatient()])
    assert not run.finished
    assert run.model().input_shape == (None, 48, 48, 1)
    assert_same(train(any_size(), tiny_faces, RECIPE, tmp_path / "run", progress=False), unbroken)


def test_a_network_of_one_size_is_refused(tiny_faces, tmp_path):
    with pytest.raises(RunError, match=r"lenet has other weights at 48 pixels.*early 0"):
        train(None, tiny_faces, RECIPE.but(model="lenet"), tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_a_smaller_network_computes_the_same_of_pictures_of_its_size():
    network = any_size()
    small = smaller(network, 24)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 1)).astype("float32")
    np.testing.assert_allclose(small(pixels), any_size(None)(pixels), atol=1e-6)


@pytest.mark.parametrize(
    ("early", "epochs", "size", "wanted"), [(0.45, 9, 32, 4), (0.45, 1, 32, 0), (1, 3, 32, 3), (0.5, 9, 48, 0)]
)
def test_the_number_of_early_epochs(early, epochs, size, wanted):
    assert Recipe(early=early, epochs=epochs, early_size=size).early_epochs == wanted
