"""Predictions: asked, committed, kept beside the result; Run All goes on without them."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from javascript import needs_node, run_node

from fer_course.errors import FerCourseError
from fer_course.widgets import outcome, predict, predictions

VERDICT = 'import { verdict } from "FIGURES/prediction.js";\nconst answer = given.map(verdict);'


@needs_node
def test_the_verdict_says_what_was_predicted_and_how_far_it_is():
    number = {"options": [], "unit": "%", "step": 2, "truth": 14.2}
    choice = {"options": ["a", "b"], "unit": "", "step": 0, "truth": "a"}
    cases = [{**number, "committed": 33}, {**number, "committed": 13.5}, {**number, "committed": 10}, number]
    cases += [{**choice, "committed": "a"}, {**choice, "committed": "b"}, {**choice, "committed": None}]
    found = run_node(VERDICT, cases)
    assert [each["kind"] for each in found] == ["other", "right", "other", "none", "right", "other", "none"]
    assert found[0]["words"] == "You predicted 33 %. It is 14.2 %: yours is 18.8 % too high."
    assert found[2]["words"].endswith("4.2 % too low.")
    assert found[5]["words"] == "You predicted b. It is a."


def test_an_outcome_has_what_was_committed_beside_it():
    asked = predict("share", "What share?", low=0, high=100, unit="%")
    assert outcome("share", 14.2).committed is None
    asked.committed = 33.0  # as the page does
    came = outcome("share", 14.23456, "1/32 + 1/9.")
    assert (came.committed, came.truth) == (33.0, 14.23)
    row = {"name": "share", "question": "What share?", "committed": 33.0, "truth": 14.23, "unit": "%"}
    assert row | {"options": [], "step": 0.0} in predictions().asked


def test_a_cell_that_runs_again_keeps_what_was_committed():
    predict("twice", "Which?", ["a", "b"]).committed = "a"
    assert predict("twice", "Which?", ["a", "b"]).committed == "a"
    assert predict("twice", "Another question?", ["a", "b"]).committed is None


def test_without_scripts_the_question_and_the_outcome_are_there():
    predict("plain", "Is 1 < 2?", ["yes", "no"])
    asked, came = predict("plain", "Is 1 < 2?", ["yes", "no"]), outcome("plain", "yes", "It is.")
    for figure, words in ((asked, "Predict: Is 1 < 2? yes / no"), (came, "It is yes. It is.")):
        assert figure.words() == words
        assert BeautifulSoup(figure.as_html(), "html.parser").select_one(".fer-still").get_text(strip=True) == words


def test_a_whole_number_is_written_as_one():
    predict("rank", "Which rank?", low=1, high=8)
    assert [outcome("rank", each).words() for each in (4, 4.5, 120_000_000)] == [
        "It is 4.",
        "It is 4.5.",
        "It is 120000000.",
    ]


@pytest.mark.parametrize(
    "wrong", [{}, {"options": ["only"]}, {"low": 3, "high": 3}, {"low": 0}, {"low": "0", "high": "1"}]
)
def test_a_question_that_can_not_be_answered_is_refused(wrong):
    with pytest.raises(FerCourseError, match="two options"):
        predict("wrong", "What?", **wrong)


def test_an_outcome_that_was_not_asked_for_is_refused():
    with pytest.raises(FerCourseError, match="No prediction 'never'"):
        outcome("never", 1)
    predict("known", "Which?", ["a", "b"])
    with pytest.raises(FerCourseError, match="one of the options"):
        outcome("known", "c")
