"""Pictures side by side: faces, signed weights, maps over faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fer_course.errors import FerCourseError
from fer_course.plots._pyplot import plt


def grid(images: np.ndarray, titles: Sequence[str] | None = None, columns: int = 10, size: float = 1.0) -> Figure:
    """Show grey pictures (N, H, W) side by side, each with a title if `titles` are given; `size` in inches each.

    Raises:
        FerCourseError: if there is no picture.

    """
    images = np.asarray(images)
    if not len(images):
        raise FerCourseError("A grid needs at least one picture; found none. Look at what they were selected by.")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * size * (1.25 if titles is not None else 1)), squeeze=False
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for index, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        if titles is not None:
            axis.set_title(titles[index], fontsize=8)
    figure.tight_layout(pad=0.3)
    return figure


def signed_grid(images: np.ndarray, titles: Sequence[str], columns: int = 4, size: float = 1.6) -> Figure:
    """Show arrays of signed numbers (N, H, W) as pictures: red above zero, white at zero, blue below.

    Each picture has its own scale, symmetric round zero; `size` in inches each.
    """
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * size, rows * size * 1.15), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        limit = np.abs(image).max() or 1
        axis.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axis.set_title(title, fontsize=9)
    figure.tight_layout(pad=0.3)
    return figure


def heat_maps(
    images: np.ndarray, maps: np.ndarray, titles: Sequence[str], columns: int = 7, size: float = 1.5
) -> Figure:
    """Lay maps of signed numbers over grey pictures: red above zero, blue below, nothing at zero.

    Lines go round what is above half of the largest absolute value (full) and below minus half of it (dashed), so that colour
    never carries the meaning alone.

    Args:
        images: (N, H, W), grey levels 0 to 255.
        maps: (N, h, w), of any resolution; all on one scale, symmetric round zero.
        titles: one a picture.
        columns: pictures a row.
        size: inches a picture.

    """
    images, maps = np.asarray(images), np.asarray(maps, dtype=float)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * size, rows * size * 1.15), squeeze=False)
    limit = np.abs(maps).max() or 1.0
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, each, title in zip(axes.flat, images, maps, titles, strict=False):
        fine = _enlarged(each / limit, image.shape)
        colours = plt.colormaps["RdBu_r"]((fine + 1) / 2)
        colours[..., 3] = 0.75 * np.abs(fine)
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.imshow(colours, interpolation="bilinear")
        for level, style in ((0.5, "solid"), (-0.5, "dashed")):
            if fine.min() < level < fine.max():  # else matplotlib warns
                axis.contour(fine, [level], colors="black", linewidths=1, linestyles=style)
        axis.set_title(title, fontsize=9)
    figure.tight_layout(pad=0.3)
    return figure


def _enlarged(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Interpolate (h, w) linearly to (H, W); values belong to the middles of their places."""
    for axis, (places, side) in enumerate(zip(small.shape, shape, strict=True)):
        middles = (np.arange(places) + 0.5) * side / places - 0.5
        small = np.apply_along_axis(lambda line, at=middles, n=side: np.interp(np.arange(n), at, line), axis, small)
    return small
