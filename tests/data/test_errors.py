"""Bad input: one `DataError` that names file and row or member, says what was expected and found, and what to do."""

import io
import os
import re
import zipfile

import numpy as np
import pytest
from faces_for_tests import (
    attempt,
    csv_bytes,
    isolated,  # noqa: F401
    picture_bytes,
    pictures,
    some_faces,
    write_folder,
    write_zip,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import fer_course.data as data
from fer_course import DataError
from fer_course.data.readers import csv_file

PICTURE = picture_bytes(np.zeros((48, 48), np.uint8))


def table(row=2, emotion="3", pixels=None, usage="Training", header="emotion,pixels,Usage"):
    """The bytes of a table of ten rows of which one, counted from 1, is as given."""
    good = " ".join(["7"] * 2304)
    rows = [f"3,{good},Training"] * 10
    rows[row - 1] = f"{emotion},{good if pixels is None else pixels},{usage}"
    return "\n".join([header, *rows, ""]).encode()


def values(*special, n=2304):
    """The text of n pixels, the last of which are as given."""
    return " ".join(["7"] * (n - len(special)) + [str(value) for value in special])


#: name of the file, its bytes, and words (regular expressions) that the message must hold beside the file's name.
TABLES = {
    "empty": (b"", ["empty", "Download"]),
    "header only": (b"emotion,pixels,Usage\n", ["header but no rows", "expected"]),
    "header without line end": (b"emotion,pixels,Usage", ["header but no rows"]),
    "wrong columns": (
        b"id,vote\n1,2\n",
        ["line 1", "expected the columns emotion, pixels and Usage", "found 'id,vote'"],
    ),
    "column twice": (table(header="emotion,pixels,emotion"), ["line 1", "expected the columns"]),
    "no usage": (b"emotion,pixels\n0,1 2\n", ["line 1", "found 'emotion,pixels'"]),
    "test set without labels": (b"pixels\n1 2\n", ["no column emotion", "without labels", "Use fer2013.csv"]),
    "2303 pixels": (table(4, pixels=values(n=2303)), ["line 5:", "expected 2,304 pixels", "found 2,303"]),
    "2305 pixels": (table(4, pixels=values(n=2305)), ["line 5:", "expected 2,304 pixels", "found 2,305"]),
    "no pixels": (table(4, pixels=""), ["line 5:", "found 0"]),
    "256": (table(1, pixels=values(256)), ["line 2:", "from 0 to 255", "found '256' as number 2304"]),
    "1234": (table(1, pixels=values(1234, 1)), ["line 2:", "found '1234' as number 2303"]),
    "-1": (table(10, pixels=values(-1)), ["line 11:", "found '-1'"]),
    "x": (table(10, pixels=values("x", 2, 3)), ["line 11:", "found 'x' as number 2302"]),
    "1.5": (table(3, pixels=values(1.5)), ["line 4:", "found '1.5'"]),
    "very long word": (table(3, pixels="9" * 5000), ["line 4:", "found '9{20}…'"]),
    "bytes of no text": (table(3).replace(b"7 7 7,", b"7 \xff 7,", 3), ["line 2:", r"found '\\\\xff'"]),
    "label 7": (table(6, emotion="7"), ["line 7:", "emotion from 0 to 6 .0 angry", "found '7'"]),
    "label -1": (table(6, emotion="-1"), ["line 7:", "found '-1'"]),
    "label in words": (table(6, emotion="happy"), ["line 7:", "found 'happy'"]),
    "no label": (table(6, emotion=""), ["line 7:", "found ''"]),
    "unknown usage": (
        table(6, usage="Holdout"),
        ["line 7:", "expected Training, PublicTest or", "found 'Holdout'"],
    ),
    "last line cut off in the pixels": (table()[:-3000], ["line 11:", "expected 3 columns, found 2", "cut off"]),
    "last line cut off in the usage": (table()[:-4], ["line 11:", "found 'Train'"]),
    "a comma too many": (table(5, usage="Training,"), ["line 6:", "expected 3 columns, found 4"]),
    "a web page": (b"\n<!DOCTYPE html><html><body>Sign in</body>", ["web page", "login", "Download"]),
    "a web page without doctype": (b"<HTML><head>", ["web page"]),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", ["Git LFS", "git lfs pull"]),
    "UTF-16 cut off": (table().decode().encode("utf-16")[:-1], ["UTF-16 text .*truncated", "Save it as UTF-8"]),
    "a row without end": (b"emotion,pixels,Usage\n0," + b"1 " * 2**20, ["line 2", "without a line end"]),
}


def message(path):
    """Load a path, which must fail, and return the message, of one or two lines."""
    with pytest.raises(DataError) as caught:
        data.load(path)
    said = str(caught.value)
    assert str(path) in said
    assert said.count("\n") <= 1
    assert len(said) < 600
    return said


@pytest.mark.parametrize("packed", [False, True], ids=["alone", "in a zip"])
@pytest.mark.parametrize("name", TABLES)
def test_a_bad_table_is_named_with_its_line(tmp_path, name, packed, capsys):
    content, words = TABLES[name]
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)
    if packed:
        path = write_zip(tmp_path / "set.zip", {"top/fer2013.csv": content})
        words = [word for word in words if "line" in word] or ["fer2013.csv in "]
    said = message(path)
    for word in words:
        assert re.search(word, said), said
    assert not (tmp_path / "cache").exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("block", [50, 9_000, 2**18])
