"""Figure 7, the receptive ladder: what one number of a map sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import traitlets

from fer_course._shared.scripts import as_array, to_array
from fer_course.errors import FerCourseError
from fer_course.plots import grid
from fer_course.widgets.figure import Figure, handed

#: What can be stacked: kernel, stride, padding.
BLOCKS = {
    "3×3": (3, 1, "same"),
    "3×3, no padding": (3, 1, "valid"),
    "5×5": (5, 1, "same"),
    "3×3, stride 2": (3, 2, "same"),
    "pooling 2×2": (2, 2, "valid"),
}


class ReceptiveLadder(Figure):
    """Layers on layers, seen from the side, with the cone from one number down to the face.

    Afterwards one can say: each layer adds its kernel less one, times the strides below it; padding adds places outside the
    face, where there are zeros.

    Attributes:
        layers: the stack, from the face upwards: lists of kernel, stride, padding and name.
        place: the chosen row (0: the face) and cell.

    """

    module = "receptive_ladder"
    face = handed(traitlets.Dict())
    blocks = handed(traitlets.Dict())
    layers = handed(traitlets.List())
    place = handed(traitlets.List([0, 0]))

    def still(self):
        """Return the face as a matplotlib figure, and the alternative text."""
        names = ", ".join(layer[3] for layer in self.layers) or "no layer yet"
        return grid(as_array(self.face)[None], size=2.2), f"A face below a stack of layers: {names}."


def receptive_ladder(
    face: np.ndarray | None = None, stack: Sequence[str] = (), blocks: Mapping[str, tuple[int, int, str]] | None = None
) -> ReceptiveLadder:
    """Return the figure for a face and a stack to begin with.

    Args:
        face: uint8 (S, S); None: a drawn one.
        stack: names of `blocks`, from the face upwards.
        blocks: name -> kernel, stride and padding ("valid" or "same"); None: `BLOCKS`.

    Raises:
        FerCourseError: if the face is no square, or the stack names a block that is not there.

    """
    from fer_course.data import drawn

    face = drawn.draw_one(drawn.PROTOTYPES["surprise"], 3) if face is None else np.asarray(face, dtype=np.uint8)
    blocks = dict(BLOCKS if blocks is None else blocks)
    if face.ndim != 2 or face.shape[0] != face.shape[1]:
        raise FerCourseError(f"receptive_ladder takes a square face (S, S); found {face.shape}.")
    if unknown := [name for name in stack if name not in blocks]:
        raise FerCourseError(f"There is no block {unknown[0]!r}; there are: {', '.join(blocks)}.")
    layers = [[*blocks[name], name] for name in stack]
    numbers = {name: list(block) for name, block in blocks.items()}
    return ReceptiveLadder(face=to_array(face), blocks=numbers, layers=layers, place=[len(layers), 6])
