"""Figure 1, the glass network: all maps of all layers, and the sum behind any number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import traitlets

from fer_course._shared.scripts import as_array, to_array
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES
from fer_course.plots import grid
from fer_course.widgets.figure import Figure, handed


class GlassNetwork(Figure):
    """A face to paint on, the maps of every layer of a network, its scores, and the sum behind a number of a map.

    Afterwards one can say: early layers keep edges and positions; later ones forget where something was, and keep what it was.

    Attributes:
        face: number of the face.
        layer: number of the layer whose map is looked at.
        map: number of this map.
        pixel: row and column of the number whose sum is shown.
        scores: probabilities of the classes after the last stroke; [] before one.

    """

    module = "glass_network"
    faces = handed(traitlets.Dict())
    names = handed(traitlets.List())
    class_names = handed(traitlets.List())
    network = handed(traitlets.Dict())
    face = handed(traitlets.Int(0))
    layer = handed(traitlets.Int(0))
    map = handed(traitlets.Int(0))
    pixel = handed(traitlets.List([0, 0]))
    image = handed(traitlets.Dict())
    scores = handed(traitlets.List())

    def still(self):
        """Return the faces as a matplotlib figure, and the alternative text."""
        faces = as_array(self.faces)
        return grid(
            faces, self.names
        ), f"Faces to paint on, for the network {self.network['name']}: {', '.join(self.names)}."

    def painted(self) -> np.ndarray:
        """Return the face as it was painted, uint8 (size, size)."""
        return as_array(self.image) if self.image else as_array(self.faces)[self.face]


def glass_network(
    model=None, faces: np.ndarray | None = None, names: Sequence[str] | None = None, **options
) -> GlassNetwork:
    """Return the figure for a network and faces.

    Args:
        model: a Keras model of this package's form, or a `Run`; None: the mini-Xception that comes with the course.
        faces: uint8 (N, size, size), as large as the network takes them; None: a drawn face for every class, *happy* first shown.
        names: a name per face.
        **options: other traits of `GlassNetwork`, such as `layer=5`.

    Raises:
        FerCourseError: if the faces are not of the network's size, or there is no name for each.
        ExportError: if the network has a layer that a page can't compute.

    """
    from fer_course import models
    from fer_course.data import drawn
    from fer_course.export import networks
    from fer_course.models.prepare import prepare

    model = models.pretrained() if model is None else models.as_model(model)
    if faces is None:
        names = list(drawn.PROTOTYPES)
        faces = np.stack([drawn.draw_one(drawn.PROTOTYPES[name], 3) for name in names])
        faces = prepare(faces, model.input_shape[1])[..., 0]
        options = {"face": names.index("happy"), **options}
    faces = np.asarray(faces, dtype=np.uint8)
    names = [f"face {number}" for number in range(len(faces))] if names is None else list(names)
    size = model.input_shape[1]
    if faces.shape[1:] != (size, size) or len(names) != len(faces) or not len(faces):
        raise FerCourseError(
            f"glass_network takes faces (N, {size}, {size}) and N names; found {faces.shape} and {len(names)} names."
        )
    described = networks.describe(model)
    options = {
        "layer": _first_convolution(described),
        "pixel": [size * 2 // 3, size // 2],
        **options,
    }  # about the mouth
    return GlassNetwork(faces=to_array(faces), names=names, class_names=list(CLASS_NAMES), network=described, **options)


def _first_convolution(described: dict) -> int:
    """Return the number of the first convolution, or of the first layer after the pixels, where the figure begins."""
    return next((number for number, layer in enumerate(described["layers"]) if layer["kind"] == "convolution"), 1)
