"""Propose what each file of an export is: whose, for which lesson, and whether it counts; decide nothing that is not certain."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from pathlib import Path, PurePosixPath

from fer_course.classroom.collecting import ledger as states
from fer_course.classroom.collecting.ledger import HandedIn
from fer_course.classroom.collecting.notebooks import Lessons, is_notebook, what_it_is
from fer_course.classroom.collecting.owners import Owner, Owners, is_short_number
from fer_course.classroom.collecting.platforms import Claim, google, read_name
from fer_course.classroom.collecting.uploads import Upload, is_junk, uploads, without_outer_folder
from fer_course.classroom.harmless import as_written
from fer_course.classroom.names import composed, plain, words
from fer_course.classroom.paths import STUDENTS, lessons_of, stamp_of
from fer_course.classroom.students import read_students
from fer_course.errors import ClassError

#: How a time is written, in UTC.
TIME = "%Y-%m-%d %H:%M:%S UTC"
#: The student for whom a teacher leaves a file out.
NONE = "-"


@dataclass
class Proposal:
    """What each file of an export could be.

    Attributes:
        export: a name for the export, which its content determines.
        rows: one for each file.
        uploads: the file's path -> the file.
        spool: the folder of what was unpacked; it is removed with the proposal.

    """

    export: str
    rows: list[HandedIn]
    uploads: dict[str, Upload]
    spool: tempfile.TemporaryDirectory


@dataclass
class _File:
    """One file, with what is known of it so far."""

    upload: Upload
    claim: Claim
    owner: Owner
    decided: bool = False
    lesson: str = ""
    state: str = ""
    why: str = ""

    @property
    def name(self) -> str:
        """The name that the learner gave it."""
        return self.claim.name if len(self.upload.parts) == 1 and self.claim.name else self.upload.name

    @property
    def student(self) -> str:
        return self.owner.students[0] if self.owner.sure and self.owner.students else ""

    @property
    def is_notebook(self) -> bool:
        return not self.upload.refused and is_notebook(self.name, self.upload.content)

    @property
    def digest(self) -> str:
        return self.upload.sha256

    def is_in_solutions(self) -> bool:
        return "solutions" in self.upload.parts[1:-1]


def propose(
    folder: str | Path,
    handed_in: str | Path,
    platform: str | None = None,
    lesson: str | None = None,
    timezone: tzinfo | None = None,
    assigned: Mapping[str, str] | None = None,
) -> Proposal:
    """Return what each file of an export could be. Nothing is written.

    Args:
        folder: the class.
        handed_in: a folder or zip, as a learning platform exports it; or a folder or zip with one folder, zip or notebook per
            learner.
        platform: the form of the names, a key of `PLATFORMS`; None: recognised for each name.
        lesson: the lesson, by number or name, of an export of one assignment; None: by the files' names, else by their cells.
        timezone: of the times in zips and names; None: this machine's.
        assigned: a file's path, or the folder it lies in, -> `ID` or `ID:LESSON`, or `-` to leave it out.

    Raises:
        ClassError: if `handed_in` is neither a folder nor a zip, there are no students yet, there is no such lesson, or
            `assigned` names a file or student that there is not.

    """
    students = read_students(Path(folder) / STUDENTS)
    lessons = Lessons(folder)
    the_lesson = lessons_of(folder, [lesson])[0] if lesson else ""
    owners = Owners(students)
    spool = tempfile.TemporaryDirectory(prefix="fer-")
    found = _without_outer_folders(uploads(handed_in, Path(spool.name), timezone), owners, lessons, platform)
    files = _with_owners(found, owners, lessons, platform)
    _assign(files, assigned or {}, students, folder)
    for file in files:
        _classify(file, lessons, the_lesson)
    _choose(files, lessons, Path(folder), timezone, the_lesson)
    export = _name_of(handed_in, files)
    return Proposal(
        export,
        [_row(file, export, timezone) for file in files],
        {file.upload.path: file.upload for file in files},
        spool,
    )


def _name_of(handed_in: str | Path, files: list[_File]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.upload.path}\0{file.digest}\0".encode())
    stem = re.sub(r"[^\w.-]+", "-", PurePosixPath(Path(handed_in).resolve().name).stem)[:40]
    return f"{stem}-{digest.hexdigest()[:8]}"


def _without_outer_folders(found: list[Upload], owners: Owners, lessons: Lessons, platform: str | None) -> list[Upload]:
    """Return the files without outer folders that hold them all, unless these may be one learner's."""
    inner = found
    while (shorter := without_outer_folder(inner)) is not None:
        top = next(upload.parts[0] for upload in inner if not is_junk(upload.parts))
        claim = _claim(top, True, owners, lessons, platform)
        names_somebody = (claim.platform != "folder" and (claim.owner or claim.ids)) or owners.of(claim).students
        if names_somebody and not _hold_several_people(shorter, owners, lessons, platform):
            break
        inner = shorter
    tops = _tops(inner)
    claims = [_claim(top, is_folder, owners, lessons, platform) for top, is_folder in tops.items()]
    are_people = len(_named(inner, owners, lessons, platform)) > 1 or any(
        claim.platform != "folder" for claim in claims
    )
    return inner if are_people else found


