"""The form of a table, judged by its first rows: encoding, separator, header, and which column holds what.

A known name of a column decides if its cells fit; otherwise the only column whose cells fit. If two fit, nothing is guessed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fer_course.data.readers.names import CLASSES, SPLIT_WORDS, are_names_of, class_of, split_of_cell
from fer_course.data.readers.pixels import PIXELS, SPACED
from fer_course.errors import shown
from fer_course.faces import CLASS_NAMES, SPLITS

#: First bytes that are examined: about 25 rows of FER2013.
SAMPLE = 2**18
ROWS = 40
LABEL_NAMES = (
    *("emotion", "emotions", "label", "labels", "class", "classes", "expression", "expressions", "target", "category"),
    *("emotion_label", "emotion_id", "label_id", "class_id", "emotion_name", "label_name", "class_name", "y"),
)
PIXEL_NAMES = ("pixels", "pixel", "image_pixels", "pixel_values", "image", "images", "img", "face", "data", "x")
USAGE_NAMES = ("usage", "split", "set", "subset", "partition", "dataset")
#: A column that says yes or no to one split: `is_train`, `test`.
FLAG = re.compile(r"(is[ _-]?)?(train|training|test|testing|val|valid|validation|public|private)([ _-]?test)?")
YES_OR_NO = {"0", "1", "true", "false", "yes", "no", "0.0", "1.0"}
#: Columns that number the rows, or that name them.
INDEX_NAMES = ("", "index", "id", "row", "unnamed: 0")
#: The end of a whole number that was written as a decimal.
DECIMALS = (".0", ",0")
SEPARATORS = (",", ";", "\t", "|")
#: The most columns beside 2,304 columns with one pixel each.
MOST_OTHERS = 12
CLASS_COUNT = len(CLASS_NAMES)
PATH = re.compile(r"[^\n]*\.(jpe?g|png|bmp|webp|tiff?|gif|pgm)\s*", re.IGNORECASE)
SCALED = (
    "numbers with a decimal point, not whole numbers from 0 to 255",
    "Write the table again with the original pixels as whole numbers, before they are scaled.",
)
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]{200,}")

#: One column, by its number, or several columns side by side.
Columns = int | slice


@dataclass(frozen=True)
class Form:
    """The form of a table.

    Attributes:
        encoding: the encoding, as Python calls it.
        end: the line end.
        header: the number of lines before the first row.
        separator: the character between cells.
        columns: the number of cells in a row.
        names: the names of the columns, in lower case; () without a header.
        emotion: the number of the column with the class, or the columns of seven zeros and ones; None if there is none.
        pixels: the number of the column with the pixels, or the columns with one pixel each; None if there is none.
        usage: the number of the column with the split; None if there is none.
        labels: cell of the class -> its number.
        splits: cell of the split -> its position in `SPLITS`.
        named: True if the cells for the class are names.
        known_order: True if the format says that its class numbers are in FER2013's order.
        listed: True if the pixels are in brackets or have commas.
        sure: True if its columns have FER2013's names, or hold both pixels and classes.
        trouble: why the table can't be read, and what to do; "" if it can be read.

    """

    encoding: str
    end: str
    header: int
    separator: str
    columns: int
    names: tuple[str, ...]
    emotion: Columns | None
    pixels: Columns | None
    usage: int | None
    labels: dict[bytes, int]
    splits: dict[bytes, int]
    named: bool
    known_order: bool
    listed: bool
    sure: bool
    trouble: str


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text by its first bytes: UTF-16 has a mark, or every other byte is zero."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        some = start[first:80:2]
        if len(some) > 5 and not any(some):
            return encoding
    return "utf-8-sig" if start.startswith(b"\xef\xbb\xbf") else "utf-8"


def end_of(text: str) -> str:
    """Return the line end of a text: a line feed or, if it has none, a carriage return, as on the first Macs."""
    return "\r" if "\r" in text and "\n" not in text else "\n"


def form_of(sample: bytes) -> Form:
    """Return the form of a table, judged by its first `SAMPLE` bytes."""
    encoding = encoding_of(sample)
    text = sample.decode(encoding, "replace")
    end = end_of(text)
    lines = text.split(end)
    # Only lines that end within the sample are complete.
    lines = [f"{line}\n" for line in (lines[:-1] if len(sample) >= SAMPLE else lines) if line.strip() or len(lines) < 3]
    separator_line = re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE) if lines else None
    lines = lines[1:] if separator_line else lines
    separator = separator_line[1] if separator_line else _separator(lines[0] if lines else "")
    rows = _rows(lines, separator)
    headed = bool(rows) and not _is_data(rows[0])
    names = tuple(cell.lower() for cell in rows[0]) if headed else ()
    rows = rows[1:] if headed else rows
    if rows and all(len(row) == len(names) + 1 for row in rows):
        names = ("", *names) if headed else names  # R omits the name of the column that numbers the rows
    columns = len(names) or (len(rows[0]) if rows else 0)
    found = _Columns(names, [row for row in rows if len(row) == columns], columns)
    header = (1 if separator_line else 0) + (1 if headed else 0)
    return found.form(encoding, end, header, separator)


def _separator(header: str) -> str:
    """Return the separator of a header: the one that gives the most known names, or else the most columns."""

    def known(separator: str) -> tuple[int, int]:
        cells = [cell.strip(' "\r\n').lower() for cell in header.split(separator)]
        return sum(cell in (*LABEL_NAMES, *PIXEL_NAMES, *USAGE_NAMES) for cell in cells), len(cells)

    return max(SEPARATORS, key=known)


def _rows(lines: Iterable[str], separator: str) -> list[list[str]]:
    """Return the cells of some rows, up to the first row that can't be read."""
    rows = []
    try:
        for row in csv.reader(lines, delimiter=separator):
            if any(row):
                rows.append([cell.strip(" \r\n") for cell in row])
            if len(rows) > ROWS:
                break
    except csv.Error:
        pass
    return rows


