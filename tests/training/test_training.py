"""Training follows its recipe: the same seed gives the same run, and nothing of the validation is learned by heart.

test_checkpoint.py tests what happens when a training is killed.
"""

from __future__ import annotations

import gc
import itertools
import json
import re
import tempfile

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fer_course import training
from fer_course._shared import files
from fer_course.errors import DataError, RunError
from fer_course.evaluation import evaluate
from fer_course.faces import Faces
from fer_course.models.prepare import prepare
from fer_course.recipes import OPTIMIZERS, SCHEDULES, Recipe
from fer_course.runs import Run
from fer_course.training import (
    SmoothedCrossentropy,
    loop,
    objectives,
    progress,
    run_folder,
    schedules,
    split_validation,
    train,
    validation_rows,
)
from fer_course.training.live_curves import LiveCurves

RECIPE = Recipe("tiny", epochs=2, batch_size=16, learning_rate=0.03, shift=0.05, seed=5)


@pytest.fixture(scope="module", autouse=True)
def runs_without_a_folder(tmp_path_factory):
    """Make runs that name no folder below pytest's own, so that none stay behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("runs")))
        yield


class Rates(keras.callbacks.Callback):
    """Notes the learning rate of every step."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(float(np.asarray(self.model.optimizer.learning_rate)))


def figures(run: Run) -> dict:
    """The history without the time that it took."""
    return {name: values for name, values in run.history.items() if name != "seconds"}


def unlike_faces(labels: list[int], seed: int = 0) -> Faces:
    """Training faces of noise: no two are alike."""
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 48, 48), dtype=np.uint8)
    return Faces(images, np.array(labels, dtype=int), np.repeat("Training", len(labels)))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="about TensorFlow's graphs")
def test_a_training_leaves_none_of_its_graphs_behind():
    """Of Keras alone each `fit` leaves two, which nothing frees, of 60 MB for mini-Xception."""
    from tensorflow.python.framework.func_graph import FuncGraph

    def graphs() -> int:
        gc.collect()
        return sum(isinstance(each, FuncGraph) for each in gc.get_objects())

    before = graphs()
    faces = unlike_faces([0, 1, 2, 3, 4, 5, 6] * 10)
    train(None, faces, RECIPE.but(model="lenet", epochs=1), progress=False)
    own = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    own.compile("adam", loss="mse")
    own.fit(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)
    del own
    assert graphs() <= before


# ---------------------------------------------------------------- a whole training


