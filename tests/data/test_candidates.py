"""Which of several data sets is read: the closest to the top, its files together by their splits; what is left out is said."""

import gzip
import io
import zipfile

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
    some_faces,
    spaced,
    tar_bytes,
    usage,
    write_folder,
    write_zip,
    written,
    zip_bytes,
)

import fer_course.data as data
from fer_course import DataError, Faces

FACES = some_faces(14)
PLAIN = {"emotion": number, "pixels": spaced}
WHOLE = {**PLAIN, "Usage": usage}
PARTS = {split: FACES.select(split) for split in ("Training", "PublicTest", "PrivateTest")}
TESTS = FACES[FACES.split != "Training"]


def called(faces, split="Test"):
    """Faces as a copy gives them that does not tell FER2013's two tests apart."""
    return Faces(faces.images, faces.labels, np.where(faces.split == "Training", "Training", split))


def plain(split, newline="\n"):
    return written(PARTS[split], PLAIN, newline=newline)


CUT = {"train.csv": plain("Training"), "val.csv": plain("PublicTest"), "test.csv": plain("PrivateTest")}
CUT_WITH_USAGE = {
    name: written(PARTS[split], WHOLE)
    for name, split in zip(CUT, ("Training", "PublicTest", "PrivateTest"), strict=True)
}
HALVES = {"a.csv": csv_bytes(FACES[:10], newline="\n"), "b.csv": csv_bytes(FACES[10:], newline="\n")}
UNLABELLED = written(PARTS["PublicTest"], {"pixels": spaced})

#: files → the faces that they hold, and words that the printed line must hold (regular expressions have no place here).
TABLES = {
    # A script cut fer2013.csv by Usage (as XingToMax/FaceEmotionalRecognition's convert_fer2013.py).
    "cut, without Usage": (CUT, called(FACES), ["train.csv, val.csv and test.csv in set"]),
    # As baransan7/neural_networks_project's split_fer2013_csv.py.
    "cut, with Usage": (CUT_WITH_USAGE, FACES, []),
    # That script writes beside its source.
    "cut, beside its source": (
        {"fer2013.csv": csv_bytes(FACES), **CUT_WITH_USAGE},
        FACES,
        ["Left out: ", "train.csv", "fer2013.csv"],
    ),
    # npinto/fer2013's convert_fer2013.py, from which many copy; in text mode on Windows lines end three times.
    "training, test, testprivate": (
        {
            "training.csv": plain("Training", "\r\r\n"),
            "test.csv": plain("PublicTest", "\r\r\n"),
            "testprivate.csv": plain("PrivateTest", "\r\r\n"),
        },
        Faces(FACES.images, FACES.labels, np.where(FACES.split == "PublicTest", "Test", FACES.split)),
        [],
    ),
    "public_test and private_test": (
        {
            "train.csv": plain("Training"),
            "public_test.csv": plain("PublicTest"),
            "private_test.csv": plain("PrivateTest"),
        },
        FACES,
        [],
    ),
    "train and fer2013_eval": (
        {"train.csv": plain("Training"), "fer2013_eval.csv": written(TESTS, PLAIN)},
        called(FACES),
        [],
    ),
    # 01-edu's task: the contest's files, and the test set with labels from elsewhere.
    "test_with_emotions beside test": (
        {"train.csv": plain("Training"), "test.csv": UNLABELLED, "test_with_emotions.csv": plain("PublicTest")},
        called(FACES[FACES.split != "PrivateTest"]),
        ["test.csv beside it has no labels"],
    ),
    "the contest's files in a folder, the whole further down": (
        {
            "data/train.csv": plain("Training"),
            "data/test.csv": UNLABELLED,
            "given/challenges/icml_face_data.csv": csv_bytes(FACES),
        },
        PARTS["Training"],
        ["test.csv beside it has no labels"],
    ),
    "in folders of splits": (
        {
            f"{split}/faces.csv": CUT[name]
            for split, name in (("train", "train.csv"), ("test", "test.csv"), ("val", "val.csv"))
        },
        called(FACES),
        [],
    ),
    "further down": ({f"data/fer/{name}": content for name, content in CUT.items()}, called(FACES), []),
    "in capital letters": (
        {name.upper().replace("CSV", "csv"): content for name, content in CUT.items()},
        called(FACES),
        [],
    ),
    "trainData and testData": (
        {"trainData.csv": plain("Training"), "testData.csv": written(TESTS, PLAIN)},
        called(FACES),
        [],
    ),
    "two halves with Usage": (HALVES, FACES, ["a.csv and b.csv"]),
    "a copy under another name": (
        {**CUT, "train_small.csv": written(PARTS["Training"][:3], PLAIN)},
        called(FACES),
        ["Left out: train_small.csv (a copy)"],
    ),
    "a copy of all with Usage, and parts of it": (
        {**CUT, "all.csv": csv_bytes(FACES)},
        FACES,
        ["Left out: train.csv (a copy)", "val.csv (a copy)"],
    ),
    "trainval and holdout": (
        {"trainval.csv": plain("Training"), "holdout.csv": written(TESTS, PLAIN)},
        called(FACES),
        [],
    ),
    "tests that are in train.csv, too": (
        {"train.csv": written(FACES, PLAIN), "test.csv": written(TESTS, PLAIN)},
        called(FACES, "Training"),
        ["Left out: test.csv (its faces are in train.csv, as Training)"],
    ),
    "a packed table of a split beside plain ones": (
        {"train.csv": plain("Training"), "val.csv": plain("PublicTest"), "test.csv.gz": gzip.compress(CUT["test.csv"])},
        called(FACES[FACES.split != "PrivateTest"]),
        ["Left out: test.csv.gz"],
    ),
    "a packed table of a split beside a plain one": (
        {"train.csv": plain("Training"), "test.csv.gz": gzip.compress(CUT["test.csv"])},
        called(FACES[FACES.split != "PublicTest"]),
        ["train.csv and test.csv in set"],
    ),
    "a table of votes beside it": (
        {**CUT, "fer2013new.csv": b"Usage,Image name,neutral\nTraining,,1\n"},
        called(FACES),
        [],
    ),
    "the same as pictures": (
        {"faces.csv": csv_bytes(FACES), **pictures(FACES)},
        FACES,
        ["Left out: test/angry/"],
    ),
}


