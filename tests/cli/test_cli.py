"""The command line: exit statuses, one-sentence errors, JSON that is JSON."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from fer_course import CLASS_NAMES, cli
from fer_course.recipes import Recipe


@pytest.fixture(scope="module")
def small_csv(tmp_path_factory):
    file = tmp_path_factory.mktemp("drawn") / "drawn.csv"
    assert cli.main(["data", "draw", str(file), "--n", "300"]) == 0
    return file


@pytest.fixture(scope="module")
def small_recipe(tmp_path_factory):
    file = tmp_path_factory.mktemp("recipe") / "small.yaml"
    Recipe("small", model="lenet", epochs=3, batch_size=32, learning_rate=0.002).to_yaml(file)
    return file


def test_draw_writes_the_published_format(small_csv):
    lines = small_csv.read_text().splitlines()
    assert lines[0] == "emotion,pixels,Usage"
    assert len(lines) == 301
    emotion, pixels, usage = lines[1].split(",")
    assert 0 <= int(emotion) <= 6
    assert len(pixels.split()) == 48 * 48
    assert usage == "Training"


def test_info(run_cli, small_csv):
    status, out, err = run_cli("data", "info", small_csv)
    assert (status, err) == (0, "")
    assert "Training" in out
    assert "PublicTest" in out
    assert "happy" in out


@pytest.mark.parametrize("arguments", [
    ("data", "info", "nowhere.csv"), ("data", "import", "nowhere.csv"), ("train", "--recipe", "slow", "--out", "x"),
    ("train", "--recipe", "nowhere.yaml", "--out", "x"), ("evaluate", "nowhere"), ("run", "99"), ("run", "--profile", "tpu"),
    ("predict", "nowhere", "--out", "x.csv"), ("data", "info", "drawn", "--votes", "nowhere.csv"),
    ("run", "-p", "epochs", "3"), ("data", "draw", "x.csv", "--n", "-1"),
    ("train", "--data", "nowhere.csv", "--out", "x"), ("train", "--model", "resnet", "--data", "drawn", "--out", "x"),
])  # fmt: skip
def test_errors_are_one_sentence_and_leave_nothing(run_cli, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = run_cli(*arguments)
    assert status == 1
    assert err.startswith("fer-course: ")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_is_status_2():
    with pytest.raises(SystemExit) as stopped:
        cli.main(["dance"])
    assert stopped.value.code == 2


def test_train_evaluate_and_train_again(run_cli, small_csv, small_recipe, tmp_path):
    out = tmp_path / "run"
    train = ("train", "--recipe", small_recipe, "--data", small_csv, "--out", out)
    status, said, _ = run_cli(*train)
    assert status == 0
    assert "3 epochs" in said
    before = (out / "history.csv").read_bytes()
    assert run_cli(*train)[0] == 0
    assert (out / "history.csv").read_bytes() == before
    status, said, _ = run_cli("evaluate", out, "--data", small_csv, "--split", "PublicTest", "--json")
    report = json.loads(said)
    assert status == 0
    assert {"accuracy", "balanced_accuracy", "interval", "n"} <= set(report)
    assert report["interval"][0] <= report["accuracy"] <= report["interval"][1]
    status, said, _ = run_cli("evaluate", out, "--data", small_csv)
    assert f"{report['accuracy']:.1%}" in said
    assert run_cli("evaluate", out, "--data", small_csv, "--split", "Valid")[0] == 1
    _check_predictions(run_cli, out, small_csv, tmp_path, report["accuracy"])
    assert run_cli("train", "--recipe", "quick", "--data", small_csv, "--out", out)[0] == 1


@pytest.mark.slow
def test_train_with_teachers_that_have_not_seen_a_face(run_cli, small_csv, tmp_path):
    from fer_course import data
    from fer_course.recipes import Recipe
    from fer_course.runs import Run
    from fer_course.training.distillation import soft_targets

    teacher = Recipe("teacher", model="lenet", epochs=1, batch_size=16, input_size=24, validation=0.5)
    teacher.to_yaml(tmp_path / "0.yaml")
    teacher.but(fold=1).to_yaml(tmp_path / "1.yaml")
    teacher.but(name="student", validation=0.0, distillation=1.0).to_yaml(tmp_path / "student.yaml")
    runs = [tmp_path / "teacher-0", tmp_path / "teacher-1"]
    for fold, run in enumerate(runs):
        assert run_cli("train", "--recipe", tmp_path / f"{fold}.yaml", "--data", small_csv, "--out", run)[0] == 0
    faces = data.load(small_csv)
    for unseen in (False, True):
        out = tmp_path / f"student-{unseen}"
        student = (
            "train",
            "--recipe",
            tmp_path / "student.yaml",
            "--data",
            small_csv,
            "--teacher",
            *runs,
            "--out",
            out,
        )
        assert run_cli(*student, *(["--unseen"] if unseen else []))[0] == 0
        wanted = soft_targets([Run(run) for run in runs], faces, unseen=unseen)
        np.testing.assert_allclose(np.load(out / "targets.npy"), wanted, atol=1e-5)
    assert not np.allclose(*(np.load(tmp_path / f"student-{unseen}" / "targets.npy") for unseen in (False, True)))
    teacher.but(name="student", fold=1, distillation=1.0).to_yaml(tmp_path / "student.yaml")
    student = [*student[:-3], runs[0], "--out", tmp_path / "warned"]
    code, _, said = run_cli(*student)
    assert code == 0
    assert said.startswith("fer-course: Teachers of 'student' were trained on ")
    assert "the same fold, or the student validation 0." in said


def _check_predictions(run_cli, run, small_csv, tmp_path, accuracy):
    """Predict on the PublicTest faces as the contest gives them, without labels, and compare with what `evaluate` said."""
    rows = [line.split(",") for line in small_csv.read_text().splitlines()[1:]]
    rows = [(int(label), pixels) for label, pixels, usage in rows if usage == "PublicTest"]
    (tmp_path / "test.csv").write_text("\n".join(["pixels", *(pixels for _, pixels in rows)]) + "\n")
    out = tmp_path / "predictions.csv"
    status, said, err = run_cli("predict", run, "--data", tmp_path / "test.csv", "--out", out)
    assert (status, err) == (0, "")
    assert f"{len(rows)} faces" in said
    header, *lines = [line.split(",") for line in out.read_text().splitlines()]
    assert header == ["row", "predicted", *CLASS_NAMES]
    assert [int(line[0]) for line in lines] == list(range(1, len(rows) + 1))
    probabilities = [[float(value) for value in line[2:]] for line in lines]
    assert all(abs(sum(row) - 1) < 1e-5 for row in probabilities)
    assert [line[1] for line in lines] == [CLASS_NAMES[row.index(max(row))] for row in probabilities]
    right = sum(line[1] == CLASS_NAMES[label] for line, (label, _) in zip(lines, rows, strict=True))
    assert right / len(rows) == pytest.approx(accuracy)
    before = out.read_bytes()
    (tmp_path / "test.csv").write_text("pixels\n1 2 3\n")
    assert run_cli("predict", run, "--data", tmp_path / "test.csv", "--out", out)[0] == 1
    assert out.read_bytes() == before
    (tmp_path / "file").touch()
    assert run_cli("predict", run, "--data", small_csv, "--out", tmp_path / "file" / "x.csv")[0] == 1


@pytest.mark.slow
def test_interrupted_training_says_how_to_go_on(small_csv, small_recipe, tmp_path):
    out = tmp_path / "run"
    longer = tmp_path / "longer.yaml"
    Recipe.from_yaml(small_recipe).but(epochs=1000).to_yaml(longer)
    arguments = [sys.executable, "-m", "fer_course.cli", "train", "--recipe", longer, "--data", small_csv, "--out", out]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    deadline = time.monotonic() + 240
    while not (out / "history.csv").exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, err = process.communicate(timeout=240)
    assert process.returncode == 130, err
    assert "The same command resumes" in said
    assert "Traceback" not in err
    assert json.loads((out / "metrics.json").read_text())["finished"] is False


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the folder of a process")
def test_a_folder_that_is_gone_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().err == ("fer-course: this folder was removed or renamed. Change to another one: cd ~\n")
