"""How learning platforms name what they let a teacher download: who, when, which attempt, and the file's own name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Claim:
    """What a name in an export says.

    Attributes:
        platform: its form: a key of `PLATFORMS`, or `folder`.
        owner: the text that names a person; "" if there is none.
        ids: identifiers that stand at a fixed place of the form.
        number: the platform's number of the person or submission: two numbers are two people.
        glued: the owner is one word (`lovelaceada`).
        name: the file's own name; "" for a folder's name.
        time: the platform's local time, without a time zone.
        late: the platform says so.
        attempt: 0, 1 for a second one, …
        own: it is the platform's own file, nobody's work.

    """

    platform: str
    owner: str = ""
    ids: tuple[str, ...] = ()
    number: str = ""
    glued: bool = False
    name: str = ""
    time: datetime | None = None
    late: bool = False
    attempt: int = 0
    own: bool = False


_MOODLE = re.compile(r"(?P<owner>.+?)_(?P<number>\d+)_assign(?:submission|feedback)_(?:file|onlinetext)_?(?P<name>.*)")
_CANVAS = re.compile(
    r"(?P<owner>[^_]+)(?P<late>_LATE)?_(?P<number>\d+)_(?P<attachment>\d+)_(?P<name>.+)", re.IGNORECASE
)
_BLACKBOARD = re.compile(r"(?P<head>.+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<name>.+)|\.txt)")
_BRIGHTSPACE = re.compile(
    r"(?P<number>\d+)-\d+ ?- (?P<owner>.+?) ?- (?P<time>[^-]*?\d{4},? \d{3,4}(?: ?[AaPp]\.?[Mm]\.?)?)(?: ?- (?P<name>.+))?"
)
_GOOGLE = re.compile(r"(?P<owner>.+?) - (?P<name>.+\.\w+)")


def moodle(name: str) -> Claim | None:
    """Read `Ada Lovelace_1234_assignsubmission_file_`, with the file's name behind it if folders were off."""
    if not (found := _MOODLE.fullmatch(name)):
        return None
    blind = re.fullmatch(r"participant( \d+)?", found["owner"], re.IGNORECASE)
    return Claim(
        "moodle",
        "" if blind else found["owner"],
        number=found["number"],
        name=found["name"],
    )


def canvas(name: str) -> Claim | None:
    """Read `lovelaceada_LATE_123_4567_notebook-1.ipynb`: sortable name, person, attachment, the file's name with its attempt."""
    if not (found := _CANVAS.fullmatch(name)):
        return None
    own = PurePosixPath(found["name"])
    again = re.fullmatch(r"(.+)-(\d{1,2})", own.stem)
    return Claim(
        "canvas",
        found["owner"],
        (found["number"],),
        found["number"],
        glued=True,
        name=f"{again[1]}{own.suffix}" if again else own.name,
        late=bool(found["late"]),
        attempt=int(again[2]) if again else 0,
    )


def blackboard(name: str) -> Claim | None:
    """Read `Lesson 3_ada_attempt_2026-12-01-09-30-00_notebook.ipynb`; the text beside it, without a name, is Blackboard's own."""
    if not (found := _BLACKBOARD.fullmatch(name)):
        return None
    parts = found["head"].split("_")
    return Claim(
        "blackboard",
        ids=tuple("_".join(parts[start:]) for start in range(len(parts))),
        name=found["name"] or "",
        time=datetime.strptime(found["time"], "%Y-%m-%d-%H-%M-%S"),
        own=not found["name"],
    )


def brightspace(name: str) -> Claim | None:
    """Read `12345-678 - Ada Lovelace - Dec 1, 2026 930 AM - notebook.ipynb`; a folder's name ends after the time."""
    if name == "index.html":
        return Claim("brightspace", own=True)
    if not (found := _BRIGHTSPACE.fullmatch(name)):
        return None
    return Claim(
        "brightspace",
        found["owner"],
        (found["number"],),
        found["number"],
        name=found["name"] or "",
        time=_brightspace_time(found["time"]),
    )


def _brightspace_time(text: str) -> datetime | None:
    words = re.fullmatch(r"(.*\d{4}),? (\d{1,2})(\d\d)(?: ?([AaPp])\.?[Mm]\.?)?", text)
    if not words:
        return None
    day = words[1].replace(",", "")
    clock = f"{words[2]}:{words[3]}" + (f" {words[4].upper()}M" if words[4] else "")
    for pattern in ("%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y"):
        try:
            return datetime.strptime(f"{day} {clock}", f"{pattern} %I:%M %p" if words[4] else f"{pattern} %H:%M")
        except ValueError:
            continue
    return None


def google(name: str) -> Claim | None:
    """Read `Ada Lovelace - notebook.ipynb`, as Google Classroom names the copy that it makes for each student."""
    found = _GOOGLE.fullmatch(name)
    return Claim("google", found["owner"], name=found["name"]) if found else None


#: The forms, in the order in which they are tried.
PLATFORMS: dict[str, Callable[[str], Claim | None]] = {
    **{"moodle": moodle, "blackboard": blackboard, "brightspace": brightspace, "canvas": canvas, "google": google},
}


def read_name(name: str, platform: str | None = None) -> Claim | None:
    """Return what the name of a file or folder in an export says; None if it is in no platform's form, or not in the given one.

    Google Classroom's form is so general that it is only read if it is asked for, see `google`.
    """
    if platform:
        return PLATFORMS[platform](name)
    for read in (moodle, blackboard, brightspace, canvas):
        if claim := read(name):
            return claim
    return None