def _hold_several_people(found: list[Upload], owners: Owners, lessons: Lessons, platform: str | None) -> bool:
    """Return whether the names in a folder, or in the one outer folder in it, are those of several people."""
    shorter = without_outer_folder(found)
    return len(_named(found, owners, lessons, platform)) > 1 or (
        shorter is not None and _hold_several_people(shorter, owners, lessons, platform)
    )


def _tops(found: list[Upload]) -> dict[str, bool]:
    """Return the names at the top, without junk, each with whether it is a folder."""
    return {upload.parts[0]: len(upload.parts) > 1 for upload in found if not is_junk(upload.parts)}


def _named(found: list[Upload], owners: Owners, lessons: Lessons, platform: str | None) -> set[str]:
    """Return the students whom the names at the top surely mean."""
    tops = _tops(found)
    numbered = _are_ids(tops, owners.ids)
    claims = [_claim(top, is_folder, owners, lessons, platform) for top, is_folder in tops.items()]
    return {owner.students[0] for claim in claims if (owner := owners.of(claim, numbered=numbered)).sure}


def _with_owners(found: list[Upload], owners: Owners, lessons: Lessons, platform: str | None) -> list[_File]:
    tops = _tops(found)
    numbered = _are_ids(tops, owners.ids)
    claims = {top: _claim(top, is_folder, owners, lessons, platform) for top, is_folder in tops.items()}
    claims = _with_user_names(_without_numbers_by_chance(claims, owners))
    owned = {top: owners.of(claims[top], is_folder, numbered) for top, is_folder in tops.items()}
    _refuse_two_people_as_one(claims, owned)
    _refuse_other_numbers(claims, owned, owners)
    nobody = Owner((), False, "")
    return [_File(each, claims.get(each.parts[0], Claim("folder")), owned.get(each.parts[0], nobody)) for each in found]


def _are_ids(tops: Mapping[str, bool], ids: Iterable[str]) -> bool:
    """Return whether most folders and zips are named by nothing but a short number that is an id."""
    names = {_without_zip(top) for top, is_folder in tops.items() if is_folder}
    return sum(name.isdigit() for name in names & set(ids)) >= max(2, len(tops) / 2)


def _without_zip(top: str) -> str:
    return re.sub(r"\.zip$", "", top, flags=re.IGNORECASE)


def _claim(top: str, is_folder: bool, owners: Owners, lessons: Lessons, platform: str | None) -> Claim:
    """Return what the name of a file or folder at the top of an export says."""
    name = _without_zip(top) if is_folder else top
    for text in dict.fromkeys((top, name)):
        if claim := read_name(text, platform):
            return claim
    if platform:
        return Claim(platform)
    if (claim := google(top)) and owners.of(claim).sure:
        return claim
    if not is_folder:
        name = re.sub(r"(\.\w{1,5})+$", "", name)
    for lesson in lessons.names:
        title = lesson.split("-", 1)[-1]
        name = re.sub(rf"{re.escape(lesson)}|{re.escape(title).replace('-', '[-_ ]')}", " ", name)
    name = re.sub(r"\s*[(\[]\d{1,2}[)\]]\s*$", "", name.strip(" _-"))
    return Claim("folder", name, name="" if is_folder else top)


