"""Checks: a row of FER2013, class counts, the majority guess, training faces among the test faces."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from fer_course.checks.answers import several
from fer_course.checks.core import Hint, attempt, close, expect, grown, numbers, passed, short

CLASSES = 7


# --------------------------------------------------------------------------------------------------- a row of text


def parse_row(learner) -> None:
    """Check `parse_row(row)`: label (int), picture (uint8 (48, 48)) and split (str) of one line of fer2013.csv."""
    rng = numbers(1)
    for label, split in ((4, "Training"), (0, "PublicTest"), (6, "PrivateTest")):
        image = rng.integers(0, 256, (48, 48), dtype=np.uint8)
        row = f"{label},{' '.join(str(pixel) for line in image for pixel in line)},{split}"
        answer = attempt(learner, row, advice=_advice_on_text)
        answer = several(answer, "label, image, split", 3)
        if (
            np.size(answer[0]) > 1
            or np.size(answer[2]) > 1
            or any(isinstance(part, str) and part == split for part in answer[:2])
        ):
            raise Hint("The three are in another order. Keep that of the file: `return label, image, split`.")
        _parsed_label(answer[0], label)
        _parsed_image(answer[1], image)
        if answer[2] != split:
            raise Hint(f"The split: expected {split!r}, found {short(answer[2])}. It is the last of the three columns.")
    passed("Parsed: a label, a picture and a split out of one line of text.")


def _advice_on_text(error: Exception) -> str:
    """Say what stood in a text that is no number."""
    found = re.search(r"(?:base 10|to float): '([^'\n]*)", str(error))
    if not found:
        return ""
    if not found[1].strip():
        return (
            "A space is no number: `list(…)` cuts a text into single characters. Cut it at the spaces: pixels.split()."
        )
    if "," in found[1]:
        return 'There is a comma in this text. Cut the row at its commas first, row.split(","), then the pixels at the spaces.'
    if " " in found[1]:
        return "These are many numbers in one text. Cut it at the spaces first: pixels.split()."
    return "This text is no number. A row holds three things: label, pixels, split."


def _parsed_label(found, label: int) -> None:
    if isinstance(found, str):
        raise Hint(f"The label is text, {found!r}. A label is a whole number: int(…) makes one.")
    expect(found, label, f"label of a row that starts with '{label},'")


def _parsed_image(found, image: np.ndarray) -> None:
    if isinstance(found, str) or (np.asarray(found).dtype.kind in "US"):
        raise Hint(
            "The pixels are still text. Split the text at the spaces, and make numbers: np.array(…, dtype=np.uint8)."
        )
    if found is None:
        raise Hint("The picture is None. `resize` changes an array in place and returns nothing: use .reshape(48, 48).")
    if not isinstance(found, np.ndarray):
        raise Hint(f"The picture: expected a NumPy array, found {type(found).__name__}. np.array(…) makes one.")
    if found.shape == (image.size,):
        raise Hint("The pixels stand in one long row of 2,304. Fold them into 48 rows of 48: .reshape(48, 48).")
    mistakes = [
        (
            image.T,
            "the picture lies on its side. The file goes along the first row, then the second: .reshape(48, 48).",
        ),
        (image / 255, "the pixels are divided by 255. Leave them as they are, whole numbers from 0 to 255."),
        (
            image.astype(np.int8),
            "bright pixels became negative: int8 ends at 127. Use np.uint8, which goes from 0 to 255.",
        ),
    ]
    expect(found, image, "picture of a row", mistakes)
    if found.dtype != np.uint8:
        raise Hint(f"The values are right, but their dtype is {found.dtype}. Pixels from 0 to 255 fit into np.uint8.")


# --------------------------------------------------------------------------------------------- counting and guessing


_ADVICE_ON_LISTS = {
    "'numpy.ndarray' object has no attribute": "`labels` is an array, not a list. `labels == 3` is an array of True and "
    "False; how many are True?"
}


def count_classes(learner) -> None:
    """Check `count_classes(labels)`: how many faces each of the seven classes has, whole numbers (7,)."""
    rng = numbers(2)
    for present in ([0, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4], list(range(CLASSES))):
        labels = np.concatenate([present, rng.choice(present, grown(2, 40))])
        expected = [sum(1 for label in labels if label == number) for number in range(CLASSES)]
        answer = attempt(learner, labels, advice=_ADVICE_ON_LISTS)
        if isinstance(answer, dict):
            raise Hint(f"Return seven numbers in the order of the classes, not a {type(answer).__name__}.")
        if isinstance(answer, tuple) and len(answer) == 2:
            raise Hint("You returned the two answers of np.unique: the classes that occur, and their counts.")
        expect(answer, expected, f"class counts of {len(labels)} labels", _count_mistakes(labels, expected))
        if np.asarray(answer).dtype.kind not in "iu":
            raise Hint(f"Counts are whole numbers; yours are {np.asarray(answer).dtype}.")
    passed("Counted, also the classes that do not occur.")


def _count_mistakes(labels: np.ndarray, expected: list[int]) -> list:
    seen = Counter(labels.tolist())
    return [
        (
            expected[: labels.max() + 1],
            "the list ends at the highest label that occurs. np.bincount has a `minlength`.",
        ),
        (
            [seen[label] for label in sorted(seen)],
            "a class that does not occur is left out. It needs a 0 in its place.",
        ),
        ([*expected[1:], 0], "you count the labels 1 to 7, but they run from 0 to 6: range(7)."),
        (expected[:-1], "the last class is missing: range(6) ends at 5."),
        (np.array(expected) / len(labels), "these are shares that add up to 1. Asked for are counts."),
        (sorted(expected), "these are sorted by size. Keep the order of the classes, 0 to 6."),
        (sorted(expected, reverse=True), "these are sorted by size. Keep the order of the classes, 0 to 6."),
        (
            [int(label in seen) for label in range(CLASSES)],
            "each class that occurs has a 1: `counts[labels] += 1` adds 1 once, however often a label stands there. "
            "Add them in a loop, or use np.bincount.",
        ),
        (len(labels), "this is the number of all labels. Count each class on its own."),
    ]


def majority_baseline(learner) -> None:
    """Check `majority_baseline(train_labels, test_labels)`: an accuracy from 0 to 1."""
    for seed, relabelled in enumerate(([0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [4, 0, 5, 2, 1, 6, 3])):
        train, test, usual = _lopsided(numbers(seed), np.array(relabelled), *grown(seed, 1))
        expected = sum(1 for label in test if label == usual) / len(test)
        answer = attempt(learner, train, test)
        what = f"baseline when class {usual} leads in training ({list(train).count(usual)} of {len(train)})"
        expect(answer, expected, what, _baseline_mistakes(train, test, usual))
    passed("The score to beat: what one gets without looking at the pictures.")


def _lopsided(rng: np.random.Generator, relabelled: np.ndarray, times: int):
    """Return train (60 · times), test (40 · times) and the class that leads in training.

    Which class somebody names can be told from the score.

    Before relabelling, class 2 leads in training, 1 in the test, 5 in both together; training has the median and first label 4,
    and the mean 3.5. No class has as many test faces as another. The largest training labels stand last: their places are no
    labels.
    """
    train = np.repeat(np.arange(CLASSES), times * np.array([2, 3, 20, 4, 7, 18, 6]))
    test = np.repeat(np.arange(CLASSES), times * np.array([1, 13, 5, 2, 3, 12, 4]))
    train, test = rng.permutation(relabelled[train]), rng.permutation(relabelled[test])
    order = np.argsort(train == train.max(), kind="stable")  # the largest label last
    first = np.flatnonzero(train[order] == relabelled[4])[0]
    order = np.concatenate([order[[first]], np.delete(order, first)])
    return train[order], test, int(relabelled[2])


def _named_classes(train: np.ndarray, test: np.ndarray) -> list[tuple[int, str]]:
    """Return classes that one may name by mistake, and how one gets there."""
    count = np.bincount(train, minlength=CLASSES)
    both = np.bincount(np.concatenate([train, test]), minlength=CLASSES)
    return [
        (np.bincount(test, minlength=CLASSES).argmax(), "the most frequent *test* label: a learner sees those of training only"),
        (both.argmax(), "the most frequent of training and test *together*: a learner sees the training labels only"),
        (train.max(), "the largest training label (max)"),
        (np.median(train), "the median of the training labels"),
        (round(train.mean()), "the rounded mean of the training labels"),
        (3, "*happy*, whatever `train_labels` says"),
        (train[0], "the first training label"),
        (count.argmin(), "the *rarest* (argmin for argmax)"),
        (train.min(), "the smallest training label (min)"),
    ]  # fmt: skip


def _baseline_mistakes(train: np.ndarray, test: np.ndarray, usual: int) -> list:
    count, named = np.bincount(test, minlength=CLASSES), _named_classes(train, test)
    mistakes = [
        ((train == usual).mean(), "this is the accuracy on the *training* labels. Measure on the test labels."),
        (count[usual] / len(test) * 100, "this is in per cent. Return a share from 0 to 1."),
        (count[usual], "this is a number of faces. Divide it by the number of test labels."),
        (count[usual] / len(train), "divide by the number of *test* labels; this is divided by the number of training labels."),
        (int(usual), "this is the class that the guess would name. Return how often that guess is right in the test."),
        (1 / CLASSES, "1/7 is what a blind guess among seven classes gets. Always answering the most frequent one does better."),
        ((test != usual).mean(), "this is the share of wrong answers. Accuracy counts the right ones."),
        (0, "no test label equals what you compare with. `max()` of counts says how often, `argmax()` of *counts* says which "
            "class; `argmax()` of the labels is only the place of the largest one."),
    ]  # fmt: skip
    for label in range(CLASSES):
        ways = "; or ".join(way for wrong, way in named if wrong == label) or "not the most frequent training label"
        mistakes.append(
            (count[label] / len(test), f"you always answer {label}, which is {ways}. Count the training labels.")
        )
    return mistakes


# ------------------------------------------------------------------------------------------------------------ leaks


def find_leaks(learner) -> None:
    """Check `find_leaks(train_images, test_images)`: a boolean mask (M,), True where a test picture is in training."""
    for seed, size in enumerate(((4, 5), (3, 3), (48, 48))):
        size = grown(seed, *size)
        train, test, expected = _leaky(numbers(seed), size)
        answer = attempt(learner, train, test)
        what = f"leaks of {len(test)} test pictures {size}"
        rows = np.flatnonzero(expected)
        if not isinstance(answer, (int, np.integer)) and close(answer, rows):
            raise Hint(
                f"{what}: these are row numbers. Return one True or False for each of the {len(test)} test pictures."
            )
        expect(answer, expected, what, _leak_mistakes(train, test, expected))
        if np.asarray(answer).dtype != bool:
            raise Hint(f"{what}: the values are right, but 0 and 1 select rows 0 and 1. Make it a mask: .astype(bool).")
    passed("Found: pictures that a learner has already seen with their answers.")


def _leaky(rng: np.random.Generator, size: tuple[int, int]):
    """Return train (12), test (9) and the right mask: two leaks, one near copy, one shuffled copy, one pair in the test."""
    train = rng.integers(0, 256, (12, *size), dtype=np.uint8)
    test = rng.integers(0, 256, (9, *size), dtype=np.uint8)
    train[0, 0, :2] = (10, 200)
    near, shuffled = train[3].copy(), train[0].copy()
    near[0, 0] ^= 1  # one grey level in one pixel
    shuffled[0, :2] = shuffled[0, 1::-1]
    for row, picture in ((1, train[7]), (2, near), (4, train[11]), (5, shuffled), (7, test[6]), (8, train[8])):
        test[row] = picture
    return train, test, np.array([False, True, False, False, True, False, False, False, True])


def _leak_mistakes(train: np.ndarray, test: np.ndarray, expected: np.ndarray) -> list:
    differences = np.abs(train[None].astype(int) - test[:, None])
    same_sum = np.array([int(image.sum()) in {int(other.sum()) for other in train} for image in test])
    within_test = np.array([sum(np.array_equal(image, other) for other in test) > 1 for image in test])
    by_place = np.array([np.array_equal(one, other) for one, other in zip(train, test, strict=False)])
    of_train = np.array([any(np.array_equal(image, other) for other in test) for image in train])
    near = (differences.mean(axis=(2, 3)) < 1).any(axis=1)
    last = np.array([np.array_equal(image, train[-1]) for image in test])
    return [
        (np.zeros(len(test), dtype=bool), "no picture is found. `(image == train_images).all()` asks whether it equals *all* of "
            "training: compare it with one training picture at a time. In a loop, keep a True that was found."),
        (last, "only copies of the *last* training picture are found: each comparison overwrites the one before. Keep a True "
            "once it is found (any, or break)."),
        (np.ones(len(test), dtype=bool), "every picture is found. Do you compare the test pictures with themselves?"),
        (within_test, "these are copies within the test set. Look each test picture up among the *training* pictures."),
        (of_train, "this is a mask of the training pictures. Asked for are the test pictures."),
        (by_place, "you compare picture 0 with picture 0, 1 with 1, … A copy may stand anywhere in training."),
        (near, "a picture that differs by one grey level in one pixel is no exact copy. Ask for equality, not for nearness."),
        (same_sum, "equal sums are not equal pictures. Compare all pixels, for example by image.tobytes()."),
        ((differences == 0).any(axis=(1, 2, 3)), "one equal pixel is not enough, yet `image in train_images` asks no more. All "
            "pixels of *one* training picture must agree: np.array_equal(a, b), or tobytes()."),
        (np.isin(test, train), "np.isin compares single pixels. You need one answer a picture, for example by tobytes()."),
        (np.isin(test, train).all(axis=(1, 2)), "np.isin compares single pixels, wherever they stand. Compare whole pictures."),
        (~expected, "True and False are the wrong way round: True means that the picture also stands in training."),
        (int(expected.sum()), "this is their number. Return one True or False a test picture; its sum is the number."),
    ]  # fmt: skip
