"""Look for everything that would stop a trial of a sweep, before the first one starts, and report all of it at once."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_course._shared.values import is_whole
from fer_course.errors import DataError, FerCourseError, LessonError, RecipeError, SweepError, shown
from fer_course.faces import Faces
from fer_course.recipes import LIMITS, Recipe
from fer_course.sweep.lessons import check_grid, notebook_of, numbers_of, profile_of, sources_of
from fer_course.sweep.spec import Sweep

#: Trials of one sweep: more than anybody runs. All of them are listed before the first one starts.
MOST = 1_000_000
#: Threads of one trial: more than any machine has.
MOST_THREADS = 1024
MOST_FACES = 10**9
_SEEDS = LIMITS["seed"]
#: What a training's metrics hold about its best epoch, and about itself.
EPOCH_SCORES = ("accuracy", "loss", "learning_rate")
VALIDATION_SCORES = ("val_accuracy", "val_loss")
RUN_SCORES = ("epochs", "best_epoch", "parameters", "images", "seconds", "threads")
#: Columns of the tables that are not settings.
_COLUMNS = {"seeds", "score", "mean", "low", "high", "seconds", "threads", "multiply_adds"}


class Troubles(list[FerCourseError]):
    """All that is wrong with a sweep, as errors that are collected instead of raised."""

    @contextlib.contextmanager
    def collect(self, where: str) -> Iterator[None]:
        """Add an error that the block raises, with the key that it belongs to."""
        try:
            yield
        except FerCourseError as error:
            self.append(type(error)(f"{where}: {error}"))

    def add(self, error: FerCourseError) -> None:
        """Add an error, unless the same sentence is there already."""
        if str(error) not in map(str, self):
            self.append(error)


class _Rule(NamedTuple):
    """What the value of a key must be.

    Attributes:
        key: the key.
        holds: tells whether a value is like that.
        words: the same as the beginning of an error.

    """

    key: str
    holds: Callable[[object], bool]
    words: str


def _is_word(value: object) -> bool:
    return isinstance(value, str)


def _is_dictionary(value: object) -> bool:
    return isinstance(value, dict)


def _are_seeds(value: object) -> bool:
    if not isinstance(value, list) or not value or not all(is_whole(seed) for seed in value):
        return False
    return all(_SEEDS[0] <= seed <= _SEEDS[1] for seed in value) and len(set(value)) == len(value)


_RULES = (
    _Rule("recipe", _is_word, "recipe is a word"),
    _Rule("profile", _is_word, "profile is a word"),
    _Rule("data", _is_word, "data is a word"),
    _Rule("score", _is_word, "score is a word"),
    _Rule("lesson", lambda value: _is_word(value) or is_whole(value), "lesson is a number or a name"),
    _Rule("faces", is_whole, "faces is a whole number"),
    _Rule("threads", is_whole, "threads is a whole number"),
    # A value that is not a whole number has broken the rule above already.
    _Rule("faces", lambda value: not is_whole(value) or 0 <= value <= MOST_FACES, f"faces is from 0 to {MOST_FACES:,}"),
    _Rule(
        "threads",
        lambda value: not is_whole(value) or 1 <= value <= MOST_THREADS,
        f"threads is from 1 to {MOST_THREADS:,}",
    ),
    _Rule(
        "seeds",
        _are_seeds,
        f"seeds is a list of different whole numbers from {_SEEDS[0]} to {_SEEDS[1]:,}, such as [0, 1, 2]",
    ),
    _Rule("grid", _is_dictionary, "grid holds lines such as `shift: [0.0, 0.08]`"),
)
_KEYS = {rule.key for rule in _RULES}


def check(content: dict) -> tuple[Sweep, list[FerCourseError]]:
    """Return the sweep that a file's content describes, and all that is wrong with it; without troubles it can be run.

    What is wrong with one line does not keep the others from being checked.
    """
    content = {name: value for name, value in content.items() if value is not None and value != ""}
    troubles = Troubles()
    usable = _usable_keys(content, troubles)
    grid = _usable_settings(usable.pop("grid", {}), troubles)
    if ("recipe" in content) == ("lesson" in content):
        troubles.append(SweepError("A sweep needs either `recipe: …` or `lesson: …`."))
    trials = math.prod(map(len, grid.values())) * len(usable.get("seeds", [0]))
    if trials > MOST:
        text = f"It makes {trials:,} trials; {MOST:,} are the most. Try fewer values, or several sweeps."
        troubles.append(SweepError(text))
        return Sweep(), troubles
    describe = _describe_lesson if "lesson" in usable else _describe_recipe
    return describe(usable, grid, troubles), troubles


def _usable_keys(content: dict, troubles: Troubles) -> dict:
    """Return the keys whose values have the right form."""
    usable = {name: value for name, value in content.items() if name in _KEYS}
    for name in content.keys() - _KEYS:
        troubles.append(SweepError(f"A sweep has the keys {', '.join(sorted(_KEYS))}; found {shown(name)}."))
    for rule in _RULES:
        if rule.key in content and not rule.holds(content[rule.key]):
            troubles.append(SweepError(f"{rule.words}; found {shown(content[rule.key])}."))
            usable.pop(rule.key, None)
    return usable


def _usable_settings(grid: dict, troubles: Troubles) -> dict[str, list]:
    """Return the settings of a grid whose values can be used."""
    usable = {}
    for name, values in grid.items():
        problem = _setting_problem(name, values)
        if problem is None:
            usable[name] = values
        else:
            troubles.append(SweepError(f"grid: {problem}"))
    return usable


def _setting_problem(name: object, values: object) -> str | None:
    """Return what is wrong with the form of a setting and its values; None if nothing is."""
    if not isinstance(name, str):
        return f"a setting is a word; found {shown(name)}."
    if name == "seed":
        return "write the seeds under `seeds`, not in the grid."
    if not isinstance(values, list) or not values or not all(isinstance(each, (str, int, float)) for each in values):
        return f"{name} has a list of values (numbers, words), such as [0.0, 0.08]; found {shown(values)}."
    if not all(math.isfinite(each) for each in values if isinstance(each, float)):
        return f"{name} has a value that is not a finite number: {shown(values)}."
    return _repetition(name, values, values)


def _repetition(name: str, values: list, meant: list) -> str | None:
    """Return a sentence if a setting has a value twice, perhaps written in two ways; None if it has not.

    Args:
        name: the setting.
        values: its values, as they are written.
        meant: the same values, as a recipe reads them.

    """
    seen: dict = {}
    for value, same in zip(values, meant, strict=True):
        if same in seen:  # True, 1 and 1.0 are one value to Python, too
            return f"{name} has a value twice: {shown(seen[same])} and {shown(value)} are the same. Leave one out."
        seen[same] = value
    return None


# ------------------------------------------------------------------------------------------------------- a recipe


def _describe_recipe(usable: dict, grid: dict, troubles: Troubles) -> Sweep:
    """Return the sweep of a recipe."""
    base = Recipe()
    with troubles.collect("recipe"):
        base = Recipe.load(usable.get("recipe", "quick"))
    if "profile" in usable:
        troubles.append(SweepError("profile belongs to a lesson; this sweep is one of a recipe. Leave it out."))
    values = {setting: [getattr(base, setting)] for setting in ("model", "validation", "fold", "distillation")}
    for setting, tried in grid.items():
        values[setting] = _meant_values(base, setting, tried, troubles)
    _check_models(values["model"], "grid: model" if "model" in grid else "recipe: model", troubles)
    if any(values["distillation"]):
        text = "distillation needs a teacher, which a sweep does not have: set it to 0, or use `train --teacher`."
        troubles.append(RecipeError(text))
    faces = _load_faces(usable.get("data"), usable.get("faces", 0), troubles)
    if faces is not None:
        _check_splits(faces.sample(usable.get("faces", 0)), values["validation"], values["fold"], troubles)
    score = usable.get("score", "val_accuracy")
    _check_score(score, values["validation"], troubles)
    facts = {"faces": fingerprint(faces)} if faces is not None else {}
    return _sweep(usable, grid, score, base, facts)


def _sweep(usable: dict, grid: dict, score: str, base: Recipe | None, facts: dict) -> Sweep:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    import keras  # isort: skip

    words = {name: usable[name] for name in ("recipe", "profile", "faces", "threads") if name in usable}
    if "lesson" in usable:
        words["lesson"] = str(usable["lesson"])
    data = usable.get("data")
    if data not in (None, "drawn"):
        data = os.path.abspath(Path(data).expanduser())  # workers may have been started in another folder
    facts = facts | {"backend": keras.backend.backend()}
    return Sweep(
        **words, data=data, seeds=tuple(usable.get("seeds", [0])), grid=grid, score=score, base=base, facts=facts
    )


def _meant_values(base: Recipe, setting: str, values: list, troubles: Troubles) -> list:
    """Return those of a setting's values that a recipe takes, as the recipe reads them."""
    meant, taken = [], []
    for value in values:
        try:
            meant.append(getattr(base.but(**{setting: value}), setting))
            taken.append(value)
        except RecipeError as error:
            troubles.add(RecipeError(f"grid: {error}"))  # an unknown setting is one trouble, not one for each value
    if problem := _repetition(setting, taken, meant):
        troubles.append(SweepError(f"grid: {problem}"))
    return meant


