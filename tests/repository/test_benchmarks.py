"""The model card, the pages on planning, parts and results, and the chart of README are what scripts write from the records."""

import runpy
import sys

import pytest
from repository import ROOT

SCRIPTS = ROOT / "benchmarks"


@pytest.mark.parametrize(
    ("script", "page"),
    [
        ("card", "MODEL_CARD.md"),
        ("planning", "docs/planning.md"),
        ("chart", "docs/results.svg"),
        ("parts", "docs/parts.md"),
        ("scores", "docs/results.md"),
    ],
)
def test_the_page_is_up_to_date(script, page, monkeypatch, capsys):
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.setattr(sys, "argv", [str(SCRIPTS / f"{script}.py"), "--check"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(sys.argv[0], run_name="__main__")
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (0, f"{page} is up to date.\n"), said.err
