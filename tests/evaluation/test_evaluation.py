"""`Report` agrees with scikit-learn, SciPy and a slow loop; `evaluate` looks at the right faces.

So do comparisons, intervals, views, leaks and class maps, each with an oracle of its own.
"""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
from built_networks import built
from faces_for_tests import some_faces
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats import bootstrap as scipys_bootstrap
from sklearn import calibration, metrics

from fer_course import DataError, linear, models
from fer_course.errors import ModelError
from fer_course.evaluation import (
    VIEWS,
    Report,
    bootstrap,
    class_maps,
    compare,
    evaluate,
    leaked,
    mcnemar,
    predict,
    scorer,
    view,
)
from fer_course.models.prepare import prepare


def random_report(n: int, seed: int, labels: int = 7, sharpness: float = 1.0) -> Report:
    rng = np.random.default_rng(seed)
    scores = np.exp(sharpness * rng.normal(size=(n, 7)))
    return Report(rng.integers(0, labels, n), scores / scores.sum(axis=1, keepdims=True), "PublicTest")


reports = st.builds(random_report, st.integers(1, 120), st.integers(0, 10_000), st.integers(1, 7), st.floats(0.1, 4))


@given(reports)
def test_figures_agree_with_scikit_learn(report):
    true, predicted, names = report.labels, report.predicted, list(range(7))
    assert report.accuracy == pytest.approx(metrics.accuracy_score(true, predicted))
    assert report.confusion.tolist() == metrics.confusion_matrix(true, predicted, labels=names).tolist()
    recall = metrics.recall_score(true, predicted, labels=names, average=None, zero_division=np.nan)
    np.testing.assert_allclose(report.recall, recall)
    np.testing.assert_allclose(report.balanced_accuracy, recall[~np.isnan(recall)].mean())
    f1 = metrics.f1_score(true, predicted, labels=names, average=None, zero_division=np.nan)
    np.testing.assert_allclose(report.f1, f1)


@given(st.integers(1, 4000), st.data())
def test_the_interval_is_wilsons(n, data):
    right = data.draw(st.integers(0, n))
    probabilities = np.zeros((n, 7))
    probabilities[:, 0] = 1
    report = Report(np.where(np.arange(n) < right, 0, 1), probabilities)
    interval = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert report.interval == pytest.approx((interval.low, interval.high), abs=1e-6)


@given(reports)
def test_the_calibration_error_agrees_with_a_loop(report):
    error = 0.0
    for k in range(15):
        rows = []
        for i in range(report.n):
            confidence = report.probabilities[i].max()
            if k / 15 < confidence <= (k + 1) / 15:
                rows.append((confidence, report.probabilities[i].argmax() == report.labels[i]))
        if rows:
            confidence, right = np.mean(rows, axis=0)
            error += len(rows) / report.n * abs(confidence - right)
    assert report.calibration_error == pytest.approx(error, abs=1e-9)


def test_calibration_of_the_certain():
    sure = np.eye(7)[[0, 1, 2, 3]]
    assert Report([0, 1, 2, 3], sure).calibration_error == 0
    assert Report([1, 2, 3, 4], sure).calibration_error == 1


def test_classes_that_do_not_occur():
    probabilities = np.eye(7)[[0, 0, 1, 1]]
    report = Report(np.array([0, 0, 0, 1]), probabilities)
    assert report.recall[:2].tolist() == [pytest.approx(2 / 3), 1.0]
    assert np.isnan(report.recall[2:]).all()
    assert np.isnan(report.f1[2:]).all()
    assert report.balanced_accuracy == pytest.approx(5 / 6)
    figures = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert figures["recall"]["disgust"] == 1.0
    assert figures["recall"]["neutral"] is None
    assert "neutral" in str(report)


def test_a_class_that_was_predicted_but_never_true_has_f1_zero():
    report = Report([0, 0], np.eye(7)[[0, 5]])
    assert report.f1[5] == 0
    assert np.isnan(report.recall[5])


