"""Tables and parquet files as people write them: what is unambiguous is read, else the message says what was found."""

import base64
import csv

import numpy as np
import pytest
from faces_for_tests import (
    csv_bytes,
    isolated,  # noqa: F401
    number,
    picture_bytes,
    pictures,
    same,
    spaced,
    usage,
    write_folder,
    write_zip,
    written,
)
from tables_for_tests import (
    FACES,
    PLAIN,
    alphabetical,
    but,
    called,
    commas,
    each_pixel,
    file,
    listed,
    nested,
    npz,
    one_hot,
    parquet,
    printed,
    printed_flat,
    renamed,
    shortened,
    struct,
    table,
    wide,
)

import fer_course.data as data
from fer_course import CLASS_NAMES, DataError, Faces
from fer_course.data import orders
from fer_course.data.readers import csv_file

#: Each is read as the faces that were written.
READ = {
    # The pixels column in the forms in which pandas and NumPy write it.
    "a list": written(FACES, but(pixels=listed)),
    "a list of lists": written(FACES, but(pixels=nested)),
    "as NumPy prints an array": written(FACES, but(pixels=printed)),
    "as NumPy prints a long array": written(FACES, but(pixels=printed_flat)),
    "commas in quotes": written(FACES, but(pixels=commas)),
    # The label column, as AKalo's and others' copies call it.
    "Emotion": written(FACES, renamed("Emotion")),
    "label": written(FACES, renamed("label")),
    "class": written(FACES, renamed("class")),
    "expression": written(FACES, renamed("expression")),
    "emotion_label": written(FACES, renamed("emotion_label")),
    "columns with names of no meaning": written(FACES, renamed("a", "b", "c")),
    "image and usage, as a thesis' copy": written(FACES, renamed("emotion", "image", "usage")),
    "class names": written(FACES, but(emotion=called)),
    "class names beside numbers": written(FACES, {**PLAIN, "emotion_name": called}),
    "class names alone": written(FACES, {"expression": called, "pixels": spaced, "Usage": usage}),
    "labels with a point": written(FACES, but(emotion=lambda image, label, split: f"{label}.0")),
    # One column for each pixel, as spreadsheets and scikit-learn want it.
    "a column for each pixel": table(wide(["emotion"], ["Usage"]), {"a": number, "b": each_pixel, "c": usage}),
    "pixels first": table(wide([], ["label", "split"], "{}"), {"b": each_pixel, "a": number, "c": usage}),
    "an index before them": table(
        wide(["", "emotion"], ["Usage"]),
        {"i": lambda *_: 9, "a": number, "b": each_pixel, "c": usage},
    ),
    "one-hot without header": written(FACES, {"b": each_pixel, "a": one_hot, "c": usage}, header=False),
    # How tables are saved.
    "an index column": written(FACES, {"": lambda *_: 3, **PLAIN}),
    "an index column called so": written(FACES, {"Unnamed: 0": lambda *_: 3, **PLAIN}),
    "rows numbered by R": b'"emotion","pixels","Usage"\n'
    + written(FACES, {"i": lambda *_: "1", **PLAIN}, header=False, quoting=csv.QUOTE_NONNUMERIC),
    "semicolons": written(FACES, PLAIN, ";"),
    "tabs": written(FACES, PLAIN, "\t"),
    "Excel's sep= line": b"sep=;\r\n" + written(FACES, PLAIN, ";", newline="\r\n"),
    "UTF-16": written(FACES, PLAIN).decode().encode("utf-16"),
    "UTF-16 with tabs, Excel's Unicode text": written(FACES, PLAIN, "\t", newline="\r\n").decode().encode("utf-16"),
    "UTF-16 without a mark": written(FACES, PLAIN).decode().encode("utf-16-le"),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + written(FACES, PLAIN),
    "all quoted": written(FACES, PLAIN, quoting=csv.QUOTE_ALL),
    "Windows' line ends": written(FACES, PLAIN, newline="\r\n"),
    "Windows' line ends twice": written(FACES, PLAIN, newline="\r\r\n"),
    "no header": written(FACES, PLAIN, header=False),
    "no header, with a mark": b"\xef\xbb\xbf" + written(FACES, PLAIN, header=False),
    "a text with commas in a further column": written(FACES, {**PLAIN, "note": lambda *_: 'a, "b"\nc'}),
    "old Macs' line ends": written(FACES, PLAIN, newline="\r"),
    "UTF-16 with old Macs' line ends": b"\xff\xfe" + written(FACES, PLAIN, newline="\r").decode().encode("utf-16-le"),
    "a mark where two files were put together": written(FACES[:5], PLAIN)
    + b"\xef\xbb\xbf"
    + written(FACES[5:], PLAIN, header=False),
    "classes with a decimal comma": written(
        FACES, but(emotion=lambda image, label, split: f"{label},0"), separator=";"
    ),
    # Names of classes say more than numbers in any order beside them.
    "numbers in the alphabet's order, and names": written(
        FACES, {"label": alphabetical, "pixels": spaced, "Usage": usage, "class_name": called}
    ),
    "a column emotion in the alphabet's order, and names": written(
        FACES, {"emotion": alphabetical, "pixels": spaced, "Usage": usage, "shown": called}
    ),
    "one column for each pixel, numbers and names": ",".join(
        ["label", "name", *(f"pixel{place}" for place in range(2304)), "Usage"]
    ).encode()
    + b"\n"
    + written(FACES, {"a": alphabetical, "b": called, "c": each_pixel, "d": usage}, header=False),
    "predictions in names, which don't go with the numbers": written(
        FACES, {**PLAIN, "guess": lambda image, label, split: CLASS_NAMES[int(image[0, 0]) % 7]}
    ),
    # The words of the split.
    "train, val, test": written(
        FACES, but(Usage=lambda image, label, split: {"Training": "train"}.get(split, split.lower()))
    ),
    "Public Test": written(FACES, but(Usage=lambda image, label, split: split.replace("Test", " Test"))),
    "private_test": written(FACES, but(Usage=lambda image, label, split: split.replace("Test", "_test").lower())),
    "a column split": written(FACES, renamed(split="split")),
    "a column attribution": written(FACES, renamed(split="attribution")),
}


