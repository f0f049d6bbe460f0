"""Whose is it? By the name that the platform gave a file or folder, and never by what stands in the notebook."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from fer_course.classroom.collecting.platforms import Claim
from fer_course.classroom.names import composed, glued, plain, spellings, umlauts_spelled, words

#: Words in the names of folders that are not part of a person's name, in plain form. `An`, `In` and `My` are names.
_NOT_NAMES = frozenset([
    *("and", "of", "the", "from", "for", "file", "files", "folder", "submission"),
    *("submissions", "submitted", "late", "assignment", "assignments", "homework", "hw", "exercise", "exercises", "lesson"),
    *("lessons", "notebook", "notebooks", "solution", "solutions", "answer", "answers", "final", "version", "v", "copy"),
    *("kopie", "work", "task", "tasks", "group", "assignsubmission", "onlinetext", "attempt", "upload", "uploads", "ipynb"),
    *("zip", "abgabe", "hausaufgabe", "uebung", "ubung", "aufgabe"),
])  # fmt: skip
#: An identifier of fewer digits, and nothing else, could be anything: a lesson, a copy's number, a row.
_SHORT = 5


@dataclass(frozen=True)
class Owner:
    """Whose a file is.

    Attributes:
        students: the ids of those who it could be, best first; [] if nobody.
        sure: it is the one in `students`.
        why: one sentence.

    """

    students: tuple[str, ...]
    sure: bool
    why: str


class Owners:
    """Finds the student of a class whom a name means."""

    def __init__(self, students: list[dict[str, str]]):
        """Prepare what is compared, for students as `read_students` returns them."""
        self._students = {row["id"]: row for row in students}
        self._ids: dict[str, set[str]] = {}
        for row in students:
            others = [each.strip() for each in row.get("other_ids", "").split(";")]
            for each in [row["id"], *others]:
                if each:
                    self._ids.setdefault(composed(each), set()).add(row["id"])
        self._emails = _index((composed(row["email"]), row["id"]) for row in students if "@" in row["email"])
        self._names = _index(
            (spelling, row["id"]) for row in students for spelling in spellings(row["last_name"], row["first_name"])
        )
        self._glued = _index(
            (word, row["id"]) for row in students for word in glued(row["last_name"], row["first_name"])
        )
        self._glued_first = _index(
            (word, row["id"]) for row in students for word in glued(row["first_name"], row["last_name"])
        )

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all students."""
        return frozenset(self._students)

    def of(self, claim: Claim, is_folder: bool = True, numbered: bool = False) -> Owner:
        """Return whose something is.

        Args:
            claim: what its name says.
            is_folder: it is the name of a folder; a file's name holds more than a person.
            numbered: most folders beside it are named by nothing but a short number, so that it is an id.

        """
        if claim.platform == "folder":
            return self._of_free_text(claim.owner, is_folder, numbered)
        by_id = self._by_ids(claim.ids)
        by_name = self._by_name(claim)
        if len(by_id) == 1 and len(by_name) == 1 and by_id != by_name:
            both = tuple(sorted(by_id | by_name))
            return Owner(both, False, f"the number is that of {min(by_id)}, the name that of {min(by_name)}")
        if len(by_name) == 1:
            return Owner(tuple(by_name), True, f"{claim.owner!r} is the name")
        if by_name and len(by_name & by_id) == 1:
            return Owner(
                tuple(by_name & by_id), True, f"{claim.owner!r} is the name of several, the number is this one's"
            )
        if by_name:
            return Owner(tuple(sorted(by_name)), False, f"{claim.owner!r} is the name of {_several(by_name)}")
        if len(by_id) == 1:
            (student,) = by_id
            if claim.owner and not self._shares_a_name(claim.owner, student):
                return Owner((student,), False, f"the number is that of {student}, but {claim.owner!r} is another name")
            return Owner((student,), True, f"the number or user name is that of {student}")
        if by_id:
            return Owner(tuple(sorted(by_id)), False, f"the id is that of {_several(by_id)}")
        by_id = self._by_ids([claim.owner]) if claim.owner and not claim.glued else set()
        if len(by_id) == 1:
            return Owner(tuple(by_id), True, f"{claim.owner} is the id")
        near = self._near(claim.owner)
        what = repr(claim.owner) if claim.owner else "it"
        blind = (
            " The platform hides the names; show them before you download." if not claim.owner and not claim.ids else ""
        )
        return Owner(
            near, False, f"{what} is the name of no student.{blind}" if not near else f"{what} is not quite that name"
        )

    def _by_ids(self, identifiers: Iterable[str]) -> set[str]:
        """Return the students whom the longest of these identifiers means."""
        for identifier in sorted(identifiers, key=len, reverse=True):
            found = self._ids.get(composed(identifier), set()) | self._emails.get(composed(identifier), set())
            if found:
                return found
        return set()

    def _by_name(self, claim: Claim) -> set[str]:
        if not claim.owner:
            return set()
        if claim.glued:
            # Canvas leaves out what is no letter.
            text = "".join(words(claim.owner))
            return self._first_found(self._glued, [composed(text), plain(text).replace(" ", "")])
        return self._exactly(claim.owner)

    def number_counts(self, claims: Iterable[Claim]) -> bool:
        """Return whether the class's list holds a platform's numbers: two or more people have theirs, fewer have another's."""
        agree = disagree = 0
        for claim in claims:
            by_name, by_id = self._by_name(claim), self._by_ids(claim.ids)
            if len(by_name) == 1 and by_id:
                agree += by_name == by_id
                disagree += by_name != by_id
        return agree > max(1, disagree)

    def knows_number(self, student: str, number: str) -> bool:
        """Return whether a platform's number is one of a student's identifiers."""
        return student in self._ids.get(composed(number), set())

    def _shares_a_name(self, text: str, student: str) -> bool:
        """Return whether one of a student's names of three letters or more is in a text, perhaps glued to others."""
        row = self._students[student]
        return any(
            len(name) > 2 and name in plain(text) for name in plain(f"{row['last_name']} {row['first_name']}").split()
        )

    def _exactly(self, text: str) -> set[str]:
        """Return those whose names are all the words of a text; with the accents if that fits somebody, else without."""
        as_written, *others = (
            tuple(sorted(word for word in words(spelled) if not word.isdigit()))
            for spelled in (composed(text), plain(text), umlauts_spelled(text))
        )
        found = self._first_found(self._names, [as_written, *others])
        if not found and len(as_written) == 1:  # also how scripts without spaces write names
            found = self._glued.get(as_written[0], set()) | self._glued_first.get(as_written[0], set())
        return found

    @staticmethod
    def _first_found(index: dict, keys: list) -> set[str]:
        return next((index[key] for key in keys if key in index), set())

    def _near(self, text: str) -> tuple[str, ...]:
        """Return those whose first and last names are among the words of a text."""
        have = Counter(plain(text).split())
        return tuple(
            sorted({student for name, owners in self._names.items() if not Counter(name) - have for student in owners})
        )

    def _of_free_text(self, text: str, is_folder: bool, numbered: bool) -> Owner:
        exact = self._ids.get(composed(text.strip()), set()) | self._emails.get(composed(text.strip()), set())
        if len(exact) == 1 and (numbered or not is_short_number(text.strip())) and is_folder:
            if others := self._exactly(text) - exact:
                (student,) = exact
                return Owner(
                    tuple(sorted(exact | others)),
                    False,
                    f"{text!r} is the id of {student}, but the name of {_several(others)}",
                )
            return Owner(tuple(exact), True, f"{text.strip()} is the id")
        strong, weak = self._words_that_name(text)
        if len(strong) == 1:
            return Owner(tuple(strong), True, f"{text!r} holds the id, email or name of nobody else")
        if strong:
            return Owner(tuple(sorted(strong)), False, f"{text!r} could be {_several(strong)}")
        weak |= exact
        if weak:
            return Owner(tuple(sorted(weak)), False, f"{text!r} holds more than the name or id of {_several(weak)}")
        return Owner((), False, f"{text!r} holds the id, email or name of no student")

    def _words_that_name(self, text: str) -> tuple[set[str], set[str]]:
        """Return those whom a text surely names, and those whom it may name."""
        tokens = [word for word in words(composed(text)) if not word.isdigit()]
        strong = self._exactly(" ".join(tokens)) or self._named_beside_words_that_are_no_names(tokens)
        rest = composed(text)
        found: dict[str, set[str]] = {}
        for index in (self._emails, self._ids):
            for identifier in sorted(index, key=len, reverse=True):
                if _has_word(rest, identifier) and not is_short_number(identifier):
                    found[identifier] = index[identifier]
                    rest = re.sub(_word(identifier), " ", rest)
        nothing_left = all(word.isdigit() or plain(word) in _NOT_NAMES for word in words(rest))
        weak = set(self._near(text))
        for identifier, owners in found.items():
            if nothing_left or re.search(r"[\d@._-]", identifier):
                strong = strong | owners
            elif not strong:
                weak |= owners
        return strong, weak - strong

    def _named_beside_words_that_are_no_names(self, tokens: list[str]) -> set[str]:
        have = {tuple(tokens), tuple(plain(" ".join(tokens)).split())}
        found: set[str] = set()
        for each in have:
            counted = Counter(each)
            for name, owners in self._names.items():
                left = counted - Counter(name)
                if not Counter(name) - counted and all(plain(word) in _NOT_NAMES for word in left):
                    found |= owners
        return found


def _index(pairs: Iterable[tuple]) -> dict:
    index: dict = {}
    for key, student in pairs:
        index.setdefault(key, set()).add(student)
    return index


def is_short_number(text: str) -> bool:
    """Return whether a text is a number that could be anything."""
    return text.isdigit() and len(text) < _SHORT


def _word(word: str) -> str:
    """Return a pattern that finds a word, not as part of another word or identifier."""
    return rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"


def _has_word(text: str, word: str) -> bool:
    return re.search(_word(word), text) is not None


def _several(students: Iterable[str]) -> str:
    names = sorted(students)
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
