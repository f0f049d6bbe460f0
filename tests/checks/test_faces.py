"""Checks of faces: right answers pass in any form, and each known mistake gets its own hint."""

from collections import Counter

import numpy as np
from answers import three_tests

from fer_course import linear as package
from fer_course.checks import faces

# ---------------------------------------------------------------------------------------------------- parse_row


def parse_plain(row):
    label, pixels, split = row.split(",")
    return int(label), np.array(pixels.split(), dtype=np.uint8).reshape(48, 48), split


def parse_by_loops(row):
    label, pixels, split = row.split(",")
    image = np.zeros((48, 48), dtype=np.uint8)
    for place, text in enumerate(pixels.split(" ")):
        image[place // 48, place % 48] = int(text)
    return [np.int64(label), image, split]


def parsed(change):
    """Return a parser whose answer is the right one, changed by `change(label, image, split)`."""
    return lambda row: change(*parse_plain(row))


def parse_text_array(row):
    label, pixels, split = row.split(",")
    return int(label), np.array(pixels.split()), split


def parse_column_order(row):
    return int(row[0]), np.array(row[2:].split(",")[0].split(), dtype=np.uint8).reshape(48, 48, order="F"), row[-8:]


def unpacked_at_spaces(row):
    label, pixels, split = row.split()
    return int(label), np.array(pixels), split


PARSE_RIGHT = {
    "plain": parse_plain,
    "loops": parse_by_loops,
    "a list of pixels": parsed(lambda label, image, split: (label, image.tolist(), split)),
}
PARSE_WRONG = {
    "label is text": (parsed(lambda label, image, split: (str(label), image, split)), r"label is text"),
    "split before image": (parsed(lambda label, image, split: (label, split, image)), "order of the file.*found 4, 'Tr"),
    "split first": (parsed(lambda label, image, split: (split, image, label)), "order of the file.*found 'Training'"),
    "image first": (parsed(lambda label, image, split: (image, label, split)), "order of the file.*found an array"),
    "only two": (parsed(lambda label, image, split: (label, image)), "three things"),
    "pixels are text": (parse_text_array, "still text"),
    "one string": (lambda row: row.split(","), "label is text"),
    "string of pixels": (lambda row: (int(row[0]), *row.split(",")[1:]), "still text"),
    "on its side": (parse_column_order, "on its side"),
    "int64": (parsed(lambda label, image, split: (label, image.astype(int), split)), "np.uint8"),
    "no split": (parsed(lambda label, image, split: (label, image, label)), "The split is text"),
    "label off by one": (parsed(lambda label, image, split: (label + 1, image, split)), "plus 1\\. Expected 4, found 5"),
    "nothing": (lambda row: print(end=""), "return"),
    "too few pixels": (parsed(lambda label, image, split: (label, image[:, :47], split)), "last .* is missing along axis 1"),
    "fails": (lambda row: float(row), "ValueError"),
    "single characters": (lambda row: np.array(list(row.split(",")[1]), dtype=np.uint8), "A space, or nothing, is no number"),
    "cut at spaces alone": (lambda row: [int(text) for text in row.split()[:-1]], "comma in this text"),
    "pixels not cut": (lambda row: int(row.split(",")[1]), "many numbers in one text"),
    "split as a number": (lambda row: int(row.split(",")[2]), "three things"),
    "unpacked after the cut at the spaces": (unpacked_at_spaces, r"(?s)too many values.*`row\.split\(\)` cuts at the spaces"),
    "int8": (lambda row: (4, np.array(row.split(",")[1].split(), dtype=np.int8), ""), "(?s)OverflowError.*ends at 127"),
    "other error": (lambda row: row[10**6], "IndexError"),
    "resize": (parsed(lambda label, image, split: (label, image.copy().resize(48, 48), split)), r"\.reshape\(48, 48\)"),
}  # fmt: skip

# -------------------------------------------------------------------------------------- counts and the majority


def count_by_loop(labels):
    counts = [0] * 7
    for label in labels:
        counts[label] += 1
    return counts


def count_by_unique(labels):
    counts = np.zeros(7, dtype=np.int32)
    present, how_many = np.unique(labels, return_counts=True)
    counts[present] = how_many
    return counts


def count_by_appending(labels):
    counts = np.array([])
    for number in range(7):
        counts.append((labels == number).sum())
    return counts


def count_of_counts(labels):
    return np.zeros(7, dtype=int).count(0)


def count_and_return(labels):
    counts = [0] * 7
    for label in labels:
        counts[label] += 1
        return counts


def count_anew(labels):
    for label in labels:
        counts = [0] * 7
        counts[label] += 1
    return counts


def count_misspelt(labels):
    return np.bincounts(labels)


def count_by_fancy_index(labels):
    counts = np.zeros(7, dtype=int)
    counts[labels] += 1
    return counts


def count_in_uint8(labels):
    counts = np.zeros(7, dtype=np.uint8)
    for label in labels:
        counts[label] += 1
    return counts


COUNT_RIGHT = {
    "loop": count_by_loop,
    "unique": count_by_unique,
    "bincount": lambda labels: np.bincount(labels, minlength=7),
    "comparison": lambda labels: tuple((labels == number).sum() for number in range(7)),
    "Counter": lambda labels: np.array([Counter(labels.tolist())[number] for number in range(7)]),
}
COUNT_WRONG = {
    "both of unique": (lambda labels: np.unique(labels, return_counts=True), r"two things came\. \(np.unique"),
    "both of histogram": (lambda labels: np.histogram(labels, bins=range(8)), r"two things came\..*np.histogram"),
    "too short a minlength": (lambda labels: np.bincount(labels, minlength=6), "where no label is 6"),
    "six by hand": (lambda labels: [(labels == label).sum() for label in range(6)], "counts end at class 5. The"),
    "no minlength": (np.bincount, "minlength"),
    "dictionary": (lambda labels: Counter(labels.tolist()), "Counter"),
    "float": (lambda labels: np.bincount(labels, minlength=7).astype(float), "whole numbers"),
    "method of lists": (lambda labels: [labels.count(number) for number in range(7)], "an array, not a list"),
    "fancy index": (count_by_fancy_index, "however often"),
    "an array that is to grow": (
        count_by_appending,
        "(?s)no attribute 'append'.*An array of 0 numbers was asked.*not `labels`",
    ),
    "a method of lists on the counts": (count_of_counts, "(?s)no attribute 'count'(?!.*not a list)"),
    "a return in the loop over labels": (count_and_return, "only the first label is counted"),
    "a return in the loop over classes": (lambda labels: [int((labels == 0).sum())], "the count of class 0 alone"),
    "counts that begin anew": (count_anew, "only the last label is counted"),
    "misspelt": (count_misspelt, "(?s)no attribute 'bincounts'(?!.*an array, not a list)"),
    "strings": (lambda labels: [(labels == str(number)).sum() for number in range(7)], "All your values are 0"),
    "uint8": (count_in_uint8, "wrap round at 256"),
}


def majority(labels):
    return np.bincount(labels).argmax()


def majority_by_loop(train, test):
    usual = max(set(train.tolist()), key=train.tolist().count)
    right = 0
    for label in test:
        right += int(label == usual)
    return right / len(test)


def majority_of_the_first(train, test):
    right = 0
    for label in test:
        right += int(label == majority(train))
        return right / len(test)


def majority_set_to_1(train, test):
    right = 0
    for label in test:
        if label == majority(train):
            right = +1
    return right / len(test)


MAJORITY_RIGHT = {
    "package": package.majority_baseline,
    "loop": majority_by_loop,
    "float32": lambda train, test: np.float32((test == majority(train)).mean()),
    "unique": lambda train, test: np.mean(
        test == (lambda found: found[0][found[1].argmax()])(np.unique(train, return_counts=True))
    ),
}
MAJORITY_WRONG = {
    "largest count": (lambda train, test: (test == np.bincount(train).max()).mean(), "how often"),
    "place of the largest": (lambda train, test: (test == train.argmax()).mean(), "place of the largest"),
    "mean": (lambda train, test: (test == train.mean()).mean(), "no test label equals"),
    "last label": (lambda train, test: (test == train[-1]).mean(), "the largest training label"),
    "place of the last": (lambda train, test: (test == len(train) - 1).mean(), "no test label equals"),
    "an array": (lambda train, test: test == majority(train), "one number"),
    "the place for the class": (
        lambda train, test: (test == np.unique(train, return_counts=True)[1].argmax()).mean(),
        "a place is no class",
    ),
    "the place for the class, of a Counter": (
        lambda train, test: (test == np.argmax([n for _, n in sorted(Counter(train.tolist()).items())])).mean(),
        "a place is no class",
    ),
    "arguments swapped": (lambda train, test: package.majority_baseline(test, train), "in each other's place"),
    "a return in the loop": (majority_of_the_first, "the first test label alone"),
    "two winners compared": (
        lambda train, test: majority(test) == majority(train),
        "this is 1 where the most frequent labels",
    ),
    "two winners compared, a number": (lambda train, test: int(majority(test) == majority(train)), "this is 1 where"),
    "set to 1": (majority_set_to_1, r"`right \+= 1` adds 1"),
    "cut to a whole number": (lambda train, test: int((test == majority(train)).mean()), "0: either the share was cut"),
    "six classes": (
        lambda train, test: (test == np.argmax([(train == label).sum() for label in range(6)])).mean(),
        "labels 0 to 5 gives.*range\\(7\\)",
    ),
    "six classes, by max": (
        lambda train, test: (test == max(range(6), key=train.tolist().count)).mean(),
        "labels 0 to 5 gives.*range\\(7\\)",
    ),
    "classes from 1 on": (
        lambda train, test: (test == max(range(1, 7), key=train.tolist().count)).mean(),
        "labels 1 to 6 gives.*range\\(7\\)",
    ),
    "always 0": (lambda train, test: (test == 0).mean(), "always answering 0, whatever"),
    "always 6": (lambda train, test: (test == 6).mean(), "always answering 6 "),
    "true against true": (lambda train, test: (test == test).mean(), "compared with themselves"),
    "a length for a sum": (
        lambda train, test: len(test == np.bincount(train).argmax()) / len(test),
        "the \\*length\\* of the comparison",
    ),
}

# ------------------------------------------------------------------------------------------------------- leaks


def leaks_by_bytes(train, test):
    seen = {image.tobytes() for image in train}
    return np.array([image.tobytes() in seen for image in test])


def leaks_by_loops(train, test):
    found = []
    for image in test:
        found.append(False)
        for other in train:
            if np.array_equal(image, other):
                found[-1] = True
    return found


def leaks_at_once(train, test):
    return (test[:, None] == train[None]).all(axis=(2, 3)).any(axis=1)


def leaks_by_lists(train, test):
    known = train.tolist()
    return [image in known for image in test.tolist()]


def same_mean(train, test):
    return np.array([image.mean() in {other.mean() for other in train} for image in test])


def by_text(train, test):
    seen = {repr(image) for image in train}
    return [repr(image) in seen for image in test]


def by_single_bytes(train, test):
    seen = set(train.tobytes())
    return [image.tobytes() in seen for image in test]


def with_themselves(train, test):
    seen = {image.tobytes() for image in np.concatenate([train, test])}
    return np.array([image.tobytes() in seen for image in test])


def overwritten(train, test):
    mask = np.zeros(len(test), dtype=bool)
    for place, image in enumerate(test):
        for other in train:
            mask[place] = np.array_equal(image, other)
    return mask


def at_another_index(train, test):
    return test[0, 0, 99]


def after_the_first_comparison(train, test):
    found = []
    for image in test:
        for other in train:
            found.append(np.array_equal(image, other))
            break
    return found


def leaks_as_many_as_training(train, test):
    seen, mask = {image.tobytes() for image in train}, np.zeros(len(train), dtype=bool)
    for place, image in enumerate(test):
        mask[place] = image.tobytes() in seen
    return mask


def leaks_by_places_of_training(train, test):
    seen = {image.tobytes() for image in train}
    return [test[place].tobytes() in seen for place in range(len(train))]


LEAKS_RIGHT = {
    "bytes": leaks_by_bytes,
    "loops": leaks_by_loops,
    "at once": leaks_at_once,
    "lists": leaks_by_lists,
}
LEAKS_WRONG = {
    "itself": (with_themselves, "themselves"),
    "place by place": (lambda train, test: [(a == b).all() for a, b in zip(train, test, strict=False)], "anywhere"),
    "mean": (same_mean, "Equal sums"),
    "by text": (by_text, "leave its middle out"),
    "single bytes": (by_single_bytes, "set of single bytes"),
    "any pixel": (lambda train, test: (test[:, None] == train[None]).any(axis=(1, 2, 3)), "a single pixel in common"),
    "zeros and ones": (lambda train, test: leaks_by_bytes(train, test).astype(int), "mask"),
    "equals all": (lambda train, test: [(image == train).all() for image in test], r"equals \*all\* of training"),
    "a mask as long as training": (
        leaks_as_many_as_training,
        r"(?s)IndexError.*12 training pictures and 15 test pictures, and 12 places had no number 12\. The mask has",
    ),
    "too many test pictures": (
        lambda train, test: [leaks_by_bytes(train, test[[place]])[0] for place in range(len(test) + 1)],
        r"(?s)IndexError.*There are 15 test pictures, numbered from 0 to 14; 15 was asked for",
    ),
    "another index": (at_another_index, "(?s)IndexError(?!.*(mask|training pictures and))"),
    "arrays in a set": (lambda train, test: set(train), r"(?s)unhashable.*An array can't be in a set"),
    "lists in a set": (
        lambda train, test: {image.tolist() for image in train},
        r"(?s)unhashable.*A list can't be in a set",
    ),
    "after the first comparison": (after_the_first_comparison, r"copies of the \*first\* training picture"),
    "all at once": (lambda train, test: np.array_equal(train, test), "a single False, but each"),
    "all bytes at once": (
        lambda train, test: test.tobytes() in {image.tobytes() for image in train},
        "a single False, but each",
    ),
    "any and all swapped": (
        lambda train, test: [(image == train).any(axis=0).all() for image in test],
        r"put together from pixels of \*several\* training pictures",
    ),
    "row by row": (
        lambda train, test: [(image == train).all(axis=2).any(axis=0).all() for image in test],
        "put together from rows of",
    ),
    "column by column": (
        lambda train, test: [(image == train).all(axis=1).any(axis=0).all() for image in test],
        "put together from columns of",
    ),
    "a place for each training picture": (leaks_by_places_of_training, "too short, by 3 at the end"),
    "overwritten": (overwritten, "overwrite the one before"),
    "the first alone": (
        lambda train, test: [np.array_equal(image, train[0]) for image in test],
        r"copies of the \*first\* training picture",
    ),
    "none": (lambda train, test: np.zeros(len(test), dtype=bool), "no picture is found.*one training picture at"),
}


# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    faces.parse_row: (PARSE_RIGHT, PARSE_WRONG),
    faces.count_classes: (COUNT_RIGHT, COUNT_WRONG),
    faces.majority_baseline: (MAJORITY_RIGHT, MAJORITY_WRONG),
    faces.find_leaks: (LEAKS_RIGHT, LEAKS_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
