"""Where a session is temporary, the first right answer says how to keep the work; elsewhere nothing does."""

import pytest

from fer_course import checks
from fer_course._shared import hosts


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    for variable in hosts.SERVICES:
        monkeypatch.delenv(variable, raising=False)
    hosts.remind.cache_clear()
    yield
    hosts.remind.cache_clear()


def said(capsys) -> str:
    checks.start.mirror(lambda image: image[:, ::-1])
    return capsys.readouterr().out


@pytest.mark.parametrize(("variable", "words"), [
    ("COLAB_RELEASE_TAG", "Save a copy in Drive"),
    ("KAGGLE_KERNEL_RUN_TYPE", "Save Version"),
    ("BINDER_SERVICE_HOST", "Download"),
])  # fmt: skip
def test_temporary_session_says_once_how_to_save(monkeypatch, capsys, variable, words):
    monkeypatch.setenv(variable, "1")
    first, second = said(capsys), said(capsys)
    assert "✔" in first
    assert words in first
    assert words not in second


@pytest.mark.parametrize("variable", [None, "JUPYTERHUB_API_URL"])
def test_lasting_session_says_nothing(monkeypatch, capsys, variable):
    if variable:
        monkeypatch.setenv(variable, "1")
    assert said(capsys).count("\n") == 1


def test_every_temporary_service_is_one_that_is_known():
    assert set(hosts.SAVING) <= set(hosts.SERVICES.values())
