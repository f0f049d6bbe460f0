"""Every form of FER2013 gives the same faces, and docs/forms.md says of every form what really happens."""

import base64
import bz2
import gzip
import html
import re

import numpy as np
import pytest
from faces_for_tests import (
    as_set,
    csv_bytes,
    isolated,  # noqa: F401
    number,
    parquet_bytes,
    picture_bytes,
    pictures,
    same,
    spaced,
    tar_bytes,
    usage,
    write_folder,
    write_zip,
    written,
    zip_bytes,
)
from repository import ROOT
from tables_for_tests import (
    called,
    commas,
    each_pixel,
    listed,
    npz,
    one_hot,
    parquet,
    printed_flat,
    shortened,
    struct,
    table,
    wide,
)

import fer_course.data as data
from fer_course import CLASS_NAMES, DataError, Faces
from fer_course.data import drawn, orders

PAGE = ROOT / "docs" / "forms.md"


def one_of_each() -> Faces:
    """Drawn faces, one of each class in each split, in the order of FER2013's splits."""
    images = np.concatenate([drawn.draw_people(label, 0, 3)[0][:3] for label in range(7)])
    labels = np.repeat(range(7), 3)
    split = np.tile(["Training", "PublicTest", "PrivateTest"], 7)
    order = np.argsort([["Training", "PublicTest", "PrivateTest"].index(each) for each in split], kind="stable")
    return Faces(images, labels, split)[order]


FACES = one_of_each()
PARTS = {split: FACES.select(split) for split in ("Training", "PublicTest", "PrivateTest")}
TRAIN, TEST = PARTS["Training"], FACES[FACES.split != "Training"]
PLAIN = {"emotion": number, "pixels": spaced}
WHOLE = {**PLAIN, "Usage": usage}


def one(name, content):
    """A form of one file."""
    return {name: content}


def picture_folders(change=lambda label: CLASS_NAMES[label], tests="test", top=""):
    """Pictures in folders whose names say the class in another way; tests are not told apart."""
    return {
        f"{top}{'train' if split == 'Training' else tests}/{change(label)}/{row}.png": picture_bytes(image)
        for row, (image, label, split) in enumerate(zip(FACES.images, FACES.labels, FACES.split, strict=True))
    }


def cut(columns, names=("train.csv", "val.csv", "test.csv")):
    return {name: written(faces, columns) for name, faces in zip(names, PARTS.values(), strict=True)}


