"""Small synthetic faces, files of them, and slow oracles: what the tests of `fer_course.data` share. No photographs."""

import csv
import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fer_course.data as data
from fer_course import CLASS_NAMES, DataError, Faces
from fer_course.data import discovery, readers

USAGES = ("Training", "PublicTest", "PrivateTest")


@pytest.fixture(autouse=True)
def isolated(tmp_path, monkeypatch):
    """Keep the tests of the module that imports this away from the cache, data folder and settings of whoever runs them."""
    monkeypatch.setenv("FER_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FER_COURSE_DATA", raising=False)
    monkeypatch.setattr(discovery, "KAGGLE", tmp_path / "kaggle")
    monkeypatch.setattr(discovery, "COLAB", (tmp_path / "content", tmp_path / "content" / "drive" / "MyDrive"))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))
    for module in (data, discovery):
        monkeypatch.setattr(module, "data_folder", lambda: tmp_path / "user-data")


def some_faces(n=21, seed=0, splits=USAGES):
    """Faces of random pixels: classes in turn, the splits one after the other."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, 48, 48), dtype=np.uint8)
    split = np.array(splits)[np.arange(n) * len(splits) // n]
    return Faces(images, np.arange(n) % 7, split, "some faces")


def same(one, other):
    """True if two sets of faces agree in everything but their source."""
    pairs = ((one.images, other.images), (one.labels, other.labels), (one.split, other.split))
    return all(np.array_equal(mine, yours) for mine, yours in pairs)


def csv_bytes(faces, columns=("emotion", "pixels", "Usage"), newline="\r\n"):
    """The bytes of a CSV, written by Python's csv module with columns in any order (names may have spaces)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline)
    writer.writerow(columns)
    for image, label, split in zip(faces.images, faces.labels, faces.split, strict=True):
        cells = {"emotion": label, "pixels": " ".join(map(str, image.ravel())), "usage": split}
        writer.writerow([cells.get(column.strip().lower(), "x") for column in columns])
    return text.getvalue().encode()


def written(faces, columns, separator=",", header=True, quoting=csv.QUOTE_MINIMAL, newline="\n"):
    """The bytes of a table: `columns` gives for each name what stands in its cells, as a function of image, label and split."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=newline)
    if header:
        writer.writerow(columns)
    for row in zip(faces.images, faces.labels, faces.split, strict=True):
        cells = [make(*row) for make in columns.values()]
        writer.writerow([each for cell in cells for each in (cell if isinstance(cell, list) else [cell])])
    return text.getvalue().encode()


def spaced(image, label, split):
    """Pixels as in `fer2013.csv`."""
    return " ".join(map(str, image.ravel()))


def number(image, label, split):
    """The class as in `fer2013.csv`."""
    return label


def usage(image, label, split):
    """The split as in `fer2013.csv`."""
    return split


def as_set(faces):
    """Faces without their order: what a form without rows keeps."""
    return sorted(zip(map(bytes, faces.images), faces.labels.tolist(), faces.split.tolist(), strict=True))


def read_slowly(content):
    """The oracle: Python's csv module and int; labels, images and splits as lists, or None if anything is wrong."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError):
        return None
    names = [name.strip(" ").lower() for name in header]
    if any(names.count(name) != 1 for name in ("emotion", "pixels", "usage")):
        return None
    rows = [row for row in rows if "".join(row).strip(" ") or len(row) > 1]
    if not rows or any(len(row) != len(names) for row in rows):
        return None
    cells = [dict(zip(names, (cell.strip(" ") for cell in row), strict=True)) for row in rows]
    for cell in cells:
        cell["usage"] = re.sub("^(Public|Private)[ -](?=Test$)", r"\1", cell["usage"])
    words = [[word for word in cell["pixels"].split(" ") if word] for cell in cells]
    good = all(cell["emotion"] in list("0123456") and cell["usage"] in (*USAGES, "Test") for cell in cells)
    if not good or not all(re.fullmatch("[0-9]{1,3}", word) and int(word) < 256 for row in words for word in row):
        return None
    if any(len(row) != 2304 for row in words):
        return None
    pixels = [[int(word) for word in row] for row in words]
    return [int(cell["emotion"]) for cell in cells], pixels, [cell["usage"] for cell in cells]


def picture_names(faces, ending="png", prefix=True):
    """The path of each picture, as they circulate: train/happy/Training_00003.png."""
    names = []
    for row, (label, split) in enumerate(zip(faces.labels, faces.split, strict=True)):
        folder = "train" if split == "Training" else "test"
        file = f"{split}_{row:05d}.{ending}" if prefix else f"im{row}.{ending}"
        names.append(f"{folder}/{CLASS_NAMES[label]}/{file}")
    return names


def picture_bytes(image, ending="png", mode="L"):
    """One encoded picture; webp without loss."""
    buffer = io.BytesIO()
    kind = {"jpg": "jpeg"}.get(ending, ending)
    options = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(image).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def pictures(faces, ending="png", prefix=True, mode="L"):
    """A dict, path → bytes, of all pictures."""
    names = picture_names(faces, ending, prefix)
    return {name: picture_bytes(image, ending, mode) for name, image in zip(names, faces.images, strict=True)}


def write_folder(folder, files):
    """Write a dict, path → bytes, into a folder."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Path(folder)


def write_zip(path, files):
    """Write a dict, path → bytes, into a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_bytes(files, mode="w:gz"):
    """The bytes of a tar archive of a dict, path → bytes (or a `TarInfo` as it is, for links and the like)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zip_bytes(files):
    """The bytes of a zip archive of a dict, path → bytes."""
    buffer = io.BytesIO()
    write_zip(buffer, files)
    return buffer.getvalue()


def parquet_bytes(faces, names=CLASS_NAMES, ending="png", **options):
    """The bytes of a parquet file as on data set hubs; its metadata give the classes' names in any order, or none."""
    import pyarrow
    import pyarrow.parquet

    order = list(CLASS_NAMES if names is None else names)
    struct = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    files = [
        {"bytes": picture_bytes(image, ending), "path": f"{row}.{ending}"} for row, image in enumerate(faces.images)
    ]
    labels = [order.index(CLASS_NAMES[label]) for label in faces.labels]
    table = pyarrow.table({"image": pyarrow.array(files, struct), "label": pyarrow.array(labels, pyarrow.int64())})
    if names is not None:
        features = {"image": {"_type": "Image"}, "label": {"names": order, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


def attempt(path):
    """The faces that a file holds and "", or None and the message of the `DataError`; any other error goes through."""
    try:
        return readers.read(path), ""
    except DataError as error:
        return None, str(error)
