"""Faces on the device: the same pictures as on the host, the same training, and no face in any file."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from repository import ROOT

from fer_course.augment import Batches
from fer_course.recipes import Recipe
from fer_course.training.on_device import Plans, ResidentFaces, resident

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (50, 24, 24, 1), dtype=np.uint8)
LABELS = RNG.integers(0, 7, 50)
PLAIN = Recipe("plain", batch_size=16, flip=False, shift=0.0, seed=3)
RECIPES = {
    "as they are": PLAIN,
    "flip": PLAIN.but(flip=True),
    "shift": PLAIN.but(shift=0.2),
    "flip and shift": PLAIN.but(flip=True, shift=0.4),
    "turn": PLAIN.but(flip=True, rotation=20.0, zoom=0.2, shift=0.1),
    "mixup": PLAIN.but(flip=True, shift=0.1, mixup=0.4),
}
ROWS = np.arange(5, 45)


def both(recipe: Recipe, labels=LABELS):
    """Batches on the host and plans for the device, of the same faces."""
    return Batches(IMAGES[ROWS], labels[ROWS], recipe), Plans(ROWS, 24, labels[ROWS], recipe, 7)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("epoch", [0, 4])
def test_the_pictures_are_those_of_the_host(name, epoch):
    host, plans = both(RECIPES[name])
    host.epoch = plans.epoch = epoch
    faces = ResidentFaces(IMAGES)
    assert len(host) == len(plans) == 2
    for batch in range(2):
        (pictures, labels), (plan, plan_labels) = host[batch], plans[batch]
        ours = np.asarray(faces(plan))
        assert ours.shape == pictures.shape
        tolerance = 1 if "turn" in name or "mixup" in name else 0
        assert np.abs(ours - pictures).max() <= tolerance
        np.testing.assert_allclose(plan_labels, labels)


def test_targets_of_a_teacher_come_out_as_on_the_host():
    targets = RNG.dirichlet(np.ones(7), 50).astype("float32")
    for recipe in (PLAIN, PLAIN.but(mixup=0.4)):
        host, plans = both(recipe, targets)
        np.testing.assert_allclose(plans[0][1], host[0][1], atol=1e-6)


def test_erased_rectangles_are_noise_and_nothing_else_changes():
    recipe = PLAIN.but(erase=0.5, batch_size=40)
    plan, _ = both(recipe)[1][0]
    pictures = np.asarray(ResidentFaces(IMAGES)(plan))
    changed = (pictures != IMAGES[plan["row"]])[..., 0]
    erased = plan["rectangle"][:, 2] > 0
    assert 8 < erased.sum() < 32
    assert not changed[~erased].any()
    for face, (top, left, tall, wide) in zip(np.flatnonzero(erased), plan["rectangle"][erased], strict=True):
        inside = changed[face, top : top + tall, left : left + wide]
        assert inside.mean() > 0.9
        assert changed[face].sum() == inside.sum()
        assert 0.015 < tall * wide / 24**2 < 0.23
    noise = pictures[changed]
    assert (noise == noise.astype(int)).all()
    assert noise.min() < 10
    assert noise.max() > 245
    assert abs(noise.mean() - 127.5) < 8
    assert abs(noise.std() - 73.9) < 6


@pytest.mark.parametrize("name", RECIPES)
def test_validation_leaves_pictures_as_they_are(name):
    plans = both(RECIPES[name])[1]
    rows = np.array([49, 0, 7])
    np.testing.assert_array_equal(np.asarray(ResidentFaces(IMAGES)(plans.plan_unchanged(rows))), IMAGES[rows])


def test_no_face_is_saved_with_the_weights(tmp_path):
    import h5py
    import keras

    net = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Flatten(), keras.layers.Dense(7, "softmax")])
    whole = resident(net, IMAGES, both(PLAIN)[1])
    whole.compile("adam", "sparse_categorical_crossentropy")
    plan, labels = both(PLAIN)[1][0]
    whole.train_on_batch(plan, labels)
    whole.save_weights(tmp_path / "state.weights.h5")
    sizes = []
    with h5py.File(tmp_path / "state.weights.h5") as file:
        file.visititems(lambda name, each: sizes.append(each.size) if isinstance(each, h5py.Dataset) else None)
    assert max(sizes) == 24 * 24 * 7
    before = [np.asarray(each).copy() for each in net.get_weights()]
    net.set_weights([np.zeros_like(each) for each in before])
    whole.load_weights(tmp_path / "state.weights.h5")
    for ours, theirs in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.asarray(whole.get_layer("resident_faces")(plan)), IMAGES[plan["row"]])


SCRIPT = """
import json, sys
from learnable_faces import make_faces
import keras, numpy as np
from fer_course.recipes import Recipe
from fer_course.training import loop, train