def _check_models(names: list[str], where: str, troubles: Troubles) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import models

    for name in names:
        with troubles.collect(where):
            models.describe(name)


def _check_splits(faces: Faces, validations: list[float], folds: list[int], troubles: Troubles) -> None:
    """Check that these faces can be split for each share of validation and each fold."""
    from fer_course.training import validation_rows

    with troubles.collect("data"):
        training = faces.select("Training")
        for validation, fold in itertools.product(validations, folds):
            with troubles.collect("data"):
                validation_rows(training, validation, fold)


def _check_score(score: str, validations: list[float], troubles: Troubles) -> None:
    known = (*EPOCH_SCORES, *VALIDATION_SCORES, *RUN_SCORES)
    if score not in known:
        troubles.append(SweepError(f"score: a training has no number {shown(score)}; it has: {', '.join(known)}."))
    elif score in VALIDATION_SCORES and not all(validations):
        text = "needs faces that are held out; found validation 0. Set `validation` above 0, or another score."
        troubles.append(SweepError(f"score: {score} {text}"))


# ------------------------------------------------------------------------------------------------------- a lesson


def _describe_lesson(usable: dict, grid: dict, troubles: Troubles) -> Sweep:
    """Return the sweep of a lesson."""
    score = usable.get("score", "accuracy")
    for name in grid.keys() & _COLUMNS:
        troubles.append(SweepError(f"grid: {name} can't be told from a column of the tables."))
    try:
        notebook = notebook_of(usable["lesson"])
    except LessonError as error:
        troubles.append(LessonError(f"lesson: {error}"))
        return Sweep()
    profile: dict = {}
    with troubles.collect("profile"):
        profile = profile_of(notebook, usable.get("profile"))
    troubles += check_grid(notebook, {"faces": [usable.get("faces", 0)], "data": [], **grid})
    numbers = numbers_of(notebook)
    if numbers is not None and score not in numbers:
        have = ", ".join(sorted(numbers)) or "none"
        troubles.append(SweepError(f"score: {notebook.stem} reports no number {shown(score)}; it reports: {have}."))
    faces = _load_faces(usable.get("data", profile.get("data") or None), usable.get("faces", 0), troubles)
    facts = {"faces": fingerprint(faces)} if faces is not None else {}
    facts |= {"lesson": notebook.stem, "cells": digest(sources_of(notebook)), "profile": digest(profile)}
    return _sweep(usable, grid, score, None, facts)


