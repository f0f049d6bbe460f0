"""Look for everything that would stop a trial of a sweep, before the first one begins; find all of it at once."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_course.errors import DataError, FerCourseError, LessonError, RecipeError, SweepError, shown
from fer_course.faces import Faces
from fer_course.recipes import LIMITS, Recipe
from fer_course.sweep.lessons import notebook_of, numbers_of, parameter_troubles, profile_of, sources_of
from fer_course.sweep.spec import Sweep

#: Trials of one sweep: more than anybody runs; so many are listed before the first begins.
MOST = 1_000_000
#: Threads of one trial: more than any machine has.
MOST_THREADS = 1024
_KINDS = {
    **dict.fromkeys(("recipe", "profile", "data", "score"), ((str,), "a word")),
    **{"lesson": ((str, int), "a number or a name"), "faces": ((int,), "a whole number"), "threads": ((int,), "a whole number")},
}  # fmt: skip
_KEYS = {*_KINDS, "seeds", "grid"}
#: What a training's metrics hold of its best epoch, and of itself.
EPOCH_SCORES = ("accuracy", "loss", "learning_rate")
VALIDATION_SCORES = ("val_accuracy", "val_loss")
RUN_SCORES = ("epochs", "best_epoch", "parameters", "images", "seconds", "threads")
#: Columns of the tables that are no setting.
_COLUMNS = {"seeds", "score", "mean", "low", "high", "seconds", "threads", "multiply_adds"}


def checked(content: dict) -> tuple[Sweep, list[FerCourseError]]:
    """Return the sweep that a file's content describes, and all that is wrong with it; without troubles it can be run.

    What is wrong with one line is left out where the others are looked at.
    """
    content = {name: value for name, value in content.items() if value is not None and value != ""}
    usable, troubles = dict(content), []
    for name, trouble in _form(content):
        troubles.append(trouble)
        usable.pop(name, None)
    grid, found = _grid(usable.pop("grid", {}))
    troubles += found
    if ("recipe" in content) == ("lesson" in content):
        troubles.append(SweepError("A sweep needs either `recipe: …` or `lesson: …`."))
    if (many := math.prod(map(len, grid.values())) * len(usable.get("seeds", [0]))) > MOST:
        troubles.append(
            SweepError(f"It makes {many:,} trials; {MOST:,} are the most. Try fewer values, or several sweeps.")
        )
        return Sweep(), troubles
    about = _about_lesson if "lesson" in usable else _about_recipe
    sweep, found = about(usable, grid)
    return sweep, troubles + found


def _form(content: dict) -> Iterator[tuple[str, SweepError]]:
    """Yield (key, trouble) of each key that is none, or whose value has not the form that it needs."""
    for name in content.keys() - _KEYS:
        yield name, SweepError(f"A sweep has the keys {', '.join(sorted(_KEYS))}; found {shown(name)}.")
    for name, (kinds, words) in _KINDS.items():
        if name in content and type(content[name]) not in kinds:
            yield name, SweepError(f"{name} is {words}; found {shown(content[name])}.")
    for name, low, high in (("faces", 0, 10**9), ("threads", 1, MOST_THREADS)):
        if type(content.get(name)) is int and not low <= content[name] <= high:
            yield name, SweepError(f"{name} lies between {low} and {high:,}; found {shown(content[name])}.")
    seeds, (low, high) = content.get("seeds", [0]), LIMITS["seed"]
    if (
        not isinstance(seeds, list)
        or not seeds
        or not all(type(seed) is int and low <= seed <= high for seed in seeds)
        or len(set(seeds)) < len(seeds)
    ):
        yield (
            "seeds",
            SweepError(
                f"seeds is a list of different whole numbers from {low} to {high:,}, such as [0, 1, 2]; found {shown(seeds)}."
            ),
        )
    if not isinstance(content.get("grid", {}), dict):
        yield "grid", SweepError(f"grid holds lines such as `shift: [0.0, 0.08]`; found {shown(content['grid'])}.")


def _grid(grid: dict) -> tuple[dict[str, list], list[FerCourseError]]:
    """Return the lines of a grid that can be used, and what is wrong with the others."""
    usable, troubles = {}, []
    for name, values in grid.items():
        found = _line(name, values)
        troubles += [SweepError(f"grid: {text}") for text in found]
        if not found:
            usable[name] = values
    return usable, troubles


def _line(name, values) -> list[str]:
    if not isinstance(name, str):
        return [f"a setting is a word; found {shown(name)}."]
    if name == "seed":
        return ["the seeds stand under `seeds`, not in the grid."]
    if not isinstance(values, list) or not values or not all(isinstance(each, (str, int, float)) for each in values):
        return [f"{name} has a list of values (numbers, words), such as [0.0, 0.08]; found {shown(values)}."]
    if not all(math.isfinite(each) for each in values if isinstance(each, float)):
        return [f"{name} has a value that is no finite number: {shown(values)}."]
    return _twice(name, values, values)


def _twice(name: str, values: list, meant: list) -> list[str]:
    """Return a sentence if a setting has a value twice, written in two ways perhaps."""
    seen = {}
    for value, same in zip(values, meant, strict=True):
        if same in seen:  # True, 1 and 1.0 are one value to Python, too
            return [f"{name} has a value twice: {shown(seen[same])} and {shown(value)} are the same. Leave one out."]
        seen[same] = value
    return []


# ------------------------------------------------------------------------------------------------------- a recipe


def _about_recipe(usable: dict, grid: dict) -> tuple[Sweep, list[FerCourseError]]:
    troubles: list[FerCourseError] = []
    base = Recipe()
    try:
        base = Recipe.load(usable.get("recipe", "quick"))
    except FerCourseError as error:
        troubles.append(type(error)(f"recipe: {error}"))
    if "profile" in usable:
        troubles.append(SweepError("profile belongs to a lesson; this sweep is one of a recipe. Leave it out."))
    values = {setting: [getattr(base, setting)] for setting in ("model", "validation", "fold", "distillation")}
    for setting, tried in grid.items():
        meant, found = _meant(base, setting, tried)
        troubles += found
        values[setting] = meant
    troubles += _model_troubles(values["model"], "model" in grid)
    if any(values["distillation"]):
        troubles.append(
            RecipeError("distillation needs a teacher, which a sweep has not: set it to 0, or use `train --teacher`.")
        )
    faces, found = _faces(usable.get("data"), usable.get("faces", 0))
    troubles += found
    if faces is not None:
        troubles += _split_troubles(faces.sample(usable.get("faces", 0)), values["validation"], values["fold"])
    score = usable.get("score", "val_accuracy")
    troubles += _score_troubles(score, values["validation"])
    facts = {"faces": fingerprint(faces)} if faces is not None else {}
    return _sweep(usable, grid, score, base, facts), troubles


def _sweep(usable: dict, grid: dict, score: str, base: Recipe | None, facts: dict) -> Sweep:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    import keras  # isort: skip

    words = {name: usable[name] for name in ("recipe", "lesson", "profile", "faces", "threads") if name in usable}
    words |= {"lesson": str(words["lesson"])} if "lesson" in words else {}
    data = usable.get("data")
    if data not in (None, "drawn"):
        data = os.path.abspath(Path(data).expanduser())  # workers may have begun in another folder
    facts = facts | {"backend": keras.backend.backend()}
    return Sweep(
        **words, data=data, seeds=tuple(usable.get("seeds", [0])), grid=grid, score=score, base=base, facts=facts
    )


def _meant(base: Recipe, setting: str, values: list) -> tuple[list, list[FerCourseError]]:
    """Return a setting's values as a recipe takes them, and what it does not take."""
    meant, good, troubles = [], [], []
    for value in values:
        try:
            meant.append(getattr(base.but(**{setting: value}), setting))
            good.append(value)
        except RecipeError as error:
            if f"grid: {error}" not in map(str, troubles):  # an unknown setting has one trouble, not one of each value
                troubles.append(RecipeError(f"grid: {error}"))
    return meant, troubles + [SweepError(f"grid: {text}") for text in _twice(setting, good, meant)]


