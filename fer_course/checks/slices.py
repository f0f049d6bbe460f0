"""Checks: accuracy on slices of the test faces."""

from __future__ import annotations

import math

import numpy as np

from fer_course.checks.answers import dictionary
from fer_course.checks.core import Hint, attempt, expect, grown, numbers, passed, short

# ------------------------------------------------------------------------------------------------------------ slices


def slice_accuracy(learner) -> None:
    """Check `slice_accuracy(right, slices)`: name -> (number of faces, accuracy, half width of the 95 % interval)."""
    for seed, n in ((1, 41), (2, 97), (3, 230)):
        right, slices = _some_slices(seed, *grown(seed, n))
        answer = attempt(learner, right, slices)
        answer = dictionary(answer, "name → (n, accuracy, half width)")
        _slice_names(answer, slices)
        for name, mask in slices.items():
            if mask.any():
                _one_slice(answer[name], right, mask, name)
    passed("Measured, slice by slice, each with its interval.")


def _some_slices(seed: int, n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return answers and slices that overlap, one without faces and one of faces that are all right."""
    rng = numbers(seed)
    right, glasses = rng.random(n) < 0.63, rng.random(n) < 0.3
    slices = {"glasses": glasses, "no glasses": ~glasses, "turned": rng.random(n) < 0.5}
    easy = np.zeros(n, dtype=bool)
    easy[np.flatnonzero(right)[:7]] = True
    return right, slices | {"nobody": np.zeros(n, dtype=bool), "easy": easy}


def _slice_names(answer: dict, slices: dict) -> None:
    if "nobody" in answer:
        raise Hint(
            "A slice without faces stands in your answer. Nothing can be measured there: leave it out (`if mask.any():`)."
        )
    missing = [name for name, mask in slices.items() if mask.any() and name not in answer]
    if missing:
        raise Hint(f"The slice {missing[0]!r} is missing in your answer. Is the `return` inside the loop?")
    if extra := [name for name in answer if name not in slices]:
        raise Hint(f"There is no slice {short(extra[0])}; use the names of `slices` as keys.")


def _one_slice(found, right: np.ndarray, mask: np.ndarray, name: str) -> None:
    if not isinstance(found, (tuple, list, np.ndarray)) or len(found) != 3:
        raise Hint(f"The slice {name!r}: expected three numbers (n, accuracy, half width), found {short(found)}.")
    n = sum(1 for inside in mask if inside)
    hits = sum(1 for hit, inside in zip(right, mask, strict=True) if hit and inside)
    share = hits / n
    error = math.sqrt(share * (1 - share) / n)
    what = f"{name!r}, {n} of {len(right)} faces, {hits} of them right"
    expect(found[0], n, f"number of faces of {what}", [(len(right), "these are all faces. Count those of the slice.")])
    mistakes = [
        (hits / len(right), "divided by the number of *all* faces. Divide by the faces of the slice: `right[mask].mean()`."),
        (sum(right) / len(right), "this is the accuracy of all faces. Take those of the slice: `right[mask]`."),
        (1 - share, "this is the share of wrong answers."),
        (100 * share, "this is in per cent. Return a share from 0 to 1."),
        (hits, "this is the number of right answers. Divide it by the faces of the slice."),
    ]  # fmt: skip
    expect(found[1], share, f"accuracy of {what}", mistakes)
    mistakes = [
        (error, "this is one standard error. The interval reaches 1.96 of them to each side."),
        (2 * 1.96 * error, "this is the whole width. Return half of it: from the accuracy to one end."),
        (1.96 * error**2, "the square root is missing: 1.96 · √(p (1 − p) / n)."),
        (1.96 * math.sqrt(share * (1 - share)), "this does not get narrower with more faces. Divide by n under the root."),
        (1.96 * math.sqrt(share * (1 - share)) / n, "n belongs under the root: √(p (1 − p) / n)."),
        (1.96 * math.sqrt(share * (1 - share) / len(right)), "divide by the faces of the *slice*, not by all faces."),
        (1.96 * math.sqrt(share / n), "the factor (1 − p) is missing under the root."),
        (share - 1.96 * error, "this is the lower end of the interval. Return its half width."),
        (196 * error, "this is in points. Return a share, like the accuracy."),
    ]  # fmt: skip
    expect(found[2], 1.96 * error, f"half width of {what}", mistakes)
