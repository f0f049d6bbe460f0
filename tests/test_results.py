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
