"""Checks of slices: right answers pass in any form, and each known mistake gets its own hint."""

import numpy as np
from answers import three_tests

import fer_course.quiet  # noqa: F401, a check loads Keras
from fer_course import evaluation
from fer_course.checks import slices

# ------------------------------------------------------------------------------------------------------------ slices


def slices_by_loop(right, slices):
    measured = {}
    for name, mask in slices.items():
        hits = [bool(hit) for hit, inside in zip(right, mask, strict=True) if inside]
        if hits:
            p = sum(hits) / len(hits)
            measured[name] = [len(hits), p, 1.96 * (p * (1 - p) / len(hits)) ** 0.5]
    return measured


def slices_with(n=lambda right, mask: mask.sum(), p=lambda right, mask: right[mask].mean(), half=None, empty=False):
    """Return a slice accuracy in which one of the three numbers is another."""
    half = half or (lambda p, n, right: 1.96 * np.sqrt(p * (1 - p) / n))

    def measure(right, slices):
        measured = {}
        for name, mask in slices.items():
            if mask.any():
                true_n, true_p = mask.sum(), right[mask].mean()
                measured[name] = (n(right, mask), p(right, mask), half(true_p, true_n, right))
            elif empty:
                measured[name] = (0, float("nan"), float("nan"))
        return measured

    return measure


def only_the_first(right, slices):
    for name, mask in slices.items():
        return {name: slices_by_loop(right, {name: mask})[name]}


def slices_in_place(right, slices):
    measured = slices_by_loop(right, slices)
    slices["nobody"] |= True
    return measured


SLICES_RIGHT = {
    "package": evaluation.slice_accuracy,
    "loop": slices_by_loop,
    "arrays": slices_with(),
    "float32": lambda right, slices: {k: np.array(v, np.float32) for k, v in slices_by_loop(right, slices).items()},
}
SLICES_WRONG = {
    "right in none": (
        lambda right, slices: slices_by_loop(right, {name: mask for name, mask in slices.items() if right[mask].any()}),
        "or all wrong",
    ),
    "text": (lambda right, slices: dict.fromkeys(slices_by_loop(right, slices), "abc"), "three numbers"),
    "masked, not indexed": (slices_with(p=lambda right, mask: (right * mask).mean()), r"number of \*all\*"),
    "empty slice": (slices_with(empty=True), "leave it out"),
    "return in the loop": (only_the_first, "inside the loop"),
    "a list": (lambda right, slices: list(slices_by_loop(right, slices).values()), "dictionary"),
    "accuracy only": (lambda right, slices: {k: v[1] for k, v in slices_by_loop(right, slices).items()}, "three numbers"),
    "other names": (lambda right, slices: slices_by_loop(right, slices) | {"x": (1, 1, 0)}, "no slice"),
    "in place": (slices_in_place, "in place"),
    "nothing": (lambda right, slices: None, "return"),
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    slices.slice_accuracy: (SLICES_RIGHT, SLICES_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