@pytest.mark.parametrize("kind", READ)
def test_a_table_written_in_another_way_gives_the_same_faces(tmp_path, kind):
    path = write_folder(tmp_path, {"mine.csv": READ[kind]}) / "mine.csv"
    faces = data.load(path, quiet=True)
    assert same(faces, FACES)
    assert not [note for note in faces.notes if "order was assumed" not in note]


@pytest.mark.parametrize(
    ("words", "splits"),
    [
        (("Train", "Validation", "Test"), ["Training", "Test", "Test"]),
        (("train", "val", "test"), ["Training", "Test", "Test"]),
        (("TRAINING", "PUBLICTEST", "PRIVATETEST"), ["Training", "PublicTest", "PrivateTest"]),
        (("training", "dev", "eval"), ["Training", "Test", "Test"]),
        (("Training", "Validation", "Testing"), ["Training", "Test", "Test"]),
        (("Training", "PublicTest", "PrivateTest "), ["Training", "PublicTest", "PrivateTest"]),
    ],
)
def test_usage_goes_by_its_usual_words(tmp_path, words, splits):
    names = dict(zip(("Training", "PublicTest", "PrivateTest"), words, strict=True))
    path = tmp_path / "mine.csv"
    path.write_bytes(written(FACES, but(Usage=lambda image, label, split: names[split])))
    meaning = dict(zip(names, splits, strict=True))
    expected = Faces(FACES.images, FACES.labels, [meaning[split] for split in FACES.split])
    assert same(data.load(path, quiet=True), expected)


def as_base64(image, label, split):
    return base64.b64encode(picture_bytes(image)).decode()


