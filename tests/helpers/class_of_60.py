"""A class of 60 people, and the export of each learning platform with what they handed in, by seed; and who is whose.

Nothing here uses the package: the record that the generator keeps is the oracle. Every file that somebody handed in holds a token
of its true author, `TOKEN<number>`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

LESSON, OTHER_LESSON = "99-small", "98-other"
NAME = f"{LESSON}.ipynb"
START = datetime(2026, 12, 1, 9, 30, 0)
#: (last name, first name); `_` stands for names that only one field holds.
NAMES = [
    *[("Lovelace", "Ada"), ("", "Ada"), ("Ada", "Grace"), ("", "Suharto"), ("Müller", "Jürgen"), ("Muller", "Jurgen")],
    *[
        ("Mueller", "Jürgen Karl"),
        ("Weiß", "Käthe"),
        ("Weiss", "Kathe"),
        ("Li", "Wei"),
        ("Wei", "Li"),
        ("Chen", "Li Wei"),
    ],
    *[
        ("Chenli", "Wei"),
        ("Chen", "Wei"),
        ("Silva", "Ana"),
        ("Silva", "Anna"),
        ("Silva Costa", "Ana"),
        ("da Silva", "Rui"),
    ],
    *[
        ("King, Jr.", "Martin"),
        ("King", "Martin"),
        ("O'Neil", "Siobhán"),
        ("O’Neill", "Siobhan"),
        ("García", "Gabriel"),
    ],
    *[
        ("García Márquez", "Gabriel"),
        ("van der Berg", "Jan"),
        ("Berg", "Jan"),
        ("Nguyễn", "Thị Hương"),
        ("Nguyen", "An"),
    ],
    *[("Иванова", "Анна"), ("Иванов", "Иван"), ("王", "伟"), ("王", "伟明"), ("الحسن", "أحمد"), ("כהן", "יעל")],
    *[
        ("김", "민준"),
        ("김", "민수"),
        ("渡辺", "ゆうじ"),
        ("Ólafsdóttir", "Björk"),
        ("Åkesson", "Åsa"),
        ("Sørensen", "Søren"),
    ],
    *[("Łukasiewicz", "Jan"), ("Çelik", "İpek"), ("Işık", "Ilgaz"), ("D'Arcy-Smith", "Mary-Kate"), ("Smith", "Mary")],
    *[("Smith", "Mary Kate"), ("Παπαδόπουλος", "Γιώργος"), ("Παπαδοπούλου", "Γεωργία"), ("शर्मा", "अनिल")],
    *[("ศรีสุข", "สมชาย"), ("Kim", "Min-jun"), ("Kim", "Min-jun"), ("Schmidt", "Anna"), ("Schmidt", "Anna")],
    *[("Schmid", "Anna"), ("Brown", "Charlie"), ("Browne", "Charlie"), ("de la Cruz", "Inés"), ("Cruz", "Inés")],
    *[("Ng", "X")],
]
#: People who are not in the class, but hand in all the same.
GUESTS = [
    ("Silva", "Anja"),
    ("Lovelace", "Ada Augusta"),
    ("Chen", "Li Wei Ming"),
    ("Meyer", "Suharto"),
    ("Suharto", "An"),
    ("Silva", "Ana My"),
]
#: Ids, of the second style, that look like somebody else's name: number of the person -> id.
BORROWED_IDS = {60: "ada", 59: "suharto", 58: "silva", 57: "king", 56: "anna.schmidt", 53: "cruz", 52: "de_la_cruz"}
STYLES = ("rows", "sis", "emails")


@dataclass(frozen=True)
class Person:
    """One person: how the class's list names them (`id` is "" for a guest), and how the platform does."""

    number: int
    last: str
    first: str
    id: str
    user: str
    email: str
    platform_id: str

    @property
    def token(self) -> str:
        return f"TOKEN{self.number:03d}E"

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}".strip()

    @property
    def reversed(self) -> str:
        return f"{self.last} {self.first}".strip()


