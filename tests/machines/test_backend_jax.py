"""The same code on JAX: the way to an accelerator without TensorFlow. In processes of its own: a backend is chosen at import."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from repository import ROOT

pytest.importorskip("jax", reason="needs jax (extra dev)")

SCRIPT = """
import json, sys
import numpy as np
import keras
from learnable_faces import make_faces
from fer_course import augment, models
from fer_course.evaluation import evaluate
from fer_course.recipes import Recipe
from fer_course.models.prepare import prepare
from fer_course.training import train

folder = sys.argv[1]
faces = make_faces({"Training": 12, "PublicTest": 3})
recipe = Recipe("tiny", epochs=1, batch_size=32, rotation=10.0, zoom=0.1, erase=0.5, input_size=24, label_smoothing=0.1)
recipe = recipe.but(mixup=0.4)
run = train(None, faces, recipe, folder + "/run-" + keras.backend.backend(), progress=False)
report = evaluate(run, faces, "PublicTest")
keras.utils.set_random_seed(0)
model = models.build("mini_xception", 24)
rng = np.random.default_rng(0)
for variable in model.weights:  # such that pictures make a difference at the end
    centre = 1 if variable.name in ("gamma", "moving_variance") else 0
    spread = 0.3 if len(variable.shape) == 1 else 3 / np.sqrt(np.prod(variable.shape[:3]))
    variable.assign(rng.uniform(centre - spread, centre + spread, variable.shape))
pixels = prepare(faces.images[:8], 24) // np.array([1, 2, 4, 8, 16, 32, 64, 128], np.uint8)[:, None, None, None]
turned = augment.rotate_zoom_shift(faces.images[:8, :, :, None], 20.0, 0.2, 0.1, np.random.default_rng(1))
blended, targets = augment.mixup(turned, np.eye(8), 0.4, np.random.default_rng(2))
layers = augment.paper_layers(seed=0)
copies = np.repeat(faces.images[:1, :, :, None], 64, axis=0)
moved = keras.ops.convert_to_numpy(layers(copies))
assert moved.shape == copies.shape and moved.std(axis=0).max() > 10 and 0 <= moved.min() and moved.max() <= 255
assert (keras.ops.convert_to_numpy(layers(copies, training=False)) == copies).all()
generator = augment.paper_generator()  # needs TensorFlow installed, whatever the backend
assert next(generator.flow(copies, batch_size=64)).std(axis=0).max() > 10
np.savez(
    folder + "/" + keras.backend.backend(), probabilities=model.predict(pixels, verbose=0),
    turned=turned, blended=blended, targets=targets,
)
print(json.dumps({"backend": run.metrics["backend"], "n": report.n, "finished": run.finished, "epochs": run.metrics["epochs"]}))
"""


def on(backend: str, folder) -> dict:
    environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT / "tests" / "helpers")}
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_train_evaluate_and_augment_on_jax_as_on_tensorflow(tmp_path):
    for backend in ("jax", "tensorflow"):
        assert on(backend, tmp_path) == {"backend": backend, "n": 21, "finished": True, "epochs": 1}
    ours, theirs = (np.load(tmp_path / f"{backend}.npz") for backend in ("jax", "tensorflow"))
    assert np.ptp(theirs["probabilities"], axis=0).max() > 0.05
    np.testing.assert_allclose(ours["probabilities"], theirs["probabilities"], atol=1e-4)
    for name in ("turned", "blended"):
        assert np.abs(ours[name].astype(int) - theirs[name].astype(int)).max() <= 1
    np.testing.assert_array_equal(ours["targets"], theirs["targets"])


@pytest.mark.slow
def test_quiet_start_prints_nothing():
    done = subprocess.run([sys.executable, "-c", "import fer_course.quiet, keras"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_quiet_start_still_shows_errors(tmp_path):
    (tmp_path / "keras.py").write_text("raise ImportError('no such backend here')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "import fer_course.quiet"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 1
    assert "no such backend here" in done.stderr