def _without_numbers_by_chance(claims: dict[str, Claim], owners: Owners) -> dict[str, Claim]:
    """Leave out a platform's short numbers if they are not those of the class's list, which has row numbers, perhaps."""
    numbered = [claim for claim in claims.values() if claim.number and claim.ids]
    if owners.number_counts(numbered):
        return claims
    return {
        top: replace(claim, ids=()) if claim.number and is_short_number(claim.number) else claim
        for top, claim in claims.items()
    }


def _with_user_names(claims: dict[str, Claim]) -> dict[str, Claim]:
    """Leave out of Blackboard's names what they all begin with, the assignment's name, so that `de_la_cruz` is not `cruz`."""
    candidates = [claim.ids for claim in claims.values() if claim.platform == "blackboard"]
    if len(set(candidates)) < 2:
        return claims
    whole = [each[0].split("_") for each in candidates]
    shared = 0
    while len({words[shared] for words in whole if len(words) > shared + 1}) == 1 and all(
        len(words) > shared + 1 for words in whole
    ):
        shared += 1
    return {
        top: replace(claim, ids=claim.ids[shared : shared + 1]) if claim.platform == "blackboard" else claim
        for top, claim in claims.items()
    }


def _refuse_two_people_as_one(claims: Mapping[str, Claim], owned: dict[str, Owner]) -> None:
    """Make unsure what would file two people's work as one person's: two numbers of a platform, or two orders of a name."""
    tops_of = defaultdict(list)
    for top, owner in owned.items():
        if owner.sure:
            tops_of[claims[top].platform, owner.students[0]].append(top)
    for (_, student), tops in tops_of.items():
        numbers = {claims[top].number for top in tops}
        orders = {_ordered_words(claims[top].owner) for top in tops}
        permuted = any(one != other and sorted(one) == sorted(other) for one in orders for other in orders)
        if len(numbers) > 1 or permuted:
            for top in tops:
                owned[top] = Owner(
                    (student,),
                    False,
                    f"{len(tops)} people of this export would be {student}: {', '.join(sorted(tops)[:3])}",
                )


def _refuse_other_numbers(claims: Mapping[str, Claim], owned: dict[str, Owner], owners: Owners) -> None:
    """Make unsure a person with a student's name, but another number than the platform has for that student.

    Only if the class's list holds the platform's numbers: two or more files have the number that the list gives.
    """
    numbered = {
        top: claims[top] for top, owner in owned.items() if owner.sure and claims[top].number and claims[top].ids
    }
    agree = [top for top, claim in numbered.items() if owners.knows_number(owned[top].students[0], claim.number)]
    if len(agree) > 1:
        for top in numbered.keys() - set(agree):
            (student,) = owned[top].students
            owned[top] = Owner(
                (student,), False, f"it has the name of {student}, but the number {claims[top].number} is unknown"
            )


def _ordered_words(text: str) -> tuple[str, ...]:
    return tuple(word for word in words(plain(composed(text))) if not word.isdigit())


def _assign(
    files: list[_File], assigned: Mapping[str, str], students: list[dict[str, str]], folder: str | Path
) -> None:
    known = {row["id"] for row in students}
    for name, whom in assigned.items():
        student, _, lesson = whom.partition(":")
        fitting = [file for file in files if name in {file.upload.path, file.upload.parts[0]}]
        if not fitting:
            raise ClassError(f"--assign: there is no file {name!r} in the export. The table of --dry-run names them.")
        if student not in known and student != NONE:
            raise ClassError(f"--assign {name}={whom}: there is no student {student!r} in {STUDENTS}.")
        for file in fitting:
            if is_junk(file.upload.parts):
                continue
            file.decided = True
            if student == NONE:
                file.state, file.why = states.OTHER, "was left out by the teacher"
            else:
                file.owner = Owner((student,), True, "the teacher decided")
                file.lesson = lessons_of(folder, [lesson])[0] if lesson else ""


