"""What README and docs/ quote is in the recorded runs, and the records are on real faces."""

import base64
import dataclasses
import json
import re
import statistics

import numpy as np
import pytest
from repository import ROOT

from fer_course import results
from fer_course.evaluation.trials import summarise
from fer_course.recipes import Recipe

README = " ".join(re.sub("<!--.*?-->", "", (ROOT / "README.md").read_text(encoding="utf-8")).split())
RESULTS, _, DRAWN = (ROOT / "docs" / "results.md").read_text(encoding="utf-8").partition("\n## ")


#: Rows of the study `best` that docs/results.md shows.
SHOWN = [run["row"] for run in results.load("best")["runs"] if not run["row"].startswith("teacher")]


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def of_recipe(name: str) -> list[dict]:
    """The recorded runs of a row of the table of results."""
    if name == "minutes":
        return results.load(name)["runs"]
    return (results.rows("paper") | results.rows("best"))[name]


def seconds(run: dict) -> float:
    return run["timing"]["seconds"] if "timing" in run else run["training"]["seconds"]


def median_of(runs: list[dict], number) -> float:
    return statistics.median(map(number, runs))


def test_readme_quotes_the_records():
    minutes, best = of_recipe("minutes"), of_recipe("unseen teachers")
    accuracy = lambda run: run["report"]["accuracy"]  # noqa: E731
    spent = f"{median_of(minutes, seconds) / 60:.0f}"
    assert f"reaches {percent(median_of(minutes, accuracy))} of PublicTest in {spent} minutes" in README
    spent = f"{median_of(best, seconds) / 60:.0f} minutes with teachers"
    assert f"and {percent(median_of(best, accuracy))} in {spent}" in README


def test_readme_says_further_than_the_paper_only_where_the_interval_does():
    _, low, high = summarise([run["report"]["accuracy"] for run in of_recipe("minutes")])
    assert low < 0.61 < high
    spent = f"{median_of(of_recipe('minutes'), seconds) / 60:.0f}"
    assert f"gets as far in {spent} minutes, further with teachers" in README
    assert summarise([run["report"]["accuracy"] for run in of_recipe("unseen teachers")]).low > 0.61


def test_readme_quotes_what_each_look_is_worth_and_costs():
    record = results.load("views")
    shipped = {run["views"]: run for run in record["views"] if (run["row"], run["seed"]) == ("unseen teachers", 0)}
    for name, looks in {"one": "one look", "flips": "two looks", "flips and shifts": "ten looks"}.items():
        whole, left = (percent(shipped[name][key]["accuracy"]) for key in ("report", "without near copies"))
        assert f"{looks} {whole} ({left}, {results.load('view_cost')['milliseconds'][name]:.1f} ms)" in README
    assert [run["looks"] for run in shipped.values()] == [1, 2, 10]


def test_the_score_without_near_copies_leaves_out_the_same_faces_everywhere():
    record = results.load("views")
    assert (record["copies"], record["near_copies"]) == (248, 44)
    assert len(record["near_copies_of_folds"]) == 5
    left = [run for run in record["views"] if "without near copies" in run]
    assert {run["row"] for run in left} == {run["row"] for run in record["views"]}
    (counts,) = {tuple(map(sum, run["without near copies"]["confusion"])) for run in left}  # per class
    assert sum(counts) == 3589 - 248 - 44
    for run in left:
        whole, exact, near = (
            np.array(run[key]["confusion"]) for key in ("report", "without copies", "without near copies")
        )
        assert (whole >= exact).all()
        assert (exact >= near).all()


