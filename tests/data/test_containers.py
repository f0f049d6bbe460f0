"""Archives in every packing, parquet, the contest's files: each gives the same faces as `fer2013.csv`, or one clear error."""

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from faces_for_tests import (
    attempt,
    csv_bytes,
    isolated,  # noqa: F401
    parquet_bytes,
    picture_bytes,
    pictures,
    same,
    some_faces,
    tar_bytes,
    write_folder,
    write_zip,
    zip_bytes,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import fer_course.data as data
from fer_course import CLASS_NAMES, DataError, Faces
from fer_course.data import discovery, readers
from fer_course.data.containers import archives, members

FACES = some_faces(9)
TABLE = {"fer2013/fer2013.csv": csv_bytes(FACES)}
PICTURES = {f"fer2013/{name}": content for name, content in pictures(FACES).items()}
PACKED = {
    "tar.gz of a table": ("x.tar.gz", tar_bytes(TABLE)),
    "tar.gz of pictures": ("x.tar.gz", tar_bytes(PICTURES)),
    "tgz with ./ before the names": ("x.tgz", tar_bytes({f"./{name}": content for name, content in PICTURES.items()})),
    "tar": ("x.tar", tar_bytes(PICTURES, "w")),
    "tar.bz2": ("x.tar.bz2", tar_bytes(TABLE, "w:bz2")),
    "tar.xz": ("x.tar.xz", tar_bytes(PICTURES, "w:xz")),
    "tar.gz under another name": ("fer2013.csv", tar_bytes(TABLE)),
    "csv.gz": ("fer2013.csv.gz", gzip.compress(TABLE["fer2013/fer2013.csv"])),
    "csv.bz2": ("fer2013.csv.bz2", bz2.compress(TABLE["fer2013/fer2013.csv"])),
    "csv.xz": ("fer2013.csv.xz", lzma.compress(TABLE["fer2013/fer2013.csv"])),
    "gz in two parts": (
        "fer2013.csv.gz",
        gzip.compress(TABLE["fer2013/fer2013.csv"][:5000]) + gzip.compress(TABLE["fer2013/fer2013.csv"][5000:]),
    ),
    "csv.gz under the name .csv": ("fer2013.csv", gzip.compress(TABLE["fer2013/fer2013.csv"])),
    "tar.gz in zip": ("x.zip", zip_bytes({"readme.md": b"x", "a/fer2013.tar.gz": tar_bytes(TABLE)})),
    "zip in zip": ("x.zip", zip_bytes({"b/archive.zip": zip_bytes(PICTURES)})),
    "zip in tar.gz": ("x.tar.gz", tar_bytes({"archive.zip": zip_bytes(PICTURES), "readme": b"x"})),
    "tar in tar.gz": ("x.tar.gz", tar_bytes({"pictures.tar": tar_bytes(PICTURES, "w")})),
    "csv.gz in zip": ("x.zip", zip_bytes({"fer2013.csv.gz": gzip.compress(TABLE["fer2013/fer2013.csv"])})),
    "damaged archive beside it": ("x.zip", zip_bytes({"a.zip": b"x", "fer2013.tgz": tar_bytes(PICTURES)})),
    "parquet in tar.gz": ("x.tar.gz", tar_bytes({f"data/{name}.parquet": b"" for name in ()} | TABLE)),
    "npz in tar.gz": ("x.tar.gz", None),
}


def npz_bytes(faces):
    buffer = io.BytesIO()
    np.savez(buffer, images=faces.images, labels=faces.labels, split=faces.split)
    return buffer.getvalue()


PACKED["npz in tar.gz"] = ("x.tar.gz", tar_bytes({"own.npz": npz_bytes(FACES)}))
del PACKED["parquet in tar.gz"]


@pytest.mark.parametrize("kind", PACKED)
def test_every_packing_gives_the_same_faces_and_leaves_nothing_unpacked(tmp_path, kind):
    name, content = PACKED[kind]
    path = tmp_path / name
    path.write_bytes(content)
    assert same(data.load(path, quiet=True), FACES)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["cache", name])
    assert name in data.load(path, quiet=True).source or "npz" in kind
    assert "table" in data.info(path) or "pictures" in data.info(path) or "npz" in kind


