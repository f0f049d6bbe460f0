"""Figure 2, the window inspector: a convolution, to the last number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import traitlets

from fer_course._shared.scripts import to_array
from fer_course.errors import FerCourseError
from fer_course.plots import signed_grid
from fer_course.widgets.figure import Figure, handed


class WindowInspector(Figure):
    """A kernel slides over a face: its products, their sum, and the map that fills.

    Afterwards one can say: a number of the map is the sum of products, the pixels of a window times the kernel's numbers.

    Attributes:
        kernel: rows of columns of numbers per plane, (k, k, C).
        stride: how many pixels the window moves.
        padding: "valid" or "same", as in Keras.
        window: row and column of the chosen number of the map.

    """

    module = "window_inspector"
    planes = handed(traitlets.Dict())
    plane_names = handed(traitlets.List())
    presets = handed(traitlets.Dict())
    kernel = handed(traitlets.List())
    stride = handed(traitlets.Int(1))
    padding = handed(traitlets.Unicode("valid"))
    window = handed(traitlets.List([0, 0]))

    def still(self):
        """Return the face and its map as a matplotlib figure, and the alternative text."""
        values = self._planes.astype(float) - 127.5
        pictures = [*np.moveaxis(values, 2, 0)]
        titles = list(self.plane_names)
        words = (
            f"A kernel of {np.shape(self.kernel)} slides over {' and '.join(titles)}; the first plane and its kernel."
        )
        return signed_grid(np.stack(pictures), titles, columns=len(titles), size=2.2), words

    def __init__(self, planes: np.ndarray, names: Sequence[str], presets: Mapping[str, np.ndarray], **options):
        self._planes = planes
        kernels = {name: np.asarray(kernel, dtype=float).tolist() for name, kernel in presets.items()}
        super().__init__(
            planes=to_array(planes),
            plane_names=list(names),
            presets=kernels,
            kernel=next(iter(kernels.values())),
            **options,
        )


def window_inspector(
    image: np.ndarray, presets: Mapping[str, np.ndarray], plane_names: Sequence[str] = ("face",), **options
) -> WindowInspector:
    """Return the figure for a picture and kernels to start from.

    Args:
        image: uint8 (H, W), or (H, W, C) with C planes.
        presets: name -> kernel (k, k), or (k, k, C); the figure starts with the first.
        plane_names: names of the planes.
        **options: other traits of `WindowInspector`, such as `stride=2`.

    Raises:
        FerCourseError: if there is no kernel, or the shapes don't fit.

    """
    planes = np.asarray(image, dtype=np.uint8)
    planes = planes[..., None] if planes.ndim == 2 else planes
    kernels = {name: _with_planes(np.asarray(kernel, dtype=float)) for name, kernel in presets.items()}
    shapes = {kernel.shape for kernel in kernels.values()}
    if planes.ndim != 3 or planes.shape[2] != len(plane_names) or len(shapes) != 1:
        raise FerCourseError(
            f"window_inspector takes a picture (H, W, C), C names and kernels of one shape; found {np.shape(image)}, "
            f"{len(plane_names)} names and kernels {sorted(shapes)}."
        )
    size, _, channels = shape = shapes.pop()
    if shape != (size, size, planes.shape[2]) or size > min(planes.shape[:2]):
        raise FerCourseError(f"A kernel over {channels} planes has the shape (k, k, {planes.shape[2]}); found {shape}.")
    return WindowInspector(planes, plane_names, kernels, **options)


def _with_planes(kernel: np.ndarray) -> np.ndarray:
    return kernel[..., None] if kernel.ndim == 2 else kernel
