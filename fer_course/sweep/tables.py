"""The tables and the chart of a sweep."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

from fer_course._shared.files import atomic, write_text
from fer_course.evaluation.trials import summarise
from fer_course.sweep.spec import Sweep


def summary(sweep: Sweep, rows: list[dict]) -> list[dict]:
    """Return one row per combination that has scores: settings, seeds, mean, low, high (95 % over seeds), and cost.

    The cost is the seconds of all trials and, for a recipe, the multiply-adds for one picture.
    """
    found = []
    for combination in sweep.combinations():
        same = [row for row in rows if all(row[name] == value for name, value in combination.items())]
        if same:
            scores = [row["score"] for row in same]
            mean, low, high = summarise(scores, *_limits(sweep.score, scores))
            cost = {"threads": sweep.threads, "seconds": round(sum(row["seconds"] for row in same), 1)}
            if sweep.recipe is not None:
                recipe = sweep.recipe_of(combination)
                cost["multiply_adds"] = _multiply_adds(recipe.model, recipe.input_size)
            found.append({**combination, "seeds": len(same), "mean": mean, "low": low, "high": high, **cost})
    return found


def _limits(score: str, scores: list[float]) -> tuple[float, float]:
    """Return the smallest and largest possible score: 0 and 1 for an accuracy, which is a share."""
    share = score.rpartition("_")[2] == "accuracy" and all(0 <= each <= 1 for each in scores)
    return (0.0, 1.0) if share and len(scores) > 1 else (-math.inf, math.inf)


@cache
def _multiply_adds(model: str, input_size: int) -> int:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import models
    from fer_course.costs import costs

    return costs(models.build(model, input_size)).multiply_adds


def write_tables(sweep: Sweep, out: Path, rows: list[dict], found: list[dict]) -> None:
    """Write trials.csv, one row per trial, and results.csv, results.parquet and results.png, for the combinations."""
    import pandas

    if not rows:
        return
    write_text(out / "trials.csv", pandas.DataFrame(rows).to_csv(index=False))
    results = pandas.DataFrame(found)
    write_text(out / "results.csv", results.to_csv(index=False))
    for name in results.select_dtypes("object"):
        if results[name].map(type).nunique() > 1:  # Parquet can't hold numbers and words in one column
            results[name] = results[name].map(str)
    with atomic(out / "results.parquet") as temporary:
        results.to_parquet(temporary, index=False)
    if sweep.recipe is not None:
        _write_chart(sweep, out, found)


def _write_chart(sweep: Sweep, out: Path, found: list[dict]) -> None:
    import matplotlib.pyplot as plt

    from fer_course.plots import accuracy_against_cost

    points = {
        ", ".join(f"{name} {each[name]}" for name in sweep.grid) or sweep.recipe: (
            each["multiply_adds"],
            each["mean"],
            each["low"],
            each["high"],
        )
        for each in found
    }
    figure = accuracy_against_cost({f"{sweep.score}, seeds: {len(sweep.seeds)}": points})
    with atomic(out / "results.png") as temporary:
        figure.savefig(temporary, format="png", dpi=150, bbox_inches="tight", facecolor="white")
    plt.close(figure)
