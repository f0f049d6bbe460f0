"""Bring what learners handed in, as learning platforms export it, to where nbgrader looks for it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from fer_course._shared.files import atomic, write_text
from fer_course.classroom.paths import STUDENTS, lessons_of
from fer_course.classroom.students import read_students
from fer_course.errors import ClassError

#: A notebook without its outputs has some 50 kB; nobody hands in more than this.
LARGEST = 50_000_000
#: What a zip may unfold to, and how many files it may hold.
LARGEST_ZIP, MOST_MEMBERS = 500_000_000, 10_000


@dataclass
class Collected:
    """What was brought in.

    Attributes:
        notebooks: (student, lesson) -> the file now in `submitted/`.
        refused: a sentence for each thing that was not brought in.

    """

    notebooks: dict[tuple[str, str], Path] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """A notebook that was handed in: whose folder or zip it lay in, its name, content and time."""

    owner: str
    name: str
    content: bytes
    time: datetime


def collect(folder: str | Path, handed_in: str | Path) -> Collected:
    """Bring notebooks from a folder or zip into `submitted/STUDENT/LESSON/`.

    In it there is, for each learner, a folder, a zip or a single notebook whose name holds the learner's id, email or first and
    last name; in that, notebooks whose names begin with a lesson's number. Who handed in what is decided by that outer name
    alone, by nothing that the notebook says. Of several for one lesson the newest counts; what was submitted before is replaced
    only by something newer.

    Raises:
        ClassError: if `handed_in` is neither a folder nor a zip, or there are no students yet.

    """
    folder, handed_in = Path(folder), Path(handed_in)
    students = read_students(folder / STUDENTS)
    lessons = lessons_of(folder)
    collected = Collected()
    newest: dict[tuple[str, str], _Found] = {}
    for found in sorted(_notebooks(handed_in, collected.refused), key=lambda each: (each.time, each.name)):
        student, lesson = _owner(found.owner, students), _lesson(found.name, lessons)
        if student is None:
            collected.refused.append(f"{found.owner}: holds the id, email or name of no student, or of more than one.")
        elif lesson is None:
            collected.refused.append(f"{found.owner}: {found.name} begins with no lesson's number.")
        else:
            newest[student, lesson] = found
    for (student, lesson), found in newest.items():
        path = _submit(folder, student, lesson, found)
        if path:
            collected.notebooks[student, lesson] = path
        else:
            collected.refused.append(f"{found.owner}: {found.name} is not newer than what {student} has submitted.")
    collected.refused = list(dict.fromkeys(collected.refused))
    return collected


def _submit(folder: Path, student: str, lesson: str, found: _Found) -> Path | None:
    place = folder / "submitted" / student / lesson
    stamp = place / "timestamp.txt"
    time = found.time.strftime("%Y-%m-%d %H:%M:%S UTC")
    if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() >= time:
        return None
    path = place / f"{lesson}.ipynb"
    with atomic(path) as temporary:
        temporary.write_bytes(found.content)
    write_text(stamp, time + "\n")
    return path


def _notebooks(place: Path, refused: list[str]) -> Iterator[_Found]:
    """Yield the notebooks of everybody."""
    if zipfile.is_zipfile(place):
        yield from _of_zip(place, "", refused)
    elif place.is_dir():
        for entry in sorted(place.iterdir()):
            yield from _of_entry(entry, refused)
    else:
        raise ClassError(f"{place} is neither a folder nor a zip. Give what your learning platform exports.")


def _of_entry(entry: Path, refused: list[str]) -> Iterator[_Found]:
    if entry.is_symlink():
        refused.append(f"{entry.name}: is a link.")
    elif entry.is_dir():
        for path in sorted(entry.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield from _of_either(path, entry.name, refused)
    elif entry.is_file():
        yield from _of_either(entry, entry.stem, refused)


def _of_either(path: Path, owner: str, refused: list[str]) -> Iterator[_Found]:
    if path.suffix == ".ipynb":
        yield from _of_file(path, owner, refused)
    elif zipfile.is_zipfile(path):
        yield from _of_zip(path, owner, refused)


def _of_file(path: Path, owner: str, refused: list[str]) -> Iterator[_Found]:
    status = path.stat()
    if status.st_size > LARGEST:
        refused.append(f"{owner}: {path.name} has {status.st_size / 1e6:.0f} MB; {LARGEST / 1e6:.0f} are the most.")
    else:
        yield _Found(owner, path.name, path.read_bytes(), datetime.fromtimestamp(status.st_mtime, UTC))


def _of_zip(path: Path, owner: str, refused: list[str]) -> Iterator[_Found]:
    """Yield a zip's notebooks; without an owner, that is the first folder in each member's path. Nothing is unfolded to disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS or sum(each.file_size for each in members) > LARGEST_ZIP:
                refused.append(
                    f"{path.name}: unfolds to more than {MOST_MEMBERS:,} files or {LARGEST_ZIP / 1e6:.0f} MB."
                )
                return
            for member in members:
                yield from _of_member(archive, member, owner, refused)
    # ValueError: a date that there is not.
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        refused.append(f"{owner or path.name}: {path.name} is damaged or locked ({error}).")


def _of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, owner: str, refused: list[str]) -> Iterator[_Found]:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if ".." in parts or member.filename.startswith(("/", "\\")) or re.match(r"\w:", member.filename):
        refused.append(f"{owner or archive.filename}: the zip wants to write to {member.filename}.")
    elif member.filename.endswith(".ipynb") and not member.is_dir() and "__MACOSX" not in parts:
        whose = owner or (parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem)
        if member.file_size > LARGEST:
            refused.append(
                f"{whose}: {parts[-1]} has {member.file_size / 1e6:.0f} MB; {LARGEST / 1e6:.0f} are the most."
            )
            return
        with archive.open(member) as file:
            content = file.read(LARGEST + 1)  # what a zip says of its sizes may be a lie
        if len(content) > LARGEST:
            refused.append(f"{whose}: {parts[-1]} unfolds to more than {LARGEST / 1e6:.0f} MB.")
        else:
            yield _Found(whose, parts[-1], content, datetime(*member.date_time, tzinfo=UTC))


def _owner(name: str, students: list[dict[str, str]]) -> str | None:
    """Return the id of the one student whose id, email or both names stand in a name as whole words."""
    words = name.casefold()
    fitting = {
        student["id"]
        for student in students
        if _stands(student["id"], words)
        or (student["email"] and _stands(student["email"], words))
        or (
            student["last_name"]
            and student["first_name"]
            and _stands(student["last_name"], words)
            and _stands(student["first_name"], words)
        )
    }
    return fitting.pop() if len(fitting) == 1 else None


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(word.casefold())}(?![^\W_])", text) is not None


def _lesson(name: str, lessons: list[str]) -> str | None:
    """Return the lesson whose number a file's name begins with; `07-train-it (1).ipynb` and `ada_07-train-it.ipynb` too."""
    fitting = [lesson for lesson in lessons if lesson in name] or [
        lesson for lesson in lessons if re.match(rf"{lesson.split('-')[0]}(?!\d)", name)
    ]
    return fitting[0] if len(fitting) == 1 else None
