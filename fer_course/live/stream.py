"""Faces in pictures that follow each other: found, followed, scored, and their scores smoothed over time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES
from fer_course.live.boxes import MARGIN, Box, crop_face, is_apart, overlap, widened
from fer_course.live.detection import find_faces, find_near
from fer_course.live.photographs import grey

#: Longest side, in pixels, of a picture of a stream in which faces are searched everywhere.
QUICK_DETAIL = 240


#: One picture in this many is searched everywhere, even if all known faces were found near their last boxes.
FULL_SEARCH_EVERY = 10


#: A lost face is kept for this many pictures.
PATIENCE = 5


#: What stands over everything that looks at a learner's own photograph.
NOTICE = (
    "Your own face only. Nothing leaves this machine, nothing is stored, nothing is graded. The scores say which training "
    "faces a picture resembles, not what anybody feels. Inferring emotions of pupils, students or employees is prohibited in "
    "the European Union (AI Act, Regulation 2024/1689, Article 5(1)(f))."
)


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
        """Search for each known face near its last box; a box goes to the face that was missed least."""
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
        scored = _scored(photo, list(found.values()), self._score)
        for (number, box), (scores, maps) in zip(found.items(), scored, strict=True):
            faces[number] = self._smoothed(Seen(number, box, scores, maps))
        self.faces = faces

    def _smoothed(self, new: Seen) -> Seen:
        before = self.faces.get(new.number)
        if before is None:
            return new
        maps = None if new.maps is None or before.maps is None else _blend(new.maps, before.maps, self._weight)
        return new._replace(scores=_blend(new.scores, before.scores, self._weight), maps=maps)