def test_to_dict_holds_what_the_command_line_promises():
    figures = random_report(50, 1).to_dict()
    assert {"accuracy", "balanced_accuracy", "interval", "n", "split", "drawn"} <= set(figures)
    assert figures["n"] == 50
    assert np.sum(figures["confusion"]) == 50
    json.dumps(figures)


def test_lists_and_small_whole_numbers_are_as_good_as_arrays():
    report = random_report(40, 3)
    for labels in (report.labels.tolist(), report.labels.astype(np.uint8)):
        other = Report(labels, report.probabilities.tolist())
        assert other.confusion.tolist() == report.confusion.tolist()
        assert (other.accuracy, other.interval) == (report.accuracy, report.interval)


@pytest.mark.parametrize(
    ("labels", "shape"),
    [([], (0, 7)), ([0, 1], (2, 6)), ([0, 1], (3, 7)), ([0, 1], (7,)), ([7], (1, 7)), ([-1], (1, 7))],
)
def test_what_does_not_fit_is_refused(labels, shape):
    with pytest.raises(DataError):
        Report(np.array(labels, dtype=int), np.zeros(shape))


def test_the_text_says_what_was_measured():
    text = str(random_report(50, 1))
    assert "PublicTest: 50 faces" in text
    assert "95 % interval" in text
    drawn = Report([0], np.eye(7)[[0]], drawn=True)
    assert "drawn" in str(drawn)


def test_evaluate_looks_at_the_split_that_was_asked_for(tiny_faces, tiny_model):
    model = tiny_model()
    for split in ("PublicTest", "PrivateTest", None):
        report = evaluate(model, tiny_faces, split)
        chosen = tiny_faces.select(split or "PublicTest")
        expected = model(chosen.images[..., None].astype("float32")).numpy()
        np.testing.assert_allclose(report.probabilities, expected, atol=1e-6)
        assert report.labels.tolist() == chosen.labels.tolist()
        assert (report.split, report.drawn) == (split or "PublicTest", True)
    with pytest.raises(DataError, match="no faces of the split 'Test'"):
        evaluate(model, tiny_faces, "Test")


def test_evaluate_resizes_to_the_model(tiny_faces, tiny_model):
    report = evaluate(tiny_model(size=24), tiny_faces, "PublicTest")
    assert report.n == 35


# ------------------------------------------------------------------------------------------- calibration, parts of a report


@given(reports, st.integers(1, 20))
def test_reliability_agrees_with_a_loop(report, bins):
    rows = [[] for _ in range(bins)]
    for probabilities, label in zip(report.probabilities, report.labels, strict=True):
        sure = probabilities.max()
        k = next(k for k in range(bins) if sure <= (k + 1) / bins or k == bins - 1)
        rows[k].append((sure, probabilities.argmax() == label))
    found = report.reliability(bins)
    assert found.faces.tolist() == [len(row) for row in rows]
    for k, row in enumerate(rows):
        expected = np.mean(row, axis=0) if row else (np.nan, np.nan)
        np.testing.assert_allclose((found.confidence[k], found.accuracy[k]), expected)


def test_reliability_agrees_with_scikit_learn():
    report = random_report(400, 5)
    found = report.reliability(10)
    full = found.faces > 0
    accuracy, confidence = calibration.calibration_curve(report.right, report.probabilities.max(axis=1), n_bins=10)
    np.testing.assert_allclose(found.accuracy[full], accuracy)
    np.testing.assert_allclose(found.confidence[full], confidence)


def test_a_part_of_a_report_is_the_report_of_that_part():
    report = random_report(40, 6)
    mask = report.labels > 2
    part = report.only(mask, "the last four classes")
    assert part.n == mask.sum()
    assert part.accuracy == pytest.approx(np.mean(report.predicted[mask] == report.labels[mask]))
    assert part.split == "the last four classes"
    assert report.only(mask).split == "part of PublicTest"
    repeated = report.only(np.array([3, 3, 3]))
    assert repeated.labels.tolist() == [report.labels[3]] * 3
    with pytest.raises(DataError):
        report.only(np.zeros(40, dtype=bool))


# ------------------------------------------------------------------------------------------------ bootstrap and pairs