def _model_troubles(names: list[str], in_grid: bool) -> list[FerCourseError]:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import models

    troubles = []
    for name in names:
        try:
            models.describe(name)
        except FerCourseError as error:
            troubles.append(type(error)(f"{'grid: model' if in_grid else 'recipe: model'}: {error}"))
    return troubles


def _split_troubles(faces: Faces, validations: list[float], folds: list[int]) -> list[FerCourseError]:
    """Return what keeps these faces from being split for each share of validation and each fold."""
    from fer_course.training import validation_rows

    try:
        training = faces.select("Training")
    except DataError as error:
        return [DataError(f"data: {error}")]
    troubles = []
    for validation, fold in itertools.product(validations, folds):
        try:
            validation_rows(training, validation, fold)
        except DataError as error:
            troubles.append(DataError(f"data: {error}"))
    return troubles


def _score_troubles(score: str, validations: list[float]) -> list[FerCourseError]:
    known = (*EPOCH_SCORES, *VALIDATION_SCORES, *RUN_SCORES)
    if score not in known:
        return [SweepError(f"score: a training has no number {shown(score)}; it has: {', '.join(known)}.")]
    if score in VALIDATION_SCORES and not all(validations):
        return [
            SweepError(
                f"score: {score} needs faces that are set aside; found validation 0. Set `validation` above 0, or another score."
            )
        ]
    return []


