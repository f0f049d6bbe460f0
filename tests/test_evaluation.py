"""`Report` agrees with scikit-learn, SciPy and a slow loop; `evaluate` looks at the right faces."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics

from fer_course import DataError
from fer_course.evaluation import Report, evaluate


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
