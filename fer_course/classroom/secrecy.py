"""What a learner may never read: the seeds of the hidden checks, what they are made from, and where the teacher's files are."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import fer_course
from fer_course.classroom.assignments import seed_of
from fer_course.classroom.paths import nbgrader_of
from fer_course.course.cells import is_check
from fer_course.errors import ClassError

_WORDS = r"checks\s*\.\s*hidden|HIDDEN\s+TESTS"
_LEFT_OUT = "[left out]"
#: A folder that any Python may lie in tells nothing of the teacher.
_NOBODYS = {"/", "/usr", "/usr/local", "/root", "/home"}


@dataclass
class Secrets:
    """The secrets of one class.

    Attributes:
        seeds: of all hidden checks.
        secret: what they are made from; "" if the configuration has none.
        paths: folders of the teacher's machine.

    """

    seeds: frozenset[int]
    secret: str
    paths: tuple[str, ...]

    @classmethod
    def of(cls, folder: str | Path) -> Secrets:
        """Return the secrets of a class: those of its configuration, and those in its assignments' sources."""
        import nbformat

        config, _ = nbgrader_of(folder)
        secret = str(config.FerCourse.secret) if "secret" in config.FerCourse else ""
        seeds: set[int] = set()
        for path in Path(folder).glob("source/*/*.ipynb"):
            for cell in nbformat.read(path, as_version=4).cells:
                seeds |= {int(seed) for seed in re.findall(r"checks\.hidden\((\d+)\)", cell.source)}
                if secret and is_check(cell):
                    seeds.add(seed_of(secret, cell.metadata.nbgrader.grade_id))
        places = {Path(folder).resolve(), Path(folder).absolute(), Path(sys.prefix), Path(sys.base_prefix)}
        places |= {Path(fer_course.__file__).resolve().parents[1], Path.home()}
        paths = sorted({str(place) for place in places} - _NOBODYS, key=len, reverse=True)
        return cls(frozenset(seeds), secret, tuple(paths))

    def found_in(self, text: str) -> str:
        """Return the first secret in a text; "" if there is none."""
        found = self._pattern.search(text)
        return found[0] if found else ""

    def without_paths(self, text: str) -> str:
        """Return a text with `…` for each folder of the teacher's machine."""
        for path in self.paths:
            text = text.replace(path, "…")
        return text

    def left_out(self, text: str) -> str:
        """Return a text without secrets."""
        return self._pattern.sub(_LEFT_OUT, self.without_paths(text))

    def refuse(self, page: str, what: str) -> None:
        """Raise a ClassError if a page holds a secret. This is the last guard: nothing that a learner gets should come so far.

        Raises:
            ClassError: if it does.

        """
        if found := self.found_in(page) or next((path for path in self.paths if path in page), ""):
            kind = "a seed of the hidden checks" if found[:1].isdigit() or found == self.secret else repr(found)
            raise ClassError(
                f"{what} was not written: it would show {kind} to a learner. Please report this as an error of fer_course."
            )

    @cached_property
    def _pattern(self) -> re.Pattern:
        # Also as Python may print or read it: 12_345, 0x3039.
        seeds = [rf"(?<![\d.]){'_?'.join(str(seed))}(?!\d)|{seed:#x}(?![\da-f])" for seed in sorted(self.seeds)]
        return re.compile("|".join([_WORDS, *seeds, *([re.escape(self.secret)] if self.secret else [])]), re.IGNORECASE)
