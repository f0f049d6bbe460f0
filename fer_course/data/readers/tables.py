"""Tables with one face per row: which of several are read, and which together.

`fer2013.csv` and `icml_face_data.csv` hold all of FER2013. Otherwise all tables of a folder are read whose rows give a split
(Usage), or whose name does (`train.csv`, `val.csv`, `fer2013_test.csv`), also in folders with such names. A table that repeats
another one is left out. A table without labels, such as the contest's `test.csv`, can't be used for training or scores, only
for predictions.
"""

from __future__ import annotations

import sys
from pathlib import Path, PurePath, PurePosixPath

import numpy as np

from fer_course.data import orders
from fer_course.data.candidates import Candidate, Seen, left_out, refuse_too_many
from fer_course.data.containers.archives import HEAD
from fer_course.data.containers.members import READ_ERRORS, Members, refuse_what_is_no_data
from fer_course.data.readers import csv_file
from fer_course.data.readers.csv_file import KNOWN_NAMES
from fer_course.data.readers.names import SPLIT_WORDS, root_of, split_of_name
from fer_course.data.readers.table_form import Form
from fer_course.errors import DataError
from fer_course.faces import SPLITS, Faces

#: How many tables are examined.
LOOK_INTO = 200
TITLE = "table of comma-separated values (columns emotion, pixels and Usage)"
BY_NAME = "tables of comma-separated values (columns emotion and pixels; their names give the splits)"
TRAINING = "the contest's table of comma-separated values (columns emotion and pixels; all rows are Training)"


def candidates(members: Members) -> list[Candidate]:
    """Return the data sets that are tables; tables that are read together are one data set."""
    names = csv_file.tables(members)
    forms = _forms(members, names)
    if members.single:
        return [_candidate(members, "", names[:1], forms)] if names else []
    roots = {name: root_of(name) for name in names if name in forms or _file_name(name) in KNOWN_NAMES}
    found = []
    for root in sorted(set(roots.values())):
        here = [name for name in roots if roots[name] == root]
        for known in sorted((name for name in here if _file_name(name) in KNOWN_NAMES), key=_known):
            found.append(_candidate(members, root, [known], forms))
        faces = [name for name in here if _file_name(name) not in KNOWN_NAMES and forms[name].sure]
        together = [name for name in faces if forms[name].usage is not None or _split(members, name)]
        found += [_candidate(members, root, together, forms)] if together else []
        found += [_candidate(members, root, [name], forms) for name in faces if name not in together]
    return found


def _candidate(members: Members, root: str, names: list[str], forms: dict[str, Form]) -> Candidate:
    names = sorted(names, key=lambda name: _order(members, name, forms.get(name)))
    usage = any(forms[name].usage is not None for name in names if name in forms)
    splits = {_split(members, name) for name in names}
    title = (
        TITLE if usage or _known(names[0]) < len(KNOWN_NAMES) else TRAINING if splits <= {None, "Training"} else BY_NAME
    )
    whole = title != TRAINING
    return Candidate(sys.modules[__name__], members, root, names, title, _known(names[0]), whole, forms)


def _file_name(name: str) -> str:
    return PurePosixPath(name).name.lower()


def _known(name: str) -> int:
    file_name = _file_name(name)
    return KNOWN_NAMES.index(file_name) if file_name in KNOWN_NAMES else 9


def _order(members: Members, name: str, form: Form | None) -> tuple:
    """Return what to sort tables by: those with Usage first, which say most; then by split; then the plainer names."""
    split, stem = _split(members, name), _file_name(name).split(".")[0]
    lacks_usage = form is None or form.usage is None
    return lacks_usage, SPLITS.index(split) if split else 9, "test" in name.lower(), stem not in SPLIT_WORDS, name


def _forms(members: Members, names: list[str]) -> dict[str, Form]:
    """Return the form of the tables closest to the top; tables that can't be read are left out."""
    found = {}
    near = sorted(names, key=lambda name: (name.count("/"), name))[:LOOK_INTO]
    try:
        for name, file in members.each(near):
            found[name] = csv_file.peek(file)
    except (*READ_ERRORS, DataError):
        pass  # nobody named these tables, so a damaged one is not an error
    return {name: found[name] for name in names if name in found}


def _split(members: Members, name: str) -> str | None:
    """Return the split in the name of a table, or of its folder."""
    if members.single:
        # Its folder may tell, too: train/faces.csv. The rest of the path does not belong to the data set.
        path = PurePath(members.path)
        return split_of_name(path.name.split(".")[0]) or SPLIT_WORDS.get(path.parent.name.lower())
    folder, _, file = name.rpartition("/")
    return split_of_name(file.split(".")[0]) or split_of_name(folder.rpartition("/")[2])


# --- reading --------------------------------------------------------------------------------------------------------


