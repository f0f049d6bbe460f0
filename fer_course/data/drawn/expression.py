"""Expressions as action units: which muscles move in each class, and how people differ.

The numbers are those of the Facial Action Coding System (Ekman & Friesen, FACS, 1978); the prototypes follow EMFACS
(Friesen & Ekman, EMFACS-7, 1983). Intensities run from 0 (not seen) to 1 (as strong as it gets: E in FACS).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES

#: FACS number -> name, for every action unit of a drawn face.
ACTION_UNITS = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    15: "lip corner depressor",
    16: "lower lip depressor",
    17: "chin raiser",
    20: "lip stretcher",
    23: "lip tightener",
    25: "lips part",
    26: "jaw drop",
    27: "mouth stretch",
    43: "eyes closed",
    54: "head down",
    64: "eyes down",
}

#: Class name -> action unit -> intensity: the textbook face of each class.
PROTOTYPES: dict[str, dict[int, float]] = {
    "angry": {4: 1.0, 5: 0.5, 7: 0.8, 17: 0.4, 23: 0.9},
    "disgust": {4: 0.4, 7: 0.4, 9: 1.0, 10: 0.8, 15: 0.3, 16: 0.2, 17: 0.5, 25: 0.2},
    "fear": {1: 0.9, 2: 0.5, 4: 0.6, 5: 0.9, 7: 0.3, 20: 0.9, 25: 0.6, 26: 0.4},
    "happy": {6: 0.8, 12: 1.0, 25: 0.8},
    "sad": {1: 0.9, 4: 0.5, 15: 0.9, 17: 0.6},
    "surprise": {1: 0.9, 2: 1.0, 5: 0.8, 25: 0.8, 26: 0.9},
    "neutral": {},
}

# Other faces of the same class, with their shares of the class; the prototype has the rest.
_VARIANTS: dict[str, list[tuple[float, dict[int, float]]]] = {
    "angry": [
        (0.25, {4: 1.0, 5: 0.4, 7: 0.7, 9: 0.4, 10: 0.7, 16: 0.6, 25: 0.9, 26: 0.6, 27: 0.6}),  # shouting
        (0.15, {4: 0.9, 7: 0.8, 9: 0.3, 10: 0.6, 16: 0.6, 20: 0.3, 23: 0.4, 25: 0.7}),  # teeth bared
        (0.20, {4: 0.9, 7: 0.4, 15: 0.3, 23: 0.3, 54: 0.4}),  # a scowl, from under the brows
    ],
    "disgust": [
        (0.30, {4: 0.5, 6: 0.3, 7: 0.6, 9: 0.9, 10: 1.0, 16: 0.4, 25: 0.6, 26: 0.2}),
        (0.20, {4: 0.3, 7: 0.5, 9: 0.5, 15: 0.8, 17: 0.9, 23: 0.2}),
    ],
    "fear": [
        (0.20, {1: 1.0, 2: 0.7, 4: 0.5, 5: 1.0, 20: 0.8, 25: 0.8, 26: 0.5}),  # near surprise
        (0.20, {1: 0.9, 2: 0.4, 4: 0.6, 5: 0.8, 20: 0.7, 25: 1.0, 26: 0.8, 27: 0.8}),  # screaming
        (0.12, {1: 1.0, 4: 0.5, 5: 0.6, 15: 0.2, 20: 0.9, 25: 0.5}),  # near sad
    ],
    "happy": [
        (0.25, {6: 0.4, 12: 0.8}),  # lips closed
        (0.25, {6: 1.0, 7: 0.3, 12: 1.0, 25: 0.9, 26: 0.6}),  # laughing
        (0.10, {12: 0.8, 25: 0.7}),  # for the camera: the eyes don't smile
    ],
    "sad": [
        (0.15, {1: 1.0, 4: 0.6, 6: 0.2, 7: 0.5, 15: 1.0, 17: 0.3, 20: 0.4, 25: 0.6, 26: 0.4}),  # crying
        (0.20, {1: 0.8, 4: 0.3, 15: 0.8, 17: 0.4}),
        (0.10, {4: 0.6, 7: 0.5, 15: 0.8, 17: 0.8}),
        (0.25, {1: 0.8, 4: 0.4, 15: 0.8, 17: 0.3, 43: 0.5, 54: 0.7, 64: 1.0}),  # head and eyes down
    ],
    "surprise": [
        (0.20, {1: 0.8, 2: 0.9, 5: 0.7, 25: 0.5, 26: 0.2}),
        (0.12, {1: 0.9, 2: 1.0, 5: 0.8, 12: 0.35, 25: 0.9, 26: 0.8, 27: 0.4}),  # a pleasant one
        (0.25, {1: 0.9, 2: 1.0, 5: 0.9, 25: 0.9, 26: 0.7, 27: 0.7}),  # the mouth as wide as it gets
        (0.10, {1: 0.8, 2: 0.9, 5: 0.8, 25: 0.5, 26: 0.2}),  # hardly open
    ],
    "neutral": [(0.12, {4: 0.2, 7: 0.2}), (0.12, {12: 0.2}), (0.12, {15: 0.2, 17: 0.2}), (0.06, {25: 0.35})],
}
#: Uniform random numbers for one expression.
NUMBERS = 8 + 3 * len(ACTION_UNITS)
_SLOT = {number: index for index, number in enumerate(ACTION_UNITS)}


def intensities(action_units: Mapping[int, float]) -> np.ndarray:
    """Return the intensities of all action units, float64 (20,) in the order of `ACTION_UNITS`.

    Raises:
        DataError: if a number is not an action unit of drawn faces, or an intensity is not between 0 and 1.

    """
    row = np.zeros(len(ACTION_UNITS))
    for number, intensity in action_units.items():
        if number not in _SLOT:
            known = ", ".join(str(each) for each in ACTION_UNITS)
            raise DataError(f"Drawn faces have the action units {known}; found {number!r}. Take one of these.")
        try:
            value = float(intensity)
        except (TypeError, ValueError):
            value = np.nan
        if not 0 <= value <= 1:
            raise DataError(
                f"The intensity of action unit {number} ({ACTION_UNITS[number]}) is a number from 0 (not seen) to 1 "
                f"(as strong as it gets); found {intensity!r}."
            )
        row[_SLOT[number]] = value
    return row


def sample(shown: int, uniform: np.ndarray) -> np.ndarray:
    """Return the action units of people who show class `shown`: float64 (N, 20), 0 to 1.

    Each person gets a face of the class, shown more or less strongly, with every muscle a little different; some mix in
    another class, some talk, and everybody has a resting face. Only +, -, ×, ÷ and comparisons are used, which give the
    same bits on every machine.

    Args:
        shown: the class that they show, 0 to 6.
        uniform: random numbers between 0 and 1, float64 (N, `NUMBERS`).

    """
    general, each, drop, rest = np.split(uniform, [8, 8 + len(_SLOT), 8 + 2 * len(_SLOT)], axis=1)
    units = _pick(CLASS_NAMES[shown], general[:, 0])
    strength = 0.45 + 0.75 * (0.7 * general[:, 1] + 0.3 * general[:, 2])
    units = units * strength[:, None] * (0.6 + 0.7 * each)
    units = np.where(drop < 0.12, units * 0.2, units)
    other = np.stack([_pick(name, general[:, 3]) for name in CLASS_NAMES])
    mixed_in = np.minimum((general[:, 4] * len(CLASS_NAMES)).astype(np.int64), len(CLASS_NAMES) - 1)
    mix = np.where(general[:, 5] < 0.22, 0.45 * general[:, 6], 0)
    units = units + mix[:, None] * other[mixed_in, np.arange(len(units))]
    units = units + 0.25 * rest * rest * rest
    talking = np.where(general[:, 7] < 0.1, general[:, 7] * 5, 0)
    units[:, _SLOT[25]] += talking
    units[:, _SLOT[26]] += talking * 0.5
    return np.clip(units, 0, 1)


def _pick(name: str, uniform: np.ndarray) -> np.ndarray:
    """Return one of the faces of a class for each number, (N, 20)."""
    variants = _VARIANTS[name]
    faces = np.stack([intensities(units) for _, units in variants] + [intensities(PROTOTYPES[name])])
    ends = np.cumsum([share for share, _ in variants])
    return faces[np.searchsorted(ends, uniform, side="right")]