#: A form of the page → its files.
READ = {
    "`fer2013.csv`: emotion, pixels, Usage": lambda: one("fer2013.csv", csv_bytes(FACES)),
    "`icml_face_data.csv`: emotion, Usage, pixels": lambda: one(
        "icml_face_data.csv", csv_bytes(FACES, ("emotion", " Usage", " pixels"))
    ),
    "a compressed table, `fer2013.csv.gz` (also bz2, xz)": lambda: one(
        "fer2013.csv.bz2", bz2.compress(csv_bytes(FACES))
    ),
    "an archive in an archive": lambda: one(
        "all.zip", zip_bytes({"fer2013.tar.gz": tar_bytes({"fer2013/fer2013.csv": csv_bytes(FACES)})})
    ),
    "a table with other names of columns": lambda: one(
        "a.csv", written(FACES, {"class": number, "image": spaced, "split": usage})
    ),
    "a table with names of classes": lambda: one("a.csv", written(FACES, {**WHOLE, "emotion": called})),
    "a table with numbers of classes in another order, and their names": lambda: one(
        "a.csv", written(FACES, {**WHOLE, "emotion": lambda image, label, split: 6 - label, "class": called})
    ),
    "a table with an index column": lambda: one("a.csv", written(FACES, {"": lambda *_: 0, **WHOLE})),
    "a table without header": lambda: one("a.csv", written(FACES, WHOLE, header=False)),
    "a table with semicolons or tabs": lambda: one("a.csv", written(FACES, WHOLE, ";")),
    "a table with Excel's `sep=` line": lambda: one("a.csv", b"sep=\t\n" + written(FACES, WHOLE, "\t")),
    "a table in UTF-16, or with a byte order mark": lambda: one("a.csv", csv_bytes(FACES).decode().encode("utf-16")),
    "a table with the line ends of old Macs": lambda: one("a.csv", written(FACES, WHOLE, newline="\r")),
    "pixels as a list in quotes": lambda: one("a.csv", written(FACES, {**WHOLE, "pixels": listed})),
    "pixels as NumPy prints an array": lambda: one("a.csv", written(FACES, {**WHOLE, "pixels": printed_flat})),
    "pixels with commas between them, in quotes": lambda: one("a.csv", written(FACES, {**WHOLE, "pixels": commas})),
    "one column for each pixel": lambda: one(
        "a.csv", table(wide(["label"], ["Usage"]), {"a": number, "b": each_pixel, "c": usage}, faces=FACES)
    ),
    "one column for each pixel, one-hot classes, no header": lambda: one(
        "a.csv", written(FACES, {"a": each_pixel, "b": one_hot, "c": usage}, header=False)
    ),
    "`train.csv`, `val.csv`, `test.csv` with Usage": lambda: cut(WHOLE),
    "`train.csv`, `val.csv`, `test.csv` without Usage": lambda: cut(PLAIN),
    "`train.csv`, `public_test.csv`, `private_test.csv` without Usage": lambda: cut(
        PLAIN, ("train.csv", "public_test.csv", "private_test.csv")
    ),
    "`train.csv.gz` and `test.csv.gz`, or `train.zip` and `test.zip`": lambda: {
        "train.csv.gz": gzip.compress(written(TRAIN, PLAIN)),
        "test.csv.gz": gzip.compress(written(TEST, PLAIN)),
    },
    "the contest's `train.csv` and its `test.csv` without labels": lambda: {
        "train.csv": written(TRAIN, PLAIN),
        "test.csv": written(TEST, {"pixels": spaced}),
    },
    "pictures, `train/<class>/Training_00000.png`": lambda: pictures(FACES),
    "pictures, `train/<class>/<picture>` and `test/<class>/<picture>`": picture_folders,
    "pictures, `images/train` and `images/validation`, and the same again in `images/images`": lambda: (
        picture_folders(tests="validation", top="images/") | picture_folders(tests="validation", top="images/images/")
    ),
    "pictures in folders `0_angry` to `6_neutral`": lambda: picture_folders(
        lambda label: f"{label}_{CLASS_NAMES[label]}"
    ),
    "pictures in folders 0 to 6": lambda: picture_folders(lambda label: str(label)),
    "parquet files of a hub: image, label, names of classes in another order": lambda: {
        f"data/{name}-00000-of-00001.parquet": parquet_bytes(faces, sorted(CLASS_NAMES))
        for name, faces in (("train", TRAIN), ("test", TEST))
    },
    "parquet files of a hub: img_bytes, labels": lambda: {
        f"data/{name}-00000-of-00001.parquet": parquet(
            {"img_bytes": lambda image, *_: picture_bytes(image), "labels": number}, faces=faces
        )
        for name, faces in (("train", TRAIN), ("test", TEST))
    },
    "a parquet file with emotion, pixels, Usage": lambda: one("fer2013.parquet", parquet(WHOLE, faces=FACES)),
    "a parquet file with lists of pixels": lambda: {
        f"{name}.parquet": parquet({"image": lambda image, *_: image.tolist(), "label": number}, faces=faces)
        for name, faces in (("train", TRAIN), ("test", TEST))
    },
    "our `.npz`: images, labels, split": lambda: one(
        "a.npz", npz(images=FACES.images, labels=FACES.labels, split=FACES.split)
    ),
    "a `.npz` with x_train, y_train, x_test, y_test": lambda: one(
        "a.npz", npz(x_train=TRAIN.images, y_train=TRAIN.labels, x_test=TEST.images, y_test=TEST.labels)
    ),
    "a `.npz` with pairs of arrays for train, val and test": lambda: one(
        "a.npz",
        npz(
            **{f"x_{name}": faces.images for name, faces in zip(("train", "val", "test"), PARTS.values(), strict=True)},
            **{
                f"y_{name}": faces.labels
                for name, faces in zip(("test", "val", "train"), reversed(list(PARTS.values())), strict=True)
            },
        ),
    ),
    "`train.npz` and `test.npz` with images, labels": lambda: {
        "train.npz": npz(images=TRAIN.images, labels=TRAIN.labels),
        "test.npz": npz(images=TEST.images, labels=TEST.labels),
    },
}
SCALED = {**WHOLE, "pixels": lambda image, *_: " ".join(f"{value / 255:.6f}" for value in image.ravel())}

