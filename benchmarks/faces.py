"""How many faces the detector finds, where it sees some that are none, and how long it takes: drawn strangers and one photograph.

usage: python benchmarks/faces.py [--people 6]        (a minute; nothing else should run beside it)

Drawn strangers, `--people` of each class, are pasted into scenes of 240 × 320 pixels in three sizes, and one of them walks before
a camera. The photograph is scikit-image's `astronaut`, in the public domain. Writes a section of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Iterator, Sequence

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import numpy as np
from PIL import Image
from recording import few
from skimage import data
from writing import write_section

from fer_course import evaluation, live, models
from fer_course.data import drawn

SHAPE, FRAMES = (240, 320), few(200, 5)
#: Where the face of `astronaut` lies, as if it were a pasted picture: 512 × 512 pixels.
ASTRONAUT = live.Box(60, 165, 120)
Find = Callable[[np.ndarray], Sequence[live.Box]]


def strangers(people: int, side: int) -> Iterator[tuple[np.ndarray, live.Box]]:
    """Yield scenes with one face of this side each, and where it is."""
    rng = np.random.default_rng(side)
    for label in range(7):
        for image in drawn.draw_people(label, 0, 1)[0][:people]:
            top, left = (int(rng.integers(0, length - side + 1)) for length in SHAPE)
            place = live.Box(top, left, side)
            yield live.paste([image], [place], SHAPE, int(rng.integers(1000))), place


def walk() -> Iterator[tuple[np.ndarray, live.Box]]:
    """Yield the frames of a face that moves to and fro, nearer and further, with a camera's noise."""
    rng = np.random.default_rng(0)
    for step in range(FRAMES):
        side = 110 + round(30 * np.sin(step / 17))
        top, left = 120 + 25 * np.sin(step / 12) - side / 2, 160 + 70 * np.sin(step / 20) - side / 2
        place = live.Box(round(top), round(left), side)
        strength = 0.5 + 0.5 * np.sin(step / 15)
        units = {number: most * strength for number, most in drawn.PROTOTYPES["happy"].items()}
        face = drawn.draw_one(units, step // 40, drawn.Pose(roll=rng.normal(0, 2)))
        frame = live.paste([face], [place], SHAPE, 0) + rng.normal(0, 6, SHAPE)
        yield np.clip(frame, 0, 255).astype(np.uint8), place


def count(name: str, find: Find, photos: Sequence[tuple[np.ndarray, live.Box]]) -> tuple[str, ...]:
    """Return a row: name, faces found, false alarms, and milliseconds a picture (median, and nine of ten)."""
    found = alarms = 0
    seconds = []
    for photo, place in photos:
        start = time.perf_counter()
        boxes = find(photo)
        seconds.append(time.perf_counter() - start)
        found += live.match(boxes, place) is not None
        alarms += sum(live.match([box], place) is None for box in boxes)
    middle, most = 1000 * np.percentile(seconds, [50, 90])
    return name, f"{found} of {len(photos)}", str(alarms), f"{middle:.0f} ({most:.0f})"


def followed(score: live.Score) -> Find:
    """Return a stream as a function that finds: what it is given are pictures that follow each other."""
    stream = live.Stream(score)
    return lambda photo: [face.box for face in stream.see(photo) if not face.missed]


def whole_way(score: live.Score) -> tuple[str, ...]:
    """Return a row of a photograph of 12 megapixels, from its file's bytes to the scores."""
    file = io.BytesIO()
    Image.fromarray(data.astronaut()).resize((3464, 3464)).save(file, "jpeg", quality=92)
    place = live.Box(*(number * live.LONGEST / 512 for number in ASTRONAUT))
    content = np.array([file.getvalue()], dtype=object)
    find = lambda bytes_: [face.box for face in live.see(live.read_photograph(bytes_), score)]  # noqa: E731
    size = f"{len(file.getvalue()) / 1e6:.1f} MB"
    return count(f"a jpg of 12 megapixels ({size}), read, found, scored", find, [(content[0], place)] * 10)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=few(6, 1), help="of each class, at most 32")
    options = parser.parse_args()
    score = evaluation.scorer(models.pretrained())
    for faces in range(1, 4):
        score(np.zeros((faces, 48, 48), np.uint8))  # compiled here
    rows = []
    for side in (160, 72, 36):
        photos = list(strangers(options.people, side))
        rows.append(count(f"drawn strangers, side {side}", live.find_faces, photos))
    astronaut = [(data.astronaut(), ASTRONAUT)] * 5
    for detail in (240, 320, 512):
        rows.append(count(f"astronaut, detail {detail}", lambda photo, d=detail: live.find_faces(photo, d), astronaut))
    rows.append(whole_way(score))
    frames = list(walk())
    rows.append(count("a walk, all over in each frame", live.find_faces, frames))
    rows.append(count("a walk, as the camera panel does, scored", followed(score), frames))
    head = ("pictures", "found", "false alarms", "milliseconds: median (9 of 10 below)")
    write_section("Finding faces", "python benchmarks/faces.py", "Scenes of 240 × 320 pixels.", head, rows)


if __name__ == "__main__":
    main()
