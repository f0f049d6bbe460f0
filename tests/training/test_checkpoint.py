"""A training can be killed at any moment: what comes out in the end is what an unbroken one would have given."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import keras
import pytest
from killed import Killed, killed_after

from fer_course import training
from fer_course._shared import files
from fer_course.errors import BusyError, RunError
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import checkpoint, train

RECIPE = Recipe("tiny", epochs=3, batch_size=16, learning_rate=0.01, shift=0.05, seed=3)


def small_network() -> keras.Model:
    """Return the smallest network that learns the tiny faces, with dropout: its random state must be resumed too."""
    keras.utils.set_random_seed(1)
    layers = [keras.Input((48, 48, 1)), keras.layers.Rescaling(1 / 127.5, -1), keras.layers.AveragePooling2D(6)]
    return keras.Sequential(
        [*layers, keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(7, "softmax")]
    )


@pytest.fixture(scope="module")
def tiny(tiny_faces):
    """A function that trains the smallest network by a recipe into a folder."""

    def go(out, recipe=RECIPE, **options):
        return train(small_network(), tiny_faces, recipe, out, progress=False, **options)

    return go


@pytest.fixture(scope="module")
def unbroken(tiny, tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("unbroken") / "run")


def same(run: Run, other: Run) -> bool:
    """Histories agree in everything but the time."""
    ours, theirs = run.history, other.history
    assert ours["epoch"] == theirs["epoch"]
    for name in ours:
        if name != "seconds":
            assert ours[name] == pytest.approx(theirs[name], abs=1e-5), name
    return True


def some(values, *quick) -> list:
    """Return all values as parameters; those that are not quick are tried by `make test-all` only."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]


@pytest.mark.parametrize("survivors", some(range(10), 4))
def test_killed_between_any_two_file_writes(tiny, unbroken, tmp_path, survivors):
    with killed_after(survivors):
        tiny(tmp_path / "run")
    run = tiny(tmp_path / "run")
    assert run.finished
    assert same(run, unbroken)
    assert sorted(file.name for file in run.path.iterdir()) == [
        "faces.json", "history.csv", "metrics.json", "model.keras", "recipe.yaml"
    ]  # fmt: skip


