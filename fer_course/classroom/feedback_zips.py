"""Pages of feedback as zips that a learning platform can take back: each named as what it was downloaded as."""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from fer_course._shared.files import atomic
from fer_course.classroom.collecting.ledger import HandedIn
from fer_course.classroom.collecting.platforms import PLATFORMS
from fer_course.classroom.marks import Files

#: What the zip is called for work that no platform's export brought.
_FOLDER = "folder"


def write_zips(folder: Path, pages: Mapping[tuple[str, str], Path], files: Files) -> list[Path]:
    """Write `feedback/LESSON-PLATFORM.zip` for each lesson and platform; return the zips.

    Args:
        folder: the class.
        pages: (student, lesson) -> the page.
        files: what was handed in, and how the platform named it.

    """
    by_zip: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    for (student, lesson), page in pages.items():
        row = files.unreadable.get((student, lesson)) or files.filed.get((student, lesson))
        platform = row.platform if row else _FOLDER
        name = name_in_zip(row, page.name) if row else f"{student}/{page.name}"
        entries = by_zip[lesson, platform]
        entries[f"{student}/{page.name}" if name in entries else name] = page
    made = []
    for (lesson, platform), entries in by_zip.items():
        path = folder / "feedback" / f"{lesson}-{platform}.zip"
        with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, page in sorted(entries.items()):
                # Always the same date: the same pages make the same zip.
                archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), page.read_bytes(), zipfile.ZIP_DEFLATED)
        made.append(path)
    return made


def name_in_zip(row: HandedIn, page: str) -> str:
    """Return the name by which a platform recognises whose a page is.

    Args:
        row: the file that was handed in.
        page: the page's own name.

    """
    read = PLATFORMS.get(row.platform)
    claim = read(row.top) if read else None
    top = PurePosixPath(row.top)
    if claim is None or not claim.name:  # a folder of one learner, perhaps one that was zipped
        is_file = row.file == row.top or row.top.lower().endswith(".zip")
        return f"{top.stem if is_file else row.top}/{page}"
    if row.platform == "moodle":  # Name_123_assignsubmission_file_ stays, what follows is the file's own name
        return f"{row.top.removesuffix(claim.name)}{page}"
    if row.platform == "brightspace":
        return re.sub(rf"{re.escape(claim.name)}$", lambda _: page, row.top)
    return f"{top.stem}.html"  # Canvas and Blackboard know the submission by the whole name
