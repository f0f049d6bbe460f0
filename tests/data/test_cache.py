"""The cache: mapped, exact, renewed when it must be, never half written, never in the way."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from faces_for_tests import csv_bytes, pictures, same, some_faces, write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

import fer_course.data as data
from fer_course.data import cache, discovery, readers


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("FER_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FER_COURSE_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def table(tmp_path):
    """A table of seven faces."""
    path = tmp_path / "fer2013.csv"
    path.write_bytes(csv_bytes(some_faces(7)))
    return path


@pytest.fixture
def reads(monkeypatch):
    """The list of all paths that were really read, not taken from the cache."""
    paths, read = [], readers.read
    monkeypatch.setattr(readers, "read", lambda path: paths.append(path) or read(path))
    return paths


def loaded(path):
    return data.load(path, quiet=True)


def test_the_second_load_reads_nothing_and_is_mapped_and_read_only(table, folder, reads):
    first, second = loaded(table), loaded(str(table))
    assert reads == [table]
    for faces in (first, second):
        assert same(faces, some_faces(7))
        assert isinstance(faces.images, np.memmap)
        assert faces.source == "fer2013.csv"
        assert not faces.drawn
        with pytest.raises(ValueError, match="read-only"):
            faces.images[0, 0, 0] = 1
    assert len(list(folder.iterdir())) == 1


def test_every_split_survives_the_cache(tmp_path):
    faces = some_faces(8, splits=("Test", "PrivateTest", "Training", "PublicTest"))
    data.write_npz(faces, tmp_path / "x.npz")
    loaded(tmp_path / "x.npz")
    assert loaded(tmp_path / "x.npz").split.tolist() == faces.split.tolist()


def test_a_changed_file_is_read_again_and_its_old_cache_removed(table, folder, reads):
    loaded(table)
    old = list(folder.iterdir())
    changed = some_faces(7, seed=1)
    table.write_bytes(csv_bytes(changed))
    os.utime(table, ns=(1, 1))
    assert same(loaded(table), changed)
    assert len(reads) == 2
    new = list(folder.iterdir())
    assert len(new) == 1
    assert new != old


def test_the_time_of_the_change_is_enough_even_at_the_same_size(table, reads):
    loaded(table)
    nanoseconds = table.stat().st_mtime_ns
    os.utime(table, ns=(nanoseconds, nanoseconds + 1000))
    loaded(table)
    assert len(reads) == 2


def test_the_caches_of_other_files_stay(table, tmp_path, folder, reads):
    other = tmp_path / "other.csv"
    other.write_bytes(csv_bytes(some_faces(3)))
    for path in (table, other, table, other):
        loaded(path)
    assert reads == [table, other]
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("change", ["add", "remove", "alter", "rename"])
def test_any_change_in_a_folder_of_pictures_is_noticed(tmp_path, reads, change):
    path = write_folder(tmp_path / "set", pictures(some_faces(7)))
    loaded(path)
    loaded(path)
    assert len(reads) == 1
    picture = path / "train/happy/Training_00003.png"
    picture = picture if picture.exists() else next((path / "train").rglob("*.png"))
    other = picture.with_name("Training_99999.png")
    if change == "add":
        other.write_bytes(picture.read_bytes())
    elif change == "remove":
        picture.unlink()
    elif change == "alter":
        os.utime(picture, ns=(5, 5))
    else:
        picture.rename(other)
    loaded(path)
    assert len(reads) == 2


def test_a_new_format_version_does_not_use_an_old_cache(table, folder, reads, monkeypatch):
    loaded(table)
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    loaded(table)
    assert len(reads) == 2
    assert len(list(folder.iterdir())) == 1


def test_a_file_that_changes_while_it_is_read_is_not_cached(table, folder, monkeypatch):
    read = readers.read

    def slow_read(path):
        faces = read(path)
        os.utime(path, ns=(7, 7))
        return faces

    monkeypatch.setattr(readers, "read", slow_read)
    assert same(loaded(table), some_faces(7))
    assert not folder.exists()


@settings(deadline=None, max_examples=150)
@given(st.floats(0, 1), st.integers(1, 255), st.sampled_from(["alter", "cut", "alter the header", "alter the rest"]))
def test_a_damaged_cache_is_rebuilt_not_an_error(tmp_path_factory, place, difference, how):
    base = tmp_path_factory.getbasetemp()
    path, faces = base / "damaged.npz", some_faces(3)
    if not path.exists():
        data.write_npz(faces, path)
    os.environ["FER_COURSE_CACHE"] = str(base / "damaged-cache")  # the fixture puts it back
    loaded(path)
    (file,) = (base / "damaged-cache").iterdir()
    content = bytearray(file.read_bytes())
    pixels = range(128, 128 + faces.images.nbytes)
    start, end = {"alter the header": (0, 128), "alter the rest": (pixels.stop, len(content))}.get(
        how, (0, len(content))
    )
    position = start + int(place * (end - start - 1))
    content[position] ^= difference
    file.unlink()
    file.write_bytes(content[:position] if how == "cut" else content)
    again = loaded(path)
    assert again.source == "some faces"
    assert not again.drawn
    assert same(again, faces)


def test_one_altered_bit_in_any_label_split_or_the_source_is_noticed(table, folder, reads):
    loaded(table)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    # Behind the images: 128 bytes of header, seven labels, 128 bytes of header, seven splits, the description.
    labels = 128 + 7 * 48 * 48 + 128
    positions = [*range(labels, labels + 7), *range(labels + 135, labels + 142), whole.index(b'"source": "fer') + 11]
    for count, position in enumerate(positions, 2):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        file.unlink()
        file.write_bytes(damaged)
        assert same(loaded(table), some_faces(7))
        assert len(reads) == count
        assert file.read_bytes() == whole


def test_an_empty_cache_and_one_with_something_behind_it_are_rebuilt(table, folder, reads):
    loaded(table)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for content in (b"", whole + b"x", b"x" * len(whole)):
        file.unlink()
        file.write_bytes(content)
        assert same(loaded(table), some_faces(7))
        assert file.read_bytes() == whole
    assert len(reads) == 4


def test_without_a_writable_cache_loading_goes_on_and_says_so_once(table, folder, reads, capsys):
    folder.write_bytes(b"a file where the folder should be")
    faces = data.load(table)
    said = capsys.readouterr().out
    assert same(faces, some_faces(7))
    assert said.count("\n") == 1
    assert "can't be written" in said
    assert not faces.images.flags.writeable
    assert same(loaded(table), faces)
    assert len(reads) == 2
    assert capsys.readouterr().out == ""


def test_what_killed_processes_left_is_removed_when_it_is_old(table, folder):
    folder.mkdir()
    young, old = folder / ".tmp-a-x.npy", folder / ".tmp-b-x.npy"
    for path in (young, old):
        path.write_bytes(b"half")
    long_ago = time.time() - 2 * cache.ABANDONED
    os.utime(old, (long_ago, long_ago))
    loaded(table)
    assert young.exists()
    assert not old.exists()


def test_drawn_faces_are_cached_by_their_code(tmp_path, monkeypatch):
    module = type(sys)("fer_course.data.drawn")
    module.__file__ = str(tmp_path / "drawn.py")
    module.DEFAULT_N = 3
    calls = []
    drawn = data.Faces(np.zeros((3, 48, 48), np.uint8), [0, 1, 2], ["Training"] * 3, "drawn faces (seed 0)", True)
    module.draw = lambda n, seed, progress: calls.append((n, seed)) or drawn
    monkeypatch.setitem(sys.modules, "fer_course.data.drawn", module)
    monkeypatch.setattr(data, "drawn", module, raising=False)
    for code in ("one = 1", "one = 1", "two = 2", "two = 2"):
        (tmp_path / "drawn.py").write_text(code)
        faces = loaded("drawn")
        assert faces.drawn
        assert faces.source == "drawn faces (seed 0)"
        assert isinstance(faces.images, np.memmap)
    assert calls == [(3, 0), (3, 0)]


# --- several processes ----------------------------------------------------------------------------------------------

LOAD = """
import hashlib, sys, time
from pathlib import Path
import fer_course.data as data
Path(sys.argv[2]).touch()
while not Path(sys.argv[3]).exists():
    time.sleep(0.001)