def test_ctrl_c_keeps_a_valid_run_and_the_next_call_goes_on(tiny, unbroken, tmp_path):
    class Impatient(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations >= 10:
                raise KeyboardInterrupt

    run = tiny(tmp_path / "run", callbacks=[Impatient()])
    assert not run.finished
    assert run.metrics["epochs"] == len(run.history["epoch"]) == 1
    assert run.model().count_params() == run.metrics["parameters"]
    assert same(tiny(tmp_path / "run"), unbroken)


@pytest.mark.slow
@pytest.mark.parametrize("validation", [0.0, 0.2])
def test_mixup_goes_on_with_the_same_pairs(tiny, tmp_path, validation):
    class Impatient(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations >= 10:
                raise KeyboardInterrupt

    recipe = RECIPE.but(mixup=0.4, label_smoothing=0.1, erase=0.5, validation=validation)
    whole = tiny(tmp_path / "whole", recipe)
    assert not tiny(tmp_path / "cut", recipe, callbacks=[Impatient()]).finished
    assert same(tiny(tmp_path / "cut", recipe), whole)
    other = tiny(tmp_path / "other", recipe.but(mixup=0.0))
    assert other.history["loss"] != pytest.approx(whole.history["loss"], abs=1e-3)


@pytest.mark.parametrize("survivors", some(range(2, 9), 8))
def test_ctrl_c_while_files_are_written_keeps_a_valid_run(tiny, unbroken, tmp_path, monkeypatch, survivors):
    real, written = files.atomic, []

    def atomic(path):
        written.append(path)
        if len(written) == survivors + 1:
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(files, "atomic", atomic)
    run = tiny(tmp_path / "run")
    monkeypatch.undo()
    assert not run.finished
    assert run.metrics["epochs"] == len(run.history.get("epoch", []))
    assert same(tiny(tmp_path / "run"), unbroken)


@pytest.mark.slow
def test_ctrl_c_in_the_first_epoch_and_the_same_model_again(tiny_faces, unbroken, tmp_path):
    class Impatient(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = small_network()
    run = train(model, tiny_faces, RECIPE, tmp_path / "run", progress=False, callbacks=[Impatient()])
    assert (run.finished, run.metrics["epochs"]) == (False, 0)
    assert same(train(model, tiny_faces, RECIPE, tmp_path / "run", progress=False), unbroken)


def test_a_finished_run_is_not_trained_again(tiny, unbroken):
    before = {file.name: file.stat().st_mtime_ns for file in unbroken.path.iterdir()}
    again = tiny(unbroken.path)
    assert again.finished
    assert before == {file.name: file.stat().st_mtime_ns for file in unbroken.path.iterdir()}


def test_a_run_that_another_process_trains_is_left_to_it(tiny, unbroken, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.1)

    class Impatient(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    assert not tiny(tmp_path / "run", callbacks=[Impatient()]).finished
    before = {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    with files.exclusive(tmp_path / "run"), pytest.raises(BusyError, match="writing to"):
        tiny(tmp_path / "run")
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    assert same(tiny(tmp_path / "run"), unbroken)
    with files.exclusive(tmp_path / "run"):  # a finished one can be had all the same
        assert tiny(tmp_path / "run").finished


def test_a_run_that_another_process_finishes_meanwhile_is_not_trained_again(tiny, unbroken, tmp_path, monkeypatch):
    @contextlib.contextmanager
    def waited(folder):
        shutil.copytree(unbroken.path, folder, dirs_exist_ok=True)
        yield

    monkeypatch.setattr(files, "exclusive", waited)
    monkeypatch.setattr(keras.Model, "fit", None)
    assert same(tiny(tmp_path / "run"), unbroken)


@pytest.mark.parametrize(("file", "content"), [
    ("metrics.json", "{"), ("metrics.json", "[1]"), ("faces.json", '"'), ("history.csv", "epoch;loss\n1;2\n"),
    ("history.csv", "epoch,loss\n1,2,3\n"), ("history.csv", "epoch,loss\n1\n"), ("history.csv", "loss\n1\n"),
    ("history.csv", "epoch,loss\n1,0.5\n3,0.4\n"), ("history.csv", 'epoch,loss\n1,"'),
])  # fmt: skip
def test_a_damaged_file_of_a_run_is_said_to_be(tiny, unbroken, tmp_path, file, content):
    shutil.copytree(unbroken.path, tmp_path / "run")
    if file == "history.csv":  # else it is not looked at
        (tmp_path / "run" / "metrics.json").unlink()
    (tmp_path / "run" / file).write_text(content)
    with pytest.raises(RunError, match=rf"run/{file} is damaged \(.*\)\. Delete .*/run and train again"):
        tiny(tmp_path / "run")
    assert (tmp_path / "run" / file).read_text() == content


def test_another_recipe_or_other_faces_or_another_model_are_refused(tiny, unbroken, tiny_faces, tmp_path):
    with pytest.raises(RunError, match="other recipe"):
        tiny(unbroken.path, RECIPE.but(epochs=4))
    with pytest.raises(RunError, match="other faces"):
        train(None, tiny_faces[:150], RECIPE, unbroken.path, progress=False)
    other = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(7, "softmax")])
    with pytest.raises(RunError, match="another model"):
        train(other, tiny_faces, RECIPE, unbroken.path, progress=False)
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(RunError, match="not empty"):
        tiny(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.slow
def test_patience_stops_and_a_kill_right_then_trains_no_further_epoch(tiny, tmp_path, monkeypatch):
    recipe = RECIPE.but(epochs=40, patience=2, learning_rate=1.5, schedule="constant")
    whole = tiny(tmp_path / "whole", recipe)
    losses = whole.history["val_loss"]
    assert len(losses) < 40
    assert len(losses) - 1 - losses.index(min(losses)) == 2
    monkeypatch.setattr(checkpoint.Checkpoint, "finish", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        tiny(tmp_path / "cut", recipe)
    monkeypatch.undo()
    assert same(tiny(tmp_path / "cut", recipe), whole)


@pytest.mark.slow
def test_plateau_lowers_the_rate_also_after_a_kill(tiny, tmp_path):
    recipe = RECIPE.but(epochs=8, schedule="plateau", plateau_patience=1, plateau_factor=0.5, learning_rate=1.0)
    run = tiny(tmp_path / "run", recipe)
    losses, rates = run.history["val_loss"], run.history["learning_rate"]
    judge = keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_lr=0, verbose=0)
    judge.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    judge.model.compile(keras.optimizers.Adam(1.0), "mse")
    judge.on_train_begin()
    for epoch, (loss, rate) in enumerate(zip(losses, rates, strict=True)):
        assert rate == pytest.approx(float(judge.model.optimizer.learning_rate))
        judge.on_epoch_end(epoch, {"val_loss": loss})
    assert rates[-1] < 1.0


def test_the_model_that_was_given_ends_with_the_best_weights(tiny_faces, tmp_path):
    model = small_network()
    run = train(model, tiny_faces, RECIPE, tmp_path / "run", progress=False)
    _, validation = training.split_validation(tiny_faces, RECIPE.validation)
    predicted = model.predict(validation.images[..., None], verbose=0).argmax(1)
    assert (predicted == validation.labels).mean() == pytest.approx(max(run.history["val_accuracy"]), abs=1e-6)
    assert run.metrics["best_epoch"] == run.history["val_accuracy"].index(max(run.history["val_accuracy"])) + 1


@pytest.mark.slow
def test_sigkill_in_the_middle_of_an_epoch(tmp_path):
    recipe = Recipe("long", model="lenet", epochs=6, batch_size=16, seed=1)
    recipe.to_yaml(tmp_path / "recipe.yaml")
    command = [sys.executable, "-m", "fer_course.cli", "train", "--data", "drawn", "--faces", "900"]
    command += ["--recipe", str(tmp_path / "recipe.yaml"), "--out"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "env": os.environ}
    process = subprocess.Popen([*command, str(tmp_path / "killed")], **quiet)
    history = tmp_path / "killed" / "history.csv"
    deadline = time.monotonic() + 300
    while (not history.exists() or history.read_text().count("\n") < 3) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not Run(tmp_path / "killed").finished
    assert 2 <= len(Run(tmp_path / "killed").history["epoch"]) < 6
    for name in ("killed", "whole"):
        subprocess.run([*command, str(tmp_path / name)], check=True, **quiet)
    killed, whole = Run(tmp_path / "killed"), Run(tmp_path / "whole")
    assert killed.history["epoch"] == [1, 2, 3, 4, 5, 6]
    assert same(killed, whole)
    assert json.loads((tmp_path / "killed" / "metrics.json").read_text())["finished"]