def test_a_packed_data_set_is_imported_and_found(tmp_path):
    write_folder(tmp_path / "down", {"fer2013.tar.gz": tar_bytes(TABLE), "notes.tar.gz": b"x"})
    assert data.find(tmp_path / "down") == tmp_path / "down" / "fer2013.tar.gz"
    data.import_faces(tmp_path / "down")
    assert same(data.load(quiet=True), FACES)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_pictures_in_a_tar_are_read_in_two_passes_however_many_there_are(tmp_path, monkeypatch, mode):
    path = tmp_path / "x.tar"
    path.write_bytes(tar_bytes(pictures(some_faces(60)), mode))
    streams, stream = [], archives._stream
    monkeypatch.setattr(archives, "_stream", lambda *arguments: streams.append(1) or stream(*arguments))
    assert len(readers.read(path)) == 60
    # Once to see that it is a tar archive if it is compressed, once to list it, once to read it.
    assert len(streams) == (2 if mode == "w" else 3)


def test_of_several_files_of_one_name_in_a_tar_the_last_counts(tmp_path):
    path = tmp_path / "x.tar"
    first, last = (io.BytesIO(csv_bytes(some_faces(3, seed=seed))) for seed in (1, 2))
    with tarfile.open(path, "w") as archive:
        for content in (first, last):
            info = tarfile.TarInfo("fer2013.csv")
            info.size = len(content.getvalue())
            archive.addfile(info, content)
    assert same(readers.read(path), some_faces(3, seed=2))


def test_large_inner_archives_go_through_a_temporary_file(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "IN_MEMORY", 100)
    path = write_zip(tmp_path / "x.zip", {"archive.zip": zip_bytes(PICTURES)})
    assert same(readers.read(path), FACES)


# --- what is dangerous ----------------------------------------------------------------------------------------------

