"""Checks: a row of FER2013, class counts, the majority guess, training faces among the test faces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np

from fer_course.checks.answers import several, whole
from fer_course.checks.core import Hint, Mistake, check, grown, judge, numbers, passed, short

CLASSES = 7


# --------------------------------------------------------------------------------------------------- a row of text


@check
def parse_row(answer) -> None:
    """Check `parse_row(row)`: label (int), picture (uint8 (48, 48)) and split (str) of one line of fer2013.csv."""
    rng, cases = numbers(1), []
    for label, split in ((4, "Training"), (0, "PublicTest"), (6, "PrivateTest")):
        pixels = rng.integers(0, 256, 48 * 48, dtype=np.uint8)
        cases.append((f"{label},{' '.join(map(str, pixels))},{split}",))
    answers = judge(
        answer,
        cases,
        _parsed,
        lambda row: f"row that starts with {row[:2]!r}",
        mistakes=PARSE_ROW_MISTAKES,
        advice=_advice_on_text,
        form=_label_image_split,
        parts=("the label", "the picture", "the split"),
    )
    for label, image, _ in answers:
        whole(label, "A label")
        if isinstance(image, np.ndarray) and image.dtype != np.uint8:
            raise Hint(
                f"The pixels are right, but their dtype is {image.dtype}. Pixels from 0 to 255 fit into np.uint8."
            )
    passed("Parsed: a label, a picture and a split out of one line of text.")


def _parsed(row: str) -> tuple[int, np.ndarray, str]:
    """Cut the row at its first and its last comma, and give each pixel its place."""
    pixels, image = row[2 : row.rindex(",")].split(" "), np.zeros((48, 48), dtype=np.uint8)
    for place, text in enumerate(pixels):
        image[place // 48, place % 48] = int(text)
    return int(row[0]), image, row[row.rindex(",") + 1 :]


def _advice_on_text(error: Exception, row: str) -> str:
    """Say what was in a text that is no number, or what did not fit."""
    if "too many values to unpack" in str(error):
        return (
            'More pieces came than there are names for them. `row.split(",")` gives three; `row.split()` cuts at the spaces, '
            "and gives a piece for each pixel."
        )
    if isinstance(error, OverflowError) and "out of bounds for int8" in str(error):
        return "An int8 ends at 127. Use np.uint8, which goes from 0 to 255."
    found = re.search(r"(?:base 10|to float): '([^'\n]*)", str(error))
    if not found:
        return ""
    if not found[1].strip():
        return (
            "A space, or nothing, is no number. Cut the pixels at the spaces, pixels.split(): `list(…)` would cut a text into "
            "single characters."
        )
    if "," in found[1]:
        return 'There is a comma in this text. Cut the row at its commas first, row.split(","), then the pixels at the spaces.'
    if " " in found[1]:
        return "These are many numbers in one text. Cut it at the spaces first: pixels.split()."
    return "This text is no number. A row holds three things: label, pixels, split."


def _label_image_split(answer):
    """Return the three parts of an answer, or raise the hint for parts in another order or of another kind."""
    label, image, split = answer = several(answer, "label, image, split", 3)
    if np.size(label) > 1 or np.size(split) > 1 or any(_is_split(part) for part in (label, image)):
        raise Hint(
            "Return label, image and split in the order of the file, `return label, image, split`; found "
            f"{', '.join(map(short, answer))}."
        )
    if isinstance(label, str):
        raise Hint(f"The label is text, {label!r}. A label is a whole number: int(…) makes one.")
    if image is None:
        raise Hint(
            "The picture is None. (An array's `resize` changes it in place, and returns nothing; .reshape(48, 48) returns the "
            "picture.)"
        )
    if np.asarray(image).dtype.kind in "US":
        raise Hint(
            "The pixels are still text. Split the text at the spaces, and make numbers: np.array(…, dtype=np.uint8)."
        )
    if not isinstance(split, str):
        raise Hint(f"The split is text, the last of the three columns; found {short(split)}.")
    return answer


def _is_split(part) -> bool:
    return isinstance(part, str) and part in ("Training", "PublicTest", "PrivateTest")


def _changed(label=lambda label: label, image=lambda image: image, split=lambda split: split):
    """Return a wrong parser: each part of the right answer is changed by its function."""

    def parse(row):
        parts = _parsed(row)
        return label(parts[0]), image(parts[1]), split(parts[2])

    return parse


_NOT_THE_SPLIT = "return the last of the three columns, as it is in the file."

PARSE_ROW_MISTAKES = (
    Mistake(_changed(image=np.ravel),
            "the pixels form one long row of 2,304. Fold them into 48 rows of 48: .reshape(48, 48)."),
    Mistake(_changed(image=np.transpose),
            "the picture lies on its side. The file goes along the first row, then the second: .reshape(48, 48)."),
    Mistake(_changed(image=lambda image: image / 255),
            "the pixels are divided by 255. Leave them as they are, whole numbers from 0 to 255."),
    Mistake(_changed(image=lambda image: image.astype(np.int8)),
            "bright pixels are negative, as an int8 makes them: it ends at 127. Use np.uint8, which goes from 0 to 255."),
    Mistake(_changed(split=lambda split: "Training"), f"your split is 'Training': {_NOT_THE_SPLIT}"),
    Mistake(_changed(split=str.lower), f"the split is in small letters: {_NOT_THE_SPLIT}"),
)  # fmt: skip

# --------------------------------------------------------------------------------------------- counting and guessing


def _advice_on_lists(error: Exception, labels: np.ndarray) -> str:
    """Say what an array has not: whose attribute was asked for, the error tells."""
    if not isinstance(error, AttributeError) or not isinstance(error.obj, np.ndarray):
        return ""
    if np.array_equal(error.obj, labels):
        return "`labels` is an array, not a list. `labels == 3` is an array of True and False; how many are True?"
    if error.name in ("append", "extend", "insert"):
        return (
            f"An array of {error.obj.size} numbers was asked for `{error.name}`; it is not `labels`. An array does not grow. "
            "Give it seven places and set counts[label], or begin with a list, []."
        )
    return ""


@check
def count_classes(answer) -> None:
    """Check `count_classes(labels)`: how many faces each of the seven classes has, whole numbers (7,)."""
    rng, cases = numbers(2), []
    # The last has more faces per class than a uint8 can count.
    for times, present in (
        (40, [0, 2, 3, 4, 5, 6]),
        (40, [0, 1, 2, 3, 4]),
        (40, range(CLASSES)),
        (3000, range(CLASSES)),
    ):
        cases.append((np.concatenate([present, rng.choice(present, grown(2, times))]),))
    answers = judge(
        answer,
        cases,
        _counted,
        lambda labels: f"class counts of {len(labels)} labels",
        mistakes=COUNT_CLASSES_MISTAKES,
        advice=_advice_on_lists,
        form=_seven_numbers,
    )
    for counts in answers:
        if np.asarray(counts).dtype.kind not in "iu":
            raise Hint(f"Counts are whole numbers; yours are {np.asarray(counts).dtype}.")
    passed("Counted, also the classes that do not occur.")


def _seven_numbers(answer):
    if isinstance(answer, dict):
        raise Hint(f"Return seven numbers in the order of the classes, not a {type(answer).__name__}.")
    if isinstance(answer, tuple) and len(answer) == 2:
        raise Hint(
            "Return seven counts; two things came. (np.unique with return_counts=True returns two: the classes that occur, and "
            "their counts. np.histogram returns two as well, the counts first.)"
        )
    return answer


def _counted(labels: Iterable[int], classes: Iterable[int] = range(CLASSES)) -> np.ndarray:
    labels = list(labels)
    return np.array([sum(1 for label in labels if label == number) for number in classes])


_SORTED = "these are sorted by size. Keep the order of the classes, 0 to 6."

COUNT_CLASSES_MISTAKES = (
    Mistake(lambda labels: np.bincount(labels),
            "the counts end at the highest label that occurs. Give all seven (np.bincount has a `minlength`)."),
    Mistake(lambda labels: np.unique(labels, return_counts=True)[1],
            "a class that does not occur is left out. It needs a 0 in its place."),
    Mistake(lambda labels: _counted(labels, range(1, 8)),
            "these are the counts of the labels 1 to 7, but they run from 0 to 6: range(7)."),
    Mistake(lambda labels: np.bincount(labels, minlength=6),
            "the counts end at class 5 where no label is 6. The seven classes are 0 to 6: give seven counts, always."),
    Mistake(lambda labels: _counted(labels, range(6)),
            "the counts end at class 5. The seven classes are 0 to 6: range(7)."),
    Mistake(lambda labels: np.bincount(labels, minlength=8),
            "your answer ends with a class 7, but the seven classes are 0 to 6."),
    Mistake(lambda labels: _counted(labels) / len(labels), "these are shares that add up to 1. Return the counts."),
    Mistake(lambda labels: sorted(_counted(labels)), _SORTED),
    Mistake(lambda labels: sorted(_counted(labels))[::-1], _SORTED),
    Mistake(lambda labels: np.isin(range(CLASSES), labels).astype(int),
            "each class that occurs has a 1. That is what `counts[labels] += 1` gives, however often a label occurs. "
            "Add the labels in a loop, or use np.bincount."),
    Mistake(lambda labels: np.histogram(labels, bins=CLASSES)[0],
            "that is exactly what np.histogram gives with seven bins from the smallest label that occurs to the largest. Say "
            "where they begin and end: range=(0, 7)."),
    Mistake(lambda labels: _counted(labels[:1]),
            "only the first label is counted. In a loop: does a `return` end it too early?"),
    Mistake(lambda labels: _counted(labels[-1:]),
            "only the last label is counted. In a loop: do the counts begin at 0 again for each label?"),
    Mistake(lambda labels: _counted(labels, [0]),
            "this is the count of class 0 alone. In a loop over the classes: does a `return` end it too early?"),
    Mistake(len, "this is the number of all labels. Count each class on its own."),
    Mistake(lambda labels: _counted(labels).astype(np.uint8),
            "your counts wrap round at 256, as in a uint8, which ends at 255. Count with Python's numbers, or with "
            "dtype=int."),
    Mistake(lambda labels: _counted(labels).astype(np.int8),
            "large counts are negative or small, as in an int8, which ends at 127. Count with Python's numbers, or with "
            "dtype=int."),
    Mistake(lambda labels: labels, "these are the labels themselves. Count how often each of the seven occurs."),
)  # fmt: skip


@check
def majority_baseline(answer) -> None:
    """Check `majority_baseline(train_labels, test_labels)`: an accuracy from 0 to 1."""
    cases = [
        _lopsided(numbers(seed), np.array(relabelled), *grown(seed, 1), missing=missing)
        for seed, (relabelled, missing) in enumerate(
            (
                ([0, 1, 2, 3, 4, 5, 6], None),
                ([6, 5, 4, 3, 2, 1, 0], None),
                ([4, 0, 5, 2, 1, 6, 3], None),
                ([0, 1, 2, 3, 4, 5, 6], 0),  # in the training of some files a class does not occur
            )
        )
    ]
    cases += [_led_by(numbers(seed), *grown(seed, 1), leader) for seed, leader in ((4, 6), (5, 0))]
    judge(
        answer,
        cases,
        lambda train, test: sum(1 for label in test if label == _usual(train)) / len(test),
        lambda train, test: (
            f"baseline when class {_usual(train)} leads in training ({list(train).count(_usual(train))} of {len(train)})"
        ),
        mistakes=MAJORITY_BASELINE_MISTAKES,
    )
    passed("The score to beat: what one gets without looking at the pictures.")


def _lopsided(rng: np.random.Generator, relabelled: np.ndarray, times: int, missing: int | None = None):
    """Return labels of training (60 · times) and test (40 · times); of training without the class `missing`.

    The score tells which class somebody always answers.

    Before relabelling, class 2 leads in training before 6, 1 in the test, 5 in both together; training has the median and first
    label 4, and a mean that is no label. No class has as many test faces as another. The largest training labels are last: their
    places are no labels.
    """
    train = np.repeat(np.arange(CLASSES), times * np.array([1, 2, 18, 3, 8, 12, 16]))
    train = train[train != missing]
    test = np.repeat(np.arange(CLASSES), times * np.array([1, 13, 5, 2, 3, 12, 4]))
    train, test = rng.permutation(relabelled[train]), rng.permutation(relabelled[test])
    order = np.argsort(train == train.max(), kind="stable")  # the largest label last
    first = np.flatnonzero(train[order] == relabelled[4])[0]
    order = np.concatenate([order[[first]], np.delete(order, first)])
    return train[order], test


def _led_by(rng: np.random.Generator, times: int, leader: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of training and test, in both of which the same class leads; it is the first test label, too.

    The rarest training label has several test faces. The largest training labels are last.
    """
    counts, tested = np.array([1, 3, 10, 14, 6, 8]), np.array([3, 5, 8, 2, 6, 4])
    others = np.delete(np.arange(CLASSES), leader)
    train = np.repeat(np.append(others, leader), times * np.append(counts, 18))
    test = np.repeat(np.append(others, leader), times * np.append(tested, 12))
    train = rng.permutation(train)
    return train[np.argsort(train == CLASSES - 1, kind="stable")], np.append(leader, rng.permutation(test[:-1]))


