"""A second look at a score: accuracy on slices, near copies between training and test, a split by source, a model card.

Built in lesson 10; NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fer_course.errors import DataError

#: What a model card of this course says, in this order: field -> its heading.
CARD_FIELDS = {
    "data": "Data and its terms",
    "recipe": "Recipe",
    "seeds": "Seeds",
    "interval": "Score and its interval",
    "per class": "Recall of each class",
    "limits": "Limits",
    "intended uses": "Intended uses",
    "forbidden uses": "Forbidden uses",
}


def slice_accuracy(right: np.ndarray, slices: Mapping[str, np.ndarray]) -> dict[str, tuple[int, float, float]]:
    """Return for each slice: number of faces, accuracy, and the half width of its 95 % interval (both as shares).

    The interval is the normal approximation, 1.96 standard errors to both sides; `evaluation.Report.interval` has Wilson's,
    which is better for small slices. A slice without faces is left out.

    Args:
        right: boolean (N,), True where the answer was right.
        slices: name -> boolean mask (N,) of the faces that belong to it; slices may overlap.

    """
    measured = {}
    for name, mask in slices.items():
        if n := int(mask.sum()):
            accuracy = float(right[mask].mean())
            measured[name] = (n, accuracy, float(1.96 * np.sqrt(accuracy * (1 - accuracy) / n)))
    return measured


def nearest_distance(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how far each picture is from the most similar one of `others`: float64 (N,), in grey levels.

    The distance of two pictures is the root of their mean squared difference over all pixels: 0 for exact copies, a few grey
    levels for shifted or turned ones, tens for different faces.

    Args:
        images: uint8 (N, H, W).
        others: uint8 (M, H, W), at least one.

    """
    rows, columns = (each.reshape(len(each), -1).astype(np.float64) for each in (images, others))
    squares = (rows**2).sum(axis=1)[:, None] + (columns**2).sum(axis=1) - 2 * rows @ columns.T
    return np.sqrt(np.maximum(squares.min(axis=1), 0) / rows.shape[1])


def split_by_source(source: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return a mask (N,), True for test pictures: all pictures of one source are on the same side.

    Args:
        source: (N,), what each picture was made from: a person, an original, a film.
        share: share of the sources that go to the test, at least one of them.
        seed: the same seed chooses the same sources.

    """
    sources = np.unique(source)
    chosen = np.random.default_rng(seed).permutation(sources)[: max(1, round(share * len(sources)))]
    return np.isin(source, chosen)


def fill_card(report, recipe, seeds: Sequence[int]) -> dict[str, str]:
    """Return a model card for a model trained in lesson 10, a text for each of `CARD_FIELDS`.

    Args:
        report: an `evaluation.Report` on drawn faces.
        recipe: the `Recipe` that the model was trained with.
        seeds: every seed that its faces, weights and order depend on.

    """
    low, high = report.interval
    recalls = zip(report.class_names, report.recall, strict=True)
    return {
        "data": "Drawn faces of this course, of nobody: no consent is needed, the course's licence applies. No photographs.",
        "recipe": f"{recipe.name}: {recipe.model}, {recipe.epochs} epochs at most, batch {recipe.batch_size}, "
        f"{recipe.input_size} × {recipe.input_size} pixels.",
        "seeds": f"{', '.join(map(str, seeds))}. One training only: how far other seeds would differ is not known.",
        "interval": f"{report.accuracy:.1%} of {report.n:,} drawn faces; 95 % interval {low:.1%} to {high:.1%}.",
        "per class": ", ".join(f"{name} {recall:.0%}" for name, recall in recalls) + ".",
        "limits": "It names an expression, not an emotion or a feeling, and names one for every picture. Not to be trusted on "
        "faces unlike its training faces. Never measured on photographs.",
        "intended uses": "Learning how convolutional networks work, on drawn faces.",
        "forbidden uses": "Judging people: at work, in schools or other education (EU Regulation 2024/1689, Article 5(1)(f)), "
        "or anybody who has not agreed.",
    }


def card_markdown(card: Mapping[str, str], title: str) -> str:
    """Return a card as Markdown, a heading a field, in the order of `CARD_FIELDS`.

    Raises:
        DataError: if a field is missing or says nothing.

    """
    empty = [field for field in CARD_FIELDS if not str(card.get(field) or "").strip()]
    if empty:
        raise DataError(f"A model card says something in every field; nothing stands in: {', '.join(empty)}.")
    parts = [f"## {heading}\n\n{str(card[field]).strip()}" for field, heading in CARD_FIELDS.items()]
    return "\n\n".join([f"# Model card: {title}", *parts]) + "\n"
