"""Find the course's folders and notebooks, in a checkout or in the installed package."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import fer_course
from fer_course.errors import LessonError


def find_folder(kind: str) -> Path:
    """Return the folder of `lessons`, `profiles` or `solutions`, in a checkout or in the installed package.

    Raises:
        LessonError: if it is not there; solutions exist in a checkout only.

    """
    package = Path(fer_course.__file__).parent
    root = checkout()
    for place in [package / kind] + ([root / kind] if root else []):
        if place.is_dir():
            return place
    if kind == "solutions":
        raise LessonError(
            "The solved notebooks are only in the course's repository, not in the installed package. "
            "Clone the repository and run this there, or give a folder of notebooks as `source`."
        )
    raise LessonError(
        f"This installation of fer_course has no folder {kind}/ (looked beside {package}). Install it again."
    )


def checkout() -> Path | None:
    """Return the root of the course's clone: the one that this package was imported from, else the one that we are in, else None.

    On Binder and on a hub the package is installed apart from the clone.
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
    place = find_folder("solutions") if source is None else Path(source)
    found = sorted(path.resolve() for path in place.glob("*.ipynb"))
    if not found:
        raise LessonError(f"There are no notebooks (*.ipynb) in {place}.")
    return found


def choose(available: list[Path], wanted: Iterable[str | int] | None) -> list[Path]:
    """Return the notebooks asked for, by number or name ("07", "7", "07-train-it"), in the order of the course.

    Raises:
        LessonError: if one of them does not exist; lists those that do.

    """
    if wanted is None:
        return available
    chosen = {
        path for name in ([wanted] if isinstance(wanted, (str, int)) else wanted) for path in _named(available, name)
    }
    return [path for path in available if path in chosen] or available


def _named(available: list[Path], name: str | int) -> list[Path]:
    stem = str(name).removesuffix(".ipynb")
    number = stem.zfill(2) if stem.isdigit() else None
    matching = [path for path in available if path.stem == stem or lesson_number(path.stem) == number]
    if not matching:
        have = ", ".join(path.stem for path in available)
        raise LessonError(f"There is no lesson {str(name)!r}; there are: {have}.")
    return matching


def lesson_number(stem: str) -> str:
    """Return the number in front of a lesson's name ("07" of "07-train-it"), or the name if there is none."""
    first = stem.split("-")[0]
    return first if first.isdigit() else stem
