"""The skin: its relief, the light on it, and the lines from muscles and age."""

from __future__ import annotations

import numpy as np

from fer_course.data.drawn.features import lips
from fer_course.data.drawn.geometry import View, bump, head_depth, inside, ramp, ridge, rows_between


def relief(view: View, person, moved) -> np.ndarray:
    """Return the depth of the face towards the viewer: a field (B, 48, 48) in face coordinates."""
    depth = head_depth(view.x, view.y, view.rim, person)
    _add_eye_region(depth, view, person, moved)
    _add_nose(depth, view, person, moved)
    _add_cheeks(depth, view, person, moved)
    _add_mouth_and_chin(depth, view, person, moved)
    return depth


def _add_eye_region(depth, view, person, moved) -> None:
    rows = rows_between(view.y, -0.75, 0.1)
    depth, view = depth[:, rows], view.crop(rows)
    brow = (moved.brow_inner + moved.brow_outer) * 0.5
    depth += 0.035 * person.eye_depth * bump(view.far, view.y, 0.34, brow + 0.01, 0.32, 0.09)
    depth += 0.045 * moved.frown * bump(view.far, view.y, 0.13, moved.brow_inner + 0.02, 0.09, 0.08)
    socket = bump(view.far, view.y, person.eye_x - 0.06, person.eye_y - 0.04, 0.24, 0.13)
    depth -= (0.05 + 0.09 * person.eye_depth) * socket
    depth += 0.055 * bump(view.far, view.y, person.eye_x, person.eye_y, 0.15, 0.09)
    depth += 0.03 * moved.bag * bump(view.far, view.y, person.eye_x, person.eye_y + 0.11, 0.15, 0.045)


def _add_nose(depth, view, person, moved) -> None:
    rows = rows_between(view.y, -0.55, 0.5)
    depth, view = depth[:, rows], view.crop(rows)
    tip = person.nose_length - moved.nose_lift
    along = (view.y + 0.30) * (1 / (tip + 0.30))
    slope = np.clip(along, 0, 1)
    end = 1 - ramp(view.y, tip - 0.05, tip + 0.09)
    width = 0.075 + (person.nose_width - 0.06) * slope * slope
    depth += person.nose_height * 0.145 * slope * (0.55 + 0.45 * slope) * end * ridge(view.far, width)
    wing = bump(view.far, view.y, person.nose_width * moved.nose_spread, tip + 0.005, 0.055, 0.055)
    depth += 0.06 * person.nose_height * wing


def _add_cheeks(depth, view, person, moved) -> None:
    rows = rows_between(view.y, -0.35, 0.95)
    depth, view = depth[:, rows], view.crop(rows)
    lifted = 0.12 - 0.05 * moved.cheek_lift
    amount = 0.02 + 0.03 * person.cheeks + 0.07 * moved.cheek_lift
    depth += amount * bump(view.far, view.y, 0.44, lifted, 0.20, 0.15)
    distance, reach = _fold(view, person, moved)
    # Skin hangs over the fold from the cheek's side: a step, as high as the fold is deep.
    step = (0.06 * person.age + 0.05) * (0.2 + moved.fold)
    depth += step * ramp(distance, -0.05, 0.05) * ridge(distance, 0.22) * reach


def _fold(view, person, moved) -> tuple[np.ndarray, np.ndarray]:
    """Return the signed distance to the nasolabial fold (positive on the cheek), and how strong it is along its length."""
    start = person.nose_length - 0.05 - moved.nose_lift
    down = view.y - start
    end = moved.mouth_y + 0.8 * moved.corner - start + 0.10
    out = person.nose_width + 0.05 + (moved.mouth_width + 0.09 - person.nose_width) * ramp(down, -0.04, end * 0.75)
    return (view.far - out) * 0.8, ramp(down, -0.03, 0.06) * (1 - ramp(down, end - 0.16, end + 0.02))


