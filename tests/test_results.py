"""What README quotes stands in the recorded runs, and the records are on real faces."""

from pathlib import Path

from fer_course import results

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_readme_quotes_the_record():
    rows = [
        line.split("|") for line in README.split("## Results")[1].split("## ")[0].splitlines() if line.startswith("| ")
    ][1:]
    runs = results.load("first_walk")["runs"]
    assert len(rows) == len(runs) == 2
    for row, run in zip(rows, runs, strict=True):
        report = run["report"]
        low, high = report["interval"]
        assert row[2].strip() == f"{report['accuracy']:.1%}".replace("%", " %")
        assert row[3].strip() == f"{100 * low:.1f} to {100 * high:.1f} %"
        assert row[4].strip() == f"{report['balanced_accuracy']:.1%}".replace("%", " %")
        assert row[5].strip() == f"{run['training']['seconds'] / 60:.0f}"
        assert run["training"]["parameters"] == 58_423


def test_record_is_of_real_faces_and_adds_up():
    record = results.load("first_walk")
    assert record["command"].startswith("fer-course")
    for run in record["runs"]:
        report = run["report"]
        assert report["drawn"] is False
        assert (report["split"], report["n"]) == ("PublicTest", 3589)
        rows = [sum(row) for row in report["confusion"]]
        assert rows == [467, 56, 496, 895, 653, 415, 607]
        right = sum(report["confusion"][label][label] for label in range(7))
        assert abs(right / 3589 - report["accuracy"]) < 1e-9


DRAWN_ROWS = [
    ("difficulty", "drawn test faces"), ("transfer", "PublicTest"), ("few", "from scratch"), ("few", "after drawn faces"),
]  # fmt: skip


def span(values: list[float]) -> str:
    low, high = f"{100 * min(values):.1f}", f"{100 * max(values):.1f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def test_readme_quotes_what_drawn_faces_are_worth():
    text = README.split("## What drawn faces are worth")[1].split("## ")[0]
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")][1:]
    record = results.load("drawn_faces")
    assert len(rows) == len(DRAWN_ROWS)
    for row, (part, name) in zip(rows, DRAWN_ROWS, strict=True):
        reports = [seed[name] for seed in record[part]["seeds"].values()]
        assert reports
        assert row[3].strip() == span([report["accuracy"] for report in reports])
        assert row[4].strip() == span([report["balanced_accuracy"] for report in reports])


def test_drawn_scores_say_that_they_are_drawn_and_real_ones_are_real():
    record = results.load("drawn_faces")
    for part, name in DRAWN_ROWS:
        assert record[part]["command"].startswith("python benchmarks/transfer.py")
        for seed in record[part]["seeds"].values():
            report = seed[name]
            assert report["drawn"] is (part == "difficulty")
            if part != "difficulty":
                assert [sum(row) for row in report["confusion"]] == [467, 56, 496, 895, 653, 415, 607]


def test_what_is_learned_on_drawn_faces_holds_for_photographs():
    record = results.load("drawn_faces")
    for reports in record["transfer"]["seeds"].values():
        report = reports["PublicTest"]
        assert report["balanced_accuracy"] > 0.22
        assert min(report["recall"]["happy"], report["recall"]["surprise"]) > 0.40
    for reports in record["few"]["seeds"].values():
        assert reports["after drawn faces"]["accuracy"] > reports["from scratch"]["accuracy"]
    for reports in record["difficulty"]["seeds"].values():
        assert 0.60 < reports["drawn test faces"]["accuracy"] < 0.80
