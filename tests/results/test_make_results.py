"""`make results`: all that is recorded has a step; a kill or an error leaves the old records; --check judges by spread."""

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from repository import ROOT

PAGES = {
    "BENCHMARKS.md", "MODEL_CARD.md", "README.md", "docs/drawn-faces.png", "docs/parts.md", "docs/planning.md",
    "docs/results.md", "docs/results.svg",
}  # fmt: skip


@pytest.fixture
def command(monkeypatch):
    """The module `benchmarks/results.py`."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.delitem(sys.modules, "results", raising=False)
    yield importlib.import_module("results")
    sys.modules.pop("results", None)


@pytest.fixture
def spread(monkeypatch):
    """The module `benchmarks/spread.py`."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("spread")


def generated(root: Path) -> set[str]:
    """Records, weights and pages below a root, by name."""
    folders = (root / "fer_course" / "results", root / "fer_course" / "models" / "weights")
    found = {path for folder in folders for path in folder.iterdir() if path.suffix in (".json", ".npz")}
    return {path.relative_to(root).as_posix() for path in found} | {page for page in PAGES if (root / page).is_file()}


def sections(root: Path) -> set[str]:
    """Titles of the sections of BENCHMARKS.md."""
    return set(re.findall(r"^## (.+)$", (root / "BENCHMARKS.md").read_text(encoding="utf-8"), re.MULTILINE))


def test_everything_that_is_recorded_has_a_step(command):
    written = {path.as_posix() for step in command.STEPS.values() for path in step.files}
    assert generated(ROOT) <= written
    titles = {each.removeprefix(command.SECTION) for step in command.STEPS.values() for each in step.writes}
    assert sections(ROOT) <= titles
    pages = set(re.findall(r"`(docs/[\w.-]+|[A-Z_]+\.md)` \|", read("docs/developers/generated.md")))
    assert pages - written <= {"docs/licences.md", "docs/lesson.png", "docs/live.png", "docs/steer.gif"}


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def test_each_step_comes_after_what_it_needs(command):
    order = list(command.STEPS)
    for step in command.STEPS.values():
        assert all(order.index(each) < order.index(step.name) for each in (*step.needs, *step.trainings))
        assert (ROOT / "benchmarks" / step.command[0]).is_file()


def test_only_takes_what_is_missing_before_and_what_follows_after(command):
    assert command.plan(["card"], made=()) == ["card"]
    pages = ["plan", "card", "scores", "tables"]
    assert command.plan(["minutes"], made=()) == ["minutes", "plan", "scores", "tables"]
    assert command.plan(["best"], made=["minutes"]) == ["best", "ship", "chart", *pages]
    assert command.plan(["best"], made=()) == ["best", "minutes", "ship", "chart", *pages]
    assert command.plan(["ship"], made=()) == ["best", "minutes", "ship", "chart", *pages]
    assert command.plan(list(command.STEPS), made=()) == list(command.STEPS)


def test_a_row_alone_takes_the_spread_of_all_that_were_tested_on_the_same_faces(command, spread):
    recorded = command.scores(command.held(command.STEPS["minutes"]), command.STEPS["minutes"])
    (verdict,) = spread.judge(command.pooled_with("minutes", recorded), {"minutes": 0.61}, rows=100)
    assert 0.005 < verdict.half < 0.04
    assert set(
        command.pooled_with("zoo", command.scores(command.held(command.STEPS["zoo"]), command.STEPS["zoo"]))
    ) == {run["row"] for run in json.loads(read("fer_course/results/zoo.json"))["runs"]}


def test_hours_come_from_the_records(command):
    seconds = command.seconds_of(command.STEPS["minutes"], None, {}, {})
    recorded = json.loads(read("fer_course/results/minutes.json"))["runs"]
    assert seconds == pytest.approx(sum(run["timing"]["seconds"] for run in recorded))
    assert command.seconds_of(command.STEPS["minutes"], [0], {}, {}) == pytest.approx(seconds / len(recorded))
    last = {"done": "2026-12-01", "seeds": [], "seconds": 7.0}
    assert command.seconds_of(command.STEPS["minutes"], None, last, {}) == 7.0


