"""Turn the texts of the repository into pages of the book: README in parts, docs/, model card, changelog, as they stand there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from book import reference
from fer_course.authoring import hosting_links
from fer_course.errors import LessonError

#: Sections of README on the first page, and on the page of results; all others are on the page `USING`.
FIRST = ("Quick start", "The lessons", "Limits and ethics")
RESULTS = ("Results", "What drawn faces are worth")
USING = "using.md"
#: Texts besides README and docs/; those that don't exist are left out.
OTHERS = ("MODEL_CARD.md", "BENCHMARKS.md", "CONTRIBUTING.md", "CHANGELOG.md")
#: Pages for those who work on the course, in the order in which they are read.
DEVELOPERS = tuple(
    f"docs/developers/{name}.md"
    for name in (
        "architecture",
        "add-a-lesson",
        "add-a-check",
        "add-a-reader",
        "add-a-network",
        "tests",
        "generated",
        "words",
    )
)
_LINK = re.compile(r"(?P<image>!?)\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"(?ms)^(?:`{3,}|~{3,}).*?^(?:`{3,}|~{3,})[ \t]*$|`[^`\n]+`")


def pages(root: Path, lessons: Iterable[str], repository: str = "") -> dict[str, str]:
    """Return the text pages of the book: path in the book -> Markdown.

    Args:
        root: the repository.
        lessons: names of the lessons in the book ("00-start-here"), in order.
        repository: its public address, for links to what is not in the book; "" if there is none.

    Raises:
        LessonError: if README lacks one of the sections of the first page.

    """
    lessons = list(lessons)
    readme, places = readme_pages(_read(root / "README.md"))
    texts = {name: _read(root / name) for name in text_files(root)}
    known = {*readme, *texts, *(f"lessons/{name}.ipynb" for name in lessons)}
    mended = {name: mend(text, "README.md", root, known, places, repository) for name, text in readme.items()}
    mended |= {name: mend(text, name, root, known, places, repository) for name, text in texts.items()}
    notes = [name for name in texts if name.startswith("docs/instructors/")]
    mended["docs/instructors/index.md"] = instructors_page(notes)
    mended |= reference.pages(root / "fer_course")
    mended["index.md"] += contents(mended, lesson_names(readme["index.md"]), lessons)
    return mended


def text_files(root: Path) -> list[str]:
    """Return the texts besides README that become pages, as paths in the repository."""
    docs = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.md"))
    return [*docs, *(name for name in OTHERS if (root / name).is_file())]


def images(texts: dict[str, str]) -> set[str]:
    """Return the local pictures that pages show, as paths in the book."""
    found = set()
    for name, text in texts.items():
        for link in _LINK.finditer(text):
            if link["image"] and not _is_elsewhere(link["target"]):
                found.add(_resolved(name, link["target"]))
    return found


# --------------------------------------------------------------------------------------------------------- README


def sections(text: str) -> dict[str, str]:
    """Return the parts of a text by their headings of level two; what stands before the first under ""."""
    codes = [match.span() for match in _CODE.finditer(text)]
    starts = [
        match for match in re.finditer(r"(?m)^## (.+)$", text) if not any(a <= match.start() < b for a, b in codes)
    ]
    ends = [match.start() for match in starts[1:]] + [len(text)]
    parts = {"": text[: starts[0].start()] if starts else text}
    return parts | {
        match[1].strip(): text[match.end() : end].strip() for match, end in zip(starts, ends, strict=bool(starts))
    }


def readme_pages(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return README as three pages, and for each of its headings (as an anchor) the page on which it stands."""
    parts = sections(text)
    if missing := [name for name in FIRST if name not in parts]:
        raise LessonError(f"README.md should have the sections {', '.join(FIRST)}; missing: {', '.join(missing)}.")
    on = dict.fromkeys(FIRST, "index.md") | {name: "results.md" for name in RESULTS if name in parts}
    on |= {name: USING for name in parts if name and name not in on}
    titles = {"index.md": parts[""].rstrip(), "results.md": "# Results on FER2013", USING: "# Data, machines, services"}
    made = {page: titles[page] + "\n" for page in titles if page == "index.md" or page in on.values()}
    for name, page in on.items():
        heading = f"\n## {name}\n" if name != "Results" else ""
        made[page] += f"{heading}\n{parts[name]}\n"
    places = {anchor(name): page + ("" if name == "Results" else f"#{anchor(name)}") for name, page in on.items()}
    return made, places