@dataclass
class HandIn:
    """What one person handed in.

    Attributes:
        person: who.
        kind: which of `KINDS`.
        text: the text in the export that names the person.
        whose: ids of all people whom that text could name.
        wanted: lesson -> the bytes that have to be filed, if the person is certain.
        leaves: ends of the paths of all files.
        late: the platform says so.

    """

    person: Person
    kind: str
    text: str
    whose: frozenset[str]
    wanted: dict[str, bytes] = field(default_factory=dict)
    leaves: list[str] = field(default_factory=list)
    late: bool = False

    @property
    def is_certain(self) -> bool:
        return self.whose == {self.person.id}


@dataclass
class Export:
    """An export, and the generator's record of it."""

    path: Path
    handed_in: list[HandIn]
    files: dict[str, tuple[bytes, datetime]]
    students: str


def people(style: str, seed: int, small_numbers: bool = False) -> list[Person]:
    """Return the 60 of the class, and the guests, whose id is ""."""
    dice = random.Random(f"people {seed}")
    numbers = dice.sample(range(1, 400) if small_numbers else range(200_000, 900_000), 70)
    made = []
    for index, (last, first) in enumerate([*NAMES, *GUESTS]):
        number = index + 1
        user = BORROWED_IDS.get(number, f"s{1000 + 7 * number}")
        email = f"{fold(first or 'x').split()[0].strip('.,')}.{number}@example.org".replace("'", "")
        email = email if email.isascii() else f"user.{number}@example.org"
        own = {"rows": str(number), "sis": user, "emails": email}[style]
        made.append(Person(number, last, first, own if index < len(NAMES) else "", user, email, str(numbers[index])))
    assert len(made) == 60 + len(GUESTS)
    return made


def students_csv(members: list[Person], other_ids) -> str:
    """Return the class's own list."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "last_name", "first_name", "email", "group", "other_ids"])
    writer.writerows([each.id, each.last, each.first, each.email, "", other_ids(each)] for each in members if each.id)
    return text.getvalue()


_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "đ": "d"}


def fold(text: str) -> str:
    """Return a text in small letters of ASCII, as far as it has Latin letters."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not 0x300 <= ord(letter) < 0x370)
    return unicodedata.normalize("NFC", "".join(_LETTERS.get(letter, letter) for letter in bare.casefold()))


def spell_umlauts(text: str) -> str:
    """Return a text with umlauts as two letters, as on a German keyboard without them."""
    for letter, two in {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"}.items():
        text = unicodedata.normalize("NFC", text).replace(letter, two)
    return text.replace("ø", "oe")


def _words(text: str) -> list[str]:
    return "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text).split()


def normal(text: str, is_glued: bool = False) -> str:
    """Return what is left of a name when order, case, accents' composition and punctuation are not regarded."""
    parts = _words(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()))
    return "".join(parts) if is_glued else " ".join(sorted(part for part in parts if not part.isdigit()))


def spellings_of(person: Person, is_glued: bool = False) -> set[str]:
    """Return all that a platform could make of a person's name, in `normal` form."""
    return {normal(how(person.reversed), is_glued) for how in (str, fold, lambda text: fold(spell_umlauts(text)))}


def whose(text: str, members: list[Person], platform: str) -> frozenset[str]:
    """Return the ids of all in the class whom a text could name."""
    if platform == "blackboard":
        return frozenset(each.id for each in members if each.id and text == each.user)
    glued = platform == "canvas"
    found = {each.id for each in members if each.id and normal(text, glued) in spellings_of(each, glued)}
    if platform.startswith("plain"):
        found |= {
            each.id
            for each in members
            if (
                each.id
                and text.casefold().lstrip("0123456789 ")
                and {text.casefold(), text.casefold().lstrip("0123456789 ")}
                & {each.id.casefold(), each.email.casefold()}
            )
            or (each.id and text == each.id)
        }
    return frozenset(found)


def notebook(lesson: str, token: str, answered: bool = True, solved: bool = False, note: str = "") -> bytes:
    """Return a notebook of a lesson with its author's token."""
    answer = "### BEGIN SOLUTION\n1\n### END SOLUTION" if solved else "return_value = 2" if answered else "..."
    grading = {"schema_version": 3, "grade": False, "grade_id": f"answer-{lesson}", "locked": False, "solution": True}
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {lesson} {token} {note}"},
        {
            **{"cell_type": "code", "id": f"answer-{lesson}", "metadata": {"nbgrader": grading}, "source": answer},
            **{"outputs": [], "execution_count": None},
        },
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def make_class(folder: Path, students: str) -> Path:
    """Write a class without a gradebook: students, and two lessons as they are and as they were handed out."""
    folder.mkdir(parents=True)
    (folder / "students.csv").write_text(students, encoding="utf-8")
    for lesson in (LESSON, OTHER_LESSON):
        for step, solved in (("source", True), ("release", False)):
            path = folder / step / lesson / f"{lesson}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(notebook(lesson, "", answered=False, solved=solved))
    return folder


