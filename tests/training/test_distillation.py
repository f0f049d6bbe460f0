"""Distillation: the teacher's probabilities, how they are blended with the labels, and that a student learns from them."""

import warnings

import keras
import numpy as np
import pytest

from fer_course.errors import DataError, ModelError, RunError
from fer_course.evaluation import predict
from fer_course.recipes import Recipe
from fer_course.training import train, validation_rows
from fer_course.training.distillation import average, soft_targets

RECIPE = Recipe(
    "student", epochs=10, batch_size=16, learning_rate=0.1, flip=False, shift=0.0, validation=0.2, distillation=1.0
)  # fmt: skip


@pytest.fixture
def teachers(tiny_model):
    return [tiny_model(seed=1), tiny_model(seed=2)]


def test_targets_are_the_mean_over_teachers_and_mirrored_faces(teachers, tiny_faces):
    images = tiny_faces.select("Training").images
    by_hand = np.mean(
        [predict(teacher, pictures) for teacher in teachers for pictures in (images, images[:, :, ::-1])], axis=0
    )
    np.testing.assert_allclose(soft_targets(teachers, tiny_faces), by_hand, atol=1e-6)
    np.testing.assert_allclose(soft_targets(teachers[:1], tiny_faces, "one"), predict(teachers[0], images), atol=1e-6)


def test_a_temperature_is_a_softmax_of_divided_scores(teachers, tiny_faces):
    plain = soft_targets(teachers[:1], tiny_faces, "one").astype(float)
    for temperature in (0.5, 2.0, 10.0):
        divided = np.exp(np.log(plain) / temperature)
        expected = divided / divided.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(soft_targets(teachers[:1], tiny_faces, "one", temperature), expected, atol=1e-5)


OTHER_RECIPES = [{"mixup": 0.2}, {"label_smoothing": 0.1}, {"validation": 0.0}]


@pytest.mark.parametrize("changes", [{}, *(pytest.param(each, marks=pytest.mark.slow) for each in OTHER_RECIPES)])
def test_a_student_learns_what_its_teacher_says_not_the_labels(tiny_faces, tiny_model, tmp_path, changes):
    labels = tiny_faces.select("Training").labels
    teacher = np.eye(7, dtype="float32")[(labels + 3) % 7]  # every class is called another one
    model = tiny_model()
    run = train(model, tiny_faces, RECIPE.but(**changes), tmp_path / "run", progress=False, teacher=teacher)
    said = predict(run, tiny_faces.select("PublicTest").images).argmax(axis=1)
    if not changes.get("validation", 1.0):
        assert np.mean(said == (tiny_faces.select("PublicTest").labels + 3) % 7) > 0.8
        assert run.metrics["accuracy"] > 0.8
    else:  # validation faces keep their labels, on which the best epoch is chosen
        assert max(run.history["val_accuracy"]) < 0.5
        assert run.history["accuracy"][-1] > 0.6


def test_the_loss_is_that_of_blended_targets(tiny_faces, tiny_model, tmp_path):
    labels = tiny_faces.select("Training").labels
    teacher = np.random.default_rng(0).dirichlet(np.ones(7), len(labels)).astype("float32")
    recipe = RECIPE.but(distillation=0.3, validation=0.0, epochs=1, batch_size=len(labels), learning_rate=1e-7)
    model = tiny_model()
    probabilities = model.predict(tiny_faces.select("Training").images[..., None], verbose=0).astype(float)
    blended = 0.7 * np.eye(7)[labels] + 0.3 * teacher
    expected = -np.mean(np.sum(blended * np.log(probabilities), axis=1))
    run = train(model, tiny_faces, recipe, tmp_path / "run", progress=False, teacher=teacher)
    assert run.history["loss"][0] == pytest.approx(expected, rel=1e-4)


def test_recipe_and_teacher_must_go_together(tiny_faces, tiny_model, tmp_path):
    n = len(tiny_faces.select("Training"))
    for recipe, teacher in [
        (RECIPE, None),
        (RECIPE.but(distillation=0.0), np.ones((n, 7)) / 7),
        (RECIPE, np.ones((n - 1, 7)) / 7),
        (RECIPE, np.ones((n, 6)) / 6),
    ]:
        with pytest.raises(DataError, match="distillation"):
            train(tiny_model(), tiny_faces, recipe, tmp_path / "run", progress=False, teacher=teacher)
    assert not list(tmp_path.iterdir())
    for arguments in ([], 1.0), ([tiny_model()], 0.0):
        with pytest.raises(ModelError, match="one teacher or more"):
            soft_targets(arguments[0], tiny_faces, temperature=arguments[1])


