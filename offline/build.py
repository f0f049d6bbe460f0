"""Write the archive: `make bundle`, or `python -m offline.build [--platform win_amd64] [--python 3.12] [--out FOLDER]`.

It holds the wheels of everything that a learner needs (those of locks/learner.txt, by their hashes), the course's own
wheel with its lessons, the drawn faces, and `install.py`, which each laptop runs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

from fer_course._shared.files import atomic, write_text
from fer_course.cli.console import printing
from locks import reading

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
REQUIREMENTS = ROOT / "locks" / "learner.txt"


def main() -> int:
    """Collect everything in a temporary folder, and write one archive; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", help="of the laptops, as wheels name it; none: this machine's")
    parser.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}", help="of the laptops")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    platform = options.platform or sysconfig.get_platform().replace("-", "_").replace(".", "_")
    name = f"fer_course-offline-{platform}-py{options.python}"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / name
        collect(folder, options.platform, options.python)
        write_checksums(folder)
        archive = write(folder, options.out / f"{name}.tar")
    checksum = checksum_of(archive)
    write_text(archive.with_name(f"{archive.name}.sha256"), f"{checksum}  {archive.name}\n")
    print(f"{archive}: {archive.stat().st_size / 1e6:,.0f} MB, SHA-256 {checksum}")
    print(
        "On each laptop: compare the checksum (certutil -hashfile FILE SHA256, shasum -a 256 FILE), unpack, python install.py"
    )
    return 0


def collect(folder: Path, platform: str | None, python: str) -> None:
    """Put wheels, faces and the installer into a folder."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    print("Fetching wheels: some 200 files.", flush=True)
    fetch(REQUIREMENTS, wheels, platform, python)
    build = [*PIP, "wheel", "-q", "--no-deps", "--no-build-isolation", str(ROOT), "-w", str(folder)]
    subprocess.run(build, check=True)
    draw = "from fer_course.data import load; load('drawn', quiet=True)"
    variables = {**os.environ, "FER_COURSE_CACHE": str(folder / "cache")}
    subprocess.run([sys.executable, "-c", draw], env=variables, check=True)
    shutil.copy(REQUIREMENTS, folder / "requirements.txt")
    shutil.copy(Path(__file__).with_name("install.py"), folder / "install.py")


def fetch(lock: Path, wheels: Path, platform: str | None, python: str) -> None:
    """Put the wheels of a lock into a folder: those for the newest patch of a Python, and what an older patch takes instead."""
    newest = reading.for_target(lock, f"{python}.99", platform)
    oldest = reading.for_target(lock, f"{python}.0", platform)
    here = [entry for entry in reading.split(oldest) if entry not in newest]
    options = ["-q", "--require-hashes", "--no-deps", *reading.pip_target(python, platform), "-d", str(wheels)]
    for wanted in filter(None, (newest, "".join(here))):
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary) / "wanted.txt"
            file.write_text(wanted, encoding="utf-8")
            subprocess.run([*PIP, "download", *options, "-r", str(file)], check=True)


def checksum_of(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_checksums(folder: Path) -> None:
    """Write the checksum of every file in a folder as `sha256sum` does, into `SHA256SUMS`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{checksum_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    write_text(folder / "SHA256SUMS", "".join(lines))


def write(folder: Path, archive: Path) -> Path:
    """Write a folder as a tar, whole or not at all; wheels are compressed already."""
    with atomic(archive) as temporary, tarfile.open(temporary, "w") as tar:
        tar.add(folder, folder.name)
    return archive


if __name__ == "__main__":
    sys.exit(printing(main))
