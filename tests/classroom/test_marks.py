"""Marks are those worked out by hand, after the penalty of the configuration; what has no mark says why instead of 0."""

import csv
import re

import marked_class
import pytest

from fer_course.classroom import dates
from fer_course.classroom.harmless import as_written, shown_as_text
from fer_course.classroom.marks import marks, write_marks
from fer_course.classroom.paths import CONFIG
from fer_course.errors import ClassError

pytestmark = pytest.mark.slow
#: Student -> state, exercises of 2, written of 2, penalty, score. Alan: 1 exercise, 3 hours late at a quarter of a point each.
BY_HAND = {
    "ada": ("graded", 2.0, 1.5, 0.0, 3.5),
    "alan": ("late", 1.0, 0.0, 0.75, 0.25),
    "grace": ("to grade by hand", 2.0, "", 0.0, 2.0),
    "emmy": ("graded", 1.0, 0.0, 0.0, 1.0),
    "mary": ("graded", 1.0, 0.0, 0.0, 1.0),
    "sofia": ("graded", 1.0, 0.0, 0.0, 1.0),
    "hypatia": ("failed", "", "", "", ""),
    "lise": ("unreadable", "", "", "", ""),
    "nina": ("submitted", "", "", "", ""),
    "olga": ("missing", "", "", "", ""),
}


def found(folder, **options) -> dict[str, tuple]:
    return {
        row["id"]: tuple(row[name] for name in ("status", "exercises", "written", "penalty", "score"))
        for row in marks(folder, **options)
    }


def read(path) -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}


def test_marks_are_those_worked_out_by_hand(marked):
    assert found(marked) == BY_HAND


def test_lessons_that_were_not_handed_out_are_not_in_the_marks(marked):
    assert {row["lesson"] for row in marks(marked)} == {marked_class.LESSON}


def test_reasons_are_told(marked):
    remarks = {row["id"]: row["remarks"] for row in marks(marked)}
    assert "cut off or damaged" in remarks["hypatia"]
    assert "solution.pdf is a PDF" in remarks["lise"]
    assert "stopped" in remarks["sofia"]


@pytest.mark.parametrize(("hours", "expected"), [
    (1, ("late", 0.5, 0.5)), (2.5, ("late", 0.0, 1.0)), (3, ("graded", 0.0, 1.0)), (0, ("late", 0.75, 0.25)),
], ids=["1h", "2.5h", "3h", "none"])  # fmt: skip
def test_an_extension_counts_at_once(own, hours, expected):
    dates.extend(own, "alan", hours, ["03"])
    status, _, _, penalty, score = found(own)["alan"]
    assert (status, penalty, score) == expected


def test_another_due_date_counts_at_once(own):
    dates.set_due(own, "03", "2026-03-01 11:00", dates.zone("UTC"))
    assert found(own)["alan"][3:] == (1.0, 0.0)
    dates.set_due(own, "03", "none")
    assert found(own)["alan"] == ("graded", 1.0, 0.0, 0.0, 1.0)
    with pytest.raises(ClassError, match="has no due date"):  # nbgrader's own property would raise for ever after
        dates.extend(own, "alan", 5, ["03"])
    assert found(own)["alan"] == ("graded", 1.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("line", "penalty"), [
    ("", 0.0),
    ('c.LateSubmissionPlugin.penalty_method = "zero"', 1.0),
], ids=["default", "zero"])  # fmt: skip
def test_nbgraders_own_plugins(own, line, penalty):
    config = own / CONFIG
    config.write_text(re.sub(r"c\.AssignLatePenalties.*", line, config.read_text()))
    assert found(own)["alan"][3:] == (penalty, 1.0 - penalty)


@pytest.mark.parametrize(("result", "penalty"), [("99", 1.0), ("-3", 0.0), ("None", 0.0)])
def test_a_penalty_stays_between_nothing_and_the_score(own, result, penalty):
    (own / "odd_penalty.py").write_text(marked_class.PLUGIN.replace("0.25 * (total_seconds_late // 3600)", result))
    _use(own, "odd_penalty")
    assert found(own)["alan"][3] == penalty


def _use(folder, module: str) -> None:
    import sys

    sys.modules.pop(module, None)
    config = folder / CONFIG
    config.write_text(config.read_text().replace("penalty.PerHour", f"{module}.PerHour"))


@pytest.mark.parametrize(("text", "words"), [
    ("raise ValueError('no')", "failed for alan.*ValueError: no"), ("return 'much'", "failed for alan.*ValueError"),
], ids=["raises", "no-number"])  # fmt: skip
def test_a_plugin_that_fails_says_so(own, text, words):
    (own / "bad_penalty.py").write_text(marked_class.PLUGIN.replace("return 0.25 * (total_seconds_late // 3600)", text))
    _use(own, "bad_penalty")
    with pytest.raises(ClassError, match=words):
        marks(own)


