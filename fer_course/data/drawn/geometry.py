"""Shapes for drawing, as functions over whole batches: ramps, bumps, lines, and the head itself.

Coordinates are those of a face seen from the front: x runs to the right, y down, 0 is between nose and eyes, and 1 is
24 pixels, half a picture. All arrays are float32: one number per face has the shape (B, 1, 1), a field over the pixels
(B, 48, 48), or fewer rows if a crop is enough. Distances are signed: negative inside a shape (Quílez, "2D distance
functions"), so that an edge is smoothed over exactly one pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_course.faces import SIZE

#: The side of a pixel in face coordinates.
PIXEL = 2 / SIZE


def column(values) -> np.ndarray:
    """Return one number per face as a float32 array (B, 1, 1), to be combined with fields (B, rows, 48)."""
    return np.asarray(values, dtype=np.float32).reshape(-1, 1, 1)


def ramp(x: np.ndarray, start, end) -> np.ndarray:
    """Return 0 before `start`, 1 after `end`, and a smooth cubic step between them."""
    t = np.clip((x - start) * (1 / (end - start)), 0, 1)
    return t * t * (3 - 2 * t)


def inside(distance: np.ndarray, softness=PIXEL) -> np.ndarray:
    """Return the share of a pixel inside a shape, 0 to 1, from the signed distance."""
    return np.clip(0.5 - distance * (1 / softness), 0, 1)


def bump(x, y, centre_x, centre_y, width, height) -> np.ndarray:
    """Return a Gaussian hill of height 1; `width` and `height` are where it has fallen to 1/e."""
    a = (x - centre_x) * (1 / width)
    b = (y - centre_y) * (1 / height)
    return np.exp(-(a * a + b * b))


def ridge(distance, width) -> np.ndarray:
    """Return 1 on a line and less beside it, from the distance to it; `width` is where it has fallen to 1/e."""
    t = distance * (1 / width)
    return np.exp(-(t * t))


def ellipse(x, y, centre_x, centre_y, width, height) -> np.ndarray:
    """Return the signed distance to an ellipse with half axes `width` and `height`, exact only near its edge."""
    a = (x - centre_x) * (1 / width)
    b = (y - centre_y) * (1 / height)
    return (np.sqrt(a * a + b * b) - 1) * np.minimum(width, height)


def box(x, y, centre_x, centre_y, width, height, radius) -> np.ndarray:
    """Return the signed distance to a box with half sides `width` and `height` and rounded corners."""
    a = np.abs(x - centre_x) - (width - radius)
    b = np.abs(y - centre_y) - (height - radius)
    outside = np.sqrt(np.maximum(a, 0) ** 2 + np.maximum(b, 0) ** 2)
    return outside + np.minimum(np.maximum(a, b), 0) - radius


def capsule(x, y, start_x, start_y, end_x, end_y, radius) -> np.ndarray:
    """Return the signed distance to a line segment with round ends."""
    along_x, along_y = end_x - start_x, end_y - start_y
    from_x, from_y = x - start_x, y - start_y
    share = np.clip((from_x * along_x + from_y * along_y) / (along_x * along_x + along_y * along_y), 0, 1)
    return np.sqrt((from_x - share * along_x) ** 2 + (from_y - share * along_y) ** 2) - radius


def over(picture: np.ndarray, colour, cover: np.ndarray) -> None:
    """Paint `colour` over `picture`, in place, where `cover` is above 0."""
    picture += (colour - picture) * cover


def upsample(coarse: np.ndarray, rows: int = SIZE, columns: int = SIZE) -> np.ndarray:
    """Return coarse fields (B, h, w) enlarged to (B, rows, columns) by linear interpolation."""
    return _interpolation(coarse.shape[1], rows) @ coarse @ _interpolation(coarse.shape[2], columns).T


def _interpolation(coarse: int, fine: int) -> np.ndarray:
    position = np.linspace(0, coarse - 1, fine, dtype=np.float32)[:, None]
    return np.maximum(0, 1 - np.abs(position - np.arange(coarse, dtype=np.float32)))


def rows_between(y: np.ndarray, top, bottom) -> slice:
    """Return the picture rows in which any face of the batch has a `y` between two values: the crop worth computing."""
    touched = np.flatnonzero(((y >= top) & (y <= bottom)).any(axis=(0, 2)))
    return slice(int(touched[0]), int(touched[-1]) + 1) if len(touched) else slice(0, 0)


@dataclass(frozen=True)
class View:
    """The point of the face that each pixel shows: fields (B, 48, 48), all in face coordinates.

    Attributes:
        x: to the right of the nose, in the frame of the face.
        y: down, in the frame of the face.
        far: the absolute value of x, for parts that both halves of the face have.
        side: -1 in the left half of the picture, 1 in the right, smooth between.
        rim: 0 in the middle of the head, 1 at its outline, more outside.
        pixel: side of a pixel (B, 1, 1): larger for a face that is further away.

    """

    x: np.ndarray
    y: np.ndarray
    far: np.ndarray
    side: np.ndarray
    rim: np.ndarray
    pixel: np.ndarray

    def crop(self, rows: slice) -> View:
        """Return the same view of some picture rows only."""
        return View(
            self.x[:, rows], self.y[:, rows], self.far[:, rows], self.side[:, rows], self.rim[:, rows], self.pixel
        )

    def select(self, chosen) -> View:
        """Return the same view of some faces of the batch only."""
        return View(
            self.x[chosen], self.y[chosen], self.far[chosen], self.side[chosen], self.rim[chosen], self.pixel[chosen]
        )


def look(pose, head) -> View:
    """Return the `View` of a batch of heads: undo shift, size and roll, then follow each ray to the turned head.

    The ray is followed by fixed-point iteration: the depth at the current guess says where the ray meets the head.

    Args:
        pose: columns `yaw`, `pitch`, `roll` in radians, `size`, `shift_x`, `shift_y`.
        head: columns `width`, `jaw`, `square`, `crown`, `chin`, `nose_length`, `depth`.

    """
    axis = (np.arange(SIZE, dtype=np.float32) + 0.5) * PIXEL - 1
    x, y = axis[None, None, :] - pose.shift_x, axis[None, :, None] - pose.shift_y
    flat_x = (np.cos(pose.roll) * x + np.sin(pose.roll) * y) / pose.size
    flat_y = (np.cos(pose.roll) * y - np.sin(pose.roll) * x) / pose.size
    x, y = flat_x, flat_y
    for _ in range(2):
        depth = head_depth(x, y, rim(x, y, head), head) - 0.35 * head.depth
        x = flat_x / np.cos(pose.yaw) - np.tan(pose.yaw) * depth
        y = flat_y / np.cos(pose.pitch) - np.tan(pose.pitch) * depth
    return View(x, y, np.abs(x), np.clip(x * 6, -1, 1), rim(x, y, head), PIXEL / pose.size)


def rim(x: np.ndarray, y: np.ndarray, head) -> np.ndarray:
    """Return 0 in the middle of the head, 1 on its egg-shaped outline, and more outside."""
    lower = np.clip(y, 0, 1.2)
    across = x * (1 / head.width) * (1 + head.jaw * lower * lower)
    along = np.where(y < 0, y * (1 / head.crown), y * (1 / head.chin))
    across, along = np.minimum(across * across, 2), np.minimum(along * along, 2)
    # The last term makes the ellipse squarer, like temples and jaws.
    return np.sqrt(across + along - head.square * across * along)


def head_depth(x: np.ndarray, y: np.ndarray, rim_: np.ndarray, head) -> np.ndarray:
    """Return how far the head with its nose stands out towards the viewer."""
    r = np.minimum(rim_, 1.1)
    r *= r
    nose = 0.22 * bump(x, y, 0, head.nose_length - 0.04, 0.13, 0.22)
    return head.depth * (1 - 0.55 * r - 0.45 * r * r) + nose
