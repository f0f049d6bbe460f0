"""How long a class takes to grade, against nbgrader alone: the same submissions of lesson 03, in one run, and the same marks.

usage: python benchmarks/grading.py [--submissions 12] [--workers 2]        (minutes; nothing else should run beside it)

Each submission is executed with one TensorFlow thread in both. Of the exercises none, one, two, … are not begun, so that marks
differ; the script ends with an error if those of the two differ by any point. Writes a section of BENCHMARKS.md. Needs the extra
`instructor`, and bubblewrap.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from writing import write_section

from fer_course._shared.executors import THREADS
from fer_course.classroom import nbgrader_course
from fer_course.classroom.grading import grade
from fer_course.classroom.marks import marks
from fer_course.classroom.paths import CONFIG, nbgrader_of
from fer_course.course import cells

SOLVED = Path(__file__).parents[1] / "solutions" / "03-slide-a-kernel.ipynb"


def make_class(folder: Path, place: Path, submissions: int) -> None:
    """Make a class of one lesson, and put a submission of each student where `collect` would."""
    (place / "solved").mkdir()
    shutil.copy(SOLVED, place / "solved")
    names = [f"student{number:02}" for number in range(submissions)]
    (place / "students.csv").write_text("id\n" + "\n".join(names) + "\n")
    nbgrader_course.init(folder, place / "students.csv", source=place / "solved")
    (released,) = nbgrader_course.release(folder)
    stubs = {cell.id: cell.source for cell in nbformat.read(released, 4).cells if cells.is_solution(cell)}
    for number, name in enumerate(names):
        notebook = nbformat.read(SOLVED, 4)
        left = list(stubs)[: number % (len(stubs) + 1)]
        for cell in notebook.cells:
            if cell.id in left:
                cell.source = stubs[cell.id]
        path = folder / "submitted" / name / SOLVED.stem / SOLVED.name
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def seconds(way: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def nbgrader_alone(folder: Path) -> None:
    """Grade a class with nbgrader's own command, one submission after the other."""
    from nbgrader.converters import Autograde

    config, course = nbgrader_of(folder)
    course.assignment_id = SOLVED.stem
    Autograde(coursedir=course, config=config).start()


def main() -> None:
    """Measure, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ |= dict.fromkeys(THREADS, "1") | {"FER_COURSE_DATA": "drawn"}
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = Path(place) / "ours", Path(place) / "theirs"
        make_class(ours, Path(place), options.submissions)
        shutil.copytree(ours, theirs)
        config = (theirs / CONFIG).read_text(encoding="utf-8")
        (theirs / CONFIG).write_text(config.replace(str(ours), str(theirs)), encoding="utf-8")
        took = {
            "nbgrader alone": seconds(lambda: nbgrader_alone(theirs)),
            f"fer-course class grade, {options.workers} workers, sandboxed": seconds(
                lambda: grade(ours, workers=options.workers)
            ),
        }
        scores, others = ({row["id"]: row["score"] for row in marks(each)} for each in (ours, theirs))
        if scores != others:
            sys.exit(f"The marks differ:\n{scores}\n{others}")
        points = sorted(set(scores.values()))
    first = took["nbgrader alone"]
    rows = [(name, f"{each:.0f}", f"{first / each:.2f}") for name, each in took.items()]
    text = (
        f"{options.submissions} submissions of lesson 03 with one TensorFlow thread each; the marks, from {points[0]:g} to "
        f"{points[-1]:g} points, are the same."
    )
    command = f"python benchmarks/grading.py --submissions {options.submissions} --workers {options.workers}"
    write_section("Grading a class", command, text, ("way", "seconds", "times as fast"), rows)


if __name__ == "__main__":
    main()