def read(candidate: Candidate) -> Faces:
    """Read tables, one after the other: those with Usage first, then Training, then the tests.

    Raises:
        DataError: naming the file and the line, for everything that is not as in FER2013.

    """
    members, names = candidate.members, candidate.names
    _refuse_what_is_no_data(candidate)
    parts: list[tuple[str, csv_file.Rows, Form, np.ndarray]] = []
    copies: list[str] = []
    notes: list[str] = []
    seen = Seen()
    for name in names:
        rows, form = csv_file.read_rows(members, name)
        split = _splits(members, name, rows, form, notes)
        if len(names) > 1 and (copy := seen.repeats(PurePosixPath(name).name, rows.images, split)):
            copies.append(copy)
        else:
            parts.append((name, rows, form, split))
            if len(parts) > 1:
                refuse_too_many(sum(len(rows.labels) for _, rows, _, _ in parts), members.path)
    images = np.concatenate([rows.images for _, rows, _, _ in parts]) if len(parts) > 1 else parts[0][1].images
    split = np.concatenate([each for _, _, _, each in parts])
    labels, assumed = _labels(members, parts)
    if len(parts) > 1:
        order = np.argsort([SPLITS.index(each) for each in split], kind="stable")
        images, labels, split = images[order], labels[order], split[order]
    source = members.title if members.single else _source(members, [part[0] for part in parts])
    if beside := _test_set_beside(members, candidate.root):
        source += f"; {PurePosixPath(beside).name} beside it has no labels"
    return Faces(images, labels, split, source, notes=(*notes, *assumed, *left_out(copies)))


def _refuse_what_is_no_data(candidate: Candidate) -> None:
    """Raise an error if a table for a split, beside those that are read, is empty, a web page or a pointer."""
    members, forms = candidate.members, candidate.details
    if candidate.known < len(KNOWN_NAMES) or members.single:
        return
    for name in broken(members, forms):
        if root_of(name) == candidate.root:
            with members.open(name) as file:
                refuse_what_is_no_data(file.read(HEAD), members.where(name))


def broken(members: Members, forms: dict[str, Form] | None = None) -> list[str]:
    """Return the tables for a split, by their names, that hold no data: empty files, web pages, Git LFS pointers."""
    found = []
    for name, form in (_forms(members, csv_file.tables(members)) if forms is None else forms).items():
        if form.pixels is None and _split(members, name):
            try:
                with members.open(name) as file:
                    refuse_what_is_no_data(file.read(HEAD), name)
            except (*READ_ERRORS, DataError):
                found.append(name)
    return found


def _source(members: Members, names: list[str]) -> str:
    files = [PurePosixPath(name).name for name in names]
    listed = files[0] if len(files) == 1 else f"{', '.join(files[:-1])} and {files[-1]}"
    return f"{listed} in {members.title}"


def _splits(members: Members, name: str, rows: csv_file.Rows, form: Form, notes: list[str]) -> np.ndarray:
    if form.usage is not None:
        return np.array(SPLITS)[rows.splits]
    split = _split(members, name)
    if split is None:
        notes.append("Nothing says which split these rows belong to: Training was assumed.")
    return np.full(len(rows.labels), split or "Training")


def _labels(members: Members, parts: list) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the labels of all tables, and what was assumed. Tables with numbers as classes are judged together."""
    numbered = np.concatenate([np.full(len(rows.labels), not form.named) for _, rows, form, _ in parts])
    numbers = np.concatenate([rows.labels for _, rows, _, _ in parts])
    split = np.concatenate([each for _, _, _, each in parts])
    if not numbered.any():
        return numbers, ()
    known = all(form.known_order for _, _, form, _ in parts if not form.named)
    labels, notes = orders.settle(numbers[numbered], split[numbered], known, members.where(parts[0][0]))
    numbers[numbered] = labels
    return numbers, notes


# --- tables without labels ------------------------------------------------------------------------------------------


def _test_set_beside(members: Members, root: str) -> str | None:
    """Return the table without labels beside those that are read; None if there is none."""
    if members.single:
        path = Path(members.path).with_name("test.csv")
        members = Members(str(path), path.name, [path.name], lambda _: path.open("rb"))
        root = ""
    return next((name for name in unlabelled(members) if root_of(name) == root), None)


def unlabelled(members: Members) -> list[str]:
    """Return the tables with pixels but no labels: `test.csv` first."""
    forms = _forms(members, csv_file.tables(members))
    found = [name for name in forms if forms[name].pixels is not None and forms[name].emotion is None]
    return sorted(found, key=lambda name: (_file_name(name) != "test.csv", name))


def read_unlabelled(members: Members, name: str) -> np.ndarray:
    """Read the pixels of one table, uint8 (N, 48, 48).

    Raises:
        DataError: as `read`.

    """
    return csv_file.read_rows(members, name, labelled=False)[0].images
