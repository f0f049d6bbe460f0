"""Views of a picture: mirrored, or moved by whole pixels. A model's probabilities can be averaged over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_course.errors import ModelError

#: Named sets of views for `predict` and `evaluate`; a view is (mirrored, pixels down, pixels to the right).
VIEWS = {
    "one": ((False, 0, 0),),
    "flips": ((False, 0, 0), (True, 0, 0)),
    "flips and shifts": tuple(
        (mirrored, down, right)
        for mirrored in (False, True)
        for down, right in ((0, 0), (-2, 0), (2, 0), (0, -2), (0, 2))
    ),
}


def view(images: np.ndarray, mirrored: bool = False, down: int = 0, right: int = 0) -> np.ndarray:
    """Return pictures (N, H, W), optionally mirrored left to right, then moved by whole pixels; edges are repeated."""
    images = np.asarray(images)[:, :, :: -1 if mirrored else 1]
    height, width = images.shape[1:3]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return images[:, rows][:, :, columns]


def parse_views(views: str | Sequence[tuple[bool, int, int]]) -> Sequence[tuple[bool, int, int]]:
    """Return a list of views for a name of `VIEWS` or a list of views.

    Raises:
        ModelError: if there are no such views.

    """
    if isinstance(views, str) and views not in VIEWS:
        raise ModelError(f"There are no views {views!r}; there are: {', '.join(VIEWS)}, or a list of views.")
    parsed = VIEWS[views] if isinstance(views, str) else list(views)
    if not parsed or not all(isinstance(triple, (tuple, list)) and len(triple) == 3 for triple in parsed):
        raise ModelError(f"Views are (mirrored, pixels down, pixels to the right), one or more; found {views!r}.")
    return parsed
