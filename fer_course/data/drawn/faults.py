"""The plan of a set: which faces it has and what is wrong with it, with FER2013's proportions and FER2013's faults.

FER2013 (Goodfellow et al. 2013) has 35,887 rows, of which 1,853 repeat another one exactly: 1,236 within Training, 280
of PublicTest and 288 of PrivateTest that are also in Training. 57 groups of such copies have conflicting labels, 12
pictures are constant, and many labels are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_course.faces import CLASS_NAMES, SPLITS

#: Faces of each class in FER2013: one row per split (Training, PublicTest, PrivateTest), one column per class.
FER2013_COUNTS = np.array(
    [
        [3995, 436, 4097, 7215, 4830, 3171, 4965],
        [467, 56, 496, 895, 653, 415, 607],
        [491, 55, 528, 879, 594, 416, 626],
    ]
)
#: Share of each split's faces that are exact copies of a Training face.
COPIED = np.array([1236 / 28709, 280 / 3589, 288 / 3589])
#: Share of the copies whose label differs from that of their original.
CONFLICTING = 57 / 1853
#: Share of pictures that are a single grey.
CONSTANT = 12 / 35887
#: Share of labels that are wrong: the face shows another class.
MISLABELLED = 0.10
# Label -> what the face shows instead, and how often: confusions of the people who labelled FER2013.
_MISTAKES = {
    "angry": {"sad": 3, "neutral": 3, "disgust": 2, "fear": 2},
    "disgust": {"angry": 6, "sad": 2, "fear": 1},
    "fear": {"surprise": 4, "sad": 4, "neutral": 2},
    "happy": {"neutral": 4, "surprise": 2, "angry": 1},
    "sad": {"neutral": 5, "fear": 3, "angry": 2},
    "surprise": {"fear": 4, "happy": 2, "neutral": 1},
    "neutral": {"sad": 5, "happy": 2, "angry": 2},
}
# Labels of FER2013's twelve constant pictures; the last one is in PublicTest.
_CONSTANT_LABELS = (0, 3, 0, 6, 0, 4, 0, 5, 0, 0, 0, 0)


@dataclass(frozen=True)
class Plan:
    """The content of every row of a set, before anything is drawn: int64 arrays (n,).

    Attributes:
        labels: the label of the row, 0 to 6.
        split: index into `SPLITS`, ascending.
        original: the row that is drawn for this row: itself, or the row that it copies.
        position: for originals, the number of the face in its class: the k-th face of a class is the same in every set
            of a seed, large or small; -1 for copies and constant pictures.
        constant: boolean, True for pictures that are a single grey.

    """

    labels: np.ndarray
    split: np.ndarray
    original: np.ndarray
    position: np.ndarray
    constant: np.ndarray


def plan(n: int, seed: int, balanced: bool = False) -> Plan:
    """Return the plan of a set of `n` faces: splits, labels, copies, constant pictures."""
    rng = np.random.Generator(np.random.PCG64([seed, n, 35887]))
    counts = proportions(n, balanced)
    labels = np.concatenate([_shuffled(np.repeat(np.arange(len(CLASS_NAMES)), row), rng) for row in counts])
    split = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    constant = _choose_constant(labels, split, rng)
    original = _choose_copies(labels, split, constant, rng)
    position = np.full(n, -1)
    for label in range(len(CLASS_NAMES)):
        own = np.flatnonzero((labels == label) & (original == np.arange(n)) & ~constant)
        position[own] = np.arange(len(own))
    return Plan(labels, split, original, position, constant)


def proportions(n: int, balanced: bool = False) -> np.ndarray:
    """Return how many of `n` faces each split and class gets, int64 (3, 7): as in FER2013, or the same for all classes."""
    per_split = _apportion(FER2013_COUNTS.sum(axis=1), n)
    weights = np.ones_like(FER2013_COUNTS) if balanced else FER2013_COUNTS
    return np.stack([_apportion(row, size) for row, size in zip(weights, per_split, strict=True)])


def _apportion(weights: np.ndarray, n: int) -> np.ndarray:
    """Return whole numbers that sum to `n`, in the proportion of `weights` (largest remainders, in whole numbers)."""
    scaled = weights.astype(np.int64) * n
    shares, remainders = scaled // weights.sum(), scaled % weights.sum()
    shares[np.argsort(-remainders, kind="stable")[: n - shares.sum()]] += 1
    return shares


def _shuffled(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    # By sorting random numbers: `Generator.shuffle` may change between versions of NumPy.
    return values[np.argsort(rng.random(len(values)), kind="stable")]


def _choose_constant(labels: np.ndarray, split: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    constant = np.zeros(len(labels), dtype=bool)
    for number in range(round(len(labels) * CONSTANT)):
        kind = number % len(_CONSTANT_LABELS)
        part = 1 if kind == len(_CONSTANT_LABELS) - 1 else 0
        rows = np.flatnonzero((labels == _CONSTANT_LABELS[kind]) & (split == part) & ~constant)
        if len(rows):
            constant[_shuffled(rows, rng)[0]] = True
    return constant


def _choose_copies(labels, split, constant, rng) -> np.ndarray:
    """Return for every row the row that it shows: itself, or, for copies, an original in Training."""
    original = np.arange(len(labels))
    for part in range(len(COPIED)):
        rows = _shuffled(np.flatnonzero((split == part) & ~constant), rng)
        copies = rows[: round(len(rows) * COPIED[part])]
        if part == 0:
            is_source = (split == 0) & ~constant
            is_source[copies] = False
        conflicting = rng.random(len(copies)) < CONFLICTING
        wanted = np.where(conflicting, _mistaken(labels[copies], rng), labels[copies])
        for label in range(len(CLASS_NAMES)):
            sources = np.flatnonzero(is_source & (labels == label))
            mine = copies[wanted == label]
            if len(sources):
                original[mine] = sources[(rng.random(len(mine)) * len(sources)).astype(np.int64)]
    return original


def shown(labels: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return the class that each face really shows, given its label: mostly the same; for `MISLABELLED` of them another one.

    Args:
        labels: int array (N,), 0 to 6.
        uniform: random numbers between 0 and 1, (N, 2).

    """
    return np.where(uniform[:, 0] < MISLABELLED, _confused(labels, uniform[:, 1]), labels)


def _mistaken(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _confused(labels, rng.random(len(labels)))


def _confused(labels: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    others = np.empty(len(labels), dtype=np.int64)
    for label, name in enumerate(CLASS_NAMES):
        names, weights = zip(*_MISTAKES[name].items(), strict=True)
        ends = np.cumsum(weights)
        rows = np.flatnonzero(labels == label)
        picked = np.searchsorted(ends, uniform[rows] * ends[-1], side="right")
        others[rows] = np.array([CLASS_NAMES.index(each) for each in names])[picked]
    return others


def split_names(plan_: Plan) -> np.ndarray:
    """Return the names of the splits of a plan, a string array (n,)."""
    return np.array(SPLITS)[plan_.split]