def test_every_row_says_what_was_chosen_on_which_faces(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from studies import STUDIES

    for study, (_, rows) in STUDIES.items():
        for name, row in rows.items():
            said = f"{study}, {name}: {row.chosen_on}"
            assert row.chosen_on, said
            recipe = row.recipe
            assert (f"fold {recipe.fold}" in row.chosen_on) == bool(recipe.validation), said
            # What a student holds out its teachers have held out, too.
            for teacher in row.teachers:
                taught = rows[teacher].recipe
                assert not recipe.validation or (taught.validation, taught.fold) == (recipe.validation, recipe.fold), (
                    said
                )


def test_the_page_of_results_counts_the_looks_at_publictest():
    section = DRAWN.split("How often PublicTest was looked at\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    said = {row[0].strip("`"): int(row[1]) for row in rows[1:]}
    together = said.pop("together")
    assert sum(said.values()) == together
    for name, count in said.items():
        text = json.dumps(results.load(name))
        reports = text.count('"split": "PublicTest", "drawn": false')
        assert count == (reports or len(results.load(name)["trainings"]))
    assert said["views"] == 3 * len({(run["row"], run["seed"]) for run in results.load("views")["views"]})


def test_the_page_of_results_quotes_the_records():
    text = RESULTS
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    untrained = [row for row in rows if row[2] == "not trained yet"]
    assert [row[0] for row in untrained] == [
        f"`{row}`" for row in ("paper at 48 pixels",) if row not in results.rows("paper")
    ]
    rows = [row for row in rows if row not in untrained]
    in_paper = list(results.rows("paper"))
    assert [row[0].split("`")[1] for row in rows] == ["minutes", *in_paper, *dict.fromkeys(SHOWN)]
    views = [run for run in results.load("views")["views"] if run["views"] == "one"]
    for name, seeds, accuracy, without, balanced, minutes, _ in rows:
        runs = of_recipe(name.split("`")[1])
        left = [run["without near copies"]["accuracy"] for run in views if run["row"] == name.split("`")[1]]
        assert without.split(" (")[0] == (percent(statistics.median(left)) if left else "")
        found = [run["report"]["accuracy"] for run in runs]
        assert seeds == str(len(runs))
        span = f"{percent(min(found))[:-2]} to {percent(max(found))}"
        assert accuracy == (f"{percent(statistics.median(found))}, {span}" if len(runs) > 1 else percent(found[0]))
        assert balanced == percent(statistics.median(run["report"]["balanced_accuracy"] for run in runs))
        accelerated = {run.get("training", {}).get("device", "cpu") for run in runs} != {"cpu"}
        assert minutes == f"{statistics.median(map(seconds, runs)) / 60:.0f}{' (GPU)' if accelerated else ''}"
    ratio = statistics.median(run["timing"]["ratio"] for run in results.load("minutes")["runs"])
    text = " ".join(re.sub("<!--.*?-->", "", text).split())
    assert f"`minutes` takes {ratio:.1f} times as long as one plain epoch" in text
    epochs = [run["training"]["epochs"] for run in results.rows("paper")["paper"]]
    assert f"stopped by their own patience after {min(epochs)} to {max(epochs)} epochs" in " ".join(text.split())


def test_a_student_costs_what_its_teachers_cost_too():
    (line,) = [line for line in RESULTS.splitlines() if line.startswith("| `unseen teachers` |")]
    best = results.rows("best")
    teachers = [run for row, runs in best.items() if row.startswith("teacher") for run in runs]
    assert len(teachers) == 8
    spent = {"cpu": median_of(best["unseen teachers"], seconds)}
    for run in teachers:
        device = run["training"].get("device", "cpu")
        spent[device] = spent.get(device, 0.0) + seconds(run)
    cpu, gpu = (f"{each / 60:.0f}" for each in spent.values())
    assert line.split("|")[-2].strip() == f"{cpu} + {gpu} (GPU)"
    assert f"with those of its teachers {cpu} + {gpu} (GPU)" in (ROOT / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_what_lesson_08_says_of_the_network_without_normalisation():
    rows = results.rows("size")
    seeds = {row: sorted(run["recipe"]["seed"] for run in runs) for row, runs in rows.items()}
    assert set(map(tuple, seeds.values())) == {(0, 1, 2)}
    low, middle, high = sorted(run["report"]["accuracy"] for run in rows["without normalisation"])
    assert percent(low) == percent(middle) == "24.9 %"  # always happy
    assert high < min(run["report"]["accuracy"] for run in rows["without normalisation, a tenth of the rate"])
    whole, slower = (rows[row][0]["recipe"] for row in ("mini_xception", "a tenth of the rate"))
    assert {key for key in whole if whole[key] != slower[key]} == {"learning_rate"}


def test_rows_hold_every_run_of_a_study_once():
    for name in ("best", "augmentation", "zoo"):
        rows = results.rows(name)
        assert [run for runs in rows.values() for run in runs] == results.load(name)["runs"]
        for row, runs in rows.items():
            assert {run["row"] for run in runs} == {row}
            seeds = [run["recipe"]["seed"] for run in runs]
            assert seeds == sorted(set(seeds))


def test_the_page_on_gpus_quotes_the_accelerator():
    measured = (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8")
    measured = measured.split("## Training on an accelerator\n")[1].split("\n## ")[0]
    ratio = float(measured.split("an epoch a call |")[1].split("|")[1])
    reached = int(measured.split("of the other fifth after ")[1].split(" s")[0])
    said = " ".join((ROOT / "docs" / "gpu.md").read_text(encoding="utf-8").split())
    assert f"trains {ratio:.1f} times as fast as pictures that come from the host" in said
    assert f"reach 61 % of the faces held out after {reached} s" in said
    device = measured.split("On ")[1].split(".")[0]
    assert " ".join(device.split()[:2]) in said


def test_the_recipe_minutes_keeps_its_promise():
    runs = results.load("minutes")["runs"]
    assert [run["recipe"]["seed"] for run in runs] == [0, 1, 2, 3, 4]
    assert (
        round(statistics.median(run["report"]["accuracy"] for run in runs), 3) >= 0.61
    )  # as many digits as README says
    assert statistics.median(run["timing"]["ratio"] for run in runs) <= 6
    for run in runs:
        recipe = {name: value for name, value in run["recipe"].items() if name != "seed"}
        now = {name: value for name, value in dataclasses.asdict(Recipe.named("minutes")).items() if name in recipe}
        assert recipe == now  # what was measured is what `minutes` is


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in results.names()
        if name not in ("classic", "curves", "depth", "drawn_faces", "one_change", "planning", "race", "view_cost")
    ],
)
def test_records_are_of_real_faces_and_say_how_to_make_them_again(name):
    record = results.load(name)
    assert record["data"] == "FER2013"
    assert record["command"].startswith(("python benchmarks/", "fer-course"))
    measured = [*record.get("runs", []), *record.get("views", []), *([record["killed"]] if "killed" in record else [])]
    assert measured
    for run in measured:
        report = run["report"]
        assert report["drawn"] is False
        assert (report["split"], report["n"]) == ("PublicTest", 3589)
        assert [sum(row) for row in report["confusion"]] == [467, 56, 496, 895, 653, 415, 607]
        right = sum(report["confusion"][label][label] for label in range(7))
        assert abs(right / 3589 - report["accuracy"]) < 1e-9


DRAWN_ROWS = [
    ("difficulty", "drawn test faces"), ("transfer", "PublicTest"), ("few", "from scratch"), ("few", "after drawn faces"),
]  # fmt: skip


def span(values: list[float]) -> str:
    low, high = f"{100 * min(values):.1f}", f"{100 * max(values):.1f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def test_the_page_of_results_quotes_what_drawn_faces_are_worth():
    section = DRAWN.split("What drawn faces are worth\n")[1]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    record = results.load("drawn_faces")
    assert len(rows) >= len(DRAWN_ROWS)
    in_order = ("difficulty", "transfer", "few")
    found = [(part, name) for part in in_order for name in record[part]["seeds"]["0"]]
    assert len(rows) == len(found)
    assert set(DRAWN_ROWS) <= set(found)
    for row, (part, name) in zip(rows, found, strict=True):
        reports = [seed[name] for seed in record[part]["seeds"].values()]
        assert reports
        assert row[3].strip() == span([report["accuracy"] for report in reports])
        assert row[4].strip() == span([report["balanced_accuracy"] for report in reports])


def test_drawn_scores_say_that_they_are_drawn_and_real_ones_are_real():
    record = results.load("drawn_faces")
    for part, name in DRAWN_ROWS:
        assert record[part]["command"].startswith("python benchmarks/transfer.py")
        if "versions" in record[part]:  # made since records say more
            assert all("recipe" in report for seed in record[part]["seeds"].values() for report in seed.values())
        for seed in record[part]["seeds"].values():
            report = seed[name]
            assert report["drawn"] is (part == "difficulty")
            if part != "difficulty":
                assert [sum(row) for row in report["confusion"]] == [467, 56, 496, 895, 653, 415, 607]


def test_what_is_learned_on_drawn_faces_holds_for_photographs():
    record = results.load("drawn_faces")
    alone = [reports["PublicTest"] for reports in record["transfer"]["seeds"].values()]
    assert min(report["balanced_accuracy"] for report in alone) > 0.22
    assert min(report["recall"]["happy"] for report in alone) > 0.40
    assert min(report["recall"]["surprise"] for report in alone) > 2 / 7  # one seed of five: 39 %
    assert statistics.median(report["recall"]["surprise"] for report in alone) > 0.40
    for reports in record["few"]["seeds"].values():
        assert reports["after drawn faces"]["accuracy"] > reports["from scratch"]["accuracy"]
        balanced = [reports[f"balanced, {name}"]["balanced_accuracy"] for name in ("from scratch", "after drawn faces")]
        assert balanced[0] < balanced[1]
    for reports in record["difficulty"]["seeds"].values():
        assert 0.60 < reports["drawn test faces"]["accuracy"] < 0.80


def test_a_training_killed_five_times_ends_within_the_noise_of_seeds():
    record = results.load("kills")
    assert len(record["epochs_done_at_each_kill"]) == 5
    assert record["killed"]["training"]["epochs"] == record["killed"]["recipe"]["epochs"]
    spread = statistics.stdev(run["report"]["accuracy"] for run in results.load("minutes")["runs"])
    assert abs(record["killed"]["report"]["accuracy"] - record["unbroken"]) <= 2 * spread


def test_the_race_to_61_percent_is_quoted_as_recorded():
    record = results.load("classic")
    if "goals" in record:  # made since the race has seeds and goals
        each_way_was_raced_with_each_seed(record)
        return
    section = (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8").split("## Time to 61 %\n")[1]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.split("\n## ")[0].splitlines()]
    rows = {row[0]: row[1:] for row in rows if row}
    ends = {}
    for way in record["ways"]:
        (*before, end), (epochs, seconds, times) = way["points"], rows[way["name"]]
        assert max(accuracy for _, accuracy in before) < record["goal"]  # it ended where it got there, or not at all
        ends[way["name"]] = end[0]
        said = f"{end[0] / ends['`minutes`, 48 × 48']:.1f}"
        reached = end[1] >= record["goal"]
        assert epochs == f"{len(way['points'])}{'' if reached else ', not reached'}"
        assert (seconds, times) == tuple(f"{'' if reached else 'over '}{each}" for each in (f"{end[0]:,.0f}", said))
    assert list(ends) == ["`minutes`, 48 × 48", "classic, 48 × 48", "classic, 64 × 64"]


def each_way_was_raced_with_each_seed(record):
    """Assert that no way stops early, and that the table has a row for each way and goal."""
    names = ["`minutes`, 48 × 48", "classic, 48 × 48", "classic, 64 × 64"]
    seeds = {way["seed"] for way in record["ways"]}
    assert [(way["name"], way["seed"]) for way in record["ways"]] == [
        (name, seed) for name in names for seed in sorted(seeds)
    ]
    for way in record["ways"]:
        assert max((accuracy for _, accuracy in way["points"][:-1]), default=0) < record["goals"][-1]
    section = (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8").split("## Time to 61 %\n")[1].split("\n## ")[0]
    for name in names:
        for goal in record["goals"]:
            reached = [
                max(point[1] for point in way["points"]) >= goal for way in record["ways"] if way["name"] == name
            ]
            assert f"| {name} | {100 * goal:g} % | {sum(reached)} of {len(seeds)} |" in section


#: Trainings recorded before 2026-12, which say nothing of commit and versions. What is trained anew says it.
WITHOUT = {
    "augmentation": 9, "best": 25, "classic": 3, "depth": 90, "drawn_faces": 7, "kills": 1, "minutes": 5, "one_change": 39,
    "paper": 3, "size": 42, "zoo": 27,
}  # fmt: skip


def trainings(record: dict) -> list[dict]:
    """All trainings of a record, of whatever form."""
    found = [each for key in ("runs", "ways", "towers", "trainings") for each in record.get(key, [])]
    found += list(record.get("curves", {}).values()) + ([record["killed"]] if "killed" in record else [])
    for part in record.values():
        for reports in part.get("seeds", {}).values() if isinstance(part, dict) else ():
            found += reports.values()
    return found


@pytest.mark.parametrize("name", results.names())
def test_each_training_says_commit_versions_and_machine_unless_it_is_older(name):
    record = results.load(name)
    assert "miniature" not in record
    without = 0
    for training in trainings(record):
        made = training.get("made")
        if made is None:
            without += 1
            continue
        assert set(made) == {"recorded", "machine", "commit", "versions"}
        assert {"python", "keras", "numpy", "fer_course"} < set(made["versions"])
        assert re.match(r"[0-9a-f]{12}(, changed)?$|none$", made["commit"])
    assert without <= WITHOUT.get(name, 0)


def test_the_record_of_one_change_is_on_real_faces_without_leaks_and_each_seed_stands_once():
    record = results.load("one_change")
    assert record["data"] == "FER2013"
    assert record["command"].startswith("python benchmarks/one_change.py")
    assert record["n"] + record["left_out"] == 3589
    assert record["left_out"] == 248  # as facts of the data set have it
    trained = [(run["row"], run["seed"]) for run in record["trainings"]]
    assert len(trained) == len(set(trained))
    assert {seed for _, seed in trained} == {0, 1, 2}
    assert set(trained) == {(row, seed) for row, _ in trained for seed in range(3)}
    # Sentences of lesson 04: two were perhaps not finished; most changes alter the number of parameters.
    of = {(run["row"], run["seed"]): run for run in record["trainings"]}
    for row in ("global average", "one more pooling"):
        assert [of[row, seed]["best_epoch"] for seed in range(3)] == [12, 12, 12]
    in_the_figure = ("every second number", "one more pooling", "global average", "all four", "moved faces")
    assert sum(of[row, 0]["parameters"] != of["LeNet of 1995", 0]["parameters"] for row in in_the_figure) == 3
    for run in record["trainings"]:
        right = np.unpackbits(np.frombuffer(base64.b64decode(run["right"]), np.uint8))[: record["n"]]
        assert right.mean() == pytest.approx(run["accuracy"][0])
        assert len(run["accuracy"]) == len(record["shifts"])
        assert run["on_held_out"][run["best_epoch"] - 1] == max(run["on_held_out"])