def _usual(labels: np.ndarray) -> int:
    """Return the most frequent label."""
    return int(np.bincount(labels, minlength=CLASSES).argmax())


def _always(named: Callable[[np.ndarray, np.ndarray], float]):
    """Return a wrong baseline: that of always answering the class `named(train, test)`."""
    return lambda train, test: (test == named(train, test)).mean()


_CLASS = "that is exactly what always answering {} gives. Answer the most frequent training label."

MAJORITY_BASELINE_MISTAKES = (
    Mistake(lambda train, test: (train == _usual(train)).mean(),
            "this is the accuracy on the *training* labels. Measure on the test labels."),
    Mistake(lambda train, test: (test == _usual(train)).mean() * 100,
            "this is in per cent. Return a share from 0 to 1."),
    Mistake(lambda train, test: (test == _usual(train)).sum(),
            "this is a number of faces. Divide it by the number of test labels."),
    Mistake(lambda train, test: (test == _usual(train)).sum() / len(train),
            "divide by the number of *test* labels; this is divided by the number of training labels."),
    Mistake(lambda train, test: _usual(train),
            "this is the class that the guess would name. Return how often that guess is right in the test."),
    Mistake(lambda train, test: (train == _usual(test)).mean(),
            "that is exactly what the two give in each other's place: the most frequent *test* label, looked up in training. "
            "Take the most frequent training label, and look it up in the test."),
    Mistake(lambda train, test: 1 / CLASSES,
            "1/7 is what a blind guess among seven classes gets. How many test labels are the most frequent *training* label?"),
    Mistake(lambda train, test: (test != _usual(train)).mean(),
            "this is the share of wrong answers. Accuracy counts the right ones."),
    Mistake(lambda train, test: 0.0,
            "0: either the share was cut to a whole number (divide with /, and without int), or no test label equals what it "
            "is compared with. `max()` of counts says how often, `argmax()` of *counts* says which "
            "class; `argmax()` of the labels is only the place of the largest one."),
    Mistake(lambda train, test: float(test[0] == _usual(train)) / len(test),
            "that is exactly what the first test label alone gives, divided by the number of all. In a loop: does a `return` "
            "or `break` end it too early?"),
    Mistake(lambda train, test: float(_usual(test) == _usual(train)),
            "this is 1 where the most frequent labels of training and test are the same, else 0. Compare *each* test label "
            "with the most frequent training label."),
    Mistake(lambda train, test: 1 / len(test),
            "this is 1 divided by the number of test labels. `right = 1` and `right =+ 1` set a count to 1; `right += 1` "
            "adds 1."),
    Mistake(lambda train, test: 1.0,
            "1.0 says that every guess is right. Are the test labels compared with themselves? Or is the *length* of the "
            "comparison taken, where its sum counts the True?"),
    Mistake(_always(lambda train, test: _usual(test)),
            "that is exactly what always answering the most frequent *test* label gives. A classifier sees the training labels "
            "only: count those."),
    Mistake(_always(lambda train, test: _usual(np.concatenate([train, test]))),
            "that is exactly what always answering the most frequent of training and test *together* gives. Count the training "
            "labels only."),
    Mistake(_always(lambda train, test: np.unique(train, return_counts=True)[1].argmax()),
            "that is exactly what the place of the largest count gives, among the classes that occur in training. Here one "
            "does not occur, so a place is no class. The first answer of np.unique says which class stands at a place."),
    Mistake(_always(lambda train, test: train.max()),
            _CLASS.format("6 (the largest training label, which also is the last one)")),
    Mistake(_always(lambda train, test: train.min()), _CLASS.format("the smallest training label (min)")),
    Mistake(_always(lambda train, test: np.bincount(train, minlength=CLASSES)[:6].argmax()),
            _CLASS.format("the most frequent of the training labels 0 to 5") + " The classes are 0 to 6: range(7)."),
    Mistake(_always(lambda train, test: np.bincount(train, minlength=CLASSES)[1:].argmax() + 1),
            _CLASS.format("the most frequent of the training labels 1 to 6") + " The classes are 0 to 6: range(7)."),
    Mistake(_always(lambda train, test: np.median(train)), _CLASS.format("the median of the training labels")),
    Mistake(_always(lambda train, test: round(train.mean())), _CLASS.format("the rounded mean of the training labels")),
    Mistake(_always(lambda train, test: 3), _CLASS.format("*happy* (3), whatever `train_labels` says")),
    Mistake(_always(lambda train, test: np.bincount(train, minlength=CLASSES).argmin()),
            _CLASS.format("the *rarest* training label (argmin for argmax)")),
    Mistake(_always(lambda train, test: train[0]), _CLASS.format("the first training label")),
    Mistake(_always(lambda train, test: np.argsort(np.bincount(train, minlength=CLASSES))[-2]),
            _CLASS.format("the *second* most frequent training label")),
    *(
        Mistake(_always(lambda train, test, label=label: label), _CLASS.format(f"{label}, whatever `train_labels` says"))
        for label in (0, 1, 2, 4, 5)
    ),
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------------ leaks


def _advice_on_pictures(error: Exception, train: np.ndarray, test: np.ndarray) -> str:
    told = str(error)
    if kind := re.search(r"unhashable type: '(?:numpy\.)?(\w+)'", told):
        thing = {"ndarray": "An array", "list": "A list"}.get(kind[1])
        return f"{thing} can't be in a set, nor be a key. Its bytes can: image.tobytes()." if thing else ""
    if found := re.search(r"index (-?\d+) is out of bounds for axis 0 with size (\d+)", told):
        index, size = map(int, found.groups())
        if size == len(train):
            return (
                f"There are {size} training pictures and {len(test)} test pictures, and {size} places had no number {index}. "
                "The mask has a value for each *test* picture, and the two sets are numbered on their own."
            )
        if size == len(test):
            return f"There are {size} test pictures, numbered from 0 to {size - 1}; {index} was asked for."
    return ""


@check
def find_leaks(answer) -> None:
    """Check `find_leaks(train_images, test_images)`: a boolean mask (M,), True where a test picture is in training."""
    cases = [
        _leaky(numbers(seed), grown(seed, *size), *more)  # more test pictures, and more training pictures
        for seed, (size, more) in enumerate((((4, 5), (0, 3)), ((3, 3), (2, 0)), ((48, 48), (0, 1))))
    ]
    answers = judge(answer, cases, _leaks, _what_leaks, mistakes=FIND_LEAKS_MISTAKES, advice=_advice_on_pictures)
    for mask, case in zip(answers, cases, strict=True):
        if np.asarray(mask).dtype != bool:
            raise Hint(
                f"{_what_leaks(*case)}: the values are right, but 0 and 1 select rows 0 and 1. Make it a mask: .astype(bool)."
            )
    passed("Found: pictures that a learner has already seen with their answers.")


def _what_leaks(train: np.ndarray, test: np.ndarray) -> str:
    return f"leaks of {len(test)} test pictures {test.shape[1:]}"


def _leaks(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    return np.array([any(np.array_equal(image, other) for other in train) for image in test])


def _leaky(rng: np.random.Generator, size: tuple[int, int], more_train: int, more_test: int):
    """Return train (12) and test (12): three leaks, two near copies, one shuffled, mirrored, of two halves, of equal sums.

    There are as many more as asked for, none of which is a leak: those of the test are put together from several training
    pictures. The first leak is the first training picture. The last training picture stays the last one.

    The near copies differ at the end, and in the middle, which NumPy leaves out when it prints a large picture.
    """
    train = rng.integers(0, 240, (12, *size), dtype=np.uint8)
    # Of row 6 no pixel stands in training, of row 9 only one.
    test = rng.integers(240, 256, (12, *size), dtype=np.uint8)
    test[9, 0, -1] = train[2, 0, -1]
    train[0, 0, :2] = (10, 200)
    train[1, :2, :2] = 100
    near, shuffled = train[3].copy(), train[0].copy()
    near[size[0] // 2, size[1] // 2 - 1] ^= 1  # one grey level in one pixel, which is on no diagonal
    shuffled[0, :2] = shuffled[0, 1::-1]
    last = train[9].copy()
    last[-1, -1] ^= 1
    between = train[4:6].ravel()[near.size // 2 :][: near.size].reshape(near.shape)  # an end and a beginning
    sums = train[1].copy()  # the sums of all rows and columns stay
    sums[:2, :2] = [[101, 99], [99, 101]]
    pictures = {
        10: train[10, :, ::-1],
        11: sums,
        0: last,
        1: train[0],
        2: near,
        3: between,
        4: train[11],
        5: shuffled,
        7: test[6],
        8: train[8],
    }
    for row, picture in pictures.items():
        test[row] = picture
    others = rng.integers(0, 240, (more_train, *size), dtype=np.uint8)
    rows, columns = np.indices(size)
    mixed = (
        rows,
        columns,
        rows + columns,
    )  # rows, columns and pixels of several training pictures, each in its place
    unseen = [train[picture % 12, rows, columns] for picture in mixed][:more_test]
    return np.concatenate([train[:-1], others, train[-1:]]), np.array([*test, *unseen])


def _where(found: Callable[[np.ndarray, np.ndarray], np.ndarray]):
    """Return a wrong search: a test picture is a leak if `found(train, picture)`."""
    return lambda train, test: np.array([bool(found(train, image)) for image in test])


_SINGLE = (
    "this is a single {}, but each test picture needs its own True or False. Are all pictures compared at once, or does a "
    "`return` end a loop too early?"
)
_MIXED = (
    "a picture is found that is put together from {} of *several* training pictures, each in its place. *One* training picture "
    "must agree in all pixels: first `all` over rows and columns, axis=(1, 2), then `any` over the pictures."
)

FIND_LEAKS_MISTAKES = (
    Mistake(_where(lambda train, image: (image == train).all()),
            "no picture is found. Two frequent ways: `(image == train_images).all()` asks whether it equals *all* of training, "
            "and `set(train_images.tobytes())` is a set of single bytes. Compare with one training picture at a time. "
            "In a loop, keep a True that was found."),
    Mistake(_where(lambda train, image: np.array_equal(image, train[-1])),
            "only copies of the *last* training picture are found. In a loop: does each comparison overwrite the one before? "
            "Keep a True once it is found (any, or break)."),
    Mistake(_where(lambda train, image: np.array_equal(image, train[0])),
            "only copies of the *first* training picture are found. In a loop: does it end after the first comparison, by "
            "`return`, `break` or `else`? Only a copy that is found may end it."),
    Mistake(lambda train, test: False, _SINGLE.format("False")),
    Mistake(lambda train, test: True, _SINGLE.format("True")),
    Mistake(_where(lambda train, image: (image == train).all(axis=2).any(axis=0).all()), _MIXED.format("rows")),
    Mistake(_where(lambda train, image: (image == train).all(axis=1).any(axis=0).all()), _MIXED.format("columns")),
    Mistake(_where(lambda train, image: (image == train).any(axis=0).all()), _MIXED.format("pixels")),
    Mistake(_where(lambda train, image: True),
            "every picture is found. Do you compare the test pictures with themselves?"),
    Mistake(lambda train, test: np.array([sum(np.array_equal(image, other) for other in test) > 1 for image in test]),
            "these are copies within the test set. Look each test picture up among the *training* pictures."),
    Mistake(lambda train, test: _leaks(test, train),
            "this is a mask of the training pictures. Return one of the test pictures."),
    Mistake(lambda train, test: np.array([np.array_equal(*pair) for pair in zip(train, test, strict=False)]),
            "found are the pictures that stand in the same place in both, 0 and 0, 1 and 1, … A copy may be anywhere in "
            "training."),
    Mistake(_where(lambda train, image: (np.abs(train.astype(int) - image).mean(axis=(1, 2)) < 1).any()),
            "a picture that differs by one grey level in one pixel is found. It is no exact copy: compare all pixels, and ask "
            "for equality."),
    Mistake(_where(lambda train, image: str(image) in map(str, train)),
            "a picture that differs in one pixel is found. Compare *all* pixels, and ask for equality: image.tobytes(), for "
            "example. (`str` and `repr` of a large picture leave its middle out.)"),
    Mistake(_where(lambda train, image: image.sum() in train.sum(axis=(1, 2))),
            "a picture with two pixels exchanged is found. Compare all pixels, each in its place: np.array_equal(a, b), or "
            "image.tobytes(). Equal sums are not enough."),
    Mistake(_where(lambda train, image: any((train == each).all((1, 2)).any() for each in (image, image[:, ::-1]))),
            "a mirrored picture is found, too. Only exact copies count."),
    Mistake(_where(lambda train, image: image.tobytes() in train.tobytes()),
            "the end of one training picture with the beginning of the next is found, too. That is what searching all of "
            "Training as one row of bytes gives. Compare picture by picture."),
    Mistake(_where(lambda train, image: image in train),
            "pictures are found that have a single pixel in common with a training picture. *All* pixels of one of them must "
            "agree: np.array_equal(a, b), or tobytes()."),
    Mistake(lambda train, test: np.isin(test, train),
            "that is exactly what np.isin gives, which looks up single pixels. Return one answer per picture, for example by "
            "tobytes()."),
    Mistake(lambda train, test: np.isin(test, train).all(axis=(1, 2)),
            "pictures are found whose pixels all occur somewhere in training, in any place. That is what np.isin gives, which "
            "looks up single pixels. Compare whole pictures."),
    Mistake(lambda train, test: ~_leaks(train, test),
            "True and False are the wrong way round: True means that the picture is also in training."),
    Mistake(lambda train, test: _leaks(train, test).sum(),
            "this is their number. Return True or False per test picture; the sum of these is the number."),
    Mistake(lambda train, test: np.flatnonzero(_leaks(train, test)),
            "these are row numbers. Return one True or False per test picture."),
)  # fmt: skip
