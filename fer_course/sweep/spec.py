"""What a sweep tries: a YAML file, read and checked before anything runs."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from fer_course.errors import SweepError, shown
from fer_course.files import read_yaml
from fer_course.recipes import Recipe

_KINDS = {
    **dict.fromkeys(("recipe", "profile", "data", "score"), (str,)),
    **{"lesson": (str, int), "faces": (int,)},
}
#: Trials of one sweep: more than anybody runs; so many are listed before the first begins.
MOST = 1_000_000
_KEYS = {"recipe", "lesson", "profile", "data", "faces", "seeds", "grid", "score"}


@dataclass(frozen=True)
class Sweep:
    """What to try.

    Attributes:
        recipe: the recipe whose settings the grid changes; or
        lesson: number or name of the lesson whose parameters it changes.
        profile: of the lesson.
        data: file or folder with faces, or `drawn`; None looks for them.
        faces: how many; 0 all.
        seeds: of each combination.
        grid: setting -> values.
        score: the number to compare: of a training's metrics, or one that the lesson reports.

    """

    recipe: str | None = None
    lesson: str | None = None
    profile: str | None = None
    data: str | None = None
    faces: int = 0
    seeds: tuple[int, ...] = (0,)
    grid: dict[str, list] = field(default_factory=dict)
    score: str = "val_accuracy"

    def combinations(self) -> list[dict]:
        """Return every combination of the grid's values: setting -> value."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]


def load(path: str | Path) -> Sweep:
    """Read a sweep from a YAML file, and check that each of its trials could be run.

    Raises:
        SweepError: if the file can't be read, has an unknown key, or holds no seeds; names what is wrong.
        RecipeError: if a setting of a recipe is unknown or out of range.
        LessonError: if there is no such lesson, or it has no such parameter.

    """
    path = Path(path)
    content = read_yaml(path, SweepError)
    if not isinstance(content, dict) or not content.keys() <= _KEYS:
        unknown = ", ".join(map(shown, content.keys() - _KEYS)) if isinstance(content, dict) else shown(content)
        raise SweepError(
            f"{path} holds lines such as `recipe: quick`, with {', '.join(sorted(_KEYS))}; found {unknown}."
        )
    return _checked(content, path)


def _checked(content: dict, path: Path) -> Sweep:
    if ("recipe" in content) == ("lesson" in content):
        raise SweepError(f"{path} needs either `recipe: …` or `lesson: …`.")
    seeds, grid = content.get("seeds", [0]), content.get("grid", {})
    if (
        not isinstance(seeds, list)
        or not seeds
        or not all(type(seed) is int for seed in seeds)
        or len(set(seeds)) < len(seeds)
    ):
        raise SweepError(
            f"{path}: seeds is a list of different whole numbers, such as [0, 1, 2]; found {shown(seeds)}."
        )
    if not isinstance(grid, dict) or not all(isinstance(name, str) and _is_list(grid[name]) for name in grid):
        raise SweepError(
            f"{path}: grid holds lines such as `shift: [0.0, 0.08]`, each with a list of values (numbers, words); "
            f"found {shown(grid)}."
        )
    many = math.prod(map(len, grid.values())) * len(seeds)
    if many > MOST:
        raise SweepError(f"{path} makes {many:,} trials; {MOST:,} are the most. Try fewer values, or several sweeps.")
    for name, kinds in _KINDS.items():
        if name in content and not (type(content[name]) in kinds or content[name] is None):
            raise SweepError(f"{path}: {name} is a {kinds[0].__name__}; found {shown(content[name])}.")
    if "seed" in grid:
        raise SweepError(f"{path}: the seeds stand under `seeds`, not in the grid.")
    for setting, values in grid.items():
        if len({json.dumps(value) for value in values}) < len(values):
            raise SweepError(f"{path}: {setting} has a value twice: {shown(values)}.")
    default = "val_accuracy" if "recipe" in content else "accuracy"
    sweep = Sweep(**{"score": default} | content | {"seeds": tuple(seeds), "grid": grid})
    _try_out(sweep)
    return sweep


def _is_list(values) -> bool:
    """Return True for a list of what a parameter can be."""
    return isinstance(values, list) and bool(values) and all(isinstance(each, (str, int, float)) for each in values)


def _try_out(sweep: Sweep) -> None:
    """Raise what a trial would raise at once."""
    if sweep.recipe is not None:
        recipe = Recipe.load(sweep.recipe)
        for combination in sweep.combinations():
            recipe.but(**combination)
        return
    from fer_course.course import choose, notebooks
    from fer_course.course.parameters import merged_settings

    chosen = choose(notebooks(), [str(sweep.lesson)])
    for combination in sweep.combinations():
        merged_settings(chosen, sweep.profile, {"faces": sweep.faces, **combination}, sweep.data)