# ------------------------------------------------------------------------------------------------------- a lesson


def _about_lesson(usable: dict, grid: dict) -> tuple[Sweep, list[FerCourseError]]:
    score = usable.get("score", "accuracy")
    troubles: list[FerCourseError] = [
        SweepError(f"grid: {name} would be mixed up with a column of the tables.") for name in grid.keys() & _COLUMNS
    ]
    try:
        notebook = notebook_of(usable["lesson"])
    except LessonError as error:
        return Sweep(), [*troubles, LessonError(f"lesson: {error}")]
    profile, found = profile_of(notebook, usable.get("profile"))
    troubles += found
    troubles += parameter_troubles(notebook, {"faces": [usable.get("faces", 0)], "data": [], **grid})
    numbers = numbers_of(notebook)
    if numbers is not None and score not in numbers:
        have = ", ".join(sorted(numbers)) or "none"
        troubles.append(SweepError(f"score: {notebook.stem} reports no number {shown(score)}; it reports: {have}."))
    faces, found = _faces(usable.get("data", profile.get("data") or None), usable.get("faces", 0))
    troubles += found
    facts = {"faces": fingerprint(faces)} if faces is not None else {}
    facts |= {"lesson": notebook.stem, "cells": digest(sources_of(notebook)), "profile": digest(profile)}
    return _sweep(usable, grid, score, None, facts), troubles


# --------------------------------------------------------------------------------------------------------- faces


def _faces(source: str | None, wanted: int) -> tuple[Faces | None, list[FerCourseError]]:
    """Return the faces of a sweep, and what is wrong with them; None if there are none that could be read."""
    from fer_course import data

    try:
        faces = data.load(source, quiet=True)
    except FerCourseError as error:
        return None, [DataError(f"data: {error}")]
    if wanted > len(faces):
        return None, [
            DataError(
                f"faces: {wanted:,} are asked for; {faces.source} has {len(faces):,}. Ask for fewer, or 0 for all."
            )
        ]
    return faces, []


def fingerprint(faces: Faces) -> str:
    """Return a hash of pictures, labels and splits: of what is in a file, wherever it lies."""
    made = hashlib.sha256(np.ascontiguousarray(faces.images))
    made.update(np.ascontiguousarray(faces.labels, dtype="int64"))
    made.update("\n".join(map(str, faces.split)).encode())
    return made.hexdigest()[:16]


def digest(content) -> str:
    """Return a hash of what JSON can hold; equal numbers have one, 0, 0.0 and -0.0 for example."""
    return hashlib.sha256(json.dumps(_plain(content), sort_keys=True).encode()).hexdigest()[:16]


def _plain(content):
    """Write equal values in one way: whole numbers as such, True as 1."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(each) for each in content]
    if isinstance(content, bool) or (isinstance(content, float) and content.is_integer()):
        return int(content)
    return content
