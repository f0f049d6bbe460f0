"""Weights that ship: the right network, checked by their sum, small, without pickles; a damaged file is refused."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from repository import ROOT

from fer_course import models, results
from fer_course.errors import ModelError
from fer_course.models import weights

FOLDER = Path(weights.__file__).parent
NAMES = weights.names()


def random(model) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.uniform(0.5, 1.5, each.shape).astype("float32") for each in model.get_weights()]


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An own folder of weights, with those of one mini-Xception."""
    model = models.build("mini_xception")
    model.set_weights(random(model))
    weights.save("mini_xception", model.get_weights(), {"command": "by hand"}, tmp_path)
    monkeypatch.setattr(weights, "_folder", lambda: tmp_path)
    return tmp_path, model


def test_what_is_saved_comes_back_as_a_network_that_says_the_same(shelf):
    folder, model = shelf
    again = models.pretrained("mini_xception")
    pictures = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 1), dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(again(pictures)), np.asarray(model(pictures)))
    assert weights.about("mini_xception")["command"] == "by hand"
    assert {file.name for file in folder.iterdir()} == {"mini_xception.npz", "mini_xception.json"}


def test_a_damaged_or_missing_file_is_refused(shelf):
    file = shelf[0] / "mini_xception.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="expected SHA-256"):
        models.pretrained("mini_xception")
    file.unlink()
    with pytest.raises(ModelError, match="of 0 bytes"):
        models.pretrained("mini_xception")


def test_weights_that_do_not_ship_are_named(shelf):
    with pytest.raises(ModelError, match=r"'lenet'.*mini_xception"):
        models.pretrained("lenet")


@pytest.mark.parametrize("name", NAMES)
def test_shipped_weights_are_small_checked_and_hold_arrays_only(name):
    file = FOLDER / f"{name}.npz"
    assert file.stat().st_size < 1_000_000
    assert hashlib.sha256(file.read_bytes()).hexdigest() == json.loads((FOLDER / f"{name}.json").read_text())["sha256"]
    with zipfile.ZipFile(file) as archive:
        assert all(each.endswith(".npy") for each in archive.namelist())
    arrays = weights.load(name)
    assert all(array.dtype == np.float32 and array.ndim in (1, 2, 3, 4) for array in arrays)
    assert [array.shape for array in arrays] == [each.shape for each in models.build(name).get_weights()]


def test_mini_xception_ships_with_58_423_numbers():
    assert "mini_xception" in NAMES
    assert sum(array.size for array in weights.load("mini_xception")) == 58_423


def test_recorded_probabilities_give_the_recorded_scores():
    recorded = results.publictest()
    labels = recorded.pop("labels")
    assert len(labels) == 3589
    assert len(recorded) >= 3
    scores = {
        f"{run['row']}, seed {run['seed']}": run["report"]
        for run in results.load("views")["views"]
        if run["views"] == "one"
    }
    assert set(scores) == set(recorded)
    for name, probabilities in recorded.items():
        assert probabilities.shape == (3589, 7)
        np.testing.assert_allclose(probabilities.astype(float).sum(axis=1), 1, atol=0.005)
        found = np.bincount(labels * 7 + probabilities.argmax(axis=1), minlength=49).reshape(7, 7)
        assert np.abs(found - scores[name]["confusion"]).sum() <= 8  # float16: a face or two may tip over
        assert abs(np.mean(probabilities.argmax(axis=1) == labels) - scores[name]["accuracy"]) < 0.001


@pytest.mark.real
def test_the_shipped_network_scores_what_its_card_says_in_a_fresh_process(real_data):
    command = [sys.executable, "-m", "fer_course.cli", "evaluate", "pretrained", "--data", real_data, "--json"]
    done = subprocess.run([*command, "--split", "PublicTest"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found, said = json.loads(done.stdout), weights.about("mini_xception")["report"]
    assert abs(found["accuracy"] - said["accuracy"]) < 0.0006  # two faces: processors round differently
    card = (ROOT / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"{found['accuracy']:.1%}".replace("%", " %") in card
