"""Words for FER2013's classes and splits, in the names of folders, files and columns, and in cells."""

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
#: Name of a folder or file, in lower case -> split. What is held out is `Test`, unless the name says which test.
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "trainset", "trainingset", "trainval", "xtrain", "ytrain"), "Training"),
    **dict.fromkeys(
        ("test", "testing", "testset", "validation", "valid", "val", "valset", "xtest", "ytest", "xval", "yval"), "Test"
    ),
    **dict.fromkeys(("validationset", "dev", "eval", "evaluation"), "Test"),
    **dict.fromkeys(("publictest", "testpublic"), "PublicTest"),
    **dict.fromkeys(("privatetest", "testprivate"), "PrivateTest"),
}
#: The same, with words that count only in names of files and folders: as cells of a column Usage they may mean anything.
FILE_WORDS = {**SPLIT_WORDS, **dict.fromkeys(("holdout", "heldout"), "Test")}
#: Beside the word for a test, which of the two tests it is.
WHICH_TEST = {"public": "PublicTest", "private": "PrivateTest"}
PREFIX = re.compile(r"(Training|PublicTest|PrivateTest)_", re.IGNORECASE)
PREFIXES = {split.lower(): split for split in SPLITS}


def class_of(text: str) -> int | None:
    """Return the label of a class by its name, without numbers and punctuation: 0 for `Angry` and `0_angry`; None if unknown."""
    found = {CLASSES.get(word) for word in re.split(r"[\W\d_]+", text.lower()) if word}
    return found.pop() if len(found) == 1 else None


def are_names_of(numbers: Sequence[object], names: Sequence[object], least: int) -> bool:
    """Return True if at least `least` different numbers go with one class name each, and always with the same one."""
    labels = [class_of(name) if isinstance(name, str) else None for name in names]
    pairs = set(zip(map(str, numbers), labels, strict=True))
    return None not in labels and least <= len(pairs) == len(set(map(str, numbers))) == len(set(labels))


def split_of_cell(text: str) -> str | None:
    """Return the split in a cell of a column Usage, such as `Private Test`, in any capitals; None if it is not a split."""
    return SPLIT_WORDS.get(re.sub(r"^(public|private)[ _-]test$", r"\1test", text.strip(" ").lower()))


def split_of_name(text: str) -> str | None:
    """Return the split in one name, such as `fer2013_train`, `public-test` or `testSet`; None if it has none, or two."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    words = re.split(r"[^a-z]+", text.lower())
    found = {FILE_WORDS[word] for word in words if word in FILE_WORDS}
    which = {WHICH_TEST[word] for word in words if word in WHICH_TEST}
    if found == {"Test"} and len(which) == 1:
        return which.pop()
    return found.pop() if len(found) == 1 else None


def split_of(path: str) -> str | None:
    """Return the split in a path, of the file before its folders: `Test` for `data/test-00000-of-00001.parquet`."""
    return next((split for part in reversed(path.split("/")) if (split := split_of_name(part))), None)


def root_of(path: str) -> str:
    """Return the folder of the data set that a file belongs to: its path without folders that only name a split."""
    folders = path.split("/")[:-1]
    while folders and split_of_name(folders[-1]):
        folders.pop()
    return "/".join(folders)
