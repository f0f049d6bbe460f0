"""Files are written whole or not at all, and what keeps them from it is said."""

import errno
import os
import shutil
from collections import namedtuple

import pytest

from fer_course import cli, files
from fer_course.errors import FerCourseError, WriteError


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.ENOSPC, "Free some space"), (errno.EROFS, "a place that you may write")]
)
def test_a_file_that_can_not_be_written_is_as_it_was(tmp_path, monkeypatch, number, advice):
    path = tmp_path / "notes.txt"
    path.write_text("old")

    def no(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", no)
    with pytest.raises(WriteError) as caught:
        files.write_text(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]
    assert path.read_text() == "old"
    assert str(caught.value) == f"Can't write {path}: {os.strerror(number)}. " + str(caught.value).split(". ", 1)[1]
    assert advice in str(caught.value)
    assert (caught.value.errno, caught.value.strerror) == (number, os.strerror(number))
    assert isinstance(caught.value, FerCourseError)
    assert isinstance(caught.value, OSError)


def test_hdf5_says_it_in_its_own_way(tmp_path):
    with pytest.raises(WriteError, match="No space left"), files.atomic(tmp_path / "state.h5"):
        raise OSError("[Errno 28] Can't close file (file write failed: file descriptor = 4, errno = 28, offset = 4096)")
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_block_stay_what_they_are(tmp_path):
    with pytest.raises(ConnectionError, match="gone"), files.atomic(tmp_path / "file"):
        raise ConnectionError("gone")


def test_room_is_looked_for_before(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(100, 90, 10))
    files.need_room(tmp_path, 10)
    with pytest.raises(WriteError, match="No space left"):
        files.need_room(tmp_path, 11)


def test_the_command_says_what_a_library_could_not_write(monkeypatch, capsys, tmp_path):
    def no(path, *arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("pathlib.Path.mkdir", no)
    assert cli.main(["start", str(tmp_path / "mine")]) == 1
    assert capsys.readouterr().err.strip().endswith("Choose a place that you may write.")