def said(capsys, path):
    faces = data.load(path)
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    for note in faces.notes:
        assert note in line
        assert note in data.info(path)
    return faces, line


def written_as(packed, place, files):
    """Write files as a folder, zip or tar, and return its path."""
    if packed == "zip":
        return write_zip(place / "set.zip", files)
    if packed == "tar":
        path = place / "set.tar"
        path.write_bytes(tar_bytes(files, "w"))
        return path
    return write_folder(place / "set", files)


@pytest.mark.parametrize("packed", ["folder", "zip", pytest.param("tar", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", TABLES)
def test_all_tables_that_fit_are_read_together_and_their_names_give_the_splits(tmp_path, capsys, kind, packed):
    files, expected, words = TABLES[kind]
    path = written_as(packed, tmp_path, files)
    faces, line = said(capsys, path)
    assert as_set(faces) == as_set(expected)
    for word in words:
        assert word in line, line
    assert ("Left out" in line) == any("Left out" in word for word in words) or "the whole further down" in kind


@pytest.mark.parametrize(
    "kind", ["cut, without Usage", "cut, beside its source", "in folders of splits", "further down"]
)
def test_on_kaggle_they_are_found_and_read_together(tmp_path, capsys, kind):
    files, expected, _ = TABLES[kind]
    write_folder(tmp_path / "kaggle/fer-copy", files)
    write_folder(tmp_path / "kaggle/another", {"notes.csv": b"a,b\n1,2\n", "digits/train.csv": b"label,pixel0\n1,2\n"})
    faces, line = said(capsys, None)
    assert as_set(faces) == as_set(expected)
    assert "Kaggle" in line


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("test.csv", "Test"),
        ("val.csv", "Test"),
        ("validation.csv", "Test"),
        ("fer2013_test.csv", "Test"),
        ("public_test.csv", "PublicTest"),
        ("PrivateTest.csv", "PrivateTest"),
        ("test_with_emotions.csv", "Test"),
        ("val/faces.csv", "Test"),
        ("train.csv", "Training"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_a_labelled_table_alone_is_what_its_name_says(tmp_path, name, split, alone):
    folder = write_folder(tmp_path / "set", {name: written(FACES, PLAIN)})
    faces = data.load(folder / name if alone else folder, quiet=True)
    assert faces.split_sizes() == {split: len(FACES)}
    assert same(Faces(faces.images, faces.labels, FACES.split), FACES)


def test_a_table_that_says_no_split_is_training_and_that_is_said(tmp_path, capsys):
    path = write_folder(tmp_path, {"faces.csv": written(FACES, PLAIN)}) / "faces.csv"
    faces, line = said(capsys, path)
    assert faces.split_sizes() == {"Training": 14}
    assert "Nothing says which split these rows belong to: Training was assumed." in line


def npz_bytes(faces):
    buffer = io.BytesIO()
    np.savez(buffer, images=faces.images, labels=faces.labels, split=faces.split)
    return buffer.getvalue()


def npz_pair(faces):
    buffer = io.BytesIO()
    np.savez(buffer, images=faces.images, labels=faces.labels)
    return buffer.getvalue()


#: files → the faces that are read, and what is named as left out
COPIES = {
    "images in images, as jonathanoheix/face-expression-recognition-dataset": (
        {
            **{
                f"images/{name.replace('test/', 'validation/')}": each
                for name, each in pictures(FACES, prefix=False).items()
            },
            **{
                f"images/images/{name.replace('test/', 'validation/')}": each
                for name, each in pictures(FACES, prefix=False).items()
            },
        },
        called(FACES),
        "images/",
    ),
    "a copy three folders down": (
        {**pictures(FACES), **{f"a/b/c/{name}": each for name, each in pictures(FACES[:9]).items()}},
        FACES,
        "a/b/c/",
    ),
    "two copies side by side": (
        {
            **{f"one/{name}": each for name, each in pictures(FACES).items()},
            **{f"two/{name}": each for name, each in pictures(FACES[:7]).items()},
        },
        FACES,
        "two",
    ),
    "a folder of which nothing says the split": (
        {
            **pictures(PARTS["Training"]),
            **{name.replace("test/", "Testen/"): each for name, each in pictures(TESTS, prefix=False).items()},
        },
        PARTS["Training"],
        "Testen/ (its name gives no split)",
    ),
    "classes beside the folder of a split": (
        {
            **pictures(PARTS["Training"]),
            **{name.removeprefix("test/"): each for name, each in pictures(TESTS[:1], prefix=False).items()},
        },
        PARTS["Training"],
        "(its name gives no split)",
    ),
    "tests without folders of classes": (
        {**pictures(PARTS["Training"]), "test/1.png": picture_bytes(TESTS.images[0])},
        PARTS["Training"],
        "test/ (no folders of classes)",
    ),
    "a table above its pictures": (
        {"fer.csv": csv_bytes(FACES), **{f"images/{name}": each for name, each in pictures(FACES[:9]).items()}},
        FACES,
        "images/",
    ),
    "pictures above their table": (
        {**pictures(FACES), **{"csv/fer2013.csv": csv_bytes(FACES[:9])}},
        FACES,
        "csv/fer2013.csv",
    ),
    "our file beside a table": ({"own.npz": npz_bytes(FACES), "faces.csv": csv_bytes(FACES[:9])}, FACES, "faces.csv"),
    "parquet beside pictures": (
        {
            "train-0.parquet": parquet_bytes(PARTS["Training"]),
            **{f"raw/{name}": each for name, each in pictures(FACES).items()},
        },
        PARTS["Training"],
        "raw/",
    ),
}


@pytest.mark.parametrize("packed", ["folder", "zip", pytest.param("tar", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", COPIES)
def test_the_copy_closest_to_the_top_wins_and_the_other_is_named(tmp_path, capsys, kind, packed):
    files, expected, left = COPIES[kind]
    path = written_as(packed, tmp_path, files)
    faces, line = said(capsys, path)
    assert as_set(faces) == as_set(expected)
    assert "Left out: " in line
    assert left.rstrip("/") in line, line


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("content", "words"),
    [(POINTER, "is a Git LFS pointer"), (b"", "is empty"), (b"<!DOCTYPE html>\n<html></html>\n", "is a web page")],
)
def test_a_split_that_is_no_data_is_named_and_the_others_are_not_read_without_it(
    tmp_path, content, words, ending, packed
):
    train = plain("Training") if ending == "csv" else parquet_bytes(PARTS["Training"])
    files = {f"train.{ending}": train, f"test.{ending}": content}
    path = write_zip(tmp_path / "set.zip", files) if packed else write_folder(tmp_path / "set", files)
    with pytest.raises(DataError, match=rf"test\.{ending} in .*set.* {words}"):
        data.load(path)


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (("train-00000-of-00001", "train"), "Left out: train.parquet (a copy)."),
        (("train-00001-of-00003", None), "Missing: 2 of the 3 files train-…-of-00003.parquet."),
        (("train-00000-of-00001", None), None),
    ],
)
def test_parquet_files_that_are_there_twice_or_not_at_all_are_named(tmp_path, names, note):
    content = parquet_bytes(PARTS["Training"])
    files = {f"data/{name}.parquet": content for name in names if name}
    faces = data.load(write_folder(tmp_path / "set", files), quiet=True)
    assert same(faces, PARTS["Training"])
    assert faces.notes == ((note,) if note else ())


def test_a_zip_with_backslashes_in_its_names_as_old_tools_of_windows_write_them_is_read(tmp_path):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in pictures(FACES).items():
            info = zipfile.ZipInfo("x")
            info.filename = name.replace("/", "\\")
            archive.writestr(info, content)
    assert same(data.load(path, quiet=True), FACES)


def test_a_picture_that_is_a_pointer_is_named_so(tmp_path):
    files = {**pictures(FACES), "train/happy/9.png": POINTER}
    with pytest.raises(DataError, match=r"train/happy/9\.png in .* is a Git LFS pointer"):
        data.load(write_folder(tmp_path / "set", files))


def test_pixels_and_classes_in_tables_of_their_own_are_refused_in_words(tmp_path):
    files = {"x_train.csv": UNLABELLED, "y_train.csv": b"emotion\n3\n"}
    with pytest.raises(DataError, match=r"x_train\.csv has pixels but no column with the classes"):
        data.load(write_folder(tmp_path / "set", files))


def test_every_lesson_finds_kaggles_most_used_copy(tmp_path, capsys):
    files = COPIES["images in images, as jonathanoheix/face-expression-recognition-dataset"][0]
    write_folder(tmp_path / "kaggle/face-expression-recognition-dataset", files)
    faces, line = said(capsys, None)
    assert same(faces, called(FACES))
    assert "Left out: images/" in line
    assert "from Kaggle's input folder" in line


NESTED = {
    "split in split": lambda name: f"{name.split('/')[0]}/{name}",
    "a folder between": lambda name: f"{name.split('/')[0]}/images/{name.split('/', 1)[1]}",
    "train_data and test_data": lambda name: f"{name.split('/')[0]}_data/{name.split('/', 1)[1]}",
    "numbers before the names": lambda name: name.replace("angry/", "0_angry/").replace("sad/", "4 sad/"),
    "capital letters": lambda name: name.title().replace(".Png", ".png"),
    "Test and Validation": lambda name: name.replace("test/", "Validation/"),
    "names in another form": lambda name: name.replace("happy/", "Happiness/").replace("fear/", "fearful/"),
}


@pytest.mark.parametrize("kind", NESTED)
def test_folders_that_say_the_same_in_other_words_are_read(tmp_path, kind):
    files = {NESTED[kind](name): content for name, content in pictures(FACES, prefix=False).items()}
    for path in (write_folder(tmp_path / "set", files), write_zip(tmp_path / "set.zip", files)):
        faces = data.load(path, quiet=True)
        assert as_set(faces) == as_set(called(FACES))
        assert faces.notes == ()


def test_an_archive_in_an_archive_counts_where_it_lies(tmp_path):
    training = written(PARTS["Training"], PLAIN)
    path = write_zip(tmp_path / "x.zip", {"train.csv": training, "fer2013.csv.gz": gzip.compress(csv_bytes(FACES))})
    assert same(data.load(path, quiet=True), FACES)
    path = write_zip(tmp_path / "y.zip", {"train.csv": training, "a/b/fer2013.csv.gz": gzip.compress(csv_bytes(FACES))})
    assert data.load(path, quiet=True).split_sizes() == {"Training": 5}


def test_all_of_fer2013_in_one_split_is_refused(tmp_path, monkeypatch):
    from fer_course.data import orders

    monkeypatch.setattr(orders, "ALL", tuple(FACES.counts().tolist()))
    path = write_folder(tmp_path, {"train.csv": written(FACES, PLAIN)}) / "train.csv"
    with pytest.raises(DataError, match="are in one split, Training, and nothing says which of them are the tests"):
        data.load(path)


@pytest.mark.parametrize("files", [CUT_WITH_USAGE, dict(reversed(CUT_WITH_USAGE.items())), HALVES])
def test_tables_with_usage_give_the_order_of_fer2013_to_which_votes_join(tmp_path, files):
    assert same(data.load(write_zip(tmp_path / "set.zip", files), quiet=True), FACES)


def test_other_peoples_tables_and_pictures_are_no_faces(tmp_path):
    write_folder(
        tmp_path / "kaggle",
        {
            "dogs/train.csv": b"image,label\na.jpg,1\nb.jpg,0\n",
            "digits/train.csv": b"label,"
            + b",".join(b"pixel%d" % n for n in range(784))
            + b"\n1"
            + b",0" * 784
            + b"\n",
            "text/train.csv": b"emotion,text\n3,hello\n",
            "numbers/train/3/1.png": b"x",
            "numbers/train/8/1.png": b"x",
            "votes/fer2013new.csv": b"Usage,Image name,neutral,NF\nTraining,fer0000000.png,1,2\n",
            "arrays/digits.npz": npz_bytes(FACES)[:100],
        },
    )
    assert data.find(tmp_path / "kaggle") is None


def test_an_import_keeps_what_was_left_out(tmp_path, capsys):
    data.import_faces(write_folder(tmp_path / "set", {"fer2013.csv": csv_bytes(FACES), **CUT}))
    assert same(data.load(), FACES)
    assert "Left out: train.csv, val.csv, …" in capsys.readouterr().out


def test_many_tables_are_not_all_looked_into(tmp_path, monkeypatch):
    from fer_course.data.readers import csv_file, tables

    looked = []
    monkeypatch.setattr(csv_file, "peek", lambda file, peek=csv_file.peek: looked.append(1) or peek(file))
    monkeypatch.setattr(tables, "LOOK_INTO", 5)
    files = {f"labels/{number}.txt": b"0 0.5 0.5 0.1 0.1\n" for number in range(50)} | {"train.csv": CUT["train.csv"]}
    assert len(data.load(write_zip(tmp_path / "set.zip", files), quiet=True)) == 5
    assert len(looked) <= 5 + 5 + 1 + 1  # to find it, to find tables without labels, and to read it


@pytest.mark.parametrize(
    "files",
    [
        CUT,
        {f"{name}.npz": npz_pair(PARTS[split]) for name, split in (("train", "Training"), ("test", "PrivateTest"))},
        {
            f"{name}.parquet": parquet_bytes(PARTS[split])
            for name, split in (("train", "Training"), ("test", "PrivateTest"))
        },
    ],
)
def test_files_that_are_too_many_together_are_refused(tmp_path, monkeypatch, files):
    from fer_course.data import candidates

    path = write_folder(tmp_path / "set", files)
    assert len(data.load(path, quiet=True)) > 8
    monkeypatch.setattr(candidates, "MOST_FACES", 8)
    with pytest.raises(DataError, match="several files with more than 8 faces together"):
        data.import_faces(path)


ARCHIVES = {
    "train.csv.gz and test.csv.gz": (
        {"train.csv.gz": gzip.compress(plain("Training")), "test.csv.gz": gzip.compress(written(TESTS, PLAIN))},
        called(FACES),
    ),
    "train.csv.zip, as old contests packed each file": (
        {
            "train.csv.zip": zip_bytes({"train.csv": plain("Training")}),
            "test.csv.zip": zip_bytes({"test.csv": written(TESTS, PLAIN)}),
        },
        called(FACES),
    ),
    "pictures in train.zip and test.zip": (
        {
            f"{split}.zip": zip_bytes(
                {
                    name.removeprefix(f"{split}/"): content
                    for name, content in pictures(FACES, prefix=False).items()
                    if name.startswith(split)
                }
            )
            for split in ("train", "test")
        },
        called(FACES),
    ),
    "pictures in train.tar.gz and validation.tar.gz": (
        {
            "train.tar.gz": tar_bytes(pictures(PARTS["Training"], prefix=False)),
            "validation.tar.gz": tar_bytes(
                {f"val/{name.split('/', 1)[1]}": each for name, each in pictures(TESTS, prefix=False).items()}
            ),
        },
        called(FACES),
    ),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_of_splits_are_read_together(tmp_path, kind):
    files, expected = ARCHIVES[kind]
    for path in (write_folder(tmp_path / "set", files), write_zip(tmp_path / "set.zip", files)):
        assert as_set(data.load(path, quiet=True)) == as_set(expected)
    write_folder(tmp_path / "kaggle/x", files)
    assert as_set(data.load(quiet=True)) == as_set(expected)
