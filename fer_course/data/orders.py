"""Which class a number means, and which split a part is, if a copy does not say so: the published counts decide.

Some copies of FER2013 number the classes in another order, most often alphabetically, which exchanges sad, surprise and neutral.
Each class has a different number of faces, so the counts of a complete split reveal the order.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, Faces

#: Faces in each class, in the order of `CLASS_NAMES`, as published (Goodfellow et al. 2013, arXiv:1307.0414).
PUBLISHED = {
    "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "PublicTest": (467, 56, 496, 895, 653, 415, 607),
    "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
    "Test": (958, 111, 1024, 1774, 1247, 831, 1233),
}
ALL = tuple(sum(PUBLISHED[split][label] for split in ("Training", "Test")) for label in range(len(CLASS_NAMES)))


def settle(numbers: np.ndarray, split: np.ndarray, known: bool, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the labels that class numbers mean, int64 (N,), and sentences about what was assumed or found.

    Args:
        numbers: int array (N,), the classes as a copy numbers them.
        split: string array (N,).
        known: True if the format says that they are in FER2013's order.
        where: how messages name the copy.

    Raises:
        DataError: if nothing says what the numbers mean and they are not 0 to 6, or two splits fit two orders.

    """
    numbers = np.asarray(numbers, np.int64)
    order, whole = _order(numbers, split, where)
    if order is None:
        _refuse_other_numbers(numbers, where)
        return numbers, _assumptions(known, whole)
    labels = np.array([order.get(number, -1) for number in range(numbers.max() + 1)])[numbers]
    if all(number == label for number, label in order.items()):
        agree = "The numbers of its classes have no names; the published counts show that they are in FER2013's order."
        return labels, () if known else (agree,)
    return labels, (
        f"Its classes are not numbered in FER2013's order: by the published counts, {_listed(order)}. "
        "The labels were turned into FER2013's.",
    )


def check_splits(faces: Faces, where: str) -> Faces:
    """Return the faces; a part called Training that is a test, by the published counts, is renamed.

    Raises:
        DataError: if one split holds all of FER2013, so that models would be trained on the tests.

    """
    # Not with `Faces.counts`, which copies the pictures.
    labels = {split: faces.labels[faces.split == split] for split in faces.split_sizes()}
    counts = {split: tuple(np.bincount(each, minlength=len(CLASS_NAMES)).tolist()) for split, each in labels.items()}
    if mixed := [split for split, found in counts.items() if found == ALL]:
        raise DataError(
            f"{where}: all 35,887 faces of FER2013 are in one split, {mixed[0]}, and nothing says which of them are the "
            "tests. Use a copy with the column Usage, or with a folder or file for each split."
        )
    tests = [split for split in ("Test", "PublicTest", "PrivateTest") if counts.get("Training") == PUBLISHED[split]]
    if not tests:
        return faces
    called = {"Test": "FER2013's two tests"}.get(tests[0], f"FER2013's {tests[0]}")
    note = (
        f"By the published counts, what it calls Training are the {sum(PUBLISHED[tests[0]]):,} faces of {called}: "
        "it is read as a test."
    )
    split = np.where(faces.split == "Training", tests[0], faces.split)
    return replace(faces, split=split, notes=(*faces.notes, note))


def _order(numbers: np.ndarray, split: np.ndarray, where: str) -> tuple[dict[int, int] | None, bool]:
    """Return number -> label if the counts of a complete split tell it, else None; and whether a split seems complete."""
    found, whole = [], False
    for name in np.unique(split):
        values, counts = np.unique(numbers[split == name], return_counts=True)
        for published in PUBLISHED.values():
            if counts.sum() != sum(published):
                continue
            whole = True
            if sorted(counts.tolist()) == sorted(published):
                labels = [published.index(count) for count in counts.tolist()]
                found.append(dict(zip(values.tolist(), labels, strict=True)))
    if any(order != found[0] for order in found):
        raise DataError(
            f"{where}: by the published counts, its splits number the classes in two orders: {_listed(found[0])} in one, "
            f"{_listed(found[-1])} in another. Use a copy that names its classes."
        )
    return (found[0] if found else None), whole


def _refuse_other_numbers(numbers: np.ndarray, where: str) -> None:
    least, most = int(numbers.min()), int(numbers.max())
    if least < 0 or most >= len(CLASS_NAMES):
        raise DataError(
            f"{where}: the classes are numbered {least} to {most}, and nothing says which number is which class "
            f"(data sets differ: RAF-DB begins with surprise). Use names: {', '.join(CLASS_NAMES)}."
        )


def _assumptions(known: bool, whole: bool) -> tuple[str, ...]:
    """Return what to tell the user if no counts decide."""
    fer = _listed(dict(enumerate(range(len(CLASS_NAMES)))))
    notes = [] if known else [f"Nothing says what its numbers of classes mean: FER2013's order was assumed ({fer})."]
    if whole:
        notes.append(
            "It is as large as FER2013, but its classes have other counts than published: its labels may be others."
        )
    return tuple(notes)


def _listed(order: dict[int, int]) -> str:
    return ", ".join(f"{number} {CLASS_NAMES[label]}" for number, label in sorted(order.items()))
