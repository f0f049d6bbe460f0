"""The models of the registry side by side: the costs of each, and its accuracy in recorded runs on real FER2013."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from fer_course import models, results
from fer_course.costs import costs
from fer_course.evaluation.trials import summarise
from fer_course.recipes import Recipe


@dataclass(frozen=True)
class Animal:
    """One model of the zoo.

    Attributes:
        name: its name in `models.build`.
        parameters: how many numbers it stores.
        multiply_adds: how many products are added up for one picture.
        activation_bytes: bytes of all feature maps of one picture, float32.
        recipe: name of the recipe of its recorded runs, the same for all models; empty if there is none.
        accuracies: PublicTest accuracies of these runs, one per seed.

    """

    name: str
    parameters: int
    multiply_adds: int
    activation_bytes: int
    recipe: str = ""
    accuracies: tuple[float, ...] = ()

    @property
    def accuracy(self) -> str:
        """Mean and standard deviation over seeds as text, `63.2 %` for one run, `-` for none."""
        if not self.accuracies:
            return "-"
        spread = f" ± {100 * np.std(self.accuracies, ddof=1):.1f}" if len(self.accuracies) > 1 else ""
        return f"{100 * np.mean(self.accuracies):.1f}{spread} %"


def animals(input_size: int = 48) -> list[Animal]:
    """Return all models of the registry, sorted by multiply-adds, fewest first.

    Args:
        input_size: side of the pictures in pixels; the recorded runs are those of this size.

    Raises:
        ModelError: if no model can be built for that size.

    """
    runs = recorded(input_size)
    counted = {name: costs(models.build(name, input_size)) for name in models.names()}
    made = [
        Animal(name, each.parameters, each.multiply_adds, each.activation_bytes, *runs.get(name, ("", ())))
        for name, each in counted.items()
    ]
    return sorted(made, key=lambda animal: animal.multiply_adds)


def recorded(input_size: int = 48) -> dict[str, tuple[str, tuple[float, ...]]]:
    """Return recipe and accuracies, one per seed, of each model's recorded runs on real FER2013.

    All runs have the same recipe, because only then can models be compared. It is the recipe with which most models were
    trained; among several of these, the one with the highest mean.
    """
    accuracies: dict[Recipe, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for name in results.names():
        for run in _runs(results.load(name)):
            recipe = Recipe(**run["recipe"])  # a setting that is newer than the run has its default
            report = run["report"]
            if recipe.input_size == input_size and report["split"] == "PublicTest" and not report["drawn"]:
                same = recipe.but(model="", seed=0)
                accuracies[same][recipe.model][recipe.seed] = report["accuracy"]
    if not accuracies:
        return {}
    same, found = max(
        accuracies.items(), key=lambda item: (len(item[1]), fmean(fmean(each.values()) for each in item[1].values()))
    )
    return {model: (same.name, tuple(by_seed.values())) for model, by_seed in found.items()}


def points(input_size: int = 48) -> dict[str, tuple[float, float, float, float]]:
    """Return the points for `plots.accuracy_against_cost` of the models that have recorded runs.

    Returns:
        name -> multiply-adds, mean accuracy, and the ends of its 95 % interval over seeds (infinite for a single seed).

    """
    return {
        animal.name: (animal.multiply_adds, *summarise(animal.accuracies))
        for animal in animals(input_size)
        if animal.accuracies
    }


def _runs(record: dict) -> list[dict]:
    return record.get("runs", []) if record.get("data") == "FER2013" else []


def table(input_size: int = 48) -> str:
    """Return the table that `fer-course zoo` prints."""
    lines = [("model", "parameters", "multiply-adds", "feature maps", "PublicTest", "recipe, seeds")]
    for animal in animals(input_size):
        runs = f"{animal.recipe}, {len(animal.accuracies)}" if animal.accuracies else "-"
        cost = (
            f"{animal.parameters:,}",
            f"{animal.multiply_adds / 1e6:.2f} M",
            f"{animal.activation_bytes / 1e6:.2f} MB",
        )
        lines.append((animal.name, *cost, animal.accuracy, runs))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    notes = [
        "",
        f"For one picture of {input_size} × {input_size}. Feature maps: the outputs of all layers, 4 bytes per number.",
        "PublicTest: accuracy on real FER2013 of the runs recorded in fer_course/results, ± standard deviation over seeds.",
    ]
    return "\n".join([*rows, *notes])
