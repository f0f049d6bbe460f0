"""From numbers to pictures: the order in which the parts of a face are painted, and what lens and film add."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from fer_course.data.drawn import skin, surroundings
from fer_course.data.drawn.expression import ACTION_UNITS
from fer_course.data.drawn.features import move, paint_brows, paint_eyes, paint_mouth
from fer_course.data.drawn.geometry import column, inside, look, over, upsample
from fer_course.data.drawn.identity import Identity, Pose, Scene, columns, make_children
from fer_course.faces import SIZE

#: Faces that are drawn together: their fields of 48 × 48 float32 just fit into a processor's cache.
BATCH = 32
# Random numbers per face: grain for every pixel, strands of hair, blots of the background and of the skin.
_STRANDS, _BLOTS = (6, 32), (6, 6)
_HEAD_DOWN = 20  # degrees by which action unit 54 lowers the head
NOISE = SIZE * SIZE + _STRANDS[0] * _STRANDS[1] + 2 * _BLOTS[0] * _BLOTS[1]


def render(units: np.ndarray, identity: Identity, pose: Pose, scene: Scene, noise: np.ndarray) -> np.ndarray:
    """Return the pictures of a batch of faces, uint8 (B, 48, 48).

    Args:
        units: intensities of the action units, (B, 20) in the order of `ACTION_UNITS`, 0 to 1.
        identity: the people; fields are numbers or arrays (B,).
        pose: the poses of their heads.
        scene: light, background, lens.
        noise: random numbers between 0 and 1, float32 (B, `NOISE`).

    """
    person = columns(identity, pose, scene)
    make_children(person)
    _to_radians_and_units(person)
    grain, strands, blots, freckles = _split_noise(noise)
    muscles = {number: column(units[:, index]) for index, number in enumerate(ACTION_UNITS)}
    moved = move(person, muscles)
    person.chin = person.chin + moved.jaw
    person.pitch = person.pitch + np.deg2rad(_HEAD_DOWN) * muscles[54]
    view = look(person, person)
    depth = skin.relief(view, person, moved)
    light = skin.light_on(depth, view, person)
    picture = _paint(view, person, moved, light, SimpleNamespace(strands=strands, blots=blots, freckles=freckles))
    return _photograph(picture, person, grain)


def _to_radians_and_units(person) -> None:
    person.yaw, person.pitch, person.roll = (np.deg2rad(each) for each in (person.yaw, person.pitch, person.roll))
    person.shift_x, person.shift_y = person.shift_x * (2 / SIZE), person.shift_y * (2 / SIZE)


def _split_noise(noise: np.ndarray) -> tuple[np.ndarray, ...]:
    ends = np.cumsum([SIZE * SIZE, _STRANDS[0] * _STRANDS[1], _BLOTS[0] * _BLOTS[1]])
    grain, strands, blots, freckles = np.split(noise, ends, axis=1)
    count = len(noise)
    return (
        grain.reshape(count, SIZE, SIZE),
        upsample(strands.reshape(count, *_STRANDS)),
        blots.reshape(count, *_BLOTS),
        upsample(freckles.reshape(count, *_BLOTS)),
    )


def _paint(view, person, moved, light, texture) -> np.ndarray:
    skin_shade = person.skin * (1 + 0.16 * (texture.freckles - 0.5)) * light
    skin_shade *= 1 - skin.lines(view, person, moved)
    picture = surroundings.background(person, texture.blots)
    hair = surroundings.hair_of(view, person, texture.strands)
    over(picture, hair.colour, hair.mass)
    surroundings.paint_neck_and_ears(picture, view, person, person.skin * light, texture.strands)
    face = skin_shade
    over(face, 0.8 * hair.colour, surroundings.beard(view, person, moved, texture.strands))
    paint_mouth(face, view, person, moved, light)
    paint_eyes(face, view, person, moved, light)
    paint_brows(face, view, person, moved, np.minimum(0.75 * person.hair, 0.7 * person.skin), texture.strands)
    over(picture, face, inside(view.rim - 1, 0.07))
    surroundings.paint_front_hair(picture, view, person, hair, light)
    surroundings.paint_glasses(picture, view, person)
    surroundings.paint_lock(picture, view, person, hair)
    surroundings.paint_scarf(picture, view, person, texture.strands)
    surroundings.paint_hand(picture, view, person, person.skin * light)
    return picture


def _photograph(picture: np.ndarray, person, grain: np.ndarray) -> np.ndarray:
    """Return the picture as a camera takes it: exposure, contrast, a soft lens, letters of an agency, grain; uint8."""
    surroundings.paint_lettering(picture, person, grain)
    picture *= person.exposure
    picture = 0.5 + (picture - 0.5) * person.contrast
    # Film does not clip highlights at once: it compresses them first.
    picture -= 0.55 * np.maximum(picture - 0.7, 0)
    soft = 0.25 * person.blur
    picture[:, :, 1:-1] += soft * (picture[:, :, 2:] + picture[:, :, :-2] - 2 * picture[:, :, 1:-1])
    picture[:, 1:-1] += soft * (picture[:, 2:] + picture[:, :-2] - 2 * picture[:, 1:-1])
    picture += (0.09 * person.grain) * (grain - 0.5)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
