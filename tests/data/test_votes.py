"""FERPlus' votes: joined only to the faces they belong to, row by row, and turned into FER2013's classes."""

import csv
import io

import numpy as np
import pytest
from faces_for_tests import (
    csv_bytes,
    isolated,  # noqa: F401
    pictures,
    some_faces,
    write_folder,
)
from hypothesis import given
from hypothesis import strategies as st

import fer_course.data as data
from fer_course import CLASS_NAMES, DataError
from fer_course.data import votes as votes_module
from fer_course.data.votes import HEADER, VOTES

#: What each column of votes is called among FER2013's classes; the last three have no class there.
MEANING = dict(
    zip(VOTES, ["neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", None, None, None], strict=True)
)


def some_votes(faces, seed=0, nameless=(2, 5, 6, 13), skipped=(2, 6)):
    """Rows of ten votes, most of them for the label, as FERPlus writes them: some without a name, and of these, as in the
    published file, only some are counted in the numbers of the names."""
    rng = np.random.default_rng(seed)
    rows, number = [], 0
    for row, (label, split) in enumerate(zip(faces.labels, faces.split, strict=True)):
        column = next(i for i, name in enumerate(VOTES) if MEANING[name] == CLASS_NAMES[label])
        votes = rng.multinomial(4, np.full(10, 0.1))
        votes[column] += 6
        if row in nameless:
            votes = np.array([0] * 9 + [10])
        rows.append([split, "" if row in nameless else f"fer{number:07d}.png", *votes])
        number += row not in nameless or row in skipped
    return rows


def votes_bytes(rows, header=HEADER):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


@pytest.fixture
def joined(tmp_path):
    """Twenty-one faces, the rows of votes that belong to them, and the two files."""
    faces = some_faces(21)
    rows = some_votes(faces)
    folder = write_folder(tmp_path, {"fer2013.csv": csv_bytes(faces), "fer2013new.csv": votes_bytes(rows)})
    return data.load(folder / "fer2013.csv", quiet=True), rows, folder / "fer2013new.csv"


def test_votes_stand_at_the_rows_of_their_faces(joined):
    faces, rows, path = joined
    votes = data.join_votes(faces, path)
    assert votes.dtype == np.int64
    assert votes.tolist() == [list(map(int, row[2:])) for row in rows]
    assert np.array_equal(data.join_votes(faces, str(path)), votes)


def test_the_join_does_not_take_the_votes_for_a_data_set(joined):
    path = joined[2]
    assert data.find(path.parent) == path.parent / "fer2013.csv"
    with pytest.raises(DataError, match="expected the columns"):
        data.load(path)


def changed(row, column, value):
    def change(rows):
        rows[row] = [*rows[row][:column], value, *rows[row][column + 1 :]]

    return change


BAD = {
    "another split": (
        changed(8, 0, "Training"),
        r"line 10: expected PublicTest as in fer2013\.csv, found Training.*folders",
    ),
    "a row too few": (lambda rows: rows.pop(), "votes on 20 faces, but .* has 21.*can't be joined"),
    "a number too high": (
        changed(8, 1, "fer0000009.png"),
        r"line 10: expected the image name .*fer0000008\.png, found",
    ),
    "a number twice": (changed(8, 1, "fer0000006.png"), "line 10: expected the image name"),
    "a number too low": (changed(20, 1, "fer0000016.png"), "line 22: expected the image name"),
    "another name": (changed(0, 1, "face.png"), r"line 2: expected the image name fer0000000\.png, found 'face\.png'"),
    "two rows exchanged": (lambda rows: rows.insert(0, rows.pop(1)), "line 2: expected the image name"),
    "no votes": (changed(3, 4, ""), "line 5: expected whole numbers of votes, found ''"),
    "negative votes": (changed(3, 4, "-1"), "found '-1'"),
    "half a vote": (changed(3, 4, "1.5"), r"found '1\.5'"),
    "a column too many": (lambda rows: rows[4].append("1"), "line 6: expected 12 columns, found 13"),
}


