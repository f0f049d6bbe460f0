"""The fields of a model card, filled in from a network's report and recipe. Plain NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fer_course.errors import DataError

#: The fields of a model card in this course, in this order: field -> its heading.
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


def fill_card(report, recipe, seeds: Sequence[int]) -> dict[str, str]:
    """Return a model card for a model trained in lesson 13: one text per field of `CARD_FIELDS`.

    Args:
        report: an `evaluation.Report` on drawn faces.
        recipe: the `Recipe` with which the model was trained.
        seeds: every seed on which its faces, weights and order depend.

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
    """Return a card as Markdown, one heading per field, in the order of `CARD_FIELDS`.

    Raises:
        DataError: if a field is missing or empty.

    """
    empty = [field for field in CARD_FIELDS if not str(card.get(field) or "").strip()]
    if empty:
        raise DataError(f"A model card says something in every field; nothing stands in: {', '.join(empty)}.")
    parts = [f"## {heading}\n\n{str(card[field]).strip()}" for field, heading in CARD_FIELDS.items()]
    return "\n\n".join([f"# Model card: {title}", *parts]) + "\n"
