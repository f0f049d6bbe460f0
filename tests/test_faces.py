"""`Faces` and `files`: shapes and values are checked, choosing and counting agree with slow loops."""

from __future__ import annotations

import os
import stat
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_course import CLASS_NAMES, DataError, Faces
from fer_course._shared import files
from fer_course.faces import NEAR, SPLITS, find_copies, find_near_copies, stratified


def blank(labels, split=None) -> Faces:
    labels = np.asarray(labels, dtype=np.int64)
    split = ["Training"] * len(labels) if split is None else split
    return Faces(np.zeros((len(labels), 48, 48), np.uint8), labels, split)


label_lists = st.lists(st.integers(0, 6), min_size=1, max_size=60)


def test_class_names_are_fer2013s_order():
    assert CLASS_NAMES == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@pytest.mark.parametrize(
    ("images", "labels", "split", "words"),
    [
        (np.zeros((2, 48, 48), np.float32), [0, 1], ["Training"] * 2, "uint8"),
        (np.zeros((2, 47, 48), np.uint8), [0, 1], ["Training"] * 2, r"\(2, 47, 48\)"),
        (np.zeros((2, 48, 48, 1), np.uint8), [0, 1], ["Training"] * 2, r"\(2, 48, 48, 1\)"),
        (np.zeros((2, 48, 48), np.uint8), [0], ["Training"] * 2, r"labels \(1,\)"),
        (np.zeros((2, 48, 48), np.uint8), [0, 1], ["Training"], r"split \(1,\)"),
        (np.zeros((2, 48, 48), np.uint8), [0, 7], ["Training"] * 2, "found 7 at face 1"),
        (np.zeros((2, 48, 48), np.uint8), [-1, 0], ["Training"] * 2, "found -1 at face 0"),
        (np.zeros((2, 48, 48), np.uint8), [0.0, 1.0], ["Training"] * 2, "whole numbers"),
        (np.zeros((2, 48, 48), np.uint8), [0, 1], ["Training", "training"], "'training'"),
    ],
)
def test_what_are_no_faces_is_refused(images, labels, split, words):
    with pytest.raises(DataError, match=words):
        Faces(images, np.array(labels), np.array(split), source="here")


def test_no_faces_at_all_are_faces():
    empty = blank([])
    assert len(empty) == 0
    assert empty.duplicates() == []
    assert empty.constant().shape == (0,)
    assert empty.split_sizes() == {}
    assert empty.counts().tolist() == [0] * 7
    assert "empty" in repr(empty)


def test_labels_become_int64_and_faces_stay_as_they_are(tiny_faces):
    faces = Faces(tiny_faces.images, tiny_faces.labels.astype(np.uint8), tiny_faces.split.tolist())
    assert faces.labels.dtype == np.int64
    assert faces.split.dtype.kind == "U"
    assert faces.images is tiny_faces.images
    with pytest.raises(AttributeError):
        faces.labels = None


@given(label_lists, st.data())
def test_select_and_counts_agree_with_a_loop(labels, data):
    split = data.draw(st.lists(st.sampled_from(SPLITS), min_size=len(labels), max_size=len(labels)))
    faces = blank(labels, split)
    faces.images[:, 0, 0] = np.arange(len(labels))  # each row can be told from the others
    name = data.draw(st.sampled_from(sorted(set(split))))
    label = data.draw(st.integers(0, 6))
    wanted = [row for row in range(len(labels)) if split[row] == name and labels[row] == label]
    by_number, by_name = faces.select(name, label), faces.select(name, CLASS_NAMES[label])
    assert by_number.images[:, 0, 0].tolist() == by_name.images[:, 0, 0].tolist() == wanted
    assert faces.select().images.tolist() == faces.images.tolist()
    counted = Counter(label for label, where in zip(labels, split, strict=True) if where == name)
    assert faces.counts(name).tolist() == [counted[k] for k in range(7)]
    assert faces.counts().sum() == len(labels)
    assert faces.split_sizes() == {key: split.count(key) for key in SPLITS if key in split}


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"split": "Trainig"}, "it has: Training, PublicTest, PrivateTest"),
        ({"split": "Test"}, "no faces of the split 'Test'"),
        ({"label": "joy"}, "no class 'joy'.*happy"),
        ({"label": 7}, "0 to 6"),
        ({"label": -1}, "0 to 6"),
    ],
)
def test_selecting_what_is_not_there_says_what_is(tiny_faces, choice, words):
    with pytest.raises(DataError, match=words):
        tiny_faces.select(**choice)


def test_indexing_keeps_picture_label_and_split_together(tiny_faces):
    one = tiny_faces[3]
    assert len(one) == 1
    assert one.images[0].tolist() == tiny_faces.images[3].tolist()
    assert one.labels[0] == tiny_faces.labels[3]
    assert (one.source, one.drawn) == ("bars", True)
    mask = tiny_faces.labels == 4
    assert tiny_faces[mask].split.tolist() == tiny_faces.split[mask].tolist()
    assert len(tiny_faces[10:20]) == 10


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (["Training", "PublicTest", "PrivateTest"], "PublicTest"),
        (["Training", "Test"], "Test"),
        (["Training", "PublicTest", "Test"], "PublicTest"),
        (["Training", "Training"], "PublicTest"),
    ],
)
def test_the_test_split_is_never_private_test(split, expected):
    assert blank([0] * len(split), split).test_split == expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.data(), st.integers(0, 100))
def test_stratified_gives_each_group_its_share(group, data, seed):
    n = data.draw(st.integers(0, len(group)))
    group = np.array(group)
    rows = stratified(group, n, seed)
    assert len(rows) == len(set(rows.tolist())) == n
    assert set(rows.tolist()) <= set(range(len(group)))
    for name, size in Counter(group.tolist()).items():
        assert abs((group[rows] == name).sum() - size * n / len(group)) < 1
    assert rows.tolist() == stratified(group, n, seed).tolist()


