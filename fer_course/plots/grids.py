"""Pictures side by side: faces, signed weights, maps over faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_course.errors import FerCourseError
from fer_course.plots._pyplot import plt

#: Inches that a picture's title takes.
TITLE = 0.32


def grid(images: np.ndarray, titles: Sequence[str] | None = None, columns: int = 10, size: float = 1.0) -> Figure:
    """Show grey pictures (N, H, W) side by side, with titles if they are given; `size` is the side of a picture in inches.

    Raises:
        FerCourseError: if there is no picture.

    """
    images = np.asarray(images)
    if not len(images):
        raise FerCourseError("A grid needs at least one picture; found none. Check how the pictures were selected.")
    lines = max((str(title).count("\n") + 1 for title in titles), default=1) if titles is not None else 0
    figure, axes = _empty_grid(len(images), columns, size, size + lines * TITLE)
    for index, (axis, image) in enumerate(zip(axes, images, strict=True)):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        if titles is not None:
            axis.set_title(titles[index])
    figure.tight_layout(pad=0.3)
    return figure


def signed_grid(images: np.ndarray, titles: Sequence[str], columns: int = 4, size: float = 1.6) -> Figure:
    """Show arrays of signed numbers (N, H, W) as pictures: red above zero, white at zero, blue below.

    Each picture has its own scale, symmetric around zero. `size` is the side of a picture in inches.
    """
    figure, axes = _empty_grid(len(images), columns, size, size + TITLE)
    for axis, image, title in zip(axes, images, titles, strict=False):
        limit = np.abs(image).max() or 1
        axis.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axis.set_title(title)
    figure.tight_layout(pad=0.3)
    return figure


def heat_maps(
    images: np.ndarray, maps: np.ndarray, titles: Sequence[str], columns: int = 7, size: float = 1.5
) -> Figure:
    """Show maps of signed numbers over grey pictures: red above zero, blue below, transparent at zero.

    Contours are at half of the largest absolute value (solid) and at minus half of it (dashed), so that colour is never the only
    carrier of the meaning.

    Args:
        images: (N, H, W), grey levels 0 to 255.
        maps: (N, h, w), of any resolution; all on one scale, symmetric around zero.
        titles: one per picture.
        columns: pictures per row.
        size: side of a picture in inches.

    """
    images, maps = np.asarray(images), np.asarray(maps, dtype=float)
    figure, axes = _empty_grid(len(images), columns, size, size + TITLE)
    limit = np.abs(maps).max() or 1.0
    for axis, image, coarse, title in zip(axes, images, maps, titles, strict=False):
        fine = _enlarge(coarse / limit, image.shape)
        colours = plt.colormaps["RdBu_r"]((fine + 1) / 2)
        colours[..., 3] = 0.75 * np.abs(fine)
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.imshow(colours, interpolation="bilinear")
        for level, style in ((0.5, "solid"), (-0.5, "dashed")):
            if fine.min() < level < fine.max():  # else matplotlib warns
                axis.contour(fine, [level], colors="black", linewidths=1, linestyles=style)
        axis.set_title(title)
    figure.tight_layout(pad=0.3)
    return figure


def _empty_grid(count: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure and its first `count` axes, row by row, all without frames; width and height of a cell in inches."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * width, rows * height), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    return figure, list(axes.flat)[:count]


def _enlarge(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Interpolate (h, w) linearly to (H, W); values belong to the centres of their cells."""
    tall = np.stack([_interpolate(column, shape[0]) for column in small.T], axis=1)
    return np.stack([_interpolate(row, shape[1]) for row in tall])


def _interpolate(values: np.ndarray, size: int) -> np.ndarray:
    """Interpolate (n,) linearly to (size,), and repeat the first and last value outside the outer centres."""
    centres = (np.arange(len(values)) + 0.5) * size / len(values) - 0.5
    return np.interp(np.arange(size), centres, values)