#: A form of the page → its files, and which of them is loaded ("" for the folder).
REFUSED = {
    "`fer2013.csv` without its column Usage": lambda: one("fer2013.csv", written(FACES, PLAIN)),
    "all of FER2013 in one table without Usage": lambda: one("train.csv", written(FACES, PLAIN)),
    "the contest's `test.csv` alone": lambda: one("test.csv", written(TEST, {"pixels": spaced})),
    "FERPlus' `fer2013new.csv`": lambda: one(
        "fer2013new.csv", b"Usage,Image name,neutral,NF\nTraining,fer0000000.png,1,2\n"
    ),
    "a table with names of picture files": lambda: one(
        "a.csv", written(FACES, {**WHOLE, "pixels": lambda *_: "a/0.png"})
    ),
    "a table with yes or no to a split, `is_train`": lambda: one(
        "a.csv", written(FACES, {**PLAIN, "is_train": lambda _, __, split: split == "Training"})
    ),
    "a table with pictures as base64 text": lambda: one(
        "a.csv", written(FACES, {**WHOLE, "pixels": lambda image, *_: base64.b64encode(picture_bytes(image)).decode()})
    ),
    "a table with bytes as Python prints them": lambda: one(
        "a.csv", written(FACES, {**WHOLE, "pixels": lambda image, *_: str(picture_bytes(image))})
    ),
    "pixels that NumPy or pandas shortened": lambda: one("a.csv", written(FACES, {**WHOLE, "pixels": shortened})),
    "scaled pixels in a table": lambda: one("a.csv", written(FACES, SCALED)),
    "pixels of another size in a table": lambda: one(
        "a.csv", written(FACES, {**WHOLE, "pixels": lambda *_: " ".join(["7"] * 4096)})
    ),
    "two columns that could be the labels": lambda: one(
        "a.csv", written(FACES, {"a": number, "b": number, "pixels": spaced, "Usage": usage})
    ),
    "classes numbered 1 to 7": lambda: one(
        "a.csv", written(FACES, {"label": lambda image, label, split: label + 1, "pixels": spaced, "Usage": usage})
    ),
    "pictures in folders 1 to 7": lambda: picture_folders(lambda label: str(label + 1)),
    "pictures in a folder of no class": lambda: {"train/contempt/0.png": picture_bytes(FACES.images[0])},
    "pictures in folders of classes, without splits": lambda: {"happy/0.png": picture_bytes(FACES.images[0])},
    "pictures of another size": lambda: {"train/happy/0.png": picture_bytes(np.zeros((64, 64), np.uint8))},
    "a parquet file without a split in its name or a column Usage": lambda: one(
        "a.parquet", parquet({"image": struct, "label": number})
    ),
    "a parquet file with two columns that could be the labels": lambda: one(
        "train.parquet", parquet({"image": struct, "a": number, "b": number})
    ),
    "a parquet file with scaled pixels": lambda: one(
        "train.parquet", parquet({"image": lambda image, *_: (image / 255).tolist(), "label": number})
    ),
    "a `.npz` with scaled pixels": lambda: one("a.npz", npz(x_train=TRAIN.images / 255, y_train=TRAIN.labels)),
    "a `.npz` without splits": lambda: one("a.npz", npz(images=TRAIN.images, labels=TRAIN.labels)),
    "pixels in one table, labels in another": lambda: {
        "x_train.csv": written(TRAIN, {"pixels": spaced}),
        "y_train.csv": written(TRAIN, {"emotion": number}),
    },
    "a Git LFS pointer, an empty file or a web page beside the tables of other splits": lambda: {
        "train.csv": written(TRAIN, PLAIN),
        "test.csv": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    },
    "a PyTorch or pickle file": lambda: one("train.pt", b"\x80\x02}q\x00."),
    "a `.npy` or HDF5 file": lambda: one("x_train.npy", b"\x93NUMPY\x01\x00"),
    "a web page saved as `fer2013.csv`": lambda: one("fer2013.csv", b"<!DOCTYPE html><html></html>"),
    "a Git LFS pointer": lambda: one("fer2013.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
}


def rows(heading):
    """The rows of the table under a heading of the page: first cell → second cell."""
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"(?m)^\| (.+?) \| (.+) \|$", part)
    return {html.unescape(form): html.unescape(text).replace("\\|", "|") for form, text in cells[1:]}