def test_the_network_learns_and_the_run_says_so(tiny_faces, tiny_model, tmp_path):
    model = tiny_model()
    run = train(model, tiny_faces, RECIPE.but(epochs=12, learning_rate=0.1), tmp_path / "run", progress=False)
    assert run.finished
    assert run.recipe == RECIPE.but(epochs=12, learning_rate=0.1)
    assert run.history["epoch"] == list(range(1, 13))
    assert run.history["loss"][-1] < 0.5 * run.history["loss"][0]
    report = evaluate(run, tiny_faces, "PublicTest")
    assert report.accuracy > 0.9
    np.testing.assert_allclose(evaluate(model, tiny_faces, "PublicTest").probabilities, report.probabilities, atol=1e-6)
    best = run.metrics["best_epoch"] - 1
    assert run.history["val_accuracy"][best] == max(run.history["val_accuracy"]) == run.metrics["val_accuracy"]
    for name in ("loss", "accuracy", "val_loss", "learning_rate"):
        assert run.metrics[name] == run.history[name][best]
    assert (run.metrics["epochs"], run.metrics["parameters"]) == (12, model.count_params())


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tiny_faces, tiny_model, tmp_path):
    recipe = RECIPE.but(rotation=10.0, erase=0.3)

    def run(name, seed):
        return train(tiny_model(dropout=0.2), tiny_faces, recipe.but(seed=seed), tmp_path / name, progress=False)

    first, again, other = run("first", 5), run("again", 5), run("other", 6)
    assert figures(first) == figures(again)
    assert figures(first)["loss"] != figures(other)["loss"]
    for ours, theirs in zip(first.model().get_weights(), again.model().get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_model_that_is_built_by_name_starts_the_same_in_every_run(tiny_faces, monkeypatch):
    started = []
    monkeypatch.setattr(
        keras.Model, "fit", lambda model, *_, **__: started.append((model.name, model.get_weights())) or 1 / 0
    )
    for model in (None, "lenet", None):
        with pytest.raises(ZeroDivisionError):
            train(model, tiny_faces, RECIPE.but(model="lenet", input_size=24), progress=False)
    assert [name for name, _ in started] == ["lenet"] * 3
    for weights in zip(*(weights for _, weights in started), strict=True):
        np.testing.assert_array_equal(weights[0], weights[1])
        np.testing.assert_array_equal(weights[0], weights[2])


#: Each optimizer and each schedule is in one of these pairs.
PAIRS = {
    (OPTIMIZERS[i % len(OPTIMIZERS)], SCHEDULES[i % len(SCHEDULES)])
    for i in range(max(len(OPTIMIZERS), len(SCHEDULES)))
}


@pytest.mark.parametrize(("optimizer", "schedule"), [
    pair if pair in PAIRS else pytest.param(*pair, marks=pytest.mark.slow)
    for pair in itertools.product(OPTIMIZERS, SCHEDULES)
])  # fmt: skip
def test_every_optimizer_and_schedule_works_without_validation(tiny_faces, tiny_model, optimizer, schedule):
    model, before = tiny_model(), tiny_model().get_weights()
    recipe = RECIPE.but(optimizer=optimizer, schedule=schedule, validation=0, batch_size=35, learning_rate=0.01)
    run = train(model, tiny_faces, recipe, progress=False)
    assert run.finished
    assert not [name for name in run.history if name.startswith("val_")]
    assert run.metrics["best_epoch"] == 2  # the last one: there is nothing to choose by
    assert all(not np.allclose(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    assert run.history["loss"][1] < run.history["loss"][0]


def test_the_optimizer_is_the_recipes(tiny_model):
    model = tiny_model()
    training.compile_model(model, RECIPE.but(optimizer="adamw", weight_decay=0.03))
    assert type(model.optimizer) is keras.optimizers.AdamW
    assert model.optimizer.weight_decay == 0.03
    training.compile_model(model, RECIPE.but(optimizer="adam", weight_decay=0.03))
    assert type(model.optimizer) is keras.optimizers.Adam
    assert not model.optimizer.weight_decay
    training.compile_model(model, RECIPE.but(optimizer="sgd"))
    assert (type(model.optimizer), model.optimizer.momentum, model.optimizer.nesterov) == (
        keras.optimizers.SGD, 0.9, True
    )  # fmt: skip


def test_one_cycle_sets_the_rate_of_every_step_also_when_resumed(tiny_faces, tiny_model, tmp_path):
    recipe = RECIPE.but(epochs=3, batch_size=28)  # 112 faces to train on: 4 steps an epoch
    rates, first, second = Rates(), Rates(), Rates()

    class AtTheThirdEpoch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def run(name, *callbacks):
        return train(tiny_model(), tiny_faces, recipe, tmp_path / name, progress=False, callbacks=callbacks)

    run("whole", rates)
    assert rates.rates == pytest.approx([schedules.one_cycle(k, 12, 0.03, recipe.warmup) for k in range(12)], rel=1e-5)
    assert not run("cut", first, AtTheThirdEpoch()).finished
    assert run("cut", second).finished
    assert first.rates + second.rates == rates.rates


def test_a_constant_rate_stays(tiny_faces, tiny_model):
    rates = Rates()
    train(tiny_model(), tiny_faces, RECIPE.but(schedule="constant"), progress=False, callbacks=[rates])
    assert rates.rates == pytest.approx([0.03] * 14)


@pytest.mark.parametrize("size", [24, 64])
def test_training_at_another_size(tiny_faces, tiny_model, size):
    run = train(tiny_model(size=size), tiny_faces, RECIPE.but(input_size=size), progress=False)
    assert run.finished
    assert run.model().input_shape == (None, size, size, 1)
    assert evaluate(run, tiny_faces).n == 35


def test_more_faces_a_batch_than_there_are(tiny_faces, tiny_model):
    rates = Rates()
    run = train(tiny_model(), tiny_faces, RECIPE.but(batch_size=4096), progress=False, callbacks=[rates])
    assert run.finished
    assert len(rates.rates) == 2


def test_a_run_without_a_folder_gets_one_of_its_own(tiny_faces, tiny_model):
    recipe = RECIPE.but(epochs=1)
    one, other = (train(tiny_model(), tiny_faces, recipe, progress=False) for _ in range(2))
    assert one.path != other.path
    assert one.finished
    assert other.finished


# ---------------------------------------------------------------- faces that are set aside


@given(st.lists(st.integers(0, 6), min_size=10, max_size=80), st.floats(0.1, 0.9))
def test_validation_is_stratified_and_every_face_goes_to_one_side(labels, share):
    faces = unlike_faces(labels)
    rest, held_out = split_validation(faces, share)
    assert len(held_out) == round(share * len(labels))
    assert np.abs(held_out.counts() - share * faces.counts()).max() <= 1
    both = [image.tobytes() for image in (*rest.images, *held_out.images)]
    assert sorted(both) == sorted(image.tobytes() for image in faces.images)


def test_only_training_faces_are_split(tiny_faces):
    rest, held_out = split_validation(tiny_faces, 0.25)
    assert set(rest.split) == set(held_out.split) == {"Training"}
    assert (len(rest), len(held_out)) == (105, 35)
    assert held_out.counts().tolist() == [5] * 7


def test_nothing_is_set_aside_when_the_share_is_0(tiny_faces):
    rest, held_out = split_validation(tiny_faces, 0.0)
    assert rest.labels.tolist() == tiny_faces.select("Training").labels.tolist()
    assert len(held_out) == 0


def test_the_validation_faces_do_not_depend_on_the_seed(tiny_faces, tiny_model, monkeypatch):
    seen = []
    monkeypatch.setattr(keras.Model, "fit", lambda *_, validation_data, **__: seen.append(validation_data) or 1 / 0)
    for seed in (0, 1):
        with pytest.raises(ZeroDivisionError):
            train(tiny_model(), tiny_faces, RECIPE.but(seed=seed), progress=False)
    (images, labels), (others, other_labels) = seen
    np.testing.assert_array_equal(images, others)
    np.testing.assert_array_equal(labels, other_labels)
    assert images.shape == (28, 48, 48, 1)


@given(st.lists(st.integers(0, 39), max_size=20), st.floats(0.1, 0.4))
def test_no_copy_of_a_validation_face_is_trained_on(copied, share):
    faces = unlike_faces([k % 7 for k in range(40)])[np.array([*range(40), *copied])]
    rest, held_out = split_validation(faces, share)
    trained, validated = ({image.tobytes() for image in side.images} for side in (rest, held_out))
    assert trained
    assert not trained & validated
    copies = sum(image.tobytes() in validated for image in faces.images) - len(held_out)
    assert len(rest) == len(faces) - len(held_out) - copies


@pytest.mark.parametrize("fold", range(3))
def test_no_near_copy_of_a_validation_face_is_trained_on(fold):
    faces = unlike_faces([k % 7 for k in range(42)])
    near = faces.images // 2 + 20  # of each one that is darker
    faces = Faces(np.concatenate([faces.images, near]), np.tile(faces.labels, 2), np.tile(faces.split, 2))
    kept, held_out = validation_rows(faces, 0.25, fold)
    twin = np.roll(held_out, 42)
    assert kept.tolist() == (~held_out & ~twin).tolist()
    exact, same = validation_rows(faces, 0.25, fold, near=False)
    assert same.tolist() == held_out.tolist()
    assert exact.tolist() == (~held_out).tolist()
    assert (twin & ~held_out).any()


def test_a_run_that_began_before_near_copies_were_looked_for_keeps_its_faces(tiny_model, tmp_path, monkeypatch):
    faces = unlike_faces([k % 7 for k in range(42)])
    faces = Faces(np.concatenate([faces.images, faces.images // 2]), np.tile(faces.labels, 2), np.tile(faces.split, 2))
    recipe = RECIPE.but(epochs=1, batch_size=4)
    sizes = []
    real = loop.make_feed

    def make_feed(*arguments):
        feed = real(*arguments)
        sizes.append(len(feed.batches.images) if hasattr(feed.batches, "images") else None)
        return feed

    monkeypatch.setattr(loop, "make_feed", make_feed)
    new = train(tiny_model(), faces, recipe, tmp_path / "new", progress=False)
    described = json.loads((new.path / "faces.json").read_text())
    assert described.pop("left_out") == "near copies"
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "faces.json").write_text(json.dumps(described))
    recipe.to_yaml(tmp_path / "old" / "recipe.yaml")
    old = train(tiny_model(), faces, recipe, tmp_path / "old", progress=False)
    assert old.finished
    trained = [run_folder.rows_trained_on(run, faces).sum() for run in (new, old)]
    assert trained == [validation_rows(faces, recipe.validation, near=near)[0].sum() for near in (True, False)]
    assert trained[0] < trained[1]
    assert sizes in (trained, [None, None])
    assert train(tiny_model(), faces, recipe, tmp_path / "old", progress=False).finished  # a finished one is found, too
    assert run_folder.rows_trained_on(old, faces[1:]) is None


def test_faces_that_can_not_be_trained_on_are_refused(tiny_faces, tiny_model, tmp_path):
    with pytest.raises(DataError, match="no faces of the split 'Training'"):
        train(tiny_model(), tiny_faces.select("PublicTest"), RECIPE, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()
    with pytest.raises(DataError, match=r"share of 0\.2 needs more Training faces; found 2"):
        train(tiny_model(), unlike_faces([0, 1]), RECIPE, progress=False)
    with pytest.raises(DataError, match="cop"):
        train(tiny_model(), unlike_faces([3])[np.zeros(50, dtype=int)], RECIPE, progress=False)
    assert len(split_validation(unlike_faces([3])[np.zeros(50, dtype=int)], 0.0)[0]) == 50


# ---------------------------------------------------------------- parts


@given(st.integers(1, 30), st.integers(2, 9), st.floats(0.0, 0.9), st.integers(0, 999), st.booleans())
def test_label_smoothing_is_keras_own_on_one_hot_labels(n, classes, smoothing, seed, column):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    probabilities = rng.dirichlet(np.ones(classes), n).astype("float32")
    ours = SmoothedCrossentropy(smoothing)(labels[:, None] if column else labels, probabilities)
    theirs = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)(np.eye(classes)[labels], probabilities)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_label_smoothing_is_used_when_the_recipe_says_so(tiny_faces, tiny_model):
    recipe = RECIPE.but(epochs=8, learning_rate=0.3, flip=False, shift=0.0)
    losses = {
        share: train(tiny_model(), tiny_faces, recipe.but(label_smoothing=share), progress=False).history["loss"]
        for share in (0.0, 0.5)
    }
    target = np.full(7, 0.5 / 7) + 0.5 * np.eye(7)[0]
    least = -(target * np.log(target)).sum()  # no network can be better than that with smoothed labels
    assert losses[0.0][-1] < least < losses[0.5][-1]


def test_mixup_trains_on_targets_and_validates_on_faces_as_they_are(tiny_faces, tiny_model, monkeypatch):
    seen, fit = [], keras.Model.fit
    monkeypatch.setattr(
        keras.Model,
        "fit",
        lambda model, *data, **options: seen.append((data[0], options)) or fit(model, *data, **options),
    )
    recipe = RECIPE.but(mixup=1.0, epochs=12, learning_rate=0.1, label_smoothing=0.1, rotation=10.0, erase=1.0)
    run = train(tiny_model(), tiny_faces, recipe, progress=False)
    batches, (images, targets) = seen[0][0], seen[0][1]["validation_data"]
    _, held_out = split_validation(tiny_faces, recipe.validation)
    np.testing.assert_array_equal(images[..., 0], held_out.images)  # not turned, not erased, not blended
    np.testing.assert_array_equal(targets, np.eye(7)[held_out.labels])
    assert 0 < batches[0][1].max(axis=1).min() < 0.9
    assert evaluate(run, tiny_faces, "PublicTest").accuracy > 0.6
    report = evaluate(run, held_out, "Training")
    best = run.metrics["best_epoch"] - 1
    assert run.history["val_accuracy"][best] == pytest.approx(report.accuracy)
    smoothed = 0.9 * np.eye(7)[report.labels] + 0.1 / 7
    loss = -(smoothed * np.log(report.probabilities)).sum(axis=1).mean()
    assert run.history["val_loss"][best] == pytest.approx(loss, rel=1e-4)


def test_validation_faces_are_the_same_however_training_faces_are_changed(tiny_faces, tiny_model, monkeypatch):
    seen = []
    monkeypatch.setattr(keras.Model, "fit", lambda *_, validation_data, **__: seen.append(validation_data) or 1 / 0)
    strong = {"shift": 0.4, "rotation": 90.0, "zoom": 0.5, "erase": 1.0, "flip": True}
    for changes in ({"flip": False, "shift": 0.0}, strong):
        with pytest.raises(ZeroDivisionError):
            train(tiny_model(), tiny_faces, RECIPE.but(**changes), progress=False)
    _, held_out = split_validation(tiny_faces, RECIPE.validation)
    for images, labels in seen:
        np.testing.assert_array_equal(images[..., 0], held_out.images)
        np.testing.assert_array_equal(labels, held_out.labels)


@pytest.mark.parametrize("size", [24, 32, 64, 96])
def test_faces_are_resized_as_by_pillow(size):
    sharp = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    ours = prepare(sharp, size)
    assert (ours.shape, ours.dtype) == ((5, size, size, 1), np.uint8)
    theirs = [np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)) for image in sharp]
    assert np.abs(ours[..., 0].astype(int) - np.stack(theirs)).max() <= 1  # both round to whole grey levels


def test_faces_of_the_right_size_stay_as_they_are(tiny_faces):
    np.testing.assert_array_equal(prepare(tiny_faces.images, 48)[..., 0], tiny_faces.images)


def test_many_faces_are_resized_as_few_are():
    images = np.random.default_rng(0).integers(0, 256, (1025, 48, 48), dtype=np.uint8)
    np.testing.assert_array_equal(prepare(images, 24)[1023:], prepare(images[1023:], 24))


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"not a training run: it has no recipe\.yaml"):
        Run(tmp_path)


def test_a_run_before_its_first_epoch(tmp_path):
    RECIPE.to_yaml(tmp_path / "recipe.yaml")
    run = Run(str(tmp_path))
    assert (run.finished, run.history, run.metrics) == (False, {}, {})
    with pytest.raises(RunError, match="no epoch has ended"):
        run.model()


def test_damaged_weights_say_so(tiny_faces, tiny_model, tmp_path):
    run = train(tiny_model(), tiny_faces, RECIPE.but(epochs=1), tmp_path / "run", progress=False)
    whole = (run.path / "model.keras").read_bytes()
    of_the_future = bytearray(whole)  # says that it needs version 10.2 of zip
    of_the_future[whole.index(b"PK\x01\x02") + 6] = 102
    for damaged in (b"", b"nonsense", whole[: len(whole) // 2], bytes(of_the_future)):
        (run.path / "model.keras").write_bytes(damaged)
        with pytest.raises(RunError, match=r"model\.keras can't be loaded"):
            run.model()
        with pytest.raises(RunError, match="damaged"):
            train(tiny_model(), tiny_faces, RECIPE.but(epochs=1), tmp_path / "run", progress=False)


def test_what_a_kill_left_half_written_does_not_disturb(tiny_faces, tiny_model, tmp_path):
    (tmp_path / ".tmp-x1-faces.json").write_text("{")  # killed in the very first write
    run = train(tiny_model(), tiny_faces, RECIPE.but(epochs=1), tmp_path, progress=False)
    assert run.finished
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "faces.json", "history.csv", "metrics.json", "model.keras", "recipe.yaml"
    ]  # fmt: skip


# ---------------------------------------------------------------- progress, and files


@pytest.mark.parametrize("notebook", [False, True])
def test_progress_prints_a_line_an_epoch(tiny_faces, tiny_model, capsys, monkeypatch, notebook):
    monkeypatch.setattr(progress, "_in_notebook", lambda: notebook)
    train(tiny_model(), tiny_faces, RECIPE, progress=True)
    lines = capsys.readouterr().out.removesuffix("\n").split("\n")
    assert len(lines) == 2
    number = r"\d+\.\d{3}"
    line = rf"epoch   1/2  loss {number}  accuracy {number}  val_loss {number}  val_accuracy {number}  \d+ s.*"
    assert re.fullmatch(line, lines[0].split("\r")[-1])
    assert ("\r" in lines[0]) == notebook  # only there a moving line is rewritten
    train(tiny_model(), tiny_faces, RECIPE, progress=False)
    assert capsys.readouterr().out == ""


def test_live_curves_draw_after_each_epoch(tiny_faces, tiny_model, monkeypatch):
    shown = []

    class Handle:
        def update(self, bundle, raw):
            shown.append(bundle)

    monkeypatch.setattr("IPython.display.display", lambda bundle, raw, display_id: shown.append(bundle) or Handle())
    train(tiny_model(), tiny_faces, RECIPE, progress=False, callbacks=[LiveCurves("mine")])
    assert len(shown) == 2
    assert "accuracy of mine over 1 epochs" in shown[0]["text/html"]
    assert "accuracy of mine over 2 epochs" in shown[1]["text/html"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "new" / "note.txt"
    files.write_text(file, "first\n")

    def fail():
        with files.atomic(file) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert file.read_bytes() == b"first\n"
    files.write_text(file, "zwölf\n")
    assert file.read_bytes() == "zwölf\n".encode()
    assert [entry.name for entry in file.parent.iterdir()] == ["note.txt"]


def test_a_run_says_how_many_faces_a_second_and_when_it_was_how_good(tiny_faces, tiny_model, tmp_path):
    run = train(
        tiny_model(), tiny_faces, RECIPE.but(batch_size=28, learning_rate=0.1, epochs=5), tmp_path, progress=False
    )
    seconds = run.history["seconds"]
    assert run.images_per_second == pytest.approx(112 / np.median(seconds))  # 112 faces to train on, 4 whole batches
    for epoch, reached in enumerate(run.history["val_accuracy"]):
        first = next(i for i, other in enumerate(run.history["val_accuracy"]) if other >= reached)
        assert run.seconds_to(reached) == pytest.approx(sum(seconds[: first + 1]))
        assert first <= epoch
    assert run.seconds_to(1.01) is None


@pytest.mark.parametrize("name", schedules.OF_STEPS)
@pytest.mark.parametrize("warmup", [0.0, 0.15, 0.9])
def test_a_schedule_in_the_optimizer_is_the_schedule(name, warmup):
    ours = objectives.COMPILED[name](77, 0.02, warmup)
    again = objectives.COMPILED[name](**ours.get_config())
    for step in range(77):
        assert float(ours(step)) == pytest.approx(schedules.OF_STEPS[name](step, 77, 0.02, warmup), rel=1e-4)
        assert float(again(step)) == float(ours(step))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="only TensorFlow traces a step that creates variables twice"
)
@pytest.mark.parametrize("changes", [{}, {"label_smoothing": 0.1}, {"mixup": 0.2}, {"optimizer": "sgd"}], ids=str)
def test_a_step_is_traced_once(tiny_faces, tiny_model, tmp_path, monkeypatch, changes):
    traced, step = [], keras.Model.train_step
    monkeypatch.setattr(keras.Model, "train_step", lambda model, data: (traced.append(1), step(model, data))[1])
    recipe = Recipe("t", epochs=2, batch_size=16).but(**changes)
    run = train(tiny_model(), tiny_faces, recipe, tmp_path / "run", progress=False)
    assert len(traced) == 1
    assert run.finished