def test_the_line_is_right_wherever_blocks_end_and_after_blank_lines(tmp_path, monkeypatch, block):
    monkeypatch.setattr(csv_file, "BLOCK", block)
    content = table(9, emotion="9").replace(b"\n", b"\r\n\r\n", 4)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)
    expected = next(number for number, line in enumerate(content.split(b"\n"), 1) if line.startswith(b"9,"))
    assert f"line {expected}:" in message(path)


# --- paths ----------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_and_who_named_it(tmp_path, monkeypatch):
    said = message(tmp_path / "nowhere.csv")
    assert "does not exist" in said
    assert "spelling" in said
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError, match=r"FER_COURSE_DATA names .*gone, which does not exist"):
        data.load()
    with pytest.raises(DataError, match="Download it and give the path"):
        data.load("https://example.org/fer2013.csv")


def test_a_folder_without_faces_says_what_it_holds(tmp_path):
    folder = write_folder(tmp_path / "some", {"notes.txt": b"x", "b/c.mp3": b"y", "z.zip": b"broken"})
    said = message(folder)
    for words in ("holds no FER2013 faces", "Expected fer2013.csv", "found b/c.mp3, notes.txt, z.zip"):
        assert words in said
    (tmp_path / "empty").mkdir()
    assert "found no files" in message(tmp_path / "empty")


def test_a_file_of_another_kind_says_what_is_read(tmp_path):
    path = tmp_path / "face.png"
    path.write_bytes(PICTURE)
    assert "Expected fer2013.csv" in message(path)


def test_a_folder_cannot_be_read_as_a_file_and_the_error_is_still_ours(tmp_path):
    folder = write_folder(tmp_path / "set" / "fer2013.csv", {"x": b""})
    assert "holds no FER2013 faces" in message(folder)


def test_a_damaged_file_in_a_place_we_look_at_is_an_error_not_a_fall_back_to_drawn_faces(tmp_path):
    write_folder(tmp_path / "kaggle", {"x/fer2013.csv": b"version https://git-lfs.github.com/spec/v1\n"})
    with pytest.raises(DataError, match="Git LFS"):
        data.load()


def test_drawn_faces_are_not_imported():
    with pytest.raises(DataError, match="need no import"):
        data.import_faces("drawn")


def test_an_import_into_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "user-data").write_bytes(b"a file where the folder should be")
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(some_faces(3)))
    with pytest.raises(DataError, match=r"fer2013\.npz can't be written.*FER_COURSE_DATA"):
        data.import_faces(path)


# --- pictures -------------------------------------------------------------------------------------------------------


def sized(width, height):
    return picture_bytes(np.zeros((height, width), np.uint8))


def deep():
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((48, 48), np.uint16)).save(buffer, "png")
    return buffer.getvalue()


PICTURES = {
    "unknown class folder": (
        {"train/contempt/2.png": PICTURE},
        "train/contempt/2.png",
        ["angry, disgust", "'contempt'"],
    ),
    "no class folder": ({"train/2.png": PICTURE}, "train/2.png", ["expected train|test/<class>/<file>", "'train'"]),
    "too deep": ({"train/sad/more/2.png": PICTURE}, "train/sad/more/2.png", ["'more'", "Rename"]),
    "empty picture": ({"train/sad/2.png": b""}, "train/sad/2.png", ["can't be decoded", "fresh copy"]),
    "no picture": ({"train/sad/2.jpg": b"hello"}, "train/sad/2.jpg", ["can't be decoded"]),
    "picture cut off": ({"train/sad/2.png": PICTURE[:-30]}, "train/sad/2.png", ["can't be decoded"]),
    "mixed sizes": (
        {"train/sad/2.png": sized(96, 64), "train/sad/3.png": sized(96, 64)},
        "train/sad/2.png",
        ["expected pictures of 48×48", "found 96×64", "mixed sizes (3 of 48×48, 2 of 96×64)", "scale them"],
    ),
    "16 bits": ({"train/sad/2.png": deep()}, "train/sad/2.png", ["expected 8 bits", "Convert"]),
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_bad_picture_is_named(tmp_path, name, packed):
    bad, member, words = PICTURES[name]
    files = {f"train/happy/{number}.png": PICTURE for number in (1, 11, 12)} | bad
    path = write_zip(tmp_path / "set.zip", files) if packed else write_folder(tmp_path / "set", files)
    said = message(path)
    for word in (*words, member):
        assert word in said, said
    assert not (tmp_path / "cache").exists()


def test_pictures_all_of_another_size_are_not_called_mixed(tmp_path):
    said = message(write_folder(tmp_path / "set", {f"train/sad/{n}.png": sized(24, 24) for n in range(3)}))
    assert "found 24×24, and all of them have another size" in said


# --- archives -------------------------------------------------------------------------------------------------------


def test_a_broken_zip_says_so(tmp_path):
    path = write_zip(tmp_path / "set.zip", {"fer2013.csv": table()})
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert "damaged or its end is missing" in message(path)
    path.write_bytes(b"no archive at all")
    assert "no zip archive" in message(path)
    middle = len(whole) // 3
    path.write_bytes(whole[:middle] + bytes(50) + whole[middle + 50 :])
    assert "can't be read" in message(path)


def test_a_damaged_picture_in_a_zip_is_named(tmp_path):
    faces = some_faces(3)
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in pictures(faces).items():
            archive.writestr(name, content)
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 40] ^= 255
    path.write_bytes(content)
    said = message(path)
    assert "train/angry/Training_00000.png in " in said
    assert "CRC" in said


