"""How long the first cell of each lesson takes in two environments, side by side: its imports, in a fresh process.

usage: python benchmarks/first_cell.py BEFORE AFTER [--repeats 3] [--no-bytecode]

BEFORE and AFTER are clones with a .venv each, for example of two versions of this repository. The lessons of each are its own.
Prints processor seconds (user and system, of all threads) and wall seconds per lesson, and their ratios. The two take turns, so
that other work on the machine slows both. With --no-bytecode nothing is written to __pycache__, as in a container that can't be
written to; what is compiled already is used.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


def imports(notebook: Path) -> str:
    """Return the import lines of the first cell that imports the package."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "import" in source and "fer_course" in source and "find_spec" not in source:
            return "\n".join(line for line in source.splitlines() if line.startswith(("import ", "from ")))
    raise SystemExit(f"{notebook} imports nothing of fer_course.")


def taken_by(call: list, work: Path | str, environment: dict[str, str]) -> tuple[float, float]:
    """Run a program in a folder; return its processor seconds (user and system, of all its processes) and wall seconds.

    Raises:
        CalledProcessError: if its exit status is not 0.

    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(call, check=True, cwd=work, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - started


def measure(clone: Path, code: str, bytecode: bool) -> tuple[float, float]:
    """Return processor and wall seconds of a fresh process of a clone's environment that runs the code."""
    environment = os.environ | {"FER_COURSE_DATA": "drawn", "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment |= {} if bytecode else {"PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as work:
        return taken_by([clone.resolve() / ".venv" / "bin" / "python", "-c", code], work, environment)


def main() -> None:
    """Measure, and print one line per lesson and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-bytecode", action="store_true")
    options = parser.parse_args()
    clones = (options.before, options.after)
    ratios = []
    print("lesson: processor seconds before, after, ratio; wall seconds before, after, ratio")
    for notebook in sorted((options.after / "solutions").glob("*.ipynb")):
        taken: dict[Path, list[tuple[float, float]]] = {clone: [] for clone in clones}
        for _ in range(options.repeats):
            for clone in clones:
                code = imports(clone / "solutions" / notebook.name)
                taken[clone].append(measure(clone, code, not options.no_bytecode))
        (cpu_a, wall_a), (cpu_b, wall_b) = (
            tuple(statistics.median(column) for column in zip(*taken[clone], strict=True)) for clone in clones
        )
        ratios.append(wall_b / wall_a)
        print(
            f"{notebook.stem[:2]}: {cpu_a:.1f} {cpu_b:.1f} {cpu_b / cpu_a:.2f}; "
            f"{wall_a:.1f} {wall_b:.1f} {wall_b / wall_a:.2f}",
            flush=True,
        )
    print(f"median ratio of wall seconds: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
