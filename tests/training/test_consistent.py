"""Consistent teaching: the teacher judges the very picture that the student sees."""

import keras
import numpy as np
import pytest
from built_networks import any_size

from fer_course import cli
from fer_course.augment import Batches, changed, sample_moves, sampled_view, views_of
from fer_course.errors import DataError, ModelError, RecipeError, RunError
from fer_course.evaluation import predict
from fer_course.evaluation.views import view
from fer_course.models.prepare import prepare
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import train
from fer_course.training.distillation import consistent_targets, soft_targets
from fer_course.training.objectives import blend_targets
from fer_course.training.on_device import Plans

RECIPE = Recipe(
    "student", epochs=3, batch_size=16, learning_rate=0.1, shift=0.03, validation=0.0, distillation=1.0, consistent=True
)  # fmt: skip


@pytest.fixture
def teacher(tiny_model):
    return tiny_model(seed=1)


@pytest.mark.parametrize("changes", [{}, {"flip": False}, {"shift": 0.05}, {"shift": 0.0}, {"erase": 1.0}], ids=str)
def test_each_target_is_what_the_teacher_says_of_the_picture_in_the_batch(teacher, tiny_faces, changes):
    recipe = RECIPE.but(**changes)
    training = tiny_faces.select("Training")
    targets = blend_targets(training.labels, recipe, consistent_targets([teacher], tiny_faces, recipe), 7)
    batches = Batches(prepare(training.images, 48), targets, recipe)
    not_erased = Batches(prepare(training.images, 48), targets, recipe.but(erase=0.0))
    for number in range(len(batches)):
        pictures = not_erased[number][0][..., 0].astype("uint8")  # what is erased is erased from the student's alone
        np.testing.assert_allclose(batches[number][1], predict(teacher, pictures), atol=2e-3)


def test_mixed_pairs_have_mixed_targets(teacher, tiny_faces):
    recipe = RECIPE.but(mixup=0.4)
    training = tiny_faces.select("Training")
    targets = consistent_targets([teacher], tiny_faces, recipe)
    plain, mixed = (Batches(prepare(training.images, 48), targets, each)[0][1] for each in (RECIPE, recipe))
    assert mixed.shape == plain.shape
    np.testing.assert_allclose(mixed.sum(axis=1), 1, atol=5e-3)
    assert np.abs(mixed - plain).max() > 1e-3


def test_the_rest_of_the_target_is_the_label(tiny_faces):
    labels, recipe = tiny_faces.select("Training").labels, RECIPE.but(distillation=0.75)
    said = np.random.default_rng(0).dirichlet(np.ones(7), (len(labels), len(views_of(recipe))))
    blended = blend_targets(labels, recipe, said, 7)
    assert blended.dtype == np.float16
    for face, label in enumerate(labels[:9]):
        np.testing.assert_allclose(blended[face], 0.25 * np.eye(7)[label] + 0.75 * said[face], atol=1e-3)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.06])
def test_the_views_are_all_that_the_recipe_can_make(flip, share):
    recipe, pictures = RECIPE.but(flip=flip, shift=share), np.arange(48 * 48).reshape(1, 48, 48)
    moves = sample_moves(3000, 48, 48, recipe, np.random.default_rng(0))
    number = np.broadcast_to(sampled_view(moves, 48, recipe), 3000)
    assert sorted(set(number)) == list(range(len(views_of(recipe))))
    for face in range(0, 3000, 311):
        one = {name: values[face : face + 1] for name, values in moves.items()}
        ours = changed(pictures[..., None], one, recipe, None)[..., 0]
        np.testing.assert_array_equal(ours, view(pictures, *views_of(recipe)[number[face]]))


@pytest.mark.parametrize("size", [24, 32, 40, 64])
def test_pictures_of_another_size_get_the_nearest_view(size):
    recipe = RECIPE.but(shift=0.06)
    moves = sample_moves(500, size, size, recipe, np.random.default_rng(1))
    views, most = np.array(views_of(recipe)), round(0.06 * 48)
    chosen = views[sampled_view(moves, size, recipe)]
    np.testing.assert_array_equal(chosen[:, 0].astype(bool), moves["mirrored"])
    shares = -moves["offset"] / round(0.06 * size)  # of the largest shift there is
    assert np.abs(chosen[:, 1:] / most - shares).max() <= 0.5 / most + 1e-9


def test_an_accelerator_learns_the_same_targets(teacher, tiny_faces):
    training = tiny_faces.select("Training")
    targets = consistent_targets([teacher], tiny_faces, RECIPE)
    batches = Batches(prepare(training.images, 48), targets, RECIPE)
    plans = Plans(np.arange(len(training)), 48, targets, RECIPE, 7)
    for each in (batches, plans):
        each.epoch = 2
    for number in range(len(batches)):
        np.testing.assert_array_equal(plans[number][1], batches[number][1])


def test_unseen_faces_are_judged_by_those_that_left_them_out_in_every_view(tiny_faces, tiny_model, tmp_path):
    runs = []
    for fold in (0, 1):
        recipe = Recipe("t", epochs=1, batch_size=16, validation=0.3, fold=fold)
        runs.append(train(tiny_model(seed=fold), tiny_faces, recipe, tmp_path / str(fold), progress=False))
    said = consistent_targets(runs, tiny_faces, RECIPE, unseen=True)
    for number in (0, 7, len(views_of(RECIPE)) - 1):
        expected = soft_targets(runs, tiny_faces, [views_of(RECIPE)[number]], unseen=True)
        np.testing.assert_allclose(said[:, number], expected, atol=1e-3)
    np.testing.assert_array_equal(said.trained_on, expected.trained_on)


