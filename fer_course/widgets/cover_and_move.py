"""Figure 6, cover and move: moving along is not invariance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets

from fer_course._shared.scripts import as_array, to_array
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES, Faces
from fer_course.plots import grid
from fer_course.widgets.figure import Figure, handed


class CoverAndMove(Figure):
    """A patch over a face, or the whole face moved, and what two networks say of it.

    Afterwards one can say: a convolution moves along with the face, but the score at the end still changes. Networks that
    agree on a face need not read it from the same place.

    Attributes:
        face: number of the face.
        mode: "cover" or "move".
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
    mode = handed(traitlets.Enum(["cover", "move"], "cover"))
    fill = handed(traitlets.Enum(["black", "mean", "blur"], "black"))
    size = handed(traitlets.Int(12, min=0, max=32))
    place = handed(traitlets.List([34, 24]))
    shift = handed(traitlets.List([0, 0]))
    scores = handed(traitlets.List())

    def still(self):
        """Return the faces as a matplotlib figure, and the alternative text."""
        who = " and ".join(each["name"] for each in self.networks)
        return grid(as_array(self.faces), self.names), f"Faces to cover and to move, for {who}."


def cover_and_move(models: Mapping[str, Any] | None = None, faces: Faces | None = None, **options) -> CoverAndMove:
    """Return the figure for up to three networks and up to twenty faces.

    Args:
        models: name -> Keras model of this package's form, or `Run`; None: the network that comes with the course.
        faces: labelled faces; None: a drawn face for every class.
        **options: other traits of `CoverAndMove`, such as `mode="move"`.

    Raises:
        FerCourseError: if there are too many networks or faces, or the networks take pictures of different sizes.
        ExportError: if a network has a layer that a page can't compute.

    """
    from fer_course.export.networks import describe
    from fer_course.models import as_model, pretrained
    from fer_course.models.prepare import prepare

    loaded = {name: as_model(model) for name, model in (models or {"mini-Xception": pretrained()}).items()}
    faces = _drawn() if faces is None else faces
    sizes = {model.input_shape[1] for model in loaded.values()}
    if not 1 <= len(loaded) <= 3 or len(sizes) != 1 or not 1 <= len(faces) <= 20:
        raise FerCourseError(
            f"cover_and_move takes one to three networks of one input size, and one to twenty faces; found {len(loaded)} "
            f"networks of sizes {sorted(sizes)} and {len(faces)} faces."
        )
    labels = [int(label) for label in faces.labels]
    return CoverAndMove(
        faces=to_array(prepare(faces.images, sizes.pop())[..., 0]),
        names=[f"{number + 1}: {faces.class_names[label]}" for number, label in enumerate(labels)],
        labels=labels,
        class_names=list(faces.class_names),
        networks=[{"name": name, "network": describe(model)} for name, model in loaded.items()],
        **options,
    )


def _drawn() -> Faces:
    from fer_course.data import drawn

    images = np.stack([drawn.draw_one(drawn.PROTOTYPES[name], 3) for name in CLASS_NAMES])
    labels = np.arange(len(CLASS_NAMES))
    return Faces(images, labels, np.array(["Training"] * len(labels)), "drawn faces", drawn=True)
