"""The archive for a room without the internet: what it holds, and that it installs where there is no network at all."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from repository import ROOT

from offline import build, install


def test_an_archive_is_whole_or_not_there(tmp_path):
    folder = tmp_path / "fer_course-offline-x-py3.11"
    folder.mkdir()
    (folder / "install.py").write_text("print('hello')")
    archive = build.write(folder, tmp_path / "out" / "a.tar")
    with tarfile.open(archive) as tar:
        assert tar.getnames() == [folder.name, f"{folder.name}/install.py"]
    with pytest.raises(FileNotFoundError):
        build.write(tmp_path / "missing", tmp_path / "out" / "b.tar")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.tar"]


def test_installer_names_the_python_it_is_for(tmp_path):
    folder = tmp_path / "fer_course-offline-x-py2.7"
    folder.mkdir()
    shutil.copy(ROOT / "offline" / "install.py", folder)
    done = subprocess.run([sys.executable, folder / "install.py", tmp_path / "here"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "for Python 2.7" in done.stderr
    assert not (tmp_path / "here").exists()


@pytest.fixture
def bundle(tmp_path) -> Path:
    """A folder as it lies on a laptop, with the checksums of its files."""
    folder = tmp_path / f"fer_course-offline-x-py{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "wheels").mkdir(parents=True)
    (folder / "wheels" / "a.whl").write_bytes(b"a wheel")
    (folder / "requirements.txt").write_text("a==1\n")
    shutil.copy(ROOT / "offline" / "install.py", folder)
    build.write_checksums(folder)
    return folder


def test_checksums_are_those_of_sha256sum(bundle):
    names = sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())
    lines = (bundle / "SHA256SUMS").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == [name for name in names if name != "SHA256SUMS"]
    if shutil.which("sha256sum"):
        assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=bundle).returncode == 0
    install.verify(bundle)


def forge_a_wheel(folder: Path) -> None:
    (folder / "wheels" / "a.whl").write_bytes(b"another")


def forge_the_installers_list(folder: Path) -> None:
    (folder / "requirements.txt").write_text("b==1\n")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (forge_a_wheel, "1 files are damaged: wheels/a.whl"),
        (forge_the_installers_list, "1 files are damaged: requirements.txt"),
        (lambda folder: (folder / "wheels" / "a.whl").unlink(), "1 files are missing: wheels/a.whl"),
        (lambda folder: (folder / "wheels" / "b.whl").touch(), "1 files are unknown: wheels/b.whl"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "files are unknown"),
    ],
    ids=["wheel", "list", "missing", "added", "no checksums"],
)
def test_the_installer_begins_only_with_what_was_packed(bundle, tmp_path, change, words):
    change(bundle)
    done = subprocess.run([sys.executable, bundle / "install.py", tmp_path / "here"], capture_output=True, text=True)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "here").exists()


def test_an_older_patch_of_a_python_finds_what_it_takes_instead(tmp_path, monkeypatch):
    """Debian 12 has Python 3.11.2, for which some newest versions are not."""
    lock = tmp_path / "requirements.txt"
    lock.write_text(
        "always==1 \\\n    --hash=sha256:aa\n"
        "soup==2 ; python_full_version < '3.11.5' \\\n    --hash=sha256:bb\n"
        "soup==4 ; python_full_version >= '3.11.5' \\\n    --hash=sha256:cc\n"
        "later==1 ; python_version >= '3.12' \\\n    --hash=sha256:dd\n"
    )
    asked = []
    monkeypatch.setattr(
        build.subprocess, "run", lambda command, check: asked.append(Path(command[-1]).read_text().split(" \\")[:-1])
    )
    build.fetch(lock, tmp_path / "wheels", None, "3.11")
    names = [[line.splitlines()[-1] for line in lines] for lines in asked]
    assert names == [["always==1", "soup==4"], ["soup==2"]]


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap to be without a network")
def test_it_installs_without_a_network_and_lesson_00_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "offline.build", "--out", tmp_path / "dist"], cwd=ROOT, capture_output=True, text=True
    )
    if (
        "Could not find a version" in done.stderr
        or "No matching distribution" in done.stderr
        or "Connection" in done.stderr
    ):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    (archive,) = (tmp_path / "dist").glob("*.tar")
    checksum, name = archive.with_name(f"{archive.name}.sha256").read_text().split()
    assert (checksum, name) == (build.checksum_of(archive), archive.name)
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob("fer_course-offline-*")
    home = tmp_path / "home"
    home.mkdir()
    alone = [
        "bwrap",
        "--unshare-net",
        "--dev-bind",
        "/",
        "/",
        "--setenv",
        "HOME",
        str(home),
        "--unsetenv",
        "FER_COURSE_CACHE",
    ]
    python = os.path.realpath(sys.executable)
    done = subprocess.run([*alone, python, str(folder / "install.py")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    place = home / "fer_course"
    assert len(list((place / "my-lessons").glob("*.ipynb"))) == len(list((ROOT / "solutions").glob("*.ipynb")))
    program = place / ".venv" / "bin" / "papermill"
    lesson = sorted((ROOT / "solutions").glob("00-*.ipynb"))[0]
    done = subprocess.run(
        [*alone, str(program), str(lesson), str(tmp_path / "out.ipynb")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
