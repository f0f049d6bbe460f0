"""Build the book: `python -m book` makes book/_build/html; with names of lessons, a book of those alone."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

import nbformat

from book import executing, notebooks, pages
from fer_course.authoring import hosting_links
from fer_course.course import choose, require
from fer_course.course import notebooks as solved
from fer_course.errors import FerCourseError

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "book" / "_build"
NOTE = "No links to Colab, Binder and Kaggle: [tool.fer_course] repository in pyproject.toml names no address yet."


def main(arguments: list[str] | None = None) -> int:
    """Build the book, and say where it lies; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    parser.add_argument("lessons", nargs="*", help="numbers or names; default: all")
    chosen = parser.parse_args(arguments).lessons
    started = time.perf_counter()
    try:
        status = build(chosen or None)
    except FerCourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Lessons that were executed are kept: `make book` goes on from there.", file=sys.stderr)
        return 130
    if status == 0:
        print(f"The book took {time.perf_counter() - started:.0f} s. Open {BUILT / 'html' / 'index.html'}")
    return status


def build(lessons: list[str] | None = None) -> int:
    """Execute, prepare and render; return Sphinx's exit status.

    Raises:
        FerCourseError: if a lesson does not exist or fails.

    """
    for module in ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx_copybutton"):
        require(module, "building the book", extra="book")
    executing.on_drawn_faces()
    chosen = choose(solved(ROOT / "solutions"), lessons)
    repository = hosting_links.repository()
    if not repository:
        print(NOTE)
    made = run_all(chosen)
    print("Sphinx renders the pages; a warning is an error.", flush=True)
    write_sources(made, chosen, repository)
    return render()


def run_all(solutions: list[Path]) -> list:
    """Return all notebooks with their outputs; says which of them had to be executed.

    Raises:
        LessonError: if one fails.

    """
    fingerprint, made = executing.surroundings(ROOT), []
    for number, path in enumerate(solutions, 1):
        label = f"[{number}/{len(solutions)}] {path.stem}"
        started = time.perf_counter()
        made.append(executing.executed(path, BUILT / "executed", fingerprint, label))
        seconds = time.perf_counter() - started
        print(f"{label}: {'kept from before' if seconds < 1 else f'executed in {seconds:.0f} s'}", flush=True)
    return made


def write_sources(made: list, solutions: list[Path], repository: str) -> None:
    """Write what Sphinx reads, and the learner's notebooks to download; files that have not changed are left alone."""
    texts = pages.pages(ROOT, [path.stem for path in solutions], repository)
    pictures = {name: (ROOT / name).read_bytes() for name in pages.images(texts)}
    known = {*texts, *(f"lessons/{path.name}" for path in solutions)}
    for path, executed in zip(solutions, made, strict=True):
        notebook = notebooks.prepare(path, executed, repository)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = pages.mend(cell.source, f"lessons/{path.name}", ROOT, known, repository)
        texts[f"lessons/{path.name}"] = nbformat.writes(notebook)
    encoded = {name: text.encode() for name, text in texts.items()}
    if fill(BUILT / "source", encoded | pictures):  # Sphinx does not take away the pages of texts that are gone
        for name in ("html", "trees"):
            shutil.rmtree(BUILT / name, ignore_errors=True)
    extra = {f"notebooks/{path.name}": (ROOT / "lessons" / path.name).read_bytes() for path in solutions}
    fill(BUILT / "extra", extra | {pages.LIVE: live_page().encode()})


def live_page() -> str:
    """Return the page on which the network of the course looks at a face."""
    from fer_course import models
    from fer_course._shared.notice import NOTICE
    from fer_course.export.page import page

    return page(models.pretrained(), NOTICE)


def fill(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Make a folder hold these files and no others; those that are right keep their dates, so that Sphinx skips them.

    Returns:
        The files that were there and are gone.

    """
    there = [path for path in folder.rglob("*") if path.is_file()]
    gone = [path for path in there if path.relative_to(folder).as_posix() not in files]
    for path in gone:
        path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return gone


def render() -> int:
    """Let Sphinx render the pages, warnings as errors; return its exit status."""
    from sphinx.cmd.build import build_main

    folders = [str(BUILT / "source"), str(BUILT / "html")]
    trees = BUILT / "trees"
    status = build_main(
        ["-W", "--keep-going", "-q", "-c", str(ROOT / "book"), "-d", str(trees), "-b", "html", *folders]
    )
    if status:  # else the next build would skip the pages that were read with warnings
        shutil.rmtree(trees, ignore_errors=True)
    return status
