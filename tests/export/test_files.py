"""Exported files: the same probabilities as Keras, whole or not there, run without Keras; and every error in one sentence."""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

# Only looked for: what imports ONNX Runtime first decides whether it reports home.
if not all(importlib.util.find_spec(package) for package in ("ai_edge_litert", "onnxruntime", "tf2onnx")):
    pytest.skip("needs the extra export", allow_module_level=True)

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras

from fer_course import cli, data, export, models
from fer_course.data import drawn
from fer_course.errors import DataError, ExportError, ModelError
from fer_course.evaluation import evaluate, predict
from fer_course.faces import Faces

TARGETS = list(export.ENDINGS)


def shaken(name: str, size: int = 48) -> keras.Model:
    """A network whose normalisations do something, so that a lost one would show."""
    keras.utils.set_random_seed(3)
    model = models.build(name, size)
    rng = np.random.default_rng(3)
    for variable in model.weights:
        if variable.name in ("gamma", "moving_variance", "beta", "moving_mean"):
            centre = 1 if variable.name in ("gamma", "moving_variance") else 0
            variable.assign(rng.uniform(centre - 0.3, centre + 0.3, variable.shape))
    return model


def of_colours() -> keras.Model:
    pixels = keras.Input((32, 32, 3))
    model = keras.Model(pixels, keras.layers.Dense(7)(keras.layers.Flatten()(pixels)))
    model(np.zeros((1, 32, 32, 3)))  # Keras' own signature wants that
    return model


@pytest.fixture(scope="module")
def faces() -> Faces:
    return drawn.draw(900, seed=5)


@pytest.fixture(scope="module")
def csv(faces, tmp_path_factory) -> Path:
    """The same as a file, for the command line."""
    file = tmp_path_factory.mktemp("faces") / "faces.csv"
    data.write_csv(faces, file)
    return file


@pytest.fixture(scope="module")
def shipped() -> keras.Model:
    return models.pretrained()


@pytest.fixture(scope="module")
def exported(shipped, faces, tmp_path_factory) -> dict[str, export.Exported]:
    """The network that ships, in all three forms."""
    folder = tmp_path_factory.mktemp("exported")
    return {to: export.export(shipped, folder / f"net{export.ENDINGS[to]}", to, faces) for to in TARGETS}


@pytest.fixture
def run_cli(capfd):
    def call(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        return status, *capfd.readouterr()

    return call


# ---------------------------------------------------------------------------------------------------- what is written


@pytest.mark.parametrize("to", ["litert", "onnx"])
def test_float_files_give_the_probabilities_of_keras(exported, shipped, faces, to):
    images = faces.select("PublicTest").images[:70]
    found = export.load(exported[to].path)(images)
    assert (found.shape, found.dtype) == ((70, 7), np.float32)
    np.testing.assert_allclose(found, shipped.predict(images[..., None], verbose=0), atol=1e-4)
    assert exported[to].agreement == 1
    assert exported[to].difference <= 1e-4


def test_8_bit_integers_see_nearly_always_the_same_class(exported, shipped, faces):
    images = faces.select("PublicTest").images[:400]
    expected = shipped.predict(images[..., None], verbose=0)
    found = export.load(exported["litert-int8"].path)(images)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=0.02)
    share = np.mean(found.argmax(axis=1) == expected.argmax(axis=1))
    assert share > 0.93
    assert abs(exported["litert-int8"].agreement - share) < 0.05
    assert 0 < exported["litert-int8"].difference < 0.3


def test_what_was_written_says_so_in_a_line(exported):
    for to, made in exported.items():
        line = str(made)
        assert "\n" not in line
        assert f"{made.path.name}, {made.size:,} bytes" in line
        assert "300 drawn faces" in line
        assert ("The ranges of its integers come from drawn faces" in line) == (to == "litert-int8")


def test_sizes_are_those_of_the_files_and_integers_take_less_than_half(exported):
    sizes = {to: each.path.stat().st_size for to, each in exported.items()}
    assert sizes == {to: each.size for to, each in exported.items()}
    assert sizes["litert-int8"] < sizes["litert"] / 2
    for to in ("litert", "onnx"):
        assert 4 * 58_423 * 0.95 < sizes[to] < 4 * 58_423 * 1.2