def is_picture(cell: str) -> bool:
    """Return True for a text of 2,304 numbers of at most three digits, with or without brackets."""
    words = cell.translate(SPACED).split()
    return len(words) == PIXELS and all(word.isdigit() and len(word) <= 3 for word in words)


def _is_listed(cell: str) -> bool:
    """Return True if numbers are in brackets, or have commas or other separators between them."""
    return cell.startswith(("[", "(", "array(")) or sum(cell.count(separator) for separator in ",;|") > PIXELS // 2


def _is_data(row: list[str]) -> bool:
    """Return True for a first row that holds a face: then the table has no header."""
    if any(len(cell.translate(SPACED).split()) > 99 for cell in row):
        return True
    numbers = [int(cell) for cell in row if cell.isdigit() and len(cell) < 6]
    counted = numbers[-PIXELS:] == list(range(numbers[-1] - PIXELS + 1, numbers[-1] + 1)) if numbers else False
    return len(numbers) >= PIXELS and not counted


class _Columns:
    """The first rows of a table, and the content of their columns."""

    def __init__(self, names: tuple[str, ...], rows: list[list[str]], count: int):
        self.names, self.rows, self.count = names, rows, count
        self.several: list[str] = []

    def cells(self, column: int) -> list[str]:
        return [row[column] for row in self.rows]

    def name(self, column: int) -> str:
        return self.names[column] if self.names else f"number {column + 1}"

    def form(self, encoding: str, end: str, header: int, separator: str) -> Form:
        usage = self.find(USAGE_NAMES, range(self.count), _are_splits)
        pixels, emotion = self._wide(usage) if self.count >= PIXELS else self._narrow(usage)
        called_emotion = isinstance(emotion, int) and bool(self.names) and self.names[emotion] in LABEL_NAMES[:2]
        labels, named = self._labels(emotion, called_emotion)
        splits = self.cells(usage) if usage is not None else []
        cells = self.cells(pixels) if isinstance(pixels, int) else []
        # Without a header, a first column with a number and a second with pixels are FER2013's own.
        known_order = called_emotion or (not self.names and emotion == 0 and isinstance(pixels, int))
        listed = bool(cells) and all(map(_is_listed, cells))
        return Form(
            encoding=encoding,
            end=end,
            header=header,
            separator=separator,
            columns=self.count,
            names=self.names,
            emotion=emotion,
            pixels=pixels,
            usage=usage,
            labels=labels,
            splits=_splits(splits),
            named=named,
            known_order=known_order,
            listed=listed,
            sure=self._is_sure(pixels, emotion),
            trouble=self._trouble(pixels),
        )

    def _is_sure(self, pixels: Columns | None, emotion: Columns | None) -> bool:
        """Return True if this is certainly a table of faces: many tables have columns called image and label."""
        if pixels is None or emotion is None:
            return False
        if not isinstance(pixels, int) or not isinstance(emotion, int):
            return True
        fits = any(map(is_picture, self.cells(pixels))) and _are_labels(self.cells(emotion))
        return fits or {"emotion", "pixels"} <= set(self.names)

    def find(self, names: tuple[str, ...], columns: Iterable[int], fits: Callable[[list[str]], bool]) -> int | None:
        """Return the column with a known name whose cells fit, else the only one whose cells fit, else one with a known name."""
        columns = [column for column in columns if not self.names or self.names[column] not in INDEX_NAMES]
        known = [
            column for name in names for column in columns if self.names and self.names[column] == name
            and self.names.count(name) == 1
        ]  # fmt: skip
        twice = any(self.names.count(name) > 1 for name in names)
        fitting = [column for column in columns if self.rows and fits(self.cells(column))]
        if first := [column for column in known if column in fitting]:
            return first[0]
        if len(fitting) == 1 and not twice:
            return fitting[0]
        if len(fitting) > 1 and not known:
            self.several = [self.name(column) for column in fitting]
            return None
        return known[0] if known else None

    def _narrow(self, usage: int | None) -> tuple[Columns | None, Columns | None]:
        """Return the columns of pixels and class if a picture is in one cell."""
        others = [column for column in range(self.count) if column != usage]
        pixels = self.find(PIXEL_NAMES, others, lambda cells: any(is_picture(cell) for cell in cells))
        others = [column for column in others if column != pixels]
        return pixels, None if pixels is None else self._names_beside(
            self.find(LABEL_NAMES, others, _are_labels), others
        )

    def _names_beside(self, emotion: int | None, columns: Iterable[int]) -> int | None:
        """Return the column with the names of the classes in the column `emotion`; if there is none, `emotion`."""
        numbers = self.cells(emotion) if emotion is not None else []
        for column in columns if numbers and class_of(numbers[0]) is None else ():
            if are_names_of(numbers, self.cells(column), 1 if self.name(column) in LABEL_NAMES else 2):
                return column
        return emotion

    def _wide(self, usage: int | None) -> tuple[Columns | None, Columns | None]:
        """Return the columns of pixels and class if each pixel has a column, side by side."""
        if self.count > PIXELS + MOST_OTHERS:
            return None, None
        choices: list[tuple[slice, Columns | None]] = []
        hot: list[tuple[slice, Columns | None]] = []
        for start in range(self.count - PIXELS + 1):
            others = [
                column for column in range(self.count) if not start <= column < start + PIXELS and column != usage
            ]
            if (usage is not None and start <= usage < start + PIXELS) or not self._are_pixels(start):
                continue
            if seven := self._one_hot(others):
                hot.append((slice(start, start + PIXELS), seven))
                continue
            emotion = self._names_beside(self.find(LABEL_NAMES, others, _are_labels), others)
            others = [column for column in others if column != emotion]
            if emotion is not None or not others:
                choices.append((slice(start, start + PIXELS), emotion))
            self.several = []
        choices = hot or choices
        if len(choices) > 1:
            self.several = [f"{self.name(choice[0].start)}, …" for choice in choices]
        return choices[0] if len(choices) == 1 else (None, None)

    def _are_pixels(self, start: int) -> bool:
        """Return True if 2,304 columns hold numbers, and numbers in their names, if any, rise one by one."""
        names = [re.fullmatch(r"\D*(\d+)", name) for name in self.names[start : start + PIXELS]]
        numbers = [int(name[1]) for name in names if name]
        if self.names and numbers and numbers != list(range(numbers[0], numbers[0] + PIXELS)):
            return False
        return all(cell.isdigit() for row in self.rows[:3] for cell in row[start : start + PIXELS])

    def _one_hot(self, columns: list[int]) -> slice | None:
        """Return seven columns, side by side, of which one holds 1 and the others 0; None if there are none."""
        first, last = (columns[0], columns[-1]) if columns else (0, 0)
        if len(columns) != CLASS_COUNT or last - first + 1 != CLASS_COUNT or not self.rows:
            return None
        rows = [[cell.removesuffix(".0") for cell in row[first : last + 1]] for row in self.rows]
        return slice(first, last + 1) if all(sorted(row) == ["0"] * 6 + ["1"] for row in rows) else None

    def _labels(self, emotion: Columns | None, named: bool) -> tuple[dict[bytes, int], bool]:
        """Return a dictionary, cell of the class -> number, and whether the cells are names."""
        if isinstance(emotion, slice):
            named_classes = [class_of(name) for name in self.names[emotion]] if self.names else []
            classes = [label for label in named_classes if label is not None]
            has_names = len(classes) == len(named_classes) and len(set(classes)) == CLASS_COUNT
            order = classes if has_names else list(range(CLASS_COUNT))
            return {str(index).encode(): label for index, label in enumerate(order)}, has_names
        cells = set(self.cells(emotion)) if emotion is not None else set()
        if cells and all(class_of(cell) is not None for cell in cells):
            spellings = {each for name in CLASSES for each in (name, name.title(), name.upper())} | cells
            found = {spelling.encode(): class_of(spelling) for spelling in spellings}
            return {spelling: label for spelling, label in found.items() if label is not None}, True
        # Class numbers of other data sets may begin with 1.
        numbers = range(CLASS_COUNT if named and not _begin_with_1(cells) else CLASS_COUNT + 1)
        ending = next((each for each in DECIMALS if cells and all(cell.endswith(each) for cell in cells)), "")
        return {f"{number}{ending}".encode(): number for number in numbers}, False

    def _decimal(self) -> str:
        """Return the first number with a decimal point if most cells of a row are such numbers; else ""."""
        found = [cell for row in self.rows[:1] for cell in row if re.fullmatch(r"-?\d+[.,]\d+(e[+-]?\d+)?", cell)]
        return found[0] if len(found) > PIXELS // 2 else ""

    def _trouble(self, pixels: Columns | None) -> str:
        """Return why the pixels can't be read, or which columns leave a choice, and what to do; "" if nothing is wrong."""
        if {"image name", "nf"} <= set(self.names):
            return (
                "found FERPlus' votes. They go with fer2013.csv: `fer-course data info fer2013.csv --votes` this file."
            )
        if self.several:
            choice = " and ".join(map(shown, self.several[:2]))
            return f"two columns fit, {choice}, and no known name decides. Call the right one emotion or pixels."
        if flag := self._flag():
            return (
                f"the column {shown(flag)} holds yes or no for one split, which can't be read. "
                "Write a column Usage instead, with Training, PublicTest and PrivateTest."
            )
        if pixels is None and self.count >= PIXELS and (cell := self._decimal()):
            words, advice = SCALED
            return f"its columns hold {words}, such as {_short(cell)}. {advice}"
        columns = range(self.count) if pixels is None else [pixels] if isinstance(pixels, int) else []
        for column in columns if self.count < PIXELS else []:
            cells = self.cells(column)
            words, advice = _words(cells[0]) if cells and not any(map(is_picture, cells)) else ("", "")
            if words:
                return f"the column {shown(self.name(column))} holds {words}, such as {_short(cells[0])}. {advice}"
        return ""

    def _flag(self) -> str | None:
        """Return the name of a column with yes or no for one split, if no column names the split; None if there is none."""
        if self.find(USAGE_NAMES, range(self.count), _are_splits) is not None:
            return None
        flags = [column for column, name in enumerate(self.names or ()) if FLAG.fullmatch(name)]
        yes_or_no = [
            column for column in flags if self.rows and {cell.lower() for cell in self.cells(column)} <= YES_OR_NO
        ]
        return self.name(yes_or_no[0]) if yes_or_no else None


