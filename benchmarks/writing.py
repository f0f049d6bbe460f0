"""What the scripts share that write pages. Of BENCHMARKS.md each owns a section, and renews it with date and machine."""

from __future__ import annotations

import re
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from recording import machine

from fer_course._shared import files

BENCHMARKS = Path(__file__).parents[1] / "BENCHMARKS.md"
HEAD = """# Benchmarks

Written by the scripts in `benchmarks/`; don't edit it by hand. Each section comes from one run, in which everything was measured
side by side: compare its ratios, not its seconds with those of another section or machine.
"""


def side_by_side(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Measure all ways in turn, round after round, and return the median of what each returned."""
    found = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    return {name: statistics.median(each) for name, each in found.items()}


def with_ratios(medians: Mapping[str, float], digits: int, rate: bool = False) -> list[tuple[str, str, str]]:
    """Return a row per way: its name, its median, and how many times as fast it is as the first one.

    Args:
        medians: what `side_by_side` returned.
        digits: of the medians, after the point.
        rate: whether a larger median is faster: of things a second, not seconds.

    """
    first = next(iter(medians.values()))
    ratios = {name: median / first if rate else first / median for name, median in medians.items()}
    return [(name, f"{median:,.{digits}f}", f"{ratios[name]:.2f}") for name, median in medians.items()]


def write_section(title: str, command: str, text: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table and put it into BENCHMARKS.md, in place of the section of that title if there is one."""
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    note = f"`{command}`, {date.today().isoformat()}, {machine()}."
    section = "\n".join([f"## {title}", "", text, "", *lines, "", note, ""])
    old = BENCHMARKS.read_text(encoding="utf-8") if BENCHMARKS.is_file() else HEAD
    parts = dict.fromkeys(re.findall(r"^## (.+)$", old, re.MULTILINE))
    for each in parts:
        parts[each] = old.split(f"## {each}\n", 1)[1].split("\n## ")[0].strip("\n")
    parts[title] = section.split("\n", 1)[1].strip("\n")
    whole = "\n".join([HEAD, *(f"## {each}\n\n{parts[each].strip()}\n" for each in sorted(parts))])
    files.write_text(BENCHMARKS, whole)
    print(section)


def write_or_check(page: Path, text: str, check: bool) -> int:
    """Write a page; or only say whether it is what its script would write, and return 1 if it is not."""
    if not check:
        files.write_text(page, text)
        return 0
    stale = not page.is_file() or page.read_text(encoding="utf-8") != text
    name = page.relative_to(BENCHMARKS.parent).as_posix()
    print(
        f"{name} is out of date: run `python benchmarks/{Path(sys.argv[0]).name}`."
        if stale
        else f"{name} is up to date."
    )
    return int(stale)