def _add_mouth_and_chin(depth, view, person, moved) -> None:
    rows = rows_between(view.y, 0.2, 1.15)
    depth, view = depth[:, rows], view.crop(rows)
    jaw = moved.jaw
    depth += 0.05 * bump(view.x, view.y, 0, moved.mouth_y, 0.32, 0.20)
    depth -= 0.02 * ridge(view.x, 0.05) * bump(view.x, view.y, 0, 0.38, 0.3, 0.10)
    edges = lips(view, person, moved)
    wide = inside(np.abs(edges.t) - 0.95, 0.2)
    depth += 0.035 * wide * ridge(view.y - 0.5 * (edges.top + edges.outer_top), 0.5 * moved.lip_upper + 0.02)
    depth += 0.05 * wide * ridge(view.y - 0.5 * (edges.bottom + edges.outer_bottom), 0.5 * moved.lip_lower + 0.02)
    groove = moved.mouth_y + moved.open_lower + moved.lip_lower + 0.07
    depth -= (0.03 + 0.03 * moved.chin_boss) * bump(view.x, view.y, 0, groove, 0.20, 0.055)
    depth += (0.045 + 0.05 * moved.chin_boss) * bump(view.x, view.y, 0, 0.87 + jaw - 0.05 * moved.chin_boss, 0.17, 0.10)


def light_on(depth: np.ndarray, view: View, person) -> np.ndarray:
    """Return the brightness of every pixel, about 0.2 to 1.2: soft (wrapped) Lambert light, and darker hollows.

    Args:
        depth: the field of `relief`.
        view: the view of that field.
        person: columns `light_x`, `light_y` (the direction of the light), `hardness`, `yaw` and `pitch`.

    """
    facing = depth * np.cos(person.yaw) - view.x * np.sin(person.yaw) - view.y * np.sin(person.pitch)
    slope_x, slope_y = _slopes(facing, view.pixel)
    length = 1 / np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    light_length = 1 / np.sqrt(1 + person.light_x**2 + person.light_y**2)
    direct = (1 - slope_x * person.light_x - slope_y * person.light_y) * length * light_length
    direct = np.maximum((direct + 0.15) * (1 / 1.15), 0)
    hollow = np.clip(1 + 1.7 * (depth - _blurred(depth)), 0.6, 1.15)
    edge = 1 - 0.30 * ramp(view.rim, 0.72, 1.02)
    return ((1 - person.hardness) * 0.85 + person.hardness * 1.25 * direct) * hollow * edge