#: Each is refused; the message holds these words, and none that name another trouble.
REFUSED = {
    "names of pictures": (
        written(FACES, but(pixels=lambda *_: "train/happy/im0.png")),
        ["names of picture files", "im0.png"],
    ),
    "base64": (written(FACES, but(pixels=as_base64)), ["pictures as base64 text"]),
    "bytes as Python prints them": (
        written(FACES, but(pixels=lambda *_: str(b"\x89PNG\r\n\x1a\n"))),
        ["bytes of pictures as Python"],
    ),
    "a hub's struct as Python prints it": (
        written(FACES, {"image": lambda *_: str({"bytes": b"\x89PNG", "path": None}), "label": number, "Usage": usage}),
        ["'image' holds the bytes of pictures as Python prints them"],
    ),
    "is_train, True or False": (
        written(FACES, {"emotion": number, "pixels": spaced, "is_train": lambda _, __, split: split == "Training"}),
        ["'is_train' holds yes or no for one split"],
    ),
    "Test, 0 or 1": (
        written(FACES, {"emotion": number, "pixels": spaced, "Test": lambda _, __, split: int(split != "Training")}),
        ["'test' holds yes or no for one split"],
    ),
    "shortened by NumPy": (written(FACES, but(pixels=shortened)), ["shortened", "lost"]),
    "scaled pixels": (
        written(FACES, but(pixels=lambda image, *_: " ".join(f"{value / 255:.6f}" for value in image.ravel()))),
        ["decimal point"],
    ),
    "64×64 pixels": (
        written(FACES, but(pixels=lambda *_: " ".join(["7"] * 4096))),
        ["expected 2,304 pixels (48×48), found 4,096"],
    ),
    "no column of labels, but others": (
        written(FACES, {"pixels": spaced, "name": lambda *_: "anna", "Usage": usage}),
        ["expected the columns emotion", "'pixels,name,Usage'"],
    ),
    "two columns of labels": (
        written(FACES, {"a": number, "b": lambda image, label, split: 6 - label, "pixels": spaced, "Usage": usage}),
        ["two columns fit, 'a' and 'b', and no known name decides"],
    ),
    "two columns of pixels": (
        written(FACES, {"emotion": number, "left": spaced, "right": spaced, "Usage": usage}),
        ["two columns fit, 'left' and 'right'"],
    ),
    "pixel columns in the order of the alphabet": (
        ",".join(["emotion", *sorted(f"pixel_{place}" for place in range(2304))]).encode()
        + b"\n"
        + written(FACES, {"a": number, "b": each_pixel}, header=False),
        ["expected the columns emotion, pixels"],
    ),
    "a quote that does not close": (
        written(FACES, but(pixels=commas)).replace(b'"', b"", 2).replace(b'",Training', b",Training", 1),
        ["line"],
    ),
    "numbers 1 to 7": (
        written(FACES, {"label": lambda image, label, split: label + 1, "pixels": spaced, "Usage": usage}),
        ["numbered 1 to 7, and nothing says which number is which class"],
    ),
    "numbers 1 to 7 in the column emotion": (
        written(FACES, but(emotion=lambda image, label, split: label + 1)),
        ["numbered 1 to 7, and nothing says which number is which class"],
    ),
    "names of classes in another language": (
        written(FACES, but(emotion=lambda image, label, split: ["wütend", "ekel", "froh"][label % 3])),
        ["found 'wütend'", "write its English name: angry, disgust"],
    ),
    "scaled pixels with decimal commas": (
        written(
            FACES,
            but(pixels=lambda image, *_: " ".join(f"{value / 255:.3f}" for value in image.ravel()).replace(".", ",")),
            separator=";",
        ),
        ["'pixels' holds numbers with a decimal point"],
    ),
    "scaled pixels, one column for each": (
        ",".join(["emotion", *(f"pixel{place}" for place in range(2304)), "Usage"]).encode()
        + b"\n"
        + written(
            FACES, {"a": number, "b": lambda image, *_: (image.ravel() / 255).tolist(), "c": usage}, header=False
        ),
        ["its columns hold numbers with a decimal point"],
    ),
    "hexadecimal pixels": (
        written(FACES, but(pixels=lambda image, *_: image.tobytes().hex())),
        ["'pixels' holds pixels as hexadecimal text"],
    ),
    "two tables with their headers put together": (
        written(FACES, PLAIN) + written(FACES, PLAIN),
        [f"line {len(FACES) + 2}: expected a face, found a second header", "remove this line"],
    ),
}
WRONG = ("cut off", "without labels", "fresh copy", "Download it again", "Rename or remove it")


@pytest.mark.parametrize("kind", REFUSED)
def test_the_message_says_what_was_found_and_names_no_other_trouble(tmp_path, kind):
    content, words = REFUSED[kind]
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        data.load(path)
    said = str(caught.value)
    assert str(path) in said
    assert len(said) < 600
    for word in words:
        assert word in said, said
    for word in WRONG:
        assert word not in said or kind in ("64×64 pixels", "a quote that does not close"), said