OUTSIDE = ["/etc/fer2013.csv", "../fer2013.csv", "a/../../fer2013.csv", "C:\\x\\fer2013.csv", "..\\fer2013.csv"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_names_that_lead_out_of_an_archive_are_not_read(tmp_path, name, kind):
    files = {name: csv_bytes(some_faces(3)), "mine.csv": csv_bytes(FACES)}
    path = tmp_path / f"x.{kind}"
    path.write_bytes(tar_bytes(files) if kind == "tar.gz" else zip_bytes(files))
    assert same(data.load(path, quiet=True), FACES)
    path.write_bytes(
        tar_bytes(dict([*files.items()][:1])) if kind == "tar.gz" else zip_bytes(dict([*files.items()][:1]))
    )
    with pytest.raises(DataError, match=r"no FER2013 faces.*found no files"):
        data.load(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_links_and_devices_in_a_tar_are_not_read(tmp_path, kind):
    secret = tmp_path / "fer2013.csv"
    secret.write_bytes(csv_bytes(some_faces(3)))
    link = tarfile.TarInfo("fer2013.csv")
    link.type, link.linkname = kind, str(secret)
    (tmp_path / "x.tar.gz").write_bytes(tar_bytes({"fer2013.csv": link}))
    with pytest.raises(DataError, match="found no files"):
        data.load(tmp_path / "x.tar.gz")


def test_links_in_a_zip_are_not_read(tmp_path):
    info = zipfile.ZipInfo("fer2013.csv")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, csv_bytes(FACES))
    with pytest.raises(DataError, match="found no files"):
        data.load(tmp_path / "x.zip")


ZEROS = b"\0" * 3_000_000
BOMBS = {
    "table in tar.gz": ("x.tar.gz", tar_bytes({"fer2013.csv": b"emotion,pixels,Usage\n" + ZEROS})),
    "picture in tar.gz": ("x.tar.gz", tar_bytes({"train/sad/1.png": ZEROS})),
    "table in zip": ("x.zip", zip_bytes({"fer2013.csv": b"emotion,pixels,Usage\n" + ZEROS})),
    "picture in zip": ("x.zip", zip_bytes({"train/sad/1.png": ZEROS})),
    "csv.gz": ("fer2013.csv.gz", gzip.compress(b"emotion,pixels,Usage\n" + b"\n" * 1_500_000)),
    "zip in zip": ("x.zip", zip_bytes({"inner.zip": zip_bytes({"fer2013.csv": ZEROS})})),
    "large inner zip": ("x.zip", zip_bytes({"inner.zip": b"PK\3\4" + ZEROS})),
    "many small ones": ("x.tar.gz", tar_bytes({f"train/sad/{n}.png": ZEROS[:900_000] for n in range(9)})),
    "many small ones in zip": ("x.zip", zip_bytes({f"train/sad/{n}.png": ZEROS[:900_000] for n in range(9)})),
    "npz": ("x.npz", zip_bytes({f"{key}.npy": ZEROS for key in ("images", "labels", "split")})),
    "header": ("x.tar.gz", None),
}


def huge_header():
    """A tar archive that starts with an extended header of 8 MB, which Python's reader would keep in memory."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 8_000_000
    return gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + ZEROS * 3)


BOMBS["header"] = ("x.tar.gz", huge_header())


@pytest.mark.parametrize("kind", BOMBS)
def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, kind):
    from fer_course.data.readers import npz_file

    for module in (archives, npz_file):
        monkeypatch.setattr(module, "MEMBER_LIMIT", 1_000_000)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 5_000_000)
    name, content = BOMBS[kind]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"more than|header of") as caught:
        data.load(path)
    assert name in str(caught.value)
    assert not (tmp_path / "cache").exists()


def test_a_table_of_very_many_lines_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(readers.csv_file, "MOST_LINES", 10)
    monkeypatch.setattr(readers.csv_file, "BLOCK", 10_000)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(FACES))
    assert len(data.load(path, quiet=True)) == 9
    path.write_bytes(csv_bytes(some_faces(12)))
    with pytest.raises(DataError, match=r"line 10: .*35,887 rows.*more than 10 lines"):
        data.load(path)


def test_an_archive_of_very_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "COUNT_LIMIT", 5)
    for name, content in (("x.zip", zip_bytes(PICTURES)), ("x.tar", tar_bytes(PICTURES, "w"))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match="more than 5 files"):
            data.load(tmp_path / name)


# --- what is damaged ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("files", [TABLE, PICTURES], ids=["table", "pictures"])
def test_a_tar_that_is_cut_off_anywhere_is_an_error_never_fewer_faces(tmp_path, mode, files):
    whole = tar_bytes(files, mode)
    path = tmp_path / "x.tar"
    # The last bytes of a plain tar are zeros to fill it up.
    end = len(whole.rstrip(b"\0")) - 1 if mode == "w" else len(whole) - 1
    for length in [*range(600, end, max(1, len(whole) // 40)), end]:
        path.write_bytes(whole[:length])
        faces, error = attempt(path)
        assert faces is None, length
        assert "x.tar" in error


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tgz", "x.tar", "fer2013.csv.gz", "x.tar.xz"])
@pytest.mark.parametrize("content", [b"no archive at all", b"<!DOCTYPE html>", b"", b"\x1f\x8b\x08", b"\0" * 10240])
def test_what_is_no_archive_says_so(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"that can be opened|web page|empty") as caught:
        data.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("damage", ["header", "end"])
def test_a_tar_of_which_pythons_reader_sees_only_the_beginning_is_an_error(tmp_path, damage):
    whole = tar_bytes(PICTURES, "w")
    third = [place for place in range(0, len(whole), 512) if whole[place : place + 8] == b"fer2013/"][2]
    path = tmp_path / "x.tar"
    path.write_bytes(whole[:third] if damage == "end" else whole[:third] + b"?" + whole[third + 1 :])
    with tarfile.open(path) as archive:
        assert len(archive.getnames()) == 2  # it says nothing of the others
    with pytest.raises(DataError, match=r"no end mark.*Download it again"):
        data.load(path)


def test_a_header_with_a_negative_size_does_not_lead_in_a_circle(tmp_path):
    whole = bytearray(tar_bytes({"a": b"x" * 600, "b": b"y"}, "w"))
    # The second header, its size in base 256: the next one lies 512 bytes before its end, and so is this one.
    header = whole[1536:2048]
    header[124:136] = b"\xff" * 10 + struct.pack(">h", -512)
    header[148:156] = f"{sum(header[:148]) + 8 * 32 + sum(header[156:]):06o}\0 ".encode()
    whole[1536:2048] = header
    (tmp_path / "x.tar").write_bytes(whole)
    with pytest.raises(DataError, match=r"x\.tar is no tar archive.*circle"):
        data.load(tmp_path / "x.tar")


def test_a_damaged_archive_in_an_archive_is_named(tmp_path):
    files = {"fer2013.tar.gz": tar_bytes(TABLE)[:-100], "train.csv": b"emotion,pixels\n"}
    path = write_zip(tmp_path / "challenges.zip", files)
    with pytest.raises(DataError, match=r"fer2013\.tar\.gz in .*challenges\.zip.*that can be opened"):
        data.load(path)
    path = write_zip(tmp_path / "only.zip", {"inner.zip": b"PK\3\4 and nothing more"})
    with pytest.raises(DataError, match=r"inner\.zip in .*only\.zip"):
        data.load(path)


def test_a_bad_picture_in_a_tar_is_named_and_mixed_sizes_are_counted(tmp_path):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(tar_bytes(PICTURES | {"fer2013/train/sad/7.png": b"no picture"}))
    with pytest.raises(DataError, match=r"train/sad/7\.png in .*can't be decoded"):
        data.load(path)
    large = picture_bytes(np.zeros((64, 96), np.uint8))
    path.write_bytes(tar_bytes(PICTURES | {"fer2013/train/sad/7.png": large}))
    with pytest.raises(DataError, match=r"found 96×64, and mixed sizes \(9 of 48×48, 1 of 96×64\)"):
        data.load(path)


# --- folders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", ["images/", "a/b/images/", ""])
@pytest.mark.parametrize("prefix", [True, False])
def test_a_folder_of_validation_is_a_test_unless_prefixes_tell(tmp_path, top, prefix):
    files = pictures(FACES, prefix=prefix)
    files = {f"{top}{name.replace('test/', 'validation/')}": content for name, content in files.items()}
    split = FACES.split if prefix else np.where(FACES.split == "Training", "Training", "Test")
    loaded = data.load(write_folder(tmp_path / "set", files), quiet=True)
    assert same(loaded, Faces(FACES.images, FACES.labels, split))


# --- the contest's files --------------------------------------------------------------------------------------------


def contest(n=6):
    """The contest's two tables, and what they hold."""
    training = some_faces(n, splits=("Training",))
    files = {
        "train.csv": csv_bytes(training, ("emotion", "pixels")),
        "test.csv": csv_bytes(some_faces(4, seed=1), ("pixels",)),
        "example_submission.csv": b"emotion\n3\n",
    }
    return training, files


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz", "train.csv"])
def test_the_contests_training_table_is_read_and_the_test_set_named(tmp_path, kind):
    training, files = contest()
    path = write_folder(tmp_path / "contest", files)
    if kind == "train.csv":
        path = path / kind
    elif kind != "folder":
        path = tmp_path / f"x.{kind}"
        path.write_bytes(zip_bytes(files) if kind == "zip" else tar_bytes(files))
    loaded = data.load(path, quiet=True)
    assert same(loaded, training)
    assert "test.csv beside it has no labels" in loaded.source
    assert "all rows are Training" in data.info(path)
    assert "test.csv beside it has no labels" in data.info(path)


def test_a_training_table_without_its_test_set_says_nothing_of_one(tmp_path):
    training, files = contest()
    path = write_folder(tmp_path, {"renamed.csv": files["train.csv"]}) / "renamed.csv"
    assert data.load(path, quiet=True).source == "renamed.csv"
    write_folder(tmp_path, {"test.csv": csv_bytes(training, ("emotion", "pixels"))})
    assert "no labels" not in readers.read(path).source


def test_fer2013_without_usage_is_an_error_not_a_training_set(tmp_path):
    _, files = contest()
    with pytest.raises(DataError, match="expected the columns emotion, pixels and Usage"):
        data.load(write_folder(tmp_path / "a", {"fer2013.csv": files["train.csv"]}))


@pytest.mark.parametrize(
    "others", [{"fer2013.csv": TABLE["fer2013/fer2013.csv"]}, {"fer2013.tar.gz": tar_bytes(TABLE)}]
)
def test_what_has_all_splits_is_preferred_to_the_contests_table(tmp_path, others):
    _, files = contest()
    assert same(data.load(write_folder(tmp_path / "set", files | others), quiet=True), FACES)
    assert same(data.load(write_zip(tmp_path / "set.zip", files | others), quiet=True), FACES)


@pytest.mark.parametrize("kind", ["test.csv", "folder", "zip", "test.csv.gz"])
def test_unlabelled_gives_the_pixels_of_the_test_set(tmp_path, kind):
    _, files = contest()
    path = write_folder(tmp_path / "contest", files | {"test.csv.gz": gzip.compress(files["test.csv"])})
    path = write_zip(tmp_path / "x.zip", files) if kind == "zip" else path if kind == "folder" else path / kind
    images = data.unlabelled(path)
    assert images.dtype == np.uint8
    assert np.array_equal(images, some_faces(4, seed=1).images)


def test_unlabelled_of_labelled_faces_gives_their_pictures(tmp_path, monkeypatch):
    path = write_folder(tmp_path / "set", PICTURES)
    assert np.array_equal(data.unlabelled(path), FACES.images)
    monkeypatch.setenv("FER_COURSE_DATA", str(path))
    assert np.array_equal(data.unlabelled(), FACES.images)
    with pytest.raises(DataError, match="does not exist"):
        data.unlabelled(tmp_path / "nowhere.csv")


def test_the_test_set_alone_says_what_it_is_good_for(tmp_path):
    _, files = contest()
    path = write_folder(tmp_path, {"test.csv": files["test.csv"]}) / "test.csv"
    with pytest.raises(DataError, match=r"without labels.*fer-course predict RUN"):
        data.load(path)
    path.write_bytes(files["test.csv"].replace(b" ", b" x", 1))
    with pytest.raises(DataError, match="line 2: expected whole numbers"):
        data.unlabelled(path)


# --- parquet --------------------------------------------------------------------------------------------------------

TRAIN, TEST = FACES.select("Training"), some_faces(5, seed=3, splits=("Test",))
OTHER_ORDER = ("Happiness", "sad", "anger", "neutral", "surprised", "FEAR", "disgust")
OTHER_NAMES = ("happy", "sad", "angry", "neutral", "surprise", "fear", "disgust")


def shards(names=CLASS_NAMES, **options):
    """Three files as on a hub: two for Training, one for the test."""
    return {
        "data/train-00000-of-00002.parquet": parquet_bytes(TRAIN[:2], names, **options),
        "data/train-00001-of-00002.parquet": parquet_bytes(TRAIN[2:], names, **options),
        "data/test-00000-of-00001.parquet": parquet_bytes(TEST, names, **options),
        "README.md": b"x",
    }


def both(split="Test"):
    faces = [np.concatenate(pair) for pair in ((TRAIN.images, TEST.images), (TRAIN.labels, TEST.labels))]
    return Faces(*faces, ["Training"] * len(TRAIN) + [split] * len(TEST))


@pytest.mark.parametrize("names", [CLASS_NAMES, OTHER_NAMES, None], ids=["our order", "another order", "no metadata"])
@pytest.mark.parametrize("packed", [None, "zip", "tar.gz"])
def test_parquet_shards_give_their_faces_with_labels_by_name(tmp_path, names, packed):
    files = shards(names, row_group_size=2)
    path = write_folder(tmp_path / "set", files)
    if packed:
        path = tmp_path / f"x.{packed}"
        path.write_bytes(zip_bytes(files) if packed == "zip" else tar_bytes(files))
    assert same(data.load(path, quiet=True), both())
    assert "parquet" in data.info(path)


def test_class_names_go_by_their_usual_spellings(tmp_path):
    content = parquet_bytes(TRAIN, OTHER_NAMES)
    for mine, theirs in zip(OTHER_NAMES, OTHER_ORDER, strict=True):
        content_of_schema = content.replace(f'"{mine}"'.encode(), f'"{theirs}"'.encode())
        if len(theirs) == len(mine):
            content = content_of_schema
    path = write_folder(tmp_path, {"train.parquet": content}) / "train.parquet"
    assert same(data.load(path, quiet=True), TRAIN)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00001.parquet", "Training"),
        ("validation-00000-of-00001.parquet", "Test"),
        ("valid-00000-of-00001.parquet", "Test"),
        ("fer2013_test.parquet", "Test"),
        ("default/train/0000.parquet", "Training"),
        ("PublicTest.parquet", "PublicTest"),
        ("privatetest/0000.parquet", "PrivateTest"),
        ("train/test-0000.parquet", "Test"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_the_name_of_the_file_or_folder_gives_the_split(tmp_path, name, split, alone):
    folder = write_folder(tmp_path / "set", {name: parquet_bytes(TEST)})
    assert data.load(folder / name if alone else folder, quiet=True).split_sizes() == {split: len(TEST)}


def test_find_takes_parquet_files_of_expressions_and_no_others(tmp_path):
    write_folder(
        tmp_path / "kaggle", {"digits/data/train.parquet": parquet_bytes(TRAIN, None), "x/train.parquet": b"x"}
    )
    assert data.find(tmp_path / "kaggle") is None
    write_folder(tmp_path / "kaggle", {f"faces/{name}": content for name, content in shards().items()})
    assert data.find(tmp_path / "kaggle") == tmp_path / "kaggle/faces/data"
    assert same(data.load(quiet=True), both())
    write_folder(tmp_path / "other", {f"{split}/0.parquet": parquet_bytes(TRAIN) for split in ("train", "test")})
    assert data.find(tmp_path / "other") == tmp_path / "other"


def altered(change):
    """A parquet file of three rows whose table was changed by a function."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(parquet_bytes(FACES[:3], None)))
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(change(table), buffer)
    return buffer.getvalue()


def with_column(name, values, kind=None):
    import pyarrow

    return lambda table: table.set_column(table.schema.names.index(name), name, pyarrow.array(values, kind))


def with_names(*names):
    import json

    text = json.dumps({"info": {"features": {"label": {"names": names}}}})
    return lambda table: table.replace_schema_metadata({"huggingface": text})


def files_with(*contents):
    import pyarrow

    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    return lambda table: with_column("image", [{"bytes": each, "path": "x"} for each in contents], kind)(table)


GOOD = picture_bytes(np.zeros((48, 48), np.uint8))
BAD_PARQUET = {
    "no label": (
        lambda: altered(lambda table: table.drop(["label"])),
        "expected the columns image and label, found image",
    ),
    "no image": (lambda: altered(lambda table: table.drop(["image"])), "found label"),
    "no rows": (lambda: altered(lambda table: table.slice(0, 0)), "no rows"),
    "label 7": (lambda: altered(with_column("label", [0, 7, 1])), "row 2: expected a label from 0 to 6, found '7'"),
    "label -1": (lambda: altered(with_column("label", [0, 1, -1])), "row 3: .* found '-1'"),
    "no label in a row": (lambda: altered(with_column("label", [None, 1, 1])), "row 1: .* found 'None'"),
    "label in numbers with a point": (lambda: altered(with_column("label", [1.0, 1.5, 1.0])), "row 2: .* found '1.5'"),
    "unknown class": (lambda: altered(with_names("angry", "contempt")), "expected labels called .*contempt"),
    "class twice": (lambda: altered(with_names("angry", "anger")), "expected labels called .*anger"),
    "label beyond the names": (lambda: altered(with_names("angry", "sad")), "row 3: expected a label from 0 to 1"),
    "no bytes": (lambda: altered(files_with(GOOD, None, GOOD)), "row 2: expected the bytes of a picture"),
    "image in words": (lambda: altered(with_column("image", ["a", "b", "c"])), "row 1: expected the bytes"),
    "no picture": (lambda: altered(files_with(GOOD, GOOD, b"x")), "row 3 can't be decoded"),
    "another size": (
        lambda: altered(files_with(GOOD, picture_bytes(np.zeros((64, 64), np.uint8)), GOOD)),
        "row 2: expected pictures of 48×48 pixels, found 64×64",
    ),
    "cut off": (lambda: parquet_bytes(FACES)[:-9], "can't be read as a parquet file"),
    "no parquet": (lambda: b"hello", "can't be read as a parquet file"),
    "web page": (lambda: b"<html>", "web page"),
    "empty": (lambda: b"", "empty"),
}


@pytest.mark.parametrize("kind", BAD_PARQUET)
def test_a_bad_parquet_file_is_named(tmp_path, kind):
    make, words = BAD_PARQUET[kind]
    path = tmp_path / "train.parquet"
    path.write_bytes(make())
    with pytest.raises(DataError, match=words) as caught:
        data.load(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600
    assert not (tmp_path / "cache").exists()


def test_labels_may_be_class_names(tmp_path):
    path = tmp_path / "train.parquet"
    path.write_bytes(altered(with_column("label", ["sad", "Happiness", "neutral"])))
    assert data.load(path, quiet=True).labels.tolist() == [4, 3, 6]


def test_a_file_whose_name_gives_no_split_says_how_to_name_it(tmp_path):
    path = write_folder(tmp_path / "some", {"faces.parquet": parquet_bytes(FACES)}) / "faces.parquet"
    with pytest.raises(DataError, match=r"faces\.parquet: expected train, validation or test in the name"):
        data.load(path)


def test_parquet_files_of_more_than_fer2013_are_refused(tmp_path, monkeypatch):
    from fer_course.data.readers import parquet_file

    path = tmp_path / "train.parquet"
    dense = parquet_bytes(FACES[np.arange(9).repeat(100)], ending="bmp", compression="zstd", use_dictionary=False)
    for content, name, limit, words in [
        (parquet_bytes(FACES), "LIMIT", 8, "has .* bytes: that is not FER2013"),
        (dense, "LIMIT", len(dense), "900 rows and .* bytes: that is not FER2013"),
        (parquet_bytes(FACES), "COUNT_LIMIT", 8, "9 rows and .* bytes: that is not FER2013"),
    ]:
        path.write_bytes(content)
        with monkeypatch.context() as limits:
            limits.setattr(parquet_file, name, limit)
            with pytest.raises(DataError, match=words):
                data.load(path)


def test_without_pyarrow_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "pyarrow"] + ["pyarrow", "pyarrow.parquet"]:
        monkeypatch.setitem(sys.modules, name, None)
    path = tmp_path / "train.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"needs pyarrow to be read, which is not installed\. Install it"):
        data.load(path)
    assert data.find(tmp_path) is None


# --- where they are looked for --------------------------------------------------------------------------------------


def test_colab_is_searched_by_fer2013s_names_in_two_levels(tmp_path):
    content = csv_bytes(FACES)
    drive = tmp_path / "content" / "drive" / "MyDrive"
    write_folder(drive, {"private/deep/fer2013.csv": content, "mine.csv": content, "train/sad/1.png": GOOD})
    assert discovery.locate() == (None, "")
    write_folder(drive, {"data/fer2013.csv.gz": gzip.compress(content)})
    assert discovery.locate() == (drive / "data/fer2013.csv.gz", f"from {drive.as_posix()}")
    write_folder(drive, {f"FER-2013/{name}": picture for name, picture in pictures(FACES).items()})
    assert discovery.locate()[0] == drive / "FER-2013"
    write_folder(tmp_path / "content", {"icml_face_data.csv": content})
    assert discovery.locate()[0] == tmp_path / "content" / "icml_face_data.csv"
    assert same(data.load(quiet=True), FACES)


def test_nobodys_drive_is_crawled(tmp_path, monkeypatch):
    drive = tmp_path / "content" / "drive" / "MyDrive"
    write_folder(
        drive, {"a/b/c/d.csv": b"emotion,pixels,Usage\n", "e/f.zip": zip_bytes(TABLE), "g.csv": csv_bytes(FACES)}
    )
    listed, entries = [], discovery._entries
    monkeypatch.setattr(discovery, "_entries", lambda folder: listed.append(folder) or entries(folder))
    monkeypatch.setattr(readers, "recognises", lambda path: pytest.fail(f"{path} was opened"))
    assert discovery.find_by_name(drive) is None
    assert set(listed) == {drive, drive / "a", drive / "e"}


def test_the_newest_whole_version_in_kagglehubs_cache_is_found(tmp_path):
    owner = tmp_path / "kagglehub/datasets/msambare/fer2013"
    for version in (2, 9, 10):
        write_folder(owner / f"versions/{version}", pictures(FACES))
    assert discovery.locate() == (None, "")  # none of them was unpacked to its end
    for version in (2, 9):
        write_folder(owner, {f"{version}.complete": b""})
    assert discovery.locate() == (owner / "versions/9", "from kagglehub's cache")
    write_folder(tmp_path / "kagglehub/datasets/me/cats", {"versions/99/train/sad/1.png": GOOD, "99.complete": b""})
    assert discovery.locate()[0] == owner / "versions/9"


def test_the_contest_in_kagglehubs_cache_is_found(tmp_path):
    folder = tmp_path / "kagglehub/competitions"
    write_folder(folder / discovery.CONTEST, {"icml_face_data.csv": csv_bytes(FACES), "train.csv": b"x"})
    assert discovery.locate() == (None, "")
    write_folder(folder, {f"{discovery.CONTEST}.complete": b""})
    assert discovery.locate()[0] == folder / discovery.CONTEST / "icml_face_data.csv"


# --- whatever comes -------------------------------------------------------------------------------------------------

SMALL = some_faces(2, splits=("Training",))
ORIGINALS = {
    "x.tar.gz": tar_bytes(pictures(SMALL)),
    "x.tar": tar_bytes({"fer2013.csv": csv_bytes(SMALL)}, "w"),
    "x.tar.xz": tar_bytes({"fer2013.csv": csv_bytes(SMALL)}, "w:xz"),
    "x.tar.bz2": tar_bytes(pictures(SMALL), "w:bz2"),
    "fer2013.csv.gz": gzip.compress(csv_bytes(SMALL)),
    "nested.zip": zip_bytes({"fer2013.tar": tar_bytes(pictures(SMALL), "w"), "x.zip": zip_bytes(pictures(SMALL))}),
    "train.csv": csv_bytes(SMALL, ("emotion", "pixels")),
    "train.parquet": parquet_bytes(SMALL, OTHER_NAMES),
}
BLOWS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 4)), min_size=1, max_size=4)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(sorted(ORIGINALS)), BLOWS, st.floats(0.5, 1), st.sampled_from(["anywhere", "head", "tail"]))
def test_altered_sources_give_faces_or_a_data_error_and_nothing_else(tmp_path_factory, name, blows, end, where):
    content = ORIGINALS[name]
    for place, new, length in blows:
        reach = min(len(content), 700)
        position = int(place * len(content)) if where == "anywhere" else int(place * reach)
        position = len(content) - position - 1 if where == "tail" else position
        content = content[:position] + new + content[position + length :]
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content[: int(end * len(content)) + 1] if end < 0.8 else content)
    faces, error = attempt(path)
    assert name in error if error else len(faces) <= 2


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(
        ["x.tar.gz", "x.tgz", "x.tar", "x.csv.gz", "x.zip", "x.parquet", "train.parquet", "x.xz", "train.csv"]
    ),
    st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00", b"PK\3\4", b"PAR1", b"emotion,pixels\n"]),
    st.binary(max_size=600),
    st.sampled_from(["as it is", "gzip", "tar", "zip"]),
)
def test_any_bytes_give_faces_or_a_data_error_and_nothing_else(tmp_path_factory, name, magic, rest, packing):
    content = magic + rest
    pack = {"gzip": gzip.compress, "tar": lambda it: tar_bytes({name: it}), "zip": lambda it: zip_bytes({name: it})}
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(pack[packing](content) if packing in pack else content)
    faces, error = attempt(path)
    assert faces is None
    assert name in error
