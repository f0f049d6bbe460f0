"""From a photograph to upright grey 48 × 48 faces, framed as FER2013 frames them, ready to be scored (lesson 09).

    photo = read_photograph("me.jpg")                       # uint8, upright, at most 1,024 pixels long
    boxes = find_faces(photo)                               # the largest first
    faces = np.stack([crop_face(photo, box) for box in boxes])
    evaluation.predict(model, faces)

Pictures that follow each other go through a `Stream`, which follows their faces and smooths their scores:

    stream = Stream(evaluation.scorer(model))
    for photo in photos:
        faces = stream.see(photo)                           # a list of `Seen`

Nothing is stored, and nothing leaves the machine: the detector is scikit-image's (extra `lab`), with a cascade that comes with
its package. No Keras here, and no camera.

Why this detector: its model is a small file in a wheel that the course installs anyway, and it answers in a tenth of a second.
The wheels of MediaPipe 1.2 (125 MB) and of two wrappers of YuNet hold no model, OpenCV 5 has no cascade any more, and MTCNN,
which holds its weights, brings three more networks on TensorFlow.
"""

from __future__ import annotations

import io
import itertools
import math
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from fer_course._shared import extras
from fer_course._shared.files import refuse_endless
from fer_course.errors import FerCourseError, PhotographError
from fer_course.faces import CLASS_NAMES, SIZE

#: Longest side of a photograph in pixels; larger ones are shrunk when they are read: a face needs 48 of them.
LONGEST = 1024
#: Longest side of the picture in which faces are looked for, in pixels. The cascade's window has 24: a face that takes less
#: than a thirteenth of a photograph's longest side is not found.
DETAIL, WINDOW = 320, 24
#: For pictures that follow each other, many a second: longest side of what is searched all over, and side to which a face is
#: brought that is looked for where it was; how often one looks all over nevertheless; how long a lost face is waited for.
QUICK_DETAIL, NEAR, ALL_OVER, PATIENCE = 240, 48, 10, 5
#: What stands over everything that looks at a learner's own photograph.
NOTICE = (
    "Your own face only. Nothing leaves this machine, nothing is stored, nothing is graded. The scores say which training "
    "faces a picture resembles, not what anybody feels. Inferring emotions of pupils, students or employees is prohibited in "
    "the European Union (AI Act, Regulation 2024/1689, Article 5(1)(f))."
)
#: What FER2013 shows round the detector's box, on each side, as a share of the box. Measured: boxes of drawn faces in scenes
#: need a median of 0.10 to give back the drawn 48 × 48 picture, those of FER2013's own pictures 0.07.
MARGIN = 0.08


class Box(NamedTuple):
    """A square in a photograph, in pixels: its first row, its first column, its side. Fractions are fine."""

    top: float
    left: float
    side: float


# ---------------------------------------------------------------------------------------------------------- reading