faces = data.load(sys.argv[1], quiet=True)
print(hashlib.sha256(faces.images.tobytes() + faces.labels.tobytes()).hexdigest(), len(faces))
"""


def test_kernels_that_load_at_once_all_get_the_same_faces_and_leave_one_cache(table, tmp_path, folder):
    faces = some_faces(7)
    digest = hashlib.sha256(faces.images.tobytes() + faces.labels.tobytes()).hexdigest()
    ready = [tmp_path / f"ready-{number}" for number in range(4)]
    start = tmp_path / "start"
    command = [sys.executable, "-c", LOAD, str(table)]
    kernels = [subprocess.Popen([*command, each, start], stdout=subprocess.PIPE, text=True) for each in ready]
    while not all(each.exists() for each in ready):
        assert all(kernel.poll() is None for kernel in kernels)
        time.sleep(0.01)
    start.touch()
    said = [kernel.communicate()[0].split() for kernel in kernels]
    assert said == [[digest, "7"]] * 4
    (file,) = folder.iterdir()
    assert not file.name.startswith(".")


#: Stops for good at one point of writing, and says that it got there.
STOP = """
import sys, time, zipfile
import numpy as np, os
import fer_course.data as data
count = 0
def stop(*arguments, **keywords):
    global count
    count += 1
    if count == int(sys.argv[3]):
        print("there", flush=True)
        time.sleep(600)
    return original(*arguments, **keywords)
owner, name = {"write": (np.lib.format, "write_array"), "member": (zipfile.ZipFile, "open"),
               "sync": (os, "fsync"), "replace": (os, "replace")}[sys.argv[2]]
original = getattr(owner, name)
what = {"import": data.import_faces, "load": data.load}[sys.argv[4]]
if sys.argv[4] == "import":
    faces = data.readers.read(data.Path(sys.argv[1]))
    data.readers.read = lambda path: faces  # so that reading opens no member of an archive
setattr(owner, name, stop)
what(data.Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize(
    ("what", "point", "number"),
    [
        ("import", "member", 1),
        ("import", "member", 3),
        ("import", "sync", 1),
        ("import", "replace", 1),
        ("load", "write", 1),
        ("load", "write", 3),
        ("load", "sync", 1),
        ("load", "replace", 1),
    ],
)
def test_a_kill_while_writing_leaves_nothing_that_the_next_start_takes_for_whole(
    table, tmp_path, folder, monkeypatch, reads, what, point, number
):
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "home"), "HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", STOP, str(table), point, str(number), what]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "there\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    left = [path for path in tmp_path.rglob("*") if path.suffix in (".npy", ".npz")]
    assert len(left) == 1  # the child was in the middle of writing, and what it left ...
    assert left[0].name.startswith(".tmp-")  # ... has not the name of something whole
    assert discovery.find(left[0].parent) is None
    assert same(loaded(table), some_faces(7))
    assert reads == [table]
