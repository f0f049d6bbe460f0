"""Quizzes of the lessons as files that learning platforms import; the lessons' own Markdown is the oracle."""

import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

from fer_course import course
from fer_course.classroom.quizzes import FORMATS, QuizQuestion, quiz_of, write_quiz
from fer_course.errors import ClassError

PATHS = course.notebooks()
NAMES = [path.stem for path in PATHS]
TRICKY = QuizQuestion(
    "99.1",
    "Is {a} = b ~ c : d # e \\ f\n\nand x < y?",
    {"a": "a = 1", "b": "~2", "c": "{3}"},
    "b",
    "As **b** says: #1.",
)


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_each_quiz_has_three_questions_with_the_answers_of_the_lesson(path):
    questions = quiz_of(path)
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    folds = re.findall(r"<summary>Answer</summary>\s+\*\*\(?([abc])", text.split("## Quiz")[1])
    assert [question.right for question in questions] == folds
    for question in questions:
        assert list(question.options) == ["a", "b", "c"]
        assert all(option and "·" not in option[-2:] for option in question.options.values())
        assert question.text in text
        assert question.explanation[1:] in text


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_moodle_xml_has_one_right_option_for_each_question(path):
    questions = quiz_of(path)
    root = ElementTree.fromstring(write_quiz(questions, "moodle"))
    assert root.tag == "quiz"
    for element, question in zip(root.findall("question[@type='multichoice']"), questions, strict=True):
        fractions = {each.get("fraction"): each.findtext("text") for each in element.findall("answer")}
        assert [each.get("fraction") for each in element.findall("answer")].count("100") == 1
        plain = re.sub(r"<[^>]+>", "", fractions["100"])
        assert (
            plain.split()[:2] == re.sub(r"[*`]", "", question.options[question.right]).replace("<", "&lt;").split()[:2]
        )
        assert element.findtext("shuffleanswers") == "false"  # the explanations name options by their letters


def test_gift_escapes_what_means_something_there():
    text = write_quiz([TRICKY], "gift")
    assert text.startswith("::99.1::[markdown]Is \\{a\\} \\= b \\~ c \\: d \\# e \\\\ f\\n\\nand x < y? {\n")
    body = text.split("{\n", 1)[1]
    assert re.findall(r"^(?:=|~)", body, re.MULTILINE) == ["~", "=", "~"]
    assert "\n\n" not in text.rstrip("\n")  # a blank line would end the question
    unescaped = re.sub(r"\\([~=#{}:\\])", r"\1", body.splitlines()[1][1:])
    assert unescaped == "~2"


def test_moodle_xml_shows_comparisons_as_text():
    root = ElementTree.fromstring(write_quiz([TRICKY], "moodle"))
    assert "x &lt; y?" in root.find("question/questiontext/text").text


def test_what_is_no_quiz(tmp_path):
    path = tmp_path / "98-none.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# No")]), path)
    with pytest.raises(ClassError, match="no section Quiz"):
        quiz_of(path)
    cell = nbformat.v4.new_markdown_cell("# Q\n## Quiz\n\n**1.** What?\n\n(a) This. (b) That.\n\nNo fold.")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    with pytest.raises(ClassError, match=r"question 98\.1"):
        quiz_of(path)
    with pytest.raises(ClassError, match="no format 'qti'"):
        write_quiz([], "qti")


@pytest.mark.parametrize("form", FORMATS)
def test_command_writes_a_file(tmp_path, run_cli, form):
    import classes

    from fer_course.classroom import nbgrader_course

    solved = classes.source(tmp_path / "solved")
    (solved / f"{PATHS[3].stem}.ipynb").write_bytes(PATHS[3].read_bytes())
    nbgrader_course.init(tmp_path / "class", source=solved)
    out = tmp_path / f"quiz{FORMATS[form]}"
    assert run_cli("class", "quiz", tmp_path / "class", "03", "--format", form, "--out", out)[0] == 0
    assert out.read_text() == write_quiz(quiz_of(Path(PATHS[3])), form)
