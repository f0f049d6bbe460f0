"""Feedback says to each learner, and to nobody else, what was right and why points were lost, and never a secret."""

import html
import json
import re
import zipfile
from pathlib import Path

import marked_class
import pytest
from browsing import BROWSER_TESTS, barriers, chromium, driver  # noqa: F401 - a fixture

from fer_course.classroom import explanations
from fer_course.classroom.collecting.ledger import HandedIn
from fer_course.classroom.explanations import explain
from fer_course.classroom.feedback import feedback, page_name
from fer_course.classroom.feedback_zips import name_in_zip
from fer_course.classroom.paths import CONFIG, gradebook
from fer_course.classroom.secrecy import Secrets
from fer_course.errors import ClassError

LESSON = marked_class.LESSON


@pytest.fixture(scope="module")
def made(marked):
    return feedback(marked)


def page(made, student: str) -> str:
    return made.pages[student, LESSON].read_text(encoding="utf-8")


def words(made, student: str) -> str:
    """Return what a reader sees, with single spaces."""
    body = page(made, student).partition("<main>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def seeds_of(folder: Path) -> set[str]:
    found = {
        seed for path in folder.glob("source/*/*.ipynb") for seed in re.findall(r"hidden\((\d+)\)", path.read_text())
    }
    assert len(found) == 2  # of each exercise; both lessons have the same two
    return found


@pytest.mark.slow
def test_everybody_who_handed_in_has_a_page(made):
    assert {student for student, _ in made.pages} == {
        *("ada", "alan", "grace", "emmy", "mary", "sofia", "hypatia", "lise"),
    }
    names = {student: path.name for (student, _), path in made.pages.items()}
    assert names["ada"] == "03-small-lovelace-ada.html"
    assert names["mary"] == "03-small-someren-greve-mary.html"
    assert all(name.isascii() for name in names.values())
    assert names["sofia"] == "03-small-sofia.html"  # the id; the name has no ASCII


@pytest.mark.slow
@pytest.mark.parametrize(("student", "sentences"), [
    ("ada", ["Ada Lovelace", "Points 3.5 of 5", "Exercises 2 of 2", "In your own words 1.5 of 3", marked_class.WORDS,
             "Your teacher: Clear, but where is the bias? <script>alert(1)</script>", "mirror 1 of 1 Right."]),
    ("alan", ["Points 0.25 of 5", "Late −0.75", "It was handed in 3 hours after it was due. That costs 0.75 points.",
              "size 0 of 1 48 pixels, kernel 5, stride 1, padding 0: always one too few", "You have written nothing."]),
    ("grace", ["Points 2 of 5", "In your own words not graded yet", "Not graded yet: your teacher reads it.", "Six."]),
    ("emmy", ["size 0 of 1 It passes with the numbers of the notebook, but not with others."]),
    ("mary", ["mirror 0 of 1 The message of the check is not shown here", "from fer_course.checks import core"]),
    ("sofia", ["size 0 of 1 Your notebook was stopped before this check had finished: Python itself ended"]),
    ("hypatia", ["could not be graded", "03-small.ipynb", "it is cut off or damaged", "What to do"]),
    ("lise", ["could not be read", "solution.pdf", "it is a PDF, not a notebook", "File ▸ Download"]),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_a_page_says(made, student, sentences):
    text = words(made, student)
    for sentence in sentences:
        assert sentence in text


@pytest.mark.slow
def test_no_page_tells_a_secret(made, marked):
    secret = re.search(r'secret = "(\w+)"', (marked / CONFIG).read_text())[1]
    executed = (marked / "autograded" / "mary" / LESSON / f"{LESSON}.ipynb").read_text()
    assert any(f"checks.hidden({seed})" in executed for seed in seeds_of(marked))  # there was something to tell
    told = json.loads(executed)["cells"]
    assert any("HIDDEN" in str(cell.get("outputs")) for cell in told)  # and it was told
    for path in made.pages.values():
        text = path.read_text(encoding="utf-8")
        for words in (
            *seeds_of(marked),
            secret,
            "checks.hidden",
            "HIDDEN TESTS",
            str(marked),
            str(Path.cwd()),
            "site-packages",
        ):
            assert words not in text, (path, words)


@pytest.mark.slow
def test_a_page_names_nobody_else_and_asks_no_network(made):
    for (student, _), path in made.pages.items():
        text = path.read_text(encoding="utf-8")
        for other in marked_class.answers():
            if other != student:
                assert marked_class.full_name(other) not in text
        assert not re.search(r"https?://|<(script|link|img|iframe)\b|\bsrc=|url\(|@import", text)
        assert text.startswith('<!DOCTYPE html>\n<html lang="en">')


@pytest.mark.slow
def test_the_zip_is_named_as_moodle_named_it(made, marked):
    (path,) = made.zips
    assert path == marked / "feedback" / "03-small-moodle.zip"
    before = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        assert archive.read("Ada Lovelace_4001_assignsubmission_file_/03-small-lovelace-ada.html").decode() == page(
            made, "ada"
        )
    with zipfile.ZipFile(marked.parent / "export.zip") as export:
        assert {name.split("/")[0] for name in names} == {name.split("/")[0] for name in export.namelist()}
    feedback(marked)
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_secret_in_a_comment_is_left_out_and_the_last_guard_refuses(own, monkeypatch):
    seed = min(seeds_of(own))
    with gradebook(own) as book:
        marked_class.grade_by_hand(book, "ada", 1, f"Try checks.hidden({seed}), or {int(seed):_}, in {own}.")
    old = own / "feedback" / "ada" / LESSON / f"{LESSON}.html"
    old.parent.mkdir(parents=True, exist_ok=True)
    old.write_text("nbgrader's own page")
    text = words(feedback(own, ["03"], ["ada"]), "ada")
    assert "Try [left out]([left out]), or " in text
    assert str(own) not in text
    assert not old.exists()
    for path in old.parent.glob("*.html"):
        path.unlink()
    monkeypatch.setattr(Secrets, "left_out", lambda self, text: text)
    with pytest.raises(ClassError, match="not written"):
        feedback(own, ["03"], ["ada", "alan"])
    assert list(old.parent.glob("*.html")) == []
    assert (
        len(list((own / "feedback" / "alan" / LESSON).glob("*.html"))) == 1
    )  # one page refused keeps nobody from theirs


@pytest.mark.slow
def test_a_failed_file_after_a_graded_one_shows_both(own):
    path = own / "submitted" / "emmy" / LESSON / f"{LESSON}.ipynb"
    path.write_bytes(b"{ no JSON")
    import hashlib

    failed = own / "failed" / f"emmy+{LESSON}.json"
    failed.parent.mkdir(exist_ok=True)
    failed.write_text(json.dumps({"reason": "it is cut off", "sha256": hashlib.sha256(b"{ no JSON").hexdigest()}))
    text = words(feedback(own, ["03"], ["emmy"]), "emmy")
    assert "Your last file could not be graded" in text
    assert "The points are those of what you had handed in before." in text
    assert "Points 1 of 5" in text


@pytest.mark.slow
def test_by_command_and_group(own, run_cli):
    status, out, _ = run_cli("class", "feedback", own, "03", "--group", "A")
    assert status == 0
    assert "Wrote 2 pages" in out
    assert "03-small-moodle.zip" in out
    status, _, err = run_cli("class", "feedback", own, "03", "--group", "B")
    assert status == 0
    assert err.strip() == f"No page yet, not graded: nina, {LESSON}"


@pytest.mark.slow
def test_what_is_handed_out_holds_no_secret(marked):
    secrets = Secrets.of(marked)
    assert {str(seed) for seed in secrets.seeds} == seeds_of(marked)
    for path in (marked / "release").rglob("*.ipynb"):
        text = path.read_text()
        assert "checks.start.mirror" in text
        assert secrets.found_in(text) == ""


def check_cell(
    *outputs, source="checks.start.mirror(mirror)\nwith checks.hidden(1):\n    checks.start.mirror(mirror)"
) -> dict:
    return {"source": source, "outputs": list(outputs)}


def error(name: str, text: str) -> dict:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": ["SECRET"]}


RIGHT = {"output_type": "display_data", "data": {"text/plain": "✔ Mirrored."}}


@pytest.mark.parametrize(("check", "answer", "kind", "text"), [
    (check_cell(error("Hint", "too few")), None, "hint", "too few"),
    (check_cell(RIGHT, error("Hint", "too few")), None, "hidden", explanations.HIDDEN),
    (check_cell({"output_type": "stream", "text": "✔ Yes.\n"}, error("ValueError", "x")), None, "hidden", explanations.HIDDEN),
    (check_cell(error("NotAttempted", "Replace it.")), None, "open", "Replace it."),
    (check_cell(error("Interrupted", "Your mirror was still running")), None, "hint", "Your mirror was still running"),
    (check_cell(error("CellTimeoutError", "")), None, "stopped", explanations.TOO_LONG),
    (check_cell(RIGHT, error("Stopped", "This cell did not finish: the notebook was stopped, because it used 3 GB of memory.")),
     None, "stopped", "it used 3 GB of memory."),
    (check_cell(error("NameError", "name 'mirror' is not defined")), {"outputs": [error("SyntaxError", "'(' was never closed")]},
     "stopped", "The cell of your answer stopped: SyntaxError: '(' was never closed"),
    (check_cell(error("NameError", "\x1b[31mname\x1b[0m")), {"outputs": []}, "stopped", "NameError: name"),
    (check_cell(), None, "unknown", "Ask your teacher"),
], ids=["hint", "hidden", "hidden-printed", "open", "interrupted", "time", "memory", "syntax", "name", "nothing"])  # fmt: skip
def test_why_points_were_lost(check, answer, kind, text):
    reason = explain(check, answer)
    assert reason.kind == kind
    assert text in reason.text
    assert "SECRET" not in reason.text


def test_points_set_by_hand_are_the_teachers():
    assert explain(check_cell(error("Hint", "too few")), None, by_hand=True).kind == "teacher"


PAGE = "03-small-lovelace-ada.html"


@pytest.mark.parametrize(("platform", "top", "file", "expected"), [
    ("moodle", "Ada Lovelace_12_assignsubmission_file_", "/a.ipynb", f"Ada Lovelace_12_assignsubmission_file_/{PAGE}"),
    ("moodle", "Ada Lovelace_12_assignsubmission_file", "/x/a.ipynb", f"Ada Lovelace_12_assignsubmission_file/{PAGE}"),
    ("moodle", "Ada Lovelace_12_assignsubmission_file_a.ipynb", "", f"Ada Lovelace_12_assignsubmission_file_{PAGE}"),
    ("moodle", "Ada Lovelace_12_assignsubmission_file_a.zip", "/a.ipynb", f"Ada Lovelace_12_assignsubmission_file_{PAGE}"),
    ("canvas", "lovelaceada_LATE_12_345_a-1.ipynb", "", "lovelaceada_LATE_12_345_a-1.html"),
    ("canvas", "lovelaceada_12_345_a.zip", "/a.ipynb", "lovelaceada_12_345_a.html"),
    ("brightspace", "12-3 - Ada Lovelace - Dec 1, 2026 930 AM", "/a.ipynb", f"12-3 - Ada Lovelace - Dec 1, 2026 930 AM/{PAGE}"),
    ("brightspace", "1-3 - Ada Lovelace - 1 Dec, 2026 930 - a.ipynb", "", f"1-3 - Ada Lovelace - 1 Dec, 2026 930 - {PAGE}"),
    ("blackboard", "L 3_ada_attempt_2026-12-01-09-30-00_a.ipynb", "", "L 3_ada_attempt_2026-12-01-09-30-00_a.html"),
    ("google", "Ada Lovelace - a.ipynb", "", "Ada Lovelace - a.html"),
    ("folder", "ada_17", "/a.ipynb", f"ada_17/{PAGE}"),
    ("folder", "ada-03.ipynb", "", f"ada-03/{PAGE}"),
])  # fmt: skip
def test_names_in_zips(platform, top, file, expected):
    row = HandedIn("", top + file, top, platform, "", "", "", "ada", LESSON, "filed", "sure", "")
    assert name_in_zip(row, PAGE) == expected


@pytest.mark.parametrize(("last", "first", "expected"), [
    ("Lovelace", "Ada", "03-x-lovelace-ada.html"), ("Groß-Øre", "Zoë", "03-x-gross-ore-zoe.html"),
    ("陈", "伟", "03-x-s1.html"), ("../../etc", "a/b", "03-x-etc-a-b.html"), ("", "", "03-x-s1.html"),
], ids=["plain", "accents", "chinese", "path", "none"])  # fmt: skip
def test_names_of_pages(last, first, expected):
    assert page_name("03-x", {"last_name": last, "first_name": first, "id": "s1"}) == expected


def test_what_is_secret():
    secrets = Secrets(frozenset([1234567890]), "abcdef0123", ("/home/teacher/class",))
    for text in ("seed 1234567890.", "1_234_567_890", hex(1234567890), hex(1234567890).upper(), "key ABCDEF0123",
                 "checks . hidden(", "### begin hidden tests"):  # fmt: skip
        assert secrets.found_in(text)
        assert not secrets.found_in(secrets.left_out(text))
        with pytest.raises(ClassError):
            secrets.refuse(text, "x")
    for text in ("11234567890", "12345678901", "0.1234567890", "check the hidden layer", ""):
        assert secrets.found_in(text) == ""
        secrets.refuse(text, "x")
    assert secrets.left_out("File /home/teacher/class/a.py") == "File …/a.py"


class TestInABrowser:
    """Readable on a phone, without a mouse or colours."""

    pytestmark = BROWSER_TESTS

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("student", ["ada", "alan", "lise"])
    def test_a_page_has_no_barriers_and_fits_a_phone(self, made, driver, student, scheme):  # noqa: F811
        with chromium(driver) as browser:
            asked = []
            view = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme, bypass_csp=True)
            view.on("request", lambda request: asked.append(request.url))
            view.goto(made.pages[student, LESSON].as_uri())
            assert view.evaluate("document.documentElement.scrollWidth") <= 360
            assert asked == [made.pages[student, LESSON].as_uri()]
            assert barriers(view) == []