def test_an_encrypted_zip_says_so(tmp_path):
    path = write_zip(tmp_path / "set.zip", {"fer2013.csv": table()})
    content = bytearray(path.read_bytes())
    # The lowest bit of the flags in both headers says that a member is encrypted.
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "password" in message(path) or "encrypted" in message(path)


def test_a_zip_without_faces_says_what_it_holds(tmp_path):
    said = message(write_zip(tmp_path / "set.zip", {"readme.md": b"x"}))
    assert "found readme.md" in said


# --- our own format -------------------------------------------------------------------------------------------------


def arrays(**changes):
    faces = some_faces(3)
    return {"images": faces.images, "labels": faces.labels, "split": faces.split} | changes


NPZ = {
    "an array missing": ({"images": arrays()["images"]}, "expected the arrays images, labels, split, found images"),
    "wrong dtype": (arrays(images=np.zeros((3, 48, 48))), "expected uint8 .* found float64"),
    "wrong size": (arrays(images=np.zeros((3, 64, 64), np.uint8)), r"found uint8 of shape \(3, 64, 64\)"),
    "no faces": (arrays(images=np.zeros((0, 48, 48), np.uint8)), "N at least 1"),
    "label 7": (arrays(labels=np.array([0, 7, 1])), "found 7 at face 1"),
    "labels in words": (arrays(labels=np.array(["a", "b", "c"])), "labels as whole numbers"),
    "too few labels": (arrays(labels=np.array([1, 2])), "label and a split for each"),
    "unknown split": (arrays(split=np.array(["Training", "Dev", "Test"])), "found .*Dev"),
    "pickled objects": (arrays(split=np.array(["Training", None, 3], dtype=object)), "allow_pickle=False"),
}


@pytest.mark.parametrize("name", NPZ)
def test_a_bad_npz_is_named(tmp_path, name):
    content, words = NPZ[name]
    path = tmp_path / "x.npz"
    np.savez(path, **content)
    with pytest.raises(DataError, match=words) as caught:
        data.load(path)
    assert "x.npz" in str(caught.value)


def test_a_plain_npy_array_under_the_name_npz_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    os.replace(tmp_path / "x.npy", tmp_path / "x.npz")
    assert "as a NumPy archive" in message(tmp_path / "x.npz")


# --- whatever comes -------------------------------------------------------------------------------------------------


def sources(folder):
    """One small file of each kind of container: name → bytes."""
    faces = some_faces(2)
    write_zip(folder / "table.zip", {"fer2013.csv": csv_bytes(faces)})
    write_zip(folder / "pictures.zip", pictures(faces) | pictures(faces, "webp"))
    data.write_npz(faces, folder / "own.npz")
    return {name: (folder / name).read_bytes() for name in ("table.zip", "pictures.zip", "own.npz")}


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    return sources(tmp_path_factory.mktemp("originals"))


@settings(deadline=None, max_examples=250)
@given(
    st.sampled_from(["table.zip", "pictures.zip", "own.npz"]),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 4)), min_size=1, max_size=4),
    st.floats(0.5, 1),
    st.booleans(),
)
def test_altered_archives_give_faces_or_a_data_error_and_nothing_else(
    originals, tmp_path_factory, name, changes, end, tail
):
    content = originals[name]
    for place, new, length in changes:
        # Most of an archive is packed pixels; its directory, at the end, deserves as many blows.
        position = len(content) - int(place * 600) - 1 if tail else int(place * len(content))
        position = max(position, 0)
        content = content[:position] + new + content[position + length :]
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content[: int(end * len(content)) + 1] if end < 0.9 else content)
    faces, error = attempt(path)
    assert name in error if error else 1 <= len(faces) <= 4