#: A script that records what it is told, if a file `fine` lies beside it.
SCRIPT = """
import os, pathlib, sys
here, name, text = pathlib.Path(__file__).parent, sys.argv[1], sys.argv[2]
with (here / "log").open("a") as log:
    log.write(name + "\\n")
stage = pathlib.Path(os.environ["FER_COURSE_RECORDS"])
stage.mkdir(parents=True, exist_ok=True)
(stage / f"{name}.json").write_text(text)
if "broken" in text and not (here / "fine").exists():
    sys.exit("ValueError: the disk is on fire")
"""


@pytest.fixture
def three_steps(command, monkeypatch, tmp_path):
    """A repository of three records, the first of which fails, with the second learning from it."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    folder = tmp_path / "fer_course" / "results"
    folder.mkdir(parents=True)
    steps = {}
    for name, text, needs in (("one", '{"broken": 1}', ()), ("two", "{}", ("one",)), ("three", "{}", ())):
        (folder / f"{name}.json").write_text('{"old": 1}')
        step = command.Step(name, (f"fer_course/results/{name}.json",), (str(script), name, text), needs=needs)
        steps[name] = step
    monkeypatch.setattr(command, "STEPS", steps)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["results.py", "--data", str(script), "--out", str(tmp_path / "out")])
    return tmp_path


def test_a_step_that_fails_leaves_its_record_and_the_others_go_on(command, three_steps, capsys):
    record = lambda name: (three_steps / "fer_course" / "results" / f"{name}.json").read_text()  # noqa: E731
    assert command.main() == 1
    said = capsys.readouterr().out
    assert "one failed: ValueError: the disk is on fire" in said
    assert "two was not begun, as one failed" in said
    assert [record(name) for name in ("one", "two", "three")] == ['{"old": 1}', '{"old": 1}', "{}"]
    assert (three_steps / "out" / "before" / "fer_course" / "results" / "three.json").read_text() == '{"old": 1}'
    (three_steps / "fine").touch()
    assert command.main() == 0  # tries again what failed, and does not repeat the third
    assert (three_steps / "log").read_text().split() == ["one", "three", "one", "two"]
    assert record("one") == '{"broken": 1}'
    assert command.main() == 0
    assert "All steps are done" in capsys.readouterr().out
    assert len((three_steps / "log").read_text().split()) == 4


def test_a_step_that_is_named_is_made_anew(command, three_steps, monkeypatch):
    (three_steps / "fine").touch()
    assert command.main() == 0
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--only", "three"])
    assert command.main() == 0
    assert (three_steps / "log").read_text().split() == ["one", "two", "three", "three"]
    assert [path.name.split("-", 2)[-1] for path in (three_steps / "out" / "before").glob("*-three")] == ["three"]


def test_the_interval_is_that_of_the_books(spread):
    recorded = {"a": [0.60, 0.61, 0.62], "b": [0.50, 0.52, 0.51], "c": [0.57, 0.56, 0.55]}
    verdicts = spread.judge(recorded, {"a": 0.61, "b": 0.60}, rows=1)
    assert [each.row for each in verdicts] == ["a", "b"]
    # All three have the variance 0.01², so the pooled one has, with 6 degrees; tables give 2.447 for 97.5 %.
    assert verdicts[0].half == pytest.approx(2.447 * 0.01 * (1 + 1 / 3) ** 0.5, rel=1e-3)
    assert [each.inside for each in verdicts] == [True, False]
    wider = spread.judge(recorded, {"a": 0.61, "b": 0.60})
    assert wider[0].half == pytest.approx(2.969 * 0.01 * (1 + 1 / 3) ** 0.5, rel=1e-3)  # 98.75 %, for two rows


def test_a_row_that_scatters_more_has_its_own_spread(spread):
    rng = np.random.default_rng(0)
    recorded = {f"row {number}": list(rng.normal(0.6, 0.005, 3)) for number in range(12)}
    wild = [0.249, 0.249, 0.457]
    quiet = spread.judge(recorded, {"row 0": 0.6}, rows=1)[0].half
    verdicts = {each.row: each for each in spread.judge(recorded | {"wild": wild}, {"row 0": 0.6, "wild": 0.5}, rows=1)}
    assert verdicts["row 0"].half == pytest.approx(quiet)
    assert verdicts["wild"].half == pytest.approx(4.3027 * np.std(wild, ddof=1) * (1 + 1 / 3) ** 0.5, rel=1e-4)


def test_one_seed_a_row_tells_no_spread(spread):
    assert [each.inside for each in spread.judge({"a": [0.5], "b": [0.6]}, {"a": 0.9, "b": 0.6})] == [None, None]


def test_of_many_checks_by_luck_few_say_outside(spread):
    rng, alarms = np.random.default_rng(1), 0
    for _ in range(400):
        recorded = {str(row): list(rng.normal(0.6, 0.01, 3)) for row in range(14)}
        verdicts = spread.judge(recorded, {row: rng.normal(0.6, 0.01) for row in recorded})
        alarms += any(each.inside is False for each in verdicts)
    assert alarms / 400 < 0.08  # 5 %, and what 400 draws may add


# ------------------------------------------------------------------------------------------------------- the miniature


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of what the steps need, without records, weights and pages, beside it a table of drawn faces."""
    from fer_course import data
    from fer_course.data import drawn

    place = tmp_path / "copy"
    for folder in ("benchmarks", "fer_course", "profiles", "solutions"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__", "runs"))
    for page in ("pyproject.toml", "README.md", "docs/results.md"):
        (place / page).parent.mkdir(exist_ok=True)
        text = re.sub(r"(<!-- tables.py: \w+ -->).*?(<!-- end -->)", r"\1\2", read(page), flags=re.DOTALL)
        (place / page).write_text(text, encoding="utf-8")
    for name in generated(place) - PAGES:
        (place / name).unlink()
    data.write_csv(drawn.draw(300, seed=0, balanced=True), tmp_path / "faces.csv")  # all classes in each split
    environment = {"FER_COURSE_MINIATURE": "1", "PYTHONPATH": str(place), "TF_CPP_MIN_LOG_LEVEL": "2"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return place


def start(copy: Path, *options: str) -> subprocess.Popen:
    """Start `results.py` in a copy; it says what it does in copy/../said."""
    command = [sys.executable, "benchmarks/results.py", "--data", "../faces.csv", "--out", "../out", *options]
    with (copy.parent / "said").open("w") as said:
        return subprocess.Popen(command, cwd=copy, stdout=said, stderr=said)


def said(copy: Path) -> str:
    return (copy.parent / "said").read_text(encoding="utf-8")


def snapshot(root: Path) -> dict[str, int]:
    """When each file below a root was last written, without what Python compiles."""
    skipped = {
        ".git",
        ".venv",
        "__pycache__",
        "runs",
        "build",
        ".pytest_cache",
        ".ruff_cache",
        ".mypy_cache",
        ".hypothesis",
    }
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [each for each in folders if each not in skipped and not each.startswith(".venv")]
        found |= {os.path.join(folder, each): os.stat(os.path.join(folder, each)).st_mtime_ns for each in names}
    return found


@pytest.mark.slow
def test_a_miniature_makes_everything_anew_goes_on_after_a_kill_and_is_checked(copy):
    repository, others = snapshot(ROOT), snapshot(copy)
    process = start(copy)
    staged = copy.parent / "out" / "records" / "size.json"
    while process.poll() is None and not staged.is_file():
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert staged.is_file(), said(copy)
    time.sleep(5)  # what it has started ends with it
    half = staged.read_bytes()
    time.sleep(5)
    assert staged.read_bytes() == half
    assert not (copy / "fer_course" / "results" / "size.json").exists()  # until the step has ended

    assert start(copy).wait() == 0, said(copy)
    assert "zoo: begun" not in said(copy)
    assert json.loads(half)["runs"] == json.loads(staged.read_text())["runs"][: len(json.loads(half)["runs"])]
    made = generated(copy)
    assert generated(ROOT) | {"fer_course/results/teachers.npz"} <= made
    left_out = {"The same seed, the same weights", "Training on an accelerator"}
    left_out |= {"Living figures", "Networks in JavaScript"} if "figures is left out" in said(copy) else set()
    left_out |= {"Grading a class"} if "grading is left out" in said(copy) else set()
    assert sections(ROOT) - left_out == sections(copy)
    for page in ("README.md", "docs/results.md"):
        assert not re.search(r"(<!-- tables.py: \w+ -->)\s*(<!-- end -->)", (copy / page).read_text(encoding="utf-8"))
    for name in made:
        if name.startswith("fer_course/results/") and name.endswith(".json"):
            assert "miniature" in json.loads((copy / name).read_text(encoding="utf-8")), name
    after = snapshot(copy)
    changed = {os.path.relpath(name, copy) for name in after if others.get(name) != after[name]}
    assert changed == made
    assert snapshot(ROOT) == repository

    few_steps = ("--only", "augmentation", "paper")
    assert start(copy, *few_steps, "--seeds", "0", "1").wait() == 0, said(copy)
    record = copy / "fer_course" / "results" / "augmentation.json"
    content = json.loads(record.read_text(encoding="utf-8"))
    assert [run["recipe"]["seed"] for run in content["runs"]] == [0, 1] * 3
    before = snapshot(copy)
    assert start(copy, "--check", *few_steps).wait() == 0, said(copy)
    assert "No row lies outside" in said(copy)
    assert snapshot(copy) == before
    for run in content["runs"]:
        run["report"]["accuracy"] += 2.0 * (run["row"] == "ours")
    record.write_text(json.dumps(content), encoding="utf-8")
    assert start(copy, "--check", *few_steps).wait() == 1
    assert re.findall(r"augmentation +(\S.*?) .*OUTSIDE", said(copy)) == ["ours"]


def test_a_miniature_refuses_a_checkout_with_records(tmp_path):
    environment = os.environ | {"FER_COURSE_MINIATURE": "1"}
    script = [sys.executable, str(ROOT / "benchmarks" / "curves.py")]
    done = subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run it in a copy without them" in done.stderr


def test_students_learn_from_what_is_kept_of_their_teachers(command, monkeypatch, tmp_path):
    study, recording = importlib.import_module("study"), importlib.import_module("recording")
    from faces_for_tests import some_faces

    faces = some_faces(40)
    row = study.STUDIES["best"][1]["unseen teachers"]
    monkeypatch.setattr(study, "RESULTS", tmp_path)
    monkeypatch.setattr(recording, "RECORDED", tmp_path)
    with pytest.raises(SystemExit, match="Train them first"):
        study.taught_by(row, "best", tmp_path / "none", faces)
    said_by_teachers = np.random.default_rng(0).dirichlet(np.ones(7), (8, len(faces.select("Training"))))
    for name, each in zip(row.teachers, said_by_teachers, strict=True):
        folder = recording.folder_of(tmp_path / "out", "best", name, 0)
        folder.mkdir(parents=True)
        np.save(folder / "said.npy", each.astype(np.float16))
        (folder / "model.keras").touch()
    study.keep_what_teachers_say(row, "best", tmp_path / "out", faces)
    fresh = study.taught_by(row, "best", tmp_path / "out", faces)
    kept = study.taught_by(row, "best", tmp_path / "none", faces)
    np.testing.assert_array_equal(kept, fresh)
    assert kept.dtype == np.float32
    with np.load(tmp_path / "teachers.npz") as archive:
        assert set(archive.files) == {"probabilities", "teachers", "checksum"}
        assert archive["probabilities"].dtype == np.float16
    with pytest.raises(SystemExit, match="Train them first"):
        study.taught_by(row, "best", tmp_path / "none", some_faces(40, seed=1))


def test_a_full_record_says_so_and_what_to_do(monkeypatch, tmp_path):
    place = tmp_path / "records"
    place.mkdir()
    shutil.copy(ROOT / "fer_course" / "results" / "paper.json", place)
    command = [sys.executable, str(ROOT / "benchmarks" / "study.py"), "paper", "--data", "none", "--out", str(tmp_path)]
    command += ["--rows", "paper"]
    environment = os.environ | {"FER_COURSE_RECORDS": str(place)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    expected = "paper.json holds all 3 trainings: nothing to train; `make results DATA=… ONLY=paper` trains anew."
    assert done.stdout.strip() == expected