def _slopes(depth: np.ndarray, pixel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = 0.5 / pixel
    slope_x, slope_y = np.zeros_like(depth), np.zeros_like(depth)
    slope_x[:, :, 1:-1] = (depth[:, :, 2:] - depth[:, :, :-2]) * scale
    slope_x[:, :, 0], slope_x[:, :, -1] = slope_x[:, :, 1], slope_x[:, :, -2]
    slope_y[:, 1:-1] = (depth[:, 2:] - depth[:, :-2]) * scale
    slope_y[:, 0], slope_y[:, -1] = slope_y[:, 1], slope_y[:, -2]
    return slope_x, slope_y


def _blurred(field: np.ndarray) -> np.ndarray:
    """Return the mean of 4 × 4 pixels, linearly interpolated: quick, and enough for soft shadows."""
    count, rows, columns_ = field.shape
    coarse = field.reshape(count, rows // 4, 4, columns_ // 4, 4).mean(axis=(2, 4))
    return _spread_matrix(rows) @ coarse @ _spread_matrix(columns_).T


def _spread_matrix(fine: int) -> np.ndarray:
    centre = np.arange(fine // 4, dtype=np.float32) * 4 + 1.5
    position = np.clip(np.arange(fine, dtype=np.float32), centre[0], centre[-1])
    return np.maximum(0, 1 - np.abs(position[:, None] - centre) * 0.25).astype(np.float32)


def lines(view: View, person, moved) -> np.ndarray:
    """Return how dark folds and lines make the skin, 0 to 0.8: a field (B, 48, 48)."""
    dark = np.zeros_like(view.x)
    _add_upper_lines(dark, view, person, moved)
    _add_nose_lines(dark, view, person, moved)
    _add_lower_lines(dark, view, person, moved)
    return np.minimum(dark, 0.8)


def _add_upper_lines(dark, view, person, moved) -> None:
    rows = rows_between(view.y, -1.0, 0.15)
    dark, view = dark[:, rows], view.crop(rows)
    amount = (0.06 + 0.30 * person.age) * moved.forehead_lines + 0.12 * person.age
    forehead = bump(view.x, view.y, 0, -0.70, 0.42 * (1 - 0.3 * moved.oblique), 0.15)
    dark += amount * forehead * (0.5 + 0.5 * np.cos((view.y + 0.12 * view.x * view.x) * 58))
    # Two upright lines between the brows, where muscles pull them together.
    between = bump(view.far, view.y, 0.055, moved.brow_inner - 0.02, 0.030, 0.12)
    dark += 0.38 * np.minimum(moved.frown, 1.2) * between
    dark += 0.20 * moved.oblique * bump(view.x, view.y, 0, moved.brow_inner - 0.13, 0.16, 0.03)
    dark += (0.10 + 0.25 * person.eye_depth) * bump(view.far, view.y, 0.20, person.eye_y - 0.03, 0.09, 0.10)
    socket = bump(view.far, view.y, person.eye_x, person.eye_y - 0.02, 0.24, 0.12)
    dark += (0.05 + 0.16 * person.eye_depth) * socket
    far = view.far - person.eye_x - person.eye_width
    fan = (view.y - person.eye_y) * (1 / np.maximum(far + 0.12, 0.08))
    feet = ramp(far, 0.0, 0.05) * (1 - ramp(far, 0.10, 0.20)) * ridge(view.y - person.eye_y, 0.13)
    dark += (0.10 + 0.25 * person.age) * moved.crow_feet * feet * (0.5 + 0.5 * np.cos(fan * 9))


def _add_nose_lines(dark, view, person, moved) -> None:
    rows = rows_between(view.y, -0.5, 0.5)
    dark, view = dark[:, rows], view.crop(rows)
    tip = person.nose_length - moved.nose_lift
    wide = person.nose_width * moved.nose_spread
    dark += 0.50 * bump(view.far, view.y, 0.5 * wide, tip + 0.055, 0.045, 0.028)
    dark += 0.28 * bump(view.x, view.y, 0, tip + 0.085, wide, 0.035)
    dark += 0.30 * bump(view.far, view.y, wide + 0.045, tip + 0.01, 0.025, 0.05)
    shadow = bump(view.x, view.y, -0.13 * np.sign(person.light_x), tip - 0.10, 0.07, 0.17)
    dark += 0.24 * np.minimum(np.abs(person.light_x), 1) * person.hardness * shadow
    across = bump(view.x, view.y, 0, -0.20, 0.13, 0.12) * (0.5 + 0.5 * np.cos((view.y + view.far * 0.7) * 70))
    dark += 0.38 * moved.nose_lines * across
    dark += 0.18 * moved.nose_lines * ridge(view.far - 0.13 - 0.35 * (view.y + 0.1), 0.04) * ridge(view.y + 0.05, 0.13)


def _add_lower_lines(dark, view, person, moved) -> None:
    rows = rows_between(view.y, 0.0, 1.15)
    dark, view = dark[:, rows], view.crop(rows)
    dark += 0.16 * (1 - person.cheeks) * bump(view.far - 0.25 * (0.4 - view.y), view.y, 0.56, 0.40, 0.12, 0.24)
    distance, reach = _fold(view, person, moved)
    dark += (0.03 + 0.11 * person.age + 0.22 * moved.fold) * ridge(distance, 0.055) * reach
    below = moved.mouth_y + moved.open_lower + moved.lip_lower
    dark += (0.16 + 0.15 * moved.chin_boss) * bump(view.x, view.y, 0, below + 0.045, 0.20, 0.035)
    corner_y = moved.mouth_y + moved.corner
    side = view.far - moved.mouth_width - 0.03 - 0.25 * (view.y - corner_y)
    hanging = bump(side, view.y, 0, corner_y + 0.08, 0.035, 0.09)
    dark += (0.28 * moved.corner_pull + 0.10 * person.age) * hanging
    dark += 0.30 * moved.stretch * ridge(view.far - moved.mouth_width - 0.10, 0.03) * ridge(view.y - corner_y, 0.14)
    pits = 0.5 + 0.25 * np.cos(view.x * 75) + 0.25 * np.cos(view.y * 70 + 2 * view.x)
    dark += 0.26 * moved.chin_boss * pits * bump(view.x, view.y, 0, 0.85 + moved.jaw, 0.16, 0.09)
