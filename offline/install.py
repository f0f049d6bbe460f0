"""Install the course from this folder, without the internet: python install.py [FOLDER]        (Python 3.11, 3.12 or 3.13)

FOLDER, by default fer_course in your home, gets an environment of its own and your copies of the lessons. Running it again mends
what is missing; your lessons are never overwritten. First it compares every file in this folder with its checksum.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Compare checksums, make the environment, install, bring the drawn faces, copy the lessons."""
    if sys.stdout is not None:  # a folder's name may have letters that the console has not
        sys.stdout.reconfigure(errors="backslashreplace")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path.home() / "fer_course").resolve()
    made_for = HERE.name.rpartition("-py")[2]
    if f"{sys.version_info.major}.{sys.version_info.minor}" != made_for:
        sys.exit(f"This archive is for Python {made_for}; this is {sys.version.split()[0]}. Start it with that Python.")
    verify(HERE)
    environment = folder / ".venv"
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    if not (programs / "pip").exists() and not (programs / "pip.exe").exists():
        print(f"Making {environment}", flush=True)
        venv.create(environment, clear=True, with_pip=True)
    pip = [str(programs / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index"]
    pip += ["--only-binary", ":all:"]
    print("Installing; a minute or two.", flush=True)
    wheels = ["--find-links", str(HERE / "wheels")]
    subprocess.run([*pip, *wheels, "--require-hashes", "-r", str(HERE / "requirements.txt")], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", *map(str, HERE.glob("fer_course-*.whl"))], check=True)
    ask = "from fer_course._shared.cache_folder import cache_folder; print(cache_folder())"
    cache = subprocess.run(
        [str(programs / "python"), "-X", "utf8", "-c", ask], check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()
    os.makedirs(cache, mode=0o700, exist_ok=True)
    for faces in (HERE / "cache").glob("*.npy"):
        shutil.copy(faces, cache)
    subprocess.run([str(programs / "fer-course"), "start", str(folder / "my-lessons")], check=True)
    print(f"Done. To learn: {programs / 'jupyter'} lab {folder / 'my-lessons'}")


def verify(folder: Path) -> None:
    """End with a message if a file in a folder is damaged, missing, or not in its list of checksums."""
    sums = folder / "SHA256SUMS"
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    expected = {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    damaged = [name for name in found & expected.keys() if _checksum(folder / name) != expected[name]]
    for names, trouble in (
        (damaged, "damaged"),
        (expected.keys() - found, "missing"),
        (found - expected.keys(), "unknown"),
    ):
        if names:
            sys.exit(f"{len(names)} files are {trouble}: {', '.join(sorted(names)[:3])}. Unpack the archive again.")


def _checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


if __name__ == "__main__":
    main()
