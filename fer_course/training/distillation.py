"""Knowledge distillation: a small network learns from the probabilities that larger ones, its teachers, give the training faces.

A label names one class. A teacher network's probabilities also say which classes a face resembles, and are low for wrong
labels. They are computed once, before the training, so the training takes no longer: from the faces as they are and mirrored,
or, for a recipe that is consistent, from each face in every view that the training may show.

Sources: Hinton, Vinyals, Dean 2015, "Distilling the knowledge in a neural network", arXiv:1503.02531; Beyer et al. 2022,
"Knowledge distillation: a good teacher is patient and consistent", arXiv:2106.05237.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fer_course._shared import files
from fer_course.augment import views_of
from fer_course.errors import ModelError, RunError
from fer_course.evaluation import predict
from fer_course.faces import Faces
from fer_course.models.prepare import as_model
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import validation_rows
from fer_course.training.run_folder import rows_trained_on


class Targets(np.ndarray):
    """Probabilities of teachers that know which faces their teachers were trained on, so that `train` can warn.

    Attributes:
        trained_on: boolean (N,), True for Training faces that one of the teachers was trained on; None if nothing is known.

    """

    trained_on: np.ndarray | None = None

    def __array_finalize__(self, source):
        self.trained_on = getattr(source, "trained_on", None)


def warn_of_known_faces(recipe: Recipe, teacher: np.ndarray | None, training: Faces) -> None:
    """Warn if a student holds faces out that its teachers were trained on: what they know of those reaches it by other faces.

    Args:
        recipe: the student's.
        teacher: what `soft_targets` or `average` returned; any other array says nothing of its teachers.
        training: the N Training faces.

    """
    trained_on = getattr(teacher, "trained_on", None)
    if trained_on is None or not recipe.validation or trained_on.shape != (len(training),):
        return
    held_out = validation_rows(training, recipe.validation, recipe.fold, near=False)[1]
    if known := int((held_out & trained_on).sum()):
        warnings.warn(
            f"Teachers of {recipe.name!r} were trained on {known:,} of the {held_out.sum():,} faces that it holds out, so its "
            f"score on these is too good: give teachers and student the same fold, or the student validation 0.",
            stacklevel=3,
        )


def soft_targets(
    teachers: Sequence[keras.Model | Run],
    faces: Faces,
    views: str | Sequence[tuple[bool, int, int]] = "flips",
    temperature: float = 1.0,
    unseen: bool = False,
) -> Targets:
    """Return the teachers' probabilities for the Training faces, for `train(…, teacher=…)`.

    Args:
        teachers: models of this package's form, or runs, whose best models are used; their probabilities are averaged.
        faces: must have a Training split; only that split is used.
        views: over which the probabilities are averaged, see `evaluation.predict`.
        temperature: above 1 makes the probabilities more even: p to the power of 1/temperature, then divided by the sum.
        unseen: use for each face only those teachers that did not train on it or on a copy of it, so that they have not
            learned its label by heart. All teachers must be runs. A face that no teacher held out is judged by all.

    Returns:
        float32 (N, classes), one row per Training face, in their order; each row sums to 1. They know which of these faces
        those teachers that are runs were trained on: `train` warns of a student that holds some of them out.

    Raises:
        ModelError: if there is no teacher, or the temperature is not above 0.
        DataError: if there are no Training faces.

    """
    teachers = list(teachers)
    if not teachers or not temperature > 0:
        raise ModelError(
            f"Distillation needs one teacher or more, and a temperature above 0; found {len(teachers)} and {temperature:g}."
        )
    training = faces.select("Training")
    judging = _judging(_trained_on([teacher.recipe for teacher in teachers], training)) if unseen else None
    targets = _mean([as_model(teacher) for teacher in teachers], judging, training.images, views)
    targets **= np.float32(1 / temperature)
    return _targets(targets / targets.sum(axis=1, keepdims=True), _known_to(teachers, training))


def consistent_targets(
    teachers: Sequence[keras.Model | Run],
    faces: Faces,
    recipe: Recipe,
    unseen: bool = False,
    kept: str | Path | None = None,
    progress: bool = False,
) -> Targets:
    """Return the teachers' probabilities for each view of the Training faces that a student's recipe may show.

    Args:
        teachers: as for `soft_targets`.
        faces: must have a Training split; only that split is used.
        recipe: the student's; its flip and shift say which views there are, see `augment.views_of`.
        unseen: as for `soft_targets`.
        kept: a file `.npy` for what has been judged so far: an interrupted call goes on from it. Probabilities, no pixels.
        progress: show how many views have been judged.

    Returns:
        float16 (N, views, classes), one row per Training face. With 98 views this takes as long as judging the faces 98 times.
        They know which faces the teachers were trained on, as those of `soft_targets` do.

    Raises:
        ModelError: if there is no teacher.
        DataError: if there are no Training faces.
        RunError: if `kept` holds something else: other teachers, faces or views.

    """
    teachers, training = list(teachers), faces.select("Training")
    first, *others = views_of(recipe)
    said = soft_targets(teachers, faces, [first], unseen=unseen)
    judged = _kept(kept, (len(said), 1 + len(others), said.shape[1]), said)
    models = [as_model(teacher) for teacher in teachers]  # once: a run reads its model from the disk
    judging = _judging(_trained_on([teacher.recipe for teacher in teachers], training)) if unseen else None
    for number, view in enumerate(tqdm(others, desc="views judged", disable=None if progress else True), start=1):
        if np.isnan(judged[:, number]).any():
            judged[:, number] = _mean(models, judging, training.images, [view])
    return _targets(np.array(judged), [said.trained_on])


def _kept(file: str | Path | None, shape: tuple[int, int, int], first: np.ndarray) -> np.ndarray:
    """Return what has been judged so far, float16 (N, views, classes), nan for the rest; what is put in is kept in the file."""
    if file is None or not Path(file).exists():
        begun = np.full(shape, np.nan, np.float16)
        begun[:, 0] = first
        if file is None:
            return begun
        with files.atomic(file) as temporary, open(temporary, "wb") as opened:
            np.save(opened, begun)
    try:
        judged = np.load(file, mmap_mode="r", allow_pickle=False)  # mapped: a header can't ask for memory
        if judged.dtype == np.float16 and judged.shape == shape and np.allclose(judged[:, 0], first, atol=2e-3):
            # Only now, as it would lengthen a file that was cut.
            return np.load(file, mmap_mode="r+", allow_pickle=False)
        trouble = "it holds what other teachers said, or of other faces or views"
    except (OSError, ValueError, EOFError, TypeError) as error:
        trouble = f"it can't be read ({error})"
    raise RunError(f"{file} is to keep what teachers have judged, but {trouble}. Choose another file, or delete it.")


def average(probabilities: np.ndarray, recipes: Sequence[Recipe], training: Faces) -> Targets:
    """Return the mean probabilities over the teachers; given their recipes, only over those that held a face out.

    Args:
        probabilities: float (teachers, N, classes).
        recipes: one per teacher, whose `validation` and `fold` say which faces it held out; empty: average over all teachers.
        training: the N Training faces, in their order.

    Returns:
        float (N, classes). A face that no teacher held out gets the mean of all. Given recipes, they know which faces the
        teachers were trained on, as those of `soft_targets` do.

    Raises:
        ModelError: if there are recipes, but not one per teacher.

    """
    if not recipes:
        return _targets(np.mean(probabilities, axis=0), [])
    if len(recipes) != len(probabilities):
        raise ModelError(
            f"Each teacher needs its recipe; found {len(probabilities)} teachers and {len(recipes)} recipes."
        )
    trained_on = _trained_on(recipes, training)
    return _targets(np.mean(probabilities, axis=0, where=_judging(trained_on)[..., None]), trained_on)


def _trained_on(recipes: Sequence[Recipe], training: Faces) -> list[np.ndarray]:
    """Return for each recipe which faces it trains on, boolean (N,); copies of held-out faces are not trained on either.

    Whether near copies are among those depends on a run's age: here they count as trained on.
    """
    return [validation_rows(training, recipe.validation, recipe.fold, near=False)[0] for recipe in recipes]


def _judging(trained_on: Sequence[np.ndarray]) -> np.ndarray:
    """Return which teacher judges which face, boolean (teachers, N): those that held it out; if none did, all of them."""
    judging = ~np.stack(trained_on)
    return judging | ~judging.any(axis=0)


def _mean(
    models: Sequence[keras.Model],
    judging: np.ndarray | None,
    images: np.ndarray,
    views: str | Sequence[tuple[bool, int, int]],
) -> np.ndarray:
    """Return the mean probabilities, float32 (N, classes), over the models that judge a face, see `_judging`; None: all."""
    if judging is None:
        return np.mean([predict(model, images, views) for model in models], axis=0)
    answers = [
        (rows, predict(model, images[rows], views)) for model, rows in zip(models, judging, strict=True) if rows.any()
    ]
    total = np.zeros((len(images), answers[0][1].shape[1]), np.float32)
    for rows, probabilities in answers:
        total[rows] += probabilities
    return total / judging.sum(axis=0, dtype=np.float32)[:, None]


def _known_to(teachers: Sequence[keras.Model | Run], training: Faces) -> list[np.ndarray | None]:
    """Return which faces each teacher that is a run was trained on, boolean (N,); None if its run does not say."""
    return [rows_trained_on(teacher, training) for teacher in teachers if isinstance(teacher, Run)]


def _targets(probabilities: np.ndarray, trained_on: Sequence[np.ndarray | None]) -> Targets:
    targets = np.asarray(probabilities).view(Targets)
    known = [rows for rows in trained_on if rows is not None]
    targets.trained_on = np.logical_or.reduce(known) if known else None
    return targets
