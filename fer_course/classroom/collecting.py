"""Copy what learners handed in, as learning platforms export it, to the folder where nbgrader looks for it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from fer_course._shared.archive_names import leads_outside
from fer_course._shared.files import atomic, write_text
from fer_course.classroom.paths import STUDENTS, lessons_of
from fer_course.classroom.students import read_students
from fer_course.errors import ClassError

#: The largest notebook, in bytes; without outputs a notebook has about 50 kB.
LARGEST = 50_000_000
#: The most bytes that a zip may unpack to, and the most files in it.
LARGEST_ZIP, MOST_MEMBERS = 500_000_000, 10_000


@dataclass
class Collected:
    """What `collect` copied.

    Attributes:
        notebooks: (student, lesson) -> the file now in `submitted/`.
        refused: one sentence for each thing that was not copied.

    """

    notebooks: dict[tuple[str, str], Path] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Notebook:
    """A notebook that was handed in: the name of its folder or zip, its own name, its content and time."""

    owner: str
    name: str
    content: bytes
    time: datetime


def collect(folder: str | Path, handed_in: str | Path) -> Collected:
    """Copy notebooks from a folder or zip to `submitted/STUDENT/LESSON/`.

    The folder or zip holds one folder, zip or single notebook per learner, whose name contains the learner's id, email or first
    and last name. In it are notebooks whose names begin with a lesson's number. Only the outer name decides who handed in a
    notebook, never its content. Of several notebooks for one lesson the newest counts, and only a newer one replaces an earlier
    submission.

    Raises:
        ClassError: if `handed_in` is neither a folder nor a zip, or there are no students yet.

    """
    folder, handed_in = Path(folder), Path(handed_in)
    students = read_students(folder / STUDENTS)
    lessons = lessons_of(folder)
    collected = Collected()
    newest: dict[tuple[str, str], _Notebook] = {}
    for found in sorted(_notebooks(handed_in, collected.refused), key=lambda each: (each.time, each.name)):
        student, lesson = _owner(found.owner, students), _lesson(found.name, lessons)
        if student is None:
            collected.refused.append(
                f"{found.owner}: contains the id, email or name of no student, or of more than one."
            )
        elif lesson is None:
            collected.refused.append(f"{found.owner}: {found.name} does not begin with a lesson's number.")
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


def _submit(folder: Path, student: str, lesson: str, found: _Notebook) -> Path | None:
    target = folder / "submitted" / student / lesson
    stamp = target / "timestamp.txt"
    time = found.time.strftime("%Y-%m-%d %H:%M:%S UTC")
    if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() >= time:
        return None
    path = target / f"{lesson}.ipynb"
    with atomic(path) as temporary:
        temporary.write_bytes(found.content)
    write_text(stamp, time + "\n")
    return path


def _notebooks(handed_in: Path, refused: list[str]) -> Iterator[_Notebook]:
    """Yield all notebooks that were handed in."""
    if zipfile.is_zipfile(handed_in):
        yield from _read_zip(handed_in, "", refused)
    elif handed_in.is_dir():
        for entry in sorted(handed_in.iterdir()):
            yield from _read_entry(entry, refused)
    else:
        raise ClassError(f"{handed_in} is neither a folder nor a zip. Give what your learning platform exports.")


def _read_entry(entry: Path, refused: list[str]) -> Iterator[_Notebook]:
    if entry.is_symlink():
        refused.append(f"{entry.name}: is a link.")
    elif entry.is_dir():
        for path in sorted(entry.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield from _read_path(path, entry.name, refused)
    elif entry.is_file():
        yield from _read_path(entry, entry.stem, refused)


def _read_path(path: Path, owner: str, refused: list[str]) -> Iterator[_Notebook]:
    if path.suffix == ".ipynb":
        yield from _read_file(path, owner, refused)
    elif zipfile.is_zipfile(path):
        yield from _read_zip(path, owner, refused)


def _read_file(path: Path, owner: str, refused: list[str]) -> Iterator[_Notebook]:
    status = path.stat()
    if status.st_size > LARGEST:
        refused.append(_too_large(owner, path.name, status.st_size))
    else:
        yield _Notebook(owner, path.name, path.read_bytes(), datetime.fromtimestamp(status.st_mtime, UTC))


def _too_large(owner: str, name: str, size: int) -> str:
    return f"{owner}: {name} has {size / 1e6:.0f} MB; {LARGEST / 1e6:.0f} are the most."


def _read_zip(path: Path, owner: str, refused: list[str]) -> Iterator[_Notebook]:
    """Yield a zip's notebooks. Without an owner, the first folder in a member's path names it. Nothing is unpacked to disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS or sum(each.file_size for each in members) > LARGEST_ZIP:
                refused.append(
                    f"{path.name}: unpacks to more than {MOST_MEMBERS:,} files or {LARGEST_ZIP / 1e6:.0f} MB."
                )
                return
            for member in members:
                yield from _read_member(archive, member, owner, refused)
    # ValueError: a date that does not exist.
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        refused.append(f"{owner or path.name}: {path.name} is damaged or locked ({error}).")


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, owner: str, refused: list[str]
) -> Iterator[_Notebook]:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if leads_outside(member.filename):
        refused.append(f"{owner or archive.filename}: the zip would write to {member.filename}.")
    elif member.filename.endswith(".ipynb") and not member.is_dir() and "__MACOSX" not in parts:
        whose = owner or (parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem)
        if member.file_size > LARGEST:
            refused.append(_too_large(whose, parts[-1], member.file_size))
            return
        with archive.open(member) as file:
            content = file.read(LARGEST + 1)  # the size that a zip declares may be wrong
        if len(content) > LARGEST:
            refused.append(f"{whose}: {parts[-1]} unpacks to more than {LARGEST / 1e6:.0f} MB.")
        else:
            yield _Notebook(whose, parts[-1], content, datetime(*member.date_time, tzinfo=UTC))


def _owner(name: str, students: list[dict[str, str]]) -> str | None:
    """Return the id of the one student whose id, email or both names occur in a name as whole words."""
    fitting = {student["id"] for student in students if _names_student(name.casefold(), student)}
    return fitting.pop() if len(fitting) == 1 else None


def _names_student(text: str, student: dict[str, str]) -> bool:
    both_names = _has_word(text, student["last_name"]) and _has_word(text, student["first_name"])
    return _has_word(text, student["id"]) or _has_word(text, student["email"]) or both_names


def _has_word(text: str, word: str) -> bool:
    """Return True if a word occurs in a text, not as part of another word; an empty word never does."""
    return word != "" and re.search(rf"(?<![^\W_]){re.escape(word.casefold())}(?![^\W_])", text) is not None


def _lesson(name: str, lessons: list[str]) -> str | None:
    """Return the lesson that a file's name contains or whose number it begins with: `07.ipynb`, `ada_10-train-it (1).ipynb`."""
    fitting = [lesson for lesson in lessons if lesson in name] or [
        lesson for lesson in lessons if re.match(rf"{lesson.split('-')[0]}(?!\d)", name)
    ]
    return fitting[0] if len(fitting) == 1 else None