def _zip(members: dict[str, bytes], time: datetime = START, is_link: bool = False, is_locked: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, time.timetuple()[:6])
            if is_link:
                info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, content)
    content = file.getvalue()
    if is_locked:  # the bit that says so, in both headers
        content = content.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00")
        content = content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
        assert b"PK\x01\x02\x14\x03\x14\x00\x01\x00" in content
    return content


def kind_of(kind: str, person: Person) -> tuple[list[tuple[str, bytes]], dict[str, bytes], list[str]]:
    """Return what somebody hands in, oldest first: [(name, content)], lesson -> what has to be filed, paths of all files."""
    token = person.token
    mine = notebook(LESSON, token)
    other = {
        "pdf": ("homework.pdf", b"%PDF-1.7 " + token.encode()),
        "py": ("99-small.py", f"print('{token}')".encode()),
        "html": ("99-small.html", f"<!DOCTYPE html><p>{token}".encode()),
        "docx": ("answers.docx", _zip({"[Content_Types].xml": b"", "word/document.xml": token.encode()})),
        "empty": (NAME, b""),
        "rar": ("work.rar", b"Rar!\x1a\x07\x00" + token.encode()),
        "shortcut": ("99-small.gdoc", b'{"url": "https://example.org", "doc": "' + token.encode() + b'"}'),
        "link": ("work.zip", _zip({NAME: b"/etc/passwd"}, is_link=True)),
        "locked": ("work.zip", _zip({NAME: mine}, is_locked=True)),
        "workbook": ("99-small.xlsx", _zip({"xl/workbook.xml": token.encode()})),
        "broken zip": ("work.zip", _zip({NAME: mine})[:-60]),
    }
    if kind in other:
        name, content = other[kind]
        return [(name, content)], {}, [f"work.zip/{NAME}" if kind == "link" else name]
    if kind == "ipynb.txt":
        return [(f"{NAME}.txt", mine)], {LESSON: mine}, [f"{NAME}.txt"]
    if kind == "IPYNB":
        return [("99-SMALL.IPYNB", mine)], {LESSON: mine}, ["99-SMALL.IPYNB"]
    if kind == "cut off":
        return [(NAME, mine[:-90])], {LESSON: mine[:-90]}, [NAME]
    if kind == "other lesson":
        content = notebook(OTHER_LESSON, token)
        return [(f"{OTHER_LESSON}.ipynb", content)], {OTHER_LESSON: content}, [f"{OTHER_LESSON}.ipynb"]
    if kind == "two versions":
        first, second = (notebook(LESSON, token, note=note) for note in ("first", "second"))
        return [(NAME, first), ("99-small (1).ipynb", second)], {LESSON: second}, [NAME, "99-small (1).ipynb"]
    if kind == "notebook and PDF":
        return [("more.pdf", b"%PDF " + token.encode()), (NAME, mine)], {LESSON: mine}, ["more.pdf", NAME]
    members = {
        "zip": {NAME: mine},
        "checkpoints": {f"my/{NAME}": mine, "my/.ipynb_checkpoints/99-small-checkpoint.ipynb": notebook(LESSON, token, note="x")},
        "mac": {NAME: mine, f"__MACOSX/._{NAME}": b"\x00\x05\x16\x07", ".DS_Store": b"\x00"},
        "zip in a zip": {"inner.zip": _zip({f"deep/{NAME}": mine})},
        "clone": {
            f"course-main/lessons/{NAME}": mine,
            f"course-main/lessons/{OTHER_LESSON}.ipynb": notebook(OTHER_LESSON, "", answered=False),
            f"course-main/solutions/{NAME}": notebook(LESSON, "SHIPPED", solved=True),
            f"course-main/solutions/{OTHER_LESSON}.ipynb": notebook(OTHER_LESSON, "SHIPPED", solved=True),
            "course-main/README.md": b"# The course",
        },
    }  # fmt: skip
    if kind in members:
        inside = [f"inner.zip/deep/{NAME}"] if kind == "zip in a zip" else list(members[kind])
        return [("work.zip", _zip(members[kind]))], {LESSON: mine}, [f"work.zip/{name}" for name in inside]
    return [(NAME, mine)], {LESSON: mine}, [NAME]