def _words(cell: str) -> tuple[str, str]:
    """Return what a cell holds instead of pixels, if that is known, and what to do; else two empty texts."""
    if "..." in cell or "…" in cell:
        what = "pixels that were shortened to “...” when they were written, and are lost"
        return what, "Write the table again with all 2,304 numbers in each row."
    if PATH.fullmatch(cell):
        return "names of picture files, not pixels", "Read the folder with the pictures instead."
    if cell.startswith(("b'", 'b"', "{'bytes'", '{"bytes"')) or "\\x" in cell[:200]:
        what = "the bytes of pictures as Python prints them, not pixels"
        return what, "Use the parquet file or the pictures that they come from."
    if re.fullmatch(r"[0-9a-fA-F]{4608}", cell):
        return "pixels as hexadecimal text", "Write the table again with numbers from 0 to 255 and spaces between them."
    if BASE64.fullmatch(cell) and re.search("[A-Za-z]", cell):
        return "pictures as base64 text, not pixels", "Save the pixels as numbers, or the pictures in folders."
    if len(cell) > 400 and re.search(r"\d\.\d|\d,\d+ +\d+,\d", cell[:400]):
        return SCALED
    return "", ""


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= 24 else cell[:24] + "…")


def _are_labels(cells: list[str]) -> bool:
    """Return True if cells are numbers from 0 to 6 or from 1 to 7, or all of them names of classes."""
    if all(class_of(cell) is not None for cell in cells):
        return True
    cells = [cell.removesuffix(".0").removesuffix(",0") for cell in cells]
    numbers = {cell for cell in cells if len(cell) == 1 and cell in "01234567"}
    return numbers == set(cells) and not {"0", "7"} <= numbers


