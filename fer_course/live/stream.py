"""Faces in a sequence of pictures: found, tracked, scored, and their scores smoothed over time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from fer_course._shared.notice import NOTICE as NOTICE
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES
from fer_course.live.boxes import MARGIN, Box, crop_face, is_apart, overlap, widened
from fer_course.live.detection import find_faces, find_near
from fer_course.live.photographs import grey

#: Longest side, in pixels, of a picture of a stream that is searched completely.
QUICK_DETAIL = 240


#: One picture in this many is searched completely, even if all known faces were found near their last boxes.
FULL_SEARCH_EVERY = 10


#: A lost face is kept for this many pictures.
PATIENCE = 5


def smooth(scores: np.ndarray, weight: float = 0.3) -> np.ndarray:
    """Return scores smoothed over time by an exponential moving average; built in lesson 12.

    >>> smooth(np.array([[0.0], [1.0], [1.0]]), weight=0.5).ravel()
    array([0.  , 0.5 , 0.75])

    smoothed[0] = scores[0], and smoothed[t] = weight · scores[t] + (1 − weight) · smoothed[t − 1].

    Args:
        scores: (frames, classes), one row per picture, in order.
        weight: weight of the newest row, above 0 and at most 1; 1 changes nothing.

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
        number: which face it is; in a stream, a face keeps its number as long as it is tracked.
        box: its box, as in `find_faces`.
        scores: float64 (classes,), which sum to 1; in a stream, smoothed.
        maps: float64 (h, w, classes), how much each position of the crop speaks for each class, smoothed like the scores; None
            if the model has no such maps.
        missed: in how many pictures it has not been found since; its box and scores are then those of its last picture.

    """

    number: int
    box: Box
    scores: np.ndarray
    maps: np.ndarray | None = None
    missed: int = 0

    def to_dict(self) -> dict:
        """Return what a page needs to show the face, as JSON can hold it.

        `map` is the map of the class with the highest score, divided by the largest absolute value of all classes' maps: rows of
        numbers from -1 to 1. `frame` is the square of the photograph that it covers: the box with its margin.
        """
        shown = None
        if self.maps is not None:
            shown = (self.maps[..., int(np.argmax(self.scores))] / (np.abs(self.maps).max() or 1.0)).tolist()
        return {
            "number": self.number,
            "box": list(self.box),
            "frame": list(widened(self.box, MARGIN)),
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
        score: as `evaluation.scorer` returns it.
        boxes: the boxes of the faces, if they are known; None: find them.
        most: the largest number of faces.

    Raises:
        PhotographError: if it is not a photograph, or a box does not fit it.
        FerCourseError: if scikit-image is not installed.

    """
    boxes = (find_faces(photo) if boxes is None else list(boxes))[:most]
    scored = _score_boxes(photo, boxes, score)
    return [Seen(number, box, *scored[number]) for number, box in enumerate(boxes)]


def _score_boxes(photo: np.ndarray, boxes: Sequence[Box], score: Score) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Return scores and maps of each box; all boxes are scored at once."""
    if not boxes:
        return []
    scores, maps = score(np.stack([crop_face(photo, box) for box in boxes]))
    maps_of = [None] * len(boxes) if maps is None else list(np.asarray(maps, dtype=np.float64))
    return list(zip(np.asarray(scores, dtype=np.float64), maps_of, strict=True))


def in_words(faces: Sequence[Seen], class_names: Sequence[str] = CLASS_NAMES) -> str:
    """Return the faces as a sentence, for those who can't see the bars: "face 0: happy 78 %"."""
    phrases = [
        f"face {face.number}: {class_names[int(face.scores.argmax())]} {face.scores.max():.0%}" for face in faces
    ]
    return "; ".join(phrases) or "no face found"