def test_sample_keeps_splits_and_classes_in_proportion(tiny_faces):
    sample = tiny_faces.sample(42, seed=3)
    assert sample.split_sizes() == {"Training": 28, "PublicTest": 7, "PrivateTest": 7}
    assert sample.counts("Training").tolist() == [4] * 7
    assert sample.images.tolist() == tiny_faces.sample(42, seed=3).images.tolist()
    assert sample.images.tolist() != tiny_faces.sample(42, seed=4).images.tolist()
    assert tiny_faces.sample(0) is tiny_faces
    assert tiny_faces.sample(10_000) is tiny_faces
    with pytest.raises(DataError, match="found -1"):
        tiny_faces.sample(-1)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_duplicates_agree_with_a_dictionary(kinds):
    pictures = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    pictures[1] = pictures[0]
    pictures[1, -1, -1] ^= 1  # one bit of the last pixel makes another picture
    faces = Faces(pictures[kinds], np.zeros(len(kinds), int), ["Training"] * len(kinds))
    rows = defaultdict(list)
    for row, image in enumerate(faces.images):
        rows[image.tobytes()].append(row)
    assert [group.tolist() for group in faces.duplicates()] == [group for group in rows.values() if len(group) > 1]
    turned = Faces(faces.images[:, ::-1, ::-1], faces.labels, faces.split)  # not contiguous in memory
    assert [group.tolist() for group in turned.duplicates()] == [group.tolist() for group in faces.duplicates()]


def test_constant_pictures_are_found():
    images = np.zeros((4, 48, 48), np.uint8)
    images[1] = 255
    images[2, 47, 47] = 1
    images[3, 0, 0] = 1
    assert Faces(images, [0] * 4, ["Training"] * 4).constant().tolist() == [True, True, False, False]


def slow_near_copies(train_images, test_images, correlation):
    """Picture by picture, with NumPy's own correlation."""

    def alike(one, other):
        if one.min() == one.max() or other.min() == other.max():
            return np.array_equal(one, other)
        return np.array_equal(one, other) or np.corrcoef(one.ravel(), other.ravel())[0, 1] >= correlation

    return [any(alike(train, test) for train in train_images) for test in test_images]


@given(st.data())
def test_near_copies_are_those_that_a_slow_loop_finds(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    shape = data.draw(st.sampled_from([(48, 48), (9, 17), (3, 2), (1, 5)]))
    smooth = np.linspace(0, 200, shape[0] * shape[1]).reshape(shape)
    originals = [np.full(shape, 7.0), np.full(shape, 8.0), smooth, *rng.uniform(0, 255, (4, *shape))]
    noise = st.sampled_from([0.0, 1.0, 3.0, 4.5, 5.0, 20.0])

    def pictures(most):
        made = []
        for _ in range(data.draw(st.integers(0, most))):
            picture = originals[data.draw(st.integers(0, len(originals) - 1))]
            picture = picture * data.draw(st.sampled_from([1.0, 0.5])) + data.draw(st.sampled_from([0, 20]))
            made.append(np.clip(picture + data.draw(noise) * rng.standard_normal(shape), 0, 255).astype(np.uint8))
        return np.array(made, np.uint8).reshape(-1, *shape)

    train, test = pictures(8), pictures(8)
    correlation = data.draw(st.sampled_from([0.9, NEAR, 0.9999]))
    found = find_near_copies(train, test, correlation)
    assert found.tolist() == slow_near_copies(train, test, correlation)
    assert not (find_copies(train, test) & ~found).any()


def test_near_copies_in_many_pictures_stand_where_they_were_put():
    rng = np.random.default_rng(0)
    train = rng.integers(0, 256, (4500, 48, 48), dtype=np.uint8)  # more than a block
    test = rng.integers(0, 256, (2500, 48, 48), dtype=np.uint8)
    test[[0, 2047, 2048, 2499]] = train[[4499, 2048, 2047, 0]] // 2  # half as bright
    test[7] = train[9]
    test[8] = train[9, :, ::-1]  # mirrored: another picture
    test[9] = np.roll(train[9], 1, axis=1)
    assert np.flatnonzero(find_near_copies(train, test)).tolist() == [0, 7, 2047, 2048, 2499]
    assert not find_near_copies(train[:0], test[:3]).any()


def test_a_constant_picture_is_a_copy_of_an_equal_one_only():
    pictures = np.repeat(np.array([0, 7, 255], np.uint8), 16).reshape(3, 4, 4)
    almost = pictures[:1].copy()
    almost[0, 0, 0] = 1
    assert find_near_copies(pictures[:2], pictures).tolist() == [True, True, False]
    assert find_near_copies(pictures, almost).tolist() == [False]
    assert find_near_copies(almost, almost * 9).tolist() == [True]  # one bright pixel at the same place: correlation 1


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "file.txt"
    files.write_text(target, "first\nüß\n")
    assert target.read_bytes() == "first\nüß\n".encode()
    with pytest.raises(UnicodeEncodeError), files.atomic(target) as temporary:
        temporary.write_text("half\ud800", encoding="utf-8")
    assert target.read_text(encoding="utf-8").startswith("first")
    files.write_json(target, {"a": [1, None]})
    assert target.read_text() == '{\n  "a": [\n    1,\n    null\n  ]\n}\n'
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_a_written_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "plain").write_text("")
    files.write_text(tmp_path / "atomic", "")
    assert stat.S_IMODE((tmp_path / "atomic").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
