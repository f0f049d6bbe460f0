"""Commands for authors: `fer-course release`, `tidy` and `lint`."""

from __future__ import annotations

import sys
from pathlib import Path

from fer_course.cli.commands import add_command


def add_authors(commands) -> None:
    """Add `release`, `tidy` and `lint`."""
    release = add_command(commands, "release", _release, "build lessons/ from solutions/ (authors)")
    release.add_argument("--check", action="store_true", help="only report which lessons are out of date")
    tidy = add_command(
        commands, "tidy", _tidy, "strip outputs of notebooks, except those that nbval compares (authors)"
    )
    tidy.add_argument("notebooks", nargs="*", type=Path, help="none: all of solutions/")
    tidy.add_argument(
        "--execute", action="store_true", help="first execute them on drawn faces, to renew those outputs"
    )
    lint = add_command(commands, "lint", _lint, "check notebooks against the rules of the course (authors)")
    lint.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="files or folders; none: solutions/")


def _release(options) -> int:
    from fer_course.authoring import lessons

    if not options.check:
        lessons.build_lessons(Path("solutions"), Path("lessons"))
    stale = lessons.find_stale(Path("solutions"), Path("lessons"))
    for name in stale:
        print(f"lessons/{name} is out of date: run `make lessons`.", file=sys.stderr)
    return 1 if stale else 0


def _tidy(options) -> None:
    from fer_course.authoring import notebooks

    for notebook in options.notebooks or sorted(Path("solutions").glob("*.ipynb")):
        notebooks.tidy(notebook, execute=options.execute)


def _lint(options) -> int:
    from fer_course.authoring import rules
    from fer_course.authoring.notebooks import notebooks_in
    from fer_course.errors import LessonError

    chosen: list[Path] = []
    for path in options.notebooks or [Path("solutions")]:
        found = notebooks_in(path) if path.is_dir() else [path]
        if not found or not path.exists():
            raise LessonError(f"There is no notebook {path}, and no folder {path} with notebooks.")
        chosen += found
    complaints = [(path, complaint) for path in chosen for complaint in rules.lint(path)]
    for path, complaint in complaints:
        print(f"{path}, {complaint}" if complaint.cell else f"{path}: {complaint}")
    return 1 if complaints else 0
