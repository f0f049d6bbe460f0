"""Notebooks that something touched, and what each is worth, worked out by hand.

A touched notebook is the right one, with a change. Its worth is the points for `mirror` and for `size`, what the written answer
is, and words of a remark for the teacher; or the words of the reason why it can't be graded.
"""

from __future__ import annotations

import copy
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import classes
import nbformat

WRITTEN = "I mirrored it."
STUB = "*Your answer here.*"
MIRROR = "def mirror(image):\n    flipped = image[:, ::-1]\n    return flipped"
HEAD, TAIL = "def mirror(image):\n    flipped = image[:, ::-1]", "    return flipped"
SIZE = "def output_size(size, kernel, stride=1, padding=0):\n    return (size + 2 * padding - kernel) // stride + 1"
WRONG = "def mirror(image):\n    return image"
HELPER = "def flip(image):\n    return image[:, ::-1]"
USES_HELPER = "def mirror(image):\n    return flip(image)"
WARNS = (
    "import logging\nimport sys\nimport warnings\n\n\ndef mirror(image):\n    warnings.warn('deprecated')\n"
    "    logging.error('noise')\n    print('noise', file=sys.stderr)\n    return image[:, ::-1]"
)


def source() -> nbformat.NotebookNode:
    """Return the solved lesson, with a written question."""
    lesson = classes.lesson()
    entry = {"schema_version": 3, "grade": True, "solution": True, "locked": False, "task": False, "points": 2}
    lesson.cells += [
        nbformat.v4.new_markdown_cell("## In your own words\n\nWhat did you do?", id="question"),
        nbformat.v4.new_markdown_cell(
            f"### BEGIN SOLUTION\n{WRITTEN}\n### END SOLUTION",
            id="words",
            metadata={"nbgrader": entry | {"grade_id": "words"}},
        ),
    ]
    return lesson


def released() -> str:
    """Return the lesson as it is handed out, as far as repairing looks at it."""
    lesson = source()
    for cell in lesson.cells:
        cell.source = re.sub(
            r"    ### BEGIN SOLUTION.*?### END SOLUTION", "    ...  # your code here", cell.source, flags=re.DOTALL
        )
        cell.source = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", STUB, cell.source, flags=re.DOTALL)
    return json.dumps(lesson)


def right(handed_out: str) -> dict:
    """Return the notebook that was handed out with right answers."""
    notebook = json.loads(handed_out)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        cell["source"] = {"mirror": MIRROR, "size": SIZE, "words": WRITTEN}.get(cell["id"], cell["source"])
    return notebook


@dataclass(frozen=True)
class Touched:
    """One kind.

    Attributes:
        change: changes the right notebook in place, or returns the bytes of the file.
        mirror: points for that exercise.
        size: points for that exercise.
        written: text that the written answer has to hold.
        remark: pattern of a remark; "": none has to be there.
        failure: pattern of the reason why it is not graded; "": it is.

    """

    change: Callable
    mirror: int = 1
    size: int = 1
    written: str = WRITTEN
    remark: str = ""
    failure: str = ""

    def content(self, handed_out: str) -> bytes:
        """Return the file that is handed in."""
        stubs.update({cell["id"]: "".join(cell["source"]) for cell in json.loads(handed_out)["cells"]})
        notebook = right(handed_out)
        made = self.change(notebook)
        return made if isinstance(made, bytes) else json.dumps(notebook).encode()


KINDS: dict[str, Touched] = {}
#: Id of a cell -> its text as it was handed out.
stubs: dict[str, str] = {}


def kind(name: str, **worth):
    """Name the function below as one kind."""

    def named(change):
        KINDS[name] = Touched(change, **worth)
        return change

    return named


def at(notebook: dict, name: str) -> int:
    return next(index for index, cell in enumerate(notebook["cells"]) if cell.get("id") == name)


def cell(notebook: dict, name: str) -> dict:
    return notebook["cells"][at(notebook, name)]


def code(words: str) -> dict:
    made = {"cell_type": "code", "metadata": {}, "source": words, "id": new_id(words)}
    return made | {"outputs": [], "execution_count": None}


def new_id(words: str) -> str:
    return f"new{zlib.crc32(words.encode())}"


def text(words: str, kind: str = "markdown") -> dict:
    return {"cell_type": kind, "metadata": {}, "source": words, "id": new_id(words)}