def test_files_take_uint8_pixels_as_the_keras_model_does(exported):
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    for to in ("litert", "litert-int8"):
        (pixels,) = Interpreter(str(exported[to].path)).get_input_details()
        assert (pixels["dtype"], list(pixels["shape"])) == (np.uint8, [1, 48, 48, 1])
        assert pixels["quantization"] in ((0.0, 0), (1.0, 0))  # a level is a grey
    (pixels,) = onnxruntime.InferenceSession(str(exported["onnx"].path)).get_inputs()
    assert pixels.type == "tensor(uint8)"
    assert isinstance(pixels.shape[0], str)  # any N
    assert pixels.shape[1:] == [48, 48, 1]


@pytest.mark.slow
def test_the_same_seed_makes_the_same_integers(exported, shipped, faces, tmp_path):
    again = export.export(shipped, tmp_path / "again.tflite", "litert-int8", faces)
    assert again.path.read_bytes() == exported["litert-int8"].path.read_bytes()


def test_the_model_is_as_before(exported, shipped):
    for mine, fresh in zip(shipped.get_weights(), models.pretrained().get_weights(), strict=True):
        np.testing.assert_array_equal(mine, fresh)


@pytest.mark.parametrize("to", ["onnx", "litert-int8", pytest.param("litert", marks=pytest.mark.slow)])
def test_another_network_of_another_size(faces, tmp_path, to):
    model = shaken("lenet", 24)
    made = export.export(model, tmp_path / f"lenet{export.ENDINGS[to]}", to, faces)
    net = export.load(made.path)
    assert (net.input_shape, net.output_shape) == (model.input_shape, model.output_shape)
    expected = predict(model, faces.images[:40])
    np.testing.assert_array_equal(net(faces.images[:40]), predict(net, faces.images[:40]))  # both resize
    np.testing.assert_allclose(net(faces.images[:40]), expected, atol=0.1 if to == "litert-int8" else 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", models.names() + models.variants())
def test_every_network_of_the_zoo_can_be_exported(faces, tmp_path, name):
    model = shaken(name)
    for to in TARGETS:
        made = export.export(model, tmp_path / f"net{export.ENDINGS[to]}", to, faces)
        # Untrained networks find all classes about equally probable: which comes first says little.
        assert made.difference < (0.02 if to == "litert-int8" else 1e-4)


@pytest.mark.real
def test_8_bit_integers_cost_at_most_a_point_on_real_faces(shipped, real_data, tmp_path):
    real = data.load(real_data, quiet=True)
    made = export.export(shipped, tmp_path / "net.tflite", "litert-int8", real)
    before, after = evaluate(shipped, real, "PublicTest"), evaluate(export.load(made.path), real, "PublicTest")
    same = np.mean(before.predicted == after.predicted)
    print(f"PublicTest: float {before.accuracy:.2%}, int8 {after.accuracy:.2%}, the same class for {same:.2%}")
    assert after.accuracy > before.accuracy - 0.01
    assert after.balanced_accuracy > before.balanced_accuracy - 0.02
    assert not made.drawn


# -------------------------------------------------------------------------------------------------- how it is loaded


def test_evaluate_and_predict_take_a_file_as_they_take_a_model(exported, shipped, faces):
    small = faces.select("PublicTest")[:60]
    expected = evaluate(shipped, small)
    for to in ("litert", "onnx"):
        found = evaluate(export.load(exported[to].path), small)
        assert (found.confusion == expected.confusion).all()
    net = export.load(exported["onnx"].path)
    np.testing.assert_allclose(
        predict(net, small.images, views="flips"), predict(shipped, small.images, views="flips"), atol=1e-4
    )


@pytest.mark.parametrize("to", TARGETS)
def test_any_number_of_faces_one_after_the_other_or_together(exported, faces, to):
    net = export.load(exported[to].path)
    together = net(faces.images[:300])
    np.testing.assert_allclose(np.concatenate([net(each[None]) for each in faces.images[:5]]), together[:5], atol=1e-5)
    np.testing.assert_allclose(export.load(exported[to].path, threads=2)(faces.images[:5]), together[:5], atol=1e-5)
    assert net(faces.images[:0]).shape == (0, 7)


@pytest.mark.parametrize(
    "images", [np.zeros((2, 48, 48)), np.zeros((48, 48), np.uint8), np.zeros((2, 48, 48, 1), np.uint8)]
)
def test_what_are_no_pictures_is_refused(exported, images):
    with pytest.raises(ExportError, match=r"uint8 array \(N, 48, 48\)"):
        export.load(exported["onnx"].path)(images)


def test_files_run_without_keras_in_silence_and_leave_nothing_behind(exported, tmp_path):
    code = """
import sys
import numpy as np
from fer_course import export
for path in sys.argv[1:]:
    scores = export.load(path)(np.zeros((2, 48, 48), np.uint8))
    assert scores.shape == (2, 7) and abs(scores.sum() - 2) < 0.05
assert not {"keras", "tensorflow", "jax"} & set(sys.modules)
"""
    paths = [str(each.path) for each in exported.values()]
    # ONNX Runtime's reports to its makers begin with a number for this machine, in its cache and in the temporary folder.
    folders = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, env=os.environ | folders
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
@pytest.mark.parametrize("damage", ["empty", "half", "a byte short", "text"])
def test_damaged_files_are_refused(exported, tmp_path, capfd, suffix, damage):
    whole = exported[{".tflite": "litert", ".onnx": "onnx"}[suffix]].path.read_bytes()
    parts = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "a byte short": whole[:-1],
        "text": b"row,predicted\n" * 99,
    }
    file = tmp_path / f"net{suffix}"
    file.write_bytes(parts[damage])
    with pytest.raises(ExportError, match=r"is damaged.*Export it again") as caught:
        export.load(file)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "weights.h5").touch()
    with pytest.raises(ExportError, match=r"neither a \.tflite nor an \.onnx"):
        export.load(tmp_path / "weights.h5")
    with pytest.raises(ExportError, match="There is no file"):
        export.load(tmp_path / "net.onnx")