def test_fer2013_without_usage_is_told_what_it_lacks(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(written(FACES, {"emotion": number, "pixels": spaced}))
    with pytest.raises(DataError, match="Without Usage, nothing says which faces are the tests"):
        data.load(path)


def test_plain_rows_are_not_read_by_the_slow_way(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "_quoted", None)
    for kind in ("all quoted", "semicolons", "UTF-16", "a column for each pixel", "class names"):
        path = write_folder(tmp_path, {"mine.csv": READ[kind]}) / "mine.csv"
        assert same(data.load(path, quiet=True), FACES)


@pytest.mark.parametrize("block", [7_000, 20_000])
def test_quotes_that_hold_line_ends_may_lie_across_blocks(tmp_path, monkeypatch, block):
    monkeypatch.setattr(csv_file, "BLOCK", block)
    path = tmp_path / "mine.csv"
    path.write_bytes(READ["as NumPy prints an array"])
    assert same(data.load(path, quiet=True), FACES)


def test_an_error_in_a_quoted_row_names_its_line(tmp_path):
    content = READ["as NumPy prints an array"].split(b"Training\n")
    content[2] = content[2].replace(b"]]", b" 300]]")
    path = tmp_path / "mine.csv"
    path.write_bytes(b"Training\n".join(content))
    line = b"Training\n".join(content)[: path.read_bytes().index(b"300]]")].count(b"\n") + 1
    with pytest.raises(DataError, match=f"line {line:,}: expected whole numbers .* found '300'"):
        data.load(path)


# --- parquet --------------------------------------------------------------------------------------------------------


#: Read by what is in the columns; the first is the hub's most used copy (Jeneral/fer-2013).
PARQUET = {
    "img_bytes, labels": {"img_bytes": file, "labels": number},
    "img_bytes and label names": {"img_bytes": file, "labels": called},
    "image, label and label_name": {"image": struct, "label": number, "label_name": called},
    "names of no meaning": {"a": file, "b": number},
    "a list of pixels": {"pixels": lambda image, *_: image.ravel().tolist(), "emotion": number},
    "a list of lists": {"image": lambda image, *_: image.tolist(), "label": number},
    "fer2013.csv as parquet": {"emotion": number, "pixels": spaced, "Usage": usage},
    "an index that pandas left": {"emotion": number, "pixels": spaced, "Usage": usage, "__index_level_0__": number},
    "pixels as a text of a list": {"emotion": number, "pixels": listed},
    "numbers in the alphabet's order beside names": {"image": struct, "label": alphabetical, "shown": called},
    "numbers as 3.0": {"image": struct, "label": lambda image, label, split: float(label)},
    "numbers as text": {"image": struct, "label": lambda image, label, split: str(label)},
    "a struct called photo": {"photo": struct, "expression": number},
}


@pytest.mark.parametrize("kind", PARQUET)
def test_the_columns_of_a_parquet_file_are_found_by_what_is_in_them(tmp_path, kind):
    split = FACES.split if "Usage" in PARQUET[kind] else ["Training"] * len(FACES)
    content = parquet(PARQUET[kind])
    files = {"data/train-00000-of-00001.parquet": content}
    for path in (write_folder(tmp_path / "set", files), write_zip(tmp_path / "set.zip", files)):
        faces = data.load(path, quiet=True)
        assert same(faces, Faces(FACES.images, FACES.labels, split))
    assert any("order was assumed" in note for note in faces.notes) == (called not in PARQUET[kind].values())


def test_a_parquet_file_with_usage_needs_no_split_in_its_name_and_is_found(tmp_path):
    write_folder(tmp_path / "kaggle/x", {"fer.parquet": parquet(PARQUET["fer2013.csv as parquet"])})
    assert same(data.load(quiet=True), FACES)
    assert same(data.load(tmp_path / "kaggle/x/fer.parquet", quiet=True), FACES)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": file, "b": file, "label": number}, "expected the columns image and label.*two fit: a and b"),
        ({"image": file, "a": number, "b": number}, "two fit: a and b"),
        ({"image": lambda *_: "im0.png", "label": number}, "row 1: expected the bytes of a picture"),
        (
            {"image": lambda image, *_: (image.ravel() / 255).tolist(), "label": number},
            "row 1: .*whole numbers from 0 to 255",
        ),
        ({"image": file, "label": lambda image, label, split: label + 1}, "numbered 1 to 7, and nothing says"),
        ({"image": file, "label": lambda *_: "contempt"}, "row 1: expected a label from 0 to 6, found 'contempt'"),
    ],
)
def test_a_parquet_file_that_leaves_a_choice_is_refused(tmp_path, columns, words):
    path = tmp_path / "train.parquet"
    path.write_bytes(parquet(columns))
    with pytest.raises(DataError, match=words):
        data.load(path)