# --------------------------------------------------------------------------------------------------------- faces


def _load_faces(source: str | None, wanted: int, troubles: Troubles) -> Faces | None:
    """Return the faces of a sweep; None if they can't be read, or are too few."""
    from fer_course import data

    try:
        faces = data.load(source, quiet=True)
    except FerCourseError as error:
        troubles.append(DataError(f"data: {error}"))
        return None
    if wanted > len(faces):
        text = f"{wanted:,} are asked for; {faces.source} has {len(faces):,}. Ask for fewer, or 0 for all."
        troubles.append(DataError(f"faces: {text}"))
        return None
    return faces


def fingerprint(faces: Faces) -> str:
    """Return a hash of pictures, labels and splits: of the content of a file, wherever it lies."""
    made = hashlib.sha256(np.ascontiguousarray(faces.images).data)
    made.update(np.ascontiguousarray(faces.labels, dtype="int64").data)
    made.update("\n".join(map(str, faces.split)).encode())
    return made.hexdigest()[:16]


def digest(content) -> str:
    """Return a hash of what JSON can hold; equal numbers give the same hash, 0, 0.0 and -0.0 for example."""
    return hashlib.sha256(json.dumps(_plain(content), sort_keys=True).encode()).hexdigest()[:16]


def _plain(content):
    """Write equal values in one way: whole numbers as `int`, True as 1."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(each) for each in content]
    if isinstance(content, bool) or (isinstance(content, float) and content.is_integer()):
        return int(content)
    return content
