"""How long a class takes to grade, against nbgrader alone: the same submissions of lesson 03, in one run, and the same marks.

usage: python benchmarks/grading.py [--submissions 12] [--workers 2]        (minutes; nothing else should run beside it)
       python benchmarks/grading.py --before COMMIT [--submissions 24] [--lessons 03 08]      (half an hour)

Each submission is executed with one TensorFlow thread in both. Of the exercises none, one, two, … are not begun, so that marks
differ; the script ends with an error if those of the two differ by any point. Writes a section of BENCHMARKS.md. Needs the extra
`instructor`, and bubblewrap.

With `--before` it compares executing and examining submissions with how an older commit executed them: in turn, batch by
batch, so that both have the same machine. It prints seconds and their ratio, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from recording import few
from writing import write_section

from fer_course._shared.executors import THREADS
from fer_course.classroom import nbgrader_course
from fer_course.classroom.assignments import assignment
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


_SOLUTION = re.compile(r"### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)
#: What a worker does: it executes each notebook that it is sent with the package in a folder, and says which checks passed.
_WORKER = """
import json, sys, nbformat
from fer_course.classroom import sandbox
own = sandbox._environment
sandbox._environment = lambda: own() | {"PYTHONPATH": sys.argv[1]}
try:
    from fer_course.classroom.examination import execute_and_examine as execute
except ImportError:
    from fer_course.classroom.sandboxed_execution import execute
for line in sys.stdin:
    cells = nbformat.reads(execute(json.loads(line))[0], 4).cells
    checks = [cell for cell in cells if cell.cell_type == "code" and "checks.hidden" in cell.source]
    print(json.dumps([not any(each.output_type == "error" for each in cell.outputs) for cell in checks]), flush=True)
"""


class Worker:
    """A process that executes notebooks with the package as it is in a folder."""

    def __init__(self, folder: Path):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(folder)], env=os.environ | {"PYTHONPATH": str(folder)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def passed(self, text: str) -> list[bool]:
        """Execute a notebook, and return which of its checks passed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()


def submissions_of(lesson: str, count: int) -> list[str]:
    """Return solved notebooks of a lesson as nbgrader sanitises them, of which none, one, two, … exercises are not begun."""
    (path,) = SOLVED.parent.glob(f"{lesson}-*.ipynb")
    text = assignment(path, "secret")
    texts = []
    for number in range(count):
        notebook = nbformat.reads(text, 4)
        answers = [cell for cell in notebook.cells if cells.is_solution(cell)]
        for cell in answers[: number % (len(answers) + 1)]:
            cell.source = _SOLUTION.sub("raise NotImplementedError", cell.source)
        texts.append(nbformat.writes(notebook))
    return texts


def compare(commit: str, lesson: str, count: int, workers: int) -> None:
    """Execute a lesson's submissions by an older commit and by this one, in turn, and print seconds and their ratio."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(workers) as pool:
        archive = subprocess.run(["git", "archive", commit, "fer_course"], cwd=root, check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", place], input=archive.stdout, check=True)
        ways = {name: [Worker(at) for _ in range(workers)] for name, at in (("before", Path(place)), ("now", root))}
        took = dict.fromkeys(ways, 0.0)
        texts = submissions_of(lesson, count)
        for number, first in enumerate(range(0, count, workers)):
            batch = texts[first : first + workers]
            found = {}
            for name in list(ways)[:: 1 if number % 2 else -1]:
                start = time.perf_counter()
                found[name] = list(pool.map(Worker.passed, ways[name], batch))
                took[name] += time.perf_counter() - start
            if found["before"] != found["now"]:
                sys.exit(f"The verdicts differ: {found}")
        for worker in [each for way in ways.values() for each in way]:
            worker.end()
    ratio = took["now"] / took["before"]
    print(
        f"lesson {lesson}, {count} submissions, {workers} at a time: before {took['before']:.0f} s, now {took['now']:.0f} s, "
        f"ratio {ratio:.2f}"
    )


def main() -> None:
    """Measure, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--before", metavar="COMMIT")
    parser.add_argument("--lessons", nargs="+", default=["03", "08"])
    options = parser.parse_args()
    options.submissions = options.submissions or (24 if options.before else few(12, 1))
    os.environ |= dict.fromkeys(THREADS, "1") | {"FER_COURSE_DATA": "drawn"}
    if options.before:
        for lesson in options.lessons:
            compare(options.before, lesson, options.submissions, options.workers)
        return
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
