"""Every lesson in a real JupyterLab in Chromium: unsolved (Run All reaches the end) and solved (nothing fails)."""

from __future__ import annotations

import pytest
from browsing import BROWSER_TESTS, PICTURES, ROOT, browser, driver, failures, lab, run_all, was_run_to_the_end  # noqa: F401

LESSONS = sorted(path.name for path in (ROOT / "lessons").glob("*.ipynb"))
#: nbval runs every solved lesson; here some of them do, all of them when pictures are wanted.
SOLVED = LESSONS if PICTURES else LESSONS[::4]

pytestmark = BROWSER_TESTS


@pytest.mark.parametrize("name", LESSONS)
def test_unsolved_lesson_runs_to_the_end(browser, lab, name):  # noqa: F811
    notebook, complaints = run_all(browser, lab, f"lessons/{name}")
    assert was_run_to_the_end(notebook), failures(notebook)
    checks = [cell.id for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert failures(notebook) == [(cell, "NotAttempted") for cell in checks]
    assert not complaints


@pytest.mark.parametrize("name", SOLVED)
def test_solved_lesson_has_no_error_in_the_dark(browser, lab, name):  # noqa: F811
    notebook, complaints = run_all(browser, lab, f"solutions/{name}", theme="JupyterLab Dark")
    assert was_run_to_the_end(notebook)
    assert failures(notebook) == []
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert checks
    for cell in checks:
        assert any("✔" in output.get("data", {}).get("text/plain", "") for output in cell.outputs), cell.id
    assert not complaints
