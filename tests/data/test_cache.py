"""The cache: mapped, exact, renewed when it must be, never half written, never in the way."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest
from faces_for_tests import csv_bytes, pictures, same, some_faces, write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

import fer_course.data as data
from fer_course._shared import user_key
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


# --- files of strangers ----------------------------------------------------------------------------------------------


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A folder of this test's own for the user's key."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def forge(file, images=None, **words):
    """Write other faces, or other words, into a cached file, with sums that fit: all that one can do without the key."""
    with file.open("rb") as arrays:
        old, labels, codes, text = (np.lib.format.read_array(arrays) for _ in range(4))
    images = old if images is None else images
    found = json.loads(text.tobytes()) | words
    faces = data.Faces(images, labels, np.array(data.cache.SPLITS)[codes], found["source"], found["drawn"])
    if "content" not in words:
        found["content"] = cache.checksum(faces)
    file.unlink()
    with file.open("wb") as arrays:
        for array in (images, labels, codes, np.frombuffer(json.dumps(found).encode(), np.uint8)):
            np.lib.format.write_array(arrays, array)


@pytest.mark.parametrize("words", [
    {}, {"seal": ""}, {"seal": "0" * 64}, {"seal": None}, {"seal": ["é"]}, {"content": next(iter(data.DRAWN))},
    {"content": next(iter(data.DRAWN)), "faces": 6000}, {"drawn": True},
], ids=str)  # fmt: skip
def test_a_forged_file_is_not_believed(table, folder, state, reads, words):
    loaded(table)
    (file,) = folder.iterdir()
    forge(file, 255 - np.array(some_faces(7).images), **words)
    assert same(loaded(table), some_faces(7))
    assert len(reads) == 2
    assert same(loaded(table), some_faces(7))
    assert len(reads) == 2  # it was written again


def test_the_cache_of_another_user_is_not_believed(table, folder, state, reads, monkeypatch, tmp_path):
    loaded(table)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    assert same(loaded(table), some_faces(7))
    assert len(reads) == 2


def test_forged_drawn_faces_are_not_believed(folder, state, monkeypatch):
    """The drawn faces of a bundle or image are believed without a key, and no others."""
    faces = some_faces(7)
    known = {cache.checksum(faces): 7}
    drawn = []

    def draw():
        drawn.append(1)
        return data.Faces(np.array(faces.images), faces.labels, faces.split, "drawn faces", True)

    def load_drawn():
        return cache.load_or_build("drawn faces", lambda: "code", draw, known)[0]

    load_drawn()
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "of a learner"))
    assert same(load_drawn(), faces)
    assert len(drawn) == 1
    assert not (folder / "of a learner").exists()  # no key was needed
    (file,) = folder.glob("*.npy")
    forge(file, 255 - np.array(faces.images))
    assert same(load_drawn(), faces)
    assert len(drawn) == 2


#: The sum of all grey levels of the drawn faces. Where another processor rounds some pixels differently, it is nearly the same.
ALL_PIXELS = 1_788_572_395


def test_the_drawn_faces_of_this_version_are_known():
    """If they are drawn differently now, write the new checksum into `fer_course.data.DRAWN`; keep those of other machines."""
    faces = data.load("drawn", quiet=True)
    found = cache.checksum(faces)
    if found not in data.DRAWN and abs(int(faces.images.sum(dtype=np.int64)) - ALL_PIXELS) < 1000:
        pytest.skip(f"this Python, NumPy or processor rounds some pixels differently: {found}")
    assert data.DRAWN.get(found) == len(faces), (found, faces.images.sum(dtype=np.int64))


def test_a_forged_file_that_claims_a_terabyte_takes_no_time(table, folder, state, reads):
    loaded(table)
    (file,) = folder.iterdir()
    with file.open("rb") as arrays:
        _, *rest = (np.lib.format.read_array(arrays) for _ in range(4))
    many = 2**40 // 48**2
    header = {"descr": "|u1", "fortran_order": False, "shape": (many, 48, 48)}
    file.unlink()
    with file.open("wb") as arrays:
        np.lib.format.write_array_header_1_0(arrays, header)
        arrays.seek(many * 48**2, os.SEEK_CUR)
        for array in rest:
            np.lib.format.write_array(arrays, array)
    began = time.perf_counter()
    assert same(loaded(table), some_faces(7))
    assert time.perf_counter() - began < 5
    assert len(reads) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_key_cache_and_folder_are_for_this_user_only(table, folder, state):
    loaded(table)
    (file,) = folder.iterdir()
    key = user_key.key_file()
    assert key.is_relative_to(state)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, file, key.parent, key)]
    assert modes == [0o700, 0o600, 0o700, 0o600]
    assert len(key.read_bytes()) == user_key.SIZE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
@pytest.mark.parametrize("trouble", ["readable", "short", "link", "empty", "pipe"])
def test_a_key_that_others_may_know_is_replaced(table, state, reads, trouble, tmp_path):
    loaded(table)
    key = user_key.key_file()
    old = key.read_bytes()
    if trouble == "readable":
        key.chmod(0o644)
    elif trouble == "link":
        key.rename(tmp_path / "elsewhere")
        key.symlink_to(tmp_path / "elsewhere")
    elif trouble == "pipe":
        key.unlink()
        os.mkfifo(key, 0o600)
    else:
        key.write_bytes(old[:5] if trouble == "short" else b"")
    assert same(loaded(table), some_faces(7))
    assert len(reads) == 2  # what the old key had sealed is not believed
    assert key.read_bytes() != old
    assert stat.S_IMODE(key.lstat().st_mode) == 0o600
    assert not key.is_symlink()


def test_without_a_place_for_the_key_nothing_is_cached_and_it_says_so(table, folder, state, reads, capsys):
    state.write_bytes(b"a file where the folder should be")
    assert same(data.load(table), some_faces(7))
    assert "Your key" in capsys.readouterr().out
    assert same(loaded(table), some_faces(7))
    assert len(reads) == 2
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_what_others_could_change_later_is_not_mapped(table, folder, state, reads):
    loaded(table)
    (file,) = folder.iterdir()
    file.chmod(0o666)
    faces = loaded(table)
    assert reads == [table]
    assert same(faces, some_faces(7))
    assert not isinstance(faces.images, np.memmap)
    assert not faces.images.flags.writeable


def test_processes_that_make_the_key_at_once_have_the_same(state):
    code = "from fer_course._shared.user_key import user_key; print(user_key().hex())"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate()[0] for process in processes}
    assert said == {user_key.user_key().hex() + "\n"}
    assert [path.name for path in user_key.key_file().parent.iterdir()] == ["cache.key"]


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
