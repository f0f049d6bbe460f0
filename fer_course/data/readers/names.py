"""What folders and files are called: the words for FER2013's classes and splits."""

from __future__ import annotations

import re

from fer_course.faces import CLASS_NAMES, SPLITS

ALIASES = {
    "angry": ("anger", "0"),
    "disgust": ("disgusted", "1"),
    "fear": ("fearful", "afraid", "scared", "2"),
    "happy": ("happiness", "joy", "3"),
    "sad": ("sadness", "4"),
    "surprise": ("surprised", "5"),
    "neutral": ("neutrality", "6"),
}
#: The label of a class by any of its usual names, in lower case.
CLASSES = {alias: label for label, name in enumerate(CLASS_NAMES) for alias in (name, *ALIASES[name])}
#: The split by the name of its folder or file, in lower case. What is held out is `Test`, unless it says which test.
SPLIT_WORDS = {
    "train": "Training",
    "training": "Training",
    "test": "Test",
    "testing": "Test",
    "validation": "Test",
    "valid": "Test",
    "val": "Test",
    "publictest": "PublicTest",
    "privatetest": "PrivateTest",
}
PREFIX = re.compile(r"(Training|PublicTest|PrivateTest)_", re.IGNORECASE)
PREFIXES = {split.lower(): split for split in SPLITS}


def split_of(path: str) -> str | None:
    """Return the split that a path names, the file before its folders: `test` in `data/test-00000-of-00001.parquet`."""
    for part in reversed(path.lower().split("/")):
        for word in re.split(r"[^a-z]+", part):
            if word in SPLIT_WORDS:
                return SPLIT_WORDS[word]
    return None