def read_photograph(source: str | Path | bytes, longest: int = LONGEST) -> np.ndarray:
    """Read a picture of any common kind: upright, 8 bits, no transparency, not too large.

    Args:
        source: a file, or the bytes of one (jpg, png, webp, tif, gif, bmp, …; of several pictures the first).
        longest: longest side of what is returned, in pixels; larger pictures are shrunk (antialiased), smaller ones stay.

    Returns:
        uint8 array: (H, W) of a grey picture, (H, W, 3) of one in colours (RGB). It is turned as the camera says (EXIF), 16
        bits become 8, and what is transparent lies on white.

    Raises:
        PhotographError: if there is no such file, it is no picture, it is damaged, or has more than 89 million pixels.

    """
    given = isinstance(source, (bytes, bytearray, memoryview))
    name = "What was given" if given else str(source)
    if not given:
        refuse_endless(source, PhotographError)
    try:
        with warnings.catch_warnings():
            # Pillow warns of pictures that may have been made to fill the memory: too large for us, too.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(source) if given else Path(source)) as image:
                return _pixels(image, longest)
    except PhotographError as error:
        raise PhotographError(f"{name}: {error}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PhotographError(f"{name} has far too many pixels. Save a smaller copy of it and take that.") from None
    except FileNotFoundError:
        raise PhotographError(f"There is no file {name}. Look at its name and folder.") from None
    except Exception as error:  # Pillow's decoders raise errors of many kinds for what is damaged
        raise PhotographError(
            f"{name} is no picture that can be read ({_short(error)}). Take a jpg, png or webp; photographs of some telephones "
            f"are heic files: save a copy as jpg."
        ) from None


def _short(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "its content is of no known kind"
    words = str(error).strip().splitlines() or [type(error).__name__]
    return words[0][:80]


def _pixels(image: Image.Image, longest: int) -> np.ndarray:
    # A large jpg is decoded at a half, a quarter or an eighth of its size at once.
    image.draft(None, (longest, longest))
    image = _eight_bits(image)
    scale = longest / max(image.size)
    if scale < 1:
        image = image.resize([max(1, round(side * scale)) for side in image.size], reducing_gap=2.0)
    return np.asarray(ImageOps.exif_transpose(image)).copy()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in mode L or RGB, with its EXIF; what is transparent lies on white."""
    if image.mode == "F":
        raise PhotographError("its pixels are fractions, of which nobody says what is white. Save it with 8 bits.")
    exif = image.getexif()
    if image.mode.startswith("I"):  # 16 bits, some of them in 32
        levels = np.clip(np.asarray(image).astype(np.int64) // 256, 0, 255)
        image = Image.fromarray(levels.astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    elif image.mode != "L":
        image = image.convert("L" if image.mode == "1" else "RGB")
    image.info["exif"] = exif.tobytes()
    return image


def grey(photo: np.ndarray) -> np.ndarray:
    """Return a photograph in grey, uint8 (H, W), by the weights of ITU-R 601, as FER2013's colours became grey.

    Raises:
        PhotographError: if it is not uint8 (H, W) or (H, W, 3), or has no pixels.

    """
    photo = np.asarray(photo)
    shaped = photo.ndim == 2 or (photo.ndim == 3 and photo.shape[2] == 3)
    if photo.dtype != np.uint8 or not shaped or not photo.size:
        raise PhotographError(
            f"A photograph is a uint8 array (H, W) or (H, W, 3), as read_photograph gives it; found {photo.dtype} {photo.shape}."
        )
    return photo if photo.ndim == 2 else np.asarray(Image.fromarray(photo).convert("L"))


# ------------------------------------------------------------------------------------------------ finding, cropping


def find_faces(photo: np.ndarray, detail: int = DETAIL) -> list[Box]:
    """Return the boxes of faces that look into the camera, about from forehead to chin, the largest first.

    Boxes that overlap by more than half of the smaller one are one face; the largest of them stays. Turned, half-hidden and very
    small faces are often missed, and now and then a box holds no face: lesson 09 counts both.

    Args:
        photo: uint8 (H, W) or (H, W, 3), as `read_photograph` gives it.
        detail: longest side in pixels of the shrunk copy in which faces are looked for. Twice as many find faces half as
            large, and take four times as long.

    Raises:
        PhotographError: if it is no photograph.
        FerCourseError: if scikit-image is not installed.

    Source:
        skimage.feature.Cascade: multi-block local binary patterns (Liao et al. 2007) in a cascade (Viola & Jones 2001).

    """
    image = Image.fromarray(grey(photo))
    return without_overlaps(_search(image, min(1.0, detail / max(image.size)), WINDOW, math.inf))


def find_near(photo: np.ndarray, box: Box) -> Box | None:
    """Return where a face is now, close to where it was in the picture before; None if it is not found there.

    It is looked for half a box further on each side, from 0.7 to 1.4 times as large: that takes a tenth of the time, or less,
    that `find_faces` takes to look all over a picture.

    Args:
        photo: uint8 (H, W) or (H, W, 3).
        box: where the face was.

    Raises:
        PhotographError: if it is no photograph.
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
    return max(here, key=lambda each: _overlap(each, box), default=None)


def _search(image: Image.Image, scale: float, least: float, most: float) -> list[Box]:
    """Return all boxes that the cascade finds in a copy of this scale; `least` and `most` are sides in that copy, in pixels."""
    small = image.resize([max(1, round(side * scale)) for side in image.size], Image.Resampling.BOX)
    least = max(WINDOW, int(least))
    most = min(most, *small.size)
    if min(small.size) <= WINDOW or most < least:
        return []
    found = _cascade().detect_multi_scale(
        img=np.asarray(small), scale_factor=1.1, step_ratio=1, min_neighbor_number=4,
        min_size=(least, least), max_size=(int(most), int(most)) if most < min(small.size) else small.size[::-1],
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


def without_overlaps(boxes: Sequence[Box], share: float = 0.5) -> list[Box]:
    """Return the boxes, the largest first, without those that lie by more than `share` of their area in a larger one."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.side):
        if all(common_area(box, other) <= share * box.side**2 for other in kept):
            kept.append(box)
    return kept


def common_area(one: Box, other: Box) -> float:
    """Return the area that two boxes have in common, in square pixels."""
    rows = min(one.top + one.side, other.top + other.side) - max(one.top, other.top)
    columns = min(one.left + one.side, other.left + other.side) - max(one.left, other.left)
    return max(rows, 0.0) * max(columns, 0.0)


def _apart(box: Box, others: Iterable[Box | None]) -> bool:
    """Return whether a box and each of the others, those that are None aside, share at most half of the smaller one."""
    return all(common_area(box, other) <= 0.5 * min(box.side, other.side) ** 2 for other in others if other)


def match(boxes: Sequence[Box], truth: Box) -> Box | None:
    """Return the box that fits a face best of which one knows where it is; None if none of them means it.

    Args:
        boxes: as `find_faces` gives them.
        truth: where the face's 48 × 48 picture lies, as for `paste`. A box means this face if more than half of it lies in
            there, and if its side is at least two fifths of the picture's: a mouth alone is no face.

    """
    means_it = [b for b in boxes if b.side >= 0.4 * truth.side and common_area(b, truth) > 0.5 * b.side**2]
    return max(means_it, key=lambda box: _overlap(box, truth), default=None)


def _overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share, as a share of what both cover together (intersection over union)."""
    common = common_area(a, b)
    return common / (a.side**2 + b.side**2 - common)


def crop_face(photo: np.ndarray, box: Box | tuple[float, float, float], margin: float = MARGIN) -> np.ndarray:
    """Cut a face out of a photograph and scale it to 48 × 48, framed as FER2013's.

    Args:
        photo: uint8 (H, W) or (H, W, 3).
        box: top, left and side of a square, in pixels; it may lie partly outside, where the pixels at the edge are repeated.
        margin: how much to show round the box, on each side, as a share of its side; negative cuts into it.

    Returns:
        uint8 (48, 48), grey; many pixels become one by averaging (antialiased).

    Raises:
        PhotographError: if the box, with its margin, has no size, lies outside the picture, or is much larger than it.

    """
    pixels = grey(photo)
    top, left, side = _grown(box, margin, pixels.shape)
    first = math.floor(top), math.floor(left)
    last = math.ceil(top + side), math.ceil(left + side)
    rows, columns = (
        np.clip(np.arange(start, max(end, start + 1)), 0, length - 1)
        for start, end, length in zip(first, last, pixels.shape, strict=True)
    )
    image = Image.fromarray(pixels[np.ix_(rows, columns)])
    top, left = top - first[0], left - first[1]
    window = (
        left,
        top,
        min(left + side, image.width),
        min(top + side, image.height),
    )  # Pillow forbids a rounding error more
    # Hamming's window averages the pixels that fall into one, as a box does, with softer borders where factors aren't whole.
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.HAMMING, box=window)).copy()


def _widened(box: Box, margin: float) -> Box:
    """Return the box with a margin on each side, a share of its side."""
    return Box(box.top - margin * box.side, box.left - margin * box.side, box.side * (1 + 2 * margin))


def _grown(box, margin: float, shape: tuple[int, int]) -> Box:
    """Return the box with its margin, as floats, if it can be cut out of a picture of this shape."""
    try:
        grown = _widened(Box(*(float(number) for number in box)), margin)
    except (TypeError, ValueError):
        raise PhotographError(f"A box is three numbers: top, left and side, in pixels; found {box!r}.") from None
    if not all(map(math.isfinite, grown)) or grown.side <= 0:
        raise PhotographError(f"A box needs a side above 0, also with its margin; found {box!r} and margin {margin!r}.")
    starts, ends = grown[:2], (grown.top + grown.side, grown.left + grown.side)
    beside = any(start >= length or end <= 0 for start, end, length in zip(starts, ends, shape, strict=True))
    if beside or grown.side > 4 * max(shape):
        raise PhotographError(
            f"The box {tuple(grown)} (top, left, side) does not fit a picture of {shape[0]} rows and {shape[1]} columns: a part "
            f"of it has to lie inside, and its side is at most four times the picture's."
        )
    return grown


def paste(faces: Sequence[np.ndarray], boxes: Sequence[Box], shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Make a grey scene with faces in it: a photograph of nobody, of which one knows where the faces are.

    Args:
        faces: uint8 pictures (48, 48), one a box.
        boxes: where each goes; the box is the whole 48 × 48 picture, scaled (bicubic), its border blended in.
        shape: rows and columns of the scene.
        seed: fixes the background, soft blots, and the camera's noise.

    Returns:
        uint8 (rows, columns).

    Raises:
        PhotographError: if a box does not lie inside the scene, or there are not as many boxes as faces.

    """
    if len(faces) != len(boxes):
        raise PhotographError(f"Each face needs a box; found {len(faces)} faces and {len(boxes)} boxes.")
    rng = np.random.default_rng(seed)
    blots = Image.fromarray(rng.uniform(70, 190, (5, 6)).astype(np.float32))
    scene = np.array(blots.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
    for face, box in zip(faces, boxes, strict=True):
        top, left, side = (round(number) for number in box)
        if side < 2 or top < 0 or left < 0 or top + side > shape[0] or left + side > shape[1]:
            raise PhotographError(
                f"The box {tuple(box)} does not lie inside a scene of {shape[0]} × {shape[1]} pixels."
            )
        picture = np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
        place = scene[top : top + side, left : left + side]
        place += (picture - place) * _soft_border(side)
    return np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8)


def _soft_border(side: int) -> np.ndarray:
    """Return how much of a face is seen at each pixel, (side, side): 1 inside, falling to 0 in the outer tenth."""
    middle = np.arange(side) + 0.5
    line = np.clip(np.minimum(middle, side - middle) / (0.1 * side), 0, 1)
    return np.minimum.outer(line, line)


# ------------------------------------------------------------------------------------------- over time, and in time


def smooth(scores: np.ndarray, weight: float = 0.3) -> np.ndarray:
    """Return scores smoothed over time by an exponential moving average; built in lesson 09.

    smoothed[0] = scores[0], and smoothed[t] = weight · scores[t] + (1 − weight) · smoothed[t − 1].

    Args:
        scores: (frames, classes), one row a picture, in order.
        weight: of the newest row, above 0 and at most 1; 1 changes nothing.

    Returns:
        float64 (frames, classes); rows that sum to 1 stay such rows.

    Raises:
        FerCourseError: if the weight is out of range.

    """
    if not 0 < weight <= 1:
        raise FerCourseError(f"The weight of the newest scores lies above 0 and is at most 1; found {weight!r}.")
    smoothed = np.array(scores, dtype=np.float64)
    for t in range(1, len(smoothed)):
        smoothed[t] = _blend(smoothed[t], smoothed[t - 1], weight)
    return smoothed


def _blend(new, before, weight: float):
    return weight * new + (1 - weight) * before


class Seen(NamedTuple):
    """A face in a picture, scored.

    Attributes:
        number: which face it is; of pictures that follow each other, the same as long as it is followed.
        box: where it is, as of `find_faces`.
        scores: float64 (classes,), rows that sum to 1; smoothed if pictures follow each other.
        maps: float64 (h, w, classes), how much each place of the crop speaks for each class, smoothed as the scores are; None
            of a model that has no such maps.
        missed: in how many pictures it was not found since; its box and scores are then those of the last one in which it was.

    """

    number: int
    box: Box
    scores: np.ndarray
    maps: np.ndarray | None = None
    missed: int = 0

    def to_dict(self) -> dict:
        """Return what a page needs to draw it, ready for JSON.

        Its `map` is that of the class with the highest score, in parts of the largest absolute value of all classes' maps: -1
        to 1, rows of numbers; `frame` is the square of the photograph that it covers: the box with its margin.
        """
        shown = None
        if self.maps is not None:
            shown = (self.maps[..., int(np.argmax(self.scores))] / (np.abs(self.maps).max() or 1.0)).tolist()
        return {
            "number": self.number,
            "box": list(self.box),
            "frame": list(_widened(self.box, MARGIN)),
            "scores": [float(score) for score in self.scores],
            "map": shown,
            "missed": self.missed,
        }


#: Scores faces: uint8 (N, 48, 48), N at least 1, to (N, classes) probabilities and (N, h, w, classes) class maps, or None.
Score = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]


def see(photo: np.ndarray, score: Score, boxes: Sequence[Box] | None = None, most: int = 3) -> list[Seen]:
    """Find, cut out and score the faces of one picture, the largest first.

    Args:
        photo: uint8 (H, W) or (H, W, 3).
        score: as `evaluation.scorer` makes it.
        boxes: where the faces are, if somebody knows; None: look for them.
        most: no more faces than that.

    Raises:
        PhotographError: if it is no photograph, or a box does not fit it.
        FerCourseError: if scikit-image is not installed.

    """
    boxes = (find_faces(photo) if boxes is None else list(boxes))[:most]
    return [
        Seen(number, box, *each)
        for number, (box, each) in enumerate(zip(boxes, _scored(photo, boxes, score), strict=True))
    ]


def _scored(photo: np.ndarray, boxes: Sequence[Box], score: Score) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Return scores and maps of each box, scored all at once."""
    if not boxes:
        return []
    scores, maps = score(np.stack([crop_face(photo, box) for box in boxes]))
    maps = [None] * len(boxes) if maps is None else np.asarray(maps, dtype=np.float64)
    return list(zip(np.asarray(scores, dtype=np.float64), maps, strict=True))


def in_words(faces: Sequence[Seen], class_names: Sequence[str] = CLASS_NAMES) -> str:
    """Return what is seen as a sentence, for those who can't see the bars: "face 0: happy 78 %"."""
    said = [f"face {face.number}: {class_names[int(face.scores.argmax())]} {face.scores.max():.0%}" for face in faces]
    return "; ".join(said) or "no face found"


class Stream:
    """Faces in pictures that follow each other: found, followed, scored, and their scores smoothed as in lesson 09.

    To look all over a picture takes longest. So a face that is known is looked for where it was (`find_near`); all over, in
    less detail than `find_faces` has, only in every tenth picture, when there is no face, or when one was lost. A new face
    thus appears up to ten pictures later, and one of less than a tenth of the longest side not at all. A lost face keeps its
    box and its scores for five pictures.

    Attributes:
        faces: number -> `Seen`, of the last picture.
        seconds: what the last picture took: "find" and "score", in seconds.

    """

    def __init__(
        self, score: Score, weight: float = 0.3, most: int = 3, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        if not 0 < weight <= 1:
            raise FerCourseError(f"The weight of the newest scores lies above 0 and is at most 1; found {weight!r}.")
        self._score, self._weight, self._most, self._clock = score, weight, most, clock
        self.forget()

    def forget(self) -> None:
        """Begin anew, as if no picture had been seen."""
        self.faces: dict[int, Seen] = {}
        self.seconds = {"find": 0.0, "score": 0.0}
        self._pictures, self._shape = 0, None

    def see(self, photo: np.ndarray) -> list[Seen]:
        """Return the faces of the next picture; those that were just lost, too, see `Seen.missed`.

        Args:
            photo: uint8 (H, W) or (H, W, 3); another size than before begins a new stream.

        Raises:
            PhotographError: if it is no photograph.
            FerCourseError: if scikit-image is not installed.

        """
        photo = grey(photo)
        if photo.shape != self._shape:
            self.forget()
            self._shape = photo.shape
        start = self._clock()
        boxes = self._find(photo)
        found = self._clock()
        self._take(photo, boxes)
        self.seconds = {"find": found - start, "score": self._clock() - found}
        self._pictures += 1
        return [self.faces[number] for number in sorted(self.faces)]

    def _find(self, photo: np.ndarray) -> dict[int, Box | None]:
        """Return number -> box, of the faces that are known (None: lost) and of new ones; no two boxes are one face."""
        boxes: dict[int, Box | None] = {}
        for number in sorted(self.faces, key=lambda n: (self.faces[n].missed, n)):  # who is there comes first
            box = find_near(photo, self.faces[number].box)
            boxes[number] = box if box and _apart(box, boxes.values()) else None
        if self._pictures % ALL_OVER and boxes and all(boxes.values()):
            return boxes
        for box in find_faces(photo, QUICK_DETAIL):
            lost = [n for n, other in boxes.items() if other is None and _overlap(self.faces[n].box, box) > 0]
            number = lost[0] if lost else next(n for n in itertools.count() if n not in boxes)
            if _apart(box, boxes.values()) and (lost or len(boxes) < self._most):
                boxes[number] = box
        return boxes

    def _take(self, photo: np.ndarray, boxes: dict[int, Box | None]) -> None:
        """Score the boxes and blend the scores with those of before; give up what has been lost for too long."""
        found = {number: box for number, box in boxes.items() if box}
        lost = {number: self.faces[number] for number, box in boxes.items() if box is None}
        self.faces = {
            n: face._replace(missed=face.missed + 1) for n, face in lost.items() if face.missed < PATIENCE
        } | {
            number: self._smoothed(Seen(number, box, *each))
            for (number, box), each in zip(
                found.items(), _scored(photo, list(found.values()), self._score), strict=True
            )
        }

    def _smoothed(self, new: Seen) -> Seen:
        before = self.faces.get(new.number)
        if before is None:
            return new
        maps = None if new.maps is None or before.maps is None else _blend(new.maps, before.maps, self._weight)
        return new._replace(scores=_blend(new.scores, before.scores, self._weight), maps=maps)


class Latency(NamedTuple):
    """How long one call takes, in seconds: the median, and the 10th and 90th percentile of many single calls."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{1000 * self.median:.1f} ms ({1000 * self.low:.1f} to {1000 * self.high:.1f})"


def latency(
    call: Callable[[], object], repeats: int = 30, warmup: int = 3, clock: Callable[[], float] = time.perf_counter
) -> Latency:
    """Measure single calls, each on its own, after some that don't count; built in lesson 09.

    Args:
        call: what to measure, without arguments.
        repeats: calls that are measured.
        warmup: calls before them: the first ones load, compile and fill caches.
        clock: returns seconds; a test may give its own.

    Raises:
        FerCourseError: if there is nothing to measure.

    """
    if repeats < 1 or warmup < 0:
        raise FerCourseError(f"At least one measured call, and none below 0 before; found {repeats} and {warmup}.")
    for _ in range(warmup):
        call()
    seconds = []
    for _ in range(repeats):
        start = clock()
        call()
        seconds.append(clock() - start)
    low, median, high = np.percentile(seconds, [10, 50, 90])
    return Latency(float(median), float(low), float(high))
