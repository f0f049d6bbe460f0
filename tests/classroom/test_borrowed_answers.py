"""An answer that was taken from the package is noticed; one that was written is not."""

import nbformat
import pytest

from fer_course.classroom.borrowed_answers import notices
from fer_course.course import notebooks


def submitted(*cells: tuple[str, bool]) -> str:
    made = []
    for number, (source, answer) in enumerate(cells):
        entry = {
            "schema_version": 3,
            "grade": False,
            "grade_id": f"answer-{number}",
            "locked": False,
            "solution": True,
            "task": False,
        }
        made.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": entry} if answer else {}))
    return nbformat.writes(nbformat.v4.new_notebook(cells=made))


@pytest.mark.parametrize(("before", "answer", "place"), [
    ("", "from fer_course.layers import convolve as c\ndef convolve(*a): return c(*a)", "fer_course.layers.convolve"),
    ("", "def convolve(*a):\n    from fer_course import layers\n    return layers.convolve(*a)", "fer_course.layers.convolve"),
    ("from fer_course import layers as l", "def convolve(*a): return l.convolve(*a)", "fer_course.layers.convolve"),
    ("import fer_course.layers", "convolve = fer_course.layers.convolve", "fer_course.layers.convolve"),
    ("from fer_course.checks import oracles", "convolve = oracles.convolve", "fer_course.checks.oracles.convolve"),
])  # fmt: skip
def test_taken_answers(before, answer, place):
    found = notices(submitted((before, False), (answer, True)))
    assert found == [f"The answer answer-1 uses {place}."]


def test_written_answers_and_other_cells_are_not():
    assert (
        notices(submitted(("from fer_course import layers\nlayers.convolve", False), ("def f(x): return x", True)))
        == []
    )
    assert notices(submitted(("def f(x:", True), ("%matplotlib inline", False))) == []


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_what_the_lesson_itself_uses_is_no_news(path):
    text = path.read_text(encoding="utf-8")
    assert notices(text, text) == []


def test_more_than_the_teacher_uses_is():
    solved = submitted(("from fer_course import layers", False), ("def f(): return layers.one()", True))
    taken = submitted(("from fer_course import layers", False), ("def f(): return layers.one() + layers.two()", True))
    assert notices(taken, solved) == ["The answer answer-1 uses fer_course.layers.two."]


@pytest.mark.parametrize(("before", "answer", "sentence"), [
    ("from fer_course.checks.oracles import convolve as usual", "def convolve(*a): return usual(*a)",
     "The answer answer-1 uses fer_course.checks.oracles.convolve."),
    ("from fer_course import layers\nhelp_me = lambda *a: layers.convolve(*a)", "convolve = help_me",
     "The answer answer-1 uses fer_course.layers.convolve."),
    ("import numpy as np\nnp.allclose = print", "def f(): return 1", "A cell replaces numpy.allclose."),
    ("from fer_course import checks\nsetattr(checks.core, 'close', print)", "def f(): return 1",
     "A cell replaces fer_course.checks.core.close."),
    ("import numpy as np\nfound = getattr(np, 'all' + 'close')", "def f(): return 1", "A cell looks up numpy.something."),
    ("", "def f(): return exec('1')", "A cell uses exec."),
    ("", "def f(g): return g.__globals__", "A cell uses __globals__."),
    ("import importlib as i", "def f(): return i", "A cell uses importlib."),
], ids=["import", "function", "assigned", "setattr", "getattr", "exec", "globals", "importlib"])  # fmt: skip
def test_other_cells_and_tricks(before, answer, sentence):
    assert sentence in notices(submitted((before, False), (answer, True)))
