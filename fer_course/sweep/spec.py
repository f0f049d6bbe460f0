"""The description of a sweep: a YAML file, read and checked before anything is executed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from fer_course._shared.files import read_yaml
from fer_course.errors import SweepError, shown
from fer_course.recipes import Recipe


@dataclass(frozen=True)
class Sweep:
    """What to try.

    Attributes:
        recipe: the recipe whose settings the grid changes; or
        lesson: number or name of the lesson whose parameters it changes.
        profile: the lesson's profile.
        data: file or folder with faces, or `drawn`; None looks for them.
        faces: how many faces; 0: all.
        seeds: the seeds of each combination.
        grid: setting -> values.
        score: the name of the number to compare: from a training's metrics, or from the lesson's result.
        threads: how many threads TensorFlow uses in each trial. The number affects the last digits of a result, so it is the
            same on every machine.
        base: the recipe's settings when the sweep was read.
        facts: name -> what else decides a result: hashes of the faces, the lesson and its profile; Keras' backend.

    """

    recipe: str | None = None
    lesson: str | None = None
    profile: str | None = None
    data: str | None = None
    faces: int = 0
    seeds: tuple[int, ...] = (0,)
    grid: dict[str, list] = field(default_factory=dict)
    score: str = "val_accuracy"
    threads: int = 1
    base: Recipe | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def combinations(self) -> list[dict]:
        """Return every combination of the grid's values: setting -> value."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]

    def recipe_of(self, combination: dict, **changes) -> Recipe:
        """Return the recipe of a combination.

        Raises:
            SweepError: if this is a sweep of a lesson, which has no recipe.

        """
        if self.base is None:
            raise SweepError(f"The sweep of lesson {self.lesson} has no recipe.")
        return self.base.but(**combination, **changes)


def load(path: str | Path) -> Sweep:
    """Read a sweep from a YAML file, and check that each of its trials can be executed.

    Raises:
        SweepError: if the file can't be read, or does not hold what a sweep needs.
        RecipeError: if a setting of a recipe is unknown or out of range.
        ModelError: if there is no such model.
        LessonError: if there is no such lesson, or it has no such parameter.
        DataError: if there are no such faces, or too few.

    One error names all troubles; it is a `SweepError` if they are of several kinds.

    """
    from fer_course.sweep.preflight import check

    path = Path(path)
    content = read_yaml(path, SweepError)
    if not isinstance(content, dict):
        raise SweepError(f"{path} holds lines such as `recipe: quick`; found {shown(content)}.")
    sweep, troubles = check(content)
    if not troubles:
        return sweep
    kinds = {type(trouble) for trouble in troubles}
    kind = kinds.pop() if len(kinds) == 1 else SweepError
    if len(troubles) == 1:
        raise kind(f"{path}: {troubles[0]}")
    raise kind("\n- ".join([f"{path} has {len(troubles)} troubles:", *map(str, troubles)]))