def _begin_with_1(cells: set[str]) -> bool:
    """Return True if class numbers go from 1 to 7, and that is not just one wrong row."""
    return "7" in cells and "0" not in cells and len(cells & set("1234567")) > CLASS_COUNT // 2


def _are_splits(cells: list[str]) -> bool:
    """Return True if most cells are splits, or some are in FER2013's own words. Other cells are errors then."""
    words = sum(split_of_cell(cell) is not None for cell in cells)
    return words > len(cells) / 2 or bool(set(cells) & set(SPLITS[:3]))


def _splits(cells: list[str]) -> dict[bytes, int]:
    """Return a dictionary: spelling of a split -> position in `SPLITS`."""
    words = {each for word in SPLIT_WORDS for each in (word, word.title(), word.upper())} | set(SPLITS) | set(cells)
    words |= {f"{which}{space}{test}" for which, test in _tests() for space in (" ", "_", "-")}
    # If other rows say Training, Train is a row that was cut off.
    words -= {word for word in words for cell in set(cells) if cell.startswith(word) and cell != word}
    return {word.encode(): SPLITS.index(split) for word in words if (split := split_of_cell(word))}


def _tests() -> list[tuple[str, str]]:
    return [(which, test) for which in ("Public", "public", "Private", "private") for test in ("Test", "test")]