def test_a_plugin_that_is_not_there_says_so(own):
    _use(own, "no_penalty")
    with pytest.raises(ClassError, match=r"plugin_class.*no_penalty"):
        marks(own)


def test_tables(marked, tmp_path):
    write_marks(marked, tmp_path / "long.csv")
    write_marks(marked, tmp_path / "wide.csv", wide=True)
    long, wide = read(tmp_path / "long.csv"), read(tmp_path / "wide.csv")
    for student, (status, *_, score) in BY_HAND.items():
        final = status in {"graded", "late"}
        assert wide[student][marked_class.LESSON] == (str(score) if final else status)
        assert float(wide[student]["total"]) == (score if final else 0)
        assert (long[student]["status"], long[student]["score"]) == (status, str(score))
    # No spreadsheet computes a learner's name.
    assert long["hypatia"]["last_name"] == wide["hypatia"]["last_name"] == '\'=HYPERLINK("x")'
    assert long["mary"]["last_name"] == "Someren-Greve"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "＝1"])
def test_what_a_spreadsheet_would_compute_is_text(text):
    assert shown_as_text(text) == f"'{text}"
    assert as_written(shown_as_text(text)) == text
    assert as_written("'tis") == "'tis"
    assert shown_as_text(-1.5) == -1.5
    assert shown_as_text("Ada") == "Ada"


def test_groups_and_lessons_by_command(marked, tmp_path, run_cli):
    status, _, _ = run_cli("class", "marks", marked, "03", "--group", "a", "--out", tmp_path / "a.csv")
    assert status == 0
    assert set(read(tmp_path / "a.csv")) == {"ada", "alan"}
    assert run_cli("class", "marks", marked, "04", "--out", tmp_path / "b.csv")[0] == 0
    assert {row["status"] for row in read(tmp_path / "b.csv").values()} == {"missing"}


def test_the_marks_of_a_class_in_moodles_worksheet(marked, tmp_path, run_cli):
    head = "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments\n"
    rows = [
        f"Participant {index},{marked_class.full_name(student)},{student}@example.org,,,10.00,Yes,\n"
        for index, student in enumerate(BY_HAND)
    ]
    (tmp_path / "worksheet.csv").write_text(head + "".join(rows), encoding="utf-8")
    command = ["class", "marks", marked, "03", "--fill", tmp_path / "worksheet.csv", "--out", tmp_path / "import.csv"]
    status, out, err = run_cli(*command)
    assert status == 0
    assert "Scaled: the lesson has 5 points, Moodle 10." in out
    with open(tmp_path / "import.csv", encoding="utf-8") as file:
        filled = {row["Email address"].split("@")[0]: row["Grade"] for row in csv.DictReader(file)}
    assert filled == {
        student: f"{2 * score:.2f}" if status in {"graded", "late"} else ""
        for student, (status, *_, score) in BY_HAND.items()
    }
    for student in (
        "grace: to grade by hand",
        "hypatia: failed",
        "lise: unreadable",
        "nina: submitted",
        "olga: missing",
    ):
        assert student in err


def test_a_newer_file_is_submitted_and_an_older_score_is_told(own):
    path = own / "submitted" / "emmy" / marked_class.LESSON / f"{marked_class.LESSON}.ipynb"
    path.write_bytes(path.read_bytes() + b"\n")
    row = next(row for row in marks(own) if row["id"] == "emmy")
    assert (row["status"], row["score"]) == ("submitted", 1.0)
    assert "earlier" in row["remarks"]
    write_marks(own, own / "wide.csv", wide=True)
    assert read(own / "wide.csv")["emmy"][marked_class.LESSON] == "submitted"


def test_what_the_platform_calls_late_is_told(own):
    ledger = own / "collected" / "ledger.csv"
    lines = ledger.read_text(encoding="utf-8").splitlines()
    changed = [line.replace(" UTC,,", " UTC,yes,") if ",grace," in line else line for line in lines]
    ledger.write_text("\n".join(changed) + "\n", encoding="utf-8")
    assert {row["id"] for row in marks(own) if row["late_on_platform"]} == {"grace"}


def test_a_readable_file_after_an_unreadable_one_counts(own):
    ledger = own / "collected" / "ledger.csv"
    rows = list(csv.reader(ledger.read_text(encoding="utf-8").splitlines()))
    template = next(row for row in rows if row[7] == "ada")
    later = [cell.replace("Ada", "Lise") for cell in template]
    later[7] = "lise"
    path = own / "submitted" / "lise" / marked_class.LESSON / f"{marked_class.LESSON}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}")
    with open(ledger, "a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerow(later)
    row = next(row for row in marks(own) if row["id"] == "lise")
    assert (row["status"], row["remarks"]) == ("submitted", "")