def test_bootstrap_agrees_with_scipy():
    report = random_report(500, 7, sharpness=2.0)
    expected = scipys_bootstrap((report.right,), np.mean, method="percentile", n_resamples=4000, rng=1)
    low, high = bootstrap(report, repeats=4000)
    error = np.sqrt(report.accuracy * (1 - report.accuracy) / report.n)
    assert low == pytest.approx(expected.confidence_interval.low, abs=0.25 * error)
    assert high == pytest.approx(expected.confidence_interval.high, abs=0.25 * error)
    assert bootstrap(report, repeats=50) == bootstrap(report, repeats=50)


def test_bootstrap_of_another_figure_and_of_a_class_that_may_be_missing():
    report = random_report(60, 8)
    low, high = bootstrap(report, lambda each: each.balanced_accuracy, repeats=300)
    assert low < report.balanced_accuracy < high
    rare = Report([0] * 30 + [1], np.eye(7)[[0] * 20 + [2] * 10 + [1]])
    assert bootstrap(rare, lambda each: each.recall[1], repeats=100) == (1.0, 1.0)


def two_reports(both: int, only_first: int, only_second: int, neither: int, seed: int = 0) -> tuple[Report, Report]:
    """Two reports with so many faces that both, one of them or none gets right, in random order."""
    counts = (both, only_first, only_second, neither)
    order = np.random.default_rng(seed).permutation(sum(counts))
    labels = np.random.default_rng(seed).integers(0, 7, sum(counts))
    right = [np.repeat(each, counts)[order] for each in ([True, True, False, False], [True, False, True, False])]
    return tuple(Report(labels, np.eye(7)[np.where(each, labels, (labels + 1) % 7)]) for each in right)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_agrees_with_scipys_exact_binomial(first, second):
    p_value, mid_p = mcnemar(first, second)
    n = first + second
    expected = binomtest(first, n).pvalue if n else 1.0
    assert p_value == pytest.approx(expected)
    observed = binomtest(min(first, second), n, alternative="less").pvalue if n else 1.0
    below = binomtest(min(first, second) - 1, n, alternative="less").pvalue if min(first, second) else 0.0
    assert mid_p == pytest.approx(min(1, observed + below))
    assert mcnemar(second, first) == (p_value, mid_p)


def test_mcnemar_of_thousands_of_faces():
    assert mcnemar(1700, 1500)[0] == pytest.approx(binomtest(1700, 3200).pvalue)
    assert 0 <= mcnemar(0, 3000)[0] < 1e-300


def test_compare_counts_only_the_faces_that_differ():
    first, second = two_reports(100, 30, 12, 58)
    found = compare(first, second)
    assert (found.n, found.only_first, found.only_second) == (200, 30, 12)
    assert found.difference == pytest.approx(first.accuracy - second.accuracy)
    assert (found.p_value, found.mid_p) == mcnemar(30, 12)
    swapped = compare(second, first)
    assert swapped.difference == -found.difference
    assert swapped.p_value == found.p_value
    assert "+9.0 points" in str(found)
    assert "only the first is right on 30" in str(found)


def test_the_paired_interval_agrees_with_scipys_paired_bootstrap():
    first, second = two_reports(300, 60, 40, 200)
    expected = scipys_bootstrap(
        (first.right.astype(float), second.right.astype(float)),
        lambda one, other, axis: one.mean(axis=axis) - other.mean(axis=axis),
        paired=True, method="percentile", n_resamples=4000, rng=2,
    ).confidence_interval  # fmt: skip
    error = np.sqrt(100) / 600
    assert compare(first, second).interval == pytest.approx((expected.low, expected.high), abs=0.25 * error)


def test_a_model_compared_with_itself():
    report = random_report(30, 9)
    found = compare(report, report)
    assert (found.difference, found.interval, found.p_value, found.mid_p) == (0, (0, 0), 1, 1)


@pytest.mark.parametrize(
    "other",
    [
        Report([0, 1, 2], np.eye(7)[[0, 1, 2]]),
        Report([0, 2], np.eye(7)[[0, 1]]),
        Report([0, 1], np.eye(7)[[0, 1]], drawn=True),
    ],
    ids=["more faces", "other labels", "drawn faces"],
)
def test_reports_on_other_faces_are_not_compared(other):
    with pytest.raises(DataError, match="same faces"):
        compare(Report([0, 1], np.eye(7)[[0, 1]]), other)


