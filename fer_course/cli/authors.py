"""Commands of those who write the course: `fer-course release` and `tidy`."""

from __future__ import annotations

import sys
from pathlib import Path

from fer_course.cli.commands import add_command


def add_authors(commands) -> None:
    """Add `release` and `tidy`."""
    release = add_command(commands, "release", _release, "build lessons/ from solutions/ (authors)")
    release.add_argument("--check", action="store_true", help="only say which lessons are out of date")
    tidy = add_command(commands, "tidy", _tidy, "strip outputs of notebooks, but those that nbval compares (authors)")
    tidy.add_argument("notebooks", nargs="*", type=Path, help="none: all of solutions/")
    tidy.add_argument("--execute", action="store_true", help="run them on drawn faces first, to renew those outputs")


def _release(options) -> int:
    from fer_course.authoring import lessons

    if not options.check:
        lessons.build_lessons(Path("solutions"), Path("lessons"))
    stale = lessons.in_sync(Path("solutions"), Path("lessons"))
    for name in stale:
        print(f"lessons/{name} is out of date: run `make lessons`.", file=sys.stderr)
    return 1 if stale else 0


def _tidy(options) -> None:
    from fer_course.authoring import notebooks

    for notebook in options.notebooks or sorted(Path("solutions").glob("*.ipynb")):
        notebooks.tidy(notebook, execute=options.execute)
