"""A learner's own copies of the lessons."""

from __future__ import annotations

from pathlib import Path

from fer_course._shared.files import copy
from fer_course.course.lessons import find_folder
from fer_course.errors import LessonError


def start(folder: str | Path = "my-lessons") -> list[Path]:
    """Copy lessons into a folder to work in. Files that the folder already has are never overwritten.

    Args:
        folder: the learner's folder; made if it does not exist.

    Returns:
        The files that were copied.

    Raises:
        LessonError: if there are no lessons to copy, or `folder` is a file.

    """
    source, target = find_folder("lessons"), Path(folder)
    if target.exists() and not target.is_dir():
        raise LessonError(f"{target} is a file; a folder for your lessons was expected. Choose another name.")
    names = [path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file() and not _is_hidden(path)]
    if not names:
        raise LessonError(f"There are no lessons in {source}. In a checkout, build them with: fer-course release")
    copied, kept = [], []
    for name in names:
        if (target / name).exists():
            kept.append(name)
            continue
        copy(source / name, target / name)
        copied.append(name)
    if copied:
        print(f"Copied to {target}: {', '.join(map(str, copied))}")
    if kept:
        print(f"Left as they are in {target}: {', '.join(map(str, kept))}")
    return [target / name for name in copied]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in path.parts[-2:])
