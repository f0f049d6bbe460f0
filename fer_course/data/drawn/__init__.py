"""Drawn faces: the data set that is always available. Faces with expressions, drawn by numbers, of nobody.

A head is a relief, lit and projected. Facial action units (FACS) move brows, lids, nose, cheeks and lips; the person, the
pose of the head and the photograph vary from face to face. Sets have FER2013's proportions and FER2013's faults, so that
they teach what FER2013 teaches. They are not FER2013, and a score on them is not a score on FER2013.

    faces = draw(600, seed=1)                  # a small set
    picture = draw_one({6: 0.8, 12: 1.0})      # one face: cheeks and lip corners raised

Modules: `geometry` (shapes and projection), `expression` (action units), `identity` (people, poses, scenes), `features`
(brows, eyes, mouth), `skin` (relief, light, lines), `surroundings` (hair, beard, glasses, hands, background), `render`
(all of it in order) and `faults` (which faces a set has, and what is wrong with it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from fer_course._shared.machine import processors
from fer_course._shared.values import is_whole
from fer_course.data.drawn import expression, faults, identity, render
from fer_course.data.drawn.expression import ACTION_UNITS, PROTOTYPES
from fer_course.data.drawn.identity import CHILDREN, Identity, Pose, Scene, person
from fer_course.data.drawn.surroundings import WITH_GLASSES
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, SIZE, Faces

__all__ = [
    "ACTION_UNITS",
    "CHILDREN",
    "DEFAULT_N",
    "PROTOTYPES",
    "WITH_GLASSES",
    "Identity",
    "People",
    "Pose",
    "Scene",
    "draw",
    "draw_noise",
    "draw_one",
    "draw_people",
    "people",
    "person",
]

#: How many faces the embedded default set has.
DEFAULT_N = 6000
WORKERS = min(2, processors())
_UNIFORM = 2 + expression.NUMBERS + sum(identity.numbers(kind) for kind in (Identity, Pose, Scene))


@dataclass(frozen=True)
class People:
    """The numbers behind N faces of one label, before they are drawn.

    Attributes:
        shown: int64 (N,), the class that each face shows; it differs from the label if the label is wrong.
        action_units: float64 (N, 20), intensities in the order of `ACTION_UNITS`.
        identity: `Identity` of float64 arrays (N,).
        pose: `Pose` of float64 arrays (N,).
        scene: `Scene` of float64 arrays (N,).

    """

    shown: np.ndarray
    action_units: np.ndarray
    identity: Identity
    pose: Pose
    scene: Scene


def draw(
    n: int = DEFAULT_N,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    balanced: bool = False,
) -> Faces:
    """Return `n` drawn faces with FER2013's splits, class proportions and faults, in FER2013's order of splits.

    The same `n` and `seed` give the same faces on every machine (pixels differ by at most one grey level). Sets of
    different sizes share their people: the k-th distinct face of a class is the same in all sets of a seed. Its split and
    row, the copies, and the constant pictures are chosen again for each size.

    Args:
        n: the number of faces, 1 or more: about 1,000 or more per second, and 2.3 kB of memory per face.
        seed: a whole number, 0 or more; the same seed gives the same faces.
        progress: called from time to time with the number of faces drawn so far and the number of faces to draw.
        balanced: draw the same number of faces of each class, instead of FER2013's proportions.

    Returns:
        `Faces`, drawn: uint8 (n, 48, 48) with labels; about 10 % of the labels are wrong, 5 % of the pictures are copies.

    Raises:
        DataError: if `n` is not a whole number of 1 or more, or `seed` not one of 0 or more.

    Example:
        >>> draw(7, seed=1).images.shape
        (7, 48, 48)

    """
    _check_whole("The number of faces to draw", n, 1)
    _check_whole("The seed of drawn faces", seed, 0)
    plan = faults.plan(int(n), int(seed), balanced)
    images = np.zeros((n, SIZE, SIZE), dtype=np.uint8)
    batches = _batches(plan)
    todo, done = sum(len(batch.rows) for batch in batches), 0
    for batch, pictures in zip(batches, _draw_in_parallel(batches, int(seed)), strict=True):
        images[batch.rows] = pictures
        done += len(pictures)
        if progress is not None:
            progress(done, todo)
    images = images[plan.original]
    return Faces(images, plan.labels, faults.split_names(plan), f"drawn faces (seed {seed})", drawn=True)


class Batch(NamedTuple):
    """Rows of a set that are drawn together: faces from the `number`-th batch of a class."""

    label: int
    number: int
    rows: np.ndarray


def _batches(plan: faults.Plan) -> list[Batch]:
    """Return the batches to draw: without copies and constant pictures."""
    batches = []
    for label in range(len(CLASS_NAMES)):
        rows = np.flatnonzero((plan.labels == label) & (plan.position >= 0))
        starts = range(0, len(rows), render.BATCH)
        batches += [Batch(label, start // render.BATCH, rows[start : start + render.BATCH]) for start in starts]
    return batches


def _draw_in_parallel(batches: list[Batch], seed: int) -> Iterator[np.ndarray]:
    """Yield the pictures of each batch in order, drawn in two threads: NumPy lets both run while it computes."""
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            yield from pool.map(lambda batch: _pictures(batch.label, batch.number, len(batch.rows), seed), batches)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)  # Ctrl-C does not wait for batches that have not started


def draw_one(
    action_units: Mapping[int, float],
    identity: Identity | int = 0,
    pose: Pose | None = None,
    scene: Scene | None = None,
) -> np.ndarray:
    """Return one face that moves the given muscles, uint8 (48, 48), in a few milliseconds: quick enough for sliders.

    Args:
        action_units: FACS number -> intensity from 0 to 1, such as `{1: 0.9, 2: 1, 5: 0.8, 25: 0.8, 26: 0.9}`; other
            units are at rest. `ACTION_UNITS` lists the numbers, `PROTOTYPES` has one face per class.
        identity: the person: an `Identity`, or a whole number that means one.
        pose: the pose of the head; default: upright and from the front.
        scene: light, background and lens; default: a soft light from the upper left.

    Raises:
        DataError: if an action unit is unknown, an intensity is not between 0 and 1, or the identity is neither.

    Example:
        >>> draw_one({12: 1.0}).shape
        (48, 48)

    """
    units = expression.intensities(action_units)[None]
    if not isinstance(identity, Identity):
        _check_whole("An identity that is not an Identity", identity, 0)
        identity = person(int(identity))
    return render.render(units, identity, pose or Pose(), scene or Scene(), draw_noise())[0]


def draw_noise() -> np.ndarray:
    """Return the random numbers of every face of `draw_one`: grain, strands of hair and blots, float32 (1, `render.NOISE`)."""
    return np.random.Generator(np.random.PCG64(2013)).random((1, render.NOISE), dtype=np.float32)


def people(label: int, batch: int, seed: int = 0) -> People:
    """Return the numbers behind one batch of `render.BATCH` faces of a class: the same for sets of every size.

    Args:
        label: the label of the faces, 0 to 6.
        batch: 0 for the first `render.BATCH` faces of the class, 1 for the next, and so on.
        seed: as for `draw`.

    """
    uniform = _generator(label, batch, seed).random((render.BATCH, _UNIFORM))
    widths = [2, expression.NUMBERS, *(identity.numbers(kind) for kind in (Identity, Pose, Scene))]
    parts = np.split(uniform, np.cumsum(widths)[:-1], axis=1)
    for_label, for_units, for_identity, for_pose, for_scene = parts
    shown = faults.shown(np.full(render.BATCH, label), for_label)
    units = np.empty((render.BATCH, len(ACTION_UNITS)))
    for each in np.unique(shown):
        units[shown == each] = expression.sample(int(each), for_units[shown == each])
    return People(
        shown,
        units,
        identity.sample(Identity, for_identity),
        identity.sample(Pose, for_pose),
        identity.sample(Scene, for_scene),
    )


def draw_people(label: int, batch: int, seed: int = 0, **changes: float) -> tuple[np.ndarray, People]:
    """Return one batch of faces of a class, and the numbers behind them, which no photograph reveals.

    `changes` sets a field of all faces to one value, and changes nothing else: `draw_people(3, 0, skin=0.3)` draws the faces
    of `draw_people(3, 0)` with dark skin, identical to the last strand of hair.

    Args:
        label: the label of the faces, 0 to 6; `People.shown` is what they show.
        batch: 0 for the first `render.BATCH` faces of the class, 1 for the next, and so on.
        seed: as for `draw`; another seed than that of the training faces gives people whom no model has seen.
        **changes: fields of `Identity`, `Pose` or `Scene`, and their new values.

    Returns:
        uint8 (32, 48, 48), and `People` of 32.

    Raises:
        DataError: if there is no such class, batch, seed or field, or a value is not a finite number.

    """
    for what, number in (("A label", label), ("The number of a batch", batch), ("The seed of drawn faces", seed)):
        _check_whole(what, number, 0)
    if label >= len(CLASS_NAMES):
        raise DataError(f"A label is a whole number from 0 to {len(CLASS_NAMES) - 1}; found {label!r}.")
    who = people(label, batch, seed)
    parts = {name: getattr(who, name) for name in ("identity", "pose", "scene")}
    for field, value in changes.items():
        name = next((name for name, part in parts.items() if hasattr(part, field)), None)
        if name is None:
            raise DataError(
                f"Drawn faces have no {field!r}; take a field of Identity, Pose or Scene, such as skin or yaw."
            )
        if not _is_finite(value):
            raise DataError(f"The new value of {field} is one number for all faces of the batch; found {value!r}.")
        parts[name] = replace(parts[name], **{field: np.full(render.BATCH, float(value))})
    who = replace(who, **parts)
    noise = _generator(label, batch, seed, 1).random((render.BATCH, render.NOISE), dtype=np.float32)
    return render.render(who.action_units, who.identity, who.pose, who.scene, noise), who


def _is_finite(value: Any) -> bool:
    return np.isscalar(value) and not isinstance(value, str) and bool(np.isfinite(value))


def _pictures(label: int, batch: int, count: int, seed: int) -> np.ndarray:
    who = people(label, batch, seed)
    noise = _generator(label, batch, seed, 1).random((render.BATCH, render.NOISE), dtype=np.float32)
    return render.render(who.action_units, who.identity, who.pose, who.scene, noise)[:count]


def _generator(*numbers: int) -> np.random.Generator:
    # PCG64 by name and only its method `random`: NumPy keeps both streams the same in every version.
    return np.random.Generator(np.random.PCG64([*numbers, 48]))


def _check_whole(what: str, value, least: int) -> None:
    if not (is_whole(value) or isinstance(value, np.integer)) or value < least:
        raise DataError(f"{what} is a whole number, {least} or more; found {value!r}.")