#: Kinds of which nothing can be graded.
UNREADABLE = {
    *("pdf", "py", "html", "docx", "empty", "rar", "shortcut", "link", "locked", "workbook", "broken zip"),
}
KINDS = [
    *sorted(UNREADABLE),
    *("ipynb.txt", "IPYNB", "cut off", "other lesson", "two versions", "notebook and PDF", "zip", "checkpoints", "mac"),
    *("zip in a zip", "clone"),
]


def _text_of(person: Person, platform: str, dice: random.Random) -> str:
    """Return how a platform writes who somebody is."""
    if platform == "canvas":
        sortable = ", ".join(part for part in (person.last, person.first) if part)
        return "".join(letter for letter in sortable.lower() if unicodedata.category(letter)[0] in "LMN")
    if platform == "blackboard":
        return person.user
    if platform == "moodle last first":
        return person.reversed
    plain = {
        "plain id": person.id or person.user, "plain email": person.email, "plain numbered": f"{person.number:02d} {person.full}",
        "plain last, first": ", ".join(part for part in (person.last, person.first) if part),
    }  # fmt: skip
    return plain.get(platform, person.full)


#: Platform -> how the name of one file is made: (who, number, time, attachment, late, attempt, name) -> path.
def _path(
    platform: str, text: str, person: Person, time: datetime, dice: random.Random, hand_in: HandIn, name: str
) -> str:
    number = person.platform_id
    stem = text
    if platform in {"moodle", "moodle last first"}:
        return f"{stem}_{number}_assignsubmission_file_/{name}"
    if platform == "moodle without underscore":
        return f"{stem}_{number}_assignsubmission_file/{name}"
    if platform == "moodle flat":
        return f"{stem}_{number}_assignsubmission_file_{name}"
    if platform == "canvas":
        return f"{stem}{'_LATE' if hand_in.late else ''}_{number}_{dice.randrange(10**6, 10**7)}_{name}"
    if platform == "blackboard":
        return f"Small Lesson_{stem}_attempt_{time:%Y-%m-%d-%H-%M-%S}_{name}"
    if platform.startswith("brightspace"):
        clock = f"{time:%b} {time.day}, {time.year} {time.hour % 12 or 12}{time:%M %p}"
        gap = "- " if platform == "brightspace narrow" else " - "
        return f"{number}-{dice.randrange(1000, 9999)} - {stem}{gap}{clock}/{name}"
    if platform == "google":
        return f"{stem} - {name}"
    return f"{stem}/{name}"


PLATFORMS = [
    *("moodle", "moodle without underscore", "moodle flat", "moodle last first", "canvas", "blackboard", "brightspace"),
    *("brightspace narrow", "google", "plain id", "plain email", "plain name", "plain numbered", "plain last, first"),
]
PACKED = ("zip", "folder", "outer", "outer that is an id", "zip in zip", "zip in folder", "zips")
#: Outer folders: of a course, and of a tutor whose name is a student's id.
OUTER = {"outer": "Small Lesson 2026/", "outer that is an id": "silva/downloads/"}
#: What happens to the names of the export on their way: nothing, a Mac decomposes them, a platform folds or spells them.
CHANGES = {
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "folded": fold,
    "spelled": lambda text: fold(spell_umlauts(text)),
}