def insert(notebook: dict, name: str, *new: dict, below: int = 1) -> None:
    """Insert cells below a cell; `below=0`: above it."""
    index = at(notebook, name) + below
    notebook["cells"][index:index] = new


def stub_of(name: str) -> str:
    return stubs[name]


def copied(notebook: dict, name: str, words: str) -> dict:
    """Return a copy of a cell, as editors make it: with the metadata, and another id."""
    made = copy.deepcopy(cell(notebook, name))
    return made | {"source": words, "id": f"{name}-copy"}


def delete(notebook: dict, name: str) -> None:
    del notebook["cells"][at(notebook, name)]


def halves(notebook: dict, name: str, first: str, second: str, has_metadata: tuple[bool, bool]) -> None:
    """Split a cell."""
    index = at(notebook, name)
    whole = notebook["cells"][index]
    pieces = [copy.deepcopy(whole) | {"source": first}, copied(notebook, name, second)]
    for piece, has in zip(pieces, has_metadata, strict=True):
        if not has:
            piece["metadata"] = {}
            piece["id"] = f"{name}-half-{len(piece['source'])}"
    notebook["cells"][index : index + 1] = pieces


@kind("untouched")
def _(notebook): ...


@kind("answer copied, stub below")
def _(notebook):
    insert(notebook, "mirror", copied(notebook, "mirror", stub_of("mirror")))


@kind("answer copied, stub above")
def _(notebook):
    insert(notebook, "mirror", copied(notebook, "mirror", stub_of("mirror")), below=0)


@kind("answer copied below the check")
def _(notebook):
    insert(notebook, "check-mirror", copied(notebook, "mirror", stub_of("mirror")))


@kind("two answers, the second is right", remark="2 cells")
def _(notebook):
    insert(notebook, "mirror", copied(notebook, "mirror", WRONG), below=0)


@kind("two answers, the second is wrong", mirror=0, remark="2 cells")
def _(notebook):
    insert(notebook, "mirror", copied(notebook, "mirror", WRONG))


@kind("split in a function, both with metadata", remark="2 cells")
def _(notebook):
    halves(notebook, "mirror", HEAD, TAIL, (True, True))


@kind("split in a function, second half without metadata", remark="2 cells")
def _(notebook):
    halves(notebook, "mirror", HEAD, TAIL, (True, False))


@kind("split in a function, first half without metadata", remark="2 cells")
def _(notebook):
    halves(notebook, "mirror", HEAD, TAIL, (False, True))


@kind("split after the colon", remark="2 cells")
def _(notebook):
    halves(notebook, "mirror", "def mirror(image):", "    return image[:, ::-1]", (True, False))


@kind("split in brackets", remark="cells")
def _(notebook):
    halves(notebook, "mirror", "def mirror(image):\n    return image[", "        :, ::-1]", (True, True))


@kind("split between two functions, both with metadata", remark="2 cells")
def _(notebook):
    halves(notebook, "mirror", HELPER, USES_HELPER, (True, True))


@kind("split between two functions, second without metadata", remark="another cell")
def _(notebook):
    halves(notebook, "mirror", HELPER, USES_HELPER, (True, False))


@kind("split between two functions, first without metadata")
def _(notebook):
    halves(notebook, "mirror", HELPER, USES_HELPER, (False, True))


@kind("split into three", remark="3 cells")
def _(notebook):
    halves(notebook, "mirror", "def mirror(image):", "    flipped = image[:, ::-1]", (True, True))
    insert(notebook, "mirror-copy", copied(notebook, "mirror", TAIL) | {"id": "third"})


@kind("answer and check merged", remark="put back: mirror")
def _(notebook):
    cell(notebook, "mirror")["source"] += "\n\n" + cell(notebook, "check-mirror")["source"]
    delete(notebook, "check-mirror")


@kind("all cells merged", remark="size")
def _(notebook):
    names = ["check-mirror", "size", "check-size"]
    cell(notebook, "mirror")["source"] = "\n\n".join([MIRROR, *(cell(notebook, name)["source"] for name in names)])
    for name in names:
        delete(notebook, name)


