"""Find faces in a photograph with scikit-image's cascade (extra `lab`).

Why this detector: its model is a small file in a wheel that the course installs anyway, and it needs a tenth of a second. The
wheels of MediaPipe 1.2 (125 MB) and of two wrappers of YuNet contain no model, OpenCV 5 no longer has a cascade, and MTCNN,
which contains its weights, needs three more networks on TensorFlow.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PIL import Image

from fer_course._shared import extras
from fer_course.errors import FerCourseError
from fer_course.live.boxes import Box, overlap, without_overlaps
from fer_course.live.photographs import grey

#: Longest side, in pixels, of the picture that is searched for faces. The window of the cascade is 24 pixels wide, so a face
#: is not found if it takes less than a thirteenth of the photograph's longest side.
DETAIL = 320


#: Side of the cascade's window, in pixels.
WINDOW = 24


#: Side, in pixels, to which a known face is scaled before the search near its last box.
NEAR = 48


def find_faces(photo: np.ndarray, detail: int = DETAIL) -> list[Box]:
    """Return the boxes of faces that look into the camera, about from forehead to chin, the largest first.

    Boxes that overlap by more than half of the smaller one are one face; the largest of them stays. Turned, half-hidden and very
    small faces are often missed, and sometimes a box contains no face: lesson 12 counts both.

    Args:
        photo: uint8 (H, W) or (H, W, 3), as `read_photograph` returns it.
        detail: longest side in pixels of the shrunk copy that is searched. Twice the detail finds faces half as large, and takes
            four times as long.

    Raises:
        PhotographError: if it is not a photograph.
        FerCourseError: if scikit-image is not installed.

    Source:
        skimage.feature.Cascade: multi-block local binary patterns (Liao et al. 2007) in a cascade (Viola & Jones 2001).

    """
    image = Image.fromarray(grey(photo))
    return without_overlaps(_search(image, min(1.0, detail / max(image.size)), WINDOW, math.inf))


def find_near(photo: np.ndarray, box: Box) -> Box | None:
    """Return the box of a face that was found in the previous picture, near its last box; None if it is not found there.

    The search covers half a box more on each side, and sizes from 0.7 to 1.4 times the last one. It takes a tenth of the time
    that `find_faces` takes to search the whole picture, or less.

    Args:
        photo: uint8 (H, W) or (H, W, 3).
        box: the face's last box.

    Raises:
        PhotographError: if it is not a photograph.
        FerCourseError: if scikit-image is not installed.

    """
    image = Image.fromarray(grey(photo))
    left, top = max(0, math.floor(box.left - box.side / 2)), max(0, math.floor(box.top - box.side / 2))
    right = min(image.width, math.ceil(box.left + 1.5 * box.side))
    bottom = min(image.height, math.ceil(box.top + 1.5 * box.side))
    if right <= left or bottom <= top:
        return None
    scale = min(1.0, NEAR / box.side)
    found = _search(image.crop((left, top, right, bottom)), scale, 0.7 * box.side * scale, 1.4 * box.side * scale)
    here = [Box(each.top + top, each.left + left, each.side) for each in found]
    return max(here, key=lambda each: overlap(each, box), default=None)


def _search(image: Image.Image, scale: float, least: float, most: float) -> list[Box]:
    """Return all boxes that the cascade finds in a copy of this scale; `least` and `most` are sides in that copy, in pixels."""
    small = image.resize([max(1, round(side * scale)) for side in image.size], Image.Resampling.BOX)
    shortest = max(WINDOW, int(least))
    most = min(most, *small.size)
    if min(small.size) <= WINDOW or most < shortest:
        return []
    found = _cascade().detect_multi_scale(
        img=np.asarray(small), scale_factor=1.1, step_ratio=1, min_neighbor_number=4,
        min_size=(shortest, shortest), max_size=(int(most), int(most)) if most < min(small.size) else small.size[::-1],
    )  # fmt: skip
    boxes = [Box(float(each["r"]), float(each["c"]), float(each["width"])) for each in found]
    return [Box(*(number / scale for number in box)) for box in boxes]


@cache
def _cascade():
    try:
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade
    except ImportError:
        raise FerCourseError(
            f"Finding faces needs scikit-image, which is in the extra `lab`. {extras.advice('lab')}"
        ) from None
    return Cascade(lbp_frontal_face_cascade_filename())