# --- labels without names -------------------------------------------------------------------------------------------

ALPHABET = sorted(CLASS_NAMES)
RAF_DB = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
FERPLUS = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
#: A data set of FER2013's kind in which each class of each split has another number of faces.
SMALL = {"Training": (5, 2, 6, 9, 7, 4, 8), "PublicTest": (2, 1, 3, 6, 5, 4, 7), "PrivateTest": (3, 2, 4, 5, 8, 6, 9)}


@pytest.fixture
def small(monkeypatch):
    """A whole copy of a small FER2013: faces with its counts, which are taken for the published ones."""
    both = tuple(map(sum, zip(SMALL["PublicTest"], SMALL["PrivateTest"], strict=True)))
    monkeypatch.setattr(orders, "PUBLISHED", SMALL | {"Test": both})
    labels = np.concatenate([np.repeat(range(7), counts) for counts in SMALL.values()])
    split = np.repeat(list(SMALL), [sum(counts) for counts in SMALL.values()])
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 48, 48), dtype=np.uint8)
    return Faces(images, labels, split)


def numbered(names, base=0):
    order = [names.index(name) + base for name in CLASS_NAMES]
    return lambda image, label, split: order[label]


ORDERS = {
    "the alphabet": (ALPHABET, 0),
    "FERPlus": (FERPLUS, 0),
    "RAF-DB": (RAF_DB, 1),
    "the alphabet from 1": (ALPHABET, 1),
    "FER2013 from 1": (CLASS_NAMES, 1),
    "backwards": (CLASS_NAMES[::-1], 0),
    "FER2013": (CLASS_NAMES, 0),
}


def folder_of(faces, names, base):
    files = {}
    for name, content in pictures(faces, prefix=True).items():
        split, label, file = name.split("/")
        files[f"{split}/{names.index(label) + base}/{file}"] = content
    return files


@pytest.mark.parametrize("order", ORDERS)
def test_the_published_counts_of_a_whole_copy_give_the_order(tmp_path, monkeypatch, small, order, capsys):
    names, base = ORDERS[order]
    column = "emotion" if base == 0 else "label"
    files = {"mine.csv": written(small, {column: numbered(names, base), "pixels": spaced, "Usage": usage})}
    faces = data.load(write_folder(tmp_path / "table", files) / "mine.csv")
    line = capsys.readouterr().out
    assert same(faces, small)
    pairs = ", ".join(f"{number} {name}" for number, name in enumerate(names, base))
    assert (f"by the published counts, {pairs}" in line) == (order != "FER2013")
    training = small.select("Training")
    loaded = data.load(write_folder(tmp_path / "folder", folder_of(training, names, base)))
    line = capsys.readouterr().out
    assert loaded.labels.tolist() == training.labels.tolist()
    assert (f"by the published counts, {pairs}" in line) == (order != "FER2013")
    assert ("counts show that they are in FER2013's order" in line) == (order == "FER2013")


@pytest.mark.parametrize("names", [ALPHABET, FERPLUS, CLASS_NAMES])
@pytest.mark.parametrize("split", ["Training", "PublicTest", "Test"])
def test_one_whole_split_is_enough_in_parquet_too(tmp_path, small, names, split):
    faces = small[small.split != "Training"] if split == "Test" else small.select(split)
    name = {"Training": "train", "PublicTest": "publictest", "Test": "test"}[split]
    path = tmp_path / f"{name}-00000-of-00001.parquet"
    path.write_bytes(parquet({"image": struct, "label": numbered(list(names))}, faces=faces))
    loaded = data.load(path, quiet=True)
    assert loaded.labels.tolist() == faces.labels.tolist()
    assert "published counts" in loaded.notes[0]