class Stream:
    """Faces in a sequence of pictures: found, tracked, scored, and their scores smoothed as in lesson 12.

    Searching a whole picture takes most of the time. So a known face is searched near its last box (`find_near`). The whole
    picture is searched, in less detail than by `find_faces`, only in every tenth picture, when there is no face, or when one
    was lost. So a new face appears up to ten pictures later, and a face of less than a tenth of the longest side never. A lost
    face keeps its box and its scores for five pictures.

    Attributes:
        faces: number -> `Seen`, in the last picture.
        seconds: the seconds that the last picture took: "find" and "score".

    """

    def __init__(
        self, score: Score, weight: float = 0.3, most: int = 3, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        if not 0 < weight <= 1:
            raise FerCourseError(f"The weight of the newest scores lies above 0 and is at most 1; found {weight!r}.")
        self._score, self._weight, self._most, self._clock = score, weight, most, clock
        self.forget()

    def forget(self) -> None:
        """Start again, as if there had been no picture."""
        self.faces: dict[int, Seen] = {}
        self.seconds = {"find": 0.0, "score": 0.0}
        self._pictures = 0
        self._shape: tuple[int, ...] | None = None

    def see(self, photo: np.ndarray) -> list[Seen]:
        """Return the faces of the next picture, with those that were just lost, see `Seen.missed`.

        Args:
            photo: uint8 (H, W) or (H, W, 3); a new size starts a new stream.

        Raises:
            PhotographError: if it is not a photograph.
            FerCourseError: if scikit-image is not installed.

        """
        photo = grey(photo)
        if photo.shape != self._shape:
            self.forget()
            self._shape = photo.shape
        start = self._clock()
        boxes = self._find(photo)
        found = self._clock()
        self._update(photo, boxes)
        self.seconds = {"find": found - start, "score": self._clock() - found}
        self._pictures += 1
        return [self.faces[number] for number in sorted(self.faces)]

    def _find(self, photo: np.ndarray) -> dict[int, Box | None]:
        """Return number -> box for the known faces (None for a lost one) and for new faces. No two boxes show one face."""
        boxes = self._find_known(photo)
        all_found = bool(boxes) and all(boxes.values())
        if all_found and self._pictures % FULL_SEARCH_EVERY:
            return boxes
        for box in find_faces(photo, QUICK_DETAIL):
            if not is_apart(box, boxes.values()):
                continue
            lost = [n for n, other in boxes.items() if other is None and overlap(self.faces[n].box, box) > 0]
            if lost:
                boxes[lost[0]] = box
            elif len(boxes) < self._most:
                boxes[next(n for n in itertools.count() if n not in boxes)] = box
        return boxes

    def _find_known(self, photo: np.ndarray) -> dict[int, Box | None]:
        """Search for each known face near its last box; a box goes to the face with the fewest misses."""
        boxes: dict[int, Box | None] = {}
        for number in sorted(self.faces, key=lambda n: (self.faces[n].missed, n)):
            box = find_near(photo, self.faces[number].box)
            boxes[number] = box if box and is_apart(box, boxes.values()) else None
        return boxes

    def _update(self, photo: np.ndarray, boxes: dict[int, Box | None]) -> None:
        """Score the faces that were found, blend their scores with the last ones, and drop faces that were lost for too long."""
        found = {number: box for number, box in boxes.items() if box}
        faces = {}
        for number, box in boxes.items():
            if box is None and self.faces[number].missed < PATIENCE:
                faces[number] = self.faces[number]._replace(missed=self.faces[number].missed + 1)
        scored = _score_boxes(photo, list(found.values()), self._score)
        for (number, box), (scores, maps) in zip(found.items(), scored, strict=True):
            faces[number] = self._smooth(Seen(number, box, scores, maps))
        self.faces = faces

    def _smooth(self, new: Seen) -> Seen:
        before = self.faces.get(new.number)
        if before is None:
            return new
        maps = None if new.maps is None or before.maps is None else _blend(new.maps, before.maps, self._weight)
        return new._replace(scores=_blend(new.scores, before.scores, self._weight), maps=maps)
