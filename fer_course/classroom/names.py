"""Names of people as file systems and platforms change them: accents composed or not, or folded away; case; order."""

from __future__ import annotations

import unicodedata

#: Letters that Unicode does not decompose, as people write them in ASCII.
_FOLDED = str.maketrans({
    **{"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d"},
    **{"Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i", "İ": "i", "ħ": "h", "Ħ": "h", "ŋ": "ng", "Ŋ": "ng"},
})  # fmt: skip
#: Umlauts as German speakers write them without accents: Müller, Mueller.
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


def composed(text: str) -> str:
    """Return a text with composed accents (NFC), in lower case: a Mac decomposes names in zips."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def plain(text: str) -> str:
    """Return the words of a text in lower case, without accents, separated by single spaces: `O'Neil-Søe` is `o neil soe`."""
    return " ".join(words(folded(text)))


def folded(text: str) -> str:
    """Return a text in lower case without accents; letters of other scripts stay as they are."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    bare = "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", bare).casefold().translate(_FOLDED)


def umlauts_spelled(text: str) -> str:
    """Return a text with ä, ö, ü, å and ø as two letters, and then as `plain`."""
    return plain(composed(text).translate(_UMLAUTS))


def words(text: str) -> list[str]:
    """Return the words in a text: letters with their marks, and digits; everything else separates, also `_` and apostrophes."""
    return "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text).split()


def spellings(*parts: str) -> set[tuple[str, ...]]:
    """Return a name's words, sorted, in each spelling: with accents, without, and with umlauts as two letters."""
    joined = " ".join(parts)
    found = {tuple(sorted(words(composed(joined)))), tuple(sorted(plain(joined).split()))}
    found.add(tuple(sorted(umlauts_spelled(joined).split())))
    return {each for each in found if each}


def glued(*parts: str) -> set[str]:
    """Return a name in one word, as Canvas writes it (`lovelaceada`), in each spelling, with and without marks on letters."""
    joined = "".join(parts)
    found = {"".join(words(composed(joined))), plain(joined).replace(" ", ""), umlauts_spelled(joined).replace(" ", "")}
    found |= {"".join(letter for letter in each if letter.isalnum()) for each in found}
    return {each for each in found if each}
