"""Still pictures of figures that live."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure


def face_and_scores(image: np.ndarray, names: Sequence[str], scores: Sequence[float]) -> Figure:
    """Show a face, uint8 (H, W), and its scores, 0 to 1, as bars; the largest has the strongest colour."""
    from fer_course.plots import COLOURS, percent
    from fer_course.plots._pyplot import plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 2.4), width_ratios=(1, 1.3))
    left.imshow(image, cmap="gray", vmin=0, vmax=255)
    left.set_axis_off()
    winner = int(np.argmax(scores))
    colours = [COLOURS[0] if place == winner else "0.6" for place in range(len(names))]
    right.barh(list(names), list(scores), color=colours)
    right.invert_yaxis()
    right.set(xlim=(0, 1), xlabel="the network's score")
    percent(right.xaxis)
    figure.tight_layout(pad=0.3)
    return figure


def in_words(names: Sequence[str], scores: Sequence[float]) -> str:
    """Return scores as words: "angry 3 %, disgust 0 %, …"."""
    return ", ".join(f"{name} {round(100 * score)} %" for name, score in zip(names, scores, strict=True))
