"""Downloading from Kaggle: the real library where there is no network, and a stand-in for it where there would be one."""

import os
import socket
import subprocess
import sys
import types

import pytest
from faces_for_tests import (
    csv_bytes,
    isolated,  # noqa: F401
    pictures,
    same,
    some_faces,
    write_folder,
)

import fer_course.data as data
from fer_course import DataError, cli
from fer_course._shared import extras
from fer_course.data import discovery

WAYS = ("drawn faces", "data import PATH", "FER_COURSE_DATA", "Kaggle notebook", "download it")


@pytest.fixture
def kagglehub(monkeypatch, tmp_path):
    """A stand-in for the library: gives what a test puts into `files`, or raises `error`; remembers what was asked for."""
    hub = types.ModuleType("kagglehub")
    hub.asked, hub.files, hub.error = [], {}, None

    def fetch(kind):
        def download(name):
            hub.asked.append((kind, name))
            if hub.error:
                raise hub.error
            return str(write_folder(tmp_path / "hub", hub.files))

        return download

    hub.dataset_download, hub.competition_download = fetch("data set"), fetch("competition")
    monkeypatch.setitem(sys.modules, "kagglehub", hub)
    return hub


def run(capsys, *arguments):
    return cli.main(["data", "download", *arguments]), *capsys.readouterr()


def test_what_comes_is_imported(kagglehub, capsys):
    faces = some_faces(9)
    kagglehub.files = pictures(faces)
    status, out, err = run(capsys)
    assert (status, err) == (0, "")
    assert "fer2013.npz. Every lesson finds it there." in out
    assert kagglehub.asked == [("data set", "msambare/fer2013")]
    assert same(data.load(quiet=True), faces)


def test_another_data_set_or_the_contest_can_be_named(kagglehub, capsys):
    kagglehub.files = {"icml_face_data.csv": csv_bytes(some_faces(3))}
    assert run(capsys, "somebody/faces")[0] == 0
    assert run(capsys, discovery.CONTEST)[0] == 0
    assert kagglehub.asked == [("data set", "somebody/faces"), ("competition", discovery.CONTEST)]


def test_a_download_of_something_else_is_a_clear_error_and_leaves_nothing(kagglehub, capsys, tmp_path):
    kagglehub.files = {"cats.txt": b"x"}
    status, out, err = run(capsys)
    assert (status, out) == (1, "")
    assert "holds no FER2013 faces" in err
    assert not (tmp_path / "user-data").exists()


class UnauthenticatedError(Exception):
    """As kagglehub calls it."""


class KaggleApiHTTPError(OSError):
    """As kagglehub calls it: an error with a response."""

    def __init__(self, status):
        super().__init__("https://storage.example.org/x?signature=SECRET")
        self.response = types.SimpleNamespace(status_code=status)


ERRORS = {
    "no account": (UnauthenticatedError("SECRET"), "asks for an account"),
    "rules not accepted": (KaggleApiHTTPError(403), "rules are accepted"),
    "no such data set": (KaggleApiHTTPError(404), "no data set or competition of that name"),
    "server down": (KaggleApiHTTPError(503), r"gave up \(KaggleApiHTTPError, status 503\)"),
    "no network": (ConnectionError("SECRET"), "can't be reached"),
    "bad credentials file": (ValueError("SECRET"), r"gave up \(ValueError\)"),
    "disk full": (OSError(28, "SECRET"), r"gave up \(OSError\)"),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_of_the_library_is_a_sentence_with_the_other_ways_and_no_secret(kagglehub, kind, capsys, tmp_path):
    kagglehub.error, words = ERRORS[kind]
    status, out, err = run(capsys)
    assert (status, out) == (1, "")
    assert "SECRET" not in err
    assert err.count("\n") == 1
    for way in WAYS:
        assert way in err
    with pytest.raises(DataError, match=words):
        data.download_faces()
    assert not (tmp_path / "user-data").exists()


def test_without_the_library_the_message_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    status, _, err = run(capsys)
    assert status == 1
    for words in ("needs kagglehub, Kaggle's library", extras.advice("kaggle"), *WAYS):
        assert words in err


def test_interrupting_a_download_is_no_error_of_ours(kagglehub, capsys):
    kagglehub.error = KeyboardInterrupt()
    assert run(capsys)[0] == 130


@pytest.mark.slow
def test_the_real_library_without_network_or_account(tmp_path):
    pytest.importorskip("kagglehub", reason="the extra kaggle is not installed")
    # Nothing listens at the proxy that the library is told to use: whatever network this machine has, it has none.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{free.getsockname()[1]}"
    home = {
        name: str(tmp_path) for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "KAGGLEHUB_CACHE", "KAGGLE_CONFIG_DIR")
    }
    environment = home | {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "https_proxy": proxy, "no_proxy": ""}
    keep = {name: value for name, value in os.environ.items() if not name.lower().startswith("kaggle")}
    for name, words in ((data.DATASET, "can't be reached"), (discovery.CONTEST, "asks for an account")):
        command = [sys.executable, "-m", "fer_course.cli", "data", "download", name]
        done = subprocess.run(command, capture_output=True, text=True, env=keep | environment, timeout=120)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        for way in WAYS:
            assert way in done.stderr
