"""JavaScript without a build step: a module and what it imports, joined into one text.

A module of this package imports others by lines of one form, `import { name, other } from "./file.js";`, and marks what it
offers with `export`. `bundle` puts the imported modules before it. So a figure is one text, which runs where nothing can be
fetched: in a notebook's output, in a page opened from a disk.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: The library: modules that figures and pages share.
LIBRARY = Path(__file__).with_name("javascript")
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w./-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(const|let|function|class)\b)", re.MULTILINE)


@functools.cache
def bundle(path: Path) -> str:
    """Return a module with all modules that it imports, each once, in order of need; only its default export is left.

    Raises:
        FileNotFoundError: if it, or a module that it imports, is not there.

    """
    return "".join(_without_exports(text) for text in _in_order(path, {}).values())


def _in_order(path: Path, found: dict[Path, str]) -> dict[Path, str]:
    text = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(text):
        imported = (path.parent / name).resolve()
        if imported not in found:
            _in_order(imported, found)
    found[path] = text
    return found


def _without_exports(text: str) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", text))


def to_json(value) -> str:
    """Return JSON that can stand inside `<script>`: no `<` in it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def to_array(values: np.ndarray) -> dict:
    """Return an array in the form that `numbers.js` reads: shape, dtype, and the bytes in base64."""
    import numpy as np  # not at the door: the doctor passes here to say what is wrong with NumPy

    values = np.ascontiguousarray(values)
    data = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    return {"shape": list(values.shape), "dtype": values.dtype.name, "data": base64.b64encode(data).decode()}


def as_array(handed_over: dict) -> np.ndarray:
    """Return the array of what `to_array` made, or of what a page handed back."""
    import numpy as np

    values = np.frombuffer(base64.b64decode(handed_over["data"]), np.dtype(handed_over["dtype"]).newbyteorder("<"))
    return values.reshape(handed_over["shape"])


_REPEATED = re.compile(
    r'<script type="application/json" id="(?P<shared>fer-[0-9a-f]{12})">.*?</script>\n?'
    r'|<script type="module">(?P<module>// A host for figures .*?)</script>\n?',
    re.DOTALL,
)


def once(page: str) -> str:
    """Return an HTML page in which each of the scripts that figures bring along stands once: shared data first, modules last."""
    seen: set[str] = set()

    def keep(match: re.Match) -> str:
        what = match["shared"] or match["module"]
        first = what not in seen
        seen.add(what)
        return match[0] if first else ""

    return _REPEATED.sub(keep, page)
