"""What is around, on and in front of a face: background, neck, ears, hair, hats, beard, glasses, hands, lettering."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from fer_course.data.drawn.geometry import View, box, bump, capsule, ellipse, inside, over, ramp, ridge, upsample

#: Share of the faces with glasses, a scarf, a lock of hair or a hand in front of them, or letters over them.
WITH_GLASSES, WITH_SCARF, WITH_LOCK, WITH_HAND, WITH_LETTERING = 0.11, 0.03, 0.05, 0.08, 0.03


def background(person, coarse: np.ndarray) -> np.ndarray:
    """Return the background: one grey that changes softly, or clutter out of focus."""
    return np.clip(person.background + (0.15 + 0.9 * person.clutter) * (upsample(coarse) - 0.5), 0, 1)


def paint_neck_and_ears(picture, view: View, person, shade, texture) -> None:
    """Paint neck, shoulders and ears over `picture`, in place."""
    cloth = np.abs(1.3 * person.background - 0.9)
    # The neckline slopes from the neck to the shoulders: a step would show as a hard corner beside the chin.
    neckline = 1.16 - 0.16 * ramp(view.far, 0.30, 0.70) + 0.10 * view.far
    over(picture, cloth * (0.8 + 0.4 * texture), inside(neckline - view.y, 0.12))
    over(picture, 0.52 * shade, inside(np.maximum(view.far - 0.62 * person.width, 0.6 - view.y), 0.12))
    ear = ellipse(view.far, view.y, person.width * 0.99, 0.0, 0.10, 0.20)
    over(picture, shade * (0.62 + 0.9 * np.clip(-ear, 0, 0.1) * 4), inside(ear) * (person.ears < 0.8))


def hair_of(view: View, person, texture) -> SimpleNamespace:
    """Return the hair as fields: `colour`, its shade; `mass`, where it may be, 0 to 1; `strands`, the given texture."""
    # Strands, and the soft light on them.
    shine = bump(view.x, view.y, -0.3 * person.light_x, -0.85, 0.5, 0.3)
    colour = person.hair * (0.62 + 0.60 * texture + 0.40 * shine) + 0.03 * texture
    return SimpleNamespace(colour=colour, mass=_hair_mass(view, person, texture), strands=texture)


def _hair_mass(view: View, person, texture) -> np.ndarray:
    """Return the hair at every pixel as if there were no face: a cap, with locks at the sides if it is long."""
    style = person.hair_style
    long = style > 0.5
    widen = person.hair_volume * (0.35 + 0.65 * long)
    cap = ellipse(view.x, view.y, 0, -0.10, person.width + widen, person.crown + 0.5 * person.hair_volume)
    locks = np.maximum(view.far - person.width - widen - 0.05 * view.y, -0.1 - view.y)
    loose = 0.08 * (texture - 0.5)
    mass = np.maximum(inside(cap + loose, 0.14), inside(locks + loose, 0.14) * long)
    # Short hair ends at the ears, long hair lower; each strand a little differently.
    end = np.where(long, 0.60 + 7 * (style - 0.5), 0.05 + 0.30 * (style - 0.3)) + 0.12 * (texture - 0.5)
    return mass * (1 - ramp(view.y, end - 0.15, end + 0.20)) * (style >= 0.07)


def paint_front_hair(picture, view: View, person, hair, light) -> None:
    """Paint the hair that grows or falls over the forehead and temples over `picture`, in place; or a hat."""
    style = person.hair_style
    bald = ramp(style, 0.16, 0.05)
    parted = 0.5 * (person.fringe - 0.4) * view.x
    line = person.hairline - 0.35 * bald + parted + 0.06 * (hair.strands - 0.5)
    across = view.x * (1 / person.width)
    temple = across * across
    steep = 0.4 + 0.6 * (style > 0.5)
    line = line + temple * (0.12 + temple * (0.15 + steep * temple)) * (1 - bald)
    fringe = ramp(person.fringe, 0.86, 0.90) * (style > 0.3)
    line = np.maximum(
        line, (-0.50 - 0.15 * (1 - person.brow_gap * 4) + 0.10 * view.x * view.side) * fringe - (1 - fringe)
    )
    # Where the line falls steeply beside the face, a softness across it is larger from top to bottom.
    slope = np.abs(across) * (0.24 + temple * (0.60 + 6 * steep * temple))
    cover = inside(view.y - line, 0.16 + 0.08 * slope) * hair.mass
    over(picture, hair.colour * (0.7 + 0.3 * light), cover)
    hat = style > 0.95
    if hat.any():
        over(picture, 0.15 + 0.7 * person.background * light, inside(view.y + 0.62 - 0.1 * view.x * view.x) * hat)


def beard(view: View, person, moved, texture) -> np.ndarray:
    """Return how much beard covers every pixel, 0 to 1: stubble, a moustache, a full beard, mostly none."""
    kind = person.beard
    stubble, full = 0.32 * (kind > 0.72), 0.85 * (kind > 0.86)
    jaw = ramp(view.y + 0.55 * view.far - 0.12 * texture, 0.72, 0.92) * ramp(view.y, -0.05, 0.35)
    lip = bump(view.x, view.y, 0, moved.mouth_y - moved.open_upper - moved.lip_upper - 0.065, 0.30, 0.055)
    moustache = ((kind > 0.80) & (kind < 0.90)) * 0.8
    return np.minimum(
        np.maximum(stubble, full) * (0.55 + 0.6 * texture) * np.maximum(jaw, 0.8 * lip) + moustache * lip, 0.92
    )


def paint_glasses(picture, view: View, person) -> None:
    """Paint glasses over the faces that wear them, in place: frames, temples, a glint; sometimes dark lenses."""
    chosen = np.flatnonzero(person.glasses.ravel() < WITH_GLASSES)
    if not len(chosen):
        return
    view, person = view.select(chosen), _select(person, chosen)
    kind = person.glasses * (1 / WITH_GLASSES)
    part = picture[chosen]
    lens = box(view.far, view.y, person.eye_x, person.eye_y + 0.03, 0.25, 0.15 + 0.06 * kind, 0.06 + 0.08 * kind)
    dark = 0.05 + 0.5 * ramp(person.brow_dark, 0.75, 0.95)
    frame = np.abs(lens) - 0.008 - 0.018 * kind
    bridge = np.maximum(np.abs(view.y - person.eye_y) - 0.015, view.far - 0.15)
    temple = np.maximum(np.abs(view.y - person.eye_y + 0.04) - 0.015, 0.66 - view.far)
    over(part, 0.06, inside(lens) * 0.85 * (kind < 0.09))
    over(part, dark, inside(np.minimum(np.minimum(frame, bridge), temple)) * 0.85 * (view.rim < 1.05))
    glint = ridge(view.x + 0.8 * view.y - 0.25, 0.06) * inside(lens)
    over(part, 0.95, 0.35 * glint * (person.ears > 0.6))
    picture[chosen] = part


def _select(person, chosen: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(**{name: column[chosen] for name, column in vars(person).items()})


def paint_lock(picture, view: View, person, hair) -> None:
    """Paint a lock of hair that falls over one eye, on the faces that have one, in place."""
    chosen = np.flatnonzero(person.lock.ravel() < WITH_LOCK)
    if not len(chosen):
        return
    view, part, person = view.select(chosen), picture[chosen], _select(person, chosen)
    strands, colour = hair.strands[chosen], hair.colour[chosen]
    side = np.where(person.lock < WITH_LOCK / 2, -1, 1).astype(np.float32)
    x = view.x * side
    # A bent band from the parting over the eye to the cheek, wider and thinner where it ends.
    down = np.clip((view.y + 0.95) * (1 / 1.35), 0, 1)
    middle = 0.05 + 0.62 * down * (1.5 - 0.5 * down)
    band = (
        inside(np.abs(x - middle) - 0.09 - 0.12 * down, 0.10)
        * (1 - ramp(view.y, 0.10, 0.45))
        * ramp(view.y, -1.1, -0.9)
    )
    over(part, colour, band * np.clip(0.25 + 1.3 * strands, 0, 1) * 0.95)
    picture[chosen] = part


def paint_scarf(picture, view: View, person, texture) -> None:
    """Paint a scarf up to the chin, or over the mouth, on the faces that wear one, in place."""
    chosen = np.flatnonzero(person.scarf.ravel() < WITH_SCARF)
    if not len(chosen):
        return
    view, part, person, texture = view.select(chosen), picture[chosen], _select(person, chosen), texture[chosen]
    height = person.scarf * (1 / WITH_SCARF)
    edge = 0.98 - 0.62 * ramp(height, 0.55, 1.0) - 0.14 * view.far + 0.05 * (texture - 0.5)
    folds = 0.5 + 0.5 * np.cos((view.y + 0.25 * view.x * view.x) * (18 + 14 * height))
    shade = (0.12 + 0.75 * height * (1 - height) * 4 * person.background) * (0.65 + 0.45 * folds) + 0.08 * texture
    over(part, shade, inside(edge - view.y, 0.07))
    picture[chosen] = part


def paint_hand(picture, view: View, person, shade) -> None:
    """Paint a hand on a cheek, at the chin or over the mouth, on the faces that have one, in place."""
    chosen = np.flatnonzero(person.hand.ravel() < WITH_HAND)
    if not len(chosen):
        return
    view, shade, part = view.select(chosen), shade[chosen], picture[chosen]
    position = person.hand_place[chosen]
    right = np.where(position < 0.5, -1, 1).astype(np.float32)
    # From 0, a hand flat on the cheek, to 1, a hand across the mouth.
    across = np.abs(position * 2 - 1)
    turned = 1.35 * ramp(across, 0.55, 0.75)
    x, y = view.x * right - 0.55, view.y - 0.95
    x, y = np.cos(turned) * x + np.sin(turned) * y + 0.55, np.cos(turned) * y - np.sin(turned) * x + 0.95
    y = y - 0.22 * ramp(across, 0.55, 0.75)
    lean = 0.25 + 0.5 * across
    for finger in range(4):
        base = 0.50 + 0.13 * finger
        length = 0.62 if finger in (1, 2) else 0.52
        distance = capsule(x, y, base, 0.95, base - 0.1 + 0.25 * lean, 0.95 - length, 0.068)
        over(part, shade * (0.74 + 3.0 * np.clip(-distance, 0, 0.068)), inside(distance))
    palm = ellipse(x, y, 0.72, 1.05, 0.30, 0.25)
    over(part, shade * 0.88, inside(palm))
    picture[chosen] = part


def paint_lettering(picture, person, noise) -> None:
    """Paint a faint row of letter-like marks over a few pictures, in place, as picture agencies do."""
    chosen = np.flatnonzero(person.lettering.ravel() < WITH_LETTERING)
    if not len(chosen):
        return
    top = (person.lettering[chosen].ravel() * (34 / WITH_LETTERING)).astype(int)
    for face, row in zip(chosen, top, strict=True):
        marks = (noise[face, :5] > 0.55) * ((np.arange(noise.shape[2]) % 5) < 4)
        over(picture[face, row + 4 : row + 9], 0.9, (0.35 * marks).astype(np.float32))
