"""Nothing of a submission is live in a browser: a graded notebook in formgrader and on its feedback page, in Chromium."""

import json
import re

import classes
import nbformat
import pytest
from browsing import BROWSER_TESTS, browser, driver, served_lab  # noqa: F401
from live_text import LIVE, SCRIPT

from fer_course.classroom import sandbox
from fer_course.classroom.feedback import feedback
from fer_course.classroom.grading import grade
from fer_course.classroom.paths import gradebook

pytest.importorskip("nbgrader")


def hostile(release) -> str:
    """Return a submission whose text, outputs, metadata and attachments are live."""
    notebook = nbformat.read(release, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code" or cell.id != "title"]
    for name, text in LIVE.items():
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text, id=f"x-{re.sub('[^a-z]', '', name)}"))
        notebook.cells.insert(1, nbformat.v4.new_raw_cell(text, metadata={"raw_mimetype": "text/html"}))
    picture = nbformat.v4.new_markdown_cell(
        "![x](attachment:x.svg)", attachments={"x.svg": {"image/svg+xml": LIVE["svg"]}}
    )
    code = "\n".join([
        "from IPython.display import HTML, Javascript, SVG, Markdown, Latex, display",
        f"display(HTML({SCRIPT!r}), Javascript('document.title=\"owned\"'), Markdown({SCRIPT!r}), Latex({LIVE['formula']!r}))",
        f"display({{'image/svg+xml': {LIVE['svg']!r}, 'text/html': {LIVE['image']!r}}}, raw=True)",
        f"print({SCRIPT!r}); raise ValueError({SCRIPT!r})",
    ])  # fmt: skip
    notebook.cells[1:1] = [picture, nbformat.v4.new_code_cell(code)]
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"x": SCRIPT}}}
    for cell in notebook.cells:
        if cell.id == "mirror":
            cell.source = f"# {SCRIPT}\ndef mirror(image):\n    raise ValueError({LIVE['image']!r})"
    return json.dumps(notebook)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class with a hostile submission, graded."""
    folder = classes.make_class(tmp_path_factory.mktemp("inert"), {"alan": hostile})
    grade(folder, unsafe=bool(sandbox.missing()))
    return folder


@pytest.mark.slow
def test_a_graded_notebook_holds_nothing_live(graded):
    notebook = nbformat.read(graded / "autograded" / "alan" / classes.LESSON / f"{classes.LESSON}.ipynb", 4)
    kinds = {kind for cell in notebook.cells for each in cell.get("outputs", []) for kind in each.get("data", {})}
    assert kinds <= {"text/plain", "image/png", "image/jpeg"}
    assert {cell.cell_type for cell in notebook.cells} == {"code", "markdown"}
    assert not any("attachments" in cell for cell in notebook.cells)
    assert "widgets" not in notebook.metadata
    added = [cell for cell in notebook.cells if cell.cell_type == "markdown" and "owned" in cell.source]
    assert len(added) >= len(LIVE)
    assert all(re.match(r"`{3,}text\n", cell.source) for cell in added)


class TestInChromium:
    """The pages, as a teacher and a learner open them."""

    pytestmark = BROWSER_TESTS

    def test_no_script_of_a_submission_runs(self, graded, browser):  # noqa: F811
        feedback(graded)
        with gradebook(graded) as book:
            submission = book.find_submission_notebook(classes.LESSON, classes.LESSON, "alan").id
        asked, titles = [], []
        with served_lab(graded) as address:
            pages = [
                f"{address}/formgrader/submissions/{submission}/",
                *(f"file://{path}" for path in (graded / "feedback" / "alan").rglob("*.html")),
            ]
            assert len(pages) == 2
            for url in pages:
                page = browser.new_page()
                page.on("request", lambda request: asked.append(request.url))
                page.goto(url)
                page.wait_for_timeout(1500)
                for link in page.locator("a", has_text="click").all():
                    link.click(timeout=1000)
                titles.append(page.title())
                assert "mirror" in page.content()
                page.close()
        assert len(titles) == 2
        assert not any("owned" in title for title in titles)
        assert not any(re.search(r"/owned|owned\.example", url) for url in asked)
