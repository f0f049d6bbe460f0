"""Write docs/licences.md from what pip-licenses says here; packages that only another Python or system installs stay in it.

usage: python locks/licences.py build/licences.txt [MORE …]      (as `make audit` does; several, from several Pythons, add up)
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

from fer_course._shared import files

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

Of what `make setup-all` installs, with any Python that it takes, as each package names its own; written by `make audit`, which
fails where one is not free to use, change and pass on (`[tool.pip-licenses]` in pyproject.toml).
"""


def rows(file: Path) -> dict[str, str]:
    """Return package -> licence, of the lines of a table."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return {name: licence for name, licence in re.findall(r"^\| (\S+) +\| (.+?) +\|$", text, re.M) if name != "Name"}


def main() -> None:
    """Merge and write."""
    lock = (ROOT / "locks" / "course.txt").read_text(encoding="utf-8")
    locked = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", lock, re.M)}
    found = {name: licence for name, licence in rows(PAGE).items() if canonicalize_name(name) in locked}
    for file in sys.argv[1:]:
        found |= rows(Path(file))
    table = [("Name", "License"), *sorted(found.items(), key=lambda row: (row[1], row[0].lower()))]
    wide, long = (max(len(row[column]) for row in table) for column in (0, 1))
    lines = [f"| {name:{wide}} | {licence:{long}} |" for name, licence in table]
    lines.insert(1, f"|{'-' * (wide + 2)}|{'-' * (long + 2)}|")
    files.write_text(PAGE, "\n".join([HEAD, *lines, ""]))


if __name__ == "__main__":
    main()
