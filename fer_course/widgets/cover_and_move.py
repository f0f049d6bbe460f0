"""Figure 6, cover and move: moving along is not invariance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import traitlets

from fer_course._shared.scripts import as_array, to_array
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES, Faces
from fer_course.plots import grid
from fer_course.widgets.figure import Figure, handed

#: Pixels that a face moves at most, and what can stand where nothing is left.
FAR, EDGES = 8, ("repeated", "mean")


class CoverAndMove(Figure):
    """The whole face moved, or a patch over it, and what up to three networks say of it.

    Afterwards one can say: a convolution moves along with the face, but the score at the end still changes: of 70 drawn faces
    some ten get another name. Networks that agree on a face need not read it from the same place.

    Attributes:
        face: number of the face.
        mode: "move" or "cover".
        edge: what stands where nothing is left: "repeated" (the edge's pixels) or "mean" (of the face).
        fill: "black", "mean" (of the face) or "blur" (the mean of 9 × 9 neighbours).
        size: side of the cover in pixels.
        place: row and column of its middle.
        shift: by how many pixels the face is moved, down and to the right.
        scores: probabilities of the classes, one list per network.

    """

    module = "cover_and_move"
    faces = handed(traitlets.Dict())
    names = handed(traitlets.List())
    labels = handed(traitlets.List())
    class_names = handed(traitlets.List())
    networks = handed(traitlets.List())
    face = handed(traitlets.Int(0))
    many = handed(traitlets.Dict())
    mode = handed(traitlets.Enum(["move", "cover"], "move"))
    edge = handed(traitlets.Enum(EDGES, "repeated"))
    fill = handed(traitlets.Enum(["black", "mean", "blur"], "black"))
    size = handed(traitlets.Int(12, min=0, max=32))
    place = handed(traitlets.List([34, 24]))
    shift = handed(traitlets.List([0, 0]))
    scores = handed(traitlets.List())

    def still(self):
        """Return the faces as a matplotlib figure, and the alternative text."""
        who = " and ".join(each["name"] for each in self.networks)
        most = max(self.many["n"] - min(counts) for counts in self.many["kept"][self.edge])
        moved = f"Moved up to {FAR} pixels to the side: another name for up to {most} of {self.many['n']}."
        return grid(as_array(self.faces), self.names), f"Faces to move and to cover, for {who}. {moved}"


def cover_and_move(
    models: Mapping[str, Any] | None = None, faces: Faces | None = None, many: Faces | None = None, **options
) -> CoverAndMove:
    """Return the figure for up to three networks and up to twenty faces.

    Args:
        models: name -> Keras model of this package's form, or `Run`; None: the network that comes with the course.
        faces: labelled faces; None: a drawn face for every class.
        many: faces of which the figure says how many keep their name when they move; None: ten drawn people, each with every
            expression.
        **options: other traits of `CoverAndMove`, such as `mode="cover"`.

    Raises:
        FerCourseError: if there are too many networks or faces, or the networks take pictures of different sizes.
        ExportError: if a network has a layer that a page can't compute.

    """
    from fer_course.export.networks import describe
    from fer_course.models import as_model, pretrained
    from fer_course.models.prepare import prepare

    loaded = {name: as_model(model) for name, model in (models or {"mini-Xception": pretrained()}).items()}
    if faces is None:
        faces = _drawn([5])
        options = {"face": CLASS_NAMES.index("disgust")} | options  # whose score depends most on its place
    many = _drawn(range(10)) if many is None else many
    sizes = {model.input_shape[1] for model in loaded.values()}
    if not 1 <= len(loaded) <= 3 or len(sizes) != 1 or not 1 <= len(faces) <= 20:
        raise FerCourseError(
            f"cover_and_move takes one to three networks of one input size, and one to twenty faces; found {len(loaded)} "
            f"networks of sizes {sorted(sizes)} and {len(faces)} faces."
        )
    side = sizes.pop()
    crowd = prepare(many.images, side)[..., 0]
    labels = [int(label) for label in faces.labels]
    return CoverAndMove(
        faces=to_array(prepare(faces.images, side)[..., 0]),
        names=[f"{number + 1}: {faces.class_names[label]}" for number, label in enumerate(labels)],
        labels=labels,
        class_names=list(faces.class_names),
        networks=[{"name": name, "network": describe(model)} for name, model in loaded.items()],
        many={
            "words": "drawn face" if many.drawn else "face",
            "n": len(many),
            "kept": {edge: [keeping(model, crowd, edge) for model in loaded.values()] for edge in EDGES},
        },
        **options,
    )


def moved(images: np.ndarray, down: int, right: int, edge: str = "repeated") -> np.ndarray:
    """Return faces (N, S, S), moved by at most `FAR` pixels; `edge` says what stands where nothing is left."""
    side = images.shape[1]
    around = np.pad(images, ((0, 0), (FAR, FAR), (FAR, FAR)), "edge")
    if edge == "mean":
        outside = np.pad(np.zeros((side, side), dtype=bool), FAR, constant_values=True)
        around[:, outside] = np.floor(images.mean(axis=(1, 2)) + 0.5)[:, None]
    return around[:, FAR - down : FAR - down + side, FAR - right : FAR - right + side]


def keeping(model, images: np.ndarray, edge: str = "repeated") -> list[int]:
    """Return how many faces (N, S, S) keep their largest score, moved by `FAR` pixels to the left, …, to the right."""
    shifted = np.concatenate([moved(images, 0, right, edge) for right in range(-FAR, FAR + 1)])
    named = model.predict(shifted[..., None], batch_size=256, verbose=0).argmax(axis=1).reshape(-1, len(images))
    return (named == named[FAR]).sum(axis=1).tolist()


def _drawn(people: Iterable[int]) -> Faces:
    from fer_course.data import drawn

    images = np.stack([drawn.draw_one(drawn.PROTOTYPES[name], who) for who in people for name in CLASS_NAMES])
    labels = np.arange(len(images)) % len(CLASS_NAMES)
    return Faces(images, labels, np.array(["Training"] * len(labels)), "drawn faces", drawn=True)