def test_networks_of_another_form_are_refused(tmp_path):
    colours = of_colours()
    for suffix, form in ((".onnx", "onnx"), (".tflite", "litert")):
        colours.export(tmp_path / f"net{suffix}", format=form, verbose=False)
        with pytest.raises(ExportError, match=r"another form.*uint8.*float32 \[32, 32, 3\]"):
            export.load(tmp_path / f"net{suffix}")


# ----------------------------------------------------------------------------------------------- what is not written


@pytest.mark.parametrize(("name", "to", "words"), [
    ("net.onnx", "coreml", "no target 'coreml'.*litert, litert-int8, onnx"),
    ("net.onnx", "litert", "ends in .tflite"), ("net", "onnx", "ends in .onnx"),
])  # fmt: skip
def test_unknown_targets_and_names_that_do_not_fit(shipped, faces, tmp_path, name, to, words):
    with pytest.raises(ExportError, match=words):
        export.export(shipped, tmp_path / name, to, faces)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_network_of_this_form(exported, faces, tmp_path):
    colours = of_colours()
    for strange, words in ((colours, r"\(N, size, size, 1\)"), (export.load(exported["onnx"].path), "Keras model or")):
        with pytest.raises(ModelError, match=words):
            export.export(strange, tmp_path / "net.onnx", "onnx", faces)
    with pytest.raises(DataError, match="Training"):
        export.export(models.build("lenet"), tmp_path / "net.onnx", "onnx", faces.select("PublicTest"))
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written(shipped, faces, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.onnx").mkdir()
    for place in (tmp_path / "file" / "net.onnx", tmp_path / "folder.onnx"):
        with pytest.raises(ExportError, match="can't be written"):
            export.export(shipped, place, "onnx", faces)
    assert {each.name for each in tmp_path.iterdir()} == {"file", "folder.onnx"}


@pytest.mark.parametrize("to", ["litert", "onnx"])
def test_a_file_that_says_something_else_than_keras_is_not_kept(shipped, faces, exported, tmp_path, monkeypatch, to):
    strange = exported["litert-int8"].path if to == "litert" else None

    def write_another(model, path, to, images, write=export.files._write):
        path.write_bytes(strange.read_bytes()) if strange else write(models.build("lenet"), path, to, images)

    monkeypatch.setattr(export.files, "_write", write_another)
    file = tmp_path / f"net{export.ENDINGS[to]}"
    file.write_text("what was there before")
    with pytest.raises(ExportError, match=r"is not written.*from those of Keras"):
        export.export(shipped, file, to, faces)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["what was there before"]


def test_numbers_that_are_not_finite_are_not_kept(faces, tmp_path):
    model = models.build("lenet")
    model.set_weights([np.full(each.shape, np.nan) for each in model.get_weights()])
    with pytest.raises(ExportError, match="not finite"):
        export.export(model, tmp_path / "net.onnx", "onnx", faces)
    assert list(tmp_path.iterdir()) == []


def test_what_keras_can_not_export_is_said_in_one_sentence(faces, tmp_path, capfd):
    @keras.saving.register_keras_serializable()
    class Sorted(keras.layers.Layer):
        def call(self, x):
            import tensorflow as tf

            return tf.py_function(lambda each: each, [x], tf.float32)

        def compute_output_shape(self, shape):
            return shape

    pixels = keras.Input((48, 48, 1))
    model = keras.Model(pixels, keras.layers.Dense(7)(keras.layers.Flatten()(Sorted()(pixels))))
    with pytest.raises(ExportError, match=r"can't export") as caught:
        export.export(model, tmp_path / "net.tflite", "litert", faces)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def without(monkeypatch):
    """Make a package as good as not installed."""

    def remove(name):
        for each in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            monkeypatch.delitem(sys.modules, each)
        real = importlib.import_module

        def import_module(wanted, *rest):
            if wanted.split(".")[0] == name:
                raise ModuleNotFoundError(f"No module named {name!r}")
            return real(wanted, *rest)

        monkeypatch.setattr(export.files.importlib, "import_module", import_module)

    return remove


@pytest.mark.parametrize(
    ("package", "to"), [("ai_edge_litert", "litert"), ("onnxruntime", "onnx"), ("tf2onnx", "onnx")]
)
def test_a_missing_package_is_named_with_its_extra(without, shipped, faces, exported, tmp_path, package, to):
    without(package)
    words = rf"{package.replace('_', '-')}.*extra `export`"
    with pytest.raises(ExportError, match=words):
        export.export(shipped, tmp_path / f"net{export.ENDINGS[to]}", to, faces)
    assert list(tmp_path.iterdir()) == []
    if package != "tf2onnx":
        with pytest.raises(ExportError, match=words):
            export.load(exported[to].path)


def test_on_windows_there_is_no_litert(without, exported, monkeypatch):
    without("ai_edge_litert")
    monkeypatch.setattr(export.files.sys, "platform", "win32")
    with pytest.raises(ExportError, match="no Python package for Windows"):
        export.load(exported["litert"].path)


def test_on_another_backend_it_says_what_to_set(shipped, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    for to in TARGETS:
        with pytest.raises(ExportError, match=r"here it runs on jax.*KERAS_BACKEND=tensorflow"):
            export.export(shipped, tmp_path / f"net{export.ENDINGS[to]}", to, faces)


@pytest.mark.slow
def test_the_command_on_jax_says_what_to_set(tmp_path):
    pytest.importorskip("jax", reason="needs jax (extra dev)")
    command = [sys.executable, "-m", "fer_course.cli", "export", "pretrained", "--to", "onnx", "--out", "net.onnx"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"KERAS_BACKEND": "jax"}
    )
    assert done.returncode == 1
    assert "here it runs on jax. Set KERAS_BACKEND=tensorflow" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


# -------------------------------------------------------------------------------------------------- the command line


@pytest.mark.parametrize("to", ["onnx", *(pytest.param(to, marks=pytest.mark.slow) for to in TARGETS if to != "onnx")])
def test_the_command_writes_and_says_what(run_cli, csv, tmp_path, monkeypatch, to):
    monkeypatch.chdir(tmp_path)
    status, said, err = run_cli("export", "pretrained", "--to", to, "--data", csv)
    file = tmp_path / f"mini_xception{export.ENDINGS[to]}"
    assert (status, err) == (0, "")
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    first, last = said.splitlines()
    assert "faces.csv" in first
    assert f"{file.stat().st_size:,} bytes" in last
    assert "300 faces" in last
    assert ("integers" in last) == (to == "litert-int8")


def test_evaluate_and_predict_take_files(run_cli, csv, exported, tmp_path):
    said = {}
    for name in ("pretrained", *(each.path for each in exported.values())):
        status, said[name], err = run_cli("evaluate", name, "--data", csv, "--json")
        assert (status, err.count("\n")) == (0, 1)  # the line that says which faces
        assert run_cli("predict", name, "--data", csv, "--out", tmp_path / "out.csv")[0] == 0
        assert len((tmp_path / "out.csv").read_text().splitlines()) == 901
    assert said["pretrained"][:200] == said[exported["onnx"].path][:200]


@pytest.mark.parametrize("arguments", [
    ("export", "pretrained", "--to", "coreml"), ("export", "nowhere", "--to", "onnx"),
    ("export", "pretrained", "--to", "onnx", "--out", "net.tflite"), ("evaluate", "net.onnx"), ("evaluate", "notes.txt"),
    ("export", "notes.txt", "--to", "onnx"), ("predict", "net.tflite", "--out", "x.csv"), ("evaluate", "torn.tflite"),
    ("export", "pretrained", "--to", "onnx", "--data", "nowhere.csv"),
])  # fmt: skip
def test_errors_are_one_sentence_and_leave_nothing(run_cli, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no network")
    (tmp_path / "torn.tflite").write_text("no network")
    status, _, err = run_cli(*arguments)
    assert status == 1
    assert err.startswith("fer-course: ")
    assert len(err.splitlines()) == 1
    assert {each.name for each in tmp_path.iterdir()} == {"notes.txt", "torn.tflite"}


@pytest.mark.slow
@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("wait", [0.2, 0.6, 1.2, 2.0])
def test_ctrl_c_leaves_nothing(csv, tmp_path, to, wait):
    code = """
import sys
from fer_course import cli, export
import fer_course.quiet
def write(*arguments, write=export.files._write):
    sys.__stdout__.write("now\\n"); sys.__stdout__.flush()
    write(*arguments)
export.files._write = write
sys.exit(cli.main(["export", "pretrained", "--to", sys.argv[1], "--out", sys.argv[2], "--data", sys.argv[3]]))
"""
    for each in ("temporary", "out"):
        (tmp_path / each).mkdir()
    out = tmp_path / "out" / f"net{export.ENDINGS[to]}"
    process = subprocess.Popen(
        [sys.executable, "-c", code, to, out, csv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
    )  # fmt: skip
    while process.stdout.readline() not in ("now\n", ""):
        pass
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    said, err = process.communicate(timeout=120)
    if "Wrote" in said:  # it was through already; the signal may have met Python on its way out
        assert process.returncode in (0, 130, -signal.SIGINT), err
        assert out.is_file()
    else:
        first, *rest = err.splitlines()
        assert (process.returncode, first) == (130, "fer-course: interrupted; what was finished is kept.")
        # TensorFlow's half-built objects may complain when Python takes them away.
        assert not rest or rest[0].startswith("Exception ignored in")
        assert list((tmp_path / "out").iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []


def test_silence_lets_nothing_through_and_ends(capfd):
    import logging
    import warnings

    from fer_course._shared.silence import silence

    print("before")
    with silence():
        print("Python")
        os.write(1, b"C++")
        os.write(2, b"C++")
        sys.stderr.write("Python")
        warnings.warn("Python", stacklevel=1)
        logging.getLogger("library").error("Python")
    with pytest.raises(KeyboardInterrupt), silence():
        raise KeyboardInterrupt
    print("after")
    os.write(2, b"after")
    assert capfd.readouterr() == ("before\nafter\n", "after")
