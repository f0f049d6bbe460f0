"""Loading: every format gives the same faces, found in the order that the documentation promises."""

import importlib.util
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from faces_for_tests import (
    attempt,
    csv_bytes,
    isolated,  # noqa: F401
    picture_bytes,
    pictures,
    read_slowly,
    same,
    some_faces,
    write_folder,
    write_zip,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fer_course.data as data
from fer_course import DataError, Faces
from fer_course.data import readers
from fer_course.data.readers import csv_file, pixels

REAL = os.environ.get("FER_COURSE_DATA", "")


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A stand-in for `fer_course.data.drawn`, so that these tests do not wait for faces to be drawn."""
    file = tmp_path / "drawn.py"
    file.write_text(
        "import numpy as np\n"
        "from fer_course import Faces\n"
        "DEFAULT_N = 5\n"
        "def draw(n=5, seed=0, progress=None):\n"
        "    return Faces(np.full((n, 48, 48), 7, np.uint8), np.zeros(n, int), ['Training'] * n, 'drawn', True)\n"
    )
    specification = importlib.util.spec_from_file_location("fer_course.data.drawn", file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "fer_course.data.drawn", module)
    monkeypatch.setattr(data, "drawn", module, raising=False)
    return module


# --- tables ---------------------------------------------------------------------------------------------------------

COLUMNS = [
    ("emotion", "pixels", "Usage"),
    ("emotion", " Usage", " pixels"),
    ("Usage", "emotion", "pixels"),
    (" pixels", "row", "Emotion", "Usage"),
]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_table_in_any_column_order_gives_its_faces(tmp_path, columns, newline):
    faces = some_faces()
    path = tmp_path / "some.csv"
    path.write_bytes(csv_bytes(faces, columns, newline))
    loaded = data.load(path, quiet=True)
    assert same(loaded, faces)
    assert loaded.images.dtype == np.uint8
    assert loaded.labels.dtype == np.int64
    assert not loaded.drawn


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.rstrip(b"\r\n"),
        lambda text: text + b"\r\n\r\n",
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"Training", b" Training ").replace(b"0,", b" 0 ,"),
        lambda text: text.replace(b"emotion,pixels,Usage", b'"emotion","pixels","Usage"'),
        lambda text: text.replace(b",Training", b'",Training').replace(b"\r\n0,", b'\r\n0,"'),
    ],
    ids=["no last line end", "blank lines", "byte order mark", "spaces", "quoted header", "quoted pixels"],
)
def test_what_differs_between_copies_makes_no_difference(tmp_path, change):
    faces = some_faces(3, splits=("Training",))
    faces = Faces(faces.images, np.zeros(3, int), faces.split)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(change(csv_bytes(faces)))
    assert path.read_bytes() != csv_bytes(faces)
    assert same(readers.read(path), faces)


@pytest.mark.parametrize("block", [1, 100, 9_000, 20_000])
def test_the_size_of_the_blocks_makes_no_difference(tmp_path, monkeypatch, block):
    faces = some_faces(9)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(faces))
    if block == 1:
        # Byte by byte is slow; two rows with every pixel in them are enough.
        faces = faces[:2]
        path.write_bytes(csv_bytes(faces))
    monkeypatch.setattr(csv_file, "BLOCK", block)
    assert same(readers.read(path), faces)


SMALL = csv_bytes(some_faces(3), newline="\n")
CHARACTERS = st.sampled_from(
    [b"", b" ", b"  ", b",", b"\n", b"0", b"9", b"-", b".", b'"', b"\r", b"x", b"\0", b"\xff", b"\t"]
)
CHANGES = st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 2), CHARACTERS), max_size=3)


@settings(deadline=None, max_examples=300)
@given(CHANGES, st.integers(0, len(SMALL)) | st.none())
@example([], None)
@example([(20, 0, b"")], None)
@example([(len(SMALL) - 1, 1, b"")], None)
def test_any_altered_table_reads_as_the_slow_oracle_reads_it_or_is_a_data_error(tmp_path_factory, changes, end):
    content = SMALL
    for position, length, new in changes:
        content = content[:position] + new + content[position + length :]
    content = content[:end]
    path = tmp_path_factory.getbasetemp() / "altered.csv"
    path.write_bytes(content)
    expected = read_slowly(content)
    if expected is None:
        # Columns without their names are found by what is in them.
        expected = read_slowly(SMALL.partition(b"\n")[0] + b"\n" + content.partition(b"\n")[2])
        expected = expected if attempt(path)[0] else None
    faces, error = attempt(path)
    if error:
        # Odd quotes and line ends may be refused though the csv module makes something of them; nothing else may.
        assert expected is None or b'"' in content or b"\r" in content, error
        assert str(path) in error
        return
    assert expected is not None
    labels, images, splits = expected
    assert faces.labels.tolist() == labels
    assert faces.images.reshape(-1, 2304).tolist() == images
    assert faces.split.tolist() == splits


def quick_and_slow(field):
    """What both parsers make of a field, as lists; None where it is refused."""
    quick = pixels.parse_quickly([field])
    try:
        slow = pixels.parse_slowly(field).tolist()
    except ValueError:
        slow = None
    return None if quick is None else quick[0].tolist(), slow


@pytest.mark.parametrize(
    "place", [0, 1152, 2303, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 2, 2302))]
)
def test_every_word_of_digits_is_judged_alike_at_every_place(place):
    words = [str(number) for number in range(1100)] + [f"{number:03d}" for number in range(0, 256, 5)]
    words += [
        "00",
        "000",
        "0000",
        "0255",
        "2550",
        "99999",
        "",
        "-1",
        "+1",
        "1.5",
        "x",
        "1e2",
        "٣",
        "²",
        "1\t",
        "/",
        ":",
    ]
    for word in words:
        values = ["1", "22", "255"] * 768
        values[place] = word
        quick, slow = quick_and_slow(" ".join(values).encode())
        assert quick == slow, word
        good = word.isascii() and word.isdigit() and len(word) <= 3 and int(word) <= 255
        assert (quick is not None) == good, word
        assert quick is None or quick[place] == int(word)


def test_a_picture_may_not_lend_pixels_to_its_neighbour():
    short, long = b" ".join([b"1"] * 2303), b" ".join([b"1"] * 2305)
    assert pixels.parse_quickly([short, long]) is None
    assert pixels.parse_quickly([long, short]) is None
    assert pixels.parse_quickly([short + b" 1", short + b" 2"]).shape == (2, 2304)


# --- pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "webp"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_without_loss_give_the_same_faces_as_the_table(tmp_path, ending, mode):
    faces = some_faces(12)
    folder = write_folder(tmp_path / "set", pictures(faces, ending, mode=mode))
    assert same(data.load(folder, quiet=True), faces)


def test_jpeg_pictures_are_nearly_the_same(tmp_path):
    smooth = np.add.outer(np.arange(48), np.arange(48)).astype(np.uint8)
    faces = Faces(np.stack([smooth, 2 * smooth]), [3, 4], ["Training", "PrivateTest"])
    loaded = data.load(write_folder(tmp_path / "set", pictures(faces, "jpg")), quiet=True)
    assert loaded.split.tolist() == ["Training", "PrivateTest"]
    assert loaded.labels.tolist() == [3, 4]
    assert np.abs(loaded.images.astype(int) - faces.images).max() <= 4


def test_without_a_prefix_the_folder_gives_the_split_and_with_one_the_prefix_wins(tmp_path):
    picture = picture_bytes(np.zeros((48, 48), np.uint8))
    files = {"train/sad/im1.png": picture, "test/sad/im1.png": picture, "test/sad/PrivateTest_9.png": picture}
    loaded = data.load(write_folder(tmp_path / "set", files), quiet=True)
    assert loaded.split.tolist() == ["Training", "PrivateTest", "Test"]


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("Anger", 0),
        ("disgusted", 1),
        ("fearful", 2),
        ("happiness", 3),
        ("SAD", 4),
        ("surprised", 5),
        ("6", 6),
        ("0", 0),
    ],
)
def test_class_folders_go_by_their_usual_names(tmp_path, folder, label):
    files = {f"train/{folder}/1.png": picture_bytes(np.zeros((48, 48), np.uint8))}
    assert data.load(write_folder(tmp_path / "set", files), quiet=True).labels.tolist() == [label]


def test_pictures_stand_in_the_order_of_their_numbers(tmp_path):
    faces = some_faces(7)[::-1]
    shuffled = Faces(faces.images, faces.labels, ["Training"] * 7)
    loaded = data.load(write_folder(tmp_path / "set", pictures(shuffled, prefix=False)), quiet=True)
    assert same(loaded, shuffled)


# --- archives and our own format ------------------------------------------------------------------------------------


def npz_bytes(faces):
    buffer = io.BytesIO()
    np.savez(buffer, images=faces.images, labels=faces.labels, split=faces.split)
    return buffer.getvalue()


LITTER = {"__MACOSX/._fer2013.csv": b"x", ".DS_Store": b"x", "top/Thumbs.db": b"x", "__MACOSX/train/sad/._1.png": b"x"}


@pytest.mark.parametrize("top", ["", "fer2013/", "a/b/"])
@pytest.mark.parametrize("kind", ["csv", "pictures", "npz"])
@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
def test_each_format_reads_the_same_packed_nested_and_beside_litter(tmp_path, top, kind, packed):
    faces = some_faces(9)
    files = {"csv": {"fer2013.csv": csv_bytes(faces)}, "pictures": pictures(faces), "npz": {"x.npz": npz_bytes(faces)}}
    named = {f"{top}{name}": content for name, content in files[kind].items()} | LITTER
    path = write_zip(tmp_path / "set.zip", named) if packed else write_folder(tmp_path / "set", named)
    before = sorted(tmp_path.rglob("*"))
    assert same(data.load(path, quiet=True), faces)
    assert [each for each in sorted(tmp_path.rglob("*")) if "cache" not in str(each)] == before  # nothing unpacked


def test_of_several_tables_in_an_archive_the_right_one_is_read(tmp_path):
    faces = some_faces(3)
    others = {"a.csv": b"id,vote\n1,2\n", "example_submission.csv": b"emotion\n1\n", "test.csv": b"pixels\n1 2\n"}
    path = write_zip(tmp_path / "challenges.zip", {**others, "icml_face_data.csv": csv_bytes(faces)})
    assert same(data.load(path, quiet=True), faces)
    path = write_zip(tmp_path / "renamed.zip", {**others, "faces.csv": csv_bytes(faces)})
    assert same(data.load(path, quiet=True), faces)


def test_a_zip_archive_under_the_name_of_a_table_is_read(tmp_path):
    faces = some_faces(3)
    path = write_zip(tmp_path / "fer2013.csv", {"fer2013.csv": csv_bytes(faces)})
    assert same(data.load(path, quiet=True), faces)


def test_npz_keeps_everything(tmp_path):
    faces = some_faces(5)
    drawn = Faces(faces.images, faces.labels, faces.split, "drawn faces (seed 3)", drawn=True)
    for each in (faces, drawn):
        data.write_npz(each, tmp_path / "x.npz")
        loaded = data.load(tmp_path / "x.npz", quiet=True)
        assert same(loaded, each)
        assert (loaded.source, loaded.drawn) == (each.source, each.drawn)


@pytest.mark.parametrize("splits", [("Training", "PublicTest", "PrivateTest"), ("Training", "Test")])
def test_write_csv_writes_what_the_oracle_and_load_read(tmp_path, splits):
    faces = some_faces(7, splits=splits)
    data.write_csv(faces, tmp_path / "out" / "fer2013.csv")
    content = (tmp_path / "out" / "fer2013.csv").read_bytes()
    labels, images, split = read_slowly(content)
    assert content.startswith(b"emotion,pixels,Usage\n")
    assert (labels, split) == (faces.labels.tolist(), faces.split.tolist())
    assert images == faces.images.reshape(-1, 2304).tolist()
    assert same(data.load(tmp_path / "out", quiet=True), faces)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fer2013.csv"]


# --- where faces are looked for -------------------------------------------------------------------------------------


def test_without_argument_the_first_place_with_faces_wins(tmp_path, monkeypatch, drawn, capsys):
    assert data.load().drawn
    sizes = {"user-data/fer2013.npz": 3, "kaggle/fer2013/fer2013.csv": 4, "mine/icml_face_data.csv": 5}
    for name, n in sizes.items():
        faces = some_faces(n)
        content = npz_bytes(faces) if name.endswith("npz") else csv_bytes(faces)
        write_folder(tmp_path, {name: content})
        if name.startswith("mine"):
            monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path / "mine"))
        assert len(data.load()) == n
        assert len(data.load("")) == n
    monkeypatch.setenv("FER_COURSE_DATA", "drawn")
    assert data.load(None).drawn
    assert len(data.load(tmp_path / "user-data")) == 3
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 9  # one line a load
    assert "imported earlier" in said[1]
    assert "Kaggle" in said[3]
    assert "icml_face_data.csv, from FER_COURSE_DATA" in said[5]


def test_for_drawn_faces_the_line_says_so_and_how_to_use_real_ones(drawn, capsys):
    faces = data.load("drawn")
    said = capsys.readouterr().out
    assert faces.drawn
    assert said.count("\n") == 1
    for words in ("5 drawn faces", "not a FER2013 score", "FER_COURSE_DATA", "fer-course data import PATH"):
        assert words in said
    data.load("drawn", quiet=True)
    assert capsys.readouterr().out == ""


def test_for_a_file_the_line_names_it_and_its_splits_but_no_folder(tmp_path, capsys):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(some_faces(6)))
    faces = data.load(str(path))
    assert faces.source == "fer2013.csv"
    said = capsys.readouterr().out
    assert said == "6 faces (fer2013.csv): Training 2, PublicTest 2, PrivateTest 2.\n"


def test_find_looks_three_folders_down_and_prefers_what_is_closer(tmp_path):
    content = csv_bytes(some_faces(3))
    write_folder(
        tmp_path, {"one/a/b/c/fer2013.csv": content, "one/notes.csv": b"a,b\n", "two/a/b/c/d/fer2013.csv": content}
    )
    assert data.find(tmp_path / "one") == tmp_path / "one/a/b/c/fer2013.csv"
    assert data.find(tmp_path / "two") is None
    assert data.find(tmp_path / "nowhere") is None
    write_folder(tmp_path, {"one/z/mine.csv": content})
    assert data.find(tmp_path / "one") == tmp_path / "one/z/mine.csv"
    write_zip(tmp_path / "one/broken.zip", {})
    write_folder(tmp_path, pictures(some_faces(3)))
    assert data.find(tmp_path) == tmp_path


def test_find_prefers_the_imported_file_then_the_original_names(tmp_path):
    content = csv_bytes(some_faces(3))
    wanted = ["fer2013.npz", "fer2013.csv", "icml_face_data.csv", "fer2013-copy.zip", "another.csv"]
    for name in reversed(wanted):
        write_folder(tmp_path, {name: npz_bytes(some_faces(3)) if name.endswith("npz") else content})
        assert data.find(tmp_path) == tmp_path / name


# --- info and import ------------------------------------------------------------------------------------------------


def test_info_gives_format_counts_duplicates_and_constant_pictures(tmp_path):
    faces = some_faces(21)
    images = faces.images.copy()
    images[8] = images[2]  # PublicTest repeats Training, with another label
    images[20] = 5
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(Faces(images, faces.labels, faces.split)))
    said = data.info(path)
    lines = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line}
    assert lines["angry"] == ["1", "1", "1", "3"]
    assert lines["all"] == ["7", "7", "7", "21"]
    assert lines["Training"] == ["PublicTest", "PrivateTest", "all"]
    for words in (
        "fer2013.csv: table",
        "1 faces repeat another one exactly (20 distinct)",
        "1 PublicTest faces are also in Training",
        "1 groups carry conflicting labels",
        "no face): 1 (PrivateTest 1)",
    ):
        assert words in said
    path.write_bytes(csv_bytes(faces))
    assert "Duplicates: none" in data.info(path)
    assert "no face): none" in data.info(path)


def test_import_puts_faces_where_load_finds_them(tmp_path, capsys):
    faces = some_faces(6)
    archive = write_zip(tmp_path / "x.zip", {"fer2013.csv": csv_bytes(faces)})
    written = data.import_faces(archive)
    archive.unlink()
    assert written == tmp_path / "user-data" / "fer2013.npz"
    assert [path.name for path in written.parent.iterdir()] == ["fer2013.npz"]
    loaded = data.load()
    assert same(loaded, faces)
    assert "fer2013.csv in x.zip, imported earlier" in capsys.readouterr().out


def test_a_failed_import_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(csv_bytes(some_faces(6)))
    written = data.import_faces(path)
    before = written.read_bytes()
    path.write_bytes(csv_bytes(some_faces(6))[:-5000])
    with pytest.raises(DataError, match="line 7"):
        data.import_faces(path)
    assert written.read_bytes() == before
    assert [each.name for each in written.parent.iterdir()] == ["fer2013.npz"]


def test_importing_needs_neither_keras_nor_tensorflow_nor_pandas():
    code = (
        "import sys, fer_course, fer_course.data as data; data.find('.');"
        "print([name for name in ('keras', 'tensorflow', 'pandas', 'torch', 'jax') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# --- the real thing -------------------------------------------------------------------------------------------------

#: A class, in FER2013's order, from the data set itself (Goodfellow et al. 2013).
REAL_COUNTS = {
    "Training": [3995, 436, 4097, 7215, 4830, 3171, 4965],
    "PublicTest": [467, 56, 496, 895, 653, 415, 607],
    "PrivateTest": [491, 55, 528, 879, 594, 416, 626],
}


@pytest.mark.real
def test_real_faces_have_the_published_counts_in_every_format(tmp_path, monkeypatch):
    if not REAL or REAL == "drawn":
        pytest.skip("FER_COURSE_DATA names no real FER2013 faces")
    faces = data.load(REAL, quiet=True)
    assert not faces.drawn
    splits = faces.split_sizes()
    assert {"Training", "PublicTest"} <= set(splits) <= set(REAL_COUNTS)
    for split in splits:
        assert faces.counts(split).tolist() == REAL_COUNTS[split]
    data.write_csv(faces, tmp_path / "fer2013.csv")
    icml = (",".join(("emotion", " Usage", " pixels")) + "\n").encode()
    with (tmp_path / "fer2013.csv").open("rb") as file, (tmp_path / "icml_face_data.csv").open("wb") as other:
        next(file)
        other.write(icml)
        for line in file:
            emotion, text, usage = line.strip().split(b",")
            other.write(b",".join((emotion, usage, text)) + b"\r\n")
    for name in ("fer2013.csv", "icml_face_data.csv"):
        assert same(readers.read(Path(tmp_path, name)), faces)