@kind("all cells merged, the first answer is wrong", mirror=0, remark="size")
def _(notebook):
    KINDS["all cells merged"].change(notebook)
    cell(notebook, "mirror")["source"] = cell(notebook, "mirror")["source"].replace(MIRROR, WRONG)


@kind("both answers in the cell of the second", remark="mirror")
def _(notebook):
    cell(notebook, "mirror")["source"] = stub_of("mirror")
    cell(notebook, "size")["source"] = f"{MIRROR}\n\n\n{SIZE}"


@kind("metadata stripped", remark="lost nbgrader's metadata")
def _(notebook):
    for each in notebook["cells"]:
        each["metadata"] = {}


@kind("ids stripped")
def _(notebook):
    for each in notebook["cells"]:
        del each["id"]
    notebook["nbformat_minor"] = 4


@kind("ids made anew")
def _(notebook):
    for index, each in enumerate(notebook["cells"]):
        each["id"] = f"abc{index}"


@kind("metadata and ids stripped", remark="recognised by their text")
def _(notebook):
    for index, each in enumerate(notebook["cells"]):
        each["metadata"], each["id"] = {}, f"abc{index}"


@kind("metadata and ids stripped, and a check deleted", remark="mirror")
def _(notebook):
    delete(notebook, "check-mirror")
    KINDS["metadata and ids stripped"].change(notebook)


@kind("metadata of one answer stripped, with its id", remark="another cell")
def _(notebook):
    cell(notebook, "mirror").update(metadata={}, id="mine")


@kind("check made markdown", remark="put back: mirror")
def _(notebook):
    check = cell(notebook, "check-mirror")
    check["cell_type"] = "markdown"
    del check["outputs"], check["execution_count"]


@kind("check moved above its answer", remark="moved")
def _(notebook):
    index = at(notebook, "check-mirror")
    notebook["cells"].insert(at(notebook, "mirror"), notebook["cells"].pop(index))


@kind("check moved to the end", remark="moved")
def _(notebook):
    notebook["cells"].append(notebook["cells"].pop(at(notebook, "check-mirror")))


@kind("check deleted", remark="put back: mirror")
def _(notebook):
    delete(notebook, "check-mirror")


@kind("checks edited", mirror=0, remark="put back: mirror, size")
def _(notebook):
    cell(notebook, "mirror")["source"] = WRONG
    for name in ("check-mirror", "check-size"):
        cell(notebook, name)["source"] = "print('✔ Right.')"


@kind("check copied", remark="put back: mirror")
def _(notebook):
    insert(notebook, "check-mirror", copied(notebook, "check-mirror", cell(notebook, "check-mirror")["source"]))


@kind("answer made raw", remark="no code cell")
def _(notebook):
    cell(notebook, "mirror")["cell_type"] = "raw"


@kind("answer made markdown", remark="no code cell")
def _(notebook):
    cell(notebook, "mirror")["cell_type"] = "markdown"


@kind("answer deleted", mirror=0, remark="mirror was deleted")
def _(notebook):
    delete(notebook, "mirror")


@kind("answer emptied", mirror=0)
def _(notebook):
    cell(notebook, "mirror")["source"] = ""


@kind("answer typed below the check", remark="another cell")
def _(notebook):
    cell(notebook, "mirror")["source"] = stub_of("mirror")
    insert(notebook, "check-mirror", code(MIRROR))


@kind("answer typed above its cell", remark="another cell")
def _(notebook):
    cell(notebook, "mirror")["source"] = stub_of("mirror")
    insert(notebook, "mirror", code(MIRROR), below=0)


@kind("answer typed into a new cell, its own deleted", remark="another cell")
def _(notebook):
    insert(notebook, "check-mirror", code(MIRROR))
    delete(notebook, "mirror")


@kind("answer with a helper cell above")
def _(notebook):
    cell(notebook, "mirror")["source"] = USES_HELPER
    insert(notebook, "mirror", code(HELPER), below=0)


@kind("answer and helper typed below the check", remark="another cell")
def _(notebook):
    cell(notebook, "mirror")["source"] = stub_of("mirror")
    insert(notebook, "check-mirror", code(HELPER), code(USES_HELPER))


@kind("helper in the cell, answer typed below the check", remark="another cell")
def _(notebook):
    cell(notebook, "mirror")["source"] = HELPER
    insert(notebook, "check-mirror", code(USES_HELPER))


