"""What folders, files, columns and cells are called: the words for FER2013's classes and splits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fer_course.faces import CLASS_NAMES, SPLITS

ALIASES = {
    "angry": ("anger",),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy"),
    "sad": ("sadness",),
    "surprise": ("surprised",),
    "neutral": ("neutrality",),
}
#: The label of a class by any of its usual names, in lower case.
CLASSES = {alias: label for label, name in enumerate(CLASS_NAMES) for alias in (name, *ALIASES[name])}
#: The split by the name of its folder or file, in lower case. What is held out is `Test`, unless it says which test.
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "trainset", "trainingset", "trainval", "xtrain", "ytrain"), "Training"),
    **dict.fromkeys(
        ("test", "testing", "testset", "validation", "valid", "val", "valset", "xtest", "ytest", "xval", "yval"), "Test"
    ),
    **dict.fromkeys(("validationset", "dev", "eval", "evaluation"), "Test"),
    **dict.fromkeys(("publictest", "testpublic"), "PublicTest"),
    **dict.fromkeys(("privatetest", "testprivate"), "PrivateTest"),
}
#: The same, with words that only names of files and folders have: as cells of a column Usage they may mean anything.
FILE_WORDS = {**SPLIT_WORDS, **dict.fromkeys(("holdout", "heldout"), "Test")}
#: Beside the word for a test, which of the two tests it is.
WHICH_TEST = {"public": "PublicTest", "private": "PrivateTest"}
PREFIX = re.compile(r"(Training|PublicTest|PrivateTest)_", re.IGNORECASE)
PREFIXES = {split.lower(): split for split in SPLITS}


def class_of(text: str) -> int | None:
    """Return the label of a class by its name, numbers and punctuation aside: 0 for `Angry` and `0_angry`; None if it is none."""
    found = {CLASSES.get(word) for word in re.split(r"[\W\d_]+", text.lower()) if word}
    return found.pop() if len(found) == 1 else None


def are_names_of(numbers: Sequence[object], names: Sequence[object], least: int) -> bool:
    """Return True if each of at least so many numbers of classes stands beside the name of one class, and always the same."""
    labels = [class_of(name) if isinstance(name, str) else None for name in names]
    pairs = set(zip(map(str, numbers), labels, strict=True))
    return None not in labels and least <= len(pairs) == len(set(map(str, numbers))) == len(set(labels))


def split_of_cell(text: str) -> str | None:
    """Return the split that a cell of a column Usage says, in whatever capitals, as `Private Test`; None if it says none."""
    return SPLIT_WORDS.get(re.sub(r"^(public|private)[ _-]test$", r"\1test", text.strip(" ").lower()))


def split_of_name(text: str) -> str | None:
    """Return the split that one name says, as `fer2013_train`, `public-test` or `testSet`; None if it says none, or two."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    words = re.split(r"[^a-z]+", text.lower())
    found = {FILE_WORDS[word] for word in words if word in FILE_WORDS}
    which = {WHICH_TEST[word] for word in words if word in WHICH_TEST}
    if found == {"Test"} and len(which) == 1:
        return which.pop()
    return found.pop() if len(found) == 1 else None


def split_of(path: str) -> str | None:
    """Return the split that a path names, the file before its folders: `Test` for `data/test-00000-of-00001.parquet`."""
    return next((split for part in reversed(path.split("/")) if (split := split_of_name(part))), None)


def root_of(path: str) -> str:
    """Return the folder in which a data set lies of which this is a file: without folders that only name a split."""
    folders = path.split("/")[:-1]
    while folders and split_of_name(folders[-1]):
        folders.pop()
    return "/".join(folders)
