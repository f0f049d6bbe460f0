"""The quiz of a lesson, as files that learning platforms import: Moodle XML, or GIFT (Moodle, and converters for others)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from fer_course.authoring import notebooks
from fer_course.errors import ClassError

#: The formats, and the suffix of their files.
FORMATS = {"moodle": ".xml", "gift": ".gift.txt"}


@dataclass(frozen=True)
class QuizQuestion:
    """A question with one right option.

    Attributes:
        name: the lesson and the question's number.
        text: what is asked, as Markdown.
        options: letter -> text, as Markdown.
        right: the letter of the right one.
        explanation: why, as Markdown.

    """

    name: str
    text: str
    options: dict[str, str]
    right: str
    explanation: str


def quiz_of(path: Path) -> list[QuizQuestion]:
    """Return the questions of a lesson's quiz.

    Raises:
        ClassError: if the section is not as all lessons write it.

    """
    text = "\n\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")
    section = re.split(r"^## (?!#)", text.partition("\n## Quiz\n")[2], flags=re.MULTILINE)[0]
    parts = re.split(r"^\*\*(\d)\.\*\*", section, flags=re.MULTILINE)[1:]
    if not parts:
        raise ClassError(f"{path}: there is no section Quiz with questions **1.**, **2.**, …")
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [_question(f"{path.stem.split('-')[0]}.{number}", body, path) for number, body in pairs]


def _question(name: str, body: str, path: Path) -> QuizQuestion:
    asked, _, folded = body.partition("<details")
    answer = folded.partition("</summary>")[2].partition("</details>")[0].strip()
    right = re.match(r"\*\*\(?([a-f])[).]?\*\*[:,.]?\s*", answer)
    text, *rest = re.split(r"(?<!\S)\(?([a-f])\)\s+", asked.strip())
    options = {
        letter: option.strip().removesuffix("·").strip() for letter, option in zip(rest[::2], rest[1::2], strict=True)
    }
    if right is None or right[1] not in options or not 2 <= len(options) <= 6:
        raise ClassError(
            f"{path}, question {name}: options (a), (b), … and an answer that begins with **(a)** were expected."
        )
    explanation = answer[right.end() :]
    return QuizQuestion(name, text.strip(), options, right[1], explanation[:1].upper() + explanation[1:])


def write_quiz(questions: Iterable[QuizQuestion], form: str) -> str:
    """Return questions in a format of `FORMATS`; the right option gives all points, a wrong one none.

    Raises:
        ClassError: if there is no such format.

    """
    if form not in FORMATS:
        raise ClassError(f"There is no format {form!r}; there are: {', '.join(FORMATS)}.")
    return _moodle_xml(questions) if form == "moodle" else _gift(questions)


def _moodle_xml(questions: Iterable[QuizQuestion]) -> str:
    quiz = ElementTree.Element("quiz")
    for question in questions:
        element = ElementTree.SubElement(quiz, "question", type="multichoice")
        _text(element, "name", question.name)
        _html(element, "questiontext", question.text)
        _html(element, "generalfeedback", question.explanation)
        for name, value in (
            ("defaultgrade", "1"),
            ("single", "true"),
            ("shuffleanswers", "false"),
            ("answernumbering", "abc"),
        ):
            ElementTree.SubElement(element, name).text = value
        for letter, text in question.options.items():
            _html(element, "answer", _no_list(text), fraction="100" if letter == question.right else "0")
    ElementTree.indent(quiz)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(quiz, encoding="unicode") + "\n"


def _no_list(option: str) -> str:
    """Return an option such as `27.` so that Markdown does not take it for the number of a list's item."""
    return re.sub(r"^(\d+)\.", r"\1\.", option)


def _text(parent, name: str, text: str) -> None:
    ElementTree.SubElement(ElementTree.SubElement(parent, name), "text").text = text


def _html(parent, name: str, text: str, fraction: str = "") -> None:
    attributes = {"format": "html"} | ({"fraction": fraction} if fraction else {})
    element = ElementTree.SubElement(parent, name, attributes)
    ElementTree.SubElement(element, "text").text = _as_html(text)


def _as_html(text: str) -> str:
    import mistune  # of nbconvert

    # Escaped: the lessons' Markdown holds no HTML in questions, and `<` is a comparison.
    return str(mistune.create_markdown(escape=True)(text)).strip()


def _gift(questions: Iterable[QuizQuestion]) -> str:
    lines = []
    for question in questions:
        lines += [f"::{_escaped(question.name)}::[markdown]{_escaped(question.text)} {{"]
        for letter, text in question.options.items():
            lines.append(f"{'=' if letter == question.right else '~'}{_escaped(_no_list(text))}")
        lines += [f"####{_escaped(question.explanation)}", "}", ""]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Return a text without what means something in GIFT; a blank line would end the question."""
    escaped = re.sub(r"([\\~=#{}:])", r"\\\1", html.unescape(text).strip())
    return re.sub(r"\n\s*\n", r"\\n\\n", escaped)