def export(place: Path, platform: str, style: str, seed: int, packed: str = "zip", change: str = "composed",
           small_numbers: bool = False) -> Export:  # fmt: skip
    """Write what a platform lets a teacher download, and return the record of whose everything is."""
    dice = random.Random(f"{platform} {style} {seed}")
    everybody = people(style, seed, small_numbers)
    knows_numbers = platform == "canvas" and style == "sis" and seed % 2 == 1
    order = dice.sample(everybody, len(everybody) - 5)
    kinds = iter(dice.sample(KINDS, len(KINDS)))
    handed_in, files = [], {}
    for index, person in enumerate(order):
        text = _text_of(person, platform, dice)
        text = CHANGES[change](text) if platform not in {"blackboard", "plain id", "plain email"} else text
        hand_in = HandIn(person, next(kinds, "plain"), text, whose(text, everybody, platform), late=dice.random() < 0.2)
        if knows_numbers and person.id and person.id in hand_in.whose:
            hand_in.whose = frozenset([person.id])
        # Two people of one name: a folder, or a file in Google's Drive, can't have the name of another one.
        is_taken = any(each.text == text for each in handed_in) and platform in {"google", "plain name", "plain numbered",
                                                                                 "plain last, first"}  # fmt: skip
        shown = f"{text} (2)" if is_taken and platform != "google" else text
        pieces, hand_in.wanted, leaves = kind_of(hand_in.kind, person)
        is_folder = "/" in _path(platform, shown, person, START, random.Random(0), hand_in, "x")
        if is_folder and hand_in.kind in {"clone", "checkpoints", "mac"} and dice.random() < 0.5:
            with zipfile.ZipFile(io.BytesIO(pieces[0][1])) as archive:  # handed in without a zip; the copies are newer
                pieces = [(name, archive.read(name)) for name in archive.namelist()]
            leaves = [name for name, _ in pieces]
        for step, (name, content) in enumerate(pieces):
            time = START + timedelta(minutes=10 * index + step)
            if platform == "canvas" and name.endswith("(1).ipynb"):
                name = f"{name.removesuffix(' (1).ipynb').removesuffix('.ipynb')}-{step}.ipynb"
            path = _path(platform, shown, person, time, dice, hand_in, name)
            if is_taken and platform == "google":
                path = f"{path.rpartition('.')[0]} (1).{path.rpartition('.')[2]}"
            files[path] = content, time
            hand_in.leaves += [path + leaf[len(pieces[step][0]):] for leaf in leaves if leaf.startswith(pieces[step][0])
                               and (len(pieces) == 1 or leaf == pieces[step][0])]  # fmt: skip
        if platform == "blackboard":
            time = START + timedelta(minutes=10 * index)
            path = f"Small Lesson_{text}_attempt_{time:%Y-%m-%d-%H-%M-%S}.txt"
            files[path] = f"Name: {person.full} {person.token}".encode(), time
            hand_in.leaves.append(path)
        handed_in.append(hand_in)
    if platform.startswith("brightspace"):
        files["index.html"] = b"<html>", START

    def other_ids(each: Person) -> str:
        if platform == "blackboard":
            return each.user
        return each.platform_id if knows_numbers else ""

    path, files = _write(place, files, packed)
    return Export(path, handed_in, files, students_csv(everybody, other_ids))


def _write(place: Path, files: dict, packed: str) -> tuple[Path, dict]:
    place.mkdir(parents=True)
    target = place / "export.zip"
    if packed == "zips" and any("/" in path for path in files):
        packed, files = "zip", dict(_zip_each(files))
    if packed == "folder":
        target = place / "export"
        for path, (content, time) in files.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes(content)
            os.utime(target / path, (time.timestamp(), time.timestamp()))
        return target, files
    inner = {(OUTER.get(packed, "") + path): entry for path, entry in files.items()}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, (text, time) in inner.items():
            archive.writestr(zipfile.ZipInfo(path, time.timetuple()[:6]), text)
    if packed == "zip in zip":
        target.write_bytes(_zip({"download.zip": content.getvalue()}))
    elif packed == "zip in folder":
        target = place / "downloads"
        target.mkdir()
        (target / "export.zip").write_bytes(content.getvalue())
    else:
        target.write_bytes(content.getvalue())
    return target, files


def _zip_each(files: dict) -> Iterator[tuple[str, tuple[bytes, datetime]]]:
    """Put each person's folder into a zip of its name."""
    tops: dict[str, dict] = {}
    for path, entry in files.items():
        top, _, rest = path.partition("/")
        tops.setdefault(top, {})[rest] = entry
    for top, entries in tops.items():
        if "" in entries:
            yield top, entries[""]
            continue
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for path, (content, time) in entries.items():
                archive.writestr(zipfile.ZipInfo(path, time.timetuple()[:6]), content)
        yield f"{top}.zip", (file.getvalue(), next(iter(entries.values()))[1])