NUMBERED = {
    "a table with a column label": lambda: ("train.csv", written(FACES, {"label": number, "pixels": spaced})),
    "one column for each pixel": lambda: ("train.csv", table(wide(["y"]), {"a": number, "b": each_pixel})),
    "one-hot": lambda: ("train.csv", written(FACES, {"b": each_pixel, "a": one_hot}, header=False)),
    "parquet": lambda: ("train.parquet", parquet({"image": struct, "label": number})),
    "parquet with digits for names": lambda: (
        "train.parquet",
        parquet(
            {"image": struct, "label": number},
            {"huggingface": '{"info": {"features": {"label": {"names": ["0", "1", "2", "3", "4", "5", "6"]}}}}'},
        ),
    ),
}


@pytest.mark.parametrize("kind", NUMBERED)
def test_where_nothing_says_the_order_it_is_said_that_it_was_assumed(tmp_path, capsys, kind):
    name, content = NUMBERED[kind]()
    path = write_folder(tmp_path, {name: content}) / name
    faces = data.load(path)
    words = "FER2013's order was assumed (0 angry, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral)"
    assert faces.labels.tolist() == FACES.labels.tolist()
    assert words in capsys.readouterr().out
    assert words in data.info(path)
    data.load(path)  # from the cache
    assert words in capsys.readouterr().out
    data.import_faces(path)
    data.load()
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("base", [0, 1])
def test_folders_with_numbers(tmp_path, capsys, base):
    path = write_folder(tmp_path / "set", folder_of(FACES, CLASS_NAMES, base))
    if base:
        with pytest.raises(DataError, match=r"numbered 1 to 7, and nothing says .*RAF-DB.* Use names: angry") as caught:
            data.load(path)
        assert "take" not in str(caught.value)
    else:
        assert data.load(path).labels.tolist() == FACES.labels.tolist()
        assert "order was assumed" in capsys.readouterr().out


def test_fer2013_itself_needs_no_such_words(tmp_path, small):
    path = tmp_path / "fer2013.csv"
    for faces in (FACES, small):
        path.write_bytes(csv_bytes(faces))
        assert data.load(path, quiet=True).notes == ()


def test_other_labels_for_the_same_faces_are_noticed(tmp_path, small):
    labels = small.labels.copy()
    labels[:3] = 6
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(Faces(small.images, labels, small.split)))
    faces = data.load(path, quiet=True)
    assert faces.labels.tolist() == labels.tolist()
    path.write_bytes(csv_bytes(Faces(small.images[:41], labels[:41], small.split[:41])))
    assert "other counts than published" in data.load(path, quiet=True).notes[0]


def test_splits_that_are_numbered_in_two_ways_are_refused(tmp_path, small):
    mixed = np.where(small.split == "Training", small.labels, 6 - small.labels)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(Faces(small.images, mixed, small.split)))
    with pytest.raises(DataError, match="number the classes in two orders"):
        data.load(path)


def test_tests_under_the_name_of_training_are_tests(tmp_path, small, capsys):
    """As Piro17/fer2013test: 7,178 faces in a file called train, numbered by the alphabet."""
    tests = small[small.split != "Training"]
    path = tmp_path / "train.csv"
    path.write_bytes(written(tests, {"label": numbered(ALPHABET), "pixels": spaced}))
    faces = data.load(path)
    assert faces.split_sizes() == {"Test": len(tests)}
    assert faces.labels.tolist() == tests.labels.tolist()
    assert "is read as a test" in capsys.readouterr().out


@pytest.mark.parametrize("names", [ALPHABET, FERPLUS, RAF_DB, CLASS_NAMES])
@pytest.mark.parametrize(
    "splits", [("Training",), ("Test",), ("PublicTest",), ("Training", "PublicTest", "PrivateTest")]
)
def test_the_published_counts_of_fer2013_tell_every_order(names, splits):
    published = {
        "Training": [3995, 436, 4097, 7215, 4830, 3171, 4965],
        "PublicTest": [467, 56, 496, 895, 653, 415, 607],
        "PrivateTest": [491, 55, 528, 879, 594, 416, 626],
        "Test": [958, 111, 1024, 1774, 1247, 831, 1233],
    }
    labels = np.concatenate([np.repeat(range(7), published[split]) for split in splits])
    split = np.repeat(splits, [sum(published[each]) for each in splits])
    numbers = np.array([names.index(name) for name in CLASS_NAMES])[labels]
    settled, notes = orders.settle(numbers, split, False, "here")
    assert np.array_equal(settled, labels)
    assert ("turned into FER2013's" in notes[0]) == (tuple(names) != CLASS_NAMES)


# --- NumPy's archives -----------------------------------------------------------------------------------------------


