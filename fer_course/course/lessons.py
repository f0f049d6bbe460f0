"""Find the course's folders and notebooks, in a checkout or in the installed package."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import fer_course
from fer_course.errors import LessonError


def find_folder(kind: str) -> Path:
    """Return the folder `lessons`, `profiles` or `solutions`, in a checkout or in the installed package.

    Raises:
        LessonError: if it does not exist; only a checkout has solutions.

    """
    package = Path(fer_course.__file__).parent
    root = checkout()
    for folder in [package / kind] + ([root / kind] if root else []):
        if folder.is_dir():
            return folder
    if kind == "solutions":
        raise LessonError(
            "The solved notebooks are only in the course's repository, not in the installed package. "
            "Clone the repository and run this there, or give a folder of notebooks as `source`."
        )
    raise LessonError(
        f"This installation of fer_course has no folder {kind}/ (looked beside {package}). Install it again."
    )


def checkout() -> Path | None:
    """Return the root of the course's clone: where this package was imported from, else around the current folder, else None.

    On Binder and on a hub the package is not installed from the clone.
    """
    here = Path.cwd()
    return next(filter(_is_clone, (Path(fer_course.__file__).parents[1], here, *here.parents)), None)


def _is_clone(root: Path) -> bool:
    try:
        settings = (root / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return '\nname = "fer_course"\n' in settings and (root / "solutions").is_dir()


def notebooks(source: str | Path | None = None) -> list[Path]:
    """Return the notebooks of a folder (default: `solutions/`) in the order of the course.

    Raises:
        LessonError: if the folder does not exist or holds no notebook.

    """
    folder = find_folder("solutions") if source is None else Path(source)
    found = sorted(path.resolve() for path in folder.glob("*.ipynb"))
    if not found:
        raise LessonError(f"There are no notebooks (*.ipynb) in {folder}.")
    return found


def choose(available: list[Path], wanted: Iterable[str | int] | None) -> list[Path]:
    """Return the notebooks asked for, by number or name ("10", 10, "10-train-it"), in the order of the course.

    Raises:
        LessonError: if one of them does not exist; lists those that do.

    """
    if wanted is None:
        return available
    chosen: set[Path] = set()
    for name in [wanted] if isinstance(wanted, (str, int)) else wanted:
        matching = [path for path in available if is_lesson(path.stem, name)]
        if not matching:
            have = ", ".join(path.stem for path in available)
            raise LessonError(f"There is no lesson {str(name)!r}; there are: {have}.")
        chosen.update(matching)
    return [path for path in available if path in chosen] or available


def is_lesson(stem: str, name: str | int) -> bool:
    """Return True if `name` means the lesson `stem`: "10", 10 and "10-train-it" all mean "10-train-it"."""
    name = str(name).removesuffix(".ipynb")
    return stem == name or (name.isdigit() and lesson_number(stem) == name.zfill(2))


def lesson_number(stem: str) -> str:
    """Return the number at the start of a lesson's name ("10" of "10-train-it"), or the name if it has none."""
    first = stem.split("-")[0]
    return first if first.isdigit() else stem
