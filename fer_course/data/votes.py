"""FERPlus: the votes of ten people on each face of FER2013 (Barsoum et al. 2016, arXiv:1608.01041), `fer2013new.csv`.

That file has one row for each row of `fer2013.csv`, in the same order, and no pixels: only the order tells which votes belong to
which face. Image names help little: they rise from row to row, but skip some of the rows without a name, so the last one is
fer0035801.png, for row 35,886.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_course._shared.files import refuse_endless
from fer_course.errors import DataError
from fer_course.faces import CLASS_NAMES, Faces

#: The columns of votes, in the order of the file; NF stands for "not a face".
VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
#: The column of votes for each of FER2013's classes, in FER2013's order.
COLUMNS = [VOTES.index(name) for name in ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")]
HEADER = ("Usage", "Image name", *VOTES)
#: The number of faces that is enough to tell votes that fit from votes in another order.
ENOUGH = 1000
NO_JOIN = (
    "Votes can be joined to faces only by the order of the rows: use fer2013.csv or icml_face_data.csv as published, whole; "
    "folders, parquet files and shuffled or cut copies can't be joined."
)


def join_votes(faces: Faces, path: str | Path) -> np.ndarray:
    """Return the votes for each face, int64 (N, 10), in the order of `VOTES`.

    Args:
        faces: all faces of `fer2013.csv`, in the original order.
        path: FERPlus' `fer2013new.csv`.

    Raises:
        DataError: if the file is not as FERPlus published it, with the line; or if it does not belong to these faces: it has
            another number of rows, another split in a row, or votes that fit the labels no better than chance.

    """
    usages, votes = _read(Path(path))
    if len(votes) != len(faces):
        raise DataError(f"{path} has votes on {len(votes):,} faces, but {faces.source} has {len(faces):,}. {NO_JOIN}")
    wrong = np.flatnonzero(usages != faces.split)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{path}, line {row + 2:,}: expected {faces.split[row]} as in {faces.source}, found {usages[row]}. {NO_JOIN}"
        )
    _check_order(faces, votes, path)
    return votes


def vote_probabilities(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of FER2013's seven classes in the votes, and which faces can be used.

    Args:
        votes: int array (N, 10), in the order of `VOTES`.

    Returns:
        float64 (N, 7), in FER2013's order: rows sum to 1, or to 0 if nobody voted for any of the seven;
        and a boolean mask (N,): True if more than half of the votes are for one of the seven.

    """
    votes = np.asarray(votes)
    seven = votes[:, COLUMNS]
    total = seven.sum(axis=1)
    return seven / np.maximum(total, 1)[:, None], 2 * total > votes.sum(axis=1)


def vote_labels(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the class with the most votes, and which faces have one.

    Args:
        votes: int array (N, 10), in the order of `VOTES`.

    Returns:
        int64 (N,), labels in FER2013's order, and a boolean mask (N,): False if two columns share the most votes, or
        contempt, unknown or "not a face" has them; then the label means nothing.

    """
    votes = np.asarray(votes)
    labels = votes[:, COLUMNS].argmax(axis=1)
    most = votes[:, COLUMNS].max(axis=1, initial=0)
    usable = (most > 0) & (most == votes.max(axis=1)) & ((votes == most[:, None]).sum(axis=1) == 1)
    return labels.astype(np.int64), usable


def describe_votes(faces: Faces, votes: np.ndarray) -> str:
    """Return one line: how many faces have a class with the most votes, and how often that is their label."""
    labels, usable = vote_labels(votes)
    agree = float((labels == faces.labels)[usable].mean()) if usable.any() else 0.0
    return (
        f"Votes (FERPlus): {usable.sum():,} of {len(votes):,} faces have one class with the most votes; "
        f"it is their label in {agree:.1%} of them."
    )


def _check_order(faces: Faces, votes: np.ndarray, path: str | Path) -> None:
    """Raise an error if the votes agree with the labels hardly more often than votes in random order would."""
    labels, usable = vote_labels(votes)
    labels, truth = labels[usable], faces.labels[usable]
    if len(labels) < ENOUGH:
        return
    shares = [np.bincount(each, minlength=len(CLASS_NAMES)) / len(labels) for each in (labels, truth)]
    chance, agree = float(shares[0] @ shares[1]), float((labels == truth).mean())
    if agree < 1.5 * chance:
        raise DataError(
            f"The votes of {path} agree with {agree:.0%} of the labels of {faces.source}, and by chance it would be "
            f"{chance:.0%}: these are other faces, or in another order. {NO_JOIN}"
        )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the usages, text (N,), and votes, int64 (N, 10)."""
    refuse_endless(path, DataError)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(_rows(path, csv.reader(file)))
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}. Expected FERPlus' fer2013new.csv.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} is not a table of comma-separated values ({error}). Get fer2013new.csv again."
        ) from error
    if not rows:
        raise DataError(f"{path} has no rows; one row per face was expected. Get fer2013new.csv again.")
    usages, votes = zip(*rows, strict=True)
    return np.array(usages), np.array(votes, np.int64)


def _rows(path: Path, table) -> Iterator[tuple[str, list[int]]]:
    """Yield usage and votes of each row, all checked."""
    header = [cell.strip() for cell in next(table, [])]
    if header != list(HEADER):
        found = ", ".join(header)[:80]
        raise DataError(
            f"{path}, line 1: expected the columns {', '.join(HEADER)}, found {found!r}. Use FERPlus' fer2013new.csv."
        )
    last, nameless = -1, 0
    for row, cells in enumerate(filter(None, table)):
        where = f"{path}, line {table.line_num:,}"
        if len(cells) != len(HEADER):
            raise DataError(f"{where}: expected {len(HEADER)} columns, found {len(cells)}. Get fer2013new.csv again.")
        usage, name, *votes = (cell.strip() for cell in cells)
        nameless += not name
        last = _number(name, max(last + 1, row - nameless), row, where) if name else last
        yield usage, [_vote(vote, where) for vote in votes]


def _number(name: str, least: int, most: int, where: str) -> int:
    """Return the number in an image name; it must fit the row."""
    number = int(name[3:10]) if re.fullmatch(r"fer[0-9]{7}\.png", name) else -1
    if not least <= number <= most:
        expected = f"fer{most:07d}.png" if least >= most else f"fer{least:07d}.png to fer{most:07d}.png"
        raise DataError(
            f"{where}: expected the image name {expected}, found {name[:40]!r}. The rows are not in the original order, "
            "or some are missing. Get fer2013new.csv again."
        )
    return number


def _vote(text: str, where: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text):
        raise DataError(f"{where}: expected whole numbers of votes, found {text[:20]!r}. Get fer2013new.csv again.")
    return int(text)