@kind("all answers typed at the end", remark="another cell")
def _(notebook):
    for name in ("mirror", "size"):
        cell(notebook, name)["source"] = stub_of(name)
    notebook["cells"] += [code(MIRROR), code(SIZE)]


@kind("a wrong draft typed at the end counts for nothing")
def _(notebook):
    notebook["cells"].append(code(WRONG))


@kind("written answer in a new markdown cell", written="Mine.", remark="written answer")
def _(notebook):
    cell(notebook, "words")["source"] = stub_of("words")
    insert(notebook, "words", text("Mine."))


@kind("written answer above its cell", written="Mine.", remark="written answer")
def _(notebook):
    cell(notebook, "words")["source"] = stub_of("words")
    insert(notebook, "words", text("Mine."), below=0)


@kind("written answer in a code cell", written="I mirrored the picture, of course.", remark="written answer")
def _(notebook):
    cell(notebook, "words")["source"] = stub_of("words")
    insert(notebook, "words", code("I mirrored the picture, of course."))


@kind("written answer in one word in a code cell", written="Mirrored", remark="written answer")
def _(notebook):
    cell(notebook, "words")["source"] = stub_of("words")
    insert(notebook, "words", code("Mirrored"))


@kind("written answer as a remark in a code cell", written="# I mirrored it, twice.", remark="written answer")
def _(notebook):
    cell(notebook, "words")["source"] = stub_of("words")
    insert(notebook, "words", code("# I mirrored it, twice."))


@kind("split into three, only the first has metadata", remark="3 cells")
def _(notebook):
    KINDS["split into three"].change(notebook)
    for index, name in enumerate(("mirror-copy", "third")):
        cell(notebook, name).update(metadata={}, id=f"piece{index}")


@kind("written answer's own cell made code", written="I mirrored it, twice.")
def _(notebook):
    cell(notebook, "words").update(cell_type="code", source="I mirrored it, twice.", outputs=[], execution_count=None)


@kind("written answer's cell deleted, answer in a new one", written="Mine.", remark="written answer")
def _(notebook):
    insert(notebook, "words", text("Mine."))
    delete(notebook, "words")


@kind("written answer in two cells", written="And more.")
def _(notebook):
    insert(notebook, "words", text("And more."))


@kind("byte order mark", remark="byte order mark")
def _(notebook):
    return b"\xef\xbb\xbf" + json.dumps(notebook).encode()


@kind("UTF-16", remark="UTF-16")
def _(notebook):
    return json.dumps(notebook).encode("utf-16")


@kind("cp1252", written="Zurück", remark="1252")
def _(notebook):
    cell(notebook, "words")["source"] = "Zurück"
    return json.dumps(notebook, ensure_ascii=False).encode("cp1252")


@kind("nbformat 3", remark="recognised by their text|another cell")
def _(notebook):
    cells = []
    for each in notebook["cells"]:
        made = {"cell_type": each["cell_type"], "metadata": {}}
        made |= (
            {"input": each["source"], "language": "python", "outputs": []}
            if each["cell_type"] == "code" else {"source": each["source"]}
        )  # fmt: skip
        cells.append(made)
    return json.dumps(
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    ).encode()


@kind("nbformat 4.4")
def _(notebook):
    notebook["nbformat_minor"] = 4
    for each in notebook["cells"]:
        del each["id"]


@kind("source as lists of lines")
def _(notebook):
    for each in notebook["cells"]:
        each["source"] = each["source"].splitlines(keepends=True)


@kind("Windows line ends")
def _(notebook):
    for each in notebook["cells"]:
        each["source"] = each["source"].replace("\n", "\r\n")


@kind("Windows line ends in the file")
def _(notebook):
    return json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()


@kind("extra cells with errors")
def _(notebook):
    insert(notebook, "load", code("1 / 0"), code("this is not Python"), code("def ("))
    insert(notebook, "mirror", code("mirror(None)"))


@kind("magics")
def _(notebook):
    cell(notebook, "size")["source"] = f"%time 1 + 1\n!true\n{SIZE}\n%time output_size(3, 1)"
    insert(notebook, "load", code("!ls"), code("%%time\nx = 1"))


@kind("cell magic above the answer")
def _(notebook):
    cell(notebook, "mirror")["source"] = f"%%time\n{MIRROR}"