folder, devices, extra = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
if extra.pop("whole", False):
    loop.accelerated = lambda: True
recipe = Recipe("tiny", model="lenet", epochs=2, batch_size=16, input_size=24, learning_rate=0.01).but(**extra)
rates = []

class Rates(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

faces = make_faces({"Training": 20, "PublicTest": 3})
run = train(None, faces, recipe, folder, progress=False, callbacks=[Rates()], devices=devices)
print(json.dumps({"history": run.history, "rates": rates, "device": run.metrics["device"],
    "devices": len(keras.distribution.list_devices()) if keras.backend.backend() == "jax" else 1}))
"""


def on(backend: str, folder, devices: int = 1, **recipe) -> dict:
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(ROOT / "tests" / "helpers"),
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    command = [sys.executable, "-c", SCRIPT, str(folder), str(devices), json.dumps(recipe)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_two_devices_give_the_losses_of_one(tmp_path):
    pytest.importorskip("jax", reason="needs jax (extra dev)")
    whole = {"batch_size": 112, "epochs": 3, "optimizer": "sgd", "erase": 0.3, "mixup": 0.2}  # one step an epoch
    one, two = (on("jax", tmp_path / str(n), n, **whole) for n in (1, 2))
    assert two["devices"] == 2
    assert two["device"] == "cpu"
    assert one["rates"] == two["rates"]
    for name in ("loss", "val_loss", "accuracy", "val_accuracy"):
        np.testing.assert_allclose(one["history"][name], two["history"][name], rtol=1e-5)


@pytest.mark.slow
def test_whole_epochs_in_one_call_give_the_losses_of_single_steps(tmp_path):
    pytest.importorskip("jax", reason="needs jax (extra dev)")
    recipe = {
        "optimizer": "sgd",
        "learning_rate": 0.001,
        "erase": 0.3,
        "mixup": 0.2,
        "epochs": 3,
        "schedule": "one_cycle",
    }
    steps, whole = (on("jax", tmp_path / str(each), whole=each, **recipe) for each in (False, True))
    assert len(steps["rates"]) == 3 * 7
    assert whole["rates"] == steps["rates"][6::7]  # one call an epoch, which ends at the same learning rate
    for name in ("loss", "val_loss", "accuracy", "val_accuracy"):
        np.testing.assert_allclose(whole["history"][name], steps["history"][name], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["one_cycle", "linear"])
def test_a_training_on_jax_goes_as_on_tensorflow(tmp_path, schedule):
    pytest.importorskip("jax", reason="needs jax (extra dev)")
    ours, theirs = (on(backend, tmp_path / backend, schedule=schedule) for backend in ("jax", "tensorflow"))
    # The first step alone: with other roundings and other random starts two trainings part soon.
    assert len(ours["rates"]) == len(theirs["rates"])
    # JAX says what the next step will have, TensorFlow what this one had.
    np.testing.assert_allclose(ours["rates"][:-1], theirs["rates"][1:], rtol=1e-4)
    assert len(set(ours["rates"])) > 4


def test_several_devices_need_jax_and_a_name(tmp_path, tiny_faces, tiny_model):
    from fer_course.errors import FerCourseError
    from fer_course.training import train

    with pytest.raises(FerCourseError, match="KERAS_BACKEND=jax"):
        train(None, tiny_faces, PLAIN, tmp_path / "a", devices=2)
    with pytest.raises(FerCourseError, match="needs the name of a model"):
        train(tiny_model(), tiny_faces, PLAIN, tmp_path / "b", devices=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_early_epochs_with_smaller_pictures(tmp_path):
    """The second stage begins as a killed training goes on: from a file without the pictures. Both stages learn."""
    pytest.importorskip("jax", reason="needs jax (extra dev)")
    recipe = {"model": "mini_xception", "input_size": 32, "early": 0.5, "early_size": 24, "epochs": 4}
    history = on("jax", tmp_path, **recipe)["history"]
    assert history["epoch"] == [1, 2, 3, 4]
    assert history["loss"][0] > history["loss"][1]
    assert history["loss"][1] > history["loss"][3]
