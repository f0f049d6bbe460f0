"""The person, the pose of the head, and the photograph: three frozen dataclasses of plain numbers.

A field is one number, or an array (N,) with one number per face. `sample` makes any of the three from uniform random
numbers, by the range of each field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from fer_course.data.drawn.geometry import column


def _range(low: float, high: float, kind: str = "even", typical: float | None = None):
    """Describe a field: its range, how its values are distributed in it, and its default."""
    skewed = {"low": 0.25, "high": 0.75, "rare": 0.05}
    usual = low + (high - low) * skewed.get(kind, 0.5)
    return field(default=usual if typical is None else typical, metadata={"low": low, "high": high, "kind": kind})


@dataclass(frozen=True)
class Identity:
    """A person: lengths in face coordinates (1 is 24 pixels), shades from 0 (black) to 1 (white), amounts from 0 to 1."""

    width: float = _range(0.72, 0.90, "middle")
    jaw: float = _range(0.02, 0.36)
    square: float = _range(0.15, 0.65)
    crown: float = _range(1.10, 1.30, "middle")
    chin: float = _range(0.93, 1.06, "middle")
    depth: float = _range(0.55, 0.80, "middle")
    skin: float = _range(0.36, 1.0, "middle", typical=0.8)
    freckles: float = _range(0, 1, "rare")
    age: float = _range(0, 1, "middle", typical=0.25)
    eye_x: float = _range(0.35, 0.43, "middle")
    eye_y: float = _range(-0.27, -0.19, "middle")
    eye_width: float = _range(0.175, 0.23, "middle")
    eye_open: float = _range(0.055, 0.110, "middle")
    eye_tilt: float = _range(-0.03, 0.04, "middle")
    eye_depth: float = _range(0.2, 1.0, "middle")
    iris: float = _range(0.03, 0.42, "low")
    lashes: float = _range(0.35, 0.95)
    bags: float = _range(0, 1, "low")
    brow_gap: float = _range(0.15, 0.24, "middle")
    brow_arch: float = _range(0.0, 0.09, "middle")
    brow_slope: float = _range(-0.02, 0.05, "middle")
    brow_thick: float = _range(0.028, 0.062, "middle")
    brow_dark: float = _range(0.35, 0.95)
    nose_length: float = _range(0.14, 0.26, "middle")
    nose_width: float = _range(0.10, 0.17, "middle")
    nose_height: float = _range(0.7, 1.25, "middle")
    mouth_y: float = _range(0.50, 0.58, "middle")
    mouth_width: float = _range(0.23, 0.31, "middle")
    mouth_curve: float = _range(-0.025, 0.030, "middle")
    lip_upper: float = _range(0.035, 0.085, "middle")
    lip_lower: float = _range(0.045, 0.095, "middle")
    lip_dark: float = _range(0.10, 0.50, "low")
    cheeks: float = _range(0.0, 1.0, "middle")
    asymmetry: float = _range(-1, 1, "middle")
    hair: float = _range(0.05, 1.10, "low")
    hair_style: float = _range(0, 1)
    hairline: float = _range(-1.00, -0.58, "middle", typical=-0.80)
    hair_volume: float = _range(0.04, 0.30)
    fringe: float = _range(0, 1)
    glasses: float = _range(0, 1)
    beard: float = _range(0, 1)
    ears: float = _range(0, 1)
    child: float = _range(0, 1, "even", typical=0.5)


#: Share of the faces that are children's.
CHILDREN = 0.12
# A small child's face, towards which an adult's is morphed.
_CHILD = {
    "width": 0.88, "jaw": 0.05, "square": 0.25, "chin": 0.92, "age": 0.0, "eye_y": -0.13, "eye_width": 0.225, "eye_open": 0.115,
    "eye_depth": 0.15, "bags": 0.1, "brow_gap": 0.19, "brow_thick": 0.028, "brow_dark": 0.25, "nose_length": 0.19,
    "nose_width": 0.11, "nose_height": 0.6, "mouth_y": 0.50, "mouth_width": 0.22, "cheeks": 1.0, "beard": 0.0, "hairline": -0.95,
    "hair_volume": 0.06, "glasses": 1.0, "lip_dark": 0.15, "lashes": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Pose:
    """The pose of the head: degrees (yaw to the right, pitch down, roll clockwise), size (1 is usual), shifts in pixels."""

    yaw: float = _range(-34, 34, "middle")
    pitch: float = _range(-16, 16, "middle")
    roll: float = _range(-19, 19, "middle")
    size: float = _range(0.86, 1.22, "middle", typical=1.03)
    shift_x: float = _range(-3.5, 3.5, "middle")
    shift_y: float = _range(-3.5, 3.5, "middle")


@dataclass(frozen=True)
class Scene:
    """How the picture is taken: light, background, what is in front of the face, lens and film."""

    light_x: float = _range(-1.8, 1.8, "middle", typical=-0.45)
    light_y: float = _range(-0.9, 0.3, "even", typical=-0.45)
    hardness: float = _range(0.25, 0.85, "even", typical=0.5)
    exposure: float = _range(0.80, 1.70, "middle", typical=1.05)
    contrast: float = _range(0.75, 1.5, "middle", typical=1.15)
    background: float = _range(0.02, 1.0, "even", typical=0.45)
    clutter: float = _range(0, 1, "low")
    gaze_x: float = _range(-0.05, 0.05, "centre", typical=0.0)
    gaze_y: float = _range(-0.03, 0.04, "centre", typical=0.0)
    hand: float = _range(0, 1, "even", typical=0.5)
    hand_place: float = _range(0, 1)
    lock: float = _range(0, 1, "even", typical=0.5)
    scarf: float = _range(0, 1, "even", typical=0.5)
    lettering: float = _range(0, 1, "even", typical=0.5)
    blur: float = _range(0.0, 0.9, "low", typical=0.1)
    grain: float = _range(0.1, 0.8, "low", typical=0.2)


Kind = TypeVar("Kind", Identity, Pose, Scene)


def sample(kind: type[Kind], uniform: np.ndarray) -> Kind:
    """Return people, poses or scenes from random numbers: a dataclass of float64 arrays (N,).

    Only +, - and × are used, which give the same bits on every machine.

    Args:
        kind: `Identity`, `Pose` or `Scene`.
        uniform: random numbers between 0 and 1, float64 (N, 2 × number of fields).

    """
    values: dict[str, Any] = {}
    for index, trait in enumerate(fields(kind)):
        values[trait.name] = _distribute(trait, uniform[:, 2 * index], uniform[:, 2 * index + 1])
    return kind(**values)


def _distribute(trait, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    share = {
        "even": lambda: first,
        "middle": lambda: (first + second) / 2,
        "centre": lambda: 0.5 + 4 * (first - 0.5) * (first - 0.5) * (first - 0.5) * (0.4 + 0.6 * second),
        "low": lambda: first * second,
        "rare": lambda: first * first * first * second,
        "high": lambda: 1 - first * second,
    }[trait.metadata["kind"]]()
    return trait.metadata["low"] + (trait.metadata["high"] - trait.metadata["low"]) * share


def make_children(person) -> None:
    """Give children a child's face, in place: large low eyes, faint brows, a small nose, round cheeks.

    Args:
        person: columns of an `Identity`; a person with `child` above 1 - `CHILDREN` is a child, the higher the younger.

    """
    young = np.clip((person.child - (1 - CHILDREN)) * (2 / CHILDREN), 0, 1)
    for name, value in _CHILD.items():
        adult = getattr(person, name)
        setattr(person, name, adult + young * (np.float32(value) - adult))


def numbers(kind: type) -> int:
    """Return the number of random numbers that `sample` uses for one person, pose or scene."""
    return 2 * len(fields(kind))


def person(number: int) -> Identity:
    """Return the person that a number means: always the same one."""
    rng = np.random.Generator(np.random.PCG64([number, 2013]))
    sampled = sample(Identity, rng.random((1, numbers(Identity))))
    return Identity(**{name: float(value[0]) for name, value in asdict(sampled).items()})


def columns(*parts) -> SimpleNamespace:
    """Return the fields of dataclasses as float32 columns (B, 1, 1), in one namespace."""
    return SimpleNamespace(**{each.name: column(getattr(part, each.name)) for part in parts for each in fields(part)})