def _classify(file: _File, lessons: Lessons, the_lesson: str) -> None:
    """Find out what a file is, and of which lesson."""
    if file.state:
        return
    upload = file.upload
    if is_junk(upload.parts):
        file.state, file.why = states.OTHER, "is kept by a system or tool, not handed in by a person"
    elif file.claim.own:
        file.state, file.why = states.OTHER, "is the platform's own"
    elif not file.student:
        candidates = ", ".join(file.owner.students)
        file.state = states.UNSURE if candidates else states.NOBODY
        file.why = f"{file.owner.why}{f' (candidates: {candidates})' if candidates else ''}"
        if not file.is_notebook:
            file.why += f"; it {upload.refused or what_it_is(file.name, upload.content)}"
        file.lesson = file.lesson or the_lesson or lessons.of_name(file.name)
    else:
        file.lesson = file.lesson or the_lesson or _named_lesson(file, lessons)
        if file.is_notebook:
            file.lesson = file.lesson or lessons.of_content(upload.content)
            if not file.lesson:
                file.state = states.UNSURE
                file.why = (
                    f"{file.name} does not begin with a lesson's number, and its cells are of no lesson: give --lesson, or "
                    f"--assign '{upload.path}=ID:LESSON'"
                )
        else:
            file.state = states.UNREADABLE
            file.why = upload.refused or what_it_is(file.name, upload.content)


def _named_lesson(file: _File, lessons: Lessons) -> str:
    """Return the lesson that a file's name tells, or else the folders it lies in, the innermost first."""
    return lessons.of_name(file.name, *reversed(file.upload.parts[1:-1]))


def _choose(files: list[_File], lessons: Lessons, folder: Path, timezone: tzinfo | None, the_lesson: str) -> None:
    """Choose the notebook that counts for each student and lesson, and say of every other file what it is."""
    candidates = [file for file in files if not file.state]
    for student in {file.student for file in candidates}:
        _leave_out_a_clones_other_notebooks(
            [file for file in candidates if file.student == student], lessons, the_lesson
        )
    by_place = defaultdict(list)
    for file in candidates:
        if not file.state:
            by_place[file.student, file.lesson].append(file)
    for (student, lesson), group in by_place.items():
        _choose_newest(group, folder / "submitted" / student / lesson / f"{lesson}.ipynb", timezone)
        for file in group:
            if file.state == states.FILED:
                file.why = _doubts(file, lessons)
    have = {(file.student, file.lesson) for file in files if file.state in {states.FILED, states.SAME, states.OLDER}}
    for file in files:
        if file.state == states.UNREADABLE and any(
            student == file.student and (not file.lesson or file.lesson == lesson) for student, lesson in have
        ):
            file.state, file.why = states.OTHER, f"{file.why}; it lies beside a notebook"


def _leave_out_a_clones_other_notebooks(files: list[_File], lessons: Lessons, the_lesson: str) -> None:
    """Leave out what came with a copy of the whole course: solutions, and lessons that were not begun."""
    files = [file for file in files if not file.decided]
    if the_lesson and len(files) > 1:
        for file in files:
            named = _named_lesson(file, lessons) or lessons.of_content(file.upload.content)
            if named and named != the_lesson and any(_named_lesson(each, lessons) == the_lesson for each in files):
                file.state, file.why = states.OTHER, f"is lesson {named.split('-')[0]}"
    left = [file for file in files if not file.state]
    for file in left:
        shipped = file.is_in_solutions()
        others = [
            each for each in left if each is not file and each.lesson == file.lesson and not each.is_in_solutions()
        ]
        if shipped and others:
            file.state, file.why = states.OTHER, "lies in a folder of solutions"
        elif shipped:
            file.state, file.why = states.UNSURE, "lies in a folder of solutions: is it an answer?"
    left = [file for file in left if not file.state]
    begun = [file for file in left if lessons.is_begun(file.lesson, file.upload.content)]
    lessons_left = {file.lesson for file in left}
    for file in left:
        if begun and file not in begun and (len(lessons_left) > 1 or any(each.lesson == file.lesson for each in begun)):
            file.state, file.why = states.OTHER, "is as it was handed out, and another notebook is not"


def _choose_newest(group: list[_File], submitted: Path, timezone: tzinfo | None) -> None:
    decided = [file for file in group if file.decided]
    if decided:
        for file in group:
            if not file.decided:
                file.state, file.why = states.OLDER, "the teacher chose another file"
        group = decided
    now = datetime.now(UTC).replace(microsecond=0)
    group = sorted(group, key=lambda file: _rank(file, timezone, now))
    *older, last = [list(files) for _, files in groupby(group, key=lambda file: _rank(file, timezone, now))]
    for file in (file for files in older for file in files):
        file.state, file.why = states.OLDER, f"{last[0].upload.path} is newer"
    first, *others = last
    if any(file.digest != first.digest for file in others):
        for file in last:
            file.state = states.UNSURE
            file.why = (
                f"{len(last)} different notebooks are equally new: {', '.join(each.upload.path for each in last)}"
            )
        return
    for file in others:
        file.state, file.why = states.SAME, f"is the same as {first.upload.path}"
    _compare_with_submission(first, submitted, _rank(first, timezone, now)[0])


