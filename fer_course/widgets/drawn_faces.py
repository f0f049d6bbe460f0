"""Drawn faces for figures that live: what `_shared/javascript/drawn.js` needs to draw them in the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from fer_course._shared.scripts import to_array
from fer_course.data.drawn import ACTION_UNITS, Identity, Pose, Scene, draw_noise, person
from fer_course.data.drawn.identity import columns, make_children


def describe(people: Sequence[int]) -> dict[str, Any]:
    """Return the numbers of some people, the usual pose and scene, and the random numbers of every face, as JSON can hold them.

    In the page, person `k` is the k-th of `people`: `draw_one(units, people[k])` is the face of `draw(units, k)`.

    Args:
        people: whole numbers that mean people, as for `draw_one`.

    """
    names = [each.name for each in fields(Identity)]
    rows = [_numbers(number, names) for number in people]
    return {
        "fields": names,
        "people": to_array(np.array(rows, dtype=np.float32)),
        "usual": asdict(Pose()) | asdict(Scene()),
        "units": list(ACTION_UNITS),
        "noise": to_array(draw_noise()[0]),
    }


def _numbers(number: int, names: list[str]) -> list[float]:
    """Return a person's numbers as they are drawn: with a child's face if it is a child."""
    made = columns(person(number))
    make_children(made)
    return [float(getattr(made, name)[0, 0, 0]) for name in names]