@kind("import cell deleted", remark="put back")
def _(notebook):
    delete(notebook, "load")


@kind("import cell edited")
def _(notebook):
    cell(notebook, "load")["source"] += "\nimport numpy as np"


@kind("cells moved", remark="moved")
def _(notebook):
    cells = notebook["cells"]
    notebook["cells"] = [cells[0], *cells[4:6], *cells[2:4], cells[1], *cells[6:]]


@kind("cells in reverse", remark="moved")
def _(notebook):
    notebook["cells"].reverse()


@kind("duplicate ids")
def _(notebook):
    for each in notebook["cells"]:
        each["id"] = "same"


@kind("points and locks tampered")
def _(notebook):
    for each in notebook["cells"]:
        if "nbgrader" in each["metadata"]:
            each["metadata"]["nbgrader"] |= {"points": 100, "locked": False, "grade": True}


@kind("names of two cells exchanged", remark="cell of another answer")
def _(notebook):
    first, second = (cell(notebook, name)["metadata"]["nbgrader"] for name in ("mirror", "size"))
    first["grade_id"], second["grade_id"] = second["grade_id"], first["grade_id"]


@kind("function renamed", mirror=0)
def _(notebook):
    cell(notebook, "mirror")["source"] = MIRROR.replace("def mirror", "def mirrored")


@kind("a lambda")
def _(notebook):
    cell(notebook, "mirror")["source"] = "mirror = lambda image: image[:, ::-1]"


@kind("right answer that warns")
def _(notebook):
    cell(notebook, "mirror")["source"] = WARNS


@kind("right answer with a remark that is no text")
def _(notebook):
    cell(notebook, "mirror")["source"] = MIRROR + "\n# \ud800 half a letter"


@kind("odd outputs and metadata")
def _(notebook):
    cell(notebook, "check-mirror")["outputs"] = [{"output_type": "nonsense"}, 3]
    cell(notebook, "title").update(metadata=None, attachments=[])
    insert(
        notebook,
        "title",
        {"cell_type": "code"},
        {"source": 5, "cell_type": "heading"},
        {"metadata": {"nbgrader": []}},
        {},
    )
    notebook["metadata"] = {"kernelspec": None}


@kind("only stubs", mirror=0, size=0, written="")
def _(notebook):
    for each in notebook["cells"]:
        each["source"] = {"mirror": stub_of("mirror"), "size": stub_of("size"), "words": stub_of("words")}.get(
            each["id"], each["source"]
        )


@kind("another lesson", failure="this is lesson 98, not 99")
def _(notebook):
    notebook["cells"] = [
        code("x = 1") | {"metadata": {"nbgrader": classes.graded("other", True)["nbgrader"]}, "id": "other"}
    ]


@kind("another lesson that uses this one's function", failure="this is lesson 98, not 99")
def _(notebook):
    KINDS["another lesson"].change(notebook)
    notebook["cells"].insert(0, code(MIRROR))


@kind("no exercise", failure="no exercise of this lesson")
def _(notebook):
    notebook["cells"] = [text("# Hello"), code("1 + 1")]


@kind("no cell", failure="no exercise of this lesson")
def _(notebook):
    notebook["cells"] = []


@kind("empty file", failure="the file is empty")
def _(notebook):
    return b""


@kind("cut off", failure="cut off or damaged")
def _(notebook):
    return json.dumps(notebook).encode()[:-40]


@kind("JSON without cells", failure="holds no cells")
def _(notebook):
    return b'{"hello": "world"}'


@kind("a list", failure="holds no cells")
def _(notebook):
    return b"[1, 2, 3]"


@kind("cells that are no dictionaries", failure="holds no cells|cells")
def _(notebook):
    notebook["cells"] = [1, "two", None]


@kind("cells that are none", failure="holds no cells|cells")
def _(notebook):
    notebook["cells"] = None


@kind("nested without end", failure="nested too deeply")
def _(notebook):
    return b'{"cells": ' + b"[" * 100_000


@kind("a PDF", failure="PDF")
def _(notebook):
    return b"%PDF-1.7"


@kind("a web page", failure="web page")
def _(notebook):
    return b"<!DOCTYPE html><p>Sign in"


@kind("noise", failure="no text|another file")
def _(notebook):
    return bytes(range(256))
