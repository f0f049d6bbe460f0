"""Checks: accuracy on slices of the test faces."""

from __future__ import annotations

import math

import numpy as np

from fer_course.checks.answers import dictionary, number
from fer_course.checks.comparing import as_array, short
from fer_course.checks.core import Hint, Mistake, check, grown, judge, numbers, passed

# ------------------------------------------------------------------------------------------------------------ slices

NAMES = ("glasses", "no glasses", "turned", "all right", "all wrong")
PARTS = ("the numbers of faces", "the accuracies", "the half widths")


@check
def slice_accuracy(answer) -> None:
    """Check `slice_accuracy(right, slices)`: name -> (number of faces, accuracy, half width of the 95 % interval)."""
    cases = [_some_slices(seed, *grown(seed, n)) for seed, n in ((1, 41), (2, 97), (3, 230))]
    for part, name in enumerate(PARTS):  # one after the other: a half width may be right of an accuracy that is not
        judge(
            answer,
            cases,
            lambda right, slices, part=part: _measured(right, slices)[:, part],
            lambda right, slices, name=name: f"{name} of the slices {_described(right, slices)}",
            mistakes=SLICE_ACCURACY_MISTAKES,
            form=lambda measured, part=part: _column(measured, part),
        )
    passed("Measured, slice by slice, each with its interval.")


def _some_slices(seed: int, n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return answers, and slices that overlap: one without faces, one all right and one all wrong."""
    rng = numbers(seed)
    right, glasses = rng.random(n) < 0.63, rng.random(n) < 0.3
    every, nobody = np.arange(n), np.zeros(n, dtype=bool)
    masks = (glasses, ~glasses, rng.random(n) < 0.5)
    masks += (np.isin(every, np.flatnonzero(right)[:7]), np.isin(every, np.flatnonzero(~right)[:5]))
    return right, dict(zip(NAMES, masks, strict=True)) | {"nobody": nobody}


def _described(right: np.ndarray, slices: dict[str, np.ndarray]) -> str:
    counts = ", ".join(f"{name} {right[slices[name]].sum()} of {slices[name].sum()}" for name in NAMES)
    return f"({counts} right; {right.sum()} of all {len(right)})"


def _measured(right: np.ndarray, slices: dict[str, np.ndarray]) -> np.ndarray:
    """Return the three numbers of each slice, counted face by face."""
    rows = []
    for name in NAMES:
        hits = [bool(hit) for hit, inside in zip(right, slices[name], strict=True) if inside]
        share = sum(hits) / len(hits)
        rows.append((len(hits), share, 1.96 * math.sqrt(share * (1 - share) / len(hits))))
    return np.array(rows)


def _column(answer, part: int) -> np.ndarray:
    """Return the numbers of the slices in one of the three places."""
    answer = dictionary(answer, "name → (n, accuracy, half width)")
    if "nobody" in answer:
        raise Hint("Your answer has a slice without faces. It has no accuracy: leave it out (`if mask.any():`).")
    for name in NAMES:
        if name not in answer:
            raise Hint(
                f"The slice {name!r} is missing in your answer. Is the `return` inside the loop? Only a slice without faces is "
                "left out: not one whose faces are all right, or all wrong."
            )
        three = as_array(answer[name])
        if three is None or three.shape != (3,):
            raise Hint(
                f"The slice {name!r}: expected three numbers (n, accuracy, half width), found {short(answer[name])}."
            )
    if extra := [name for name in answer if name not in NAMES]:
        raise Hint(f"There is no slice {short(extra[0])}; use the names of `slices` as keys.")
    return np.array([number(answer[name][part], f"{PARTS[part]}: each of them".capitalize()) for name in NAMES])


def _with(n=None, accuracy=None, half=None):
    """Return a wrong answer in which one of the numbers is another one, of (n, share, number of all faces, all right)."""

    def measure(right, slices):
        measured = {}
        for name, mask in slices.items():
            if mask.any():
                true = int(mask.sum()), float(right[mask].mean()), len(right), int(right.sum())
                error = math.sqrt(true[1] * (1 - true[1]) / true[0])
                measured[name] = (
                    n(*true) if n else true[0],
                    accuracy(*true) if accuracy else true[1],
                    half(*true) if half else 1.96 * error,
                )
        return measured

    return measure


def _half(of):
    """Return a wrong answer whose half widths are `of(n, share, number of all faces, one standard error)`."""
    return _with(half=lambda n, p, total, hits: of(n, p, total, math.sqrt(p * (1 - p) / n)))


SLICE_ACCURACY_MISTAKES = (
    Mistake(_with(n=lambda n, p, total, hits: total), "these are all faces. Count those of the slice."),
    Mistake(_with(n=lambda n, p, total, hits: n / total), "these are shares of all faces. Count them: mask.sum()."),
    Mistake(_with(accuracy=lambda n, p, total, hits: n * p / total),
            "divided by the number of *all* faces. Divide by the faces of the slice: `right[mask].mean()`."),
    Mistake(_with(accuracy=lambda n, p, total, hits: hits / total),
            "this is the accuracy of all faces. Take those of the slice: `right[mask]`."),
    Mistake(_with(accuracy=lambda n, p, total, hits: 1 - p), "these are the shares of wrong answers."),
    Mistake(_with(accuracy=lambda n, p, total, hits: 100 * p), "these are in per cent. Return shares from 0 to 1."),
    Mistake(_with(accuracy=lambda n, p, total, hits: n * p),
            "these are the numbers of right answers. Divide them by the faces of the slice."),
    Mistake(_half(lambda n, p, total, error: error),
            "these are one standard error. The interval reaches 1.96 of them to each side."),
    Mistake(_half(lambda n, p, total, error: 2 * 1.96 * error),
            "these are whole widths. Return half of them: from the accuracy to one end."),
    Mistake(_half(lambda n, p, total, error: 1.96 * error**2), "the square root is missing: 1.96 · √(p (1 − p) / n)."),
    Mistake(_half(lambda n, p, total, error: 1.96 * error * math.sqrt(n)),
            "this does not get narrower with more faces. Divide by n under the root."),
    Mistake(_half(lambda n, p, total, error: 1.96 * error * n),
            "this gets wider with more faces. Divide by n under the root: √(p (1 − p) / n)."),
    Mistake(_half(lambda n, p, total, error: 1.96 * error / math.sqrt(n)), "n belongs under the root: √(p (1 − p) / n)."),
    Mistake(_half(lambda n, p, total, error: 1.96 * error * math.sqrt(n / total)),
            "divide by the faces of the *slice*, not by all faces."),
    Mistake(_half(lambda n, p, total, error: 1.96 * math.sqrt(p / n)), "the factor (1 − p) is missing under the root."),
    Mistake(_half(lambda n, p, total, error: 1.96 * math.sqrt(p * (1 + p) / n)),
            "the factor under the root is 1 − p, the share of wrong answers, and not 1 + p."),
    Mistake(_half(lambda n, p, total, error: p - 1.96 * error),
            "these are the lower ends of the intervals. Return their half widths."),
    Mistake(_half(lambda n, p, total, error: 196 * error), "these are in points. Return shares, like the accuracy."),
)  # fmt: skip