@pytest.mark.parametrize("kind", BAD)
def test_votes_that_do_not_belong_to_the_faces_are_refused(joined, kind):
    faces, rows, path = joined
    change, words = BAD[kind]
    change(rows)
    path.write_bytes(votes_bytes(rows))
    with pytest.raises(DataError, match=words) as caught:
        data.join_votes(faces, path)
    assert str(path) in str(caught.value)


def test_another_file_is_refused(joined, tmp_path):
    faces, rows, path = joined
    for content, words in {
        b"": "line 1: expected the columns Usage, Image name",
        csv_bytes(faces): "found 'emotion, pixels, Usage'",
        votes_bytes(rows, HEADER[::-1]): "line 1: expected",
        votes_bytes([]): "no rows",
        b"\xff\xfe\0": "not a table",
        votes_bytes(rows)[:300] + b'"': "columns|no table",
    }.items():
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            data.join_votes(faces, path)
    with pytest.raises(DataError, match="can't be read"):
        data.join_votes(faces, tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="can't be read"):
        data.join_votes(faces, tmp_path)


def test_faces_from_folders_cant_be_joined_unless_they_have_the_same_splits(joined, tmp_path):
    faces, _, path = joined
    loaded = data.load(write_folder(tmp_path / "set", pictures(faces, prefix=False)), quiet=True)
    with pytest.raises(DataError, match=r"expected Test as in set, found PublicTest.*folders.*can't be joined"):
        data.join_votes(loaded, path)


def test_a_shuffled_copy_with_the_same_splits_is_noticed_by_what_the_votes_say(tmp_path):
    faces = some_faces(2100)
    path = tmp_path / "fer2013new.csv"
    path.write_bytes(votes_bytes(some_votes(faces)))
    assert data.join_votes(faces, path).shape == (2100, 10)
    shuffled = faces[np.concatenate([np.random.default_rng(1).permutation(700) + start for start in (0, 700, 1400)])]
    assert (shuffled.split == faces.split).all()
    with pytest.raises(DataError, match=r"agree with 1.% of the labels .* by chance it would be 1.%: .*another order"):
        data.join_votes(shuffled, path)


VOTE_ROWS = st.lists(st.lists(st.integers(0, 10), min_size=10, max_size=10), min_size=1, max_size=5)


@given(VOTE_ROWS)
def test_labels_are_the_class_with_strictly_most_votes(rows):
    labels, usable = data.vote_labels(np.array(rows))
    assert labels.dtype == np.int64
    for row, label, good in zip(rows, labels, usable, strict=True):
        best = [name for name, count in zip(VOTES, row, strict=True) if count == max(row)]
        wanted = MEANING[best[0]] if len(best) == 1 else None
        assert good == (wanted is not None)
        assert not good or CLASS_NAMES[label] == wanted


@given(VOTE_ROWS)
def test_probabilities_are_the_shares_of_the_seven_classes(rows):
    probabilities, usable = data.vote_probabilities(np.array(rows))
    for row, shares, good in zip(rows, probabilities, usable, strict=True):
        votes = {MEANING[name]: count for name, count in zip(VOTES, row, strict=True) if MEANING[name]}
        total = sum(votes.values())
        assert good == (total > sum(row) - total)
        assert shares.tolist() == pytest.approx([votes[name] / max(total, 1) for name in CLASS_NAMES])


def test_no_votes_at_all_are_not_used():
    assert data.vote_labels(np.zeros((0, 10), int))[0].shape == (0,)
    assert not data.vote_labels(np.zeros((2, 10), int))[1].any()
    assert not data.vote_probabilities(np.zeros((2, 10), int))[1].any()


def test_info_says_how_votes_agree_with_labels(joined):
    faces, _, path = joined
    said = data.info(path.parent / "fer2013.csv", votes=path)
    assert said.startswith(data.info(path.parent / "fer2013.csv"))
    assert "17 of 21 faces have one class with the most votes; it is their label in 100.0% of them" in said
    assert votes_module.describe_votes(faces, np.zeros((21, 10), int)).count("0 of 21") == 1
