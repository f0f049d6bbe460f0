"""Compare what two executions of the lessons printed, cell by cell.

usage: python benchmarks/outputs.py BEFORE AFTER [--all]        (two folders of `fer-course run`, runs/<stamp>)

Cells are matched by their id. Text outputs and the alternative texts of figures are compared; pictures are not. Seconds, ratios
of times and memory differ from one execution to the next: numbers beside such words are replaced by `#` first, unless --all is
given.
Prints every difference, and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from pathlib import Path

#: Numbers that depend on the machine's speed or on when something happened.
TIMED = re.compile(
    r"\d[\d,.]*(?= ?(?:ms|s\b|seconds?|minutes?|MB|times faster|faces? (?:a|per) second|images? (?:a|per) second))"
)


def texts(notebook: Path) -> dict[str, list[str]]:
    """Return the text outputs of a notebook: id of the cell -> lines."""
    found = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        lines: list[str] = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = output.get("text") or data.get("text/plain") or [output.get("evalue", "")]
            html = "".join(data.get("text/html", ""))
            lines += "".join(text).splitlines() + re.findall(r'alt="([^"]*)"', html)
        found[cell["id"]] = [re.sub(r"0x[0-9a-f]+", "0x…", line.rstrip()) for line in lines]
    return found


def main() -> int:
    """Print the differences; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--all", action="store_true", help="numbers that depend on speed, too")
    options = parser.parse_args()
    different = compared = 0
    for after in sorted(options.after.glob("*.ipynb")):
        old, new = texts(options.before / after.name), texts(after)
        for cell in dict.fromkeys([*old, *new]):
            one, other = old.get(cell, []), new.get(cell, [])
            if not options.all:
                one, other = ([TIMED.sub("#", line) for line in lines] for lines in (one, other))
            compared += 1
            if one != other:
                different += 1
                print(f"{after.stem}, cell {cell}:")
                changes = difflib.unified_diff(one, other, lineterm="", n=0)
                print("\n".join(f"    {line}" for line in changes if not line.startswith(("---", "+++", "@@"))))
    print(f"{different} of {compared} cells differ.")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
