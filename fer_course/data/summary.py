"""What `fer-course data info` prints about faces."""

from __future__ import annotations

import numpy as np

from fer_course.faces import Faces


def summary(faces: Faces, title: str) -> str:
    """Return several lines: the format, a table of counts, duplicates and constant pictures.

    Args:
        faces: any faces, at least one.
        title: their format in words.

    """
    lines = [
        f"{faces.source}: {title}",
        f"{len(faces):,} faces of 48×48 grey pixels, {faces.images.nbytes:,} bytes",
        "",
    ]
    return "\n".join([*lines, *_table(faces), "", _duplicates(faces), _constant(faces)])


def _table(faces: Faces) -> list[str]:
    """Return the counts: one line per class, one column per split."""
    splits = list(faces.split_sizes())
    columns = [faces.counts(split) for split in splits] + [faces.counts()]
    rows = [("", *splits, "all")]
    rows += [(name, *(f"{counts[label]:,}" for counts in columns)) for label, name in enumerate(faces.class_names)]
    rows.append(("all", *(f"{counts.sum():,}" for counts in columns)))
    return [f"{row[0]:<10}" + "".join(f"{cell:>13}" for cell in row[1:]) for row in rows]


def _duplicates(faces: Faces) -> str:
    groups = faces.duplicates()
    if not groups:
        return "Duplicates: none."
    repeats = sum(len(group) - 1 for group in groups)
    conflicts = sum(len(np.unique(faces.labels[group])) > 1 for group in groups)
    in_training = [group for group in groups if "Training" in faces.split[group]]
    training = np.concatenate(in_training) if in_training else np.empty(0, np.int64)
    leaks = [
        f"{count:,} {split} faces are also in Training"
        for split in faces.split_sizes()
        if split != "Training" and (count := int((faces.split[training] == split).sum()))
    ]
    parts = [f"{repeats:,} faces repeat another one exactly ({len(faces) - repeats:,} distinct)", *leaks]
    return f"Duplicates: {'; '.join(parts)}; {conflicts:,} groups carry conflicting labels."


def _constant(faces: Faces) -> str:
    splits = faces.split[faces.constant()]
    if not len(splits):
        return "Constant pictures (one grey, no face): none."
    listed = ", ".join(f"{split} {int((splits == split).sum()):,}" for split in sorted(set(splits.tolist())))
    return f"Constant pictures (one grey, no face): {len(splits):,} ({listed})."