# ------------------------------------------------------------------------------------------------------------- views


def test_a_view_moves_every_pixel_where_a_loop_puts_it():
    images = np.random.default_rng(1).integers(0, 256, (3, 5, 7), dtype=np.uint8)
    for mirrored, down, right in ((False, 0, 0), (True, 0, 0), (False, 2, 0), (True, -1, 3), (False, 9, -9)):
        found = view(images, mirrored, down, right)
        assert found.dtype == np.uint8
        for y in range(5):
            for x in range(7):
                row, column = min(max(y - down, 0), 4), min(max(x - right, 0), 6)
                column = 6 - column if mirrored else column
                assert found[:, y, x].tolist() == images[:, row, column].tolist()


def test_predictions_are_averaged_over_their_views(tiny_faces, tiny_model):
    model, images = tiny_model(), tiny_faces.images[:9]

    def look(pictures):
        return model(pictures[..., None].astype("float32")).numpy()

    assert predict(model, images) == pytest.approx(look(images), abs=1e-6)
    flips = predict(model, images, "flips")
    assert flips == pytest.approx((look(images) + look(images[:, :, ::-1])) / 2, abs=1e-6)
    assert flips.dtype == np.float32
    moved = np.concatenate([images[:, :1], images[:, :1], images[:, :-2]], axis=1)
    assert predict(model, images, [(False, 2, 0)]) == pytest.approx(look(moved), abs=1e-6)
    assert len(set(VIEWS["flips and shifts"])) == 10
    assert predict(model, images, "flips and shifts").sum(axis=1) == pytest.approx(1)
    report = evaluate(model, tiny_faces, "PublicTest", "flips")
    assert report.probabilities == pytest.approx(
        predict(model, tiny_faces.select("PublicTest").images, "flips"), abs=1e-6
    )


@pytest.mark.parametrize("views", ["upside down", [], [(True, 0)], ["flips"]])
def test_unknown_views_are_refused(views, tiny_faces, tiny_model):
    with pytest.raises(ModelError, match=r"[vV]iews"):
        predict(tiny_model(), tiny_faces.images[:1], views)


# ------------------------------------------------------------------------------------------------------------- leaks


def test_leaked_faces_are_those_that_a_double_loop_finds():
    faces = some_faces(30)
    images = faces.images.copy()
    images[12], images[25], images[26] = images[3], images[8], images[12]
    images[14] = images[15]  # twice in the test, not in Training
    images[13] = images[2]
    images[13, 0, 0] ^= 1  # nearly a copy
    faces = type(faces)(images, faces.labels, faces.split)
    for split in ("PublicTest", "PrivateTest"):
        test, training = faces.select(split).images, faces.select("Training").images
        expected = [any(np.array_equal(image, other) for other in training) for image in test]
        found = leaked(faces, split)
        assert found.tolist() == expected
        assert found.any()
        assert found.dtype == bool
    assert leaked(faces).tolist() == leaked(faces, "PublicTest").tolist()
    test, training = faces.select("PublicTest").images, faces.select("Training").images
    near = [max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for other in training) >= 0.998 for image in test]
    assert leaked(faces, near=True).tolist() == near
    assert sum(near) == leaked(faces).sum() + 1
    assert not leaked(some_faces(30)).any()
    with pytest.raises(DataError, match="no faces of the split 'Training'"):
        leaked(faces.select("PublicTest"))


# -------------------------------------------------------------------------------------------------------- class maps


def opinionated(name: str, size: int = 48) -> keras.Model:
    """A model with random weights, none of them zero, whose answers differ from picture to picture."""
    keras.utils.set_random_seed(3)
    model = models.build(name, size)
    rng = np.random.default_rng(3)
    for weight in model.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.05, weight.shape))
    kernel = model.trainable_weights[-2]  # of the last layer that has one; after it comes its bias
    kernel.assign(30 * kernel)
    return model