@pytest.mark.slow
def test_an_interrupted_student_goes_on_with_the_same_teacher_only(tiny_faces, tiny_model, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    n = len(tiny_faces.select("Training"))
    teacher, other = np.random.default_rng(0).dirichlet(np.ones(7), (2, n)).astype("float32")
    recipe, folder = RECIPE.but(epochs=4), tmp_path / "run"
    first = train(tiny_model(), tiny_faces, recipe, folder, progress=False, callbacks=[Stop()], teacher=teacher)
    assert not first.finished
    with pytest.raises(RunError, match="other teachers"):
        train(tiny_model(), tiny_faces, recipe, folder, progress=False, teacher=other)
    said = (folder / "targets.npy").read_bytes()
    for damaged in (b"", said[:100], b"no array"):
        (folder / "targets.npy").write_bytes(damaged)
        with pytest.raises(RunError, match=r"targets\.npy is missing or damaged"):
            train(tiny_model(), tiny_faces, recipe, folder, progress=False, teacher=teacher)
    (folder / "targets.npy").write_bytes(said)
    nearly = teacher + np.float32(1e-6)  # computed anew, on another day
    again = train(tiny_model(), tiny_faces, recipe, folder, progress=False, teacher=nearly)
    whole = train(tiny_model(), tiny_faces, recipe, tmp_path / "whole", progress=False, teacher=teacher)
    assert again.finished
    np.testing.assert_allclose(again.history["loss"], whole.history["loss"], rtol=1e-4)


def test_unseen_faces_are_judged_by_the_teachers_that_left_them_out(tiny_faces, tiny_model, tmp_path):
    recipe = Recipe("teacher", epochs=1, batch_size=16, flip=False, shift=0.0, validation=0.25)
    runs = [
        train(tiny_model(seed=fold), tiny_faces, recipe.but(fold=fold), tmp_path / str(fold), progress=False)
        for fold in (0, 2, 3)
    ]
    training = tiny_faces.select("Training")
    said = {run.recipe.fold: predict(run, training.images, "flips") for run in runs}
    found = soft_targets(runs, tiny_faces, unseen=True)
    parts = [validation_rows(training, 0.25, fold)[1] for fold in range(4)]
    assert (np.sum(parts, axis=0) == 1).all()  # four parts, no face in two of them, none left over
    for fold in (0, 2, 3):
        np.testing.assert_allclose(found[parts[fold]], said[fold][parts[fold]], atol=1e-6)
    together = np.mean(list(said.values()), axis=0)
    np.testing.assert_allclose(found[parts[1]], together[parts[1]], atol=1e-6)


def test_a_student_whose_held_out_faces_its_teachers_know_is_warned_of_once(tiny_faces, tiny_model, tmp_path):
    recipe = Recipe("teacher", epochs=1, batch_size=16, flip=False, shift=0.0, validation=0.25)
    runs = [
        train(tiny_model(seed=fold), tiny_faces, recipe.but(fold=fold), tmp_path / str(fold), progress=False)
        for fold in range(2)
    ]
    student = recipe.but(name="student", distillation=0.5)
    for number, (teachers, fold, known) in enumerate([(runs[:1], 1, 35), (runs, 0, 35), (runs, 2, 35)]):
        for unseen in (False, True):
            teacher = soft_targets(teachers, tiny_faces, unseen=unseen)
            out = tmp_path / f"student-{number}-{unseen}"
            with pytest.warns(
                UserWarning, match=rf"trained on {known} of the 35 faces that it holds out.*same fold"
            ) as told:
                train(tiny_model(), tiny_faces, student.but(fold=fold), out, progress=False, teacher=teacher)
            assert len([each for each in told if "holds out" in str(each.message)]) == 1
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # it is finished: nothing is trained, nothing is said
                train(tiny_model(), tiny_faces, student.but(fold=fold), out, progress=False, teacher=teacher)
    training = tiny_faces.select("Training")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        same_fold = soft_targets(runs[:1], tiny_faces)
        assert same_fold.trained_on.tolist() == validation_rows(training, 0.25, 0)[0].tolist()
        train(tiny_model(), tiny_faces, student, tmp_path / "same", progress=False, teacher=same_fold)
        everything = soft_targets(runs, tiny_faces, unseen=True)
        train(
            tiny_model(), tiny_faces, student.but(validation=0.0), tmp_path / "all", progress=False, teacher=everything
        )
        unknown = soft_targets([tiny_model()], tiny_faces)
        assert unknown.trained_on is None
        train(tiny_model(), tiny_faces, student, tmp_path / "unknown", progress=False, teacher=unknown)


def test_teachers_of_other_faces_are_not_judged_by_these(tiny_faces, tiny_model, tmp_path):
    recipe = Recipe("teacher", epochs=1, batch_size=16, flip=False, shift=0.0, validation=0.25)
    run = train(tiny_model(), tiny_faces.sample(105), recipe, tmp_path, progress=False)
    assert soft_targets([run], tiny_faces).trained_on is None


def test_parts_hold_every_class_and_there_are_only_so_many(tiny_faces):
    training = tiny_faces.select("Training")
    for fold in range(5):
        kept, held_out = validation_rows(training, 0.2, fold)
        assert np.bincount(training.labels[held_out]).tolist() == [4] * 7
        assert not (kept & held_out).any()
    with pytest.raises(DataError, match="makes 5 parts; there is no fold 5"):
        validation_rows(training, 0.2, 5)


def test_each_teacher_needs_its_recipe(tiny_faces):
    training = tiny_faces.select("Training")
    probabilities = np.full((2, len(training), 7), 1 / 7, dtype="float32")
    with pytest.raises(ModelError, match="found 2 teachers and 1 recipes"):
        average(probabilities, [RECIPE], training)