def anchor(heading: str) -> str:
    """Return how a heading is called in links: "With a GPU" -> "with-a-gpu"."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def lesson_names(readme: str) -> dict[str, str]:
    """Return the short name of each lesson that the table in README lists: "00-start-here" -> "00 · Start here"."""
    rows = re.findall(r"(?m)^\| (\d\d) \| \[([^\]]+)\]\(lessons/([\w-]+)\.ipynb\)", readme)
    return {stem: f"{number} · {name}" for number, name, stem in rows}


# ---------------------------------------------------------------------------------------------------------- links


def mend(
    text: str, name: str, root: Path, known: set[str], places: dict[str, str] | None = None, repository: str = ""
) -> str:
    """Return a text whose links work in the book.

    Links between pages stay. What is in the repository but not in the book is linked to where the repository can be read; if
    it has no address, the words stay and the link goes. A link that leads nowhere stays, and fails the build.

    Args:
        text: Markdown; code in it is left alone.
        name: the text's path in the repository.
        root: the repository.
        known: the pages of the book.
        places: heading of README, as an anchor -> the page that it is on.
        repository: its public address, or "".

    """

    def mended(link: re.Match) -> str:
        target = _target(link["target"], name, root, known, places or {}, repository)
        if link["image"] or target == link["target"]:
            return link[0]
        return f"[{link['label']}]({target})" if target else link["label"]

    return _outside_code(text, lambda part: _LINK.sub(mended, part))


def _target(target: str, name: str, root: Path, known: set[str], places: dict[str, str], repository: str) -> str | None:
    """Return where a link leads in the book; None if nowhere."""
    if _is_elsewhere(target):
        return target
    path, _, part = target.partition("#")
    path = _resolved(name, path) if path else name
    if path == "README.md":
        page = places.get(part, "index.md")
        return page if name == "README.md" else posixpath.relpath(page, posixpath.dirname(name) or ".")
    if path in known or not (root / path).exists():
        return target
    return hosting_links.source(repository, path)


def _resolved(name: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _is_elsewhere(target: str) -> bool:
    return bool(re.match(r"[a-z][a-z0-9+.-]*:", target))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return a text with what is not code changed."""
    parts, end = [], 0
    for code in _CODE.finditer(text):
        parts += [change(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(text[end:])])


# ------------------------------------------------------------------------------------------------------- contents


def contents(made: dict[str, str], names: dict[str, str], lessons: list[str]) -> str:
    """Return the lists of pages that stand beside the book, for the end of the first page."""
    syllabi = sorted((name for name in made if "syllabus" in name), reverse=True)
    groups = {
        "Lessons": [f"{names.get(name, name)} <lessons/{name}>" for name in lessons],
        "Around the lessons": ["docs/map.md", "docs/glossary.md", USING],
        "Results": ["results.md", "MODEL_CARD.md", "BENCHMARKS.md"],
        "For teachers": [*syllabi, "docs/instructors/index.md", "docs/ai-policy.md"],
        "For maintainers": [*DEVELOPERS, reference.INDEX],
        "About": ["CONTRIBUTING.md", "CHANGELOG.md"],
    }
    groups["About"] += sorted(_unlisted(made, groups))
    lists = [
        _list(caption, [entry for entry in entries if "<" in entry or entry in made])
        for caption, entries in groups.items()
    ]
    return "\n" + "\n".join(each for each in lists if each)


def _unlisted(made: dict[str, str], groups: dict[str, list[str]]) -> set[str]:
    """Return the pages that stand in no list yet: a new text in docs/ is found, too."""
    listed = {entry for entries in groups.values() for entry in entries} | {"index.md"}
    elsewhere = ("docs/instructors/", "reference/")  # their own pages list them
    return {name for name in made if name not in listed and not name.startswith(elsewhere)}


def _list(caption: str, entries: list[str]) -> str:
    lines = ["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""]
    return "\n".join(lines) if entries else ""


def instructors_page(notes: list[str]) -> str:
    """Return the page that lists the notes for instructors, which lie beside it."""
    names = [posixpath.basename(name) for name in notes]
    opening = (
        "# Notes for instructors\n\nOne page a lesson: timing, where people get stuck, what to say, what to grade. "
    )
    opening += "And one on grading a class.\n\n"
    return opening + "\n".join(["```{toctree}", ":maxdepth: 1", "", *names, "```", ""])


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