def expected(keeps):
    """The faces of a form that keeps that much."""
    if keeps == "Training":
        return TRAIN
    split = np.where(FACES.split == "Training", "Training", "Test") if keeps == "one test" else FACES.split
    return Faces(FACES.images, FACES.labels, split)


def test_the_page_lists_the_forms_that_are_tried_here():
    assert list(rows("Read")) == list(READ)
    assert list(rows("Refused")) == list(REFUSED)
    assert set(rows("Read").values()) == {"all", "faces", "one test", "Training"}


@pytest.mark.parametrize("packed", ["as it is", "zip", pytest.param("tar", marks=pytest.mark.slow)])
@pytest.mark.parametrize("form", READ)
def test_every_form_that_is_read_is_imported_as_the_same_faces(tmp_path, form, packed):
    files = READ[form]()
    if form == "an archive in an archive" and packed != "as it is":
        pytest.skip("archives are looked into one level deep")
    path = write_folder(tmp_path / "set", files)
    path = path / next(iter(files)) if len(files) == 1 else path
    if packed == "zip":
        path = write_zip(tmp_path / "set.zip", files)
    elif packed == "tar":
        path = tmp_path / "set.tar"
        path.write_bytes(tar_bytes(files, "w"))
    data.import_faces(path)
    keeps = rows("Read")[form]
    faces = data.load(quiet=True)
    assert as_set(faces) == as_set(expected(keeps))
    if keeps == "all":
        assert same(faces, FACES)


@pytest.mark.parametrize("form", REFUSED)
def test_every_form_that_is_refused_is_refused_with_the_words_of_the_page(tmp_path, monkeypatch, form):
    monkeypatch.setattr(orders, "ALL", tuple(FACES.counts().tolist()))
    files = REFUSED[form]()
    path = write_folder(tmp_path / "set", files)
    path = path / next(iter(files)) if len(files) == 1 and "/" not in next(iter(files)) else path
    with pytest.raises(DataError) as caught:
        data.import_faces(path)
    said = str(caught.value).removeprefix(str(path)).lstrip(",: ")
    assert said.startswith(rows("Refused")[form].replace("{path}", str(path))), said
    assert not (tmp_path / "user-data").exists()


def test_files_that_can_run_code_are_not_opened_and_that_is_said(tmp_path):
    for name, words in {
        "train.pt": "can run code when they are opened",
        "fer.pkl": "can run code",
        "x.h5": "numpy.savez as x_train",
        "fer.xlsx": "Save the sheet as CSV",
        "fer.rar": "Unpack the archive first",
        "face.png": "Pictures must be in folders",
    }.items():
        content = zip_bytes({"xl/sheet.xml": b"x"}) if name.endswith("xlsx") else b"\x00\x01"
        path = write_folder(tmp_path, {name: content}) / name
        with pytest.raises(DataError, match=words):
            data.load(path)