@pytest.mark.parametrize(
    ("name", "size", "places"),
    [
        ("mini_xception", 24, 2),
        ("nin_small", 48, 12),
        pytest.param("mini_xception", 48, 3, marks=pytest.mark.slow),
        pytest.param("xception_small", 48, 3, marks=pytest.mark.slow),
    ],
)
def test_class_maps_averaged_over_the_places_are_the_scores(name, size, places, tiny_faces):
    model, images = opinionated(name, size), tiny_faces.images[:5]
    maps = class_maps(model, images)
    assert maps.dtype == np.float32
    assert maps.shape == (5, places, places, 7)
    scores = maps.astype(float).mean(axis=(1, 2))
    probabilities = predict(model, images)
    assert np.ptp(probabilities, axis=0).max() > 1e-3  # not the same for every picture
    assert linear.softmax(scores) == pytest.approx(probabilities, abs=1e-5)
    # And before the softmax, which forgives a shift of all classes: exactly what goes into it.
    if name == "xception_small":  # a dense layer with its softmax
        dense = model.get_layer("probabilities")
        kernel, bias = dense.get_weights()
        expected = keras.Model(model.inputs, dense.input).predict(prepare(images, size), verbose=0) @ kernel + bias
    else:
        inside = keras.Model(model.inputs, model.get_layer("class_scores").output)
        expected = inside.predict(prepare(images, size), verbose=0)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def test_finer_class_maps_are_those_of_moved_pictures_put_together(tiny_faces):
    model, images = opinionated("mini_xception"), tiny_faces.images[:4]
    fine = class_maps(model, images, detail=2)
    assert fine.shape == (4, 6, 6, 7)
    for i, up in enumerate((-4, 4)):  # a quarter of the 16 pixels from place to place, to each side
        for j, left in enumerate((-4, 4)):
            expected = class_maps(model, view(images, False, -up, -left))
            np.testing.assert_allclose(fine[:, i::2, j::2], expected, atol=1e-5 * np.abs(expected).max())


def test_class_maps_find_what_moves(tiny_faces):
    """A bright spot speaks where it is: the map's largest change moves with it."""
    inputs = keras.Input((48, 48, 1))
    spot = keras.layers.AveragePooling2D(16, name="sixteenths")(inputs)
    maps = keras.layers.Conv2D(7, 1, kernel_initializer="ones")(spot)
    model = keras.Model(inputs, keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(maps)))
    pictures = np.zeros((2, 48, 48), dtype=np.uint8)
    pictures[0, 18:30, 34:46] = 255  # the middle row, the last column
    pictures[1, 34:46, 2:14] = 255
    found = class_maps(model, pictures)[..., 0]
    assert [np.unravel_index(each.argmax(), each.shape) for each in found] == [(1, 2), (2, 0)]
    fine = class_maps(model, pictures, detail=4)[..., 0]
    assert [tuple(int(k) // 4 for k in np.unravel_index(each.argmax(), each.shape)) for each in fine] == [
        (1, 2),
        (2, 0),
    ]


@pytest.mark.parametrize("name", ["lenet", "alexnet_small"])
def test_models_without_class_maps_say_so(name, tiny_faces):
    with pytest.raises(ModelError, match="global average"):
        class_maps(built(name), tiny_faces.images[:1])


@pytest.mark.parametrize("detail", [0, -1, 1.5, True])
def test_the_detail_of_class_maps_is_a_whole_number(detail, tiny_faces):
    with pytest.raises(ModelError, match="detail"):
        class_maps(built("mini_xception"), tiny_faces.images[:1], detail)


@pytest.mark.parametrize(
    "name",
    [
        "mini_xception",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("xception_small", "nin_small")),
        "lenet",
    ],
)
def test_the_scorer_says_what_predict_and_class_maps_say(name):
    model = built(name)
    images = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    score = scorer(model)
    for n in (1, 3):
        scores, maps = score(images[:n])
        np.testing.assert_allclose(scores, predict(model, images[:n]), atol=1e-5)
        if name == "lenet":  # ends in dense layers
            assert maps is None
        else:
            np.testing.assert_allclose(maps, class_maps(model, images[:n]), atol=1e-4)
