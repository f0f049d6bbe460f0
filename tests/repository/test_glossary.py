"""Around the lessons: each word of the glossary stands in its lesson, each promised word in the glossary; minutes agree."""

import re

import nbformat
import pytest
from repository import ROOT

from fer_course.authoring import rules

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    if re.search(r"\| [0-9, ]+ \|$", line)
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LESSONS = {path.name[:2]: path for path in sorted((ROOT / "lessons").glob("*.ipynb"))}
# Promised words whose meaning is in the words themselves.
PLAIN = {"cost ratio", "what the law prohibits"}


def said(lesson: str) -> str:
    """All text and code of a lesson, in small letters, `label_smoothing` as two words."""
    cells = nbformat.read(LESSONS[lesson], 4).cells
    return "\n".join(cell.source for cell in cells).lower().replace("_", " ")


def stem(word: str) -> str:
    """Return a word without brackets and plural: what must stand in the text."""
    return re.sub(r"( \(.*\)|s|y)$", "", word.lower())


def promised(lesson: str) -> list[str]:
    """Return the words of the lesson's line "What you'll learn"."""
    line = re.search(r"\*\*what you'll learn:\*\*(.*)", said(lesson))[1].replace("*", "").strip(" .")
    return [re.sub(r"^and ", "", each.strip()) for each in re.split(r"[,;]| against | and ", line)]


def test_rows_are_sorted_and_named_once():
    words = [row[0] for row in ROWS]
    assert words == sorted(words, key=str.lower)
    assert len(words) == len(set(words)) > 60


#: Words of the glossary that have another, everyday meaning in the text of earlier lessons.
EVERYDAY = {
    **{
        "entry": "of an array",
        "miss": "a guess",
        "parameter": "of a notebook",
        "plateau": "of a curve",
        "slice": "of an array",
    },
    **{"split": "the array of faces", "recipe": "how to train, one of the parameters of every lesson"},
}


def text_of(lesson: str) -> str:
    """The running text of a lesson, in small letters: no code, no headings that only announce or list."""
    cells = nbformat.read(LESSONS[lesson], 4).cells
    listed = ("title", "overview", "own", "summary", "now", "sources")
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown" and cell.id not in listed)
    return re.sub(r"```.*?```|`[^`]*`", " ", text, flags=re.DOTALL).lower()


@pytest.mark.parametrize("lesson", rules.HOURS)
def test_no_word_is_used_before_the_lesson_that_explains_it(lesson):
    text, early = text_of(lesson), []
    for words, _, lessons in ROWS:
        for word in {stem(part) for part in words.split(", ") if not any(part.startswith(each) for each in EVERYDAY)}:
            used = re.search(rf"\b{re.escape(word)}\w?\b(?![^.]{{0,60}}lesson \d\d)", text)
            if lessons[:2] > lesson and used:
                early.append(f"{word} (lesson {lessons[:2]}): …{text[max(used.start() - 40, 0) : used.end() + 30]!r}")
    assert not early


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_word_stands_in_its_lesson(row):
    word, meaning, lessons = row
    for lesson in lessons.split(", "):
        text = said(lesson)
        assert any(stem(part) in text for part in word.split(", ")), f"{word!r} is not in lesson {lesson}"
    assert len(meaning.split()) >= 4


@pytest.mark.parametrize("lesson", [name for name in LESSONS if name != "00"])
def test_promised_word_is_explained(lesson):
    known = " ".join(" ".join(row[:2]) for row in ROWS).lower()
    missing = [word for word in promised(lesson) if word not in PLAIN and stem(word) not in known]
    assert not missing


@pytest.mark.parametrize("lesson", LESSONS)
def test_readme_gives_the_minutes_of_the_lesson(lesson):
    minutes = re.search(r"\*\*time:\*\* about (\d+) minutes", said(lesson))[1]
    row = next(line for line in README.splitlines() if line.startswith(f"| {lesson} |"))
    assert row.endswith(f"| {minutes} |")
