"""Feedback: a card and a text that say the same, nothing of a learner's value becomes HTML, and nbgrader sees what it needs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from fer_course.checks import feedback
from fer_course.checks.core import Hint, Interrupted, NotAttempted
from fer_course.course.kernels import own_kernels

VERDICTS = [feedback.RIGHT, feedback.NOT_YET, feedback.NOT_ATTEMPTED, feedback.INTERRUPTED]


class Read(HTMLParser):
    """The tags of a page and the words between them."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words += data.split()


def bare(text: str) -> str:
    """The letters of a text, without the marks and spaces that rendering takes away."""
    return re.sub(r"[\s`*-]", "", text)


# ------------------------------------------------------------------------------------------------------ the message


@pytest.mark.parametrize(
    ("message", "page"), [
        ("Work on `x.copy()`.", "<p>Work on <code>x.copy()</code>.</p>"),
        ("Two `a` and `b`", "<p>Two <code>a</code> and <code>b</code></p>"),
        ("**First** this", "<p><strong>First</strong> this</p>"),
        ("one\n  two", "<p>one</p>\n<p>two</p>"),
        ("Try:\n- `a`\n- b\nthen c", "<p>Try:</p>\n<ul><li><code>a</code></li><li>b</li></ul>\n<p>then c</p>"),
        ("stopped\n  in the line: return `<b>` ** 2", "<p>stopped</p>\n<p>in the line: <code>return `&lt;b&gt;` ** 2</code></p>"),
        ("in the line: f(x)  (of mirror)", "<p>in the line: <code>f(x)</code>  (of mirror)</p>"),
        ("2 ** 3 ** 4 and x**2 + y**2", "<p>2 ** 3 ** 4 and x**2 + y**2</p>"),
        ("f(**options, **more)", "<p>f(**options, **more)</p>"),
        ("a ` alone", "<p>a ` alone</p>"),
    ],
)  # fmt: skip
def test_marks_of_a_message_are_rendered_and_code_stays_code(message, page):
    assert re.sub(r' style="[^"]*"', "", feedback.rendered(message)).replace("<p>  ", "<p>") == page


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("<>&\"'`*-\n /script")))
def test_nothing_in_a_message_becomes_html(message):
    read = Read(feedback.rendered(message))
    assert {*read.tags} <= {"p", "ul", "li", "code", "strong"}
    assert bare("".join(read.words)) == bare(message)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_card_says_its_verdict_in_words_and_names_its_role(verdict):
    page = feedback.card(verdict, "Look & see.")
    assert " ".join(Read(page).words) == f"{verdict.title} Look & see."
    assert f'role="{verdict.role}"' in page
    assert 'aria-hidden="true"' in page


def luminance(colour: tuple[float, ...]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize(("ground", "letters"), [(1.0, 0.13), (0.067, 0.88)], ids=["light", "dark"])
def test_icon_and_letters_have_enough_contrast(verdict, ground, letters):
    colour = tuple(int(verdict.colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    tint = int(feedback.TINT, 16) / 255
    card = tuple(tint * part + (1 - tint) * ground for part in colour)
    assert contrast(colour, card) >= 3
    assert contrast((letters,) * 3, card) >= 4.5


# ------------------------------------------------------------------------------------------------- where it is shown


def test_outside_a_notebook_it_is_text(capfd):
    feedback.say_right("All right.")
    assert capfd.readouterr() == ("✔ All right.\n", "")
    assert Hint("look")._render_traceback_() == ["✘ Not yet. look"]
    assert NotAttempted("begin")._render_traceback_() == ["✘ Not attempted yet. begin"]
    assert Interrupted("why")._render_traceback_() == ["✘ Interrupted. why"]
    assert capfd.readouterr() == ("", "")


def test_ipython_in_a_terminal_shows_text_once(capfd):
    shell = InteractiveShell()
    shell.run_cell("from fer_course.checks.core import Hint, passed\npassed('Yes.')")
    shell.run_cell("raise Hint('look `here`')")
    assert capfd.readouterr() == ("✔ Yes.\n✘ Not yet. look `here`\n", "")


SETUP = """from fer_course import checks
def right(image):
    return image[:, ::-1].copy()
def wrong(image):
    return image[::-1].copy()
def unwritten(image):
    raise NotImplementedError"""


def executed(interactive: bool) -> list:
    """Three executed checks, as a program or, where a person can be asked, a front end gets them."""
    from nbclient import NotebookClient

    new_cell = nbformat.v4.new_code_cell
    graded = {"nbgrader": {"grade": True, "solution": False, "points": 2}}
    checks = [new_cell(f"checks.start.mirror({name})", metadata=graded) for name in ("right", "wrong", "unwritten")]
    notebook = nbformat.v4.new_notebook(cells=[new_cell(SETUP), *checks])
    with own_kernels() as kernels:
        client = NotebookClient(notebook, allow_errors=True, kernel_manager_class=kernels)
        client.on_notebook_start = lambda notebook: setattr(client.kc, "allow_stdin", interactive)
        client.execute()
    assert notebook.cells[0].outputs == []
    return checks


@pytest.mark.parametrize("interactive", [False, True], ids=["program", "person"])
def test_in_a_notebook_a_card_and_its_text_are_one_output_and_the_error_is_kept(interactive):
    right, wrong, unwritten = executed(interactive)
    (shown,) = right.outputs
    assert shown.output_type == "display_data"
    assert shown.data["text/plain"] == "✔ Mirrored. That is how every exercise of this course answers."
    assert shown.data["text/html"] == feedback.card(feedback.RIGHT, shown.data["text/plain"][2:])
    for cell, kind, title in ((wrong, "Hint", "✘ Not yet."), (unwritten, "NotAttempted", "✘ Not attempted yet.")):
        shown, error = cell.outputs
        assert shown.data["text/plain"] == f"{title} {error.evalue}"
        assert "fer-card-raised" in shown.data["text/html"]
        assert error.ename == kind
        assert error.traceback == [title if interactive else f"{title} {error.evalue}"]


def test_nbgrader_gives_points_for_the_right_answer_alone():
    grade = pytest.importorskip("nbgrader.utils", reason="needs nbgrader (extra instructor)").determine_grade
    assert [grade(cell, None) for cell in executed(interactive=False)] == [(2, 2), (0, 2), (0, 2)]
