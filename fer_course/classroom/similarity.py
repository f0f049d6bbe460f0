"""Answers that are nearly the same as somebody else's, or the same as the course's: a hint to talk, not a verdict.

Fingerprints of runs of tokens, as in Schleimer, Wilkerson, Aiken 2003, *Winnowing* (MOSS). Names, numbers and strings count by
their kind, so that renaming hides nothing. What many learners wrote does not count: a short exercise has few right answers.
"""

from __future__ import annotations

import io
import itertools
import keyword
import tokenize
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

#: The length of a run of tokens.
RUN = 8
#: A run counts if at most this share of the class has it (and no more than `FEW` do, in a small class).
SHARE, FEW = 0.1, 2
#: Two submissions with fewer rare runs than this in common are not compared.
LEAST = 12
#: The share of the smaller one's rare runs that two have in common, from which on they are named.
ALIKE = 0.8
#: A solution with fewer tokens than this beyond what was handed out is what many would write.
LONG = 40
_KINDS = {tokenize.NUMBER: "0", tokenize.STRING: "s"}
_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
_LEFT_OUT = {tokenize.COMMENT, *_LAYOUT}


@dataclass(frozen=True)
class Alike:
    """Two submissions with much in common.

    Attributes:
        students: both ids.
        share: of the smaller one's rare runs, from 0 to 1.

    """

    students: tuple[str, str]
    share: float


def alike(submissions: Mapping[str, Mapping[str, str]], handed_out: Mapping[str, str]) -> list[Alike]:
    """Return the pairs of submissions that are nearly identical where most of the class differs, most alike first.

    Args:
        submissions: student -> exercise -> the source of the answer.
        handed_out: exercise -> what was handed out: its runs do not count.

    """
    given = set().union(*(_runs(source) for source in handed_out.values())) if handed_out else set()
    runs = {
        student: {(name, run) for name, source in answers.items() for run in _runs(source) - given}
        for student, answers in submissions.items()
    }
    how_many = Counter(run for found in runs.values() for run in found)
    most = max(FEW, SHARE * len(submissions))
    rare = {student: {run for run in found if how_many[run] <= most} for student, found in runs.items()}
    pairs = []
    for one, other in itertools.combinations(sorted(rare), 2):
        common, least = len(rare[one] & rare[other]), min(len(rare[one]), len(rare[other]))
        if common >= LEAST and common / least >= ALIKE:
            pairs.append(Alike((one, other), common / least))
    return sorted(pairs, key=lambda pair: (-pair.share, pair.students))


def same_as(
    submissions: Mapping[str, Mapping[str, str]], solution: Mapping[str, str], handed_out: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return, for each student, the exercises whose answer has the same tokens as the course's, names included.

    Only answers of `LONG` tokens or more beyond what was handed out can be told from what a learner would write alone.
    """
    texts = {
        name: tokens
        for name, source in solution.items()
        if len(tokens := _tokens(source, exact=True)) - len(_tokens(handed_out.get(name, ""), exact=True)) >= LONG
    }
    found = {
        student: [
            name for name, source in answers.items() if name in texts and _tokens(source, exact=True) == texts[name]
        ]
        for student, answers in submissions.items()
    }
    return {student: names for student, names in found.items() if names}


def _runs(source: str) -> set[tuple[str, ...]]:
    tokens = _tokens(source)
    return {tuple(tokens[start : start + RUN]) for start in range(len(tokens) - RUN + 1)}


def _tokens(source: str, exact: bool = False) -> list[str]:
    """Return the tokens of an answer, without comments and docstrings; of text that is no Python, those before the fault."""
    found: list[str] = []
    at_start = True  # of a line: a string there is a docstring
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.STRING and at_start:
                continue
            if token.type not in _LEFT_OUT:
                found.append(token.string if exact else _kind(token))
            at_start = token.type in _LEFT_OUT
    except (tokenize.TokenError, SyntaxError):
        pass
    return found


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return token.string if keyword.iskeyword(token.string) else "x"
    return _KINDS.get(token.type, token.string)
