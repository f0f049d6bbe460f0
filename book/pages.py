"""Turn the texts of the repository into pages of the book: README (the first page), docs/, model card, changelog."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from book import reference
from fer_course.authoring import hosting_links

#: Texts besides README and docs/; those that don't exist are left out.
OTHERS = ("MODEL_CARD.md", "BENCHMARKS.md", "CONTRIBUTING.md", "CHANGELOG.md")
#: Pages about data, machines and services.
MACHINES = tuple(
    f"docs/{name}.md"
    for name in ("install", "your-own-fer2013", "forms", "live", "export", "gpu", "services", "settings")
)
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
#: The network of the course as one HTML file beside the front page, and the front page's first words about it.
LIVE = "live.html"
DOOR = (
    f'<p class="launch"><a href="{LIVE}"><strong>Try the network on your own face</strong></a>: with the camera, a photograph or '
    "drawn faces, in your browser alone. Nothing is sent, nothing is stored.</p>"
)
_LINK = re.compile(r"(?P<image>!?)\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"(?ms)^(?:`{3,}|~{3,}).*?^(?:`{3,}|~{3,})[ \t]*$|`[^`\n]+`")


def pages(root: Path, lessons: Iterable[str], repository: str = "") -> dict[str, str]:
    """Return the text pages of the book: path in the book -> Markdown.

    Args:
        root: the repository.
        lessons: names of the lessons in the book ("00-start-here"), in order.
        repository: its public address, for links to what is not in the book; "" if there is none.

    """
    lessons = list(lessons)
    readme = _read(root / "README.md")
    texts = {"README.md": readme} | {name: _read(root / name) for name in text_files(root)}
    known = {*texts, *(f"lessons/{name}.ipynb" for name in lessons)}
    mended = {name: mend(text, name, root, known, repository) for name, text in texts.items()}
    mended["index.md"] = with_door(mended.pop("README.md"))
    notes = [name for name in texts if name.startswith("docs/instructors/")]
    mended["docs/instructors/index.md"] = instructors_page(notes)
    mended |= reference.pages(root / "fer_course")
    mended["index.md"] += contents(mended, lesson_names(readme), lessons)
    return mended


def with_door(readme: str) -> str:
    """Return the front page with the link to the network's page right below its title."""
    title, newline, rest = readme.partition("\n")
    return f"{title}\n\n{DOOR}\n{newline}{rest}"


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


def lesson_names(readme: str) -> dict[str, str]:
    """Return the short name of each lesson that the table in README lists: "00-start-here" -> "00 · Start here"."""
    rows = re.findall(r"(?m)^\| (\d\d) \| \[([^\]]+)\]\(lessons/([\w-]+)\.ipynb\)", readme)
    return {stem: f"{number} · {name}" for number, name, stem in rows}


# ---------------------------------------------------------------------------------------------------------- links


def mend(text: str, name: str, root: Path, known: set[str], repository: str = "") -> str:
    """Return a text whose links work in the book.

    Links between pages stay. What is in the repository but not in the book is linked to where the repository can be read; if
    it has no address, the words stay and the link goes. A link that leads nowhere stays, and fails the build.

    Args:
        text: Markdown; code in it is left alone.
        name: the text's path in the repository.
        root: the repository.
        known: the texts and lessons of the book, as paths in the repository.
        repository: its public address, or "".

    """

    def mended(link: re.Match) -> str:
        target = _target(link["target"], name, root, known, repository)
        if link["image"] or target == link["target"]:
            return link[0]
        return f"[{link['label']}]({target})" if target else link["label"]

    return _outside_code(text, lambda part: _LINK.sub(mended, part))


def _target(target: str, name: str, root: Path, known: set[str], repository: str) -> str | None:
    """Return where a link leads in the book; None if nowhere."""
    path, hash_, part = target.partition("#")
    if _is_elsewhere(target) or not path:
        return target
    path = _resolved(name, path)
    if path == "README.md":
        return posixpath.relpath("index.md", posixpath.dirname(name) or ".") + hash_ + part
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
        "Around the lessons": ["docs/map.md", "docs/glossary.md", *MACHINES],
        "Results": ["docs/results.md", "docs/parts.md", "MODEL_CARD.md", "BENCHMARKS.md"],
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