def test_unseen_teachers_look_only_at_what_they_judge(tiny_faces, tiny_model, tmp_path, monkeypatch):
    from fer_course.training import distillation

    runs = []
    for fold in (0, 1):
        recipe = Recipe("t", epochs=1, batch_size=16, validation=0.5, fold=fold)
        runs.append(train(tiny_model(seed=fold), tiny_faces, recipe, tmp_path / str(fold), progress=False))
    looked = []
    monkeypatch.setattr(distillation, "predict", lambda *given: (looked.append(len(given[1])), predict(*given))[1])
    said = soft_targets(runs, tiny_faces, "one", unseen=True)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)
    assert len(looked) == 2
    assert sum(looked) < 1.2 * len(said)  # halves, and copies of what a half holds


def test_interrupted_judging_goes_on(teacher, tiny_faces, tmp_path, monkeypatch):
    from fer_course.training import distillation

    kept, views = tmp_path / "judged.npy", views_of(RECIPE)
    asked = []

    def interrupted(model, images, view):
        if len(asked) == 6:
            raise KeyboardInterrupt
        asked.append(view)
        return predict(model, images, view)

    monkeypatch.setattr(distillation, "predict", interrupted)
    with pytest.raises(KeyboardInterrupt):
        consistent_targets([teacher], tiny_faces, RECIPE, kept=kept)
    assert asked == [[each] for each in views[:6]]
    again = []
    monkeypatch.setattr(distillation, "predict", lambda *given: (again.append(given[2]), predict(*given))[1])
    said = consistent_targets([teacher], tiny_faces, RECIPE, kept=kept)
    # The first one says whether the file is of this teacher.
    assert again == [[each] for each in (views[0], *views[6:])]
    np.testing.assert_array_equal(said, consistent_targets([teacher], tiny_faces, RECIPE))
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: np.save(file, np.load(file)[:, ::-1]),
        lambda file: np.save(file, np.load(file).astype("float32")),
        lambda file: np.save(file, np.load(file)[:-1]),
        lambda file: file.write_bytes(file.read_bytes()[:-40]),
        lambda file: file.write_text("probabilities"),
    ],
    ids=["other teacher", "other dtype", "other faces", "torn", "no array"],
)
def test_a_file_of_something_else_is_refused_and_stays(teacher, tiny_faces, tmp_path, spoil):
    kept = tmp_path / "judged.npy"
    consistent_targets([teacher], tiny_faces, RECIPE, kept=kept)
    spoil(kept)
    before = kept.read_bytes()
    with pytest.raises(RunError, match=r"judged\.npy is to keep what teachers have judged, but it"):
        consistent_targets([teacher], tiny_faces, RECIPE, kept=kept)
    assert kept.read_bytes() == before


@pytest.mark.parametrize("changes", [{"rotation": 5.0}, {"zoom": 0.1}, {"distillation": 0.0}], ids=str)
def test_only_what_the_teacher_can_have_judged_is_consistent(changes):
    with pytest.raises(RecipeError, match="consistent needs distillation above 0"):
        RECIPE.but(**changes)


def test_no_teacher_and_probabilities_of_one_view_are_refused(tiny_faces, tiny_model, tmp_path):
    with pytest.raises(ModelError, match="one teacher or more"):
        consistent_targets([], tiny_faces, RECIPE)
    n = len(tiny_faces.select("Training"))
    for shape in ((n, 7), (n, 3, 7)):
        with pytest.raises(DataError, match=rf"consistent needs teacher probabilities of shape \({n}, 18, 7\); found"):
            train(tiny_model(), tiny_faces, RECIPE, tmp_path / "run", progress=False, teacher=np.ones(shape) / 7)
    assert not (tmp_path / "run" / "recipe.yaml").exists()


def test_it_learns_from_pictures_that_are_small_first_and_goes_on_after_a_break(teacher, tiny_faces, tmp_path):
    recipe = RECIPE.but(early=0.5, early_size=24, epochs=4)
    said = consistent_targets([teacher], tiny_faces, recipe)

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    whole = train(any_size(), tiny_faces, recipe, tmp_path / "whole", progress=False, teacher=said)
    broken = train(
        any_size(), tiny_faces, recipe, tmp_path / "broken", progress=False, teacher=said, callbacks=[Stop()]
    )
    assert not broken.finished
    broken = train(any_size(), tiny_faces, recipe, tmp_path / "broken", progress=False, teacher=said)
    assert broken.history["loss"] == whole.history["loss"]
    with pytest.raises(RunError, match="other teachers"):
        train(any_size(), tiny_faces, recipe, tmp_path / "whole", progress=False, teacher=said[:, ::-1])


@pytest.mark.slow
def test_the_command_judges_all_views_and_keeps_them(tmp_path, capsys):
    recipe = RECIPE.but(epochs=1, shift=0.02, batch_size=32, model="lenet")
    recipe.but(consistent=False, distillation=0.0).to_yaml(tmp_path / "teacher.yaml")
    recipe.to_yaml(tmp_path / "student.yaml")
    common = ["--faces", "120", "--data", "drawn"]
    assert cli.main(["train", "--recipe", str(tmp_path / "teacher.yaml"), "--out", str(tmp_path / "t"), *common]) == 0
    student = ["train", "--recipe", str(tmp_path / "student.yaml"), "--out", str(tmp_path / "s"), *common]
    assert cli.main([*student, "--teacher", str(tmp_path / "t")]) == 0
    said = np.load(tmp_path / "s-judged.npy")
    assert said.shape[1:] == (18, 7)
    assert not np.isnan(said).any()
    assert Run(tmp_path / "s").finished
