"""A training that is to be deterministic is: accelerators are told so, or it does not begin. What they do then, only they can
show: `benchmarks/deterministic.py`."""

import os
import subprocess
import sys

import keras
import pytest

from fer_course import cli, training
from fer_course.errors import FerCourseError
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import devices, train

TINY = Recipe("tiny", epochs=1, batch_size=16)


@pytest.mark.parametrize("found", [[], ["/physical_device:GPU:0"]])
def test_tensorflow_is_told_where_it_has_a_gpu(monkeypatch, found):
    tf = pytest.importorskip("tensorflow")
    told = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: found if kind == "GPU" else [])
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: told.append(True))
    devices.make_deterministic()
    assert len(told) == len(found)


@pytest.fixture
def jax_on_a_gpu(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(devices, "accelerated", lambda: True)
    monkeypatch.setattr(devices, "name", lambda: "NVIDIA T4")


def test_jax_must_have_been_told_in_time(jax_on_a_gpu, monkeypatch, tiny_faces, tmp_path):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    with pytest.raises(FerCourseError, match=r"On NVIDIA T4 .* XLA_FLAGS=--xla_gpu_deterministic_ops=true before"):
        train("lenet", tiny_faces, TINY, tmp_path / "run", deterministic=True)
    assert not list(tmp_path.iterdir())
    devices.tell_xla()
    assert os.environ["XLA_FLAGS"].split() == ["--xla_dump_to=x", devices.DETERMINISTIC]
    devices.make_deterministic()


def test_the_command_tells_xla_before_it_trains(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XLA_FLAGS", "")
    seen = []

    def look(*_, deterministic, **__):
        seen.append((deterministic, os.environ["XLA_FLAGS"]))
        raise FerCourseError("seen")

    monkeypatch.setattr(training, "train", look)
    command = ["train", "--data", "drawn", "--faces", "70", "--out", str(tmp_path)]
    for each in (command, [*command, "--deterministic"]):
        assert cli.main(each) == 1
    assert seen == [(False, ""), (True, devices.DETERMINISTIC)]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_processes_end_with_the_same_weights(backend, tmp_path):
    pytest.importorskip(backend)
    TINY.but(model="lenet", epochs=2, rotation=10.0, erase=0.3, mixup=0.2).to_yaml(tmp_path / "recipe.yaml")
    weights = []
    for out in (tmp_path / "one", tmp_path / "two"):
        command = [
            sys.executable,
            "-m",
            "fer_course.cli",
            "train",
            "--deterministic",
            "--data",
            "drawn",
            "--faces",
            "300",
        ]
        command += ["--recipe", str(tmp_path / "recipe.yaml"), "--out", str(out)]
        done = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        weights.append(b"".join(each.tobytes() for each in Run(out).model().get_weights()))
    assert weights[0] == weights[1]