TRAIN, TEST = FACES.select("Training"), FACES[FACES.split != "Training"]
BOTH = Faces(FACES.images, FACES.labels, np.where(FACES.split == "Training", "Training", "Test"))
NPZ = {
    "x_train, y_train, x_test, y_test": {
        "fer.npz": npz(x_train=TRAIN.images, y_train=TRAIN.labels, x_test=TEST.images, y_test=TEST.labels)
    },
    "channels last, and points": {
        "fer.npz": npz(
            X_train=TRAIN.images[..., None].astype(np.float32),
            y_train=TRAIN.labels.astype(float),
            X_val=TEST.images.reshape(-1, 2304),
            y_val=TEST.labels[:, None],
        )
    },
    "one-hot": {
        "fer.npz": npz(
            train_images=TRAIN.images,
            train_labels=np.eye(7)[TRAIN.labels],
            test_images=TEST.images,
            test_labels=np.eye(7)[TEST.labels],
        )
    },
    "x_val and x_test, in an order of their own": {
        "fer.npz": npz(
            x_train=TRAIN.images,
            y_train=TRAIN.labels,
            x_val=TEST.images[:4],
            x_test=TEST.images[4:],
            y_test=TEST.labels[4:],
            y_val=TEST.labels[:4],
        )
    },
    "names of classes": {
        "fer.npz": npz(
            x_train=TRAIN.images,
            y_train=np.array(CLASS_NAMES)[TRAIN.labels],
            x_test=TEST.images,
            y_test=np.array(CLASS_NAMES)[TEST.labels].astype("S"),
        )
    },
    "channels first": {
        "fer.npz": npz(
            x_train=TRAIN.images[:, None], y_train=TRAIN.labels, x_test=TEST.images[:, None], y_test=TEST.labels
        )
    },
    "a file for each split": {
        "train.npz": npz(images=TRAIN.images, labels=TRAIN.labels),
        "test.npz": npz(images=TEST.images, labels=TEST.labels),
    },
    "a folder for each split": {
        "train/0.npz": npz(x=TRAIN.images, y=TRAIN.labels),
        "val/0.npz": npz(x=TEST.images, y=TEST.labels),
    },
    "xtrain, ytrain": {"fer.npz": npz(xtrain=TRAIN.images, ytrain=TRAIN.labels, xtest=TEST.images, ytest=TEST.labels)},
}


@pytest.mark.parametrize("kind", NPZ)
def test_arrays_that_other_people_keep_are_read(tmp_path, kind):
    for path in (write_folder(tmp_path / "set", NPZ[kind]), write_zip(tmp_path / "set.zip", NPZ[kind])):
        faces = data.load(path, quiet=True)
        assert same(faces, BOTH)
        assert any("order was assumed" in note for note in faces.notes) == (kind != "names of classes")
    if len(NPZ[kind]) == 1:
        assert same(data.load(tmp_path / "set" / "fer.npz", quiet=True), BOTH)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (
            {"x_train": TRAIN.images / 255, "y_train": TRAIN.labels},
            "array x_train: expected whole numbers from 0 to 255 .* float64",
        ),
        (
            {"x_train": TRAIN.images[:, :32, :32], "y_train": TRAIN.labels},
            r"expected N pictures of 48×48 pixels, found the shape",
        ),
        ({"x_train": TRAIN.images, "y_train": TRAIN.labels[1:]}, "the number of a class for each of the 5 pictures"),
        ({"x_train": TRAIN.images, "y_train": np.array(list("abcde"))}, "found <U1 of shape"),
        (
            {"x_train": TRAIN.images, "y_train": np.array(["happy"] * len(TRAIN), object)},
            "an array of Python objects .*Such objects can run code",
        ),
        ({"arr_0": TRAIN.images, "arr_1": TRAIN.labels}, "found arr_0, arr_1"),
        ({"x": TRAIN.images, "y": TRAIN.labels}, "expected the arrays images, labels, split"),
        ({"x_train": TRAIN.images, "y_train": TRAIN.labels + 3}, "numbered 3 to 7, and nothing says"),
    ],
)
def test_arrays_that_leave_a_doubt_are_refused(tmp_path, arrays, words):
    path = tmp_path / "mine.npz"
    path.write_bytes(npz(**arrays))
    with pytest.raises(DataError, match=words):
        data.load(path)