def _compare_with_submission(file: _File, submitted: Path, time: datetime) -> None:
    file.state = states.FILED
    if not submitted.is_file() or file.decided:
        return
    if submitted.read_bytes() == file.upload.content:
        file.state, file.why = states.SAME, "is the submission already"
    elif (stamp := stamp_of(submitted.parent)) and stamp >= time.strftime(TIME) and not file.claim.attempt:
        file.state, file.why = states.OLDER, f"it is not newer than what {file.student} has submitted ({stamp})"


def _rank(file: _File, timezone: tzinfo | None, now: datetime) -> tuple[datetime, int, datetime]:
    """Return what says which of one learner's files is newest; between files of one zip, their own times."""
    return _time(file, timezone) or now, file.claim.attempt, file.upload.own_time or now


def _time(file: _File, timezone: tzinfo | None) -> datetime | None:
    """Return when a file was handed in, in UTC, to the second: as the platform says, else its time of change."""
    time = file.claim.time
    if time is not None:
        time = time.replace(tzinfo=timezone) if timezone else time.astimezone()
    time = time or file.upload.time
    return time.astimezone(UTC).replace(microsecond=0) if time else None


def _doubts(file: _File, lessons: Lessons) -> str:
    """Return what the teacher should know of a notebook that counts: another lesson's cells, nothing begun, the solutions."""
    content = file.upload.content
    sentences = []
    within = lessons.of_content(content)
    if within and within != file.lesson:
        sentences.append(f"{states.OTHER_LESSON} {within.split('-')[0]}.")
    elif not lessons.is_begun(file.lesson, content):
        sentences.append(states.NOT_BEGUN)
    elif within and lessons.is_solution(file.lesson, content):
        sentences.append(states.COPIED)
    return " ".join([f"{file.owner.why}.", *sentences])


def _row(file: _File, export: str, timezone: tzinfo | None) -> HandedIn:
    time = _time(file, timezone)
    return HandedIn(
        export=export,
        file=file.upload.path,
        top=file.upload.parts[0],
        platform=file.claim.platform,
        time=time.strftime(TIME) if time else "",
        late="yes" if file.claim.late else "",
        sha256=file.digest,
        student=file.student,
        lesson=file.lesson,
        state=file.state,
        sure=("decided" if file.decided else "sure") if file.student else "",
        why=file.why,
    )


def decisions(paths_and_pairs: Iterable[str], proposed: Iterable[HandedIn] = ()) -> dict[str, str]:
    """Return what a teacher decided: from `FILE=ID`, `FILE=ID:LESSON`, or a CSV with columns file, student and lesson.

    A CSV may be the whole table that was proposed: rows that say what was proposed decide nothing.

    Raises:
        ClassError: if a decision is neither, or the CSV lacks a column.

    """
    from fer_course.classroom.students import read_rows

    before = {row.file: row for row in proposed}
    found: dict[str, str] = {}
    for text in paths_and_pairs:
        if "=" in text and not Path(text).is_file():
            name, _, whom = text.rpartition("=")
            found[name] = whom
            continue
        if not Path(text).is_file():
            raise ClassError(f"--assign {text}: FILE=ID was expected, or a CSV with the columns file and student.")
        (_, header), *rows = read_rows(text)
        if not {"file", "student"} <= set(header):
            raise ClassError(f"{text}: the columns file and student were expected, found {', '.join(header)}.")
        for _, cells in rows:
            row = {name: as_written(cell) for name, cell in zip(header, cells, strict=False)}
            if row["student"] and not _says_what_was_proposed(row, before.get(row["file"])):
                found[row["file"]] = row["student"] + (f":{row['lesson']}" if row.get("lesson") else "")
    return found


def _says_what_was_proposed(row: dict[str, str], proposed: HandedIn | None) -> bool:
    if proposed is None or proposed.state == states.UNSURE:
        return False
    return (proposed.student, proposed.lesson) == (row["student"], row.get("lesson", proposed.lesson))
