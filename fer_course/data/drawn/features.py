"""Brows, eyes and mouth: where the muscles move them, and how they are painted.

Every function takes the person's fields as columns (B, 1, 1) (`person`), and `moved`, the result of `move` for them and
the action units.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from fer_course.data.drawn.geometry import View, bump, ellipse, inside, over, ramp, ridge, rows_between


def move(person, units: dict[int, np.ndarray]) -> SimpleNamespace:
    """Return where brows, lids, nose, cheeks, lips and chin are after the action units have moved them.

    Args:
        person: columns of an `Identity`.
        units: action unit -> intensities, float32 (B, 1, 1).

    """
    moved = SimpleNamespace()
    _move_brows(moved, person, units)
    _move_eyes(moved, person, units)
    _move_mouth(moved, person, units)
    moved.cheek_lift = np.minimum(units[6] + 0.5 * units[12], 1.2)
    moved.fold = np.minimum(0.9 * units[9] + 0.8 * units[10] + 0.9 * units[12] + 0.3 * units[6] + 0.25 * units[20], 1.3)
    moved.nose_lift = 0.045 * units[9] + 0.02 * units[10]
    moved.nose_spread = 1 + 0.14 * units[9] + 0.10 * units[10] + 0.10 * units[12]
    moved.frown = units[4] * (1 - 0.4 * units[1]) + 0.4 * units[9]
    moved.forehead_lines = np.minimum(1, 0.7 * units[2] + 0.6 * units[1])
    moved.oblique = units[1] * (1 - 0.8 * units[2])
    moved.nose_lines = units[9]
    moved.crow_feet = units[6]
    moved.chin_boss = units[17]
    moved.stretch = units[20]
    moved.corner_pull = units[15]
    return moved


def _move_brows(moved, person, units) -> None:
    y = person.eye_y - person.brow_gap
    moved.brow_inner = y - 0.15 * units[1] + 0.10 * units[4] + 0.05 * units[9] + person.brow_slope
    moved.brow_middle = y - person.brow_arch - 0.055 * units[1] - 0.09 * units[2] + 0.08 * units[4] + 0.02 * units[9]
    moved.brow_outer = y - 0.13 * units[2] + 0.03 * units[4] + 0.02 * units[6] + 0.03
    moved.brow_start = 0.13 - 0.055 * units[4] + 0.01 * units[2]


def _move_eyes(moved, person, units) -> None:
    squeeze = np.clip(1 - 0.35 * units[6] - 0.30 * units[7] - 0.35 * units[9] - 0.25 * units[4], 0.25, 1)
    shut = (1 - 0.95 * units[43]) * (1 - 0.35 * units[64])
    moved.lid_upper = person.eye_open * squeeze * shut * (1 + 1.0 * units[5]) + 0.004
    lower = 1 + 0.25 * units[5] - 0.7 * units[6] - 0.55 * units[7] - 0.4 * units[9]
    moved.lid_lower = 0.62 * person.eye_open * np.maximum(lower * (1 - 0.5 * units[43]), -0.25)
    moved.bag = np.minimum(1.2, 0.35 * person.bags + 0.8 * units[6] + 0.4 * units[7] + 0.4 * units[9])
    moved.gaze_y = person.gaze_y + 0.05 * units[64]
    moved.lid_slope = 0.05 * units[1] * (1 - units[2]) + 0.5 * np.minimum(person.eye_tilt, 0.03)


def _move_mouth(moved, person, units) -> None:
    jaw = np.minimum(units[26] * (0.25 + 0.75 * units[25]) + 0.8 * units[27], 1.5)
    moved.jaw = 0.13 * jaw
    moved.mouth_y = (
        person.mouth_y + 0.03 * units[12] * units[25] - 0.035 * units[17] - 0.02 * units[9] + 0.15 * moved.jaw
    )
    width = (
        1
        + 0.50 * units[12]
        + 0.28 * units[20]
        - 0.14 * units[23]
        - 0.22 * np.minimum(jaw, 1) * (1 - units[12])
        - 0.08 * units[17]
    )
    moved.mouth_width = person.mouth_width * width
    raised = person.mouth_curve + 0.125 * units[12] - 0.14 * units[15] - 0.03 * units[20] - 0.04 * units[17]
    moved.corner = -raised
    parted = np.minimum(1, units[25] + 0.3 * units[16] + units[27])
    # A parted mouth opens more where other muscles pull the lips apart.
    moved.open_upper = parted * (0.025 + 0.06 * units[10] + 0.055 * units[12] + 0.02 * units[20]) + 0.07 * jaw
    moved.open_lower = parted * (0.035 + 0.07 * units[16] + 0.15 * units[12] + 0.05 * units[20]) + 0.19 * jaw
    moved.round = np.minimum(jaw, 1) * (1 - 0.6 * units[12]) * (1 - 0.6 * units[20])
    thin = np.maximum(0.2, 1 - 0.65 * units[23] - 0.35 * units[12] - 0.35 * units[20] - 0.2 * units[9])
    moved.lip_upper = person.lip_upper * thin * (1 - 0.25 * units[10] - 0.3 * units[17])
    moved.lip_lower = person.lip_lower * thin * (1 + 0.3 * units[17] - 0.2 * units[16])
    teeth = 0.9 * units[12] + 0.7 * units[10] + 0.7 * units[20] + 0.15 * units[25]
    moved.teeth = np.minimum(1, teeth) * parted
    moved.teeth_lower = np.minimum(1, 0.9 * units[16] + 0.5 * units[20] + 0.2 * units[9]) * parted
    moved.press = units[23]


def paint_brows(picture, view: View, person, moved, hair_shade, texture) -> None:
    """Paint both brows over `picture`, in place: a bent band of hair, thick inside, thin outside."""
    rows = rows_between(view.y, -0.85, 0.05)
    view, picture, texture = view.crop(rows), picture[:, rows], texture[:, rows]
    s = (view.far - moved.brow_start) * (1 / 0.50)
    inner, middle, outer = moved.brow_inner, moved.brow_middle, moved.brow_outer
    # The parabola through the three points at s = 0, 0.55 and 1.
    bend = ((outer - inner) - (middle - inner) * (1 / 0.55)) * (1 / 0.45)
    y = inner + s * ((outer - inner - bend) + bend * s) - 0.025 * person.asymmetry * view.side
    thick = person.brow_thick * np.clip(1.15 - 0.75 * s * s, 0.1, 1.2)
    cover = inside(np.abs(view.y - y) - thick, 1.6 * view.pixel) * ramp(s, -0.07, 0.10) * (1 - ramp(s, 0.82, 1.08))
    cover *= person.brow_dark * (0.75 + 0.5 * texture)
    over(picture, hair_shade, np.minimum(cover, 0.95))


def paint_eyes(picture, view: View, person, moved, light) -> None:
    """Paint both eyes over `picture`, in place: sclera, iris, pupil, catch light, lashes, lids and their creases."""
    rows = rows_between(view.y, -0.5, 0.08)
    view, picture, light = view.crop(rows), picture[:, rows], light[:, rows]
    s = (view.far - person.eye_x) * (1 / person.eye_width)
    bow = np.maximum(1 - s * s, 0)
    level = view.y - person.eye_y + (person.eye_tilt - moved.lid_slope) * s
    # The upper lid is highest a little inside of the middle, the lower lid lowest a little outside.
    above = level + moved.lid_upper * bow * (1 - 0.18 * s)
    below = moved.lid_lower * bow * (1 + 0.15 * s) - level
    near = 1 - ramp(np.abs(s), 0.95, 1.35)
    skin = picture.copy()
    opened = inside(-np.minimum(above, below), view.pixel) * (np.abs(s) < 1)
    over(picture, light * np.minimum(0.50 + 0.16 * ramp(above, 0.0, 0.07), 0.35 + 0.6 * person.skin), opened)
    _paint_iris(picture, view, person, moved, light, opened)
    lash = ridge(above, 0.030 + 0.25 * moved.lid_upper * (moved.lid_upper < 0.03)) * near * person.lashes
    lash *= 1 - ramp(np.abs(s), 0.8, 1.15)
    over(picture, 0.12 * skin, np.minimum(0.9, lash))
    crease = ridge(above + 0.040 + 0.35 * person.eye_open, 0.026) * near * (0.10 + 0.22 * person.eye_depth)
    over(picture, 0.35 * skin, crease)
    over(picture, 0.45 * skin, ridge(below, 0.022) * near * (0.18 + 0.14 * moved.bag))
    over(picture, 0.55 * skin, ridge(below + 0.075, 0.028) * (1 - ramp(np.abs(s), 0.6, 1.2)) * 0.42 * moved.bag)


def _paint_iris(picture, view: View, person, moved, light, opened) -> None:
    x = (view.far - person.eye_x) * view.side - person.gaze_x
    y = view.y - person.eye_y + 0.012 - moved.gaze_y
    from_centre = np.sqrt(x * x + y * y)
    over(picture, light * person.iris, inside(from_centre - 0.083, view.pixel) * opened)
    over(picture, 0.03, inside(from_centre - 0.038, view.pixel) * opened * 0.9)
    over(picture, 0.95, bump(x, y, 0.035 * np.sign(person.light_x), -0.03, 0.022, 0.022) * opened * 0.8)


def lips(view: View, person, moved) -> SimpleNamespace:
    """Return the mouth as fields: the position of every pixel along it, and the heights of the four edges of the lips."""
    edges = SimpleNamespace()
    edges.t = view.x * (1 / moved.mouth_width)
    squared = np.minimum(edges.t * edges.t, 1.6)
    bow = np.maximum(1 - squared, 0)
    root = np.sqrt(bow)
    edges.bow = bow
    line = moved.mouth_y + moved.corner * squared - 0.02 * person.asymmetry * edges.t
    line = line - 0.012 * (1 - moved.round) * ridge(edges.t, 0.35) * bow
    gap = moved.round * root + (1 - moved.round) * bow
    edges.top = line - moved.open_upper * gap
    edges.bottom = line + moved.open_lower * gap
    edges.outer_top = edges.top - moved.lip_upper * bow * (1.12 - 0.3 * ridge(edges.t, 0.22))
    edges.outer_bottom = edges.bottom + moved.lip_lower * root * (0.35 + 0.65 * bow)
    return edges


def paint_mouth(picture, view: View, person, moved, light) -> None:
    """Paint the mouth over `picture`, in place: lips, the dark inside, teeth and tongue."""
    rows = rows_between(view.y, 0.28, 1.0)
    view, picture, light = view.crop(rows), picture[:, rows], light[:, rows]
    edges = lips(view, person, moved)
    skin = picture.copy()
    y, soft = view.y, 1.3 * view.pixel
    wide = np.abs(edges.t) < 1
    upper = inside(np.maximum(edges.outer_top - y, y - edges.top), soft) * wide
    lower = inside(np.maximum(edges.bottom - y, y - edges.outer_bottom), soft) * wide
    over(picture, skin * (0.78 - 0.8 * person.lip_dark), upper)
    over(picture, skin * (0.93 - 0.8 * person.lip_dark), lower)
    shine = bump(edges.t, y, -0.15 * person.light_x, edges.bottom + 0.4 * moved.lip_lower, 0.35, 0.02)
    picture += 0.07 * light * shine * lower
    opening = inside(np.maximum(edges.top - y, y - edges.bottom), view.pixel) * wide
    over(picture, 0.05 + 0.05 * light, opening)
    _paint_teeth(picture, view, moved, light, edges, opening)
    # Where the lips meet: a dark line that fades to the corners, and the small shadow of each corner.
    closed = 1 - ramp(moved.open_upper + moved.open_lower, 0.02, 0.06)
    meet = ridge(y - edges.top, 0.022) * (1 - ramp(np.abs(edges.t), 0.70, 1.10)) * (0.40 + 0.45 * closed)
    over(picture, 0.18 * skin, meet * (0.75 + 0.25 * moved.press))
    corner = bump(np.abs(edges.t), y, 1.03, moved.mouth_y + moved.corner, 0.13, 0.035)
    over(picture, 0.4 * skin, 0.45 * corner)


def _paint_teeth(picture, view: View, moved, light, edges, opening) -> None:
    depth = view.y - edges.top
    rounded = np.maximum(0.45, 1 - 0.4 * edges.t * edges.t)
    upper = inside(depth - 0.17 * moved.teeth, 1.4 * view.pixel) * opening * np.minimum(1, 1.6 * moved.teeth)
    gaps = 0.93 + 0.07 * np.cos(edges.t * 22)
    over(picture, np.minimum(light * 1.12, 1.05) * rounded * gaps, upper)
    rise = edges.bottom - view.y
    lower = inside(rise - 0.07 * moved.teeth_lower, 1.4 * view.pixel) * opening * np.minimum(1, 1.4 * moved.teeth_lower)
    over(picture, light * 0.72 * rounded * gaps, lower * (1 - upper))
    tongue = ellipse(edges.t, view.y, 0, moved.mouth_y + moved.open_lower, 0.62, 0.40 * moved.open_lower + 1e-3)
    over(picture, light * 0.36, inside(tongue, 0.08) * opening * (1 - upper) * ramp(moved.open_lower, 0.08, 0.2))
