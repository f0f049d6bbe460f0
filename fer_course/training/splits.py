"""Training faces split in two: to train on, and held out for validation. Plain NumPy, without Keras."""

from __future__ import annotations

import numpy as np

from fer_course.errors import DataError
from fer_course.faces import Faces, find_copies, find_near_copies, stratified

#: Held-out faces are sampled with this seed in every run, so that runs can be compared.
VALIDATION_SEED = 2013


def split_validation(faces: Faces, share: float) -> tuple[Faces, Faces]:
    """Split the Training faces in two: to train on, and held out (`share`, stratified by class, always the same).

    Training faces that are copies or near copies of a held-out face are in neither part, so that held-out faces are not learned
    by heart; see `faces.find_near_copies`.

    Raises:
        DataError: if there are no Training faces, too few to hold out a share of them, or only copies of held-out faces.

    """
    training = faces.select("Training")
    kept, held_out = validation_rows(training, share)
    return training[kept], training[held_out]


def validation_rows(training: Faces, share: float, fold: int = 0, near: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return which Training faces are trained on, and which are held out: two boolean masks (N,), see `split_validation`.

    With fold 1, 2, … another part of the faces is held out. The parts have no face in common.

    Args:
        training: the N Training faces.
        share: how many of them are held out, from 0 to below 1.
        fold: which part of them.
        near: near copies of held-out faces are not trained on either. False: exact copies alone, as before near copies were
            looked for; a training that began then goes on so.

    Raises:
        DataError: as for `split_validation`, or if there is no such fold.

    """
    wanted = round(share * len(training))
    if len(training) - wanted < 1 or (share and not wanted):
        raise DataError(f"A validation share of {share:g} needs more Training faces; found {len(training)}.")
    held_out = np.zeros(len(training), dtype=bool)
    free = np.arange(len(training))
    for _ in range(fold + 1):
        chosen = free[stratified(training.labels[free], min(wanted, len(free)), VALIDATION_SEED)]
        free = np.setdiff1d(free, chosen)
    if fold and not len(chosen):
        raise DataError(
            f"A validation share of {share:g} makes {len(training) // max(wanted, 1)} parts; there is no fold {fold}."
        )
    held_out[chosen] = True
    copy = (find_near_copies if near else find_copies)(training.images[held_out], training.images)
    if copy.all():
        raise DataError(
            f"Every one of the {len(training)} Training faces is a copy of a held-out face, or nearly: nothing is left "
            f"to train on. Give more different faces, or a recipe with validation 0."
        )
    return ~copy, held_out
